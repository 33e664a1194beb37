"""Python's own functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shapelint.interp import worlds
from shapelint.interp.calls import Arguments, call
from shapelint.interp.collation import own_batch
from shapelint.interp.containers import key_of, mapping_of, merged, update
from shapelint.interp.expressions import as_dim, as_float, is_tensorish, spread_items
from shapelint.interp.iteration import Passes, distinct, plan, renewed
from shapelint.interp.names import lookup, module_frame
from shapelint.interp.objects import (
    AttributesOf,
    BoundMethod,
    Builtin,
    ClassInfo,
    ClassValue,
    DictObject,
    FunctionValue,
    Instance,
    Iterable,
    ListObject,
    Method,
    Namespace,
    Partial,
    Range,
    SuperValue,
    is_module_name,
)
from shapelint.interp.run import PathEnds, Run
from shapelint.interp.unread import forget, forget_scope
from shapelint.program import model
from shapelint.shapes.dim import Dim, maximum, minimum
from shapelint.values.conditions import Guess, IsCallable, IsInstance
from shapelint.values.model import (
    NONE,
    Bool,
    External,
    Float,
    Int,
    NoneValue,
    OneOf,
    Opaque,
    Packed,
    Ref,
    Sequence,
    SizeOf,
    Slice,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)


def call_builtin(run: Run, name: str, given: Arguments) -> Value:
    """Call one of Python's own functions."""
    if given.inexact and name not in ("print", "dict", "zip"):
        if name in _WRITING:
            forget(run, given.args)
        return Unknown("dynamic-value", name)
    function = _FUNCTIONS.get(name)
    return function(run, given) if function is not None else Unknown("dynamic-value", name)


_WRITING = ("setattr", "delattr", "exec", "eval")  # what changes what it is given


def length_of(run: Run, value: Value) -> Dim | None:
    """`len(value)` where it is known, at least as a symbol."""
    if isinstance(value, Tensor):
        shape = run.state.facts.reveal_prefix(value.shape, 1)
        axes = shape.prefix
        return axes[0].size if axes else None
    if isinstance(value, SizeOf):
        facts = run.state.facts
        return Dim.symbol("rank", "unknown", 0) if facts.in_doubt(value.shape) else facts.rank(value.shape)
    if isinstance(value, Str):
        return Dim.of(len(value.value)) if value.value is not None else Dim.symbol("len", "unknown", 0)
    if isinstance(value, Opaque):
        if value.path in run.adopted:
            return length_of(run, run.adopt(value))
        return run.symbol(f"len({value.path})", value.origin, 0)
    if isinstance(value, Ref):
        thing = run.state.read(value)
        if isinstance(thing, DictObject):
            return Dim.of(len(thing.items)) if thing.is_exact else None
        if isinstance(thing, Instance):
            from shapelint.interp.libraries import instance_length

            return instance_length(run, value, thing)
    if isinstance(value, (Tuple, Range, Sequence, Iterable, Ref)):
        return plan(run, value).count
    return None


def _len(run: Run, given: Arguments) -> Value:
    if len(given.args) != 1:
        return Unknown("dynamic-value")
    found = length_of(run, given.args[0])
    return Int(found if found is not None else Dim.symbol("len", "unknown", 0))


def _range(run: Run, given: Arguments) -> Value:
    dims = [as_dim(run, a) for a in given.args]
    if not dims or given.inexact:
        return Range(
            Dim.symbol("i", "unknown", None), Dim.symbol("n", "unknown", None), Dim.symbol("n", "unknown", None)
        )
    known = [d if d is not None else Dim.symbol("n", "unknown", None) for d in dims]
    if len(known) == 1:
        return Range(Dim.of(0), known[0], Dim.of(1))
    return Range(known[0], known[1], known[2] if len(known) > 2 else Dim.of(1))


