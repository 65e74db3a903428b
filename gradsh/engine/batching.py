"""Values with a batch of their own in front: how `vmap` and batched Jacobians run operators on many samples at once.

A `Batched` stands for one sample; what it holds has the batch as its first dimension. An elementwise operator runs on
it as it is, after the shapes were aligned behind the batch; other operators say how with a batch rule in their entry

    @sum.batched
    def _(F, size, batched, x, dim, keepdim, dtype): ...

or in the table gradsh/engine/batch_rules.py. A rule gets the held values (with the batch where `batched` says so) and
gives a result with the batch in front, or NotImplemented. What has no rule is done sample by sample and stacked;
`LOOPED` collects these operators' names for whoever wants to say so.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradsh.engine.dtypes import Size
from gradsh.engine.modes import mode
from gradsh.engine.registry import OPERATORS, A, Namespace, Operator, T, caller
from gradsh.engine.tensor import Tensor, make
from gradsh.errors import AutogradError, ShapeError

ndarray = np.ndarray
_getframe = sys._getframe

LOOPED: set[str] = set()

# the sizes of the `vmap`s that are running, the outermost first; a Batched of level i belongs to number i
SIZES: list[int] = []

# what these say of random numbers: "error", "same" or "different"
RANDOMNESS: list[str] = []

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

    def item(self) -> Any:
        raise AutogradError(ITEM)

    __array__ = tolist = item


class Batched(Tensor):
    """One sample of many. `value` is a tensor, an array or a Batched of a lower level, with the batch in front.

    level   how deep the `vmap` is that made it: operators work on the deepest level first

    To a program it is a tensor; the engine tells it by its class, and has only its shape and dtype in `data`.
    """

    __slots__ = ("level", "value")
    __array_ufunc__ = None  # NumPy leaves `array * batched` to the methods here

    storage = None
    fn = None
    extra = None
    grad_ = None
    made = None

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
    def rg(self) -> bool:  # type: ignore[override]  # what it holds decides
        return isinstance(self.value, Tensor) and self.value.rg

    @property
    def shape(self) -> Size:
        return Size(self.value.shape[1:])

    @property
    def ndim(self) -> int:
        return len(self.value.shape) - 1

    def set_requires_grad(self, on: bool) -> None:
        raise AutogradError(
            "You are attempting to call Tensor.requires_grad_() (or perhaps using torch.autograd.functional.* APIs) "
            "inside of a function being transformed by a functorch transform. This is unsupported, please attempt "
            "to use the functorch transforms (e.g. grad, vjp, jacrev, jacfwd, hessian) or call requires_grad_() "
            "outside of a function being transformed instead."
        )

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

    def __getitem__(self, index: Any) -> Any:
        return pick(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        items = index if isinstance(index, tuple) else (index,)
        if level_of(items) >= 0 or level_of((value,)) > self.level:
            raise AutogradError(
                "vmap: inplace arithmetic(self, *extra_args) is not possible because there exists a Tensor `other` "
                "in extra_args that has more elements than `self`. This happened due to `other` being vmapped over "
                "but `self` not being vmapped over. Please try to use out-of-place operators instead of inplace "
                "arithmetic."
            )
        place = (slice(None), *items)
        if value.__class__ is Batched and value.level == self.level:
            region = len(self.value[place].shape)
            value = value.value if len(value.value.shape) >= region else padded(value.value, region - 1)
        self.value[place] = value

    def __bool__(self) -> bool:
        raise AutogradError(
            "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't "
            "support that yet, please file an issue at https://github.com/pytorch/pytorch/issues .",
            help="`where(x > 0, a, b)` chooses element by element",
        )

    def item(self) -> Any:
        raise AutogradError(ITEM)

    __float__ = __int__ = __index__ = _scalar = item

    def __contains__(self, item: object) -> bool:
        raise AutogradError(ITEM)

    def __repr__(self) -> str:
        inside = repr(self.value).replace("\n", "\n    ")
        return f"BatchedTensor(lvl={self.level + 1}, bdim=0, value=\n    {inside}\n)"

    def __format__(self, spec: str) -> str:
        return repr(self)


def check_random() -> None:
    """Raise where a `vmap` is running that allows no random numbers."""
    if "error" in RANDOMNESS:
        raise AutogradError(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' "
            "randomness flags on vmap or perform the randomness operation out of vmap",
            help='`vmap(f, randomness="different")` draws anew for each sample',
        )


# --- Python's operators --------------------------------------------------------------------------------------------


Batched.__name__ = Batched.__qualname__ = "Tensor"  # what errors call it


def _forward(function: Callable[[Any, Any], Any]) -> Any:
    def method(self: Batched, other: Any) -> Any:
        # the short way where the shapes are aligned as they are
        cls = other.__class__
        value = self.value
        if cls is ndarray or cls is Tensor:
            if len(value.shape) > other.ndim:
                return Batched(function(value, other), self.level)
        elif cls is float or cls is int:
            return Batched(function(value, other), self.level)
        elif cls is Batched and other.level == self.level and len(other.value.shape) == len(value.shape):
            return Batched(function(value, other.value), self.level)
        return elementwise(function, [self, other])

    return method


def _reflected(function: Callable[[Any, Any], Any]) -> Any:
    def method(self: Batched, other: Any) -> Any:
        return elementwise(function, [other, self])

    return method


def _in_place(function: Callable[[Any, Any], Any]) -> Any:
    def method(self: Batched, other: Any) -> Any:
        return write(self, elementwise(function, [self, other]))

    return method


Operators: Any = Batched  # the special methods are added here


def _define_operators() -> None:
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and_", "or_", "xor", "lshift", "rshift"):
        function = getattr(operator, name)
        plain = name.rstrip("_")
        setattr(Batched, f"__{plain}__", _forward(function))
        setattr(Batched, f"__r{plain}__", _reflected(function))
        setattr(Batched, f"__i{plain}__", _in_place(function))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(Batched, f"__{name}__", _forward(getattr(operator, name)))
    for name in ("neg", "invert", "abs", "pos"):
        function = getattr(operator, name)
        setattr(Batched, f"__{name}__", lambda self, f=function: Batched(f(self.value), self.level))
    Operators.__matmul__ = lambda self, other: call(entry_of("matmul"), [self, other])
    Operators.__rmatmul__ = lambda self, other: call(entry_of("matmul"), [other, self])
    Operators.__hash__ = object.__hash__  # which went with __eq__


_define_operators()


def write(x: Batched, result: Any) -> Batched:
    """`x` with the values of `result`, in the same memory: what operators in place do."""
    if result.__class__ is not Batched or result.level < x.level:
        result = Batched(expanded(result, int(x.value.shape[0])), x.level)
    if tuple(result.shape) != tuple(x.shape) or result.level != x.level:
        shape = result.shape if result.level == x.level else result.value.shape
        raise ShapeError(f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(shape)}")
    T.copy_(x.value, result.value)
    return x


def refuse_larger(x: Tensor, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise if a tensor that is the same for all samples is to be written with one that is not."""
    if level_of((*args, *kwargs.values())) < 0:
        return
    result = function(x, *args, **kwargs)
    shape = list(result.value.shape) if result.__class__ is Batched else list(result.shape)
    raise ShapeError(f"output with shape {list(x.shape)} doesn't match the broadcast shape {shape}")


