"""Programs that run while another of the session is paused in a loop: what is asked and set there."""

from __future__ import annotations

from types import FrameType
from typing import TYPE_CHECKING

from gradsh.engine.core.modes import mode

if TYPE_CHECKING:
    from gradsh.session.session import Result, Session

MISSING = object()


def run_paused(session: Session, text: str, name: str, frame: FrameType, place: str) -> tuple[Result, list[str]]:
    """Run a text as if it stood in the program that is paused in `frame`, at a place with that name.

    It sees the variables of a function that runs there, but cannot bind them anew: those that it tried to are given
    back. What it binds in the session, and changes of objects, are there when the program goes on; so are the random
    stream and the default dtype. The modes around the paused place (`no_grad`) hold, and stay.
    """
    session.context.load(mode)
    blocks = (mode.grad, mode.inference, mode.anomaly, mode.where, mode.training)
    parameters, past = session.parameters, session.past
    if past is not None:
        past.place = place
    own = {} if frame.f_locals is frame.f_globals else {k: v for k, v in frame.f_locals.items() if k[0] == "."}
    before = {key: session.globals.get(key, MISSING) for key in own}
    session.globals.update(own)
    try:
        result = session.run(text, name)
    finally:
        lost = [key[1:] for key, value in own.items() if session.globals.get(key, MISSING) is not value]
        for key, value in before.items():
            if value is MISSING:
                session.globals.pop(key, None)
            else:
                session.globals[key] = value
        session.parameters = parameters
        if past is not None:
            past.place = ""
        mode.load(session.context)
        mode.grad, mode.inference, mode.anomaly, mode.where, mode.training = blocks
    return result, lost
