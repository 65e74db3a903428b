"""What NumPy says of arrays, in the words of programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradsh import errors
from gradsh.engine.core.modes import mode
from gradsh.errors import GradshError

__acts_for_programs__ = True  # `warning` runs what a program calls: see gradsh.runtime.faults

MOST_DIMS = 64  # of NumPy's arrays
NO_BOOLS = "is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."


def of_numpy(exception: BaseException) -> GradshError | None:
    """What NumPy says, wherever it was asked, of sizes that no array can have and of matrices that nan spoils."""
    if not isinstance(exception, (ValueError, OverflowError, TypeError, IndexError)):
        return None
    said = str(exception)
    if type(exception).__name__ == "LinAlgError":
        name = "linalg.eigh" if "igenvalues" in said else "linalg.lstsq" if "Least" in said else "linalg.svd"
        why = "The algorithm failed to converge because the input matrix contained non-finite values."
        if said == "Singular matrix":
            name, why = "linalg.solve", "The solver failed because the input matrix is singular."
        return errors.ValueProblem(f"{name}: {why}", kind="_LinAlgError")
    if said.startswith("Python integer ") and " out of bounds for " in said:
        return errors.ValueProblem(f"value cannot be converted to type {said.split()[-1]}_t without overflow")
    if said.startswith("Python int too large to convert to C"):
        return errors.Overflow("Overflow when unpacking long long")
    if said == "int too large to convert to float":
        return errors.Overflow("int too big to convert")
    if said.startswith(("array is too big", "Maximum allowed")):
        return errors.OutOfMemory("a tensor of that size has more bytes than memory has addresses")
    if said.startswith("The numpy boolean negative"):
        return errors.DtypeError(f"Negation, the `-` operator, on a bool tensor {NO_BOOLS}")
    if said.startswith("numpy boolean subtract"):
        return errors.DtypeError(f"Subtraction, the `-` operator, with a bool tensor {NO_BOOLS}")
    if said.startswith(
        ("maximum supported dimension for an ndarray", "ndmin must be <= ndmax", "number of dimensions must be within")
    ):
        return errors.ShapeError(f"a tensor has at most {MOST_DIMS} dims here, those of NumPy's arrays")
    return None


def warning(function: Callable[..., Any], arguments: Any, keywords: dict[str, Any]) -> Any:
    """`function(*arguments, **keywords)`, one of NumPy's written in Python; what it warns of is said as a program's.

    Means of nothing warn so (`Mean of empty slice`); what C finds, errstate has silenced.
    """
    import warnings

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        result = function(*arguments, **keywords)
    for each in said:
        mode.warn(str(each.message), category=each.category.__name__)
    return result
