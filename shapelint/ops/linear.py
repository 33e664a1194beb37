"""`nn.Linear`, `F.linear`: a matrix over the last axis."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.ops.dtypes import demand_floats
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import NONE, Dtype, Tensor, Value

C1 = Constraint("C1", "linear-in-features", "the last axis of `input` has `in_features` entries")
C2 = Constraint("C2", "linear-in-features", "`input` has at least one axis")
C3 = Constraint("C3", "linear-in-features", "`bias` has `out_features` entries")
C4 = Constraint("C4", "matmul-shape", "`weight` has two axes")
C5 = Constraint("C5", "dtype-mismatch", "`input` holds floats, as the weight does")


def _apply(cx: Context, input: Value, in_features: Dim, out: Axis, floats: bool) -> Tensor:
    x = cx.tensor(input)
    # whatever arrives, the last axis of the result is out_features
    cx.expect(x.with_parts((*x.shape.parts[:-1], out)) if x.shape.rank else Tensor.unknown(dtype="float"))
    x = cx.at_least_rank(
        x, 1, "C2", say("{subject} expects a tensor with {want} features but receives a scalar", want=in_features)
    )
    result = x.with_parts((*x.shape.parts[:-1], out)).with_dtype("float")
    cx.expect(result)
    last = x.shape.parts[-1]
    assert isinstance(last, Axis)
    if floats:
        demand_floats(cx, x, "C5")
    cx.demand_equal(
        "C1",
        in_features,
        last.size,
        say("{subject} expects {want} features but receives {got}", want=in_features, got=last.size),
        label=say("last dimension of {@input} is {got}", got=last.size),
    )
    cx.role(last, "feature", "proved", "nn.Linear reads it as features")
    return result


def _layer_sample(rng: random.Random) -> Sample:
    n, m = rng.randint(1, 5), rng.randint(1, 5)
    lead = [rng.randint(1, 4) for _ in range(rng.randint(0, 3))]
    last = n if rng.random() < 0.6 else rng.randint(1, 5)
    sizes = [*lead, last] if rng.random() < 0.9 else []
    name = "torch.nn.Linear"
    if rng.random() < 0.1:
        name = "torch.nn.modules.linear.NonDynamicallyQuantizableLinear"
    kind: Dtype = "float" if rng.random() < 0.9 else "int"
    return Sample(name, (t(*sizes, dtype=kind),), init=(n, m), init_kwargs={"bias": rng.random() < 0.5})


LINEAR = layer(
    "Linear",
    ("torch.nn.Linear", "torch.nn.modules.linear.NonDynamicallyQuantizableLinear"),
    "in_features, out_features, bias=True, device=None, dtype=None",
    call="input",
    constraints=(C1, C2, C5),
    samples=_layer_sample,
)


@LINEAR.rule
def linear_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(*, in_features) -> (*, out_features)`.

    C1: the last axis of `input` has `in_features` entries. C2: `input` has at least one axis. C5: it holds floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
    """
    out = Axis.fresh(layer.size("out_features"))
    cx.role(out, "feature", "proved", "the features that nn.Linear gives")
    return _apply(cx, input, layer.size("in_features"), out, True)


@LINEAR.attributes
def linear_attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    if name == "weight":
        return Tensor(Shape.of(layer.size("out_features"), layer.size("in_features")), "float")
    if name == "bias":
        return Tensor(Shape.of(layer.size("out_features")), "float") if layer.flag("bias") else NONE
    return None


def _function_sample(rng: random.Random) -> Sample:
    n, m = rng.randint(1, 4), rng.randint(1, 4)
    lead = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    kind: Dtype = "float" if rng.random() < 0.9 else "int"
    x = t(*lead, n if rng.random() < 0.7 else rng.randint(1, 4), dtype=kind) if rng.random() < 0.95 else t()
    weight = t(m, n) if rng.random() < 0.9 else t(m, n, 2)
    if rng.random() < 0.5:
        return Sample("torch.nn.functional.linear", (x, weight))
    return Sample("torch.nn.functional.linear", (x, weight), {"bias": t(m if rng.random() < 0.7 else m + 1)})


FUNCTIONAL = op(
    "linear",
    ("torch.nn.functional.linear",),
    "input, weight, bias=None",
    constraints=(C1, C2, C3, C4, C5),
    samples=_function_sample,
)


@FUNCTIONAL.rule
def linear(cx: Context, input: Value, weight: Value, bias: Value) -> Value:
    """`(*, in_features), (out_features, in_features) -> (*, out_features)`; a weight of one axis drops the last.

    C1, C2: as for `nn.Linear`. C3: `bias` has `out_features` entries. C4: `weight` has two axes (or one).
    C5: `input` holds floats where `weight` does.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
    """
    w = cx.ranks(
        cx.tensor(weight),
        (1, 2),
        "C4",
        say("{subject} expects a weight of shape (out_features, in_features)"),
        "weight",
    )
    w = cx.ranked(w)
    if w.shape.rank == 1:
        x = cx.tensor(input)
        applied = _apply(cx, x, w.shape.dims[0], w.shape.axes[0], w.dtype == "float")
        return applied.with_parts(applied.shape.parts[:-1])
    out, in_features = w.shape.axes
    result = _apply(cx, input, in_features.size, out, w.dtype == "float")
    b = cx.maybe_tensor(bias)
    if b is not None and b.shape.rank == 1 and not cx.surely(b.shape.dims[0], 1):
        got = b.shape.dims[0]
        cx.demand_equal(
            "C3",
            out.size,
            got,
            say("{subject} expects a bias of {want} entries but receives {got}", want=out.size, got=got),
            operand="bias",
        )
    return result
