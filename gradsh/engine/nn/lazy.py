"""Lazy layers: how many features come in is seen at the first call, which makes the parameters.

`LazyLinear(3)` is made as a Linear of no features, whose parameters are then taken for ones that are not there yet
(`Uninitialized`). The first forward, or a state that is loaded, gives them their values: they stay the same objects, so
that an optimiser that has them keeps them, and the model becomes a Linear.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CellType, FunctionType
from typing import Any

from gradsh.engine.core import alloc
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.nn.module import Model, ModelType
from gradsh.errors import AutogradError, IndexError_, ValueError_, ValueProblem

__acts_for_programs__ = True  # as gradsh.engine.nn.module

SHAPE = (
    "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `load_state_dict` "
    "when trying to load an uninitialized parameter into an initialized one. Call `forward` to initialize the "
    "parameters before accessing their attributes."
)
NORMS = "affine=true, track_running_stats=true"  # the defaults of LazyInstanceNorm, unlike InstanceNorm's
GIVEN = "@given"  # the field with the arguments that the layer was made with
HELD: Any = Tensor.__dict__["data"]  # what the slot of that name holds, which here is an empty array of the dtype

# the parameter that is inferred, by what the layers' names begin with
INFERRED = {
    "Linear": "in_features",
    "ConvTranspose": "in_channels",
    "Conv": "in_channels",
    "BatchNorm": "num_features",
    "InstanceNorm": "num_features",
}
LAYERS = (
    "Linear",
    *(f"{name}{n}d" for name in ("Conv", "ConvTranspose", "BatchNorm", "InstanceNorm") for n in (1, 2, 3)),
)


class Uninitialized(Tensor):
    """A parameter or buffer without values."""

    __slots__ = ()
    uninitialized = True

    @staticmethod
    def unusable(operator: str) -> ValueError_:
        """The error of an operator that meets one."""
        return ValueError_(
            f"Attempted to use an uninitialized parameter in <method '{operator}' of 'torch._C.TensorBase' objects>. "
            "This error happens when you are using a `LazyModule` or explicitly manipulating "
            "`torch.nn.parameter.UninitializedParameter` objects. When using LazyModules Call `forward` with a dummy "
            "batch to initialize the parameters before calling torch functions"
        )

    @property
    def data(self) -> Any:
        frame: Any = sys._getframe(1)
        if frame.f_code.co_name == "shape":
            raise AutogradError(SHAPE)
        if frame.f_code.co_name == "dtype":  # which is known
            return HELD.__get__(self)
        while frame is not None and "entry" not in frame.f_locals:
            frame = frame.f_back
        raise self.unusable("data" if frame is None else frame.f_locals["entry"].name)

    def set_requires_grad(self, on: bool) -> None:
        raise self.unusable("requires_grad_")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def cast(self, dtype: Any) -> None:
        """It will have that dtype."""
        HELD.__set__(self, alloc.empty(0, dtype))

    def materialize(self, data: Any) -> None:
        """Have these values from now on, in the dtype that was wanted."""
        wanted = HELD.__get__(self).dtype
        self.__class__ = Tensor  # type: ignore[assignment]  # of one layout
        HELD.__set__(self, data.astype(wanted))

    def anew(self) -> Uninitialized:
        """Another like this."""
        return uninitialized(HELD.__get__(self).dtype, self.extra is not None and self.extra.parameter)


class UninitializedParameter(Uninitialized):
    __slots__ = ()


class UninitializedBuffer(Uninitialized):
    __slots__ = ()


def uninitialized(dtype: Any, parameter: bool) -> Uninitialized:
    """One that will have the dtype."""
    t = UninitializedParameter() if parameter else UninitializedBuffer()
    HELD.__set__(t, alloc.empty(0, dtype))
    t.node = t.gradient = t.storage = t.extra = None
    t.requires = parameter
    t.origin = mode.where
    if parameter:
        t.own_extra().parameter = True
    return t


class Undrawn:
    """A block that leaves the random stream, and the warnings, as they were."""

    __slots__ = ("sink", "stream")

    def __enter__(self) -> None:
        self.stream, self.sink = mode.generator, mode.warn_sink
        if self.stream is not None:
            mode.generator = self.stream.clone()
        mode.warn_sink = None

    def __exit__(self, *_: object) -> None:
        mode.generator, mode.warn_sink = self.stream, self.sink


class Lazy:
    """What the class of a lazy layer adds to that of the layer which it becomes."""

    __slots__ = ()

    def construct(self: Any, *arguments: Any, **keywords: Any) -> None:
        if type(self).__name__.startswith("LazyInstanceNorm"):  # whose defaults are those of batch norms
            for at, name in ((2, "affine"), (3, "track_running_stats")):
                if len(arguments) <= at:
                    keywords.setdefault(name, True)
        with Undrawn():
            super().construct(0, *arguments, **keywords)  # type: ignore[misc]  # of the layer's own class
        self.put(GIVEN, (arguments, keywords))

    def finish(self: Any) -> None:
        super().finish()  # type: ignore[misc]  # as above
        for name, t in (*self.own_parameters(), *self.own_buffers()):
            if t.data.ndim:
                self.put(name, uninitialized(t.data.dtype, name not in self.buffer_names))

    def settle(self: Any) -> None:
        self.run = self.first

    def fields(self: Any) -> Iterator[tuple[str, Any]]:
        for name, value in super().fields():  # type: ignore[misc]
            if name != GIVEN:
                yield name, value

    def first(self: Any, *arguments: Any, **keywords: Any) -> Any:
        """The first call."""
        x = arguments[0] if arguments else next(iter(keywords.values()), None)
        if isinstance(x, Tensor):
            self.become(_features(type(self).__name__, x))
        else:
            type(self).__mro__[2].__call__(self, *arguments, **keywords)  # says what is wrong
        return self.run(*arguments, **type(self).spell(self.run, keywords))

    def become(self: Any, count: int) -> None:
        """Turn into the layer itself, for so many features."""
        kind = type(self).__mro__[2]
        arguments, keywords = self.cells[GIVEN].cell_contents
        waiting = any(isinstance(t, Uninitialized) for _, t in (*self.own_parameters(), *self.own_buffers()))
        if waiting:
            made = kind(count, *arguments, **keywords)
        else:
            with Undrawn():  # a state has been loaded
                made = kind(count, *arguments, **keywords)
        for name, cell in made.cells.items():
            old, new = self.cells.get(name), _content(cell)
            held = _content(old) if old is not None else None
            if isinstance(held, Uninitialized):
                held.materialize(new.data)
            if isinstance(held, Tensor):
                cell.cell_contents = held
            for inner in (new.__closure__ or ()) if new.__class__ is FunctionType else ():
                if _content(inner) is made:
                    inner.cell_contents = self
        others = {name: cell for name, cell in self.cells.items() if name not in made.cells and name != GIVEN}
        self.cells = {**made.cells, **others}
        self.__class__ = kind
        self.settle()


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _features(name: str, x: Any) -> int:
    """How many features an input has for a layer of that name. Errors: ValueProblem, IndexError_."""
    shape = x.shape
    if name == "LazyLinear":
        if not shape:
            raise IndexError_("tuple index out of range")
        return int(shape[-1])
    if name.startswith("LazyConv"):
        dims = int(name[-2]) + 1
        if len(shape) not in (dims, dims + 1):
            raise ValueProblem(
                f"Expected {dims}D (unbatched) or {dims + 1}D (batched) input to {name}, but got input of size: "
                f"{shape.words}"
            )
        return int(shape[1] if len(shape) > dims else shape[0])
    if len(shape) < 2:
        raise IndexError_("tuple index out of range")
    return int(shape[1])


_kinds: dict[Any, Any] = {}


def lazy(kind: Any) -> Any:
    """The lazy form of a layer."""
    found = _kinds.get(kind)
    if found is None:
        parts = {"__slots__": (), "__module__": ModelType.__module__}
        found = _kinds[kind] = ModelType(f"Lazy{kind.__name__}", (Lazy, kind), parts)
    return found


def described(name: str) -> str:
    """What `help` says of the lazy form of a layer."""
    inferred = next(what for start, what in INFERRED.items() if name.startswith(start))
    return f"A {name} whose {inferred} are those of the first input that it is called with."


def is_uninitialized(value: Any) -> bool:
    return isinstance(value, Uninitialized)


__all__ = ["LAYERS", "Model", "Uninitialized", "described", "is_uninitialized", "lazy", "uninitialized"]
