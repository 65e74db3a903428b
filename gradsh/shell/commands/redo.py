"""`:redo`."""

from __future__ import annotations

from gradsh.shell.commands.undo import count
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command
from gradsh.shell.travel import ran_again


@shell_command(":redo [N]", example=":redo 2")
def redo(shell: Shell, rest: str) -> None:
    """Do again what `:undo` has undone, one line or N: nothing runs, the values are put back."""
    travel = shell.travel
    travel.at_home()
    redone, remade = travel.forth(count(rest, ":redo"))
    if not redone:
        raise Misused("nothing has been undone since the last line")
    said = "".join(f"done again: {travel.told(step)}\n" for step in redone if step.counts)
    shell.say(said + ran_again(travel, remade))
