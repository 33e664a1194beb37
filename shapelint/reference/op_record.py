"""Records how far every op agrees with the torch that is installed: `python -m shapelint.reference.op_record FILE`.

FILE holds a line per op and version of torch, separated by tabs: the file of the op, its name, the version, how many
sampled calls torch accepted and rejected, how many of those that were put to the rule it answered otherwise, how many
these are, and the first of them. Lines of other versions stay. `docs/ops.md` is written from it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import torch

from shapelint.ops.contract import Op
from shapelint.ops.index import op_files, ops_in
from shapelint.reference.op_proof import examine

_CALL = re.compile(r".*?\)(?=:| is | with | raised |$)|.*")  # the call that a disagreement begins with
WANTED = 200  # calls accepted, and as many rejected where an op can reject


def line(file: str, op: Op, version: str) -> str:
    """What the samples of one op say."""
    report = examine(op, WANTED)
    first = _CALL.match(report.disagreements[0]).group() if report.disagreements else ""  # type: ignore[union-attr]
    numbers = (report.accepted, report.rejected, len(report.disagreements), report.checked)
    return "\t".join((file, op.name, version, *map(str, numbers), first))


def record(target: Path) -> int:
    """Renew the lines of this version of torch; gives how many ops disagree with it."""
    version = torch.__version__.partition("+")[0]
    kept = target.read_text(encoding="utf-8").splitlines() if target.exists() else []
    kept = [one for one in kept if one.split("\t")[2] != version]
    found = [line(file, op, version) for file in op_files() for op in ops_in(file).values() if op.samples is not None]
    target.write_text("\n".join(sorted([*kept, *found])) + "\n", encoding="utf-8")
    return sum(one.split("\t")[5] != "0" for one in found)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m shapelint.reference.op_record FILE")
    print(f"{record(Path(sys.argv[1]))} ops disagree with torch {torch.__version__}")
