"""The panel: what the session's tensors are, at the right of the prompt from WIDE columns on, else above it.

F2 shows and hides it, `:watch x, w` says what is in it. It is read once after each input, so that no key waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition, is_done
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.key_binding import KeyPressEvent
from prompt_toolkit.layout import ConditionalContainer, FormattedTextControl, Window

from gradsh.engine.core.modes import swapped
from gradsh.shell.lines import Line, Watcher

if TYPE_CHECKING:
    from gradsh.reports.panel import PanelState
    from gradsh.shell.editor import Editor
    from gradsh.shell.prompt import Shell
    from gradsh.shell.watched import Watched

WIDE = 100  # columns of a terminal that has room beside the prompt
ROWS = 3 / 5  # of the terminal's, at the most


class Panel(Watcher):
    """`names` are what is watched, None for all tensors and models."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.shown = False
        self.names: list[str] | None = None
        self.watched: Watched | None = None
        self.state: PanelState | None = None
        self.drawn: tuple[object, int, str] = (None, 0, "")

    def attach(self, editor: Editor) -> None:
        """Put it around an editor's text, and on its keys."""

        @Condition
        def wide() -> bool:
            return get_app().output.get_size().columns >= WIDE

        @Condition
        def shown() -> bool:
            return self.shown

        text = FormattedTextControl(lambda: ANSI(self.text(wide())))
        window = Window(text, dont_extend_height=True, width=lambda: self.columns(wide()), wrap_lines=False)
        editor.beside(ConditionalContainer(window, shown & wide & ~is_done))
        editor.above(ConditionalContainer(window, shown & ~wide & ~is_done))

        @editor.keys.add("f2")
        def toggle(event: KeyPressEvent) -> None:
            self.shown = not self.shown
            self.refresh()

    def watch(self, names: list[str] | None) -> None:
        """Show these, or all. Errors: KeyError for a name that is not bound."""
        from gradsh.shell.asking import named
        from gradsh.shell.watched import value_of

        there = named(self.shell)
        for name in names or ():
            value_of(there, name)
        if names != self.names:
            self.watched = None
        self.names, self.shown = names, True
        self.refresh()

    def after(self, line: Line) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Look at the values anew; what has changed since the last look is marked."""
        if not self.shown:
            return
        from gradsh.shell.asking import named
        from gradsh.shell.watched import Watched

        if self.watched is None:
            self.watched = Watched()
        with swapped(self.shell.session.context):  # which has counted the backward passes
            self.state = self.watched.look(named(self.shell), self.names)

    def columns(self, wide: bool) -> int:
        """How wide it is."""
        columns = get_app().output.get_size().columns
        return min(72, columns * 9 // 20) if wide else columns

    def text(self, wide: bool) -> str:
        """What it says, as it is to be drawn now."""
        if self.state is None:
            return ""
        width = self.columns(wide)
        if self.drawn[:2] != (self.state, width):
            from gradsh.view import color
            from gradsh.view.plain import undriving_report
            from gradsh.view.registry import Look, view_of

            out = getattr(self.shell.session.display, "out", None)
            look = Look(color.wanted(out, self.shell.color), width - 3 if wide else width, color.unicode(out))
            text = undriving_report(view_of(self.state).text(self.state, look), look.color)
            bar = ("│ " if look.unicode else "| ") if wide else ""
            lines = text.rstrip("\n").split("\n")
            most = max(3, int(get_app().output.get_size().rows * ROWS))
            if len(lines) > most:
                lines = [*lines[: most - 1], f"and {len(lines) - most + 1} more"]
            if not wide:
                lines.append(("─" if look.unicode else "-") * width)
            self.drawn = (self.state, width, "\n".join(bar + line for line in lines))
        return self.drawn[2]
