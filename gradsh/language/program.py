"""Compiled programs: text in, code object and table of spans out, from the cache when the text has been seen before.

Nothing here imports the parser, the tree or the passes over it until a text has to be compiled: a program already
seen starts as fast as Python can load its code object.
"""

from __future__ import annotations

import marshal
import sys
from collections.abc import Iterable, Mapping, Sequence
from types import CodeType
from typing import TYPE_CHECKING

from gradsh import cache
from gradsh.errors import Source, Span
from gradsh.interrupts import held
from gradsh.language.places import LIBRARY, PREFIX, PROGRAMS, Program, keep

if TYPE_CHECKING:
    from gradsh.errors import Refused
    from gradsh.files import Files
    from gradsh.language import nodes
    from gradsh.language.scopes import Resolution
    from gradsh.language.signatures import Builtins
    from gradsh.language.using import Uses

LOOKING = "looking"
NOTES = "@looking"  # among the built-ins that such a program needs
PLANS = "plans"  # an option: loops may run by plans
TOLD = "told of plans"  # and somebody wants to know of those that can have none
COUNTS = "@counting"  # likewise where only backward passes are counted


def compile_program(
    source: Source,
    bound: Mapping[str, Sequence[str]],
    builtins: Builtins,
    options: tuple[str, ...] = (),
    library: bool = False,
    files: Files | None = None,
    uses: Uses | None = None,
) -> Program:
    """Parse, resolve and lower a text, or take it from the cache.

    `bound`: the names that the session has bound, each with the flags of the function it is bound to, if it is one;
    `builtins`: only asked when the text is compiled; `options`: whatever else the result depends on, LOOKING to have
    its expressions noted also where no word that looks stands in it; `library`: it is one of gradsh's own files;
    `files` reads the files that it uses, which become part of what it depends on; `uses` is given for such a file.
    Raises errors.Refused with all that was found wrong, there too.
    """
    key = _key(source, bound, options)
    prefix = LIBRARY if library else PREFIX
    program = PROGRAMS.get(_filename(prefix, key))  # not one that uses files: see `_digest`
    if program is None:
        # Lines typed at a prompt hardly ever come again with the same names bound: keeping them would fill the folder.
        kept = not bound
        program = _stored(source, key, prefix, builtins, files, uses, options) if kept else None
        if program is None:
            given = source.text
            program = _compiled(source, key, prefix, bound, builtins, files, uses, options)
            if kept:
                _store(program, key, given)
        if not library:
            keep(program)
    return program


def _filename(prefix: str, digest: str) -> str:
    return f"{prefix}{digest[:16]}>"


def _digest(key: str, uses: Mapping[str, Program]) -> str:
    """The key of a text together with what it uses, so that a change there makes it another program."""
    if not uses:
        return key
    parts = [key, *(f"{path}\0{used.digest}" for path, used in uses.items())]
    return cache.key(parts)


def _compiled(
    source: Source,
    key: str,
    prefix: str,
    bound: Mapping[str, Sequence[str]],
    builtins: Builtins,
    files: Files | None,
    uses: Uses | None,
    options: tuple[str, ...],
) -> Program:
    with held():
        from gradsh.language.lower import Lowering, lower
        from gradsh.language.scripts import params_of

        if source.python:
            from gradsh.language.python.lower import PythonLowering as Lowering

    try:
        tree, resolution, used = understood(source, bound, builtins, files, uses, options)
        digest = _digest(key, used)
        params = () if source.python else params_of(tree, source)
        name, planned = _filename(prefix, digest), PLANS in options
        code, spans = lower(tree, source, resolution, name, Lowering, planned, TOLD in options)
    except RecursionError:
        raise _too_deep(source) from None
    names = tuple(resolution.exports.items())
    return Program(source, code, spans, tuple(sorted(resolution.builtins)), names, params, used, digest)


def understood(
    source: Source,
    bound: Mapping[str, Sequence[str]],
    builtins: Builtins,
    files: Files | None = None,
    uses: Uses | None = None,
    options: tuple[str, ...] = (),
    brief: bool = False,
) -> tuple[nodes.Program, Resolution, dict[str, Program]]:
    """The tree of a text, what its names and calls mean, and the programs of the files that it uses.

    Raises errors.Refused with all that was found wrong; where it is `brief`, at the first, without what that is.
    """
    from gradsh.errors import Refused

    looking = LOOKING in options
    if source.python:
        return _understood_python(source, bound, builtins, looking)
    with held():  # the parser's package, half loaded, is broken for good
        from gradsh.language.resolve import resolve
        from gradsh.language.syntax import parse
        from gradsh.language.using import Uses

    try:
        commands = list(builtins.commands())
        tree = parse(source, commands, brief=brief)
        words = _words(tree)
        looking = looking or "nancheck" in words or any(each.looks and each.name in words for each in commands)
        if uses is None:
            uses = Uses(builtins, files, compile_program, _of_used(options, looking))
        used, wrong = uses.of(tree, source)
        try:
            resolution = resolve(tree, source, bound, builtins, used, brief)
            if looking:
                resolution.looking = True
                resolution.builtins.add(NOTES)
            elif any(each.counts and each.name in words for each in commands):
                resolution.builtins.add(COUNTS)
        except Refused as refused:
            if brief:
                raise
            wrong = [*refused.errors, *wrong]
    except RecursionError:
        raise _too_deep(source) from None
    if wrong:
        raise Refused(wrong[:20])
    return tree, resolution, used


