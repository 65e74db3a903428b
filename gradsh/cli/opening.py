"""What the commands that run programs share: display, session, help of a file, statuses. Every start-up loads it."""

from __future__ import annotations

import sys

from gradsh.cli.options import Options, say

OVER = 124  # as `timeout` of the system says it
INTERRUPTED = 130

TYPE_CHECKING = False  # as in `typing`, which the fast path does without
if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsh.session.display import Display as Shows
    from gradsh.session.session import Session
    from gradsh.view.display import Display


def displayed(options: Options) -> Display:
    """The display that the command line asks for."""
    from gradsh.view.display import Display

    if options.json:
        from gradsh.view.json_lines import JsonDisplay

        display: Display = JsonDisplay()
    else:
        display = Display(color=options.color, style=options.errors)
    display.verbose = options.verbose
    return display


def opened(
    options: Options, display: Shows, interactive: bool = False, kind: Callable[..., Session] | None = None
) -> Session:
    """A session within the limits and the sandbox that the command line asks for; whatever runs a program has its
    session from here. `kind` makes one of another kind."""
    from gradsh.view.display import Session as Shown

    session: Session = (kind or Shown)(
        dtype=options.dtype,
        seed=options.seed,
        display=display,
        timeout=options.timeout,
        max_memory=options.max_memory,
        sandbox=bool(options.sandbox),
        plans=options.plans,
    )
    if session.limits is not None and session.limits.memory is not None:
        session.limits.memory.said = "--max-memory"
    if session.limits is not None and not interactive:
        session.limits.hold()
    if options.sandbox == "kernel":
        from gradsh.cli.sandbox import confine

        confine(session, interactive)
    return session


def help_of(options: Options, file: str, program: str, shown: bool) -> int:
    """`gradsh FILE --help`; `shown`: errors may show lines of it."""
    from gradsh.errors import Refused
    from gradsh.files import concealed
    from gradsh.language.scripts import help_text
    from gradsh.session.check import table
    from gradsh.view.plain import visible

    try:
        say(visible(help_text(file, program, table().commands()), keep="\n"))
    except Refused as refused:
        from gradsh.view.diagnostics import write

        errors = refused.errors if shown else concealed(file, refused.errors)
        write(errors, sys.stderr, color=options.color, style="json" if options.json else options.errors)
        return 3
    return 0
