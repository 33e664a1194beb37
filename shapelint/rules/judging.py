"""Judging: the findings of all files of a project merged into diagnostics, one for each fault."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from shapelint.diagnostics import SEVERITY_ORDER, Diagnostic, Judgement, Location, Related
from shapelint.rules.decided import is_refuted
from shapelint.rules.findings import Cleared, Decided, Finding, Observations, Place
from shapelint.rules.registry import rules

COINCIDENCE = "axis-coincidence"
_KINDS = {"open": 0, "closed": 1, "driver": 2}


def judge_all(observations: Iterable[Observations]) -> Judgement:
    """One diagnostic for each (place, constraint), whatever the order of the files.

    What fails however the class is built stands at the op. What fails only for some of the project's constructions stands at each of
    these, with the op as related place; where every construction that reaches it fails, or works in another call, at the op.
    What claims to fail however the class is built is withheld where a decided call refutes it.
    """
    given = sorted(observations, key=lambda o: o.path)
    passed: dict[Place, set[Place | None]] = defaultdict(set)
    calls: dict[Place, list[Decided]] = defaultdict(list)
    groups: dict[tuple[Place, str, str], list[Finding]] = defaultdict(list)
    for one in given:
        for good in one.passes:
            passed[good.place].add(good.built)
        for call in one.decided:
            calls[call.place].append(call)
        for finding in one.findings:
            groups[(finding.place, finding.rule, finding.constraint)].append(finding)
    found: dict[tuple[Location, str, str], Diagnostic] = {}
    withheld: set[Location] = set()
    cleared = {one for observed in given for one in observed.cleared}
    for (place, rule, constraint), findings in groups.items():
        if Cleared(place.path, place.node, rule, constraint) in cleared:
            continue
        standing = [finding for finding in findings if not is_refuted(finding, calls[place])]
        withheld |= {finding.location for finding in findings if finding not in standing}
        for diagnostic in _judge(standing, passed[place]) if standing else ():
            found.setdefault((diagnostic.location, diagnostic.rule, diagnostic.message), diagnostic)
    # where a call of the project does not meet it, that is the fault, and not that another one might
    failing = {d.location for d in found.values() if d.severity == "error"}
    told = [d for d in found.values() if d.rule != COINCIDENCE or d.location not in failing]
    return Judgement(tuple(sorted(told, key=lambda d: d.sort_key)), tuple(sorted(withheld)))


def _judge(findings: list[Finding], passed: set[Place | None]) -> list[Diagnostic]:
    if passed:  # what is only likely is not, where a call of the project goes well
        findings = [f for f in findings if not f.seen.likely]
        if not findings:
            return []
    findings = sorted(
        findings,
        key=lambda f: (-SEVERITY_ORDER[f.severity], bool(f.seen.flag), _KINDS[f.seen.kind], f.location, f.message),
    )
    certain = [f for f in findings if f.seen.kind == "open" and not f.seen.flag]
    # what is only likely for symbols may be proved of a construction
    if certain and certain[0].severity == findings[0].severity:
        # the concrete numbers of a construction say more than symbols do
        shown = next((f for f in findings if f.seen.kind != "open" and not f.seen.flag), certain[0])
        return [_diagnostic(replace(shown, severity=certain[0].severity), findings)]
    proved = [f for f in findings if f.seen.kind != "open" and not f.seen.flag]
    if proved:
        failing = {f.seen.built_place for f in proved}
        # what works in another call of the same construction fails by the call
        if passed - failing and None not in failing and not failing <= passed:
            return [_at_construction(f, findings) for f in {f.seen.built_place: f for f in reversed(proved)}.values()]
        return [_diagnostic(proved[0], findings)]
    return [_diagnostic(findings[0], findings)]


def _diagnostic(finding: Finding, all_: list[Finding]) -> Diagnostic:
    notes = list(finding.notes)
    if finding.seen.flag:
        notes.append(f"this happens where {finding.seen.flag}")
    rule = rules()[finding.rule]
    return Diagnostic(
        finding.location,
        finding.rule,
        rule.code,
        finding.severity,
        finding.message,
        finding.label,
        finding.help,
        tuple(notes),
        finding.related,
        finding.trace,
        finding.fix,
        finding.subject,
        finding.scope,
    )


def _at_construction(finding: Finding, all_: list[Finding]) -> Diagnostic:
    built = finding.seen.built
    if built is None:
        return _diagnostic(finding, all_)
    diagnostic = _diagnostic(finding, all_)
    related = (Related(finding.location, finding.label or "it fails here"), *finding.related)
    return replace(diagnostic, location=built, label="", related=related)
