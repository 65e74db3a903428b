"""Where the parser stopped, and the words for it: first the table of typical mistakes, then what fits everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from gradsh import errors
from gradsh.calls.suggest import suggest
from gradsh.language import brackets, mending, strings
from gradsh.language.mistakes import BLOCK, MISTAKES, Mistake
from gradsh.language.words import RESERVED, CommandWord, beginnings, starters

NEAR = 300  # characters before the place that a pattern sees
FAR = 2000  # and behind it: a `switch` is mended as a whole


class Trouble:
    """Where the parser stopped: the offending text [start:end], its terminal, and what was open around it."""

    __slots__ = ("commands", "end", "expected", "kind", "last", "limit", "open", "source", "start", "whole")

    def __init__(
        self, source: errors.Source, start: int, end: int, limit: int, kind: str, open: list[Any], last: Any
    ) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.limit = limit  # where the text that was being parsed ends
        self.kind = kind  # the terminal; "" for a character that begins none, "RESERVED" for a word that is no name
        self.open = open  # the tokens of the brackets that are open
        self.last = last  # the token before
        self.whole = False  # the rest of the text is likely wrong in the same way
        self.expected: Callable[[], set[str]] = set
        self.commands: Sequence[CommandWord] = ()


_compiled: list[tuple[re.Pattern[str] | None, re.Pattern[str] | None]] = []


def typical(trouble: Trouble) -> errors.GradshError | None:
    """The error of the first entry of the table that fits."""
    if not _compiled:
        _compiled.extend(
            (
                re.compile(rf"(?:{entry.before})\Z", re.MULTILINE) if entry.before else None,
                re.compile(entry.at) if entry.at else None,
            )
            for entry in MISTAKES
        )
    text = trouble.source.text
    left = text[max(0, trouble.start - NEAR) : trouble.start]
    stop = min(trouble.limit, trouble.start + FAR)
    for entry, (before, at) in zip(MISTAKES, _compiled, strict=True):
        first = before.search(left) if before else None
        if before and not first:
            continue
        second = at.match(text, trouble.start, stop) if at else None
        if at and not second:
            continue
        # what is no character of gradsh, and only that, is the concern of the entries for characters
        if entry.error is errors.BadToken and trouble.kind:
            continue
        groups = {**(first.groupdict("") if first else {}), **(second.groupdict("") if second else {})}
        label = place(trouble)
        offset = trouble.start - len(left)
        if first and groups.get("mark"):
            label = errors.Label(errors.Span(trouble.source, offset + first.start("mark"), offset + first.end("mark")))
        trouble.whole = entry.whole
        said = {name: " ".join(value.split()) for name, value in groups.items()}
        error = entry.error(entry.message.format(**said), [label], entry.plain.format(**said) if entry.plain else None)
        start = next((offset + first.start(cut) for cut in ("cut", "mark") if first and cut in groups), trouble.start)
        end = second.end() if second else trouble.start
        error.edit = _edit(entry, groups, start, end, trouble)
        return error
    return None


def _edit(entry: Mistake, groups: dict[str, str], start: int, end: int, trouble: Trouble) -> mending.Edit | None:
    if entry.edit is None:
        return None
    if entry.edit == BLOCK:
        return mending.block(trouble.source.text, trouble.start, trouble.limit)
    new = entry.edit.format(**groups) if isinstance(entry.edit, str) else entry.edit(groups)
    return None if new is None else (start, end, new)


def place(trouble: Trouble, words: str = "") -> errors.Label:
    """A label at what the parser stopped at; an empty one, after the last token, where that is the end of a line."""
    start, end = trouble.start, trouble.end
    text = trouble.source.text
    if trouble.kind in ("END", "$END"):
        if text[start : start + 1] == ";":
            return errors.Label(errors.Span(trouble.source, start, start + 1), words)
        start = trouble.last.end_pos if trouble.last is not None else start
        return errors.Label(errors.Span(trouble.source, start, start), words)
    if trouble.kind == "":
        end = start + 1
        if text[start].isdigit() or text[start] == ".":
            while end < len(text) and (text[end].isalnum() or text[end] in "._"):
                end += 1
    return errors.Label(errors.Span(trouble.source, start, end), words)


# --- what no entry of the table says --------------------------------------------------------------------------

SHOWN = {
    "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`", "BLOCK": "`{`", "DICT": "`{`", "RBRACE": "`}`",
    "COMMA": "`,`", "EQUAL": "`=`", "COLON": "`:`", "ELSE": "`else`", "IN": "`in`", "IMPORT": "`import`", "AS": "`as`",
    "CATCH": "`catch`", "GRADIENT": "`backward(…)`", "FOR": "`for`",
}  # fmt: skip
OPERANDS = frozenset(("NAME", "NUMBER", "STRING", "FSTRING", "CONSTANT", "VERB", "WORD", "COMMAND", "LPAR", "DICT"))
AFTER_OPERAND = frozenset(("DOT", "LPAR", "LSQB", "AUGMENTED"))


def in_words(expected: set[str]) -> str:
    """What could stand at a place, at most five things, in words."""
    words = []
    value = "NUMBER" in expected
    if value:
        words.append("a value")
    elif expected & {"NAME", "WORD"}:
        words.append("a name")
    elif "STRING" in expected:
        words.append("a string in quotes")
    operator = not value and "PLUS" in expected
    hidden = (
        AFTER_OPERAND | {"IN", "FOR"}
        if operator
        else frozenset(("LPAR", "LSQB", "DICT", "IMPORT", "FOR"))
        if value
        else frozenset()
    )
    for terminal, shown in SHOWN.items():
        if terminal in expected and terminal not in hidden and shown not in words:
            words.append(shown)
    if operator:
        words.append("an operator")
    if expected & {"END", "$END"}:
        words.append("the end of the statement")
    words = words[:5]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def explain(trouble: Trouble) -> errors.GradshError:
    """The error for a place where the parser stopped."""
    return (
        character(trouble)
        or closing(trouble)
        or unclosed(trouble)
        or typical(trouble)
        or reserved(trouble)
        or missing(trouble)
        or anything(trouble)
    )


def character(trouble: Trouble) -> errors.GradshError | None:
    """A quote that opens a string without end, or a character that means nothing."""
    if trouble.kind:
        return None
    text = trouble.source.text
    sign = text[trouble.start]
    if sign in "\"'":
        if text[: trouble.start][-1:].isalnum() and (mark := typical(trouble)) is not None:  # `f'(x)`
            return mark
        triple = text[trouble.start : trouble.start + 3] == sign * 3
        width = 3 if triple else 1
        label = errors.Label(errors.Span(trouble.source, trouble.start, trouble.start + width), "opened here")
        if triple:
            return errors.Incomplete(f"this string is not closed: {sign * 3} is missing", [label])
        error = errors.BadToken(f"this string is not closed on its line: {sign} is missing", [label])
        line = text[trouble.start : trouble.limit].partition("\n")[0].rstrip()
        closers = len(line) - len(line.rstrip(")]}"))
        at = trouble.start + len(line) - min(closers, len(trouble.open))
        error.edit = (at, at, sign)
        return error
    if not sign.isascii() or not sign.isprintable():
        kind, message = strings.strange(sign)
        odd = kind(message, [place(trouble)])
        first = text.rfind("\n", 0, trouble.start) + 1
        line = text[first : trouble.limit].partition("\n")[0]
        meant = strings.as_meant(line)
        return edited(odd, first, first + len(line), meant) if meant != line else odd
    return None


def closing(trouble: Trouble) -> errors.GradshError | None:
    """A closing bracket that closes nothing, or another bracket than the one that is open."""
    sign = trouble.source.text[trouble.start : trouble.start + 1]
    if trouble.kind not in ("RPAR", "RSQB", "RBRACE"):
        return None
    here = place(trouble)
    if not trouble.open:
        return edited(errors.SyntaxError_(f"this `{sign}` closes nothing", [here]), trouble.start, trouble.end, "")
    opener = trouble.open[-1]
    wanted = brackets.PAIRS[opener.value]
    if wanted == sign:
        return None
    there = errors.Label(errors.Span(trouble.source, opener.start_pos, opener.end_pos), "opened here")
    error = errors.SyntaxError_(f"`{sign}` does not close `{opener.value}`", [here, there])
    closes_another = any(brackets.PAIRS[token.value] == sign for token in trouble.open)
    return edited(error, trouble.start, trouble.start if closes_another else trouble.end, wanted)


def unclosed(trouble: Trouble) -> errors.GradshError | None:
    """The text ends, or another statement begins, while a bracket is open: the bracket is what is shown."""
    if not trouble.open or trouble.kind == "":
        return None
    opener = trouble.open[-1]
    text = trouble.source.text
    if trouble.kind != "$END":
        # In a bracket that is never closed a new line begins something that cannot follow.
        if opener.type == "BLOCK" or "\n" not in text[trouble.last.end_pos : trouble.start]:
            return None
        if brackets.partner(text, opener.start_pos) is not None:
            return None
    label = errors.Label(errors.Span(trouble.source, opener.start_pos, opener.end_pos), "opened here")
    error = errors.Incomplete(f"this `{opener.value}` is not closed", [label])
    at = trouble.last.end_pos
    if trouble.last.value == "," and opener.type != "BLOCK":
        at -= 1
    return edited(error, at, at, (" " if opener.type == "BLOCK" else "") + brackets.PAIRS[opener.value])


def edited(error: errors.GradshError, start: int, end: int, new: str) -> errors.GradshError:
    """The error, with what should stand at that place."""
    error.edit = (start, end, new)
    return error


def reserved(trouble: Trouble) -> errors.GradshError | None:
    """A reserved word where a name or a value should be."""
    text = trouble.source.text
    word = text[trouble.start : trouble.end]
    if word not in RESERVED:
        return None
    last = trouble.last.type if trouble.last is not None else "END"
    if word in ("else", "catch") and (last in ("END", "BLOCK", "RBRACE") or trouble.kind != "RESERVED"):
        return half(trouble, word)
    following = re.compile(r"[ \t]*(?:[-+*/%]?=(?!=)|,|\))").match(text, trouble.end)
    if last in ("LET", "FN", "FOR", "CATCH", "OP", "MODEL", "PARAM", "AS") or (
        following and last in ("END", "BLOCK", "LPAR", "COMMA", "STAR")
    ):
        error = errors.ReservedWord(f"`{word}` is a reserved word and cannot be a name", [place(trouble)])
        return edited(error, trouble.start, trouble.end, f"{word}_")
    return None


def half(trouble: Trouble, word: str) -> errors.GradshError:
    """An `else` or `catch` whose first half is not closed, or is not there."""
    opener = "if" if word == "else" else "try"
    text = trouble.source.text
    blocks = [token for token in trouble.open if token.type == "BLOCK"]
    if blocks and re.search(rf"\b{opener}\b[^\n;{{}}]*\Z", text[: blocks[-1].start_pos]):
        there = errors.Label(errors.Span(trouble.source, blocks[-1].start_pos, blocks[-1].end_pos), "opened here")
        error = errors.SyntaxError_(f"this `{{` is not closed before the `{word}`", [there, place(trouble)])
        held = text[blocks[-1].start_pos : trouble.start]
        return edited(error, blocks[-1].start_pos, trouble.start, held.rstrip() + ("\n} " if "\n" in held else " } "))
    error = errors.SyntaxError_(
        f"there is no `{opener}` that this `{word}` belongs to: it stands behind the `}}` of the `{opener}`",
        [place(trouble)],
    )
    first = "if x > 0 { pass } " if word == "else" else "try { pass } "
    if text[trouble.start : trouble.end + 40].partition("{")[1]:
        error.help = "if true { } else { pass }" if word == "else" else "try { pass } catch err { pass }"
        return edited(error, trouble.start, trouble.start, first)
    return error


def missing(trouble: Trouble) -> errors.GradshError | None:
    """Two things side by side with something missing between them, and constructs without their second half."""
    expected = trouble.expected()
    here = [place(trouble)]
    text = trouble.source.text
    after = trouble.last.end_pos if trouble.last is not None else trouble.start
    if "GRADIENT" in expected:
        error = errors.SyntaxError_("an op has a `backward(…)` after its body", here)
        return edited(error, after, after, " backward(g) { return g }")
    if "CATCH" in expected:
        return edited(errors.SyntaxError_("a `try` has a `catch`", here), after, after, " catch err { print err }")
    if "ELSE" in expected and "BLOCK" not in expected and "NUMBER" not in expected:
        return edited(
            errors.SyntaxError_("the `else` of this conditional is missing", here), after, after, " else none"
        )
    if trouble.kind == "END" and text[trouble.start] == ";" and trouble.open and trouble.open[-1].type != "BLOCK":
        opener = trouble.open[-1]
        there = errors.Label(errors.Span(trouble.source, opener.start_pos, opener.end_pos), "opened here")
        error = errors.SyntaxError_(f"a `;` stands inside of this `{opener.value}`", [there, *here])
        return edited(error, trouble.start, trouble.start + 1, ",")
    if trouble.kind in ("LET", "FN", "FOR", "WHILE", "TRY", "RETURN") and expected & {"END", "$END"}:
        shown = text[trouble.start : trouble.end]
        error = errors.SyntaxError_(f"a new line or `;` is missing before `{shown}`", here)
        return edited(error, after, after, ";")
    return side_by_side(trouble, expected, after) if trouble.kind in OPERANDS else None


def side_by_side(trouble: Trouble, expected: set[str], after: int) -> errors.GradshError | None:
    """Two values with nothing between them: a comma, a bracket, a line end or an operator is missing."""
    here = [place(trouble)]
    text = trouble.source.text
    shown = text[trouble.start : min(trouble.end, trouble.start + 40)]
    begin = max(text.rfind(sign, 0, trouble.start) for sign in "\n;{}") + 1
    left, right = text[begin : trouble.start], re.split(r"[\n;}]", text[trouble.start :], maxsplit=1)[0].rstrip()
    if "COMMA" in expected and (
        (trouble.open and trouble.open[-1].type != "BLOCK") or command_before(left, trouble.commands)
    ):
        return edited(errors.SyntaxError_(f"a comma is missing before `{shown}`", here), after, after, ",")
    if "END" not in expected and "$END" not in expected:
        return None
    end = trouble.start + len(right)
    if call := re.fullmatch(r"\s*([^\W\d][\w.]*)[ \t]+", left):
        meant = suggest(call.group(1), beginnings(trouble.commands))
        first, last = begin + call.start(1), begin + call.end(1)
        if meant is not None:
            word = errors.Label(errors.Span(trouble.source, first, last))
            return edited(errors.SyntaxError_(f"`{call.group(1)}` is not a statement", [word]), first, last, meant)
        error = errors.SyntaxError_("two values stand side by side; a function is called with parentheses", here)
        return edited(error, first, end, f"{call.group(1)}({right})")
    if re.match(r"\w+[ \t]*(?:=(?!=)|\()", right):
        error = errors.SyntaxError_(f"a new line or `;` is missing before `{shown}`", here)
        return edited(error, after, after, ";")
    error = errors.SyntaxError_(f"an operator, a comma or a new line is missing before `{shown}`", here)
    return edited(error, after, after, " *") if trouble.last.type == "NUMBER" and trouble.kind == "NAME" else error


def command_before(left: str, commands: Sequence[CommandWord]) -> bool:
    """Whether a line begins with a command word, whose arguments want commas."""
    return bool(re.match(rf"\s*(?:{'|'.join(starters(commands))})\b", left))


def anything(trouble: Trouble) -> errors.GradshError:
    """All other places: what stands there, and what could."""
    wanted = in_words(trouble.expected())
    here = [place(trouble)]
    text = trouble.source.text
    if trouble.kind == "$END":
        return errors.Incomplete(
            f"something is missing at the end: expected {wanted}" if wanted else "unexpected end", here
        )
    if trouble.kind == "END" and text[trouble.start] == "\n":
        return errors.SyntaxError_(f"the line ends too early: expected {wanted}", here)
    shown = " ".join(here[0].span.text.split())
    shown = shown if len(shown) <= 40 else shown[:40] + "…"
    if trouble.kind == "RESERVED":
        return errors.SyntaxError_(f"the reserved word `{shown}` cannot stand here", here)
    return errors.SyntaxError_(f"`{shown}` cannot stand here" + (f": expected {wanted}" if wanted else ""), here)


# --- going on after an error ----------------------------------------------------------------------------------


def resume_after(trouble: Trouble, start: int) -> int | None:
    """Where to go on after an error in what began at `start`; None where what follows could not be told reliably."""
    return None if trouble.whole else brackets.next_line(trouble.source.text, start, trouble.start)


def follows_another(text: str, at: int) -> bool:
    """Whether an error after a resumption is only the other half of the one before: a `}` or `else` left alone."""
    return re.compile(r"\s*(?:\}|(?:else|elif|catch|except|finally)\b)").match(text, at) is not None
