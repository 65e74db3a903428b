"""The house: imports go down only and in no circle, start-up stays free of what it does not need, functions and files
stay short. All of it is read from the sources (tests/house.py); imports inside of functions count, type-only ones not.
"""

from __future__ import annotations

import pytest

from tests.house import PACKAGE, circles, functions, imports, modules, packages, tree
from tests.record import fast_paths

# From the top down; a module belongs to the longest prefix that fits. A floor may import its own and those below it,
# with the exceptions under MAY_NOT: language and engine do not know each other.
FLOORS = [
    ["gradsh.__main__"],
    ["gradsh.cli"],
    ["gradsh.editors", "gradsh.jupyter"],
    ["gradsh.shell", "gradsh.shell.commands"],
    ["gradsh.sweep"],
    ["gradsh.view"],
    ["gradsh.preview"],
    ["gradsh.session"],
    ["gradsh.advice"],
    ["gradsh.commands"],
    ["gradsh.causes"],
    ["gradsh.looking"],
    ["gradsh.frontend", "gradsh.frontend.imports"],
    ["gradsh.plotting"],
    ["gradsh.runtime"],
    ["gradsh.lints"],
    ["gradsh.plans"],
    [
        "gradsh.language",
        "gradsh.language.exporting",
        "gradsh.language.formatting",
        "gradsh.language.pasted",
        "gradsh.language.python",
        "gradsh.engine.catalogue",
    ],
    ["gradsh.engine.nn", "gradsh.engine.nn.functions"],
    ["gradsh.engine.ops"],  # its rooms are one floor: an operator may be written in any other
    ["gradsh.engine.gradcheck"],
    ["gradsh.engine.optim", "gradsh.engine.transforms"],
    ["gradsh.engine.operators"],
    ["gradsh.engine.autograd"],
    ["gradsh.engine.kernels", "gradsh.engine.printing"],
    ["gradsh.engine.core"],
    ["gradsh.engine"],
    ["gradsh.data"],
    ["gradsh.files"],
    ["gradsh.calls"],
    [
        "gradsh.reports",
        "gradsh.cache",
        "gradsh.pruning",
        "gradsh.memory",
        "gradsh.interrupts",
        "gradsh.errors",
        "gradsh.sandbox",
        "gradsh",
    ],
]
# Packages whose packages have no floors of their own.
ONE_FLOOR = ["gradsh.engine.ops"]
# Imports upwards of today. This list only becomes shorter.
UPWARDS: set[tuple[str, str]] = set()
MAY_NOT = {
    "gradsh.calls": ["gradsh.engine", "gradsh.language", "numpy", "lark", "rich", "prompt_toolkit"],
    "gradsh.language": ["gradsh.engine", "gradsh.runtime", "numpy", "rich", "prompt_toolkit"],
    "gradsh.lints": ["gradsh.engine", "gradsh.runtime", "numpy", "lark", "rich", "prompt_toolkit"],
    "gradsh.engine": ["gradsh.language", "gradsh.runtime", "lark", "rich", "prompt_toolkit"],
}
ONLY_IN = {
    "lark": ["gradsh.language.lalr", "gradsh.language.syntax"],
    "rich": ["gradsh.view"],
    "pygments": ["gradsh.view"],
    "prompt_toolkit": ["gradsh.shell", "gradsh.shell.commands"],
    "argparse": ["gradsh.cli", "gradsh.frontend.imports"],
    "ipykernel": ["gradsh.jupyter"],
    "pygls": ["gradsh.editors"],
    "lsprotocol": ["gradsh.editors"],
}
# Circles of today. This list only becomes shorter.
CIRCLES: list[list[str]] = [
    ["gradsh.engine.core.tensor", "gradsh.engine.core.views"],
]
LONGEST = 800
LONGEST_FUNCTION = 80
# The fast paths: one closure holds all that a step of them reads.
FAST_PATHS = {"binary_path", "binary_path.operator"}
HEAVY = {"argparse", "rich", "prompt_toolkit", "lark", "dataclasses", "enum", "inspect", "difflib", "json"}
# Imported on the way of `gradsh -c` with a program seen before: at their top level nothing heavy may stand.
START_UP = ["gradsh", "gradsh.__main__", "gradsh.errors", "gradsh.errors.base", "gradsh.reports", "gradsh.cli.main"]
START_UP += ["gradsh.errors.e03_values", "gradsh.errors.e04_autograd"]
START_UP += ["gradsh.session.session", "gradsh.session.display", "gradsh.view.display", "gradsh.language.program"]
START_UP += ["gradsh.runtime.namespace", "gradsh.runtime.builtins", "gradsh.runtime.helpers", "gradsh.runtime.commands"]


