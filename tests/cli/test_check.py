"""`shapelint check` as people and programs meet it: exit codes, streams, levels, failures, projects, processes."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import ROOT, STAND_INS, Shell

BAD = "x = f(1)  # FIND error bad-shape x"
ODD = "y = f(2)  # FIND warning odd-shape y"
SHY = "z = f(3)  # FIND info shy-shape z"


# Exit codes and streams ---------------------------------------------------------------------------


def test_nothing_found(shell: Shell) -> None:
    shell.write(a_py="x = 1")
    done = shell("a.py")
    assert (done.code, done.out, done.err) == (0, "", "shapelint: found nothing in 1 file\n")


def test_findings_go_to_stdout_and_the_summary_to_stderr(shell: Shell) -> None:
    shell.write(a_py=f"{BAD}\n{ODD}")
    done = shell("check", "a.py", "--output-format", "concise")
    assert done.code == 1
    assert done.lines == [
        "a.py:2:1: error[bad-shape] `x` is wrong (0 imported, 2 together)",
        "a.py:3:1: warning[odd-shape] `y` is wrong (0 imported, 2 together)",
    ]
    assert done.err == "shapelint: found 1 error and 1 warning in 1 file\n"
    assert shell("a.py", "--quiet").err == ""


def test_the_current_folder_is_the_default(shell: Shell) -> None:
    shell.write(pkg__a_py=BAD, b_py=BAD)
    done = shell("--output-format", "concise")
    assert [line.split(":")[0] for line in done.lines] == ["b.py", "pkg/a.py"]
    assert shell("check", "--output-format", "concise").out == done.out


def test_warnings_fail_only_on_demand(shell: Shell) -> None:
    shell.write(a_py=ODD)
    assert shell("a.py").code == 0
    assert shell("a.py", "--error-on-warning").code == 1
    shell.file("shapelint.toml", "error-on-warning = true\n")
    assert shell("a.py").code == 1


def test_a_folder_without_files_is_no_failure(shell: Shell) -> None:
    done = shell()
    assert (done.code, done.err) == (0, "shapelint: no files to check\n")


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--output-format", "xml"], ["--jobs", "0"]])
def test_usage_errors(shell: Shell, arguments: list[str]) -> None:
    done = shell(*arguments)
    assert done.code == 2
    assert "usage: shapelint check" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope.py"],
        ["--rule", "bad-shape"],
        ["--rule", "bad-shape=fatal"],
        ["--config", "nope.toml"],
        ["-", "a.py"],
        ["--stdin-filename", "a.py"],
        ["--diff", "--write-baseline"],
        ["--unsafe-fixes"],
        ["--fail-on-stale"],
        ["--fix", "-"],
    ],
)
def test_failures_go_through_the_chosen_format(shell: Shell, arguments: list[str]) -> None:
    done = shell(*arguments, "--output-format", "json")
    assert done.code == 2
    assert done.json["failures"]


def test_every_other_file_is_checked_when_one_fails(shell: Shell) -> None:
    shell.write(a_py=BAD, b_py="x = (", c_py="# CRASH", d_py=ODD)
    shell.file("e.py", b"import torch\nx = '\xff'\n")
    done = shell("a.py", "b.py", "c.py", "d.py", "e.py", "nope.py", "--output-format", "json")
    assert done.code == 2
    assert [one["path"] for one in done.json["diagnostics"]] == ["a.py", "d.py"]
    kinds = {one["path"]: one["kind"] for one in done.json["failures"]}
    assert kinds == {"b.py": "syntax", "c.py": "internal", "e.py": "encoding", "nope.py": "usage"}
    assert "Traceback" not in done.err
    assert "Traceback" in shell("c.py", SHAPELINT_TRACEBACK="1").err


def test_deep_nesting_is_a_failure(shell: Shell) -> None:
    shell.write(a_py="x = " + "(" * 5000 + ")" * 5000, b_py=BAD)
    done = shell("--output-format", "json")
    assert [one["kind"] for one in done.json["failures"]] == ["nesting"]
    assert len(done.json["diagnostics"]) == 1


def test_files_that_cannot_concern_torch_are_not_even_parsed(shell: Shell) -> None:
    shell.file("a.py", "x = (")
    assert shell("a.py").code == 0


def test_broken_configuration(shell: Shell) -> None:
    shell.write(a_py=BAD)
    shell.file("shapelint.toml", "ouput-format = 'json'\n")
    done = shell("a.py")
    assert done.code == 2
    assert "failure[configuration]: unknown key `ouput-format`" in done.out
    assert "help: did you mean `output-format`?" in done.out
    assert shell("a.py", "--isolated").code == 1


def test_unknown_rules(shell: Shell) -> None:
    shell.write(a_py=BAD)
    done = shell("a.py", "--ignore", "bad-shap", "--output-format", "concise")
    assert (done.code, done.out) == (2, "failure[usage] unknown rule `bad-shap` (did you mean `bad-shape`?)\n")
    shell.file("shapelint.toml", "[rules]\nbad-shap = 'off'\n")
    done = shell("a.py", "--output-format", "concise")
    assert done.code == 2
    assert done.out.startswith("shapelint.toml:2:1: failure[configuration] unknown rule `bad-shap`")


def test_a_closed_pipe_is_no_error(shell: Shell) -> None:
    shell.write(a_py="\n".join([BAD] * 3000))
    command = f"{sys.executable} -m shapelint a.py | head -n 1"
    environment = {**os.environ, "PYTHONPATH": f"{STAND_INS}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        ["bash", "-c", command + "; exit ${PIPESTATUS[0]}"],
        cwd=shell.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert done.returncode in (0, 1)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_interrupting(shell: Shell) -> None:
    fifo = shell.folder / "slow.py"
    shell.write(a_py="x = 1")
    os.mkfifo(fifo)
    environment = {**os.environ, "PYTHONPATH": f"{STAND_INS}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "shapelint", "-"]
    # where the tests run in the background, what they start would be deaf to the signal
    with subprocess.Popen(
        command,
        cwd=shell.folder,
        env=environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read()
        assert process.wait() == 130
    assert told == "shapelint: interrupted\n"


# Levels -------------------------------------------------------------------------------------------


def rules_found(shell: Shell, *arguments: str) -> list[tuple[str, str]]:
    done = shell("a.py", "--output-format", "json", *arguments)
    assert done.json["failures"] == []
    return [(one["rule"], one["severity"]) for one in done.json["diagnostics"]]


def test_levels(shell: Shell) -> None:
    shell.write(a_py=f"{BAD}\n{ODD}\n{SHY}\nw = 1  # FIND error new-shape w")
    bad, odd, shy = ("bad-shape", "error"), ("odd-shape", "warning"), ("shy-shape", "info")
    assert rules_found(shell) == [bad, odd]
    assert rules_found(shell, "--show-info") == [bad, odd, shy]
    assert rules_found(shell, "--preview") == [bad, odd, ("new-shape", "error")]
    assert rules_found(shell, "--ignore", "bad-shape") == [odd]
    assert rules_found(shell, "--select", "odd-shape,shy-shape") == [odd, shy]
    assert rules_found(shell, "--rule", "odd-shape=error", "--rule", "bad-shape=warning") == [
        ("bad-shape", "warning"),
        ("odd-shape", "error"),
    ]
    assert rules_found(shell, "--rule", "all=off", "--rule", "shy-shape=warning") == [("shy-shape", "warning")]
    assert rules_found(shell, "--rule", "new-shape=warning") == [bad, odd, ("new-shape", "warning")]


def test_a_finding_weaker_than_its_rule_is_never_raised(shell: Shell) -> None:
    shell.write(a_py="x = 1  # FIND warning bad-shape x\ny = 1  # FIND info bad-shape y")
    assert rules_found(shell) == [("bad-shape", "warning")]
    assert rules_found(shell, "--rule", "bad-shape=error") == [("bad-shape", "warning")]
    assert rules_found(shell, "--rule", "bad-shape=info") == [("bad-shape", "info"), ("bad-shape", "info")]


def test_levels_by_file(shell: Shell) -> None:
    shell.write(a_py=BAD, tests__b_py=BAD)
    shell.file("shapelint.toml", '[per-file-rules."tests/"]\nbad-shape = "warning"\n')
    done = shell("--output-format", "json")
    assert [(one["path"], one["severity"]) for one in done.json["diagnostics"]] == [
        ("a.py", "error"),
        ("tests/b.py", "warning"),
    ]


# Suppressions -------------------------------------------------------------------------------------


def test_suppressions(shell: Shell) -> None:
    shell.write(
        a_py="x = 1  # FIND error bad-shape x  # shapelint: ignore[bad-shape]\n"
        "y = 1  # FIND error bad-shape y  # noqa: SHP109\n"
        "z = 1  # FIND error bad-shape z  # shapelint: ignore[odd-shape]",
        b_py="# shapelint: file-ignore[bad-shape]\nx = 1  # FIND error bad-shape x",
    )
    done = shell("--output-format", "json")
    assert [(one["path"], one["line"]) for one in done.json["diagnostics"]] == [("a.py", 4)]
    assert done.json["summary"]["suppressed"] == 3


def test_unused_ignores_are_found_and_mended(shell: Shell) -> None:
    shell.write(
        a_py="x = 1  # FIND error bad-shape x  # shapelint: ignore[bad-shape, odd-shape]\n"
        "y = 1  # shapelint: ignore[bad-shape]\n"
        "z = 1  # noqa: SHP109 for a reason\n"
        "w = 1  # noqa: E501"
    )
    assert shell("a.py").code == 0
    arguments = ("a.py", "--select", "unused-ignore", "--output-format", "concise")
    assert [line.split(" ", 1)[1] for line in shell(*arguments).lines] == [
        "info[unused-ignore] this comment suppresses no `odd-shape`",
        "info[unused-ignore] this comment suppresses nothing",
        "info[unused-ignore] this comment suppresses nothing",
    ]
    done = shell(*arguments, "--fix")
    assert done.out == ""
    assert (shell.folder / "a.py").read_text() == (
        "import torch\nx = 1  # FIND error bad-shape x  # shapelint: ignore[bad-shape]\n"
        "y = 1\nz = 1  # for a reason\nw = 1  # noqa: E501\n"
    )


def test_add_ignore(shell: Shell) -> None:
    shell.write(
        a_py='x = f("""\n""")  # FIND error bad-shape x\n'
        "y = f(1)  # FIND error bad-shape y  # FIND warning odd-shape y\n"
        "z = 1  # FIND error bad-shape z  # shapelint: ignore[odd-shape]"
    )
    done = shell("a.py", "--add-ignore", "--output-format", "concise")
    assert (done.code, done.out) == (0, "")
    assert (shell.folder / "a.py").read_text() == (
        'import torch\nx = f("""\n""")  # FIND error bad-shape x  # shapelint: ignore[bad-shape]\n'
        "y = f(1)  # FIND error bad-shape y  # FIND warning odd-shape y  # shapelint: ignore[bad-shape, odd-shape]\n"
        "z = 1  # FIND error bad-shape z  # shapelint: ignore[odd-shape, bad-shape]\n"
    )


def test_no_comment_is_written_into_a_string(shell: Shell) -> None:
    text = 'import torch\nx = f"""  # FIND error bad-shape x\n"""\n'
    shell.file("a.py", text)
    done = shell("a.py", "--add-ignore")
    assert done.code == 1
    assert (shell.folder / "a.py").read_text() == text


