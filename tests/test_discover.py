"""Which files a run checks; ignore patterns are held against git itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelint.config import Configuration, Settings
from shapelint.discover import Patterns, discover, levels_for


def tree(root: Path, *paths: str) -> None:
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def found(*paths: str, **overrides: object) -> list[str]:
    targets, failures = discover(paths, Configuration(overrides=overrides).of)
    assert failures == []
    return [target.path for target in targets]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_gives_its_python_files_in_order(here: Path) -> None:
    tree(here, "b.py", "a.pyi", "c.ipynb", "notes.md", "data.txt", "pkg/z.py", "pkg/sub/y.py")
    assert found(".") == ["a.pyi", "b.py", "c.ipynb", "pkg/sub/y.py", "pkg/z.py"]
    assert found() == found(".")


@pytest.mark.parametrize("spelling", ["src", "./src", "src/", "./src/../src"])
def test_paths_are_named_as_the_user_named_them(here: Path, spelling: str) -> None:
    tree(here, "src/a.py")
    assert found(spelling) == ["src/a.py"]


def test_absolute_paths_stay_absolute(here: Path) -> None:
    tree(here, "src/a.py")
    assert found(str(here / "src")) == [(here / "src/a.py").as_posix()]


def test_default_excludes(here: Path) -> None:
    skipped = ["build", "dist", "node_modules", ".git", ".venv", "__pycache__", "lib/site-packages", "x.egg-info"]
    tree(here, "a.py", *(f"{folder}/m.py" for folder in skipped), ".hidden/m.py", "builder/m.py")
    assert found(".") == ["a.py", "builder/m.py"]


def test_a_virtual_environment_is_known_by_its_mark_not_its_name(here: Path) -> None:
    tree(here, "a.py", "myenv/pyvenv.cfg", "myenv/lib/m.py")
    assert found(".") == ["a.py"]


def test_an_excluded_folder_is_searched_when_it_is_named(here: Path) -> None:
    tree(here, "build/m.py", ".hidden/n.py")
    assert found("build", ".hidden") == ["build/m.py", ".hidden/n.py"]
    assert found("build", ".hidden", force_exclude=True) == []


def test_a_named_file_is_checked_whatever_excludes_it_unless_forced(here: Path) -> None:
    tree(here, "build/m.py", ".git/HEAD", "ignored.py", "notes.md", "script")
    (here / ".gitignore").write_text("ignored.py\n")
    names = ["build/m.py", "ignored.py", "notes.md", "script"]
    assert found(*names) == names
    assert found(*names, force_exclude=True) == ["notes.md", "script"]


def test_extend_exclude_adds_and_takes_in_again(here: Path) -> None:
    tree(here, "a.py", "gen/m.py", "pkg/gen/m.py", ".github/m.py")
    (here / "shapelint.toml").write_text('extend-exclude = ["/gen", "!.github/"]\n')
    assert found(".") == [".github/m.py", "a.py", "pkg/gen/m.py"]


def test_include_decides_what_a_search_takes(here: Path) -> None:
    tree(here, "a.py", "b.pyi", "docs/c.md", "README.md")
    (here / "shapelint.toml").write_text('include = ["*.py", "docs/**/*.md"]\n')
    assert found(".") == ["a.py", "docs/c.md"]


def test_the_nearest_configuration_governs(here: Path) -> None:
    tree(here, "a.py", "x.py", "sub/a.py", "sub/x.py")
    (here / "shapelint.toml").write_text('extend-exclude = ["x.py"]\n')
    (here / "sub/shapelint.toml").write_text('extend-exclude = ["a.py"]\n')
    assert found(".") == ["a.py", "sub/x.py"]


def test_gitignore_at_every_level_and_above(here: Path) -> None:
    tree(here, ".git/HEAD", "keep.py", "p/a.py", "p/b.py", "p/q/a.py", "p/q/c.py", "p/q/local.py")
    (here / ".gitignore").write_text("a.py\n")
    (here / "p/.gitignore").write_text("/b.py\n!q/a.py\n")
    (here / ".git/info").mkdir()
    (here / ".git/info/exclude").write_text("local.py\n")
    assert found(".") == ["keep.py", "p/q/a.py", "p/q/c.py"]
    assert found("p/q") == ["p/q/a.py", "p/q/c.py"]
    assert found(".", respect_gitignore=False) == [
        "keep.py",
        "p/a.py",
        "p/b.py",
        "p/q/a.py",
        "p/q/c.py",
        "p/q/local.py",
    ]


def test_a_nested_repository_has_its_own_rules(here: Path) -> None:
    tree(here, ".git/HEAD", "a.py", "inner/.git/HEAD", "inner/a.py")
    (here / ".gitignore").write_text("a.py\n")
    assert found(".") == ["inner/a.py"]


def test_links_neither_loop_nor_double(here: Path) -> None:
    tree(here, "pkg/a.py")
    os.symlink("..", here / "pkg/loop")
    os.symlink("pkg", here / "again")
    os.symlink("pkg/a.py", here / "alias.py")
    os.symlink("nowhere.py", here / "dangling.py")
    assert found(".") == ["pkg/a.py"]
    assert found("alias.py") == ["alias.py"]


def test_each_file_once(here: Path) -> None:
    tree(here, "src/a.py", "src/b.py")
    assert found("src/b.py", "src", "./src/a.py") == ["src/b.py", "src/a.py"]


def test_a_path_that_does_not_exist_is_a_usage_failure(here: Path) -> None:
    tree(here, "a.py")
    targets, failures = discover(["nope.py", "a.py"], Configuration().of)
    assert [target.path for target in targets] == ["a.py"]
    assert [(one.kind, one.location.path) for one in failures] == [("usage", "nope.py")]


def test_an_unreadable_folder_is_a_failure_and_the_rest_is_checked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(here, "a.py", "locked/b.py")
    real = os.scandir

    def scandir(path: str) -> object:
        if os.path.basename(path) == "locked":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    targets, failures = discover(["."], Configuration().of)
    assert [target.path for target in targets] == ["a.py"]
    assert [(one.kind, one.location.path) for one in failures] == [("unreadable", "locked")]


def test_files_under_a_broken_configuration_are_left_out(here: Path) -> None:
    tree(here, "a.py", "sub/b.py")
    (here / "sub/shapelint.toml").write_text("nonsense = 1\n")
    configuration = Configuration()
    targets, _ = discover(["."], configuration.of)
    assert [target.path for target in targets] == ["a.py"]
    assert [one.location.path for one in configuration.failures] == ["sub/shapelint.toml"]


def test_levels_by_file() -> None:
    given_levels = Settings(
        folder="/p",
        rules=(("a", "warning"), ("all", "info")),
        per_file_rules=(("tests/", (("all", "off"),)), ("tests/keep.py", (("b", "error"),))),
        command_line_rules=(("c", "default"),),
    )
    assert levels_for(given_levels, "/p/m.py") == {"all": "info", "a": "warning", "c": "default"}
    assert levels_for(given_levels, "/p/tests/m.py") == {"all": "off", "c": "default"}
    assert levels_for(given_levels, "/p/tests/keep.py") == {"all": "off", "b": "error", "c": "default"}


def test_a_rule_asked_for_by_name_keeps_its_level() -> None:
    asked = Settings(folder="/p", rules=(("a", "warning"),), command_line_rules=(("all", "off"), ("a", "default")))
    assert levels_for(asked, "/p/m.py") == {"all": "off", "a": "warning"}


# Held against git --------------------------------------------------------------------------------

FILES = [
    "a.py",
    "b.py",
    "ab.py",
    "a/b.py",
    "a/a/b.py",
    "b/a.py",
    "a/b/ab.py",
    "x y.py",
    "#a.py",
    "!a.py",
    "a]b.py",
    "a-b",
]

EXAMPLES = """
*.py
/a.py
a/
a/b.py
**/b.py
a/**
a/**/b.py
**/a/**
a**b.py
?.py
[ab].py
[!a].py
[^a].py
[a-b].py
[]a].py
a[]]b.py
a[-]b
a[^/]b.py
[[:alpha:]].py
\\#a.py
\\!a.py
x\\ y.py
x y.py\x20\x20
!a.py
/
//
[a
a\\
**
/**
**/
*
/*
a/*
/*/b.py
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    tree(root, *FILES)
    return root


