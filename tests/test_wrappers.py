"""Training loops written with `accelerate` and Lightning: a fault inside the loop is found, a right loop is silent; where the library is
installed, it runs the same text."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from shapelint.cli import main

_HEAD = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

def loader(width):
    return DataLoader(TensorDataset(torch.randn(32, width), torch.randint(0, 5, (32,))), batch_size=16)
"""
_ACCELERATE = """
from accelerate import Accelerator

accelerator = Accelerator(cpu=True)
model = nn.Linear(10, 5)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model, optimizer, train = accelerator.prepare(model, optimizer, loader(WIDTH))
valid = accelerator.prepare(loader(10))
for x, y in train:
    with accelerator.accumulate(model), accelerator.autocast():
        out = model(x.to(accelerator.device))
        loss = nn.functional.cross_entropy(out, y, reduction=REDUCTION)
    accelerator.backward(loss)
    accelerator.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
for x, y in valid:
    out = accelerator.unwrap_model(model)(x)
    scores, truth = accelerator.gather_for_metrics((out, y))
    hits = (scores.argmax(-1) == truth).sum()
    seen = accelerator.gather(out)
    seen @ torch.randn(INNER, 3)
"""
_FABRIC = """
from lightning.fabric import Fabric

fabric = Fabric(accelerator="cpu", devices=1)
fabric.launch()
model = nn.Linear(10, 5)
model, optimizer = fabric.setup(model, torch.optim.SGD(model.parameters(), lr=0.1))
train, valid = fabric.setup_dataloaders(loader(WIDTH), loader(10))
for x, y in train:
    with fabric.autocast():
        loss = nn.functional.cross_entropy(model(x), y, reduction=REDUCTION)
    fabric.backward(loss)
    optimizer.step()
for x, y in valid:
    fabric.all_reduce(model(x)) @ torch.randn(INNER, 3)
alone = fabric.setup(nn.Linear(5, 2))
alone(torch.randn(3, 5))
"""
_TRAINER = """
import lightning as L

class Module(L.LightningModule):
    def __init__(self, width, hidden=8):
        super().__init__()
        self.save_hyperparameters()
        self.first = nn.Linear(self.hparams.width, self.hparams["hidden"])
        self.last = nn.Linear(self.hparams.hidden, 5)

    def forward(self, x):
        return self.last(self.first(x))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = nn.functional.cross_entropy(self(x), y, reduction=REDUCTION).mean()
        self.log("loss", loss)
        return loss

    def validation_step(self, batch):
        x, y = batch
        return self(x) @ torch.randn(INNER, 3)

    def val_dataloader(self):
        return loader(10)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.get("lr", 0.1))

quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
L.Trainer(accelerator="cpu", max_epochs=1, **quiet).fit(Module(10), loader(WIDTH))
"""
_RIGHT = {"WIDTH": "10", "INNER": "5", "REDUCTION": "'mean'"}
_WRONG = [
    ({"WIDTH": "12"}, "linear-in-features"),
    ({"INNER": "6"}, "matmul-shape"),
    ({"REDUCTION": "'none'"}, "backward-scalar"),
]
_LOOPS = {"accelerate": _ACCELERATE, "fabric": _FABRIC, "trainer": _TRAINER}
_CASES = [(loop, {}, None) for loop in _LOOPS] + [(loop, *wrong) for loop in _LOOPS for wrong in _WRONG]


def _text(loop: str, change: dict[str, str]) -> str:
    text = _HEAD + _LOOPS[loop]
    for name, value in {**_RIGHT, **change}.items():
        text = text.replace(name, value)
    return text


@pytest.mark.parametrize(("loop", "change", "rule"), _CASES)
def test_a_loop_is_followed(
    loop: str, change: dict[str, str], rule: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if loop == "trainer" and rule == "backward-scalar":
        rule = None  # its step takes the mean
    (tmp_path / "train.py").write_text(_text(loop, change), encoding="utf-8")
    main(["check", "--no-cache", "--output-format", "json", str(tmp_path)])
    found = [d["rule"] for d in json.loads(capsys.readouterr().out)["diagnostics"]]
    assert found == ([] if rule is None else [rule])


@pytest.mark.parametrize(("loop", "change", "rule"), _CASES)
def test_the_library_does_so(loop: str, change: dict[str, str], rule: str | None) -> None:
    if importlib.util.find_spec("accelerate" if loop == "accelerate" else "lightning") is None:
        pytest.skip("the library is not installed")
    program = compile(_text(loop, change), f"{loop}.py", "exec")
    if rule is None or (loop == "trainer" and rule == "backward-scalar"):
        exec(program, {"__name__": "train"})
    else:
        with pytest.raises(RuntimeError):
            exec(program, {"__name__": "train"})
