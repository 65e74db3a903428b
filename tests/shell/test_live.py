"""The live line of the prompt, through prompt_toolkit's own pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.formatted_text import fragment_list_to_text, to_formatted_text
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.layout import BufferControl
from prompt_toolkit.output import DummyOutput

from gradsh.runtime.namespace import hand
from gradsh.session.display import Kept
from gradsh.session.session import Session
from gradsh.shell import live
from gradsh.shell.editor import Editor
from gradsh.shell.live import LiveLine
from gradsh.shell.prompt import Shell

PASTE = "\x1b[200~{}\x1b[201~"


class Typed:
    """A shell whose lines end by themselves once the live line has been asked for; `seen` is what it showed then."""

    def __init__(self, pipe: PipeInput, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pipe = pipe
        self.seen: list[str] = []
        self.marked = ""  # what is underlined then
        session = Session(Kept(), seed=0)
        assert session.run("let x = tensor([1., 2.], grad); let w = tensor(2.)", "<prompt 1>").ok
        self.shell = Shell(session, quiet=True, history=False)
        self.shell.editor = Editor(self.shell, InMemoryHistory())
        self.live = LiveLine(self.shell, self.shell.editor)
        monkeypatch.setattr(self.live, "look", self.look)

    def look(self, buffer: object) -> None:
        LiveLine.look(self.live, buffer)  # type: ignore[arg-type]
        self.seen.append(fragment_list_to_text(to_formatted_text(self.live.shown())))
        control = self.shell.editor.reader.layout.current_control
        assert isinstance(control, BufferControl)
        shown = control.create_content(80, 1).get_line(0)
        self.marked = "".join(char for style, char, *_ in shown if "underline" in style)
        self.pipe.send_text("\r")

    def line(self, keys: str) -> str:
        """What was typed, after these keys and Enter."""
        self.pipe.send_text(keys)
        return self.shell.editor.read()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Typed]]:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        yield lambda: Typed(pipe, monkeypatch)


def test_the_value_stands_below_what_is_typed(typed: Callable[[], Typed]) -> None:
    prompt = typed()
    assert prompt.line("x * w") == "x * w"
    assert prompt.seen == ["= tensor([2, 4])  [2] float32   of the sum: ∂x [2, 2]"]
    assert prompt.line(":vars\r") == ":vars"
    assert prompt.live.report is None, "it goes with the line"


def test_a_wrong_operand_is_marked_where_it_stands(typed: Callable[[], Typed]) -> None:
    prompt = typed()
    prompt.line("x @ ones(3)")
    assert prompt.marked == "ones(3)"
    assert prompt.seen == [" " * len("gradsh> x @ ") + "^ [3] does not fit [2]: 2 elements would"]


def test_a_line_that_goes_on_from_the_last_value(typed: Callable[[], Typed]) -> None:
    prompt = typed()
    hand(prompt.shell.session.globals, "_", prompt.shell.session.globals[".x"])
    prompt.line(".exp() @ ones(3)")
    prompt.line("_ * w")
    assert prompt.seen == [
        " " * len("gradsh> .exp() @ ") + "^ [3] does not fit [2]: 2 elements would",
        "= tensor([2, 4])  [2] float32   of the sum: ∂x [2, 2]",
    ]


@pytest.mark.parametrize("keys", ["x * w\r", PASTE.format("x * w") + "\r", ":vars\r"])
def test_nothing_is_looked_at(typed: Callable[[], Typed], keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is entered before the pause is over, what is pasted, what is for the shell."""
    monkeypatch.setattr(live, "PAUSE", 30.0)
    prompt = typed()
    prompt.line(keys)
    assert (prompt.seen, prompt.live.waiting is None) == ([], keys != "x * w\r")


def test_a_loop_of_the_line_is_stopped_in_time(typed: Callable[[], Typed]) -> None:
    """The prompt holds interrupts while it reads: the time of what the line would run is over all the same."""
    it = typed()
    assert it.line("sum([i for i in range(10**8)])") == "sum([i for i in range(10**8)])"
    assert it.seen == [""]


def test_it_can_be_switched_off(typed: Callable[[], Typed], monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = typed()
    prompt.shell.settings.set("live", False)
    assert not prompt.live.is_on()
    prompt.shell.settings.set("live", True)
    assert prompt.live.is_on()
    monkeypatch.setenv("TERM", "dumb")
    assert not prompt.live.is_on()


def test_what_was_late_twice_is_left_alone_until_the_next_line(
    typed: Callable[[], Typed], monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = typed()
    monkeypatch.setattr(live, "LATE", -1.0)
    buffer = prompt.shell.editor.reader.default_buffer
    LiveLine.look(prompt.live, buffer)
    assert prompt.live.is_on()
    LiveLine.look(prompt.live, buffer)
    assert not prompt.live.is_on()
    prompt.line("1\r")
    assert prompt.live.is_on()
