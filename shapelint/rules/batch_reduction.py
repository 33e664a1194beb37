"""A reduction over the samples of a batch where the steps were meant."""

from __future__ import annotations

from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.values.model import Bool, Int

RULE = Rule("batch-reduction", "SHP608", "warning", "steps are pooled over the batch axis, so that samples are mixed")

_POOLING = tuple(
    f"torch.{owner}{name}"
    for owner in ("", "Tensor.")
    for name in ("mean", "sum", "max", "min", "amax", "amin", "logsumexp", "median")
)


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
    if (event.assumed or x.assumed) and not case.is_told_batched(x.shape):
        return None
    axes = x.shape.axes
    place = number % 3
    roles = [case.proved_role(a) for a in axes]
    if roles[place] != "batch" or roles[:2] not in (["batch", "step"], ["step", "batch"]) or roles[2] != "feature":
        return None
    if case.facts.resolve(axes[place].size) == 1:
        return None
    layout = "(seq, batch, features)" if place else "(batch, seq, features)"
    return Report(
        f"`{case.text(event.where.site.node)}` pools over the samples of the batch, not over the steps of each sample",
        label=f"what is reduced is {layout}: {case.shape(x.shape)}",
        help=f"reduce axis {1 - place}, or build the layer with the batch_first that matches its input",
        notes=tuple(
            f"axis {p} is the {roles[p]}: {next(e.why for e in case.evidence(axes[p]) if e.strength == 'proved')}"
            for p in (0, 1)
        ),
        step=x.step,
    )
