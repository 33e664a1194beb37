"""Readings: the driver of a file, every class of modules as a user would build it, every construction, every function nobody calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from shapelint.interp.calls import Arguments, call_function, instantiate, without_decorator
from shapelint.interp.earlier import at_entry
from shapelint.interp.events import Observer
from shapelint.interp.expressions import evaluate, spread_items
from shapelint.interp.faults import note_fault
from shapelint.interp.libraries import knows
from shapelint.interp.names import namespace
from shapelint.interp.objects import (
    BoundMethod,
    ClassInfo,
    ClassValue,
    Deferred,
    DictObject,
    Frame,
    FunctionValue,
    Instance,
)
from shapelint.interp.run import (
    FILE_STEPS,
    MAX_WORLDS,
    STEPS,
    Activation,
    BudgetSpent,
    ContextKind,
    PathEnds,
    Run,
    WorldSplit,
    WrongGuess,
)
from shapelint.interp.state import State
from shapelint.interp.worlds import likely
from shapelint.program import model
from shapelint.program.project import LoadedModule, Project
from shapelint.values.conditions import Condition, IsWhole
from shapelint.values.model import (
    Bool,
    Float,
    Int,
    NoneValue,
    Opaque,
    Ref,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

# what a framework calls by itself
ENTRY_METHODS = (
    "forward",
    "__call__",
    "training_step",
    "validation_step",
    "test_step",
    "predict_step",
    "shared_step",
    "inference",
    "generate",
    "sample",
    "decode",
    "encode",
    "predict",
)
# and of an object, whoever built it
_CALLED_BY_OTHERS = ("forward", "training_step", "validation_step", "test_step", "predict_step")
MAX_CLOSED = 12
MAX_PROBES = 12  # readings that decide whether a call fails under every rank that is left
MAX_SCRIPT_READINGS = 24  # of a script that reads data from files, with all that are begun and split
GUESSES_SHARE = 6  # they may take a sixth of a file's steps
MAX_FUNCTION_WORLDS = 4  # of a function that nobody calls: a script's options are many, and few of them touch shapes

_IMPORTS_TENSORS = re.compile(
    r"(?m)^\s*(?:>>> )?(?:import|from)\s+(?:torch|numpy|einops|lightning|pytorch_lightning)\b"
)

ObserverFactory = Callable[[Run], tuple[Observer, ...]]


class Reader:
    """Reads one file: see the module. `finished` is told of every run that was read to its end, in a fixed order."""

    def __init__(
        self, project: Project, loaded: LoadedModule, observers: ObserverFactory, *, showing: bool = False
    ) -> None:
        self.project = project
        self.loaded = loaded
        self.observers = observers
        self.showing = showing
        self.reached: set[tuple[str, int]] = set()
        self.files: set[str] = set()
        self.spent: list[str] = []
        self.written: set[tuple[str, int, str]] = (
            set()
        )  # the attributes, of which classes, that the file's script writes
        self.steps = FILE_STEPS
        # where a file imports nothing that has tensors, a function that nobody calls has none
        self._names_torch = _IMPORTS_TENSORS.search(loaded.source.text) is not None

    def read(self) -> None:
        """Read everything the file holds."""
        base, frame = self._driver()
        classes = list(self._classes(base, frame))
        for info in classes:
            self._open_class(base, info)
        for function in list(self._functions(base, frame)) if self._names_torch else ():
            if (function.module.path, function.node.id) not in self.reached:
                self._open_function(base, function)

    # one run

    def _run(
        self, state: State, kind: ContextKind, entry: str, world: dict[Condition, bool], steps: int = STEPS
    ) -> Run:
        steps = max(min(steps, self.steps), 1)
        run = Run(
            self.project, self.loaded, state, kind=kind, entry=entry, world=world, showing=self.showing, steps=steps
        )
        run.granted = steps
        run.written = self.written
        run.observers = self.observers(run)
        return run

    def _finish(self, run: Run) -> None:
        for observer in run.observers:
            try:
                observer.finish(run)
            except Exception as error:
                note_fault(self.project, self.loaded, run.entry, error)
        self.reached |= run.reached
        self.files |= run.files

    def _in_worlds(
        self, kind: ContextKind, entry: str, start: State, read: Callable[[Run], None], most: int = MAX_WORLDS
    ) -> None:
        """Read an entry once in each world that its tests open. Raises nothing; a file whose steps are used up is read no further.

        Where an op could not tell its result because the rank of an input showed itself only later, the world is read once more with that rank
        known from the start: whatever comes to the end has it. Where that does not come to an end, the first reading stands."""
        pending: list[dict[Condition, bool]] = [{}]
        opened = 1
        runs: list[Run] = []
        again: Run | None = None  # the run of the world at hand that is read once more
        while pending:
            if self.steps <= 0:
                self.spent.append(entry)
                for run in runs:
                    run.rivals_left = True  # what fails in these may go well in those
                break
            world = pending.pop(0)
            run = self._run(start.fork(), kind, entry, world)
            run.splits = opened < most
            run.rivals = runs
            before, again = again, None
            if before is not None:
                run.ranks = before.late_ranks()
            kept: Run | None = before or run
            try:
                read(run)
            except WorldSplit as split:
                first = likely(run, split.condition)
                pending[:0] = [{**world, split.condition: first}, {**world, split.condition: not first}]
                opened += 1
                continue
            except WrongGuess:
                kept = before
            except PathEnds:
                kept = before or (run if run.reached else None)
            except BudgetSpent:
                if before is None:
                    run.cut = True
                    self.spent.append(entry)
            except Exception as error:
                # what the other worlds say proves nothing without this one
                note_fault(self.project, self.loaded, entry, error)
                return
            else:
                kept = run
                if kind != "driver" and before is None and run.late_ranks():
                    again = run
                    pending.insert(0, world)
                    continue
            finally:
                self.steps -= run.granted - run.steps
            if kept is None:
                opened -= 1
            else:
                runs.append(kept)
        for run in runs:
            wrong = _wrong_guess(run)
            if wrong is not None and wrong.guess == "rank" and run.failed and not run.world[wrong]:
                run.passes_with = wrong  # it may still be what arrives
            elif wrong is not None:
                continue
            ended = self._probe(run, start, kind, entry, read) if run.doubted else None
            if ended is not None:
                for observer in run.observers:
                    observer.probed(run, ended)
            self._finish(run)

    def _probe(
        self, run: Run, start: State, kind: ContextKind, entry: str, read: Callable[[Run], None]
    ) -> list[Run] | None:
        """Read a world again, once for each answer to what a call that failed rests on: those readings that came to an end, without those that
        guess at fewer axes and fail. None where there are too many."""

        def begin(world: dict[Condition, bool]) -> Run:
            probe = self._run(start.fork(), kind, entry, world)
            probe.ranks = run.ranks
            return probe

        return self._answers(begin, read, run.world, MAX_PROBES, 1)

    def _answers(
        self,
        begin: Callable[[dict[Condition, bool]], Run],
        read: Callable[[Run], None],
        world: dict[Condition, bool],
        most: int,
        left: int,
    ) -> list[Run] | None:
        """Read once for each answer to what a reading leaves open, the likely ones first: those readings that came to an end. None where there are
        more than `most`, or where fewer steps of the file than `left` would be."""
        pending = [world]
        ended: list[Run] = []
        for _ in range(most):
            if self.steps < left:
                return None
            world = pending.pop(0)
            probe = begin(world)
            probe.splits = probe.probing = True
            try:
                read(probe)
            except WorldSplit as split:
                first = likely(probe, split.condition)
                pending[:0] = [{**world, split.condition: first}, {**world, split.condition: not first}]
            except WrongGuess:
                pass
            except PathEnds:
                ended.append(probe)
            except BudgetSpent:
                return None
            except Exception as error:
                note_fault(self.project, self.loaded, probe.entry, error)
                return None
            else:
                ended.append(probe)
            finally:
                self.steps -= probe.granted - probe.steps
            if not pending:
                return ended
        return None

    # the driver

    def _driver(self) -> tuple[State, int]:
        """Execute the file as a script; then every module it built and never called."""
        run, frame = self._script({})
        run.splits = False
        run.files.add(str(self.loaded.absolute))
        complete = False
        try:
            self._execute(run)
            complete = True
        except PathEnds:
            pass
        except BudgetSpent:
            self.spent.append("<module>")
        except Exception as error:
            note_fault(self.project, self.loaded, "<module>", error)
        self.steps -= run.granted - run.steps
        if complete and (run.wondered or run.doubted):
            ended = self._guesses(run)
            if ended:
                for observer in run.observers:
                    observer.guessed(run, ended)
        self._finish(run)
        base, address = run.state, frame.address
        if not complete:
            # what the script did not get to is still defined where the file is imported
            probe = Run(self.project, self.loaded, base.fork(), kind="open", entry="<module>")
            probe.quiet = 1
            probe.stack.append(Activation("<module>", frame, (), self.loaded))
            found = namespace(probe, self.loaded)
            if found is not None:
                defined = probe.state.read(found)
                reached = probe.state.write(frame)
                assert isinstance(defined, Frame)
                assert isinstance(reached, Frame)
                for name, value in defined.names.items():
                    reached.names.setdefault(name, value)
                base = probe.state
        base = base.settled()
        self._uncalled(run, base)
        return base, address

    def _script(self, world: dict[Condition, bool]) -> tuple[Run, Ref]:
        """A run of the file as a script, and the frame of its names."""
        state = State(self.project.store)
        frame = state.allocate(Frame())
        run = self._run(state, "driver", "<module>", world)
        run.stack.append(Activation("<module>", frame, (), self.loaded))
        return run, frame

    def _execute(self, run: Run) -> None:
        from shapelint.interp.statements import execute

        execute(run, self.loaded.lowered.module.body)

    def _guesses(self, run: Run) -> list[Run] | None:
        """The script read again, once for each answer to what it leaves open of the data that it reads from files, the likely one first: those
        readings that came to an end. None where there are too many, or where they take too long."""

        def begin(world: dict[Condition, bool]) -> Run:
            probe, _ = self._script(world)
            probe.sources = run.sources
            return probe

        # the rest of the file has its share, and one more reading takes as long as the first
        left = self.steps - self.steps // GUESSES_SHARE + run.granted - run.steps
        return self._answers(begin, self._execute, {}, MAX_SCRIPT_READINGS, left)

    def _uncalled(self, driver: Run, base: State) -> None:
        """Closed readings of the modules that the script built and never called, outermost first."""
        called = set(driver.called)
        count = 0
        for ref in sorted(driver.instances, key=lambda r: r.address):
            thing = base.find(ref.address)
            if ref.address in called or not isinstance(thing, Instance) or not isinstance(thing.cls, ClassInfo):
                continue
            found = [thing.cls.find(name) for name in _CALLED_BY_OTHERS]
            functions = [f[0] for f in found if f is not None and isinstance(f[0], FunctionValue)]
            before = frozenset(self.reached)
            for function in functions if count < MAX_CLOSED else ():
                if function.name != "forward" and _key(function) in before:
                    continue
                count += 1

                def read(
                    run: Run,
                    function: FunctionValue = function,
                    ref: Ref = ref,
                    reached: frozenset[tuple[str, int]] = before,
                ) -> None:
                    _enter(run, self.loaded)
                    try:
                        _call_entry(run, function, ref, reached)
                    finally:
                        called.update(run.called)

                self._in_worlds("closed", f"{thing.cls.qualname}.{function.name}", base, read)
            called.add(ref.address)

    # classes and functions

    def _classes(self, base: State, frame: int) -> Iterator[ClassInfo]:
        names = base.read(frame)
        assert isinstance(names, Frame)
        seen: set[int] = set()
        for value in list(names.names.values()):
            if isinstance(value, ClassValue) and value.info.module is self.loaded and value.info.node.id not in seen:
                seen.add(value.info.node.id)
                yield value.info
                for inner in value.info.namespace.values():
                    if isinstance(inner, ClassValue) and inner.info.node.id not in seen:
                        seen.add(inner.info.node.id)
                        yield inner.info

    def _functions(self, base: State, frame: int) -> Iterator[FunctionValue]:
        names = base.read(frame)
        assert isinstance(names, Frame)
        for value in list(names.names.values()):
            if (
                isinstance(value, FunctionValue)
                and value.module is self.loaded
                and isinstance(value.node, model.FunctionDef)
            ):
                yield value

    def _open_class(self, base: State, info: ClassInfo) -> None:
        """Read a class with symbols for what its constructor takes: its entries, then every method that none of them reaches."""
        if not info.is_module and not (
            self._names_torch and any(isinstance(v, FunctionValue) for v in info.namespace.values())
        ):
            return
        methods: list[tuple[str, FunctionValue]] = []
        for name in ENTRY_METHODS:
            found = info.find(name)
            if found is not None and isinstance(found[0], FunctionValue) and name in _names_along(info):
                methods.append((name, found[0]))
        if not info.is_module:
            methods = []
        read_already: set[int] = set()
        for name, function in methods:
            if (
                name not in ("forward", "__call__", "training_step", "validation_step", "test_step")
                and _key(function) in self.reached
            ):
                continue
            self._open_method(base, info, function)
            read_already.add(function.node.id)
        for value in list(info.namespace.values()):
            if not isinstance(value, FunctionValue) or not isinstance(value.node, model.FunctionDef):
                continue
            if value.node.name == "__init__":
                if _key(value) not in self.reached:
                    self._open_constructor(base, info)
                continue
            if value.node.id in read_already or _key(value) in self.reached or _abstract(value.node):
                continue
            self._open_method(base, info, value)

    def _open_method(self, base: State, info: ClassInfo, function: FunctionValue) -> None:
        def read(run: Run) -> None:
            _enter(run, self.loaded)
            receiver: Value | None = None
            if function.kind in ("plain", "property"):
                receiver = build_openly(run, info)
            elif function.kind == "class":
                receiver = ClassValue(info)
            _call_entry(run, function, receiver)

        self._in_worlds("open", f"{info.qualname}.{function.name}", base, read)

    def _open_constructor(self, base: State, info: ClassInfo) -> None:
        def read(run: Run) -> None:
            _enter(run, self.loaded)
            build_openly(run, info)

        self._in_worlds("open", f"{info.qualname}.__init__", base, read)

    def _open_function(self, base: State, function: FunctionValue) -> None:
        def read(run: Run) -> None:
            _enter(run, self.loaded)
            _call_entry(run, function, None)

        self._in_worlds("open", function.name, base, read, MAX_FUNCTION_WORLDS)


def _key(function: FunctionValue) -> tuple[str, int]:
    return (function.module.path, function.node.id)


def _names_along(info: ClassInfo) -> set[str]:
    return {n for cls in info.mro if isinstance(cls, ClassInfo) for n in cls.namespace}


def _abstract(node: model.FunctionDef) -> bool:
    """Whether a body does nothing but raise NotImplementedError or stand empty."""
    body = [s for s in node.body if not (isinstance(s, model.ExprStmt) and isinstance(s.value, model.Const))]
    return all(isinstance(s, (model.Raise, model.Jump)) for s in body)


def _enter(run: Run, loaded: LoadedModule) -> None:
    """Stand in the module's own frame, so that calls have somewhere to come from."""
    frame = run.state.allocate(Frame())
    run.stack.append(Activation("", frame, (), loaded))


