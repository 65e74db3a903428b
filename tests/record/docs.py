"""Write docs/reference/ anew from the registries: `python -m tests.record.docs` (or `make docs`).

The same pages as `help` has, one file for each topic: built-ins, layers, words, commands, errors, warnings; and two on
the shell. The outputs of examples, and those of the programs in the hand-written files, are of a run.
And docs/gradsh.1, the manual page of the command.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from gradsh.commands import help
from gradsh.engine import catalogue
from gradsh.lints.pages import code_page
from gradsh.reports import CodePage, HelpPage, Topic
from gradsh.runtime import topics
from gradsh.session.display import Kept
from gradsh.session.session import Session
from gradsh.shell import registry
from gradsh.shell.configuration import document
from gradsh.shell.settings import SETTINGS, Settings, written
from gradsh.view.help_page import shown
from gradsh.view.plain import undriving
from gradsh.view.registry import Look
from tests.conftest import ROOT
from tests.record import manual

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
SHELL, SETTINGS_OF = "Commands of the shell", "Settings of the shell"
COLON = """\
An input that begins with a colon is for the shell, and not part of the program; so is the last line of a block that is
not finished, which goes on afterwards. As much of a word is enough as tells it apart, `:q`. `:help` lists them."""
CONFIGURED = """\
`:set` lists them with what they are now and where that comes from, `:set live off` sets one until the shell ends. What
each shell begins with is in `config.toml`, in the folder that the system has for it (`~/.config/gradsh` on Linux, or
below `XDG_CONFIG_HOME`); what is wrong in it is warned of, and the rest holds. `gradsh config` prints a whole one, and
`gradsh config --write` makes it. Beside it may be `init.grad`, a program that each shell runs before its first prompt.
`--no-config` leaves both out; with `-i FILE` or `-i -c CODE` the shell begins with that in place of `init.grad`; `-c`,
scripts, pipes and `--sandbox` look at neither."""
MADE = "<!-- Made by `make docs` from the registries; edit those. -->\n"
VARY = ("env", "seed")  # what these print is another machine's, or another run's
CODE = re.compile(r"(?<![\w`#(])([EW]\d{4})\b")

Outputs = Callable[[str], list[str]]


class Quiet(Session):
    """A session in which examples are not run."""

    def example(self, text: str) -> list[str]:
        return ["…"]


def pages(run: bool = True) -> dict[str, str]:
    """The text of each file by its name; without the outputs where nothing is run."""
    full, quiet = Session(Kept()), Quiet(Kept())
    found = {topic.word: topic for topic in topics.topics()}
    # which of the few examples of commands and words are shown depends on whether they print anything
    sessions = {word: full if run or word in ("commands", "words") else quiet for word in found}
    made = {f"{word}.md": _file(sessions[word], topic) for word, topic in found.items()}
    return made | {"shell.md": _shell(), "settings.md": _settings(), "README.md": _contents(found)}


def _contents(found: dict[str, Topic]) -> str:
    rows = [f"| [{t.title.replace('`', '')}]({t.word}.md) | {len(t.names)} |" for t in found.values()]
    rows += [f"| [{SHELL}](shell.md) | {len(registry.WORDS)} |", f"| [{SETTINGS_OF}](settings.md) | {len(SETTINGS)} |"]
    return f"{MADE}\n# Reference\n\nWhat `help NAME` says, by topic.\n\n| | |\n|---|---|\n" + "\n".join(rows) + "\n"


def _file(session: Session, topic: Topic) -> str:
    title = topic.title.replace("`", "")
    parts = [MADE, f"# {title}\n", _links(topic.names)]
    sections = topics.within(topic.word)
    for section in sections:
        if len(sections) > 1:
            parts.append(f"## {section.title}\n")
        parts += [_entry(session, name, topic.word) for name in section.names]
    return "\n".join(parts)


def _shell() -> str:
    """What `:help` says."""
    parts = [MADE, f"# {SHELL}\n", f"{COLON}\n", _links(list(registry.WORDS))]
    for word in registry.WORDS:
        entry = registry.load(word)
        parts += [f"### {word}\n", f"```text\n{entry.usage}\n```\n", f"{_escaped(entry.summary)}\n"]
        parts.append(f"For example `{entry.example}`.\n")
    return "\n".join(parts)


def _settings() -> str:
    """What `:set` says, and the configuration file."""
    rows = [
        f"| `{name}` | {_escaped(each.takes)} | `{written(each.default)}` | {_escaped(each.summary)} |"
        for name, each in SETTINGS.items()
    ]
    table = "| | may be | is | |\n|---|---|---|---|\n" + "\n".join(rows)
    file = f"```toml\n{document(Settings())}```"
    return "\n".join([MADE, f"# {SETTINGS_OF}\n", f"{table}\n", f"{CONFIGURED}\n", f"{file}\n"])


def _links(names: list[str]) -> str:
    return " · ".join(f"[{name}](#{_slug(name)})" for name in sorted(names, key=str.lower)) + "\n"


def _slug(name: str) -> str:
    return name.lower().replace(".", "").replace(" ", "-")


def _entry(session: Session, name: str, topic: str) -> str:
    page = code_page(name)
    if page is not None:
        return _code(page)
    entry = catalogue.operator(name)
    if entry is not None and entry.name != name and topic not in ("words", "commands"):
        return f"### {name}\n\nAnother name of `{entry.name}`.\n"
    found = [each for each in help.named(session, name) if isinstance(each, HelpPage)]
    return _help(found[-1 if topic == "words" else 0])


def _help(page: HelpPage) -> str:
    out = [f"### {page.name}\n", f"```text\n{page.usage}\n```\n"]
    if page.summary:
        out.append(f"{_escaped(page.summary)}\n")
    rows = (("Method", page.method), ("Forward", page.forward), ("Gradient", page.formula), ("Kinks", page.kinks))
    said = [f"- {label}: {_escaped(text)}" for label, text in rows if text]
    if said:
        out.append("\n".join(said) + "\n")
    if page.example:
        out.append(f"```gradsh\n{undriving(page.example)}\n```\n")
        if page.output and page.name not in VARY:
            out.append("```text\n" + "\n".join(shown(page.output, Look(width=80))) + "\n```\n")
    return "\n".join(out)


def _code(page: CodePage) -> str:
    out = [f"### {page.code}\n", f"**{_escaped(page.summary)}**\n", f"{_linked(page.happened)}\n"]
    if page.example:
        out.append(f"A program that has it:\n\n```gradsh\n{undriving(page.example)}\n```\n")
        out.append(f"And its cure:\n\n```gradsh\n{undriving(page.cure)}\n```\n")
    if page.afterwards:
        out.append(f"{_linked(page.afterwards)}\n")
    for title, items in (("Usual causes:", page.causes), ("Not a cure:", page.not_a_cure)):
        if items:
            out.append(f"{title}\n\n" + "\n".join(f"- {_linked(item)}" for item in items) + "\n")
    out.append(f"See also: {_linked(page.see)}\n")
    return "\n".join(out)


def _linked(text: str) -> str:
    """Codes become links."""

    def link(match: re.Match[str]) -> str:
        code = match[1]
        file = "errors" if code[0] == "E" else "warnings"
        return f"[{code}]({file}.md#{code.lower()})"

    pieces = text.split("`")
    return "`".join(piece if i % 2 else CODE.sub(link, _escaped(piece)) for i, piece in enumerate(pieces))


def _escaped(text: str) -> str:
    """What Markdown would take for its own, outside of code."""
    pieces = text.split("`")
    return "`".join(piece if i % 2 else re.sub(r"([*_<>\[\]|])", r"\\\1", piece) for i, piece in enumerate(pieces))


OUTPUT = re.compile(r"(```gradsh\n(?:(?!```).)*\n```\n)\n```text\n(?:(?!```).)*\n```\n", re.DOTALL)


def without_outputs(text: str) -> str:
    """A file without what examples print."""
    return OUTPUT.sub(r"\1", text)


def main() -> None:
    import tempfile

    from tests.test_readme import filled

    REFERENCE.mkdir(parents=True, exist_ok=True)
    made = pages()
    for name, text in made.items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
    for old in REFERENCE.glob("*.md"):
        if old.name not in made:
            old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(DOCS.glob("*.md")):
            path.write_text(filled(path.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")
    manual.main()
    sys.stdout.write(f"made {len(made)} files in {REFERENCE}\n")


if __name__ == "__main__":
    main()
