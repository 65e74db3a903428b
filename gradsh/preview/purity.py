"""What the code of a line could change, judged before it runs: that of every function and model that it can reach.

The engine's own effects are met at its gates, by `guard`. Here is what those do not see: a binding outside of the
function that makes it, an item or attribute that is set, a command, a list that grows, a field of a model.
"""

from __future__ import annotations

import opcode
from collections.abc import Iterator
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind, is_users
from gradsh.language.places import LIBRARY
from gradsh.preview.refusals import Dear, Impure
from gradsh.runtime.access import CHANGING
from gradsh.runtime.commands import WORDS
from gradsh.runtime.sets import Set
from gradsh.runtime.used_files import Module

MOST = 5_000  # values that are looked at
HELPERS = ("@set_attr", "@unbind", "@use", "@param", "@command.")  # which change or show something


def _opcodes(*names: str) -> frozenset[int]:
    return frozenset(opcode.opmap[name] for name in names if name in opcode.opmap)


STORES = _opcodes("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE", "STORE_ATTR", "DELETE_ATTR", "DELETE_GLOBAL")
BUILDS = _opcodes("BUILD_LIST", "BUILD_TUPLE", "BUILD_STRING", "LIST_EXTEND")
CACHE, BINARY, LOAD_CONST = opcode.opmap.get("CACHE", 0), opcode.opmap["BINARY_OP"], opcode.opmap["LOAD_CONST"]
TIMES = (5, 18)  # the arguments of BINARY_OP that are `*` and `*=`
BACK = _opcodes(
    "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "POP_JUMP_BACKWARD_IF_TRUE", "POP_JUMP_BACKWARD_IF_FALSE"
)
STORE_GLOBAL = opcode.opmap["STORE_GLOBAL"]
STORE_DEREF = opcode.opmap["STORE_DEREF"]
EXTENDED = opcode.EXTENDED_ARG


def check(code: CodeType, *, top: bool = False) -> None:
    """Errors: Impure. `top`: it is the line's own, which may bind names.

    What a function echoes is met when it does: mostly there is none, as of `found.append(x)`.
    """
    used = frozenset(code.co_code[::2])
    if used & STORES or (STORE_GLOBAL in used and not top):
        raise Impure
    if code.co_freevars and STORE_DEREF in used and any(name in code.co_freevars for name in _stored(code)):
        raise Impure
    for name in code.co_names:
        if name[0] == "@" and name.startswith(HELPERS):
            raise Impure
    for inner in code.co_consts:
        if inner.__class__ is CodeType:
            check(inner)


def loops(code: CodeType) -> bool:
    """Whether it goes back in itself, so that only its time tells how much it does."""
    inner = (each for each in code.co_consts if each.__class__ is CodeType)
    return bool(frozenset(code.co_code[::2]) & BACK) or any(map(loops, inner))


def repeats(code: CodeType) -> bool:
    """Whether it may repeat a list or a text, as `[0] * n` does: no gate sees how much memory that takes."""
    recent: list[bool] = [False, False]
    for op, argument in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        if op == CACHE:
            continue
        if op == BINARY and argument in TIMES and any(recent):
            return True
        constant = code.co_consts[argument] if op == LOAD_CONST and argument < len(code.co_consts) else None
        recent = [recent[1], op in BUILDS or constant.__class__ in (str, tuple)]
    return any(inner.__class__ is CodeType and repeats(inner) for inner in code.co_consts)


def _stored(code: CodeType) -> Iterator[str]:
    """The variables of cells that it binds."""
    cells = tuple(dict.fromkeys((*code.co_varnames, *code.co_cellvars, *code.co_freevars)))
    high = 0
    for op, argument in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        argument |= high
        high = argument << 8 if op == EXTENDED else 0
        if op == STORE_DEREF:
            yield cells[argument]


def names(code: CodeType) -> dict[str, None]:
    """The names of the program that it may look up in its globals, those of functions inside too, in order."""
    found = {name: None for name in code.co_names if name[0] == "."}
    for inner in code.co_consts:
        if inner.__class__ is CodeType:
            found |= names(inner)
    return found


