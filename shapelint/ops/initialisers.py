"""`torch.nn.init`: functions that fill a tensor and give it back."""

from __future__ import annotations

import random
from collections.abc import Callable

from shapelint.ops.contract import Constraint, Context, Op, Sample, T, op, say, t
from shapelint.values.model import Str, Tensor, Value

FANS = Constraint("C1", "invalid-option", "`tensor` has two axes or more, so that it has a fan in and a fan out")
MATRIX = Constraint("C1", "invalid-option", "`tensor` has two axes")
KERNEL = Constraint("C1", "invalid-option", "`tensor` is the weight of a convolution: three to five axes")
MODE = Constraint("C2", "invalid-option", "`mode` is 'fan_in' or 'fan_out'")
GROUPS = Constraint("C2", "invalid-option", "`groups` divides axis 0")

_Check = Callable[[Context, Tensor, dict[str, Value]], Tensor]


def _any(cx: Context, x: Tensor, options: dict[str, Value]) -> Tensor:
    return x


def _fans(cx: Context, x: Tensor, options: dict[str, Value]) -> Tensor:
    headline = say(
        "fan in and fan out can not be computed for tensor of shape {shape}: it has fewer than 2 dimensions",
        shape=x.shape,
    )
    if "mode" in options:
        mode = options["mode"]
        if isinstance(mode, Str) and mode.value is not None and mode.value.lower() not in ("fan_in", "fan_out"):
            cx.refute("C2", say("mode {mode} not supported", mode=repr(mode.value)), operand="mode")
    return cx.at_least_rank(x, 2, "C1", headline, "tensor")


def _matrix(cx: Context, x: Tensor, options: dict[str, Value]) -> Tensor:
    return cx.ranks(
        x, (2,), "C1", say("only tensors with 2 dimensions are supported, not {shape}", shape=x.shape), "tensor"
    )


def _kernel(cx: Context, x: Tensor, options: dict[str, Value]) -> Tensor:
    headline = say("only tensors with 3, 4, or 5 dimensions are supported, not {shape}", shape=x.shape)
    x = cx.ranks(x, (3, 4, 5), "C1", headline, "tensor")
    if x.shape.rank is not None:
        out, groups = x.shape.dims[0], cx.int(options["groups"])
        if out.value is not None and groups.value is not None and out.value % groups.value:
            cx.refute(
                "C2",
                say("dim 0 ({out}) must be divisible by groups ({groups})", out=out, groups=groups),
                operand="groups",
            )
    return x


def _make(name: str, options: str, check: _Check, constraints: tuple[Constraint, ...], old: bool = True) -> Op:
    names = (f"torch.nn.init.{name}_", *((f"torch.nn.init.{name}",) if old else ()))

    def sample(rng: random.Random) -> Sample:
        return Sample(rng.choice(names), *_draw(rng, name))

    made = op(f"init.{name}_", names, f"tensor{options}", constraints, sample)

    @made.rule
    def initialise(cx: Context, tensor: Value, **options: Value) -> Value:
        """`tensor -> tensor`, filled.

        C1: what the initialiser needs of the axes: two or more for fans and orthogonality, two for an identity or a
        sparse matrix, three to five for a
        Dirac kernel. C2: a known mode; `groups` divides axis 0.
        Follows https://docs.pytorch.org/docs/stable/nn.init.html
        """
        x = cx.tensor(tensor)
        cx.expect(x)
        return check(cx, x, options)

    return made


def _draw(rng: random.Random, name: str) -> tuple[tuple[object, ...], dict[str, object]]:
    rank = rng.randint(1, 6) if rng.random() < 0.5 else {"eye": 2, "sparse": 2, "dirac": 3}.get(name, 2)
    x: T = t(*(rng.randint(1, 3) for _ in range(rank)))
    options: dict[str, object] = {}
    if name == "constant":
        return (x, 0.5), options
    if name == "sparse":
        return (x, 0.1), options
    if name.startswith("kaiming") and rng.random() < 0.6:
        options["mode"] = rng.choice(["fan_in", "fan_out", "fan_in", "fan_avg"])
        options["nonlinearity"] = "relu"
    if name == "dirac" and rng.random() < 0.5:
        options["groups"] = rng.randint(1, 3)
    if name in ("normal", "trunc_normal") and rng.random() < 0.5:
        options |= {"mean": 0.0, "std": 0.02}
    return (x,), options


_KAIMING = ", a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None"
ORTHOGONAL = Constraint("C1", "invalid-option", "`tensor` has two axes or more")

INITIALISERS = [
    _make("uniform", ", a=0.0, b=1.0, generator=None", _any, ()),
    _make("normal", ", mean=0.0, std=1.0, generator=None", _any, ()),
    _make("trunc_normal", ", mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None", _any, (), old=False),
    _make("constant", ", val", _any, ()),
    _make("ones", "", _any, (), old=False),
    _make("zeros", "", _any, (), old=False),
    _make("eye", "", _matrix, (MATRIX,)),
    _make("dirac", ", groups=1", _kernel, (KERNEL, GROUPS)),
    _make("xavier_uniform", ", gain=1.0, generator=None", _fans, (FANS,)),
    _make("xavier_normal", ", gain=1.0, generator=None", _fans, (FANS,)),
    _make("kaiming_uniform", _KAIMING, _fans, (FANS, MODE)),
    _make("kaiming_normal", _KAIMING, _fans, (FANS, MODE)),
    _make("orthogonal", ", gain=1, generator=None", _fans, (ORTHOGONAL,)),
    _make("sparse", ", sparsity, std=0.01, generator=None", _matrix, (MATRIX,)),
]
