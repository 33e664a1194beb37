"""The proof of an op: its rule held against torch on sampled calls.

An op's `samples` draw calls; each runs on torch on the CPU (layers in eval mode) and through the rule, three times:

* with the sizes as they are: verdict, shape of every result and kind of dtype must agree;
* with every size above 1 replaced by an open input symbol of its own: where torch accepts, the rule must not object,
  and the shape it gives and every fact it learned must be true for the sizes that the symbols stand for;
* with some tensors of unknown rank (those that have axes): likewise, as far as the rank is known.

The arguments of a layer's constructor keep their numbers in all of them. `tests/test_ops.py` proves shapelint's own
ops, `shapelint validate` those of a user. From Python: `print(examine(op))`.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from shapelint.ops import handles, settings
from shapelint.ops.contract import Op, Sample
from shapelint.reference.op_answers import (
    Binding,
    Disagreement,
    MakeTensor,
    NoAnswer,
    Partial,
    check_facts,
    compare,
    plain,
    run_rule,
    symbolic,
)
from shapelint.reference.op_calls import Rejected, describe, named_object, run_torch
from shapelint.values.model import Unknown

# need a device that few have, other processes, a file
ELSEWHERE = {f"torch.Tensor.{name}" for name in ("cuda", "xpu", "pin_memory")} | settings.ELSEWHERE | handles.ELSEWHERE
DRAWS = 40  # samples drawn at most for each one wanted


@dataclass
class Report:
    """What the samples of an op showed."""

    op: str
    accepted: int = 0
    rejected: int = 0
    checked: int = 0  # samples that the rule was asked about; the others were drawn only for what comes less often
    agreed: int = 0  # checked ones on which the rule and torch say the same, twins included
    refusal: str = ""  # what torch said of a rejected one
    gaps: list[str] = field(default_factory=list)  # no answer on known sizes
    partial: list[str] = field(default_factory=list)  # a size or rank that known sizes leave open
    disagreements: list[str] = field(default_factory=list)
    violated: Counter[str] = field(default_factory=Counter)
    twins: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)  # constraints that no sample violates, names that none uses

    def __str__(self) -> str:
        lines = [f"{self.op}: {self.accepted} accepted, {self.rejected} rejected; twins {dict(self.twins)}"]
        for title in ("disagreements", "gaps", "partial", "missing"):
            found = getattr(self, title)
            lines += [f"  {title}: {len(found)}", *(f"    {text}" for text in found[:6])] if found else []
        return "\n".join(lines)


def examine(op: Op, wanted: int = 200, seed: int = 0, stop_early: bool = False) -> Report:
    """Draw samples until `wanted` are accepted and, if the op has constraints, `wanted` rejected by torch; at most
    `DRAWS * wanted`. With `stop_early`, return at the first disagreement or gap."""
    assert op.samples is not None
    rng = random.Random(f"{op.name} {seed}")
    report = Report(op.name)
    used: set[str] = set()
    names = {name for name in set(op.torch) - ELSEWHERE if _maybe_named(name) is not None}
    need = wanted if op.constraints else 0
    for _ in range(DRAWS * wanted):
        if report.accepted >= wanted and report.rejected >= need and names <= used:
            break
        sample = op.samples(rng)
        try:
            result = run_torch(sample)
        except Rejected as error:
            report.rejected += 1
            report.refusal = report.refusal or f"{describe(sample)}: {error}"
            if report.rejected <= 2 * wanted or sample.name not in used:
                report.checked += 1
                report.agreed += _check_rejected(op, sample, str(error), report)
        else:
            report.accepted += 1
            if report.accepted <= 2 * wanted or sample.name not in used:
                report.checked += 1
                report.agreed += _check_accepted(op, sample, result, report, rng)
        used.add(sample.name)
        if stop_early and (report.disagreements or report.gaps):
            return report
    report.missing += [f"{id} is never violated" for id in op.constraints if not report.violated[id]]
    drawn = [named_object(name) for name in used]
    for name in sorted(names - used):
        if not any(named_object(name) is d for d in drawn):
            report.missing.append(f"{name} is never drawn")
    return report


def _maybe_named(name: str) -> Any:
    try:
        return named_object(name)
    except AttributeError:
        return None


def _check_rejected(op: Op, sample: Sample, error: str, report: Report) -> bool:
    """Whether the rule rejects the sample too; what it says instead goes into the report."""
    try:
        answer = run_rule(op, sample, plain)
    except NoAnswer:
        return False
    except Exception as fault:
        report.disagreements.append(f"{describe(sample)} raised {fault!r} in the rule; torch: {error:.120}")
        return False
    if answer.mismatch is not None:
        report.violated[answer.mismatch.constraint.id] += 1
        return True
    if isinstance(answer.inferred.value, Unknown):
        report.gaps.append(f"{describe(sample)}: {answer.inferred.value.detail}; torch: {error:.120}")
    else:
        report.disagreements.append(f"{describe(sample)} is accepted; torch: {error:.160}")
    return False


def _check_accepted(op: Op, sample: Sample, result: Any, report: Report, rng: random.Random) -> bool:
    """Whether the rule describes the result, for known sizes and for symbols; what it says instead goes into the report."""
    partial = Partial()
    faults = len(report.disagreements) + len(report.gaps)
    try:
        answer = run_rule(op, sample, plain)
        if answer.mismatch is not None:
            raise Disagreement(f"rejected by {answer.mismatch.constraint.id} ({answer.mismatch.headline.template})")
        if isinstance(answer.inferred.value, Unknown):
            report.gaps.append(f"{describe(sample)}: {answer.inferred.value.reason} {answer.inferred.value.detail}")
        else:
            compare(answer.inferred.value, result, answer.facts, Binding(), partial)
            if partial.count:
                report.partial.append(describe(sample))
    except NoAnswer:
        return False
    except Exception as fault:
        report.disagreements.append(f"{describe(sample)}: {fault if isinstance(fault, Disagreement) else repr(fault)}")
        return False
    for twin, unknown_rank in (("symbols", 0.0), ("ranks", 0.6)):
        binding = Binding()
        try:
            report.twins[
                f"{twin}: {_check_twin(op, sample, result, binding, symbolic(binding, rng, unknown_rank))}"
            ] += 1
        except NoAnswer:
            continue
        except Exception as fault:
            text = f"{fault if isinstance(fault, Disagreement) else repr(fault)}"
            unknown = f", unknown ranks {list(binding.runs.values())}" if binding.runs else ""
            report.disagreements.append(f"{describe(sample)} with {twin}{unknown}: {text}")
    return faults == len(report.disagreements) + len(report.gaps)


def _check_twin(op: Op, sample: Sample, result: Any, binding: Binding, make: MakeTensor) -> str:
    """Raises Disagreement; else "known" or "unknown"."""
    answer = run_rule(op, sample, make)
    if answer.inferred.assumed:
        return "assumed"
    if answer.mismatch is not None:
        raise Disagreement(f"rejected by {answer.mismatch.constraint.id} ({answer.mismatch.headline.template})")
    check_facts(answer.facts, binding)
    if isinstance(answer.inferred.value, Unknown):
        return "unknown"
    if answer.inferred.generic and any(1 in sizes for sizes in binding.runs.values()):
        return "generic"  # the shape was told for sizes that are not 1
    compare(answer.inferred.value, result, answer.facts, binding, Partial())
    return "known"
