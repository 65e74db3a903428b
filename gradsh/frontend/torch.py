"""What is another thing in PyTorch's own source than in gradsh, by the name that its members have in gradsh."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from importlib import import_module
from typing import Any

from gradsh.calls import formats
from gradsh.calls.formats import MemoryFormat
from gradsh.calls.signature import as_called
from gradsh.engine.core.dtypes import DType, Size
from gradsh.engine.core.modes import GradMode, mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import spelled
from gradsh.frontend import bases, machines
from gradsh.frontend.classes import Object, ProgramType
from gradsh.frontend.functions import Function
from gradsh.frontend.kinds import TYPES, Only, class_text, hints_module, kind_of
from gradsh.frontend.networks import Network
from gradsh.frontend.tensors import Word
from gradsh.language.python.torch import OF_DIM
from gradsh.runtime.builtins import BUILTINS

__acts_for_programs__ = True


class Mode(GradMode):
    """`torch.no_grad()`: before a block, and as a decorator."""

    def __call__(self, function: Any) -> Any:
        def call(*arguments: Any, **keywords: Any) -> Any:
            with Mode(self.grad, self.inference):
                return function(*arguments, **spelled(function, keywords))

        call.__name__ = getattr(function, "__name__", "call")
        call.__qualname__ = getattr(function, "__qualname__", call.__name__)
        call.__doc__, call.__dict__["__wrapped__"] = getattr(function, "__doc__", None), function
        return call


class SetGrad(Mode):
    """`torch.set_grad_enabled(on)`, which has an effect at once."""

    def __init__(self, on: Any) -> None:
        super().__init__(bool(on))
        self.since = (mode.grad, mode.inference)
        mode.grad = self.grad

    def __enter__(self) -> None:
        self.before = self.since
        mode.grad = self.grad


def _no_grad(*function: Any) -> Any:
    return Mode(False)(function[0]) if function else Mode(False)


def _enable_grad(*function: Any) -> Any:
    return Mode(True)(function[0]) if function else Mode(True)


def _inference(on: Any = True) -> Any:
    if callable(on):
        return Mode(False, True)(on)
    return Mode(not on, bool(on))


class Anomaly:
    """`torch.autograd.set_detect_anomaly(on)`: a setting, and a block."""

    def __init__(self, on: Any, check_nan: Any = True) -> None:
        from gradsh.engine.core.modes import ANOMALY

        self.before = mode.anomaly
        if on:
            mode.warn(ANOMALY)
        mode.anomaly = bool(check_nan) if on else None

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        mode.anomaly = self.before


class Dataset(Object):
    """`torch.utils.data.Dataset`."""

    title = "torch.utils.data.dataset.Dataset"

    def __add__(self, other: Any) -> Any:
        from gradsh.engine.ops.program.datasets import ConcatDataset

        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """`torch.utils.data.IterableDataset`."""

    title = "torch.utils.data.dataset.IterableDataset"

    def __add__(self, other: Any) -> Any:
        from gradsh.engine.ops.program.datasets import ChainDataset

        return ChainDataset([self, other])


class Sampler(Object):
    """`torch.utils.data.Sampler`."""

    title = "torch.utils.data.sampler.Sampler"


def _is_one(kind: type, value: Any) -> bool:
    """Of the program's own, or of PyTorch's?"""
    from gradsh.engine.ops.program import datasets, samplers

    return isinstance(value, (kind, getattr(samplers if kind is Sampler else datasets, kind.__name__)))


def _of_items(kind: Any, item: Any) -> Any:
    """`Dataset[Tensor]`, `Sampler[list[int]]`: what its items are, in annotations and before a class's colon."""
    return hints_module().alias(kind, item)


_kind: Any
for _kind in (Dataset, IterableDataset, Sampler):
    _kind.written, _kind.hosted = {}, False
    _kind.__class_getitem__ = classmethod(_of_items)
    _kind.tells = staticmethod(partial(_is_one, _kind))
    _kind.__module__ = "torch.utils.data.dataset"
assert isinstance(Dataset, ProgramType)


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def _false(*arguments: Any, **keywords: Any) -> bool:
    return False


def _itself(*arguments: Any, **keywords: Any) -> Any:
    """`torch.compile(model)`, `torch.jit.script(f)`: what they run is the same; as a decorator with options too."""
    if arguments:
        return arguments[0]
    return lambda function: function


