"""Calling ops: abstract arguments in, the op's answer and its event out."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Sequence as Collection
from dataclasses import replace
from functools import partial

from shapelint.interp import worlds
from shapelint.interp.events import LayerBuilt, OpCalled
from shapelint.interp.join import join_values, same_value, widened
from shapelint.interp.names import identified
from shapelint.interp.objects import Builtin, Instance, ListObject, Range
from shapelint.interp.rows import flat, length_of, turned
from shapelint.interp.run import BudgetSpent, PathEnds, Run, WorldSplit, WrongGuess
from shapelint.interp.state import State
from shapelint.ops.contract import CannotTell, Context, Inferred, Mismatch, Op, Signature, construct, infer
from shapelint.ops.index import find
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.conditions import IsTrue
from shapelint.values.model import (
    NO_GUARD,
    NONE,
    Bool,
    EllipsisValue,
    External,
    Float,
    Guard,
    Int,
    LayerConfig,
    LayerValue,
    NoneValue,
    OneOf,
    Opaque,
    Packed,
    Ref,
    Sequence,
    Site,
    SizeOf,
    Slice,
    Step,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

MAX_COMBINATIONS = 8
TUPLE = "a tuple for a tensor"
_TAKE_PACKED = frozenset(("LSTM", "GRU", "RNN"))  # what gives packed sequences for packed ones
_ASKS_ANY = frozenset(("torch.eq", "torch.ne"))  # `==` and `!=` answer whatever stands on the other side


# what arrays do as tensors do
_SHARED = frozenset(
    (
        "T",
        "all",
        "argmax",
        "argsort",
        "arithmetic",
        "bool_function",
        "clamp",
        "comparison",
        "cumsum",
        "diagonal",
        "flatten",
        "float_arithmetic",
        "getitem",
        "matmul",
        "max",
        "mean",
        "mT",
        "prod",
        "ravel",
        "real_function",
        "repeat",
        "reshape",
        "same_kind_function",
        "same_tensor",
        "sort",
        "squeeze",
        "std",
        "sum",
        "take",
        "transpose",
    )
)


def surely_torch(tensor: Tensor) -> bool:
    """Whether a tensor is one of torch for sure: an input with which was only done what arrays do too may as well be a NumPy array."""
    step = tensor.step
    while step is not None:
        if step.op.startswith("numpy."):
            return False
        if step.op not in _SHARED:
            return True
        step = step.previous
    return False


class CallContext(Context):
    """An op's view of the run: opaque values become tensors, ints and flags here."""

    def __init__(self, run: Run, shown: Collection[Value] = ()) -> None:
        super().__init__(run.state.facts)
        self.run = run
        self.refused: Tuple | None = None  # what stands where torch takes nothing but a tensor
        self.packed = False  # whether a `PackedSequence` does
        self.supposes = (
            False  # whether an unknown value was taken for what the op demands, which does not say that it is
        )
        self.shown = shown  # the unknown values that the call shows to be tensors where its op reads them as such

    def tensor(self, value: Value, rank: int | None = None) -> Tensor:
        self.packed = self.packed or isinstance(value, Packed)
        if isinstance(value, Tuple) and self._is_no_tensor(value) and any(isinstance(v, Tensor) for v in value.items):
            self.refused = value
            raise CannotTell("after-error", TUPLE)
        return super().tensor(value, rank)

    def _is_no_tensor(self, value: Tuple) -> bool:
        """Whether what is called takes no such sequence in place of a tensor: functions of NumPy, and some of torch, take lists."""
        return value.kind == "tuple" or (value.kind == "list" and self.op is not None and self.op.is_layer)

    def adopt_tensor(self, value: Value) -> Tensor | None:
        if isinstance(value, Unknown):
            found = self.run.found(value)
            if isinstance(found, Tensor):
                return found
            if not any(value is v for v in self.shown):
                return None
            self.supposes = True
            return self.run.find(value)
        if not isinstance(value, Opaque) or value.origin != "input":
            return None
        unsettled = self.run.unsettled
        was_open = value.path not in self.run.adopted or value.path in unsettled
        tensor = self.run.adopt(value)
        if was_open and self.op is not None and self.op.name in _TAKE_PACKED:
            unsettled.add(value.path)
        return tensor

    def is_overwritten(self, step: Step) -> bool:
        return step in self.run.overwritten

    def may_be_packed(self, x: Tensor) -> bool | None:
        path = self._packed_path(x)
        return False if path is None else worlds.is_packed(self.run, path)

    def _packed_path(self, x: Tensor) -> str | None:
        """The input that nothing but recurrent layers has read before it became this tensor."""
        step = x.step
        while step is not None:
            if step.op not in _TAKE_PACKED:
                return None
            step = step.previous
        lead = self.facts.shape(x.shape).parts[:-1]
        for path in sorted(self.run.unsettled):
            own = self.facts.shape(self.run.adopted[path].shape).parts[:-1]
            if len(own) == len(lead) and all(a is b or _is_one_axis(a, b) for a, b in zip(own, lead)):
                return path
        return None

    def data_of(self, value: Value) -> Tensor | None:
        if not isinstance(value, Opaque) or value.origin != "input":
            return None
        return self.run.adopt(value if value.path in self.run.adopted else Opaque(f"{value.path}.data", "input"))

    def lies_within(self, run: Segment, rank: int) -> bool | None:
        whole = self.run.adopted.get(run.name)
        if whole is None or self.facts.shape(whole.shape).parts != (run,):
            return None
        return worlds.lies_within(self.run, run.name, rank)

    def guess_rank(self, x: Tensor, rank: int) -> Tensor:
        shape = self.facts.shape(x.shape)
        at = shape.segment_index
        run = None if at is None else shape.parts[at]
        if self.run.kind != "driver" or not isinstance(run, Segment) or len(shape.parts) - 1 > rank:
            return x
        if worlds.data_has_rank(self.run, run, rank - len(shape.parts)):
            self.facts.fix_rank(shape, rank)
        return x.with_parts(self.facts.shape(shape).parts)

    def guess_least(self, size: Dim, number: int) -> None:
        symbol = self.facts.resolve(size).lone_symbol
        if self.run.kind != "driver" or symbol is None or symbol.kind != "input":
            return
        self.run.wondered = True
        if self.run.splits:
            self.facts.raise_low(size, number)

    def meets(self, left: Segment, right: Segment) -> bool | None:
        if left.name == right.name or left.name not in self.run.adopted or right.name not in self.run.adopted:
            return None
        return worlds.have_same_rank(self.run, left.name, right.name)

    def is_adopted(self, value: Value) -> bool:
        return isinstance(value, Opaque) and value.path in self.run.adopted

    def may_be_array(self, x: Tensor) -> bool:
        return x.array or not surely_torch(x)

    def adopt_int(self, value: Value) -> Dim | None:
        if isinstance(value, Opaque) and value.path not in self.run.adopted:
            return self.run.symbol(value.path, value.origin)
        return None

    def adopt_size(self, value: Opaque) -> Dim | None:
        known = value.path in self.run.adopted or value.path in self.run.symbols
        return None if known else self.run.size(value.path, value.origin)

    def adopt_number(self, value: Value) -> Dim | None:
        return value.number if isinstance(value, Unknown) else None

    def is_one(self, size: Dim, *, ask: bool = True) -> bool | None:
        known = super().is_one(size)
        return worlds.is_one(self.run, size, ask=ask) if known is None else known

    def adopt_flag(self, value: Value) -> bool | None:
        if isinstance(value, Opaque):
            return worlds.require(self.run, Bool(None, IsTrue(value.path)))
        if isinstance(value, Bool):
            return worlds.require(self.run, value)
        return None


