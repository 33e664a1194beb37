"""A softmax over one axis whose result is used along another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapelint.interp.run import Run
from shapelint.rules.claimed_roles import claimed_role
from shapelint.rules.contract import Case, OpCalled, Report, Rule
from shapelint.rules.size_names import BATCH_NAMES, name_in
from shapelint.rules.softmax_size_one import SOFTMAXES, softmax_axis
from shapelint.shapes.shape import Axis, Factor, product
from shapelint.values.model import Int, NoneValue, Step, Tensor

RULE = Rule("softmax-axis", "SHP612", "warning", "a softmax over another axis than the one its result is used along")

# ops that hand the entries on as they are
_PASSING = frozenset(
    "reshape reshape_as flatten permute transpose contiguous dropout Dropout to float half type squeeze unsqueeze clone conversion".split()
)


@dataclass(eq=False)
class _Softmax:
    case: Case
    axis: tuple[Factor, ...]
    place: int
    step: Step


@dataclass(eq=False)
class _Weighted:
    """A product with the weights that a softmax gave; `places` are those axes of the product along which they differ."""

    softmax: _Softmax
    step: Step
    normalised: int
    places: frozenset[int]


@dataclass(eq=False)
class _Misplaced:
    """A report; one that rests on the softmax alone falls where its result `weighs` something, since samples may be weighed."""

    case: Case
    report: Report
    weighs: _Softmax | None = None


@RULE.check(*SOFTMAXES)
def remember(case: Case) -> Report | None:
    """Keep which axis each softmax normalises."""
    event = case.event
    assert isinstance(event, OpCalled)
    dim = softmax_axis(event)
    result = event.result
    if not isinstance(result, Tensor) or result.step is None:
        return None
    x = case.tensor(result)
    if x is None or not isinstance(dim, Int) or dim.dim.value is None:
        return None
    place = dim.dim.value + (x.shape.rank or 0 if dim.dim.value < 0 else 0)
    if not 0 <= place < len(x.shape.prefix) or (event.assumed and not case.is_told_batched(x.shape)):
        return None
    axis = x.shape.prefix[place]
    if axis.factors:
        kept = _Softmax(case, axis.factors, place, result.step)
        case.run.notes.setdefault(RULE.name, []).append(kept)
        over = _over_samples(case, x, place)
        if over is not None:
            case.run.notes.setdefault(f"{RULE.name} found", []).append(_Misplaced(case, over, kept))
    return None


@RULE.check(*(f"torch.nn.functional.{n}" for n in ("softmax", "log_softmax", "softmin")))
@RULE.check(*(f"torch.nn.{n}" for n in ("Softmax", "LogSoftmax", "Softmin")))
def implicit(case: Case) -> Report | None:
    """Where no `dim` is given torch warns, and of three axes takes the first: the batch, or the steps."""
    event = case.event
    assert isinstance(event, OpCalled)
    dim = (event.arguments if event.config is None else event.config.args).get("dim")
    result = event.result
    if not isinstance(dim, NoneValue) or not isinstance(result, Tensor) or result.shape.rank != 3:
        return None
    if event.assumed and not case.is_told_batched(result.shape):
        return None
    return Report(
        f"`{case.subject}` is given no `dim`: of the three axes of {case.shape(result.shape)} torch takes the first",
        label=f"axis 0 has {case.dim(result.shape.axes[0].size)} entries, which add up to 1",
        help="name the axis whose entries compete: `dim=-1` for the scores of each position",
        notes=("torch warns: implicit dimension choice for softmax has been deprecated",),
        step=result.step,
        constraint="implicit",
    )


def _over_samples(case: Case, x: Tensor, place: int) -> Report | None:
    """Scores that a layer gave, one row for each sample of a proved batch: normalised down the batch, they make samples compete."""
    if x.shape.rank != 2 or place != 0 or case.facts.resolve(x.shape.axes[0].size, generic=True) == 1:
        return None
    samples, scores = x.shape.axes
    if case.proved_role(samples) != "batch" or case.proved_role(scores) not in ("feature", "class"):
        return None
    if case.facts.resolve(scores.size, generic=True) == 1:
        return None  # one score for each sample may be a weight for it
    why = next(e.why for e in case.evidence(samples) if e.role == "batch")
    return Report(
        f"`{case.subject}` normalises over the samples of the batch, not over the {case.dim(scores.size)} scores of each",
        label=f"axis 0 of {case.shape(x.shape)} is the batch: {why}",
        help="normalise the scores: `dim=-1`",
        step=x.step,
        constraint="samples",
    )


# of these, the ones that also leave the entries in their places
_KEEPING = frozenset("dropout Dropout to float half type contiguous clone conversion".split())


def _softmax_behind(case: Case, step: Step | None) -> tuple[_Softmax, bool] | None:
    """The softmax whose entries a tensor holds, and whether they are where they were."""
    known = {s.step: s for s in case.run.notes.get(RULE.name, ()) if isinstance(s, _Softmax)}
    in_place = True
    while step is not None:
        if step in known:
            return known[step], in_place
        if step.op not in _PASSING:
            return None
        in_place = in_place and step.op in _KEEPING
        step = step.previous
    return None


@RULE.check(*(f"torch.{owner}{name}" for owner in ("", "Tensor.") for name in ("matmul", "mm", "bmm", "mul", "einsum")))
def weighing(case: Case) -> Report | None:
    """Keep which softmaxes weigh something."""
    event = case.event
    assert isinstance(event, OpCalled)
    for value in event.arguments.values():
        behind = _softmax_behind(case, value.step) if isinstance(value, Tensor) else None
        if behind is not None:
            case.run.notes.setdefault(f"{RULE.name} weighing", []).append(behind[0])
    return None


@RULE.check("torch.matmul", "torch.bmm", "torch.Tensor.matmul", "torch.Tensor.bmm")
def weights(case: Case) -> Report | None:
    """Attention weights must sum to 1 along the axis that the product sums over."""
    event = case.event
    assert isinstance(event, OpCalled)
    left = case.tensor(next(iter(event.arguments.values()), event.result))
    if left is None or left.shape.rank is None or left.shape.rank < 3 or event.assumed:
        return None
    behind = _softmax_behind(case, left.step)
    summed, kept = left.shape.axes[-1], left.shape.axes[-2]
    if behind is None:
        return None
    found, in_place = behind
    # in self-attention both axes are the same steps: only the place tells them apart
    moved = kept.factors != found.axis or any(f in summed.factors for f in found.axis)
    if moved and not (in_place and found.place < left.shape.rank - 1):
        return None
    if (
        case.facts.resolve(left.shape.axes[found.place].size, generic=True) == 1
        or case.facts.resolve(summed.size, generic=True) == 1
    ):
        return None
    if _is_assignment(case, found):
        return None
    across = in_place and found.place < left.shape.rank - 2  # the product pairs these axes: neither is summed
    if not (summed.factors or across) or (
        found.place == left.shape.rank - 2 and case.facts.resolve(kept.size, generic=True) == 1
    ):
        return None
    report = Report(
        f"`{found.case.subject}` normalises axis {found.place}, but its result is summed over the last axis",
        label="the weights that are summed together do not add up to 1: each row is a sum, not an average",
        help="normalise the axis that the product sums over: `dim=-1`",
        related=((event.where.site, "the product sums over the last axis of the weights"),),
        step=found.step.previous,
        constraint="weights",
    )
    case.run.notes.setdefault(f"{RULE.name} found", []).append(_Misplaced(found.case, report))
    return None


def _is_assignment(case: Case, found: _Softmax) -> bool:
    """Whether a softmax shares each entry out among the outputs of a layer, or among the entries of a parameter: clusters, slots or routes that then
    collect their shares, which need not add up."""
    if any(case.proved_role(Axis(f.size, (f,))) in ("feature", "channel", "class") for f in found.axis):
        return True
    if all(s.kind == "input" for f in found.axis for s in f.size.symbols) and any(f.size.symbols for f in found.axis):
        return False  # as many entries as an input has
    step: Step | None = found.step
    while step is not None and step.op != "Parameter":
        step = step.previous
    return step is not None


@RULE.check("torch.mul", "torch.Tensor.mul")
def weighted(case: Case) -> Report | None:
    """Keep which products have the weights of a softmax in them."""
    event = case.event
    assert isinstance(event, OpCalled)
    result = event.result
    if not isinstance(result, Tensor) or result.step is None or not result.shape.rank or event.assumed:
        return None
    for value in list(event.arguments.values())[:2]:
        factor = case.tensor(value)
        behind = _softmax_behind(case, factor.step) if factor is not None else None
        if factor is None or behind is None or factor.shape.rank is None:
            continue
        ahead = result.shape.rank - factor.shape.rank
        places = {
            ahead + i: axis
            for i, axis in enumerate(factor.shape.axes)
            if case.facts.resolve(axis.size, generic=True) != 1
        }
        normalised = [i for i, axis in places.items() if axis.factors == behind[0].axis]
        if len(normalised) == 1:
            kept = _Weighted(behind[0], result.step, normalised[0], frozenset(places))
            case.run.notes.setdefault(RULE.name, []).append(kept)
    return None


@RULE.check("torch.matmul", "torch.bmm", "torch.Tensor.matmul", "torch.Tensor.bmm")
def contracted(case: Case) -> Report | None:
    """What a product sums over is the last axis of its left side, and the last but one of its right side."""
    event = case.event
    assert isinstance(event, OpCalled)
    for value, place in zip(event.arguments.values(), (-1, -2)):
        x = case.tensor(value)
        if x is not None and x.shape.rank is not None and x.shape.rank > 2 and not event.assumed:
            _summed(case, x, x.shape.rank + place, by_name=True)
    return None


@RULE.check("torch.sum", "torch.Tensor.sum")
def pooled(case: Case) -> Report | None:
    """One weight for each entry of two axes, normalised along the one and summed along the other: no average comes out."""
    event = case.event
    assert isinstance(event, OpCalled)
    x = case.tensor(next(iter(event.arguments.values()), event.result))
    dim = event.arguments.get("dim")
    if x is None or not x.shape.rank or not isinstance(dim, Int) or dim.dim.value is None or event.assumed:
        return None
    _summed(case, x, dim.dim.value % x.shape.rank)
    return None


def _summed(case: Case, x: Tensor, place: int, by_name: bool = False) -> None:
    """Keep the report that an axis of a weighted tensor is summed and another one was normalised; `by_name` asks that this one be named batch."""
    for kept in case.run.notes.get(RULE.name, ()):
        if isinstance(kept, _Weighted) and kept.step is x.step and _pools(case, kept, place, by_name):
            found = kept.softmax
            if kept.normalised == place or found.place != 0 or _is_assignment(case, found):
                return
            report = Report(
                f"`{found.case.subject}` normalises axis {found.place}, but what it weighs is summed along axis {place}",
                label="the weights that are summed together do not add up to 1: each row is a sum, not an average",
                help="normalise the axis that the sum runs over",
                related=((case.event.where.site, f"the sum runs over axis {place}"),),
                step=found.step.previous,
                constraint="weights",
            )
            case.run.notes.setdefault(f"{RULE.name} found", []).append(_Misplaced(found.case, report))


def _pools(case: Case, kept: _Weighted, place: int, by_name: bool) -> bool:
    """Whether a sum is what the weights were made for: they differ along both axes alone, or a name says batch of what is normalised."""
    if kept.places == {place, kept.normalised} and not by_name:
        return True
    samples = Axis(product(f.size for f in kept.softmax.axis), kept.softmax.axis)
    claim = claimed_role(case.run, samples)
    named = bool(name_in(case, samples, BATCH_NAMES)) or (claim is not None and claim[0] == "batch")
    return kept.places >= {place, kept.normalised} and named


@RULE.check("torch.nn.functional.nll_loss", "torch.nn.NLLLoss")
def classes(case: Case) -> Report | None:
    """Log-probabilities must be normalised over the classes that the loss picks from."""
    event = case.event
    assert isinstance(event, OpCalled)
    x = case.tensor(next(iter(event.arguments.values()), event.result))
    if x is None or not x.shape.rank:
        return None
    # where the rank is assumed, the softmax has answered for that
    behind = _softmax_behind(case, x.step)
    picked = x.shape.axes[1 if x.shape.rank > 1 else 0]
    if behind is None:
        return None
    found = behind[0]
    if len(picked.factors) != 1 or picked.factors == found.axis or len(found.axis) != 1:
        return None
    role = case.proved_role(Axis(found.axis[0].size, found.axis))
    over = f" ({role})" if role in ("batch", "step") else ""
    report = Report(
        f"`{found.case.subject}` normalises axis {found.place}{over}, but the loss picks from the classes of another axis",
        label="the scores of one position do not add up to 1 over its classes",
        help="normalise the classes: `dim=-1` where they are the last axis",
        related=((event.where.site, "the loss reads the classes here"),),
        step=found.step.previous,
        constraint="classes",
    )
    case.run.notes.setdefault(f"{RULE.name} found", []).append(_Misplaced(found.case, report))
    return None


@RULE.conclude
def conclude(run: Run) -> Iterator[tuple[Case, Report]]:
    for found in run.notes.get(f"{RULE.name} found", ()):
        if isinstance(found, _Misplaced) and found.weighs not in run.notes.get(f"{RULE.name} weighing", ()):
            yield found.case, found.report
