"""A trainer with a dataclass config, argparse, enums, logging, pathlib and json."""
import argparse
import enum
import json
import logging
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, asdict, replace
from enum import Enum
from pathlib import Path
from typing import Any, Dict, List, Optional, Union
import torch
from torch import nn


class OptimizerType(Enum):
    SGD = "sgd"
    ADAM = "adam"

    @classmethod
    def from_string(cls, text: str) -> "OptimizerType":
        return cls[text.upper()]


class Phase(enum.IntEnum):
    TRAIN = 0
    EVAL = 1


@dataclass
class OptimConfig:
    kind: OptimizerType = OptimizerType.SGD
    lr: float = 0.1
    betas: tuple = (0.9, 0.999)


@dataclass
class Config:
    hidden: List[int] = field(default_factory=lambda: [8, 8])
    optim: OptimConfig = field(default_factory=OptimConfig)
    epochs: int = 2
    name: str = "run"
    notes: Optional[str] = None

    def __post_init__(self):
        if self.epochs < 1:
            raise ValueError(f"epochs must be positive, got {self.epochs}")


class Callback(ABC):
    @abstractmethod
    def on_epoch_end(self, trainer: "Trainer", logs: Dict[str, Any]) -> None:
        ...

    def on_begin(self, trainer):
        pass


class History(Callback):
    def __init__(self):
        self.logs = []

    def on_epoch_end(self, trainer, logs):
        self.logs.append(logs)


class Printer(Callback):
    def on_begin(self, trainer):
        print("begin", trainer)

    def on_epoch_end(self, trainer, logs):
        print(" ".join(f"{k}={v:.4f}" if isinstance(v, float) else f"{k}={v}" for k, v in logs.items()))


class Trainer:
    registry: Dict[OptimizerType, Any] = {OptimizerType.SGD: torch.optim.SGD, OptimizerType.ADAM: torch.optim.Adam}

    def __init__(self, config: Config, *callbacks: Callback, **extra) -> None:
        self.config = config
        self.callbacks = list(callbacks)
        self.extra = extra
        sizes = [3, *config.hidden, 1]
        layers: List[nn.Module] = []
        for a, b in zip(sizes, sizes[1:]):
            layers.extend([nn.Linear(a, b), nn.ReLU()])
        self.model = nn.Sequential(*layers[:-1])
        self.optimizer = self.registry[config.optim.kind](self.model.parameters(), lr=config.optim.lr)
        self._phase = Phase.TRAIN

    @property
    def phase(self) -> Phase:
        return self._phase

    @phase.setter
    def phase(self, value):
        self._phase = Phase(value)
        self.model.train(self._phase is Phase.TRAIN)

    def __repr__(self):
        return f"{type(self).__name__}(name={self.config.name!r}, phase={self.phase.name})"

    def fit(self, x, y):
        for c in self.callbacks:
            c.on_begin(self)
        for epoch in range(self.config.epochs):
            loss = nn.functional.mse_loss(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            for c in self.callbacks:
                c.on_epoch_end(self, {"epoch": epoch, "loss": loss.item()})
        return self


def parse(argv: Optional[List[str]] = None) -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--lr", type=float, default=0.05)
    p.add_argument("--opt", choices=["sgd", "adam"], default="adam")
    p.add_argument("--hidden", type=int, nargs="+", default=[4])
    p.add_argument("-v", "--verbose", action="store_true")
    return p.parse_args(argv)


if __name__ == "__main__":
    args = parse(["--lr", "0.01", "--hidden", "6", "5"])
    print(args, vars(args))
    cfg = Config(hidden=args.hidden, optim=OptimConfig(OptimizerType.from_string(args.opt), args.lr))
    print(cfg)
    print(asdict(replace(cfg, name="other"))["name"], cfg == Config(), cfg.optim.kind is OptimizerType.ADAM)
    print(OptimizerType.ADAM, repr(OptimizerType.SGD), OptimizerType("sgd").name, [o.value for o in OptimizerType], Phase.EVAL + 1)
    hist = History()
    t = Trainer(cfg, hist, Printer(), tag="x").fit(torch.ones(4, 3), torch.zeros(4, 1))
    t.phase = 1
    print(t, t.model.training, t.extra, len(hist.logs))
    print(json.dumps(asdict(cfg), default=lambda o: o.value, indent=2, sort_keys=True))
    try:
        Config(epochs=0)
    except ValueError as error:
        print("ValueError:", error)
    try:
        Callback()
    except TypeError as error:
        print(error)
    out = Path("runs") / cfg.name
    print(out.joinpath("best.pt").with_suffix(".json").as_posix(), out.name, out.parent, out.exists())
