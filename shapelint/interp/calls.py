"""Calls: functions, methods, classes and modules of the project; everything else is passed on to Python's and libraries' meaning."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from shapelint.interp import annotated, worlds
from shapelint.interp.containers import as_mapping
from shapelint.interp.described import is_description
from shapelint.interp.expressions import distribute, evaluate, joined_size, rows_of, spread_items, unspread
from shapelint.interp.join import Join, join_values
from shapelint.interp.names import identified
from shapelint.interp.objects import (
    CONTAINERS,
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
    Partial,
    Repeated,
    is_module_name,
)
from shapelint.interp.run import CALL_DEPTH, Activation, BudgetSpent, PathEnds, Run
from shapelint.interp.state import State
from shapelint.interp.unread import CONTAINING, forget, hand_over, leave_with, leaves_alone
from shapelint.ops.index import find
from shapelint.program import model
from shapelint.shapes.dim import Dim
from shapelint.values.model import (
    NONE,
    External,
    LayerConfig,
    NoneValue,
    OneOf,
    Opaque,
    Ref,
    Site,
    SizeOf,
    Step,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

MAX_RECURSION = 3


class Arguments:
    """The arguments of one call: values, and for reports the nodes they were written as."""

    __slots__ = (
        "args",
        "callee",
        "inexact",
        "kwarg_nodes",
        "kwargs",
        "method",
        "node",
        "nodes",
        "rows",
        "sizes",
        "spread",
    )

    def __init__(
        self,
        args: Collection[Value] = (),
        kwargs: Mapping[str, Value] | None = None,
        nodes: Collection[int] = (),
        kwarg_nodes: Mapping[str, int] | None = None,
        node: int = 0,
        callee: int | None = None,
        inexact: bool = False,
        sizes: SizeOf | None = None,
        rows: list[Value] | None = None,
        spread: Value | None = None,
        method: str = "",
    ) -> None:
        self.args = tuple(args)
        self.kwargs = dict(kwargs or {})
        self.nodes = tuple(nodes)
        self.kwarg_nodes = dict(kwarg_nodes or {})
        self.node = node
        self.callee = callee
        self.inexact = inexact  # `*args` or `**kwargs` of unknown length was passed
        self.method = method  # the name behind the dot, where the callee is written so
        self.rows = rows  # the positional ones in order, where a list that loops built was spread among them
        self.spread = spread  # what `f(*this)` spreads, where its length is not known
        self.sizes = sizes  # all positional ones, where they are sizes of which the number is not known

    def with_sizes(self) -> Arguments:
        """The same call with one tuple of sizes for `*sizes`, as the ops of torch that take sizes read it."""
        if not self.inexact or self.sizes is None:
            return self
        return Arguments((self.sizes,), self.kwargs, self.nodes[:1], self.kwarg_nodes, self.node, self.callee)

    def behind(self, *first: tuple[Value, int]) -> Arguments:
        """The same call with values put before the positional ones."""
        return Arguments(
            (*(v for v, _ in first), *self.args),
            self.kwargs,
            (*(n for _, n in first), *self.nodes),
            self.kwarg_nodes,
            self.node,
            self.callee,
            self.inexact,
        )


def call_expression(run: Run, node: model.Call) -> Value:
    """A call as written."""
    if isinstance(node.func, model.Name) and node.func.name == "super" and not node.args:
        return _super(run, node)
    function = evaluate(run, node.func)
    given = _arguments(run, node)
    return distribute(run, function, lambda f: call_with(run, f, given))


def _super(run: Run, node: model.Call) -> Value:
    from shapelint.interp.objects import SuperValue

    for activation in reversed(run.stack):
        if activation.owner is not None and activation.receiver is not None:
            return SuperValue(activation.owner, activation.receiver)
    return Unknown("dynamic-value", "super")


def _arguments(run: Run, node: model.Call) -> Arguments:
    args: list[Value] = []
    nodes: list[int] = []
    kwargs: dict[str, Value] = {}
    kwarg_nodes: dict[str, int] = {}
    inexact = shifted = False
    rows: list[Value] | None = []
    among: list[Value] = []  # the positional ones, with what could not be spread
    for argument in node.args:
        value = evaluate(run, argument.value)
        if argument.star == "*":
            items = spread_items(run, value)
            among.extend([unspread(value)] if items is None else items)
            behind = rows_of(run, value) if items is None else items
            rows = None if rows is None or behind is None else [*rows, *behind]
            if items is None:
                inexact = shifted = True
                continue
            if shifted:
                continue
            args.extend(items)
            nodes.extend([argument.value.id] * len(items))
        elif argument.star == "**":
            held = as_mapping(run, value)
            for key, entry in held.items.items() if held is not None else ():
                if isinstance(key, str):
                    # one that may be missing leaves it open what the callee goes by: this, or a default
                    kwargs[key] = entry if held is None or key not in held.maybe else Unknown("dynamic-value", key)
            inexact = inexact or held is None or held.open
        elif argument.keyword is not None:
            kwargs[argument.keyword] = value
            kwarg_nodes[argument.keyword] = argument.value.id
        else:
            among.append(value)
            if rows is not None:
                rows.append(value)
            if not shifted:  # behind `*items` of unknown length nobody knows which parameter a value is for
                args.append(value)
                nodes.append(argument.value.id)
    sizes = joined_size(run, among) if inexact and len(among) > len(args) else None
    spread = value if inexact and len(node.args) == 1 and node.args[0].star == "*" else None
    method = node.func.name if isinstance(node.func, model.Attribute) else ""
    return Arguments(args, kwargs, nodes, kwarg_nodes, node.id, node.func.id, inexact, sizes, rows, spread, method)


def call(run: Run, function: Value, args: Collection[Value], kwargs: Mapping[str, Value], node: int | None) -> Value:
    """Call a value that the interpreter itself came by."""
    return distribute(run, function, lambda f: call_with(run, f, Arguments(args, kwargs, node=node or 0)))


def call_with(run: Run, function: Value, given: Arguments) -> Value:
    """Call one value."""
    run.tick()
    if isinstance(function, FunctionValue):
        return call_function(run, function, given, None)
    if isinstance(function, BoundMethod):
        if isinstance(function.receiver, Ref):
            _remember_call(run, function.receiver, function.function, given)
        return call_function(run, function.function, given, function.receiver)
    if isinstance(function, ClassValue):
        return instantiate(run, function.info, given)
    if isinstance(function, Ref):
        return call_object(run, function, given)
    if isinstance(function, External):
        from shapelint.interp.libraries import call_external

        return call_external(run, function.name, given)
    if isinstance(function, Method):
        from shapelint.interp.methods import call_method

        return call_method(run, function, given)
    if isinstance(function, Builtin):
        from shapelint.interp.builtins import call_builtin

        return call_builtin(run, function.name, given)
    if isinstance(function, Partial):
        kwargs = dict(function.kwargs)
        if given.inexact:
            kwargs = {name: Unknown("dynamic-value", name) for name in kwargs}  # any of them may be given anew
        merged = Arguments(
            (*function.args, *given.args),
            {**kwargs, **given.kwargs},
            (*([given.node] * len(function.args)), *given.nodes),
            given.kwarg_nodes,
            given.node,
            given.callee,
            given.inexact or function.inexact,
        )
        return call_with(run, function.function, merged)
    if isinstance(function, Opaque):
        if function.path.rpartition(".")[2] in _SPELLINGS and not given.args:
            # `kind.lower() == "lstm"` asks of an option what `kind == "lstm"` asks
            return Opaque(f"{function.path}()", function.origin)
        call_unread(run, function, given)
        return Unknown("outside-project", function.path)
    if isinstance(function, Member):
        from shapelint.interp.methods import call_member

        return call_member(run, function, given)
    call_unread(run, function, given)
    return function.anonymous() if isinstance(function, Unknown) else Unknown("dynamic-value")


# Code that is not read ---------------------------------------------------------------------------

_UNREAD_STEPS = 4_000  # that a function may take which code that is not read may call


def call_unread(run: Run, function: Value, given: Arguments, receiver: Value | None = None) -> None:
    """Call code that is not read: it may change what it is given, and call the functions that it is given."""
    values = (*given.args, *given.kwargs.values(), *([receiver] if receiver is not None else []))
    functions = [v for v in values if isinstance(v, (FunctionValue, BoundMethod))]
    if not leaves_alone(function, given.method):
        hold(run, hand_over(run, values))
        return
    if given.method in CONTAINING:
        leave_with(run, function, values)
    if functions and not may_call(run, functions, _UNREAD_STEPS):
        forget(run, [v for one in functions for v in captured(run, one)])


def hold(run: Run, functions: Collection[FunctionValue | BoundMethod]) -> None:
    """Leave functions with code that is not read: it may call them now, and whenever it runs again."""
    if not functions:
        return
    before = run.state
    if not may_call(run, functions, _UNREAD_STEPS):
        hand_over(run, [v for one in functions for v in captured(run, one)])
    run.state.escaped |= frozenset(a for a in Join(before, run.state).apart() if before.find(a) is not None)


def may_call(run: Run, functions: Collection[Value], steps: int) -> bool:
    """Functions of the project may be called, as often as anyone likes and with whatever arguments: what they change is unknown from here on.
    Nothing is told of it here. False where `steps` did not suffice."""
    kept = (run.splits, run.blurred, run.failed, run.steps, run.peeks, run.guards)
    reached, called = set(run.reached), set(run.called)
    run.splits, run.steps = False, steps
    finished = True
    state = run.state
    try:
        with run.silently(), run.as_one_of_many():
            # what the first calls left may change what further calls leave
            writing = list(functions)
            for function in (*functions, *functions):
                if not any(function is one for one in writing):
                    continue
                run.state = state.fork()
                try:
                    call_with(run, function, Arguments(inexact=True))
                except PathEnds:
                    continue
                joiner = Join(state, run.state, widen=True)
                if all(state.find(address) is None for address in joiner.apart()) and state.put == run.state.put:
                    writing = [one for one in writing if one is not function]
                    continue
                state = joiner.state()
    except BudgetSpent:
        finished = False
    finally:
        run.splits, run.blurred, run.failed, run.steps, run.peeks, run.guards = kept
        run.reached, run.called = reached, called
        run.state = state
    return finished


def captured(run: Run, function: Value) -> list[Value]:
    """What a function gets at beside its arguments: its receiver, and what the names of the functions around it refer to."""
    held = [function.receiver] if isinstance(function, BoundMethod) else []
    inner = function.function if isinstance(function, BoundMethod) else function
    for address in inner.scope if isinstance(inner, FunctionValue) else ():
        frame = run.state.find(address)
        if isinstance(frame, Frame):
            held.extend(v for v in frame.names.values() if isinstance(v, (Ref, Tuple, OneOf)))
    return held


_SPELLINGS = ("lower", "upper", "strip")

# Functions ---------------------------------------------------------------------------------------


def make_function(run: Run, node: model.FunctionDef | model.Lambda) -> FunctionValue:
    """The function that a definition or a lambda makes, closing over the frames in sight."""
    top = run.top
    scope = top.scope if top.key is not None and top.key[0] == "class" else (top.frame.address, *top.scope)
    defaults = {p.name: evaluate(run, p.default) for p in node.params.items if p.default is not None}
    for activation in run.stack:
        activation.captured = activation.captured or activation.frame.address in scope
    return FunctionValue(node, top.module, scope, defaults)


_KEEPING_DECORATORS = frozenset(
    [
        "torch.no_grad",
        "torch.enable_grad",
        "torch.inference_mode",
        "torch.jit.script",
        "torch.jit.export",
        "torch.jit.ignore",
        "torch.jit.unused",
        "torch.compile",
        "torch.jit.script_method",
        "torch.autocast",
        "torch.cuda.amp.autocast",
        "torch.cuda.amp.custom_fwd",
        "torch.cuda.amp.custom_bwd",
        "torch.amp.autocast",
        "functools.lru_cache",
        "functools.cache",
        "functools.wraps",
        "contextlib.contextmanager",
        "abc.abstractmethod",
        "typing.no_type_check",
        "typing.overload",
        "typing_extensions.override",
        "typing.override",
        "torch.amp.custom_fwd",
        "torch.amp.custom_bwd",
        "torch.compiler.disable",
        "torch._dynamo.disable",
        "numba.jit",
        "pytest.fixture",
        "torch.set_grad_enabled",
        "typeguard.typechecked",
        "beartype.beartype",
    ]
)


def decorated(run: Run, node: model.FunctionDef, function: FunctionValue) -> Value:
    """The value that a definition with decorators binds. The project's own decorators are followed; under one that nothing tells the body is
    still read, and its result only shown."""
    value: Value = function
    for decorator in reversed(node.decorators):
        target = decorator.func if isinstance(decorator, model.Call) else decorator
        if isinstance(target, model.Name) and target.name in ("staticmethod", "classmethod", "property"):
            value = _with_kind(
                value, {"staticmethod": "static", "classmethod": "class", "property": "property"}[target.name]
            )
            continue
        if isinstance(target, model.Attribute) and target.name in ("setter", "deleter", "getter"):
            existing = run.frame().names.get(node.name)
            run.frame().names[f"{node.name}.{target.name}"] = value
            value = existing if existing is not None and target.name != "getter" else value
            continue
        with run.silently():
            made = evaluate(run, decorator)
        name = made.name if isinstance(made, External) else ""
        if isinstance(decorator, model.Call):
            with run.silently():
                inner = evaluate(run, target)
            name = inner.name if isinstance(inner, External) else name
        if name.rpartition(".")[2] in ("cached_property", "lazy_property", "cached_method"):
            value = _with_kind(value, "property")
        elif name in _KEEPING_DECORATORS or name.rpartition(".")[2] in (
            "no_grad",
            "abstractmethod",
            "autocast",
            "wraps",
            "overload",
            "override",
        ):
            continue
        elif isinstance(made, (FunctionValue, BoundMethod)):
            with run.silently():
                followed = call(run, made, (value,), {}, None)
            if isinstance(followed, FunctionValue):
                value = FunctionValue(
                    followed.node,
                    followed.module,
                    followed.scope,
                    followed.defaults,
                    followed.owner,
                    function.kind,
                    followed.wrapped,
                )
            else:
                value = _wrapped(value)
        else:
            value = _wrapped(value)
    return value


def _with_kind(value: Value, kind: str) -> Value:
    if isinstance(value, FunctionValue):
        return FunctionValue(value.node, value.module, value.scope, value.defaults, value.owner, kind, value.wrapped)
    return value


def _wrapped(value: Value) -> Value:
    if isinstance(value, FunctionValue):
        return FunctionValue(value.node, value.module, value.scope, value.defaults, value.owner, value.kind, True)
    return value


def bind_parameters(
    run: Run, function: FunctionValue, given: Arguments, receiver: Value | None
) -> dict[str, Value] | None:
    """Arguments by parameter name; None where they do not fit."""
    bound: dict[str, Value] = {}
    args: list[Value] = list(given.args)
    if receiver is not None and function.kind != "static":
        args.insert(0, receiver)
    kwargs = dict(given.kwargs)
    for param in function.node.params.items:
        if param.kind == "positional":
            if args:
                bound[param.name] = args.pop(0)
            elif param.name in kwargs:
                bound[param.name] = kwargs.pop(param.name)
            elif given.inexact:
                bound[param.name] = Unknown("dynamic-value", param.name)
            elif param.name in function.defaults:
                bound[param.name] = function.defaults[param.name]
            else:
                return None
        elif param.kind == "*":
            if given.inexact:
                bound[param.name] = Unknown("dynamic-value", param.name)
            else:
                bound[param.name] = Tuple(tuple(args))
            args = []
        elif param.kind == "keyword":
            if param.name in kwargs:
                bound[param.name] = kwargs.pop(param.name)
            elif given.inexact:
                bound[param.name] = Unknown("dynamic-value", param.name)
            elif param.name in function.defaults:
                bound[param.name] = function.defaults[param.name]
            else:
                return None
        else:
            bound[param.name] = run.state.allocate(DictObject(dict(kwargs), given.inexact))
            kwargs = {}
    return None if args or kwargs else bound


def call_function(run: Run, function: FunctionValue, given: Arguments, receiver: Value | None) -> Value:
    """Follow a call into a function of the project."""
    if function.wrapped:
        return _call_decorated(run, function, given, receiver)
    key = (function.module.path, function.node.id)
    run.reached.add(key)
    run.files.add(str(function.module.absolute))
    if len(run.stack) > CALL_DEPTH or sum(a.key == key for a in run.stack) >= MAX_RECURSION:
        forget(run, (*given.args, *given.kwargs.values(), *captured(run, function), *([receiver] if receiver else [])))
        return Unknown("budget", function.name)
    names = bind_parameters(run, function, given, receiver)
    if names is None:
        return Unknown("dynamic-value", function.name)
    for param in function.node.params.items:
        value = names[param.name]
        if isinstance(value, Opaque):
            names[param.name] = worlds.settle(run, value)
        elif isinstance(value, Unknown):
            names[param.name] = identified(run, value, param.name)
    sizes: dict[str, Dim] = {}
    if _annotates(function.node):
        skip = 1 if receiver is not None and function.kind != "static" else 0
        annotated.meet_arguments(run, function, names, given, skip, sizes)
    frame = run.state.allocate(Frame(names))
    label = function.name if function.owner is None else f"{function.owner.qualname}.{function.name}"
    call_site = Site(run.top.module.path, given.node) if run.stack and given.node else None
    outer_built = run.built
    if isinstance(receiver, Ref):
        thing = run.state.read(receiver)
        if isinstance(thing, Instance) and thing.built is not None:
            run.built = thing.built
    activation = Activation(label, frame, function.scope, function.module, call_site, function.owner, receiver, key)
    activation.sizes = sizes
    activation.node = function.node if isinstance(function.node, model.FunctionDef) else None
    run.stack.append(activation)
    try:
        if isinstance(function.node, model.Lambda):
            result = evaluate(run, function.node.body)
        else:
            result = _body(run, function.node, activation)
        if not activation.captured:
            run.state.heap.pop(frame.address, None)  # nothing can read its names again
    finally:
        run.stack.pop()
        run.guards -= activation.guards
        run.built = outer_built
    if is_description(function.module) and run.stack and not is_description(run.top.module):
        return _as_one_step(result, given, call_site)
    return result


def _call_decorated(run: Run, function: FunctionValue, given: Arguments, receiver: Value | None) -> Value:
    """A call through a decorator that nothing tells, which may pass on other arguments, or give something else. What the body gives serves to show
    shapes; nothing is told of it here, nothing learned from it, and no error rests on it. The body is checked as what nobody calls."""
    reached, facts = set(run.reached), run.state.facts.copy()
    try:
        with run.silently():
            value = call_function(run, without_decorator(function), given, receiver)
        return _doubted(run, value)
    except PathEnds:
        return Unknown("outside-project", function.name)
    finally:
        run.reached = reached
        run.state.facts = facts


def without_decorator(function: FunctionValue) -> FunctionValue:
    """The function as it is written."""
    node, module, scope = function.node, function.module, function.scope
    return FunctionValue(node, module, scope, function.defaults, function.owner, function.kind)


def _doubted(run: Run, value: Value) -> Value:
    if isinstance(value, Tensor):
        return replace(value, shape=run.state.facts.shape(value.shape), assumed=True)
    if isinstance(value, Tuple):
        return replace(value, items=tuple(_doubted(run, v) for v in value.items))
    return value


def _as_one_step(result: Value, given: Arguments, call_site: Site | None) -> Value:
    """The result of a described model, which came to have its shape by that one call."""
    if not isinstance(result, Tensor) or call_site is None:
        return result
    previous = next((v.step for v in given.args if isinstance(v, Tensor)), None)
    return replace(result, step=Step(call_site, result.shape, "", previous, "model"))


def _annotates(node: model.FunctionDef | model.Lambda) -> bool:
    """Whether a parameter has an annotation that may say a shape."""
    return any(p.annotation is not None and annotated.may_say_a_shape(p.annotation) for p in node.params.items)


def _body(run: Run, node: model.FunctionDef, activation: Activation) -> Value:
    from shapelint.interp.statements import execute

    if node.is_generator:
        activation.yields = run.state.allocate(ListObject([]))
    try:
        execute(run, node.body)
        activation.returns.append((NONE, run.state))
    except PathEnds:
        pass
    if not activation.returns and activation.yielded is not None:
        activation.returns.append((NONE, activation.yielded))  # one that never ends is left by whoever iterates over it
    if not activation.returns:
        raise PathEnds
    value, state = activation.returns[0]
    for other_value, other_state in activation.returns[1:]:
        joiner = Join(state, other_state)
        value = joiner.value(value, other_value)
        condition = worlds.opposed(state.assumed, other_state.assumed)
        state = joiner.state()
        if joiner.lossy and condition is not None:
            worlds.split(run, condition)
    run.state = state
    return value if activation.yields is None else activation.yields


# Classes -----------------------------------------------------------------------------------------


def instantiate(run: Run, info: ClassInfo, given: Arguments) -> Value:
    """Construct an object of a class of the project."""
    if any(b.rpartition(".")[2] in ("Enum", "IntEnum", "StrEnum") for b in info.library_bases):
        return Unknown("dynamic-value", info.name)
    site = Site(run.top.module.path, given.node) if given.node else None
    ref = run.state.allocate(Instance(info, built=site, vague="?" in info.library_bases))
    if info.is_module:
        run.instances.append(ref)
        container = next(
            (
                b
                for b in info.library_bases
                if b in ("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict")
            ),
            None,
        )
        if container is not None:
            thing = run.state.write(ref)
            assert isinstance(thing, Instance)
            thing.parts = []
    found = run.state.find_in_class(info, "__init__")
    if found is not None and isinstance(found[0], FunctionValue):
        call_function(run, found[0], given, ref)
        return ref
    fields = fields_of(info)
    if fields is not None:
        _fill_fields(run, ref, info, fields, given)
        post = run.state.find_in_class(info, "__post_init__")
        if post is not None and isinstance(post[0], FunctionValue):
            call_function(run, post[0], Arguments(), ref)
        return ref
    base = next(iter(info.library_bases), None)
    if base is not None:
        initialise_library_base(run, ref, base, given)
    return ref


def fields_of(info: ClassInfo) -> list[tuple[str, ClassInfo]] | None:
    """The fields of a dataclass or a NamedTuple, in order; None for any other class."""
    generated = any(b.rpartition(".")[2] in ("NamedTuple", "BaseModel", "TypedDict") for b in info.library_bases)
    for cls in info.mro:
        if isinstance(cls, ClassInfo):
            for decorator in cls.node.decorators:
                target = decorator.func if isinstance(decorator, model.Call) else decorator
                name = target.name if isinstance(target, (model.Name, model.Attribute)) else ""
                generated = generated or name in ("dataclass", "define", "frozen", "s", "attrs", "configclass")
    if not generated:
        return None
    fields: dict[str, ClassInfo] = {}
    for cls in reversed(info.mro):
        if isinstance(cls, ClassInfo):
            for statement in cls.node.body:
                if isinstance(statement, model.AnnAssign) and isinstance(statement.target, model.Name):
                    fields[statement.target.name] = cls
    return list(fields.items())


def _fill_fields(run: Run, ref: Ref, info: ClassInfo, fields: list[tuple[str, ClassInfo]], given: Arguments) -> None:
    thing = run.state.write(ref)
    assert isinstance(thing, Instance)
    args = list(given.args)
    for name, cls in fields:
        if args:
            thing.attrs[name] = args.pop(0)
        elif name in given.kwargs:
            thing.attrs[name] = given.kwargs[name]
        elif given.inexact:
            thing.attrs[name] = Unknown("dynamic-value", name)
        else:
            found = run.state.find_in_class(cls, name)
            default = found[0] if found is not None else None
            if isinstance(default, Deferred):
                default = Unknown("dynamic-value", name)
            thing.attrs[name] = default if default is not None else Unknown("dynamic-value", name)


def initialise_library_base(run: Run, ref: Ref, base: str, given: Arguments) -> None:
    """`super().__init__(…)` of a class that inherits from a library's."""
    from shapelint.interp.libraries import fill_container

    thing = run.state.read(ref)
    if not isinstance(thing, Instance):
        return
    if given.inexact and base not in CONTAINERS:
        vague = run.state.write(ref)
        assert isinstance(vague, Instance)
        vague.vague = True
        return
    if base in CONTAINERS:
        fill_container(run, ref, base, given)
        return
    op = find(base)
    if op is None:
        call_unread(run, External(base), given, ref)
    if op is not None and op.is_layer:
        from shapelint.interp.torch_calls import build_layer

        config = build_layer(run, op, base, given.args, given.kwargs, given.node, given.nodes, given.kwarg_nodes)
        writable = run.state.write(ref)
        assert isinstance(writable, Instance)
        writable.config = config
        if config is None:
            writable.vague = True


