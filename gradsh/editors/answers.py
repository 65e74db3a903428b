"""What is answered to an editor, in the protocol's terms."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast
from urllib.parse import quote

from lsprotocol import types

from gradsh.advice.applying import PIECE, Edit, edited, offers
from gradsh.editors.analysis import Analysis
from gradsh.editors.positions import offset_of, position_of, range_of, range_of_span
from gradsh.errors import GradshError, Refused, Source, WarningRecord
from gradsh.language import nodes
from gradsh.language.formatting import formatted
from gradsh.session.check import check, table
from gradsh.shell import described
from gradsh.shell.complete import offered
from gradsh.shell.hint import called
from gradsh.view.display import Session

KINDS = {
    "function": types.CompletionItemKind.Function,
    "layer": types.CompletionItemKind.Class,
    "optimiser": types.CompletionItemKind.Class,
    "word": types.CompletionItemKind.Keyword,
    "command": types.CompletionItemKind.Keyword,
    "dtype": types.CompletionItemKind.Constant,
}
SYMBOLS = {
    nodes.Function: types.SymbolKind.Function,
    nodes.Model: types.SymbolKind.Class,
    nodes.Op: types.SymbolKind.Operator,
    nodes.Param: types.SymbolKind.Constant,
}
OF_GRADSH = ("word", "command")  # rows that say nothing of Python's `import`
PLAIN = "plaintext"


# --- what is wrong ----------------------------------------------------------------------------------------------


def diagnostics(analysis: Analysis, uri: str) -> list[types.Diagnostic]:
    """The errors of a text, or where there are none, its warnings."""
    return [_diagnostic(problem, uri) for problem in analysis.problems if _span(problem) is not None]


def _span(problem: GradshError | WarningRecord) -> Any:
    if isinstance(problem, WarningRecord):
        return problem.span
    return problem.labels[0].span if problem.labels else None


def _diagnostic(problem: GradshError | WarningRecord, uri: str) -> types.Diagnostic:
    is_error = isinstance(problem, GradshError)
    more = problem.labels[1:] if is_error else problem.labels
    lines = [problem.message, *([f"help: {problem.help}"] if problem.help else [])]
    return types.Diagnostic(
        range=range_of_span(_span(problem)),
        message="\n".join(lines),
        severity=types.DiagnosticSeverity.Error if is_error else types.DiagnosticSeverity.Warning,
        code=problem.code or None,
        source="gradsh",
        related_information=[
            types.DiagnosticRelatedInformation(types.Location(uri, range_of_span(label.span)), label.text)
            for label in more
            if label.text
        ],
    )


def actions(analysis: Analysis, uri: str, within: types.Range) -> list[types.CodeAction]:
    """What cures a problem in a range: the offers of its help line after which that problem is gone."""
    found: list[types.CodeAction] = []
    text = analysis.source.text
    first, last = offset_of(analysis.source, within.start), offset_of(analysis.source, within.end)
    for problem in analysis.problems:
        span = _span(problem)
        if span is None or span.source.text != text or not (span.start <= last and first <= span.end):
            continue
        for edits in _offers(text, span, problem):
            if cures(analysis, problem, edited(text, edits)):
                changes = [types.TextEdit(range_of(analysis.source, a, b), new) for a, b, new in edits]
                new = " … ".join(new.strip() for _, _, new in edits if new.strip())
                found.append(
                    types.CodeAction(
                        title=f"Write `{new}`" if new else "Leave it out",
                        kind=types.CodeActionKind.QuickFix,
                        diagnostics=[_diagnostic(problem, uri)],
                        edit=types.WorkspaceEdit(changes={uri: changes}),
                        is_preferred=not found,
                    )
                )
                break
    return found


def _offers(text: str, span: Any, problem: GradshError | WarningRecord) -> Iterator[list[Edit]]:
    edit = getattr(problem, "edit", None)
    if edit is not None:
        yield [edit]
    if problem.help:
        with suppress(LookupError, Refused):
            yield from offers(text, span, problem.help)
        for piece in re.findall(PIECE, problem.help):  # several statements, `backward loss; step opt`
            yield [(span.start, span.end, piece)]


def cures(analysis: Analysis, problem: GradshError | WarningRecord, text: str) -> bool:
    """Is that problem gone in a text, and no other there for it?"""
    errors, warnings = check(analysis.source.name, text, analysis.files)
    found: list[GradshError | WarningRecord] = [*errors, *warnings]
    now = [each.message for each in found]
    before = [each.message for each in analysis.problems]
    is_new = any(each not in before for each in (e.message for e in errors))
    return now.count(problem.message) < before.count(problem.message) and not is_new


# --- words ------------------------------------------------------------------------------------------------------


def hover(analysis: Analysis, position: types.Position) -> types.Hover | None:
    """What there is to say of a word: where the program binds it, or what the built-in does."""
    offset = offset_of(analysis.source, position)
    word, start, end = analysis.word_at(offset)
    if not word:
        return None
    place = range_of(analysis.source, start, end)
    is_attribute = analysis.source.text[:start].rstrip().endswith(".")
    bound = None if is_attribute else analysis.defined(word, offset)
    if bound is not None:
        said = code(analysis.line_of(*bound))
        above = comment_above(*bound)
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, said + above), place)
    dotted = dotted_before(analysis.source.text, start) + word
    row = described.row(dotted) or described.table().get(word)
    if row is None or (analysis.is_python and row[0] in OF_GRADSH):
        return None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, page(row)), place)


def code(text: str) -> str:
    return f"```gradsh\n{text}\n```\n"


def page(row: described.Row) -> str:
    """How it is called, what it does, its gradient."""
    _, usage, summary, gradient = row
    return code(usage) + summary + (f"\n\ngradient: `{gradient}`" if gradient else "")


def comment_above(source: Source, offset: int) -> str:
    """The comment in the lines above."""
    number, lines = source.position(offset)[0] - 1, []
    while number > 0 and source.line(number).strip().startswith("#"):
        lines.append(source.line(number).strip().lstrip("# "))
        number -= 1
    return "\n".join(reversed(lines))


def dotted_before(text: str, start: int) -> str:
    """`linalg.` of `linalg.norm`, the modules that are dropped left out."""
    for root in ("linalg.", "special."):
        if text[:start].endswith(root):
            return root
    return ""


def completion(analysis: Analysis, session: Session, position: types.Position) -> list[types.CompletionItem]:
    """What may stand there: the program's own names first."""
    source = analysis.source
    if analysis.is_python:
        return []
    offset = offset_of(source, position)
    word, start, _ = analysis.word_at(offset)
    word = source.text[start:offset]
    items: list[types.CompletionItem] = []
    own: list[str] = []
    if not source.text[:start].rstrip().endswith("."):
        place = analysis.scope_at(start)
        while place is not None:
            own += [name for name in place.values if name.lower().startswith(word.lower()) and name not in own]
            place = place.parent  # type: ignore[assignment]
    for name in own:
        where = analysis.defined(name, start)
        said = analysis.line_of(*where) if where is not None else ""
        items.append(types.CompletionItem(name, kind=types.CompletionItemKind.Variable, detail=said))
    rows = described.table()
    for text, said in offered(session, source.text, offset):
        if text not in own:
            row = rows.get(text)
            kind = KINDS.get(row[0], types.CompletionItemKind.Field) if row is not None else None
            items.append(types.CompletionItem(text, kind=kind, detail=said))
    for number, item in enumerate(items):
        item.sort_text = f"{number:04}"
    return items