# Fixes --------------------------------------------------------------------------------------------


def test_fixes(shell: Shell) -> None:
    shell.write(
        a_py="a = safe(1)  # FIND error bad-shape a\n"
        "b = unsafe(1)  # FIND error bad-shape b\n"
        "c = display(1)  # FIND error bad-shape c"
    )
    before = (shell.folder / "a.py").read_text()
    done = shell("a.py", "--diff")
    assert done.code == 1
    assert "-a = safe(1)  # FIND error bad-shape a\n+a = good(1)  #\n" in done.out
    assert "-b" not in done.out
    assert (shell.folder / "a.py").read_text() == before
    done = shell("a.py", "--fix", "--output-format", "concise")
    assert done.code == 1
    assert len(done.lines) == 2
    assert "applied 1 fix\n" in done.err
    done = shell("a.py", "--fix", "--unsafe-fixes", "--output-format", "concise")
    assert len(done.lines) == 1
    assert (shell.folder / "a.py").read_text() == (
        "import torch\na = good(1)  #\nb = good(1)  #\nc = display(1)  # FIND error bad-shape c\n"
    )


def test_fixes_keep_encoding_line_ends_and_mode(shell: Shell) -> None:
    line = "é = safe(1)  # FIND error bad-shape x"
    file = shell.file("a.py", f"# coding: latin-1\r\nimport torch\r\n{line}\r\n".encode("latin-1"))
    file.chmod(0o754)
    marked = shell.file("b.py", f"\ufeffimport torch\n{line}".encode())
    assert shell("a.py", "b.py", "--fix").code == 0
    assert file.read_bytes() == "# coding: latin-1\r\nimport torch\r\né = good(1)  #\r\n".encode("latin-1")
    assert marked.read_bytes() == "\ufeffimport torch\né = good(1)  #".encode()
    assert file.stat().st_mode & 0o777 == 0o754


