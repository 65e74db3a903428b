"""Compiled programs: text in, code object and table of spans out, from the cache when the text has been seen before.

Nothing here imports the parser, the tree or the passes over it until a text has to be compiled: a program already
seen starts as fast as Python can load its code object.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import TYPE_CHECKING

from gradsh.errors import Source, Span

try:  # as in gradsh.cache: without OpenSSL
    from _blake2 import blake2b
except ImportError:  # pragma: no cover - a Python built without it
    from hashlib import blake2b

if TYPE_CHECKING:
    from gradsh.language.signatures import Builtins

PREFIX = "<gradsh "  # of the file names of lowered code


class Program:
    """One compiled text.

    `code` runs in a session's globals, `spans` holds start and end of each place that an instruction can have come
    from, `builtins` the built-ins to put into the globals first, `bound` the global names that it binds.
    """

    __slots__ = ("bound", "builtins", "code", "source", "spans")

    def __init__(
        self, source: Source, code: CodeType, spans: Sequence[int], builtins: tuple[str, ...], bound: tuple[str, ...]
    ) -> None:
        self.source = source
        self.code = code
        self.spans = spans
        self.builtins = builtins
        self.bound = bound

    def span(self, line: int) -> Span | None:
        """The place with this number: what a line number of the code object means."""
        if not 0 < line <= len(self.spans) // 2:
            return None
        return Span(self.source, self.spans[2 * line - 2], self.spans[2 * line - 1])


# by the file name of their code, which tells name and text; functions live on after their program, so all are kept
PROGRAMS: dict[str, Program] = {}


def compile_program(
    source: Source,
    bound: Mapping[str, Sequence[str]],
    builtins: Builtins,
    options: tuple[str, ...] = (),
) -> Program:
    """Parse, resolve and lower a text, or take it from the cache.

    `bound`: the names that the session has bound, each with the flags of the function it is bound to, if it is one;
    `builtins`: only asked when the text is compiled; `options`: whatever else the result depends on.
    Raises errors.Refused with all that was found wrong.
    """
    key = _key(source, bound, options)
    filename = f"{PREFIX}{key[:16]}>"
    program = PROGRAMS.get(filename)
    if program is None:
        # Lines typed at a prompt hardly ever come again with the same names bound: keeping them would fill the folder.
        kept = not bound
        program = _stored(source, key) if kept else None
        if program is None:
            given = source.text
            program = _compiled(source, filename, bound, builtins)
            if kept:
                _store(program, key, given)
        PROGRAMS[filename] = program
    return program


def locate(code: CodeType, lasti: int) -> Span | None:
    """The place in the text of the instruction at `lasti` of lowered code; None for any other code."""
    program = PROGRAMS.get(code.co_filename)
    if program is None:
        return None
    for start, end, line in code.co_lines():
        if start <= lasti < end:
            return program.span(line) if line is not None else None
    return None


def _compiled(source: Source, filename: str, bound: Mapping[str, Sequence[str]], builtins: Builtins) -> Program:
    from gradsh.errors import Label, Refused, TooDeep
    from gradsh.language.lower import lower
    from gradsh.language.resolve import resolve
    from gradsh.language.syntax import parse

    try:
        tree = parse(source)
        resolution = resolve(tree, source, bound, builtins)
        code, spans = lower(tree, source, resolution, filename)
    except RecursionError:
        whole = Span(source, 0, len(source.text))
        raise Refused([TooDeep("nested too deeply", [Label(whole)], "bind inner parts to names: `let inner = a * b`")]) from None
    return Program(source, code, spans, tuple(sorted(resolution.builtins)), tuple(resolution.bound))


# --- the cache --------------------------------------------------------------------------------------------


def _key(source: Source, bound: Mapping[str, Sequence[str]], options: tuple[str, ...]) -> str:
    """What a compiled program depends on, in one number. Also tells programs apart within a process."""
    parts = [source.name, source.text, repr(sorted((name, *flags) for name, flags in bound.items())), repr(options)]
    parts += [sys.version, fingerprint()]
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


_sources: str | None = None


def fingerprint() -> str:
    """Sizes and times of gradsh's own files: another version, or an edited one, never reads this one's programs."""
    global _sources
    if _sources is None:
        found: list[str] = []
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        folders = [root, os.path.join(os.path.dirname(root), "grammar")]
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    for entry in entries:
                        if entry.name.endswith((".py", ".lark", ".grad")):
                            status = entry.stat()
                            found.append(f"{entry.path} {status.st_size} {status.st_mtime_ns}")
                        elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                            folders.append(entry.path)
            except OSError:
                continue
        _sources = "\n".join(sorted(found))
    return _sources


def _stored(source: Source, key: str) -> Program | None:
    """The program from the user's own cache folder; None when it is not there, or not what it should be."""
    from gradsh import cache

    data = cache.read("program-" + key)
    if data is None:
        return None
    try:
        code, spans, builtins, bound, text = marshal.loads(data)
    except (ValueError, EOFError, TypeError):
        return None
    if not isinstance(code, CodeType) or code.co_filename != f"{PREFIX}{key[:16]}>":
        return None
    if text is not None:
        source.text = text
    return Program(source, code, spans, builtins, bound)


def _store(program: Program, key: str, given: str) -> None:
    """`given`: the text as it came. The parser normalises it (line ends, a byte-order mark), spans fit the result."""
    from gradsh import cache

    text = program.source.text
    kept = (program.code, tuple(program.spans), program.builtins, program.bound, text if text != given else None)
    cache.write("program-" + key, marshal.dumps(kept))
