"""`shapelint coverage`: what is counted, how often, and what a file that is not understood says of itself."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from shapelint.interp.coverage import Cause, FileCoverage
from shapelint.report import coverage_json, coverage_text

from .conftest import ROOT, Result, Shell

MODEL = """
from torch import nn
import elsewhere

class Model(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.first = nn.Linear(size, 8)

    def forward(self, x):
        hidden = self.first(x)
        return torch.frobnicate(hidden)

model = Model(5)
model(torch.randn(2, 5))
"""


def coverage(shell: Shell, *arguments: str) -> Result:
    return shell("coverage", "--no-cache", *arguments, stand_ins=False)


def as_json(shell: Shell, *arguments: str) -> Any:
    done = coverage(shell, *arguments, "--output-format", "json")
    schema = json.loads((ROOT / "docs/coverage.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(done.json)
    return done.json


def test_an_expression_counts_once_by_its_best_context(shell: Shell) -> None:
    # `forward` is read with symbols and by the construction below it; only the latter knows the rank of `x`
    shell.write(model_py=MODEL)
    told = as_json(shell, "model.py")
    # x, self.first(x), hidden, torch.randn(2, 5) against torch.frobnicate(hidden), model(torch.randn(2, 5))
    assert told["summary"] == {
        "files": 1,
        "expressions": 6,
        "full": 4,
        "ranked": 4,
        "full_percent": 66.67,
        "ranked_percent": 66.67,
        "undecided": 0,
        "functions": 2,
        "unread": 0,
    }
    assert told["reasons"] == {"unsupported-op": 2}
    (cause,) = told["causes"]
    assert cause == {
        "reason": "unsupported-op",
        "name": "torch.frobnicate",
        "expressions": 2,
        "files": 1,
        "path": "model.py",
        "line": 13,
    }


def test_a_rank_is_less_than_a_shape(shell: Shell) -> None:
    shell.write(a_py="x = torch.randn(2, 5)\nwhich = torch.nonzero(x)\nwhich + 1")
    (file,) = as_json(shell, "a.py")["files"]
    assert file["ranked"] == file["expressions"]
    assert 0 < file["full"] < file["ranked"]


def test_a_tensor_of_unknown_rank_is_seen_and_not_known(shell: Shell) -> None:
    shell.write(a_py="def f(x):\n    return torch.relu(x)")
    told = as_json(shell, "a.py")
    assert told["reasons"] == {"dynamic-value": told["summary"]["expressions"]}
    assert told["causes"][0]["name"] == ""


def test_the_worst_file_comes_first(shell: Shell) -> None:
    shell.write(good_py="torch.zeros(2) + 1", bad_py="x = torch.frobnicate(1)\nx + 1", empty_py="y = 1")
    told = as_json(shell, ".")
    assert [file["path"] for file in told["files"]] == ["bad.py", "good.py", "empty.py"]
    assert [file["full_percent"] for file in told["files"]] == [0, 100, None]


def test_functions_that_nothing_reads_are_named(shell: Shell) -> None:
    shell.write(a_py="def outer(x):\n    def inner(y):\n        return torch.relu(y)\n    return x.shape")
    (file,) = as_json(shell, "a.py")["files"]
    assert file["functions"] == 2
    assert file["unread"] == [{"name": "inner", "line": 3}]


def test_readings_that_used_up_their_steps_are_named() -> None:
    # how a reading runs out is for benchmarks/growth.py, since it takes its time
    cause = Cause("budget", "f0", 2, 4)
    file = FileCoverage("a.py", 2, 0, 0, 0, (cause,), ("Model.forward", "<module>"), 1, (), ())
    assert coverage_text.render([file]).endswith(
        "readings that used up their steps\n  a.py: Model.forward\n  a.py: <module>\n"
    )
    assert json.loads(coverage_json.render([file], []))["files"][0]["spent"] == ["Model.forward", "<module>"]


def test_as_text(shell: Shell) -> None:
    shell.write(model_py=MODEL)
    done = coverage(shell, "model.py")
    assert (done.code, done.err) == (0, "")
    assert (
        done.out
        == """\
coverage of 1 file
  tensor expressions  6
  with a full shape   4   66.7%
  with a known rank   4   66.7%

unknown, by reason
  unsupported-op  2   33.3%

by name
  torch.frobnicate  2  unsupported-op, first at model.py:13

files, the worst first
  model.py  6   66.7% full,  66.7% ranked
"""
    )


def test_nothing_to_see(shell: Shell) -> None:
    shell.file("a.py", "x = 1\n")
    done = coverage(shell, "a.py", "--fail-under", "100")
    assert (done.code, done.out) == (0, "no tensor expressions\n")


def test_fail_under(shell: Shell) -> None:
    shell.write(model_py=MODEL)
    assert coverage(shell, "model.py", "--fail-under", "66").code == 0
    done = coverage(shell, "model.py", "--fail-under", "67")
    assert done.code == 1
    assert done.err == "shapelint: 66.7% of the tensor expressions have a full shape, less than 67%\n"


@pytest.mark.parametrize("wrong", ["101", "-1", "most"])
def test_fail_under_is_a_percentage(shell: Shell, wrong: str) -> None:
    assert coverage(shell, f"--fail-under={wrong}").code == 2


def test_failures_are_told_beside_what_was_seen(shell: Shell) -> None:
    shell.write(a_py="torch.zeros(2)", b_py="x = (")
    done = coverage(shell, "--output-format", "json")
    assert done.code == 2
    assert [file["path"] for file in done.json["files"]] == ["a.py"]
    assert [one["kind"] for one in done.json["failures"]] == ["syntax"]
    assert "b.py:3:1: failure[syntax]" in done.err


def test_results_are_kept(shell: Shell) -> None:
    shell.write(model_py=MODEL)
    first = shell("coverage", "model.py", stand_ins=False)
    assert (shell.folder / ".shapelint_cache").is_dir()
    assert shell("coverage", "model.py", stand_ins=False) == first
    shell("check", "model.py", stand_ins=False)  # the two commands do not take each other's results
    assert shell("coverage", "model.py", stand_ins=False) == first
