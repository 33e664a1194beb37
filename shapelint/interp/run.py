"""One reading of one entry: the state of the path at hand, the world, the call stack, and the budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from shapelint.interp.events import CallFrame, Evaluated, Event, Misuse, Misused, Observer, Stated, Where
from shapelint.interp.objects import ClassInfo, Frame
from shapelint.interp.state import State
from shapelint.shapes.dim import Dim, Symbol, bounds
from shapelint.shapes.printing import Namer
from shapelint.shapes.shape import Axis, Segment, Shape
from shapelint.values.conditions import Branch, Compares, Condition, Equals, IsWhole, Rank, SameRank
from shapelint.values.model import Int, OneOf, Opaque, Packed, Ref, Site, Stacked, Step, Tensor, Tuple, Unknown, Value

if TYPE_CHECKING:
    from shapelint.program.model import Expr, FunctionDef, Stmt
    from shapelint.program.project import LoadedModule, Project

STEPS = 60_000  # expressions and statements that one reading may evaluate
FILE_STEPS = 200_000  # and all readings of a file together
OBJECTS_A_STEP = 1_000  # so many objects double what a step takes
LOOP_STEPS = 6_000  # and all passes of one loop, where they are run one by one
CALL_DEPTH = 40
MAX_WORLDS = 16
MAX_SCRIPT_GUESSES = 4  # at what a script reads from files, in one reading of it


class PathEnds(Exception):
    """The path at hand goes no further: it returned, raised, broke out, or cannot happen. Whatever must survive was recorded before."""


class BudgetSpent(Exception):
    """The reading has used all its steps."""


class WrongGuess(Exception):
    """The reading guessed at the rank of an input and met what no tensor of that rank can do: its world cannot be."""


class WorldSplit(Exception):
    """The two sides of a test leave different shapes: the reading starts anew, once in each of the two worlds."""

    def __init__(self, condition: Condition) -> None:
        super().__init__(condition)
        self.condition = condition


@dataclass(eq=False)
class Activation:
    """A call in progress."""

    function: str
    frame: Ref
    scope: tuple[int, ...]
    module: LoadedModule
    call: Site | None = None
    owner: ClassInfo | None = None
    receiver: Value | None = None
    key: tuple[str, int] | None = None
    global_names: frozenset[str] = frozenset()
    nonlocal_names: frozenset[str] = frozenset()
    returns: list[tuple[Value, State]] = field(default_factory=list)
    captured: bool = False  # whether a function made in it closes over its frame
    breaks: list[list[State]] = field(default_factory=list)
    continues: list[list[State]] = field(default_factory=list)
    raises: list[list[State]] = field(default_factory=list)
    sizes: dict[str, Dim] = field(default_factory=dict)  # what the names of its annotated signature stand for
    node: FunctionDef | None = None
    guards: int = 0  # of the run's, those that last until it ends
    forks: set[str] = field(default_factory=set)  # names of undecided flags whose sides were joined
    yields: Ref | None = None  # the list of what a generator yields
    yielded: State | None = None  # the state where it last did
    asks_dtype: bool = False  # whether its code tells dtypes apart, which is finer than what is known of them here

    @property
    def outcomes(self) -> tuple[int, int]:
        """How many paths have returned, and how many broke off the innermost loop."""
        return len(self.returns), len(self.breaks[-1])

    @property
    def raised(self) -> int:
        """How many paths have raised what a `try` around them may catch."""
        return sum(map(len, self.raises))

    def forget(self, outcomes: tuple[int, int]) -> None:
        """Take back what was returned or broke off since: it was a trial."""
        returns, breaks = outcomes
        del self.returns[returns:], self.breaks[-1][breaks:]


@dataclass(eq=False)
class Refusals:
    """What ops said of the alternatives of a value that they refused, in the call at `depth` alone: what a function of the project does with an
    alternative is told where it happens."""

    depth: int
    found: list[tuple[Event, Value]] = field(default_factory=list)


def _is_described(node: FunctionDef, owner: ClassInfo | None) -> bool:
    """Whether a docstring says what a function takes and returns: of a `forward`, that of its class too."""
    return bool(node.docstring or (owner is not None and node.name == "forward" and owner.node.docstring))


ContextKind = Literal["open", "driver", "closed"]


class Run:
    """See the module. `kind` "open" reads an entry with symbols, "driver" a module as a script, "closed" a construction of the project."""

    def __init__(
        self,
        project: Project,
        root: LoadedModule,
        state: State,
        *,
        kind: ContextKind,
        entry: str,
        world: dict[Condition, bool] | None = None,
        observers: tuple[Observer, ...] = (),
        showing: bool = False,
        steps: int = STEPS,
    ) -> None:
        self.project = project
        self.root = root
        self.state = state
        state.facts.oracle = self._run_ends
        self.kind = kind
        self.entry = entry
        self.world = dict(world or {})
        self.splits = kind == "open"
        self.observers = observers
        self.showing = showing
        self.steps = steps
        self.granted = steps
        self.loop_steps = LOOP_STEPS
        self.stack: list[Activation] = []
        self.guards = 0
        self.catchers = 0  # of the `try` statements around, those that keep anything at all that is raised in them
        self.peeks = 0  # tests that read the entries of a tensor, or ask a rank that nothing tells
        self.failed = False  # whether torch would have raised
        self.blurred = False  # whether sides of a test were joined that belong to different worlds
        self.quiet = 0  # inside code whose events another context tells
        self.alternatives = 0  # inside the reading of one of several alternatives of a value
        self.refusals: list[Refusals] = []
        self.symbols: dict[str, Dim] = {}
        self.paths: dict[Symbol, str] = {}  # where the symbols stand
        self.unsettled: set[str] = set()  # inputs that only recurrent layers read so far: they may be packed sequences
        self.packed: dict[str, Packed] = {}  # inputs that are packed sequences in the world at hand
        self.sizes: dict[str, Dim] = {}  # of opaque values that may be ints as well as tuples of them
        self.adopted: dict[str, Tensor] = {}
        self.sources: dict[Site, str] = {}  # the names of what a script reads from files, by the calls that give it
        self.read: dict[str, list[Tensor]] = {}  # all that one such call gave
        self.wondered = False  # whether something asked what a script's data is, and no world answers
        self.overwritten: set[Step] = set()  # those into whose tensors something was written in place
        self.names: dict[Symbol, str] = {}
        self.asked_sizes: dict[str, list[Symbol]] = {}  # open sizes that were asked whether they are 1, by name
        self.open_sizes: list[Dim] = []  # those that were taken not to be 1, though they may be
        self.iterating: list[Ref] = []  # whose `__iter__` is being asked
        self.maybe: set[Symbol] = set()  # loop counters of passes that need not happen
        self.unfinished: dict[Symbol, Dim] = {}  # the numbers of passes that are not the last, and how many there are
        self.tells_last: set[Symbol] = set()  # those whose last pass does something of its own
        self.built: Site | None = None
        self.reached: set[tuple[str, int]] = set()
        self.instances: list[Ref] = []
        self.batches: set[int] = set()  # the addresses of lists and dicts that a loader makes anew in each pass
        self.called: set[int] = set()
        self.written: set[tuple[str, int, str]] = (
            set()
        )  # attributes that were set from outside, by the class and the name
        self.asked_below: dict[
            Condition, bool
        ] = {}  # questions about parts of a configuration: whether the class that is read asks them
        self.looping = 0  # inside passes of which one stands for many
        self.branches = 0  # tests that were told apart so far
        self.retired: set[Branch] = set()  # of them those of which one stood for many
        self.spared: frozenset[int] = frozenset()  # objects that code which is not read is taken to leave as they are
        self.files: set[str] = set()
        self.resolving: set[tuple[str, str, int, str]] = set()
        self.parameters: set[str] = set()  # names that the constructor gives values to
        self.ranks: dict[str, int] = {}  # of inputs, that an earlier run of the same world found
        self.lacking: set[str] = set()  # inputs whose open rank kept an op from telling its result
        self.defaults: dict[str, Value] = {}  # of what an open reading's constructor and entry take, by their paths
        self.choices: dict[str, tuple[Value, ...]] = {}  # all that an input can be, where the entry says so
        self.cut = False  # whether the steps were used up before the reading came to its end
        self.rivals_left = False  # whether they were before all worlds were read
        self.doubted = False  # whether a call fails under what is assumed of ranks alone
        self.probing = False  # whether what is assumed is asked, once something fails
        # the question of a rank of which the other answer goes well, where this reading, of more axes, fails
        self.passes_with: Condition | None = None
        self.rivals: list[Run] = []  # the readings of other worlds that came to their end
        self.notes: dict[str, list[object]] = {}  # what rules keep until the reading ends
        self.relations: dict[Equals | Compares, tuple[str, Dim, Dim]] = {}  # what questions about sizes compare here
        self.rank_tests: dict[Rank, tuple[Shape, str, int]] = {}
        self.namer = Namer(lambda s: self.names.get(s))

    # the stack

    @property
    def top(self) -> Activation:
        return self.stack[-1]

    def frame(self) -> Frame:
        """The names of the call in progress, for writing."""
        thing = self.state.write(self.top.frame)
        assert isinstance(thing, Frame)
        return thing

    def site(self, node: Expr) -> Site:
        return Site(self.top.module.path, node.id)

    def where(self, node_id: int) -> Where:
        """The place of a node in the call in progress."""
        calls = tuple(CallFrame(a.call, a.function) for a in self.stack if a.call is not None)
        return Where(Site(self.top.module.path, node_id), self.top.function, calls, self.built, self.guards > 0)

    # budget

    def new_branch(self) -> Branch:
        """Which way the next test goes that no world decides."""
        self.branches += 1
        return Branch(self.branches)

    @contextmanager
    def as_one_of_many(self) -> Iterator[None]:
        """What is read once stands for many passes or calls: which way a test went in one of them says nothing of the others."""
        first = self.branches + 1
        self.looping += 1
        try:
            yield
        finally:
            self.looping -= 1
            self.retired.update(Branch(number) for number in range(first, self.branches + 1))
            self.state.taken = {b: v for b, v in self.state.taken.items() if b not in self.retired}

    def tick(self) -> None:
        # in loops forks and joins take longer the more objects there are: budgets measure time
        self.steps -= 1 + (len(self.state.heap) // OBJECTS_A_STEP if self.looping else 0)
        if self.steps <= 0:
            raise BudgetSpent

    @contextmanager
    def inner_loops(self, passes: int) -> Iterator[None]:
        """Within a loop of so many passes, inner ones may take fewer steps: nests of loops take no more than one does."""
        outer = self.loop_steps
        self.loop_steps = outer // max(min(passes, 8), 1)
        try:
            yield
        finally:
            self.loop_steps = outer

    def may_be_none(self, count: Dim) -> bool:
        """Whether parameters say how many there are, and it may be none where each is 1 or more, or where one is left out that then is 0."""
        count = self.state.facts.resolve(count)
        if not count.symbols or any(symbol.kind != "parameter" for symbol in count.symbols):
            return False

        def least(symbol: Symbol) -> int:
            for path, default in self.defaults.items():
                if isinstance(default, Int) and default.dim == 0 and self.symbols.get(path) == Dim.of(symbol):
                    return 0
            return max(self.state.facts.least(symbol) or 1, 1)

        return (bounds(count, least)[0] or 0) < 1

    # events

    def tell(self, event: Event) -> None:
        if self.quiet:
            return
        for observer in self.observers:
            observer.event(self, event)

    def refuse(self, event: Event, value: Value) -> Value:
        """Tell that an op refuses its arguments; gives what is left of the expression. Of several alternatives the others may be what arrives:
        raises PathEnds, which drops this one."""
        if self.refusals and self.refusals[-1].depth == len(self.stack):
            self.refusals[-1].found.append((event, value))
            raise PathEnds
        if self._fails():
            self.tell(event)
        return value

    def misuse(self, node_id: int, kind: Misuse, detail: Mapping[str, object], value: Value) -> Value:
        """Tell that a value is used as what it cannot be; gives what is left of the expression. One of several alternatives cannot be what
        arrives there: raises PathEnds, which drops it."""
        if self.alternatives:
            raise PathEnds
        if self._fails():
            self.tell(Misused(self.where(node_id), kind, detail, value))
        return Unknown("after-error")

    def _fails(self) -> bool:
        """Whether what torch refuses here is a fault of this reading. On a path that guesses at the type of an input it is one of a world of
        its own: raises WorldSplit."""
        if self.quiet:
            return True
        for condition in self.state.assumed:
            if condition.guess and condition not in self.world and self.kind != "driver":
                from shapelint.interp.worlds import split

                split(self, condition)
                return False
        if not self.guards:
            self.failed = True
        return True

    def show(self, node_id: int, value: Value) -> None:
        """Tell observers the value of an expression, while shapes are shown."""
        if self.showing and not self.quiet:
            event = Evaluated(self.where(node_id), value)
            for observer in self.observers:
                observer.event(self, event)

    def state_of(self, statement: Stmt, expression: Expr, value: Value, *, done: bool) -> None:
        """Tell observers of a statement that has comments at it, or returns from a function with a docstring."""
        if self.quiet:
            return
        top = self.top
        function = top.node if done and top.node is not None and _is_described(top.node, top.owner) else None
        if statement.id in top.module.lowered.remarks or function is not None:
            self.tell(Stated(self.where(expression.id), statement, value, done, function))

    @contextmanager
    def guarded(self, when: bool = True) -> Iterator[None]:
        """Faults inside prove nothing: what is read need not come to pass."""
        self.guards += when
        try:
            yield
        finally:
            self.guards -= when

    @contextmanager
    def silently(self) -> Iterator[None]:
        """Interpret without telling events, for code that another context tells."""
        self.quiet += 1
        try:
            yield
        finally:
            self.quiet -= 1

    # ranks

    def _run_ends(self, run: Segment, known: int) -> bool | None:
        """Whether an unknown run of axes of an input holds no more than are known beside it: a question for worlds."""
        if run.name not in self.adopted:
            return None
        if not self.splits:
            self.wondered = self.wondered or self.kind == "driver"
            return None
        whole = self.whole_of(run)
        if whole is None:
            return None
        from shapelint.interp.worlds import rank_ends

        return rank_ends(self, run.name, len(whole.parts) - 1)

    def whole_of(self, run: Segment) -> Shape | None:
        """The shape of the input that an open run of axes belongs to."""
        if run.name not in self.adopted:
            return None
        given = (self.adopted[run.name], *self.read.get(run.name, ()))
        return next((shape for x in given if run in (shape := self.state.facts.shape(x.shape)).parts), None)

    def is_misguessed(self) -> bool:
        """Whether a failure only says that the world guesses wrong at what arrives: it takes an input to have no further axes than are seen, or a
        reading that differs from this one in a guess alone went well. Before any input was used no guess is to blame."""
        if self.kind == "driver" or not self.adopted:
            return False
        for guess, held in self.world.items():
            if not guess.guess:
                continue
            if guess.guess == "rank":
                # further axes than are seen are what a batch gives: that reading is read to its end, and weighed against the other
                if held:
                    return True
            elif any(not other.failed for other in self.others(guess)):
                return True
        return False

    def others(self, guess: Condition) -> list[Run]:
        """The readings that came to their end and differ from this one in the answer to one guess alone."""
        held = self.world[guess]
        return [
            r
            for r in self.rivals
            if r.world.get(guess, held) != held
            and all(r.world.get(c, answer) == answer for c, answer in self.world.items() if c != guess)
        ]

    @property
    def is_called(self) -> bool:
        """Whether the call in progress was made by the code that is read, which knows more of the arguments than their sizes."""
        return len(self.stack) > (1 if self.kind == "driver" else 2)

    # opaque values

    def symbol(self, path: str, origin: Literal["parameter", "input"], low: int | None = 0) -> Dim:
        """The int that an opaque path is: the same symbol everywhere in the reading."""
        dim = self.symbols.get(path)
        if dim is None:
            dim = self.symbols[path] = self.size(path, origin, low)
            self.sizes.pop(path, None)
        return dim

    def size(self, path: str, origin: Literal["parameter", "input"], low: int | None = 0) -> Dim:
        """The int that an opaque path is, if it is one: that is not learned."""
        known = self.symbols.get(path) or self.sizes.get(path)
        if known is None:
            symbol = Symbol(path.removeprefix("self."), origin, low)
            known = self.sizes[path] = Dim.of(symbol)
            self.paths[symbol] = path
        return known

    def adopt(self, value: Opaque) -> Tensor:
        """The tensor that an opaque input is."""
        tensor = self.adopted.get(value.path)
        self.unsettled.discard(value.path)
        if tensor is None:
            whole = IsWhole(value.path)
            if self.splits and whole not in self.world and any(p.startswith(f"{value.path}[") for p in self.adopted):
                from shapelint.interp.worlds import split

                split(self, whole)
            tensor = Tensor.unknown(value.path)
            self.adopted[value.path] = tensor
            self._read_guess(value.path, tensor)
        return tensor

    def overwrite(self, value: Value) -> None:
        """Note that something is, or may be, written into a tensor in place: no tensor that it may share its entries with holds what it was filled
        with, by whatever ops it came from them."""
        step = value.step if isinstance(value, Tensor) else None
        while step is not None and step not in self.overwritten:
            self.overwritten.add(step)
            step = step.previous
        for inner in value.items if isinstance(value, Tuple) else value.options if isinstance(value, OneOf) else ():
            self.overwrite(inner)

    def read_from_file(self, value: Tensor, site: Site) -> Tensor:
        """A tensor of a script of which nothing tells the shape, as one of its inputs: what one call gives has one name."""
        path = self.sources.get(site)
        if path is None:
            name = value.shape.parts[0].name if isinstance(value.shape.parts[0], Segment) else "data"
            same = sum(p == name or p.startswith(f"{name} ") for p in self.sources.values())
            path = self.sources[site] = f"{name} {same + 1}" if same else name
        shape = Tensor.unknown(path).shape
        step = None if value.step is None else replace(value.step, shape=shape)
        tensor = replace(value, shape=shape, step=step)
        self.adopted[path] = tensor
        self.read.setdefault(path, []).append(tensor)
        self._read_guess(path, tensor)
        return tensor

    def as_packed(self, path: str) -> Packed:
        """The packed sequence that an opaque input is."""
        if path not in self.packed:
            batch, step, total = (Axis.fresh(Dim.symbol(f"{path}.{n}", "input", 1)) for n in ("batch", "seq", "total"))
            self.packed[path] = Packed(batch, step, (Segment(f"{path}.data"),), total=total)
        return self.packed[path]

    def _read_guess(self, path: str, tensor: Tensor) -> None:
        """An input has the rank that the world gives it from the start: a path on which nothing asks for it knows it too."""
        facts = self.state.facts
        if path in self.ranks:
            facts.fix_rank(tensor.shape, self.ranks[path])
        for condition, held in self.world.items():
            if path not in condition.paths:
                continue
            if isinstance(condition, Rank) and condition.test == "==":
                if held:
                    facts.fix_rank(tensor.shape, condition.number)
                elif condition.guess:
                    facts.exclude_rank(tensor.shape, condition.number)
            elif isinstance(condition, SameRank) and held:
                other = self.adopted.get(condition.right if path == condition.left else condition.left)
                rank = None if other is None else facts.shape(other.shape).rank
                if rank is not None:
                    facts.fix_rank(tensor.shape, rank)

    def late_ranks(self) -> dict[str, int]:
        """The ranks of the inputs, by their paths, that this run learned only after an op had lacked them."""
        facts = self.state.facts
        shapes = {path: facts.shape(self.adopted[path].shape) for path in self.lacking if path in self.adopted}
        return {
            path: shape.rank
            for path, shape in sorted(shapes.items())
            if shape.rank is not None and not facts.in_doubt(self.adopted[path].shape)
        }

    def part(self, owner: Opaque, text: str) -> Value:
        """What hangs below an opaque value (`.x`, `[0]`): what the code put there, else what it was given with."""
        part = Opaque(f"{owner.path}{text}", owner.origin)
        return self.state.put.get(part, part)

    def found(self, value: Value) -> Value:
        """An unknown value as this path knows it: as a tensor, from where an op took it for one that takes nothing else."""
        if isinstance(value, Unknown) and value.extent is not None and value.root in self.state.tensors:
            return Tensor(Shape((value.extent,)))
        return value

    def find(self, value: Unknown) -> Tensor:
        """The tensor that an unknown value is shown to be, for all who hold it."""
        if isinstance(value, Stacked) and value.extent is None and value.lead is not None:
            return Tensor(Shape((value.lead, Segment(""))))
        if value.extent is None or value.root is None:
            return Tensor.unknown(value.detail.rpartition(".")[2])
        self.state.tensors |= {value.root}
        return Tensor(Shape((value.extent,)))

    def made_of(self, value: Unknown, made: Value) -> Unknown:
        """What was made of an unknown value; `made` is what it would be of the tensor that the value may be."""
        if (
            value.extent is None
            or not isinstance(made, Tensor)
            or made.assumed
            or self.state.facts.in_doubt(made.shape)
        ):
            return value.anonymous()
        extent = Segment(value.extent.name)
        self.state.facts.bind_segment(extent, made.shape.parts)
        return Unknown(value.reason, value.detail, extent, value.root)

    def as_large(self, value: Unknown) -> Unknown:
        """What was made of an unknown value entry by entry."""
        return self.made_of(value, Tensor(Shape((value.extent,)))) if value.extent is not None else value.anonymous()

    def unknown(self, detail: str = "") -> Unknown:
        return Unknown("dynamic-value", detail)
