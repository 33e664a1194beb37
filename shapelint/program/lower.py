"""From the syntax tree to the program model, by one hand-written dispatch over the node types of libcst.

Parentheses are dropped, adjacent strings joined, chains of one boolean operator made one node. Each model node keeps
the index of the syntax node it came from; where that stands in the text is computed for the whole file at the first
question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shapelint.program import model
from shapelint.source import depth
from shapelint.source.scan import scan
from shapelint.source.text import Source

if TYPE_CHECKING:
    import libcst

Span = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Remark:
    """The comments at a statement of one line or several: `since` those since the statement before it that an empty line parts from this one,
    `above` those directly above it, `behind` the one behind its end, each from its `#`, "" for none. `under` is the statement above whose paragraph
    (lines with no comment and no empty line between them) the last comment stands, where this is a further one; `goes_on` where a `for`, an `if` or
    the like follows in the paragraph."""

    since: tuple[str, ...]
    above: tuple[str, ...]
    behind: str
    under: int | None = None
    goes_on: bool = False


class Lowered:
    """One lowered file: the model, the way back from its node ids to the text, and the comments at its simple statements, by statement."""

    __slots__ = ("_lines", "_nodes", "_spans", "_tree", "module", "remarks", "source")

    def __init__(
        self, source: Source, tree: libcst.Module, module: model.Module, nodes: list[Any], remarks: dict[int, Remark]
    ) -> None:
        self.source = source
        self.module = module
        self.remarks = remarks
        self._tree = tree
        self._nodes = nodes
        self._spans: Callable[[Any], Span] | None = None
        self._lines: list[str] | None = None

    def span(self, id: int) -> Span:
        """(line, column, end line, end column) as `ast` has them, columns in code points from 1, the end exclusive."""
        if self._spans is None:
            from shapelint.source.positions import spans

            self._spans = spans(self._tree, self.source.text)
        return self._spans(self._nodes[id])

    def text(self, id: int) -> str:
        """The text of a node as written, on one line, without comments."""
        if self._lines is None:
            self._lines = self.source.text.split("\n")
        line, column, end_line, end_column = self.span(id)
        if line == end_line:
            return _one_line(self._lines[line - 1][column - 1 : end_column - 1])
        parts = [
            self._lines[line - 1][column - 1 :],
            *self._lines[line : end_line - 1],
            self._lines[end_line - 1][: end_column - 1],
        ]
        return _one_line("\n".join(parts))


def lower(source: Source, tree: libcst.Module, name: str, is_package: bool) -> Lowered:
    """The model of a parsed file; `name` is its dotted name in its project."""
    lowering = _Lowering()

    def run() -> tuple[model.Stmt, ...]:
        return lowering.body(tree)

    try:
        body = run()
    except RecursionError:  # `depth.check` let the text through, so that a roomy thread surely fits it
        lowering = _Lowering()
        body = depth.roomy(run)
    module = model.Module(
        source.path, name, is_package, body, _docstring(body), _exports(body), frozenset(lowering.rebound)
    )
    return Lowered(source, tree, module, lowering.nodes, lowering.remarks)


_OPERATORS = {
    "Add": "+",
    "Subtract": "-",
    "Multiply": "*",
    "Divide": "/",
    "FloorDivide": "//",
    "Modulo": "%",
    "Power": "**",
    "MatrixMultiply": "@",
    "BitAnd": "&",
    "BitOr": "|",
    "BitXor": "^",
    "LeftShift": "<<",
    "RightShift": ">>",
    "Minus": "-",
    "Plus": "+",
    "BitInvert": "~",
    "Not": "not",
    "And": "and",
    "Or": "or",
    "LessThan": "<",
    "LessThanEqual": "<=",
    "GreaterThan": ">",
    "GreaterThanEqual": ">=",
    "Equal": "==",
    "NotEqual": "!=",
    "In": "in",
    "NotIn": "not in",
    "Is": "is",
    "IsNot": "is not",
}
_SINGLETONS = {"True": True, "False": False, "None": None}


class _Lowering:
    """Lowers one file. `nodes[id]` is a syntax node, or what `positions.spans` reads where no syntax node has that
    span."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.remarks: dict[int, Remark] = {}
        self.rebound: set[str] = set()  # names that functions declare `global`
        self.yields = False  # whether the function being read has yielded
        # Bound methods by node type, filled as types are met.
        self.expressions: dict[type, Callable[[Any], Any]] = {}
        self.statements: dict[type, Callable[[Any], Any]] = {}

    def new(self, node: object) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def expr(self, node: Any) -> Any:
        handler = self.expressions.get(type(node))
        if handler is None:
            handler = self.expressions[type(node)] = _EXPRESSIONS[type(node).__name__].__get__(self)
        return handler(node)

    # Expressions ---------------------------------------------------------------------------------

    def name(self, node: Any) -> model.Expr:
        value = node.value
        if value in _SINGLETONS:
            return model.Const(self.new(node), _SINGLETONS[value])
        return model.Name(self.new(node), value)

    def integer(self, node: Any) -> model.Expr:
        try:
            return model.Const(self.new(node), int(node.value.replace("_", ""), 0))
        except ValueError:
            # More digits than Python converts: what it means, unevaluated.
            id = len(self.nodes) - 1
            return model.Call(id, model.Name(id, "int"), (model.Argument(id, model.Const(id, node.value)),))

    def floating(self, node: Any) -> model.Expr:
        return model.Const(self.new(node), float(node.value.replace("_", "")))

    def imaginary(self, node: Any) -> model.Expr:
        return model.Const(self.new(node), complex(0.0, float(node.value[:-1].replace("_", ""))))

    def ellipsis(self, node: Any) -> model.Expr:
        return model.Const(self.new(node), ...)

    def attribute(self, node: Any) -> model.Expr:
        return model.Attribute(self.new(node), self.expr(node.value), node.attr.value)

    def argument(self, node: Any) -> model.Argument:
        keyword = node.keyword
        return model.Argument(
            self.new(node), self.expr(node.value), keyword.value if keyword is not None else None, node.star
        )

    def call(self, node: Any) -> model.Expr:
        id = self.new(node)
        args = node.args
        if len(args) == 1 and type(args[0].value).__name__ == "GeneratorExp" and not args[0].value.lpar:
            # `f(x for x in y)`: the parentheses of the call are those of the generator.
            func = self.expr(node.func)
            start = len(self.nodes)
            lowered = self.argument(args[0])
            within = ("call parentheses", node)
            self.nodes[start] = within
            self.nodes[start + 1] = within
            return model.Call(id, func, (lowered,))
        return model.Call(id, self.expr(node.func), tuple(self.argument(arg) for arg in args))

    def subscript(self, node: Any) -> model.Expr:
        id = self.new(node)
        value = self.expr(node.value)
        elements = node.slice
        first = elements[0]
        if len(elements) == 1 and type(first.comma).__name__ != "Comma" and getattr(first.slice, "star", None) is None:
            return model.Subscript(id, value, self.index(first.slice))
        last = elements[-1]
        index_id = self.new(("between", first, last.comma if type(last.comma).__name__ == "Comma" else last))
        return model.Subscript(id, value, model.TupleExpr(index_id, tuple(self.index(e.slice) for e in elements)))

    def index(self, node: Any) -> model.Expr:
        if type(node).__name__ == "Index":
            if node.star is not None:
                return model.Starred(self.new(node), self.expr(node.value))
            value: model.Expr = self.expr(node.value)
            return value
        return model.SliceExpr(
            self.new(node), self.optional(node.lower), self.optional(node.upper), self.optional(node.step)
        )

    def optional(self, node: Any) -> Any:
        return None if node is None else self.expr(node)

    def starred(self, node: Any) -> model.Expr:
        return model.Starred(self.new(node), self.expr(node.value))

    def items(self, elements: Sequence[Any]) -> tuple[model.Expr, ...]:
        expr = self.expr
        return tuple(expr(e) if type(e).__name__ == "StarredElement" else expr(e.value) for e in elements)

    def tuple_display(self, node: Any) -> model.Expr:
        return model.TupleExpr(self.new(("parenthesised", node)), self.items(node.elements))

    def list_display(self, node: Any) -> model.Expr:
        return model.ListExpr(self.new(node), self.items(node.elements))

    def set_display(self, node: Any) -> model.Expr:
        return model.SetExpr(self.new(node), self.items(node.elements))

    def dict_display(self, node: Any) -> model.Expr:
        id = self.new(node)
        expr = self.expr
        return model.DictExpr(
            id,
            tuple(
                (None, expr(e.value)) if type(e).__name__ == "StarredDictElement" else (expr(e.key), expr(e.value))
                for e in node.elements
            ),
        )

    def binary(self, node: Any) -> model.Expr:
        # Walks down the left side in a loop: a sum of many terms leans to the left.
        spine = []
        while type(node).__name__ == "BinaryOperation":
            spine.append(node)
            node = node.left
        result: model.Expr = self.expr(node)
        for node in reversed(spine):
            operator = _OPERATORS[type(node.operator).__name__]
            result = model.BinOp(self.new(node), operator, result, self.expr(node.right))
        return result

    def unary(self, node: Any) -> model.Expr:
        return model.UnaryOp(self.new(node), _OPERATORS[type(node.operator).__name__], self.expr(node.expression))

    def boolean(self, node: Any) -> model.Expr:
        id = self.new(node)
        operator = type(node.operator)
        values = []
        # `a and b and c` leans to the left; a parenthesised part is a node of its own, as in `ast`.
        while True:
            right = node.right
            values.append(right)
            node = node.left
            if type(node).__name__ != "BooleanOperation" or node.lpar or type(node.operator) is not operator:
                break
        values.append(node)
        op = "and" if operator.__name__ == "And" else "or"
        return model.BoolOp(id, op, tuple(self.expr(value) for value in reversed(values)))  # type: ignore[arg-type]

    def comparison(self, node: Any) -> model.Expr:
        id = self.new(node)
        left = self.expr(node.left)
        targets = node.comparisons
        return model.Compare(
            id,
            left,
            tuple(_OPERATORS[type(target.operator).__name__] for target in targets),
            tuple(self.expr(target.comparator) for target in targets),
        )

    def conditional(self, node: Any) -> model.Expr:
        id = self.new(node)
        body = self.expr(node.body)
        return model.IfExp(id, self.expr(node.test), body, self.expr(node.orelse))

    def function_expression(self, node: Any) -> model.Expr:
        id = self.new(node)
        params = self.parameters(node.params)
        outer, self.yields = self.yields, False
        body = self.expr(node.body)
        self.yields = outer
        return model.Lambda(id, params, body)

    def generators(self, node: Any) -> tuple[model.Generator, ...]:
        generators = []
        while node is not None:
            target = self.expr(node.target)
            generators.append(
                model.Generator(
                    target, self.expr(node.iter), tuple(self.expr(condition.test) for condition in node.ifs)
                )
            )
            node = node.inner_for_in
        return tuple(generators)

    def comprehension(self, node: Any) -> model.Expr:
        kind = _COMPREHENSIONS[type(node).__name__]
        id = self.new(("parenthesised", node) if kind == "generator" else node)
        key = self.expr(node.key) if hasattr(node, "key") else None
        element = self.expr(node.elt if kind != "dict" else node.value)
        return model.Comprehension(id, kind, element, key, self.generators(node.for_in))  # type: ignore[arg-type]

    def named(self, node: Any) -> model.Expr:
        return model.NamedExpr(self.new(node), self.expr(node.target), self.expr(node.value))

    def awaited(self, node: Any) -> model.Expr:
        return model.Await(self.new(node), self.expr(node.expression))

    def yielded(self, node: Any) -> model.Expr:
        self.yields = True
        id = self.new(node)
        value = node.value
        if type(value).__name__ == "From":
            return model.Yield(id, self.expr(value.item), True)
        return model.Yield(id, self.optional(value))

    # Strings -------------------------------------------------------------------------------------

    def string(self, node: Any) -> model.Expr:
        return model.Const(self.new(node), _value(node.value))

    def formatted(self, node: Any) -> model.Expr:
        id = self.new(node)
        parts: list[model.Expr] = []
        plain = self.parts(node, parts)
        return model.FormattedString(id, tuple(parts), plain)

    def parts(self, node: Any, parts: list[model.Expr]) -> bool:
        """Appends the parts of an f-string; whether their text is that of their values."""
        prefix = node.start.rstrip("'\"").lower()
        plain = "t" not in prefix  # a template is no string
        for part in node.parts:
            if hasattr(part, "value"):
                text = part.value.replace("{{", "{").replace("}}", "}")
                parts.append(model.Const(self.new(part), text if "r" in prefix else _unescape(text)))
            else:
                plain &= self.field(part, parts)
        return plain

    def field(self, node: Any, parts: list[model.Expr]) -> bool:
        parts.append(self.expr(node.expression))
        for part in node.format_spec or ():
            if not hasattr(part, "value"):
                self.field(part, parts)
        return node.conversion in (None, "s") and node.format_spec is None and node.equal is None

    def concatenated(self, node: Any) -> model.Expr:
        id = self.new(node)
        strings = []
        while type(node).__name__ == "ConcatenatedString":
            strings.append(node.left)
            node = node.right
        strings.append(node)
        if all(type(string).__name__ == "SimpleString" for string in strings):
            values = [_value(string.value) for string in strings]
            if all(isinstance(value, bytes) for value in values):
                return model.Const(id, b"".join(values))  # type: ignore[arg-type]
            return model.Const(id, "".join(value for value in values if isinstance(value, str)))
        parts: list[model.Expr] = []
        plain = True
        for string in strings:
            if type(string).__name__ == "SimpleString":
                parts.append(self.string(string))
            else:
                plain &= self.parts(string, parts)
        return model.FormattedString(id, tuple(parts), plain)

    # Definitions ---------------------------------------------------------------------------------

    def parameters(self, node: Any) -> model.Parameters:
        items = [self.parameter(param, "positional") for param in (*node.posonly_params, *node.params)]
        if type(node.star_arg).__name__ == "Param":
            items.append(self.parameter(node.star_arg, "*"))
        items.extend(self.parameter(param, "keyword") for param in node.kwonly_params)
        if node.star_kwarg is not None:
            items.append(self.parameter(node.star_kwarg, "**"))
        return model.Parameters(tuple(items))

    def parameter(self, node: Any, kind: Any) -> model.Parameter:
        annotation = node.annotation
        id = self.new(node.name if annotation is None else ("between", node.name, annotation))
        return model.Parameter(
            id,
            node.name.value,
            kind,
            self.optional(node.default),
            None if annotation is None else self.expr(annotation.annotation),
        )

    def function(self, node: Any) -> model.Stmt:
        id = self.new(node)
        name_id = self.new(node.name)
        decorators = tuple(self.expr(decorator.decorator) for decorator in node.decorators)
        params = self.parameters(node.params)
        returns = None if node.returns is None else self.expr(node.returns.annotation)
        outer, self.yields = self.yields, False
        body = self.body(node.body)
        is_generator, self.yields = self.yields, outer
        return model.FunctionDef(
            id,
            name_id,
            node.name.value,
            params,
            body,
            decorators,
            returns,
            node.asynchronous is not None,
            is_generator,
            _docstring(body),
        )

    def class_definition(self, node: Any) -> model.Stmt:
        id = self.new(node)
        name_id = self.new(node.name)
        decorators = tuple(self.expr(decorator.decorator) for decorator in node.decorators)
        bases = tuple(self.argument(arg) for arg in (*node.bases, *node.keywords))
        body = self.body(node.body)
        return model.ClassDef(id, name_id, node.name.value, bases, body, decorators, _docstring(body))

    # Statements ----------------------------------------------------------------------------------

    def body(self, node: Any) -> tuple[model.Stmt, ...]:
        """The statements of a suite or of the module, or of nothing."""
        if node is None:
            return ()
        out: list[model.Stmt] = []
        # A suite on the line of its header holds small statements, like a line of an indented one.
        self.extend(out, (node,) if type(node).__name__ == "SimpleStatementSuite" else node.body)
        return tuple(out)

    def extend(self, out: list[model.Stmt], statements: Sequence[Any]) -> None:
        handlers = self.statements
        first: int | None = None  # of the paragraph below a comment
        for statement in statements:
            if type(statement).__name__ in ("SimpleStatementLine", "SimpleStatementSuite"):
                self.extend(out, statement.body)
                first = self.remark(out, statement, first)
                continue
            if first is not None and not getattr(statement, "leading_lines", ()):
                self.remarks[first] = replace(self.remarks[first], goes_on=True)
            first = None
            handler = handlers.get(type(statement))
            if handler is None:
                handler = handlers[type(statement)] = _STATEMENTS[type(statement).__name__].__get__(self)
            out.append(handler(statement))

    def remark(self, out: list[model.Stmt], line: Any, leader: int | None) -> int | None:
        """Keep the comments of a line that holds one statement. `leader` is the first statement of the paragraph under a comment, if any; that of the
        next line is returned."""
        if len(line.body) != 1:
            return None
        behind = line.trailing_whitespace.comment
        lines = [None if empty.comment is None else empty.comment.value for empty in getattr(line, "leading_lines", ())]
        first = next((i + 1 for i in reversed(range(len(lines))) if lines[i] is None), 0)
        since = tuple(comment for comment in lines[:first] if comment is not None)
        above = tuple(comment for comment in lines[first:] if comment is not None)
        under = None if lines else leader
        if behind is not None or above or since or under is not None:
            self.remarks[out[-1].id] = Remark(since, above, "" if behind is None else behind.value, under)
        return out[-1].id if above else under

    def expression_statement(self, node: Any) -> model.Stmt:
        return model.ExprStmt(self.new(node), self.expr(node.value))

    def assign(self, node: Any) -> model.Stmt:
        id = self.new(node)
        targets = tuple(self.expr(target.target) for target in node.targets)
        return model.Assign(id, targets, self.expr(node.value))

    def augmented(self, node: Any) -> model.Stmt:
        operator = _OPERATORS[type(node.operator).__name__.removesuffix("Assign")]
        return model.AugAssign(self.new(node), self.expr(node.target), operator, self.expr(node.value))

    def annotated(self, node: Any) -> model.Stmt:
        id = self.new(node)
        target = self.expr(node.target)
        return model.AnnAssign(id, target, self.expr(node.annotation.annotation), self.optional(node.value))

    def type_alias(self, node: Any) -> model.Stmt:
        return model.Assign(self.new(node), (self.expr(node.name),), self.expr(node.value))

    def returned(self, node: Any) -> model.Stmt:
        return model.Return(self.new(node), self.optional(node.value))

    def raised(self, node: Any) -> model.Stmt:
        return model.Raise(self.new(node), self.optional(node.exc))

    def asserted(self, node: Any) -> model.Stmt:
        return model.Assert(self.new(node), self.expr(node.test), self.optional(node.msg))

    def delete(self, node: Any) -> model.Stmt:
        id = self.new(node)
        target = node.target
        if type(target).__name__ == "Tuple":
            return model.Delete(id, self.items(target.elements))
        return model.Delete(id, (self.expr(target),))

    def conditional_statement(self, node: Any) -> model.Stmt:
        # A chain of `elif` is a loop here, however long.
        chain = []
        while type(node).__name__ == "If":
            chain.append((self.new(node), self.expr(node.test), self.body(node.body)))
            node = node.orelse
        orelse = () if node is None else self.body(node.body)
        for id, test, body in reversed(chain):
            orelse = (model.If(id, test, body, orelse),)
        return orelse[0]

    def otherwise(self, node: Any) -> tuple[model.Stmt, ...]:
        """The body of an `else` or `finally`, if there is one."""
        return () if node is None else self.body(node.body)

    def for_loop(self, node: Any) -> model.Stmt:
        id = self.new(node)
        target = self.expr(node.target)
        iterable = self.expr(node.iter)
        body = self.body(node.body)
        return model.For(id, target, iterable, body, self.otherwise(node.orelse), node.asynchronous is not None)

    def while_loop(self, node: Any) -> model.Stmt:
        id = self.new(node)
        test = self.expr(node.test)
        body = self.body(node.body)
        return model.While(id, test, body, self.otherwise(node.orelse))

    def attempt(self, node: Any) -> model.Stmt:
        id = self.new(node)
        body = self.body(node.body)
        handlers = tuple(
            model.Handler(
                self.new(handler),
                self.optional(handler.type),
                None if handler.name is None else handler.name.name.value,
                self.body(handler.body),
            )
            for handler in node.handlers
        )
        return model.Try(id, body, handlers, self.otherwise(node.orelse), self.otherwise(node.finalbody))

    def with_block(self, node: Any) -> model.Stmt:
        id = self.new(node)
        items = tuple(
            model.WithItem(self.expr(item.item), None if item.asname is None else self.expr(item.asname.name))
            for item in node.items
        )
        return model.With(id, items, self.body(node.body), node.asynchronous is not None)

    def imported(self, node: Any) -> model.Stmt:
        return model.Import(self.new(node), _aliases(node.names))

    def imported_from(self, node: Any) -> model.Stmt:
        star = type(node.names).__name__ == "ImportStar"
        module = "" if node.module is None else _dotted(node.module)
        names = () if star else _aliases(node.names)
        return model.ImportFrom(self.new(node), module, len(node.relative), names, star)

    def global_names(self, node: Any) -> model.Stmt:
        names = tuple(item.name.value for item in node.names)
        self.rebound.update(names)
        return model.Scope(self.new(node), "global", names)

    def nonlocal_names(self, node: Any) -> model.Stmt:
        return model.Scope(self.new(node), "nonlocal", tuple(item.name.value for item in node.names))

    def jump(self, node: Any) -> model.Stmt:
        return model.Jump(self.new(node), type(node).__name__.lower())  # type: ignore[arg-type]

    # Patterns ------------------------------------------------------------------------------------

    def match(self, node: Any) -> model.Stmt:
        id = self.new(node)
        subject = self.expr(node.subject)
        cases = []
        for case in node.cases:
            captures: list[str] = []
            test, opaque = self.pattern(case.pattern, subject, captures)
            guard = self.optional(case.guard)
            cases.append(model.MatchCase(test, opaque, tuple(captures), guard, self.body(case.body)))
        return model.Match(id, subject, tuple(cases))

    def pattern(self, node: Any, subject: model.Expr | None, captures: list[str]) -> tuple[model.Expr | None, bool]:
        """(the test that the pattern makes of `subject`, None for none; whether it makes one that cannot be told)."""
        kind = type(node).__name__
        if kind == "MatchAs":
            if node.name is not None:
                captures.append(node.name.value)
            return (None, False) if node.pattern is None else self.pattern(node.pattern, subject, captures)
        if kind == "MatchOr":
            found = [self.pattern(element.pattern, subject, captures) for element in node.patterns]
            # Alternatives bind the same names.
            captures[:] = dict.fromkeys(captures)
            if any(opaque for _, opaque in found):
                return None, True
            tests = tuple(test for test, _ in found if test is not None)
            return (model.BoolOp(self.new(node), "or", tests), False) if len(tests) == len(found) else (None, False)
        if kind in ("MatchTuple", "MatchList"):
            return self.sequence_pattern(node, subject, captures)
        if kind == "MatchMapping":
            for element in node.elements:
                self.pattern(element.pattern, None, captures)
            if node.rest is not None:
                captures.append(node.rest.value)
            return None, True
        if kind == "MatchClass":
            for element in node.patterns:
                self.pattern(element.value, None, captures)
            for element in node.kwds:
                self.pattern(element.pattern, None, captures)
            if subject is None or node.patterns or node.kwds:
                return None, True
            id = self.new(node)
            args = (model.Argument(id, subject), model.Argument(id, self.expr(node.cls)))
            return model.Call(id, model.Name(id, "isinstance"), args), False
        if subject is None:
            return None, True
        operator = "is" if kind == "MatchSingleton" else "=="
        return model.Compare(self.new(node), subject, (operator,), (self.expr(node.value),)), False

    def sequence_pattern(
        self, node: Any, subject: model.Expr | None, captures: list[str]
    ) -> tuple[model.Expr | None, bool]:
        """A sequence matches a displayed tuple part by part; of any other subject nothing is told."""
        stars = [element for element in node.patterns if type(element).__name__ == "MatchStar"]
        if isinstance(subject, model.TupleExpr) and not any(isinstance(item, model.Starred) for item in subject.items):
            parts: tuple[model.Expr | None, ...] = subject.items
        else:
            parts = (None,) * len(node.patterns)
        tellable = not stars and subject is not None and (None not in parts)
        if len(parts) != len(node.patterns):
            parts = (None,) * len(node.patterns)
        found = []
        for element, part in zip(node.patterns, parts, strict=True):
            if type(element).__name__ == "MatchStar":
                if element.name is not None:
                    captures.append(element.name.value)
            else:
                found.append(self.pattern(element.value, part, captures))
        if tellable and isinstance(subject, model.TupleExpr) and len(subject.items) != len(node.patterns):
            return model.Const(self.new(node), False), False
        if not tellable or any(opaque for _, opaque in found):
            return None, True
        tests = tuple(test for test, _ in found if test is not None)
        if len(tests) <= 1:
            return (tests[0] if tests else None), False
        return model.BoolOp(self.new(node), "and", tests), False


