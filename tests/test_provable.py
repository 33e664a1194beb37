"""The search for a driver under which a mutant runs (`benchmarks/provable.py`)."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

ROOT = Path(__file__).resolve().parent.parent

MUTANT = """\
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, width, hidden, deep=False):
        super().__init__()
        self.up = nn.Linear({width}, hidden)
        self.down = nn.Linear({hidden}, width)

    def forward(self, x):
        x = self.up(x)
        return self.down(x)


if __name__ == "__main__":
    model = Model(width=11, hidden=13)
    out = model(torch.randn(3, 7, 11))
"""


@pytest.fixture(scope="module")
def provable():
    spec = importlib.util.spec_from_file_location("provable", ROOT / "benchmarks" / "provable.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _mutant(folder: Path, line: int, **edits: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "mutant.py").write_text(MUTANT.format(**edits))
    (folder / "meta.json").write_text(json.dumps({"crash_line": line}))
    return folder


def test_a_first_layer_of_another_width_runs_with_another_input(provable, tmp_path, capsys):
    bench = tmp_path / "bench"
    _mutant(bench / "out" / "dev" / "wider", 12, width="2 * width", hidden="hidden")
    assert provable.main([str(bench), "wider", "--output", str(tmp_path / "found.tsv"), "--seconds", "10"]) == 0
    assert (tmp_path / "found.tsv").read_text() == "wider\t11 -> 22 (1x)\n"
    assert "1 mutants, 1 run under another driver" in capsys.readouterr().out


def test_two_layers_that_never_fit_run_under_none(provable, tmp_path):
    bench = tmp_path / "bench"
    _mutant(bench / "out" / "dev" / "torn", 13, width="width", hidden="hidden + 1")
    provable.main([str(bench), "torn", "--output", str(tmp_path / "found.tsv"), "--seconds", "2"])
    assert (tmp_path / "found.tsv").read_text() == "torn\t\n"


def test_a_run_that_does_not_pass_the_line_does_not_count(provable, tmp_path):
    bench = tmp_path / "bench"
    _mutant(bench / "out" / "dev" / "elsewhere", 99, width="width", hidden="hidden")
    provable.main([str(bench), "elsewhere", "--output", str(tmp_path / "found.tsv"), "--seconds", "1"])
    assert (tmp_path / "found.tsv").read_text() == "elsewhere\t\n"


def test_the_score_tells_the_share(provable, tmp_path, capsys):
    bench = tmp_path / "bench"
    _mutant(bench / "out" / "dev" / "wider", 12, width="2 * width", hidden="hidden")
    verdicts = [{"id": "wider", "kind": "crash", "found": False}, {"id": "other", "kind": "crash", "found": True}]
    score = tmp_path / "score.json"
    score.write_text(json.dumps({"splits": {"dev": {"verdicts": verdicts}}}))
    provable.main([str(bench), "--score", str(score), "--seconds", "10"])
    assert "found 1 of 2 (50.0%), of at most 1 provable ones (50.0% of all) 100.0%" in capsys.readouterr().out
