"""How far the reference layers, those of torch and the analyser agree: what is compared, how often, and the largest
difference.

The same comparisons as in `tests/test_reference.py` and `tests/test_replay.py`, over more draws. In the first table each
setting is a draw of all options of a layer, a form of input (padded, unbatched, packed, packed unsorted) and given states
or none; weights are equal, numbers are float64. In the second each setting is a program that builds and calls a layer:
the shapes that the analyser gives to what the call returns are held against those recorded inside the reference.
`--write` renews the tables of `docs/reference.md`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference.md"
BEGIN, END = "<!-- counted by benchmarks/reference.py -->\n", "<!-- end -->\n"
KINDS = ("LSTM", "GRU", "RNN")


def against_torch(wanted: int) -> list[str]:
    """One row for each kind of layer. Raises AssertionError where the reference and torch differ."""
    from tests.test_reference import TOLERANCE, assert_layers_agree, settings_of

    lines = [
        "| layer | settings | values | gradients | shapes inside | largest difference |",
        "| ----- | -------: | -----: | --------: | ------------: | -----------------: |",
    ]
    for kind in KINDS:
        agreed = [assert_layers_agree(kind, setting) for setting in settings_of(kind, wanted)]
        values, gradients = sum(one.values for one in agreed), sum(one.gradients for one in agreed)
        inside = sum(len(one.intermediates) for one in agreed)
        largest = max(one.largest for one in agreed)
        lines.append(f"| `nn.{kind}` | {len(agreed)} | {values} | {gradients} | {inside} | {largest:.0e} |")
    return [*lines, "", f"Tolerance: {TOLERANCE:.0e}."]


def against_analyser(wanted: int) -> list[str]:
    """One row for each kind of layer. Raises AssertionError where the analyser gives another shape."""
    from tests.test_replay import CHOICES, hold

    rng = random.Random(0)
    programs = dict.fromkeys(KINDS, 0)
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            for _ in range(wanted):
                options = {name: rng.choice(choices) for name, choices in CHOICES.items()} | {"kind": kind}
                problems = hold(options, Path(folder))
                assert not problems, (options, problems)
                programs[kind] += 1
    lines = ["| layer | programs | shapes held |", "| ----- | -------: | ----------: |"]
    for kind, count in programs.items():
        lines.append(f"| `nn.{kind}` | {count} | {count * (3 if kind == 'LSTM' else 2)} |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", type=int, default=100, help="settings of each layer (default: 100)")
    parser.add_argument("--write", action="store_true", help="renew the tables of docs/reference.md")
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    import torch

    version = torch.__version__.partition("+")[0]
    said = [f"The reference against torch {version}:", "", *against_torch(args.settings), ""]
    said += ["The analyser against the reference:", "", *against_analyser(args.settings), ""]
    print("\n".join(said))
    if args.write:
        before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(before + BEGIN + "\n" + "\n".join(said) + "\n" + END + after, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
