"""gradsh and PyTorch side by side: the same call on both, for compare.py and operators.py. Needs torch.

Arguments are PyTorch's (as its own operator samples give them) or gradsh's (as the registry's samples give them); the
other side's are made from them, with the same memory order. What gradsh does not have (complex numbers, devices, memory
formats) raises Unsupported, whose text is the reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core.dtypes import NAMES, DType
from gradsh.engine.core.modes import GradMode
from gradsh.engine.core.tensor import Tensor, leaf
from gradsh.engine.ops import families
from gradsh.engine.ops.attributes import ATTRIBUTES
from gradsh.errors import GradshError

FUNCTIONS = families.functions()
METHODS = families.methods()
SEED = 42  # what PyTorch's samples of random operators are drawn with


class Unsupported(Exception):
    """The call has something in it that gradsh leaves out on purpose."""


# PyTorch's samples of these call something else than the function of the name: the same for gradsh's side. By name, or
# by name and variant.
def _method(name: str) -> Any:
    return lambda x, *args, **kwargs: METHODS[name](x, *args, **kwargs)


def _call(name: str) -> Any:
    return FUNCTIONS[name].apply


ADAPTERS: dict[str, Any] = {
    "einsum": lambda tensors, equation: _call("einsum")(equation, tensors),
    "where": lambda x, condition, other: _call("where")(condition, x, other),
    "polygamma": lambda x, n: _call("polygamma")(n, x),
    "special.polygamma": lambda x, n: _call("special.polygamma")(n, x),
    "normal.in_place": _method("normal_"),
    "normal.number_mean": lambda std, mean, *size, **options: _call("normal")(mean, std, *size, **options),
    "rand_like": _call("randn_like"),
    "zero_": lambda x: METHODS["zero_"](_call("clone")(x)),
    "nn.functional.embedding": lambda weight, index, **options: _call("embedding")(index, weight, **options),
    "nn.functional.embedding_bag": lambda weight, index, **options: _call("embedding_bag")(index, weight, **options),
    "linalg.lstsq.grad_oriented": lambda a, b, driver: _call("linalg.lstsq")(a, b, driver=driver)[:2],
    "linalg.pinv.singular": lambda a, b: _call("linalg.pinv")(a @ METHODS["transpose"](b, -2, -1)),
    "__rdiv__": lambda x, y: Tensor.__rtruediv__(x, y),
    "__rmatmul__": lambda x, y: y @ x,
    "unfold": _method("unfold"),
    "nn.functional.unfold": _call("unfold"),
    "slice": lambda x, dim=0, start=None, end=None, step=1: x[
        (slice(None),) * (dim % x.ndim) + (slice(start, end, step),)
    ],
}

# results that are determined up to a sign of their columns (rows): which outputs
UP_TO_SIGN = {"linalg.eigh": (1,), "linalg.svd": (0, 2), "svd": (0, 2)}


# --- names -----------------------------------------------------------------------------------------------------------


def gradsh_callable(name: str, variant: str = "") -> Callable[..., Any] | None:
    """What runs PyTorch's operator `name` ("nn.functional.pad", "__radd__", "mT") in gradsh; None if nothing does."""
    adapter = ADAPTERS.get(f"{name}.{variant}") or ADAPTERS.get(name)
    if adapter is not None:
        return adapter  # type: ignore[no-any-return]  # a function
    bare = name.removeprefix("nn.functional.")
    if bare in FUNCTIONS:
        return FUNCTIONS[bare].apply  # type: ignore[no-any-return]  # an operator's function
    if bare.startswith("__") and hasattr(Tensor, bare):
        return getattr(Tensor, bare)  # type: ignore[no-any-return]  # a method
    if bare in ATTRIBUTES:
        return ATTRIBUTES[bare].get
    if bare in METHODS:
        return METHODS[bare]
    plain = bare.removeprefix("special.")
    return FUNCTIONS[plain].apply if plain in FUNCTIONS else None


def torch_callables(name: str) -> list[Callable[..., Any]]:
    """PyTorch's functions that a gradsh name stands for; where there are two, nn.functional's comes first."""
    found = []
    for space in (torch.nn.functional, torch, torch.nn.init, torch.nn.utils.rnn, torch.nn.utils, torch.Tensor):
        where: Any = space
        for part in name.split("."):
            where = getattr(where, part, None)
        if callable(where) and not isinstance(where, type) and where not in found:
            found.append(where)
    return found


# --- values ----------------------------------------------------------------------------------------------------------


