"""Checks of arguments that many operators share, in PyTorch's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradsh.calls.signature import Signature
from gradsh.engine.core.dtypes import OF, DType
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import ArgumentError, AutogradError, DimError, DtypeError, GradshError

# what a kernel or a composite raises for arguments that it did not expect
FAILURES = (AttributeError, TypeError, ValueError, IndexError, KeyError, ArithmeticError, GradshError)


def type_word(value: Any) -> str:
    """A value's type as PyTorch's errors name it."""
    return "NoneType" if value is None else type(value).__name__


def need_tensor(operator: str, name: str, position: int, value: Any) -> None:
    """Raise ArgumentError unless `value` is a tensor; `position` counts from 1."""
    if not isinstance(value, Tensor):
        raise ArgumentError(
            f"{operator}(): argument '{name}' (position {position}) must be Tensor, not {type_word(value)}"
        )


def whole(value: Any) -> int:
    """What stands for an int, as one. Raises ArgumentError where a program's own `__index__` gives none."""
    found = value.__index__()
    if not isinstance(found, int):
        raise ArgumentError(f"__index__ returned non-int (type {type_word(found)})")
    return int(found)


def dim_index(dim: int, ndim: int) -> int:
    """`dim` as a non-negative number; a 0-d tensor has the dims -1 and 0. Raises DimError, ArgumentError."""
    if dim.__class__ is not int:
        if not is_int(dim):
            raise ArgumentError(f"argument 'dim' must be int, not {type_word(dim)}")
        dim = whole(dim)
    extent = ndim or 1
    if not -extent <= dim < extent:
        raise DimError(f"Dimension out of range (expected to be in range of [{-extent}, {extent - 1}], but got {dim})")
    return dim % extent


def dims_tuple(dim: Any, ndim: int) -> tuple[int, ...]:
    """One dim, several, or None for all, as non-negative numbers. Raises DimError, also for a dim given twice."""
    if dim is None:
        return tuple(range(ndim))
    dims = tuple(dim_index(d, ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,)))
    if len(set(dims)) != len(dims):
        twice = next(d for d in dims if dims.count(d) > 1)
        raise DimError(f"dim {twice} appears multiple times in the list of dims", kind="RuntimeError")
    return dims if ndim else ()


def is_int(value: Any) -> bool:
    """Whether PyTorch takes `value` as an int: an int that is no bool, or an integer tensor of one element."""
    if value.__class__ is int:
        return True
    if value.__class__ is Tensor:
        return bool(value.data.size == 1 and value.data.dtype.kind in "iu")
    if value.__class__ is bool or not hasattr(value, "__index__"):
        return False
    return getattr(value, "ndim", 0) == 0


def not_implemented(kernel: str, dtype: Any) -> DtypeError:
    """PyTorch's error for a dtype that a kernel of that name is not made for."""
    return DtypeError(f"\"{kernel}\" not implemented for '{OF[dtype].title}'", kind="NotImplementedError")


def need_int(operator: str, name: str, position: int, value: Any) -> int:
    """`value` as an int; ArgumentError for what is none. `position` counts from 1."""
    if value.__class__ is int:
        return value
    if not is_int(value):
        raise ArgumentError(
            f"{operator}(): argument '{name}' (position {position}) must be int, not {type_word(value)}"
        )
    return whole(value)


def too_long() -> ArgumentError:
    """The error for an int that C++ has no room for."""
    from gradsh.calls.words import TOO_LONG  # only an error needs its words

    return ArgumentError(TOO_LONG, kind="ValueError")


def too_large(text: str) -> Exception:
    """The error for a size that no memory has."""
    from gradsh.errors import OutOfMemory  # of a group that few programs load

    return OutOfMemory(text)


def int_tuple(operator: str, name: str, position: int, values: Any) -> tuple[int, ...]:
    """A list or tuple of ints (0-d tensors count) as a tuple; ArgumentError in PyTorch's words for anything else."""
    if values.__class__ is not tuple and not isinstance(values, (list, tuple)):
        raise ArgumentError(
            f"{operator}(): argument '{name}' (position {position}) must be tuple of ints, not {type_word(values)}"
        )
    for value in values:
        if value.__class__ is not int:
            break
    else:
        return tuple(values)
    if not is_int(values[0]):
        raise ArgumentError(
            f"{operator}(): argument '{name}' (position {position}) must be tuple of ints, not {type_word(values[0])}"
        )
    for at, value in enumerate(values):
        if not is_int(value):
            raise ArgumentError(
                f"{operator}(): argument '{name}' failed to unpack the object at pos {at + 1} with error "
                f'"type must be tuple of ints,but got {type_word(value)}"'
            )
    return tuple(whole(value) for value in values)


def numpy_dtype(operator: str, dtype: Any, default: Any = None) -> Any:
    """The NumPy dtype of a `dtype=` argument: a DType, Python's float, int or bool (float64, int64, bool), or None."""
    if dtype is None:
        return default
    if isinstance(dtype, DType):
        return dtype.np
    try:
        # a tuple may be too deep to be hashed
        if dtype is float or dtype is int or dtype is bool or (dtype.__class__ is not tuple and dtype in OF):
            return next(d for d in OF if d == dtype)
    except TypeError:  # unhashable
        pass
    raise ArgumentError(f"{operator}(): argument 'dtype' must be torch.dtype, not {type_word(dtype)}")


def misused(signature: Signature, frame: Any) -> ArgumentError | None:
    """PyTorch's words for the call that is running, if it refuses it: that of the `apply(*args, **kwargs)` nearest to
    `frame`, which knows what was given by position and what by name."""
    from gradsh.calls.words import called, error_of, outermost, takes_all  # only an error needs its words

    for _ in range(3):
        if frame.f_code.co_name == "in_rules":
            return None
        if takes_all(frame.f_code):
            frame = outermost(frame)
            return error_of(signature, frame.f_locals["args"], frame.f_locals["kwargs"], called(frame))
        frame = frame.f_back
    return None


def misfit(name: str) -> ArgumentError:
    """Raised where arguments are of no type that the operator takes; `blame` has the words."""
    return ArgumentError(f"{name}() got arguments of wrong types")


def wrong_call(signature: Signature, frame: Any) -> ArgumentError:
    """The error for the call that runs in `frame`, whose arguments are not of the types that they must be."""
    return misused(signature, frame) or misfit(signature.short)


def dim_error(ndim: int) -> DimError:
    """The error for a dim that a tensor of so many dims just does not have."""
    if not ndim:
        return DimError("Dimension specified as -1 but tensor has no dimensions")
    return DimError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {ndim})")


def ended(operator: str, values: Iterable[Any] = ()) -> GradshError:
    """The error for a value whose interpreter runs no more, or that has no values yet."""
    for value in values:
        if hasattr(value, "unusable"):
            found: GradshError = value.unusable(operator)
            return found
    return AutogradError(
        f"{operator}(): a value of a vmap is used after that vmap has ended",
        help="let the function return what is wanted of it; `vmap` gives that for all samples",
    )
