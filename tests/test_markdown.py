"""Every Markdown page is true of shapelint and of torch (`markdown.py`, `torch_truth.py`), and so are these two."""

from __future__ import annotations

import importlib.util

import pytest

from tests.markdown import (
    DEBTS,
    ROOT,
    PageError,
    Program,
    Verdict,
    pages,
    programs,
    read_programs,
    render_debts,
    verify,
)

HAS_TORCH = importlib.util.find_spec("torch") is not None


def _parameters() -> list[object]:
    found: list[object] = []
    for page in pages():
        name = page.relative_to(ROOT).as_posix()
        try:
            found += [pytest.param(one, id=f"{name}:{one.line}") for one in programs(page)]
        except PageError as error:
            found.append(pytest.param(error, id=name))
    return found


@pytest.mark.parametrize("program", _parameters())
def test_page(program: Program | PageError) -> None:
    """Both halves in one test: what torch must raise depends on where the reports stand."""
    if isinstance(program, PageError):
        pytest.fail(str(program), pytrace=False)
    faults = faults_of(program)
    if faults:
        pytest.fail("\n".join([f"{program.heading}:", *faults]), pytrace=False)


def faults_of(program: Program) -> list[str]:
    """What is wrong with a program, by shapelint and by torch."""
    verdict: Verdict = verify(program)
    if not HAS_TORCH:
        return verdict.faults
    from tests.torch_truth import faults_at_run_time

    return [*verdict.faults, *faults_at_run_time(program, verdict.places)]


def test_debts_are_current() -> None:
    assert DEBTS.read_text(encoding="utf-8") == render_debts(), "run `python -m tests.markdown --write`"


# The tests of the tests ---------------------------------------------------------------------------

_HEAD = "import torch\nfrom torch import nn\nx = torch.randn(4, 10)\n"
_ERROR = '# error: [linear-in-features] "expects 8 features but receives 10"'


def _page(*blocks: str) -> list[str]:
    text = "# Title\n" + "".join(f"\n```python\n{block}\n```\n" for block in blocks)
    return [fault for program in read_programs("page.md", text) for fault in faults_of(program)]


@pytest.mark.parametrize(
    "code",
    [
        f"{_HEAD}y = nn.Linear(10, 3)(x)  # revealed: (4, 3)",
        f"{_HEAD}# revealed: (4, 3)\ny = nn.Linear(10, 3)(x)",
        f"{_HEAD}y = nn.Linear(8, 3)(x)  {_ERROR}",
        f"{_HEAD}{_ERROR}\ny = nn.Linear(8, 3)(\n    x\n)",
        f"{_HEAD}y = nn.Linear(8, 3)(x)  {_ERROR}\nprint(y)",
    ],
)
def test_a_true_expectation_passes(code: str) -> None:
    assert _page(code) == []


_NEEDS_TORCH = pytest.mark.skipif(not HAS_TORCH, reason="needs torch")


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (f"{_HEAD}y = nn.Linear(8, 3)(x)", "page.md:7: not expected: error: [linear-in-features]"),
        (f"{_HEAD}y = nn.Linear(10, 3)(x)  {_ERROR}", "came: nothing on this line"),
        (f"{_HEAD}y = nn.Linear(8, 3)(x)  # warning: [linear-in-features]", "expected: warning: [linear-in-features]"),
        (f'{_HEAD}y = nn.Linear(8, 3)(x)  # error: [linear-in-features] "9"', 'error: [linear-in-features] "9"'),
        (f"{_HEAD}y = nn.Linear(8, 3)(x)  # error: [matmul-shape]", "came: error: [linear-in-features]"),
        (f"{_HEAD}y = nn.Linear(10, 3)(x)  # revealed: (4, 5)", "came: (4, 3) in <module>"),
        (f"{_HEAD}y = nn.Linear(8, 3)(x)  # missed: [linear-in-features]", "mended"),
        (f"{_HEAD}y = nn.Linear(10, 3)(x)  # missed: (4, 3)", "mended"),
        (f"{_HEAD}y = nn.Linear(10, 3)(x)  # false-positive: [linear-in-features]", "mended"),
        (f"{_HEAD}pass  # revealed: (4, 3)", "no value stands on this line"),
        ("import torch\nx = (", "not Python"),
        ("# driver\nimport torch", "no block to continue"),
        ("import torch  # error: linear", "expected `# error: [rule]"),
        ("import torch  # revealed: 4, 3", "a shape is written in parentheses"),
        pytest.param(f"{_HEAD}y = x[0] + undefined", "raised under torch: NameError", marks=_NEEDS_TORCH),
        pytest.param(f"{_HEAD}y = x  # revealed: (4, 9)", "under torch it was (4, 10)", marks=_NEEDS_TORCH),
        pytest.param(f"{_HEAD}y = x  # revealed: (a, a)", "under torch it was (4, 10)", marks=_NEEDS_TORCH),
        pytest.param(f"{_HEAD}y = x + 1  {_ERROR}", "did not raise under torch", marks=_NEEDS_TORCH),
        pytest.param(f"{_HEAD}if x is None:\n    y = x  # revealed: (4, 10)", "was not reached", marks=_NEEDS_TORCH),
    ],
)
def test_a_false_expectation_fails(code: str, fault: str) -> None:
    try:
        faults = _page(code)
    except PageError as error:
        faults = [str(error)]
    assert fault in "\n".join(faults)


_MODEL = """\
import torch
from torch import nn
class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.first = nn.Linear(features, hidden)
    def forward(self, x):
        h = self.first(x)
        return h.unsqueeze(0)  # revealed: (1, ..., {last})"""


def test_a_class_is_read_alone_and_run_by_its_driver() -> None:
    assert _page(_MODEL.format(last="hidden"), "# driver\nModel(3, 5)(torch.randn(4, 3))") == []
    assert "was not reached" in "\n".join(_page(_MODEL.format(last="hidden")))
    assert "came: (1, ..., hidden)" in "\n".join(_page(_MODEL.format(last="5"), "# driver\nModel"))


def test_files_of_one_heading_are_one_program() -> None:
    one = "# file: sizes.py\nWIDTH = 10"
    two = f"# file: main.py\nfrom sizes import WIDTH\n{_HEAD}y = nn.Linear(WIDTH, 3)(x)  # revealed: (4, 3)"
    assert _page(one, two) == []
    assert "came: error: [linear-in-features]" in "\n".join(
        _page(one.replace("10", "9"), two.replace("# revealed: (4, 3)", "# error: [matmul-shape]"))
    )


def test_toml_configures_the_programs_of_a_heading() -> None:
    text = (
        f'# Off\n```toml\n[rules]\nlinear-in-features = "warning"\n```\n```python\n{_HEAD}y = nn.Linear(8, 3)(x)\n```\n'
    )
    (program,) = read_programs("page.md", text)
    assert "not expected: warning" in "\n".join(verify(program).faults)


@_NEEDS_TORCH
def test_names_are_bound_consistently() -> None:
    from tests.torch_truth import _solved

    assert _solved([("batch", 4), ("2*hidden", 10), ("batch*hidden", 20)], {})
    assert not _solved([("batch", 4), ("2*hidden", 10), ("batch*hidden", 24)], {})
    assert _solved([("(seq - 3)//2 + 1", 5), ("seq", 12)], {})
    assert not _solved([("2*hidden", 7)], {})
