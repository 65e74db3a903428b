"""Greatest common divisors and least common multiples."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.promotion import sizes_first
from gradsh.engine.operators.elementwise import Binary, binary
from gradsh.engine.operators.samples import call, t
from gradsh.errors import DtypeError


def _divisors(name: str, words: str, ufunc: Any) -> Binary:
    def kernel(a: Any, b: Any) -> Any:
        kind = np.result_type(a, b).kind
        if kind in "fb":
            from gradsh.engine.core.dtypes import OF

            sizes_first(a, b)
            title = OF[np.result_type(a, b)].title
            raise DtypeError(f"\"{name}_cpu\" not implemented for '{title}'", kind="NotImplementedError")
        return ufunc(a, b)

    kernel.__doc__ = f"{words} of integers, element by element."
    return binary(
        f"{name}(input, other)",
        names=NOTHING,
        numbers="none",
        inplace=True,
        samples=lambda: [
            call(t(4, dtype="int64", low=-20, high=20), t(4, dtype="int64", low=-20, high=20)),
            call(t(2, 1, dtype="int64", low=0, high=30), t(3, dtype="int64", low=0, high=30)),
        ],
        example=f"{name}(tensor([4, 6]), tensor([6, 9]))",
    )(kernel)


NOTHING = ("", "", "")

gcd = _divisors("gcd", "The greatest common divisor", np.gcd)
lcm = _divisors("lcm", "The least common multiple", np.lcm)
