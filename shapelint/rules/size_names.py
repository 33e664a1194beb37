"""What the names that authors give to sizes say of an axis."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.rules.contract import Case
from shapelint.shapes.shape import Axis

BATCH_NAMES = frozenset("b bs bsz bsize batch batch_size batchsize n_batch num_batch nbatch".split())
STEP_NAMES = frozenset(
    "t l seq seq_len seqlen seq_length sequence_length length max_len time time_steps timesteps steps n_steps num_steps src_len".split()
)


def _names(case: Case, axis: Axis) -> Iterator[str]:
    return (case.run.names.get(s, "") for f in axis.factors for s in sorted(f.size.symbols, key=lambda s: s.uid))


def name_in(case: Case, axis: Axis, vocabulary: frozenset[str]) -> str:
    """The name of the vocabulary that the author unpacked a size of the axis into, "" where there is none."""
    return next((name for name in _names(case, axis) if name.lower() in vocabulary), "")


def given_name(case: Case, axis: Axis) -> str:
    """The name that the author unpacked a size of the axis into, in lower case, "" where there is none."""
    return next((name.lower() for name in _names(case, axis) if name), "")
