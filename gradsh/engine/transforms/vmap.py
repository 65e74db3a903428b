"""`vmap(f)`: the function run once on many samples, in batches."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gradsh.engine.core.batched import RANDOMNESS, SIZES, Batched, expanded
from gradsh.engine.core.modes import interpreting, mode, planned
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.pytree import filled, is_node, leaves, matched, structure
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.transforms.batching import BATCHES
from gradsh.engine.transforms.gradient import invoke, name_of, python_type
from gradsh.errors import ArgumentError, ValueError_

_getframe = sys._getframe


def vmap(f: Any, in_dims: Any, out_dims: Any, randomness: str) -> Callable[..., Any]:
    """The function that maps `f` over a dim of its arguments, as torch.func.vmap."""
    if randomness not in ("error", "different", "same"):
        raise ArgumentError(
            f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}",
            kind="RuntimeError",
        )

    def mapped(*args: Any, **kwargs: Any) -> Any:
        with placed(caller(_getframe(1))):
            return planned(_run, f, in_dims, out_dims, randomness, args, kwargs)

    mapped.__name__ = mapped.__qualname__ = name_of(f)
    return mapped


def _run(f: Any, in_dims: Any, out_dims: Any, randomness: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    name = name_of(f)
    if not isinstance(out_dims, int):
        for d in leaves(out_dims):
            if d is not None and not isinstance(d, int):
                raise ValueError_(
                    f"vmap({name}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python collection "
                    "of ints representing where in the outputs the vmapped dimension should appear."
                )
    items = leaves(list(args))
    dims = _in_dims(name, in_dims, args, items)
    sizes = [int(x.shape[d]) for x, d in zip(items, dims, strict=True) if d is not None]
    if not sizes:
        raise ValueError_("vmap: Expected at least one Tensor to vmap over")
    if any(n != sizes[0] for n in sizes):
        raise ValueError_(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    size = sizes[0]
    fronted = [x if d is None else (T.movedim(x, d, 0) if d else x) for x, d in zip(items, dims, strict=True)]
    level = len(SIZES)
    batches = [x if d is None else Batched(x, level) for x, d in zip(fronted, dims, strict=True)]
    SIZES.append(size)
    RANDOMNESS.append(randomness)
    mode.functorch += 1  # torch.func's: `backward` is refused in it
    try:
        with interpreting(BATCHES):
            out = _called(f, filled(args, batches), kwargs)
    finally:
        mode.functorch -= 1
        RANDOMNESS.pop()
        SIZES.pop()
    return _outputs(name, out, out_dims, size, level)


def _called(f: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """The program's function, whose operations are recorded where it stands."""
    where = mode.where
    mode.where = None
    try:
        return invoke(f, args, kwargs)
    finally:
        mode.where = where


def _in_dims(name: str, in_dims: Any, args: tuple[Any, ...], items: list[Any]) -> list[Any]:
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError_(
            f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): expected `in_dims` to be int or a (potentially nested) "
            f"tuple matching the structure of inputs, got: {python_type(in_dims)}."
        )
    if not args:
        raise ValueError_(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a "
            "function with no inputs. The latter is unsupported."
        )
    dims = matched(in_dims, args)
    if dims is None:
        raise ValueError_(
            f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): in_dims is not compatible with the structure of "
            f"`inputs`. in_dims has structure {structure(in_dims)} but inputs has structure {structure(args)}."
        )
    found: list[int | None] = []
    for x, d in zip(items, dims, strict=True):
        start = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): Got in_dim={d} for "
        if d is None:
            found.append(None)
            continue
        if not isinstance(d, int):
            raise ValueError_(f"{start}an input but in_dim must be either an integer dimension or None.")
        if not isinstance(x, Tensor):
            raise ValueError_(
                f"{start}an input but the input is of type {python_type(x)}. We cannot vmap over non-Tensor arguments, "
                "please use None as the respective in_dim"
            )
        n = x.ndim
        if not -n <= d < n:
            raise ValueError_(
                f"{start}some input, but that input is a Tensor of dimensionality {n} so expected in_dim to satisfy "
                f"-{n} <= in_dim < {n}."
            )
        found.append(d % n)
    return found


def _outputs(name: str, out: Any, out_dims: Any, size: int, level: int) -> Any:
    """The results with the mapped dim where `out_dims` says."""
    if not is_node(out):
        dims: Any = [out_dims[0]] if isinstance(out_dims, tuple) and len(out_dims) == 1 else matched(out_dims, out)
    else:
        dims = matched(out_dims, out)
    if dims is None:
        raise ValueError_(
            f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of "
            f"`outputs`. out_dims has structure {structure(out_dims)} but outputs has structure {structure(out)}."
        )
    results = []
    for x, d in zip(leaves(out), dims, strict=True):
        mine = x.__class__ is Batched and x.level == level
        if d is None:
            if mine and isinstance(x, Tensor):
                raise ValueError_(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
            results.append(x)
            continue
        if not isinstance(x, Tensor):
            raise ValueError_(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {python_type(x)}. Did you mean to set "
                "out_dims= to None for output?"
            )
        value: Any = x.value if x.__class__ is Batched and mine else expanded(x, size)
        results.append(T.movedim(value, 0, d) if d else value)
    return filled(out, results)