def ignored_by_git(root: Path, text: str) -> set[str]:
    (root / ".gitignore").write_bytes(text.encode())
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "core.quotepath=off", "-C", str(root), "ls-files", "-z", "-o", "-i", "--exclude-standard"]
    out = subprocess.run(command, check=True, capture_output=True, env=environment).stdout
    return {name for name in out.decode().split("\0") if name and name != ".gitignore"}


def ignored_by_us(root: Path, text: str) -> set[str]:
    lines = Patterns(text.splitlines(), str(root))
    ignored = set()
    for file in FILES:
        path = root / file
        above = [parent for parent in reversed(path.parents) if root in parent.parents]
        if any(lines.match(str(parent), True) for parent in above) or lines.match(str(path), False):
            ignored.add(file)
    return ignored


@pytest.mark.parametrize("pattern", [line for line in EXAMPLES.split("\n") if line])
def test_each_pattern_means_what_git_means(repository: Path, pattern: str) -> None:
    text = pattern + "\n"
    assert ignored_by_us(repository, text) == ignored_by_git(repository, text)
    text = f"*\n!*/\n!{pattern.lstrip('!')}\n"
    assert ignored_by_us(repository, text) == ignored_by_git(repository, text)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab*?/!.[]^-py", min_size=1, max_size=7), min_size=1, max_size=3))
def test_any_patterns_mean_what_git_means(repository: Path, lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    assert ignored_by_us(repository, text) == ignored_by_git(repository, text)
