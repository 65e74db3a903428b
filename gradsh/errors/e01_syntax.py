"""E01xx · Syntax: the text is not a program."""

from __future__ import annotations

from gradsh.errors.base import GradshError


class SyntaxError_(GradshError):
    code = "E0101"
    kind = "SyntaxError"
    summary = "The text is not a gradsh program."
    happened = (
        "The parser reads a program from left to right, and at the place that is underlined nothing that it knows "
        "can go on. What stands before is in order, so the mistake is there, or just in front of it. A program "
        "with one is not started at all."
    )
    example = "let x = = 3"
    cure = "let x = 3"
    causes = (
        "a sign too many or too few: `x = = 3`, `f(x,,y)`, `2 *`",
        "Python's or C's way of writing: blocks stand in braces, `for i in range(3) { … }`, a function is `fn"
        " f(x) = x + 1`",
        "two statements on one line without a `;` between them",
    )
    not_a_cure = (
        "changing the line that is underlined when a bracket of the line before is still open: look there too",
    )
    see = "`help fn`, `help for`, `help if`, E0102"


class Incomplete(GradshError):
    code = "E0102"
    kind = "SyntaxError"
    summary = "The program ends in the middle of something: a bracket is open, or an expression is missing."
    happened = (
        "All that is there can be read, and the program ends where more must come: a bracket or a brace that is "
        "open, an operator without its right side. At a prompt the next line goes on with it; in a file, that is "
        "the end."
    )
    example = "let x = (1 + 2"
    cure = "let x = (1 + 2)"
    causes = (
        "a bracket or brace that is never closed: it is underlined where it was opened",
        "an operator at the end: `let y = x *`",
        "a block without its body: `if x > 0`",
    )
    not_a_cure = ("closing the bracket at the end of the file: it belongs where its expression ends",)
    see = "E0101, E0103"


class BadToken(GradshError):
    code = "E0103"
    kind = "SyntaxError"
    summary = "A character, a string or a number that gradsh cannot read."
    happened = (
        "Before a program is parsed it is cut into words, numbers and signs; here is a piece that is none of these."
    )
    example = 'print "abc'
    cure = 'print "abc"'
    causes = (
        'a string that is not closed on its line; `"""` goes over several',
        "a quotation mark or a minus that a text processor has made typographic",
        "a number that is none: `1.2.3`, `0x`, `3abc`",
        'an f-string whose braces do not match: `f"{x"`',
    )
    not_a_cure = (
        "another kind of quotation marks within the string: `\"` and `'` are the same, but the one that opens "
        "must close",
    )
    see = "`help print`, E0101"


class ChainedComparison(GradshError):
    code = "E0104"
    kind = "SyntaxError"
    summary = "Comparisons do not chain; write both and join them with `&` or `and`."
    happened = (
        "In Python `a < x < b` is two comparisons joined by `and`. Of tensors that would ask for the truth of "
        "several elements at once, so gradsh wants to know which is meant: `&` joins element by element, `and` "
        "joins single truths."
    )
    example = "let a = 1\na < 2 < 3"
    cure = "let a = 1\n(a < 2) & (2 < 3)"
    causes = (
        "a range, `0 < x < 1`: write `(0 < x) & (x < 1)`",
        "`a == b == c`: write `(a == b) & (b == c)`",
    )
    not_a_cure = ("parentheses around one of the two: `(0 < x) < 1` compares a truth with 1",)
    see = "`help and`, E0314"


class BadTarget(GradshError):
    code = "E0105"
    kind = "SyntaxError"
    summary = "The left side of an assignment is not something that can be assigned."
    happened = (
        "Left of `=` stands what is to be given a value: a name, an element `x[0]`, a field `net.weight`, or "
        "several of these with commas between. The result of an expression has no place to put a value in."
    )
    example = "1 + 2 = 3"
    cure = "1 + 2 == 3"
    causes = (
        "a comparison is meant: `==`",
        "an equation is written down: there is no solving; give the name first, `let x = 3 - 2`",
        "a call on the left, `f(x) = 2`: a function is defined by `fn f(x) = 2`",
        "a literal or a keyword on the left: `none = x`",
    )
    see = "`help let`, `help fn`"


class NotUtf8(GradshError):
    code = "E0109"
    kind = "UnicodeDecodeError"
    summary = "A program that is not UTF-8 text."
    happened = (
        "The bytes of the file are not UTF-8 at the place that is shown, so what the characters are is not known."
    )
    example = ""
    causes = (
        "a file that an editor has saved as Latin-1 or UTF-16: save it as UTF-8",
        "a file that is no text at all, such as data or an archive: `load` reads those",
    )
    not_a_cure = ("leaving the characters out: nobody could say what the rest means",)
    see = "`help load`, E0502"


class TooDeep(GradshError):
    code = "E0106"
    kind = "SyntaxError"
    summary = "The program is nested more deeply than gradsh reads."
    happened = (
        "Brackets, blocks or operators stand in one another more than a hundred deep. Python, which runs the "
        "program in the end, could not take it either."
    )
    example = ""
    causes = (
        "a program that another program has written: let it bind inner parts to names, `let inner = a * b`",
        "a long chain of `else if`: a dict or a loop over pairs does the same",
    )
    not_a_cure = ("more memory or a larger stack: the limit does not depend on them",)
    see = "E0901, `help let`"


class ReservedWord(GradshError):
    code = "E0107"
    kind = "SyntaxError"
    summary = "A reserved word stands where a name is expected."
    happened = (
        "Words like `for`, `if` and `let` begin statements wherever they stand, so they cannot be names of "
        "variables, functions or parameters."
    )
    example = "let for = 3"
    cure = "let for_ = 3"
    causes = (
        "a variable called `in`, `is`, `from`, `pass`: add an underscore, `in_`",
        "a keyword of a call: `f(from=0)`; the parameter has another name in gradsh, see its `help`",
    )
    see = "`help let`"


class BadImport(GradshError):
    code = "E0108"
    kind = "SyntaxError"
    summary = "Only torch can be imported (and does nothing); other files are read with `use`."
    happened = (
        "gradsh has no Python modules. `import torch` and `from torch import nn` are read, so that a program can "
        "be pasted, and do nothing: what PyTorch has is there already."
    )
    example = "import os"
    cure = "import torch"
    causes = (
        'a module of Python\'s: `os`, `math`, `numpy`; gradsh has `sqrt`, `pi`, `env("HOME")`, `load("x.npy")` itself',
        'another gradsh file: `use "lib.grad"`',
    )
    not_a_cure = ("a `try` around it: a wrong import is found before the program runs",)
    see = "`help import`, `help use`, `help load`"
