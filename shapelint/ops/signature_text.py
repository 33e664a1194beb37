"""Signatures as text: `"mylib.attend" = "(b, t, d), (b, s, d) -> (b, t, d)"`, read into plain records.

docs/own-ops.md tells the language. Nothing but text is read here: what stands in a configuration is data, and needs no trust.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union

LONGEST = 1000
"""So many characters a signature may have."""

DTYPES = ("bool", "int", "float", "complex")
_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)+"
_NAME = r"[^\W\d]\w*"
_KEY = re.compile(rf"\s*({_DOTTED})\s*(?:\((.*)\))?\s*", re.DOTALL)
_TENSOR = re.compile(
    rf"(?:(?P<name>{_NAME})\s*:\s*)?(?:(?:(?P<dtype>{'|'.join(DTYPES)})\s*)?\((?P<sizes>.*)\)|(?P<any>_))\s*(?P<none>=\s*None)?",
    re.DOTALL,
)
_OPTION = re.compile(rf"({_NAME})\s*(?:=(.*))?", re.DOTALL)


class BadSignature(ValueError):
    """A text that is no signature; the message says why."""


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic of two sizes."""

    sign: str
    left: Size
    right: Size


Size = Union[str, int, Binary]
"""A name, a number, or arithmetic of them."""

SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
}
_SIGN_OF = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%"}

ANY = "_"
"""A size, an argument or a result of which nothing is said."""


