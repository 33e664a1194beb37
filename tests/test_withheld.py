"""A call with known shapes refutes what claims to fail for all sizes: it is withheld and counted. Here the op for `nn.Linear` is broken: it refuses
everything where a class is read alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shapelint.cli import main
from shapelint.ops.contract import say
from shapelint.ops.index import find
from shapelint.values.model import Value

CLASS = """\
import torch
from torch import nn


class Head(nn.Module):
    def __init__(self, wide=3, flag=False):
        super().__init__()
        self.fc = nn.Linear(wide, 4)
        self.flag = flag

    def forward(self, x):
        if self.flag:
            return x
        return self.fc(x)


"""
DERIVED = """\
class Narrow(Head):
    def __init__(self):
        super().__init__(5)


"""
FUNCTION = """\
import torch
from torch import nn


def through(layer, x):
    return layer(x)


class First(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)

    def forward(self, x):
        return through(self.fc, x)


class Second(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)

    def forward(self, x):
        return through(self.fc, x)


"""
Withheld = Callable[..., tuple[list[int], int]]


@pytest.fixture
def withheld(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Withheld:
    linear = find("torch.nn.Linear")
    assert linear is not None
    right: Any = linear._rule

    def broken(cx: Any, layer: Any, input: Value) -> Value:
        if cx.run.kind == "open":
            cx.refute("C1", say("{subject} expects other features"))
        answer: Value = right(cx, layer, input)
        return answer

    monkeypatch.setattr(linear, "_rule", broken)
    monkeypatch.chdir(tmp_path)

    def check(**files: str) -> tuple[list[int], int]:
        for name, text in files.items():
            Path(f"{name}.py").write_text(text, encoding="utf-8")
        main(["check", "--no-cache", "--output-format", "json", "."])
        document = json.loads(capsys.readouterr().out)
        assert all(d["severity"] == "error" for d in document["diagnostics"])
        return [d["line"] for d in document["diagnostics"]], document["summary"]["withheld"]

    return check


def test_a_class_that_nobody_calls_is_told(withheld: Withheld) -> None:
    assert withheld(a=CLASS) == ([14], 0)


def test_a_call_with_known_shapes_refutes_it(withheld: Withheld) -> None:
    assert withheld(a=CLASS + "Head()(torch.zeros(2, 3))\n") == ([], 1)


def test_a_call_in_another_file_refutes_it(withheld: Withheld) -> None:
    assert withheld(a=CLASS, b="import torch\nfrom a import Head\n\nHead()(torch.zeros(2, 3))\n") == ([], 1)


def test_a_call_that_does_not_get_there_refutes_nothing(withheld: Withheld) -> None:
    assert withheld(a=CLASS + "Head(flag=True)(torch.zeros(2, 3))\n") == ([14], 0)


def test_a_call_behind_an_error_refutes_nothing(withheld: Withheld) -> None:
    lines, count = withheld(a=CLASS + "torch.zeros(2) + torch.zeros(3)\nHead()(torch.zeros(2, 3))\n")
    assert (14 in lines, count) == (True, 0)


def test_a_call_of_another_class_refutes_nothing(withheld: Withheld) -> None:
    """`Narrow` inherits the line, and its own calls tell nothing of `Head`."""
    program = (CLASS + DERIVED).replace("super().__init__(5)", "super().__init__(5)\n        self.own = True")
    assert withheld(a=program + "Narrow()(torch.zeros(2, 5))\n") == ([14], 1)


def test_a_call_by_another_way_refutes_nothing(withheld: Withheld) -> None:
    """Both classes call the same function; what one of them gives it tells nothing of the other."""
    assert withheld(a=FUNCTION + "First()(torch.zeros(2, 3))\n") == ([6], 1)


def test_verbose_tells_the_places(withheld: Withheld, capsys: pytest.CaptureFixture[str]) -> None:
    withheld(a=CLASS + "Head()(torch.zeros(2, 3))\n")
    assert main(["check", "--no-cache", "--verbose", "."]) == 0
    said = capsys.readouterr().err
    assert "a.py:14: an error is withheld" in said
    assert "1 error withheld" in said
