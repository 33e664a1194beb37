"""Every output format: what people read, exactly; what programs read, against a schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from shapelint.config import FORMATS
from shapelint.diagnostics import Diagnostic, Edit, Failure, Fix, Location, Related, TraceStep
from shapelint.report import Report, fingerprints, relative, render
from shapelint.report import page as rule_page
from shapelint.report.terminal import frame, text_width

ROOT = Path(__file__).parent.parent
PATH = "src/model.py"


@dataclass(frozen=True)
class Rule:
    name: str
    code: str
    severity: str
    summary: str


RULES: Mapping[str, Rule] = {
    "linear-in-features": Rule("linear-in-features", "SHP201", "error", "a linear layer receives another width"),
    "cat-sizes": Rule("cat-sizes", "SHP110", "error", "sizes off the cat axis differ"),
}

SOURCE = {
    PATH: [
        "import torch",
        "from torch import nn",
        "",
        "",
        "class Model(nn.Module):",
        "    def __init__(self, classes):",
        "        super().__init__()",
        "        self.head = nn.Linear(128, classes)",
        "        self.lstm = nn.LSTM(64, 128, bidirectional=True, batch_first=True)",
        "",
        "    def forward(self, x):",
        "        out, _ = self.lstm(x)",
        "        # the last step",
        "        return self.head(out[:, -1, :])",
    ]
}


def at(line: int, column: int, end_column: int, end_line: int = 0, path: str = PATH) -> Location:
    return Location(path, line, column, end_line or line, end_column)


FINDING = Diagnostic(
    at(14, 16, 25),
    "linear-in-features",
    "SHP201",
    "error",
    "`self.head` expects 128 features but receives 256",
    label="last dimension of `out[:, -1, :]` is 2*128",
    help="use `nn.Linear(2 * 128, classes)`",
    related=(Related(at(8, 21, 44), "built here"),),
    trace=(
        TraceStep(at(11, 23, 24), "x", "(batch, seq, 64)"),
        TraceStep(at(12, 18, 30), "out", "(batch, seq, 256)", "self.lstm(x): bidirectional doubles hidden_size 128"),
        TraceStep(at(14, 26, 39), "out[:, -1]", "(batch, 256)"),
    ),
    fix=Fix("use `nn.Linear(2 * 128, classes)`", "unsafe", (Edit(at(8, 31, 34), "2 * 128"),)),
    subject="self.head",
    scope="Model.forward",
)
WARNING = Diagnostic(
    at(12, 18, 30), "last-sample", "SHP301", "warning", "`out[-1]` takes the last sample", notes=("a note",)
)
SYNTAX = Failure("syntax", at(3, 1, 1, path="src/broken.py"), "invalid syntax at `def`")
USAGE = Failure("usage", Location("nope.py", 0, 0, 0, 0), "no such file or folder")
SETTING = Failure("configuration", at(2, 1, 1, path="shapelint.toml"), "unknown key `x`", "did you mean `y`?")


def lines_of(path: str) -> Sequence[str]:
    return SOURCE.get(path, ())


def report(*diagnostics: Diagnostic, failures: Sequence[Failure] = (), **more: Any) -> Report:
    more.setdefault("lines", lines_of)
    more.setdefault("rules", lambda: RULES)
    more.setdefault("page", lambda rule: f"# {rule}\n")
    return Report(diagnostics, tuple(failures), checked=2, folder="/repo", **more)


EVERYTHING = report(FINDING, WARNING, failures=[SYNTAX, USAGE, SETTING])


# For people --------------------------------------------------------------------------------------


def test_full_is_the_format_of_the_design() -> None:
    assert render(report(replace(FINDING, fix=None)), "full") == (
        """\
error[linear-in-features]: `self.head` expects 128 features but receives 256
  --> src/model.py:14:16
   |
14 |         return self.head(out[:, -1, :])
   |                ^^^^^^^^^ last dimension of `out[:, -1, :]` is 2*128
  ::: src/model.py:8:21
 8 |         self.head = nn.Linear(128, classes)
   |                     ----------------------- built here