_EXPRESSIONS: dict[str, Any] = {
    "Name": _Lowering.name,
    "Integer": _Lowering.integer,
    "Float": _Lowering.floating,
    "Imaginary": _Lowering.imaginary,
    "Ellipsis": _Lowering.ellipsis,
    "SimpleString": _Lowering.string,
    "ConcatenatedString": _Lowering.concatenated,
    "FormattedString": _Lowering.formatted,
    "TemplatedString": _Lowering.formatted,
    "Attribute": _Lowering.attribute,
    "Call": _Lowering.call,
    "Subscript": _Lowering.subscript,
    "StarredElement": _Lowering.starred,
    "Tuple": _Lowering.tuple_display,
    "List": _Lowering.list_display,
    "Set": _Lowering.set_display,
    "Dict": _Lowering.dict_display,
    "BinaryOperation": _Lowering.binary,
    "UnaryOperation": _Lowering.unary,
    "BooleanOperation": _Lowering.boolean,
    "Comparison": _Lowering.comparison,
    "IfExp": _Lowering.conditional,
    "Lambda": _Lowering.function_expression,
    "ListComp": _Lowering.comprehension,
    "SetComp": _Lowering.comprehension,
    "DictComp": _Lowering.comprehension,
    "StarredDictComp": _Lowering.comprehension,
    "GeneratorExp": _Lowering.comprehension,
    "NamedExpr": _Lowering.named,
    "Await": _Lowering.awaited,
    "Yield": _Lowering.yielded,
}
_COMPREHENSIONS = {
    "ListComp": "list",
    "SetComp": "set",
    "DictComp": "dict",
    "StarredDictComp": "dict",
    "GeneratorExp": "generator",
}
_STATEMENTS: dict[str, Any] = {
    "Expr": _Lowering.expression_statement,
    "Assign": _Lowering.assign,
    "AugAssign": _Lowering.augmented,
    "AnnAssign": _Lowering.annotated,
    "TypeAlias": _Lowering.type_alias,
    "Return": _Lowering.returned,
    "Raise": _Lowering.raised,
    "Assert": _Lowering.asserted,
    "Del": _Lowering.delete,
    "If": _Lowering.conditional_statement,
    "For": _Lowering.for_loop,
    "While": _Lowering.while_loop,
    "Try": _Lowering.attempt,
    "TryStar": _Lowering.attempt,
    "With": _Lowering.with_block,
    "Import": _Lowering.imported,
    "LazyImport": _Lowering.imported,
    "ImportFrom": _Lowering.imported_from,
    "LazyImportFrom": _Lowering.imported_from,
    "Global": _Lowering.global_names,
    "Nonlocal": _Lowering.nonlocal_names,
    "Pass": _Lowering.jump,
    "Break": _Lowering.jump,
    "Continue": _Lowering.jump,
    "Match": _Lowering.match,
    "FunctionDef": _Lowering.function,
    "ClassDef": _Lowering.class_definition,
}


