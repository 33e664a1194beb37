"""Texts that a program puts together of known parts: `"unit%d" % i`, `"{}_{}".format(a, b)`, `"-".join(names)`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import EllipsisType

from shapelint.interp.run import Run
from shapelint.values.conditions import Constant
from shapelint.values.model import Bool, Float, Int, NoneValue, Str, Tuple, Value

_WIDE = re.compile(
    r"\d{4}|\*|\.\w|\[|!"
)  # a width that costs memory, or one that is not written out; attributes and entries


def constant_of(run: Run, value: Value) -> Constant | EllipsisType:
    """The Python value, `...` where it is not known."""
    if isinstance(value, (Str, Bool, Float)):
        return ... if value.value is None else value.value
    if isinstance(value, Int):
        number = run.state.facts.resolve(value.dim).value
        return ... if number is None else number
    return None if isinstance(value, NoneValue) else ...


def interpolated(run: Run, template: str | None, values: Value) -> str | None:
    """`template % values`; None where the text is not known."""
    given = [constant_of(run, v) for v in (values.items if isinstance(values, Tuple) else (values,))]
    if template is None or ... in given or _WIDE.search(template):
        return None
    try:
        return template % tuple(given)
    except (TypeError, ValueError):
        return None


def formatted(run: Run, template: str | None, args: Sequence[Value], kwargs: Mapping[str, Value]) -> str | None:
    """`template.format(*args, **kwargs)`; None where the text is not known."""
    given = [constant_of(run, v) for v in args]
    named = {k: constant_of(run, v) for k, v in kwargs.items()}
    if template is None or ... in given or ... in named.values() or _WIDE.search(template):
        return None
    try:
        return template.format(*given, **named)
    except (IndexError, KeyError, TypeError, ValueError):
        return None


def joined(run: Run, separator: str | None, parts: Sequence[Value] | None) -> str | None:
    """`separator.join(parts)`; None where the text is not known."""
    texts = [v.value if isinstance(v, Str) else None for v in parts or ()]
    if separator is None or parts is None or None in texts:
        return None
    return separator.join(t for t in texts if t is not None)
