"""A page of `help`: plain lines, so that it reads the same in a terminal and in a pipe."""

from __future__ import annotations

import textwrap

from gradsh.reports import HelpPage
from gradsh.view.color import paint
from gradsh.view.registry import Look, View, renders

WIDTH = 100
LABEL = len("gradient  ")
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
                lines = _wrapped(text, MARGIN, room)
                out += [_labelled(label, lines[0].lstrip(), look.color), *lines[1:]]
        if report.example:
            first, *rest = report.example.split("\n")
            out.append(_labelled("example", first, look.color))
            out += [MARGIN + line for line in (*rest, *report.output)]
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
            "output": report.output,
        }


def _usage(text: str, width: int | None) -> list[str]:
    """The signature, broken between parameters for a terminal that is narrower."""
    lines = textwrap.wrap(text, width or len(text) + 1, subsequent_indent="    ", break_on_hyphens=False)
    return lines or [text]


def _labelled(label: str, text: str, color: bool) -> str:
    return "  " + paint(label, "line", color) + " " * (LABEL - len(label)) + text


def _wrapped(text: str, indent: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, initial_indent=indent, subsequent_indent=indent)
