"""Results kept between runs, so that what has not changed is neither parsed nor analysed again.

An entry holds the digest of every file that its result rests on, and is worth nothing once one of them differs. Entries
are JSON, never pickle: a cache folder can come with a repository that one has just cloned. Decoding builds nothing but
shapelint's own frozen dataclasses, each field of the type that it has there, and plain data.

Each build of shapelint has a folder of its own, so that an editor's and a hook's stand side by side. What nobody used for
long goes, and the oldest of what is too much.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import Any

from shapelint import __version__
from shapelint.surroundings import Refused, content

LARGEST_ENTRY = 64 << 20
LARGEST_FILE = 64 << 20
"""What is larger is not read for its content, as the analysis does not."""
MOST_ENTRIES, MOST_BYTES = 10_000, 256 << 20
"""So much a build may keep; beyond it the oldest quarter goes."""
MOST_BUILDS = 6
UNUSED_DAYS = 30
"""The folder of a build that was not used for so long goes, and the least recently used of more than `MOST_BUILDS`."""
DRAFT_SECONDS = 3600
"""A draft that was not finished for so long never will be."""

Files = dict[str, str]
"""Absolute path -> digest; "" stands for what was not there."""


class Undecodable(ValueError):
    """The data is not what `encode` gives, or speaks of classes that no longer exist."""


def encode(value: Any) -> Any:
    """Frozen dataclasses, containers, bytes and plain data as JSON values; TypeError for anything else."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, tuple) and type(value) is tuple:
        return [encode(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {"is": _name(type(value)), "of": [encode(getattr(value, one.name)) for one in fields(value) if one.init]}
    if isinstance(value, list):
        return {"list": [encode(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(key), encode(item)] for key, item in value.items()]}
    if isinstance(value, (set, frozenset)):
        items = sorted((encode(item) for item in value), key=json.dumps)
        return {"set" if isinstance(value, set) else "frozenset": items}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if value is Ellipsis:
        return {"ellipsis": True}
    raise TypeError(f"{type(value).__name__} cannot be kept in the cache")


def decode(data: Any) -> Any:
    """The value that `encode` was given; raises `Undecodable` for anything else."""
    try:
        return _decode(data)
    except Undecodable:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, ImportError, RecursionError) as error:
        raise Undecodable(str(error)) from error


def _decode(data: Any) -> Any:
    if data is None or isinstance(data, (bool, int, float, str)):
        return data
    if isinstance(data, list):
        return tuple(_decode(item) for item in data)
    if "of" in data:
        kind = _class(data["is"])
        names = [one.name for one in fields(kind) if one.init]
        if len(names) != len(data["of"]):
            raise Undecodable(f"{data['is']} has other fields")
        values = [_decode(item) for item in data["of"]]
        for name, value, fits in zip(names, values, _checks(kind), strict=True):
            if not fits(value):
                raise Undecodable(f"{name} of {data['is']} is no {type(value).__name__}")
        return kind(**dict(zip(names, values, strict=True)))
    ((tag, content),) = data.items()
    if tag == "list":
        return [_decode(item) for item in content]
    if tag == "dict":
        return {_decode(key): _decode(item) for key, item in content}
    if tag == "set":
        return {_decode(item) for item in content}
    if tag == "frozenset":
        return frozenset(_decode(item) for item in content)
    if tag == "complex":
        return complex(*content)
    if tag == "bytes":
        return bytes.fromhex(content)
    if tag == "ellipsis":
        return Ellipsis
    raise Undecodable(f"unknown tag {tag}")


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


_classes: dict[str, Any] = {}


def _class(name: str) -> Any:
    """A frozen dataclass of shapelint by the name that `_name` gives; nothing else can be named."""
    known = _classes.get(name)
    if known is None:
        module, _, qualname = name.partition(":")
        if not module.startswith("shapelint.") or module.endswith("__main__"):
            raise Undecodable(f"{name} is not shapelint's")
        known = importlib.import_module(module)
        for part in qualname.split("."):
            known = getattr(known, part)
        if not isinstance(known, type) or known.__module__ != module:
            raise Undecodable(f"{name} is not a class of its module")
        frozen = getattr(getattr(known, "__dataclass_params__", None), "frozen", False)
        if not frozen:
            raise Undecodable(f"{name} is not a frozen dataclass")
        _classes[name] = known
    return known


# Types of fields -----------------------------------------------------------------------------------

Check = Callable[[Any], bool]
_PLAIN: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bytes": (bytes,),
    "int": (int,),
    "bool": (bool,),
    "float": (float, int),
    "None": (type(None),),
}
_CONTAINERS: dict[str, type] = {"tuple": tuple, "list": list, "set": set, "frozenset": frozenset, "dict": dict}
_checked: dict[type, tuple[Check, ...]] = {}


