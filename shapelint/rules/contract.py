"""What a rule is, and what it sees of a case.

A rule file makes one `Rule` named `RULE`. Constraints of ops name the rule that reports them, so a rule about a demand of torch
needs no more than its `RULE` and, where it has good advice, a `@RULE.remedy`. A rule about code that runs and means the wrong thing
registers a `@RULE.check(…)` on the ops it watches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from shapelint.diagnostics import Fix, Severity
from shapelint.interp.events import Claimed, Event, LayerBuilt, Misuse, Misused, OpCalled, Stated
from shapelint.interp.naming import Naming
from shapelint.ops.contract import Evidence, Message, Mismatch
from shapelint.program import model
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import LayerConfig, Site, Step, Tensor, Value

if TYPE_CHECKING:
    from shapelint.interp.run import Run
    from shapelint.program.project import LoadedModule

MAX_TEXT = 60


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What a check says: the headline (lowercase, no final period, no remedy), the text under the carets, advice, evidence, and the node to
    point at (the event's own by default). `constraint` tells apart several faults of one rule at one place. `shape` is the one that the code
    contradicts, where that is what is told; `step` leads to the tensor. `cause` is a call without which nothing would be wrong: where an option
    alone decides whether it is made, it is what the option is for."""

    headline: str
    label: str = ""
    help: str = ""
    notes: tuple[str, ...] = ()
    related: tuple[tuple[Site, str], ...] = ()
    node: int | None = None
    severity: Severity = "warning"
    constraint: str = ""
    step: Step | None = None
    fix: Fix | None = None
    shape: Shape | None = None
    cause: Site | None = None


@dataclass(frozen=True, slots=True)
class Fine:
    """What a conclusion says of a text that may be right: no other reading then tells it by this `constraint`, at this node (the event's own by
    default)."""

    constraint: str
    node: int | None = None


class Case:
    """One event with everything that a rule may want to say about it."""

    def __init__(self, run: Run, event: Event) -> None:
        self.run = run
        self.event = event
        self.facts = run.state.facts

    @cached_property
    def naming(self) -> Naming:
        """Made when something is to be said: most cases say nothing, and names are looked up among all roles."""
        return Naming(self.run)

    # text

    def module(self, path: str) -> LoadedModule | None:
        return self.run.root if self.run.root.path == path else self.run.project.at(path)

    def text(self, node: int, path: str | None = None) -> str:
        """The source text of a node, shortened."""
        module = self.module(path or self.event.where.site.path)
        text = module.lowered.text(node) if module is not None and node else ""
        return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"

    def dim(self, dim: Dim) -> str:
        return self.naming.dim(dim, self.facts)

    def shape(self, shape: Shape) -> str:
        return self.naming.shape(shape, self.facts)

    @property
    def subject(self) -> str:
        """What was called, as written: `self.head`, `torch.cat`; for an operator the whole expression."""
        event = self.event
        if isinstance(event, OpCalled) and event.callee:
            return self.text(event.callee)
        return self.text(event.where.site.node)

    def argument(self, name: str) -> str:
        """The argument of a parameter as written, or the parameter's name."""
        nodes = getattr(self.event, "nodes", {})
        return self.text(nodes[name]) if nodes.get(name) else name

    def format(self, message: Message | None) -> str:
        """A message of an op with its places filled."""
        if message is None:
            return ""
        text = message.template.replace("{subject}", f"`{self.subject}`")
        while "{@" in text:
            start = text.index("{@")
            end = text.index("}", start)
            text = f"{text[:start]}`{self.argument(text[start + 2 : end])}`{text[end + 1 :]}"
        for name, value in message.values.items():
            text = text.replace("{" + name + "}", self.size(value))
        return text

    def size(self, value: Dim | Shape | Part | str | int) -> str:
        """A size, a shape or an axis as text."""
        if isinstance(value, Dim):
            return self.dim(value)
        if isinstance(value, Shape):
            return self.shape(value)
        if isinstance(value, Axis):
            return self.dim(value.size)
        return "..." if isinstance(value, Segment) else str(value)

    # roles

    def evidence(self, axis: Part) -> tuple[Evidence, ...]:
        """What speaks for the role of an axis that is one factor."""
        if isinstance(axis, Axis) and len(axis.factors) == 1:
            found = self.facts.roles.get(axis.factors[0], ())
            return tuple(e for e in found if isinstance(e, Evidence))
        return ()

    def proved_role(self, axis: Part) -> str | None:
        """The one role that proof gives an axis; None where none or contradicting ones do."""
        roles = {e.role for e in self.evidence(axis) if e.strength == "proved"}
        return roles.pop() if len(roles) == 1 else None

    def is_told_batched(self, shape: Shape) -> bool:
        """Whether an axis is the batch because a layer was told `batch_first=True`. That means nothing for a single sequence: its author
        thinks of batches, so that a silent fault may rest on that reading of the rank."""
        return any(
            "batch_first=True" in e.why for axis in shape.parts for e in self.evidence(axis) if e.role == "batch"
        )

    def operand(self, mismatch: Mismatch) -> Tensor | None:
        """The tensor at fault, where it is one."""
        value = getattr(self.event, "arguments", {}).get(mismatch.operand)
        return self.tensor(value) if value is not None else None

    def first_tensor(self) -> Tensor | None:
        """The first argument that is a tensor."""
        values = getattr(self.event, "arguments", {}).values()
        return next((x for v in values if (x := self.tensor(v)) is not None), None)

    def tensor(self, value: Value) -> Tensor | None:
        """The tensor that a value is, read through the facts."""
        from shapelint.values.model import Opaque

        if isinstance(value, Opaque) and value.path in self.run.adopted:
            value = self.run.adopted[value.path]
        if isinstance(value, Tensor):
            return value.with_parts(self.facts.read(value.shape, generic=True).parts)
        return None


