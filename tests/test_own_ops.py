"""Users' own ops: found by name however the code reaches them, proved by `validate`, told about where they are broken."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shapelint.cli import main
from shapelint.ops import own

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "own-ops.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILES = {
    named[1]: body[named.end() :] for _, body in BLOCKS if (named := re.match(r"# file: (\S+)\n", body)) is not None
}
SESSIONS = [body for language, body in BLOCKS if language == "console"]

Shapelint = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with the files of the page, which is the current folder; what is imported from it is forgotten."""
    for name, text in FILES.items():
        write(tmp_path / name, text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHAPELINT_TRUST_OPS", "1")
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in [n for n in sys.modules if n.partition(".")[0] == "mylib"]:
        del sys.modules[name]


@pytest.fixture
def shapelint(capsys: pytest.CaptureFixture[str]) -> Shapelint:
    """The command line: exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        done = capsys.readouterr()
        return code, done.out, done.err

    return run


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("session", SESSIONS, ids=lambda text: text.split()[2])
def test_the_page_is_true(folder: Path, shapelint: Shapelint, session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHAPELINT_TRUST_OPS")
    command, _, expected = session.partition("\n")
    _, out, _ = shapelint(*shlex.split(command)[2:])
    assert out.strip() == expected.strip()


# Names -------------------------------------------------------------------------------------------

CONCISE = ("check", "--no-cache", "--output-format", "concise")
FAULT = "linear-in-features"


@pytest.mark.parametrize(
    "code",
    [
        "from mylib.kernels import gated_linear as gate\ny = gate(x, w)",
        "import mylib.kernels\ny = mylib.kernels.gated_linear(x, w)",
        "import mylib.kernels as kernels\ny = kernels.gated_linear(x, w)",
        "from mylib import kernels\ny = kernels.gated_linear(x, w)",
        "from mylib.kernels import *\ny = gated_linear(x, w)",
        "from mylib.other import passed_on\ny = passed_on(x, w)",
        "from mylib.other import through\ny = through(x, w)",
        "from functools import partial\nfrom mylib.kernels import gated_linear\ny = partial(gated_linear, x)(w)",
        "from mylib.kernels import ChannelScale\ny = ChannelScale(4)(torch.randn(2, 4, 64))",
        "from mylib.kernels import ChannelScale\ny = nn.Sequential(ChannelScale(4))(torch.randn(2, 4, 64))",
        "from mylib.kernels import ChannelScale\nclass Mine(ChannelScale): pass\ny = Mine(4)(torch.randn(2, 4, 64))",
        "from mylib.kernels import ChannelScale\ny = torch.randn(2, ChannelScale(64).channels)",
    ],
)
def test_a_name_is_found_however_the_code_reaches_it(folder: Path, shapelint: Shapelint, code: str) -> None:
    other = "from . import kernels\nfrom .kernels import gated_linear as passed_on\n"
    write(folder / "mylib/other.py", other + "def through(x, w):\n    return kernels.gated_linear(x, w)\n")
    write(folder / "mylib/__init__.py", "")
    drawn = "x, w = torch.randn(2, 32), torch.randn(128, 32)\n"
    write(folder / "use.py", f"import torch\nfrom torch import nn\n{drawn}{code}\nnn.Linear(32, 10)(y)\n")
    code_, out, _ = shapelint(*CONCISE, "use.py")
    assert f"[{FAULT}]" in out
    assert "receives 64" in out
    assert code_ == 1


def test_a_name_is_found_in_the_file_that_defines_it(folder: Path, shapelint: Shapelint) -> None:
    with (folder / "mylib/kernels.py").open("a") as stream:
        stream.write("\n\nnn.Linear(32, 10)(gated_linear(torch.randn(2, 32), torch.randn(128, 32)))\n")
    _, out, _ = shapelint(*CONCISE, ".")
    assert f"[{FAULT}]" in out


@pytest.mark.parametrize(
    "name", ["fastlib.ops.gated_linear", "kernels.gated_linear", "mylib.kernels._GatedLinear.apply"]
)
def test_names_outside_the_project_beside_the_script_and_in_a_class(
    folder: Path, shapelint: Shapelint, name: str
) -> None:
    change(folder / "my_ops.py", '"mylib.kernels.gated_linear"', f'"{name}"')
    write(folder / "scripts/kernels.py", "from _compiled import gated_linear\n")
    home, _, last = name.removesuffix(".apply").rpartition(".")
    call = f"{last}.apply" if name.endswith(".apply") else last
    write(
        folder / "scripts/use.py",
        f"import torch\nfrom torch import nn\nfrom {home} import {last}\n"
        f"nn.Linear(32, 10)({call}(torch.randn(2, 32), torch.randn(128, 32)))\n",
    )
    _, out, _ = shapelint(*CONCISE, "scripts/use.py")
    assert f"[{FAULT}]" in out


def test_without_the_op_nothing_is_known(folder: Path, shapelint: Shapelint) -> None:
    assert shapelint(*CONCISE, "--isolated", "model.py")[0] == 0


def test_its_demands_are_reported_under_their_rules(folder: Path, shapelint: Shapelint) -> None:
    change(folder / "model.py", "torch.empty(2 * 64, 32)", "torch.empty(65, 32)")
    _, out, _ = shapelint(*CONCISE, "model.py")
    assert out == ("model.py:15:29: error[split-size] `gated_linear` expects an even number of rows, not 65\n")


def test_bodies_are_still_checked(folder: Path, shapelint: Shapelint) -> None:
    change(
        folder / "mylib/kernels.py",
        "        if x.dim() < 2",
        "        nn.Linear(3, 4)(torch.ones(2, 5))\n        if x.dim() < 2",
    )
    _, out, _ = shapelint(*CONCISE, "mylib")
    assert out.count(f"[{FAULT}]") == 1


def test_an_op_of_ones_own_goes_before_shapelints(folder: Path, shapelint: Shapelint) -> None:
    change(folder / "my_ops.py", '"mylib.kernels.gated_linear"', '"torch.nn.functional.linear"')
    text = "import torch\nx = torch.nn.functional.linear(torch.ones(2, 3), torch.ones(8, 3))\nx.view(2, 8)\n"
    write(folder / "use.py", text)
    assert "[reshape-size]" in shapelint(*CONCISE, "use.py")[1]


def test_each_configuration_has_its_own(folder: Path, shapelint: Shapelint) -> None:
    model = (folder / "model.py").read_text()
    write(folder / "plain/pyproject.toml", "[tool.shapelint]\n")
    write(folder / "plain/model.py", model)
    _, out, _ = shapelint(*CONCISE, "plain", "model.py", "plain/model.py")
    assert [line.partition(":")[0] for line in out.splitlines()] == ["model.py"]


# Broken files ------------------------------------------------------------------------------------

MAKES = "from shapelint.ops.contract import Constraint, op\n"
BROKEN = {
    "x = (": (1, "SyntaxError"),
    "\nimport nonesuch": (2, "the op file cannot be loaded: ModuleNotFoundError: No module named 'nonesuch'"),
    "raise SystemExit": (1, "SystemExit"),
    "print('hello')": (0, "makes no op"),
    "from shapelint.ops.linear import LINEAR": (0, "makes no op"),
    f"{MAKES}A = op('a', ('lib.a',), 'x')": (0, "op `a` has no rule"),
    f"{MAKES}A = op('a', (), 'x')": (0, "op `a` goes by no name"),
    f"{MAKES}A = op('a', ('a',), 'x')": (0, "'a' is no dotted name, such as `mylib.kernels.fused_linear`"),
    f"{MAKES}A = op('a', ('lib.a',), 'x, dim=0')\n@A.rule\ndef a(cx, x): pass": (
        3,
        "its rule does not take (cx, x, dim=0)",
    ),
    f"{MAKES}A = op('a', ('l.a',), 'x')\nB = op('b', ('l.a',), 'x')\nA.rule(lambda cx, x: x), B.rule(lambda cx, x: x)": (
        0,
        "two ops claim the name `l.a`",
    ),
    f"{MAKES}A = op('a', ('l.a',), 'x', [Constraint('C1', 'spilt-size', '')])\nA.rule(lambda cx, x: x)": (
        0,
        "C1 of `l.a` is reported by an unknown rule `spilt-size` (did you mean `split-size`?)",
    ),
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_is_one_message_and_exit_code_2(folder: Path, shapelint: Shapelint, text: str) -> None:
    line, said = BROKEN[text]
    write(folder / "my_ops.py", text)
    code, out, err = shapelint("validate", "my_ops.py")
    assert code == 2
    assert out == ""
    told = [one for one in err.splitlines() if one.startswith("shapelint: ")]
    assert len(told) == 1
    assert told[0].startswith(f"shapelint: my_ops.py:{line}:1: " if line else "shapelint: my_ops.py: ")
    assert said in told[0]
    code, out, _ = shapelint(*CONCISE, "model.py")
    assert code == 2
    assert told[0].removeprefix("shapelint: ") in out
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize("command", ["check", "show", "coverage"])
def test_a_file_that_is_missing(folder: Path, shapelint: Shapelint, command: str) -> None:
    (folder / "my_ops.py").unlink()
    code, out, err = shapelint(command, "model.py")
    assert code == 2
    assert "pyproject.toml:2" in out + err
    assert "cannot read the op file: No such file or directory: my_ops.py" in " ".join((out + err).split())


def test_what_a_file_prints_does_not_mix_with_findings(folder: Path, shapelint: Shapelint) -> None:
    change(folder / "my_ops.py", "import random\n", "import random\nprint('hello')\n")
    _, out, err = shapelint(*CONCISE, "model.py")
    assert "hello" not in out
    assert "hello" in err


# The cache ---------------------------------------------------------------------------------------


def test_results_rest_on_the_content_of_the_files(folder: Path, shapelint: Shapelint) -> None:
    check = ("check", "--output-format", "concise", "model.py")
    first = shapelint(*check)
    own._loaded.clear()
    assert shapelint(*check) == first
    assert not own._loaded, "a warm run loads no op file"
    change(folder / "my_ops.py", "rows.size // 2", "rows.size // 4")
    assert shapelint(*check)[:2] == (0, "")
    change(folder / "my_ops.py", "rows.size // 4", "rows.size // 2")
    assert shapelint(*check)[:2] == first[:2]


# validate ----------------------------------------------------------------------------------------

FEW = ("--samples", "20")


def test_validate_shows_the_call_that_disagrees(folder: Path, shapelint: Shapelint) -> None:
    change(folder / "my_ops.py", "rows.size // 2", "rows.size // 4")
    code, out, _ = shapelint("validate", "my_ops.py", *FEW)
    assert code == 1
    assert "mylib.kernels.gated_linear: does not agree" in out
    assert "mylib.kernels.ChannelScale: agrees" in out
    assert re.search(r"gated_linear\(<[^>]*>, <4×\d>\): result .* is told, torch gave", out)


def test_validate_notices_what_the_rule_lets_pass(folder: Path, shapelint: Shapelint) -> None:
    change(folder / "my_ops.py", "if (rows.size % 2).value:", "if False:")
    code, out, _ = shapelint("validate", "my_ops.py", *FEW)
    assert code == 1
    assert "is accepted; torch: RuntimeError" in out
    assert "C2 is never violated" in out


def test_validate_tells_seeds_apart(folder: Path, shapelint: Shapelint) -> None:
    first = shapelint("validate", "my_ops.py", *FEW, "--seed", "1")
    assert first[0] == 0
    assert shapelint("validate", "my_ops.py", *FEW, "--seed", "1") == first
    assert shapelint("validate", "my_ops.py", *FEW, "--seed", "2") != first


def test_validate_without_a_file_takes_those_of_the_configuration(folder: Path, shapelint: Shapelint) -> None:
    assert shapelint("validate", *FEW) == shapelint("validate", "my_ops.py", *FEW)
    change(folder / "pyproject.toml", '["my_ops.py"]', "[]")
    code, _, err = shapelint("validate")
    assert code == 2
    assert "`validate` needs an op file" in err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('("mylib.kernels.gated_linear",)', '("mylib.kernels.gaited",)', "`mylib.kernels.gaited` cannot be imported"),
        ('("mylib.kernels.gated_linear",)', '("mylip.gated_linear",)', "No module named 'mylip'"),
        ('("mylib.kernels.gated_linear",)', '("math.pi",)', "`math.pi` cannot be called"),
        ('("mylib.kernels.gated_linear",)', '("mylib.kernels.ChannelScale",)', "two ops claim the name"),
        ('("mylib.kernels.gated_linear",)', '("torch.nn.Linear",)', "described as a function and is an `nn.Module`"),
        ('("mylib.kernels.ChannelScale",)', '("math.floor",)', "described as a layer and is no `nn.Module`"),
        (", gated_linear_sample)", ")", "`mylib.kernels.gated_linear` has no samples"),
    ],
)
def test_validate_needs_something_to_hold_an_op_against(
    folder: Path, shapelint: Shapelint, old: str, new: str, said: str
) -> None:
    change(folder / "my_ops.py", old, new)
    code, out, err = shapelint("validate", "my_ops.py")
    assert (code, out) == (2, "")
    assert said in err
    assert len([line for line in err.splitlines() if ": imports " not in line]) == 1


def test_validate_tells_why_every_call_was_refused(folder: Path, shapelint: Shapelint) -> None:
    change(folder / "mylib/kernels.py", "        if weight.dim() != 2:", "        if True:")
    code, out, _ = shapelint("validate", "my_ops.py", *FEW)
    assert code == 1
    assert "every call was refused, the first by: mylib.kernels.gated_linear(" in out


def test_validate_without_torch(folder: Path, shapelint: Shapelint, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith("shapelint.reference.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    code, out, err = shapelint("validate", "my_ops.py")
    assert (code, out) == (2, "")
    assert "`validate` needs torch (pip install 'shapelint[torch]')" in err