def _call_entry(
    run: Run, function: FunctionValue, receiver: Value | None, reached: frozenset[tuple[str, int]] = frozenset()
) -> None:
    """Call a function as nobody in sight does: every argument an input. `reached` holds the methods that were followed before."""
    skip = 1 if receiver is not None and function.kind != "static" else 0
    if isinstance(function.node, model.FunctionDef):
        for decorator in function.node.decorators:
            _keep_choices(run, decorator)
    given = _inputs(run, function, skip)
    if given is None:
        return
    if isinstance(receiver, Ref) and run.kind != "driver":
        at_entry(run, receiver, function, reached | run.reached)
    call_function(run, without_decorator(function), given, receiver)


def _keep_choices(run: Run, decorator: model.Expr) -> None:
    """What `pytest.mark.parametrize("a,b", values)` says of the arguments of a test: they are nothing else."""
    if not (
        isinstance(decorator, model.Call) and isinstance(decorator.func, model.Attribute) and len(decorator.args) > 1
    ):
        return
    with run.silently():
        names, listed = (evaluate(run, a.value) for a in decorator.args[:2])
        values = spread_items(run, listed)
    if decorator.func.name != "parametrize" or not isinstance(names, Str) or names.value is None or values is None:
        return
    paths = [name.strip() for name in names.value.split(",")]
    for place, path in enumerate(paths):
        rows = [(v,) if len(paths) == 1 else v.items if isinstance(v, Tuple) else () for v in values]
        if all(len(row) == len(paths) for row in rows):
            run.choices[path] = tuple(row[place] for row in rows)


