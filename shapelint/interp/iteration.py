"""Iteration: what a loop sees in each pass, and what holds after passes of unknown number."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from shapelint.interp.collation import own_batch
from shapelint.interp.expressions import as_dim, evaluate
from shapelint.interp.join import Join, join, same_value
from shapelint.interp.objects import DictObject, Frame, Instance, Iterable, ListObject, Range, Repeated
from shapelint.interp.run import Activation, PathEnds, Run
from shapelint.interp.state import State
from shapelint.interp.torch_calls import call_named
from shapelint.program import model
from shapelint.shapes.dim import Dim, Symbol, minimum
from shapelint.shapes.shape import Axis, Part, Shape
from shapelint.values.model import (
    NONE,
    Int,
    OneOf,
    Opaque,
    Packed,
    Ref,
    Sequence,
    SizeOf,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
    anonymous,
)

UNROLL_COUNTS = 12  # passes over a plain range or a tensor that are run one by one
UNROLL_ITEMS = 96  # passes over the elements of a container


@dataclass(frozen=True, slots=True, eq=False)
class Passes:
    """What a loop variable is in each pass. Either `items` lists all passes, or `first` and `later` describe them and `count` says how many
    there are, where that is known. `maybe_none`: there may be no pass at all. `rows`: the order, where loops built what is iterated over.
    What `first` and `later` hold of unknown values is another one in each pass."""

    items: tuple[Value, ...] | None
    first: Value
    later: Value
    count: Dim | None
    maybe_none: bool = False
    rows: tuple[Value, ...] | None = None

    def __post_init__(self) -> None:
        if self.items is None:
            later = anonymous(self.later)
            object.__setattr__(self, "first", later if self.first is self.later else anonymous(self.first))
            object.__setattr__(self, "later", later)

    @staticmethod
    def of(items: list[Value] | tuple[Value, ...]) -> Passes:
        unknown = Unknown("dynamic-value")
        return Passes(tuple(items), items[0] if items else unknown, items[-1] if items else unknown, Dim.of(len(items)))

    @staticmethod
    def like(element: Value, count: Dim | None = None) -> Passes:
        return Passes(None, element, element, count)


def plan(run: Run, value: Value, node: model.Expr | None = None) -> Passes:
    """What iterating over a value gives."""
    if isinstance(value, OneOf):
        plans = [plan(run, o) for o in value.options]
        from shapelint.interp.containers import merged

        return Passes(None, merged(run, [p.first for p in plans]), merged(run, [p.later for p in plans]), None, True)
    if isinstance(value, Tuple):
        return Passes.of(value.items)
    if isinstance(value, Range):
        return _range(run, value)
    if isinstance(value, SizeOf):
        shape = run.state.facts.shape(value.shape)
        return (
            Passes.of([Int(d) for d in run.state.facts.sizes(value.shape)])
            if shape.ranked
            else Passes.like(Int(Dim.symbol("n", "unknown", 0)))
        )
    if isinstance(value, Sequence):
        return Passes(None, value.first or value.element, value.element, value.length)
    if isinstance(value, Iterable):
        return _combined(run, value)
    if isinstance(value, Ref):
        return _object(run, value)
    if isinstance(value, Str) and value.value is not None and len(value.value) <= UNROLL_ITEMS:
        return Passes.of([Str(c) for c in value.value])
    if isinstance(value, Opaque):
        if value.path in run.adopted:
            return plan(run, run.adopt(value), node)
        return Passes(
            None,
            Opaque(f"{value.path}[0]", value.origin),
            Opaque(f"{value.path}[i]", value.origin),
            run.symbol(f"len({value.path})", value.origin, 1),
        )
    if isinstance(value, Tensor):
        return _tensor(run, value, node)
    if isinstance(value, Packed):
        from shapelint.interp.containers import packed_item

        return Passes.of([packed_item(run, value, i) for i in range(4)])
    return Passes.like(value.anonymous() if isinstance(value, Unknown) else Unknown("dynamic-value"))


def _range(run: Run, value: Range) -> Passes:
    facts = run.state.facts
    start, stop, step = (facts.resolve(d) for d in (value.start, value.stop, value.step))
    a, b, c = start.value, stop.value, step.value
    if a is not None and b is not None and c:
        numbers = range(a, b, c)
        if len(numbers) <= UNROLL_COUNTS:
            return Passes.of([Int.of(n) for n in numbers])
    if c == 1:
        count = stop - start
    elif c == -1:
        count = start - stop
    elif c and c > 0:
        count = (stop - start + (c - 1)) // c
    else:
        return Passes(None, Int(start), Int(Dim.symbol("i", "unknown", None)), None)
    low = a + c if a is not None and c > 0 else (0 if b is not None and b >= -1 else None)
    later = Int(Dim.symbol("i", "unknown", low))
    return Passes(None, Int(start), later, count)


def _tensor(run: Run, value: Tensor, node: model.Expr | None) -> Passes:
    shape = run.state.facts.reveal_prefix(value.shape, 1)
    if not shape.parts or not isinstance(shape.parts[0], Axis):
        return Passes.like(Unknown("dynamic-value"))
    count = shape.parts[0].size
    site = node.id if node is not None else 0
    element = (
        call_named(run, "torch.Tensor.__getitem__", (value, Int.of(0)), {}, site, (site,))
        if site
        else value.with_parts(shape.parts[1:])
    )
    number = run.state.facts.resolve(count).value
    if number is not None and number <= UNROLL_COUNTS:
        return Passes.of([element] * number)
    return Passes.like(element, count)


def _object(run: Run, value: Ref) -> Passes:
    thing = run.state.read(value)
    if isinstance(thing, ListObject):
        if thing.items is not None:
            return Passes.of(thing.items)
        element = thing.element or Unknown("dynamic-value")
        rows = None if thing.rows is None else tuple(thing.rows)
        return Passes(None, thing.first or element, element, thing.length, thing.length is None, rows)
    if isinstance(thing, DictObject):
        keys: list[Value] = []
        for key in thing.items:
            keys.append(
                Str(key) if isinstance(key, str) else Int.of(key) if isinstance(key, int) else Unknown("dynamic-value")
            )
        return Passes.of(keys) if thing.is_exact else Passes.like(_open_key(thing))
    if isinstance(thing, Instance):
        from shapelint.interp.libraries import iterate_instance

        return iterate_instance(run, value, thing)
    return Passes.like(Unknown("dynamic-value"))


def _open_key(thing: DictObject) -> Value:
    """A key of a dict of which not all keys are known: a string, where all that are known are."""
    strings = bool(thing.items) and all(isinstance(key, str) for key in thing.items)
    return Str(None) if strings else Unknown("dynamic-value")


def _combined(run: Run, value: Iterable) -> Passes:
    """enumerate, zip, reversed, and the views of a dict."""
    if value.kind in ("items", "values", "keys"):
        return _view(run, value)
    plans = [plan(run, s) for s in value.sources]
    if value.kind == "enumerate":
        inner = plans[0]
        start = as_dim(run, value.start) if value.start is not None else Dim.of(0)
        first = start if start is not None else Dim.symbol("i", "unknown", 0)
        if inner.items is not None:
            return Passes.of([Tuple((Int(first + i), v)) for i, v in enumerate(inner.items)])
        later = Int(Dim.symbol("i", "unknown", (first.value or 0) + 1))
        return Passes(
            None, Tuple((Int(first), inner.first)), Tuple((later, inner.later)), inner.count, inner.maybe_none
        )
    if value.kind == "zip":
        if all(p.items is not None for p in plans):
            return Passes.of([Tuple(row) for row in zip(*(p.items for p in plans if p.items is not None))])
        counts = [p.count for p in plans if p.count is not None]
        known = [p for p in plans if p.items is not None]
        if known:
            # an exact number of passes, over elements of which some are only described
            number = min(len(p.items) for p in known if p.items is not None)
            rows: list[Value] = [
                Tuple(tuple(p.items[i] if p.items is not None else (p.first if i == 0 else p.later) for p in plans))
                for i in range(number)
            ]
            return Passes.of(rows)
        count = minimum(counts) if counts and len(counts) == len(plans) else None
        return Passes(None, Tuple(tuple(p.first for p in plans)), Tuple(tuple(p.later for p in plans)), count)
    if value.kind == "reversed":
        inner = plans[0]
        return (
            Passes.of(inner.items[::-1])
            if inner.items is not None
            else Passes(None, inner.later, inner.later, inner.count)
        )
    if value.kind == "map":
        from shapelint.interp.calls import call

        assert value.start is not None
        function = value.start
        row = zip(*(p.items for p in plans if p.items is not None)) if all(p.items is not None for p in plans) else None
        if row is not None:
            return Passes.of([call(run, function, args, {}, None) for args in row])
        return Passes.like(call(run, function, tuple(p.first for p in plans), {}, None), plans[0].count)
    return plans[0]


def _view(run: Run, value: Iterable) -> Passes:
    source = value.sources[0]
    thing = run.state.read(source) if isinstance(source, Ref) else None
    if isinstance(thing, Instance) and thing.parts is not None:
        pairs: list[tuple[Value, Value]] = [(Str(n), v) for n, v in thing.parts]
    elif isinstance(thing, DictObject) and thing.is_exact:
        pairs = [
            (Str(k) if isinstance(k, str) else Int.of(k) if isinstance(k, int) else Unknown("dynamic-value"), v)
            for k, v in thing.items.items()
        ]
    else:
        unknown = Unknown("dynamic-value")
        key = _open_key(thing) if isinstance(thing, DictObject) else unknown
        return Passes.like({"items": Tuple((key, unknown)), "keys": key}.get(value.kind, unknown))
    if value.kind == "items":
        return Passes.of([Tuple(p) for p in pairs])
    return Passes.of([p[0 if value.kind == "keys" else 1] for p in pairs])


# Running loops -----------------------------------------------------------------------------------


def iterate(run: Run, passes: Passes, read: Callable[[Value], None], *, endless: bool = False) -> None:
    """Run a loop. Passes that are listed are run one by one; otherwise the first two are, and what they left is continued to the end: what
    grows by the same amount in each pass grows to the count, what changes otherwise is unknown. Raises PathEnds where no path leaves."""
    from shapelint.interp.statements import one_pass

    run.top.breaks.append([])
    ends: list[State] = []
    alike = passes.items is None

    def body(value: Value) -> None:
        mine = own_batch(run, value)
        read(renewed(run, mine) if alike else mine)

    try:
        if passes.items is not None and len(passes.items) <= UNROLL_ITEMS:
            alive = True
            for item in passes.items:
                if not one_pass(run, lambda item=item: body(item)):  # type: ignore[misc]
                    alive = False
                    break
            if alive:
                ends.append(run.state)
        elif passes.rows is not None and len(passes.rows) <= UNROLL_ITEMS:
            if _by_rows(run, passes.rows, body):
                ends.append(run.state)
        else:
            ends.extend(_described(run, passes, body, endless))
    finally:
        ends.extend(run.top.breaks.pop())
    if not ends:
        raise PathEnds
    state = ends[0]
    for other in ends[1:]:
        state = join(state, other)
    run.state = state


def renewed(run: Run, value: Value) -> Value:
    """What a pass gets of a list or dict that is made anew for each: unknown values of its own."""
    thing = run.state.read(value) if isinstance(value, Ref) else None
    if isinstance(thing, ListObject) and thing.items is not None:
        items = [anonymous(v) for v in thing.items]
        return value if items == thing.items else run.state.allocate(ListObject(items, is_set=thing.is_set))
    if isinstance(thing, DictObject):
        held = {k: anonymous(v) for k, v in thing.items.items()}
        return value if held == thing.items else run.state.allocate(DictObject(held, thing.open, thing.element))
    return value


def _by_rows(run: Run, rows: Collection[Value], body: Callable[[Value], None]) -> bool:
    """The passes over what loops built: one by one, and those that are repeated as a loop of their own. False where no path goes on."""
    from shapelint.interp.statements import one_pass

    for row in rows:
        if not isinstance(row, Repeated):
            if not one_pass(run, lambda row=row: body(row)):  # type: ignore[misc]
                return False
            continue

        def block(_: Value, row: Repeated = row) -> None:
            for value in row.values:
                if not one_pass(run, lambda value=value: body(value)):  # type: ignore[misc]
                    raise PathEnds

        with run.guarded():  # there may be no such pass
            ends = _described(run, Passes(None, NONE, NONE, None, maybe_none=True), block, False)
        state = ends[0]
        for other in ends[1:]:
            state = join(state, other)
        run.state = state
    return True


def _described(run: Run, passes: Passes, body: Callable[[Value], None], endless: bool) -> list[State]:
    from shapelint.interp.statements import one_pass

    before = run.state.fork() if passes.maybe_none else None
    start = run.state
    origin = run.state.fork()
    ends = [before] if before is not None else []
    if not one_pass(run, lambda: body(passes.first)):
        if not ends and not run.top.breaks[-1] and not run.top.returns:
            run.state = start
        return ends
    one = run.state.fork()
    if passes.first is passes.later and not _moved(origin, one):
        return [*ends, one]  # every pass leaves what the first one left
    mark = Dim.symbol("mark", "unknown").lone_symbol
    assert mark is not None
    if passes.count is None or not run.state.facts.at_least(passes.count, 2, proof=True):
        run.maybe.update(_counters(passes.later))
    # what only a second pass demands is left to those who say how many there are
    once = passes.count is not None and _may_be_one(run, passes.count)
    with run.guarded(once):
        alive = one_pass(run, lambda: body(passes.later))
    if not alive:
        return ends if endless else [*ends, one]
    growth = _Growth(one, run.state, passes.count, mark.uid)
    grown = growth.state()
    if not growth.changed:
        return ends if endless else [*ends, grown]
    # a further pass from there tells nothing new; it only lets what is still changing be forgotten
    steady = grown.fork()
    run.state = steady
    with run.silently():
        if one_pass(run, lambda: body(passes.later)):
            run.state = _Growth(grown, run.state, None, mark.uid, settle=True).state()
        else:
            run.state = grown
    return ends if endless else [*ends, run.state]


def _may_be_one(run: Run, count: Dim) -> bool:
    """Whether parameters say how often a loop passes, and once is a choice."""
    count = run.state.facts.resolve(count)
    parameters = bool(count.symbols) and all(symbol.kind == "parameter" for symbol in count.symbols)
    return parameters and not run.state.facts.at_least(count, 2, proof=True)


def _counters(value: Value) -> set[Symbol]:
    """The symbols that stand for the number of a later pass."""
    if isinstance(value, Int):
        return {s for s in value.dim.symbols if s.kind == "unknown"}
    return {s for v in value.items for s in _counters(v)} if isinstance(value, Tuple) else set()


def _moved(before: State, after: State) -> bool:
    """Whether a pass changed anything that the next one could see, beyond binding new names to values that do not depend on it."""
    joiner = Join(before, after)
    joiner.state()
    return joiner.changed


class _Growth(Join):
    """Joins the states after the first and the second pass into the state after all of them."""

    def __init__(self, one: State, two: State, count: Dim | None, mark: int, *, settle: bool = False) -> None:
        super().__init__(one, two, widen=True)
        self.count = count
        self.mark = mark
        self.settle = settle

    def _grown(self, a: Dim, b: Dim) -> Dim | None:
        """`a + (count - 1) * (b - a)`, where the step does not depend on the pass."""
        x, y = self.left.facts.resolve(a), self.right.facts.resolve(b)
        step = y - x
        if self.settle or any(s.uid > self.mark for s in step.symbols) or self.count is None:
            return None
        return x + (self.count - 1) * step

    def rows(self, mine: list[Value] | None, theirs: list[Value] | None) -> list[Value] | None:
        if mine is None or theirs is None or len(theirs) <= len(mine) or theirs[: len(mine)] != mine:
            return super().rows(mine, theirs)
        more = theirs[len(mine) :]
        if self.settle:
            return mine
        return [*mine, Repeated(tuple(more))] if all(isinstance(value, Ref) for value in more) else None

    def value(self, a: Value, b: Value) -> Value:
        if isinstance(a, Unknown) and isinstance(b, Unknown):
            return super().value(a, b)
        if same_value(a, b, self.left.facts, self.right.facts):
            return a
        self.changed = True
        if self.settle:
            # already the state after all passes: keep its sizes unless the rank or the type moved
            if isinstance(a, Tensor) and isinstance(b, Tensor):
                x, y = self.left.facts.shape(a.shape), self.right.facts.shape(b.shape)
                if x.rank is not None and x.rank == y.rank:
                    return a
            if isinstance(a, Int) and isinstance(b, Int):
                return a
        if isinstance(a, Int) and isinstance(b, Int):
            grown = self._grown(a.dim, b.dim)
            return Int(grown if grown is not None else Dim.symbol("n", "unknown", None))
        if isinstance(a, Tensor) and isinstance(b, Tensor):
            x, y = self.left.facts.shape(a.shape), self.right.facts.shape(b.shape)
            if x.rank is not None and x.rank == y.rank:
                parts: list[Part] = []
                for p, q in zip(x.axes, y.axes):
                    if p == q:
                        parts.append(p)
                        continue
                    grown = self._grown(p.size, q.size)
                    parts.append(
                        Axis.fresh(grown)
                        if grown is not None
                        else Axis(Dim.symbol("n", "unknown"), p.factors if len(p.factors) == 1 else ())
                    )
                return Tensor(
                    Shape(tuple(parts)),
                    a.dtype if a.dtype == b.dtype else None,
                    b.step,
                    a.assumed or b.assumed,
                    a.array,
                )
        return super().value(a, b)

    def lists(self, mine: ListObject, theirs: ListObject) -> ListObject:
        """A list that grew by k elements in the second pass grows by k in each."""
        if mine.items is None or theirs.items is None or len(theirs.items) <= len(mine.items):
            if self.settle and mine.items is None:
                return mine
            return super().lists(mine, theirs)
        self.changed = True
        step = len(theirs.items) - len(mine.items)
        added = theirs.items[len(mine.items) :]
        number = self.count.value if self.count is not None else None
        fresh = any(_speaks_of(v, self.mark) for v in added)
        if number is not None and number * step <= UNROLL_ITEMS and not fresh:
            return ListObject([*mine.items, *added * (number - 1)])
        element: Value = added[0]
        for other in [*mine.items, *added[1:]]:
            element = (
                self.value(element, other)
                if not same_value(element, other, self.right.facts, self.left.facts)
                else element
            )
        length = Dim.of(len(mine.items)) + (self.count - 1) * step if self.count is not None else None
        first = mine.items[0] if mine.items else None
        return ListObject(None, element, length, first, None, rows=self.rows(mine.items, theirs.items))


def _speaks_of(value: Value, mark: int) -> bool:
    """Whether a value has sizes that were made up after `mark`, or is unknown, and another one in each pass."""
    if isinstance(value, Unknown):
        return value.extent is not None
    if isinstance(value, Tensor):
        return any(s.uid > mark for s in value.shape.symbols) or not value.shape.ranked
    if isinstance(value, Int):
        return any(s.uid > mark for s in value.dim.symbols)
    if isinstance(value, Tuple):
        return any(_speaks_of(v, mark) for v in value.items)
    return False


# Comprehensions ----------------------------------------------------------------------------------


def comprehension(run: Run, node: model.Comprehension) -> Value:
    """A list, set, dict or generator expression; its target names live in a frame of their own."""
    top = run.top
    frame = run.state.allocate(Frame())
    scope = top.scope if top.key is not None and top.key[0] == "class" else (top.frame.address, *top.scope)
    if top.key is not None and top.key[0] == "class":
        scope = (top.frame.address, *top.scope)
    activation = Activation(top.function, frame, scope, top.module, None, top.owner, top.receiver)
    # the outermost iterable is evaluated outside
    run.stack.append(activation)
    result = run.state.allocate(DictObject({}) if node.kind == "dict" else ListObject([], is_set=node.kind == "set"))
    try:
        _generate(run, node, 0, result)
        if not activation.captured:
            run.state.heap.pop(frame.address, None)
    finally:
        run.stack.pop()
    return result


def _generate(run: Run, node: model.Comprehension, depth: int, result: Ref) -> None:
    from shapelint.interp import worlds
    from shapelint.interp.containers import key_of, list_method
    from shapelint.interp.statements import assign

    if depth == len(node.generators):
        if node.kind == "dict":
            assert node.key is not None
            key = key_of(evaluate(run, node.key))
            value = evaluate(run, node.element)
            thing = run.state.write(result)
            assert isinstance(thing, DictObject)
            if key is None:
                thing.open, thing.element = True, value
            else:
                thing.items[key] = value
        else:
            value = evaluate(run, node.element)
            thing = run.state.read(result)
            assert isinstance(thing, ListObject)
            list_method(run, result, thing, "append", [value])
        return
    generator = node.generators[depth]
    passes = plan(run, evaluate(run, generator.iterable), generator.iterable)

    def body(value: Value) -> None:
        assign(run, generator.target, value)
        uncertain = False
        for condition in generator.conditions:
            answer = worlds.truth(run, evaluate(run, condition))
            known = worlds.decide(run, answer)
            if known is False:
                return
            uncertain = uncertain or known is None
        if not uncertain:
            _generate(run, node, depth + 1, result)
            return
        _generate(run, node, depth + 1, result)
        thing = run.state.write(result)
        if isinstance(thing, ListObject) and thing.items is not None:
            from shapelint.interp.containers import merged

            element = merged(run, thing.items)
            thing.items, thing.element, thing.length = None, element, None

    iterate(run, passes, body)


__all__ = ["Passes", "comprehension", "iterate", "plan"]
