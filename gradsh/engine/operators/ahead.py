"""What becomes of an operator's result: whether the next instructions give it to another elementwise operator, with
nothing in between but such operators on tensors and numbers.

Between the two nobody can look at the result, nor write to what it was made of: no name has it, and no code but the
engine's runs. Everything that is not known here (an instruction, a name's value) is an answer of no.
"""

from __future__ import annotations

import dis
from functools import lru_cache
from sys import getrefcount
from types import CodeType
from typing import Any

from gradsh.engine.core.graph import Kind
from gradsh.engine.core.place import BETWEEN
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.registry import OPERATORS

NAMES = frozenset({"LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_NAME", "LOAD_DEREF", "LOAD_GLOBAL"})
CONSTANTS = frozenset({"LOAD_CONST", "LOAD_SMALL_INT"})
NOTHING = frozenset({"CACHE", "NOP", "PRECALL", "EXTENDED_ARG"})
ARITHMETIC = frozenset({"+", "-", "*", "/", "**"})
HELD = 3  # references to that copy where nobody else has it: the frame's, and two here
OPTIMIZED = 1  # the flag of code whose names are in the frame
MOST = 1000

Name = tuple[str, str]  # how it is loaded, what


class Path:
    """From an operator's result to what takes it.

    values    the names whose values are tensors or numbers
    called    the names that are called: elementwise operators
    """

    __slots__ = ("called", "values")

    def __init__(self, values: list[Name], called: list[Name]) -> None:
        self.values, self.called = values, called


_PATHS: dict[tuple[CodeType, int], Path | None] = {}


def is_passed_on(frame: Any) -> bool:
    """Whether what the instruction that `frame` stands at gives goes into an elementwise operator, and nowhere else."""
    key = frame.f_code, frame.f_lasti
    if key not in _PATHS:
        if len(_PATHS) > MOST:
            _PATHS.clear()
        _PATHS[key] = path(*key)
    found = _PATHS[key]
    if found is None:
        return False
    code, local = frame.f_code, frame.f_locals
    try:
        return all(_is_plain(_value(frame, local, name)) for name in found.values) and all(
            _is_unary(_value(frame, local, name)) for name in found.called
        )
    except KeyError:  # no such name
        return False
    finally:
        if code.co_flags & OPTIMIZED and local.__class__ is dict and getrefcount(local) <= HELD:
            local.clear()  # the frame's copy of them, which would hold the values beyond their names


def _is_plain(value: Any) -> bool:
    kind = value.__class__
    return kind is Tensor or kind is float or kind is int


def _value(frame: Any, local: Any, name: Name) -> Any:
    how, word = name
    if how != "LOAD_GLOBAL" and word in local:
        return local[word]
    if how in ("LOAD_GLOBAL", "LOAD_NAME"):
        return frame.f_globals[word] if word in frame.f_globals else frame.f_builtins[word]
    raise KeyError(word)


def _is_unary(value: Any) -> bool:
    """Whether it is what programs call of an elementwise operator of one tensor, under any of its names."""
    cells = getattr(value, "__closure__", None)
    if id(cells) in _unaries(len(OPERATORS)):
        return True
    return getattr(value, "__code__", None) in BETWEEN and any(_is_unary(cell.cell_contents) for cell in cells or ())


@lru_cache(1)
def _unaries(count: int) -> frozenset[int]:
    """The cells of those functions, which all of an operator's names share; of as many operators as are loaded."""
    of_one = [entry for entry in OPERATORS.values() if getattr(entry, "large", None).__class__ is Kind]
    return frozenset(id(entry.apply.__closure__) for entry in of_one)


def path(code: CodeType, lasti: int) -> Path | None:
    """The way of the result of the instruction at that place."""
    steps = [step for step in dis.get_instructions(code) if step.opname not in NOTHING or step.is_jump_target]
    # a call of what is written in Python stands at the end of the room that CPython keeps behind the instruction
    at = max((number for number, step in enumerate(steps) if step.offset <= lasti), default=0)
    if not steps or _effect(steps[at]) is None:
        return None
    found = _taken(steps, at)
    if found is None:
        return None
    end, below = found
    begin, height, least = at, 0, -_pops(steps[at]) - below
    while height > least:
        if not begin or steps[begin].is_jump_target:
            return None
        begin -= 1
        effect = _effect(steps[begin])
        if effect is None:
            return None
        height -= effect
    return _names(steps[begin:end]) if height == least else None


def _taken(steps: list[Any], at: int) -> tuple[int, int] | None:
    """The number of the instruction that takes the result, and how much of what that takes lies below it."""
    above = 0
    for number in range(at + 1, len(steps)):
        step = steps[number]
        effect, pops = _effect(step), _pops(step)
        if effect is None or step.is_jump_target:
            return None
        if pops > above:
            return (number, pops - 1 - above) if not above or step.opname == "BINARY_OP" else None
        above += effect
    return None


def _pops(step: Any) -> int:
    """How much an instruction takes, a function that it calls and the place beside that among it."""
    return {"BINARY_OP": 2, "UNARY_NEGATIVE": 1, "CALL": 3}.get(step.opname, 0)


def _effect(step: Any) -> int | None:
    """By how much it makes the stack higher; None for what is not known."""
    word = step.opname
    if word in NAMES:
        return 2 if word == "LOAD_GLOBAL" and step.arg & 1 else 1
    if word in CONSTANTS:
        return 1 if step.argval.__class__ is int or step.argval.__class__ is float else None
    if word == "PUSH_NULL":
        return 1
    if word in NOTHING:
        return 0
    if word == "UNARY_NEGATIVE":
        return 0
    if word == "BINARY_OP":
        return -1 if step.argrepr in ARITHMETIC else None
    if word == "CALL":
        return -2 if step.arg == 1 else None
    return None


def _names(steps: list[Any]) -> Path:
    values: list[Name] = []
    called: list[Name] = []
    for number, step in enumerate(steps):
        if step.opname in NAMES:
            beside = [steps[n].opname for n in (number - 1, number + 1) if 0 <= n < len(steps)]
            is_called = step.opname == "LOAD_GLOBAL" and step.arg & 1
            (called if is_called or "PUSH_NULL" in beside else values).append((step.opname, step.argval))
    return Path(values, called)
