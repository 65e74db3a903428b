"""The modules that Python programs import, each from a file here: what is not in it is an error where it is reached."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gradsh.errors import AttributeError_, GradshError
from gradsh.language.python.torch import MISSING, TORCH, member_of, submodule

if TYPE_CHECKING:
    from gradsh.frontend.table import PythonTable
    from gradsh.runtime.running import Running

    Members = Mapping[str, Any]
    Finder = Callable[[str], Any]

__acts_for_programs__ = True

NONE = object()


class Module:
    """A module as programs see it. `find` gives a member, NONE where there is none; `of_torch`: it is PyTorch's.

    `has`: the names of its members, where they are listed.
    """

    __slots__ = ("find", "has", "known", "name", "of_torch")

    def __init__(
        self, name: str, find: Callable[[str], Any], of_torch: bool = False, has: Collection[str] = ()
    ) -> None:
        self.name = name
        self.find = find
        self.has = has
        self.known: dict[str, Any] = {}
        self.of_torch = of_torch

    def __repr__(self) -> str:
        return f"<module '{self.name}'>"

    def __member__(self, name: str) -> Any:
        try:
            return self.known[name]
        except KeyError:
            pass
        found = self.name if name == "__name__" else self.find(name)
        if found is NONE:
            raise no_member(self.name, name)
        self.known[name] = found
        return found

    def __members__(self) -> list[str]:
        listed = import_module("gradsh.frontend.completion").of_torch(self) if self.of_torch else self.has
        return [*{**dict.fromkeys(listed), **self.known}]

    def public(self) -> list[str]:
        """What `from … import *` brings."""
        return [name for name in self.has if name[0] != "_"]

    def __set_member__(self, name: str, value: Any) -> None:
        self.known[name] = value  # `torch.backends.cudnn.deterministic = True`, `plt.style = …`


class Absent:
    """What stands for a module, or a member of one, that is not there: any use of it says so."""

    __slots__ = ("error",)

    def __init__(self, error: GradshError) -> None:
        self.error = error

    def refuse(self, *arguments: Any, **keywords: Any) -> Any:
        raise type(self.error)(self.error.message, help=self.error.help, kind=self.error.kind)

    __call__ = __getitem__ = __iter__ = __enter__ = __len__ = __bool__ = __contains__ = refuse

    def __exit__(self, *_: object) -> None:
        self.refuse()

    def __member__(self, name: str) -> Any:
        self.refuse()

    def __set_member__(self, name: str, value: Any) -> None:
        self.refuse()


def no_member(module: str, name: str) -> GradshError:
    """The error for a member that a module does not have, here; of PyTorch's, why there is no such thing."""
    if module.split(".")[0] == "torch":
        from gradsh.language.absent import absent

        found = absent(f"{module}.{name}".removeprefix("torch."))
        if found is not None:
            return AttributeError_(f"module '{module}' has no attribute '{name}': {found.words}", help=found.help)
    return AttributeError_(f"module '{module}' has no attribute '{name}'", help=_help(module, name))


def _help(module: str, name: str) -> str | None:
    from gradsh.calls.suggest import suggest

    if module.split(".")[0] != "torch":
        return None
    from gradsh.runtime.builtins import BUILTINS

    close = suggest(name, [known for known in BUILTINS.names() if "." not in known])
    return f"did you mean `{module}.{close}`?" if close else None


def no_module(name: str) -> GradshError:
    """The error for a module that gradsh does not have."""
    return AttributeError_(f"No module named '{name}'", kind="ModuleNotFoundError")


def missing(reference: str) -> Any:
    """A member of PyTorch that is not there, at the line that reaches it."""
    module, _, name = reference.removeprefix(MISSING).rpartition(".")
    raise no_member(module, name)


def imported(
    session: Running, table: PythonTable, module: str, member: str | None, space: dict[str, Any], package: str = ""
) -> Any:
    """What an import binds; `package`: the one that what imports is in, for `from .model import Net`."""
    if module[0] == ".":
        module = _of_own_files().absolute(module, package)
    found = module_of(session, table, module)
    if member is None or isinstance(found, Absent):
        return found
    if member == "*":
        if not found.of_torch:  # whose names the resolver knows
            space |= {"." + name: found.__member__(name) for name in found.public()}
        return None
    try:
        return found.__member__(member)
    except AttributeError_ as error:
        if error.kind == "ModuleNotFoundError":
            return Absent(error)
        inner = module_of(session, table, f"{module}.{member}")
        if isinstance(inner, Module):
            return inner
        said = f"cannot import name '{member}' from '{module}'"
        return Absent(AttributeError_(said, help=error.help, kind="ImportError"))


