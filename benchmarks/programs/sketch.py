"""A program under construction, and what constructs are."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any

MARK = "\0"
"""Between a line and the number of the construct that wrote it, until the program is put together."""

FAMILIES = (
    "loops",
    "writes",
    "mappings",
    "attributes",
    "limits",
    "ranks",
    "branches",
    "correlated",
    "libraries",
    "text",
    "comments",
)
"""The kinds of code that deserve an equal share of the programs; constructs of other families stand between them."""

SIZE_NAMES = "width hidden dim features channels in_dim out_dim n_hidden embed_dim d_model units latent nf inner depth_in n_out".split()


class DoesNotFit(Exception):
    """A construct cannot continue from this tensor."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that the program holds: its expression and the shape that it really has."""

    text: str
    shape: tuple[int, ...]

    @property
    def rank(self) -> int:
        return len(self.shape)


Write = Callable[["Scope", Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Construct:
    """A way to continue a program. `ranks` are those that it takes; `untold` where the text of the program alone does not tell the sizes
    that it makes; `keeps` where its result has the shape of its input, `outside` where the driver changes
    what the class does, so that the class alone is another program."""

    name: str
    family: str
    ranks: tuple[int, ...]
    write: Write
    untold: bool
    keeps: bool
    outside: bool = False


CONSTRUCTS: dict[str, Construct] = {}


def construct(
    family: str, *ranks: int, untold: bool = False, keeps: bool = False, outside: bool = False
) -> Callable[[Write], Write]:
    """Decorator: makes a function known as a construct of a family, for tensors of these ranks."""

    def register(write: Write) -> Write:
        name = write.__name__
        CONSTRUCTS[name] = Construct(name, family, ranks or (1, 2, 3, 4), write, untold, keeps, outside)
        return write

    return register


class Sketch:
    """A program under construction. The same seed gives the same program; with `fault` the one that differs at that point alone."""

    def __init__(self, seed: int, fault: int | None = None) -> None:
        self.rng = Random(seed)
        self.fault = fault
        self.points = 0  # places where a fault could have been seeded so far
        self.seeded = ""  # the fault that was
        self.imports: dict[str, None] = {}
        self.blocks: list[list[str]] = []  # definitions, in order
        self.files: dict[str, str] = {}  # data that the program reads
        self.constructs: list[Construct] = []
        self.writing: list[int] = []  # numbers of the constructs that are being written, the innermost last
        self.taken = {"x"}
        self.depth = 0

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def name(self, hints: str) -> str:
        """A name that is new in the program, one of several hints."""
        hint = self.rng.choice(hints.split())
        number = 1
        while (name := hint if number == 1 else f"{hint}{number}") in self.taken:
            number += 1
        self.taken.add(name)
        return name

    def use(self, line: str) -> None:
        """The program needs an import."""
        self.imports[line] = None

    def right(self, right: str, *wrong: str) -> str:
        """The right text, or a wrong one where the fault is to be seeded here."""
        self.points += 1
        if self.points - 1 != self.fault:
            return right
        text = Random(self.points).choice(wrong)
        self.seeded = f"{text!r} for {right!r}"
        return text

    def number(self, n: int) -> int:
        """A size, or a wrong one where the fault is to be seeded here."""
        wrong = [str(m) for m in (n + 1, 2 * n, n - 1, n + 3) if m > 0]
        return int(self.right(str(n), *wrong))

    def other(self, *avoid: int) -> int:
        """A small size that differs from others."""
        return self.rng.choice([n for n in range(3, 14) if n not in avoid])

    def marked(self, text: str) -> list[str]:
        """Lines that remember which construct wrote them."""
        number = self.writing[-1] if self.writing else -1
        return [line if MARK in line else f"{line}{MARK}{number}" for line in text.split("\n")]

    def define(self, text: str) -> None:
        """A definition before the driver."""
        self.blocks.append(self.marked(textwrap.dedent(text).strip("\n")))

    def file(self, name: str, text: str) -> str:
        """A file beside the program; its name as the program knows it."""
        self.files[name] = text
        return name

    def among(self, fitting: Sequence[Construct], scope: Scope, x: Tensor) -> Tensor:
        """Continue with one of several constructs."""
        for one in self.rng.sample(fitting, len(fitting)):
            if x.rank not in one.ranks:
                continue
            try:
                return self.write(one, scope, x)
            except DoesNotFit:
                continue
        raise DoesNotFit

    def write(self, one: Construct, scope: Scope, x: Tensor) -> Tensor:
        """Continue with a construct. What it wrote before it found that it does not fit is taken back."""
        kept = (len(self.blocks), len(self.constructs), self.points, self.seeded)
        written = scope.copy()
        self.constructs.append(one)
        self.writing.append(len(self.constructs) - 1)
        self.depth += 1
        try:
            return one.write(scope, x)
        except DoesNotFit:
            del self.blocks[kept[0] :], self.constructs[kept[1] :]
            self.points, self.seeded = kept[2:]
            scope.restore(written)
            raise
        finally:
            self.depth -= 1
            self.writing.pop()


@dataclass(eq=False)
class Extra:
    """An input besides the first: its parameter, and what the driver gives. `default` as text where it may be left out."""

    name: str
    given: str
    default: str | None = None


@dataclass(eq=False)
class Scope:
    """Where statements go: `setup` runs once (a constructor), `body` for each input (a `forward`). In a script both are one."""

    sketch: Sketch
    in_class: bool
    setup: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)  # further methods of the class, whole
    before: list[str] = field(
        default_factory=list
    )  # what a driver does with the object before it calls it; `{model}` is the object
    sizes: dict[str, int] = field(default_factory=dict)  # parameters of the constructor, or constants of the script
    defaults: dict[str, int] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)  # sizes that are attributes
    options: dict[str, tuple[str, str | None]] = field(
        default_factory=dict
    )  # further parameters: what is given, and the default
    extras: list[Extra] = field(default_factory=list)

    def copy(self) -> dict[str, Any]:
        """What is written so far."""
        return {one.name: copy(getattr(self, one.name)) for one in fields(self)}

    def restore(self, written: dict[str, Any]) -> None:
        """Take back what was written since."""
        for name, value in written.items():
            setattr(self, name, value)

    @property
    def rng(self) -> Random:
        return self.sketch.rng

    def attribute(self, hints: str, text: str) -> str:
        """Set up an attribute (in a script, a name); its expression."""
        name = self.sketch.name(hints)
        name = f"self.{name}" if self.in_class else name
        self.start(f"{name} = {text}")
        return name

    def start(self, text: str) -> None:
        """A statement of the setup."""
        lines = self.sketch.marked(textwrap.dedent(text).strip("\n"))
        self.setup += lines
        if not self.in_class:
            self.body += lines

    def do(self, text: str) -> None:
        """A statement for each input."""
        self.body += self.sketch.marked(textwrap.dedent(text).strip("\n"))

    def let(self, text: str, shape: tuple[int, ...], hints: str = "") -> Tensor:
        """A tensor that is computed for each input, under a name."""
        name = self.sketch.name(hints) if hints else self.rng.choice(("x", "x", "y", "z"))
        self.do(f"{name} = {text}")
        return Tensor(name, shape)

    def size(self, n: int) -> str:
        """A size in the setup: a literal, a parameter, or what is made of one. A fault may be seeded in it."""
        return self.exactly(self.sketch.number(n))

    def exactly(self, n: int) -> str:
        """A size in the setup, always right."""
        ways = [str(n)]
        ways += [name for name, value in self.sizes.items() if value == n] * 2
        for name, value in list(self.sizes.items())[-4:]:
            if n == 2 * value:
                ways += [f"2 * {name}", f"{name} * 2"]
            elif value == 2 * n:
                ways.append(f"{name} // 2")
            elif n == value + 1:
                ways.append(f"{name} + 1")
        if self.sketch.chance(0.35):
            return self.parameter(n)
        return self.rng.choice(ways)

    def parameter(self, n: int, hints: str = "") -> str:
        """A new parameter of the constructor (in a script, a constant) that is a size."""
        name = self.sketch.name(hints or self.rng.choice(SIZE_NAMES))
        self.sizes[name] = n
        if not self.in_class:
            self.start(f"{name} = {n}")
        elif self.sketch.chance(0.4):
            self.defaults[name] = n if self.sketch.chance(0.8) else self.sketch.other(n)
        return name

    def stored_size(self, n: int) -> str:
        """A size for each input: a literal or an attribute. A fault may be seeded in it."""
        n = self.sketch.number(n)
        known = [name for name, value in self.stored.items() if value == n]
        if known:
            return self.rng.choice([str(n), *known])
        if self.sketch.chance(0.5):
            return str(n)
        text = self.exactly(n)
        name = text if text.isidentifier() else self.sketch.name("size count total length")
        attribute = f"self.{name}" if self.in_class else name
        if attribute != text:
            self.start(f"{attribute} = {text}")
        self.stored[attribute] = n
        return attribute

    def dim(self, x: Tensor, axis: int) -> str:
        """The size of an axis for each input, in one of its spellings."""
        back = axis - x.rank
        ways = [
            f"{x.text}.size({axis})",
            f"{x.text}.shape[{axis}]",
            f"{x.text}.shape[{back}]",
            f"{x.text}.size({back})",
        ]
        if axis == 0:
            ways.append(f"len({x.text})")
        return self.rng.choice(ways)

    def option(self, hints: str, given: str, default: str | None = None) -> str:
        """A parameter of the constructor that is no size; the expression of the attribute that keeps it."""
        name = self.sketch.name(hints)
        if not self.in_class:
            self.start(f"{name} = {given}")
            return name
        self.options[name] = (given, default)
        self.start(f"self.{name} = {name}")
        return f"self.{name}"

    def extra(self, hints: str, given: str, default: str | None = None) -> str:
        """A further input."""
        name = self.sketch.name(hints)
        if self.in_class:
            self.extras.append(Extra(name, given, default))
        else:
            self.do(f"{name} = {given}")
        return name

    def stage(self, x: Tensor, keeping: bool = False) -> Tensor:
        """Continue with any construct, of those that keep the shape."""
        if self.sketch.depth > 3:
            raise DoesNotFit
        return self.sketch.among([c for c in CONSTRUCTS.values() if c.keeps or not keeping], self, x)


