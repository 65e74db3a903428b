"""`help f`: a page on whatever a program can name, and on what it has bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from gradsh.calls.suggest import suggest
from gradsh.engine import catalogue
from gradsh.engine.core.dtypes import NAMES, DType
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import is_users
from gradsh.errors import ArgumentError
from gradsh.language.words import CAPITALS, MODULES, WORDS
from gradsh.reports import CodePage, HelpPage, Index, Report
from gradsh.runtime import commands, library, python, topics
from gradsh.runtime.builtins import BUILTINS, SAID
from gradsh.runtime.commands import command
from gradsh.runtime.text import function_name, is_model, shown

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.runtime.running import Running


@command("help f, …", example="help exp", alone=True, asks=True)
def help(session: Running, values: tuple[Any, ...], places: list[Span | None]) -> Iterable[Report]:
    """A page on any built-in, layer, word, code of an error or name of yours; alone, what there is."""
    if not values:
        yield Index("", topics.topics())
    for value, place in zip(values, places, strict=True):
        yield from pages(session, value, place)


def pages(session: Running, value: object, place: Span | None) -> Iterator[Report]:
    """What there is to say of what stands at `place`, whose value is `value`; a string names something.

    A name that a program has bound over a built-in has two pages.
    Errors: ArgumentError for a string that names nothing.
    """
    said = " ".join(place.text.split()) if place is not None else ""
    if isinstance(value, str) and (not said.isidentifier() or (value == said and "." + said not in session.globals)):
        yield from named(session, value)
        return
    if said in CAPITALS:  # a value, and a word
        yield from named(session, said)
        return
    name = without_module(said) if said else str(getattr(value, "__name__", ""))
    if not _is_builtin(session, name, value):
        yield of_value(session, said, value)
    yield from find(session, name)


def _is_builtin(session: Running, name: str, value: object) -> bool:
    """Is the value what the built-in of that name is?"""
    if name in commands.WORDS:
        return session.globals["@own"][name] is value
    return BUILTINS.has(name) and BUILTINS.value(name) is value


def without_module(name: str) -> str:
    """`relu` for `torch.nn.functional.relu`."""
    head, _, last = name.rpartition(".")
    return last if head in MODULES else name.removeprefix("torch.")


# --- by value ---------------------------------------------------------------------------------------------------


def of_value(session: Running, said: str, value: object) -> HelpPage | CodePage:
    """The page on a value: a function or a model of the program, a built-in under another name, or anything else."""
    if isinstance(value, FunctionType) and is_users(value):
        return HelpPage(said, call_of(function_name(value), value, 0), "A function of this program.")
    if is_model(value) and not library.has(function_name(value)):
        body = value.body  # type: ignore[attr-defined]  # the class of a model has one
        return HelpPage(said, call_of(function_name(value), body, 1), "A model of this program.")
    if isinstance(value, DType):
        return _dtype(session, value.name) or HelpPage(repr(value), repr(value), "A dtype.")
    name = str(getattr(value, "__name__", ""))
    if isinstance(value, MethodType) or _is_builtin(session, name, value):
        for page in find(session, name):
            return page
    kind = f"a tensor of shape {list(value.shape)}" if isinstance(value, Tensor) else with_article(type(value).__name__)
    return HelpPage(said, said, f"Bound to {kind}; `print {said}` prints it.")


def with_article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def call_of(name: str, function: FunctionType, first: int) -> str:
    """How a function of the program is called: `f(x, y=2.0)`; its first parameters may not be the program's."""
    code = function.__code__
    names = [n.removeprefix(".") for n in code.co_varnames[: code.co_argcount]]
    defaults = [shown(d) for d in function.__defaults__ or ()]
    given = [*([""] * (len(names) - len(defaults))), *defaults]
    parts = [f"{n}={d}" if d else n for n, d in zip(names, given, strict=True)]
    return f"{name}({', '.join(parts[first:])})"


# --- by name ----------------------------------------------------------------------------------------------------


def named(session: Running, name: str) -> list[Report]:
    """The pages on what is called that, or the list of a topic. Errors: ArgumentError where nothing is."""
    found: list[Report] = [*find(session, without_module(name))]
    if not found and (listed := topics.within(name)):
        for topic in listed:
            topic.summaries = topic.summaries or {each: summary_of(each) for each in topic.names}
        return [Index(name, listed)]
    if not found:
        near = suggest(name, BUILTINS.names())
        help = f"did you mean `help {near}`?" if near is not None and "." not in near else None
        raise ArgumentError(f"help: there is no built-in '{name}'", help=help, kind="NameError")
    return found


