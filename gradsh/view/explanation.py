"""The text of `explain`: a block for each step, then what arrived at the leaves."""

from __future__ import annotations

import textwrap

from gradsh.looking import exact
from gradsh.looking.places import shortened
from gradsh.reports.looking import Amount, Arrived, Derivatives, ExplainedStep, Explanation, Flow
from gradsh.view import numbers
from gradsh.view.diagnostics import columns_of
from gradsh.view.graph_drawing import plain
from gradsh.view.registry import Look, View, renders

WIDTH = 80
MOST = 100  # columns that are used of a wide terminal
INDENT = 7
MANY = 8  # arrivals at a leaf that are listed
LONGEST = 120  # characters that these may take


class Paper:
    """What the text is written on: how wide, and with which characters."""

    __slots__ = ("arrow", "dots", "unicode", "width")

    def __init__(self, look: Look) -> None:
        self.width = min(look.width or WIDTH, MOST)
        self.unicode = look.unicode
        self.dots = "…" if look.unicode else "..."
        self.arrow = "  ←  " if look.unicode else "  <-  "

    def written(self, text: str) -> str:
        return text if self.unicode else plain(text)

    def shortened(self, text: str, room: int) -> str:
        return shortened(self.written(text), room, self.dots)


@renders(Explanation)
class ExplanationView(View[Explanation]):
    def text(self, report: Explanation, look: Look) -> str:
        paper = Paper(look)
        lines: list[str] = []
        if report.heading:
            lines += [*textwrap.wrap(report.heading, paper.width), ""]
        for table in report.jacobians:
            lines += [*_jacobian(table), ""]
        if report.steps:
            lines += _parts(report, paper) if report.parts else _blocks(report, paper)
            lines.append("")
        lines += _leaves(report, paper.width, look.flag)
        text = "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"
        return text if look.unicode else plain(text)

    def data(self, report: Explanation) -> dict[str, object]:
        return {
            "explain": report.name,
            "heading": report.heading,
            "jacobians": [_jacobian_data(table) for table in report.jacobians],
            "steps": [_step_data(step) for step in report.steps],
            "leaves": [_leaf_data(leaf) for leaf in report.leaves],
            "not_kept": report.kept,
            "without_grad": report.plain[0],
        }


def _step_data(step: ExplainedStep) -> dict[str, object]:
    return {
        "steps": list(step.steps),
        "label": step.label,
        "kind": step.kind,
        "place": step.place,
        "g": [exact.amount(g) for g in step.g],
        "to": [
            {
                "input": flow.to,
                "formula": flow.formula,
                "numbers": flow.numbers,
                "gradient": exact.amount(flow.result),
                "remarks": flow.remarks,
                "not_finite": {"at": flow.odd[0], "why": flow.odd[1]} if flow.odd is not None else None,
            }
            for flow in step.flows
        ],
    }


def _leaf_data(leaf: Arrived) -> dict[str, object]:
    return {
        "name": leaf.name,
        "place": leaf.place,
        "grad": exact.amount(leaf.total),
        "before": exact.amount(leaf.before),
        "arrived": [{"from": step, **(exact.amount(amount) or {})} for amount, step in leaf.parts],
    }


def _jacobian_data(table: Derivatives) -> dict[str, object]:
    return {
        "leaf": table.leaf,
        "columns": table.columns,
        "rows": [{"v": v, "output": name, "derivatives": row} for v, name, row in table.rows],
        "product": table.product,
    }


# --- steps ------------------------------------------------------------------------------------------------------------


def _blocks(report: Explanation, paper: Paper) -> list[str]:
    lines: list[str] = []
    count = max(3, *(len(_number(step)) for step in report.steps))
    texts = [_incoming(step) for step in report.steps]
    column = max(11, *(len(text) for text in texts)) + 2
    width = paper.width
    for step, g in zip(report.steps, texts, strict=True):
        kind = f"    {paper.written(step.kind)}" if step.kind else ""
        note = f"   {paper.written(step.note)}" if step.note else ""
        room = width - count - 4 - columns_of(step.place) - len(kind) - len(note)
        label = paper.shortened(step.label, max(16, room)) + kind + note
        head = f"{paper.written('⋮') if step.rounds else _number(step):>{count}}  {label}"
        right = width - 2
        lines.append(head + step.place.rjust(max(2 + len(step.place), right - columns_of(head))))
        lines += _flows(step, g, column, paper)
    return lines


def _number(step: ExplainedStep) -> str:
    first, last = step.steps
    return str(first) if first == last else f"{first}-{last}"


def _incoming(step: ExplainedStep) -> str:
    """`g = 0.008`, `g [8, 3]`."""
    given = [g for g in step.g if g is not None]
    if step.rounds or not given:
        return ""
    g = given[0]
    text = numbers.listed(g.value) if g.value is not None else ""
    return f"g = {text}" if text and len(text) <= 11 else f"g {numbers.shape(g.shape)}"


