"""`match`: whether a value is as a pattern of gradsh.language.python.patterns says, and what its names then are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradsh.errors import AttributeError_, TypeError_
from gradsh.frontend import access
from gradsh.frontend.builtins import is_instance
from gradsh.frontend.classes import ABSENT, lookup
from gradsh.frontend.kinds import class_text, python_of

__acts_for_programs__ = True

Found = dict[str, Any]
# types whose one pattern in order is for the value itself: `int(n)`
THEMSELVES = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)


def matched(value: Any, pattern: Any) -> Found | None:
    """What the names of the pattern are bound to, by name; None of a value that is not so."""
    found: Found = {}
    return found if _fits(value, pattern, found) else None


def _fits(value: Any, pattern: Any, found: Found) -> bool:
    return PATTERNS[pattern[0]](value, pattern[1:], found)


def _value(value: Any, parts: Any, found: Found) -> bool:
    return bool(value == parts[0])


def _is(value: Any, parts: Any, found: Found) -> bool:
    return value is parts[0]


def _name(value: Any, parts: Any, found: Found) -> bool:
    name, inner = parts
    if inner is not None and not _fits(value, inner, found):
        return False
    if name is not None:
        found[name] = value
    return True


def _or(value: Any, parts: Any, found: Found) -> bool:
    for each in parts[0]:
        own: Found = {}
        if _fits(value, each, own):
            found.update(own)
            return True
    return False


def _sequence(value: Any, parts: Any, found: Found) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes, bytearray)):
        return False
    patterns = parts[0]
    star = next((at for at, each in enumerate(patterns) if each[0] == "star"), None)
    if star is None:
        return len(value) == len(patterns) and _all(list(value), patterns, found)
    behind = len(patterns) - star - 1
    items = list(value)
    if len(items) < star + behind:
        return False
    end = len(items) - behind
    name = patterns[star][1]
    if name is not None:
        found[name] = items[star:end]
    return _all(items[:star], patterns[:star], found) and _all(items[end:], patterns[star + 1 :], found)


def _all(values: list[Any], patterns: Any, found: Found) -> bool:
    return all(_fits(value, pattern, found) for value, pattern in zip(values, patterns, strict=True))


def _mapping(value: Any, parts: Any, found: Found) -> bool:
    keys, patterns, rest = parts
    if not isinstance(value, Mapping) or not all(key in value for key in keys):
        return False
    if not _all([value[key] for key in keys], patterns, found):
        return False
    if rest is not None:
        found[rest] = {key: value[key] for key in value if key not in keys}
    return True


def _class(value: Any, parts: Any, found: Found) -> bool:
    kind, patterns, names, named = parts
    if not is_instance(value, kind):
        return False
    python = python_of(kind)
    if len(patterns) == 1 and isinstance(python, type) and issubclass(python, THEMSELVES):
        if not _fits(value, patterns[0], found):
            return False
        patterns = ()
    ordered = _ordered(python, kind) if patterns else ()
    if len(patterns) > len(ordered):
        short = class_text(kind).rpartition(".")[2]
        plural = "" if len(ordered) == 1 else "s"
        raise TypeError_(f"{short}() accepts {len(ordered)} positional sub-pattern{plural} ({len(patterns)} given)")
    for name, pattern in zip((*ordered[: len(patterns)], *names), (*patterns, *named), strict=True):
        try:
            held = access.attribute(value, name)
        except (AttributeError_, AttributeError):
            return False
        if not _fits(held, pattern, found):
            return False
    return True


def _ordered(python: Any, kind: Any) -> tuple[str, ...]:
    """The names that stand for patterns in order."""
    own = lookup(python, "__match_args__") if isinstance(python, type) else ABSENT
    found: Any = getattr(python, "_fields", ()) if own is ABSENT else own
    return tuple(found)


PATTERNS: dict[str, Callable[[Any, Any, Found], bool]] = {
    "value": _value,
    "is": _is,
    "name": _name,
    "or": _or,
    "sequence": _sequence,
    "mapping": _mapping,
    "class": _class,
}
