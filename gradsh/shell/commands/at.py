"""`:at`."""

from __future__ import annotations

from collections.abc import Iterable

from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command
from gradsh.shell.travel import ran_again, shortened


def offers(shell: Shell, typed: str) -> Iterable[str]:
    """The lines that there are."""
    return [str(mark.number) for mark in shell.travel.marks]


@shell_command(":at [N]", example=":at 12", offers=offers)
def at(shell: Shell, rest: str) -> None:
    """Look at everything as it was after line N; `:at` comes back. Nothing that is done there is kept."""
    travel = shell.travel
    if not rest:
        if travel.looking is None:
            raise Misused(f"this is now, after line {travel.here()}: `:at N` looks at an earlier one")
        travel.come_back()
        shell.say(f"back: this is now, after line {travel.here()}\n")
        return
    mark = travel.mark(rest)
    remade = travel.look(mark)
    shell.say(
        f"after line {mark.number}, `{shortened(mark.text)}`\nlook around: nothing is kept, and `:at` comes back\n"
        + ran_again(travel, remade)
    )