def _flows(step: ExplainedStep, g: str, column: int, paper: Paper) -> list[str]:
    """The lines of what goes out, behind what comes in."""
    if not step.flows:
        return [" " * INDENT + g] if g else []
    names = [paper.written(flow.to) for flow in step.flows]
    longest = max(map(columns_of, names))
    align = longest if longest <= 24 else 0
    lines: list[str] = []
    for at, flow in enumerate(step.flows):
        front = f"{' ' * INDENT}{g if at == 0 else '':{column}}"
        lines += _flow(flow, front, align, paper)
    return lines


def _flow(flow: Flow, front: str, align: int, paper: Paper) -> list[str]:
    """One flow: on one line where it fits, else the result (and the numbers) on lines of their own."""
    width, to = paper.width, paper.written(flow.to)
    head = front + to + " " * (align - columns_of(to)) + paper.arrow if to else " " * INDENT
    result = _result(flow)
    parts = [part for part in (paper.written(flow.formula), flow.numbers, result) if part]
    parts = [part for at, part in enumerate(parts) if at == 0 or part != parts[at - 1]]
    if not parts:
        return [head + "none"]
    lines: list[str] = []
    line = head + parts[0]
    under = (len(front) + min(align, 3) + 2) if to else INDENT
    if columns_of(line) > width:
        lines.append(head.rstrip())
        wrapped = textwrap.wrap(parts[0], width - under - 2, break_long_words=False, break_on_hyphens=False)
        lines += [" " * (under + 2) + part for part in wrapped[:-1]]
        line = " " * (under + 2) + wrapped[-1]
    for part in parts[1:]:
        if columns_of(line) + 5 + columns_of(part) <= width:
            line += f"  =  {part}"
        else:
            lines.append(line)
            line = " " * under + f"=  {part}"
            if columns_of(line) > width:
                indent = " " * (INDENT + 3)
                first = " " * INDENT + "=  "
                *full, line = textwrap.wrap(part, width, initial_indent=first, subsequent_indent=indent)
                lines += full
    for remark in flow.remarks:
        if columns_of(line) + 3 + len(remark) <= width:
            line += f"   {remark}"
        else:
            lines.append(line)
            line = " " * under + remark
            if columns_of(line) > width:  # `each row` of eight long numbers
                *full, line = textwrap.wrap(
                    remark, width, initial_indent=" " * INDENT, subsequent_indent=" " * (INDENT + 3)
                )
                lines += full
    lines.append(line)
    if flow.odd is not None:
        lines += _odd(flow, line, result, width)
    return lines


def _result(flow: Flow) -> str:
    if flow.result is None:
        return ""
    if flow.result.value is not None:
        return numbers.listed(flow.result.value)
    return f"{numbers.shape(flow.result.shape)}  norm {_norm(flow.result)}"


def _norm(amount: Amount) -> str:
    return "not kept" if amount.norm is None else f"{amount.norm:.6g}"


def _odd(flow: Flow, line: str, result: str, width: int) -> list[str]:
    """The mark under the first number that is none, with the reason."""
    assert flow.odd is not None
    positions, why = flow.odd
    at = line.rfind(result)
    first = positions[0]
    if at < 0 or (len(first) == 1 and not result.startswith("[")):
        return [" " * INDENT + why] if why else []
    word = result
    if len(first) == 1:
        words = result[1:-1].split(", ")
        at += 1 + sum(len(each) + 2 for each in words[: first[0]])
        word = words[first[0]]
    mark = " " * at + "~" * len(word)
    if not why:
        return [mark]
    if len(mark) + 1 + len(why) <= width:
        return [f"{mark} {why}"]
    return [mark, *(" " * INDENT + part for part in textwrap.wrap(why, width - INDENT))]


def _parts(report: Explanation, paper: Paper) -> list[str]:
    """A row for each part: what comes in, and what its parameters get."""
    rows = [("step", "part", "norm of g", "norm of parameters' gradients")]
    for step in report.steps:
        if step.rounds:
            rows.append((paper.written("⋮"), step.label, "", ""))
            continue
        given = [g for g in step.g if g is not None]
        norm = f"{sum(numbers.size(g) ** 2 for g in given) ** 0.5:.4g}" if given else "none"
        label = paper.written(step.label + (f"   {step.kind}" if step.kind else ""))
        rows.append((_number(step), label, norm, f"{step.norm:.4g}" if step.norm is not None else ""))
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    room = max(16, paper.width - widths[0] - widths[2] - widths[3] - 9)
    label_width = min(room, widths[1])
    return [
        f"  {number:>{widths[0]}}  {paper.shortened(label, label_width):{label_width}}  {g:>{widths[2]}}   {norm}"
        for number, label, g, norm in rows
    ]


# --- leaves -----------------------------------------------------------------------------------------------------------