def _dotted(node: Any) -> str:
    parts = []
    while type(node).__name__ == "Attribute":
        parts.append(node.attr.value)
        node = node.value
    parts.append(node.value)
    return ".".join(reversed(parts))


def _aliases(names: Sequence[Any]) -> tuple[model.ImportAlias, ...]:
    return tuple(
        model.ImportAlias(_dotted(alias.name), None if alias.asname is None else alias.asname.name.value)
        for alias in names
    )


_ESCAPE = re.compile(
    r"\\(?:\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[\\'\"abfnrtv])", re.DOTALL
)
_BYTES_ESCAPE = re.compile(r"\\(?:\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|[\\'\"abfnrtv])", re.DOTALL)
_SIMPLE_ESCAPES = {
    "\n": "",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}


def _value(literal: str) -> str | bytes:
    """The value of a string literal without fields. Python's own evaluation would print warnings about odd escapes."""
    start = 0
    while literal[start] not in "'\"":
        start += 1
    prefix = literal[:start].lower()
    quotes = 3 if literal[start : start + 3] in ("'''", '"""') and len(literal) >= start + 6 else 1
    text = literal[start + quotes : -quotes]
    if "b" in prefix:
        if "r" not in prefix and "\\" in text:
            text = _BYTES_ESCAPE.sub(_unescaped, text)
        return text.encode("latin-1", "replace")
    return text if "r" in prefix else _unescape(text)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(match: re.Match[str]) -> str:
    body = match[0][1:]
    if body in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[body]
    if body[0] == "N":
        import unicodedata

        try:
            return unicodedata.lookup(body[2:-1])
        except KeyError:
            return match[0]
    code = int(body[1:], 16) if body[0] in "xuU" else int(body, 8)
    return chr(code) if code < 0x110000 else match[0]


