"""Arrays of NumPy reshaped, rearranged and glued. What comes out is marked as an array.

What NumPy calls by another name (`axis`, `newshape`) is handed to the rule of torch's own op, of which the constraints
are kept that NumPy has too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

from shapelint.ops.cat import CAT
from shapelint.ops.contract import Context, Op, Sample, op, t
from shapelint.ops.numpy_arrays import array_kind
from shapelint.ops.permute import PERMUTE
from shapelint.ops.reshape import RESHAPE
from shapelint.ops.squeeze import UNSQUEEZE
from shapelint.ops.stack import STACK
from shapelint.ops.transpose import TRANSPOSE
from shapelint.values.model import NONE, Int, NoneValue, SizeOf, Tensor, Tuple, Value

_PAGE = "https://numpy.org/doc/stable/reference/generated/"


def _sizes(rng: random.Random, least: int = 0) -> list[int]:
    return [rng.randint(1, 4) for _ in range(rng.randint(least, 3))]


def _marked(value: Value) -> Value:
    return replace(value, array=True) if isinstance(value, Tensor) else value


def _through(cx: Context, target: Op, **arguments: Value) -> Value:
    """What the rule of torch's op says of the same arguments."""
    assert target._rule is not None
    return _marked(target._rule(cx, **arguments))


def _renamed(
    name: str,
    names: Iterable[str],
    signature: str | tuple[str, ...],
    kept: Iterable[str],
    target: Op,
    sample: Callable[[random.Random], Sample],
    formula: str,
    rename: Callable[[Context, dict[str, Value]], dict[str, Value]],
) -> Op:
    """An op of NumPy that is torch's under other names of its arguments."""
    made = op(name, names, signature, [target.constraints[id] for id in kept], sample)

    def rule(cx: Context, **arguments: Value) -> Value:
        return _through(cx, target, **rename(cx, arguments))

    listed = " ".join(f"{c.id}: {c.text}." for c in made.constraints.values())
    rule.__doc__ = f"""{formula}

    {listed}
    Follows {_PAGE}{made.torch[0]}.html
    """
    made.rule(rule)
    return made


def _reshape_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    target = [*sizes]
    rng.shuffle(target)
    if rng.random() < 0.5:
        target[rng.randrange(len(target))] = rng.choice([-1, -2, 5])
    if rng.random() < 0.2:
        target.append(-1)
    if rng.random() < 0.4:
        return Sample("numpy.ndarray.reshape", (t(*sizes), *target))
    return Sample(rng.choice(("numpy.reshape", "numpy.ndarray.reshape")), (t(*sizes), tuple(target)))


RESHAPE_ARRAY = _renamed(
    "numpy.reshape",
    ("numpy.reshape", "numpy.ndarray.reshape"),
    ("input, *shape", "input, shape", "a, newshape", "a, shape"),
    ("C1", "C3"),
    RESHAPE,
    _reshape_sample,
    "`(n0, n1, …) -> (m0, m1, …)` with as many entries; one `m` may be -1 and is what is left.",
    lambda cx, given: {
        "input": given.get("input") or given["a"],
        "shape": _as_star(given.get("shape") or given["newshape"]),
    },
)


def _as_star(value: Value) -> Value:
    """Sizes as a star parameter holds them; any negative one stands for what is left."""
    if isinstance(value, Tuple):
        return Tuple(tuple(_as_star(v) if isinstance(v, Tuple) else _as_size(v) for v in value.items))
    return value if isinstance(value, SizeOf) else Tuple((_as_size(value),))


def _as_size(value: Value) -> Value:
    return Int.of(-1) if isinstance(value, Int) and (value.dim.value or 0) < 0 else value


def _expand_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    axis = rng.randint(-len(sizes) - 1, len(sizes)) if rng.random() < 0.6 else len(sizes) + 1
    return (
        Sample("numpy.expand_dims", (t(*sizes), axis))
        if rng.random() < 0.5
        else Sample("numpy.expand_dims", (t(*sizes),), {"axis": axis})
    )


EXPAND_ARRAY = _renamed(
    "numpy.expand_dims",
    ("numpy.expand_dims",),
    "a, axis",
    ("C1",),
    UNSQUEEZE,
    _expand_sample,
    "`(a, b) -> (a, 1, b)`: an axis of size 1 at `axis` of the result.",
    lambda cx, given: {"input": given["a"], "dim": given["axis"]},
)


def _swap_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    axes = [rng.randrange(-len(sizes), len(sizes)) if rng.random() < 0.8 else len(sizes) for _ in range(2)]
    return Sample(rng.choice(("numpy.swapaxes", "numpy.ndarray.swapaxes")), (t(*sizes), *axes))


SWAP_ARRAY = _renamed(
    "numpy.swapaxes",
    ("numpy.swapaxes", "numpy.ndarray.swapaxes"),
    "a, axis1, axis2",
    ("C1",),
    TRANSPOSE,
    _swap_sample,
    "`(…, a, …, b, …) -> (…, b, …, a, …)`.",
    lambda cx, given: {"input": given["a"], "dim0": given["axis1"], "dim1": given["axis2"]},
)


