"""Convolutions: `nn.Conv1d/2d/3d` and `F.conv1d/2d/3d`."""

from __future__ import annotations

import random
from collections.abc import Mapping

from shapelint.ops.contract import Constraint, Context, Layer, Op, Sample, Sampler, layer, op, say, t
from shapelint.ops.spatial import Spatial, extent, float_tensor, int_tuple, require_positive, spatial
from shapelint.shapes.dim import ZERO, Dim
from shapelint.shapes.shape import Axis
from shapelint.values.model import NONE, Str, Value

C1 = Constraint("C1", "conv-channels", "`input` has `in_channels` channels")
C2 = Constraint("C2", "conv-input-rank", "`input` is `([batch], channels, *space)`")
C3 = Constraint("C3", "conv-size", "the kernel fits into the padded input")
C4 = Constraint("C4", "invalid-option", "`groups` divides the channels")
C5 = Constraint("C5", "invalid-option", "padding 'same' goes with a stride of 1")
C6 = Constraint("C6", "invalid-option", "stride and dilation are at least 1, padding at least 0; modes are known ones")
C7 = Constraint("C7", "padding-size", "a reflecting or circular padding is no longer than the input")
C8 = Constraint("C8", "conv-input-rank", "`weight` has the axes of a batched input")
C9 = Constraint("C9", "conv-channels", "`bias` has `out_channels` entries")

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Window:
    """The options of a convolution over `count` axes. `padding` is None for 'same'. A negative one `crops` where
    another op than the
    convolution pads."""

    def __init__(
        self, cx: Context, count: int, kernel: list[Dim], options: Mapping[str, Value], *, crops: bool = False
    ) -> None:
        self.kernel = kernel
        self.stride = cx.pair(options["stride"], count)
        self.dilation = cx.pair(options["dilation"], count)
        padding = options["padding"]
        self.padding: list[Dim] | None
        if isinstance(padding, Str):
            mode = cx.text(padding)
            if mode not in ("same", "valid"):
                cx.refute(
                    "C6",
                    say("invalid padding string {mode}, should be one of 'same', 'valid'", mode=repr(mode)),
                    operand="padding",
                )
            self.padding = None if mode == "same" else [ZERO] * count
        else:
            self.padding = cx.pair(padding, count)
            if not crops:
                require_positive(cx, "C6", "padding", self.padding, 0)
        require_positive(cx, "C6", "stride", self.stride)
        require_positive(cx, "C6", "dilation", self.dilation)
        if self.padding is None and any(cx.facts.at_least(s, 2, proof=True) for s in self.stride):
            cx.refute("C5", say("padding='same' is not supported for strided convolutions"), operand="padding")

    def slide(self, cx: Context, space: tuple[Axis, ...]) -> list[Axis]:
        """The axes of space that come out: `(n + 2*padding - dilation*(kernel - 1) - 1)//stride + 1`."""
        if self.padding is None:
            return list(space)
        rows = zip(space, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        return [axis.resized((axis.size + 2 * p - extent(k, d)) // s + 1) for axis, k, s, p, d in rows]

    def fit(self, cx: Context, space: tuple[Axis, ...], constraint: str = "C3") -> None:
        """Demand that the kernel fit along every axis."""
        if self.padding is None:
            return
        for axis, k, p, d in zip(space, self.kernel, self.padding, self.dilation, strict=True):
            room, need = axis.size + 2 * p, extent(k, d)
            if cx.facts.at_most(room - need, -1, proof=True):
                cx.refute(
                    constraint,
                    say(
                        "calculated padded input size per channel ({room}) is smaller than the kernel ({need})",
                        room=room,
                        need=need,
                    ),
                    sizes=(need, room),
                )
            cx.facts.raise_low(room - need, 0)


def require_groups(cx: Context, constraint: str, channels: Dim, groups: Dim, name: str) -> None:
    """Demand that `groups` divide a number of channels."""
    require_positive(cx, constraint, "groups", [groups])
    count, parts = channels.value, groups.value
    if count is not None and parts is not None and count % parts:
        cx.refute(
            constraint,
            say("{name} must be divisible by groups: {count} by {parts}", name=name, count=count, parts=parts),
            operand=name,
            sizes=(channels, groups),
        )
    cx.facts.learn_divides(channels, groups)


def require_channels(cx: Context, constraint: str, want: Dim, found: Spatial) -> None:
    """Demand the number of channels that a layer was built for."""
    cx.demand_equal(
        constraint,
        want,
        found.channel.size,
        say("{subject} expects {want} channels but receives {got}", want=want, got=found.channel.size),
        label=say("{@input} has {got} channels", got=found.channel.size),
    )


def layer_dims(name: str) -> int:
    """The number of axes of space of a layer such as `Conv2d`."""
    return int(name[-2])


def sizes_around(rng: random.Random, count: int, channels: int, low: int = 1, high: int = 6) -> list[int]:
    """A sample's input shape, now and then of a wrong rank."""
    lead = [rng.randint(1, 3)] if rng.random() < 0.7 else []
    sizes = [*lead, channels, *(rng.randint(low, high) for _ in range(count))]
    if rng.random() < 0.06:
        return sizes[1:] if len(lead) == 0 else [1, *sizes]
    return sizes


def _sample_options(rng: random.Random, count: int) -> dict[str, object]:
    def several(low: int, high: int) -> object:
        return rng.randint(low, high) if rng.random() < 0.7 else tuple(rng.randint(low, high) for _ in range(count))

    options: dict[str, object] = {}
    if rng.random() < 0.5:
        options["stride"] = several(1, 3) if rng.random() < 0.95 else 0
    if rng.random() < 0.7:
        options["padding"] = rng.choice(
            [
                several(0, 2),
                several(0, 2),
                "same",
                "valid",
                several(0, 2) if rng.random() < 0.8 else rng.choice([-1, "none"]),
            ]
        )
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
        if rng.random() < 0.2:
            out += 1
    if rng.random() < 0.3:
        options["padding_mode"] = rng.choice(PADDING_MODES)
    if rng.random() < 0.1:
        options["bias"] = False
    got = channels if rng.random() < 0.85 else rng.randint(1, 4)
    kernel = rng.randint(1, 3) if rng.random() < 0.7 else tuple(rng.randint(1, 3) for _ in range(count))
    x = t(*sizes_around(rng, count, got))
    return Sample(f"torch.nn.Conv{count}d", (x,), init=(channels, out, kernel), init_kwargs=options)


CONV = layer(
    "Conv",
    ("torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d"),
    "in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, "
    "padding_mode='zeros', device=None, dtype=None",
    call="input",
    constraints=(C1, C2, C3, C4, C5, C6, C7),
    samples=_layer_sample,
)


def layer_window(cx: Context, layer: Layer) -> Window:
    """The options that a `Conv` layer was built with."""
    count = layer_dims(layer.name)
    crops = cx.text(layer.value("padding_mode")) != "zeros"
    return Window(cx, count, cx.pair(layer.value("kernel_size"), count), layer.config.args, crops=crops)


@CONV.build
def conv_build(cx: Context, layer: Layer) -> None:
    """C4, C5, C6 are raised by the constructor (a stride, dilation or padding out of range only by the call)."""
    require_groups(cx, "C4", layer.size("in_channels"), layer.int("groups"), "in_channels")
    require_groups(cx, "C4", layer.size("out_channels"), layer.int("groups"), "out_channels")
    mode = layer.value("padding_mode")
    if isinstance(mode, Str) and mode.value is not None and mode.value not in PADDING_MODES:
        cx.refute("C6", say("unknown padding mode {mode}", mode=repr(mode.value)), operand="padding_mode")
    if isinstance(layer.value("padding"), Str):
        layer_window(cx, layer)


@CONV.rule
def conv_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], in_channels, *L) -> ([N], out_channels, *L')`, `L' = (L + 2*padding - dilation*(kernel_size - 1) -
    1)//stride + 1`.

    C1: the channels are `in_channels`. C2: one batch axis or none. C3: the kernel fits into the padded input. C4:
    `groups` divides both numbers of
    channels. C5: 'same' with a stride of 1. C6: options in range. C7: a reflecting padding is shorter than the input, a
    circular one no longer.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """
    want = layer.size("in_channels")
    found = spatial(cx, input, layer_dims(layer.name), "C2", want)
    window = layer_window(cx, layer)
    result = found.filtered(cx, layer.size("out_channels"), window.slide(cx, found.space)).with_dtype("float")
    cx.expect(result)
    _check_padding_mode(cx, cx.text(layer.value("padding_mode")), window, found)
    require_channels(cx, "C1", want, found)
    window.fit(cx, found.space)
    return result


def _check_padding_mode(cx: Context, mode: str, window: Window, found: Spatial) -> None:
    if mode not in ("reflect", "circular"):
        return
    for place, axis in enumerate(found.space):
        total = window.dilation[place] * (window.kernel[place] - 1)
        # 'same' puts the odd entry on the right
        pad = total - total // 2 if window.padding is None else window.padding[place]
        most = axis.size - 1 if mode == "reflect" else axis.size
        if cx.facts.at_most(most - pad, -1, proof=True):
            cx.refute(
                "C7",
                say(
                    "padding {pad} is too long for an axis of {size} entries ({mode})",
                    pad=pad,
                    size=axis.size,
                    mode=mode,
                ),
                sizes=(most, pad),
            )
        cx.facts.raise_low(most - pad, 0)


@CONV.attributes
def conv_attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    count = layer_dims(layer.name)
    if name == "weight":
        inner = layer.size("in_channels") // layer.size("groups")
        return float_tensor(layer.size("out_channels"), inner, *cx.pair(layer.value("kernel_size"), count))
    if name == "bias":
        return float_tensor(layer.size("out_channels")) if layer.flag("bias") else NONE
    if name in ("kernel_size", "stride", "dilation") or (
        name == "padding" and not isinstance(layer.value("padding"), Str)
    ):
        return int_tuple(cx.pair(layer.value(name), count))
    if name == "output_padding":
        return int_tuple([ZERO] * count)
    return None


def _function_sample(count: int) -> Sampler:
    def sample(rng: random.Random) -> Sample:
        groups = rng.choice([1, 1, 1, 2])
        inner, out = rng.randint(1, 3), groups * rng.randint(1, 3)
        options = _sample_options(rng, count)
        if groups > 1:
            options["groups"] = groups
            if rng.random() < 0.2:
                out += 1
        got = inner * groups if rng.random() < 0.85 else rng.randint(1, 4)
        weight = t(out, inner, *(rng.randint(1, 3) for _ in range(count if rng.random() < 0.93 else count - 1)))
        x = t(*sizes_around(rng, count, got))
        if rng.random() < 0.4:
            options["bias"] = t(out if rng.random() < 0.75 else out + 1)
        return Sample(f"torch.{rng.choice(['', 'nn.functional.'])}conv{count}d", (x, weight), options)

    return sample


def _function(count: int) -> Op:
    made = op(
        f"conv{count}d",
        (f"torch.nn.functional.conv{count}d", f"torch.conv{count}d"),
        "input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1",
        constraints=(C1, C2, C3, C4, C5, C6, C8, C9),
        samples=_function_sample(count),
    )

    @made.rule
    def conv(
        cx: Context,
        input: Value,
        weight: Value,
        bias: Value,
        stride: Value,
        padding: Value,
        dilation: Value,
        groups: Value,
    ) -> Value:
        """`([N], g*i, *L), (o, i, *k) -> ([N], o, *L')` with the formula of `nn.Conv2d`.

        C1: the channels are `groups * weight.size(1)`. C2: one batch axis or none. C3: the kernel fits. C4: `groups`
        divides `o`. C5: 'same' with a
        stride of 1. C6: options in range. C8: `weight` has as many axes as a batched input. C9: `bias` is `(o,)`.
        Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
        """
        w = cx.tensor(weight)
        parts = cx.int(groups)
        kernel = cx.ranks(
            w,
            (count + 2,),
            "C8",
            say("expected {want}-dimensional weight but got {got}", want=count + 2, got=w.shape),
            "weight",
        )
        out, inner, *window_axes = kernel.shape.axes
        want = inner.size * parts
        found = spatial(cx, input, count, "C2", want)
        options = {"stride": stride, "padding": padding, "dilation": dilation}
        window = Window(cx, count, [a.size for a in window_axes], options)
        result = found.to(out, window.slide(cx, found.space)).with_dtype("float")
        cx.expect(result)
        require_groups(cx, "C4", out.size, parts, "weight")
        require_channels(cx, "C1", want, found)
        require_bias(cx, "C9", bias, out.size)
        window.fit(cx, found.space)
        return result

    return made


def require_bias(cx: Context, constraint: str, bias: Value, out: Dim) -> None:
    """Demand a bias of one entry per output channel."""
    b = cx.maybe_tensor(bias)
    if b is None:
        return
    b = cx.ranks(b, (1,), constraint, say("expected bias to be 1-dimensional but got {shape}", shape=b.shape), "bias")
    got = b.shape.dims[0]
    cx.demand_equal(
        constraint,
        out,
        got,
        say("{subject} expects a bias of {want} entries but receives {got}", want=out, got=got),
        operand="bias",
    )


CONVOLUTIONS = {count: _function(count) for count in (1, 2, 3)}
