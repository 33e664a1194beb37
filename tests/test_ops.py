"""Every op agrees with real torch. `shapelint/reference/op_proof.py` says how.

Run one op with `pytest tests/test_ops.py -k cat` (the parameter is `file-op`, as in `cat-cat`), all ops of a file with
`-k "recurrent-"`. `SHAPELINT_SAMPLES=1000` draws more, `pytest -m mutation tests/test_ops.py -k cat` disables each
constraint in turn and expects to see it.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from shapelint.ops import docs, index
from shapelint.ops.contract import Context, Op, infer
from shapelint.reference import op_record
from shapelint.reference.op_calls import Rejected, describe, named_object, run_torch
from shapelint.reference.op_proof import Report, examine
from shapelint.shapes.shape import Axis
from shapelint.values.model import Tensor, Value

SAMPLES = int(os.environ.get("SHAPELINT_SAMPLES", "200"))

# Known sizes get an answer. Exceptions: op -> how many of a hundred calls may go without one, and why.
GAPS: dict[str, tuple[int, str]] = {
    "dtype": (100, "a kind of entries is several dtypes, but for bools"),
    "device": (100, "a tensor lives where the run puts it"),
    "handle": (100, "a thing without a shape"),
}

# Known sizes get known sizes. Exceptions: op -> what the missing ones depend on.
DATA_DEPENDENT: dict[str, str] = {
    "item": "an entry",
    "int()": "an entry",
    "tolist": "entries",
    "places": "addresses",
    "count": "the machine, and other processes",
    "stride": "how the tensor lies in memory",
    "PackedSequence": "the batch is the first entry of `batch_sizes`",
    "unpad_sequence": "every sequence is as long as its entry of `lengths`",
    "unpack_sequence": "every sequence is as long as it was before it was packed",
    "where": "a mask alone gives as many indices as it has true entries",
    "numpy.where": "a mask alone gives as many indices as it has true entries",
    "numpy.unique": "as many entries as differ",
    "unique": "as many entries as differ",
    "unique_consecutive": "as many entries as differ",
    "bincount": "the greatest entry",
    "numpy.bincount": "the greatest entry",
    "numpy.delete": "entries that an array or a mask names",
    "lstsq": "the device that chooses the driver, and the rank of the matrices",
    "masked_select": "as many entries as the mask is true for",
    "nonzero": "as many indices as there are entries that are not 0",
    "numpy.argwhere": "as many rows as there are entries that are not 0",
    "getitem": "a mask selects as many entries as it is true for",
    "repeat_interleave": "a tensor of repeats gives as many entries as it sums to",
}

# Each constraint is needed. Exceptions: (op, constraint) -> which other ones catch what it catches.
COVERED: dict[tuple[str, str], str] = {
    **{(name, "C9"): "C5; this one tells that the axes were taken for each other" for name in ("LSTM", "GRU", "RNN")},
    ("cross_entropy", "C5"): "C1 and C3; this one tells that it is the dtype",
    ("CrossEntropyLoss", "C5"): "C1 and C3; this one tells that it is the dtype",
}

FILES = index.op_files()


def _ops() -> list[tuple[str, Op]]:
    found = []
    for file in FILES:
        try:
            found += [(file, op) for op in index.ops_in(file).values()]
        except Exception:  # test_file_loads reports it
            continue
    return found


OPS = [pytest.param(op, id=f"{file}-{op.name}") for file, op in _ops()]


@pytest.mark.parametrize("file", FILES)
def test_file_loads(file: str) -> None:
    index.ops_in(file)


@pytest.mark.parametrize("op", OPS)
def test_agrees_with_torch(op: Op) -> None:
    assert op.samples is not None, "an op is tested by its samples"
    report = examine(op, SAMPLES)
    assert not report.disagreements, str(report)
    assert not report.missing, str(report)
    assert report.accepted >= SAMPLES, str(report)
    assert report.rejected >= SAMPLES or not op.constraints, str(report)
    allowance = GAPS.get(op.name, (0, ""))[0]
    assert len(report.gaps) * 100 <= allowance * (report.accepted + report.rejected), str(report)
    assert not report.partial or op.name in DATA_DEPENDENT, str(report)


@pytest.mark.parametrize("op", OPS)
def test_docstring_tells_shapes_constraints_and_page(op: Op) -> None:
    assert "`" in op.documentation.partition("\n\n")[0], "the first line holds the formula"
    assert "https://" in op.documentation
    told = set(re.findall(r"C\d+", op.documentation))
    for first, last in re.findall(r"C(\d+) to C(\d+)", op.documentation):
        told |= {f"C{n}" for n in range(int(first), int(last) + 1)}
    assert op.constraints.keys() <= told


@contextmanager
def disabled(op: Op, constraint: str) -> Iterator[None]:
    """The op without one of its constraints: where it would be refuted, the rule goes on as if nothing had been."""
    refute = Context.refute

    def patched(self: Context, id: str, *args: Any, **kwargs: Any) -> None:
        if self.op is op and id == constraint:
            return
        refute(self, id, *args, **kwargs)

    Context.refute = patched  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Context.refute = refute  # type: ignore[method-assign]


def _unnoticed(op: Op, constraint: str) -> Report | None:
    with disabled(op, constraint):
        report = examine(op, min(SAMPLES, 200), stop_early=True)
    return None if report.disagreements or report.gaps else report


@pytest.mark.mutation
@pytest.mark.parametrize("op", OPS)
def test_each_constraint_is_needed(op: Op) -> None:
    for id in op.constraints:
        if (op.name, id) not in COVERED:
            assert _unnoticed(op, id) is None, f"{id} can be disabled without any change of verdict"


# The harness itself ------------------------------------------------------------------------------


def _op(name: str) -> Op:
    found = index.find(name)
    assert found is not None
    return found


@pytest.mark.parametrize("constraint", ["C1", "C2", "C3", "C4"])
def test_harness_notices_a_missing_constraint(constraint: str) -> None:
    assert _unnoticed(_op("torch.cat"), constraint) is None


def test_harness_notices_a_wrong_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    permute = _op("torch.permute")
    rule = permute._rule
    assert rule is not None

    def backwards(*args: Value, **kwargs: Value) -> Value:
        x = rule(*args, **kwargs)
        assert isinstance(x, Tensor)
        return x.with_parts(x.shape.parts[::-1])

    monkeypatch.setattr(permute, "_rule", backwards)
    assert examine(permute, 50).disagreements


def test_harness_notices_a_false_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that learns too much gives right shapes, and lies about everything after it."""
    permute = _op("torch.permute")
    rule = permute._rule
    assert rule is not None

    def squared(cx, **kwargs: Value) -> Value:  # type: ignore[no-untyped-def]
        x = rule(cx, **kwargs)
        sizes = [p.size for p in x.shape.parts if isinstance(p, Axis)]
        cx.facts.equate_all(sizes, sizes[1:])
        return x

    monkeypatch.setattr(permute, "_rule", squared)
    assert any("learned" in text for text in examine(permute, 50).disagreements)


