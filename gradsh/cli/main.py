"""The command: which program to run, with what, and the exit status. Imports as little as it can before it knows.

Exit status: 0 done · 1 the program failed while running · 2 the command line was wrong · 3 the program was refused
before running · 70 a fault of gradsh itself · 130 interrupted · 141 standard output was closed early.
"""

from __future__ import annotations

import gc
import os
import sys

USAGE = 2
FAULT = 70
INTERRUPTED = 130
CLOSED_PIPE = 141
COMMANDS = ("check", "fmt", "graph", "explain", "export")
# options of gradsh's own that somebody may have put behind the file
OWN = (
    *(
        "--json",
        "--dtype",
        "--seed",
        "--set",
        "--sandbox",
        "--color",
        "--errors",
        "--verbose",
        "--no-config",
        "--quiet",
    ),
    *("-q", "-v", "-i", "-c"),
)

TYPE_CHECKING = False  # as in `typing`, which the fast path does without
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsh.errors import BadArguments
    from gradsh.session.session import Session


class UsageError(Exception):
    """The command line was wrong; the message says how, `more` which command says how it should be."""

    def __init__(self, message: str, more: str = "gradsh --help") -> None:
        super().__init__(message)
        self.more = more


class Options:
    """What the command line said."""

    __slots__ = (
        "arguments",
        "check",
        "code",
        "color",
        "dtype",
        "errors",
        "file",
        "interactive",
        "json",
        "no_config",
        "quiet",
        "seed",
        "set",
        "verbose",
    )

    def __init__(self, code: str | None = None, file: str | None = None) -> None:
        self.code = code
        self.file = file
        self.arguments: list[str] = []
        self.check: list[str] = []
        self.color = "auto"
        self.dtype: str | None = None
        self.errors = "full"
        self.interactive = False
        self.json = False
        self.no_config = False
        self.quiet = False
        self.seed: int | None = None
        self.set: list[str] = []
        self.verbose = False