def typename(obj: Any) -> str:
    if isinstance(obj, Tensor):
        return f"torch.{obj.dtype.title}Tensor"
    return class_text(kind_of(obj))


def _of(file: str, name: str) -> Callable[[], Any]:
    """What a file of this folder has under that name, which is loaded when a program first asks for it."""
    return lambda: getattr(import_module(f"gradsh.frontend.{file}"), name)


def _member(file: str, name: str) -> Callable[[], Any]:
    """The same of those that are in its `MEMBERS`."""
    return lambda: import_module(f"gradsh.frontend.{file}").MEMBERS[name]


def _fans(tensor: Any) -> tuple[int, int]:
    from gradsh.engine.ops.create.initializers import fans

    return fans(tensor)


def _made(file: str, name: str) -> Callable[[], Any]:
    """What a function there gives, each time."""
    return lambda: getattr(import_module(f"gradsh.frontend.{file}"), name)()


def _built_in(name: str) -> Callable[[], Any]:
    return lambda: BUILTINS.value(name)


def _of_dim(name: str) -> Callable[[], Any]:
    """The function that is the method: it has no `dim` of its own."""

    def find() -> Any:
        from gradsh.engine.ops.families import methods

        return as_called(methods()[name], f"Tensor.{name}")  # whose words are the same

    return find


def _raised(name: str) -> Callable[[], Any]:
    def find() -> Any:
        from gradsh.frontend.exceptions import OF_TORCH

        return OF_TORCH[name]

    return find


def _uninitialized(name: str) -> Callable[[], Any]:
    """The class of what a lazy layer has before its first call: asked of values, and none is made by a program."""

    def find() -> Any:
        from gradsh.engine.nn import lazy

        return Only(f"torch.nn.parameter.{name}", getattr(lazy, name))

    return find


def _type(kind: type) -> Callable[[], Any]:
    return lambda: TYPES[kind]


def _format(name: str) -> Callable[[], Any]:
    return lambda: getattr(formats, name)


# what parts.py has, which few programs name
PARTS = """
bfloat16 complex32 complex64 complex128 cfloat cdouble chalf uint16 uint32 uint64 float8_e4m3fn float8_e5m2 _ntuple
_single _pair _triple _quadruple _reverse_repeat_tuple consume_prefix_in_state_dict_if_present DistributedSampler
assert_allclose types.Number fft.fftfreq fft.rfftfreq fft.fftshift fft.ifftshift
"""

# and masks.py
PRUNING = """
BasePruningMethod CustomFromMask Identity L1Unstructured LnStructured PruningContainer RandomStructured
RandomUnstructured custom_from_mask global_unstructured identity is_pruned l1_unstructured ln_structured
random_structured random_unstructured remove
"""

# and windows.py
WINDOWS = """
bartlett blackman cosine exponential gaussian general_cosine general_hamming hamming hann kaiser nuttall
"""

# and rare.py
RARE = """
frombuffer to_dlpack from_dlpack fuse_conv_bn_weights fuse_linear_bn_weights fuse_conv_bn_eval fuse_linear_bn_eval
replace_all_batch_norm_modules_ cond while_loop functionalize max_pool1d_with_indices max_pool2d_with_indices
max_pool3d_with_indices adaptive_max_pool1d_with_indices adaptive_max_pool2d_with_indices
adaptive_max_pool3d_with_indices unsafe_chunk unsafe_split unsafe_split_with_sizes
"""


# and probabilities.py
PROBABILITIES = """
broadcast_all clamp_probs euler_constant logits_to_probs probs_to_logits tril_matrix_to_vec vec_to_tril_matrix
"""


# of torch.multiprocessing, which is Python's and a little more
PROCESSES = """
Event Lock Pool Process Queue cpu_count freeze_support get_all_sharing_strategies get_context get_sharing_strategy
set_sharing_strategy set_start_method spawn
"""


def _process(name: str) -> Callable[[], Any]:
    def find() -> Any:
        from gradsh.frontend.imports import together

        return together.of_torch(name)

    return find


