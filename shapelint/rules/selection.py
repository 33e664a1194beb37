"""How an index selects: which axis each of its entries speaks of."""

from __future__ import annotations

from dataclasses import dataclass

from shapelint.rules.contract import Case
from shapelint.values.model import EllipsisValue, Int, NoneValue, Slice, Tensor, Tuple, Value


@dataclass(frozen=True, slots=True)
class Selection:
    """`x[index]` with one integer and otherwise whole axes: the integer `number` on axis `place` of `x`."""

    tensor: Tensor
    place: int
    number: int
    by_ellipsis: bool


def single_selection(case: Case, x: Value, index: Value) -> Selection | None:
    """The axis that an index takes one entry of, where it leaves every other axis whole; None for any other index."""
    tensor = case.tensor(x)
    if tensor is None or tensor.shape.rank is None:
        return None
    entries = list(index.items) if isinstance(index, Tuple) and index.kind == "tuple" else [index]
    if any(isinstance(e, NoneValue) for e in entries):
        return None
    ellipsis = next((i for i, e in enumerate(entries) if isinstance(e, EllipsisValue)), None)
    if ellipsis is not None:
        missing = tensor.shape.rank - (len(entries) - 1)
        whole = Slice(NoneValue(), NoneValue(), NoneValue())
        entries[ellipsis : ellipsis + 1] = [whole] * max(missing, 0)
    found: tuple[int, int] | None = None
    for place, entry in enumerate(entries):
        if isinstance(entry, Int) and entry.dim.value is not None:
            if found is not None:
                return None
            found = (place, entry.dim.value)
        elif not (isinstance(entry, Slice) and _whole(entry)):
            return None
    if found is None or found[0] >= tensor.shape.rank:
        return None
    return Selection(tensor, found[0], found[1], ellipsis is not None)


def _whole(entry: Slice) -> bool:
    return all(isinstance(p, NoneValue) for p in (entry.lower, entry.upper, entry.step))
