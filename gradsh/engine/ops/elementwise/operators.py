"""What Python's operators do on tensors."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.engine.core.place import here, placed
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.ops.elementwise import arithmetic, powers

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


def _compared(method: str) -> Callable[..., Any]:
    """A comparison or a bit operation: most programs have none, so that their file is loaded by the first."""

    def first(x: Tensor, *other: Any) -> Any:
        from gradsh.engine.ops.elementwise import compare  # noqa: F401 - which also takes these methods' places

        with placed(mode.where or here(_getframe(1))):
            return getattr(x, method)(*other)

    return first


_COMPARED = """
__eq__ __ne__ __lt__ __le__ __gt__ __ge__ __and__ __rand__ __or__ __ror__ __xor__ __rxor__
__lshift__ __rlshift__ __rshift__ __rrshift__ __invert__
"""
for _method in _COMPARED.split():
    if _method not in vars(Tensor):
        setattr(Tensor, _method, _compared(_method))


def _number_over(x: Tensor, number: Any) -> Any:
    """`2 / x` is the reciprocal, multiplied: PyTorch's order, whose last bit differs from a division's."""
    with placed(mode.where or here(_getframe(1))):
        return arithmetic.mul.operator(powers.reciprocal.apply(x), number)


Operators.__rtruediv__ = _number_over


def _matmul(x: Tensor, y: Any) -> Any:
    """`x @ y` for the first time: the file that has it puts the real method in this one's place."""
    from gradsh.engine.ops.linalg import matmul

    with placed(mode.where or here(_getframe(1))):
        return matmul.operator_matmul(x, y)


if "__matmul__" not in vars(Tensor):
    Operators.__matmul__ = _matmul


def _item(x: Tensor, index: Any) -> Any:
    from gradsh.engine.ops.index.indexing import getitem  # which also takes this method's place

    with placed(mode.where or here(_getframe(1))):
        return getitem(x, index)


def _rows(x: Tensor) -> Any:
    from gradsh.engine.ops.index.indexing import iterate  # likewise

    return iterate(x)


def _delete(x: Tensor, index: Any) -> None:
    from gradsh.engine.ops.index.indexing import delete_item  # likewise

    delete_item(x, index)


if "__getitem__" not in vars(Tensor):
    Operators.__getitem__ = _item
    Operators.__delitem__ = _delete
    Operators.__iter__ = _rows


def _text(x: Tensor) -> str:
    from gradsh.engine.printing.tensor_text import tensor_text

    return tensor_text(x)


Operators.__repr__ = _text
