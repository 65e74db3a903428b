"""`:reset`."""

from __future__ import annotations

from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command


@shell_command(":reset")
def reset(shell: Shell, rest: str) -> None:
    """Begin anew: no names, the modes and the random stream of the start; `:undo` brings all of it back."""
    if rest:
        raise Misused("`:reset` forgets everything; `del x` unbinds one name")
    travel = shell.travel
    travel.at_home()
    names = len(shell.session.bound())
    travel.past.reset()
    travel.forget_undone()
    shell.say(
        f"{names} name{'' if names == 1 else 's'} forgotten; `:undo` brings {'it' if names == 1 else 'them'} back\n"
    )
