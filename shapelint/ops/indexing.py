"""`x[index]` and `x[index] = value`: ints, slices, `None`, `...`, masks, and tensors of indices."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from shapelint.ops.contract import CannotTell, Constraint, Context, Refuted, Sample, T, op, say, t
from shapelint.ops.expand import stretch
from shapelint.ops.slicing import require_within, sliced
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import (
    NONE,
    Bool,
    Dtype,
    EllipsisValue,
    Float,
    Int,
    NoneValue,
    OneOf,
    Opaque,
    Sequence,
    Slice,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

WITHIN = Constraint("C1", "index-out-of-range", "an int names an entry of its axis")
COUNT = Constraint("C2", "index-out-of-range", "there are no more indices than axes")
MASK = Constraint("C3", "index-shape", "a mask has the sizes of the axes that it stands for")
TOGETHER = Constraint("C4", "index-shape", "tensors of indices have sizes that are equal or 1")
KIND = Constraint("C5", "index-shape", "an index is an int, a slice with a positive step, `...`, `None` or a tensor")
FITS = Constraint("C6", "broadcast-shape", "the value broadcasts to what is selected")


@dataclass(frozen=True, slots=True, eq=False)
class _Picked:
    """An index that is a tensor: its own axes, and whether it is a mask, which gives one axis, as long as it has true
    entries (`count`, where that is known)."""

    tensor: Tensor
    mask: bool = False
    count: int | None = None
    numbers: tuple[Dim, ...] = ()  # the entries that are named, where they are ints of a list


_Item = Int | Slice | NoneValue | EllipsisValue | _Picked


def _items(cx: Context, index: Value) -> list[_Item]:
    several = isinstance(index, Tuple) and index.kind != "list"
    return [_item(cx, v) for v in (index.items if several and isinstance(index, Tuple) else (index,))]


def _item(cx: Context, value: Value) -> _Item:
    if isinstance(value, (Slice, NoneValue, EllipsisValue)):
        return value
    if isinstance(value, Bool):
        return _Picked(Tensor(Shape(()), "bool"), True, None if value.value is None else int(value.value))
    if isinstance(value, Tensor):
        return _indices(cx, cx.tensor(value))
    if isinstance(value, (Tuple, Sequence)):
        return _picked_list(cx, value)
    if isinstance(value, Float):
        cx.refute(
            "C5",
            say("only integers, slices, ellipsis, None and tensors of ints or bools are valid indices (got float)"),
            operand="index",
        )
    if isinstance(value, Opaque) and value.origin == "input":
        if cx.is_adopted(value):
            return _indices(cx, cx.tensor(value))
        cx.assumed = True  # taken for an int; nothing tells that it is no tensor of them
        return Int(Dim.symbol("i", "unknown", None))
    return Int(cx.int(value))


def _indices(cx: Context, x: Tensor) -> _Item:
    if x.dtype == "bool":
        return _Picked(x, True)
    if x.dtype not in (None, "int"):
        if cx.may_be_array(x):
            raise CannotTell("dynamic-value", "an index of floats")
        cx.refute("C5", say("tensors of indices hold ints or bools, not {kind} numbers", kind=x.dtype), operand="index")
    if x.shape.rank == 0 and x.dtype == "int":
        return Int(Dim.symbol("i", "unknown", None))  # torch reads a tensor without axes as an int
    return _Picked(x)


def _picked_list(cx: Context, value: Tuple | Sequence) -> _Picked:
    x = _listed(cx, value)
    flags = [v.value for v in value.items if isinstance(v, Bool)] if isinstance(value, Tuple) else []
    told = isinstance(value, Tuple) and len(flags) == len(value.items) and None not in flags
    numbers = tuple(v.dim for v in value.items if isinstance(v, Int)) if isinstance(value, Tuple) else ()
    return _Picked(x, x.dtype == "bool", sum(map(bool, flags)) if told else None, numbers)


def _listed(cx: Context, value: Value) -> Tensor:
    """A list of ints, bools or lists as the tensor that torch makes of it."""
    if isinstance(value, Sequence):
        element = value.element
        length = Axis.fresh(value.length) if value.length is not None else cx.fresh("indices")
        if isinstance(element, (Int, Bool)):
            return Tensor(Shape((length,)), "int" if isinstance(element, Int) else "bool")
        raise CannotTell("dynamic-value")
    assert isinstance(value, Tuple)
    if not value.items:
        return Tensor.of(0, dtype="int")
    first = value.items[0]
    if isinstance(first, (Tuple, Sequence)):
        inner = _listed(cx, first)
        return Tensor(Shape((Axis.fresh(len(value.items)), *inner.shape.parts)), inner.dtype)
    kinds: set[Dtype | None] = {
        "bool" if isinstance(v, Bool) else "int" if isinstance(v, Int) else v.dtype if isinstance(v, Tensor) else None
        for v in value.items
    }
    if kinds <= {"bool", "int"} and all(not isinstance(v, Tensor) or v.shape.rank == 0 for v in value.items):
        return Tensor.of(len(value.items), dtype="bool" if kinds == {"bool"} else "int")
    raise CannotTell("dynamic-value")


def _consumed(item: _Item) -> int:
    """How many axes an index stands for. Raises CannotTell for a mask of unknown rank."""
    if isinstance(item, _Picked) and item.mask:
        if item.tensor.shape.rank is None:
            raise CannotTell("dynamic-value", "rank")
        return item.tensor.shape.rank
    return 0 if isinstance(item, (NoneValue, EllipsisValue)) else 1


def _revealed(cx: Context, x: Tensor, items: list[_Item]) -> tuple[Tensor, int]:
    """The tensor with the axes that the indices stand for, and how many of them follow the ellipsis."""
    at = next((i for i, v in enumerate(items) if isinstance(v, EllipsisValue)), None)
    before = sum(_consumed(v) for v in items[:at])
    after = 0 if at is None else sum(_consumed(v) for v in items[at + 1 :])
    least, greatest = cx.facts.admissible_ranks(x.shape)
    seen = len(x.shape.prefix) >= before and len(x.shape.suffix) >= after
    if greatest is not None and greatest != least and before + after <= least and (before or at is None) and not seen:
        x = cx.read(x)
    if x.shape.rank is None:
        shape = cx.facts.reveal_suffix(cx.facts.reveal_prefix(x.shape, before), after)
        x = x.with_parts(shape.parts)
    if x.shape.rank is not None and before + after > x.shape.rank:
        cx.refute(
            "C2",
            say("too many indices for tensor of dimension {rank}: {count}", rank=x.shape.rank, count=before + after),
            label=say("{shape}", shape=x.shape),
            operand="index",
        )
    return x, after


def selected(cx: Context, x: Tensor, index: Value) -> Tensor:
    """What `x[index]` selects. The op that asks holds the constraints C1 to C5 of this file."""
    items = _items(cx, index)
    if sum(isinstance(v, EllipsisValue) for v in items) > 1:
        raise CannotTell("dynamic-value")
    lone = items[0] if len(items) == 1 else None
    if isinstance(lone, _Picked) and lone.mask and lone.tensor.shape.rank is None:
        return x.with_parts((cx.fresh("selected"), Segment("rest")))
    x, after = _revealed(cx, x, items)
    waiting = list(x.shape.parts)
    made: list[Part | _Picked] = []
    for item in items:
        if isinstance(item, EllipsisValue):
            kept = len(waiting) - after
            made += waiting[:kept]
            waiting = waiting[kept:]
        elif isinstance(item, NoneValue):
            made.append(Axis.fresh(1))
        elif isinstance(item, _Picked):
            count = _consumed(item)
            picked = waiting[0] if item.numbers else None
            for number in item.numbers if isinstance(picked, Axis) else ():
                assert isinstance(picked, Axis)
                require_within(cx, picked, len(x.shape.parts) - len(waiting), number, "C1")
            made.append(_fitted(cx, item, waiting[:count]))
            waiting = waiting[count:]
        else:
            axis = waiting.pop(0)
            assert isinstance(axis, Axis)
            if isinstance(item, Slice):
                if len(waiting) == len(x.shape.parts) - 1:
                    _suppose_full(cx, axis.size, item)
                made.append(sliced(cx, axis, item, "C5"))
            else:
                require_within(cx, axis, len(x.shape.parts) - len(waiting) - 1, item.dim, "C1")
    if cx.assumed:
        # what is asked of axes that a tensor of indices may have put here says nothing of the tensor that is indexed
        waiting = [Segment("rest") if isinstance(p, Segment) else p for p in waiting]
        made = [Segment("rest") if isinstance(p, Segment) else p for p in made]
    return x.with_parts(_placed(cx, [*made, *waiting]))


def _suppose_full(cx: Context, samples: Dim, batch: Slice) -> None:
    """A slice of the samples holds as many as it asks for, `data[start : start + n]`, where a reading guesses so."""
    if isinstance(batch.upper, NoneValue) or not isinstance(batch.step, NoneValue):
        return
    try:
        upper = cx.int(batch.upper)
        count = upper if isinstance(batch.lower, NoneValue) else cx.facts.resolve(upper - cx.int(batch.lower))
    except CannotTell:
        return
    if count.value is not None and count.value > 0:
        cx.guess_least(samples, count.value)


def _fitted(cx: Context, item: _Picked, axes: list[Part]) -> _Picked:
    """A mask fits the axes that it stands for, and gives as many entries as it has true ones."""
    if not item.mask:
        return item
    for place, (axis, own) in enumerate(zip(axes, item.tensor.shape.axes, strict=True)):
        assert isinstance(axis, Axis)
        cx.demand_equal(
            "C3",
            axis.size,
            own.size,
            say(
                "the shape of the mask {mask} does not match the shape of the indexed tensor at index {place}: "
                "{have} against {want}",
                mask=item.tensor.shape,
                place=place,
                have=own.size,
                want=axis.size,
            ),
            operand="index",
        )
    chosen = Axis.fresh(item.count) if item.count is not None else cx.fresh("selected")
    return _Picked(Tensor(Shape((chosen,)), "int"), True)


def _placed(cx: Context, made: list[Part | _Picked]) -> tuple[Part, ...]:
    """The axes that tensors of indices have together stand where these were if side by side, else in front."""
    places = [i for i, p in enumerate(made) if isinstance(p, _Picked)]
    kept = [p for p in made if not isinstance(p, _Picked)]
    if not places:
        return tuple(kept)
    picked = [p.tensor for p in made if isinstance(p, _Picked)]
    first, last = places[0], places[-1]
    side_by_side = last - first + 1 == len(places)
    between = made[first : last + 1]
    if first > 0 and not side_by_side and all(isinstance(p, (_Picked, Segment)) for p in between):
        raise CannotTell("dynamic-value", "rank")  # the run between them may hold no axis
    parts = picked[0].shape.parts if len(picked) == 1 else cx.broadcast(picked, "C4")
    if any(isinstance(p, Segment) for p in parts) and any(isinstance(p, Segment) for p in kept):
        raise CannotTell("dynamic-value", "rank")
    at = first if side_by_side else 0
    return (*kept[:at], *parts, *kept[at:])


def _readings(cx: Context, x: Tensor, index: Value) -> Value:
    """What is selected; where the kind of an index is not known, as ints and as a mask."""
    items = index.items if isinstance(index, Tuple) and index.kind != "list" else (index,)
    vague = [v for v in items if isinstance(v, Tensor) and v.dtype is None]
    if not vague:
        return selected(cx, x, index)
    found: list[Value] = []
    facts = cx.facts
    kinds: tuple[Dtype, ...] = ("int", "bool")
    possible = []
    for kind in kinds:
        cx.facts = facts.copy()
        try:
            found.append(selected(cx, x, _as_kind(index, kind)))
            possible.append(kind)
        except Refuted:
            continue
        finally:
            cx.facts = facts
    if len(possible) == 2:
        return OneOf(tuple(found))
    return selected(cx, x, _as_kind(index, possible[0] if possible else "int"))


def _as_kind(index: Value, kind: Dtype) -> Value:
    if isinstance(index, Tensor):
        return index if index.dtype is not None else index.with_dtype(kind)
    if isinstance(index, Tuple) and index.kind != "list":
        return replace(index, items=tuple(_as_kind(v, kind) if isinstance(v, Tensor) else v for v in index.items))
    return index


# The ops -----------------------------------------------------------------------------------------


def _bound(rng: random.Random) -> int | None:
    return None if rng.random() < 0.4 else rng.randint(-4, 5)


def _draw(rng: random.Random) -> tuple[list[int], Any]:
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(0, 4))]
    items: list[Any] = []
    place = 0
    while place < len(sizes) and rng.random() < 0.8:
        size, choice = sizes[place], rng.random()
        if choice < 0.25:
            items.append(rng.randrange(-size, size) if rng.random() < 0.9 else rng.choice([size, -size - 1]))
        elif choice < 0.5:
            step = rng.choice([None, None, 1, 2, 3]) if rng.random() < 0.95 else rng.choice([0, -1])
            items.append(slice(_bound(rng), _bound(rng), step))
        elif choice < 0.6:
            items.append(None)
            continue
        elif choice < 0.65 and Ellipsis not in items:
            items.append(Ellipsis)
            place = rng.randint(place, len(sizes))
            continue
        elif choice < 0.75:
            shape = rng.choice([[], [2], [3], [1], [2, 3], [1, 3]])
            items.append(t(*shape, dtype="int", high=1 if 1 in sizes else 2))
        elif choice < 0.85:
            count = rng.choice([1, 2, 3])
            items.append([rng.randrange(-size, size) for _ in range(count)])
        elif choice < 0.95:
            count = rng.randint(1, min(2, len(sizes) - place))
            mask = [n if rng.random() < 0.9 else n + 1 for n in sizes[place : place + count]]
            items.append(t(*mask, dtype="bool") if count > 1 or rng.random() < 0.5 else [True] * mask[0])
            place += count
            continue
        elif choice < 0.97:
            items.append(rng.choice([True, False]))
            continue
        else:
            items.append(rng.choice((1.5, t(2))))
        place += 1
    if rng.random() < 0.07:
        items += [0] * (len(sizes) + 1)
    if sum(isinstance(v, (T, list)) for v in items) > 1 or any(isinstance(v, bool) for v in items):
        # how many entries a mask selects must not decide whether it broadcasts
        items = [slice(None) if isinstance(v, T) and v.dtype == "bool" else v for v in items]
    if len(items) == 1 and rng.random() < 0.7:
        return sizes, items[0]
    return sizes, tuple(items)


def _get_sample(rng: random.Random) -> Sample:
    sizes, index = _draw(rng)
    return Sample("torch.Tensor.__getitem__", (t(*sizes), index))


GET = op(
    "getitem",
    ("torch.Tensor.__getitem__",),
    "input, index",
    constraints=(WITHIN, COUNT, MASK, TOGETHER, KIND),
    samples=_get_sample,
)


@GET.rule
def getitem(cx: Context, input: Value, index: Value) -> Value:
    """`x[i, j:k, None, ..., mask, idx]`: an int drops its axis, a slice keeps part of it, `None` adds an axis of 1,
    `...` stands for what is left, a mask for as many axes as it has itself, a tensor of ints for one.

    The axes of tensors of indices broadcast together; they stand where the tensors stood side by side, else in front.
    C1: an int names an entry of its axis. C2: no more indices than axes. C3: a mask fits its axes. C4: tensors of
    indices broadcast. C5: nothing else is an index, and steps are positive. An index of unknown kind is read as ints
    and as a mask.
    Follows https://docs.pytorch.org/docs/stable/tensor_view.html and
    https://numpy.org/doc/stable/user/basics.indexing.html
    """
    return _readings(cx, cx.tensor(input), index)


def _set_sample(rng: random.Random) -> Sample:
    sizes, index = _draw(rng)
    if _holds_mask(index) or rng.random() < 0.3:
        return Sample("torch.Tensor.__setitem__", (t(*sizes), index, 0.5))
    target = [rng.choice([1, n]) if rng.random() < 0.9 else n + 1 for n in sizes][rng.randint(0, len(sizes)) :]
    return Sample("torch.Tensor.__setitem__", (t(*sizes), index, t(*[1] * rng.randint(0, 1), *target)))


def _holds_mask(index: Any) -> bool:
    if isinstance(index, (tuple, list)):
        return any(_holds_mask(v) for v in index)
    return isinstance(index, bool) or (isinstance(index, T) and index.dtype == "bool")


SET = op(
    "setitem",
    ("torch.Tensor.__setitem__",),
    "input, index, value",
    constraints=(WITHIN, COUNT, TOGETHER, KIND, MASK, FITS),
    samples=_set_sample,
)


@SET.rule
def setitem(cx: Context, input: Value, index: Value, value: Value) -> Value:
    """`x[index] = value`: nothing is returned, `x` keeps its shape.

    C1 to C5: as for `x[index]`. C6: the value broadcasts to what is selected, leading axes of 1 left out.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html
    """
    cx.expect(NONE)
    demand_placed(cx, cx.tensor(input), index, value)
    return NONE


def demand_placed(cx: Context, x: Tensor, index: Value, value: Value) -> None:
    """Demand that `x[index] = value` can be done. The op that asks holds the constraints C1 to C6 of this file."""
    place = _readings(cx, x, index)
    if isinstance(value, (Int, Float, Bool)) or not isinstance(place, Tensor):
        return
    if isinstance(value, (Tuple, Unknown)):
        return
    _fit(cx, cx.tensor(value), place)


def _fit(cx: Context, value: Tensor, place: Tensor) -> None:
    """Demand that a value broadcast to what is selected."""
    headline = say(
        "shape mismatch: value tensor of shape {value} cannot be broadcast to indexing result of shape {place}",
        value=value.shape,
        place=place.shape,
    )
    if not value.shape.ranked:
        return
    axes = list(value.shape.axes)
    known = place.shape.suffix if place.shape.ranked or len(axes) <= len(place.shape.suffix) else ()
    if not place.shape.ranked and len(axes) > len(known):
        return
    while len(axes) > len(known):
        lead = axes.pop(0)
        if cx.never(lead.size, 1):
            cx.refute("C6", headline, operand="value")
        if not cx.surely(lead.size, 1):
            raise CannotTell("dynamic-value", "general position")
    for axis, target in zip(reversed(axes), reversed(known), strict=False):
        stretch(cx, axis, target.size, "C6", headline, "value")


__all__ = ["demand_placed", "selected"]