def _int(run: Run, given: Arguments) -> Value:
    if not given.args:
        return Int.of(0)
    value = given.args[0]
    dim = as_dim(run, value)
    if dim is not None:
        return Int(dim)
    if isinstance(value, Float):
        if value.exact is not None:
            n, d = (run.state.facts.resolve(x) for x in value.exact)
            facts = run.state.facts
            if (facts.at_least(n, 0) and facts.at_least(d, 1)) or (n.value is not None and n.value >= 0):
                return Int(n // d)
        if value.value is not None:
            return Int.of(int(value.value))
        return Int(Dim.symbol("n", "unknown", None))
    if isinstance(value, Str) and value.value is not None:
        try:
            return Int.of(int(value.value))
        except ValueError:
            raise PathEnds from None
    if isinstance(value, (Tensor, Str, Unknown)):
        return Int(Dim.symbol("n", "unknown", None))
    return Unknown("dynamic-value")


def _float(run: Run, given: Arguments) -> Value:
    if not given.args:
        return Float(0.0)
    value = given.args[0]
    dim = as_dim(run, value)
    if dim is not None:
        return Float(as_float(Int(dim)), (dim, Dim.of(1)))
    return value if isinstance(value, Float) else Float(None)


def _round(run: Run, given: Arguments) -> Value:
    value = given.args[0] if given.args else NONE
    dim = as_dim(run, value)
    if dim is not None:
        return Int(dim)
    if isinstance(value, Float) and value.value is not None and len(given.args) == 1:
        return Int.of(round(value.value))
    if len(given.args) == 1:
        return Int(Dim.symbol("n", "unknown", None))
    return Float(None) if isinstance(value, Float) else Unknown("dynamic-value", "round")


def _bool(run: Run, given: Arguments) -> Value:
    return worlds.truth(run, given.args[0]) if given.args else Bool(False)


def _str(run: Run, given: Arguments) -> Value:
    value = given.args[0] if given.args else Str("")
    if isinstance(value, Str):
        return value
    dim = as_dim(run, value)
    return Str(str(dim.value)) if dim is not None and dim.value is not None else Str(None)


def _abs(run: Run, given: Arguments) -> Value:
    value = given.args[0] if given.args else NONE
    if is_tensorish(run, value):
        from shapelint.interp.torch_calls import call_named

        return call_named(run, "torch.abs", (value,), {}, given.node, given.nodes)
    dim = as_dim(run, value)
    if dim is not None:
        if run.state.facts.at_least(dim, 0):
            return Int(dim)
        return Int(maximum([dim, -dim]))
    if not isinstance(value, Float):
        return value.anonymous() if isinstance(value, Unknown) else Unknown("dynamic-value", "abs")
    return Float(abs(value.value) if value.value is not None else None)


def _extreme(choose: Callable[[list[Dim]], Dim]) -> Callable[[Run, Arguments], Value]:
    def extreme(run: Run, given: Arguments) -> Value:
        items: list[Value] | None = list(given.args)
        if len(given.args) == 1:
            items = spread_items(run, given.args[0])
            if items is None:
                element = plan(run, given.args[0]).first
                return Int(Dim.symbol("n", "unknown", None)) if isinstance(element, Int) else Unknown("dynamic-value")
        if not items or "key" in given.kwargs:
            return merged(run, items) if items else Unknown("dynamic-value")
        dims = [as_dim(run, v) for v in items]
        if all(d is not None for d in dims):
            return Int(choose([run.state.facts.resolve(d) for d in dims if d is not None]))
        numbers = [as_float(v) for v in items]
        if all(n is not None for n in numbers):
            picked = [n for n in numbers if n is not None]
            return Float(float(max(picked) if choose is maximum else min(picked)))
        return Float(None) if all(isinstance(v, (Int, Float)) for v in items) else Unknown("dynamic-value")

    return extreme


def _sum(run: Run, given: Arguments) -> Value:
    from shapelint.interp.expressions import binary

    items = spread_items(run, given.args[0]) if given.args else None
    start = given.args[1] if len(given.args) > 1 else given.kwargs.get("start", Int.of(0))
    if items is None:
        passes = plan(run, given.args[0]) if given.args else None
        if passes is not None and isinstance(passes.first, Tensor):
            return passes.first
        return Unknown("dynamic-value")
    total: Value = start
    node = model.BinOp(given.node, "+", model.Name(given.node, ""), model.Name(given.node, ""))
    for item in items:
        total = item if isinstance(total, Int) and total.dim == 0 else binary(run, "+", total, item, node)
    return total


def _list(run: Run, given: Arguments) -> Value:
    if not given.args:
        return run.state.allocate(ListObject([]))
    passes = plan(run, given.args[0])
    if passes.items is not None:
        return run.state.allocate(ListObject(list(passes.items)))
    first = passes.first if passes.first is not passes.later else None
    return run.state.allocate(ListObject(None, passes.later, passes.count, first))


def _tuple(run: Run, given: Arguments) -> Value:
    if not given.args:
        return Tuple(())
    value = given.args[0]
    if isinstance(value, SizeOf):
        return replace(value, kind="tuple")
    passes = plan(run, value)
    if passes.items is not None:
        return Tuple(passes.items)
    return Sequence(passes.later, passes.count, "tuple", passes.first if passes.first is not passes.later else None)


def _set(run: Run, given: Arguments) -> Value:
    items = listed(run, given.args[0]) if given.args else []
    return run.state.allocate(ListObject(items, Unknown("dynamic-value") if items is None else None, is_set=True))


def _dict(run: Run, given: Arguments) -> Value:
    made = DictObject({})
    if given.args:
        update(run, made, mapping_of(run, given.args[0]))
    update(run, made, DictObject(dict(given.kwargs), given.inexact))
    return run.state.allocate(made)


def _enumerate(run: Run, given: Arguments) -> Value:
    start = given.kwargs.get("start", given.args[1] if len(given.args) > 1 else Int.of(0))
    return Iterable("enumerate", given.args[:1], start) if given.args else Unknown("dynamic-value")


def _zip(run: Run, given: Arguments) -> Value:
    if given.spread is not None:
        return _columns(plan(run, given.spread)) or Unknown("dynamic-value")
    return Unknown("dynamic-value") if given.inexact or not given.args else Iterable("zip", given.args)


def _columns(rows: Passes) -> Value | None:
    """`zip(*rows)` of an open number of tuples of one length: as many sequences, each of a value of every row."""
    first, later = rows.first, rows.later
    if not isinstance(first, Tuple) or not isinstance(later, Tuple) or len(first.items) != len(later.items):
        return None
    return Tuple(
        tuple(Sequence(b, rows.count, "tuple", None if a is b else a) for a, b in zip(first.items, later.items))
    )


def _reversed(run: Run, given: Arguments) -> Value:
    return Iterable("reversed", given.args[:1])


def _map(run: Run, given: Arguments) -> Value:
    if len(given.args) < 2:
        return Unknown("dynamic-value")
    return Iterable("map", given.args[1:], given.args[0])


def _filter(run: Run, given: Arguments) -> Value:
    passes = plan(run, given.args[1]) if len(given.args) > 1 else None
    return run.state.allocate(ListObject(None, passes.later if passes else Unknown("dynamic-value")))


def listed(run: Run, value: Value) -> list[Value] | None:
    """The items of an iterable of known length; those of a set in any order."""
    thing = run.state.read(value) if isinstance(value, Ref) else None
    held = thing.items if isinstance(thing, ListObject) and thing.is_set else None
    return spread_items(run, value) if held is None else distinct(held)


def _sorted(run: Run, given: Arguments) -> Value:
    items = listed(run, given.args[0])
    if items is not None:
        keys = [key_of(v) if isinstance(v, (Int, Str)) else None for v in items]
        for kind in (int, str):
            if not given.kwargs and all(isinstance(key, kind) for key in keys):
                places = sorted(range(len(items)), key=keys.__getitem__)  # type: ignore[arg-type]
                return run.state.allocate(ListObject([items[i] for i in places]))
        return run.state.allocate(ListObject(None, merged(run, items), Dim.of(len(items))))
    passes = plan(run, given.args[0])
    return run.state.allocate(ListObject(None, passes.later, passes.count))


def _iter(run: Run, given: Arguments) -> Value:
    """An iterator, from which `next` takes what comes first; what is unknown, or made by a loader, is left as it is."""
    if not given.args:
        return Unknown("dynamic-value")
    value = given.args[0]
    thing = run.state.read(value) if isinstance(value, Ref) else None
    is_listed = isinstance(value, (Tuple, Range)) or isinstance(thing, (ListObject, DictObject))
    return Iterable("iter", (value,)) if is_listed else value


def _next(run: Run, given: Arguments) -> Value:
    if not given.args:
        return Unknown("dynamic-value")
    value = given.args[0]
    passes = plan(run, value)
    if isinstance(value, Iterable):
        taken = run.state.advanced.get(value, 0)
        run.state.advanced[value] = None if taken is None else taken + 1
    elif isinstance(value, Ref) and isinstance(run.state.read(value), ListObject):  # what a generator yields
        rest = run.state.write(value)
        assert isinstance(rest, ListObject)
        if rest.items:
            rest.items = rest.items[1:]
        else:
            rest.items, rest.element, rest.length, rest.first, rest.rows = None, passes.later, None, None, None
    return renewed(run, own_batch(run, passes.first))


def _print(run: Run, given: Arguments) -> Value:
    return NONE


def _getattr(run: Run, given: Arguments) -> Value:
    from shapelint.interp.attributes import attribute

    if len(given.args) < 2:
        return Unknown("dynamic-value")
    name = worlds.settle(run, given.args[1])
    if isinstance(name, Str) and name.value is not None:
        exists = has_attribute(run, given.args[0], name.value) if len(given.args) > 2 else True
        if exists is False:
            return given.args[2]
        found = attribute(run, given.args[0], name.value, model.Name(given.node, name.value))
        if exists is None and isinstance(found, Method):
            return Unknown("dynamic-value", name.value)  # a method, or what stands for one that is missing
        unset = isinstance(found, Unknown) and found.reason == "dynamic-value"
        if len(given.args) > 2 and (unset or _may_lack(run, given.args[0], name.value)):
            return merged(run, [given.args[2], found])
        return found
    if isinstance(name, Opaque) and isinstance(given.args[0], External):
        return _library_choice(run, given.args[0], name)
    return Unknown("dynamic-value", "getattr")


def _may_lack(run: Run, owner: Value, name: str) -> bool:
    """Whether only some of the paths that lead here have set an attribute, and the class has none."""
    thing = run.state.read(owner) if isinstance(owner, Ref) else None
    if not isinstance(thing, Instance) or name not in thing.maybe:
        return False
    return not isinstance(thing.cls, ClassInfo) or run.state.find_in_class(thing.cls, name) is None


def _library_choice(run: Run, owner: External, name: Opaque) -> Value:
    """`getattr(nn, kind)`: one world for each name that the program is known to mean: what it was asked to be one of, and its default."""
    for candidate in worlds.names_of(run, name.path):
        if worlds.require(run, worlds.equal(run, name, Str(candidate))) is True:
            return External(f"{owner.name}.{candidate}")
    if owner.name == "torch.nn":
        for candidate in ("LSTM", "GRU", "RNN"):
            if name.path.rpartition(".")[2].lower() in (
                "rnn_type",
                "cell_type",
                "rnn",
                "cell",
                "mode",
                "rnn_cell",
                "rnn_unit",
                "layer_type",
            ):
                if worlds.require(run, worlds.equal(run, name, Str(candidate))) is True:
                    return External(f"{owner.name}.{candidate}")
    return Unknown("dynamic-value", "getattr")


def _setattr(run: Run, given: Arguments) -> Value:
    from shapelint.interp.attributes import set_named

    if len(given.args) == 3:
        set_named(run, given.args[0], given.args[1], given.args[2])
    return NONE


def _hasattr(run: Run, given: Arguments) -> Value:
    name = worlds.settle(run, given.args[1]) if len(given.args) == 2 else NONE
    if not isinstance(name, Str) or name.value is None:
        return Bool(None)
    return Bool(has_attribute(run, given.args[0], name.value))


_PLAIN_TYPES = ((Str, str), (Bool, bool), (Int, int), (Float, float), (NoneValue, type(None)))


def has_attribute(run: Run, owner: Value, name: str) -> bool | None:
    """`hasattr(owner, name)`, None where it is not known."""
    from shapelint.interp.attributes import is_module_method
    from shapelint.interp.libraries import knows
    from shapelint.interp.methods import has_method

    if isinstance(owner, External):
        return True if knows(f"{owner.name}.{name}") else None
    if isinstance(owner, Tensor):
        return True if has_method(owner, name) else None
    for kind, of_python in _PLAIN_TYPES:
        if isinstance(owner, kind):
            return hasattr(of_python, name)
    if isinstance(owner, Tuple) and owner.kind == "tuple":
        return name in owner.names or (hasattr(tuple, name) or None if owner.names else hasattr(tuple, name))
    thing = run.state.read(owner) if isinstance(owner, Ref) else None
    if not isinstance(thing, Instance):
        return None
    if _may_lack(run, owner, name):
        return None
    if name in thing.attrs:
        # what other methods leave may not be there yet
        return None if isinstance(thing.attrs[name], Unknown) else True
    if not isinstance(thing.cls, ClassInfo):
        return None
    if run.state.find_in_class(thing.cls, name) is not None:
        return True
    plain = not thing.library_name or (thing.library_name == "torch.nn.Module" and not is_module_method(name))
    plain = plain and not thing.vague and run.state.find_in_class(thing.cls, "__getattr__") is None
    return False if plain else None


def is_instance(run: Run, value: Value, kinds: Value) -> Bool:
    """`isinstance(value, kinds)`."""
    if isinstance(kinds, Tuple):
        answers = [is_instance(run, value, k) for k in kinds.items]
        if any(a.value is True for a in answers):
            return Bool(True)
        open_ = [a for a in answers if a.value is None]
        return Bool(False) if not open_ else open_[0] if len(open_) == 1 and len(answers) == 1 else Bool(None)
    if isinstance(value, OneOf):
        known = {is_instance(run, o, kinds).value for o in value.options}
        return Bool(known.pop()) if len(known) == 1 else Bool(None)
    if isinstance(value, Unknown):
        return Bool(None)
    name = kinds.name if isinstance(kinds, (Builtin, External)) else ""
    last = name.rpartition(".")[2]
    if name == "type":
        return Bool(_is_class(value))
    if isinstance(value, Opaque):
        if value.path in run.adopted and last in (
            "int",
            "str",
            "tuple",
            "list",
            "dict",
            "float",
            "bool",
            "PackedSequence",
        ):
            return Bool(False)
        if value.path in run.adopted and last == "Tensor":
            return Bool(True)
        if value.path in run.symbols and last in ("str", "tuple", "list", "dict", "Tensor"):
            return Bool(False)
        guess: Guess = "type" if value.origin == "input" else ""
        return Bool(None, IsInstance(value.path, last, guess)) if last else Bool(None)
    if isinstance(value, Ref):
        thing = run.state.read(value)
        if isinstance(thing, ListObject):
            return Bool(
                last
                in (
                    ("set", "frozenset", "Set")
                    if thing.is_set
                    else ("list", "Sequence", "Iterable", "List", "Collection", "MutableSequence", "ListConfig")
                )
            )
        if isinstance(thing, DictObject):
            return Bool(last in ("dict", "Mapping", "Dict", "OrderedDict", "MutableMapping"))
        if isinstance(thing, Instance):
            return _instance_of(thing, kinds, name)
        return Bool(None)
    if isinstance(value, Tensor) and value.array and run.state.facts.shape(value.shape).rank == 0:
        return _is_numpy_number(value, last)
    for kind, names in _KINDS:
        if isinstance(value, kind):
            if isinstance(value, Tensor) and last == "ndarray":
                return Bool(value.array)
            if isinstance(value, Tensor) and last == "Tensor":
                return Bool(not value.array)
            if isinstance(value, Sequence) and last == value.kind:
                return Bool(True)
            return Bool(last in names) if last else Bool(False)
    return Bool(None)


def _is_numpy_number(value: Tensor, last: str) -> Bool:
    """What NumPy gives for one entry, or for the sum over all, is mostly no array but a number of its own; that of float64 is one of Python's."""
    if last == "ndarray":
        return Bool(None)
    if last in ("float", "floating", "float64"):
        return Bool(value.dtype in (None, "float"))
    if last in ("integer", "Integral"):
        return Bool(None if value.dtype is None else value.dtype == "int")
    return Bool(last in ("generic", "number", "Number", "Real"))


_KINDS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (Tensor, ("Tensor", "Variable", "Iterable")),
    (Bool, ("bool", "int", "Number")),
    (Int, ("int", "Number", "Integral", "Real")),
    (Float, ("float", "Number", "Real")),
    (Str, ("str", "Sequence", "Iterable")),
    (NoneValue, ("NoneType",)),
    (Tuple, ("tuple", "Sequence", "Iterable", "Tuple", "Size", "Collection")),
    (Sequence, ("Sequence", "Iterable")),
    (SizeOf, ("Size", "tuple", "Sequence")),
    (Packed, ("PackedSequence", "tuple")),
    (Slice, ("slice",)),
    (FunctionValue, ("Callable", "FunctionType")),
)


