"""Finds the op that goes by a torch name, loading only the file that holds it.

`_index.py` is generated from the op files: `python -m shapelint.ops.index --write` (a test runs `--check`).
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from shapelint.ops.contract import Op

_PACKAGE = "shapelint.ops"
_FOLDER = Path(__file__).parent
_HEAD = '''\
"""Which file and op each torch name means, separated by tabs. Written by `python -m shapelint.ops.index --write`."""
# ruff: noqa: E501

INDEX = """\\'''
# modules that define what another one exports
_DEFINING = {
    "torch.random": "torch",
    "torch.autograd.grad_mode": "torch",
    "torch.autograd": "torch",
    "torch.serialization": "torch",
    **{f"torch.cuda.{module}": "torch.cuda" for module in ("graphs", "memory", "random", "streams")},
    **{
        f"torch.utils.data.{module}": "torch.utils.data"
        for module in ("dataloader", "dataset", "distributed", "sampler")
    },
    "torch.distributed.distributed_c10d": "torch.distributed",
    "torch.nn.utils.clip_grad": "torch.nn.utils",
    "torch.nn.utils.convert_parameters": "torch.nn.utils",
}
# where torch's functions lie below their public names: the same arguments in the same order
_BELOW = ("torch.ops.aten.", "torch._C._nn.", "torch._C._VariableFunctions.")
# but for these, whose public function takes or gives something else
_OTHERWISE = frozenset(
    """adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d fractional_max_pool2d fractional_max_pool3d max_unpool2d
    max_unpool3d binary_cross_entropy binary_cross_entropy_with_logits kl_div embedding embedding_bag batch_norm instance_norm
    backward grad data device stft istft tensor as_tensor unique_consecutive block_diag cartesian_prod broadcast_tensors tensordot
    polygamma set_ save load""".split()
)
_found: dict[str, Op | None] = {}
_own: Mapping[str, Op] = {}  # the user's, by name, while files are read that they are meant for


class DuplicateOp(Exception):
    """Two ops claim one torch name, or two ops of one file one op name."""


def find(name: str) -> Op | None:
    """The op that a dotted torch name means ("torch.nn.LSTM", "torch.Tensor.add_"), None where there is none.

    Layers are also found where torch defines them (`torch.nn.modules.rnn.LSTM`), functions where they lie below
    (`torch.ops.aten.add.Tensor`), functions of `torch.functional` as `torch.*`, constructors for a device as those for
    the CPU, what a module defines and another exports as what is exported, an in-place function by the name of the one
    that is not. A user's own op (`own.py`) goes before any of these.
    """
    own = _own.get(name)
    return own if own is not None else built_in(name)


def built_in(name: str) -> Op | None:
    """The op of shapelint's own that a name means, as `find` tells."""
    if name not in _found:
        _found[name] = _load(name)
    return _found[name]


@contextmanager
def with_own(ops: Mapping[str, Op]) -> Iterator[None]:
    """Within it, `find` knows a user's own ops, given by every name that they go by."""
    global _own
    outside, _own = _own, ops
    try:
        yield
    finally:
        _own = outside


def is_own(name: str) -> bool:
    """Whether a dotted name is that of a user's own op."""
    return name in _own


def own_within(owner: str) -> Iterator[tuple[str, str]]:
    """What a user's own ops name in a module or class, given by its dotted name: attribute and whole name."""
    for name in _own:
        home, _, last = name.rpartition(".")
        if home == owner:
            yield last, name


def _load(name: str) -> Op | None:
    places = _index()
    for spelling in spellings(name):
        place = places.get(spelling)
        if place is not None:
            file, op_name = place
            return ops_of(importlib.import_module(f"{_PACKAGE}.{file}"))[op_name]
    return None


@functools.cache
def _index() -> dict[str, tuple[str, str]]:
    from shapelint.ops._index import INDEX

    places = {}
    for line in INDEX.splitlines():
        file, op_name, *names = line.split("\t")
        for name in names:
            places[name] = (file, op_name)
    return places


def spellings(name: str) -> Iterator[str]:
    """The names under which an op may be listed, the name itself first."""
    for spelling in _homes(name):
        yield spelling
        if spelling.endswith("_") and not spelling.endswith("__"):
            yield spelling[:-1]


def _homes(name: str) -> Iterator[str]:
    yield name
    owner, _, last = name.rpartition(".")
    if owner.startswith("torch.nn.modules"):
        yield f"torch.nn.{last}"
    elif owner == "torch.functional" or (owner == "torch.cuda" and last.endswith("Tensor")):
        yield f"torch.{last}"
    elif owner == "torch.nn.utils.rnn":
        yield f"torch.nn.utils.{last}"
    elif owner == "torch.nn.utils":
        yield f"torch.nn.utils.rnn.{last}"
    elif owner.startswith("torch.distributions."):
        # a class of the module that defines it, or a method of one
        yield ".".join(
            part for part in name.split(".") if not part.islower() or part in ("torch", "distributions", last)
        )
    elif owner in _DEFINING:
        yield f"{_DEFINING[owner]}.{last}"
    elif name.startswith(_BELOW):
        # behind a function of aten its overload may be named: `torch.ops.aten.add.Tensor`
        function = next(name.removeprefix(home) for home in _BELOW if name.startswith(home)).partition(".")[0]
        if function not in _OTHERWISE and not function.startswith("_foreach") and not function.endswith("_loss"):
            yield from (f"{home}.{function}" for home in ("torch", "torch.Tensor", "torch.nn.functional"))


def ops_of(module: ModuleType) -> dict[str, Op]:
    """The ops that a file holds at its top level, also in dicts, lists and tuples, by their own names.

    Raises DuplicateOp where two of them share a name.
    """
    ops: dict[str, Op] = {}
    for value in vars(module).values():
        several = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else (value,)
        for member in several:
            if isinstance(member, Op) and ops.setdefault(member.name, member) is not member:
                raise DuplicateOp(f"{module.__name__}: two ops are named {member.name!r}")
    return ops


def op_files() -> list[str]:
    """The names of the files of this folder, in order; which of them hold ops shows when they are loaded."""
    return sorted(p.stem for p in _FOLDER.glob("*.py") if p.stem not in ("__init__", "_index", "index", "docs", "own"))


def ops_in(file: str) -> dict[str, Op]:
    """The ops that a file of this folder defines itself, by name, without those it imports from another one."""
    found = ops_of(importlib.import_module(f"{_PACKAGE}.{file}"))
    return {name: op for name, op in found.items() if _home(op, file) == file}


def _home(op: Op, file: str) -> str:
    """The file that defines an op found in `file`: that of its rule, unless the rule was made for it elsewhere."""
    package, _, home = (op._rule.__module__ if op._rule else "").rpartition(".")
    if package == _PACKAGE and home != file and op in ops_of(sys.modules[f"{package}.{home}"]).values():
        return home
    return file


def build_index() -> dict[str, tuple[str, str]]:
    """Every torch name with the file and the name of its op. Raises DuplicateOp where two ops share a torch name."""
    owners: dict[str, tuple[str, str]] = {}
    for file in op_files():
        for op in ops_in(file).values():
            for name in op.torch:
                other = owners.setdefault(name, (file, op.name))
                if other != (file, op.name):
                    raise DuplicateOp(f"{name} is claimed by {other[1]} ({other[0]}.py) and {op.name} ({file}.py)")
    return dict(sorted(owners.items()))


def render_index() -> str:
    """The text of `_index.py`: one string, which Python reads much faster than a dict of as many entries."""
    of: dict[tuple[str, str], list[str]] = {}
    for name, place in build_index().items():
        of.setdefault(place, []).append(name)
    lines = ["\t".join((*place, *names)) for place, names in sorted(of.items())]
    return "\n".join([_HEAD, *lines, '"""', ""])


def main(arguments: list[str]) -> int:
    """`--write` renews `_index.py`, `--check` tells by the exit code whether it is current."""
    target = _FOLDER / "_index.py"
    text = render_index()
    if arguments == ["--write"]:
        target.write_text(text, encoding="utf-8")
        return 0
    if arguments == ["--check"]:
        current = target.exists() and target.read_text(encoding="utf-8") == text
        if not current:
            print("shapelint/ops/_index.py is stale: run `python -m shapelint.ops.index --write`", file=sys.stderr)
        return 0 if current else 1
    print("usage: python -m shapelint.ops.index --write | --check", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
