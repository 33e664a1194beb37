"""Which files a run checks: those named, and those found in the folders named, in one fixed order.

Patterns everywhere (configuration, `.gitignore`) are those of gitignore(5), read by `Patterns`.
"""

from __future__ import annotations

import functools
import itertools
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from shapelint.config import Settings, shown
from shapelint.diagnostics import Failure, Location
from shapelint.surroundings import Refused, content

LARGEST_IGNORE_FILE = 1 << 20
MOST_PATTERNS = 20_000
"""An ignore file of more lines is not read."""
LONGEST_PATTERN = 4096
"""A longer pattern matches no path that a system has."""
DEEPEST_FOLDER = 200
SUFFIXES = (".py", ".pyi", ".ipynb", ".md")


@dataclass(frozen=True, slots=True)
class Target:
    """A file to check. `path` is as the user named it, with forward slashes; `absolute` is where it lies; `top` is the
    absolute folder that bounds the search for its project's root; `settings` govern it."""

    path: str
    absolute: str
    top: str
    settings: Settings


# Patterns -----------------------------------------------------------------------------------------


class Patterns:
    """The lines of one ignore file, relative to the folder `base`; the last line that matches decides."""

    __slots__ = ("_lines", "base")

    def __init__(self, lines: Iterable[str], base: str) -> None:
        self.base = base.rstrip("/" + os.sep)
        self._lines = tuple(line for line in map(_compile, lines) if line is not None)

    def match(self, path: str, is_folder: bool) -> bool | None:
        """True: left out; False: taken in again by `!`; None: these patterns do not speak of the absolute `path`."""
        prefix = self.base + os.sep
        inside = path.startswith(prefix)
        # Outside its base a pattern can still speak of a name, never of a place.
        relative = path[len(prefix) :].replace(os.sep, "/") if inside else os.path.basename(path)
        for regex, negated, folders_only, anchored in reversed(self._lines):
            if (is_folder or not folders_only) and (inside or not anchored) and regex(relative):
                return not negated
        return None


@functools.lru_cache(maxsize=1024)
def _compile(line: str) -> tuple[Callable[[str], object], bool, bool, bool] | None:
    """One line of gitignore(5) as (test of a relative path, negated, only for folders, anchored); None for a blank or a
    comment."""
    line = line.rstrip("\r\n")
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    if negated:
        line = line[1:]
    folders_only = line.endswith("/")
    if folders_only:
        line = line[:-1]
    anchored = "/" in line
    line = line.removeprefix("/")
    if not line:
        return None
    tokens = _tokens(line) if len(line) <= LONGEST_PATTERN else None
    if tokens is None:
        return None  # git, too, lets a broken pattern match nothing
    regex = _regex(tokens if anchored else [_FOLDERS, *tokens])
    return re.compile(regex, re.DOTALL).fullmatch, negated, folders_only, anchored


_STAR = "[^/]*"
_FOLDERS = "(?:[^/]*/)*"


def _tokens(glob: str) -> list[str] | None:
    """A glob as pieces of a regular expression: `_STAR`, which stops at `/`, `_FOLDERS` for `**/`, and what has a fixed length; `**` at the end
    stands for all that is left. None where git finds it malformed."""
    out: list[str] = []
    at = 0
    while at < len(glob):
        char = glob[at]
        if char == "*":
            stars = re.compile(r"\*+").match(glob, at)
            end = stars.end() if stars else at + 1
            alone = (at == 0 or glob[at - 1] == "/") and (end == len(glob) or glob[end] == "/")
            if end - at < 2 or not alone:
                out.append(_STAR)
            elif end == len(glob):
                out.append(".+" if at else ".*")
            else:
                out.append(_FOLDERS)
                end += 1
            at = end
        elif char == "?":
            out.append("[^/]")
            at += 1
        elif char == "[":
            found = _bracket(glob, at)
            if found is None:
                return None
            piece, at = found
            out.append(piece)
        else:
            if char == "\\":
                at += 1
                if at == len(glob):
                    return None
            out.append(re.escape(glob[at]))
            at += 1
    return out


def _regex(tokens: Sequence[str]) -> str:
    """A regular expression for a whole path, which takes quadratic time at most: what is found first is kept wherever what
    follows can begin as well at any later place, as behind all but the last `**/`, and all but the last `*` up to a `/`."""
    names = (f"p{number}" for number in itertools.count())

    def kept(piece: str) -> str:  # an atomic group, which Python has from 3.11 on
        name = next(names)
        return f"(?=(?P<{name}>{piece}))(?P={name})"

    runs = _split(tokens, _FOLDERS)
    found = ""
    for place, run in enumerate(runs):
        is_last = place == len(runs) - 1
        first, *others = ("".join(chunk) for chunk in _split(run, _STAR))
        piece = f"{_FOLDERS}?{first}" if place else first
        for number, chunk in enumerate(others, 1):
            piece += f"{_STAR}{chunk}" if is_last and number == len(others) else kept(f"{_STAR}?{chunk}")
        found += piece if is_last or not place else kept(piece)
    return found


