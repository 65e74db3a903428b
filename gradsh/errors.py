"""Every error a user can see: its stable code, its words, the places it points at. Nothing here renders.

An error is one class. It carries a `code` that never changes once released, a `summary` (one line, for the
reference page) and an `example` (gradsh text that triggers it), so that documentation and tests are loops over
`REGISTRY`. What belongs to one occurrence stands in the instance: `message` (PyTorch's own words first, where
PyTorch has the error), `labels` (the first is the primary one; a session adds it when it is missing) and `help`.

Codes: E01xx syntax · E02xx names, arity and flags, before running · E03xx values: types, shapes, dtypes, indices ·
E04xx autograd · E05xx files and data · E06xx the language while running · E09xx limits and internal. Those that begin
with W are warnings, see gradsh.lints.
"""

from __future__ import annotations

REGISTRY: dict[str, type[GradshError]] = {}

# A place in the running program as the engine knows it: the code object and instruction offset of the user's frame.
Where = tuple[object, int]


class Source:
    """A program text and the name it is shown under: "<command line>", "<stdin>", "train.grad", "<prompt 3>"."""

    __slots__ = ("_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
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

    Class attributes: `code` (stable), `kind` (the name of PyTorch's or Python's exception type), `summary`, `example`.
    A subclass without a `code` of its own is a variant of its parent and is not registered.

    `places` is for code that knows no spans: (where, words) pairs that the session turns into secondary labels.
    `subject` is what the error is about, a tensor or shapes, for gradsh.advice, which knows names and lines.
    `note` is what is known beyond the message, of any number of lines.
    `help` is one line: either gradsh as it stands, or a sentence in which all gradsh is between backticks.
    """

    code: str = "E0000"
    kind: str = "RuntimeError"
    summary: str = ""
    example: str = ""

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
        if code in REGISTRY:
            raise TypeError(f"{cls.__name__} and {REGISTRY[code].__name__} both claim {code}")
        REGISTRY[code] = cls

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


# --- E01xx: syntax ------------------------------------------------------------------------------------------


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


# --- E02xx: names, arity and flags, found before running ---------------------------------------------------------


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


# --- E03xx: values: types, shapes, dtypes, indices --------------------------------------------------------------


class ValueProblem(GradshError):
    code = "E0301"
    kind = "RuntimeError"
    summary = "A value that the operation cannot take."
    example = "linspace(0, 1, -1)"


class ShapeError(GradshError):
    code = "E0302"
    kind = "RuntimeError"
    summary = "Shapes that do not go together."
    example = "ones(2) + ones(3)"


class DtypeError(GradshError):
    code = "E0303"
    kind = "RuntimeError"
    summary = "Dtypes that do not go together, or one that the operation does not support."
    example = "ones(2, 2) @ ones(2, 2, dtype=int64)"


class DimError(GradshError):
    code = "E0304"
    kind = "IndexError"
    summary = "A dimension that the tensor does not have."
    example = "sum(ones(2), 5)"


class IndexError_(GradshError):
    code = "E0305"
    kind = "IndexError"
    summary = "An index that is out of range or of the wrong type."
    example = "ones(2)[7]"


class ArgumentError(GradshError):
    code = "E0306"
    kind = "TypeError"
    summary = "An argument of the wrong type, or a combination of arguments that no form of the function takes."
    example = 'log("a")'


class ValueError_(GradshError):
    code = "E0307"
    kind = "ValueError"
    summary = "An argument of the right type with a value that the function does not take."
    example = 'int("abc")'


class TypeError_(GradshError):
    code = "E0308"
    kind = "TypeError"
    summary = "An operation on plain values of types that do not have it."
    example = '1 + "a"'


class AttributeError_(GradshError):
    code = "E0309"
    kind = "AttributeError"
    summary = "An attribute or method that the value does not have."
    example = "ones(2).garad"


class ZeroDivision(GradshError):
    code = "E0310"
    kind = "ZeroDivisionError"
    summary = "A plain number divided by zero (a tensor gives inf or nan)."
    example = "1 / 0"


class Overflow(GradshError):
    code = "E0311"
    kind = "OverflowError"
    summary = "A plain number too large for its type."
    example = "2.0 ** 100000"


class KeyError_(GradshError):
    code = "E0312"
    kind = "KeyError"
    summary = "A key that the dict does not have."
    example = 'let d = {"a": 1}\nd["b"]'


class NotDifferentiable(GradshError):
    code = "E0313"
    kind = "RuntimeError"
    summary = "An operator whose derivative is not implemented."
    example = "let x = tensor(1.0, grad)\nbackward x // 2.0"


class ScalarConversion(GradshError):
    code = "E0314"
    kind = "RuntimeError"
    summary = "A tensor of several elements, or of the wrong dtype, used as one number or as a condition."
    example = "if ones(2) { print 1 }"


# --- E04xx: autograd ----------------------------------------------------------------------------------------------


class NoGraph(GradshError):
    code = "E0401"
    kind = "RuntimeError"
    summary = "Backward of something that no leaf with the grad flag went into."
    example = "let x = tensor(2.0)\nbackward x * 3"


class FreedGraph(GradshError):
    code = "E0402"
    kind = "RuntimeError"
    summary = "Backward through a graph whose saved values were freed by an earlier backward."
    example = "let x = tensor(2.0, grad); let z = x * x\nbackward z\nbackward z"

    def __init__(self, node: str, made: Where | None = None, freed: Where | None = None) -> None:
        """`node` as PyTorch prints it ("MulBackward0"), where it was recorded and which backward freed it."""
        super().__init__(
            "Trying to backward through the graph a second time (or directly access saved tensors after they have "
            "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
            "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if "
            "you need to access saved tensors after calling backward.",
            help="compute the result again before the second backward, or give the first one `retain_graph`",
            places=[(freed, "freed here"), (made, f"recorded here ({node})")],
        )
        self.freed = freed


class NonScalarBackward(GradshError):
    code = "E0403"
    kind = "RuntimeError"
    summary = "Backward of more than one element without saying which gradient comes in."
    example = "let x = ones(3, grad)\nbackward x * 2"


class GradientMismatch(GradshError):
    code = "E0404"
    kind = "RuntimeError"
    summary = "A gradient whose shape or dtype is not that of its tensor."
    example = "let x = ones(2, grad)\nbackward x * 2, ones(3)"


class VersionMismatch(GradshError):
    code = "E0405"
    kind = "RuntimeError"
    summary = "A value that backward needs was changed in place after it was saved."
    example = "let x = ones(2, grad); let y = exp(x)\ny.add_(1)\nbackward y.sum()"

    def __init__(
        self,
        description: str,
        version: int,
        expected: int,
        saved: Where | None = None,
        written: Where | None = None,
    ) -> None:
        """`description` is PyTorch's, "[torch.FloatTensor [2]], which is output 0 of Exp,"."""
        super().__init__(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"{description} is at version {version}; expected version {expected} instead. Hint: enable anomaly "
            "detection to find the operation that failed to compute its gradient, with "
            "torch.autograd.set_detect_anomaly(True, check_nan=False).",
            help="write the change as a new value (`y = y + 1`), or make it on a copy, `y.clone()`",
            places=[(saved, f"saved here at version {expected}"), (written, f"changed here (version {version})")],
        )
        self.written = written


class LeafInPlace(GradshError):
    code = "E0406"
    kind = "RuntimeError"
    summary = "An in-place write to a leaf that requires grad, while gradients are recorded."
    example = "let w = ones(2, grad)\nw -= 0.1"


class UnusedInput(GradshError):
    code = "E0407"
    kind = "RuntimeError"
    summary = "A gradient asked for with respect to a tensor that did not go into the result."
    example = "let x = ones(1, grad); let y = ones(1, grad)\ngrad(x * 2, y)"


class LeafFlag(GradshError):
    code = "E0408"
    kind = "RuntimeError"
    summary = "The grad flag on a tensor of integers or bools."
    example = "let x = tensor(1, grad)"

    def __init__(self, message: str, where: Where | None = None) -> None:
        """`where` is the place at which the tensor was made."""
        super().__init__(
            message,
            help="only floating values have gradients: write `1.0` for `1`, or give `dtype=float32`",
            places=[(where, "made here")],
        )


class NotLeaf(GradshError):
    code = "E0409"
    kind = "RuntimeError"
    summary = "Something that only a leaf allows, done to the result of an operation."
    example = "let x = ones(2, grad); let y = x * 2\ny.requires_grad = false"


class NeedsDetach(GradshError):
    code = "E0410"
    kind = "RuntimeError"
    summary = "A tensor that requires grad given to something that would lose its graph."
    example = "let x = ones(2, grad)\nx.numpy()"


class AutogradError(GradshError):
    code = "E0411"
    kind = "RuntimeError"
    summary = "A request that the graph cannot serve."
    example = "let x = ones(2)\nx.retain_grad()"


class GradAssignment(GradshError):
    code = "E0412"
    kind = "RuntimeError"
    summary = "A value assigned to `.grad` that cannot be the tensor's gradient."
    example = "let x = ones(2, grad)\nx.grad = ones(3)"


class GradcheckFailed(GradshError):
    code = "E0413"
    kind = "GradcheckError"
    summary = "gradcheck: a derivative is not what central differences say."
    example = "gradcheck(fn(x) = x.detach() * x, tensor([1., 2.], grad, dtype=float64))"


# --- E05xx: files and data -------------------------------------------------------------------------------------------


class FileError(GradshError):
    code = "E0501"
    kind = "OSError"
    summary = "A file that cannot be read or written."
    example = 'load("nowhere.npy")'


class BadFile(GradshError):
    code = "E0502"
    kind = "ValueError"
    summary = "A file whose content is broken, or not what the ending of its name says."
    example = ""


class UnknownFormat(GradshError):
    code = "E0503"
    kind = "ValueError"
    summary = "A file name whose ending does not say what the file holds."
    example = 'load("run.xyz")'


class CannotHold(GradshError):
    code = "E0504"
    kind = "TypeError"
    summary = "A value that a file of this kind cannot hold."
    example = 'save "text", "x.npy"'


class MissingPackage(GradshError):
    code = "E0505"
    kind = "ModuleNotFoundError"
    summary = "A file that needs an optional package, which is not installed."
    example = ""


# --- E06xx: the language while it runs ----------------------------------------------------------------------------


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


# --- E09xx: limits and internal ------------------------------------------------------------------------------------


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


class InternalFault(GradshError):
    code = "E0999"
    kind = "SystemError"
    summary = "A fault of gradsh itself, not of the program."
    example = ""
