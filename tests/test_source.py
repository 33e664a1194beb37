"""Reading, measuring and parsing: also what is hostile, broken, or not quite Python."""

from __future__ import annotations

import io
import json
import sys
import threading
import tokenize
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelint.diagnostics import Failure
from shapelint.program.lower import lower
from shapelint.source import depth
from shapelint.source.comments import comments
from shapelint.source.markdown import blocks
from shapelint.source.notebook import python_lines, readable_cells
from shapelint.source.parse import parse
from shapelint.source.suppressions import suppressions
from shapelint.source.text import Source, from_text, read, read_text


def source(text: str) -> Source:
    found = from_text("file.py", text)
    assert isinstance(found, Source)
    return found


def failure(found: object) -> tuple[str, int, int, str]:
    assert isinstance(found, Failure)
    return found.kind, found.location.line, found.location.column, found.message


# Reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"\xef\xbb\xbfx = 1\r\ny = 2\rz", "x = 1\ny = 2\nz"),
        (b"\xef\xbb\xbf# coding: utf-8\nx", "# coding: utf-8\nx"),
        ("é = 1".encode(), "é = 1"),
        (b"# -*- coding: latin-1 -*-\n'\xe9'", "# -*- coding: latin-1 -*-\n'é'"),
        (b"#!/bin/sh\n# vim: set fileencoding=cp1252 :\n'\x80'", "#!/bin/sh\n# vim: set fileencoding=cp1252 :\n'€'"),
        ("x = 1\n# coding: latin-1\n'é'".encode(), "x = 1\n# coding: latin-1\n'é'"),
    ],
)
def test_encodings(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(data)
    found = read(path)
    assert isinstance(found, Source)
    assert (found.text, found.absolute, found.kind) == (text, path, "python")


@pytest.mark.parametrize(
    ("data", "kind", "line", "column", "words"),
    [
        (b"x = 1\ny = '\xe9'\n", "encoding", 2, 6, "byte 0xe9 is not valid utf-8, and no other encoding is declared"),
        ("é = ".encode() + b"\xff", "encoding", 1, 5, "byte 0xff"),
        ("x = 1".encode("utf-16"), "encoding", 1, 1, "UTF-16"),
        (b"x = 1\ny\0", "encoding", 2, 2, "null byte"),
        (b"\x7fELF\0\0\xff", "encoding", 1, 5, "null byte"),
        (b"#!/x\n# coding: klingon\n", "encoding", 2, 1, "unknown encoding `klingon`"),
        (b"# coding: rot13\n", "encoding", 1, 1, "unknown encoding `rot13`"),
        (b"# coding: ascii\n'\xe9'", "encoding", 2, 2, "byte 0xe9 is not valid ascii"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "encoding", 1, 1, "byte order mark"),
    ],
)
def test_undecodable(tmp_path: Path, data: bytes, kind: str, line: int, column: int, words: str) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(data)
    found = failure(read(path))
    assert found[:3] == (kind, line, column)
    assert words in found[3]


def test_unreadable(tmp_path: Path) -> None:
    assert failure(read(tmp_path))[::3] == ("unreadable", f"cannot read `{tmp_path}`: a directory")
    assert failure(read(tmp_path / "no.py"))[3].endswith(": no such file or directory")
    assert failure(read("a\0b"))[0] == "unreadable"
    (tmp_path / "loop.py").symlink_to("loop.py")
    assert failure(read(tmp_path / "loop.py"))[0] == "unreadable"


# Syntax -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("x = 1\nprint 'hello'\n", 2, 7, "invalid syntax at `'hello'`"),
        ("exec code\n", 1, 6, "invalid syntax at `code`"),
        ("try:\n  a\nexcept A, e:\n  b\nraise A, 'b'\n", 5, 8, "invalid syntax at `,`"),
        ("é = 3 3\n", 1, 7, "invalid syntax at `3`"),
        ("x = (\n", 2, 1, "unexpected end of file"),
        ("def f(:\n  pass\n", 2, 3, "invalid syntax"),
        ("if x:\npass\n", 2, 1, "invalid syntax at `pass`"),
        ("a\n" * 50 + "x = 'abc\nb", 51, 1, "unterminated string literal"),
        ("a\n" * 50 + "if a:\n  x = 0777\n", 52, 3, "leading zeros"),
        ("'''\n$'''\nx = (\n  1, $)\n", 4, 6, "not a valid character"),
        ("x = ?$\n", 1, 5, "not a valid character"),
        ("if x:\n    a\n  b\n", 3, 3, "no matching outer block"),
        ("y = '''a'''\nx = '''a\n\n", 2, 5, "unterminated triple-quoted"),
        ("a\nx = 1)\nb", 2, 1, "unmatched"),
    ],
)
def test_syntax_failures_are_one_line_and_say_where(text: str, line: int, column: int, words: str) -> None:
    found = failure(parse(source(text)))
    assert found[:3] == ("syntax", line, column)
    assert words in found[3]
    assert "\n" not in found[3]
    assert len(found[3]) <= 120


