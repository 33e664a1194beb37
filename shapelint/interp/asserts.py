"""Asserts on shapes: which surely fail."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapelint.interp import worlds
from shapelint.interp.events import Claimed, ClaimFault
from shapelint.interp.expressions import evaluate
from shapelint.interp.run import PathEnds, Run
from shapelint.program import model
from shapelint.values.model import Bool, Opaque, Tensor, Unknown, Value

_UNFINISHED = re.compile(
    r"not (?:yet )?(?:implemented|supported)|unsupported|unreachable|todo|should not", re.IGNORECASE
)


def tell(run: Run, node: model.Assert) -> None:
    """Tell of an assert on a shape: whether it surely fails. One that says why its case is left out is no claim."""
    if run.quiet:
        return
    subjects = list(_subjects(node.test))
    if not subjects:
        return
    if isinstance(node.message, model.Const) and _UNFINISHED.search(str(node.message.value)):
        return
    values = []
    with run.silently():
        for subject in subjects:
            value = evaluate(run, subject)
            values.append(run.adopted.get(value.path, value) if isinstance(value, Opaque) else value)
    fault: ClaimFault = "false" if _is_false(run, node.test) else ""
    for value in values:
        if not isinstance(value, Tensor) or value.assumed or run.state.facts.in_doubt(value.shape):
            fault = ""
    where = run.where(node.test.id)
    run.tell(Claimed(where, "assert", "", values[0] if values else Unknown("dynamic-value"), fault))


def _is_false(run: Run, test: model.Expr) -> bool:
    """Whether a test surely comes out false. Nothing may rest on sizes being in general position, and of `a and b` one must."""
    if isinstance(test, model.BoolOp) and test.op == "and":
        return any(next(_subjects(part), None) is not None and _is_false(run, part) for part in test.values)
    state = run.state
    run.state = state.fork()
    run.state.facts.forget_generic()
    try:
        with run.silently():
            value: Value = worlds.truth(run, evaluate(run, test))
        return isinstance(value, Bool) and worlds.decide(run, value) is False
    except PathEnds:
        return False
    finally:
        run.state = state


def _subjects(test: model.Expr) -> Iterator[model.Expr]:
    """The tensors whose shapes a test compares."""
    if isinstance(test, model.BoolOp):
        for part in test.values:
            yield from _subjects(part)
    elif isinstance(test, model.Compare):
        for side in (test.left, *test.comparators):
            yield from _measured(side)


def _measured(node: model.Expr) -> Iterator[model.Expr]:
    """`x` of `x.shape`, `x.shape[1:]`, `x.size(0)`, `x.dim()`, `x.ndim`, `len(x.shape)`, alone or in sums, products and tuples."""
    if isinstance(node, model.Attribute) and node.name in ("shape", "ndim"):
        yield node.value
    elif isinstance(node, model.Subscript):
        yield from _measured(node.value)
    elif isinstance(node, model.BinOp):
        yield from _measured(node.left)
        yield from _measured(node.right)
    elif isinstance(node, (model.TupleExpr, model.ListExpr)):
        for item in node.items:
            yield from _measured(item)
    elif isinstance(node, model.Call):
        if isinstance(node.func, model.Attribute) and node.func.name in ("size", "dim", "ndimension", "numel"):
            yield node.func.value
        elif isinstance(node.func, model.Name) and node.func.name in ("len", "list", "tuple") and node.args:
            inner = node.args[0].value
            if not isinstance(inner, (model.Name, model.Attribute)) or getattr(inner, "name", "") == "shape":
                yield from _measured(inner)


__all__ = ["tell"]
