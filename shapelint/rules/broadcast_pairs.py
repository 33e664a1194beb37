"""Values of all samples paired with values of all samples: `(N,)` against `(N, 1)`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapelint.interp.run import Run
from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Factor
from shapelint.values.model import Step, Tensor

RULE = Rule(
    "broadcast-pairs",
    "SHP604",
    "warning",
    "two vectors of one length broadcast to a matrix of all pairs",
    asks_ranks=True,
)

ELEMENTWISE = (
    "torch.add torch.sub torch.mul torch.true_divide torch.eq torch.ne torch.lt torch.le torch.gt torch.ge "
    "torch.Tensor.eq torch.Tensor.sub torch.Tensor.add torch.Tensor.mul torch.Tensor.div"
).split()
LOSSES = tuple(f"torch.nn.functional.{n}" for n in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")) + tuple(
    f"torch.nn.{n}" for n in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss")
)
# ops that put an axis of 1 where a broadcast is meant
_INSERTING = frozenset(
    (
        "unsqueeze getitem indexing reshape reshape_as view unflatten expand stack keepdim sum mean amax amin max min norm "
        "std var logsumexp prod transpose permute einops rearrange meshgrid einsum"
    ).split()
)
# ops that hand the entries of a column on as they are
_MOVING = frozenset("squeeze reshape reshape_as view flatten getitem indexing detach conversion select".split())


@RULE.check(*ELEMENTWISE, *LOSSES)
def check(case: Case) -> Report | None:
    """`(…, N)` meets `(…, N, 1)`: the axis of 1 is the one output of a layer, or a column of data, not one put there to pair."""
    event = case.event
    assert isinstance(event, OpCalled)
    values = list(event.arguments.values())[:2]
    if len(values) != 2 or event.assumed:
        return None
    a, b = case.tensor(values[0]), case.tensor(values[1])
    if a is None or b is None or not a.shape.rank or not b.shape.rank or a.assumed or b.assumed:
        return None
    narrow, column = (a, b) if a.shape.rank < b.shape.rank else (b, a)
    is_loss = event.name in LOSSES
    if column.shape.rank != (narrow.shape.rank or 0) + 1 or column.shape.rank != 2:
        return None
    row, (samples, one) = narrow.shape.axes[0], column.shape.axes
    facts = case.facts
    if (
        facts.resolve(one.size, generic=True) != 1
        or facts.resolve(row.size, generic=True) == 1
        or facts.compare(row.size, samples.size) is not Verdict.SAME
    ):
        return None
    if _inserted(case, column.step, one) or _of_one_value(narrow.step, column.step):
        return None
    if not is_loss and (
        not _meant_as_values(case, one, samples, row)
        or (_is_given_by_layer(narrow.step) and _is_given_by_layer(column.step))
    ):
        return None
    n = case.dim(row.size)
    shapes = f"{case.shape(a.shape)} against {case.shape(b.shape)}"
    verb = (
        "compares" if is_loss or event.name.rpartition(".")[2] in ("eq", "ne", "lt", "le", "gt", "ge") else "combines"
    )
    return Report(
        f"`{case.subject}` {verb} every sample with every other: {shapes} broadcasts to ({n}, {n})",
        label=f"the result has {n}*{n} entries, one for each pair of samples",
        help="give both the same shape: `squeeze(-1)` the one with the axis of 1, or `unsqueeze(-1)` the other",
        step=column.step,
    )


@dataclass(eq=False)
class _Against:
    """A difference of one value for each sample and the sum over all samples."""

    result: Step
    case: Case
    report: Report
    is_error: bool = False


@RULE.check("torch.sub", "torch.Tensor.sub")
def against_total(case: Case) -> Report | None:
    """Keep where a sum over everything that a layer gave for N samples is held against N values."""
    event = case.event
    assert isinstance(event, OpCalled)
    sides = [case.tensor(v) for v in list(event.arguments.values())[:2]]
    result = event.result
    if len(sides) != 2 or event.assumed or not isinstance(result, Tensor) or result.step is None:
        return None
    for values, total in (sides, sides[::-1]):
        report = _total(case, values, total) if values is not None and total is not None else None
        if report is not None:
            case.run.notes.setdefault(RULE.name, []).append(_Against(result.step, case, report))
    return None


def _total(case: Case, values: Tensor, total: Tensor) -> Report | None:
    step = total.step
    if total.shape.rank != 0 or values.shape.rank != 1 or step is None or step.op != "sum" or step.previous is None:
        return None
    summed = case.facts.shape(step.previous.shape, generic=True)
    n = values.shape.axes[0].size
    if summed.rank != 2 or case.facts.resolve(n, generic=True) == 1 or _is_moved(values.step, step.previous):
        return None
    samples, scores = summed.axes
    if case.facts.compare(samples.size, n) is not Verdict.SAME or case.proved_role(scores) not in ("feature", "class"):
        return None
    return Report(
        f"`{case.text(case.event.where.site.node)}` holds each of {case.dim(n)} values against the sum over all {case.dim(n)} samples",
        label=f"one number came out of {case.shape(summed)}: it is the same for every sample",
        help="sum the scores of each sample: `dim=1`",
        related=((step.site, "summed over both axes here"),),
        step=step,
        constraint="total",
    )


@RULE.check("torch.square", "torch.Tensor.square", "torch.pow", "torch.Tensor.pow", "torch.abs", "torch.Tensor.abs")
def error_of_total(case: Case) -> Report | None:
    """Such a difference is squared, or its sign taken away: it is the error of a loss."""
    event = case.event
    assert isinstance(event, OpCalled)
    x = next(iter(event.arguments.values()), None)
    for one in case.run.notes.get(RULE.name, ()):
        if isinstance(one, _Against) and isinstance(x, Tensor) and x.step is one.result:
            one.is_error = True
    return None


@RULE.conclude
def errors(run: Run) -> Iterator[tuple[Case, Report]]:
    """The differences that are errors."""
    for one in run.notes.get(RULE.name, ()):
        if isinstance(one, _Against) and one.is_error:
            yield one.case, one.report


def _meant_as_values(case: Case, one: Axis, samples: Axis, row: Axis) -> bool:
    """Whether the axis of 1 is surely no axis to pair along: a layer's single output, or beside a proved batch axis that both sides have."""
    if case.proved_role(one) in ("feature", "class", "channel"):
        return True
    return bool(samples.factors) and samples.factors == row.factors and case.proved_role(samples) == "batch"


