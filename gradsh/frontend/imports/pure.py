"""Modules of Python's own that reach nothing outside of the program."""

from __future__ import annotations

import collections
import math
import sys
from collections.abc import Callable
from importlib import import_module
from types import FunctionType
from typing import Any

from gradsh.engine.core.tensor import Tensor
from gradsh.engine.nn.module import Model
from gradsh.errors import GradshError, TypeError_, ValueError_
from gradsh.frontend import text
from gradsh.frontend.access import HOST, attribute
from gradsh.frontend.classes import ABSENT, Object, ProgramType, lookup, reduced, remade, restore
from gradsh.frontend.hints import Hint
from gradsh.frontend.imports import NONE, Module, of_members

__acts_for_programs__ = True


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of Python's library: what it raises is raised here, where the program called it."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        try:
            return function(*arguments, **keywords)
        except GradshError:
            raise
        except Exception as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is not None and _own(error):
                raise
            raise error.with_traceback(None) from None

    call.__name__ = call.__qualname__ = getattr(function, "__name__", "function")
    return call


def _own(error: Exception) -> bool:
    from gradsh.runtime.faults import spans

    return bool(spans(error))


def _public(name: str, only: str = "", but: str = "", kinds: str = "") -> Callable[[Any], Module]:
    """The public members of a module; `only` these, or all `but` those. Of `kinds` all that is public is open."""

    def make(session: Any) -> Module:
        module = import_module(name)
        for kind in (getattr(module, each) for each in kinds.split()):
            HOST.setdefault(kind, frozenset(each for each in dir(kind) if each[0] != "_"))
        names = set(only.split()) or {n for n in getattr(module, "__all__", dir(module)) if n[0] != "_"}
        names -= set(but.split())

        def find(member: str) -> Any:
            if member not in names or not hasattr(module, member):
                return NONE
            value = getattr(module, member)
            if isinstance(value, type(sys)):
                return NONE
            return checked(value) if callable(value) and not isinstance(value, type) else value

        return Module(name, find, has=names)

    return make


# --- math -----------------------------------------------------------------------------------------------------------


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Tensor) else value


def _math(session: Any) -> Module:
    def find(member: str) -> Any:
        if member[0] == "_" or not hasattr(math, member):
            return NONE
        value = getattr(math, member)
        if not callable(value):
            return value

        def call(*arguments: Any, **keywords: Any) -> Any:
            return value(*map(_number, arguments), **keywords)

        call.__name__ = call.__qualname__ = member
        return call

    return Module("math", find, has=dir(math))


def _random(session: Any) -> Module:
    import random

    stream = random.Random()
    HOST.setdefault(random.Random, frozenset(name for name in dir(random.Random) if name[0] != "_"))
    names = {name for name in dir(random) if name[0] != "_" and hasattr(stream, name)} - {"SystemRandom"}

    def find(member: str) -> Any:
        if member == "Random":
            return random.Random
        return getattr(stream, member) if member in names else NONE

    return Module("random", find, has=[name for name in random.__all__ if name in names])


def _time(session: Any) -> Module:
    import time

    names = """
    time perf_counter process_time monotonic sleep strftime time_ns perf_counter_ns localtime gmtime ctime asctime
    mktime monotonic_ns process_time_ns thread_time timezone altzone daylight tzname struct_time
    """

    def parsed(*given: Any) -> Any:  # which imports when it runs, as no code of a program's may
        return time.strptime(*given)

    HOST.setdefault(time.struct_time, frozenset(name for name in dir(time.struct_time) if name[:3] == "tm_"))
    return of_members("time", {**{name: getattr(time, name) for name in names.split()}, "strptime": checked(parsed)})


# --- copy, functools ------------------------------------------------------------------------------------------------


def deepcopy(value: Any, memo: Any = None) -> Any:
    """`copy.deepcopy`."""
    from gradsh.engine.nn.copying import deepcopy as of_models

    return of_models(value, memo if isinstance(memo, dict) else None)


def shallow(value: Any) -> Any:
    """`copy.copy`."""
    import copy

    if isinstance(type(value), ProgramType) and not isinstance(value, Model):
        own = lookup(type(value), "__copy__")
        if own is not ABSENT:
            return own(value)
        if hasattr(type(value), "members"):  # of an enumeration, whose members there are once
            return value
        parts = reduced(type(value), value)
        if parts is not None:
            return remade(parts, None)
    if isinstance(value, Object) and not type(value).hosted:
        made = object.__new__(type(value))
        save = lookup(type(value), "__getstate__")
        restore(made, dict(value.__dict__) if save is ABSENT else save(value))
        return made
    if isinstance(value, Tensor):
        return value
    if hasattr(value, "cells"):
        made = object.__new__(type(value))
        for base in type(value).__mro__:
            for slot in base.__dict__.get("__slots__", ()):
                if slot != "__weakref__" and hasattr(value, slot):
                    setattr(made, slot, getattr(value, slot))
        made.cells = dict(value.cells)
        return made
    return copy.copy(value)


