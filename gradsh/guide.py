"""`help f`: a page on a built-in from its entry in the registry, or a few words on any other value."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from gradsh import index, plain, runtime
from gradsh.calls.suggest import suggest
from gradsh.engine.dtypes import DType
from gradsh.engine.tensor import Tensor
from gradsh.errors import ArgumentError, Span
from gradsh.files import Files
from gradsh.language.signatures import MODULES
from gradsh.reports import HelpPage
from gradsh.session import Display, Session
from gradsh.text import shown, written

# What belongs to the language rather than to the registry: how it is written, what it does, an example.
WORDS = {
    "print": ("print value, …", "Prints values as text, separated by spaces.", 'print "loss", 0.25'),
    "show": ("show x, …", "The state table of these tensors, or of all: what decides about their gradients.", ""),
    "help": ("help f", "This page, for any built-in.", ""),
    "no_grad": ("no_grad { … }", "Inside of the block nothing is recorded.", "no_grad { pass }"),
    "enable_grad": ("enable_grad { … }", "Inside of the block operations are recorded again.", "enable_grad { pass }"),
    "inference_mode": ("inference_mode { … }", "As no_grad; what is made inside can never be recorded later.", ""),
    "detect_anomaly": ("detect_anomaly { … }", "Backward passes inside stop at NaN and name the forward line.", ""),
}
CONSTANTS = {"pi": "The number pi.", "e": "Euler's number.", "inf": "Infinity.", "nan": "Not a number."}


def page(value: object, span: Span | None) -> HelpPage:
    """The page on what stands at `span`, whose value is `value`; a string names a built-in.

    Errors: ArgumentError for a string that names none.
    """
    said = " ".join(span.text.split()) if span is not None else getattr(value, "__name__", "")
    if isinstance(value, str) and not (said and said.isidentifier()):
        return _named(value)
    if isinstance(value, FunctionType) and runtime.is_users(value):
        return _users(value)
    name = _without_module(said)
    if index.operator(name) is None and not _is_word(name):
        name = getattr(value, "__name__", name)
    if isinstance(value, DType) and index.operator(name) is None:
        return HelpPage(repr(value), repr(value), f"A dtype: {value.itemsize} bytes an element.")
    if index.operator(name) is None and not _is_word(name):
        kind = f"a tensor of shape {list(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
        return HelpPage(said, said, f"Bound to {kind}; `print {said}` prints it.")
    return _named(name)


def _is_word(name: str) -> bool:
    return name in WORDS or name in CONSTANTS or name in plain.OWN


def _without_module(name: str) -> str:
    """`relu` for `torch.nn.functional.relu`."""
    head, _, last = name.rpartition(".")
    return last if head in MODULES else name.removeprefix("torch.")


def _named(name: str) -> HelpPage:
    if name in WORDS:
        usage, summary, example = WORDS[name]
        return HelpPage(name, usage, summary, example=example, output=_output(example))
    if name in CONSTANTS:
        return HelpPage(name, name, CONSTANTS[name], example=name, output=_output(name))
    entry = index.operator(name)
    if entry is None:
        if name in plain.OWN:
            return HelpPage(name, f"{name}(…)", f"As Python's {name}, on plain values.")
        near = suggest(name, runtime.BUILTINS.names())
        help = f"did you mean `help {near}`?" if near is not None and "." not in near else None
        raise ArgumentError(f"help: there is no built-in '{name}'", help=help, kind="NameError")
    formula = entry.formula or ("" if entry.differentiable else "none: the result carries no gradient")
    usage = entry.signature.text.replace(": bool=", "=")  # that it is a flag is for the parser
    return HelpPage(
        name,
        usage,
        entry.summary,
        formula=formula,
        kinks=entry.kinks,
        method=_as_method(name, entry),
        example=entry.example,
        output=_output(entry.example),
    )


def _as_method(name: str, entry: Any) -> str:
    """How it is called on a tensor: "x.log(), in place x.log_()"; "" where it is no method."""
    if not entry.method or entry.private or "." in name or not entry.signature.parameters:
        return ""
    rest = "…" if len(entry.signature.parameters) > 1 else ""
    return f"x.{name}({rest})" + (f", in place x.{name}_({rest})" if entry.inplace else "")


def _users(function: FunctionType) -> HelpPage:
    code = function.__code__
    names = [n.removeprefix(".") for n in code.co_varnames[: code.co_argcount]]
    defaults = [shown(d) for d in function.__defaults__ or ()]
    given = [*([""] * (len(names) - len(defaults))), *defaults]
    parts = [f"{n}={d}" if d else n for n, d in zip(names, given, strict=True)]
    name = function.__name__.removeprefix(".")
    return HelpPage(name, f"{name}({', '.join(parts)})", "A function of this program.")


class _Caught(Display):
    """Keeps what an example prints."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def value(self, value: object, span: Span | None) -> None:
        self.lines += shown(value).split("\n")

    def printed(self, values: tuple[object, ...], spans: list[Span | None]) -> None:
        self.lines += " ".join(map(written, values)).split("\n")


def _output(example: str) -> list[str]:
    """What an example prints, run in a session of its own."""
    if not example:
        return []
    display = _Caught()
    session = Session(display, seed=0)
    session.files = Files("help touches no files")
    session.run(example, "<help>")
    return display.lines
