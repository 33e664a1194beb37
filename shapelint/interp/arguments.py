"""What a test asks of the tensors that a function is given: what it does for some entries need not be what its caller's lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapelint.interp.names import lookup
from shapelint.interp.run import Run
from shapelint.program import model
from shapelint.program.walk import names
from shapelint.values.model import Tensor


def asks_arguments(run: Run, test: model.Expr) -> bool:
    """Whether the outcome of an open test depends on a tensor that the function at hand was given, also through names that it assigns. What loops
    count is no such thing."""
    function = run.top.node
    if function is None:
        return False
    parameters = {p.name for p in function.params.items}
    assigned = dict(_assigned(function.body))
    pending, seen = list(names(test)), set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in parameters and isinstance(lookup(run, name), Tensor):
            return True
        pending += assigned.get(name, ())
    return False


def _assigned(body: Iterable[model.Stmt]) -> Iterator[tuple[str, list[str]]]:
    """The names that statements assign, each with those that stand on the right."""
    for statement in body:
        if isinstance(statement, model.Assign):
            for target in statement.targets:
                for name in names(target):
                    yield name, list(names(statement.value))
        elif isinstance(statement, (model.If, model.For, model.While, model.With)):
            yield from _assigned(statement.body)
