"""The frozen program model: what the interpreter reads instead of libcst nodes.

Every node carries `id`, its index in the file's list of syntax nodes: positions are looked up by it, and only when something
must be reported or shown (`SourceModule.span`). Children are tuples, so that a model can be shared and never changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Union

# Expressions -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Const:
    """A literal: int, float, complex, str, bytes, bool, None or Ellipsis."""

    id: int
    value: object


@dataclass(frozen=True, slots=True)
class Attribute:
    id: int
    value: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Argument:
    """`star` is "" (positional or, with `keyword`, by name), "*" or "**"."""

    id: int
    value: Expr
    keyword: str | None = None
    star: Literal["", "*", "**"] = ""


@dataclass(frozen=True, slots=True)
class Call:
    id: int
    func: Expr
    args: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Subscript:
    """`x[i, j:k]` has a `TupleExpr` as index; `x[i]` the expression itself."""

    id: int
    value: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class SliceExpr:
    id: int
    lower: Expr | None
    upper: Expr | None
    step: Expr | None


@dataclass(frozen=True, slots=True)
class Starred:
    id: int
    value: Expr


@dataclass(frozen=True, slots=True)
class TupleExpr:
    id: int
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ListExpr:
    id: int
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class SetExpr:
    id: int
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class DictExpr:
    """A `None` key stands for `**value`."""

    id: int
    items: tuple[tuple[Expr | None, Expr], ...]


@dataclass(frozen=True, slots=True)
class BinOp:
    """`op` is the operator as written: + - * / // % ** @ & | ^ << >>."""

    id: int
    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class UnaryOp:
    """`op` is one of - + ~ not."""

    id: int
    op: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class BoolOp:
    """`a and b and c` is one node with three values."""

    id: int
    op: Literal["and", "or"]
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """`a < b <= c`: left a, ops ("<", "<="), comparators (b, c). Also: "in", "not in", "is", "is not"."""

    id: int
    left: Expr
    ops: tuple[str, ...]
    comparators: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class IfExp:
    id: int
    test: Expr
    body: Expr
    orelse: Expr


@dataclass(frozen=True, slots=True)
class Lambda:
    id: int
    params: Parameters
    body: Expr


@dataclass(frozen=True, slots=True)
class Generator:
    """One `for target in iterable if c1 if c2` of a comprehension."""

    target: Expr
    iterable: Expr
    conditions: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Comprehension:
    """`kind` is list, set, dict or generator; `key` only for a dict."""

    id: int
    kind: Literal["list", "set", "dict", "generator"]
    element: Expr
    key: Expr | None
    generators: tuple[Generator, ...]


@dataclass(frozen=True, slots=True)
class FormattedString:
    """An f-string or a concatenation that holds one; literal parts are `Const`. `parts` that format with a specification
    are kept as plain expressions with `plain` False, since their text cannot be told."""

    id: int
    parts: tuple[Expr, ...]
    plain: bool = True


@dataclass(frozen=True, slots=True)
class NamedExpr:
    id: int
    target: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class Await:
    id: int
    value: Expr


@dataclass(frozen=True, slots=True)
class Yield:
    """`yield value`; with `from_` true, `yield from value`."""

    id: int
    value: Expr | None
    from_: bool = False


Expr = Union[
    Name,
    Const,
    Attribute,
    Call,
    Subscript,
    SliceExpr,
    Starred,
    TupleExpr,
    ListExpr,
    SetExpr,
    DictExpr,
    BinOp,
    UnaryOp,
    BoolOp,
    Compare,
    IfExp,
    Lambda,
    Comprehension,
    FormattedString,
    NamedExpr,
    Await,
    Yield,
]

# Definitions -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """`kind`: "positional" (also positional-only), "*" (star), "keyword" (keyword-only) or "**"."""

    id: int
    name: str
    kind: Literal["positional", "*", "keyword", "**"]
    default: Expr | None = None
    annotation: Expr | None = None


