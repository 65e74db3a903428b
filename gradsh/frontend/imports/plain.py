"""More modules of Python's own that reach nothing outside of the program, and those that are refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from gradsh.errors import AttributeError_, GradshError, NotHere
from gradsh.frontend import text
from gradsh.frontend.access import HOST, method
from gradsh.frontend.exceptions import raised
from gradsh.frontend.imports import NONE, Absent, Module, module_of, of_members
from gradsh.frontend.imports.opening import read
from gradsh.frontend.imports.pure import checked

__acts_for_programs__ = True


def _listed(name: str, only: str, **opened: str) -> Callable[[Any], Module]:
    """A module with these members; `opened`: what is open of instances of its classes."""

    def make(session: Any) -> Module:
        module = import_module(name)
        for kind, names in opened.items():
            HOST.setdefault(getattr(module, kind), frozenset(names.split()))
        members = {each: getattr(module, each) for each in only.split()}
        kept = {each: value if isinstance(value, type) or not callable(value) else checked(value)
                for each, value in members.items()}  # fmt: skip
        return of_members(name, kept)

    return make


# --- modules ----------------------------------------------------------------------------------------------------------


def _importlib(session: Any) -> Module:
    def found(name: str, package: Any = None) -> Any:
        """`importlib.import_module(name)`. Errors: AttributeError_, a ModuleNotFoundError."""
        made = module_of(session, session.builtins, name)
        if isinstance(made, Absent):
            made.refuse()
        return made

    def spec(name: str, package: Any = None) -> Any:
        """`importlib.util.find_spec(name)`: None where there is no such module."""
        made = module_of(session, session.builtins, name)
        return None if isinstance(made, Absent) else made

    def version(name: str) -> str:
        """`importlib.metadata.version(name)`. Errors: AttributeError_, as PackageNotFoundError says."""
        made = module_of(session, session.builtins, name.replace("-", "_"))
        if not isinstance(made, Absent):
            try:
                return str(made.__member__("__version__"))
            except GradshError:
                pass
        raise AttributeError_(f"No package metadata was found for {name}", kind="ModuleNotFoundError")

    members: dict[str, Any] = {"import_module": found, "reload": lambda module: module}
    members |= {"util": of_members("importlib.util", {"find_spec": spec}), "invalidate_caches": lambda: None}
    members["metadata"] = of_members("importlib.metadata", {"version": version})
    return of_members("importlib", members)


def _weakref(session: Any) -> Module:
    import weakref

    HOST.setdefault(weakref.WeakValueDictionary, frozenset(("get", "items", "keys", "values", "pop", "setdefault")))
    HOST.setdefault(weakref.WeakKeyDictionary, frozenset(("get", "items", "keys", "values", "pop", "setdefault")))
    HOST.setdefault(weakref.WeakSet, frozenset(("add", "discard", "remove", "clear", "copy", "update")))
    names = "ref WeakValueDictionary WeakKeyDictionary WeakSet"
    return of_members("weakref", {name: getattr(weakref, name) for name in names.split()})


def _configparser(session: Any) -> Module:
    import configparser

    class Parser(configparser.ConfigParser):
        def read(self, filenames: Any, encoding: Any = None) -> list[Any]:
            done = []
            for name in [filenames] if isinstance(filenames, str) or hasattr(filenames, "__fspath__") else filenames:
                path = text.written(name)
                try:
                    data = read(session, path)
                except GradshError:
                    continue  # as Python, which reads those that are there
                self.read_string(data.decode(encoding or "utf-8"), path)
                done.append(path)
            return done

        def read_file(self, f: Any, source: Any = None) -> None:
            import io

            words = f.read() if isinstance(f, io.StringIO) else method(f, "read")()
            super().read_file(io.StringIO(words), source or "<file>")

        def write(self, fp: Any, space_around_delimiters: bool = True) -> None:
            import io

            out = io.StringIO()
            super().write(out, space_around_delimiters)
            method(fp, "write")(out.getvalue())

    Parser.__name__ = Parser.__qualname__ = "ConfigParser"
    Parser.__module__ = "configparser"
    _PARSER = """
    add_section defaults get getboolean getfloat getint has_option has_section items options read read_dict read_file
    read_string remove_option remove_section sections set write optionxform clear
    """
    HOST[Parser] = frozenset(_PARSER.split())
    HOST.setdefault(
        configparser.SectionProxy,
        frozenset(("get", "getint", "getfloat", "getboolean", "name", "items", "keys", "values")),
    )
    errors = {
        name: getattr(configparser, name)
        for name in ("Error", "NoSectionError", "NoOptionError", "DuplicateSectionError", "ParsingError",
                     "MissingSectionHeaderError", "DuplicateOptionError", "InterpolationError")
    }  # fmt: skip
    made = {
        "ConfigParser": Parser,
        "RawConfigParser": Parser,
        "ExtendedInterpolation": configparser.ExtendedInterpolation,
    }
    return of_members("configparser", {**made, **errors})


def _builtins(session: Any) -> Module:
    table = session.builtins

    def find(name: str) -> Any:
        return table.value(name) if table.lookup(name) is not None else NONE

    return Module("builtins", find)


def _secrets(session: Any) -> Module:
    """What is drawn from the system: nothing of it can be seeded."""
    import secrets

    names = ("token_hex", "token_bytes", "token_urlsafe", "randbelow", "randbits", "choice", "compare_digest")
    return of_members("secrets", {name: checked(getattr(secrets, name)) for name in names})


def _signal(session: Any) -> Module:
    """Signals are the command's: what a program asks to be called at is never called."""
    import signal

    every = {each.name: each for each in signal.Signals} | {each.name: each for each in signal.Handlers}
    given: dict[int, Any] = {}

    def put(signalnum: Any, handler: Any) -> Any:
        before = asked(signalnum)
        given[int(signalnum)] = handler
        return before

    def asked(signalnum: Any) -> Any:
        return given.get(int(signalnum), signal.SIG_DFL)

    HOST.setdefault(signal.Signals, frozenset(("name", "value")))
    HOST.setdefault(signal.Handlers, frozenset(("name", "value")))
    members = {"signal": put, "getsignal": asked, "alarm": lambda seconds: 0, "strsignal": signal.strsignal}
    return of_members("signal", {**every, **members, "Signals": lambda number: signal.Signals(number)})


