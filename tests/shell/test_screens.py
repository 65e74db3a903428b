"""A long session in a real terminal shows the recorded screens, step by step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shell.screen_sessions import COLOR, TERMINALS, Terminal, keys, recorded, steps


@pytest.mark.parametrize("name", TERMINALS)
def test_the_screens_of_a_session(name: str, tmp_path: Path) -> None:
    found = list(recorded(name))
    assert [step for step, _ in found[1:]] == steps(name), "the session is another: `make record`"
    with Terminal(name, tmp_path) as terminal:
        for step, screen in found:
            if step != "(start)":
                terminal.child.send(keys(step))
            assert terminal.shows(screen) == screen, f"after {step}"
        assert (COLOR.search(terminal.raw) is not None) is (name in ("80x24", "140x40"))
        assert name != "dumb" or "\x1b" not in terminal.raw
