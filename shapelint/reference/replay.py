"""Findings held against torch: the calls that a finding rests on, and only those, repeated with concrete sizes.

The user's code is never run. A fault that crashes is confirmed by torch's own message; one that runs and means the
wrong thing by what a change of the input does to the result (`experiments`); what torch accepts under every draw is
refuted. That the program gets there with such shapes is the analysis alone: every witness says what torch did not see.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from shapelint.diagnostics import Diagnostic, Witness
from shapelint.interp.events import Claimed, LayerBuilt, Misused, OpCalled, Stated
from shapelint.interp.naming import Naming
from shapelint.reference.drawing import Contradiction, Sizes
from shapelint.reference.experiments import EXPERIMENTS, Experiment, Shown
from shapelint.reference.program import ATTEMPTS, KINDS, MOST_CALLS, CannotReplay, Program, Raised, is_about_kinds
from shapelint.reference.recording import Call, Fault, Recording, faults_of
from shapelint.reference.scripts import claim_script, crash_script, silent_script
from shapelint.reference.second_opinion import RECURRENT
from shapelint.shapes.dim import Dim
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Axis
from shapelint.values.model import Int, Opaque, Tensor, Tuple, Value

DRAWS = 3
"""So many draws of sizes must agree."""

READINGS = 4
"""The same finding may come from many readings; so many are tried until one is confirmed."""

MOST_SHOWN = 8
"""A script shows no more calls than these where they suffice."""

_RULES_ABOUT_KINDS = frozenset(("dtype-mismatch", "embedding-input", "gradient-dtype", "index-dtype"))


_RULES_ABOUT_OTHER_SIZES = frozenset(("axis-coincidence",))
"""They tell of calls that sizes other than those at hand would break."""


class Doubted(Exception):
    """The reference layer and that of torch do not agree, so that nothing is proved."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one draw gave: torch's message, or None where torch accepts the calls."""

    program: Program
    error: Raised | None


def verify(diagnostics: Iterable[Diagnostic], recordings: Sequence[Recording]) -> Iterator[Diagnostic]:
    """Each diagnostic with its witness, in the same order. `recordings` are the readings of the files that the findings
    come from."""
    for one in diagnostics:
        yield replace(one, witness=witness(one, recordings))


def witness(diagnostic: Diagnostic, recordings: Sequence[Recording]) -> Witness:
    """What torch says of a finding."""
    told: list[Witness] = []
    for recording, fault in _readings(faults_of(diagnostic, recordings)[:READINGS]):
        try:
            found = _witness(recording, fault)
        except Exception as error:
            if os.environ.get("SHAPELINT_TRACEBACK") == "1":
                raise
            found = _unverified(f"the replay failed, which is a fault of shapelint: {type(error).__name__}: {error}")
        if found.verdict == "confirmed":
            return found
        told.append(found)
    refuted = next((w for w in told if w.verdict == "refuted"), None)
    return refuted or (told[0] if told else _unverified("it rests on no call of torch"))


def _readings(faults: Iterable[tuple[Recording, Fault]]) -> Iterator[tuple[Recording, Fault]]:
    """Each fault by all that its reading came to learn, and by what was known at the event, where that is less."""
    for recording, fault in faults:
        yield recording, fault
        if fault.then is not None:
            yield recording, replace(fault, facts=fault.then)


def _unverified(reason: str) -> Witness:
    return Witness("unverified", reason, torch=_version())


def _version() -> str:
    return torch.__version__.partition("+")[0]


def _witness(recording: Recording, fault: Fault) -> Witness:
    event = fault.event
    if isinstance(event, (LayerBuilt, Misused)) or (isinstance(event, OpCalled) and event.mismatch is not None):
        return _of_crash(recording, fault)
    if fault.finding.rule in _RULES_ABOUT_OTHER_SIZES and isinstance(event, OpCalled) and event.learned:
        # what the call has bound is drawn anew
        return _of_crash(recording, replace(fault, facts=fault.facts.without(event.learned)))
    if isinstance(event, (Claimed, Stated)):
        return _of_claim(recording, fault)
    experiment = EXPERIMENTS.get(fault.finding.rule)
    if experiment is None or not isinstance(event, OpCalled):
        return _unverified(f"no experiment shows what `{fault.finding.rule}` says")
    return _of_silence(recording, fault, event, experiment)