_TENSOR_HINTS = ("Tensor", "LongTensor", "FloatTensor", "Variable")


def _inputs(run: Run, function: FunctionValue, skip: int) -> Arguments | None:
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    for param in function.node.params.items[skip:]:
        if param.kind == "positional":
            args.append(_input(run, param, function.defaults.get(param.name)))
        elif param.kind == "keyword":
            kwargs[param.name] = _input(run, param, function.defaults.get(param.name))
    return Arguments(args, kwargs, inexact=any(p.kind in ("*", "**") for p in function.node.params.items))


def _input(run: Run, param: model.Parameter, default: Value | None) -> Value:
    hint = param.annotation
    # a parameter of the constructor of the same name is another value
    path = param.name if param.name not in run.parameters else f"{run.entry.rpartition('.')[2]}.{param.name}"
    name = hint.name if isinstance(hint, (model.Name, model.Attribute)) else ""
    if path in run.choices:
        return Opaque(path, "input")  # what the values are tells more than a hint does
    if name == "int":
        return Int(run.symbol(path, "input", None))
    if name == "float":
        return Float(None)
    if name == "str":
        return default if isinstance(default, Str) else Str(None)
    if name == "bool" or isinstance(default, Bool):
        return Opaque(path, "input", True)
    if isinstance(default, Float):
        return Float(None)
    if isinstance(default, Int):
        return Int(run.symbol(path, "input", None))
    if isinstance(default, Str):
        return default
    if default is not None and not isinstance(default, NoneValue):
        return default
    if default is not None:
        run.defaults[path] = default
    value = Opaque(path, "input", isinstance(default, NoneValue))
    if (default is None and name in _TENSOR_HINTS) or run.world.get(IsWhole(path)):
        run.adopt(value)
    return value


