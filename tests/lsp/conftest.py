"""A folder, and an editor that talks to `shapelint lsp` about the files in it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls")

from lsprotocol import types
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).parent.parent.parent
SECONDS = 60.0


class Editor(LanguageClient):
    """A client that keeps what is published, and speaks of documents by their names."""

    def __init__(self, folder: Path) -> None:
        super().__init__("editor", "1")
        self.folder = folder
        self.versions: dict[str, int] = {}
        self.shown: list[str] = []
        self.published: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _(params: types.PublishDiagnosticsParams) -> None:
            self.published.put_nowait(params)

        @self.feature(types.WINDOW_SHOW_MESSAGE)
        def _(params: types.ShowMessageParams) -> None:
            self.shown.append(params.message)

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def document(self, name: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri(name))

    async def start(
        self, encodings: list[types.PositionEncodingKind | str] | None = None, options: dict[str, Any] | None = None
    ) -> types.InitializeResult:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        await self.start_io(sys.executable, "-m", "shapelint", "lsp", cwd="/", env=environment)
        general = types.GeneralClientCapabilities(position_encodings=encodings) if encodings else None
        capabilities = types.ClientCapabilities(general=general)
        root = self.folder.as_uri()
        result = await asyncio.wait_for(
            self.initialize_async(types.InitializeParams(capabilities, root_uri=root, initialization_options=options)),
            SECONDS,
        )
        self.initialized(types.InitializedParams())
        return result

    def open(self, name: str, text: str) -> None:
        self.versions[name] = 1
        item = types.TextDocumentItem(self.uri(name), "python", 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, name: str, text: str) -> None:
        self.versions[name] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        whole = types.TextDocumentContentChangeWholeDocument(text)
        self.text_document_did_change(types.DidChangeTextDocumentParams(document, [whole]))

    async def found(self, name: str, version: int | None = None) -> list[types.Diagnostic]:
        """The findings that are published next for a document (for a version of it)."""
        while True:
            params = await asyncio.wait_for(self.published.get(), SECONDS)
            if params.uri == self.uri(name) and version in (None, params.version):
                return list(params.diagnostics)

    async def hover(self, name: str, line: int, character: int) -> Any:
        place = types.Position(line, character)
        params = types.HoverParams(self.document(name), place)
        return await asyncio.wait_for(self.text_document_hover_async(params), SECONDS)

    async def hints(self, name: str, first: int = 0, last: int = 1000) -> list[types.InlayHint]:
        region = types.Range(types.Position(first, 0), types.Position(last, 0))
        params = types.InlayHintParams(self.document(name), region)
        return list(await asyncio.wait_for(self.text_document_inlay_hint_async(params), SECONDS) or ())

    async def actions(
        self, name: str, at: types.Range, only: list[types.CodeActionKind | str] | None = None
    ) -> list[types.CodeAction]:
        params = types.CodeActionParams(self.document(name), at, types.CodeActionContext([], only=only))
        found = await asyncio.wait_for(self.text_document_code_action_async(params), SECONDS)
        return [one for one in found or () if isinstance(one, types.CodeAction)]

    async def end(self) -> int | None:
        await asyncio.wait_for(self.shutdown_async(None), SECONDS)
        self.exit(None)
        await asyncio.wait_for(self.stop(), SECONDS)
        return None


Session = Callable[[Callable[[Editor], Awaitable[None]]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").touch()
    return project


@pytest.fixture
def session(folder: Path) -> Session:
    """Runs a conversation with a server of its own."""

    def run(talk: Callable[[Editor], Awaitable[None]]) -> None:
        async def whole() -> None:
            editor = Editor(folder)
            await editor.start()
            await talk(editor)
            await editor.end()

        asyncio.run(whole())

    return run
