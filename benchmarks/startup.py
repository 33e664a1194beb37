"""How long a hook waits: a cold check of a file of 100 lines, against half of `python -c "import torch"`.

Both are timed side by side in every round, so that a machine that is busy slows both; the median of the rounds' ratios
decides. The exit code is 1 where the ratio is not met, 2 where something could not be run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 0.5
ROUNDS = 7
EXAMPLE = Path(__file__).parent / "example.py"
ROOT = Path(__file__).resolve().parent.parent
TORCH = "import torch"


def commands(folder: str) -> dict[str, list[str]]:
    """What is timed, by name; `folder` is where the cached run keeps its cache."""
    tool = [sys.executable, "-m", "shapelint"]
    check = [*tool, "check", "--isolated", "--quiet", str(EXAMPLE)]
    return {
        TORCH: [sys.executable, "-c", TORCH],
        "cold check": [*check, "--no-cache"],
        "cached check": [*check, "--cache-dir", folder],
        "--version": [*tool, "--version"],
        "python alone": [sys.executable, "-c", "pass"],
    }


def timed(command: list[str]) -> float:
    """The seconds that a command takes. Raises CalledProcessError where it cannot do its work."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return seconds


def measure(rounds: int) -> dict[str, list[float]]:
    """The seconds of each command in each round, after one that fills the caches of the system and of Python."""
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(rounds + 1):
            for name, command in commands(folder).items():
                taken = timed(command)
                if turn:
                    seconds.setdefault(name, []).append(taken)
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each is timed (default: {ROUNDS})")
    args = parser.parse_args()
    try:
        seconds = measure(args.rounds)
    except subprocess.CalledProcessError as error:
        print(f"could not run {' '.join(error.cmd)}:\n{error.stderr}", file=sys.stderr)
        return 2
    lines = len(EXAMPLE.read_text("utf-8").splitlines())
    print(f"{EXAMPLE.name}, {lines} lines, median of {args.rounds} rounds\n")
    print(f"  {'':14}  seconds  of {TORCH}  least  most")
    ratios: dict[str, list[float]] = {}
    for name, taken in seconds.items():
        ratios[name] = [one / other for one, other in zip(taken, seconds[TORCH], strict=True)]
        median = f"{statistics.median(ratios[name]):.3f}"
        print(
            f"  {name:14}  {statistics.median(taken):7.3f}  {median:>15}  "
            f"{min(ratios[name]):5.3f}  {max(ratios[name]):5.3f}"
        )
    ratio = statistics.median(ratios["cold check"])
    met = ratio <= LIMIT
    verdict = "met" if met else "NOT MET"
    print(f"\n{verdict}: a cold check takes {ratio:.3f} of `{TORCH}`, the limit is {LIMIT}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
