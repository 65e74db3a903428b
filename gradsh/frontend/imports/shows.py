"""`tqdm`, `IPython` and what draws in a notebook, `matplotlib_inline`."""

from __future__ import annotations

from functools import partial
from typing import Any

from gradsh.frontend.imports import Module, of_members

__acts_for_programs__ = True


class Bar:
    """`tqdm(items)`: the items, with a bar where somebody sees it."""

    __slots__ = ("items", "session", "title", "total")

    def __init__(self, session: Any, items: Any = (), desc: Any = None, total: Any = None, **_: Any) -> None:
        self.session = session
        self.items = items
        self.title = desc or ""
        self.total = total

    def __iter__(self) -> Any:
        return iter(self.session.display.progress(self.items, str(self.title), self.total))

    def __len__(self) -> int:
        return len(self.items)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def __member__(self, name: str) -> Any:
        if name == "write":
            return lambda words, **_: self.session.display.printed((words,), [None])
        if name in _METHODS:
            return lambda *_, **__: None
        raise KeyError(name)

    def __members__(self) -> list[str]:
        return ["write", *_METHODS]


_METHODS = ("set_description", "set_postfix", "set_postfix_str", "update", "close", "refresh", "set_description_str")


class Maker:
    """`tqdm` itself, which is called and has `write`."""

    __slots__ = ("session",)

    def __init__(self, session: Any) -> None:
        self.session = session

    def __call__(self, *arguments: Any, **keywords: Any) -> Bar:
        return Bar(self.session, *arguments, **keywords)

    def __member__(self, name: str) -> Any:
        return Bar(self.session).__member__(name)

    def __members__(self) -> list[str]:
        return ["write"]


class Rich:
    """`HTML("<b>a</b>")`: what a browser would show, which is said by its kind, as IPython says it in text."""

    __slots__ = ("data", "name")

    says = True

    def __init__(self, name: str, data: Any = None) -> None:
        self.name = name
        self.data = data

    def __repr__(self) -> str:
        return f"<IPython.core.display.{self.name} object>"

    def __member__(self, name: str) -> Any:
        if name == "data":
            return self.data
        raise KeyError(name)

    def __members__(self) -> list[str]:
        return ["data"]


class Handle:
    """What `display(x, display_id=True)` gives: `update(y)` shows y, below what was shown, as a terminal does."""

    __slots__ = ("display_id", "show")

    def __init__(self, show: Any, display_id: Any) -> None:
        self.show = show
        self.display_id = "1" if display_id is True else display_id

    def __member__(self, name: str) -> Any:
        if name == "display_id":
            return self.display_id
        if name in ("display", "update"):
            return lambda value, **_: self.show(value)
        raise KeyError(name)

    def __members__(self) -> list[str]:
        return ["display", "display_id", "update"]


class ZMQInteractiveShell:
    """What `get_ipython()` gives in a notebook: its magics do nothing, as those of lines that begin with `%`."""

    __slots__ = ()

    def __member__(self, name: str) -> Any:
        if name in _MAGICS:
            return lambda *_, **__: None
        raise KeyError(name)

    def __members__(self) -> list[str]:
        return list(_MAGICS)


_MAGICS = ("magic", "run_line_magic", "run_cell_magic", "system", "set_next_input")

_RICH = ("HTML", "Image", "Latex", "Markdown", "Math")


def _rich(name: str) -> Any:
    return lambda data=None, **_: Rich(name, data)


def display_of(session: Any, *values: Any, display_id: Any = None, **_: Any) -> Handle | None:
    """`display(x, …)`; with a `display_id` a handle on it."""
    for value in values:
        session.display.display(value)
    return None if display_id is None else Handle(session.display.display, display_id)


def shell_of(session: Any) -> ZMQInteractiveShell | None:
    """`get_ipython()`: None in a program that is no notebook."""
    return ZMQInteractiveShell() if session.cells else None


def module(session: Any, name: str) -> Module:
    maker = Maker(session)
    members: dict[str, Any] = {"tqdm": maker, "trange": lambda *given, **options: maker(range(*given), **options)}
    if name == "tqdm":
        members |= {part: of_members(f"tqdm.{part}", members) for part in ("auto", "notebook", "std")}
        return of_members("tqdm", members)

    def nothing(*_: Any, **__: Any) -> None:
        return None

    def clear_output(wait: bool = False) -> None:
        session.display.clear(bool(wait))

    if name == "matplotlib_inline":
        drawing = of_members("matplotlib_inline.backend_inline", {"set_matplotlib_formats": nothing})
        return of_members("matplotlib_inline", {"backend_inline": drawing})
    shown = partial(display_of, session)
    own = {"display": shown, "clear_output": clear_output, "set_matplotlib_formats": nothing}
    own |= {name: _rich(name) for name in _RICH}
    display = of_members("IPython.display", own)
    return of_members("IPython", {"display": display, "get_ipython": partial(shell_of, session)})