# each gives the member when a program first names it
EXTRA: dict[str, Callable[[], Any]] = {
    **machines.MEMBERS,
    **bases.MEMBERS,
    **{name: _member("parts", name) for name in PARTS.split()},
    **{f"prune.{name}": _member("masks", name) for name in PRUNING.split()},
    **{f"signal.windows.{name}": _member("windows", f"signal.windows.{name}") for name in WINDOWS.split()},
    **{name: _member("rare", name) for name in RARE.split()},
    **{name: _member("probabilities", name) for name in PROBABILITIES.split()},
    **{f"multiprocessing.{name}": _process(name) for name in PROCESSES.split()},
    **{name: _of_dim(plain) for name, plain in OF_DIM.items()},
    "Module": _constant(Network),
    "Container": _constant(Network),  # its first name, which classes are still derived from
    "Function": _constant(Function),
    "Dataset": _constant(Dataset),
    "IterableDataset": _constant(IterableDataset),
    "Sampler": _constant(Sampler),
    "no_grad": _constant(_no_grad),
    "enable_grad": _constant(_enable_grad),
    "inference_mode": _constant(_inference),
    "set_grad_enabled": _constant(SetGrad),
    "set_detect_anomaly": _constant(Anomaly),
    "detect_anomaly": _constant(lambda check_nan=True: Anomaly(True, check_nan)),
    "Size": _type(Size),
    "Tensor": _type(Tensor),
    "linalg.LinAlgError": _raised("_LinAlgError"),
    "GradcheckError": _raised("GradcheckError"),
    "OutOfMemoryError": _raised("OutOfMemoryError"),
    "cuda.OutOfMemoryError": _raised("OutOfMemoryError"),
    "AcceleratorError": _raised("AcceleratorError"),
    "cuda_autocast": _constant(partial(machines.autocast, "cuda")),
    "cpu_autocast": _constant(partial(machines.autocast, "cpu")),
    "UninitializedParameter": _uninitialized("UninitializedParameter"),
    "UninitializedBuffer": _uninitialized("UninitializedBuffer"),
    "is_lazy": _constant(lambda param: getattr(type(param), "uninitialized", False)),
    "is_autocast_cpu_enabled": _constant(_false),
    "is_autocast_cache_enabled": _constant(lambda: True),
    "get_autocast_cpu_dtype": _constant(lambda: EXTRA["bfloat16"]()),
    "get_autocast_gpu_dtype": _constant(lambda: BUILTINS.value("float16")),
    "Optimizer": _of("optimizers", "OwnOptimizer"),
    "LRScheduler": _of("optimizers", "OwnScheduler"),
    "_LRScheduler": _of("optimizers", "OwnScheduler"),
    "save": _of("saving", "save"),
    "load": _of("saving", "load"),
    "_calculate_fan_in_and_fan_out": _constant(_fans),
    "__version__": _constant("2.13.0+cpu"),
    "__config__": _constant(machines.CONFIG),
    "version.__version__": _constant("2.13.0+cpu"),
    "version.git_version": _constant("cf30153c4c131c8164ee7798e5022d810682e2cb"),
    "version.cuda": _constant(None),
    "typename": _constant(typename),
    "dtype": _constant(Only("torch.dtype", DType)),
    "strided": _of("tensors", "STRIDED"),
    **{name: _format(name) for name in ("channels_last", "channels_last_3d", "contiguous_format", "preserve_format")},
    "memory_format": _constant(Only("torch.memory_format", MemoryFormat)),
    "layout": _constant(Only("torch.layout", Word)),
    "compile": _of("compiled", "compile"),
    "compiler.compile": _of("compiled", "compile"),
    "Buffer": _made("modules", "BufferType"),
    "skip_init": _of("modules", "skip_init"),
    "default_generator": _made("modules", "default_generator"),
    "record_function": _constant(lambda name="", args=None: nullcontext()),
    "amp.custom_fwd": _constant(_itself),
    "amp.custom_bwd": _constant(_itself),
    "custom_fwd": _constant(_itself),
    "custom_bwd": _constant(_itself),
    "linalg.matmul": _built_in("matmul"),
    "once_differentiable": _constant(_itself),
    "mps.is_available": _constant(_false),
    "mps.manual_seed": _constant(machines.nothing),
    "xpu.is_available": _constant(_false),
    "xpu.device_count": _constant(lambda: 0),
    "xpu.manual_seed": _constant(machines.nothing),
    "xpu.manual_seed_all": _constant(machines.nothing),
}
