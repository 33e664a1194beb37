"""Generated programs: they are what they say, and shapelint agrees with torch about them."""

from __future__ import annotations

from programs.constructs import CONSTRUCTS
from programs.judging import disagreements
from programs.minimising import smaller_programs
from programs.running import run
from programs.sketch import FAMILIES
from programs.whole import program, written

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