# --- running an operator on batches ----------------------------------------------------------------------------------


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


def call(entry: Operator, values: list[Any]) -> Any:
    """Run an operator on bound arguments of which at least one is Batched."""
    from gradsh.engine.batch_rules import AS_WRITTEN, DYNAMIC, ELEMENTWISE, LOOKS, rule_of

    if entry.elementwise or entry.name in ELEMENTWISE:
        return elementwise(lambda *inner: run_inner(entry, inner), values)
    rule = entry.batch_rule or rule_of(entry)
    level = level_of(values)
    if rule is not None:
        held, batched, size = _opened(values, level)
        result = rule(_space(held), size, batched, *held)
        if result is not NotImplemented:
            return closed(result, level)
    elif (
        entry.body is not None and entry.name in AS_WRITTEN and not (entry.name in LOOKS and LOOKS[entry.name](values))
    ):
        return _composed(entry, values)
    if entry.name in DYNAMIC:
        raise AutogradError(
            "vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over "
            f"aten::{entry.name}. Please file an issue at https://github.com/pytorch/pytorch/issues if you need this "
            "feature."
        )
    LOOPED.add(entry.name)
    return looped(lambda sample: run_inner(entry, sample), values, level)


def run_inner(entry: Operator, values: Any) -> Any:
    """An operator on what batches hold: tensors, arrays, or batches of a lower level."""
    values = list(values)
    if level_of(values) >= 0:
        return call(entry, values)
    if _space(values) is A:
        return getattr(A, entry.name.replace(".", "_"))(*values)
    if entry.body is not None:
        return _composed(entry, values)
    from gradsh.engine.general import General, run

    if isinstance(entry, General):
        return run(entry, values, _getframe(1))
    return entry.apply(*values)


def _composed(entry: Operator, values: list[Any]) -> Any:
    """A composite as it is written."""
    before = mode.where
    if before is None:
        mode.where = caller(_getframe(1))
    try:
        return entry.body(*values)
    finally:
        mode.where = before