def _instance_of(thing: Instance, kinds: Value, name: str) -> Bool:
    if isinstance(kinds, ClassValue):
        if isinstance(thing.cls, ClassInfo):
            if kinds.info in thing.cls.mro:
                return Bool(True)
            return Bool(None) if thing.vague else Bool(False)
        return Bool(False)
    if not name:
        return Bool(None)
    own = {thing.cls} if isinstance(thing.cls, str) else set(thing.cls.library_bases)
    if name in own or (
        name in ("torch.nn.Module", "torch.nn.modules.module.Module")
        and (
            thing.config is not None
            or thing.parts is not None
            or (isinstance(thing.cls, ClassInfo) and thing.cls.is_module)
        )
    ):
        return Bool(True)
    if thing.vague:
        return Bool(None)
    if name == "torch.nn.RNNBase":
        return Bool(any(o.rpartition(".")[2] in ("LSTM", "GRU", "RNN") for o in own))
    return (
        Bool(None) if name.startswith("torch.nn.modules") and name.rpartition(".")[2].startswith("_") else Bool(False)
    )


def _isinstance(run: Run, given: Arguments) -> Value:
    return is_instance(run, given.args[0], given.args[1]) if len(given.args) == 2 else Bool(None)


def _issubclass(run: Run, given: Arguments) -> Value:
    if len(given.args) == 2 and isinstance(given.args[0], ClassValue) and isinstance(given.args[1], ClassValue):
        return Bool(given.args[1].info in given.args[0].info.mro)
    return Bool(None)


