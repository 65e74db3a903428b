"""A plan as a Python function that calls NumPy, on the arrays of its recording: none is made while it runs."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.plans.builder import Plan, scalars
from gradsh.plans.numbers import Number
from gradsh.plans.refusal import NoPlan
from gradsh.plans.values import Step, Value, values_in

OPERATORS = {np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/"}
o = operator
SIGNS: dict[Any, str] = {
    o.add: "+",
    o.sub: "-",
    o.mul: "*",
    o.truediv: "/",
    o.floordiv: "//",
    o.mod: "%",
    o.lt: "<",
    o.le: "<=",
    o.eq: "==",
    o.ne: "!=",
    o.gt: ">",
    o.ge: ">=",
}
NAMED = (np.maximum, np.minimum)
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


class Writer:
    """The text of the function, and what it names."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.scalars = scalars(plan)
        self.names: dict[str, Any] = {}
        self.known: dict[int, str] = {}
        self.kept: list[Any] = []  # whose ids are keys
        self.locals: dict[int, str] = {}
        self.numbers: dict[int, Any] = {}

    def constant(self, x: Any) -> str:
        if id(x) not in self.known:
            self.known[id(x)] = f"c{len(self.known)}"
            self.names[self.known[id(x)]] = x
            self.kept.append(x)
        return self.known[id(x)]

    def local(self, value: Value | Number) -> str:
        return self.locals.setdefault(id(value.root), f"v{len(self.locals)}")

    def reference(self, x: Any) -> str:
        if type(x) is Value:
            return self.local(x) if id(x.root) in self.scalars else self.constant(x.array)
        if type(x) is Number:
            return self.local(x) if id(x) in self.plan.varying else self.reference(x.plain)
        if x is None or x is True or x is False:
            return str(x)
        if x is Ellipsis:
            return "..."
        if type(x) is tuple:
            return "(" + "".join(self.reference(each) + "," for each in x) + ")"
        if type(x) is list:
            return "[" + ",".join(self.reference(each) for each in x) + "]"
        if type(x) is slice:
            return f"slice({','.join(self.reference(each) for each in (x.start, x.stop, x.step))})"
        if type(x) is np.ndarray and x.ndim == 0:
            return self.constant(self.number(x))
        return self.constant(x)

    def number(self, x: Any) -> Any:
        """The scalar of a constant, once for each: its id is its key."""
        if id(x) not in self.numbers:
            self.numbers[id(x)] = x[()]
            self.kept.append(x)
        return self.numbers[id(x)]

    def line(self, step: Step) -> str:
        inputs = [self.reference(each) for each in step.arguments]
        if step.kind == "decide":
            return f"if {'not ' if step.extra else ''}{inputs[0]}: return at, None, None"
        if step.kind == "item":
            return f"{self.reference(step.out)} = {inputs[0]}.item()"
        if step.kind == "number":
            return self.of_numbers(step, inputs)
        if type(step.out) is tuple or step.kind == "into":
            return self.of_several(step)
        alone = id(step.out.root) in self.scalars
        out = self.reference(step.out)
        function = self.constant(step.function) if step.function is not None else ""
        if step.kind == "map":
            if alone:
                return f"{out} = {self.arithmetic(step, inputs)}"
            named = "out=" if step.function in NAMED else ""  # by its place NumPy warns of it
            return f"{function}({','.join(inputs)},{named}{out})"
        if step.kind == "reduce":
            axis, keepdims = step.extra
            given = f"{inputs[0]},{self.reference(axis)},None,{'None' if alone else out},{keepdims}"
            reduce = self.constant(step.function.reduce)
            return f"{out} = {reduce}({given})" if alone else f"{reduce}({given})"
        if step.kind == "copy":
            kind = step.out.array.dtype.type
            return f"{out} = {self.constant(kind)}({inputs[0]})" if alone else f"copyto({out},{inputs[0]},'unsafe')"
        if step.kind == "put":
            return f"{out}[{self.reference(step.extra)}] = {inputs[0]}"
        if step.kind == "take":
            return f"{out}{'' if alone else '[...]'} = {inputs[0]}[{self.reference(step.extra)}]"
        if step.kind in ("call", "draw"):
            options = "".join(f",{key}={self.reference(value)}" for key, value in (step.extra or {}).items())
            if step.function is np.dot and not alone and step.out.array.flags.c_contiguous and step.out.array.ndim:
                return f"{function}({','.join(inputs)},{out})"
            called = f"{function}({','.join(inputs)}{options})"
            return f"{out} = {called}" if alone else f"copyto({out},{called})"
        raise NoPlan(f"a step of the kind {step.kind}")

    def of_several(self, step: Step) -> str:
        """A function with several results, or that writes into its arguments, which stay arrays also without dims."""
        inputs = [self.constant(x) if type(x) is np.ndarray else self.reference(x) for x in step.arguments]
        options = "".join(f",{key}={self.reference(value)}" for key, value in (step.extra or {}).items())
        called = f"{self.constant(step.function)}({','.join(inputs)}{options})"
        if step.kind == "into":
            return called
        found = [f"r{at}" for at, _ in enumerate(step.out)]
        lines = [",".join(found) + ", = " + called]
        for name, out in zip(found, step.out, strict=True):
            target = self.reference(out)
            lines.append(f"{target} = {name}" if id(out.root) in self.scalars else f"copyto({target},{name})")
        return "; ".join(lines)

    def of_numbers(self, step: Step, inputs: list[str]) -> str:
        """A function of numbers; where its type is not that of the recording, the iteration is not that either."""
        out, sign = self.reference(step.out), SIGNS.get(step.function)
        made = f" {sign} ".join(inputs) if sign else f"{self.constant(step.function)}({','.join(inputs)})"
        if step.extra is None:
            return f"{out} = {made}"
        return f"{out} = {made}\n  if {out}.__class__ is not {self.constant(step.extra)}: return at, None, None"

    def arithmetic(self, step: Step, inputs: list[str]) -> str:
        """An operator of two scalars of one floating dtype, which is the ufunc's own arithmetic; else the ufunc."""
        sign = OPERATORS.get(step.function)
        dtype = step.out.array.dtype
        same = all(self.of_dtype(x, dtype) for x in step.arguments)
        if sign is not None and dtype in FLOATS and same:
            return f" {sign} ".join(inputs)
        return f"{self.constant(step.function)}({','.join(inputs)})"

    def of_dtype(self, x: Any, dtype: Any) -> bool:
        """Whether arithmetic with it stays in that dtype, without a warning: a scalar of it, or a float."""
        if type(x) is Value:
            return x.array.dtype == dtype and id(x.root) in self.scalars
        if type(x) is Number:
            return type(x.plain) is float
        return type(x) is float or getattr(x, "dtype", None) == dtype


