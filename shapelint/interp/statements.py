"""Statements: what they bind, where paths part and meet again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from shapelint.interp import annotated, asserts, worlds
from shapelint.interp.arguments import asks_arguments
from shapelint.interp.carried import by_loop
from shapelint.interp.children import add_child, change_children
from shapelint.interp.described import described
from shapelint.interp.events import Misused, Unpacked
from shapelint.interp.expressions import binary, evaluate, is_tensorish, spread_items
from shapelint.interp.join import Join, join
from shapelint.interp.names import assign_name, import_from, import_names
from shapelint.interp.objects import (
    ClassInfo,
    ClassValue,
    DictObject,
    Frame,
    FunctionValue,
    Instance,
    ListObject,
    Method,
)
from shapelint.interp.run import Activation, PathEnds, Run
from shapelint.interp.state import State
from shapelint.interp.unread import leave_with
from shapelint.ops.contract import Evidence, Role
from shapelint.ops.index import own_within
from shapelint.program import model
from shapelint.shapes.shape import Axis, Part, Shape
from shapelint.values.model import (
    NONE,
    TRUE,
    Bool,
    External,
    Int,
    Opaque,
    Packed,
    Ref,
    Sequence,
    SizeOf,
    Stacked,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
    anonymous,
)


def execute(run: Run, body: tuple[model.Stmt, ...]) -> None:
    """Run statements in order. Raises PathEnds where no path gets behind them."""
    remarks = run.top.module.lowered.remarks if run.stack else {}
    for statement in body:
        run.tick()
        if remarks and statement.id in remarks:
            _announce(run, statement)
        _EXECUTORS[type(statement)](run, statement)


def _announce(run: Run, statement: model.Stmt) -> None:
    """Tell of a statement before it is executed: a comment above it may speak of what was before."""
    if isinstance(statement, (model.Assign, model.AnnAssign, model.AugAssign, model.ExprStmt, model.Return)):
        if statement.value is not None:
            run.state_of(statement, statement.value, Unknown("dynamic-value"), done=False)


# Binding -----------------------------------------------------------------------------------------


def assign(run: Run, target: model.Expr, value: Value) -> None:
    """Bind a target: a name, an attribute, an element, or a pattern of these."""
    if value == worlds.UNDECIDED:
        value = Bool(None, run.new_branch())  # asked again, it comes out the same
    if isinstance(target, model.Name):
        _remember_name(run, target.name, value)
        assign_name(run, target.name, value)
    elif isinstance(target, model.Attribute):
        from shapelint.interp.attributes import set_attribute

        set_attribute(run, evaluate(run, target.value), target.name, value)
    elif isinstance(target, model.Subscript):
        from shapelint.interp.containers import set_item

        owner = evaluate(run, target.value)
        if isinstance(owner, Method) and owner.name == "_modules" and isinstance(owner.receiver, Ref):
            add_child(run, owner.receiver, evaluate(run, target.index), value)
            return
        set_item(run, owner, evaluate(run, target.index), value, target)
    elif isinstance(target, (model.TupleExpr, model.ListExpr)):
        _unpack(run, target, value)
    elif isinstance(target, model.Starred):
        assign(run, target.value, value)


def _remember_name(run: Run, name: str, value: Value) -> None:
    """A size prints as the name that the user's own unpacking gave it."""
    if isinstance(value, Int) and run.stack:
        symbol = run.state.facts.resolve(value.dim).lone_symbol
        if symbol is not None and symbol.kind != "parameter" and symbol not in run.names:
            run.names[symbol] = name


