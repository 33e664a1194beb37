"""Holds the rule of an op against real torch.

Run one op with `pytest tests/test_ops.py -k cat` (the parameter is `file-op`, as in `cat-cat`), all ops of a file with
`-k "recurrent-"`. `SHAPELINT_SAMPLES=1000` draws more, `pytest -m mutation tests/test_ops.py -k cat` disables each
constraint in turn and expects to see it. From Python: `print(examine(op))`.

An op's `samples` draw calls; each runs on torch on the CPU (layers in eval mode) and through the rule, three times:

* with the sizes as they are: verdict, shape of every result and kind of dtype must agree; * with every size above 1
replaced by an open input symbol of its own: where torch accepts, the rule must not object, and the shape it gives and
every fact it learned must be true for the sizes that the symbols stand for; * with some tensors of unknown rank (those
that have axes): likewise, as far as the rank is known.

The arguments of a layer's constructor keep their numbers in all of them.

What a sample may hold beyond numbers, strings and `T`s: lists, tuples, slices, dicts; `External("torch.float32")` for a
constant of torch; another `Sample`, whose result is the argument; `Built`, a layer as an argument. Float tensors hold
entries within (0, 1); those whose last two axes are equal are positive definite, so that a matrix can be inverted and
factored.
"""

from __future__ import annotations

import importlib
import random
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy
import torch

