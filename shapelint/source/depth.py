"""How deep a text nests, measured before anything recurses over it.

The parser is native code that recurses, and so do the lowering and everything behind it: a text nested deeply enough
overflows the C stack, which ends the process, and no `except` can catch that. Measured with libcst 1.9 on an 8 MB
stack: brackets, operators, attributes or calls 10000 deep crash it, nested lambda defaults 1000 deep; all survive
1000 on 64 MB. Nested brackets moreover cost it quadratic time, nested `case` patterns exponential time.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from shapelint.diagnostics import Failure
from shapelint.source.scan import scan
from shapelint.source.text import Source

Result = TypeVar("Result")

# CPython itself stops at 200 brackets and 100 indents, libcst at 100 indents. Real code stays below 30.
MAX_BRACKETS = 100
MAX_INDENTS = 99
MAX_TOTAL = 1000
MAX_PATTERN_BRACKETS = 8
# What a thread with 1 MB of stack and Python's own recursion limit parse and lower with ease.
SHALLOW = 30

_STACKS = (512 << 20, 64 << 20, 16 << 20)  # smaller where the system grants no more
_RECURSION = 40_000
_lock = threading.Lock()
_running = 0
_usual_recursion = 0


def check(source: Source) -> int | Failure:
    """The greatest depth that parsing `source` reaches, or a failure where that is too deep to parse safely.

    Depth counts what the syntax tree may nest: open brackets, indents, and at each level the operators, calls,
    attributes, adjacent strings and conditional branches since the last comma, and the `lambda`, `for` and `elif` that
    are still open. It is never less than the true depth and rarely much more.
    """
    text = source.text
    deepest = 0
    indents = [0]
    branches = [0]  # how many `elif` chain at each indent
    line_start = 0
    at_start = True
    is_case = False
    base = brackets = 0
    # Of the present level: the chain since the last comma, the `for`, the `lambda`, and the `lambda` that await their
    # colon. Commas part neither the targets of a `for` nor the parameters of a `lambda` from what follows.
    chain = loops = lambdas = headless = 0
    around: list[tuple[int, int, int, int, int]] = []
    for kind, start, end in scan(text):
        if kind == "newline":
            around.clear()
            brackets = chain = loops = lambdas = headless = 0
            at_start = True
            line_start = end
            continue
        if kind == "comment":
            continue
        if at_start:
            at_start = False
            column, first = _indentation(text, line_start)
            while column < indents[-1]:
                indents.pop()
                branches.pop()
            if column > indents[-1]:
                indents.append(column)
                branches.append(0)
                if len(indents) > MAX_INDENTS:
                    return _too_deep(source, first, f"more than {MAX_INDENTS} levels of indentation")
            if text.startswith("elif", first):
                branches[-1] += 1
            elif not text.startswith("else", first):
                branches[-1] = 0
            is_case = text.startswith("case", first) and not text[first + 4 : first + 5].isidentifier()
            base = len(indents) - 1 + sum(branches)
        if kind == "separator":
            if text[start] == ":":
                headless = max(headless - 1, 0)
            else:
                chain = 0
                if not headless:
                    lambdas = 0
            continue
        if kind == "open":
            around.append((base, chain + 1, loops, lambdas, headless))
            base += chain + loops + lambdas + 1
            chain = loops = lambdas = headless = 0
            brackets += 1
            if brackets > MAX_BRACKETS:
                return _too_deep(source, start, f"more than {MAX_BRACKETS} nested brackets")
            if is_case and brackets > MAX_PATTERN_BRACKETS:
                return _too_deep(source, start, f"more than {MAX_PATTERN_BRACKETS} nested brackets in a pattern")
        elif kind == "close":
            if around:
                base, chain, loops, lambdas, headless = around.pop()
                brackets -= 1
        elif kind == "word" and text.startswith("lambda", start):
            lambdas += 1
            headless += 1
        elif kind == "word" and text.startswith("for", start):
            loops += 1
        else:
            chain += 1
        depth = base + chain + loops + lambdas
        if depth > deepest:
            deepest = depth
            if depth > MAX_TOTAL:
                return _too_deep(source, start, f"more than {MAX_TOTAL} nested or chained parts in one statement")
    return deepest


def roomy(function: Callable[[], Result]) -> Result:
    """`function()`, in a thread whose stack and recursion limit fit anything that `check` lets through.

    Raises what `function` raises.
    """
    outcome: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(function())
        except BaseException as error:  # handed to the caller, whatever it is
            errors.append(error)

    thread = _started(run)
    try:
        thread.join()
    finally:
        _ended()
    if errors:
        raise errors[0]
    return outcome[0]


def fitting(depth: int, function: Callable[[], Result]) -> Result:
    """`function()`, called here where `depth` is shallow and this is the main thread, else in a `roomy` one."""
    if depth <= SHALLOW and threading.current_thread() is threading.main_thread():
        try:
            return function()
        except RecursionError:  # called from deep within something else
            pass
    return roomy(function)


def _started(run: Callable[[], None]) -> threading.Thread:
    # The stack of a new thread and the recursion limit are settings of the process. The limit is taken back, since
    # elsewhere it is what keeps a runaway recursion from overflowing a smaller stack.
    global _running, _usual_recursion
    with _lock:
        for size in _STACKS:
            before = threading.stack_size(size)
            try:
                thread = threading.Thread(target=run, name="shapelint-roomy", daemon=True)
                if _running == 0:
                    _usual_recursion = sys.getrecursionlimit()
                    sys.setrecursionlimit(max(_usual_recursion, _RECURSION))
                thread.start()
                _running += 1
                return thread
            except (RuntimeError, MemoryError):
                if _running == 0:
                    sys.setrecursionlimit(_usual_recursion)
                if size == _STACKS[-1]:
                    raise
            finally:
                threading.stack_size(before)
    raise AssertionError("unreachable")


def _ended() -> None:
    global _running
    with _lock:
        _running -= 1
        if _running == 0:
            try:
                sys.setrecursionlimit(_usual_recursion)
            except RecursionError:  # called from deeper than that
                sys.setrecursionlimit(_RECURSION)


def _indentation(text: str, start: int) -> tuple[int, int]:
    """(width, offset behind it) of a line's indentation: tabs to the next multiple of 8, a form feed starts over."""
    width = 0
    while start < len(text):
        char = text[start]
        if char == " ":
            width += 1
        elif char == "\t":
            width += 8 - width % 8
        elif char == "\f":
            width = 0
        else:
            break
        start += 1
    return width, start


def _too_deep(source: Source, offset: int, message: str) -> Failure:
    line = source.text.count("\n", 0, offset) + 1
    column = offset - source.text.rfind("\n", 0, offset)
    return source.failure("nesting", line, column, message)
