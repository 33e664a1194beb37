"""JUnit XML: a suite per file, a failed case per finding, an error per failure (the schema most CI servers share)."""

from __future__ import annotations

from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from shapelint.diagnostics import Diagnostic, Failure
from shapelint.report import Report, in_cell, place


def render(report: Report) -> str:
    """A document with at least one suite, since some readers refuse an empty one."""
    suites = []
    for path, failed in groupby(report.failures, key=lambda one: one.location.path):
        cases = [_failure(one, report) for one in failed]
        suites.append(_suite(path or "shapelint", cases, failures=0, errors=len(cases)))
    for path, group in groupby(report.diagnostics, key=lambda one: one.location.path):
        cases = [_diagnostic(one, report) for one in group]
        suites.append(_suite(path, cases, failures=len(cases), errors=0))
    if not suites:
        suites = [_suite("shapelint", ['    <testcase name="shapelint" classname="shapelint" time="0"/>\n'], 0, 0)]
    count, broken = len(report.diagnostics), len(report.failures)
    head = f'<testsuites name="shapelint" tests="{max(count + broken, 1)}" failures="{count}" errors="{broken}">'
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}\n{"".join(suites)}</testsuites>\n'


def _suite(name: str, cases: list[str], failures: int, errors: int) -> str:
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="0" time="0"'
    return f"  <testsuite name={_attribute(name)} {counts}>\n{''.join(cases)}  </testsuite>\n"


def _diagnostic(one: Diagnostic, report: Report) -> str:
    at = one.location
    name = _attribute(f"{one.rule} at line {at.line}, column {at.column}")
    witness = one.witness.sentence if one.witness is not None else ""
    parts = (f"{place(at, report)}: {one.message}", one.label, one.help, witness)
    text = "\n".join(part for part in parts if part)
    return (
        f"    <testcase name={name} classname={_attribute(at.path)} file={_attribute(at.path)} "
        f'line="{at.line}" time="0">\n'
        f'      <failure type="{one.severity}" message={_attribute(one.message)}>{_text(text)}</failure>\n'
        "    </testcase>\n"
    )


def _failure(one: Failure, report: Report) -> str:
    at = one.location
    name = _attribute(one.kind)
    return (
        f'    <testcase name={name} classname={_attribute(at.path or "shapelint")} time="0">\n'
        f'      <error type="{one.kind}" message={_attribute(one.message)}>{_text(one.message + in_cell(at, report))}</error>\n'
        "    </testcase>\n"
    )


def _text(text: str) -> str:
    """Escaped, without the control characters and lone surrogates that XML cannot hold."""
    return escape("".join(char if _allowed(char) else "\ufffd" for char in text))


def _attribute(text: str) -> str:
    return quoteattr("".join(char if _allowed(char) else "\ufffd" for char in text), {"\n": "&#10;", "\t": "&#9;"})


def _allowed(char: str) -> bool:
    return char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char > "\uffff"
