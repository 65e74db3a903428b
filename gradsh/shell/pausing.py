"""Ctrl-C in a loop at the prompt: `paused at step 1,240, <prompt 3>:7>`, where all can be read and much be changed.

`continue` goes on, `abort` or Ctrl-D ends the loop, a second Ctrl-C ends it at once. A program in no loop is stopped.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import TYPE_CHECKING, Any

from gradsh import interrupts
from gradsh.engine.core.modes import mode
from gradsh.interrupts import asked, own
from gradsh.language.places import locate
from gradsh.runtime.commands import WORDS
from gradsh.shell import registry

if TYPE_CHECKING:
    from gradsh.shell.prompt import Shell

GO_ON = ("continue", "c")
END = ("abort", "a", "exit", "quit")
MEANING = "`continue` goes on, `abort` ends; all can be read, and set: `opt.lr = 0.01`"


class Pauser:
    """What the handler of Ctrl-C asks (gradsh.interrupts.Own): a shell's pauses."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.explained = False

    def __enter__(self) -> None:
        """From now on Ctrl-C pauses."""
        own.pauser, own.waiting = self.pause, in_loop

    def __exit__(self, *_: object) -> None:
        """From now on it stops."""
        own.pauser = None
        own.pauses.clear()

    def pause(self, session: Any, frame: FrameType) -> None:
        """The program has come to a statement. Raises KeyboardInterrupt where it is to end."""
        if session is not self.shell.session or not in_loop(frame):
            stop()
        if mode.training is not None:
            mode.training.hide()
        own.pauser = None
        from gradsh.session.deadline import resting

        try:
            with resting():
                self.converse(frame)
        finally:
            own.pauser = self.pause

    def converse(self, frame: FrameType) -> None:
        """Read and answer until the user has decided."""
        shell, prompt = self.shell, f"paused at {place_of(frame)}> "
        if not self.explained:
            self.explained = True
            shell.say(MEANING + "\n", error=True)
        while True:
            shell.panel.refresh()
            try:
                text = shell.editor.read(prompt)
            except (KeyboardInterrupt, EOFError):
                stop()
            interrupts.listen()
            word = text.strip()
            if not word:
                continue
            if word in GO_ON:
                return
            if word in END:
                stop()
            try:
                self.answer(text, frame)
            except KeyboardInterrupt:
                interrupts.settled(KeyboardInterrupt())
                sys.stderr.write("interrupted\n")

    def answer(self, text: str, frame: FrameType) -> None:
        """Do what was entered while the program is paused."""
        from gradsh.session.pausing import run_paused

        shell = self.shell
        if registry.is_command(text):
            word = text.strip()[1:].partition(" ")[0]
            if word not in WORDS:
                if word in registry.WORDS and not registry.load(word).while_paused:
                    shell.say(f"`:{word}` has to wait: `continue` or `abort` first\n", error=True)
                else:
                    shell.command(text)
                return
            text = text.strip()[1:]  # `:show`, which is the language's
        _, lost = run_paused(shell.session, text, "<pause>", frame, place_of(frame))
        for name in lost:
            shell.say(f"`{name}` is a variable of the function that is paused, which keeps its own\n", error=True)


def stop() -> None:
    """End the program; no `catch` of it keeps that."""
    if own.taken:
        asked[own.thread] = KeyboardInterrupt
    raise KeyboardInterrupt


def in_loop(frame: FrameType | None) -> bool:
    """Does the program run in a loop of its own there?"""
    from gradsh.looking.training import running_loops

    try:
        with interrupts.held():
            return bool(running_loops(frame))
    except Exception:  # asked in the middle of anything: what cannot be told is stopped
        return False


def place_of(frame: FrameType) -> str:
    """ "step 1,240, <prompt 3>:7": the turn of the innermost loop, where it is known, and the line that comes next."""
    from gradsh.looking.training import running_loops, scope_of

    span = locate(frame.f_code, frame.f_lasti)
    line = f"{span.source.name}:{span.line}" if span is not None else ""
    inner, loops = running_loops(frame)[-1]
    turn, _ = scope_of(inner).position(loops[-1])
    return f"step {turn:,}, {line}" if turn is not None else line