def test_harness_notices_a_rule_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    permute = _op("torch.permute")

    def silent(cx, **kwargs: Value) -> Value:  # type: ignore[no-untyped-def]
        from shapelint.ops.contract import CannotTell

        raise CannotTell

    monkeypatch.setattr(permute, "_rule", silent)
    report = examine(permute, 50)
    assert report.gaps
    assert len(report.missing) == len(permute.constraints)


# Index and page ----------------------------------------------------------------------------------


def test_index_is_current() -> None:
    assert index.main(["--check"]) == 0


def test_page_is_current() -> None:
    assert docs.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("torch.cat", "cat"),
        ("torch.functional.cat", "cat"),
        ("torch.nn.Linear", "Linear"),
        ("torch.nn.modules.linear.Linear", "Linear"),
        ("torch.nn.modules.Linear", "Linear"),
        ("torch.Tensor.permute", "permute"),
        ("torch.Tensor.permute_", "permute"),
        ("torch.nonesuch", None),
        ("", None),
        ("_", None),
        ("torch.Tensor.__class__", None),
    ],
)
def test_find(name: str, found: str | None) -> None:
    op = index.find(name)
    assert (op.name if op else None) == found


def test_find_loads_only_the_file_it_needs() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from shapelint.ops.index import find; find('torch.cat');"
        "print(*sorted(m for m in sys.modules if m.startswith('shapelint.ops.')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == [f"shapelint.ops.{m}" for m in ("_index", "cat", "contract", "index")]


