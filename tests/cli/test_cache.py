"""Results between runs: taken only while everything they rest on is unchanged, and never able to do harm."""

from __future__ import annotations

import json
import os
import random
import time
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapelint import cache as cache_module
from shapelint.cache import Cache, Undecodable, decode, encode
from shapelint.diagnostics import Diagnostic, Edit, Fix, Location, Related, TraceStep

from .conftest import Shell

BAD = "x = f(1)  # FIND error bad-shape x"


def test_a_second_run_analyses_nothing_and_tells_the_same(shell: Shell) -> None:
    shell.write(a_py=BAD, b_py=BAD)
    first = shell("--output-format", "json")
    assert shell.analysed() == ["a.py", "b.py"]
    second = shell("--output-format", "json")
    assert shell.analysed() == []
    assert (second.code, second.out) == (first.code, first.out)


def test_only_what_changed_is_analysed_again(shell: Shell) -> None:
    shell.write(a_py=BAD, b_py=BAD)
    shell()
    shell.analysed()
    shell.write(b_py=f"{BAD}\n{BAD}")
    done = shell("--output-format", "concise")
    assert shell.analysed() == ["b.py"]
    assert len(done.lines) == 3


def test_what_an_imported_file_says_counts(shell: Shell) -> None:
    shell.write(lib_py="y = 1", a_py=f"from lib import y\n{BAD}")
    shell("a.py")
    shell.write(lib_py=BAD)
    done = shell("a.py", "--output-format", "concise")
    assert "(1 imported, 1 together)" in done.out


def test_a_file_that_appears_counts(shell: Shell) -> None:
    shell.write(a_py=f"from lib import y\n{BAD}")
    assert "(0 imported" in shell("a.py", "--output-format", "concise").out
    shell.write(lib_py=BAD)
    assert "(1 imported" in shell("a.py", "--output-format", "concise").out
    (shell.folder / "lib.py").unlink()
    assert "(0 imported" in shell("a.py", "--output-format", "concise").out


def test_a_root_that_appears_counts(shell: Shell) -> None:
    shell.write(sub__a_py=BAD, b_py=BAD)
    assert "2 together" in shell("--output-format", "concise").out
    (shell.folder / "sub" / "pyproject.toml").touch()
    assert "2 together" not in shell("--output-format", "concise").out


def test_settings_count(shell: Shell) -> None:
    shell.write(a_py=BAD)
    assert shell("a.py").code == 1
    assert shell("a.py", "--ignore", "bad-shape").code == 0
    shell.file("shapelint.toml", 'rules = { bad-shape = "warning" }\n')
    assert shell("a.py").code == 0
    assert shell("a.py", "--isolated").code == 1


def test_no_cache_and_cache_dir(shell: Shell) -> None:
    shell.write(a_py=BAD)
    shell("a.py", "--no-cache")
    assert not (shell.folder / ".shapelint_cache").exists()
    shell("a.py", "--cache-dir", "elsewhere/c")
    assert (shell.folder / "elsewhere/c/CACHEDIR.TAG").exists()
    assert (shell.folder / "elsewhere/c/.gitignore").read_text().endswith("*\n")
    assert not (shell.folder / ".shapelint_cache").exists()


def test_failures_of_the_tool_are_not_kept(shell: Shell) -> None:
    shell.write(a_py="# CRASH")
    assert shell("a.py").code == 2
    shell.analysed()
    assert shell("a.py").code == 2
    assert shell.analysed() == ["a.py"]


def test_syntax_failures_are_told_again(shell: Shell) -> None:
    shell.write(a_py="x = (")
    assert shell("a.py").out == shell("a.py").out != ""


def test_a_damaged_cache_is_no_cache(shell: Shell) -> None:
    shell.write(a_py=BAD)
    good = shell("a.py", "--output-format", "json")
    entries = list(shell.folder.glob(".shapelint_cache/*/*.json"))
    assert len(entries) == 2
    for damage in ("", "{", "[]", "null", '{"files": {}, "value": {"is": "os:system", "of": ["true"]}}', "[" * 100_000):
        for entry in entries:
            entry.write_text(damage)
        again = shell("a.py", "--output-format", "json")
        assert (again.code, again.out) == (good.code, good.out), damage


def test_a_cache_that_cannot_be_written_is_no_fault(shell: Shell) -> None:
    shell.write(a_py=BAD)
    shell.file(".shapelint_cache", "a file where the folder would be")
    done = shell("a.py")
    assert done.code == 1
    assert "Traceback" not in done.err


# The codec ----------------------------------------------------------------------------------------

PLACE = Location("a.py", 1, 2, 3, 4)
FINDING = Diagnostic(
    PLACE,
    "r",
    "C",
    "error",
    "m",
    related=(Related(PLACE, "x"),),
    trace=(TraceStep(PLACE, "t", "(1,)"),),
    fix=Fix("f", "safe", (Edit(PLACE, ""),)),
)

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False)
    | st.just(...)
    | st.just(FINDING),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.tuples(st.integers(), st.text()), inner)
    ),
    max_leaves=12,
)


@given(plain)
def test_values_survive(value: Any) -> None:
    again = decode(json.loads(json.dumps(encode(value))))
    assert again == value
    assert repr(again) == repr(value), "1 and True and 1.0 are told apart"


def test_sets_survive_and_are_written_in_one_order() -> None:
    words = [f"word{number}" for number in range(50)]
    random.Random(0).shuffle(words)
    assert encode(frozenset(words)) == encode(frozenset(sorted(words)))
    assert decode(encode(frozenset(words))) == frozenset(words)
    assert decode(encode({1, 2})) == {1, 2}


