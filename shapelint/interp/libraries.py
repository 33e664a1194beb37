"""What lies outside the project: the containers, loaders and helpers of torch and Python whose meaning the interpreter knows.

Ops of torch are not here; they are in `ops/`. A name that is in neither gives `Unknown("outside-project")`, or `Unknown("unsupported-op")`
where it is torch's.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from shapelint.interp import worlds
from shapelint.interp.calls import Arguments, call, call_unread, call_with, fields_of, instantiate
from shapelint.interp.collation import collated, converted, keep_apart
from shapelint.interp.containers import extend, key_of, loaded_module, merged, update
from shapelint.interp.described import described
from shapelint.interp.expressions import as_dim, as_float, rows_of, spread_items
from shapelint.interp.iteration import Passes, plan
from shapelint.interp.objects import (
    CONTAINERS,
    ClassInfo,
    ClassValue,
    DictObject,
    FunctionValue,
    Instance,
    ListObject,
    Partial,
)
from shapelint.interp.rows import length_of
from shapelint.interp.run import PathEnds, Run
from shapelint.interp.torch_calls import build_layer, call_op
from shapelint.ops.index import find
from shapelint.program import model
from shapelint.shapes.dim import Dim, minimum
from shapelint.values.model import (
    NONE,
    Bool,
    External,
    Float,
    Int,
    NoneValue,
    OneOf,
    Opaque,
    Ref,
    Site,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

NESTED_ITERATORS = 6  # iterators of the project that ask one another

# calls that give back what they are given (their first argument)
PASSING = frozenset(
    [
        "torch.compile",
        "torch.jit.script",
        "torch.jit.trace",
        "torch.nn.DataParallel",
        "torch.nn.parallel.DataParallel",
        "torch.nn.parallel.DistributedDataParallel",
        "torch.nn.utils.weight_norm",
        "torch.nn.utils.spectral_norm",
        "torch.nn.utils.parametrizations.weight_norm",
        "torch.nn.utils.parametrizations.spectral_norm",
        "torch.nn.utils.remove_weight_norm",
        "torch.nn.utils.parametrize.remove_parametrizations",
        "torch.nn.utils.skip_init",
        "tqdm.tqdm",
        "tqdm",
        "tqdm.auto.tqdm",
        "tqdm.notebook.tqdm",
        "functools.wraps",
        "torch.utils.checkpoint.noop",
        "collections.OrderedDict.fromkeys",
        "torch.jit.freeze",
        "torch.nn.utils.fusion.fuse_conv_bn_eval",
        "torch.fx.wrap",
        "torch.quantization.quantize_dynamic",
        "torch.ao.quantization.quantize_dynamic",
        "itertools.chain.from_iterable",
        "torch.nn.utils.parametrizations.orthogonal",
        "accelerate.prepare",
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
        "torch.cuda.amp.custom_fwd",
        "torch.cuda.amp.custom_bwd",
        "torch.amp.custom_fwd",
        "torch.amp.custom_bwd",
        "torch.jit.ignore",
        "torch.jit.unused",
        "torch.jit.export",
        "torch.jit.script_if_tracing",
        "torch.compiler.disable",
        "torch._dynamo.disable",
        "torch.distributed.fsdp.fully_shard",
        "torch.distributed.fsdp.FullyShardedDataParallel",
        "torch.distributed.fsdp.fully_sharded_data_parallel.FullyShardedDataParallel",
        "torch.distributed.tensor.parallel.parallelize_module",
        "torch.distributed.algorithms._checkpoint.checkpoint_wrapper.checkpoint_wrapper",
    ]
)
# libraries that run a training loop for others
WRAPPING = ("accelerate.", "lightning.", "lightning_fabric.", "pytorch_lightning.")
# calls that give back their second argument, behind a type
_TYPING = frozenset(("typing.cast", "typing_extensions.cast", "torch.jit.annotate"))
_CANONICAL = {
    "torch.nn.modules.container.Sequential": "torch.nn.Sequential",
    "torch.nn.modules.ModuleList": "torch.nn.ModuleList",
    "torch.nn.modules.container.ModuleList": "torch.nn.ModuleList",
    "torch.nn.modules.Sequential": "torch.nn.Sequential",
    "torch.nn.modules.container.ModuleDict": "torch.nn.ModuleDict",
}


def call_external(run: Run, name: str, given: Arguments) -> Value:
    """Call something of a library by its dotted name."""
    name = _CANONICAL.get(name, name)
    if name in CONTAINERS:
        site = Site(run.top.module.path, given.node) if given.node else None
        ref = run.state.allocate(Instance(name, parts=[], built=site))
        fill_container(run, ref, name, given)
        return ref
    if name in _TYPING and len(given.args) == 2:
        return given.args[1]
    if name in PASSING or name.rpartition(".")[2] == "tqdm":
        if given.args:
            return given.args[0]
        return next(
            iter(given.kwargs.values()),
            Partial(External(name), (), {}) if not given.inexact else Unknown("dynamic-value"),
        )
    known = _FUNCTIONS.get(name)
    if known is not None:
        return known(run, given)
    if name.startswith("builtins.") or name.endswith(("Error", "Exception")):
        return run.state.allocate(Instance(name, vague=True))
    if find(name) is not None:
        return _by_op(run, name, given)
    if name.startswith("torch.optim."):
        return run.state.allocate(Instance(name, vague=True))
    known_by_description = described(run, name)
    if known_by_description is not None:
        return call_with(run, known_by_description, given)
    method = name.rpartition(".")[2]
    if method.startswith("__") and name.startswith("torch."):
        from shapelint.interp.methods import of_class

        return of_class(run, method, given)
    call_unread(run, External(name), given)
    if name.startswith(("torch.", "torchvision.", "torchaudio.", "einops.", "numpy.")):
        return Unknown("unsupported-op", name)
    if name.startswith(WRAPPING):
        from shapelint.interp.wrappers import build_wrapper

        return build_wrapper(run, name) or Unknown("outside-project", name)
    return Unknown("outside-project", name)


def _by_op(run: Run, name: str, given: Arguments) -> Value:
    """Call an op of torch or NumPy, or build a layer."""
    op = find(name)
    assert op is not None
    given = given.with_sizes()
    if given.inexact:
        return Unknown("dynamic-value", name)
    if op.is_layer:
        config = build_layer(run, op, name, given.args, given.kwargs, given.node, given.nodes, given.kwarg_nodes)
        if config is None:
            return Unknown("dynamic-value", name)
        site = Site(run.top.module.path, given.node) if given.node else None
        return run.state.allocate(Instance(name, config=config, built=site))
    return call_op(run, op, name, given.args, given.kwargs, given.node, given.nodes, given.kwarg_nodes, given.callee)


def knows(name: str) -> bool:
    """Whether a call of a dotted name has a meaning, here or as an op."""
    name = _CANONICAL.get(name, name)
    known = name in CONTAINERS or name in PASSING or name in _FUNCTIONS or name in _TYPING
    known = known or name.startswith("torch.optim.")
    return known or find(name) is not None


# Containers of modules ---------------------------------------------------------------------------


def fill_container(run: Run, ref: Ref, name: str, given: Arguments) -> None:
    """The parts that the constructor of a container of modules is given."""
    thing = run.state.write(ref)
    assert isinstance(thing, Instance)
    thing.parts = []
    if given.inexact:
        thing.parts = None
        thing.rows = given.rows if name == "torch.nn.Sequential" and not given.kwargs else None
        return
    if name == "torch.nn.Sequential" and not (len(given.args) == 1 and _is_dict(run, given.args[0])):
        thing.parts = [(str(i), v) for i, v in enumerate(given.args)]
        return
    if not given.args:
        return
    source = given.args[0]
    held = run.state.read(source) if isinstance(source, Ref) else None
    if isinstance(held, DictObject):
        thing.parts = [(str(k), v) for k, v in held.items.items()] if held.is_exact else None
        if held.open and not held.items:
            thing.element = held.element
        return
    passes = plan(run, source)
    if name in ("torch.nn.ModuleDict", "torch.nn.ParameterDict"):
        pairs = [
            (key_of(p.items[0]), p.items[1]) for p in passes.items or () if isinstance(p, Tuple) and len(p.items) == 2
        ]
        exact = (
            passes.items is not None and len(pairs) == len(passes.items) and all(isinstance(k, str) for k, _ in pairs)
        )
        thing.parts = [(str(k), v) for k, v in pairs] if exact else None
        return
    if passes.items is not None:
        thing.parts = [(str(i), v) for i, v in enumerate(passes.items)]
    else:
        thing.parts, thing.length = None, passes.count
        thing.rows = list(passes.rows) if passes.rows is not None else rows_of(run, source)
        thing.element = passes.later if thing.rows is None else None


def _is_dict(run: Run, value: Value) -> bool:
    return isinstance(value, Ref) and isinstance(run.state.read(value), DictObject)


def iterate_instance(run: Run, ref: Ref, thing: Instance) -> Passes:
    """What iterating over an object gives: the parts of a container, the batches of a loader, the items of a dataset."""
    name = thing.library_name
    if thing.parts is not None:
        if name in ("torch.nn.ModuleDict", "torch.nn.ParameterDict"):
            return Passes.of([Str(n) for n, _ in thing.parts])
        return Passes.of([v for _, v in thing.parts])
    if name in CONTAINERS:
        element = thing.element or Unknown("dynamic-value")
        if thing.rows is not None:
            return Passes.over(run, thing.rows, thing.length)
        return Passes(None, element, element, thing.length)
    if name.endswith("DataLoader"):
        return _batches(run, thing)
    if isinstance(thing.cls, ClassInfo):
        found = _by_protocol(run, ref, thing, thing.cls)
        if found is not None:
            return found
    if name.endswith("TensorDataset"):
        return Passes.like(_item(run, ref), instance_length(run, ref, thing))
    return Passes.like(Unknown("dynamic-value"))


def _by_protocol(run: Run, ref: Ref, thing: Instance, cls: ClassInfo) -> Passes | None:
    """What a class of the project yields by `__iter__`, by `__next__` where it is its own iterator, or by `__getitem__`."""
    from shapelint.interp.attributes import attribute

    if len(run.iterating) > NESTED_ITERATORS:
        return Passes.like(Unknown("budget"))
    method = next((m for m in ("__iter__", "__next__", "__getitem__") if cls.find(m) is not None), None)
    if method == "__iter__" and ref in run.iterating:
        method = "__next__"
    if method is None or cls.find(method) is None:
        return None
    bound = attribute(run, ref, method, model.Name(0, method))
    if method == "__getitem__":
        element = call(run, bound, (Int(Dim.symbol("i", "unknown", 0)),), {}, None)
        return Passes.like(element, instance_length(run, ref, thing))
    run.iterating.append(ref)
    try:
        given = call(run, bound, (), {}, None)
        return plan(run, given) if method == "__iter__" else Passes.like(given)
    finally:
        run.iterating.pop()


def instance_length(run: Run, ref: Ref, thing: Instance) -> Dim | None:
    """`len(instance)`."""
    if thing.parts is not None:
        return Dim.of(len(thing.parts))
    if thing.rows is not None or thing.length is not None:
        return length_of(thing.rows or ()) if thing.length is None else thing.length
    name = thing.library_name
    if name.endswith("TensorDataset"):
        tensors = thing.attrs.get("tensors")
        if isinstance(tensors, Tuple) and tensors.items and isinstance(tensors.items[0], Tensor):
            shape = run.state.facts.reveal_prefix(tensors.items[0].shape, 1)
            return shape.prefix[0].size if shape.prefix else None
    if name.endswith("DataLoader"):
        return _batches(run, thing).count
    if isinstance(thing.cls, ClassInfo) and run.state.find_in_class(thing.cls, "__len__") is not None:
        from shapelint.interp.attributes import attribute

        with run.silently():
            length = call(run, attribute(run, ref, "__len__", model.Name(0, "__len__")), (), {}, None)
        return as_dim(run, length)
    return None


# Data --------------------------------------------------------------------------------------------


def _tensor_dataset(run: Run, given: Arguments) -> Value:
    # it asks each for its first axis, which only tensors tell so
    tensors = tuple(run.find(v) if isinstance(v, Unknown) and v.reason != "after-error" else v for v in given.args)
    return run.state.allocate(Instance("torch.utils.data.TensorDataset", {"tensors": Tuple(tensors)}))


_LOADER = [
    "dataset",
    "batch_size",
    "shuffle",
    "sampler",
    "batch_sampler",
    "num_workers",
    "collate_fn",
    "pin_memory",
    "drop_last",
]


def _data_loader(run: Run, given: Arguments) -> Value:
    attrs = dict(zip(_LOADER, given.args))
    attrs.update(given.kwargs)
    if given.inexact:
        for name in _LOADER[1:]:
            if name != "batch_sampler" or "batch_size" not in attrs:  # torch takes one of the two
                attrs.setdefault(name, Unknown("dynamic-value", name))
    site = Site(run.top.module.path, given.node) if given.node else None
    return run.state.allocate(Instance("torch.utils.data.DataLoader", attrs, built=site))


_ITEM = "torch.Tensor.__getitem__"


def _row(row: Value, table: Value) -> Value:
    """A row that a dataset reads: no step of the program of its own."""
    return replace(row, step=table.step) if isinstance(row, Tensor) and isinstance(table, Tensor) else row


def _item(run: Run, dataset: Value) -> Value:
    """One item of a dataset."""
    from shapelint.interp.attributes import attribute
    from shapelint.interp.torch_calls import call_named

    thing = run.state.read(dataset) if isinstance(dataset, Ref) else None
    index = Int(Dim.symbol("i", "unknown", 0))
    if isinstance(thing, Instance):
        if thing.library_name.endswith("TensorDataset") and "tensors" in thing.attrs:
            tensors = thing.attrs["tensors"]
            assert isinstance(tensors, Tuple)
            with run.silently():
                return Tuple(tuple(_row(call_named(run, _ITEM, (v, index), {}, 0), v) for v in tensors.items))
        if thing.library_name.endswith("Subset") and "dataset" in thing.attrs:
            return _item(run, thing.attrs["dataset"])
        if isinstance(thing.cls, ClassInfo) and run.state.find_in_class(thing.cls, "__getitem__") is not None:
            return call(run, attribute(run, dataset, "__getitem__", model.Name(0, "__getitem__")), (index,), {}, None)
        return Unknown("outside-project", thing.library_name)
    if isinstance(dataset, (Ref, Tuple)):
        return plan(run, dataset).first
    if isinstance(dataset, Tensor):
        return plan(run, dataset).first
    return Unknown("dynamic-value")


def _batches(run: Run, thing: Instance) -> Passes:
    """The batches of a DataLoader: full ones, and the last, which may be smaller."""
    facts = run.state.facts
    dataset = thing.attrs.get("dataset", Unknown("dynamic-value"))
    given = thing.attrs.get("batch_size", Int.of(1))
    if isinstance(given, NoneValue) and "batch_sampler" not in thing.attrs:
        return Passes.like(keep_apart(run, converted(run, _item(run, dataset))))
    size = as_dim(run, given)
    held = run.state.read(dataset) if isinstance(dataset, Ref) else None
    total: Dim | None = None
    if isinstance(held, Instance):
        total = instance_length(run, dataset, held) if isinstance(dataset, Ref) else None
    elif isinstance(held, ListObject) or isinstance(dataset, Tensor):
        total = plan(run, dataset).count
    if "batch_sampler" in thing.attrs or (
        "sampler" in thing.attrs and not isinstance(thing.attrs["sampler"], NoneValue)
    ):
        total = None
        size = size if "batch_sampler" not in thing.attrs else None
    if size is None:
        size = Dim.symbol("batch", "unknown")
    size = facts.resolve(size)
    item = _item(run, dataset)
    collate = thing.attrs.get("collate_fn", NONE)
    drop = thing.attrs.get("drop_last", Bool(False))
    dropping = isinstance(drop, Bool) and drop.value is True

    def batch(number: Dim) -> Value:
        if isinstance(collate, NoneValue):
            return keep_apart(run, collated(run, item, number, thing.built))
        samples = run.state.allocate(ListObject(None, item, number))
        return keep_apart(run, call(run, collate, (samples,), {}, None))

    if total is None:
        first = batch(size)
        return Passes.like(first)
    total = facts.resolve(total)
    n, b = total.value, size.value
    if n is not None and b:
        full, rest = divmod(n, b)
        if full == 0:
            return Passes.of([] if dropping else [batch(Dim.of(rest))])
        if rest == 0 or dropping:
            first = batch(size)
            return Passes(None, first, first, Dim.of(full)) if full > 1 else Passes.of([first])
        return Passes.of([batch(size)] * min(full, 2) + [batch(Dim.of(rest))])
    first = batch(size)
    return Passes(None, first, first, None)


def _random_split(run: Run, given: Arguments) -> Value:
    lengths = spread_items(run, given.args[1]) if len(given.args) > 1 else None
    if lengths is None:
        return Unknown("dynamic-value")
    parts: list[Value] = []
    for length in lengths:
        dim = as_dim(run, length)
        parts.append(run.state.allocate(Instance("torch.utils.data.Subset", {"dataset": given.args[0]}, length=dim)))
    return run.state.allocate(ListObject(parts))


def _subset(run: Run, given: Arguments) -> Value:
    from shapelint.interp.builtins import length_of

    length = length_of(run, given.args[1]) if len(given.args) > 1 else None
    return run.state.allocate(
        Instance("torch.utils.data.Subset", {"dataset": given.args[0]} if given.args else {}, length=length)
    )


# argparse ----------------------------------------------------------------------------------------


def _argument_parser(run: Run, given: Arguments) -> Value:
    """A parser; `argument_default` is what options have that name no default of their own."""
    attrs: dict[str, Value] = {
        "\0options": run.state.allocate(DictObject({})),
        "\0declared": run.state.allocate(DictObject({})),
    }
    if "argument_default" in given.kwargs:
        attrs["\0default"] = given.kwargs["argument_default"]
    return run.state.allocate(Instance("argparse.ArgumentParser", attrs))


def parser_method(run: Run, ref: Ref, thing: Instance, name: str, given: Arguments) -> Value:
    """A method of an `ArgumentParser`: options are collected with their defaults, and parsing gives the defaults."""
    options, places = thing.attrs.get("\0options"), thing.attrs.get("\0declared")
    if not isinstance(options, Ref) or not isinstance(places, Ref):
        return Unknown("dynamic-value")
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        return ref
    if name == "add_argument":
        flags = [a.value for a in given.args if isinstance(a, Str) and a.value]
        long = next((f for f in flags if f.startswith("--")), flags[0] if flags else "")
        target = given.kwargs.get("dest")
        key = target.value if isinstance(target, Str) and target.value else long.lstrip("-").replace("-", "_")
        table = run.state.write(options)
        assert isinstance(table, DictObject)
        usual = thing.attrs.get("\0default", NONE)
        if not isinstance(usual, NoneValue):
            given.kwargs.setdefault("default", usual)
        if given.kwargs.get("default") != External("argparse.SUPPRESS"):
            table.items[key] = _option_default(run, key, long, given)
            declared = run.state.write(places)
            assert isinstance(declared, DictObject)
            declared.items[key] = Tuple((Str(run.top.module.path), Str(long)))
        return NONE
    if name == "set_defaults":
        table = run.state.write(options)
        assert isinstance(table, DictObject)
        update(run, table, DictObject(dict(given.kwargs), given.inexact))
        return NONE
    if name in ("parse_args", "parse_known_args"):
        table = run.state.read(options)
        assert isinstance(table, DictObject)
        attrs = {str(k): v for k, v in table.items.items()}
        unknown = _given_options(run, attrs, given)
        attrs.update({key: Unknown("dynamic-value", key) for key in unknown})
        if _from_command_line(given):
            attrs.update(_left_open(run, places, attrs))
        filled = given.args[1] if len(given.args) > 1 else given.kwargs.get("namespace", NONE)
        if isinstance(filled, NoneValue):
            parsed: Value = run.state.allocate(Instance("argparse.Namespace", attrs, vague=given.inexact))
        else:
            _fill(run, filled, attrs)
            parsed = filled
        if name == "parse_args":
            return parsed
        return Tuple((parsed, Unknown("dynamic-value")))
    return Unknown("dynamic-value")


def _from_command_line(given: Arguments) -> bool:
    """Whether a call of `parse_args` reads what the user typed."""
    return not given.inexact and isinstance(given.args[0] if given.args else given.kwargs.get("args", NONE), NoneValue)


def _left_open(run: Run, places: Ref, attrs: dict[str, Value]) -> dict[str, Value]:
    """Note the numbers that options are left at, where the user may give others; gives the values of those that are open."""
    declared = run.state.read(places)
    assert isinstance(declared, DictObject)
    found: dict[str, Value] = {}
    for key, place in declared.items.items():
        opened = _open_numbers(run, f"args.{key}", attrs.get(str(key), NONE))
        if opened is None or not isinstance(place, Tuple):
            continue
        path, flag = (part.value or "" for part in place.items if isinstance(part, Str))
        value = attrs[str(key)]
        number = value.dim.value if isinstance(value, Int) else value.value if isinstance(value, Float) else None
        run.project.options[path, str(key)] = f"`{flag}` left at {'its default' if number is None else number}"
        if (path, str(key)) in run.project.opened:
            found[str(key)] = opened
    return found


def _open_numbers(run: Run, path: str, value: Value) -> Value | None:
    """What an option holds where any number may be given for each that it is left at; None where it holds none."""
    if isinstance(value, Int):
        return Int(run.symbol(path, "parameter"))
    if isinstance(value, Float):
        return Float(None)
    held = run.state.read(value) if isinstance(value, Ref) else None
    items = (held.items or ()) if isinstance(held, ListObject) else value.items if isinstance(value, Tuple) else ()
    parts = [_open_numbers(run, f"{path}[{place}]", item) for place, item in enumerate(items)]
    given = [part for part in parts if part is not None]
    if not given or len(given) < len(parts):
        return None
    return Tuple(tuple(given)) if isinstance(value, Tuple) else run.state.allocate(ListObject(given))


def _given_options(run: Run, options: dict[str, Value], given: Arguments) -> set[str]:
    """The options that a call of `parse_args` gives values to by what it reads instead of the command line."""
    line = given.args[0] if given.args else given.kwargs.get("args", NONE)
    if given.inexact:
        return set(options)
    if isinstance(line, NoneValue):
        return set()
    words = spread_items(run, line)
    if words is None or not all(isinstance(w, Str) and w.value is not None for w in words):
        return set(options)
    texts = [w.value for w in words if isinstance(w, Str) and w.value is not None]
    found: set[str] = set()
    before = ""
    for text in texts:
        if text.startswith("-"):
            start = text.partition("=")[0].lstrip("-").replace("-", "_")
            matching = {key for key in options if key.startswith(start)}  # an option may be abbreviated
            if not matching:
                return set(options)  # of one with another `dest` the words do not tell
            found |= matching
        elif not before.startswith("-"):
            return set(options)
        before = text
    return found


def _fill(run: Run, filled: Value, options: Iterable[str]) -> None:
    """Let a parser write into an object. What it held counts before the defaults, and options without any may be written too: nothing of it is
    known from here on."""
    from shapelint.interp.attributes import set_attribute, set_named

    set_named(run, filled, Unknown("dynamic-value"), Unknown("dynamic-value"))
    for key in options:
        set_attribute(run, filled, key, Unknown("dynamic-value", key))


def _option_default(run: Run, key: str, long: str, given: Arguments) -> Value:
    action = given.kwargs.get("action")
    if isinstance(action, Str):
        if action.value == "store_true":
            return given.kwargs.get("default", Bool(False))
        if action.value == "store_false":
            return given.kwargs.get("default", Bool(True))
    default = given.kwargs.get("default")
    kind = given.kwargs.get("type")
    if given.kwargs.get("required", Bool(False)) != Bool(False):  # its default is nobody's
        return Opaque(f"args.{key}", "parameter")
    if default is None:
        return NONE if long.startswith("-") else Opaque(f"args.{key}", "parameter")
    if isinstance(default, Str) and default.value is not None and kind is not None:
        converted = call_with(run, kind, Arguments((default,)))
        return default if isinstance(converted, Unknown) else converted
    return default


def _namespace(run: Run, given: Arguments) -> Value:
    return run.state.allocate(Instance("types.SimpleNamespace", dict(given.kwargs), vague=given.inexact))


# functools, collections, math, random ------------------------------------------------------------


def _partial(run: Run, given: Arguments) -> Value:
    if not given.args:
        return Unknown("dynamic-value")
    return Partial(given.args[0], given.args[1:], given.kwargs, given.inexact)


def _mapping(run: Run, given: Arguments) -> Value:
    from shapelint.interp.mapped import mapping

    return mapping(run, given)


def _mapped(run: Run, given: Arguments) -> Value:
    from shapelint.interp.mapped import call_mapped

    return call_mapped(run, given)


def _ordered_dict(run: Run, given: Arguments) -> Value:
    from shapelint.interp.builtins import call_builtin

    return call_builtin(run, "dict", given)


def _default_dict(run: Run, given: Arguments) -> Value:
    return run.state.allocate(DictObject({}, True))


def _deque(run: Run, given: Arguments) -> Value:
    """`collections.deque(iterable, maxlen)`."""
    unknown = Dim.symbol("n", "unknown", 0)
    if given.inexact:
        return run.state.allocate(ListObject(None, Unknown("dynamic-value"), capacity=unknown))
    iterable = given.kwargs.get("iterable", given.args[0] if given.args else Tuple(()))
    bound = given.kwargs.get("maxlen", given.args[1] if len(given.args) > 1 else NONE)
    capacity = None if isinstance(bound, NoneValue) else as_dim(run, bound) or unknown
    held = run.state.allocate(ListObject([], capacity=capacity))
    extend(run, held, iterable)
    return held


def _chain(run: Run, given: Arguments) -> Value:
    items: list[Value] = []
    for arg in given.args:
        spread = spread_items(run, arg)
        if spread is None:
            return run.state.allocate(ListObject(None, plan(run, arg).later))
        items.extend(spread)
    return run.state.allocate(ListObject(items))


def _repeat(run: Run, given: Arguments) -> Value:
    """`itertools.repeat(value, times)`."""
    if not given.args:
        return Unknown("dynamic-value", "itertools.repeat")
    times = as_dim(run, given.args[1]) if len(given.args) > 1 else None
    if times is not None and times.value is not None and 0 <= times.value <= MAX_ROWS:
        return run.state.allocate(ListObject([given.args[0]] * times.value))
    return run.state.allocate(ListObject(None, given.args[0], times))


def _replace(run: Run, given: Arguments) -> Value:
    """`dataclasses.replace(instance, field=value)`: an object built anew from the fields of another, but for some."""
    held = run.state.read(given.args[0]) if given.args and isinstance(given.args[0], Ref) else None
    fields = fields_of(held.cls) if isinstance(held, Instance) and isinstance(held.cls, ClassInfo) else None
    if not isinstance(held, Instance) or not isinstance(held.cls, ClassInfo) or fields is None:
        return Unknown("dynamic-value", "dataclasses.replace")
    kept = {name: held.attrs[name] for name, _ in fields if name in held.attrs and not given.inexact}
    return instantiate(run, held.cls, Arguments((), {**kept, **given.kwargs}, node=given.node, inexact=given.inexact))


MAX_ROWS = 64  # of a product that are kept apart


def _product(run: Run, given: Arguments) -> Value:
    repeat = as_dim(run, given.kwargs["repeat"]) if "repeat" in given.kwargs else Dim.of(1)
    if repeat is None or repeat.value is None or given.inexact:
        return Unknown("dynamic-value", "itertools.product")
    plans = [plan(run, a) for a in given.args] * repeat.value
    lists = [p.items for p in plans if p.items is not None]
    if len(lists) == len(plans) and math.prod(len(items) for items in lists) <= MAX_ROWS:
        return run.state.allocate(ListObject([Tuple(row) for row in itertools.product(*lists)]))
    unknown = Unknown("dynamic-value", "itertools.product")
    return run.state.allocate(ListObject(None, Tuple(tuple(p.later if p.items is None else unknown for p in plans))))


def _number(run: Run, given: Arguments) -> Value:
    return Float(None)


def _math(function: Callable[[float], float | int]) -> Callable[[Run, Arguments], Value]:
    def apply(run: Run, given: Arguments) -> Value:
        number = as_float(given.args[0]) if given.args else None
        if number is None:
            return Float(None)
        try:
            result = function(number)
        except (ValueError, OverflowError):
            return Float(None)
        return Int.of(result) if isinstance(result, int) else Float(result)

    return apply


def _floor(up: bool) -> Callable[[Run, Arguments], Value]:
    def apply(run: Run, given: Arguments) -> Value:
        value = given.args[0] if given.args else NONE
        dim = as_dim(run, value)
        if dim is not None:
            return Int(dim)
        if isinstance(value, Float) and value.exact is not None:
            n, d = (run.state.facts.resolve(x) for x in value.exact)
            if run.state.facts.at_least(d, 1):
                return Int(-(-n // d) if up else n // d)
        if isinstance(value, Float) and value.value is not None:
            import math

            return Int.of(math.ceil(value.value) if up else math.floor(value.value))
        return Int(Dim.symbol("n", "unknown", None))

    return apply


def _of_number(function: Callable[[Run, Arguments], Value], name: str) -> Callable[[Run, Arguments], Value]:
    """A function of NumPy that takes a plain number as well as an array."""

    def apply(run: Run, given: Arguments) -> Value:
        value = given.args[0] if given.args else NONE
        if isinstance(value, Float) or as_dim(run, value) is not None:
            return function(run, given)
        op = find(name)
        if op is None:
            return Unknown("unsupported-op", name)
        return call_op(
            run, op, name, given.args, given.kwargs, given.node, given.nodes, given.kwarg_nodes, given.callee
        )

    return apply


def _prod(run: Run, given: Arguments) -> Value:
    items = spread_items(run, given.args[0]) if given.args else None
    dims = [as_dim(run, v) for v in items] if items is not None else [None]
    if any(d is None for d in dims):
        return Int(Dim.symbol("n", "unknown", 0))
    total = Dim.of(1)
    for dim in dims:
        assert dim is not None
        total = total * dim
    return Int(total)


def _array_prod(run: Run, given: Arguments) -> Value:
    """`np.prod` of sizes is one of them; of anything with axes, or along one, what the op says."""
    first = given.args[0] if given.args else Unknown("dynamic-value")
    op = find("numpy.prod")
    if op is None or (len(given.args) == 1 and not given.kwargs and not isinstance(plan(run, first).first, Tensor)):
        return _prod(run, given)
    if given.inexact:
        return Unknown("dynamic-value", "numpy.prod")
    return call_op(
        run, op, "numpy.prod", given.args, given.kwargs, given.node, given.nodes, given.kwarg_nodes, given.callee
    )


def _asks_type(run: Run, given: Arguments) -> Value:
    """`torch.jit.isinstance`, which asks for the types of elements too: what arrives decides, as the entries of a tensor would."""
    run.peeks += 1
    return Bool(None)


def _random_int(run: Run, given: Arguments) -> Value:
    low = as_dim(run, given.args[0]) if len(given.args) > 1 else Dim.of(0)
    return Int(Dim.symbol("n", "unknown", low.value if low is not None and low.value is not None else None))


def _random_choice(run: Run, given: Arguments) -> Value:
    items = spread_items(run, given.args[0]) if given.args else None
    if items and len(items) <= 8:
        return merged(run, items)
    return plan(run, given.args[0]).later if given.args else Unknown("dynamic-value")


def _checkpoint(run: Run, given: Arguments) -> Value:
    """`checkpoint(function, *args)` computes `function(*args)`."""
    if not given.args:
        return Unknown("dynamic-value")
    kwargs = {
        k: v
        for k, v in given.kwargs.items()
        if k not in ("use_reentrant", "preserve_rng_state", "context_fn", "determinism_check", "debug")
    }
    return call_with(
        run,
        given.args[0],
        Arguments(given.args[1:], kwargs, given.nodes[1:], {}, given.node, given.callee, given.inexact),
    )


def _namedtuple(run: Run, given: Arguments) -> Value:
    """`namedtuple("Point", "x y")`: calling the result gives a tuple with those names."""
    fields: tuple[str, ...] = ()
    if len(given.args) > 1:
        spec = given.args[1]
        if isinstance(spec, Str) and spec.value:
            fields = tuple(spec.value.replace(",", " ").split())
        else:
            items = spread_items(run, spec) or []
            fields = tuple(v.value for v in items if isinstance(v, Str) and v.value)
    return Partial(External("collections.namedtuple.new"), (Tuple(tuple(Str(f) for f in fields)),), {})


def _named_new(run: Run, given: Arguments) -> Value:
    spec = given.args[0]
    assert isinstance(spec, Tuple)
    names = tuple(f.value for f in spec.items if isinstance(f, Str) and f.value)
    values = [*given.args[1:]]
    for name in names[len(values) :]:
        values.append(given.kwargs.get(name, Unknown("dynamic-value", name)))
    return Tuple(tuple(values[: len(names)]), "tuple", names)


def _exit(run: Run, given: Arguments) -> Value:
    raise PathEnds


def _reduce(run: Run, given: Arguments) -> Value:
    call_unread(run, External("functools.reduce"), given)
    return Unknown("dynamic-value", "reduce")


def _imported(run: Run, given: Arguments) -> Value:
    """`importlib.import_module("package.part")`."""
    name = given.args[0] if len(given.args) == 1 and not given.kwargs else NONE
    found = loaded_module(run, name)
    if isinstance(found, Unknown) and isinstance(name, Str) and name.value is not None:
        return External(name.value)
    return found


def _copy(deep: bool) -> Callable[[Run, Arguments], Value]:
    """`copy.copy` and `copy.deepcopy`: what is done to the copy leaves the original as it is."""

    def apply(run: Run, given: Arguments) -> Value:
        return copied(run, given.args[0], deep, {}) if given.args else Unknown("dynamic-value", "copy")

    return apply


def copied(run: Run, value: Value, deep: bool, made: dict[int, Ref]) -> Value:
    """A copy of an object; `made` holds those that a deep copy has made so far."""
    if isinstance(value, Tuple) and deep:
        return replace(value, items=tuple(copied(run, v, deep, made) for v in value.items))
    if isinstance(value, OneOf):
        return OneOf(tuple(copied(run, v, deep, made) for v in value.options))
    if not isinstance(value, Ref):
        return value
    if value.address in made:
        return made[value.address]
    thing = run.state.read(value).copy()
    new = made[value.address] = run.state.allocate(thing)
    if not deep:
        return new

    def again(inner: Value) -> Value:
        return copied(run, inner, deep, made)

    if isinstance(thing, Instance):
        thing.attrs = {name: again(v) for name, v in thing.attrs.items()}
        thing.parts = None if thing.parts is None else [(name, again(v)) for name, v in thing.parts]
    elif isinstance(thing, DictObject):
        thing.items = {key: again(v) for key, v in thing.items.items()}
    elif isinstance(thing, ListObject) and thing.items is not None:
        thing.items = [again(v) for v in thing.items]
    if isinstance(thing, (Instance, ListObject)):
        thing.rows = None if thing.rows is None else [again(v) for v in thing.rows]
    if isinstance(thing, (Instance, ListObject, DictObject)):
        thing.element = None if thing.element is None else again(thing.element)
    return new


def _false(run: Run, given: Arguments) -> Value:
    return Bool(False)


def _is_tensor(run: Run, given: Arguments) -> Value:
    """What `isinstance(x, torch.Tensor)` says."""
    from shapelint.interp.builtins import is_instance

    return is_instance(run, given.args[0], External("torch.Tensor")) if given.args else Bool(None)


def _size(run: Run, given: Arguments) -> Value:
    from shapelint.interp.builtins import call_builtin

    found = call_builtin(run, "tuple", given)
    return Tuple(found.items, "size") if isinstance(found, Tuple) else found


def _from_pretrained(run: Run, given: Arguments) -> Value:
    """`nn.Embedding.from_pretrained(table)`: an embedding of the table's size."""
    op = find("torch.nn.Embedding")
    table = given.args[0] if given.args else given.kwargs.get("embeddings")
    if op is None or table is None:
        return Unknown("dynamic-value")
    if isinstance(table, Opaque) and table.origin == "input":
        table = run.adopt(table)
    if isinstance(table, Tensor):
        shape = run.state.facts.fix_rank(table.shape, 2)
        if shape is None:
            return Unknown("dynamic-value")
        sizes: tuple[Value, Value] = (Int(shape.dims[0]), Int(shape.dims[1]))
    else:
        sizes = (Int(Dim.symbol("rows", "unknown")), Int(Dim.symbol("embedding_dim", "unknown")))
    kwargs = {k: v for k, v in given.kwargs.items() if k in ("padding_idx", "max_norm", "sparse")}
    config = build_layer(run, op, "torch.nn.Embedding", sizes, kwargs, given.node)
    return run.state.allocate(
        Instance("torch.nn.Embedding", config=config, built=Site(run.top.module.path, given.node))
    )


