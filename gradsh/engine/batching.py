"""Values with a batch of their own in front: how `vmap` and batched Jacobians run operators on many samples at once.

A `Batched` stands for one sample; what it holds has the batch as its first dimension. An elementwise operator runs on
it as it is, after the shapes were aligned behind the batch; other operators say how with a batch rule in their entry

    @sum.batched
    def _(F, size, batched, x, dim, keepdim, dtype): ...

which gets the held values (with the batch where `batched` says so) and gives a result with the batch in front. What has
no rule is done sample by sample and stacked; `LOOPED` collects these operators' names for whoever wants to say so.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradsh.engine.dtypes import OF, DType, Size
from gradsh.engine.registry import A, Namespace, Operator, T
from gradsh.engine.tensor import Tensor
from gradsh.errors import AutogradError

LOOPED: set[str] = set()


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


class Batched:
    """One sample of many. `value` is a tensor, an array or a Batched of a lower level, with the batch in front.

    level   how deep the `vmap` is that made it: operators work on the deepest level first
    """

    __slots__ = ("level", "value")

    # what programs may read of it, beside the methods of tensors
    __public__ = frozenset({"shape", "ndim", "dtype", "T", "requires_grad"})

    def __init__(self, value: Any, level: int) -> None:
        self.value = value
        self.level = level

    @property
    def data(self) -> Shape:
        value = self.value
        inner = value.data if isinstance(value, (Tensor, Batched)) else value
        return Shape(tuple(inner.shape[1:]), inner.dtype)

    @property
    def shape(self) -> Size:
        return Size(self.value.shape[1:])

    @property
    def dtype(self) -> DType:
        return OF[self.data.dtype]

    @property
    def ndim(self) -> int:
        return len(self.value.shape) - 1

    @property
    def T(self) -> Any:
        return call(_entry("permute"), [self, tuple(range(self.ndim))[::-1]])

    @property
    def requires_grad(self) -> bool:
        return bool(getattr(self.value, "requires_grad", False))

    def __len__(self) -> int:
        return int(self.value.shape[1])

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def __getitem__(self, index: Any) -> Any:
        items = index if isinstance(index, tuple) else (index,)
        if any(isinstance(i, Batched) for i in items):
            return call(_entry("take_sample"), [self, index])
        return Batched(self.value[(slice(None), *items)], self.level)

    def __bool__(self) -> bool:
        raise AutogradError(
            "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't support "
            "that yet, please shout over at https://github.com/pytorch/functorch/issues/257 .",
            help="where(x > 0, a, b) chooses element by element",
        )

    def item(self) -> Any:
        raise AutogradError(
            "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, "
            "please try to rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch "
            "internals, please file a bug report."
        )

    def __repr__(self) -> str:
        return f"BatchedTensor(lvl={self.level}, bdim=0, value=\n    {self.value!r}\n)"


def _entry(name: str) -> Operator:
    from gradsh.engine.registry import OPERATORS

    return OPERATORS[name]


# --- Python's operators --------------------------------------------------------------------------------------------


def _forward(function: Callable[[Any, Any], Any]) -> Any:
    def method(self: Batched, other: Any) -> Any:
        return elementwise(function, [self, other])

    return method


def _reflected(function: Callable[[Any, Any], Any]) -> Any:
    def method(self: Batched, other: Any) -> Any:
        return elementwise(function, [other, self])

    return method


def _define_operators() -> None:
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and_", "or_", "xor"):
        function = getattr(operator, name)
        plain = name.rstrip("_")
        setattr(Batched, f"__{plain}__", _forward(function))
        setattr(Batched, f"__r{plain}__", _reflected(function))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(Batched, f"__{name}__", _forward(getattr(operator, name)))
    for name in ("neg", "invert", "abs", "pos"):
        function = getattr(operator, name)
        setattr(Batched, f"__{name}__", lambda self, f=function: Batched(f(self.value), self.level))
    Batched.__matmul__ = lambda self, other: call(_entry("matmul"), [self, other])  # type: ignore[attr-defined]
    Batched.__rmatmul__ = lambda self, other: call(_entry("matmul"), [other, self])  # type: ignore[attr-defined]
    Batched.__hash__ = object.__hash__  # type: ignore[method-assign]  # __eq__ compares elements


_define_operators()


# --- running an operator on batches ----------------------------------------------------------------------------------


def level_of(values: Any) -> int:
    """The deepest level among arguments, also inside lists; -1 when nothing is batched."""
    deepest = -1
    for v in values:
        if v.__class__ is Batched:
            deepest = max(deepest, v.level)
        elif v.__class__ is list or v.__class__ is tuple:
            deepest = max(deepest, level_of(v))
    return deepest


def call(entry: Operator, values: list[Any]) -> Any:
    """Run an operator on bound arguments of which at least one is Batched."""
    level = level_of(values)
    if entry.elementwise:
        return elementwise(lambda *inner: run_inner(entry, inner), values)
    held, batched, size = _opened(values, level)
    if entry.batch_rule is not None:
        result = entry.batch_rule(_space(held), size, batched, *held)
    else:
        LOOPED.add(entry.name)
        result = _looped(entry, values, level, size)
    return _closed(result, level)


def run_inner(entry: Operator, values: Any) -> Any:
    """An operator on what batches hold: tensors, arrays, or batches of a lower level."""
    if level_of(values) >= 0:
        return call(entry, list(values))
    if _space(values) is A:
        return entry.kernel(*values)
    # every argument is spelled out, keyword-only ones too: T's form takes them
    return getattr(T, entry.name.replace(".", "_"))(*values)


def _space(values: Any) -> Namespace:
    """The namespace of operators for these values."""
    for v in values:
        if v.__class__ is Tensor or v.__class__ is Batched:
            return T
        if v.__class__ in (list, tuple) and any(x.__class__ is Tensor or x.__class__ is Batched for x in v):
            return T
    return A


def _opened(values: Any, level: int) -> tuple[list[Any], list[Any], int]:
    """What the batches of a level hold, which arguments these are, and the batch's size."""
    held: list[Any] = []
    batched: list[Any] = []
    size = 0
    for v in values:
        if v.__class__ is Batched and v.level == level:
            held.append(v.value)
            batched.append(True)
            size = int(v.value.shape[0])
        elif v.__class__ is list or v.__class__ is tuple:
            inner, flags, inner_size = _opened(v, level)
            held.append(type(v)(inner))
            batched.append(flags if any(f for f in flags if f is True) else False)
            size = size or inner_size
        else:
            held.append(v)
            batched.append(False)
    return held, batched, size


