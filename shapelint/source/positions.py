"""Where syntax nodes stand, exactly as `ast` has it for the same expression.

libcst knows no positions: they are counted while the tree writes itself out. Its own provider does that with a
parent map, a copy of the tree and a position for every piece of whitespace; here one state object notes what syntax
nodes ask for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from shapelint.source import depth

if TYPE_CHECKING:
    import libcst

Span = tuple[int, int, int, int]


class _Recorder(AbstractContextManager[None]):
    """Notes the place where a node begins and ends."""

    __slots__ = ("node", "start", "state")

    def __init__(self, state: _State, node: Any) -> None:
        self.state = state
        self.node = node

    def __enter__(self) -> None:
        self.start = (self.state.line, self.state.column)

    def __exit__(self, *exception: object) -> None:
        state = self.state
        state.spans[id(self.node)] = (*self.start, state.last_line, state.last_column)


class _State:
    """Stands in for libcst's `CodegenState`: the same methods, but it counts lines and columns and keeps no text."""

    default_newline = "\n"
    tokens = ("",)  # asked only whether the file is empty

    def __init__(self, default_indent: str, text: str) -> None:
        self.default_indent = default_indent
        # The tree drops a form feed from the indentation of a statement; here is how wide that was.
        self.widths = {
            number: len(line) - len(line.lstrip(" \t\f"))
            for number, line in enumerate(text.split("\n") if "\f" in text else (), 1)
            if "\f" in line
        }
        self.indent_tokens: list[str] = []
        self.line = self.column = 1
        # Behind the last character that is not whitespace.
        self.last_line = self.last_column = 1
        self.spans: dict[int, Span] = {}
        self.openings: list[tuple[int, int]] = []

    def increase_indent(self, value: str) -> None:
        self.indent_tokens.append(value)

    def decrease_indent(self) -> None:
        self.indent_tokens.pop()

    def add_indent_tokens(self) -> None:
        if self.line in self.widths:
            self.column += self.widths[self.line]
            return
        for token in self.indent_tokens:
            self.column += len(token)

    def add_token(self, value: str) -> None:
        if "\n" in value:
            self.line += value.count("\n")
            self.column = len(value) - value.rfind("\n")
        else:
            self.column += len(value)
        if value.strip(" \t\f\n\\") and value[0] != "#":
            self.last_line = self.line
            self.last_column = self.column

    def before_codegen(self, node: Any) -> None:
        self.openings.append((self.line, self.column))

    def after_codegen(self, node: Any) -> None:
        start = self.openings.pop()
        if id(node) not in self.spans:
            self.spans[id(node)] = (*start, self.last_line, self.last_column)

    def pop_trailing_newline(self) -> None:
        pass

    def record_syntactic_position(self, node: Any, *, start_node: Any = None, end_node: Any = None) -> _Recorder:
        return _Recorder(self, node)


def spans(tree: libcst.Module, text: str) -> Callable[[Any], Span]:
    """Where things stand in `tree`, the tree of `text`: a function to (line, column, end line, end column).

    It takes a node, or the description of a span that is no node's: ("between", first, last);
    ("parenthesised", node), with the node's innermost parentheses; ("call parentheses", call), from the opening to the
    closing parenthesis of a call's arguments.
    """
    state = _State(tree.default_indent, text)
    depth.roomy(lambda: tree._codegen(state))  # type: ignore[arg-type]  # _State has the interface
    known = state.spans

    def span(node: Any) -> Span:
        if not isinstance(node, tuple):
            return known[id(node)]
        what, first = node[0], node[1]
        if what == "between":
            return (*known[id(first)][:2], *known[id(node[2])][2:])
        if what == "parenthesised":
            if not first.lpar:
                return known[id(first)]
            return (*known[id(first.lpar[-1])][:2], *known[id(first.rpar[0])][2:])
        return (*_arguments_start(first), *known[id(first)][2:])

    def _arguments_start(call: Any) -> tuple[int, int]:
        # The opening parenthesis is no node: it stands right before the whitespace that follows it.
        line, column = known[id(call.whitespace_before_args)][:2]
        return line, column - 1

    return span
