"""How the symbols of one reading print: the user's own unpacking, else a role, else `x.0`; never two alike."""

from __future__ import annotations

from shapelint.interp.run import Run
from shapelint.shapes.dim import Dim, Symbol
from shapelint.shapes.facts import Facts
from shapelint.shapes.printing import Namer, format_dim, format_shape
from shapelint.shapes.shape import Shape

_ROLE_NAMES = {"batch": "batch", "step": "seq", "layer": "layers", "direction": "directions", "head": "heads"}


class Naming:
    """Names for the symbols of a run, as they are known now."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._roles: dict[Symbol, str] = {}
        for factor, evidence in run.state.facts.roles.items():
            symbol = factor.size.lone_symbol
            role = next((e.role for e in evidence if getattr(e, "strength", "") in ("proved", "stated")), None)  # type: ignore[attr-defined]
            if symbol is not None and symbol.kind != "parameter" and role in _ROLE_NAMES:
                self._roles.setdefault(symbol, _ROLE_NAMES[role])
        self.names = Namer(self._preferred)

    def _preferred(self, symbol: Symbol) -> str | None:
        return self._run.names.get(symbol) or self._roles.get(symbol)

    def dim(self, dim: Dim, facts: Facts | None = None) -> str:
        return format_dim(dim if facts is None else facts.resolve(dim, generic=True), self.names)

    def shape(self, shape: Shape, facts: Facts | None = None) -> str:
        return format_shape(shape if facts is None else facts.read(shape, generic=True), self.names)