# Faults that crash -------------------------------------------------------------------------------


def _of_crash(recording: Recording, fault: Fault) -> Witness:
    """Confirmed where torch refuses the call in every draw, refuted where it never does."""
    about_kinds = fault.finding.rule in _RULES_ABOUT_KINDS
    refused: list[Outcome] = []
    accepted: list[Outcome] = []
    reason = "no sizes were found that keep all that is known of them"
    for sizes in _draws(fault):
        try:
            outcomes, said = _with_every_kind(recording, fault, sizes, about_kinds)
        except Doubted as doubt:
            return _unverified(str(doubt))
        reason = said or reason
        accepted += (o for o in outcomes if o.error is None)
        here = [o for o in outcomes if o.error is not None]
        if here and not any(o.error is None for o in outcomes):
            refused.append(here[0])
        if len(refused) + len(accepted) >= DRAWS or (outcomes and not outcomes[0].program.sizes.drawn):
            break
    if refused and not accepted:
        first = refused[0]
        assert first.error is not None
        other = _other_call(recording, fault)
        if other:
            return _unverified(other)
        chosen = _chosen(first.program, recording)
        program, error = _shortened(recording, fault, first)
        unseen = _unseen(program, error.line)
        script = crash_script(fault.finding, program, error, unseen)
        return Witness("confirmed", str(first.error), chosen, _version(), script, "call", unseen)
    if accepted and not refused:
        if accepted[0].program.broken:
            return _unverified(f"torch refuses a line before it: {accepted[0].program.broken[0]}")
        said = "; ".join(("torch accepts it", *accepted[0].program.disagreements))
        return Witness("refuted", said, _chosen(accepted[0].program, recording), _version())
    if accepted:
        return _unverified(f"torch accepts it for some sizes, and for others says {refused[0].error}")
    return _unverified(reason)


def _unseen(program: Program, *roots: str) -> tuple[str, ...]:
    """What a replay takes from the analysis: all that torch did not see."""
    made = [f"`{line.name}`" for line in program.needed(*roots) if line.made]
    shapes = (f"the shape{'s' if len(made) > 1 else ''} of {_listed(made)}",) if made else ()
    return (
        "that the program gets here",
        *shapes,
        *program.mended,
        *(f"what {b.partition(': ')[0]} gives" for b in program.broken),
    )


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(", ".join(parts).rsplit(", ", 1))


MOST_NUMBERS = 8


def _other_call(recording: Recording, fault: Fault) -> str:
    """Whether the call is refused for a size that only another call tells, which holds two tensors against each other: with the size that
    this one asks for, torch takes it and refuses the other. "" where it is not so."""
    event = fault.event
    if not isinstance(event, OpCalled):
        return ""
    numbers = _numbers(
        fault.facts, (*event.arguments.values(), *map(Int, event.mismatch.sizes if event.mismatch else ()))
    )
    for call in recording.calls:
        if call.event is event:
            break
        if not call.event.learned or sum(map(_holds_tensor, call.event.arguments.values())) < 2:
            continue
        for symbol in call.event.learned:
            for number in numbers[:MOST_NUMBERS]:
                sizes = Sizes(fault.facts.without(call.event.learned), 0)
                sizes.values[symbol] = number
                program = Program(recording, sizes)
                try:
                    error = _run_fault(program, fault)
                except (CannotReplay, Contradiction, Doubted, Raised):
                    continue
                if error is None and call.number in program.refused:
                    name = Naming(recording.run).dim(Dim.of(symbol))
                    text = program.text(call.event)
                    return (
                        f"torch takes this call with {name} = {number}, and then refuses `{text}`{_line(recording, call)}: "
                        f"which of them is at fault torch does not tell"
                    )
    return ""


def _line(recording: Recording, call: Call) -> str:
    site = call.event.where.site
    run = recording.run
    module = run.root if run.root.path == site.path else run.project.at(site.path)
    return f" at line {module.lowered.span(site.node)[0]}" if module is not None and site.node else ""


def _holds_tensor(value: Value) -> bool:
    if isinstance(value, Tuple):
        return any(map(_holds_tensor, value.items))
    return isinstance(value, (Tensor, Opaque))