_OF_HUB = frozenset(("source", "trust_repo", "force_reload", "verbose", "skip_validation"))


def _named_model(of_hub: bool) -> Callable[[Run, Arguments], Value]:
    """A model of torchvision by a name that is a string: `models.get_model("resnet18")`, `torch.hub.load("pytorch/vision", "resnet18")`."""

    def build(run: Run, given: Arguments) -> Value:
        names = [v.value if isinstance(v, Str) else None for v in given.args]
        repository, name, *_ = [*names, None, None] if of_hub else ["pytorch/vision", *names, None]
        if given.inexact or not (repository or "").startswith("pytorch/vision"):
            return Unknown("outside-project", "torch.hub.load")
        model = described(run, f"torchvision.models.{name}")
        if model is None:
            return Unknown("unsupported-op", f"torchvision.models.{name}")
        options = {k: v for k, v in given.kwargs.items() if k not in _OF_HUB}
        return call_with(run, model, Arguments(given.args[1 + of_hub :], options, node=given.node))

    return build


def _import_math() -> dict[str, Callable[[Run, Arguments], Value]]:
    import math

    return {f"math.{n}": _math(getattr(math, n)) for n in ("sqrt", "exp", "erf", "log2", "log10", "sin", "cos", "tanh")}


def _is_kind(kind: str) -> Callable[[Run, Arguments], Value]:
    """`inspect.isfunction` and `inspect.isclass`: whether a default is made by calling it is often asked so."""

    def ask(run: Run, given: Arguments) -> Value:
        value = worlds.settle(run, given.args[0]) if given.args else Unknown("dynamic-value")
        if isinstance(value, (Unknown, Opaque, OneOf)):
            return Bool(None)
        if isinstance(value, External):
            leaf = value.name.rpartition(".")[2]
            return Bool(leaf[:1].isupper() == (kind == "class")) if knows(value.name) else Bool(None)
        return Bool(isinstance(value, ClassValue if kind == "class" else FunctionValue))

    return ask


