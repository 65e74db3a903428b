"""E09xx · Limits, and faults of gradsh itself."""

from __future__ import annotations

from gradsh.errors.base import GradshError


class RecursionLimit(GradshError):
    code = "E0901"
    kind = "RecursionError"
    summary = "Functions that call each other more deeply than gradsh allows."
    happened = (
        "Each call that has not returned takes room. Some thousands are allowed; a recursion that does not end is "
        "stopped there."
    )
    example = "fn f(n) = f(n - 1)\nf(3)"
    cure = "fn f(n) = 0 if n <= 0 else f(n - 1)\nf(3)"
    causes = (
        "a recursion without an end, or one that its argument never reaches",
        "two functions that call each other",
        "a deep recursion that is right: write it as a loop with a list",
    )
    not_a_cure = ("a `try` that catches it and calls again",)
    see = "`help fn`, `help while`, E0106"


class OutOfMemory(GradshError):
    code = "E0902"
    kind = "MemoryError"
    summary = "A value that does not fit into memory."
    happened = (
        "The result, or something on the way to it, is larger than the memory that is there. What was bound before"
        " is intact."
    )
    example = ""
    causes = (
        "shapes that broadcast to each with each, (n, 1) and (n,): W0509",
        "graphs that are kept: `total += loss` in a loop (W0502), `retain_graph`",
        "a Jacobian or Hessian of a large input, which has as many rows as outputs: `vjp`, `jvp`, `hvp` give "
        "products with it",
        "a batch that is too large: `loader(x, y, batch_size=32)`",
    )
    see = "`saved z`, `help no_grad`, W0502, W0509"


class TimeLimit(GradshError):
    code = "E0903"
    kind = "TimeoutError"
    summary = "A program that ran longer than it was allowed to, by `--timeout` or `Session(timeout=…)`."
    happened = (
        "The time is over, and the program was stopped at the line that is shown. What it had bound and printed "
        "before stays; no `catch` sees it."
    )
    example = ""
    causes = (
        "a loop whose condition never becomes false",
        "more rounds or larger tensors than there was time for",
        "time that the machine spent on something else: it is the clock's time that counts",
    )
    see = "`help while`, E0901, E0902"

    @classmethod
    def after(cls, seconds: float) -> TimeLimit:
        """The error for a limit of that many seconds."""
        return cls(f"the program ran longer than {seconds:.10g} s")


class InternalFault(GradshError):
    code = "E0999"
    kind = "SystemError"
    summary = "A fault of gradsh itself, not of the program."
    happened = (
        "Something in gradsh went wrong that no program should be able to bring about. Your program may be right; "
        "what was bound before is intact."
    )
    example = ""
    causes = (
        "a fault of gradsh: the message has its own words, and with `GRADSH_DEBUG=1` in the environment the "
        "place in gradsh",
    )
    not_a_cure = ("changing the program until it goes away, without a report: the next one meets it too",)
    see = "E0902"