def _numbers(facts: Facts, values: Iterable[Value]) -> list[int]:
    """The numbers among sizes and ints, each once."""
    found: dict[int, None] = {}
    for value in values:
        dims: Iterable[Dim] = ()
        if isinstance(value, Int):
            dims = (value.dim,)
        elif isinstance(value, Tensor):
            dims = (part.size for part in facts.shape(value.shape).parts if isinstance(part, Axis))
        elif isinstance(value, Tuple):
            found |= dict.fromkeys(_numbers(facts, value.items))
        for dim in dims:
            number = facts.resolve(dim).value
            if number is not None and number > 0:
                found[number] = None
    return list(found)


def _shortened(recording: Recording, fault: Fault, outcome: Outcome) -> tuple[Program, Raised]:
    """A program with the nearest calls alone, where that raises the same."""
    program, error = outcome.program, outcome.error
    assert error is not None
    if MOST_CALLS - program.left > MOST_SHOWN:
        short = Program(recording, program.sizes, program.open_dtype, most_calls=MOST_SHOWN)
        try:
            again = _run_fault(short, fault)
        except (CannotReplay, Contradiction, Doubted, Raised):
            again = None
        if again is not None and str(again) == str(error):
            return short, again
    return program, error


def _with_every_kind(
    recording: Recording, fault: Fault, sizes: Callable[[], Sizes], about_kinds: bool
) -> tuple[list[Outcome], str]:
    """One draw, once for each kind of entries that a tensor of unknown kind may have."""
    outcomes: list[Outcome] = []
    reason = ""
    for kind in KINDS:
        program = Program(recording, sizes(), kind)
        try:
            error = _run_fault(program, fault)
        except Contradiction as contradiction:
            reason = f"no sizes were found that keep all that is known of them ({contradiction})"
            break
        except (CannotReplay, Raised) as gap:
            reason = str(gap)
        else:
            if error is not None and not about_kinds and is_about_kinds(error):
                reason = f"torch objects to the kind of entries: {error}"
            else:
                outcomes.append(Outcome(program, error))
        if not program.guessed_dtype:
            break
    return outcomes, reason


def _run_fault(program: Program, fault: Fault) -> Raised | None:
    """Repeat the event of a fault; what torch raised, None where it accepts. Raises CannotReplay, Contradiction,
    Doubted, Raised where it does not get there."""
    event = fault.event
    if isinstance(event, LayerBuilt):
        text = program.construction(event.config)
    elif isinstance(event, Misused):
        text = _misuse(program, event)
    else:
        assert isinstance(event, OpCalled)
        text = program.expression(event)
        if event.config is not None and event.config.name.rpartition(".")[2] in RECURRENT:
            doubt = _doubt(program, text)
            if doubt:
                raise Doubted(doubt)
    if program.doubts:
        raise Doubted(program.doubts[0])
    try:
        program.run("", text)
    except Raised as error:
        return error
    return None


def _misuse(program: Program, event: Misused) -> str:
    """The use of a value as what it is not. Raises CannotReplay, Contradiction, Raised."""
    assert event.value is not None
    text = _counted(program, event.value) if event.kind == "unpack-count" else program.value(event.value)
    if event.kind == "unpack-count":
        want = event.detail["want"]
        assert isinstance(want, int)
        names = [f"part{number}" for number in range(want)]
        if event.detail.get("star"):
            names[-1] = f"*{names[-1]}"
        return f"{', '.join(names)}{',' if want == 1 else ''} = {text}"
    if event.kind in ("unpack-bound", "state-pair"):
        raise CannotReplay("torch runs it where the size is the one that is asked for")
    if event.detail.get("use") == "attribute":
        return f"{text}.{event.detail['name']}"
    if event.detail.get("use") == "index":
        return f"{text}[..., 0]"  # whatever the entries of the index are: several at once index no tuple
    call = event.detail.get("call")
    if not isinstance(call, OpCalled):
        raise CannotReplay("the call that takes the tuple is not known")
    return program.expression(call)


def _counted(program: Program, value: Value) -> str:
    """A value of which the number of its items matters, and not what they are: those that are not known are `None`."""
    try:
        return program.value(value)
    except CannotReplay:
        if not isinstance(value, Tuple) or not value.items:
            raise
    texts = []
    for item in value.items:
        try:
            texts.append(program.value(item))
        except (CannotReplay, Raised):
            texts.append("None")
    return f"({', '.join(texts)},)"


