"""Known findings that are not reported again: (path, rule, enclosing scope, subject) with a count, never a line.

So a baseline survives edits above a finding, and grows stale, rather than wrong, when the finding is mended.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shapelint.diagnostics import Diagnostic, Failure, Location
from shapelint.surroundings import Refused, content, leads_out

VERSION = 1
LARGEST = 64 << 20
"""So many bytes a baseline may have."""
DEFAULT_NAME = "shapelint-baseline.json"

Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The counts of one baseline file; paths are relative to its folder, with forward slashes."""

    path: str
    counts: dict[Key, int]

    def key(self, one: Diagnostic) -> Key:
        """Under what a finding is kept."""
        return (self._relative(one.location.path), one.rule, one.scope, one.subject)

    def split(self, diagnostics: Sequence[Diagnostic]) -> tuple[list[Diagnostic], list[Diagnostic]]:
        """The findings that are new, and those that the baseline knows; the first ones of a key are the known ones."""
        left = dict(self.counts)
        new, known = [], []
        for one in diagnostics:
            key = self.key(one)
            if left.get(key, 0) > 0:
                left[key] -= 1
                known.append(one)
            else:
                new.append(one)
        return new, known

    def stale(self, diagnostics: Sequence[Diagnostic], checked: Collection[str]) -> list[Key]:
        """The entries that promise more findings than there are: of the files `checked`, and of files that are gone."""
        left = dict(self.counts)
        for one in diagnostics:
            key = self.key(one)
            if key in left:
                left[key] -= 1
        seen = {self._relative(path) for path in checked}
        folder = os.path.dirname(os.path.abspath(self.path))
        return sorted(
            key
            for key, count in left.items()
            if count > 0 and (key[0] in seen or not os.path.exists(os.path.join(folder, key[0])))
        )

    def updated(self, diagnostics: Sequence[Diagnostic], checked: Collection[str]) -> Baseline:
        """A baseline that knows exactly `diagnostics` for the files `checked`, and is unchanged for other files."""
        seen = {self._relative(path) for path in checked}
        folder = os.path.dirname(os.path.abspath(self.path))
        counts = {
            key: count
            for key, count in self.counts.items()
            if key[0] not in seen and os.path.exists(os.path.join(folder, key[0]))
        }
        for one in diagnostics:
            key = self.key(one)
            counts[key] = counts.get(key, 0) + 1
        return Baseline(self.path, counts)

    def write(self) -> None:
        """Writes the file, sorted, one entry a line, so that two people's changes merge. Raises OSError."""
        entries = [
            json.dumps(dict(zip(("path", "rule", "scope", "subject", "count"), (*key, count), strict=True)))
            for key, count in sorted(self.counts.items())
        ]
        body = "".join(f"\n    {entry}," for entry in entries).rstrip(",")
        text = f'{{\n  "version": {VERSION},\n  "findings": [{body}\n  ]\n}}\n'
        if os.path.islink(self.path) and leads_out(self.path, os.path.dirname(os.path.abspath(self.path))):
            raise Refused(self.path, "it is a link that leads out of the tree")
        with open(self.path, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)

    def _relative(self, path: str) -> str:
        folder = os.path.dirname(os.path.abspath(self.path))
        try:
            return os.path.relpath(os.path.abspath(path), folder).replace(os.sep, "/")
        except ValueError:  # another drive
            return path


def read(path: str, missing_ok: bool = False) -> Baseline | Failure:
    """The baseline in `path`; a file that is not one is a configuration failure."""

    def failure(message: str) -> Failure:
        return Failure("configuration", Location(path.replace(os.sep, "/"), 0, 0, 0, 0), message)

    try:
        document = json.loads(content(path, LARGEST))
    except FileNotFoundError:
        if missing_ok:
            return Baseline(path, {})
        return failure("the baseline does not exist (write it with `--write-baseline`)")
    except OSError as error:
        return failure(f"cannot read the baseline: {error.strerror}")
    except (ValueError, RecursionError):
        return failure("the baseline is not valid JSON")
    try:
        if document["version"] != VERSION:
            return failure(f"the baseline has version {document['version']}, but this shapelint reads {VERSION}")
        counts: dict[Key, int] = {}
        for entry in document["findings"]:
            key = (str(entry["path"]), str(entry["rule"]), str(entry["scope"]), str(entry["subject"]))
            counts[key] = counts.get(key, 0) + int(entry["count"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return failure("the baseline has entries that shapelint did not write")
    return Baseline(path, counts)
