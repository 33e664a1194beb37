"""A table of positions laid along the batch instead of the steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from shapelint.interp.run import Run
from shapelint.rules.claimed_roles import claimed_role
from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.shapes.shape import Axis
from shapelint.values.model import Step, Tensor

RULE = Rule("position-axis", "SHP609", "warning", "a table of positions varies along the batch instead of the steps")

_COUNTING = frozenset(("arange", "linspace"))
_MADE = _COUNTING | frozenset("zeros ones empty randn rand full Parameter".split())
_DRAWN = frozenset(("randn", "rand"))
_CUTTING = frozenset(("getitem", "indexing", "narrow", "slice"))


@dataclass(eq=False)
class _Laid:
    """A sum with a table, until later layers say what its axes are."""

    case: Case
    data: Tensor
    table: Tensor
    site: str


@RULE.check("torch.add", "torch.Tensor.add")
def remember(case: Case) -> Report | None:
    """Keep what is added to what: the layer that says which axis is the batch may come later."""
    event = case.event
    assert isinstance(event, OpCalled)
    values = list(event.arguments.values())[:2]
    tensors = [case.tensor(v) for v in values]
    if event.assumed or len(tensors) != 2:
        return None
    for data, table in (tensors, tensors[::-1]):
        if data is None or table is None or data.shape.rank not in (None, 3) or table.shape.rank != 3:
            continue
        if data.dtype in ("int", "bool"):
            continue  # offsets of indices into flattened samples
        if _is_table(table.step) and not _is_table(data.step):
            result = case.tensor(event.result)
            if data.shape.rank is None and result is not None:
                data = replace(data, shape=result.shape)  # what follows tells what the sum has
            kept = _Laid(case, data, table, case.text(event.where.site.node))
            case.run.notes.setdefault(RULE.name, []).append(kept)
    return None


def _is_table(step: Step | None) -> bool:
    """Whether a tensor was counted out, or cut from one that was made without any input."""
    is_cut = False
    is_kept = False
    root = ""
    while step is not None:
        is_kept = is_kept or step.op == "Parameter"
        if step.op in _CUTTING and step.previous is not None:
            left, whole = step.shape.parts, step.previous.shape.parts
            is_cut = is_cut or (len(left) == len(whole) and any(a != b for a, b in zip(left, whole)))
        root = step.op
        step = step.previous
    if root in _DRAWN and not is_kept:
        return False  # what a script draws at random stands for data
    return root in _COUNTING or (is_cut and root in _MADE)


@RULE.conclude
def conclude(run: Run) -> Iterator[tuple[Case, Report]]:
    for laid in run.notes.get(RULE.name, ()):
        if isinstance(laid, _Laid):
            report = _judged(laid)
            if report is not None:
                yield laid.case, report


def _judged(laid: _Laid) -> Report | None:
    """The table has one row for each sample, and the same row for every step."""
    case = laid.case
    facts = case.run.state.facts
    shape = facts.read(laid.data.shape, generic=True)
    if shape.rank != 3 or (shape is not laid.data.shape and not case.is_told_batched(shape)):
        return None
    axes, rows = shape.axes[:2], laid.table.shape.axes[:2]
    roles = [_role(case, a) for a in axes]
    if set(roles) != {"batch", "step"}:
        return None
    batch = roles.index("batch")
    if facts.resolve(rows[batch].size, generic=True) == 1 or facts.resolve(rows[1 - batch].size, generic=True) != 1:
        return None
    if any(facts.resolve(a.size, generic=True) == 1 for a in axes) or not _counts(case, laid.table.step, rows[batch]):
        return None
    proof = next((e.why for e in case.evidence(axes[batch]) if e.role == "batch"), "")
    claim = claimed_role(case.run, axes[batch])
    why = proof or (f"the code says that it is {claim[1]}" if claim else "")
    return Report(
        f"`{laid.site}` adds one row of the table to each sample, the same row at every step",
        label=f"{case.shape(laid.table.shape)} varies along axis {batch}, which is the batch of {case.shape(shape)}",
        help=f"lay the positions along axis {1 - batch}: cut the table to the number of steps, and put the axis of 1 where the batch is",
        notes=(f"axis {batch} is the batch: {why}",),
        step=laid.data.step,
    )


def _counts(case: Case, step: Step | None, rows: Axis) -> bool:
    """Whether the rows of a table are the entries that were counted out or made at its beginning, and not those of an input that it met."""
    while step is not None and step.previous is not None:
        step = step.previous
    made = case.run.state.facts.shape(step.shape, generic=True).parts if step is not None else ()
    return any(f in p.factors for p in made if isinstance(p, Axis) for f in rows.factors)


def _role(case: Case, axis: Axis) -> str | None:
    """The role of an axis as the whole reading proves it; where nothing does, as comments and docstrings have it."""
    roles = {getattr(e, "role", "") for f in axis.factors for e in case.run.state.facts.roles.get(f, ())}
    if not roles:
        claim = claimed_role(case.run, axis)
        return claim[0] if claim is not None else None
    return roles.pop() if len(roles) == 1 else None
