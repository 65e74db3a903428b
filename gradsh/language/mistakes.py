"""What a wrong text is told: the table of typical mistakes, and the words for everything else.

To add a mistake, add one entry to `MISTAKES`: the tests parse its example, compare the message, and parse the help.
An entry looks at the text around the place where the parser stopped; the first that fits speaks. Named groups of its
two patterns can be used in message and help. A help that is no gradsh text once they are filled in is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gradsh import errors
from gradsh.language import brackets, strings

RESERVED = frozenset(
    "let fn if else while for in is repeat try catch break continue return pass del assert and or not print backward"
    " import from true false none True False None".split()
)
NEAR = 300  # characters on each side that a pattern sees


class Trouble:
    """Where the parser stopped: the offending text [start:end], its terminal, and what was open around it."""

    __slots__ = ("end", "expected", "kind", "last", "limit", "open", "source", "start", "whole")

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


class Mistake:
    """One typical mistake: an example, the error, and how to recognise it: `before` ends, `at` begins where it stopped."""

    __slots__ = ("at", "before", "error", "example", "help", "message", "whole")

    def __init__(
        self,
        example: str,
        message: str,
        help: str | None,
        before: str = "",
        at: str = "",
        error: type[errors.GradshError] = errors.SyntaxError_,
        whole: bool = False,
    ) -> None:
        self.example = example
        self.message = message
        self.help = help
        self.before = before
        self.at = at
        self.error = error
        self.whole = whole  # the rest of the text is likely written the same way: report nothing after it


OPERAND = r"(?=[\w\"'(\[])(?!(?:if|else|in|is|and|or|for)\b)"
REST = r"(?P<rest>[^\n;#{}]*[^\s;#{}])"
HEAD = r"(?P<head>\b(?:for|while|if|repeat)\b[^\n{};:]*[^\s{};:])"

MISTAKES = [
    # --- blocks and definitions as in other languages
    Mistake("def f(x):\n    return x", "a function is defined with `fn`, its body in braces",
            "fn {name}({args}) {{ pass }}", r"^[ \t]*(?P<mark>def)[ \t]+$", r"(?P<name>\w+)[ \t]*\((?P<args>[^()\n]*)\)", whole=True),
    Mistake("function f(x) { return x }", "a function is defined with `fn`",
            "fn {name}({args}) {{ pass }}", r"^[ \t]*(?P<mark>function|func|fun)[ \t]+$", r"(?P<name>\w+)(?:[ \t]*\((?P<args>[^()\n]*)\))?"),
    Mistake("fn f(x):\n    return x", "a body stands in braces, or after `=`; not after `:`",
            "{head} {{ pass }}", r"(?P<head>\bfn\b[^\n{}:]*\))[ \t]*$", r":", whole=True),
    Mistake("fn f(x) return x", "a body stands in braces, or after `=`",
            "{head} = {rest}", r"(?P<head>\bfn\b[^\n{}:]*\))[ \t]*$", r"return\b[ \t]*(?P<rest>[^\n;]+)"),
    Mistake("fn f x = x", "the parameters of a function stand in parentheses",
            "fn {name}({arg}) = {arg}", r"\bfn[ \t]+(?P<name>\w+)[ \t]+$", r"(?P<arg>\w+)"),
    Mistake("fn f(x: float) = x", "parameters have no types",
            "fn f(x) = x", r"\bfn\b[^\n)]*\([^)\n]*$", r":"),
    Mistake("with torch.no_grad():\n    x = 1", "`with` does not exist here: the mode's name is followed by its block",
            "{mode} {{ pass }}", r"^[ \t]*(?P<mark>with)[ \t]+$", r"(?:torch\.)?(?:autograd\.)?(?P<mode>no_grad|enable_grad|inference_mode|detect_anomaly)\b", whole=True),
    Mistake("with open(f) { pass }", "`with` does not exist here", "no_grad {{ pass }}", r"^[ \t]*(?P<mark>with)[ \t]+$", r"", whole=True),
    Mistake("class Net(Module):\n    pass", "a model is declared with `model`",
            "model {name}() {{ pass }}", r"^[ \t]*(?P<mark>class)[ \t]+$", r"(?P<name>\w+)", whole=True),
    Mistake("model Net(nn.Module) { }", "a model has no base class; what stands in parentheses are its parameters",
            "model {name}() {{ pass }}", r"\bmodel[ \t]+(?P<name>\w+)[ \t]*\([^)\n]*$", r"\."),
    Mistake("if x > 0 { y } elif x < 0 { z }", "`elif` is written `else if`",
            "if x > 0 {{ pass }} else if x < 0 {{ pass }}", r"", r"(?:elif|elsif|elseif)\b"),
    Mistake("if x > 0 { y }\nelif x < 0 { z }", "`elif` is written `else if`",
            "if x > 0 {{ pass }} else if x < 0 {{ pass }}", r"\b(?P<mark>elif|elsif|elseif)[ \t]+$", r""),
    Mistake("if x > 0 then y", "after the condition comes a block in braces",
            "{head} {{ pass }}", HEAD + r"[ \t]+$", r"(?:then|do)\b"),
    Mistake("for i in range(3):\n    print i", "a block stands in braces, not after `:`",
            "{head} {{ pass }}", HEAD + r"[ \t]*$", r":(?!=)", whole=True),
    Mistake("else:\n    pass", "a block stands in braces, not after `:`",
            "if x > 0 {{ pass }} else {{ pass }}", r"", r"else[ \t]*:", whole=True),
    Mistake("try:\n    pass", "a block stands in braces, not after `:`",
            "try {{ pass }} catch err {{ pass }}", r"\btry[ \t]*$", r":", whole=True),
    Mistake("try { x } except e { y }", "`{word}` is written `catch`",
            "try {{ pass }} catch err {{ pass }}", r"\}\s*$", r"(?P<word>except|rescue)\b"),
    Mistake("try { x } finally { y }", "a `try` has a `catch`, and no `finally`",
            "try {{ pass }} catch err {{ pass }}", r"\}\s*$", r"finally\b"),
    Mistake("if x > 0\n{\n y\n}", "the `{{` stands on the line of its statement",
            "{head} {{ pass }}", r"(?P<head>\b(?:for|while|if|fn|model|op)\b[^\n{};]*[^\s{};])[ \t]*$", r"[ \t]*(?:#[^\n]*)?\n\s*\{", whole=True),
    Mistake("for i = 0; i < 3", "a loop runs over values, with `in`",
            "for {name} in range(10) {{ pass }}", r"\bfor[ \t]*\(?[ \t]*(?:let[ \t]+|int[ \t]+)?(?P<name>\w+)[ \t]*$", r"="),
    Mistake("for i range(3) { x }", "the `in` of this `for` is missing",
            "for {name} in {rest} {{ pass }}", r"\bfor[ \t]+(?P<name>\w+(?:[ \t]*,[ \t]*\w+)*)[ \t]+$", r"(?!in\b)(?:of\b[ \t]*|=[ \t]*)?" + REST),
    Mistake("if x = 3 { y }", "`=` binds a name; to compare, write `==`",
            "{head} == {rest} {{ pass }}", r"(?P<head>\b(?:if|while)\b[^\n{}=;]*[^\s{}=;])[ \t]*$", r"=(?!=)[ \t]*" + REST),
    Mistake("assert x = 3", "`=` binds a name; to compare, write `==`",
            "{head} == {rest}", r"(?P<head>\bassert\b[^\n{}=;]*[^\s{}=;])[ \t]*$", r"=(?!=)[ \t]*" + REST),
    Mistake("if (x > 0) y = 1", "what a condition governs stands in braces",
            "{head} {{ {rest} }}", r"(?P<head>^[ \t]*(?:if|while)\b[^\n{};]*[^\s{};])[ \t]*$", OPERAND + r"(?P<rest>[^\n;#{}]*[^\s;#{}])"),
    # --- words of other languages
    Mistake("let f = lambda x: x", "an anonymous function is written `fn(x) = …`",
            "fn({args}) = {body}", r"\b(?P<mark>lambda)[ \t]*$", r"(?P<args>[^:\n]*):[ \t]*(?P<body>[^\n,;)\]}]*[^\s,;)\]}])?"),
    Mistake("var x = 1", "a name is made with `let`, or by `=` alone",
            "let {rest}", r"^[ \t]*(?:var|const|auto|int|float|double|val|local|my|mut|def|set|tensor|Tensor)[ \t]+$", r"(?P<rest>[^\W\d]\w*[ \t]*=[^\n;#]+)"),
    Mistake("let mut x = 1", "every name can be bound again; `mut` is not needed", "let {rest}", r"\blet[ \t]+(?P<mark>mut)[ \t]+$", r"(?P<rest>[^\n;#]+)"),
    Mistake("global count", "`{mark}` is not needed: `count += 1` changes the binding that it finds",
            "count += 1", r"^[ \t]*(?P<mark>global|nonlocal)[ \t]+$", r"\w"),
    Mistake('raise "no"', "`{mark}` does not exist here; `assert` stops a program with a message",
            'assert false, "message"', r"^[ \t]*(?P<mark>raise|throw)[ \t]+$", r""),
    Mistake("yield x", "`yield` does not exist here; a function returns a list", "return [1, 2]", r"\b(?P<mark>yield)[ \t]+$", r""),
    Mistake("use lib", "`use` takes the path of a file in quotes", 'use "{name}.grad"', r"\buse[ \t]+$", r"(?P<name>\w+)"),
    Mistake("@jit\nfn f(x) = x", "functions are not decorated; call the other function with it",
            "let g = grad(f)", r"(?:^|[;{])[ \t]*$", r"@"),
    # --- operators of other languages
    Mistake("let y = x++", "`++` does not exist here", "{name} += 1", r"(?P<name>[\w.]+(?:\[[^\[\]\n]*\])?)[ \t]*(?P<mark>\+\+)[ \t]*$", r""),
    Mistake("i--", "`--` does not exist here", "{name} -= 1", r"(?P<name>[\w.]+(?:\[[^\[\]\n]*\])?)[ \t]*(?P<mark>--)[ \t]*$", r""),
    Mistake("if a && b { c }", "`&&` is written `and` (`&` for tensors)", "a and b", r"(?P<mark>&)[ \t]*$", r"&"),
    Mistake("if a || b { c }", "`||` is written `or` (`|` for tensors)", "a or b", r"\|[ \t]*$", r"\|"),
    Mistake("if !done { x }", "`!` is written `not`", "not {rest}", r"", r"!(?!=)[ \t]*" + REST),
    Mistake("let y = c ? 1 : 2", "a choice is written `a if c else b`", "a if c else b", r"", r"\?"),
    Mistake("a <> b", "`<>` is written `!=`", "a != b", r"<$", r">"),
    Mistake("a === b", "`===` is written `==`", "a == b", r"[=!]=$", r"="),
    Mistake("let f = x -> x + 1", "`->` does not exist here; a function is written `fn(x) = …`", "fn(x) = x + 1", r"(?P<mark>-)$", r">"),
    Mistake("let f = x => x + 1", "`=>` does not exist here; a function is written `fn(x) = …`, and at least is `>=`",
            "fn(x) = x + 1", r"", r"=>|(?<==)>"),
    Mistake("a =< b", "`=<` is written `<=`", "a <= b", r"", r"=<|(?<==)<"),
    Mistake("x := 3", "`:=` is written `=`", "let {name} = {rest}", r"(?P<name>\w+)[ \t]*$", r":=[ \t]*" + REST),
    Mistake("let x == 3", "`==` compares; a name is bound with `=`", "let {name} = {rest}", r"\blet[ \t]+(?P<name>\w+)[ \t]*(?P<mark>==)[ \t]*" + REST + r"\s*$"),
    Mistake("x = = 1", "`=` stands here twice", "{name} = {rest}", r"(?P<name>\w+)[ \t]*=[ \t]*$", r"=(?!=)[ \t]*" + REST),
    Mistake("let x: float = 1.0", "names have no types", "let {name} = {rest}",
            r"^[ \t]*(?:let[ \t]+)?(?P<name>\w+)[ \t]*$", r":[^=\n]*=[ \t]*" + REST),
    Mistake("sum(x, dim: 0)", "an argument is given as `name=value`", "{name}={rest}", r"[(,][ \t]*(?P<name>\w+)[ \t]*$", r":[ \t]*(?P<rest>[^\s,)]+)"),
    Mistake("f(**options)", "`**` unpacks nothing here; `*values` does", "print *[1, 2]", r"[(,]\s*$", r"\*\*"),
    # --- numbers, characters, comments
    Mistake("x.5", "after `.` comes a name; an element is taken with an index", "{name}[{number}]", r"(?P<name>\w+)[ \t]*\.[ \t]*$", r"(?P<number>\d+)"),
    Mistake("1.sum()", "a number that is followed by `.` and a name stands in parentheses", "({number}).{rest}", r"",
            r"(?P<number>\d[\d_]*)\.(?P<rest>[^\W\d]\w*(?:\(\))?)", errors.BadToken),
    Mistake("2j + 1", "complex numbers are no part of gradsh", None, r"", r"\d[\d_.]*[jJ]\b", errors.BadToken),
    Mistake("let y = 2x", "`{number}{rest}` is neither a number nor a name; a product is written with `*`",
            "{number} * {rest}", r"", r"(?P<number>[\d.]*\d)(?P<rest>[^\W\d_]\w*)", errors.BadToken),
    Mistake("let y = 1.2.3", "`{number}` is not a number", None, r"", r"(?P<number>\.?\d[\w.]*)", errors.BadToken),
    Mistake("// a comment", "a comment begins with `#`; `//` divides and rounds down", "# a comment", r"(?:^|[;{}])[ \t]*$", r"//"),
    Mistake("let x = 1 // a comment", "a comment begins with `#`; `//` divides and rounds down", "# a comment", r"(?P<mark>//)[^\n]*[ \t]$", OPERAND),
    Mistake("/* a comment */", "a comment begins with `#`", "# a comment", r"", r"/\*"),
    Mistake("let x = 1 + \\\n2", "a line goes on after an operator, a comma, or in brackets; `\\` is not needed",
            "let x = (1 + 2)", r"", r"\\", errors.BadToken),
    Mistake("$x + 1", "a name stands without `$`", "{name}", r"", r"\$(?P<name>\w+)", errors.BadToken),
    # --- brackets and what belongs in them
    Mistake("sum(v for v in xs)", "a comprehension stands in square brackets", "[{item} {rest}]",
            r"\((?P<item>[^()\n]*)$", r"(?P<rest>for\b[^\n()]*)"),
    Mistake("let d = {k: 1 for k in ks}", "a dict has no comprehension; make a list, or fill the dict in a loop",
            'for k in ["a", "b"] {{ d[k] = 1 }}', r"\{[^{}\n]*$", r"for\b"),
    Mistake("let s = {1, 2}", "braces hold a dict; a list is written with square brackets", "[1, 2]", r"\{[^{}:\n]*$", r"[,}]"),
    Mistake("let d = {a=1}", "a dict is written with `:` and its keys in quotes", '{{"{name}": 1}}', r"[{,][ \t]*(?P<name>\w+)[ \t]*$", r"=(?!=)"),
    Mistake("print(*)", "after `*` comes a list or a tuple", "print *[1, 2]", r"[(,][ \t]*\*[ \t]*$", r"[,)]"),
    # --- something missing
    Mistake("let x", "a `let` has a value", "let {name} = 0.0", r"\blet[ \t]+(?P<name>\w+)[ \t]*$", r"\s*(?:[;}]|\Z|(?<=\n))"),
    Mistake("let x 3", "the `=` of this `let` is missing", "let {name} = {rest}", r"\blet[ \t]+(?P<name>\w+)[ \t]+$", OPERAND + REST),
    Mistake("param lr", "a `param` has a default value", "param {name} = 0.01", r"\bparam[ \t]+(?P<name>\w+)[ \t]*$", r"\s*(?:[;}]|\Z|(?<=\n))"),
    Mistake("if x > 0 { y } z = 1", "after `}}` a new line or `;` is missing", "if x > 0 {{ pass }}; {rest}", r"\}[ \t]*$", OPERAND + REST),
    Mistake("a = b = 3", "a statement has one `=`", "b = {rest}; a = b", r"^[^=\n]*[^=!<>\n]=[^=\n]+$", r"=(?!=)[ \t]*" + REST),
]  # fmt: skip

_compiled: list[tuple[re.Pattern[str] | None, re.Pattern[str] | None]] = []


def typical(trouble: Trouble) -> errors.GradshError | None:
    """The error of the first entry of the table that fits."""
    if not _compiled:
        for entry in MISTAKES:
            _compiled.append((
                re.compile(entry.before, re.MULTILINE) if entry.before else None,
                re.compile(entry.at) if entry.at else None,
            ))  # fmt: skip
    text = trouble.source.text
    left = text[max(0, trouble.start - NEAR) : trouble.start]
    stop = min(trouble.limit, trouble.start + NEAR)
    for entry, (before, at) in zip(MISTAKES, _compiled, strict=True):
        first = before.search(left) if before else None
        # `$` under MULTILINE also fits at inner line ends: only a match that reaches the place counts
        while first and before and first.end() != len(left):
            first = before.search(left, first.end() + 1) if first.end() < len(left) else None
        if before and not first:
            continue
        second = at.match(text, trouble.start, stop) if at else None
        if at and not second:
            continue
        # what is no character of gradsh, and only that, is the concern of the entries for characters
        if entry.error is errors.BadToken and trouble.kind:
            continue
        groups = {**(first.groupdict("") if first else {}), **(second.groupdict("") if second else {})}
        groups = {name: " ".join(value.split()) for name, value in groups.items()}
        label = place(trouble)
        if first and first.groupdict().get("mark"):
            offset = trouble.start - len(left)
            label = errors.Label(errors.Span(trouble.source, offset + first.start("mark"), offset + first.end("mark")))
        trouble.whole = entry.whole
        help = entry.help.format(**groups) if entry.help else None
        return entry.error(entry.message.format(**groups), [label], help)
    return None


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


def increments(last: str, before: str) -> bool:
    """Whether a line ends with `++` or `--`, which is never meant as an operator that wants an operand."""
    return last == before and last in ("PLUS", "MINUS")


# --- what no entry of the table says --------------------------------------------------------------------------

SHOWN = {
    "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`", "BLOCK": "`{`", "DICT": "`{`", "RBRACE": "`}`",
    "COMMA": "`,`", "EQUAL": "`=`", "COLON": "`:`", "ELSE": "`else`", "IN": "`in`", "IMPORT": "`import`", "AS": "`as`",
    "CATCH": "`catch`", "GRADIENT": "`backward(…)`", "FOR": "`for`",
}  # fmt: skip
OPERATORS = frozenset("PLUS MINUS STAR TIMES POWER VBAR CIRCUMFLEX AMPERSAND PIPE COMPARE IS AND OR NOT IF".split())
AFTER_OPERAND = frozenset("DOT LPAR LSQB AUGMENTED".split())


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
    hidden = AFTER_OPERAND | {"IN", "FOR"} if operator else frozenset(("LPAR", "LSQB", "DICT")) if value else frozenset()
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
        triple = text[trouble.start : trouble.start + 3] == sign * 3
        width = 3 if triple else 1
        label = errors.Label(errors.Span(trouble.source, trouble.start, trouble.start + width), "opened here")
        if triple:
            return errors.Incomplete(f"this string is not closed: {sign * 3} is missing", [label])
        line = text[trouble.start : trouble.limit].partition("\n")[0].rstrip()
        help = f"print {line}{sign}" if len(line) < 60 else None
        return errors.BadToken(f"this string is not closed on its line: {sign} is missing", [label], help)
    if not sign.isascii() or not sign.isprintable():
        error, message = strings.strange(sign)
        return error(message, [place(trouble)])
    return None


def closing(trouble: Trouble) -> errors.GradshError | None:
    """A closing bracket that closes nothing, or another bracket than the one that is open."""
    sign = trouble.source.text[trouble.start : trouble.start + 1]
    if trouble.kind not in ("RPAR", "RSQB", "RBRACE"):
        return None
    here = place(trouble)
    if not trouble.open:
        return errors.SyntaxError_(f"this `{sign}` closes nothing", [here])
    opener = trouble.open[-1]
    if brackets.PAIRS[opener.value] == sign:
        return None
    there = errors.Label(errors.Span(trouble.source, opener.start_pos, opener.end_pos), "opened here")
    return errors.SyntaxError_(f"`{sign}` does not close `{opener.value}`", [here, there])


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
    return errors.Incomplete(f"this `{opener.value}` is not closed", [label])


def reserved(trouble: Trouble) -> errors.GradshError | None:
    """A reserved word where a name or a value should be."""
    text = trouble.source.text
    word = text[trouble.start : trouble.end]
    if word not in RESERVED:
        return None
    last = trouble.last.type if trouble.last is not None else "END"
    if word in ("else", "catch") and (last in ("END", "BLOCK", "RBRACE") or trouble.kind != "RESERVED"):
        opener = "if" if word == "else" else "try"
        help = "if x > 0 { pass } else { pass }" if word == "else" else "try { pass } catch err { pass }"
        return errors.SyntaxError_(f"there is no `{opener}` that this `{word}` belongs to", [place(trouble)], help)
    following = re.compile(r"[ \t]*(?:[-+*/%]?=(?!=)|,|\))").match(text, trouble.end)
    if last in ("LET", "FN", "FOR", "CATCH", "OP", "MODEL", "PARAM", "AS") or (
        following and last in ("END", "BLOCK", "LPAR", "COMMA", "STAR")
    ):
        return errors.ReservedWord(
            f"`{word}` is a reserved word and cannot be a name", [place(trouble)], f"let {word}_ = 1.0"
        )
    return None


def missing(trouble: Trouble) -> errors.GradshError | None:
    """Two things side by side with something missing between them, and constructs without their second half."""
    expected = trouble.expected()
    here = [place(trouble)]
    text = trouble.source.text
    if "GRADIENT" in expected:
        return errors.SyntaxError_(
            "an op has a `backward(…)` after its body", here, "op f(a) { return a } backward(g) { return g }"
        )
    if "CATCH" in expected:
        return errors.SyntaxError_("a `try` has a `catch`", here, "try { pass } catch err { pass }")
    if "ELSE" in expected and "BLOCK" not in expected and "NUMBER" not in expected:
        return errors.SyntaxError_("the `else` of this conditional is missing", here, "a if c else b")
    if trouble.kind == "END" and text[trouble.start] == ";" and trouble.open and trouble.open[-1].type != "BLOCK":
        opener = trouble.open[-1]
        there = errors.Label(errors.Span(trouble.source, opener.start_pos, opener.end_pos), "opened here")
        return errors.SyntaxError_(f"a `;` stands inside of this `{opener.value}`", [there, *here])
    if trouble.kind not in ("NAME", "NUMBER", "STRING", "FSTRING", "CONSTANT", "VERB", "WORD", "COMMAND", "LPAR", "DICT"):
        return None
    shown = text[trouble.start : min(trouble.end, trouble.start + 40)]
    line_start = text.rfind("\n", 0, trouble.start) + 1
    line_end = text.find("\n", trouble.start)
    left, right = text[line_start : trouble.start], text[trouble.start : line_end if line_end >= 0 else len(text)]
    if "COMMA" in expected and (trouble.open and trouble.open[-1].type != "BLOCK" or command_before(left)):
        return errors.SyntaxError_(
            f"a comma is missing before `{shown}`", here, f"{left.rstrip()}, {right}".strip() if len(right) < 80 else None
        )
    if "END" in expected or "$END" in expected:
        if call := re.fullmatch(r"\s*([\w.]+)[ \t]+", left):
            return errors.SyntaxError_(
                "two values stand side by side; a function is called with parentheses",
                here,
                f"{call.group(1)}({right.strip()})" if len(right) < 60 else None,
            )
        if re.match(r"\w+[ \t]*(?:=(?!=)|\()", right):
            return errors.SyntaxError_(
                f"a new line or `;` is missing before `{shown}`", here, f"{left.strip()}; {right.strip()}"
            )
        return errors.SyntaxError_(f"an operator, a comma or a new line is missing before `{shown}`", here)
    return None


def command_before(left: str) -> bool:
    """Whether a line begins with a command word, whose arguments want commas."""
    return bool(re.match(r"\s*(?:[^\n]*[;{])?\s*(?:print|backward|show|graph|explain|why|saved|kinks|zero_grad|step|save|plot|help)\b", left))


def anything(trouble: Trouble) -> errors.GradshError:
    """All other places: what stands there, and what could."""
    wanted = in_words(trouble.expected())
    here = [place(trouble)]
    text = trouble.source.text
    if trouble.kind == "$END":
        return errors.Incomplete(f"something is missing at the end: expected {wanted}" if wanted else "unexpected end", here)
    if trouble.kind == "END" and text[trouble.start] == "\n":
        return errors.SyntaxError_(f"the line ends too early: expected {wanted}", here)
    shown = " ".join(here[0].span.text.split())
    shown = shown if len(shown) <= 40 else shown[:40] + "…"
    if trouble.kind == "RESERVED":
        return errors.SyntaxError_(f"the reserved word `{shown}` cannot stand here", here)
    return errors.SyntaxError_(f"`{shown}` cannot stand here" + (f": expected {wanted}" if wanted else ""), here)


# --- going on after an error ----------------------------------------------------------------------------------


def resume(trouble: Trouble, start: int) -> int | None:
    """Where to go on after an error in what began at `start`; None where what follows could not be told reliably."""
    return None if trouble.whole else brackets.next_line(trouble.source.text, start, trouble.start)


def follows_another(text: str, at: int) -> bool:
    """Whether an error after a resumption is only the other half of the one before: a `}` or `else` left alone."""
    return re.compile(r"\s*(?:\}|(?:else|elif|catch|except|finally)\b)").match(text, at) is not None
