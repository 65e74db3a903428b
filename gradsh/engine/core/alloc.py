"""The arrays that kernels, rules and optimisers make: NumPy's own functions, reached through this one module.

Whoever wants to know of every array that a program's operators make (a recording, a limit of memory) stands here.
"""

from __future__ import annotations

import numpy as np

empty, zeros, ones, full = np.empty, np.zeros, np.ones, np.full
empty_like, zeros_like, ones_like, full_like = np.empty_like, np.zeros_like, np.ones_like, np.full_like
array, asarray, ascontiguousarray = np.array, np.asarray, np.ascontiguousarray
arange, linspace, eye, identity = np.arange, np.linspace, np.eye, np.identity
