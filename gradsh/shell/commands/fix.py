"""`:fix`."""

from __future__ import annotations

from gradsh.session.session import REFUSED
from gradsh.shell.lines import Line
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command
from gradsh.shell.travel import shortened


@shell_command(":fix")
def fix(shell: Shell, rest: str) -> None:
    """Do what the help of the last error says, and run again what depends on it; Alt-F does as well."""
    from gradsh.session.fixing import NotFixed

    shell.travel.at_home()
    line = last_failed(shell)
    try:
        if line.result is not None and line.result.status == REFUSED:
            refused(shell, line)
        else:
            ran(shell, line)
    except NotFixed as why:
        raise Misused(f"line {line.number} is not fixed: {why}") from None


def last_failed(shell: Shell) -> Line:
    """The line whose error would be fixed. Errors: Misused."""
    travel = shell.travel
    for line in reversed(shell.lines):
        if line.result is not None and not line.result.ok:
            return line
        if line.interrupted or travel.counted(line.number):
            break
    raise Misused("no line has failed since the last one that worked")


def refused(shell: Shell, line: Line) -> None:
    """A text that is no program yet: the first offer that makes it one runs as the next line."""
    from gradsh.advice.applying import edited, offers
    from gradsh.session.fixing import NotFixed

    assert line.result is not None
    error = line.result.errors[0]
    text = line.text.removeprefix("\ufeff")
    edit = getattr(error, "edit", None)
    try:
        found = [[edit]] if edit is not None else offers(text, error.labels[0].span, error.help or "")
    except LookupError:
        found = []
    if not found:
        raise NotFixed("its error has no help that could be applied")
    for edits in found:
        new = edited(text, edits)
        if new != text and shell.travel.compiles(new):
            shell.say(f"`{shortened(new)}`\n")
            shell.execute(new)
            return
    raise NotFixed("its help alone does not make it a program that runs")


def ran(shell: Shell, line: Line) -> None:
    """A line that failed while it ran: lines before it may change."""
    from gradsh.session.fixing import fix as apply

    travel = shell.travel
    fixed = apply(travel.past, travel.step_of(line.number))
    steps = travel.past.steps
    said = ""
    for number, text in sorted(fixed.texts.items()):
        at = steps[number].label
        travel.edited(at, text)
        said += f"line {at} is now `{shortened(text)}`\n"
    numbers = [str(steps[number].label) for number in fixed.ran if number not in fixed.texts]
    if numbers:
        said += f"line{'s' if len(numbers) > 1 else ''} {', '.join(numbers)} ran again\n"
    shell.say(said)
    fixed.shown.to(shell.session.display)
    travel.ended(line, fixed.error)
