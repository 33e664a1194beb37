"""The last entry of the wrong axis of a recurrent layer's output."""

from __future__ import annotations

from shapelint.rules.claimed_roles import claimed_role
from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.rules.selection import Selection, single_selection
from shapelint.rules.size_names import BATCH_NAMES, STEP_NAMES, name_in
from shapelint.shapes.shape import Axis

RULE = Rule("rnn-last-step", "SHP601", "warning", "`-1` picks the last sample or feature where the last step was meant")


@RULE.check("torch.Tensor.__getitem__")
def check(case: Case) -> Report | None:
    """Index -1 on the batch axis (or on the features) of an output whose layer proves which axis is which."""
    event = case.event
    assert isinstance(event, OpCalled)
    values = list(event.arguments.values())
    if len(values) != 2:
        return None
    chosen = single_selection(case, values[0], values[1])
    if chosen is None or chosen.number != -1 or chosen.tensor.shape.rank != 3:
        return None
    axes = chosen.tensor.shape.axes
    if (
        chosen.place == 1
        and not chosen.by_ellipsis
        and _is_state(case, axes)
        and case.facts.resolve(axes[1].size, generic=True) != 1
    ):
        return _last_of_state(case, chosen)
    is_assumed = event.assumed or chosen.tensor.assumed
    if is_assumed and not case.is_told_batched(chosen.tensor.shape) and not _takes_feature_of_one(chosen):
        return None
    if _is_stacked_by_steps(case, chosen):
        return _last_sample_of_loop(case, chosen)
    roles = [case.proved_role(a) for a in axes]
    if roles[:2] not in (["batch", "step"], ["step", "batch"]):
        return None
    if roles[chosen.place] == "batch":
        return _last_sample(case, chosen, axes)
    if chosen.place == 2 and _recurrent_features(case, axes[2]):
        return _last_feature(case, chosen)
    return None


def _takes_feature_of_one(chosen: Selection) -> bool:
    """Whether the index takes a feature if there is no batch axis, so that it means no step under either rank."""
    return chosen.place == 2 if chosen.by_ellipsis else chosen.place == 1


def _recurrent_features(case: Case, axis: Axis) -> bool:
    """Whether an axis is what a recurrent layer gives at each step (and wider than one entry)."""
    if not axis.factors or case.facts.resolve(axis.size, generic=True) == 1:
        return False
    inner = Axis(axis.factors[-1].size, axis.factors[-1:])
    return any("recurrent layer gives" in e.why for e in case.evidence(inner))


def _is_state(case: Case, axes: tuple[Axis, ...]) -> bool:
    """Whether the axes are those of `h_n` or `c_n`: rows of layers, then samples."""
    rows = [Axis(f.size, (f,)) for f in axes[0].factors]
    return case.proved_role(axes[1]) == "batch" and any(case.proved_role(a) == "layer" for a in rows)


def _last_of_state(case: Case, chosen: Selection) -> Report | None:
    """Without a batch the index takes a feature instead, which is no better."""
    text = case.text(case.event.where.site.node)
    owner = text.partition("[")[0]
    return Report(
        f"`{text}` takes the last sample of the batch, not the last layer",
        label=f"`{owner}` is (layers, batch, hidden), whatever batch_first says: {case.shape(chosen.tensor.shape)}",
        help=f"use `{owner}[-1]` for the last layer of every sample",
        step=chosen.tensor.step,
        constraint="state",
    )


def _last_sample(case: Case, chosen: Selection, axes: tuple[Axis, ...]) -> Report | None:
    if (
        not case.facts.at_least(axes[chosen.place].size, 1)
        or case.facts.resolve(axes[chosen.place].size, generic=True) == 1
    ):
        return None
    if not any(_recurrent_features(case, a) for a in axes):
        return None
    seq_first = chosen.place == 1
    text = case.text(case.event.where.site.node)
    layout = "(seq, batch, features)" if seq_first else "(batch, seq, features)"
    owner = text.partition("[")[0]
    help_ = (
        f"use `{owner}[-1]` for the last step, or build the layer with batch_first=True if what it receives is (batch, seq, features)"
        if seq_first
        else f"use `{owner}[:, -1]` for the last step of every sample"
    )
    why = [
        f"axis {place} is the {role}: {evidence}"
        for place, role in ((chosen.place, "batch"), (1 - chosen.place, "step"))
        for evidence in [_why(case, axes[place])]
    ]
    return Report(
        f"`{text}` takes the last sample of the batch at every step, not the last step of every sample",
        label=f"`{owner}` is {layout}: {case.shape(chosen.tensor.shape)}",
        help=help_,
        notes=tuple(why),
        step=chosen.tensor.step,
        constraint="sample",
    )


# ops that keep every entry of a stack in its place
_KEEPING = frozenset("dropout Dropout LayerNorm Linear float_function conversion same_tensor".split())


def _is_stacked_by_steps(case: Case, chosen: Selection) -> bool:
    """Whether what a loop stacked, one pass for each step, is asked for the last entry along the axis that the code calls the batch."""
    if chosen.place > 1:
        return False
    axes = chosen.tensor.shape.axes
    samples, steps = axes[chosen.place], axes[1 - chosen.place]
    step = chosen.tensor.step
    while step is not None and step.op in _KEEPING:
        step = step.previous
    return (
        step is not None
        and step.op == "stack"
        and (case.proved_role(axes[2]) == "feature" or _is_made(case, steps))
        and (bool(name_in(case, samples, BATCH_NAMES)) or _claims(case, samples, "batch"))
        and (bool(name_in(case, steps, STEP_NAMES)) or _claims(case, steps, "step"))
    )


def _is_made(case: Case, axis: Axis) -> bool:
    """Whether an axis is none that an input has, so that it is the one that the stack made."""
    arrived = {
        f for x in case.run.adopted.values() for a in case.facts.shape(x.shape, generic=True).prefix for f in a.factors
    }
    return len(axis.factors) == 1 and axis.factors[0] not in arrived


def _claims(case: Case, axis: Axis, role: str) -> bool:
    claim = claimed_role(case.run, axis)
    return claim is not None and claim[0] == role


def _last_sample_of_loop(case: Case, chosen: Selection) -> Report:
    text = case.text(case.event.where.site.node)
    owner = text.partition("[")[0]
    return Report(
        f"`{text}` takes the last sample of the batch at every step, not the last step of every sample",
        label=f"`{owner}` is {case.shape(chosen.tensor.shape)} by the names that the code gives to its sizes",
        help=f"use `{owner}[{'-1' if chosen.place else ':, -1'}]` for the last step of every sample",
        step=chosen.tensor.step,
        constraint="sample",
    )


def _why(case: Case, axis: Axis) -> str:
    return next((e.why for e in case.evidence(axis) if e.strength == "proved"), "")


def _last_feature(case: Case, chosen: Selection) -> Report:
    text = case.text(case.event.where.site.node)
    owner = text.partition("[")[0]
    return Report(
        f"`{text}` takes the last feature of every step, not the last step",
        label=f"`{owner}` is {case.shape(chosen.tensor.shape)}; the last axis holds the features",
        help="index the step axis: `[:, -1]` of a (batch, seq, features) output, `[-1]` of a (seq, batch, features) one",
        step=chosen.tensor.step,
        constraint="feature",
    )