def _is_given_by_layer(step: Step | None) -> bool:
    """Whether a layer gave the values: two scores of one layer's kind may be meant in pairs, as attention over a graph has them."""
    while step is not None:
        if step.op[:1].isupper():
            return True
        step = step.previous
    return False


def _of_one_value(narrow: Step | None, column: Step | None) -> bool:
    """Whether one side is the other with its axis of 1 taken away or added: a value says nothing beside itself, so pairs are meant."""
    return _is_moved(narrow, column) or _is_moved(column, narrow)


def _is_moved(step: Step | None, origin: Step | None) -> bool:
    while step is not None and step is not origin and step.op in _MOVING:
        step = step.previous
    return step is not None and step is origin


def _inserted(case: Case, step: Step | None, one: Axis) -> bool:
    """Whether the axis of 1 came out of an op that inserts axes, or of one that nothing tells."""
    factor: Factor | None = one.factors[0] if one.factors else None
    if factor is None:
        return True
    origin = ""
    while step is not None:
        shape = case.facts.shape(step.shape, generic=True)
        if not any(isinstance(p, Axis) and factor in p.factors for p in shape.parts):
            break
        origin = step.op
        step = step.previous
    return origin in _INSERTING


__all__ = ["ELEMENTWISE", "LOSSES", "RULE", "Tensor"]
