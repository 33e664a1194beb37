"""What people write down about shapes, as text: comments (`# x: (B, T, H)`), jaxtyping's dimensions (`"batch seq 2*hidden"`), docstrings.

A claim is a row of sizes over names. The names are no symbols of the program: whoever reads a claim decides what they stand for. What is not surely a
claim about a shape (a formula, a list of options, a tuple of values, prose) gives none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Union

from shapelint.shapes.dim import Dim, Symbol
from shapelint.shapes.shape import Axis, Shape


@dataclass(frozen=True, slots=True)
class Size:
    """One claimed axis. `dim` is over the symbols that `named` gives, None where nothing is said of the size (`_`, `?`, `-1`). `broadcasts` where
    1 is as good."""

    text: str
    dim: Dim | None
    broadcasts: bool = False

    @property
    def name(self) -> str:
        """The one name that the size is, "" for anything else."""
        symbol = self.dim.lone_symbol if self.dim is not None else None
        return symbol.name if symbol is not None else ""


@dataclass(frozen=True, slots=True)
class Rest:
    """Any number of axes: `...`, `*rest`."""

    text: str


Row = tuple[Union[Size, Rest], ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """`target` is what it speaks of ("x", "h_n"; "" where it does not say), `readings` what it may mean (`[B*T*H]` is one axis or three), `text` the
    claim as written. `explicit` where it says that it is a shape (`shape:`, `torch.Size`)."""

    target: str
    readings: tuple[Row, ...]
    text: str
    explicit: bool = False


@cache
def named(name: str) -> Symbol:
    """The symbol that stands for a name within claims."""
    return Symbol(name, "unknown")


def aligned(shape: Shape, row: Row) -> list[tuple[int, Axis, Size]]:
    """The axes of a shape with the sizes that a row claims of them, each with its place (below 0 where it counts from the end): those that are
    known from one of the ends. The ranks must fit."""
    at = next((i for i, s in enumerate(row) if isinstance(s, Rest)), None)
    front = row if at is None else row[:at]
    back = () if at is None else row[at + 1 :]
    found = [(i, a, s) for i, (a, s) in enumerate(zip(shape.prefix, front)) if isinstance(s, Size)]
    if at is None and not shape.ranked:
        back = row[len(shape.prefix) :]
    behind = list(zip(reversed(shape.suffix), reversed(back)))
    if at is not None or not shape.ranked:
        found += [(-1 - i, a, s) for i, (a, s) in enumerate(behind) if isinstance(s, Size)]
    return found


# Sizes ---------------------------------------------------------------------------------------------

_ANY = frozenset(("", "_", "?", "-1", "None", "*", ":", "-", "any", "Any"))


_SPACED = re.compile(
    r"\b[a-z]+(?: [a-z]+)* (?:size|len|length|dim|dims|heads?|layers?|directions?|steps|classes|features|channels|tokens)\b"
)


def size_of(text: str) -> Dim | None:
    """The size that a text is: numbers, names and `+ - * / //` of them; None for anything else."""
    import ast

    try:
        return _dim(
            ast.parse(_SPACED.sub(lambda m: m[0].replace(" ", "_"), text.strip()).replace("^", "**"), mode="eval").body
        )
    except (SyntaxError, ValueError, RecursionError):
        return None


def _dim(node: object) -> Dim | None:
    import ast

    if isinstance(node, ast.Constant) and type(node.value) is int:
        return Dim.of(node.value)
    if isinstance(node, (ast.Name, ast.Attribute)):
        return Dim.of(named(ast.unparse(node)))
    if isinstance(node, ast.BinOp):
        left, right = _dim(node.left), _dim(node.right)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, (ast.FloorDiv, ast.Div)) and right != 0:
            return left // right
    return None


# Jaxtyping -----------------------------------------------------------------------------------------


def dimensions(text: str) -> Row | None:
    """The dimensions of a jaxtyping annotation, after its documentation: names, numbers, `...`, `*rest`, `#broadcast`, `_`, `name=4`,
    `dim+1`. None where the text is none."""
    found: list[Size | Rest] = []
    for word in text.split():
        if word == "...":
            found.append(Rest(word))
            continue
        marks = re.match(r"[#*?]*", word)
        assert marks is not None
        bare = word[marks.end() :]
        if "*" in marks[0]:
            found.append(Rest(word))
        elif bare == "_" or re.fullmatch(r"_\w*", bare) or "{" in bare:
            found.append(Size(word, None))
        else:
            value = re.sub(r"^\w+=", "", bare)
            dim = size_of(value)
            if dim is None and not re.search(r"[(\[]", value):
                return None
            found.append(Size(word, dim, "#" in marks[0]))
    return tuple(found) if sum(isinstance(s, Rest) for s in found) <= 1 else None


# Comments ------------------------------------------------------------------------------------------

_NAME = r"[A-Za-z_]\w*(?:\.\w+)*"
_WORD = r"(?:output |input |tensor |new |final )?(?:torch\.)?(?:[Ss]hapes?|[Ss]ize|SHAPE|SIZE|dims?|dimensions?)"
_BRACKETED = re.compile(
    rf"(?:(?P<target>{_NAME}(?:\[[\w:, .-]*\])?(?:\.shape|\.size\(\))?)\s*"
    rf"(?:(?P<is>is of|is|has|of|'s)\s+)?\s*(?P<told>{_WORD})?\s*(?P<sep>:|==?|=>|->)?\s*)?"
    rf"(?P<kind>{_WORD})?\s*(?P<kindsep>:|==?|is|of)?\s*"
    r"(?P<row>(?:torch\.)?Size\(\[(?P<size>[^()\[\]]*)\]\)|\((?P<round>[^()\[\]]*(?:\([^()\[\]]*\)[^()\[\]]*)*)\)|\[(?P<square>[^()\[\]]*(?:\([^()\[\]]*\)[^()\[\]]*)*)\])"
)
_LED = re.compile(r"(?:now\b\s*:?\s*|[=-]*>+\s*|→\s*)+", re.IGNORECASE)
RESULT_WORDS = frozenset("out output outputs result return returns after now".split())
"""Words that stand for the result of a line, where no variable has that name."""

_ARROW = re.compile(r"\s*(?:=+>|-+>|→|⇒)\s*")
_CROSS = re.compile(r"\s+[xX×]\s+|×")
_PARTS = re.compile(r"\s*(?:,|;|\band\b|&)\s*")
# behind a row: an end, or prose that only explains it
_BEHIND = re.compile(
    r"\s*(?:$|[.;,:–—-]\s|(?:where|with|here|in|for|each|tensor|tensors|float\w*|long|int\w*|bool\w*|matrix)\b)",
    re.IGNORECASE,
)
_AXIS = re.compile(
    r"[A-Z]{1,3}\d?|[A-Z]_\w{1,6}|[bnthcdlwksm]|bs|bsz|nh|hs|hw|"
    r"\w*(?:batch|seq_?len|_len|length|hidden|_dims?|embed|_size|_sz|channels?|height|width|heads?|vocab|feat(?:ure)?s?|classes|steps|layers|directions?)\w*|"
    r"(?:num|n|max|in|out|t|d|h)_\w+|seq|\w*len|time|dim|feature|size|(?:self|cfg|config|args|opt|hp|hparams)\.[\w.]+"
)
_STATES = frozenset("hcqkvxyz")  # (h, c) is a pair of states
_VALUE = re.compile(
    r"\w*(?:idx|index|indices|lengths|mask|loss|logits?|score|weights?|label|target|mean|std|_id|ids)|[xyz]\d|out_put"
)


@lru_cache(maxsize=8192)
def comment_claims(comment: str) -> tuple[Claim, ...]:
    """The claims of a comment, from its `#`; none where it is not surely about shapes."""
    text = re.split(r"\s#", comment.lstrip("#! ").strip(), maxsplit=1)[0].strip()
    if not text or len(text) > 160:
        return ()
    pieces = _ARROW.split(text)
    if len(pieces) > 1 and not pieces[0]:
        pieces = pieces[1:]
    if len(pieces) == 2 and re.fullmatch(_NAME, pieces[0]):
        text = f"{pieces[0]}: {pieces[1]}"
    elif len(pieces) > 1:
        # before -> after: the last one speaks of the result
        if not all(_rows(p) for p in pieces):
            return ()
        text = pieces[-1]
    else:
        text = pieces[0]
    return _rows(text)


def _rows(text: str) -> tuple[Claim, ...]:
    led = _LED.match(text)
    if led is not None and led.end() < len(text):
        text = text[led.end() :]
    found: list[Claim] = []
    at = 0
    while at < len(text):
        match = _BRACKETED.match(text, at)
        if match is None:
            break
        target = _target(match["target"] or "")
        told = target != (match["target"] or "")
        explicit = told or bool(match["told"] or match["kind"] or match["size"] is not None)
        if target and not match["sep"] and not match["is"] and not explicit:
            return ()  # a call, or prose
        inner = next(part for part in (match["size"], match["round"], match["square"]) if part is not None)
        claim = _claim(target, inner, match["round"] is not None, match["row"], explicit)
        if claim is None:
            return ()
        found.append(claim)
        parted = _PARTS.match(text, match.end())
        following = _BRACKETED.match(text, parted.end()) if parted is not None and parted.end() > match.end() else None
        if following is None:
            rest = text[match.end() :]
            numbers_only = all(
                isinstance(s, Rest) or s.dim is None or s.dim.value is not None for r in claim.readings for s in r
            )
            plain = not rest.strip(" .;,")
            if not plain and (numbers_only or not _BEHIND.match(rest) or re.search(r"[()\[\]]|\bor\b|\bif\b", rest)):
                return ()
            if len(found) > 1 and not all(c.target for c in found):
                return ()
            return tuple(found)
        assert parted is not None
        at = parted.end()
    if found:
        return ()
    bare = _bare(text)
    return (bare,) if bare is not None else ()


def _target(text: str) -> str:
    name = text.removesuffix(".shape").removesuffix(".size()")
    if re.fullmatch(_WORD, name) or name in ("Size", "torch.Size"):
        return ""
    return name


def _claim(target: str, inner: str, rounded: bool, row: str, explicit: bool) -> Claim | None:
    readings = _readings(inner)
    if readings is None or not _believable(readings, explicit, rounded):
        return None
    return Claim(target, readings, row, explicit)


_COMPLEX = re.compile(r"complex|re_?im|real_?imag", re.IGNORECASE)


def _readings(inner: str) -> tuple[Row, ...] | None:
    """What the inside of brackets may mean, None where it is no row of sizes. Two parts of complex numbers (`[F, T, complex=2]`) are an axis, or
    what the numbers are."""
    found = _rows_of(inner)
    if found is None:
        return None
    rows = [*found]
    for row in found:
        if len(row) > 1 and isinstance(row[-1], Size) and _COMPLEX.fullmatch(row[-1].text):
            rows.append(row[:-1])
    return tuple(rows)


def _rows_of(inner: str) -> tuple[Row, ...] | None:
    inner = inner.strip()
    if not inner:
        return ((),)
    pieces = [p.strip() for p in inner.rstrip(",").split(",")]
    if "," in inner:
        if not any(_CROSS.search(p) for p in pieces):
            row = _row(pieces)
            return None if row is None else (row,)
        # `(bs x seq, hidden)`: a product, or axes
        products = _row([_CROSS.sub("*", p) for p in pieces])
        axes = _row([q for p in pieces for q in _CROSS.split(p)])
        return None if products is None or axes is None else (products, axes)
    if _CROSS.search(inner):
        row = _row(_CROSS.split(inner))
        return None if row is None else (row,)
    crossed = re.fullmatch(r"[A-Z0-9]+(?:x[A-Z0-9]+)+|\w+(?:\*\w+)+", inner)
    if crossed is not None:
        parts = re.split(r"\*|(?<=[A-Z0-9])x(?=[A-Z0-9])", inner)
        axes = _row(parts)
        one = _row(["*".join(parts)])
        return None if axes is None or one is None else (one, axes)
    if re.search(r"\s", inner) and re.fullmatch(r"[\w.\s]+", inner) and not _SPACED.fullmatch(inner):
        return None  # prose in brackets
    row = _row([inner])
    return None if row is None else (row,)


def _row(pieces: list[str]) -> Row | None:
    found: list[Size | Rest] = []
    for piece in pieces:
        text = piece.strip()
        if text in ("...", "…", "*", "..", "....") or re.fullmatch(r"\*\w+", text):
            found.append(Rest(text))
            continue
        text = re.sub(r"\s*\(?=\s*\d+\)?$", "", text)  # `H (=1)`, `bs=1`
        if text in _ANY or "?" in text:
            found.append(Size(text, None))
            continue
        dim = size_of(text)
        if dim is None or re.search(r"[\"']", text):
            return None
        if dim.value is not None and dim.value < 0:
            return None
        found.append(Size(text, dim))
    return tuple(found) if sum(isinstance(s, Rest) for s in found) <= 1 else None


def _believable(readings: tuple[Row, ...], explicit: bool, round_: bool) -> bool:
    """Whether a row is surely one of sizes. Numbers alone may be values, and names may be those of several things."""
    names = {
        s.name for r in readings for one in r if isinstance(one, Size) and one.dim is not None for s in one.dim.symbols
    }
    if explicit:
        return not any(" " in n for n in names)
    if not names:
        sizes = [one for one in readings[0] if isinstance(one, Size) and one.dim is not None]
        return round_ and len(readings[0]) >= 2 and bool(sizes)
    if any(_VALUE.fullmatch(n) for n in names) or names <= _STATES or any(_lists_values(r) for r in readings):
        return False
    return any(_AXIS.fullmatch(n.rpartition(".")[2]) or _AXIS.fullmatch(n) for n in names)


def _lists_values(row: Row) -> bool:
    """Whether a row tells entries and how they go on: `[n, n, n, ...]`, `[0, n, 1, n, ...]`. No axis has size 0, and none is told three times."""
    dims = [one.dim for one in row if isinstance(one, Size)]
    goes_on = bool(row) and isinstance(row[-1], Rest)
    return goes_on and any(d is not None and (d == 0 or dims.count(d) > 2) for d in dims)


_BARE_CROSS = re.compile(
    r"(?:(?P<target>[A-Za-z_]\w*)\s*(?::|=)\s*)?(?P<row>[\w.*+/()-]+(?:\s+[x×]\s+[\w.*+/()-]+)+|[A-Z](?:x[A-Z0-9]+)+)"
)
_BARE_COMMA = re.compile(r"(?:(?P<target>[A-Za-z_]\w*)\s*:\s*)?(?P<row>[A-Z0-9][\w*]*(?:\s*,\s*[A-Z0-9][\w*]*)+)")


def _bare(text: str) -> Claim | None:
    """`B x T x H`, `BxTxH`, `B*T, H`: rows without brackets."""
    cross = _BARE_CROSS.fullmatch(text)
    if cross is not None:
        inner = cross["row"]
        row = _row(re.split(r"\s+[x×]\s+", inner) if re.search(r"\s", inner) else inner.split("x"))
        if row is None or not _believable((row,), False, False):
            return None
        return Claim(_target(cross["target"] or ""), (row,), inner)
    comma = _BARE_COMMA.fullmatch(text)
    if comma is not None and re.fullmatch(r"(?:[A-Z]\d?|\d+|[*,\s])+", comma["row"]):
        row = _row(comma["row"].split(","))
        if row is None or not _believable((row,), False, False):
            return None
        return Claim(_target(comma["target"] or ""), (row,), comma["row"])
    return None


# Docstrings ----------------------------------------------------------------------------------------

_MATH = re.compile(r":math:`([^`]*)`|`{1,2}([^`]*)`{1,2}|\*\*|\\text\{([^}]*)\}")
_FIELD = re.compile(rf"^\s*(?:[-*]\s*)?(?::param\s+)?\**(?P<name>{_NAME})\**\s*(?:\([^()]*\))?\s*:\s*(?P<said>.*)$")
_TYPED = re.compile(rf"^\s*(?:[-*]\s*)?(?P<name>{_NAME})\s*\((?P<said>.*)\)\s*:.*$")
_SECTION = re.compile(r"^\s*(?P<name>Args|Arguments|Parameters|Inputs?|Shapes?|Returns?|Outputs?)\s*:\s*(?P<said>.*)$")
_RESULT = frozenset(("return", "returns", "output", "outputs"))


LONGEST_LINE = 1000
"""Nobody describes a shape in a longer line, and a pattern may take the square of its length."""


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.split("\n") if len(line) <= LONGEST_LINE)


def docstring_claims(text: str) -> Iterator[tuple[str, Claim]]:
    """The claims of a docstring, each with what it speaks of: the name of a parameter, "input" (of PyTorch's own style) or "return"."""
    section = ""
    for line in _lines(text):
        plain = _MATH.sub(lambda m: m[1] or m[2] or m[3] or "", line)
        opened = _SECTION.match(plain)
        said, name = "", ""
        if opened is not None and (not opened["said"] or opened["name"].lower() in _RESULT):
            section, said = opened["name"].lower(), opened["said"]
            name = "return" if section in _RESULT else ""
        elif not plain.strip():
            continue
        else:
            field = _FIELD.match(plain)
            if field is not None:
                name, said = field["name"], field["said"]
            elif section in _RESULT:
                name, said = "return", plain.strip()
        if not name or not said:
            continue
        row = _described(said)
        if row is None:
            continue
        lowered = name.lower()
        of_layers = section in ("shape", "shapes")  # torch's own style tells every axis
        if lowered in _RESULT and (of_layers or section in ("", *_RESULT)):
            yield "return", replace(row, explicit=row.explicit or of_layers)
        elif lowered == "input" and of_layers:
            yield "input", replace(row, explicit=True)
        elif section in ("args", "arguments", "parameters", "input", "inputs") or line.lstrip().startswith(":param"):
            yield name, row


def mapping_claims(text: str) -> Iterator[tuple[Claim, Claim]]:
    """What a docstring says goes in and comes out, in one line of two rows: `A predictor: (B, T, N) -> (B, T, N)`."""
    for line in _lines(text):
        plain = _MATH.sub(lambda m: m[1] or m[2] or m[3] or "", line).strip(" .")
        pieces = _ARROW.split(plain)
        if len(pieces) != 2:
            continue
        start = max(pieces[0].rfind("("), pieces[0].rfind("["))
        before, after = _rows(pieces[0][start:]) if start >= 0 else (), _rows(pieces[1])
        if len(before) == len(after) == 1 and not before[0].target and not after[0].target:
            yield before[0], after[0]


def _described(said: str) -> Claim | None:
    """The one row in a description: `(N, L, H) tensor`, `tensor of shape (N, L)`, `shape [B, T]`; None where there are several or none."""
    found = list(re.finditer(r"\(([^()\[\]]*,[^()\[\]]*)\)|\[([^()\[\]]*,[^()\[\]]*)\]", said))
    if len(found) != 1 or re.search(
        r"\bor\b|\bif\b|\boptional\b|\blist\b|\btuple\b|\bdict\b|\bpair\b", said, re.IGNORECASE
    ):
        return None
    match = found[0]
    before = said[: match.start()].strip()
    explicit = re.search(rf"(?:{_WORD})(?:\s+(?:is|of|as))?\s*[:=]?$", before) is not None
    if before and not explicit and not re.search(r"(?:[Tt]ensor|of|with)$", before):
        return None
    inner = (match[1] if match[1] is not None else match[2]).replace("\\", "").replace("_{", "_").replace("}", "")
    readings = _readings(inner.replace("*", "*"))
    if readings is None or not _believable(readings, explicit, match[1] is not None):
        return None
    return Claim("", readings, match[0], explicit)
