"""The prompt's way back in time: which lines were steps of the session's past, and where one is looking.

    :undo    :redo    :at 12    :diff 12 15

What a line changed is kept by gradsh.session.past; here it has a number. A line is a step, or none where it was
refused, and may be several where a command ran something besides.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from gradsh.shell.lines import Line, Watcher
from gradsh.shell.registry import Misused

if TYPE_CHECKING:
    from gradsh.errors import GradshError
    from gradsh.session.again import Remade
    from gradsh.session.past import Past
    from gradsh.session.steps import Step
    from gradsh.shell.prompt import Shell

LINES = 10_000  # of which is known where they stand
WIDE = 60  # columns of a line that is told of


class Mark:
    """A line, and how many steps had been done when it had ended. `:fix` may have edited its text."""

    __slots__ = ("number", "position", "text")

    def __init__(self, number: int, position: int, text: str) -> None:
        self.number = number
        self.position = position
        self.text = text


def bind_keys(shell: Shell) -> None:
    """Alt-F, right after an error: `:fix`. Elsewhere it goes a word on, as it does."""
    from prompt_toolkit.application import get_app
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.key_binding import KeyPressEvent

    @Condition
    def failed() -> bool:
        empty = not get_app().current_buffer.text
        return empty and bool(shell.lines) and shell.lines[-1].result is not None and not shell.lines[-1].worked

    @shell.editor.keys.add("escape", "f", filter=failed)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.text = ":fix"
        event.current_buffer.validate_and_handle()


class Travel(Watcher):
    """Notes the lines as steps. `looking`: the line at which one looks with `:at`, else None."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.marks: deque[Mark] = deque(maxlen=LINES)
        self.looking: int | None = None
        self.saved: set[str] = set()  # files that `:save` has written
        self._past: Past | None = None
        self._home = 0  # where `:at` comes back to
        self._aside: Any = None  # and what had been run again there
        self._prompt = ""
        self._looked: list[Step] = []

    @property
    def past(self) -> Past:
        """The session's past, which begins when it is first asked for."""
        if self._past is None:
            from gradsh.session.past import Past

            self._past = self.shell.session.past = Past(self.shell.session)
        self._past.most = int(self.shell.settings["undo"]) << 20
        return self._past

    def before(self, line: Line) -> None:
        """The line's steps have its number; where one only looks, they are kept aside."""
        past = self.past
        past.label = line.number
        if self.looking is not None:
            self._looked = past.sink = []

    def after(self, line: Line) -> None:
        """Note where the line has come to; undo what it did where one only looks."""
        past = self.past
        past.label = 0
        if self.looking is None:
            self.forget_undone()
            self.marks.append(Mark(line.number, past.position + past.gone, line.text))
            return
        past.sink = None
        for step in reversed(self._looked):
            step.swap(True)
        past.moved()
        if any(step.counts for step in self._looked):
            self.shell.say(f"nothing of that is kept: this is line {self.looking}; `:at` comes back\n", error=True)
        self._looked = []

    def forget_undone(self) -> None:
        """Lines that were undone are no more when another has run."""
        while self.marks and self.marks[-1].position - self.past.gone > len(self.past.steps):
            self.marks.pop()

    # --- where ----------------------------------------------------------------------------------------------------

    def here(self) -> int:
        """The number of the last line that is done; 0 before the first."""
        position = self.past.position + self.past.gone
        return max((mark.number for mark in self.marks if mark.position <= position), default=0)

    def mark(self, said: str) -> Mark:
        """The line of that number. Errors: Misused."""
        if not said.isdecimal():
            raise Misused(f"a line has a number, as errors and `:history` call it, not {said!r}")
        found = [mark for mark in self.marks if mark.number == int(said)]
        if not found:
            known = f": they are {self.marks[0].number} to {self.marks[-1].number}" if self.marks else ""
            raise Misused(f"there is no line {said} to go to{known}")
        if found[0].position - self.past.gone < self.past.kept:
            raise Misused(f"what line {said} left is no longer kept{self.limit()}")
        return found[0]

    def limit(self) -> str:
        """How much is kept, in words."""
        return f": `:set undo {2 * int(self.shell.settings['undo'])}` would keep twice as much, from then on"

    def told(self, step: Step) -> str:
        """A step, in words."""
        return f"line {step.label}, `{shortened(step.text)}`" if step.label else f"`{shortened(step.text)}`"

    def at_home(self) -> None:
        """Errors: Misused while one looks at another line."""
        if self.looking is not None:
            raise Misused(f"this is line {self.looking}, where nothing can be changed: `:at` comes back")

    # --- lines as steps -------------------------------------------------------------------------------------------

    def counted(self, number: int) -> bool:
        """Did that line change anything?"""
        return any(step.label == number and step.counts for step in self.past.done())

    def changed(self, number: int) -> frozenset[str] | None:
        """What that line changed, by name and as gradsh.session.steps calls the rest; None where that is not known."""
        steps = [step for step in self.past.done() if step.label == number]
        if self.looking is not None or len(steps) != 1 or steps[0].large:
            return None
        return steps[0].binds | steps[0].writes

    def step_of(self, number: int) -> int:
        """The number of the step that a line was. Errors: Misused."""
        for place, step in enumerate(self.past.done()):
            if step.label == number:
                return place
        raise Misused(f"line {number} has been undone, or is no longer known")

    def compiles(self, text: str) -> bool:
        """Is it a program that would run here?"""
        from gradsh.errors import Refused, Source
        from gradsh.language.program import understood
        from gradsh.runtime.builtins import BUILTINS

        session = self.shell.session
        try:
            understood(Source("<fixed>", text), session.bound(), BUILTINS, session.files)
        except Refused:
            return False
        return True

    def edited(self, number: int, text: str) -> None:
        """A line has another text now."""
        for mark in self.marks:
            if mark.number == number:
                mark.text = text
        for line in self.shell.lines:
            if line.number == number:
                line.text = text

    def ended(self, line: Line, error: GradshError | None) -> None:
        """A line has run again, and has ended in that way."""
        from gradsh.session.session import DONE, FAILED, Result

        line.result = Result(DONE, []) if error is None else Result(FAILED, [error])

    # --- going ----------------------------------------------------------------------------------------------------

    def back(self, many: int) -> tuple[list[Step], Remade | None]:
        """Undo that many lines that changed something: what was undone, the last first, and what ran again for it."""
        past = self.past
        start, aside = past.position, past.apart
        undone: list[Step] = []
        try:
            while many and past.position > past.kept:
                undone.append(past.undo())
                many -= undone[-1].counts
            while undone and not undone[-1].counts:  # nothing was left that could be: these stay
                past.redo()
                undone.pop()
            return undone, self.remade()
        except BaseException:
            past.go(start)
            past.wind(aside)
            raise

    def forth(self, many: int) -> tuple[list[Step], Remade | None]:
        """Do that many lines again that changed something."""
        past = self.past
        redone: list[Step] = []
        while past.position < len(past.steps) and (many or not past.steps[past.position].counts):
            redone.append(past.redo())
            many -= redone[-1].counts
        return redone, self.remade()

    def remade(self) -> Remade | None:
        """Make the graphs again that what is undone has freed."""
        from gradsh.session.again import remake

        return remake(self.past)

    def look(self, mark: Mark) -> Remade | None:
        """Go to where a line had ended, to look; `come_back` comes back."""
        past = self.past
        if self.looking is None:
            self._home, self._aside = past.position, past.apart
            self._prompt = self.shell.editor.prompt
        try:
            past.go(mark.position - past.gone)
            self.looking = mark.number
            remade = self.remade()
        except BaseException:
            self.come_back()
            raise
        self.shell.editor.prompt = f"at {mark.number}> "
        return remade

    def come_back(self) -> None:
        """Leave the line that one looks at."""
        self.past.go(self._home)
        self.past.wind(self._aside)
        self._aside = None
        self.looking = None
        self.shell.editor.prompt = self._prompt


def shortened(text: str) -> str:
    """The text of a line on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= WIDE else flat[: WIDE - 1].rstrip() + "…"


def ran_again(travel: Travel, remade: Remade | None) -> str:
    """What is said of graphs that were made again."""
    if remade is None:
        return ""
    named = ", ".join(f"`{name}`" for name in remade.names)
    graphs = f"the graph{'s' if len(remade.names) > 1 else ''} of {named}"
    if remade.lost:
        return f"{graphs} stay{'s' if len(remade.names) == 1 else ''} freed: {remade.lost}\n"
    numbers = [str(step.label) for step in remade.steps]
    lines = f"line{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
    return f"{graphs} had been freed: {lines} ran again for {'them' if len(remade.names) > 1 else 'it'}\n"
