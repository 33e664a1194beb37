"""`torch.fft`: Fourier transforms over one, two or all axes."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from shapelint.ops.contract import CannotTell, Constraint, Context, Op, Sample, op, say, t
from shapelint.shapes.dim import ONE, Dim
from shapelint.shapes.shape import Axis
from shapelint.values.model import Dtype, Str, Tensor, Value

C1 = Constraint("C1", "axis-out-of-range", "the transformed axes are axes of the tensor")
C2 = Constraint("C2", "invalid-option", "there is at least one data point")
C3 = Constraint("C3", "invalid-option", "a transform of real numbers does not take complex ones")
C4 = Constraint("C4", "invalid-option", "`norm` is 'forward', 'backward' or 'ortho'")
C5 = Constraint(
    "C5",
    "invalid-option",
    "`s` and `dim` have the same length, at most that of the shape, and `dim` names no axis twice",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """`half`: the last axis comes out as `n//2 + 1`; `double`: as `n`, or `2*(size - 1)` where no `n` is given. `real`:
    complex input
    is refused."""

    half: bool = False
    double: bool = False
    real: bool = False

    @property
    def dtype(self) -> Dtype:
        return "float" if self.double else "complex"


KINDS = {
    "fft": Kind(),
    "ifft": Kind(),
    "rfft": Kind(half=True, real=True),
    "irfft": Kind(double=True),
    "hfft": Kind(double=True),
    "ihfft": Kind(half=True, real=True),
}


def _demand_norm(cx: Context, norm: Value) -> None:
    if isinstance(norm, Str) and norm.value not in (None, "forward", "backward", "ortho"):
        cx.refute("C4", say("invalid normalization mode: {norm}", norm=repr(norm.value)), operand="norm")


def _demand_kind(cx: Context, kind: Kind, x: Tensor) -> None:
    if kind.real and x.dtype == "complex":
        cx.refute("C3", say("{subject} expects a real input tensor but receives a complex one"))


def _points(cx: Context, size: Dim) -> None:
    if cx.facts.at_most(size, 0, proof=True):
        cx.refute("C2", say("invalid number of data points ({size}) specified", size=size), sizes=(ONE, size))
    cx.facts.raise_low(size, 1)


def _came_out(cx: Context, kind: Kind, axis: Axis, asked: Dim | None, last: bool) -> Axis:
    size = asked if asked is not None else axis.size
    if last and kind.double and asked is None:
        size = 2 * (axis.size - 1)
    _points(cx, size)
    return axis.resized(size // 2 + 1) if last and kind.half else axis.resized(size)


def _axis_of(cx: Context, x: Tensor, dim: Value | int) -> tuple[Tensor, int]:
    if x.shape.rank == 0:
        cx.refute("C1", say("dimension specified but tensor has no dimensions"), operand="dim")
    return cx.axis(x, dim, "C1")


def _single(name: str) -> Op:
    kind = KINDS[name]

    def sample(rng: random.Random) -> Sample:
        rank = rng.randint(1, 3) if rng.random() < 0.95 else 0
        x = t(*(rng.randint(1, 5) for _ in range(rank)), dtype=rng.choice(["float", "float", "int", "complex"]))
        options: dict[str, object] = {}
        if rng.random() < 0.5:
            options["n"] = rng.randint(1, 6) if rng.random() < 0.85 else 0
        if rng.random() < 0.6:
            options["dim"] = rng.randrange(-rank, rank) if rank and rng.random() < 0.8 else rank + 1
        if rng.random() < 0.3:
            options["norm"] = rng.choice(["ortho", "forward", "other"])
        return Sample(f"torch.fft.{name}", (x,), options)

    constraints = (C1, C2, C3, C4) if kind.real else (C1, C2, C4)
    made = op(
        f"fft.{name}", (f"torch.fft.{name}",), "input, n=None, dim=-1, norm=None, *, out=None", constraints, sample
    )

    @made.rule
    def transform(cx: Context, input: Value, n: Value, dim: Value, norm: Value, out: Value) -> Value:
        """`(*, m, *) -> (*, n, *)`, `n` being `m` where it is not given; `n//2 + 1` for `rfft` and `ihfft`; for `irfft`
        and `hfft` `2*(m - 1)` where it
        is not given.

        C1: an axis of the tensor. C2: at least one data point. C3: real numbers for `rfft` and `ihfft`. C4: a known
        norm.
        Follows https://docs.pytorch.org/docs/stable/fft.html
        """
        x = cx.tensor(input)
        _demand_norm(cx, norm)
        _demand_kind(cx, kind, x)
        x, at = _axis_of(cx, x, dim)
        axis = x.shape.parts[at]
        assert isinstance(axis, Axis)
        parts = list(x.shape.parts)
        parts[at] = _came_out(cx, kind, axis, None if cx.is_none(n) else cx.int(n), last=True)
        return x.with_parts(parts).with_dtype(kind.dtype)

    return made


def _several(name: str, over: Literal["2", "n"]) -> Op:
    kind = KINDS[name]
    full = f"{name}{over}"

    def sample(rng: random.Random) -> Sample:
        rank = rng.randint(2, 3) if rng.random() < 0.9 else rng.randint(0, 1)
        x = t(*(rng.randint(2, 4) for _ in range(rank)), dtype=rng.choice(["float", "float", "float", "complex"]))
        options: dict[str, object] = {}
        count = rng.randint(1, 2) if rng.random() < 0.9 else 4
        if rng.random() < 0.4:
            options["s"] = tuple(rng.choice([1, 2, 3, 5, -1]) if rng.random() < 0.8 else 0 for _ in range(count))
        if rng.random() < 0.5:
            axes = [rng.randrange(-rank, rank) if rank else 0 for _ in range(min(count, 2))]
            options["dim"] = tuple(axes) if rng.random() < 0.9 else (*axes[:-1], rank)
        elif over == "2" and "s" in options and rng.random() < 0.7:
            options["s"] = (rng.randint(0, 4), rng.randint(1, 4))
        if rng.random() < 0.2:
            options["norm"] = rng.choice(["ortho", "forward", "other"])
        return Sample(f"torch.fft.{full}", (x,), options)

    usual = "(-2, -1)" if over == "2" else "None"
    signature = f"input, s=None, dim={usual}, norm=None, *, out=None"
    constraints = (C1, C2, C3, C4, C5) if kind.real else (C1, C2, C4, C5)
    made = op(f"fft.{full}", (f"torch.fft.{full}",), signature, constraints, sample)

    @made.rule
    def transform(cx: Context, input: Value, s: Value, dim: Value, norm: Value, out: Value) -> Value:
        """`(*, m1, m2) -> (*, s1, s2)`, sizes being kept where `s` is not given or -1; the last of the axes comes out
        as for the transform over one axis.

        C1: axes of the tensor. C2: at least one data point each. C3: real numbers for `rfft2` and `rfftn`. C4: a known
        norm. C5: `s` as long as `dim`,
        no axis twice.
        Follows https://docs.pytorch.org/docs/stable/fft.html
        """
        x = cx.tensor(input)
        _demand_norm(cx, norm)
        _demand_kind(cx, kind, x)
        asked = None if cx.is_none(s) else cx.ints(s)
        if cx.is_none(dim):
            count = len(asked) if asked is not None else len(cx.ranked(x).shape.parts)
            headline = say(
                "got shape with {count} values but input tensor has shape {shape}", count=count, shape=x.shape
            )
            x = cx.at_least_rank(x, count, "C5", headline)
            places = list(range(-count, 0)) if x.shape.rank is None else list(range(x.shape.rank - count, x.shape.rank))
        else:
            numbers = cx.ints(dim)
            if asked is not None and len(asked) != len(numbers):
                cx.refute("C5", say("when given, dim and shape arguments must have the same length"), operand="s")
            known = [number.value for number in numbers if number.value is not None]
            if len(known) < len(numbers) or (
                x.shape.rank is None and min(known, default=0) < 0 <= max(known, default=0)
            ):
                raise CannotTell("dynamic-value")
            places = []
            for number in known:
                x, at = _axis_of(cx, x, number)
                places.append(at)
        if len(set(places)) != len(places):
            cx.refute("C5", say("FFT dims must be unique"), operand="dim")
        if not places and (kind.half or kind.double):
            cx.refute("C5", say("{subject} must transform at least one axis"), operand="dim")
        parts = list(x.shape.parts)
        for index, place in enumerate(places):
            axis = parts[place]
            assert isinstance(axis, Axis)
            size = None if asked is None or asked[index].value == -1 else asked[index]
            parts[place] = _came_out(cx, kind, axis, size, last=index == len(places) - 1)
        return x.with_parts(parts).with_dtype(kind.dtype)

    return made


SINGLE = [_single(name) for name in KINDS]
SEVERAL = [_several(name, over) for name in ("fft", "ifft", "rfft", "irfft") for over in ("2", "n")]


def _shift_sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 3)
    x = t(*(rng.randint(1, 4) for _ in range(rank)))
    options: dict[str, object] = {}
    if rng.random() < 0.8:
        dim = rng.randrange(-rank, rank) if rng.random() < 0.6 else rank
        options["dim"] = dim if rng.random() < 0.5 else (dim,)
    return Sample(rng.choice(SHIFT.torch), (x,), options)


SHIFT = op("fftshift", ("torch.fft.fftshift", "torch.fft.ifftshift"), "input, dim=None", (C1,), _shift_sample)


@SHIFT.rule
def fftshift(cx: Context, input: Value, dim: Value) -> Value:
    """`(*) -> (*)`, entries rolled.

    C1: axes of the tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.fft.fftshift.html
    """
    x = cx.tensor(input)
    return x if cx.is_none(dim) else cx.axes(x, dim, "C1")[0]


def _frequency_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(FREQUENCIES.torch), (rng.randint(1, 6),), {"d": 0.5} if rng.random() < 0.5 else {})


FREQUENCIES = op(
    "fftfreq",
    ("torch.fft.fftfreq",),
    "n, d=1.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False",
    samples=_frequency_sample,
)


@FREQUENCIES.rule
def fftfreq(cx: Context, n: Value, **options: Value) -> Value:
    """`-> (n,)`.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.fft.fftfreq.html
    """
    return Tensor.of(cx.size(n))


HALF_FREQUENCIES = op(
    "rfftfreq",
    ("torch.fft.rfftfreq",),
    "n, d=1.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False",
    samples=lambda rng: Sample("torch.fft.rfftfreq", (rng.randint(1, 6),)),
)


@HALF_FREQUENCIES.rule
def rfftfreq(cx: Context, n: Value, **options: Value) -> Value:
    """`-> (n//2 + 1,)`.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.fft.rfftfreq.html
    """
    return Tensor.of(cx.size(n) // 2 + 1)
