"""A comment that says another shape than the line computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, Union

from shapelint.interp.expressions import evaluate
from shapelint.interp.names import lookup
from shapelint.interp.run import PathEnds, Run, WrongGuess
from shapelint.program import model
from shapelint.rules.claimed_roles import BATCH, ROLES, role_named
from shapelint.rules.claimed_roles import remember as remember_roles
from shapelint.rules.contract import Case, Fine, Report, Rule, Stated
from shapelint.shapes.claims import RESULT_WORDS, Claim, Rest, Row, Size, aligned, comment_claims, named
from shapelint.shapes.dim import Dim
from shapelint.shapes.facts import Facts
from shapelint.shapes.facts import Verdict as Comparison
from shapelint.shapes.shape import Axis, Segment, Shape
from shapelint.values.model import Int, NoneValue, OneOf, Opaque, SizeOf, Step, Tensor, Tuple, Value

RULE = Rule("shape-comment", "SHP701", "warning", "a comment that says another shape than the line computes")


@dataclass(frozen=True, slots=True, eq=False)
class Lie:
    """How a shape surely contradicts a claim: `what` is "rank", "size", "order" or "role"."""

    what: str
    shape: Shape
    axis: int = 0
    step: Step | None = None


Verdict = Union[Lie, Literal[False], None]
MAX_OPERANDS = 16  # of a statement that a comment above it may speak of


@dataclass(eq=False)
class _Visit:
    """A claim met once. `lies` is None where it may be true, False where nothing is known of the value; `known` what the names of the function's own
    sizes are, `fixed` whether no caller chose the shapes. `above` is the frame where it stands above a paragraph, whose end it may speak of. `vague`
    where no more is known of the value than that it is a tensor, but for some axes: a claim may hold there, and none is confirmed."""

    case: Case
    claim: Claim
    subject: str
    lies: Verdict
    shape: Shape | None = None
    known: dict[str, Dim] = field(default_factory=dict)
    fixed: bool = True
    step: Step | None = None
    above: int | None = None
    vague: bool = False

    @property
    def statement(self) -> int | None:
        return self.case.event.statement.id if isinstance(self.case.event, Stated) else None

    @property
    def node(self) -> int | None:
        """The node to tell it at, None for that of the statement: a comment by itself stands at no line, and is told where the tensor was made."""
        event = self.case.event
        if not isinstance(event, Stated) or event.done or self.step is None:
            return None
        made = self.step.site
        return made.node if made.path == event.where.site.path else None


# What a comment speaks of ----------------------------------------------------------------------------


@RULE.statement
def remember(case: Case) -> Report | None:
    """Keep what each claim at a statement says of the values that it may speak of."""
    event = case.event
    assert isinstance(event, Stated)
    remark = case.run.top.module.lowered.remarks.get(event.statement.id)
    if remark is None:
        return None
    above = _above(remark.above)
    notes = case.run.notes
    if not event.done:
        for claim in above:
            before = _read_before(case, claim, event)
            excluded = not before or isinstance(judge(case, claim, before), Lie)
            notes.setdefault(f"{RULE.name} before", []).append(
                (case.run.top.frame.address, event.statement.id, excluded)
            )
            if not excluded and any(_surely_fits(case, claim, value) for value in before):
                notes.setdefault(RULE.name, []).append(_Visit(case, claim, "", None))
        for claim in _since(remark.since):
            value = lookup(case.run, claim.target)
            if value is not None:
                notes.setdefault(RULE.name, []).append(_visit(case, claim, claim.target, [value]))
        return None
    visits = notes.setdefault(RULE.name, [])
    for claim in comment_claims(remark.behind) if remark.behind else ():
        found = _spoken_of(case, claim, event)
        if found is not None:
            visits.append(_visit(case, claim, *found))
    frame = case.run.top.frame.address
    for claim in above if not remark.goes_on else ():
        found = _spoken_of(case, claim, event)
        if found is not None and (frame, event.statement.id, True) in notes[f"{RULE.name} before"]:
            visits.append(replace(_visit(case, claim, *found), above=frame))
    if remark.under is not None:
        met = [v for v in visits if isinstance(v, _Visit) and v.above == frame and v.statement == remark.under]
        _read_on(case, event, met)
    return None


def _read_on(case: Case, event: Stated, visits: Iterable[_Visit]) -> None:
    """A comment above a paragraph may speak of what any of its lines makes."""
    for visit in visits:
        found = _spoken_of(case, visit.claim, event)
        values = [v for value in found[1] for v in _parts(value)] if found is not None else []
        if not values:
            continue
        lies = judge(case, visit.claim, values)
        if lies is None:
            visit.lies, visit.shape = None, None
        elif not lies and visit.lies is not None:
            visit.lies = False


def _above(comments: tuple[str, ...]) -> tuple[Claim, ...]:
    """The claim on the line directly above a statement. It stands alone: a block of claims is a legend, and prose beside it ("expected:") may say
    what else it speaks of."""
    found = comment_claims(comments[0]) if len(comments) == 1 else ()
    return found if len(found) == 1 else ()


def _since(comments: tuple[str, ...]) -> list[Claim]:
    """The claims about variables in comments by themselves, each name once; none where there is prose among them."""
    found = [comment_claims(comment) for comment in comments]
    claims = [claim for row in found for claim in row]
    names = [claim.target for claim in claims]
    return claims if all(found) and all(names) and len(set(names)) == len(names) else []


def _read_before(case: Case, claim: Claim, event: Stated) -> list[Value]:
    """What a comment above a line may speak of before the line is executed."""
    if claim.target:
        value = lookup(case.run, claim.target)
        return [] if value is None else [value]
    expression = getattr(event.statement, "value", None)
    names = dict.fromkeys(_names(expression))
    values = [lookup(case.run, name) for name in names]
    return [v for v in (*values, *_operands(case.run, expression)) if isinstance(v, (Tensor, Opaque, OneOf, SizeOf))]


def _surely_fits(case: Case, claim: Claim, value: Value) -> bool:
    """Whether a claim is right of a tensor of known rank: where others reach its line with other shapes it is no lie."""
    if not isinstance(value, Tensor) or not case.facts.shape(value.shape).ranked:
        return False
    return judge(case, claim, [value]) is None


def _operands(run: Run, expression: object) -> list[Value]:
    """What the parts of an expression compute on the way to its value: a comment above the line may speak of one of them."""
    parts = [p for p in _subexpressions(expression) if p is not expression]
    values: list[Value] = []
    for part in parts[:MAX_OPERANDS]:
        state = run.state
        run.state = state.fork()
        try:
            with run.silently():
                values.append(evaluate(run, part))
        except (PathEnds, WrongGuess):
            continue
        finally:
            run.state = state
    return values


def _subexpressions(node: object) -> Iterator[model.Expr]:
    """The calls, sums and entries that an expression is made of, itself among them. What is in the body of a function or a loop is not."""
    if isinstance(node, (model.Lambda, model.Comprehension)):
        return
    if isinstance(node, (model.Call, model.BinOp, model.Subscript)):
        yield node
    if isinstance(node, tuple):
        for item in node:
            yield from _subexpressions(item)
    elif hasattr(node, "__slots__"):
        for slot in node.__slots__:
            yield from _subexpressions(getattr(node, slot))


def _names(node: object) -> Iterator[str]:
    """The names that an expression reads."""
    if isinstance(node, model.Name):
        yield node.name
    elif isinstance(node, tuple):
        for item in node:
            yield from _names(item)
    elif hasattr(node, "__slots__"):
        for slot in node.__slots__:
            yield from _names(getattr(node, slot))


def _spoken_of(case: Case, claim: Claim, event: Stated) -> tuple[str, list[Value]] | None:
    """The values that a comment behind a line may speak of, with the text of what they are; None where it cannot be told."""
    statement = event.statement
    if claim.target:
        value = lookup(case.run, claim.target)
        if value is not None:
            return claim.target, [value]
        if claim.target not in RESULT_WORDS:
            return None
    if isinstance(statement, model.ExprStmt):
        printed = _printed(statement.value)
        if printed is not None:
            with case.run.silently():
                return case.text(printed.id), [evaluate(case.run, printed)]
    if isinstance(statement, model.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        subject = case.text(target.id)
        if isinstance(target, (model.TupleExpr, model.ListExpr)) and isinstance(event.value, Tuple):
            return subject, [event.value] if event.value.kind == "size" else list(_leaves(event.value))
        return subject, [event.value]
    if isinstance(statement, model.AugAssign):
        return case.text(statement.target.id), [event.value]
    return case.text(event.where.site.node), [event.value]


def _parts(value: Value) -> list[Value]:
    """What a value holds that may have a shape."""
    parts = list(_leaves(value)) if isinstance(value, Tuple) and value.kind != "size" else [value]
    return [part for part in parts if not isinstance(part, NoneValue)]


def _leaves(value: Tuple) -> Iterator[Value]:
    for item in value.items:
        if isinstance(item, Tuple):
            yield from _leaves(item)
        else:
            yield item


def _printed(node: model.Expr) -> model.Expr | None:
    """`x.shape` of `print(x.shape)`, `print("x:", x.shape)`, `print(f"x: {x.shape}")`: the one thing printed."""
    if not isinstance(node, model.Call) or not isinstance(node.func, model.Name) or node.func.name != "print":
        return None
    things: list[model.Expr] = []
    for argument in node.args:
        value = argument.value
        parts = value.parts if isinstance(value, model.FormattedString) else (value,)
        things += [p for p in parts if not isinstance(p, model.Const)]
    if len(things) != 1:
        return None
    return things[0] if _is_size(things[0]) else None


def _is_size(node: model.Expr) -> bool:
    if isinstance(node, model.Call):
        return isinstance(node.func, model.Attribute) and node.func.name == "size" and not node.args
    return isinstance(node, model.Attribute) and node.name == "shape"


# What is so ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """A shape that a value may have. `assumed` where its rank rests on an assumption: a claim of that rank confirms it, and no other refutes it."""

    shape: Shape
    step: Step | None = None
    assumed: bool = False


def _shapes(run: Run, value: Value) -> list[_Known] | None:
    """The shapes that a value may have, None where they are not known."""
    if isinstance(value, Opaque):
        adopted = run.adopted.get(value.path)
        if adopted is None:
            return None
        value = adopted
    facts = run.state.facts
    if isinstance(value, Tensor):
        return [
            _Known(facts.shape(value.shape, generic=True), value.step, value.assumed or facts.in_doubt(value.shape))
        ]
    if isinstance(value, SizeOf):
        return [_Known(facts.shape(value.shape, generic=True), assumed=facts.in_doubt(value.shape))]
    if isinstance(value, Tuple) and value.kind == "size":
        dims = [facts.resolve(i.dim, generic=True) for i in value.items if isinstance(i, Int)]
        return [_Known(Shape.of(*dims))] if len(dims) == len(value.items) else None
    if isinstance(value, OneOf):
        found = [_shapes(run, o) for o in value.options]
        return None if any(f is None for f in found) else [s for f in found if f is not None for s in f]
    return None


def judge(case: Case, claim: Claim, values: list[Value]) -> Verdict:
    """How every one of the values contradicts a claim; None where one may agree, False where one is not known (or there are none)."""
    lie: Verdict = False
    unknown = False
    for value in values:
        shapes = _shapes(case.run, value)
        for known in shapes or ():
            found = contradiction(case.facts, claim, known.shape, is_fixed(case.run))
            if found is None:
                return None
            if found[0] == "rank" and known.assumed:
                unknown = True
            lie = lie or Lie(found[0], known.shape, found[1], known.step)
        unknown = unknown or not shapes
    return False if unknown else lie


def _visit(case: Case, claim: Claim, subject: str, values: list[Value]) -> _Visit:
    lie = judge(case, claim, values)
    shapes = _shapes(case.run, values[0]) if len(values) == 1 else None
    names = {
        s.name
        for row in claim.readings
        for size in row
        if isinstance(size, Size) and size.dim
        for s in size.dim.symbols
    }
    known = {}
    for name in names:
        value = lookup(case.run, name) if name.isidentifier() else None
        if isinstance(value, Int):
            known[name] = case.facts.resolve(value.dim, generic=True)
    one = shapes[0] if shapes is not None and len(shapes) == 1 else None
    shape, step = (one.shape, one.step) if one is not None else (None, None)
    rest = [part for part in shape.parts if isinstance(part, Segment)] if shape is not None else []
    vague = any(part.name not in case.run.adopted for part in rest)  # no input's, whose rank the claim may tell
    if shape is not None and not shape.ranked:
        # a claim of that rank confirms the reading that is preferred anyway
        read = case.facts.read(shape, generic=True)
        shape = read if [read.rank] == [len(row) for row in claim.readings] else shape
    if lie is None:
        remember_roles(case.run, claim, shape)
    return _Visit(case, claim, subject, lie, shape, known, is_fixed(case.run), step, vague=vague)


def is_fixed(run: Run) -> bool:
    """Whether the sizes at hand are those of the code itself, not those that one caller of several chose."""
    return run.kind == "open" or all(a.node is None or not a.node.params.items for a in run.stack)


def contradiction(facts: Facts, claim: Claim, shape: Shape, fixed: bool) -> tuple[str, int] | None:
    """How a shape surely contradicts each reading of a claim: ("rank" or "size", the axis)."""
    found: tuple[str, int] | None = None
    for row in claim.readings:
        one = _contradicts(facts, claim, row, shape, fixed)
        if one is None:
            return None
        found = found or one
    return found


def _is_product(claim: Claim) -> bool:
    """Whether a claim is written without brackets, `T x B x H x R`: what it multiplies may be one axis."""
    return " x " in claim.text and claim.text[0] not in "([{<"


def _has_products(facts: Facts, shape: Shape) -> bool:
    sizes = [facts.resolve(part.size, generic=True) for part in shape.parts if isinstance(part, Axis)]
    return any(sum(power for _, power in size.terms[0][0]) > 1 for size in sizes if len(size.terms) == 1)


def _contradicts(facts: Facts, claim: Claim, row: Row, shape: Shape, fixed: bool) -> tuple[str, int] | None:
    sizes = [s for s in row if isinstance(s, Size)]
    open_ = len(sizes) < len(row)
    least, most = facts.admissible_ranks(shape)
    plain = not claim.explicit and not any(s.dim is not None and s.dim.symbols for s in sizes)
    if plain and (least == 1 or any(s.dim == 0 for s in sizes)):
        return None  # values rather than sizes
    if most is not None and len(sizes) > most:
        return None if _is_product(claim) and _has_products(facts, shape) else ("rank", 0)
    if len(sizes) < least and not open_:
        # whoever speaks of one sample, or of the axes that matter, leaves out those in front
        first = sizes[0].dim.symbols if sizes and sizes[0].dim is not None else ()
        whole = claim.explicit or any(BATCH.fullmatch(s.name) for s in first)
        return ("rank", 0) if whole else None
    if not fixed:
        return None
    for place, axis, size in aligned(shape, row):
        if size.dim is not None and size.dim.value is not None:
            if facts.compare(axis.size, size.dim, proof=True) is Comparison.DIFFERENT:
                return "size", place
    return None


# Judging -----------------------------------------------------------------------------------------------


@RULE.conclude
def conclude(run: Run) -> Iterator[tuple[Case, Report | Fine]]:
    """A claim that is wrong at every visit is told once; then those whose names stand in another order than everywhere else in the function."""
    visits = [v for v in run.notes.get(RULE.name, ()) if isinstance(v, _Visit)]
    groups: dict[tuple[str, int, str], list[_Visit]] = {}
    for visit in visits:
        site = visit.case.event.where.site
        groups.setdefault((site.path, site.node, visit.claim.text), []).append(visit)
    for group in groups.values():
        told = [v for v in group if v.lies is not False]
        if all(v.vague for v in told):
            continue
        lie = told[0].lies
        if any(v.lies is None for v in told):
            lie = _permuted(told[0], visits) or _misread(told[0]) if len(group) == 1 else None
        elif not told[0].fixed and not _fits_elsewhere(told[0], visits):
            continue  # the caller of this reading is not the one that the author had in mind
        yield told[0].case, _report(told[0], lie) if lie else Fine(told[0].claim.text, told[0].node)


def _fits_elsewhere(visit: _Visit, visits: Iterable[_Visit]) -> bool:
    """Whether another claim of the same function holds in this reading."""
    where = visit.case.event.where
    return any(
        other.lies is None and other.shape is not None and other.shape.ranked and len(other.shape.parts) > 1
        for other in visits
        if (place := other.case.event.where).scope == where.scope and place.site.path == where.site.path
    )


def _permuted(visit: _Visit, visits: Iterable[_Visit]) -> Lie | None:
    """Whether a claim has the right sizes in the wrong order. What a name stands for is what the function unpacked under it, or what two other claims
    agree on."""
    if visit.shape is None or not visit.shape.ranked or len(visit.claim.readings) != 1:
        return None
    row, axes = visit.claim.readings[0], visit.shape.axes
    if len(row) != len(axes) or any(isinstance(s, Rest) for s in row):
        return None
    facts = visit.case.run.state.facts
    meant: list[tuple[Dim, bool] | None] = []
    for size in row:
        meant.append(_meaning(visit, size, visits) if isinstance(size, Size) else None)
    actual = [facts.resolve(a.size, generic=True) for a in axes]
    wrong = [i for i, known in enumerate(meant) if known is not None and known[0] != actual[i]]
    claimed = [known for i in wrong if (known := meant[i]) is not None]
    sizes = {dim for dim, _ in claimed}
    if len(wrong) < 2 or len(sizes) < len(claimed) or sizes != {actual[i] for i in wrong}:
        return None
    if any((role := role_named(row[i])) is not None and role == visit.case.proved_role(axes[i]) for i in wrong):
        return None  # a layer says so, too: what was unpacked has the wrong names
    return Lie("order", visit.shape, wrong[0]) if any(sure for _, sure in claimed) else None


def _misread(visit: _Visit) -> Lie | None:
    return role_lie(visit.case, visit.claim, visit.shape) if visit.shape is not None else None


def role_lie(case: Case, claim: Claim, shape: Shape) -> Lie | None:
    """Whether a claim names two axes, which a layer's flags prove to be the batch, the steps or the layers, as each other."""
    if len(claim.readings) != 1:
        return None
    # a layer that comes later may tell how many axes there are
    row, shape = claim.readings[0], case.facts.read(shape, generic=True)
    if not shape.ranked or len(row) != shape.rank:
        return None
    swapped: dict[tuple[str, str], int] = {}
    for place, (size, axis) in enumerate(zip(row, shape.axes)):
        claimed = role_named(size)
        proved = case.proved_role(axis)
        if claimed is not None and proved in ROLES and claimed != proved:
            swapped[(claimed, proved)] = place
    return next((Lie("role", shape, at) for (a, b), at in swapped.items() if (b, a) in swapped), None)


