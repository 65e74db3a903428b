"""The page on an error or a warning, at 80 columns: a program and its cure side by side where there is room."""

from __future__ import annotations

import textwrap

from gradsh.reports import CodePage
from gradsh.view.code import painted
from gradsh.view.color import paint
from gradsh.view.diagnostics import columns_of
from gradsh.view.plain import undriving
from gradsh.view.registry import Look, View, renders

WIDTH, LEAST = 80, 40
GAP = 2  # between two programs
TITLES = ("A program that has it", "And its cure")


@renders(CodePage)
class CodePageView(View[CodePage]):
    def text(self, report: CodePage, look: Look) -> str:
        room = max(LEAST, min(WIDTH, look.width or WIDTH))
        first, *rest = textwrap.wrap(f"{report.code}  {report.summary}", room, subsequent_indent=" " * 7)
        parts = [[paint(first, "bold", look.color), *(paint(line, "bold", look.color) for line in rest)]]
        if report.happened:
            parts.append(textwrap.wrap(report.happened, room, break_on_hyphens=False))
        if report.example:
            parts.append(_programs(report, room, look.color))
        if report.afterwards:
            parts.append(textwrap.wrap(f"({report.afterwards.removesuffix('.')}.)", room))
        sections = [
            *_section("Usual causes", report.causes, room, look.color),
            *_section("Not a cure", report.not_a_cure, room, look.color),
            *_section("See also", (report.see,) if report.see else (), room, look.color),
        ]
        if sections:
            parts.append(sections)
        return "\n".join("\n".join(lines) + "\n" for lines in parts)

    def data(self, report: CodePage) -> dict[str, object]:
        return {
            "help": report.code,
            "summary": report.summary,
            "happened": report.happened,
            "example": report.example,
            "cure": report.cure,
            "afterwards": report.afterwards,
            "causes": list(report.causes),
            "not_a_cure": list(report.not_a_cure),
            "see": report.see,
        }


def _programs(report: CodePage, room: int, color: bool) -> list[str]:
    left = undriving(report.example).split("\n")
    right = undriving(report.cure).split("\n") if report.cure else []
    column = max(room // 2 - 1, *(columns_of(line) + 2 + GAP for line in left))
    is_narrow = max(columns_of(line) for line in [*right, TITLES[1]]) + 2 <= room - column
    if right and is_narrow:
        rows = [
            f"  {painted(a, color)}{' ' * (column - 2 - columns_of(a))}  {painted(b, color)}".rstrip()
            for a, b in zip(_filled(left, right), _filled(right, left), strict=True)
        ]
        gap = " " * (column - len(TITLES[0]))
        return [f"{paint(TITLES[0], 'line', color)}{gap}{paint(TITLES[1], 'line', color)}", *rows]
    out = [paint(TITLES[0], "line", color), *("  " + painted(line, color) for line in left)]
    return [*out, paint(TITLES[1], "line", color), *("  " + painted(line, color) for line in right)] if right else out


def _filled(lines: list[str], other: list[str]) -> list[str]:
    return [*lines, *[""] * (len(other) - len(lines))]


def _section(title: str, items: tuple[str, ...], room: int, color: bool) -> list[str]:
    if not items:
        return []
    lines = [paint(title, "line", color)]
    for item in items:
        lines += textwrap.wrap(item, room, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    return lines
