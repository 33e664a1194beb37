"""Jaxtyping annotations: facts about what arrives, claims about what is made.

`Float[Tensor, "batch seq hidden"]` on a parameter fixes the rank of an input, a name that a signature repeats is one size, a number is a size. On a
result or an assigned name the same is asked of the value. https://docs.kidger.site/jaxtyping/api/array/
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Union

from shapelint.interp.events import Claimed, ClaimFault
from shapelint.interp.objects import Frame, FunctionValue
from shapelint.interp.run import Run
from shapelint.program import model
from shapelint.shapes.claims import Rest, Row, Size, aligned, dimensions, named
from shapelint.shapes.dim import Dim
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Shape
from shapelint.values.model import Dtype, External, Opaque, Tensor, Tuple, Unknown, Value

if TYPE_CHECKING:
    from shapelint.interp.calls import Arguments

_DTYPES: dict[str, Dtype | None] = {
    "Shaped": None,
    "Num": None,
    "Real": None,
    "Inexact": None,
    "Bool": "bool",
    "Complex": "complex",
    "Float": "float",
    "BFloat16": "float",
    "Int": "int",
    "Integer": "int",
    "UInt": "int",
}
_SIZED = ("Float", "Complex", "Int", "UInt")
_LIBRARIES = ("jaxtyping",)


@dataclass(frozen=True, slots=True)
class Annotated:
    """What one annotation says: the row of sizes, the dtype, the text of its dimensions, whether None is as good."""

    row: Row
    dtype: Dtype | None
    text: str
    optional: bool = False


Says = Union[Annotated, tuple[Union[Annotated, None], ...]]


def may_say_a_shape(node: model.Expr) -> bool:
    """Whether an annotation has the form of one that says a shape; quick, and true of some that say none."""
    return isinstance(node, (model.Subscript, model.BinOp))


def read(run: Run, node: model.Expr, scope: tuple[int, ...]) -> Says | None:
    """What an annotation says of a shape, its names looked up in `scope`; None where it says nothing."""
    if isinstance(node, model.BinOp) and node.op == "|":
        sides = [s for s in (node.left, node.right) if not (isinstance(s, model.Const) and s.value is None)]
        return _or_none(read(run, sides[0], scope)) if len(sides) == 1 else None
    if not isinstance(node, model.Subscript):
        return None
    name = _name(run, node.value, scope)
    last = name.rpartition(".")[2]
    if last == "Optional":
        return _or_none(read(run, node.index, scope))
    if last in ("tuple", "Tuple") and isinstance(node.index, model.TupleExpr):
        parts = [read(run, item, scope) for item in node.index.items]
        if any(isinstance(p, tuple) for p in parts) or all(p is None for p in parts):
            return None
        return tuple(p for p in parts if not isinstance(p, tuple))
    if name.partition(".")[0] not in _LIBRARIES or not isinstance(node.index, model.TupleExpr):
        return None
    items = node.index.items
    if getattr(items[0], "name", "") == "ndarray":
        return None  # NumPy's methods are others
    if len(items) != 2 or not isinstance(items[1], model.Const) or not isinstance(items[1].value, str):
        return None
    base = next((b for b in _SIZED if last.startswith(b) and last[len(b) :].isdigit()), last)
    row = dimensions(items[1].value)
    if base not in _DTYPES or row is None:
        return None
    return Annotated(row, _DTYPES[base], items[1].value)


def _or_none(says: Says | None) -> Annotated | None:
    return replace(says, optional=True) if isinstance(says, Annotated) else None


def _name(run: Run, node: model.Expr, scope: tuple[int, ...]) -> str:
    """The name in its library of what an annotation begins with, "" for anything else."""
    if isinstance(node, model.Attribute):
        owner = _name(run, node.value, scope)
        return f"{owner}.{node.name}" if owner else ""
    if not isinstance(node, model.Name):
        return ""
    for address in scope:
        frame = run.state.find(address)
        value = frame.names.get(node.name) if isinstance(frame, Frame) else None
        if value is not None:
            return value.name if isinstance(value, External) else ""
    return node.name if node.name == "tuple" else ""


# Meeting -------------------------------------------------------------------------------------------


def meet_arguments(
    run: Run, function: FunctionValue, names: dict[str, Value], given: Arguments, skip: int, sizes: dict[str, Dim]
) -> None:
    """Hold the arguments of a call against the annotations of its parameters, of which the first `skip` take none; writes what is learned into
    `names` and `sizes`."""
    positional = [p.name for p in function.node.params.items if p.kind == "positional"]
    written = dict(zip(positional[skip:], given.nodes))
    written.update(given.kwarg_nodes)
    for param in function.node.params.items:
        if param.annotation is None or param.kind not in ("positional", "keyword"):
            continue
        says = read(run, param.annotation, function.scope)
        if not isinstance(says, Annotated):
            continue
        names[param.name] = _meet(run, names[param.name], says, sizes, written.get(param.name, 0), param.name)


def meet(run: Run, value: Value, annotation: model.Expr, node: int, name: str = "") -> Value:
    """Hold a result, or what is assigned to a name, against an annotation of the call in progress; gives the value, or what the annotation says
    where nothing is known of it."""
    if not may_say_a_shape(annotation):
        return value
    top = run.top
    says = read(run, annotation, (top.frame.address, *top.scope))
    if isinstance(says, Annotated):
        return _meet(run, value, says, top.sizes, node, name)
    if isinstance(says, tuple) and isinstance(value, Tuple) and len(value.items) == len(says):
        items = tuple(
            item if one is None else _meet(run, item, one, top.sizes, node, name)
            for item, one in zip(value.items, says)
        )
        return replace(value, items=items)
    return value


def _meet(
    run: Run,
    value: Value,
    says: Annotated,
    sizes: dict[str, Dim],
    node: int,
    name: str,
) -> Value:
    if isinstance(value, Opaque) and value.origin == "input" and not value.optional:
        tensor = run.adopt(value)
        if tensor.dtype is None and says.dtype is not None:
            run.adopted[value.path] = tensor.with_dtype(says.dtype)
            tensor = run.adopted[value.path]
        _learn(run, tensor.shape, says.row, sizes)
        return value
    if isinstance(value, Unknown) and value.reason != "after-error" and not says.optional:
        tensor = Tensor.unknown("annotated", says.dtype)
        _learn(run, tensor.shape, says.row, sizes)
        return tensor
    if not isinstance(value, Tensor):
        return value
    fault, axis, required = _fault(run, value, says.row, sizes)
    if node and not run.quiet:
        run.tell(Claimed(run.where(node), "annotation", says.text, value, fault, axis, required, name))
    if not fault and not value.assumed:
        _learn(run, value.shape, says.row, sizes)
    return value


def _fault(run: Run, value: Tensor, row: Row, sizes: dict[str, Dim]) -> tuple[ClaimFault, int, str]:
    """How a tensor surely contradicts a row, on which axis, and what it should have been there."""
    facts = run.state.facts
    if value.assumed or facts.in_doubt(value.shape):
        return "", 0, ""
    least, most = facts.admissible_ranks(value.shape)
    known = sum(isinstance(s, Size) for s in row)
    open_ = known < len(row)
    if (most is not None and known > most) or (known < least and not open_):
        return "rank", 0, str(known)
    shape = facts.shape(value.shape, generic=True)
    met = dict(sizes)
    for place, axis, size in aligned(shape, row):
        wanted = _wanted(size, met)
        if wanted is None:
            if size.name and not size.broadcasts:
                met[size.name] = axis.size
            continue
        if facts.compare(axis.size, wanted, proof=True) is Verdict.DIFFERENT:
            if not size.broadcasts or facts.compare(axis.size, 1, proof=True) is Verdict.DIFFERENT:
                return "size", place, size.text if wanted.value is None else _said(size, wanted)
        elif size.name and not size.broadcasts and _has_another_name(run, axis.size, wanted, sizes):
            return "size", place, size.name
    return "", 0, ""


def _has_another_name(run: Run, size: Dim, wanted: Dim, sizes: dict[str, Dim]) -> bool:
    """Whether a size and the one asked for are those of two names of one signature, which the caller is free to choose apart."""
    facts = run.state.facts
    size, wanted = facts.resolve(size, generic=True), facts.resolve(wanted, generic=True)
    free = [facts.resolve(dim, generic=True) for dim in sizes.values()]
    both = (size.lone_symbol, wanted.lone_symbol)
    if run.kind != "open" or size == wanted or size not in free or any(s is None or s.kind != "input" for s in both):
        return False
    return len(run.stack) == 2  # the entry itself: what another caller passes may be chosen together


def _said(size: Size, wanted: Dim) -> str:
    return str(wanted.value) if size.dim is not None and size.dim.value is not None else f"{size.text} = {wanted.value}"


def _wanted(size: Size, sizes: dict[str, Dim]) -> Dim | None:
    """The size that a claim asks for, where the names in it are known."""
    if size.dim is None:
        return None
    table = {named(name): dim for name, dim in sizes.items()}
    if any(s not in table for s in size.dim.symbols):
        return None
    return size.dim.substitute(table.get)


def _learn(run: Run, shape: Shape, row: Row, sizes: dict[str, Dim]) -> None:
    """Take a row as a fact about a shape that does not contradict it."""
    facts = run.state.facts
    rest = next((i for i, s in enumerate(row) if isinstance(s, Rest)), None)
    if rest is None:
        fixed = facts.fix_rank(shape, len(row))
        if fixed is None:
            return
        shape = fixed
    else:
        behind = len(row) - 1 - rest
        shape = facts.reveal_prefix(shape, rest, len(row) - 1)
        shape = facts.reveal_suffix(shape, behind, len(row) - 1)
        if len(shape.prefix) < rest or len(shape.suffix) < behind:
            return
    for _, axis, size in aligned(shape, row):
        if size.broadcasts:
            continue
        wanted = _wanted(size, sizes)
        if wanted is not None:
            facts.equate(axis.size, wanted)
        elif size.name:
            sizes[size.name] = axis.size
            symbol = facts.resolve(axis.size, generic=True).lone_symbol
            if symbol is not None and symbol.kind != "parameter" and size.name.isidentifier():
                run.names.setdefault(symbol, size.name)


__all__ = ["Annotated", "may_say_a_shape", "meet", "meet_arguments", "read"]