def module_of(session: Running, table: PythonTable, name: str) -> Any:
    """The module of that name."""
    known: dict[str, Any] = session.modules
    if name not in known:
        known[name] = _made(session, table, name)
    return known[name]


def _made(session: Running, table: PythonTable, name: str) -> Any:
    if name in TORCH:
        return Module(name, lambda member: _of_torch(session, table, name, member), of_torch=True)
    if name.startswith("torch.backends."):  # what keeps its switches is the engine's
        kept = _of_torch(session, table, "torch.backends", name.removeprefix("torch.backends."))
        return Absent(no_module(name)) if kept is NONE else kept
    root, _, rest = name.partition(".")
    file = FILES.get(root)
    if file is None:
        own = _own(session, table, name)
        if isinstance(own, Absent):
            why = import_module("gradsh.frontend.imports.plain").refused(name)
            return own if why is None else why  # not `or`: asked for its truth, it says that it is not there
        return own
    found = import_module(f"gradsh.frontend.imports.{file}").module(session, root)
    for part in rest.split(".") if rest else ():
        try:
            found = found.__member__(part)
        except AttributeError_:
            return Absent(no_module(name))
    return found


def _of_own_files() -> Any:
    return import_module("gradsh.frontend.imports.own")


def _own(session: Running, table: PythonTable, name: str) -> Any:
    """A file of the program's own; the packages that it is in run first."""
    outer, _, last = name.rpartition(".")
    package = module_of(session, table, outer) if outer else None
    if isinstance(package, Absent):
        return Absent(no_module(name))
    try:
        session.files.check(f"{last}.py", "use")
    except GradshError as error:
        return Absent(error)
    made = _of_own_files().module(session, name)
    if made is not None and package is not None:
        package.__set_member__(last, made)
    return made or Absent(no_module(name))


def _of_torch(session: Running, table: PythonTable, module: str, name: str) -> Any:
    inner = submodule(module, name)
    if inner is not None:
        return module_of(session, table, inner)
    key = member_of(module, name)
    return table.value(key) if table.lookup(key) is not None else NONE


_PURE = """
math random time copy collections itertools dataclasses string re json operator abc datetime bisect heapq
statistics textwrap __future__ decimal fractions unicodedata gc numbers pprint cmath struct hashlib platform
ast base64 zlib html calendar uuid binascii tomllib
"""
_PLAIN = """
importlib weakref configparser builtins secrets signal colorsys keyword fnmatch shlex errno hmac array difflib
graphlib urllib getpass
"""
# the file here that has each
FILES = {
    **dict.fromkeys(_PURE.split(), "pure"),
    **dict.fromkeys(("functools", "types", "timeit"), "callables"),
    **dict.fromkeys(("contextlib", "traceback"), "contexts"),
    "warnings": "warned",
    **dict.fromkeys(("os", "sys"), "outside"),
    "argparse": "arguments",
    **dict.fromkeys(("tqdm", "IPython", "matplotlib_inline"), "shows"),
    **dict.fromkeys(("matplotlib", "pylab", "mpl_toolkits", "seaborn"), "plots"),
    **dict.fromkeys(("io", "csv"), "streams"),
    **dict.fromkeys(("pathlib", "tempfile", "glob"), "paths"),
    **dict.fromkeys(("threading", "queue", "concurrent", "multiprocessing"), "together"),
    **dict.fromkeys(("typing", "typing_extensions"), "typed"),
    "inspect": "inspecting",
    "asyncio": "waiting",
    "shutil": "opening",
    **dict.fromkeys(("gzip", "zipfile"), "packed"),
    **dict.fromkeys(_PLAIN.split(), "plain"),
    "enum": "enumeration",
    "logging": "logs",
    "pickle": "pickles",
    "unittest": "testing",
    "numpy": "numpy",
    "torchvision": "vision",
    "sklearn": "sklearn",
}


def of_members(name: str, members: Members) -> Module:
    """A module with just these."""
    return Module(name, lambda member: members.get(member, NONE), has=members)