def signature(analysis: Analysis, session: Session, position: types.Position) -> types.SignatureHelp | None:
    """The call that is being written."""
    offset = offset_of(analysis.source, position)
    found = called(session, analysis.source.text, offset)
    if found is None:
        return None
    call, usage = found
    own = analysis.parameters_of(call.callee[-1], offset) if len(call.callee) == 1 else None
    if own is not None:
        names = [analysis.of.text[p.start : p.end] for p in own]
        usage = f"{call.callee[-1]}({', '.join(names)})"
    if "(" not in usage:
        return None
    parts = [part.strip() for part in usage.partition("(")[2].rpartition(")")[0].split(", ")]
    parts = [part for part in parts if part]
    shown = [part for part in parts if part != "*"]
    named = [n for n, part in enumerate(shown) if part.partition("=")[0].lstrip("*") == call.of]
    active = named[0] if named else min(call.number, max(0, len(shown) - 1))
    row = described.row(call.callee[-1])
    return types.SignatureHelp(
        [
            types.SignatureInformation(
                label=usage,
                documentation=row[2] if row is not None and own is None else None,
                parameters=[types.ParameterInformation(label=part) for part in shown],
            )
        ],
        active_signature=0,
        active_parameter=active,
    )


def definition(analysis: Analysis, uri: str, position: types.Position) -> types.Location | None:
    """Where a word is bound, or the file that is used there."""
    offset = offset_of(analysis.source, position)
    word, _, _ = analysis.word_at(offset)
    used = analysis.used_at(offset)
    if used is not None and word not in analysis.names.top.values:
        return types.Location(uri_of(used.name), range_of(used, 0, 0))
    found = analysis.defined(word, offset) if word else None
    if found is None:
        return None
    source, at = found
    target = uri if source is analysis.of else uri_of(source.name)
    return types.Location(target, range_of(source, at, at + len(word)))


def uri_of(path: str) -> str:
    return "file://" + quote(os.path.abspath(path))


# --- the whole text ---------------------------------------------------------------------------------------------


def symbols(analysis: Analysis) -> list[types.DocumentSymbol]:
    """What the text binds at its top level, and in its models."""
    return list(_symbols(analysis, analysis.tree.body))


def _symbols(analysis: Analysis, body: list[nodes.Stmt]) -> Iterator[types.DocumentSymbol]:
    seen: set[str] = set()
    for statement in body:
        inner = statement.body if isinstance(statement, nodes.Model) else []
        plain = types.SymbolKind.Field if body is not analysis.tree.body else types.SymbolKind.Variable
        kind = SYMBOLS.get(cast("Any", type(statement)), plain)
        for name in statement.binds():
            if name in seen:
                continue
            seen.add(name)
            at = analysis.of.text.find(name, statement.start, statement.end)
            yield types.DocumentSymbol(
                name=name,
                kind=kind,
                range=range_of(analysis.of, statement.start, statement.end),
                selection_range=range_of(analysis.of, at, at + len(name)) if at >= 0 else range_of(analysis.of, 0, 0),
                children=list(_symbols(analysis, inner)),
            )


def formatting(analysis: Analysis) -> list[types.TextEdit] | None:
    """The edit after which the text is as `gradsh fmt` lays it out; None where it is no program."""
    source = analysis.source
    if analysis.is_python:
        return None
    try:
        text = formatted(Source(source.name, source.text), table().commands())
    except (Refused, GradshError):
        return None
    if text == source.text:
        return []
    return [types.TextEdit(types.Range(types.Position(0, 0), position_of(source, len(source.text))), text)]
