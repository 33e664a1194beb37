"""`torch.cat` of lists whose length is open: what the pieces have in common decides how long they are together."""

from __future__ import annotations

import pytest

from shapelint.ops.contract import Context, infer
from shapelint.ops.index import find
from shapelint.shapes.dim import Dim
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Shape
from shapelint.values.model import Int, Sequence, Tensor


def _joined(first: Dim | int, later: Dim | int, count: Dim) -> Dim:
    op = find("torch.cat")
    assert op is not None
    pieces = Sequence(Tensor(Shape.of(4, later), "float"), count, "list", Tensor(Shape.of(4, first), "float"))
    answer = infer(Context(Facts()), op, (pieces,), {"dim": Int.of(1)}).value
    assert isinstance(answer, Tensor)
    assert answer.shape.dims[0] == 4
    return answer.shape.dims[1]


def test_alike_pieces_are_as_long_as_all_of_them() -> None:
    count = Dim.symbol("count", "parameter")
    assert _joined(3, 3, count) == count * 3


@pytest.mark.parametrize("later", [5, Dim.symbol("selected", "unknown")])
def test_pieces_whose_length_depends_on_the_pass_are_as_long_as_nobody_knows(later: Dim | int) -> None:
    total = _joined(3, later, Dim.symbol("count", "parameter"))
    assert total.lone_symbol is not None
    assert total.lone_symbol.kind == "unknown"
    assert total != later