def compiled(plan: Plan) -> Callable[[int, Any, list[Any]], tuple[int, Any, Exception | None]]:
    """`run(n, numbers, outs)`: n iterations on the arrays of the plan, which begin with those numbers.

    It gives (how many came to their end, the numbers after them, what was raised). Where it is fewer than n the numbers
    are None, and the arrays are somewhere in the middle of the next iteration. What each gives goes into `outs`.
    """
    writer = Writer(plan)
    body = [writer.line(step) for step in plan.steps]
    targets = [writer.reference(value) for value, _ in plan.carried]
    sources = [writer.reference(value) for _, value in plan.carried]
    alone = [id(value.root) in writer.scalars for value, _ in plan.carried]
    # all are read before one is written
    body += [
        f"n{at} = {source}{'' if single else '.copy()'}"
        for at, (source, single) in enumerate(zip(sources, alone, strict=True))
    ]
    body += [f"o({out_of(writer, value)})" for value in plan.outs]
    for at, (target, single) in enumerate(zip(targets, alone, strict=True)):
        body.append(f"{target} = n{at}" if single else f"copyto({target},n{at})")
    heads = "".join(writer.reference(number) + "," for number, _ in plan.numbers)
    if heads:
        body.append(heads + " = " + "".join(writer.reference(new) + "," for _, new in plan.numbers))
    every = [plan.carried, plan.outs, [[*step.inputs(), step.out] for step in plan.steps]]
    roots = {id(value.root): value.root for value in values_in([list(map(list, every[0])), *every[1:]])}
    written = {id(value) for value in plan.written}
    held = {root: name for root, name in writer.locals.items() if root in roots}
    before = [f"{name} = {writer.constant(roots[root].array)}[()]" for root, name in held.items()]
    after = [f"{writer.constant(roots[root].array)}[()] = {name}" for root, name in held.items() if root in written]
    if heads:
        before.append(f"{heads} = numbers")
    writer.names |= {
        "copyto": np.copyto,
        "array": np.array,
        "range": range,
        "slice": slice,
        "Exception": Exception,
        "__builtins__": {},
    }
    given = ", ".join(f"{name}={name}" for name in writer.names if name != "__builtins__")
    lines = [f"def run(n, numbers, outs, {given}):", *(" " + line for line in [*before, "o = outs.append", "at = 0"])]
    lines += [" try:", "  for at in range(n):", *("   " + line.replace("\n", "\n ") for line in body or ["pass"])]
    lines += [" except Exception as why:", "  return at, None, why"]
    lines += [" " + line for line in [*after, f"return n, ({heads}), None"]]
    space = dict(writer.names)
    exec(compile("\n".join(lines), "<plan>", "exec"), space)
    return space["run"]  # type: ignore[no-any-return]


def out_of(writer: Writer, value: Any) -> str:
    """What an iteration gives: arrays change afterwards, scalars and numbers do not."""
    name = writer.reference(value)
    if type(value) is Number:
        return name
    if id(value.root) in writer.scalars:
        return name if value.scalar else f"array({name})"
    return f"{name}.copy()"
