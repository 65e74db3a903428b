"""What PyTorch's source asks of graphics cards, other processes and compilers: that there are none, in PyTorch's words.

Each member by the name that it has in gradsh: `cuda.Event` is `torch.cuda.Event`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.engine.core.users import spelled
from gradsh.errors import NotHere, ValueProblem, WrongDevice

__acts_for_programs__ = True

Found = Callable[[], Any]

NO_CUDA = "Torch not compiled with CUDA enabled"
NO_GROUP = "Default process group has not been initialized, please make sure to call init_process_group."
ALONE = "torch.distributed.{}: a program is one process here: nothing is sent to others, nothing runs beside it"
# asked of a card, and PyTorch's own error where there is none
_OF_A_CARD = """
cudart current_blas_handle current_solver_handle current_stream default_stream get_per_process_memory_fraction
get_rng_state set_rng_state get_sync_debug_mode init initial_seed ipc_collect
"""
_SENT = """
all_gather all_gather_into_tensor all_gather_object all_reduce all_to_all barrier broadcast broadcast_object_list gather
gather_object get_backend get_rank get_world_size irecv isend monitored_barrier new_group recv reduce reduce_scatter
reduce_scatter_tensor scatter scatter_object_list send
"""


def refuses(words: str, error: type[Any] = ValueProblem, **options: Any) -> Callable[..., Any]:
    """A function of PyTorch's that has nothing to do its work on."""

    def refuse(*arguments: Any, **keywords: Any) -> Any:
        raise error(words, **options)

    return refuse


def gives(value: Any) -> Callable[..., Any]:
    """A function of PyTorch's with one answer."""
    return lambda *arguments, **keywords: value


def nothing(*arguments: Any, **keywords: Any) -> None:
    """A setting of what gradsh does not have."""


def block(*arguments: Any, **keywords: Any) -> Any:
    """A block in which nothing is other than outside."""
    return nullcontext()


def _alone(name: str) -> Callable[..., Any]:
    return refuses(ALONE.format(name), NotHere, help="leave it out: `dist.is_initialized()` is False here")


def autocast(device: str, enabled: Any = True, dtype: Any = None, cache_enabled: Any = True) -> Any:
    """`torch.cuda.amp.autocast()`, the old name of `torch.amp.autocast("cuda")`, and that of the CPU."""
    from gradsh.runtime.builtins import BUILTINS

    mode.warn(
        f"`torch.{device}.amp.autocast(args...)` is deprecated. Please use `torch.amp.autocast('{device}', args...)` "
        "instead.",
        category="FutureWarning",
    )
    return BUILTINS.value("autocast")(device, dtype, enabled, cache_enabled)


class Card:
    """`with torch.cuda.device(0):`, where entering fails."""

    __slots__ = ()

    def __init__(self, device: Any) -> None: ...

    def __enter__(self) -> None:
        raise WrongDevice("PyTorch was compiled without CUDA support", kind="RuntimeError")

    def __exit__(self, *_: object) -> None: ...


class Word:
    """One of a few words, as an enumeration of PyTorch's writes it."""

    __slots__ = ("kind", "name", "value")
    __public__ = frozenset(("name", "value"))

    def __init__(self, kind: str, name: str, value: int) -> None:
        self.kind, self.name, self.value = kind, name, value

    def __repr__(self) -> str:
        return f"<{self.kind}.{self.name}: {self.value}>"

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"

    __printed__ = __str__


class Words:
    """An enumeration of PyTorch's that a program only hands on."""

    def __init__(self, kind: str, names: str, first: int = 0) -> None:
        self.words = {name: Word(kind, name, first + at) for at, name in enumerate(names.split())}

    def __member__(self, name: str) -> Any:
        return self.words[name]

    def __members__(self) -> list[str]:
        return [*self.words]


class Config:
    """`torch.__config__`: what computes here, which is not what computes in PyTorch."""

    __public__ = frozenset(("parallel_info", "show"))

    def show(self) -> str:
        import numpy as np

        from gradsh.engine.kernels.compiled import library

        kernels = "of NumPy's" if library() is None else "in C"
        ours = f"gradsh, whose engine computes in place of PyTorch's\n  - NumPy {np.__version__}\n  - Kernels {kernels}"
        return f"PyTorch built with:\n  - {ours}\n"

    def parallel_info(self) -> str:
        from gradsh.runtime.builtins import BUILTINS

        return f"ATen/Parallel:\n\tat::get_num_threads() : {BUILTINS.value('get_num_threads')()}\n"


CONFIG = Config()
SDPA = Words("SDPBackend", "ERROR MATH FLASH_ATTENTION EFFICIENT_ATTENTION CUDNN_ATTENTION OVERRIDEABLE", -1)


def _always(value: Any) -> Found:
    return lambda: value


