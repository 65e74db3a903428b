"""Which elements are among others, and where flat indices stand."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.arguments import is_int, type_word, whole
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.composite import function
from gradsh.errors import ArgumentError, AttributeError_, DtypeError, ValueError_


@function(
    "isin(elements, test_elements, *, assume_unique=False, invert=False)",
    method=False,
    differentiable=False,
    example="isin(tensor([[1, 2], [3, 4]]), tensor([2, 3]))",
)
def isin(elements: Any, test_elements: Any, assume_unique: bool, invert: bool) -> Tensor:
    """Whether each element is among others; one of both may be a number."""
    given = (elements, test_elements)
    plain = [v for v in given if isinstance(v, (int, float)) and not isinstance(v, bool)]
    tensors = [v for v in given if isinstance(v, Tensor)]
    if not tensors or len(plain) + len(tensors) < 2:
        words = ", ".join(type_word(v) for v in given)
        raise ArgumentError(
            f"isin() received an invalid combination of arguments - got ({words}), but expected one of:\n"
            " * (Tensor elements, Tensor test_elements, *, bool assume_unique = False, bool invert = False, Tensor out "
            "= None)\n"
            " * (Number element, Tensor test_elements, *, bool assume_unique = False, bool invert = False, Tensor out "
            "= None)\n"
            " * (Tensor elements, Number test_element, *, bool assume_unique = False, bool invert = False, Tensor out "
            "= None)\n"
        )
    if any(v.data.dtype.kind == "b" for v in tensors):
        raise DtypeError("Unsupported input type encountered for isin(): Bool")
    first, second = (v.data if isinstance(v, Tensor) else v for v in given)
    # compared as torch.eq compares them, in the dtype that both are promoted to
    other = np.ravel(second)
    if isinstance(first, np.ndarray | np.generic) and isinstance(second, np.ndarray | np.generic):
        kind = np.result_type(first, second) if first.dtype.kind == second.dtype.kind else None
        kind = kind or (first.dtype if first.dtype.kind == "f" else second.dtype)
        first, other = first.astype(kind), other.astype(kind)
    return make(np.isin(first, other, invert=invert)[()])


@function(
    "unravel_index(indices, shape)",
    method=False,
    differentiable=False,
    example="unravel_index(tensor([0, 7, 11]), (3, 4))",
)
def unravel_index(indices: Any, shape: Any) -> tuple[Tensor, ...]:
    """The index in each dim of elements of a tensor of that shape, by their flat indices."""
    if not isinstance(indices, Tensor):
        raise AttributeError_(f"'{type_word(indices)}' object has no attribute 'is_complex'")
    if indices.data.dtype.kind in "fb":
        raise ArgumentError(f"expected 'indices' to be integer dtype, but got torch.{indices.dtype!r}")
    given = shape if isinstance(shape, (tuple, list)) else (shape,)
    wrong = [n for n in given if not is_int(n)]
    if wrong:
        raise ArgumentError(f"expected 'shape' to be int or sequence of ints, but got {type_word(shape)}")
    sizes = tuple(whole(n) for n in given)
    if any(n < 0 for n in sizes):
        raise ValueError_(f"'shape' cannot have negative values, but got {sizes}")
    rest = np.asarray(indices.data)
    found = []
    for n in reversed(sizes):
        if not n:
            raise ValueError_("'shape' must have no zero, for indices stand in it", kind="RuntimeError")
        found.append(make((rest % n)[()]))
        rest = rest // n
    return tuple(reversed(found))
