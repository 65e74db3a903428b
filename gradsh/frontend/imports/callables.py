"""`functools`, `types` and `timeit`: what is done with functions and their types."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, GeneratorType, MappingProxyType, MethodType, ModuleType
from typing import Any

from gradsh.engine.core.users import spelled
from gradsh.errors import TypeError_
from gradsh.frontend import access, hints, text
from gradsh.frontend.access import HOST, attribute
from gradsh.frontend.builtins import NOTHING, get_attribute, is_instance, is_subclass
from gradsh.frontend.classes import Object, ProgramType, bound
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.imports.pure import SimpleNamespace
from gradsh.frontend.kinds import TYPES, Only, is_hint, python_of
from gradsh.frontend.specials import CACHED, function_of

__acts_for_programs__ = True


# --- functools ------------------------------------------------------------------------------------------------------


class Partial:
    """`functools.partial(function, …)`."""

    def __init__(self, function: Any, /, *arguments: Any, **keywords: Any) -> None:
        self.func, self.args, self.keywords = function, arguments, keywords

    __public__ = frozenset(("func", "args", "keywords"))

    def __repr__(self) -> str:
        given = [*map(text.shown, self.args), *(f"{name}={text.shown(held)}" for name, held in self.keywords.items())]
        return f"functools.partial({', '.join([text.shown(self.func), *given])})"

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.func(*self.args, *arguments, **spelled(self.func, {**self.keywords, **keywords}))


class PartialMethod:
    """`functools.partialmethod(function, …)`, in the body of a class."""

    def __init__(self, function: Any, /, *arguments: Any, **keywords: Any) -> None:
        self.given = (function, arguments, keywords)

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        function, arguments, keywords = self.given
        return Partial(bound(function, kind if owner is None else owner), *arguments, **keywords)


def wraps(function: Any, *_: Any, **__: Any) -> Any:
    """`functools.wraps(function)`."""

    def decorate(wrapper: Any) -> Any:
        if not isinstance(wrapper, FunctionType):
            return _like(wrapper, function)
        for name in ("__name__", "__qualname__", "__doc__"):
            setattr(wrapper, name, getattr(function, name, getattr(wrapper, name)))
        for name, value in getattr(function, "__dict__", {}).items() if isinstance(function, FunctionType) else ():
            if name[0] != "@":
                wrapper.__dict__[name] = value
        wrapper.__dict__["__wrapped__"] = function
        return wrapper

    return decorate


def _like(wrapper: Any, function: Any) -> Any:
    """The same of an instance of a class of the program's, `functools.update_wrapper(self, function)`."""
    if isinstance(type(wrapper), ProgramType):
        for name in functools.WRAPPER_ASSIGNMENTS:
            found = get_attribute(function, name, NOTHING)
            if found is not NOTHING:
                access.set_attribute(found, wrapper, name)
        wrapper.__dict__.update(get_attribute(function, "__dict__", {}))
        access.set_attribute(function, wrapper, "__wrapped__")
    return wrapper


HOST[CACHED] = frozenset(("cache_info", "cache_clear", "cache_parameters"))


def cached(maxsize: Any = 128, typed: bool = False) -> Any:
    """`functools.lru_cache`, with its options or without."""

    def decorate(function: Any, most: Any = maxsize) -> Any:
        def call(*arguments: Any, **keywords: Any) -> Any:
            return function(*arguments, **spelled(function, keywords))

        call.__name__ = getattr(function, "__name__", "call")
        call.__qualname__ = getattr(function, "__qualname__", call.__name__)
        made = functools.lru_cache(most, typed)(call)
        made.__wrapped__ = function
        return made

    return decorate(maxsize, 128) if callable(maxsize) else decorate


