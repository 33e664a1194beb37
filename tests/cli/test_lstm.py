"""`shapelint lstm`: what it prints, what it exits with, and that it needs no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from shapelint.reference.table import main

BLOCKED = (
    "import sys\n"
    "sys.modules['torch'] = None  # importing it raises ModuleNotFoundError\n"
    "from shapelint.reference.table import main\n"
    "sys.exit(main(sys.argv[1:]))\n"
)


def _text(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main([*argv, "--no-torch"]) == 0
    return capsys.readouterr().out


def _json(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    assert main([*argv, "--no-torch", "--output-format", "json"]) == 0
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    return data


def _cells(text: str, title: str) -> list[list[str]]:
    """The rows under a title, split where at least two blanks stand."""
    lines = text.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith(title)) + 1
    block = lines[start : lines.index("", start)]
    return [[cell.strip() for cell in line.strip().split("  ") if cell.strip()] for line in block]


def test_the_common_question_input_5_hidden_256(capsys: pytest.CaptureFixture[str]) -> None:
    text = _text(capsys, "--input", "5", "--hidden", "256")
    assert text.startswith("nn.LSTM(5, 256)\n")
    shapes = {row[0]: row[2] for row in _cells(text, "Inside layer 0")}
    assert shapes["gate input"] == "(batch, 261)"
    for name in ("input gate", "forget gate", "cell gate", "output gate", "cell state", "hidden state"):
        assert shapes[name] == "(batch, 256)"
    assert _cells(text, "On top of it") == [["nn.Linear(256, 5)", "(seq, batch, 256) -> (seq, batch, 5)"]]
    assert "269,312" in text


def test_a_linear_on_top_of_a_chosen_size(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--input", "10", "--hidden", "256", "--head", "5"]) == 0
    said = capsys.readouterr().out
    assert "nn.Linear(256, 5)  (seq, batch, 256) -> (seq, batch, 5)" in said
    assert "yours to choose. A Linear" in said
    assert main(["--hidden", "256", "--head", "5", "--bidirectional", "--output-format", "json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["next_linear"] == {"in_features": 512, "out_features": 5, "example": "nn.Linear(512, 5)"}
    assert table["torch"]["agrees"]


def test_sizes_not_given_stay_symbols(capsys: pytest.CaptureFixture[str]) -> None:
    data = _json(capsys, "--layers", "2", "--bidirectional", "--batch-first")
    assert data["construction"] == "nn.LSTM(input, hidden, num_layers=2, batch_first=True, bidirectional=True)"
    assert data["tensors"] == {
        "input": ["batch", "seq", "input"],
        "h_0": [4, "batch", "hidden"],
        "c_0": [4, "batch", "hidden"],
        "output": ["batch", "seq", "2*hidden"],
        "h_n": [4, "batch", "hidden"],
        "c_n": [4, "batch", "hidden"],
    }
    gate_inputs = [
        tensor["shape"] for part in data["inside"] for tensor in part["tensors"] if tensor["name"] == "gate_input"
    ]
    assert gate_inputs == [["batch", "input + hidden"], ["batch", "3*hidden"]]
    assert data["next_linear"]["in_features"] == "2*hidden"
    assert data["torch"] == {"used": False, "reason": "--no-torch was given"}


def test_rows_of_h_n_are_layer_major(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ("--layers", "2", "--bidirectional")
    assert [(row["layer"], row["direction"]) for row in _json(capsys, *argv)["rows"]] == [
        (0, "forward"),
        (0, "backward"),
        (1, "forward"),
        (1, "backward"),
    ]
    assert [row[:2] for row in _cells(_text(capsys, *argv), "Rows of h_n")] == [
        ["h_n[0] = h_n[-4]", "layer 0 forward"],
        ["h_n[1] = h_n[-3]", "layer 0 backward"],
        ["h_n[2] = h_n[-2]", "layer 1 forward"],
        ["h_n[3] = h_n[-1]", "layer 1 backward"],
    ]


def test_a_long_list_of_rows_is_shortened_in_text_only(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ("--layers", "40")
    rows = _cells(_text(capsys, *argv), "Rows of h_n")
    assert len(rows) == 13
    assert rows[6] == ["..."]
    assert rows[-1][:2] == ["h_n[39] = h_n[-1]", "layer 39 forward"]
    assert len(_json(capsys, *argv)["rows"]) == 40


def test_a_projection_makes_hidden_and_cell_differ(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ("--input", "5", "--hidden", "256", "--proj", "64")
    data = _json(capsys, *argv)
    assert data["tensors"]["output"] == ["seq", "batch", 64]
    assert data["tensors"]["h_n"] == [1, "batch", 64]
    assert data["tensors"]["c_n"] == [1, "batch", 256]
    assert {p["name"]: p["shape"] for p in data["parameters"]}["weight_hr_l0"] == [64, 256]
    text = _text(capsys, *argv)
    assert "proj_size=64 makes them differ" in text
    assert "(batch, 69)" in text


@pytest.mark.parametrize(("kind", "gates"), [("lstm", 4), ("gru", 3), ("rnn", 1)])
def test_kinds(kind: str, gates: int, capsys: pytest.CaptureFixture[str]) -> None:
    data = _json(capsys, "--kind", kind, "--input", "5", "--hidden", "7", "--batch", "2", "--steps", "3")
    assert data["parameter_count"] == gates * (7 * 5 + 7 * 7 + 7 + 7)
    assert ("c_n" in data["tensors"]) == (kind == "lstm")
    assert data["tensors"]["output"] == [3, 2, 7]
    questions = [item["question"] for item in data["explanations"]]
    assert ("why do cell and hidden state have one size?" in questions) == (kind == "lstm")
    without = _json(capsys, "--kind", kind, "--input", "5", "--hidden", "7", "--no-bias")
    assert without["parameter_count"] == gates * (7 * 5 + 7 * 7)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("ways", [False, True])
def test_the_last_step_is_named_for_the_layout(first: bool, ways: bool, capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(_text(capsys, *["--batch-first"] * first, *["--bidirectional"] * ways).split())
    last, wrong = ("output[:, -1]", "output[-1]") if first else ("output[-1]", "output[:, -1]")
    assert f"{wrong} would be the last sample of the batch" in text
    assert (f"Not with {last} alone" in text) == ways
    assert (f"{last} (batch, hidden), which equals h_n[-1]" in text) != ways


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("--layers", "3", "--bidirectional", "--proj", "4", "--batch-first"),
        ("--kind", "gru", "--layers", "30", "--hidden", "4096", "--steps", "10000", "--input", "300"),
    ],
)
def test_the_text_is_plain_and_fits_a_terminal(argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    text = _text(capsys, *argv)
    assert text.isascii()
    for line in text.splitlines():
        assert line == line.rstrip()
        assert len(line) <= 120


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--hidden", "0"), "a size is a whole number of 1 or more, not '0'"),
        (("--hidden", "wide"), "not 'wide'"),
        (("--layers", "-1"), "a size is a whole number"),
        (("--kind", "gru", "--proj", "3"), "only an LSTM has a projection"),
        (("--hidden", "4", "--proj", "4"), "proj_size has to be smaller than hidden_size, but 4 >= 4"),
        (("--kind", "transformer"), "invalid choice"),
        (("--what",), "unrecognized arguments"),
    ],
)
def test_wrong_usage_exits_2(argv: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(list(argv)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err


def test_help_exits_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "shapelint lstm" in capsys.readouterr().out


def test_without_torch_the_table_is_printed_all_the_same() -> None:
    command = [sys.executable, "-c", BLOCKED, "--input", "5", "--hidden", "256"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "(batch, 261)" in done.stdout
    assert "pip install 'shapelint[torch]'" in done.stdout


def test_with_torch_all_agree(capsys: pytest.CaptureFixture[str]) -> None:
    torch = pytest.importorskip("torch")
    assert main(["--input", "5", "--hidden", "256"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"The table, the reference LSTM and nn.LSTM of torch {torch.__version__} agree" in text
    assert "Chosen for the run: batch 3, steps 4." in text
    argv = [
        "--kind",
        "gru",
        "--layers",
        "2",
        "--bidirectional",
        "--batch-first",
        "--batch",
        "2",
        "--output-format",
        "json",
    ]
    assert main(argv) == 0
    said = json.loads(capsys.readouterr().out)["torch"]
    assert said["used"]
    assert said["agrees"]
    assert said["disagreements"] == []
    assert said["sizes"]["batch"] == 2


def test_sizes_too_large_to_run_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    assert main(["--hidden", "1000000", "--proj", "1000", "--steps", "1000000", "--layers", "3000"]) == 0
    text = capsys.readouterr().out
    assert "Too large to run quickly, so smaller sizes stood in: " in text
    assert "(batch, input + 1000)" in text


def test_a_disagreement_exits_1_and_says_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    from shapelint.reference import layers

    i, f, g, o = layers.LSTM.gate_names
    monkeypatch.setattr(layers.LSTM, "gate_names", (f, i, g, o))
    assert main(["--input", "5", "--hidden", "8"]) == 1
    captured = capsys.readouterr()
    assert "DISAGREES" in captured.out
    assert "output: values of the reference and of torch differ by up to" in captured.out
    assert captured.err.startswith("error: shapelint's table, its reference LSTM and nn.LSTM do not agree (torch ")
    assert main(["--input", "5", "--hidden", "8", "--output-format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["torch"]["agrees"] is False
