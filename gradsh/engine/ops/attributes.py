"""The attributes of tensors that programs may read, and those that they may set."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gradsh.calls.devices import CPU
from gradsh.engine.autograd.forms import remember
from gradsh.engine.core.batched import Batched
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import caller
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.ops.shape.dims import matrix_transpose, reversed_dims
from gradsh.errors import ArgumentError, AutogradError, DtypeError, ValueProblem

_getframe = sys._getframe


class Attribute:
    """One attribute: how it is read, how it is set (None where it may not be), and what it is."""

    __slots__ = ("doc", "get", "name", "set")

    def __init__(
        self, name: str, get: Callable[[Any], Any], set: Callable[[Any, Any], None] | None = None, doc: str = ""
    ) -> None:
        self.name = name
        self.get = get
        self.set = set
        self.doc = doc


def _property(name: str, doc: str, settable: bool = False) -> Attribute:
    """An attribute that the engine's tensor has as a property of its own."""
    own = getattr(Tensor, name)
    return Attribute(name, own.fget, own.fset if settable else None, doc)


def _data(x: Tensor) -> Tensor:
    """The same memory without the graph, and without the version counter: writes through it go unnoticed."""
    if x.__class__ is not Tensor:
        return T.detach(x)  # type: ignore[no-any-return]  # a sample inside `vmap`
    x.share()
    out = make(x.data)
    out.origin = caller(_getframe(1))
    out.own_storage()  # its own counter; and writes in place go to the memory, not to a new array
    return out


def _set_data(x: Tensor, value: Any) -> None:
    if x.__class__ is Batched:
        raise ValueProblem("mutating directly with `.data` under vmap transform is not allowed.", kind="RuntimeError")
    if value.__class__ is not Tensor:
        raise ArgumentError(f"Variable data has to be a tensor, but got {type(value).__name__}")
    if x.requires and value.data.dtype.kind != "f":
        raise AutogradError("data set to a tensor that requires gradients must be floating point or complex dtype")
    if x.gradient is not None and x.gradient.data.dtype != value.data.dtype:
        raise DtypeError(
            "Trying to set `data` to a tensor of another dtype than that of its gradient: "
            f"{OF[value.data.dtype]} for {x.gradient.dtype}"
        )
    value.share()
    if x.requires and (x.data.shape != value.data.shape or x.data.dtype != value.data.dtype):
        remember(x)
    x.data = value.data


def _base(x: Tensor) -> Tensor | None:
    return x.extra.base if x.extra is not None else None


# what a tensor of PyTorch may be, and is not here
KINDS = (
    ("sparse", "sparse"),
    ("sparse_csr", "sparse"),
    ("quantized", "quantised"),
    ("meta", "without memory"),
    ("mkldnn", "in the layout of oneDNN"),
    ("nested", "made of tensors of several sizes"),
    ("mps", "on a device of Apple's"),
    ("xpu", "on a device of Intel's"),
    ("xla", "on a device of XLA's"),
    ("ipu", "on a device of Graphcore's"),
    ("mtia", "on a device of Meta's"),
    ("maia", "on a device of Microsoft's"),
    ("vulkan", "on a device of Vulkan's"),
)

_TABLE = (
    _property("grad", "the accumulated gradient, none before the first backward", settable=True),
    _property("grad_fn", "the node of the graph that made it, none for a leaf"),
    _property("requires_grad", "whether gradients are wanted for it", settable=True),
    _property("is_leaf", "whether no recorded operation made it"),
    _property("retains_grad", "whether it keeps its gradient though it is no leaf"),
    _property("shape", "its size in every dimension"),
    _property("dtype", "the type of its elements"),
    _property("ndim", "how many dimensions it has"),
    _property("_version", "how often its memory was written in place"),
    _property("output_nr", "which output of its grad_fn it is"),
    Attribute("data", _data, _set_data, "the same memory outside the graph; writes through it go unnoticed"),
    Attribute("T", reversed_dims, None, "its dimensions in reverse order"),
    Attribute("mT", lambda x: matrix_transpose(x, "mT"), None, "its last two dimensions exchanged"),
    Attribute("H", lambda x: _conjugate(x), None, "the transpose of a matrix"),
    Attribute("mH", lambda x: matrix_transpose(x, "mH"), None, "its last two dimensions exchanged"),
    Attribute("itemsize", lambda x: int(x.data.itemsize), None, "bytes per element"),
    Attribute("nbytes", lambda x: int(x.data.nbytes), None, "bytes of all elements"),
    Attribute("real", lambda x: x, None, "itself"),
    Attribute("device", lambda x: CPU, None, "where it is: the CPU"),
    Attribute("is_cuda", lambda x: False, None, "whether it is on a graphics card: never"),
    Attribute("is_cpu", lambda x: True, None, "whether it is on the CPU: always"),
    Attribute("imag", lambda x: T.imag(x), None, "the imaginary part, which real tensors have not"),
    Attribute("name", lambda x: None, None, "none: PyTorch's tensors have none either"),
    *(Attribute(f"is_{kind}", lambda x: False, None, f"whether it is {words}: never") for kind, words in KINDS),
    Attribute("_base", _base, None, "the tensor that it is a view of"),
    Attribute("names", lambda x: (None,) * x.data.ndim, None, "none for every dimension"),
)


def _conjugate(x: Tensor) -> Any:
    n = x.data.ndim
    if n == 1 or n > 2:
        from gradsh.errors import ShapeError

        raise ShapeError(f"tensor.H is only supported on matrices (2-D tensors). Got {n}-D tensor.")
    return x if n == 0 else matrix_transpose(x, "H")


ATTRIBUTES: dict[str, Attribute] = {entry.name: entry for entry in _TABLE}
