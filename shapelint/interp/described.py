"""Well-known models, datasets and transforms of torchvision, described by what torchvision documents: the layers that people reach for by name, the
shape of the result, the pictures that a dataset holds and what becomes of them.

A family is one file of `torchvision_models/`, written with torch as its author would write it, where only the shape matters. It is
never imported: the interpreter reads it as it reads a module of the project, so that a head can be replaced
(`model.fc = nn.Linear(model.fc.in_features, 10)`), its parts listed (`model.children()`) and called. Datasets and transforms are classes of
`torchvision_data.pyi`, read alike. A name, an argument or an attribute that is not described is unknown.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

from shapelint.interp.names import namespace
from shapelint.interp.objects import ClassInfo, ClassValue, Frame, FunctionValue, Instance
from shapelint.interp.run import Run
from shapelint.program.project import LoadedModule
from shapelint.shapes.dim import Dim
from shapelint.values.model import Int, Ref, Unknown, Value

_FOLDER = Path(__file__).parent / "torchvision_models"
_DATA = Path(__file__).parent / "torchvision_data.pyi"
_PREFIX = os.path.join(Path(__file__).parent, "torchvision_")
_HOMES_OF_DATA = frozenset(
    f"torchvision.{home}"
    for home in ("datasets", "transforms", "transforms.functional", "transforms.v2", "transforms.v2.functional")
)


def described(run: Run, name: str) -> FunctionValue | ClassValue | None:
    """What is described by a dotted name: the function that builds a model (`torchvision.models.resnet18`, `torchvision.models.resnet.resnet18`), the
    class of a dataset or a transform; None where it is not described."""
    home, last = _home(name)
    if home is None:
        return None
    loaded = run.project.load(home)
    address = namespace(run, loaded) if isinstance(loaded, LoadedModule) else None
    frame = run.state.find(address) if address is not None else None
    found = frame.names.get(last) if isinstance(frame, Frame) else None
    return found if isinstance(found, (FunctionValue, ClassValue)) else None


def _home(name: str) -> tuple[Path | None, str]:
    """The file that describes a dotted name, and the name there."""
    owner, _, last = name.rpartition(".")
    if owner == "PIL.Image" and last in ("open", "new", "fromarray"):
        return _DATA, last
    if owner in _HOMES_OF_DATA:
        return (_DATA if last[:1].isupper() or owner.endswith(".functional") else None), last
    if not name.startswith("torchvision.models."):
        return None, last
    family = owner.removeprefix("torchvision.models").removeprefix(".")
    home = _families().get(last)
    return (home if home is not None and family in ("", home.stem) else None), last


def is_description(module: LoadedModule) -> bool:
    """Whether a module describes torchvision: nobody's code, so that nothing is reported there."""
    return os.fspath(module.absolute).startswith(_PREFIX)


def is_described(cls: ClassInfo) -> bool:
    """Whether a class is described, or inherits from one that is."""
    return any(isinstance(base, ClassInfo) and is_description(base.module) for base in cls.mro)


def loosen(run: Run, module: Ref) -> None:
    """Forget the strides of what a module holds of described models: someone walks through all its layers, which are more than those described, and
    may give them others (`m.stride = (1, 1)`)."""
    if not any(path.startswith(_PREFIX) for path in run.project.snapshots):
        return
    pending: list[Value] = [module]
    seen: set[int] = set()
    while pending:
        value = pending.pop()
        if not isinstance(value, Ref) or value.address in seen:
            continue
        seen.add(value.address)
        thing = run.state.read(value)
        if not isinstance(thing, Instance):
            continue
        pending += [*thing.attrs.values(), *(part for _, part in thing.parts or ())]
        if isinstance(thing.cls, ClassInfo) and is_described(thing.cls):
            writable = run.state.write(value)
            assert isinstance(writable, Instance)
            if "_stride" in writable.attrs:
                writable.attrs["_stride"] = Int(Dim.symbol("stride", "unknown"))


def reach_into(run: Run, module: Ref, name: str) -> None:
    """Forget what may change where someone asks a described model for an attribute that is not described: the strides of what lies below
    (`layer4[0].conv2.stride = 1`), of `_modules` all parts."""
    loosen(run, module)
    if name == "_modules":
        thing = run.state.write(module)
        assert isinstance(thing, Instance)
        thing.attrs = {n: Unknown("dynamic-value", n) if isinstance(v, Ref) else v for n, v in thing.attrs.items()}


@functools.cache
def _families() -> dict[str, Path]:
    """The file that describes each model."""
    found = {}
    for path in _FOLDER.glob("*.pyi"):
        for model in re.findall(r"^def (\w+)\(\s*pretrained", path.read_text(encoding="utf-8"), re.MULTILINE):
            found[model] = path
    return found
