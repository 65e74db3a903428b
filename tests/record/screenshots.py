"""Makes the pictures of the README, of real screens: `python -m tests.record.screenshots`. Look at them afterwards.

The first session is the one in the README, typed line by line.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from gradsh.shell.paste import typed
from tests.conftest import ROOT
from tests.shell.screen_sessions import Terminal, keys
from tests.test_readme import BLOCK, README

PICTURES = ROOT / "docs" / "pictures"
# pyte's names of colours, in rich's
NAMES = {"brown": "yellow", "brightbrown": "bright_yellow", "bfightmagenta": "bright_magenta"}


def first_session() -> list[str]:
    """The lines that the README has typed."""
    first = next(body for kind, _, body in BLOCK.findall(README.read_text(encoding="utf-8")) if kind == "gradsh-prompt")
    return [line.strip() + "<Enter>" for line in typed(first.split("\n"))]


# name -> the title, and what is typed
SESSIONS = {
    "first-session": ("gradsh", first_session()),
    "completion": (
        "gradsh: Tab",
        ["let x = tensor([1.0, 2.0], grad)<Enter>", "x.su<Tab>", "<Tab><Tab><Tab><Tab><Tab>"],
    ),
    "error": (
        "gradsh: an error",
        ["let w = tensor([1.0, 2.0])<Enter>", "let loss = (w ** 2).sum()<Enter>", "backward loss<Enter>"],
    ),
}


def picture(title: str, steps: list[str], folder: Path) -> str:
    """The SVG of the last screen of a session, without its empty lines."""
    with Terminal("80x24", folder) as terminal:
        terminal.settled()
        for step in steps:
            terminal.child.send(keys(step))
            terminal.settled()
        screen = terminal.screen
        rows = len(terminal.text().split("\n"))
        console = Console(width=screen.columns, record=True, file=open("/dev/null", "w"), color_system="truecolor")  # noqa: SIM115
        for row in range(rows):
            line = Text()
            for column in range(screen.columns):
                cell = screen.buffer[row][column]
                line.append(
                    cell.data, Style(color=color(cell.fg), bgcolor=color(cell.bg), bold=cell.bold, reverse=cell.reverse)
                )
            line.rstrip()
            console.print(line, no_wrap=True)
    svg = console.export_svg(title=title, theme=DIMMED_MONOKAI, unique_id="gradsh")
    return re.sub(r"[ \t]+\n", "\n", svg)


def color(name: str) -> Color | None:
    """A colour of pyte's as rich's; None for the terminal's own."""
    if name == "default":
        return None
    if re.fullmatch(r"[\da-f]{6}", name):
        return Color.parse("#" + name)
    return Color.parse(NAMES.get(name, re.sub(r"^bright", "bright_", name)))


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for name, (title, steps) in SESSIONS.items():
        with tempfile.TemporaryDirectory() as folder:
            (PICTURES / f"{name}.svg").write_text(picture(title, steps, Path(folder)), encoding="utf-8")
    print(f"made {len(SESSIONS)} pictures in {PICTURES}")


if __name__ == "__main__":
    main()
