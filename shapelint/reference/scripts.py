"""Witness scripts: a few lines of plain torch that show a fault and fail with what was told of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapelint.rules.findings import Finding

if TYPE_CHECKING:
    from shapelint.reference.experiments import Shown
    from shapelint.reference.program import Line, Program, Raised

_IMPORTS = {"nn": "from torch import nn", "F": "import torch.nn.functional as F"}


def crash_script(finding: Finding, program: Program, error: Raised) -> str:
    """Ends with the line that torch refuses."""
    lines = [line.source for line in program.needed(error.line)]
    return _script(finding, program, [*lines, error.line], f"The last line raises {error}")


def silent_script(finding: Finding, program: Program, shown: Shown) -> str:
    """Ends with an assertion that what was shown is not so; a right program would pass it."""
    from shapelint.reference.experiments import dependent

    needed = program.needed(shown.result)
    inside = dependent(program, shown.free, shown.result)
    outside = [line.source for line in needed if line.source not in inside]
    lines = [
        *outside,
        "",
        f"def program({shown.free}):",
        *(f"    {line}" for line in inside),
        f"    return {shown.result}",
        "",
        f"before = program({shown.free})",
        "seen = {}",
    ]
    for claim in shown.claims:
        same = f"torch.allclose(program(changed){claim.watch}, before{claim.watch}, atol=1e-6)"
        lines += [
            f"changed = {shown.free}.clone()",
            claim.change,
            f"seen[{claim.sentence!r}] = {'not ' if claim.changes else ''}{same}",
        ]
    lines.append('assert not all(seen.values()), "; ".join(seen)')
    return _script(finding, program, lines, "The last line fails: what it says is so")


def _script(finding: Finding, program: Program, lines: list[str], last: str) -> str:
    body = "\n".join(lines)
    words = set(re.findall(r"[A-Za-z_]\w*", body))
    head = ["import torch"]
    head += [text for name, text in _IMPORTS.items() if name in words]
    head += [f"import {name}" for name in sorted(program.modules - {"torch"}) if name in words]
    at = finding.location
    told = [f"{at.path}:{at.line}: {finding.message} [{finding.rule}]", *last.splitlines()]
    comments = "".join(f"# {' '.join(line.split())}\n" for line in told)
    return comments + "\n".join(head) + f"\n\ntorch.manual_seed(0)\ntorch.set_grad_enabled(False)\n{body}\n"


def file_name(finding_path: str, line: int, rule: str) -> str:
    """The file that a witness is written to: `src_model_py_14_linear_in_features.py`."""
    stem = re.sub(r"[^A-Za-z0-9]+", "_", f"{finding_path}_{line}_{rule}").strip("_")
    return f"{stem}.py"


__all__ = ["Line", "crash_script", "file_name", "silent_script"]
