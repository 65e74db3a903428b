"""E06xx · The language while it runs."""

from __future__ import annotations

from gradsh.errors.base import GradshError


class AssertionFailed(GradshError):
    code = "E0601"
    kind = "AssertionError"
    summary = "An `assert` that does not hold."
    example = 'assert 1 > 2, "one is not more than two"'


class UnpackError(GradshError):
    code = "E0602"
    kind = "ValueError"
    summary = "Unpacking into a number of names other than the number of values."
    example = "let a, b = (1, 2, 3)"


class CallError(GradshError):
    code = "E0603"
    kind = "TypeError"
    summary = "A call whose arguments do not fit the function, found while running."
    example = "fn f(x) = x\nlet fs = [f]\nfs[0]()"


class NotCallable(GradshError):
    code = "E0604"
    kind = "TypeError"
    summary = "A call of something that is not a function."
    example = "let x = 3\nx()"


class Unbound(GradshError):
    code = "E0605"
    kind = "NameError"
    summary = "A name that is used before anything was bound to it."
    example = "fn f() { let y = z; let z = 1; return y }\nf()"


class NotIterable(GradshError):
    code = "E0606"
    kind = "TypeError"
    summary = "A loop over, or an unpacking of, something that has no items."
    example = "for i in 5 { print i }"


class BadParam(GradshError):
    code = "E0608"
    kind = "TypeError"
    summary = "A script parameter that was given a value of another type than its default."
    example = "param step = ones(2)"


class NoForward(GradshError):
    code = "E0611"
    kind = "NotImplementedError"
    summary = "A model that is called and has no `forward`."
    example = "model M() { let w = ones(2, grad) }\nM()(1.0)"


class StateMismatch(GradshError):
    code = "E0612"
    kind = "RuntimeError"
    summary = "A state that does not fit the model it is loaded into."
    example = 'Linear(2, 1).load_state_dict({"weight": ones(1, 2)})'


class Sandboxed(GradshError):
    code = "E0613"
    kind = "PermissionError"
    summary = "Something outside of the sandbox that a program runs in: a file, an address."
    example = ""
