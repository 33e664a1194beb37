"""A fault of shapelint's own costs the entry that was being read: it is counted, and the rest of the file is still reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.config import Configuration
from shapelint.interp import attributes
from shapelint.run import Outcome, Task, check

HEAD = "import torch\nfrom torch import nn\n\n\n"
BROKEN = """class Broken(nn.Module):
    def __init__(self, wide=False):
        super().__init__()
        self.lstm = nn.LSTM(8, 32 if wide else 16, batch_first=True)
        self.head = nn.Linear(16, 2)

    def forward(self, x):
        output, _ = self.lstm(x)
        print(self.lstm.hidden_size)
        return self.head(output)


"""
WRONG = """class Wrong(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(8, 16)
        self.head = nn.Linear(17, 2)

    def forward(self, x):
        return self.head(self.body(x))
"""


@pytest.fixture
def _hidden_size_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading `hidden_size` of a layer of 32 features trips over a fault of shapelint."""
    original = attributes.layer_attribute

    def broken(cx, op, config, name):  # type: ignore[no-untyped-def]
        found = original(cx, op, config, name)
        if "32" in str(found):
            raise AssertionError("a fault")
        return found

    monkeypatch.delenv("SHAPELINT_TRACEBACK", raising=False)
    monkeypatch.setattr(attributes, "layer_attribute", broken)


def _check(folder: Path, text: str, **more: str) -> Outcome:
    for name, content in {"main": text, **more}.items():
        (folder / f"{name}.py").write_text(content)
    return check(Task((str(folder / "main.py"),), Configuration(), jobs=1, use_cache=False))


@pytest.mark.usefixtures("_hidden_size_is_broken")
def test_a_world_that_was_not_read_leaves_the_others_unsaid(tmp_path: Path) -> None:
    right_where_wide = BROKEN.replace("nn.Linear(16, 2)", "nn.Linear(32, 2)")
    outcome = _check(tmp_path, f"{HEAD}{right_where_wide}{WRONG}")
    assert [d.scope for d in outcome.diagnostics] == ["Wrong.forward"]
    assert [f.kind for f in outcome.failures] == ["internal"]


@pytest.mark.usefixtures("_hidden_size_is_broken")
def test_the_rest_of_the_file_is_reported(tmp_path: Path) -> None:
    outcome = _check(tmp_path, HEAD + BROKEN + WRONG)
    assert [d.rule for d in outcome.diagnostics] == ["linear-in-features"]
    assert "17" in outcome.diagnostics[0].message
    assert [(f.kind, f.message) for f in outcome.failures] == [
        ("internal", "internal error in Broken.forward: AssertionError: a fault")
    ]


@pytest.mark.usefixtures("_hidden_size_is_broken")
def test_a_script_that_trips_still_has_its_classes(tmp_path: Path) -> None:
    outcome = _check(tmp_path, HEAD + BROKEN + WRONG + "\n\nBroken(True)(torch.zeros(2, 3, 8))\n")
    assert any("17" in d.message for d in outcome.diagnostics)
    assert "internal error in <module>: AssertionError: a fault" in [f.message for f in outcome.failures]


@pytest.mark.usefixtures("_hidden_size_is_broken")
def test_a_module_that_trips_costs_no_file_that_imports_it(tmp_path: Path) -> None:
    other = HEAD + BROKEN + "width = Broken(True)(torch.zeros(2, 3, 8))\n"
    outcome = _check(tmp_path, "import other\n" + HEAD + WRONG + "\n\nprint(other.width)\n", other=other)
    assert any("17" in d.message for d in outcome.diagnostics)
    assert [f.kind for f in outcome.failures] == ["internal"]


@pytest.mark.usefixtures("_hidden_size_is_broken")
def test_the_developer_sees_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAPELINT_TRACEBACK", "1")
    with pytest.raises(AssertionError, match="a fault"):
        _check(tmp_path, HEAD + BROKEN + WRONG)
