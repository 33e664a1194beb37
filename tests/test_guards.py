"""The table of guards is current; `pytest -m mutation tests/test_guards.py` takes each guard out and wants its test to fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guards import Copy, Guard, guards


@pytest.mark.parametrize("guard", guards(), ids=lambda guard: guard.name)
def test_entry(guard: Guard) -> None:
    assert not guard.fault


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (Guard("shapelint/none.py", "x", "", test="t"), "there is no such file"),
        (Guard("shapelint/shapes/facts.py", "no such code", "", test="t"), "0 times"),
        (Guard("shapelint/shapes/facts.py", "class Facts:", "class Facts:", test="t"), "nothing is taken out"),
        (Guard("shapelint/shapes/facts.py", "class Facts:", ""), "a page or a test"),
        (Guard("shapelint/shapes/facts.py", "class Facts:", "", page="tests/mdtest/lstm.md#None"), "no heading"),
    ],
)
def test_faulty_entries_are_told(entry: Guard, fault: str) -> None:
    assert fault in entry.fault


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(Path(tmp_path_factory.mktemp("guards")))


@pytest.mark.mutation
@pytest.mark.parametrize("guard", guards(), ids=lambda guard: guard.name)
def test_is_noticed(guard: Guard, copy: Copy) -> None:
    assert copy.notices(guard)
