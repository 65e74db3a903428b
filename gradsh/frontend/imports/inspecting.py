"""`inspect`: what a program's functions and classes are made of, as far as the program has written it."""

from __future__ import annotations

import inspect
from inspect import BoundArguments
from types import BuiltinFunctionType, CodeType, FunctionType, GeneratorType, MethodType
from typing import Any

from gradsh.engine.nn.module import Model
from gradsh.errors import TypeError_, ValueError_
from gradsh.frontend import hints, reading, text
from gradsh.frontend.access import FUNCTIONS, HOST, attribute, names
from gradsh.frontend.classes import ABSENT, Object, lookup
from gradsh.frontend.exceptions import raised
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.kinds import Program, is_class
from gradsh.frontend.specials import above, function_of

__acts_for_programs__ = True

EMPTY = inspect.Parameter.empty
ONE, BY_NAME = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
FIRST, REST, NAMED = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.VAR_KEYWORD,
)


class _Written:
    """A value whose `repr` is that of the program's."""

    __slots__ = ("said",)

    def __init__(self, said: str) -> None:
        self.said = said

    def __repr__(self) -> str:
        return self.said


def _as_written(value: Any, write: Any) -> Any:
    return value if value is EMPTY else _Written(write(value))


class Parameter(inspect.Parameter):
    """`inspect.Parameter`."""

    __slots__ = ()
    __printed__ = True

    def shown(self) -> inspect.Parameter:
        annotation = _as_written(self.annotation, _hint)
        return inspect.Parameter(
            self.name, self.kind, default=_as_written(self.default, text.shown), annotation=annotation
        )

    def __str__(self) -> str:
        return str(self.shown())

    def __repr__(self) -> str:
        return f'<Parameter "{self}">'


def _hint(value: Any) -> str:
    if isinstance(value, str):
        return repr(value)
    said = hints.written(value) if value is not None else "None"
    return said.replace("typing.", "") if isinstance(value, hints.Hint) and value.module == "typing" else said


class Signature(inspect.Signature):
    """`inspect.Signature`."""

    __slots__ = ()
    __printed__ = True
    _parameter_cls = Parameter

    def __str__(self) -> str:
        given = [each.shown() if isinstance(each, Parameter) else each for each in self.parameters.values()]
        back = _as_written(self.return_annotation, _hint)
        return str(inspect.Signature(given, return_annotation=back, __validate_parameters__=False))

    def __repr__(self) -> str:
        return f"<Signature {self}>"


def parameters_of(function: Any, skip: int = 0) -> list[inspect.Parameter]:
    """Those of a program's function, without the first `skip`."""
    code: CodeType = function.__code__
    plain, named = code.co_argcount, code.co_kwonlyargcount
    every = [name.removeprefix(".") for name in code.co_varnames]
    said = hints.of_function(function)
    defaults = function.__defaults__ or ()
    by_name = {name.removeprefix("."): value for name, value in (function.__kwdefaults__ or {}).items()}
    found: list[inspect.Parameter] = []

    def add(name: str, kind: Any, default: Any = EMPTY) -> None:
        found.append(Parameter(name, kind, default=default, annotation=said.get(name, EMPTY)))

    for at, name in enumerate(every[:plain]):
        behind = at - (plain - len(defaults))
        add(name, FIRST if at < code.co_posonlyargcount else ONE, defaults[behind] if behind >= 0 else EMPTY)
    rest = plain + named
    if code.co_flags & inspect.CO_VARARGS:
        add(every[rest], REST)
        rest += 1
    for name in every[plain : plain + named]:
        add(name, BY_NAME, by_name.get(name, EMPTY))
    if code.co_flags & inspect.CO_VARKEYWORDS:
        add(every[rest], NAMED)
    return found[skip:]


def _of_fields(kind: Any) -> list[inspect.Parameter]:
    """What a data class is made with."""
    from gradsh.frontend.imports import dataclass

    said: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        said |= hints.of_class(base)
    found: list[inspect.Parameter] = []
    for name in dataclass.names_of(kind):
        field = dataclass.field_of(kind, name)
        if not field.init:
            continue
        value = lookup(kind, name) if field.kept is ABSENT else field.kept
        default = _Written("<factory>") if field.factory is not ABSENT else EMPTY if value is ABSENT else value
        by = BY_NAME if field.kw_only else ONE
        found.append(Parameter(name, by, default=default, annotation=said.get(name, EMPTY)))
    return sorted(found, key=lambda each: each.kind)


