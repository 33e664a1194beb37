"""What the interpreter tells its observers. Rules read events; no rule walks a tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from shapelint.ops.contract import Latent, Mismatch, Op
from shapelint.shapes.dim import Symbol
from shapelint.values.model import LayerConfig, Site, Tensor, Value

if TYPE_CHECKING:
    from shapelint.interp.run import Run
    from shapelint.program.model import FunctionDef, Stmt


@dataclass(frozen=True, slots=True)
class CallFrame:
    """One call on the way to an event: where it was made, and the name of what it entered."""

    site: Site
    function: str


@dataclass(frozen=True, slots=True, eq=False)
class Where:
    """Where an event happened: the node, the function around it, the calls that led there, the instance it happened in."""

    site: Site
    scope: str
    calls: tuple[CallFrame, ...] = ()
    built: Site | None = None  # where the module that was running was built
    guarded: bool = False  # inside a `try` that catches what torch would raise, or `pytest.raises`


@dataclass(frozen=True, slots=True, eq=False)
class OpCalled:
    """An op was interpreted. `arguments` are by parameter name, `nodes` the argument expressions by parameter name, `callee` the expression
    that was called. `mismatch` is set where it cannot work. `assumed` where an argument's rank rests on an assumption.
    `learned` are the symbols that the op bound: sizes that were open before it. `told` is False where nothing tells whether the call works."""

    where: Where
    op: Op
    name: str
    arguments: Mapping[str, Value]
    nodes: Mapping[str, int]
    callee: int | None
    config: LayerConfig | None
    result: Value
    mismatch: Mismatch | None = None
    latent: tuple[Latent, ...] = ()
    assumed: bool = False
    generic: bool = False
    learned: tuple[Symbol, ...] = ()
    told: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class LayerBuilt:
    """A layer of torch was constructed."""

    where: Where
    op: Op
    config: LayerConfig
    nodes: Mapping[str, int]
    mismatch: Mismatch | None = None


Misuse = Literal["tuple-as-tensor", "unpack-count", "unpack-bound", "state-pair", "list-as-tensor"]


@dataclass(frozen=True, slots=True, eq=False)
class Misused:
    """A value was used as what it cannot be, where Python or torch surely raises. `kind` "tuple-as-tensor": the tuple that an LSTM returns is
    indexed like a tensor, asked for a method of tensors, or passed to an op (`detail`: "node", the expression that is the tuple, "use", one
    of "index", "attribute" and "argument", and for the last "call", the `OpCalled` that takes it, None where its arguments fit no signature).
    "unpack-count": `a, b = x` (`detail`: "want" targets, "got" values, "node").
    "unpack-bound" raises for every size of an input but one: `a, b, c = x` of as many values as an axis of the input has entries (`detail`: "want"
    targets, "size"); each value (`value`) has another axis of as many entries as there are targets.
    "list-as-tensor": a list of tensors is indexed as a tensor is (`detail` as above).
    "state-pair": the one state of a GRU (`value`) is unpacked into two, which raises unless its rows (`detail`: "size") are two."""

    where: Where
    kind: Misuse
    detail: Mapping[str, object] = field(default_factory=dict)
    value: Value | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Unpacked:
    """`a, b = x` went well, or nothing tells that it does not: where other readings find another number of values, they are not the only ones.
    `values` are those that it gave, None where nothing tells."""

    where: Where
    values: tuple[Value, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """An expression has a tensor (or what could be one) as its value; told only while shapes are being shown."""

    where: Where
    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class Stated:
    """A simple statement with comments at it is about to be executed, or (`done`) was; a return of a function with a docstring, too. `value` is
    then what it assigned, returned or evaluated; `where` is the expression of that value."""

    where: Where
    statement: Stmt
    value: Value
    done: bool
    function: FunctionDef | None = None


ClaimFault = Literal["", "rank", "size", "false"]


@dataclass(frozen=True, slots=True, eq=False)
class Claimed:
    """The code claims the shape of a value where it runs. `kind` "annotation": jaxtyping's, of an argument, a result or an assigned name: `claim` is
    its text, `name` what is annotated ("" for a result), `says` what it requires where it fails. "assert": an `assert` on a shape. `fault` is ""
    where the claim may hold, "rank" or "size" where the value surely has another rank, or another size on `axis`, "false" for an assert that
    surely fails."""

    where: Where
    kind: Literal["annotation", "assert"]
    claim: str
    value: Value
    fault: ClaimFault = ""
    axis: int = 0
    says: str = ""
    name: str = ""


Event = OpCalled | LayerBuilt | Misused | Unpacked | Evaluated | Stated | Claimed


class Observer:
    """Receives events while a context runs; `run` gives the facts of the path at that moment."""

    def event(self, run: Run, event: Event) -> None:
        """Called for each event, in program order of the path."""

    def probed(self, run: Run, ended: Sequence[Run]) -> None:
        """A reading in which a call failed under an assumption was read again for each answer to what it assumed: those that came to an end."""

    def guessed(self, run: Run, ended: Sequence[Run]) -> None:
        """A script was read again for each answer to what it leaves open of data from files: the readings that came to an end, the likely one
        first."""

    def finish(self, run: Run) -> None:
        """Called once when the context has been read to its end."""


__all__ = [
    "CallFrame",
    "Claimed",
    "Evaluated",
    "Event",
    "LayerBuilt",
    "Misuse",
    "Misused",
    "Observer",
    "OpCalled",
    "Stated",
    "Tensor",
    "Unpacked",
    "Where",
]
