"""The table of typical mistakes.

To add a mistake, add one entry to `MISTAKES`; `tests/language/mistakes.txt` records what its example is told. An entry
looks at the text around the place where the parser stopped, and the first that fits speaks. What it says stands in the
user's own line: `edit` is what the text from the group `cut` of `before`, else from its group `mark`, else from where
the parser stopped, to the end of `at` becomes; `gradsh.language.mending` puts it there, goes on with what is wrong
after that, and shows the line when it has become a program. Where there is no such text, `plain` is shown as it is.
Named groups of both patterns can be used in all three, and the group `mark` is what is underlined. The errors.BadToken
ones are about characters that begin no token.
"""

from __future__ import annotations

from collections.abc import Callable

from gradsh import errors
from gradsh.language.edits import (
    Groups,
    anonymous,
    braced,
    chosen,
    counted,
    derived,
    listed,
    matrix,
    measured,
    operator,
    ranged,
    requoted,
    spaced,
    under_mode,
)
from gradsh.language.words import MODES

Edit = str | Callable[[Groups], str | None]


class Mistake:
    """One typical mistake: an example, its error, and how to recognise it: `before` ends, `at` begins at the place."""

    __slots__ = ("at", "before", "edit", "error", "example", "message", "plain", "whole")

    def __init__(
        self,
        example: str,
        message: str,
        edit: Edit | None = None,
        before: str = "",
        at: str = "",
        error: type[errors.GradshError] = errors.SyntaxError_,
        whole: bool = False,
        plain: str | None = None,
    ) -> None:
        self.example = example
        self.message = message
        self.edit = edit
        self.before = before
        self.at = at
        self.error = error
        self.whole = whole  # the rest of the text is likely written the same way: report nothing after it
        self.plain = plain


START = r"(?:^|(?<=[;{}]))[ \t]*"
END = r"(?=[ \t]*(?:[;}\n#]|\Z))"
OPERAND = r"(?=[\w\"'(\[])(?!(?:if|else|in|is|and|or|for)\b)"
REST = r"(?P<rest>[^\n;#{}]*[^\s;#{}])"
HEAD = r"(?P<head>\b(?:for|while|if|repeat)\b[^\n{};:]*[^\s{};:])"
MODE = rf"(?:torch\.)?(?:autograd\.)?(?P<mode>{'|'.join(MODES)})\b"
# what can stand before `?`, after what begins an expression
CONDITION = (
    r"(?:^|[;{}(,]|(?<![=!<>])=(?!=)|\b(?:return|print)\b)[ \t]*"
    r"(?P<cut>(?P<cond>(?!(?:let|return|print)\b)(?:[^\n;{}=(,]|[=!<>]=|\([^()\n]*\))+?))[ \t]*$"
)
KIND = r"(?:let|int|var|auto)\b"
# a block with blocks in it, and no deeper
INNER = r"(?:[^{}]|\{[^{}]*\})*"
BLOCK = "\0"  # an edit: the `:` and what is indented below it, or stands behind it, become a block


