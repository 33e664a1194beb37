"""Every inferred shape held against torch: each recorded op by itself, on tensors of the shapes inferred for its
arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import torch

from shapelint.diagnostics import Location
from shapelint.reference.drawing import Contradiction, Sizes
from shapelint.reference.program import ATTEMPTS, KINDS, CannotReplay, Program, Raised, is_about_kinds
from shapelint.reference.recording import Call, Recording


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An expression of whose shape torch says something else."""

    location: Location
    text: str
    said: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What torch says of the ops of some readings: how many agree, which do not, and why others could not be asked."""

    torch: str
    agreed: int
    disagreements: tuple[Disagreement, ...]
    skipped: dict[str, int]


def compare(recordings: Iterable[Recording]) -> Comparison:
    """Repeat every recorded op."""
    agreed = 0
    found: dict[Disagreement, None] = {}
    skipped: dict[str, int] = {}
    for recording in recordings:
        for call in recording.calls:
            try:
                said = _said(recording, call)
            except CannotReplay as gap:
                reason = re.sub(r"`[^`]*`", "...", str(gap)).partition(" (")[0]
                skipped[reason] = skipped.get(reason, 0) + 1
                continue
            if not said:
                agreed += 1
                continue
            place = _place(recording, call)
            if place is not None:
                found[Disagreement(*place, said)] = None
    ordered = sorted(found, key=lambda one: (one.location, one.said))
    return Comparison(torch.__version__.partition("+")[0], agreed, tuple(ordered), dict(sorted(skipped.items())))


def _place(recording: Recording, call: Call) -> tuple[Location, str] | None:
    site = call.event.where.site
    run = recording.run
    module = run.root if run.root.path == site.path else run.project.at(site.path)
    if module is None or not site.node:
        return None
    return Location(site.path, *module.lowered.span(site.node)), module.lowered.text(site.node)


def _said(recording: Recording, call: Call) -> str:
    """What torch says otherwise, "" where it agrees. Raises CannotReplay where it cannot be asked."""
    event = call.event
    if event.assumed:
        raise CannotReplay("an argument rests on an assumption about its rank")
    reason = "no sizes were found that keep all that is known of them"
    for seed in range(ATTEMPTS):
        for kind in KINDS:
            program = Program(recording, Sizes(call.facts, seed), kind, most_calls=0)
            try:
                text = program.expression(event)
            except Contradiction:
                break
            except Raised as error:
                reason = f"its arguments cannot be made: {error}"
                break
            try:
                result = program.run("result", text)
            except Raised as error:
                if event.mismatch is not None:
                    return ""
                if not is_about_kinds(error):
                    if not program.sizes.drawn and not program.sizes.runs:
                        return f"torch refuses it: {error}"
                    # others may fit: nothing is claimed for all of them
                    reason = "torch takes none of the sizes and ranks that were drawn"
                    break
                reason = "torch objects to the kind of entries"
                if not program.guessed_dtype:
                    raise CannotReplay(reason) from None
                continue
            return "torch accepts it" if event.mismatch is not None else program.compare(event.result, result)
    raise CannotReplay(reason)