def _unpack(run: Run, target: model.TupleExpr | model.ListExpr, value: Value) -> None:
    from shapelint.values.model import OneOf

    count = len(target.items)
    star = next((i for i, t in enumerate(target.items) if isinstance(t, model.Starred)), None)
    if isinstance(value, OneOf):
        fitting = [
            o
            for o in value.options
            if (n := _length(run, o)) is None or n == count or (star is not None and n >= count - 1)
        ]
        value = fitting[0] if len(fitting) == 1 else Unknown("dynamic-value")
    if star is not None and isinstance(value, SizeOf) and _unpack_size(run, target.items, value, star):
        return
    if star is None:
        _tell_bound(run, target, value)
    items = _items_for(run, value, count, star)
    if items is None:
        known = _length(run, value)
        if (
            known is not None
            and (known != count if star is None else known < count - 1)
            and not _count_assumed(run, value)
        ):
            run.misuse(target.id, "unpack-count", {"want": count, "got": known, "star": star is not None}, value)
        else:
            run.tell(Unpacked(run.where(target.id)))
        if isinstance(value, Stacked) and value.lead is not None and value.lead.size.value in (count, None):
            value = value.anonymous()  # these may be the samples themselves
        items = [_element_of(run, value, i) for i in range(count)]
        star = None
    else:
        run.tell(Unpacked(run.where(target.id), tuple(items)))
    if star is None:
        for part, item in zip(target.items, items):
            if isinstance(value, Tuple):
                _tell_state_pair(run, part, item)
            assign(run, part, item)
        return
    behind = count - star - 1
    for part, item in zip(target.items[:star], items):
        assign(run, part, item)
    middle = items[star : len(items) - behind]
    assign(run, target.items[star], run.state.allocate(ListObject(middle)))
    for part, item in zip(target.items[star + 1 :], items[len(items) - behind :]):
        assign(run, part, item)


def _tell_state_pair(run: Run, target: model.Expr, state: Value) -> None:
    """`output, (h, c) = gru(x)`: the one state of a GRU, taken for the two of an LSTM. Where its rows are two, it runs, and gives layers."""
    if (
        not isinstance(target, (model.TupleExpr, model.ListExpr))
        or len(target.items) != 2
        or not isinstance(state, Tensor)
    ):
        return
    shape = run.state.facts.shape(state.shape)
    if shape.prefix and _has_role(run, shape.prefix[0], "layer"):
        rows = run.state.facts.resolve(shape.prefix[0].size)
        if rows.lone_symbol is not None and rows.lone_symbol.kind == "parameter":
            run.tell(Misused(run.where(target.id), "state-pair", {"size": rows}, state))


def _tell_bound(run: Run, target: model.TupleExpr | model.ListExpr, value: Value) -> None:
    """Tell where as many targets as stand here demand that an open size is their number."""
    count, element, length = len(target.items), None, None
    if isinstance(value, Sequence) and value.length is not None and isinstance(value.element, Tensor):
        element, length = run.state.facts.shape(value.element.shape), run.state.facts.resolve(value.length)
    elif isinstance(value, Tensor) and not value.assumed:
        shape = run.state.facts.shape(value.shape)
        if shape.rank:
            element, length = Shape(shape.parts[1:]), run.state.facts.resolve(shape.axes[0].size)
    if element is None or length is None or not element.ranked or length.lone_symbol is None:
        return
    if length.lone_symbol.kind == "input" and any(a.size.value == count for a in element.axes):
        run.tell(Misused(run.where(target.id), "unpack-bound", {"want": count, "size": length}, Tensor(element)))


def _unpack_size(run: Run, targets: tuple[model.Expr, ...], value: SizeOf, star: int) -> bool:
    """`*lead, d = x.shape` of a tensor of unknown rank: the sizes that are not known stay together. False where the rank is known."""
    behind = len(targets) - star - 1
    shape = run.state.facts.reveal_suffix(run.state.facts.reveal_prefix(value.shape, star), behind)
    if shape.ranked:
        return False
    starred = targets[star]
    assert isinstance(starred, model.Starred)
    for part, axis in zip(targets[:star], shape.prefix):
        assign(run, part, Int(axis.size))
    assign(run, starred.value, SizeOf(Shape(shape.parts[star : len(shape.parts) - behind])))
    for part, axis in zip(targets[star + 1 :], shape.suffix[len(shape.suffix) - behind :]):
        assign(run, part, Int(axis.size))
    return True


def _length(run: Run, value: Value) -> int | None:
    if isinstance(value, Tuple):
        return len(value.items)
    if isinstance(value, (SizeOf, Tensor)):
        shape = run.state.facts.shape(value.shape)
        if isinstance(value, SizeOf):
            return shape.rank
        return shape.prefix[0].size.value if shape.prefix else None
    return None


