"""The one place that decides how a dim and a shape are printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from shapelint.shapes.dim import Atom, Dim, FloorDiv, Max, Min, Mod, Monomial, Symbol

if TYPE_CHECKING:
    from shapelint.shapes.shape import Shape

Names = Callable[[Symbol], str]


def own_name(symbol: Symbol) -> str:
    return symbol.name


def format_dim(dim: Dim, names: Names = own_name) -> str:
    """`2*hidden`, `seq//2`, `(seq - 3)//2 + 1`, `min(a, b)`: Python that computes the size."""
    if dim.value is not None:
        return str(dim.value)
    text = ""
    for monomial, factor in dim.terms:
        body = _format_term(monomial, abs(factor), names)
        if not text:
            text = f"-{body}" if factor < 0 else body
        else:
            text += f" - {body}" if factor < 0 else f" + {body}"
    return text


def _format_term(monomial: Monomial, factor: int, names: Names) -> str:
    if not monomial:
        return str(factor)
    # a floor division does not associate: it stands last or in parentheses
    factors = [str(factor)] if factor != 1 else []
    alone = len(monomial) == 1 and factor == 1 and monomial[0][1] == 1
    for atom, power in monomial:
        text = _format_atom(atom, names)
        if isinstance(atom, (FloorDiv, Mod)) and not alone:
            text = f"({text})"
        factors.append(text if power == 1 else f"{text}**{power}")
    return "*".join(factors)


def _format_atom(atom: Atom, names: Names) -> str:
    if isinstance(atom, Symbol):
        return names(atom)
    if isinstance(atom, (Min, Max)):
        inner = ", ".join(format_dim(a, names) for a in atom.args)
        return f"{'min' if isinstance(atom, Min) else 'max'}({inner})"
    sign = "//" if isinstance(atom, FloorDiv) else "%"
    left, right = (_format_operand(a, names) for a in atom.args)
    return f"{left}{sign}{right}" if isinstance(atom, FloorDiv) else f"{left} {sign} {right}"


def _format_operand(dim: Dim, names: Names) -> str:
    text = format_dim(dim, names)
    return text if dim.lone_symbol or dim.value is not None else f"({text})"


def format_dims(dims: Iterable[Dim], names: Names = own_name) -> str:
    """`(batch, seq, 5)`; one axis is `(5,)`."""
    texts = [format_dim(d, names) for d in dims]
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


def format_shape(shape: Shape, names: Names = own_name) -> str:
    """Like `format_dims`, with `...` for a run of axes that is not known."""
    from shapelint.shapes.shape import Segment

    texts = ["..." if isinstance(p, Segment) else format_dim(p.size, names) for p in shape.parts]
    return f"({texts[0]},)" if len(texts) == 1 and texts[0] != "..." else f"({', '.join(texts)})"


class Namer:
    """Gives each symbol of one context a name of its own: the same text always means the same symbol."""

    def __init__(self, preferred: Callable[[Symbol], str | None] = lambda s: None) -> None:
        self._preferred = preferred
        self._names: dict[Symbol, str] = {}
        self._taken: set[str] = set()

    def __call__(self, symbol: Symbol) -> str:
        name = self._names.get(symbol)
        if name is None:
            base = self._preferred(symbol) or symbol.name
            name, count = base, 2
            while name in self._taken:
                name, count = f"{base}_{count}", count + 1
            self._taken.add(name)
            self._names[symbol] = name
        return name
