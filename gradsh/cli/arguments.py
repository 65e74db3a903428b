"""The command line, read with argparse. The two plainest forms, `-c CODE` and `FILE`, do not come here (main.py)."""

from __future__ import annotations

import argparse
import shlex
import textwrap
from collections.abc import Sequence
from typing import NoReturn

from gradsh.calls.suggest import suggest
from gradsh.cli.options import Options, UsageError, say
from gradsh.cli.subcommands import SUBCOMMANDS, load, summary
from gradsh.cli.version import version

USAGE = """\
gradsh                        the shell; with a program on standard input, run that
       gradsh FILE.grad [--NAME VALUE ...]
       gradsh -c CODE [-c CODE ...] [-i]
"""
USAGE += "\n".join(f"       gradsh {word} {takes}" for word, takes in SUBCOMMANDS.items())

EXAMPLES = (
    "gradsh -c 'let x = tensor(5.0, grad); z = log(x**3); backward z; x.grad'",
    "echo 'print grad(fn(x) = x**2)(tensor(3.0))' | gradsh",
    "gradsh --json train.grad",
)
ORDER = "gradsh's own options stand before FILE; what follows FILE is the script's. `./check` runs a file of that name."
STATUS = {
    0: "done",
    1: "the program failed while running",
    2: "the command line was wrong",
    3: "the program was refused before running",
    70: "a fault of gradsh itself",
    124: "the --timeout is over",
    130: "interrupted",
    141: "standard output was closed early",
}
COLOUR = "--color, else NO_COLOR, else FORCE_COLOR or CLICOLOR_FORCE, else whether the stream is a terminal."
VARIABLES = (
    "GRADSH_DEBUG=1 shows the traceback of a fault of gradsh itself; "
    "GRADSH_HISTORY and GRADSH_CACHE_DIR say where those are."
)


def _epilog() -> str:
    """What `--help` says below the options."""
    statuses = textwrap.fill(f"exit status: {', '.join(f'{n} {said}' for n, said in STATUS.items())}.", 118)
    examples = "\n".join(f"  {example}" for example in EXAMPLES)
    return f"examples:\n{examples}\n\n{ORDER}\n\n{statuses}\n\ncolour: {COLOUR}\n{VARIABLES}\n"


OWN = (
    "code",
    "interactive",
    "json",
    "dtype",
    "seed",
    "color",
    "errors",
    "quiet",
    "verbose",
    "plans",
    "no_config",
    "sandbox",
)
NOTEBOOK = ("cell", "keep_going", "write")
SANDBOX = (
    ("--sandbox", "kernel", "the program reaches no file, no environment, no network, no other process"),
    ("--sandbox=language", "language", "the same as far as the language goes, where the system has no sandbox"),
)


class Parser(argparse.ArgumentParser):
    """argparse with gradsh's way of saying that the command line was wrong. `words` are those that it reads."""

    words: Sequence[str] = ()

    def error(self, message: str) -> NoReturn:
        kind, _, unknown = message.partition(": ")
        if kind == "unrecognized arguments":
            word = unknown.split(" ")[0]
            if word[:1] != "-":
                raise UsageError(f"{word!r} is left over", f"{self.prog} --help")
            raise UsageError(f"there is no option {word.partition('=')[0]}{self.meant(word)}", f"{self.prog} --help")
        raise UsageError(message, f"{self.prog} --help")

    def meant(self, word: str) -> str:
        """What an unknown option may have been meant to be: one that is spelt alike, or one of the script."""
        option, _, value = word.partition("=")
        near = suggest(option, self._option_string_actions)
        if near:
            return f"; did you mean {near}?"
        if not option.startswith("--") or word not in self.words:
            return ""
        at = self.words.index(word)
        value = value or next((each for each in self.words[at + 1 : at + 2] if not each.startswith("-")), "VALUE")
        if "-c" in self.words:
            return f"; a parameter of the program is given by --set {option[2:]}={value}"
        file = next((each for each in self.words[at + 1 :] if each.endswith(".grad")), None)
        return f"; what is the script's stands behind it: gradsh {file} {option} {value}" if file else ""


