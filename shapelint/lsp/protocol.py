"""From shapelint's records to those of the language server protocol."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsprotocol import types
from pygls import uris

from shapelint.diagnostics import Diagnostic, Edit, Failure, Location
from shapelint.lsp.buffer import Buffer
from shapelint.lsp.code_actions import Action
from shapelint.lsp.hover import Hover
from shapelint.lsp.inlay_hints import Hint
from shapelint.lsp.positions import Encoding, from_editor, to_editor

SOURCE = "shapelint"

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
}
# The editor's own Python tools tell these while somebody types; that shapelint cannot read on is no news of weight.
_UNREADABLE = ("syntax", "encoding", "nesting")


def path_of(uri: str) -> str | None:
    """The absolute path of a document, None where it has none that a project could hold; one that was never saved is
    taken as a file of the current folder."""
    if uri.startswith("untitled:"):
        return os.path.abspath("untitled.py")
    path = uris.to_fs_path(uri) if uri.startswith("file:") else None
    return None if path is None else os.path.abspath(path)


@dataclass(frozen=True, slots=True)
class Translator:
    """Translates what concerns one buffer, in the encoding of positions that was agreed on."""

    uri: str
    buffer: Buffer
    encoding: Encoding

    # places

    def uri_of(self, path: str) -> str:
        """The document that a location names."""
        absolute = os.path.abspath(path)
        return self.uri if absolute == self.buffer.path else uris.from_fs_path(absolute) or self.uri

    def range(self, at: Location) -> types.Range:
        """The region of a location."""
        lines = self.buffer.lines_at(at.path)
        start = to_editor(lines, at.line, at.column, self.encoding)
        end = to_editor(lines, at.end_line, at.end_column, self.encoding)
        return types.Range(types.Position(*start), types.Position(*end))

    def place(self, position: types.Position) -> tuple[int, int]:
        """Line and column of a position in the buffer."""
        return from_editor(self.buffer.lines, position.line, position.character, self.encoding)

    def region(self, at: types.Range) -> Location:
        """The location of a region of the buffer."""
        return Location(self.buffer.path, *self.place(at.start), *self.place(at.end))

    # features

    def diagnostics(self) -> list[types.Diagnostic]:
        """Everything that the check of the buffer told."""
        checked = self.buffer.checked
        found = [self.diagnostic(one) for one in checked.diagnostics]
        found += [self.diagnostic(one, types.DiagnosticSeverity.Hint) for one in checked.known]
        # Op files that are not run concern the whole project: the server says so once.
        return found + [self._failure(one) for one in checked.failures if one.kind != "untrusted"]

    def notices(self) -> list[str]:
        """What the check of the buffer has to say that is about no document."""
        untrusted = [one for one in self.buffer.checked.failures if one.kind == "untrusted"]
        return [
            f"{one.location.path}: {one.message} (`shapelint lsp --trust-ops`, or `trustOps` in the settings)"
            for one in untrusted
        ]

    def diagnostic(self, one: Diagnostic, severity: types.DiagnosticSeverity | None = None) -> types.Diagnostic:
        """A finding; what led to it stands beside it as related places."""
        parts = [one.message, *one.notes, *([f"help: {one.help}"] if one.help else [])]
        related = [self._related(other.location, other.message) for other in one.related]
        related += [
            self._related(step.location, " ".join(filter(None, (f"{step.text} is {step.shape}", step.note))))
            for step in one.trace
        ]
        tags = [types.DiagnosticTag.Unnecessary] if one.rule == "unused-ignore" else None
        return types.Diagnostic(
            range=self.range(one.location),
            message="\n".join(parts),
            severity=severity or _SEVERITIES[one.severity],
            code=one.rule,
            source=SOURCE,
            tags=tags,
            related_information=related or None,
        )

    def _related(self, at: Location, message: str) -> types.DiagnosticRelatedInformation:
        return types.DiagnosticRelatedInformation(types.Location(self.uri_of(at.path), self.range(at)), message)

    def _failure(self, one: Failure) -> types.Diagnostic:
        here = os.path.abspath(one.location.path) == self.buffer.path and one.location.line > 0
        weight = types.DiagnosticSeverity.Information if one.kind in _UNREADABLE else types.DiagnosticSeverity.Error
        start = types.Position(0, 0)
        return types.Diagnostic(
            range=self.range(one.location) if here else types.Range(start, start),
            message=one.message if here or not one.location.path else f"{one.location.path}: {one.message}",
            severity=weight,
            code=one.kind,
            source=SOURCE,
        )

    def hover(self, found: Hover) -> types.Hover:
        """A hover with its region."""
        content = types.MarkupContent(types.MarkupKind.Markdown, found.markdown)
        return types.Hover(content, self.range(found.location))

    def hint(self, found: Hint) -> types.InlayHint:
        """A shape behind a name."""
        place = to_editor(self.buffer.lines, found.line, found.column, self.encoding)
        return types.InlayHint(
            types.Position(*place),
            found.label,
            types.InlayHintKind.Type,
            tooltip=found.tooltip,
            padding_left=True,
        )

    def action(self, found: Action) -> types.CodeAction:
        """Something the user may choose, with the finding it is about."""
        changes: dict[str, list[types.TextEdit]] = {}
        for edit in found.edits:
            changes.setdefault(self.uri_of(edit.location.path), []).append(self._edit(edit))
        kind = f"{found.kind}.{SOURCE}" if found.kind == "source.fixAll" else found.kind
        return types.CodeAction(
            found.title,
            kind=kind,
            diagnostics=[self.diagnostic(found.finding)] if found.finding is not None else None,
            is_preferred=found.preferred or None,
            edit=types.WorkspaceEdit(changes=changes),
        )

    def _edit(self, edit: Edit) -> types.TextEdit:
        return types.TextEdit(self.range(edit.location), edit.replacement)


def wanted(kinds: Sequence[str] | None) -> Callable[[types.CodeAction], bool]:
    """Whether a client that asked for these kinds of actions wants one; the kinds are prefixes."""

    def test(action: types.CodeAction) -> bool:
        kind = str(action.kind)
        if kinds is None:
            return not kind.startswith("source.")  # these are for those who ask
        return any(kind == one or kind.startswith(f"{one}.") for one in kinds)

    return test
