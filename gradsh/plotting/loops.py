"""Whether a statement stands in a loop: pictures of one that does follow each other."""

from __future__ import annotations

from gradsh.errors import Refused, Source, Span
from gradsh.language import nodes
from gradsh.runtime.builtins import BUILTINS

Place = tuple[int, int]  # start and end

_known: tuple[Source, list[Place], list[Place]] | None = None  # of the program that was asked about last


def in_loop(place: Span) -> bool:
    """Is the innermost of the loops and functions around a place a loop?"""
    global _known
    if _known is None or _known[0] is not place.source:
        _known = (place.source, *_read(place.source))
    _, loops, functions = _known
    within = [start for start, end in loops if start <= place.start and place.end <= end]
    return max(within, default=-1) > max((s for s, e in functions if s <= place.start and place.end <= e), default=-1)


def _read(source: Source) -> tuple[list[Place], list[Place]]:
    from gradsh.language.syntax import parse

    try:
        tree = parse(source, BUILTINS.commands())
    except Refused:
        return [], []
    loops: list[Place] = []
    functions: list[Place] = []
    for node in nodes.walk(tree):
        if isinstance(node, nodes.Stmt) and node.loops:
            loops.append((node.start, node.end))
        elif isinstance(node, (nodes.Definition, nodes.Lambda)):
            functions.append((node.start, node.end))
    return loops, functions