def _docstring(body: tuple[model.Stmt, ...]) -> str | None:
    if body and isinstance(body[0], model.ExprStmt) and isinstance(body[0].value, model.Const):
        value = body[0].value.value
        return value if isinstance(value, str) else None
    return None


def _exports(body: tuple[model.Stmt, ...]) -> tuple[str, ...] | None:
    """The names of a literal `__all__`; None where there is none or it is computed."""
    exports: list[str] | None = None
    for statement in body:
        if isinstance(statement, model.Assign):
            targets: tuple[model.Expr, ...] = statement.targets
        elif isinstance(statement, (model.AugAssign, model.AnnAssign)):
            targets = (statement.target,)
        else:
            continue
        if not any(isinstance(target, model.Name) and target.name == "__all__" for target in targets):
            continue
        value = statement.value
        if not isinstance(value, (model.ListExpr, model.TupleExpr)):
            return None
        names = [item.value for item in value.items if isinstance(item, model.Const) and isinstance(item.value, str)]
        if len(names) != len(value.items):
            return None
        if isinstance(statement, model.AugAssign):
            if exports is None:
                return None
            exports += names
        else:
            exports = names
    return None if exports is None else tuple(exports)


_AFTER_OPEN = re.compile(r"([(\[{])\s*\n\s*")
_BEFORE_CLOSE = re.compile(r"\s*\n\s*([)\]}])")


def _one_line(text: str) -> str:
    if "\n" in text:
        pieces = []
        position = 0
        for kind, start, end in scan(text):
            if kind == "comment":
                pieces.append(text[position:start])
                position = end
        text = "".join([*pieces, text[position:]]).replace("\\\n", "\n")
        text = _BEFORE_CLOSE.sub(r"\1", _AFTER_OPEN.sub(r"\1", text))
    return " ".join(text.split())
