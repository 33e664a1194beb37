"""Conversations with the editor server, as an editor has them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

pytest.importorskip("pygls")

from lsprotocol import types

from .conftest import Editor, Session

MODEL = """\
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, size, bidirectional=False):
        super().__init__()
        self.lstm = nn.LSTM(size, 32, batch_first=True, bidirectional=bidirectional)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        last = out[:, -1]
        return last
"""

FAULTY = """\
import torch
from torch import nn

head = nn.Linear(8, 2)
y = head(torch.zeros(4, 9))
"""


def region(line: int, start: int, end: int) -> types.Range:
    return types.Range(types.Position(line, start), types.Position(line, end))


def applied(text: str, edits: list[types.TextEdit]) -> str:
    """The text after edits, whose columns count code points here."""
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
        assert edit.range.start.line == edit.range.end.line
        line = lines[edit.range.start.line]
        lines[edit.range.start.line] = (
            line[: edit.range.start.character] + edit.new_text + line[edit.range.end.character :]
        )
    return "\n".join(lines)


def test_it_tells_what_it_can(folder: Path) -> None:
    async def talk() -> None:
        editor = Editor(folder)
        capabilities = (await editor.start()).capabilities
        assert capabilities.hover_provider
        assert capabilities.inlay_hint_provider
        assert capabilities.code_action_provider
        await editor.end()

    asyncio.run(talk())


def test_findings_follow_the_text_on_the_screen(session: Session, folder: Path) -> None:
    (folder / "a.py").write_text("x = 1\n")  # what the disk holds does not count

    async def talk(editor: Editor) -> None:
        editor.open("a.py", FAULTY)
        (one,) = await editor.found("a.py", 1)
        assert one.code == "linear-in-features"
        assert one.source == "shapelint"
        assert one.severity == types.DiagnosticSeverity.Error
        assert one.range.start.line == 4
        assert [other.location.uri for other in one.related_information or ()][:1] == [editor.uri("a.py")]
        editor.change("a.py", FAULTY.replace("4, 9", "4, 8"))
        assert await editor.found("a.py", 2) == []
        editor.change("a.py", FAULTY)
        assert len(await editor.found("a.py", 3)) == 1
        editor.text_document_did_close(types.DidCloseTextDocumentParams(editor.document("a.py")))
        assert await editor.found("a.py") == []

    session(talk)


def test_only_the_last_of_several_quick_changes_is_checked(session: Session) -> None:
    async def talk(editor: Editor) -> None:
        editor.open("a.py", "x = 1\n")
        await editor.found("a.py", 1)
        for size in (9, 7, 6, 8):
            editor.change("a.py", FAULTY.replace("4, 9", f"4, {size}"))
        params = await asyncio.wait_for(editor.published.get(), 60)
        assert (params.version, list(params.diagnostics)) == (5, [])

    session(talk)


def test_a_file_that_is_imported_counts_when_it_is_saved(session: Session, folder: Path) -> None:
    (folder / "sizes.py").write_text("SIZE = 9\n")
    text = FAULTY.replace("import torch\n", "import torch\nfrom sizes import SIZE\n").replace("4, 9", "4, SIZE")

    async def talk(editor: Editor) -> None:
        editor.open("pkg/a.py", text)
        assert len(await editor.found("pkg/a.py")) == 1
        (folder / "sizes.py").write_text("SIZE = 8\n")
        editor.text_document_did_save(types.DidSaveTextDocumentParams(editor.document("sizes.py")))
        assert await editor.found("pkg/a.py") == []

    session(talk)


def test_settings_of_the_project_hold(session: Session, folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        '[tool.shapelint]\nextend-exclude = ["left/"]\n[tool.shapelint.rules]\nlinear-in-features = "warning"\n'
    )
    (folder / "left").mkdir()
    (folder / "left/a.py").write_text(FAULTY)

    async def talk(editor: Editor) -> None:
        editor.open("a.py", FAULTY)
        (one,) = await editor.found("a.py")
        assert one.severity == types.DiagnosticSeverity.Warning
        editor.open("left/a.py", FAULTY)
        assert await editor.found("left/a.py") == []
        (folder / "pyproject.toml").write_text("[tool.shapelint]\nrulez = 1\n")
        editor.text_document_did_save(types.DidSaveTextDocumentParams(editor.document("pyproject.toml")))
        (one,) = await editor.found("a.py")
        assert one.code == "configuration"
        assert one.message.startswith("pyproject.toml: ") or "/pyproject.toml: " in one.message

    session(talk)


def test_what_the_baseline_knows_is_a_hint(session: Session, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.shapelint]\nbaseline = "known.json"\n')
    entry = '{"path": "a.py", "rule": "linear-in-features", "scope": "f", "subject": "head", "count": 1}'
    (folder / "known.json").write_text(f'{{"version": 1, "findings": [{entry}]}}')

    async def talk(editor: Editor) -> None:
        functions = "".join(f"def {name}():\n    return head(torch.zeros(4, 9))\n" for name in "fg")
        editor.open("a.py", FAULTY.replace("y = head(torch.zeros(4, 9))\n", functions))
        found = await editor.found("a.py")
        assert sorted(one.severity or 0 for one in found) == [
            types.DiagnosticSeverity.Error,
            types.DiagnosticSeverity.Hint,
        ]

    session(talk)


def test_text_that_cannot_be_read_is_no_error_of_the_server(session: Session) -> None:
    async def talk(editor: Editor) -> None:
        editor.open("a.py", "import torch\nx = (\n")
        (one,) = await editor.found("a.py")
        assert one.code == "syntax"
        assert one.severity == types.DiagnosticSeverity.Information
        assert await editor.hover("a.py", 0, 0) is None
        assert await editor.hints("a.py") == []

    session(talk)


def test_hover_tells_each_world(session: Session) -> None:
    async def talk(editor: Editor) -> None:
        editor.open("model.py", MODEL)
        found = await editor.hover("model.py", 12, 16)
        assert found.range == region(12, 15, 18)
        text = found.contents.value
        assert "```python\nout\n```" in text
        assert "(batch, seq, 32)" in text
        assert "(batch, seq, 64)" in text
        assert "Model.forward, bidirectional=True" in text
        call = await editor.hover("model.py", 12, 22)
        assert call.range == region(12, 15, 25)
        target = await editor.hover("model.py", 11, 14)
        assert "(batch, 32)" not in target.contents.value
        assert "1, batch, 32" in target.contents.value
        assert await editor.hover("model.py", 3, 0) is None

    session(talk)


def test_hover_over_a_class_tells_what_it_asks(session: Session) -> None:
    async def talk(editor: Editor) -> None:
        editor.open(
            "model.py",
            MODEL.replace("nn.Linear(64, 10)", "nn.Linear(size, 10)").replace("out[:, -1]", "self.head(out)"),
        )
        found = await editor.hover("model.py", 4, 7)
        assert "`size == 32` (Model.forward, line 13) where bidirectional=False" in found.contents.value
        assert "`size == 64` (Model.forward, line 13) where bidirectional=True" in found.contents.value

    session(talk)


def test_hints_stand_behind_what_is_assigned(session: Session) -> None:
    async def talk(editor: Editor) -> None:
        editor.open("model.py", MODEL)
        found = await editor.hints("model.py")
        places = {(one.position.line, one.position.character): one for one in found}
        assert set(places) == {(11, 11), (11, 15), (11, 18), (12, 12)}
        last = places[12, 12]
        assert last.label == "(batch, 32) | (batch, 64)"
        assert "bidirectional=True" in str(last.tooltip)
        assert [one.position.line for one in await editor.hints("model.py", 12, 13)] == [12]

    session(talk)


def test_a_finding_can_be_ignored(session: Session) -> None:
    async def talk(editor: Editor) -> None:
        editor.open("a.py", FAULTY)
        (one,) = await editor.found("a.py", 1)
        actions = await editor.actions("a.py", one.range)
        action = next(action for action in actions if action.title == "Ignore linear-in-features on this line")
        assert [about.code for about in action.diagnostics or ()] == ["linear-in-features"]
        assert action.edit is not None
        assert action.edit.changes is not None
        text = applied(FAULTY, list(action.edit.changes[editor.uri("a.py")]))
        assert text.splitlines()[4].endswith("  # shapelint: ignore[linear-in-features]")
        editor.change("a.py", text)
        assert await editor.found("a.py", 2) == []
        assert await editor.actions("a.py", region(0, 0, 1)) == []

    session(talk)


def test_fixes_are_offered(session: Session) -> None:
    text = "import torch\nx = torch.zeros(2)  # shapelint: ignore\n"

    async def talk(editor: Editor) -> None:
        editor.open("a.py", text)
        (one,) = await editor.found("a.py", 1)
        assert one.code == "unused-ignore"
        assert list(one.tags or ()) == [types.DiagnosticTag.Unnecessary]
        (action,) = await editor.actions("a.py", one.range)
        assert (action.kind, action.is_preferred) == (types.CodeActionKind.QuickFix, True)
        (everything,) = await editor.actions("a.py", region(0, 0, 0), [types.CodeActionKind.SourceFixAll])
        assert everything.kind == "source.fixAll.shapelint"
        for chosen in (action, everything):
            assert chosen.edit is not None
            assert chosen.edit.changes is not None
            edits = list(chosen.edit.changes[editor.uri("a.py")])
            assert applied(text, edits) == "import torch\nx = torch.zeros(2)\n"

    session(talk)


@pytest.mark.parametrize(
    ("encoding", "column"),
    [
        (None, 11),
        (types.PositionEncodingKind.Utf16, 11),
        (types.PositionEncodingKind.Utf8, 14),
        (types.PositionEncodingKind.Utf32, 10),
    ],
)
def test_columns_are_counted_as_the_editor_does(
    folder: Path, encoding: types.PositionEncodingKind | None, column: int
) -> None:
    # the sign takes one code point, two units of UTF-16 and four bytes; the letter before it one, one and two
    text = FAULTY.replace("y = head", "'é😀'; y = head")

    async def talk() -> None:
        editor = Editor(folder)
        await editor.start([encoding] if encoding else None)
        editor.open("a.py", text)
        (one,) = await editor.found("a.py")
        assert one.range.start == types.Position(4, column)
        hover = await editor.hover("a.py", 4, column + 7)
        assert "torch.zeros(4, 9): (4, 9)" in hover.contents.value
        await editor.end()

    asyncio.run(talk())


def test_a_form_feed_is_no_line(session: Session) -> None:
    async def talk(editor: Editor) -> None:
        editor.open("a.py", FAULTY.replace("\nhead", "\n\x0chead").replace("\n", "\r\n"))
        (one,) = await editor.found("a.py")
        assert one.range.start.line == 4

    session(talk)


def test_documents_that_are_no_files_are_left_alone(session: Session) -> None:
    async def talk(editor: Editor) -> None:
        item = types.TextDocumentItem("git:/a.py?ref=1", "python", 1, FAULTY)
        editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
        editor.open("a.py", FAULTY)
        params = await asyncio.wait_for(editor.published.get(), 60)
        assert params.uri == editor.uri("a.py")

    session(talk)


def test_without_pygls_it_says_what_to_install(folder: Path) -> None:
    import os
    import subprocess

    from .conftest import ROOT

    block = folder / "block"
    block.mkdir()
    (block / "sitecustomize.py").write_text(
        "import sys\nsys.modules['pygls'] = None\nsys.modules['lsprotocol'] = None\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(block), str(ROOT)))}
    command = [sys.executable, "-m", "shapelint", "lsp"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "shapelint: `lsp` needs pygls: pip install 'shapelint[lsp]'\n"


OPS = """\
import pathlib
from shapelint.ops.contract import op

pathlib.Path(__file__).with_name("was_run").touch()
DOUBLE = op("double", ("lib.double",), "x")
DOUBLE.rule(lambda cx, x: cx.tensor(x))
"""


@pytest.mark.parametrize("trusted", [None, False, True])
def test_op_files_run_only_where_the_editor_says_so(folder: Path, trusted: bool | None) -> None:
    (folder / "shapelint.toml").write_text('ops = ["evil.py"]\n')
    (folder / "evil.py").write_text(OPS)

    async def talk() -> list[str]:
        editor = Editor(folder)
        await editor.start(options=None if trusted is None else {"trustOps": trusted})
        for name in ("a.py", "b.py"):
            editor.open(name, FAULTY)
            assert [one.code for one in await editor.found(name)] == ["linear-in-features"]
        await editor.end()
        return editor.shown

    shown = asyncio.run(talk())
    assert (folder / "was_run").exists() is (trusted is True)
    assert len(shown) == (1 if trusted is None else 0)
    assert all("not run: evil.py" in text and "--trust-ops" in text for text in shown)