def _space(values: Any) -> Namespace:
    """The namespace of operators for these values."""
    for v in values:
        if isinstance(v, Tensor):
            return T
        if v.__class__ in (list, tuple) and any(isinstance(x, Tensor) for x in v):
            return T
    return A


def _opened(values: Any, level: int) -> tuple[list[Any], list[Any], int]:
    """What the batches of a level hold, which arguments these are, and the batch's size."""
    held: list[Any] = []
    batched: list[Any] = []
    size = 0
    for v in values:
        cls = v.__class__
        if cls is Batched and v.level == level:
            held.append(v.value)
            batched.append(True)
            size = int(v.value.shape[0])
        elif cls is list or cls is tuple:
            inner, flags, inner_size = _opened(v, level)
            held.append(cls(inner))
            batched.append(flags if any(flags) else False)
            size = size or inner_size
        else:
            held.append(v)
            batched.append(False)
    return held, batched, size


def closed(result: Any, level: int) -> Any:
    """A result with the batch in front as a Batched; inside tuples and lists too."""
    if isinstance(result, tuple) and not isinstance(result, Size):
        from gradsh.engine.results import Named, named

        items = [closed(r, level) for r in result]
        if isinstance(result, Named):
            return named(result.kind, **dict(zip(result.names, items, strict=True)))
        return tuple(items)
    if isinstance(result, list):
        return [closed(r, level) for r in result]
    return Batched(result, level)


def elementwise(function: Callable[..., Any], values: list[Any]) -> Any:
    """Run an elementwise function after aligning the samples' shapes behind the batch."""
    level = -1
    for v in values:
        if v.__class__ is Batched and v.level > level:
            level = v.level
    held: list[Any] = []
    short: list[tuple[int, int]] = []
    deepest = 0
    for v in values:
        if v.__class__ is Batched and v.level == level:
            v = v.value
            n = len(v.shape) - 1
            short.append((len(held), n))
        else:
            n = len(v.shape) if hasattr(v, "shape") else 0
        if n > deepest:
            deepest = n
        held.append(v)
    for i, n in short:
        if n < deepest:
            held[i] = padded(held[i], deepest)
    return Batched(function(*held), level)


def padded(value: Any, ndim: int) -> Any:
    """Dims of size 1 behind the batch, so that the sample has `ndim` dims."""
    shape = tuple(value.shape)
    wanted = (shape[0],) + (1,) * (ndim - len(shape) + 1) + shape[1:]
    return value.reshape(wanted) if value.__class__ is ndarray else T.reshape(value, wanted)


def expanded(value: Any, size: int) -> Any:
    """The same value for each sample: a batch in front without a copy."""
    if isinstance(value, Tensor):
        return T.expand(value, (size, *value.shape))
    return np.broadcast_to(value, (size, *value.shape))


def looped(function: Callable[[list[Any]], Any], values: list[Any], level: int) -> Any:
    """A function of the arguments, sample by sample, stacked."""
    size = _opened(values, level)[2]
    if not size:
        one = function(_sample(values, level, None))
        return closed(_stacked([one], empty=True), level)
    return closed(_stacked([function(_sample(values, level, i)) for i in range(size)]), level)


def _sample(values: Any, level: int, i: int | None) -> list[Any]:
    """The arguments of sample `i`; None: zeros that look like one, where there is none."""
    picked: list[Any] = []
    for v in values:
        if v.__class__ is Batched and v.level == level:
            if i is None:
                picked.append(_zeros(v))
            else:
                picked.append(v.value[i])
        elif v.__class__ is list or v.__class__ is tuple:
            picked.append(v.__class__(_sample(v, level, i)))
        else:
            picked.append(v)
    return picked


def _zeros(v: Batched) -> Any:
    value = v.value
    while isinstance(value, Batched):
        value = value.value
    zeros = np.zeros(v.data.shape, v.data.dtype)[()]
    return make(zeros) if isinstance(value, Tensor) else zeros


def _stacked(results: list[Any], empty: bool = False) -> Any:
    """Results of samples as one, with the samples in front; `empty`: with none of them."""
    first = results[0]
    if isinstance(first, (tuple, list)) and not isinstance(first, Size):
        from gradsh.engine.results import Named, named

        columns = [_stacked([r[k] for r in results], empty) for k in range(len(first))]
        if isinstance(first, Named):
            return named(first.kind, **dict(zip(first.names, columns, strict=True)))
        return columns if isinstance(first, list) else tuple(columns)
    if isinstance(first, Tensor):
        out = T.stack(results, 0)
        return out[:0] if empty else out
    if not isinstance(first, (ndarray, np.generic)):
        raise AutogradError(ITEM)
    return np.stack(results)[: 0 if empty else None]


