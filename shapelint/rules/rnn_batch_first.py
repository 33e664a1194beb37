"""A recurrent layer that reads the batch axis as steps."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.shapes.shape import Axis
from shapelint.values.model import Bool

RULE = Rule("rnn-batch-first", "SHP104", "error", "batch-first and seq-first are confused at a recurrent layer")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """The flag and the layout of what arrives disagree."""
    return "build the layer with the batch_first that matches its input, or transpose the input's first two axes"


@RULE.check("LSTM", "GRU", "RNN")
def check(case: Case) -> Report | None:
    """The axis that the layer's flag makes the steps is proved to be the batch by something else (a DataLoader, a pack, another layer)."""
    event = case.event
    assert isinstance(event, OpCalled)
    x = case.tensor(event.arguments.get("input", event.result))
    flag = event.config.args.get("batch_first") if event.config is not None else None
    if x is None or x.shape.rank != 3 or x.assumed or event.assumed or not isinstance(flag, Bool) or flag.value is None:
        return None
    steps, batch = (x.shape.axes[1], x.shape.axes[0]) if flag.value else x.shape.axes[:2]
    told = _foreign(case, steps, "batch") or _named(case, steps, batch)
    if told is None or case.facts.resolve(steps.size) == 1 or case.facts.resolve(batch.size) == 1:
        return None
    layout = "(batch, seq, features)" if flag.value else "(seq, batch, features)"
    assert event.config is not None
    related = ((event.config.site, f"built with batch_first={flag.value}"),) if event.config.site is not None else ()
    return Report(
        f"`{case.subject}` reads samples as steps: its input is {case.shape(x.shape)} and it expects {layout}",
        label=f"samples of the batch flow into one another: {told}",
        help=f"build it with batch_first={not flag.value}, or transpose the first two axes of its input",
        related=related,
        step=x.step,
        severity="warning",
        constraint="roles",
    )


_BATCH_NAMES = frozenset("b bs bsz bsize batch batch_size batchsize n_batch num_batch nbatch".split())
_STEP_NAMES = frozenset(
    "t l seq seq_len seqlen seq_length sequence_length length max_len time time_steps timesteps steps n_steps num_steps src_len".split()
)


def _named(case: Case, steps: Axis, batch: Axis) -> str | None:
    """The names that the author gave to both sizes, if they say the opposite of the layer's flag: one name alone may mean anything."""
    samples, length = _name(case, steps, _BATCH_NAMES), _name(case, batch, _STEP_NAMES)
    if not samples or not length:
        return None
    return f"what it reads as steps has the size that the code calls `{samples}`, what it reads as the batch has `{length}`"


def _name(case: Case, axis: Axis, vocabulary: frozenset[str]) -> str:
    names = (case.run.names.get(s, "") for f in axis.factors for s in sorted(f.size.symbols, key=lambda s: s.uid))
    return next((name for name in names if name.lower() in vocabulary), "")


def _foreign(case: Case, axis: Axis, role: str) -> str | None:
    """What proves the role of an axis, other than a flag that says how a layer reads its input."""
    for evidence in case.evidence(axis):
        if evidence.role == role and evidence.strength == "proved" and "batch_first" not in evidence.why:
            return evidence.why
    return None
