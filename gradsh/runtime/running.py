"""What a program that runs needs of its session: all that the rooms below the session know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.files import Files
    from gradsh.language.places import Program
    from gradsh.reports import Report
    from gradsh.reports.plotting import Live
    from gradsh.runtime.used_files import Module


class Outlet(Protocol):
    """Where what a program shows goes; see `gradsh.session.display.Display`."""

    @property
    def needs_spans(self) -> bool: ...
    @property
    def interactive(self) -> bool: ...
    def value(self, value: object, span: Span | None) -> None: ...
    def printed(
        self, values: tuple[object, ...], spans: list[Span | None], sep: str = " ", end: str = "\n"
    ) -> None: ...
    def display(self, value: object) -> None: ...
    def report(self, report: Report) -> None: ...
    def pause(self) -> None: ...
    def live(self, picture: Live) -> None: ...
    def progress(self, items: Iterable[Any], title: str, total: int | None) -> Iterable[Any]: ...


class Running(Protocol):
    """A session, as the programs in it see it.

    `globals` are theirs, `modules` the used files that have run, by path, `parameters` what was given to the script.
    `sweeper` runs a script many times, where somebody has handed it in.
    """

    globals: dict[str, Any]
    modules: dict[str, Module]
    parameters: Mapping[str, object]
    files: Files
    sweeper: Callable[[str, Mapping[str, Any]], Iterable[Report]] | None

    @property
    def display(self) -> Outlet: ...

    def given(self, value: object) -> None:
        """A bare expression has been shown."""

    def remark(self, value: object, span: Span | None) -> None:
        """Say what there is to say of a bare expression that is a method, or none."""

    def use(self, used: Program) -> Module:
        """The module of a used file."""

    def param(self, name: str, default: Any, given: Mapping[str, object]) -> Any:
        """The value of a script parameter."""

    def example(self, text: str) -> list[str | Report]:
        """The lines and reports that a program shows in a session of its own, which touches no files."""
