"""The line editor: prompt_toolkit, set up once for as long as the shell lives.

What stands around the text is added by whoever shows it: `below` it, as the live line does, `beside` or `above` it, as
the panel does.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.completion import Completer, DynamicCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Always, Condition, emacs_mode, has_selection, is_done, vi_navigation_mode
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.key_binding import KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import ConditionalContainer, Container, FormattedTextControl, HSplit, VSplit, Window
from prompt_toolkit.layout.processors import HighlightMatchingBracketProcessor
from prompt_toolkit.output import ColorDepth, DummyOutput
from prompt_toolkit.utils import is_dumb_terminal

from gradsh.interrupts import held
from gradsh.shell import arriving, keys
from gradsh.shell.ghost import FromHistory
from gradsh.shell.greeting import PROMPT
from gradsh.shell.hint import Hint
from gradsh.shell.looks import CodeLexer, style_of_theme
from gradsh.shell.reading import read
from gradsh.view.color import use_theme, wanted

if TYPE_CHECKING:
    from gradsh.shell.prompt import Shell

PATIENCE = 10  # failures one after the other, after which it is no key that fails


class Editor:
    """Reads one input after the other. `keys` are the shell's own keys; a later binding goes before an earlier one."""

    def __init__(self, shell: Shell, history: History) -> None:
        self.settings = shell.settings
        self.begins = shell.begins
        self.next = Document()  # what the next input begins with, to be edited
        self.hint = Hint(shell.session)
        self.keys = keys.bindings(self._run_inside, self.note)
        self.keys.add(Keys.SIGINT)(self._stop)
        self.late = False  # a Ctrl-C has come behind the end of the line
        if not shell.session.files.sandboxed:  # an editor is started on a file
            self.keys.add("c-x", "c-e", filter=emacs_mode & ~has_selection)(self.in_users_editor)
            self.keys.add("v", filter=vi_navigation_mode)(self.in_users_editor)
        self.theme = ""  # the one in use
        self.prompt = PROMPT  # the usual one
        self.width = len(PROMPT)  # of the prompt that is shown
        self.reader: PromptSession[str] = PromptSession(
            [("class:prompt", PROMPT)],
            history=history,
            multiline=True,
            prompt_continuation=self.continuation,
            enable_suspend=True,
            enable_history_search=True,
            lexer=CodeLexer(),
            completer=DynamicCompleter(lambda: _completer(shell)),
            auto_suggest=FromHistory(shell.session),
            output=DummyOutput() if is_dumb_terminal() else None,  # which would be told to show its cursor
            color_depth=None if wanted(sys.stdout, shell.color) else ColorDepth.DEPTH_1_BIT,
            input_processors=[HighlightMatchingBracketProcessor(chars="[](){}")],
            key_bindings=self.keys,
            include_default_pygments_style=False,
        )
        self.parser = arriving.take_over(self.reader.app)
        self.under = HSplit([])
        put_under(self.reader, self.under)
        line = Window(FormattedTextControl(lambda: self.hint.text(self.reader.default_buffer)), wrap_lines=True)
        self.below(ConditionalContainer(line, Condition(self._is_hinting) & ~is_done))

    def read(self, prompt: str = "") -> str:
        """The next input, asked for by `prompt` or as usual. Errors: KeyboardInterrupt, EOFError, as the keys say."""
        prompt = prompt or self.prompt
        failed = 0
        while True:
            try:
                with held():  # what comes while the prompt is set up or put away is for no asyncio
                    self._follow_settings()
                    default, self.next = self.next, Document()
                    self.width = len(prompt)
                    try:
                        text = self.reader.prompt(
                            [("class:prompt", prompt)],
                            default=default,
                            set_exception_handler=False,
                            pre_run=self._begin,
                        )
                    finally:
                        late = arriving.stopped_late(self.reader.app) or self.late
                    if late:
                        sys.stderr.write("interrupted\n")
                        raise KeyboardInterrupt
                    return text
            except (KeyboardInterrupt, EOFError):
                raise
            except Exception as error:  # of a key that was typed ahead, which goes past `log`
                failed += 1
                if failed == PATIENCE:
                    raise
                log(None, {"message": "a key failed", "exception": error})

    def put(self, text: str) -> None:
        """Let the next input begin with that text; where a block goes on, it stands at the cursor."""
        there = self.next
        whole = there.text_before_cursor + text + there.text_after_cursor
        self.next = Document(whole, there.cursor_position + len(text))

    def below(self, container: Container) -> None:
        """Show that right under the text, above what was shown there before; the menu of completions goes over it."""
        self.under.children.insert(0, container)

    def above(self, container: Container) -> None:
        """Show that over the text."""
        layout = self.reader.layout
        layout.container = HSplit([container, layout.container])

    def beside(self, container: Container) -> None:
        """Show that at the right of the text."""
        layout = self.reader.layout
        layout.container = VSplit([layout.container, container])

    def continuation(self, width: int, line: int, wrapped: int) -> StyleAndTextTuples:
        """What stands before a line of a text but the first: what is open there; blanks before a part of a line."""
        if wrapped:
            return [("", " " * width)]
        return [("class:continuation", self.continuation_text(self.reader.default_buffer.text, line))]

    def continuation_text(self, text: str, line: int) -> str:
        """What says before a line of a text what is open where it begins: `for{ ...> `."""
        reading = read(text)
        opened = reading.opened(line) if line < len(reading.lines) else ""
        return f"{opened + ' ...>':>{self.width - 1}} "

    def note(self, words: str) -> None:
        """Say that under the text for as long as it stays as it is."""
        self.hint.note(self.reader.default_buffer, words)

    def in_users_editor(self, event: KeyPressEvent) -> None:
        """The user's own editor on the text; what it leaves stands here, and Enter runs it as all else.

        prompt_toolkit's own runs it at once, an unfinished block too, and takes another editor where this one fails.
        """
        from gradsh.shell.registry import Misused
        from gradsh.shell.users_editor import edited

        buffer = event.current_buffer

        async def edit() -> None:
            try:
                text = await run_in_terminal(lambda: edited(buffer.text), in_executor=True)
                buffer.document = Document(text)
            except Misused as why:
                self.note(str(why))
                event.app.invalidate()

        event.app.create_background_task(edit())

    def _stop(self, event: KeyPressEvent) -> None:
        """SIGINT: the line is given up, or what it was entered for, where it has ended meanwhile."""
        if event.app.future is None:
            self.late = True
        else:
            event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    def _is_hinting(self) -> bool:
        return bool(self.hint.text(self.reader.default_buffer))

    def _run_inside(self, command: str, block: Document) -> None:
        """A command of the shell stands in a block: the block goes on when it has run."""
        self.reader.history.append_string(command)
        self.next = block

    def _follow_settings(self) -> None:
        """Editing keys and colours are what the settings say now."""
        theme = str(self.settings["theme"])
        if theme != self.theme:
            self.theme = theme
            use_theme(theme)
            self.reader.style = style_of_theme()
        self.reader.editing_mode = EditingMode.VI if self.settings["editing"] == "vi" else EditingMode.EMACS

    def _begin(self) -> None:
        """A line begins. No key may end in a traceback: prompt_toolkit's own handler shows one and waits for Enter.

        Two Ctrl-C close together end one line twice, and Ctrl-X Ctrl-E is still at work when the next key comes: what
        fails then is nothing of the user's, and the line stays. A search that the last line ended in would fail in this
        one.
        """
        self.late = False
        if self.parser is not None:
            self.parser.watch()  # the line before may have ended in the middle of what was pasted
        self.begins()  # the next that is done is to read from the terminal
        asyncio.get_running_loop().set_exception_handler(log)
        self.reader.layout.focus(self.reader.default_buffer)


def _completer(shell: Shell) -> Completer:
    """What Tab asks, imported when it is first pressed."""
    from gradsh.shell.complete import ShellCompleter

    return ShellCompleter(shell)


def put_under(reader: PromptSession[str], container: Container) -> None:
    """Show that right under a prompt's text, which prompt_toolkit lets reach down to the next toolbar.

    The room for the menu of completions is then kept below it.
    """
    text = reader.layout.current_window
    stack: list[Container] = [reader.layout.container]
    while stack:
        part = stack.pop()
        stack += part.get_children()
        if isinstance(part, HSplit) and any(text in child.get_children() for child in part.children):
            part.children += [container, Window(height=text.height)]
            text.height, text.dont_extend_height = None, Always()
            return


def log(loop: asyncio.AbstractEventLoop | None, context: dict[str, Any]) -> None:
    """Say under GRADSH_DEBUG what failed in the prompt."""
    if os.environ.get("GRADSH_DEBUG") == "1":
        error = context.get("exception")
        sys.stderr.write(f"{context['message']}: {type(error).__name__}: {error}\n")
