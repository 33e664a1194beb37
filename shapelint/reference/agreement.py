"""Holds the table against the reference layer and `torch.nn`: one run, every shape and every value compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor, nn

from shapelint.reference import layers
from shapelint.reference.sizes import Dims, Sizes
from shapelint.shapes.dim import Dim

TOLERANCE = 1e-10
"""The largest difference between two float64 values that still counts as equal; outputs of these layers lie within
[-1, 1] (a projection apart, which is a sum of such values).
"""

MOST_PARAMETERS = 4_000_000
MOST_PASSES = 2_000
MOST_PRODUCTS = 1_000_000_000
"""A run above these bounds would take more than about a second; smaller sizes then stand in for the large ones."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What torch said. `sizes` are those of the run, all numbers; `replaced` names sizes that were given but too
    large to run; `compared` counts shapes; `largest_difference` is that between values of the reference and of
    `torch.nn`.
    """

    torch_version: str
    sizes: Sizes
    replaced: tuple[str, ...]
    compared: int
    largest_difference: float
    disagreements: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not self.disagreements


def check(sizes: Sizes) -> Agreement:
    """Runs the reference layer and that of `torch.nn` with equal weights and holds both, and all that `sizes` says,
    together.

    Open sizes are chosen small and distinct from all others, so that no two axes are equal by chance.
    """
    run, replaced = runnable(sizes)
    generator = torch.Generator().manual_seed(0)
    options: dict[str, Any] = {
        "num_layers": run.layers,
        "bias": run.bias,
        "batch_first": run.batch_first,
        "bidirectional": run.bidirectional,
        "dtype": torch.float64,
    }
    if run.proj is not None:
        options["proj_size"] = _number(run.proj)
    theirs: nn.RNNBase = getattr(nn, run.class_name)(_number(run.input), _number(run.hidden), **options)
    ours: layers.Recurrent = getattr(layers, run.class_name)(_number(run.input), _number(run.hidden), **options)
    outside = {name: _numbers(dims) for name, dims in run.outside().items()}
    given = [torch.rand(outside[name], generator=generator, dtype=torch.float64) - 0.5 for name in _starts(run)]
    x = torch.rand(outside["input"], generator=generator, dtype=torch.float64) - 0.5
    with torch.no_grad():
        ours.load_state_dict(theirs.state_dict())
        hx = tuple(given) if run.has_cell else given[0]
        seen = ours.observe(x, hx)
        output, state = theirs(x, hx)

    problems: list[str] = []
    compared = 0

    def same(subject: str, expected: tuple[int, ...], got: tuple[int, ...]) -> None:
        nonlocal compared
        compared += 1
        if expected != got:
            problems.append(f"{subject}: the table says {expected}, torch {got}")

    parameters = {name: tuple(tensor.shape) for name, tensor in theirs.named_parameters()}
    told = {p.name: _numbers(p.dims) for layer, way in run.passes() for p in run.parameters(layer, way)}
    for name in sorted(parameters.keys() | told.keys()):
        same(name, told.get(name, ()), parameters.get(name, ()))
    count = sum(tensor.numel() for tensor in theirs.parameters())
    if count != _number(run.parameter_count):
        problems.append(f"parameters: the table says {_number(run.parameter_count)}, torch {count}")

    theirs_by_name = dict(zip(_ends(run), (output, *(state if run.has_cell else (state,))), strict=True))
    assert isinstance(seen.output, Tensor)
    ours_by_name = dict(zip(_ends(run), (seen.output, *_parts(seen.state)), strict=True))
    largest = 0.0
    for name, tensor in theirs_by_name.items():
        same(name, outside[name], tuple(tensor.shape))
        mine = ours_by_name[name]
        if mine.shape != tensor.shape:
            problems.append(f"{name}: the reference gives {tuple(mine.shape)}, torch {tuple(tensor.shape)}")
            continue
        difference = float((mine - tensor).abs().max())
        largest = max(largest, difference)
        if not difference <= TOLERANCE:
            problems.append(f"{name}: values of the reference and of torch differ by up to {difference:.3g}")

    inside = {layer: {line.name: _numbers(line.dims) for line in run.inside(layer)} for layer in range(run.layers)}
    recorded: set[tuple[int, str, int, str]] = set()
    for item in seen.intermediates:
        recorded.add((item.layer, item.direction, item.step, item.name))
        subject = f"{item.name} in layer {item.layer} {item.direction} at step {item.step}"
        same(subject, inside[item.layer].get(item.name, ()), item.shape)
    for layer, way in run.passes():
        for step in range(_number(run.steps)):
            for name in inside[layer]:
                if (layer, way, step, name) not in recorded:
                    problems.append(f"{name} in layer {layer} {way} at step {step}: in the table, not in the reference")

    for subject, left, right in _ends_meet(run, output, theirs_by_name["h_n"]):
        if left.shape != right.shape or float((left - right).abs().max()) > TOLERANCE:
            problems.append(f"{subject} does not hold")
    linear = nn.Linear(_number(run.features), _number(run.top), dtype=torch.float64)
    same("nn.Linear on the output", (*outside["output"][:2], _number(run.top)), tuple(linear(output).shape))
    return Agreement(torch.__version__, run, replaced, compared, largest, tuple(problems))


def runnable(sizes: Sizes) -> tuple[Sizes, tuple[str, ...]]:
    """The same layer with a number for every size, and which of the given sizes gave way to smaller ones."""
    names = ("input", "hidden", "proj", "batch", "steps", "head")
    given = {name for name in names if getattr(sizes, name) is not None and getattr(sizes, name).value is not None}
    replaced: list[str] = []
    run = _fill(sizes, given)

    def give_way(*dropped: str) -> None:
        nonlocal run
        replaced.extend(name for name in dropped if name in given)
        given.difference_update(dropped)
        run = _fill(replace(sizes, layers=run.layers), given)

    if len(run.directions) * run.layers * _number(run.steps) > MOST_PASSES:
        give_way("steps")
    if len(run.directions) * run.layers * _number(run.steps) > MOST_PASSES:
        run = replace(run, layers=3)
        replaced.append("layers")
    if _number(run.parameter_count) > MOST_PARAMETERS:
        give_way("input", "hidden", "proj")
    if _number(run.features * run.top) > MOST_PARAMETERS:
        give_way("head")
    for name in ("batch", "steps"):
        if _number(run.parameter_count * run.batch * run.steps) > MOST_PRODUCTS:
            give_way(name)
    return run, tuple(replaced)


def _fill(sizes: Sizes, given: set[str]) -> Sizes:
    """Numbers for all sizes not in `given`, distinct from each other and from the given ones."""
    chosen = {name: getattr(sizes, name) for name in given}
    taken = {dim.value for dim in chosen.values()}
    wanted = [("batch", 3), ("steps", 4), ("input", 5), ("hidden", 7)]
    if sizes.proj is not None:
        # a given hidden size bounds the projection, a given projection the hidden size
        wanted.insert(0, ("proj", 2))
        wanted[-1] = ("hidden", 1 + max(6, chosen["proj"].value if "proj" in chosen else 0))
    if sizes.head is not None:
        wanted.append(("head", 6))
    for name, least in wanted:
        if name not in given:
            number = least
            while number in taken:
                number += 1
            taken.add(number)
            chosen[name] = Dim.of(number)
    kept = {field.name: getattr(sizes, field.name) for field in fields(sizes)}
    return Sizes(**(kept | chosen))


def _ends_meet(run: Sizes, output: Tensor, h_n: Tensor) -> Iterator[tuple[str, Tensor, Tensor]]:
    """What the table says of `output` against `h_n`: (sentence, left side, right side)."""
    by_step = output.transpose(0, 1) if run.batch_first else output
    size = _number(run.out)
    if not run.bidirectional:
        yield "the last step of output is h_n[-1]", by_step[-1], h_n[-1]
        return
    yield "the forward half of the last step of output is h_n[-2]", by_step[-1][:, :size], h_n[-2]
    yield "the backward half of the first step of output is h_n[-1]", by_step[0][:, size:], h_n[-1]


def _starts(sizes: Sizes) -> tuple[str, ...]:
    return ("h_0", "c_0") if sizes.has_cell else ("h_0",)


def _ends(sizes: Sizes) -> tuple[str, ...]:
    return ("output", "h_n", "c_n") if sizes.has_cell else ("output", "h_n")


def _parts(state: Tensor | tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
    return (state,) if isinstance(state, Tensor) else state


def _number(dim: Dim) -> int:
    assert dim.value is not None
    return dim.value


def _numbers(dims: Dims) -> tuple[int, ...]:
    return tuple(_number(dim) for dim in dims)
