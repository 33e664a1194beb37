"""What torch makes that has no shape: devices, generators, streams, contexts, writers, processes, what a file holds.

The calls are known and give a value of which nothing is told, so that whatever is done with it says nothing either.
"""

from __future__ import annotations

import random
from typing import Any

from shapelint.ops.contract import CannotTell, Context, Sample, op, t
from shapelint.ops.settings import names
from shapelint.values.model import External, Value

_DRAWN: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(
        names(
            "torch",
            """no_grad enable_grad inference_mode Generator get_default_dtype get_rng_state
            random.fork_rng cuda.amp.GradScaler jit.optimized_execution autograd.detect_anomaly cuda.get_arch_list
            autograd.profiler.profile profiler.profile get_device_module utils.data.get_worker_info
            _C.DisableTorchFunction utils._mode_utils.no_dispatch nn.parameter.UninitializedParameter
            nn.parameter.UninitializedBuffer""",
        ),
        (),
    ),
    "torch.manual_seed": (0,),
    "torch.set_grad_enabled": (False,),
    "torch.autocast": ("cpu",),
    "torch.amp.autocast": ("cpu",),
    "torch.amp.autocast_mode.autocast": ("cpu",),
    "torch.amp.GradScaler": ("cpu",),
    "torch.cuda.amp.autocast": (),
    "torch.cpu.amp.autocast": (),
    "torch.finfo": (External("torch.float32"),),
    "torch.iinfo": (External("torch.int32"),),
    "torch.autograd.set_detect_anomaly": (False,),
    "torch.autograd.set_grad_enabled": (False,),
    "torch.autograd.profiler.record_function": ("step",),
    "torch.profiler.record_function": ("step",),
    "torch.get_autocast_dtype": ("cpu",),
    "torch.promote_types": (External("torch.float32"), External("torch.int64")),
    "torch.result_type": (t(2), 1),
    "torch.utils.data.SequentialSampler": (range(3),),
    "torch.utils.data.RandomSampler": (range(3),),
    "torch.utils.data.SubsetRandomSampler": (range(3),),
    "torch.utils.data.WeightedRandomSampler": ([0.5, 0.5], 2),
    "torch.utils.data.BatchSampler": (range(3), 2, False),
    "torch.utils.data.ConcatDataset": ([range(3)],),
    "torch.utils.data.ChainDataset": ([range(3)],),
    "torch.utils.data.StackDataset": (range(3),),
    "torch.Tensor.storage": (t(2),),
    "torch.Tensor.untyped_storage": (t(2),),
    "torch.Tensor.storage_type": (t(2),),
    "torch.Tensor.register_hook": (Sample("torch.Tensor.requires_grad_", (t(2),)), print),
}
_ELSEWHERE = (
    *names(
        "torch",
        """load set_anomaly_enabled get_autocast_gpu_dtype get_autocast_cpu_dtype Stream Event cond while_loop
        autocast_mode.autocast from_file""",
    ),
    *names(
        "torch.cuda",
        """stream Stream Event ExternalStream StreamContext graph CUDAGraph graph_pool_handle make_graphed_callables
        current_stream default_stream device device_of get_device_capability get_device_properties get_rng_state
        get_rng_state_all memory_stats memory_snapshot memory_stats_as_nested_dict mem_get_info cudart
        amp.GradScaler amp.autocast_mode.autocast amp.grad_scaler.GradScaler nvtx.range nvtx.range_start nvtx.range_end
        MemPool get_allocator_backend current_blas_handle caching_allocator_alloc caching_allocator_delete
        get_gencode_flags profiler.profile comm.broadcast_coalesced""",
    ),
    *names(
        "torch.distributed",
        """all_reduce all_gather all_gather_into_tensor all_gather_single all_to_all all_to_all_single barrier broadcast
        gather irecv isend recv recv_object_list reduce reduce_scatter reduce_scatter_tensor scatter batch_isend_irecv
        all_reduce_coalesced all_gather_coalesced P2POp ReduceOp TCPStore FileStore HashStore PrefixStore new_group
        new_subgroups split_group get_process_group_ranks get_backend_config init_device_mesh rendezvous
        all_reduce_multigpu launcher.elastic_launch DeviceMesh device_mesh.init_device_mesh device_mesh.DeviceMesh
        tensor.Shard tensor.Replicate tensor.Partial tensor.DeviceMesh tensor.placement_types.Shard
        tensor.placement_types.Replicate tensor.parallel.ColwiseParallel tensor.parallel.RowwiseParallel
        tensor.parallel.SequenceParallel tensor.parallel.PrepareModuleInput tensor.parallel.PrepareModuleOutput
        tensor.distribute_tensor tensor._api.distribute_tensor
        tensor.parallel.loss_parallel checkpoint.load checkpoint.save checkpoint.FileSystemReader
        checkpoint.FileSystemWriter fsdp.MixedPrecision fsdp.MixedPrecisionPolicy fsdp.CPUOffload
        fsdp.CPUOffloadPolicy fsdp.FullStateDictConfig fsdp.FullOptimStateDictConfig optim.ZeroRedundancyOptimizer
        rpc.init_rpc rpc.shutdown rpc.rpc_sync rpc.rpc_async""",
    ),
    *names(
        "torch.utils",
        """tensorboard.SummaryWriter tensorboard.writer.SummaryWriter data.DistributedSampler data.default_collate
        data.default_convert data._utils.collate.default_collate model_zoo.load_url cpp_extension.CUDAExtension
        cpp_extension.CppExtension cpp_extension.load cpp_extension.load_inline cpp_extension.BuildExtension
        collect_env.get_pretty_env_info benchmark.Timer flop_counter.FlopCounterMode dlpack.to_dlpack
        mobile_optimizer.optimize_for_mobile""",
    ),
    *names(
        "torch.distributions",
        """Independent MixtureSameFamily TransformedDistribution RelaxedBernoulli RelaxedOneHotCategorical LogisticNormal
        LowRankMultivariateNormal NegativeBinomial ContinuousBernoulli GeneralizedPareto LKJCholesky Wishart
        AbsTransform AffineTransform CatTransform ComposeTransform CorrCholeskyTransform
        CumulativeDistributionTransform ExpTransform IndependentTransform LowerCholeskyTransform
        PositiveDefiniteTransform PowerTransform ReshapeTransform SigmoidTransform SoftmaxTransform SoftplusTransform
        StackTransform StickBreakingTransform TanhTransform biject_to transform_to register_kl""",
    ),
    *names("torch.hub", "load list help load_state_dict_from_url"),
    *names("torch.jit", "load trace_module fork wait fuser optimize_for_inference set_fusion_strategy strict_fusion"),
    *names("torch.onnx", "export dynamo_export register_custom_op_symbolic select_model_mode_for_export"),
    *names("torch.multiprocessing", "spawn Process Queue SimpleQueue Manager Pool Event Lock Value get_context"),
    *names("torch.multiprocessing", "Barrier Pipe JoinableQueue start_processes"),
    *names("torch.profiler", "schedule tensorboard_trace_handler"),
    *names("torch.autograd.profiler", "emit_nvtx"),
    *names("torch.backends.cudnn", "version flags"),
    *names("torch.backends.cuda", "sdp_kernel enable_flash_sdp enable_mem_efficient_sdp enable_math_sdp"),
    *names("torch.nn.attention", "sdpa_kernel"),
    *names("torch.serialization", "default_restore_location add_safe_globals safe_globals"),
    *names("torch.export", "export save load Dim"),
    *names("torch.fx", "symbolic_trace GraphModule Tracer"),
    *names("torch.accelerator", "current_device_index"),
    "torch.nn.Module",
    "torch.testing.make_tensor",
    "torch.utils._config_module.Config",
    *names("torch.utils._pytree", "tree_map tree_map_only tree_flatten tree_unflatten"),
)


