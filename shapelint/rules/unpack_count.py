"""A value is unpacked into another number of names than it has parts."""

from __future__ import annotations

from shapelint.rules.contract import Case, Misused, Report, Rule

RULE = Rule("unpack-count", "SHP310", "error", "a value is unpacked into another number of names than it has parts")


@RULE.misuse("unpack-count")
def check(case: Case) -> Report | None:
    """Python raises ValueError: too many values, or not enough."""
    event = case.event
    assert isinstance(event, Misused)
    want, got = event.detail["want"], event.detail["got"]
    problem = "too many" if isinstance(want, int) and isinstance(got, int) and got > want else "not enough"
    return Report(
        f"{problem} values to unpack: {want} names for {got} values",
        label=f"there are {got} values",
        severity="error",
    )
