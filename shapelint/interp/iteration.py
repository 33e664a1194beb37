"""Iteration: what a loop sees in each pass, and what holds after passes of unknown number."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass

from shapelint.interp import worlds
from shapelint.interp.carried import NOTHING, Carried, by_comprehension
from shapelint.interp.collation import own_batch
from shapelint.interp.expressions import as_dim, evaluate
from shapelint.interp.join import Join, join
from shapelint.interp.laws import Loop, Mark, OrNone, alike, settled
from shapelint.interp.objects import DictObject, Frame, Instance, Iterable, ListObject, Range, Repeated
from shapelint.interp.rows import any_of, at, element_at, first_of, length_of, numbered, turned, zipped
from shapelint.interp.run import LOOP_STEPS, Activation, PathEnds, Run
from shapelint.interp.state import State
from shapelint.interp.torch_calls import call_named
from shapelint.program import model
from shapelint.program.walk import names
from shapelint.shapes.dim import ZERO, Dim, Symbol, minimum
from shapelint.shapes.shape import Axis
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

UNROLL = 12  # so many passes are run one by one, whatever steps they take, where a loop does not lie deep in others
LISTED = 256  # and no more than these
_VIEWS = ("items", "values", "keys")
DEEP = 24  # a loop with fewer steps lies deep in others


@dataclass(frozen=True, slots=True, eq=False)
class Passes:
    """What a loop variable is in each pass. Either `items` lists all passes, or `rows` tell their order, or `first` and `later` describe them and
    `count` says how many there are, where that is known. `at` gives what it is in the pass of a number, from 0, where that is more than `later`
    tells. `maybe_none`: there may be no pass at all.
    What `first` and `later` hold of unknown values is another one in each pass."""

    items: tuple[Value, ...] | None
    first: Value
    later: Value
    count: Dim | None
    maybe_none: bool = False
    rows: tuple[Value, ...] | None = None
    at: Callable[[Dim], Value] | None = None

    def __post_init__(self) -> None:
        if self.items is None:
            later = anonymous(self.later)
            object.__setattr__(self, "first", later if self.first is self.later else anonymous(self.first))
            object.__setattr__(self, "later", later)

    @staticmethod
    def of(items: Collection[Value], at: Callable[[Dim], Value] | None = None) -> Passes:
        unknown = Unknown("dynamic-value")
        listed = tuple(items)
        first, last = (listed[0], listed[-1]) if listed else (unknown, unknown)
        return Passes(listed, first, last, Dim.of(len(listed)), at=at)

    @staticmethod
    def like(element: Value, count: Dim | None = None) -> Passes:
        return Passes(None, element, element, count)

    @staticmethod
    def over(run: Run, rows: Collection[Value], length: Dim | None = None) -> Passes:
        """The passes over what loops built."""
        if not any(isinstance(row, Repeated) for row in rows):
            return Passes.of(rows)
        first, later = first_of(run.state, rows), any_of(run.state, rows)
        count = length_of(rows) or length
        return Passes(None, later if first is None else first, later, count, first is None, tuple(rows))


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
    if isinstance(value, Str) and value.value is not None and len(value.value) <= LISTED:
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


def plan_loop(run: Run, node: model.For) -> Passes:
    """What a `for` loop iterates over. An iterator that has a name is the loop's and someone else's: what is left of it behind the loop, and in a
    pass that takes from it, nobody knows."""
    value = evaluate(run, node.iterable)
    passes = plan(run, value, node.iterable)
    if _is_iterator(value) and not isinstance(node.iterable, model.Call):
        assert isinstance(value, Iterable)
        run.state.advanced[value] = None
        if not isinstance(node.iterable, model.Name) or node.iterable.name in names(node.body):
            return plan(run, value, node.iterable)
    return passes


def _range(run: Run, value: Range) -> Passes:
    facts = run.state.facts
    start, stop, step = (facts.resolve(d) for d in (value.start, value.stop, value.step))
    a, b, c = start.value, stop.value, step.value
    if not c:
        return Passes(None, Int(start), Int(Dim.symbol("i", "unknown", None)), None)

    def at(place: Dim) -> Value:
        return Int(start + place * c)

    if a is not None and b is not None and len(range(a, b, c)) <= LISTED:
        return Passes.of([Int.of(n) for n in range(a, b, c)], at)
    count = (stop - start + (c - 1)) // c if c > 0 else (start - stop + (-c - 1)) // -c
    low = a + c if a is not None and c > 0 else (0 if b is not None and b >= -1 else None)
    return Passes(None, Int(start), Int(Dim.symbol("i", "unknown", low)), count, at=at)


def _tensor(run: Run, value: Tensor, node: model.Expr | None) -> Passes:
    shape = run.state.facts.reveal_prefix(value.shape, 1)
    if not shape.parts or not isinstance(shape.parts[0], Axis):
        return Passes.like(Unknown("dynamic-value"))
    count = run.state.facts.resolve(shape.parts[0].size)
    number = count.value
    if number == 0:
        return Passes.of(())
    site = node.id if node is not None else 0
    element = (
        call_named(run, "torch.Tensor.__getitem__", (value, Int.of(0)), {}, site, (site,))
        if site
        else value.with_parts(shape.parts[1:])
    )
    if number is not None and number <= LISTED:
        return Passes.of([element] * number, lambda place: element)
    return Passes(None, element, element, count, not run.state.facts.at_least(count, 1))


def _object(run: Run, value: Ref) -> Passes:
    thing = run.state.read(value)
    if isinstance(thing, ListObject):
        if thing.is_set and thing.items is not None:
            return _set(run, thing.items)
        if thing.items is not None:
            return Passes.of(thing.items)
        if thing.rows is not None:
            return Passes.over(run, thing.rows, thing.length)
        element = thing.element or Unknown("dynamic-value")
        return Passes(None, thing.first or element, element, thing.length, thing.length is None)
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


def _set(run: Run, items: list[Value]) -> Passes:
    """The passes over a set: in an order that nobody knows, and equal items once."""
    known = distinct(items)
    if len(items) < 2 or (known is not None and len(known) < 2):
        return Passes.of(items[:1])
    return Passes.like(any_of(run.state, items), None if known is None else Dim.of(len(known)))


def distinct(items: Collection[Value]) -> list[Value] | None:
    """Literals with equal ones once, as a set keeps them; None where one is no literal, so that nobody knows what it equals."""
    from shapelint.interp.containers import key_of

    found: dict[object, Value] = {}
    for item in items:
        key = key_of(item) if isinstance(item, (Str, Int)) else None
        if key is None:
            return None
        found.setdefault(key, item)
    return list(found.values())


def _open_key(thing: DictObject) -> Value:
    """A key of a dict of which not all keys are known: a string, where all that are known are."""
    strings = bool(thing.items) and all(isinstance(key, str) for key in thing.items)
    return Str(None) if strings else Unknown("dynamic-value")


def _combined(run: Run, value: Iterable) -> Passes:
    """enumerate, zip, reversed, and the views of a dict."""
    if value.kind in _VIEWS:
        return _view(run, value)
    whole, taken = _whole(run, value), run.state.advanced.get(value, 0)
    if taken == 0:
        return whole
    if taken is not None and whole.items is not None:
        return Passes.of(whole.items[taken:])
    left = whole.later if whole.items is None else any_of(run.state, whole.items)
    return Passes(None, left, left, None, True)


def _whole(run: Run, value: Iterable) -> Passes:
    """An iterator from its beginning, whatever `next` took from it."""
    if len({id(s) for s in value.sources if _is_iterator(s)}) < sum(map(_is_iterator, value.sources)):
        return Passes.like(
            Unknown("dynamic-value")
        )  # one iterator twice, as in `zip(it, it)`: each takes from the other
    plans = [plan(run, s) for s in value.sources]
    if value.kind == "enumerate":
        start = as_dim(run, value.start) if value.start is not None else ZERO
        return _enumerated(run, plans[0], Dim.symbol("i", "unknown", 0) if start is None else start)
    if value.kind == "zip":
        return _zipped(run, plans)
    if value.kind == "reversed":
        return _reversed(run, plans[0])
    if value.kind == "map":
        assert value.start is not None
        return _mapped(run, value.start, plans)
    return plans[0]


def _is_iterator(value: Value) -> bool:
    return isinstance(value, Iterable) and value.kind not in _VIEWS


def _enumerated(run: Run, inner: Passes, start: Dim) -> Passes:
    def at(place: Dim) -> Value:
        return Tuple((Int(start + place), inner.later if inner.at is None else inner.at(place)))

    if inner.items is not None:
        return Passes.of([Tuple((Int(start + i), v)) for i, v in enumerate(inner.items)], at if inner.at else None)
    rows = None if inner.rows is None else numbered(inner.rows, start)
    if rows is not None:
        return Passes.over(run, rows, inner.count)
    later = Int(Dim.symbol("i", "unknown", (start.value or 0) + 1))
    first = Tuple((Int(start), inner.first))
    return Passes(None, first, Tuple((later, inner.later)), inner.count, inner.maybe_none, at=at)


def _zipped(run: Run, plans: list[Passes]) -> Passes:
    def at(place: Dim) -> Value:
        return Tuple(tuple(p.later if p.at is None else p.at(place) for p in plans))

    def row(place: int) -> Value:
        return Tuple(tuple(_at_place(run, p, place) for p in plans))

    listed = [p.items for p in plans if p.items is not None]
    if listed:
        # an exact number of passes, over elements of which some are only described
        exact = all(p.at is not None for p in plans)
        return Passes.of([row(i) for i in range(min(map(len, listed)))], at if exact else None)
    counts = [p.count for p in plans if p.count is not None]
    columns = [p.rows for p in plans if p.rows is not None]
    if len(columns) == len(plans):
        rows = zipped(run.state, columns)
        if rows is not None:
            return Passes.over(run, rows)
    count = minimum(counts) if counts and len(counts) == len(plans) else None
    never = any(p.maybe_none for p in plans)
    later = Tuple(tuple(p.later for p in plans))
    return Passes(None, Tuple(tuple(p.first for p in plans)), later, count, never, at=None if columns else at)


def _at_place(run: Run, passes: Passes, place: int) -> Value:
    """What a loop variable is in the pass of a number that is known."""
    if passes.items is not None:
        return passes.items[place]
    if passes.rows is not None:
        return element_at(run.state, passes.rows, place)
    return passes.first if place == 0 else passes.later if passes.at is None else passes.at(Dim.of(place))


def _reversed(run: Run, inner: Passes) -> Passes:
    if inner.items is not None:
        return Passes.of(inner.items[::-1])
    if inner.rows is not None:
        return Passes.over(run, turned(inner.rows), inner.count)
    if inner.at is None or inner.count is None:
        return Passes(None, inner.later, inner.later, inner.count, inner.maybe_none)
    forward, last = inner.at, inner.count - 1
    return Passes(
        None, forward(last), inner.later, inner.count, inner.maybe_none, at=lambda place: forward(last - place)
    )


def _mapped(run: Run, function: Value, plans: list[Passes]) -> Passes:
    from shapelint.interp.calls import call

    if all(p.items is not None for p in plans):
        listed = zip(*(p.items for p in plans if p.items is not None))
        return Passes.of([call(run, function, args, {}, None) for args in listed])
    first = call(run, function, tuple(p.first for p in plans), {}, None)
    alike = all(p.first is p.later for p in plans)
    later = first if alike else call(run, function, tuple(p.later for p in plans), {}, None)
    return Passes(None, first, later, plans[0].count, any(p.maybe_none for p in plans))


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


def iterate(
    run: Run,
    passes: Passes,
    read: Callable[[Value], None],
    *,
    carried: Carried = NOTHING,
    orelse: Callable[[], None] | None = None,
) -> None:
    """Run a loop. Passes that are listed are run one by one, within the budget; of others the first two are, and what holds
    after all of them is sought as a law (`settled`). Raises PathEnds where no path leaves."""
    alike = passes.items is None

    def body(value: Value) -> None:
        mine = own_batch(run, value)
        read(renewed(run, mine) if alike else mine)

    exact = passes.items is not None and len(passes.items) <= UNROLL
    with nullcontext() if exact else run.as_one_of_many():
        _leave(run, lambda: _all_passes(run, passes, body, carried), orelse)


def repeat(
    run: Run,
    test: Callable[[], bool | None],
    body: Callable[[Value], None],
    *,
    forever: bool = False,
    orelse: Callable[[], None] | None = None,
) -> None:
    """Run a `while` loop: one by one as long as its test is surely true, within the budget. Raises PathEnds where no path leaves."""
    with run.as_one_of_many():
        _leave(run, lambda: _while_true(run, test, body, forever), orelse)


def _leave(run: Run, passes: Callable[[], bool], orelse: Callable[[], None] | None) -> None:
    """Run the passes of a loop (False where none of them leads to its end), and go on from its end and from its breaks."""
    run.top.breaks.append([])
    ends: list[State] = []
    try:
        if passes():
            if orelse is not None:
                orelse()
            ends.append(run.state)
    except PathEnds:
        if not run.top.breaks[-1]:
            raise
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
        return (
            value
            if held == thing.items
            else run.state.allocate(DictObject(held, thing.open, thing.element, thing.maybe))
        )
    return value


def _all_passes(run: Run, passes: Passes, body: Callable[[Value], None], carried: Carried) -> bool:
    if passes.items is not None:
        return _listed(run, passes, body)
    within = run.quiet > 0 or run.loop_steps < LOOP_STEPS
    if (
        passes.rows is not None
        and len(passes.rows) <= _free(run)
        and not (within and any(map(_is_nested, passes.rows)))
    ):
        return _by_rows(run, passes.rows, body, carried)
    return _described(run, passes, body, carried)


def _is_nested(row: Value) -> bool:
    """Whether loops within loops built it: in a loop or in what nobody hears of one pass stands for all."""
    return isinstance(row, Repeated) and any(isinstance(value, Repeated) for value in row.values)


def _free(run: Run) -> int:
    """So many passes are run one by one, whatever steps they take. A nest of loops multiplies its passes."""
    return UNROLL if run.loop_steps >= DEEP else 2


def _one_by_one(run: Run, body: Callable[[Value], None], item: Value) -> bool:
    """One of the passes that are run one by one. Where a pass before may have broken off, this one need not come."""
    from shapelint.interp.statements import one_pass

    with run.guarded(bool(run.top.breaks[-1])):
        return one_pass(run, lambda: body(item))


def _listed(run: Run, passes: Passes, body: Callable[[Value], None]) -> bool:
    """Passes that are known one by one. Where all of them would take more steps than a loop may, a law of what they do is enough; without one,
    passes are run until the steps are used up, and what the others do is unknown. False where no path goes on."""
    assert passes.items is not None
    count = len(passes.items)
    allowed, start = run.loop_steps, run.steps
    one, mark, branch = run.state, Mark(), run.branches
    free = _free(run)
    with run.inner_loops(count):
        for place, item in enumerate(passes.items):
            used = start - run.steps
            dear = free < count and place >= 2 and used + used // place * (count - place) > allowed
            if dear and (place == 2 or used > allowed):
                two, outcomes = run.state, run.top.outcomes
                loop = Loop(_number(place - 1), place - 1, mark, branch)
                law = settled(run, loop, one, two.fork(), _later(run, passes, loop, place), _pass_of(run, body))
                if used > allowed or not loop.lossy:
                    run.state = loop.after(law, Dim.of(count))
                    return True
                run.state = two
                run.top.forget(outcomes)
            if count > free:
                one, mark = run.state.fork(), Mark()
            if not _one_by_one(run, body, item):
                return False
    return True


def _by_rows(run: Run, rows: Collection[Value], body: Callable[[Value], None], carried: Carried) -> bool:
    """The passes over what loops built: one by one, and those that are repeated as a loop of their own. False where no path goes on."""
    for row in rows:
        if not isinstance(row, Repeated):
            if not _one_by_one(run, body, row):
                return False
            continue

        def block(values: Value) -> None:
            assert isinstance(values, Tuple)
            if not _by_rows(run, values.items, body, carried):
                raise PathEnds

        def repetition(place: Dim, row: Repeated = row) -> Value:
            return Tuple(at(run.state, row, place))

        with run.guarded():  # there may be no such pass
            never = row.times is None or not run.state.facts.at_least(row.times, 1)
            passes = Passes(None, repetition(ZERO), NONE, row.times, never, at=repetition)
            if not _described(run, passes, block, carried):
                return False
    return True


def _while_true(run: Run, test: Callable[[], bool | None], body: Callable[[Value], None], forever: bool) -> bool:
    """The passes of a `while` loop. False where no path goes on behind it."""
    allowed, start = run.loop_steps, run.steps
    with run.inner_loops(UNROLL):
        for place in range(LISTED):
            known = test()
            if known is not True:
                break
            if start - run.steps > allowed or run.top.breaks[-1] or (forever and place >= UNROLL):
                break
            before = run.state.fork()
            if not _one_by_one(run, body, NONE):
                return False
            if place and not _moved(before, run.state):
                return not forever
    if known is False:
        return True
    return _described(run, Passes(None, NONE, NONE, None, maybe_none=known is None), body, NOTHING, forever)


def _described(
    run: Run, passes: Passes, body: Callable[[Value], None], carried: Carried, endless: bool = False
) -> bool:
    """Passes of which nobody knows how many there are: the first and a second one, and a law of what all of them do. False where no path goes on."""
    from shapelint.interp.statements import one_pass

    facts = run.state.facts
    count = None if passes.count is None else facts.resolve(passes.count)
    never = passes.maybe_none or (count is not None and run.may_be_none(count))
    start, origin, branch, mark = run.state, run.state.fork(), run.branches, Mark()
    left = (run.top.outcomes, run.top.raised)
    with run.inner_loops(UNROLL):
        if not _one_by_one(run, body, passes.first):
            if not never and not run.top.breaks[-1] and not run.top.returns:
                run.state = start
            elif never:
                run.state = origin
            return never and not endless
        one = run.state.fork()
        if passes.first is passes.later and not _moved(origin, one):
            run.state = one  # every pass leaves what the first one left
            return not endless
        if carried is not NOTHING and (passes.first is passes.later or carried.blind is not None):
            loop = Loop(_number(0), 0, mark, branch)
            loop.without_proof(run, (run.top.outcomes, run.top.raised) == left, carried)
            law = alike(loop, origin, one) if loop.calm else None
            if law is not None:
                if passes.first is not passes.later and carried.blind is not None:
                    last = passes.later if passes.at is None or count is None else passes.at(count - 1)
                    frame = law.write(loop.frame)
                    assert isinstance(frame, Frame)
                    frame.names[carried.blind] = last
                run.state = loop.after(OrNone(loop, origin, law).state() if never else law, count)
                return not endless
        loop = Loop(_number(1), 1, Mark(), branch)
        if count is None or not facts.at_least(count, 2, proof=True):
            run.maybe.add(loop.number)

        if passes.at is not None and count is not None and count.value is None:
            run.unfinished[loop.number] = count
        try:
            later = _later(run, passes, loop, 1)
            # what only a second pass demands is left to those who say how many there are
            once = (count is not None and _may_be_few(run, count)) or bool(run.top.breaks[-1])
            with run.guarded(once):
                alive = one_pass(run, lambda: body(later()))
            if not alive:
                run.state = join(origin, one) if never else one
                return not endless
            loop.without_proof(run, (run.top.outcomes, run.top.raised) == left, carried)
            law = settled(run, loop, one, run.state, later, _pass_of(run, body))
        finally:
            run.unfinished.pop(loop.number, None)
        if loop.number in run.tells_last and passes.at is not None and count is not None:
            run.state = loop.after(law, count - 1)
            last = passes.at(count - 1)
            with run.guarded(once):
                alive = one_pass(run, lambda: body(last))
            ends = [run.state] if alive else []
            if not worlds.excludes(run, count, 1):
                ends.append(one)
            ends += [origin] if never else []
            for end in ends[1:]:
                ends[0] = join(ends[0], end)
            run.state = ends[0] if ends else run.state
            return bool(ends)
    run.state = loop.after(OrNone(loop, origin, law).state() if never else law, count)
    return not endless


def _pass_of(run: Run, body: Callable[[Value], None]) -> Callable[[Value], bool]:
    from shapelint.interp.statements import one_pass

    return lambda value: one_pass(run, lambda: body(value))


def _later(run: Run, passes: Passes, loop: Loop, done: int) -> Callable[[], Value]:
    """What a loop variable is in a pass of any number behind those that are done."""
    if passes.at is not None:
        return lambda: passes.at(Dim.of(loop.number))  # type: ignore[misc]
    if passes.items is not None:
        return lambda: any_of(run.state, passes.items[done:])  # type: ignore[index]
    return lambda: passes.later


def _number(least: int) -> Symbol:
    """The number of a pass, from 0."""
    symbol = Dim.symbol("i", "unknown", least).lone_symbol
    assert symbol is not None
    return symbol


def _may_be_few(run: Run, count: Dim) -> bool:
    """Whether parameters say how often a loop passes, and a choice leaves the second pass out, or makes it the last."""
    parameters = bool(count.symbols) and all(symbol.kind == "parameter" for symbol in count.symbols)
    return parameters and not run.state.facts.at_least(count, 3, proof=True)


def _moved(before: State, after: State) -> bool:
    """Whether a pass changed anything that the next one could see, beyond binding new names to values that do not depend on it."""
    joiner = Join(before, after)
    joiner.state()
    return joiner.changed or before.advanced != after.advanced


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
            thing.rows, thing.items, thing.length = [Repeated(tuple(thing.items))], None, None

    iterate(run, passes, body, carried=by_comprehension(generator.target, result))


__all__ = ["Passes", "comprehension", "distinct", "iterate", "plan", "plan_loop", "repeat"]