_COUNTING = frozenset(("split", "chunk", "tensor_split", "unbind"))  # ops that give as many tensors as the sizes say


def _count_assumed(run: Run, value: Value) -> bool:
    """Whether how many values there are rests on an assumption about a rank."""
    if isinstance(value, (SizeOf, Tensor)):
        shape = run.state.facts.shape(value.shape)
        if isinstance(value, Tensor) and shape.prefix and _has_role(run, shape.prefix[0], "layer"):
            return False  # the rows of a recurrent layer's state come first, with a batch and without
        return run.state.facts.in_doubt(value.shape) or (isinstance(value, Tensor) and value.assumed)
    return isinstance(value, Tuple) and any(
        isinstance(v, Tensor) and v.assumed and v.step is not None and v.step.op in _COUNTING for v in value.items
    )


def _has_role(run: Run, axis: Part, role: Role) -> bool:
    factors = axis.factors if isinstance(axis, Axis) else ()
    evidence = [e for factor in factors for e in run.state.facts.roles.get(factor, ())]
    return any(isinstance(e, Evidence) and e.role == role and e.strength == "proved" for e in evidence)


def _items_for(run: Run, value: Value, count: int, star: int | None) -> list[Value] | None:
    """The items to unpack into `count` targets, None where they cannot be told or do not fit."""
    if isinstance(value, SizeOf):
        facts = run.state.facts
        if star is None:
            fixed = facts.fix_rank(value.shape, count)
            return None if fixed is None else [Int(d) for d in facts.sizes(value.shape)]
        shape = facts.reveal_prefix(value.shape, star)
        shape = facts.reveal_suffix(shape, count - star - 1)
        if shape.ranked:
            return [Int(d) for d in facts.sizes(value.shape)]
        return None  # `_unpack_size` has seen to these
    if isinstance(value, Packed):
        return [_element_of(run, value, i) for i in range(count)]
    if isinstance(value, Sequence) and star is None:
        return [value.first or value.element, *([value.element] * (count - 1))]
    items = spread_items(run, value) if not isinstance(value, (Opaque, Unknown)) else None
    if isinstance(value, Tensor) and items is None:
        from shapelint.interp.iteration import plan

        element = plan(run, value).first
        return [element] * count if star is None else None
    if items is None or (len(items) != count if star is None else len(items) < count - 1):
        return None
    return items


def _element_of(run: Run, value: Value, place: int) -> Value:
    if isinstance(value, Opaque):
        return Opaque(f"{value.path}[{place}]", value.origin)
    if isinstance(value, Packed):
        from shapelint.interp.containers import packed_item

        return packed_item(run, value, place)
    if isinstance(value, Stacked):
        return anonymous(value)
    if isinstance(value, Unknown):
        return value.anonymous()
    return Unknown("dynamic-value")


def _assign(run: Run, node: model.Assign) -> None:
    value = evaluate(run, node.value)
    for target in node.targets:
        assign(run, target, value)
    run.state_of(node, node.value, value, done=True)


def _annotated(run: Run, node: model.AnnAssign) -> None:
    if node.value is not None:
        name = node.target.name if isinstance(node.target, (model.Name, model.Attribute)) else ""
        value = annotated.meet(run, evaluate(run, node.value), node.annotation, node.value.id, name)
        assign(run, node.target, value)
        run.state_of(node, node.value, value, done=True)


def _augmented(run: Run, node: model.AugAssign) -> None:
    old = evaluate(run, node.target)
    more = evaluate(run, node.value)
    leave_with(run, old, (more,))
    if isinstance(old, Ref) and node.op == "+":
        thing = run.state.read(old)
        if isinstance(thing, ListObject):
            from shapelint.interp.containers import extend

            extend(run, old, more)
            return
        if isinstance(thing, Instance) and (thing.parts is not None or thing.library_name == "torch.nn.ModuleList"):
            from shapelint.interp.calls import Arguments
            from shapelint.interp.methods import grow

            grow(run, old, "extend", Arguments((more,)))
            return
    if isinstance(old, Ref) and node.op == "|" and isinstance(run.state.read(old), DictObject):
        from shapelint.interp.containers import mapping_of, update

        writable = run.state.write(old)
        assert isinstance(writable, DictObject)
        update(run, writable, mapping_of(run, more))
        return
    run.overwrite(old)  # other names of a tensor see it, too
    value = binary(run, node.op, old, more, node)
    assign(run, node.target, value)
    run.state_of(node, node.target, value, done=True)


