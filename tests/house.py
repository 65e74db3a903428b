"""The sources of gradsh as the tests of the house read them: modules, imports, circles, functions, tables."""

from __future__ import annotations

import ast
import functools
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parent.parent / "gradsh"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@functools.cache
def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = ["gradsh", *path.relative_to(PACKAGE).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@functools.cache
def tree(module: str) -> ast.Module:
    """It stays as long as the process does, so that collections need not look at it: all are two million objects."""
    gc.disable()
    try:
        return ast.parse(modules()[module].read_text(encoding="utf-8"))
    finally:
        gc.freeze()
        gc.enable()


@functools.cache
def nodes(module: str) -> tuple[ast.AST, ...]:
    """All of its tree."""
    return tuple(ast.walk(tree(module)))


def packages() -> list[str]:
    """Every folder with sources in it; most have no `__init__.py`, which costs each start-up a file."""
    return sorted({".".join(["gradsh", *path.relative_to(PACKAGE).parts[:-1]]) for path in modules().values()})


# --- imports -------------------------------------------------------------------------------------------------------


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@functools.cache
def imports(module: str, *, top_only: bool = False) -> list[tuple[int, str]]:
    """(line, module) of every import that runs, inside of functions too; those under `if TYPE_CHECKING` do not."""
    return list(_imports(tree(module), module, top_only))


def _imports(node: ast.AST, module: str, top_only: bool) -> Iterator[tuple[int, str]]:
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.expr) or is_type_checking(inner) or (top_only and isinstance(inner, FUNCTIONS)):
            continue
        if isinstance(inner, ast.Import):
            for alias in inner.names:
                yield inner.lineno, alias.name
        elif isinstance(inner, ast.ImportFrom):
            above = module.split(".")[: -inner.level] if inner.level else []
            base = ".".join([*above, *([inner.module] if inner.module else [])])
            for alias in inner.names:
                full = f"{base}.{alias.name}"
                yield inner.lineno, full if full in modules() else base
        else:
            yield from _imports(inner, module, top_only)


def circles() -> list[list[str]]:
    """Modules that import each other, directly or around corners: the strongly connected parts, largest first."""
    graph = {m: {target for _, target in imports(m) if target in modules()} - {m} for m in modules()}
    found: list[list[str]] = []
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    waiting: list[str] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        waiting.append(module)
        for target in sorted(graph[module]):
            if target not in number:
                visit(target)
                lowest[module] = min(lowest[module], lowest[target])
            elif target in waiting:
                lowest[module] = min(lowest[module], number[target])
        if lowest[module] == number[module]:
            at = waiting.index(module)
            if len(waiting) - at > 1:
                found.append(sorted(waiting[at:]))
            del waiting[at:]

    for module in sorted(graph):
        if module not in number:
            visit(module)
    return sorted(found, key=lambda circle: (-len(circle), circle))


# --- functions and tables ------------------------------------------------------------------------------------------


def functions(node: ast.AST, outer: str = "") -> Iterator[tuple[str, int]]:
    """(name, lines) of every function below `node`; a method is `Class.method`, an inner function `outer.inner`."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.expr):
            continue  # most of a tree; a lambda has no name
        name = outer
        if isinstance(inner, (*FUNCTIONS, ast.ClassDef)):
            name = f"{outer}.{inner.name}".lstrip(".")
            if not isinstance(inner, ast.ClassDef):
                yield name, (inner.end_lineno or inner.lineno) - inner.lineno + 1
        yield from functions(inner, name)


class Table(NamedTuple):
    """Words that stand together in a source: keys of a dict, elements of a set, list or tuple, or a text of words.

    `name` is what they are bound to, or `for x` where they are looped over, or else the function around them, `f()`.
    """

    module: str
    line: int
    name: str
    words: tuple[str, ...]
    is_text: bool


@functools.cache
def tables(module: str) -> list[Table]:
    """Every display of words in a module, and every text that could be one; docstrings are not."""

    def below(node: ast.AST, name: str) -> Iterator[Table]:
        for inner in ast.iter_child_nodes(node):
            here = name
            if isinstance(inner, FUNCTIONS):
                here = f"{inner.name}()"
            elif isinstance(inner, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
                here = ast.unparse(inner.targets[0] if isinstance(inner, ast.Assign) else inner.target)
            elif isinstance(inner, ast.For):
                here = f"{name} for {ast.unparse(inner.target)}".lstrip()
            elif isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant):
                continue
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                yield Table(module, inner.lineno, here, tuple(inner.value.split()), True)
            parts = inner.keys if isinstance(inner, ast.Dict) else getattr(inner, "elts", [])
            words = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            if words:
                yield Table(module, getattr(inner, "lineno", 0), here, tuple(words), False)
            yield from below(inner, here)

    return list(below(tree(module), ""))
