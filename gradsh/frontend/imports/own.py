"""Modules that are files of the program's own: `from model import Net`, beside the program or where `sys.path` says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gradsh.errors import AttributeError_, GradshError, Source
from gradsh.frontend.imports import NONE, Module, no_member

if TYPE_CHECKING:
    from gradsh.session.python import PythonSession

__acts_for_programs__ = True

ENDING = ".py"
PACKAGE = "__init__" + ENDING


class OwnModule(Module):
    """A file that has run, once in a session; its members are its globals, as they are when they are asked for.

    `folder`: where the modules of a package are; None of what is none.
    """

    __slots__ = ("folder", "package", "space")

    def __init__(self, name: str, space: dict[str, Any], folder: str | None) -> None:
        super().__init__(name, self.lookup)
        self.space = space
        self.folder = folder
        self.package = name if folder is not None else name.rpartition(".")[0]

    def lookup(self, name: str) -> Any:
        from gradsh.runtime.namespace import is_builtin

        found = self.space.get("." + name, NONE)
        return NONE if found is NONE or is_builtin(self.space, name, found) else found

    def __member__(self, name: str) -> Any:
        own = self.space["@table"].own.get(name, NONE) if name in ("__name__", "__file__") else self.lookup(name)
        if own is NONE:
            raise no_member(self.name, name)
        return own

    def __members__(self) -> list[str]:
        from gradsh.frontend.namespace import own_variables

        return list(own_variables(self.space))

    def __set_member__(self, name: str, value: Any) -> None:
        self.space["." + name] = value

    def public(self) -> list[str]:
        """What `from … import *` brings."""
        listed = self.lookup("__all__")
        return [n for n in self.__members__() if n[0] != "_"] if listed is NONE else list(listed)


def absolute(name: str, package: str) -> str:
    """`.model` in a package. Errors: AttributeError_, an ImportError, in Python's words."""
    rest = name.lstrip(".")
    parts = package.split(".") if package else []
    up = len(name) - len(rest) - 1
    if up >= len(parts):
        said = "attempted relative import beyond top-level package" if parts else ""
        raise AttributeError_(said or "attempted relative import with no known parent package", kind="ImportError")
    return ".".join(parts[: len(parts) - up] + ([rest] if rest else []))


def find(session: PythonSession, name: str) -> tuple[str | None, str | None]:
    """The file of a module and, of a package, its folder; None for what there is not of them."""
    outer, _, last = name.rpartition(".")
    inside = session.modules.get(outer)
    folders = [inside.folder] if isinstance(inside, OwnModule) else [] if outer else session.paths
    for folder in folders:
        if folder is None:
            continue
        path = os.path.join(os.fspath(folder), last)
        below = os.path.join(path, PACKAGE)
        if _is_file(session, below):
            return below, path
        if _is_file(session, path + ENDING):
            return path + ENDING, None
        if os.path.isdir(session.files.real(path)) and _holds_files(session, path):
            return None, path
    return None, None


def _is_file(session: PythonSession, path: str) -> bool:
    return os.path.isfile(session.files.real(path))


def _holds_files(session: PythonSession, folder: str) -> bool:
    """A folder without `__init__.py` is a package where any module is in it: `data`, with files of numbers, is none."""
    return any(each.endswith(ENDING) for each in os.listdir(session.files.real(folder)))


def module(session: PythonSession, name: str) -> Module | None:
    """The module of that name, which runs now if it has not; None where there is no such file.

    Errors: what it raises; FileError and Sandboxed where files are not to be read.
    """
    file, folder = find(session, name)
    if file is None and folder is None:
        return None
    own: dict[str, Any] = {"__name__": name}
    if file is not None:
        own["__file__"] = os.path.abspath(session.files.real(file))
    made = OwnModule(name, session.globals["@namespace"](name, own, folder is not None), folder)
    session.modules[name] = made  # type: ignore[assignment]  # before it runs: modules may import each other
    if file is not None:
        try:
            _run(session, made, file)
        except BaseException:
            del session.modules[name]
            raise
    return made


def _run(session: PythonSession, made: OwnModule, file: str) -> None:
    from gradsh.errors import FILE
    from gradsh.files import decode
    from gradsh.language.program import compile_program
    from gradsh.runtime.namespace import prepare
    from gradsh.runtime.used_files import PLANNED

    text = decode(file, session.files.program(file, session.paths[0], ENDING))
    if isinstance(text, GradshError):
        raise text
    source = Source(file, text.removeprefix("\ufeff"), FILE)
    table = made.space["@table"]
    compiled = compile_program(source, {}, table, session.options, files=session.files)
    prepare(made.space, compiled.builtins)
    made.space |= {each: session.globals[each] for each in PLANNED if each in session.globals}
    session.globals["@ran"].append(compiled.code.co_filename)
    made.space["@ran"].append(compiled.code.co_filename)
    exec(compiled.code, made.space)