def _of_torch(value: Any) -> list[inspect.Parameter]:
    """What a function, layer or optimiser of PyTorch's takes. Errors: TypeError_ where it is none."""
    from gradsh.runtime.builtins import BUILTINS

    known = BUILTINS.lookup(getattr(value, "__name__", ""))
    if known is None or not known.known:
        raise ValueError_(f"no signature found for builtin {text.shown(value)}")
    found: list[inspect.Parameter] = []
    for each in known.parameters:
        default = each.default if each.has_default else EMPTY
        found.append(Parameter(each.name, OF_SIGNATURES[each.kind], default=default))
    return sorted(found, key=lambda each: each.kind)


OF_SIGNATURES = {"positional": ONE, "keyword": BY_NAME, "rest": REST, "options": NAMED}


def signature(value: Any, **_: Any) -> Signature:
    """`inspect.signature(function)`; of a class that of what makes it. Errors: TypeError_."""
    from gradsh.frontend.imports.callables import Partial

    if isinstance(value, Partial):
        return _of_partial(value)
    inner = function_of(value)
    if inner is not None:
        own = inner.__dict__.get("__signature__")
        if own is not None:
            return own  # type: ignore[no-any-return]  # the program's
        further = inner.__dict__.get("__wrapped__")
        if further is not None:
            return signature(further)
        given = parameters_of(inner, int(isinstance(value, MethodType)))
        return Signature(given, return_annotation=hints.of_function(inner).get("return", EMPTY))
    if isinstance(value, Program):
        if lookup(value, "@fields") is not ABSENT:
            return Signature(_of_fields(value), return_annotation=None)
        for name in ("__init__", "__new__"):
            inner = function_of(lookup(value, name))
            if inner is not None:
                return Signature(parameters_of(inner, 1))
        return (
            Signature([])
            if issubclass(value, Object)
            else Signature([Parameter("args", REST), Parameter("kwargs", NAMED)])
        )
    if isinstance(type(value), Program):
        call = lookup(type(value), "__call__")
        inner = function_of(call)
        if inner is not None:
            return Signature(parameters_of(inner, 1))
        if isinstance(value, Model):
            return signature(attribute(value, "forward"))
    if not callable(value):
        raise TypeError_(f"{text.shown(value)} is not a callable object")
    return Signature(_of_torch(value))


def _of_partial(value: Any) -> Signature:
    whole = signature(value.func)
    left = [*whole.parameters.values()][len(value.args) :]
    found: list[inspect.Parameter] = []
    named = False
    for each in left:
        if each.name in value.keywords:
            named = True
            each = each.replace(default=value.keywords[each.name])
        if named and each.kind is ONE:
            each = each.replace(kind=BY_NAME)
        if not (named and each.kind is REST):
            found.append(each)
    return Signature(found, return_annotation=whole.return_annotation)


def full_arguments(value: Any) -> Any:
    """`inspect.getfullargspec(function)`."""
    found = signature(value.__func__ if isinstance(value, MethodType) else value)
    by_kind: dict[Any, list[Any]] = {kind: [] for kind in (FIRST, ONE, REST, BY_NAME, NAMED)}
    for each in found.parameters.values():
        by_kind[each.kind].append(each)
    plain = [*by_kind[FIRST], *by_kind[ONE]]
    said = {} if found.return_annotation is EMPTY else {"return": found.return_annotation}
    said |= {each.name: each.annotation for each in found.parameters.values() if each.annotation is not EMPTY}
    rest, named = ([each.name for each in by_kind[kind]] or [None] for kind in (REST, NAMED))
    return inspect.FullArgSpec(
        [each.name for each in plain],
        rest[0],
        named[0],
        tuple(each.default for each in plain if each.default is not EMPTY) or None,
        [each.name for each in by_kind[BY_NAME]],
        {each.name: each.default for each in by_kind[BY_NAME] if each.default is not EMPTY} or None,
        said,
    )


# --- the text ---------------------------------------------------------------------------------------------------------


