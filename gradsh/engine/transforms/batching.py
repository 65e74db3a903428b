"""Values with a batch of their own in front: how `vmap` and batched Jacobians run operators on many samples at once.

A `Batched` stands for one sample; what it holds has the batch as its first dimension. An elementwise operator runs on
it as it is, after the shapes were aligned behind the batch; other operators say how with a batch rule in their entry

    @sum.batched
    def _(F, size, batched, x, dim, keepdim, dtype): ...

A rule gets the held values (with the batch where `batched` says so) and gives a result with the batch in front, or
NotImplemented; gradsh/engine/operators/batch_rules.py has those that many operators share. A composite without a rule
runs as it is written. Everything else, and a composite that reads values (`looped` in its entry), is done sample by
sample and stacked; `LOOPED` collects these operators' names for whoever wants to say so.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import FAILURES
from gradsh.engine.core.batched import DRAWLESS, ITEM, LOOPED, RANDOMNESS, Batched, expanded, level_of, padded
from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.modes import interpreting, mode
from gradsh.engine.core.namespaces import A, Namespace, T
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels.summation import summed
from gradsh.engine.operators.batch_rules import applied, as_written, space_of
from gradsh.engine.operators.registry import OPERATORS, Operator
from gradsh.errors import AutogradError, GradshError, ShapeError

ndarray = np.ndarray
_getframe = sys._getframe
OPERANDS = (Tensor, ndarray, np.generic, int, float)  # of Python's operators


# --- Python's operators --------------------------------------------------------------------------------------------


def _placed(method: Any) -> Any:
    """A method of Batched whose operators on tensors are said to have been made where the program calls it."""

    def at_its_place(self: Batched, *others: Any) -> Any:
        if mode.where is not None or self.value.__class__ is ndarray:
            return method(self, *others)
        with placed(caller(_getframe(1))):
            return method(self, *others)

    return at_its_place


def _forward(function: Callable[[Any, Any], Any]) -> Any:
    def method(self: Batched, other: Any) -> Any:
        # the short way where the shapes are aligned as they are
        cls = other.__class__
        value = self.value
        if value.__class__ is not ndarray and mode.where is None:  # as _placed, without a frame for batched gradients
            with placed(caller(_getframe(1))):
                return method(self, other)
        if cls is ndarray and value.__class__ is not ndarray:  # one of the program's, which NumPy would take over
            other = T.from_numpy(other)
            cls = Tensor
        if cls is ndarray or cls is Tensor:
            if len(value.shape) > other.ndim:
                return Batched(function(value, other), self.level)
        elif cls is float or cls is int:
            return Batched(function(value, other), self.level)
        elif cls is Batched and other.level == self.level and len(other.value.shape) == len(value.shape):
            return Batched(function(value, other.value), self.level)
        elif not isinstance(other, OPERANDS):
            return NotImplemented
        return elementwise(function, [self, other])

    return method


def _reflected(function: Callable[[Any, Any], Any]) -> Any:
    @_placed
    def method(self: Batched, other: Any) -> Any:
        return elementwise(function, [other, self]) if isinstance(other, OPERANDS) else NotImplemented

    return method


def _in_place(function: Callable[[Any, Any], Any]) -> Any:
    @_placed
    def method(self: Batched, other: Any) -> Any:
        if not isinstance(other, OPERANDS):
            return NotImplemented
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
        setattr(Batched, f"__{name}__", _placed(lambda self, f=function: Batched(f(self.value), self.level)))
    Operators.__matmul__ = _placed(lambda self, other: call(entry_of("matmul"), [self, other]))
    Operators.__rmatmul__ = _placed(lambda self, other: call(entry_of("matmul"), [other, self]))
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


def shared_write(name: str, level: int = -1) -> AutogradError:
    """The error of a write of samples into a tensor that they share; `level`: of the batch, where PyTorch says it."""
    where = "in a vmap" if level < 0 else f"at level {level + 1}"
    return AutogradError(
        f"vmap: {name}(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args that has "
        "more elements than `self`. This happened due to `other` being vmapped over but `self` not being vmapped over "
        f"{where}. Please try to use out-of-place operators instead of {name}. If said operator is being called inside "
        "the PyTorch framework, please file a bug report instead.",
        help="`zeros_like(u)` is each sample's own, where `zeros(2)` is one for all",
    )


def refuse_larger(x: Tensor, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise: a tensor that is the same for all samples is to be written with one that is not."""
    entry = OPERATORS.get(function.__name__)
    if entry is None or entry.shared != "shape":
        level = level_of((*args, *kwargs.values()))
        name = entry.shared if entry is not None else ""
        raise shared_write(name) if name else shared_write(f"aten::{function.__name__}_", level)
    result = function(x, *args, **kwargs)
    shape = list(result.value.shape) if result.__class__ is Batched else list(result.shape)
    raise ShapeError(f"output with shape {list(x.shape)} doesn't match the broadcast shape {shape}")