def _delete(run: Run, node: model.Delete) -> None:
    from shapelint.interp.attributes import delete_named
    from shapelint.interp.containers import key_of

    for target in node.targets:
        if isinstance(target, model.Name):
            run.frame().names.pop(target.name, None)
        elif isinstance(target, model.Attribute):
            delete_named(run, evaluate(run, target.value), Str(target.name))
        elif isinstance(target, model.Subscript):
            owner = evaluate(run, target.value)
            if isinstance(owner, Method) and owner.name == "_modules" and isinstance(owner.receiver, Ref):
                change_children(run, owner.receiver)
            if isinstance(owner, Ref):
                thing = run.state.write(owner)
                place = key_of(worlds.settle(run, evaluate(run, target.index)))
                if isinstance(thing, ListObject):
                    items = thing.items
                    if items is not None and isinstance(place, int) and -len(items) <= place < len(items):
                        del items[place]
                    else:
                        thing.items, thing.element, thing.rows = None, Unknown("dynamic-value"), None
                        thing.length = thing.first = thing.last = None
                elif isinstance(thing, DictObject):
                    if place is None:
                        thing.forget()  # it may be any of them that is gone
                    else:
                        thing.drop(place)
                elif isinstance(thing, Instance):
                    thing.parts = thing.rows = thing.element = thing.length = None


# Leaving -----------------------------------------------------------------------------------------


def _return(run: Run, node: model.Return) -> None:
    value: Value = NONE
    if node.value is not None:
        value = evaluate(run, node.value)
        function = run.top.node
        if function is not None and function.returns is not None:
            value = annotated.meet(run, value, function.returns, node.value.id)
        run.state_of(node, node.value, value, done=True)
    run.top.returns.append((value, run.state))
    raise PathEnds


def _raise(run: Run, node: model.Raise) -> None:
    if run.top.raises:
        run.top.raises[-1].append(run.state)
    raise PathEnds


def _jump(run: Run, node: model.Jump) -> None:
    if node.kind == "pass":
        return
    table = run.top.breaks if node.kind == "break" else run.top.continues
    if table:
        table[-1].append(run.state)
    raise PathEnds


def _expression(run: Run, node: model.ExprStmt) -> None:
    run.state_of(node, node.value, evaluate(run, node.value), done=True)


def _assert(run: Run, node: model.Assert) -> None:
    answer = worlds.truth(run, evaluate(run, node.test))
    asserts.tell(run, node)
    if worlds.decide(run, answer) is False:
        raise PathEnds
    if not worlds.assume(run, answer, True, node.test):
        raise PathEnds
    learn(run, node.test)


