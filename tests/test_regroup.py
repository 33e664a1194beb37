"""What a reshape does to axes: identities pass, merge, split, come back, and are told where they trade places."""

from __future__ import annotations

import pytest

from shapelint.shapes.dim import Dim
from shapelint.shapes.facts import Facts
from shapelint.shapes.regroup import Regrouped, regroup
from shapelint.shapes.shape import Axis, Factor, Shape

B, T, H, E, HEADS = (Dim.symbol(n, "parameter") for n in ("B", "T", "H", "E", "heads"))
ONE, TWO = Dim.of(1), Dim.of(2)


@pytest.fixture
def facts() -> Facts:
    return Facts()


def factors(result: Regrouped) -> list[tuple[Factor, ...]]:
    return [axis.factors for axis in result.axes]


def only(axis: Axis) -> Factor:
    assert len(axis.factors) == 1
    return axis.factors[0]


def test_equal_sizes_pass(facts: Facts) -> None:
    axes = Shape.of(T, B, H).axes
    result = regroup(facts, axes, (T, B, H))
    assert factors(result) == [a.factors for a in axes]
    assert result.scramble is None


def test_flatten_and_unflatten_give_back_the_axes(facts: Facts) -> None:
    axes = Shape.of(B, T, H).axes
    flat = regroup(facts, axes, (B * T, H))
    assert factors(flat) == [(only(axes[0]), only(axes[1])), (only(axes[2]),)]
    assert factors(regroup(facts, flat.axes, (B, T, H))) == [a.factors for a in axes]


def test_heads_split_and_merge_again(facts: Facts) -> None:
    facts.learn_divides(E, HEADS)
    axes = Shape.of(B, T, E).axes
    split = regroup(facts, axes, (B, T, HEADS, E // HEADS))
    assert [only(a).parent for a in split.axes] == [None, None, only(axes[2]), only(axes[2])]
    assert [(only(a).place, only(a).count) for a in split.axes[2:]] == [(0, 2), (1, 2)]
    assert factors(regroup(facts, split.axes, (B, T, E))) == [a.factors for a in axes]


def test_view_where_a_transpose_was_meant(facts: Facts) -> None:
    axes = Shape.of(T, B, H).axes
    result = regroup(facts, axes, (B, T, H))
    assert result.axes[2].factors == axes[2].factors
    scramble = result.scramble
    assert scramble is not None
    assert scramble.source == (only(axes[0]), only(axes[1]))
    assert scramble.claims == ((only(axes[1]),), (only(axes[0]),))
    assert not scramble.merges_apart


def test_a_mix_is_undone_by_the_old_borders(facts: Facts) -> None:
    axes = Shape.of(T, B, H).axes
    mixed = regroup(facts, axes, (B, T, H))
    back = regroup(facts, mixed.axes, (T, B, H))
    assert back.scramble is None
    assert factors(back) == [a.factors for a in axes]
    flat = regroup(facts, mixed.axes, (T * B, H))
    assert flat.axes[0].factors == (only(axes[0]), only(axes[1]))


def test_heads_taken_before_the_transpose(facts: Facts) -> None:
    facts.learn_divides(E, HEADS)
    axes = Shape.of(B, T, E).axes
    scramble = regroup(facts, axes, (B, HEADS, T, E // HEADS)).scramble
    assert scramble is not None
    assert scramble.at == 1
    assert [only_claim.parent for (only_claim,) in scramble.claims] == [only(axes[2]), None, only(axes[2])]


def test_layers_and_features_merged_over_the_batch(facts: Facts) -> None:
    layers, directions = Factor(H), Factor(TWO)
    axes = (Axis(2 * H, (layers, directions)), Axis.fresh(B), Axis.fresh(E))
    scramble = regroup(facts, axes, (B, 2 * H * E)).scramble
    assert scramble is not None
    assert scramble.merges_apart
    assert scramble.claims[0] == axes[1].factors
    assert scramble.claims[1] == (layers, directions, *axes[2].factors)


def test_layers_and_directions_are_told_apart(facts: Facts) -> None:
    layers, directions = Factor(H), Factor(TWO)
    axes = (Axis(2 * H, (layers, directions)), Axis.fresh(B))
    result = regroup(facts, axes, (H, TWO, B))
    assert factors(result) == [(layers,), (directions,), axes[1].factors]


def test_axes_of_equal_size_make_no_other_reading(facts: Facts) -> None:
    result = regroup(facts, Shape.of(B, B, T).axes, (T, B, B))
    assert result.scramble is not None  # whichever of the two is meant, the last axis is read first


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((B, B, H), (B, B, H)),  # a square
        ((4, 6), (3, 8)),
        ((24,), (4, 6)),
        ((2, 3, 4), (6, 4)),
        ((B, T * 3), (B * T, 3)),
        ((1, B, 1, H), (B, H)),
    ],
)
def test_no_scramble_is_claimed(facts: Facts, source: tuple[Dim | int, ...], target: tuple[Dim | int, ...]) -> None:
    assert regroup(facts, Shape.of(*source).axes, [Dim.of(s) for s in target]).scramble is None


def test_axes_of_one_come_and_go(facts: Facts) -> None:
    axes = Shape.of(B, 1, H).axes
    assert factors(regroup(facts, axes, (B, ONE, H))) == [a.factors for a in axes]
    assert factors(regroup(facts, axes, (B, H))) == [axes[0].factors, axes[2].factors]
    assert len(regroup(facts, axes, (ONE, B, ONE, H)).axes) == 4


def test_sizes_of_numbers_are_split_and_merged(facts: Facts) -> None:
    axes = Shape.of(6, 4).axes
    first, second = regroup(facts, axes, (Dim.of(3), Dim.of(8))).axes
    assert only(first).parent is only(axes[0])
    assert [f.parent for f in second.factors] == [only(axes[0]), None]


def test_a_slice_keeps_what_is_known_of_the_axis(facts: Facts) -> None:
    axes = Shape.of(B, T, H).axes
    facts.roles[only(axes[1])] = ("step",)
    shorter = (axes[0], axes[1].resized(T - 1), axes[2])
    flat = regroup(facts, shorter, (B * (T - 1), H))
    part = flat.axes[0].factors[1]
    assert part.parent is only(axes[1])
    assert facts.roles[part] == ("step",)
    again = regroup(facts, flat.axes, (B, T - 1, H))
    assert again.axes[1].factors == (part,)


def test_an_axis_of_unknown_make_stays_unknown(facts: Facts) -> None:
    axes = (Axis(T), Axis.fresh(B))
    assert factors(regroup(facts, axes, (T * B,))) == [()]
    assert factors(regroup(facts, axes, (B, T))) == [(), ()]
