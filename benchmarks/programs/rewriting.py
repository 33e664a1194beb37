"""Rewrites of programs that mean the same afterwards. A rewrite takes the text of a program and gives the texts of its files, or None where it finds
nothing to do. Comments that `marked` puts at the end of statements go through a rewrite, so that every line knows the statement it came from."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import libcst as cst

MARK = re.compile(r"  #@(\d+)")
MAIN = "main.py"

Files = dict[str, str]
Rewrite = Callable[[cst.Module], "cst.Module | Files | None"]
REWRITES: dict[str, Rewrite] = {}

POSITIONS = {
    "Linear": ("in_features", "out_features"),
    "Embedding": ("num_embeddings", "embedding_dim"),
    "LSTM": ("input_size", "hidden_size"),
    "GRU": ("input_size", "hidden_size"),
    "Conv1d": ("in_channels", "out_channels", "kernel_size"),
    "Conv2d": ("in_channels", "out_channels", "kernel_size"),
    "LayerNorm": ("normalized_shape",),
}
PLAIN_USES = ("train", "eval", "parameters", "zero_grad", "to", "cuda", "cpu")


def rewrite(function: Rewrite) -> Rewrite:
    """Decorator: makes a rewrite known."""
    REWRITES[function.__name__.strip("_")] = function
    return function


def rewritten(text: str, name: str) -> Files | None:
    """The files of a program after a rewrite, still marked; None where it changes nothing."""
    before = cst.parse_module(marked(text))
    after = REWRITES[name](before)
    if after is None or (isinstance(after, cst.Module) and after.code == before.code):
        return None
    files = {MAIN: after.code} if isinstance(after, cst.Module) else after
    for code in files.values():
        ast.parse(code)
    return files


# Marks -------------------------------------------------------------------------------------------


def marked(text: str) -> str:
    """The text with the number of each statement at the end of its line."""
    lines = text.split("\n")
    for number, one in enumerate(_statements(ast.parse(text))):
        at = _last_line(one)
        if at is not None:
            lines[at - 1] += f"  #@{number}"
    return "\n".join(lines)


def unmarked(text: str) -> str:
    return MARK.sub("", text)


def statements_at(text: str) -> dict[int, frozenset[int]]:
    """For each line of a marked text the numbers of the statement that it belongs to."""
    lines = text.split("\n")
    found: dict[int, frozenset[int]] = {}
    for one in _statements(ast.parse(text)):  # the inner ones come behind those around them
        at = _last_line(one)
        numbers = frozenset(int(n) for n in MARK.findall(lines[at - 1])) if at is not None else frozenset()
        if numbers:
            for line in range(one.lineno, (one.end_lineno or one.lineno) + 1):
                found[line] = numbers
    return found


def _statements(tree: ast.Module) -> list[ast.stmt]:
    return sorted(
        (s for s in ast.walk(tree) if isinstance(s, ast.stmt)), key=lambda s: (s.lineno, -(s.end_lineno or 0))
    )


def _last_line(one: ast.stmt) -> int | None:
    """The line at whose end a statement, or the head of a block, ends; None for a block in one line."""
    body = getattr(one, "body", None)
    if not body:
        return one.end_lineno
    return one.lineno if body[0].lineno > one.lineno and _head_ends(one) == one.lineno else None


def _head_ends(one: ast.stmt) -> int:
    heads = [
        n
        for name, n in ast.iter_fields(one)
        if name not in ("body", "orelse", "finalbody", "handlers", "decorator_list")
    ]
    nodes = [n for h in heads for n in (h if isinstance(h, list) else [h]) if isinstance(n, ast.AST)]
    return max([one.lineno, *(getattr(c, "end_lineno", 0) or 0 for n in nodes for c in ast.walk(n))])


# What is in a program ----------------------------------------------------------------------------


def _spoken(module: cst.Module) -> set[str]:
    """The words in comments and strings: what is named there is not renamed."""
    text = unmarked(module.code)
    words = set(re.findall(r"\w+", " ".join(re.findall(r"#(.*)", text))))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words |= set(re.findall(r"\w+", node.value))
        if isinstance(node, ast.keyword) and node.arg:
            words.add(node.arg)
    return words


def _definitions(module: cst.Module) -> list[cst.FunctionDef | cst.ClassDef]:
    return [s for s in module.body if isinstance(s, (cst.FunctionDef, cst.ClassDef))]


def _names(node: cst.CSTNode) -> set[str]:
    return {
        n.id
        for n in ast.walk(ast.parse(cst.Module([node]).code if isinstance(node, cst.BaseStatement) else ""))
        if isinstance(n, ast.Name)
    }  # type: ignore[list-item]


def _bound_at_top(module: cst.Module) -> set[str]:
    """The names of the file that are no imports."""
    found = set()
    for one in ast.parse(module.code).body:
        if isinstance(one, (ast.Import, ast.ImportFrom)):
            continue
        if isinstance(one, (ast.FunctionDef, ast.ClassDef)):
            found.add(one.name)
        else:
            found |= {n.id for n in ast.walk(one) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return found


def _text(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


class _Renaming(cst.CSTTransformer):
    def __init__(self, names: Mapping[str, str], attributes: bool) -> None:
        self.names, self.attributes = names, attributes

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        return (
            updated_node.with_changes(value=self.names.get(updated_node.value, updated_node.value))
            if not self.attributes
            else updated_node
        )

    def visit_Attribute_attr(self, node: cst.Attribute) -> None:
        self.attributes = not self.attributes

    def leave_Attribute_attr(self, node: cst.Attribute) -> None:
        self.attributes = not self.attributes


def _renamed(module: cst.Module, names: Mapping[str, str], *, attributes: bool = False) -> cst.Module | None:
    if not names:
        return None
    return module.visit(_Renaming(names, attributes))


# Names -------------------------------------------------------------------------------------------


@rewrite
def locals_renamed(module: cst.Module) -> cst.Module | None:
    tree = ast.parse(module.code)
    taken = _spoken(module)
    local: set[str] = set()
    for one in ast.walk(tree):
        if isinstance(one, ast.FunctionDef):
            stored = {n.id for n in ast.walk(one) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            local |= stored - {
                a.arg for f in ast.walk(tree) if isinstance(f, ast.arguments) for a in f.args + f.kwonlyargs
            }
    local -= (
        taken
        | _bound_at_top(module)
        | {a.asname or a.name for i in ast.walk(tree) if isinstance(i, (ast.Import, ast.ImportFrom)) for a in i.names}
    )
    # names of one letter, and what names an axis, are evidence of what the axes are
    return _renamed(
        module, {n: f"{n}_value" for n in local if re.fullmatch(r"[a-z]+_[a-z]+|out|output|hidden|y|x\d", n)}
    )


@rewrite
def classes_renamed(module: cst.Module) -> cst.Module | None:
    names = {c.name.value for c in _definitions(module) if isinstance(c, cst.ClassDef)} - _spoken(module)
    return _renamed(module, {n: f"{n}Again" for n in names})


@rewrite
def attributes_renamed(module: cst.Module) -> cst.Module | None:
    import torch

    tree = ast.parse(module.code)
    set_here = {
        n.attr
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute)
        and isinstance(n.ctx, ast.Store)
        and isinstance(n.value, ast.Name)
        and n.value.id == "self"
    }
    methods = {
        f.name for c in ast.walk(tree) if isinstance(c, ast.ClassDef) for f in c.body if isinstance(f, ast.FunctionDef)
    }
    imports = [unmarked(line) for line in module.code.split("\n") if re.match(r"\s*(from|import)\b", line)]
    theirs = (
        set(re.findall(r"\w+", " ".join(imports)))
        | set(dir(torch))
        | set(dir(torch.nn))
        | set(dir(torch.nn.functional))
    )
    theirs |= set(dir(torch.nn.Module())) | set(dir(torch.Tensor)) | set(dir(torch.nn.LSTM(1, 1))) | {"training"}
    return _renamed(module, {n: f"{n}_part" for n in set_here - methods - theirs - _spoken(module)}, attributes=True)


# Order and place ---------------------------------------------------------------------------------


@rewrite
def definitions_reordered(module: cst.Module) -> cst.Module | None:
    """Neighbours that do not need each other when they are defined change places."""
    body = list(module.body)
    i = 0
    while i + 1 < len(body):
        one, two = body[i], body[i + 1]
        if isinstance(one, (cst.FunctionDef, cst.ClassDef)) and isinstance(two, (cst.FunctionDef, cst.ClassDef)):
            if one.name.value not in _needed_at_once(two) and two.name.value not in _needed_at_once(one):
                body[i], body[i + 1] = two, one
                i += 1
        i += 1
    return module.with_changes(body=body)


def _needed_at_once(one: cst.FunctionDef | cst.ClassDef) -> set[str]:
    """Every name that a definition holds outside of the bodies of functions."""
    node = ast.parse(_text(one).strip("\n")).body[0]
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef):
            inner.body = [ast.Pass()]
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


@rewrite
def class_moved(module: cst.Module) -> Files | None:
    """A class that needs nothing of its file goes to another one."""
    own = _bound_at_top(module)
    for one in _definitions(module):
        if not isinstance(one, cst.ClassDef) or (_names(one) - {one.name.value}) & own:
            continue
        imports = [
            s
            for s in module.body
            if isinstance(s, cst.SimpleStatementLine) and isinstance(s.body[0], (cst.Import, cst.ImportFrom))
        ]
        moved = cst.Module([*[i.with_changes(leading_lines=[]) for i in imports], one])
        there = cst.parse_statement(f"from moved import {one.name.value}")
        body = [there if s is one else s for s in module.body]
        unnumbered = re.sub(MARK, "", moved.with_changes(body=moved.body[:-1]).code) + _text(one)
        return {"moved.py": unnumbered, MAIN: module.with_changes(body=body).code}
    return None


@rewrite
def driver_in_a_function(module: cst.Module) -> cst.Module | None:
    body = list(module.body)
    kinds = (cst.FunctionDef, cst.ClassDef)
    last = max((i for i, s in enumerate(body) if isinstance(s, kinds)), default=-1)
    driver = body[last + 1 :]
    if last < 0 or not driver or any(isinstance(s, cst.If) and "__name__" in _text(s.test) for s in driver):
        return None
    names = {
        n.id
        for s in driver
        for n in ast.walk(ast.parse(_text(s).strip("\n")))
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    if any(names & _names(d) for d in _definitions(module)) or "global " in module.code:
        return None
    main = cst.parse_statement("def main():\n    pass\n")
    assert isinstance(main, cst.FunctionDef)
    function = main.with_changes(body=cst.IndentedBlock(driver), leading_lines=[cst.EmptyLine(indent=False)] * 2)
    return module.with_changes(body=[*body[: last + 1], function, cst.parse_statement("\n\nmain()\n")])


# Expressions -------------------------------------------------------------------------------------


class _Blocks(cst.CSTTransformer):
    """Changes the statements of every block of a function."""

    def __init__(self, change: Callable[[Sequence[Any]], list[Any]]) -> None:
        self.change = change

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        return updated_node.with_changes(body=self.change(updated_node.body))


@rewrite
def expressions_split(module: cst.Module) -> cst.Module | None:
    """`y = f(g(x))` becomes two statements, where `g(x)` is the first thing that is evaluated."""
    count = Counter[str]()

    def change(block: Sequence[Any]) -> list[Any]:
        done: list[Any] = []
        for line in block:
            small = line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
            value = getattr(small, "value", None)
            if (
                isinstance(small, (cst.Assign, cst.Return))
                and isinstance(value, cst.Call)
                and value.args
                and _is_path(value.func)
            ):
                first = value.args[0]
                if isinstance(first.value, cst.Call) and first.keyword is None and not first.star:
                    count["parts"] += 1
                    name = f"part_{count['parts']}"
                    temporary = cst.SimpleStatementLine(
                        [cst.Assign([cst.AssignTarget(cst.Name(name))], first.value)],
                        leading_lines=line.leading_lines,
                        trailing_whitespace=_only_mark(line.trailing_whitespace),
                    )
                    args = [first.with_changes(value=cst.Name(name)), *value.args[1:]]
                    rest = line.with_changes(
                        body=[small.with_changes(value=value.with_changes(args=args))], leading_lines=[]
                    )
                    done += [temporary, rest]
                    continue
            done.append(line)
        return done

    return module.visit(_Blocks(change))


def _is_path(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) or (isinstance(node, cst.Attribute) and _is_path(node.value))


def _only_mark(trailing: cst.TrailingWhitespace) -> cst.TrailingWhitespace:
    text = trailing.comment.value if trailing.comment is not None else ""
    mark = re.search(r"#@\d+$", text)
    comment = cst.Comment(mark[0]) if mark else None
    return cst.TrailingWhitespace(cst.SimpleWhitespace("  "), comment)


@rewrite
def temporaries_inlined(module: cst.Module) -> cst.Module | None:
    """`y = f(x)`, `return y` becomes `return f(x)`."""

    def change(block: Sequence[Any]) -> list[Any]:
        done = list(block)
        for line, after in pairwise(block):
            if not (isinstance(line, cst.SimpleStatementLine) and isinstance(after, cst.SimpleStatementLine)):
                continue
            one, two = line.body[0], after.body[0]
            if not (
                isinstance(one, cst.Assign)
                and isinstance(two, cst.Return)
                and len(one.targets) == 1
                and isinstance(two.value, cst.Name)
            ):
                continue
            target, comment = one.targets[0].target, line.trailing_whitespace.comment
            plain = comment is None or MARK.fullmatch(f"  {comment.value}")
            if isinstance(target, cst.Name) and target.value == two.value.value and plain and not after.leading_lines:
                numbers = "".join(f"  #@{n}" for one_of in (line, after) for n in MARK.findall(f"  {_comment(one_of)}"))
                trailing = (
                    cst.TrailingWhitespace(cst.SimpleWhitespace("  "), cst.Comment(numbers.strip()))
                    if numbers
                    else after.trailing_whitespace
                )
                if _comment(after) and not MARK.fullmatch(f"  {_comment(after)}"):
                    continue
                merged = after.with_changes(
                    body=[two.with_changes(value=one.value)],
                    leading_lines=line.leading_lines,
                    trailing_whitespace=trailing,
                )
                done[done.index(after)] = merged
                done.remove(line)
        return done

    return module.visit(_Blocks(change))


def _comment(line: cst.SimpleStatementLine) -> str:
    comment = line.trailing_whitespace.comment
    return comment.value if comment is not None else ""


class _Calls(cst.CSTTransformer):
    """Changes calls."""

    def __init__(self, change: Callable[[cst.Call], cst.BaseExpression]) -> None:
        self.change = change

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        return self.change(updated_node)


@rewrite
def arguments_by_name(module: cst.Module) -> cst.Module | None:
    known = dict(POSITIONS)
    for one in _definitions(module):
        function = one
        if isinstance(one, cst.ClassDef):
            function = next(
                (f for f in one.body.body if isinstance(f, cst.FunctionDef) and f.name.value == "__init__"), None
            )  # type: ignore[assignment]
        if isinstance(function, cst.FunctionDef) and not isinstance(function.params.star_arg, cst.Param):
            names = tuple(p.name.value for p in function.params.params)
            known[one.name.value] = names[1:] if isinstance(one, cst.ClassDef) else names

    def change(call: cst.Call) -> cst.BaseExpression:
        name = (
            call.func.attr.value
            if isinstance(call.func, cst.Attribute) and _text(call.func.value) in ("nn", "torch.nn")
            else _text(call.func)
        )
        if any(a.star for a in call.args) or sum(a.keyword is None for a in call.args) > len(known.get(name, ())):
            return call
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        args = [
            a if a.keyword is not None else a.with_changes(keyword=cst.Name(n), equal=equal)
            for a, n in zip(call.args, [*known.get(name, ()), *[""] * 99])
        ]
        return call.with_changes(args=args)

    return module.visit(_Calls(change))


@rewrite
def arguments_by_position(module: cst.Module) -> cst.Module | None:
    def change(call: cst.Call) -> cst.BaseExpression:
        name = (
            call.func.attr.value
            if isinstance(call.func, cst.Attribute) and _text(call.func.value) in ("nn", "torch.nn")
            else ""
        )
        order = POSITIONS.get(name, ())
        given = [a.keyword.value if a.keyword is not None else n for a, n in zip(call.args, [*order, *[""] * 99])]
        fitting = 0
        while fitting < min(len(given), len(order)) and given[fitting] == order[fitting]:
            fitting += 1
        plain = [a.with_changes(keyword=None, equal=cst.MaybeSentinel.DEFAULT) for a in call.args[:fitting]]
        return call.with_changes(args=[*plain, *call.args[fitting:]])

    return module.visit(_Calls(change))


# What stands around ------------------------------------------------------------------------------


class _Forwards(cst.CSTTransformer):
    """Changes the body of every `forward`, behind its docstring."""

    def __init__(self, head: str, tail: str) -> None:
        self.head, self.tail = head, tail

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        if updated_node.name.value != "forward" or not isinstance(updated_node.body, cst.IndentedBlock):
            return updated_node
        body = list(updated_node.body.body)
        first = body[0]
        documented = (
            isinstance(first, cst.SimpleStatementLine)
            and isinstance(first.body[0], cst.Expr)
            and isinstance(first.body[0].value, cst.SimpleString)
        )
        kept, rest = body[: int(documented)], body[int(documented) :]
        if self.tail:
            outer = cst.parse_statement(f"{self.head}\n    pass\n{self.tail}")
            rest = [outer.with_changes(body=cst.IndentedBlock(rest))]
        else:
            rest = [cst.parse_statement(self.head), *rest]
        return updated_node.with_changes(body=updated_node.body.with_changes(body=[*kept, *rest]))


@rewrite
def forward_in_a_try(module: cst.Module) -> cst.Module | None:
    return module.visit(_Forwards("try:", "finally:\n    pass\n"))


@rewrite
def forward_without_gradients(module: cst.Module) -> cst.Module | None:
    if not re.search(r"^import torch$", unmarked(module.code), re.MULTILINE):
        return None
    return module.visit(_Forwards("with torch.no_grad():", "\n"))


@rewrite
def forward_logged(module: cst.Module) -> cst.Module | None:
    return module.visit(_Forwards('print("forward")', ""))


class _Annotating(cst.CSTTransformer):
    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        params = [
            p.with_changes(annotation=cst.Annotation(cst.Name(kind)))
            if p.annotation is None
            and isinstance(p.default, (cst.Integer, cst.Float))
            and (kind := type(p.default).__name__.lower().replace("integer", "int"))
            else p
            for p in updated_node.params.params
        ]
        return updated_node.with_changes(params=updated_node.params.with_changes(params=params))


@rewrite
def parameters_annotated(module: cst.Module) -> cst.Module | None:
    return module.visit(_Annotating())


# Calls of modules --------------------------------------------------------------------------------


def _layers(module: cst.Module) -> tuple[set[str], set[str]]:
    """The attributes that hold one layer of torch or module of the file, and the names that do."""
    tree = ast.parse(module.code)
    classes = {
        c.name for c in tree.body if isinstance(c, ast.ClassDef) if any("Module" in ast.unparse(b) for b in c.bases)
    }
    found: dict[str, list[bool]] = {}
    for one in ast.walk(tree):
        if isinstance(
            one, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For, ast.withitem, ast.comprehension, ast.NamedExpr)
        ):
            targets = (
                one.targets
                if isinstance(one, ast.Assign)
                else [getattr(one, "target", None) or getattr(one, "optional_vars", None)]
            )
            for target in [t for t in targets if t is not None]:
                for node in ast.walk(target):
                    if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
                        made = (
                            ast.unparse(one.value.func)
                            if isinstance(one, ast.Assign) and isinstance(one.value, ast.Call) and node is target
                            else ""
                        )
                        is_layer = made in classes or bool(
                            re.fullmatch(
                                r"(torch\.)?nn\.(Linear|LSTM|GRU|RNN|Embedding|Conv\dd|LayerNorm|Sequential|MultiheadAttention)",
                                made,
                            )
                        )
                        found.setdefault(ast.unparse(node), []).append(is_layer)
        elif isinstance(one, ast.arg):
            found.setdefault(one.arg, []).append(False)
    sure = {name for name, kinds in found.items() if all(kinds)}
    return {n for n in sure if n.startswith("self.")}, {n for n in sure if "." not in n}


@rewrite
def forward_called(module: cst.Module) -> cst.Module | None:
    attributes, names = _layers(module)

    def change(call: cst.Call) -> cst.BaseExpression:
        if _text(call.func) in attributes | names:
            return call.with_changes(func=cst.Attribute(call.func, cst.Name("forward")))
        return call

    return module.visit(_Calls(change))


def _built_in_driver(module: cst.Module, make: Callable[[str], str]) -> cst.Module | None:
    """The driver's `model = Model(...)`, where `model` is only called and trained."""
    _, names = _layers(module)
    classes = {c.name.value for c in _definitions(module) if isinstance(c, cst.ClassDef)}
    tree = ast.parse(module.code)
    loose = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    used: Counter[str] = Counter()
    for one in ast.walk(tree):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name):
            used[one.func.id] += 1
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.attr in PLAIN_USES:
            used[one.value.id] += 1
    total = Counter(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    plain = {n for n in names & loose if used[n] == total[n]}

    class Building(cst.CSTTransformer):
        def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:
            target, value = updated_node.targets[0].target, updated_node.value
            if (
                isinstance(target, cst.Name)
                and target.value in plain
                and isinstance(value, cst.Call)
                and _text(value.func) in classes
            ):
                return updated_node.with_changes(value=cst.parse_expression(make(_text(value))))
            return updated_node

    return module.visit(Building())


@rewrite
def model_moved_to_device(module: cst.Module) -> cst.Module | None:
    return _built_in_driver(module, lambda text: f'{text}.to("cpu")')


@rewrite
def model_in_data_parallel(module: cst.Module) -> cst.Module | None:
    if not re.search(r"^from torch import nn$|^import torch.nn as nn$", unmarked(module.code), re.MULTILINE):
        return None
    return _built_in_driver(module, lambda text: f"nn.DataParallel({text})")


def lines(files: Files) -> Iterator[tuple[str, str, dict[int, frozenset[int]]]]:
    """Each file of a rewritten program: its name, its text without marks, and the statements at its lines."""
    for name, text in files.items():
        yield name, unmarked(text), statements_at(text)
