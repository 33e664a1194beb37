"""Tests: what is true, what a world decides, and what a branch learns from having been taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import EllipsisType

from shapelint.interp.objects import (
    BoundMethod,
    Builtin,
    ClassValue,
    DictObject,
    FunctionValue,
    Instance,
    ListObject,
    Range,
    is_module_name,
)
from shapelint.interp.run import MAX_SCRIPT_GUESSES, MAX_WORLDS, Run, WorldSplit
from shapelint.program import model
from shapelint.shapes.dim import ONE, ZERO, Dim, Symbol
from shapelint.shapes.facts import Facts, Verdict
from shapelint.shapes.shape import Segment, Shape
from shapelint.values.conditions import (
    Among,
    Branch,
    Compares,
    Condition,
    Constant,
    Equals,
    IsInstance,
    IsNone,
    IsTrue,
    Rank,
    SameRank,
    SizeIsOne,
    implied,
    rank_answer,
    size_at,
    worded,
)
from shapelint.values.model import (
    FALSE,
    NONE,
    TRUE,
    Bool,
    External,
    Float,
    Guard,
    Int,
    NoneValue,
    OneOf,
    Opaque,
    Ref,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

UNDECIDED = Bool(None)


def truth(run: Run, value: Value) -> Bool:
    """`bool(value)`."""
    value = settle(run, value)
    if isinstance(value, Bool):
        return UNDECIDED if value.condition in run.retired else value
    if isinstance(value, NoneValue):
        return FALSE
    if isinstance(value, Int):
        return compare_ints(run, "!=", value.dim, Dim.of(0))
    if isinstance(value, Float):
        return UNDECIDED if value.value is None else Bool(bool(value.value))
    if isinstance(value, Str):
        return UNDECIDED if value.value is None else Bool(bool(value.value))
    if isinstance(value, Tuple):
        return Bool(bool(value.items))
    if isinstance(value, Range):
        return compare_ints(run, ">", value.stop, value.start)
    if isinstance(value, Ref):
        thing = run.state.read(value)
        if isinstance(thing, ListObject):
            if thing.items is not None:
                return Bool(bool(thing.items))
            return TRUE if thing.length is not None and run.state.facts.at_least(thing.length, 1) else UNDECIDED
        if isinstance(thing, DictObject):
            if thing.items.keys() - thing.maybe:
                return TRUE
            return FALSE if thing.is_exact else UNDECIDED
        if isinstance(thing, Instance):
            return TRUE if thing.parts is None or thing.parts else FALSE
    if isinstance(value, (FunctionValue, ClassValue, BoundMethod, Builtin)):
        return TRUE
    if isinstance(value, External):
        return UNDECIDED if value.name.rpartition(".")[2].isupper() else TRUE
    if isinstance(value, Opaque):
        return Bool(None, IsTrue(value.path))
    if isinstance(value, OneOf):
        return among(run, value, lambda o: truth(run, o))
    run.peeks += isinstance(value, Tensor)
    return UNDECIDED


def among(run: Run, value: OneOf, ask: Callable[[Value], Bool]) -> Bool:
    """The answer to a question about a value of which alternatives are left. Where it differs as a test went, it says which way that was."""
    answers = [(ask(option).value, guard) for option, guard in value.guarded]
    known = {answer for answer, _ in answers}
    if None in known:
        return UNDECIDED
    if len(known) == 1:
        return Bool(known.pop())
    for branch, held in sorted(answers[0][1], key=str):
        first = answers[0][0]
        if branch not in run.retired and all((branch, held == (answer == first)) in guard for answer, guard in answers):
            return Bool(None, branch, held != first)
    return UNDECIDED


def negate(value: Bool) -> Bool:
    if value.value is not None:
        return Bool(not value.value)
    return Bool(None, value.condition, not value.negated) if value.condition else UNDECIDED


def is_none(run: Run, value: Value) -> Bool:
    """`value is None`."""
    value = settle(run, value)
    if isinstance(value, NoneValue):
        return TRUE
    if isinstance(value, Opaque):
        if value.path in run.adopted or value.path in run.symbols or _is_no_choice(run, value.path, None):
            return FALSE
        return Bool(None, IsNone(value.path))
    if isinstance(value, OneOf):
        return among(run, value, lambda o: is_none(run, o))
    return UNDECIDED if isinstance(value, Unknown) else FALSE


def compare_ints(run: Run, op: str, a: Dim, b: Dim) -> Bool:
    """A comparison of two ints; undecided ones over parameters alone are conditions of worlds."""
    facts = run.state.facts
    if op in ("<", "<="):
        a, b, op = b, a, ">" if op == "<" else ">="
    difference = facts.resolve(a - b)
    known = _compared(facts, op, difference)
    if known is None:
        known = _compared_before_last(run, op, difference)
    if known is not None:
        return Bool(known)
    symbols = difference.symbols
    if len(symbols) == 1 and next(iter(symbols)) in facts.ranks:
        return _compare_rank(run, op, difference, next(iter(symbols)))
    if not symbols or any(s.kind != "parameter" for s in symbols):
        if run.looping or any(s.kind == "unknown" for s in symbols):
            return UNDECIDED
        negated = op == "!="
        return Bool(None, Branch(("==" if negated else op, difference)), negated)
    # `x != y` is the same question as `x == y`
    negated = op == "!="
    test = "==" if negated else op
    condition = _question_of_sizes(run, test, a, b)
    run.relations[condition] = (test, a, b)
    return Bool(None, condition, negated)


def _compared(facts: Facts, op: str, difference: Dim) -> bool | None:
    if op in ("==", "!="):
        verdict = facts.compare(difference, ZERO)
        return None if verdict is Verdict.UNSURE else (verdict is Verdict.SAME) == (op == "==")
    edge = 1 if op == ">" else 0
    if facts.at_least(difference, edge):
        return True
    return False if facts.at_most(difference, edge - 1) else None


def excludes(run: Run, size: Dim, number: int) -> bool:
    """Whether what this world and path answered of sizes says that one is not a number."""
    if run.state.facts.compare(size, number, proof=True) is Verdict.DIFFERENT:
        return True
    open_ = [s for s in size.symbols if (size - Dim.of(s)).value is not None]
    if len(size.symbols) != 1 or not open_:
        return False
    value = Dim.of(number) - (size - Dim.of(open_[0]))
    for condition, held in (*run.world.items(), *run.state.assumed.items()):
        if condition in run.relations:
            test, a, b = run.relations[condition]
            difference = run.state.facts.resolve(a - b).substitute({open_[0]: value}.get)
            known = _compared(run.state.facts, test, difference)
            if known is not None and known != held:
                return True
    return False


def _compared_before_last(run: Run, op: str, difference: Dim) -> bool | None:
    """What a comparison of the number of a pass with how many there are says in every pass but the last, which is run by itself."""
    for number in difference.symbols & run.unfinished.keys():
        earlier = run.unfinished[number] - 2 - Dim.symbol("i", "unknown", 0)
        known = _compared(run.state.facts, op, difference.substitute({number: earlier}.get))
        if known is not None:
            run.tells_last.add(number)
            return known
    return None


def _question_of_sizes(run: Run, test: str, a: Dim, b: Dim) -> Equals | Compares:
    """A comparison of sizes that parameters decide, as every reading asks it."""
    left, right = (
        run.state.facts.resolve(size).substitute(lambda s: size_at(run.paths.get(s, s.name))) for size in (a, b)
    )
    if test == "==":
        for one, other in ((left, right), (right, left)):
            if one.lone_symbol is not None and other.value is not None:
                return Equals(one.lone_symbol.name, other.value)
        return Compares(left, "==", right)
    return Compares(left, ">" if test == ">" else ">=", right)


def _compare_rank(run: Run, op: str, difference: Dim, rank: Symbol) -> Bool:
    """`rank + c op 0` or `c - rank op 0`: a question for worlds where the open axes are those of an input."""
    facts = run.state.facts
    more, less = (difference - Dim.of(rank)).value, (difference + Dim.of(rank)).value
    if op in ("==", "!="):
        number = -more if more is not None else less
        test, negated = "==", op == "!="
    elif more is not None:
        number = -more + (op == ">")
        test, negated = ">=", False
    else:
        number = None if less is None else less + (op == ">=")
        test, negated = ">=", True
    if number is not None:
        shape = facts.shape(facts.ranks[rank])
        known = rank_answer(facts.admissible_ranks(shape), test, number)
        if known is not None:
            return Bool(known != negated)
        open_axes = shape.parts[shape.segment_index or 0]
        if isinstance(open_axes, Segment) and open_axes.name in run.adopted and run.splits:
            parts = facts.shape(run.adopted[open_axes.name].shape).parts
            condition = Rank(open_axes.name, "==" if test == "==" else ">=", number + len(parts) - len(shape.parts))
            if open_axes in parts and (condition in run.world or _has_room(run)):
                run.rank_tests[condition] = (shape, test, number)
                return Bool(None, condition, negated)
    run.peeks += 1
    return UNDECIDED


def _literal(value: Value) -> Constant | EllipsisType:
    if isinstance(value, Str) and value.value is not None:
        return value.value
    if isinstance(value, Bool) and value.value is not None:
        return value.value
    if isinstance(value, Int) and value.dim.value is not None:
        return value.dim.value
    if isinstance(value, Float) and value.value is not None:
        return value.value
    if isinstance(value, NoneValue):
        return None
    return ...


def equal(run: Run, a: Value, b: Value) -> Bool:
    """`a == b` for values that are no tensors."""
    a, b = settle(run, a), settle(run, b)
    x, y = _literal(a), _literal(b)
    if not isinstance(x, EllipsisType) and not isinstance(y, EllipsisType):
        return Bool(x == y)
    for one, literal in ((a, y), (b, x)):
        if isinstance(one, Opaque) and not isinstance(literal, EllipsisType):
            if _is_no_choice(run, one.path, literal):
                return FALSE
            if isinstance(literal, int) and not isinstance(literal, bool) and one.path in run.symbols:
                return compare_ints(run, "==", run.symbols[one.path], Dim.of(literal))
            if literal is None:
                return is_none(run, one)
            return Bool(None, Equals(one.path, literal))
    if isinstance(a, Int) and isinstance(b, Int):
        return compare_ints(run, "==", a.dim, b.dim)
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Int) and isinstance(other, Opaque):
            return compare_ints(run, "==", one.dim, run.symbol(other.path, other.origin))
    if isinstance(a, Tuple) and isinstance(b, Tuple):
        if len(a.items) != len(b.items):
            return FALSE
        return all_of([equal(run, p, q) for p, q in zip(a.items, b.items)])
    if isinstance(a, (ClassValue, External, FunctionValue)) and type(a) is type(b):
        return Bool(a == b)
    if isinstance(a, OneOf):
        return among(run, a, lambda option: equal(run, option, b))
    if isinstance(b, OneOf):
        return among(run, b, lambda option: equal(run, a, option))
    if (isinstance(a, NoneValue) and isinstance(b, (Int, Str, Bool, Tensor, Tuple))) or (
        isinstance(b, NoneValue) and isinstance(a, (Int, Str, Bool, Tensor, Tuple))
    ):
        return FALSE
    if any(literal is not ... and _is_other_kind(run, one) for one, literal in ((a, y), (b, x))):
        return FALSE
    return UNDECIDED


def _is_no_choice(run: Run, path: str, literal: object) -> bool:
    """Whether an input is known to be one of some values, and this is none of them."""
    for choice in run.choices.get(path, (Unknown("dynamic-value"),)):
        known = _literal(choice)
        if known == literal or (known is ... and not _is_other_kind(run, choice)):
            return False
    return True


def _is_other_kind(run: Run, value: Value) -> bool:
    """Whether a value is an object that equals no number, no text and not None: a list, a dict, or one whose class has no `__eq__` of its own."""
    if isinstance(value, (ClassValue, FunctionValue, Tuple)):
        return True
    if not isinstance(value, Ref):
        return False
    thing = run.state.read(value)
    if isinstance(thing, Instance):
        if isinstance(thing.cls, str):
            return is_module_name(thing.cls)
        return run.state.find_in_class(thing.cls, "__eq__") is None and all(
            is_module_name(b) for b in thing.cls.library_bases
        )
    return isinstance(thing, (ListObject, DictObject))


def all_of(answers: list[Bool]) -> Bool:
    if any(a.value is False for a in answers):
        return FALSE
    open_ = [a for a in answers if a.value is None]
    return TRUE if not open_ else open_[0] if len(open_) == 1 else UNDECIDED


def contains(run: Run, item: Value, options: list[Value]) -> Bool:
    """`item in options`."""
    answers = [equal(run, item, o) for o in options]
    if any(a.value is True for a in answers):
        return TRUE
    if all(a.value is False for a in answers):
        return FALSE
    item = settle(run, item)
    decided = [decide(run, a) for a in answers]
    if True in decided:
        return TRUE
    if None not in decided:
        return FALSE
    open_ = [a for a, known in zip(answers, decided) if known is None]
    if len(open_) == 1:
        return open_[0]
    constants = [_literal(o) for o in options]
    if isinstance(item, Opaque):
        known = tuple(c for c in constants if not isinstance(c, EllipsisType))
        if len(known) == len(constants):
            return Bool(None, Among(item.path, known))
    return UNDECIDED


def names_of(run: Run, path: str) -> list[str]:
    """The names that an option is known to have: those that it was asked to be among, or else its default."""
    among = [
        condition.constants
        for table in (run.state.assumed, run.world)
        for condition, held in table.items()
        if held and isinstance(condition, Among) and condition.path == path
    ]
    default = run.defaults.get(path)
    names = among[0] if among else (default.value,) if isinstance(default, Str) else ()
    return [name for name in names if isinstance(name, str) and name.isidentifier()]


# Deciding ----------------------------------------------------------------------------------------


def _note_asker(run: Run, condition: Condition) -> None:
    """Keep whether the class that is read itself asks for a part of its configuration. Where others do, they may also have chosen the class by it."""
    cls, _, method = run.entry.rpartition(".")
    if cls and method and any("." in path or "[" in path for path in condition.paths):
        owner = run.top.owner
        run.asked_below[condition] = run.asked_below.get(condition, False) or (
            owner is not None and owner.qualname == cls
        )


def _known(run: Run, condition: Condition) -> bool | None:
    if run.kind == "open" and run.stack:
        _note_asker(run, condition)
    for table in (run.state.assumed, run.world):
        if condition in table:
            return table[condition]
    for table in (run.state.assumed, run.world):
        for other, held in table.items():
            answer = implied(other, held, condition)
            if answer is not None:
                return answer
    return _known_flag(run, condition)


def _known_flag(run: Run, condition: Condition) -> bool | None:
    """Whether an option that is left at True or False is true, where the code asks for its truth here and compares it with True there: it is one of
    the two, unless it is known to be something else."""
    if not isinstance(condition, (IsTrue, Equals)) or not isinstance(run.defaults.get(condition.path), Bool):
        return None
    for table in (run.state.assumed, run.world):
        for other, held in table.items():
            if other.paths != condition.paths:
                continue
            if isinstance(condition, IsTrue) and isinstance(other, Equals) and isinstance(other.constant, bool):
                return held == other.constant
            if isinstance(condition, Equals) and isinstance(condition.constant, bool):
                if isinstance(other, IsTrue):
                    return held == condition.constant
                if isinstance(other, Equals) and isinstance(other.constant, bool):
                    return held != (other.constant != condition.constant)
    return None


def likely(run: Run, condition: Condition) -> bool:
    """The answer to read first: what a parameter's default gives, a tensor of the rank that its use shows."""
    if condition.guess in ("rank", "size", "whole") or isinstance(condition, Rank):
        return True
    path = condition.paths[0] if len(condition.paths) == 1 else ""
    default = run.defaults.get(path)
    literal = ... if default is None else _literal(default)
    if isinstance(literal, EllipsisType):
        return isinstance(condition, IsNone)
    return bool(implied(Equals(path, literal), True, condition))


