"""The benchmarks work: on tiny programs, for what they tell and not for how fast anything is."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
BENCHMARKS = ROOT / "benchmarks"

MODEL = """\
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn import Linear as Dense

head = Dense(8, 2)
print(F.relu(head(torch.zeros(4, 8))).view(-1).frobnicate())
print(torch.frobnicate(1), nn.Frobnicator())
"""
FAULTY = MODEL.replace("zeros(4, 8)", "zeros(4, 9)")
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


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def repositories(tmp_path: Path) -> Path:
    for name, text in (("me+good", MODEL), ("me+bad", FAULTY), ("me+broken", "import torch\nx = (\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.py").write_text(text)
    return tmp_path


def test_the_example_has_a_hundred_lines_and_nothing_to_report() -> None:
    assert len((BENCHMARKS / "example.py").read_text("utf-8").splitlines()) == 100
    command = [sys.executable, "-m", "shapelint", "check", "--isolated", "--no-cache", "benchmarks/example.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_benchmark_is_described() -> None:
    page = (BENCHMARKS / "README.md").read_text("utf-8")
    for path in BENCHMARKS.glob("*.py"):
        assert f"`{path.name}" in page


def test_growth_knows_linear_from_quadratic() -> None:
    growth = load("growth")
    assert growth.exponent([8, 16, 32], [8.0, 16.0, 32.0]) == pytest.approx(1)
    assert growth.exponent([8, 16, 32], [64.0, 256.0, 1024.0]) == pytest.approx(2)


def test_every_generated_program_is_read_to_its_end() -> None:
    growth = load("growth")
    for make in growth.SERIES.values():
        taken = growth.check(make(3), 1)
        assert taken.seconds > 0
        assert taken.spent == ()


def test_names_are_found_by_import_and_by_analysis(repositories: Path) -> None:
    names = load("names")
    found = names.repository(str(repositories / "me+good"), "torch", True, 60)
    assert found.failures == []
    assert found.calls == {
        "torch.nn.Linear": 1,
        "torch.nn.functional.relu": 1,
        "torch.zeros": 1,
        "torch.Tensor.view": 1,
        "torch.Tensor.frobnicate": 1,
        "torch.frobnicate": 1,
        "torch.nn.Frobnicator": 1,
    }
    named = names.merge([found, names.repository(str(repositories / "me+bad"), "torch", True, 60)])
    assert {one.name for one in named if not one.known} == {
        "torch.Tensor.frobnicate",
        "torch.frobnicate",
        "torch.nn.Frobnicator",
    }
    told = json.loads(names.as_json(named, [found]))
    assert told["groups"]["layers"] == {"calls": 4, "known_calls": 2, "names": 2, "known_names": 1}
    assert "torch.frobnicate" in names.as_text(named, [found], 10)


def test_a_name_that_a_function_binds_is_not_torchs(tmp_path: Path) -> None:
    names = load("names")
    text = """\
import torch
from torch.utils import data


def train(loader):
    for data in loader:
        data.get("x")
    return lambda torch: torch.frobnicate()


def load():
    from torch import nn

    return data.DataLoader([]), nn.Linear(1, 1)
