"""Attributes: read and written."""

from __future__ import annotations

from dataclasses import replace

from shapelint.interp.children import register, unregister
from shapelint.interp.containers import merged
from shapelint.interp.described import is_described, reach_into
from shapelint.interp.names import _in_frame, rebind
from shapelint.interp.objects import (
    AttributeDict,
    AttributesOf,
    BoundMethod,
    Builtin,
    ClassInfo,
    ClassValue,
    Deferred,
    DictObject,
    Frame,
    FunctionValue,
    Instance,
    ListObject,
    Member,
    Method,
    Namespace,
    Partial,
    SuperValue,
)
from shapelint.interp.run import PathEnds, Run
from shapelint.interp.torch_calls import CallContext, call_named, exported
from shapelint.interp.unread import leave_with, write_anywhere
from shapelint.ops.contract import attribute as layer_attribute
from shapelint.ops.index import find
from shapelint.program import model
from shapelint.shapes.shape import Shape
from shapelint.values.model import (
    NONE,
    Bool,
    External,
    Float,
    Int,
    NoneValue,
    Opaque,
    Packed,
    Ref,
    Sequence,
    SizeOf,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

# what one has of a `PackedSequence` and of a tensor
PACKED_METHODS = frozenset(
    ["to", "cuda", "cpu", "double", "float", "half", "long", "int", "short", "char", "byte", "pin_memory", "is_pinned"]
)

# what a tensor has that is no method; each is an op of one argument
TENSOR_ATTRIBUTES = frozenset(
    [
        "shape",
        "ndim",
        "T",
        "mT",
        "H",
        "mH",
        "data",
        "grad",
        "real",
        "imag",
        "is_cuda",
        "requires_grad",
        "itemsize",
        "nbytes",
        "is_leaf",
        "is_sparse",
        "names",
        "dtype",
        "device",
        "layout",
    ]
)
_OPAQUE_CONSTANTS = {
    "math.pi": 3.141592653589793,
    "numpy.pi": 3.141592653589793,
    "torch.pi": 3.141592653589793,
    "math.e": 2.718281828459045,
}


# asked of what is not known: a question of the rank of what arrives
_RANKS = frozenset(("dim", "ndim", "ndimension"))


def attribute(run: Run, owner: Value, name: str, node: model.Expr) -> Value:
    """`owner.name`."""
    if isinstance(owner, Ref):
        return _of_object(run, owner, name, node)
    if isinstance(owner, Tensor):
        return _of_tensor(run, owner, name, node)
    if isinstance(owner, External):
        number = _OPAQUE_CONSTANTS.get(f"{owner.name}.{name}")
        return Float(number) if number is not None else External(f"{owner.name}.{name}")
    if isinstance(owner, Opaque):
        return _of_opaque(run, owner, name, node)
    if isinstance(owner, Namespace):
        if name == "__dict__":
            return run.state.allocate(AttributesOf(owner.address))
        found = _in_frame(run, owner.address, name)
        if found is None:
            submodule = run.project.resolve(owner.module, f"{owner.module.name}.{name}", 0)
            if submodule is not None:
                from shapelint.interp.names import resolve_deferred

                return resolve_deferred(run, Deferred(f"{owner.module.name}.{name}", 0, None, owner.module))
        return found if found is not None else Unknown("dynamic-value", name)
    if isinstance(owner, ClassValue):
        return _of_class(run, owner, name, node)
    if isinstance(owner, SuperValue):
        return _of_super(run, owner, name)
    if isinstance(owner, Tuple):
        return _of_tuple(run, owner, name, node)
    if isinstance(owner, Packed):
        from shapelint.ops.packed import packed_attribute

        found = packed_attribute(CallContext(run), owner, name)
        if (
            found is None
            and run.alternatives
            and name not in PACKED_METHODS
            and find(f"torch.Tensor.{name}") is not None
        ):
            raise PathEnds
        return found if found is not None else Method(owner, name)
    if isinstance(
        owner, (Int, Float, Str, Bool, SizeOf, Sequence, Partial, FunctionValue, BoundMethod, Method, Builtin)
    ):
        return Method(owner, name)
    if isinstance(owner, NoneValue):
        return Unknown("dynamic-value", name)
    run.peeks += name in _RANKS
    if isinstance(owner, Unknown):
        if name == "shape" and owner.extent is not None:
            return SizeOf(Shape((owner.extent,)))  # of a tensor, an array, a table: what has a shape has these axes
        return Member(owner.reason, owner.detail, owner=owner, name=name)
    return Unknown("dynamic-value", name)


def _of_tensor(run: Run, owner: Tensor, name: str, node: model.Expr) -> Value:
    if name in TENSOR_ATTRIBUTES:
        inner = node.value.id if isinstance(node, model.Attribute) else node.id
        return call_named(
            run, f"{'numpy.ndarray' if owner.array else 'torch.Tensor'}.{name}", (owner,), {}, node.id, (inner,)
        )
    return Method(owner, name)


def _of_opaque(run: Run, owner: Opaque, name: str, node: model.Expr) -> Value:
    if owner.path in run.adopted:
        return _of_tensor(run, run.adopt(owner), name, node)
    if owner.origin == "input":
        if name in TENSOR_ATTRIBUTES and name not in ("data", "names", "device", "dtype"):
            return _of_tensor(run, run.adopt(owner), name, node)
        if (
            name not in ("data", "get", "items", "keys", "values", "index", "count", "type", "copy")
            and find(f"torch.Tensor.{name}") is not None
        ):
            return Method(owner, name)
    return run.part(owner, f".{name}")


def _of_class(run: Run, owner: ClassValue, name: str, node: model.Expr) -> Value:
    if name == "__name__":
        return Str(owner.info.name)
    found = run.state.find_in_class(owner.info, name)
    if found is not None:
        return bind(run, found[0], None, owner)
    if name == "apply" and any(base in _FUNCTIONS for base in owner.info.library_bases):
        return _applied(run, owner.info)
    for base in owner.info.library_bases:
        if base != "?" and "Enum" not in base:
            return External(f"{base}.{name}")
    return Unknown("dynamic-value", name)


_FUNCTIONS = ("torch.autograd.Function", "torch.autograd.function.Function")


def _applied(run: Run, info: ClassInfo) -> Value:
    """`MyFunction.apply` of a function with its own gradient: its `forward`, with a context in front unless `setup_context` gets it."""
    found = run.state.find_in_class(info, "forward")
    if found is None or not isinstance(found[0], FunctionValue):
        return Unknown("dynamic-value", "apply")
    forward = bind(run, found[0], None, ClassValue(info))
    if run.state.find_in_class(info, "setup_context") is not None:
        return forward
    context = run.state.allocate(Instance("torch.autograd.function.FunctionCtx", vague=True))
    return Partial(forward, (context,), {})


def bind(run: Run, value: Value, receiver: Value | None, cls: ClassValue | None = None) -> Value:
    """What a value found in a class is when it is reached through an instance or the class."""
    if isinstance(value, FunctionValue):
        if value.kind == "static":
            return value
        if value.kind == "class":
            return BoundMethod(value, cls if cls is not None else receiver or value)
        if receiver is None:
            return value
        if value.kind == "property":
            from shapelint.interp.calls import call

            return call(run, BoundMethod(value, receiver), (), {}, None)
        return BoundMethod(value, receiver)
    getter = _of_descriptor(run, value, "__get__")
    if getter is not None:
        from shapelint.interp.calls import call

        return call(run, getter, (NONE if receiver is None else receiver, NONE if cls is None else cls), {}, None)
    return value


def _of_descriptor(run: Run, value: Value, name: str) -> BoundMethod | None:
    """The `__get__` or `__set__` of an object of the project that stands in a class."""
    thing = run.state.read(value) if isinstance(value, Ref) else None
    if not isinstance(thing, Instance) or not isinstance(thing.cls, ClassInfo):
        return None
    found = run.state.find_in_class(thing.cls, name)
    return BoundMethod(found[0], value) if found is not None and isinstance(found[0], FunctionValue) else None


def _of_super(run: Run, owner: SuperValue, name: str) -> Value:
    receiver = owner.receiver
    info: ClassInfo | None = None
    if isinstance(receiver, Ref):
        thing = run.state.read(receiver)
        if isinstance(thing, Instance) and isinstance(thing.cls, ClassInfo):
            info = thing.cls
    elif isinstance(receiver, ClassValue):
        info = receiver.info
    if info is None or owner.after not in info.mro:
        info = owner.after
    found = run.state.find_in_class(info, name, owner.after)
    if found is not None:
        return bind(run, found[0], receiver)
    return Method(receiver, f"super.{name}")


def _of_tuple(run: Run, owner: Tuple, name: str, node: model.Expr) -> Value:
    if name in owner.names:
        return owner.items[owner.names.index(name)]
    if name in ("index", "count", "numel", "_replace", "_asdict") or owner.names:
        return Method(owner, name)
    if owner.kind == "tuple" and _is_of_tensors_alone(name):
        return _misused(run, owner, name, node)
    return Method(owner, name)


# what a list has as well as a tensor
_OF_LISTS = frozenset(dir(list))


def _is_of_tensors_alone(name: str) -> bool:
    """Whether tensors have an attribute of that name, and tuples and lists have none."""
    return name in TENSOR_ATTRIBUTES or (name not in _OF_LISTS and find(f"torch.Tensor.{name}") is not None)


def _misused(run: Run, owner: Tuple, name: str, node: model.Expr) -> Value:
    inner = node.value.id if isinstance(node, model.Attribute) else node.id
    return run.misuse(node.id, "tuple-as-tensor", {"use": "attribute", "name": name, "node": inner}, owner)


def _of_object(run: Run, owner: Ref, name: str, node: model.Expr) -> Value:
    thing = run.state.read(owner)
    if not isinstance(thing, Instance):
        if owner.address in run.batches and _is_of_tensors_alone(name):
            batch = exported(run, owner)
            if isinstance(batch, Tuple) and any(isinstance(v, Tensor) for v in batch.items):
                return _misused(run, batch, name, node)
        return Method(owner, name)
    if name == "__dict__":
        return run.state.allocate(AttributesOf(owner.address))
    if thing.shared or (isinstance(thing.cls, ClassInfo) and _is_method(run, thing.cls, "__getattribute__")):
        if not isinstance(thing.cls, ClassInfo) or not _is_method(run, thing.cls, name):
            return Unknown("dynamic-value", name)
    if name in thing.attrs:
        value = thing.attrs[name]
        if isinstance(value, Deferred):
            from shapelint.interp.names import resolve_deferred

            return resolve_deferred(run, value)
        if name in thing.maybe and isinstance(thing.cls, ClassInfo):
            found = run.state.find_in_class(thing.cls, name)
            if found is not None:
                return merged(run, [value, bind(run, found[0], owner, ClassValue(thing.cls))])
        return value
    if name == "__class__":
        return ClassValue(thing.cls) if isinstance(thing.cls, ClassInfo) else External(thing.cls)
    if name == "training":
        return Bool(None)
    if isinstance(thing.cls, ClassInfo):
        found = run.state.find_in_class(thing.cls, name)
        if found is not None:
            if thing.vague and not isinstance(found[0], FunctionValue):
                return Unknown("dynamic-value", name)  # an attribute of its own may hide that of the class
            return bind(run, found[0], owner, ClassValue(thing.cls))
        getter = run.state.find_in_class(thing.cls, "__getattr__")
        if getter is not None or "?" in thing.cls.library_bases:
            if thing.parts is None and find(f"torch.nn.Module.{name}") is None and not is_module_method(name):
                return Unknown("dynamic-value", name)
    if thing.parts is not None:
        for key, value in thing.parts:
            if key == name:
                return value
    if thing.config is not None:
        op = find(thing.config.name)
        if op is not None:
            known = layer_attribute(CallContext(run), op, thing.config, name)
            if known is not None:
                return known
    if isinstance(thing.cls, ClassInfo) and is_described(thing.cls) and not is_module_method(name):
        reach_into(run, owner, name)
        return Unknown("outside-project", name)
    library = thing.library_name
    if library or thing.vague:
        if thing.vague and not is_module_method(name):
            return Unknown("dynamic-value", name)
        return Method(owner, name)
    return Unknown("dynamic-value", name)


def _is_method(run: Run, info: ClassInfo, name: str) -> bool:
    found = run.state.find_in_class(info, name)
    return found is not None and isinstance(found[0], FunctionValue)


_MODULE_METHODS = frozenset(
    [
        "to",
        "cuda",
        "cpu",
        "train",
        "eval",
        "parameters",
        "named_parameters",
        "children",
        "modules",
        "named_children",
        "named_modules",
        "state_dict",
        "load_state_dict",
        "requires_grad_",
        "zero_grad",
        "apply",
        "float",
        "half",
        "double",
        "bfloat16",
        "type",
        "register_buffer",
        "register_parameter",
        "add_module",
        "register_module",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "extra_repr",
        "buffers",
        "named_buffers",
        "share_memory",
        "append",
        "extend",
        "insert",
        "keys",
        "values",
        "items",
        "get_submodule",
        "flatten_parameters",
        "reset_parameters",
        "_reset_parameters",
        "init_weights",
        "compile",
        "forward",
        "get",
        "update",
        "pop",
        "log",
        "log_dict",
        "save_hyperparameters",
        "print",
        "manual_backward",
        "__init__",
        "__call__",
        "__setattr__",
        "__getattr__",
    ]
)


def is_module_method(name: str) -> bool:
    """Whether `nn.Module` or a container of modules has a method of that name."""
    return name in _MODULE_METHODS


def _by_own_method(run: Run, owner: Value, name: Value, value: Value) -> bool:
    """Let a class of the project that has a `__setattr__` set the attribute; False where there is none."""
    thing = run.state.read(owner) if isinstance(owner, Ref) else None
    if not isinstance(thing, Instance) or not isinstance(thing.cls, ClassInfo):
        return False
    found = run.state.find_in_class(thing.cls, "__setattr__")
    if found is None or not isinstance(found[0], FunctionValue):
        return False
    from shapelint.interp.calls import call

    call(run, BoundMethod(found[0], owner), (name, value), {}, None)
    return True


def set_attribute(run: Run, owner: Value, name: str, value: Value, raw: bool = False) -> None:
    """`owner.name = value`, or past what the class makes of it (`raw`)."""
    if not raw and _by_own_method(run, owner, Str(name), value):
        return
    if isinstance(owner, ClassValue):
        frame = run.state.write(owner.info.address)
        assert isinstance(frame, Frame)
        frame.names[name] = value
        return
    if isinstance(owner, Namespace):
        frame = run.state.write(owner.address)
        assert isinstance(frame, Frame)
        frame.names[name] = value
        return
    if isinstance(owner, Opaque) and owner.path in run.adopted:
        owner = run.adopt(owner)
    if isinstance(owner, Tensor) and name in ("data", "shape"):
        shape = value.shape if name == "data" and isinstance(value, Tensor) else Shape.unknown("resized")
        rebind(run, owner, replace(owner, shape=shape))
        return
    if isinstance(owner, Opaque):
        run.state.put[Opaque(f"{owner.path}.{name}", owner.origin)] = value
        return
    leave_with(run, owner, (value,))
    if isinstance(owner, Unknown):
        write_anywhere(run, name, value)
        return
    if not isinstance(owner, Ref):
        return
    thing = run.state.write(owner)
    if isinstance(thing, Instance):
        if run.kind == "driver" and isinstance(thing.cls, ClassInfo) and not _is_built(run, owner):
            run.written.add((thing.cls.module.path, thing.cls.node.id, name))
        if name == "__dict__":
            _replace_attributes(run, owner, thing, value)
            return
        if isinstance(thing.cls, ClassInfo):
            found = run.state.find_in_class(thing.cls, name)
            if found is not None and isinstance(found[0], FunctionValue) and found[0].kind == "property":
                setter = thing.cls.find(f"{name}.setter")
                if setter is not None and isinstance(setter[0], FunctionValue):
                    from shapelint.interp.calls import call

                    call(run, BoundMethod(setter[0], owner), (value,), {}, None)
                    return
            descriptor = _of_descriptor(run, found[0], "__set__") if found is not None else None
            if descriptor is not None:
                from shapelint.interp.calls import call

                call(run, descriptor, (owner, value), {}, None)
                return
        if thing.config is not None and name in ("weight", "bias") and isinstance(value, Tensor):
            override_weight(run, thing, name, value)
        elif thing.config is not None and name in _READ_WHEN_CALLED and name in thing.config.args:
            thing.config = replace(thing.config, args={**thing.config.args, name: exported(run, value)})
        register(run, thing, name, value)
        thing.put(name, value)
    elif isinstance(thing, DictObject):
        thing.put(name, value)


# options of layers that torch reads at each call, so that `pool.stride = 1` counts
_READ_WHEN_CALLED = frozenset(("stride", "padding", "dilation", "ceil_mode", "output_size", "batch_first"))


def set_named(run: Run, owner: Value, name: Value, value: Value, raw: bool = False) -> None:
    """`setattr(owner, name, value)`, or past what the class makes of it (`raw`). A name that is not known may be that of any attribute that
    begins like it."""
    if isinstance(name, Str) and name.value is not None:
        set_attribute(run, owner, name.value, value, raw)
        return
    if not raw and _by_own_method(run, owner, name, value):
        return
    start = name.prefix if isinstance(name, Str) else ""
    leave_with(run, owner, (value,))
    if isinstance(owner, Unknown):
        write_anywhere(run, None, value)
        return
    address = owner.info.address if isinstance(owner, ClassValue) else getattr(owner, "address", None)
    thing = run.state.write(address) if address is not None else None
    if isinstance(thing, Instance):
        thing.vague = True
        if thing.config is not None and not isinstance(value, Tensor):
            read_late = {n: Unknown("dynamic-value", n) for n in _READ_WHEN_CALLED if n in thing.config.args}
            thing.config = replace(thing.config, args={**thing.config.args, **read_late})
    if isinstance(thing, (Instance, Frame)):
        held = AttributeDict(thing)
        for key in held.changeable():
            if key.startswith(start):
                held.items[key] = merged(run, [held.items[key], value])


def delete_named(run: Run, owner: Value, name: Value) -> None:
    """`delattr(owner, name)`, `del owner.name`. Behind an attribute that is gone lies that of the class."""
    if not isinstance(owner, Ref):
        return
    thing = run.state.write(owner)
    if not isinstance(thing, Instance):
        return
    if isinstance(name, Str) and name.value is not None:
        thing.attrs.pop(name.value, None)
        unregister(thing, name.value)
        thing.maybe -= {name.value}
        return
    thing.vague = True
    for key in thing.attrs:
        if isinstance(thing.cls, ClassInfo) and run.state.find_in_class(thing.cls, key) is not None:
            thing.attrs[key] = Unknown("dynamic-value", key)


def _is_built(run: Run, owner: Ref) -> bool:
    """Whether the constructor of an object is at work."""
    return any(a.receiver == owner and a.node is not None and a.node.name == "__init__" for a in run.stack)


def _replace_attributes(run: Run, owner: Ref, thing: Instance, value: Value) -> None:
    """`owner.__dict__ = value`: from here on the dict and the attributes are one."""
    found = run.state.find(value.address) if isinstance(value, Ref) else None
    if isinstance(found, AttributesOf):
        if found.address != owner.address:
            other = run.state.write(found.address)
            thing.shared = True
            if isinstance(other, Instance):
                other.shared = True
        return
    if isinstance(found, Instance) and isinstance(value, Ref):
        # of a class that inherits from dict, often the object itself: its entries are not seen
        other = run.state.write(value.address)
        thing.attrs, thing.vague, thing.shared = {}, True, True
        if isinstance(other, Instance):
            other.vague = other.shared = True
        return
    held = found if isinstance(found, DictObject) else DictObject({}, True)
    thing.attrs, thing.maybe, thing.vague = dict(held.items), held.maybe, thing.vague or held.open
    if isinstance(value, Ref):
        run.state.heap[value.address] = AttributesOf(owner.address)
    elif not isinstance(value, NoneValue):
        thing.shared = True  # whoever made the dict may go on writing to it


def override_weight(run: Run, thing: Instance, name: str, value: Tensor) -> None:
    """Tied or replaced weights override the layer's sizes (`self.decoder.weight = self.embed.weight`)."""
    config = thing.config
    assert config is not None
    if name != "weight":
        return
    shape = run.state.facts.shape(value.shape)
    last = config.name.rpartition(".")[2]
    names = {"Linear": ("out_features", "in_features"), "Embedding": ("num_embeddings", "embedding_dim")}.get(last)
    if names is None or shape.rank != 2:
        return
    thing.config = replace(config, args={**config.args, **{n: Int(d) for n, d in zip(names, shape.dims)}})


__all__ = ["ListObject", "attribute", "bind", "set_attribute"]
