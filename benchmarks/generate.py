"""Do torch and shapelint agree about programs that nobody wrote?

Programs are made from seeds as people write them (`programs/`), every second one with one seeded fault. Each is run in torch and linted, with its
driver and without. Counted are false errors (torch runs the line, shapelint reports an error there), wrong shapes in `show`, and misses (torch
refuses sizes, and nothing is told), by op and by construct. Where a program reads sizes from a file, or hides them in other ways, what torch
refuses from there on cannot be told from the text; that is counted apart.

Every disagreement is made small and written to a folder, one program each, with what torch and shapelint say at its head.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHUNK = 25


@dataclass(slots=True)
class Told:
    """What became of one program. `untold` where torch refuses what the text does not tell."""

    seed: int
    families: frozenset[str]
    constructs: tuple[str, ...]
    seeded: bool
    raised: str
    over_sizes: bool
    caught: bool
    untold: bool
    op: str
    construct: str
    warned: tuple[str, ...]
    found: list[tuple[str, str, str, str, bool, str]] = field(
        default_factory=list
    )  # kind, subject, construct, text, alone, program


def examined(seeds: Iterable[int], show: bool) -> list[Told]:
    """What becomes of the programs of some seeds."""
    import torch
    from programs.judging import disagreements
    from programs.whole import program

    torch.set_num_threads(1)
    done = []
    for seed in seeds:
        one = program(seed)
        ran, reports, found = disagreements(one.text, one.files, one.driver, show=show)
        number = one.construct_of.get(ran.line, len(one.constructs))
        untold = one.untold_from is not None and number >= one.untold_from
        told = Told(
            seed,
            one.families,
            one.constructs,
            bool(one.seeded),
            ran.raised,
            ran.over_sizes,
            any(r.severity in ("error", "warning") for r in reports),
            untold,
            ran.op,
            one.name_at(ran.line),
            tuple(r.rule for r in reports if r.severity == "warning" and not ran.raised),
        )
        for d in found:
            if d.kind == "miss" and untold:
                continue
            told.found.append((d.kind, d.subject, one.name_at(d.line), d.text, d.alone, one.text))
        done.append(told)
    return done


def all_of(seeds: range, jobs: int, show: bool) -> Iterator[Told]:
    """What becomes of all programs, as they come; a process that dies takes only its own programs with it."""
    chunks = [seeds[i : i + CHUNK] for i in range(0, len(seeds), CHUNK)]
    if jobs == 1:
        for chunk in chunks:
            yield from examined(chunk, show)
        return
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_prepared, initargs=(sys.path[:2],)
    ) as pool:
        try:
            for future in as_completed([pool.submit(examined, chunk, show) for chunk in chunks]):
                yield from future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _prepared(path: list[str]) -> None:
    sys.path[:0] = path


def table(done: list[Told], seconds: float) -> Iterator[str]:
    """The figures of a run."""
    from programs.constructs import CONSTRUCTS
    from programs.sketch import FAMILIES

    refused = [t for t in done if t.over_sizes]
    told = [t for t in refused if not t.untold]
    caught = [t for t in told if t.caught]
    counts = Counter(kind for t in done for kind in {kind for kind, *_ in t.found})
    other = Counter(t.raised.partition(":")[0] for t in done if t.raised and not t.over_sizes)
    yield f"{len(done)} programs in {seconds:.0f} s, {sum(t.seeded for t in done)} with a seeded fault"
    yield f"{sum(not t.raised for t in done)} run; torch refuses the sizes of {len(refused)}; {sum(other.values())} end otherwise {dict(other)}"
    yield f"false errors {counts['false error']}, wrong shapes {counts['wrong shape']}, failures {counts['failure']} (programs)"
    yield f"warnings on programs that run: {sum(map(bool, (t.warned for t in done)))} {dict(Counter(r for t in done for r in t.warned))}"
    share = len(caught) / len(told) if told else 1.0
    yield f"caught {len(caught)} of {len(told)} refused ({share:.1%}); not told by the text: {len(refused) - len(told)}"
    yield ""
    yield f"{'family':14}{'programs':>9}{'false errors':>14}{'wrong shapes':>14}{'refused':>9}{'caught':>8}"
    everyday = sorted({c.family for c in CONSTRUCTS.values()} - set(FAMILIES))
    for family in (*FAMILIES, *everyday):
        names = {c.name for c in CONSTRUCTS.values() if c.family == family}
        having = [t for t in done if family in t.families]
        wrong = Counter(kind for t in having for kind in {k for k, _, c, *_ in t.found if c in names or c == "driver"})
        there = [t for t in told if t.construct in names]
        got = sum(t.caught for t in there)
        share_text = f"{got / len(there):8.0%}" if there else f"{'':8}"
        yield f"{family:14}{len(having):>9}{wrong['false error']:>14}{wrong['wrong shape']:>14}{len(there):>9}{share_text}"
    yield ""
    rare = Counter(dict.fromkeys(CONSTRUCTS, 0))
    rare.update(c for t in done for c in set(t.constructs) if c in CONSTRUCTS)
    least = rare.most_common()[-5:]
    yield "rarest constructs: " + ", ".join(f"{name} {n}" for name, n in least)
    misses = Counter((t.op, t.construct) for t in told if not t.caught)
    by_op = Counter(t.op for t in told)
    yield ""
    yield f"{'misses by op':28}{'missed':>8}{'of':>7}"
    for op, n in Counter(t.op for t in told if not t.caught).most_common(20):
        where = ", ".join(f"{c} {k}" for (o, c), k in misses.most_common() if o == op)
        yield f"{op:28}{n:>8}{by_op[op]:>7}  {where[:90]}"


def write(done: list[Told], folder: Path, most: int) -> None:
    """Write the disagreements, made small, one program each."""
    from programs.minimising import minimised

    folder.mkdir(parents=True, exist_ok=True)
    kept: Counter[tuple[str, str, str]] = Counter()
    for told in sorted(done, key=lambda t: t.seed):
        for kind, subject, construct, text, alone, _ in told.found[:1]:
            key = (kind, subject, construct)
            kept[key] += 1
            if kept[key] > most:
                continue
            small = minimised(told.seed, kind, subject, alone)
            head = f"# {kind} [{subject}] in {construct}{', without the driver' if alone else ''}, seed {told.seed}\n# {text}\n"
            name = f"{kind}-{subject or 'op'}-{construct}-{told.seed}.py".replace(" ", "_").replace("/", "over")
            (folder / name).write_text(head + small, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=1000, metavar="N", help="how many (default: 1000)")
    parser.add_argument("--minutes", type=float, metavar="N", help="stop after so long, with what is done")
    parser.add_argument("--seed", type=int, default=0, help="which (default: 0)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    parser.add_argument(
        "--tool-root",
        type=Path,
        default=HERE.parent,
        metavar="PATH",
        help="a checkout to be measured in place of this one",
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the disagreements are written to")
    parser.add_argument("--each", type=int, default=2, metavar="N", help="of one kind write so many (default: 2)")
    parser.add_argument("--no-show", action="store_true", help="leave out the shapes that `show` tells")
    parser.add_argument("--text", type=int, metavar="SEED", help="print the program of one seed, and nothing else")
    args = parser.parse_args()
    sys.path[:0] = [str(args.tool_root), str(HERE)]
    if args.text is not None:
        from programs.whole import program

        print(program(args.text).text, end="")
        return 0
    start = time.monotonic()
    first = args.seed * 1_000_000
    done = []
    for told in all_of(range(first, first + args.programs), args.jobs, not args.no_show):
        done.append(told)
        if args.minutes is not None and time.monotonic() - start > 60 * args.minutes:
            break
    done.sort(key=lambda t: t.seed)
    print("\n".join(table(done, time.monotonic() - start)))
    if args.out is not None:
        write(done, args.out, args.each)
    return 1 if any(kind in ("false error", "failure") for t in done for kind, *_ in t.found) else 0


if __name__ == "__main__":
    sys.exit(main())