def _transpose_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    order = rng.sample(range(len(sizes)), len(sizes))
    if rng.random() < 0.4:
        order = rng.choice([order[:-1] or [0, 0], [n or len(sizes) for n in order], [order[0]] * len(order)])
    name = rng.choice(TRANSPOSE_ARRAY.torch)
    if rng.random() < 0.2:
        return Sample(name, (t(*sizes),))
    if name == "numpy.transpose" or rng.random() < 0.5:
        return Sample(name, (t(*sizes), tuple(order)))
    return Sample(name, (t(*sizes), *order))


TRANSPOSE_ARRAY = op(
    "numpy.transpose",
    ("numpy.transpose", "numpy.ndarray.transpose"),
    ("a, *axes", "a, axes"),
    constraints=PERMUTE.constraints.values(),
    samples=_transpose_sample,
)


@TRANSPOSE_ARRAY.rule
def numpy_transpose(cx: Context, a: Value, axes: Value) -> Value:
    """`(n0, n1, …) -> (n_axes[0], n_axes[1], …)`; without `axes` all axes in reverse.

    C1: as many axes as the array has. C2: each in range. C3: none twice.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.transpose.html
    """
    x = cx.tensor(a)
    if isinstance(axes, NoneValue) or (isinstance(axes, Tuple) and axes.items in ((), (NONE,))):
        return _marked(x.with_parts(x.shape.parts[::-1]))
    return _through(cx, PERMUTE, input=x, dims=axes)


def _glued_sample(name: str) -> Callable[[random.Random], Sample]:
    def sample(rng: random.Random) -> Sample:
        base = _sizes(rng, 1)
        given = []
        for _ in range(rng.randint(1, 3)):
            sizes = list(base)
            if rng.random() < 0.2:
                sizes[rng.randrange(len(sizes))] = rng.randint(1, 4)
            if rng.random() < 0.1:
                sizes = [*sizes, 2]
            given.append(t(*sizes) if rng.random() < 0.95 else t())
        if rng.random() < 0.05:
            given = [] if name == "numpy.stack" else [t()]
        room = len(base) + (name == "numpy.stack")
        axis = rng.randrange(-room, room) if rng.random() < 0.8 else room
        return Sample(name, (given, axis)) if rng.random() < 0.5 else Sample(name, (given,), {"axis": axis})

    return sample


CONCATENATE = _renamed(
    "numpy.concatenate",
    ("numpy.concatenate",),
    "arrays, axis=0, **options",
    ("C1", "C2", "C3", "C4"),
    CAT,
    _glued_sample("numpy.concatenate"),
    "`[(a, n1, b), (a, n2, b), …] -> (a, n1 + n2 + …, b)`.",
    lambda cx, given: {"tensors": given["arrays"], "dim": given["axis"]},
)
STACK_ARRAYS = _renamed(
    "numpy.stack",
    ("numpy.stack",),
    "arrays, axis=0, **options",
    ("C1", "C2", "C3"),
    STACK,
    _glued_sample("numpy.stack"),
    "`[(a, b), (a, b), …] -> (n, a, b)` for `n` arrays, with `n` at `axis` of the result.",
    lambda cx, given: {"tensors": given["arrays"], "dim": given["axis"]},
)


# Attributes and conversions ----------------------------------------------------------------------


def _attribute(name: str, formula: str, result: Callable[[Context, Tensor], Value]) -> Op:
    def sample(rng: random.Random) -> Sample:
        return Sample(f"numpy.ndarray.{name}", (t(*_sizes(rng)),))

    made = op(f"numpy.ndarray.{name}", (f"numpy.ndarray.{name}",), "input", samples=sample)

    def rule(cx: Context, input: Value) -> Value:
        return result(cx, cx.tensor(input))

    rule.__doc__ = f"""{formula}

    Follows {_PAGE}numpy.ndarray.{name}.html
    """
    made.rule(rule)
    return made


def _shape(cx: Context, x: Tensor) -> Value:
    return Tuple(tuple(Int(d) for d in x.shape.dims)) if x.shape.ranked else SizeOf(x.shape)


def _rank(cx: Context, x: Tensor) -> Value:
    return Int.of(len(cx.ranked(x).shape.parts))


ATTRIBUTES = [
    _attribute("shape", "`(n0, n1, …) -> (n0, n1, …)` as a tuple.", _shape),
    _attribute("ndim", "`(n0, n1, …) -> rank` as an int.", _rank),
    _attribute("T", "`(n0, n1, …) -> (…, n1, n0)`.", lambda cx, x: _marked(x.with_parts(x.shape.parts[::-1]))),
    _attribute("copy", "`(*) -> (*)`.", lambda cx, x: _marked(x)),
]


def _astype_sample(rng: random.Random) -> Sample:
    return Sample("numpy.ndarray.astype", (t(*_sizes(rng)), rng.choice(["float32", "int64"])))


ASTYPE = op("numpy.ndarray.astype", ("numpy.ndarray.astype",), "input, dtype, **options", samples=_astype_sample)


@ASTYPE.rule
def astype(cx: Context, input: Value, dtype: Value, **options: Value) -> Value:
    """`(*) -> (*)`, the entries as another kind.

    Follows https://numpy.org/doc/stable/reference/generated/numpy.ndarray.astype.html
    """
    return _marked(cx.tensor(input).with_dtype(array_kind(dtype)))
