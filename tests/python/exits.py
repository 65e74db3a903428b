# What a program catches of its own: sys.exit, command lines that are wrong, keys, arguments that are not there.
import argparse
import sys
from collections import ChainMap

import torch
from torch import nn

parser = argparse.ArgumentParser(prog="train")
parser.add_argument("--model", choices=["gcn", "gat"], default="gcn")
parser.add_argument("--epochs", type=int, required=True)
for line in (["--epochs", "2", "--model", "mlp"], [], ["--epochs", "many"], ["--epochs", "1", "--lr", "3"]):
    try:
        parser.parse_args(line)
    except SystemExit as left:
        print("status", left.code, repr(left))
try:
    try:
        sys.exit("bye")
    except Exception as error:
        print("never", error)
    finally:
        print("finally")
except SystemExit as left:
    print("caught", left.code, left.args)
try:
    exit()
except:
    print("bare")

layer = nn.Linear(1, 1)
for wrong in (
    lambda: layer.register_buffer("weight", torch.ones(1)),
    lambda: layer.register_parameter("a.b", None),
    lambda: layer.add_module("", nn.ReLU()),
    lambda: nn.ModuleDict()["q"],
    lambda: {"a": 1}.pop("b"),
    lambda: {}[(1, 2)],
    lambda: layer.state_dict()["w"],
):
    try:
        wrong()
    except KeyError as error:
        print(error, repr(error), error.args)


class Trainer:
    def fit(self, data, *, epochs):
        pass


def outer():
    def inner(a):
        pass

    inner()


for wrong in (outer, lambda: (lambda a, b: a)(*(1, 2, 3)), lambda: Trainer().fit(), lambda: Trainer().fit(1), lambda: Trainer().fit(1, 2, epochs=3), lambda: Trainer(3)):
    try:
        wrong()
    except TypeError as error:
        print(error)
print(dict(ChainMap({"lr": 1}, {"lr": 2, "epochs": 3})))


def run():
    try:
        raise SystemExit(0)
    except BaseException as left:
        print(type(left).__name__, left.code)
        raise


try:
    run()
except SystemExit:
    print("left")