# Objects called ----------------------------------------------------------------------------------


HOOKS = "\0hooks"  # the attribute that holds what `register_forward_hook` and `register_forward_pre_hook` were given


def call_object(run: Run, ref: Ref, given: Arguments) -> Value:
    """`instance(…)`: a module's forward, a `__call__`, a layer of torch, a container of modules, with its hooks before and after."""
    thing = run.state.read(ref)
    if not isinstance(thing, Instance):
        return Unknown("dynamic-value")
    hooks = thing.attrs.get(HOOKS)
    if not isinstance(hooks, Tuple):
        return _call_plainly(run, ref, thing, given)
    pairs = [hook.items for hook in hooks.items if isinstance(hook, Tuple)]
    for kind, hook in pairs:
        if kind == Str("register_forward_pre_hook"):
            changed = call(run, hook, (ref, Tuple(given.args)), {}, None)
            if not isinstance(changed, NoneValue):
                args = changed.items if isinstance(changed, Tuple) else (changed,)
                given = Arguments(
                    args, given.kwargs, given.nodes[:1] * len(args), given.kwarg_nodes, given.node, given.callee
                )
    result = _call_plainly(run, ref, thing, given)
    for kind, hook in pairs:
        if kind == Str("register_forward_hook"):
            changed = call(run, hook, (ref, Tuple(given.args), result), {}, None)
            result = result if isinstance(changed, NoneValue) else changed
    return result


