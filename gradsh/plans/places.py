"""Where in the program's text is what a plan is not made for, where somebody wants to read why.

A recording knows what was left at the end of an iteration, and not who has left it: the text says which of its
instructions bind that name, put something there, or give that tensor its gradient.
"""

from __future__ import annotations

from types import CellType, CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.users import is_users
from gradsh.plans.codes import instructions
from gradsh.plans.kinds import is_model
from gradsh.plans.refusal import NoPlan

if TYPE_CHECKING:
    from gradsh.plans.shadow import Shadow
    from gradsh.plans.values import Record

Place = tuple[CodeType, int]
SETTING = (
    3  # arguments of `@set_attr(value, owner, name)` and `@put(value, owner, key)`, of which the last is the place
)
CALLS = frozenset({"PRECALL", "CALL"})


def place_of(why: NoPlan, record: Record, shadow: Shadow, code: CodeType) -> Place | None:
    """Of what a recording of the body has been refused for, None where nothing in the text can be said to be it."""
    if why.step is not None:
        return of_step(why.step, record)
    if why.memory is not None:  # that is written
        writes = (step for step in reversed(record.steps) if any(out.root is why.memory for out in step.outs))
        found = next((place for place in (of_step(step, record) for step in writes) if place is not None), None)
        if found is not None:
            return found
    if why.name is None:
        return None
    holder, name = why.name
    if holder is None:
        return of_name(code, name)
    functions = [x for x, _ in shadow.copies.values() if type(x) is FunctionType and is_users(x)]
    # what makes an object, once, comes last
    functions.sort(key=lambda function: function.__name__.lstrip(".") == "__init__")
    codes = [code, *(function.__code__ for function in functions)]
    if type(holder) is CellType:
        models = [x for x, _ in shadow.copies.values() if is_model(x)]
        fields = [field for model in models for field, cell in model.cells.items() if cell is holder]
        own = of_cell(holder, functions, shadow)
        return of_field(codes, fields[0].lstrip(".")) if own is None and fields else own
    return of_field(codes, name) or (of_method(codes, "zero_grad") if name == "grad" else None)


def of_step(step: Any, record: Record) -> Place | None:
    noted = None if record.notes is None else record.notes.of.get(id(step))
    return noted.places[-1] if noted is not None and noted.places else None


def of_name(code: CodeType, name: Any) -> Place | None:
    """Where it is bound last, or else where it is read first."""
    bound = read = None
    for each in instructions(code):
        names = each.argval if type(each.argval) is tuple else (each.argval,)
        if name in names and ("FAST" in each.opname or "DEREF" in each.opname or "GLOBAL" in each.opname):
            if each.opname.startswith("STORE"):
                bound = each.offset
            elif read is None and each.opname.startswith("LOAD"):
                read = each.offset
    at = read if bound is None else bound
    return None if at is None else (code, at)


def of_cell(cell: Any, functions: list[FunctionType], shadow: Shadow) -> Place | None:
    """Where what a function binds for others, as a model's field, is bound."""
    for function in functions:
        for name, own in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            if own is cell or shadow.copies.get(id(own), (None, None))[1] is cell:
                place = of_name(function.__code__, name)
                if place is not None and any(
                    each.offset == place[1] and each.opname.startswith("STORE") for each in instructions(place[0])
                ):
                    return place
    return None


def of_field(codes: list[CodeType], key: Any) -> Place | None:
    """Where an attribute of that name, or an item of that key, is set last in the first of them that does."""
    for code in codes:
        steps = instructions(code)
        found = None
        for at, each in enumerate(steps[:-1]):
            if each.opname.startswith("LOAD_CONST") and type(each.argval) is type(key) and each.argval == key:
                after = steps[at + 1]
                if (after.opname in CALLS and after.arg == SETTING) or set_in_place(steps[at + 1 : at + 9]):
                    found = each.offset
        if found is not None:
            return code, found
        inner = of_field([each for each in code.co_consts if type(each) is CodeType], key)
        if inner is not None:
            return inner
    return None


def of_method(codes: list[CodeType], name: str) -> Place | None:
    """Where a method of that name is called first."""
    for code in codes:
        for each in instructions(code):
            if each.argval == name and each.opname.startswith("LOAD"):
                return code, each.offset
    return None


def set_in_place(steps: list[Any]) -> bool:
    """Whether they are those of `d[key] += …`, as far as its right side is a name or a number."""
    return any(each.opname == "STORE_SUBSCR" for each in steps)
