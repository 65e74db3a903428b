"""`argparse`: the arguments that stand behind the file on the command line, `gradsh train.py --lr 0.1`.

Python's own parser reads them; what it converts with is the program's, and what it says goes to the session's display.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from gradsh import errors
from gradsh.frontend import text
from gradsh.frontend.access import method
from gradsh.frontend.classes import Object, ProgramType
from gradsh.frontend.exceptions import leave, raised, seen
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.imports.opening import opened
from gradsh.frontend.imports.pure import SimpleNamespace
from gradsh.runtime.text import function_name

__acts_for_programs__ = True

WIDTH = 78  # of what is no terminal, as Python has it


class Namespace(SimpleNamespace):
    """What `parse_args()` gives."""

    def __repr__(self) -> str:
        return f"Namespace({', '.join(f'{name}={text.shown(value)}' for name, value in self.__dict__.items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Namespace) and other.__dict__ == self.__dict__

    def __contains__(self, name: object) -> bool:
        return name in self.__dict__

    __hash__ = None  # type: ignore[assignment]  # as Python's


Namespace.written, Namespace.hosted = {}, False


class Ended(Exception):
    """The parser wants the program to end."""

    def __init__(self, status: int) -> None:
        self.status = status


class Reader(argparse.ArgumentParser):
    """Python's parser, which writes and ends by what it is told."""

    say: Callable[[str, bool], None]
    shown: Any  # the parser that the program knows

    def _print_message(self, message: str, file: Any = None) -> None:
        if message:
            self.say(message, file is not sys.stdout)

    def exit(self, status: int = 0, message: str | None = None) -> Any:
        if message:
            self._print_message(message, True)
        raise Ended(status)

    def error(self, message: str) -> Any:  # whose line is of nobody's program: what is wrong was typed in a shell
        self.say(f"{self.format_usage()}{self.prog}: error: {message}\n", True)
        raise Ended(2)


def _formatter(kind: Any) -> Any:
    """A formatter of a width that no terminal decides."""

    class Formatter(kind):  # type: ignore[misc]  # whichever it is
        def __init__(self, prog: str, **options: Any) -> None:
            super().__init__(prog, **{"width": WIDTH, **options})

    Formatter.__name__ = Formatter.__qualname__ = kind.__name__
    return Formatter


_FORMATTERS = """
HelpFormatter ArgumentDefaultsHelpFormatter RawTextHelpFormatter RawDescriptionHelpFormatter MetavarTypeHelpFormatter
"""
FORMATTERS = {name: _formatter(getattr(argparse, name)) for name in _FORMATTERS.split()}


def _conversion(kind: Any) -> Callable[[str], Any]:
    """A `type=` of the program's as Python calls it."""

    def convert(word: str) -> Any:
        try:
            return kind(word)
        except errors.GradshError as error:
            raise seen(error) from None

    convert.__name__ = function_name(kind) if callable(kind) and not hasattr(kind, "__name__") else kind.__name__
    return convert


def _put(owner: Any, name: str, value: Any) -> None:
    """Set what is open of a parser, an argument, a group. Errors: AttributeError_."""
    if name not in owner.__public__ or callable(getattr(owner, name, None)):
        raise errors.AttributeError_(f"'{type(owner).__name__}' object attribute '{name}' is read-only")
    setattr(owner.inner, name, value)


class Group:
    """What arguments are added to."""

    __public__ = frozenset(
        ("add_argument", "add_argument_group", "add_mutually_exclusive_group", "set_defaults", "title")
    )

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    @property
    def title(self) -> Any:
        return self.inner.title

    def add_argument(self, *flags: str, **options: Any) -> Action:
        kind = options.get("type")
        if kind is not None:
            options["type"] = _conversion(kind) if callable(kind) else kind
        if options.get("action") is BOOLEAN:
            options["action"] = argparse.BooleanOptionalAction
        elif isinstance(options.get("action"), ProgramType):
            options["action"] = _of_program(options["action"])
        return Action(_host(self.inner.add_argument, *flags, **options))

    def add_argument_group(self, *given: Any, **options: Any) -> Group:
        return Group(_host(self.inner.add_argument_group, *given, **options))

    def add_mutually_exclusive_group(self, **options: Any) -> Group:
        return Group(_host(self.inner.add_mutually_exclusive_group, **options))

    def set_defaults(self, **values: Any) -> None:
        self.inner.set_defaults(**values)


_OF_ACTIONS = "option_strings dest nargs const default type choices required help metavar"


class OwnAction(Object):
    """`argparse.Action`, whose subclasses say what an argument does when they are called."""

    def __init__(
        self,
        option_strings: Any,
        dest: str,
        nargs: Any = None,
        const: Any = None,
        default: Any = None,
        type: Any = None,
        choices: Any = None,
        required: bool = False,
        help: Any = None,
        metavar: Any = None,
    ) -> None:
        self.option_strings, self.dest, self.nargs, self.const, self.default = (
            option_strings,
            dest,
            nargs,
            const,
            default,
        )
        self.type, self.choices, self.required, self.help, self.metavar = type, choices, required, help, metavar


OwnAction.written, OwnAction.hosted, OwnAction.slots = {"__init__": OwnAction.__init__}, False, None
OwnAction.__module__, OwnAction.__name__, OwnAction.__qualname__ = "argparse", "Action", "Action"