def _call_plainly(run: Run, ref: Ref, thing: Instance, given: Arguments) -> Value:
    if isinstance(thing.cls, ClassInfo):
        for name in ("__call__", "forward"):
            found = run.state.find_in_class(thing.cls, name)
            if found is not None and isinstance(found[0], FunctionValue):
                _remember_call(run, ref, found[0], given)
                return call_function(run, found[0], given, ref)
        replaced = thing.attrs.get("forward")
        if replaced is not None:
            return call_with(run, replaced, given)
    library = thing.library_name
    if library in ("torch.nn.Sequential",):
        return call_sequential(run, thing, given)
    if thing.config is not None:
        return call_layer(run, thing.config, given, thing.built)
    from shapelint.interp.libraries import call_library_object

    return call_library_object(run, ref, thing, given)


def _remember_call(run: Run, ref: Ref, function: FunctionValue, given: Arguments) -> None:
    """Where a module's `forward`, under whatever spelling, is given nothing unknown, nothing is left for a reading with unknown inputs."""
    if function.name == "forward" and is_decided(run, (*given.args, *given.kwargs.values())):
        run.called.add(ref.address)


def is_decided(run: Run, values: Collection[Value]) -> bool:
    """Whether a call is given nothing unknown: only such a call says all that a reading with unknown inputs would."""
    for value in values:
        if isinstance(value, (Unknown, OneOf, Opaque)):
            return False
        if isinstance(value, Tensor) and not run.state.facts.shape(value.shape).ranked:
            return False
        if isinstance(value, Tuple) and not is_decided(run, value.items):
            return False
    return True


