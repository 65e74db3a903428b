"""What `gradsh plan` says of a loop."""

from __future__ import annotations

import textwrap
from itertools import groupby

from gradsh.errors import Span
from gradsh.reports.plans import LoopPlan, PlanKept, PlanLine, PlanRow, PlanShown
from gradsh.view.code import painted
from gradsh.view.color import paint
from gradsh.view.registry import Look, View, renders

WIDEST = 120  # columns of what is laid out in columns
PIPE = 100
INDENT = " " * 7


@renders(LoopPlan)
class LoopPlanView(View[LoopPlan]):
    def text(self, report: LoopPlan, look: Look) -> str:
        width = min(look.width or PIPE, WIDEST)
        lines = [title(report, look, width)]
        if report.plan is None:
            lines += [f"  {each}" for each in textwrap.wrap(f"no plan: {report.reason}", width - 2)]
            if report.span is not None and report.span.line != report.loop:
                lines.append(quoted(report.span, report.header, look, width))
        else:
            lines += Plan(report.plan, report.header, look, width).lines()
        return "\n".join(lines) + "\n\n"

    def data(self, report: LoopPlan) -> dict[str, object]:
        if report.plan is None:
            at = None if report.span is None else report.span.line
            return {"loop": report.loop, "plan": None, "reason": report.reason, "line": at}
        plan = report.plan
        return {
            "loop": report.loop,
            "iterations": plan.period,
            "ran": plan.ran,
            "before": [{"name": each.name, "form": each.form} for each in plan.before],
            "changes": [{"name": each.name, "form": each.form} for each in plan.changes],
            "plan": [row_data(line, row) for line in plan.lines for row in line.rows],
            "ends": [row.text for row in plan.ends],
            "gives": plan.gives,
        }


def row_data(line: PlanLine, row: PlanRow) -> dict[str, object]:
    found: dict[str, object] = {"lines": [span.line for span in line.spans], "step": row.text}
    if row.decides:
        return {**found, "decides": True}
    made = {} if row.made is None else {"gradient_of_line": row.made.line}
    return {**found, "form": row.form, **made}


def title(report: LoopPlan, look: Look, width: int) -> str:
    if report.header is None:
        return paint("a loop", "bold", look.color)
    number = f"line {report.loop}"
    return f"{paint(number, 'bold', look.color)}: {code_line(report.header, look, width - len(number) - 2)}"


def code_line(span: Span, look: Look, room: int) -> str:
    """The line of the program in which it begins."""
    text = span.source.line(span.line).strip()
    dots = "…" if look.unicode else "..."
    if len(text) > room:
        text = text[: room - len(dots)] + dots
    return painted(text, look.color)


def quoted(span: Span, header: Span | None, look: Look, width: int, depth: int = 0) -> str:
    """A line of the program, with its number; `depth`: in how many calls the loop comes there."""
    other = header is not None and span.source is not header.source
    where = f"{span.source.name}:{span.line}" if other else f"{span.line:4}"
    bar = "│" if look.unicode else "|"
    code = code_line(span, look, width - len(where) - 3 - 2 * depth)
    return f"{paint(f'{where} {bar}', 'line', look.color)} {'  ' * depth}{code}"


class Plan:
    """A plan that is laid out."""

    def __init__(self, plan: PlanShown, header: Span | None, look: Look, width: int) -> None:
        self.plan, self.header, self.look, self.width = plan, header, look, width
        rows = [row for line in plan.lines for row in line.rows if not row.decides]
        forms = max((len(row.form) for row in rows), default=0)
        notes = max((len(self.note(row)) for row in rows), default=0)
        room = max(width - len(INDENT) - 2 - forms - (2 + notes if notes else 0), 20)
        self.column = min(max((len(row.text) for row in rows), default=0), room)
        self.forms = forms

    def lines(self) -> list[str]:
        plan = self.plan
        count = plan.steps
        ran = f"; {plan.ran} iteration{'s' * (plan.ran != 1)} ran by it, the others as written" if plan.ran else ""
        words = f"a plan of {count} step{'s' * (count != 1)}" if count else "an empty plan (nothing later needs a step)"
        words += f" for {plan.period} iterations" if plan.period > 1 else ""
        found = textwrap.wrap(words + ran, self.width, initial_indent="  ", subsequent_indent="  ")
        found += self.listed("reads", plan.before) + self.listed("changes", plan.changes)
        last: list[Span] = []
        for line in plan.lines:
            found += self.heads(line.spans, last)
            last = line.spans
            for _, same in groupby(line.rows, lambda row: row.decides):
                rows = list(same)
                found += self.decides(rows) if rows[0].decides else [text for row in rows for text in self.row(row)]
        if plan.ends or plan.gives:
            found.append("  at the end")
            for text in (*(row.text for row in plan.ends), *plan.gives):
                found += self.wrapped(text)
        return found

    def listed(self, word: str, items: list[PlanKept]) -> list[str]:
        texts = []
        for item in items:
            made = f" (made once, in line {item.span.line})" if item.span is not None else ""
            texts.append(f"{item.name} {item.form}".replace(" ", "\0") + made)
        if not texts:
            return []
        first = f"  {word:8} "
        lines = textwrap.wrap(
            ", ".join(texts), self.width, initial_indent=first, subsequent_indent=" " * 11,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        return [line.replace("\0", " ") for line in lines]

    def heads(self, spans: list[Span], last: list[Span]) -> list[str]:
        """The lines of the calls by which the loop comes to a place, but for those that stand there already."""
        same = 0
        while same < min(len(spans) - 1, len(last)) and spans[same].line == last[same].line:
            same += 1
        return [quoted(spans[at], self.header, self.look, self.width, at) for at in range(same, len(spans))]

    def note(self, row: PlanRow) -> str:
        return f"for line {row.made.line}" if row.made is not None else ""

    def decides(self, rows: list[PlanRow]) -> list[str]:
        text = "goes on if " + " and ".join(bracketed(row.text) for row in rows)
        return self.wrapped(text, "           ")

    def wrapped(self, text: str, more: str = "") -> list[str]:
        return textwrap.wrap(
            text, self.width, initial_indent=INDENT, subsequent_indent=INDENT + (more or "    "),
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip

    def row(self, row: PlanRow) -> list[str]:
        about = f"{row.form:{self.forms}}  {self.note(row)}".rstrip()
        if len(row.text) <= self.column or len(INDENT + row.text + about) + 2 <= self.width:
            return [f"{INDENT}{row.text:{self.column}}  {about}".rstrip()]
        *lines, last = self.wrapped(row.text)
        room = len(INDENT) + self.column
        return [*lines, f"{last:{room}}  {about}"] if len(last) <= room else [*lines, last, f"{'':{room}}  {about}"]


def bracketed(text: str) -> str:
    return f"({text})" if " or " in text or " and " in text else text