def _is_one_axis(one: Part, other: Part) -> bool:
    return isinstance(one, Axis) and isinstance(other, Axis) and bool(one.factors) and one.factors == other.factors


def exported(run: Run, value: Value, depth: int = 0) -> Value:
    """A value as ops see it: lists are tuples, layers are their configuration."""
    value = worlds.settle(run, value)
    if isinstance(value, Builtin):
        return External(f"builtins.{value.name}")  # `dtype=object`
    if isinstance(value, Opaque) and value.origin == "parameter" and value.path in run.symbols:
        return Int(run.symbols[value.path])
    if isinstance(value, Range):
        return _numbers(run, value)
    if isinstance(value, Ref):
        thing = run.state.read(value)
        if isinstance(thing, ListObject) and depth < 6:
            if thing.items == [] and run.kind == "open":
                return Sequence(Unknown("dynamic-value"), None, "list")  # what fills it may not have been seen
            if thing.items is not None:
                return Tuple(tuple(exported(run, v, depth + 1) for v in thing.items), "list")
            if thing.rows is not None:
                return _listed(run, thing.rows, thing.length, depth)
            if thing.element is not None:
                return Sequence(exported(run, thing.element, depth + 1), thing.length, "list", thing.first, thing.last)
        if isinstance(thing, Instance) and thing.config is not None:
            return LayerValue(thing.config)
        return Unknown("dynamic-value")
    if isinstance(value, Tuple) and depth < 6 and any(isinstance(v, (Ref, Tuple, Opaque, Range)) for v in value.items):
        return replace(value, items=tuple(exported(run, v, depth + 1) for v in value.items))
    return value


