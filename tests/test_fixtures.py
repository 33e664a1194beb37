"""Whole programs: `fixtures/ok` is silent, `fixtures/bad` is reported where it says, `fixtures/known` holds debts. `fixtures/first_steps` is what
the README shows."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shapelint.cli import main
from tests.markdown import ROOT, Expectation, Program, fixtures, program_of
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


FIRST_STEPS = ROOT / "fixtures" / "first_steps"


def test_first_steps_are_what_the_readme_shows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["check", "--no-cache", "fixtures/first_steps"]) == 1
    report = capsys.readouterr().out.split("\n")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```\nwarning[softmax-size-one]")[1].split("\n```")[0]
    for line in ("warning[softmax-size-one]" + shown).split("\n"):
        assert line == "..." or line in report


def test_first_steps_mended(tmp_path: Path) -> None:
    """What the README says mends them does: silent, and it runs."""
    shutil.copytree(FIRST_STEPS, tmp_path / "mended")
    model = tmp_path / "mended" / "model.py"
    text = model.read_text(encoding="utf-8")
    for line, old, new in ((17, "dim=-1", "dim=1"), (13, "nn.Linear(hidden,", "nn.Linear(2 * hidden,")):
        assert old in text.split("\n")[line - 1]
        text = text.replace(old, new)
    model.write_text(text, encoding="utf-8")
    assert main(["check", "--no-cache", str(tmp_path / "mended")]) == 0
    pytest.importorskip("torch")
    subprocess.run([sys.executable, "train.py"], cwd=tmp_path / "mended", check=True, capture_output=True)
