"""Write docs/gradsh.1 anew from the parsers of the command line: `python -m tests.record.manual` (or `make docs`)."""

from __future__ import annotations

import re
from argparse import SUPPRESS, Action

from gradsh import __version__
from gradsh.cli import arguments
from gradsh.cli.arguments import parser_of
from gradsh.cli.subcommands import SUBCOMMANDS, summary
from tests.conftest import ROOT

MANUAL = ROOT / "docs" / "gradsh.1"
COMMON = ("json", "errors", "color", "help")  # what all sub-commands take, and gradsh itself
FILES = (
    ("~/.config/gradsh/config.toml", "the settings of the shell; `gradsh config` prints them with a word on each"),
    ("~/.config/gradsh/init.grad", "a program that each shell begins with"),
    ("~/.local/state/gradsh/history", "what was typed at the prompt"),
    ("~/.cache/gradsh", "compiled programs; it may be deleted at any time"),
)


def roff(text: str) -> str:
    """The text as troff has it; what stands between backticks is bold."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)
    return f"\\&{text}" if text[:1] in (".", "'") else text


def option(action: Action) -> str:
    """One option, and what it does."""
    value = ""
    if action.nargs is None:
        value = " \\fI" + roff("|".join(map(str, action.choices)) if action.choices else str(action.metavar)) + "\\fR"
    names = ", ".join(f"\\fB{roff(string)}\\fR{value}" for string in action.option_strings)
    return f".TP\n{names}\n{roff(action.help or '')}"


def options(word: str) -> list[str]:
    """The options of a sub-command, without those that all have; or of gradsh itself."""
    own = [each for each in parser_of(word)._actions if each.option_strings and each.help is not SUPPRESS]
    return [option(action) for action in own if not word or action.dest not in COMMON]


def manual() -> str:
    """The page."""
    usage = [line.strip().partition("   ")[0] for line in arguments.USAGE.splitlines()]
    out = [
        ".\\\" Made by `make docs` from the command line's parsers; edit those.",
        f'.TH GRADSH 1 "" "gradsh {__version__}" "User Commands"',
        ".SH NAME\ngradsh \\- a differentiation shell",
        ".SH SYNOPSIS",
        *(f"{roff(line)}\n.br" for line in usage if not line.startswith(tuple(f"gradsh {w} " for w in SUBCOMMANDS))),
        "\\fBgradsh\\fR \\fICOMMAND\\fR ...",
        ".SH DESCRIPTION",
        roff(str(parser_of().description)),
        ".PP\n" + roff(arguments.ORDER),
        ".SH OPTIONS",
        *options(""),
        ".SH COMMANDS\nAll of them take \\fB\\-\\-json\\fR, \\fB\\-\\-errors\\fR and \\fB\\-\\-color\\fR.",
    ]
    for word, takes in SUBCOMMANDS.items():
        out.append(f".SS {roff(f'gradsh {word} {takes}')}\n{roff(summary(word))}")
        out += options(word)
    out.append(".SH EXIT STATUS")
    out += [f".TP\n\\fB{number}\\fR\n{roff(said)}" for number, said in arguments.STATUS.items()]
    out.append(f".SH ENVIRONMENT\n{roff(arguments.VARIABLES)}\n.PP\nColour: {roff(arguments.COLOUR)}")
    out.append(".SH FILES")
    out += [f".TP\n\\fI{roff(path)}\\fR\n{roff(said)}" for path, said in FILES]
    out.append(".SH EXAMPLES")
    out += [f".PP\n.nf\n.RS\n{roff(example)}\n.RE\n.fi" for example in arguments.EXAMPLES]
    return "\n".join(out) + "\n"


def main() -> None:
    MANUAL.write_text(manual(), encoding="utf-8")


if __name__ == "__main__":
    main()
