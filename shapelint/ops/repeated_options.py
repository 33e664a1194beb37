"""`torch.nn.modules.utils._pair` and its like: an option given once for all axes."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Context, Op, Sample, op
from shapelint.values.model import Bool, Float, Int, SizeOf, Tuple, Value


def _repeated(name: str, count: int) -> Op:
    torch = f"torch.nn.modules.utils.{name}"

    def sample(rng: random.Random) -> Sample:
        return Sample(torch, (rng.choice([1, 3, tuple(range(count)), [2] * count]),))

    made = op(name, (torch,), "x", samples=sample)

    def rule(cx: Context, x: Value) -> Value:
        if isinstance(x, Tuple):
            return Tuple(x.items)
        if isinstance(x, SizeOf):
            return Tuple(cx.items(x))
        if isinstance(x, (Int, Float, Bool)):
            return Tuple((x,) * count)
        raise CannotTell("dynamic-value")

    rule.__doc__ = f"""`n -> (n, …)`, {count} times; a list as a tuple.

    Follows https://github.com/pytorch/pytorch/blob/main/torch/nn/modules/utils.py
    """
    made.rule(rule)
    return made


REPEATED = [_repeated(name, n) for name, n in (("_single", 1), ("_pair", 2), ("_triple", 3), ("_quadruple", 4))]
