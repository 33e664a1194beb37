"""Sliding blocks as columns: `nn.Unfold`, `nn.Fold` and their functions."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.ops.spatial import extent, require_positive, spatial
from shapelint.shapes.dim import ONE, Dim, divide_exactly
from shapelint.shapes.shape import Axis, product
from shapelint.values.model import Tensor, Value

C1 = Constraint("C1", "input-rank", "`input` has the axes that the op takes, batched or not")
C2 = Constraint("C2", "conv-size", "at least one block fits")
C3 = Constraint("C3", "invalid-option", "kernel, dilation and stride are at least 1, padding at least 0")
C4 = Constraint("C4", "conv-channels", "the kernel's entries divide the channels")
C5 = Constraint("C5", "conv-size", "there are as many blocks as fit into `output_size`")


class Blocks:
    """The options of a fold or unfold over two axes."""

    def __init__(self, cx: Context, kernel_size: Value, dilation: Value, padding: Value, stride: Value) -> None:
        self.kernel = cx.pair(kernel_size)
        self.dilation = cx.pair(dilation)
        self.padding = cx.pair(padding)
        self.stride = cx.pair(stride)
        for name, dims in (("kernel_size", self.kernel), ("dilation", self.dilation), ("stride", self.stride)):
            require_positive(cx, "C3", name, dims)
        require_positive(cx, "C3", "padding", self.padding, 0)

    def count(self, cx: Context, sizes: list[Dim]) -> list[Dim]:
        """How many blocks fit along each axis, at least one (C2)."""
        rows = zip(sizes, self.kernel, self.dilation, self.padding, self.stride, strict=True)
        counts = [(n + 2 * p - extent(k, d)) // s + 1 for n, k, d, p, s in rows]
        for n in counts:
            if cx.facts.at_most(n, 0, proof=True):
                cx.refute(
                    "C2", say("calculated number of sliding blocks {count} is too small", count=n), sizes=(ONE, n)
                )
            cx.facts.raise_low(n, 1)
        return counts


def _unfold(cx: Context, input: Value, kernel_size: Value, dilation: Value, padding: Value, stride: Value) -> Tensor:
    found = spatial(cx, input, 2, "C1")
    blocks = Blocks(cx, kernel_size, dilation, padding, stride)
    counts = blocks.count(cx, [a.size for a in found.space])
    return found.x.with_parts(
        (*found.lead, Axis.fresh(found.channel.size * product(blocks.kernel)), Axis.fresh(product(counts)))
    )


def _fold(
    cx: Context,
    input: Value,
    output_size: Value,
    kernel_size: Value,
    dilation: Value,
    padding: Value,
    stride: Value,
) -> Tensor:
    sizes = cx.pair(output_size)
    found = spatial(cx, input, 1, "C1")
    blocks = Blocks(cx, kernel_size, dilation, padding, stride)
    entries = product(blocks.kernel)
    columns, channels = found.space[0], cx.facts.resolve(found.channel.size)
    space = [Axis.fresh(n) for n in sizes]
    cx.expect(found.to(cx.fresh("channels"), space))
    if channels.value is not None and entries.value is not None and channels.value % entries.value:
        cx.refute(
            "C4",
            say(
                "expected {size} channels to be divisible by the product of kernel_size, {entries}",
                size=channels,
                entries=entries,
            ),
            sizes=(entries, channels),
        )
    cx.facts.learn_divides(channels, entries)
    exact = divide_exactly(channels, entries)
    result = found.to(exact if exact is not None else channels // entries, space)
    cx.expect(result)
    want = product(blocks.count(cx, sizes))
    cx.demand_equal(
        "C5",
        want,
        columns.size,
        say("expected {want} sliding blocks for this output_size but receives {got}", want=want, got=columns.size),
    )
    return result


def _several(rng: random.Random, low: int, high: int) -> object:
    return rng.randint(low, high) if rng.random() < 0.6 else (rng.randint(low, high), rng.randint(low, high))


def _options(rng: random.Random) -> dict[str, object]:
    options: dict[str, object] = {"kernel_size": _several(rng, 1, 3)}
    if rng.random() < 0.3:
        options["dilation"] = _several(rng, 1, 2)
    if rng.random() < 0.4:
        options["padding"] = _several(rng, 0, 1) if rng.random() < 0.9 else -1
    if rng.random() < 0.5:
        options["stride"] = _several(rng, 1, 2) if rng.random() < 0.9 else 0
    return options


def _unfold_input(rng: random.Random) -> object:
    sizes = [rng.randint(1, 3), rng.randint(1, 5), rng.randint(1, 5)]
    if rng.random() < 0.7:
        sizes.insert(0, rng.randint(1, 3))
    return t(*(sizes if rng.random() < 0.92 else [1, 1, *sizes]))


def _fold_input(rng: random.Random, options: dict[str, object], output: object) -> object:
    def pair(value: object) -> tuple[int, int]:
        return (value, value) if isinstance(value, int) else value  # type: ignore[return-value]

    kernel, dilation, padding, stride = (
        pair(options.get(n, z)) for n, z in (("kernel_size", 1), ("dilation", 1), ("padding", 0), ("stride", 1))
    )
    columns = 1
    for place, size in enumerate(pair(output)):
        room = size + 2 * padding[place] - dilation[place] * (kernel[place] - 1) - 1
        columns *= max(room // max(stride[place], 1) + 1, 1)
    channels = kernel[0] * kernel[1] * rng.randint(1, 2)
    channels += rng.random() < 0.1
    columns += rng.random() < 0.15
    sizes = [channels, columns] if rng.random() < 0.3 else [rng.randint(1, 2), channels, columns]
    return t(*(sizes if rng.random() < 0.92 else [1, 1, *sizes]))


def _unfold_layer_sample(rng: random.Random) -> Sample:
    return Sample("torch.nn.Unfold", (_unfold_input(rng),), init_kwargs=_options(rng))


UNFOLD = layer(
    "Unfold",
    ("torch.nn.Unfold",),
    "kernel_size, dilation=1, padding=0, stride=1",
    call="input",
    constraints=(C1, C2, C3),
    samples=_unfold_layer_sample,
)


@UNFOLD.rule
def unfold_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], C, H, W) -> ([N], C*kh*kw, L)`, `L` being the number of blocks that fit.

    C1: one batch axis or none. C2: a block fits. C3: options in range.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html
    """
    names = ("kernel_size", "dilation", "padding", "stride")
    kernel, dilation, padding, stride = (layer.value(n) for n in names)
    return _unfold(cx, input, kernel, dilation, padding, stride)