@dataclass(frozen=True)
class Foreign:
    x: int


@pytest.mark.parametrize(
    "data",
    [
        {"is": "os:system", "of": ["true"]},
        {"is": "tests.cli.test_cache:Foreign", "of": [1]},
        {"is": "shapelint.cache:os", "of": []},
        {"is": "shapelint.cache:Cache", "of": ["/"]},
        {"is": "shapelint.cache:json.dumps", "of": []},
        {"is": "shapelint.__main__:main", "of": []},
        {"is": "shapelint.diagnostics:Location", "of": ["a", 1]},
        {"is": "shapelint.diagnostics:Gone", "of": []},
        {"is": "shapelint.gone:Gone", "of": []},
        {"strange": 1},
        {"list": 5},
        {"a": 1, "b": 2},
        {},
    ],
)
def test_nothing_but_our_own_plain_classes_is_built(data: Any) -> None:
    with pytest.raises(Undecodable):
        decode(data)


def test_what_cannot_be_kept_is_refused() -> None:
    with pytest.raises(TypeError):
        encode(object())
    with pytest.raises(TypeError):
        encode(IntEnum("Colour", "RED")(1))


def test_a_value_that_cannot_be_kept_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(str(tmp_path / "cache"))
    cache.store(["k"], [], object())
    assert cache.find(["k"]) is None
    monkeypatch.setenv("SHAPELINT_TRACEBACK", "1")
    with pytest.raises(TypeError):
        cache.store(["k"], [], object())


def test_an_entry_rests_on_its_files(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    folder = str(tmp_path / "cache")
    missing = str(tmp_path / "missing")
    Cache(folder).store(["k"], [str(file), missing], ("v",))
    assert Cache(folder).find(["k"]) == ("v",)
    assert Cache(folder).find(["other"]) is None
    stamp = file.stat().st_mtime_ns
    file.write_text("2")
    os.utime(file, ns=(stamp, stamp))
    assert Cache(folder).find(["k"]) is None, "the content counts, not the time"
    file.write_text("1")
    assert Cache(folder).find(["k"]) == ("v",)
    Path(missing).touch()
    assert Cache(folder).find(["k"]) is None


@pytest.mark.parametrize(
    "data",
    [
        {"is": "shapelint.diagnostics:Location", "of": ["a", 1, "2", 3, 4]},
        {"is": "shapelint.diagnostics:Location", "of": ["a", 1, 2, 3, None]},
        {"is": "shapelint.diagnostics:Location", "of": [5, 1, 2, 3, 4]},
        {"is": "shapelint.diagnostics:Edit", "of": ["a", "b"]},
        {"is": "shapelint.diagnostics:Fix", "of": ["m", "never", []]},
        {"is": "shapelint.diagnostics:Fix", "of": ["m", "safe", ["x"]]},
        {"is": "shapelint.diagnostics:Fix", "of": ["m", "safe", {"list": []}]},
        {"is": "shapelint.run:Verdict", "of": [5, [], 0]},
        {"is": "shapelint.run:Verdict", "of": [["x"], [], 0]},
        {"is": "shapelint.run:Verdict", "of": [[], [], True]},
        {"is": "shapelint.rules.findings:Place", "of": ["a", 1.5]},
        {"is": "shapelint.rules.findings:Pass", "of": [{"is": "shapelint.rules.findings:Place", "of": ["a", 1]}, "b"]},
    ],
)
def test_a_field_of_another_type_is_not_believed(data: Any) -> None:
    with pytest.raises(Undecodable):
        decode(data)


def build(folder: Path, name: str, days: float) -> Path:
    """A folder of results of another build, last used so many days ago."""
    made = folder / f"build-{name}"
    made.mkdir()
    (made / "x.json").touch()
    (made / "x.json.123").touch()
    os.utime(made, (time.time() - days * 86400,) * 2)
    return made


def test_builds_stand_side_by_side_while_they_are_used(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    Cache(str(folder)).store(["k"], [], 1)
    recent = [build(folder, f"recent{number}", number) for number in range(8)]
    old = build(folder, "old", 40)
    (folder / "mine").mkdir()
    (old / "theirs").touch()
    os.utime(old, (time.time() - 40 * 86400,) * 2)
    Cache(str(folder)).store(["k"], [], 1)
    assert [one.exists() for one in recent] == [True] * 5 + [False] * 3
    assert [one.name for one in old.iterdir()] == ["theirs"], "what shapelint did not write stays"
    assert (folder / "mine").exists()
    assert Cache(str(folder)).find(["k"]) == 1


def test_too_much_is_pruned_the_oldest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "MOST_ENTRIES", 8)
    folder = tmp_path / "cache"
    for number in range(12):
        Cache(str(folder)).store([str(number)], [], number)
        (entry,) = [one for one in folder.glob("build-*/*.json") if one.stat().st_mtime > time.time() - 50]
        os.utime(entry, (time.time() - 1000 + number,) * 2)
    Cache(str(folder)).store(["last"], [], 1)
    kept = [number for number in range(12) if Cache(str(folder)).find([str(number)]) is not None]
    assert len(kept) <= 8
    assert kept == list(range(12 - len(kept), 12))


def test_drafts_that_were_left_are_swept(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    Cache(str(folder)).store(["k"], [], 1)
    (own,) = folder.glob("build-*")
    left, fresh = own / "a.json.1", own / "a.json.2"
    left.touch(), fresh.touch()
    os.utime(left, (time.time() - 7200,) * 2)
    Cache(str(folder)).store(["j"], [], 1)
    assert (left.exists(), fresh.exists()) == (False, True)
