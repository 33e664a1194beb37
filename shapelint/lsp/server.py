"""`shapelint lsp`: serves an editor over the language server protocol.

The analysis runs in one thread of its own, so that the editor is answered while it works; a text that was overtaken by
a newer one is not analysed any more.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pygls.lsp.server import LanguageServer  # goes first: where it is missing, the message names it

# isort: split
from lsprotocol import types

from shapelint import __version__
from shapelint.lsp.buffer import Buffer
from shapelint.lsp.code_actions import actions
from shapelint.lsp.hover import hover
from shapelint.lsp.inlay_hints import hints
from shapelint.lsp.positions import Encoding
from shapelint.lsp.protocol import Translator, path_of, wanted

T = TypeVar("T")

PAUSE = 0.3
"""So many seconds nobody must have typed before a text is checked."""

_WATCHED = ("**/*.py", "**/pyproject.toml", "**/shapelint.toml")


class Server(LanguageServer):
    """The open documents, each with the newest text that was seen of it, and the checks that wait. `trust_ops`: whether the user said, on the
    command line or in the editor's settings, that op files may be run; `noticed` is what he was shown."""

    def __init__(self) -> None:
        # The whole text comes with each change: increments are applied to lines as `str.splitlines` counts them, which
        # are others than the editor's where a file holds a form feed.
        super().__init__("shapelint", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.trust_ops: bool | None = None
        self.noticed: set[str] = set()
        self.buffers: dict[str, Buffer] = {}
        self.waiting: dict[str, asyncio.Task[None]] = {}
        self.analyser = ThreadPoolExecutor(1, "analyser")

    @property
    def encoding(self) -> Encoding:
        """How client and server count columns."""
        agreed = self.workspace.position_encoding
        if agreed == types.PositionEncodingKind.Utf8:
            return "utf-8"
        return "utf-32" if agreed == types.PositionEncodingKind.Utf32 else "utf-16"

    def translator(self, uri: str) -> Translator | None:
        """The buffer of a document as it is now; None where it is no file that shapelint reads."""
        path = path_of(uri)
        if path is None:
            return None
        text = self.workspace.get_text_document(uri).source
        buffer = self.buffers.get(uri)
        if buffer is None or buffer.text != text:
            buffer = self.buffers[uri] = Buffer(path, text, self.trust_ops)
        return Translator(uri, buffer, self.encoding)

    def is_current(self, one: Translator) -> bool:
        """Whether the document still has the text of a buffer."""
        return self.buffers.get(one.uri) is one.buffer

    async def analysed(self, one: Translator, work: Callable[[], T]) -> T | None:
        """What the work gives, done in the thread of the analysis; None where the text was overtaken meanwhile."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self.analyser, lambda: work() if self.is_current(one) else None)
        return found if self.is_current(one) else None

    def check_soon(self, uri: str, pause: float = PAUSE) -> None:
        """Check a document when nobody has typed for a while, and publish what is found."""
        before = self.waiting.pop(uri, None)
        if before is not None:
            before.cancel()
        self.waiting[uri] = asyncio.ensure_future(self._check(uri, pause))

    async def _check(self, uri: str, pause: float) -> None:
        await asyncio.sleep(pause)
        one = self.translator(uri)
        if one is None:
            return
        version = self.workspace.get_text_document(uri).version
        found = await self.analysed(one, one.diagnostics)
        if found is not None:
            self.publish(uri, found, version)
            self._notice(one.notices())

    def _notice(self, notices: Sequence[str]) -> None:
        """Show the user what he was not told yet."""
        for text in notices:
            if text not in self.noticed:
                self.noticed.add(text)
                self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, text))

    def publish(self, uri: str, found: list[types.Diagnostic], version: int | None = None) -> None:
        """Tell the editor all findings of a document."""
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))

    def check_all(self) -> None:
        """Check every open document again, since a file that it may import has changed."""
        for uri in list(self.buffers):
            del self.buffers[uri]
            self.check_soon(uri, 0.0)

    def close(self, uri: str) -> None:
        """Forget a document and take its findings back."""
        self.buffers.pop(uri, None)
        waiting = self.waiting.pop(uri, None)
        if waiting is not None:
            waiting.cancel()
        self.publish(uri, [])


def make() -> Server:
    """A server with all its features."""
    server = Server()

    @server.feature(types.INITIALIZE)
    def initialize(ls: Server, params: types.InitializeParams) -> None:
        options = params.initialization_options
        said = options.get("trustOps") if isinstance(options, Mapping) else getattr(options, "trustOps", None)
        if isinstance(said, bool):
            ls.trust_ops = said

    @server.feature(types.INITIALIZED)
    def initialized(ls: Server, params: types.InitializedParams) -> None:
        root = ls.workspace.root_path
        if root is not None and os.path.isdir(root):
            os.chdir(root)  # a file belongs to the project around it as far as the folder that is open
        capabilities = ls.client_capabilities.workspace
        watching = capabilities.did_change_watched_files if capabilities is not None else None
        if watching is not None and watching.dynamic_registration:
            watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
            ls.client_register_capability(
                types.RegistrationParams(
                    [
                        types.Registration(
                            "shapelint-watch",
                            types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                            types.DidChangeWatchedFilesRegistrationOptions(watchers),
                        )
                    ]
                )
            )

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
        ls.check_soon(params.text_document.uri, 0.0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
        ls.check_soon(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
        ls.check_all()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
        ls.close(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def files_changed(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
        ls.check_all()

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(ls: Server, params: types.HoverParams) -> types.Hover | None:
        one = ls.translator(params.text_document.uri)
        if one is None:
            return None
        place = one.place(params.position)
        found = await ls.analysed(one, lambda: hover(one.buffer.shapes, *place))
        return None if found is None else one.hover(found)

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    async def hinted(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
        one = ls.translator(params.text_document.uri)
        if one is None:
            return []
        region = one.region(params.range)
        found = await ls.analysed(one, lambda: list(hints(one.buffer.shapes, region.line, region.end_line)))
        return [one.hint(hint) for hint in found or ()]

    kinds: list[types.CodeActionKind | str] = [types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))
    async def acted(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
        one = ls.translator(params.text_document.uri)
        if one is None:
            return []
        region = one.region(params.range)
        found = await ls.analysed(one, lambda: [one.action(action) for action in actions(one.buffer, region)])
        return list(filter(wanted(params.context.only), found or ()))

    return server


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until the editor ends the session; 0 when it did."""
    parser = argparse.ArgumentParser(prog="shapelint lsp", description="Serve an editor.", allow_abbrev=False)
    parser.add_argument("--stdio", action="store_true", help="speak over standard input and output (the default)")
    parser.add_argument("--tcp", type=int, metavar="PORT", help="wait for the editor on this port of this machine")
    parser.add_argument(
        "--trust-ops",
        action=argparse.BooleanOptionalAction,
        help="run the op files (Python) that the settings name, or go without them",
    )
    args = parser.parse_args(argv)
    server = make()
    server.trust_ops = args.trust_ops
    try:
        if args.tcp is not None:
            server.start_tcp("127.0.0.1", args.tcp)
        else:
            server.start_io()
    finally:
        server.analyser.shutdown(wait=False, cancel_futures=True)
    return 0
