"""Results kept between runs, so that what has not changed is neither parsed nor analysed again.

An entry holds the digest of every file that its result rests on, and is worth nothing once one of them differs. Entries
are JSON, never pickle: a cache folder can come with a repository that one has just cloned. Decoding builds nothing but
shapelint's own frozen dataclasses and plain data.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

from shapelint import __version__

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
        return kind(**{name: _decode(item) for name, item in zip(names, data["of"], strict=True)})
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


class Cache:
    """A folder of results; with `folder` None nothing is kept or found, which is what `--no-cache` means."""

    def __init__(self, folder: str | None) -> None:
        self._folder = os.path.join(folder, _build()) if folder is not None else None
        self._digests: Files = {}
        self._ready = False
        self.hits = 0

    def digest(self, path: str) -> str:
        """What stands at `path`, as it was when this run first looked: a file by its content, a folder by the modules
        that it offers; "" if there is nothing to read."""
        known = self._digests.get(path)
        if known is None:
            data: bytes | None
            try:
                with open(path, "rb") as stream:
                    data = stream.read()
            except IsADirectoryError:
                data = _modules(path)
            except OSError:
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
            with open(entry, encoding="utf-8") as stream:
                document = json.load(stream)
            if any(self.digest(path) != digest for path, digest in document["files"].items()):
                return None
            value = decode(document["value"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None  # not there, cut short, or not ours
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
            with open(draft, "w", encoding="utf-8") as stream:
                json.dump(document, stream, separators=(",", ":"))
            os.replace(draft, entry)
        except OSError:
            self._folder = None

    def _entry(self, key: Iterable[str]) -> str | None:
        if self._folder is None:
            return None
        text = "\0".join(key).encode("utf-8", "surrogatepass")
        return os.path.join(self._folder, hashlib.blake2b(text, digest_size=16).hexdigest() + ".json")

    def _prepare(self, folder: str) -> None:
        """Makes the folder, invisible to git and to backups, and drops what other builds of shapelint left."""
        parent = os.path.dirname(folder)
        if not os.path.isdir(parent):
            os.makedirs(parent)
            with open(os.path.join(parent, ".gitignore"), "w", encoding="utf-8") as stream:
                stream.write("# Made by shapelint.\n*\n")
            with open(os.path.join(parent, "CACHEDIR.TAG"), "w", encoding="utf-8") as stream:
                stream.write("Signature: 8a477f597d28d172789f06886806bc55\n# This folder holds shapelint's cache.\n")
        elif not os.path.isdir(folder) and os.path.exists(os.path.join(parent, "CACHEDIR.TAG")):
            for name in os.listdir(parent):
                if name.startswith("build-"):
                    _remove(os.path.join(parent, name))
        os.makedirs(folder, exist_ok=True)
        self._ready = True


def _modules(folder: str) -> bytes | None:
    """The names in a folder that an import could mean."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return None
    offered = [name for name in names if name.endswith(".py") or (name.isidentifier() and name != "__pycache__")]
    return "\n".join(offered).encode("utf-8", "surrogatepass")


def _remove(folder: str) -> None:
    if os.path.islink(folder) or not os.path.isdir(folder):
        return
    for name in os.listdir(folder):
        if name.endswith(".json") or ".json." in name:
            os.unlink(os.path.join(folder, name))
    os.rmdir(folder)


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