def torch_dtype(dtype: DType) -> torch.dtype:
    return getattr(torch, dtype.name)  # type: ignore[no-any-return]  # a dtype


class Pair:
    """One call on both sides: arguments converted, tensors that occur twice kept one."""

    def __init__(self, args: Any, kwargs: dict[str, Any], cast: Callable[[Any], Any] | None = None) -> None:
        self.inputs: list[tuple[torch.Tensor, Tensor]] = []
        self.cast = cast
        self.seen: dict[int, tuple[torch.Tensor, Tensor]] = {}
        theirs, ours = [], []
        for a in args:
            p, q = self.both(a)
            theirs.append(p)
            ours.append(q)
        self.theirs, self.ours = theirs, ours
        self.their_keywords: dict[str, Any] = {}
        self.our_keywords: dict[str, Any] = {}
        for name, value in kwargs.items():
            if name == "out":
                raise Unsupported("out=")
            if name == "device" and value in ("cpu", None, torch.device("cpu")):
                continue
            self.their_keywords[name], self.our_keywords[name] = self.both(value)

    def both(self, value: Any) -> tuple[Any, Any]:
        """PyTorch's and gradsh's form of an argument that has either form."""
        if isinstance(value, (torch.Tensor, Tensor)):
            if id(value) not in self.seen:
                self.seen[id(value)] = self._tensors(value)
            return self.seen[id(value)]
        if isinstance(value, DType):
            return torch_dtype(value), value
        if isinstance(value, torch.dtype):
            name = str(value).removeprefix("torch.")
            if name not in NAMES:
                raise Unsupported(name)
            return value, NAMES[name]
        if isinstance(value, torch.Size):
            return value, tuple(value)
        if isinstance(value, (list, tuple)):
            pairs = [self.both(v) for v in value]
            if hasattr(value, "_fields"):
                raise Unsupported("named tuples as arguments")
            return type(value)(p for p, _ in pairs), type(value)(q for _, q in pairs)
        if isinstance(value, dict):
            pairs_ = {k: self.both(v) for k, v in value.items()}
            return {k: p for k, (p, _) in pairs_.items()}, {k: q for k, (_, q) in pairs_.items()}
        if isinstance(value, complex):
            raise Unsupported("complex numbers")
        for kind, reason in (
            (torch.device, "devices"),
            (torch.memory_format, "memory_format"),
            (torch.layout, "layouts"),
            (torch.Generator, "generators"),
        ):
            if isinstance(value, kind):
                raise Unsupported(reason)
        if callable(value) and not isinstance(value, type):
            raise Unsupported("functions as arguments")
        return value, value

    def _tensors(self, value: Any) -> tuple[torch.Tensor, Tensor]:
        grad = bool(value.requires_grad)
        if isinstance(value, Tensor):
            array = np.asarray(value.data)
        else:
            if value.dtype.is_complex or value.layout is not torch.strided or value.device.type != "cpu":
                raise Unsupported(f"{value.layout} {value.dtype} tensors on {value.device.type}")
            if str(value.dtype).removeprefix("torch.") not in NAMES:
                raise Unsupported(f"{value.dtype} tensors")
            if value.ndim > 64:
                raise Unsupported("more than 64 dims (NumPy's limit)")
            array = value.numpy(force=True)
        if self.cast is not None:
            array = np.asarray(self.cast(array))
            grad = grad and array.dtype.kind == "f"
        own = _copy(array)
        other = torch.from_numpy(_copy(array)) if 0 not in own.strides or own.size == 0 else _broadcast(array)
        other.requires_grad_(grad)
        pair = (other, leaf(own[()] if own.ndim == 0 else own, grad, None))
        if grad:
            self.inputs.append(pair)
        return pair


