"""Values that behave: functions, classes, bound methods, iterables; and the objects that live on the heap."""

from __future__ import annotations

from collections.abc import Iterable as Rows
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

from shapelint.ops.index import find, is_own
from shapelint.program import model
from shapelint.shapes.dim import ZERO, Dim, Symbol
from shapelint.shapes.shape import Segment
from shapelint.values.model import External, LayerConfig, Site, Unknown, Value

if TYPE_CHECKING:
    from shapelint.program.project import LoadedModule

CONTAINERS = frozenset(
    (
        "torch.nn.Sequential",
        "torch.nn.ModuleList",
        "torch.nn.ModuleDict",
        "torch.nn.ParameterList",
        "torch.nn.ParameterDict",
    )
)
HPARAMS = "lightning.fabric.utilities.data.AttributeDict"  # the class of Lightning's `self.hparams`: its entries are attributes too


class ClassInfo:
    """A class of the project. `namespace` holds what its body defines, and the frame at `address` what stands in it on the path at hand; `mro`
    itself, then its bases in Python's order (External names for those of libraries)."""

    __slots__ = ("address", "bases", "module", "mro", "name", "namespace", "node", "qualname", "scope")

    def __init__(
        self,
        name: str,
        module: LoadedModule,
        node: model.ClassDef,
        bases: tuple[Value, ...],
        namespace: dict[str, Value],
        qualname: str,
        scope: tuple[int, ...],
        address: int,
    ) -> None:
        self.address = address
        self.name = name
        self.module = module
        self.node = node
        self.bases = bases
        self.namespace = namespace
        self.qualname = qualname
        self.scope = scope
        self.mro: tuple[ClassInfo | str, ...] = linearise(self)

    def find(self, name: str) -> tuple[Value, ClassInfo] | None:
        """The attribute as the bodies of the class and its bases define it; `State.find_in_class` knows what became of it."""
        return next(
            ((i.namespace[name], i) for i in self.mro if isinstance(i, ClassInfo) and name in i.namespace), None
        )

    @property
    def library_bases(self) -> tuple[str, ...]:
        """Dotted names of the classes of libraries that it inherits from; "?" for a base that nothing tells."""
        return tuple(b for b in self.mro if isinstance(b, str))

    @property
    def is_module(self) -> bool:
        """Whether it is an `nn.Module` (also a LightningModule or a layer of torch)."""
        return any(is_module_name(b) for b in self.library_bases)


_MODULE_ROOTS = ("LightningModule", "PreTrainedModel", "TorchModelV2", "BaseFeaturesExtractor")


def is_module_name(name: str) -> bool:
    """Whether a dotted library name is a class of modules."""
    if name.startswith(("torch.nn.", "torch.jit.ScriptModule")):
        last = name.rpartition(".")[2]
        return last[:1].isupper() and last != "Parameter" and not name.startswith("torch.nn.utils")
    if is_own(name):
        op = find(name)
        return op is not None and op.is_layer
    return name.rpartition(".")[2] in _MODULE_ROOTS


def linearise(info: ClassInfo) -> tuple[ClassInfo | str, ...]:
    """Python's C3 order; where the bases admit none, depth first."""
    lists: list[list[ClassInfo | str]] = []
    direct: list[ClassInfo | str] = []
    for base in info.bases:
        if isinstance(base, ClassValue):
            lists.append(list(base.info.mro))
            direct.append(base.info)
        elif base != Builtin("object"):
            name = base.name if isinstance(base, External) else "?"
            lists.append([name])
            direct.append(name)
    lists.append(direct)
    result: list[ClassInfo | str] = [info]
    while any(lists):
        for candidates in lists:
            if candidates and not any(candidates[0] in other[1:] for other in lists):
                head = candidates[0]
                break
        else:
            head = next(c for c in lists if c)[0]
        result.append(head)
        lists = [[x for x in c if x is not head and x != head] for c in lists]
    return tuple(result)


@dataclass(frozen=True, slots=True)
class ClassValue(Value):
    info: ClassInfo


@dataclass(frozen=True, slots=True, eq=False)
class FunctionValue(Value):
    """A function of the project. `scope` holds the addresses of the frames it closes over, innermost first; `owner` the class whose body
    defined it; `wrapped` is set where a decorator that nothing tells stands above it."""

    node: model.FunctionDef | model.Lambda
    module: LoadedModule
    scope: tuple[int, ...]
    defaults: dict[str, Value] = field(default_factory=dict)
    owner: ClassInfo | None = None
    kind: str = "plain"  # plain, static, class, property
    wrapped: bool = False

    @property
    def name(self) -> str:
        return self.node.name if isinstance(self.node, model.FunctionDef) else "<lambda>"


@dataclass(frozen=True, slots=True, eq=False)
class BoundMethod(Value):
    function: FunctionValue
    receiver: Value