def _fold_layer_sample(rng: random.Random) -> Sample:
    options, output = _options(rng), _several(rng, 1, 5)
    return Sample("torch.nn.Fold", (_fold_input(rng, options, output),), init=(output,), init_kwargs=options)


FOLD = layer(
    "Fold",
    ("torch.nn.Fold",),
    "output_size, kernel_size, dilation=1, padding=0, stride=1",
    call="input",
    constraints=(C1, C2, C3, C4, C5),
    samples=_fold_layer_sample,
)


@FOLD.rule
def fold_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], C*kh*kw, L) -> ([N], C, *output_size)`, `L` being the number of blocks that fit into the output.

    C1: one batch axis or none. C2: a block fits. C3: options in range. C4: the kernel's entries divide the channels.
    C5: as many blocks as fit.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html
    """
    names = ("output_size", "kernel_size", "dilation", "padding", "stride")
    output, kernel, dilation, padding, stride = (layer.value(n) for n in names)
    return _fold(cx, input, output, kernel, dilation, padding, stride)


def _unfold_sample(rng: random.Random) -> Sample:
    return Sample("torch.nn.functional.unfold", (_unfold_input(rng),), _options(rng))


UNFOLD_FUNCTION = op(
    "unfold",
    ("torch.nn.functional.unfold",),
    "input, kernel_size, dilation=1, padding=0, stride=1",
    constraints=(C1, C2, C3),
    samples=_unfold_sample,
)


@UNFOLD_FUNCTION.rule
def unfold(cx: Context, input: Value, kernel_size: Value, dilation: Value, padding: Value, stride: Value) -> Value:
    """`([N], C, H, W) -> ([N], C*kh*kw, L)`.

    C1, C2, C3: as for `nn.Unfold`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
    """
    return _unfold(cx, input, kernel_size, dilation, padding, stride)


def _fold_sample(rng: random.Random) -> Sample:
    options, output = _options(rng), _several(rng, 1, 5)
    return Sample("torch.nn.functional.fold", (_fold_input(rng, options, output), output), options)


FOLD_FUNCTION = op(
    "fold",
    ("torch.nn.functional.fold",),
    "input, output_size, kernel_size, dilation=1, padding=0, stride=1",
    constraints=(C1, C2, C3, C4, C5),
    samples=_fold_sample,
)


@FOLD_FUNCTION.rule
def fold(
    cx: Context,
    input: Value,
    output_size: Value,
    kernel_size: Value,
    dilation: Value,
    padding: Value,
    stride: Value,
) -> Value:
    """`([N], C*kh*kw, L) -> ([N], C, *output_size)`.

    C1 to C5: as for `nn.Fold`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
    """
    return _fold(cx, input, output_size, kernel_size, dilation, padding, stride)
