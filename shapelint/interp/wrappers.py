"""What the objects give that run a training loop for others: `accelerate`'s Accelerator, Lightning's Fabric and Trainer.

On one process they hand back what they are given, which is what is told here; of several processes only the sizes are
left open. Sources: https://huggingface.co/docs/accelerate/package_reference/accelerator,
https://lightning.ai/docs/fabric/stable/api/fabric_methods.html, https://lightning.ai/docs/pytorch/stable/common/trainer.html
"""

from __future__ import annotations

from collections.abc import Callable

from shapelint.interp.calls import Arguments, call
from shapelint.interp.iteration import plan
from shapelint.interp.objects import HPARAMS, ClassInfo, DictObject, Frame, FunctionValue, Instance, ListObject
from shapelint.interp.run import Run
from shapelint.interp.torch_calls import call_named
from shapelint.program import model
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis
from shapelint.values.model import (
    NONE,
    Bool,
    Int,
    NoneValue,
    Opaque,
    Ref,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

_KINDS = {
    "accelerator": ("accelerate.Accelerator", "accelerate.accelerator.Accelerator"),
    "fabric": tuple(
        f"{home}.Fabric"
        for home in (
            "lightning",
            "lightning.fabric",
            "lightning.fabric.fabric",
            "lightning_fabric",
            "lightning_fabric.fabric",
        )
    ),
    "trainer": tuple(
        f"{home}.Trainer"
        for home in (
            "lightning",
            "lightning.pytorch",
            "lightning.pytorch.trainer",
            "pytorch_lightning",
            "pytorch_lightning.trainer",
        )
    ),
}
_KIND = {name: kind for kind, names in _KINDS.items() for name in names}
_MAX_DEPTH = 4  # of tuples and dicts of tensors

_Function = Callable[[Run, Instance, Arguments], Value]


def build_wrapper(run: Run, name: str) -> Ref | None:
    """`Accelerator(…)`, `Fabric(…)`, `Trainer(…)`: what is asked of it as an attribute depends on the machine. None for another name."""
    if name not in _KIND:
        return None
    processes = Int(Dim.symbol("processes", "unknown"))
    attrs: dict[str, Value] = {"device": Unknown("dynamic-value", "device")}
    if _KIND[name] == "accelerator":
        attrs["num_processes"] = processes
        attrs["mixed_precision"] = Str(None)
    else:
        attrs["world_size"] = processes
    for flag in ("is_main_process", "is_local_main_process", "is_last_process", "sync_gradients", "is_global_zero"):
        attrs[flag] = Bool(None)
    for number in ("process_index", "local_process_index", "global_rank", "local_rank", "node_rank"):
        attrs[number] = Int(Dim.symbol("rank", "unknown", 0))
    return run.state.allocate(Instance(name, attrs))


def wrapper_method(run: Run, thing: Instance, name: str, given: Arguments) -> Value | None:
    """A method of such an object; None where it has no meaning here."""
    kind = _KIND.get(thing.library_name)
    if kind is None:
        return None
    if kind == "trainer":
        hooks = _STAGES.get(name)
        return None if hooks is None or given.inexact else _run_stage(run, hooks, given)
    function = (_OF_ACCELERATOR if kind == "accelerator" else _OF_FABRIC).get(name)
    return None if function is None else function(run, thing, given)


# What is handed back -----------------------------------------------------------------------------


def _same(run: Run, thing: Instance, given: Arguments) -> Value:
    """The first argument."""
    return next(iter((*given.args, *given.kwargs.values())), Unknown("dynamic-value"))


def _several(run: Run, thing: Instance, given: Arguments) -> Value:
    """All arguments in order, one alone as it is."""
    if given.inexact or not given.args:
        return Unknown("dynamic-value", "prepare")
    return given.args[0] if len(given.args) == 1 else Tuple(given.args)


def _listed(run: Run, thing: Instance, given: Arguments) -> Value:
    """All arguments in a list, one alone as it is."""
    found = _several(run, thing, given)
    return run.state.allocate(ListObject(list(found.items))) if isinstance(found, Tuple) else found


def _set_up(run: Run, thing: Instance, given: Arguments) -> Value:
    """`fabric.setup(module, *optimizers, scheduler=…)`: the module, and what was given with it."""
    scheduler = given.kwargs.get("scheduler", NONE)
    optimizers = given.args[1:]
    if given.inexact or not given.args:
        return given.kwargs.get("module", Unknown("dynamic-value", "setup"))
    if not optimizers:
        return given.args[0]
    return Tuple(given.args if isinstance(scheduler, NoneValue) else (*given.args, scheduler))


def _nothing(run: Run, thing: Instance, given: Arguments) -> Value:
    return NONE


def _context(run: Run, thing: Instance, given: Arguments) -> Value:
    return Unknown("dynamic-value", "no shape")


def _backward(run: Run, thing: Instance, given: Arguments) -> Value:
    """`loss.backward()`."""
    loss = _same(run, thing, given)
    if not isinstance(loss, (Tensor, Opaque)):
        return NONE
    node = next(iter((*given.nodes, *given.kwarg_nodes.values())), given.node)
    return call_named(run, "torch.Tensor.backward", (loss,), {}, given.node, (node,), given.callee)


def _clip(run: Run, thing: Instance, given: Arguments) -> Value:
    """The norm of all gradients."""
    return Tensor.of(dtype="float")


# Tensors of several processes --------------------------------------------------------------------


def _nested(run: Run, value: Value, give: Callable[[Tensor], Value], depth: int = 0) -> Value:
    """The same tuples, lists and dicts, with something else for each tensor."""
    if isinstance(value, Opaque) and value.origin == "input" and value.path in run.adopted:
        value = run.adopt(value)
    if isinstance(value, Tensor):
        return give(value)
    if depth < _MAX_DEPTH:
        if isinstance(value, Tuple):
            return Tuple(tuple(_nested(run, v, give, depth + 1) for v in value.items), value.kind, value.names)
        held = run.state.read(value) if isinstance(value, Ref) else None
        if isinstance(held, ListObject) and held.items is not None:
            return run.state.allocate(ListObject([_nested(run, v, give, depth + 1) for v in held.items]))
        if isinstance(held, DictObject):
            items = {k: _nested(run, v, give, depth + 1) for k, v in held.items.items()}
            return run.state.allocate(DictObject(items, held.open, maybe=held.maybe))
    return Unknown("dynamic-value")


def _first_axis(run: Run, given: Arguments, resize: Callable[[Dim], Dim]) -> Value:
    """The tensors of an argument with another size of their first axis. A scalar may come back as a vector."""

    def give(tensor: Tensor) -> Value:
        shape = run.state.facts.shape(tensor.shape)
        if not shape.parts or not isinstance(shape.parts[0], Axis):
            return Unknown("dynamic-value", "gather")
        first = shape.parts[0]
        return tensor.with_parts((first.resized(resize(run.state.facts.resolve(first.size))), *shape.parts[1:]))

    return _nested(run, next(iter((*given.args, *given.kwargs.values())), NONE), give)


def _gather(run: Run, thing: Instance, given: Arguments) -> Value:
    """`(n, …) -> (processes*n, …)`."""
    processes = thing.attrs["num_processes"]
    assert isinstance(processes, Int)
    return _first_axis(run, given, lambda size: size * processes.dim)


def _gather_for_metrics(run: Run, thing: Instance, given: Arguments) -> Value:
    """`(n, …) -> (m, …)`, `m` samples of all processes, of the last batch only those that are in the data."""
    sizes: dict[Dim, Dim] = {}
    return _first_axis(run, given, lambda size: sizes.setdefault(size, Dim.symbol("gathered", "unknown")))


# Lightning's Trainer -----------------------------------------------------------------------------

# per method: which step of the module meets the batches of which loader, and the argument that holds it
_TRAINING = ("training_step", "train_dataloader", ("train_dataloaders", "train_dataloader"))
_CHECKING = ("validation_step", "val_dataloader", ("val_dataloaders",))
_STAGES = {
    "fit": ("fit", (_CHECKING, _TRAINING)),
    "validate": ("validate", (("validation_step", "val_dataloader", ("dataloaders",)),)),
    "test": ("test", (("test_step", "test_dataloader", ("dataloaders",)),)),
    "predict": ("predict", (("predict_step", "predict_dataloader", ("dataloaders",)),)),
}
# what the module or the data may define to change a batch on its way
_CHANGING = ("on_before_batch_transfer", "on_after_batch_transfer", "transfer_batch_to_device")
_POSITIONS = {"fit": ("model", "train_dataloaders", "val_dataloaders", "datamodule")}


def _run_stage(run: Run, stage: tuple[str, tuple[tuple[str, str, tuple[str, ...]], ...]], given: Arguments) -> Value:
    """`trainer.fit(model, …)` and its like: the steps of the module, once for each kind of batch that its loaders give."""
    title, steps = stage
    named = {**dict(zip(_POSITIONS.get(title, ("model", "dataloaders")), given.args)), **given.kwargs}
    module, data = named.get("model"), named.get("datamodule")
    if not isinstance(module, Ref):
        return Unknown("dynamic-value", title)
    sources = [data, module] if isinstance(data, Ref) else [module]
    for source in sources:
        for hook, args in (("prepare_data", ()), ("setup", (Str("fit" if title == "fit" else title),))):
            _call_hook(run, source, hook, args)
    if any(_defines(run, source, hook) for source in sources for hook in _CHANGING):
        return NONE
    for step, hook, arguments in steps:
        loader = next((named[a] for a in arguments if not isinstance(named.get(a, NONE), NoneValue)), None)
        for source in sources:
            loader = _call_hook(run, source, hook, ()) if loader is None else loader
        if loader is not None:
            _take_steps(run, module, step, loader)
    return Unknown("outside-project", title) if title in ("validate", "test", "predict") else NONE


def _take_steps(run: Run, module: Ref, step: str, loader: Value) -> None:
    held = run.state.read(loader) if isinstance(loader, Ref) else None
    if not isinstance(held, Instance):
        return  # several loaders at once give a list or a dict of batches
    passes = plan(run, loader)
    batches = passes.items if passes.items is not None else (passes.first, passes.later)
    seen: list[Value] = []
    for batch in batches:
        if any(batch is other for other in seen) or not _holds_tensor(run, batch):
            continue
        seen.append(batch)
        _call_hook(run, module, step, (batch, Int(Dim.symbol("batch_idx", "unknown", 0))))


def _defines(run: Run, source: Ref, name: str) -> FunctionValue | None:
    thing = run.state.read(source)
    found = (
        run.state.find_in_class(thing.cls, name)
        if isinstance(thing, Instance) and isinstance(thing.cls, ClassInfo)
        else None
    )
    return found[0] if found is not None and isinstance(found[0], FunctionValue) else None


def _call_hook(run: Run, source: Ref, name: str, args: tuple[Value, ...]) -> Value | None:
    """Call a method that a class of the project defines, with as many of the arguments as it takes; None where it defines none."""
    from shapelint.interp.attributes import attribute

    function = _defines(run, source, name)
    if function is None:
        return None
    places = [p for p in function.node.params.items[1:] if p.kind in ("positional", "*")]
    if not any(p.kind == "*" for p in places):
        args = args[: len(places)]
    return call(run, attribute(run, source, name, model.Name(0, name)), args, {}, None)


def _holds_tensor(run: Run, value: Value, depth: int = 0) -> bool:
    if isinstance(value, Tensor):
        return True
    if depth >= _MAX_DEPTH:
        return False
    if isinstance(value, Tuple):
        return any(_holds_tensor(run, v, depth + 1) for v in value.items)
    held = run.state.read(value) if isinstance(value, Ref) else None
    if isinstance(held, ListObject):
        return any(_holds_tensor(run, v, depth + 1) for v in held.items or ())
    return isinstance(held, DictObject) and any(_holds_tensor(run, v, depth + 1) for v in held.items.values())


def save_hyperparameters(run: Run, module: Ref, given: Arguments) -> None:
    """`self.save_hyperparameters()` of Lightning: the arguments of the constructor, or those that are named, become `self.hparams`."""
    taken: dict[str, Value] = {}
    names = [a.value for a in given.args if isinstance(a, Str) and a.value is not None]
    whole = given.args[0] if given.args and not isinstance(given.args[0], Str) else None
    if isinstance(whole, (Ref, Opaque)):
        _set_hyperparameters(run, module, whole)
        return
    built = next((a for a in reversed(run.stack) if a.receiver == module and a.node is not None), None)
    if built is None or built.node is None or built.node.name != "__init__":
        return
    frame = run.state.read(built.frame)
    assert isinstance(frame, Frame)
    for param in built.node.params.items[1:]:
        value = frame.names.get(param.name, Unknown("dynamic-value", param.name))
        held = run.state.read(value) if param.kind == "**" and isinstance(value, Ref) else None
        if isinstance(held, DictObject):
            taken.update({str(k): v for k, v in held.items.items()})
        elif param.kind in ("positional", "keyword") and (not names or param.name in names):
            taken[param.name] = value
    _set_hyperparameters(run, module, run.state.allocate(Instance(HPARAMS, taken, vague=True)))


def _set_hyperparameters(run: Run, module: Ref, value: Value) -> None:
    thing = run.state.write(module)
    assert isinstance(thing, Instance)
    thing.attrs["hparams"] = value


_OF_ACCELERATOR: dict[str, _Function] = {
    "prepare": _several,
    **dict.fromkeys(("prepare_model", "prepare_data_loader", "prepare_optimizer", "prepare_scheduler"), _same),
    **dict.fromkeys(("unwrap_model", "reduce", "skip_first_batches"), _same),
    "gather": _gather,
    **dict.fromkeys(("gather_for_metrics", "pad_across_processes"), _gather_for_metrics),
    "backward": _backward,
    "clip_grad_norm_": _clip,
    **dict.fromkeys(
        (
            "print",
            "log",
            "wait_for_everyone",
            "init_trackers",
            "end_training",
            "save",
            "save_model",
            "save_state",
            "load_state",
            "register_for_checkpointing",
            "clip_grad_value_",
            "unscale_gradients",
            "set_trigger",
        ),
        _nothing,
    ),
    **dict.fromkeys(
        (
            "autocast",
            "accumulate",
            "no_sync",
            "main_process_first",
            "local_main_process_first",
            "join_uneven_inputs",
            "profile",
        ),
        _context,
    ),
}
_OF_FABRIC: dict[str, _Function] = {
    "setup": _set_up,
    "setup_optimizers": _several,
    "setup_dataloaders": _listed,
    **dict.fromkeys(("setup_module", "to_device", "all_reduce", "broadcast"), _same),
    "backward": _backward,
    **dict.fromkeys(
        ("print", "log", "log_dict", "save", "barrier", "call", "clip_gradients"),
        _nothing,
    ),
    **dict.fromkeys(
        (
            "autocast",
            "no_backward_sync",
            "rank_zero_first",
            "init_module",
            "init_tensor",
            "sharded_model",
        ),
        _context,
    ),
}
