"""Known findings: they survive edits, new ones are told, mended ones grow stale."""

from __future__ import annotations

import json

import pytest

from .conftest import Shell

BAD = "x = f(1)  # FIND error bad-shape x"
OTHER = "y = f(1)  # FIND error bad-shape y"
NAME = "shapelint-baseline.json"


def test_known_findings_are_not_told_again(shell: Shell) -> None:
    shell.write(a_py=f"{BAD}\n{BAD}", b_py=OTHER)
    done = shell("--write-baseline", "--output-format", "json")
    assert (done.code, done.json["diagnostics"]) == (0, [])
    assert f"wrote 3 findings to {NAME}" in done.err
    assert json.loads((shell.folder / NAME).read_text()) == {
        "version": 1,
        "findings": [
            {"path": "a.py", "rule": "bad-shape", "scope": "scope", "subject": "x", "count": 2},
            {"path": "b.py", "rule": "bad-shape", "scope": "scope", "subject": "y", "count": 1},
        ],
    }
    done = shell("--baseline", NAME, "--output-format", "json")
    assert (done.code, done.json["summary"]["baselined"]) == (0, 3)
    assert shell().code == 1, "a baseline is used only where it is asked for"
    shell.file("shapelint.toml", f'baseline = "{NAME}"\n')
    assert shell().code == 0


def test_findings_may_move_but_not_multiply(shell: Shell) -> None:
    shell.write(a_py=BAD)
    shell("--write-baseline")
    shell.write(a_py=f"\n\n\n{BAD}")
    assert shell("--baseline", NAME).code == 0
    shell.write(a_py=f"{BAD}\n{OTHER}\n{BAD}")
    done = shell("--baseline", NAME, "--output-format", "concise")
    assert done.code == 1
    assert [line.split(":")[1] for line in done.lines] == ["3", "4"]


def test_stale_entries_fail_when_asked(shell: Shell) -> None:
    shell.write(a_py=f"{BAD}\n{OTHER}", b_py=OTHER, c_py=BAD)
    shell("--write-baseline")
    shell.write(a_py=OTHER)
    (shell.folder / "c.py").unlink()
    done = shell("--baseline", NAME)
    assert done.code == 0
    assert "the baseline knows a mended finding: a.py [bad-shape] scope x" in done.err
    assert "the baseline knows a mended finding: c.py [bad-shape] scope x" in done.err
    assert shell("--baseline", NAME, "--fail-on-stale").code == 1
    done = shell("b.py", "--baseline", NAME)
    assert "a.py" not in done.err, "nothing is known of a file that was not checked"


def test_writing_for_some_files_keeps_the_others(shell: Shell) -> None:
    shell.write(a_py=BAD, b_py=OTHER)
    shell("--write-baseline")
    shell.write(a_py=OTHER, b_py=BAD)
    shell("a.py", "--write-baseline")
    found = json.loads((shell.folder / NAME).read_text())["findings"]
    assert [(one["path"], one["subject"]) for one in found] == [("a.py", "y"), ("b.py", "y")]


def test_paths_are_relative_to_the_baseline(shell: Shell) -> None:
    shell.write(pkg__a_py=BAD)
    (shell.folder / "ci").mkdir()
    shell("--write-baseline", "--baseline", "ci/known.json")
    assert json.loads((shell.folder / "ci/known.json").read_text())["findings"][0]["path"] == "../pkg/a.py"
    assert shell(str(shell.folder / "pkg"), "--baseline", "ci/known.json").code == 0


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 2, "findings": []}', '{"version": 1, "findings": [{}]}', None]
)
def test_a_baseline_that_is_none_is_a_failure(shell: Shell, text: str | None) -> None:
    shell.write(a_py=BAD)
    if text is not None:
        shell.file(NAME, text)
    done = shell("--baseline", NAME, "--output-format", "json")
    assert done.code == 2
    assert [(one["kind"], one["path"]) for one in done.json["failures"]] == [("configuration", NAME)]
