"""A program made small: what can be left out while the disagreement stays, is."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping

from programs.judging import disagreements
from programs.whole import program

MOST = 250
"""So many smaller programs are tried."""


def minimised(seed: int, kind: str, subject: str, without: bool) -> str:
    """The program of a seed, as small as it gets while torch and shapelint disagree in the same way."""
    one = program(seed)
    text = one.text
    tries, again = 0, True
    while again and tries < MOST:
        again, at = False, 0
        left = list(smaller_programs(text))
        while at < len(left) and tries < MOST:
            tries += bool(left[at])
            if left[at] and _disagree(left[at], one.files, kind, subject, without):
                text, again = left[at], True
                left = list(
                    smaller_programs(text)
                )  # what stood before did not go, and is not tried again in this round
            else:
                at += 1
    return text


def _disagree(text: str, files: Mapping[str, str], kind: str, subject: str, without: bool) -> bool:
    driver = _driver(text) if without else 0
    try:
        _, _, found = disagreements(text, files, driver, show=kind == "wrong shape")
    except SyntaxError:
        return False
    return any(d.kind == kind and d.subject == subject and d.alone == without for d in found)


def _driver(text: str) -> int:
    """The line behind the last class or function of a program that is not called `main` or the like."""
    body = ast.parse(text).body
    classes = [i for i, s in enumerate(body) if isinstance(s, ast.ClassDef)]
    behind = body[classes[-1] + 1 :] if classes else []
    return behind[0].lineno if behind else 0


def smaller_programs(text: str) -> Iterator[str]:
    """Programs with one thing left out, the largest first."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    lines = text.split("\n")
    statements = [s for s in ast.walk(tree) if isinstance(s, ast.stmt)]
    for one in sorted(statements, key=lambda s: (s.lineno - (s.end_lineno or s.lineno), -s.lineno)):
        first, last = _span(one)
        yield _valid([*lines[: first - 1], *lines[last:]])
        indent = re.match(r"\s*", lines[first - 1])
        if indent and indent[0]:
            yield _valid([*lines[: first - 1], f"{indent[0]}pass", *lines[last:]])
        if isinstance(one, (ast.If, ast.For, ast.With, ast.Try, ast.While)):
            inner = lines[one.body[0].lineno - 1 : one.body[-1].end_lineno]
            body = textwrap.indent(textwrap.dedent("\n".join(inner)), indent[0] if indent else "").split("\n")
            yield _valid([*lines[: first - 1], *body, *lines[last:]])
    for one in ast.walk(tree):
        if isinstance(one, ast.Call):
            for part in (*one.keywords, *(a for a in one.args if len(one.args) > 2)):
                yield _without(lines, part)


def _span(one: ast.stmt) -> tuple[int, int]:
    decorated = getattr(one, "decorator_list", [])
    return min([one.lineno, *(d.lineno for d in decorated)]), one.end_lineno or one.lineno


def _without(lines: list[str], part: ast.expr | ast.keyword) -> str:
    """The program without one argument of a call."""
    if part.lineno != part.end_lineno:
        return ""
    line = lines[part.lineno - 1]
    left, right = line[: part.col_offset], line[part.end_col_offset :]
    if right.startswith(", "):
        right = right[2:]
    else:
        left = left.removesuffix(", ")
    return _valid([*lines[: part.lineno - 1], left + right, *lines[part.lineno :]])


def _valid(lines: list[str]) -> str:
    """The program, "" where it is none."""
    text = re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines))
    try:
        ast.parse(text)
    except SyntaxError:
        return ""
    return text