def role_told(case: Case, lie: Lie, subject: str) -> str:
    """What a layer proves of the axis that a claim gives another role."""
    holds = {"batch": "the batch", "step": "the steps", "layer": "the layers"}
    return f"axis {lie.axis} of `{subject}` is {holds[case.proved_role(lie.shape.parts[lie.axis]) or 'batch']}"


def _meaning(visit: _Visit, size: Size, visits: Iterable[_Visit]) -> tuple[Dim, bool] | None:
    """The size that a number, a name or a formula of names stands for in the function, and whether that is sure: the function unpacked it under
    this name, or two other claims agree. None where it is not known, or claims differ."""
    facts = visit.case.run.state.facts
    if size.dim is None or size.dim.value is not None:
        return None if size.dim is None else (size.dim, False)
    table = {named(name): dim for name, dim in visit.known.items()}
    if all(s in table for s in size.dim.symbols):
        return facts.resolve(size.dim.substitute(table.get), generic=True), True
    if not size.name:
        return None
    where = visit.case.event.where
    found: list[Dim] = []
    for other in visits:
        place = other.case.event.where
        if (place.site.path, place.scope) != (where.site.path, where.scope) or place.site == where.site:
            continue
        row = other.claim.readings[0]
        if other.lies is None and len(other.claim.readings) == 1 and other.shape is not None:
            if len(row) == other.shape.rank:
                found += [
                    facts.resolve(axis.size, generic=True)
                    for one, axis in zip(row, other.shape.axes)
                    if isinstance(one, Size) and one.name == size.name
                ]
    return (found[0], len(found) >= 2) if len(set(found)) == 1 else None


def _report(visit: _Visit, lie: Lie) -> Report:
    case, claim = visit.case, visit.claim
    is_ = case.shape(lie.shape)
    label = {
        "rank": f"{_axes(lie.shape.rank)}, not {_axes(_least(claim))}",
        "size": f"axis {lie.axis} is {case.size(lie.shape.parts[lie.axis])}" if lie.what == "size" else "",
        "order": "the sizes stand in another order",
        "role": "a layer that made it, or reads it, says so",
    }[lie.what]
    told = f"`{visit.subject}` is {is_}"
    if lie.what == "role":
        told = role_told(case, lie, visit.subject)
    return Report(
        f"the comment says {claim.text}, but {told}",
        label=label,
        help="correct the comment, or the line if the comment is what was meant",
        node=visit.node,
        step=lie.step or visit.step,
        constraint=claim.text,
        shape=lie.shape if lie.what != "role" else None,
    )


def _axes(count: int | None) -> str:
    return "an unknown number of axes" if count is None else f"{count} {'axis' if count == 1 else 'axes'}"


def _least(claim: Claim) -> int:
    return sum(isinstance(s, Size) for s in claim.readings[0])


__all__ = ["RULE", "Lie", "Verdict", "is_fixed", "judge", "role_lie", "role_told"]