def decide(run: Run, value: Bool) -> bool | None:
    """The truth of a test on this path in this world, None where it is open."""
    if value.value is not None:
        return value.value
    if value.condition is None:
        return None
    if isinstance(value.condition, Branch):
        known = run.state.taken.get(value.condition)
    else:
        known = _known(run, value.condition)
    return None if known is None else known != value.negated


def require(run: Run, value: Bool) -> bool | None:
    """Like `decide`, but an open condition splits the world at once (a flag that an op needs)."""
    known = decide(run, value)
    if known is None and is_of_world(value):
        assert value.condition is not None
        split(run, value.condition)
    return known


def ask(run: Run, value: Bool) -> None:
    """Open a world for each answer to an open question, while there is room for more (raises WorldSplit)."""
    condition = value.condition
    if condition is not None and is_of_world(value) and decide(run, value) is None and run.splits and _has_room(run):
        split(run, condition)


def is_of_world(value: Bool) -> bool:
    """Whether a test that is open is one that a world decides."""
    return value.condition is not None and not isinstance(value.condition, Branch)


def split(run: Run, condition: Condition) -> None:
    """Start the reading anew in both worlds. Raises WorldSplit; returns where no further world may be opened: what guards what is then lost,
    and nothing that follows in this reading proves a fault."""
    if run.splits and condition not in run.world and _has_room(run) and (run.kind != "driver" or condition.guess):
        raise WorldSplit(_presumed(run, condition))
    run.blurred = True