def _listed(run: Run, rows: list[Value], length: Dim | None, depth: int) -> Sequence:
    """What loops built, as ops see it. The ends are elements of their own, so that sizes which depend on the pass are not alike."""
    state = run.state
    ends = [exported(run, v, depth + 1) for r in (rows, turned(rows)) for v in flat(state, r)[:1]]
    kinds = _apart(run, [exported(run, v, depth + 1) for v in flat(state, rows)])
    element = kinds[0] if len(kinds) == 1 else widened(kinds) if kinds else Unknown("dynamic-value")
    return Sequence(element, length_of(rows) or length, "list", *ends)


def _apart(run: Run, values: list[Value]) -> list[Value]:
    """Values of which no two are the same."""
    facts = run.state.facts
    kept: list[Value] = []
    for value in values:
        if not any(same_value(value, other, facts, facts) for other in kept):
            kept.append(value)
    return kept


def _numbers(run: Run, value: Range) -> Value:
    """A range as the list that it stands for (`x[range(n), y]`)."""
    from shapelint.interp.iteration import plan

    passes = plan(run, value)
    if passes.items is not None:
        return Tuple(tuple(passes.items), "list")
    count = passes.count if passes.count is not None and run.state.facts.at_least(passes.count, 0) else None
    return Sequence(Int(Dim.symbol("i", "unknown", None)), count)


def call_named(
    run: Run,
    name: str,
    args: Collection[Value],
    kwargs: Mapping[str, Value],
    node: int,
    arg_nodes: Collection[int] = (),
    callee: int | None = None,
) -> Value:
    """What an operator, an index or an attribute calls, by its dotted name: other things than tensors have these, too."""
    op = find(name)
    if op is None:
        return Unknown("unsupported-op", name)
    return call_op(run, op, name, args, kwargs, node, arg_nodes, {}, callee, shows=False)


