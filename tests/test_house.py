"""The house keeps its order: layers import downward, torch and libcst stay in their rooms, and starting up loads neither."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "shapelint"
LAYERS = ("source", "program", "shapes", "values", "ops", "interp", "rules", "reference", "report", "lsp")
FILES = sorted(p for p in PACKAGE.rglob("*.py"))
# the front door: everything below may be used, nothing below may use it
FRONT = {p.stem for p in PACKAGE.glob("*.py")} - {"diagnostics", "__init__"}


def imports(path: Path, source: str | None = None) -> list[tuple[int, str]]:
    """Every module that a file imports, with its line; those only for a type checker are left out."""
    tree = ast.parse(source if source is not None else path.read_text(encoding="utf-8"))
    found: list[tuple[int, str]] = []

    def walk(node: ast.AST) -> None:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        if isinstance(node, ast.Import):
            found.extend((node.lineno, a.name) for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.extend((node.lineno, f"{node.module}.{a.name}") for a in node.names)
        for child in ast.iter_child_nodes(node):
            walk(child)

    walk(tree)
    return found


def upward(path: Path, source: str | None = None) -> list[str]:
    """The imports of a file that point to a later layer or to the front door."""
    parts = path.relative_to(PACKAGE).parts
    if len(parts) == 1:
        return []
    own = LAYERS.index(parts[0])
    wrong = []
    for line, name in imports(path, source):
        words = name.split(".")
        if words[0] != "shapelint" or len(words) < 2:
            continue
        if (words[1] in LAYERS and LAYERS.index(words[1]) > own) or (words[1] in FRONT and parts[0] != "lsp"):
            wrong.append(f"{path.relative_to(ROOT)}:{line}: {name}")
    return wrong


def outside(path: Path, library: str) -> list[str]:
    """The places where a file imports a library."""
    return [f"{path.relative_to(ROOT)}:{line}" for line, name in imports(path) if name.split(".")[0] == library]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_layers_import_downward(path: Path) -> None:
    assert upward(path) == []


def test_an_upward_import_is_noticed() -> None:
    assert upward(PACKAGE / "shapes" / "dim.py", "from shapelint.rules.contract import Rule\n")
    assert upward(PACKAGE / "ops" / "cat.py", "import shapelint.cli\n")


@pytest.mark.parametrize(
    ("library", "rooms"),
    [("torch", ("reference",)), ("pygls", ("lsp",)), ("lsprotocol", ("lsp",)), ("libcst", ("source", "program"))],
)
def test_libraries_stay_in_their_rooms(library: str, rooms: tuple[str, ...]) -> None:
    elsewhere = [p for p in FILES if p.relative_to(PACKAGE).parts[0] not in rooms]
    assert [place for p in elsewhere for place in outside(p, library)] == []


def test_no_room_without_a_name() -> None:
    for word in ("utils", "helpers", "common", "misc"):
        assert [p for p in FILES if p.stem == word or word in p.parts] == []


def loaded_after(arguments: list[str], folder: Path) -> set[str]:
    """The top-level modules that a run of the command line has loaded when it ends."""
    code = (
        "import sys, json, atexit\n"
        "atexit.register(lambda: sys.stderr.write('\\nLOADED ' + json.dumps(sorted({m.split('.')[0] for m in sys.modules}))))\n"
        f"sys.argv = ['shapelint', *{arguments!r}]\n"
        "from shapelint.cli import main\n"
        "sys.exit(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, env=environment)
    return set(json.loads(done.stderr.rpartition("LOADED ")[2]))


def test_version_loads_nothing_heavy(tmp_path: Path) -> None:
    assert not {"libcst", "torch", "numpy"} & loaded_after(["--version"], tmp_path)


def test_a_cached_run_loads_neither_libcst_nor_torch(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "model.py").write_text("import torch\nx = torch.zeros(2, 3)\n", encoding="utf-8")
    arguments = ["check", "--cache-dir", str(tmp_path / "cache"), "model.py"]
    assert "libcst" in loaded_after(arguments, project)
    assert not {"libcst", "torch"} & loaded_after(arguments, project)


def test_an_uncached_run_never_loads_torch(tmp_path: Path) -> None:
    text = "import torch.nn as nn\nlayer = nn.LSTM(2, 3)\n"
    (tmp_path / "model.py").write_text(text, encoding="utf-8")
    assert "torch" not in loaded_after(["check", "--no-cache", "model.py"], tmp_path)


# The ledger of soundness ----------------------------------------------------------------------------------------

LEDGER = (ROOT / "docs" / "soundness.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in LEDGER.split("\n") if line.startswith("| `")]
_TOLD = re.compile(r"`((?:tests/)?[\w/]+\.(?:md|py))`|\"([^\"]+)\"|`(test_\w+)`")


def _defines(text: str, name: str) -> bool:
    """Whether a file has a function, class, constant, field or attribute of a name; of `Class.name` both."""
    owner, _, own = name.rpartition(".")
    found = re.search(rf"(?m)(?:def|class) {own}\b|^\s*(?:self\.)?{own}\b[^\n=(]*[:=]", text)
    return found is not None and (not owner or f"class {owner}" in text)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_ledger_names_code_that_is_there(row: list[str]) -> None:
    text = ""
    for name in re.findall(r"`([^`]+)`", row[0]):
        if name.endswith(".py"):
            text = (PACKAGE / name).read_text(encoding="utf-8")
        else:
            assert _defines(text, name), name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_ledger_names_tests_that_are_there(row: list[str]) -> None:
    assert len(row) == 4
    text = ""
    told = list(_TOLD.finditer(row[3]))
    assert told or row[3].startswith("no page: ")
    for one in told:
        path, heading, test = one.groups()
        if path is not None:
            text = (ROOT / path if path.startswith("tests/") else ROOT / "tests" / "mdtest" / path).read_text("utf-8")
        elif heading is not None:
            in_words = f"def test_{heading.replace(' ', '_')}("  # of a file of Python
            assert in_words in text or re.search(rf"(?m)^#+ {re.escape(heading)}$", text), heading
        else:
            assert f"def {test}(" in text, test


def test_the_ledger_says_each_thing_once() -> None:
    headings = [line for line in LEDGER.split("\n") if line.startswith("#")]
    assert len(set(headings)) == len(headings)
    assert len({tuple(row) for row in ROWS}) == len(ROWS)
