"""The random stream against PyTorch for unseen seeds, through the registry; a part of compare.py.

Every function that draws is called in random order from one seed, so that what the generator carries from one call to
the next is compared too. Uniform numbers, whole numbers and permutations must be the same to the last bit; numbers made
by logarithms and roots may differ in the last digits, as they do between PyTorch's own machines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from gradsh.engine.core.dtypes import NAMES
from gradsh.engine.core.tensor import leaf
from tests.record.torch_side import FUNCTIONS, METHODS, array_of, difference, error_of

SHAPES = [(), (1,), (3,), (7,), (15,), (16,), (17,), (40,), (4, 5), (3, 16), (2, 3, 4), (0,), (5, 0), (130,)]
EXACT = ("rand", "randint", "randperm", "bernoulli", "uniform", "random", "dropout", "multinomial")


def _pair(shape: tuple[int, ...], fill: float = 0.0, dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    theirs = torch.full(shape, fill, dtype=dtype)
    array = theirs.numpy().copy()
    return theirs, leaf(array[()] if array.ndim == 0 else array, False, None)


def _drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Any, Any]:
    array = rng.uniform(0.05, 0.95, shape).astype(np.float32)
    array = np.asarray(array)
    return torch.from_numpy(array.copy()), leaf(array[()] if array.ndim == 0 else array, False, None)


def _calls(rng: np.random.Generator) -> list[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    """(name, PyTorch's call, gradsh's call) of every function that draws, with random arguments."""
    shape = SHAPES[rng.integers(len(SHAPES))]
    wide = torch.float64 if rng.random() < 0.3 else torch.float32
    our_dtype = {"dtype": NAMES["float64" if wide is torch.float64 else "float32"]}
    calls: list[tuple[str, Callable[[], Any], Callable[[], Any]]] = []

    def function(name: str, *args: Any, **keywords: Any) -> None:
        ours = keywords.pop("ours", {})
        theirs: Any = getattr(torch, name, None) or getattr(torch.nn.functional, name)
        if name in ("dropout", "rrelu"):
            theirs = getattr(torch.nn.functional, name)
        pairs = [a if isinstance(a, tuple) and len(a) == 2 and torch.is_tensor(a[0]) else (a, a) for a in args]
        first, second = [p for p, _ in pairs], [q for _, q in pairs]
        calls.append(
            (name, lambda: theirs(*first, **keywords), lambda: FUNCTIONS[name].apply(*second, **{**keywords, **ours}))
        )

    def method(name: str, start: tuple[int, ...], *args: Any) -> None:
        a, b = _pair(start, dtype=wide)
        calls.append((name, lambda: getattr(a, name)(*args), lambda: METHODS[name](b, *args)))

    def initialiser(name: str, start: tuple[int, ...], *args: Any) -> None:
        a, b = _pair(start)
        calls.append((name, lambda: getattr(torch.nn.init, name)(a, *args), lambda: FUNCTIONS[name].apply(b, *args)))

    function("rand", shape, dtype=wide, ours=our_dtype)
    function("randn", shape, dtype=wide, ours=our_dtype)
    low, high = sorted(int(v) for v in rng.integers(-1000, 2**31, 2))
    function("randint", low, high + 1, shape)
    function("randint", 10, shape)
    function("randperm", int(rng.integers(0, 60)))
    for name in ("rand_like", "randn_like"):
        function(name, _drawn(rng, shape))
    function("randint_like", _drawn(rng, shape), 3, 90)
    function("bernoulli", _drawn(rng, shape))
    function("normal", _drawn(rng, shape), _drawn(rng, shape))
    function("normal", 0.5, 2.0, shape)
    rows = _drawn(rng, (3, 8))
    function("multinomial", rows, 5)
    function("multinomial", rows, 20, True)
    function("multinomial", _drawn(rng, (6,)), 1)
    for p in (0.3, 0.5, 0.9):
        function("dropout", _drawn(rng, shape), p)
    for name in ("dropout1d", "dropout2d", "dropout3d"):
        dims = int(name[-2])
        function(name, _drawn(rng, (2, 3, *(2,) * dims)), 0.4)
    for name in ("alpha_dropout", "feature_alpha_dropout"):
        function(name, _drawn(rng, (3, 4, 2)), 0.4, True)
    function("rrelu", _drawn(rng, shape), 0.1, 0.4, True)
    for name, args in (
        ("uniform_", (-2.0, 3.0)),
        ("normal_", (1.0, 2.5)),
        ("bernoulli_", (0.3,)),
        ("exponential_", (1.5,)),
        ("cauchy_", (0.0, 1.0)),
        ("geometric_", (0.3,)),
        ("log_normal_", (0.2, 0.6)),
        ("random_", (5, 70)),
        ("random_", ()),
    ):
        if name in METHODS:
            method(name, shape, *args)
    matrix = ((6, 4), (3, 5), (4, 3, 2, 2), (16, 16))[rng.integers(4)]
    for name, args in (
        ("uniform_", (-1.0, 1.0)),
        ("normal_", (0.0, 2.0)),
        ("xavier_uniform_", (1.5,)),
        ("xavier_normal_", ()),
        ("kaiming_uniform_", (0.2,)),
        ("kaiming_normal_", ()),
        ("trunc_normal_", (0.0, 1.0, -2.0, 2.0)),
        ("orthogonal_", ()),
    ):
        if name in FUNCTIONS:
            initialiser(name, matrix, *args)
    if "sparse_" in FUNCTIONS:
        initialiser("sparse_", (7, 5), 0.4)
    return calls


def compare(report: Any, seed: int, rounds: int = 60) -> None:
    """Compare `rounds` sequences, each from its own seed, and tell the report."""
    rng = np.random.default_rng(seed + 1)
    for _ in range(rounds):
        start = int(rng.integers(2**40))
        torch.manual_seed(start)
        FUNCTIONS["manual_seed"].apply(start)
        calls = _calls(rng)
        for at in rng.permutation(len(calls))[:12]:
            name, theirs, ours = calls[at]
            out: list[Any] = []
            said = error_of(lambda theirs=theirs, out=out: out.append(theirs()))
            mine = error_of(lambda ours=ours, out=out: out.append(ours()))
            if said is not None or mine is not None:
                if said == mine:
                    report.same("random", name)
                else:
                    report.differs("random", name, f"seed {start} raises {mine}, torch's {said}")
                    break
                continue
            a, b = array_of(out[0]), array_of(out[1])
            scale = 1.0 if name.rstrip("_") in EXACT else 30.0
            if a.shape != b.shape or a.dtype != b.dtype or difference(a, b, scale) > 1:
                report.differs(
                    "random",
                    name,
                    f"seed {start}, {a.dtype}{list(a.shape)}: {b.reshape(-1)[:4]} for {a.reshape(-1)[:4]}",
                )
                break  # what follows of the stream would differ too
            report.same("random", name)
