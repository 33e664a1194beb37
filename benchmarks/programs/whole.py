"""Whole programs: constructs one after the other in a class or a script, and a driver in one of the styles that people have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from programs import drivers
from programs.constructs import CONSTRUCTS
from programs.sketch import FAMILIES, MARK, DoesNotFit, Scope, Sketch, Tensor, class_text


@dataclass(frozen=True, slots=True)
class Program:
    """A program: its text, data files beside it, the line where its driver begins (0: without it, it is another program), and how
    it was made. `construct_of` tells the number of the construct that wrote a line.
    `seeded` is the fault, `points` how many there could be. The text alone does not tell
    what happens from the construct `untold_from` on."""

    seed: int
    text: str
    files: dict[str, str]
    driver: int
    constructs: tuple[str, ...]
    construct_of: dict[int, int]
    points: int
    seeded: str
    untold_from: int | None

    @property
    def families(self) -> frozenset[str]:
        """The families of its constructs."""
        return frozenset(CONSTRUCTS[name].family for name in self.constructs if name in CONSTRUCTS)

    def name_at(self, line: int) -> str:
        """The construct that wrote a line."""
        number = self.construct_of.get(line, -1)
        return self.constructs[number] if number >= 0 else "driver"


def program(seed: int) -> Program:
    """The program of a seed; every second one has a fault."""
    whole = written(seed)
    if seed % 2 == 0 or not whole.points:
        return whole
    return written(seed, Random(seed).randrange(whole.points))


def written(seed: int, fault: int | None = None) -> Program:
    """The program of a seed, with the fault of that number or none."""
    sketch = Sketch(seed, fault)
    rng = sketch.rng
    family = FAMILIES[(seed // 2) % len(FAMILIES)]
    theme = [c for c in CONSTRUCTS.values() if c.family == family]
    theme = rng.sample(theme, len(theme))
    in_class = rng.random() < 0.7
    scope = Scope(sketch, in_class)
    shape = _first_shape(rng, theme[0].ranks)
    name = sketch.name("Model Net Encoder Tagger Reader Head Critic Regressor") if in_class else ""
    x = Tensor(sketch.rng.choice(("x", "x", "inputs", "batch")), shape)
    opening: list[str] = []
    if not in_class:
        scope.body += sketch.marked(drivers.tensor(sketch, x.text, shape))
    first = x
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        x = _continued(scope, x)
    x = _with_theme(scope, x, theme)
    for _ in range(rng.choice((0, 1, 1, 2))):
        x = _continued(scope, x)
    if in_class:
        sketch.define("\n".join(class_text(scope, name, first.text, x.text)))
        opening = drivers.driver(sketch, name, scope, shape, x.shape)
    else:
        opening = [*scope.body, *sketch.marked(drivers.use(sketch, x))]
    return _assembled(sketch, opening, seed, in_class)


def _first_shape(rng: Random, ranks: Sequence[int]) -> tuple[int, ...]:
    rank = rng.choice(ranks) if rng.random() < 0.7 else rng.choice((1, 2, 2, 3, 3, 4))
    if rank == 4:
        return (rng.choice((1, 2, 3)), rng.choice((1, 3, 4, 6)), *rng.sample((8, 10, 12, 9), 2))
    return tuple(rng.sample((2, 3, 4, 5, 6, 7, 8, 10, 12), rank))


def _continued(scope: Scope, x: Tensor) -> Tensor:
    try:
        return scope.stage(x)
    except DoesNotFit:
        return x


def _with_theme(scope: Scope, x: Tensor, theme: Sequence[object]) -> Tensor:
    """Continue with a construct of the theme, if need be after another number of axes was made."""
    sketch = scope.sketch
    known = [c for c in CONSTRUCTS.values() if c in theme]
    try:
        return sketch.among(known, scope, x)
    except DoesNotFit:
        pass
    for rank in sketch.rng.sample((2, 3, 1, 4), 4):
        try:
            return sketch.among(known, scope, of_rank(scope, x, rank))
        except DoesNotFit:
            continue
    return x


def of_rank(scope: Scope, x: Tensor, rank: int) -> Tensor:
    """The tensor with another number of axes."""
    while x.rank > rank:
        last = x.shape[-1]
        if x.rank > 2 and scope.sketch.chance(0.5):
            x = scope.let(f"{x.text}.flatten({x.rank - 2})", (*x.shape[:-2], x.shape[-2] * last))
        else:
            axis = x.rank - 2 if x.rank > 1 else 0
            x = scope.let(f"{x.text}.mean({axis})", (*x.shape[:axis], *x.shape[axis + 1 :]))
    while x.rank < rank:
        x = scope.let(f"{x.text}.unsqueeze(1)" if x.rank else f"{x.text}.reshape(1)", (*x.shape[:1], 1, *x.shape[1:]))
    return x


def _assembled(sketch: Sketch, opening: list[str], seed: int, in_class: bool) -> Program:
    sketch.use("import torch")
    sketch.use("from torch import nn")
    lines = sorted(sketch.imports, key=lambda line: (line.startswith("from"), line))
    for block in sketch.blocks:
        lines += ["", "", *block]
    lines += ["", ""]
    driver = len(lines) + 1 if in_class else 0
    lines += opening
    texts, construct_of = [], {}
    for number, line in enumerate(lines, 1):
        text, _, writer = line.partition(MARK)
        texts.append(text.rstrip())
        if writer and int(writer) >= 0:
            construct_of[number] = int(writer)
    changed = any(c.outside for c in sketch.constructs)
    untold = [n for n, c in enumerate(sketch.constructs) if c.untold]
    return Program(
        seed,
        "\n".join(texts) + "\n",
        sketch.files,
        0 if changed else driver,
        tuple(c.name for c in sketch.constructs),
        construct_of,
        sketch.points,
        sketch.seeded,
        0 if drivers.FROM_FILE in sketch.constructs else min(untold, default=None),
    )