def build_openly(run: Run, info: ClassInfo) -> Ref:
    """Construct a class with symbols for what its constructor takes."""
    found = info.find("__init__")
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    if found is not None and isinstance(found[0], FunctionValue):
        function = found[0]
        for param in function.node.params.items[1:]:
            default = function.defaults.get(param.name)
            if param.kind == "positional":
                args.append(_parameter(run, param, default))
            elif param.kind == "keyword":
                kwargs[param.name] = _parameter(run, param, default)
    # where a class has no constructor of its own, nothing is known of what that of a library is given
    inexact = _takes_more(found) or (found is None and any(knows(base) for base in info.library_bases))
    built = instantiate(run, info, Arguments(args, kwargs, inexact=inexact))
    if not isinstance(built, Ref):
        raise PathEnds
    if _takes_more(found):
        _open_stars(run, built)
    return built


def _takes_more(found: tuple[Value, ClassInfo] | None) -> bool:
    """Whether a constructor passes on what its signature does not name: no reading knows that nothing is among it."""
    return (
        found is not None
        and isinstance(found[0], FunctionValue)
        and any(p.kind in ("*", "**") for p in found[0].node.params.items)
    )


def _open_stars(run: Run, built: Ref) -> None:
    """Attributes that came out of `**kwargs` are not known to be missing."""
    thing = run.state.read(built)
    if isinstance(thing, Instance):
        for value in thing.attrs.values():
            if isinstance(value, Ref):
                held = run.state.read(value)
                if isinstance(held, DictObject):
                    writable = run.state.write(value)
                    assert isinstance(writable, DictObject)
                    writable.open = True


