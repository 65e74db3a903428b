"""`:help`."""

from __future__ import annotations

from gradsh.shell.prompt import Shell
from gradsh.shell.registry import WORDS, Misused, load, shell_command


@shell_command(":help [WORD]", example=":help save", offers=lambda shell, typed: WORDS)
def help(shell: Shell, rest: str) -> None:
    """What the commands of the shell are, or how one of them is called."""
    word = rest.removeprefix(":")
    if not word:
        usages = [(load(each).usage, load(each).summary) for each in WORDS]
        wide = max(len(usage) for usage, _ in usages)
        shell.say("".join(f"{usage:{wide}}  {summary}\n" for usage, summary in usages))
        return
    if word not in WORDS:
        raise Misused(f"there is no command `:{word}`; `:help` lists them, and `help {word}` asks the language")
    found = load(word)
    shell.say(f"{found.usage}\n    {found.summary}\nexample: {found.example}\n")
