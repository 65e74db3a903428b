"""Imports go down only, and the start-up path stays free of what it does not need (read from the sources with ast)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "gradsh"

# From the top down; a module belongs to the longest prefix that fits. A floor may import its own and those below it,
# with the exceptions under MAY_NOT: the language knows no engine and no terminal, the engine knows no language.
FLOORS = [
    ["gradsh.__main__"],
    ["gradsh.cli", "gradsh.arguments"],
    ["gradsh.shell"],
    ["gradsh.view"],
    ["gradsh.session", "gradsh.check", "gradsh.advice", "gradsh.guide"],
    [
        *("gradsh.runtime", "gradsh.access", "gradsh.faults", "gradsh.index", "gradsh.plain", "gradsh.text"),
        *("gradsh.data", "gradsh.host", "gradsh.library", "gradsh.modules"),
    ],
    ["gradsh.language", "gradsh.engine", "gradsh.files"],
    ["gradsh.calls"],
    ["gradsh.reports", "gradsh.cache", "gradsh.errors", "gradsh"],
]
MAY_NOT = {
    "gradsh.calls": ["gradsh.engine", "gradsh.language", "numpy", "lark", "rich", "prompt_toolkit"],
    "gradsh.language": ["gradsh.engine", "gradsh.runtime", "numpy", "rich", "prompt_toolkit"],
    "gradsh.engine": ["gradsh.language", "gradsh.runtime", "lark", "rich", "prompt_toolkit"],
}
ONLY_IN = {
    "lark": ["gradsh.language.syntax"],
    "rich": ["gradsh.view"],
    "prompt_toolkit": ["gradsh.shell"],
    "argparse": ["gradsh.arguments"],
}
LONGEST = 800
HEAVY = {"argparse", "rich", "prompt_toolkit", "lark", "dataclasses", "enum", "inspect", "difflib", "json"}
# Imported on the way of `gradsh -c` with a program seen before: at their top level nothing heavy may stand.
START_UP = ["cli.py", "errors.py", "session.py", "runtime.py", "__init__.py", "__main__.py", "reports.py"]
START_UP += ["view/display.py", "language/program.py"]


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = ["gradsh", *path.relative_to(PACKAGE).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports(tree: ast.AST, module: str, *, top_only: bool = False) -> Iterator[tuple[int, str]]:
    """(line, module) of every import that runs; those under `if TYPE_CHECKING` do not."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt) and is_type_checking(node):
            continue
        if top_only and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield node.lineno, full if full in modules() else base
        else:
            yield from imports(node, module, top_only=top_only)


def within(module: str, prefix: str) -> bool:
    return module == prefix or (module.startswith(prefix + ".") and prefix != "gradsh")


def floor(module: str) -> int | None:
    fitting = [(len(p), i) for i, prefixes in enumerate(FLOORS) for p in prefixes if within(module, p)]
    return max(fitting)[1] if fitting else None


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_down(module: str) -> None:
    here = floor(module)
    assert here is not None, f"{module} has no floor yet: add it to FLOORS"
    for line, target in imports(ast.parse(modules()[module].read_text()), module):
        where = f"{module}:{line} imports {target}"
        for prefix, forbidden in MAY_NOT.items():
            if within(module, prefix):
                assert not any(within(target, each) for each in forbidden), where
        for package, allowed in ONLY_IN.items():
            if within(target, package):
                assert any(within(module, each) for each in allowed), where
        # the package itself is looked at for its version; it gives Session without importing it first
        if target.split(".")[0] == "gradsh" and target != "gradsh" and module != "gradsh":
            there = floor(target)
            assert there is not None, where
            assert there >= here, f"{where}: that is upwards"


@pytest.mark.parametrize("name", START_UP)
def test_start_up_imports_nothing_heavy(name: str) -> None:
    path = PACKAGE / name
    heavy = [
        (line, target)
        for line, target in imports(ast.parse(path.read_text()), "gradsh." + name, top_only=True)
        if target.split(".")[0] in HEAVY
    ]
    assert not heavy


def test_no_file_is_too_long() -> None:
    lengths = {str(path.relative_to(PACKAGE)): len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert not {name: length for name, length in lengths.items() if length > LONGEST}
