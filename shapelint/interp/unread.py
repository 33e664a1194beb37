"""Code that is not read: what it may have changed of the objects that it got hold of.

A write that is not followed makes the old value unknown. So an object that is handed to a function of which nothing is known is
forgotten, with all that can be reached through it; what libraries only look at stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from shapelint.interp.join import Join
from shapelint.interp.objects import (
    AttributesOf,
    BoundMethod,
    Builtin,
    ClassValue,
    Deferred,
    DictObject,
    Frame,
    FunctionValue,
    HeapObject,
    Instance,
    ListObject,
    Method,
    Namespace,
    Partial,
    Repeated,
)
from shapelint.interp.objects import Iterable as Rows
from shapelint.interp.run import Run
from shapelint.values.model import External, OneOf, Ref, Sequence, Tuple, Unknown, Value

# libraries that leave the objects they are given as they are, or keep the sizes of what they change
_OBSERVING = frozenset(
    (
        "PIL", "abc", "accelerate", "albumentations", "builtins", "collections", "contextlib", "copy", "csv", "cv2", "dataclasses",
        "datasets", "datetime", "einops", "enum", "fvcore", "functools", "glob", "gzip", "hashlib", "imageio", "inspect", "io",
        "itertools", "joblib", "json", "lightning", "lightning_fabric", "logging", "math", "matplotlib", "mlflow", "numpy", "os",
        "pandas", "pathlib", "pickle", "platform", "pprint", "pytest", "pytorch_lightning", "re", "scipy", "seaborn", "shutil",
        "sklearn", "socket", "statistics", "string", "struct", "subprocess", "sys", "tensorboard", "tensorboardX", "textwrap", "thop",
        "time", "torch", "torchaudio", "torchinfo", "torchmetrics", "torchsummary", "torchtext", "torchvision", "tqdm", "traceback",
        "transformers", "types", "typing", "typing_extensions", "unittest", "uuid", "wandb", "warnings", "weakref", "yaml",
    )
)  # fmt: skip
# what loggers do with what they are given, and what the containers of Python do, which keep it as it is
_LOGGING = frozenset(("critical", "debug", "error", "exception", "info", "log", "print", "warn", "warning", "write"))
CONTAINING = frozenset(
    (
        "add", "append", "appendleft", "count", "discard", "extend", "extendleft", "format", "get", "index", "insert", "items", "join",
        "keys", "pop", "put", "remove", "setdefault", "update", "values",
    )
)  # fmt: skip
_SHUFFLING = ("shuffle",)


FORGOTTEN_A_STEP = 32  # objects that may be forgotten in the time of one step: budgets measure time


def leaves_alone(function: Value, method: str) -> bool:
    """Whether a callable that is not read is known to leave its arguments as they are: by its name in a library, or as a `method` that
    containers and loggers have."""
    if isinstance(function, External):
        name = function.name
        return name.partition(".")[0] in _OBSERVING and name.rpartition(".")[2] not in _SHUFFLING
    made_elsewhere = isinstance(function, Unknown) and function.reason == "outside-project"
    return method in _LOGGING or (method in CONTAINING and not made_elsewhere)


def hand_over(run: Run, values: Iterable[Value]) -> list[FunctionValue | BoundMethod]:
    """Give values to code that is not read: all that can be reached through them, or through what such code got hold of before, is unknown from
    here on, and again whenever such code runs. Gives the functions among them, which may be called."""
    state = run.state
    functions: list[FunctionValue | BoundMethod] = []
    values = list(values)
    for value in values:
        run.overwrite(value)
    state.escaped |= _forget_all(run, [*values, *state.left, *map(Ref, sorted(state.escaped))], functions)
    state.left = ()
    return functions


def leave_with(run: Run, owner: Value, values: Iterable[Value]) -> None:
    """Values are put into an object that is not read, or that such code holds: it finds them there when it runs next."""
    is_held = isinstance(owner, Ref) and owner.address in run.state.escaped
    if is_held or isinstance(owner, Unknown) or (isinstance(owner, External) and not leaves_alone(owner, "")):
        functions: list[FunctionValue | BoundMethod] = []
        run.state.escaped |= frozenset(_reached(values, functions))
        run.state.left += tuple(functions)


def forget(run: Run, values: Iterable[Value]) -> list[FunctionValue | BoundMethod]:
    """Take everything that can be reached through some values to be unknown; gives the functions among them, which may be called."""
    functions: list[FunctionValue | BoundMethod] = []
    _forget_all(run, values, functions)
    return functions


def _forget_all(run: Run, values: Iterable[Value], functions: list[FunctionValue | BoundMethod]) -> set[int]:
    """Forget all that can be reached through some values, and give its addresses; the functions among it are added to `functions`."""
    seen: set[int] = set()
    pending = _reached(values, functions)
    while pending:
        address = pending.pop()
        if address not in seen:
            seen.add(address)
            if address not in run.spared:
                pending += _reached(_forget_one(run, address), functions)
    run.steps -= len(seen) // FORGOTTEN_A_STEP
    return seen


def _reached(values: Iterable[Value], functions: list[FunctionValue | BoundMethod]) -> list[int]:
    """The addresses of the objects that values hold without another object between; the functions among them are added to `functions`."""
    found: list[int] = []
    pending = list(values)
    while pending:
        value = pending.pop()
        if isinstance(value, (Tuple, Repeated)):
            pending.extend(value.items if isinstance(value, Tuple) else value.values)
        elif isinstance(value, OneOf):
            pending.extend(value.options)
        elif isinstance(value, Sequence):
            pending.extend(v for v in (value.element, value.first, value.last) if v is not None)
        elif isinstance(value, Partial):
            pending.extend((value.function, *value.args, *value.kwargs.values()))
        elif isinstance(value, Method):
            pending.append(value.receiver)
        elif isinstance(value, Rows):
            pending.extend(value.sources)
        elif isinstance(value, (FunctionValue, BoundMethod)):
            functions.append(value)
        elif isinstance(value, (Ref, Namespace)):
            found.append(value.address)
    return found


def _forget_one(run: Run, address: int) -> list[Value]:
    """Forget what one object holds; gives what it held."""
    found = run.state.find(address)
    if found is None:
        return []
    if isinstance(found, AttributesOf):
        return [Ref(found.address)]
    if _is_forgotten(found):
        return []  # nobody wrote to it since: left as it is, it stays the same object on all paths
    thing = run.state.write(address)
    held: list[Value] = []
    if isinstance(thing, ListObject):
        held = [*(thing.items or ()), *(thing.rows or ()), *(v for v in (thing.element, thing.first, thing.last) if v)]
        thing.items, thing.element = None, Unknown("dynamic-value")
        thing.length = thing.first = thing.last = thing.rows = None
    elif isinstance(thing, DictObject):
        held = [*thing.items.values(), *([thing.element] if thing.element is not None else [])]
        thing.forget()
    elif isinstance(thing, Instance):
        parts = [v for _, v in thing.parts or ()]
        held = [*thing.attrs.values(), *parts, *(thing.rows or ()), *([thing.element] if thing.element else [])]
        thing.attrs = {name: Unknown("dynamic-value", name) for name in thing.attrs}
        thing.parts = thing.rows = thing.element = thing.length = thing.config = None
        thing.vague = True
    elif isinstance(thing, Frame):
        held = _forget_names(thing)
    return held


def _is_forgotten(thing: HeapObject) -> bool:
    """Whether an object is as `_forget_one` would leave it."""
    if isinstance(thing, ListObject):
        ordered = thing.items is not None or thing.rows is not None or thing.length is not None
        return not ordered and thing.first is None and thing.last is None and _is_anything(thing.element)
    if isinstance(thing, DictObject):
        known = thing.element is not None or not thing.open or len(thing.maybe) != len(thing.items)
        return not known and all(map(_is_anything, thing.items.values()))
    if isinstance(thing, Instance):
        rest: tuple[object, ...] = (thing.parts, thing.rows, thing.element, thing.length, thing.config)
        return thing.vague and all(r is None for r in rest) and all(map(_is_anything, thing.attrs.values()))
    return isinstance(thing, Frame) and all(_is_code(v) or _is_anything(v) for v in thing.names.values())


def _is_anything(value: Value | None) -> bool:
    """Whether nothing is known of a value, not even that it is the same as another one."""
    if type(value) is not Unknown or value.reason != "dynamic-value":
        return False
    return value.extent is None and value.source is None and value.number is None


def _forget_names(frame: Frame) -> list[Value]:
    """Forget the data among the names of a module: its functions, classes and imports are not what anyone replaces by data."""
    held: list[Value] = []
    for name, value in frame.names.items():
        if not _is_code(value):
            held.append(value)
            frame.names[name] = Unknown("dynamic-value", name)
    return held


def _is_code(value: Value) -> bool:
    return isinstance(value, (FunctionValue, ClassValue, Namespace, Builtin, External, Deferred))


def forget_scope(run: Run) -> None:
    """Text that is executed where it stands may change whatever the names in sight refer to, and bind the module's anew."""
    top = run.top
    for address in (top.frame.address, *top.scope[:-1]):
        frame = run.state.find(address)
        if isinstance(frame, Frame) and (address != top.frame.address or top.scope):
            forget(run, [v for v in frame.names.values() if isinstance(v, (Ref, Tuple, OneOf))])
    module = top.scope[-1] if top.scope else top.frame.address
    written = run.state.write(module)
    assert isinstance(written, Frame)
    forget(run, _forget_names(written))


def write_anywhere(run: Run, name: str | None, value: Value) -> None:
    """`unknown.name = value`: any object that has such an attribute may be the one that is written to (`name` None: any attribute)."""
    layers = (run.state.heap, run.state.base, run.state.store)
    holders = {address for layer in layers for address, thing in layer.items() if isinstance(thing, Instance)}
    joiner = Join(run.state, run.state)
    for address in sorted(holders):
        thing = run.state.read(address)
        assert isinstance(thing, Instance)
        names = [n for n in thing.attrs if n == name or (name is None and not isinstance(thing.attrs[n], Ref))]
        if names:
            writable = run.state.write(address)
            assert isinstance(writable, Instance)
            for one in names:
                writable.attrs[one] = joiner.value(writable.attrs[one], value)
