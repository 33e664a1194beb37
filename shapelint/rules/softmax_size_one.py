"""A softmax over an axis of one entry, which gives 1 everywhere."""

from __future__ import annotations

from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Int, NoneValue, Step, Tensor, Value

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
    """The axis of a softmax, called as a function or built as a layer: as written, or the one that torch takes where none is. Of three axes that is
    the first, and a fault by itself (`softmax-axis`)."""
    dim = (event.arguments if event.config is None else event.config.args).get("dim")
    if isinstance(dim, NoneValue) and isinstance(event.result, Tensor) and event.result.shape.rank not in (None, 3):
        return Int.of(1 if event.result.shape.rank > 1 else 0)
    return dim


def _axis(shape: Shape, place: int) -> Axis | None:
    """The axis at a place; of an unknown number of axes, those before and behind the unknown ones have one."""
    known: tuple[Axis, ...] = shape.prefix if place >= 0 else shape.suffix
    return known[place] if -len(known) <= place < len(known) else None


def _is_example(step: Step | None) -> bool:
    """Whether a tensor goes back to one that was made with sizes in numbers."""
    while step is not None and step.previous is not None:
        step = step.previous
    return step is not None and step.shape.concrete is not None


@RULE.check(*SOFTMAXES)
def check(case: Case) -> Report | None:
    """The size is 1 whatever is passed, so that no input can change the result."""
    event = case.event
    assert isinstance(event, OpCalled)
    dim = softmax_axis(event)
    x = case.tensor(next(iter(event.arguments.values()), event.result))
    if not isinstance(dim, Int) or dim.dim.value is None or x is None or x.shape.rank == 0:
        return None
    if x.assumed and not case.is_told_batched(x.shape):
        return None
    axis = _axis(x.shape, dim.dim.value)
    if axis is None or case.facts.resolve(axis.size) != 1:
        return None
    # a size that only this caller passes (a batch or a sequence of one) is no fault of the code
    if case.run.kind == "open" and event.where.calls and _is_example(x.step):
        return None  # an example, as tests make them, of whatever size
    if case.run.kind != "open" and case.proved_role(axis) in (None, "batch", "step"):
        return None
    gives = "0" if "log" in event.name else "1"
    return Report(
        f"`{case.subject}` is taken over an axis of one entry, so that every result is {gives}",
        label=f"axis {dim.dim.value} of {case.shape(x.shape)} has one entry",
        help="name the axis whose entries compete, or use a sigmoid for a single score",
        step=x.step,
    )
