"""What a help line says, done to a text: each of its offers as edits.

on line 3: `…`, then on line 4: `…`     in the place of these statements
in the place of line 3: `…`             all of that line
`…` before line 3, after line 5: `…`    a line of its own
move `…` before line 3                  and not where it failed
`let w = …`                             in the place of what bound that name, or of what failed
`…`                                     in the place of what failed
"""

from __future__ import annotations

import re

from gradsh.causes.text import Page, Step, read
from gradsh.errors import Source, Span
from gradsh.language import nodes

Edit = tuple[int, int, str]  # from, to, what stands there instead
PIECE = r"`([^`]+)`"
BEFORE = re.compile(rf"(move )?{PIECE}(?: [\w ]*?:)? before (?:the backward keeps it: before )?line (\d+)")
AFTER = re.compile(rf"after line (\d+): {PIECE}")
WHOLE = re.compile(rf"in the place of line (\d+): {PIECE}")
ON = re.compile(rf"on line (\d+): {PIECE}")
THEN = re.compile(rf", then {PIECE}")


def offers(text: str, failed: Span, help: str) -> list[list[Edit]]:
    """The offers of a help line, each as the edits that it makes to a text in which `failed` is what failed.

    Errors: LookupError for a help line that speaks of what the text does not have.
    """
    page = Page(Source("<text>", text))
    if not page.steps:  # no program yet: the line, or what is underlined on it
        pieces = re.findall(PIECE, help) if "`" in help else [help]
        start, line = page.source.starts[failed.line - 1], page.source.line(failed.line)
        whole = (start, start + len(line))
        return [[(*place, piece)] for piece in pieces for place in (whole, (failed.start, failed.end))]
    ordered = [_instead(page, int(match[1]), match[2]) for match in ON.finditer(help)]
    ordered += [_inserted(page, int(match[1]), match[2], 1) for match in AFTER.finditer(help)]
    for match in WHOLE.finditer(help):
        outer = _on_line(page, int(match[1]))[0].statement
        ordered.append((outer.start, outer.end, match[2]))
    for match in BEFORE.finditer(help):
        ordered.append(_inserted(page, int(match[3]), match[2], 0))
        if match[1]:
            same = [step for step in page.steps if page.text(step.statement) == match[2]]
            step = same[0] if same else page.step(failed)
            if step is None:
                raise LookupError("nothing failed there")
            ordered.append((step.statement.start, step.statement.end, "pass"))
    if ordered:
        ordered += [_in_its_place(page, failed, match[1]) for match in THEN.finditer(help)]
        alone = help
        for form in (THEN, AFTER, BEFORE, WHOLE, ON):
            alone = form.sub("", alone)
        return [ordered, *_alone(page, failed, alone)]
    return _alone(page, failed, help)


def _alone(page: Page, failed: Span, help: str) -> list[list[Edit]]:
    """Offers that say no line."""
    pieces = re.findall(PIECE, help) if "`" in help else [help]
    found = []
    for piece in pieces:
        tree = read(piece)
        if tree is None or isinstance(tree, (nodes.Program, nodes.Constant)) or piece[:1] == ".":
            continue
        if isinstance(tree, nodes.Name) and not help.startswith("did you mean"):
            continue
        found.append([_in_its_place(page, failed, piece)])
    return found


def _in_its_place(page: Page, failed: Span, piece: str) -> Edit:
    tree = read(piece)
    step = page.step(failed)
    if step is None:
        raise LookupError("nothing failed there")
    if isinstance(tree, nodes.Assign) and failed.text == getattr(tree.target, "name", ""):
        return failed.start, failed.end, piece  # `keepdim=true` is an argument
    if isinstance(tree, nodes.Assign) and tree.let and isinstance(tree.target, nodes.Name):
        name = tree.target.name
        itself = any(isinstance(node, nodes.Name) and node.name == name for node in nodes.walk(tree.value))
        bound = page.binding(name, step.statement.start)
        if name not in step.statement.binds() and bound is not None and not itself:
            return bound.statement.start, bound.statement.end, piece
    if isinstance(tree, nodes.Stmt):
        outer = step
        while outer.outer is not None and isinstance(tree, nodes.Mode) and type(outer.outer.statement) is type(tree):
            outer = outer.outer
        return outer.statement.start, outer.statement.end, piece
    around = [
        node
        for node in nodes.walk(step.statement)
        if node.start <= failed.start and failed.end <= node.end and _alike(node, tree)
    ]
    if around:
        return around[-1].start, around[-1].end, piece
    return failed.start, failed.end, piece


def _alike(node: nodes.Node, piece: nodes.Node | None) -> bool:
    """Is it a call of the same function, or a string that a list is offered for?"""
    if isinstance(node, nodes.FString):
        return isinstance(piece, nodes.ListComp)
    if isinstance(node, nodes.Call) and isinstance(piece, nodes.Call):
        named = node.function.name if isinstance(node.function, nodes.Name) else ""
        return named == "grad" or (named != "" and getattr(piece.function, "name", "") == named)
    return False


def _on_line(page: Page, line: int) -> list[Step]:
    return [step for step in page.steps if page.line(step.statement) == line]


def _instead(page: Page, line: int, piece: str) -> Edit:
    """In the place of the statement of that line that looks most like it."""
    tree = read(piece)
    steps = _on_line(page, line)
    if not steps:
        raise LookupError(f"there is nothing on line {line}")
    kind = type(tree) if isinstance(tree, nodes.Stmt) else nodes.ExprStmt
    names = tree.binds() if isinstance(tree, nodes.Stmt) else []

    def likeness(step: Step) -> int:
        same = set(names) & set(step.statement.binds())
        return 2 * (type(step.statement) is kind) + 3 * bool(same)

    best = max(steps, key=likeness)
    return best.statement.start, best.statement.end, piece


def _inserted(page: Page, line: int, piece: str, after: int) -> Edit:
    text = page.source.text
    start = page.source.starts[line - 1]
    indent = text[start : start + len(page.source.line(line)) - len(page.source.line(line).lstrip())]
    if after:
        at = page.source.starts[line] if line < len(page.source.starts) else len(text)
        return at, at, ("" if text[:at].endswith("\n") else "\n") + f"{indent}{piece}\n"
    return start, start, f"{indent}{piece}\n"


def edited(text: str, edits: list[Edit]) -> str:
    """The text after the edits."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text
