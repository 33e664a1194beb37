"""Methods of values that are no objects of the project: tensors, lists, strings, layers and other objects of libraries."""

from __future__ import annotations

from dataclasses import replace

from shapelint.interp.attributes import PACKED_METHODS
from shapelint.interp.calls import (
    HOOKS,
    Arguments,
    call_function,
    call_layer,
    call_sequential,
    call_unread,
    call_with,
    initialise_library_base,
)
from shapelint.interp.children import add_child, change_children, named_children
from shapelint.interp.containers import dict_method, list_method
from shapelint.interp.described import loosen
from shapelint.interp.expressions import spread_items
from shapelint.interp.libraries import GENERATORS, WRAPPING, call_external, fill_container, parser_method
from shapelint.interp.names import rebind
from shapelint.interp.objects import (
    Builtin,
    ClassInfo,
    DictObject,
    FunctionValue,
    Instance,
    Iterable,
    ListObject,
    Member,
    Method,
)
from shapelint.interp.rows import any_of, flat
from shapelint.interp.run import Run
from shapelint.interp.texts import formatted, joined
from shapelint.interp.torch_calls import call_op, supposed, surely_torch
from shapelint.interp.unread import forget, leave_with, leaves_alone
from shapelint.ops.index import find
from shapelint.ops.numpy_random import of_generator
from shapelint.program import model
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Shape
from shapelint.values.model import (
    NONE,
    Bool,
    External,
    Float,
    Int,
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


def call_method(run: Run, method: Method, given: Arguments) -> Value:
    """Call `receiver.name(…)`."""
    receiver, name = method.receiver, method.name
    if isinstance(receiver, Opaque) and receiver.origin == "input":
        if name == "to" and receiver.path not in run.adopted:
            return receiver  # a tensor, a module or a batch of a library: each gives one of its kind
        receiver = run.adopt(receiver)
    if isinstance(receiver, Tensor):
        return _of_tensor(run, receiver, name, given)
    if isinstance(receiver, Ref):
        leave_with(run, receiver, (*given.args, *given.kwargs.values()))
        return _of_object(run, receiver, name, given)
    if isinstance(receiver, Method) and receiver.name == "_modules" and isinstance(receiver.receiver, Ref):
        return _of_registry(run, receiver.receiver, name)
    if isinstance(receiver, Str):
        return _of_string(run, receiver, name, given)
    if isinstance(receiver, Packed):
        return (
            receiver
            if name in ("to", "cuda", "cpu", "float", "double", "pin_memory")
            else Unknown("dynamic-value", name)
        )
    if isinstance(receiver, (Tuple, SizeOf, Sequence)):
        if name == "numel" and isinstance(receiver, (SizeOf, Tuple)):
            from shapelint.interp.builtins import call_builtin

            items = call_builtin(run, "list", Arguments((receiver,)))
            return call_external(run, "math.prod", Arguments((items,)))
        if name in ("index", "count"):
            return Int(Dim.symbol("i", "unknown", 0))
        if isinstance(receiver, Tuple) and name == "_replace":
            unknown = Unknown("dynamic-value", name)
            kept = tuple(unknown for _ in receiver.items) if given.inexact else receiver.items
            replaced = tuple(given.kwargs.get(n, v) for n, v in zip(receiver.names, kept))
            return replace(receiver, items=replaced)
        return Unknown("dynamic-value", name)
    if isinstance(receiver, Builtin):
        return of_class(run, name, given)
    if isinstance(receiver, (Int, Float, Bool)):
        return receiver if name in ("item", "bit_length", "__int__") else Unknown("dynamic-value", name)
    return Unknown("dynamic-value", name)


# what tensors and packed sequences give of their own kind, and some of it modules, arrays and the batches of libraries
_KEEPING = PACKED_METHODS | frozenset(("bfloat16", "bool", "clone", "contiguous", "detach", "requires_grad_", "type"))
# what takes sizes or axes as ints, which of all that is met beside tensors only arrays do
_OF_INTS = frozenset(("expand", "flatten", "permute", "reshape", "size", "transpose", "view"))
# what no array, table, image, mapping, module, distribution or sequence has
_TENSORS_ALONE = frozenset(
    [
        "backward",
        "baddbmm",
        "bmm",
        "chunk",
        "expand_as",
        "index_select",
        "log_softmax",
        "logsumexp",
        "masked_fill",
        "masked_select",
        "narrow",
        "new_empty",
        "new_full",
        "new_ones",
        "new_tensor",
        "new_zeros",
        "numel",
        "permute",
        "repeat_interleave",
        "reshape_as",
        "scatter_add",
        "softmax",
        "take_along_dim",
        "tril",
        "triu",
        "type_as",
        "unbind",
        "unflatten",
        "unsqueeze",
        "view_as",
    ]
)


def call_member(run: Run, member: Member, given: Arguments) -> Value:
    """Call a method of an unknown value: what gives another one of the same kind and shape, what shows that it is a tensor, or neither."""
    owner, name = member.owner, member.name
    if not _shows_tensor(name, given):
        call_unread(run, owner, given)
    if name in _KEEPING:
        return owner
    if _shows_tensor(name, given):
        return _of_tensor(run, run.find(owner), name, given)
    return owner.anonymous() if given.inexact else supposed(run, name, owner, given.args, given.kwargs)


def _shows_tensor(name: str, given: Arguments) -> bool:
    """Whether a method with these arguments is one of a tensor, or of an array that does as a tensor does."""
    if find(f"torch.Tensor.{name}") is None:
        return False
    if name in _TENSORS_ALONE or (name.endswith("_") and name not in ("apply_", "requires_grad_", "share_memory_")):
        return True
    if name in _OF_INTS:
        return any(isinstance(v, Int) for v in given.args)
    return "keepdim" in given.kwargs or isinstance(given.kwargs.get("dim"), Int)


def _receiver_node(run: Run, given: Arguments) -> int:
    """The node of `x` in the call `x.f(…)`: the callee's node serves where no nearer one is known."""
    return given.callee if given.callee is not None else given.node


# methods of an array that mean what a tensor's of the same name mean
_SHARED = frozenset(["flatten", "ravel", "tolist", "item", "clip", "round", "conj"])
# methods that give a tensor other sizes in place, by rules that are not followed here
_RESIZING = frozenset(["torch.Tensor.resize_", "torch.Tensor.resize_as_", "torch.Tensor.set_", "numpy.ndarray.resize"])


def has_method(tensor: Tensor, name: str) -> bool:
    """Whether a tensor, or the array that it may be instead, surely has an attribute of that name."""
    kinds = ["numpy.ndarray"] if tensor.array else ["torch.Tensor"]
    if not tensor.array and not surely_torch(tensor):
        kinds.append("numpy.ndarray")
    return all(find(f"{kind}.{name}") is not None or name in _SHARED for kind in kinds)


def _of_tensor(run: Run, receiver: Tensor, name: str, given: Arguments) -> Value:
    prefix = "numpy.ndarray" if receiver.array else "torch.Tensor"
    if f"{prefix}.{name}" in _RESIZING:
        resized = replace(receiver, shape=Shape.unknown("resized"))
        rebind(run, receiver, resized)
        return NONE if receiver.array else resized
    given = given.with_sizes()
    if given.inexact:
        return Unknown("dynamic-value", name)
    op = find(f"{prefix}.{name}")
    if op is None and receiver.array and name in _SHARED and not given.args and not given.kwargs:
        op = find(f"torch.Tensor.{name}")
    if op is None and not surely_torch(receiver):
        prefix = "numpy.ndarray"  # what only an array has, it is
        op = find(f"{prefix}.{name}")
        if op is None:
            return Unknown("dynamic-value", name)  # nor is it known to be a tensor
    if op is None:
        return Unknown("unsupported-op", f"{prefix}.{name}")
    behind = given.behind((receiver, _receiver_node(run, given)))
    value = call_op(
        run,
        op,
        f"{prefix}.{name}",
        behind.args,
        behind.kwargs,
        given.node,
        behind.nodes,
        behind.kwarg_nodes,
        given.callee,
    )
    if name.endswith("_") and not name.endswith("__") and isinstance(value, Tensor):
        rebind(run, receiver, value)
    return value


def _split(text: str | None, given: Arguments) -> list[Value] | None:
    """The parts of a known text between a known separator, None where one of them is not known."""
    separators = [a.value for a in given.args if isinstance(a, Str)]
    if text is None or given.kwargs or given.inexact or len(separators) != len(given.args) or len(separators) > 1:
        return None
    separator = separators[0] if separators else None
    if separators and not separator:  # not known, or empty, which raises
        return None
    return [Str(part) for part in text.split(separator)]


def _of_string(run: Run, receiver: Str, name: str, given: Arguments) -> Value:
    text = receiver.value
    if name == "split":
        return run.state.allocate(ListObject(_split(text, given), Str(None)))
    if name in ("startswith", "endswith"):
        other = given.args[0] if given.args else None
        if text is not None and isinstance(other, Str) and other.value is not None:
            return Bool(getattr(text, name)(other.value))
        return Bool(None)
    if name in ("isdigit", "isalpha"):
        return Bool(None)
    if name in ("lower", "upper", "strip", "lstrip", "rstrip", "title", "capitalize") and not given.args:
        return Str(getattr(text, name)() if text is not None else None)
    if name == "format" and not given.inexact:
        return Str(formatted(run, text, given.args, given.kwargs))
    if name == "join" and len(given.args) == 1:
        return Str(joined(run, text, spread_items(run, given.args[0])))
    if name in ("format", "join", "replace", "lower", "upper", "strip", "zfill", "ljust", "rjust", "lstrip", "rstrip"):
        return Str(None)
    if name in ("index", "find", "count", "rfind"):
        return Int(Dim.symbol("i", "unknown", None))
    return Unknown("dynamic-value", name)


_SELF = frozenset(
    [
        "to",
        "cuda",
        "cpu",
        "train",
        "eval",
        "float",
        "half",
        "double",
        "bfloat16",
        "type",
        "requires_grad_",
        "apply",
        "share_memory",
        "compile",
        "share_memory_",
        "xpu",
        "to_empty",
        "prepare",
        "set_defaults",
    ]
)


def _of_object(run: Run, receiver: Ref, name: str, given: Arguments) -> Value:
    thing = run.state.read(receiver)
    if isinstance(thing, ListObject):
        return list_method(run, receiver, thing, name, list(given.args))
    if isinstance(thing, DictObject):
        return dict_method(run, receiver, thing, name, given)
    if not isinstance(thing, Instance):
        return Unknown("dynamic-value", name)
    if name in _STORING:
        return _store(run, receiver, name, given)
    if name.startswith("super."):
        return _of_super(run, receiver, thing, name.removeprefix("super."), given)
    library = thing.library_name
    if library == "argparse.ArgumentParser":
        return parser_method(run, receiver, thing, name, given)
    if library.startswith(WRAPPING):
        from shapelint.interp.wrappers import save_hyperparameters, wrapper_method

        if name == "save_hyperparameters":
            save_hyperparameters(run, receiver, given)
        wrapped = wrapper_method(run, thing, name, given)
        if wrapped is not None:
            return wrapped
    if library in GENERATORS:
        same = of_generator(name, given.args, given.kwargs)
        if same is None or given.inexact:
            return Unknown("unsupported-op", f"{library}.{name}")
        function, args, kwargs = same
        nodes = given.nodes[: len(args)]
        return call_external(run, function, Arguments(args, kwargs, nodes, given.kwarg_nodes, given.node, given.callee))
    if thing.config is not None:
        op = find(f"{thing.config.name}.{name}")
        if op is not None:
            return _layer_method(run, thing, op, name, given)
    if library == "torch.optim" or library.startswith("torch.optim."):
        return NONE if name in ("step", "zero_grad") else Unknown("dynamic-value", name)
    return module_method(run, receiver, thing, name, given)


def _layer_method(run: Run, thing: Instance, op, name: str, given: Arguments) -> Value:  # type: ignore[no-untyped-def]
    """A method of a library object that is an op of its own (`Normal.sample`)."""
    assert thing.config is not None
    name = f"{thing.config.name}.{name}"
    return call_op(
        run, op, name, given.args, given.kwargs, given.node, given.nodes, given.kwarg_nodes, given.callee, thing.config
    )


def module_method(run: Run, receiver: Ref, thing: Instance, name: str, given: Arguments) -> Value:
    """What `nn.Module` itself and the containers of modules have."""
    if name in ("modules", "named_modules", "apply"):
        loosen(run, receiver)
    if name == "apply":
        call_unread(run, External("torch.nn.Module.apply"), given)
    if name in _SELF:
        return receiver
    if name in ("parameters", "buffers", "named_parameters", "named_buffers", "state_dict", "modules", "named_modules"):
        return Unknown("dynamic-value", name)
    if name in ("children", "named_children"):
        named = named_children(run, thing)
        if named is None:
            return run.state.allocate(ListObject(None, Unknown("dynamic-value", name)))
        return run.state.allocate(ListObject([v if name == "children" else Tuple((Str(n), v)) for n, v in named]))
    if name in ("register_buffer", "register_parameter") and given.args:
        key = given.args[0]
        value = given.args[1] if len(given.args) > 1 else given.kwargs.get("tensor", given.kwargs.get("param", NONE))
        if isinstance(key, Str) and key.value is not None:
            writable = run.state.write(receiver)
            assert isinstance(writable, Instance)
            writable.attrs[key.value] = value
        return NONE
    if name in ("add_module", "register_module"):
        key, value = [*given.args, *given.kwargs.values(), NONE, NONE][:2]
        add_child(run, receiver, given.kwargs.get("name", key), given.kwargs.get("module", value))
        return NONE
    if name in ("register_forward_hook", "register_forward_pre_hook") and len(given.args) == 1 and not given.kwargs:
        writable = run.state.write(receiver)
        assert isinstance(writable, Instance)
        hooks, hook = writable.attrs.get(HOOKS, Tuple(())), Tuple((Str(name), given.args[0]))
        writable.attrs[HOOKS] = Tuple((*hooks.items, hook)) if isinstance(hooks, Tuple) else hooks
        return run.state.allocate(Instance(_HANDLE, {"module": receiver, "hook": hook}))
    if name == "remove" and thing.cls == _HANDLE:
        return _remove_hook(run, thing)
    if name in ("append", "extend", "insert") and (
        thing.parts is not None or thing.library_name == "torch.nn.ModuleList"
    ):
        return grow(run, receiver, name, given)
    if name in ("items", "keys", "values") and thing.parts is not None:
        return Iterable(name, (receiver,))
    if name in ("items", "keys", "values") and thing.library_name in ("torch.nn.ModuleDict", "torch.nn.ParameterDict"):
        part = thing.element or Unknown("dynamic-value", name)
        pair = {"items": Tuple((Str(None), part)), "keys": Str(None), "values": part}
        return run.state.allocate(ListObject(None, pair[name]))
    if name == "forward":
        if thing.config is not None:
            return call_layer(run, thing.config, given, thing.built)
        if thing.library_name == "torch.nn.Sequential":
            return call_sequential(run, thing, given)
    if name == "get_input_embeddings":
        return Unknown("outside-project", name)
    if name in (
        "zero_grad",
        "load_state_dict",
        "flatten_parameters",
        "reset_parameters",
        "__init__",
        "backward",
        "log",
        "log_dict",
        "save_hyperparameters",
    ):
        return NONE
    from shapelint.interp.attributes import is_module_method

    bases = thing.cls.library_bases if isinstance(thing.cls, ClassInfo) else (thing.cls,)
    unread = next((b for b in bases if not leaves_alone(External(b), "")), "torch.nn.Module")
    call_unread(run, External(unread), given, receiver)
    own = isinstance(thing.cls, ClassInfo) and thing.library_name == "torch.nn.Module"
    if own and not name.startswith(("_", "register_")) and not is_module_method(name):
        return Unknown("dynamic-value", name)  # set elsewhere, or a mixin's: torch has no such method
    if thing.vague or thing.library_name:
        return Unknown(
            "outside-project" if not thing.library_name.startswith("torch.") else "unsupported-op",
            f"{thing.library_name}.{name}",
        )
    return Unknown("dynamic-value", name)


def _of_registry(run: Run, owner: Ref, name: str) -> Value:
    """`module._modules.items()` and its like."""
    thing = run.state.read(owner)
    if name in ("items", "values", "keys") and isinstance(thing, Instance):
        named = named_children(run, thing)
        if named is None:
            return run.state.allocate(ListObject(None, Unknown("dynamic-value", name)))
        found: dict[str, list[Value]] = {
            "items": [Tuple((Str(n), v)) for n, v in named],
            "values": [v for _, v in named],
            "keys": [Str(n) for n, _ in named],
        }
        return run.state.allocate(ListObject(found[name]))
    change_children(run, owner)
    return Unknown("dynamic-value", name)


_HANDLE = "torch.utils.hooks.RemovableHandle"


def _remove_hook(run: Run, handle: Instance) -> Value:
    module = handle.attrs.get("module")
    held = run.state.write(module) if isinstance(module, Ref) else None
    hooks = held.attrs.get(HOOKS) if isinstance(held, Instance) else None
    if isinstance(held, Instance) and isinstance(hooks, Tuple):
        held.attrs[HOOKS] = Tuple(tuple(h for h in hooks.items if h is not handle.attrs.get("hook")))
    return NONE


def grow(run: Run, receiver: Ref, name: str, given: Arguments) -> Value:
    """`append`, `extend` and `insert` of a container of modules, which stays the same object."""
    from shapelint.interp.containers import key_of, merged
    from shapelint.interp.expressions import rows_of, spread_items

    writable = run.state.write(receiver)
    assert isinstance(writable, Instance)
    if writable.parts is None:
        if given.args:
            more = [given.args[0]] if name == "append" else rows_of(run, given.args[0]) if name == "extend" else None
            held = [writable.element] if writable.rows is None else [any_of(run.state, writable.rows)]
            added = [given.args[-1]] if name != "extend" else more or [Unknown("dynamic-value", name)]
            writable.rows = None if writable.rows is None or more is None else [*writable.rows, *more]
            known = [v for v in (*held, *flat(run.state, added)) if v is not None]
            writable.element = merged(run, known) if writable.rows is None else None
            writable.length = None
        return receiver
    if name == "append" and given.args:
        writable.parts.append((str(len(writable.parts)), given.args[0]))
    elif name == "extend" and given.args:
        items = spread_items(run, given.args[0])
        if items is None:
            more, before = rows_of(run, given.args[0]), [v for _, v in writable.parts]
            writable.parts, writable.rows = None, None if more is None else [*before, *more]
        else:
            writable.parts.extend((str(len(writable.parts) + i), v) for i, v in enumerate(items))
    elif name == "insert" and len(given.args) == 2:
        place = key_of(given.args[0])
        if isinstance(place, int):
            values = [v for _, v in writable.parts]
            values.insert(place, given.args[1])
            writable.parts = [(str(i), v) for i, v in enumerate(values)]
        else:
            writable.parts = None
    return receiver


_STORING = ("__setattr__", "__delattr__")


def _store(run: Run, receiver: Value, name: str, given: Arguments) -> Value:
    """`object.__setattr__` and `object.__delattr__`, past what the class makes of them."""
    from shapelint.interp.attributes import delete_named, set_named

    if given.inexact:
        forget(run, [receiver])
    elif name == "__setattr__" and len(given.args) == 2:
        set_named(run, receiver, *given.args, raw=True)
    elif given.args:
        delete_named(run, receiver, given.args[0])
    return NONE


def of_class(run: Run, name: str, given: Arguments) -> Value:
    """A method of a class of Python or of torch, called with its object in front: `object.__setattr__(self, "x", 1)`, `dict.update(d, more)`."""
    if not given.args or given.inexact:
        forget(run, given.args)
        return Unknown("dynamic-value", name)
    receiver, rest = (
        given.args[0],
        Arguments(given.args[1:], given.kwargs, given.nodes[1:], given.kwarg_nodes, given.node),
    )
    return _store(run, receiver, name, rest) if name in _STORING else call_method(run, Method(receiver, name), rest)


def _of_super(run: Run, receiver: Ref, thing: Instance, name: str, given: Arguments) -> Value:
    """`super().name(…)` where the library's class answers."""
    bases = thing.cls.library_bases if isinstance(thing.cls, ClassInfo) else ()
    if name == "__init__":
        if bases:
            initialise_library_base(run, receiver, bases[0], given)
        return NONE
    if name in _STORING:
        return _store(run, receiver, name, given)
    if name in ("forward", "__call__"):
        if thing.config is not None:
            return call_layer(run, thing.config, given, thing.built)
        if "torch.nn.Sequential" in bases:
            return call_sequential(run, thing, given)
        return Unknown("outside-project", name)
    if name == "append" and thing.parts is not None:
        return grow(run, receiver, name, given)
    return module_method(run, receiver, thing, name, given)


__all__ = ["External", "FunctionValue", "call_function", "call_method", "call_with", "fill_container", "model"]
