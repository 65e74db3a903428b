"""A page of `help`: plain lines, so that it reads the same in a terminal and in a pipe."""

from __future__ import annotations

import textwrap

from gradsh.reports import HelpPage, Report
from gradsh.view.code import painted
from gradsh.view.color import paint
from gradsh.view.registry import Look, View, renders, view_of

WIDTH = 100
LABEL = len("gradient  ")
CODE = ("forward", "gradient")  # what is said there is a program, or that there is none
MARGIN = " " * (LABEL + 2)


@renders(HelpPage)
class HelpPageView(View[HelpPage]):
    def text(self, report: HelpPage, look: Look) -> str:
        room = max(40, min(WIDTH, look.width or WIDTH))
        out = [paint(line, "bold", look.color) for line in _usage(report.usage, look.width)]
        if report.summary:
            out += _wrapped(report.summary, "  ", room)
        rows = (
            ("method", report.method),
            ("forward", report.forward),
            ("gradient", report.formula),
            ("kinks", report.kinks),
        )
        for label, text in rows:
            if text:
                is_code = look.color and label in CODE and text[:5] != "none:"
                lines = [painted(line, is_code) for line in _wrapped(text, MARGIN, room)]
                out += [_labelled(label, lines[0].lstrip(), look.color), *lines[1:]]
        if report.example:
            first, *rest = painted(report.example, look.color).split("\n")
            out.append(_labelled("example", first, look.color))
            inner = Look(width=room - len(MARGIN), color=look.color, unicode=look.unicode)
            out += [(MARGIN + line).rstrip() for line in (*rest, *shown(report.output, inner))]
        return "\n".join(out) + "\n"

    def data(self, report: HelpPage) -> dict[str, object]:
        return {
            "help": report.name,
            "usage": report.usage,
            "summary": report.summary,
            "method": report.method,
            "forward": report.forward,
            "gradient": report.formula,
            "kinks": report.kinks,
            "example": report.example,
            "output": [view_of(each).data(each) if isinstance(each, Report) else each for each in report.output],
        }


def shown(output: list[str | Report], look: Look) -> list[str]:
    """The lines of what an example shows."""
    texts = [view_of(each).text(each, look).rstrip("\n") if isinstance(each, Report) else each for each in output]
    return [line for text in texts for line in text.split("\n")]


def _usage(text: str, width: int | None) -> list[str]:
    """The signature, broken between parameters for a terminal that is narrower."""
    lines = textwrap.wrap(text, width or len(text) + 1, subsequent_indent="    ", break_on_hyphens=False)
    return lines or [text]


def _labelled(label: str, text: str, color: bool) -> str:
    return "  " + paint(label, "line", color) + " " * (LABEL - len(label)) + text


def _wrapped(text: str, indent: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, initial_indent=indent, subsequent_indent=indent)
