"""Holds the programs of `tests/markdown.py` against real torch.

Each program is run in this process, its files under a folder of their own and its names in modules of their own, one
top-level statement after the other. The statements that expectations speak of are instrumented (on the syntax tree,
with nothing of shapelint's):

- Every `revealed` shape must hold whenever its statement runs, and each must be seen at least once. The names in the
  shapes are bound consistently within one call of a function.
- A statement with `error` must raise, or one that the report points to. What comes after it in the same function or
  top-level statement is not reached, and neither is what uses the names it would have bound.
- Nothing else may raise, `warning` and `false-positive` least of all, and these must be reached. A `warning` of an assert that surely fails raises.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import importlib.machinery
import importlib.util
import io
import itertools
import re
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.markdown import Expectation, Program, Text, shape_text

Places = Mapping[tuple[str, Expectation], set[tuple[str, int]]]
Binding = dict[str, int]
MAX_SIZE = 512
RAISING = frozenset(("shape-assert",))
"""Rules that tell as a warning what raises: the fault may be the assert's own."""


def faults_at_run_time(program: Program, places: Places) -> list[str]:
    """What real torch says against a program's expectations: nothing, if they are true. `places` are those of its
    `Verdict`."""
    if program.skip:
        return []
    whole = program.driven
    with tempfile.TemporaryDirectory() as folder:
        whole.place(Path(folder))
        watch = _Watch(whole, folder, places)
        with _isolated(folder, watch):
            watch.execute()
        return watch.faults()


# Instrumenting -----------------------------------------------------------------------------------


class _Instrument(ast.NodeTransformer):
    """Marks the statements that expectations speak of, by the lines these stand on."""

    def __init__(self, name: str, file: Text) -> None:
        self._name = name
        self._depth = 0
        self._by_line: dict[int, list[Expectation]] = {}
        for one in file.expectations:
            statement = file.statement_at(one.line)
            if statement is not None:
                self._by_line.setdefault(statement.lineno, []).append(one)

    def visit(self, node: ast.AST) -> Any:
        nested = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        self._depth += nested
        visited = super().generic_visit(node)
        self._depth -= nested
        if not isinstance(node, ast.stmt):
            return visited
        expected = self._by_line.pop(node.lineno, [])
        return self._marked(visited, expected) if expected else visited

    def _marked(self, node: Any, expected: list[Expectation]) -> Any:
        line = expected[0].line
        if any(one.shape is not None for one in expected) and getattr(node, "value", None) is not None:
            node.value = _call("__shapelint_shape__", [_constant(self._name), _constant(line), node.value], node)
        reached: ast.stmt = ast.Expr(_call("__shapelint_reached__", [_constant(self._name), _constant(line)], node))
        ast.copy_location(reached, node)
        fails = any(_may_raise(one) for one in expected)
        if not (fails and self._depth and isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign))):
            return [reached, node]
        # in a function the rest of the body is worth reaching
        caught: ast.stmt = ast.Expr(_call("__shapelint_raised__", [_constant(line)], node))
        handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [caught])
        guarded = ast.Try([node], [handler], [], [])
        for made in (handler, guarded):
            ast.copy_location(made, node)
        return [reached, ast.fix_missing_locations(guarded)]


def _call(name: str, arguments: list[ast.expr], place: ast.stmt) -> ast.Call:
    made = ast.Call(ast.Name(name, ast.Load()), arguments, [])
    return ast.fix_missing_locations(ast.copy_location(made, place))


def _constant(value: str | int) -> ast.expr:
    return ast.Constant(value)


