"""What PyTorch lacks, in Python: written before a program that needs it. The texts are in helpers.txt."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def helpers() -> dict[str, tuple[str, list[str]]]:
    """The text of each function, and the imports that it needs."""
    found: dict[str, tuple[str, list[str]]] = {}
    for section in (files(__package__) / "helpers.txt").read_text(encoding="utf-8").split("=== ")[1:]:
        heading, _, text = section.partition("\n")
        name, _, modules = heading.partition(": ")
        found[name.rstrip(":")] = text.rstrip("\n"), [f"import {module}" for module in modules.split(", ") if module]
    return found
