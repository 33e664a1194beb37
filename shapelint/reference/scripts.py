"""Witness scripts: a few lines of plain torch that show a fault and fail with what was told of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from shapelint.diagnostics import Diagnostic
from shapelint.rules.findings import Finding

if TYPE_CHECKING:
    from shapelint.reference.experiments import Shown
    from shapelint.reference.program import Program, Raised

_IMPORTS = {"nn": "from torch import nn", "F": "import torch.nn.functional as F"}


def crash_script(finding: Finding, program: Program, error: Raised, unseen: Iterable[str]) -> str:
    """Ends with the line that torch refuses."""
    lines = [line.source for line in program.needed(error.line)]
    return _script(finding, program, [*lines, error.line], f"The last line raises {error}", unseen)


def claim_script(finding: Finding, program: Program, text: str, shape: tuple[int, ...], unseen: Iterable[str]) -> str:
    """Ends with an assertion that a shape is not the one that torch gives; nothing passes it while the code stands."""
    lines = [line.source for line in program.needed(text)]
    lines.append(f'assert tuple({text}.shape) != {shape}, f"the shape is {{tuple({text}.shape)}}"')
    return _script(finding, program, lines, "The last line fails: what it says is so", unseen)


def silent_script(finding: Finding, program: Program, shown: Shown, unseen: Iterable[str]) -> str:
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
    is_array = type(program.evaluate(shown.result)).__module__ == "numpy"
    for claim in shown.claims:
        after, before = f"program(changed){claim.watch}", f"before{claim.watch}"
        if is_array:
            after, before = f"torch.as_tensor({after})", f"torch.as_tensor({before})"
        same = f"torch.allclose({after}, {before}, atol=1e-6)"
        lines += [
            f"changed = copy.deepcopy({shown.free})",
            claim.change,
            f"seen[{claim.sentence!r}] = {'not ' if claim.changes else ''}{same}",
        ]
    lines.append('assert not all(seen.values()), "; ".join(seen)')
    return _script(finding, program, lines, "The last line fails: what it says is so", unseen)


def _script(finding: Finding, program: Program, lines: list[str], last: str, unseen: Iterable[str]) -> str:
    body = "\n".join(lines)
    words = set(re.findall(r"[A-Za-z_]\w*", body))
    head = ["import copy", "", "import torch"] if "copy" in words else ["import torch"]
    head += [text for name, text in _IMPORTS.items() if name in words]
    head += [f"import {name}" for name in sorted(program.modules - {"torch"}) if name in words]
    at = finding.location
    told = [f"{at.path}:{at.line}: {finding.message} [{finding.rule}]", *last.splitlines()]
    told += ["Not seen by torch:", *(f"- {one}" for one in unseen)]
    comments = "".join(f"# {' '.join(line.split())}\n" for line in told)
    return comments + "\n".join(head) + f"\n\ntorch.manual_seed(0)\ntorch.set_grad_enabled(False)\n{body}\n"


def write(diagnostics: Iterable[Diagnostic], folder: str) -> list[str]:
    """Writes the script of each confirmed finding into a folder, which is made where it is missing: the paths. A script
    is named after what it shows: `src_model_py_14_16_linear_in_features.py`. Raises OSError."""
    os.makedirs(folder, exist_ok=True)
    written: list[str] = []
    for one in diagnostics:
        if one.witness is None or not one.witness.program:
            continue
        at = one.location
        stem = re.sub(r"[^A-Za-z0-9]+", "_", f"{at.path}_{at.line}_{at.column}_{one.rule}").strip("_")
        path = os.path.join(folder, f"{stem}.py")
        with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.write(one.witness.program)
        written.append(path)
    return written
