"""`:edit`."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator

from prompt_toolkit.document import Document

from gradsh.errors import Refused, Source
from gradsh.files import decode
from gradsh.language import nodes
from gradsh.language.syntax import parse
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.sources import definition
from gradsh.shell.asking import line_of, named, names
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command

EDITORS = ("editor", "nano", "vim", "vi", "emacs", "notepad")  # where neither VISUAL nor EDITOR says one


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


def command() -> list[str]:
    """The editor's own command line. Errors: Misused."""
    said = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not said:
        found = next((each for each in EDITORS if shutil.which(each)), None)
        if found is None:
            raise Misused("there is no editor: VISUAL or EDITOR says which")
        return [found]
    try:
        return shlex.split(said)
    except ValueError as error:
        raise Misused(f"VISUAL or EDITOR cannot be read as a command: {error}") from None


def edited(text: str) -> str:
    """The text as the user's editor leaves it. Errors: Misused."""
    words = command()
    with tempfile.TemporaryDirectory(prefix="gradsh-") as folder:
        path = os.path.join(folder, "input.grad")
        try:
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text + "\n" if text else "")
            status = subprocess.call([*words, path])
            with open(path, "rb") as written:
                left = decode(path, written.read())
        except OSError as error:
            raise Misused(f"cannot edit with `{words[0]}`: {error.strerror}") from None
    if status:
        raise Misused(f"`{words[0]}` ended with status {status}: its text is not taken")
    if not isinstance(left, str):
        raise Misused(f"what `{words[0]}` left is not UTF-8 text")
    return left.rstrip()
