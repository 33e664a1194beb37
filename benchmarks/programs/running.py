"""What torch makes of a program: whether it ends, what raised and where, which lines ran, and the shape of every tensor expression."""

from __future__ import annotations

import ast
import builtins
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECONDS = 20
_NOT_OVER_SIZES = (
    "dtype",
    "scalar type",
    "Float but",
    "Long but",
    "ImportError",
    "FileNotFound",
    "Expected all tensors to be on",
)
_KINDS = ("RuntimeError", "IndexError", "ValueError", "TypeError", "AssertionError")


@dataclass(frozen=True, slots=True)
class Ran:
    """`raised` is the error's name and message, "" where the program ended; `line` and `op` where it came from. `shapes` are those that each
    tensor expression had, by (line, column, end line, end column)."""

    raised: str = ""
    line: int = 0
    op: str = ""
    in_torch: bool = False
    lines: frozenset[int] = frozenset()
    shapes: Mapping[tuple[int, int, int, int], list[list[int]]] = field(default_factory=dict)

    @property
    def over_sizes(self) -> bool:
        """Whether torch refused the sizes of something, or their number."""
        kind, _, message = self.raised.partition(": ")
        if kind not in _KINDS or any(word in message for word in _NOT_OVER_SIZES):
            return False
        return self.in_torch or "to unpack" in message or "index out of range" in message


class _Watching(ast.NodeTransformer):
    """Wraps every expression inside a function, and marks every statement, so that it is seen what they are and that they ran."""

    wrapped = (ast.Name, ast.Attribute, ast.Call, ast.BinOp, ast.Subscript, ast.UnaryOp, ast.IfExp)

    def __init__(self) -> None:
        self.depth = 0

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = self._block(node.body)  # neither decorators nor defaults nor annotations
            return node
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.AnnAssign):
            node.value = self.visit(node.value) if node.value else None
            return node
        if isinstance(node, (ast.Lambda, ast.JoinedStr)):
            return node
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                is_block = bool(value) and isinstance(value[0], ast.stmt)
                made = (
                    self._block(value) if is_block else [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
                )
                setattr(node, name, made)
            elif isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
        return self._wrap(node)

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        return [made for one in statements for made in self._statement(one)]

    def _statement(self, node: ast.stmt) -> list[ast.stmt]:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            return [node]
        inner = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        self.depth += inner
        done = self.visit(node)
        self.depth -= inner
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return [done]
        mark = ast.Expr(ast.Call(ast.Name("__ran__", ast.Load()), [ast.Constant(node.lineno)], []))
        return [ast.fix_missing_locations(ast.copy_location(mark, node)), done]

    def _call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in ("super", "locals", "globals", "vars", "print", "exec"):
            return node
        if isinstance(node.func, ast.Attribute):
            node.func.value = self.visit(node.func.value)
        node.args = [self.visit(a) for a in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        return self._wrap(node)

    def _wrap(self, node: Any) -> Any:
        if self.depth and isinstance(node, self.wrapped) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            key = ast.Tuple([ast.Constant(n) for n in place_of(node)], ast.Load())
            call = ast.Call(ast.Name("__saw__", ast.Load()), [key, node], [])
            return ast.fix_missing_locations(ast.copy_location(call, node))
        return node


def place_of(node: Any) -> tuple[int, int, int, int]:
    """Where an expression stands; columns count from 1."""
    return (node.lineno, node.col_offset + 1, node.end_lineno, node.end_col_offset + 1)


def run(text: str, files: Mapping[str, str]) -> Ran:
    """Run a program in a folder of its own and in a child process, so that it can neither hang nor leave anything behind."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_text(content, encoding="utf-8")
        told = in_child(lambda: json.dumps(_run(text, folder)), SECONDS)
    if not told:
        return Ran(raised="Stopped: it took too long, or died")
    raised, line, op, in_torch, lines, shapes = json.loads(told)
    return Ran(raised, line, op, in_torch, frozenset(lines), {tuple(place): got for place, got in shapes})


def in_child(work: Callable[[], str], seconds: int) -> str:
    """What `work` tells, run silently in a child; "" where it is stopped."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        signal.alarm(seconds)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        sys.stdout = sys.stderr = os.fdopen(os.dup(silent), "w")
        try:
            told = work()
            with os.fdopen(writing, "w") as pipe:
                pipe.write(told)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(process, 0)
    return text


def _run(text: str, folder: str) -> tuple[str, int, str, bool, list[int], list[Any]]:
    import torch

    torch.manual_seed(0)
    os.chdir(folder)
    sys.path.insert(0, folder)
    path = os.path.join(folder, "main.py")
    sys.argv = [path]
    shapes: dict[tuple[int, int, int, int], list[list[int]]] = {}
    lines: set[int] = set()

    def saw(key: tuple[int, int, int, int], value: object) -> object:
        if isinstance(value, torch.Tensor) and not isinstance(value, torch.nn.Parameter):
            got = list(value.shape)
            known = shapes.setdefault(key, [])
            if got not in known:
                known.append(got)
        return value

    builtins.__dict__.update(__saw__=saw, __ran__=lines.add)
    raised, line, op, in_torch = "", 0, "", False
    try:
        tree = _Watching().visit(ast.parse(text))
        code = compile(ast.fix_missing_locations(tree), path, "exec")
        namespace = {"__name__": "__main__", "__file__": path}
        exec(code, namespace)
    except BaseException as error:
        raised = f"{type(error).__name__}: {error}".split("\n")[0]
        line, op, in_torch = _source_of(error, path, text)
    return raised, line, op, in_torch, sorted(lines), list(shapes.items())


def _source_of(error: BaseException, path: str, text: str) -> tuple[int, str, bool]:
    """The line of the program that raised, what was called there, and whether torch raised."""
    trace = error.__traceback__
    frames = list(traceback.walk_tb(trace))
    own = [i for i, (frame, _) in enumerate(frames) if frame.f_code.co_filename == path]
    if not own:
        return 0, "", False
    line = frames[own[-1]][1]
    below = frames[own[-1] + 1 :]
    in_torch = bool(below) or not isinstance(error, AssertionError)
    module = next((f.f_locals["self"] for f, _ in below if f.f_code.co_name == "_wrapped_call_impl"), None)
    if module is not None:
        return line, type(module).__name__, in_torch
    summary = traceback.extract_tb(trace)[own[-1]]
    segment = _segment(text, summary)
    called = segment.split("(")[0].rpartition(".")[2].strip() if "(" in segment else ""
    operator = next(
        (o for o in ("@", "+", "-", "*", "/") if f" {o} " in segment), "index" if "[" in segment else segment[:20]
    )
    simple = called if called.isidentifier() else operator
    return line, simple, in_torch


def _segment(text: str, summary: traceback.FrameSummary) -> str:
    """The source of the expression that raised; the whole line where Python does not tell (before 3.11)."""
    start, end = getattr(summary, "colno", None), getattr(summary, "end_colno", None)
    line = text.split("\n")[(summary.lineno or 1) - 1]
    if start is None or end is None or getattr(summary, "end_lineno", summary.lineno) != summary.lineno:
        return line.strip()
    return line[start:end]
