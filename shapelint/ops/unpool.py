"""`nn.MaxUnpool1d/2d/3d` and `F.max_unpool1d/2d/3d`: entries put back where a max pool took them from."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Layer, Op, Sample, layer, op, say, t
from shapelint.ops.conv import layer_dims, sizes_around
from shapelint.ops.spatial import spatial
from shapelint.values.model import Tensor, Value

C1 = Constraint("C1", "input-rank", "`input` is `([batch], channels, *space)`")
C2 = Constraint("C2", "pool-size", "`indices` has the shape of `input`")
C3 = Constraint("C3", "pool-size", "`output_size` is within one stride of the default size")


def _unpool(
    cx: Context,
    count: int,
    input: Value,
    indices: Value,
    kernel_size: Value,
    stride: Value,
    padding: Value,
    output_size: Value,
) -> Tensor:
    found = spatial(cx, input, count, "C1")
    kernel = cx.pair(kernel_size, count)
    steps = kernel if cx.is_none(stride) else cx.pair(stride, count)
    pads = cx.pair(padding, count)
    rows = zip(found.space, kernel, steps, pads, strict=True)
    sizes = [(axis.size - 1) * s + k - 2 * p for axis, k, s, p in rows]
    if not cx.is_none(output_size):
        asked = [cx.int(v) for v in cx.items(output_size)]
        asked = asked[len(asked) - count :] if len(asked) == count + 2 else asked
        if len(asked) != count:
            cx.refute(
                "C3",
                say(
                    "output_size should have {want} or {more} entries but has {got}",
                    want=count,
                    more=count + 2,
                    got=len(asked),
                ),
            )
        for want, usual, s in zip(asked, sizes, steps, strict=True):
            if cx.facts.at_most(want - (usual - s), 0, proof=True) or cx.facts.at_least(
                want - (usual + s), 0, proof=True
            ):
                cx.refute(
                    "C3",
                    say(
                        "invalid output_size {want}: it must lie between {low} and {high}",
                        want=want,
                        low=usual - s,
                        high=usual + s,
                    ),
                    operand="output_size",
                    sizes=(usual, want),
                )
        sizes = asked
    space = [axis.resized(size) for axis, size in zip(found.space, sizes, strict=True)]
    result = found.to(found.channel, space)
    cx.expect(result)
    if any(cx.facts.at_most(size, 0, proof=True) for size in sizes):
        raise CannotTell("dynamic-value")
    places, x = cx.tensor(indices), cx.facts.shape(found.x.shape)
    if places.shape.rank is not None and x.rank is not None:
        headline = say(
            "expected shape of indices to be same as that of the input tensor {want}, but got {got}",
            want=x,
            got=places.shape,
        )
        cx.ranks(places, (x.rank,), "C2", headline, "indices")
        for a, b in zip(x.dims, places.shape.dims, strict=True):
            cx.demand_equal("C2", a, b, headline, operand="indices")
    return result


def _draw(rng: random.Random, count: int) -> tuple[tuple[object, ...], dict[str, object], object, dict[str, object]]:
    """Input and indices, the call's options, kernel, and the layer's options of a sample."""
    kernel, stride = rng.randint(1, 3), rng.randint(1, 3)
    layer_options: dict[str, object] = {"stride": stride} if rng.random() < 0.5 else {}
    if kernel > 1 and rng.random() < 0.2:
        layer_options["padding"] = 0
    sizes = sizes_around(rng, count, rng.randint(1, 2), 2, 4)
    places = [*sizes[:-1], sizes[-1] + 1] if rng.random() < 0.1 else sizes[1:] if rng.random() < 0.05 else sizes
    options: dict[str, object] = {}
    step = layer_options.get("stride", kernel)
    assert isinstance(step, int)
    if rng.random() < 0.4:
        asked = [(n - 1) * step + kernel + rng.randint(-1, 2) for n in sizes[-count:]]
        options["output_size"] = asked if rng.random() < 0.8 else [1, 1, *asked] if rng.random() < 0.6 else [*asked, 1]
    x = t(*sizes)
    # an index of 0 lies in every output
    return (x, t(*places, dtype="int", high=1)), options, kernel, layer_options


def _layer_sample(rng: random.Random) -> Sample:
    count = rng.randint(1, 3)
    args, options, kernel, layer_options = _draw(rng, count)
    return Sample(f"torch.nn.MaxUnpool{count}d", args, options, (kernel,), layer_options)


MAX_UNPOOL = layer(
    "MaxUnpool",
    ("torch.nn.MaxUnpool1d", "torch.nn.MaxUnpool2d", "torch.nn.MaxUnpool3d"),
    "kernel_size, stride=None, padding=0",
    call="input, indices, output_size=None",
    constraints=(C1, C2, C3),
    samples=_layer_sample,
)


@MAX_UNPOOL.rule
def max_unpool_layer(cx: Context, layer: Layer, input: Value, indices: Value, output_size: Value) -> Value:
    """`([N], C, *L) -> ([N], C, *L')`, `L' = (L - 1)*stride + kernel_size - 2*padding`, or the `output_size` asked for.

    C1: one batch axis or none. C2: `indices` of the same shape. C3: `output_size` within one stride of that.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
    """
    kernel, stride, padding = (layer.value(n) for n in ("kernel_size", "stride", "padding"))
    return _unpool(cx, layer_dims(layer.name), input, indices, kernel, stride, padding, output_size)


def _function(count: int) -> Op:
    def sample(rng: random.Random) -> Sample:
        args, options, kernel, layer_options = _draw(rng, count)
        return Sample(f"torch.nn.functional.max_unpool{count}d", (*args, kernel), {**options, **layer_options})

    made = op(
        f"max_unpool{count}d",
        (f"torch.nn.functional.max_unpool{count}d",),
        "input, indices, kernel_size, stride=None, padding=0, output_size=None",
        constraints=(C1, C2, C3),
        samples=sample,
    )

    @made.rule
    def max_unpool(
        cx: Context,
        input: Value,
        indices: Value,
        kernel_size: Value,
        stride: Value,
        padding: Value,
        output_size: Value,
    ) -> Value:
        """`([N], C, *L) -> ([N], C, *L')` with the formula of `nn.MaxUnpool2d`.

        C1: one batch axis or none. C2: `indices` of the same shape. C3: `output_size` within one stride of the default.
        Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html
        """
        return _unpool(cx, count, input, indices, kernel_size, stride, padding, output_size)

    return made


FUNCTIONS = [_function(count) for count in (1, 2, 3)]
