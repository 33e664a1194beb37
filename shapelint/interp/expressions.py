"""Expressions: program model in, abstract value out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Literal

from shapelint.interp import worlds
from shapelint.interp.arguments import asks_arguments
from shapelint.interp.join import Join, join_values
from shapelint.interp.names import assign_name, lookup
from shapelint.interp.objects import (
    DictObject,
    FunctionValue,
    Instance,
    ListObject,
    Range,
    Repeated,
)
from shapelint.interp.rows import length_of
from shapelint.interp.run import PathEnds, Refusals, Run
from shapelint.interp.state import State
from shapelint.interp.texts import interpolated
from shapelint.ops.contract import constant
from shapelint.program import model
from shapelint.shapes.dim import Dim, maximum, minimum
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.conditions import Contains
from shapelint.values.model import (
    NONE,
    Bool,
    External,
    Float,
    Int,
    NoneValue,
    OneOf,
    Opaque,
    Ref,
    Sequence,
    SizeOf,
    Slice,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

TENSOR_OPERATORS = {
    "+": "torch.add",
    "-": "torch.sub",
    "*": "torch.mul",
    "/": "torch.true_divide",
    "//": "torch.floor_divide",
    "%": "torch.remainder",
    "**": "torch.pow",
    "@": "torch.matmul",
    "&": "torch.bitwise_and",
    "|": "torch.bitwise_or",
    "^": "torch.bitwise_xor",
    "<<": "torch.bitwise_left_shift",
    ">>": "torch.bitwise_right_shift",
}
TENSOR_COMPARISONS = {
    "==": "torch.eq",
    "!=": "torch.ne",
    "<": "torch.lt",
    "<=": "torch.le",
    ">": "torch.gt",
    ">=": "torch.ge",
}


def evaluate(run: Run, node: model.Expr) -> Value:
    """The value of an expression on the path at hand. Raises PathEnds where evaluating it surely raises."""
    run.tick()
    value = _EVALUATORS[type(node)](run, node)
    if isinstance(value, Unknown):
        value = run.found(value)
    elif isinstance(value, OneOf):
        value = worlds.settle(run, value)
    if run.showing:
        run.show(node.id, value)
    return value


def distribute(run: Run, value: Value, each: Callable[[Value], Value]) -> Value:
    """Apply a function to each alternative of a value, on a path of its own, and join the outcomes. Alternatives that surely raise, or that
    an op called here refuses, cannot be what arrives and are dropped; where all do, the first refusal is told, or the path ends."""
    value = worlds.settle(run, value) if isinstance(value, OneOf) else value
    if not isinstance(value, OneOf):
        return each(value)
    start = run.state
    outcomes: list[tuple[Value, State]] = []
    refusals = Refusals(len(run.stack))
    for option, guard in value.guarded:
        run.state = start.fork()
        run.state.taken.update((branch, held) for branch, held in guard if branch not in run.retired)
        run.alternatives += 1
        run.refusals.append(refusals)
        try:
            outcomes.append((each(option), run.state))
        except PathEnds:
            continue
        finally:
            run.refusals.pop()
            run.alternatives -= 1
    if not outcomes:
        run.state = start
        if not refusals.found:
            raise PathEnds
        return run.refuse(*refusals.found[0])
    result, run.state = join_values(outcomes)
    return result


# Names and constants -----------------------------------------------------------------------------


def _name(run: Run, node: model.Name) -> Value:
    value = lookup(run, node.name)
    if value is None:
        return Unknown("dynamic-value", node.name)
    return worlds.settle(run, value)


def _const(run: Run, node: model.Const) -> Value:
    return constant(node.value)


def _formatted(run: Run, node: model.FormattedString) -> Value:
    texts: list[str] = []
    prefix = ""
    known, leading = node.plain, True
    for part in node.parts:
        value = evaluate(run, part)
        leading = leading and isinstance(part, model.Const)
        if isinstance(value, Str) and value.value is not None:
            texts.append(value.value)
            prefix += value.value if leading else ""
        elif isinstance(value, Int) and value.dim.value is not None:
            texts.append(str(value.dim.value))
        else:
            known = False
    return Str("".join(texts)) if known else Str(None, prefix)


def _attribute(run: Run, node: model.Attribute) -> Value:
    from shapelint.interp.attributes import attribute

    owner = evaluate(run, node.value)
    return worlds.settle(run, distribute(run, owner, lambda v: attribute(run, v, node.name, node)))


# Displays ----------------------------------------------------------------------------------------


def elements(run: Run, nodes: tuple[model.Expr, ...]) -> list[Value] | SizeOf | None:
    """The values of a display's elements, `*x` spread out; None where the length of one is not known, unless it is the size of a tensor
    among other sizes: `(*x.shape[:-1], heads, -1)`."""
    return _displayed(run, nodes)[0]


def _displayed(run: Run, nodes: tuple[model.Expr, ...]) -> tuple[list[Value] | SizeOf | None, list[Value] | None]:
    """The values of a display's elements, and their order where loops built what is spread among them."""
    values: list[Value] = []
    rows: list[Value] | None = []
    exact = True
    for node in nodes:
        value = evaluate(run, node.value if isinstance(node, model.Starred) else node)
        spread = spread_items(run, value) if isinstance(node, model.Starred) else [value]
        exact = exact and spread is not None
        values.extend([unspread(value)] if spread is None else spread)
        more = rows_of(run, value) if spread is None else spread
        rows = None if rows is None or more is None else [*rows, *more]
    return (values if exact else joined_size(run, values)), rows


