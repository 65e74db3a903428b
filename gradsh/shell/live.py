"""The live line: below what is typed, what it would give.

A moment after the last key the text is looked at (`gradsh.preview`), between two keys and in the same thread: that
ends within some milliseconds, whatever is typed. What was late twice is not looked at again until the next line.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from threading import Thread
from time import perf_counter
from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition, is_done
from prompt_toolkit.formatted_text import ANSI, AnyFormattedText, to_formatted_text
from prompt_toolkit.formatted_text.utils import fragment_list_width
from prompt_toolkit.layout import ConditionalContainer, FormattedTextControl, Window
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments
from prompt_toolkit.utils import get_cwidth

from gradsh.interrupts import HELD
from gradsh.preview.later import bring
from gradsh.reports.preview import Preview, Wrong
from gradsh.shell import forms, registry
from gradsh.view.plain import visible

if TYPE_CHECKING:
    from gradsh.preview.line import Looker
    from gradsh.shell.editor import Editor
    from gradsh.shell.prompt import Shell

PAUSE = 0.04  # seconds without a key, before the text is looked at
LATE = 0.01  # seconds that a look may take
PATIENCE = 2  # looks that may take longer, of one line
PASTED = 3  # characters that come at once, above which they were not typed


class LiveLine:
    """The line below the text of a shell's editor; it lives as long as that."""

    def __init__(self, shell: Shell, editor: Editor) -> None:
        self.shell = shell
        self.reader = editor.reader
        self.looker: Looker | None = None
        self.report: Preview | None = None
        self.text = ""  # that it is of
        self.more = 0  # characters that stand before it in what it stands for: `_` before `.sum()`
        self.late = 0
        self.waiting: asyncio.TimerHandle | None = None
        self.before = ""
        self.ghost = ""
        self.brought: set[str] = set()
        buffer = editor.reader.default_buffer
        buffer.on_text_changed += self.changed
        buffer.on_suggestion_set += self.suggested
        editor.reader.app.on_reset += lambda app: self.begin()
        processors = self.reader.input_processors
        assert processors is not None
        processors.append(Marked(self))
        control = FormattedTextControl(self.shown)
        window = Window(control, dont_extend_height=True)
        editor.below(ConditionalContainer(window, Condition(lambda: self.report is not None) & ~is_done))

    def begin(self) -> None:
        """The next line begins."""
        self.stop()
        self.report = None
        self.late = 0
        self.before = self.ghost = ""

    def stop(self) -> None:
        """Let go of the look that is due."""
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None

    def suggested(self, buffer: Buffer) -> None:
        """Ghost text is there; what is taken of it comes at once too."""
        self.ghost = buffer.suggestion.text if buffer.suggestion is not None else ""

    def changed(self, buffer: Buffer) -> None:
        """A key has changed the text."""
        self.stop()
        before, self.before = self.before, buffer.text
        if not buffer.text.strip() or registry.is_command(buffer.text):
            self.report = None
            return
        if not self.is_on() or self.pasted(before, buffer.text):
            self.report = None
            return
        self.waiting = asyncio.get_running_loop().call_later(PAUSE, self.look, buffer)

    def is_on(self) -> bool:
        """Whether the text is looked at."""
        return bool(self.shell.settings["live"]) and self.late < PATIENCE and os.environ.get("TERM") != "dumb"

    def pasted(self, before: str, now: str) -> bool:
        """Whether the last change has brought more than one types."""
        came = len(now) - len(before)
        return came > PASTED and now.startswith(before) and not self.ghost.startswith(now[len(before) :])

    def look(self, buffer: Buffer) -> None:
        """Look at the text."""
        self.waiting = None
        if self.looker is None:
            from gradsh.preview.line import Looker

            self.looker = Looker(self.shell.session)
        self.text = buffer.text
        text = forms.meant(self.shell, self.text)
        self.more = max(0, len(text) - len(self.text))
        started = perf_counter()
        HELD.depth -= 1  # the prompt is held while it reads, but the loops of the line must be stopped in time
        try:
            self.report = None if registry.is_command(text) else self.looker.look(text)
        except Exception:  # what is shown beside a line must never disturb it
            self.report = None
            if os.environ.get("GRADSH_DEBUG") == "1":
                raise
        finally:
            HELD.depth += 1
        if perf_counter() - started > LATE:
            self.late += 1
        if self.looker.wanted - self.brought:
            names = self.looker.wanted - self.brought
            self.brought |= names
            Thread(target=self.bring, args=(names, buffer, asyncio.get_running_loop()), daemon=True).start()
        get_app().invalidate()

    def bring(self, names: set[str], buffer: Buffer, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread: import packages that the line wants, and have it looked at again if it is still there."""
        bring(names)
        with suppress(RuntimeError):  # the line has been entered, and its loop is no more
            loop.call_soon_threadsafe(self.changed, buffer)

    def shown(self) -> AnyFormattedText:
        """The line, as the terminal is now."""
        report = self.report
        if report is None:
            return ""
        from gradsh.view import color
        from gradsh.view.registry import Look, view_of

        columns = get_app().output.get_size().columns
        look = Look(color.wanted(sys.stdout, self.shell.color), columns, color.unicode(sys.stdout))
        text = view_of(report).text(report, look).rstrip("\n")
        if report.wrong is not None:
            text = self.aligned(report.wrong, text)
        return ANSI(text)

    def aligned(self, wrong: Wrong, text: str) -> str:
        """The words under their operand; where that does not stand on one line with the prompt, behind it."""
        start, end = wrong.start - self.more, wrong.end - self.more
        line = self.text[:start].rpartition("\n")[2]
        column = fragment_list_width(to_formatted_text(self.reader.message)) + get_cwidth(line)
        if column + get_cwidth(wrong.words) + 2 < get_app().output.get_size().columns:
            return f"{' ' * column}^ {text}"
        return f"{visible(self.text[start:end])}: {text}"


class Marked(Processor):
    """Underlines the operand that does not fit."""

    def __init__(self, live: LiveLine) -> None:
        self.live = live

    def apply_transformation(self, given: TransformationInput) -> Transformation:
        live, report = self.live, self.live.report
        if report is None or report.wrong is None or given.document.text != live.text:
            return Transformation(given.fragments)
        fragments = explode_text_fragments(given.fragments)
        first = given.document.translate_row_col_to_index(given.lineno, 0) + live.more
        for at in range(max(report.wrong.start - first, 0), report.wrong.end - first):
            shown = given.source_to_display(at)
            if shown >= len(fragments) or at >= len(given.document.lines[given.lineno]):
                break
            style, char = fragments[shown][:2]
            fragments[shown] = (f"{style} class:gradsh.wrong underline", char)
        return Transformation(fragments)
