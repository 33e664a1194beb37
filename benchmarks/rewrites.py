"""Do verdicts stay what they are when a program is written otherwise?

Each Python file of FOLDER is rewritten in ways that keep its meaning (`programs/rewriting.py`): renamed, reordered, split, inlined, moved, its calls
by name, wrapped. The rules, severities and places of what is reported, places as the statements they lie in, must be those of the file itself.
Nothing is run.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

Verdict = Counter[tuple[str, str, frozenset[int]]]
"""Rule, severity and statements, with how often."""


def verdict(files: Mapping[str, str]) -> Verdict:
    """What is reported on a program whose texts are marked."""
    from programs.rewriting import lines

    from shapelint.config import Configuration
    from shapelint.run import Task, check

    at: dict[str, dict[int, frozenset[int]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, text, statements in lines(dict(files)):
            (Path(folder) / name).write_text(text, encoding="utf-8")
            at[name] = statements
        (Path(folder) / "setup.cfg").touch()
        outcome = check(Task((folder,), Configuration(), jobs=1, use_cache=False))
    found: Verdict = Counter()
    for one in outcome.diagnostics:
        statements = at.get(os.path.basename(one.location.path), {})
        found[(one.rule, one.severity, statements.get(one.location.line, frozenset()))] += 1
    for failure in outcome.failures:
        found[("failure", failure.message, frozenset())] += 1
    return found


def joined(found: Verdict, files: Mapping[str, str]) -> Verdict:
    """The verdict with statements that a rewrite made one taken for one."""
    from programs.rewriting import lines

    groups = {n: group for _, _, statements in lines(dict(files)) for group in statements.values() for n in group}
    same: Verdict = Counter()
    for (rule, severity, statements), count in found.items():
        whole = frozenset(m for n in statements for m in groups.get(n, {n}))
        same[(rule, severity, whole)] += count
    return same


def changes(text: str) -> Iterator[tuple[str, Verdict, Verdict, dict[str, str]]]:
    """Each rewrite that does something to a program, with the verdicts before and after it."""
    from programs.rewriting import MAIN, REWRITES, marked, rewritten

    before = verdict({MAIN: marked(text)})
    for name in REWRITES:
        files = rewritten(text, name)
        if files is not None:
            yield name, joined(before, files), joined(verdict(files), files), files


def programs(folder: Path) -> Iterator[Path]:
    """The files that are programs of their own."""
    for path in sorted(folder.rglob("*.py")):
        if not any(
            other.name != path.name and other.suffix == ".py"
            for other in path.parent.iterdir()
            if path.name == "main.py"
        ):
            yield path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="FOLDER", nargs="+", type=Path)
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where the rewritten programs are written to whose verdict changed"
    )
    args = parser.parse_args()
    from programs.rewriting import unmarked

    done: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    for path in (p for folder in args.folders for p in programs(folder)):
        try:
            for name, before, after, files in changes(path.read_text("utf-8")):
                done[name] += 1
                if before == after:
                    continue
                changed[name] += 1
                print(f"{path}: {name}: lost {_told(before - after)}, new {_told(after - before)}")
                if args.out is not None:
                    place = args.out / f"{path.parent.name}-{path.stem}-{name}"
                    place.mkdir(parents=True, exist_ok=True)
                    for file, text in files.items():
                        (place / file).write_text(unmarked(text), encoding="utf-8")
        except (SyntaxError, UnicodeDecodeError) as error:
            print(f"{path}: not read: {error}")
    print(f"{'rewrite':28}{'programs':>9}{'changed':>9}")
    for name in sorted(done):
        print(f"{name:28}{done[name]:>9}{changed[name]:>9}")
    print(f"{'all':28}{done.total():>9}{changed.total():>9}")
    return 1 if changed else 0


def _told(verdict: Verdict) -> str:
    return ", ".join(f"{severity} [{rule}]" for rule, severity, _ in verdict.elements()) or "nothing"


if __name__ == "__main__":
    sys.exit(main())
