"""Adaptive pools: the output has the size that is asked for."""

from __future__ import annotations

import random
from dataclasses import replace

from shapelint.ops.contract import CannotTell, Constraint, Context, Layer, Op, Sample, Sampler, T, layer, op, say, t
from shapelint.ops.conv import layer_dims, sizes_around
from shapelint.ops.pool import with_indices
from shapelint.ops.spatial import require_positive, spatial
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis
from shapelint.values.model import FALSE, Int, NoneValue, Sequence, SizeOf, Tensor, Tuple, Value

C1 = Constraint("C1", "input-rank", "`input` is `([batch], channels, *space)`")
C2 = Constraint("C2", "invalid-option", "`output_size` is not negative")
C3 = Constraint("C3", "invalid-option", "`output_size` has an entry for every axis of space")


def _pool(
    cx: Context, input: Value, count: int, output_size: Value, *, indices: bool = False, average: bool = True
) -> Value:
    x = cx.tensor(input)
    if average and count > 1 and _one_entry(cx, x, count, output_size):
        # torch takes the mean over the axes of space, whatever stands before them
        least = count + 1 if isinstance(output_size, Tuple) else count
        headline = say("{subject} expects {count} axes of space but receives {shape}", count=count, shape=x.shape)
        x = cx.at_least_rank(x, least, "C1", headline)
        low, high = cx.facts.admissible_ranks(x.shape)
        if high is None and low <= count + 2:
            batched = cx.facts.copy().fix_rank(x.shape, count + 2)
            assert batched is not None
            cx.assumed = True
            x = replace(x, shape=batched, assumed=True)
        elif high is None or high not in (count + 1, count + 2):
            return x.with_parts((*x.shape.parts[:-count], *(Axis.fresh(1) for _ in range(count))))
    found = spatial(cx, x, count, "C1")
    if isinstance(output_size, (Tuple, SizeOf, Sequence)):
        asked = list(cx.items(output_size))
        if len(asked) != count:
            cx.refute(
                "C3",
                say("output_size must have {want} entries but has {got}", want=count, got=len(asked)),
                operand="output_size",
            )
    elif isinstance(output_size, NoneValue):
        raise CannotTell("dynamic-value")
    else:
        asked = [output_size] * count
    space: list[Axis] = []
    for axis, value in zip(found.space, asked, strict=True):
        if cx.is_none(value):
            space.append(axis)
            continue
        size = cx.int(value)
        require_positive(cx, "C2", "output_size", [size], 0)
        space.append(axis.resized(size))
    return with_indices(found, space, indices)


def _one_entry(cx: Context, x: Tensor, count: int, output_size: Value) -> bool:
    """Whether the output has one entry along every axis of space. Raises CannotTell where sizes that are kept leave it
    open and the
    rank makes a difference."""
    if not isinstance(output_size, Tuple):
        return isinstance(output_size, Int) and cx.surely(output_size.dim, 1)
    if len(output_size.items) != count or (x.shape.rank is not None and x.shape.rank <= count):
        return False
    kept: list[Dim] = []
    for place, value in enumerate(output_size.items, -count):
        if not cx.is_none(value):
            if not cx.surely(cx.int(value), 1):
                return False
        elif x.shape.rank is not None:
            kept.append(x.shape.dims[place])
    if x.shape.rank is None:
        return True  # for all that is known of the sizes that are kept
    if x.shape.rank in (count + 1, count + 2) or any(cx.never(size, 1) for size in kept):
        return False
    if not all(cx.surely(size, 1) for size in kept):
        raise CannotTell("dynamic-value")
    return True


def _sample_output(rng: random.Random, count: int) -> object:
    choice = rng.random()
    if choice < 0.4:
        return rng.randint(1, 4) if rng.random() < 0.9 else -1
    entries: list[int | None] = [rng.randint(1, 4) for _ in range(count if choice < 0.93 else count + 1)]
    if count > 1 and rng.random() < 0.4:
        entries[rng.randrange(count)] = None
    return rng.choice([tuple(entries), entries])


def _input(rng: random.Random, count: int) -> T:
    return t(*sizes_around(rng, count, rng.randint(1, 3)))


def _layer_sample(family: str) -> Sampler:
    def sample(rng: random.Random) -> Sample:
        count = rng.randint(1, 3)
        options = {"return_indices": True} if family == "AdaptiveMaxPool" and rng.random() < 0.3 else {}
        name = f"torch.nn.{family}{count}d"
        return Sample(name, (_input(rng, count),), init=(_sample_output(rng, count),), init_kwargs=options)

    return sample


MAX_POOL = layer(
    "AdaptiveMaxPool",
    ("torch.nn.AdaptiveMaxPool1d", "torch.nn.AdaptiveMaxPool2d", "torch.nn.AdaptiveMaxPool3d"),
    "output_size, return_indices=False",
    call="input",
    constraints=(C1, C2, C3),
    samples=_layer_sample("AdaptiveMaxPool"),
)


@MAX_POOL.rule
def adaptive_max_pool_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], C, *L) -> ([N], C, *output_size)`; an entry of None keeps the size. With `return_indices` a pair.

    C1: one batch axis or none. C2: no negative size. C3: as many sizes as axes of space, or one int for all.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """
    return _pool(
        cx,
        input,
        layer_dims(layer.name),
        layer.value("output_size"),
        indices=layer.flag("return_indices"),
        average=False,
    )


AVG_POOL = layer(
    "AdaptiveAvgPool",
    ("torch.nn.AdaptiveAvgPool1d", "torch.nn.AdaptiveAvgPool2d", "torch.nn.AdaptiveAvgPool3d"),
    "output_size",
    call="input",
    constraints=(C1, C2, C3),
    samples=_layer_sample("AdaptiveAvgPool"),
)


@AVG_POOL.rule
def adaptive_avg_pool_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], C, *L) -> ([N], C, *output_size)`; an entry of None keeps the size.

    C1: one batch axis or none. C2: no negative size. C3: as many sizes as axes of space, or one int for all.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
    """
    return _pool(cx, input, layer_dims(layer.name), layer.value("output_size"))


def _function(family: str, count: int, names: tuple[str, ...], signature: str) -> Op:
    def sample(rng: random.Random) -> Sample:
        name = rng.choice(names)
        indices = "return_indices" in signature and name.startswith("torch.nn") and rng.random() < 0.3
        return Sample(
            name, (_input(rng, count), _sample_output(rng, count)), {"return_indices": True} if indices else {}
        )

    made = op(f"adaptive_{family}_pool{count}d", names, signature, (C1, C2, C3), sample)

    @made.rule
    def adaptive_pool(cx: Context, input: Value, output_size: Value, return_indices: Value = FALSE) -> Value:
        """`([N], C, *L) -> ([N], C, *output_size)`; an entry of None keeps the size.

        C1: one batch axis or none. C2: no negative size. C3: as many sizes as axes of space, or one int for all.
        Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
        """
        return _pool(cx, input, count, output_size, indices=cx.flag(return_indices), average=family == "avg")

    return made


_F = "torch.nn.functional."
_MAX = "input, output_size, return_indices=False"

FUNCTIONS = [
    *(_function("max", n, (f"{_F}adaptive_max_pool{n}d",), _MAX) for n in (1, 2, 3)),
    _function("avg", 1, (f"{_F}adaptive_avg_pool1d", "torch.adaptive_avg_pool1d"), "input, output_size"),
    *(_function("avg", n, (f"{_F}adaptive_avg_pool{n}d",), "input, output_size") for n in (2, 3)),
]
