"""A softmax over an axis of one entry, which gives 1 everywhere."""

from __future__ import annotations

from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.shapes.shape import Axis
from shapelint.values.model import Int, Value

RULE = Rule("softmax-size-one", "SHP611", "warning", "a softmax over an axis of one entry gives 1 everywhere")

SOFTMAXES = (
    "torch.softmax",
    "torch.Tensor.softmax",
    "torch.nn.functional.softmax",
    "torch.nn.Softmax",
    "torch.log_softmax",
    "torch.Tensor.log_softmax",
    "torch.nn.functional.log_softmax",
    "torch.nn.LogSoftmax",
)


def softmax_axis(event: OpCalled) -> Value | None:
    """The argument that names the axis of a softmax, called as a function or built as a layer."""
    if event.config is not None:
        return event.config.args.get("dim")
    return event.arguments.get("dim")


@RULE.check(*SOFTMAXES)
def check(case: Case) -> Report | None:
    """The size is 1 whatever is passed, so that no input can change the result."""
    event = case.event
    assert isinstance(event, OpCalled)
    dim = softmax_axis(event)
    x = case.tensor(next(iter(event.arguments.values()), event.result))
    if not isinstance(dim, Int) or dim.dim.value is None or x is None or x.shape.rank in (None, 0) or x.assumed:
        return None
    parts = x.shape.parts
    if not -len(parts) <= dim.dim.value < len(parts):
        return None
    axis = parts[dim.dim.value]
    if not isinstance(axis, Axis) or case.facts.resolve(axis.size, proof=True) != 1:
        return None
    # a size that only this caller passes (a batch or a sequence of one) is no fault of the code
    if case.run.kind != "open" and case.proved_role(axis) in (None, "batch", "step"):
        return None
    gives = "0" if "log" in event.name else "1"
    return Report(
        f"`{case.subject}` is taken over an axis of one entry, so that every result is {gives}",
        label=f"axis {dim.dim.value} of {case.shape(x.shape)} has one entry",
        help="name the axis whose entries compete, or use a sigmoid for a single score",
        step=x.step,
    )
