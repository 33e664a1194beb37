"""The reference recurrent layers against `torch.nn`: values, shapes, gradients, errors; and a test of the test."""

from __future__ import annotations

import itertools
import random
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence  # noqa: E402

from shapelint.reference import agreement, cells, equations, layers  # noqa: E402
from shapelint.reference.intermediates import Intermediate  # noqa: E402
from shapelint.reference.sizes import GATE_COUNTS, Kind, Sizes  # noqa: E402
from shapelint.shapes.dim import Dim  # noqa: E402

TOLERANCE = 1e-12
"""For float64 values of size about 1, in a handful of steps."""

BATCH, STEPS, FEATURES, HIDDEN = 3, 4, 5, 7
FORMS = ("padded", "unbatched", "packed", "packed unsorted")

Options = dict[str, Any]


def _random(*shape: int) -> torch.Tensor:
    return (torch.rand(*shape, dtype=torch.float64) - 0.5).requires_grad_()


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, PackedSequence):
        return [value.data]
    return [value] if isinstance(value, torch.Tensor) else [t for part in value for t in _tensors(part)]


def settings_of(kind: str, count: int = 40) -> list[Options]:
    """A sample of all combinations of options, forms of input and given states."""
    switches = {
        "num_layers": (1, 2, 3),
        "bias": (True, False),
        "batch_first": (False, True),
        "bidirectional": (False, True),
        "form": FORMS,
        "state": (False, True),
    }
    special: dict[str, tuple[object, ...]] = {
        "LSTM": {"proj_size": (0, 2)},
        "RNN": {"nonlinearity": ("tanh", "relu")},
        "GRU": {},
    }[kind]
    names = [*switches, *special]
    product = list(itertools.product(*switches.values(), *special.values()))
    return [dict(zip(names, values, strict=True)) for values in random.Random(kind).sample(product, count)]


def _call(form: str, given: bool, options: Options, has_cell: bool) -> tuple[Any, Any, list[torch.Tensor]]:
    """An input and a state in that form, with the leaf tensors that gradients are taken of."""
    rows = options["num_layers"] * (2 if options["bidirectional"] else 1)
    middle = () if form == "unbatched" else (BATCH,)
    h_0 = _random(rows, *middle, options.get("proj_size", 0) or HIDDEN)
    c_0 = _random(rows, *middle, HIDDEN)
    x = _random(*((BATCH, STEPS) if options["batch_first"] else (STEPS, BATCH)), FEATURES)
    if form == "unbatched":
        x = _random(STEPS, FEATURES)
    source: Any = x
    if form.startswith("packed"):
        lengths, in_order = ([2, 4, 1], False) if form == "packed unsorted" else ([4, 2, 1], True)
        source = pack_padded_sequence(x, lengths, options["batch_first"], enforce_sorted=in_order)
    if not given:
        return source, None, [x]
    return (source, (h_0, c_0), [x, h_0, c_0]) if has_cell else (source, h_0, [x, h_0])


class Agreed(NamedTuple):
    """What was compared: the tensors of the answer, the gradients, the intermediates inside; `largest` is the largest
    difference between two numbers."""

    values: int
    gradients: int
    intermediates: tuple[Intermediate, ...]
    largest: float


