"""What an op is, and what its rule may ask.

An op file makes one or more `Op`s (`op(...)` for functions and methods, `layer(...)` for `nn.Module`s) and writes the rule under
each. A rule is ordinary Python on abstract values in the direct style: it asks the `Context` for tensors, axes, ints and flags,
*demands* what torch demands, and returns the resulting value. Three endings, never mixed: a value; `Refuted` (raised by a demand that no
choice of sizes can meet), which `infer` turns into `Mismatch`; `CannotTell`, which becomes `Unknown`.

A shape may hold one `Segment`, an unknown run of axes. `Context.axis` reveals the axis that is asked for and returns a Python index into
`shape.parts` that is right whether or not the rank is known (it stays negative where it counts from the right of an unknown run).
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NoReturn

from shapelint.shapes.dim import ONE, Dim, DimLike, bounds
from shapelint.shapes.facts import Demand, Facts, Verdict
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import (
    NONE,
    Bool,
    Dtype,
    EllipsisValue,
    Float,
    Int,
    LayerConfig,
    NoneValue,
    OneOf,
    Opaque,
    Reason,
    Sequence,
    SizeOf,
    Step,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

Number = int  # `Context` and `Layer` have a method named int
Role = Literal["batch", "step", "feature", "layer", "direction", "head", "class", "channel", "space"]
Strength = Literal["proved", "stated", "named", "convention"]


@dataclass(frozen=True, slots=True)
class Constraint:
    """A demand of an op. `id` is numbered within the op ("C1"), `rule` names the rule that reports a violation."""

    id: str
    rule: str
    text: str


INT_SIZES = Constraint("INT", "invalid-option", "sizes and bounds are ints")
"""What torch demands of every size that it is given, whatever the op."""


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A sentence whose sizes are printed when it is reported, with the names that the context then knows. In `template`, `{name}` stands for a
    value of `values`, `{subject}` for the called thing as written, `{@param}` for the argument of that parameter as written."""

    template: str
    values: Mapping[str, Dim | Shape | Part | str | int] = field(default_factory=dict)


def say(template: str, **values: Dim | Shape | Part | str | int) -> Message:
    """A message; see `Message`."""
    return Message(template, values)


@dataclass(frozen=True, slots=True, eq=False)
class Mismatch:
    """No choice of sizes can make this call work.

    `headline` and `label` are messages, `operand` names the parameter whose argument is at fault, `sizes` the numbers at odds (expected first),
    `recovered` what the call would have given where that does not depend on the fault. `possible` is set where only open sizes
    above 1 make the fault certain (`h` against `2*h` broadcasts at `h == 1`): at most a warning.
    """

    op: str
    constraint: Constraint
    headline: Message
    label: Message | None = None
    operand: str = ""
    sizes: tuple[Dim, ...] = ()
    recovered: Value | None = None
    possible: bool = False


class Refuted(Exception):
    """Raised by a demand that fails; `infer` turns it into a `Mismatch`."""

    def __init__(self, mismatch: Mismatch) -> None:
        super().__init__(mismatch.constraint.id)
        self.mismatch = mismatch


