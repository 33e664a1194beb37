"""What an editor holds: a file with the text that is on the screen, and what is known of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shapelint import baseline, run
from shapelint.config import Configuration, Settings
from shapelint.diagnostics import Diagnostic, Failure
from shapelint.discover import discover
from shapelint.interp.assigned import Shapes, shapes
from shapelint.lsp.positions import lines_of


@dataclass(frozen=True)
class Checked:
    """What a check of a buffer gave. `known` are findings that the project's baseline knows."""

    diagnostics: tuple[Diagnostic, ...] = ()
    known: tuple[Diagnostic, ...] = ()
    failures: tuple[Failure, ...] = ()

    @cached_property
    def all(self) -> tuple[Diagnostic, ...]:
        """The findings, whether the baseline knows them or not."""
        return (*self.diagnostics, *self.known)


@dataclass(frozen=True)
class Buffer:
    """The text of one file at one moment. `path` is absolute; the file need not exist, nor hold this text. `trust_ops`: whether the editor's
    user said that op files may be run, or may not."""

    path: str
    text: str
    trust_ops: bool | None = None

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines that locations in the buffer count."""
        return lines_of(self.text)

    @cached_property
    def ignored(self) -> bool:
        """Whether the settings leave the file out."""
        configuration = self._configuration({"force_exclude": True})
        targets, failures = discover((self.path,), configuration.of)
        return not targets and not failures and not configuration.failures

    @cached_property
    def checked(self) -> Checked:
        """The findings, at the levels of the settings that govern the file."""
        if self.ignored:
            return Checked()
        outcome = run.check(self._task())
        known = self._baseline()
        if isinstance(known, Failure):
            return Checked(outcome.diagnostics, (), (*outcome.failures, known))
        new, old = known.split(outcome.diagnostics) if known is not None else (outcome.diagnostics, ())
        return Checked(tuple(new), tuple(old), outcome.failures)

    @cached_property
    def shapes(self) -> Shapes:
        """The shapes of the expressions and of what assignments bind, and what classes ask; none where the text cannot be read."""
        if self.ignored:
            return Shapes((), ())
        found, _ = run.each(self._task(), lambda project, loaded: (shapes(project, loaded),))
        return Shapes(
            tuple(one for part in found for one in part.expressions),
            tuple(one for part in found for one in part.assigned),
            tuple(one for part in found for one in part.requirements),
        )

    def lines_at(self, path: str) -> Sequence[str]:
        """The lines of any file that a location names: the buffer's own, or what the disk holds."""
        return self.lines if os.path.abspath(path) == self.path else self._sources.lines(path)

    @cached_property
    def _sources(self) -> run.Sources:
        return run.Sources()

    def _task(self) -> run.Task:
        return run.Task((self.path,), self._configuration(), self.text, jobs=1, use_cache=False)

    def _configuration(self, overrides: dict[str, Any] | None = None) -> Configuration:
        trust = {} if self.trust_ops is None else {"trust_ops": self.trust_ops}
        return Configuration(overrides={**trust, **(overrides or {})})

    def _baseline(self) -> baseline.Baseline | Failure | None:
        settings = self._configuration().of(os.path.dirname(self.path))
        if not isinstance(settings, Settings) or settings.baseline is None:
            return None
        return baseline.read(os.path.join(settings.folder, settings.baseline))