def learn(run: Run, test: model.Expr) -> None:
    """What holds where a test is true, beyond what its value says: `x.size(1) == n`, `d % heads == 0`, `x.dim() == 3`."""
    if isinstance(test, model.BoolOp) and test.op == "and":
        for part in test.values:
            learn(run, part)
        return
    if not isinstance(test, model.Compare) or test.ops not in (("==",), ("is",)):
        return
    with run.silently():
        left, right = evaluate(run, test.left), evaluate(run, test.comparators[0])
    facts = run.state.facts
    if isinstance(left, Int) and isinstance(right, Int):
        if isinstance(test.left, model.BinOp) and test.left.op == "%" and right.dim == 0:
            with run.silently():
                number, divisor = evaluate(run, test.left.left), evaluate(run, test.left.right)
            from shapelint.interp.expressions import as_dim

            n, k = as_dim(run, number), as_dim(run, divisor)
            if n is not None and k is not None:
                facts.learn_divides(n, k)
            return
        facts.equate(left.dim, right.dim)
    elif isinstance(left, Tuple) and isinstance(right, Tuple) and len(left.items) == len(right.items):
        for a, b in zip(left.items, right.items):
            if isinstance(a, Int) and isinstance(b, Int):
                facts.equate(a.dim, b.dim)
    for one, other, node in ((left, right, test.left), (right, left, test.comparators[0])):
        if isinstance(one, SizeOf) and isinstance(other, Tuple):
            fixed = facts.fix_rank(one.shape, len(other.items))
            if fixed is not None:
                for dim, item in zip(fixed.dims, other.items):
                    if isinstance(item, Int):
                        facts.equate(dim, item.dim)
        if (
            isinstance(other, Int)
            and other.dim.value is not None
            and isinstance(node, model.Call)
            and isinstance(node.func, model.Attribute)
            and node.func.name in ("dim", "ndimension")
        ):
            _learn_rank(run, node.func.value, other.dim.value)
        if (
            isinstance(other, Int)
            and other.dim.value is not None
            and isinstance(node, model.Attribute)
            and node.name == "ndim"
        ):
            _learn_rank(run, node.value, other.dim.value)
        if (
            isinstance(other, Int)
            and other.dim.value is not None
            and isinstance(node, model.Call)
            and isinstance(node.func, model.Name)
            and node.func.name == "len"
            and node.args
        ):
            inner = node.args[0].value
            if isinstance(inner, model.Attribute) and inner.name == "shape":
                _learn_rank(run, inner.value, other.dim.value)


def _learn_rank(run: Run, node: model.Expr, rank: int) -> None:
    with run.silently():
        value = evaluate(run, node)
    if isinstance(value, Opaque):
        value = run.adopt(value)
    if isinstance(value, Tensor):
        run.state.facts.fix_rank(value.shape, rank)


# Branches ----------------------------------------------------------------------------------------


def _if(run: Run, node: model.If) -> None:
    peeks = run.peeks
    answer = worlds.truth(run, evaluate(run, node.test))
    known = worlds.decide(run, answer)
    if known is not None:
        if not worlds.assume(run, answer, known, node.test):
            raise PathEnds
        if known:
            learn(run, node.test)
        execute(run, node.body if known else node.orelse)
        return
    flags = _flags(node.test) if answer.condition is None else set()
    if flags & run.top.forks:
        run.blurred = (
            True  # the sides that were joined are asked apart again: not all that can be combined now can happen
        )
    # what a function does for some entries or ranks of its arguments need not be what its caller's arguments lead to
    guarded = run.is_called and (run.peeks > peeks or asks_arguments(run, node.test))
    returns = len(run.top.returns)
    run.guards += guarded
    try:
        _both_sides(run, node, answer)
    finally:
        run.guards -= guarded
    if guarded and len(run.top.returns) > returns:
        run.guards += 1  # until the call ends: what follows is the other way
        run.top.guards += 1


def _both_sides(run: Run, node: model.If, answer: Bool) -> None:
    split, unnamed = worlds.is_of_world(answer), answer.condition is None
    answer = Bool(None, run.new_branch()) if unnamed else answer
    start = run.state
    ends: list[State] = []
    returns = len(run.top.returns)
    for held, body in ((True, node.body), (False, node.orelse)):
        run.state = start.fork()
        try:
            if not worlds.assume(run, answer, held, node.test):
                continue
            if held:
                learn(run, node.test)
            execute(run, body)
            ends.append(run.state)
        except PathEnds:
            continue
    if not ends:
        run.state = start
        raise PathEnds
    if len(ends) == 1:
        run.state = ends[0]
        return
    joiner = Join(ends[0], ends[1])
    run.state = joiner.state()
    if joiner.lossy and split and answer.condition is not None and len(run.top.returns) == returns:
        worlds.split(run, answer.condition)
    if joiner.lossy and unnamed:
        run.top.forks |= _flags(node.test)


def _flags(test: model.Expr) -> set[str]:
    """The names that a test asks for their truth or for None, where it asks nothing else: asked again, it comes out the same."""
    if isinstance(test, model.Name):
        return {test.name}
    if isinstance(test, model.UnaryOp) and test.op == "not":
        return _flags(test.operand)
    if isinstance(test, model.Compare) and test.ops in (("is",), ("is not",)):
        return _flags(test.left)
    return set()