def _understood_python(
    source: Source, bound: Mapping[str, Sequence[str]], builtins: Builtins, looking: bool
) -> tuple[nodes.Program, Resolution, dict[str, Program]]:
    """The same of PyTorch's own source. `bound` has with a name the module of PyTorch that it is bound to, if any."""
    from gradsh.language.python.convert import convert
    from gradsh.language.python.resolve import resolve

    try:
        tree = convert(source)
        resolution = resolve(tree, source, bound, builtins)
    except RecursionError:
        raise _too_deep(source) from None
    if looking:
        resolution.looking = True
        resolution.builtins.add(NOTES)
    return tree, resolution, {}


def _of_used(options: tuple[str, ...], looking: bool) -> tuple[str, ...]:
    """The options of the files that a program uses."""
    return tuple(option for option in options if option in (PLANS, TOLD)) + ((LOOKING,) if looking else ())


def _words(tree: nodes.Program) -> set[str]:
    """The commands in a program, and its variables, which may be such a word."""
    from gradsh.language.nodes import Command, Mode, Name, walk

    return {node.name for node in walk(tree) if isinstance(node, (Command, Mode, Name))}


def _too_deep(source: Source) -> Refused:
    from gradsh.errors import Label, Refused, TooDeep

    whole = Label(Span(source, 0, len(source.text)))
    return Refused([TooDeep("nested too deeply", [whole], "bind inner parts to names: `let inner = a * b`")])


# --- the cache --------------------------------------------------------------------------------------------


def _key(source: Source, bound: Mapping[str, Sequence[str]], options: tuple[str, ...]) -> str:
    """What a compiled program depends on, in one number. Also tells programs apart within a process."""
    known = sorted((name, *bound[name]) for name in _mentioned(source.text, bound))
    parts = [source.python, source.name, source.text, repr(known), repr(options)]
    parts += [sys.version, cache.fingerprint()]
    return cache.key(parts)


def _mentioned(text: str, bound: Mapping[str, Sequence[str]]) -> Iterable[str]:
    """The names that a program could mean of those that are bound, which may be thousands at a prompt."""
    if not bound:
        return ()
    import re

    words = set(re.findall(r"\w+", text))
    # a letter has several forms, and of a used file the program says no names
    return bound if not text.isascii() or "use" in words else words & bound.keys()


def _stored(
    source: Source,
    key: str,
    prefix: str,
    builtins: Builtins,
    files: Files | None,
    uses: Uses | None,
    options: tuple[str, ...],
) -> Program | None:
    """The program from the user's own cache folder; None when it is not there, or not what it should be."""
    data = cache.read("program-" + key)
    if data is None:
        return None
    try:
        code, spans, needed, bound, text, params, paths = marshal.loads(data)
    except (ValueError, EOFError, TypeError):
        return None
    if not isinstance(code, CodeType) or not isinstance(paths, tuple) or not isinstance(needed, tuple):
        return None
    if not isinstance(spans, bytes) or len(spans) % 16:
        return None
    used = _used(source, paths, builtins, files, uses, _of_used(options, NOTES in needed)) if paths else {}
    if used is None:
        return None
    digest = _digest(key, used)
    if code.co_filename != _filename(prefix, digest):
        return None  # or a used file has changed
    if text is not None:
        source.text = text
    return Program(source, code, memoryview(spans).cast("q"), needed, bound, params, used, digest)


def _used(
    source: Source,
    paths: Sequence[str],
    builtins: Builtins,
    files: Files | None,
    uses: Uses | None,
    options: tuple[str, ...],
) -> dict[str, Program] | None:
    """The programs of the files that a stored one uses, as they are now; None when something is wrong with them."""
    from gradsh.errors import Refused
    from gradsh.language.using import Uses

    if uses is None:
        uses = Uses(builtins, files, compile_program, options)
    try:
        return {path: uses.program(path, source, None) for path in paths}
    except Refused:
        uses.forget()  # said properly when the text is compiled
        return None


def _store(program: Program, key: str, given: str) -> None:
    """`given`: the text as it came. The parser normalises it (line ends, a byte-order mark), spans fit the result."""
    text = program.source.text
    again = text if text != given else None
    spans = bytes(program.spans)  # the memory of an array
    kept = (
        program.code, spans, program.builtins, program.bound, again, program.params, tuple(program.uses)
    )  # fmt: skip
    cache.write("program-" + key, marshal.dumps(kept))
