"""Write tests/data/declared.json anew: PyTorch's layers and optimisers on the inputs that it declares for its tests.

    python -m tests.record.declared        (with PyTorch installed)

ModuleInfo and OptimizerInfo (torch.testing._internal) say with which settings and inputs each is tried. Recorded are
the outputs, the gradients, what an optimiser made of its parameters; in the notation of tests/declared.py.
"""

from __future__ import annotations

import contextlib
import json
import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_modules import module_db
from torch.testing._internal.common_optimizers import optim_db

from gradsh.runtime.builtins import BUILTINS
from tests.declared import SHAPES, digest, parameter, value, weights
from tests.recorded import encoded

TARGET = Path(__file__).resolve().parents[1] / "data" / "declared.json"
LARGEST = 20_000  # elements of all inputs
STEPS = 5
EACH = 16  # cases of one layer, in even distances


class Unsupported(Exception):
    """An argument that the notation has not."""


def noted(given: Any) -> Any:
    """An argument in the notation."""
    if isinstance(given, torch.Tensor):
        if given.dtype.is_complex or given.layout is not torch.strided:
            raise Unsupported
        array = given.detach().numpy()
        if given.dtype.is_floating_point:
            low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 1.0)
            bounded = [0.0, 1.0] if low >= 0 and high <= 1 else [-1.0, 1.0] if low < 0 else [0.1, 2.0]
            return {"f": list(array.shape), "r": bounded, "g": given.requires_grad}
        return encoded(array)
    if isinstance(given, (list, tuple)):
        items = [noted(each) for each in given]
        return items if isinstance(given, list) else {"u": items}
    if given is None or isinstance(given, (bool, int, float, str)):
        return given
    raise Unsupported


def tensors(given: Any) -> Any:
    """What `value` gives, with PyTorch's tensors for its arrays and gradsh's."""
    if isinstance(given, np.ndarray):
        return torch.from_numpy(given)
    if isinstance(given, tuple):
        return tuple(map(tensors, given))
    if isinstance(given, list):
        return [tensors(each) for each in given]
    return torch.from_numpy(np.array(given.data)) if hasattr(given, "made_at") else given


def floating(given: Any) -> Iterator[torch.Tensor]:
    if isinstance(given, torch.Tensor):
        if given.dtype.is_floating_point:
            yield given
    elif isinstance(given, (list, tuple)):
        for each in given:
            yield from floating(each)


def module_case(name: str, cls: Any, made: Any, forward: Any, train: bool) -> dict[str, Any] | None:
    """One layer with one input; None for what gradsh leaves out, or what fails."""
    try:
        case = {"layer": name, "make": noted(made.args), "with": {k: noted(v) for k, v in made.kwargs.items()}}
        case |= {"call": noted(forward.args), "named": {k: noted(v) for k, v in forward.kwargs.items()}}
    except Unsupported:
        return None
    case["train"] = train
    if sum(t.numel() for t in floating(forward.args)) > LARGEST:
        return None
    torch.manual_seed(0)
    net = cls(*(tensors(value(v, 50)) for v in made.args and case["make"]["u"]), **_given(case["with"]))
    net.train(train)
    state = [t for t in (*net.parameters(), *net.buffers()) if t.dtype.is_floating_point]
    with torch.no_grad():
        for number, t in enumerate(state):
            t.copy_(torch.from_numpy(weights(t.shape, number)))
    args = [tensors(value(v, 10 + at)) for at, v in enumerate(case["call"]["u"])]
    named = _given(case["named"])
    for t, wanted in zip(floating(args), floating(forward.args), strict=True):
        t.requires_grad_(wanted.requires_grad)
    torch.manual_seed(1)
    outs = list(floating(net(*args, **named)))
    total = sum((t * torch.cos(torch.arange(1.0, t.numel() + 1)).view(t.shape)).sum() for t in outs if t.requires_grad)
    inputs = [t for t in (*floating(args), *net.parameters()) if t.requires_grad]
    grads: Any = torch.autograd.grad(total, inputs, allow_unused=True) if isinstance(total, torch.Tensor) else ()
    case["out"] = [digest(t.detach().numpy()) for t in outs]
    case["grads"] = [None if g is None else digest(g.numpy()) for g in grads]
    return case


def _given(keywords: dict[str, Any]) -> dict[str, Any]:
    return {k: tensors(value(v, 70 + at)) for at, (k, v) in enumerate(keywords.items())}


def layers() -> Iterator[dict[str, Any]]:
    known = set(BUILTINS.library.names())
    for info in module_db:
        name = info.name.rpartition(".")[2]
        if name not in known:
            continue
        seen: dict[str, dict[str, Any]] = {}
        for train in (True, False) if info.train_and_eval_differ else (True,):
            given = info.module_inputs_func(info, device="cpu", dtype=torch.float32, requires_grad=True, training=train)
            for each in given:
                case = None
                with contextlib.suppress(RuntimeError, ValueError, TypeError, IndexError, NotImplementedError):
                    case = module_case(name, info.module_cls, each.constructor_input, each.forward_input, train)
                if case is not None:
                    seen[json.dumps(case)] = case
        cases = list(seen.values())
        yield from cases[:: len(cases) // EACH or 1]


def optimisers() -> Iterator[dict[str, Any]]:
    for info in optim_db:
        name = info.optim_cls.__name__
        if not BUILTINS.lookup(name):
            continue
        for given in info.optim_inputs_func("cpu"):
            try:
                keywords = {k: noted(v.item() if isinstance(v, torch.Tensor) else v) for k, v in given.kwargs.items()}
            except Unsupported:
                continue
            params = [torch.from_numpy(parameter(number)).requires_grad_() for number in range(len(SHAPES))]
            optimiser = info.optim_cls(params, **_given(keywords))
            steps = []
            for _ in range(STEPS):

                def closure() -> Any:
                    optimiser.zero_grad()  # noqa: B023 - called before the loop goes on
                    loss = sum(((p - 0.3) ** 2 + (p / 2).exp()).sum() for p in params)  # noqa: B023 - as above
                    loss.backward()
                    return loss

                optimiser.step(closure)
                steps.append([digest(p.detach().numpy()) for p in params])
            yield {"optimiser": name, "with": keywords, "steps": steps, "text": repr(optimiser)}


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    random.seed(0)
    torch.manual_seed(0)
    found = [*layers(), *optimisers()]
    lines = ",\n".join(json.dumps(case) for case in found)
    TARGET.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"recorded {len(found)} cases")


if __name__ == "__main__":
    main()