def _presumed(run: Run, condition: Condition) -> Condition:
    """A guess at what arrives in an optional argument presumes that something does: whether it is left out splits first."""
    if not condition.guess:
        return condition
    for path, default in run.defaults.items():
        left_out = IsNone(path)
        if (
            isinstance(default, NoneValue)
            and left_out not in run.world
            and any(s == path or s.startswith((f"{path}.", f"{path}[")) for s in condition.paths)
        ):
            return left_out
    return condition


def _has_room(run: Run) -> bool:
    if run.kind == "driver":
        return len(run.world) < MAX_SCRIPT_GUESSES
    return len(run.world) < MAX_WORLDS.bit_length() + 3


def rank_ends(run: Run, name: str, rank: int) -> bool | None:
    """Whether an input has no more than `rank` axes; each answer has a world of its own."""
    return require(run, Bool(None, Rank(name, "==", rank, "rank")))


def data_has_rank(run: Run, open_axes: Segment, more: int) -> bool | None:
    """Whether what a script reads from a file has `more` axes than there are parts in its shape, with the open run counted as one; each answer has a
    reading of its own."""
    whole = run.whole_of(open_axes)
    if whole is None:
        return None
    if not run.splits:
        run.wondered = True
        return None
    return rank_ends(run, open_axes.name, len(whole.parts) + more)


