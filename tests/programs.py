"""Random programs with views, writes in place and shared sub-expressions, in the part of gradsh that is also Python.

The lines read and write tensors that all hang on one input `x`, of shape (2, 3); what they define is smooth in `x`, so
that gradients can be compared with central differences, and the same text runs on PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Choose = Callable[[list[Any]], Any]

UNARY = ("sin", "tanh", "sigmoid", "cos")
WRITES = ("mul_(0.9)", "add_(0.3)", "sin_()", "neg_()", "zero_()", "fill_(0.4)", "clamp_(-9, 9)", "cos_()")
SAVING = ("tanh_()", "sigmoid_()", "exp_()")  # these save what they wrote, so a later write makes backward raise
SHAPES = {(2, 3), (3,), (2,), (3, 2), (6,), (), (1, 3), (2, 1), (2, 2)}


def _sliced(n: int, start: int, step: int) -> int:
    return len(range(start, n, step))


class Program:
    """Lines of a function body, and the variables in it with their shapes."""

    def __init__(self, choose: Choose, steps: int, *, cut: bool = False) -> None:
        self.choose = choose
        self.careful = not cut or choose(
            [True, True, False]
        )  # what is saved is a copy, so that it may be written later
        self.cut = cut  # whether detach() and data come in, which central differences know nothing of
        self.lines = ["v0 = x * 1.0"]
        self.shapes: list[tuple[int, ...]] = [(2, 3)]
        self.fixed: set[int] = set()  # expanded or one of several views: not to be written
        for _ in range(steps):
            self.step()
        last = " + ".join(
            f"(v{i} * {0.3 + 0.1 * i:.1f}).sum()" for i in range(max(0, len(self.shapes) - 5), len(self.shapes))
        )
        self.lines.append(f"return {last}")

    def new(self, text: str, shape: tuple[int, ...], *, fixed: bool = False) -> None:
        if fixed:
            self.fixed.add(len(self.shapes))
        self.lines.append(f"v{len(self.shapes)} = {text}")
        self.shapes.append(shape)

    def some(
        self, fits: Callable[[tuple[int, ...]], bool] = lambda shape: True, *, writable: bool = False
    ) -> int | None:
        found = [i for i, s in enumerate(self.shapes) if fits(s) and not (writable and i in self.fixed)]
        return self.choose(found[-8:]) if found else None

    def kept(self, i: int) -> str:
        return f"v{i}.clone()" if self.careful else f"v{i}"

    def step(self) -> None:
        kinds = ["unary", "binary", "view", "view", "write", "write", "write_from", "item", "item", "pick", "clone"]
        getattr(self, self.choose([*kinds, "detach"] if self.cut else kinds))()

    def unary(self) -> None:
        i = self.some()
        self.new(f"{self.kept(i)}.{self.choose(list(UNARY))}(){'.clone()' if self.careful else ''}", self.shapes[i])

    def binary(self) -> None:
        i = self.some()
        shape = self.shapes[i]
        j = self.some(lambda s: s in (shape, ()))
        if j is not None:
            self.new(f"{self.kept(i)} {self.choose(['+', '-', '*'])} {self.kept(j)}", shape)

    def clone(self) -> None:
        i = self.some()
        self.new(f"v{i}.clone()", self.shapes[i])

    def detach(self) -> None:
        i = self.some()
        self.new(f"v{i}.detach()", self.shapes[i], fixed=i in self.fixed)

    def view(self) -> None:
        i = self.some()
        shape = self.shapes[i]
        options: list[tuple[str, tuple[int, ...]]] = [("unsqueeze(0)[0]", shape), (f"view_as(v{i})", shape)]
        if shape:
            n = shape[0]
            options += [(f"[{k}]", shape[1:]) for k in (0, n - 1)]
            options += [(f"[{a}::{b}]", (_sliced(n, a, b), *shape[1:])) for a in (0, 1) for b in (1, 2)]
        if len(shape) == 2:
            options += [("t()", shape[::-1]), ("transpose(0, 1)", shape[::-1]), ("reshape(-1)", (shape[0] * shape[1],))]
            options += [(f"[:, {k}]", (shape[0],)) for k in (0, shape[1] - 1)]
            options += [("diagonal()", (min(shape),)), ("[..., 1:]", (shape[0], shape[1] - 1))]
        if len(shape) == 1:
            options += [("unsqueeze(1)[:, 0]", shape), (f"expand(2, {shape[0]})", (2, *shape))]
        options = [(text, s) for text, s in options if 0 not in s]
        text, s = self.choose(options)
        fixed = i in self.fixed or text.startswith("expand")
        self.new(f"v{i}{text if text[0] == '[' else '.' + text}", s, fixed=fixed)

    def write(self) -> None:
        i = self.some(writable=True)
        if i is not None:
            self.lines.append(f"v{i}.{self.choose([*WRITES, *(() if self.careful else SAVING)])};")

    def write_from(self) -> None:
        i = self.some(writable=True)
        if i is None:
            return
        shape = self.shapes[i]
        j = self.some(lambda s: s in (shape, (), shape[1:]))
        if j is not None:
            name = self.choose(["add_", "mul_", "sub_", "copy_"])
            self.lines.append(f"v{i}.{name}({self.kept(j)});")

    def item(self) -> None:
        i = self.some(lambda s: len(s) >= 1, writable=True)
        if i is None:
            return
        shape = self.shapes[i]
        places: list[tuple[str, tuple[int, ...]]] = [("0", shape[1:]), ("-1", shape[1:]), ("...", shape), ("1:", ())]
        if len(shape) == 2:
            places += [(":, 0", (shape[0],)), ("0, 0", ()), ("::2", ()), ("..., -1", (shape[0],))]
        place, s = self.choose(places)
        j = self.some(lambda t: t in (s, ()))
        value = self.choose([self.kept(j), f"v{j} * 2", "0.5"]) if j is not None else "0.5"
        self.lines.append(f"v{i}[{place}] {self.choose(['=', '=', '+=', '*='])} {value}")

    def pick(self) -> None:
        i = self.some(lambda s: len(s) >= 1, writable=True)
        if i is None:
            return
        shape = self.shapes[i]
        j = self.some(lambda s: s == ())
        value = "0.7" if j is None else self.choose(["0.7", self.kept(j)])
        mask = "tensor([" + ", ".join(self.choose(["T", "F"]) for _ in range(shape[0])) + "])"
        mask = mask.replace("T", "True").replace("F", "False")
        # a row that is written twice gets the gradient twice, in PyTorch too: no difference would show that
        rows = [0, shape[0] - 1][: shape[0]]
        index = f"tensor({rows})"
        which = self.choose(["mask", "index", "read"])
        if which == "read":
            self.new(f"v{i}[{index}]", (len(rows), *shape[1:]))
        else:
            self.lines.append(f"v{i}[{mask if which == 'mask' else index}] = {value}")

    def body(self, indent: str = "    ") -> str:
        return "\n".join(indent + line for line in self.lines)

    def gradsh(self) -> str:
        return f"fn f(x) {{\n{self.body()}\n}}\n"

    def python(self) -> str:
        return f"def f(x):\n{self.body()}\n"