def _doubt(program: Program, text: str) -> str:
    """Whether the reference layer sees the call of a recurrent layer otherwise than torch."""
    try:
        with torch.no_grad():
            answer = program.evaluate(text)
    except Exception as error:
        answer = error
    return program.doubt(text, answer)


# Faults that run ---------------------------------------------------------------------------------


def _of_silence(recording: Recording, fault: Fault, event: OpCalled, experiment: Experiment) -> Witness:
    """Confirmed where every draw shows what the rule says, refuted where none does."""
    shown: list[tuple[Program, Shown]] = []
    failed: list[Program] = []
    reason = "no sizes were found that keep all that is known of them"
    draws = 0
    for sizes in _draws(fault):
        program = Program(recording, sizes())
        try:
            found = experiment(program, event)
        except Contradiction:
            continue
        except Raised as error:
            reason = f"torch refuses a line on the way: {error}"  # other sizes may fit
        except CannotReplay as gap:
            reason = str(gap)
            draws += 1
        else:
            if program.doubts:
                return _unverified(program.doubts[0])
            if found is None:
                failed.append(program)
            else:
                shown.append((program, found))
        if draws + len(shown) + len(failed) >= DRAWS or not program.sizes.drawn:
            break
    if shown and not failed:
        program, first = shown[0]
        said = "; ".join(claim.sentence for claim in first.claims)
        unseen = _unseen(program, first.result)
        script = silent_script(fault.finding, program, first, unseen)
        return Witness("confirmed", said, _chosen(program, recording), _version(), script, "effect", unseen)
    if failed and not shown:
        if failed[0].broken:
            return _unverified(f"torch refuses a line before it: {failed[0].broken[0]}")
        said = "changes of the input do not show it"
        return Witness("refuted", said, _chosen(failed[0], recording), _version())
    return _unverified("it shows for some sizes only" if failed else reason)


# What the code says of a shape --------------------------------------------------------------------


def _of_claim(recording: Recording, fault: Fault) -> Witness:
    """Confirmed where torch gives the shape that a comment, an annotation or an `assert` contradicts, refuted where it
    gives another one."""
    shape = fault.report.shape
    if shape is None:
        return _unverified("torch knows the sizes of an axis, not what it is for")
    told = Tensor(shape, step=fault.report.step)
    if recording.maker(told) is None:
        return _unverified("no call of torch is known to give that shape, and a replay would only make it up")
    given: list[tuple[Program, str, tuple[int, ...]]] = []
    reason = "no sizes were found that keep all that is known of them"
    for sizes in _draws(fault):
        program = Program(recording, sizes())
        try:
            made = recording.maker(told)
            assert made is not None
            text = program.call(made[0]) + "".join(f"[{place}]" for place in made[1])
        except Contradiction:
            continue
        except (CannotReplay, Raised) as gap:
            reason = str(gap)
            break
        result = program.evaluate(text)
        said = program.compare(told, result)
        if said and program.broken:
            return _unverified(f"torch refuses a line before it: {program.broken[0]}")
        if said:
            return Witness("refuted", said, _chosen(program, recording), _version())
        if program.doubts:
            return _unverified(program.doubts[0])
        given.append((program, text, tuple(result.shape)))
        if len(given) >= DRAWS or not program.sizes.drawn:
            break
    if not given:
        return _unverified(reason)
    program, text, seen = given[0]
    unseen = _unseen(program, text)
    script = claim_script(fault.finding, program, text, seen, unseen)
    return Witness(
        "confirmed", f"the shape is {seen}", _chosen(program, recording), _version(), script, "shape", unseen
    )


# Draws -------------------------------------------------------------------------------------------


def _draws(fault: Fault) -> Iterator[Callable[[], Sizes]]:
    """Draws, each of which can be begun anew."""
    for seed in range(ATTEMPTS):
        torch.manual_seed(seed)
        yield lambda seed=seed: Sizes(fault.facts, seed)  # type: ignore[misc]


def _chosen(program: Program, recording: Recording) -> tuple[tuple[str, int], ...]:
    naming = Naming(recording.run)
    sizes = program.sizes
    return tuple((naming.dim(Dim.of(symbol)), sizes.values[symbol]) for symbol in sizes.drawn)