def _type(run: Run, given: Arguments) -> Value:
    value = given.args[0] if len(given.args) == 1 else NONE
    if isinstance(value, Ref):
        thing = run.state.read(value)
        if isinstance(thing, Instance):
            return ClassValue(thing.cls) if isinstance(thing.cls, ClassInfo) else External(thing.cls)
        return Builtin("list" if isinstance(thing, ListObject) else "dict")
    for kind, name in ((Tuple, "tuple"), (Int, "int"), (Float, "float"), (Str, "str"), (Bool, "bool")):
        if isinstance(value, kind):
            return Builtin(name)
    if isinstance(value, Tensor):
        return External("torch.Tensor")
    return Unknown("dynamic-value")


def _any_all(decisive: bool) -> Callable[[Run, Arguments], Value]:
    def decide(run: Run, given: Arguments) -> Value:
        items = spread_items(run, given.args[0]) if given.args else None
        if items is None:
            return Bool(None)
        answers = [worlds.decide(run, worlds.truth(run, v)) for v in items]
        if decisive in answers:
            return Bool(decisive)
        return Bool(None if None in answers else not decisive)

    return decide


def _super(run: Run, given: Arguments) -> Value:
    if len(given.args) == 2 and isinstance(given.args[0], ClassValue):
        return SuperValue(given.args[0].info, given.args[1])
    return Unknown("dynamic-value", "super")


