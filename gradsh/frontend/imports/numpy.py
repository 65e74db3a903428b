"""`numpy`: its functions on arrays, tensors handed over as arrays. Those on files are in array_files.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.frontend.arrays import called
from gradsh.frontend.exceptions import raised
from gradsh.frontend.imports import NONE, Module, of_members
from gradsh.frontend.imports.array_files import functions
from gradsh.frontend.imports.typed import typed
from gradsh.runtime import access
from gradsh.runtime.builtins import BUILTINS

__acts_for_programs__ = True

# Not there: what reaches files by ways of its own, sets what holds for the whole process, or leads to inner parts.
_CLOSED = """
fromfile fromregex memmap open_memmap show_config
show_runtime info source lookfor get_include seterr seterrcall setbufsize ctypeslib f2py lib core
testing test char rec emath distutils ma polynomial dtypes exceptions strings typing from_dlpack
"""
CLOSED = frozenset(_CLOSED.split())
FUNCTIONS = ("linalg", "fft")
SAMPLES = {"sample": "random_sample", "ranf": "random_sample"}  # names that only the module has
_CLOSED_RANDOM = frozenset(("bit_generator", "get_bit_generator", "set_bit_generator", "mtrand"))
UFUNC = frozenset(("reduce", "accumulate", "outer", "at", "reduceat", "nin", "nout"))


class Ufunc:
    """A function of NumPy's on each element, and its methods."""

    __slots__ = ("call", "ufunc")

    def __init__(self, ufunc: Any) -> None:
        self.ufunc = ufunc
        self.call = called(ufunc)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """An array; a tensor, where one is among the operands, as NumPy asks it to wrap what it gives."""
        made = self.call(*arguments, **keywords)
        if any(value.__class__ is Tensor for value in arguments) and isinstance(made, (np.ndarray, np.generic)):
            if made.dtype == bool:
                made = made.astype(np.uint8)
            return BUILTINS.value("from_numpy")(np.asarray(made))
        return made

    def __repr__(self) -> str:
        return repr(self.ufunc)

    def __member__(self, name: str) -> Any:
        if name == "__name__":
            return self.ufunc.__name__
        if name not in UFUNC:
            raise KeyError(name)
        found = getattr(self.ufunc, name)
        return called(found) if callable(found) else found

    def __members__(self) -> list[str]:
        return sorted(UFUNC)


def _of_names(path: str, names: str) -> Module:
    """A module of NumPy's with these members."""
    from importlib import import_module

    module = import_module(path)
    return of_members(path, {name: _shown(getattr(module, name)) for name in names.split()})


def _lib() -> Module:
    return of_members("numpy.lib", {"stride_tricks": _of_names("numpy.lib.stride_tricks", "sliding_window_view")})


def _typing() -> Module:
    """What annotations name: hints, which nothing looks at."""
    return of_members("numpy.typing", {name: typed("Any") for name in ("ArrayLike", "DTypeLike", "NDArray")})


def _testing() -> Module:
    """Assertions on arrays, in NumPy's words."""
    from importlib import import_module

    module = import_module("numpy.testing")

    def asserting(name: str) -> Any:
        function = called(getattr(module, name))

        def call(*arguments: Any, **keywords: Any) -> None:
            try:
                function(*arguments, **keywords)
            except AssertionError as error:
                raise raised(AssertionError(str(error))) from None

        call.__name__ = call.__qualname__ = name
        return call

    return of_members("numpy.testing", {name: asserting(name) for name in ASSERTIONS.split()})


def _polynomial() -> Module:
    """The old-style functions and the class of power series."""
    from importlib import import_module

    from gradsh.frontend.access import HOST

    module = import_module("numpy.polynomial")
    inner = import_module("numpy.polynomial.polynomial")
    kind = module.Polynomial
    HOST.setdefault(kind, frozenset(_POLYNOMIAL.split()))
    names = [name for name in inner.__all__ if name[:4] == "poly" and name != "polytrim"]
    functions = {name: _shown(getattr(inner, name)) for name in names}
    return of_members(
        "numpy.polynomial", {"Polynomial": kind, "polynomial": of_members("numpy.polynomial.polynomial", functions)}
    )


_POLYNOMIAL = "coef domain window degree deriv integ roots fit trim convert linspace copy"
ASSERTIONS = """
assert_allclose assert_almost_equal assert_array_almost_equal assert_array_equal assert_array_less assert_equal
assert_approx_equal
"""
PARTS = {"lib": _lib, "typing": _typing, "testing": _testing, "polynomial": _polynomial}


