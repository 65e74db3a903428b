"""`gradsh check` of PyTorch's own source: what is no Python, and names that are nowhere bound."""

from __future__ import annotations

from collections.abc import Callable

from gradsh import errors
from gradsh.errors import CELL, FILE, GradshError, Label, Refused, Source, Span
from gradsh.files import Files
from gradsh.language.signatures import Builtins
from gradsh.session.display import Display
from gradsh.session.python import PythonSession


def check(name: str, text: str, files: Files, table: Callable[[], Builtins]) -> list[GradshError]:
    """What is wrong with a file, or with the cells of a notebook, as far as that is so before it runs.

    `files` reads what cells of gradsh use, `table` is what they have.
    """
    sources = [Source(name, text, FILE)]
    cells = name.endswith(".ipynb")
    if cells:
        from gradsh.language.python.cells import is_foreign
        from gradsh.session.notebook import NotANotebook, Notebook

        try:
            notebook = Notebook(text.encode("utf-8", "surrogatepass"))
        except NotANotebook as problem:
            return [problem.error(name)]
        if notebook.own:
            return _of_gradsh([(f"{name} {cell.name}", cell.text) for cell in notebook.cells], files, table())
        sources = [
            Source(f"{name} {cell.name}", cell.text, CELL) for cell in notebook.cells if not is_foreign(cell.text)
        ]
    found: list[GradshError] = []
    bound: dict[str, tuple[str, ...]] = {}
    session = PythonSession(Display(), argv=[name], cells=cells)  # whose built-ins are those that a run has
    for source in sources:
        try:
            found += unknown(session, source, bound)
        except Refused as refused:
            found += refused.errors
    return found


def _of_gradsh(cells: list[tuple[str, str]], files: Files, table: Builtins) -> list[GradshError]:
    """What is wrong with a notebook's cells of gradsh, each with what those before it bind."""
    from gradsh.language.program import understood

    found: list[GradshError] = []
    bound: dict[str, tuple[str, ...]] = {}
    for cell, text in cells:
        try:
            _, resolution, _ = understood(Source(cell, text), bound, table, files)
        except Refused as refused:
            found += refused.errors
        else:
            bound |= resolution.exports
    return found


def unknown(session: PythonSession, source: Source, bound: dict[str, tuple[str, ...]]) -> list[GradshError]:
    """The names in a program that nothing binds; what it binds is entered in `bound`, for the cells behind it.

    Errors: Refused for what is no Python.
    """
    from gradsh.calls.suggest import suggest
    from gradsh.language import nodes
    from gradsh.language.nodes import walk
    from gradsh.language.python.convert import convert
    from gradsh.language.python.nodes import Walrus
    from gradsh.language.python.resolve import bindings, imported, resolve
    from gradsh.language.python.torch import MISSING
    from gradsh.session.results import USED

    table = session.builtins
    tree = convert(source)
    resolution = resolve(tree, source, bound, table)
    everything = {name for node in walk(tree) for name in node.binds()} | {*bound}
    everything |= {node.name for node in walk(tree) if isinstance(node, Walrus)}
    if session.cells:
        everything |= {*USED.findall(source.text)}  # `_`, `Out`: what the cells before have given
    found: list[GradshError] = []
    for node in walk(tree):
        place = [Label(Span(source, node.start, node.end))] if hasattr(node, "start") else []
        reference = resolution.references.get(id(node), "")
        if reference.startswith(MISSING):
            module, _, name = reference.removeprefix(MISSING).rpartition(".")
            found.append(errors.UnknownAttribute(f"module '{module}' has no attribute '{name}'", place))
            continue
        if not isinstance(node, nodes.Name) or reference or node.name in everything or table.lookup(node.name):
            continue
        close = suggest(node.name, [*everything, *table.names()])
        help = f"did you mean `{close}`?" if close else None
        found.append(errors.UnknownName(f"name '{node.name}' is not defined", place, help))
    imports, others = bindings(tree)
    modules = imported([each for each in imports if each.name not in others])
    bound |= {name: (modules[name],) if name in modules else () for name in resolution.exports}
    return found
