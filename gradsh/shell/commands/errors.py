"""`:errors`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradsh.errors import GradshError
from gradsh.shell.asking import page
from gradsh.shell.lines import Line
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command


def failed(shell: Shell) -> Iterator[tuple[Line, list[GradshError]]]:
    """The lines that ended in errors, with them."""
    for line in shell.lines:
        if line.result is not None and line.result.errors:
            yield line, line.result.errors


def offers(shell: Shell, typed: str) -> Iterable[str]:
    """The numbers of those lines, and the codes of their errors."""
    found = list(failed(shell))
    return [*(str(line.number) for line, _ in found), *dict.fromkeys(e.code for _, errors in found for e in errors)]


@shell_command(":errors [N|CODE]", example=":errors 3", offers=offers, while_paused=True)
def errors(shell: Shell, rest: str) -> None:
    """The errors so far, the last one in full; those of line N again; the page on a code."""
    found = {line.number: errors for line, errors in failed(shell)}
    if rest.isdecimal():
        if int(rest) not in found:
            raise Misused(f"no error is known of line {rest}; `:errors` lists them")
        shell.session.display.errors(found[int(rest)])
    elif rest:
        page(shell, rest)
    elif not found:
        shell.say("no errors so far\n")
    else:
        if sum(map(len, found.values())) > 1:
            for number, each in found.items():
                shell.say("".join(f"{number:>4}  {e.code}  {_first(e)}\n" for e in each))
        shell.session.display.errors(list(found.values())[-1])


def _first(error: GradshError, most: int = 100) -> str:
    line = error.message.partition("\n")[0]
    return line if len(line) <= most else line[: most - 1] + "…"
