"""What PyTorch has and there is no such thing of here: a sentence that says so, and the nearest that runs.

Data first: KINDS says what there is none of, NAMES which names are of that kind. A name is what stands behind `torch.`,
and a pattern as file names have them: `fft` is `torch.fft` and all in it, `cudnn_*` each that begins so,
`Tensor.to_sparse*` methods of tensors. `tests/test_public_names.py` holds it to the list of PyTorch's public names.
"""

from __future__ import annotations

from typing import NamedTuple

# kind -> (what there is none of, the nearest that runs: a help line as errors have it)
KINDS = {
    "complex": (
        "there are no complex numbers here",
        "keep the real and the imaginary part as two tensors: `(a * c - b * d, a * d + b * c)` is the product",
    ),
    "fft": (
        "there are no complex numbers here, and so no Fourier transforms",
        "of real `x` with `n` numbers, the real part of its transform: "
        "`cos(2 * pi * outer(arange(n), arange(n)) / n) @ x`; the imaginary part: the same with `sin`, and a minus",
    ),
    "sparse": (
        "there are no sparse tensors here: a tensor holds every element",
        "keep `x.nonzero()` and the values there, `x[x != 0]`; `index_add` and `scatter_add` add at indices",
    ),
    "nested": (
        "there are no nested or masked tensors here: all rows of a tensor have one length",
        "`pad_sequence`, `pack_padded_sequence`, or a mask: `where(mask, x, 0)`",
    ),
    "quantised": (
        "there are no quantised tensors here: numbers are stored as they are computed with",
        "`x.half()` takes half of float32's memory; `round(x / scale).to(int8)` are the numbers of a quantised tensor",
    ),
    "dtype": (
        "there is no such dtype here",
        "`float16`, `float32`, `float64`, `uint8`, `int8`, `int16`, `int32`, `int64` and `bool` are",
    ),
    "compiled": (
        "programs are not traced, compiled or exported here: each operator runs when its line does",
        "call the function itself",
    ),
    "symbolic": (
        "shapes are plain numbers here: there are no symbolic ones, and no operators of control flow",
        "`if x.sum() > 0 { print x }` decides while it runs",
    ),
    "device": (
        "there is one device here, the CPU, and nothing to ask of another",
        '`cuda.is_available()` is False, and `device("cpu")` is where every tensor is',
    ),
    "process": (
        "a program is one process here: nothing is sent to others, nothing runs beside it",
        "`for x in DataLoader(xs, batch_size=8) { print x.shape }` loads where the loop runs",
    ),
    "profiler": (
        "there is no profiler of operators here",
        "`let start = time()` before and `time() - start` behind",
    ),
    "storage": (
        "tensors show no storage here: what two share, only views say",
        "`x.numpy()` is the array, `x.clone()` a tensor of its own",
    ),
    "kernel": (
        "it is one of PyTorch's inner kernels, which are not called by name here",
        "the function or layer that it belongs to runs: `batch_norm`, `layer_norm`, `conv2d`, `max_pool2d`, `dropout`",
    ),
    "copy": (
        "functions of views have no twin that copies here",
        "call the function of that name without _copy, and `clone` its result",
    ),
    "removed": (
        "this function is gone: PyTorch itself has taken it out",
        "what took its place runs: `linalg.eig`, `linalg.lstsq`, `linalg.solve`, `linalg.matrix_rank`, `linalg.eigh`",
    ),
    "inside": (
        "it is a part of PyTorch's inner machinery, which is built otherwise here",
        "what programs call of it has a function of its own: `help` lists them",
    ),
    "internals": (
        "operators are not registered, overridden or dispatched by programs here",
        "`op f(x) { return x } backward(g) { return g }` defines an operator with a gradient of its own",
    ),
    "files": (
        "a program reads the files that it names, and no network, memory or package of others",
        '`load("file.npz")`, `load("weights.pt")` name theirs',
    ),
    "datapipe": (
        "data pipes are not here; PyTorch advises against them itself",
        "`DataLoader` over a list, a `TensorDataset`, or a model with __len__ and __getitem__",
    ),
    "unbuilt": (
        "it is not in this version of gradsh yet",
        "`help` lists what is",
    ),
    "plumbing": (
        "it is a class of PyTorch's own text, for types and for those who extend it",
        "its functions and layers have names of their own: `help` lists them",
    ),
}

