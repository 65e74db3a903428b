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
    slopes     the local derivative by each input that is a number, where it is one itself
    rule       of what a backward with create_graph recorded: the rules that it is the work of
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
        "rule",
        "shape",
        "slopes",
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
        self.slopes: dict[int, float] = {}
        self.rule = ""
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


class Flow:
    """What goes out of a step to one of its inputs.

    to        what the program calls the input
    formula   the local rule in the program's names, "" where there is none; numbers: the same with this step's numbers
    result    what goes out
    remarks   further sentences
    odd       the positions at which it is nan or inf though what came in was not, and why: ([[0]], "0 / 0: …")
    """

    __slots__ = ("formula", "numbers", "odd", "remarks", "result", "to")

    def __init__(self, to: str, result: Amount | None) -> None:
        self.to = to
        self.result = result
        self.formula = ""
        self.numbers = ""
        self.remarks: list[str] = []
        self.odd: tuple[list[list[int]], str] | None = None


class ExplainedStep:
    """One step of a backward, or several that are folded: what comes in (an Amount for each output) and what goes out.

    `note` stands behind the label: "→ 4 gradients" for a model that is closed; `norm` is that of its parameters'.
    """

    __slots__ = ("flows", "g", "kind", "label", "norm", "note", "place", "rounds", "steps")

    def __init__(self, steps: tuple[int, int], label: str, kind: str, place: str) -> None:
        self.steps = steps
        self.label = label
        self.kind = kind
        self.place = place
        self.note = ""
        self.norm: float | None = None
        self.rounds = False
        self.g: list[Amount | None] = []
        self.flows: list[Flow] = []


class Arrived:
    """The gradient of a leaf: what arrived from which step, and what was there before; `total` is what `.grad` is now.

    `parameter`: it belongs to a model.
    """

    __slots__ = ("before", "name", "parameter", "parts", "place", "total")

    def __init__(self, name: str, place: str, total: Amount | None, parameter: bool) -> None:
        self.name = name
        self.place = place
        self.total = total
        self.parameter = parameter
        self.parts: list[tuple[Amount, int]] = []
        self.before: Amount | None = None


class Derivatives:
    """`x.grad` as v @ J: `rows` are (v, what the output is called, its derivatives by each element of x)."""

    __slots__ = ("columns", "leaf", "product", "root", "rows")

    def __init__(self, leaf: str, root: str, columns: list[str]) -> None:
        self.leaf = leaf
        self.root = root
        self.columns = columns
        self.rows: list[tuple[float, str, list[float]]] = []
        self.product: list[float] = []


class Explanation(Report):
    """The report of `explain`; each part may be missing, where it is shown in parts.

    heading   the first line
    jacobians   what the gradient argument is, where one was given and all is small
    steps     in the order in which backward runs; `parts` is whether they are shown as a table of parts
    leaves    and what arrived at them
    kept      (names of results that keep no gradient)
    plain     (names of values that want none, their places)
    """

    __slots__ = ("heading", "jacobians", "kept", "leaves", "name", "parts", "plain", "steps")

    def __init__(self, name: str) -> None:
        self.name = name
        self.heading = ""
        self.jacobians: list[Derivatives] = []
        self.steps: list[ExplainedStep] = []
        self.parts = False
        self.leaves: list[Arrived] = []
        self.kept: list[str] = []
        self.plain: tuple[list[str], list[str]] = ([], [])

    def parted(self) -> list[Explanation]:
        """Its parts, to be shown one after the other: the heading, each step, the leaves."""
        if self.parts:
            return [self]
        first = Explanation(self.name)
        first.heading, first.jacobians = self.heading, self.jacobians
        last = Explanation(self.name)
        last.leaves, last.kept, last.plain = self.leaves, self.kept, self.plain
        between = []
        for step in self.steps:
            one = Explanation(self.name)
            one.steps = [step]
            between.append(one)
        return [first, *between, last]


class KeptRow:
    """One thing that an operation keeps for backward.

    what      "its result", or what was written for the input
    counted   the bytes that stay alive for it, 0 where an earlier row has counted them (`same`)
    holder    who else holds the memory; alone: nobody does. parameter: it is a model's
    """

    __slots__ = ("alone", "counted", "holder", "kind", "label", "nbytes", "parameter", "same", "shape", "step", "what")

    def __init__(self, step: int, label: str, kind: str, what: str, shape: tuple[int, ...], nbytes: int) -> None:
        self.step = step
        self.label = label
        self.kind = kind
        self.what = what
        self.shape = shape
        self.nbytes = nbytes
        self.counted = 0
        self.holder = ""
        self.alone = False
        self.same = False
        self.parameter = False


class SavedTable(Report):
    """The report of `saved`: what the graph keeps alive.

    nothing   the operators that keep nothing; freed: how many operations a backward has freed, `by` which
    operations  the ids of the nodes that keep something
    """

    __slots__ = ("by", "freed", "name", "nothing", "operations", "rows")

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[KeptRow] = []
        self.nothing: list[str] = []
        self.freed = 0
        self.by = ""
        self.operations: set[int] = set()


class Kink:
    """Where an operation has no single slope: `at` are the first of the positions, `count` how many there are.

    slopes   what it is on both sides, and taken which of them backward takes
    """

    __slots__ = ("at", "count", "label", "place", "slopes", "step", "taken")

    def __init__(self, step: int, label: str, place: str, at: list[list[int]], count: int) -> None:
        self.step = step
        self.label = label
        self.place = place
        self.at = at
        self.count = count
        self.slopes = ""
        self.taken = ""


class KinkTable(Report):
    """The report of `kinks`: `elements` were looked at, of `unknown` the values are not kept."""

    __slots__ = ("elements", "name", "rows", "unknown")

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[Kink] = []
        self.elements = 0
        self.unknown = 0
