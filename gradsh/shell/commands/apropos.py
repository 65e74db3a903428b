"""`:apropos`."""

from __future__ import annotations

from gradsh.shell import described
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import WORDS, Misused, load, shell_command

MOST = 40


@shell_command(":apropos WORD …", example=":apropos entropy", while_paused=True)
def apropos(shell: Shell, rest: str) -> None:
    """What has these words in its name, or in the line that says what it does. `apropos WORD` is short for it."""
    words = rest.lower().split()
    if not words:
        raise Misused(":apropos wants words to look for, `:apropos entropy`")
    rows = [(name, row[2]) for name, row in described.table().items()]
    rows += [(f":{each}", load(each).summary) for each in WORDS]
    found = [
        (not any(word in name.lower() for word in words), name, summary)
        for name, summary in rows
        if all(word in f"{name} {summary}".lower() for word in words)
    ]
    if not found:
        raise Misused(f"nothing here is about {rest}; `help` lists what there is")
    wide = max(len(name) for _, name, _ in found)
    lines = [f"{name:{wide}}  {summary}\n" for _, name, summary in sorted(found)]  # those with it in the name first
    more = f"… and {len(lines) - MOST} more\n" if len(lines) > MOST else ""
    shell.say("".join(lines[:MOST]) + more)
