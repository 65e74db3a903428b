"""What `:time` and `:profile` share: a line of the prompt is run, and measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gradsh.session.measuring import Profile, Stopwatch
from gradsh.shell.registry import Misused

if TYPE_CHECKING:
    from gradsh.shell.prompt import Shell


def timed(shell: Shell, line: str) -> None:
    """Show how long a line takes, which runs again and again if it changes nothing. Errors: Misused."""
    watch = Stopwatch(shell.session)
    number = _run(shell, line, watch)
    if watch.report is not None and watch.may_repeat(shell.travel.changed(number)):
        past, shell.session.past = shell.session.past, None
        shell.session.measure = watch.repeated
        try:
            shell.session.run(line, shell.lines[-1].name)
        finally:
            shell.session.past, shell.session.measure = past, None
    _show(shell, watch)


def profiled(shell: Shell, line: str) -> None:
    """Show what the operators of a line take. Errors: Misused."""
    profile = Profile(shell.session)
    _run(shell, line, profile)
    _show(shell, profile)


def _run(shell: Shell, line: str, measure: Callable[[Callable[[], None]], None]) -> int:
    """Run a line of the prompt, and measure that; its number. Errors: Misused."""
    if not line:
        raise Misused("what is to be measured stands behind it: `:time (x * 2).sum()`")
    shell.session.measure = measure
    try:
        return shell.execute(line).number
    finally:
        shell.session.measure = None


def _show(shell: Shell, watch: Stopwatch | Profile) -> None:
    if watch.report is not None:
        shell.session.display.report(watch.report)