def _checks(kind: type) -> tuple[Check, ...]:
    """For each field that the constructor takes whether a value has its type, as far as the annotation tells. They are read here since
    `typing.get_type_hints` takes longer than the rest of a run whose files are all in the cache."""
    known = _checked.get(kind)
    if known is None:
        names = vars(sys.modules[kind.__module__])
        texts = [one.type if isinstance(one.type, str) else "object" for one in fields(kind) if one.init]
        known = _checked[kind] = tuple(_check(ast.parse(text, mode="eval").body, names) for text in texts)
    return known


def _check(hint: ast.expr, names: dict[str, Any]) -> Check:
    if isinstance(hint, ast.BinOp):
        either = (_check(hint.left, names), _check(hint.right, names))
        return lambda value: either[0](value) or either[1](value)
    if isinstance(hint, ast.Constant):
        return (
            _named("None", names) if hint.value is None else _check(ast.parse(str(hint.value), mode="eval").body, names)
        )
    if isinstance(hint, ast.Subscript):
        return _subscripted(hint, names)
    return _named(hint.attr if isinstance(hint, ast.Attribute) else getattr(hint, "id", "object"), names)


def _subscripted(hint: ast.Subscript, names: dict[str, Any]) -> Check:
    base = getattr(hint.value, "id", "")
    inner = list(hint.slice.elts) if isinstance(hint.slice, ast.Tuple) else [hint.slice]
    if base == "Literal":
        options = [ast.literal_eval(one) for one in inner]
        return lambda value: type(value) in (str, int, bool) and value in options
    if base not in _CONTAINERS:
        return _named(base, names)
    container: Any = _CONTAINERS[base]
    if base == "tuple" and not (isinstance(inner[-1], ast.Constant) and inner[-1].value is ...):
        each = [_check(one, names) for one in inner]
        return lambda value: (
            type(value) is tuple
            and len(value) == len(each)
            and all(fits(v) for fits, v in zip(each, value, strict=True))
        )
    key, held = _check(inner[0], names), _check(inner[-1], names)
    if base == "dict":
        return lambda value: type(value) is dict and all(key(k) and held(v) for k, v in value.items())
    return lambda value: type(value) is container and _each(key, value)


def _each(fits: Check, values: Iterable[Any]) -> bool:
    return all(map(fits, values))


def _named(name: str, names: dict[str, Any]) -> Check:
    if name in _PLAIN:
        allowed = _PLAIN[name]
        return lambda value: type(value) in allowed
    if name in _CONTAINERS:
        container = _CONTAINERS[name]
        return lambda value: type(value) is container
    meant = names.get(name)
    literals = getattr(meant, "__args__", ()) if str(meant).startswith("typing.Literal") else ()
    if literals:
        return lambda value: type(value) in (str, int, bool) and value in literals
    if isinstance(meant, type):
        return lambda value: isinstance(value, meant)
    if meant is None:  # imported for type checkers alone
        return lambda value: any(one.__name__ == name for one in type(value).__mro__)
    return lambda value: True  # a variable of a generic class


# The folder ----------------------------------------------------------------------------------------


