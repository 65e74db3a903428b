"""torch.backends: switches of kernels that are not here. They keep what a program sets, and change no number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.modes import mode
from gradsh.errors import ArgumentError

# backend -> its switches, with PyTorch's values at the start and what sets them inside, for errors
SWITCHES: dict[str, dict[str, tuple[Any, str]]] = {
    "cudnn": {
        "enabled": (True, "set_enabled_cudnn"),
        "benchmark": (False, "set_benchmark_cudnn"),
        "deterministic": (False, "set_deterministic_cudnn"),
        "allow_tf32": (True, "set_allow_tf32_cublas"),
    },
    "cuda.matmul": {
        "allow_tf32": (False, "set_allow_tf32_cublas"),
        "allow_fp16_reduced_precision_reduction": (True, "set_allow_fp16_reduction_cublas"),
        "allow_bf16_reduced_precision_reduction": (True, "set_allow_bf16_reduction_cublas"),
    },
    "mkldnn": {"enabled": (True, "set_enabled_mkldnn")},
    "opt_einsum": {},
}
# backend -> what it can be asked, and the answer
ANSWERS: dict[str, dict[str, Any]] = {
    "cudnn": {"is_available": False, "version": None},
    "cuda": {"is_built": False, "is_flash_attention_available": False},
    "mps": {"is_available": False, "is_built": False},
    "mkl": {"is_available": False},
    "mkldnn": {"is_available": False},
    "openmp": {"is_available": False},
    "opt_einsum": {"is_available": False},
}
# the kernels of attention on cards: each can be asked whether it may be used, and told
KERNELS = ("flash", "mem_efficient", "math", "cudnn")


def kept() -> dict[str, Any]:
    """The session's settings that change no number, by their names."""
    if mode.settings is None:
        mode.settings = {"precision": "highest", "deterministic": False}
    return mode.settings


def _switch(path: str, name: str, first: Any, inside: str) -> property:
    key = f"{path}.{name}"

    def read(self: Any) -> Any:
        return first if mode.settings is None else mode.settings.get(key, first)

    def write(self: Any, value: Any) -> None:
        if not isinstance(value, bool):
            raise ArgumentError(f"{inside} expects a bool, but got {type_word(value)}", kind="RuntimeError")
        kept()[key] = value

    return property(read, write)


def _answer(name: str, value: Any) -> Callable[[Any], Any]:
    def ask(self: Any) -> Any:
        return value

    ask.__name__ = ask.__qualname__ = name
    return ask


def _kernels() -> dict[str, Callable[..., Any]]:
    """`flash_sdp_enabled()`, `enable_flash_sdp(False)` and their kin."""
    found: dict[str, Callable[..., Any]] = {}
    for kernel in KERNELS:
        key = f"cuda.{kernel}_sdp"

        def ask(self: Any, key: str = key) -> Any:
            return True if mode.settings is None else mode.settings.get(key, True)

        def tell(self: Any, enabled: Any, key: str = key) -> None:
            kept()[key] = bool(enabled)

        for function, name in ((ask, f"{kernel}_sdp_enabled"), (tell, f"enable_{kernel}_sdp")):
            function.__name__ = function.__qualname__ = name
            found[name] = function
    return found


def _backend(path: str, **parts: Any) -> Any:
    switches = {name: _switch(path, name, *how) for name, how in SWITCHES.get(path, {}).items()}
    answers = {name: _answer(name, value) for name, value in ANSWERS.get(path, {}).items()}
    if path == "cuda":
        answers |= _kernels()
    body = {
        **{name: property(_answer(name, part)) for name, part in parts.items()},
        **switches,
        **answers,
        "__public__": frozenset((*parts, *switches, *answers)),
        "__settable__": frozenset(switches),
        "__repr__": lambda self: f"<module 'torch.backends.{path}'>",
    }
    return type("module", (), body)()


cudnn = _backend("cudnn")
cuda = _backend("cuda", matmul=_backend("cuda.matmul"))
mps = _backend("mps")
mkl = _backend("mkl")
mkldnn = _backend("mkldnn")
openmp = _backend("openmp")
opt_einsum = _backend("opt_einsum")
