"""The command: which program to run, with what, and the exit status. Imports as little as it can before it knows.

Exit status: 0 done · 1 the program failed while running · 2 the command line was wrong · 3 the program was refused
before running · 70 a fault of gradsh itself · 124 the --timeout is over · 130 interrupted · 141 standard output was
closed early.
"""

from __future__ import annotations

import gc
import os
import sys
from functools import partial

from gradsh import interrupts
from gradsh.cli.opening import INTERRUPTED, OVER, displayed, help_of, opened
from gradsh.cli.options import Options, UsageError, read, say

USAGE = 2
FAULT = 70
CLOSED_PIPE = 141

TYPE_CHECKING = False  # as in `typing`, which the fast path does without
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from gradsh.errors import BadArguments
    from gradsh.reports import Report
    from gradsh.session.session import Session


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
        if options.timeout is not None:
            return _in_time(options, options.timeout)
        return _command(options)
    except UsageError as error:
        from gradsh.view.plain import visible

        sys.stderr.write(f"gradsh: {visible(str(error))}\nTry '{visible(error.more)}'.\n")
        return USAGE
    except KeyboardInterrupt:
        return _at_once(INTERRUPTED)
    except MemoryError:
        sys.stderr.write("error[E0902]: out of memory\n")
        return 1
    except BrokenPipeError:
        return _closed()
    except SystemExit as done:
        return _left(done.code)
    except BaseException as error:  # the one place that keeps a traceback of gradsh's own from the user
        return _failed(error)


def _left(code: object) -> int:
    """The exit status of a program that has left: as Python's, of a text that it is an error."""
    if code is None or isinstance(code, int):
        return code or 0
    from gradsh.view.plain import visible

    sys.stderr.write(visible(str(code), "\n") + "\n")
    return 1


def _options(argv: Sequence[str]) -> Options:
    # The plainest forms by hand: importing and setting up argparse would be a tenth of the whole start-up.
    if len(argv) == 2 and argv[0] == "-c":
        return Options(code=argv[1])
    if not argv:
        return Options()
    if argv[0] in ("--version", "-V"):
        from gradsh.cli.version import version

        say(version())
        raise SystemExit(0)
    if not argv[0].startswith("-"):
        from gradsh.cli.subcommands import SUBCOMMANDS

        if argv[0] not in SUBCOMMANDS:
            options = Options(file=argv[0])
            options.arguments = list(argv[1:])
            return options
    from gradsh.cli.arguments import parse

    return parse(argv)


def _in_time(options: Options, limit: float) -> int:
    """`--timeout`: the program in a process of its own, the shell's statements under a limit of the session."""
    from gradsh.cli import timeout

    # `watch` and `sweep` give it to each run
    if _has_shell(options) or options.command in ("watch", "sweep") or not hasattr(os, "fork"):
        return _command(options)
    status = timeout.supervised(options, limit, OVER)
    if status is not None:
        return status
    options.timeout = None  # the parent sees to it
    try:
        return _command(options)
    except interrupts.Expired as expired:  # while it was read, or its errors were written
        interrupts.settled(expired)
        timeout.say(options, limit)
        return _at_once(OVER)


def _has_shell(options: Options) -> bool:
    no_program = options.code is None and options.file is None and not options.command
    return options.interactive or (no_program and sys.stdin is not None and sys.stdin.isatty())


def _command(options: Options) -> int:
    if not options.plans:
        from gradsh.session.session import Session

        Session.planned = False  # also of the sessions that programs open
    if not options.command:
        return _run(options)
    from gradsh.cli.subcommands import load

    return load(options.command).run(options)


# --- running ---------------------------------------------------------------------------------------------------


