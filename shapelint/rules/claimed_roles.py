"""What comments and docstrings say an axis counts.

A claim is weak: it names an axis only where it holds of the shape that it speaks of, where no other claim names the axis otherwise, and where
no layer proves anything else of it. No report rests on claims alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shapelint.interp.run import Run
from shapelint.shapes.claims import Claim, Rest, Size
from shapelint.shapes.shape import Axis, Factor, Shape

BATCH = re.compile(r"b|bs|bsz|batch\w*|\w+_batch(?:_size)?", re.IGNORECASE)
_ROLES = {
    "batch": BATCH,
    "step": re.compile(
        r"T|seq|time|(?:src|trg|tgt|max|seq)?_?len(?:gth)?|seq\w*|(?:time_?|n_?|num_)?steps?", re.IGNORECASE
    ),
    "layer": re.compile(r"(?:num_|n_)?layers?", re.IGNORECASE),
}
ROLES = frozenset(_ROLES)
_NOTE = "claimed roles"


@dataclass(frozen=True, slots=True)
class _Told:
    factor: Factor
    role: str
    text: str


def role_named(size: Size | Rest) -> str | None:
    """The role that the name of a claimed axis stands for."""
    name = size.name if isinstance(size, Size) else ""
    return next((role for role, names in _ROLES.items() if names.fullmatch(name)), None)


def remember(run: Run, claim: Claim, shape: Shape | None) -> None:
    """Keep what a claim that holds says of the axes of a shape."""
    if shape is None or not shape.ranked or len(claim.readings) != 1 or len(claim.readings[0]) != shape.rank:
        return
    for size, axis in zip(claim.readings[0], shape.axes):
        role = role_named(size)
        if role is not None and len(axis.factors) == 1:
            run.notes.setdefault(_NOTE, []).append(_Told(axis.factors[0], role, claim.text))


def claimed_role(run: Run, axis: Axis) -> tuple[str, str] | None:
    """The role that claims give an axis, and one of them; None where nothing is claimed, or claims or proofs differ."""
    told = [t for t in run.notes.get(_NOTE, ()) if isinstance(t, _Told) and t.factor in axis.factors]
    roles = {t.role for t in told}
    roles |= {getattr(e, "role", "") for factor in axis.factors for e in run.state.facts.roles.get(factor, ())}
    return (told[0].role, told[0].text) if told and len(roles) == 1 and len(axis.factors) == 1 else None
