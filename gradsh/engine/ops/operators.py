"""What Python's operators do on tensors."""

from __future__ import annotations

import sys
from typing import Any

from gradsh.engine.modes import mode
from gradsh.engine.ops import compare, elementwise, powers
from gradsh.engine.registry import here
from gradsh.engine.tensor import Tensor

_getframe = sys._getframe

Operators: Any = Tensor  # the special methods are added here, next to the operators that they call

Operators.__add__ = elementwise.add.operator
Operators.__radd__ = elementwise.add.reflected
Operators.__sub__ = elementwise.sub.operator
Operators.__rsub__ = elementwise.sub.reflected
Operators.__mul__ = elementwise.mul.operator
Operators.__rmul__ = elementwise.mul.reflected
Operators.__truediv__ = elementwise.div.operator
Operators.__floordiv__ = elementwise.floor_divide.operator
Operators.__rfloordiv__ = elementwise.floor_divide.reflected
Operators.__mod__ = elementwise.remainder.operator
Operators.__rmod__ = elementwise.remainder.reflected
Operators.__pow__ = powers.pow.operator
Operators.__rpow__ = powers.pow.reflected
Operators.__neg__ = elementwise.neg.apply
Operators.__pos__ = elementwise.positive.apply
Operators.__abs__ = elementwise.absolute.apply

Operators.__eq__ = compare.eq.operator
Operators.__ne__ = compare.ne.operator
Operators.__lt__ = compare.lt.operator
Operators.__le__ = compare.le.operator
Operators.__gt__ = compare.gt.operator
Operators.__ge__ = compare.ge.operator

Operators.__and__ = compare.bitwise_and.operator
Operators.__rand__ = compare.bitwise_and.reflected
Operators.__or__ = compare.bitwise_or.operator
Operators.__ror__ = compare.bitwise_or.reflected
Operators.__xor__ = compare.bitwise_xor.operator
Operators.__rxor__ = compare.bitwise_xor.reflected
Operators.__lshift__ = compare.bitwise_left_shift.operator
Operators.__rlshift__ = compare.bitwise_left_shift.reflected
Operators.__rshift__ = compare.bitwise_right_shift.operator
Operators.__rrshift__ = compare.bitwise_right_shift.reflected
Operators.__invert__ = compare.bitwise_not.apply


def _number_over(x: Tensor, number: Any) -> Any:
    """`2 / x` is the reciprocal, multiplied: PyTorch's order, whose last bit differs from a division's."""
    before = mode.where
    if before is None:
        mode.where = here(_getframe(1))
    try:
        return elementwise.mul.operator(powers.reciprocal.apply(x), number)
    finally:
        mode.where = before


Operators.__rtruediv__ = _number_over


def _matmul(x: Tensor, y: Any) -> Any:
    """`x @ y` for the first time: the file that has it puts the real method in this one's place."""
    from gradsh.engine.ops import matmul

    return matmul.operator_matmul(x, y)


if "__matmul__" not in vars(Tensor):
    Operators.__matmul__ = _matmul
