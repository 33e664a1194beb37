"""Notebooks on the command line: lines by cell, and what one cell costs."""

from __future__ import annotations

import json

import pytest

from shapelint.config import FORMATS

from .conftest import Shell

CELLS = [  # behind a cell that cannot be read nothing is known of what stood before it
    "y = (",
    "# a title\nimport torch\nfrom torch import nn\n\nx = torch.ones(2, 5)\nlayer = nn.Linear(3, 4)",
    "  y = 1\n  z = layer(x)",
]


@pytest.fixture
def folder(shell: Shell) -> Shell:
    cells = [{"cell_type": "code", "source": text} for text in CELLS]
    shell.file("a.ipynb", json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    return shell


def test_a_cell_that_cannot_be_read_costs_that_cell(folder: Shell) -> None:
    for _ in range(2):  # from the cache too
        done = folder("check", "--output-format", "concise", ".", stand_ins=False)
        assert done.code == 2
        failure, finding = done.lines
        assert failure.startswith("a.ipynb:cell 1:")
        assert "failure[syntax]" in failure
        assert finding.startswith("a.ipynb:cell 3:2:5: error[linear-in-features]")


def test_lines_are_those_of_the_cell(folder: Shell) -> None:
    done = folder("check", ".", stand_ins=False)
    assert "--> a.ipynb:cell 3:2:5" in done.out
    assert "\n2 | z = layer(x)\n" in done.out
    assert "cell 2:5" in done.out, "the trace names the cell of an earlier step"
    assert "::: a.ipynb:cell 2:6:9" in done.out


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("full", "concise")])
def test_every_format_tells_the_cell(folder: Shell, name: str) -> None:
    done = folder("check", "--output-format", name, ".", stand_ins=False)
    told = {
        "json": '"number": 3',
        "json-lines": '"number": 3',
        "github": "a.ipynb:cell 3:2:5",
        "junit": "a.ipynb:cell 3:2:5",
    }
    assert told.get(name, "(cell 3, line 2)") in done.out