def _collections(session: Any) -> Module:
    def named(name: str, fields: Any, **options: Any) -> Any:
        return collections.namedtuple(name, fields, **options)

    def of_kind(factory: Any = None, *arguments: Any, **keywords: Any) -> Any:
        return collections.defaultdict(factory, *arguments, **keywords)

    of_kind.makes = collections.defaultdict  # type: ignore[attr-defined]  # `isinstance(x, defaultdict)`
    kinds = {name: getattr(collections, name) for name in ("OrderedDict", "Counter", "deque", "ChainMap")}
    members = {**kinds, "namedtuple": named, "defaultdict": of_kind}

    def find(member: str) -> Any:
        if member in members:
            return members[member]
        if member != "abc" and member not in collections.__all__:
            return NONE
        from gradsh.frontend.imports import abstracts

        return abstracts.abc() if member == "abc" else abstracts.kind(member)

    return Module("collections", find, has=collections.__all__)


def _copy(session: Any) -> Module:
    return of_members("copy", {"deepcopy": deepcopy, "copy": shallow})


# --- abc, types ------------------------------------------------------------------------------------------------------


def abstract(function: Any) -> Any:
    """`@abstractmethod`."""
    if isinstance(function, FunctionType):
        function.__isabstractmethod__ = True  # type: ignore[attr-defined]  # as Python itself marks them
    return function


def _abc(session: Any) -> Module:
    return of_members("abc", {"ABC": Object, "ABCMeta": Hint("ABCMeta", module="abc"), "abstractmethod": abstract})


