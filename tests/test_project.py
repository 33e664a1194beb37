"""Roots, imports and names within a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.diagnostics import Failure
from shapelint.program.project import LoadedModule, Project, concerns_torch, find_root


def make(root: Path, *files: str, **texts: str) -> None:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text(texts.get(path.stem, ""))


def load(project: Project, path: Path) -> LoadedModule:
    found = project.load(path)
    assert isinstance(found, LoadedModule), found
    return found


def resolved(root: Path, importer: str, module: str, level: int = 0, **options: tuple[str, ...]) -> str | None:
    project = Project(root, **options)
    found = project.resolve(load(project, root / importer), module, level)
    return None if found is None else found.absolute.relative_to(root).as_posix()


# Roots --------------------------------------------------------------------------------------------


def test_the_root_is_the_nearest_marker_up_to_the_folder_passed(tmp_path: Path) -> None:
    make(tmp_path, "pyproject.toml", "a/b/c.py", "d/setup.cfg", "d/e/f.py")
    assert find_root(tmp_path / "a/b/c.py", tmp_path) == str(tmp_path)
    assert find_root(tmp_path / "a/b/c.py", tmp_path / "a") == str(tmp_path / "a/b")
    assert find_root(tmp_path / "d/e/f.py", tmp_path) == str(tmp_path / "d")


def test_without_marker_the_root_is_the_package_or_the_folder(tmp_path: Path) -> None:
    make(tmp_path, "p/__init__.py", "p/q/__init__.py", "p/q/r.py", "s/t.py")
    assert find_root(tmp_path / "p/q/r.py", tmp_path) == str(tmp_path)
    assert find_root(tmp_path / "p/q/r.py", tmp_path / "p") == str(tmp_path / "p")
    assert find_root(tmp_path / "s/t.py", tmp_path) == str(tmp_path / "s")
    assert find_root(tmp_path / "s/t.py", tmp_path / "p") == str(tmp_path / "s")


# Imports ------------------------------------------------------------------------------------------


def test_absolute_imports(tmp_path: Path) -> None:
    make(
        tmp_path,
        "setup.py",
        "src/p/__init__.py",
        "src/p/a.py",
        "src/p/q/__init__.py",
        "src/p/q/b.py",
        "t/c.py",
        "t/d.py",
    )
    make(tmp_path, "top.py", "n/m/x.py")
    assert resolved(tmp_path, "src/p/a.py", "p") == "src/p/__init__.py"
    assert resolved(tmp_path, "src/p/a.py", "p.q.b") == "src/p/q/b.py"
    assert resolved(tmp_path, "t/c.py", "p.q") == "src/p/q/__init__.py"
    assert resolved(tmp_path, "t/c.py", "d") == "t/d.py"
    assert resolved(tmp_path, "t/c.py", "top") == "top.py"
    assert resolved(tmp_path, "src/p/q/b.py", "top") == "top.py"
    assert resolved(tmp_path, "t/c.py", "n.m.x") == "n/m/x.py"
    assert resolved(tmp_path, "t/c.py", "n.m") is None
    assert resolved(tmp_path, "t/c.py", "p.none") is None
    assert resolved(tmp_path, "t/c.py", "torch.nn") is None


def test_relative_imports(tmp_path: Path) -> None:
    make(tmp_path, "p/__init__.py", "p/a.py", "p/q/__init__.py", "p/q/b.py", "loose/c.py", "loose/d.py", "above.py")
    assert resolved(tmp_path, "p/a.py", "", 1) == "p/__init__.py"
    assert resolved(tmp_path, "p/__init__.py", "a", 1) == "p/a.py"
    assert resolved(tmp_path, "p/q/b.py", "a", 2) == "p/a.py"
    assert resolved(tmp_path, "p/q/b.py", "", 1) == "p/q/__init__.py"
    assert resolved(tmp_path, "loose/c.py", "d", 1) == "loose/d.py"
    assert resolved(tmp_path, "p/a.py", "x", 9) is None


def test_a_file_does_not_reach_out_of_its_project(tmp_path: Path) -> None:
    make(tmp_path, "other.py", "proj/a.py", "proj/.venv/site-packages/lib.py")
    assert resolved(tmp_path / "proj", "a.py", "other", 2) is None
    assert resolved(tmp_path / "proj", "a.py", "other") is None
    assert (
        resolved(tmp_path / "proj", "a.py", "lib", src=(".venv/site-packages", "src")) == ".venv/site-packages/lib.py"
    )


def test_siblings_do_not_hide_torch_or_the_standard_library(tmp_path: Path) -> None:
    make(
        tmp_path,
        "p/__init__.py",
        "p/torch.py",
        "p/types.py",
        "p/a.py",
        "s/queue.py",
        "s/b.py",
        "s/yaml.py",
        "p/model.py",
    )
    assert resolved(tmp_path, "p/a.py", "torch") is None
    assert resolved(tmp_path, "p/torch.py", "torch") is None
    assert resolved(tmp_path, "p/a.py", "torch", 1) == "p/torch.py"
    assert resolved(tmp_path, "p/a.py", "types") is None
    assert resolved(tmp_path, "p/a.py", "model") == "p/model.py"
    assert resolved(tmp_path, "s/b.py", "queue") == "s/queue.py"
    assert resolved(tmp_path, "s/yaml.py", "yaml") is None


def test_a_package_goes_before_a_file_of_its_name(tmp_path: Path) -> None:
    make(tmp_path, "x.py", "x/__init__.py", "y.py", "y/z.py", "a.py")
    assert resolved(tmp_path, "a.py", "x") == "x/__init__.py"
    assert resolved(tmp_path, "a.py", "y") == "y.py"


def test_resolve_name_finds_submodules(tmp_path: Path) -> None:
    make(tmp_path, "p/__init__.py", "p/a.py", "n/b.py", "c.py")
    project = Project(tmp_path)
    importer = load(project, tmp_path / "c.py")
    found = project.resolve_name(importer, "p", 0, "a")
    assert found is not None
    assert found.name == "p.a"
    assert project.resolve_name(importer, "n", 0, "b") is not None
    assert project.resolve_name(importer, "p", 0, "Class") is None
    inner = project.resolve_name(load(project, tmp_path / "p/a.py"), "", 1, "a")
    assert inner is found


def test_broken_files_are_no_failure_of_the_run(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "bad.py", bad="def (")
    project = Project(tmp_path)
    assert project.resolve(load(project, tmp_path / "a.py"), "bad", 0) is None
    assert project.broken[str(tmp_path / "bad.py")].kind == "syntax"


# Loading ------------------------------------------------------------------------------------------


def test_names_and_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "src/p/__init__.py", "src/p/a.py", "src/loose/b.py", "c/d.py", "e.py")
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path, passed=["./e.py"])
    names = {
        path: load(project, tmp_path / path).name for path in ("src/p/__init__.py", "src/p/a.py", "src/loose/b.py")
    }
    assert list(names.values()) == ["p", "p.a", "loose.b"]
    assert load(project, tmp_path / "c/d.py").name == "c.d"
    assert load(project, tmp_path / "c/d.py").source.path == "c/d.py"
    assert load(project, tmp_path / "e.py").source.path == "./e.py"
    assert load(project, tmp_path / "src/p/__init__.py").lowered.module.is_package
    assert project.load("e.py") is project.load(tmp_path / "e.py")


def test_text_can_stand_for_a_file(tmp_path: Path) -> None:
    project = Project(tmp_path)
    found = project.load(tmp_path / "none.py", text="x = 1  # shapelint: ignore\n", named="<stdin>")
    assert isinstance(found, LoadedModule)
    assert found.source.path == "<stdin>"
    assert found.suppressions.suppresses("any", "SHP001", 1, 1)
    assert [comment.text for comment in found.comments] == ["# shapelint: ignore"]


def test_failures_carry_the_path_of_the_user(tmp_path: Path) -> None:
    make(tmp_path, "bad.py", bad="x = (")
    found = Project(tmp_path, passed=[tmp_path / "bad.py"]).load(tmp_path / "bad.py")
    assert isinstance(found, Failure)
    assert found.location.path == str(tmp_path / "bad.py")
    missing = Project(tmp_path).load(tmp_path / "missing.py", named="missing.py")
    assert isinstance(missing, Failure)
    assert missing.location.path == "missing.py"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import torch", True),
        ("import os, sys\nfrom collections import abc\n", False),
        ("import os, models\n", True),
        ("from .layers import Block\n", True),
        ("from . import layers\n", True),
        ("if x:\n    import os; import numpy as np\n", True),
        ("import os.path as p,\\\n  mylib\n", True),
        ("x = 1\n", False),
        ("", False),
        ("# needs pytorch\n", True),
    ],
)
def test_concerns_torch(text: str, expected: bool) -> None:
    assert concerns_torch(text) is expected
