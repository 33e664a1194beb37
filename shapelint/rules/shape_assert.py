"""An assert on a shape that surely fails."""

from __future__ import annotations

from shapelint.rules.contract import Case, Claimed, Report, Rule

RULE = Rule("shape-assert", "SHP703", "warning", "an `assert` on a shape that surely fails")


@RULE.claim("assert")
def fails(case: Case) -> Report | None:
    event = case.event
    assert isinstance(event, Claimed)
    tensor = case.tensor(event.value)
    text = case.text(event.where.site.node)
    is_ = f": the shape is {case.shape(tensor.shape)}" if tensor is not None else ""
    return Report(
        f"`assert {text}` surely fails{is_}",
        label="false whenever the program gets here",
        step=tensor.step if tensor is not None else None,
        shape=tensor.shape if tensor is not None else None,
    )
