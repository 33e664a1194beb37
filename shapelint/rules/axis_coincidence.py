"""Axes of different kinds that must happen to have one size."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.rules.broadcast_pairs import ELEMENTWISE
from shapelint.rules.contract import Case, Misused, OpCalled, Report, Rule
from shapelint.rules.reshape_scrambles import MADE_UP
from shapelint.rules.size_names import BATCH_NAMES, name_in
from shapelint.shapes.dim import Dim, FloorDiv, Symbol, divide_exactly
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Axis, Factor, Segment, Shape
from shapelint.values.model import Tensor

RULE = Rule(
    "axis-coincidence", "SHP606", "warning", "code that runs only where axes of different kinds happen to have one size"
)

_WIDTHS = ("feature", "channel")
_ROWS = ("batch", "step")
_KIND = {"batch": "samples", "step": "steps", "feature": "features", "channel": "channels"}


@RULE.check("*")
def check(case: Case) -> Report | None:
    """An op binds the length of an input to a piece of that input's own features, or its steps to its samples."""
    event = case.event
    assert isinstance(event, OpCalled)
    if not event.learned or event.assumed or case.run.kind != "open":
        return None
    if not all(_is_computed(v) for v in event.arguments.values() if isinstance(v, Tensor)):
        return None  # a parameter may have the sizes that it likes
    for symbol in event.learned:
        if symbol.kind != "input":
            continue
        report = _parts(case, symbol)
        if report is not None:
            return report
        for name, place, axes in _inputs_with(case, symbol):
            for other, axis in enumerate(axes):
                if other != place and axis.size.lone_symbol not in event.learned:
                    report = _coincidence(case, name, (place, axes[place]), (other, axis))
                    if report is not None:
                        return report
    return None


@RULE.check(*ELEMENTWISE)
def elsewhere(case: Case) -> Report | None:
    """An axis of as many entries as an input has meets one that layers and parameters count, though the other side has the very same entries along
    another axis: `weights * scores` of (n,) and (n, classes)."""
    event = case.event
    assert isinstance(event, OpCalled)
    values = list(event.arguments.values())[:2]
    sides = [x for v in values if (x := case.tensor(v)) is not None and x.shape.ranked]
    if len(sides) != 2 or not event.learned or any(x.assumed for x in sides) or check(case) is not None:
        return None
    for x, other in (sides, sides[::-1]):
        for place in range(1, min(x.shape.rank or 0, other.shape.rank or 0) + 1):
            axis, met = x.shape.axes[-place], other.shape.axes[-place]
            if not _is_given(axis, event.learned) or not met.factors or _is_sized_by_inputs(met):
                continue
            same = [n for n, one in enumerate(other.shape.axes) if one.factors == axis.factors]
            if same and case.facts.resolve(met.size, generic=True) != 1:
                at = (other.shape.rank or 0) - place
                return Report(
                    f"`{case.subject}` works only where axis {same[0]} and axis {at} of {case.shape(other.shape)} have one size",
                    label=f"what axis {same[0]} counts is axis {(x.shape.rank or 0) - place} of {case.shape(x.shape)}, which meets axis {at}",
                    help="give the side with fewer axes one more behind these: `unsqueeze(-1)`, or `keepdim=True` where they were reduced",
                    step=x.step,
                    constraint="elsewhere",
                )
    return None


def _is_given(axis: Axis, learned: tuple[Symbol, ...]) -> bool:
    """Whether an axis has as many entries as an input, of which the op that is told has learned how many these are."""
    symbols = {s for f in axis.factors for s in f.size.symbols}
    return any(s.kind == "input" and s in learned for s in symbols)


def _is_sized_by_inputs(axis: Axis) -> bool:
    return any(s.kind != "parameter" for f in axis.factors for s in f.size.symbols)