def call_op(
    run: Run,
    op: Op,
    name: str,
    args: Collection[Value],
    kwargs: Mapping[str, Value],
    node: int,
    arg_nodes: Collection[int] = (),
    kwarg_nodes: Mapping[str, int] | None = None,
    callee: int | None = None,
    config: LayerConfig | None = None,
    *,
    shows: bool = True,
) -> Value:
    """Run an op's rule, once for each combination of alternatives among its arguments, and tell the event. With `shows`, an unknown value that
    stands where the op takes nothing but a tensor is one from there on."""
    positional = [exported(run, a) for a in args]
    if op.reads_packed and positional and isinstance(positional[0], Unknown):
        positional[0] = _sequences(run, positional[0])
    named = {k: exported(run, v) for k, v in kwargs.items() if k not in ("device", "non_blocking", "memory_format")}
    combinations = _combinations(run, positional, named)
    if combinations is None:
        # what is not tried may go well
        cut = Unknown("budget", name)
        _, bound = _bound(op, config, positional, named)
        run.tell(OpCalled(run.where(node), op, name, bound, {}, callee, config, cut, assumed=True, told=False))
        return cut
    doubtful = _may_be_none(run, (*positional, *named.values(), *(config.args.values() if config is not None else ())))
    start = run.state
    run_mark, mark = Segment(""), Dim.symbol("mark", "unknown").lone_symbol
    assert mark is not None
    before = {*start.facts.proved, *start.facts.generic}
    accepted: list[tuple[Value, State]] = []
    answers: list[tuple[Inferred, list[Value], dict[str, Value]]] = []
    refused: Tuple | None = None
    packed: list[tuple[Inferred, list[Value], dict[str, Value]]] = []
    for these, those, guard in combinations:
        run.state = start.fork() if len(combinations) > 1 else start
        if len(combinations) > 1:
            run.state.taken.update(guard)
        cx = CallContext(run, _shown(op, config, these, those) if shows else ())
        unranked = _of_open_rank(run, (*these, *those.values())) if run.kind != "driver" else set()
        answer = _answer(cx, op, these, those, config)
        if cx.refused is not None and answer.value == Unknown("after-error", TUPLE) and name not in _ASKS_ANY:
            refused = cx.refused
            continue
        if cx.packed and len(combinations) > 1 and isinstance(answer.value, Unknown):
            packed.append((answer, these, those))
            continue
        answers.append((replace(answer, told=answer.told and not cx.supposes), these, those))
        if answer.mismatch is None:
            if unranked and (answer.assumed or _is_made_up(run, answer.value, (*these, *those.values()))):
                run.lacking |= unranked
            accepted.append((_traced(run, answer, these, node, op, name), run.state))
    if packed and not answers:
        answers, accepted = packed, [(packed[0][0].value, start)]
    if accepted:
        # alternatives that torch refuses cannot be what arrives here
        value, run.state = join_values(accepted)
        for _, state in accepted if len(accepted) > 1 else ():
            run.state.facts.keep_own(state.facts, run_mark, mark)
        answer, these, those = next(a for a in answers if a[0].mismatch is None)
        mismatch = None
    elif not answers:
        run.state = start
        assert refused is not None
        pairs = [*zip(positional, arg_nodes), *((v, (kwarg_nodes or {}).get(n, 0)) for n, v in named.items())]
        at = next((n for v, n in pairs if v is refused), 0)
        signature, bound = _bound(op, config, *combinations[0][:2])
        call = OpCalled(run.where(node), op, name, bound, {}, callee, config, Unknown("after-error", TUPLE))
        detail = {"use": "argument", "node": at, "callee": callee or 0, "call": call if signature is not None else None}
        return run.misuse(node, "tuple-as-tensor", detail, refused)
    else:
        answer, these, those = answers[0]
        run.state = start
        value = _traced(run, answer, these, node, op, name)
        mismatch = answer.mismatch
        for _, passed, by_name in answers if doubtful else ():
            if _rests_on_a_given(
                run, doubtful, partial(_answer_with, op=op, args=passed, kwargs=by_name, config=config)
            ):
                answer = replace(answer, assumed=True)
        if not run.guards and answer.assumed:
            worlds.doubt(run)
        elif not run.guards and run.is_misguessed():
            raise WrongGuess
    signature, bound = _bound(op, config, these, those)
    if (name.endswith("_") and not name.endswith("__")) or name.endswith(".__setitem__"):
        for written in these[:1]:
            run.overwrite(written)
    run.overwrite(those.get("out", NONE))
    if run.kind == "driver" and isinstance(value, Tensor) and not value.assumed and _is_of_no_shape(value):
        if any(isinstance(v, Unknown) and v.reason != "after-error" for v in these):
            value = run.read_from_file(value, Site(run.top.module.path, node))
    fill = _fill(name, bound)
    if fill is not None and isinstance(value, Tensor) and value.step is not None:
        value = replace(value, step=replace(value.step, fill=fill))
    nodes = dict(kwarg_nodes or {})
    if signature is not None:
        nodes.update(zip((p.name for p in signature.params), arg_nodes))
    event = OpCalled(
        run.where(node),
        op,
        name,
        bound,
        nodes,
        callee,
        config,
        value,
        mismatch,
        answer.latent,
        answer.assumed or (len(combinations) > 1 and mismatch is None) or _is_of_asked_dtype(run, mismatch),
        answer.generic,
        tuple(s for table in (run.state.facts.proved, run.state.facts.generic) for s in table if s not in before),
        mismatch is not None or any(a.told for a, _, _ in answers if a.mismatch is None),
    )
    if mismatch is not None and not event.assumed:
        return run.refuse(event, value)
    run.tell(event)
    return value