Check = Callable[[Case], "Report | None"]
Conclusion = Callable[["Run"], "Iterable[tuple[Case, Report | Fine]]"]
Remedy = Callable[[Case, Mismatch], str]


@dataclass(eq=False)
class Rule:
    """A rule. `severity` is what it is reported at unless the user says otherwise; `code` is stable, for flake8 and `# noqa`."""

    name: str
    code: str
    severity: Severity
    summary: str
    since: str = "0.1.0"
    preview: bool = False
    asks_ranks: bool = False  # of all that meets: a reading that leaves one open says nothing against what it finds
    checks: list[tuple[tuple[str, ...], Check]] = field(default_factory=list)
    misuses: list[tuple[Misuse, Check]] = field(default_factory=list)
    claims: list[tuple[str, Check]] = field(default_factory=list)
    statements: list[Check] = field(default_factory=list)
    conclusions: list[Conclusion] = field(default_factory=list)
    advice: Remedy | None = None

    def remedy(self, function: Remedy) -> Remedy:
        """Decorator: advice on a violated constraint."""
        self.advice = function
        return function

    def check(self, *ops: str) -> Callable[[Check], Check]:
        """Decorator: looks at each accepted call of the named ops (names of `Op`s or of torch; "*" for all)."""

        def register(function: Check) -> Check:
            self.checks.append((ops, function))
            return function

        return register

    def conclude(self, function: Conclusion) -> Conclusion:
        """Decorator: looks back when a reading has ended, at what the checks kept in `run.notes`."""
        self.conclusions.append(function)
        return function

    def misuse(self, kind: Misuse) -> Callable[[Check], Check]:
        """Decorator: looks at values used as what they cannot be."""

        def register(function: Check) -> Check:
            self.misuses.append((kind, function))
            return function

        return register

    def claim(self, kind: str) -> Callable[[Check], Check]:
        """Decorator: looks at claims of the code ("annotation", "assert") that surely do not hold."""

        def register(function: Check) -> Check:
            self.claims.append((kind, function))
            return function

        return register

    def statement(self, function: Check) -> Check:
        """Decorator: looks at statements with comments at them, and at returns of functions with a docstring."""
        self.statements.append(function)
        return function


__all__ = [
    "Case",
    "Claimed",
    "Fine",
    "LayerBuilt",
    "LayerConfig",
    "Misused",
    "OpCalled",
    "Report",
    "Rule",
    "Stated",
    "model",
]