def _run(options: Options) -> int:
    # Graphs are many small containers that stay alive until backward: collecting at every 700 of them finds nothing.
    # Cycles with arrays of up to `alloc.LARGE` elements, which nobody counts, may so hold a gigabyte.
    gc.set_threshold(20_000, 20, 20)
    if options.code is not None:
        # One-shot programs are short, and starting BLAS's threads takes longer than they do; a user's setting stands.
        if not options.interactive:
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        name, text = "<command line>", options.code.encode("utf-8", "surrogateescape")
    elif options.file is not None and options.file != "-":
        name, text = options.file, read(options.file)
    elif options.file is None and sys.stdin is not None and sys.stdin.isatty():
        return _shell(options, None)
    else:
        name, text = "<stdin>", _standard_input()
    if name.endswith(".py") or (name == "<stdin>" and (_says_python(text) or _is_python(text))):
        from gradsh.cli import source

        return source.run(options, name, text)
    if name.endswith(".ipynb"):
        from gradsh.cli import notebook

        return notebook.run(options, name, text)
    from gradsh.errors import BadArguments
    from gradsh.files import concealed, decode, read_text, shows_lines

    program = decode(name, text)
    words = [f"--{given}" for given in options.set] + options.arguments
    shown = name[0] == "<" or shows_lines(name, text)
    if isinstance(program, str) and ("--help" in options.arguments or "-h" in options.arguments):
        return help_of(options, options.file or "", program, shown)
    session = _session(options, options.interactive)
    session.shows_lines = shown
    if name != "<stdin>" and not options.interactive and sys.stdin is not None:
        stream = sys.stdin.buffer
        session.files.stdin = lambda: read_text(stream)
    gc.freeze()  # what is loaded now stays: no collection need look at it
    if not isinstance(program, str):
        session.display.errors([program] if shown else concealed(name, [program]))
        return 3
    try:
        result = session.run(program, name, words)
    except BadArguments as error:
        raise _bad_arguments(error, options) from None
    if options.interactive and name != "<stdin>":
        return _shell(options, session)
    if any(problem.code == "E0903" for problem in result.errors):
        return _at_once(OVER)
    return result.status


def _says_python(text: bytes) -> bool:
    """Whether the first line is `# python`, or names Python to the system."""
    first = text.partition(b"\n")[0].strip().lower()
    return first == b"# python" or (first.startswith(b"#!") and b"python" in first)


def _is_python(text: bytes) -> bool:
    """Whether it is plainly Python, `cat train.py | gradsh`: Python's statements, which gradsh's grammar refuses."""
    try:
        words = text.decode("utf-8-sig")
        tree: Any = compile(words, "", "exec", 0x400, dont_inherit=True)  # ast.PyCF_ONLY_AST, without the module
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if all(type(each).__name__ in ("Expr", "Assign", "AugAssign", "Pass") for each in tree.body):
        return False  # `x -> sin` with a mistake in it: gradsh's own words for that
    from gradsh.cli.source import refused

    return refused(words)


def _standard_input() -> bytes:
    from gradsh.files import read_stream

    try:
        return read_stream(sys.stdin.buffer) if sys.stdin is not None else b""
    except OSError as error:
        raise UsageError(f"cannot read the program on standard input: {error.strerror}") from None


def _session(options: Options, interactive: bool = False) -> Session:
    session = opened(options, displayed(options), interactive)
    session.sweeper = partial(_sweep, session)
    return session


def _sweep(session: Session, file: str, named: Mapping[str, Any]) -> Iterable[Report]:
    from gradsh.sweep.in_session import reports

    return reports(session, file, named)


def _shell(options: Options, session: Session | None) -> int:
    from gradsh.shell.greeting import Greeting

    greeting = Greeting(quiet=options.quiet, color=options.color)
    greeting.begin()
    try:
        from gradsh.shell.configuration import Configuration, folder
        from gradsh.shell.prompt import Shell

        own = not options.no_config and not options.sandbox
        configuration = Configuration(folder() if own else None, begins=session is None)
        session = session or _session(options, True)
        shell = Shell(session, history=own, color=options.color, configuration=configuration, greeting=greeting)
        return shell.run()
    finally:
        greeting.end()


def _bad_arguments(error: BadArguments, options: Options) -> UsageError:
    """What was given for the script does not fit; one of gradsh's own options may stand behind the file."""
    said = str(error)
    from gradsh.cli.arguments import misplaced

    for at, word in enumerate(options.arguments):
        if repr(word.partition("=")[0]) in said and (meant := misplaced(options, at)):
            said = f"{said.partition(';')[0]}; gradsh's own options stand before the file: {meant}"
            break
    return UsageError(said, f"gradsh {options.file} --help" if options.file not in (None, "-") else "gradsh --help")


# --- endings -----------------------------------------------------------------------------------------------------


def _at_once(status: int) -> int:
    """End the process here: letting go of a large graph, object by object, would take seconds more."""
    if interrupts.own.taken:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                continue
        os._exit(status)
    return status


def _closed() -> int:
    """The reader has gone: end without a word. Python would complain once more when it flushes at exit."""
    try:
        devnull = os.open(os.devnull, os.O_WRONLY)
    except OSError:  # behind the door of a sandbox; a pipe holds what is left to write
        _, devnull = os.pipe()
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