def _names_bound(statement: ast.stmt) -> set[str]:
    """The names and attributes that a statement would have bound."""
    names = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names |= {n.attr for n in ast.walk(statement) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    return names | ({statement.name} if isinstance(statement, (ast.FunctionDef, ast.ClassDef)) else set())


# Running -----------------------------------------------------------------------------------------


@dataclass(eq=False)
class _Watch:
    """One run of a program, and what it showed."""

    program: Program
    folder: str
    places: Places
    fulfilled: set[tuple[str, Expectation]] = field(default_factory=set)
    reached: set[tuple[str, int]] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    shapes: list[tuple[object, str, int, tuple[int, ...]]] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = {file.name: file for file in self.program.files}

    def hooks(self) -> dict[str, Callable[..., Any]]:
        """What instrumented code calls."""

        def shape(name: str, line: int, value: Any) -> Any:
            sizes = getattr(value, "shape", None)
            if sizes is not None:
                # the frame is kept, so that its identity is that of one call
                self.shapes.append((sys._getframe(1), name, line, tuple(int(size) for size in sizes)))
            return value

        def reached(name: str, line: int) -> None:
            self.reached.add((name, line))

        def raised(line: int) -> None:
            self._raised(sys.exc_info()[1])

        return {"__shapelint_shape__": shape, "__shapelint_reached__": reached, "__shapelint_raised__": raised}

    def compiled(self, name: str, text: str) -> ast.Module:
        tree: ast.Module = _Instrument(name, self.files[name]).visit(ast.parse(text))
        return ast.fix_missing_locations(tree)

    def execute(self) -> None:
        """Run the script, each top-level statement by itself."""
        script = self.program.files[-1]
        path = f"{self.folder}/{script.name}"
        tree = self.compiled(script.name, script.text)
        module = types.ModuleType("__main__")
        module.__dict__.update(self.hooks(), __file__=path)
        sys.modules["__main__"] = module
        future = any(isinstance(s, ast.ImportFrom) and s.module == "__future__" for s in tree.body)
        flags = __future__.annotations.compiler_flag if future else 0
        for statement in tree.body:
            code = compile(ast.Module([statement], []), path, "exec", flags, True)
            try:
                exec(code, module.__dict__)
            except Exception as error:
                if not self._raised(error):
                    self._surprise(error)
                self.lost |= _names_bound(statement)

    def _frames(self, error: BaseException | None) -> list[tuple[str, int]]:
        """The places of an exception within the program, the innermost first."""
        found = []
        trace = error.__traceback__ if error is not None else None
        while trace is not None:
            name = trace.tb_frame.f_code.co_filename.removeprefix(f"{self.folder}/")
            if name in self.files:
                found.append((name, trace.tb_lineno))
            trace = trace.tb_next
        return found[::-1]

    def _raised(self, error: BaseException | None) -> bool:
        """Whether an exception is expected, or follows from one that was."""
        for name, line in self._frames(error):
            for key in self._expected():
                if any(self._covers(place, name, line) for place in self.places.get(key, {(key[0], key[1].line)})):
                    self.fulfilled.add(key)
                    statement = self.files[name].statement_at(line)
                    self.lost |= _names_bound(statement) if statement is not None else set()
                    return True
        if isinstance(error, (NameError, AttributeError)):
            missing = getattr(error, "name", None) or next(iter(re.findall(r"'(\w+)'", str(error))), None)
            return missing in self.lost
        return False

    def _expected(self) -> Iterator[tuple[str, Expectation]]:
        for file in self.program.files:
            for one in file.expectations:
                if _may_raise(one):
                    yield file.name, one

    def _covers(self, place: tuple[str, int], name: str, line: int) -> bool:
        statement = self.files[name].statement_at(place[1]) if place[0] == name else None
        if statement is None:
            return False
        body = getattr(statement, "body", None)
        last = body[0].lineno - 1 if isinstance(body, list) and body else statement.end_lineno or statement.lineno
        return statement.lineno <= line <= max(last, statement.lineno)

    def _surprise(self, error: BaseException) -> None:
        frames = self._frames(error)
        line = frames[0][1] if frames else self.program.line
        self.surprises.append(f"{self.program.page}:{line}: raised under torch: {type(error).__name__}: {error}")

    # judging

    def faults(self) -> list[str]:
        found = list(self.surprises)
        for file in self.program.files:
            for one in file.expectations:
                at = f"{self.program.page}:{one.line}"
                if one.kind == "error" or one.rule in RAISING or (one.kind == "missed" and _is_error(one)):
                    if (file.name, one) not in self.fulfilled:
                        found.append(f"{at}: did not raise under torch: {one}")
                elif not any(
                    file.statement_at(line) is file.statement_at(one.line) for n, line in self.reached if n == file.name
                ):
                    found.append(f"{at}: was not reached under torch: {one}")
            found += self._shape_faults(file)
        return found

    def _shape_faults(self, file: Text) -> Iterator[str]:
        expected: dict[int, list[Expectation]] = {}
        for one in file.expectations:
            if one.shape is not None:
                expected.setdefault(one.line, []).append(one)
        calls: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
        for frame, name, line, sizes in self.shapes:
            if name == file.name and line in expected:
                calls.setdefault(id(frame), []).append((line, sizes))
        seen: set[Expectation] = set()
        for records in calls.values():
            chosen = _consistent(records, expected)
            if chosen is not None:
                seen |= chosen
                continue
            yield from self._first_contradiction(records, expected)
            return
        for line, ones in expected.items():
            for one in ones:
                if calls and one not in seen and any(line == r[0] for records in calls.values() for r in records):
                    yield f"{self.program.page}:{line}: never had this shape under torch: {one}"

    def _first_contradiction(
        self, records: list[tuple[int, tuple[int, ...]]], expected: Mapping[int, list[Expectation]]
    ) -> Iterator[str]:
        for count in range(1, len(records) + 1):
            if _consistent(records[:count], expected) is None:
                line, sizes = records[count - 1]
                what = " or ".join(shape_text(one.shape or ()) for one in expected[line])
                yield f"{self.program.page}:{line}: expected {what}, but under torch it was {shape_text(sizes)}"
                return


def _may_raise(one: Expectation) -> bool:
    """Whether the statement of an expectation is one that may raise."""
    return one.shape is None and (one.kind in ("error", "missed") or one.rule in RAISING)


def _is_error(one: Expectation) -> bool:
    """Whether a missed report is one of a demand of torch."""
    from shapelint.rules.registry import rules

    info = rules().get(one.rule)
    severity = one.severity or (info.severity if info is not None else "")
    return one.shape is None and severity == "error"


@contextlib.contextmanager
def _isolated(folder: str, watch: _Watch) -> Iterator[None]:
    """Modules come from the folder, instrumented, and are forgotten afterwards; so is what torch was set to."""
    import torch

    class Loader(importlib.machinery.SourceFileLoader):
        def get_code(self, fullname: str) -> types.CodeType:
            path = self.get_filename(fullname)
            text = self.get_data(path).decode()
            return compile(watch.compiled(path.removeprefix(f"{folder}/"), text), path, "exec", dont_inherit=True)

        def exec_module(self, module: types.ModuleType) -> None:
            module.__dict__.update(watch.hooks())
            super().exec_module(module)

    class Finder:
        @staticmethod
        def find_spec(fullname: str, path: Sequence[str] | None = None, target: object = None) -> Any:
            for place in path or [folder]:
                if str(place).startswith(folder):
                    finder = importlib.machinery.FileFinder(str(place), (Loader, [".py"]))
                    spec = finder.find_spec(fullname)
                    if spec is not None:
                        return spec
            return None

    before, main, dtype = set(sys.modules), sys.modules["__main__"], torch.get_default_dtype()
    sys.meta_path.insert(0, Finder)
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.meta_path.remove(Finder)
        sys.modules["__main__"] = main
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(folder):
                del sys.modules[name]
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(True)


# Shapes and names --------------------------------------------------------------------------------


def _consistent(
    records: list[tuple[int, tuple[int, ...]]], expected: Mapping[int, list[Expectation]]
) -> set[Expectation] | None:
    """The expectations that the records fulfil, under one binding of the names and in one world; None where there is
    none."""
    distinct = list(dict.fromkeys(records))
    choices = [[one for one in expected[line] if _may_be(one, sizes)] for line, sizes in distinct]
    for chosen in itertools.islice(itertools.product(*choices), 256):
        if not _one_world(chosen):
            continue
        equations = [e for one, (_, sizes) in zip(chosen, distinct, strict=True) for e in _equations(one, sizes)]
        if _solved(equations, {}):
            same = {(line, one.shape) for one, (line, _) in zip(chosen, distinct, strict=True)}
            return {one for line, shape in same for one in expected[line] if one.shape == shape}
    return None


def _may_be(one: Expectation, sizes: tuple[int, ...]) -> bool:
    shape = one.shape or ()
    return len(shape) == len(sizes) or ("..." in shape and len(shape) - 1 <= len(sizes))


def _one_world(chosen: Sequence[Expectation]) -> bool:
    held: dict[str, bool] = {}
    for one in chosen:
        for text in (one.world or "").split(", "):
            subject, value = re.sub(r"=(True|False)$|^not \(|\)$", "", text), not re.search(r"=False$|^not \(", text)
            if text and held.setdefault(subject, value) != value:
                return False
    return True


def _equations(one: Expectation, sizes: tuple[int, ...]) -> Iterator[tuple[str, int]]:
    shape = one.shape or ()
    if "..." in shape:
        cut = shape.index("...")
        behind = len(shape) - cut - 1
        yield from zip(shape[:cut], sizes[:cut], strict=True)
        yield from zip(shape[cut + 1 :], sizes[len(sizes) - behind :], strict=True)
    else:
        yield from zip(shape, sizes, strict=True)


# names of symbols hold dots and brackets: `x.0`, `cfg.hidden`
_NAME = re.compile(r"(?<![\w.])[A-Za-z_][\w.]*(?:\['?\w+'?\])*")
_KNOWN: dict[str, Any] = {"min": min, "max": max, "__builtins__": {}}


def _names(text: str) -> set[str]:
    return set(_NAME.findall(text)) - {"min", "max"}


def _value(text: str, binding: Binding) -> int | None:
    try:
        return eval(_NAME.sub(lambda m: m[0] if m[0] in _KNOWN else str(binding[m[0]]), text), dict(_KNOWN))  # type: ignore[no-any-return]
    except ZeroDivisionError:
        return None


def _solved(equations: list[tuple[str, int]], binding: Binding) -> bool:
    """Whether the names can be bound so that every equation holds."""
    equations = list(dict.fromkeys(equations))
    open_: list[tuple[str, int]] = []
    for text, size in equations:
        if _names(text) <= binding.keys():
            if _value(text, binding) != size:
                return False
        else:
            open_.append((text, size))
    if not open_:
        return True
    text, size = min(open_, key=lambda e: (len(_names(e[0]) - binding.keys()), len(e[0])))
    name = min(_names(text) - binding.keys())
    if text == name:
        return _solved(open_, {**binding, name: size})
    alone = _names(text) - binding.keys() == {name}
    for value in range(MAX_SIZE):
        if alone and _value(text, {**binding, name: value}) != size:
            continue
        if _solved(open_, {**binding, name: value}):
            return True
    return False
