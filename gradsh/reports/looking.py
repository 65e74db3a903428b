"""The reports of the words that look at a graph: `graph`, `explain`, `saved`, `kinks`."""

from __future__ import annotations

from typing import Any

from gradsh.reports import Report


class Amount:
    """A tensor that is shown: all of a small one in `value` (nested lists), of a larger one its norm.

    Both are None where the number is not known ("not kept").
    """

    __slots__ = ("norm", "shape", "value")

    def __init__(self, shape: tuple[int, ...], value: Any, norm: float | None) -> None:
        self.shape = shape
        self.value = value
        self.norm = norm


class DrawnRow:
    """A row of the drawing of a graph.

    mark       "operation", "leaf", "plain" (a value without history), "cut", "rounds" (a loop's earlier rounds),
               "outside" (what comes into a model that is drawn alone)
    steps      (first, last) of the steps that it stands for, None for what is no step
    label, kind   what the program wrote, and the class of the model or layer that is called there
    inputs     the positions of the rows that its gradients go to
    functions  PyTorch's names of its nodes, latest first; `operations` is how many nodes there are
    parameters, elements   the names of the parameters that it uses, and how many numbers they are
    folded     it stands for several rows
    value, gradient    Amounts, where asked for; `arrivals` are (Amount, step) of what reaches a leaf from where
    freed      a backward has freed what it kept; kept: the gradient is kept (`retain_grad`)
    opened     (name, class) of the models that begin above it, the outermost first; `closes`: how many end below it
    """

    __slots__ = (
        "arrivals",
        "closes",
        "elements",
        "folded",
        "freed",
        "functions",
        "gradient",
        "inputs",
        "kept",
        "kind",
        "label",
        "mark",
        "opened",
        "operations",
        "parameters",
        "place",
        "shape",
        "steps",
        "value",
    )

    def __init__(self, mark: str, label: str, place: str = "", shape: tuple[int, ...] | None = None) -> None:
        self.mark = mark
        self.steps: tuple[int, int] | None = None
        self.label = label
        self.kind = ""
        self.shape = shape
        self.place = place
        self.functions: list[str] = []
        self.operations = 0
        self.parameters: list[str] = []
        self.elements = 0
        self.inputs: list[int] = []
        self.folded = False
        self.value: Amount | None = None
        self.gradient: Amount | None = None
        self.arrivals: list[tuple[Amount, int]] = []
        self.freed = False
        self.kept = False
        self.opened: list[tuple[str, str]] = []
        self.closes = 0


class GraphDrawing(Report):
    """The report of `graph`.

    rows      from the root down; each stands above what its gradients go to
    heading, notes   sentences above and below the drawing
    plain     (name, shape) of the values without history that were used
    columns   "values", "gradients", "nodes": what was asked for besides
    """

    __slots__ = ("columns", "heading", "name", "notes", "plain", "rows")

    def __init__(self, name: str, rows: list[DrawnRow]) -> None:
        self.name = name
        self.rows = rows
        self.heading: list[str] = []
        self.notes: list[str] = []
        self.plain: list[tuple[str, tuple[int, ...]]] = []
        self.columns: set[str] = set()
