"""A recurrent layer that reads the batch axis as steps."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.rules.size_names import BATCH_NAMES, STEP_NAMES, given_name, name_in
from shapelint.shapes.shape import Axis
from shapelint.values.model import Bool, Tensor

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
    if x is None or x.shape.rank != 3 or not isinstance(flag, Bool) or flag.value is None:
        return None
    steps, batch = (x.shape.axes[1], x.shape.axes[0]) if flag.value else x.shape.axes[:2]
    # who gave names to both sizes has told the rank
    told = _named(case, steps, batch)
    if told is None and not (x.assumed or event.assumed):
        told = _foreign(case, steps, "batch")
    told = told or _of_layer_before(case, x, steps, batch, flag.value)
    if (
        told is None
        or case.facts.resolve(steps.size, generic=True) == 1
        or case.facts.resolve(batch.size, generic=True) == 1
    ):
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


def _named(case: Case, steps: Axis, batch: Axis) -> str | None:
    """The names that the author gave to both sizes, if they say the opposite of the layer's flag: one name alone may mean anything."""
    samples, length = name_in(case, steps, BATCH_NAMES), name_in(case, batch, STEP_NAMES)
    if not samples or not length:
        return None
    return f"what it reads as steps has the size that the code calls `{samples}`, what it reads as the batch has `{length}`"


# ops that hand the steps of every sample on as they are
_KEEPING = frozenset(
    "dropout Dropout LayerNorm Linear float_function real_function relu Tanh ReLU GELU conversion same_tensor".split()
)
_RECURRENT = frozenset(("LSTM", "GRU", "RNN"))


def _of_layer_before(case: Case, x: Tensor, steps: Axis, batch: Axis, flag: bool) -> str | None:
    """What a recurrent layer says whose output arrives here as it was: that both axes are each other. One of the two was told batch_first=True,
    so that there is a batch. Sizes with other names (rows and columns) may be meant to be read both ways, and so may axes that merge several."""
    if case.run.kind != "open":
        return None  # with numbers for sizes, the names that the author gave them are gone
    step = x.step
    while step is not None and step.op in _KEEPING:
        step = step.previous
    if step is None or step.op not in _RECURRENT:
        return None
    other = f"batch_first={not flag} of nn."
    told = [
        next((e.why for e in case.evidence(axis) if e.role == role and e.why.startswith(other)), None)
        for axis, role in ((steps, "batch"), (batch, "step"))
    ]
    if None in told or any(given_name(case, axis) not in ("", *BATCH_NAMES, *STEP_NAMES) for axis in (steps, batch)):
        return None
    return f"they are the batch of the layer before, by {told[0]}"


def _foreign(case: Case, axis: Axis, role: str) -> str | None:
    """What proves the role of an axis, other than a flag that says how a layer reads its input."""
    for evidence in case.evidence(axis):
        if evidence.role == role and evidence.strength == "proved" and "batch_first" not in evidence.why:
            return evidence.why
    return None