# Depth --------------------------------------------------------------------------------------------

DEEP: dict[str, Callable[[int], str]] = {
    "parentheses": lambda n: "x = " + "(" * n + "1" + ")" * n,
    "unclosed": lambda n: "x = " + "[" * n,
    "lists": lambda n: "x = " + "[" * n + "]" * n,
    "calls in calls": lambda n: "f(" * n + ")" * n,
    "minus": lambda n: "x = " + "-" * n + "1",
    "not": lambda n: "x = " + "not " * n + "1",
    "if": lambda n: "".join(" " * i + "if x:\n" for i in range(n)) + " " * n + "pass",
    "elif": lambda n: "if a: pass\n" + "elif a: pass\n" * n,
    "attributes": lambda n: "x = a" + ".b" * n,
    "calls": lambda n: "x = a" + "()" * n,
    "subscripts": lambda n: "x = a" + "[0]" * n,
    "sum": lambda n: "x = 1" + " + 1" * n,
    "sum of strings": lambda n: "x = '(#'" + " + '''\n('''" * n,
    "power": lambda n: "x = 1" + " ** 1" * n,
    "and": lambda n: "x = a" + " and a" * n,
    "conditional": lambda n: "x = a" + " if b else c" * n,
    "lambda": lambda n: "x = " + "lambda a, b: " * n + "1",
    "lambda defaults": lambda n: "x = " + "lambda a=" * n + "1" + ": 1" * n,
    "strings": lambda n: "x = (" + "'a'\n" * n + ")",
    "dicts": lambda n: "x = " + "{1: " * n + "1" + "}" * n,
    "for": lambda n: "x = [1" + " for a, b in c" * n + "]",
    "f-strings": lambda n: "x = " + "f'{" * n + "1" + "}'" * n,
    "format specifications": lambda n: "x = f'{1" + ":{1" * n + "}" * n + "}'",
    "patterns": lambda n: "match x:\n case " + "{1: " * n + "1" + "}" * n + ": pass",
    "dotted": lambda n: "import a" + ".b" * n,
}


@pytest.mark.parametrize("name", DEEP)
def test_too_deep_is_a_failure_and_no_crash(name: str) -> None:
    found = parse(source(DEEP[name](10_000)))
    assert isinstance(found, Failure)
    assert found.kind == "nesting"


@pytest.mark.parametrize("name", DEEP)
def test_anything_let_through_is_parsed_lowered_and_placed(name: str) -> None:
    widest = {"parentheses": 99, "lists": 99, "calls in calls": 60, "if": 98, "dicts": 60, "f-strings": 49}
    widest |= {"format specifications": 99, "patterns": 5, "unclosed": 99, "dotted": 900, "conditional": 475}
    widest |= {"sum of strings": 475, "lambda defaults": 475}
    text = source(DEEP[name](widest.get(name, 950)))
    outcome: list[object] = []

    def everything() -> None:
        tree = parse(text)
        if isinstance(tree, Failure):
            outcome.append(tree.kind)
        else:
            lowered = lower(text, tree, "file", False)
            outcome.append(lowered.span(len(lowered._nodes) - 1))

    everything()
    small = threading.Thread(target=everything)  # as an editor's server would
    small.start()
    small.join()
    assert len(outcome) == 2
    assert outcome[0] == outcome[1]
    assert outcome[0] != "nesting"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("x\n" * 5000, 0),
        ("x = '((((' # ((((\n'''[[[['''\n", 2),
        ("x = f'((({a}((('\n", 3),
        ("x = [" + "a.b, " * 5000 + "]", 4),
        ("x = {" + "'a': lambda b, c: d.e, " * 5000 + "}", 5),
        ("x = [" + "[a for b in c], " * 5000 + "]", 5),
        ("if a:\n" + "    b.c()\n" * 5000, 4),
        ("if a: pass\nelif b: pass\n" * 5000, 3),
        ("f(\n" + "a=1,\n" * 5000 + ")", 4),
    ],
)
def test_breadth_is_not_depth(text: str, expected: int) -> None:
    measured = depth.check(source(text))
    assert isinstance(measured, int)
    assert measured <= expected


