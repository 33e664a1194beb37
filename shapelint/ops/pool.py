"""Pools with a window that slides: max, average and power-average, over one to three axes."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Op, Sample, Sampler, T, layer, op, say, t
from shapelint.ops.conv import layer_dims, sizes_around
from shapelint.ops.spatial import Spatial, extent, require_positive, spatial
from shapelint.shapes.dim import ONE, ZERO, minimum
from shapelint.shapes.shape import Axis
from shapelint.values.model import FALSE, NONE, Int, Tuple, Value

C1 = Constraint(
    "C1", "pool-size", "the window fits into the padded input (that of an average over three axes into the bare input)"
)
C2 = Constraint("C2", "input-rank", "`input` is `([batch], channels, *space)`")
C3 = Constraint("C3", "invalid-option", "the padding is at most half of the window")
C4 = Constraint("C4", "invalid-option", "kernel, stride and dilation are at least 1, padding at least 0")


class Pool:
    """The options of a pool over `count` axes."""

    def __init__(
        self,
        cx: Context,
        count: int,
        kernel_size: Value,
        stride: Value,
        padding: Value,
        dilation: Value,
        ceil_mode: Value,
    ) -> None:
        self.kernel = cx.pair(kernel_size, count)
        self.stride = (
            self.kernel
            if cx.is_none(stride) or (isinstance(stride, Tuple) and not stride.items)
            else cx.pair(stride, count)
        )
        self.padding = cx.pair(padding, count)
        self.dilation = cx.pair(dilation, count)
        self.ceil = cx.flag(ceil_mode)

    def demand(self, cx: Context) -> None:
        """C3 and C4."""
        require_positive(cx, "C4", "kernel_size", self.kernel)
        require_positive(cx, "C4", "stride", self.stride)
        require_positive(cx, "C4", "dilation", self.dilation)
        require_positive(cx, "C4", "padding", self.padding, 0)
        for k, p in zip(self.kernel, self.padding, strict=True):
            most = k // 2
            if cx.facts.at_most(most - p, -1, proof=True):
                cx.refute(
                    "C3",
                    say(
                        "pad should be at most half of kernel size, but got pad={pad} and kernel_size={kernel}",
                        pad=p,
                        kernel=k,
                    ),
                    operand="padding",
                    sizes=(most, p),
                )

    def slide(self, cx: Context, space: tuple[Axis, ...]) -> list[Axis]:
        """The axes that come out: `(n + 2*padding - dilation*(kernel - 1) - 1)//stride + 1`, rounded up with
        `ceil_mode` where the last window
        begins inside the input or its left padding."""
        found = []
        for axis, k, s, p, d in zip(space, self.kernel, self.stride, self.padding, self.dilation, strict=True):
            room = axis.size + 2 * p - extent(k, d)
            size = room // s + 1
            if self.ceil:
                size = (room + s - 1) // s + 1
                if not cx.facts.at_most(p - extent(k, d) + s, 0, proof=True):
                    size = minimum([size, (axis.size + p - 1) // s + 1])
            found.append(axis.resized(size))
        return found

    def fit(self, cx: Context, space: tuple[Axis, ...], pooled: list[Axis], bare: bool) -> None:
        """C1 for every axis; with `bare` before padding too."""
        for axis, kernel in zip(space, self.kernel, strict=True):
            if bare and cx.facts.at_most(axis.size - kernel, -1, proof=True):
                cx.refute(
                    "C1",
                    say(
                        "input of {size} entries is smaller than the kernel of {kernel}", size=axis.size, kernel=kernel
                    ),
                    sizes=(kernel, axis.size),
                )
        for axis in pooled:
            if cx.facts.at_most(axis.size, 0, proof=True):
                cx.refute(
                    "C1", say("calculated output size {size} is too small", size=axis.size), sizes=(ONE, axis.size)
                )
            cx.facts.raise_low(axis.size, 1)


def _pool(
    cx: Context, input: Value, count: int, options: tuple[Value, ...], *, indices: bool = False, average: bool = False
) -> Value:
    found = spatial(cx, input, count, "C2")
    pool = Pool(cx, count, *options)
    pool.demand(cx)
    space = pool.slide(cx, found.space)
    result = with_indices(found, space, indices)
    cx.expect(result)
    pool.fit(cx, found.space, space, average and count == 3)
    return result


def with_indices(found: Spatial, space: list[Axis], indices: bool) -> Value:
    """The pooled tensor, with the places that its entries came from where they are asked for."""
    pooled = found.to(found.channel, space)
    return Tuple((pooled, pooled.with_dtype("int"))) if indices else pooled


def _sample_options(rng: random.Random, count: int, dilated: bool) -> tuple[object, dict[str, object]]:
    def several(low: int, high: int) -> object:
        return rng.randint(low, high) if rng.random() < 0.7 else tuple(rng.randint(low, high) for _ in range(count))

    kernel = several(1, 3)
    options: dict[str, object] = {}
    if rng.random() < 0.5:
        options["stride"] = several(1, 3) if rng.random() < 0.93 else 0
    if rng.random() < 0.4:
        options["padding"] = rng.choice([0, 1, 1, 2, -1]) if rng.random() < 0.8 else several(0, 1)
    if rng.random() < 0.3 and dilated:
        options["dilation"] = several(1, 2)
    if rng.random() < 0.4:
        options["ceil_mode"] = True
    return kernel, options


def _layer_sample(family: str) -> Sampler:
    def sample(rng: random.Random) -> Sample:
        count = rng.randint(1, 3)
        kernel, options = _sample_options(rng, count, family == "MaxPool")
        if family == "MaxPool" and rng.random() < 0.3:
            options["return_indices"] = True
        init = (kernel,)
        if family == "LPPool":
            options.pop("padding", None)
            init = (2, kernel if isinstance(kernel, int) or count > 1 else kernel[0])  # type: ignore[index,assignment]
        return Sample(f"torch.nn.{family}{count}d", (_sample_input(rng, count),), init=init, init_kwargs=options)

    return sample


def _sample_input(rng: random.Random, count: int) -> T:
    return t(*sizes_around(rng, count, rng.randint(1, 3), 1, 7))


def _layer_names(family: str) -> tuple[str, ...]:
    return tuple(f"torch.nn.{family}{count}d" for count in (1, 2, 3))


MAX_POOL = layer(
    "MaxPool",
    _layer_names("MaxPool"),
    "kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False",
    call="input",
    constraints=(C1, C2, C3, C4),
    samples=_layer_sample("MaxPool"),
)


@MAX_POOL.rule
def max_pool_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], C, *L) -> ([N], C, *L')`, `L' = (L + 2*padding - dilation*(kernel_size - 1) - 1)//stride + 1`, rounded up
    with `ceil_mode` unless the
    last window would begin in the right padding. The stride is the kernel where none is given. With `return_indices` a
    pair.

    C1: the window fits. C2: one batch axis or none. C3: padding of at most half a window. C4: options in range.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """
    options = tuple(layer.value(n) for n in ("kernel_size", "stride", "padding", "dilation", "ceil_mode"))
    return _pool(cx, input, layer_dims(layer.name), options, indices=layer.flag("return_indices"))