class Cache:
    """A folder of results; with `folder` None nothing is kept or found, which is what `--no-cache` means."""

    def __init__(self, folder: str | None) -> None:
        self._folder = os.path.join(folder, _build()) if folder is not None else None
        self._digests: Files = {}
        self._ready = False
        self.hits = 0

    @property
    def folder(self) -> str | None:
        """Where this build keeps its results; None where nothing is kept."""
        return self._folder

    def digest(self, path: str) -> str:
        """What stands at `path`, as it was when this run first looked: a file by its content, a folder by the modules
        that it offers; "" if there is nothing to read."""
        known = self._digests.get(path)
        if known is None:
            data: bytes | None
            try:
                data = content(path, LARGEST_FILE)
            except IsADirectoryError:
                data = _modules(path)
            except Refused as refused:
                data = str(refused.strerror).encode()
            except (OSError, ValueError):
                data = _modules(path) if os.path.isdir(path) else None  # Windows denies to open a folder
            known = "" if data is None else hashlib.blake2b(data, digest_size=16).hexdigest()
            self._digests[path] = known
        return known

    def find(self, key: Iterable[str]) -> Any:
        """What was stored under `key`, if every file that it rests on is as it was; else None."""
        entry = self._entry(key)
        if entry is None:
            return None
        try:
            document = json.loads(content(entry, LARGEST_ENTRY))
            if any(self.digest(path) != digest for path, digest in document["files"].items()):
                return None
            value = decode(document["value"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None  # not there, cut short, or not ours
        if not self.hits:
            with suppress(OSError):
                os.utime(os.path.dirname(entry))  # this build is in use
        self.hits += 1
        return value

    def store(self, key: Iterable[str], files: Iterable[str], value: Any) -> None:
        """Keeps `value`, which rests on the content of `files`; a folder that cannot be written is no fault."""
        entry = self._entry(key)
        if entry is None or self._folder is None:
            return
        try:
            document = {"files": {path: self.digest(path) for path in files}, "value": encode(value)}
        except TypeError:  # a value that the codec does not know costs speed, never a result
            if os.environ.get("SHAPELINT_TRACEBACK") == "1":
                raise
            return
        draft = f"{entry}.{os.getpid()}"
        try:
            if not self._ready:
                self._prepare(self._folder)
            with open(draft, "x", encoding="utf-8") as stream:  # never through a link that stands there
                json.dump(document, stream, separators=(",", ":"))
            os.replace(draft, entry)
        except FileExistsError:
            return
        except OSError:
            self._folder = None

    def _entry(self, key: Iterable[str]) -> str | None:
        if self._folder is None:
            return None
        text = "\0".join(key).encode("utf-8", "surrogatepass")
        return os.path.join(self._folder, hashlib.blake2b(text, digest_size=16).hexdigest() + ".json")

    def _prepare(self, folder: str) -> None:
        """Makes the folder, invisible to git and to backups, and drops what has had its time."""
        parent = os.path.dirname(folder)
        if not os.path.isdir(parent):
            os.makedirs(parent)
            with open(os.path.join(parent, ".gitignore"), "w", encoding="utf-8") as stream:
                stream.write("# Made by shapelint.\n*\n")
            with open(os.path.join(parent, "CACHEDIR.TAG"), "w", encoding="utf-8") as stream:
                stream.write("Signature: 8a477f597d28d172789f06886806bc55\n# This folder holds shapelint's cache.\n")
        os.makedirs(folder, exist_ok=True)
        os.utime(folder)
        if os.path.exists(os.path.join(parent, "CACHEDIR.TAG")):
            _sweep_builds(parent, folder)
        _sweep(folder)
        self._ready = True


def _sweep_builds(parent: str, own: str) -> None:
    """Removes the folders of builds that are not in use any more."""
    others = []
    with os.scandir(parent) as listing:
        for entry in listing:
            if entry.name.startswith("build-") and entry.is_dir(follow_symlinks=False) and entry.path != own:
                others.append((entry.stat().st_mtime, entry.path))
    others.sort(reverse=True)
    oldest = time.time() - UNUSED_DAYS * 86400
    for place, (used, path) in enumerate(others, 1):
        if place >= MOST_BUILDS or used < oldest:
            _remove(path)


def _sweep(folder: str) -> None:
    """Removes drafts that were left, and the oldest quarter where there is too much."""
    entries = []
    drafts_until = time.time() - DRAFT_SECONDS
    with os.scandir(folder) as listing:
        for entry in listing:
            status = entry.stat(follow_symlinks=False)
            if entry.name.endswith(".json"):
                entries.append((status.st_mtime, status.st_size, entry.path))
            elif ".json." in entry.name and status.st_mtime < drafts_until:
                _unlink(entry.path)
    if len(entries) > MOST_ENTRIES or sum(size for _, size, _ in entries) > MOST_BYTES:
        entries.sort()
        spare = len(entries) - MOST_ENTRIES * 3 // 4
        left = sum(size for _, size, _ in entries)
        for place, (_, size, path) in enumerate(entries):
            if place >= spare and left <= MOST_BYTES * 3 // 4:
                break
            _unlink(path)
            left -= size


def _modules(folder: str) -> bytes | None:
    """The names in a folder that an import could mean."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return None
    offered = [name for name in names if name.endswith(".py") or (name.isidentifier() and name != "__pycache__")]
    return "\n".join(offered).encode("utf-8", "surrogatepass")


def _remove(folder: str) -> None:
    """Removes a build's folder with what shapelint writes there; anything else keeps it."""
    with suppress(OSError):
        for name in os.listdir(folder):
            if name.endswith(".json") or ".json." in name:
                _unlink(os.path.join(folder, name))
        os.rmdir(folder)


def _unlink(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


def _build() -> str:
    """Names this very build of shapelint: a result of other code, even of the same version, is not taken."""
    state = hashlib.blake2b(__version__.encode(), digest_size=8)
    folders = [os.path.dirname(os.path.abspath(__file__))]
    while folders:
        with os.scandir(folders.pop()) as listing:
            for entry in sorted(listing, key=lambda one: one.name):
                if entry.name == "__pycache__":
                    continue
                if entry.is_dir():
                    folders.append(entry.path)
                else:
                    status = entry.stat()
                    state.update(f"{entry.name} {status.st_mtime_ns} {status.st_size}\n".encode())
    return f"build-{state.hexdigest()}"