def _match(run: Run, node: model.Match) -> None:
    evaluate(run, node.subject)
    ends: list[State] = []
    for case in node.cases:
        start = run.state
        answer = worlds.UNDECIDED if case.opaque else TRUE
        if case.test is not None and not case.opaque:
            answer = worlds.truth(run, evaluate(run, case.test))
        if case.guard is not None:
            answer = worlds.UNDECIDED
        known = worlds.decide(run, answer)
        if known is not False:
            run.state = start.fork()
            try:
                if worlds.assume(run, answer, True, case.test):
                    for name in case.captures:
                        assign_name(run, name, Unknown("dynamic-value"))
                    execute(run, case.body)
                    ends.append(run.state)
            except PathEnds:
                pass
        run.state = start
        if known is True or not worlds.assume(run, answer, False, case.test):
            break
    else:
        ends.append(run.state)
    _meet(run, ends)


def _meet(run: Run, ends: list[State]) -> None:
    """Go on from the join of several paths. Raises PathEnds where there is none."""
    if not ends:
        raise PathEnds
    state = ends[0]
    for other in ends[1:]:
        state = join(state, other)
    run.state = state


# Loops -------------------------------------------------------------------------------------------


def one_pass(run: Run, body: Callable[[], None]) -> bool:
    """Run a loop's body once; `continue` paths meet the end. False where no path reaches the next pass."""
    run.top.continues.append([])
    ends: list[State] = []
    try:
        body()
        ends.append(run.state)
    except PathEnds:
        pass
    ends.extend(run.top.continues.pop())
    try:
        _meet(run, ends)
    except PathEnds:
        return False
    return True


def _for(run: Run, node: model.For) -> None:
    from shapelint.interp.iteration import iterate, plan_loop

    passes = plan_loop(run, node)

    def body(value: Value) -> None:
        assign(run, node.target, value)
        execute(run, node.body)

    iterate(run, passes, body, carried=by_loop(run, node), orelse=lambda: execute(run, node.orelse))


def _is_open(run: Run, test: Callable[[], bool | None]) -> bool:
    """Whether nothing decides a test, asked without leaving a trace."""
    state = run.state
    run.state = state.fork()
    try:
        with run.silently():
            return test() is None
    finally:
        run.state = state


def _while(run: Run, node: model.While) -> None:
    from shapelint.interp.iteration import repeat

    def test() -> bool | None:
        return worlds.decide(run, worlds.truth(run, evaluate(run, node.test)))

    def body(value: Value) -> None:
        answer = worlds.truth(run, evaluate(run, node.test))
        if worlds.decide(run, answer) is False or not worlds.assume(run, answer, True, node.test):
            raise PathEnds
        learn(run, node.test)
        execute(run, node.body)

    forever = isinstance(node.test, model.Const) and bool(node.test.value)
    with run.guarded(run.is_called and asks_arguments(run, node.test) and _is_open(run, test)):
        repeat(run, test, body, forever=forever, orelse=lambda: execute(run, node.orelse))


# Try and with ------------------------------------------------------------------------------------

_CAUGHT = frozenset(
    (
        "Exception",
        "BaseException",
        "RuntimeError",
        "NotImplementedError",
        "ValueError",
        "IndexError",
        "TypeError",
        "AttributeError",
        "AssertionError",
    )
)


def _guards(run: Run, node: model.Try) -> bool:
    """Whether a `try` keeps what torch raises for shapes that do not fit from those who run the program. A handler that raises again on every path
    does not, unless it raises something else where a `try` further out may be waiting for that."""
    if any(_may_leave(s) for s in node.final):
        return True  # nothing that was raised survives this
    for handler in node.handlers:
        if not _catches_torch(handler):
            continue
        if not _raises(handler.body, handler.name) or (run.catchers and not _raises_same(handler)):
            return True
    return False


def _catches_torch(handler: model.Handler) -> bool:
    if handler.types is None:
        return True
    types = handler.types.items if isinstance(handler.types, model.TupleExpr) else (handler.types,)
    return any(isinstance(kind, (model.Name, model.Attribute)) and kind.name in _CAUGHT for kind in types)


