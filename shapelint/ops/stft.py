"""`torch.stft` and `torch.istft`: Fourier transforms of windows that slide over a signal."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.shapes.dim import Dim
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Part, Segment
from shapelint.values.model import Bool, NoneValue, Tensor, Value

C1 = Constraint("C1", "input-rank", "`input` is `([batch], time)`")
C2 = Constraint("C2", "conv-size", "a window fits into the signal, which is padded by reflection where it is centred")
C3 = Constraint("C3", "invalid-option", "the hop is at least 1, the window between 1 and `n_fft` entries long")
C4 = Constraint("C4", "conv-size", "`window` has `win_length` entries")
C5 = Constraint("C5", "invalid-option", "`return_complex` is given for real signals")


def _lead(cx: Context, x: Tensor, count: int, constraint: str) -> tuple[Tensor, tuple[Part, ...], tuple[Axis, ...]]:
    """The optional batch axis and the last `count` axes."""
    headline = say(
        "{subject} expects {low} axes, or {high} with a batch, but receives {shape}",
        low=count,
        high=count + 1,
        shape=x.shape,
    )
    x = cx.ranks(x, (count, count + 1), constraint, headline)
    if x.shape.rank is None:
        if x.shape.prefix:
            raise CannotTell("dynamic-value", "rank")
        x = x.with_parts(cx.facts.reveal_suffix(x.shape, count).parts)
        first = x.shape.parts[0]
        if isinstance(first, Segment):
            cx.facts.either(first, (Axis.fresh(Dim.symbol("batch", "input")),))
    last = tuple(p for p in x.shape.parts[len(x.shape.parts) - count :] if isinstance(p, Axis))
    return x, x.shape.parts[: len(x.shape.parts) - count], last


def _window(cx: Context, n_fft: Dim, hop_length: Value, win_length: Value, window: Value) -> Dim:
    """The hop. Demands C3 and C4."""
    hop = n_fft // 4 if cx.is_none(hop_length) else cx.int(hop_length)
    length = n_fft if cx.is_none(win_length) else cx.int(win_length)
    if cx.facts.at_most(hop, 0, proof=True):
        cx.refute("C3", say("expected hop_length > 0, but got {hop}", hop=hop), operand="hop_length")
    if cx.facts.at_most(length, 0, proof=True) or cx.facts.at_least(length - n_fft, 1, proof=True):
        cx.refute(
            "C3",
            say("expected 0 < win_length <= n_fft, but got {length} and {n}", length=length, n=n_fft),
            operand="win_length",
        )
    given = cx.maybe_tensor(window)
    if given is not None:
        headline = say("expected a 1D window of {want} entries, but got shape {got}", want=length, got=given.shape)
        given = cx.ranks(given, (1,), "C4", headline, "window")
        cx.demand_equal("C4", length, given.shape.dims[0], headline, operand="window")
    return hop


def _onesided(cx: Context, onesided: Value, x: Tensor, window: Value) -> bool:
    if not isinstance(onesided, NoneValue):
        return cx.flag(onesided)
    if x.dtype is None:
        raise CannotTell("dynamic-value", "dtype")
    return x.dtype != "complex" and not (isinstance(window, Tensor) and window.dtype == "complex")


def _stft_sample(rng: random.Random) -> Sample:
    n_fft = rng.choice([4, 5, 8])
    rank = rng.choice([1, 2]) if rng.random() < 0.9 else 3
    x = t(
        *(rng.randint(1, 2) for _ in range(rank - 1)),
        rng.randint(2, 20),
        dtype="complex" if rng.random() < 0.1 else "float",
    )
    options: dict[str, object] = {"return_complex": rng.random() < 0.7} if rng.random() < 0.92 else {}
    if rng.random() < 0.5:
        options["hop_length"] = rng.randint(1, 4) if rng.random() < 0.85 else 0
    if rng.random() < 0.3:
        options["win_length"] = rng.randint(1, n_fft) if rng.random() < 0.8 else n_fft + 1
    if rng.random() < 0.4:
        length = options.get("win_length", n_fft)
        assert isinstance(length, int)
        options["window"] = t(length if rng.random() < 0.7 else length + 1)
    if rng.random() < 0.4:
        options["center"] = False
    if rng.random() < 0.3 and x.dtype == "float":
        options["onesided"] = rng.choice([True, False])
    return Sample(rng.choice(STFT.torch), (x, n_fft), options)


STFT = op(
    "stft",
    ("torch.stft", "torch.Tensor.stft"),
    "input, n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode='reflect', normalized=False, "
    "onesided=None, return_complex=None, align_to_window=None",
    constraints=(C1, C2, C3, C4, C5),
    samples=_stft_sample,
)


@STFT.rule
def stft(
    cx: Context,
    input: Value,
    n_fft: Value,
    hop_length: Value,
    win_length: Value,
    window: Value,
    center: Value,
    onesided: Value,
    return_complex: Value,
    pad_mode: Value,
    **options: Value,
) -> Value:
    """`([N], L) -> ([N], n_fft//2 + 1, 1 + L//hop_length)` for a centred transform of a real signal; all `n_fft`
    frequencies where it is not
    `onesided`; without `return_complex` a last axis of 2.

    C1: one batch axis or none. C2: a window fits. C3: hop and window in range. C4: the window's length. C5:
    `return_complex` is given.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.stft.html
    """
    x, lead, (time,) = _lead(cx, cx.tensor(input), 1, "C1")
    points = cx.size(n_fft)
    if isinstance(return_complex, NoneValue):
        if x.dtype is None:
            raise CannotTell("dynamic-value", "dtype")
        if x.dtype != "complex":
            cx.refute(
                "C5",
                say("{subject} requires the return_complex parameter be given for real inputs"),
                operand="return_complex",
            )
        return_complex = Bool(True)
    length = time.size
    if cx.flag(center):
        pad = points // 2
        if cx.facts.at_most(length - pad, 0, proof=True):
            cx.refute(
                "C2",
                say("padding {pad} should be less than the signal of {size}", pad=pad, size=length),
                sizes=(pad + 1, length),
            )
        length = length + 2 * pad
    elif cx.facts.at_most(length - points, -1, proof=True):
        cx.refute(
            "C2", say("expected n_fft <= {size}, but got {points}", size=length, points=points), sizes=(points, length)
        )
    hop = _window(cx, points, hop_length, win_length, window)
    frequencies = points // 2 + 1 if _onesided(cx, onesided, x, window) else points
    frames = time.resized((length - points) // hop + 1)
    complex_ = cx.flag(return_complex)
    last = () if complex_ else (Axis.fresh(2),)
    return x.with_parts((*lead, Axis.fresh(frequencies), frames, *last)).with_dtype("complex" if complex_ else "float")


I1 = Constraint("C1", "input-rank", "`input` is `([batch], frequencies, frames)`")
I2 = Constraint("C2", "conv-size", "`input` has `n_fft//2 + 1` frequencies, or `n_fft` where it is not onesided")


def _istft_sample(rng: random.Random) -> Sample:
    n_fft = rng.choice([4, 8])
    options: dict[str, object] = {}
    if rng.random() < 0.3:
        options["onesided"] = False
    frequencies = n_fft if options else n_fft // 2 + 1
    frequencies += rng.random() < 0.2
    rank = rng.choice([2, 3]) if rng.random() < 0.85 else rng.choice([1, 4])
    sizes = [*(rng.randint(1, 2) for _ in range(max(rank - 2, 0))), frequencies, rng.randint(3, 6)][-rank:]
    if rng.random() < 0.4:
        options["hop_length"] = rng.randint(1, n_fft // 2) if rng.random() < 0.7 else 0
    length = n_fft
    if rng.random() < 0.3:
        length = options["win_length"] = n_fft if rng.random() < 0.5 else n_fft + 1
    options["window"] = t(length if rng.random() < 0.85 else length + 1)
    if rng.random() < 0.3:
        options["length"] = rng.randint(1, 3)
    return Sample(rng.choice(ISTFT.torch), (t(*sizes, dtype="complex"), n_fft), options)


ISTFT = op(
    "istft",
    ("torch.istft", "torch.Tensor.istft"),
    "input, n_fft, hop_length=None, win_length=None, window=None, center=True, normalized=False, onesided=None, "
    "length=None, return_complex=False",
    constraints=(I1, I2, C3, C4),
    samples=_istft_sample,
)


@ISTFT.rule
def istft(
    cx: Context,
    input: Value,
    n_fft: Value,
    hop_length: Value,
    win_length: Value,
    window: Value,
    center: Value,
    onesided: Value,
    length: Value,
    return_complex: Value,
    **options: Value,
) -> Value:
    """`([N], n_fft//2 + 1, T) -> ([N], hop_length*(T - 1))` for a centred transform, `length` where it is given.

    C1: one batch axis or none. C2: the number of frequencies. C3: hop and window in range. C4: the window's length.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.istft.html
    """
    x, lead, (frequencies, frames) = _lead(cx, cx.tensor(input), 2, "C1")
    points = cx.size(n_fft)
    hop = _window(cx, points, hop_length, win_length, window)
    whole = points + hop * (frames.size - 1)
    if cx.flag(center):
        whole = whole - 2 * (points // 2)
    size = whole if cx.is_none(length) else cx.int(length)
    result = x.with_parts((*lead, frames.resized(size))).with_dtype("complex" if cx.flag(return_complex) else "float")
    cx.expect(result)
    half = points // 2 + 1
    if isinstance(onesided, NoneValue):
        # all frequencies are taken for a transform that is not onesided
        if cx.facts.compare(frequencies.size, points, proof=True) is not Verdict.DIFFERENT:
            return result
        want = half
    else:
        want = half if cx.flag(onesided) else points
    cx.demand_equal(
        "C2",
        want,
        frequencies.size,
        say("expected the frequency dimension to have {want} entries, but got {got}", want=want, got=frequencies.size),
    )
    return result