def is_one(run: Run, size: Dim, *, ask: bool = True) -> bool | None:
    """Whether an open size of an input, or a parameter, is 1, where the rank of what follows depends on it; each answer has a world of its own
    while there is room for more. Without `ask` the question is kept until a call fails under the likely answer."""
    size = run.state.facts.resolve(size)
    symbol = size.lone_symbol
    if run.kind == "driver" and size.symbols and all(s.kind == "input" for s in size.symbols):
        run.wondered = True
        if symbol is None and run.splits:
            return _data_is_one(run, size)
    if symbol is None or not run.splits:
        return None
    relation = ("==", size, ONE)
    if symbol.kind == "parameter":
        # what is asked of the axes of a tensor is 1 or more, and `> 1` is how the code asks
        run.state.facts.raise_low(size, 1)
        more = compare_ints(run, ">", size, ONE)
        asked, relation = replace(more, negated=not more.negated), (">", size, ONE)
    elif symbol.kind == "input":
        # other symbols than axes of inputs may share a name: they are told apart by the order in which they are asked for
        alike = run.asked_sizes.setdefault(symbol.name, [])
        if symbol not in alike:
            alike.append(symbol)
        asked = Bool(None, SizeIsOne(symbol.name, alike.index(symbol) + 1))
    else:
        return None
    if asked.condition is None or not (asked.condition in run.world or _has_room(run)):
        return decide(run, asked)
    answer = require(run, asked) if ask else decide(run, asked)
    if not ask and answer is None:
        run.open_sizes.append(size)
    if answer is not None:
        _learn(run, relation, answer == (relation[0] == "=="))
    return answer