def unspread(value: Value) -> Value:
    """What stands among others for the items of an iterable of unknown length: a size as a whole, anything else is no one value."""
    return value if isinstance(value, SizeOf) else Unknown("dynamic-value")


def joined_size(run: Run, values: Iterable[Value]) -> SizeOf | None:
    """Sizes one after the other, of which one is `x.shape` of a tensor of unknown rank; None where more is unknown."""
    parts: list[Part] = []
    for value in values:
        if isinstance(value, SizeOf):
            parts.extend(run.state.facts.shape(value.shape).parts)
            continue
        size = as_dim(run, value)
        if size is None:
            return None
        parts.append(Axis(size))
    return SizeOf(Shape(tuple(parts))) if sum(isinstance(p, Segment) for p in parts) <= 1 else None


def rows_of(run: Run, value: Value) -> list[Value] | None:
    """The elements of a list in order, with `Repeated` for what the further passes of a loop put there; None where that is not known."""
    if not isinstance(value, Ref):
        return None
    thing = run.state.read(value)
    if isinstance(thing, ListObject):
        return thing.rows if thing.items is None else thing.items
    if isinstance(thing, Instance):
        return thing.rows if thing.parts is None else [v for _, v in thing.parts]
    return None


def spread_items(run: Run, value: Value) -> list[Value] | None:
    """The items of an iterable of known length."""
    from shapelint.interp.iteration import plan

    found = plan(run, value)
    return None if found.items is None else list(found.items)


def _tuple(run: Run, node: model.TupleExpr) -> Value:
    values = elements(run, node.items)
    if isinstance(values, SizeOf):
        return replace(values, kind="tuple")
    return Unknown("dynamic-value") if values is None else Tuple(tuple(values))


def _list(run: Run, node: model.ListExpr) -> Value:
    values, rows = _displayed(run, node.items)
    if isinstance(values, SizeOf):
        return replace(values, kind="list")
    if values is None and rows is not None:
        return run.state.allocate(ListObject(None, None, length_of(rows), rows=rows))
    return run.state.allocate(ListObject(values, Unknown("dynamic-value") if values is None else None))


def _set(run: Run, node: model.SetExpr) -> Value:
    values = elements(run, node.items)
    if not isinstance(values, list):
        return run.state.allocate(ListObject(None, Unknown("dynamic-value"), is_set=True))
    return run.state.allocate(ListObject(values, is_set=True))


