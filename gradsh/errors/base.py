"""What errors and warnings are made of: sources, places, the base class. Nothing here renders."""

from __future__ import annotations

# The classes whose files are loaded, by their codes; `gradsh.errors.REGISTRY` is this with all of them.
LOADED: dict[str, type[GradshError]] = {}

# A place in the running program as the engine knows it: the code object and instruction offset of the user's frame.
Where = tuple[object, int]


# of Python: the last expression of a notebook's cell is shown, that of `eval` is all there is
FILE, CELL, EXPRESSION = "file", "cell", "expression"


class Source:
    """A program text and the name it is shown under: "<command line>", "<stdin>", "train.grad", "<prompt 3>".

    `python`: FILE or CELL where it is PyTorch's own source, in Python; "" of gradsh.
    """

    __slots__ = ("_starts", "name", "python", "text")

    def __init__(self, name: str, text: str, python: str = "") -> None:
        self.name = name
        self.text = text
        self.python = python
        self._starts: list[int] | None = None

    @property
    def starts(self) -> list[int]:
        """The offset at which each line starts; found when first asked for, since most programs have no error."""
        if self._starts is None:
            starts = [0]
            find = self.text.find
            at = find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = find("\n", at + 1)
            self._starts = starts
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both counted from 1; offsets beyond the text give its end."""
        from bisect import bisect_right  # only an error or a warning asks

        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of line `number` (from 1) without its line end; "" beyond the last."""
        starts = self.starts
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")

    def __repr__(self) -> str:
        return f"Source({self.name!r}, {len(self.text)} characters)"


class Span:
    """A piece of a source: character offsets, half open."""

    __slots__ = ("end", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.end = end

    @property
    def text(self) -> str:
        """The characters that the span covers."""
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        """The line on which the span begins, from 1."""
        return self.source.position(self.start)[0]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Span):
            return NotImplemented
        return self.source is other.source and self.start == other.start and self.end == other.end

    def __hash__(self) -> int:
        return hash((id(self.source), self.start, self.end))

    def __repr__(self) -> str:
        line, column = self.source.position(self.start)
        return f"Span({self.source.name}:{line}:{column} {self.text[:40]!r})"


class Label:
    """A span with a few words beside it ("freed here"); the words may be empty."""

    __slots__ = ("span", "text")

    def __init__(self, span: Span, text: str = "") -> None:
        self.span = span
        self.text = text

    def __repr__(self) -> str:
        return f"Label({self.span!r}, {self.text!r})"


class WarningRecord:
    """A warning as the session prints it: the UserWarning's text and where in the user's program it arose.

    `words` stand beside the place, `labels` are further places, `help` is as an error's. `code` is that of what is
    found before a program runs (gradsh.lints), which has no category of PyTorch's.
    """

    __slots__ = ("category", "code", "help", "labels", "message", "span", "words")

    def __init__(
        self,
        message: str,
        span: Span | None = None,
        category: str = "UserWarning",
        labels: list[Label] | None = None,
        help: str | None = None,
        *,
        words: str = "",
    ) -> None:
        self.message = message
        self.span = span
        self.category = category
        self.code = ""
        self.words = words
        self.labels: list[Label] = labels if labels is not None else []
        self.help = help


class GradshError(Exception):
    """Base of all errors that are the program's, not gradsh's.

    Class attributes: `code` (stable), `kind` (the name of PyTorch's or Python's exception type), `summary`, and the
    rest of its page, see gradsh.reports.CodePage: what `happened`, an `example` and its `cure` (the tests run both),
    what is so `afterwards`, `causes`, what is `not_a_cure`, what to `see`. All gradsh is between backticks.
    A subclass without a `code` of its own is a variant of its parent and is not registered.

    `places` is for code that knows no spans: (where, words) pairs that the session turns into secondary labels.
    `subject` is what the error is about, a tensor or shapes, for gradsh.advice, which knows names and lines.
    `note` is what is known beyond the message, of any number of lines.
    `help` is one line: either gradsh as it stands, or a sentence in which all gradsh is between backticks. Of a text
    that is no program it is the user's own line, or block, mended.
    `edit` is what the help does to the source, where it is known: the text between two offsets becomes another.
    """

    code: str = "E0000"
    kind: str = "RuntimeError"
    summary: str = ""
    happened: str = ""
    example: str = ""
    cure: str = ""
    afterwards: str = ""
    causes: tuple[str, ...] = ()
    not_a_cure: tuple[str, ...] = ()
    see: str = ""
    edit: tuple[int, int, str] | None = None

    def __init__(
        self,
        message: str,
        labels: list[Label] | None = None,
        help: str | None = None,
        *,
        kind: str | None = None,
        places: list[tuple[Where | None, str]] | None = None,
        subject: object = None,
        note: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.labels: list[Label] = labels if labels is not None else []
        self.help = help
        self.places: list[tuple[Where | None, str]] = places if places is not None else []
        self.subject = subject
        self.note = note
        if kind is not None:
            self.kind = kind

    def __init_subclass__(cls) -> None:
        code = cls.__dict__.get("code")
        if code is None:
            return
        if code in LOADED:
            raise TypeError(f"{cls.__name__} and {LOADED[code].__name__} both claim {code}")
        LOADED[code] = cls

    def __str__(self) -> str:
        return self.message


class ClosedPipe(BaseException):
    """The output cannot be written any more: nobody reads it (`reason` None), or for `reason`.

    Not an Exception, so that no `try` of a program can catch it.
    """

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(Exception):
    """The program was not started: syntax, unknown names and the like; `errors` holds all that was found (up to 20)."""

    def __init__(self, errors: list[GradshError]) -> None:
        super().__init__(errors[0].message if errors else "refused")
        self.errors = errors


class BadArguments(Exception):
    """What was given for the parameters of a script does not fit them; the message says how. Nothing has run."""