def _data_is_one(run: Run, size: Dim) -> bool | None:
    """The same of what is left of an axis of data from a file, `width//4`."""
    answer = _guessed(run, SizeIsOne(str(size)))
    if answer:
        run.state.facts.equate(size, ONE)
    return answer


def doubt(run: Run) -> None:
    """A call fails under what is assumed of ranks. What was left open decides: while the reading is probed, each answer gets a world of its own
    (raises WorldSplit), else it is kept that there is something to probe."""
    facts = run.state.facts
    open_ranks = []
    for path, tensor in run.adopted.items():
        shape = facts.shape(tensor.shape)
        at = shape.segment_index
        if at is not None and shape.parts[at] in facts.readings:
            open_ranks.append(Rank(path, "==", len(shape.parts) - 1, "rank"))
    run.doubted = run.doubted or bool(open_ranks or run.open_sizes)
    if run.probing:
        for question in open_ranks:
            _guessed(run, question)
        for size in run.open_sizes:
            is_one(run, size)


_PACKED = "PackedSequence"


def is_packed(run: Run, path: str) -> bool | None:
    """Whether an input is a packed sequence, as what reads it takes one too; each answer has a world of its own while there is room for more."""
    return _guessed(run, IsInstance(path, _PACKED, "type"))


def lies_within(run: Run, name: str, rank: int) -> bool | None:
    """Whether an input has no more axes than what it is laid over; each answer has a world of its own while there is room for more."""
    return _guessed(run, Rank(name, "<=", rank, "whole"))