class CachedProperty:
    """`@functools.cached_property`."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.name = ""

    def __set_name__(self, owner: Any, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        if owner is None:
            return self
        value = self.function(owner)
        if hasattr(owner, "__dict__"):  # where Python looks first the next time
            owner.__dict__[self.name] = value
        return value


class Dispatched:
    """`@functools.singledispatch`: by the type of the first argument."""

    __public__ = frozenset(("register", "dispatch", "registry", "__wrapped__", "__name__", "__doc__"))

    def __init__(self, function: Any) -> None:
        self.default = self.__wrapped__ = function
        self.kinds: list[tuple[Any, Any]] = []
        self.__name__, self.__doc__ = attribute(function, "__name__"), attribute(function, "__doc__")

    def register(self, kind: Any, function: Any = None) -> Any:
        """By a type that is given, or by what the function says of its first parameter."""
        if function is None and function_of(kind) is not None:
            function = kind
            kind = next(iter(hints.type_hints(function).values()), None)
        if python_of(kind) is None and not is_hint(kind):
            raise TypeError_(
                "Invalid first argument to `register()`: "
                f"{text.shown(kind)}. Use either `@register(some_class)` or plain `@register` on an annotated function."
            )
        if function is None:
            return lambda given: self.register(kind, given)
        self.kinds.insert(0, (kind, function))
        return function

    def __member__(self, name: str) -> Any:
        if name not in self.__public__:
            raise KeyError(name)
        return getattr(self, name)

    @property
    def registry(self) -> Any:
        return MappingProxyType({TYPES.get(object, Object): self.default, **dict(reversed(self.kinds))})

    def of(self, value: Any) -> Any:
        """The function for a value: that of the nearest of its classes."""
        fitting = [(kind, function) for kind, function in self.kinds if is_instance(value, kind)]
        order = [*type(value).__mro__]

        def distance(pair: tuple[Any, Any]) -> int:
            python = python_of(pair[0])
            return order.index(python) if python in order else len(order)

        return min(fitting, key=distance)[1] if fitting else self.default

    def dispatch(self, kind: Any) -> Any:
        fitting = [(known, function) for known, function in self.kinds if is_subclass(kind, known)]
        order = [*python_of(kind).__mro__]

        def distance(pair: tuple[Any, Any]) -> int:
            python = python_of(pair[0])
            return order.index(python) if python in order else len(order)

        return min(fitting, key=distance)[1] if fitting else self.default

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if not arguments:
            raise TypeError_(f"{self.__name__} requires at least 1 positional argument")
        function = self.of(arguments[0])
        return function(*arguments, **spelled(function, keywords))


class DispatchedMethod:
    """`@functools.singledispatchmethod`: by the type of the first argument behind `self`."""

    __public__ = frozenset(("register",))

    def __init__(self, function: Any) -> None:
        self.own = Dispatched(getattr(function, "__func__", function))
        self.members: dict[int, Any] = {id(self.own.default): function}

    def register(self, kind: Any, function: Any = None) -> Any:
        if function is None and not (function_of(kind) or isinstance(kind, (classmethod, staticmethod))):
            return lambda given: self.register(kind, given)
        member = kind if function is None else function
        inner = getattr(member, "__func__", member)
        self.own.register(inner) if function is None else self.own.register(kind, inner)
        self.members[id(inner)] = member
        return member

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        def call(*arguments: Any, **keywords: Any) -> Any:
            if not arguments:
                raise TypeError_(f"{self.own.__name__} requires at least 1 positional argument")
            inner = self.own.of(arguments[0])
            function = bound(self.members[id(inner)], kind if owner is None else owner)
            return function(*arguments, **spelled(inner, keywords))

        call.__name__ = call.__qualname__ = self.own.__name__
        return call


def _functools(session: Any) -> Module:
    members = {
        "partial": Partial,
        "partialmethod": PartialMethod,
        "wraps": wraps,
        "reduce": functools.reduce,
        "cmp_to_key": functools.cmp_to_key,
        "lru_cache": cached,
        "cache": lambda function: cached(None)(function),
        "cached_property": CachedProperty,
        "singledispatch": Dispatched,
        "singledispatchmethod": DispatchedMethod,
        "update_wrapper": lambda wrapper, wrapped, *_, **__: wraps(wrapped)(wrapper),
        "WRAPPER_ASSIGNMENTS": functools.WRAPPER_ASSIGNMENTS,
        "WRAPPER_UPDATES": functools.WRAPPER_UPDATES,
        "total_ordering": functools.total_ordering,
    }
    return of_members("functools", members)


# --- types ----------------------------------------------------------------------------------------------------------


def bound_method(function: Any, owner: Any) -> Any:
    """`types.MethodType(function, owner)`. Errors: TypeError_."""
    if not callable(function):
        raise TypeError_("first argument must be callable")
    return MethodType(function, owner)


bound_method.makes = MethodType  # type: ignore[attr-defined]  # `isinstance(x, types.MethodType)`


def _types(session: Any) -> Module:
    function, built_in = Only("function", FunctionType), Only("builtin_function_or_method", BuiltinFunctionType)
    members = {
        "SimpleNamespace": SimpleNamespace,
        "FunctionType": function,
        "LambdaType": function,
        "BuiltinFunctionType": built_in,
        "BuiltinMethodType": built_in,
        "MethodType": bound_method,
        "GeneratorType": Only("generator", GeneratorType),
        "ModuleType": Only("module", ModuleType, Module),
        "NoneType": types.NoneType,
    }
    return of_members("types", {**members, "MappingProxyType": MappingProxyType})


# --- timeit ---------------------------------------------------------------------------------------------------------


def timed(stmt: Any = None, setup: Any = None, timer: Any = None, number: int = 1000000, **options: Any) -> float:
    """`timeit.timeit(function, number=…)`: seconds. Errors: TypeError_ for a text, which would have to be run."""
    import timeit

    if not callable(stmt):
        raise TypeError_("timeit() takes a function here, and no text: `timeit.timeit(lambda: f(x), number=100)`")
    if callable(setup):
        setup()
    begin = timeit.default_timer()
    for _ in range(number):
        stmt()
    return timeit.default_timer() - begin


class Timer:
    """`timeit.Timer(function)`."""

    __public__ = frozenset(("timeit", "repeat", "autorange"))

    def __init__(self, stmt: Any = None, setup: Any = None, **_: Any) -> None:
        self.stmt, self.setup = stmt, setup

    def timeit(self, number: int = 1000000) -> float:
        return timed(self.stmt, self.setup, number=number)

    def repeat(self, repeat: int = 5, number: int = 1000000) -> list[float]:
        return [self.timeit(number) for _ in range(repeat)]

    def autorange(self) -> tuple[int, float]:
        return 1, self.timeit(1)


def repeated(stmt: Any = None, setup: Any = None, timer: Any = None, repeat: int = 5, number: int = 1000000) -> Any:
    """`timeit.repeat(function, …)`."""
    return Timer(stmt, setup).repeat(repeat, number)


def _timeit(session: Any) -> Module:
    import timeit

    members = {"default_timer": timeit.default_timer, "timeit": timed, "repeat": repeated, "Timer": Timer}
    return of_members("timeit", members)


MAKERS: dict[str, Callable[[Any], Module]] = {
    "functools": _functools,
    "types": _types,
    "timeit": _timeit,
}


def module(session: Any, name: str) -> Module:
    return MAKERS[name](session)
