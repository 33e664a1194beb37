"""`torch.nn.utils.rnn`: sequences of several lengths, padded and packed."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

from shapelint.ops.contract import CannotTell, Constraint, Context, Op, Sample, op, say, t
from shapelint.shapes.dim import Dim, maximum
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Part, Shape
from shapelint.values.model import Float, Int, NoneValue, Packed, Sequence, Tensor, Tuple, Value

_UTILS = "torch.nn.utils.rnn."
# evidence for an axis of steps: what lies behind the end of the shorter sequences is no data
PADDED_BEHIND = "pads it behind the shorter sequences"

C_RANK = Constraint("C1", "rnn-input-rank", "`input` has at least two axes")
C_BATCH = Constraint("C2", "rnn-batch-first", "`lengths` has one entry per sequence of the batch")
C_LENGTHS = Constraint("C3", "rnn-lengths", "`lengths` has one axis")
C_VALUES = Constraint("C4", "rnn-lengths", "lengths are 1 or more, and fall where `enforce_sorted`")


def _axes(cx: Context, x: Tensor, batch_first: bool) -> tuple[Axis, Axis, tuple[Part, ...]]:
    """Batch, steps, and what each step holds."""
    batch, step = x.shape.parts[:2] if batch_first else (x.shape.parts[1], x.shape.parts[0])
    assert isinstance(batch, Axis)
    assert isinstance(step, Axis)
    why = f"batch_first={batch_first} where it is packed or padded"
    cx.role(batch, "batch", "proved", why)
    cx.role(step, "step", "proved", why)
    return batch, step, x.shape.parts[2:]


def _two_axes(cx: Context, value: Value, constraint: str) -> Tensor:
    x = cx.tensor(value)
    if x.shape.rank is None:
        x = x.with_parts(cx.facts.reveal_prefix(x.shape, 2).parts)
    if x.shape.rank is not None and x.shape.rank < 2:
        cx.refute(
            constraint, say("{subject} expects at least two axes but receives a tensor of shape {shape}", shape=x.shape)
        )
    return x


def _lengths(cx: Context, value: Value) -> tuple[Dim | None, list[Dim] | None]:
    """How many lengths there are, and which, as far as that is known."""
    if isinstance(value, Tuple):
        numbers: list[Dim] = []
        for item in value.items:
            if isinstance(item, Float) and item.value is not None:
                numbers.append(Dim.of(int(item.value)))
            elif isinstance(item, Int):
                numbers.append(cx.facts.resolve(item.dim))
        return Dim.of(len(value.items)), numbers if len(numbers) == len(value.items) else None
    if isinstance(value, Sequence):
        return value.length, None
    if isinstance(value, (Int, Float)):
        cx.refute("C3", say("'lengths' argument should be a 1D CPU int64 tensor, but got a number"), operand="lengths")
    x = cx.tensor(value)
    x = cx.ranks(
        x, (1,), "C3", say("'lengths' argument should be 1D but has shape {shape}", shape=x.shape), operand="lengths"
    )
    return x.shape.dims[0], None


def _pack_sample(rng: random.Random) -> Sample:
    batch_first, batch, step = rng.random() < 0.5, rng.randint(1, 4), rng.randint(1, 5)
    sizes = [batch, step] if batch_first else [step, batch]
    sizes += [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    if rng.random() < 0.07:
        sizes = sizes[:1]
    count = batch if rng.random() < 0.8 else rng.randint(1, 5)
    lengths: Any = [rng.randint(1, step) for _ in range(count)]
    if rng.random() < 0.7:
        lengths.sort(reverse=True)
    if rng.random() < 0.06:
        lengths[-1] = 0
    if rng.random() < 0.06:
        lengths = lengths[0]
    elif rng.random() < 0.2:
        lengths = tuple(lengths)
    options: dict[str, Any] = {"batch_first": batch_first} if batch_first or rng.random() < 0.3 else {}
    if rng.random() < 0.5:
        options["enforce_sorted"] = rng.random() < 0.4
    if rng.random() < 0.3:
        return Sample(
            PACK.torch[0], (t(*sizes), lengths, batch_first), {k: v for k, v in options.items() if k != "batch_first"}
        )
    return Sample(PACK.torch[0], (t(*sizes), lengths), options)


PACK = op(
    "pack_padded_sequence",
    (_UTILS + "pack_padded_sequence",),
    "input, lengths, batch_first=False, enforce_sorted=True",
    constraints=(C_RANK, C_BATCH, C_LENGTHS, C_VALUES),
    samples=_pack_sample,
)


@PACK.rule
def pack_padded_sequence(cx: Context, input: Value, lengths: Value, batch_first: Value, enforce_sorted: Value) -> Value:
    """`(seq, batch, *), (batch,) -> packed`, or `(batch, seq, *)` with `batch_first`.

    C1: two axes or more. C2: one length per sequence; without `enforce_sorted` torch takes fewer, and drops the
    sequences that have none. C3: `lengths` has one axis. C4: lengths of 1 or more, falling where `enforce_sorted`. The
    longest may be shorter than the padded input (or longer: torch then only says so in `batch_sizes`).
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
    """
    x = _two_axes(cx, input, "C1")
    batch, step, rest = _axes(cx, x, cx.flag(batch_first))
    try:
        count, numbers = _lengths(cx, lengths)
    except CannotTell:
        count, numbers = None, None
    if numbers:
        longest = maximum(numbers)
        total = Dim.symbol("steps", "unknown")
        if cx.facts.at_most(longest - step.size, 0):  # else torch packs fewer steps than it says
            total = sum(numbers[1:], numbers[0])
    else:
        longest, total = Dim.symbol("length", "unknown"), Dim.symbol("steps", "unknown")

    def packed(of: Axis) -> Packed:
        return Packed(of, step.resized(longest), rest, x.dtype, total=Axis.fresh(total))

    cx.expect(packed(batch))
    try:
        ordered = cx.flag(enforce_sorted)
    except CannotTell:
        ordered = None
    if numbers is not None:
        _check_values(cx, numbers, ordered)
    if count is None:
        return packed(batch)
    headline = say(
        "expected `len(lengths)` to be equal to batch_size, but got {got} (batch_size={want})",
        got=count,
        want=batch.size,
    )
    relation = cx.facts.compare(count, batch.size)
    if relation is not Verdict.SAME and cx.facts.compare(count, step.size) is Verdict.SAME:
        # with fewer lengths and `enforce_sorted` off torch packs the first few: it may not raise
        certain = cx.facts.compare(count, batch.size, proof=True) is Verdict.DIFFERENT
        more = cx.facts.at_least(count - batch.size, 1, proof=True)
        if (ordered or more) if certain else count.value is None:
            label = say(
                "{count} lengths are given: the size of the axis of steps of {shape}", count=count, shape=x.shape
            )
            cx.refute("C2", headline, label=label, operand="lengths", sizes=(batch.size, count), possible=not certain)
    if ordered:
        cx.demand_equal("C2", batch.size, count, headline, operand="lengths")
        return packed(batch)
    if relation is Verdict.DIFFERENT:
        if cx.facts.at_least(count - batch.size, 1, proof=True) and ordered is False:
            cx.refute("C2", headline, operand="lengths", sizes=(batch.size, count))
        return packed(batch.resized(count) if ordered is False else cx.fresh("batch", 1))
    if relation is Verdict.UNSURE:
        cx.facts.equate(batch.size, count, generic=True)
        cx.generic = True
    return packed(batch)


def _check_values(cx: Context, numbers: list[Dim], ordered: bool | None) -> None:
    for number in numbers:
        if cx.facts.at_most(number, 0, proof=True):
            cx.refute(
                "C4",
                say("length of all samples has to be greater than 0, but found {got}", got=number),
                operand="lengths",
            )
    for before, after in pairwise(numbers):
        if ordered and cx.facts.at_least(after - before, 1, proof=True):
            cx.refute(
                "C4",
                say(
                    "`lengths` must be sorted in decreasing order, but {before} comes before {after}",
                    before=before,
                    after=after,
                ),
                operand="lengths",
            )


def as_packed(cx: Context, value: Value) -> Packed:
    """The argument as a packed sequence. Raises CannotTell."""
    if isinstance(value, Packed):
        cx.assumed = cx.assumed or value.assumed
        return value
    if isinstance(value, Tensor) and cx.may_be_packed(value) is None:
        raise CannotTell("dynamic-value", "packed")
    if isinstance(value, (Tensor, Tuple, Int, Float, NoneValue)) and cx.op is not None and "C1" in cx.op.constraints:
        kind = {"Tensor": "a tensor", "Tuple": "a tuple", "NoneValue": "None"}.get(type(value).__name__, "a number")
        cx.refute("C1", say("{subject} expects a packed sequence but receives {kind}", kind=kind), operand="sequence")
    raise CannotTell("dynamic-value")


def packed_sample(rng: random.Random) -> Sample:
    """A call that packs a batch of any sizes."""
    sizes = [rng.randint(1, 4), rng.randint(1, 4), *(rng.randint(1, 3) for _ in range(rng.randint(0, 2)))]
    lengths = [rng.randint(1, sizes[1]) for _ in range(sizes[0])]
    return Sample(PACK.torch[0], (t(*sizes), lengths), {"batch_first": True, "enforce_sorted": False})


def _pad_packed_sample(rng: random.Random) -> Sample:
    x = t(3, 2, 2)
    value: Any = packed_sample(rng) if rng.random() < 0.8 else rng.choice([x, (x, t(2, dtype="int")), None, 3])
    options: dict[str, Any] = {"batch_first": rng.random() < 0.5} if rng.random() < 0.7 else {}
    if rng.random() < 0.6:
        options["total_length"] = rng.randint(1, 6)
    return Sample(PAD_PACKED.torch[0], (value,), options)


PAD_PACKED = op(
    "pad_packed_sequence",
    (_UTILS + "pad_packed_sequence",),
    "sequence, batch_first=False, padding_value=0.0, total_length=None",
    constraints=(
        Constraint("C1", "rnn-lengths", "`sequence` is packed"),
        Constraint("C2", "rnn-lengths", "`total_length` is no shorter than the longest sequence"),
    ),
    samples=_pad_packed_sample,
)


@PAD_PACKED.rule
def pad_packed_sequence(
    cx: Context, sequence: Value, batch_first: Value, padding_value: Value, total_length: Value
) -> Value:
    """`packed -> (seq, batch, *), (batch,)`, or `(batch, seq, *)` with `batch_first`; `seq` is the longest length or
    `total_length`.

    C1: a packed sequence. C2: `total_length` holds the longest.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
    """
    was = as_packed(cx, sequence)
    step = was.seq
    if not isinstance(total_length, NoneValue):
        try:
            total = cx.size(total_length)
        except CannotTell:
            total = Dim.symbol("total_length", "unknown")
        if isinstance(step, Axis):
            longest = step.size
            if cx.facts.at_least(longest - total, 1, proof=True):
                cx.refute(
                    "C2",
                    say(
                        "expected total_length to be at least the longest length, but got {total} and {longest}",
                        total=total,
                        longest=longest,
                    ),
                    operand="total_length",
                    sizes=(longest, total),
                )
            step = step.resized(total)
        else:
            step = Axis.fresh(total)
    first = cx.flag(batch_first)
    why = f"batch_first={first} where it is unpacked"
    cx.role(was.batch, "batch", "proved", why)
    cx.role(step, "step", "proved", why)
    cx.role(step, "step", "proved", f"pad_packed_sequence {PADDED_BEHIND}")
    lead = (was.batch, step) if first else (step, was.batch)
    return Tuple((Tensor(Shape((*lead, *was.rest)), was.dtype), Tensor(Shape((was.batch,)), "int")))


def _total(packed: Packed) -> Axis:
    return packed.total if packed.total is not None else Axis.fresh(Dim.symbol("steps", "unknown"))


FIELDS = ("data", "batch_sizes", "sorted_indices", "unsorted_indices")


def packed_attribute(cx: Context, packed: Packed, name: str) -> Value | None:
    """An attribute of a packed sequence: `.data` of shape (total, *), `.batch_sizes` (seq,), `.sorted_indices` (batch,)
    unless it was packed in order. None where it has no such attribute. `packed[0]` is
    `packed_attribute(cx, packed, FIELDS[0])`, and so on; unpacking gives the four `FIELDS`."""
    if name == "data":
        return Tensor(Shape((_total(packed), *packed.rest)), packed.dtype)
    if name == "batch_sizes":
        return Tensor(Shape((packed.seq,)), "int")
    if name in ("sorted_indices", "unsorted_indices"):
        return Tensor(Shape((packed.batch,)), "int")
    return None


def _attribute_op(field: str) -> Op:
    made = op(
        f"PackedSequence.{field}",
        (f"{_UTILS}PackedSequence.{field}",),
        "sequence",
        samples=lambda rng: Sample(f"{_UTILS}PackedSequence.{field}", (packed_sample(rng),)),
    )

    @made.rule
    def packed_field(cx: Context, sequence: Value) -> Value:
        """`packed -> (total, *)`, `(seq,)` or `(batch,)`: see `packed_attribute`.

        Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html
        """
        found = packed_attribute(cx, as_packed(cx, sequence), field)
        assert found is not None
        return found

    return made


ATTRIBUTES = {field: _attribute_op(field) for field in FIELDS}


def _rebuilt_sample(rng: random.Random) -> Sample:
    packed = packed_sample(rng)
    fields = [Sample(f"{_UTILS}PackedSequence.{field}", (packed,)) for field in FIELDS]
    return Sample(REBUILT.torch[0], tuple(fields))


REBUILT = op(
    "PackedSequence",
    (_UTILS + "PackedSequence",),
    "data, batch_sizes=None, sorted_indices=None, unsorted_indices=None",
    samples=_rebuilt_sample,
)


@REBUILT.rule
def packed_sequence(
    cx: Context, data: Value, batch_sizes: Value, sorted_indices: Value, unsorted_indices: Value
) -> Value:
    """`(total, *), (seq,) -> packed`: a packed sequence made by hand of the parts of another. The batch is that of the
    indices, if there are any.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html
    """
    x = cx.tensor(data)
    x = x.with_parts(cx.facts.reveal_prefix(x.shape, 1).parts)
    seq: Part = cx.fresh("length", 1)
    try:
        sizes = cx.tensor(batch_sizes, rank=1)
        seq = sizes.shape.parts[0]
    except CannotTell:
        pass
    batch: Part = cx.fresh("batch", 1)
    for indices in (sorted_indices, unsorted_indices):
        if isinstance(indices, Tensor) and cx.tensor(indices).shape.rank == 1:
            batch = cx.tensor(indices).shape.parts[0]
    total = x.shape.parts[0] if x.shape.parts else None
    return Packed(batch, seq, x.shape.parts[1:], x.dtype, total=total if isinstance(total, Axis) else None)
