"""`check --verify` over all programs that the repository holds: each finding is confirmed, or why it is not is known; each
witness script, run in plain torch, fails with what it tells."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from shapelint.cli import main
from shapelint.reference.experiments import EXPERIMENTS
from shapelint.rules.registry import load

ROOT = Path(__file__).parent.parent

# runs scripts one after the other, as `python SCRIPT` would each, and prints what each raised
RUNNER = """
import json, sys
sys.modules["shapelint"] = None
told = {}
for path in sys.argv[1:]:
    try:
        exec(compile(open(path, encoding="utf-8").read(), path, "exec"), {"__name__": "__main__"})
    except Exception as error:
        told[path] = f"{type(error).__name__}: {error}"
print(json.dumps(told))
"""

OPEN = {
    "shape-comment": ("a replay would only make it up",),
    "unused-ignore": ("rests on no call",),
}
"""Rules with a finding on a page that torch says nothing of, and the reason that is told."""


def verified(paths: Iterable[Path], witnesses: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    arguments = [str(path.relative_to(ROOT)) for path in paths]
    main(["check", "--isolated", "--no-cache", "--output-format", "json", "--witness", str(witnesses), *arguments])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def raised_by(scripts: Iterable[Path]) -> dict[str, str]:
    command = [sys.executable, "-I", "-c", RUNNER, *map(str, scripts)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, str] = json.loads(done.stdout)
    return told


def hold_scripts(document: dict[str, Any], witnesses: Path) -> None:
    """Each confirmed finding has a script, and each script raises what its finding says."""
    told = {one["witness"]["program"]: one["witness"]["said"] for one in document["diagnostics"]}
    told.pop("", None)
    scripts = sorted(witnesses.iterdir())
    assert {path.read_text("utf-8") for path in scripts} == told.keys()
    raised = raised_by(scripts)
    for path in scripts:
        said = " ".join(told[path.read_text("utf-8")].removeprefix("AssertionError: ").split())
        assert said in " ".join(raised.get(str(path), "nothing").split()), path.name


def test_faulty_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    document = verified([ROOT / "fixtures" / "bad"], tmp_path / "witnesses", capsys)
    assert {one["witness"]["verdict"] for one in document["diagnostics"]} == {"confirmed"}
    assert document["summary"]["refuted"] == 0
    assert len(document["diagnostics"]) >= 13
    hold_scripts(document, tmp_path / "witnesses")


def test_pages_of_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    pages = sorted((ROOT / "shapelint" / "rules").glob("*.md"))
    document = verified(pages, tmp_path / "witnesses", capsys)
    assert document["summary"]["refuted"] == 0
    for one in document["diagnostics"]:
        if one["witness"]["verdict"] != "confirmed":
            assert any(reason in one["witness"]["said"] for reason in OPEN.get(one["rule"], ())), one
    hold_scripts(document, tmp_path / "witnesses")


def test_every_rule_about_silent_faults_has_an_experiment() -> None:
    silent = {name for name, rule in load().items() if rule.checks or (rule.conclusions and not rule.statements)}
    assert silent <= EXPERIMENTS.keys()
    assert EXPERIMENTS.keys() <= load().keys()


def test_the_benchmark_counts_what_torch_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("benchmark_verify", ROOT / "benchmarks" / "verify.py")
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = benchmark
    spec.loader.exec_module(benchmark)
    (tmp_path / "model.py").write_text("import torch\n\ntorch.zeros(2, 3) @ torch.zeros(4, 5)\n")
    monkeypatch.setattr(sys, "argv", ["verify", str(tmp_path), "--scripts", "--all"])
    assert benchmark.main() == 0
    told = capsys.readouterr().out
    assert "confirmed: model.py:3 [matmul-shape] RuntimeError: mat1 and mat2 shapes cannot be multiplied" in told
    assert "1 scripts run, 0 do not show what they tell" in told
