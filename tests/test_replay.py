"""Proof on demand: findings that torch confirms, refutes, or cannot be asked about."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapelint.cli import main
from shapelint.config import FORMATS
from shapelint.diagnostics import Diagnostic, Location, Witness
from shapelint.ops.contract import say
from shapelint.ops.index import find
from shapelint.program.project import Project
from shapelint.reference import cells, comparison, layers
from shapelint.reference.drawing import Contradiction, Sizes
from shapelint.reference.from_code import NotFound, layers_of
from shapelint.reference.program import Raised, is_about_kinds
from shapelint.reference.recording import Recording, record
from shapelint.report import Report, render
from shapelint.rules.contract import Case
from shapelint.rules.contract import Report as Told
from shapelint.rules.registry import load
from shapelint.shapes.dim import Dim
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Shape
from shapelint.values.model import Packed, Tensor, Tuple, Value

ROOT = Path(__file__).parent.parent

CRASH = """
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.head(out[:, -1, :])
"""

SILENT = """
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.head(out[-1, :, :])
"""

RIGHT = SILENT.replace("out[-1, :, :]", "out[:, -1, :]")

Check = Callable[..., dict[str, Any]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs `shapelint check --verify` on a text and gives its JSON, with the exit code and what stood on stderr."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)

    def run(text: str, *options: str) -> dict[str, Any]:
        (tmp_path / "model.py").write_text(text)
        code = main(["check", "--verify", "--no-cache", "--output-format", "json", *options, "model.py"])
        seen = capsys.readouterr()
        document: dict[str, Any] = {**json.loads(seen.out), "code": code, "err": seen.err}
        schema = json.loads((ROOT / "docs" / "diagnostics.schema.json").read_text())
        jsonschema.validate(document, schema)
        return document

    return run


def of_rule(document: dict[str, Any], rule: str) -> dict[str, Any]:
    found = [one for one in document["diagnostics"] if one["rule"] == rule]
    assert len(found) == 1, document["diagnostics"]
    return found[0]


# Verdicts ----------------------------------------------------------------------------------------


def test_crash_is_confirmed_with_torchs_message(check: Check) -> None:
    document = check(CRASH)
    witness = of_rule(document, "linear-in-features")["witness"]
    assert witness["verdict"] == "confirmed"
    assert "mat1 and mat2 shapes cannot be multiplied" in witness["said"]
    assert {"hidden", "classes", "features"} <= witness["sizes"].keys()
    assert witness["torch"] == torch.__version__.partition("+")[0]
    assert document["summary"]["confirmed"] == len(document["diagnostics"])
    assert document["code"] == 1


def test_silent_fault_is_confirmed_by_a_change_of_the_input(check: Check) -> None:
    witness = of_rule(check(SILENT), "rnn-last-step")["witness"]
    assert witness["verdict"] == "confirmed"
    assert witness["said"].startswith("changing every step of sample 0 leaves the result as it is; changing sample")


def test_the_users_code_is_not_run(check: Check, tmp_path: Path) -> None:
    check(CRASH + "\nopen('was_run', 'w')\nraise SystemExit(7)\n")
    assert not (tmp_path / "was_run").exists()


def test_witness_scripts_fail_with_what_they_tell(check: Check, tmp_path: Path) -> None:
    told = []
    for text in (CRASH, SILENT):
        document = check(text, "--witness", "witnesses")
        told += [one["witness"] for one in document["diagnostics"]]
        assert "witnesses" in document["err"]
    scripts = sorted((tmp_path / "witnesses").iterdir())
    assert {path.read_text() for path in scripts} == {one["program"] for one in told}
    for path in scripts:
        done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 1, done.stderr
        last = done.stderr.strip().splitlines()[-1]
        assert any(one["said"] in last for one in told), last
        assert len(path.read_text().splitlines()) < 30


def broken_linear(cx: Any, layer: Any, input: Value) -> Value:
    cx.refute("C1", say("{subject} expects other features"))
    return input


def test_refuted_finding_of_a_broken_op_is_withheld_and_counted(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    linear = find("torch.nn.Linear")
    assert linear is not None
    monkeypatch.setattr(linear, "_rule", broken_linear)
    document = check(RIGHT)
    assert document["diagnostics"] == []
    assert document["summary"]["refuted"] == 1
    assert "torch refutes" in document["err"]
    assert "please report it" in document["err"]
    assert document["code"] == 0


def test_refuted_finding_of_a_broken_rule_is_withheld(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def every_index(case: Case) -> Told:
        return Told("every index is wrong", constraint="sample")

    monkeypatch.setattr(load()["rnn-last-step"], "checks", [(("torch.Tensor.__getitem__",), every_index)])
    document = check(RIGHT)
    assert [one["rule"] for one in document["diagnostics"]] == []
    assert document["summary"]["refuted"] == 1


def test_a_broken_reference_confirms_nothing(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    class Halved(layers.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            output, state = super().forward(input, hx)
            assert isinstance(output, torch.Tensor)
            return output / 2, state

    monkeypatch.setattr(layers, "LSTM", Halved)
    witness = of_rule(check(CRASH), "linear-in-features")["witness"]
    assert witness["verdict"] == "unverified"
    assert "the reference" in witness["said"]


def test_what_cannot_be_repeated_says_why(check: Check) -> None:
    text = CRASH.replace("self.head = nn.Linear(hidden, classes)", "self.head = nn.Linear(hidden, 10**9)")
    witness = of_rule(check(text), "linear-in-features")["witness"]
    assert witness["verdict"] == "unverified"
    assert "too large" in witness["said"]


def test_a_comment_is_held_against_the_shape_that_torch_gives(check: Check) -> None:
    text = "import torch\n\nx = torch.zeros(4, 5, 6).sum(1)  # (4, 5)\n"
    assert of_rule(check(text), "shape-comment")["witness"]["said"] == "the shape is (4, 6)"


def test_a_comment_on_sizes_without_a_tensor_is_left_open(check: Check) -> None:
    text = "import torch\n\nx = torch.zeros(4, 5)\nprint(x.shape)  # torch.Size([4, 6])\n"
    witness = of_rule(check(text), "shape-comment")["witness"]
    said = "no call of torch is known to give that shape, and a replay would only make it up"
    assert (witness["verdict"], witness["said"]) == ("unverified", said)


def test_unpacked_values_are_counted_whatever_they_are(check: Check) -> None:
    text = "import torch\nimport elsewhere\n\nx = elsewhere.f(), torch.zeros(2), elsewhere.g()\na, b = x\n"
    said = of_rule(check(text), "unpack-count")["witness"]["said"]
    assert said == "ValueError: too many values to unpack (expected 2)"


def test_a_coincidence_is_shown_by_other_sizes(check: Check) -> None:
    page = (ROOT / "shapelint" / "rules" / "axis_coincidence.md").read_text("utf-8")
    wrong = page.split("```python\n")[1].split("```")[0]
    witness = of_rule(check(wrong), "axis-coincidence")["witness"]
    assert witness["verdict"] == "confirmed"
    assert len(set(witness["sizes"].values())) == len(witness["sizes"])


def test_a_long_call_is_not_made_and_the_fault_is_shown_without_it(check: Check) -> None:
    text = CRASH + "\n\nModel(256, 512, 10)(torch.zeros(64, 5000, 256))\n"
    start = time.process_time()
    document = check(text)
    assert {one["witness"]["verdict"] for one in document["diagnostics"]} == {"confirmed"}
    assert time.process_time() - start < 20


def test_a_constructor_that_raises_is_confirmed(check: Check) -> None:
    text = "import torch\nlayer = torch.nn.Conv2d(3, 8, 3, groups=2)\n"
    document = check(text)
    assert [one["witness"]["verdict"] for one in document["diagnostics"]] == ["confirmed"]
    assert "divisible by groups" in document["diagnostics"][0]["witness"]["said"]


def test_without_torch_the_findings_stay_and_the_message_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "model.py").write_text(CRASH)
    program = "import sys; sys.modules['torch'] = None; from shapelint.cli import main; sys.exit(main(sys.argv[1:]))"
    for command in (["check", "--verify"], ["check", "--witness", "out"], ["show", "--verify"]):
        arguments = [*command, "--no-cache", "model.py"]
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == 2
        assert "pip install 'shapelint[torch]'" in done.stdout
        assert "self.head" in done.stdout
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "concise"])
def test_every_format_tells_the_witness(name: str) -> None:
    witness = Witness("confirmed", "RuntimeError: no such shapes", (("hidden", 3),), "2.13.0", "import torch\n")
    at = Location("a.py", 1, 1, 1, 5)
    one = Diagnostic(at, "linear-in-features", "SHP201", "error", "`x` expects 3", witness=witness)
    text = render(Report((one,), lines=lambda path: ["code"]), name)
    assert "RuntimeError: no such shapes" in text.replace("%3A", ":")


# Draws -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("low", [1, 2000])
def test_a_size_that_others_fix_is_solved_for(low: int) -> None:
    facts = Facts()
    whole, half, rest = (Dim.symbol(name, "unknown") for name in ("whole", "half", "rest"))
    facts.raise_low(half, low)
    facts.equate(3 * whole + rest, 7 * half + 2)
    sizes = Sizes(facts, 0)
    numbers = [sizes.number(dim) for dim in (half, whole)]
    assert 3 * numbers[1] + sizes.number(rest) == 7 * numbers[0] + 2


@given(st.integers(0, 23), st.integers(2, 9))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_draws_keep_what_is_known(seed: int, low: int) -> None:
    facts = Facts()
    heads, width, a, b = (Dim.symbol(name, "parameter") for name in ("heads", "width", "a", "b"))
    facts.learn_divides(width, heads)
    facts.raise_low(b, low)
    facts.equate(a, 2 * b)
    sizes = Sizes(facts, seed)
    w, h = sizes.number(width), sizes.number(heads)
    assert w % h == 0
    assert sizes.number(a) == 2 * sizes.number(b)
    assert sizes.number(b) >= low
    assert len({w, h, sizes.number(b)}) == 3
    assert sizes.learn(Dim.symbol("new", "unknown"), 5) is None
    assert sizes.learn(width, w + 1) == w
    with pytest.raises(Contradiction):
        sizes.size(Dim.of(0) - width)


# Every shape -------------------------------------------------------------------------------------


def read(tmp_path: Path, text: str) -> list[Recording]:
    path = tmp_path / "read.py"
    path.write_text(text)
    project = Project(tmp_path, ("read.py",))
    loaded = project.load(path, text, "read.py")
    return record(project, loaded, exact=True)  # type: ignore[arg-type]


def test_show_verify_agrees(check: Check, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(RIGHT)
    assert main(["show", "--verify", "--no-cache", "--output-format", "json", "model.py"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads((ROOT / "docs" / "shapes.schema.json").read_text()))
    assert document["verified"]["agreed"] >= 3
    assert document["verified"]["disagreements"] == []


def test_show_verify_notices_a_broken_op(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    linear = find("torch.nn.Linear")
    assert linear is not None
    rule = linear._rule
    assert rule is not None

    def one_more(cx: Any, layer: Any, input: Value) -> Value:
        right = rule(cx, layer, input)
        assert isinstance(right, Tensor)
        last = right.shape.axes[-1]
        return right.with_parts((*right.shape.parts[:-1], replace(last, size=last.size + 1)))

    monkeypatch.setattr(linear, "_rule", one_more)
    compared = comparison.compare(read(tmp_path, RIGHT))
    assert [one.text for one in compared.disagreements] == ["self.head(out[:, -1, :])"]
    assert "is inferred, torch gives" in compared.disagreements[0].said


# The analyser against the reference --------------------------------------------------------------

CHOICES: dict[str, tuple[Any, ...]] = {
    "kind": ("LSTM", "GRU", "RNN"),
    "input": (1, 2, 3, 4, 5),
    "hidden": (2, 3, 4, 5, 6),
    "layers": (1, 2, 3),
    "bidirectional": (False, True),
    "batch_first": (False, True),
    "bias": (False, True),
    "proj": (0, 1),
    "form": ("batched", "unbatched", "packed"),
    "states": (False, True),
    "batch": (1, 2, 3, 4),
    "steps": (1, 2, 3, 4),
}
OPTIONS = st.fixed_dictionaries({name: st.sampled_from(choices) for name, choices in CHOICES.items()})


def program_of(o: dict[str, Any]) -> tuple[str, dict[str, Any], tuple[int, ...]]:
    """A program that builds and calls a recurrent layer, the layer's options, and the shape of its input."""
    options = {
        "num_layers": o["layers"],
        "bias": o["bias"],
        "batch_first": o["batch_first"],
        "bidirectional": o["bidirectional"],
    }
    if o["kind"] == "LSTM" and o["proj"]:
        options["proj_size"] = o["proj"]
    batch, steps = o["batch"], o["steps"]
    shape: tuple[int, ...] = (batch, steps) if o["batch_first"] else (steps, batch)
    shape = (steps, o["input"]) if o["form"] == "unbatched" else (*shape, o["input"])
    lines = [
        "import torch",
        "from torch import nn",
        "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence",
    ]
    written = ", ".join(f"{name}={value}" for name, value in options.items())
    lines.append(f"layer = nn.{o['kind']}({o['input']}, {o['hidden']}, {written})")
    lines.append(f"x = torch.randn({', '.join(map(str, shape))})")
    if o["form"] == "packed":
        lengths = [max(1, steps - i) for i in range(batch)]
        lines.append(f"x = pack_padded_sequence(x, {lengths}, batch_first={o['batch_first']})")
    call = "layer(x)"
    if o["states"]:
        rows = o["layers"] * (1 + o["bidirectional"])
        middle = () if o["form"] == "unbatched" else (batch,)
        out = options.get("proj_size") or o["hidden"]
        lines.append(f"h = torch.randn({', '.join(map(str, (rows, *middle, out)))})")
        lines.append(f"c = torch.randn({', '.join(map(str, (rows, *middle, o['hidden'])))})")
        call = "layer(x, (h, c))" if o["kind"] == "LSTM" else "layer(x, h)"
    lines.append(f"result = {call}")
    return "\n".join(lines) + "\n", options, shape


