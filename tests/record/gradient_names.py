"""Write tests/data/gradient_names.json anew: what PyTorch calls the nodes of gradients that have a graph.

`python -m tests.record.gradient_names` with a Python that has PyTorch. For each of the registry's samples: the name of
the function of each gradient, None where it has none. Operators whose names are other ones in gradsh, which writes
their gradient otherwise, stand in "other"; a name that comes to agree must leave it.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import torch

from tests.record.torch_side import FUNCTIONS, Pair, Unsupported, is_tensor, run_theirs, tensors_of, torch_callables

TARGET = Path(__file__).resolve().parents[1] / "data" / "gradient_names.json"
EACH = 3  # samples of one operator


def names(functions: list[Any], args: Any, kwargs: dict[str, Any]) -> list[str | None] | None:
    """The names for one call; None for what PyTorch does not take, or has no second derivative of."""
    try:
        pair = Pair(args, kwargs)
        result: Any = None
        for function in functions:
            try:
                result = run_theirs(function, pair.theirs, pair.their_keywords)
                break
            except Exception:
                continue
        outputs = [o for o in tensors_of(result) if is_tensor(o) and o.requires_grad] if result is not None else []
        if not outputs:
            return None
        seeds = [torch.ones_like(o) for o in outputs]
        inputs = [p for p, _ in pair.inputs]
        found = torch.autograd.grad(outputs, inputs, seeds, create_graph=True, allow_unused=True)
    except (Unsupported, RuntimeError):
        return None
    return [g.grad_fn.name().removeprefix("torch::autograd::") if g is not None and g.grad_fn else None for g in found]


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    recorded = {}
    for name in sorted(FUNCTIONS):
        entry, functions = FUNCTIONS[name], torch_callables(name)
        if not functions or entry.samples is None or name.endswith("_"):
            continue
        recorded[name] = [names(functions, *sample.draw(0)) for sample in list(entry.samples())[:EACH]]
    from tests.test_gradient_names import differs

    other = [name for name, wanted in recorded.items() if differs(name, wanted)]
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(wanted)}" for name, wanted in recorded.items())
    TARGET.write_text(f'{{"other": {json.dumps(other)},\n"names": {{\n{lines}\n}}}}\n', encoding="utf-8")
    print(f"recorded {len(recorded)} operators, {len(other)} other")


if __name__ == "__main__":
    main()