def source_lines(value: Any) -> tuple[list[str], int]:
    """`inspect.getsourcelines(function)`. Errors: OSError; TypeError_ for what no program wrote."""
    inner = function_of(value)
    if inner is None and not isinstance(value, Program):
        said = "module, class, method, function, traceback, frame, or code object was expected, got "
        raise TypeError_(said + type(value).__name__)
    while inner is not None and inner.__dict__.get("__wrapped__") is not None:
        inner = function_of(inner.__dict__["__wrapped__"])
    node, source = _node(inner) if inner is not None else _class(value)
    if node is None or source is None:
        raise raised(OSError("could not get source code"))
    first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
    lines = source.text.splitlines(keepends=True)[first - 1 : node.end_lineno]
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return lines, first


def _node(function: Any) -> tuple[Any, Any]:
    found = reading.source_of(function)
    return (None, None) if found is None else (reading.located(found[0], found[1]), found[0])


def _class(kind: Any) -> tuple[Any, Any]:
    """The statement of a class, by its name, in the text that its methods stand in."""
    import ast

    for member in kind.__dict__["written"].values():
        inner = function_of(getattr(member, "__func__", getattr(member, "fget", member)))
        found = reading.source_of(inner) if inner is not None else None
        if found is not None:
            for node in ast.walk(reading.tree_of(found[0])):
                if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
                    return node, found[0]
    return None, None


def members_of(value: Any, predicate: Any = None) -> list[tuple[str, Any]]:
    """`inspect.getmembers(value, predicate)`."""
    found = [(name, attribute(value, name)) for name in names(value)]
    return [(name, held) for name, held in found if predicate is None or predicate(held)]


def cleaned(doc: Any) -> Any:
    return inspect.cleandoc(doc) if isinstance(doc, str) else doc


def flagged(flag: int) -> Any:
    def ask(value: Any) -> bool:
        inner = function_of(value)
        return inner is not None and bool(inner.__code__.co_flags & flag)

    return ask


def _unwrap(value: Any) -> Any:
    while (inner := function_of(value)) is not None and "__wrapped__" in inner.__dict__:
        value = inner.__dict__["__wrapped__"]
    return value


def module(session: Any, name: str) -> Module:
    HOST.setdefault(
        Signature, frozenset(("parameters", "return_annotation", "bind", "bind_partial", "replace", "empty"))
    )
    kinds = frozenset(("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL", "KEYWORD_ONLY", "VAR_KEYWORD"))
    HOST.setdefault(Parameter, kinds | {"name", "kind", "default", "annotation", "empty", "replace"})
    HOST.setdefault(BoundArguments, frozenset(("args", "kwargs", "arguments", "apply_defaults", "signature")))
    HOST.setdefault(type(ONE), frozenset(("name", "value", "description")))
    members = {
        "isfunction": lambda value: isinstance(value, FunctionType),
        "ismethod": lambda value: isinstance(value, MethodType),
        "isbuiltin": lambda value: isinstance(value, BuiltinFunctionType),
        "isroutine": lambda value: isinstance(value, FUNCTIONS),
        "isclass": lambda value: isinstance(value, type) or is_class(value),
        "isgenerator": lambda value: isinstance(value, GeneratorType),
        "isgeneratorfunction": flagged(inspect.CO_GENERATOR),
        "iscoroutinefunction": flagged(inspect.CO_COROUTINE),
        "isasyncgenfunction": flagged(inspect.CO_ASYNC_GENERATOR),
        "isawaitable": inspect.isawaitable,
        "iscoroutine": inspect.iscoroutine,
        "isasyncgen": inspect.isasyncgen,
        "isdatadescriptor": lambda value: hasattr(type(value), "__set__"),
        "ismodule": lambda value: isinstance(value, Module),
        "isabstract": lambda kind: bool(getattr(kind, "__abstractmethods__", ())),
        "getmembers": members_of,
        "getmro": lambda kind: above(kind.__mro__) if isinstance(kind, type) else attribute(kind, "__mro__"),
        "getdoc": lambda value: cleaned(attribute(value, "__doc__")),
        "cleandoc": cleaned,
        "signature": signature,
        "getfullargspec": full_arguments,
        "get_annotations": lambda value, **_: dict(attribute(value, "__annotations__")),
        "getsource": lambda value: "".join(source_lines(value)[0]),
        "getsourcelines": source_lines,
        "unwrap": _unwrap,
        "Parameter": Parameter,
        "Signature": Signature,
        "_empty": EMPTY,
    }
    return of_members("inspect", members)
