"""What may stand at the end of a piece of Python, and what a name in it is: for those who ask while it is written."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from keyword import kwlist
from typing import Any

from gradsh.frontend.imports import FILES, NONE, Module, module_of
from gradsh.frontend.torch import EXTRA
from gradsh.language.exporting.paths import BOTH, paths
from gradsh.language.python.torch import PREFIX, TORCH, member_of

IMPORTS = re.compile(r"^\s*(?:import|from)\s+(?:.*,\s*)?([\w.]*)$")
MEMBERS = re.compile(r"^\s*from\s+([\w.]+)\s+import\s+(?:.*,\s*)?\(?(\w*)$")
CHAIN = re.compile(r"([A-Za-z_][\w.]*)\.(\w*)$")
NAME = re.compile(r"(?<![\w.])(\w*)$")


def offered(session: Any, text: str) -> list[str] | None:
    """The names that fit the end of a text, sorted; None where it ends in an attribute of a value."""
    line = text.rpartition("\n")[2]
    found = IMPORTS.match(line)
    if found is not None:
        return sorted(_modules(found[1]))
    found = MEMBERS.match(line)
    if found is not None:
        module = module_of(session, session.builtins, found[1])
        return _fitting(members(session, module, found[2]), found[2])
    found = CHAIN.search(line)
    if found is not None:
        value = value_of(session, found[1])
        return _fitting(members(session, value, found[2]), found[2]) if isinstance(value, Module) else None
    found = NAME.search(line)
    if found is None or not found[1]:
        return sorted(session.bound())
    return _fitting({*session.bound(), *session.builtins.names(), *kwlist}, found[1])


def _fitting(names: Iterable[str], start: str) -> list[str]:
    return sorted(name for name in names if name.startswith(start) and (start[:1] == "_" or name[:1] != "_"))


def _modules(start: str) -> set[str]:
    """The modules that begin so, as far as the dot behind what is written."""
    before = start.rpartition(".")[0]
    cut = len(before) + 1 if before else 0
    return {name[cut:].partition(".")[0] for name in (*TORCH, *FILES) if name.startswith(start) and name != before}


def value_of(session: Any, dotted: str) -> Any:
    """What a chain of names stands for, as far as it leads through modules; None for any other."""
    root, *rest = dotted.split(".")
    value = session.globals.get("." + root)
    for name in rest:
        if not isinstance(value, Module):
            return None
        try:
            value = value.__member__(name)
        except Exception:  # whatever a module says of a member that it does not have
            return None
    return value


def members(session: Any, module: Any, start: str) -> set[str]:
    """The members of a module; of PyTorch's those that it has there, and what else begins so and is found there too."""
    if not isinstance(module, Module):
        return set()
    if not module.of_torch:
        host = sys.modules.get(module.name)
        return {*module.has, *module.known, *(n for n in dir(host) if n[0] != "_" and _has(module, n))}
    found = of_torch(module)
    if start:
        near = (name for name in paths() if name.startswith(start))
        found |= {name for name in near if session.builtins.lookup(member_of(module.name, name)) is not None}
    return {name for name in found if name.isidentifier()}


def of_torch(module: Module) -> set[str]:
    """What one of PyTorch's modules has: the modules in it, and the members whose place in PyTorch it is."""
    before = module.name + "."
    inner = {name.removeprefix(before) for name in TORCH if name.startswith(before)}
    start = member_of(module.name, "").removeprefix(PREFIX)  # of those whose members are known by the module's name too
    named = {name.removeprefix(start) for name in (*EXTRA, *paths()) if name.startswith(start)} if start else set()
    here = (module.name, BOTH) if module.name == "torch" else (module.name,)
    own = {name for name, path in paths().items() if path in here}
    return {name for name in inner | named | own if name.isidentifier()}


def _has(module: Module, name: str) -> bool:
    try:
        return not module.has and module.find(name) is not NONE
    except Exception:  # whatever a module says of a member that it does not have
        return False


def entry(session: Any, dotted: str) -> str | None:
    """The name that gradsh has for a member of PyTorch, `F.relu`; None of any other."""
    before, _, name = dotted.rpartition(".")
    module = value_of(session, before) if before else None
    if isinstance(module, Module) and module.of_torch:
        key = member_of(module.name, name)
        return key.removeprefix(PREFIX) if session.builtins.lookup(key) is not None else None
    return None
