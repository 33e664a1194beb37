"""`split`, `chunk`, `tensor_split`, `unbind`: one tensor cut into several along an axis."""

from __future__ import annotations

import random
from itertools import pairwise

from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.shapes.dim import Dim, divide_exactly
from shapelint.shapes.shape import Axis, Part
from shapelint.values.model import Sequence, SizeOf, Tensor, Tuple, Value

RANGE = Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor")
SCALAR = Constraint("C2", "split-size", "the tensor has at least one axis")
MAX_PIECES = 64


def _cut(cx: Context, value: Value, dim: Value) -> tuple[Tensor, int, Axis]:
    """The tensor, the index of the axis to cut, and that axis."""
    x, at = cx.axis(cx.tensor(value), dim, "C1")
    if not x.shape.parts:
        cx.refute("C2", say("{subject} expects at least a 1-dimensional tensor"))
    axis = x.shape.parts[at]
    assert isinstance(axis, Axis)
    return x, at, axis


def _piece(x: Tensor, at: int, part: Part | None) -> Tensor:
    """The tensor with another axis at a place, or without it."""
    parts = list(x.shape.parts)
    parts[at : at + 1 or None] = [] if part is None else [part]
    return x.with_parts(parts)


def _pieces(x: Tensor, at: int, axis: Axis, sizes: list[Dim]) -> Tuple:
    return Tuple(tuple(_piece(x, at, axis.resized(s)) for s in sizes))


