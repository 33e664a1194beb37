"""Users' own ops: files of the same form as those of this folder, named by the configuration (`ops = ["my_ops.py"]`).

Such a file is the user's own configuration and is executed as Python, by his explicit choice; analysed code never is.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import traceback
from collections.abc import Iterable
from contextlib import redirect_stdout
from types import ModuleType

from shapelint.ops.contract import Op
from shapelint.ops.index import DuplicateOp, built_in, ops_of

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
_loaded: dict[str, tuple[bytes, tuple[Op, ...]]] = {}


class BrokenOpFile(Exception):
    """An op file that cannot be used: `message` says why, `line` where in the file (0 where no line is to blame). `missing` where there is
    no file to read."""

    def __init__(self, path: str, message: str, line: int = 0, *, missing: bool = False) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.line = line
        self.missing = missing


def load(path: str) -> tuple[Op, ...]:
    """The ops that the file at `path` (absolute) makes at its top level, in order; those that it imports from shapelint are not its own.

    Each is renamed to the first name it goes by, since rules know torch's ops by their short names. A file is executed again only where its
    content has changed. Raises BrokenOpFile.
    """
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise BrokenOpFile(path, "cannot read the op file: not a regular file", missing=True)
        with open(path, "rb") as stream:
            content = stream.read()
    except OSError as error:
        raise BrokenOpFile(path, f"cannot read the op file: {error.strerror}", missing=True) from None
    known = _loaded.get(path)
    if known is None or known[0] != content:
        known = _loaded[path] = (content, _ops(path, _executed(path, content)))
    return known[1]


def named(paths: Iterable[str]) -> dict[str, Op]:
    """The ops of several files by every name that they go by. Raises BrokenOpFile, also where two claim one name."""
    found: dict[str, Op] = {}
    for path in paths:
        for op in load(path):
            for name in op.torch:
                if found.setdefault(name, op) is not op:
                    raise BrokenOpFile(path, f"two ops claim the name `{name}`")
    return found


def _executed(path: str, content: bytes) -> ModuleType:
    module = ModuleType("shapelint_own_ops_" + re.sub(r"\W", "_", path))
    module.__file__ = path
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        with redirect_stdout(sys.stderr):  # stdout is for findings
            exec(compile(content, path, "exec"), module.__dict__)
    except SyntaxError as error:
        line = (error.lineno or 0) if error.filename == path else _line(path, error)
        raise BrokenOpFile(path, f"the op file cannot be loaded: {type(error).__name__}: {error.msg}", line) from error
    except (Exception, SystemExit) as error:
        told = f"{type(error).__name__}: {error}".rstrip(": ").replace("\n", " ")
        raise BrokenOpFile(path, f"the op file cannot be loaded: {told}", _line(path, error)) from error
    return module


def _line(path: str, error: BaseException) -> int:
    """The last line of the file that was being executed."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno or 0 for frame in reversed(frames) if frame.filename == path), 0)


def _ops(path: str, module: ModuleType) -> tuple[Op, ...]:
    try:
        found = ops_of(module).values()
    except DuplicateOp as error:
        raise BrokenOpFile(path, str(error).partition(": ")[2]) from error
    own = tuple(op for op in found if not (op.torch and built_in(op.torch[0]) is op))
    if not own:
        raise BrokenOpFile(path, "the op file makes no op: `op(...)` or `layer(...)` at its top level makes one")
    for op in own:
        _check_form(path, op)
    for op in own:
        op.name = op.torch[0]
    return own


def _check_form(path: str, op: Op) -> None:
    """Raises BrokenOpFile where an op lacks what every op has."""
    if not op.torch:
        raise BrokenOpFile(path, f"op `{op.name}` goes by no name")
    for name in op.torch:
        if not isinstance(name, str) or not _DOTTED.fullmatch(name):
            raise BrokenOpFile(
                path, f"op `{op.name}`: {name!r} is no dotted name, such as `mylib.kernels.fused_linear`"
            )
    rule = op._rule
    if rule is None:
        raise BrokenOpFile(path, f"op `{op.name}` has no rule")
    leading = ("cx", "layer") if op.is_layer else ("cx",)
    for signature in (op.call,) if op.call is not None else op.signatures:
        try:
            inspect.signature(rule).bind(*leading, **dict.fromkeys(p.name for p in signature.params))
        except TypeError as error:
            raise BrokenOpFile(
                path,
                f"op `{op.name}`: its rule does not take ({', '.join(leading)}, {signature.text}): {error}",
                rule.__code__.co_firstlineno if hasattr(rule, "__code__") else 0,
            ) from None


__all__ = ["BrokenOpFile", "load", "named"]
