"""The other commands: show, explain, and those that live elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema

from .conftest import ROOT, Shell

MODEL = """
class Model:
    def forward(self, x):  # SHAPE x: (batch, seq, 64)
        # nothing here
        y = self.lstm(x)  # SHAPE[bidirectional=True] y: (batch, 2*h) # SHAPE[bidirectional=False] y: (batch, h)
        z = y[0]  # SHAPE z: (3,)
        v = f(x)  # SHAPE[batched] v: (n,)


        # far

        w = z.foo()  # UNKNOWN w: unsupported-op
        return w
"""


def test_show_as_json(shell: Shell) -> None:
    shell.write(a_py=MODEL)
    done = shell("show", "a.py", "--output-format", "json")
    assert done.code == 0
    schema = json.loads((ROOT / "docs/shapes.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(done.json)
    assert list(done.json)[:2] == ["version", "expressions"]
    first, second, third, assumed, last = done.json["expressions"]
    assert first["contexts"] == [
        {
            "entry": "Model.forward",
            "world": "",
            "shape": ["batch", "seq", 64],
            "concrete": None,
            "reason": None,
            "assumed": False,
        }
    ]
    assert [context["world"] for context in second["contexts"]] == ["bidirectional=True", "bidirectional=False"]
    assert third["contexts"][0]["concrete"] == [3]
    assert assumed["contexts"][0]["assumed"] is True
    assert last["contexts"][0] == {
        "entry": "Model.forward",
        "world": "",
        "shape": None,
        "concrete": None,
        "reason": "unsupported-op",
        "assumed": False,
    }


def test_show_as_text(shell: Shell) -> None:
    shell.write(a_py=MODEL)
    done = shell("show", "a.py")
    text = re.sub(r"  # (?:SHAPE|UNKNOWN).*", "", done.out)
    assert text == (
        """\
a.py
 3 | class Model:
 4 |     def forward(self, x):
   :     x  (batch, seq, 64)
 5 |         # nothing here
 6 |         y = self.lstm(x)
   :     y  (batch, 2*h)  in Model.forward bidirectional=True
   :        (batch, h)    in Model.forward bidirectional=False
 7 |         z = y[0]
   :     z  (3,)
 8 |         v = f(x)
   :     v  (n,), assumed batched
  ...
13 |         w = z.foo()
   :     w  ? (unsupported-op)
"""
    )


ASKING = """\
import torch
from torch import nn


class Decoder(nn.Module):
    def __init__(self, embed, encoded, hidden, bridge=True):
        super().__init__()
        self.bridge = bridge
        self.encoder = nn.LSTM(embed, encoded, bidirectional=True, batch_first=True)
        self.head = nn.Linear(hidden, embed)

    def forward(self, x):
        y, _ = self.encoder(x)
        if self.bridge:
            y = self.head(y)
        return y
"""


def test_show_tells_what_a_class_asks(shell: Shell) -> None:
    shell.write(a_py=ASKING)
    done = shell("show", "a.py", "--output-format", "json", stand_ins=False)
    schema = json.loads((ROOT / "docs/shapes.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(done.json)
    found = {one["text"]: one for one in done.json["requirements"]}
    assert set(found) == {"hidden == 2*encoded"}
    bridged = found["hidden == 2*encoded"]
    assert (bridged["line"], bridged["column"], bridged["worlds"]) == (6, 7, ["bridge=True"])
    assert (bridged["entry"], bridged["place"]) == ("Decoder.forward", {"line": 16, "column": 17})
    text = shell("show", "a.py", stand_ins=False).out
    assert "   :     needs hidden == 2*encoded  (Decoder.forward, line 16) where bridge=True\n" in text


def test_show_tells_failures(shell: Shell) -> None:
    shell.write(a_py="x = (", b_py="y = 1  # SHAPE y: (1)", c_py="# CRASH")
    done = shell("show", "a.py", "b.py", "c.py", "nope.py", "--output-format", "json")
    assert done.code == 2
    assert len(done.json["expressions"]) == 1
    assert {one["path"]: one["kind"] for one in done.json["failures"]} == {
        "a.py": "syntax",
        "c.py": "internal",
        "nope.py": "usage",
    }
    assert "failure[syntax]" in shell("show", "a.py").out


def test_show_reads_standard_input(shell: Shell) -> None:
    done = shell("show", "-", "--output-format", "json", stdin="import torch\ny = 1  # SHAPE y: (1)\n")
    assert len(done.json["expressions"]) == 1


def test_explain(shell: Shell) -> None:
    done = shell("explain")
    assert done.code == 0
    assert "bad-shape      SHP109  error    a shape that is bad" in done.lines
    done = shell("explain", "bad-shap")
    assert (done.code, done.out) == (2, "")
    assert done.err == "shapelint: unknown rule `bad-shap`; did you mean `bad-shape`?\n"
    assert "lists the rules" in shell("explain", "zzzzzz").err


def test_explain_prints_the_page(shell: Shell) -> None:
    pages = sorted((ROOT / "shapelint/rules").glob("*.md"))
    for page in pages[:1]:
        name = page.stem.replace("_", "-")
        done = shell("explain", name, stand_ins=False)
        assert done.code == 0
        assert name in done.out
        assert "```" not in done.out


def test_commands_that_are_missing_say_so(shell: Shell, tmp_path: Path) -> None:
    block = shell.file(
        "block/sitecustomize.py",
        "import sys\nsys.modules['pygls'] = None\nfor name in 'reference.table', 'reference.replay', 'lsp.server':\n"
        "    sys.modules[f'shapelint.{name}'] = None\n",
    )
    for arguments in (["lstm"], ["lsp"], ["a.py", "--verify"]):
        shell.write(a_py="x = 1")
        done = shell(*arguments, stand_ins=False, PYTHONPATH=f"{block.parent}:{ROOT}")
        assert done.code == 2
        assert "is not part of this build" in done.err + done.out
        assert "Traceback" not in done.err
