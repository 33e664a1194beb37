"""Sampled calls in torch: what the samples of ops draw, done by the functions and layers that the ops describe.

What a sample may hold beyond numbers, strings and `T`s: lists, tuples, slices, dicts; `External("torch.float32")` for a
constant of torch; another `Sample`, whose result is the argument; `Built`, a layer as an argument. Float tensors hold
entries within (0, 1); those whose last two axes are equal are positive definite, so that a matrix can be inverted and
factored. Layers are in evaluation mode.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import torch

from shapelint.ops.contract import Built, Sample, T
from shapelint.values.model import External


class Rejected(Exception):
    """Torch raised."""


def run_torch(sample: Sample) -> Any:
    """The result of torch. Raises Rejected where torch raises."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.default_generator.manual_seed(0)  # torch.manual_seed formats a stack trace each time
        try:
            return _call_torch(sample)
        except Exception as error:
            raise Rejected(f"{type(error).__name__}: {error}") from error


def _call_torch(sample: Sample) -> Any:
    target = named_object(sample.name)
    args = [_concrete(a) for a in sample.args]
    kwargs = {k: _concrete(v) for k, v in sample.kwargs.items()}
    if sample.name.startswith("numpy."):
        args, kwargs = [_as_array(a) for a in args], {k: _as_array(v) for k, v in kwargs.items()}
    if isinstance(target, type) and issubclass(target, torch.nn.Module):
        init = [_concrete(a) for a in sample.init]
        layer = target(*init, **{k: _concrete(v) for k, v in sample.init_kwargs.items()})
        return layer.eval()(*args, **kwargs)
    owner, _, method = sample.name.rpartition(".")
    build = target if isinstance(target, type) else named_object(owner)
    if ".distributions." in sample.name and isinstance(build, type):  # an object that `init` builds, or a method of it
        built = build(*map(_concrete, sample.init), **{k: _concrete(v) for k, v in sample.init_kwargs.items()})
        return (built.batch_shape, built.event_shape) if build is target else getattr(built, method)(*args, **kwargs)
    if not callable(target):  # a property, such as Tensor.T
        return getattr(args[0], sample.name.rpartition(".")[2])
    return target(*args, **kwargs)


def named_object(name: str) -> Any:
    """What a dotted name means: a module, or something in one. Raises AttributeError where there is no such thing, ImportError where a module
    cannot be imported."""
    root, *path = name.split(".")
    found: Any = importlib.import_module(root)
    for depth, part in enumerate(path, 1):
        if not hasattr(found, part) and isinstance(found, ModuleType):
            inner = ".".join((root, *path[:depth]))
            try:
                importlib.import_module(inner)
            except ModuleNotFoundError as error:
                if error.name != inner:
                    raise
        found = getattr(found, part)
    return found


def _concrete(value: Any) -> Any:
    if isinstance(value, T):
        return _filled(value)
    if isinstance(value, Sample):
        return _call_torch(value)
    if isinstance(value, Built):
        init = [_concrete(a) for a in value.init]
        built = named_object(value.name)(*init, **{k: _concrete(v) for k, v in value.init_kwargs.items()})
        return built.eval() if isinstance(built, torch.nn.Module) else built
    if isinstance(value, External):
        return named_object(value.name)
    if isinstance(value, (list, tuple)):
        return type(value)(_concrete(v) for v in value)
    if isinstance(value, dict):
        return {k: _concrete(v) for k, v in value.items()}
    return value


def _as_array(value: Any) -> Any:
    """Functions of NumPy are given arrays."""
    if isinstance(value, torch.Tensor):
        return value.numpy()
    return type(value)(_as_array(v) for v in value) if isinstance(value, (list, tuple)) else value


def _filled(spec: T) -> torch.Tensor:
    if spec.dtype == "bool":
        return torch.rand(spec.sizes) < 0.5
    if spec.dtype == "int":
        return torch.randint(0, spec.high, spec.sizes)
    if spec.dtype == "complex":
        return torch.rand(spec.sizes, dtype=torch.complex64)
    x = torch.rand(spec.sizes) * 0.9 + 0.05
    if len(spec.sizes) >= 2 and spec.sizes[-1] == spec.sizes[-2] > 1:
        n = spec.sizes[-1]
        x = (x + x.mT) / (4 * n) + 0.5 * torch.eye(n)
    return x


def kind(dtype: torch.dtype) -> str:
    """bool, int, float or complex."""
    if dtype is torch.bool:
        return "bool"
    return "complex" if dtype.is_complex else "float" if dtype.is_floating_point else "int"


def describe(sample: Sample) -> str:
    """The call as one would write it, tensors as their sizes."""
    init = _arguments(sample.init, sample.init_kwargs)
    built = f"({init})" if sample.init or sample.init_kwargs else ""
    return f"{sample.name}{built}({_arguments(sample.args, sample.kwargs)})"


def _arguments(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    return ", ".join([*(_text(a) for a in args), *(f"{k}={_text(v)}" for k, v in kwargs.items())])


def _text(value: Any) -> str:
    if isinstance(value, T):
        sizes = "×".join(map(str, value.sizes)) or "()"
        return f"<{sizes}{'' if value.dtype == 'float' else ' ' + value.dtype}>"
    if isinstance(value, Sample):
        return describe(value)
    if isinstance(value, Built):
        return f"{value.name}({_arguments(value.init, value.init_kwargs)})"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(_text(v) for v in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return repr(value)
