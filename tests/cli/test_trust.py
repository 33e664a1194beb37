"""Nothing of the tree that is analysed runs, whatever its configuration asks for."""

from __future__ import annotations

import json

import pytest

from .conftest import Shell

FAULT = "import torch\nfrom torch import nn\n\nnn.Linear(3, 4)(torch.ones(2, 5))\n"
PAYLOAD = "import pathlib\npathlib.Path('was_run').touch()\n"
OPS = f"""{PAYLOAD}
from shapelint.ops.contract import op

DOUBLE = op("double", ("lib.double",), "x")


@DOUBLE.rule
def double(cx, x):
    return cx.tensor(x)
"""
USE = "import torch\nfrom lib import double\n\ntorch.nn.Linear(3, 4)(double(torch.ones(2, 5)))\n"
COMMANDS = (("check", "."), ("show", "."), ("coverage", "."), ("validate",))


@pytest.fixture
def tree(shell: Shell) -> Shell:
    shell.file("pyproject.toml", '[tool.shapelint]\nsrc = ["src"]\nops = ["evil.py"]\n')
    shell.file("evil.py", OPS)
    shell.file("model.py", FAULT)
    shell.file("use.py", USE)
    return shell


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_an_op_file_that_a_configuration_names_is_not_run(tree: Shell, command: tuple[str, ...]) -> None:
    done = tree(*command, stand_ins=False)
    assert done.code == 2
    assert (done.out + done.err).count("--trust-ops") == 1
    assert not (tree.folder / "was_run").exists()


def test_a_configuration_that_is_named_is_not_trusted_either(tree: Shell) -> None:
    done = tree("check", "--config", "pyproject.toml", ".", stand_ins=False)
    assert done.code == 2
    assert not (tree.folder / "was_run").exists()


def test_a_configuration_cannot_trust_itself(tree: Shell) -> None:
    tree.file("pyproject.toml", '[tool.shapelint]\nops = ["evil.py"]\ntrust-ops = true\n')
    assert "unknown key `trust-ops`" in tree("check", ".", stand_ins=False).out
    assert not (tree.folder / "was_run").exists()


@pytest.mark.parametrize("cache", [(), ("--no-cache",)], ids=["cache", "no cache"])
def test_everything_else_is_checked_and_the_message_told_once(tree: Shell, cache: tuple[str, ...]) -> None:
    for _ in range(2):
        done = tree("check", *cache, "--quiet", "--output-format", "concise", ".", stand_ins=False)
        assert done.code == 2, "quiet or not, it is no success"
        assert done.err == ""
        finding, told = sorted(done.lines)
        assert finding.startswith("model.py:4:1: error[linear-in-features]")
        assert told.startswith("pyproject.toml:3:1: failure[untrusted] not run: evil.py; op files are Python")


def test_machine_formats_tell_it(tree: Shell) -> None:
    told = json.loads(tree("check", "--output-format", "json", ".", stand_ins=False).out)
    (failure,) = told["failures"]
    assert (failure["kind"], failure["path"], failure["line"]) == ("untrusted", "pyproject.toml", 3)
    assert len(told["diagnostics"]) == 1
    told = json.loads(tree("show", "--output-format", "json", "model.py", stand_ins=False).out)
    assert [one["kind"] for one in told["failures"]] == ["untrusted"]
    assert told["expressions"]


@pytest.mark.parametrize(
    ("argument", "environment"), [("--trust-ops", ""), ("--quiet", "1"), ("--trust-ops", "0")], ids=str
)
def test_whoever_calls_can_trust(tree: Shell, argument: str, environment: str) -> None:
    done = tree("check", argument, "--output-format", "concise", ".", stand_ins=False, SHAPELINT_TRUST_OPS=environment)
    assert (tree.folder / "was_run").exists()
    assert done.code == 1
    assert [line.partition(":")[0] for line in done.lines] == ["model.py", "use.py"]


@pytest.mark.parametrize(("argument", "environment"), [("--no-trust-ops", "1"), ("--quiet", "0")], ids=str)
def test_whoever_calls_can_go_without(tree: Shell, argument: str, environment: str) -> None:
    done = tree("check", argument, "--output-format", "concise", ".", stand_ins=False, SHAPELINT_TRUST_OPS=environment)
    assert not (tree.folder / "was_run").exists()
    assert done.code == 1
    assert [line.partition(":")[0] for line in done.lines] == ["model.py"]


def test_results_of_one_choice_are_not_those_of_another(tree: Shell) -> None:
    check = ("check", "--output-format", "concise", ".")
    for _ in range(2):
        assert len(tree(*check, "--trust-ops", stand_ins=False).lines) == 2
        assert len(tree(*check, "--no-trust-ops", stand_ins=False).lines) == 1
        assert tree(*check, stand_ins=False).code == 2


def test_a_file_of_the_tree_does_not_stand_in_for_a_module(shell: Shell) -> None:
    """`python -m shapelint` would look in the current folder first."""
    for name in ("random", "json", "libcst", "numpy", "concurrent"):
        shell.file(f"{name}.py", f"import pathlib\npathlib.Path('{shell.folder}/was_run').touch()\n")
    shell.file("model.py", FAULT)
    done = shell("check", "--output-format", "json", "model.py", stand_ins=False)
    assert done.code == 1
    assert not (shell.folder / "was_run").exists()