def _of_program(kind: Any) -> Any:
    """An action of the program's own as Python's parser has it."""

    class Host(argparse.Action):
        def __init__(self, **options: Any) -> None:
            self.own = kind(**options)
            super().__init__(**{name: getattr(self.own, name) for name in _OF_ACTIONS.split()})

        def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
            method(self.own, "__call__")(parser.shown, namespace, values, option_string)

    return Host


class Action:
    """What `add_argument` gives."""

    __public__ = frozenset(("dest", "default", "help", "choices", "required", "option_strings", "metavar", "nargs"))

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __set_member__(self, name: str, value: Any) -> None:
        _put(self, name, value)


def _host(function: Any, *given: Any, **options: Any) -> Any:
    """A call of Python's own. Errors: what it raises, in its words."""
    try:
        return function(*given, **options)
    except argparse.ArgumentError as error:
        raise raised(error) from None
    except (ValueError, TypeError) as error:
        raise errors.ValueError_(str(error), kind=type(error).__name__) from None


_METHODS = """
parse_args parse_known_args print_help print_usage format_help format_usage error exit get_default add_subparsers prog
description epilog usage
"""


class Parser(Group):
    """`argparse.ArgumentParser(…)`."""

    __public__ = Group.__public__ | frozenset(_METHODS.split())

    def __init__(self, session: Any, *given: Any, inner: Any = None, **options: Any) -> None:
        self.session = session
        if inner is None:
            options.setdefault("formatter_class", FORMATTERS["HelpFormatter"])
            options["parents"] = [each.inner for each in options.get("parents", ())]
            if not given and "prog" not in options:
                options["prog"] = (
                    str(session.argv[0]).replace("\\", "/").rpartition("/")[2] if session.argv else "gradsh"
                )
            inner = _host(Reader, *given, **options)
        inner.say, inner.shown = self.say, self
        super().__init__(inner)

    def say(self, words: str, as_error: bool) -> None:
        if as_error:
            self.session.display.note(words)
        else:
            self.session.display.printed((words,), [None], "", "")

    def __getattr__(self, name: str) -> Any:
        if name in ("prog", "description", "epilog", "usage"):
            return getattr(self.inner, name)
        raise AttributeError(name)

    def __set_member__(self, name: str, value: Any) -> None:
        _put(self, name, value)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        return self._parsed("parse_args", args, namespace)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        return self._parsed("parse_known_args", args, namespace)

    def _parsed(self, how: str, args: Any, namespace: Any) -> Any:
        words = list(self.session.argv[1:] if args is None else args)
        return self._ended(getattr(self.inner, how), words, Namespace() if namespace is None else namespace)

    def _ended(self, function: Any, *given: Any) -> Any:
        try:
            return function(*given)
        except Ended as ended:
            leave(ended.status)

    def print_help(self, file: Any = None) -> None:
        self._written(self.inner.format_help(), file)

    def print_usage(self, file: Any = None) -> None:
        self._written(self.inner.format_usage(), file)

    def _written(self, words: str, file: Any) -> None:
        method(file, "write")(words) if file is not None else self.say(words, as_error=False)

    def format_help(self) -> str:
        return str(self.inner.format_help())

    def format_usage(self) -> str:
        return str(self.inner.format_usage())

    def error(self, message: str) -> None:
        self._ended(self.inner.error, message)

    def exit(self, status: int = 0, message: str | None = None) -> None:
        self._ended(self.inner.exit, status, message)

    def get_default(self, dest: str) -> Any:
        return self.inner.get_default(dest)

    def add_subparsers(self, **options: Any) -> Subparsers:
        return Subparsers(self, _host(self.inner.add_subparsers, **options))


class Subparsers:
    """`parser.add_subparsers(…)`."""

    __public__ = frozenset(("add_parser", "dest", "required"))

    def __init__(self, parser: Parser, inner: Any) -> None:
        self.parser, self.inner = parser, inner

    def __set_member__(self, name: str, value: Any) -> None:
        _put(self, name, value)

    def add_parser(self, name: str, **options: Any) -> Parser:
        options.setdefault("formatter_class", FORMATTERS["HelpFormatter"])
        options["parents"] = [each.inner for each in options.get("parents", ())]
        return Parser(self.parser.session, inner=_host(self.inner.add_parser, name, **options))


class Choice:
    """`argparse.BooleanOptionalAction`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<class 'argparse.BooleanOptionalAction'>"


BOOLEAN = Choice()


def module(session: Any, name: str) -> Module:
    def parser(*given: Any, **options: Any) -> Any:
        return Parser(session, *given, **options)

    def of_files(mode: str = "r", bufsize: int = -1, encoding: Any = None, **_: Any) -> Any:
        """`FileType(mode)`: a `type=` that opens the file of that name."""

        def opening(path: str) -> Any:
            try:
                return opened(session)(path, mode, encoding=encoding)
            except errors.FileError as error:
                raise argparse.ArgumentTypeError(f"can't open {path!r}: {error.message}") from None

        opening.__name__ = f"FileType({mode!r})"
        return opening

    members: dict[str, Any] = {"ArgumentParser": parser, "Namespace": Namespace, "BooleanOptionalAction": BOOLEAN}
    members |= {"Action": OwnAction, "FileType": of_files}
    members |= {"ArgumentTypeError": argparse.ArgumentTypeError, "ArgumentError": argparse.ArgumentError}
    names = ("SUPPRESS", "REMAINDER", "OPTIONAL", "ZERO_OR_MORE", "ONE_OR_MORE")
    return of_members(name, members | FORMATTERS | {each: getattr(argparse, each) for each in names})