def _sample(rng: random.Random) -> Sample:
    called = rng.choice(list(_DRAWN))
    return Sample(called, _DRAWN[called])


HANDLE = op("handle", (*_DRAWN, *_ELSEWHERE), "*args, **kwargs", samples=_sample)


@HANDLE.rule
def handle(cx: Context, args: Value, kwargs: Value) -> Value:
    """`… -> object`: a thing that has no shape, or one that a file or another process holds.

    Follows https://docs.pytorch.org/docs/stable/torch.html
    """
    raise CannotTell("dynamic-value", "no shape")


_DEVICES: dict[str, tuple[Any, ...]] = {"torch.device": ("cpu",), "torch.get_default_device": ()}
_CURRENT = "torch.accelerator.current_accelerator"


def _device_sample(rng: random.Random) -> Sample:
    called = rng.choice(list(_DEVICES))
    return Sample(called, _DEVICES[called])


DEVICE = op("device", (*_DEVICES, _CURRENT), "*args, **kwargs", samples=_device_sample)


@DEVICE.rule
def device(cx: Context, args: Value, kwargs: Value) -> Value:
    """`… -> torch.device`

    Follows https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.device
    """
    raise CannotTell("dynamic-value", "device")  # `x.to(device)` reads that it is one


ELSEWHERE = frozenset((*_ELSEWHERE, _CURRENT))
"""Names that need a device, other processes or a file, so that a sample cannot call them."""
