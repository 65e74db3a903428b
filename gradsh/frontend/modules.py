"""What PyTorch's modules and generators have and gradsh's have no word for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

from gradsh.calls.devices import chosen
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels.stream import stream
from gradsh.errors import ArgumentError, AttributeError_
from gradsh.frontend.text import shown
from gradsh.runtime.access import method

__acts_for_programs__ = True

# --- buffers that say so themselves -----------------------------------------------------------------------------------

# by `nn.Buffer`, by where they are: each, as long as it is there, and whether it belongs to the state
MADE: dict[int, tuple[ref[Tensor], bool]] = {}


def made_buffer(value: Any) -> bool | None:
    """Whether a tensor belongs to the state as the buffer that `nn.Buffer` made it; None for any other value."""
    found = MADE.get(id(value))
    return found[1] if found is not None and found[0]() is value else None


class BufferType:
    """`nn.Buffer(data, persistent=True)`: a tensor that is a buffer of the module that it is set in."""

    __name__ = "Buffer"

    def __call__(self, data: Any = None, *, persistent: bool = True) -> Tensor:
        from gradsh.runtime.builtins import BUILTINS

        made: Tensor = BUILTINS.value("empty")(0) if data is None else method(data, "detach")()
        at = id(made)
        MADE[at] = (ref(made, lambda _: MADE.pop(at, None)), bool(persistent))
        return made

    def __instance__(self, value: Any) -> bool:
        return made_buffer(value) is not None

    def __repr__(self) -> str:
        return "<class 'torch.nn.parameter.Buffer'>"


# --- modules ----------------------------------------------------------------------------------------------------------


def _type(model: Any) -> Callable[[Any], Any]:
    """`model.type(dtype)`: all parameters and buffers, whole numbers too."""

    def convert(dst_type: Any) -> Any:
        for tensor in (*model.parameters(), *model.buffers()):
            for one in (tensor, tensor.gradient):
                if one is not None:
                    one.data = method(method(one, "detach")(), "type")(dst_type).data
                    one.storage = None
        return model

    return convert


def _to_empty(model: Any) -> Callable[..., Any]:
    def empty(*, device: Any, recurse: bool = True) -> Any:
        chosen(device)
        return model

    return empty


def _set_submodule(model: Any) -> Callable[..., None]:
    """`model.set_submodule("a.b", module)`. Errors: ArgumentError, AttributeError_ in PyTorch's words."""

    def put(target: str, module: Any, strict: bool = False) -> None:
        if target == "":
            raise ArgumentError("Cannot set the submodule without a target name!", kind="ValueError")
        *path, name = target.split(".")
        owner = model
        for part in path:
            found = owner.get(part)
            if found is None:
                raise AttributeError_(f"{type(owner).__name__} has no attribute `{part}`")
            owner = found
        if strict and owner.get(name) is None:
            raise AttributeError_(f"{type(owner).__name__} has no attribute `{name}`")
        owner.__set_member__(name, module)

    return put


OF_MODULES: dict[str, Callable[[Any], Any]] = {
    "type": _type,
    "to_empty": _to_empty,
    "set_submodule": _set_submodule,
    "share_memory": lambda model: lambda: model,
    "compile": lambda model: lambda *arguments, **keywords: None,  # in place, and what runs stays the same
}


def skip_init(module_cls: Any, *arguments: Any, **keywords: Any) -> Any:
    """`nn.utils.skip_init(Layer, …)`: a layer whose values do not matter, made without a draw."""
    before = stream().get_state()
    made = module_cls(*arguments, **keywords)
    stream().set_state(before)
    return made


# --- generators -------------------------------------------------------------------------------------------------------


def default_generator() -> Any:
    """`torch.default_generator`: the session's."""
    return stream()


# --- tensors ----------------------------------------------------------------------------------------------------------


def apply_(tensor: Tensor) -> Callable[[Any], Tensor]:
    """`x.apply_(f)`: each element becomes what the function gives for it."""

    def apply(callable: Any) -> Tensor:
        if tensor.requires:
            raise ArgumentError(
                "Can't call apply_() on Variable that requires grad. Use var.detach().apply_() instead.",
                kind="RuntimeError",
            )
        return _filled(tensor, [callable(value) for value in tensor.data.reshape(-1).tolist()])

    return apply


def map_(tensor: Tensor) -> Callable[[Any, Any], Tensor]:
    """`x.map_(y, f)`: each element becomes what the function gives for it and that of the other."""

    def apply(other: Any, callable: Any) -> Tensor:
        if tensor.requires:
            raise ArgumentError(
                "Can't call map_() on Variable that requires grad. Use var.detach().map_() instead.",
                kind="RuntimeError",
            )
        if not isinstance(other, Tensor):
            raise ArgumentError(f"map_(): argument 'other' (position 1) must be Tensor, not {shown(type(other))}")
        import numpy as np

        theirs = np.broadcast_to(other.data, tensor.data.shape).reshape(-1).tolist()
        return _filled(tensor, [callable(a, b) for a, b in zip(tensor.data.reshape(-1).tolist(), theirs, strict=True)])

    return apply


def _filled(tensor: Tensor, values: list[Any]) -> Tensor:
    from gradsh.runtime.builtins import BUILTINS

    new = BUILTINS.value("tensor")(values, dtype=tensor.dtype)
    method(tensor, "copy_")(method(new, "view")(*tensor.data.shape))
    return tensor
