"""Functions of one tensor that are applied entry by entry: the shape stays, the kind of the entries may change."""

from __future__ import annotations

import random

from shapelint.ops.contract import Context, Op, Sample, op, t
from shapelint.values.model import Dtype, Tensor, Value

# ints and bools become floats
FLOAT = (
    "acos acosh angle arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh cos cosh deg2rad digamma erf "
    "erfc erfinv exp exp2 expm1 i0 lgamma log log10 log1p log2 logit mvlgamma rad2deg reciprocal rsqrt sigmoid sin "
    "sinc sinh sqrt tan tanh"
)
SPECIAL = (
    "airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 digamma entr erf erfc erfcx erfinv exp2 expit expm1 gammaln i0 "
    "i0e i1 i1e log1p log_ndtr logit modified_bessel_i0 modified_bessel_i1 modified_bessel_k0 modified_bessel_k1 "
    "multigammaln ndtr ndtri psi scaled_modified_bessel_k0 scaled_modified_bessel_k1 sinc spherical_bessel_j0"
)
# the kind of the entries stays
SAME = "ceil fix floor frac negative neg positive round trunc nan_to_num sgn sign conj_physical bernoulli bitwise_not"
TO_BOOL = "isfinite isinf isnan isneginf isposinf isreal logical_not signbit"

# torch does not take these for every kind of entries
_KINDS: dict[str, tuple[Dtype, ...]] = {
    **dict.fromkeys(("frac", "bernoulli", "poisson", "mvlgamma", "multigammaln"), ("float",)),
    **dict.fromkeys(("ceil", "fix", "floor", "negative", "neg", "positive", "round", "trunc"), ("float", "int")),
    **dict.fromkeys(("abs", "absolute"), ("float", "int", "complex")),
    **dict.fromkeys(("real",), ("float", "int", "bool", "complex")),
    **dict.fromkeys(("imag",), ("complex",)),
    "bitwise_not": ("int", "bool"),
}
_ANY: tuple[Dtype, ...] = ("float", "int", "bool")
_OPTIONS: dict[str, tuple[object, ...]] = {"mvlgamma": (1,), "multigammaln": (1,)}
_SOMETIMES: dict[str, dict[str, object]] = {"logit": {"eps": 0.1}, "nan_to_num": {"nan": 1.0}, "bernoulli": {"p": 0.5}}


def both(names: str) -> tuple[str, ...]:
    """Each name as a function of torch and as a method."""
    return tuple(f"{owner}.{name}" for name in names.split() for owner in ("torch", "torch.Tensor"))


def sizes(rng: random.Random) -> list[int]:
    """Up to four axes, of any size, also none."""
    return [rng.randint(0, 4) if rng.random() < 0.2 else rng.randint(1, 4) for _ in range(rng.randint(0, 4))]


def _functions(name: str, torch: tuple[str, ...], doc: str, kind: Dtype | None, keeps: tuple[Dtype, ...] = ()) -> Op:
    """An op over a table of names. The kind of the result is `kind`; None, or one of `keeps`, leaves it as it is."""

    def sample(rng: random.Random) -> Sample:
        called = rng.choice(torch)
        last = called.rpartition(".")[2]
        kinds: tuple[Dtype, ...] = ("float",) if called == "torch.special.round" else _KINDS.get(last, _ANY)
        x = t(*sizes(rng), dtype=rng.choice(kinds))
        options = _SOMETIMES.get(last, {}) if rng.random() < 0.4 else {}
        if last == "round" and x.dtype == "float" and rng.random() < 0.4:
            options = {"decimals": 2}
        if called.startswith(("torch.Tensor", "torch.special")) or options or last in _OPTIONS or rng.random() < 0.7:
            return Sample(called, (x, *_OPTIONS.get(last, ())), options)
        return Sample(called, (), {"input": x})

    made = op(
        name,
        torch,
        (
            "input, *, out=None",
            "input, eps=None, *, out=None",
            "input, *, decimals, out=None",
            "input, nan=None, posinf=None, neginf=None, *, out=None",
            "input, p, *, generator=None, out=None",
            "input, generator=None, *, out=None",
        ),
        samples=sample,
    )

    def rule(cx: Context, input: Value, **options: Value) -> Value:
        x = cx.tensor(input)
        return x if kind is None or x.dtype in keeps else x.with_dtype(kind if x.dtype or not keeps else None)

    rule.__doc__ = doc
    made.rule(rule)
    return made


_PAGE = "Follows https://docs.pytorch.org/docs/stable/torch.html#pointwise-ops"

FLOAT_FUNCTIONS = _functions(
    "float_function",
    (
        *both(FLOAT),
        *(f"torch.special.{name}" for name in SPECIAL.split()),
        "torch.nn.functional.sigmoid",
        "torch.nn.functional.tanh",
    ),
    f"`(*) -> (*)`, entry by entry; ints and bools become floats.\n\n{_PAGE}",
    "float",
    ("complex",),
)
SAME_FUNCTIONS = _functions(
    "same_kind_function",
    (*both(SAME), "torch.special.round", "torch.poisson"),
    f"`(*) -> (*)`, entry by entry; the kind of the entries stays.\n\n{_PAGE}",
    None,
)
BOOL_FUNCTIONS = _functions(
    "bool_function", both(TO_BOOL), f"`(*) -> (*)`, entry by entry; gives bools.\n\n{_PAGE}", "bool"
)
REAL_FUNCTIONS = _functions(
    "real_function",
    (*both("abs absolute"), "torch.real", "torch.imag"),
    f"`(*) -> (*)`, entry by entry; complex entries become floats.\n\n{_PAGE}",
    "float",
    ("float", "int", "bool"),
)


def _square_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(SQUARE.torch), (t(*sizes(rng), dtype=rng.choice(_ANY)),))


SQUARE = op("square", both("square"), "input, *, out=None", samples=_square_sample)


@SQUARE.rule
def square(cx: Context, input: Value, out: Value) -> Value:
    """`(*) -> (*)`, entry by entry; bools become ints.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.square.html
    """
    x = cx.tensor(input)
    return x.with_dtype("int") if x.dtype == "bool" else x


def _polygamma_sample(rng: random.Random) -> Sample:
    x = t(*sizes(rng), dtype=rng.choice(_ANY))
    name = rng.choice(POLYGAMMA.torch)
    if name.startswith("torch.Tensor"):
        return Sample(name, (x, 2))
    return Sample(name, (2, x)) if rng.random() < 0.7 else Sample(name, (2,), {"input": x})


POLYGAMMA = op(
    "polygamma", (*both("polygamma"), "torch.special.polygamma"), "n, input, *, out=None", samples=_polygamma_sample
)


@POLYGAMMA.rule
def polygamma(cx: Context, n: Value, input: Value, out: Value) -> Value:
    """`n, (*) -> (*)`, entry by entry; as a method of the tensor, `n` follows it.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.polygamma.html
    """
    return cx.tensor(n if isinstance(n, Tensor) else input).with_dtype("float")
