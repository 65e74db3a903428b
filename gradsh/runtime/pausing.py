"""Ctrl-C in a loop at the prompt: the program is paused between two of its statements, not stopped.

A program that looks (gradsh.runtime.notes) has `if @pauses: @pause()` before each statement of its loops and functions;
`@pauses` is `interrupts.own.pauses`, which the handler of Ctrl-C puts something into where there is a shell to pause.
"""

from __future__ import annotations

import sys
from types import FrameType

from gradsh.engine.autograd.backward import Walk
from gradsh.engine.core.modes import mode
from gradsh.interrupts import own

_getframe = sys._getframe


def pause() -> None:
    """Pause here, or where the program next comes to a place where it can be. Raises KeyboardInterrupt in no loop."""
    frame = _getframe(1)
    if mode.transforms or mode.interpreter is not None or _in_backward(frame):
        return  # values are stand-ins there, or gradients half added up
    own.paused(mode.host.session, frame)


def _in_backward(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code is Walk.run.__code__:
            return True
        frame = frame.f_back
    return False
