"""The shapes of one expression in words: what hovers and hints have in common."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.interp.show import ShownContext


def shape(context: ShownContext) -> str:
    """`(batch, seq, 2*hidden)`; why it is not known where it is not."""
    if context.shape is None:
        return f"unknown ({context.reason})" if context.reason else "unknown"
    dims = [str(dim) for dim in context.shape]
    return f"({dims[0]},)" if len(dims) == 1 and dims != ["..."] else f"({', '.join(dims)})"


def by_shape(contexts: Sequence[ShownContext]) -> dict[str, list[ShownContext]]:
    """The contexts by what they know, known shapes before unknown ones."""
    found: dict[str, list[ShownContext]] = {}
    for context in sorted(contexts, key=lambda one: one.shape is None):
        found.setdefault(shape(context), []).append(context)
    return found


def place(context: ShownContext) -> str:
    """Where a shape holds: `Model.forward, bidirectional=True`."""
    entry = "this script" if context.entry == "<module>" else context.entry
    return f"{entry}, {context.world}" if context.world else entry