def _closed(result: Any, level: int) -> Any:
    if isinstance(result, tuple) and not isinstance(result, Size):
        from gradsh.engine.results import Named, named

        items = [Batched(r, level) for r in result]
        if isinstance(result, Named):
            return named(result.kind, **dict(zip(result.names, items, strict=True)))
        return tuple(items)
    return Batched(result, level)


def elementwise(function: Callable[..., Any], values: list[Any]) -> Any:
    """Run an elementwise function after aligning the samples' shapes behind the batch."""
    level = level_of(values)
    held, batched, _ = _opened(values, level)
    dims = [len(v.shape) - b for v, b in zip(held, batched, strict=True) if hasattr(v, "shape")]
    deepest = max(dims)
    aligned = [
        _pad(v, deepest) if b and len(v.shape) - 1 < deepest else v for v, b in zip(held, batched, strict=True)
    ]
    return Batched(function(*aligned), level)


def _pad(value: Any, ndim: int) -> Any:
    """Dims of size 1 behind the batch, so that the sample has `ndim` dims."""
    shape = tuple(value.shape)
    wanted = (shape[0],) + (1,) * (ndim - len(shape) + 1) + shape[1:]
    return value.reshape(wanted) if isinstance(value, np.ndarray) else _space([value]).reshape(value, wanted)


def _looped(entry: Operator, values: list[Any], level: int, size: int) -> Any:
    """Sample by sample, stacked."""
    results = [run_inner(entry, _sample(values, level, i)) for i in range(size)]
    first = results[0] if results else None
    if isinstance(first, tuple) and not isinstance(first, Size):
        columns = [_stacked([r[k] for r in results]) for k in range(len(first))]
        from gradsh.engine.results import Named, named

        if isinstance(first, Named):
            return named(first.kind, **dict(zip(first.names, columns, strict=True)))
        return tuple(columns)
    return _stacked(results)


def _sample(values: Any, level: int, i: int) -> list[Any]:
    picked: list[Any] = []
    for v in values:
        if v.__class__ is Batched and v.level == level:
            picked.append(v.value[i])
        elif v.__class__ is list or v.__class__ is tuple:
            picked.append(type(v)(_sample(v, level, i)))
        else:
            picked.append(v)
    return picked


def _stacked(results: list[Any]) -> Any:
    if results and (results[0].__class__ is Tensor or results[0].__class__ is Batched):
        return T.stack(results, 0)
    return np.stack(results)


# --- the operators on batched arrays, as rules see them ------------------------------------------------------------------


class BatchedNamespace(Namespace):
    """What a rule's `F` is when gradients come in batches: operators by name, on Batched and on plain arrays.

    `restore` and `output` give the saved values of a node: their arrays.
    """

    def __getattr__(self, name: str) -> Any:
        entry = _entry_of(name)

        def run(*args: Any) -> Any:
            values = list(args)
            if level_of(values) >= 0:
                return call(entry, values)
            return entry.kernel(*values)

        self.__dict__[name] = run
        return run

    @staticmethod
    def restore(x: Any, edge: Any) -> Any:
        return x.data

    @staticmethod
    def output(node: Any, data: Any) -> Any:
        return data


def _entry_of(attribute: str) -> Operator:
    from gradsh.engine.registry import OPERATORS

    for name in (attribute, attribute.replace("_", ".", 1)):
        if name in OPERATORS:
            return OPERATORS[name]
    raise AttributeError(attribute)


B = BatchedNamespace()


def sum_to_batched(g: Batched, shape: tuple[int, ...]) -> Batched:
    """Undo broadcasting within the samples: sum each to `shape`."""
    value = g.value
    lead = value.ndim - 1 - len(shape)
    axes = tuple(range(1, lead + 1)) + tuple(
        i + lead + 1 for i, extent in enumerate(shape) if extent == 1 and value.shape[i + lead + 1] != 1
    )
    summed = np.add.reduce(value, axes, keepdims=True, dtype=value.dtype) if axes else value
    return Batched(summed.reshape((value.shape[0], *shape)), g.level)
