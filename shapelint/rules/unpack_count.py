"""An unpacking into more or fewer names than there are values."""

from __future__ import annotations

from shapelint.rules.contract import Case, Misused, Report, Rule
from shapelint.values.model import SizeOf, Tensor, Tuple, Value

RULE = Rule("unpack-count", "SHP312", "error", "an unpacking into more or fewer names than there are values")


@RULE.misuse("unpack-count")
def misused(case: Case) -> Report | None:
    """`a, b = x.shape` of three axes, `out, (h, c), rest = lstm(x)`, `a, b = x` of a tensor with three rows."""
    event = case.event
    assert isinstance(event, Misused)
    want, got = event.detail["want"], event.detail["got"]
    assert isinstance(want, int)
    assert isinstance(got, int)
    at_least = event.detail.get("star")
    few = got < want
    expected = f"at least {want - 1}" if at_least else str(want)
    headline = (
        f"not enough values to unpack (expected {expected}, got {got})"
        if few
        else f"too many values to unpack (expected {want}, got {got})"
    )
    return Report(headline, label=_what(event.value, got), help=_help(event.value), severity="error")


def _what(value: Value | None, got: int) -> str:
    if isinstance(value, Tensor):
        return f"iterating over a tensor gives the entries of its first axis, which are {got}"
    if isinstance(value, SizeOf) or (isinstance(value, Tuple) and value.kind == "size"):
        return f"the tensor has {got} axes"
    return f"there are {got} values"


def _help(value: Value | None) -> str:
    if isinstance(value, Tuple) and len(value.items) == 2 and isinstance(value.items[1], Tuple):
        return "an LSTM returns two values, the second a pair: `output, (h_n, c_n) = …`"
    return ""