def supposed(run: Run, name: str, value: Unknown, args: Collection[Value], kwargs: Mapping[str, Value]) -> Unknown:
    """What a method, an index or an operator makes of an unknown value, beside numbers and slices alone: an unknown value again, of which only
    the axes follow that it has if both are tensors. Nothing is told of it, and nothing else learned."""
    op = find(f"torch.Tensor.{name}")
    given = [exported(run, a) for a in args]
    named = {k: exported(run, v) for k, v in kwargs.items()}
    if op is None or value.extent is None or not all(_is_plain(v) for v in (*given, *named.values())):
        return value.anonymous()
    answer = _answer(CallContext(run), op, [Tensor(Shape((value.extent,))), *given], named, None)
    if answer.mismatch is not None or answer.assumed or not answer.told:
        return value.anonymous()
    return run.made_of(value, answer.value)


def _is_plain(value: Value) -> bool:
    """Whether an argument is a number, a slice, a word, or several of them."""
    if isinstance(value, Slice):
        return all(_is_plain(part) for part in (value.lower, value.upper, value.step))
    if isinstance(value, Tuple):
        return all(_is_plain(v) for v in value.items)
    return isinstance(value, (Int, Float, Bool, Str, NoneValue, EllipsisValue))


def _shown(op: Op, config: LayerConfig | None, args: list[Value], kwargs: dict[str, Value]) -> tuple[Value, ...]:
    """The unknown values among the arguments of a call for which nothing else could stand than a tensor, should the op read them as one: what may be
    left out may be None, or a number."""
    if not any(isinstance(v, (Unknown, Tuple, Sequence)) for v in (*args, *kwargs.values())):
        return ()
    signature, bound = _bound(op, config, args, kwargs)
    if signature is None or any(name.startswith("numpy.") for name in op.torch):
        return ()
    given = [bound[p.name] for p in signature.params if p.default is None and p.kind != "star"]
    inner = [v for value in given if isinstance(value, Tuple) for v in value.items]
    inner += [v for s in given if isinstance(s, Sequence) for v in (s.element, s.first, s.last) if v is not None]
    return tuple(v for v in (*given, *inner) if isinstance(v, Unknown) and v.reason != "after-error")


def _sequences(run: Run, value: Unknown) -> Value:
    """What an unknown value can be that a recurrent layer reads: a tensor, or packed sequences."""
    found = run.found(value)
    if isinstance(found, Tensor):
        return found
    name = value.extent.name if value.extent is not None else ""
    steps = Packed(
        Axis.fresh(Dim.symbol("batch", "unknown", 1)), Axis.fresh(Dim.symbol("seq", "unknown", 1)), (Segment(name),)
    )
    return OneOf((Tensor.unknown(name), steps))


def _bound(
    op: Op, config: LayerConfig | None, args: list[Value], kwargs: dict[str, Value]
) -> tuple[Signature | None, dict[str, Value]]:
    """The signature that takes these arguments, and the arguments by the names of its parameters."""
    signature = (
        op.call if config is not None else next((s for s in op.signatures if s.bind(args, kwargs) is not None), None)
    )
    return signature, (signature.bind(args, kwargs) if signature is not None else None) or {}


def _is_of_asked_dtype(run: Run, mismatch: Mismatch | None) -> bool:
    """Whether what an op refuses is a dtype, in code that asks for dtypes itself: it need not come this way."""
    return mismatch is not None and mismatch.constraint.rule == "dtype-mismatch" and run.top.asks_dtype


def _of_open_rank(run: Run, arguments: Iterable[Value]) -> set[str]:
    """The inputs whose unknown runs of axes are among the arguments of an op, by their paths."""
    shapes = (run.state.facts.shape(a.shape) for a in arguments if isinstance(a, Tensor) and not a.shape.ranked)
    return {p.name for shape in shapes for p in shape.parts if isinstance(p, Segment) and p.name in run.adopted}


def _is_made_up(run: Run, value: Value, arguments: Iterable[Value]) -> bool:
    """Whether an op answered with a size, or a run of axes, that nothing among its arguments has."""
    if isinstance(value, Unknown):
        return True
    if not isinstance(value, Tensor):
        return False
    facts = run.state.facts
    given = {p for a in arguments if isinstance(a, Tensor) for p in facts.shape(a.shape).parts}
    known = {s for p in given if isinstance(p, Axis) for s in facts.resolve(p.size).symbols}
    return any(
        p not in given
        if isinstance(p, Segment)
        else any(s.kind == "unknown" and s not in known for s in facts.resolve(p.size).symbols)
        for p in facts.shape(value.shape).parts
    )


