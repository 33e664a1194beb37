"""Whole programs: `fixtures/ok` is silent, `fixtures/bad` is reported where it says, `fixtures/known` holds debts."""

from __future__ import annotations

import pytest

from tests.markdown import Expectation, Program, fixtures, program_of
from tests.test_markdown import faults_of

CASES = [
    pytest.param(kind, program_of(path), id=f"{kind}/{path.name}")
    for kind in ("ok", "bad", "known")
    for path in fixtures(kind)
]


def _expectations(program: Program) -> list[Expectation]:
    return [one for file in program.driven.files for one in file.expectations if one.shape is None]


@pytest.mark.parametrize(("kind", "program"), CASES)
def test_program(kind: str, program: Program) -> None:
    faults = faults_of(program)
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


@pytest.mark.parametrize(("kind", "program"), CASES)
def test_program_stands_where_it_belongs(kind: str, program: Program) -> None:
    kinds = {one.kind for one in _expectations(program)}
    if kind == "ok":
        assert not kinds
    elif kind == "bad":
        assert kinds
        assert not any(one.is_debt for one in _expectations(program))
    else:
        assert any(one.is_debt for one in _expectations(program))
