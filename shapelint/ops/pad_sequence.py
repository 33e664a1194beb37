"""Lists of sequences of several lengths: `pad_sequence`, `pack_sequence`, `unpad_sequence`, `unpack_sequence`."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

from shapelint.ops.contract import CannotTell, Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.packed import PADDED_BEHIND, as_packed, packed_sample
from shapelint.shapes.dim import Dim, maximum
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Part, Shape
from shapelint.values.model import Int, Packed, Sequence, Str, Tensor, Tuple, Value

_UTILS = "torch.nn.utils.rnn."
SAME_REST = "the sequences agree in all axes but the first"


def _list_sample(rng: random.Random) -> list[Any]:
    rest = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    found = []
    for _ in range(rng.randint(1, 3)):
        sizes = [rng.randint(1, 4), *rest]
        if rng.random() < 0.1 and rest:
            sizes[-1] = 4
        if rng.random() < 0.03:
            sizes = []
        found.append(t(*sizes))
    return found if rng.random() < 0.95 else []


class _Together:
    """Sequences of shape `(length, *rest)` put side by side."""

    def __init__(self, cx: Context, value: Value) -> None:
        self.lengths: list[Dim] | None = None
        if isinstance(value, Sequence):
            x = self._sequence(cx, cx.tensor(value.element))
            for end in (value.first, value.last):
                if end is not None:
                    self._agree(cx, x, self._sequence(cx, cx.tensor(end)))
            self.batch = Axis.fresh(value.length) if value.length is not None else cx.fresh("batch", 1)
            self.longest = Dim.symbol("length", "unknown")
            self.rest, self.dtype = x.shape.parts[1:], x.dtype
            return
        if isinstance(value, Tensor):
            x = cx.tensor(value)
            x = x.with_parts(cx.facts.reveal_prefix(x.shape, 2).parts)
            if len(x.shape.parts) < 2:
                raise CannotTell("dynamic-value")
            batch, step = x.shape.parts[:2]
            assert isinstance(batch, Axis)
            assert isinstance(step, Axis)
            self.batch, self.longest, self.rest, self.dtype = batch, step.size, x.shape.parts[2:], x.dtype
            return
        items = [self._sequence(cx, x) for x in cx.tensors(value)]
        if not items:
            cx.refute("C1", say("{subject} received an empty list of sequences"), operand="sequences")
        self.batch = Axis.fresh(len(items))
        self.rest, self.dtype = items[0].shape.parts[1:], items[0].dtype
        firsts = [x.shape.parts[0] for x in items]
        self.lengths = [p.size for p in firsts if isinstance(p, Axis)]
        self.longest = maximum(self.lengths)
        for x in items[1:]:
            self._agree(cx, items[0], x)

    def _sequence(self, cx: Context, x: Tensor) -> Tensor:
        x = x.with_parts(cx.facts.reveal_prefix(x.shape, 1).parts)
        if not x.shape.parts:
            cx.refute(
                "C1", say("{subject} expects sequences of at least one axis but receives a scalar"), operand="sequences"
            )
        return x

    def _agree(self, cx: Context, first: Tensor, x: Tensor) -> None:
        """torch copies each sequence into its place, which also takes axes of 1."""
        if first.shape.rank is None or x.shape.rank is None:
            return
        a, b = first.shape.axes[1:], x.shape.axes[1:]
        headline = say("sequences of shapes {a} and {b} cannot be padded to one tensor", a=first.shape, b=x.shape)
        if len(a) == len(b):
            for want, got in zip(a, b, strict=True):
                if cx.surely(got.size, 1):
                    continue
                if cx.facts.compare(want.size, got.size) is Verdict.DIFFERENT and not cx.never(got.size, 1):
                    raise CannotTell("dynamic-value", "general position")
                cx.demand_equal("C1", want.size, got.size, headline, operand="sequences")
            return
        # the sequence is copied into a block of (its length, *a), as broadcasting has it
        block, source = [x.shape.axes[0], *a], list(x.shape.axes)
        if len(source) > len(block):
            if all(cx.surely(p.size, 1) for p in source[: len(source) - len(block)]):
                raise CannotTell("dynamic-value", "rank")
            cx.refute("C1", headline, operand="sequences")
        for want, got in zip(reversed(block), reversed(source), strict=False):
            if cx.never(want.size - got.size, 0) and cx.never(got.size, 1):
                cx.refute("C1", headline, operand="sequences")
            if cx.facts.compare(want.size, got.size) is not Verdict.SAME and not cx.surely(got.size, 1):
                raise CannotTell("dynamic-value", "rank")


def _padded(cx: Context, batch: Part, step: Part, rest: tuple[Part, ...], batch_first: bool) -> Shape:
    why = f"batch_first={batch_first} where it is padded"
    cx.role(batch, "batch", "proved", why)
    cx.role(step, "step", "proved", why)
    return Shape((batch, step, *rest) if batch_first else (step, batch, *rest))


def _pad_sample(rng: random.Random) -> Sample:
    sequences: Any = _list_sample(rng)
    if rng.random() < 0.1:
        sequences = t(3, 2, 2)
    elif rng.random() < 0.2:
        sequences = tuple(sequences)
    options: dict[str, Any] = {"padding_value": 1.0} if rng.random() < 0.3 else {}
    if rng.random() < 0.2:
        options["padding_side"] = "left" if rng.random() < 0.7 else "middle"
    if rng.random() < 0.5:
        options["batch_first"] = rng.random() < 0.7
    return Sample(PAD.torch[0], (sequences,), options)


PAD = op(
    "pad_sequence",
    (_UTILS + "pad_sequence",),
    "sequences, batch_first=False, padding_value=0.0, padding_side='right'",
    constraints=(
        Constraint("C1", "padding-size", SAME_REST),
        Constraint("C2", "invalid-option", "`padding_side` is left or right"),
    ),
    samples=_pad_sample,
)


@PAD.rule
def pad_sequence(cx: Context, sequences: Value, batch_first: Value, padding_value: Value, padding_side: Value) -> Value:
    """`[(l1, *), (l2, *), …] -> (max(l), n, *)`, or `(n, max(l), *)` with `batch_first`. A tensor is the list of its
    rows.

    C1: at least one sequence, all with the same axes after the first. C2: a side that there is.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html
    """
    if isinstance(padding_side, Str) and padding_side.value not in (None, "left", "right"):
        cx.refute("C2", say("expected padding_side to be one of left or right"), operand="padding_side")
    found = _Together(cx, sequences)
    steps = Axis.fresh(found.longest)
    alike = found.lengths is not None and all(
        cx.facts.compare(found.lengths[0], n) is Verdict.SAME for n in found.lengths
    )
    if isinstance(padding_side, Str) and padding_side.value == "right" and not alike:
        cx.role(steps, "step", "proved", f"pad_sequence {PADDED_BEHIND}")
    return Tensor(_padded(cx, found.batch, steps, found.rest, cx.flag(batch_first)), found.dtype)


def _pack_sample(rng: random.Random) -> Sample:
    sequences = sorted(_list_sample(rng), key=lambda s: -(s.sizes or (0,))[0])
    if rng.random() < 0.3:
        sequences.reverse()
    options = {"enforce_sorted": rng.random() < 0.5} if rng.random() < 0.6 else {}
    return Sample(PACK_LIST.torch[0], (sequences,), options)


PACK_LIST = op(
    "pack_sequence",
    (_UTILS + "pack_sequence",),
    "sequences, enforce_sorted=True",
    constraints=(
        Constraint("C1", "padding-size", SAME_REST),
        Constraint("C2", "rnn-lengths", "the lengths fall where `enforce_sorted`"),
    ),
    samples=_pack_sample,
)


@PACK_LIST.rule
def pack_sequence(cx: Context, sequences: Value, enforce_sorted: Value) -> Value:
    """`[(l1, *), (l2, *), …] -> packed`.

    C1: at least one sequence, all with the same axes after the first. C2: falling lengths where `enforce_sorted`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html
    """
    found = _Together(cx, sequences)
    step = Axis.fresh(found.longest)
    _padded(cx, found.batch, step, found.rest, True)
    total = Dim.symbol("steps", "unknown")
    if found.lengths:
        total = sum(found.lengths[1:], found.lengths[0])
        if cx.flag(enforce_sorted):
            for before, after in pairwise(found.lengths):
                if cx.facts.at_least(after - before, 1, proof=True):
                    cx.refute(
                        "C2",
                        say("lengths must fall, but {before} comes before {after}", before=before, after=after),
                        operand="sequences",
                    )
    return Packed(found.batch, step, found.rest, found.dtype, total=Axis.fresh(total))


def _unpad_sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(2, 4))]
    batch_first = rng.random() < 0.5
    batch = sizes[0 if batch_first else 1]
    # sequences as long as the padding, so that their lengths do not rest on the entries
    lengths: Any = t(batch if rng.random() < 0.7 else rng.randint(1, 4), dtype="int")
    if rng.random() < 0.1:
        lengths = [1] * batch
    if rng.random() < 0.1:
        sizes = sizes[:1]
    return Sample(UNPAD.torch[0], (t(*sizes), lengths), {"batch_first": batch_first})


UNPAD = op(
    "unpad_sequence",
    (_UTILS + "unpad_sequence",),
    "padded_sequences, lengths, batch_first=False",
    constraints=(
        Constraint("C1", "rnn-input-rank", "`padded_sequences` has at least two axes"),
        Constraint("C2", "rnn-batch-first", "`lengths` has one entry per sequence of the batch"),
        Constraint("C3", "rnn-lengths", "`lengths` is a tensor"),
    ),
    samples=_unpad_sample,
)


@UNPAD.rule
def unpad_sequence(cx: Context, padded_sequences: Value, lengths: Value, batch_first: Value) -> Value:
    """`(seq, batch, *), (batch,) -> [(l1, *), …]`, or `(batch, seq, *)` with `batch_first`.

    C1: two axes or more. C2: as many lengths as sequences. C3: lengths in a tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpad_sequence.html
    """
    x = cx.tensor(padded_sequences)
    x = x.with_parts(cx.facts.reveal_prefix(x.shape, 2).parts)
    if len(x.shape.parts) < 2:
        cx.refute(
            "C1", say("{subject} expects at least two axes but receives a tensor of shape {shape}", shape=x.shape)
        )
    if isinstance(lengths, (Tuple, Sequence, Int)):
        cx.refute("C3", say("{subject} expects lengths in a tensor but receives a list or a number"), operand="lengths")
    first = cx.flag(batch_first)
    batch, step = x.shape.parts[:2] if first else reversed(x.shape.parts[:2])
    assert isinstance(batch, Axis)
    _padded(cx, batch, step, (), first)
    result = _pieces(cx, batch, x.shape.parts[2:], x)
    cx.expect(result)
    given = cx.tensor(lengths)
    if given.shape.parts and isinstance(given.shape.parts[0], Axis):
        got = given.shape.parts[0].size
        headline = say("{count} lengths for {batch} sequences", count=got, batch=batch.size)
        cx.demand_equal("C2", batch.size, got, headline, operand="lengths")
    return result


def _pieces(cx: Context, batch: Axis, rest: tuple[Part, ...], of: Tensor) -> Value:
    """One sequence per row, each of a length of its own."""
    count = cx.facts.resolve(batch.size).value
    if count is not None and count <= 64:
        return Tuple(tuple(of.with_parts((cx.fresh("length"), *rest)) for _ in range(count)), "list")
    return Sequence(of.with_parts((cx.fresh("length"), *rest)), batch.size)


UNPACK: Op = op(
    "unpack_sequence",
    (_UTILS + "unpack_sequence",),
    "packed_sequences",
    samples=lambda rng: Sample(UNPACK.torch[0], (packed_sample(rng),)),
)


@UNPACK.rule
def unpack_sequence(cx: Context, packed_sequences: Value) -> Value:
    """`packed -> [(l1, *), …]`.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpack_sequence.html
    """
    was = as_packed(cx, packed_sequences)
    batch = was.batch if isinstance(was.batch, Axis) else cx.fresh("batch", 1)
    return _pieces(cx, batch, was.rest, Tensor(Shape(()), was.dtype))
