"""Recorded ops as a program in plain torch, run line by line as it is written.

A line is run as soon as it stands, because what torch gives fixes sizes that later lines speak of. What the replay ran
is thus exactly what the script says. Only names of ops that shapelint knows are called, and every text that comes from
the analysed code is quoted or reduced to a name.
"""

from __future__ import annotations

import builtins
import importlib
import keyword
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from shapelint.interp.events import OpCalled
from shapelint.ops.contract import Param, Signature
from shapelint.reference.drawing import Contradiction, Sizes
from shapelint.reference.recording import Call, Recording
from shapelint.reference.second_opinion import RECURRENT, second_opinion
from shapelint.shapes.shape import Axis, Segment, Shape
from shapelint.values.conditions import IsNone, IsTrue
from shapelint.values.model import (
    Bool,
    Dtype,
    EllipsisValue,
    External,
    Float,
    Int,
    LayerConfig,
    LayerValue,
    NoneValue,
    OneOf,
    Opaque,
    Packed,
    Sequence,
    SizeOf,
    Slice,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

MOST_CALLS = 40
"""Results of ops that lie further back are made up from their shapes, so that a program stays readable."""

MOST_ENTRIES = 20_000_000
"""Larger tensors and layers are not made."""

MOST_PRODUCTS = 2_000_000_000
"""A call of a layer that takes more is not made: it would last longer than a second or so."""

ATTEMPTS = 24
"""Draws may contradict what is known of the sizes; so many are tried."""

KINDS: tuple[Dtype, ...] = ("float", "int", "bool")
"""The kinds of entries that are tried where nothing tells which."""

_ABOUT_KINDS = re.compile(
    r"dtype|scalar type|not implemented for|floating point|must be long|result type|type .*should be the same"
    r"|\b(?:Long|Int|Float|Double|Half|Bool)\b"
)
_TENSOR_TYPE = re.compile(r"\b(?:torch\.)?(?:cuda\.)?[A-Z]\w*Tensor\b")


def is_about_kinds(error: Raised) -> bool:
    """Whether torch complains of kinds of entries, of which shapes tell nothing. That it names the type of a tensor beside its sizes
    (`torch.FloatTensor [3, 4]`) is no complaint."""
    return _ABOUT_KINDS.search(_TENSOR_TYPE.sub("tensor", str(error))) is not None


# where a value that nothing tells may be left out: it decides no shape
_INCIDENTAL = frozenset(("device", "dtype", "generator", "out", "pin_memory", "layout", "non_blocking"))
_ROOTS = ("torch", "einops", "numpy", "math")
_USUAL = {"torch.nn.functional": "F", "torch.nn": "nn"}


_WHY = {
    "unsupported-op": "no rule of shapelint tells what an op gives",
    "dynamic-value": "only a run would tell it",
    "outside-project": "it comes from outside of the project",
    "after-error": "a line before fails",
    "budget": "the analysis stopped there",
}


class CannotReplay(Exception):
    """A call cannot be repeated; the reason is for people."""


class Raised(Exception):
    """Torch refused a line."""

    def __init__(self, line: str, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {_first_line(error)}")
        self.line = line
        self.error = error


def _first_line(error: BaseException) -> str:
    text = str(error).strip().split("\n\n")[0]
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Line:
    """`name = text`, or a statement where `name` is ""; `made` marks a tensor that is made up from its shape."""

    name: str
    text: str
    made: bool = False

    @property
    def source(self) -> str:
        return f"{self.name} = {self.text}" if self.name else self.text


class Program:
    """A program under one draw of sizes. `open_dtype` is taken for entries whose kind nothing tells. `cut` holds values
    that are made up from their shapes even though an op gave them, by name."""

    def __init__(
        self,
        recording: Recording,
        sizes: Sizes,
        open_dtype: Dtype = "float",
        cut: Mapping[int, str] | None = None,
        most_calls: int = MOST_CALLS,
    ) -> None:
        self.recording = recording
        self.sizes = sizes
        self.facts = sizes.facts
        self.open_dtype: Dtype = open_dtype
        self.cut = dict(cut or {})
        self.left = most_calls
        self.lines: list[Line] = []
        self.namespace: dict[str, Any] = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional}
        self.modules: set[str] = set()
        self.disagreements: list[str] = []  # what torch says against inferred shapes on the way
        self.broken: list[str] = []  # calls on the way that torch refuses, so that their results are made up
        self.mended: list[str] = []  # calls on the way that torch takes without what it refuses
        self.refused: set[int] = set()  # the numbers of both
        self.doubts: list[str] = []  # what the reference layers say against torch
        self.guessed_dtype = False
        self._building = False
        self._taken: set[str] = set(_ROOTS)
        self._values: dict[object, str] = {}
        self._layers: dict[int, str] = {}
        self._calls: dict[int, str] = {}
        self._impossible: set[int] = set()
        self._paths = {id(tensor): path for path, tensor in recording.run.adopted.items()}

    # running

    def run(self, name: str, text: str, made: bool = False) -> Any:
        """Append a line and run it. Raises Raised where torch refuses."""
        line = Line(name, text, made)
        try:
            with torch.no_grad(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if name:
                    self.namespace[name] = eval(text, self.namespace)
                else:
                    exec(text, self.namespace)
        except Exception as error:
            raise Raised(line.source, error) from error
        self.lines.append(line)
        return self.namespace.get(name)

    def evaluate(self, text: str) -> Any:
        """The value of an expression over the names of the program."""
        return eval(text, self.namespace)

    def needed(self, *roots: str) -> list[Line]:
        """The lines that expressions rest on, in order."""
        wanted = {w for text in roots for w in _words(text)}
        kept: list[Line] = []
        for line in reversed(self.lines):
            if line.name in wanted or (not line.name and _words(line.text) & wanted):
                kept.append(line)
                wanted |= _words(line.text)
        return kept[::-1]

    # names

    def name(self, wish: str) -> str:
        """A free name like the one wished for."""
        base = re.sub(r"\W+", "_", wish, flags=re.ASCII).strip("_") or "x"
        if base[0].isdigit() or keyword.iskeyword(base) or hasattr(builtins, base):
            base = f"the_{base}"
        number = 1
        name = base
        while name in self.namespace or name in self._taken:
            number += 1
            name = f"{base}{number}"
        self._taken.add(name)
        return name

    def module(self, dotted: str) -> str:
        """The text of a dotted name. Raises CannotReplay where there is no such thing."""
        root = dotted.partition(".")[0]
        if root not in _ROOTS:
            raise CannotReplay(f"`{dotted}` is no part of torch")
        if root not in self.namespace:
            try:
                self.namespace[root] = importlib.import_module(root)
            except ModuleNotFoundError:
                raise CannotReplay(f"`{root}` is not installed") from None
        self.modules.add(root)
        home, _, last = dotted.rpartition(".")
        text = f"{_USUAL[home]}.{last}" if home in _USUAL else dotted
        try:
            found = eval(text, self.namespace)
        except AttributeError:
            raise CannotReplay(f"this torch has no `{dotted}`") from None
        if found is None:
            raise CannotReplay(f"`{dotted}` cannot be called")
        return text

    # values

    def value(self, value: Value, wish: str = "x") -> str:
        """An expression for a value. Raises CannotReplay where it is not known."""
        if isinstance(value, Tensor):
            return self._tensor(value, wish)
        if isinstance(value, Int):
            return str(self.sizes.number(value.dim))
        if isinstance(value, Bool):
            return str(self.flag(value))
        if isinstance(value, Float):
            return self._float(value)
        if isinstance(value, Str) and value.value is not None:
            return repr(value.value)
        if isinstance(value, NoneValue):
            return "None"
        if isinstance(value, EllipsisValue):
            return "..."
        if isinstance(value, Slice):
            return f"slice({', '.join(self.value(v) for v in (value.lower, value.upper, value.step))})"
        if isinstance(value, (Tuple, Sequence, SizeOf)):
            return self._several(value, wish)
        if isinstance(value, External):
            return self._constant(value.name)
        if isinstance(value, LayerValue):
            return self.layer(value.config, wish)
        if isinstance(value, Packed):
            return self._packed(value)
        if isinstance(value, Opaque):
            return self._opaque(value, wish)
        if isinstance(value, OneOf):
            return self.value(value.options[0], wish)
        if isinstance(value, Unknown):
            why = _WHY[value.reason]
            detail = f" (`{value.detail}`)" if value.detail else ""
            raise CannotReplay(f"a value that it takes is not known: {why}{detail}")
        raise CannotReplay("a value that it takes is an object that no call of torch gave")

    def _constant(self, name: str) -> str:
        """A constant of torch or one of its functions; nothing else that happens to hang below a library's name."""
        from shapelint.ops.index import find

        text = self.module(name)
        plain = isinstance(self.evaluate(text), (torch.dtype, torch.layout, torch.memory_format, int, float))
        if not plain and find(name) is None:
            raise CannotReplay(f"`{name}` is not known")
        return text

    def flag(self, value: Bool) -> bool:
        """A bool, by the world that is read where the code leaves it open. Raises CannotReplay."""
        if value.value is not None:
            return value.value
        held = None if value.condition is None else self.recording.run.world.get(value.condition)
        if held is None:
            raise CannotReplay("a flag is not known")
        return held != value.negated

    def _float(self, value: Float) -> str:
        number = value.value
        if number is None and value.exact is not None:
            number = self.sizes.number(value.exact[0]) / max(self.sizes.number(value.exact[1]), 1)
        if number is None:
            number = 0.5  # a share, a slope or a scale: no shape hangs on it
        return repr(number) if number == number and abs(number) != float("inf") else f'float("{number}")'

    def _several(self, value: Tuple | Sequence | SizeOf, wish: str) -> str:
        if isinstance(value, SizeOf):
            return _tuple([str(n) for n in self.sizes.shape(value.shape)])
        if isinstance(value, Tuple):
            items = [self.value(v, wish) for v in value.items]
            return f"[{', '.join(items)}]" if value.kind == "list" else _tuple(items)
        if value.length is None:
            raise CannotReplay("the length of a list is not known")
        length = self.sizes.size(value.length)
        if length > 1000:
            raise CannotReplay("a list is too long")
        items = [self.value(value.element, wish)] * length
        if value.first is not None and length:
            items[0] = self.value(value.first, wish)
        if value.last is not None and length:
            items[-1] = self.value(value.last, wish)
        return f"[{', '.join(items)}]" if value.kind == "list" else _tuple(items)

    def _opaque(self, value: Opaque, wish: str) -> str:
        run = self.recording.run
        if value.path in run.adopted:
            return self._tensor(run.adopted[value.path], value.path)
        if value.path in run.symbols:
            return str(self.sizes.number(run.symbols[value.path]))
        if run.world.get(IsNone(value.path)):
            return "None"
        if IsTrue(value.path) in run.world:
            return str(run.world[IsTrue(value.path)])
        if self._building and value.origin == "parameter":
            # what builds a layer and was never asked for is a size like the others, or torch will not build it
            return str(self.sizes.number(run.symbol(value.path, "parameter")))
        raise CannotReplay(f"`{value.path}` may be anything")

    # tensors

    def _tensor(self, value: Tensor, wish: str) -> str:
        # a step may be that of several shapes: of an item and of the batch that a loader makes of it
        key = (value.step or id(value), self.facts.shape(value.shape, generic=True).parts)
        known = self._values.get(key)
        if known is None:
            self._values[key] = known = self._cut(value) or self._made_by_op(value) or self.leaf(value, wish)
        return known

    def _cut(self, value: Tensor | Packed) -> str | None:
        wish = self.cut.get(id(value.step)) or self.cut.get(id(value))
        return self.leaf(value, wish) if wish is not None and isinstance(value, Tensor) else None

    def _made_by_op(self, value: Tensor | Packed) -> str | None:
        made = self.recording.maker(value)
        if made is None:
            return None
        call, path = made
        if call.number in self._impossible:
            return None
        name: str | None = None
        try:
            if call.event.mismatch is None or call.number in self._calls:
                name = self.call(call)
            else:
                name = self._mended(call, "it is reported")
        except CannotReplay:
            pass
        except Raised as error:
            name = self._mended(call, str(error))
        if name is None:
            self._impossible.add(call.number)
            return None
        return name + "".join(f"[{place}]" for place in path)

    def _mended(self, call: Call, why: str) -> str | None:
        """A call that torch refuses, without the tensors that may be left out of it (the states of a recurrent layer, a bias): one fault does
        not hide the next. None where torch does not take it so either."""
        event = call.event
        self.refused.add(call.number)
        params = (
            event.op.call.params
            if event.op.call is not None
            else _matching(event.op.signatures, event.arguments).params
        )
        spare = {p.name for p in params if isinstance(p.default, NoneValue)}
        spare &= {n for n, v in event.arguments.items() if isinstance(v, (Tensor, Tuple, Opaque))}
        text = self.text(event)
        try:
            if spare:
                name = self._result(call, self.expression(event, without=spare))
                self.mended.append(f"`{text}` with {_listed(sorted(spare))}, which it refuses")
                return name
        except (CannotReplay, Raised):
            pass
        self.broken.append(f"`{text}`: {why}")
        return None

    def leaf(self, value: Tensor, wish: str = "x") -> str:
        """A tensor made up from the shape that is inferred for it."""
        shape = self.sizes.shape(value.shape)
        count = 1
        for size in shape:
            count *= size
        if count > MOST_ENTRIES:
            raise CannotReplay(f"a tensor of {shape} is too large to be made")
        dtype = value.dtype
        if dtype is None:
            dtype, self.guessed_dtype = self.open_dtype, True
        path = self._paths.get(id(value))
        name = self.name(path.rpartition(".")[2] if path else wish)
        if value.array:
            self.module("numpy.ndarray")
        self.run(name, _filled(shape, dtype, value.array), made=True)
        return name

    def _packed(self, value: Packed) -> str:
        key: object = value.step if value.step is not None else id(value)
        known = self._values.get(key)
        if known is None:
            known = self._made_by_op(value)
            if known is None:
                padded = Tensor(Shape((value.batch, value.seq, *value.rest)), value.dtype or "float")
                inner = self.leaf(padded, "sequences")
                batch, steps = self.evaluate(inner).shape[:2]
                known = self.name("packed")
                lengths = _lengths(batch, steps)
                self.run(known, f"nn.utils.rnn.pack_padded_sequence({inner}, {lengths}, batch_first=True)")
            self._values[key] = known
        return known

    # calls

    def layer(self, config: LayerConfig, wish: str = "layer") -> str:
        """A layer, built as it is built in the code. Raises CannotReplay, Raised."""
        known = self._layers.get(id(config))
        if known is None:
            text = self.construction(config)
            known = self._layers[id(config)] = self.name(wish)
            self.run(known, text)
            self._settle(known)
        return known

    def construction(self, config: LayerConfig) -> str:
        """The call that builds a layer."""
        from shapelint.ops.index import find

        op = find(config.name)
        if op is None:
            raise CannotReplay(f"`{config.name}` is not known")
        signature = _matching(op.signatures, config.args)
        outside, self._building = self._building, True
        try:
            text = f"{self.module(_public(config.name))}({self._arguments(signature.params, config.args)})"
        finally:
            self._building = outside
        try:
            with torch.device("meta"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                built = eval(text, self.namespace)
            heavy = isinstance(built, torch.nn.Module) and sum(p.numel() for p in built.parameters()) > MOST_ENTRIES
        except Exception:
            heavy = False  # the line itself will tell
        if heavy:
            raise CannotReplay(f"`{config.name}` of these sizes is too large to be built")
        return text

    def _settle(self, name: str) -> None:
        """A layer that draws lots or counts batches is used as in evaluation, so that the program can be repeated."""
        layer = self.namespace[name]
        if isinstance(layer, torch.nn.Module) and any(
            getattr(m, "dropout", 0) or "Dropout" in type(m).__name__ or hasattr(m, "running_mean")
            for m in layer.modules()
        ):
            self.run("", f"{name}.eval()")

    def call(self, call: Call) -> str:
        """The name of the result of a recorded call. Raises CannotReplay, Raised."""
        known = self._calls.get(call.number)
        if known is not None:
            return known
        if self.left <= 0:
            raise CannotReplay("it lies too far back")
        self.left -= 1
        return self._result(call, self.expression(call.event))

    def _result(self, call: Call, text: str) -> str:
        name = self.name(self._wish(call.event))
        result = self.run(name, text)
        self._calls[call.number] = name
        if call.event.config is not None and call.event.config.name.rpartition(".")[2] in RECURRENT:
            doubt = self.doubt(text, result)
            if doubt:
                self.doubts.append(doubt)
        said = self.compare(call.event.result, result)
        if said:
            self.disagreements.append(f"`{call.event.name}`: {said}")
        return name

    def doubt(self, text: str, result: Any) -> str:
        """What the reference layer has to say against the answer of `layer(arguments)` in torch (a value, or what was
        raised)."""
        layer, _, rest = text.partition("(")
        return second_opinion(self.namespace[layer], eval(f"lambda layer: layer({rest}", self.namespace), result)

    def expression(self, event: OpCalled, without: Iterable[str] = ()) -> str:
        """The call of an event as torch code, without some arguments that may be left out. Raises CannotReplay, Raised."""
        arguments = {name: value for name, value in event.arguments.items() if name not in without}
        if event.config is not None:
            assert event.op.call is not None
            wish = self._text(event, event.callee).rpartition(".")[2]
            if not wish.isidentifier() or wish in self._taken:
                wish = event.config.name.rpartition(".")[2].lower()
            layer = self.layer(event.config, wish)
            text = f"{layer}({self._arguments(event.op.call.params, arguments)})"
            self._bounded(event.config.name, layer, next(iter(arguments.values()), None))
            return text
        signature = _matching(event.op.signatures, arguments)
        owner, _, method = event.name.rpartition(".")
        params = list(signature.params)
        if params and owner in ("torch.Tensor", "numpy.ndarray") and params[0].kind == "positional":
            receiver = self.value(arguments[params[0].name], "x")
            if not re.fullmatch(r"[\w.]+(\[\d+\])*", receiver):
                receiver = f"({receiver})"
            return self._method(receiver, method, params[1:], arguments)
        first = arguments.get(params[0].name) if params else None
        if isinstance(first, LayerValue) and event.name == f"{first.config.name}.{method}":
            return f"{self.layer(first.config)}.{method}({self._arguments(params[1:], arguments)})"
        if event.name.rpartition(".")[2] == "pack_padded_sequence":
            arguments = self._with_lengths(arguments)
        return f"{self.module(_public(event.name))}({self._arguments(params, arguments)})"

    def _bounded(self, name: str, layer: str, given: Value | None) -> None:
        """Raises CannotReplay where a layer would take too long over what it is given."""
        built = self.namespace[layer]
        widths = (getattr(built, name, None) for name in ("input_size", "in_features", "in_channels"))
        width = next((w for w in widths if isinstance(w, int)), None)
        if width is None or given is None:
            return
        x = self.evaluate(self.value(given))
        count = (x[0] if isinstance(x, tuple) and x else x).numel() // max(width, 1)
        if count * sum(p.numel() for p in built.parameters()) > MOST_PRODUCTS:
            raise CannotReplay(f"a call of `{name}` with these sizes takes too long")

    def _method(self, receiver: str, method: str, params: list[Param], arguments: Mapping[str, Value]) -> str:
        if method == "__getitem__":
            return f"{receiver}[{self.index(list(arguments.values())[1])}]"
        if method == "__setitem__":
            index, value = list(arguments.values())[1:3]
            return f"{receiver}.clone().__setitem__({self.value(index)}, {self.value(value)})"
        found = getattr(type(self.evaluate(receiver)), method, None)
        if found is None:
            raise CannotReplay(f"torch has no method `{method}`")
        if not callable(found):
            return f"{receiver}.{method}"
        if method.endswith("_") and not method.endswith("__"):
            receiver += ".clone()"  # the code may still hold the tensor as it was
        if method == "backward":
            receiver += ".detach().requires_grad_()"  # programs run without gradients
        return f"{receiver}.{method}({self._arguments(params, arguments)})"

    def index(self, value: Value) -> str:
        """What stands between the brackets of an index. Raises CannotReplay."""
        items = value.items if isinstance(value, Tuple) and value.kind == "tuple" else (value,)
        texts = []
        for item in items:
            if isinstance(item, Slice):
                lower, upper, step = (
                    "" if isinstance(v, NoneValue) else self.value(v) for v in (item.lower, item.upper, item.step)
                )
                texts.append(f"{lower}:{upper}" + (f":{step}" if step else ""))
            else:
                texts.append(self.value(item, "index"))
        return ", ".join(texts) or "()"

    def _with_lengths(self, arguments: dict[str, Value]) -> dict[str, Value]:
        """Lengths that torch takes: falling, the first of them the whole sequence. They are entries of a tensor, of
        which a shape tells nothing."""
        lengths, x = arguments.get("lengths"), arguments.get("input")
        free = lengths is not None and not (isinstance(lengths, Tuple) and lengths.items)
        if free and isinstance(lengths, Tensor) and self.left > 0:
            made = self.recording.maker(lengths)
            free = made is None or made[0].event.op.name not in ("tensor", "full", "ones")
        if not free or x is None:
            return arguments
        text = self.value(x)
        first = arguments.get("batch_first")
        shape = self.evaluate(text).shape
        batch, steps = (shape[0], shape[1]) if isinstance(first, Bool) and first.value else (shape[1], shape[0])
        items = tuple(Int.of(max(1, steps - i)) for i in range(batch))
        return {**arguments, "lengths": Tuple(items, "list")}

    def _arguments(self, params: Iterable[Param], given: Mapping[str, Value]) -> str:
        """The arguments in the order and manner in which torch takes them; defaults are left out."""
        texts: list[str] = []
        by_name = False
        for param in params:
            value = given.get(param.name)
            if value is None:
                continue
            if param.kind == "star":
                assert isinstance(value, Tuple)
                texts += [self.value(v, param.name) for v in value.items]
                by_name = True
                continue
            if param.kind == "named":
                assert isinstance(value, Tuple)
                texts += [f"{n}={self.value(v, n)}" for n, v in zip(value.names, value.items, strict=True)]
                continue
            if value is param.default:
                by_name = True
                continue
            if self._incidental(param, value) or self._unread(param, value):
                by_name = True
                continue
            text = self.value(value, param.name)
            texts.append(text if param.kind == "positional" and not by_name else f"{param.name}={text}")
        return ", ".join(texts)

    def _incidental(self, param: Param, value: Value) -> bool:
        """Whether a value may be left out: no shape hangs on it, and torch takes it whatever else is given."""
        if param.name == "requires_grad":
            return not isinstance(value, Bool) or value.value is None
        return param.name in _INCIDENTAL and not isinstance(value, External)

    def _unread(self, param: Param, value: Value) -> bool:
        """Whether the rule of the op went without a value that has a default: it decides no shape
        (`dropout=cfg.dropout`)."""
        run = self.recording.run
        if param.default is None or not isinstance(value, Opaque):
            return False
        asked = any(value.path in condition.paths for condition in run.world)
        return not asked and value.path not in run.symbols and value.path not in run.adopted

    def _wish(self, event: OpCalled) -> str:
        if event.config is not None:
            return f"{self._layers[id(event.config)]}_out"
        last = event.name.rpartition(".")[2].strip("_")
        return {"getitem": "part", "setitem": "written"}.get(last, last)

    def text(self, event: OpCalled) -> str:
        """A call as the code writes it."""
        return " ".join(self._text(event, event.where.site.node).split()) or event.name

    def _text(self, event: OpCalled, node: int | None) -> str:
        run = self.recording.run
        path = event.where.site.path
        module = run.root if run.root.path == path else run.project.at(path)
        return module.lowered.text(node) if module is not None and node else ""

    # what was inferred against what torch gives

    def compare(self, value: Value, result: Any) -> str:
        """Where torch gives another shape than was inferred, both; "" where they agree as far as the shape is known."""
        if isinstance(value, Tensor) and isinstance(result, torch.Tensor):
            return self._compare(self.facts.read(value.shape, generic=True), tuple(result.shape))
        if isinstance(value, Tuple) and isinstance(result, (tuple, list)):
            if len(value.items) != len(result):
                return f"{len(value.items)} values are inferred, torch gives {len(result)}"
            said = (self.compare(item, part) for item, part in zip(value.items, result, strict=True))
            return next((s for s in said if s), "")
        if isinstance(value, Packed) and isinstance(result, torch.nn.utils.rnn.PackedSequence):
            padded, _ = torch.nn.utils.rnn.pad_packed_sequence(result, batch_first=True)
            return self._compare(
                self.facts.shape(Shape((value.batch, value.seq, *value.rest)), generic=True), tuple(padded.shape)
            )
        if isinstance(value, Int) and type(result) is int:
            expected = self.sizes.learn(value.dim, result)
            return "" if expected is None else f"{expected} is inferred, torch gives {result}"
        return ""

    def _compare(self, shape: Shape, seen: tuple[int, ...]) -> str:
        wrong = len(seen) < len(shape.parts) - (0 if shape.ranked else 1) or (
            shape.ranked and len(shape.parts) != len(seen)
        )
        if not wrong:
            pairs = [*zip(shape.prefix, seen, strict=False)]
            if not shape.ranked:
                pairs += zip(reversed(shape.suffix), reversed(seen), strict=False)
            expected = [self.sizes.learn(axis.size, size) for axis, size in pairs]
            wrong = any(e is not None for e in expected) or not self._runs_through(shape, seen)
        if not wrong:
            return ""
        sizes = [self.sizes.known(p.size) if isinstance(p, Axis) else "..." for p in shape.parts]
        inferred = ", ".join("?" if s is None else str(s) for s in sizes)
        return f"({inferred}) is inferred, torch gives {seen}"

    def _runs_through(self, shape: Shape, seen: tuple[int, ...]) -> bool:
        """Whether the unknown middle of a shape is the run of axes that was drawn for it, where one was."""
        middle = [part for part in shape.parts if isinstance(part, Segment)]
        run = self.sizes.runs.get(middle[0]) if len(middle) == 1 else None
        before = len(shape.prefix)
        return run is None or seen[before : len(seen) - len(shape.suffix)] == run


def _listed(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))


def _tuple(items: list[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _matching(signatures: tuple[Signature, ...], arguments: Mapping[str, Value]) -> Signature:
    return next((s for s in signatures if s.by_name.keys() == arguments.keys()), signatures[0])


def _public(name: str) -> str:
    """The name that people write: `torch.nn.LSTM` for `torch.nn.modules.rnn.LSTM`."""
    if name.startswith("torch.nn.modules."):
        return f"torch.nn.{name.rpartition('.')[2]}"
    return name


def _filled(shape: tuple[int, ...], dtype: Dtype, array: bool) -> str:
    sizes = ", ".join(map(str, shape))
    if array:
        whole = _tuple([*map(str, shape)]) if shape else "()"
        return f"numpy.random.rand({sizes})" if dtype == "float" else f"numpy.ones({whole}, dtype=int)"
    if dtype == "int":
        return f"torch.randint(0, 2, {_tuple([*map(str, shape)]) if shape else '()'})"
    if dtype == "bool":
        return f"torch.rand({sizes or '()'}) < 0.5"
    if dtype == "complex":
        return f"torch.rand({sizes or '()'}, dtype=torch.complex64)"
    return f"torch.rand({sizes or '()'})"


def _lengths(batch: int, steps: int) -> str:
    return f"[{', '.join(str(max(1, steps - i)) for i in range(batch))}]"


__all__ = ["CannotReplay", "Contradiction", "Line", "Program", "Raised"]
