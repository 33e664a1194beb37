"""The last step of sequences that are padded at their ends."""

from __future__ import annotations

from shapelint.ops.packed import PADDED_BEHIND
from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.rules.selection import single_selection
from shapelint.shapes.shape import Axis
from shapelint.values.model import Int, Packed, Sequence, Step, Tensor, Tuple, Value

RULE = Rule(
    "rnn-padded-step", "SHP607", "warning", "`-1` picks the padding behind every sequence but the longest of a batch"
)

# ops that bring the beginning of a sequence to its end, or other entries altogether
_MOVING = frozenset("flip roll gather index_select take_along_dim scatter sort where".split())


# a tensor of one number, and what may stand between it and its use as lengths
_UNIFORM = frozenset("full full_like zeros ones zeros_like".split())
_COUNTED = frozenset("arithmetic conversion same_tensor clone expand repeat".split())


@RULE.check("pack_padded_sequence")
def equal_lengths(case: Case) -> Report | None:
    """Keep sequences that are packed with one length for all: there is nothing behind any of them."""
    event = case.event
    assert isinstance(event, OpCalled)
    packed, lengths = event.result, event.arguments.get("lengths")
    if isinstance(packed, Packed) and isinstance(packed.seq, Axis) and lengths is not None and _is_uniform(lengths):
        case.run.notes.setdefault(RULE.name, []).extend(packed.seq.factors)
    return None


def _is_uniform(lengths: Value) -> bool:
    if isinstance(lengths, Tuple):
        numbers = [v.dim for v in lengths.items if isinstance(v, Int)]
        return len(numbers) == len(lengths.items) and len(set(numbers)) == 1
    if isinstance(lengths, Sequence):
        one = lengths.element
        # an unknown size, as `len(s) for s in batch` gives, is another one for each
        return isinstance(one, Int) and all(s.kind != "unknown" for s in one.dim.symbols)
    step = lengths.step if isinstance(lengths, Tensor) else None
    while step is not None and step.op in _COUNTED:
        step = step.previous
    return step is not None and step.op in _UNIFORM


@RULE.check("torch.Tensor.__getitem__")
def check(case: Case) -> Report | None:
    """Index -1 on an axis of steps that `pad_sequence` or `pad_packed_sequence` has filled up behind the shorter sequences."""
    event = case.event
    assert isinstance(event, OpCalled)
    values = list(event.arguments.values())
    if len(values) != 2 or event.assumed:
        return None
    chosen = single_selection(case, values[0], values[1])
    if chosen is None or chosen.number != -1:
        return None
    axes = chosen.tensor.shape.axes
    why = _padding(case, axes[chosen.place])
    batch = next((a for a in axes if case.proved_role(a) == "batch"), None)
    if (
        why is None
        or batch is None
        or case.facts.resolve(batch.size, generic=True) == 1
        or _is_moved(chosen.tensor.step)
    ):
        return None
    text = case.text(event.where.site.node)
    owner = text.partition("[")[0]
    return Report(
        f"`{text}` takes the padding behind every sequence but the longest, not the last step of each",
        label=f"axis {chosen.place} of `{owner}` is as long as the longest sequence of the batch",
        help="take the step before each length, `out[torch.arange(batch), lengths - 1]`, or the state that the layer returns for packed sequences",
        notes=(f"axis {chosen.place} is the step: {why}",),
        step=chosen.tensor.step,
    )


def _padding(case: Case, axis: Axis) -> str | None:
    if case.proved_role(axis) != "step" or any(f in axis.factors for f in case.run.notes.get(RULE.name, ())):
        return None
    return next((e.why for e in case.evidence(axis) if PADDED_BEHIND in e.why), None)


def _is_moved(step: Step | None) -> bool:
    while step is not None:
        if step.op in _MOVING:
            return True
        step = step.previous
    return False