class Reach:
    """All that a line can come to from the names in it: `tensors` are the plain ones, `paths` how they are called.

    `renewed`: the globals whose functions run with other ones, in which methods that change something are met when
    they are called.
    """

    def __init__(self, renewed: dict[str, Any]) -> None:
        self.renewed = renewed
        self.tensors: dict[int, Tensor] = {}
        self.paths: dict[int, str] = {}
        self.seen: set[int] = set()
        self.loops = False  # whether there is a function among them that has a loop, or calls others: itself, maybe

    def of(self, code: CodeType, space: dict[str, Any]) -> None:
        """Follow the names of a code. Errors: Impure."""
        for value, path in self.named(code, space):
            self.value(value, path)

    def named(self, code: CodeType, space: dict[str, Any]) -> list[tuple[Any, str]]:
        """The values of a code's names. Errors: Impure, where one is a command."""
        own = space["@own"]
        found = []
        for name in names(code):
            if name in space:
                value = space[name]
                is_own = own.get(name[1:], space) is value
                if is_own and name[1:] in WORDS:
                    raise Impure
                found.append((value, "" if is_own else name[1:]))  # what was handed mostly has another name
        return found

    def value(self, value: Any, path: str = "") -> None:
        """Errors: Impure."""
        stack = [(value, path)]
        while stack:
            value, path = stack.pop()
            if value.__class__ is Tensor:
                self.tensors[id(value)] = value
                if not self.paths.get(id(value)):  # else a function of a model has led here, which has no name for it
                    self.paths[id(value)] = path
            elif value is not None and not isinstance(value, (int, float, str)) and id(value) not in self.seen:
                self.seen.add(id(value))
                stack += reversed(self.inside(value, path))
            if len(self.seen) + len(self.tensors) > MOST:
                raise Impure

    def name_all(self, leaves: list[Tensor], space: dict[str, Any]) -> None:
        """Find the names of leaves that the line came to by way of others."""
        missing = {id(leaf) for leaf in leaves if not self.paths.get(id(leaf))}
        if not missing:
            return
        own = space["@own"]
        for name, value in space.items():
            if name[0] == "." and id(value) in missing and (not self.paths.get(id(value)) or name[1:] not in own):
                self.tensors[id(value)] = value
                self.paths[id(value)] = name[1:]

    def inside(self, value: Any, path: str) -> list[tuple[Any, str]]:
        """What a value leads to, with its path."""
        kind = value.__class__
        if kind is FunctionType:
            return self.function(value)
        if kind is MethodType:
            return [(value.__self__, path), (value.__func__, path)]
        if kind is list or kind is tuple:
            if len(value) > MOST:
                raise Impure
            return [(item, f"{path}[{n}]") for n, item in enumerate(value)]
        if kind is dict:
            if len(value) > MOST:
                raise Impure
            return [(item, f"{path}[{key!r}]") for key, item in value.items()]
        if isinstance(kind, ModelKind):
            hooks = value.hooks.functions() if value.hooks is not None else []
            hidden = [cell for name, cell in value.cells.items() if name in type(value).hidden]
            fields = [(item, f"{path}.{name}") for name, item in value.fields()]
            return [*fields, *((item, "") for item in [*hooks, *map(_contents, hidden)])]
        if kind is Set:
            return [(item, "") for item in value.held]
        if hasattr(kind, "__next__"):  # who goes over it takes what is in it
            raise Impure
        if kind is Module:
            return [(item, f"{path}.{name}") for name, item in value.public().items()]
        return []

    def function(self, function: FunctionType) -> list[tuple[Any, str]]:
        """What a function leads to. Errors: Impure, where one of the program would change something."""
        code = function.__code__
        found = [(_contents(cell), "") for cell in function.__closure__ or ()]
        if is_users(function):
            check(code)
            if repeats(code):
                raise Dear
            if function.__globals__ is not self.renewed and ("@echo" in code.co_names or _changes(code)):
                raise Impure
            found += [
                (default, "") for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
            ]
            found += self.named(code, function.__globals__)
            calls = any(value.__class__ is FunctionType and is_users(value) for value, _ in found)
            self.loops |= loops(code) or (calls and not code.co_filename.startswith(LIBRARY))
        return found


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _changes(code: CodeType) -> bool:
    """Whether it names a method that changes its value."""
    from gradsh.engine.nn.module import LOOKS, PUBLIC
    from gradsh.engine.operators.registry import METHODS

    changing = CHANGING | {name for name in PUBLIC - LOOKS if name not in METHODS}
    return any(
        (inner.__class__ is str and inner in changing) or (inner.__class__ is CodeType and _changes(inner))
        for inner in code.co_consts
    )