def inferred(recordings: list[Recording], name: str) -> Iterator[tuple[int, ...]]:
    """The shapes that the analyser gives to output, h_n and c_n."""

    def shapes(value: Value, facts: Facts) -> Iterator[tuple[int, ...]]:
        if isinstance(value, Tensor):
            yield facts.shape(value.shape).concrete or ()
        elif isinstance(value, Packed):
            yield facts.shape(Shape((value.batch, value.seq, *value.rest))).concrete or ()
        elif isinstance(value, Tuple):
            for item in value.items:
                yield from shapes(item, facts)

    calls = [c for r in recordings for c in r.calls if c.event.op.name == name]
    assert len(calls) == 1
    yield from shapes(calls[0].event.result, calls[0].facts)


def hold(o: dict[str, Any], tmp_path: Path) -> list[str]:
    """Where a shape that the analyser infers is not the one that the reference recorded."""
    text, options, shape = program_of(o)
    output, *states = inferred(read(tmp_path, text), o["kind"])
    layer = getattr(layers, o["kind"])(o["input"], o["hidden"], **options)
    names: dict[str, Any] = {"layer": layer}
    lines = [line for line in text.splitlines() if not line.startswith(("layer =", "result ="))]
    exec("\n".join(lines), names)
    given = names["x"]
    hx = None if not o["states"] else (names["h"], names["c"]) if o["kind"] == "LSTM" else names["h"]
    seen = layer.observe(given, hx)
    top = [i for i in seen.intermediates if i.layer == o["layers"] - 1 and i.direction == "forward"]
    per_step = {i.step: i.shape for i in top if i.name == "hidden"}
    ways = 1 + o["bidirectional"]
    first = per_step[0]
    batched = first[0] if o["form"] != "unbatched" else None
    problems = []
    features = ways * first[1]
    if output[-1] != features:
        problems.append(f"output holds {output[-1]} features, inside there are {ways} times {first[1]}")
    steps_at = 1 if o["form"] == "packed" or (o["batch_first"] and o["form"] == "batched") else 0
    if output[steps_at] != len(per_step):
        problems.append(f"output holds {output[steps_at]} steps, inside there are {len(per_step)}")
    if batched is not None and output[1 - steps_at] != batched:
        problems.append(f"output holds {output[1 - steps_at]} samples, inside there are {batched}")
    inside = {i.name: i.shape for i in top if i.step == 0}
    for name, state in zip(("hidden", "cell"), states, strict=False):
        sizes = inside[name] if batched is not None else inside[name][1:]
        if state != (o["layers"] * ways, *sizes):
            problems.append(f"{name}: {state} is inferred, inside there are {o['layers'] * ways} of {sizes}")
    if len(states) != len(layer.state_names):
        problems.append("another number of states")
    assert shape[-1] == o["input"]
    return problems


