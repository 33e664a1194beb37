"""`nn.Bilinear`, `F.bilinear`: a matrix between the last axes of two tensors, for each output feature."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import NONE, Tensor, Value

C1 = Constraint("C1", "linear-in-features", "the last axis of `input1` has `in1_features` entries")
C2 = Constraint("C2", "linear-in-features", "the last axis of `input2` has `in2_features` entries")
C3 = Constraint("C3", "broadcast-shape", "the other axes of both inputs are equal")
C4 = Constraint("C4", "linear-in-features", "both inputs have at least one axis")
C5 = Constraint("C5", "linear-in-features", "`bias` has `out_features` entries")
C6 = Constraint("C6", "matmul-shape", "`weight` has three axes")


def _apply(cx: Context, input1: Value, input2: Value, features: tuple[Dim, Dim], out: Axis) -> Tensor:
    scalar = say("{subject} expects tensors with at least one axis")
    x = cx.at_least_rank(cx.tensor(input1), 1, "C4", scalar, "input1")
    y = cx.at_least_rank(cx.tensor(input2), 1, "C4", scalar, "input2")
    known = x.shape.rank or y.shape.rank
    if known is not None:
        ranked = [cx.facts.fix_rank(z.shape, known) for z in (x, y)]
        if ranked[0] is None or ranked[1] is None:
            headline = say("input dimensions do not match: got {a} and {b}", a=x.shape, b=y.shape)
            cx.refute("C3", headline, operand="input2")
        x, y = x.with_parts(ranked[0].parts), y.with_parts(ranked[1].parts)
    result = x.with_parts((*x.shape.parts[:-1], out)).with_dtype("float")
    cx.expect(result)
    for z, want, constraint, name in ((x, features[0], "C1", "input1"), (y, features[1], "C2", "input2")):
        last = z.shape.parts[-1]
        assert isinstance(last, Axis)
        cx.demand_equal(
            constraint,
            want,
            last.size,
            say("{subject} expects {want} features but receives {got}", want=want, got=last.size),
            label=say("last dimension of {@" + name + "} is {got}", got=last.size),
            operand=name,
        )
    if known is not None:
        for a, b in zip(x.shape.dims[:-1], y.shape.dims[:-1], strict=True):
            headline = say("input batch dimensions do not match: got {a} and {b}", a=a, b=b)
            cx.demand_equal("C3", a, b, headline, operand="input2")
    return result


def _inputs(rng: random.Random, n1: int, n2: int) -> tuple[object, object]:
    lead = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    other = list(lead)
    if rng.random() < 0.15:
        other = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    last = [n if rng.random() < 0.85 else rng.randint(1, 4) for n in (n1, n2)]
    if rng.random() < 0.06:
        return t(), t() if rng.random() < 0.5 else t(last[1])
    if rng.random() < 0.06:
        return t(last[0]), t()
    return t(*lead, last[0]), t(*other, last[1])


def _layer_sample(rng: random.Random) -> Sample:
    n1, n2, m = (rng.randint(1, 4) for _ in range(3))
    return Sample("torch.nn.Bilinear", _inputs(rng, n1, n2), init=(n1, n2, m), init_kwargs={"bias": rng.random() < 0.5})


BILINEAR = layer(
    "Bilinear",
    ("torch.nn.Bilinear",),
    "in1_features, in2_features, out_features, bias=True, device=None, dtype=None",
    "input1, input2",
    (C1, C2, C3, C4),
    _layer_sample,
)


@BILINEAR.rule
def bilinear_layer(cx: Context, layer: Layer, input1: Value, input2: Value) -> Value:
    """`(*, in1_features), (*, in2_features) -> (*, out_features)`.

    C1, C2: the last axes have `in1_features` and `in2_features` entries. C3: the other axes are equal (they do not
    broadcast). C4: there is a last axis.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
    """
    features = (layer.size("in1_features"), layer.size("in2_features"))
    return _apply(cx, input1, input2, features, Axis.fresh(layer.size("out_features")))


@BILINEAR.attributes
def bilinear_attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    out = layer.size("out_features")
    if name == "weight":
        return Tensor(Shape.of(out, layer.size("in1_features"), layer.size("in2_features")), "float")
    if name == "bias":
        return Tensor(Shape.of(out), "float") if layer.flag("bias") else NONE
    return None


def _sample(rng: random.Random) -> Sample:
    n1, n2, m = (rng.randint(1, 4) for _ in range(3))
    weight = t(m, n1, n2) if rng.random() < 0.93 else t(m, n1)
    bias = {"bias": t(m if rng.random() < 0.7 else rng.randint(1, 4))} if rng.random() < 0.4 else {}
    return Sample(rng.choice(FUNCTIONAL.torch), (*_inputs(rng, n1, n2), weight, *([None] if not bias else [])), bias)


FUNCTIONAL = op(
    "bilinear",
    ("torch.nn.functional.bilinear", "torch.bilinear"),
    "input1, input2, weight, bias=None",
    (C1, C2, C3, C4, C5, C6),
    _sample,
)


@FUNCTIONAL.rule
def bilinear(cx: Context, input1: Value, input2: Value, weight: Value, bias: Value) -> Value:
    """`(*, in1), (*, in2), weight (out, in1, in2) -> (*, out)`.

    C1, C2: the last axes of the inputs are those of `weight`. C3: the other axes are equal. C4: there is a last axis.
    C5: `bias` has as many entries as come out. C6: `weight` has three axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
    """
    w = cx.tensor(weight)
    w = cx.ranks(
        w, (3,), "C6", say("{subject} expects a weight with 3 axes but receives {shape}", shape=w.shape), "weight"
    )
    out, first, second = w.shape.axes
    result = _apply(cx, input1, input2, (first.size, second.size), out)
    b = cx.maybe_tensor(bias)
    if b is not None:
        b = cx.tensor(b, 1)
        got = b.shape.dims[0]
        headline = say("bias size does not match weight size: got {got} but expected {want}", got=got, want=out.size)
        cx.demand_equal("C5", out.size, got, headline, operand="bias")
    return result
