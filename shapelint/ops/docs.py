"""Writes `docs/ops.md`, the list of every op that shapelint knows: `python -m shapelint.ops.docs --write` (a test runs
`--check`)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from shapelint.ops.contract import Op
from shapelint.ops.index import op_files, ops_in

_DOCS = Path(__file__).parents[2] / "docs"
_TARGET = _DOCS / "ops.md"
_RECORD = _DOCS / "ops_agreed.tsv"
_HEAD = """\
# Ops

What shapelint knows of torch: each op with the names it goes by, its shapes, and what it demands (each demand with the
rule that reports it). Every line is tested against real torch (`tests/test_ops.py`). An op that is not listed gives an
unknown value, never a report. A method that ends in `_` follows the one that does not.

Each op tells with which versions of torch it agreed, and of how many sampled calls: on the CPU, by verdict and by shape,
with the sizes as they are, with symbols for them, and with ranks left open. A call that torch rejects breaks one of the
demands. Names that need a device, other processes or a file are not called.

This page is generated: `python -m shapelint.ops.docs --write`, from the ops and from `ops_agreed.tsv`, which
`python -m shapelint.reference.op_record docs/ops_agreed.tsv` renews for the torch that is installed.
"""


def _agreements() -> dict[tuple[str, str], list[str]]:
    """What was recorded of each op, by file and name: a phrase for each version of torch."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in _RECORD.read_text(encoding="utf-8").splitlines() if _RECORD.exists() else ():
        file, name, version, accepted, rejected, differing, checked, first = line.split("\t")
        told = f"{version} ({accepted} calls accepted, {rejected} rejected"
        told += f"; {differing} of {checked} are answered otherwise, such as `{first}`)" if differing != "0" else ")"
        found.setdefault((file, name), []).append(told)
    return found


def render() -> str:
    """The text of the page."""
    parts = [_HEAD]
    agreed = _agreements()
    for file in op_files():
        ops = ops_in(file)
        if ops:
            parts.append(f"## {file.replace('_', ' ')}\n")
            parts += [_entry(op, agreed.get((file, op.name), [])) for op in ops.values()]
    return "\n".join(parts)


def _entry(op: Op, agreed: list[str]) -> str:
    first = op.documentation.strip().partition("\n\n")[0]
    formula = " ".join(line.strip() for line in first.splitlines())
    names = ", ".join(f"`{n}`" for n in op.torch)
    lines = [f"### {op.name}\n", f"{formula}\n", f"Names: {names}\n"]
    lines += [f"- **{c.id}** ({c.rule}): {c.text}" for c in op.constraints.values()]
    if op.constraints:
        lines.append("")
    if agreed:
        lines.append(f"Held against torch {', '.join(agreed)}.\n")
    page = re.search(r"https://\S+", op.documentation)
    if page:
        lines.append(f"[torch's page]({page.group().rstrip('.,')})\n")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """`--write` renews the page, `--check` tells by the exit code whether it is current."""
    text = render()
    if arguments == ["--write"]:
        _TARGET.write_text(text, encoding="utf-8")
        return 0
    if arguments == ["--check"]:
        current = _TARGET.exists() and _TARGET.read_text(encoding="utf-8") == text
        if not current:
            print("docs/ops.md is stale: run `python -m shapelint.ops.docs --write`", file=sys.stderr)
        return 0 if current else 1
    print("usage: python -m shapelint.ops.docs --write | --check", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