def have_same_rank(run: Run, left: str, right: str) -> bool | None:
    """Whether two inputs that meet have as many axes; each answer has a world of its own while there is room for more."""
    return _guessed(run, SameRank(left, right))


def _guessed(run: Run, condition: Condition) -> bool | None:
    asked = Bool(None, condition)
    if not run.splits or not (condition in run.world or _has_room(run)):
        return decide(run, asked)
    return require(run, asked)


def assume(run: Run, value: Bool, held: bool, test: model.Expr | None = None) -> bool:
    """Go on as if the test had come out `held`. False where that cannot be."""
    if isinstance(value.condition, Branch):
        run.state.taken[value.condition] = held != value.negated
    elif value.condition is not None:
        answer = held != value.negated
        run.state.assumed[value.condition] = answer
        if isinstance(value.condition, (Equals, Compares)):
            relation = run.relations.get(value.condition)
            if relation is not None and not _learn(run, relation, answer):
                return False
        if isinstance(value.condition, Rank):
            asked = run.rank_tests.get(value.condition)
            if asked is not None and not _learn_rank(run, *asked, answer):
                return False
    if test is not None:
        _filter(run, test, held)
    return True


def _learn(run: Run, relation: tuple[str, Dim, Dim], held: bool) -> bool:
    op, a, b = relation
    facts = run.state.facts
    if op == "==" and held:
        from shapelint.shapes.facts import Demand

        return facts.equate(a, b) is not Demand.FAILS
    if op in (">", ">=") and b.value is not None and held:
        facts.raise_low(a, b.value + (op == ">"))
    if op in (">", ">=") and a.value is not None and not held:
        facts.raise_low(b, a.value + (op == ">="))
    if op == "==" and not held and b.value is not None:
        symbol = facts.resolve(a).lone_symbol
        if symbol is not None and facts.least(symbol) == b.value:
            facts.raise_low(a, b.value + 1)
    if op in (">", ">=") and not held and b.value is not None:
        # a < b (or a <= b): at the least admissible value the size is known
        symbol = facts.resolve(a).lone_symbol
        top = b.value - (op == ">=")
        if symbol is not None and facts.least(symbol) == top:
            facts.bind(symbol, Dim.of(top))
    return True


def _learn_rank(run: Run, shape: Shape, test: str, number: int, held: bool) -> bool:
    facts = run.state.facts
    if test == ">=":
        return facts.limit_rank(shape, number, None) if held else facts.limit_rank(shape, 0, number - 1)
    if held:
        return facts.limit_rank(shape, number, number)
    return facts.exclude_rank(shape, number)


