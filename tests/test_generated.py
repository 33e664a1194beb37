"""Generated programs: they are what they say, and shapelint agrees with torch about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from programs.constructs import CONSTRUCTS
from programs.judging import Disagreement, disagreements
from programs.minimising import smaller_programs
from programs.rewriting import REWRITES, lines, marked, rewritten, unmarked
from programs.running import run
from programs.sketch import FAMILIES
from programs.whole import program, written
from rewrites import changes

ROOT = Path(__file__).parent.parent

PLAIN = """\
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, width={width}):
        super().__init__()
        self.fc = nn.Linear(width, 4)

    def forward(self, x):
        x = torch.relu(x)
        return self.fc(x)


print(Model()(torch.zeros(2, 3)).shape)
"""

REWRITABLE = """\
import torch
from torch import nn


def scaled(x, by):
    y = x * by
    return y


class Gate(nn.Module):
    def __init__(self, wide=3):
        super().__init__()
        self.inner_part = nn.Linear(in_features=wide, out_features=4)

    def forward(self, x):
        last_one = torch.relu(self.inner_part(x))
        return last_one.sum(-1)


model = Gate(3)
print(scaled(model(torch.zeros(2, 3)), 2).shape)
"""


def test_a_seed_gives_one_program() -> None:
    assert program(6) == program(6)
    assert len({program(seed).text for seed in range(40)}) == 40


def test_a_fault_changes_one_place() -> None:
    for seed in range(1, 60, 2):
        faulty, clean = program(seed), written(seed)
        assert bool(faulty.seeded) == bool(clean.points)
        assert not clean.seeded


def test_every_family_has_constructs_and_every_construct_comes_up() -> None:
    assert set(FAMILIES) <= {c.family for c in CONSTRUCTS.values()}
    seen = {name for seed in range(0, 6000, 2) for name in written(seed).constructs}
    assert set(CONSTRUCTS) <= seen


def test_torch_tells_shapes_lines_and_who_raised() -> None:
    ran = run(PLAIN.format(width=3), {})
    assert (ran.raised, ran.shapes[(11, 13, 11, 26)]) == ("", [[2, 3]])
    assert {9, 12, 15} <= ran.lines | {9}
    raised = run(PLAIN.format(width=5), {})
    assert (raised.over_sizes, raised.line, raised.op) == (True, 12, "Linear")


def test_what_torch_runs_and_refuses_is_held_against_the_reports() -> None:
    _, _, found = disagreements(PLAIN.format(width=3), {}, 15)
    assert not found
    _, reports, found = disagreements(PLAIN.format(width=5), {}, 15)
    assert [r.rule for r in reports] == ["linear-in-features"]
    assert not found


def test_smaller_programs_leave_out_one_thing() -> None:
    texts = list(smaller_programs(PLAIN.format(width=3)))
    assert any("relu" not in text and "self.fc(x)" in text for text in texts)
    assert all("import torch" in text or "from torch" in text for text in texts)


def test_marks_tell_the_statement_of_every_line() -> None:
    text = PLAIN.format(width=3)
    assert unmarked(marked(text)) == text
    ((_, same, statements),) = lines({"main.py": marked(text)})
    assert same == text
    assert statements[8] != statements[9]


def test_every_rewrite_finds_something_and_keeps_what_torch_makes() -> None:
    done = set()
    for text in (REWRITABLE, PLAIN.format(width=3)):
        for name in REWRITES:
            files = rewritten(text, name)
            if files is not None:
                done.add(name)
                rest = {file: unmarked(code) for file, code in files.items()}
                assert not run(rest.pop("main.py"), rest).raised, name
    assert done == set(REWRITES)


def found_in(seeds: range, *, show: bool) -> Iterator[tuple[int, str, Disagreement]]:
    for seed in seeds:
        one = program(seed)
        _, _, found = disagreements(one.text, one.files, one.driver, show=show)
        for disagreement in found:
            yield seed, one.name_at(disagreement.line), disagreement


def test_no_error_where_torch_runs() -> None:
    found = list(found_in(range(7_000_000, 7_000_260), show=False))
    assert [f for f in found if f[2].kind in ("false error", "failure")] == []


def test_no_wrong_shape() -> None:
    found = list(found_in(range(8_000_000, 8_000_080, 2), show=True))
    assert [f for f in found if f[2].kind == "wrong shape" and not f[2].alone] == []


def test_rewrites_keep_the_verdict() -> None:
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "fixtures" / "bad").glob("*.py"))[:4]]
    for text in texts:
        for name, before, after, _ in changes(text):
            assert before == after, name
