"""`nn.Upsample` and `F.interpolate`: space resized."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Op, Sample, layer, op, say, t
from shapelint.ops.spatial import scaled
from shapelint.shapes.dim import ONE
from shapelint.shapes.shape import Part, Segment
from shapelint.values.model import FALSE, NONE, Bool, Float, Int, Sequence, SizeOf, Str, Tensor, Tuple, Value

C1 = Constraint(
    "C1", "input-rank", "`input` is `(batch, channels, *space)` with as many axes of space as the mode takes"
)
C2 = Constraint("C2", "invalid-option", "a size or a scale is given, not both, for every axis of space")
C3 = Constraint("C3", "invalid-option", "the output has at least one entry along every axis")
C4 = Constraint("C4", "invalid-option", "`mode` is a known one, and `align_corners` and `antialias` go with it")

MODE_RANKS = {
    "nearest": (3, 4, 5),
    "nearest-exact": (3, 4, 5),
    "area": (3, 4, 5),
    "linear": (3,),
    "bilinear": (4,),
    "bicubic": (4,),
    "lanczos": (4,),
    "trilinear": (5,),
}


def _demand_mode(cx: Context, mode: str, align_corners: Value, antialias: bool) -> None:
    if mode not in MODE_RANKS:
        cx.refute("C4", say("unknown interpolation mode {mode}", mode=repr(mode)), operand="mode")
    if mode in ("nearest", "nearest-exact", "area") and isinstance(align_corners, (Bool, Int, Float)):
        cx.refute(
            "C4",
            say("align_corners can only be set with the interpolating modes, not with {mode}", mode=mode),
            operand="align_corners",
        )
    if (antialias and mode not in ("bilinear", "bicubic", "lanczos")) or (mode == "lanczos" and not antialias):
        cx.refute(
            "C4", say("anti-alias option is restricted to bilinear, bicubic, and lanczos modes"), operand="antialias"
        )
    if mode == "lanczos" and isinstance(align_corners, Bool) and align_corners.value:
        cx.refute("C4", say("lanczos mode does not support align_corners=True"), operand="align_corners")


def _resize(
    cx: Context,
    input: Value,
    size: Value,
    scale_factor: Value,
    mode_value: Value,
    align_corners: Value,
    recompute: Value = NONE,
    antialias: Value = FALSE,
) -> Tensor:
    mode = cx.text(mode_value)
    _demand_mode(cx, mode, align_corners, cx.flag(antialias))
    if cx.is_none(size) == cx.is_none(scale_factor):
        cx.refute(
            "C2",
            say("either size or scale_factor should be defined")
            if cx.is_none(size)
            else say("only one of size or scale_factor should be defined"),
            operand="size",
        )
    if not cx.is_none(size) and cx.flag(recompute):
        cx.refute("C2", say("recompute_scale_factor is not meaningful with an explicit size"), operand="size")
    asked = size if cx.is_none(scale_factor) else scale_factor
    entries = list(cx.items(asked)) if isinstance(asked, (Tuple, SizeOf, Sequence)) else None
    x = cx.tensor(input)
    x = cx.ranks(
        x,
        MODE_RANKS[mode],
        "C1",
        say(
            "got an input of shape {shape}, but {mode} mode takes (batch, channels, ...) with {count} axes",
            shape=x.shape,
            mode=mode,
            count=_counts(mode),
        ),
    )
    if entries is not None:
        x = cx.ranks(
            x,
            (len(entries) + 2,),
            "C2",
            say(
                "input of shape {shape} and the size asked for must have the same number of spatial dimensions",
                shape=x.shape,
            ),
            "size",
        )
    x = cx.read(x)
    if x.shape.rank is None:
        x = x.with_parts(cx.facts.reveal_prefix(x.shape, 2).parts)
        if x.shape.rank is None:
            return x.with_parts((*x.shape.parts[:2], Segment("space")))
    batch, channel, *space = x.shape.axes
    cx.role(batch, "batch", "proved", "interpolation reads it as the batch")
    cx.role(channel, "channel", "proved", "interpolation reads it as channels")
    entries = entries if entries is not None else [asked] * len(space)
    parts: list[Part] = [batch, channel]
    for axis, entry in zip(space, entries, strict=True):
        parts.append(axis.resized(cx.int(entry) if cx.is_none(scale_factor) else scaled(cx, axis.size, entry)))
    result = x.with_parts(parts)
    cx.expect(result)
    # an area is an adaptive pool, which takes an output of 0 entries
    for axis in result.shape.axes[2:] if mode != "area" else ():
        if cx.facts.at_most(axis.size, 0, proof=True):
            cx.refute(
                "C3",
                say("input and output sizes should be greater than 0, but got output {size}", size=axis.size),
                sizes=(ONE, axis.size),
            )
        cx.facts.raise_low(axis.size, 1)
    return result


def _layer_factor(cx: Context, layer: Layer) -> Value:
    """The layer's scale; its constructor takes 0 for none given."""
    factor = layer.value("scale_factor")
    return NONE if isinstance(factor, Int) and cx.surely(factor.dim, 0) else factor


def _counts(mode: str) -> str:
    return " | ".join(str(rank) for rank in MODE_RANKS[mode])