@dataclass(frozen=True, slots=True)
class Parameters:
    items: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class FunctionDef:
    """`id` spans the whole definition, `name_id` only the name. `is_generator` where the body yields."""

    id: int
    name_id: int
    name: str
    params: Parameters
    body: tuple[Stmt, ...]
    decorators: tuple[Expr, ...] = ()
    returns: Expr | None = None
    is_async: bool = False
    is_generator: bool = False
    docstring: str | None = None


@dataclass(frozen=True, slots=True)
class ClassDef:
    id: int
    name_id: int
    name: str
    bases: tuple[Argument, ...]
    body: tuple[Stmt, ...]
    decorators: tuple[Expr, ...] = ()
    docstring: str | None = None


# Statements --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExprStmt:
    id: int
    value: Expr


@dataclass(frozen=True, slots=True)
class Assign:
    """`a = b = value` has two targets."""

    id: int
    targets: tuple[Expr, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class AugAssign:
    """`op` is the binary operator without "="."""

    id: int
    target: Expr
    op: str
    value: Expr


@dataclass(frozen=True, slots=True)
class AnnAssign:
    id: int
    target: Expr
    annotation: Expr
    value: Expr | None


@dataclass(frozen=True, slots=True)
class Return:
    id: int
    value: Expr | None


@dataclass(frozen=True, slots=True)
class Raise:
    id: int
    exception: Expr | None


@dataclass(frozen=True, slots=True)
class Assert:
    id: int
    test: Expr
    message: Expr | None


@dataclass(frozen=True, slots=True)
class Delete:
    id: int
    targets: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class If:
    id: int
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class For:
    id: int
    target: Expr
    iterable: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    is_async: bool = False


@dataclass(frozen=True, slots=True)
class While:
    id: int
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Handler:
    """`except types as name`; `types` is None for a bare except."""

    id: int
    types: Expr | None
    name: str | None
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Try:
    id: int
    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class WithItem:
    value: Expr
    target: Expr | None


@dataclass(frozen=True, slots=True)
class With:
    id: int
    items: tuple[WithItem, ...]
    body: tuple[Stmt, ...]
    is_async: bool = False


@dataclass(frozen=True, slots=True)
class ImportAlias:
    """`import a.b as c` has name "a.b", asname "c"."""

    name: str
    asname: str | None


@dataclass(frozen=True, slots=True)
class Import:
    id: int
    names: tuple[ImportAlias, ...]


@dataclass(frozen=True, slots=True)
class ImportFrom:
    """`from ..a import b`: module "a", level 2. `star` for `import *`, `names` then empty."""

    id: int
    module: str
    level: int
    names: tuple[ImportAlias, ...]
    star: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """`global` or `nonlocal` names."""

    id: int
    kind: Literal["global", "nonlocal"]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Jump:
    """pass, break or continue."""

    id: int
    kind: Literal["pass", "break", "continue"]


@dataclass(frozen=True, slots=True)
class MatchCase:
    """`test` is an expression that is true where the pattern surely matches, None for a wildcard or capture of everything;
    patterns that have no such expression give `opaque`: whether they match is unknown. `captures` names what they bind."""

    test: Expr | None
    opaque: bool
    captures: tuple[str, ...]
    guard: Expr | None
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A literal or class-free value pattern is lowered to `Compare(subject, "==", literal)`, alternatives to `or`."""

    id: int
    subject: Expr
    cases: tuple[MatchCase, ...]


Stmt = Union[
    ExprStmt,
    Assign,
    AugAssign,
    AnnAssign,
    Return,
    Raise,
    Assert,
    Delete,
    If,
    For,
    While,
    Try,
    With,
    Import,
    ImportFrom,
    Scope,
    Jump,
    Match,
    FunctionDef,
    ClassDef,
]


@dataclass(frozen=True, slots=True)
class Module:
    """One lowered file. `path` is as the run names it; `name` the dotted module name inside its project."""

    path: str
    name: str
    is_package: bool
    body: tuple[Stmt, ...]
    docstring: str | None = None
    exports: tuple[str, ...] | None = field(default=None)  # literal __all__, if there is one
    rebound: frozenset[str] = frozenset()  # names that some function declares `global`
