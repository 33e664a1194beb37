"""A reshape that names axes out of the order in which they lie in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from shapelint.interp.events import Where
from shapelint.interp.run import Run
from shapelint.rules.contract import Case, Fine, OpCalled, Report, Rule
from shapelint.shapes.dim import Dim, FloorDiv, Max, Min
from shapelint.shapes.facts import Verdict
from shapelint.shapes.regroup import Scramble, regroup
from shapelint.shapes.shape import Axis, Factor, product
from shapelint.values.model import Site, Step, Tensor

RULE = Rule("reshape-scrambles", "SHP603", "warning", "a view or reshape where a transpose or permute was meant")

# a tensor made up on the spot has no axes that could mean something
MADE_UP = frozenset(
    "zeros ones rand randn empty full arange randint linspace tensor eye randperm normal zeros_like randn_like".split()
)
_DRAWN = frozenset("array choice exponential laplace permutation poisson random uniform".split())  # of NumPy

# rows made one entry longer and then read in the other order are shifted against each other on purpose (relative positions)
_SKEWING = frozenset(("cat", "pad"))
_MOVING = frozenset(("permute", "transpose"))
_CUTTING = frozenset(("getitem", "indexing", "narrow", "slice"))


@dataclass(eq=False)
class _Mixed:
    """A reshape that scrambles, until a later one is seen to undo it. What was `summed` in between stays mixed."""

    case: Case
    report: Report
    source: frozenset[Factor]
    undone: bool = False
    summed: bool = False


@dataclass(eq=False)
class _Ordered:
    """A reshape that is in order, and the steps that led to it."""

    where: Where
    step: Step | None


@dataclass(eq=False)
class _Moved:
    """Axes were moved."""

    where: Where
    step: Step


@dataclass(eq=False)
class _Skewed:
    """What came out of reading longer rows anew. One row or column is then cut off, and the rest brought to its old sizes."""

    step: Step | None


@dataclass(eq=False)
class _Unread:
    """What came out of a reshape of a tensor whose rank is open or assumed: in which order its entries lie is not told."""

    step: Step | None


@RULE.check("reshape", "reshape_as", "numpy.reshape")
def check(case: Case) -> Report | None:
    """The target's sizes are a reordering of the source's factors, or merge factors that are not neighbours, and no other reading exists."""
    event = case.event
    assert isinstance(event, OpCalled)
    x = case.tensor(next(iter(event.arguments.values()), event.result))
    result = case.tensor(event.result)
    if x is None or result is None or not result.shape.ranked:
        return None
    kept = case.run.notes.setdefault(RULE.name, [])
    axes = _wide_axes(case, x, result)
    if axes is None or (event.assumed and not case.is_told_batched(x.shape)):
        kept.append(_Unread(result.step))
        return None
    if _is_unread(kept, x.step):
        return None
    _undo(kept, result)
    if x.shape.concrete is not None and (x.step is None or _is_made_up(x.step)):
        return None
    if x.step is not None and x.step.op in _SKEWING:
        kept.append(_Skewed(result.step))
        return None
    if _is_skewed(kept, x.step):
        return None
    if any(_is_open(case.facts.resolve(axis.size, generic=True)) for axis in axes):
        return None
    scramble = regroup(case.facts, axes, result.shape.dims).scramble
    if scramble is None:
        kept.append(_Ordered(event.where, x.step))
    elif len(scramble.source) > 1 and not _may_collapse(case, scramble):
        kept.append(_Mixed(case, _report(case, x, result, scramble), frozenset(scramble.source)))
    return None


@RULE.check("transpose", "permute")
def move(case: Case) -> Report | None:
    """Keep which call of which function moves axes."""
    assert isinstance(case.event, OpCalled)
    result = case.event.result
    if isinstance(result, Tensor) and result.step is not None:
        case.run.notes.setdefault(RULE.name, []).append(_Moved(case.event.where, result.step))
    return None


@RULE.check("torch.matmul", "torch.bmm", "torch.Tensor.matmul", "torch.Tensor.bmm")
def summed(case: Case) -> Report | None:
    """A product sums over a piece of what a reshape cut across: entries that do not belong together are then in one number."""
    event = case.event
    assert isinstance(event, OpCalled)
    kept = [m for m in case.run.notes.get(RULE.name, ()) if isinstance(m, _Mixed)]
    left = case.first_tensor() if kept else None
    if left is None or not left.shape.rank or left.shape.rank < 2 or event.assumed:
        return None
    for factor in left.shape.axes[-1].factors:
        for mixed in kept:
            if factor.parent is not None and factor.parent.mixed and mixed.source == set(factor.parent.mixed):
                mixed.summed = mixed.summed or not mixed.undone
    return None


def _wide_axes(case: Case, x: Tensor, result: Tensor) -> tuple[Axis, ...] | None:
    """The axes of a tensor that is read anew. Of an unknown number those that are known, if they hold all entries that the result has: the others are
    then of size 1, which no order in memory knows of."""
    if x.shape.ranked:
        return x.shape.axes
    known = tuple(part for part in x.shape.parts if isinstance(part, Axis))
    sizes = [product(axis.size for axis in axes) for axes in (known, result.shape.axes)]
    return known if case.facts.compare(*sizes, proof=True) is Verdict.SAME else None


def _is_made_up(step: Step) -> bool:
    library, _, name = step.op.rpartition(".")
    return name in MADE_UP or (library.startswith("numpy") and name in _DRAWN)


def _is_unread(kept: list[object], step: Step | None) -> bool:
    unread = {one.step for one in kept if isinstance(one, _Unread)}
    while unread and step is not None and step.op not in _MOVING:
        if step in unread:
            return True
        step = step.previous
    return False


def _is_skewed(kept: list[object], step: Step | None) -> bool:
    while step is not None and step.op in _CUTTING:
        step = step.previous
    return step is not None and any(isinstance(one, _Skewed) and one.step is step for one in kept)


def _may_collapse(case: Case, scramble: Scramble) -> bool:
    """Whether the order holds once a computed size is 1, as the height that a stack of convolutions leaves often is."""
    facts = case.facts
    slim = {
        f for f in scramble.source if _is_rest(facts.resolve(f.size, generic=True)) and not facts.at_least(f.size, 2)
    }
    wide = [f for f in scramble.source if f not in slim]
    return bool(slim) and [f for claim in scramble.claims for f in claim if f not in slim] == wide


def _is_open(size: Dim) -> bool:
    """Whether a size is a minimum or a maximum, or a sum of sizes that nobody knows. It may equal any other one: no reading is then the only one."""
    if len(size.terms) > 1 and any(s.kind == "unknown" for s in size.symbols):
        return True
    return any(isinstance(atom, (Min, Max)) for monomial, _ in size.terms for atom, _ in monomial)


def _is_rest(size: Dim) -> bool:
    """Whether a size is what rounding down leaves of another; a mere share of a parameter, `width // heads`, is meant to be larger than 1."""
    atoms = [atom for monomial, _ in size.terms for atom, _ in monomial if isinstance(atom, FloorDiv)]
    is_share = len(size.terms) == 1 and all(len(a.args[0].terms) == 1 for a in atoms)
    return bool(atoms) and not (is_share and all(s.kind == "parameter" for s in size.symbols))


def _undo(kept: list[object], result: Tensor) -> None:
    """A later reshape that gives the factors back undoes the mix."""
    present = {f for axis in result.shape.axes for f in axis.factors}
    for mixed in kept:
        if isinstance(mixed, _Mixed) and mixed.source <= present:
            mixed.undone = True


@RULE.conclude
def conclude(run: Run) -> Iterator[tuple[Case, Report | Fine]]:
    kept = run.notes.get(RULE.name, [])
    for mixed in kept:
        if isinstance(mixed, _Mixed) and (mixed.summed or not mixed.undone):
            where = mixed.case.event.where
            last = next(_moves(kept, where, mixed.report.step), None)
            others = [
                o
                for o in kept
                if isinstance(o, _Ordered) and o.where.site == where.site and _call(o.where) != _call(where)
            ]
            if last is not None and any(last not in _moves(kept, o.where, o.step) for o in others):
                yield mixed.case, Fine(mixed.report.constraint)  # the program asks for both orders
            else:
                yield mixed.case, replace(mixed.report, cause=last)


def _moves(kept: Iterable[object], where: Where, step: Step | None) -> Iterator[Site]:
    """Where this very call of a function had moved axes of a tensor, the last place first."""
    made = {
        one.step
        for one in kept
        if isinstance(one, _Moved) and (one.where.scope, _call(one.where)) == (where.scope, _call(where))
    }
    while step is not None:
        if step in made:
            yield step.site
        step = step.previous


def _call(where: Where) -> tuple[Site | None, tuple[Site, ...]]:
    """Of which object a function is run, and by which calls."""
    return where.built, tuple(call.site for call in where.calls)


def _report(case: Case, x: Tensor, result: Tensor, scramble: Scramble) -> Report:
    names = {f: _name(case, f) for f in (*scramble.source, *(g for claim in scramble.claims for g in claim))}
    memory = " × ".join(names[f] for f in scramble.source)
    asked = ", ".join("*".join(names[f] for f in claim) or "1" for claim in scramble.claims)
    what = "merges axes that are not neighbours" if scramble.merges_apart else "exchanges axes"
    return Report(
        f"`{case.subject}` {what}: {case.shape(x.shape)} lies in memory as {memory}, but is read as ({asked})",
        label=f"a reshape keeps the order in memory: {case.shape(result.shape)} mixes what belongs apart",
        help="move axes with `transpose` or `permute` first, then reshape neighbours",
        step=x.step,
    )


def _name(case: Case, factor: Factor) -> str:
    size = case.dim(factor.size)
    role = case.proved_role(Axis(factor.size, (factor,)))
    shown = {"step": "seq", "layer": "layers", "direction": "directions", "feature": "features"}.get(
        role or "", role or ""
    )
    return size if not shown or shown == size else f"{size} ({shown})"