def _filter(run: Run, test: model.Expr, held: bool) -> None:
    """Drop the alternatives of a name or attribute that the test rules out."""
    if isinstance(test, model.UnaryOp) and test.op == "not":
        _filter(run, test.operand, not held)
        return
    if isinstance(test, model.BoolOp):
        if (test.op == "and") == held:
            for part in test.values:
                _filter(run, part, held)
        return
    if isinstance(test, model.Compare) and len(test.ops) == 1 and test.ops[0] in ("is", "is not", "==", "!="):
        other = test.comparators[0]
        if isinstance(other, model.Const) and other.value is None:
            keep_none = (test.ops[0] in ("is", "==")) == held
            _keep(run, test.left, lambda v: isinstance(v, NoneValue) == keep_none)
        return
    if isinstance(test, (model.Name, model.Attribute)):
        _keep(run, test, lambda v: truth(run, v).value in (None, held))
        return
    if (
        isinstance(test, model.Call)
        and isinstance(test.func, model.Name)
        and test.func.name == "isinstance"
        and len(test.args) == 2
    ):
        from shapelint.interp.builtins import is_instance
        from shapelint.interp.expressions import evaluate

        with run.silently():
            kinds = evaluate(run, test.args[1].value)
        _keep(run, test.args[0].value, lambda v: is_instance(run, v, kinds).value in (None, held))


def _keep(run: Run, place: model.Expr, keep) -> None:  # type: ignore[no-untyped-def]
    from shapelint.interp.names import assign_name, lookup

    if isinstance(place, model.Name):
        value = lookup(run, place.name)
        if isinstance(value, OneOf):
            kept = tuple(o for o in value.options if keep(o))
            if kept and len(kept) < len(value.options):
                assign_name(run, place.name, _chosen(value, kept))
    elif isinstance(place, model.Attribute) and isinstance(place.value, model.Name):
        owner = lookup(run, place.value.name)
        if isinstance(owner, Ref):
            thing = run.state.read(owner)
            if isinstance(thing, Instance) and isinstance(thing.attrs.get(place.name), OneOf):
                options = thing.attrs[place.name].options  # type: ignore[attr-defined]
                kept = tuple(o for o in options if keep(o))
                if kept and len(kept) < len(options):
                    writable = run.state.write(owner)
                    assert isinstance(writable, Instance)
                    writable.attrs[place.name] = _chosen(thing.attrs[place.name], kept)


def _chosen(value: Value, kept: tuple[Value, ...]) -> Value:
    """Some of the alternatives of a value."""
    if len(kept) == 1 or not isinstance(value, OneOf):
        return kept[0]
    guards = tuple(guard for o, guard in value.guarded if any(o is k for k in kept))
    return OneOf(kept, guards if any(guards) else ())


def settle(run: Run, value: Value) -> Value:
    """An opaque value with what the world and the path say about it written in: None, a string, a bool; of alternatives those that may stand on
    this path."""
    if isinstance(value, OneOf) and value.guards:
        return _kept(run, value)
    if not isinstance(value, Opaque):
        return value
    for table in (run.state.assumed, run.world):
        for condition, held in table.items():
            if not held or value.path not in condition.paths:
                continue
            if isinstance(condition, IsNone):
                return NONE
            if isinstance(condition, IsInstance) and condition.kind == _PACKED and condition.guess:
                return run.as_packed(value.path)
            if isinstance(condition, Equals) and isinstance(condition.constant, str):
                return Str(condition.constant)
    return value


def _kept(run: Run, value: OneOf) -> Value:
    kept = [(o, guard) for o, guard in value.guarded if run.state.admits(guard - _retired(run, guard))]
    if len(kept) == len(value.options) or not kept:
        return value
    return kept[0][0] if len(kept) == 1 else OneOf(tuple(o for o, _ in kept), tuple(guard for _, guard in kept))


def _retired(run: Run, guard: Guard) -> Guard:
    return frozenset((branch, held) for branch, held in guard if branch in run.retired)


def opposed(left: dict[Condition, bool], right: dict[Condition, bool]) -> Condition | None:
    """The first condition that two paths answer differently."""
    for condition, held in left.items():
        if right.get(condition, held) != held:
            return condition
    return None


def world_text(run: Run) -> str:
    """The world of a reading, as a person reads it: `bidirectional=True, h_0 is None`."""
    return ", ".join(worded(condition, held) for condition, held in run.world.items())