@RULE.check("BatchNorm", "Linear", "LayerNorm")
def misread(case: Case) -> Report | None:
    """A layer as wide as the features of a recurrent layer reads the steps or the samples of its output as if they were these."""
    event = case.event
    assert isinstance(event, OpCalled)
    x = case.tensor(event.arguments.get("input", event.result))
    if x is None or x.shape.rank != 3 or case.run.kind != "open":
        return None
    axes = x.shape.axes
    if not (case.is_told_batched(x.shape) or any(name_in(case, axis, BATCH_NAMES) for axis in axes)):
        return None  # of one sequence, the steps are the samples
    is_norm = event.op.name == "BatchNorm"
    read = axes[1 if is_norm else 2]
    kinds = {e.role for e in case.evidence(read) if e.role in _ROWS and "batch_first" in e.why}
    size = read.factors[0].size.lone_symbol if len(read.factors) == 1 else None
    width = next((axis for axis in axes if axis is not read and _recurrent_features(case, axis)), None)
    if len(kinds) != 1 or size not in event.learned or width is None:
        return None
    if case.facts.resolve(width.size, generic=True) != case.facts.resolve(read.size, generic=True):
        return None
    kind = _KIND[kinds.pop()]
    place = axes.index(width)
    how = f"put the features {'second' if is_norm else 'last'} for this layer and back: `.transpose(1, 2)`"
    return Report(
        f"`{case.subject}` works only where there are as many {kind} as features, and takes the {kind} for features",
        label=f"it reads axis {1 if is_norm else 2}, which holds the {kind}; the {case.dim(width.size)} features are axis {place}",
        help=how + (", or use nn.LayerNorm" if is_norm and place == 2 else ""),
        step=x.step,
        constraint="misread",
    )


def _recurrent_features(case: Case, axis: Axis) -> bool:
    inner = Axis(axis.factors[-1].size, axis.factors[-1:]) if axis.factors else axis
    return any("recurrent layer gives" in e.why for e in case.evidence(inner))


@RULE.misuse("unpack-bound")
def unpacked(case: Case) -> Report | None:
    """An axis of an input is unpacked into as many names as a layer's features were cut into pieces, along another axis."""
    event = case.event
    assert isinstance(event, Misused)
    x, want, size = event.value, event.detail["want"], event.detail["size"]
    if not isinstance(x, Tensor) or not isinstance(want, int) or not isinstance(size, Dim) or case.run.kind != "open":
        return None
    for place, axis in enumerate(x.shape.axes):
        whole = axis.factors[0].parent if len(axis.factors) == 1 else None
        if axis.size.value != want or want < 2 or whole is None:
            continue
        if case.proved_role(Axis(whole.size, (whole,))) in _WIDTHS:
            return Report(
                f"`{case.text(event.where.site.node)}` works only where {case.dim(size)} is {want}: "
                f"it unpacks that axis, not the {want} parts of the features",
                label=f"each of these is {case.shape(x.shape)}, with the {want} parts along axis {place}",
                help="move the axis of the parts to the front first, `permute(2, 0, …)`, or unbind that axis",
                step=x.step,
                constraint="unpacked",
            )
    return None


def _parts(case: Case, symbol: Symbol) -> Report | None:
    """An axis of an input meets the parts that a layer's features were cut into: one side has all of these, the other has the axis beside what is
    left of the same features when one of the parts was taken."""
    event = case.event
    assert isinstance(event, OpCalled)
    count = case.facts.resolve(Dim.of(symbol), generic=True).value
    if count is None or count < 2:
        return None
    sides = [x for value in event.arguments.values() if (x := case.tensor(value)) is not None]
    for name, place, _ in _inputs_with(case, symbol):
        for x in sides:
            wholes = {
                w for axis in x.shape.prefix if axis.size.value == count and (w := _whole(case, axis)) is not None
            }
            for other in sides:
                if wholes & {f.parent for f in _factors(other)} and symbol in {
                    f.size.lone_symbol for f in _factors(other)
                }:
                    return Report(
                        f"`{case.subject}` works only where `{name}` has {count} entries along axis {place}, "
                        f"as many as its features were cut into parts",
                        label=f"{case.shape(x.shape)} still holds the {count} parts, where the other side has axis {place} of `{name}`",
                        help="take one of the parts first: the index stands on another axis than theirs",
                        step=x.step,
                        constraint="parts",
                    )
    return None