def _shown(value: Any) -> Any:
    if isinstance(value, np.ufunc):
        return Ufunc(value)
    if isinstance(value, type) or not callable(value):
        return value
    return called(value)


def _dtype(*given: Any, **options: Any) -> Any:
    """`np.dtype(float)`."""
    return called(np.dtype)(*given, **options)


_dtype.makes = np.dtype  # type: ignore[attr-defined]  # `isinstance(x, np.dtype)`


def find(name: str) -> Any:
    """A member of NumPy."""
    if name == "dtype":
        return _dtype
    if name in FUNCTIONS:
        return Module(f"numpy.{name}", lambda member: _of(getattr(np, name), member))
    if name == "random":
        return Module("numpy.random", random)
    if name in PARTS:
        return PARTS[name]()
    if name in CLOSED or name not in np.__all__:
        return NONE if name != "__version__" else np.__version__
    if name in METHODS:
        return _through(name)
    return reduced(name) if name in REDUCTIONS else _shown(getattr(np, name))


_METHODS = """
argmax argmin argpartition argsort argwhere around choose clip compress cumprod cumsum nonzero repeat reshape round
searchsorted shape squeeze swapaxes take transpose
"""
METHODS = frozenset(_METHODS.split())
OF_TENSORS: dict[str, Callable[..., Any]] = {
    "argwhere": lambda x: BUILTINS.value("t")(BUILTINS.value("nonzero")(x)),
    "nonzero": lambda x: BUILTINS.value("nonzero")(x),
    "shape": lambda x: x.shape,
}


def _through(name: str) -> Any:
    """What NumPy leaves to a method of what is no array of its own, or wraps as that: `np.argmax(tensor)` is a tensor.

    With other words than PyTorch's method has, it is NumPy's own, and what is wrapped has no graph. `np.squeeze(x)` and
    `np.swapaxes(x, 0, 1)` are the methods with NumPy's words.
    """
    function = called(getattr(np, name))

    def call(*arguments: Any, **keywords: Any) -> Any:
        if not arguments or arguments[0].__class__ is not Tensor:
            return function(*arguments, **keywords)
        own = OF_TENSORS.get(name)
        if own is not None:
            return own(*arguments, **keywords)
        if not keywords and (name == "swapaxes" or (name == "squeeze" and len(arguments) == 1)):
            return BUILTINS.value(name)(*arguments)
        return BUILTINS.value("from_numpy")(np.asarray(function(*arguments, **keywords)))

    call.__name__ = call.__qualname__ = name
    return call


REDUCTIONS = frozenset(("sum", "prod", "max", "min", "amax", "amin", "mean", "any", "all"))


def reduced(name: str) -> Any:
    """A reduction, which NumPy leaves to the method of what is no array of its own: `np.mean(tensor)` is a tensor."""
    function = called(getattr(np, name))

    def call(a: Any, axis: Any = None, *arguments: Any, **keywords: Any) -> Any:
        if a.__class__ is Tensor and not arguments and not keywords:
            own = access.method(a, name)
            return own() if axis is None else own(axis)
        if axis is not None:
            keywords["axis"] = axis
        return function(a, *arguments, **keywords) if not arguments else function(a, axis, *arguments, **keywords)

    call.__name__ = call.__qualname__ = name
    return call


def _of(module: Any, name: str) -> Any:
    return _shown(getattr(module, name)) if name in module.__all__ else NONE


def random(name: str) -> Any:
    """A member of `numpy.random`: the legacy stream is one for each session."""
    if name in ("RandomState", "default_rng", "Generator"):
        return getattr(np.random, name)
    name = SAMPLES.get(name, name)
    if name.startswith("_") or name in _CLOSED_RANDOM or not hasattr(np.random.RandomState, name):
        return NONE
    return called(getattr(stream(), name))


def stream() -> Any:
    """The legacy random stream of the session that runs."""
    host = mode.host
    found = STREAMS.get(id(host))
    if found is None or found[0] is not host:
        found = STREAMS[id(host)] = (host, np.random.RandomState())
    return found[1]


STREAMS: dict[int, tuple[Any, Any]] = {}


def module(session: Any, name: str) -> Module:
    own = functions(session)

    def set_options(*given: Any, **options: Any) -> None:
        """`np.set_printoptions(…)`, for this session: the process has its own again when the program has ended."""
        if session.array_options is None:
            session.array_options = np.get_printoptions()
        np.set_printoptions(*given, **options)

    own["set_printoptions"] = set_options
    return Module("numpy", lambda member: own.get(member) or find(member))
