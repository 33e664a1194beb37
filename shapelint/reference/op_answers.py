"""What an op's rule says of a sampled call, and whether it is so."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from shapelint.ops.contract import Built, Context, Inferred, Mismatch, Op, Sample, T, constant, construct, infer
from shapelint.reference.op_calls import kind
from shapelint.shapes.dim import Dim, Symbol
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Axis, Segment, Shape
from shapelint.values.model import (
    Bool,
    Int,
    LayerConfig,
    LayerValue,
    NoneValue,
    Packed,
    Sequence,
    Slice,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)


@dataclass
class Binding:
    """The sizes that the symbols of one twin stand for."""

    sizes: dict[Symbol, int] = field(default_factory=dict)
    runs: dict[Segment, tuple[int, ...]] = field(default_factory=dict)

    def evaluate(self, dim: Dim) -> int | None:
        """The size, None where it depends on symbols that the rule made itself."""
        if not dim.symbols <= self.sizes.keys():
            return None
        return dim.evaluate(self.sizes.__getitem__)


class Answer:
    """What the rule said of one sample."""

    def __init__(self, facts: Facts, inferred: Inferred) -> None:
        self.facts = facts
        self.inferred = inferred

    @property
    def mismatch(self) -> Mismatch | None:
        return self.inferred.mismatch


class NoAnswer(Exception):
    """An inner sample was rejected or not understood."""


MakeTensor = Callable[[T], Tensor]


def run_rule(op: Op, sample: Sample, make: MakeTensor) -> Answer:
    """The answer of the rule, with tensors as `make` gives them."""
    facts = Facts()
    return Answer(facts, _infer(op, sample, facts, make))


def _infer(op: Op, sample: Sample, facts: Facts, make: MakeTensor) -> Inferred:
    def abstract(value: Any) -> Value:
        if isinstance(value, T):
            return replace(make(value), array=sample.name.startswith("numpy."))
        if isinstance(value, Sample):
            inner = _infer(_op_of(value.name), value, facts, make)
            if inner.mismatch is not None or isinstance(inner.value, Unknown):
                raise NoAnswer
            return inner.value
        if isinstance(value, Built):
            return _built(value, facts, abstract)
        if isinstance(value, Value):
            return value
        if isinstance(value, (list, tuple)):
            return Tuple(tuple(abstract(v) for v in value), "list" if isinstance(value, list) else "tuple")
        if isinstance(value, slice):
            return Slice(abstract(value.start), abstract(value.stop), abstract(value.step))
        return constant(value)

    args = [abstract(a) for a in sample.args]
    kwargs = {k: abstract(v) for k, v in sample.kwargs.items()}
    config: LayerConfig | None = None
    if op.is_layer:
        init = [abstract(a) for a in sample.init]
        built = construct(
            Context(facts), op, init, {k: abstract(v) for k, v in sample.init_kwargs.items()}, sample.name
        )
        if isinstance(built, Mismatch):
            return Inferred(Unknown("after-error"), built)
        if built is None:
            return Inferred(Unknown("unsupported-op", f"{op.name}: constructor"))
        config = built
    return infer(Context(facts), op, args, kwargs, config)


def _built(layer: Built, facts: Facts, abstract: Callable[[Any], Value]) -> Value:
    given = {k: abstract(v) for k, v in layer.init_kwargs.items()}
    config = construct(Context(facts), _op_of(layer.name), [abstract(a) for a in layer.init], given, layer.name)
    if not isinstance(config, LayerConfig):
        raise NoAnswer
    return LayerValue(config)


def _op_of(name: str) -> Op:
    from shapelint.ops.index import find

    found = find(name)
    if found is None:
        raise NoAnswer
    return found


def plain(spec: T) -> Tensor:
    """A tensor of known sizes."""
    return Tensor.of(*spec.sizes, dtype=spec.dtype)


def symbolic(binding: Binding, rng: random.Random, unknown_rank: float = 0.0) -> MakeTensor:
    """Tensors whose sizes above 1 are symbols; with the chance `unknown_rank`, of unknown rank where they have axes."""

    def make(spec: T) -> Tensor:
        if spec.sizes and 0 not in spec.sizes and rng.random() < unknown_rank:
            run = Segment("x")
            binding.runs[run] = spec.sizes
            return Tensor(Shape((run,)), spec.dtype)
        dims = []
        for size in spec.sizes:
            if size <= 1:
                dims.append(Dim.of(size))
                continue
            symbol = Symbol(f"s{len(binding.sizes)}", "input")
            binding.sizes[symbol] = size
            dims.append(Dim.of(symbol))
        return Tensor.of(*dims, dtype=spec.dtype)

    return make


# Comparison --------------------------------------------------------------------------------------


class Disagreement(Exception):
    """The rule said something that is not so."""


@dataclass
class Partial:
    """Counts results that are only partly known."""

    count: int = 0


def compare(value: Value, result: Any, facts: Facts, binding: Binding, partial: Partial, where: str = "result") -> None:
    """Raises Disagreement where the value does not describe the result of torch."""
    array = type(result).__module__ == "numpy"
    if isinstance(value, Tensor) and (array or isinstance(result, torch.Tensor)):
        if value.array is not array:
            raise Disagreement(f"{where}: array={value.array} is told, torch gave {type(result).__name__}")
        if array:
            import numpy

            result = torch.from_numpy(numpy.asarray(result).copy())
    if isinstance(value, Unknown):
        partial.count += 1
    elif isinstance(value, Tensor):
        if not isinstance(result, torch.Tensor):
            raise Disagreement(f"{where}: a tensor is told, torch gave {type(result).__name__}")
        if value.dtype is not None and value.dtype != kind(result.dtype):
            raise Disagreement(f"{where}: dtype {value.dtype} is told, torch gave {kind(result.dtype)}")
        _compare_shape(facts.shape(value.shape, generic=True), tuple(result.shape), facts, binding, partial, where)
    elif isinstance(value, Packed):
        if not isinstance(result, torch.nn.utils.rnn.PackedSequence):
            raise Disagreement(f"{where}: a packed sequence is told, torch gave {type(result).__name__}")
        padded, _ = torch.nn.utils.rnn.pad_packed_sequence(result, batch_first=True)
        shape = facts.shape(Shape((value.batch, value.seq, *value.rest)), generic=True)
        _compare_shape(shape, tuple(padded.shape), facts, binding, partial, where)
    elif isinstance(value, Tuple):
        if not isinstance(result, (tuple, list)) or len(result) != len(value.items):
            raise Disagreement(f"{where}: {len(value.items)} values are told, torch gave {result!r:.200}")
        if value.names and tuple(getattr(type(result), "_fields", value.names)) != value.names:
            fields = getattr(type(result), "_fields", ())
            raise Disagreement(f"{where}: fields {value.names} are told, torch has {fields}")
        for name in value.names:
            if not hasattr(result, name):
                raise Disagreement(f"{where}: torch's result has no field {name}")
        for i, (item, part) in enumerate(zip(value.items, result, strict=False)):
            compare(item, part, facts, binding, partial, f"{where}[{i}]")
    elif isinstance(value, Sequence):
        if not isinstance(result, (tuple, list)):
            raise Disagreement(f"{where}: a sequence is told, torch gave {type(result).__name__}")
        if value.length is not None:
            _compare_size(
                facts.resolve(value.length, generic=True), len(result), facts, binding, partial, f"length of {where}"
            )
        for i, part in enumerate(result):
            item = (value.first if i == 0 else value.last if i == len(result) - 1 else None) or value.element
            own = Binding(dict(binding.sizes), binding.runs)  # open sizes differ from element to element
            compare(item, part, facts, own, partial, f"{where}[{i}]")
    elif isinstance(value, Bool):
        if not isinstance(result, bool) or value.value not in (None, result):
            raise Disagreement(f"{where}: {value} is told, torch gave {result!r}")
    elif isinstance(value, Int):
        if not isinstance(result, int):
            raise Disagreement(f"{where}: an int is told, torch gave {type(result).__name__}")
        _compare_size(facts.resolve(value.dim, generic=True), result, facts, binding, partial, where)
    elif isinstance(value, Str):
        if not isinstance(result, str) or value.value not in (None, result):
            raise Disagreement(f"{where}: {value} is told, torch gave {result!r}")
    elif isinstance(value, NoneValue) and result is not None:
        raise Disagreement(f"{where}: None is told, torch gave {type(result).__name__}")


def _compare_shape(
    shape: Shape, sizes: tuple[int, ...], facts: Facts, binding: Binding, partial: Partial, where: str
) -> None:
    least, _ = facts.admissible_ranks(shape)
    if len(sizes) < least or (shape.ranked and len(sizes) != least):
        raise Disagreement(f"{where}: {shape} is told, torch gave {sizes}")
    if not shape.ranked:
        partial.count += 1
    pairs = list(zip(shape.prefix, sizes, strict=False))
    if not shape.ranked:
        pairs += list(zip(reversed(shape.suffix), reversed(sizes), strict=False))
    for axis, size in pairs:
        _compare_size(axis.size, size, facts, binding, partial, f"{where} {sizes}")


def _compare_size(dim: Dim, size: int, facts: Facts, binding: Binding, partial: Partial, where: str) -> None:
    told = binding.evaluate(dim)
    if told is None:
        partial.count += 1
        symbol = dim.lone_symbol
        if symbol is not None:  # the rule's own: from here on it stands for this size
            least = facts.least(symbol)
            if (
                least is not None and size < least and size != 0
            ):  # sizes are told to be 1 or more unless shown otherwise
                raise Disagreement(f"{where}: a size of at least {least} is told, torch gave {size}")
            binding.sizes[symbol] = size
    elif told != size:
        raise Disagreement(f"{where}: {dim} = {told} is told, torch gave {size}")


def check_facts(facts: Facts, binding: Binding) -> None:
    """Raises Disagreement where a fact that the rule learned is not true of the sizes that the symbols stand for."""
    for run, sizes in binding.runs.items():
        shape = facts.shape(Shape((run,)), generic=True)
        least, greatest = facts.admissible_ranks(shape)
        if len(sizes) < least or (greatest is not None and len(sizes) > greatest):
            raise Disagreement(f"learned: a tensor of shape {sizes} has the axes {shape}")
        # the raw axes of the run, before their sizes were bound
        raw = _unfold(facts, run)
        for axis, size in _aligned(raw, sizes):
            symbol = axis.size.lone_symbol
            if symbol is not None and symbol not in binding.sizes:
                binding.sizes[symbol] = size
    for symbol, dim in facts.proved.items():
        if symbol in binding.sizes:
            told = binding.evaluate(facts.resolve(dim))
            if told is not None and told != binding.sizes[symbol]:
                raise Disagreement(f"learned: {symbol} is {dim}, which is {told}, but it was {binding.sizes[symbol]}")
    for symbol, least_ in facts.low.items():
        if binding.sizes.get(symbol, least_) < least_:
            raise Disagreement(f"learned: {symbol} is at least {least_}, but it was {binding.sizes[symbol]}")


def _unfold(facts: Facts, run: Segment) -> list[Axis | Segment]:
    parts: list[Axis | Segment] = []
    for part in facts.segments.get(run, (run,)):
        parts += _unfold(facts, part) if isinstance(part, Segment) and part in facts.segments else [part]
    return parts


def _aligned(parts: list[Axis | Segment], sizes: tuple[int, ...]) -> Iterator[tuple[Axis, int]]:
    at = next((i for i, p in enumerate(parts) if isinstance(p, Segment)), len(parts))
    yield from zip((p for p in parts[:at] if isinstance(p, Axis)), sizes, strict=False)
    yield from zip((p for p in reversed(parts[at + 1 :]) if isinstance(p, Axis)), reversed(sizes), strict=False)