def test_hostile_sizes_end_quickly() -> None:
    assert depth.check(source("x = '" + "a" * 5_000_000 + "'")) == 2
    assert depth.check(source("#" * 5_000_000)) == 0
    assert isinstance(depth.check(source("'''" + "''a" * 1_000_000)), int)
    assert isinstance(depth.check(source("x = '" + "\\a" * 1_000_000)), int)
    assert isinstance(depth.check(source('"' * 1_000_001)), Failure)


def test_roomy_hands_on_errors_and_results() -> None:
    assert depth.roomy(lambda: 3) == 3
    with pytest.raises(KeyError, match="x"):
        depth.roomy(lambda: {}["x"])

    def sink(n: int) -> int:
        return 0 if n == 0 else 1 + sink(n - 1)

    before = sys.getrecursionlimit()
    assert depth.roomy(lambda: sink(20_000)) == 20_000
    assert depth.roomy(lambda: depth.roomy(lambda: sink(20_000))) == 20_000
    assert sys.getrecursionlimit() == before


# Comments and suppressions ------------------------------------------------------------------------


def test_comments() -> None:
    text = (
        "#!/x\nx = '# no' # yes\n\f  # own\nf'{a}#{b!r:#>{c}}' # \u00e9\n"
        "f'''\n# no {\nd # in\n}\n# no'''\nr'\\' # no'\n"
    )
    assert [(c.line, c.column, c.text, c.own_line) for c in comments(source(text))] == [
        (1, 1, "#!/x", True),
        (2, 12, "# yes", False),
        (3, 4, "# own", True),
        (4, 20, "# \u00e9", False),
        (7, 3, "# in", False),
    ]


@pytest.mark.parametrize("name", ["ast.py", "typing.py", "tokenize.py", "argparse.py", "inspect.py", "turtle.py"])
def test_comments_are_those_of_tokenize(name: str) -> None:
    text = (Path(tokenize.__file__).parent / name).read_text("utf-8")
    expected = [
        (token.start[0], token.start[1] + 1, token.string)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    assert [(c.line, c.column, c.text) for c in comments(source(text))] == expected


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="'\"#\\\n{}frb:!ax ()", max_size=40))
def test_any_text_is_scanned_to_its_end(text: str) -> None:
    comments(source(text))
    depth.check(source(text))


def test_suppressions() -> None:
    text = (
        "a  # shapelint: ignore[one, two]\n"
        "b  # shapelint: ignore\n"
        "c  # noqa: E501,SHP201 and so on\n"
        "d  # noqa\n"
        "e = '# shapelint: ignore'\n"
        "f  # why  # shapelint:ignore[three]  # noqa: E501\n"
        "g  # shapelint: ignored\n"
        "h  # noqa: SHP2\n"
        "# shapelint: file-ignore[four]\n"
    )
    found = suppressions(source(text))
    assert found.suppresses("one", "SHP001", 1, 1)
    assert not found.suppresses("three", "SHP003", 1, 1)
    assert found.suppresses("any", "SHP009", 2, 5)
    assert found.suppresses("any", "SHP009", 0, 2)
    assert not found.suppresses("any", "SHP009", 1, 3)
    assert found.suppresses("any", "SHP201", 3, 3)
    assert found.suppresses("any", "SHP009", 4, 4)
    assert not found.suppresses("any", "SHP009", 5, 5)
    assert not found.suppresses("any", "SHP009", 7, 7)
    assert found.suppresses("any", "SHP205", 8, 8)
    assert found.suppresses("four", "SHP004", 77, 78)
    assert [(u.line, u.column, u.end_column, u.rules, u.whole) for u in found.unused()] == [
        (1, 4, 33, ("two",), False),
        (6, 11, 36, ("three",), True),
    ]


def test_suppressions_that_nothing_uses() -> None:
    text = (
        "# shapelint: file-ignore[a]\nb  # shapelint: ignore\nc  # noqa\nd  # noqa: SHP1, E501\ne # shapelint: ignore[]"
    )
    found = suppressions(source(text))
    assert [(u.line, u.rules, u.whole) for u in found.unused()] == [
        (1, ("a",), True),
        (2, (), True),
        (4, ("SHP1",), False),
        (5, (), True),
    ]


# Notebooks and Markdown ---------------------------------------------------------------------------


def notebook(tmp_path: Path, *cells: tuple[str, str | list[str]], **more: object) -> Source | Failure:
    path = tmp_path / "a.ipynb"
    document = {"cells": [{"cell_type": kind, "source": text} for kind, text in cells], **more}
    path.write_text(json.dumps(document), "utf-8")
    return read(path)


