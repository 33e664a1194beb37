"""Transposed convolutions: `nn.ConvTranspose1d/2d/3d` and `F.conv_transpose1d/2d/3d`."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Op, Sample, Sampler, layer, op, say, t
from shapelint.ops.conv import layer_dims, require_bias, require_channels, require_groups, sizes_around
from shapelint.ops.spatial import Spatial, extent, float_tensor, int_tuple, require_positive, spatial
from shapelint.shapes.dim import ZERO, Dim, maximum
from shapelint.shapes.shape import Axis
from shapelint.values.model import NONE, Str, Value

C1 = Constraint("C1", "conv-channels", "`input` has `in_channels` channels")
C2 = Constraint("C2", "conv-input-rank", "`input` is `([batch], channels, *space)`")
C3 = Constraint("C3", "conv-size", "the output has no negative size")
C4 = Constraint("C4", "invalid-option", "`groups` divides the channels")
C5 = Constraint("C5", "invalid-option", "`output_padding` is smaller than the stride or the dilation")
C6 = Constraint("C6", "invalid-option", "stride and dilation are at least 1, paddings at least 0, the mode is 'zeros'")
C7 = Constraint("C7", "conv-size", "`output_size` is one of the sizes that the input can come from")
C8 = Constraint("C8", "conv-input-rank", "`weight` has the axes of a batched input")
C9 = Constraint("C9", "conv-channels", "`bias` has an entry for every output channel")


class Spread:
    """The options of a transposed convolution over `count` axes."""

    def __init__(
        self,
        cx: Context,
        count: int,
        kernel: list[Dim],
        stride: Value,
        padding: Value,
        output_padding: Value,
        dilation: Value,
    ) -> None:
        self.kernel = kernel
        self.stride = cx.pair(stride, count)
        self.padding = cx.pair(padding, count)
        self.dilation = cx.pair(dilation, count)
        self.output_padding = cx.pair(output_padding, count)

    def demand(self, cx: Context) -> None:
        """C5 and C6."""
        require_positive(cx, "C6", "stride", self.stride)
        require_positive(cx, "C6", "dilation", self.dilation)
        require_positive(cx, "C6", "padding", self.padding, 0)
        require_positive(cx, "C6", "output_padding", self.output_padding, 0)
        for extra, s, d in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if cx.facts.at_least(extra - s, 0, proof=True) and cx.facts.at_least(extra - d, 0, proof=True):
                cx.refute(
                    "C5",
                    say(
                        "output padding {extra} must be smaller than either stride {s} or dilation {d}",
                        extra=extra,
                        s=s,
                        d=d,
                    ),
                    operand="output_padding",
                    sizes=(maximum([s, d]), extra),
                )

    def least(self, space: tuple[Axis, ...]) -> list[Dim]:
        """The sizes that come out without output padding: `(n - 1)*stride - 2*padding + dilation*(kernel - 1) + 1`."""
        rows = zip(space, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        return [(axis.size - 1) * s - 2 * p + extent(k, d) for axis, k, s, p, d in rows]

    def sizes(self, space: tuple[Axis, ...]) -> list[Dim]:
        return [n + extra for n, extra in zip(self.least(space), self.output_padding, strict=True)]


def _require_output(cx: Context, sizes: list[Dim]) -> None:
    for size in sizes:
        # some of torch's kernels accept an output of 0 entries
        if cx.facts.at_most(size, -1, proof=True):
            cx.refute("C3", say("calculated output size {size} is too small", size=size), sizes=(Dim.of(1), size))
        cx.facts.raise_low(size, 0)


def _asked_sizes(cx: Context, output_size: Value, spread: Spread, found: Spatial) -> list[Dim] | None:
    """The sizes that `output_size` asks for; a whole shape may be given, of which the last entries count."""
    if cx.is_none(output_size):
        return None
    asked = [cx.int(v) for v in cx.items(output_size)]
    count = len(found.space)
    if len(asked) > count:
        asked = asked[len(asked) - count :]
    if len(asked) < count:
        cx.refute(
            "C7",
            say("output_size must have {want} entries but has {got}", want=count, got=len(asked)),
            operand="output_size",
        )
    for want, low, stride in zip(asked, spread.least(found.space), spread.stride, strict=True):
        high = low + stride - 1
        if cx.facts.at_most(want - low, -1, proof=True) or cx.facts.at_least(want - high, 1, proof=True):
            cx.refute(
                "C7",
                say(
                    "requested an output size of {want}, but valid sizes range from {low} to {high}",
                    want=want,
                    low=low,
                    high=high,
                ),
                operand="output_size",
                sizes=(low, want),
            )
    return asked


def _sample_options(rng: random.Random, count: int) -> dict[str, object]:
    def several(low: int, high: int) -> object:
        return rng.randint(low, high) if rng.random() < 0.7 else tuple(rng.randint(low, high) for _ in range(count))

    options: dict[str, object] = {}
    if rng.random() < 0.6:
        options["stride"] = several(1, 3) if rng.random() < 0.95 else 0
    if rng.random() < 0.5:
        # an output of exactly 0 entries is accepted by some of torch's kernels only: 12 always gives less
        options["padding"] = several(0, 1) if rng.random() < 0.8 else rng.choice([-1, 12])
    if rng.random() < 0.4:
        options["output_padding"] = several(0, 1)
    if rng.random() < 0.3:
        options["dilation"] = several(1, 2)
    return options


def _layer_sample(rng: random.Random) -> Sample:
    count = rng.randint(1, 3)
    groups = rng.choice([1, 1, 1, 2])
    channels, out = groups * rng.randint(1, 3), groups * rng.randint(1, 3)
    options = _sample_options(rng, count)
    if groups > 1:
        options["groups"] = groups
        out += rng.random() < 0.2
    if rng.random() < 0.04:
        options["padding_mode"] = "reflect"
    kernel = rng.randint(1, 3) if rng.random() < 0.7 else tuple(rng.randint(1, 3) for _ in range(count))
    sizes = sizes_around(rng, count, channels if rng.random() < 0.85 else rng.randint(1, 4), low=4, high=5)
    named: dict[str, object] = {}
    if rng.random() < 0.25:
        named["output_size"] = [rng.randint(1, 2) + 2 * n for n in sizes[-count:]]
        if rng.random() < 0.3:
            named["output_size"] = [*sizes[:-count], *named["output_size"]]  # type: ignore[misc]
    return Sample(f"torch.nn.ConvTranspose{count}d", (t(*sizes),), named, (channels, out, kernel), options)


CONV_TRANSPOSE = layer(
    "ConvTranspose",
    ("torch.nn.ConvTranspose1d", "torch.nn.ConvTranspose2d", "torch.nn.ConvTranspose3d"),
    "in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1, "
    "padding_mode='zeros', device=None, dtype=None",
    call="input, output_size=None",
    constraints=(C1, C2, C3, C4, C5, C6, C7),
    samples=_layer_sample,
)


def layer_spread(cx: Context, layer: Layer) -> Spread:
    """The options that a `ConvTranspose` layer was built with."""
    count = layer_dims(layer.name)
    names = ("stride", "padding", "output_padding", "dilation")
    return Spread(cx, count, cx.pair(layer.value("kernel_size"), count), *(layer.value(n) for n in names))


@CONV_TRANSPOSE.build
def conv_transpose_build(cx: Context, layer: Layer) -> None:
    """C4 and the mode of C6 are raised by the constructor."""
    mode = layer.value("padding_mode")
    if isinstance(mode, Str) and mode.value not in ("zeros", None):
        cx.refute("C6", say("only 'zeros' padding mode is supported for {subject}"), operand="padding_mode")
    require_groups(cx, "C4", layer.size("in_channels"), layer.int("groups"), "in_channels")
    require_groups(cx, "C4", layer.size("out_channels"), layer.int("groups"), "out_channels")


@CONV_TRANSPOSE.rule
def conv_transpose_layer(cx: Context, layer: Layer, input: Value, output_size: Value) -> Value:
    """`([N], in_channels, *L) -> ([N], out_channels, *L')`,
    `L' = (L - 1)*stride - 2*padding + dilation*(kernel_size - 1) + output_padding + 1`, or the `output_size` asked for.

    C1: the channels are `in_channels`. C2: one batch axis or none. C3: no size of the output is negative. C4: `groups`
    divides
    both numbers of channels.
    C5: `output_padding` below stride or dilation. C6: options in range. C7: `output_size` within one stride of the
    least size.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """
    want = layer.size("in_channels")
    found = spatial(cx, input, layer_dims(layer.name), "C2", want)
    spread = layer_spread(cx, layer)
    asked = _asked_sizes(cx, output_size, spread, found)
    sizes = spread.sizes(found.space) if asked is None else asked
    space = [axis.resized(size) for axis, size in zip(found.space, sizes, strict=True)]
    result = found.filtered(cx, layer.size("out_channels"), space).with_dtype("float")
    cx.expect(result)
    if asked is not None:
        spread.output_padding = [ZERO] * len(asked)  # the padding of the call is what `output_size` makes it
    spread.demand(cx)
    require_channels(cx, "C1", want, found)
    _require_output(cx, sizes)
    return result


@CONV_TRANSPOSE.attributes
def conv_transpose_attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    count = layer_dims(layer.name)
    if name == "weight":
        inner = layer.size("out_channels") // layer.size("groups")
        return float_tensor(layer.size("in_channels"), inner, *cx.pair(layer.value("kernel_size"), count))
    if name == "bias":
        return float_tensor(layer.size("out_channels")) if layer.flag("bias") else NONE
    if name in ("kernel_size", "stride", "padding", "output_padding", "dilation"):
        return int_tuple(cx.pair(layer.value(name), count))
    return None


def _function_sample(count: int) -> Sampler:
    def sample(rng: random.Random) -> Sample:
        groups = rng.choice([1, 1, 1, 2])
        channels, inner = groups * rng.randint(1, 3), rng.randint(1, 3)
        options = _sample_options(rng, count)
        if groups > 1:
            options["groups"] = groups
            channels += rng.random() < 0.2
        got = channels if rng.random() < 0.85 else rng.randint(1, 4)
        weight = t(channels, inner, *(rng.randint(1, 3) for _ in range(count if rng.random() < 0.93 else count - 1)))
        if rng.random() < 0.4:
            options["bias"] = t(inner * groups if rng.random() < 0.75 else inner * groups + 1)
        x = t(*sizes_around(rng, count, got, low=4, high=5))
        return Sample(f"torch.{rng.choice(['', 'nn.functional.'])}conv_transpose{count}d", (x, weight), options)

    return sample


def _function(count: int) -> Op:
    made = op(
        f"conv_transpose{count}d",
        (f"torch.nn.functional.conv_transpose{count}d", f"torch.conv_transpose{count}d"),
        "input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1",
        constraints=(C1, C2, C3, C4, C5, C6, C8, C9),
        samples=_function_sample(count),
    )

    @made.rule
    def conv_transpose(
        cx: Context,
        input: Value,
        weight: Value,
        bias: Value,
        stride: Value,
        padding: Value,
        output_padding: Value,
        groups: Value,
        dilation: Value,
    ) -> Value:
        """`([N], i, *L), (i, o, *k) -> ([N], groups*o, *L')` with the formula of `nn.ConvTranspose2d`.

        C1: the channels are `weight.size(0)`. C2: one batch axis or none. C3: no size of the output is negative. C4:
        `groups`
        divides `i`.
        C5: `output_padding` below stride or dilation. C6: options in range. C8: `weight` has as many axes as a batched
        input.
        C9: `bias` is `(groups*o,)`.
        Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
        """
        w = cx.tensor(weight)
        parts = cx.int(groups)
        headline = say("expected {want}-dimensional weight but got {got}", want=count + 2, got=w.shape)
        kernel = cx.ranks(w, (count + 2,), "C8", headline, "weight")
        want, inner, *window = kernel.shape.axes
        found = spatial(cx, input, count, "C2", want.size)
        spread = Spread(cx, count, [a.size for a in window], stride, padding, output_padding, dilation)
        sizes = spread.sizes(found.space)
        out = inner.size * parts
        space = [axis.resized(size) for axis, size in zip(found.space, sizes, strict=True)]
        result = found.to(out, space).with_dtype("float")
        cx.expect(result)
        require_groups(cx, "C4", want.size, parts, "weight")
        spread.demand(cx)
        require_channels(cx, "C1", want.size, found)
        require_bias(cx, "C9", bias, out)
        _require_output(cx, sizes)
        return result

    return made


TRANSPOSED = {count: _function(count) for count in (1, 2, 3)}