def _slice(run: Run, given: Arguments) -> Value:
    if len(given.args) == 1:
        return Slice(NONE, given.args[0], NONE)
    parts = [*given.args, NONE, NONE][:3]
    return Slice(parts[0], parts[1], parts[2])


def _vars(run: Run, given: Arguments) -> Value:
    if not given.args:
        return _locals(run, given)
    return attribute_dict(run, given.args[0])


def attribute_dict(run: Run, value: Value) -> Value:
    """`vars(value)`, which changes with the value, and the value with it."""
    if isinstance(value, Namespace) or (isinstance(value, Ref) and isinstance(run.state.read(value), Instance)):
        return run.state.allocate(AttributesOf(value.address))
    return value if isinstance(value, Opaque) else run.state.allocate(DictObject({}, True))


def _divmod(run: Run, given: Arguments) -> Value:
    a, b = (as_dim(run, v) for v in given.args) if len(given.args) == 2 else (None, None)
    if a is None or b is None or run.state.facts.resolve(b) == 0:
        return Unknown("dynamic-value")
    return Tuple((Int(a // b), Int(a % b)))


def _pow(run: Run, given: Arguments) -> Value:
    from shapelint.interp.expressions import binary

    node = model.BinOp(given.node, "**", model.Name(given.node, ""), model.Name(given.node, ""))
    return binary(run, "**", given.args[0], given.args[1], node) if len(given.args) == 2 else Unknown("dynamic-value")


def _exit(run: Run, given: Arguments) -> Value:
    raise PathEnds


def _is_class(value: Value) -> bool | None:
    """Whether a value is a class, None where it may be one."""
    from shapelint.interp.libraries import knows

    if isinstance(value, (ClassValue, Builtin)):
        return isinstance(value, ClassValue) or value.name in _TYPES
    if isinstance(value, External):
        return value.name.rpartition(".")[2][:1].isupper() if knows(value.name) else None
    return None if isinstance(value, Opaque) else False


_TYPES = frozenset(("bool", "dict", "float", "int", "list", "object", "set", "slice", "str", "tuple", "type"))


def _callable(run: Run, given: Arguments) -> Value:
    value = given.args[0] if given.args else NONE
    if isinstance(value, Opaque):
        return Bool(None, IsCallable(value.path))
    return Bool(_is_callable(run, value))


def _is_callable(run: Run, value: Value) -> bool | None:
    from shapelint.interp.libraries import knows

    if isinstance(value, (FunctionValue, BoundMethod, ClassValue, Partial, Builtin, Method)):
        return True
    if isinstance(value, (Str, Int, Float, Bool, NoneValue, Tuple, Sequence, SizeOf, Tensor)):
        return False
    if isinstance(value, External):
        return True if knows(value.name) else None
    if isinstance(value, OneOf):
        answers = {_is_callable(run, option) for option in value.options}
        return answers.pop() if len(answers) == 1 else None
    thing = run.state.read(value) if isinstance(value, Ref) else None
    if isinstance(thing, (ListObject, DictObject)):
        return False
    if not isinstance(thing, Instance):
        return None
    if isinstance(thing.cls, str):
        return True if is_module_name(thing.cls) else None
    if thing.cls.is_module or run.state.find_in_class(thing.cls, "__call__") is not None:
        return True
    return None if thing.vague or thing.cls.library_bases else False


def _globals(run: Run, given: Arguments) -> Value:
    return run.state.allocate(AttributesOf(module_frame(run.state, run.top)))


def _locals(run: Run, given: Arguments) -> Value:
    """The names of a module themselves, of a function what they are at this moment."""
    if not run.top.scope:
        return _globals(run, given)
    return run.state.allocate(DictObject(dict(run.frame().names)))


def _exec(run: Run, given: Arguments) -> Value:
    """Text that is executed, in the namespaces that it is given or where it stands."""
    spaces = [v for v in (*given.args[1:], *given.kwargs.values()) if not isinstance(v, NoneValue)]
    if spaces:
        forget(run, spaces)
    else:
        forget_scope(run)
    return NONE


def _eval(run: Run, given: Arguments) -> Value:
    """Text that is evaluated. Only a call in it can change anything, and what libraries build they build anew."""
    text = given.args[0] if given.args else NONE
    known = (text.value or text.prefix) if isinstance(text, Str) else ""
    whole = isinstance(text, Str) and text.value is not None
    library = lookup(run, known.partition(".")[0]) if "." in known else None
    if not (whole and "(" not in known) and not isinstance(library, External):
        _exec(run, given)
    return Unknown("dynamic-value", "eval")


def _delattr(run: Run, given: Arguments) -> Value:
    from shapelint.interp.attributes import delete_named

    if len(given.args) == 2:
        delete_named(run, given.args[0], given.args[1])
    return NONE


_FUNCTIONS: dict[str, Callable[[Run, Arguments], Value]] = {
    "len": _len,
    "range": _range,
    "int": _int,
    "float": _float,
    "round": _round,
    "bool": _bool,
    "str": _str,
    "abs": _abs,
    "max": _extreme(maximum),
    "min": _extreme(minimum),
    "sum": _sum,
    "list": _list,
    "tuple": _tuple,
    "set": _set,
    "frozenset": _set,
    "dict": _dict,
    "enumerate": _enumerate,
    "zip": _zip,
    "reversed": _reversed,
    "map": _map,
    "filter": _filter,
    "sorted": _sorted,
    "iter": _iter,
    "next": _next,
    "print": _print,
    "getattr": _getattr,
    "setattr": _setattr,
    "hasattr": _hasattr,
    "isinstance": _isinstance,
    "issubclass": _issubclass,
    "type": _type,
    "any": _any_all(True),
    "all": _any_all(False),
    "super": _super,
    "slice": _slice,
    "vars": _vars,
    "divmod": _divmod,
    "pow": _pow,
    "exit": _exit,
    "quit": _exit,
    "callable": _callable,
    "globals": _globals,
    "locals": _locals,
    "exec": _exec,
    "eval": _eval,
    "delattr": _delattr,
}

__all__ = ["Namespace", "call", "call_builtin", "is_instance", "length_of"]
