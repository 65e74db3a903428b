"""Memory layouts against PyTorch: every operator of the registry on its samples, laid out in several ways.

    python -m tests.record.layouts    writes tests/data/layouts.json, the strides of PyTorch's results (needs torch)

Where the dims of a result lie in memory shows in `stride()`, in which of `view` and `reshape` work, and in what a
random fill puts where. Strides of dims with one element lead nowhere and are not compared. compare.py has these as the
kind "layouts".
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor, leaf


def _ordered(x: Any, dims: tuple[int, ...]) -> Any:
    """The same values with the dims in this order in memory, the slowest first."""
    return np.ascontiguousarray(x.transpose(dims)).transpose(np.argsort(dims))


def _gaps(x: Any) -> Any:
    """Every second element along the first dim and the last."""
    wide = np.zeros(tuple(n * 2 if at in (0, x.ndim - 1) else n for at, n in enumerate(x.shape)), x.dtype)
    view = wide[::2, ..., ::2] if x.ndim > 1 else wide[::2]
    view[...] = x
    return view


def _expanded(x: Any, dim: int) -> Any:
    """The first slice along a dim, as often as there were slices."""
    if not x.shape[dim] or x.dtype.kind != "f":  # indices and masks must stay what they are
        return x
    return np.broadcast_to(np.ascontiguousarray(x.take([0], dim)), x.shape)


TARGET = Path(__file__).parent.parent / "data" / "layouts.json"

LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "contiguous": np.ascontiguousarray,
    "transposed": lambda x: _ordered(x, tuple(range(x.ndim))[::-1]),
    "channels last": lambda x: _ordered(x, (0, *range(2, x.ndim), 1)) if x.ndim > 2 else x,
    "first two swapped": lambda x: _ordered(x, (1, 0, *range(2, x.ndim))) if x.ndim > 2 else x,
    "sliced": _gaps,
    "sliced, transposed": lambda x: _gaps(x.T).T,
    "expanded": lambda x: _expanded(x, 0),
    "expanded last": lambda x: _expanded(x, x.ndim - 1),
}
WHICH = ("all", "first", "others")


def laid_out(value: Any, layout: Callable[[Any], Any], which: str, seen: list[int] | None = None) -> Any:
    """The arguments of a call with their tensors (all, the first, those after it) laid out so."""
    seen = [0] if seen is None else seen
    if isinstance(value, Tensor):
        seen[0] += 1
        array = np.asarray(value.data)
        if array.ndim and (which == "all" or (which == "first") == (seen[0] == 1)):
            array = layout(array)
        return leaf(array[()] if array.ndim == 0 else array, bool(value.requires_grad), None)
    if isinstance(value, (list, tuple)):
        return type(value)(laid_out(v, layout, which, seen) for v in value)
    if isinstance(value, dict):
        return {k: laid_out(v, layout, which, seen) for k, v in value.items()}
    return value


def strides(t: Any) -> list[int | None]:
    """Of the dims with more than one element, where there are elements."""
    if isinstance(t, Tensor):
        shape, steps = t.data.shape, [s // t.data.itemsize for s in t.data.strides]
    else:
        shape, steps = tuple(t.shape), list(t.stride())
    return [s if n > 1 else None for n, s in zip(shape, steps, strict=True)] if 0 not in shape else []


def calls(sample: Any, seed: int) -> Iterator[tuple[str, Any, Any]]:
    """(name of the layout, arguments, keywords) of a sample, each layout that is one once."""
    known = set()
    for name, layout in LAYOUTS.items():
        for which in WHICH:
            args, kwargs = sample.draw(seed)
            args, kwargs = laid_out((tuple(args), dict(kwargs)), layout, which)
            form = repr([(t.data.shape, t.data.strides) for t in _tensors((args, kwargs))])
            if form not in known:
                known.add(form)
                yield f"{name}, {which}", args, kwargs


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for v in value.values() if isinstance(value, dict) else value:
            yield from _tensors(v)


def compare(report: Any, name: str, theirs: Any, ours: Any, sample: Any, seed: int) -> None:
    """One sample of an operator in every layout: values and strides of its results."""
    from tests.record.torch_side import Unsupported

    for layout, args, kwargs in calls(sample, seed):
        try:
            problem = _difference(theirs, ours, args, kwargs)
        except Unsupported as reason:
            report.skip(str(reason))
            continue
        if problem is None:
            report.same("layouts", name)
        else:
            report.differs("layouts", name, f"{name}{sample} {layout}: {problem}")


def compare_gradients(report: Any, name: str, theirs: Any, ours: Any, sample: Any, seed: int) -> None:
    """One sample of an operator in every layout: strides of what `grad()` gives for its inputs."""
    from tests.record.torch_side import Unsupported

    for layout, args, kwargs in calls(sample, seed):
        try:
            problem = _gradients_differ(theirs, ours, args, kwargs)
        except Unsupported as reason:
            report.skip(str(reason))
            continue
        if problem is None:
            report.same("grads", name)
        else:
            report.differs("grads", name, f"{name}{sample} {layout}: {problem}")


def _gradients_differ(theirs: Any, ours: Any, args: Any, kwargs: Any) -> str | None:
    from tests.record.torch_side import (
        Pair,
        cotangent,
        error_of,
        is_tensor,
        our_grads,
        run_ours,
        run_theirs,
        tensors_of,
        their_grads,
    )

    pair = Pair(args, kwargs)
    done: list[Any] = []
    own: list[Any] = []
    if error_of(lambda: done.append(run_theirs(theirs, pair.theirs, pair.their_keywords))) or error_of(
        lambda: own.append(run_ours(ours, pair.ours, pair.our_keywords))
    ):
        return None
    outputs = [(p, q) for p, q in zip(tensors_of(done[0]), tensors_of(own[0]), strict=True) if is_tensor(p)]
    outputs = [(p, q) for p, q in outputs if p.requires_grad and q.requires_grad]
    rng = np.random.default_rng(0)
    seeds = [cotangent(p, rng, False) for p, _ in outputs]
    inputs = list(pair.inputs)
    found: list[list[Any]] = []
    for side, grads in enumerate((their_grads, our_grads)):
        if error_of(
            lambda s=side, g=grads: found.append(g(*([x[s] for x in part] for part in (outputs, inputs, seeds)), False))
        ):
            return None
    for at, (p, q) in enumerate(zip(*found, strict=True)):
        if p is not None and q is not None and strides(p) != strides(q):
            return f"gradient {at} of {tuple(p.shape)} has strides {strides(q)}, torch's {strides(p)}"
    return None


def _difference(theirs: Any, ours: Any, args: Any, kwargs: Any) -> str | None:
    from tests.record.torch_side import (
        Pair,
        array_of,
        difference,
        error_of,
        is_tensor,
        run_ours,
        run_theirs,
        tensors_of,
    )

    pair = Pair(args, kwargs)
    done: list[Any] = []
    said = error_of(lambda: done.append(run_theirs(theirs, pair.theirs, pair.their_keywords)))
    own: list[Any] = []
    found = error_of(lambda: own.append(run_ours(ours, pair.ours, pair.our_keywords)))
    if said or found:
        return None if said == found else f"{found}, torch's {said}"
    outputs = [*zip(tensors_of(done[0]), tensors_of(own[0]), strict=True)]
    for at, (p, q) in enumerate((p, q) for p, q in outputs if is_tensor(p) and is_tensor(q)):
        if tuple(p.shape) != tuple(q.shape) or difference(array_of(p), array_of(q)) > 1:
            return f"output {at} has other values"
        if strides(p) != strides(q):
            return f"output {at} of {tuple(p.shape)} has strides {strides(q)}, torch's {strides(p)}"
    return None


def recorded() -> Iterator[tuple[str, Any, Any, Any]]:
    """(label, operator, arguments, keywords) of the recorded calls: of each operator the first two samples in which a
    tensor has two dims or more."""
    from gradsh.engine.ops import families

    seen = set()
    for name, entry in families.functions().items():
        if entry.samples is None or id(entry) in seen:  # another name for the same
            continue
        seen.add(id(entry))
        samples = [s for s in entry.samples() if any(t.ndim > 1 and t.data.size > 1 for t in _tensors(s.draw(0)))]
        for number, sample in enumerate(samples[:2]):
            for layout, args, kwargs in calls(sample, 0):
                yield f"{name} {number} {layout}", entry, args, kwargs


def outputs(value: Any) -> list[list[int | None]]:
    """The strides of the tensors of a result."""
    if isinstance(value, Tensor) or hasattr(value, "stride"):
        return [strides(value)]
    return [s for v in value for s in outputs(v)] if isinstance(value, (list, tuple)) else []


def main() -> None:
    """Record what PyTorch says. A call that it refuses, or whose strides differ on purpose, is left out."""
    import torch

    from tests.record import deliberate
    from tests.record.compare import _fitting
    from tests.record.torch_side import Pair, Unsupported, error_of, run_theirs, torch_callables

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    for label, entry, args, kwargs in recorded():
        functions = torch_callables(entry.name)
        if not functions or deliberate.reason("layouts", entry.name, ""):
            continue
        try:
            pair = Pair(args, kwargs)
        except Unsupported:
            continue
        done: list[Any] = []
        function = _fitting(functions, args, kwargs)
        if error_of(lambda f=function, p=pair, d=done: d.append(run_theirs(f, p.theirs, p.their_keywords))) is None:
            found[label] = outputs(done[0])
    lines = ",\n".join(f"{json.dumps(label)}: {json.dumps(steps)}" for label, steps in found.items())
    TARGET.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    print(f"recorded {len(found)} calls in {TARGET.name}")


if __name__ == "__main__":
    main()