def test_a_notebook_is_one_module_whose_lines_lead_back(tmp_path: Path) -> None:
    found = notebook(
        tmp_path,
        ("markdown", "# Title"),
        ("code", ["import torch\n", "%matplotlib inline\n", "x = 1"]),
        ("code", "%%bash\nls (\n"),
        ("code", "if x:\n    !ls\ny = x"),
    )
    assert isinstance(found, Source)
    assert found.kind == "notebook"
    assert found.text == "import torch\n\nx = 1\n\n\n\nif x:\n    pass\ny = x\n"
    assert [found.origin(line) for line in (1, 3, 4, 7, 9)] == [(2, 1), (2, 3), (3, 1), (4, 1), (4, 3)]
    assert source("x").origin(7) == (None, 7)
    assert not isinstance(parse(found), Failure)


def test_odd_notebooks(tmp_path: Path) -> None:
    assert isinstance(empty := notebook(tmp_path), Source)
    assert empty.text == ""
    assert isinstance(
        other := notebook(tmp_path, ("code", "x <- 1"), metadata={"kernelspec": {"language": "R"}}), Source
    )
    assert other.text == ""
    for text in (
        "{",
        "[]",
        "{}",
        '{"cells": 3}',
        '{"cells": [3]}',
        "[" * 100_000,
        '{"cells": [{"cell_type": "code", "source": 3}]}',
    ):
        (tmp_path / "b.ipynb").write_text(text)
        assert failure(read(tmp_path / "b.ipynb"))[0] == "syntax"
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"]}]}]}
    (tmp_path / "b.ipynb").write_text(json.dumps(old))
    assert isinstance(found := read(tmp_path / "b.ipynb"), Source)
    assert found.text == "x = 1\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x?\nx??\n?x", ["", "", ""]),
        ("!echo 'it\nx = 1", ["", "x = 1"]),
        ("!ls \\\n  -l\nx", ["", "", "x"]),
        ("files = !ls (\nt = %timeit x", ["files = get_ipython()", "t = get_ipython()"]),
        ("x = (a\n  % b)\ny = '''\n%no\n!no\n'''", ["x = (a", "  % b)", "y = '''", "%no", "!no", "'''"]),
        ("x = a % b\nx %= 2\nx != y", ["x = a % b", "x %= 2", "x != y"]),
        ("%%time\nx = 1", ["", "x = 1"]),
        ("\n%%capture out\nx = 1", ["", "", "x = 1"]),
        ("%%writefile a.py\nx = (", ["", ""]),
        ("x = \\\n  1\n%pip install y", ["x = \\", "  1", ""]),
        ("", [""]),
        ("  x = 1\n  if x:\n      y = 2\nz = 3", ["x = 1", "if x:", "    y = 2", "z = 3"]),
        ("\n\n\tx = 1\n\ty = 2", ["", "", "x = 1", "y = 2"]),
        ("   %%time\n   x = 1", ["", "x = 1"]),
        ("if x:\n    y = 1", ["if x:", "    y = 1"]),
        ("x = await y", ["x = await y"]),
    ],
)
def test_magics_leave_and_lines_stay(text: str, lines: list[str]) -> None:
    assert python_lines(text) == lines


def test_a_cell_that_cannot_be_read_costs_that_cell(tmp_path: Path) -> None:
    found = notebook(
        tmp_path,
        ("code", "import torch\nx = 1"),
        ("code", "y = (\n1"),
        ("markdown", "text"),
        ("code", "z = 1 \\"),
        ("code", "  w = 2"),
        ("code", "for"),
    )
    assert isinstance(found, Source)
    read_, failures = readable_cells(found)
    unread = "exec(get_ipython())"
    assert read_.text == f"import torch\nx = 1\n{unread}\n\n{unread}\nw = 2\n{unread}\n"
    assert not isinstance(parse(read_), Failure)
    assert [found.origin(one.location.line)[0] for one in failures] == [2, 4, 6]
    assert {one.kind for one in failures} == {"syntax"}


def test_markdown_blocks_keep_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "# A\n```python\nx = 1\n```\n- b\n  ~~~~ py title='c'\n  if x:\n      y\n  ~~~\n\n"
        "  ~~~~\n```\nno\n```\n```{.python .numberLines}\nz\n"
    )
    page = read_text(path)
    assert isinstance(page, Source)
    found = blocks(page)
    assert [(block.text, block.indent, block.kind) for block in found] == [
        ("\n\nx = 1\n", 0, "markdown"),
        ("\n" * 6 + "if x:\n    y\n~~~\n\n", 2, "markdown"),
        ("\n" * 15 + "z\n\n", 0, "markdown"),
    ]