def _sample_options(rng: random.Random, rank: int) -> dict[str, object]:
    def factor() -> object:
        return rng.choice([1, 2, 3, 0.5, 1.5, 2.0]) if rng.random() < 0.93 else rng.choice([0, 0.01])

    options: dict[str, object] = {}
    count = rank - 2 if rng.random() < 0.95 else rank - 1
    if rng.random() < 0.45:
        options["size"] = rng.randint(1, 5) if rng.random() < 0.6 else tuple(rng.randint(1, 5) for _ in range(count))
    if rng.random() < (0.08 if options else 0.9):
        options["scale_factor"] = factor() if rng.random() < 0.6 else tuple(factor() for _ in range(count))
    usual = {3: "linear", 4: "bilinear", 5: "trilinear"}.get(rank, "nearest")
    choice = rng.random()
    if choice < 0.4:
        options["mode"] = usual
    elif choice < 0.6:
        options["mode"] = rng.choice(list(MODE_RANKS)) if rng.random() < 0.9 else "cubic"
    if rng.random() < (0.1 if choice > 0.4 else 0.4):
        options["align_corners"] = rng.choice([True, False])
    if rng.random() < 0.1:
        options["recompute_scale_factor"] = True
    return options


def _sizes(rng: random.Random) -> list[int]:
    return [
        rng.randint(1, 3) for _ in range(rng.choice([3, 4, 4, 4, 5]) if rng.random() < 0.93 else rng.choice([2, 6]))
    ]


def _layer_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    return Sample("torch.nn.Upsample", (t(*sizes),), init_kwargs=_sample_options(rng, len(sizes)))


UPSAMPLE = layer(
    "Upsample",
    ("torch.nn.Upsample",),
    "size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None",
    call="input",
    constraints=(C1, C2, C3, C4),
    samples=_layer_sample,
)


@UPSAMPLE.rule
def upsample_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(N, C, *L) -> (N, C, *L')`, `L'` being `size` or `floor(L * scale_factor)`.

    C1: one to three axes of space, as the mode takes. C2: either a size or a scale, for every axis. C3: no empty
    output. C4: options in range.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html
    """
    size, mode, align, recompute = (layer.value(n) for n in ("size", "mode", "align_corners", "recompute_scale_factor"))
    return _resize(cx, input, size, _layer_factor(cx, layer), mode, align, recompute)


def _fixed_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    options = {n: v for n, v in _sample_options(rng, len(sizes)).items() if n in ("size", "scale_factor")}
    return Sample(rng.choice(FIXED.torch), (t(*sizes),), init_kwargs=options)


FIXED = layer(
    "Upsampling2d",
    ("torch.nn.UpsamplingNearest2d", "torch.nn.UpsamplingBilinear2d"),
    "size=None, scale_factor=None",
    call="input",
    constraints=(C1, C2, C3),
    samples=_fixed_sample,
)


@FIXED.rule
def upsampling_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(N, C, H, W) -> (N, C, H', W')` as `nn.Upsample` of mode 'nearest' or 'bilinear'.

    C1, C2, C3: as for `nn.Upsample`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html
    """
    mode = "bilinear" if layer.name == "UpsamplingBilinear2d" else "nearest"
    return _resize(cx, input, layer.value("size"), _layer_factor(cx, layer), Str(mode), NONE)


def _function_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    options = _sample_options(rng, len(sizes))
    if options.get("mode") == "lanczos" or rng.random() < 0.1:
        options["antialias"] = True
    return Sample("torch.nn.functional.interpolate", (t(*sizes),), options)


INTERPOLATE = op(
    "interpolate",
    ("torch.nn.functional.interpolate",),
    "input, size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None, "
    "antialias=False",
    constraints=(C1, C2, C3, C4),
    samples=_function_sample,
)


@INTERPOLATE.rule
def interpolate(
    cx: Context,
    input: Value,
    size: Value,
    scale_factor: Value,
    mode: Value,
    align_corners: Value,
    recompute_scale_factor: Value,
    antialias: Value,
) -> Value:
    """`(N, C, *L) -> (N, C, *L')`, `L'` being `size` or `floor(L * scale_factor)`.

    C1 to C4: as for `nn.Upsample`; `antialias` goes with bilinear, bicubic and lanczos.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    """
    return _resize(cx, input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)


def _old(name: str, mode: str) -> Op:
    def sample(rng: random.Random) -> Sample:
        sizes = _sizes(rng)
        options = {n: v for n, v in _sample_options(rng, len(sizes)).items() if n in ("size", "scale_factor")}
        return Sample(f"torch.nn.functional.{name}", (t(*sizes),), options)

    made = op(name, (f"torch.nn.functional.{name}",), "input, size=None, scale_factor=None", (C1, C2, C3), sample)

    @made.rule
    def upsample(cx: Context, input: Value, size: Value, scale_factor: Value) -> Value:
        """`F.interpolate` with a fixed mode: `(N, C, *L) -> (N, C, *L')`.

        C1, C2, C3: as for `nn.Upsample`.
        Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.upsample_bilinear.html
        """
        return _resize(cx, input, size, scale_factor, Str(mode), NONE)

    return made


OLD_NAMES = [_old("upsample_nearest", "nearest"), _old("upsample_bilinear", "bilinear")]


def _upsample_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    options = _sample_options(rng, len(sizes))
    options.pop("recompute_scale_factor", None)
    return Sample("torch.nn.functional.upsample", (t(*sizes),), options)


OLD_UPSAMPLE = op(
    "upsample",
    ("torch.nn.functional.upsample",),
    "input, size=None, scale_factor=None, mode='nearest', align_corners=None",
    constraints=(C1, C2, C3, C4),
    samples=_upsample_sample,
)


@OLD_UPSAMPLE.rule
def old_upsample(
    cx: Context, input: Value, size: Value, scale_factor: Value, mode: Value, align_corners: Value
) -> Value:
    """The older name of `F.interpolate`: `(N, C, *L) -> (N, C, *L')`.

    C1 to C4: as for `nn.Upsample`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.upsample.html
    """
    return _resize(cx, input, size, scale_factor, mode, align_corners)
