"""What of the engine's rooms something is an object of: a program that has not loaded a room has nothing of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

loaded = sys.modules.get


def kind(module: str, name: str) -> Callable[[Any], bool]:
    """Whether something is an object of that class, or of one below it, and does not stand for one."""

    def is_one(x: Any) -> bool:
        room = loaded(module)
        return room is not None and issubclass(type(x), getattr(room, name))

    return is_one


is_model = kind("gradsh.engine.nn.module", "Model")
is_state_dict = kind("gradsh.engine.nn.state", "StateDict")
is_optimizer = kind("gradsh.engine.optim.base", "Optimizer")
is_state = kind("gradsh.engine.optim.base", "State")
is_sgd = kind("gradsh.engine.optim.sgd", "SGD")
is_scheduler = kind("gradsh.engine.optim.schedulers", "LRScheduler")
is_counts = kind("gradsh.engine.optim.schedulers", "Counter")
is_generator = kind("gradsh.engine.kernels.random", "Generator")
is_loader = kind("gradsh.engine.ops.program.dataloader", "DataLoader")
is_module = kind("gradsh.frontend.imports", "Module")
is_hints = kind("gradsh.frontend.kinds", "Hints")
