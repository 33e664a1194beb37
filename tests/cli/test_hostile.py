"""A tree may hold anything, by malice or by accident: one clear message, and everything else is checked."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shapelint.config import Configuration
from shapelint.diagnostics import LONGEST_TEXT
from shapelint.discover import Patterns
from shapelint.report import Report, render
from shapelint.run import Task, check
from shapelint.source.text import Source, from_text

from .conftest import Result, Shell

FAULT = "import torch\nfrom torch import nn\n\nnn.Linear(3, 4)(torch.ones(2, 5))\n"
FOUND = "error[linear-in-features]"
CONCISE = ("check", "--output-format", "concise")

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes and links")


@pytest.fixture
def tree(shell: Shell) -> Shell:
    """A project with one fault in `good.py`."""
    shell.file("good.py", FAULT)
    return shell


def one_failure(done: Result, *parts: str) -> None:
    """Exit code 2, one message with these parts, and the fault of `good.py` told beside it."""
    failures = [line for line in done.lines if "failure[" in line]
    assert done.code == 2, done
    assert len(failures) == 1, done
    for part in parts:
        assert part in failures[0]
    assert "Traceback" not in done.err


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(100 << 20)


THINGS: list[tuple[Callable[[Path], None], str]] = [
    (fifo, "not a regular file"),
    (device, "not a regular file"),
    (huge, "larger than"),
]


# Settings, ignore files, baselines ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sub/shapelint.toml", "sub/pyproject.toml"])
@pytest.mark.parametrize(("make", "said"), THINGS)
def test_a_configuration_that_is_no_file(tree: Shell, name: str, make: Callable[[Path], None], said: str) -> None:
    tree.file("sub/model.py", FAULT)
    make(tree.folder / name)
    done = tree(*CONCISE, ".", stand_ins=False)
    one_failure(done, name, "cannot read the configuration", said)
    assert any(line.startswith("good.py") and FOUND in line for line in done.lines)


@pytest.mark.parametrize(
    "text",
    [
        "include = " + "[" * 100_000,
        "[" + ".".join(["a"] * 20_000) + "]\n",
        "x = " + "{a=" * 50_000,
        f"{'k' * 1_000_000} = 1",
        f'required-version = "{"9" * 10_000}"',
        f"preview = {'9' * 10_000}",
        f'[rules]\n{"r" * 1_000_000} = "error"',
    ],
    ids=lambda text: text[:12],
)
def test_a_configuration_of_hostile_text(tree: Shell, text: str) -> None:
    tree.file("sub/shapelint.toml", text)
    tree.file("sub/model.py", FAULT)
    done = tree(*CONCISE, "--no-cache", ".", stand_ins=False)
    one_failure(done, "sub/shapelint.toml")
    assert len(done.out) < 5000
    assert any(line.startswith("good.py") for line in done.lines) or "unknown rule" in done.out


@pytest.mark.parametrize("name", [".gitignore", ".git/info/exclude", "sub/.gitignore"])
@pytest.mark.parametrize(("make", "said"), THINGS)
def test_an_ignore_file_that_is_no_file(tree: Shell, name: str, make: Callable[[Path], None], said: str) -> None:
    tree.file("sub/model.py", FAULT)
    (tree.folder / name).parent.mkdir(parents=True, exist_ok=True)
    make(tree.folder / name)
    done = tree(*CONCISE, ".", stand_ins=False)
    one_failure(done, name, "cannot read the ignore file", said)
    assert sum(FOUND in line for line in done.lines) == 2


def test_an_ignore_file_of_too_many_lines(tree: Shell) -> None:
    tree.file(".gitignore", "a\n" * 200_000)
    one_failure(tree(*CONCISE, ".", stand_ins=False), ".gitignore", "more than 20000 lines")


@pytest.mark.parametrize(("make", "said"), THINGS)
def test_a_baseline_that_is_no_file(tree: Shell, make: Callable[[Path], None], said: str) -> None:
    make(tree.folder / "known.json")
    done = tree(*CONCISE, "--baseline", "known.json", ".", stand_ins=False)
    one_failure(done, "known.json", said)


def test_a_baseline_of_hostile_text(tree: Shell) -> None:
    tree.file("known.json", "[" * 100_000)
    one_failure(tree(*CONCISE, "--baseline", "known.json", ".", stand_ins=False), "not valid JSON")


# Patterns -------------------------------------------------------------------------------------------

SLOW = [
    "*a" * 40 + "b",
    "**/" + "*a*/**/" * 40 + "b",
    "**/a" * 40 + "/**/b",
    "[a-z]*" * 40 + "1",
    "a*/**/" * 40 + "b*c",
    "?*" * 200 + "/x",
    "a" * 1_000_000,
    "*" * 100_000 + "b",
]


@pytest.mark.parametrize("pattern", SLOW, ids=lambda text: text[:10])
def test_a_pattern_takes_no_longer_than_its_length_and_the_path_allow(pattern: str) -> None:
    start = time.process_time()
    for path in ("a" * 250, "/".join("a" * 300), "/".join(["a" * 200] * 10)):
        assert not Patterns([pattern], "/x").match(f"/x/{path}", False)
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize("place", ["option", "configuration", "ignore file"])
def test_backtracking_patterns_everywhere(tree: Shell, place: str) -> None:
    pattern = "*a" * 40 + "b"
    tree.file("a" * 200 + ".py", FAULT)
    if place == "configuration":
        tree.file("shapelint.toml", f'exclude = ["{pattern}"]\n[per-file-rules]\n"{pattern}" = {{ all = "off" }}\n')
    elif place == "ignore file":
        tree.file(".gitignore", pattern)
        (tree.folder / ".git").mkdir()
    option = ("--exclude", pattern) if place == "option" else ()
    done = tree(*CONCISE, *option, ".", stand_ins=False)
    assert done.code == 1
    assert sum(FOUND in line for line in done.lines) == 2


# The cache ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [fifo, device, huge])
def test_entries_that_are_no_files(tree: Shell, make: Callable[[Path], None]) -> None:
    first = tree(*CONCISE, ".", stand_ins=False)
    for entry in tree.folder.glob(".shapelint_cache/*/*.json"):
        entry.unlink()
        make(entry)
    again = tree(*CONCISE, ".", stand_ins=False)
    assert (again.code, again.out) == (first.code, first.out)


def test_entries_of_other_types_and_places(tree: Shell) -> None:
    first = tree("check", "--output-format", "json", ".", stand_ins=False)
    entries = {path: json.loads(path.read_text()) for path in tree.folder.glob(".shapelint_cache/*/*.json")}
    assert len(entries) == 2
    changes: list[tuple[str, str]] = [
        ('"good.py"', '"../../elsewhere.py"'),
        ('"good.py"', "17"),
        ('"error"', '"disaster"'),
        ('"shapelint.run:Verdict"', '"shapelint.run:Outcome"'),
        ('"shapelint.diagnostics:Location"', '"shapelint.rules.findings:Place"'),
        ('"shapelint.rules.findings:Observations"', '"shapelint.diagnostics:Related"'),
        ('"files":{', f'"files":{{"{tree.folder}/pipe":"", "/dev/zero":"",'),
        ('"value":{', '"value":{"list":[],'),
    ]
    os.mkfifo(tree.folder / "pipe")
    for old, new in changes:
        for path, document in entries.items():
            text = json.dumps(document, separators=(",", ":"))
            path.write_text(text.replace(old, new))
        again = tree("check", "--output-format", "json", ".", stand_ins=False)
        assert (again.code, again.out) == (first.code, first.out), (old, new)


@pytest.mark.parametrize("where", ["link", "option of the tree", "build"])
def test_a_cache_out_of_the_tree(tree: Shell, where: str) -> None:
    outside = tree.folder.parent / "outside"
    outside.mkdir()
    if where == "link":
        (tree.folder / ".shapelint_cache").symlink_to(outside)
    elif where == "option of the tree":
        tree.file("shapelint.toml", f'cache-dir = "{outside}"\n')
    else:
        tree(*CONCISE, ".", stand_ins=False)
        (built,) = (tree.folder / ".shapelint_cache").glob("build-*")
        for entry in built.iterdir():
            entry.unlink()
        built.rmdir()
        built.symlink_to(outside)
    for _ in range(2):
        done = tree(*CONCISE, ".", stand_ins=False)
        one_failure(done, "the folder of the cache leads out of the tree")
        assert FOUND in done.out
    assert list(outside.iterdir()) == []
    assert tree(*CONCISE, "--cache-dir", str(outside), ".", stand_ins=False).code == 1
    assert list(outside.iterdir()), "the command line may name any folder"


# Files that are checked -----------------------------------------------------------------------------


def notebook(*cells: str) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells], "metadata": {}})


def test_a_lone_surrogate_in_a_notebook(tree: Shell) -> None:
    tree.file("a.ipynb", notebook("name = 'x\ud800y'", FAULT))
    done = tree(*CONCISE, ".", stand_ins=False)
    assert done.code == 1
    assert sum(FOUND in line for line in done.lines) == 2


@pytest.mark.parametrize("text", ["x = '\udfff'", "# \ud800\ud801", "\ud800"])
def test_a_lone_surrogate_in_an_editor(text: str) -> None:
    source = from_text("a.py", f"import torch\n{text}\n")
    assert isinstance(source, Source)
    source.text.encode()
    outcome = check(Task(("a.py",), Configuration(isolated=True), f"import torch\n{text}\n", use_cache=False))
    assert all(one.kind == "syntax" for one in outcome.failures)


def test_a_named_pipe_that_is_named(tree: Shell) -> None:
    os.mkfifo(tree.folder / "pipe.py")
    for _ in range(2):
        one_failure(tree(*CONCISE, "pipe.py", "good.py", stand_ins=False), "pipe.py", "not a regular file")


def test_a_file_without_end(tree: Shell) -> None:
    huge(tree.folder / "huge.py")
    huge(tree.folder / "huge.ipynb")
    done = tree(*CONCISE, "huge.py", "good.py", stand_ins=False)
    one_failure(done, "huge.py", "larger than 64 MiB")
    assert tree(*CONCISE, "huge.ipynb", stand_ins=False).code == 2


def test_folders_that_nest_without_end(tree: Shell) -> None:
    here = os.getcwd()
    try:
        os.chdir(tree.folder)
        for _ in range(600):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(here)
    done = tree(*CONCISE, ".", stand_ins=False)
    one_failure(done, "folders nest more than")
    assert FOUND in done.out


@pytest.mark.parametrize(
    "text",
    [
        "x = 1" + " + \\\n 1" * 900,
        "x = " + "\\\n" * 5000 + "1",
        "\\\n" * 5000 + "x = 1",
        "x = torch.ones(2)" + "\\\n" * 5000,
        "x = '" + "a\\\n" * 5000 + "'",
        "x = 1\\\n + $\n" * 1000,
        "\n".join("x = torch.ones(2, \\\n 3)" for _ in range(1000)),
        "torch.cat([x, " + "\\\n" * 5000 + "y])",
    ],
    ids=range(8),
)
@pytest.mark.parametrize("form", ["py", "ipynb"])
def test_backslash_continuations(text: str, form: str) -> None:
    text = f"import torch\n{text}\n"
    start = time.process_time()
    given = notebook(text) if form == "ipynb" else text
    check(Task((f"a.{form}",), Configuration(isolated=True), given, jobs=1, use_cache=False))
    assert time.process_time() - start < 5.0


@pytest.mark.parametrize(
    "text",
    [
        "y " + " " * 100_000 + "= x",
        "y" + " ," * 50_000 + " x",
        "'''" + "a, " * 100_000 + "'''",
        "def f(x):\n    '''ignore[" + "a," * 200_000 + "'''\n    return x",
        "def f(x):\n    '''x (" + "(a, " * 100_000 + "'''\n    return x",
        "x = 1  # " + "(a, b) -> " * 50_000,
        "x = 1  # noqa: " + "A1 " * 100_000,
        "x = 1  # shapelint: ignore[" + "a, " * 100_000,
    ],
    ids=range(8),
)
@pytest.mark.parametrize("form", ["py", "ipynb"])
def test_lines_without_end(text: str, form: str) -> None:
    text = f"import torch\n{text}\n"
    start = time.process_time()
    given = notebook(text) if form == "ipynb" else text
    check(Task((f"a.{form}",), Configuration(isolated=True), given, jobs=1, use_cache=False))
    assert time.process_time() - start < 5.0


@pytest.mark.parametrize(
    "text",
    [
        "torch.einsum('" + "ab," * 300_000 + "->a', torch.ones(2, 3))",
        "torch.nn.functional.pad(torch.ones(2, 3), (1, 1), mode='" + "m" * 1_000_000 + "')",
        "torch.ones(2, 3).view(" + "2, " * 400 + ")",
        "torch.cat([torch.ones(2, 3), torch.ones(" + "3, " * 900 + "4)])",
        "torch.ones(" + "9" * 4000 + ", 3).view(4, 5)",
        "torch.nn.Linear(3, 4)(torch.ones(2, " + "1" * 4000 + "))  # " + "x" * 1_000_000,
    ],
    ids=range(6),
)
def test_a_message_of_a_megabyte(text: str) -> None:
    outcome = check(Task(("a.py",), Configuration(isolated=True), f"import torch\n{text}\n", jobs=1, use_cache=False))
    for one in outcome.diagnostics:
        for told in (one.message, one.label, one.help, one.subject, *one.notes, *(step.shape for step in one.trace)):
            assert len(told) <= LONGEST_TEXT
    for one in outcome.failures:
        assert len(one.message) <= LONGEST_TEXT


# Names of files -------------------------------------------------------------------------------------

NAMES = [
    "a\nerror[x] b.py",
    "a\x1b[31mred\x1b]0;title\x07.py",
    "a\r\x08::error::x.py",
    "a;]%0A##vso[x]b.py",
    "\u202ea.py",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("form", ["concise", "full", "github", "azure"])
def test_names_do_not_drive_the_terminal_nor_the_server(tree: Shell, name: str, form: str) -> None:
    tree.file(name, FAULT)
    tree.file("b" + name, "import torch\nx = (")
    done = tree("check", "--output-format", form, ".", stand_ins=False)
    assert done.code == 2
    assert all(line.isprintable() for line in done.lines), [ascii(line) for line in done.lines]
    assert all(line.isprintable() for line in done.err.splitlines())
    if form != "full":
        assert len(done.out.split("\n")) == 4, "one line for each report"
    if form in ("github", "azure"):
        command = "::" if form == "github" else "##vso["
        assert all(line.startswith(command) for line in done.lines)


@pytest.mark.parametrize("command", ["show", "coverage"])
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_in_other_reports(tree: Shell, command: str, name: str) -> None:
    tree.file(name, FAULT)
    done = tree(command, ".", stand_ins=False)
    assert all(line.isprintable() for line in (done.out + done.err).split("\n")), ascii(done.out + done.err)


@pytest.mark.parametrize("form", ["json", "json-lines", "sarif", "gitlab", "junit", "rdjson"])
def test_names_that_are_no_text(tree: Shell, form: str) -> None:
    (tree.folder / os.fsdecode(b"a\xff\x1b.py")).write_text(FAULT)
    done = tree("check", "--output-format", form, ".", stand_ins=False)
    assert done.code == 1
    assert "\x1b" not in done.out
    if form == "gitlab":
        assert "\\udc" not in done.out


def test_a_diff_keeps_its_heads_on_their_lines(tree: Shell) -> None:
    tree.file("a\n+++ b.py", "import torch\nx = 1  # shapelint: ignore\n")
    done = tree("check", "--diff", "--rule", "unused-ignore=warning", ".", stand_ins=False)
    heads = [line for line in done.lines if line.startswith(("--- ", "+++ "))]
    assert len(heads) == 2, done.out


# Links ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--fix", "--add-ignore"])
@pytest.mark.parametrize("named", [".", "link.py"])
def test_nothing_is_written_through_a_link_out_of_the_tree(tree: Shell, option: str, named: str) -> None:
    text = FAULT + "x = 1  # shapelint: ignore\n"
    outside = tree.folder.parent / "outside.py"
    outside.write_text(text)
    (tree.folder / "link.py").symlink_to(outside)
    done = tree("check", option, named, stand_ins=False)
    assert outside.read_text() == text
    assert done.err.count("left link.py alone: it is a link that leads out of the tree") == 1
    assert done.code == 1


def test_a_link_within_the_tree_is_fixed(tree: Shell) -> None:
    tree.file("real.txt", "import torch\nx = 1  # shapelint: ignore\n")
    (tree.folder / "link.py").symlink_to("real.txt")
    assert tree("check", "--fix", "link.py", stand_ins=False).code == 0
    assert (tree.folder / "real.txt").read_text() == "import torch\nx = 1\n"
    assert (tree.folder / "link.py").is_symlink()


def test_a_baseline_is_not_written_through_a_link_out_of_the_tree(tree: Shell) -> None:
    (tree.folder / "shapelint-baseline.json").symlink_to(tree.folder.parent / "elsewhere.json")
    done = tree("check", "--write-baseline", ".", stand_ins=False)
    assert done.code == 2
    assert "it is a link that leads out of the tree" in done.out
    assert not (tree.folder.parent / "elsewhere.json").exists()


def test_every_format_of_nothing() -> None:
    assert render(Report(), "concise") == ""
