"""The value of a notebook's cell as Jupyter shows it: by IPython's rules, which are not those of `repr`.

What is wider than 79 columns is broken, the outermost brackets first, and so is all that stands beside a value of many
lines; classes are shown by their names, functions with what they take, and sets in order. IPython itself would ask what
it shows for attributes of the host's, and would have to be installed and loaded for each notebook.
"""

from __future__ import annotations

import collections
from collections import deque
from collections.abc import Callable, Iterable
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType
from typing import Any

from gradsh.engine.core.users import is_users
from gradsh.engine.nn.state import StateDict
from gradsh.frontend.kinds import class_text, is_class
from gradsh.frontend.text import formatted, qualified, qualified_name, shown, written

__acts_for_programs__ = True
__all__ = ["displayed", "formatted", "shown", "written"]

WIDTH = 79
MOST = 1000  # items of a collection that are shown
OBJECT = " object at 0x"


def displayed(value: Any) -> str:
    """What Jupyter shows of the value of a cell."""
    layout = Layout()
    _put(value, layout, ())
    return layout.text()


class Bracket:
    """A part of a text that is broken as a whole: at each of its gaps, or at none that are not written yet."""

    __slots__ = ("broken", "depth", "gaps")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.gaps = 0  # that are neither broken nor written
        self.broken = False


class Gap:
    """A space that is the end of a line where its bracket is broken."""

    __slots__ = ("bracket", "indent")

    def __init__(self, bracket: Bracket, indent: int) -> None:
        self.bracket = bracket
        self.indent = indent