MEMBERS: dict[str, Found] = {
    **{f"cuda.{name}": _always(refuses(NO_CUDA, WrongDevice)) for name in _OF_A_CARD.split()},
    "cuda.Event": _always(refuses("Tried to instantiate dummy base class Event", WrongDevice, kind="RuntimeError")),
    "cuda.Stream": _always(refuses("torch.cuda.Stream requires CUDA support", WrongDevice, kind="RuntimeError")),
    "cuda.device": _always(Card),
    "cuda.stream": _always(block),  # of `None`, which is all that there is to give it
    "cuda.get_rng_state_all": _always(list),
    "cuda.set_rng_state_all": _always(nothing),
    "cuda.get_arch_list": _always(list),
    "cuda.memory_stats": _always(lambda device=None: OrderedDict()),
    "cuda.memory_cached": _always(gives(0)),
    "cuda.max_memory_cached": _always(gives(0)),
    "cuda.set_per_process_memory_fraction": _always(refuses(NO_CUDA, WrongDevice)),
    "cuda.can_device_access_peer": _always(refuses(NO_CUDA, WrongDevice)),
    "cuda.device_of": _always(block),  # of a tensor, which is on no card
    "cuda.is_tf32_supported": _always(gives(False)),
    "cpu.is_available": _always(gives(True)),
    "cpu.device_count": _always(gives(1)),
    "cpu.current_device": _always(gives("cpu")),
    "cpu.synchronize": _always(nothing),
    **{
        f"accelerator.{name}": _always(
            refuses("Cannot access accelerator device when none is available.", WrongDevice, kind="RuntimeError")
        )
        for name in ("current_stream", "memory_allocated", "max_memory_allocated", "memory_reserved", "memory_stats")
    },
    "mps.device_count": _always(gives(0)),
    "version.hip": _always(None),
    "version.debug": _always(False),
    # --- other processes ---
    "distributed.is_available": _always(gives(True)),
    "distributed.is_initialized": _always(gives(False)),
    "distributed.is_gloo_available": _always(gives(True)),
    **{f"distributed.is_{name}_available": _always(gives(False)) for name in ("nccl", "mpi", "ucc", "xccl")},
    "distributed.is_torchelastic_launched": _always(gives(False)),
    **{f"distributed.{name}": _always(refuses(NO_GROUP, kind="ValueError")) for name in _SENT.split()},
    "distributed.destroy_process_group": _always(refuses("Process group cannot be None", kind="AssertionError")),
    "distributed.init_process_group": _always(_alone("init_process_group")),
    "distributed.init_device_mesh": _always(_alone("init_device_mesh")),
    "distributed.ReduceOp": _always(Words("RedOpType", "SUM AVG PRODUCT MIN MAX BAND BOR BXOR PREMUL_SUM")),
    "DistributedDataParallel": _always(refuses(NO_GROUP, kind="ValueError")),
    # --- which of several kernels computes: here there is one ---
    "SDPBackend": _always(SDPA),
    "sdpa_kernel": _always(block),
    # --- compilers ---
    "jit.annotate": _always(lambda the_type, the_value: the_value),
    "jit.isinstance": lambda: _is_instance,
    "jit.script_if_tracing": _always(lambda function: function),
    "jit.fork": _always(lambda function, *given, **named: Done(function(*given, **spelled(function, named)))),
    "jit.wait": _always(lambda future: future.wait()),
    "compiler.cudagraph_mark_step_begin": _always(nothing),
    "compiler.set_stance": _always(block),
    "_dynamo.reset": _always(nothing),
    "_dynamo.disable": _always(lambda function=None, recursive=True, **_: function or (lambda given: given)),
    "_dynamo.allow_in_graph": _always(lambda function: function),
    "_dynamo.mark_dynamic": _always(nothing),
    "_dynamo.is_compiling": _always(gives(False)),
    **{
        f"onnx.{name}": _always(
            refuses(
                f"torch.onnx.{name}: programs are not traced, compiled or exported here",
                NotHere,
                help="`torch.save(model.state_dict(), path)` writes what PyTorch loads, and exports there",
            )
        )
        for name in ("export", "dynamo_export", "load")
    },
    "onnx.is_in_onnx_export": _always(gives(False)),
    "serialization.add_safe_globals": _always(nothing),  # no file's objects are made of anything but plain values
    "serialization.clear_safe_globals": _always(nothing),
    "serialization.get_safe_globals": _always(list),
    "serialization.safe_globals": _always(block),
}


def _is_instance(value: Any, kind: Any) -> bool:
    from gradsh.frontend.builtins import is_instance

    return is_instance(value, kind)


class Done:
    """`torch.jit.fork(f, …)`: what has been computed at once."""

    __slots__ = ("value",)
    __public__ = frozenset(("wait", "done", "value"))

    def __init__(self, value: Any) -> None:
        self.value = value

    def wait(self) -> Any:
        return self.value

    def done(self) -> bool:
        return True