@dataclass(frozen=True, slots=True)
class Axes:
    """The axes of one tensor: those before `...` and those behind it, or all of them before where there is none (`run` is false)."""

    text: str
    before: tuple[Size, ...]
    behind: tuple[Size, ...] = ()
    run: bool = False
    dtype: str | None = None

    @property
    def least(self) -> int:
        """How many axes it has at least."""
        return len(self.before) + len(self.behind)

    @property
    def sizes(self) -> tuple[Size, ...]:
        return (*self.before, *self.behind)


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call. `axes` is None for an option and for what nothing is said of; `optional` tensors may be None. `default` is the
    text of a literal, "" where the argument must be given. `named` is false where the text gives it no name, `keyword` true behind `*`."""

    name: str
    axes: Axes | None = None
    optional: bool = False
    default: str = ""
    option: bool = False
    named: bool = True
    keyword: bool = False


@dataclass(frozen=True, slots=True)
class SignatureText:
    """What one entry of the configuration says. `built` are the arguments of a layer's constructor, None where a function is described. `texts`
    are the two lists of parameters as Python writes them."""

    name: str
    text: str
    built: tuple[Argument, ...] | None
    arguments: tuple[Argument, ...]
    results: tuple[Axes | None, ...]
    parameters: str
    built_parameters: str = ""

    @property
    def options(self) -> tuple[Argument, ...]:
        """Everything that is no tensor and may stand in a size."""
        return tuple(one for one in (*(self.built or ()), *self.arguments) if one.option)

    @property
    def tensors(self) -> tuple[Argument, ...]:
        return tuple(one for one in self.arguments if one.axes is not None)


def parse(key: str, text: str) -> SignatureText:
    """One entry of the configuration. Raises BadSignature."""
    if max(len(key), len(text)) > LONGEST:
        raise BadSignature(f"a signature has at most {LONGEST} characters")
    found = _KEY.fullmatch(key)
    if found is None:
        raise BadSignature(
            "the key is a dotted name, such as `mylib.attend`, for a layer with the parameters that build it, `mylib.Proj(d_in)`"
        )
    name, built_text = found[1], found[2]
    given, arrow, result = text.partition("->")
    if not arrow:
        raise BadSignature("a signature has the form `(b, t) -> (b, t)`: `->` is missing")
    if "->" in result:
        raise BadSignature("`->` stands there twice")
    built, built_parameters = None, ""
    if built_text is not None:
        built, built_parameters = _arguments(built_text)
        if any(not one.option for one in built):
            raise BadSignature("the parameters that build a layer are names, such as `d_in, d_out, bias=True`")
    arguments, parameters = _arguments(given)
    signature = SignatureText(name, text.strip(), built, arguments, _results(result), parameters, built_parameters)
    _check(signature)
    return signature


# Arguments and results ----------------------------------------------------------------------------


def _arguments(text: str) -> tuple[tuple[Argument, ...], str]:
    """The arguments, and as Python would write their parameters."""
    found: list[Argument] = []
    parameters: list[str] = []
    for place, piece in enumerate(_pieces(text), 1):
        if piece == "*":
            parameters.append("*")
            continue
        one = _argument(piece, place, keyword="*" in parameters)
        if any(one.name == other.name for other in found):
            raise BadSignature(f"two arguments are named `{one.name}`")
        found.append(one)
        parameters.append(f"{one.name}={one.default}" if one.default else one.name)
    return tuple(found), ", ".join(parameters)


def _argument(piece: str, place: int, keyword: bool) -> Argument:
    tensor = _TENSOR.fullmatch(piece)
    if tensor is not None:
        axes = None if tensor["any"] else _axes(tensor["sizes"], tensor["dtype"])
        optional = tensor["none"] is not None
        name = tensor["name"]
        if keyword and not name:
            raise BadSignature(f"`{piece}` stands behind `*` and has no name")
        default = "None" if optional else ""
        return Argument(name or f"_{place}", axes, optional, default, named=bool(name), keyword=keyword)
    option = _OPTION.fullmatch(piece)
    if option is None:
        raise BadSignature(f"cannot read the argument `{piece}`")
    default = (option[2] or "").strip()
    if option[2] is not None:
        try:
            ast.literal_eval(default)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise BadSignature(f"the default of `{option[1]}` is no literal: `{default}`") from None
    return Argument(option[1], default=default, option=True, keyword=keyword)


def _results(text: str) -> tuple[Axes | None, ...]:
    found: list[Axes | None] = []
    for piece in _pieces(text):
        tensor = _TENSOR.fullmatch(piece)
        if tensor is None or tensor["name"] or tensor["none"]:
            raise BadSignature(f"cannot read the result `{piece}`")
        found.append(None if tensor["any"] else _axes(tensor["sizes"], tensor["dtype"]))
    if not found:
        raise BadSignature("behind `->` stands what the call gives, such as `(b, t)`; `_` where nothing is said of it")
    return tuple(found)


def _axes(text: str, dtype: str | None) -> Axes:
    pieces = _pieces(text)
    if pieces.count("...") > 1:
        raise BadSignature(f"`...` stands twice in `({text})`")
    at = pieces.index("...") if "..." in pieces else len(pieces)
    sizes = [_size(piece) for piece in pieces if piece != "..."]
    return Axes(f"({', '.join(pieces)})", tuple(sizes[:at]), tuple(sizes[at:]), "..." in pieces, dtype)


def _pieces(text: str) -> list[str]:
    """What commas separate, outside of brackets and quotes. Raises BadSignature where brackets do not close."""
    pieces, depth, quote, start = [], 0, "", 0
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth < 0:
                raise BadSignature(f"a bracket closes that does not open in `{text.strip()}`")
        elif char == "," and not depth:
            pieces.append(text[start:at].strip())
            start = at + 1
    if depth or quote:
        raise BadSignature(f"{'a quote' if quote else 'a bracket'} does not close in `{text.strip()}`")
    last = text[start:].strip()
    if last:
        pieces.append(last)
    if "" in pieces:
        raise BadSignature(f"nothing stands before a comma in `{text.strip()}`")
    return pieces


# Sizes --------------------------------------------------------------------------------------------


def _size(text: str) -> Size:
    try:
        tree = ast.parse(text, mode="eval").body
        return _of_tree(tree, text)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        if isinstance(error, BadSignature):
            raise
        raise BadSignature(f"cannot read the size `{text}`") from None


def _of_tree(tree: ast.expr, text: str) -> Size:
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Constant) and type(tree.value) is int:
        return tree.value
    if isinstance(tree, ast.BinOp) and type(tree.op) in _SIGN_OF:
        return Binary(_SIGN_OF[type(tree.op)], _of_tree(tree.left, text), _of_tree(tree.right, text))
    raise BadSignature(f"the size `{text}` is no name, no number, and no arithmetic of them with + - * // %")


def names_in(size: Size) -> Iterator[str]:
    """The names in a size, each as often as it stands there."""
    if isinstance(size, str):
        yield size
    elif isinstance(size, Binary):
        yield from names_in(size.left)
        yield from names_in(size.right)


def written(size: Size) -> str:
    """A size as text."""
    if not isinstance(size, Binary):
        return str(size)
    left, right = (f"({written(s)})" if isinstance(s, Binary) else written(s) for s in (size.left, size.right))
    return f"{left} {size.sign} {right}" if size.sign in "+-" else f"{left}{size.sign}{right}"


def evaluate(size: Size, known: Mapping[str, Any]) -> Any:
    """A size with numbers or dims for its names. Raises KeyError for a name that is not known, ZeroDivisionError."""
    if isinstance(size, str):
        return known[size]
    if isinstance(size, int):
        return size
    return SIGNS[size.sign](evaluate(size.left, known), evaluate(size.right, known))


def solvable(size: Size, unknown: str) -> bool:
    """Whether the size tells a name that stands in it once, all others given."""
    if isinstance(size, str):
        return size == unknown
    if isinstance(size, int) or size.sign not in ("+", "-", "*"):
        return False
    sides = [side for side in (size.left, size.right) if unknown in names_in(side)]
    return len(sides) == 1 and solvable(sides[0], unknown)


def unknown_in(size: Size, known: Iterable[str]) -> str | None:
    """The one name that the size would tell; None where it tells none."""
    names = [name for name in names_in(size) if name not in known]
    return names[0] if len(names) == 1 and names[0] != ANY and solvable(size, names[0]) else None


# What every signature must meet -------------------------------------------------------------------


def _check(signature: SignatureText) -> None:
    everything = [*(signature.built or ()), *signature.arguments]
    for one in everything:
        if sum(other.name == one.name for other in everything) > 1:
            raise BadSignature(f"two arguments are named `{one.name}`")
    sizes = [size for one in signature.tensors if one.axes is not None for size in one.axes.sizes]
    sizes += [size for result in signature.results if result is not None for size in result.sizes]
    for size in sizes:
        if isinstance(size, Binary) and ANY in names_in(size):
            raise BadSignature(f"`_` stands alone, not in `{written(size)}`")
    known = told(signature)
    for one in signature.tensors:
        for size in one.axes.sizes if one.axes is not None else ():
            open_names = [name for name in names_in(size) if name not in known and name != ANY]
            if open_names:
                raise BadSignature(f"no size of an argument tells `{open_names[0]}`, which stands in `{written(size)}`")
    runs = [one for one in signature.tensors if one.axes is not None and one.axes.run]
    for result in signature.results:
        if result is None:
            continue
        if result.run and not runs:
            raise BadSignature("`...` stands in a result and in no argument")
        for name in (name for size in result.sizes for name in names_in(size)):
            if name not in known and name != ANY:
                raise BadSignature(f"`{name}` stands in a result and in no argument; `_` is a size that nothing tells")


def told(signature: SignatureText) -> frozenset[str]:
    """The names that options and sizes of arguments tell, all arguments given."""
    known = {one.name for one in signature.options}
    sizes = [size for one in signature.tensors if one.axes is not None for size in one.axes.sizes]
    while True:
        fresh = {name for size in sizes if (name := unknown_in(size, known)) is not None}
        if not fresh:
            return frozenset(known)
        known |= fresh


__all__ = [
    "ANY",
    "Argument",
    "Axes",
    "BadSignature",
    "Binary",
    "SignatureText",
    "Size",
    "evaluate",
    "names_in",
    "parse",
    "told",
    "unknown_in",
    "written",
]
