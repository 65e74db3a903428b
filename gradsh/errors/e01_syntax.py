"""E01xx · Syntax: the text is not a program."""

from __future__ import annotations

from gradsh.errors.base import GradshError


class SyntaxError_(GradshError):
    code = "E0101"
    kind = "SyntaxError"
    summary = "The text is not a gradsh program."
    example = "let x = = 3"


class Incomplete(GradshError):
    code = "E0102"
    kind = "SyntaxError"
    summary = "The program ends in the middle of something: a bracket is open, or an expression is missing."
    example = "let x = (1 + 2"


class BadToken(GradshError):
    code = "E0103"
    kind = "SyntaxError"
    summary = "A character, a string or a number that gradsh cannot read."
    example = 'print "abc'


class ChainedComparison(GradshError):
    code = "E0104"
    kind = "SyntaxError"
    summary = "Comparisons do not chain; write both and join them with `&` or `and`."
    example = "let a = 1\na < 2 < 3"


class BadTarget(GradshError):
    code = "E0105"
    kind = "SyntaxError"
    summary = "The left side of an assignment is not something that can be assigned."
    example = "1 + 2 = 3"


class NotUtf8(GradshError):
    code = "E0109"
    kind = "UnicodeDecodeError"
    summary = "A program that is not UTF-8 text."
    example = ""


class TooDeep(GradshError):
    code = "E0106"
    kind = "SyntaxError"
    summary = "The program is nested more deeply than gradsh reads."
    example = ""


class ReservedWord(GradshError):
    code = "E0107"
    kind = "SyntaxError"
    summary = "A reserved word stands where a name is expected."
    example = "let for = 3"


class BadImport(GradshError):
    code = "E0108"
    kind = "SyntaxError"
    summary = "Only torch can be imported (and does nothing); other files are read with `use`."
    example = "import os"
