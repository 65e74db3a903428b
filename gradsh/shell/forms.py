"""What may be typed at a prompt only, and what it stands for.

?log, log?              help log
??f, f??                :source f
apropos entropy         :apropos entropy
%timeit x @ x, %whos    what IPython has: `:time x @ x`, `:vars`
.sum(), |> sum          goes on from the last value: `_.sum()`, `_ |> sum`
else { … }              after an `if`: refused, and the whole `if … else …` is put into the edit buffer
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsh.language.words import CODE, WORDS
from gradsh.runtime.builtins import BUILTINS
from gradsh.shell import registry
from gradsh.shell.reading import read

if TYPE_CHECKING:
    from gradsh.errors import GradshError
    from gradsh.shell.lines import Line
    from gradsh.shell.prompt import Shell

NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*|\[[^\]]*\])*"
ASKED = re.compile(rf"(\?{{1,2}})\s*(.*?)\s*|({NAME})\s*(\?{{1,2}})", re.DOTALL)
GOES_ON = re.compile(r"\s*(?:\.[^\W\d]|\|>)")
ORPHAN = re.compile(r"\s*else\b")
CHOICE = re.compile(r"\s*if\b")
MAGIC = re.compile(r"%%?(\w+)(?:[ \t]+-\w+(?:[ \t]+\d+)?)*[ \t]*([^\n]*)")
MAGICS = {
    "time": ":time", "timeit": ":time", "prun": ":profile", "who": ":vars", "whos": ":vars", "history": ":history",
    "hist": ":history", "run": ":load", "load": ":load", "edit": ":edit", "save": ":save", "reset": ":reset",
    "psource": ":source", "pdoc": "help", "pinfo": "help", "quickref": ":help", "lsmagic": ":help",
}  # fmt: skip


def parts(text: str) -> list[str]:
    """A text of several lines, as it is pasted, in pieces: programs, and what is a line of its own at a prompt only."""
    if "\n:" not in text and "?\n" not in text and "\n?" not in text and not text.startswith((":", "?")):
        return [text]
    found: list[str] = []
    program: list[str] = []
    reading = read(text)
    for number, line in enumerate(reading.lines):
        is_alone = not reading.opened(number) and (
            registry.is_command(line) or (line.strip() and ASKED.fullmatch(line.strip()) is not None)
        )
        if not is_alone:
            program.append(line)
            continue
        found += ["\n".join(program), line]
        program = []
    return [part for part in (*found, "\n".join(program)) if part.strip()]


def meant(shell: Shell, text: str) -> str:
    """The program, or the command of the shell, that a text stands for; mostly itself."""
    stripped = text.strip()
    if "?" in stripped and (asked := ASKED.fullmatch(stripped)) is not None:
        about = asked[2] if asked[1] else asked[3]
        if not about:
            return "help"
        return f":source {about}" if (asked[1] or asked[4]) == "??" else help_on(shell, about)
    if stripped[:1] == "%" and (magic := MAGIC.fullmatch(stripped)) is not None and magic[1] in MAGICS:
        return f"{MAGICS[magic[1]]} {magic[2]}".rstrip()
    if stripped.startswith("apropos ") and not shell.session.binds("apropos"):
        return ":" + stripped
    if GOES_ON.match(text) and shell.last.is_there:
        return "_" + (" " if stripped[0] == "|" else "") + text.lstrip()
    return text


def help_on(shell: Shell, about: str) -> str:
    """The program that asks for help on a name, a value, a topic, or words to look for."""
    about = about.strip("\"'`")
    root = re.split(r"[.\[]", about)[0]
    if about in WORDS or re.fullmatch(CODE, about) or shell.session.binds(root):
        return f"help {about}"
    if BUILTINS.lookup(about) is not None or BUILTINS.lookup(about.rpartition(".")[2]) is not None:
        return f"help {about}"
    if re.fullmatch(r"[\w.]+", about):
        return f'help "{about}"'
    return f":apropos {about}"


def whole_choice(shell: Shell, line: Line) -> str:
    """The `if … else …` that an `else` on a line of its own belongs to; "" for any other line."""
    if not ORPHAN.match(line.text) or len(shell.lines) < 2:
        return ""
    before = shell.lines[-2].text
    whole = f"{before.rstrip()} {line.text.strip()}"
    return whole if CHOICE.match(before) and not problems(whole) else ""


def problems(text: str, name: str = "<prompt>") -> list[GradshError]:
    """What is wrong with a text as it is written."""
    from gradsh.errors import Refused, Source
    from gradsh.language.syntax import parse

    try:
        parse(Source(name, text), BUILTINS.commands())
    except Refused as refused:
        return refused.errors
    return []