# kind -> the names, as patterns
NAMES = {
    "fft": "fft stft istft Tensor.stft Tensor.istft backends.mkl",
    "complex": """
    complex complex* cfloat cdouble chalf polar view_as_* Tensor.cfloat Tensor.cdouble Tensor.chalf Complex*Storage
    """,
    "sparse": """
    sparse sparse_* dsmm hsmm hspmm saddmm smm spmm sspaddmm resize_as_sparse_ optim.SparseAdam Tensor.to_sparse*
    Tensor.sparse_* Tensor.*coalesce* Tensor.*_indices Tensor.indices Tensor.values Tensor.dense_dim Tensor.sspaddmm
    Tensor.smm Tensor.resize_as_sparse_
    """,
    "nested": "nested jagged masked Tensor.to_padded_tensor",
    "quantised": """
    quant* *quantize* q_* qint* quint* qscheme per_channel_* per_tensor_* int_repr fake_quant* fbgemm_*
    choose_qparams* fused_moving_avg* ao nn.qat nn.quantiz* nn.intrinsic Tensor.q_* Tensor.qscheme Tensor.int_repr
    Tensor.dequantize Q*Storage nn.functional.*scaled_mm nn.functional.scaled_* nn.functional.ScalingType
    nn.functional.SwizzleType backends.quantized
    """,
    "dtype": """
    bfloat16 float8_* float4_* bits* bit uint1* uint[2-7] uint32 uint64 int[1-7] BFloat16Tensor Tensor.bfloat16
    nn.Module.bfloat16
    """,
    "compiled": """
    jit.* fx export compiler.* Script* *Type AliasDb CompilationUnit CompleteArgumentSpec ConcreteModule*
    ExecutionPlan FileCheck FunctionSchema GraphExecutorState Graph IODescriptor JITException LiteScriptModule
    StaticModule TracingState import_ir_module* parse_* merge_type_* unify_type_list Argument ArgumentSpec Block Code
    CallStack Capsule Gradient Node Use Value ErrorReport OperatorInfo DeepCopyMemoTable testing.FileCheck
    Tensor.module_load AggregationType AVG SUM nn.Module.compile backends.python_native func.functionalize
    nn.Module.call_super_init
    """,
    "symbolic": "Sym* sym_* cond while_loop func.debug_unwrap",
    "device": """
    cuda.* xpu mps mtia cpu accelerator.* backends.* Event Stream AcceleratorError OutOfMemoryError get_device_module
    is_vulkan_available cudnn_is_acceptable Tensor.ipu Tensor.xpu Tensor.mtia Tensor.record_stream Tensor.to_mkldnn
    nn.Module.ipu nn.Module.xpu nn.Module.mtia amp.custom_* *cudagraph* Tensor.pin_memory has_lapack has_mkl
    has_openmp has_spectral compiled_with_cxx11_abi autograd.graph.*stream* Generator.graphsafe_* Generator.*_offset
    autograd.graph.region_*
    """,
    "process": """
    distributed futures fork wait Future multiprocessing is_distributed nn.parallel nn.SyncBatchNorm monitor RRef*
    prepare_multiprocessing_environment thread_safe_generator random.thread_safe_generator Tensor.is_distributed
    Tensor.share_memory_ nn.Module.share_memory Tensor.is_shared utils.data.distributed utils.data.DistributedSampler
    init_num_threads autograd.set_multithreading_enabled func.replace_all_batch_norm_modules_
    """,
    "profiler": "profiler autograd.profiler* *Logger* Benchmark* ThroughputBenchmark optim.Optimizer.profile_hook_step",
    "storage": """
    *Storage* storage Storage* Tensor.*storage* Tensor.set_ Tensor.is_set_to Tensor.const_data_ptr Tensor.dim_order
    """,
    "kernel": """
    batch_norm_* native_* cudnn_* mkldnn_* miopen_* convolution conv_tbc nn.functional.conv_tbc embedding_renorm_
    grid_sampler* affine_grid_generator* nn.functional.native_* nn.functional.*grouped_mm *lstm* gru gru_cell rnn_*
    hash_tensor Tensor.hash_tensor slice_inverse Tensor.slice_inverse constant_pad_nd frobenius_norm nuclear_norm
    nn.functional.linear_cross_entropy nn.LinearCrossEntropy*
    """,
    "copy": "*_copy Tensor.*_copy as_strided_scatter Tensor.as_strided_scatter as_strided_ Tensor.as_strided_",
    "removed": """
    eig symeig solve lstsq matrix_rank Tensor.eig Tensor.symeig Tensor.solve Tensor.lstsq lu Tensor.volatile
    Tensor.reinforce autograd.variable
    """,
    "internals": """
    library overrides ops classes classproperty Dispatch* DisableTorch* ExcludeDispatch* Tag PRIVATE_OPS return_types
    Tensor.as_subclass nn.functional.*torch_function* autograd.*Function autograd.function autograd.enforce_*
    Tensor.grad_dtype utils.checkpoint.*Polic* utils.checkpoint.*elective* utils.checkpoint.SAC_*
    utils.checkpoint.CheckpointFunction
    """,
    "files": """
    hub package from_dlpack to_dlpack from_file frombuffer get_file_path PyTorchFile* Serialization* Deserialization*
    serialization
    """,
    "datapipe": """
    utils.data.*DataPipe utils.data.datapipes utils.data.DataChunk utils.data.*deterministic* utils.data.*datapipe*
    utils.data.*validation* utils.data.graph_settings
    """,
    "inside": """
    autograd.graph.GradientEdge autograd.graph.get_gradient_edge autograd.graph.allow_mutation* autograd.graph.Node
    autograd.graph.increment_version autograd.forward_ad.Unpacked* utils.checkpoint.* nn.utils.stateless
    nn.utils.*_weight_memory_format nn.utils.memory_format nn.utils.init nn.utils.skip_init nn.utils.clip_grad
    nn.utils.convert_parameters nn.utils.fusion autograd.anomaly_mode autograd.grad_mode nn.attention func.rearrange
    nn.utils.parametrize.transfer* nn.utils.parametrize.type_before* nn.utils.parametrize.ParametrizationList
    optim.swap_* optim.Optimizer.OptimizerP* quasirandom
    """,
    "unbuilt": """
    BufferDict geqrf Tensor.geqrf lobpcg orgqr Tensor.orgqr ormqr Tensor.ormqr nonzero_static Tensor.nonzero_static
    nn.Buffer nn.parameter.Buffer nn.CrossMapLRN2d nn.FractionalMaxPool* nn.NLLLoss2d nn.functional.fractional_*
    nn.functional.*_with_indices max_pool1d_with_indices nn.functional.multi_head_attention_forward nn.utils.fuse_*
    nn.utils.prune.* nn.modules.module.* linalg.LinAlgError linalg.matmul linalg.ldl_* special.*polynomial*
    special.airy_ai special.spherical_bessel_j0 optim.Muon optim.Optimizer optim.lr_scheduler.LRScheduler
    distributions.constraint_registry.ConstraintRegistry
    distributions.constraints.Constraint distributions.constraints.MixtureSameFamilyConstraint
    distributions.constraints.dependent_property
    distributions.constraints.* testing.assert_allclose testing.make_tensor signal signal.windows.* conj_physical_
    Tensor.conj_physical_ gcd_ lcm_ feature_dropout* unsafe_* Tensor.unsafe_* Tensor.apply_ Tensor.map*_ Tensor.resize
    Tensor.resize_as Tensor.is_pinned Tensor.to_dense Tensor.layout Tensor.index Tensor.lu layout strided
    *channels_last* contiguous_format preserve_format memory_format default_generator nn.Module.get_extra_state
    nn.Module.set_extra_state nn.Module.register_backward_hook nn.Module.dump_patches nn.Module.T_destination
    nn.Module.to_empty nn.Module.set_submodule nn.Module.type nn.Container optim.Optimizer.register_*state_dict*
    """,
    "plumbing": """
    nn.Uninitialized* nn.parameter.Uninitialized* nn.common_types nn.factory_kwargs nn.RNNBase nn.RNNCellBase
    nn.functional.*_notes nn.functional.BroadcastingList* nn.functional.*_MODES nn.functional.assert_*
    nn.functional.boolean_dispatch linalg.common_notes FatalError LockingLogger USE_* torch_version version types
    functional dtype nn.functional.DType nn.parameter.is_lazy nn.utils.rnn.invert_permutation amp.grad_scaler
    amp.autocast_mode *autocast_* utils.data.dataloader utils.data.dataset utils.data.sampler
    """,
}


# kinds that are told of a bare name too, which is a program's own as likely where it is of another
KNOWN = ("fft", "complex", "sparse", "dtype")


class Absent(NamedTuple):
    """Why a name of PyTorch's is not here: its path, as it is said; what there is none of; the nearest that runs.

    `known`: the name says so by itself, without `torch.` in front.
    """

    path: str
    words: str
    help: str
    known: bool


def absent(path: str) -> Absent | None:
    """Why there is no `torch.…` of that path here; None where the table does not know it, or what it begins with."""
    from fnmatch import fnmatchcase

    parts = path.removeprefix("torch.").split(".")
    for count in range(len(parts), 0, -1):  # of a class that is not here each member may say more
        asked = ".".join(parts[:count])
        for kind, patterns in NAMES.items():
            pattern = next((p for p in patterns.split() if p.count(".") == count - 1 and fnmatchcase(asked, p)), None)
            if pattern is not None:
                by_itself = kind in KNOWN and pattern == asked and (kind == "fft" or len(asked) > 3)
                return Absent("torch." + asked, *KINDS[kind], by_itself)
    return None
