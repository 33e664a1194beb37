"""The steps of the composite action, run by bash as a runner runs them."""

from __future__ import annotations

import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")
STEPS = [
    textwrap.dedent(block) for block in re.findall(r"^      run: \|\n((?:        .*\n?|\n)+)", ACTION, re.MULTILINE)
]

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


def called_with(tmp_path: Path, paths: str = ".", args: str = "", sarif: str = "") -> list[str]:
    """The arguments that `shapelint` is given for these inputs."""
    stand_in = tmp_path / "shapelint"
    stand_in.write_text("#!/bin/bash\nprintf '%s\\n' \"$@\"\n")
    stand_in.chmod(0o755)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[-1]],
        env={"PATHS": paths, "ARGS": args, "SARIF": sarif, "SHAPELINT": str(stand_in), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = done.stdout.splitlines()
    assert found[:3] == ["check", "--output-format", "github"]
    return found[3:]


@pytest.mark.parametrize(
    ("paths", "given"),
    [
        (".", ["."]),
        ("src tests", ["src", "tests"]),
        ("src\ntests\n", ["src", "tests"]),
        ("src\nmy models/a b.py\ntests", ["src", "my models/a b.py", "tests"]),
        ("  src  \n\n  tests\n", ["src", "tests"]),
        ("src tests\n", ["src", "tests"]),
        ("*.py", ["*.py"]),
        ("$(touch was_run)\n`touch was_run`", ["$(touch was_run)", "`touch was_run`"]),
    ],
)
def test_every_path_is_given(tmp_path: Path, paths: str, given: list[str]) -> None:
    assert called_with(tmp_path, paths) == given


@pytest.mark.parametrize(
    ("args", "given"),
    [
        ("", []),
        ("--show-info --preview", ["--show-info", "--preview"]),
        ("--select linear-in-features\n--error-on-warning\n", ["--select", "linear-in-features", "--error-on-warning"]),
    ],
)
def test_every_option_is_given(tmp_path: Path, args: str, given: list[str]) -> None:
    assert called_with(tmp_path, args=args) == [*given, "."]
    assert called_with(tmp_path, args=args, sarif="a b.sarif") == [*given, "-o", "sarif:a b.sarif", "."]
