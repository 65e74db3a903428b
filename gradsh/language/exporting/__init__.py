"""A program as PyTorch's: `exported(…)` is Python that prints the same, and what could not be said in it.

paths.txt       where PyTorch has what a program calls by its bare name; recorded, `python -m tests.record.paths`
names.py        which scope each name of the program belongs to
kinds.py        what values are, as far as the text tells: PyTorch has other words for numbers than for tensors
expressions.py  the text of an expression: the program's own, with what is spelled otherwise put in its place
calls.py        built-ins that PyTorch spells in a way of its own
statements.py   the text of statements, with the comments and blank lines between them
classes.py      models and operators, which are classes there
helpers.py      functions that PyTorch lacks, in Python
"""

from __future__ import annotations

from gradsh.errors import Source
from gradsh.language import nodes
from gradsh.language.scopes import Resolution
from gradsh.language.signatures import Builtins

Warned = tuple[int, str]  # the offset of what could not be said, and the words


def exported(
    tree: nodes.Program, source: Source, resolution: Resolution, builtins: Builtins
) -> tuple[str, list[Warned]]:
    """The text of a program for PyTorch, and what has no counterpart there, in the order of the text."""
    from gradsh.language.exporting.classes import Writer

    writer = Writer(tree, source, resolution, builtins)
    return writer.program(), sorted(writer.warned)