@given(OPTIONS)
@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_analyser_agrees_with_the_inside_of_the_reference(tmp_path: Path, o: dict[str, Any]) -> None:
    assert hold(o, tmp_path) == []


@pytest.mark.parametrize("kind", ["LSTMCell", "GRUCell", "RNNCell"])
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("given_states", [True, False])
def test_analyser_agrees_with_the_inside_of_the_cells(
    tmp_path: Path, kind: str, batched: bool, given_states: bool
) -> None:
    middle = "3, " if batched else ""
    states = f"(torch.randn({middle}7), torch.randn({middle}7))" if kind == "LSTMCell" else f"torch.randn({middle}7)"
    lines = ["import torch", "from torch import nn", f"cell = nn.{kind}(5, 7)", f"x = torch.randn({middle}5)"]
    lines.append(f"result = cell(x, {states})" if given_states else "result = cell(x)")
    seen = getattr(cells, kind)(5, 7).observe(torch.zeros((3, 5) if batched else 5))
    shapes = {i.name: i.shape if batched else i.shape[1:] for i in seen.intermediates}
    names = ("hidden", "cell") if kind == "LSTMCell" else ("hidden",)
    assert list(inferred(read(tmp_path, "\n".join(lines)), kind)) == [shapes[name] for name in names]