note: how it became (batch, 256)
   11  x            (batch, seq, 64)
   12  out          (batch, seq, 256)    self.lstm(x): bidirectional doubles hidden_size 128
   14  out[:, -1]   (batch, 256)
help: use `nn.Linear(2 * 128, classes)`
"""
    )


def test_full_tells_how_a_fix_is_applied() -> None:
    assert render(report(FINDING), "full").splitlines()[-1] == "fix: (`--fix --unsafe-fixes` applies it)"
    safe = replace(FINDING, fix=replace(FINDING.fix, message="double it", applicability="safe"))  # type: ignore[type-var]
    assert render(report(safe), "full").splitlines()[-1] == "fix: double it (`--fix` applies it)"
    shown = replace(FINDING, help="", fix=replace(FINDING.fix, message="think", applicability="display"))  # type: ignore[type-var]
    assert render(report(shown), "full").splitlines()[-1] == "help: think"


def test_full_sets_findings_apart_and_colours_only_on_demand() -> None:
    plain = render(EVERYTHING, "full")
    assert plain.count("\n\n") == 4
    assert "\x1b" not in plain
    coloured = render(replace(EVERYTHING, color=True), "full")
    assert "\x1b[1;31merror[linear-in-features]\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_full_tells_failures() -> None:
    text = render(report(failures=[SETTING, USAGE]), "full")
    assert text == (
        "failure[configuration]: unknown key `x`\n --> shapelint.toml:2:1\nhelp: did you mean `y`?\n\n"
        "failure[usage]: no such file or folder\n --> nope.py\n"
    )


def test_a_region_of_many_lines_is_shown_by_its_ends() -> None:
    source = ["x = torch.cat(", "    [", "        a,", "        b,", "    ]", ")"]
    found = replace(WARNING, location=Location("m.py", 1, 5, 6, 2), label="here", notes=())
    text = render(report(found, lines=lambda path: source), "full")
    assert text.splitlines()[2:] == [
        "  |",
        "1 | x = torch.cat(",
        "  |     ^^^^^^^^^^",
        " ...",
        "6 | )",
        "  | ^ here",
    ]


def test_a_step_in_another_file_is_named_with_it() -> None:
    other = TraceStep(at(3, 1, 2, path="lib/x.py"), "y", "(1, 2)")
    found = replace(FINDING, trace=(other, *FINDING.trace[1:]))
    text = render(report(found), "full")
    assert "   lib/x.py:3  y            (1, 2)\n" in text
    assert "           12  out          (batch, seq, 256)    self" in text


def underlined(line: str, column: int, end_column: int, width: int = 140) -> tuple[str, str]:
    """The printed source line, and what the carets stand under, measured in columns."""
    found = replace(WARNING, location=Location("m.py", 1, column, 1, end_column), notes=())
    rows = render(report(found, lines=lambda path: [line], width=width), "full").splitlines()
    source, marks = rows[3][4:], rows[4][4:]
    begin, end = marks.index("^"), marks.rindex("^") + 1
    covered, place = "", 0
    for char in source:
        if begin <= place < end:
            covered += char
        place += text_width(char)
    return source, covered


@pytest.mark.parametrize(
    ("line", "region"),
    [
        ("    y = f(x)", "f(x)"),
        ("\ty = f(x)", "f(x)"),
        ("y =\tf(x)\t# end", "f(x)"),
        ('名前 = "日本語"; y = f(x)', "f(x)"),
        ("y = f(日本語) + 1", "f(日本語)"),
        ("cafe\u0301 = f(x)", "f(x)"),
        ("s = 'a\u200db'; f(x)", "f(x)"),
        ("é = 1; f(x)", "f(x)"),
    ],
)
def test_carets_stand_under_the_region(line: str, region: str) -> None:
    start = line.index(region) + 1
    assert underlined(line, start, start + len(region))[1] == region


def test_long_lines_are_cut_around_the_region() -> None:
    line = "y = [" + ", ".join(f"item_{number}" for number in range(200)) + "]"
    for region in ("y", "item_100", "item_199]"):
        start = line.index(region) + 1
        source, covered = underlined(line, start, start + len(region), width=80)
        assert covered == region
        assert text_width(source) <= 80
        assert source.endswith("...") == (region != "item_199]")
        assert source.startswith("...") == (region != "y")


def test_a_region_longer_than_the_width_keeps_its_beginning() -> None:
    line = "    " + "f(" * 100
    source, covered = underlined(line, 5, len(line) + 1, width=60)
    assert text_width(source) <= 60
    assert covered.startswith("f(f(")


def test_frames_of_places_that_are_not_there() -> None:
    assert frame("abc", 10, 12, 80) == ("abc", 3, 1)
    gone = replace(FINDING, location=at(99, 1, 2), fix=None, trace=())
    assert "99 |" not in render(report(gone), "full")


def test_source_cannot_drive_the_terminal() -> None:
    hostile = replace(WARNING, location=at(1, 1, 3, path="m.py"), message="`\x1b[2J` x", label="\x07\x1b]0;title")
    text = render(report(hostile, lines=lambda path: ["x\x1b[2J = '\x9b\x08'"]), "full")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)


def test_concise() -> None:
    assert render(EVERYTHING, "concise") == (
        "src/broken.py:3:1: failure[syntax] invalid syntax at `def`\n"
        "nope.py: failure[usage] no such file or folder\n"
        "shapelint.toml:2:1: failure[configuration] unknown key `x` (did you mean `y`?)\n"
        "src/model.py:14:16: error[linear-in-features] `self.head` expects 128 features but receives 256\n"
        "src/model.py:12:18: warning[last-sample] `out[-1]` takes the last sample\n"
    )


# For programs ------------------------------------------------------------------------------------


def validated(text: str, schema: Path) -> Any:
    rules = json.loads(schema.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(rules)
    document = json.loads(text)
    jsonschema.Draft202012Validator(rules).validate(document)
    return document


def test_json() -> None:
    document = validated(render(EVERYTHING, "json"), ROOT / "docs/diagnostics.schema.json")
    assert list(document) == ["version", "diagnostics", "failures", "summary"]
    assert document["version"] == 1
    first = document["diagnostics"][0]
    fixed = ["path", "line", "column", "end_line", "end_column", "rule", "code", "severity", "message", "help"]
    assert list(first)[:13] == [*fixed, "related", "trace", "fix"]
    assert [first[key] for key in fixed[:8]] == [PATH, 14, 16, 14, 25, "linear-in-features", "SHP201", "error"]
    assert first["help"] == "use `nn.Linear(2 * 128, classes)`"
    assert first["related"] == [
        {"path": PATH, "line": 8, "column": 21, "end_line": 8, "end_column": 44, "message": "built here"}
    ]
    assert first["trace"][1]["shape"] == "(batch, seq, 256)"
    assert first["fix"]["edits"][0]["replacement"] == "2 * 128"
    assert document["diagnostics"][1]["fix"] is None
    assert [one["kind"] for one in document["failures"]] == ["syntax", "usage", "configuration"]
    assert document["failures"][1]["line"] is None
    summary = document["summary"]
    assert (summary["errors"], summary["warnings"], summary["failures"], summary["files"]) == (1, 1, 3, 2)


def test_json_lines_are_the_same_objects() -> None:
    objects = [json.loads(line) for line in render(EVERYTHING, "json-lines").splitlines()]
    assert [one.pop("type") for one in objects] == ["diagnostic"] * 2 + ["failure"] * 3 + ["summary"]
    whole = json.loads(render(EVERYTHING, "json"))
    assert objects[:2] == whole["diagnostics"]
    assert objects[2:5] == whole["failures"]
    assert objects[5] == {"version": 1, **whole["summary"]}


def test_sarif() -> None:
    longer = replace(WARNING, location=Location(PATH, 12, 9, 14, 5))
    document = validated(
        render(report(FINDING, longer, failures=[SYNTAX, USAGE, SETTING]), "sarif"),
        ROOT / "tests/schemas/sarif.schema.json",
    )
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    (page,) = [rule["help"]["markdown"] for rule in rules if rule["id"] == "linear-in-features"]
    assert page == "# linear-in-features\n"
    first, second = run["results"]
    assert (first["level"], second["level"]) == ("error", "warning")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": PATH, "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 14, "startColumn": 16, "endLine": 14, "endColumn": 25}
    steps = first["codeFlows"][0]["threadFlows"][0]["locations"]
    assert steps[1]["location"]["message"]["text"].startswith("out: (batch, seq, 256)")
    assert first["relatedLocations"][0]["message"]["text"] == "built here"
    assert first["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"] == "2 * 128"
    region = second["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["endLine"], region["endColumn"]) == (12, 12, 30), (
        "the primary region is one line"
    )
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert len(invocation["toolExecutionNotifications"]) == 1
    assert len(invocation["toolConfigurationNotifications"]) == 2
    assert json.loads(render(report(FINDING), "sarif"))["runs"][0]["invocations"] == [{"executionSuccessful": True}]


def test_sarif_uris_are_relative_and_escaped() -> None:
    paths = {"/repo/a b/ü.py": "a%20b/%C3%BC.py", "/else/x.py": "file:///else/x.py", "C:/x y.py": "file:///C:/x%20y.py"}
    for path, uri in paths.items():
        text = render(report(replace(WARNING, location=at(1, 1, 2, path=path))), "sarif")
        place = json.loads(text)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == uri


def test_a_line_hash_survives_being_moved_and_tells_doubles_apart() -> None:
    def hashes(*diagnostics: Diagnostic, source: Sequence[str]) -> list[str]:
        text = render(report(*diagnostics, lines=lambda path: source), "sarif")
        results = json.loads(text)["runs"][0]["results"]
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]

    source = ["a", "b = f(x)", "c", "a", "b = f(x)", "c"]
    before = hashes(replace(WARNING, location=at(2, 5, 9)), source=source)
    assert hashes(replace(WARNING, location=at(4, 9, 13)), source=["", "", "  a", "    b = f(x)", "c"]) == before
    twice = hashes(replace(WARNING, location=at(2, 5, 9)), replace(WARNING, location=at(5, 5, 9)), source=source)
    assert twice[0] == before[0]
    assert twice[1] != twice[0]
    assert hashes(replace(WARNING, location=at(2, 5, 9)), source=["a", "b = g(x)", "c"]) != before


def test_github() -> None:
    first, second, third, *found = render(EVERYTHING, "github").splitlines()
    assert first == "::error title=shapelint (syntax),file=src/broken.py,line=3,col=1::invalid syntax at `def`"
    assert second == "::error title=shapelint (usage),file=nope.py::no such file or folder"
    assert third.endswith("::unknown key `x`%0Ahelp: did you mean `y`?")
    place = "file=src/model.py,line=14,col=16,endLine=14,endColumn=25"
    assert found[0].startswith(f"::error title=shapelint (linear-in-features),{place}::src/model.py:14:16: error[")
    assert found[1].startswith("::warning ")
    odd = replace(WARNING, location=Location("a,b:c.py", 1, 1, 2, 2), message="50% of\nthem", severity="info")
    assert render(report(odd), "github") == (
        "::notice title=shapelint (last-sample),file=a%2Cb%3Ac.py,line=1,endLine=2::"
        "a,b:c.py:1:1: info[last-sample] 50%25 of%0Athem%0Aa note\n"
    )


def test_azure() -> None:
    assert render(report(FINDING, failures=[USAGE]), "azure") == (
        "##vso[task.logissue type=error;sourcepath=nope.py;]no such file or folder [usage]\n"
        "##vso[task.logissue type=error;sourcepath=src/model.py;linenumber=14;columnnumber=16;code=SHP201;]"
        "`self.head` expects 128 features but receives 256 [linear-in-features]\n"
    )
    odd = replace(WARNING, location=at(1, 1, 2, path="a;b].py"), message="50%\n")
    assert "sourcepath=a%3Bb%5D.py;" in render(report(odd), "azure")
    assert "50%AZP25%0A" in render(report(odd), "azure")


def test_gitlab() -> None:
    document = validated(render(EVERYTHING, "gitlab"), ROOT / "tests/schemas/gitlab.schema.json")
    assert [one["severity"] for one in document] == ["blocker"] * 3 + ["major", "minor"]
    assert document[3]["location"]["positions"]["begin"] == {"line": 14, "column": 16}
    assert len({one["fingerprint"] for one in document}) == 5


def test_rdjson_counts_bytes() -> None:
    document = validated(render(EVERYTHING, "rdjson"), ROOT / "tests/schemas/rdjson.schema.json")
    assert document["severity"] == "ERROR"
    assert document["diagnostics"][3]["suggestions"][0]["text"] == "2 * 128"
    wide = report(replace(WARNING, location=at(1, 4, 6)), lines=lambda path: ["日é = x"])
    found = json.loads(render(wide, "rdjson"))["diagnostics"][0]["location"]["range"]
    assert (found["start"]["column"], found["end"]["column"]) == (7, 9)


def test_junit() -> None:
    root = ElementTree.fromstring(render(EVERYTHING, "junit"))
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["src/broken.py", "nope.py", "shapelint.toml", PATH]
    for element in [root, *suites]:
        cases = element.findall(".//testcase")
        failed = element.findall(".//failure")
        broken = element.findall(".//error")
        counts = tuple(int(element.get(key, "")) for key in ("tests", "failures", "errors"))
        assert counts == (len(cases), len(failed), len(broken))
    failure = suites[-1].find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == FINDING.message
    assert len(ElementTree.fromstring(render(report(), "junit")).findall(".//testcase")) == 1


@pytest.mark.parametrize("name", FORMATS)
def test_odd_text_breaks_no_format(name: str) -> None:
    odd = "\x00\x1b]]>&<\"' \ud800 \U0001f600 \u2028"
    finding = replace(
        FINDING, location=at(1, 1, 2, path="a\udcff b.py"), message=odd, help=odd, subject=odd, label=odd, notes=(odd,)
    )
    text = render(report(finding, failures=[replace(USAGE, message=odd)], lines=lambda path: [odd]), name)
    if name in ("json", "sarif", "gitlab", "rdjson"):
        json.loads(text)
    elif name == "junit":
        ElementTree.fromstring(text)
    elif name == "json-lines":
        assert [json.loads(line)["type"] for line in text.split("\n")[:-1]] == ["diagnostic", "failure", "summary"]
    elif name in ("github", "azure"):
        assert len(text.split("\n")[:-1]) == 2


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_found_is_told_too(name: str) -> None:
    text = render(report(), name)
    assert (text == "") == (name in ("full", "concise", "github", "azure"))
    assert render(report(), name) == text


def test_fingerprints_do_not_speak_of_lines() -> None:
    moved = replace(FINDING, location=at(40, 2, 9))
    assert fingerprints([FINDING], "/repo") == fingerprints([moved], "/repo")
    first, second = fingerprints([FINDING, moved], "/repo")
    assert first != second
    elsewhere = replace(FINDING, location=at(14, 16, 25, path="/repo/src/model.py"))
    assert fingerprints([elsewhere], "/repo") == [first]


def test_relative() -> None:
    assert relative("a/b.py", "/repo") == "a/b.py"
    assert relative("/repo/a.py", "/repo") == "a.py"
    assert relative("/repository/a.py", "/repo") == "/repository/a.py"
    assert relative("../x.py", "/repo") == "../x.py"


# Pages -------------------------------------------------------------------------------------------


def test_a_page_is_plain() -> None:
    text = rule_page.render(
        "# cat-sizes\n\nSizes **must** agree; see [torch](https://pytorch.org/x) and [here](other.md).\n\n"
        "```python\nx = a ** b\n# not a heading\n```\n"
    )
    assert text == (
        "cat-sizes\n\nSizes must agree; see torch (https://pytorch.org/x) and here.\n\n"
        "    x = a ** b\n    # not a heading\n"
    )
    assert rule_page.render("# x\n", color=True) == "\x1b[1mx\x1b[0m\n"