MISTAKES = [
    # --- blocks and definitions as in other languages
    Mistake(
        "def f(x):\n    return x",
        "a function is defined with `fn`, its body in braces",
        "fn ",
        before=START + r"(?P<mark>def)[ \t]+$",
        at=r"(?=\w+[ \t]*\()",
        whole=True,
    ),
    Mistake(
        "function f(x) { return x }",
        "a function is defined with `fn`",
        "fn ",
        before=START + r"(?P<mark>function|func|fun|def)[ \t]+$",
        at=r"(?=\w+)",
    ),
    Mistake(
        "let f = function(x) { return x }",
        "a function without a name is written `fn(x) {{ … }}`, or `fn(x) = …`",
        "fn{args} {{",
        before=r"\b(?P<mark>function|func|fun)[ \t]*(?P<args>\([^()\n]*\))[ \t]*$",
        at=r"\{",
    ),
    Mistake(
        "fn f(x):\n    return x",
        "a body stands in braces, or after `=`; not after `:`",
        BLOCK,
        before=r"\bfn\b[^\n{}:]*\)[ \t]*$",
        at=r":",
        whole=True,
    ),
    Mistake(
        "fn f(x) return x",
        "a body stands in braces, or after `=`",
        "= ",
        before=r"\bfn\b[^\n{}:=]*\)[ \t]*$",
        at=r"return\b[ \t]*(?=[^\s;])",
    ),
    Mistake(
        "fn f(x) = return x",
        "after `=` stands the value itself",
        "",
        before=r"\bfn\b[^\n{}]*\)[ \t]*=[ \t]*$",
        at=r"return\b[ \t]*(?=[^\s;])",
    ),
    Mistake(
        "fn f(x) x**2",
        "a body stands in braces, or after `=`",
        "= ",
        before=r"\bfn\b[^\n{}:=]*\)[ \t]*$",
        at=r"(?=[\w\"'(\[-])(?!->)",
    ),
    Mistake(
        "fn f x = x",
        "the parameters of a function stand in parentheses",
        lambda groups: groups["name"] + listed(groups),
        before=r"\bfn[ \t]+(?P<cut>(?P<name>\w+)[ \t]+)$",
        at=r"(?P<args>\w+(?:[ \t]*,?[ \t]*\w+)*?)(?=[ \t]*[={])",
    ),
    Mistake(
        "let f = fn x = x**2",
        "the parameters of a function stand in parentheses",
        listed,
        before=r"\bfn(?P<cut>[ \t]+)$",
        at=r"(?P<args>\w+(?:[ \t]*,?[ \t]*\w+)*?)(?=[ \t]*[={])",
    ),
    Mistake(
        "fn f(x: float) = x",
        "parameters have no types",
        "",
        before=r"\bfn\b[^\n)]*\([^)\n]*$",
        at=r":[ \t]*[\w.]+(?:\[[^\]\n]*\])?(?=[ \t]*[,)=])",
    ),
    Mistake(
        "fn f(x) -> float { return x }",
        "functions have no types",
        "",
        before=r"\bfn\b[^\n{}]*\)(?P<cut>[ \t]*-?)$",
        at=r"-?>[ \t]*[\w.]+(?:\[[^\]\n]*\])?(?=[ \t]*[:{])",
    ),
    Mistake(
        "with torch.no_grad():\n    x = 1",
        "`with` does not exist here: the mode's name is followed by its block",
        "{mode}",
        before=START + r"(?P<mark>with)[ \t]+$",
        at=MODE + r"(?:[ \t]*\([ \t]*\))?",
        whole=True,
    ),
    Mistake(
        "no_grad():\n    x = 1",
        "a block stands in braces, not after `:`",
        BLOCK,
        before=START + MODE + r"(?:\([^()\n]*\))?[ \t]*$",
        at=r":",
        whole=True,
    ),
    Mistake(
        "no_grad x = 1",
        "the mode's name is followed by its block",
        "{{ {rest} }}",
        before=START + MODE + r"(?:\([ \t]*\))?[ \t]+$",
        at=r"(?![{:(])" + REST,
    ),
    Mistake(
        "with open(f) { pass }",
        "`with` does not exist here",
        before=START + r"(?P<mark>with)[ \t]+$",
        whole=True,
        plain='a file is read by `load("data.csv")`',
    ),
    Mistake(
        "class Net(Module):\n    pass",
        "a model is declared with `model`",
        before=START + r"(?P<mark>class)[ \t]+$",
        at=r"(?P<name>\w+)",
        whole=True,
        plain="`model {name}() {{ forward(x) = x }}`, with what `__init__` makes in the braces",
    ),
    Mistake(
        "model Net(nn.Module) { }",
        "a model has no base class; what stands in parentheses are its parameters",
        "()",
        before=r"\bmodel[ \t]+(?P<name>\w+)[ \t]*(?P<cut>\([ \t]*\w+)$",
        at=r"\.[\w.]+[ \t]*\)",
    ),
    Mistake(
        "if x > 0 { y } elif x < 0 { z }",
        "`elif` is written `else if`",
        "else if",
        before=r"\}\s*$",
        at=r"(?:elif|elsif|elseif)\b",
    ),
    Mistake(
        "if x > 0 { y }\nelif x < 0 { z }",
        "`elif` is written `else if`",
        "else if ",
        before=r"\b(?P<mark>elif|elsif|elseif)[ \t]+$",
    ),
    Mistake(
        "switch (x) { case 1: y; break; default: z }",
        "`{mark}` is written as a chain of `if … else if …`",
        chosen,
        before=START + r"(?P<mark>switch|match)[ \t]*\((?P<subject>[^\n{}]+)\)[ \t]*\{\s*case[ \t]+$",
        at=rf"(?P<cases>{INNER})\}}",
    ),
    Mistake(
        "match x:\n    case 1:\n        y\n    case _:\n        z",
        "`{mark}` is written as a chain of `if … else if …`",
        chosen,
        before=START + r"(?P<mark>match)[ \t]+$",
        at=r"(?P<subject>[^\n{}:]*[^\s{}:]):[ \t]*(?P<cases>(?:\n[ \t]+[^\n]*)+)",
        whole=True,
    ),
    Mistake(
        'match x { 1 => "a", _ => "b" }',
        "`{mark}` is written as a chain of `if … else if …`",
        chosen,
        before=START + r"(?P<mark>switch|match)[ \t]+$",
        at=rf"(?P<subject>[^\n{{}}:]*[^\s{{}}:])\s*\{{(?P<cases>{INNER})\}}",
    ),
    Mistake(
        "if x > 0 then { y }",
        "after the condition comes a block in braces",
        "",
        before=HEAD + r"[ \t]+$",
        at=r"(?:then|do)\b[ \t]*(?=\{)",
    ),
    Mistake(
        "if x > 0 then y",
        "after the condition comes a block in braces",
        braced,
        before=HEAD + r"[ \t]+$",
        at=r"(?:then|do)\b[ \t]*" + REST,
    ),
    Mistake(
        "for i in 1:n { x }",
        "a loop runs over a list, or over `range(…)`, which leaves its end out",
        ranged,
        before=r"\bin[ \t]+(?P<cut>(?P<low>\d+))$",
        at=r":(?P<high>\w+)(?!:)",
    ),
    Mistake(
        "for i in range(3):\n    print i",
        "a block stands in braces, not after `:`",
        BLOCK,
        before=HEAD + r"[ \t]*$",
        at=r":(?!=)",
        whole=True,
    ),
    Mistake(
        "if x > 0 { y } else:\n    pass",
        "a block stands in braces, not after `:`",
        BLOCK,
        before=r"\}\s*else[ \t]*$",
        at=r":",
        whole=True,
    ),
    Mistake("else:\n    pass", "a block stands in braces, not after `:`", at=r"else[ \t]*:", whole=True),
    Mistake(
        "try:\n    pass\nexcept:\n    pass",
        "a block stands in braces, not after `:`",
        BLOCK,
        before=r"\b(?:try|catch(?:[ \t]+\w+)?)[ \t]*$",
        at=r":",
        whole=True,
    ),
    Mistake(
        "try { x } except e { y }",
        "`{word}` is written `catch`",
        "catch{name}{other}",
        before=r"\}\s*$",
        at=r"(?P<word>except|rescue)\b(?:[ \t]+(?:[\w.]+|\([^()\n]*\))[ \t]+as(?P<name>[ \t]+\w+)"
        r"|[ \t]+(?:[A-Z][\w.]*|\([^()\n]*\))|(?P<other>[ \t]+\w+))?",
    ),
    Mistake(
        "try { x } finally { y }",
        "a `try` has a `catch`, and no `finally`",
        "catch err {{ {body}; raise err }}; {body}",
        before=r"\}\s*$",
        at=r"finally[ \t]*\{\s*(?P<body>[^{}]*[^{}\s])\s*\}",
    ),
    Mistake("try { x } finally", "a `try` has a `catch`, and no `finally`", before=r"\}\s*$", at=r"finally\b"),
    Mistake(
        "if x > 0\n{\n y\n}",
        "the `{{` stands on the line of its statement",
        " {{",
        before=r"(?P<head>\b(?:for|while|if|fn|op|repeat|model)\b[^\n{};]*[^\s{};])[ \t]*$",
        at=r"[ \t]*(?:#[^\n]*)?\n\s*\{",
        whole=True,
    ),
    Mistake(
        "for i = 0; i < 3; i++ { x }",
        "a loop runs over values, with `in`",
        counted,
        before=rf"\b(?P<cut>for[ \t]*\(?[ \t]*(?:{KIND}[ \t]+)?(?P<name>(?!{KIND})\w+)?[ \t]*)$",
        at=rf"(?:{KIND}[ \t]*)?(?P<named>\w+)?[ \t]*=[ \t]*(?P<low>[^;\n]+);[ \t]*\w+[ \t]*"
        r"(?P<op><=?)[ \t]*(?P<high>[^;\n]+);[^\n{)]*(?:\)[ \t]*)?(?<![ \t])",
    ),
    Mistake(
        "for i = 1:10 { x }",
        "a loop runs over values, with `in`",
        lambda groups: counted({**groups, "op": "<="}),
        before=r"\b(?P<cut>for[ \t]*(?P<name>\w+)[ \t]*)$",
        at=r"(?P<named>)=[ \t]*(?P<low>[^:;\n{]+):[ \t]*(?P<high>[^:;\n{]*[^:;\n{ ])",
    ),
    Mistake(
        "for i = xs { x }",
        "a loop runs over values, with `in`",
        "in",
        before=r"\bfor[ \t]+\w+[ \t]+$",
        at=r"=(?=[ \t]*[^\n;{]+\{)",
    ),
    Mistake(
        "for (i in xs) { x }",
        "what a loop runs over stands in no parentheses",
        "{inner} {{",
        before=r"\bfor[ \t]*(?P<cut>\((?P<inner>[^\n]*\bin\b[^\n]*)\)[ \t]*)$",
        at=r"\{",
    ),
    Mistake(
        "for i range(3) { x }",
        "the `in` of this `for` is missing",
        "in ",
        before=r"\bfor[ \t]+(?P<name>\w+(?:[ \t]*,[ \t]*\w+)*)[ \t]+$",
        at=r"(?!in\b)(?:of\b[ \t]*|=[ \t]*)?(?=[^\s;#{}])",
    ),
    Mistake(
        "if x => 3 { y }",
        "`=>` is written `>=`",
        ">=",
        before=r"\b(?:if|while|assert)\b[^\n{};]*$",
        at=r"=>",
    ),
    Mistake(
        "if x =< 3 { y }", "`=<` is written `<=`", "<=", before=r"\b(?:if|while|assert)\b[^\n{};]*$", at=r"=<(?!=)"
    ),
    Mistake(
        "if x = 3 { y }",
        "`=` binds a name; to compare, write `==`",
        "==",
        before=r"\b(?:if|while|assert)\b[^\n{}=;]*[^\s{}=;][ \t]*$",
        at=r"=(?![=><])",
    ),
    Mistake(
        "if (x > 0) y = 1",
        "what a statement governs stands in braces",
        braced,
        before=START + HEAD + r"[ \t]*$",
        at=OPERAND + r"(?P<rest>[^\n;#{}]*[^\s;#{}](?:[ \t]*;?[ \t]*else\b[^\n;{}]*[^\s;{}])?)",
    ),
    Mistake(
        "if x > 0 { y } else z",
        "what a statement governs stands in braces",
        braced,
        before=r"\}\s*else[ \t]+$",
        at=OPERAND + REST,
    ),
    # --- words of other languages
    Mistake(
        "let f = lambda x: x",
        "an anonymous function is written `fn(x) = …`",
        "fn({args}) = ",
        before=r"\b(?P<mark>lambda)[ \t]*$",
        at=r"(?P<args>[^:\n]*):[ \t]*",
    ),
    Mistake(
        "var x = 1",
        "a name is made with `let`, or by `=` alone",
        "let ",
        before=START
        + r"(?P<mark>var|const|auto|int|float|double|bool|string|str|val|local|my|mut|def|set|tensor|Tensor)[ \t]+$",
        at=r"(?=[^\W\d]\w*[ \t]*=)",
    ),
    Mistake(
        "let mut x = 1",
        "every name can be bound again; `mut` is not needed",
        "",
        before=r"\blet[ \t]+(?P<mark>mut)[ \t]+$",
        at=r"(?=[^\W\d])",
    ),
    Mistake(
        "global count",
        "`{mark}` is not needed: `count += 1` changes the binding that it finds",
        "pass",
        before=START + r"(?P<mark>global|nonlocal)[ \t]+$",
        at=r"[\w, \t]+",
    ),
    Mistake(
        'throw new Error("no")',
        "`{mark}` is written `raise`, and takes the words alone",
        "raise {said}",
        before=START + r"(?P<mark>throw)[ \t]+$",
        at=r"(?:new[ \t]+)?\w*(?:Error|Exception)\((?P<said>[^()\n]+)\)",
    ),
    Mistake(
        'throw "no"',
        "`{mark}` is written `raise`",
        "raise ",
        before=START + r"(?P<mark>throw)[ \t]+$",
        at=r"(?=[^\s;])",
    ),
    Mistake(
        "raise",
        "`raise` has a message",
        ' "an error"',
        before=START + r"(?P<mark>raise)(?P<cut>[ \t]*)$",
        at=END,
    ),
    Mistake(
        "let x = new Tensor(3)",
        "`new` is not needed: a call makes a new value",
        lambda groups: "tensor" if groups["name"] == "Tensor" else groups["name"],
        before=r"\b(?P<mark>new)[ \t]+$",
        at=r"(?P<name>[^\W\d]\w*)(?=[ \t]*\()",
    ),
    Mistake(
        "yield x",
        "`yield` does not exist here; a function returns a list",
        "return [{rest}]",
        before=START + r"(?P<mark>yield)[ \t]+$",
        at=REST,
    ),
    Mistake(
        "use lib",
        "`use` takes the path of a file in quotes",
        '"{name}.grad"',
        before=r"\buse[ \t]+$",
        at=r"(?P<name>\w+)",
    ),
    Mistake(
        "op double { forward(x) = 2 * x; backward(g) = 2 * g }",
        "an op's forward is the body behind its parameters, and its `backward(…)` stands behind that",
        operator,
        before=r"\bop[ \t]+(?P<name>\w+)(?P<cut>[ \t]*(?:\([^()\n]*\)[ \t]*)?)$",
        at=rf"\{{\s*(?:fn[ \t]+)?forward[ \t]*\((?P<inputs>[^()\n]*)\)[ \t]*"
        rf"(?P<forward>=[^\n;{{}}]+|\{{{INNER}\}})[\s;]*"
        rf"(?:fn[ \t]+)?backward[ \t]*\((?P<grads>[^()\n]*)\)[ \t]*(?P<backward>=[^\n;{{}}]+|\{{{INNER}\}})[\s;]*\}}",
    ),
    Mistake(
        "@torch.no_grad()\nfn f(x) = x",
        "functions are not decorated; the mode is a block in the body",
        under_mode,
        before=START + "$",
        at=rf"@{MODE}(?:\([ \t]*\))?[ \t]*\n\s*fn[ \t]+(?P<head>\w+[ \t]*\([^()\n]*\))[ \t]*"
        rf"(?:=[ \t]*(?P<value>[^\n;{{}}]*[^\s;{{}}])|\{{(?P<body>{INNER})\}})",
    ),
    Mistake(
        "@jit\nfn f(x) = x",
        "functions are not decorated; call the other function with it",
        "",
        before=START + "$",
        at=r"@[^\n]*\n\s*",
        plain="let g = grad(f)",
    ),
    # --- operators of other languages
    Mistake(
        "let y = x++",
        "`++` does not exist here",
        "{head}{name}; {name} += 1",
        before=START + r"(?P<cut>(?P<head>(?:let[ \t]+)?\w+[ \t]*=[ \t]*)(?P<name>[\w.]+)[ \t]*(?P<mark>\+\+)[ \t]*)$",
        at=END,
    ),
    Mistake(
        "x++",
        "`++` does not exist here",
        "{name} += 1",
        before=r"(?P<cut>(?P<name>[\w.]+(?:\[[^\[\]\n]*\])?)[ \t]*(?P<mark>\+\+)[ \t]*)$",
    ),
    Mistake(
        "i--",
        "`--` does not exist here",
        "{name} -= 1",
        before=r"(?P<cut>(?P<name>[\w.]+(?:\[[^\[\]\n]*\])?)[ \t]*(?P<mark>--)[ \t]*)$",
    ),
    Mistake(
        "if a && b { c }",
        "`&&` is written `and` (`&` for tensors)",
        " and ",
        before=r"(?P<cut>[ \t]*(?P<mark>&)[ \t]*)$",
        at=r"&[ \t]*",
    ),
    Mistake(
        "if a || b { c }",
        "`||` is written `or` (`|` for tensors)",
        " or ",
        before=r"(?P<cut>[ \t]*\|[ \t]*)$",
        at=r"\|[ \t]*",
    ),
    Mistake(
        "%timeit x**2",
        "`%{word}` is IPython's",
        measured,
        before=START + "$",
        at=r"%%?(?P<word>\w+)(?P<rest>[^\n]*)",
    ),
    Mistake(
        "!pip install torch",
        "nothing is installed from here, and nothing needs to be",
        "import torch",
        before=START + "$",
        at=r"!(?:pip3?|conda|mamba|uv)\b[^\n]*",
    ),
    Mistake(
        "pip install torch",
        "nothing is installed from here, and nothing needs to be",
        "import torch",
        before=START + r"(?P<mark>pip3?|conda|mamba|uv)[ \t]+$",
        at=r"(?:pip[ \t]+)?(?:install|add)\b[^\n;]*",
    ),
    Mistake(
        "!ls",
        "no other programs are run from here: Ctrl-Z goes to the system's shell",
        before=START + "$",
        at=r"![ \t]*(?:ls|ll|dir|cd|pwd|cat|head|tail|less|python3?|git|mkdir|rm|cp|mv|wget|curl|echo|nvidia-smi)\b",
        plain="for reading files: `help load`",
    ),
    Mistake("if !done { x }", "`!` is written `not`", "not ", at=r"!(?!=)[ \t]*"),
    Mistake(
        "?log",
        "`?` asks nothing here, `help` does",
        "help {name}",
        before=START + "$",
        at=r"\?+[ \t]*(?P<name>[\w.]+)" + END,
    ),
    Mistake(
        "log?",
        "`?` asks nothing here, `help` does",
        "help {name}",
        before=START + r"(?P<cut>(?P<name>[\w.]+)[ \t]*)$",
        at=r"\?+" + END,
    ),
    Mistake(
        "let y = c ? 1 : 2",
        "a choice is written `a if c else b`",
        "{then} if {cond} else {other}",
        before=CONDITION,
        at=r"\?[ \t]*(?P<then>[^:\n?]*[^:\s?])[ \t]*:[ \t]*(?P<other>[^\n;{}),]*[^\s;{}),])",
    ),
    Mistake("let y = c ?", "a choice is written `a if c else b`", at=r"\?"),
    Mistake("a <> b", "`<>` is written `!=`", "!=", before=r"(?P<cut><)$", at=r">"),
    Mistake("a === b", "`{op}=` is written `{op}`", "{op}", before=r"(?P<cut>(?P<op>[=!]=))$", at=r"="),
    Mistake(
        "let f = fn(x) => x + 1",
        "the body of a function stands in braces, or after `=`",
        "=",
        before=r"\bfn\b[^\n{}=]*\)[ \t]*(?P<cut>[-=]?)$",
        at=r"[-=]?>(?!=)",
    ),
    Mistake(
        "let f = x -> x + 1",
        "`->` does not exist here; a function is written `fn(x) = …`",
        lambda groups: anonymous(groups) + "= ",
        before=r"(?P<cut>(?P<args>\w+|\([\w \t,]*\))[ \t]*(?P<mark>-))$",
        at=r">[ \t]*(?=[^\s{])",
    ),
    Mistake(
        "let f = x => x + 1",
        "`=>` does not exist here; a function is written `fn(x) = …`",
        lambda groups: anonymous(groups) + "= ",
        before=r"(?P<cut>(?P<args>\w+|\([\w \t,]*\))[ \t]*(?P<mark>=?))$",
        at=r"=?>[ \t]*(?=[^\s{])(?<!=)",
    ),
    Mistake(
        "let f = (x) => { return x + 1 }",
        "`=>` does not exist here; a function is written `fn(x) {{ … }}`",
        anonymous,
        before=r"(?P<cut>(?P<args>\w+|\([\w \t,]*\))[ \t]*(?P<mark>[=-]?))$",
        at=r"=?>[ \t]*(?=\{)",
    ),
    Mistake("-> x", "`->` does not exist here; a function is written `fn(x) = …`", before=r"(?P<mark>-)$", at=r">"),
    Mistake("let f = => x", "`=>` does not exist here; a function is written `fn(x) = …`", at=r"=>|(?<==)>"),
    Mistake("a =< b", "`=<` is written `<=`", "<=", before=r"(?P<cut>=)$", at=r"<"),
    Mistake("x := 3", "`:=` is written `=`", "=", at=r":="),
    Mistake(
        "let x == 3",
        "`==` compares; a name is bound with `=`",
        "let {name} = {rest}",
        before=r"(?P<cut>\blet[ \t]+(?P<name>\w+)[ \t]*(?P<mark>==)[ \t]*" + REST + r"\s*)$",
    ),
    Mistake("x = = 1", "`=` stands here twice", "", before=r"\w[ \t]*=[ \t]*$", at=r"=(?!=)[ \t]*"),
    Mistake(
        "let x = 0:0.1:1",
        "numbers in a row are made by `arange`, which leaves its end out",
        spaced,
        before=r"=[ \t]*(?P<cut>(?P<low>-?[\d.]+))$",
        at=r":(?P<step>-?[\d.]+)(?::(?P<high>-?[\d.]+))?(?=[ \t]*(?:[;}\n#]|\Z))",
    ),
    Mistake(
        "let A = [1 2; 3 4]",
        "a matrix is a tensor of its rows",
        matrix,
        before=r"(?P<cut>\[[ \t]*(?P<first>-?[\d.]+)[ \t]+)$",
        at=r"(?P<rest>[-\d.eE \t;,]*;[-\d.eE \t;,]*)\]",
    ),
    Mistake(
        "A .* B",
        "`.{op}` is written without the dot: operators go element by element",
        lambda groups: {"^": "**"}.get(groups["op"], groups["op"]),
        before=r"[\w)\]][ \t]*(?P<cut>\.)$",
        at=r"(?P<op>[*/^+-])",
    ),
    Mistake("a ~= b", "`~=` is written `!=`", "!=", at=r"~=(?!=)"),
    Mistake(
        "A \\ b",
        "a system of equations is solved by `linalg.solve`",
        "linalg.solve({a}, {b})",
        before=r"(?<!\w)(?P<cut>(?!(?:let|fn|in|return|print|and|or|not|if|else)\b)(?P<a>[^\W\d]\w*)[ \t]*)$",
        at=r"\\[ \t]*(?P<b>[^\W\d]\w*(?:\([^()\n]*\))?)",
        error=errors.BadToken,
    ),
    Mistake(
        "A' * b",
        "a transposed matrix is written `{name}.T`",
        "{name}.T",
        before=r"(?P<cut>(?P<name>[^\W\d]\w*))$",
        at=r"'(?=[ \t]*(?:[-+*/@;)\n]|\Z))",
        error=errors.BadToken,
    ),
    Mistake(
        "let x: float = 1.0",
        "names have no types",
        " = ",
        before=START + r"(?:let[ \t]+)?\w+(?P<cut>[ \t]*)$",
        at=r":[^=\n]*=[ \t]*",
    ),
    Mistake(
        "sum(x, dim: 0)",
        "an argument is given as `name=value`",
        "=",
        before=r"[(,][ \t]*\w+(?P<cut>[ \t]*)$",
        at=r":[ \t]*(?=[^\s,)])",
    ),
    # --- numbers, characters, comments
    Mistake(
        "x.5",
        "after `.` comes a name; an element is taken with an index",
        "[{number}]",
        before=r"\w[ \t]*(?P<cut>\.[ \t]*)$",
        at=r"(?P<number>\d+)",
    ),
    Mistake(
        "x**2.sum()",
        "a number that is followed by `.` and a name: the power stands in parentheses",
        "({base}**{number}).",
        before=r"(?P<cut>(?P<base>[^\W\d]\w*)[ \t]*\*\*[ \t]*)$",
        at=r"(?P<number>\d[\d_]*)\.(?=[^\W\d])",
        error=errors.BadToken,
    ),
    Mistake(
        "1.sum()",
        "a number that is followed by `.` and a name stands in parentheses",
        "({number}).",
        at=r"(?P<number>\d[\d_]*)\.(?=[^\W\d])",
        error=errors.BadToken,
    ),
    Mistake(
        "2j + 1",
        "there are no complex numbers here",
        at=r"\d[\d_.]*[jJ]\b",
        error=errors.BadToken,
        plain="real and imaginary part are two numbers, `let z = tensor([1.0, 2.0])`",
    ),
    Mistake(
        "let y = 2x",
        "`{number}{rest}` is neither a number nor a name; a product is written with `*`",
        "{number} * {rest}",
        at=r"(?P<number>[\d.]*\d)(?P<rest>[^\W\d_]\w*)",
        error=errors.BadToken,
    ),
    Mistake("let y = 1.2.3", "`{number}` is not a number", at=r"(?P<number>\.?\d[\w.]*)", error=errors.BadToken),
    Mistake(
        "// a comment",
        "a comment begins with `#`; `//` divides and rounds down",
        "#",
        before=START + "$",
        at=r"//",
    ),
    Mistake(
        "let x = 1 // a comment",
        "a comment begins with `#`; `//` divides and rounds down",
        "#{said}",
        before=r"(?P<mark>//)(?P<said>[^\n]*[ \t])$",
        at=OPERAND,
    ),
    Mistake(
        "/* a comment */",
        "a comment begins with `#`",
        "# {said}",
        before=r"(?P<cut>/?)$",
        at=r"/?\*[ \t]*(?P<said>[^\n]*?)[ \t]*\*/(?=[ \t]*(?:\n|\Z))",
    ),
    Mistake("/* a comment */ x", "a comment begins with `#`", "", before=r"(?P<cut>/?)$", at=r"/?\*(?s:.*?)\*/\s*"),
    Mistake(
        "let x = 1 + \\\n2",
        "a line goes on after an operator, a comma, or in brackets; `\\` is not needed",
        "",
        at=r"\\[ \t]*\n\s*",
        error=errors.BadToken,
    ),
    Mistake("$x + 1", "a name stands without `$`", "{name}", at=r"\$(?P<name>\w+)", error=errors.BadToken),
    Mistake(
        "h'(2.)",
        "a derivative is written `grad({name})`",
        derived,
        before=r"(?P<cut>(?P<name>[^\W\d]\w*))$",
        at=r"(?P<marks>'+)(?=[ \t]*\()",
    ),
    Mistake(
        "print 'it's'",
        "the string ends before `{rest}`; for a quote inside of it use the other quotes around it",
        requoted,
        before=r"(?P<cut>(?P<quote>['\"])(?P<left>[^'\"\n]*)['\"])$",
        at=r"(?P<rest>\w[^'\"\n]*)['\"]",
    ),
    # --- brackets and what belongs in them
    Mistake(
        "let d = {a=1}",
        "a dict is written with `:` and its keys in quotes",
        '"{name}": ',
        before=r"[{,][ \t]*(?P<cut>(?P<name>\w+)[ \t]*)$",
        at=r"=(?!=)[ \t]*",
    ),
    Mistake(
        "print(*)",
        "after `*` comes a list or a tuple",
        before=r"[(,][ \t]*\*[ \t]*$",
        at=r"[,)]",
        plain="print *[1, 2]",
    ),
    # --- something missing, or in the wrong place
    Mistake(
        "for = 3",
        "`{mark}` is a reserved word and cannot be a name",
        "{mark}_ ",
        before=START
        + r"(?:let[ \t]+)?(?P<mark>for|if|while|fn|try|return|pass|del|assert|raise|not|import|from|let)[ \t]*$",
        at=r"(?==(?!=))",
        error=errors.ReservedWord,
    ),
    Mistake(
        "let x",
        "a `let` has a value",
        " = 0.0",
        before=r"\blet[ \t]+(?P<name>\w+)(?P<cut>[ \t]*)$",
        at=r"(?=\s*(?:[;}]|\Z|(?<=\n)))",
    ),
    Mistake(
        "let x 3",
        "the `=` of this `let` is missing",
        "= ",
        before=r"\blet[ \t]+(?P<name>\w+)[ \t]+$",
        at=OPERAND,
    ),
    Mistake(
        "param lr",
        "a `param` has a default value",
        " = 0.01",
        before=r"\bparam[ \t]+(?P<name>\w+)(?P<cut>[ \t]*)$",
        at=r"(?=\s*(?:[;}]|\Z|(?<=\n)))",
    ),
    Mistake(
        "if x > 0 { y } z = 1",
        "after `}}` a new line or `;` is missing",
        "; ",
        before=r"\}(?P<cut>[ \t]*)$",
        at=OPERAND,
    ),
]
