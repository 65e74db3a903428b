"""The table of typical mistakes.

To add a mistake, add one entry to `MISTAKES`; `tests/language/mistakes.txt` records what its example is told. An entry
looks at the text around the place where the parser stopped, and the first that fits speaks. Named groups of its two
patterns can be used in message and help, and a group called `mark` is what is underlined. A help that is no gradsh
text once the groups are filled in is not shown. The errors.BadToken ones are about characters that begin no token.
"""

from __future__ import annotations

from gradsh import errors
from gradsh.language.words import MODES


class Mistake:
    """One typical mistake: an example, its error, and how to recognise it: `before` ends, `at` begins at the place."""

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
    Mistake(
        "def f(x):\n    return x",
        "a function is defined with `fn`, its body in braces",
        None,
        before=r"^[ \t]*(?P<mark>def)[ \t]+$",
        at=r"(?P<name>\w+)[ \t]*\((?P<args>[^()\n]*)\)",
        whole=True,
    ),
    Mistake(
        "function f(x) { return x }",
        "a function is defined with `fn`",
        "fn {name}({args}) {{ pass }}",
        before=r"^[ \t]*(?P<mark>function|func|fun)[ \t]+$",
        at=r"(?P<name>\w+)(?:[ \t]*\((?P<args>[^()\n]*)\))?",
    ),
    Mistake(
        "fn f(x):\n    return x",
        "a body stands in braces, or after `=`; not after `:`",
        None,
        before=r"(?P<head>\bfn\b[^\n{}:]*\))[ \t]*$",
        at=r":",
        whole=True,
    ),
    Mistake(
        "fn f(x) return x",
        "a body stands in braces, or after `=`",
        "{head} = {rest}",
        before=r"(?P<head>\bfn\b[^\n{}:]*\))[ \t]*$",
        at=r"return\b[ \t]*(?P<rest>[^\n;]+)",
    ),
    Mistake(
        "fn f x = x",
        "the parameters of a function stand in parentheses",
        "fn {name}({arg}) = {arg}",
        before=r"\bfn[ \t]+(?P<name>\w+)[ \t]+$",
        at=r"(?P<arg>\w+)",
    ),
    Mistake(
        "fn f(x: float) = x", "parameters have no types", "fn f(x) = x", before=r"\bfn\b[^\n)]*\([^)\n]*$", at=r":"
    ),
    Mistake(
        "with no_grad { x }",
        "`with` does not exist here: the mode's name is followed by its block",
        "{rest}",
        before=r"^[ \t]*(?P<mark>with)[ \t]+$",
        at=rf"(?:torch\.)?(?:autograd\.)?(?P<rest>(?:{'|'.join(MODES)})\b[^\n]*\{{[^\n]*)",
    ),
    Mistake(
        "with torch.no_grad():\n    x = 1",
        "`with` does not exist here: the mode's name is followed by its block",
        None,
        before=r"^[ \t]*(?P<mark>with)[ \t]+$",
        at=rf"(?:torch\.)?(?:autograd\.)?(?P<mode>{'|'.join(MODES)})\b",
        whole=True,
    ),
    Mistake(
        "with open(f) { pass }",
        "`with` does not exist here",
        None,
        before=r"^[ \t]*(?P<mark>with)[ \t]+$",
        whole=True,
    ),
    Mistake(
        "class Net(Module):\n    pass",
        "a model is declared with `model`",
        None,
        before=r"^[ \t]*(?P<mark>class)[ \t]+$",
        at=r"(?P<name>\w+)",
        whole=True,
    ),
    Mistake(
        "model Net(nn.Module) { }",
        "a model has no base class; what stands in parentheses are its parameters",
        "model {name}() {{ pass }}",
        before=r"\bmodel[ \t]+(?P<name>\w+)[ \t]*\([^)\n]*$",
        at=r"\.",
    ),
    Mistake(
        "if x > 0 { y } elif x < 0 { z }",
        "`elif` is written `else if`",
        "if x > 0 {{ pass }} else if x < 0 {{ pass }}",
        at=r"(?:elif|elsif|elseif)\b",
    ),
    Mistake(
        "if x > 0 { y }\nelif x < 0 { z }",
        "`elif` is written `else if`",
        "if x > 0 {{ pass }} else if x < 0 {{ pass }}",
        before=r"\b(?P<mark>elif|elsif|elseif)[ \t]+$",
    ),
    Mistake(
        "if x > 0 then y",
        "after the condition comes a block in braces",
        "{head} {{ pass }}",
        before=HEAD + r"[ \t]+$",
        at=r"(?:then|do)\b",
    ),
    Mistake(
        "for i in range(3):\n    print i",
        "a block stands in braces, not after `:`",
        None,
        before=HEAD + r"[ \t]*$",
        at=r":(?!=)",
        whole=True,
    ),
    Mistake(
        "else:\n    pass",
        "a block stands in braces, not after `:`",
        None,
        at=r"else[ \t]*:",
        whole=True,
    ),
    Mistake(
        "try:\n    pass",
        "a block stands in braces, not after `:`",
        None,
        before=r"\btry[ \t]*$",
        at=r":",
        whole=True,
    ),
    Mistake(
        "try { x } except e { y }",
        "`{word}` is written `catch`",
        "try {{ pass }} catch err {{ pass }}",
        before=r"\}\s*$",
        at=r"(?P<word>except|rescue)\b",
    ),
    Mistake(
        "try { x } finally { y }",
        "a `try` has a `catch`, and no `finally`",
        "try {{ pass }} catch err {{ pass }}",
        before=r"\}\s*$",
        at=r"finally\b",
    ),
    Mistake(
        "if x > 0\n{\n y\n}",
        "the `{{` stands on the line of its statement",
        "{head} {{ pass }}",
        before=r"(?P<head>\b(?:for|while|if|fn|op)\b[^\n{};]*[^\s{};])[ \t]*$",
        at=r"[ \t]*(?:#[^\n]*)?\n\s*\{",
        whole=True,
    ),
    Mistake(
        "for i = 0; i < 3",
        "a loop runs over values, with `in`",
        "for {name} in range(10) {{ pass }}",
        before=r"\bfor[ \t]*\(?[ \t]*(?:let[ \t]+|int[ \t]+)?(?P<name>\w+)[ \t]*$",
        at=r"=",
    ),
    Mistake(
        "for i range(3) { x }",
        "the `in` of this `for` is missing",
        "for {name} in {rest} {{ pass }}",
        before=r"\bfor[ \t]+(?P<name>\w+(?:[ \t]*,[ \t]*\w+)*)[ \t]+$",
        at=r"(?!in\b)(?:of\b[ \t]*|=[ \t]*)?" + REST,
    ),
    Mistake(
        "if x = 3 { y }",
        "`=` binds a name; to compare, write `==`",
        "{head} == {rest} {{ pass }}",
        before=r"(?P<head>\b(?:if|while)\b[^\n{}=;]*[^\s{}=;])[ \t]*$",
        at=r"=(?!=)[ \t]*" + REST,
    ),
    Mistake(
        "assert x = 3",
        "`=` binds a name; to compare, write `==`",
        "{head} == {rest}",
        before=r"(?P<head>\bassert\b[^\n{}=;]*[^\s{}=;])[ \t]*$",
        at=r"=(?!=)[ \t]*" + REST,
    ),
    Mistake(
        "if (x > 0) y = 1",
        "what a condition governs stands in braces",
        "{head} {{ {rest} }}",
        before=r"(?P<head>^[ \t]*(?:if|while)\b[^\n{};]*[^\s{};])[ \t]*$",
        at=OPERAND + r"(?P<rest>[^\n;#{}]*[^\s;#{}])",
    ),
    # --- words of other languages
    Mistake(
        "let f = lambda x: x",
        "an anonymous function is written `fn(x) = …`",
        "fn({args}) = {body}",
        before=r"\b(?P<mark>lambda)[ \t]*$",
        at=r"(?P<args>[^:\n]*):[ \t]*(?P<body>[^\n,;)\]}]*[^\s,;)\]}])?",
    ),
    Mistake(
        "var x = 1",
        "a name is made with `let`, or by `=` alone",
        "let {rest}",
        before=r"^[ \t]*(?:var|const|auto|int|float|double|val|local|my|mut|def|set|tensor|Tensor)[ \t]+$",
        at=r"(?P<rest>[^\W\d]\w*[ \t]*=[^\n;#]+)",
    ),
    Mistake(
        "let mut x = 1",
        "every name can be bound again; `mut` is not needed",
        "let {rest}",
        before=r"\blet[ \t]+(?P<mark>mut)[ \t]+$",
        at=r"(?P<rest>[^\n;#]+)",
    ),
    Mistake(
        "global count",
        "`{mark}` is not needed: `count += 1` changes the binding that it finds",
        "count += 1",
        before=r"^[ \t]*(?P<mark>global|nonlocal)[ \t]+$",
        at=r"\w",
    ),
    Mistake(
        'raise "no"',
        "`{mark}` does not exist here; `assert` stops a program with a message",
        'assert false, "message"',
        before=r"^[ \t]*(?P<mark>raise|throw)[ \t]+$",
    ),
    Mistake(
        "yield x",
        "`yield` does not exist here; a function returns a list",
        "return [1, 2]",
        before=r"\b(?P<mark>yield)[ \t]+$",
    ),
    Mistake(
        "use lib",
        "`use` takes the path of a file in quotes",
        'use "{name}.grad"',
        before=r"\buse[ \t]+$",
        at=r"(?P<name>\w+)",
    ),
    Mistake(
        "@jit\nfn f(x) = x",
        "functions are not decorated; call the other function with it",
        "let g = grad(f)",
        before=r"(?:^|[;{])[ \t]*$",
        at=r"@",
    ),
    # --- operators of other languages
    Mistake(
        "let y = x++",
        "`++` does not exist here",
        "{name} += 1",
        before=r"(?P<name>[\w.]+(?:\[[^\[\]\n]*\])?)[ \t]*(?P<mark>\+\+)[ \t]*$",
    ),
    Mistake(
        "i--",
        "`--` does not exist here",
        "{name} -= 1",
        before=r"(?P<name>[\w.]+(?:\[[^\[\]\n]*\])?)[ \t]*(?P<mark>--)[ \t]*$",
    ),
    Mistake(
        "if a && b { c }", "`&&` is written `and` (`&` for tensors)", "a and b", before=r"(?P<mark>&)[ \t]*$", at=r"&"
    ),
    Mistake("if a || b { c }", "`||` is written `or` (`|` for tensors)", "a or b", before=r"\|[ \t]*$", at=r"\|"),
    Mistake("if !done { x }", "`!` is written `not`", "not {rest}", at=r"!(?!=)[ \t]*" + REST),
    Mistake("let y = c ? 1 : 2", "a choice is written `a if c else b`", "a if c else b", at=r"\?"),
    Mistake("a <> b", "`<>` is written `!=`", "a != b", before=r"<$", at=r">"),
    Mistake("a === b", "`===` is written `==`", "a == b", before=r"[=!]=$", at=r"="),
    Mistake(
        "let f = x -> x + 1",
        "`->` does not exist here; a function is written `fn(x) = …`",
        "fn(x) = x + 1",
        before=r"(?P<mark>-)$",
        at=r">",
    ),
    Mistake(
        "let f = x => x + 1",
        "`=>` does not exist here; a function is written `fn(x) = …`, and at least is `>=`",
        "fn(x) = x + 1",
        at=r"=>|(?<==)>",
    ),
    Mistake("a =< b", "`=<` is written `<=`", "a <= b", at=r"=<|(?<==)<"),
    Mistake(
        "x := 3", "`:=` is written `=`", "let {name} = {rest}", before=r"(?P<name>\w+)[ \t]*$", at=r":=[ \t]*" + REST
    ),
    Mistake(
        "let x == 3",
        "`==` compares; a name is bound with `=`",
        "let {name} = {rest}",
        before=r"\blet[ \t]+(?P<name>\w+)[ \t]*(?P<mark>==)[ \t]*" + REST + r"\s*$",
    ),
    Mistake(
        "x = = 1",
        "`=` stands here twice",
        "{name} = {rest}",
        before=r"(?P<name>\w+)[ \t]*=[ \t]*$",
        at=r"=(?!=)[ \t]*" + REST,
    ),
    Mistake(
        "let x: float = 1.0",
        "names have no types",
        "let {name} = {rest}",
        before=r"^[ \t]*(?:let[ \t]+)?(?P<name>\w+)[ \t]*$",
        at=r":[^=\n]*=[ \t]*" + REST,
    ),
    Mistake(
        "sum(x, dim: 0)",
        "an argument is given as `name=value`",
        "{name}={rest}",
        before=r"[(,][ \t]*(?P<name>\w+)[ \t]*$",
        at=r":[ \t]*(?P<rest>[^\s,)]+)",
    ),
    Mistake(
        "f(**options)", "`**` unpacks nothing here; `*values` does", "print *[1, 2]", before=r"[(,]\s*$", at=r"\*\*"
    ),
    # --- numbers, characters, comments
    Mistake(
        "x.5",
        "after `.` comes a name; an element is taken with an index",
        "{name}[{number}]",
        before=r"(?P<name>\w+)[ \t]*\.[ \t]*$",
        at=r"(?P<number>\d+)",
    ),
    Mistake(
        "1.sum()",
        "a number that is followed by `.` and a name stands in parentheses",
        "({number}).{rest}",
        at=r"(?P<number>\d[\d_]*)\.(?P<rest>[^\W\d]\w*(?:\(\))?)",
        error=errors.BadToken,
    ),
    Mistake("2j + 1", "complex numbers are no part of gradsh", None, at=r"\d[\d_.]*[jJ]\b", error=errors.BadToken),
    Mistake(
        "let y = 2x",
        "`{number}{rest}` is neither a number nor a name; a product is written with `*`",
        "{number} * {rest}",
        at=r"(?P<number>[\d.]*\d)(?P<rest>[^\W\d_]\w*)",
        error=errors.BadToken,
    ),
    Mistake("let y = 1.2.3", "`{number}` is not a number", None, at=r"(?P<number>\.?\d[\w.]*)", error=errors.BadToken),
    Mistake(
        "// a comment",
        "a comment begins with `#`; `//` divides and rounds down",
        "# a comment",
        before=r"(?:^|[;{}])[ \t]*$",
        at=r"//",
    ),
    Mistake(
        "let x = 1 // a comment",
        "a comment begins with `#`; `//` divides and rounds down",
        "# a comment",
        before=r"(?P<mark>//)[^\n]*[ \t]$",
        at=OPERAND,
    ),
    Mistake("/* a comment */", "a comment begins with `#`", "# a comment", at=r"/\*"),
    Mistake(
        "let x = 1 + \\\n2",
        "a line goes on after an operator, a comma, or in brackets; `\\` is not needed",
        "let x = (1 + 2)",
        at=r"\\",
        error=errors.BadToken,
    ),
    Mistake("$x + 1", "a name stands without `$`", "{name}", at=r"\$(?P<name>\w+)", error=errors.BadToken),
    Mistake(
        "print 'it's'",
        "the string ends before `{rest}`; for a quote inside of it use the other quotes around it",
        """print "it's\"""",
        before=r"[\w\s]['\"]$",
        at=r"(?P<rest>\w+)",
    ),
    # --- brackets and what belongs in them
    Mistake(
        "sum(v for v in xs)",
        "a comprehension stands in square brackets",
        "[{item} {rest}]",
        before=r"\((?P<item>[^()\n]*)$",
        at=r"(?P<rest>for\b[^\n()]*)",
    ),
    Mistake(
        "let d = {k: 1 for k in ks}",
        "a dict has no comprehension; make a list, or fill the dict in a loop",
        'for k in ["a", "b"] {{ d[k] = 1 }}',
        before=r"\{[^{}\n]*$",
        at=r"for\b",
    ),
    Mistake(
        "let s = {1, 2}",
        "braces hold a dict; a list is written with square brackets",
        "[1, 2]",
        before=r"\{[^{}:\n]*$",
        at=r"[,}]",
    ),
    Mistake(
        "let d = {a=1}",
        "a dict is written with `:` and its keys in quotes",
        '{{"{name}": 1}}',
        before=r"[{,][ \t]*(?P<name>\w+)[ \t]*$",
        at=r"=(?!=)",
    ),
    Mistake(
        "print(*)", "after `*` comes a list or a tuple", "print *[1, 2]", before=r"[(,][ \t]*\*[ \t]*$", at=r"[,)]"
    ),
    # --- something missing, or in the wrong place
    Mistake(
        "for = 3",
        "`{mark}` is a reserved word and cannot be a name",
        "let {mark}_ = 1.0",
        before=r"^[ \t]*(?:let[ \t]+)?(?P<mark>for|if|while|fn|try|return|pass|del|assert|not|import|from|let)[ \t]*$",
        at=r"=(?!=)",
        error=errors.ReservedWord,
    ),
    Mistake(
        "let x",
        "a `let` has a value",
        "let {name} = 0.0",
        before=r"\blet[ \t]+(?P<name>\w+)[ \t]*$",
        at=r"\s*(?:[;}]|\Z|(?<=\n))",
    ),
    Mistake(
        "let x 3",
        "the `=` of this `let` is missing",
        "let {name} = {rest}",
        before=r"\blet[ \t]+(?P<name>\w+)[ \t]+$",
        at=OPERAND + REST,
    ),
    Mistake(
        "param lr",
        "a `param` has a default value",
        "param {name} = 0.01",
        before=r"\bparam[ \t]+(?P<name>\w+)[ \t]*$",
        at=r"\s*(?:[;}]|\Z|(?<=\n))",
    ),
    Mistake(
        "if x > 0 { y } z = 1",
        "after `}}` a new line or `;` is missing",
        "if x > 0 {{ pass }}; {rest}",
        before=r"\}[ \t]*$",
        at=OPERAND + REST,
    ),
    Mistake(
        "a = b = 3",
        "a statement has one `=`",
        "b = {rest}; a = b",
        before=r"^[^=\n]*[^=!<>\n]=[^=\n]+$",
        at=r"=(?!=)[ \t]*" + REST,
    ),
]
