"""`help` alone: what there is, by topic; and one topic with a line for each name."""

from __future__ import annotations

import textwrap

from gradsh.reports import Index, Topic
from gradsh.view.color import paint
from gradsh.view.registry import Look, View, renders

WIDTH, LEAST = 80, 40
ROWS = 2  # of names for each topic in the overview
INTRODUCTION = """\
let x = tensor(5.0, grad)   a name; `grad` says that gradients are wanted
z = log(x**3)               compute with it
backward z                  fill in the gradients
x.grad                      a bare expression prints itself; a `;` mutes it

`help log` is the page on log, and so for every name above; `help "loss"` lists
all of a topic. At a prompt, `:help` lists the shell's own commands, Ctrl-C
clears the line, or stops what runs and keeps every name; Ctrl-D leaves."""


@renders(Index)
class IndexView(View[Index]):
    def text(self, report: Index, look: Look) -> str:
        room = max(LEAST, min(WIDTH, look.width or WIDTH))
        if report.word:
            return "\n".join("\n".join(_all(topic, room, look.color)) + "\n" for topic in report.topics)
        lines = [line for topic in report.topics for line in _some(topic, room, look.color)]
        return "\n".join([*lines, "", INTRODUCTION]) + "\n"

    def data(self, report: Index) -> dict[str, object]:
        topics = [
            {"topic": topic.word, "title": topic.title, "names": topic.names, "summaries": topic.summaries}
            for topic in report.topics
        ]
        return {"help": report.word, "topics": topics}


def _some(topic: Topic, room: int, color: bool) -> list[str]:
    """The title, and as many names as stand in two rows, with the number of all where that is more."""
    title = f'{topic.title}: `help "{topic.word}"`'
    rows = textwrap.wrap(" ".join(topic.names), room - 2, break_on_hyphens=False, break_long_words=False)
    if len(rows) > ROWS and topic.word != "words":
        rows = rows[:ROWS]
        more = f" … {len(topic.names)} in all"
        while len(rows[-1]) + len(more) > room - 2:
            rows[-1] = rows[-1].rpartition(" ")[0]
        rows[-1] += more
    return [paint(title, "line", color), *("  " + row for row in rows)]


def _all(topic: Topic, room: int, color: bool) -> list[str]:
    """A line or more for each name."""
    column = min(28, max(map(len, topic.names), default=0)) + 4
    lines = textwrap.wrap(topic.title, room)
    lines = [paint(line, "bold", color) for line in lines]
    for name in topic.names:
        said = textwrap.wrap(topic.summaries.get(name, ""), max(20, room - column), break_on_hyphens=False) or [""]
        head = f"  {name}".ljust(column)
        if len(head) > column:
            lines.append(head)
            head = " " * column
        lines.append((head + said[0]).rstrip())
        lines += [" " * column + line for line in said[1:]]
    return lines