def _urllib(session: Any) -> Module:
    """Of `urllib` what takes addresses apart; nothing that opens one."""
    import urllib.parse

    parts = frozenset(("scheme", "netloc", "path", "params", "query", "fragment", "url"))
    further = frozenset(("geturl", "hostname", "port", "username", "password", "_replace", "_asdict"))
    for kind in (urllib.parse.ParseResult, urllib.parse.SplitResult, urllib.parse.DefragResult):
        HOST.setdefault(kind, further | (parts & frozenset(kind._fields)))
    names = """
    urlparse urlunparse urlsplit urlunsplit urljoin urldefrag urlencode quote quote_plus quote_from_bytes unquote
    unquote_plus unquote_to_bytes parse_qs parse_qsl
    """
    parse = of_members("urllib.parse", {name: checked(getattr(urllib.parse, name)) for name in names.split()})
    return Module("urllib", lambda name: parse if name == "parse" else refused(f"urllib.{name}"), has=["parse"])


def _getpass(session: Any) -> Module:
    def user() -> str:
        """`getpass.getuser()`: as the environment names it, which is all that is asked. Errors: OSError."""
        for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
            found = session.context.host.env(name)
            if found:
                return str(found)
        raise raised(OSError("No username set in the environment"))

    return of_members("getpass", {"getuser": user})


# --- what is refused --------------------------------------------------------------------------------------------------

# each module: why there is none, and what runs
_ALONE = "a program is one process here, which starts no others"
_NET = "a program reads the files that it names, and no network"
REFUSED = {
    "subprocess": (_ALONE, "do it in Python, or before `gradsh` is run"),
    "socket": (_NET, "read what there is to read from a file: `open(path)`"),
    "urllib": (_NET, "fetch the file before, and read it: `open(path)`"),
    "requests": (_NET, "fetch the file before, and read it: `open(path)`"),
    "http": (_NET, "fetch the file before, and read it: `open(path)`"),
    "ctypes": ("no code but the program's own runs here", "NumPy's functions are compiled: `import numpy`"),
    "asyncio": ("there is no event loop here: what a program does, it does in turn", "call the functions one by one"),
    "sqlite3": ("there is no database here", "keep the rows in a list of dicts, or a file: `csv`, `json`"),
}


def refused(name: str) -> Absent | None:
    """What stands for a module that is refused with a reason; None where the name is none of those."""
    root = name.partition(".")[0]
    if root not in REFUSED:
        return None
    words, help = REFUSED[root]
    return Absent(NotHere(f"No module named '{name}': {words}", help=help, kind="ModuleNotFoundError"))


MAKERS: dict[str, Callable[[Any], Module]] = {
    "importlib": _importlib,
    "weakref": _weakref,
    "configparser": _configparser,
    "builtins": _builtins,
    "secrets": _secrets,
    "signal": _signal,
    "urllib": _urllib,
    "getpass": _getpass,
    "colorsys": _listed("colorsys", "rgb_to_yiq yiq_to_rgb rgb_to_hls hls_to_rgb rgb_to_hsv hsv_to_rgb"),
    "keyword": _listed("keyword", "iskeyword kwlist issoftkeyword softkwlist"),
    "fnmatch": _listed("fnmatch", "fnmatch fnmatchcase filter translate"),
    "shlex": _listed("shlex", "split quote join"),
    "errno": _listed("errno", "EPERM ENOENT EACCES EEXIST ENOTDIR EISDIR EINVAL ENOSPC EPIPE EAGAIN errorcode"),
    "hmac": _listed("hmac", "new digest compare_digest", HMAC="update digest hexdigest copy digest_size name"),
    "array": _listed(
        "array",
        "array typecodes",
        array="append extend insert pop remove reverse index count tolist tobytes frombytes typecode itemsize byteswap",
    ),
    "difflib": _listed(
        "difflib",
        "get_close_matches ndiff unified_diff context_diff restore SequenceMatcher Differ",
        SequenceMatcher="ratio quick_ratio real_quick_ratio get_matching_blocks get_opcodes set_seqs set_seq1 set_seq2 "
        "find_longest_match get_grouped_opcodes",
        Differ="compare",
    ),
    "graphlib": _listed(
        "graphlib",
        "TopologicalSorter CycleError",
        TopologicalSorter="add static_order prepare is_active get_ready done",
    ),
}


def module(session: Any, name: str) -> Module:
    return MAKERS[name](session)
