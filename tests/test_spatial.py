"""An input whose batch axis may be missing stays open between both readings until an op decides."""

from __future__ import annotations

from shapelint.ops.contract import Context, Inferred, Layer, constant, construct, infer
from shapelint.ops.index import find
from shapelint.shapes.facts import Facts
from shapelint.shapes.printing import format_shape
from shapelint.values.model import LayerConfig, Tensor, Value


def _call(facts: Facts, name: str, init: tuple[object, ...], x: Value) -> Inferred:
    op = find(f"torch.nn.{name}")
    assert op is not None
    config = construct(Context(facts), op, [constant(v) for v in init], {}, f"torch.nn.{name}")
    assert isinstance(config, LayerConfig)
    return infer(Context(facts), op, [x], {}, config)


def _shape(facts: Facts, value: Value) -> str:
    assert isinstance(value, Tensor)
    return format_shape(facts.shape(value.shape))


def test_a_convolution_leaves_the_batch_open() -> None:
    facts, x = Facts(), Tensor.unknown("x")
    result = _call(facts, "Conv2d", (3, 64, 1), x)
    assert not result.assumed
    assert _shape(facts, result.value) == "(..., 64, x.-2, x.-1)"
    assert isinstance(result.value, Tensor)
    assert format_shape(facts.read(result.value.shape)) == "(batch, 64, x.-2, x.-1)"


def test_channels_that_differ_are_proved_in_both_readings() -> None:
    facts, x = Facts(), Tensor.unknown("x")
    first = _call(facts, "Conv2d", (3, 64, 1), x)
    second = _call(facts, "Conv2d", (32, 8, 1), first.value)
    assert second.mismatch is not None
    assert second.mismatch.constraint.rule == "conv-channels"
    assert not second.assumed


def test_a_layer_that_takes_batches_only_decides() -> None:
    facts, x = Facts(), Tensor.unknown("x")
    first = _call(facts, "Conv2d", (3, 64, 1), x)
    second = _call(facts, "BatchNorm2d", (64,), first.value)
    assert second.mismatch is None
    assert _shape(facts, x) == "(batch, 3, x.-2, x.-1)"


def test_an_axis_from_the_left_assumes_the_batch() -> None:
    facts, x = Facts(), Tensor.unknown("x")
    out = _call(facts, "Conv2d", (3, 64, 1), x).value
    assert isinstance(out, Tensor)
    cx = Context(facts)
    read, at = cx.axis(out, 0, "C1")
    assert (at, cx.assumed, read.assumed) == (0, True, True)
    assert format_shape(read.shape) == "(batch, 64, x.-2, x.-1)"
    assert _shape(facts, x) == "(..., 3, x.-2, x.-1)"


def test_a_first_axis_seen_before_is_the_batch_of_the_result() -> None:
    facts = Facts()
    x = Tensor.unknown("x")
    facts.reveal_prefix(x.shape, 1)
    out = _call(facts, "Conv2d", (3, 64, 1), x).value
    assert isinstance(out, Tensor)
    assert format_shape(facts.read(out.shape)) == "(x.0, 64, x.-2, x.-1)"


def test_distributions_answer_for_their_attributes() -> None:
    facts = Facts()
    op = find("torch.distributions.Categorical")
    assert op is not None
    assert op._attributes is not None
    logits = Tensor.of(2, 3, 5)
    config = construct(Context(facts), op, [], {"logits": logits}, "torch.distributions.Categorical")
    assert isinstance(config, LayerConfig)
    cx = Context(facts)
    cx.op = op
    probs = op._attributes(cx, Layer(cx, config), "probs")
    assert probs is not None
    assert _shape(facts, probs) == "(2, 3, 5)"
