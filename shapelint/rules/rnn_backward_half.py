"""The last step of a bidirectional layer's output, whose backward half has read one step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapelint.interp.run import Run
from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.rules.selection import single_selection
from shapelint.shapes.shape import Axis, Factor
from shapelint.values.model import Step, Tensor

RULE = Rule(
    "rnn-backward-half",
    "SHP602",
    "warning",
    "the last step of a bidirectional output holds a backward half that has read one step only",
)


# ops that can take the half that has read everything out of what was taken
_DIVIDING = ("torch.Tensor.__getitem__", "chunk", "split", "tensor_split", "narrow", "reshape", "unflatten")


@dataclass(eq=False)
class _End:
    """One end of an output, until the weak half is seen to be left out or made good. `number` is 0 or -1."""

    case: Case
    report: Report
    output: Step | None
    number: int
    taken: Step | None
    features: tuple[Factor, ...]
    divided: bool = False


@RULE.check("torch.Tensor.__getitem__")
def remember(case: Case) -> Report | None:
    """Index -1 on the step axis of an output whose features are (direction, hidden) with two directions."""
    event = case.event
    assert isinstance(event, OpCalled)
    values = list(event.arguments.values())
    if len(values) != 2:
        return None
    chosen = single_selection(case, values[0], values[1])
    if chosen is None or chosen.number not in (-1, 0) or chosen.tensor.shape.rank != 3:
        return None
    if (event.assumed or chosen.tensor.assumed) and not case.is_told_batched(chosen.tensor.shape):
        return None
    axes = chosen.tensor.shape.axes
    if case.proved_role(axes[chosen.place]) != "step" or not two_directions(case, axes[2]):
        return None
    if case.facts.resolve(axes[chosen.place].size, generic=True) == 1:
        return None
    text = case.text(event.where.site.node)
    report = Report(
        f"`{text}` takes the backward direction after it has read one step only",
        label="the last step of a bidirectional layer: the forward half has read everything, the backward half one step",
        help="join the final states of both directions: `torch.cat([h_n[-2], h_n[-1]], dim=1)`",
        step=chosen.tensor.step,
    )
    taken = event.result.step if isinstance(event.result, Tensor) else None
    end = _End(case, report, chosen.tensor.step, chosen.number, taken, axes[2].factors)
    case.run.notes.setdefault(RULE.name, []).append(end)
    return None


@RULE.check(*_DIVIDING)
def divide(case: Case) -> Report | None:
    """Who divides the features of an end into their halves knows that there are two."""
    x = case.first_tensor()
    if x is None or x.step is None:
        return None
    result = case.tensor(case.event.result) if isinstance(case.event, OpCalled) else None
    whole = {axis.factors for axis in result.shape.parts if isinstance(axis, Axis)} if result is not None else set()
    for end in case.run.notes.get(RULE.name, ()):
        if (
            not isinstance(end, _End)
            or end.features in whole
            or end.taken is None
            or x.step is None
            or not x.step.comes_from(end.taken)
        ):
            continue
        end.divided = end.divided or any(isinstance(a, Axis) and a.factors == end.features for a in x.shape.parts)
    return None


@RULE.conclude
def conclude(run: Run) -> Iterator[tuple[Case, Report]]:
    """Both ends of one output hold both halves that have read everything: whoever takes both has chosen to. The first step alone may be meant for
    what it says of the first entry."""
    ends = [end for end in run.notes.get(RULE.name, ()) if isinstance(end, _End)]
    for end in ends:
        both = end.output is not None and any(e.output is end.output and e.number != end.number for e in ends)
        if end.number == -1 and not both and not end.divided:
            yield end.case, end.report


def two_directions(case: Case, axis: Axis) -> bool:
    """Whether the features of an axis are those of both directions, side by side."""
    if len(axis.factors) != 2:
        return False
    outer = axis.factors[0]
    return (
        case.facts.resolve(outer.size, generic=True) == 2
        and case.proved_role(Axis(outer.size, (outer,))) == "direction"
    )
