"""`Tensor.index_put`: `x[i, j] = v` as a function of a tuple of tensors."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, t
from shapelint.ops.indexing import demand_placed
from shapelint.ops.pointwise import both
from shapelint.values.model import Tuple, Value


def _sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(1, 3))]
    count, n = rng.randint(1, len(sizes)), rng.randint(1, 3)
    if rng.random() < 0.1:
        count = len(sizes) + 1
    lengths = [n if rng.random() < 0.85 else n + rng.choice([2, 0]) for _ in range(count)]
    picked = tuple(t(k, dtype="int", high=1) for k in lengths)
    rest = sizes[count:]
    choice = rng.random()
    value = t() if choice < 0.3 else t(n, *rest) if choice < 0.7 else t(n + 1, *rest) if choice < 0.85 else t(*rest)
    name = rng.choice(PUT.torch)
    options = {"accumulate": True} if rng.random() < 0.3 else {}
    return Sample(name, (t(*sizes), picked, value), options)


PUT = op(
    "index_put",
    both("index_put"),
    "input, indices, values, accumulate=False",
    (
        Constraint("C2", "index-out-of-range", "there are no more indices than axes"),
        Constraint("C4", "index-shape", "the indices broadcast"),
        Constraint("C6", "broadcast-shape", "the values broadcast to what is selected"),
    ),
    _sample,
)


@PUT.rule
def index_put(cx: Context, input: Value, indices: Value, values: Value, accumulate: Value) -> Value:
    """`(*), (indices, …), values -> (*)`: the tensor, with values at the places that the indices name.

    C2: no more indices than axes. C4: the indices broadcast. C6: the values broadcast to what is selected.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html
    """
    x = cx.tensor(input)
    cx.expect(x)
    if not isinstance(indices, Tuple):
        raise CannotTell("dynamic-value")
    demand_placed(cx, x, Tuple(indices.items), values)
    return x
