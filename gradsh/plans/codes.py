"""What the code of a program's functions says of them before they run: names that they read and bind, and where."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType
from typing import Any

from gradsh.plans.refusal import NoPlan

# Attributes that are others in each iteration though no array and no number of the program is.
COUNTED = frozenset({"_version", "grad_fn", "next_functions", "data_ptr", "metadata", "storage", "untyped_storage"})
# A cell is a copy, which is looked at in the end; a global of that name may be a local of the body.
WRITES = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL", "DELETE_DEREF"})


def names_of(code: Any) -> set[str]:
    """The globals that a code object and those inside of it name."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            names |= names_of(constant)
    return names


@lru_cache(maxsize=256)
def instructions(code: CodeType) -> list[dis.Instruction]:
    """What a code object does; to find that out takes as long as hundreds of iterations of a plan."""
    return list(dis.get_instructions(code))


def read_at(code: CodeType, name: str, does: str = "LOAD") -> tuple[CodeType, int] | None:
    """Where it reads that name, or the text of it, first; or STOREs it."""
    for each in instructions(code):
        if each.argval == name and each.opname.startswith(does):
            return code, each.offset
    inside = (read_at(each, name, does) for each in code.co_consts if isinstance(each, CodeType))
    return next((place for place in inside if place is not None), None)


@lru_cache
def opcodes(names: frozenset[str]) -> frozenset[int]:
    """The numbers of instructions of these names, as this Python has them."""
    return frozenset(dis.opmap[name] for name in names if name in dis.opmap)


def check_code(code: Any, own: frozenset[str] = frozenset(), writes: frozenset[str] = WRITES) -> None:
    """Errors: NoPlan where the code binds names outside of itself, or reads what counts; `own`: names that live in its
    frame, or in one around it that is its caller's too; `writes`: the instructions that bind such names."""
    own |= frozenset(code.co_cellvars)
    if not COUNTED.isdisjoint((*code.co_names, *(c for c in code.co_consts if isinstance(c, str)))):
        places = [place for name in sorted(COUNTED) if (place := read_at(code, name)) is not None]
        raise NoPlan("the body reads what tells one iteration from another", place=places[0] if places else None)
    if not opcodes(writes).isdisjoint(code.co_code[::2]):  # few do: to look at each takes as long as to record some
        for instruction in instructions(code):
            if instruction.opname in writes and not (
                instruction.opname.endswith("DEREF") and instruction.argval in own
            ):
                why = f"a function binds {instruction.argval.lstrip('.')} outside of itself"
                raise NoPlan(why, place=(code, instruction.offset))
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            check_code(constant, own, writes)
