"""Every rule keeps the house's manners: its page, its code, its words."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache

import pytest

from shapelint.ops.index import op_files, ops_in
from shapelint.rules.contract import Rule
from shapelint.rules.registry import MACHINERY, load, names, page
from tests.markdown import ROOT, Expectation, programs

RULES = [pytest.param(rule, id=name) for name, rule in load().items()]
THEMES = {
    "1": "recurrent layers",
    "2": "layers and products",
    "3": "reshaping, indexing, joining",
    "4": "convolution, pooling, padding",
    "5": "losses and gradients",
    "6": "silent faults",
    "7": "claims",
    "9": "housekeeping",
}


def _page(name: str) -> str:
    """The text of a rule's page."""
    path = page(name)
    if not path.exists():
        pytest.fail(f"{path.relative_to(ROOT)} is missing", pytrace=False)
    return path.read_text(encoding="utf-8")


@cache
def _expectations(name: str, heading: str) -> tuple[Expectation, ...]:
    found: list[Expectation] = []
    for program in programs(page(name)):
        if program.heading == heading:
            found += [one for file in program.driven.files for one in file.expectations]
    return tuple(found)


def _headings(name: str) -> list[str]:
    return re.findall(r"^## (.*)$", _page(name), re.MULTILINE)


def test_every_file_is_a_rule_or_machinery() -> None:
    folder = ROOT / "shapelint" / "rules"
    assert {p.stem for p in folder.glob("*.py")} - {n.replace("-", "_") for n in names()} == MACHINERY
    assert {p.stem for p in folder.glob("*.md")} == {n.replace("-", "_") for n in names()}


def test_codes_are_unique() -> None:
    codes = [rule.code for rule in load().values()]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("rule", RULES)
def test_code_and_summary(rule: Rule) -> None:
    assert re.fullmatch(r"SHP\d{3}", rule.code)
    assert rule.code[3] in THEMES
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert len(rule.summary) <= 120
    assert not rule.summary.endswith(".")
    assert rule.summary[0].islower() or rule.summary[0] == "`"


@pytest.mark.parametrize("rule", RULES)
def test_page(rule: Rule) -> None:
    text = _page(rule.name)
    assert text.startswith(f"# {rule.name}\n")
    article = "an" if rule.severity[0] in "aei" else "a"
    assert f"Code `{rule.code}`, reported as {article} {rule.severity}." in text
    headings = _headings(rule.name)
    assert {"Wrong", "Right"} <= set(headings)
    wrong = [one for one in _expectations(rule.name, "Wrong") if one.rule == rule.name]
    assert wrong, "the wrong example is reported"
    assert not [one for one in _expectations(rule.name, "Right") if one.kind in ("error", "warning")]
    right = [program for program in programs(page(rule.name)) if program.heading == "Right"]
    assert right, "there is a right example"


@pytest.mark.parametrize("rule", RULES)
def test_examples_are_run(rule: Rule) -> None:
    _page(rule.name)
    skipped = [program.name for program in programs(page(rule.name)) if program.skip]
    library = {"einops-pattern": "einops", "shape-annotation": "jaxtyping"}.get(rule.name, "torch")
    assert not [program for program in skipped if importlib.util.find_spec(library)]


@pytest.mark.parametrize("file", op_files())
def test_every_demand_has_its_rule(file: str) -> None:
    missing = {c.rule for op in ops_in(file).values() for c in op.constraints.values()} - set(names())
    assert not missing


def test_a_rule_that_ops_name_is_an_error() -> None:
    named = {c.rule for file in op_files() for op in ops_in(file).values() for c in op.constraints.values()}
    assert {load()[name].severity for name in named} == {"error"}


# Words --------------------------------------------------------------------------------------------


def _said() -> Iterator[tuple[str, str]]:
    """Every text that is written for a headline or a label: of ops (`say`), and of rules (`Report`)."""
    for path in [*(ROOT / "shapelint" / "ops").glob("*.py"), *(ROOT / "shapelint" / "rules").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id not in ("say", "Report"):
                continue
            written = [*node.args[:1], *(k.value for k in node.keywords if k.arg in ("headline", "label", "help"))]
            for one in written:
                text = _text(one)
                if text:
                    yield f"{path.relative_to(ROOT)}:{one.lineno}", text


def _text(node: ast.expr) -> str:
    """A string as written, every inserted value as `0`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"\{[^}]*\}", "0", node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "0" for v in node.values)
    return ""


# names of torch, and shapes as users write them, keep their capitals
_PROPER = re.compile(r"(LSTM|GRU|RNN|CTC|FFT|[A-Z]\b)")


def faults_of_style(text: str) -> list[str]:
    """What is wrong with the words of a message."""
    faults = []
    if text[0].isupper() and not _PROPER.match(text):
        faults.append("starts with a capital")
    if text.endswith("."):
        faults.append("ends with a period")
    if len(text) > 160:
        faults.append("is longer than a line")
    if "\n" in text:
        faults.append("has several lines")
    return faults


def test_words() -> None:
    said = list(_said())
    assert len(said) > 300
    assert not [(place, text, faults) for place, text in said if (faults := faults_of_style(text))]


def test_bad_words_are_found() -> None:
    assert faults_of_style("Expected 5 features") == ["starts with a capital"]
    assert faults_of_style("expected 5 features.") == ["ends with a period"]
    assert faults_of_style("an LSTM returns (output, (h_n, c_n))") == []


@pytest.mark.parametrize("rule", RULES)
def test_a_page_links_to_the_documentation_of_its_library(rule: Rule) -> None:
    for url in re.findall(r"\]\((http[^)]*)\)", _page(rule.name)):
        assert url.startswith(
            ("https://docs.pytorch.org/docs/stable/", "https://einops.rocks/", "https://docs.kidger.site/jaxtyping/")
        )
