"""gradsh with plans wherever one can be made, or without any: `python -m tests.planned forced|off …` is the command."""

from __future__ import annotations

import sys

from gradsh.__main__ import main
from gradsh.plans.refusal import Seen
from gradsh.session.session import Session


def planned(how: str) -> None:
    """From now on the sessions of this process force plans, or have none: "forced" or "off". Where they are forced our
    own mistakes in making them are raised, which else would mean no more than that there is none."""
    if how == "off":
        Session.planned = False
    elif how == "forced":
        Seen.mistakes = True
        plan = Session.plan
        Session.plan = lambda self, forced=True, *told, **steady: plan(self, True, *told, **steady)  # type: ignore[method-assign]


if __name__ == "__main__":
    planned(sys.argv.pop(1))
    main()
