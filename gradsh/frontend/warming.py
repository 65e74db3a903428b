"""What Python programs come to need late, loaded before the door of a sandbox is shut: see gradsh.cli.sandbox.

Only for programs that import it: scikit-learn alone takes longer to load than all of gradsh.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from gradsh.frontend.dialect import translated
from gradsh.frontend.imports import sklearn, vision
from gradsh.language.exporting.helpers import helpers

IMPORTS = re.compile(r"^[ \t]*(?:from|import)[ \t]+([^\n#;]+)", re.MULTILINE)


OF_TEXTS = re.compile(r"\b(?:eval|exec|compile)\b")


def load_texts() -> None:
    """What compiles the texts that programs run: a program that comes from the cache has loaded none of it."""
    for name in ("frontend.texts", "language.scripts", "language.python.lower", "language.python.resolve"):
        import_module(f"gradsh.{name}")


def _datetime(text: str) -> None:
    import_module("_strptime")


LATE: dict[str, Callable[[str], Any]] = {
    "datetime": _datetime,
    "sklearn": sklearn.load_all,
    "torchvision": lambda text: vision.load_all(),
}


def warm(texts: tuple[str, ...]) -> None:
    """Load what programs of these texts may come to need."""
    translated("`let x = tensor(1.0, grad)`", ())  # the tables that help in Python is made with
    helpers()
    whole = "\n".join(texts)
    if OF_TEXTS.search(whole):
        load_texts()
    words = set(re.findall(r"\w+", " ".join(IMPORTS.findall(whole))))
    for root, load in LATE.items():
        if root in words:
            with suppress(ImportError):
                load(whole)