def _dict(run: Run, node: model.DictExpr) -> Value:
    from shapelint.interp.containers import as_mapping, key_of, put_key, update

    made = DictObject({})
    for key_node, value_node in node.items:
        if key_node is None:
            update(run, made, as_mapping(run, evaluate(run, value_node)))
            continue
        key = key_of(evaluate(run, key_node))
        put_key(run, made, key, evaluate(run, value_node))
    return run.state.allocate(made)


def _slice(run: Run, node: model.SliceExpr) -> Value:
    return Slice(*(NONE if part is None else evaluate(run, part) for part in (node.lower, node.upper, node.step)))


def _starred(run: Run, node: model.Starred) -> Value:
    return evaluate(run, node.value)


# Operators ---------------------------------------------------------------------------------------


def is_tensorish(run: Run, value: Value) -> bool:
    """Whether an operator treats the value as a tensor: tensors, and inputs that nothing says are numbers."""
    if isinstance(value, Tensor):
        return True
    if isinstance(value, OneOf):
        return any(is_tensorish(run, o) for o in value.options)
    return isinstance(value, Opaque) and value.origin == "input" and value.path not in run.symbols


def as_dim(run: Run, value: Value) -> Dim | None:
    """The int that a value is, where it is one."""
    if isinstance(value, Int):
        return value.dim
    if isinstance(value, Bool):
        return Dim.of(int(value.value)) if value.value is not None else None
    if (
        isinstance(value, Opaque)
        and value.path not in run.adopted
        and (value.origin == "parameter" or value.path in run.symbols)
    ):
        return run.symbol(value.path, value.origin)
    return None


def as_float(value: Value) -> float | None:
    if isinstance(value, Float):
        return value.value
    if isinstance(value, Int) and value.dim.value is not None:
        return float(value.dim.value)
    return None


def _binop(run: Run, node: model.BinOp) -> Value:
    left = evaluate(run, node.left)
    right = evaluate(run, node.right)
    return binary(run, node.op, left, right, node)


def binary(run: Run, op: str, left: Value, right: Value, node: model.BinOp | model.AugAssign) -> Value:
    """`left op right`."""
    operands = (node.left.id, node.right.id) if isinstance(node, model.BinOp) else (node.target.id, node.value.id)
    if (is_tensorish(run, left) or is_tensorish(run, right)) and not _beside_tuple(run, left, right):
        from shapelint.interp.torch_calls import call_named

        return call_named(run, TENSOR_OPERATORS[op], (left, right), {}, node.id, operands)
    return distribute(run, left, lambda a: distribute(run, right, lambda b: _plain_binary(run, op, a, b)))


def _beside_tuple(run: Run, left: Value, right: Value) -> bool:
    """Whether an input of which nothing is known meets a tuple: it is a tuple or a size then, and no tensor."""
    return any(
        isinstance(one, Tuple) and isinstance(other, Opaque) and other.path not in run.adopted
        for one, other in ((left, right), (right, left))
    )


def _plain_binary(run: Run, op: str, left: Value, right: Value) -> Value:
    a, b = as_dim(run, left), as_dim(run, right)
    if a is not None and b is not None:
        return _int_binary(run, op, a, b)
    if (isinstance(left, Float) and (isinstance(right, Float) or b is not None)) or (
        isinstance(right, Float) and a is not None
    ):
        return _float_binary(op, Int(a) if a is not None else left, Int(b) if b is not None else right)
    if isinstance(left, Str) and op == "+" and isinstance(right, Str):
        known = left.value is not None and right.value is not None
        return Str(left.value + right.value) if known else Str(None, left.value or left.prefix)  # type: ignore[operator]
    if isinstance(left, Str) and op == "%" and (text := interpolated(run, left.value, right)) is not None:
        return Str(text)
    if isinstance(left, Str) and op == "%":
        return Str(None, (left.value or left.prefix).partition("%")[0])
    if isinstance(left, Str) and op == "+" and isinstance(right, Unknown):
        return Str(None, left.value or left.prefix)
    found = _sequence_binary(run, op, left, right)
    if found is None and op == "|":
        found = _merged_dict(run, left, right)
    if found is not None:
        return found
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return _of_unknown(run, op, left, right)
    numbers = (Opaque, Float, Bool)
    if all(isinstance(v, numbers) or as_dim(run, v) is not None for v in (left, right)) and any(
        isinstance(v, Opaque) and v.origin == "parameter" for v in (left, right)
    ):
        return Float(None)
    return Unknown("dynamic-value")