from shapelint.ops import handles, settings
from shapelint.ops.contract import Built, Context, Inferred, Mismatch, Op, Sample, T, constant, construct, infer
from shapelint.shapes.dim import Dim, Symbol
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Axis, Segment, Shape
from shapelint.values.model import (
    Bool,
    External,
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

# need a device that tests do not have, other processes, a file
ELSEWHERE = {f"torch.Tensor.{name}" for name in ("cuda", "xpu", "pin_memory")} | settings.ELSEWHERE | handles.ELSEWHERE
DRAWS = 40  # samples drawn at most for each one wanted


# Torch -------------------------------------------------------------------------------------------


class Rejected(Exception):
    """Torch raised."""


def run_torch(sample: Sample) -> Any:
    """The result of torch. Raises Rejected where torch raises."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.default_generator.manual_seed(0)  # torch.manual_seed formats a stack trace each time
        try:
            return _call_torch(sample)
        except Exception as error:
            raise Rejected(f"{type(error).__name__}: {error}") from error


def _call_torch(sample: Sample) -> Any:
    target = torch_object(sample.name)
    args = [_concrete(a) for a in sample.args]
    kwargs = {k: _concrete(v) for k, v in sample.kwargs.items()}
    if sample.name.startswith("numpy."):
        args, kwargs = [_as_array(a) for a in args], {k: _as_array(v) for k, v in kwargs.items()}
    if isinstance(target, type) and issubclass(target, torch.nn.Module):
        init = [_concrete(a) for a in sample.init]
        layer = target(*init, **{k: _concrete(v) for k, v in sample.init_kwargs.items()})
        return layer.eval()(*args, **kwargs)
    owner, _, method = sample.name.rpartition(".")
    build = target if isinstance(target, type) else torch_object(owner)
    if ".distributions." in sample.name and isinstance(build, type):  # an object that `init` builds, or a method of it
        built = build(*map(_concrete, sample.init), **{k: _concrete(v) for k, v in sample.init_kwargs.items()})
        return (built.batch_shape, built.event_shape) if build is target else getattr(built, method)(*args, **kwargs)
    if not callable(target):  # a property, such as Tensor.T
        return getattr(args[0], sample.name.rpartition(".")[2])
    return target(*args, **kwargs)


def torch_object(name: str) -> Any:
    """What a dotted name of torch or NumPy means. Raises AttributeError where there is no such thing."""
    root, *path = name.split(".")
    if root == "einops":
        importlib.import_module("einops.layers.torch")
    found: Any = importlib.import_module(root)
    for part in path:
        found = getattr(found, part)
    return found


def _concrete(value: Any) -> Any:
    if isinstance(value, T):
        return _filled(value)
    if isinstance(value, Sample):
        return _call_torch(value)
    if isinstance(value, Built):
        init = [_concrete(a) for a in value.init]
        built = torch_object(value.name)(*init, **{k: _concrete(v) for k, v in value.init_kwargs.items()})
        return built.eval() if isinstance(built, torch.nn.Module) else built
    if isinstance(value, External):
        return torch_object(value.name)
    if isinstance(value, (list, tuple)):
        return type(value)(_concrete(v) for v in value)
    if isinstance(value, dict):
        return {k: _concrete(v) for k, v in value.items()}
    return value


def _as_array(value: Any) -> Any:
    """Functions of NumPy are given arrays."""
    if isinstance(value, torch.Tensor):
        return value.numpy()
    return type(value)(_as_array(v) for v in value) if isinstance(value, (list, tuple)) else value


def _filled(spec: T) -> torch.Tensor:
    if spec.dtype == "bool":
        return torch.rand(spec.sizes) < 0.5
    if spec.dtype == "int":
        return torch.randint(0, spec.high, spec.sizes)
    if spec.dtype == "complex":
        return torch.rand(spec.sizes, dtype=torch.complex64)
    x = torch.rand(spec.sizes) * 0.9 + 0.05
    if len(spec.sizes) >= 2 and spec.sizes[-1] == spec.sizes[-2] > 1:
        n = spec.sizes[-1]
        x = (x + x.mT) / (4 * n) + 0.5 * torch.eye(n)
    return x


def kind(dtype: torch.dtype) -> str:
    """bool, int, float or complex."""
    if dtype is torch.bool:
        return "bool"
    return "complex" if dtype.is_complex else "float" if dtype.is_floating_point else "int"


# The rule ----------------------------------------------------------------------------------------


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
    if isinstance(value, Tensor) and isinstance(result, (numpy.ndarray, numpy.generic, torch.Tensor)):
        if value.array is isinstance(result, torch.Tensor):
            raise Disagreement(f"{where}: array={value.array} is told, torch gave {type(result).__name__}")
        if not isinstance(result, torch.Tensor):
            result = torch.from_numpy(numpy.asarray(result).copy())
    if isinstance(value, Unknown):
        partial.count += 1
    elif isinstance(value, Tensor):
        if not isinstance(result, torch.Tensor):
            raise Disagreement(f"{where}: a tensor is told, torch gave {type(result).__name__}")
        if value.dtype is not None and value.dtype != kind(result.dtype):
            raise Disagreement(f"{where}: dtype {value.dtype} is told, torch gave {kind(result.dtype)}")
        _compare_shape(facts.shape(value.shape), tuple(result.shape), facts, binding, partial, where)
    elif isinstance(value, Packed):
        if not isinstance(result, torch.nn.utils.rnn.PackedSequence):
            raise Disagreement(f"{where}: a packed sequence is told, torch gave {type(result).__name__}")
        padded, _ = torch.nn.utils.rnn.pad_packed_sequence(result, batch_first=True)
        shape = facts.shape(Shape((value.batch, value.seq, *value.rest)))
        _compare_shape(shape, tuple(padded.shape), facts, binding, partial, where)
    elif isinstance(value, Tuple):
        if not isinstance(result, (tuple, list)) or len(result) != len(value.items):
            raise Disagreement(f"{where}: {len(value.items)} values are told, torch gave {result!r:.200}")
        if value.names and tuple(getattr(type(result), "_fields", value.names)) != value.names:
            raise Disagreement(f"{where}: fields {value.names} are told, torch has {type(result)._fields}")
        for name in value.names:
            if not hasattr(result, name):
                raise Disagreement(f"{where}: torch's result has no field {name}")
        for i, (item, part) in enumerate(zip(value.items, result, strict=False)):
            compare(item, part, facts, binding, partial, f"{where}[{i}]")
    elif isinstance(value, Sequence):
        if not isinstance(result, (tuple, list)):
            raise Disagreement(f"{where}: a sequence is told, torch gave {type(result).__name__}")
        if value.length is not None:
            _compare_size(facts.resolve(value.length), len(result), facts, binding, partial, f"length of {where}")
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
        _compare_size(facts.resolve(value.dim), result, facts, binding, partial, where)
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
        shape = facts.shape(Shape((run,)))
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
            told = binding.evaluate(facts.resolve(dim, proof=True))
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


# One op ------------------------------------------------------------------------------------------


@dataclass
class Report:
    """What the samples of an op showed."""

    op: str
    accepted: int = 0
    rejected: int = 0
    gaps: list[str] = field(default_factory=list)  # no answer on known sizes
    partial: list[str] = field(default_factory=list)  # a size or rank that known sizes leave open
    disagreements: list[str] = field(default_factory=list)
    violated: Counter[str] = field(default_factory=Counter)
    twins: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)  # constraints that no sample violates, names that none uses

    def __str__(self) -> str:
        lines = [f"{self.op}: {self.accepted} accepted, {self.rejected} rejected; twins {dict(self.twins)}"]
        for title in ("disagreements", "gaps", "partial", "missing"):
            found = getattr(self, title)
            lines += [f"  {title}: {len(found)}", *(f"    {text}" for text in found[:6])] if found else []
        return "\n".join(lines)


def examine(op: Op, wanted: int = 200, seed: int = 0, stop_early: bool = False) -> Report:
    """Draw samples until `wanted` are accepted and, if the op has constraints, `wanted` rejected by torch; at most
    `DRAWS * wanted`. With `stop_early`, return at the first disagreement or gap."""
    assert op.samples is not None
    rng = random.Random(f"{op.name} {seed}")
    report = Report(op.name)
    used: set[str] = set()
    names = {name for name in op.torch if _maybe_torch_object(name) is not None} - ELSEWHERE
    need = wanted if op.constraints else 0
    for _ in range(DRAWS * wanted):
        if report.accepted >= wanted and report.rejected >= need and names <= used:
            break
        sample = op.samples(rng)
        try:
            result = run_torch(sample)
        except Rejected as error:
            report.rejected += 1
            if report.rejected <= 2 * wanted or sample.name not in used:
                _check_rejected(op, sample, str(error), report)
        else:
            report.accepted += 1
            if report.accepted <= 2 * wanted or sample.name not in used:
                _check_accepted(op, sample, result, report, rng)
        used.add(sample.name)
        if stop_early and (report.disagreements or report.gaps):
            return report
    report.missing += [f"{id} is never violated" for id in op.constraints if not report.violated[id]]
    drawn = [torch_object(name) for name in used]
    for name in sorted(names - used):
        if not any(torch_object(name) is d for d in drawn):
            report.missing.append(f"{name} is never drawn")
    return report


def _maybe_torch_object(name: str) -> Any:
    try:
        return torch_object(name)
    except AttributeError:
        return None


def _check_rejected(op: Op, sample: Sample, error: str, report: Report) -> None:
    try:
        answer = run_rule(op, sample, plain)
    except NoAnswer:
        return
    except Exception as fault:
        report.disagreements.append(f"{describe(sample)} raised {fault!r} in the rule; torch: {error:.120}")
        return
    if answer.mismatch is not None:
        report.violated[answer.mismatch.constraint.id] += 1
    elif isinstance(answer.inferred.value, Unknown):
        report.gaps.append(f"{describe(sample)}: {answer.inferred.value.detail}; torch: {error:.120}")
    else:
        report.disagreements.append(f"{describe(sample)} is accepted; torch: {error:.160}")


def _check_accepted(op: Op, sample: Sample, result: Any, report: Report, rng: random.Random) -> None:
    partial = Partial()
    try:
        answer = run_rule(op, sample, plain)
        if answer.mismatch is not None:
            raise Disagreement(f"rejected by {answer.mismatch.constraint.id} ({answer.mismatch.headline.template})")
        if isinstance(answer.inferred.value, Unknown):
            report.gaps.append(f"{describe(sample)}: {answer.inferred.value.reason} {answer.inferred.value.detail}")
        else:
            compare(answer.inferred.value, result, answer.facts, Binding(), partial)
            if partial.count:
                report.partial.append(describe(sample))
    except NoAnswer:
        return
    except Exception as fault:
        report.disagreements.append(f"{describe(sample)}: {fault if isinstance(fault, Disagreement) else repr(fault)}")
        return
    for twin, unknown_rank in (("symbols", 0.0), ("ranks", 0.6)):
        binding = Binding()
        try:
            report.twins[
                f"{twin}: {_check_twin(op, sample, result, binding, symbolic(binding, rng, unknown_rank))}"
            ] += 1
        except NoAnswer:
            continue
        except Exception as fault:
            text = f"{fault if isinstance(fault, Disagreement) else repr(fault)}"
            unknown = f", unknown ranks {list(binding.runs.values())}" if binding.runs else ""
            report.disagreements.append(f"{describe(sample)} with {twin}{unknown}: {text}")


def _check_twin(op: Op, sample: Sample, result: Any, binding: Binding, make: MakeTensor) -> str:
    """Raises Disagreement; else "known" or "unknown"."""
    answer = run_rule(op, sample, make)
    if answer.inferred.assumed:
        return "assumed"
    if answer.mismatch is not None:
        raise Disagreement(f"rejected by {answer.mismatch.constraint.id} ({answer.mismatch.headline.template})")
    check_facts(answer.facts, binding)
    if isinstance(answer.inferred.value, Unknown):
        return "unknown"
    if answer.inferred.generic and any(1 in sizes for sizes in binding.runs.values()):
        return "generic"  # the shape was told for sizes that are not 1
    compare(answer.inferred.value, result, answer.facts, binding, Partial())
    return "known"


def describe(sample: Sample) -> str:
    """The call as one would write it, tensors as their sizes."""
    init = _arguments(sample.init, sample.init_kwargs)
    built = f"({init})" if sample.init or sample.init_kwargs else ""
    return f"{sample.name}{built}({_arguments(sample.args, sample.kwargs)})"


def _arguments(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    return ", ".join([*(_text(a) for a in args), *(f"{k}={_text(v)}" for k, v in kwargs.items())])


def _text(value: Any) -> str:
    if isinstance(value, T):
        sizes = "×".join(map(str, value.sizes)) or "()"
        return f"<{sizes}{'' if value.dtype == 'float' else ' ' + value.dtype}>"
    if isinstance(value, Sample):
        return describe(value)
    if isinstance(value, Built):
        return f"{value.name}({_arguments(value.init, value.init_kwargs)})"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(_text(v) for v in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return repr(value)


@contextmanager
def disabled(op: Op, constraint: str) -> Iterator[None]:
    """The op without one of its constraints: where it would be refuted, the rule goes on as if nothing had been."""
    refute = Context.refute

    def patched(self: Context, id: str, *args: Any, **kwargs: Any) -> None:
        if self.op is op and id == constraint:
            return
        refute(self, id, *args, **kwargs)

    Context.refute = patched  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Context.refute = refute  # type: ignore[method-assign]
