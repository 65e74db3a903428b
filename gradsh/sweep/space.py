"""Which runs a sweep has: every combination of what is given for a script's parameters, or a random sample of them.

    --lr 0.1,0.01 --steps 100..500:100        lr is one of two numbers, steps one of 100, 200, 300, 400, 500

A choice is what the command line takes for one run; a comma inside of brackets or quotes separates none.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from gradsh.errors import BadArguments
from gradsh.language.scripts import Given, Param, find, read

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
RANGE = re.compile(rf"\s*({NUMBER}?)\s*\.\.\s*({NUMBER})\s*(?::\s*({NUMBER}))?\s*")
MOST = 100_000  # runs of a sweep
OPENING, CLOSING = "([{", ")]}"


class Run:
    """One run: its number, from 1 on; its parameters as values by name, and as words; its seed, or None."""

    __slots__ = ("number", "parameters", "seed", "words")

    def __init__(self, number: int, parameters: dict[str, Any], words: list[str], seed: int | None) -> None:
        self.number = number
        self.parameters = parameters
        self.words = words
        self.seed = seed


class Choice:
    """One value for a parameter, and the words that give it."""

    __slots__ = ("value", "words")

    def __init__(self, value: Any, words: list[str]) -> None:
        self.value = value
        self.words = words


Axes = dict[str, list[Choice]]


def axes(params: Sequence[Param], words: Sequence[str], script: str) -> Axes:
    """The choices that the words after FILE give, by the parameters' names. Errors: BadArguments, as for one run."""
    table = {param[0]: param for param in params}
    found: Axes = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option, equals, text = word.partition("=")
        param = find(option, table)[0] if option.startswith("--") else None
        given = [word]
        if param is not None and not equals:
            flag = param[3] and type(param[4]) is bool
            if rest and (not rest[0].startswith("--") if not flag else choices(rest[0])[0] in TRUTHS):
                given = [option, rest.pop(0)]
                text = given[1]
        if param is None or not text:
            name, value = _one(params, given, script)
            found[name] = [Choice(value, given)]
            continue
        found[param[0]] = [
            Choice(_one(params, [f"{option}={choice}"], script)[1], [f"{option}={choice}"])
            for choice in choices(text, ranges=not (param[3] and type(param[4]) is str))
        ]
    return found


TRUTHS = ("true", "false", "True", "False")


def _one(params: Sequence[Param], words: list[str], script: str) -> tuple[str, Any]:
    """What words for one parameter give."""
    ((name, value),) = read(params, words, script).items()
    return name, value.text if isinstance(value, Given) else value


def choices(text: str, ranges: bool = True) -> list[str]:
    """The choices of a text, `0.1,0.01` or `100..500:100`. Errors: BadArguments."""
    found: list[str] = []
    for piece in _pieces(text):
        bounds = RANGE.fullmatch(piece) if ranges else None
        found += _between(piece, *bounds.groups()) if bounds is not None and bounds[1] else [piece]
    return found


def _pieces(text: str) -> list[str]:
    """The text at its commas, but for those in brackets and quotes."""
    pieces, start, depth, quote = [], 0, 0, ""
    for at, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote and text[at - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter in OPENING or letter in CLOSING:
            depth += 1 if letter in OPENING else -1
        elif letter == "," and depth == 0:
            pieces.append(text[start:at].strip())
            start = at + 1
    return [*pieces, text[start:].strip()]


def _between(text: str, first: str, last: str, step: str | None) -> list[str]:
    """The numbers of a range, both ends included, each without the digits that a sum of floats would add."""
    low, high = Decimal(first), Decimal(last)
    by = Decimal(step) if step else Decimal(1 if high >= low else -1)
    if by == 0:
        raise BadArguments(f"the range {text} never ends")
    try:
        steps = (high - low) / by
    except ArithmeticError:  # of numbers with a thousand digits
        raise BadArguments(f"the range {text} is beyond what numbers can be") from None
    if steps < 0:
        raise BadArguments(f"the range {text} has nothing in it")
    if steps >= MOST:  # before it is made an integer of as many digits
        raise BadArguments(f"the range {text} has more numbers than the {MOST:,} runs that a sweep can have")
    count = int(steps) + 1
    whole = all(re.fullmatch(r"[+-]?\d+", each) for each in (first, last, step or "1"))
    values = (low + i * by for i in range(count))
    return [str(int(value)) if whole else str(float(value)) for value in values]


def seeds(text: str) -> list[int]:
    """`0..9` or `1,2,3` as seeds. Errors: BadArguments."""
    found = []
    for choice in choices(text):
        if not re.fullmatch(r"[+-]?\d+", choice) or not -(2**63) <= int(choice) < 2**64:
            raise BadArguments(f"--seed takes whole numbers of 64 bits, as in --seed 0..9, not {choice!r}")
        found.append(int(choice))
    return found


def runs(axes: Axes, seeds: Sequence[int | None] = (None,), sample: int | None = None) -> list[Run]:
    """Every combination, seeds the fastest; or of a larger number so many of them, the same ones each time.

    Errors: BadArguments for more than MOST.
    """
    sizes = [len(choices) for choices in axes.values()] + [len(seeds)]
    total = math.prod(sizes)
    if sample is None and total > MOST:
        raise BadArguments(f"these are {total:,} runs, of at most {MOST:,}; --random N runs so many of them")
    wanted: Sequence[int] = range(total)
    if sample is not None and sample < total:
        wanted = sorted(random.Random(0).sample(range(total), min(sample, MOST)))
    found = []
    for number, index in enumerate(wanted, 1):
        index, which = divmod(index, sizes[-1])
        picked = []
        for choices in reversed(axes.values()):
            index, at = divmod(index, len(choices))
            picked.append(choices[at])
        picked.reverse()
        parameters = {name: choice.value for name, choice in zip(axes, picked, strict=True)}
        words = [word for choice in picked for word in choice.words]
        found.append(Run(number, parameters, words, seeds[which]))
    return found