def _raises(body: Iterable[model.Stmt], error: str | None) -> bool:
    """Whether statements raise on every path that a fault of shapes can take."""
    for statement in body:
        if isinstance(statement, model.Raise):
            return True
        if isinstance(statement, model.If):
            sides = [statement.body, statement.orelse]
            asked = _asks_of_memory(statement.test, error)
            if asked is not None:
                del sides[asked]
            if all(_raises(side, error) for side in sides):
                return True
            if any(_may_leave(s) for side in sides for s in side):
                return False
            continue
        if isinstance(statement, model.With) and _raises(statement.body, error):
            return not any(_is_raises(item.value) for item in statement.items)
        if _may_leave(statement):
            return False
    return False


def _raises_same(handler: model.Handler) -> bool:
    """Whether a handler raises nothing but what it caught."""
    raised = (r.exception for s in handler.body for r in _raised(s))
    return all(what is None or _is_name(what, handler.name) for what in raised)


def _raised(statement: model.Stmt) -> Iterator[model.Raise]:
    if isinstance(statement, model.Raise):
        yield statement
    for inner in _inside(statement):
        yield from _raised(inner)


def _may_leave(statement: model.Stmt) -> bool:
    """Whether a statement may return, or go on with a loop."""
    if isinstance(statement, model.Return) or (isinstance(statement, model.Jump) and statement.kind != "pass"):
        return True
    return any(_may_leave(inner) for inner in _inside(statement))


def _inside(statement: model.Stmt) -> Iterator[model.Stmt]:
    """The statements of a statement that run where it runs."""
    for name in ("body", "orelse", "final"):
        if not isinstance(statement, (model.FunctionDef, model.ClassDef)):
            yield from getattr(statement, name, ())
    for handler in getattr(statement, "handlers", ()):
        yield from handler.body


def _is_name(node: model.Expr, name: str | None) -> bool:
    return isinstance(node, model.Name) and node.name == name


def _asks_of_memory(test: model.Expr, error: str | None) -> bool | None:
    """What `"out of memory" in str(error)` comes to for a message on shapes, or its denial; None for any other test."""
    if (
        isinstance(test, model.Compare)
        and test.ops in (("in",), ("not in",))
        and isinstance(test.left, model.Const)
        and isinstance(test.left.value, str)
        and "out of memory" in test.left.value
        and isinstance(test.comparators[0], model.Call)
        and any(_is_name(a.value, error) for a in test.comparators[0].args)
    ):
        return test.ops == ("not in",)
    return None


def _try(run: Run, node: model.Try) -> None:
    start = run.state.fork()
    guarded = _guards(run, node)
    caught = any(not _raises(h.body, h.name) for h in node.handlers)
    run.guards += guarded
    run.catchers += caught
    run.top.raises.append([])
    ends: list[State] = []
    stopped: list[State] = []
    try:
        execute(run, node.body)
        stopped.append(run.state.fork())
        execute(run, node.orelse)
        ends.append(run.state)
    except PathEnds:
        pass
    finally:
        run.guards -= guarded
        run.catchers -= caught
        stopped.extend(run.top.raises.pop())
    entry = start
    for state in stopped:
        entry = join(entry, state)
    for handler in node.handlers:
        run.state = entry.fork()
        if handler.name:
            assign_name(run, handler.name, Unknown("dynamic-value"))
        # a handler repairs or reports: what fails in it is not told
        with run.silently():
            try:
                execute(run, handler.body)
                ends.append(run.state)
            except PathEnds:
                pass
    if not ends:
        run.state = entry
        execute(run, node.final)
        raise PathEnds
    _meet(run, ends)
    execute(run, node.final)


def _with(run: Run, node: model.With) -> None:
    guarded = 0
    for item in node.items:
        value = evaluate(run, item.value)
        if isinstance(value, External) and value.name.endswith(("raises", "assertRaises", "suppress")):
            guarded += 1
        if _is_raises(item.value):
            guarded += 1
        if item.target is not None:
            from shapelint.interp.calls import entered

            assign(run, item.target, entered(run, value))
    run.guards += guarded
    run.catchers += guarded
    try:
        execute(run, node.body)
    except PathEnds:
        if guarded:
            return
        raise
    finally:
        run.guards -= guarded
        run.catchers -= guarded


