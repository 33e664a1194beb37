"""`torch.distributions`: objects that draw and score samples.

A distribution is built as a layer is: `construct` gives its `LayerConfig`, and the op of its class answers for its
attributes; inferred itself, that op tells the two shapes of the object. Each method is a layer op of its own,
`torch.distributions.Normal.log_prob`: its signature is the constructor's, its call the method's, and it is inferred
with
the configuration of the object.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from shapelint.ops.contract import Constraint, Context, Layer, Op, Sample, T, layer, say, t
from shapelint.shapes.shape import Axis, Part, Shape
from shapelint.values.model import Dtype, Int, SizeOf, Tensor, Tuple, Value

C1 = Constraint("C1", "broadcast-shape", "the parameters broadcast")
C2 = Constraint("C2", "invalid-option", "either `probs` or `logits` is given, not both")
C3 = Constraint("C3", "broadcast-shape", "the value broadcasts with the batch of the distribution")


@dataclass(frozen=True, slots=True)
class Family:
    """`ranks`: how many axes at the end of each parameter belong to one distribution (0 where not listed). `event`: the
    parameter whose last
    axis is that of a draw. `kind`: of the entries of a draw."""

    signature: str
    ranks: tuple[tuple[str, int], ...] = ()
    event: str = ""
    kind: Dtype = "float"
    smooth: bool = True
    entropy: bool = True


_EITHER = "probs=None, logits=None, validate_args=None"
_ROWS = (("probs", 1), ("logits", 1))
FAMILIES: dict[str, Family] = {
    "Normal": Family("loc, scale, validate_args=None"),
    "LogNormal": Family("loc, scale, validate_args=None"),
    "Laplace": Family("loc, scale, validate_args=None"),
    "Cauchy": Family("loc, scale, validate_args=None"),
    "Gumbel": Family("loc, scale, validate_args=None"),
    "Uniform": Family("low, high, validate_args=None"),
    "Beta": Family("concentration1, concentration0, validate_args=None"),
    "Gamma": Family("concentration, rate, validate_args=None"),
    "Exponential": Family("rate, validate_args=None"),
    "HalfNormal": Family("scale, validate_args=None"),
    "HalfCauchy": Family("scale, validate_args=None"),
    "Chi2": Family("df, validate_args=None"),
    "InverseGamma": Family("concentration, rate, validate_args=None"),
    "Kumaraswamy": Family("concentration1, concentration0, validate_args=None"),
    "Pareto": Family("scale, alpha, validate_args=None"),
    "Weibull": Family("scale, concentration, validate_args=None"),
    "FisherSnedecor": Family("df1, df2, validate_args=None", entropy=False),
    "VonMises": Family("loc, concentration, validate_args=None", smooth=False, entropy=False),
    "StudentT": Family("df, loc=0.0, scale=1.0, validate_args=None"),
    "Poisson": Family("rate, validate_args=None", smooth=False, entropy=False),
    "Bernoulli": Family(_EITHER, smooth=False),
    "Geometric": Family(_EITHER, smooth=False),
    "Binomial": Family(f"total_count=1, {_EITHER}", smooth=False),
    "Categorical": Family(_EITHER, _ROWS, kind="int", smooth=False),
    "OneHotCategorical": Family(_EITHER, _ROWS, "probs", smooth=False),
    "OneHotCategoricalStraightThrough": Family(_EITHER, _ROWS, "probs"),
    "Multinomial": Family(
        f"total_count=1, {_EITHER}", (*_ROWS, ("total_count", -1)), "probs", smooth=False, entropy=False
    ),
    "Dirichlet": Family("concentration, validate_args=None", (("concentration", 1),), "concentration"),
    "MultivariateNormal": Family(
        "loc, covariance_matrix=None, precision_matrix=None, scale_tril=None, validate_args=None",
        (("loc", 1), ("covariance_matrix", 2), ("precision_matrix", 2), ("scale_tril", 2)),
        "loc",
    ),
}
_ROWED = ("Categorical", "OneHotCategorical", "OneHotCategoricalStraightThrough", "Multinomial")
_MATRICES = ("covariance_matrix", "precision_matrix", "scale_tril")


@dataclass(frozen=True, slots=True)
class Shapes:
    """What a distribution is made of: `batch` and `event` axes, and its parameters as given."""

    family: Family
    batch: tuple[Part, ...]
    event: tuple[Part, ...]
    given: dict[str, Tensor]


def _class_name(name: str) -> str:
    return next(part for part in name.split(".") if part in FAMILIES)


def shapes(cx: Context, layer: Layer) -> Shapes:
    """The batch and event axes of a distribution. Demands C1 and C2."""
    family = FAMILIES[_class_name(layer.config.name)]
    ranks = dict(family.ranks)
    given = {
        name: cx.tensor(value)
        for name, value in layer.config.args.items()
        if name != "validate_args" and not cx.is_none(value) and ranks.get(name) != -1
    }
    if "probs=None" in family.signature and ("probs" in given) == ("logits" in given):
        cx.refute("C2", say("either probs or logits must be specified, but not both"), operand="probs")
    batches: list[Tensor] = []
    event: tuple[Part, ...] = ()
    for name, x in given.items():
        own = ranks.get(name, 0)
        if own:
            x = cx.at_least_rank(x, own, "C1", say("{name} of {subject} has shape {shape}", name=name, shape=x.shape))
            if name == family.event or (family.event == "probs" and name == "logits"):
                event = x.shape.parts[-1:]
            x = x.with_parts(x.shape.parts[:-own])
        batches.append(x)
    if len(batches) == 1:
        return Shapes(family, batches[0].shape.parts, event, given)
    return Shapes(family, cx.broadcast(batches, "C1"), event, given)


def build(cx: Context, layer: Layer) -> None:
    """C1 and C2 are raised by the constructor."""
    shapes(cx, layer)


def _size_value(parts: tuple[Part, ...]) -> Value:
    shape = Shape(parts)
    return Tuple(tuple(Int(d) for d in shape.dims), "size") if shape.ranked else SizeOf(shape)


def attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    """Shapes, moments, and parameters as the object keeps them: expanded to the batch."""
    if name in ("batch_shape", "event_shape"):
        found = shapes(cx, layer)
        return _size_value(found.batch if name == "batch_shape" else found.event)
    if name in ("mean", "variance", "stddev", "mode"):
        found = shapes(cx, layer)
        return Tensor(Shape((*found.batch, *found.event)), "float")
    if name in ("probs", "logits") or name in layer.config.args:
        found = shapes(cx, layer)
        if name == "validate_args" or name in _MATRICES:
            return None
        rows = next((x.shape.parts[-1:] for p, x in found.given.items() if dict(found.family.ranks).get(p) == 1), ())
        return Tensor(Shape((*found.batch, *rows)), "float")
    return None


# Samples -----------------------------------------------------------------------------------------


def _parameters(rng: random.Random, name: str) -> tuple[tuple[object, ...], dict[str, object], list[int]]:
    """Arguments of a constructor, and the batch that they have where they are right."""
    batch = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]

    def wrong(sizes: list[int]) -> list[int]:
        return [*sizes[:-1], sizes[-1] + 3] if sizes and rng.random() < 0.3 else sizes

    if name == "MultivariateNormal":
        n = rng.randint(1, 3)
        return (t(*batch, n), t(*wrong(batch), n, n)), {}, batch
    if "probs" in FAMILIES[name].signature:
        sizes = [*batch, rng.randint(2, 3)] if dict(FAMILIES[name].ranks).get("probs") else batch
        options: dict[str, object] = {rng.choice(["probs", "logits"]): t(*sizes)}
        if rng.random() < 0.2:
            options = {} if rng.random() < 0.5 else {"probs": t(*sizes), "logits": t(*sizes)}
        if rng.random() < 0.1 and name not in _ROWED and options:
            return (), {next(iter(options)): 0.5}, []
        return (), options, batch
    count = {"StudentT": 3}.get(name, FAMILIES[name].signature.count(","))
    if name == "Dirichlet":
        return (t(*batch, 3),), {}, batch
    values: list[object] = [t(*batch)]
    for _ in range(count - 1):
        values.append(t(*wrong(batch)) if rng.random() < 0.6 else 1.0)
    return tuple(values), {"validate_args": False}, batch


def _object_sample(rng: random.Random, classes: list[str]) -> Sample:
    name = rng.choice(classes)
    init, options, _ = _parameters(rng, name)
    return Sample(f"torch.distributions.{name}", init=init, init_kwargs=options)


def _draw_sample(rng: random.Random, classes: list[str]) -> Sample:
    name = rng.choice(classes)
    init, options, _ = _parameters(rng, name)
    method = "rsample" if FAMILIES[name].smooth and rng.random() < 0.4 else "sample"
    shape = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    called = f"torch.distributions.{name}.{method}"
    if rng.random() < 0.3:
        return Sample(called, init=init, init_kwargs=options)
    return Sample(called, (tuple(shape),), {}, init, options)


def _value_sample(rng: random.Random, classes: list[str]) -> Sample:
    name = rng.choice(classes)
    init, options, batch = _parameters(rng, name)
    choice = rng.random()
    sizes = list(batch)
    if choice < 0.3:
        sizes = [rng.randint(1, 3), *sizes]
    elif choice < 0.6 and sizes:
        sizes = [*sizes[:-1], sizes[-1] + 3]
    elif choice < 0.7:
        sizes = sizes[1:]
    called = f"torch.distributions.{name}.log_prob"
    if name == "MultivariateNormal":
        first = init[0]
        assert isinstance(first, T)
        return Sample(called, (t(*sizes, first.sizes[-1] + (rng.random() < 0.1)),), {}, init, options)
    return Sample(called, (t(*sizes),), {}, init, {**options, "validate_args": False})


def _entropy_sample(rng: random.Random, classes: list[str]) -> Sample:
    name = rng.choice(classes)
    init, options, _ = _parameters(rng, name)
    return Sample(f"torch.distributions.{name}.entropy", init=init, init_kwargs=options)


# Ops ---------------------------------------------------------------------------------------------


def _make(
    signature: str,
    classes: list[str],
    methods: tuple[str, ...],
    call: str,
    draw: Callable[[random.Random, list[str]], Sample],
    extra: tuple[Constraint, ...] = (),
) -> Op:
    """The op of a method of all classes with one constructor."""
    constraints = extra
    if "probs=None" in signature:
        constraints = (C2, *constraints)
    if signature.count(",") > 1 and "probs=None" not in signature:
        constraints = (C1, *constraints)
    made = layer(
        "/".join(classes) + (f".{methods[0]}" if methods[0] else ""),
        tuple(
            f"torch.distributions.{name}{'.' * bool(method)}{method}"
            for method in methods
            for name in classes
            if method != "rsample" or FAMILIES[name].smooth
        ),
        signature,
        call,
        constraints,
        lambda rng: draw(rng, classes),
    )
    made.build(build)
    made.attributes(attributes)
    return made


def _objects(signature: str, classes: list[str]) -> Op:
    made = _make(signature, classes, ("",), "", _object_sample)

    @made.rule
    def distribution(cx: Context, layer: Layer) -> Value:
        """`() -> (batch_shape, event_shape)`: an object is not called, this is what it is.

        C1: the parameters broadcast. C2: either `probs` or `logits`.
        Follows https://docs.pytorch.org/docs/stable/distributions.html
        """
        found = shapes(cx, layer)
        return Tuple((_size_value(found.batch), _size_value(found.event)))

    return made


def _draws(signature: str, classes: list[str]) -> Op:
    made = _make(signature, classes, ("sample", "rsample"), "sample_shape=()", _draw_sample)

    @made.rule
    def sample(cx: Context, layer: Layer, sample_shape: Value) -> Value:
        """`sample_shape -> (*sample_shape, *batch_shape, *event_shape)`.

        C1: the parameters broadcast. C2: either `probs` or `logits`.
        Follows https://docs.pytorch.org/docs/stable/distributions.html
        """
        found = shapes(cx, layer)
        axes = (Axis.fresh(n) for n in cx.ints(sample_shape))
        return Tensor(Shape((*axes, *found.batch, *found.event)), found.family.kind)

    return made


def _scores(signature: str, classes: list[str]) -> Op:
    made = _make(signature, classes, ("log_prob",), "value", _value_sample, (C3,))

    @made.rule
    def log_prob(cx: Context, layer: Layer, value: Value) -> Value:
        """`(*, *event_shape) -> (*)`, broadcast with the batch of the distribution.

        C1: the parameters broadcast. C2: either `probs` or `logits`. C3: the value broadcasts with the batch and has
        the event's size.
        Follows https://docs.pytorch.org/docs/stable/distributions.html
        """
        found = shapes(cx, layer)
        x = cx.tensor(value)
        if found.event:
            x = cx.at_least_rank(x, 1, "C3", say("{subject} expects a value with an axis of its event"))
            own, want = x.shape.parts[-1], found.event[0]
            assert isinstance(own, Axis)
            assert isinstance(want, Axis)
            headline = say(
                "{subject} expects a value with {want} entries but receives {got}", want=want.size, got=own.size
            )
            cx.demand_equal("C3", want.size, own.size, headline, operand="value")
            x = x.with_parts(x.shape.parts[:-1])
        return Tensor(Shape(cx.broadcast([x, Tensor(Shape(found.batch), "float")], "C3")), "float")

    return made


def _entropies(signature: str, classes: list[str]) -> Op:
    made = _make(signature, classes, ("entropy",), "", _entropy_sample)

    @made.rule
    def entropy(cx: Context, layer: Layer) -> Value:
        """`() -> batch_shape`.

        C1: the parameters broadcast. C2: either `probs` or `logits`.
        Follows https://docs.pytorch.org/docs/stable/distributions.html
        """
        return Tensor(Shape(shapes(cx, layer).batch), "float")

    return made


def _grouped(classes: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {}
    for name in classes:
        groups.setdefault(FAMILIES[name].signature, []).append(name)
    yield from groups.items()


# a value that sums to 1 is checked by its entries as well, which is not ours
_SCORED = [name for name in FAMILIES if name != "Dirichlet" and name not in _ROWED[1:]]
OBJECTS = [_objects(signature, classes) for signature, classes in _grouped(FAMILIES)]
DRAWS = [_draws(signature, classes) for signature, classes in _grouped(FAMILIES)]
SCORES = [_scores(signature, classes) for signature, classes in _grouped(_SCORED)]
ENTROPIES = [
    _entropies(signature, classes) for signature, classes in _grouped(n for n, f in FAMILIES.items() if f.entropy)
]