class Batches:
    """The interpreter of `vmap`, and of gradients and tangents that come in batches."""

    def takes(self, values: Any) -> bool:
        return level_of(values) >= 0

    def run(self, entry: Operator, values: list[Any]) -> Any:
        with placed(caller(_getframe(1))):
            try:
                return call(entry, values)
            except FAILURES as error:
                if isinstance(error, GradshError):
                    raise
                raise _blamed(entry, values, error) from None

    def pick(self, x: Tensor, index: tuple[Any, ...]) -> Any:
        return pick(x, index) if level_of(index) >= 0 else NotImplemented

    def around(self, inner: Any) -> Any:
        return inner

    def write(self, function: Any, x: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if x.__class__ is Batched:
            return write(x, function(x, *args, **kwargs))
        if level_of((*args, *kwargs.values())) >= 0:
            refuse_larger(x, function, args, kwargs)
        return NotImplemented

    def each(self, name: str, function: Callable[[list[Any]], Any], values: list[Any]) -> Any:
        LOOPED.add(name)
        return looped(function, values, level_of(values))

    def draw(self) -> None:
        if "error" in RANDOMNESS or DRAWLESS:
            raise AutogradError(
                "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
                "'different' randomness flags on vmap or perform the randomness operation out of vmap",
                help='`vmap(f, randomness="different")` draws anew for each sample',
            )


BATCHES = Batches()


# --- running an operator on batches ----------------------------------------------------------------------------------


def call(entry: Operator, values: list[Any]) -> Any:
    """Run an operator on bound arguments of which at least one is Batched."""
    if entry.elementwise:
        return elementwise(lambda *inner: applied(entry, *inner), values)
    rule = entry.batch_rule
    level = level_of(values)
    if entry.draws and RANDOMNESS[level] == "same":
        raise AutogradError(
            "Vmap does not currently support same randomness with a batched tensor input. Please file an issue with "
            "functorch",
            help='`vmap(f, randomness="different")` draws anew for each sample',
        )
    if entry.name.endswith("_") and values[0].__class__ is Tensor:
        raise shared_write(entry.shared) if entry.shared else shared_write(f"aten::{entry.name}", level)
    if rule is not None:
        held, batched, size = _opened(values, level)
        result = rule(space_of(held), size, batched, *held)
        if result is not NotImplemented:
            return closed(result, level)
    elif entry.body is not None and not entry.looped and not entry.dynamic:
        return as_written(entry, values)
    if entry.dynamic:
        raise AutogradError(
            "vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over "
            f"aten::{entry.name}. Please file an issue at https://github.com/pytorch/pytorch/issues if you need this "
            "feature."
        )
    LOOPED.add(entry.name)
    return looped(lambda sample: applied(entry, *sample), values, level)


def _blamed(entry: Operator, values: list[Any], error: Exception) -> Exception:
    """The error of an operator that failed on batches: what is wrong with its arguments, or what one sample says."""
    from gradsh.engine.operators.blame import blame, in_the_program  # only an error needs it

    found = blame(entry, values, error, 3)
    if found is not error or in_the_program(error):
        return found
    level = level_of(values)
    sample = _sample(values, level, 0 if _opened(values, level)[2] else None)
    try:
        applied(entry, *sample)
    except GradshError as said:
        return said
    except FAILURES as said:  # of NumPy's, where the operator is made of others: `linalg.matrix_rank` of halves
        return blame(entry, list(sample), said, 3)
    return error


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
        from gradsh.engine.core.named import Named, named

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
            # what an operator keeps for its backward is each sample's own
            picked.append(v.anew() if hasattr(v, "anew") else v)
    return picked


def _zeros(v: Batched) -> Any:
    value = v.value
    while isinstance(value, Batched):
        value = value.value
    zeros = alloc.zeros(v.data.shape, v.data.dtype)[()]
    return make(zeros) if isinstance(value, Tensor) else zeros


def _stacked(results: list[Any], empty: bool = False) -> Any:
    """Results of samples as one, with the samples in front; `empty`: with none of them."""
    first = results[0]
    if isinstance(first, (tuple, list)) and not isinstance(first, Size):
        from gradsh.engine.core.named import Named, named

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


MASK = (
    "vmap: We do not support batching operators that can support dynamic shape. Attempting to batch over indexing with "
    "a boolean mask."
)


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
        raise AutogradError(MASK)
    elif all(isinstance(i, Tensor) for i in items):
        held = [i.value if i.__class__ is Batched and i.level == level else i for i in items]
        flags = [i.__class__ is Batched and i.level == level for i in items]
        deepest = max(len(i.shape) for i in items)
        size = next(int(h.shape[0]) for h, f in zip(held, flags, strict=True) if f)
        held = [padded(h, deepest) if f else h for h, f in zip(held, flags, strict=True)]
        if not of_level:
            return Batched(x[tuple(held)], level)
        rows = make(alloc.arange(size).reshape((size,) + (1,) * deepest))
        return Batched(x.value[(rows, *held)], level)
    LOOPED.add("index")
    return looped(lambda sample: sample[0][sample[1]], [x, tuple(items)], level)


def set_item(self: Batched, index: Any, value: Any) -> None:
    items = index if isinstance(index, tuple) else (index,)
    if level_of((value,)) > self.level or level_of(items) > self.level:
        raise shared_write("index_put_" if any(isinstance(i, Tensor) for i in items) else "inplace arithmetic")
    if level_of(items) == self.level:
        if any(isinstance(i, Tensor) and i.data.dtype.kind == "b" for i in items):
            raise AutogradError(MASK)
        for i in range(int(self.value.shape[0])):
            place, given = _sample([tuple(items), value], self.level, i)
            self.value[i][place] = given
        return
    place = (slice(None), *items)
    if value.__class__ is Batched and value.level == self.level:
        region = len(self.value[place].shape)
        value = value.value if len(value.value.shape) >= region else padded(value.value, region - 1)
    self.value[place] = value


Operators.__getitem__ = pick
Operators.__setitem__ = set_item


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

    with interpreting(BATCHES):
        return to_array(function(*map(to_tensor, values)))


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
        whole = T.sum(value, axes, True, None) if axes else value
        return Batched(T.reshape(whole, wanted), g.level)
    whole = summed(value, axes, True) if axes else value
    return Batched(whole.reshape(wanted), g.level)
