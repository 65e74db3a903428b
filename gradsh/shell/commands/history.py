"""`:history`."""

from __future__ import annotations

from collections.abc import Iterable

from gradsh.session.steps import comments
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import is_command, shell_command

MOST = 20  # inputs, where no number is said


@shell_command(":history [N] [TEXT]", example=":history 50 backward", while_paused=True)
def history(shell: Shell, rest: str) -> None:
    """The last N inputs (20), or the last with a text in them; `!` marks those that failed."""
    first, _, text = rest.partition(" ")
    if first.isdecimal():
        most, text = int(first), text.strip()
    else:
        most, text = MOST, rest
    paused = {step.label: step.paused for step in shell.travel.past.done() if step.paused}
    here = [
        (_mark(line.worked, line.number), line.text + _meanwhile(paused.get(line.number, ()))) for line in shell.lines
    ]
    found = [(mark, entry) for mark, entry in [*(("", entry) for entry in _earlier(shell)), *here] if text in entry]
    if not found:
        shell.say(f"nothing that was entered has {text!r} in it\n" if text else "nothing has been entered yet\n")
    for mark, entry in found[max(0, len(found) - most) :]:
        shell.say(f"{mark:>6}  " + entry.replace("\n", "\n" + " " * 8) + "\n")


def _mark(worked: bool, number: int) -> str:
    return f"{number}" if worked else f"!{number}"


def _meanwhile(paused: Iterable[tuple[str, str]]) -> str:
    """What was entered while the line was paused, as comments behind it."""
    return "".join(f"\n{line}" for line in comments(paused))


def _earlier(shell: Shell) -> list[str]:
    """The programs of other shells, the oldest first: of what the history has, what was not entered in this one."""
    found = [text for text in shell.editor.reader.history.load_history_strings() if not is_command(text)]
    for line in shell.lines:
        if line.text in found:
            found.remove(line.text)  # the newest, which stands first
    return found[::-1]
