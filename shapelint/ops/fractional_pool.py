"""`nn.FractionalMaxPool2d/3d` and `F.fractional_max_pool2d/3d`: windows of random places."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Op, Sample, layer, op, say, t
from shapelint.ops.conv import layer_dims, sizes_around
from shapelint.ops.pool import with_indices
from shapelint.ops.spatial import scaled, spatial
from shapelint.shapes.dim import Dim
from shapelint.values.model import Tuple, Value

C1 = Constraint("C1", "input-rank", "`input` is `([batch], channels, *space)`")
C2 = Constraint(
    "C2", "pool-size", "the windows fit into the input: `output_size + kernel_size - 1` (one more in 3d) entries"
)
C3 = Constraint("C3", "invalid-option", "`output_size` or `output_ratio` is given")


def _demand_option(cx: Context, output_size: Value, output_ratio: Value) -> None:
    if cx.is_none(output_size) and cx.is_none(output_ratio):
        cx.refute(
            "C3", say("{subject} requires specifying either an output_size or an output_ratio"), operand="output_size"
        )


def _pool(
    cx: Context, count: int, input: Value, kernel_size: Value, output_size: Value, output_ratio: Value, indices: bool
) -> Value:
    _demand_option(cx, output_size, output_ratio)
    found = spatial(cx, input, count, "C1")
    kernel = cx.pair(kernel_size, count)
    sizes: list[Dim]
    if cx.is_none(output_size):
        ratios = cx.items(output_ratio) if isinstance(output_ratio, Tuple) else (output_ratio,) * count
        sizes = [scaled(cx, axis.size, ratio) for axis, ratio in zip(found.space, ratios, strict=True)]
    else:
        sizes = cx.pair(output_size, count)
    space = [axis.resized(size) for axis, size in zip(found.space, sizes, strict=True)]
    result = with_indices(found, space, indices)
    cx.expect(result)
    for axis, size, k in zip(found.space, sizes, kernel, strict=True):
        need = size + k - (1 if count == 2 else 0)
        if cx.facts.at_most(axis.size - need, -1, proof=True):
            cx.refute(
                "C2",
                say("pool size {kernel} too large relative to input size {size}", kernel=k, size=axis.size),
                sizes=(need, axis.size),
            )
    return result


def _draw(rng: random.Random, count: int) -> tuple[object, object, dict[str, object]]:
    options: dict[str, object] = {}
    choice = rng.random()
    if choice < 0.5:
        options["output_size"] = (
            rng.randint(1, 3) if rng.random() < 0.5 else tuple(rng.randint(1, 3) for _ in range(count))
        )
    elif choice < 0.9:
        options["output_ratio"] = tuple(rng.choice([0.5, 0.75]) for _ in range(count))
    if rng.random() < 0.3:
        options["return_indices"] = True
    kernel = rng.randint(1, 3) if rng.random() < 0.5 else tuple(rng.randint(1, 3) for _ in range(count))
    return t(*sizes_around(rng, count, rng.randint(1, 2), 3, 6)), kernel, options


def _layer_sample(rng: random.Random) -> Sample:
    count = rng.choice([2, 3])
    x, kernel, options = _draw(rng, count)
    if "output_ratio" in options and rng.random() < 0.5:
        options["output_ratio"] = 0.5
    return Sample(f"torch.nn.FractionalMaxPool{count}d", (x,), {}, (kernel,), options)


FRACTIONAL = layer(
    "FractionalMaxPool",
    ("torch.nn.FractionalMaxPool2d", "torch.nn.FractionalMaxPool3d"),
    "kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None",
    call="input",
    constraints=(C1, C2, C3),
    samples=_layer_sample,
)


@FRACTIONAL.build
def fractional_build(cx: Context, layer: Layer) -> None:
    """C3 is raised by the constructor."""
    _demand_option(cx, layer.value("output_size"), layer.value("output_ratio"))


@FRACTIONAL.rule
def fractional_max_pool_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], C, *L) -> ([N], C, *L')`, `L'` being `output_size` or `floor(L * output_ratio)`. With `return_indices` a
    pair.

    C1: one batch axis or none. C2: room for the windows. C3: a size or a ratio is given.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html
    """
    kernel, size, ratio = (layer.value(n) for n in ("kernel_size", "output_size", "output_ratio"))
    return _pool(cx, layer_dims(layer.name), input, kernel, size, ratio, layer.flag("return_indices"))


def _function(count: int) -> Op:
    def sample(rng: random.Random) -> Sample:
        x, kernel, options = _draw(rng, count)
        return Sample(f"torch.nn.functional.fractional_max_pool{count}d", (x, kernel), options)

    made = op(
        f"fractional_max_pool{count}d",
        (f"torch.nn.functional.fractional_max_pool{count}d",),
        "input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None",
        constraints=(C1, C2, C3),
        samples=sample,
    )

    @made.rule
    def fractional_max_pool(
        cx: Context,
        input: Value,
        kernel_size: Value,
        output_size: Value,
        output_ratio: Value,
        return_indices: Value,
        _random_samples: Value,
    ) -> Value:
        """`([N], C, *L) -> ([N], C, *L')`, `L'` being `output_size` or `floor(L * output_ratio)`.

        C1: one batch axis or none. C2: room for the windows. C3: a size or a ratio is given.
        Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html
        """
        return _pool(cx, count, input, kernel_size, output_size, output_ratio, cx.flag(return_indices))

    return made


FUNCTIONS = [_function(count) for count in (2, 3)]