def _parser() -> Parser:
    parser = Parser(
        prog="gradsh",
        usage=USAGE,
        description="A differentiation shell: PyTorch's autograd in a small language, on NumPy.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    add = parser.add_argument
    add("-c", dest="code", metavar="CODE", help="run CODE; of several, the lines of one program")
    add("-i", dest="interactive", action="store_true", help="stay in the shell afterwards")
    add("--json", action="store_true", help="one JSON object a line for every value, and for every error")
    add("--dtype", choices=["float16", "float32", "float64"], help="dtype of floating literals (float32)")
    add("--seed", type=int, metavar="N", help="seed of the random stream, as manual_seed(N)")
    add(
        "--set",
        action="append",
        metavar="NAME=VALUE",
        help="a value for a script parameter; for -c and standard input too",
    )
    add("--color", choices=["auto", "always", "never"], default="auto", help="colour (auto)")
    add("--errors", choices=["full", "short", "json"], default="full", help="form of errors (full)")
    add("-q", "--quiet", action="store_true", help="no welcome line")
    add("-v", "--verbose", action="store_true", help="tell which operators vmap and Jacobians looped over")
    add("--no-plans", dest="plans", action="store_false", help="run each iteration of a loop as it is written")
    add(
        "--plans",
        dest="plans",
        action="store_true",
        default=True,
        help="loops run by plans where that is worth it: as without it",
    )
    add("--no-config", action="store_true", help="read no configuration and no history, and write none")
    for option, depth, said in SANDBOX:
        add(option, action="store_const", const=depth, dest="sandbox", default="", help=said)
    add("--max-memory", metavar="SIZE", help="what the program may take, 500M, 2G; what goes beyond it ends with E0902")
    add("--timeout", metavar="TIME", help="stop after 10s, 2m, 500ms; each statement in the shell")
    notebook_options(parser, Options())
    add("-V", "--version", action="store_true", help="print the version, and whether there are kernels in C")
    add("-h", "--help", action="store_true", help="print this")
    add("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def notebook_options(parser: Parser, before: Options) -> None:
    """What a notebook takes, before the file as well as behind it."""
    add = parser.add_argument
    said = "of a notebook: run the first N cells of code only, counted from 1"
    add("--cell", type=int, metavar="N", default=before.cell, help=said)
    add("--keep-going", action="store_true", default=before.keep_going, help="likewise: go on after a cell that fails")
    add("--write", metavar="OUT.ipynb", default=before.write, help="likewise: write it there, with its outputs")


def misplaced(options: Options, at: int) -> str | None:
    """The command line that was meant with an own option of gradsh's among the script's, there; None if it is none."""
    words, file = options.arguments, options.file or ""
    action = _parser()._option_string_actions.get(words[at].partition("=")[0])
    if action is None or action.dest in ("code", "help"):
        return None
    end = at + 1 + ("=" not in words[at] and action.nargs is None)
    return shlex.join(["gradsh", *options.own, *words[at:end], file, *words[:at], *words[end:]])


def _take_code(argv: list[str], parser: Parser) -> list[str]:
    """Take each `-c CODE` out of `argv` that is among gradsh's own options; argparse refuses CODE like `-x`."""
    found: list[str] = []
    at = 0
    while at < len(argv) and argv[at].startswith("-") and argv[at] not in ("-", "--"):
        if argv[at] == "-c" and at + 1 < len(argv):
            found.append(argv[at + 1])
            del argv[at : at + 2]
            continue
        action = parser._option_string_actions.get(argv[at])
        at += 2 if action is not None and action.nargs is None else 1
    return found


def parse(argv: Sequence[str]) -> Options:
    """Options of a command line; raises UsageError when it is wrong, SystemExit(0) after --help and --version."""
    parser = _parser()
    own = list(argv)
    parser.words = argv
    codes = _take_code(own, parser)
    given = parser.parse_args(own)
    if codes:
        given.code = "\n".join(codes)
    if given.help:
        say(parser.format_help())
        raise SystemExit(0)
    if given.version:
        say(version())
        raise SystemExit(0)
    if given.seed is not None and not -(2**63) <= given.seed < 2**64:
        raise UsageError(f"--seed {given.seed} does not fit in 64 bits")
    options = Options()
    for name in (*OWN, *NOTEBOOK):
        setattr(options, name, getattr(given, name))
    if given.timeout is not None:
        from gradsh.cli.timeout import seconds

        options.timeout = seconds(given.timeout)
    if given.max_memory is not None:
        options.max_memory = size(given.max_memory)
    options.set = given.set or []
    for each in options.set:
        if "=" not in each or each.startswith(("=", "-")):
            raise UsageError(f"--set takes NAME=VALUE, as in --set lr=0.1, not {each!r}")
    rest: list[str] = given.rest
    options.own = own[: len(own) - len(rest)]
    if rest and rest[0] == "--":
        rest = rest[1:]
    elif rest and given.code is None and rest[0] in SUBCOMMANDS:
        return _subcommand(options, rest[0], rest[1:])
    asked = [f"--{name.replace('_', '-')}" for name in NOTEBOOK if getattr(options, name)]
    if asked and (given.code is not None or not rest or not rest[0].endswith(".ipynb")):
        raise UsageError(f"{asked[0]} belongs to a notebook, FILE.ipynb")
    if given.code is not None:
        if rest:
            if "=" in rest[0] and rest[0].partition("=")[0].isidentifier():
                raise UsageError(f"a parameter of the program is given by --set {rest[0]}")
            raise UsageError(f"{rest[0]!r} is left over: the program is what stands behind -c, each time")
        return options
    if rest:
        options.file, options.arguments = rest[0], rest[1:]
    return options


def size(text: str) -> int:
    from gradsh import memory

    try:
        return memory.known(memory.size(text))
    except ValueError as error:
        raise UsageError(f"--max-memory: {error}") from None


def parser_of(word: str = "", options: Options | None = None) -> Parser:
    """The parser of a sub-command, or of gradsh's own options. `options` are those that stood before the word."""
    if not word:
        return _parser()
    before = options or Options()
    usage = f"gradsh {word} [--errors FORM] {SUBCOMMANDS[word]}".rstrip()
    parser = Parser(prog=f"gradsh {word}", usage=usage, description=summary(word), allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add = parser.add_argument
    add("--errors", choices=["full", "short", "json"], default=before.errors, help="form of errors")
    add("--color", choices=["auto", "always", "never"], default=before.color, help="colour")
    load(word).takes(parser)
    return parser


def _subcommand(options: Options, word: str, rest: list[str]) -> Options:
    """`gradsh WORD [--json|--errors FORM|--color WHEN] …`"""
    parser = parser_of(word, options)
    parser.words = rest
    given = parser.parse_args(rest)
    options.command = word
    options.given = given
    options.json = options.json or given.json
    options.errors = "json" if options.json else given.errors
    options.color = given.color
    return options