@dataclass(frozen=True, slots=True)
class Method(Value):
    """An attribute of a value that is no object of the project, before it is called: `x.view`, `names.append`, `lstm.flatten_parameters`."""

    receiver: Value
    name: str


@dataclass(frozen=True, slots=True)
class Member(Unknown):
    """An attribute of an unknown value, which is unknown itself; only where it is called does its name tell something."""

    owner: Unknown = field(default_factory=lambda: Unknown("dynamic-value"))
    name: str = ""

    def anonymous(self) -> Unknown:
        """What stands for several such attributes."""
        return Unknown(self.reason, self.detail)


@dataclass(frozen=True, slots=True)
class Builtin(Value):
    """A function of Python itself."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class SuperValue(Value):
    after: ClassInfo
    receiver: Value


@dataclass(frozen=True, slots=True)
class Namespace(Value):
    """A module of the project; its names live in the frame at `address`."""

    address: int
    module: LoadedModule


@dataclass(slots=True, unsafe_hash=True)
class Deferred(Value):
    """A name of another module of the project, not read yet. Most imports of a file are never used in the reading at hand. `found` is what
    it was when some path first read it: Python reads it once, where the import stands, for all paths."""

    module: str
    level: int
    name: str | None  # None for the module itself
    importer: LoadedModule
    found: Value | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class Partial(Value):
    """A function with some of its arguments; `inexact` where more may be among them than what stands here."""

    function: Value
    args: tuple[Value, ...]
    kwargs: dict[str, Value]
    inexact: bool = False


@dataclass(frozen=True, slots=True)
class Range(Value):
    start: Dim
    stop: Dim
    step: Dim


@dataclass(frozen=True, slots=True, eq=False)
class Iterable(Value):
    """`enumerate`, `zip`, `reversed`, `dict.items()` …: `kind` says which, over `sources`."""

    kind: str
    sources: tuple[Value, ...]
    start: Value | None = None


# Heap --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Repeated(Value):
    """What further passes of a loop put into a list: these values, as many `times` over (None: nobody knows; maybe never).

    `own` are the symbols, and `runs` the unknown runs of axes, that are others in every repetition. `index` counts: in repetition r, from 0, it is
    `base + r*step`."""

    values: tuple[Value, ...]
    times: Dim | None = None
    own: frozenset[Symbol] = frozenset()
    index: Symbol | None = None
    base: Dim = ZERO
    step: int = 1
    runs: frozenset[Segment] = frozenset()


def in_any_order(rows: Rows[Value]) -> list[Value]:
    """The same elements, but nobody knows how many of each, and in which order."""
    found: list[Value] = []
    for row in rows:
        if not isinstance(row, Repeated):
            found.append(Repeated((row,)))
            continue
        own = row.own if row.index is None else row.own | {row.index}
        found.append(Repeated(tuple(in_any_order(row.values)), None, own, runs=row.runs))
    return found if len(found) == 1 else [Repeated(tuple(found))]


@dataclass(slots=True, eq=False)
class ListObject:
    """A list. `items` is None where only what an element is like (`element`) and maybe the length are known; `rows` then tells the order of the
    elements where loops built it, with `Repeated` for what their further passes added. A `deque(maxlen=capacity)` holds no more than `capacity`
    elements: each that is put in at one end pushes one out at the other."""

    items: list[Value] | None
    element: Value | None = None
    length: Dim | None = None
    first: Value | None = None
    last: Value | None = None
    is_set: bool = False
    rows: list[Value] | None = None
    capacity: Dim | None = None

    def __post_init__(self) -> None:
        if isinstance(self.element, Unknown):
            self.element = self.element.anonymous()  # it stands for many

    def copy(self) -> ListObject:
        return ListObject(
            None if self.items is None else list(self.items),
            self.element,
            self.length,
            self.first,
            self.last,
            self.is_set,
            None if self.rows is None else list(self.rows),
            self.capacity,
        )


@dataclass(slots=True, eq=False)
class DictObject:
    """A dict with literal keys; `open` where further keys are possible, whose values are like `element`. `maybe` names the keys that only some
    of the paths that met here have put in."""

    items: dict[Any, Value]
    open: bool = False
    element: Value | None = None
    maybe: frozenset[Any] = frozenset()

    def __post_init__(self) -> None:
        if isinstance(self.element, Unknown):
            self.element = self.element.anonymous()  # it stands for many

    def copy(self) -> DictObject:
        return DictObject(dict(self.items), self.open, self.element, self.maybe)

    def put(self, key: object, value: Value) -> None:
        """Bind a known key."""
        self.items[key] = value
        self.maybe -= {key}

    def drop(self, key: object) -> None:
        """Take a known key out."""
        self.items.pop(key, None)
        self.maybe -= {key}

    def changeable(self) -> list[Any]:
        """The keys whose values a write with a key that is not known may replace."""
        return list(self.items)

    def forget(self) -> None:
        """What it holds is unknown from here on, and which keys it has."""
        for key in self.changeable():
            self.items[key] = Unknown("dynamic-value")
        self.open, self.element, self.maybe = True, None, frozenset(self.items)

    @property
    def is_exact(self) -> bool:
        """Whether its keys are known, neither more nor fewer."""
        return not self.open and not self.maybe


@dataclass(slots=True, eq=False)
class Instance:
    """An object. `cls` is a class of the project or the dotted name of a library's; `config` is set where it is, or inherits from, a layer of
    torch; `parts` holds what a container (`Sequential`, `ModuleList`, `ModuleDict`) contains, by name (None: not known).
    Where loops built it, `rows` tells the order of its parts, as that of a list does. `modules` are the attributes that may be modules, in the order
    of their registration (None: not known).
    `built` is where its constructor was called. `vague` marks one whose attributes may be more than what is written here, `shared` one that has its
    attributes in common with others in a way that is not followed: none of them is a fact. `maybe` names the attributes that only some of the
    paths that met here have set."""

    cls: ClassInfo | str
    attrs: dict[str, Value] = field(default_factory=dict)
    config: LayerConfig | None = None
    parts: list[tuple[str, Value]] | None = None
    element: Value | None = None
    length: Dim | None = None
    built: Site | None = None
    vague: bool = False
    rows: list[Value] | None = None
    shared: bool = False
    modules: tuple[str, ...] | None = ()
    maybe: frozenset[str] = frozenset()

    def copy(self) -> Instance:
        return Instance(
            self.cls,
            dict(self.attrs),
            self.config,
            None if self.parts is None else list(self.parts),
            self.element,
            self.length,
            self.built,
            self.vague,
            None if self.rows is None else list(self.rows),
            self.shared,
            self.modules,
            self.maybe,
        )

    def put(self, name: str, value: Value) -> None:
        """Bind an attribute."""
        self.attrs[name] = value
        self.maybe -= {name}

    @property
    def library_name(self) -> str:
        """The dotted name of the library class it is or inherits from first, or ""."""
        if isinstance(self.cls, str):
            return self.cls
        return next((b for b in self.cls.library_bases if b != "?"), "")


@dataclass(slots=True, eq=False)
class Frame:
    """The names of a call, a module or a class body. `stars` holds library modules whose names were imported with `*`."""

    names: dict[str, Value] = field(default_factory=dict)
    stars: tuple[str, ...] = ()

    def copy(self) -> Frame:
        return Frame(dict(self.names), self.stars)


@dataclass(frozen=True, slots=True, eq=False)
class AttributesOf:
    """The dict of the attributes of an instance, or of the names of a module: `vars(x)`, `x.__dict__`, `globals()`. `State` reads and writes it
    where these live."""

    address: int

    def copy(self) -> AttributesOf:
        return self


class AttributeDict(DictObject):
    """What `AttributesOf` an object stands for, on the path at hand. Of modules of torch, and of a module's names, not all keys are seen."""

    __slots__ = ("holder",)

    def __init__(self, holder: Instance | Frame) -> None:
        self.holder = holder

    @property
    def items(self) -> dict[Any, Value]:
        return self.holder.attrs if isinstance(self.holder, Instance) else self.holder.names

    @items.setter
    def items(self, value: dict[Any, Value]) -> None:
        raise TypeError("what an object holds is written key by key")

    @property
    def open(self) -> bool:
        if isinstance(self.holder, Frame):
            return True
        return self.holder.vague or not isinstance(self.holder.cls, ClassInfo) or bool(self.holder.cls.library_bases)

    @open.setter
    def open(self, value: bool) -> None:
        if isinstance(self.holder, Instance):
            self.holder.vague = self.holder.vague or value

    @property
    def element(self) -> None:
        return None

    @element.setter
    def element(self, value: Value | None) -> None:
        pass  # attributes that are not known are unknown

    @property
    def maybe(self) -> frozenset[Any]:
        return self.holder.maybe if isinstance(self.holder, Instance) else frozenset()

    @maybe.setter
    def maybe(self, value: frozenset[Any]) -> None:
        if isinstance(self.holder, Instance):
            self.holder.maybe = value

    def copy(self) -> DictObject:
        return DictObject(dict(self.items), self.open, maybe=self.maybe)

    def changeable(self) -> list[Any]:
        """Functions, classes and modules that a module defines are not what anyone overrides by data."""
        if isinstance(self.holder, Instance):
            return list(self.items)
        fixed = (FunctionValue, ClassValue, Namespace, Builtin, External, Deferred)
        return [k for k, v in self.items.items() if not isinstance(v, fixed)]


HeapObject = Union[ListObject, DictObject, Instance, Frame, AttributesOf]