def _equal_pieces(cx: Context, x: Tensor, at: int, axis: Axis, size: Dim) -> Value:
    """Pieces of `size` entries; the last may be shorter."""
    total = cx.facts.resolve(axis.size)
    number, step = total.value, size.value
    if number is not None and step is not None and step > 0 and number <= step * MAX_PIECES:
        sizes = [Dim.of(min(step, number - i)) for i in range(0, number, step)] or [Dim.of(0)]
        return _pieces(x, at, axis, sizes)
    count = divide_exactly(total, size)
    if count is None and cx.facts.known_divides(total, size):
        count = cx.facts.resolve(total // size)
    if count is None and cx.facts.at_least(size - total, 0):
        return _pieces(x, at, axis, [total])
    if count is not None and count.value is not None and count.value <= MAX_PIECES:
        return _pieces(x, at, axis, [size] * count.value)
    whole = _piece(x, at, axis.resized(size))
    if count is not None:
        return Sequence(whole, count, "tuple")
    # the last piece holds what is left, which may be all there is
    rest = Axis(Dim.symbol("rest", "unknown"), axis.factors if len(axis.factors) == 1 else ())
    other = _piece(x, at, rest)
    return Sequence(whole, (total + size - 1) // size, "tuple", first=other, last=other)


def _draw(rng: random.Random) -> tuple[list[int], int]:
    sizes = [rng.randint(1, 6) for _ in range(rng.randint(1, 3) if rng.random() < 0.95 else 0)]
    room = max(len(sizes), 1)
    return sizes, rng.randrange(-room, room) if rng.random() < 0.9 else rng.choice([room, -room - 1])


def _split_sample(rng: random.Random) -> Sample:
    sizes, dim = _draw(rng)
    size = sizes[dim] if -len(sizes) <= dim < len(sizes) else 3
    how: object = rng.randint(1, 7) if rng.random() < 0.9 else rng.choice([0, -1])
    name = rng.choice(SPLIT.torch)
    if rng.random() < 0.5 or name.endswith("with_sizes"):
        first = rng.randint(0, size)
        how = [first, size - first] if rng.random() < 0.6 else [first, 1, 1]
        if rng.random() < 0.1:
            how = [-1, size + 1]
    if rng.random() < 0.3:
        return Sample(name, (t(*sizes), how))
    return Sample(name, (t(*sizes), how, dim)) if rng.random() < 0.5 else Sample(name, (t(*sizes), how), {"dim": dim})


SPLIT = op(
    "split",
    ("torch.split", "torch.Tensor.split", "torch.split_with_sizes", "torch.Tensor.split_with_sizes"),
    ("input, split_size_or_sections, dim=0", "input, split_size, dim=0", "input, split_sizes, dim=0"),
    constraints=(
        RANGE,
        SCALAR,
        Constraint("C3", "split-size", "a list of sizes sums to that of the axis"),
        Constraint("C4", "split-size", "no size is negative, and one size for all pieces is not 0"),
    ),
    samples=_split_sample,
)


@SPLIT.rule
def split(
    cx: Context,
    input: Value,
    dim: Value,
    split_size_or_sections: Value | None = None,
    split_size: Value | None = None,
    split_sizes: Value | None = None,
) -> Value:
    """`(a, n, b) -> [(a, k, b), (a, k, b), …]`: pieces of `k` entries, the last with what is left, or of listed sizes.

    C1: `dim` in range. C2: not a scalar. C3: listed sizes sum to `n`. C4: no size is negative, `k` is not 0.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.split.html
    """
    sections = split_size_or_sections or split_size or split_sizes
    assert sections is not None
    x, at, axis = _cut(cx, input, dim)
    if isinstance(sections, (Tuple, Sequence, SizeOf)):
        sizes = [cx.whole(size) for size in cx.items(sections)]
        for size in sizes:
            if cx.facts.at_most(size, -1, proof=True):
                cx.refute("C4", say("{subject} expects non-negative sizes but receives {size}", size=size))
        result = _pieces(x, at, axis, sizes)
        cx.expect(result)
        total = sum(sizes, Dim.of(0))
        cx.demand_equal(
            "C3",
            axis.size,
            total,
            say(
                "{subject} expects sizes that sum to {want} (the size at dimension {dim}) but they sum to {got}",
                want=axis.size,
                got=total,
                dim=at,
            ),
        )
        return result
    size = cx.whole(sections)
    zero = size == 0 and not cx.surely(axis.size, 0)
    if zero or cx.facts.at_most(size, -1, proof=True):
        cx.refute("C4", say("{subject} expects a positive split size but receives {size}", size=size))
    return _equal_pieces(cx, x, at, axis, size)


def _chunk_sample(rng: random.Random) -> Sample:
    sizes, dim = _draw(rng)
    name = rng.choice(CHUNK.torch)
    count = rng.randint(1, 6) if rng.random() < 0.85 else rng.choice([0, -1])
    if rng.random() < 0.3:
        return Sample(name, (t(*sizes), count))
    return (
        Sample(name, (t(*sizes), count, dim)) if rng.random() < 0.5 else Sample(name, (t(*sizes), count), {"dim": dim})
    )


CHUNK = op(
    "chunk",
    ("torch.chunk", "torch.Tensor.chunk", "torch.Tensor.unsafe_chunk", "torch.unsafe_chunk"),
    "input, chunks, dim=0",
    constraints=(RANGE, SCALAR, Constraint("C3", "split-size", "there is at least one chunk")),
    samples=_chunk_sample,
)


@CHUNK.rule
def chunk(cx: Context, input: Value, chunks: Value, dim: Value) -> Value:
    """`(a, n, b) -> [(a, ceil(n/chunks), b), …]`: `chunks` pieces, or fewer where `n` is not enough for them.

    C1: `dim` in range. C2: not a scalar. C3: `chunks` is 1 or more.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.chunk.html
    """
    x, at, axis = _cut(cx, input, dim)
    count = cx.whole(chunks, "a number of chunks that is an int")
    if cx.facts.at_most(count, 0, proof=True):
        cx.refute(
            "C3", say("{subject} expects `chunks` to be greater than 0, got {count}", count=count), operand="chunks"
        )
    total = cx.facts.resolve(axis.size)
    size = divide_exactly(total, count)
    if size is None and cx.facts.known_divides(total, count):
        size = cx.facts.resolve(total // count)
    number = count.value
    if size is not None:
        if number is not None and number <= MAX_PIECES:
            return _pieces(x, at, axis, [size] * number)
        return Sequence(_piece(x, at, axis.resized(size)), count, "tuple")
    if number is None:
        piece = Axis(Dim.symbol("chunk", "unknown"), axis.factors if len(axis.factors) == 1 else ())
        return Sequence(_piece(x, at, piece), None, "tuple")
    size = (total + (number - 1)) // number
    if total.value is not None:
        return _equal_pieces(cx, x, at, axis, size)
    if number == 1:
        return _pieces(x, at, axis, [total])
    # an open size is taken to be a multiple, so that there are as many chunks as asked for
    cx.generic = cx.assumed = True
    return _pieces(x, at, axis, [total // number] * number)


def _tensor_split_sample(rng: random.Random) -> Sample:
    sizes, dim = _draw(rng)
    how: object = rng.randint(1, 5) if rng.random() < 0.9 else 0
    if rng.random() < 0.5:
        how = [rng.randint(-3, 7) for _ in range(rng.randint(1, 3))]
    name = rng.choice(TENSOR_SPLIT.torch)
    return Sample(name, (t(*sizes), how, dim)) if rng.random() < 0.7 else Sample(name, (t(*sizes), how))


TENSOR_SPLIT = op(
    "tensor_split",
    ("torch.tensor_split", "torch.Tensor.tensor_split"),
    (
        "input, indices_or_sections, dim=0",
        "input, indices, dim=0",
        "input, sections, dim=0",
    ),
    constraints=(RANGE, SCALAR, Constraint("C3", "split-size", "there is at least one section")),
    samples=_tensor_split_sample,
)


@TENSOR_SPLIT.rule
def tensor_split(
    cx: Context,
    input: Value,
    dim: Value,
    indices_or_sections: Value | None = None,
    indices: Value | None = None,
    sections: Value | None = None,
) -> Value:
    """`(a, n, b) -> [(a, n1, b), …]`: cut before each index, or into sections of sizes that differ by 1 at most.

    C1: `dim` in range. C2: not a scalar. C3: `sections` is 1 or more.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.tensor_split.html
    """
    from shapelint.ops.slicing import sliced
    from shapelint.values.model import NONE, Int, Slice

    how = indices_or_sections or indices or sections
    assert how is not None
    x, at, axis = _cut(cx, input, dim)
    if isinstance(how, (Tuple, SizeOf)):
        places = [Int(d) for d in cx.ints(how)]
        bounds = [Int.of(0), *places, NONE]
        ends = pairwise(bounds)
        return Tuple(tuple(_piece(x, at, sliced(cx, axis, Slice(a, b, NONE), "C1")) for a, b in ends))
    count = cx.known_int(how)
    if count <= 0:
        cx.refute("C3", say("number of sections must be larger than 0, got {count}", count=count))
    total = cx.facts.resolve(axis.size)
    # the first n % count sections hold one entry more
    return _pieces(x, at, axis, [(total + (count - 1 - i)) // count for i in range(count)])


def _unbind_sample(rng: random.Random) -> Sample:
    sizes, dim = _draw(rng)
    name = rng.choice(UNBIND.torch)
    return Sample(name, (t(*sizes), dim)) if rng.random() < 0.7 else Sample(name, (t(*sizes),))


UNBIND = op("unbind", ("torch.unbind", "torch.Tensor.unbind"), "input, dim=0", (RANGE, SCALAR), _unbind_sample)


@UNBIND.rule
def unbind(cx: Context, input: Value, dim: Value) -> Value:
    """`(a, n, b) -> [(a, b), …]`, `n` of them.

    C1: `dim` in range. C2: not a scalar.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.unbind.html
    """
    x, at, axis = _cut(cx, input, dim)
    piece = _piece(x, at, None)
    count = cx.facts.resolve(axis.size)
    if count.value is not None and count.value <= MAX_PIECES:
        return Tuple((piece,) * count.value)
    return Sequence(piece, count, "tuple")
