"""The abstract values.

Values are immutable. Objects with identity (lists, dicts, instances, modules) live on the interpreter's heap and are seen here as
`Ref`. `Unknown` always carries its reason. Equality is identity unless a class says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from shapelint.shapes.dim import Dim, DimLike
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.conditions import Branch, Condition

Reason = Literal["unsupported-op", "dynamic-value", "outside-project", "after-error", "budget"]
Dtype = Literal["bool", "int", "float", "complex"]


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the analysed program: a file and the id of a node of its model."""

    path: str
    node: int


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step in the life of a tensor: where, by which op, and the shape it then had; `previous` leads back to where it came from. `fill` is the
    number that every entry is, where the op that made it was given just that."""

    site: Site
    shape: Shape
    note: str = ""
    previous: Step | None = None
    op: str = ""
    fill: Dim | None = None

    def comes_from(self, origin: Step) -> bool:
        """Whether this step is `origin` or one that followed it."""
        step: Step | None = self
        while step is not None and step is not origin:
            step = step.previous
        return step is not None


class Value:
    """Anything an expression can be."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Tensor(Value):
    """A tensor (also a NumPy array, which `array` marks).

    `assumed`: the rank rests on an assumption (a squeeze that met no 1, an unbatched reading not ruled out), so that no error may rest on
    this value. `constant` holds the entries of a small tensor of known integers, such as `torch.tensor([3, 2])`.
    """

    shape: Shape
    dtype: Dtype | None = None
    step: Step | None = None
    assumed: bool = False
    array: bool = False

    @staticmethod
    def of(*sizes: DimLike, dtype: Dtype | None = "float") -> Tensor:
        """A tensor of fresh axes."""
        return Tensor(Shape.of(*sizes), dtype)

    @staticmethod
    def unknown(name: str = "", dtype: Dtype | None = None) -> Tensor:
        """A tensor of which only the dtype may be known."""
        return Tensor(Shape.unknown(name), dtype)

    def with_parts(self, parts: tuple[Part, ...] | list[Part]) -> Tensor:
        """The same tensor with other axes; dtype, trace and assumptions are kept."""
        return replace(self, shape=Shape(tuple(parts)))

    def with_dtype(self, dtype: Dtype | None) -> Tensor:
        return self if self.dtype == dtype else replace(self, dtype=dtype)


@dataclass(frozen=True, slots=True)
class Int(Value):
    """A Python int (also a size); bools are `Bool`."""

    dim: Dim

    @staticmethod
    def of(value: DimLike) -> Int:
        return Int(Dim.of(value))


@dataclass(frozen=True, slots=True)
class Bool(Value):
    """A Python bool. Where `value` is None it depends on `condition` (negated if `negated`), or on nothing known."""

    value: bool | None
    condition: Condition | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Float(Value):
    """A Python float; `exact` holds the size-like integer ratio where it is known: `(numerator, denominator)` dims, as `hidden / 2` gives."""

    value: float | None = None
    exact: tuple[Dim, Dim] | None = None


@dataclass(frozen=True, slots=True)
class Str(Value):
    """A Python str; None where its text is not known, but for what it begins with (`prefix`)."""

    value: str | None
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class NoneValue(Value):
    pass


@dataclass(frozen=True, slots=True)
class EllipsisValue(Value):
    pass


@dataclass(frozen=True, slots=True)
class Slice(Value):
    lower: Value
    upper: Value
    step: Value


@dataclass(frozen=True, slots=True, eq=False)
class Tuple(Value):
    """A tuple of known length. `kind` "list" marks a list as ops see it, "size" a torch.Size; `names` the fields of a named tuple."""

    items: tuple[Value, ...]
    kind: Literal["tuple", "list", "size"] = "tuple"
    names: tuple[str, ...] = ()
    type_name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SizeOf(Value):
    """`x.shape` of a tensor whose rank is not known yet, or what was made of it; `shape` is read through the facts when it is used, and `kind` as
    for `Tuple`."""

    shape: Shape
    kind: Literal["tuple", "list", "size"] = "size"