def indented(lines: Sequence[str], by: int = 4) -> list[str]:
    """Lines of a block; a block without statements passes."""
    return [" " * by + line if line.split(MARK)[0].strip() else line for line in (lines or ["pass"])]


def class_text(scope: Scope, name: str, x: str, result: str) -> list[str]:
    """The class that a scope is."""
    rng = scope.rng
    needed = [n for n in scope.sizes if n not in scope.defaults] + [
        n for n, (_, d) in scope.options.items() if d is None
    ]
    optional = [f"{n}={d}" for n, d in scope.defaults.items()]
    optional += [f"{n}={d}" for n, (_, d) in scope.options.items() if d is not None]
    inputs = [x] + [e.name for e in scope.extras if e.default is None]
    inputs += [f"{e.name}={e.default}" for e in scope.extras if e.default is not None]
    base = rng.choice(("super().__init__()", "super().__init__()", f"super({name}, self).__init__()"))
    lines = [f"class {name}(nn.Module):"]
    if needed or optional or scope.setup:
        lines += [f"    def __init__({', '.join(['self', *needed, *optional])}):"]
        lines += indented([base, *scope.setup], 8)
        lines.append("")
    lines += [f"    def forward({', '.join(['self', *inputs])}):"]
    lines += indented([*scope.body, f"return {result}"], 8)
    for method in scope.methods:
        lines += ["", *indented(method.split("\n"))]
    return lines
