"""`:undo`."""

from __future__ import annotations

from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command
from gradsh.shell.travel import Travel, ran_again


@shell_command(":undo [N]", example=":undo 2")
def undo(shell: Shell, rest: str) -> None:
    """Undo the last line that changed something, or the last N: values, gradients, graphs, random numbers and all."""
    travel = shell.travel
    travel.at_home()
    many = count(rest, ":undo")
    undone, remade = travel.back(many)
    if not undone:
        raise Misused(nothing(travel))
    done = sum(step.counts for step in undone)
    said = "".join(f"undone: {travel.told(step)}\n" for step in undone if step.counts)
    if done < many:
        said += f"that is all: {nothing(travel)}\n"
    shell.say(said + ran_again(travel, remade))


def count(rest: str, usage: str) -> int:
    """How many lines. Errors: Misused."""
    if rest and not (rest.isdecimal() and int(rest)):
        raise Misused(f"`{usage} 2` takes a number of lines, not {rest!r}")
    return int(rest) if rest else 1


def nothing(travel: Travel) -> str:
    past = travel.past
    if not past.kept and not past.gone:
        return "there is nothing before that could be undone"
    step = past.steps[past.kept - 1] if past.kept else None
    if step is not None and step.large:
        most = travel.shell.settings["undo"]
        return f"{travel.told(step)} may have changed {step.large >> 20:,} MiB, and {most} are kept: `:set undo …`"
    return f"what was before is no longer kept{travel.limit()}"
