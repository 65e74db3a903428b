"""The kernels in C (native.c), where gradsh was installed with a compiler: in one pass what NumPy takes many for.

They are loaded once that pays, and used where they give the bits of NumPy's kernels, which is tried on a few cases
then; else NumPy's stay, as they do for everything that the compiled ones leave to them (other dtypes). Which of
them agreed is written into the user's cache, for this NumPy, this processor and the files of both: trying takes a
millisecond for some.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from gradsh import cache
from gradsh.engine.core import alloc
from gradsh.engine.kernels import pieces
from gradsh.interrupts import own

FIRST = 1 << 13  # elements that NumPy's kernel computes before that; a call counts as CALL of them
CALL = 1 << 8

NATIVE: list[Native] = []


class Native:
    """The function `name` of native.c: `function`, or None as long as NumPy's kernel `plain` is to be called.

    cases   arguments on which both must agree
    writes  the places of the arguments that it fills in
    alike   whether `plain` fills in the same, rather than give what they become
    takes   whether the one in C takes one array more, without gaps, and fills in what it would give
    """

    __slots__ = ("alike", "cases", "function", "left", "loaded", "name", "plain", "takes", "writes")

    def __init__(
        self,
        name: str,
        plain: Callable[..., Any],
        cases: Callable[[], Iterable[tuple[Any, ...]]],
        writes: tuple[int, ...] = (),
        alike: bool = True,
        takes: bool = False,
    ) -> None:
        self.name, self.plain, self.cases, self.writes, self.alike = name, plain, cases, writes, alike
        self.takes = takes
        self.function: Any = None
        self.loaded: Any = False
        self.left = FIRST
        NATIVE.append(self)

    def wanted(self, size: int) -> Any:
        """The function once it has paid to load it; asked for each call on an array of `size` elements until then."""
        if self.left > 0:
            self.left -= size + CALL
            if self.left <= 0:
                self.function = self.found()
        return self.function

    def found(self) -> Any:
        """The function, found once; that there is a plan that uses it does not have the program call it."""
        if self.loaded is False:
            self.loaded = agreed(self)
        return self.loaded

    def load(self) -> Any:
        """The function if there is one and it agrees, else None."""
        function = getattr(library(), self.name, None)  # an older file may lack it
        if function is None:
            return None
        # a copy, for both fill in the same arrays
        agrees = all(same(copied(self.plain(*case)), function(*case)) for case in self.cases())
        return function if agrees else None


AGREED: dict[Any, tuple[str, set[str]]] = {}  # of a file of kernels: its entry in the cache, those that agree


def agreed(native: Native) -> Any:
    """`native.load()`, from the cache where it is known there."""
    file = getattr(sys.modules.get(native.plain.__module__), "__file__", None)
    found = library()
    if file is None or found is None or not hasattr(found, native.name):
        return native.load()
    if file not in AGREED:
        key = entry("kernels", found, file)
        AGREED[file] = (key, set(((cache.read(key) if key else None) or b"").decode().split()))
    key, names = AGREED[file]
    if native.name in names:
        return getattr(found, native.name)
    function = native.load()
    if function is not None:
        names.add(native.name)
        if key:
            cache.write(key, " ".join(sorted(names)).encode())
    return function


def umath() -> Any:
    """The module in C that NumPy's loops are in."""
    return sys.modules["numpy._core._multiarray_umath"]


def entry(kind: str, native: Any, *files: Any) -> str:
    """The name in the cache of what depends on NumPy's bits, and on these files; "" behind a sandbox's door, where
    nobody looks at files."""
    try:
        states = [(file, os.stat(file)) for file in (native.__file__, umath().__file__, *files)]
    except OSError:
        return ""
    stamps = [f"{file} {state.st_size} {state.st_mtime_ns}" for file, state in states]
    return f"{kind}-" + cache.key(["2", np.__version__, *stamps, repr(sorted(umath().__cpu_features__.items()))])


def library() -> Any:
    """native.c, or None. Its work on large arrays is shared by threads; where the process is gradsh's own (the command,
    the prompt, a kernel), so are NumPy's own loops from now on, with the same bits. A `Session` in somebody else's
    Python leaves NumPy as it is."""
    try:
        from gradsh.engine.kernels import native
    except ImportError:
        return None
    if not SHARED and hasattr(native, "share_loops"):
        native.threads(pieces.threads())
        SHARED.append(native)
    if own.taken:
        share_loops()
    return native


SHARED: list[Any] = []  # the library, once it knows of threads


def share_loops() -> None:
    """Let NumPy's loops over large arrays be shared by threads, in this whole process."""
    if SHARED and not pieces.spread:
        SHARED[0].share_loops()
        pieces.spread = True


WHOLE: list[Whole] = []


class Whole:
    """A kernel that is one step of a recording: what it looks at inside decides nothing outside of it."""

    __slots__ = ("function", "kernel")

    def __init__(self, kernel: Callable[..., Any]) -> None:
        self.kernel = self.function = kernel
        WHOLE.append(self)

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)


def copied(result: Any) -> Any:
    """A result, or a tuple of them, that nothing else writes to."""
    return tuple(map(copied, result)) if result.__class__ is tuple else result.copy()


def same(a: Any, b: Any) -> bool:
    """Whether two results, or two pairs of them, are of one type, shape and dtype, and the same to the last bit."""
    if a.__class__ is tuple:
        return b.__class__ is tuple and all(map(same, a, b))
    return a.__class__ is b.__class__ and (a.shape, a.dtype, a.tobytes()) == (b.shape, b.dtype, b.tobytes())


def numbers(*shape: int, dtype: Any = np.float32) -> Any:
    """An array of numbers from -0.5 to 0.5 in which sums in another order have other last digits."""
    count = alloc.arange(np.prod(shape), dtype=np.uint32)
    return ((count * np.uint32(2654435761) >> np.uint32(8)) / 2**24 - 0.5).astype(dtype).reshape(shape)
