"""`shapelint validate`: a user's own ops held against the functions and layers that they describe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from shapelint.ops.contract import Op
from shapelint.ops.signature_text import BadSignature
from shapelint.reference.op_calls import named_object
from shapelint.reference.op_proof import Report, examine

SHOWN = 5
"""So many calls are printed at most under each heading."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the samples of one op showed. It `holds` where torch accepted some calls, the rule said nothing that is not so, and every
    constraint and name was met."""

    op: Op
    report: Report
    wanted: int

    @property
    def holds(self) -> bool:
        return bool(self.report.accepted) and not self.report.disagreements and not self.report.missing


class CannotProve(Exception):
    """An op that cannot be held against anything; the message says why."""


def prove(ops: Iterable[Op], wanted: int, seed: int, search: Sequence[str]) -> list[Proof]:
    """Hold ops against what their names mean, `wanted` accepted and as many rejected calls each. Names are imported, from the folders of
    `search` first. Raises CannotProve."""
    sys.path[:0] = [folder for folder in search if folder not in sys.path]
    ops = tuple(ops)
    for op in ops:
        if op.samples is None:
            raise CannotProve(f"`{op.name}` has no samples, which draw the calls to try")
        for name in op.torch:
            _check_name(op, name)
    try:
        return [Proof(op, examine(op, wanted, seed), wanted) for op in ops]
    except BadSignature as error:
        raise CannotProve(str(error)) from error


def _check_name(op: Op, name: str) -> None:
    try:
        found = named_object(name)
    except (Exception, SystemExit) as error:  # the module is the user's, and may fail in any way
        told = f"{type(error).__name__}: {error}" if not isinstance(error, ImportError) else str(error)
        raise CannotProve(f"`{name}` cannot be imported: {told}") from error
    if not callable(found):
        raise CannotProve(f"`{name}` cannot be called")
    if op.is_layer is not (isinstance(found, type) and issubclass(found, torch.nn.Module)):
        form, is_a = (
            ("layer", "no `nn.Module`") if op.is_layer else ("function", "an `nn.Module`: make its op by `layer(...)`")
        )
        raise CannotProve(f"`{name}` is described as a {form} and is {is_a}")


def render(proofs: Iterable[Proof]) -> str:
    """The proofs as text for people."""
    return "\n".join(line for proof in proofs for line in _lines(proof))


def _lines(proof: Proof) -> Iterable[str]:
    op, report = proof.op, proof.report
    yield f"{op.name}: {'agrees' if proof.holds else 'does not agree'}"
    yield f"  samples      {report.accepted} accepted, {report.rejected} rejected"
    yield f"  agreement    {report.agreed} of {report.checked} calls"
    known = [
        (f"{report.twins[f'{kind}: known']} of {_twins(report, kind)}", what)
        for kind, what in _TWINS
        if _twins(report, kind)
    ]
    if known:
        yield f"  shape told   {', '.join(f'{count} {what}' for count, what in known)}"
    if op.constraints:
        yield f"  constraints  {', '.join(f'{id} {report.violated[id]}' for id in op.constraints)}"
    if not report.accepted and report.refusal:
        yield f"  every call was refused, the first by: {_short(report.refusal)}"
    elif report.accepted < proof.wanted or (op.constraints and report.rejected < proof.wanted):
        yield f"  the samples gave fewer than {proof.wanted} calls that are accepted, or fewer that are rejected"
    for title, calls in (
        ("disagrees", report.disagreements),
        ("not proved", report.missing),
        ("no answer", report.gaps),
        ("known in part", report.partial),
    ):
        if calls:
            yield f"  {title}: {len(calls)}"
            yield from (f"    {_short(call)}" for call in calls[:SHOWN])
            if len(calls) > SHOWN:
                yield f"    and {len(calls) - SHOWN} more"
    yield ""


_TWINS = (("symbols", "with open sizes"), ("ranks", "with open ranks"))


def _twins(report: Report, kind: str) -> int:
    return sum(count for told, count in report.twins.items() if told.startswith(f"{kind}: "))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:299] + "…"


__all__ = ["CannotProve", "Proof", "prove", "render"]