def _of_unknown(run: Run, op: str, left: Value, right: Value) -> Value:
    """What an operator makes of two values of which one is unknown: beside a number it is as long and wide as the other, and of two sizes a size."""
    value, other = (left, right) if isinstance(left, Unknown) else (right, left)
    assert isinstance(value, Unknown)
    made = run.as_large(value) if isinstance(other, (Int, Float, Bool)) else value.anonymous()
    a, b = (v.number if isinstance(v, Unknown) else as_dim(run, v) for v in (left, right))
    if op in ("+", "-", "*", "//", "%") and a is not None and b is not None and run.state.facts.resolve(b) != 0:
        size = _int_binary(run, op, a, b)
        return replace(made, number=size.dim if isinstance(size, Int) else None)
    return made


def _merged_dict(run: Run, left: Value, right: Value) -> Value | None:
    """`left | right` of two mappings; None where neither is known to be one."""
    from shapelint.interp.containers import as_mapping, update

    first, second = as_mapping(run, left), as_mapping(run, right)
    if first is None and second is None:
        return None
    made = DictObject({}, True) if first is None else first.copy()
    update(run, made, second)
    return run.state.allocate(made)


def _int_binary(run: Run, op: str, a: Dim, b: Dim) -> Value:
    facts = run.state.facts
    a, b = facts.resolve(a), facts.resolve(b)
    if op == "+":
        return Int(a + b)
    if op == "-":
        return Int(a - b)
    if op == "*":
        return Int(facts.resolve(a * b))
    if op in ("//", "%", "/") and b == 0:
        raise PathEnds
    if op in ("//", "%", "/") and facts.at_least(b, 0):
        facts.raise_low(b, 1)  # Python would have raised
    if op == "//":
        return Int(a // b)
    if op == "%":
        return Int(Dim.of(0)) if facts.known_divides(a, b) else Int(a % b)
    if op == "/":
        x, y = a.value, b.value
        return Float(x / y if x is not None and y is not None else None, (a, b))
    if op == "**":
        power = b.value
        if power is None:
            return Int(Dim.symbol("power", "unknown", None))
        if power < 0:
            return Float(None)
        return Int(a**power) if power <= 16 or (a.value is not None and power <= 64) else Unknown("dynamic-value")
    x, y = a.value, b.value
    if x is not None and y is not None and y >= 0:
        if op == "<<" and y < 64:
            return Int.of(x << y)
        if op == ">>":
            return Int.of(x >> y)
        if op in "&|^":
            return Int.of({"&": x & y, "|": x | y, "^": x ^ y}[op])
    if op == "<<" and y is not None and 0 <= y < 64:
        return Int(a * (1 << y))
    if op == ">>" and y is not None and 0 <= y < 64:
        return Int(a // (1 << y))
    return Int(Dim.symbol("n", "unknown", None))


def _float_binary(op: str, left: Value, right: Value) -> Value:
    if isinstance(left, Float) and left.exact is not None and isinstance(right, Int):
        n, d = left.exact
        exact = {
            "*": (n * right.dim, d),
            "/": (n, d * right.dim),
            "+": (n + right.dim * d, d),
            "-": (n - right.dim * d, d),
        }.get(op)
        if exact is not None:
            return Float(_float_value(op, left, right), exact)
    if isinstance(right, Float) and right.exact is not None and isinstance(left, Int):
        n, d = right.exact
        exact = {"*": (n * left.dim, d), "+": (n + left.dim * d, d), "-": (left.dim * d - n, d)}.get(op)
        if exact is not None:
            return Float(_float_value(op, left, right), exact)
    return Float(_float_value(op, left, right))


def _float_value(op: str, left: Value, right: Value) -> float | None:
    x, y = as_float(left), as_float(right)
    if x is None or y is None:
        return None
    try:
        if op == "**" and abs(y) > 64:
            return None
        compute: dict[str, Callable[[], float]] = {
            "+": lambda: x + y,
            "-": lambda: x - y,
            "*": lambda: x * y,
            "/": lambda: x / y,
            "//": lambda: x // y,
            "%": lambda: x % y,
            "**": lambda: x**y,
        }
        result = compute[op]()
        return result if isinstance(result, float) else None
    except (ZeroDivisionError, OverflowError, KeyError):
        return None


def _sequence_binary(run: Run, op: str, left: Value, right: Value) -> Value | None:
    """List and tuple arithmetic: `a + b`, `[x] * n`."""
    if _is_bounded(run, left) or _is_bounded(run, right):
        return run.state.allocate(ListObject(None, Unknown("dynamic-value")))  # what is made of a deque has its bound
    if op == "+":
        a, b = _sequence_items(run, left), _sequence_items(run, right)
        if a is not None and b is not None:
            return _like(run, (left, right), a + b)
        one, other = (v if isinstance(v, SizeOf) else None for v in (left, right))
        if (one or a is not None) and (other or b is not None):
            joined = joined_size(run, [*([one] if one else a or ()), *([other] if other else b or ())])
            if joined is not None:
                return replace(joined, kind=_kind(left, right))
        if _is_list(run, left) and _is_list(run, right):
            before, behind = rows_of(run, left), rows_of(run, right)
            if before is None or behind is None:
                return run.state.allocate(ListObject(None, Unknown("dynamic-value")))
            rows = [*before, *behind]
            return run.state.allocate(ListObject(None, None, length_of(rows), rows=rows))
    if op == "*":
        for sequence, count in ((left, right), (right, left)):
            number = as_dim(run, count)
            items = _sequence_items(run, sequence)
            if items is None or number is None:
                continue
            times = run.state.facts.resolve(number).value
            if times is not None and times * len(items) <= 4096:
                return _like(run, (sequence,), items * max(times, 0))
            if isinstance(sequence, Ref):
                surely = [] if run.may_be_none(number) else items
                rows = [*surely, Repeated(tuple(items), number - 1 if surely else number)]
                return run.state.allocate(ListObject(None, None, length_of(rows), rows=rows))
            if len(items) == 1:
                return Sequence(items[0], number, "tuple")
    return None


def _is_list(run: Run, value: Value) -> bool:
    return isinstance(value, Ref) and isinstance(run.state.read(value), ListObject)


def _is_bounded(run: Run, value: Value) -> bool:
    thing = run.state.read(value) if isinstance(value, Ref) else None
    return isinstance(thing, ListObject) and thing.capacity is not None


def _sequence_items(run: Run, value: Value) -> list[Value] | None:
    if isinstance(value, Tuple):
        return list(value.items)
    if isinstance(value, SizeOf):
        shape = run.state.facts.shape(value.shape)
        return [Int(d) for d in run.state.facts.sizes(value.shape)] if shape.ranked else None
    if isinstance(value, Ref):
        thing = run.state.read(value)
        if isinstance(thing, ListObject) and thing.items is not None and not thing.is_set:
            return list(thing.items)
    return None


def _like(run: Run, originals: tuple[Value, ...], items: list[Value]) -> Value:
    if isinstance(originals[0], Ref):
        return run.state.allocate(ListObject(items))
    return Tuple(tuple(items), _kind(*originals))


def _kind(*originals: Value) -> Literal["tuple", "size"]:
    """What adding tuples gives: with a `torch.Size` among them, another one."""
    return "size" if any(isinstance(v, (Tuple, SizeOf)) and v.kind == "size" for v in originals) else "tuple"


def _unary(run: Run, node: model.UnaryOp) -> Value:
    value = evaluate(run, node.operand)
    if node.op == "not":
        return worlds.negate(worlds.truth(run, value))
    if is_tensorish(run, value):
        if node.op == "+":
            return value
        from shapelint.interp.torch_calls import call_named

        return call_named(
            run, "torch.neg" if node.op == "-" else "torch.bitwise_not", (value,), {}, node.id, (node.operand.id,)
        )
    return distribute(run, value, lambda v: _plain_unary(run, node.op, v))


def _plain_unary(run: Run, op: str, value: Value) -> Value:
    dim = as_dim(run, value)
    if dim is not None:
        return Int(-dim if op == "-" else -dim - 1 if op == "~" else dim)
    if isinstance(value, Float):
        return Float(-value.value if value.value is not None and op == "-" else None)
    return run.as_large(value) if isinstance(value, Unknown) else Unknown("dynamic-value")


def _boolop(run: Run, node: model.BoolOp) -> Value:
    """`and` / `or` give one of their operands; operands behind an open test are read on the path where they are reached."""
    stop_at = node.op == "or"
    outcomes: list[tuple[Value, State]] = []
    answers: list[Bool] = []
    value: Value = NONE
    for place, part in enumerate(node.values):
        value = evaluate(run, part)
        last = place == len(node.values) - 1
        answer = worlds.truth(run, value)
        known = worlds.decide(run, answer)
        answers.append(Bool(known) if known is not None else answer)
        if last or known is stop_at:
            break
        if known is None:
            stopped = run.state.fork()
            state, run.state = run.state, stopped
            if worlds.assume(run, answer, stop_at, part):
                outcomes.append((value, run.state))
            run.state = state
            if not worlds.assume(run, answer, not stop_at, part):
                break
    if not outcomes:
        return value
    outcomes.append((value, run.state))
    if all(isinstance(v, Bool) for v, _ in outcomes):
        _, run.state = join_values(outcomes)
        return _combine(answers, node.op)
    first = outcomes[0][0]
    if node.op == "or" and isinstance(first, Opaque) and answers[0].condition is not None:
        if isinstance(value, Opaque) and first.optional and not value.optional:
            worlds.split(run, answers[0].condition)  # `given or default` is one of the two, not a truth
        if _stands_in(run, value, first):
            outcomes = [(Float(), state) for _, state in outcomes]
    result, run.state = join_values(outcomes)
    if isinstance(result, OneOf) and all(isinstance(o, (Bool, NoneValue, Opaque)) for o in result.options):
        return _combine(answers, node.op)
    return result


def _stands_in(run: Run, default: Value, given: Value) -> bool:
    """Whether a float is what a parameter of the constructor is where it is left out: what is given in its place is a number, too. What a method
    is given there may as well be a tensor, a mask or weights."""
    return (
        isinstance(default, Float)
        and isinstance(given, Opaque)
        and given.origin == "parameter"
        and isinstance(run.defaults.get(given.path), NoneValue)
    )


def _combine(answers: list[Bool], op: str) -> Bool:
    """The truth of a chain of tests of which some are open."""
    decisive = op == "or"
    if any(a.value is decisive for a in answers):
        return Bool(decisive)
    open_ = [a for a in answers if a.value is None]
    return open_[0] if len(open_) == 1 else Bool(None)


def _compare(run: Run, node: model.Compare) -> Value:
    if any(isinstance(part, model.Attribute) and part.name == "dtype" for part in (node.left, *node.comparators)):
        run.top.asks_dtype = True
    left = evaluate(run, node.left)
    answers: list[Value] = []
    left_id = node.left.id
    for op, part in zip(node.ops, node.comparators):
        right = evaluate(run, part)
        answers.append(_compare_two(run, op, left, right, node, (left_id, part.id)))
        left, left_id = right, part.id
    if len(answers) == 1:
        return answers[0]
    if all(isinstance(a, Bool) for a in answers):
        return worlds.all_of([a for a in answers if isinstance(a, Bool)])
    return Bool(None)


def _compare_two(run: Run, op: str, left: Value, right: Value, node: model.Compare, operands: tuple[int, int]) -> Value:
    if op in ("is", "is not"):
        if isinstance(right, NoneValue) or isinstance(left, NoneValue):
            answer = worlds.is_none(run, left if isinstance(right, NoneValue) else right)
        else:
            answer = worlds.equal(run, left, right)
        return worlds.negate(answer) if op == "is not" else answer
    if op in ("in", "not in"):
        answer = _contains(run, left, right)
        return worlds.negate(answer) if op == "not in" else answer
    if _compares_as_tensor(run, left, right):
        from shapelint.interp.torch_calls import call_named

        return call_named(run, TENSOR_COMPARISONS[op], (left, right), {}, node.id, operands)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return _of_unknown(run, op, left, right)  # a flag or, of tensors and arrays, a mask
    if op in ("==", "!="):
        answer = worlds.equal(run, left, right)
        return worlds.negate(answer) if op == "!=" else answer
    return _ordered(run, op, left, right)


def _ordered(run: Run, op: str, left: Value, right: Value) -> Bool:
    """`left < right` and its like, of what is no tensor."""
    if isinstance(left, OneOf):
        return worlds.among(run, left, lambda option: _ordered(run, op, option, right))
    if isinstance(right, OneOf):
        return worlds.among(run, right, lambda option: _ordered(run, op, left, option))
    a, b = as_dim(run, left), as_dim(run, right)
    if a is not None and b is not None:
        return worlds.compare_ints(run, op, a, b)
    x, y = as_float(left), as_float(right)
    if x is not None and y is not None:
        return Bool({"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[op])
    return Bool(None)


def _compares_as_tensor(run: Run, left: Value, right: Value) -> bool:
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return True
    if isinstance(left, OneOf) or isinstance(right, OneOf):
        return any(isinstance(o, Tensor) for v in (left, right) if isinstance(v, OneOf) for o in v.options)
    for a, b in ((left, right), (right, left)):
        if isinstance(a, Opaque) and a.origin == "input" and a.path in run.adopted:
            return True
        # an input compared with a number: a mask more often than a count, but nothing tells; only a use as tensor decides
        if isinstance(a, Opaque) and a.origin == "input" and a.path not in run.symbols and isinstance(b, (Int, Float)):
            return True
        if isinstance(a, Opaque) and isinstance(b, Opaque) and a.origin == b.origin == "input":
            return a.path in run.adopted or b.path in run.adopted
    return False


def _contains(run: Run, item: Value, container: Value) -> Bool:
    item, container = worlds.settle(run, item), worlds.settle(run, container)
    if isinstance(container, Str) and container.value is not None and isinstance(item, Str) and item.value is not None:
        return Bool(item.value in container.value)
    if isinstance(container, Ref):
        thing = run.state.read(container)
        if isinstance(thing, DictObject):
            from shapelint.interp.containers import key_of

            key = key_of(item)
            if key is not None and key in thing.items:
                return Bool(None if key in thing.maybe else True)
            return Bool(False) if key is not None and not thing.open else Bool(None)
        if isinstance(thing, Instance) and thing.parts is not None and isinstance(item, Str) and item.value is not None:
            return Bool(item.value in [n for n, _ in thing.parts])
    if isinstance(container, Opaque) and isinstance(item, Str) and item.value is not None:
        return Bool(None, Contains(container.path, item.value))
    items = _sequence_items(run, container)
    if items is None and isinstance(container, Ref):
        thing = run.state.read(container)
        if isinstance(thing, ListObject) and thing.items is not None:
            items = thing.items
    return Bool(None) if items is None else worlds.contains(run, item, items)


def _ifexp(run: Run, node: model.IfExp) -> Value:
    return branch(run, node.test, lambda: evaluate(run, node.body), lambda: evaluate(run, node.orelse))


def branch(run: Run, test: model.Expr, then: Callable[[], Value], otherwise: Callable[[], Value]) -> Value:
    """Read one or both sides of a test. An open test of a world splits the reading where its sides leave different shapes; any other
    open test joins them."""
    peeks = run.peeks
    answer = worlds.truth(run, evaluate(run, test))
    known = worlds.decide(run, answer)
    if known is not None:
        if not worlds.assume(run, answer, known, test):
            raise PathEnds
        return then() if known else otherwise()
    with run.guarded(run.is_called and (run.peeks > peeks or asks_arguments(run, test))):
        return _both_sides(run, test, answer, then, otherwise)


def _both_sides(
    run: Run, test: model.Expr, answer: Bool, then: Callable[[], Value], otherwise: Callable[[], Value]
) -> Value:
    split = worlds.is_of_world(answer)
    answer = Bool(None, run.new_branch()) if answer.condition is None else answer
    start = run.state
    outcomes: list[tuple[Value, State]] = []
    for held, side in ((True, then), (False, otherwise)):
        run.state = start.fork()
        try:
            if worlds.assume(run, answer, held, test):
                outcomes.append((side(), run.state))
        except PathEnds:
            continue
    if not outcomes:
        run.state = start
        raise PathEnds
    if len(outcomes) == 1:
        value, run.state = outcomes[0]
        return value
    (a, left), (b, right) = outcomes
    if _stands_in(run, a, b) or _stands_in(run, b, a):
        a = b = Float()
    joiner = Join(left, right)
    value = joiner.value(a, b)
    run.state = joiner.state()
    if joiner.lossy and split and answer.condition is not None:
        worlds.split(run, answer.condition)
    return value


# The rest ----------------------------------------------------------------------------------------


def _subscript(run: Run, node: model.Subscript) -> Value:
    from shapelint.interp.containers import subscript

    owner = evaluate(run, node.value)
    index = evaluate(run, node.index)
    return distribute(run, owner, lambda v: subscript(run, v, index, node))


def _call(run: Run, node: model.Call) -> Value:
    from shapelint.interp.calls import call_expression

    return call_expression(run, node)


def _lambda(run: Run, node: model.Lambda) -> Value:
    from shapelint.interp.calls import make_function

    return make_function(run, node)


def _comprehension(run: Run, node: model.Comprehension) -> Value:
    from shapelint.interp.iteration import comprehension

    return comprehension(run, node)


def _named(run: Run, node: model.NamedExpr) -> Value:
    value = evaluate(run, node.value)
    if isinstance(node.target, model.Name):
        assign_name(run, node.target.name, value)
    return value


def _await(run: Run, node: model.Await) -> Value:
    return evaluate(run, node.value)


def _yield(run: Run, node: model.Yield) -> Value:
    value = evaluate(run, node.value) if node.value is not None else NONE
    if run.top.yields is not None:
        from shapelint.interp.containers import extend, list_method

        if node.from_:
            extend(run, run.top.yields, value)
        else:
            thing = run.state.read(run.top.yields)
            assert isinstance(thing, ListObject)
            list_method(run, run.top.yields, thing, "append", [value])
        run.top.yielded = run.state.fork()
    return Unknown("dynamic-value")


_EVALUATORS: dict[type, Callable[..., Value]] = {
    model.Name: _name,
    model.Const: _const,
    model.Attribute: _attribute,
    model.Call: _call,
    model.Subscript: _subscript,
    model.SliceExpr: _slice,
    model.Starred: _starred,
    model.TupleExpr: _tuple,
    model.ListExpr: _list,
    model.SetExpr: _set,
    model.DictExpr: _dict,
    model.BinOp: _binop,
    model.UnaryOp: _unary,
    model.BoolOp: _boolop,
    model.Compare: _compare,
    model.IfExp: _ifexp,
    model.Lambda: _lambda,
    model.Comprehension: _comprehension,
    model.FormattedString: _formatted,
    model.NamedExpr: _named,
    model.Await: _await,
    model.Yield: _yield,
}

__all__ = [
    "External",
    "FunctionValue",
    "Range",
    "binary",
    "branch",
    "distribute",
    "evaluate",
    "maximum",
    "minimum",
]
