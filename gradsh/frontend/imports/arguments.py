"""`argparse`: the arguments that stand behind the file on the command line, `gradsh train.py --lr 0.1`."""

from __future__ import annotations

from typing import Any

from gradsh import errors
from gradsh.frontend import text
from gradsh.frontend.imports.pure import SimpleNamespace
from gradsh.frontend.kinds import TYPES, python_of

__acts_for_programs__ = True

TRUTHS = {"store_true": True, "store_false": False}


class ArgumentTypeError(Exception):
    """`argparse.ArgumentTypeError`, with which a `type=` says what is wrong."""


class Namespace(SimpleNamespace):
    """What `parse_args()` gives."""

    def __repr__(self) -> str:
        return f"Namespace({', '.join(f'{name}={text.shown(value)}' for name, value in self.__dict__.items())})"


Namespace.written, Namespace.hosted = {}, False


class Argument:
    """One `add_argument`."""

    __slots__ = ("flags", "name", "options")

    def __init__(self, flags: tuple[str, ...], options: dict[str, Any]) -> None:
        self.flags = flags
        self.options = options
        long = next((flag for flag in flags if flag.startswith("--")), flags[0])
        self.name: str = options.get("dest") or long.lstrip("-").replace("-", "_")

    @property
    def positional(self) -> bool:
        return not self.flags[0].startswith("-")

    @property
    def either(self) -> bool:
        """`--x` and `--no-x`."""
        return self.options.get("action") == "BooleanOptionalAction"

    def converted(self, word: str) -> Any:
        """A word of the command line as the value that it means. Errors: ValueProblem in argparse's words."""
        kind = self.options.get("type") or TYPES[str]
        try:
            value = kind(word)
        except ArgumentTypeError as error:
            raise wrong(f"argument {'/'.join(self.flags)}: {error}") from None
        except (ValueError, TypeError, errors.GradshError):
            name = getattr(kind, "__name__", str(kind))
            raise wrong(f"argument {'/'.join(self.flags)}: invalid {name} value: {word!r}") from None
        choices = self.options.get("choices")
        if choices is not None and value not in choices:
            listed = ", ".join(map(text.written, choices))
            raise wrong(f"argument {'/'.join(self.flags)}: invalid choice: {word!r} (choose from {listed})")
        return value


def wrong(words: str) -> errors.GradshError:
    return errors.ValueProblem(words, kind="SystemExit")


class Parser:
    """`argparse.ArgumentParser(…)`."""

    __public__ = frozenset(
        (
            "add_argument",
            "parse_args",
            "parse_known_args",
            "add_argument_group",
            "set_defaults",
            "add_mutually_exclusive_group",
            "error",
        )
    )

    def __init__(self, session: Any, *given: Any, **options: Any) -> None:
        self.session = session
        self.arguments: list[Argument] = []
        self.defaults: dict[str, Any] = {}

    def add_argument(self, *flags: str, **options: Any) -> None:
        self.arguments.append(Argument(flags, options))

    def add_argument_group(self, *_: Any, **__: Any) -> Parser:
        return self

    add_mutually_exclusive_group = add_argument_group

    def error(self, message: str) -> None:
        raise wrong(message)

    def set_defaults(self, **values: Any) -> None:
        self.defaults.update(values)

    def parse_args(self, args: Any = None) -> Namespace:
        found, rest = self.parse_known_args(args)
        if rest:
            raise wrong(f"unrecognized arguments: {' '.join(rest)}")
        return found

    def parse_known_args(self, args: Any = None) -> tuple[Namespace, list[str]]:
        words = list(self.session.argv[1:] if args is None else args)
        found = Namespace(**{one.name: _default(one) for one in self.arguments} | self.defaults)
        waiting = [one for one in self.arguments if one.positional]
        rest: list[str] = []
        seen: set[str] = set()
        while words:
            word = words.pop(0)
            flag, equals, value = word.partition("=")
            no = any(flag.replace("--no-", "--", 1) in each.flags for each in self.arguments if each.either)
            no = no and flag.startswith("--no-")
            flag = f"--{flag[5:]}" if no else flag
            one = next((a for a in self.arguments if flag in a.flags), None) if word.startswith("-") else None
            if one is None and waiting and not (word.startswith("--")):
                one = waiting.pop(0)
                words.insert(0, word)
            elif one is not None and equals:
                words.insert(0, value)
            if one is None:
                rest.append(word)
                continue
            seen.add(one.name)
            found.__dict__[one.name] = self._taken(one, words, found.__dict__.get(one.name))
            if no:
                found.__dict__[one.name] = False
        missing = [
            "/".join(one.flags)
            for one in self.arguments
            if one.name not in seen and (one.options.get("required") or (one.positional and not _optional(one)))
        ]
        if missing:
            raise wrong(f"the following arguments are required: {', '.join(missing)}")
        return found, rest

    @staticmethod
    def _taken(one: Argument, words: list[str], before: Any) -> Any:
        action = one.options.get("action")
        if action in TRUTHS:
            return TRUTHS[action]
        if action in ("store_const", "append_const"):
            return one.options.get("const")
        if action == "count":
            return (before or 0) + 1
        if action == "append":
            return [*(before or ()), one.converted(words.pop(0))]
        count = one.options.get("nargs")
        if one.either:
            return True
        if count == "?":
            return one.converted(words.pop(0)) if words and words[0][:1] != "-" else one.options.get("const")
        if count in ("*", "+"):
            taken = []
            while words and not words[0].startswith("--"):
                taken.append(one.converted(words.pop(0)))
            return taken
        if isinstance(count, int):
            if len(words) < count:
                raise wrong(f"argument {'/'.join(one.flags)}: expected {count} arguments")
            return [one.converted(words.pop(0)) for _ in range(count)]
        if not words:
            raise wrong(f"argument {'/'.join(one.flags)}: expected one argument")
        return one.converted(words.pop(0))


def _optional(one: Argument) -> bool:
    return one.options.get("nargs") in ("?", "*") or "default" in one.options


def _default(one: Argument) -> Any:
    action = one.options.get("action")
    if "default" in one.options:
        value = one.options["default"]
        return one.converted(value) if isinstance(value, str) and python_of(one.options.get("type")) else value
    return not TRUTHS[action] if action in TRUTHS else None