def test_a_broken_recurrent_rule_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    op = find("torch.nn.LSTM")
    assert op is not None
    rule = op._rule
    assert rule is not None

    def without_directions(cx: Any, layer: Any, *args: Value, **kwargs: Value) -> Value:
        right = rule(cx, layer, *args, **kwargs)
        assert isinstance(right, Tuple)
        output = right.items[0]
        assert isinstance(output, Tensor)
        last = output.shape.axes[-1]
        half = output.with_parts((*output.shape.parts[:-1], replace(last, size=last.size // 2)))
        return replace(right, items=(half, *right.items[1:]))

    rng = random.Random(0)
    o: dict[str, Any] = {"kind": "LSTM", "input": 3, "hidden": 4, "layers": 2, "bidirectional": True, "proj": 0}
    o |= {"batch_first": True, "bias": True, "form": "batched", "states": False, "batch": 2, "steps": rng.randint(2, 4)}
    assert hold(o, tmp_path) == []
    monkeypatch.setattr(op, "_rule", without_directions)
    assert hold(o, tmp_path) == ["output holds 4 features, inside there are 2 times 4"]


# `shapelint lstm --from` -------------------------------------------------------------------------


def test_layers_of_a_class_keep_its_symbols(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(CRASH)
    (layer,) = layers_of("model.py", "Model")
    construction = "nn.LSTM(features, hidden, batch_first=True, bidirectional=True)"
    assert layer.sizes.construction == layer.text == construction
    assert layer.assumed == ()
    with pytest.raises(NotFound, match="no module class `Other`"):
        layers_of("model.py", "Other")


def test_lstm_from_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(CRASH)
    assert main(["lstm", "--from", "model.py:Model", "--hidden", "256", "--output-format", "json"]) == 0
    (table,) = json.loads(capsys.readouterr().out)["layers"]
    assert table["next_linear"]["in_features"] == 512
    assert table["sizes"]["input"] == "features"
    assert table["torch"]["agrees"]
    assert main(["lstm", "--from", "model.py:Model", "--no-torch"]) == 0
    assert "(batch, seq, 2*hidden)" in capsys.readouterr().out
    assert main(["lstm", "--from", "model.py:Other"]) == 2
    assert main(["lstm", "--from", "model.py"]) == 2
    assert main(["lstm", "--from", "model.py:Model", "--hidden", "4", "--proj", "9"]) == 2
    capsys.readouterr()


def test_lstm_from_code_tells_the_sizes_as_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(SILENT.replace("nn.Linear(hidden,", "nn.Linear(features,"))  # asks for hidden
    assert main(["lstm", "--from", "model.py:Model", "--no-torch"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "nn.LSTM(features, hidden, batch_first=True)"


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("out.size(1)", "AttributeError: 'tuple' object has no attribute 'size'"),
        ("out[:, -1]", "TypeError: tuple indices must be integers or slices, not tuple"),
    ],
)
def test_a_tuple_used_as_a_tensor_is_confirmed_with_pythons_message(check: Check, use: str, said: str) -> None:
    text = SILENT.replace("out, _ = self.lstm(x)", "out = self.lstm(x)").replace("out[-1, :, :]", use)
    assert of_rule(check(text), "rnn-output-tuple")["witness"]["said"] == said


# What torch did not see ----------------------------------------------------------------------------

WRONG_STATE = """
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden, 2)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x):
        h0 = torch.zeros(2, x.size(0), self.hidden)
        c0 = torch.zeros(2, x.size(0), self.hidden)
        out, _ = self.lstm(x, (h0, c0))
        return self.head(out[:, -1, :])
"""
DRIVEN = """
from torch.utils.data import DataLoader, TensorDataset

model = Model(8, 16, 3)
loader = DataLoader(TensorDataset(torch.randn(100, 20, 8), torch.randint(0, 3, (100,))), batch_size=10)
for x, y in loader:
    nn.CrossEntropyLoss()(model(x), y).backward()
"""


@pytest.mark.parametrize("driver", ["", DRIVEN], ids=["class", "driven"])
def test_an_earlier_fault_does_not_hide_the_next(check: Check, driver: str) -> None:
    document = check(WRONG_STATE + driver)
    assert document["summary"]["refuted"] == 0
    assert "withheld" not in document["err"]
    state, step = of_rule(document, "rnn-batch-first"), of_rule(document, "rnn-last-step")
    assert (state["witness"]["verdict"], state["witness"]["saw"]) == ("confirmed", "call")
    assert (step["witness"]["verdict"], step["witness"]["saw"]) == ("confirmed", "effect")
    assert "`self.lstm(x, (h0, c0))` with `hx`, which it refuses" in step["witness"]["unseen"]


def test_nothing_is_refuted_behind_a_line_that_torch_refuses(check: Check) -> None:
    text = SILENT.replace("out, _ = self.lstm(x)", "x = torch.cat([x, x[0]])\n        out, _ = self.lstm(x)")
    document = check(text)
    assert document["summary"]["refuted"] == 0


STATE_OF_TEN = """
import torch
from torch import nn

lstm = nn.LSTM(8, 16, batch_first=True)
head = nn.Linear(16, 3)


def step(x):
    h = torch.zeros(1, 10, 16)
    out, _ = lstm(x, (h, h))
    return USE
"""


@pytest.mark.parametrize(
    "use",
    [
        "nn.functional.cross_entropy(head(out[:, -1]), torch.zeros(32).long())",
        "head(out[:, -1]).view(32, 3)",
        "torch.cat([head(out[:, -1]), torch.zeros(32, 5)], 1)",
    ],
)
def test_a_size_that_one_suspect_alone_tells(check: Check, use: str) -> None:
    """The batch is 10 by the state alone: that the line with 32 is at fault, torch does not say."""
    document = check(STATE_OF_TEN.replace("USE", use))
    (one,) = document["diagnostics"]
    assert one["witness"]["verdict"] == "unverified"
    assert (
        "torch takes this call with batch = 32, and then refuses `lstm(x, (h, h))` at line 11" in one["witness"]["said"]
    )


def test_a_size_that_does_not_matter_leaves_the_verdict(check: Check) -> None:
    document = check(STATE_OF_TEN.replace("USE", "nn.Linear(20, 3)(out)"))
    assert of_rule(document, "linear-in-features")["witness"]["verdict"] == "confirmed"


def test_no_report_calls_the_whole_finding_confirmed(
    check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = check(CRASH, "--witness", "out")
    witness = of_rule(document, "linear-in-features")["witness"]
    assert witness["unseen"] == ["that the program gets here", "the shape of `x`"]
    script = next((tmp_path / "out").iterdir()).read_text()
    assert "# Not seen by torch:\n# - that the program gets here\n# - the shape of `x`\n" in script
    main(["check", "--verify", "--no-cache", "model.py"])
    told = capsys.readouterr()
    assert "confirm" not in told.out + told.err
    assert "refuses this call with " in told.out
    assert "(not seen by torch: that the program gets here, the shape of `x`)" in told.out
    assert "that the program makes these it does not see" in told.err


@pytest.mark.parametrize(
    ("message", "about_kinds"),
    [
        ("1D tensors expected, but got 2D and 1D tensors: torch.FloatTensor [3, 4] and torch.FloatTensor [4]", False),
        ("invalid shape for torch.cuda.LongTensor of size 3", False),
        ("The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1", False),
        ("the batch sizes should be the same but got 3 and 4", False),
        ("one of the following scalar types: Long, Int; but got torch.FloatTensor instead", True),
        ("Input type (torch.FloatTensor) and weight type (torch.DoubleTensor) should be the same", True),
        ("expected m1 and m2 to have the same dtype, but got: float != double", True),
        ("\"addmm_impl_cpu_\" not implemented for 'Bool'", True),
        ("mat1 and mat2 must be Float and Float, but got Long", True),
    ],
)
def test_the_type_of_a_tensor_in_a_message_is_no_complaint_about_it(message: str, about_kinds: bool) -> None:
    assert is_about_kinds(Raised("y = f(x)", RuntimeError(message))) is about_kinds
