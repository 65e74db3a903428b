"""`:session`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from gradsh.errors import GradshError
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command

USAGE = "`:session save NAME` keeps all names with their values, `:session restore NAME` brings them back"
PLAIN = re.compile(r"[\w-]+")
ENDING = ".npz"


def offers(shell: Shell, typed: str) -> Iterable[str]:
    """The two words, and the names behind them."""
    return [*("save", "restore"), *saved()]


@shell_command(":session save|restore [NAME]", example=":session save monday", offers=offers)
def session(shell: Shell, rest: str) -> None:
    """Keep all names with their values, gradients and random numbers under a name, or bring them back."""
    shell.travel.at_home()
    word, _, name = rest.partition(" ")
    name = name.strip()
    if not word:
        names = saved()
        shell.say("".join(f"{each}\n" for each in names) if names else f"no session is saved: {USAGE}\n")
        return
    if word not in ("save", "restore") or not name:
        raise Misused(USAGE)
    try:
        (save if word == "save" else restore)(shell, path_of(name), name)
    except GradshError as error:
        shell.session.display.errors([error])


def save(shell: Shell, path: str, name: str) -> None:
    from gradsh import data
    from gradsh.session.host import CODEC
    from gradsh.session.keeping import kept

    files = shell.session.files
    files.check(path, "write")
    value, notes = kept(shell.travel.past)
    folder = os.path.dirname(path)
    if folder:
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        except OSError as error:
            raise Misused(f"the folder {folder} cannot be made: {error.strerror}") from None
    data.save(value, path, files, CODEC)
    names = len(value["values"]) + len(value["statements"])
    shell.say(f"{path}: {names} name{'' if names == 1 else 's'}\n" + "".join(f"not kept: {each}\n" for each in notes))


def restore(shell: Shell, path: str, name: str) -> None:
    from gradsh import data
    from gradsh.session.host import CODEC
    from gradsh.session.keeping import restore as bring_back

    travel = shell.travel
    value = data.load(path, shell.session.files, CODEC, shell.session.context.default)
    try:
        notes = bring_back(travel.past, value, f":session restore {name}")  # type: ignore[arg-type]  # it looks
    except ValueError as wrong:
        travel.past.undo()
        raise Misused(f"{path}: {wrong}") from None
    travel.forget_undone()
    names = len(shell.session.bound())
    shell.say(
        f"{names} name{'' if names == 1 else 's'} brought back; `:undo` goes back to what there was\n"
        + "".join(f"not quite: {each}\n" for each in notes)
    )


def path_of(name: str) -> str:
    """The file of a name; what is a file's name already stays as it is."""
    if PLAIN.fullmatch(name):
        return os.path.join(_folder(), name + ENDING)
    if not name.endswith(ENDING):
        raise Misused(f"a session has a name of letters and digits, or is a file {name}{ENDING}")
    return os.path.expanduser(name)


def saved() -> list[str]:
    """The names under which sessions are saved."""
    try:
        return sorted(file.removesuffix(ENDING) for file in os.listdir(_folder()) if file.endswith(ENDING))
    except OSError:
        return []


def _folder() -> str:
    from platformdirs import user_state_dir

    return os.path.join(user_state_dir("gradsh", appauthor=False), "sessions")