@dataclass(frozen=True, slots=True, eq=False)
class Sequence(Value):
    """A list or tuple whose length is symbolic or unknown: every element is like `element`; `first` and `last` where they differ."""

    element: Value
    length: Dim | None = None
    kind: Literal["tuple", "list"] = "list"
    first: Value | None = None
    last: Value | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Packed(Value):
    """A `PackedSequence`, as the tensor that `pad_packed_sequence` makes of it without `total_length`: `seq` is the axis of the longest sequence,
    `total` that of all steps of all sequences (the first axis of `.data`), `rest` what each step holds. How it was packed (`batch_first`) is
    inert for the layer that reads it."""

    batch: Part
    seq: Part
    rest: tuple[Part, ...]
    dtype: Dtype | None = None
    step: Step | None = None
    total: Axis | None = None
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Ref(Value):
    """An object with identity on the heap."""

    address: int


@dataclass(frozen=True, slots=True)
class External(Value):
    """A name that belongs to a library: "torch.nn.LSTM"."""

    name: str


@dataclass(frozen=True, slots=True)
class Opaque(Value):
    """A value chosen outside: an argument of a constructor ("parameter"), of an entry ("input"), or what hangs below one
    (`cfg.model.hidden`). The same path is the same value everywhere; it becomes an int, a tensor or a string where it is used as one."""

    path: str
    origin: Literal["parameter", "input"]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Unknown(Value):
    """Nothing is known, for a reason. `detail` names the op or the import. `extent` gives one that was bound to a name an identity: the axes that
    it has if it is found to be a tensor. What was made of it by what tensors do to tensors (`x[:, 0]`, `2 * x`) is one if it is: its axes follow
    from those of its `source`. `number` is the size that it is where one is asked for."""

    reason: Reason
    detail: str = ""
    extent: Segment | None = None
    source: Segment | None = None
    number: Dim | None = None

    @property
    def root(self) -> Segment | None:
        """What it is found to be a tensor by, together with all that was made of the same value."""
        return self.source or self.extent

    def anonymous(self) -> Unknown:
        """One of which the same is known, and which need not be the same."""
        return self if self.extent is None and self.number is None else Unknown(self.reason, self.detail)


@dataclass(frozen=True, slots=True)
class Stacked(Unknown):
    """Samples of which nothing is known, as a loader stacks them: a tensor that begins with the axis `lead`, or a list or mapping of such tensors."""

    lead: Axis | None = None

    def anonymous(self) -> Unknown:
        """What was made of it need not begin with that axis."""
        return Unknown(self.reason, self.detail)


def anonymous(value: Value) -> Value:
    """A value that stands for several: the unknown ones in it need not be the same each time."""
    if isinstance(value, Stacked):
        return Stacked(value.reason, value.detail, lead=value.lead)
    if isinstance(value, Unknown):
        return value.anonymous()
    if isinstance(value, Tuple):
        items = tuple(anonymous(v) for v in value.items)
        return value if all(a is b for a, b in zip(items, value.items)) else replace(value, items=items)
    return value


Guard = frozenset[tuple[Branch, bool]]
NO_GUARD: Guard = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class OneOf(Value):
    """A few alternatives that branches left; ops keep those that they accept. `guards` says of each which way tests went where it stands; none
    where nothing is known of that."""

    options: tuple[Value, ...]
    guards: tuple[Guard, ...] = ()

    @property
    def guarded(self) -> tuple[tuple[Value, Guard], ...]:
        """Each alternative with its guard."""
        return tuple(zip(self.options, self.guards or (NO_GUARD,) * len(self.options)))


@dataclass(frozen=True, slots=True, eq=False)
class LayerConfig:
    """A layer of torch as built: its canonical name, the arguments of its constructor by name, and where it was built."""

    name: str
    args: dict[str, Value] = field(default_factory=dict)
    site: Site | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LayerValue(Value):
    """A layer of torch as an op's argument (`nn.TransformerEncoder(layer, 2)`)."""

    config: LayerConfig


NONE = NoneValue()
TRUE = Bool(True)
FALSE = Bool(False)