def _split(tokens: Sequence[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == separator:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


def _bracket(glob: str, at: int) -> tuple[str, int] | None:
    """The set that opens at `at` as a regular expression, and where it ends; None if git finds it malformed.

    Follows git's wildmatch.c: the first `]` is a member, a range's ends may be escaped, one that runs backwards has
    only its first end, and `/` is never a member.
    """
    at += 1
    negated = glob[at : at + 1] in ("!", "^")
    at += negated
    items, previous, first = "", "", True
    while first or glob[at : at + 1] != "]":
        first = False
        char = glob[at : at + 1]
        named = re.compile(r"\[:([^\]]*):\]").match(glob, at)
        if named:
            if named[1] not in _CLASSES:
                return None
            items, previous, at = items + _CLASSES[named[1]], "", named.end()
            continue
        if char == "-" and previous and glob[at + 1 : at + 2] not in ("", "]"):
            at += 1 if glob[at + 1] != "\\" else 2
            end = glob[at : at + 1]
            if end and previous <= end:
                items += f"{re.escape(previous)}-{re.escape(end)}"
            previous = ""
        else:
            if char == "\\":
                at += 1
                char = glob[at : at + 1]
            items, previous = items + re.escape(char), char
        at += 1
        if at >= len(glob):
            return None
    return f"(?!/)[{'^' if negated else ''}{items}]", at + 1


@functools.lru_cache(maxsize=256)
def patterns(lines: tuple[str, ...], base: str) -> Patterns:
    """`Patterns` that are compiled once for all folders that share them."""
    return Patterns(lines, base)


def levels_for(settings: Settings, absolute: str) -> dict[str, str]:
    """The levels that the user set for one file: later ones win, and a later `all` wins over every rule before it.

    "default" stands for a rule that was asked for by name: the level it had, unless that was "off".
    """
    named: dict[str, str] = {}
    levels: dict[str, str] = {}
    tables = [settings.rules]
    tables += [
        table
        for glob, table in settings.per_file_rules
        if _selects(patterns((glob,), settings.folder), absolute, settings.folder)
    ]
    tables.append(settings.command_line_rules)
    for table in tables:
        # Within one table `all` stands for the rules that are not named, wherever it is written.
        for rule, level in sorted(table, key=lambda entry: entry[0] != "all"):
            if rule == "all":
                levels.clear()
            if level == "default":
                level = named.get(rule, "default")
            elif level != "off":
                named[rule] = level
            levels[rule] = level
    return levels


def _selects(one: Patterns, absolute: str, folder: str) -> bool:
    """Whether a pattern names the file or a folder above it."""
    path, is_folder = absolute, False
    while len(path) > len(folder):
        if one.match(path, is_folder):
            return True
        path, is_folder = os.path.dirname(path), True
    return False


# The search ---------------------------------------------------------------------------------------


def discover(
    paths: Sequence[str], settings_of: Callable[[str], Settings | Failure]
) -> tuple[list[Target], list[Failure]]:
    """The files that `paths` (files and folders, the current folder if there are none) name, each once.

    `settings_of` gives the settings for the files of an absolute folder; files under a broken configuration are left
    out, as nobody can tell what it wanted (the configuration itself is reported by whoever reads it).
    """
    search = _Search(settings_of)
    for path in paths or (".",):
        search.add(path)
    return search.targets(), search.failures


class _Search:
    def __init__(self, settings_of: Callable[[str], Settings | Failure]) -> None:
        self._settings_of = settings_of
        self._found: dict[str, tuple[Target, bool]] = {}  # by real path; True where the file was reached by a link
        self.failures: list[Failure] = []
        self._ignore_files: dict[str, Patterns | None] = {}

    def targets(self) -> list[Target]:
        return [target for target, _ in self._found.values()]

    def add(self, path: str) -> None:
        absolute = os.path.abspath(path)
        if os.path.isdir(absolute):
            settings = self._settings_of(absolute)
            if isinstance(settings, Failure):
                return
            if settings.force_exclude and self._excluded_above(absolute, settings, True):
                return
            self._walk(absolute, named(path), absolute, settings, ignores_above(absolute, self._ignores))
        elif os.path.exists(absolute):
            self._named_file(path, absolute)
        else:
            self._fail("usage", named(path), "no such file or folder")

    def _named_file(self, path: str, absolute: str) -> None:
        settings = self._settings_of(os.path.dirname(absolute))
        if isinstance(settings, Failure):
            return
        if settings.force_exclude and self._excluded_above(absolute, settings, False):
            return
        self._take(named(path), absolute, top_of(absolute), settings, link=False)

    def _walk(
        self, folder: str, path: str, top: str, settings: Settings, ignores: tuple[Patterns, ...], depth: int = 0
    ) -> None:
        if depth > DEEPEST_FOLDER:
            self._fail("unreadable", path, f"folders nest more than {DEEPEST_FOLDER} deep here")
            return
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self._fail("unreadable", path, f"cannot read the folder: {error.strerror}")
            return
        names = {entry.name for entry in entries}
        if "pyvenv.cfg" in names and folder != top:
            return
        if settings.respect_gitignore:
            if ".git" in names and folder != top:
                ignores = ()  # a repository inside another one has its own rules
            ignores = (*ignores, *self._ignores(folder))
        prefix = "" if path == "." else path.rstrip("/") + "/"
        for entry in entries:
            is_link = entry.is_symlink()
            try:
                is_folder = entry.is_dir()
            except OSError:
                continue
            if is_folder and is_link:
                continue  # as git does: a link into the tree is a double, a link out of it is another project
            if _excluded(entry.path, is_folder, settings, ignores):
                continue
            if is_folder:
                below = self._settings_of(entry.path)
                if not isinstance(below, Failure):
                    self._walk(entry.path, prefix + entry.name, top, below, ignores, depth + 1)
            elif entry.name.endswith(SUFFIXES) and _included(entry.path, settings) and os.path.isfile(entry.path):
                self._take(prefix + entry.name, entry.path, top, settings, link=is_link)

    def _take(self, path: str, absolute: str, top: str, settings: Settings, link: bool) -> None:
        real = os.path.realpath(absolute)
        known = self._found.get(real)
        if known is None or (known[1] and not link):
            self._found.pop(real, None)
            self._found[real] = (Target(path, absolute, top, settings), link)

    def _excluded_above(self, absolute: str, settings: Settings, is_folder: bool) -> bool:
        """Whether a search from the settings' folder would have left this path, or a folder above it, out."""
        ignores = ignores_above(absolute, self._ignores) if settings.respect_gitignore else ()
        path, inside = absolute, settings.folder.rstrip(os.sep) + os.sep
        while path == absolute or path.startswith(inside):
            if _excluded(path, is_folder, settings, ignores):
                return True
            path, is_folder = os.path.dirname(path), True
        return False

    def _ignores(self, folder: str) -> tuple[Patterns, ...]:
        """What the ignore files of one folder say, the stronger last."""
        found = []
        for name in (os.path.join(".git", "info", "exclude"), ".gitignore"):
            path = os.path.join(folder, name)
            if path not in self._ignore_files:
                self._ignore_files[path] = self._ignore_file(path, folder)
            known = self._ignore_files[path]
            if known is not None:
                found.append(known)
        return tuple(found)

    def _ignore_file(self, path: str, folder: str) -> Patterns | None:
        try:
            text = content(path, LARGEST_IGNORE_FILE).decode("utf-8", "surrogateescape")
            lines = text.removeprefix("\ufeff").splitlines()
            if len(lines) > MOST_PATTERNS:
                raise Refused(path, f"more than {MOST_PATTERNS} lines")
        except Refused as error:
            self._fail(
                "unreadable", shown(path), f"cannot read the ignore file, so that it ignores nothing: {error.strerror}"
            )
            return None
        except OSError:
            return None
        return Patterns(lines, folder)

    def _fail(self, kind: Literal["usage", "unreadable"], path: str, message: str) -> None:
        self.failures.append(Failure(kind, Location(path, 0, 0, 0, 0), message))


def top_of(absolute: str) -> str:
    """The folder that bounds the search for the root of a file that was named itself: the current one if it lies
    below, else its own."""
    here = os.getcwd()
    return here if absolute.startswith(here.rstrip(os.sep) + os.sep) else os.path.dirname(absolute)


def ignores_above(path: str, ignores: Callable[[str], tuple[Patterns, ...]]) -> tuple[Patterns, ...]:
    """The ignore files that hold for `path`, from its repository's top down to the folder above; none outside one."""
    folders = []
    folder = path
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return ()
        folder = parent
        folders.append(folder)
    return tuple(one for folder in reversed(folders) for one in ignores(folder))


def named(path: str) -> str:
    """A path as the user named it, without `./` and with forward slashes."""
    return os.path.normpath(path).replace(os.sep, "/")


def _excluded(path: str, is_folder: bool, settings: Settings, ignores: Sequence[Patterns]) -> bool:
    for lines in (settings.extend_exclude, settings.exclude):
        verdict = patterns(lines, settings.folder).match(path, is_folder)
        if verdict is not None:
            if verdict:
                return True
            break  # taken in again
    if settings.respect_gitignore:
        for one in reversed(ignores):
            verdict = one.match(path, is_folder)
            if verdict is not None:
                return verdict
    return False


def _included(path: str, settings: Settings) -> bool:
    return patterns(settings.include, settings.folder).match(path, False) is True