def call_layer(run: Run, config: LayerConfig, given: Arguments, built: Site | None = None) -> Value:
    """Call a layer of torch."""
    from shapelint.interp.torch_calls import call_op

    op = find(config.name)
    if op is None:
        return Unknown("unsupported-op", config.name)
    if given.inexact:
        return Unknown("dynamic-value")
    return call_op(
        run, op, config.name, given.args, given.kwargs, given.node, given.nodes, given.kwarg_nodes, given.callee, config
    )


def call_sequential(run: Run, thing: Instance, given: Arguments) -> Value:
    """The parts of a Sequential, one after the other, as a loop over them calls them."""
    from shapelint.interp.iteration import Passes, iterate

    parts = thing.rows if thing.parts is None else [part for _, part in thing.parts]
    if parts is None or not given.args:
        return Unknown("dynamic-value")

    def called(value: Value, part: Value) -> Value:
        step = Arguments((value,), {}, given.nodes, {}, given.node, given.callee)
        return distribute(run, part, lambda p: call_with(run, p, step))

    if not any(isinstance(part, Repeated) for part in parts):
        value = given.args[0]
        for part in parts:
            value = called(value, part)
        return value
    passed = run.state.allocate(Frame({"": given.args[0]}))  # on the heap, where what the passes make of it is followed

    def through(part: Value) -> None:
        frame = run.state.read(passed)
        assert isinstance(frame, Frame)
        value = called(frame.names[""], part)
        frame = run.state.write(passed)
        assert isinstance(frame, Frame)
        frame.names[""] = value

    iterate(run, Passes.over(run, parts), through)
    frame = run.state.heap.pop(passed.address)
    assert isinstance(frame, Frame)
    return frame.names[""]


def entered(run: Run, value: Value) -> Value:
    """What `with value as name` binds."""
    if isinstance(value, Ref):
        thing = run.state.read(value)
        if isinstance(thing, Instance) and isinstance(thing.cls, ClassInfo):
            found = run.state.find_in_class(thing.cls, "__enter__")
            if found is not None and isinstance(found[0], FunctionValue):
                return call_function(run, found[0], Arguments(), value)
        if isinstance(thing, ListObject) and thing.items:
            return thing.items[0]  # a @contextmanager generator
        return value
    return Unknown("dynamic-value") if isinstance(value, External) else value


__all__ = [
    "Arguments",
    "State",
    "call",
    "call_expression",
    "call_with",
    "is_module_name",
    "join_values",
    "make_function",
]