def _answer(
    cx: CallContext, op: Op, args: list[Value], kwargs: dict[str, Value], config: LayerConfig | None
) -> Inferred:
    """The op's answer. A fault in the rule of one op is a gap of that op, not of the file that calls it."""
    try:
        return infer(cx, op, args, kwargs, config)
    except (WorldSplit, WrongGuess, PathEnds, BudgetSpent):
        raise
    except Exception:
        if os.environ.get("SHAPELINT_TRACEBACK") == "1":
            raise
        return Inferred(Unknown("unsupported-op", op.name), told=False)


def _may_be_none(run: Run, values: Iterable[Value]) -> list[Value]:
    """The arguments of which nobody says whether they are given at all."""
    return [
        v
        for v in values
        if (isinstance(v, Unknown) and v.reason != "after-error")
        or (isinstance(v, Opaque) and worlds.decide(run, worlds.is_none(run, v)) is None)
    ]


_Swap = Callable[[Value], Value]


def _rests_on_a_given(run: Run, doubtful: list[Value], answer_with: Callable[[CallContext, _Swap], Inferred]) -> bool:
    """Whether a call that is refused would be accepted if an argument were None that may be: then whoever leaves it out is right. Whether it is given
    is a question for worlds, while there is room for more (raises WorldSplit)."""
    held = run.state
    for value in doubtful:
        run.state = held.fork()
        try:
            answer = answer_with(CallContext(run), lambda v, value=value: NONE if v is value else v)  # type: ignore[misc]
        finally:
            run.state = held
        if answer.mismatch is None and not isinstance(answer.value, Unknown):
            if isinstance(value, Opaque):
                worlds.ask(run, worlds.is_none(run, value))
            return True
    return False


def _answer_with(
    cx: CallContext, swap: _Swap, *, op: Op, args: list[Value], kwargs: dict[str, Value], config: LayerConfig | None
) -> Inferred:
    """The op's answer with other values in place of some arguments."""
    if config is not None:
        config = replace(config, args={k: swap(v) for k, v in config.args.items()})
    return _answer(cx, op, [swap(v) for v in args], {k: swap(v) for k, v in kwargs.items()}, config)


def _combinations(
    run: Run, args: list[Value], kwargs: dict[str, Value]
) -> list[tuple[list[Value], dict[str, Value], Guard]] | None:
    """Each way to take the alternatives among the arguments, with the way that tests went where it is taken; None where they are too many to be
    tried. Alternatives of which each stands on another side of a test do not meet."""
    options = [_options(run, value) for value in (*args, *kwargs.values())]
    if math.prod(map(len, options)) > MAX_COMBINATIONS:
        return None
    count = len(args)
    found = [_together(one) for one in itertools.product(*options)]
    fitting = [one for one in found if all((branch, not held) not in one[1] for branch, held in one[1])]
    return [(list(v[:count]), dict(zip(kwargs, v[count:])), guard) for v, guard in fitting or found]


def _together(values: tuple[tuple[Value, Guard], ...]) -> tuple[tuple[Value, ...], Guard]:
    return tuple(v for v, _ in values), NO_GUARD.union(*(guard for _, guard in values))


def _options(run: Run, value: Value) -> list[tuple[Value, Guard]]:
    if isinstance(value, OneOf):
        live = [(o, frozenset((b, h) for b, h in guard if b not in run.retired)) for o, guard in value.guarded]
        return [one for one in live if run.state.admits(one[1])] or live
    if isinstance(value, Tuple) and any(isinstance(v, OneOf) for v in value.items):
        items = [_options(run, item) for item in value.items]
        # one more than are tried tells that they are too many
        several = itertools.islice(itertools.product(*items), MAX_COMBINATIONS + 1)
        return [(replace(value, items=one), guard) for one, guard in map(_together, several)]
    return [(value, NO_GUARD)]


