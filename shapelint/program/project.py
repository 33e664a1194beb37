"""A project: which files belong together, and what an import in one of them means.

Imports are resolved by looking at folders, as Python would if the project were run from its root; nothing outside of
the project's root is ever opened, so that what is installed on the machine never matters.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from copy import copy
from functools import cached_property
from typing import Any

from shapelint.diagnostics import Failure
from shapelint.program.lower import Lowered, lower
from shapelint.source.comments import Comment, comments
from shapelint.source.notebook import readable_cells
from shapelint.source.parse import parse
from shapelint.source.suppressions import Suppressions, suppressions
from shapelint.source.text import Source, from_text, read, shown

_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
# What shapelint knows by itself. A sibling file of that name (`backends/torch.py`) is never what `import torch` means.
_KNOWN_OUTSIDE = frozenset(("torch", "numpy", "torchvision", "torchaudio"))
_INSTALLED = frozenset(("site-packages", "dist-packages", "node_modules"))
_IMPORT = re.compile(r"\b(?:from\s+([.\w]+)\s*import\b|import\s+([\w.,\s\\]+))")


def find_root(path: str | os.PathLike[str], top: str | os.PathLike[str]) -> str:
    """The root of the project that the file at `path` belongs to, absolute.

    It is the nearest folder around the file that holds a project's marker, up to and including `top`, the folder
    that was passed; else the folder that holds the file's package, as far as that lies within `top`; else the file's
    own folder.
    """
    folder = own = os.path.dirname(os.path.abspath(path))
    top = os.path.abspath(top)
    package = own
    in_package = os.path.isfile(os.path.join(own, "__init__.py"))
    while True:
        if any(os.path.exists(os.path.join(folder, marker)) for marker in _MARKERS):
            return folder
        parent = os.path.dirname(folder)
        if folder == top or parent == folder or not _within(folder, top):
            return package
        if in_package:
            package = parent
            in_package = os.path.isfile(os.path.join(parent, "__init__.py"))
        folder = parent


def concerns_torch(text: str) -> bool:
    """Whether a file can concern torch at all, by a look at its text; False is certain, True is not.

    A file concerns torch if it names it, or if it can get hold of a module or tensor through an import. Only an
    import of the standard library surely brings neither: any other could be a file of the project, whose own imports
    are not known yet.
    """
    if "torch" in text:
        return True
    for match in _IMPORT.finditer(text):
        for name in (match[1] or match[2]).split(","):
            words = name.replace("\\", " ").split()
            if words and words[0].partition(".")[0] not in sys.stdlib_module_names:
                return True
    return False


class LoadedModule:
    """A parsed and lowered file. `name` is its dotted name within the project."""

    def __init__(self, source: Source, lowered: Lowered) -> None:
        self.source = source
        self.lowered = lowered
        self.absolute = source.absolute
        self.name = lowered.module.name

    def __repr__(self) -> str:
        return f"LoadedModule({self.name!r}, {str(self.absolute)!r})"

    @property
    def path(self) -> str:
        """The path as the run names it."""
        return self.lowered.module.path

    @cached_property
    def suppressions(self) -> Suppressions:
        """The suppressions written in the file."""
        return suppressions(self.source)

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """The comments of the file."""
        return comments(self.source)


class Project:
    """The files under one root, each loaded at most once.

    `passed` are the files that the user named, as named; files that they import are read too. `src` are folders,
    relative to the root or absolute, that hold top-level modules. `snapshots`, `store` and `notes` belong to the interpreter: what
    executing each module left, by absolute path, the objects that it made, by address, and what the text of each function told. `broken` holds the
    failure of each file that an import led to and
    that could not be loaded, `faults` what cost an entry (a fault of shapelint) or a cell of a notebook and was not told yet.
    `options` are the numbers that options of a command line are left at, in words, by the file and the name of the option; those that are `opened`
    may be any number.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        passed: Iterable[str | os.PathLike[str]] = (),
        src: Iterable[str] = ("src",),
    ) -> None:
        self.root = os.path.abspath(root)
        self.src = tuple(os.path.normpath(os.path.join(self.root, folder)) for folder in src)
        self.snapshots: dict[str, Any] = {}
        self.store: dict[int, Any] = {}
        self.notes: dict[tuple[str, int], Any] = {}
        self.broken: dict[str, Failure] = {}
        self.faults: list[Failure] = []
        self.options: dict[tuple[str, str], str] = {}
        self.opened: frozenset[tuple[str, str]] = frozenset()
        self._shown = {os.path.abspath(path): shown(path) for path in passed}
        self._loaded: dict[str, LoadedModule | Failure] = {}
        self._found: dict[tuple[str, str, int], str | None] = {}
        self._packages: dict[str, str] = {}

    def with_open_options(self, opened: frozenset[tuple[str, str]]) -> Project:
        """The same files where these options may be any number: what was loaded is kept, what was executed is not."""
        other = copy(self)
        other.snapshots, other.store, other.notes = {}, {}, {}
        other.faults, other.options = [], {}
        other.opened = opened
        return other

    # Loading -------------------------------------------------------------------------------------

    def load(
        self, path: str | os.PathLike[str], text: str | None = None, named: str | None = None
    ) -> LoadedModule | Failure:
        """The file at `path`, read once. `text` stands for the file's own; `named` is the path that reports print."""
        absolute = os.path.abspath(path)
        if absolute not in self._loaded or text is not None:
            if named is None:
                named = self._shown.get(absolute) or _relative(absolute)
            source = read(absolute) if text is None else from_text(absolute, text)
            self._loaded[absolute] = self._lowered(source, named)
        return self._loaded[absolute]

    def take_faults(self) -> tuple[Failure, ...]:
        """The faults since this was asked last."""
        faults, self.faults = tuple(self.faults), []
        return faults

    def at(self, path: str) -> LoadedModule | None:
        """The loaded file that reports call `path`."""
        return next((m for m in self._loaded.values() if isinstance(m, LoadedModule) and m.path == path), None)

    def load_source(self, source: Source) -> LoadedModule | Failure:
        """A source that is not a file of its own, such as a block of a Markdown page; not remembered."""
        tree = parse(source)
        if isinstance(tree, Failure) and source.kind == "notebook":
            source, failures = readable_cells(source)
            tree = parse(source)
            self.faults += () if isinstance(tree, Failure) else failures
        if isinstance(tree, Failure):
            return tree
        absolute = os.fspath(source.absolute)
        is_package = os.path.basename(absolute) == "__init__.py"
        return LoadedModule(source, lower(source, tree, self.module_name(absolute), is_package))

    def _lowered(self, source: Source | Failure, named: str) -> LoadedModule | Failure:
        from dataclasses import replace

        if isinstance(source, Failure):
            return replace(source, location=replace(source.location, path=named))
        return self.load_source(replace(source, path=named))

    def module_name(self, path: str | os.PathLike[str]) -> str:
        """The dotted name under which the project imports the file at `path`."""
        absolute = os.path.splitext(os.path.abspath(path))[0]
        folder = os.path.dirname(absolute)
        base = self._package_parent(folder)
        if base == folder:  # not in a package with an `__init__.py`: named from where its folder can be imported
            base = next((one for one in (*self.src, self.root) if _within(folder, one)), folder)
        parts = os.path.relpath(absolute, base).split(os.sep)
        if parts[-1] == "__init__" and len(parts) > 1:
            parts.pop()
        return ".".join(parts)

    # Resolving -----------------------------------------------------------------------------------

    def resolve(self, importer: LoadedModule, module: str, level: int) -> LoadedModule | None:
        """The module that `import module` means in `importer`, `level` counting the leading dots.

        None where it leaves the project, where it names a folder without `__init__.py`, or where the file cannot be
        loaded.
        """
        path = self.locate(importer.absolute, module, level)
        if path is None:
            return None
        loaded = self.load(path)
        if isinstance(loaded, Failure):
            self.broken[path] = loaded
            return None
        return loaded

    def resolve_name(self, importer: LoadedModule, module: str, level: int, name: str) -> LoadedModule | None:
        """The submodule that `from module import name` means, if `name` is one."""
        return self.resolve(importer, f"{module}.{name}" if module else name, level)

    def locate(self, importer: str | os.PathLike[str], module: str, level: int) -> str | None:
        """The absolute path of the file that an import in the file `importer` means."""
        absolute = os.fspath(importer)
        key = (os.path.dirname(absolute), module, level)
        if key not in self._found:
            self._found[key] = self._locate(key[0], module, level)
        found = self._found[key]
        # A script that bears the name of what it imports (`yaml.py` with `import yaml`) does not mean itself.
        return (
            None if found == absolute and level == 0 and "." not in module and not self._in_package(key[0]) else found
        )

    def _locate(self, folder: str, module: str, level: int) -> str | None:
        parts = module.split(".") if module else []
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            return self._file(folder, parts)
        if not parts or parts[0] in _KNOWN_OUTSIDE:
            return None
        bases = [*self.src, self._package_parent(folder)]
        # A module inside a package sees no siblings unless it is run as a script, and then not the standard
        # library's names.
        if not self._in_package(folder) or parts[0] not in sys.stdlib_module_names:
            bases.append(folder)
        bases.append(self.root)
        for base in dict.fromkeys(bases):
            found = self._file(base, parts)
            if found is not None:
                return found
        return None

    def _file(self, base: str, parts: list[str]) -> str | None:
        """The file of a module below `base`: a package's `__init__.py` goes before a file of the same name."""
        path = os.path.join(base, *parts)
        for candidate in (
            (os.path.join(path, "__init__.py"), path + ".py") if parts else (os.path.join(path, "__init__.py"),)
        ):
            if os.path.isfile(candidate):
                return candidate if self._inside(candidate) else None
        return None

    def _inside(self, path: str) -> bool:
        return any(
            _within(path, folder) and _INSTALLED.isdisjoint(os.path.relpath(path, folder).split(os.sep))
            for folder in (self.root, *self.src)
        )

    def _in_package(self, folder: str) -> bool:
        return self._package_parent(folder) != folder

    def _package_parent(self, folder: str) -> str:
        """The folder that holds the outermost package around a file in `folder`; itself if that is no package."""
        found = self._packages.get(folder)
        if found is None:
            found = folder
            while os.path.isfile(os.path.join(found, "__init__.py")) and os.path.dirname(found) != found:
                found = os.path.dirname(found)
            self._packages[folder] = found
        return found


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _relative(absolute: str) -> str:
    """A file that the user did not name, as seen from where the run began if it lies below."""
    here = os.getcwd()
    return shown(os.path.relpath(absolute, here) if _within(absolute, here) else absolute)
