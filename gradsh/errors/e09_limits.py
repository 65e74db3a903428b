"""E09xx · Limits, and faults of gradsh itself."""

from __future__ import annotations

from gradsh.errors.base import GradshError


class RecursionLimit(GradshError):
    code = "E0901"
    kind = "RecursionError"
    summary = "Functions that call each other more deeply than gradsh allows."
    example = "fn f(x) = f(x)\nf(1)"


class OutOfMemory(GradshError):
    code = "E0902"
    kind = "MemoryError"
    summary = "A value that does not fit into memory."
    example = ""


class TimeLimit(GradshError):
    code = "E0903"
    kind = "TimeoutError"
    summary = "A program that ran longer than it was allowed to, by `--timeout` or `Session(timeout=…)`."
    example = ""

    @classmethod
    def after(cls, seconds: float) -> TimeLimit:
        """The error for a limit of that many seconds."""
        return cls(f"the program ran longer than {seconds:.10g} s")


class InternalFault(GradshError):
    code = "E0999"
    kind = "SystemError"
    summary = "A fault of gradsh itself, not of the program."
    example = ""