def _parameter(run: Run, param: model.Parameter, default: Value | None) -> Value:
    """A constructor's argument as an open reading has it. A default that is no number, flag or string (a class, a tuple of sizes, a function)
    is what nearly every user leaves it at."""
    run.parameters.add(param.name)
    if default is not None:
        run.defaults[param.name] = default
    if default is None or isinstance(default, (Int, Bool, Str, NoneValue)):
        return Opaque(param.name, "parameter", isinstance(default, NoneValue))
    if isinstance(default, (Float, Tensor, Unknown, Deferred)):
        return default
    return default


__all__ = ["BoundMethod", "Reader", "build_openly"]


def _wrong_guess(run: Run) -> Condition | None:
    """The guess at what arrives that a reading gets wrong: it failed, and another answer goes well. Where every answer fails, a size of 1, and a
    tensor whose entries are used, are what the code was written for."""
    for guess, held in run.world.items():
        others = run.others(guess) if guess.guess else []
        if not others:
            continue
        preferred = held or guess.guess not in ("size", "whole")
        if any(not r.failed for r in others):
            if run.failed or (guess.guess == "whole" and not held):
                return guess
            if guess.guess == "rank" and _needs_one(run) and not all(_needs_one(r) for r in others):
                return guess
        elif run.failed and not preferred:
            return guess
    return None


def _needs_one(run: Run) -> bool:
    """Whether a reading holds for sizes of 1 alone: an open size must divide 1, as in `view(n, -1, heads, width)` of one axis of n entries, or a
    width that the constructor is given must be 1, as where the features that a layer takes were reduced away."""
    facts = run.state.facts
    return any(number.value == 1 and divisor.value is None for number, divisor in facts.divides) or any(
        symbol.kind == "parameter" and facts.resolve(size).value == 1 for symbol, size in facts.proved.items()
    )
