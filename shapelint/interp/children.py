"""The child modules of a module, in the order in which torch keeps them: that of their registration, by whatever name and spelling.

A name keeps its place when it is bound again, to None too; one that was deleted comes last.
"""

from __future__ import annotations

from shapelint.interp import worlds
from shapelint.interp.objects import CONTAINERS, ClassInfo, Instance
from shapelint.interp.run import Run
from shapelint.values.model import NoneValue, OneOf, Opaque, Ref, Str, Unknown, Value

# layers of torch that are made of others; the rest have no children
_COMPOSED = (
    "torch.nn.MultiheadAttention",
    "torch.nn.Transformer",
    "torch.nn.AdaptiveLogSoftmaxWithLoss",
    "torch.nn.TripletMarginWithDistanceLoss",
    "torch.nn.LinearCrossEntropyLoss",
)


def is_module(run: Run, value: Value) -> bool | None:
    """Whether a value is a module, None where it may be one."""
    value = worlds.settle(run, value)
    if isinstance(value, OneOf):
        answers = {is_module(run, option) for option in value.options}
        return answers.pop() if len(answers) == 1 else None
    if isinstance(value, Opaque):
        return False if value.path in run.symbols or value.path in run.adopted else None
    if isinstance(value, Unknown):
        return None
    if not isinstance(value, Ref):
        return False
    thing = run.state.read(value)
    if not isinstance(thing, Instance):
        return False
    if isinstance(thing.cls, ClassInfo):
        return thing.cls.is_module or (None if thing.vague else False)
    return thing.cls in CONTAINERS or (thing.config is not None and thing.cls.startswith("torch.nn."))


def _is_container(thing: Instance) -> bool:
    return bool(CONTAINERS.intersection(thing.cls.library_bases if isinstance(thing.cls, ClassInfo) else (thing.cls,)))


def register(run: Run, thing: Instance, name: str, value: Value) -> None:
    """Keep the place that a name gets among the children when it is bound to what may be a module. In a container it is one of the parts."""
    kind = is_module(run, value)
    if _is_container(thing):
        _register_part(thing, name, value, kind)
        return
    if kind is False or thing.modules is None:
        return
    if name not in thing.modules:
        thing.modules = (*thing.modules, name)
    elif kind and thing.modules[-1] != name and is_module(run, thing.attrs.get(name, Unknown("dynamic-value"))) is None:
        thing.modules = None  # it was registered now, or before


def _register_part(thing: Instance, name: str, value: Value, kind: bool | None) -> None:
    if thing.parts is not None and name in [n for n, _ in thing.parts]:
        thing.parts = [(n, value if n == name else v) for n, v in thing.parts]
    elif kind is None:
        thing.parts = thing.rows = None
    elif kind and thing.parts is not None:
        thing.parts = [*thing.parts, (name, value)]
    elif kind:
        thing.rows = None


def unregister(thing: Instance, name: str) -> None:
    """A name that is deleted gives up its place."""
    if thing.modules is not None:
        thing.modules = tuple(n for n in thing.modules if n != name)
    if thing.parts is not None:
        thing.parts = [(n, v) for n, v in thing.parts if n != name]


def add_child(run: Run, owner: Ref, key: Value, value: Value) -> None:
    """`owner.add_module(key, value)`, `owner._modules[key] = value`."""
    thing = run.state.write(owner)
    if not isinstance(thing, Instance):
        return
    key = worlds.settle(run, key)
    if isinstance(key, Str) and key.value is not None:
        register(run, thing, key.value, value)
        if not _is_container(thing):
            thing.attrs[key.value] = value
    elif thing.parts is not None:
        # a name that is only partly known is still a place of its own, in order
        thing.parts.append((f"\0{len(thing.parts)}", value))
    else:
        thing.vague, thing.modules = True, None


def change_children(run: Run, owner: Ref) -> None:
    """Something is done to `owner._modules` that is not followed: any child may be another one."""
    thing = run.state.write(owner)
    if isinstance(thing, Instance):
        changed = {n: Unknown("dynamic-value", n) for n, v in thing.attrs.items() if is_module(run, v) is not False}
        thing.attrs.update(changed)
        thing.vague, thing.modules = True, None
        thing.parts = thing.rows = thing.element = thing.length = None


def named_children(run: Run, thing: Instance) -> list[tuple[str, Value]] | None:
    """The children with their names, each module once, as torch tells them; None where they are not known."""
    named = _registered(run, thing)
    found: list[tuple[str, Value]] = []
    seen: set[int] = set()
    for name, value in named or ():
        value = worlds.settle(run, value)
        if isinstance(value, NoneValue):
            continue
        if is_module(run, value) is False:
            continue  # a number, as it turned out
        if not isinstance(value, Ref) or is_module(run, value) is None:
            return None
        if value.address not in seen:
            seen.add(value.address)
            found.append((name, value))
    return None if named is None else found


def _registered(run: Run, thing: Instance) -> list[tuple[str, Value]] | None:
    if _is_container(thing):
        return thing.parts
    if thing.vague or thing.shared or thing.modules is None:
        return None
    bases = thing.cls.library_bases if isinstance(thing.cls, ClassInfo) else (thing.cls,)
    if any(base.startswith(_COMPOSED) for base in bases):
        return None
    return [(name, thing.attrs[name]) for name in thing.modules if name in thing.attrs]