def within(module: str, prefix: str) -> bool:
    return module == prefix or (module.startswith(prefix + ".") and prefix != "gradsh")


def place(module: str) -> tuple[int, str] | None:
    """(floor, prefix) of a module."""
    fitting = [(len(p), i, p) for i, prefixes in enumerate(FLOORS) for p in prefixes if within(module, p)]
    return max(fitting)[1:] if fitting else None


def is_upwards(module: str, target: str) -> bool:
    here, there = place(module), place(target)
    assert here is not None, f"{module} has no floor yet: add it to FLOORS"
    assert there is not None, f"{target} has no floor yet: add it to FLOORS"
    return there[0] < here[0]


def upwards(module: str) -> list[tuple[int, str]]:
    """(line, target) of the imports of gradsh's own that go up."""
    # the package itself is looked at for its version; it gives Session without importing it first
    return [
        (line, target)
        for line, target in imports(module)
        if within(target, "gradsh") or target.startswith("gradsh.")
        if "gradsh" not in (module, target) and is_upwards(module, target)
    ]


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_down(module: str) -> None:
    assert place(module) is not None, f"{module} has no floor yet: add it to FLOORS"
    for line, target in upwards(module):
        assert (module, target) in UPWARDS, f"{module}:{line} imports {target}: that is upwards"
    for line, target in imports(module):
        where = f"{module}:{line} imports {target}"
        for prefix, forbidden in MAY_NOT.items():
            if within(module, prefix):
                assert not any(within(target, each) for each in forbidden), where
        for package, allowed in ONLY_IN.items():
            if within(target, package):
                assert any(within(module, each) for each in allowed), where


def test_the_list_of_imports_upwards_is_as_short_as_can_be() -> None:
    found = {(module, target) for module in modules() for _, target in upwards(module)}
    assert UPWARDS - found == set(), "these are no more: take them out of UPWARDS"


def test_every_package_has_a_floor() -> None:
    stated = {prefix for prefixes in FLOORS for prefix in prefixes}
    rooms = [p for p in packages() if not any(within(p, one) and p != one for one in ONE_FLOOR)]
    assert [p for p in rooms if p not in stated] == []


def test_circles() -> None:
    def listed(circles: list[list[str]]) -> str:
        return "".join(f"\n    {circle}," for circle in circles)

    found = circles()
    new = [circle for circle in found if not any(set(circle) <= set(known) for known in CIRCLES)]
    assert not new, f"new circles of imports:{listed(new)}"
    assert found == CIRCLES, f"there are less circles than CIRCLES says; these are left:{listed(found)}"


@pytest.mark.parametrize("module", START_UP)
def test_start_up_imports_nothing_heavy(module: str) -> None:
    heavy = [(line, target) for line, target in imports(module, top_only=True) if target.split(".")[0] in HEAVY]
    assert not heavy


def test_no_file_is_too_long() -> None:
    lengths = {module: len(path.read_text().splitlines()) for module, path in modules().items()}
    assert not {name: length for name, length in lengths.items() if length > LONGEST}


def test_no_function_is_too_long() -> None:
    long = {name: lines for m in modules() for name, lines in functions(tree(m)) if lines > LONGEST_FUNCTION}
    assert {name: lines for name, lines in long.items() if name not in FAST_PATHS} == {}
    assert set(long) == FAST_PATHS, "a fast path that is short now needs no exception: shorten FAST_PATHS"


def test_the_fast_paths_are_as_their_template_has_them() -> None:
    assert fast_paths.TARGET.read_text(encoding="utf-8") == fast_paths.source(), "python -m tests.record.fast_paths"


def test_the_house_has_its_sources() -> None:
    """What the tests above loop over is there."""
    assert len(modules()) > 100 and PACKAGE.name == "gradsh"
