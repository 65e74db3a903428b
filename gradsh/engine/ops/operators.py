"""What Python's operators do on tensors."""

from __future__ import annotations

from typing import Any

from gradsh.engine.ops import elementwise
from gradsh.engine.tensor import Tensor

Operators: Any = Tensor  # the special methods are added here, next to the operators that they call

Operators.__add__ = elementwise.add.apply
Operators.__radd__ = elementwise.add.apply_right
Operators.__sub__ = elementwise.sub.apply
Operators.__rsub__ = elementwise.sub.apply_right
Operators.__mul__ = elementwise.mul.apply
Operators.__rmul__ = elementwise.mul.apply_right
Operators.__neg__ = elementwise.neg.apply
