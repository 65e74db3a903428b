"""E02xx · Names, arity and flags, found before running."""

from __future__ import annotations

from gradsh.errors.base import GradshError


class UnknownName(GradshError):
    code = "E0201"
    kind = "NameError"
    summary = "A name that nothing binds."
    example = "let loss = 1.0; print los"


class WrongArity(GradshError):
    code = "E0202"
    kind = "TypeError"
    summary = "A call with too many or too few arguments."
    example = "log(1.0, 2.0)"


class UnknownKeyword(GradshError):
    code = "E0203"
    kind = "TypeError"
    summary = "A keyword that the called function does not have."
    example = "let x = ones(2)\nmean(x, dims=0)"


class ShadowedFlag(GradshError):
    code = "E0204"
    kind = "TypeError"
    summary = "A flag that a variable of the same name hides."
    example = "let keepdim = false\nsum(ones(2), 0, keepdim)"


class OutsideLoop(GradshError):
    code = "E0205"
    kind = "SyntaxError"
    summary = "`break` or `continue` outside a loop."
    example = "break"


class OutsideFunction(GradshError):
    code = "E0206"
    kind = "SyntaxError"
    summary = "`return` outside a function."
    example = "return 1"


class NotYet(GradshError):
    code = "E0207"
    kind = "NotImplementedError"
    summary = "A part of the language that this version of gradsh does not have yet."
    example = "plot ones(2)"


class BadParameter(GradshError):
    code = "E0208"
    kind = "SyntaxError"
    summary = "A parameter list that cannot be: a name twice, or a parameter without default after one with."
    example = "fn f(x, x) = x"


class OutsideOp(GradshError):
    code = "E0210"
    kind = "SyntaxError"
    summary = "`save_for_backward` or `needs_grad` where an op has no use for it."
    example = "fn f(x) {\n    save_for_backward x\n    return x\n}"


class UnknownAttribute(GradshError):
    code = "E0209"
    kind = "AttributeError"
    summary = "A namespace that does not have the member asked for."
    example = "linalg.nrm(ones(2))"


class TopLevelOnly(GradshError):
    code = "E0211"
    kind = "SyntaxError"
    summary = "`param` or `use` inside a block or a function; they stand at the top level of a file."
    example = 'if true { use "lib.grad" }'


class UseCycle(GradshError):
    code = "E0212"
    kind = "ImportError"
    summary = "Files that use each other in a circle."
    example = ""