class Layout:
    """A text that is laid out while it comes: as much of it waits as is not known to fit."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.column = 0  # behind what is written
        self.waiting: deque[str | Gap] = deque()
        self.width = 0  # of what waits
        self.indent = 0
        self.open: list[Bracket] = [Bracket(0)]
        self.unbroken: list[list[Bracket]] = [[self.open[0]]]  # by how deep they are

    def text(self) -> str:
        self._write_all()
        return "".join(self.out)

    def put(self, words: str) -> None:
        if not self.waiting:
            self.out.append(words)
            self.column += len(words)
            return
        self.waiting.append(words)
        self.width += len(words)
        self._fit()

    def gap(self) -> None:
        bracket = self.open[-1]
        if bracket.broken:
            self._write_all()
            self._end_line(self.indent)
            return
        bracket.gaps += 1
        self.waiting.append(Gap(bracket, self.indent))
        self.width += 1
        self._fit()

    def line(self) -> None:
        """A line ends here whatever fits, which breaks the outermost bracket that has a gap, or all of those so far."""
        bracket = self._outermost()
        if bracket is not None:
            self._break(bracket)
        self._write_all()
        self._end_line(self.indent)

    def begin(self, words: str = "", indent: int = 0) -> None:
        if words:
            self.put(words)
        bracket = Bracket(self.open[-1].depth + 1)
        self.open.append(bracket)
        while len(self.unbroken) <= bracket.depth:
            self.unbroken.append([])
        self.unbroken[bracket.depth].append(bracket)
        self.indent += indent

    def end(self, words: str = "", indent: int = 0) -> None:
        self.indent -= indent
        bracket = self.open.pop()
        if not bracket.gaps:
            self._forget(bracket)
        if words:
            self.put(words)

    def _end_line(self, indent: int) -> None:
        self.out.append("\n" + " " * indent)
        self.column, self.width = indent, 0

    def _fit(self) -> None:
        while self.column + self.width > WIDTH and (bracket := self._outermost()) is not None:
            self._break(bracket)

    def _outermost(self) -> Bracket | None:
        """The bracket that is to be broken next; where none has a gap, all that are open break at those to come."""
        for level in self.unbroken:
            for place, bracket in enumerate(reversed(level)):
                if bracket.gaps:
                    del level[place]  # as IPython counts: from the other end
                    bracket.broken = True
                    return bracket
            for bracket in level:
                bracket.broken = True
            level.clear()
        return None

    def _break(self, bracket: Bracket) -> None:
        """Write what waits, as far as the last gap of the bracket and the words behind that."""
        while bracket.gaps:
            self._write(self.waiting.popleft())
            while self.waiting and isinstance(self.waiting[0], str):
                self._write(self.waiting.popleft())

    def _write(self, part: str | Gap) -> None:
        width = len(part) if isinstance(part, str) else 1
        self.width -= width
        if isinstance(part, Gap):
            part.bracket.gaps -= 1
            if part.bracket.broken:
                self.out.append("\n" + " " * part.indent)
                self.column = part.indent
                return
            if not part.bracket.gaps:
                self._forget(part.bracket)
            part = " "
        self.out.append(part)
        self.column += width

    def _write_all(self) -> None:
        while self.waiting:
            self._write(self.waiting.popleft())
        self.width = 0

    def _forget(self, bracket: Bracket) -> None:
        level = self.unbroken[bracket.depth]
        if bracket in level:
            level.remove(bracket)


Outer = tuple[int, ...]  # what a value stands in


def _put(value: Any, layout: Layout, outer: Outer) -> None:
    again, inside = id(value) in outer, (*outer, id(value))
    layout.begin()
    if isinstance(value, type) or is_class(value):
        _class(value, layout)
    elif isinstance(value, (FunctionType, BuiltinFunctionType)):
        layout.put(_function(value))
    else:
        way = next((WAYS[kind] for kind in type(value).__mro__ if kind in WAYS), None)
        own = next((kind for kind in type(value).__mro__ if kind in WAYS or "__repr__" in kind.__dict__), None)
        if way is None or own not in WAYS:
            _lines(_plain(value), layout)
        else:
            way(value, layout, inside, again)
    layout.end()


def _plain(value: Any) -> str:
    """What `repr` shows; of what has none of its own, the class and where it lies."""
    text = shown(value)
    if OBJECT in text and text.startswith("<") and text.index(OBJECT) == text.find(" ") and text.count(OBJECT) == 1:
        return text.replace(OBJECT, " at 0x")
    return text


def _lines(text: str, layout: Layout) -> None:
    layout.begin()
    for number, line in enumerate(text.splitlines()):
        if number:
            layout.line()
        layout.put(line)
    layout.end()


def _class(value: Any, layout: Layout) -> None:
    text = shown(value)
    layout.put(class_text(value) if text.startswith("<class '") else text)  # an Enum has words of its own


def _function(value: Any) -> str:
    if isinstance(value, FunctionType) and is_users(value):
        return f"<function __main__.{qualified(value)}({', '.join(_parameters(value))})>"
    return shown(value)


def _method(value: MethodType, layout: Layout, inside: Outer, again: bool) -> None:
    name = type(value.__self__).__name__
    text = shown(value)
    _lines(f"<function {name}.{text.split(' ')[2]}>" if text.startswith("<built-in method ") else text, layout)


def _parameters(function: Any) -> list[str]:
    """What a function of the program's takes, as it is written there."""
    code, flags = function.__code__, function.__code__.co_flags
    positional, keywords = code.co_argcount, code.co_kwonlyargcount
    names = [qualified_name(name) for name in code.co_varnames]
    given = function.__defaults__ or ()
    said = [*names[:positional]]
    for place, value in enumerate(given, positional - len(given)):
        said[place] += f"={shown(value)}"
    after = positional + keywords
    if flags & CO_VARARGS:
        said.append(f"*{names[after]}")
        after += 1
    elif keywords:
        said.append("*")
    for name, own in zip(names[positional : positional + keywords], code.co_varnames[positional:], strict=False):
        default = function.__kwdefaults__ or {}
        said.append(f"{name}={shown(default[own])}" if own in default else name)
    return [*said, f"**{names[after]}"] if flags & CO_VARKEYWORDS else said