def _copy(array: Any) -> Any:
    """A copy in the same memory order; broadcast memory becomes memory of its own only where it must."""
    if array.size and 0 in array.strides:
        return array
    if array.size and any(s < 0 for s in array.strides):
        return array.copy()
    if array.flags.c_contiguous:
        return array.copy()
    # same strides, also with gaps (every second element)
    extent = 1 + sum((n - 1) * (s // array.itemsize) for n, s in zip(array.shape, array.strides, strict=True))
    if array.size == 0 or any(s % array.itemsize for s in array.strides):
        return array.copy(order="K")
    memory = np.zeros(extent, array.dtype)
    view = np.ndarray(array.shape, array.dtype, memory, 0, array.strides)
    view[...] = array
    return view


def _broadcast(array: Any) -> torch.Tensor:
    """The same for memory with strides of 0."""
    index = tuple(slice(0, 1) if s == 0 else slice(None) for s in array.strides)
    return torch.from_numpy(np.ascontiguousarray(array[index])).expand(array.shape)


def tensors_of(value: Any) -> Iterator[Any]:
    """The tensors of a result, of either side, in order; plain numbers as they are."""
    if isinstance(value, (list, tuple)):
        for v in value:
            yield from tensors_of(v)
    elif value is not None:
        yield value


def array_of(value: Any) -> Any:
    """The values of a tensor or number of either side."""
    if isinstance(value, torch.Tensor):
        if value.dtype.is_complex or str(value.dtype).removeprefix("torch.") not in NAMES:
            raise Unsupported(f"{value.dtype} results")
        return value.numpy(force=True)
    return np.asarray(value.data) if isinstance(value, Tensor) else value


def is_tensor(value: Any) -> bool:
    return isinstance(value, (torch.Tensor, Tensor))


# --- calls -----------------------------------------------------------------------------------------------------------


def run_theirs(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    torch.manual_seed(SEED)
    return function(*args, **kwargs)


def run_ours(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    FUNCTIONS["manual_seed"].apply(SEED)
    return function(*args, **kwargs)


def their_grads(outputs: list[Any], inputs: list[Any], seeds: list[Any], create: bool) -> list[Any]:
    if not outputs or not inputs:
        return [None] * len(inputs)
    return list(torch.autograd.grad(outputs, inputs, seeds, create_graph=create, retain_graph=True, allow_unused=True))


def our_grads(outputs: list[Any], inputs: list[Any], seeds: list[Any], create: bool) -> list[Any]:
    if not outputs or not inputs:
        return [None] * len(inputs)
    with GradMode(True):
        return list(run_grad(outputs, inputs, seeds, True, create, True, False, None))


def cotangent(like: Any, rng: np.random.Generator, wanted: bool) -> tuple[torch.Tensor, Tensor]:
    """The same random incoming gradient for both sides."""
    array = np.asarray(rng.uniform(-1, 1, tuple(like.shape))).astype(array_of(like).dtype)
    theirs = torch.from_numpy(array.copy()).reshape(array.shape).requires_grad_(wanted)
    return theirs, leaf(array[()] if array.ndim == 0 else array, wanted, None)


# --- comparing -------------------------------------------------------------------------------------------------------

PRECISION = {"float64": 1e-9, "float32": 4e-6, "float16": 2e-3}


def difference(theirs: Any, ours: Any, scale: float = 1.0, floor: float = 0.1) -> float:
    """How far apart two arrays are, in units of what their dtype's precision allows (so > 1 is a difference); inf for
    nan or infinity on one side only. `floor` is how much smaller than a typical value of theirs one must be for its
    relative error to count less; 0 holds every element to its own size."""
    a, b = np.asarray(theirs), np.asarray(ours)
    if a.shape != b.shape:
        return math.inf
    if a.dtype.kind != "f":
        return 0.0 if np.array_equal(a, b) else math.inf
    x, y = a.astype(np.float64), b.astype(np.float64)
    same = (x == y) | (np.isnan(x) & np.isnan(y)) | (np.abs(x - y) < 2 * np.finfo(a.dtype).eps)
    if same.all():
        return 0.0
    if (np.isfinite(x) != np.isfinite(y)).any() or not (same | np.isfinite(x)).all():
        return math.inf
    x, y = x[~same], y[~same]
    finite = np.abs(np.asarray(a)[np.isfinite(a)]).astype(np.float64)
    typical = max(float(np.max(finite)), 1e-6) if finite.size else 1.0
    unit = PRECISION[str(a.dtype)] * scale
    return float(np.max(np.abs(x - y) / (unit * np.abs(x) + unit * floor * typical + float(np.finfo(a.dtype).tiny))))


def clean(text: str) -> str:
    """An error's text without what cannot be the same on both sides: C++ file and line, stack traces, addresses."""
    text = re.sub(r"\nException raised from .*", "", text, flags=re.S)
    text = re.sub(r"0x[0-9a-f]+", "0x", text)
    return text.strip()


def error_of(run: Callable[[], Any]) -> tuple[str, str] | None:
    """(type, text) of the error that a call raises, with "crash" for a fault of gradsh; None if there is none."""
    try:
        run()
    except GradshError as error:
        return error.kind, clean(error.message)
    except Unsupported:
        raise
    except Exception as error:  # any error is what is asked for
        return type(error).__name__, clean(str(error))
    return None