def _is_raises(node: model.Expr) -> bool:
    """`pytest.raises(…)`, `self.assertRaises(…)`, `contextlib.suppress(…)`."""
    if not isinstance(node, model.Call):
        return False
    func = node.func
    name = func.name if isinstance(func, (model.Name, model.Attribute)) else ""
    return name in ("raises", "assertRaises", "assertRaisesRegex", "suppress")


# Definitions -------------------------------------------------------------------------------------


def _import(run: Run, node: model.Import) -> None:
    import_names(run, node)


def _import_from(run: Run, node: model.ImportFrom) -> None:
    import_from(run, node)


def _scope(run: Run, node: model.Scope) -> None:
    if node.kind == "global":
        run.top.global_names = run.top.global_names | set(node.names)
    else:
        run.top.nonlocal_names = run.top.nonlocal_names | set(node.names)


def _function(run: Run, node: model.FunctionDef) -> None:
    from shapelint.interp.calls import decorated, make_function

    assign_name(run, node.name, decorated(run, node, make_function(run, node)))


def _class(run: Run, node: model.ClassDef) -> None:
    bases = tuple(_base(run, b.value) for b in node.bases if b.keyword is None and not b.star)
    top = run.top
    # the body runs in a frame of its own, which its methods do not close over
    frame = run.state.allocate(Frame())
    scope = top.scope if _is_class_body(run) else (top.frame.address, *top.scope)
    activation = Activation(
        node.name if top.function == "<module>" else f"{top.function}.{node.name}",
        frame,
        scope,
        top.module,
        key=("class", node.id),
    )
    run.stack.append(activation)
    try:
        execute(run, node.body)
    except PathEnds:
        pass
    finally:
        run.stack.pop()
    namespace = run.state.read(frame)
    assert isinstance(namespace, Frame)
    info = ClassInfo(
        node.name, top.module, node, bases, dict(namespace.names), activation.function, scope, frame.address
    )
    for name, value in info.namespace.items():
        if isinstance(value, FunctionValue) and value.owner is None and value.scope == scope:
            info.namespace[name] = FunctionValue(
                value.node, value.module, value.scope, value.defaults, info, value.kind, value.wrapped
            )
    for name, own in own_within(f"{info.module.name}.{info.qualname}"):
        info.namespace[name] = External(own)
    defined = run.state.write(frame)
    assert isinstance(defined, Frame)
    defined.names = dict(info.namespace)
    result: Value = ClassValue(info)
    for decorator in reversed(node.decorators):
        with run.silently():
            evaluate(run, decorator)
    assign_name(run, node.name, result)


def _base(run: Run, node: model.Expr) -> Value:
    """A class that another one inherits from. What stands in brackets behind it (`Base[T]`, `Dataset[int]`) is for type checkers."""
    if isinstance(node, model.Subscript):
        whole = evaluate(run, node.value)
        if isinstance(whole, ClassValue) or (isinstance(whole, External) and _is_class_name(whole.name)):
            return _as_described(run, whole)
    return _as_described(run, evaluate(run, node))


def _as_described(run: Run, base: Value) -> Value:
    """A base of torchvision's as it is described, where it is."""
    found = described(run, base.name) if isinstance(base, External) else None
    return found if isinstance(found, ClassValue) else base


def _is_class_name(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last[:1].isupper() and not last.isupper()


def _is_class_body(run: Run) -> bool:
    return run.top.key is not None and run.top.key[0] == "class"


_EXECUTORS: dict[type, Callable[..., None]] = {
    model.ExprStmt: _expression,
    model.Assign: _assign,
    model.AugAssign: _augmented,
    model.AnnAssign: _annotated,
    model.Return: _return,
    model.Raise: _raise,
    model.Assert: _assert,
    model.Delete: _delete,
    model.If: _if,
    model.For: _for,
    model.While: _while,
    model.Try: _try,
    model.With: _with,
    model.Import: _import,
    model.ImportFrom: _import_from,
    model.Scope: _scope,
    model.Jump: _jump,
    model.Match: _match,
    model.FunctionDef: _function,
    model.ClassDef: _class,
}

__all__ = ["Str", "assign", "execute", "is_tensorish", "learn", "one_pass"]