def _items(items: Iterable[Any], layout: Layout, put: Callable[[Any], None]) -> None:
    for number, item in enumerate(items):
        if number:
            layout.put(",")
            layout.gap()
        if number == MOST:
            layout.put("...")
            return
        put(item)


def _sequence(value: Any, layout: Layout, inside: Outer, again: bool) -> None:
    left, right = ("[", "]") if isinstance(value, list) else ("(", ")")
    if again:
        layout.put(f"{left}...{right}")
        return
    layout.begin(left, 1)
    _items(value, layout, lambda item: _put(item, layout, inside))
    if len(value) == 1 and left == "(":
        layout.put(",")
    layout.end(right, 1)


def _set(value: Any, layout: Layout, inside: Outer, again: bool) -> None:
    left, right = ("frozenset({", "})") if isinstance(value, frozenset) else ("{", "}")
    if again or not value:
        layout.put(f"{left}...{right}" if again else f"{type(value).__name__}()")
        return
    layout.begin(left, len(left))
    _items(_in_order(value), layout, lambda item: _put(item, layout, inside))
    layout.end(right, len(left))


def _in_order(value: Any) -> Iterable[Any]:
    if len(value) >= MOST:
        return value  # type: ignore[no-any-return]  # a set
    try:
        return sorted(value)
    except Exception:
        return value  # type: ignore[no-any-return]  # likewise


def _mapping(value: Any, layout: Layout, inside: Outer, again: bool) -> None:
    left, right = ("mappingproxy({", "})") if isinstance(value, MappingProxyType) else ("{", "}")
    if again:
        layout.put("{...}")
        return

    def put(key: Any) -> None:
        _put(key, layout, inside)
        layout.put(": ")
        _put(value[key], layout, inside)

    layout.begin(left, len(left))
    _items(value, layout, put)
    layout.end(right, len(left))


def _call(name: str, layout: Layout, inside: Outer, *values: Any, **named: Any) -> None:
    """As a call of a class: `OrderedDict([('a', 1)])`."""

    def put(pair: tuple[str, Any]) -> None:
        word = f"{pair[0]}=" if pair[0] else ""
        if word:
            layout.begin(word, len(word))
        _put(pair[1], layout, inside)
        if word:
            layout.end("", len(word))

    layout.begin(f"{name}(", len(name) + 1)
    _items([*(("", value) for value in values), *named.items()], layout, put)
    layout.end(")", len(name) + 1)


def _ordered(value: Any, layout: Layout, inside: Outer, again: bool) -> None:
    name = class_text(type(value)).rpartition(".")[2]
    if again:
        layout.put(f"{name}(...)")
    else:
        _call(name, layout, inside, *([list(value.items())] if value else []))


def _defaults(value: Any, layout: Layout, inside: Outer, again: bool) -> None:
    if again:
        layout.put("defaultdict(...)")
    else:
        _call("defaultdict", layout, inside, value.default_factory, dict(value))


def _queue(value: Any, layout: Layout, inside: Outer, again: bool) -> None:
    if again:
        layout.put("deque(...)")
    else:
        _call("deque", layout, inside, list(value), **({} if value.maxlen is None else {"maxlen": value.maxlen}))


def _counts(value: Any, layout: Layout, inside: Outer, again: bool) -> None:
    if again:
        layout.put("Counter(...)")
    else:
        _call("Counter", layout, inside, *([dict(value.most_common())] if value else []))


def _exception(value: BaseException, layout: Layout, inside: Outer, again: bool) -> None:
    _call(class_text(type(value)), layout, inside, *value.args)


WAYS: dict[type, Callable[[Any, Layout, Outer, bool], None]] = {
    list: _sequence,
    tuple: _sequence,
    set: _set,
    frozenset: _set,
    dict: _mapping,
    MappingProxyType: _mapping,
    collections.OrderedDict: _ordered,
    collections.defaultdict: _defaults,
    collections.deque: _queue,
    collections.Counter: _counts,
    BaseException: _exception,
    MethodType: _method,
    StateDict: _ordered,
}
