"""`:save`."""

from __future__ import annotations

import os
from typing import BinaryIO

from gradsh.errors import GradshError
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command

USAGE = "`:save run.grad` writes the program of this session to a file, `:save -f run.grad` over one that is there"


@shell_command(":save [-f] FILE", example=":save run.grad")
def save(shell: Shell, rest: str) -> None:
    """Write what worked and is needed to a file that ends in the same state; -f writes over one that is there."""
    from gradsh.session.script import script

    travel = shell.travel
    travel.at_home()
    over = rest.startswith("-f ")
    path = file_name(rest.removeprefix("-f "), USAGE)
    files = shell.session.files
    try:
        files.check(path, "write")
        if os.path.exists(path) and not over and os.path.realpath(path) not in travel.saved:
            raise Misused(f"{path} is there already: `:save -f {path}` writes over it")
        made = script(travel.past)
        if not made.steps:
            raise Misused("nothing has been entered that a file would need")
        files.write(path, lambda file: _fill(file, made.text))
    except GradshError as error:
        shell.session.display.errors([error])
        return
    travel.saved.add(os.path.realpath(path))
    lines = sum(line.result is not None for line in shell.lines)
    shell.say(f"{path}: {made.steps} of {lines} lines\n" + "".join(f"not quite: {each}\n" for each in made.missing))


def file_name(rest: str, usage: str) -> str:
    """The name, without quotation marks around it. Errors: Misused."""
    path = rest.strip()
    if len(path) > 1 and path[0] == path[-1] and path[0] in "\"'":
        path = path[1:-1]
    if not path:
        raise Misused(usage)
    return os.path.expanduser(path)


def _fill(file: BinaryIO, text: str) -> None:
    file.write(text.encode())
