"""The wrong rows of a recurrent layer's final state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapelint.interp.run import Run
from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.rules.selection import single_selection
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Factor

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
    directions = 1 if len(roles) == 1 else case.facts.resolve(rows.factors[1].size).value
    if directions not in (1, 2):
        return None
    last = chosen.tensor.shape.axes[-1].factors
    row = _Row(case, (*rows.factors, *last), chosen.number, case.facts.resolve(rows.factors[0].size), directions)
    case.run.notes.setdefault(RULE.name, []).append(row)
    return None


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
