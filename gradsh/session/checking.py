"""`gradsh check` of PyTorch's own source: what is no Python, and names that are nowhere bound."""

from __future__ import annotations

from gradsh import errors
from gradsh.errors import CELL, FILE, GradshError, Label, Refused, Source, Span


def check(name: str, text: str) -> list[GradshError]:
    """What is wrong with a file, or with the cells of a notebook, as far as that is so before it runs."""
    sources = [Source(name, text, FILE)]
    if name.endswith(".ipynb"):
        from gradsh.language.python.cells import is_foreign
        from gradsh.session.notebook import NotANotebook, Notebook

        try:
            cells = Notebook(text.encode("utf-8", "surrogatepass")).cells
        except NotANotebook as problem:
            place = Label(Span(Source(name, problem.text), problem.at, problem.at + 1))
            return [errors.SyntaxError_(str(problem), [place])]
        sources = [Source(f"{name} {cell.name}", cell.text, CELL) for cell in cells if not is_foreign(cell.text)]
    found: list[GradshError] = []
    bound: dict[str, tuple[str, ...]] = {}
    for source in sources:
        try:
            found += unknown(source, bound)
        except Refused as refused:
            found += refused.errors
    return found


def unknown(source: Source, bound: dict[str, tuple[str, ...]]) -> list[GradshError]:
    """The names in a program that nothing binds; what it binds is entered in `bound`, for the cells behind it.

    Errors: Refused for what is no Python.
    """
    from gradsh.calls.suggest import suggest
    from gradsh.frontend.table import PythonTable
    from gradsh.language import nodes
    from gradsh.language.nodes import walk
    from gradsh.language.python.convert import convert
    from gradsh.language.python.nodes import Walrus
    from gradsh.language.python.resolve import bindings, imported, resolve
    from gradsh.language.python.torch import MISSING

    table = PythonTable({"print": None, "display": None, "open": None})
    tree = convert(source)
    resolution = resolve(tree, source, bound, table)
    everything = {name for node in walk(tree) for name in node.binds()} | {*bound}
    everything |= {node.name for node in walk(tree) if isinstance(node, Walrus)}
    found: list[GradshError] = []
    for node in walk(tree):
        place = [Label(Span(source, node.start, node.end))] if hasattr(node, "start") else []
        reference = resolution.references.get(id(node), "")
        if reference.startswith(MISSING):
            module, _, name = reference.removeprefix(MISSING).rpartition(".")
            found.append(errors.UnknownAttribute(f"module '{module}' has no attribute '{name}'", place))
            continue
        if not isinstance(node, nodes.Name) or reference or node.name in everything or table.has(node.name):
            continue
        close = suggest(node.name, [*everything, *table.names()])
        help = f"did you mean `{close}`?" if close else None
        found.append(errors.UnknownName(f"name '{node.name}' is not defined", place, help))
    imports, others = bindings(tree)
    modules = imported([each for each in imports if each.name not in others])
    bound |= {name: (modules[name],) if name in modules else () for name in resolution.exports}
    return found
