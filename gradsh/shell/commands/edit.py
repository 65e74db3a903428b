"""`:edit`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prompt_toolkit.document import Document

from gradsh.errors import Refused, Source
from gradsh.language import nodes
from gradsh.language.syntax import parse
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.sources import definition
from gradsh.shell.asking import line_of, named, names
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command
from gradsh.shell.users_editor import edited


@shell_command(":edit [NAME|N]", example=":edit f", offers=names)
def edit(shell: Shell, rest: str) -> None:
    """Your editor on the last input, line N or what defines a name; what it leaves is the next input."""
    if shell.session.files.sandboxed:
        raise Misused("no editor is started in a sandbox")
    text = edited(text_for(shell, rest))
    if not rest:
        shell.editor.next = Document()  # the block around is what has been edited
    shell.editor.put(text)


def text_for(shell: Shell, asked: str) -> str:
    """The text that is meant. Errors: Misused."""
    if not asked or asked.isdecimal():
        if shell.editor.next.text and not asked:
            return shell.editor.next.text
        return line_of(shell, asked).text if asked or shell.lines else ""
    span = definition(named(shell).get(asked))
    if span is not None:
        return span.text
    for line in reversed(shell.lines):
        if line.worked and asked in bindings(line.text):
            return line.text
    if asked in named(shell):
        raise Misused(f"what defined `{asked}` was not entered here")
    raise Misused(f"there is no `{asked}` to edit; `:vars` lists the names, `:history` the lines")


def bindings(text: str) -> Iterable[str]:
    """The names that a program binds itself."""
    try:
        tree = parse(Source("<line>", text), BUILTINS.commands())
    except Refused:
        return ()
    return set(_bound(tree.body))


def _bound(block: list[nodes.Stmt]) -> Iterator[str]:
    for statement in block:
        yield from statement.binds()
        for inner in statement.blocks():
            yield from _bound(inner)