def _factors(x: Tensor) -> Iterator[Factor]:
    for axis in x.shape.prefix:
        yield from axis.factors


def _whole(case: Case, axis: Axis) -> Factor | None:
    """The features of a layer that an axis counts the parts of."""
    whole = axis.factors[0].parent if len(axis.factors) == 1 else None
    if whole is None or case.proved_role(Axis(whole.size, (whole,))) not in _WIDTHS:
        return None
    return whole


def _is_computed(x: Tensor) -> bool:
    """Whether an input had a say in a tensor, as far as its steps tell."""
    step = x.step
    if step is None:
        return True
    while step.previous is not None:
        step = step.previous
    return step.op not in MADE_UP and step.op != "Parameter"


def _coincidence(case: Case, name: str, bound: tuple[int, Axis], beside: tuple[int, Axis]) -> Report | None:
    (place, axis), (other, width) = bound, beside
    facts = case.facts
    size, whole = facts.resolve(axis.size, generic=True), facts.resolve(width.size, generic=True)
    role, beside_role = case.proved_role(axis), case.proved_role(width)
    subject, sizes = case.subject, f"`{name}` has {case.dim(size)} entries along axis {place}"
    if beside_role in _WIDTHS and role not in _WIDTHS and _is_piece(facts, size, whole):
        return Report(
            f"`{subject}` works only where {sizes}, a part of its {_KIND[beside_role]} along axis {other}",
            label=f"an axis of `{name}` that no layer reads as {_KIND[beside_role]} meets a part of its {case.dim(whole)} {_KIND[beside_role]}",
            help="check the order of the axes that meet here: a transpose is missing, or names other axes than were meant",
        )
    bound_surely = axis.size.lone_symbol in facts.proved
    if role in _ROWS and beside_role in _ROWS and role != beside_role and size == whole and bound_surely:
        return Report(
            f"`{subject}` works only where `{name}` has as many {_KIND[role]} as {_KIND[beside_role]}",
            label=f"axis {place} of `{name}` ({_KIND[role]}) meets axis {other} ({_KIND[beside_role]})",
            help="check batch_first of the layers, and the order of the axes that meet here",
        )
    return None


def _is_piece(facts: Facts, size: Dim, whole: Dim) -> bool:
    """Whether a size is a proper divisor of another by what both are made of: `width//heads`, or `heads` where `heads` divides `width`."""
    if size == whole or not size.symbols or not whole.symbols:
        return False
    if any(
        facts.resolve(n, generic=True) == whole and facts.resolve(k, generic=True) == size for n, k in facts.divides
    ):
        return True
    symbol = size.lone_symbol
    if symbol is None and len(size.terms) == 1:
        (monomial, factor) = size.terms[0]
        if factor == 1 and len(monomial) == 1 and isinstance(monomial[0][0], FloorDiv):
            return facts.resolve(monomial[0][0].args[0], generic=True) == whole
    return divide_exactly(whole, size) is not None


def _inputs_with(case: Case, symbol: Symbol) -> Iterator[tuple[str, int, list[Axis]]]:
    """The inputs that have the symbol as the size of an axis, with all axes that are known from the left."""
    for name, tensor in case.run.adopted.items():
        axes = _own_axes(case.facts, tensor.shape)
        for place, axis in enumerate(axes):
            if axis.size.lone_symbol == symbol:
                yield name, place, axes


def _own_axes(facts: Facts, shape: Shape) -> list[Axis]:
    """The axes of an input as they were revealed, with their own symbols; none where its rank is not known."""
    axes: list[Axis] = []
    waiting = list(reversed(shape.parts))
    while waiting:
        part = waiting.pop()
        if isinstance(part, Segment):
            found = facts.segments.get(part)
            if found is None:
                return []
            waiting.extend(reversed(found))
        else:
            axes.append(part)
    return axes
