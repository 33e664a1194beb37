"""`torch.Tensor(…)`, `torch.LongTensor(…)`, `x.new(…)`: of sizes, or of data."""

from __future__ import annotations

import random
from dataclasses import replace

from shapelint.ops.contract import Context, Op, Sample, op, t
from shapelint.ops.conversion import TENSOR_TYPES
from shapelint.ops.factories import NEGATIVE, NOT_INTS, asked_shape, some_sizes
from shapelint.ops.size import any_tensor
from shapelint.ops.tensor_data import DATA, data_tensor, some_data
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Dtype, Opaque, Sequence, SizeOf, Tensor, Tuple, Value


def constructed(cx: Context, args: Value, kind: Dtype | None) -> Tensor:
    """What `torch.Tensor(…)` makes: of ints or a `torch.Size` the sizes, of one list or tensor the data."""
    items = cx.items(args)
    if not items:
        return Tensor(Shape((Axis.fresh(0),)), kind)
    only = items[0] if len(items) == 1 else None
    if isinstance(only, Tensor):
        return replace(cx.tensor(only), array=False).with_dtype(kind)
    if isinstance(only, Sequence) or (isinstance(only, (Tuple, SizeOf)) and only.kind != "size"):
        return data_tensor(cx, only, kind)
    if isinstance(only, Opaque) and only.origin == "input":
        return Tensor.unknown(dtype=kind)
    return Tensor(asked_shape(cx, args), kind)


def _constructor_sample(rng: random.Random, first: tuple[object, ...], name: str) -> Sample:
    chance = rng.random()
    if chance < 0.35:
        return Sample(name, (*first, *some_sizes(rng)))
    if chance < 0.45:
        return Sample(name, (*first, *some_sizes(rng), 2.5))
    if chance < 0.55:
        x = t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 3))))
        return Sample(name, (*first, Sample("torch.Tensor.size", (x,))))
    if chance < 0.6:
        return Sample(name, (*first, True))
    data = some_data(rng)
    return Sample(name, (*first, [data] if not isinstance(data, (list, tuple)) else data))


def _constructor(kind: Dtype, names: tuple[str, ...]) -> Op:
    """The constructors of tensors of one kind."""
    made = op(
        f"{kind}_tensor",
        names,
        ("*args", "*args, device=None"),
        constraints=(NEGATIVE, NOT_INTS, *DATA),
        samples=lambda rng: _constructor_sample(rng, (), rng.choice(names)),
    )

    def rule(cx: Context, args: Value, device: Value | None = None) -> Value:
        cx.expect(Tensor.unknown(dtype=kind))
        return constructed(cx, args, kind)

    rule.__doc__ = """`n0, n1, … -> (n0, n1, …)`; `[[…], …] -> (n0, n1, …)` by the lengths of the nested lists.

    C1: no size is negative. C2: sizes are ints. C3 to C5: as for `torch.tensor`.
    Follows https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor
    """
    made.rule(rule)
    return made


CONSTRUCTORS = [
    _constructor("float", ("torch.Tensor", *(f"torch.{n}" for n, k in TENSOR_TYPES.items() if k == "float"))),
    _constructor("int", tuple(f"torch.{n}" for n, k in TENSOR_TYPES.items() if k == "int")),
    _constructor("bool", tuple(f"torch.{n}" for n, k in TENSOR_TYPES.items() if k == "bool")),
]


def _new_sample(rng: random.Random) -> Sample:
    return _constructor_sample(rng, (any_tensor(rng),), "torch.Tensor.new")


NEW = op("new", ("torch.Tensor.new",), "input, *args", constraints=(NEGATIVE, NOT_INTS, *DATA), samples=_new_sample)


@NEW.rule
def new(cx: Context, input: Value, args: Value) -> Value:
    """`(+), n0, n1, … -> (n0, n1, …)`, like `torch.Tensor(…)`, of the kind of the tensor.

    C1: no size is negative. C2: sizes are ints. C3 to C5: as for `torch.tensor`.
    Follows https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor
    """
    kind = cx.tensor(input).dtype
    cx.expect(Tensor.unknown(dtype=kind))
    return constructed(cx, args, kind).with_dtype(kind)
