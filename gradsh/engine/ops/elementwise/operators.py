"""What Python's operators do on tensors."""

from __future__ import annotations

import sys
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.engine.core.place import here
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.ops.elementwise import arithmetic, compare, powers

_getframe = sys._getframe

Operators: Any = Tensor  # the special methods are added here, next to the operators that they call

Operators.__add__ = arithmetic.add.operator
Operators.__radd__ = arithmetic.add.reflected
Operators.__sub__ = arithmetic.sub.operator
Operators.__rsub__ = arithmetic.sub.reflected
Operators.__mul__ = arithmetic.mul.operator
Operators.__rmul__ = arithmetic.mul.reflected
Operators.__truediv__ = arithmetic.div.operator
Operators.__floordiv__ = arithmetic.floor_divide.operator
Operators.__rfloordiv__ = arithmetic.floor_divide.reflected
Operators.__mod__ = arithmetic.remainder.operator
Operators.__rmod__ = arithmetic.remainder.reflected
Operators.__pow__ = powers.pow.operator
Operators.__rpow__ = powers.pow.reflected
Operators.__neg__ = arithmetic.neg.apply
Operators.__pos__ = arithmetic.positive.apply
Operators.__abs__ = arithmetic.absolute.apply

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
        return arithmetic.mul.operator(powers.reciprocal.apply(x), number)
    finally:
        mode.where = before


Operators.__rtruediv__ = _number_over


def _matmul(x: Tensor, y: Any) -> Any:
    """`x @ y` for the first time: the file that has it puts the real method in this one's place."""
    from gradsh.engine.ops.linalg import matmul

    return matmul.operator_matmul(x, y)


if "__matmul__" not in vars(Tensor):
    Operators.__matmul__ = _matmul


def _item(x: Tensor, index: Any) -> Any:
    from gradsh.engine.ops.index.indexing import getitem  # which also takes this method's place

    return getitem(x, index)


if "__getitem__" not in vars(Tensor):
    Operators.__getitem__ = _item


def _text(x: Tensor) -> str:
    from gradsh.engine.printing.tensor_text import tensor_text

    return tensor_text(x)


Operators.__repr__ = _text