def summary_of(name: str) -> str:
    """What the first line of a page says; no example is run."""
    if name in commands.WORDS:
        return commands.load(name).summary
    entry = catalogue.operator(name)
    if entry is not None:
        return str(entry.summary)
    if library.has(name):
        return _layer_summary(library.described(name))
    return SAID.get(name, f"As Python's {name}, on plain values.")


def find(session: Running, name: str) -> list[HelpPage | CodePage]:
    """The pages on what is called that: a built-in's, and a word's of the language (`repeat` is both)."""
    kinds = (_command, _constant, _operator, _twin, _python, _dtype, _layer, _code)
    first = next((page for page in (kind(session, name) for kind in kinds) if page is not None), None)
    return [page for page in (first, _word(session, name)) if page is not None]


def _command(session: Running, name: str) -> HelpPage | None:
    if name not in commands.WORDS:
        return None
    entry = commands.load(name)
    if entry.outside:
        return HelpPage(name, entry.usage, entry.summary, example=entry.example)
    output = session.example(entry.example) if entry.example else []
    return HelpPage(name, entry.usage, entry.summary, example=entry.example if output else "", output=output)


def _word(session: Running, name: str) -> HelpPage | None:
    capital = name in CAPITALS
    word = WORDS.get(name.lower() if capital else name)
    if word is None or not word.usage:
        return None
    output = session.example(word.example) if word.example else []
    usage = name if capital else word.usage
    return HelpPage(name, usage, word.summary, example=word.example, output=output)


def _constant(session: Running, name: str) -> HelpPage | None:
    if name not in SAID:
        return None
    return HelpPage(name, name, SAID[name], example=name, output=session.example(name))


def _operator(session: Running, name: str) -> HelpPage | None:
    entry = catalogue.operator(name)
    if entry is None:
        return None
    return HelpPage(
        name,
        entry.signature.text.replace(": bool=", "="),  # that it is a flag is for the parser
        entry.summary,
        formula=entry.formula or ("" if entry.differentiable else "none: the result carries no gradient"),
        kinks=entry.kinks,
        method=_as_method(name, entry),
        example=entry.example,
        output=session.example(entry.example) if entry.example else [],
    )


def _as_method(name: str, entry: Any) -> str:
    """How it is called on a tensor: "x.log(), in place x.log_()"; "" where it is no method."""
    if not entry.method or entry.private or "." in name or not entry.signature.parameters:
        return ""
    rest = "…" if len(entry.signature.parameters) > 1 else ""
    return f"x.{name}({rest})" + (f", in place x.{name}_({rest})" if entry.inplace else "")


def _twin(session: Running, name: str) -> HelpPage | None:
    """The page on `log` for `log_`."""
    return _operator(session, name.rstrip("_")) if name.endswith("_") and catalogue.method(name) is not None else None


def _python(session: Running, name: str) -> HelpPage | None:
    if name not in python.OWN:
        return None
    return HelpPage(name, f"{name}(…)", f"As Python's {name}, on plain values.")


def _dtype(session: Running, name: str) -> HelpPage | None:
    if name not in NAMES:
        return None
    dtype = NAMES[name]
    size = f"{dtype.itemsize} bytes" if dtype.itemsize > 1 else "1 byte"
    return HelpPage(name, repr(dtype), f"A dtype: {size} an element.")


def _layer(session: Running, name: str) -> HelpPage | None:
    if not library.has(name):
        return None
    layer = library.described(name)
    forward = layer.forward if _forward(layer) is not None else ""
    return HelpPage(name, layer.usage, _layer_summary(layer), forward=forward)


def _forward(layer: library.Layer) -> Any:
    """The operator that a layer is and no more, if so."""
    return catalogue.operator(layer.forward.removeprefix("F.").partition("(")[0]) if layer.forward else None


def _layer_summary(layer: library.Layer) -> str:
    operator = _forward(layer)
    return layer.summary or (str(operator.summary) if operator is not None else "")


def _code(session: Running, name: str) -> CodePage | None:
    from gradsh.lints.pages import code_page  # commands are imported with every program that is compiled

    return code_page(name)
