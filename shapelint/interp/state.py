"""The state of one path: heap, facts, what is assumed of conditions, and which opaque values have been used as tensors."""

from __future__ import annotations

import itertools

from shapelint.interp.objects import HeapObject
from shapelint.shapes.facts import Facts
from shapelint.values.model import Condition, Ref, Tensor

_addresses = itertools.count(1)


class State:
    """Forks cheaply: heap objects are shared until one side writes (`write` copies what it does not own)."""

    __slots__ = ("_owned", "adopted", "assumed", "facts", "heap")

    def __init__(self) -> None:
        self.heap: dict[int, HeapObject] = {}
        self.facts = Facts()
        self.assumed: dict[Condition, bool] = {}
        self.adopted: dict[str, Tensor] = {}
        self._owned: set[int] = set()

    def fork(self) -> State:
        other = State.__new__(State)
        other.heap = dict(self.heap)
        other.facts = self.facts.copy()
        other.assumed = dict(self.assumed)
        other.adopted = dict(self.adopted)
        other._owned = set()
        self._owned = set()
        return other

    def allocate(self, thing: HeapObject) -> Ref:
        address = next(_addresses)
        self.heap[address] = thing
        self._owned.add(address)
        return Ref(address)

    def read(self, ref: Ref | int) -> HeapObject:
        return self.heap[ref if isinstance(ref, int) else ref.address]

    def write(self, ref: Ref | int) -> HeapObject:
        """The object for writing; a copy of its own where it was shared with another path."""
        address = ref if isinstance(ref, int) else ref.address
        thing = self.heap[address]
        if address not in self._owned:
            thing = thing.copy()
            self.heap[address] = thing
            self._owned.add(address)
        return thing