# --- indexing --------------------------------------------------------------------------------------------------------


def pick(x: Any, index: Any) -> Any:
    """`x[index]` where `x` or something in the index is Batched."""
    items = index if isinstance(index, tuple) else (index,)
    level = max(level_of((x,)), level_of(items))
    of_level = x.__class__ is Batched and x.level == level
    if level_of(items) < level:
        if not any(isinstance(i, (Tensor, list, ndarray)) for i in items):
            return Batched(x.value[(slice(None), *items)], level)
        special = [n for n, i in enumerate(items) if not (isinstance(i, slice) or i is None or i is Ellipsis)]
        if special == list(range(special[0], special[-1] + 1)):  # else NumPy and PyTorch put the picked dims in front
            return Batched(x.value[(slice(None), *items)], level)
    elif any(isinstance(i, Tensor) and i.data.dtype.kind == "b" for i in items):
        raise AutogradError(
            "vmap: We do not support batching operators that can support dynamic shape. Attempting to batch over "
            "indexing with a boolean mask."
        )
    elif all(isinstance(i, Tensor) for i in items):
        held = [i.value if i.__class__ is Batched and i.level == level else i for i in items]
        flags = [i.__class__ is Batched and i.level == level for i in items]
        deepest = max(len(i.shape) for i in items)
        size = next(int(h.shape[0]) for h, f in zip(held, flags, strict=True) if f)
        held = [padded(h, deepest) if f else h for h, f in zip(held, flags, strict=True)]
        if not of_level:
            return Batched(x[tuple(held)], level)
        rows = make(np.arange(size).reshape((size,) + (1,) * deepest))
        return Batched(x.value[(rows, *held)], level)
    LOOPED.add("index")
    return looped(lambda sample: sample[0][sample[1]], [x, tuple(items)], level)


# --- the operators on batched arrays, as rules see them --------------------------------------------------------------


class BatchedNamespace(Namespace):
    """What a rule's `F` is when gradients come in batches: operators by name, on Batched and on plain arrays.

    `restore` and `output` give the saved values of a node: their arrays.
    """

    def __getattr__(self, name: str) -> Any:
        entry = entry_of(name)
        plain = getattr(A, name)
        parameters = entry.signature.parameters
        # `A` has no composites but those with a twin for arrays
        on_tensors = entry.body is not None and plain is entry.apply
        runs_by_rule = entry.kernel is not None or entry.elementwise

        def run(*args: Any) -> Any:
            values = list(args)
            if runs_by_rule and len(values) < len(parameters):
                values.extend(p.default for p in parameters[len(values) :])
            if on_tensors and not entry.elementwise:
                return _through_tensors(plain, values)
            if level_of(values) >= 0:
                return call(entry, values)
            return plain(*values)

        self.__dict__[name] = run
        return run


def _through_tensors(function: Any, values: list[Any]) -> Any:
    """A composite on arrays and batches of arrays."""

    def to_tensor(v: Any) -> Any:
        if v.__class__ is Batched:
            return Batched(to_tensor(v.value), v.level)
        return make(v) if isinstance(v, (ndarray, np.generic)) else v

    def to_array(v: Any) -> Any:
        if v.__class__ is Batched:
            return Batched(to_array(v.value), v.level)
        return v.data if v.__class__ is Tensor else v

    mode.batched += 1
    try:
        return to_array(function(*map(to_tensor, values)))
    finally:
        mode.batched -= 1


def entry_of(attribute: str) -> Operator:
    """The entry behind an attribute of the namespaces, `linalg_norm` for `linalg.norm`; loaded if need be."""
    names = (attribute, attribute.replace("_", ".", 1))
    for name in names:
        if name in OPERATORS:
            return OPERATORS[name]
    getattr(T, attribute)  # which loads every family
    for name in names:
        if name in OPERATORS:
            return OPERATORS[name]
    raise AttributeError(attribute)


B = BatchedNamespace()


def sum_to_batched(g: Batched, shape: tuple[int, ...]) -> Batched:
    """Undo broadcasting within the samples: sum each to `shape`."""
    value = g.value
    lead = len(value.shape) - 1 - len(shape)
    axes = tuple(range(1, lead + 1)) + tuple(
        i + lead + 1 for i, extent in enumerate(shape) if extent == 1 and value.shape[i + lead + 1] != 1
    )
    wanted = (value.shape[0], *shape)
    if value.__class__ is not ndarray:
        summed = T.sum(value, axes, True, None) if axes else value
        return Batched(T.reshape(summed, wanted), g.level)
    summed = np.add.reduce(value, axes, keepdims=True, dtype=value.dtype) if axes else value
    return Batched(summed.reshape(wanted), g.level)