_FUNCTIONS: dict[str, Callable[[Run, Arguments], Value]] = {
    **_import_math(),
    "inspect.isfunction": _is_kind("function"),
    "inspect.isclass": _is_kind("class"),
    "torch.utils.data.TensorDataset": _tensor_dataset,
    "torch.utils.data.dataset.TensorDataset": _tensor_dataset,
    "torch.utils.data.DataLoader": _data_loader,
    "torch.utils.data.dataloader.DataLoader": _data_loader,
    "torch.utils.data.random_split": _random_split,
    "torch.utils.data.Subset": _subset,
    "torch.utils.data.dataset.Subset": _subset,
    "torch.utils.data.dataset.random_split": _random_split,
    "torch.utils.checkpoint.checkpoint": _checkpoint,
    "torch.nn.Embedding.from_pretrained": _from_pretrained,
    "torch.hub.load": _named_model(True),
    "torchvision.models.get_model": _named_model(False),
    "torch.Size": _size,
    "torch.cuda.is_available": lambda run, given: Bool(None),
    "torch.jit.is_scripting": _false,
    "torch.jit.is_tracing": _false,
    "torch.is_tensor": _is_tensor,
    "argparse.ArgumentParser": _argument_parser,
    "argparse.Namespace": _namespace,
    "types.SimpleNamespace": _namespace,
    "functools.partial": _partial,
    "torch.vmap": _mapping,
    "torch.func.vmap": _mapping,
    "torch.vmap.mapped": _mapped,
    "functools.reduce": _reduce,
    "collections.OrderedDict": _ordered_dict,
    "collections.defaultdict": _default_dict,
    "collections.deque": _deque,
    "collections.namedtuple": _namedtuple,
    "collections.namedtuple.new": _named_new,
    "dataclasses.replace": _replace,
    "copy.replace": _replace,
    "copy.copy": _copy(False),
    "copy.deepcopy": _copy(True),
    "importlib.import_module": _imported,
    "itertools.chain": _chain,
    "itertools.repeat": _repeat,
    "itertools.product": _product,
    "math.floor": _floor(False),
    "math.ceil": _floor(True),
    "math.prod": _prod,
    "math.log": _number,
    "math.pow": _number,
    "numpy.prod": _array_prod,
    "torch.jit.isinstance": _asks_type,
    "numpy.ceil": _of_number(_floor(True), "numpy.ceil"),
    "numpy.floor": _of_number(_floor(False), "numpy.floor"),
    **{
        f"numpy.{n}": _of_number(_number, f"numpy.{n}") for n in ("sqrt", "log", "log2", "log10", "exp", "round", "abs")
    },
    "random.random": _number,
    "random.uniform": _number,
    "random.randint": _random_int,
    "random.randrange": _random_int,
    "random.choice": _random_choice,
    "numpy.random.default_rng": lambda run, given: run.state.allocate(Instance("numpy.random.Generator")),
    "numpy.random.Generator": lambda run, given: run.state.allocate(Instance("numpy.random.Generator")),
    "numpy.random.RandomState": lambda run, given: run.state.allocate(Instance("numpy.random.RandomState")),
    "numpy.random.randint": lambda run, given: (
        _random_int(run, given)
        if len(given.args) + len(given.kwargs) <= 2 and "size" not in given.kwargs and not given.inexact
        else _by_op(run, "numpy.random.randint", given)
    ),
    "time.time": _number,
    "time.perf_counter": _number,
    "sys.exit": _exit,
    "os._exit": _exit,
}


# Objects of libraries called ---------------------------------------------------------------------


GENERATORS = frozenset(("numpy.random.Generator", "numpy.random.RandomState"))


def call_library_object(run: Run, ref: Ref, thing: Instance, given: Arguments) -> Value:
    """Call an object whose class is a library's."""
    return Unknown("outside-project", thing.library_name)


__all__ = [
    "call_external",
    "fill_container",
    "instance_length",
    "iterate_instance",
    "knows",
    "minimum",
    "parser_method",
]
