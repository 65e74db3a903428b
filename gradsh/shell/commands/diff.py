"""`:diff`."""

from __future__ import annotations

from gradsh.shell.commands.at import offers
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command


@shell_command(":diff M [N]", example=":diff 12 15", offers=offers)
def diff(shell: Shell, rest: str) -> None:
    """What is other after line N, or now, than after line M: values, gradients, versions, the random stream."""
    from gradsh.reports.travel import StateDiff
    from gradsh.session.differences import Moment, differences, modes_between, stream_between

    travel = shell.travel
    travel.at_home()
    words = rest.split()
    if not 1 <= len(words) <= 2:
        raise Misused("`:diff 12 15` compares what there was after two lines, `:diff 12` with what there is now")
    marks = [travel.mark(word) for word in words]
    past = travel.past
    moments = []
    for mark in marks:
        with past.at(mark.position - past.gone):
            moments.append(Moment(shell.session))
    if len(marks) == 1:
        moments.append(Moment(shell.session))
    before, after = moments
    rows = differences(before.parts, after.parts)
    changed = {row.path.partition(".")[0].partition("[")[0] for row in rows}
    names = {path for path in after.parts if "." not in path and "[" not in path}
    shell.session.display.report(
        StateDiff(
            marks[0].number,
            marks[1].number if len(marks) == 2 else travel.here(),
            rows,
            stream_between(before, after),
            modes_between(before, after),
            len(names - changed),
        )
    )
