"""What PyTorch's tensors have and gradsh's have no word for: their storage, their layout, memory that is pinned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.strided import owner
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import TypeError_, WrongDevice
from gradsh.runtime.access import find_getter, method

__acts_for_programs__ = True

TYPED = "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage class"


class Word:
    """A value that is no more than its name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __argument__(self) -> tuple[str, tuple[str, ...]]:
        """For errors of calls: the word for the type."""
        return "torch.layout", ()

    def __repr__(self) -> str:
        return self.name


class Storage:
    """`x.storage()`: all elements of the memory that a tensor is a view of; `untyped`: its bytes."""

    __slots__ = ("array", "tensor", "untyped")
    __public__ = frozenset(("data_ptr", "nbytes", "size", "tolist", "element_size", "dtype"))

    def __init__(self, tensor: Tensor, untyped: bool) -> None:
        tensor.share()
        self.tensor = tensor
        whole = owner(tensor.data)
        self.array = (whole if isinstance(whole, np.ndarray) else np.asarray(tensor.data)).reshape(-1)
        self.untyped = untyped

    @property
    def dtype(self) -> Any:
        return OF[self.array.dtype]

    def data_ptr(self) -> int:
        if mode.host is not None:
            mode.host.check_address("data_ptr()")
        return int(self.array.__array_interface__["data"][0])

    def nbytes(self) -> int:
        return int(self.array.nbytes)

    def size(self) -> int:
        return int(self._items().size)

    def element_size(self) -> int:
        return 1 if self.untyped else int(self.array.itemsize)

    def tolist(self) -> Any:
        return self._items().tolist()

    def _items(self) -> Any:
        return self.array.view(np.uint8) if self.untyped else self.array

    def __len__(self) -> int:
        return self.size()

    def __getitem__(self, index: Any) -> Any:
        return self._items()[index].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        """Write elements, which all tensors of the memory see, and no gradient. Errors: TypeError_ of bytes."""
        if self.untyped:
            raise TypeError_("'UntypedStorage' object does not support item assignment here: write to the tensor")
        T.as_strided(T.detach(self.tensor), (self.size(),), (1,), 0)[index] = value

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __repr__(self) -> str:
        lines = "".join(f" {item}\n" for item in self.tolist())
        if self.untyped:
            return f"{lines}[torch.storage.UntypedStorage(device=cpu) of size {self.size()}]"
        return f"{lines}[torch.storage.TypedStorage(dtype=torch.{self.dtype!r}, device=cpu) of size {self.size()}]"

    __printed__ = __repr__


def storage(tensor: Tensor) -> Storage:
    """`x.storage()`."""
    mode.warn(TYPED + ".", once=True)
    return Storage(tensor, untyped=False)


def _pinned(device: Any = None) -> None:
    """`x.pin_memory()`. Errors: WrongDevice."""
    raise WrongDevice("Cannot access accelerator device when none is available.", kind="RuntimeError")


def _elsewhere(name: str) -> Any:
    from gradsh.frontend import modules

    return getattr(modules, name)


def _as_array(tensor: Tensor) -> Any:
    """`x.__array__(dtype)`"""

    def array(dtype: Any = None) -> Any:
        made = method(tensor, "numpy")()
        return made if dtype is None else made.astype(dtype, copy=False)

    return array


STRIDED = Word("torch.strided")

# each makes the attribute of a tensor
EXTRA: dict[str, Callable[[Tensor], Any]] = {
    "storage": lambda tensor: lambda: storage(tensor),
    "untyped_storage": lambda tensor: lambda: Storage(tensor, untyped=True),
    "layout": lambda tensor: STRIDED,
    "pin_memory": lambda tensor: _pinned,
    "is_pinned": lambda tensor: lambda device=None: False,
    "share_memory_": lambda tensor: lambda: tensor,
    "is_shared": lambda tensor: lambda: False,
    "to_dense": lambda tensor: lambda dtype=None, *, masked_grad=None: tensor,
    "__array__": _as_array,
    "apply_": lambda tensor: _elsewhere("apply_")(tensor),
    "map_": lambda tensor: _elsewhere("map_")(tensor),
}


# --- what a program puts on a tensor: `x.g = ...` ---------------------------------------------------------------------


def own_of(x: Tensor) -> dict[str, Any]:
    """{name: value}"""
    return {} if x.extra is None else x.extra.own or {}


def put_own(x: Tensor, name: str, value: Any) -> bool:
    """Whether a program may put what it likes there, and has: a method is hidden by it, an attribute is not."""
    if name[:2] == "__" or name in EXTRA or find_getter(x, name) is not None:
        return False
    x.own_extra().own = {**own_of(x), name: value}
    return True


def drop_own(x: Tensor, name: str) -> bool:
    """Whether it was there."""
    held = own_of(x)
    if name not in held:
        return False
    x.own_extra().own = {key: value for key, value in held.items() if key != name}
    return True
