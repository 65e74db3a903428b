"""The language's lexer for Pygments, and so for Sphinx, MkDocs and whatever else asks it for one.

from pygments.lexers import get_lexer_by_name
get_lexer_by_name("gradsh")
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pygments.lexer import Lexer  # type: ignore[import-untyped, unused-ignore]  # types are a package of their own
from pygments.token import (  # type: ignore[import-untyped, unused-ignore]
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from gradsh.language.scanning import scan
from gradsh.runtime.commands import WORDS

TOKENS: dict[str, Any] = {
    "space": Whitespace,
    "comment": Comment.Single,
    "string": String,
    "escape": String.Escape,
    "interpolation": String.Interpol,
    "number": Number,
    "constant": Keyword.Constant,
    "keyword": Keyword,
    "command": Keyword.Pseudo,
    "definition": Name.Function,
    "function": Name.Function,
    "attribute": Name.Attribute,
    "name": Name,
    "operator": Operator,
    "bracket": Punctuation,
    "separator": Punctuation,
    "error": Error,
}


class GradshLexer(Lexer):  # type: ignore[misc, unused-ignore]
    """The language of gradsh. Its prompt and its errors read texts with the same scan."""

    name = "gradsh"
    aliases: ClassVar[list[str]] = ["gradsh", "grad"]
    filenames: ClassVar[list[str]] = ["*.grad"]
    mimetypes: ClassVar[list[str]] = ["text/x-gradsh"]
    url = "https://pypi.org/project/gradsh/"

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """The pieces, each with where it begins."""
        position = 0
        for kind, piece in scan(text, commands=WORDS)[0]:
            yield position, TOKENS[kind], piece
            position += len(piece)