def assert_layers_agree(kind: str, setting: Options) -> Agreed:
    """Equal parameters, then equal values, shapes and gradients (input, states, every weight)."""
    torch.manual_seed(0)
    options = {name: value for name, value in setting.items() if name not in ("form", "state")}
    theirs = getattr(nn, kind)(FEATURES, HIDDEN, **options, dtype=torch.float64)
    ours = getattr(layers, kind)(FEATURES, HIDDEN, **options, dtype=torch.float64)
    ours.load_state_dict(theirs.state_dict())
    source, hx, leaves = _call(setting["form"], setting["state"], options, kind == "LSTM")
    expected = theirs(source, hx)
    seen = ours.observe(source, hx)
    assert isinstance(seen.output, PackedSequence) == isinstance(expected[0], PackedSequence)
    if isinstance(seen.output, PackedSequence):
        for mine, other in zip(seen.output[1:], expected[0][1:], strict=True):
            assert (mine is None and other is None) or torch.equal(mine, other)
    got, want = _tensors((seen.output, seen.state)), _tensors(expected)
    _assert_close(got, want)
    weights = [(ours.get_parameter(name), tensor) for name, tensor in theirs.named_parameters()]
    seeds = [torch.rand_like(tensor) for tensor in want]
    mine = torch.autograd.grad(got, leaves + [w for w, _ in weights], seeds, retain_graph=True, allow_unused=True)
    other = torch.autograd.grad(want, leaves + [w for _, w in weights], seeds, retain_graph=True, allow_unused=True)
    _assert_close(list(mine), list(other))
    pairs = [*zip(got, want, strict=True), *zip(mine, other, strict=True)]
    largest = max(float((a - b).detach().abs().max()) for a, b in pairs if a is not None and a.numel())
    return Agreed(len(got), len(mine), seen.intermediates, largest)