class SimpleNamespace(Object):
    """`types.SimpleNamespace(**fields)`."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __repr__(self) -> str:
        return f"namespace({', '.join(f'{name}={text.shown(value)}' for name, value in self.__dict__.items())})"


SimpleNamespace.written, SimpleNamespace.hosted, SimpleNamespace.__module__ = {}, False, "types"


# --- json, operator, re ---------------------------------------------------------------------------------------------


class Encoder(Object):
    """`json.JSONEncoder`: the base of classes whose `default` says what is written of other values."""

    def default(self, o: Any) -> Any:
        raise TypeError_(f"Object of type {type(o).__name__} is not JSON serializable")

    def encode(self, o: Any) -> str:
        import json

        return json.dumps(o, default=attribute(self, "default"))


Encoder.written = {"default": Encoder.default, "encode": Encoder.encode}
Encoder.hosted, Encoder.slots, Encoder.__module__ = False, None, "json.encoder"


def _json(session: Any) -> Module:
    import json

    def dumps(value: Any, **options: Any) -> str:
        own = options.pop("cls", None)
        if own is not None:
            options["default"] = attribute(own(), "default")
        return json.dumps(value, **options)

    def dump(value: Any, file: Any, **options: Any) -> None:
        attribute(file, "write")(dumps(value, **options))

    def load(file: Any, **options: Any) -> Any:
        return json.loads(attribute(file, "read")(), **options)

    HOST.setdefault(json.JSONDecodeError, frozenset(("msg", "doc", "pos", "lineno", "colno", "args")))
    functions = {"dumps": checked(dumps), "loads": checked(json.loads), "dump": checked(dump), "load": checked(load)}
    return of_members("json", {**functions, "JSONDecodeError": json.JSONDecodeError, "JSONEncoder": Encoder})


def _pprint(session: Any) -> Module:
    import pprint

    class Printer(pprint.PrettyPrinter):
        def format(self, object: Any, context: Any, maxlevels: int, level: int) -> tuple[str, bool, bool]:
            if type(object) in (list, tuple, dict, set):
                return super().format(object, context, maxlevels, level)
            return text.shown(object), True, False

    def pformat(value: Any, *given: Any, **options: Any) -> str:
        return Printer(*given, **options).pformat(value)

    def write(value: Any, *given: Any, **options: Any) -> None:
        session.display.printed((pformat(value, *given, **options),), [None])

    class Own:
        """`pprint.PrettyPrinter(…)`."""

        __public__ = frozenset(("pprint", "pformat"))

        def __init__(self, *given: Any, **options: Any) -> None:
            self.given, self.options = given, options

        def pformat(self, value: Any) -> str:
            return pformat(value, *self.given, **self.options)

        def pprint(self, value: Any) -> None:
            write(value, *self.given, **self.options)

    return of_members("pprint", {"pprint": write, "pformat": pformat, "pp": write, "PrettyPrinter": Own})


def _operator(session: Any) -> Module:
    import operator

    def attrgetter(*names: str) -> Any:
        if not all(isinstance(name, str) for name in names):
            raise TypeError_("attribute name must be a string")

        def get(value: Any) -> Any:
            found = []
            for name in names:
                each = value
                for part in name.split("."):
                    each = attribute(each, part)
                found.append(each)
            return found[0] if len(found) == 1 else tuple(found)

        return get

    def methodcaller(name: str, /, *arguments: Any, **keywords: Any) -> Any:
        if not isinstance(name, str):
            raise TypeError_("method name must be a string")
        return lambda value: attribute(value, name)(*arguments, **keywords)

    own = {"attrgetter": attrgetter, "methodcaller": methodcaller}
    names = operator.__all__

    def find(name: str) -> Any:
        return own.get(name) or (getattr(operator, name) if name in names else NONE)

    return Module("operator", find, has=names)


class Template:
    """`string.Template(text)`."""

    __public__ = frozenset(("substitute", "safe_substitute", "template"))

    def __init__(self, template: str) -> None:
        import string

        self.template = template
        self.own = string.Template(template)

    def substitute(self, mapping: Any = (), /, **words: Any) -> str:
        values = {key: text.written(value) for key, value in {**dict(mapping), **words}.items()}
        return checked(self.own.substitute)(values)  # type: ignore[no-any-return]  # a string

    def safe_substitute(self, mapping: Any = (), /, **words: Any) -> str:
        return self.own.safe_substitute({key: text.written(value) for key, value in {**dict(mapping), **words}.items()})


def _string(session: Any) -> Module:
    import string

    names = [name for name in string.__all__ if name not in ("Formatter", "Template")]
    return of_members("string", {**{name: getattr(string, name) for name in names}, "Template": Template})


def _dataclasses(session: Any) -> Module:
    from gradsh.frontend.imports import dataclass

    return of_members("dataclasses", dataclass.MEMBERS)


def _gc(session: Any) -> Module:
    nothing = dict.fromkeys(("enable", "disable", "freeze"), lambda: None)
    return of_members("gc", {**nothing, "collect": lambda *_: 0, "isenabled": lambda: True})


def _hashlib(session: Any) -> Module:
    import hashlib

    made: dict[str, Any] = {name: getattr(hashlib, name) for name in sorted(hashlib.algorithms_guaranteed)}
    for function in made.values():
        HOST.setdefault(
            type(function()), frozenset(("update", "digest", "hexdigest", "copy", "digest_size", "block_size", "name"))
        )

    def new(name: str, *data: Any, **options: Any) -> Any:
        if name not in made:
            raise ValueError_(f"unsupported hash type {name}")
        return made[name](*data, **options)

    def of_file(fileobj: Any, digest: Any, /) -> Any:
        found = new(digest) if isinstance(digest, str) else digest()
        found.update(attribute(fileobj, "read")())
        return found

    lists = {name: getattr(hashlib, name) for name in ("algorithms_guaranteed", "algorithms_available")}
    derived = {name: checked(getattr(hashlib, name)) for name in ("pbkdf2_hmac", "scrypt") if hasattr(hashlib, name)}
    return of_members("hashlib", {**made, **lists, **derived, "new": new, "file_digest": of_file})


def _platform(session: Any) -> Module:
    """What machine this is, as far as `sys` says it: the module asks other programs."""
    version = ".".join(map(str, sys.version_info[:3]))
    facts = {"system": sys.platform.capitalize(), "python_version": version, "python_implementation": "CPython"}
    facts |= {"platform": sys.platform, "machine": "", "processor": "", "node": "", "release": "", "version": ""}
    bits = "64bit" if sys.maxsize > 2**32 else "32bit"
    members: dict[str, Any] = {name: (lambda said=said: said) for name, said in facts.items()}
    members |= {"python_version_tuple": lambda: tuple(version.split(".")), "architecture": lambda *_: (bits, "ELF")}
    return of_members("platform", {**members, "uname": lambda: SimpleNamespace(**facts)})


def _itertools(session: Any) -> Module:
    import itertools

    HOST.setdefault(itertools.chain, frozenset(("from_iterable",)))
    names = dir(itertools)
    return Module(
        "itertools", lambda name: getattr(itertools, name) if name[0] != "_" and name in names else NONE, has=names
    )


def _ast(session: Any) -> Module:
    """The one function that reads no more than a value."""
    import ast

    return of_members("ast", {"literal_eval": checked(ast.literal_eval)})


def _uuid(session: Any) -> Module:
    import uuid

    HOST.setdefault(uuid.UUID, frozenset(("hex", "int", "bytes", "bytes_le", "version", "variant", "urn", "fields")))
    spaces = {name: getattr(uuid, name) for name in dir(uuid) if name.startswith("NAMESPACE_")}
    made = {name: getattr(uuid, name) for name in ("UUID", "uuid3", "uuid4", "uuid5")}
    return of_members("uuid", {**made, **spaces})


def _tomllib(session: Any) -> Module:
    import tomllib

    def load(fp: Any, /, **options: Any) -> Any:
        data = attribute(fp, "read")()
        if isinstance(data, str):
            raise TypeError_("File must be opened in binary mode, e.g. use `open('foo.toml', 'rb')`")
        return tomllib.loads(data.decode(), **options)

    kind = tomllib.TOMLDecodeError
    return of_members("tomllib", {"loads": checked(tomllib.loads), "load": checked(load), "TOMLDecodeError": kind})


class Precision:
    """`decimal.getcontext()`: how numbers of that kind are rounded."""

    __slots__ = ("inner",)
    OPEN = frozenset(("prec", "rounding", "Emin", "Emax", "capitals", "clamp"))

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __member__(self, name: str) -> Any:
        if name not in self.OPEN:
            raise KeyError(name)
        return getattr(self.inner, name)

    def __set_member__(self, name: str, value: Any) -> None:
        if name not in self.OPEN:
            raise TypeError_(f"a context's {name} cannot be set here")
        setattr(self.inner, name, value)

    def __enter__(self) -> Precision:
        return Precision(self.inner.__enter__())

    def __exit__(self, *given: Any) -> None:
        self.inner.__exit__(*given)


def _decimal(session: Any) -> Module:
    import decimal

    decimal.setcontext(decimal.Context(prec=28, rounding=decimal.ROUND_HALF_EVEN))  # not that of a session before
    found = _public("decimal", DECIMAL, kinds="Decimal")(session)
    found.known |= {
        "getcontext": lambda: Precision(decimal.getcontext()),
        "localcontext": lambda ctx=None, **options: Precision(decimal.localcontext(ctx and ctx.inner, **options)),
    }
    return found


DECIMAL = """
Decimal ROUND_HALF_UP ROUND_HALF_EVEN ROUND_HALF_DOWN ROUND_UP ROUND_DOWN ROUND_CEILING ROUND_FLOOR InvalidOperation
DivisionByZero Overflow Inexact Underflow Rounded
"""

MAKERS: dict[str, Callable[[Any], Module]] = {
    "math": _math,
    "random": _random,
    "time": _time,
    "copy": _copy,
    "collections": _collections,
    "itertools": _itertools,
    "ast": _ast,
    "uuid": _uuid,
    "base64": _public("base64", but="encode decode main"),
    "zlib": _public("zlib", "crc32 adler32 compress decompress error"),
    "html": _public("html", "escape unescape"),
    "calendar": _public(
        "calendar", "isleap leapdays monthrange weekday month_name month_abbr day_name day_abbr timegm"
    ),
    "dataclasses": _dataclasses,
    "string": _string,
    "re": _public("re"),
    "json": _json,
    "operator": _operator,
    "abc": _abc,
    "datetime": _public("datetime"),
    "bisect": _public("bisect", "bisect bisect_left bisect_right insort insort_left insort_right"),
    "heapq": _public("heapq"),
    "statistics": _public("statistics", kinds="NormalDist"),
    "textwrap": _public("textwrap", kinds="TextWrapper"),
    "binascii": _public("binascii", but="Incomplete"),
    "tomllib": _tomllib,
    "fractions": _public("fractions", kinds="Fraction"),
    "decimal": _decimal,
    "unicodedata": _public("unicodedata", "normalize category name combining"),
    "gc": _gc,
    "pprint": _pprint,
    "numbers": _public("numbers", "Number Complex Real Rational Integral"),
    "cmath": _public("cmath"),
    "struct": _public("struct", "pack unpack calcsize iter_unpack pack_into unpack_from error Struct", kinds="Struct"),
    "hashlib": _hashlib,
    "platform": _platform,
    "__future__": lambda session: Module("__future__", lambda name: None),
}


def module(session: Any, name: str) -> Module:
    return MAKERS[name](session)
