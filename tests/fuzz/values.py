"""Odd values, as text of programs: what a mutated or made-up call is given in the place of what it wants."""

from __future__ import annotations

from random import Random

NUMBERS = (
    "0", "1", "-1", "2", "3", "-2", "5", "7", "10", "100", "1000", "0.5", "-0.5", "1e-3", "0.0", "-0.0", "inf",
    "-inf", "nan", "1e30", "-1e30", "1e-320", "1e308", "127", "128", "255", "256", "65536", "2**31", "2**31 - 1",
    "-2**31", "2**32", "2**53 + 1", "2**62", "2**63", "2**63 - 1", "-2**63", "2**64", "10**19", "10**30", "0xff",
    "1_000", "true", "false",
)  # fmt: skip
STRINGS = (
    '""', '"x"', '"sum"', '"mean"', '"none"', '"zeros"', '"reflect"', '"nearest"', '"bilinear"', '"ij"',
    '"ij,jk->ik"', '"..."', '"fro"', '"nuc"', '"a\\x00b"', '"\\ud800"', '"é"', '"{}"', '"%s"', '"%"', "'''x\ny'''",
    '"\\x1b[31m"', '"1"', '"cpu"', '"cuda"', '"x" * 1000', 'f"{1}"', 'f"{ones(2)!r}"', '"float32"',
)  # fmt: skip
OTHERS = (
    "none", "[]", "()", "{}", "[0]", "[1, 2]", "(1,)", "(2, 3)", "[[1, 2], [3, 4]]", "[1, [2]]", "[ones(2)]",
    "(ones(2), ones(2))", "[none]", "{1: 2}", '{"a": ones(2)}', "range(3)", "range(10**9)", "Size([2, 3])", "1:2",
    "...", "float32", "float64", "int64", "bool", "uint8", "float16", "fn(v) = v", "fn(v) = v.sum()",
    "fn(v, w) = v * w", "fn() = 1", "log", "ones", "print", "Linear", "Linear(2, 2)", "Sequential()",
    "SGD([ones(2, grad)], lr=0.1)", "Generator()", "ones(2).numpy()", "finfo(float32)", "ones(2).shape",
    "max(ones(2, 2), 0)", "ones(2, grad).exp().grad_fn", "slice", "type", "[ones(2)] * 3", "zip([1], [2])",
    "enumerate([1])", "device", "{1, 2}", "ones(2).storage_offset",
)  # fmt: skip
SHAPES = (
    "",
    "0",
    "1",
    "2",
    "3",
    "2, 3",
    "3, 2",
    "3, 3",
    "0, 3",
    "2, 0",
    "1, 1",
    "2, 3, 4",
    "1, 2, 3, 4",
    "2, 1, 4, 4",
    "1, 1, 1, 1, 1",
    "6",
)
DTYPES = ("float32", "float32", "float32", "float64", "float16", "int64", "int32", "int8", "uint8", "bool")
FILLS = (
    "ones({s})", "zeros({s})", "rand({s})", "randn({s})", "full(({t}), {n})", "rand({s}).T", "rand({s}) > 0.5",
    "full(({t}), nan)", "full(({t}), inf)", "-rand({s}) * 1e30", "ones(1).expand({s})", "rand({s}, grad)",
    "randn({s}, grad) * 1", "rand({s}).numpy()", "rand({s})[..., none]", "Parameter(rand({s}))",
    "zeros({s}).to(float64)",
)  # fmt: skip
LISTS = (
    "[1., 2., 3.]",
    "[[1., 2.], [3., 4.]]",
    "[nan, inf, -inf, 0.]",
    "[0, 1]",
    "[2, 0, 1]",
    "[true, false]",
    "5.",
    "0",
    "nan",
    "[]",
    "[[]]",
)


def number(draws: Random) -> str:
    return draws.choice(NUMBERS)


def tensor(draws: Random) -> str:
    """An expression that gives a small tensor of some kind."""
    kind = draws.random()
    if kind < 0.25:
        text = f"tensor({draws.choice(LISTS)})"
    else:
        shape = draws.choice(SHAPES)
        text = draws.choice(FILLS).format(s=shape, t=shape + "," if shape else "", n=number(draws))
    if draws.random() < 0.3 and "grad" not in text:
        text = f"({text}).to({draws.choice(DTYPES)})"
    if draws.random() < 0.15:
        text = f"({text}).requires_grad_()"
    return text


def anything(draws: Random) -> str:
    """An expression that gives anything."""
    kind = draws.random()
    if kind < 0.3:
        return number(draws)
    if kind < 0.55:
        return tensor(draws)
    if kind < 0.7:
        return draws.choice(STRINGS)
    return draws.choice(OTHERS)
