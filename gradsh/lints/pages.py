"""The pages on codes, of errors and of warnings, and the lists of them. Needs no engine."""

from __future__ import annotations

from gradsh import errors
from gradsh.lints.registry import FILES, load
from gradsh.reports import CodePage, Topic


def code_page(code: str) -> CodePage | None:
    """The page on an error or a warning; None when there is none of that code."""
    error = errors.REGISTRY.get(code)
    if error is not None:
        return CodePage(
            code,
            error.summary,
            error.happened,
            error.example,
            error.cure,
            afterwards=error.afterwards,
            causes=error.causes,
            not_a_cure=error.not_a_cure,
            see=error.see,
        )
    lint = load(code)
    if lint is None:
        return None
    return CodePage(code, lint.summary, lint.happened, lint.example, lint.cure, see=lint.see)


def topics() -> list[Topic]:
    """The errors and the warnings, each with its summary."""
    found = [("errors", "Errors", {code: error.summary for code, error in errors.REGISTRY.items()})]
    lints = {code: entry.summary for code in FILES if (entry := load(code)) is not None}
    found.append(("warnings", "Warnings of `gradsh check`, of the prompt and of runs", lints))
    return [Topic(word, title, list(summaries), summaries) for word, title, summaries in found]