def _assert_close(got: list[torch.Tensor], want: list[torch.Tensor]) -> None:
    assert len(got) == len(want)
    for left, right in zip(got, want, strict=True):
        assert left.shape == right.shape
        assert torch.allclose(left, right, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_layers_equal_torch_in_values_shapes_and_gradients(kind: str) -> None:
    settings = settings_of(kind)
    assert {s["form"] for s in settings} == set(FORMS)
    for setting in settings:
        try:
            assert_layers_agree(kind, setting)
        except AssertionError as error:
            raise AssertionError(f"{kind} {setting}") from error


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("form", ["padded", "packed unsorted"])
def test_dropout_draws_what_torch_draws(kind: str, form: str) -> None:
    options = {"num_layers": 3, "bidirectional": True, "dropout": 0.5, "batch_first": False}
    theirs = getattr(nn, kind)(FEATURES, HIDDEN, **options, dtype=torch.float64)
    ours = getattr(layers, kind)(FEATURES, HIDDEN, **options, dtype=torch.float64)
    ours.load_state_dict(theirs.state_dict())
    source, hx, _ = _call(form, True, options, kind == "LSTM")
    results = []
    for layer in (ours, theirs):
        torch.manual_seed(3)
        results.append(_tensors(layer(source, hx)))
    _assert_close(*results)
    assert not torch.equal(results[0][0], _tensors(ours.eval()(source, hx))[0])
    _assert_close(_tensors(ours(source, hx)), _tensors(theirs.eval()(source, hx)))


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_construction_draws_the_same_weights(kind: str) -> None:
    made = []
    for module in (nn, layers):
        torch.manual_seed(1)
        made.append(getattr(module, kind)(FEATURES, HIDDEN, 2, bidirectional=True).state_dict())
    assert list(made[0]) == list(made[1])
    assert all(torch.equal(made[0][name], made[1][name]) for name in made[0])


CELLS: list[tuple[str, Options]] = [
    ("LSTMCell", {}),
    ("GRUCell", {}),
    ("RNNCell", {}),
    ("RNNCell", {"nonlinearity": "relu"}),
]


@pytest.mark.parametrize(("kind", "special"), CELLS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("middle", [(), (BATCH,), (0,)])
@pytest.mark.parametrize("given", [True, False])
def test_cells_equal_torch(kind: str, special: Options, bias: bool, middle: tuple[int, ...], given: bool) -> None:
    theirs = getattr(nn, kind)(FEATURES, HIDDEN, bias, **special, dtype=torch.float64)
    ours = getattr(cells, kind)(FEATURES, HIDDEN, bias, **special, dtype=torch.float64)
    ours.load_state_dict(theirs.state_dict())
    x, h, c = _random(*middle, FEATURES), _random(*middle, HIDDEN), _random(*middle, HIDDEN)
    hx = None if not given else (h, c) if kind == "LSTMCell" else h
    seen = ours.observe(x, hx)
    got, want = _tensors(seen.state), _tensors(theirs(x, hx))
    _assert_close(got, want)
    leaves = [x, h] if given else [x]
    seeds = [torch.rand_like(tensor) for tensor in want]
    mine = torch.autograd.grad(got, leaves + list(ours.parameters()), seeds)
    other = torch.autograd.grad(want, leaves + list(theirs.parameters()), seeds)
    _assert_close(list(mine), list(other))
    rows = middle[0] if middle else 1
    assert next(i.shape for i in seen.intermediates if i.name == "gate_input") == (rows, FEATURES + HIDDEN)


def test_every_intermediate_of_a_projected_lstm_has_its_shape() -> None:
    layer = layers.LSTM(5, 256, num_layers=2, bidirectional=True, proj_size=64)
    seen = layer.observe(torch.zeros(2, 3, 5))
    shapes = {(i.layer, i.direction, i.step, i.name): i.shape for i in seen.intermediates}
    assert len(shapes) == len(seen.intermediates) == 2 * 2 * 2 * 9
    for direction, step in itertools.product(("forward", "backward"), range(2)):
        assert shapes[0, direction, step, "gate_input"] == (3, 5 + 64)
        assert shapes[1, direction, step, "gate_input"] == (3, 2 * 64 + 64)
        for name in (*equations.LSTM_GATES, "cell", "unprojected_hidden"):
            assert shapes[0, direction, step, name] == shapes[1, direction, step, name] == (3, 256)
        assert shapes[1, direction, step, "hidden"] == (3, 64)


def test_a_packed_batch_holds_fewer_rows_at_later_steps() -> None:
    packed = pack_padded_sequence(torch.zeros(4, 3, 5), [4, 2, 1])
    seen = layers.GRU(5, 7, bidirectional=True).observe(packed)
    rows = {(i.direction, i.step): i.shape[0] for i in seen.intermediates if i.name == "hidden"}
    assert [rows["forward", t] for t in range(4)] == [rows["backward", t] for t in range(4)] == [3, 2, 1, 1]


# The same faults raise the same errors ------------------------------------------------------------

Fault = Callable[[Any], object]


def _zeros(*shape: int) -> torch.Tensor:
    return torch.zeros(*shape)


LAYER_FAULTS: dict[str, Fault] = {
    "features": lambda m: m.LSTM(5, 7)(_zeros(4, 3, 6)),
    "features unbatched": lambda m: m.LSTM(5, 7)(_zeros(4, 6)),
    "features packed": lambda m: m.GRU(5, 7)(pack_padded_sequence(_zeros(4, 3, 6), [4, 2, 1])),
    "features gru": lambda m: m.GRU(5, 7)(_zeros(4, 3, 6)),
    "rank 1": lambda m: m.LSTM(5, 7)(_zeros(5)),
    "rank 4": lambda m: m.LSTM(5, 7)(_zeros(2, 4, 3, 5)),
    "rank 4 gru": lambda m: m.GRU(5, 7)(_zeros(2, 4, 3, 5)),
    "rank 1 rnn": lambda m: m.RNN(5, 7)(_zeros(5)),
    "rank packed": lambda m: m.GRU(5, 7)(pack_padded_sequence(_zeros(4, 3, 2, 5), [4, 2, 1])),
    "empty sequence": lambda m: m.LSTM(5, 7)(_zeros(0, 3, 5)),
    "h_0 size": lambda m: m.LSTM(5, 7)(_zeros(4, 3, 5), (_zeros(1, 3, 8), _zeros(1, 3, 7))),
    "c_0 size": lambda m: m.LSTM(5, 7)(_zeros(4, 3, 5), (_zeros(1, 3, 7), _zeros(1, 3, 8))),
    "c_0 projected": lambda m: m.LSTM(5, 7, proj_size=2)(_zeros(4, 3, 5), (_zeros(1, 3, 2),) * 2),
    "h_0 projected": lambda m: m.LSTM(5, 7, proj_size=2)(_zeros(4, 3, 5), (_zeros(1, 3, 7),) * 2),
    "h_0 rows": lambda m: m.GRU(5, 7, bidirectional=True)(_zeros(4, 3, 5), _zeros(1, 3, 7)),
    "h_0 batch": lambda m: m.GRU(5, 7)(_zeros(4, 3, 5), _zeros(1, 4, 7)),
    "h_0 batch first": lambda m: m.GRU(5, 7, batch_first=True)(_zeros(3, 4, 5), _zeros(1, 4, 7)),
    "h_0 rank": lambda m: m.LSTM(5, 7)(_zeros(4, 3, 5), (_zeros(3, 7), _zeros(3, 7))),
    "h_0 rank unbatched": lambda m: m.LSTM(5, 7)(_zeros(4, 5), (_zeros(1, 1, 7), _zeros(1, 1, 7))),
    "h_0 rank gru": lambda m: m.GRU(5, 7)(_zeros(4, 3, 5), _zeros(3, 7)),
    "h_0 rank unbatched rnn": lambda m: m.RNN(5, 7)(_zeros(4, 5), _zeros(1, 1, 7)),
    "h_0 batch packed": (
        "RNN",
        lambda m: m.RNN(5, 7)(pack_padded_sequence(_zeros(4, 3, 5), [4, 2, 1]), _zeros(1, 2, 7)),
    ),
    "state not a pair": lambda m: m.LSTM(5, 7)(_zeros(4, 3, 5), _zeros(1, 3, 7)),
    "three states": lambda m: m.LSTM(5, 7)(_zeros(4, 3, 5), (_zeros(1, 3, 7),) * 3),
    "pair for a gru": lambda m: m.GRU(5, 7)(_zeros(4, 3, 5), (_zeros(1, 3, 7),) * 2),
    "dtype": lambda m: m.LSTM(5, 7)(_zeros(4, 3, 5).double()),
    "no input size": lambda m: m.LSTM(0, 7),
    "no hidden size": lambda m: m.LSTM(5, 0),
    "no layers": lambda m: m.LSTM(5, 7, 0),
    "float size": lambda m: m.LSTM(5.0, 7),
    "int as bias": lambda m: m.LSTM(5, 7, 2, 1),
    "int as batch_first": lambda m: m.LSTM(5, 7, 2, True, 1),
    "dropout above 1": lambda m: m.LSTM(5, 7, 2, dropout=2),
    "dropout a flag": lambda m: m.LSTM(5, 7, 2, dropout=True),
    "projection too wide": lambda m: m.LSTM(5, 7, proj_size=7),
    "projection negative": lambda m: m.LSTM(5, 7, proj_size=-1),
    "projection of a gru": lambda m: m.GRU(5, 7, proj_size=2),
    "projection of an rnn": lambda m: m.RNN(5, 7, proj_size=2),
    "nonlinearity": lambda m: m.RNN(5, 7, nonlinearity="elu"),
}

CELL_FAULTS: dict[str, Fault] = {
    f"{kind} {name}": fault
    for kind in ("GRUCell", "RNNCell")
    for name, fault in {
        "features": lambda m, k=kind: getattr(m, k)(5, 7)(_zeros(3, 6)),
        "rank": lambda m, k=kind: getattr(m, k)(5, 7)(_zeros(2, 3, 5)),
        "state rank": lambda m, k=kind: getattr(m, k)(5, 7)(_zeros(3, 5), _zeros(1, 3, 7)),
        "state batch": lambda m, k=kind: getattr(m, k)(5, 7)(_zeros(3, 5), _zeros(2, 7)),
        "state size": lambda m, k=kind: getattr(m, k)(5, 7)(_zeros(3, 5), _zeros(3, 8)),
        "state without batch": lambda m, k=kind: getattr(m, k)(5, 7)(_zeros(3, 5), _zeros(7)),
        "state with batch": lambda m, k=kind: getattr(m, k)(5, 7)(_zeros(5), _zeros(1, 7)),
    }.items()
} | {
    "LSTMCell features": lambda m: m.LSTMCell(5, 7)(_zeros(3, 6)),
    "LSTMCell rank": lambda m: m.LSTMCell(5, 7)(_zeros(2, 3, 5)),
    "LSTMCell c batch": lambda m: m.LSTMCell(5, 7)(_zeros(3, 5), (_zeros(3, 7), _zeros(1, 7))),
    "LSTMCell c size": lambda m: m.LSTMCell(5, 7)(_zeros(3, 5), (_zeros(3, 7), _zeros(3, 8))),
    "LSTMCell h size": lambda m: m.LSTMCell(5, 7)(_zeros(3, 5), (_zeros(3, 8), _zeros(3, 7))),
    "LSTMCell one state": lambda m: m.LSTMCell(5, 7)(_zeros(3, 5), (_zeros(3, 7),)),
    "LSTMCell a tensor": lambda m: m.LSTMCell(5, 7)(_zeros(3, 5), _zeros(3, 7)),
    "RNNCell nonlinearity": lambda m: m.RNNCell(5, 7, nonlinearity="elu")(_zeros(3, 5)),
}


def _raised(fault: Fault, module: Any) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any error, to be compared
        fault(module)
    return caught.value


@pytest.mark.parametrize(
    ("module", "fault"),
    [pytest.param(layers, fault, id=name) for name, fault in LAYER_FAULTS.items()]
    + [pytest.param(cells, fault, id=name) for name, fault in CELL_FAULTS.items()],
)
def test_the_reference_refuses_what_torch_refuses(module: Any, fault: Fault) -> None:
    mine, other = _raised(fault, module), _raised(fault, nn)
    assert type(mine) is type(other)
    if isinstance(other, RuntimeError):
        # the wording may change between versions of torch; which sizes it speaks of does not
        assert _sizes_in(mine) == _sizes_in(other)


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize(
    ("h", "c", "taken"),
    [
        ((1, 3, 7), (1, 3, 7), "always"),
        ((1, 4, 7), (1, 4, 7), "unsorted"),
        ((1, 3, 7), (1, 4, 7), "unsorted"),
        ((1, 2, 7), (1, 2, 7), "never"),
        ((2, 3, 7), (2, 3, 7), "never"),
        ((1, 3, 8), (1, 3, 8), "never"),
        ((1, 3, 7), (1, 3, 8), "never"),
        ((3, 7), (3, 7), "never"),
        ((1, 3, 7, 1), (1, 3, 7, 1), "never"),
    ],
)
def test_states_of_a_packed_lstm_are_taken_or_refused_as_in_torch(
    h: tuple[int, ...], c: tuple[int, ...], taken: str, in_order: bool
) -> None:
    # torch makes no check of its own here: with enforce_sorted=False it even takes states of a larger batch
    packed = pack_padded_sequence(_zeros(4, 3, 5), [4, 2, 1] if in_order else [2, 4, 1], enforce_sorted=in_order)
    results: list[object] = []
    for module in (layers, nn):
        try:
            results.append([tuple(t.shape) for t in _tensors(module.LSTM(5, 7)(packed, (_zeros(*h), _zeros(*c))))])
        except (RuntimeError, IndexError, ValueError) as error:
            results.append(type(error))
    assert results[0] == results[1]
    assert isinstance(results[0], list) == (taken == "always" or (taken == "unsorted" and not in_order))


def _sizes_in(error: Exception) -> list[int]:
    return sorted(int(number) for number in re.findall(r"\d+", str(error)))


def test_dropout_on_one_layer_warns_as_in_torch() -> None:
    for module in (nn, layers):
        with pytest.warns(UserWarning, match="dropout=0.5 and num_layers=1|dropout=0.5 does nothing"):
            module.LSTM(5, 7, dropout=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layers.LSTM(5, 7, 2, dropout=0.5)


def test_an_empty_batch_is_legal() -> None:
    for module in (nn, layers):
        output, (h_n, _) = module.LSTM(5, 7)(_zeros(4, 0, 5))
        assert (tuple(output.shape), tuple(h_n.shape)) == ((4, 0, 7), (1, 0, 7))


# A test of the test: a broken reference is noticed ------------------------------------------------

PADDED: Options = {
    "num_layers": 2,
    "bias": True,
    "batch_first": False,
    "bidirectional": True,
    "form": "padded",
    "state": True,
}


def _swapped(names: tuple[str, ...], a: int, b: int) -> tuple[str, ...]:
    order = list(names)
    order[a], order[b] = order[b], order[a]
    return tuple(order)


@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(range(4), 2)))
def test_swapped_gates_of_an_lstm_are_noticed(a: int, b: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_layers_agree("LSTM", PADDED)
    monkeypatch.setattr(layers.LSTM, "gate_names", _swapped(equations.LSTM_GATES, a, b))
    with pytest.raises(AssertionError):
        assert_layers_agree("LSTM", PADDED)
    assert not agreement.check(_sizes("lstm")).agrees


@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(range(3), 2)))
def test_swapped_gates_of_a_gru_are_noticed(a: int, b: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers.GRU, "gate_names", _swapped(equations.GRU_GATES, a, b))
    with pytest.raises(AssertionError):
        assert_layers_agree("GRU", PADDED)
    assert not agreement.check(_sizes("gru")).agrees


