"""A reshape that names axes out of the order in which they lie in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapelint.interp.run import Run
from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.shapes.regroup import Scramble, regroup
from shapelint.shapes.shape import Axis, Factor
from shapelint.values.model import Tensor

RULE = Rule("reshape-scrambles", "SHP603", "warning", "a view or reshape where a transpose or permute was meant")

# a tensor made up on the spot has no axes that could mean something
_MADE_UP = frozenset(
    "zeros ones rand randn empty full arange randint linspace tensor eye randperm normal zeros_like randn_like".split()
)

# rows made one entry longer and then read in the other order are shifted against each other on purpose (relative positions)
_SKEWING = frozenset(("cat", "pad"))


@dataclass(eq=False)
class _Mixed:
    """A reshape that scrambles, until a later one is seen to undo it."""

    case: Case
    report: Report
    source: frozenset[Factor]
    undone: bool = False


@RULE.check("reshape", "reshape_as")
def check(case: Case) -> Report | None:
    """The target's sizes are a reordering of the source's factors, or merge factors that are not neighbours, and no other reading exists."""
    event = case.event
    assert isinstance(event, OpCalled)
    x = case.tensor(next(iter(event.arguments.values()), event.result))
    result = case.tensor(event.result)
    if x is None or result is None or not x.shape.ranked or not result.shape.ranked:
        return None
    if event.assumed and not case.is_told_batched(x.shape):
        return None
    kept = case.run.notes.setdefault(RULE.name, [])
    _undo(kept, result)
    if (x.step is None and x.shape.concrete is not None) or (
        x.step is not None and x.step.op in _MADE_UP and x.shape.concrete is not None
    ):
        return None
    if x.step is not None and x.step.op in _SKEWING:
        return None
    scramble = regroup(case.facts, x.shape.axes, result.shape.dims).scramble
    if scramble is not None and len(scramble.source) > 1:
        kept.append(_Mixed(case, _report(case, x, result, scramble), frozenset(scramble.source)))
    return None


def _undo(kept: list[object], result: Tensor) -> None:
    """A later reshape that gives the factors back undoes the mix."""
    present = {f for axis in result.shape.axes for f in axis.factors}
    for mixed in kept:
        if isinstance(mixed, _Mixed) and mixed.source <= present:
            mixed.undone = True


@RULE.conclude
def conclude(run: Run) -> Iterator[tuple[Case, Report]]:
    for mixed in run.notes.get(RULE.name, ()):
        if isinstance(mixed, _Mixed) and not mixed.undone:
            yield mixed.case, mixed.report


def _report(case: Case, x: Tensor, result: Tensor, scramble: Scramble) -> Report:
    names = {f: _name(case, f) for f in (*scramble.source, *(g for claim in scramble.claims for g in claim))}
    memory = " × ".join(names[f] for f in scramble.source)
    asked = ", ".join("*".join(names[f] for f in claim) or "1" for claim in scramble.claims)
    what = "merges axes that are not neighbours" if scramble.merges_apart else "exchanges axes"
    return Report(
        f"`{case.subject}` {what}: {case.shape(x.shape)} lies in memory as {memory}, but is read as ({asked})",
        label=f"a reshape keeps the order in memory: {case.shape(result.shape)} mixes what belongs apart",
        help="move axes with `transpose` or `permute` first, then reshape neighbours",
        step=x.step,
    )


def _name(case: Case, factor: Factor) -> str:
    size = case.dim(factor.size)
    role = case.proved_role(Axis(factor.size, (factor,)))
    shown = {"step": "seq", "layer": "layers", "direction": "directions", "feature": "features"}.get(
        role or "", role or ""
    )
    return size if not shown or shown == size else f"{size} ({shown})"