"""
    (tmp_path / "train.py").write_text(text)
    found = names.repository(str(tmp_path), "torch", False, 60)
    assert set(found.calls) == {"torch.utils.data.DataLoader", "torch.nn.Linear"}


def test_repositories_are_linted_with_what_people_said_of_the_reports(
    repositories: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = load("corpus")
    verdicts, page = repositories / "verdicts.tsv", repositories / "corpus.md"
    monkeypatch.setattr(corpus, "VERDICTS", verdicts)
    monkeypatch.setattr(corpus, "PAGE", page)
    results = repositories / "results.jsonl"
    monkeypatch.setattr(sys, "argv", ["corpus", str(repositories), "--results", str(results), "--write"])
    assert corpus.main() == 0
    out = capsys.readouterr().out
    assert "not read: me/bad\tmodel.py:7\tlinear-in-features" in out
    assert len(results.read_text().splitlines()) == 3
    verdicts.write_text(
        "# repository, place, rule, verdict, reason\n"
        "me/bad\tmodel.py:7\tlinear-in-features\ttrue\tnine features for eight\n"
        "me/bad\tmodel.py:9\tlinear-in-features\tfalse\ta guess\n"
    )
    assert corpus.main() == 0
    assert "not read" not in capsys.readouterr().out.splitlines()[-1]
    text = page.read_text("utf-8")
    assert "| me/bad     | model.py:7 | linear-in-features | error    | right   | nine features for eight |" in text
    assert "| me/bad     | model.py:9 | linear-in-features | wrong   | a guess |" in text
    assert "1 syntax" in text
    assert "zeros" not in text  # no code is quoted


@pytest.mark.parametrize("line", ["me/bad\tmodel.py:7\trule\tyes\twhy", "me/bad\tmodel.py\trule\ttrue\twhy", "a b c"])
def test_verdicts_that_cannot_be_read_are_refused(tmp_path: Path, line: str) -> None:
    corpus = load("corpus")
    path = tmp_path / "verdicts.tsv"
    path.write_text(f"{line}\n")
    with pytest.raises(corpus.Malformed, match=r"verdicts\.tsv:1"):
        corpus.read_verdicts(path)


@pytest.fixture
def provable() -> ModuleType:
    pytest.importorskip("torch")
    return load("provable")


def _mutant(folder: Path, line: int, **edits: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "mutant.py").write_text(MUTANT.format(**edits))
    (folder / "meta.json").write_text(json.dumps({"crash_line": line}))
    return folder


def test_a_first_layer_of_another_width_runs_with_another_input(
    provable: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = tmp_path / "bench"
    _mutant(bench / "out" / "dev" / "wider", 12, width="2 * width", hidden="hidden")
    assert provable.main([str(bench), "wider", "--output", str(tmp_path / "found.tsv"), "--seconds", "10"]) == 0
    assert (tmp_path / "found.tsv").read_text() == "wider\t11 -> 22 (1x)\n"
    assert "1 mutants, 1 run under another driver" in capsys.readouterr().out


def test_two_layers_that_never_fit_run_under_none(provable: ModuleType, tmp_path: Path) -> None:
    bench = tmp_path / "bench"
    _mutant(bench / "out" / "dev" / "torn", 13, width="width", hidden="hidden + 1")
    provable.main([str(bench), "torn", "--output", str(tmp_path / "found.tsv"), "--seconds", "2"])
    assert (tmp_path / "found.tsv").read_text() == "torn\t\n"


def test_a_run_that_does_not_pass_the_line_does_not_count(provable: ModuleType, tmp_path: Path) -> None:
    bench = tmp_path / "bench"
    _mutant(bench / "out" / "dev" / "elsewhere", 99, width="width", hidden="hidden")
    provable.main([str(bench), "elsewhere", "--output", str(tmp_path / "found.tsv"), "--seconds", "1"])
    assert (tmp_path / "found.tsv").read_text() == "elsewhere\t\n"


def test_the_score_tells_the_share(provable: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench = tmp_path / "bench"
    _mutant(bench / "out" / "dev" / "wider", 12, width="2 * width", hidden="hidden")
    verdicts = [{"id": "wider", "kind": "crash", "found": False}, {"id": "other", "kind": "crash", "found": True}]
    score = tmp_path / "score.json"
    score.write_text(json.dumps({"splits": {"dev": {"verdicts": verdicts}}}))
    provable.main([str(bench), "--score", str(score), "--seconds", "10"])
    assert "found 1 of 2 (50.0%), of at most 1 provable ones (50.0% of all) 100.0%" in capsys.readouterr().out


POINTWISE = """\
import torch
from torch import nn


class Model(nn.Module):
    def forward(self, x):
        return torch.relu(x)


class Pooled(nn.Module):
    def forward(self, x):
        b, n, c = x.shape
        return torch.relu(x)


if __name__ == "__main__":
    out = Model()(torch.randn(3, 7))
    pooled = Pooled()(torch.randn(3, 7, 5))
"""

RECORDER = """\
def record(path):
    scope = {"__name__": "__main__"}
    exec(compile(open(path).read(), path, "exec"), scope)
    return {"7:16:7:29": [list(scope["out"].shape)], "13:16:13:29": [list(scope["pooled"].shape)]}
"""


def test_a_rank_that_the_input_alone_decides_is_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    program = tmp_path / "bench" / "clean" / "dev" / "pointwise" / "program.py"
    program.parent.mkdir(parents=True)
    program.write_text(POINTWISE)
    (tmp_path / "recorder.py").write_text(RECORDER)
    assert load("ranks").main([str(tmp_path / "bench"), "--recorder", str(tmp_path / "recorder.py")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2 tensor expressions, 1 of unknown rank (50.0%)",
        "of these, 1 have another rank in torch under another input (50.0% of all)",
    ]


# refute.py ---------------------------------------------------------------------------------------

_REFUTABLE = """\
import torch
from torch import nn


class Sum(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, 4)

    def forward(self, x):
        return self.fc(x) + torch.zeros({width})


Sum(3)
"""


@pytest.mark.parametrize(("width", "refuted"), [(4, True), (5, False)])
def test_an_error_is_refuted_where_some_input_passes_its_line(width: int, refuted: bool) -> None:
    refute = load("refute")
    text = refute.alone(_REFUTABLE.format(width=width))
    claim = refute.Claim(11, 11, "Sum", "forward", "")
    assert bool(refute.refuted(text, claim, 3.0, 0)) is refuted