def run(argv: Sequence[str]) -> int:
    """Run a command line; the exit status. Nothing that a user can give leads to a Python traceback."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller: `gradsh … >&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  # for as long as the process lives
        elif hasattr(stream, "reconfigure"):
            # a program may print any string, also half a surrogate pair, and in any locale
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        options = _options(argv)
        if options.check:
            return _check(options)
        return _run(options)
    except UsageError as error:
        sys.stderr.write(f"gradsh: {error}\nTry '{error.more}'.\n")
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _closed()
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    except BaseException as error:  # the one place that keeps a traceback of gradsh's own from the user
        return _failed(error)


def _options(argv: Sequence[str]) -> Options:
    # The plainest forms by hand: importing and setting up argparse would be a tenth of the whole start-up.
    if len(argv) == 2 and argv[0] == "-c":
        return Options(code=argv[1])
    if not argv:
        return Options()
    if argv[0] in ("--version", "-V"):
        from gradsh import __version__

        sys.stdout.write(f"gradsh {__version__}\n")
        raise SystemExit(0)
    if not argv[0].startswith("-") and argv[0] not in COMMANDS:
        options = Options(file=argv[0])
        options.arguments = list(argv[1:])
        return options
    from gradsh.cli.arguments import parse

    return parse(argv)


# --- running ---------------------------------------------------------------------------------------------------


def _run(options: Options) -> int:
    # Graphs are many small containers that stay alive until backward: collecting at every 700 of them finds nothing.
    gc.set_threshold(100_000, 20, 20)
    if options.code is not None:
        # One-shot programs are short, and starting BLAS's threads takes longer than they do; a user's setting stands.
        if not options.interactive:
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        name, text = "<command line>", options.code.encode("utf-8", "surrogateescape")
    elif options.file is not None and options.file != "-":
        name, text = options.file, _read(options.file)
    elif options.file is None and sys.stdin is not None and sys.stdin.isatty():
        return _shell(options, None)
    else:
        name, text = "<stdin>", sys.stdin.buffer.read() if sys.stdin is not None else b""
    from gradsh.errors import BadArguments
    from gradsh.files import decode

    program = decode(name, text)
    words = [f"--{given}" for given in options.set] + options.arguments
    if isinstance(program, str) and ("--help" in options.arguments or "-h" in options.arguments):
        return _help(options, program)
    session = _session(options)
    if name != "<stdin>" and not options.interactive and sys.stdin is not None:
        session.files.stdin = sys.stdin.buffer.read
    gc.freeze()  # what is loaded now stays: no collection need look at it
    if not isinstance(program, str):
        session.display.errors([program])
        return 3
    try:
        status = session.run(program, name, words).status
    except BadArguments as error:
        raise _bad_arguments(error, options) from None
    if options.interactive and name != "<stdin>":
        return _shell(options, session)
    return status


def _session(options: Options) -> Session:
    from gradsh.view.display import Display, Session

    if options.json:
        from gradsh.view.json_lines import JsonDisplay

        display: Display = JsonDisplay()
    else:
        display = Display(color=options.color, style=options.errors)
    display.verbose = options.verbose
    return Session(options.dtype, options.seed, display=display)


def _shell(options: Options, session: Session | None) -> int:
    from gradsh.shell.prompt import Prompt

    return Prompt(session or _session(options), quiet=options.quiet, history=not options.no_config).run()


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError as error:
        raise UsageError(f"cannot read {file!r}: {error.strerror}{_near(file)}") from None
    except ValueError as error:  # a NUL in the name
        raise UsageError(f"cannot read {file!r}: {error}") from None


def _near(file: str) -> str:
    """ "; did you mean 'train.grad'?" when a file or command of a similar name exists."""
    import difflib

    folder, name = os.path.split(file)
    try:
        there = [entry for entry in os.listdir(folder or ".") if entry.endswith(".grad")]
    except OSError:
        there = []
    if not folder:
        there.append("check")
    near = difflib.get_close_matches(name, there, 1)
    return f"; did you mean {os.path.join(folder, near[0])!r}?" if near else ""


def _bad_arguments(error: BadArguments, options: Options) -> UsageError:
    """What was given for the script does not fit; one of gradsh's own options may stand behind the file."""
    said = str(error)
    for word in options.arguments:
        if word.partition("=")[0] in OWN and repr(word.partition("=")[0]) in said:
            said = f"{said.partition(';')[0]}; gradsh's own options stand before the file: gradsh {word} {options.file}"
            break
    return UsageError(said, f"gradsh {options.file} --help" if options.file not in (None, "-") else "gradsh --help")


def _help(options: Options, program: str) -> int:
    """`gradsh FILE --help`."""
    from gradsh.errors import Refused
    from gradsh.language.scripts import help_text

    try:
        sys.stdout.write(help_text(options.file or "", program))
    except Refused as refused:
        from gradsh.view.diagnostics import write

        write(refused.errors, sys.stderr, color=options.color, style="json" if options.json else options.errors)
        return 3
    return 0


def _check(options: Options) -> int:
    """`gradsh check FILE …`: parse and resolve, run nothing. Needs no engine, and so does not import NumPy."""
    from gradsh.files import decode
    from gradsh.session.check import check
    from gradsh.view.diagnostics import write

    status = 0
    for file in options.check:
        program = decode(file, _read(file))
        errors = check(file, program) if isinstance(program, str) else [program]
        if errors:
            write(errors, sys.stderr, color=options.color, style=options.errors)
            status = 3
    return status


# --- endings -----------------------------------------------------------------------------------------------------


def _closed() -> int:
    """The reader has gone: end without a word. Python would complain once more when it flushes at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(devnull, stream.fileno())
    return CLOSED_PIPE


def _failed(error: BaseException) -> int:
    from gradsh.errors import ClosedPipe

    if isinstance(error, ClosedPipe):
        if error.reason is None:
            return _closed()
        sys.stderr.write(f"gradsh: cannot write the output: {error.reason}\n")
        _closed()
        return 1
    if os.environ.get("GRADSH_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    sys.stderr.write(
        f"gradsh failed: {type(error).__name__}: {error}\n"
        "This is a fault of gradsh itself, not of your program; we are sorry. "
        "GRADSH_DEBUG=1 shows where it happened.\n"
    )
    return FAULT
