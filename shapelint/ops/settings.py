"""Switches of torch and questions about where it runs: seeds, devices, processes, precision. No shape depends on them.

What a call gives is told as far as it is known without running it: nothing, or a bool, a number or a text of unknown
value.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Mapping
from typing import Any

from shapelint.ops.contract import Context, Op, Sample, op, t
from shapelint.shapes.dim import Dim
from shapelint.values.model import NONE, Bool, External, Int, Str, Value

_PAGE = "Follows https://docs.pytorch.org/docs/stable/torch.html#utilities"


def names(owner: str, last: str) -> tuple[str, ...]:
    """Dotted names: `names("torch.cuda", "seed init")`."""
    return tuple(f"{owner}.{name}" for name in last.split())


def _answer(
    name: str, drawn: Mapping[str, tuple[Any, ...]], elsewhere: tuple[str, ...], formula: str, give: Callable[[], Value]
) -> Op:
    """An op that asks nothing of its arguments. `drawn`: its names, with arguments; `elsewhere`: those that need a
    device, other processes or a file."""

    def sample(rng: random.Random) -> Sample:
        called = rng.choice(list(drawn))
        return Sample(called, drawn[called])

    made = op(name, (*drawn, *elsewhere), "*args, **kwargs", samples=sample)

    def rule(cx: Context, args: Value, kwargs: Value) -> Value:
        return give()

    rule.__doc__ = f"{formula}\n\n{_PAGE}"
    made.rule(rule)
    return made


def _number() -> Value:
    return Int(Dim.symbol("number", "unknown", None))


_SET: dict[str, tuple[Any, ...]] = {
    "torch.set_num_threads": (1,),
    "torch.set_default_dtype": (External("torch.float32"),),
    "torch.set_default_tensor_type": ("torch.FloatTensor",),
    "torch.set_float32_matmul_precision": ("highest",),
    "torch.set_printoptions": (4,),
    "torch.use_deterministic_algorithms": (False,),
    "torch.set_deterministic_debug_mode": (0,),
    "torch.set_warn_always": (False,),
    "torch.save": (t(2), io.BytesIO()),
    "torch.cuda.manual_seed": (0,),
    "torch.cuda.manual_seed_all": (0,),
    "torch.cuda.empty_cache": (),
    "torch.cuda.seed": (),
    "torch.cuda.seed_all": (),
    "torch.clear_autocast_cache": (),
    "torch._assert": (True, ""),
    "torch._check": (True,),
    "numpy.random.seed": (0,),
    "numpy.random.shuffle": ([1, 2],),
}
SET = _answer(
    "switch",
    _SET,
    _SET_ELSEWHERE := (
        *names("torch", "set_rng_state set_num_interop_threads set_default_device"),
        *names(
            "torch.cuda",
            """init synchronize set_device set_stream set_rng_state set_rng_state_all ipc_collect reset_peak_memory_stats
            reset_max_memory_allocated reset_max_memory_cached set_per_process_memory_fraction set_sync_debug_mode
            nvtx.mark memory._record_memory_history memory._dump_snapshot profiler.start profiler.stop""",
        ),
        *names("torch.mps", "empty_cache manual_seed seed synchronize set_rng_state"),
        *names("torch.npu", "synchronize set_device empty_cache manual_seed manual_seed_all"),
        *names("torch.xpu", "synchronize set_device empty_cache manual_seed manual_seed_all"),
        *names("torch.distributed", "init_process_group destroy_process_group monitored_barrier"),
        *names(
            "torch.distributed",
            "all_gather_object gather_object scatter_object_list broadcast_object_list send send_object_list",
        ),
        *names("torch.multiprocessing", "set_start_method set_sharing_strategy freeze_support"),
        *names("torch.jit", "save enable_onednn_fusion"),
        *names("torch.hub", "download_url_to_file set_dir"),
        "torch.Tensor.record_stream",
        *names("numpy", "set_printoptions save savez savez_compressed savetxt"),
        *names("torch.testing", "assert_close assert_allclose"),
        *names("torch.nn.utils", "vector_to_parameters clip_grad_value_ clip_grads_with_norm_"),
        *names("torch._C", "_jit_set_profiling_executor _jit_set_profiling_mode _set_worker_signal_handlers"),
        *names("torch._C", "_jit_override_can_fuse_on_gpu _jit_override_can_fuse_on_cpu _jit_set_texpr_fuser_enabled"),
        *names("torch._C", "_debug_set_autodiff_subgraph_inlining _jit_clear_class_registry _jit_set_autocast_mode"),
        *names("torch._C", "_jit_set_nvfuser_enabled _jit_set_nvfuser_guard_mode"),
        "torch._dynamo.reset",
        "torch.nn.Module.__init__",
    ),
    "`… -> None`: a setting, a seed, a file written; no shape depends on it.",
    lambda: NONE,
)

_ASKED: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(
        names(
            "torch",
            """is_grad_enabled is_inference_mode_enabled is_autocast_enabled is_autocast_cpu_enabled
            is_autocast_cache_enabled are_deterministic_algorithms_enabled is_warn_always_enabled is_anomaly_enabled
            is_anomaly_check_nan_enabled is_deterministic_algorithms_warn_only_enabled compiled_with_cxx11_abi""",
        ),
        (),
    ),
    **dict.fromkeys(names("torch.cuda", "is_initialized is_bf16_supported is_tf32_supported"), ()),
    **dict.fromkeys(
        names(
            "torch.distributed",
            """is_available is_initialized is_nccl_available is_gloo_available is_mpi_available is_ucc_available
            is_torchelastic_launched""",
        ),
        (),
    ),
    **dict.fromkeys(
        names(
            "torch.backends",
            """mps.is_available mps.is_built cuda.is_built cudnn.is_available mkl.is_available mkldnn.is_available
            openmp.is_available opt_einsum.is_available""",
        ),
        (),
    ),
    **dict.fromkeys(
        names("torch", "mps.is_available xpu.is_available accelerator.is_available compiler.is_compiling"), ()
    ),
    "torch.set_flush_denormal": (False,),
    "torch.is_storage": (t(2),),
    "torch.can_cast": (External("torch.float32"), External("torch.int64")),
}
ASKED = _answer(
    "question",
    _ASKED,
    _ASKED_ELSEWHERE := names(
        "torch", "npu.is_available jit.isinstance cuda.can_device_access_peer cuda.is_current_stream_capturing"
    ),
    "`… -> bool`: a mode, or what the machine has; it is not known before the program runs.",
    lambda: Bool(None),
)

_COUNTED: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(
        names("torch", "get_num_threads get_num_interop_threads initial_seed seed get_deterministic_debug_mode"), ()
    ),
    **dict.fromkeys(
        names("torch.cuda", "device_count memory_allocated memory_reserved max_memory_allocated max_memory_reserved"),
        (),
    ),
    **dict.fromkeys(names("torch", "multiprocessing.cpu_count accelerator.device_count"), ()),
}
COUNTED = _answer(
    "count",
    _COUNTED,
    _COUNTED_ELSEWHERE := (
        *names(
            "torch.cuda",
            """current_device initial_seed memory_cached max_memory_cached utilization temperature power_draw clock_rate
            device_memory_used nvtx.range_push nvtx.range_pop get_sync_debug_mode""",
        ),
        *names("torch.distributed", "get_rank get_world_size get_node_local_rank get_global_rank get_group_rank"),
        *names("torch", "npu.device_count npu.current_device xpu.device_count mps.current_allocated_memory"),
    ),
    "`… -> int`: of devices, processes, bytes; it is not known before the program runs.",
    _number,
)

_NAMED: dict[str, tuple[Any, ...]] = {
    "torch.get_float32_matmul_precision": (),
    "torch.typename": (t(2),),
    "torch.hub.get_dir": (),
    "torch.multiprocessing.get_start_method": (),
    "torch.multiprocessing.get_sharing_strategy": (),
}
NAMED = _answer(
    "name",
    _NAMED,
    _NAMED_ELSEWHERE := (
        *names("torch.cuda", "get_device_name memory_summary list_gpu_processes"),
        "torch.distributed.get_backend",
        "torch.hub._get_torch_home",
    ),
    "`… -> str`: how a device, a mode or a type is called.",
    lambda: Str(None),
)

ELSEWHERE = frozenset((*_SET_ELSEWHERE, *_ASKED_ELSEWHERE, *_COUNTED_ELSEWHERE, *_NAMED_ELSEWHERE))
"""Names that need a device, other processes or a file, so that a sample cannot call them."""
