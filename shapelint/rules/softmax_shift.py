"""A softmax written out by hand whose shift is no constant of what it normalises."""

from __future__ import annotations

from dataclasses import dataclass

from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.values.model import Bool, Int, Step, Tensor, Tuple, Value

RULE = Rule(
    "softmax-shift",
    "SHP613",
    "warning",
    "a softmax by hand subtracts a number for each entry of the axis that it normalises",
)

# between the shift and exp, and around the sum: ops that move no entry and mix none
_STAYING = frozenset("clamp to float double half type clone contiguous detach conversion".split())
_SHIFTS = tuple(f"torch.{o}{n}" for o in ("", "Tensor.") for n in ("mean", "max", "amax", "logsumexp", "median"))


@dataclass(frozen=True, eq=False)
class _Reduced:
    """What a reduction of one axis that stays with size 1 gave."""

    result: Step
    source: Step | None
    place: int
    case: Case


@dataclass(frozen=True, eq=False)
class _Shifted:
    """`x - reduction of x`; its shift is one number along axis `place`."""

    result: Step
    shift: _Reduced


@dataclass(frozen=True, eq=False)
class _Exponential:
    """exp of what was shifted."""

    result: Step
    shift: _Reduced


@dataclass(frozen=True, eq=False)
class _Total:
    """A sum that may be divided by."""

    total: _Reduced


def _kept(case: Case, kind: type) -> list[object]:
    return [one for one in case.run.notes.get(RULE.name, ()) if isinstance(one, kind)]


def _keep(case: Case, one: object) -> None:
    case.run.notes.setdefault(RULE.name, []).append(one)


def _behind(step: Step | None, passing: frozenset[str] = _STAYING) -> Step | None:
    while step is not None and step.op in passing:
        step = step.previous
    return step


def _reduced(case: Case, values: Value) -> list[_Reduced]:
    event = case.event
    assert isinstance(event, OpCalled)
    dim, keep = event.arguments.get("dim"), event.arguments.get("keepdim")
    x = case.tensor(next(iter(event.arguments.values()), event.result))
    if x is None or not isinstance(dim, Int) or dim.dim.value is None or not x.shape.rank or event.assumed:
        return []
    if not isinstance(keep, Bool) or keep.value is not True:
        return []
    place = dim.dim.value % x.shape.rank
    given = values.items[:1] if isinstance(values, Tuple) else (values,)
    return [_Reduced(v.step, x.step, place, case) for v in given if isinstance(v, Tensor) and v.step is not None]


@RULE.check(*_SHIFTS)
def shift(case: Case) -> Report | None:
    """Keep what may be subtracted."""
    event = case.event
    assert isinstance(event, OpCalled)
    for one in _reduced(case, event.result):
        _keep(case, one)
    return None


@RULE.check("torch.sub", "torch.Tensor.sub")
def shifted(case: Case) -> Report | None:
    """Keep where a tensor is shifted by a reduction of its own."""
    event = case.event
    assert isinstance(event, OpCalled)
    values = list(event.arguments.values())[:2]
    result = event.result
    if len(values) != 2 or not isinstance(result, Tensor) or result.step is None:
        return None
    x, by = values
    if isinstance(x, Tensor) and isinstance(by, Tensor):
        behind = _behind(by.step)
        for one in _kept(case, _Reduced):
            if isinstance(one, _Reduced) and one.result is behind and _behind(one.source) is _behind(x.step):
                _keep(case, _Shifted(result.step, one))
    return None


@RULE.check("torch.exp", "torch.Tensor.exp")
def exponential(case: Case) -> Report | None:
    """Keep where what was shifted is raised."""
    event = case.event
    assert isinstance(event, OpCalled)
    x, result = next(iter(event.arguments.values()), None), event.result
    if isinstance(x, Tensor) and isinstance(result, Tensor) and result.step is not None:
        behind = _behind(x.step)
        for one in _kept(case, _Shifted):
            if isinstance(one, _Shifted) and one.result is behind:
                _keep(case, _Exponential(result.step, one.shift))
    return None


@RULE.check("torch.sum", "torch.Tensor.sum")
def total(case: Case) -> Report | None:
    """Keep what may be divided by."""
    event = case.event
    assert isinstance(event, OpCalled)
    for one in _reduced(case, event.result):
        _keep(case, _Total(one))
    return None


@RULE.check("torch.true_divide", "torch.div", "torch.Tensor.div", "torch.Tensor.true_divide")
def check(case: Case) -> Report | None:
    """What exp gave is divided by its own sum along an axis on which the shift has a number for each entry."""
    event = case.event
    assert isinstance(event, OpCalled)
    values = list(event.arguments.values())[:2]
    if len(values) != 2 or not all(isinstance(v, Tensor) for v in values):
        return None
    over, under = (case.tensor(v) for v in values)
    if over is None or under is None or not over.shape.rank:
        return None
    above, below = _behind(over.step), _behind(under.step, _STAYING | {"arithmetic"})  # a small number keeps it from 0
    raised = next((e for e in _kept(case, _Exponential) if isinstance(e, _Exponential) and e.result is above), None)
    for one in _kept(case, _Total):
        if raised is None or not isinstance(one, _Total) or one.total.result is not below:
            continue
        summed, shift = one.total, raised.shift
        if _behind(summed.source) is not above or shift.place == summed.place:
            continue
        if any(
            case.facts.resolve(over.shape.axes[place].size, generic=True) == 1 for place in (shift.place, summed.place)
        ):
            continue
        reduction = shift.case.text(shift.case.event.where.site.node)
        return Report(
            f"`{case.text(event.where.site.node)}` normalises axis {summed.place}, but the exponents were shifted by "
            f"`{reduction}`, which differs along that axis",
            label="a shift cancels only where it is the same for all entries that are divided by one sum",
            help=f"reduce one axis in both places: {shift.place} for the shift and {summed.place} for the sum do not agree",
            related=(
                (shift.case.event.where.site, f"the shift reduces axis {shift.place}"),
                (summed.case.event.where.site, f"the sum runs over axis {summed.place}"),
            ),
            step=over.step,
        )
    return None
