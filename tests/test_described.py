"""The described models of torchvision: what each description says is what it gives when torch runs it, what the interpreter reads in it, and,
where torchvision is installed, what torchvision's own model gives."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from shapelint.cli import main
from shapelint.interp.described import _FOLDER, _families

MODELS = sorted(_families())
UNTOLD = {"inception_v3", "googlenet"}


@cache
def _executed(path: Path) -> dict[str, Any]:
    """A description as torch's own program."""
    absent = ModuleType("untold")
    absent.untold = lambda x: x  # type: ignore[attr-defined]
    sys.modules["untold"] = absent
    try:
        names: dict[str, Any] = {"__name__": path.stem}
        exec(compile(path.read_text(encoding="utf-8"), path, "exec"), names)
    finally:
        del sys.modules["untold"]
    return names


@cache
def _torchvision() -> ModuleType:
    """torchvision, also one whose own ops were built for another torch: its import asks that they exist, no model here calls them."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError:
        for name in [n for n in sys.modules if n.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        for name in ("nms", "qnms"):
            torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return importlib.import_module("torchvision")


def _built(model: str, of: Any) -> torch.nn.Module:
    with torch.device("meta"):
        made: torch.nn.Module = (
            getattr(of, model)(num_classes=7) if isinstance(of, ModuleType) else of[model](num_classes=7)
        )
    return made.eval()


def _shape(module: torch.nn.Module, size: int = 224) -> tuple[int, ...]:
    return tuple(module(torch.empty(2, 3, size, size, device="meta")).shape)


def _parts(module: torch.nn.Module, size: int) -> dict[str, tuple[int, ...]]:
    """The shape that each part gives when it is first called."""
    found: dict[str, tuple[int, ...]] = {}
    for name, part in module.named_modules():

        def hook(_: Any, __: Any, result: Any, name: str = name) -> None:
            if isinstance(result, torch.Tensor):
                found.setdefault(name, tuple(result.shape))

        part.register_forward_hook(hook)
    _shape(module, size)
    return found


def test_families_are_found() -> None:
    assert {path.name for path in _families().values()} == {path.name for path in _FOLDER.glob("*.pyi")}


@pytest.mark.parametrize("model", [m for m in MODELS if m not in UNTOLD])
def test_a_description_runs_in_torch(model: str) -> None:
    made = _built(model, _executed(_families()[model]))
    assert _shape(made) == (2, 7)


def test_the_interpreter_reads_what_torch_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["import torch", "from torchvision import models", "x = torch.ones(2, 3, 224, 224)"]
    expected: dict[int, list[int] | None] = {}
    for model in MODELS:
        lines.append(f"models.{model}(num_classes=7)(x)")
        expected[len(lines)] = None if model in UNTOLD else [2, 7]
        made = _built(model, _executed(_families()[model]))
        if "features" in dict(made.named_children()) and not model.startswith("swin"):
            lines.append(f"models.{model}().features(x)")
            expected[len(lines)] = list(_shape(made.features))  # type: ignore[arg-type]
    (tmp_path / "use.py").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["show", "--no-cache", "--output-format", "json", "use.py"]) == 0
    told = {}
    for one in json.loads(capsys.readouterr().out)["expressions"]:
        if one["column"] == 1 and one["text"] != "x":
            told[one["line"]] = one["contexts"][0]["shape"]
    assert {line: told.get(line) for line in expected} == expected


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is None, reason="torchvision is not installed")
@pytest.mark.parametrize("model", MODELS)
def test_torchvision_has_it_so(model: str) -> None:
    real, told = _built(model, _torchvision().models), _built(model, _executed(_families()[model]))
    assert list(dict(told.named_children())) == list(dict(real.named_children()))
    for name, layer in told.named_modules():
        if isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d)) and not name.endswith("norm"):
            assert repr(real.get_submodule(name)) == repr(layer)
    if model not in UNTOLD:
        size = 224 if model.startswith("vit") else 160
        in_real, in_told = _parts(real, size), _parts(told, size)
        shared = in_told.keys() & in_real.keys()
        assert {name: in_told[name] for name in shared} == {name: in_real[name] for name in shared}
        assert "" in shared