def _leaves(report: Explanation, width: int, flag: str) -> list[str]:
    """What arrived at the leaves, as a table with their places."""
    right = width - 2
    shown = [leaf for leaf in report.leaves if not (report.parts and leaf.parameter)]  # a part's norm has them
    names = [leaf.name for leaf in shown]
    kept = ", ".join(report.kept)
    wanted = ", ".join(report.plain[0])
    column = max([0, *map(len, names), *(len(each) for each in (kept, wanted) if len(each) <= 20)])
    large = any(leaf.parameter or (leaf.total is not None and leaf.total.value is None) for leaf in shown)
    shapes = [numbers.shape(leaf.total.shape) if leaf.total is not None else "" for leaf in shown]
    widest = max(map(len, shapes), default=0)
    lines = []
    for leaf, dims in zip(shown, shapes, strict=True):
        text = f"{dims:{widest}}   {_sized(leaf)}" if large else _sum(leaf)
        place = "" if leaf.parameter else leaf.place
        lines += _row(leaf.name, text, place, column, right, width)
    if report.kept:
        example = report.kept[0]
        said = f"not kept: results, not leaves ({example}.retain_grad() before it keeps {example}'s)"
        lines += _row(kept, said, "", column, right, width)
    if report.plain[0]:
        where = _places(report.plain[1])
        said = f"no gradient wanted (made without `{flag}`{', ' + where if where else ''})"
        lines += _row(wanted, said, "", column, right, width)
    return lines


def _places(places: list[str]) -> str:
    numbered = [place.removeprefix("line ") for place in places if place.startswith("line ")]
    if len(numbered) != len(places) or len(places) < 2:
        return " and ".join(places)
    return f"lines {', '.join(numbered[:-1])} and {numbered[-1]}"


def _row(name: str, text: str, place: str, column: int, right: int, width: int) -> list[str]:
    head = f"{name:{column}}   " if len(name) <= column else ""
    if not head:
        lines = textwrap.wrap(f"{name}   {text}", width, subsequent_indent="    ", break_long_words=False)
    else:
        indent = " " * len(head)
        room = width - (len(place) + 6 if place else 0)
        lines = textwrap.wrap(text, max(20, room - len(head)), break_long_words=False, break_on_hyphens=False) or [""]
        lines = [(indent if at else head) + line for at, line in enumerate(lines)]
    if place:
        lines[0] += place.rjust(max(2 + len(place), right - len(lines[0])))
    return lines


def _sum(leaf: Arrived) -> str:
    """`1 (from 4) + 0.6 (from 5)  =  1.6`."""
    if leaf.total is None:
        return "none"
    total = numbers.amount(leaf.total)
    parts = [f"{numbers.amount(amount)} (from {step})" for amount, step in leaf.parts]
    if len(parts) > MANY or sum(map(len, parts)) > LONGEST:
        steps = ", ".join(str(step) for _, step in leaf.parts[:MANY]) + (", …" if len(parts) > MANY else "")
        parts = [f"the sum of {len(parts):,} (from {steps})"]
    if leaf.before is not None:
        parts = [f"{numbers.amount(leaf.before)} (from before)", *parts]
    return f"{' + '.join(parts)}  =  {total}" if len(parts) > 1 or len(leaf.parts) > 1 else total


def _sized(leaf: Arrived) -> str:
    """`norm 0.291066   [0.266087, 0.117941, 0.00268685]`."""
    if leaf.total is None:
        return "none"
    text = f"norm {numbers.size(leaf.total):.6g}"
    if leaf.total.value is not None and leaf.total.shape and not leaf.parameter:
        text += f"   {numbers.listed(leaf.total.value)}"
    if leaf.before is not None:
        text += f"   ({numbers.norm(numbers.size(leaf.before))} before)"
    elif len(leaf.parts) > 1:
        text += f"   the sum of {len(leaf.parts):,}"
    return text


def _jacobian(table: Derivatives) -> list[str]:
    """`x.grad = v @ J`, with J written out."""
    lines = [f"{table.leaf}.grad = v @ J, J the derivatives of {table.root} by {table.leaf}", ""]
    heads = [f"v {numbers.number(v)}" for v, _, _ in table.rows]
    sizes = [numbers.number(v) for v, _, _ in table.rows]
    widest = max(map(len, sizes))
    heads = [f"  v {size:>{widest}}   {name}" for size, (_, name, _) in zip(sizes, table.rows, strict=True)]
    grad = f"  {table.leaf}.grad"
    column = max(len(grad), *map(len, heads))
    cells = [[numbers.number(each) for each in row] for _, _, row in table.rows]
    cells.append([numbers.number(each) for each in table.product])
    widths = [max(len(head), *(len(row[at]) for row in cells)) for at, head in enumerate(table.columns)]
    lines.append(" " * column + "".join("   " + head.rjust(w) for head, w in zip(table.columns, widths, strict=True)))
    for head, row in zip([*heads, grad], cells, strict=True):
        lines.append(f"{head:{column}}" + "".join("   " + cell.rjust(w) for cell, w in zip(row, widths, strict=True)))
    return lines
