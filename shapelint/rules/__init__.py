"""What the user is told. One rule is one file (`<name>.py`) and one page (`<name>.md`); `contract.py` says what a rule is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapelint.diagnostics import Judgement
    from shapelint.program.project import LoadedModule, Project
    from shapelint.rules.findings import Observations


def observe(project: Project, loaded: LoadedModule) -> Observations:
    """Everything one file gives the rules: findings with their contexts, as plain data."""
    from shapelint.rules.watch import observe_file

    return observe_file(project, loaded)


def judge(observations: Iterable[Observations], settings: Any = None) -> Judgement:
    """The diagnostics of a project: one for each fault, whatever the number of contexts in which it was seen."""
    from shapelint.rules.judging import judge_all

    return judge_all(observations)