def _traced(run: Run, answer: Inferred, args: list[Value], node: int, op: Op, name: str) -> Value:
    """The answer with its step in the trace; a result that rests on an assumed rank says so. What is made of no tensor goes by the name that makes
    it: `zeros` and `randn` are one op, and say different things of the entries."""
    # beside an array, the tensor tells what the result is
    tensors = [a for a in args if not (isinstance(a, Tensor) and a.array)]
    previous = next((s for a in (*tensors, *args) if (s := _step_of(a)) is not None), None)
    site = Site(run.top.module.path, node)
    assumes = answer.assumed and not answer.sure
    made = previous is None and all(isinstance(a, SizeOf) or _is_plain(a) for a in args)
    title = name.rpartition(".")[2] if made and name.startswith("torch.") else op.name

    def mark(value: Value, depth: int = 0) -> Value:
        if isinstance(value, Tensor):
            return replace(value, step=Step(site, value.shape, "", previous, title), assumed=value.assumed or assumes)
        if isinstance(value, Packed):
            assumed = value.assumed or assumes
            return replace(value, step=Step(site, _padded(value), "packed", previous, op.name), assumed=assumed)
        if isinstance(value, Tuple) and depth < 4:
            return replace(value, items=tuple(mark(v, depth + 1) for v in value.items))
        if isinstance(value, Sequence):
            return replace(value, element=mark(value.element, depth + 1))
        return value

    return mark(answer.value)


def _is_of_no_shape(x: Tensor) -> bool:
    return len(x.shape.parts) == 1 and isinstance(x.shape.parts[0], Segment)


def _fill(name: str, given: Mapping[str, Value]) -> Dim | None:
    """The number that a call makes every entry of its result: `full((n,), k)`, `tensor([k] * n)`."""
    last = name.rpartition(".")[2]
    if last in ("full", "new_full", "full_like"):
        number = given.get("fill_value")
        return number.dim if isinstance(number, Int) else None
    if last not in ("tensor", "as_tensor", "IntTensor", "LongTensor"):
        return None
    data = given.get("data", next(iter(given.values()), None))
    if isinstance(data, Tuple) and len(data.items) == 1 and last.endswith("IntTensor"):
        data = data.items[0]
    if isinstance(data, Sequence) and data.first is None and data.last is None:
        return data.element.dim if isinstance(data.element, Int) else None
    if not isinstance(data, Tuple) or not data.items or not all(isinstance(v, Int) for v in data.items):
        return None
    numbers = {v.dim for v in data.items if isinstance(v, Int)}
    return numbers.pop() if len(numbers) == 1 else None


def _padded(value: Packed):  # type: ignore[no-untyped-def]
    from shapelint.shapes.shape import Shape

    return Shape((value.batch, value.seq, *value.rest))


def _step_of(value: Value) -> Step | None:
    if isinstance(value, (Tensor, Packed)):
        return value.step
    if isinstance(value, Tuple):
        return next((s for v in value.items if (s := _step_of(v)) is not None), None)
    return None


# Layers ------------------------------------------------------------------------------------------


def build_layer(
    run: Run,
    op: Op,
    name: str,
    args: Collection[Value],
    kwargs: Mapping[str, Value],
    node: int,
    arg_nodes: Collection[int] = (),
    kwarg_nodes: Mapping[str, int] | None = None,
) -> LayerConfig | None:
    """Construct a layer of torch: its configuration, None where the arguments do not fit its constructor."""
    positional = [identified(run, exported(run, a), "size") for a in args]
    named = {k: identified(run, exported(run, v), k) for k, v in kwargs.items()}
    made = construct(CallContext(run), op, positional, named, name)
    mismatch = made if isinstance(made, Mismatch) else None
    doubtful = _may_be_none(run, (*positional, *named.values())) if mismatch is not None else []

    def built_with(cx: CallContext, swap: _Swap) -> Inferred:
        other = construct(cx, op, [swap(v) for v in positional], {k: swap(v) for k, v in named.items()}, name)
        if isinstance(other, Mismatch):
            return Inferred(Unknown("after-error"), other)
        return Inferred(Unknown("dynamic-value") if other is None else NONE)

    if doubtful and _rests_on_a_given(run, doubtful, built_with):
        return None
    if mismatch is not None:
        bound = next((b for s in op.signatures if (b := s.bind(positional, named)) is not None), None) or {}
        config: LayerConfig | None = LayerConfig(name, bound)
    else:
        config = made  # type: ignore[assignment]
    if config is None:
        return None
    config = replace(config, site=Site(run.top.module.path, node))
    nodes = dict(kwarg_nodes or {})
    nodes.update(zip((p.name for p in op.signatures[0].params), arg_nodes))
    run.tell(LayerBuilt(run.where(node), op, config, nodes, mismatch))
    return config


__all__ = ["CallContext", "Int", "build_layer", "call_named", "call_op", "exported"]