def test_a_wrong_nonlinearity_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "RNN_STEPS", {"tanh": equations.RNN_STEPS["relu"]})
    with pytest.raises(AssertionError):
        assert_layers_agree("RNN", PADDED)


def test_a_bias_counted_twice_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def doubled(*names: Any, bias_ih: torch.Tensor, **rest: torch.Tensor) -> equations.Weights:
        return equations.split_gates(*names, bias_ih=2 * bias_ih, **rest)

    monkeypatch.setattr(layers, "split_gates", doubled)
    for kind in ("LSTM", "GRU", "RNN"):
        with pytest.raises(AssertionError):
            assert_layers_agree(kind, PADDED)


# The table's arithmetic against the reference and torch --------------------------------------------


def _sizes(kind: Kind, **changes: Any) -> Sizes:
    symbols = {name: Dim.symbol(name, "parameter") for name in ("input", "hidden", "batch", "steps")}
    return Sizes(kind=kind, **(symbols | changes))


@pytest.mark.parametrize("kind", GATE_COUNTS)
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_arithmetic_agrees_with_torch(kind: Kind, count: int, bidirectional: bool, batch_first: bool) -> None:
    projections = (None, Dim.of(2)) if kind == "lstm" else (None,)
    for proj, bias in itertools.product(projections, (True, False)):
        sizes = _sizes(kind, layers=count, bidirectional=bidirectional, batch_first=batch_first, proj=proj, bias=bias)
        said = agreement.check(sizes)
        assert said.agrees, said.disagreements
        assert said.replaced == ()


@pytest.mark.parametrize("size", ["input", "hidden", "batch", "steps"])
def test_sizes_too_large_to_run_get_stand_ins(size: str) -> None:
    sizes = _sizes("lstm", **{size: Dim.of(10**9)})
    run, replaced = agreement.runnable(sizes)
    assert size in replaced
    assert all((getattr(run, name).value or 0) < 20 for name in ("input", "hidden", "batch", "steps"))
    assert agreement.check(sizes).agrees


def test_sizes_of_a_run_are_distinct_and_keep_what_was_given() -> None:
    run, replaced = agreement.runnable(_sizes("lstm", proj=Dim.of(9), batch=Dim.of(4), input=Dim.of(10)))
    numbers = [getattr(run, name).value for name in ("input", "hidden", "proj", "batch", "steps")]
    assert len(set(numbers)) == len(numbers)
    assert (numbers[0], numbers[2], numbers[3], replaced) == (10, 9, 4, ())
    assert numbers[1] > 9


def test_a_wrong_table_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sizes, "read", lambda self, layer: self.input)
    assert not agreement.check(_sizes("lstm", layers=2)).agrees


def test_importing_the_package_and_the_table_loads_no_torch() -> None:
    code = "import sys, shapelint.reference, shapelint.reference.table; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
