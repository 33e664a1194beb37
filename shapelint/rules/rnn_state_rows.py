"""The wrong rows of a recurrent layer's final state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapelint.interp.run import Run
from shapelint.program import model
from shapelint.rules.contract import Case, Misused, OpCalled, Report, Rule
from shapelint.rules.selection import single_selection
from shapelint.rules.tuples import RECURRENT
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Factor, Shape
from shapelint.values.model import Tensor, Tuple

RULE = Rule(
    "rnn-state-rows", "SHP605", "warning", "rows of `h_n` that are not the top layer, or not both of its directions"
)


@dataclass(eq=False)
class _Row:
    """One row of a state taken by a literal index. `state` tells the state apart from others."""

    case: Case
    state: tuple[Factor, ...]
    number: int
    layers: Dim
    directions: int


_MEASURES = frozenset("shape size dim ndim dtype device".split())


def _is_measured(node: object, row: int) -> bool:
    """Whether code asks the row in place for no more than its sizes, `h_n[0].shape`: every row has the same."""
    if isinstance(node, model.Attribute) and getattr(node.value, "id", 0) == row:
        return node.name in _MEASURES
    if isinstance(node, tuple):
        return any(_is_measured(item, row) for item in node)
    return any(_is_measured(getattr(node, slot), row) for slot in getattr(node, "__slots__", ()))


@dataclass(eq=False)
class _Merged:
    """A reshape that lays the rows of a state and the samples along one axis. `used` where an op makes of it what has no such axis: rows that are
    taken apart again, or a number that speaks of all of them."""

    case: Case
    report: Report
    rows: frozenset[Factor]
    used: bool = False


@RULE.misuse("state-pair")
def paired(case: Case) -> Report | None:
    """The state of a GRU or an RNN is unpacked as the `(h_n, c_n)` of an LSTM is."""
    event = case.event
    assert isinstance(event, Misused)
    size = event.detail["size"]
    if not isinstance(size, Dim) or not isinstance(event.value, Tensor) or event.value.step is None:
        return None
    layer = event.value.step.op
    if layer not in RECURRENT:
        return None  # something was made of the state before
    return Report(
        f"`{case.text(event.where.site.node)}` works only where {case.dim(size)} is 2: the state of a {layer} is one tensor",
        label=f"its rows are layers: {case.shape(event.value.shape)}",
        help="`output, h_n = …`; only an LSTM returns a pair (h_n, c_n)",
        step=event.value.step,
        constraint="pair",
    )


@RULE.check("torch.Tensor.__getitem__")
def remember(case: Case) -> Report | None:
    """Keep every row that is taken out of a state."""
    event = case.event
    assert isinstance(event, OpCalled)
    values = list(event.arguments.values())
    if len(values) != 2 or event.assumed:
        return None
    chosen = single_selection(case, values[0], values[1])
    if chosen is None or chosen.place != 0 or chosen.tensor.shape.rank not in (2, 3):
        return None
    rows = chosen.tensor.shape.axes[0]
    roles = [case.proved_role(Axis(f.size, (f,))) for f in rows.factors]
    if roles not in (["layer"], ["layer", "direction"]):
        return None
    directions = 1 if len(roles) == 1 else case.facts.resolve(rows.factors[1].size, generic=True).value
    if directions not in (1, 2):
        return None
    last = chosen.tensor.shape.axes[-1].factors
    if _is_measured((case.run.top.node or case.run.top.module.lowered.module).body, event.where.site.node):
        return None
    row = _Row(
        case, (*rows.factors, *last), chosen.number, case.facts.resolve(rows.factors[0].size, generic=True), directions
    )
    case.run.notes.setdefault(RULE.name, []).append(row)
    return None


@RULE.check("reshape", "flatten")
def merge(case: Case) -> Report | None:
    """Keep where a reshape merges the rows of a state, of which there are several, with the batch."""
    event = case.event
    assert isinstance(event, OpCalled)
    x, result = case.tensor(next(iter(event.arguments.values()), event.result)), case.tensor(event.result)
    if x is None or result is None or not x.shape.ranked or not result.shape.ranked:
        return None
    if event.assumed and not case.is_told_batched(x.shape):
        return None
    if any(_merged_rows(case, axis) for axis in x.shape.axes):
        return None
    for axis in result.shape.axes:
        rows = _merged_rows(case, axis)
        if rows:
            kept = case.run.notes.setdefault(f"{RULE.name} merged", [])
            kept.append(_Merged(case, _merging(case, result.shape, axis), rows))
    return None


@RULE.check("*")
def use(case: Case) -> Report | None:
    """An op that takes an axis of rows and samples and gives none has used the rows for something else than as samples."""
    kept = case.run.notes.get(f"{RULE.name} merged")
    event = case.event
    if not kept or not isinstance(event, OpCalled):
        return None
    given = [x.shape for v in event.arguments.values() if (x := case.tensor(v)) is not None]
    made = case.tensor(event.result)
    if made is None and not isinstance(event.result, Tuple):
        return None  # a size, or nothing
    for one in kept:
        if isinstance(one, _Merged) and any(_holds(one, shape) for shape in given):
            one.used = one.used or made is None or not _holds(one, made.shape)
    return None


def _holds(merged: _Merged, shape: Shape) -> bool:
    return any(isinstance(p, Axis) and merged.rows <= set(p.factors) for p in shape.parts)


def _merged_rows(case: Case, axis: Axis) -> frozenset[Factor]:
    """The rows and samples that make up an axis together, several of both; empty for any other axis."""
    found: dict[str, Factor] = {}
    for factor in axis.factors:
        role = case.proved_role(Axis(factor.size, (factor,)))
        if role not in ("layer", "direction", "batch"):
            return frozenset()
        if role == "batch" and case.facts.resolve(factor.size, generic=True) != 1:
            found["batch"] = factor
        elif role != "batch" and case.facts.at_least(factor.size, 2, proof=True):
            found["rows"] = factor
    return frozenset(found.values()) if len(found) == 2 else frozenset()


def _merging(case: Case, shape: Shape, axis: Axis) -> Report:
    count = " × ".join(case.dim(f.size) for f in axis.factors if case.facts.resolve(f.size, generic=True) != 1)
    return Report(
        f"`{case.text(case.event.where.site.node)}` counts the rows of the state as samples: {case.shape(shape)} has {count} of them",
        label="the state has a row for each layer and direction of each sample: what comes out has no batch axis",
        help="take the rows that are meant first: `[-1]`, or both directions of the top layer joined along the features",
        constraint="merged",
    )


@RULE.conclude
def unused(run: Run) -> Iterator[tuple[Case, Report]]:
    """Rows that were merged with the samples, and stay so to the end."""
    for one in run.notes.get(f"{RULE.name} merged", ()):
        if isinstance(one, _Merged) and not one.used:
            yield one.case, one.report


@RULE.conclude
def conclude(run: Run) -> Iterator[tuple[Case, Report]]:
    """Judge the rows of each state together: taking all of them is a choice, taking the wrong one is not."""
    states: dict[tuple[Factor, ...], list[_Row]] = {}
    for row in run.notes.get(RULE.name, ()):
        if isinstance(row, _Row):
            states.setdefault(row.state, []).append(row)
    for rows in states.values():
        found = _judge(rows)
        if found is not None:
            yield found


def _judge(rows: list[_Row]) -> tuple[Case, Report] | None:
    first = rows[0]
    layers = first.layers.value
    total = layers * first.directions if layers is not None else None
    numbers = sorted({r.number + total if total is not None and r.number < 0 else r.number for r in rows})
    several = first.case.facts.at_least(first.layers, 2, proof=True)
    if first.directions == 1:
        if numbers == [0] and several:
            return _report(
                rows[0],
                "takes the state of the first layer, not of the top one",
                "rows of the state are layers, from the first to the top",
                "use `[-1]` for the top layer",
                "layer",
            )
        return None
    if len(numbers) == 1:
        number = numbers[0]
        half = "backward" if number % 2 else "forward"
        return _report(
            rows[0],
            f"takes the {half} direction alone",
            "rows of the state are (layer, direction): the other direction is left out",
            "join both directions of the top layer: `torch.cat([h_n[-2], h_n[-1]], dim=1)`",
            "direction",
        )
    if len(numbers) == 2 and layers is not None and layers >= 2:
        places = [divmod(n, 2) for n in numbers]
        if places[0][0] != places[1][0]:
            return _report(
                rows[-1],
                "joins rows of different layers",
                f"rows {numbers[0]} and {numbers[1]} are {_place(places[0])} and {_place(places[1])}",
                "both directions of the top layer are the rows -2 and -1",
                "mixed",
            )
        if places[0][0] == 0:
            return _report(
                rows[-1],
                "takes the state of the first layer, not of the top one",
                f"rows {numbers[0]} and {numbers[1]} are {_place(places[0])} and {_place(places[1])}",
                "both directions of the top layer are the rows -2 and -1",
                "layer",
            )
    return None


def _place(place: tuple[int, int]) -> str:
    return f"layer {place[0]} {'backward' if place[1] else 'forward'}"


def _report(row: _Row, what: str, label: str, help_: str, constraint: str) -> tuple[Case, Report]:
    case = row.case
    text = case.text(case.event.where.site.node)
    return case, Report(f"`{text}` {what}", label=label, help=help_, constraint=constraint)
