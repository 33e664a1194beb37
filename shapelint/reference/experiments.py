"""What shows a fault that runs: a change of one value, and what it does to the result.

An experiment repeats the calls around a finding with one value made free, changes entries of that value, and looks at
the result. It gives what it saw where that is the fault, and None where it is not.
"""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from shapelint.interp.events import OpCalled
from shapelint.ops.contract import Evidence
from shapelint.reference.program import CannotReplay, Program
from shapelint.reference.recording import Call, Path
from shapelint.shapes.regroup import regroup
from shapelint.shapes.shape import Axis
from shapelint.values.model import (
    Bool,
    EllipsisValue,
    Int,
    LayerConfig,
    NoneValue,
    Opaque,
    Packed,
    Slice,
    Tensor,
    Tuple,
    Value,
)

TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Claim:
    """`sentence` says what was seen; `change` is a statement that alters `changed`, a copy of the free value; `watch`
    the index of the entries of the result that are looked at ("" for all); `changes` whether they become others."""

    sentence: str
    change: str
    watch: str
    changes: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What an experiment saw. `free` is the name of the value that was changed, `result` the expression that was looked
    at."""

    free: str
    result: str
    claims: tuple[Claim, ...]


Experiment = Callable[[Program, OpCalled], "Shown | None"]
EXPERIMENTS: dict[str, Experiment] = {}


def experiment(*rules: str) -> Callable[[Experiment], Experiment]:
    """Decorator: the experiment for findings of these rules."""

    def register(function: Experiment) -> Experiment:
        EXPERIMENTS.update(dict.fromkeys(rules, function))
        return function

    return register


class Bench:
    """A program with one value made free: a tensor, or a layer with its weights."""

    def __init__(self, program: Program, free: Tensor | LayerConfig, wish: str, event: OpCalled) -> None:
        self.program = program
        if isinstance(free, Tensor):
            program.cut[id(free.step) if free.step is not None else id(free)] = wish
            self.free = program.value(free, wish)
            self.shape: tuple[int, ...] = tuple(program.evaluate(self.free).shape)
        else:
            self.free = program.layer(free, wish)
            self.shape = ()
        self.result = program.name(wish_of(event))
        program.run(self.result, program.expression(event))

    def holds(self, claim: Claim) -> bool:
        """Whether torch shows what a claim says."""
        before = self.program.evaluate(self.result)
        after = self.after(claim.change)
        left, right = _watched(before, claim.watch), _watched(after, claim.watch)
        return claim.changes != _equal(left, right)

    def after(self, change: str) -> object:
        """The result for a changed value. Raises CannotReplay where torch does not take the change."""
        names = dict(self.program.namespace)
        names["changed"] = copy.deepcopy(names[self.free])
        lines = dependent(self.program, self.free, self.result)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exec(change, names)
                names[self.free] = names["changed"]
                for line in lines:
                    exec(line, names)
            except (IndexError, RuntimeError) as error:
                raise CannotReplay(f"a value cannot be changed: {type(error).__name__}: {error}") from error
        return names[self.result]

    def moved(self, index: str) -> str:
        """The change that makes other entries of those at an index of the free tensor."""
        is_flag = getattr(self.program.namespace[self.free], "dtype", None) is torch.bool
        return f"changed{index} {'^= True' if is_flag else '+= 1'}"

    def shown(self, *claims: Claim) -> Shown | None:
        """What was seen, where all claims hold."""
        return Shown(self.free, self.result, claims) if all(map(self.holds, claims)) else None


def wish_of(event: OpCalled) -> str:
    """A name for the result of the call that a finding is about."""
    return "result" if event.config is None else "output"


def dependent(program: Program, free: str, result: str) -> list[str]:
    """The lines between a value and a result that depend on the value."""
    touched = {free}
    found = []
    for line in program.needed(result):
        words = set(re.findall(r"[A-Za-z_]\w*", line.text))
        if line.name and line.name != free and words & touched:
            touched.add(line.name)
            found.append(line.source)
    return found


def _watched(value: object, index: str) -> object:
    return eval(f"value{index}", {"value": value}) if index else value


def _equal(a: object, b: object) -> bool:
    if hasattr(a, "__array__") and hasattr(b, "__array__"):  # NumPy's arrays, too
        a, b = torch.as_tensor(a), torch.as_tensor(b)
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        if a.dtype.is_floating_point:
            return a.shape == b.shape and torch.allclose(a, b, atol=TOLERANCE, equal_nan=True)
        return torch.equal(a, b)
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return all(map(_equal, a, b))
    return a == b


def _tensor(program: Program, value: Value) -> Tensor:
    if isinstance(value, Opaque) and value.path in program.recording.run.adopted:
        value = program.recording.run.adopted[value.path]
    if not isinstance(value, Tensor):
        raise CannotReplay("the value in question is no tensor")
    return value


def _operands(program: Program, event: OpCalled) -> list[Tensor]:
    found = []
    for value in event.arguments.values():
        if isinstance(value, (Tensor, Opaque)):
            found.append(_tensor(program, value))
    if not found:
        raise CannotReplay("the value in question is no tensor")
    return found


@dataclass(frozen=True, slots=True)
class _Layer:
    """The recurrent layer that gave a value, and the axes of its input."""

    call: Call
    input: Tensor
    batch: int
    steps: int
    layers: int | None
    bidirectional: bool


def _above(program: Program, value: Tensor | Packed) -> Iterator[tuple[Call, Path]]:
    """The calls that a value came from, the nearest first, each with the place of the value in its result; up to one that
    takes several values."""
    for _ in range(FARTHEST):
        made = program.recording.maker(value)
        if made is None:
            return
        yield made
        taken = [v for v in made[0].event.arguments.values() if isinstance(v, (Tensor, Packed))]
        if len(taken) != 1:
            return
        value = taken[0]


FARTHEST = 12
"""So many calls above a value are looked at."""


def _recurrent_above(program: Program, value: Tensor | Packed, *, state: bool = False) -> _Layer:
    """The recurrent layer from whose output (or `state`) a value came, through ops that take one value. Raises CannotReplay."""
    for call, path in _above(program, value):
        event = call.event
        if event.op.name in ("LSTM", "GRU", "RNN") and event.config is not None:
            given = event.arguments["input"]
            if path[:1] != (1 if state else 0,):
                break
            if isinstance(given, (Opaque, Tensor)):
                x = _tensor(program, given)
                args = event.config.args
                first, both = args.get("batch_first"), args.get("bidirectional")
                if not isinstance(first, Bool) or not isinstance(both, Bool):
                    break
                count = args.get("num_layers")
                layers = program.facts.resolve(count.dim, generic=True).value if isinstance(count, Int) else None
                batch_first = program.flag(first)
                return _Layer(call, x, 0 if batch_first else 1, 1 if batch_first else 0, layers, program.flag(both))
            break
    raise CannotReplay("the layer that gave the value cannot be told")


def _at(shape: tuple[int, ...], places: dict[int, int | str]) -> str:
    """An index that names a few axes: `[:, 3]`."""
    last = max(places)
    return f"[{', '.join(str(places.get(axis, ':')) for axis in range(last + 1))}]"


# Recurrent layers --------------------------------------------------------------------------------


@experiment("rnn-last-step")
def last_step(program: Program, event: OpCalled) -> Shown | None:
    """The last sample: no other sample has a say in the result. The last feature: every step but the last keeps its
    say."""
    out = _operands(program, event)[0]
    state = _is_state(program, out)
    layer = _recurrent_above(program, out, state=state)
    result = event.result
    rank = len(program.facts.read(out.shape, generic=True).parts)
    chosen = _chosen_axis(program, event, rank)
    if chosen == (1 if state else layer.batch):
        bench = Bench(program, layer.input, "x", event)
        samples = bench.shape[layer.batch]
        if samples < 2:
            raise CannotReplay("there is one sample only")
        first, last = _at(bench.shape, {layer.batch: 0}), _at(bench.shape, {layer.batch: samples - 1})
        return bench.shown(
            Claim("changing every step of sample 0 leaves the result as it is", bench.moved(first), "", False),
            Claim(f"changing sample {samples - 1} changes it", bench.moved(last), "", True),
        )
    assert isinstance(result, Tensor)
    bench = Bench(program, out, "out", event)
    steps = bench.shape[layer.steps]
    features = bench.shape[-1]
    last = _at(bench.shape, {layer.steps: steps - 1, len(bench.shape) - 1: f":{features - 1}"})
    first = _at(bench.shape, {layer.steps: 0, len(bench.shape) - 1: features - 1})
    return bench.shown(
        Claim(
            f"changing all features of the last step but feature {features - 1} leaves the result as it is",
            bench.moved(last),
            "",
            False,
        ),
        Claim(f"changing feature {features - 1} of step 0 changes it", bench.moved(first), "", True),
    )


def _is_state(program: Program, x: Tensor) -> bool:
    """Whether a tensor has the rows of a state: its first axis counts layers."""
    first = program.facts.read(x.shape, generic=True).parts[0]
    return isinstance(first, Axis) and "layer" in _roles(program, first)


def _roles(program: Program, axis: Axis) -> list[str]:
    """What is told of an axis: `batch`, `step`, `layer` …, for each of the factors that it merges."""
    evidence = (e for factor in axis.factors for e in program.facts.roles.get(factor, ()))
    return [e.role for e in evidence if isinstance(e, Evidence)]


def _chosen_axis(program: Program, event: OpCalled, rank: int) -> int:
    """The axis that an index takes one entry of."""
    index = list(event.arguments.values())[1]
    entries = list(index.items) if isinstance(index, Tuple) and index.kind == "tuple" else [index]
    at = next((i for i, e in enumerate(entries) if isinstance(e, EllipsisValue)), None)
    if at is not None:
        entries[at : at + 1] = [Slice(Int.of(0), Int.of(0), Int.of(0))] * (rank - len(entries) + 1)
    found = next((i for i, e in enumerate(entries) if isinstance(e, Int)), None)
    if found is None:
        raise CannotReplay("the index names no axis")
    return found


@experiment("rnn-padded-step")
def padded_step(program: Program, event: OpCalled) -> Shown | None:
    """What stands behind the end of a shorter sequence has a say in what is taken for its last step; where the sequences
    were packed, nothing of the sequence has."""
    out = _operands(program, event)[0]
    steps = _chosen_axis(program, event, len(program.facts.read(out.shape, generic=True).parts))
    calls = [call for call, _ in _above(program, out)]
    padded = next((call for call in calls if call.event.op.name == "pad_packed_sequence"), None)
    packed = next((call for call in calls if call.event.op.name == "pack_padded_sequence"), None)
    if padded is None or packed is None:
        layer = _recurrent_above(program, out) if any(call.event.config is not None for call in calls) else None
        bench = Bench(program, out if layer is None else layer.input, "out" if layer is None else "x", event)
        places = (1 - steps, steps) if layer is None else (layer.batch, layer.steps)
        samples, last = bench.shape[places[0]], bench.shape[places[1]] - 1
        if samples < 2:
            raise CannotReplay("there is one sample only")
        behind = _at(bench.shape, {places[0]: samples - 1, places[1]: last})
        return bench.shown(
            Claim(
                f"changing step {last} of sample {samples - 1}, where the padding of a shorter sequence stands, changes "
                f"what is taken for its last step",
                bench.moved(behind),
                f"[{samples - 1}]",
                True,
            )
        )
    first = packed.event.arguments.get("batch_first")
    batch = 0 if isinstance(first, Bool) and program.flag(first) else 1
    bench = Bench(program, _tensor(program, packed.event.arguments["input"]), "x", event)
    lengths = program.evaluate(f"{program.call(padded)}[1]")
    short, long = int(lengths.argmin()), int(lengths.argmax())
    if lengths[short] == lengths[long]:
        raise CannotReplay("the sequences are of one length")
    return bench.shown(
        Claim(
            f"changing every step of sample {short}, which has {lengths[short]} of {lengths[long]}, leaves what is taken "
            f"for its last step as it is",
            bench.moved(_at(bench.shape, {batch: short})),
            f"[{short}]",
            False,
        ),
        Claim(
            f"changing sample {long}, the longest, changes what is taken for its own",
            bench.moved(_at(bench.shape, {batch: long})),
            f"[{long}]",
            True,
        ),
    )


@experiment("rnn-backward-half")
def backward_half(program: Program, event: OpCalled) -> Shown | None:
    """The half that has read one step does not hear of any other one."""
    out = _operands(program, event)[0]
    layer = _recurrent_above(program, out)
    if not layer.bidirectional:
        raise CannotReplay("the layer that gave the value cannot be told")
    index = list(event.arguments.values())[1]
    if layer.layers != 1:
        return _unused_memory(program, event, layer, "-1" in program.index(index))
    bench = Bench(program, layer.input, "x", event)
    steps = bench.shape[layer.steps]
    width = program.evaluate(bench.result).shape[-1] // 2
    if steps < 2:
        raise CannotReplay("there is one step only")
    takes_last = "-1" in program.index(index)
    half = f"[..., {width}:]" if takes_last else f"[..., :{width}]"
    name = "backward" if takes_last else "forward"
    read = steps - 1 if takes_last else 0
    first, last = (0, steps - 2) if takes_last else (1, steps - 1)
    others = f"step {first}" if first == last else f"steps {first} to {last}"
    unread_at = _at(bench.shape, {layer.steps: f":{steps - 1}" if takes_last else "1:"})
    read_at = _at(bench.shape, {layer.steps: read})
    return bench.shown(
        Claim(
            f"changing {others} leaves the {name} half of the result as it is",
            bench.moved(unread_at),
            half,
            False,
        ),
        Claim(f"changing step {read} changes it", bench.moved(read_at), half, True),
    )


def _unused_memory(program: Program, event: OpCalled, layer: _Layer, takes_last: bool) -> Shown | None:
    """Of several layers the upper one reads what has heard of every step. Its own weights for the state before have no say
    in the half that has read one step, since there was none before."""
    config = layer.call.event.config
    if config is None or not isinstance(layer.call.event.arguments.get("hx"), NoneValue):
        raise CannotReplay("with several layers and given states every half has heard of every step")
    bench = Bench(program, config, "rnn", event)
    built = program.evaluate(bench.free)
    width = program.evaluate(bench.result).shape[-1] // 2
    halves = {"forward": (f"[..., :{width}]", ""), "backward": (f"[..., {width}:]", "_reverse")}
    one, other = ("backward", "forward") if takes_last else ("forward", "backward")
    claims = []
    for name, changes in ((one, False), (other, True)):
        half, suffix = halves[name]
        claims.append(
            Claim(
                f"changing the {name} weights for the state of the step before "
                f"{'changes' if changes else 'leaves'} the {name} half of the result{'' if changes else ' as it is'}",
                f"changed.weight_hh_l{built.num_layers - 1}{suffix} += 1",
                half,
                changes,
            )
        )
    return bench.shown(*claims)


@experiment("rnn-state-rows")
def state_rows(program: Program, event: OpCalled) -> Shown | None:
    """The weights of a layer and direction have no say in the rows of another one at the top."""
    state: Tensor = _operands(program, event)[0]
    made = program.recording.maker(state)
    if made is None or made[0].event.config is None or made[1][:1] != (1,):
        raise CannotReplay("the layer that gave the state cannot be told")
    bench = Bench(program, made[0].event.config, "rnn", event)
    layer = program.evaluate(bench.free)
    if not isinstance(layer, torch.nn.RNNBase):
        raise CannotReplay("the layer that gave the state cannot be told")
    ways = 2 if layer.bidirectional else 1
    if not event.name.endswith("__getitem__"):
        return _rows_as_samples(bench, layer.num_layers - 1, ways)
    index = list(event.arguments.values())[1]
    entries = index.items if isinstance(index, Tuple) else (index,)
    row = program.sizes.number(entries[0].dim) if isinstance(entries[0], Int) else 0
    at, way = divmod(row % (layer.num_layers * ways), ways)
    top = layer.num_layers - 1
    silent = (top, way) if at != top else (top, 1 - way) if ways == 2 else None
    if silent is None:
        return None
    names = ("forward", "backward")
    other = f"weight_ih_l{silent[0]}{'_reverse' if silent[1] else ''}"
    own = f"weight_ih_l{at}{'_reverse' if way else ''}"
    return bench.shown(
        Claim(
            f"changing the weights of layer {silent[0]} {names[silent[1]]} leaves the row as it is",
            f"changed.{other} += 1",
            "",
            False,
        ),
        Claim(f"changing those of layer {at} {names[way]} changes it", f"changed.{own} += 1", "", True),
    )


def _rows_as_samples(bench: Bench, top: int, ways: int) -> Shown | None:
    """The first and the last row are not two samples of one kind: the weights of a layer and direction have a say in one
    alone."""
    name = f"layer {top} {'backward' if ways == 2 else 'forward'}"
    change = f"changed.weight_ih_l{top}{'_reverse' if ways == 2 else ''} += 1"
    return bench.shown(
        Claim(f"changing the weights of {name} leaves the first row of the result as it is", change, "[0]", False),
        Claim("it changes the last row", change, "[-1]", True),
    )


@experiment("rnn-batch-first")
def batch_first(program: Program, event: OpCalled) -> Shown | None:
    """Samples flow into one another along the axis that the layer takes for the steps."""
    x = _tensor(program, event.arguments["input"])
    assert event.config is not None
    flag = event.config.args["batch_first"]
    assert isinstance(flag, Bool)
    steps = 1 if program.flag(flag) else 0
    bench = Bench(program, x, "x", event)
    samples = bench.shape[steps]
    if samples < 2:
        raise CannotReplay("there is one sample only")
    first, second = _at(bench.shape, {steps: 0}), _at(bench.shape, {steps: 1})
    return bench.shown(
        Claim("changing sample 0 changes the output of sample 1", bench.moved(first), f"[0]{second}", True)
    )


# Reshapes ----------------------------------------------------------------------------------------


@experiment("reshape-scrambles")
def scrambled(program: Program, event: OpCalled) -> Shown | None:
    """An entry of an axis hears of another entry of the axis that it is read as."""
    x = _operands(program, event)[0]
    result = event.result
    if not isinstance(result, Tensor):
        raise CannotReplay("the value in question is no tensor")
    bench = Bench(program, x, "x", event)
    for claim in _mixed_axes(program, x, result, bench):
        shown = bench.shown(claim)
        if shown is not None:
            return shown
    if 1 in bench.shape:
        raise CannotReplay("along an axis there is one entry only")
    if max(bench.shape, default=0) > MOST_TRIED:
        raise CannotReplay("the axes are too long to try every entry")
    return None


def _mixed_axes(program: Program, x: Tensor, result: Tensor, bench: Bench) -> Iterator[Claim]:
    """For each axis of the source that the target names again: entry 1 changes what is read as entry 0. Raises
    CannotReplay."""
    facts = program.facts
    source, target = facts.read(x.shape, generic=True), facts.read(result.shape, generic=True)
    scramble = regroup(facts, source.axes, target.dims).scramble
    if scramble is None:
        raise CannotReplay("a line that comes later fixes a size, and with that size nothing is mixed")
    places = [i for i, axis in enumerate(target.axes) if facts.resolve(axis.size, generic=True) != 1]
    start = places.index(scramble.at) if scramble.at in places else 0
    for place, claimed in zip(places[start:], scramble.claims, strict=False):
        for axis, part in enumerate(source.axes):
            if not any(f in claimed or f.parent in part.factors for f in part.factors) or bench.shape[axis] < 2:
                continue
            if len(claimed) > 1 and claimed[0] not in part.factors:
                continue
            size = program.evaluate(bench.result).shape[place]
            rest = size // bench.shape[axis] if size % bench.shape[axis] == 0 else 1
            watch = _at((), {place: 0 if rest == 1 else f":{rest}"})
            for entry in range(1, min(bench.shape[axis], MOST_TRIED)):
                yield Claim(
                    f"changing {_called(program, part, entry)} (axis {axis}) changes "
                    f"what is read as {_called(program, part, 0)} "
                    f"(axis {place} of the result)",
                    bench.moved(_at(bench.shape, {axis: entry})),
                    watch,
                    True,
                )


MOST_TRIED = 64
"""So many entries of an axis are changed, one after the other, until one shows the fault."""

_ENTRIES = {"batch": "sample", "step": "step", "layer": "layer", "direction": "direction", "head": "head"}


def _called(program: Program, axis: Axis, entry: int) -> str:
    """One entry of an axis, by what the axis holds: `sample 1`, else `entry 1`."""
    role = next(iter(_roles(program, axis)), "") if len(axis.factors) == 1 else ""
    return f"{_ENTRIES.get(role, 'entry')} {entry}"


@experiment("batch-reduction")
def pooled_samples(program: Program, event: OpCalled) -> Shown | None:
    """One sample has a say in the row of every step."""
    bench = Bench(program, _operands(program, event)[0], "out", event)
    dim = event.arguments.get("dim")
    if not isinstance(dim, Int) or len(bench.shape) != 3:
        raise CannotReplay("the axis that is reduced cannot be told")
    place = program.sizes.number(dim.dim) % 3
    if bench.shape[place] < 2:
        raise CannotReplay("there is one sample only")
    sample = _at(bench.shape, {place: 0})
    return bench.shown(Claim("changing sample 0 changes what is left of all samples", bench.moved(sample), "", True))


@experiment("position-axis")
def position_of_samples(program: Program, event: OpCalled) -> Shown | None:
    """A row of the table speaks to one sample alone, at all steps."""
    for table in _operands(program, event)[1::-1]:
        bench = Bench(program, table, "table", event)
        if len(bench.shape) == 3 and 1 in bench.shape[:2] and max(bench.shape[:2]) > 1:
            batch = bench.shape.index(max(bench.shape[:2]))
            row = _at(bench.shape, {batch: 0})
            first, second = _at(bench.shape, {batch: 0}), _at(bench.shape, {batch: 1})
            return bench.shown(
                Claim("changing row 0 of the table changes sample 0", bench.moved(row), first, True),
                Claim("it leaves every step of sample 1 as it is", bench.moved(row), second, False),
            )
    raise CannotReplay("the table cannot be told")


@experiment("axis-coincidence")
def coincidence(program: Program, event: OpCalled) -> Shown | None:
    """Nothing to change: other sizes are drawn instead, where it is known which a call has bound."""
    raise CannotReplay("that other sizes fail is what the analysis says; sizes that fit run")


# Softmax and broadcasting ------------------------------------------------------------------------


@experiment("softmax-size-one")
def softmax_of_one(program: Program, event: OpCalled) -> Shown | None:
    """No input has a say in the result."""
    bench = Bench(program, _operands(program, event)[0], "scores", event)
    return bench.shown(
        Claim("changing every score leaves the result as it is", "changed += torch.rand(changed.shape)", "", False)
    )


@experiment("softmax-axis")
def softmax_elsewhere(program: Program, event: OpCalled) -> Shown | None:
    """What a softmax normalises does not hear of a number that is added to all of it; what is summed up later does."""
    bench = Bench(program, _operands(program, event)[0], "scores", event)
    rank = len(bench.shape)
    given = event.config.args.get("dim") if event.config is not None else event.arguments.get("dim")
    if not isinstance(given, (Int, NoneValue)) or rank < 2:
        raise CannotReplay("the axis of the softmax cannot be told")
    # where none is given torch takes the first of one or three axes, else the second
    over = program.sizes.number(given.dim) % rank if isinstance(given, Int) else int(rank != 3)
    others = [axis for axis in reversed(range(rank)) if axis != over]
    used = next((axis for axis in others if bench.shape[axis] > 1), others[0])
    along = {axis: _at((), {a: ":" if a == axis else 0 for a in range(rank)}) for axis in (over, used)}
    return bench.shown(
        Claim(
            f"adding 1 to all scores along axis {over} of one place leaves the result as it is: these sum to 1",
            bench.moved(along[over]),
            "",
            False,
        ),
        Claim(f"adding 1 along axis {used} changes it: those do not", bench.moved(along[used]), "", True),
    )


@experiment("broadcast-pairs")
def pairs(program: Program, event: OpCalled) -> Shown | None:
    """Each sample of one side meets each sample of the other."""
    a, b = _operands(program, event)[:2]
    ranks = [len(program.facts.read(v.shape, generic=True).parts) for v in (a, b)]
    if 0 in ranks:
        return _against_total(program, event, (a, b)[ranks.index(0)])
    narrow = a if ranks[0] < ranks[1] else b
    bench = Bench(program, narrow, "row", event)
    result = program.evaluate(bench.result)
    count = bench.shape[0]
    if count < 2:
        raise CannotReplay("there is one sample only")
    if isinstance(result, torch.Tensor) and result.dim() == 2:
        return bench.shown(
            Claim("changing sample 1 of one side changes what stands beside sample 0", bench.moved("[1]"), "[0]", True)
        )
    return bench.shown(
        Claim(
            "giving every sample the value of its neighbour leaves the result as it is",
            "changed.copy_(changed.roll(1, 0))",
            "",
            False,
        ),
        Claim("changing sample 0 changes it", bench.moved("[0]"), "", True),
    )


def _against_total(program: Program, event: OpCalled, total: Tensor) -> Shown | None:
    """What stands beside one sample hears of every other one."""
    made = program.recording.maker(total)
    if made is None:
        raise CannotReplay("the sum cannot be told")
    bench = Bench(program, _operands(program, made[0].event)[0], "scores", event)
    return bench.shown(
        Claim("changing the scores of sample 1 changes what stands beside sample 0", bench.moved("[1]"), "[0]", True)
    )


@experiment("softmax-shift")
def shifted_apart(program: Program, event: OpCalled) -> Shown | None:
    """One score changes weights that are normalised without it: the shift, which it has a say in, does not cancel."""
    over, under = _operands(program, event)[:2]
    total = next((call for call, _ in _above(program, under) if call.event.op.name == "sum"), None)
    shifted = next((call for call, _ in _above(program, over) if len(_operands(program, call.event)) == 2), None)
    if total is None or shifted is None:
        raise CannotReplay("the shift cannot be told")
    scores, by = _operands(program, shifted.event)
    shift = next((call for call, _ in _above(program, by) if "dim" in call.event.arguments), None)
    if shift is None:
        raise CannotReplay("the shift cannot be told")
    bench = Bench(program, scores, "scores", event)
    rank = len(bench.shape)
    reduced, summed = (_number(program, call.event.arguments.get("dim")) % rank for call in (shift, total))
    if bench.shape[reduced] < 2:
        raise CannotReplay("there is one entry only")
    one = _at(bench.shape, {axis: int(axis == reduced) for axis in range(rank)})
    rest = _at(bench.shape, {axis: ":" if axis == summed else 0 for axis in range(rank)})
    return bench.shown(
        Claim(
            f"changing a score at entry 1 of axis {reduced} changes weights at entry 0, which are normalised along axis "
            f"{summed}, without it",
            bench.moved(one),
            rest,
            True,
        )
    )


def _number(program: Program, value: Value | None) -> int:
    if not isinstance(value, Int):
        raise CannotReplay("an axis cannot be told")
    return program.sizes.number(value.dim)
