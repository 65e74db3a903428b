"""`--sandbox`: all that a program may come to need is loaded, then the door below gradsh is shut (gradsh.sandbox).

    from gradsh.cli.sandbox import confine
    confine(session)        # the door is shut when its first program has been compiled, and what it uses with it

Behind the door nothing can be imported any more, nor read from gradsh's own files.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module

import gradsh
from gradsh.session.session import Session

# Modules of others that gradsh imports inside of functions; a test holds this against its sources.
LAZY = (
    "array", "ast", "base64", "binascii", "bisect", "calendar", "cmath", "codecs", "collections.abc", "colorsys",
    "configparser", "csv", "decimal", "difflib", "errno", "fnmatch", "glob", "graphlib", "gzip", "hashlib", "heapq",
    "hmac", "html", "importlib.util", "itertools", "json", "keyword", "numpy.lib.stride_tricks", "numpy.polynomial",
    "numpy.polynomial.polynomial", "numpy.testing", "pickle", "platformdirs", "plotille", "pprint", "queue", "re",
    "rich.console", "rich.table", "rich.text", "secrets", "shlex", "shutil", "signal", "struct", "tempfile", "textwrap",
    "timeit", "tomllib", "traceback", "unicodedata", "urllib.parse", "uuid", "warnings", "weakref", "zipfile", "zlib",
)  # fmt: skip
# and what those, and NumPy and SciPy, import when they are first asked for something
LAZIER = (
    "encodings.utf_8_sig", "encodings.ascii", "encodings.latin_1", "encodings.cp437", "numpy.linalg", "numpy.fft",
    "rich.pretty", "rich.cells", "scipy.special",
)  # fmt: skip
OPTIONAL = ("resource", "safetensors", "safetensors.numpy", "gradsh.engine.kernels.native")
# what writes files, and is not come to where none may be written; without `matplotlib.colors` colours are grey
WRITING = (
    "matplotlib", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "matplotlib.colors",
    "matplotlib.figure", "resvg_py",
)  # fmt: skip
APART = (
    "gradsh.__main__",
    "gradsh.shell",
    "gradsh.cli",
    "gradsh.sandbox",
    "gradsh.editors",
    "gradsh.jupyter",
)  # no program comes to these

WARM_UP = """\
let x = tensor([1.5, -2.0], grad)
let y = (x * 2).sum()
backward y
print x, x.detach().numpy(), f"{x.sum():.3f}", "%s %r" % (x, [1.5]), "\\N{BULLET}"
show x
try { x.summ() } catch e { print e }
try { linalg.inv(ones(2, 2)) } catch e { print e }
let net = Sequential(Linear(2, 2), Tanh())
print net, Adam(net.parameters())
print vmap(sin)(ones(3, 2)), hessian(fn(v) = (v**3).sum())(ones(2)), svd(ones(2, 2))
help Linear
help sin
"""


def confine(session: Session, interactive: bool = False) -> None:
    """Load everything now, and shut the door when the first program of the session is about to run.

    `interactive`: there will be a prompt, at the latest after that program.
    """
    load()
    if interactive:
        from gradsh.shell.prompt import load_all

        load_all()
    session.door = shut


def shut() -> None:
    """Shut the door. Errors: SystemExit, after a word, where the system cannot."""
    from gradsh.sandbox import Unavailable, shut

    try:
        shut()
    except Unavailable as why:
        sys.stderr.write(
            f"gradsh: --sandbox: the system shuts no door below gradsh: {why}\n"
            "With --sandbox=language programs run with what the language itself refuses, and nothing below it.\n"
        )
        raise SystemExit(2) from None


def modules() -> list[str]:
    """Every module of gradsh that a running program may come to import."""
    root = os.path.dirname(os.path.abspath(gradsh.__file__))
    found: list[str] = []
    for folder, _, files in os.walk(root):
        below = [] if folder == root else os.path.relpath(folder, root).split(os.sep)
        for file in files:
            if file.endswith(".py"):
                name = ".".join(("gradsh", *below, file[:-3])).removesuffix(".__init__")
                if not any(name == each or name.startswith(each + ".") for each in APART):
                    found.append(name)
    return sorted(found)


def load() -> None:
    """Import all of gradsh and what it imports, the library's models, the parser and its table, the texts of calls."""
    from io import StringIO

    from gradsh import memory
    from gradsh.calls.recorded import lines_of
    from gradsh.engine import catalogue
    from gradsh.engine.ops.families import load_all
    from gradsh.language.syntax import parser_for
    from gradsh.runtime import library
    from gradsh.runtime.builtins import BUILTINS
    from gradsh.view.display import Display
    from gradsh.view.display import Session as Shown

    memory.taken()  # opens what it reads
    memory.allowed()
    catalogue.table()
    load_all()
    for name in (*LAZY, *LAZIER, *modules()):
        import_module(name)
    for name in OPTIONAL:
        with suppress(ImportError):
            import_module(name)
    parser_for(list(BUILTINS.commands()))
    lines_of("sum")
    library.read_all()
    for name in BUILTINS.library.names():
        BUILTINS.value(name)
    for color in ("never", "always"):
        said = StringIO()
        Shown(display=Display(said, said, color=color), seed=0, sandbox=True).run(WARM_UP)
