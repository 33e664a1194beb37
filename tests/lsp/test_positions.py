"""Lines and columns of editors: there and back, in each encoding."""

from __future__ import annotations

import pytest

from shapelint.lsp.positions import Encoding, from_editor, lines_of, to_editor, units

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
LINE = "aé😀\tz"


def test_lines_end_where_the_protocol_says() -> None:
    assert lines_of("a\r\nb\rc\nd\x0ce\u2028f\n") == ("a", "b", "c", "d\x0ce\u2028f", "")
    assert lines_of("") == ("",)


@pytest.mark.parametrize(("encoding", "columns"), [("utf-8", 9), ("utf-16", 6), ("utf-32", 5)])
def test_columns_are_counted_in_units(encoding: Encoding, columns: int) -> None:
    assert units(LINE, encoding) == columns


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("column", range(1, len(LINE) + 2))
def test_there_and_back(encoding: Encoding, column: int) -> None:
    place = to_editor(["x", LINE], 2, column, encoding)
    assert from_editor(["x", LINE], *place, encoding) == (2, column)


@pytest.mark.parametrize(("character", "column"), [(2, 3), (3, 3), (4, 4)])
def test_within_a_character_is_before_it(character: int, column: int) -> None:
    assert from_editor([LINE], 0, character, "utf-16") == (1, column)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_places_that_the_text_does_not_have(encoding: Encoding) -> None:
    assert from_editor([LINE], 0, 99, encoding) == (1, len(LINE) + 1)
    assert from_editor([LINE], 7, 3, encoding) == (8, 1)
    assert to_editor([LINE], 1, 99, encoding) == (0, units(LINE, encoding))
    assert to_editor([LINE], 9, 4, encoding) == (8, 0)