def test_a_fix_that_breaks_the_syntax_is_not_applied(shell: Shell) -> None:
    shell.write(a_py="x = broken(  1)  # FIND error bad-shape x")
    before = (shell.folder / "a.py").read_text()
    done = shell("a.py", "--fix")
    assert done.code == 1
    assert (shell.folder / "a.py").read_text() == before
    assert "left a.py alone" in done.err


def notebook(*cells: str) -> str:
    held = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": cell.splitlines(True)}
        for cell in cells
    ]
    document = {"cells": held, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def test_notebooks(shell: Shell) -> None:
    cells = ["%matplotlib inline\nimport torch", "é = 1\nx = safe(1)  # FIND error bad-shape x\n!ls"]
    file = shell.file("a.ipynb", notebook(*cells))
    done = shell("--output-format", "concise")
    assert done.out == "a.ipynb:cell 2:2:1: error[bad-shape] `x` is wrong (0 imported, 1 together)\n"
    assert "--> a.ipynb:cell 2:2:1" in shell().out
    (found,) = shell("--output-format", "json").json["diagnostics"]
    assert (found["line"], found["cell"]) == (4, {"number": 2, "line": 2})
    assert shell("--fix").code == 0
    assert file.read_text() == notebook(cells[0], "é = 1\nx = good(1)  #\n!ls")


def test_markdown(shell: Shell) -> None:
    block = f"```python\nimport torch\n{BAD}\n```\n"
    shell.file("a.md", f"# Title\n\n{block}\nText\n\n{block}")
    assert shell().err == "shapelint: no files to check\n"
    done = shell("a.md", "--output-format", "json")
    assert [one["line"] for one in done.json["diagnostics"]] == [5, 12]


# Standard input -----------------------------------------------------------------------------------


def test_standard_input(shell: Shell) -> None:
    done = shell("-", "--stdin-filename", "pkg/a.py", "--output-format", "concise", stdin=f"import torch\n{BAD}\n")
    assert (done.code, done.out) == (1, "pkg/a.py:2:1: error[bad-shape] `x` is wrong (0 imported, 1 together)\n")
    assert "2 | x = f(1)" in shell("-", stdin=f"import torch\n{BAD}\n").out
    assert shell("-", stdin=b"\xff", stand_ins=True).code == 2


def test_standard_input_stands_for_a_file_among_others(shell: Shell) -> None:
    shell.write(other_py=BAD, a_py="x = 1")
    text = f"import torch\nfrom other import x\n{BAD}\n"
    done = shell("-", "--stdin-filename", "a.py", "--output-format", "concise", stdin=text)
    assert "(1 imported, 1 together)" in done.out


def test_standard_input_belongs_to_the_project_around_it(shell: Shell) -> None:
    shell.write(other_py=BAD)
    text = f"import torch\nfrom other import x\n{BAD}\n"
    done = shell("-", "--stdin-filename", "pkg/deep/a.py", "--output-format", "concise", stdin=text)
    assert "(1 imported, 1 together)" in done.out


# Output -------------------------------------------------------------------------------------------


def test_several_reports_at_once(shell: Shell) -> None:
    shell.write(a_py=BAD)
    done = shell(
        "a.py", "-o", "sarif:out/r.sarif", "-o", "r.xml", "--output=gitlab:g.json", "-o", "concise:c.txt", "-o", "plain"
    )
    assert done.code == 1
    assert done.out.startswith("error[bad-shape]")
    assert json.loads((shell.folder / "out/r.sarif").read_text())["version"] == "2.1.0"
    assert (shell.folder / "r.xml").read_text().startswith("<?xml")
    assert json.loads((shell.folder / "g.json").read_text())[0]["check_name"] == "bad-shape"
    assert (shell.folder / "c.txt").read_text().startswith("a.py:2:1: error")
    assert (shell.folder / "plain").read_text() == done.out


def test_a_report_that_cannot_be_written(shell: Shell) -> None:
    shell.write(a_py="x = 1")
    done = shell("a.py", "-o", "json:pyproject.toml/x.json")
    assert done.code == 2
    assert "cannot write pyproject.toml/x.json" in done.err


def test_colour(shell: Shell) -> None:
    shell.write(a_py=BAD)
    assert "\x1b" not in shell("a.py").out
    assert "\x1b" in shell("a.py", FORCE_COLOR="1").out
    assert "\x1b" not in shell("a.py", FORCE_COLOR="1", NO_COLOR="1").out
    assert "\x1b" in shell("a.py", "--color", "always", NO_COLOR="1").out
    assert "\x1b" not in shell("a.py", "--color", "never", FORCE_COLOR="1").out


@pytest.mark.parametrize(("term", "coloured"), [("xterm", True), ("dumb", False)])
def test_colour_on_a_terminal(shell: Shell, term: str, coloured: bool) -> None:
    shell.write(a_py=BAD)
    ours, theirs = pty.openpty()
    clean = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    environment = {**clean, "PYTHONPATH": f"{STAND_INS}{os.pathsep}{ROOT}", "TERM": term}
    command = [sys.executable, "-m", "shapelint", "a.py", "--quiet"]
    subprocess.run(command, cwd=shell.folder, env=environment, stdout=theirs, check=False)
    os.close(theirs)
    out = os.read(ours, 100_000)
    os.close(ours)
    assert (b"\x1b" in out) == coloured


def test_statistics_and_verbose(shell: Shell) -> None:
    shell.write(a_py=f"{BAD}\n{ODD}\n{BAD}")
    done = shell("a.py", "--statistics", "--output-format", "json")
    assert done.json["diagnostics"]
    assert "shapelint: 2  SHP109  bad-shape\nshapelint: 1  SHP109  odd-shape\n" in done.err
    done = shell("a.py", "--verbose")
    assert "shapelint: settings from the defaults\n" in done.err
    assert "shapelint: 0 files analysed, 1 taken from the cache\n" in done.err


def test_odd_file_names(shell: Shell) -> None:
    shell.file(os.fsdecode(b"\xff b.py"), f"import torch\n{BAD}\n")
    for output_format in ("full", "concise", "json", "sarif", "junit"):
        done = shell("--output-format", output_format)
        assert done.code == 1, done.err


# Projects -----------------------------------------------------------------------------------------


def test_projects_are_judged_apart(shell: Shell) -> None:
    shell.write(one__program_py=BAD, two__program_py=f"{BAD}\n{BAD}", three__a_py=BAD)
    (shell.folder / "one" / "pyproject.toml").touch()
    (shell.folder / "two" / "setup.py").touch()
    done = shell("one", "two", "three", "--output-format", "concise")
    together = [(line.split(":")[0], line.split(", ")[1]) for line in done.lines]
    assert together == [
        ("one/program.py", "1 together)"),
        ("three/a.py", "1 together)"),
        ("two/program.py", "2 together)"),
        ("two/program.py", "2 together)"),
    ]


def test_only_the_files_passed_are_reported_on(shell: Shell) -> None:
    shell.write(other_py=BAD, a_py=f"from other import x\n{BAD}")
    done = shell("a.py", "--output-format", "concise")
    assert done.out == "a.py:3:1: error[bad-shape] `x` is wrong (1 imported, 1 together)\n"


# Processes ----------------------------------------------------------------------------------------


def many(shell: Shell, count: int = 14) -> None:
    for number in range(count):
        shell.file(f"m{number:02}.py", f"import torch\nfrom m{(number + 1) % count:02} import x\n{BAD}\n{ODD}\n")


def test_processes_do_not_change_the_result(shell: Shell) -> None:
    many(shell)
    one = shell("--jobs", "1", "--no-cache", "--output-format", "json")
    two = shell("--jobs", "2", "--no-cache", "--output-format", "json")
    assert len(one.json["diagnostics"]) == 28
    assert one.out == two.out


def test_a_worker_that_is_killed_loses_only_its_own_file(shell: Shell) -> None:
    many(shell)
    shell.write(m05_py="# KILL")
    done = shell("--jobs", "2", "--output-format", "json")
    assert done.code == 2
    assert [(one["path"], one["kind"]) for one in done.json["failures"]] == [("m05.py", "internal")]
    assert len({one["path"] for one in done.json["diagnostics"]}) == 13


# Start-up -----------------------------------------------------------------------------------------


def loaded(shell: Shell, *arguments: str) -> set[str]:
    program = (
        "import sys; sys.argv = ['shapelint', *sys.argv[1:]]\n"
        "from shapelint.cli import main\n"
        "main(); print('\\n'.join(sys.modules), file=open('modules', 'w'))"
    )
    path = os.pathsep.join([str(STAND_INS), str(ROOT)])
    command = [sys.executable, "-c", program, *arguments]
    subprocess.run(command, cwd=shell.folder, env={**os.environ, "PYTHONPATH": path}, check=True, capture_output=True)
    return set(Path(shell.folder, "modules").read_text().split())


HEAVY = {"libcst", "torch", "shapelint.rules", "shapelint.program.project"}


def test_what_is_not_needed_is_not_loaded(shell: Shell) -> None:
    assert not loaded(shell, "--version") & {*HEAVY, "argparse", "json", "shapelint.config", "dataclasses"}
    shell.write(a_py=BAD)
    assert {"libcst", "shapelint.rules"} <= loaded(shell, "a.py")
    assert not loaded(shell, "a.py") & HEAVY, "a cached run"
    shell.file("plain.py", "import os\n")
    assert not loaded(shell, "plain.py") & {"libcst", "torch"}, "a file that cannot concern torch"


def test_version_and_help(shell: Shell) -> None:
    done = shell("--version", stand_ins=False)
    assert done.code == 0
    assert done.out.startswith("shapelint 0.")
    assert "usage: shapelint [check]" in shell("--help").out
    done = shell("check", "--help")
    assert done.code == 0
    assert "--output-format" in done.out