def test_two_ops_of_one_name_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from shapelint.ops import permute

    monkeypatch.setattr(permute.PERMUTE, "torch", ("torch.cat",))
    with pytest.raises(index.DuplicateOp, match=r"torch\.cat"):
        index.build_index()


def test_infer_never_raises_on_arguments_that_do_not_fit() -> None:
    from shapelint.shapes.facts import Facts

    assert infer(Context(Facts()), _op("torch.cat"), (), {}).mismatch is None


def test_every_name_is_one_of_torch() -> None:
    """Names that the installed torch lacks are old ones, and told so here."""
    missing = set()
    for _, op in _ops():
        for name in op.torch:
            try:
                named_object(name)
            except AttributeError:
                missing.add(name)
            except ModuleNotFoundError:  # a part of torch that needs another package
                continue
    assert {name for name in missing if not name.startswith("torch.npu.")} == OLD_NAMES  # a device of another package


OLD_NAMES = {"torch.autocast_mode.autocast", "torch.distributed.all_reduce_multigpu", "torch.onnx.dynamo_export"}


BELOW_ONLY = 3  # samples of each name


@pytest.mark.parametrize("file", FILES)
def test_what_lies_below_takes_and_gives_the_same(file: str) -> None:
    for op in index.ops_in(file).values():
        homes = ("torch", "torch.Tensor", "torch.nn.functional")
        below = {n: f"torch.ops.aten.{n.rpartition('.')[2]}" for n in op.torch if n.rpartition(".")[0] in homes}
        below = {n: low for n, low in below.items() if index.find(low) is op and op.samples is not None}
        rng, drawn = random.Random(op.name), Counter[str]()
        for _ in range(60 if below and file not in ("settings", "handles") else 0):
            assert op.samples is not None
            sample = op.samples(rng)
            if sample.kwargs or sample.name not in below or drawn[sample.name] >= BELOW_ONLY:
                continue
            drawn[sample.name] += 1
            try:
                result = run_torch(replace(sample, name=below[sample.name]))
            except Rejected:
                continue  # no such function below, or one that is narrower
            assert _shapes(result) == _shapes(run_torch(sample)), describe(sample)


def _shapes(result: Any) -> Any:
    if isinstance(result, (list, tuple)) and not isinstance(result, torch.Size):
        return [_shapes(one) for one in result]
    return tuple(result.shape) if isinstance(result, torch.Tensor) else type(result)


@pytest.mark.parametrize("name", ["torch.cat", "torch.nn.functional.relu", "numpy.matmul"])
def test_record_is_what_the_samples_say(name: str) -> None:
    op, version = _op(name), torch.__version__.partition("+")[0]
    recorded = (Path(__file__).parents[1] / "docs" / "ops_agreed.tsv").read_text(encoding="utf-8").splitlines()
    if not any(line.split("\t")[2] == version for line in recorded):
        pytest.skip("nothing is recorded of this version of torch")
    file = next(file for file in FILES if op in index.ops_in(file).values())
    assert op_record.line(file, op, version) in recorded
