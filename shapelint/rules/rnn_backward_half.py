"""The last step of a bidirectional layer's output, whose backward half has read one step."""

from __future__ import annotations

from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.rules.selection import single_selection
from shapelint.shapes.shape import Axis

RULE = Rule(
    "rnn-backward-half",
    "SHP602",
    "warning",
    "the last step of a bidirectional output holds a backward half that has read one step only",
)


@RULE.check("torch.Tensor.__getitem__")
def check(case: Case) -> Report | None:
    """Index -1 on the step axis of an output whose features are (direction, hidden) with two directions."""
    event = case.event
    assert isinstance(event, OpCalled)
    values = list(event.arguments.values())
    if len(values) != 2 or event.assumed:
        return None
    chosen = single_selection(case, values[0], values[1])
    if chosen is None or chosen.number not in (-1, 0) or chosen.tensor.shape.rank != 3 or chosen.tensor.assumed:
        return None
    axes = chosen.tensor.shape.axes
    if case.proved_role(axes[chosen.place]) != "step" or not two_directions(case, axes[2]):
        return None
    if case.facts.resolve(axes[chosen.place].size) == 1:
        return None
    text = case.text(event.where.site.node)
    half, other = ("backward", "forward") if chosen.number == -1 else ("forward", "backward")
    where = "last" if chosen.number == -1 else "first"
    return Report(
        f"`{text}` takes the {half} direction after it has read one step only",
        label=f"the {where} step of a bidirectional layer: the {other} half has read everything, the {half} half one step",
        help="join the final states of both directions: `torch.cat([h_n[-2], h_n[-1]], dim=1)`",
        step=chosen.tensor.step,
    )


def two_directions(case: Case, axis: Axis) -> bool:
    """Whether the features of an axis are those of both directions, side by side."""
    if len(axis.factors) != 2:
        return False
    outer = axis.factors[0]
    return case.facts.resolve(outer.size) == 2 and case.proved_role(Axis(outer.size, (outer,))) == "direction"
