"""The shell: reads an input, runs it in the session, again.

    Shell(session).run()

Enter runs what is typed unless a bracket or brace is open. Ctrl-C clears the line, pauses a loop that runs
(gradsh.shell.pausing), or stops what is running and keeps every binding; Ctrl-D leaves. A line that begins with `:` is
for the shell itself (gradsh.shell.registry).
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from prompt_toolkit.utils import is_dumb_terminal

from gradsh import interrupts, memory
from gradsh.errors import GradshError
from gradsh.language.program import LOOKING
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.commands import WORDS
from gradsh.runtime.faults import spans
from gradsh.session.session import REFUSED, Result, Session
from gradsh.shell import registry
from gradsh.shell.configuration import Configuration
from gradsh.shell.editor import Editor
from gradsh.shell.greeting import Greeting
from gradsh.shell.history import BoundedHistory, open_history
from gradsh.shell.last import Last
from gradsh.shell.lines import Line, Watcher
from gradsh.shell.live import LiveLine
from gradsh.shell.panel import Panel
from gradsh.shell.pausing import Pauser
from gradsh.shell.preparing import prepare, wait
from gradsh.shell.settings import Settings
from gradsh.shell.travel import Travel, bind_keys

if TYPE_CHECKING:
    from gradsh.session.check import Entered

# of prompt_toolkit: other systems' terminals, and what only servers of prompts need
ELSEWHERE = ("win32", "windows", "conemu", "contrib")
REMEMBERED = 10_000  # lines, of a shell that may take any number of them
LEAVE = ("exit", "quit", "exit()", "quit()")
FAULT = "This is a fault of gradsh itself; we are sorry. GRADSH_DEBUG=1 shows where it happened."


class Leave(Exception):
    """The user wants to go."""


class Shell:
    """One interactive session in a terminal: `quiet` leaves out the welcome line, `history` keeps a history file,
    `color` is auto, always or never, `configuration` is the user's.

    What commands and watchers find here: the `session`, the `lines` that were entered, the `editor`, the `settings`.
    """

    editor: Editor

    def __init__(
        self,
        session: Session,
        *,
        quiet: bool = False,
        history: bool = True,
        color: str = "auto",
        configuration: Configuration | None = None,
        greeting: Greeting | None = None,
    ) -> None:
        self.session = session
        session.options = (*session.options, LOOKING)  # what will be asked about is not known yet
        session.display.interactive = True
        self.configuration = configuration or Configuration()
        self.greeting = greeting or Greeting(quiet=quiet, color=color)
        self.history = history
        self.color = color
        self.lines: deque[Line] = deque(maxlen=REMEMBERED)
        self.settings = Settings()
        self.travel = Travel(self)
        self.watchers: list[Watcher] = [self.travel]
        self.pauser = Pauser(self)
        self._entered: Entered | None = None
        self.last = Last(session)
        self.panel = Panel(self)
        self.watchers += [self.last, self.panel]

    def run(self) -> int:
        """Read and run until the user leaves; the exit status."""
        if not sys.stdin.isatty():  # `-i` with a pipe: there is nobody to prompt, but there may be more program
            return self.session.run(sys.stdin.read(), "<stdin>").status
        interrupts.take(always=False)  # what comes between two statements has nothing to stop
        self.greeting.begin()
        self.configure()
        history = open_history() if self.history else BoundedHistory()
        self.editor = self.make_editor(history)
        bind_keys(self)
        while True:
            try:
                text = self.editor.read()
                self.enter(text)
            except KeyboardInterrupt as stop:
                interrupts.settled(stop)  # one that came while gradsh was starting would come again and again
                continue
            except EOFError:
                if self.travel.looking is None:
                    return 0
                self.command(":at")
            except Leave:
                return 0

    def configure(self) -> None:
        """Take what the user has configured, and run the program that the shell begins with."""
        warnings = self.configuration.apply(self.settings)
        if warnings or self.configuration.has_program():
            self.greeting.end()
        for warning in warnings:
            self.session.display.warning(warning)
        interrupts.listen()
        try:
            self.configuration.begin(self.session)
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")

    def begins(self) -> None:
        """The editor is about to read: the prompt that stood in its place goes, and what comes next is loaded."""
        self.greeting.end(reads=True)
        if self.lines:
            memory.give_back()
        if not self.session.files.sandboxed:  # there all is loaded already
            prepare()

    def make_editor(self, history: BoundedHistory) -> Editor:
        """The editor for the terminal that there is."""
        if not is_dumb_terminal():
            editor = Editor(self, history)
            LiveLine(self, editor)
            self.panel.attach(editor)
            return editor
        from gradsh.shell.plain import PlainEditor

        return PlainEditor(self, history)

    def enter(self, text: str) -> None:
        """Do what was entered. Errors: Leave."""
        if text.strip() in LEAVE and not self.session.binds(text.strip().removesuffix("()")):
            raise Leave
        if not text.strip():
            return
        interrupts.own.begin()  # a Ctrl-C stops it from here on: what comes before its run can take a while, too
        try:
            from gradsh.shell import forms  # only now: the prompt is there sooner

            for part in forms.parts(text):
                part = forms.meant(self, part)
                if registry.is_command(part):
                    self.command(part)
                elif not self.execute(part).worked:
                    return
        finally:
            interrupts.own.end()

    def command(self, text: str) -> None:
        """Do what `:word …` says."""
        interrupts.listen()
        try:
            registry.run(self, text)
        except registry.Misused as misused:
            self.say(f"{misused}\n", error=True)
        except Leave:
            raise
        except GradshError as error:
            self.session.display.errors([error])
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
        except Exception as error:  # a fault of gradsh's own must not take the session with it
            if os.environ.get("GRADSH_DEBUG") == "1":
                import traceback

                traceback.print_exception(error)
            self.say(f"{text.strip()}: {type(error).__name__}: {error}\n{FAULT}\n", error=True)

    def execute(self, text: str, name: str = "") -> Line:
        """Run a program text as the next line of the prompt; `name` is that of a file, if it is one's."""
        line = Line(self.lines[-1].number + 1 if self.lines else 1, text)
        self.lines.append(line)
        for watcher in self.watchers:
            self._tell(watcher.before, line)
        interrupts.listen()
        try:
            wait(lambda words: self.say(words, error=True))
            for warning in self.entered().warnings(line.name, text):
                self.session.display.warning(warning)
            self._let_page(text)
            self.session.display.follows = bool(self.settings["progress"])
            with self.pauser:
                line.result = self.refused(line) or self.session.run(text, name or line.name)
            self.session.display.end_line()
            self.warn_of_nan()
        except KeyboardInterrupt as stop:
            line.interrupted = True
            sys.stderr.write(f"interrupted{where(stop)}\n")
        for watcher in self.watchers:
            self._tell(watcher.after, line)
        return line

    def _let_page(self, text: str) -> None:
        """A line that is a command, and nothing around it, may show what it has to say in a pager."""
        display = self.session.display
        if hasattr(display, "pages"):
            is_command = text.split(maxsplit=1)[0] in WORDS and "{" not in text
            display.pages = is_command and bool(self.settings["pager"]) and not self.session.files.sandboxed

    def entered(self) -> Entered:
        """What was entered so far, for the lints, which are loaded for the first line."""
        if self._entered is None:
            from gradsh.session.check import Entered

            self._entered = Entered(BUILTINS, self.session.files)
        return self._entered

    def refused(self, line: Line) -> Result | None:
        """An `else` that comes late is wrong as it is written; what was meant stands in the help, and may be edited."""
        if "else" not in line.text:
            return None
        from gradsh.shell import forms

        better = forms.whole_choice(self, line)
        if not better:
            return None
        errors = forms.problems(line.text, line.name)
        errors[0].help = better
        self.session.display.errors(errors)
        self.editor.put(better)
        return Result(REFUSED, errors)

    def _tell(self, of: Callable[[Line], None], line: Line) -> None:
        try:
            with interrupts.held():
                of(line)
        except Exception:  # what is shown on top of a program must never stop it
            if os.environ.get("GRADSH_DEBUG") == "1":
                raise

    def code(self, text: str, paint: Callable[[str, bool], str] | None) -> None:
        """Write a text that is a program, in colour where there is any."""
        from gradsh.view.color import wanted
        from gradsh.view.plain import undriving

        text = undriving(text.rstrip("\n") + "\n")
        sys.stdout.write(paint(text, wanted(sys.stdout, self.color)) if paint is not None else text)
        sys.stdout.flush()

    def say(self, text: str, *, error: bool = False) -> None:
        """Write what a command of the shell has to say; control characters in it are made visible."""
        from gradsh.view.plain import visible

        stream = sys.stderr if error else sys.stdout
        stream.write(visible(text, keep="\n"))
        stream.flush()

    def warn_of_nan(self) -> None:
        """Say which gradients have become nan since the last input."""
        notes = self.session.context.notes
        if notes is None:
            return
        if notes.passes.fresh_nan:
            from gradsh.advice.warnings import fresh_nan

            for warning in fresh_nan(self.session.globals, notes.passes):
                self.session.display.warning(warning)
        notes.passes.fresh_nan = {}


def where(stop: BaseException | None) -> str:
    """ " at <prompt 3>:7", the line of the program that was stopped; "" where that is not known."""
    while stop is not None:  # the end of a run raises one of its own, after that of the program
        found = spans(stop)
        if found:
            return f" at {found[0].source.name}:{found[0].line}"
        stop = stop.__context__
    return ""


def load_all() -> None:
    """Import all of prompt_toolkit and of the shell that a prompt may come to need: in a sandbox nothing can be
    imported later."""
    import pkgutil

    import prompt_toolkit

    import gradsh.shell

    for package in (prompt_toolkit, gradsh.shell):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not any(part in module.name for part in ELSEWHERE):
                with suppress(ImportError):  # what wants another package, which no prompt then asks for
                    import_module(module.name)
    from gradsh.shell import described

    described.table()