def _stride_is_kernel(cx: Context, layer: Layer, name: str) -> Value | None:
    if name == "stride" and cx.is_none(layer.value("stride")):
        return layer.value("kernel_size")
    return None


MAX_POOL.attributes(_stride_is_kernel)

AVG_POOL = layer(
    "AvgPool",
    _layer_names("AvgPool"),
    "kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None",
    call="input",
    constraints=(C1, C2, C3, C4),
    samples=_layer_sample("AvgPool"),
)


@AVG_POOL.rule
def avg_pool_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], C, *L) -> ([N], C, *L')` with the formula of `nn.MaxPool2d`, without dilation.

    C1: the window fits. C2: one batch axis or none. C3: padding of at most half a window. C4: options in range.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
    """
    kernel, stride, padding, ceil = (layer.value(n) for n in ("kernel_size", "stride", "padding", "ceil_mode"))
    return _pool(cx, input, layer_dims(layer.name), (kernel, stride, padding, Int(ONE), ceil), average=True)


AVG_POOL.attributes(_stride_is_kernel)

LP_POOL = layer(
    "LPPool",
    _layer_names("LPPool"),
    "norm_type, kernel_size, stride=None, ceil_mode=False",
    call="input",
    constraints=(C1, C2, C4),
    samples=_layer_sample("LPPool"),
)


@LP_POOL.rule
def lp_pool_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], C, *L) -> ([N], C, *L')` with the formula of `nn.MaxPool2d`, without padding and dilation.

    C1: the window fits. C2: one batch axis or none. C4: options in range.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
    """
    kernel, stride, ceil = (layer.value(n) for n in ("kernel_size", "stride", "ceil_mode"))
    return _pool(cx, input, layer_dims(layer.name), (kernel, stride, Int(ZERO), Int(ONE), ceil), average=True)


def _function_sample(family: str, names: tuple[str, ...], count: int) -> Sampler:
    def sample(rng: random.Random) -> Sample:
        kernel, options = _sample_options(rng, count, family == "max_pool")
        name = rng.choice(names)
        if family == "max_pool" and rng.random() < 0.3 and name.startswith("torch.nn"):
            options["return_indices"] = True
        args: tuple[object, ...] = (_sample_input(rng, count), kernel)
        if family == "lp_pool":
            options.pop("padding", None)
            args = (args[0], 2, kernel if isinstance(kernel, int) or count > 1 else kernel[0])  # type: ignore[index]
        return Sample(name, args, options)

    return sample


_NO_PADDING, _UNIT = Int(ZERO), Int(ONE)


def _function(
    family: str, count: int, signature: str, names: tuple[str, ...], constraints: tuple[Constraint, ...]
) -> Op:
    made = op(f"{family}{count}d", names, signature, constraints, _function_sample(family, names, count))

    @made.rule
    def pool(
        cx: Context,
        input: Value,
        kernel_size: Value,
        stride: Value,
        ceil_mode: Value,
        padding: Value = _NO_PADDING,
        dilation: Value = _UNIT,
        return_indices: Value = FALSE,
        count_include_pad: Value = NONE,
        divisor_override: Value = NONE,
        norm_type: Value = NONE,
    ) -> Value:
        """`([N], C, *L) -> ([N], C, *L')` with the formula of `nn.MaxPool2d`.

        C1: the window fits. C2: one batch axis or none. C3: padding of at most half a window. C4: options in range.
        Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
        """
        options = (kernel_size, stride, padding, dilation, ceil_mode)
        return _pool(cx, input, count, options, indices=cx.flag(return_indices), average=family != "max_pool")

    return made


_MAX = "input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False"
_AVG = "input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None"
_LP = "input, norm_type, kernel_size, stride=None, ceil_mode=False"
_ALL = (C1, C2, C3, C4)

FUNCTIONS = [
    *(
        _function("max_pool", n, _MAX, (f"torch.nn.functional.max_pool{n}d", f"torch.max_pool{n}d"), _ALL)
        for n in (1, 2, 3)
    ),
    _function("avg_pool", 1, _AVG, ("torch.nn.functional.avg_pool1d", "torch.avg_pool1d"), _ALL),
    *(_function("avg_pool", n, _AVG, (f"torch.nn.functional.avg_pool{n}d",), _ALL) for n in (2, 3)),
    *(_function("lp_pool", n, _LP, (f"torch.nn.functional.lp_pool{n}d",), (C1, C2, C4)) for n in (1, 2, 3)),
]
