"""`graph z`: the graph behind a tensor, drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, BinaryIO

from gradsh.engine.core.tensor import Tensor
from gradsh.errors import ArgumentError
from gradsh.reports import Report
from gradsh.runtime.commands import command
from gradsh.runtime.namespace import variables

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.looking.rows import Reading
    from gradsh.reports.looking import GraphDrawing
    from gradsh.runtime.running import Running


@command(
    'graph z, open=net, nodes, values, grads, to=[x], "z.svg"',
    example="let x = tensor(2., grad); graph x * exp(x)",
    options="nodes values grads open to",
    looks=True,
)
def graph(
    session: Running,
    given: tuple[Any, ...],
    places: list[Span | None],
    /,
    *,
    nodes: bool = False,
    values: bool = False,
    grads: bool = False,
    open: Any = False,
    to: Any = None,
) -> Iterable[Report]:
    """The graph behind a tensor, drawn: which expression made it of what."""
    from gradsh.looking.drawing import draw, draw_past
    from gradsh.looking.gradients import watch
    from gradsh.looking.reading import read

    root, name = asked("graph", given, places)
    path = _path(given)
    bound = variables(session.globals)
    if not root.requires_grad:
        report = draw_past(root, bound, name, open)
        if path:
            _write(session, report, path)
        else:
            yield report
        return
    reading = read(root, bound, name)
    targets = _targets(to, reading)
    if path:
        whole = root.data.size == 1 and not any(row.is_freed for row in reading.rows)
        walk = watch(root, None, touches=False, keep=True, where=None) if whole else None
        _write(session, draw(reading, open, nodes=nodes, values=True, walk=walk, to=targets), path)
        return
    walk = watch(root, None, touches=False, keep=True, where=None) if grads else None
    yield draw(reading, open, nodes=nodes, values=values, walk=walk, to=targets)


def _path(given: tuple[Any, ...]) -> str:
    """The file that a picture goes to, "" for none. Errors: ArgumentError, FileError for a name of another ending."""
    if len(given) < 2:
        return ""
    if not isinstance(given[1], str) or len(given) > 2:
        raise ArgumentError("graph: behind the tensor may stand the name of a file", help='`graph z, "z.svg"`')
    from gradsh.looking.pictures import FORMATS, unknown

    if given[1].rpartition(".")[2].lower() not in FORMATS:
        raise unknown(given[1])
    return given[1]


def _write(session: Running, report: GraphDrawing, path: str) -> None:
    """Write the picture."""
    from gradsh.looking.pictures import picture

    session.files.check(path, "write")  # in a sandbox nothing can be imported either
    data = picture(report, path)

    def produce(file: BinaryIO) -> None:
        file.write(data)

    session.files.write(path, produce)


def _targets(to: Any, reading: Reading) -> list[Tensor]:
    """The tensors of `to=x`, `to=[x, y]`. Errors: ArgumentError."""
    targets = list(to) if isinstance(to, (list, tuple)) else [] if to is None else [to]
    for t in targets:
        if not isinstance(t, Tensor):
            raise ArgumentError(f"graph: to= takes tensors, not {type(t).__name__}", help="`graph loss, to=[w]`")
        if reading.row_of(t) is None:
            root = reading.name or "this"
            raise ArgumentError(
                f"graph: there is no way from {root} to this tensor", help=f"`graph {root}` shows what there is"
            )
    return targets


def asked(word: str, given: tuple[Any, ...], places: list[Span | None]) -> tuple[Tensor, str]:
    """The tensor that a word is asked about, and what the program calls it. Errors: ArgumentError."""
    if not given:
        raise ArgumentError(f"{word}: no tensor was given", help=f"`{word} loss` is about the tensor `loss`")
    value = given[0]
    name = " ".join(places[0].text.split()) if places and places[0] is not None else ""
    if not isinstance(value, Tensor):
        said = name or "this"
        raise ArgumentError(
            f"{word}: {said} is not a tensor but {type(value).__name__}", help=f"`print {said}` shows any value"
        )
    return value, name
