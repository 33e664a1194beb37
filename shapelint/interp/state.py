"""The state of one path: heap, facts, what is assumed of conditions, and what the code put into what it was given."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from shapelint.interp.objects import AttributeDict, AttributesOf, ClassInfo, Frame, HeapObject, Instance, Iterable
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Segment
from shapelint.values.conditions import Branch, Condition
from shapelint.values.model import Guard, Opaque, Ref, Value

_addresses = itertools.count(1)


class State:
    """Forks cheaply: heap objects are shared until one side writes (`write` copies what it does not own).

    `heap` holds what was made or changed since the reading began. Below it lie layers that no path changes: what executing the modules
    of the project left (`store`, which grows while modules are imported), and what the file's own script left (`base`). `put` holds what now stands
    in an entry or attribute of what is chosen outside: `batch["x"] = y`, `batch[0].unsqueeze_(1)`, `args.vocabulary = 100`. `tensors` holds the
    extents of the unknown values that this path has shown to be tensors. `escaped` are the objects that code got hold of which is not read, and may
    change whenever such code runs; `left` the functions that were put where such code finds them when it runs next. `advanced` says of
    iterators how many elements were taken from them, None where nobody knows. `taken` says which way the tests went that led here and that no world
    decides.
    """

    __slots__ = (
        "_owned",
        "advanced",
        "assumed",
        "base",
        "escaped",
        "facts",
        "heap",
        "left",
        "put",
        "store",
        "taken",
        "tensors",
    )

    def __init__(self, store: dict[int, HeapObject], base: Mapping[int, HeapObject] | None = None) -> None:
        self.heap: dict[int, HeapObject] = {}
        self.store = store
        self.base: Mapping[int, HeapObject] = base if base is not None else {}
        self.facts = Facts()
        self.assumed: dict[Condition, bool] = {}
        self.put: dict[Opaque, Value] = {}
        self.tensors: frozenset[Segment] = frozenset()
        self.escaped: frozenset[int] = frozenset()
        self.advanced: dict[Iterable, int | None] = {}
        self.left: tuple[Value, ...] = ()
        self.taken: dict[Branch, bool] = {}
        self._owned: set[int] = set()

    def fork(self) -> State:
        other = State.__new__(State)
        other.heap = dict(self.heap)
        other.store = self.store
        other.base = self.base
        other.facts = self.facts.copy()
        other.assumed = dict(self.assumed)
        other.put = dict(self.put)
        other.tensors = self.tensors
        other.escaped = self.escaped
        other.advanced = dict(self.advanced)
        other.left = self.left
        other.taken = dict(self.taken)
        other._owned = set()
        self._owned = set()
        return other

    def settled(self) -> State:
        """A state to start readings from: everything as it is, with the heap as a layer below."""
        other = self.fork()
        other.base = {**self.base, **self.heap}
        other.heap = {}
        return other

    def allocate(self, thing: HeapObject) -> Ref:
        address = next(_addresses)
        self.heap[address] = thing
        self._owned.add(address)
        return Ref(address)

    def find(self, address: int) -> HeapObject | None:
        """The object at an address, None where there is none on this path."""
        thing = self.heap.get(address)
        if thing is None:
            thing = self.base.get(address)
        return thing if thing is not None else self.store.get(address)

    def read(self, ref: Ref | int) -> HeapObject:
        """The object. Raises KeyError for an address of another path."""
        address = ref if isinstance(ref, int) else ref.address
        thing = self.find(address)
        if thing is None:
            raise KeyError(address)
        if isinstance(thing, AttributesOf):
            return _attributes(self.read(thing.address))
        return thing

    def write(self, ref: Ref | int) -> HeapObject:
        """The object for writing; a copy of its own where it was shared with another path."""
        address = ref if isinstance(ref, int) else ref.address
        if address in self._owned and not isinstance(self.heap[address], AttributesOf):
            return self.heap[address]
        found = self.find(address)
        if isinstance(found, AttributesOf):
            return _attributes(self.write(found.address))
        thing = self.read(address).copy()
        self.heap[address] = thing
        self._owned.add(address)
        return thing

    def admits(self, guard: Guard) -> bool:
        """Whether what holds only where tests went these ways may hold on this path."""
        return all(self.taken.get(branch, held) == held for branch, held in guard)

    def find_in_class(
        self, info: ClassInfo, name: str, after: ClassInfo | None = None
    ) -> tuple[Value, ClassInfo] | None:
        """The attribute of a class on this path, looked up along the mro (behind `after`, as `super` does)."""
        mro = info.mro if after is None else info.mro[info.mro.index(after) + 1 :]
        for cls in mro:
            if isinstance(cls, ClassInfo):
                frame = self.find(cls.address)
                names = frame.names if isinstance(frame, Frame) else cls.namespace
                if name in names:
                    return names[name], cls
        return None


def _attributes(holder: HeapObject) -> AttributeDict:
    assert isinstance(holder, (Instance, Frame))
    return AttributeDict(holder)
