"""A reduction over the samples of a batch where the steps were meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapelint.interp.run import Run
from shapelint.rules.claimed_roles import claimed_role
from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.shapes.shape import Axis
from shapelint.values.model import Bool, Int, Step, Tensor

RULE = Rule("batch-reduction", "SHP608", "warning", "steps are pooled over the batch axis, so that samples are mixed")

_POOLING = tuple(
    f"torch.{owner}{name}"
    for owner in ("", "Tensor.")
    for name in ("mean", "sum", "max", "min", "amax", "amin", "logsumexp", "median")
)


@dataclass(eq=False)
class _Pooled:
    """A reduction of one of three axes, which goes."""

    case: Case
    x: Tensor
    place: int
    result: Step | None
    report: Report | None = None  # where layers alone prove the roles
    is_statistic: bool = False


@RULE.check(*_POOLING)
def check(case: Case) -> Report | None:
    """Of a tensor whose layer says which axis is the batch and which the steps, the batch axis goes and the steps stay."""
    event = case.event
    assert isinstance(event, OpCalled)
    dim, keep = event.arguments.get("dim"), event.arguments.get("keepdim")
    x = case.tensor(next(iter(event.arguments.values()), event.result))
    number = dim.dim.value if isinstance(dim, Int) else None
    if x is None or x.shape.rank != 3 or number is None or not -3 <= number < 3:
        return None
    if isinstance(keep, Bool) and keep.value is not False:
        return None  # what is kept is broadcast: a statistic of the batch, not a pooled step
    result = event.result.step if isinstance(event.result, Tensor) else None
    pooled = _Pooled(case, x, number % 3, result)
    if case.facts.resolve(x.shape.axes[pooled.place].size, generic=True) == 1:
        return None
    if not (event.assumed or x.assumed) or case.is_told_batched(x.shape):
        pooled.report = _judged(pooled, [case.proved_role(a) for a in x.shape.axes])
    case.run.notes.setdefault(RULE.name, []).append(pooled)
    return None


@RULE.check(*(f"torch.{owner}{name}" for owner in ("", "Tensor.") for name in ("add", "sub", "mul", "div")))
def broadcast(case: Case) -> Report | None:
    """What meets the samples again is a statistic of them: `x - x.mean(0)`."""
    event = case.event
    assert isinstance(event, OpCalled)
    sides = [x for value in event.arguments.values() if (x := case.tensor(value)) is not None]
    for pooled in case.run.notes.get(RULE.name, ()):
        if isinstance(pooled, _Pooled) and pooled.result is not None:
            reduced = pooled.x.shape.axes[pooled.place]
            met = any(reduced.factors and axis.factors == reduced.factors for x in sides for axis in x.shape.prefix)
            if met and any(x.step is not None and x.step.comes_from(pooled.result) for x in sides):
                pooled.is_statistic = True
    return None


@RULE.conclude
def conclude(run: Run) -> Iterator[tuple[Case, Report]]:
    """Where a layer gave the features, comments and docstrings that agree may say which of the other axes is which."""
    for pooled in run.notes.get(RULE.name, ()):
        if not isinstance(pooled, _Pooled) or pooled.is_statistic:
            continue
        if pooled.report is not None:
            yield pooled.case, pooled.report
            continue
        rows = [claimed_role(run, axis) for axis in pooled.x.shape.axes[:2]]
        report = _judged(
            pooled, [*(row[0] if row else None for row in rows), pooled.case.proved_role(pooled.x.shape.axes[2])]
        )
        if report is not None:
            yield pooled.case, report


def _judged(pooled: _Pooled, roles: list[str | None]) -> Report | None:
    """The report, if these are the roles of a batch that is reduced beside its steps."""
    case, x, place = pooled.case, pooled.x, pooled.place
    if roles[place] != "batch" or roles[:2] not in (["batch", "step"], ["step", "batch"]) or roles[2] != "feature":
        return None
    layout = "(seq, batch, features)" if place else "(batch, seq, features)"
    return Report(
        f"`{case.text(case.event.where.site.node)}` pools over the samples of the batch, not over the steps of each sample",
        label=f"what is reduced is {layout}: {case.shape(x.shape)}",
        help=f"reduce axis {1 - place}, or build the layer with the batch_first that matches its input",
        notes=tuple(f"axis {p} is the {roles[p]}: {_why(case, x.shape.axes[p])}" for p in (0, 1)),
        step=x.step,
    )


def _why(case: Case, axis: Axis) -> str:
    proof = next((e.why for e in case.evidence(axis) if e.strength == "proved"), "")
    claim = claimed_role(case.run, axis)
    return proof or (f"the code says that it is {claim[1]}" if claim else "")
