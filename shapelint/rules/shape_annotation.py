"""A jaxtyping annotation, or the shapes of a docstring, that the code contradicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapelint.interp.run import Run
from shapelint.program import model
from shapelint.rules.claimed_roles import remember as remember_roles
from shapelint.rules.contract import Case, Claimed, Fine, Report, Rule, Stated
from shapelint.rules.shape_comment import Verdict, is_fixed, judge, role_lie, role_told
from shapelint.shapes.claims import Claim, docstring_claims, mapping_claims
from shapelint.values.model import Tensor, Value

RULE = Rule(
    "shape-annotation", "SHP702", "warning", "an annotation or a docstring that says another shape than there is"
)


@RULE.claim("annotation")
def contradicts(case: Case) -> Report | None:
    """A value that surely is not what its annotation says."""
    event = case.event
    assert isinstance(event, Claimed)
    tensor = case.tensor(event.value)
    assert tensor is not None
    text = case.text(event.where.site.node)
    if event.fault == "rank":
        label = f"{len(tensor.shape.parts)} axes, not {event.says}"
    else:
        label = f"axis {event.axis} is {case.size(tensor.shape.parts[event.axis])}, not {event.says}"
    what = f"`{event.name}`" if event.name else "the result"
    return Report(
        f'{what} is annotated "{event.claim}", but `{text}` is {case.shape(tensor.shape)}',
        label=label,
        help="correct the annotation, or the value if the annotation is what was meant",
        step=tensor.step,
        constraint=f"annotation {event.name}",
        shape=tensor.shape,
    )


@dataclass(eq=False)
class _Return:
    """One return of a function whose docstring says what it returns or takes. `lie` is None where that may be so, False where it is not known."""

    case: Case
    function: model.FunctionDef
    subject: str
    claim: Claim
    lie: Verdict


@RULE.statement
def remember(case: Case) -> Report | None:
    """Keep what each return says of the docstring of its function."""
    event = case.event
    assert isinstance(event, Stated)
    function = event.function
    if function is None or not isinstance(event.statement, model.Return) or not is_fixed(case.run):
        return None
    owner = case.run.top.owner
    texts = [function.docstring or ""]
    if owner is not None and function.name == "forward":
        texts.append(owner.node.docstring or "")
    claims = [found for text in texts for found in docstring_claims(text)]
    params = [p.name for p in function.params.items if p.kind == "positional"][1 if owner is not None else 0 :]
    for name, claim in claims:
        if [n for n, _ in claims].count(name) > 1:
            continue
        subject = params[0] if name == "input" and params else name
        value: Value | None = event.value
        if name != "return":
            # what arrived at the entry itself; a call may have bound the name to anything since
            value = case.run.adopted.get(subject) if len(case.run.stack) == 2 and subject in params else None
        if value is None:
            continue
        _keep(case, function, subject, claim, value)
    mapped = [found for text in texts for found in mapping_claims(text)]
    if len(mapped) == len(params) == 1 and not any(name != "return" for name, _ in claims):
        value = case.run.adopted.get(params[0]) if len(case.run.stack) == 2 else None
        if value is not None:
            _keep(case, function, params[0], mapped[0][0], value, roles_only=True)
    return None


def _keep(
    case: Case, function: model.FunctionDef, subject: str, claim: Claim, value: Value, *, roles_only: bool = False
) -> None:
    lie = None if roles_only else judge(case, claim, [value])
    if lie is None and isinstance(value, Tensor):
        remember_roles(case.run, claim, case.facts.read(value.shape, generic=True))
        lie = role_lie(case, claim, value.shape)
    case.run.notes.setdefault(RULE.name, []).append(_Return(case, function, subject, claim, lie))


@RULE.conclude
def conclude(run: Run) -> Iterator[tuple[Case, Report | Fine]]:
    """What is wrong at every return of a function is told once, at the first."""
    groups: dict[tuple[str, int, str], list[_Return]] = {}
    for one in run.notes.get(RULE.name, ()):
        if isinstance(one, _Return):
            path = one.case.event.where.site.path
            groups.setdefault((path, one.function.id, one.subject), []).append(one)
    for group in groups.values():
        known = [one for one in group if one.lie is not False]
        if any(one.lie is None for one in known):
            # the report of another reading may stand at any of the returns
            for one in group:
                yield one.case, Fine(f"docstring {one.subject}")
            continue
        if not known or (group[0].subject == "return" and not _covers_returns(known)):
            continue
        first = known[0]
        assert first.lie
        case, is_ = first.case, first.case.shape(first.lie.shape)
        text = case.text(case.event.where.site.node)
        said = f"`{text}` is {is_}" if first.subject == "return" else f"`{first.subject}` is used as {is_}"
        if first.lie.what == "role":
            said = role_told(case, first.lie, text if first.subject == "return" else first.subject)
        what = "the result" if first.subject == "return" else f"`{first.subject}`"
        yield (
            case,
            Report(
                f"the docstring says that {what} is {first.claim.text}, but {said}",
                label=f"the docstring of `{first.function.name}` says {first.claim.text}",
                help="correct the docstring, or the code if the docstring is what was meant",
                step=first.lie.step,
                constraint=f"docstring {first.subject}",
                shape=first.lie.shape if first.lie.what != "role" else None,
            ),
        )


def _covers_returns(known: list[_Return]) -> bool:
    """Whether every return of the function is among those: one that is not may be the case that the docstring speaks of."""
    met = {one.case.event.statement.id for one in known if isinstance(one.case.event, Stated)}
    return met == set(_returns(known[0].function.body))


def _returns(node: object) -> Iterator[int]:
    """The returns within statements, without those of functions defined there."""
    if isinstance(node, model.Return):
        yield node.id
    elif isinstance(node, tuple):
        for item in node:
            yield from _returns(item)
    elif isinstance(
        node, (model.If, model.For, model.While, model.Try, model.With, model.Match, model.Handler, model.MatchCase)
    ):
        for name in ("body", "orelse", "handlers", "final", "cases"):
            yield from _returns(getattr(node, name, ()))
