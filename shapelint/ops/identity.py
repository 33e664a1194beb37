"""`nn.Identity`: whatever comes in."""

from __future__ import annotations

import random

from shapelint.ops.contract import Context, Layer, Sample, layer, t
from shapelint.values.model import Value


def _sample(rng: random.Random) -> Sample:
    x = t(*(rng.randint(1, 4) for _ in range(rng.randint(0, 4))))
    kwargs = {"unused": True} if rng.random() < 0.3 else {}
    return Sample(
        "torch.nn.Identity", ([x, x] if rng.random() < 0.2 else x,), init=(5,) * rng.randint(0, 2), init_kwargs=kwargs
    )


IDENTITY = layer("Identity", ("torch.nn.Identity",), "*args, **kwargs", call="input", samples=_sample)


@IDENTITY.rule
def identity(cx: Context, layer: Layer, input: Value) -> Value:
    """`x -> x`, whatever the layer was built with.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html
    """
    return input