class CannotTell(Exception):
    """Raised where the result cannot be known; `infer` turns it into `Unknown`."""

    def __init__(self, reason: Reason = "dynamic-value", detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason: Reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Evidence:
    """A reason to give a factor of an axis a role."""

    role: Role
    strength: Strength
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Latent:
    """A demand that some choices of parameters meet and others do not: a requirement on whoever builds the module."""

    constraint: Constraint
    left: Dim
    right: Dim
    headline: Message


# Signatures --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Param:
    name: str
    kind: Literal["positional", "star", "keyword", "named"]
    default: Value | None  # None where an argument must be given


def _literal(text: str) -> Value:
    return constant(ast.literal_eval(text))


def constant(value: object) -> Value:
    """The abstract value of a Python literal."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return Bool(value)
    if isinstance(value, int):
        return Int.of(value)
    if isinstance(value, float):
        return Float(value)
    if isinstance(value, str):
        return Str(value)
    if isinstance(value, tuple):
        return Tuple(tuple(constant(v) for v in value))
    if isinstance(value, list):
        return Tuple(tuple(constant(v) for v in value), "list")
    if value is Ellipsis:
        return EllipsisValue()
    return Unknown("dynamic-value")


class Signature:
    """Parameters as Python writes them: `"input, dim=None, *, out=None"`, `"input, *size"`, `"pattern, **sizes"`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.params: list[Param] = []
        kind: Literal["positional", "keyword"] = "positional"
        for piece in _pieces(text):
            if piece == "*":
                kind = "keyword"
            elif piece.startswith("**"):
                self.params.append(Param(piece[2:], "named", Tuple(())))
            elif piece.startswith("*"):
                self.params.append(Param(piece[1:], "star", None))
                kind = "keyword"
            else:
                name, _, default = (p.strip() for p in piece.partition("="))
                self.params.append(Param(name, kind, _literal(default) if default else None))
        self.by_name = {p.name: p for p in self.params}

    def bind(self, args: Iterable[Value], kwargs: Mapping[str, Value]) -> dict[str, Value] | None:
        """Arguments by parameter name with defaults filled in; a star parameter gets a `Tuple`, one with two stars a `Tuple` with
        `names`. None where they do not fit."""
        catch = next((p.name for p in self.params if p.kind == "named"), None)
        if catch is not None:
            own = {n: v for n, v in kwargs.items() if n in self.by_name and n != catch}
            others = {n: v for n, v in kwargs.items() if n not in own}
            kwargs = {**own, catch: Tuple(tuple(others.values()), names=tuple(others))}
        bound: dict[str, Value] = {}
        rest = list(args)
        for param in self.params:
            if param.kind == "star":
                bound[param.name] = Tuple(tuple(rest))
                rest = []
            elif param.kind == "positional" and rest:
                bound[param.name] = rest.pop(0)
        if rest:
            return None
        for name, value in kwargs.items():
            param_ = self.by_name.get(name)
            if param_ is None:
                return None
            if param_.kind == "star" and not bound[name].items:  # type: ignore[attr-defined]
                # torch takes `size=(2, 3)` by name where it takes `2, 3` by position
                bound[name] = Tuple((value,))
            elif name in bound:
                return None
            else:
                bound[name] = value
        for param in self.params:
            if param.name not in bound:
                if param.default is None:
                    return None
                bound[param.name] = param.default
        return bound


def _pieces(text: str) -> list[str]:
    pieces, depth, current = [], 0, ""
    for char in text:
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            pieces.append(current.strip())
            current = ""
        else:
            current += char
    if current.strip():
        pieces.append(current.strip())
    return pieces


# Samples -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class T:
    """A tensor in a sample: its sizes, its dtype, for ints the exclusive upper bound of the entries."""

    sizes: tuple[int, ...]
    dtype: Dtype = "float"
    high: int = 2


def t(*sizes: int, dtype: Dtype = "float", high: int = 2) -> T:
    """A tensor of a sample: `t(2, 3)`."""
    return T(sizes, dtype, high)


@dataclass(frozen=True, slots=True)
class Sample:
    """One call to try on torch and on the rule. `name` is one of the op's torch names (a method's first argument is its receiver); for a layer
    `init` and `init_kwargs` build it and `args` call it. Arguments are Python values, `T`s, and lists or tuples of them."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    init: tuple[Any, ...] = ()
    init_kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Built:
    """A layer as an argument in a sample, as `nn.TransformerEncoder` takes one: its torch name and the arguments of its constructor."""

    name: str
    init: tuple[Any, ...] = ()
    init_kwargs: Mapping[str, Any] = field(default_factory=dict)


Sampler = Callable[[random.Random], Sample]


# Ops ---------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Op:
    """An op of torch. `torch` holds every name it goes by; `signatures` are tried in order; `samples` draws calls that are partly right and
    partly wrong, so that each constraint is violated by some."""

    name: str
    torch: tuple[str, ...]
    signatures: tuple[Signature, ...]
    constraints: Mapping[str, Constraint]
    samples: Sampler | None
    is_layer: bool = False
    call: Signature | None = None  # of a layer: the arguments of forward
    reads_packed: bool = False  # whether its first argument may be a `PackedSequence` as well
    _rule: Callable[..., Value] | None = None
    _attributes: Callable[..., Value | None] | None = None
    _build: Callable[..., None] | None = None

    def rule(self, function: Callable[..., Value]) -> Callable[..., Value]:
        """Decorator: the rule, called with the context and the bound arguments by name (a layer's first with its `Layer`)."""
        self._rule = function
        return function

    def attributes(self, function: Callable[..., Value | None]) -> Callable[..., Value | None]:
        """Decorator: attributes of a layer beyond the arguments of its constructor: `function(cx, layer, name)`."""
        self._attributes = function
        return function

    def build(self, function: Callable[..., None]) -> Callable[..., None]:
        """Decorator: what the constructor demands: `function(cx, layer)`."""
        self._build = function
        return function

    @property
    def documentation(self) -> str:
        return (self._rule.__doc__ or "") if self._rule else ""


def op(
    name: str,
    torch: Iterable[str],
    signature: str | Iterable[str],
    constraints: Iterable[Constraint] = (),
    samples: Sampler | None = None,
) -> Op:
    """An op that is a function or a method."""
    texts = (signature,) if isinstance(signature, str) else tuple(signature)
    return Op(name, tuple(torch), tuple(Signature(s) for s in texts), {c.id: c for c in constraints}, samples)


def layer(
    name: str,
    torch: Iterable[str],
    signature: str,
    call: str,
    constraints: Iterable[Constraint] = (),
    samples: Sampler | None = None,
) -> Op:
    """An `nn.Module`: `signature` is its constructor's, `call` its forward's."""
    made = op(name, torch, signature, constraints, samples)
    made.is_layer = True
    made.call = Signature(call)
    return made


class Layer:
    """A built layer as its rule sees it: the arguments of the constructor, read with the context's coercions."""

    def __init__(self, cx: Context, config: LayerConfig) -> None:
        self._cx = cx
        self.config = config

    @property
    def name(self) -> str:
        """The last part of the torch name: "LSTM"."""
        return self.config.name.rpartition(".")[2]

    def value(self, name: str) -> Value:
        return self.config.args[name]

    def size(self, name: str) -> Dim:
        return self._cx.size(self.config.args[name])

    def int(self, name: str) -> Dim:
        return self._cx.int(self.config.args[name])

    def flag(self, name: str) -> bool:
        return self._cx.flag(self.config.args[name])


# What a rule may ask -----------------------------------------------------------------------------


# ops whose results hold the entries of what they are given
_KEEPING_ENTRIES = frozenset("clone contiguous conversion detach expand getitem repeat reshape to to_int".split())


def entries_of(step: Step | None) -> Iterator[Step]:
    """The steps, latest first, along which the entries of a tensor stayed what they were."""
    while step is not None:
        yield step
        if step.op not in _KEEPING_ENTRIES:
            return
        step = step.previous


class Context:
    """One call of an op: the facts of the path, and the demands it makes. The interpreter derives from it to turn opaque values into
    tensors and ints, and to see demands that are latent."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.op: Op | None = None
        self.recovered: Value | None = None
        self.is_sure = False  # whether `recovered` was said before anything that is assumed was read
        self.latent: list[Latent] = []
        self.generic = False  # whether a step of this call used that open sizes are in general position
        self._read: list[Shape] = []

    @property
    def assumed(self) -> bool:
        """Whether what the call is given, or how it is read, rests on an assumption about a rank. What it learns then proves nothing."""
        return self.facts.presumed

    @assumed.setter
    def assumed(self, value: bool) -> None:
        self.facts.presumed = value

    @property
    def rests_on_assumption(self) -> bool:
        """Whether the rank of an argument is assumed or in doubt."""
        return self.assumed or any(self.facts.in_doubt(shape) for shape in self._read)

    def told(self, shape: Shape) -> Shape:
        """A shape that is no tensor's (a size, the steps of a packed sequence), read through the facts."""
        self._read.append(shape)
        self.assumed = self.assumed or self.facts.in_doubt(shape)
        return self.facts.shape(shape)

    # hooks of the interpreter

    def adopt_tensor(self, value: Value) -> Tensor | None:
        """The tensor that an opaque value is when it is used as one."""
        return None

    def data_of(self, value: Value) -> Tensor | None:
        """The tensor that is made of what an opaque value holds, a list, an array or a tensor; the value itself stays open."""
        return None

    def lies_within(self, run: Segment, rank: Number) -> bool | None:
        """Whether an unknown run, which is all that is known of an input, holds no more axes than that; None where nothing decides it."""
        return None

    def guess_rank(self, x: Tensor, rank: Number) -> Tensor:
        """A tensor of an open number of axes with as many as what it meets asks for, where a reading guesses so."""
        return x

    def guess_least(self, size: Dim, number: Number) -> None:
        """Take a size of what comes from a file to be a number or more, where a reading guesses so."""

    def meets(self, left: Segment, right: Segment) -> bool | None:
        """Whether two unknown runs, each the leading axes of an input, are the same axes; None where nothing decides it."""
        return None

    def is_adopted(self, value: Value) -> bool:
        """Whether a value of which nothing was known has been found to be a tensor."""
        return False

    def may_be_array(self, x: Tensor) -> bool:
        """Whether a tensor is an array of NumPy, or an input of which nothing tells that it is none."""
        return x.array

    def adopt_int(self, value: Value) -> Dim | None:
        """The int that an opaque value is when it is used as one."""
        return None

    def may_be_packed(self, x: Tensor) -> bool | None:
        """Whether a tensor may as well be a packed sequence, since nothing was done so far that does not take one; None where it may."""
        return False

    def adopt_size(self, value: Opaque) -> Dim | None:
        """The int that an opaque value may be where several in a tuple would do as well: it is not learned that it is one. None where it is no int,
        or known to be one."""
        return None

    def adopt_number(self, value: Value) -> Dim | None:
        """The int that a value of which nothing is known is where nothing else can stand."""
        return None

    def adopt_flag(self, value: Value) -> bool | None:
        """The truth of an opaque value in the world at hand."""
        return None

    # reading arguments

    def is_none(self, value: Value) -> bool:
        return isinstance(value, NoneValue)

    def tensor(self, value: Value, rank: int | None = None) -> Tensor:
        """The argument as a tensor, read through the facts; with `rank`, an unknown rank is learned and a wrong one is `CannotTell` (use
        `ranks` where torch rejects it). A number is a tensor without axes. Raises CannotTell for anything else."""
        if isinstance(value, Tensor):
            found = value
        elif isinstance(value, (Int, Bool, Float)):
            kind: Dtype = "bool" if isinstance(value, Bool) else "int" if isinstance(value, Int) else "float"
            found = Tensor(Shape(()), kind)
        else:
            adopted = self.adopt_tensor(value)
            if adopted is None:
                raise _untellable(value)
            found = adopted
        self.assumed = self.assumed or found.assumed or self.facts.in_doubt(found.shape)
        self._read.append(found.shape)
        shape = self.facts.shape(found.shape)
        if rank is not None:
            fixed = self.facts.fix_rank(shape, rank)
            if fixed is None:
                raise CannotTell("dynamic-value", "rank")
            shape = fixed
        return found if shape is found.shape else found.with_parts(shape.parts)

    def fill(self, x: Tensor) -> Dim | None:
        """The number that every entry of a tensor is, where the op that made it was given just that and nothing shows another one since."""
        for step in entries_of(x.step):
            if self.is_overwritten(step):
                return None
            if step.fill is not None:
                return step.fill
        return None

    def is_overwritten(self, step: Step) -> bool:
        """Whether something was written into the tensor of a step in place."""
        return False

    def maybe_tensor(self, value: Value) -> Tensor | None:
        """The argument as a tensor where it is one, None for a Python None."""
        return None if isinstance(value, NoneValue) else self.tensor(value)

    def tensors(self, value: Value) -> list[Tensor]:
        """The tensors of a list or tuple of known length."""
        return [self.tensor(v) for v in self.items(value)]

    def items(self, value: Value) -> tuple[Value, ...]:
        """The elements of a list or tuple of known length."""
        if isinstance(value, Tuple):
            return value.items
        if isinstance(value, SizeOf):
            shape = self.told(value.shape)
            if shape.ranked:
                return tuple(Int(d) for d in shape.dims)
        if isinstance(value, Sequence) and value.length is not None:
            length = self.facts.resolve(value.length).value
            if length is not None and length <= 64 and value.first is None and value.last is None:
                return (value.element,) * length
        raise _untellable(value)

    def int(self, value: Value) -> Dim:
        """The argument as an int. Raises CannotTell."""
        if isinstance(value, Int):
            return self.facts.resolve(value.dim)
        if isinstance(value, Bool) and value.value is not None:
            return Dim.of(int(value.value))
        if isinstance(value, Tensor) and value.shape.rank == 0 and value.dtype == "int":
            raise CannotTell("dynamic-value")
        adopted = self.adopt_int(value)
        if adopted is None:
            raise _untellable(value)
        return self.facts.resolve(adopted)

    def whole(self, value: Value, what: str = "sizes that are ints") -> Dim:
        """The argument as an int, of which torch raises a TypeError where it is a float: half of a size is one, whatever the size. Raises
        CannotTell."""
        if isinstance(value, Float) and (value.value is not None or value.exact is not None):
            assert self.op is not None
            headline = say("{subject} expects {what} but receives a float", what=what)
            raise Refuted(Mismatch(self.op.name, INT_SIZES, headline, recovered=self.recovered))
        return self.int(value)

    def size(self, value: Value) -> Dim:
        """The argument as a number of entries, which is learned to be 1 or more."""
        unknown = self.adopt_number(value)
        dim = self.int(value) if unknown is None else self.facts.resolve(unknown)
        self.facts.raise_low(dim, 1)
        return dim

    def known_int(self, value: Value) -> Number:
        """The argument as a literal int. Raises CannotTell where it is symbolic."""
        number = self.int(value).value
        if number is None:
            raise CannotTell("dynamic-value")
        return number

    def ints(self, value: Value) -> list[Dim]:
        """One int or several, as sizes and axes are given: `3`, `(3, 4)`, `x.shape`."""
        if isinstance(value, (Tuple, SizeOf, Sequence)):
            return [self.int(v) for v in self.items(value)]
        size = self.adopt_size(value) if isinstance(value, Opaque) else None
        if size is None:
            return [self.int(value)]
        self.assumed = True  # nothing tells that it is one alone
        return [size]

    def star_ints(self, value: Value) -> list[Dim]:
        """The ints of a star parameter, which torch also takes as one list: `f(2, 3)` and `f((2, 3))`."""
        items = self.items(value)
        if len(items) == 1 and not isinstance(items[0], (Int, Bool)):
            try:
                return self.ints(items[0])
            except CannotTell:
                if isinstance(items[0], (Tuple, SizeOf, Sequence)):
                    raise
        return [self.int(v) for v in items]

    def sizes(self, value: Value) -> list[Dim | None]:
        """The sizes of a star parameter or list, None for one that cannot be told. A symbol that stands alone is
        learned to be 1 or more. Raises CannotTell where their number is not known."""
        items = self.items(value)
        if len(items) == 1:
            if isinstance(items[0], (Tuple, SizeOf, Sequence)):
                items = self.items(items[0])
            elif isinstance(items[0], Unknown):  # one size, or all of them in a list
                raise CannotTell(items[0].reason, items[0].detail)
            elif isinstance(items[0], Opaque):
                if items[0].origin == "input":
                    raise CannotTell("dynamic-value", items[0].path)
                return list(self.ints(items[0]))
        found: list[Dim | None] = []
        for item in items:
            try:
                dim = self.whole(item)
            except CannotTell:
                found.append(None)
                continue
            if dim.lone_symbol is not None:
                self.facts.raise_low(dim, 1)
            found.append(dim)
        return found

    def pair(self, value: Value, count: Number = 2) -> list[Dim]:
        """`count` ints, of which one may stand for all: `kernel_size=3`."""
        if isinstance(value, Opaque):
            return [self.int(value)] * count
        dims = self.ints(value)
        if len(dims) == 1:
            return dims * count
        if len(dims) != count:
            raise CannotTell("dynamic-value")
        return dims

    def flag(self, value: Value) -> bool:
        """The argument as a known bool. Raises CannotTell."""
        if isinstance(value, Bool) and value.value is not None:
            return value.value
        if isinstance(value, NoneValue):
            return False
        if isinstance(value, Int) and value.dim.value is not None:
            return value.dim.value != 0
        decided = self.adopt_flag(value)
        if decided is None:
            raise _untellable(value)
        return decided

    def text(self, value: Value) -> str:
        """The argument as a known string. Raises CannotTell."""
        if isinstance(value, Str) and value.value is not None:
            return value.value
        raise _untellable(value)

    # axes

    def axis(self, x: Tensor, value: Value | Number, constraint: str, extra: Number = 0) -> tuple[Tensor, Number]:
        """The axis that an argument names: `x` with that axis revealed, and an index into `x.shape.parts`.

        A known rank gives an index from 0. `extra` is 1 where the axis is of the result (`unsqueeze`, `stack`). An axis out of range violates
        `constraint`; a tensor without axes accepts 0 and -1, as torch does, and gives index 0. Raises CannotTell for an axis
        that is not a literal.
        """
        number = value if isinstance(value, int) else self.known_int(value)
        least, greatest = self.facts.admissible_ranks(x.shape)
        if greatest is not None and number >= 0 and number < least + extra:
            x = self.read(x)  # counted from the left, the axis depends on the reading
        rank = x.shape.rank
        if rank is None:
            if extra:
                known = (
                    self.facts.reveal_prefix(x.shape, number)
                    if number >= 0
                    else self.facts.reveal_suffix(x.shape, -number - 1)
                )
            else:
                known = (
                    self.facts.reveal_prefix(x.shape, number + 1)
                    if number >= 0
                    else self.facts.reveal_suffix(x.shape, -number)
                )
            x = x.with_parts(known.parts)
            if x.shape.rank is None:
                return x, number
            rank = x.shape.rank
        room = max(rank + extra, 1)
        if not -room <= number < room:
            self.refute(
                constraint,
                say(
                    "dimension out of range: {subject} names axis {axis} of a tensor with {rank} axes",
                    axis=number,
                    rank=rank,
                    shape=x.shape,
                ),
                operand="dim",
            )
        return x, number % room

    def axes(self, x: Tensor, value: Value, constraint: str) -> tuple[Tensor, list[Number]]:
        """Several axes, or one; all of them where the argument is None or empty (the rank must then be known)."""
        numbers = [] if isinstance(value, NoneValue) else self.ints(value)
        if not numbers:
            return x, list(range(len(self.ranked(x).shape.parts)))
        values = [n.value for n in numbers if n.value is not None]
        if len(values) != len(numbers):
            raise CannotTell("dynamic-value")
        if x.shape.rank is None and min(values) < 0 <= max(values):
            x = self.ranked(x)  # an axis counted from the left may be one that is counted from the right
        found = []
        for number in values:
            x, at = self.axis(x, number, constraint)
            found.append(at)
        return x, found

    def kind(self, value: Value) -> Dtype | None:
        """The kind of a tensor's entries. It is known whatever the tensor's rank is, so that nothing rests on that."""
        assumed, read = self.assumed, len(self._read)
        found = self.tensor(value).dtype
        self.assumed = assumed
        del self._read[read:]
        return found

    def ranked(self, x: Tensor) -> Tensor:
        """The tensor, if its rank is known; of two admissible ranks the preferred one is assumed. Raises CannotTell otherwise."""
        x = self.read(x)
        if x.shape.rank is None:
            raise CannotTell("dynamic-value", "rank")
        return x

    def read(self, x: Tensor) -> Tensor:
        """The tensor under the preferred reading of its rank (batched, say), which marks the answer as assumed."""
        shape = self.facts.read(x.shape)
        if x.shape.rank is not None or shape.rank is None or self.facts.shape(x.shape).rank is not None:
            return x.with_parts(shape.parts) if shape is not x.shape else x
        self.assumed = True
        return replace(x, shape=shape, assumed=True)

    def ranks(
        self, x: Tensor, allowed: Iterable[Number], constraint: str, headline: Message, operand: str = "input"
    ) -> Tensor:
        """Demand one of several ranks. An unknown rank with one choice is learned; with several it stays unknown."""
        choices = list(allowed)
        rank = x.shape.rank
        if rank is None:
            least, greatest = self.facts.admissible_ranks(x.shape)
            possible = [
                r
                for r in choices
                if r >= least
                and (greatest is None or r in (least, greatest))
                and not self.facts.excludes_rank(x.shape, r)
            ]
            if not possible:
                self.refute(constraint, headline, operand=operand)
            if len(possible) == 1:
                fixed = self.facts.fix_rank(x.shape, possible[0])
                assert fixed is not None
                return x.with_parts(fixed.parts)
            return x
        if rank not in choices:
            self.refute(constraint, headline, operand=operand)
        return x

    def at_least_rank(
        self, x: Tensor, rank: Number, constraint: str, headline: Message, operand: str = "input"
    ) -> Tensor:
        """Demand `rank` axes or more, revealing that many from the right where the rank is unknown."""
        if x.shape.rank is None:
            x = x.with_parts(self.facts.reveal_suffix(x.shape, rank).parts)
        if x.shape.rank is not None and x.shape.rank < rank:
            self.refute(constraint, headline, operand=operand)
        return x

    # demands

    def expect(self, value: Value) -> None:
        """Say what the call gives even if a later demand fails."""
        self.recovered = value
        self.is_sure = not self.rests_on_assumption

    def settle(self, value: Value) -> None:
        """Say that the call, where it works, gives this whatever the rank is that it takes its arguments to have."""
        self.recovered = value
        self.is_sure = True

    def demand_equal(
        self,
        constraint: str,
        expected: DimLike,
        received: DimLike,
        headline: Message,
        *,
        label: Message | None = None,
        operand: str = "input",
    ) -> None:
        """Demand that two sizes be equal, and learn it where it can be met. Raises Refuted where no admissible choice of sizes meets it, CannotTell
        where only an assumption of general position speaks against it."""
        want, got = Dim.of(expected), Dim.of(received)
        outcome = self.facts.equate(want, got)
        if outcome is Demand.FAILS:
            if self.facts.compare(want, got, proof=True) is not Verdict.DIFFERENT:
                raise CannotTell("dynamic-value", "general position")
            self.refute(constraint, headline, label=label, operand=operand, sizes=(want, got))
        elif outcome is Demand.LATENT:
            self.latent.append(Latent(self.constraint(constraint), want, got, headline))

    def refute(
        self,
        constraint: str,
        headline: Message,
        *,
        label: Message | None = None,
        operand: str = "input",
        sizes: tuple[Dim, ...] = (),
        possible: bool = False,
    ) -> NoReturn:
        """The call cannot work. Raises Refuted."""
        assert self.op is not None
        raise Refuted(
            Mismatch(
                self.op.name, self.constraint(constraint), headline, label, operand, sizes, self.recovered, possible
            )
        )

    def constraint(self, id: str) -> Constraint:
        assert self.op is not None
        return self.op.constraints[id]

    # sizes and roles

    def fresh(self, name: str, low: Number | None = 0) -> Axis:
        """A new axis of a size that nothing tells, not even that it holds anything."""
        return Axis.fresh(Dim.symbol(name, "unknown", low))

    def surely(self, dim: DimLike, number: Number) -> bool:
        """Whether a size is known to be exactly `number`."""
        return self.facts.resolve(Dim.of(dim)).value == number

    def is_one(self, size: Dim, *, ask: bool = True) -> bool | None:
        """Whether a size is 1, for an op whose answer has another rank then; None where nothing decides it, or where that need not be decided yet
        (without `ask`)."""
        if self.surely(size, 1) or self.facts.is_demanded(size, ONE):
            return True
        return False if self.never(size, 1) else None

    def never(self, dim: DimLike, number: Number) -> bool:
        """Whether a size is known never to be `number`."""
        return self.facts.compare(dim, number, proof=True) is Verdict.DIFFERENT

    def role(self, part: Part, role: Role, strength: Strength, why: str) -> None:
        """Give an axis a role, on evidence. An axis that is several factors keeps theirs."""
        if isinstance(part, Axis) and len(part.factors) == 1:
            factor = part.factors[0]
            known = self.facts.roles.get(factor, ())
            evidence = Evidence(role, strength, why)
            if evidence not in known:
                self.facts.roles[factor] = (*known, evidence)

    def broadcast(self, tensors: Iterable[Tensor], constraint: str) -> tuple[Part, ...]:
        """The axes that tensors have together, by torch's broadcasting rule (aligned from the right; sizes equal or 1).

        Open sizes are taken to be in general position: two that meet are bound to each other, as a generic fact. Raises Refuted where two sizes
        differ and neither can be 1 (`possible` where one is 1 only for an extreme choice of a parameter).
        See https://docs.pytorch.org/docs/stable/notes/broadcasting.html
        """
        from shapelint.ops.broadcasting import broadcast

        return broadcast(self, tensors, constraint)


def _untellable(value: Value) -> CannotTell:
    if isinstance(value, Unknown):
        return CannotTell(value.reason, value.detail)
    return CannotTell("dynamic-value")


@dataclass(frozen=True, slots=True, eq=False)
class Inferred:
    """The answer of an op: exactly one of `value` (which may be `Unknown`) and `mismatch` is meant; after a mismatch `value` is what the call
    would have given, or `Unknown("after-error")`. `told` is False where the rule could not tell whether the call works, `sure` true of a value that
    is the same whatever `assumed` ranks really are."""

    value: Value
    mismatch: Mismatch | None = None
    latent: tuple[Latent, ...] = ()
    generic: bool = False
    assumed: bool = False
    told: bool = True
    sure: bool = False


def infer(
    cx: Context, op: Op, args: Iterable[Value], kwargs: Mapping[str, Value], config: LayerConfig | None = None
) -> Inferred:
    """Run the rule of an op on abstract arguments. Never raises: what the rule cannot tell is `Unknown`."""
    arguments = tuple(args)
    cx.op = op
    cx.facts.presumed = False
    if config is not None:
        assert op.call is not None
        bound = op.call.bind(arguments, kwargs)
    else:
        bound = next((b for s in op.signatures if (b := s.bind(arguments, kwargs)) is not None), None)
    if bound is None:
        return Inferred(Unknown("unsupported-op", op.name), told=False)
    assert op._rule is not None
    try:
        value = op._rule(cx, Layer(cx, config), **bound) if config is not None else op._rule(cx, **bound)
    except Refuted as fault:
        after = fault.mismatch.recovered or Unknown("after-error")
        return Inferred(after, fault.mismatch, tuple(cx.latent), cx.generic, cx.rests_on_assumption)
    except CannotTell as gap:
        known = cx.recovered
        reason = Unknown(gap.reason, gap.detail or op.name)
        return Inferred(
            known if known is not None else reason, None, tuple(cx.latent), cx.generic, cx.rests_on_assumption, False
        )
    else:
        sure = cx.is_sure and value is cx.recovered
        return Inferred(value, None, tuple(cx.latent), cx.generic, cx.rests_on_assumption, sure=sure)
    finally:
        cx.facts.presumed = False


_WIDTHS = (
    "in_features",
    "in1_features",
    "in2_features",
    "out_features",
    "in_channels",
    "out_channels",
    "num_embeddings",
    "embedding_dim",
)


def construct(
    cx: Context, op: Op, args: Iterable[Value], kwargs: Mapping[str, Value], config_name: str
) -> LayerConfig | Mismatch | None:
    """Build a layer: its configuration, a `Mismatch` where its constructor raises, None where the arguments do not fit the signature."""
    arguments = tuple(args)
    cx.op = op
    bound = next((b for s in op.signatures if (b := s.bind(arguments, kwargs)) is not None), None)
    if bound is None:
        return None
    config = LayerConfig(config_name, bound)
    for name in _WIDTHS:
        if isinstance(bound.get(name), Opaque):
            cx.adopt_int(bound[name])
    if op._build is not None:
        try:
            op._build(cx, Layer(cx, config))
        except Refuted as fault:
            return fault.mismatch
        except CannotTell:
            pass
    return _of_no_size(op, bound) or config


def _of_no_size(op: Op, arguments: Mapping[str, Value]) -> Mismatch | None:
    """The mismatch of a layer whose weight has an axis of a length that is no int: `torch.empty` raises a TypeError. A lazy layer has no weight
    yet."""
    if op.name.startswith("Lazy"):
        return None
    weighs = op.name == "BatchNorm" and arguments.get("affine") == Bool(True)
    for name in (*_WIDTHS, "num_features") if weighs else _WIDTHS:
        value = arguments.get(name)
        if isinstance(value, Float) and (value.value is not None or value.exact is not None):
            kind = "a float"
        elif isinstance(value, (Str, NoneValue, Tuple)):
            kind = {Str: "a str", NoneValue: "None"}.get(type(value), "a list or tuple")
        else:
            continue
        headline = say("{name} must be an int but is {kind}", name=name, kind=kind)
        return Mismatch(op.name, INT_SIZES, headline, operand=name)
    return None


def attribute(cx: Context, op: Op, config: LayerConfig, name: str) -> Value | None:
    """An attribute of a built layer: what the op says, else the constructor's argument of that name."""
    if op._attributes is not None:
        cx.op = op
        try:
            found = op._attributes(cx, Layer(cx, config), name)
        except CannotTell as gap:
            return Unknown(gap.reason, gap.detail)
        except Refuted:
            return Unknown("after-error", name)  # the constructor raises
        if found is not None:
            return found
    return config.args.get(name)


__all__ = [
    "Built",
    "CannotTell",
    "Constraint",
    "Context",
    "Evidence",
    "Inferred",
    "Latent",
    "Layer",
    "Message",
    "Mismatch",
    "OneOf",
    "Op",
    "Refuted",
    "Sample",
    "Segment",
    "Step",
    "T",
    "attribute",
    "bounds",
    "constant",
    "construct",
    "infer",
    "layer",
    "op",
    "say",
    "t",
]
