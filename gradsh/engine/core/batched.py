"""A value with a batch of its own in front: what a program holds while `vmap` runs its function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.errors import AutogradError, ShapeError

# operators that were done sample by sample, for whoever wants to say so
LOOPED: set[str] = set()

# the sizes of the `vmap`s that are running, the outermost first; a Batched of level i belongs to number i
SIZES: list[int] = []


# what these say of random numbers: "error", "same" or "different"
RANDOMNESS: list[str] = []

# how many `jacfwd`s are running whose function may not draw
DRAWLESS: list[None] = []


ITEM = (
    "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, "
    "please try to rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch "
    "internals, please file a bug report."
)


class Shape:
    """What one sample of a batch looks like: shape and dtype, no values."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self.dtype = dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return Size(self.shape).numel()

    @property
    def itemsize(self) -> int:
        return int(self.dtype.itemsize)

    def item(self, *_: Any, **__: Any) -> Any:
        raise AutogradError(ITEM)

    __array__ = __getitem__ = __bool__ = __lt__ = __le__ = __gt__ = __ge__ = tolist = item


UNSUPPORTED_FLAG = (
    "You are attempting to call Tensor.requires_grad_() (or perhaps using torch.autograd.functional.* APIs) inside of "
    "a function being transformed by a functorch transform. This is unsupported, please attempt to use the functorch "
    "transforms (e.g. grad, vjp, jacrev, jacfwd, hessian) or call requires_grad_() outside of a function being "
    "transformed instead."
)


class Batched(Tensor):
    """One sample of many. `value` is a tensor, an array or a Batched of a lower level, with the batch in front.

    level   how deep the `vmap` is that made it: operators work on the deepest level first

    To a program it is a tensor; the engine tells it by its class, and has only its shape and dtype in `data`.
    """

    __slots__ = ("level", "value")
    __array_ufunc__ = None  # NumPy leaves `array * batched` to the methods here

    storage = None
    node = None
    extra = None
    gradient = None
    origin = None

    def __init__(self, value: Any, level: int) -> None:
        self.value = value
        self.level = level

    def __argument__(self) -> tuple[str, tuple[str, ...]]:
        return "Tensor", ("int", "float", "int64")  # what its samples can stand for is not asked

    @property
    def data(self) -> Shape:  # a sample has no memory of its own
        value = self.value
        inner = value.data if isinstance(value, Tensor) else value
        return Shape(tuple(inner.shape[1:]), inner.dtype)

    @property
    def requires(self) -> bool:  # type: ignore[override]  # what it holds decides
        return isinstance(self.value, Tensor) and self.value.requires

    @property
    def shape(self) -> Size:
        return Size(self.value.shape[1:])

    @property
    def ndim(self) -> int:
        return len(self.value.shape) - 1

    def set_requires_grad(self, on: bool) -> None:
        raise AutogradError(UNSUPPORTED_FLAG)

    def share(self) -> Any:
        raise AutogradError(ITEM)

    own_storage = share

    def __len__(self) -> int:
        if not self.ndim:
            raise ShapeError("len() of a 0-d tensor", kind="TypeError")
        return int(self.value.shape[1])

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise ShapeError("iteration over a 0-d tensor", kind="TypeError")
        return iter([self[i] for i in range(len(self))])

    def __bool__(self) -> bool:
        raise AutogradError(
            "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't "
            "support that yet, please file an issue at https://github.com/pytorch/pytorch/issues .",
            help="`where(x > 0, a, b)` chooses element by element",
        )

    def item(self) -> Any:
        raise AutogradError(ITEM)

    __float__ = __int__ = __index__ = __number__ = _scalar = item

    def __contains__(self, item: object) -> bool:
        raise AutogradError(ITEM)

    def __repr__(self) -> str:
        inside = repr(self.value).replace("\n", "\n    ")
        return f"BatchedTensor(lvl={self.level + 1}, bdim=0, value=\n    {inside}\n)"

    def __format__(self, spec: str) -> str:
        return repr(self)


Batched.__name__ = Batched.__qualname__ = "Tensor"  # what errors call it


def level_of(values: Any) -> int:
    """The deepest level among arguments, also inside lists; -1 when nothing is batched."""
    deepest = -1
    for v in values:
        cls = v.__class__
        if cls is Batched:
            if v.level > deepest:
                deepest = v.level
        elif cls is list or cls is tuple:
            inner = level_of(v)
            if inner > deepest:
                deepest = inner
    return deepest


def drawn(shape: tuple[int, ...], draw: Callable[[tuple[int, ...]], Any]) -> Any:
    """Random numbers of a shape, `draw(shape)`, as a tensor; where the samples of a `vmap` have different ones, those
    of all samples are drawn at once, the batch in front."""
    levels = [level for level, how in enumerate(RANDOMNESS) if how == "different"]
    data = draw((*(SIZES[level] for level in levels), *shape))
    value = make(data[()] if data.ndim == 0 else data)
    for level in levels:
        value = Batched(value, level)
    return value


def padded(value: Any, ndim: int) -> Any:
    """Dims of size 1 behind the batch, so that the sample has `ndim` dims."""
    shape = tuple(value.shape)
    wanted = (shape[0],) + (1,) * (ndim - len(shape) + 1) + shape[1:]
    return value.reshape(wanted) if value.__class__ is np.ndarray else T.reshape(value, wanted)


def expanded(value: Any, size: int) -> Any:
    """The same value for each sample: a batch in front without a copy."""
    if isinstance(value, Tensor):
        return T.expand(value, (size, *value.shape))
    return np.broadcast_to(value, (size, *value.shape))


def array_behind(x: Any) -> Any:
    """The array of a tensor; of one sample, that of the whole batch."""
    while x.__class__ is Batched:
        x = x.value
    return x.data if isinstance(x, Tensor) else x
