"""Devices: there is one, the CPU. What asks for graphics cards finds none, what seeds them has nothing to do."""

from __future__ import annotations

from typing import Any

from gradsh.calls.devices import CPU, Device, chosen
from gradsh.calls.devices import device as named
from gradsh.engine.kernels.stream import seed_of
from gradsh.engine.operators.composite import function, makes
from gradsh.errors import WrongDevice


@function("device(type, index=None)", method=False, differentiable=False, example='device("cpu")')
def device(type: Any, index: Any) -> Device:
    """The device of that name; tensors can be on `cpu` alone."""
    return named(type, index)


makes(device, Device)  # for `isinstance(x.device, torch.device)`


@function("cuda.is_available()", method=False, differentiable=False, example="cuda.is_available()")
def is_available() -> bool:
    """Whether there is a graphics card to compute on: there is none."""
    return False


@function("cuda.device_count()", method=False, differentiable=False, example="cuda.device_count()")
def device_count() -> int:
    """How many graphics cards there are: 0."""
    return 0


@function("cuda.manual_seed(seed)", method=False, differentiable=False, effect=True, example="cuda.manual_seed(0)")
def cuda_manual_seed(seed: Any) -> None:
    """Seeds the graphics card, of which there is none; the CPU's stream stays as it is."""
    seed_of(seed)


@function(
    "cuda.manual_seed_all(seed)", method=False, differentiable=False, effect=True, example="cuda.manual_seed_all(0)"
)
def cuda_manual_seed_all(seed: Any) -> None:
    """Seeds all graphics cards, of which there are none; the CPU's stream stays as it is."""
    seed_of(seed)


@function("cuda.empty_cache()", method=False, differentiable=False, effect=True, example="cuda.empty_cache()")
def cuda_empty_cache() -> None:
    """Gives back memory of the graphics card, of which there is none."""


@function(
    "set_default_device(device)", method=False, differentiable=False, effect=True, example='set_default_device("cpu")'
)
def set_default_device(device: Any) -> None:
    """Where tensors are made from now on: on the CPU, which is where they are made."""
    chosen(device)


@function("get_default_device()", method=False, differentiable=False, example="get_default_device()")
def get_default_device() -> Device:
    """Where tensors are made: on the CPU."""
    return CPU


def _without(name: str, summary: str) -> None:
    """What asks something of a graphics card. Errors: WrongDevice."""

    def none(device: Any) -> Any:
        raise WrongDevice("Torch not compiled with CUDA enabled")

    none.__doc__ = summary
    function(f"cuda.{name}(device=None)", method=False, differentiable=False, example="cuda.is_available()")(none)


_without("current_device", "The number of the graphics card that is used: an error, as there is none.")
_without("get_device_name", "The name of a graphics card: an error, as there is none.")
_without("synchronize", "Waits for the graphics card: an error, as there is none.")


# --- what is asked of a card, and has an answer where there is none ---------------------------------------------------


def _answering(signature: str, value: Any, summary: str) -> None:
    """A question with one answer; what is given with it may name a device."""

    def answer(*given: Any) -> Any:
        return value

    answer.__doc__ = summary
    name = signature.partition("(")[0]
    function(signature, method=False, differentiable=False, example=f"{name}()")(answer)


_answering("cuda.memory_allocated(device=None)", 0, "How many bytes tensors take on the graphics card: 0.")
_answering("cuda.max_memory_allocated(device=None)", 0, "The most bytes that tensors took on the graphics card: 0.")
_answering("cuda.memory_reserved(device=None)", 0, "How many bytes are held on the graphics card: 0.")
_answering("cuda.max_memory_reserved(device=None)", 0, "The most bytes that were held on the graphics card: 0.")
_answering(
    "cuda.is_bf16_supported(including_emulation=True)", False, "Whether the graphics card has bfloat16: there is none."
)
_answering("cuda.is_initialized()", False, "Whether the graphics card is in use: there is none.")
_answering("cuda.seed()", None, "Seeds the graphics card, of which there is none; the CPU's stream stays as it is.")
_answering("cuda.seed_all()", None, "Seeds all graphics cards, of which there are none.")
_answering("accelerator.is_available()", False, "Whether there is a device beside the CPU: there is none.")
_answering("accelerator.device_count()", 0, "How many devices there are beside the CPU: 0.")
_answering("accelerator.current_accelerator(check_available=False)", None, "The device beside the CPU: none.")

NO_ACCELERATOR = "Cannot access accelerator device when none is available."


def _accelerated(name: str, summary: str) -> None:
    """What asks something of a device beside the CPU. Errors: WrongDevice."""

    def none(device: Any) -> Any:
        raise WrongDevice(NO_ACCELERATOR, kind="RuntimeError")

    none.__doc__ = summary
    function(
        f"accelerator.{name}(device=None)", method=False, differentiable=False, example="accelerator.is_available()"
    )(none)


_accelerated("synchronize", "Waits for the device beside the CPU: an error, as there is none.")
_accelerated("empty_cache", "Gives back memory of the device beside the CPU: an error, as there is none.")
_accelerated("current_device_index", "The number of the device beside the CPU: an error, as there is none.")
_accelerated("set_device_index", "Chooses the device beside the CPU: an error, as there is none.")
_without("get_device_properties", "What a graphics card is: an error, as there is none.")
_without("get_device_capability", "What a graphics card can do: an error, as there is none.")
_without("set_device", "Chooses a graphics card: an error, as there is none.")
_without("mem_get_info", "How much memory a graphics card has: an error, as there is none.")
