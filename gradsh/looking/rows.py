"""What a graph is read as: rows, leaves and calls. gradsh.looking.reading makes them."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.graph import Node, Output
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Source, Span
from gradsh.looking import places
from gradsh.runtime.notes import Derived, Note
from gradsh.runtime.results import Result


class Leaf:
    """A tensor at the end of the graph.

    name      the variable that it is bound to, "net.fc1.weight" for a parameter of a model; "" when neither
    text      what made it, "randn(3, grad)"; "" where that is not known
    parameter it belongs to a model: it stands in the rows that use it and has none of its own
    label     what it is called: its name, else its text
    """

    __slots__ = ("name", "parameter", "span", "tensor", "text")

    def __init__(self, tensor: Tensor, name: str, span: Span | None, parameter: bool) -> None:
        self.tensor = tensor
        self.span = span
        self.text = places.flat(span.text) if span is not None else ""
        bound = places.bound_to(span) if span is not None else ""
        self.name = name or ("" if "," in bound else bound)
        self.parameter = parameter

    @property
    def label(self) -> str:
        return self.name or self.text or "a leaf"

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self.tensor.data.shape
        return shape

    def __repr__(self) -> str:
        return f"<leaf {self.label}>"


class Call:
    """One call of a model or a function of the program: what it made are its rows.

    text    "net(x)"; a model that another one called without a word of the program, in Sequential, is "net[0]"
    model   the model, None for a function or where it is gone; kind is its class's name, path its name in the program
    parent  the call in which it was made
    opens   whether rows can stand in it: those of a layer of the library are one row
    result  the result
    """

    __slots__ = ("kind", "model", "note", "opens", "parent", "path", "span", "text")

    def __init__(self, note: Note, span: Span | None, parent: Call | None) -> None:
        self.note = note
        self.span = span
        self.parent = parent
        self.model: Any = note.callee() if note.callee is not None else None
        self.kind = type(self.model).__name__ if self.model is not None else ""
        self.path = ""
        self.text = places.flat(span.text) if span is not None else ""
        self.opens = False

    @property
    def result(self) -> Result:
        return self.note.result

    def __repr__(self) -> str:
        return f"<call {self.text or self.path}>"


class Row:
    """One expression of the program that made something, with the nodes that it made.

    step      its number, from 1, in the order in which backward runs
    nodes     latest first: nodes[0] made the result
    span, text, name   the expression, and the variable that the statement binds it to ("" if it binds none)
    call      the innermost model or function that it was made in, None at the top level
    layer     the class's name where the expression is a call of a layer ("Linear"), and `model` that layer
    result    what came out: shape, dtype, and value or norm where they are known (gradsh.runtime.results.Result)
    inputs    the rows and leaves that its gradients go to, each once, in the order of the operands
    parameters  the leaves among them that belong to models; they are not in `inputs`
    freed     the place of the backward that freed what it kept; `is_freed` says whether that happened
    kept      `retain_grad()` was asked of the result
    derived   for a row that a backward with create_graph recorded: what it is the gradient of
    """

    __slots__ = (
        "call",
        "derived",
        "freed",
        "inputs",
        "is_freed",
        "kept",
        "layer",
        "model",
        "name",
        "nodes",
        "parameters",
        "result",
        "span",
        "step",
        "text",
    )

    def __init__(self) -> None:
        self.step = 0
        self.nodes: list[Node] = []
        self.span: Span | None = None
        self.text = ""
        self.name = ""
        self.call: Call | None = None
        self.layer = ""
        self.model: Any = None
        self.result: Result | None = None
        self.inputs: list[Row | Leaf] = []
        self.parameters: list[Leaf] = []
        self.is_freed = False
        self.freed: Span | None = None
        self.kept = False
        self.derived: Derived | None = None

    @property
    def label(self) -> str:
        """What the user wrote: `y = x ** 3`, else the text alone."""
        return f"{self.name} = {self.text}" if self.name and not _assigns(self) else self.text

    @property
    def called(self) -> str:
        """What to call the result in a formula: the variable, else the text."""
        return f"step {self.step}" if self.derived is not None else self.name or self.text

    @property
    def shape(self) -> tuple[int, ...] | None:
        return self.result.shape if self.result is not None else None

    @property
    def functions(self) -> list[str]:
        """PyTorch's names of the nodes, latest first."""
        return [node.kind.name for node in self.nodes]

    def __repr__(self) -> str:
        return f"<{self.step}: {self.label}>"


def _assigns(row: Row) -> bool:
    """Is its place a whole statement, `x += y`?"""
    return row.span is not None and row.text.startswith(row.name) and row.text[len(row.name) :].lstrip()[1:2] == "="


class Reading:
    """What `read` gives.

    root      the tensor; `name` what the program calls it
    rows, leaves, calls   see above; calls are those that have rows in them
    of_node   the row of each node
    main      the program that most of it stands in
    untracked (name, tensor) of what the program's expressions name that has no history, in the order of the text
    """

    __slots__ = ("calls", "leaves", "main", "name", "of_node", "root", "rows", "untracked")

    def __init__(self, root: Tensor, name: str) -> None:
        self.root = root
        self.name = name
        self.rows: list[Row] = []
        self.leaves: list[Leaf] = []
        self.calls: list[Call] = []
        self.of_node: dict[Node, Row] = {}
        self.untracked: list[tuple[str, Tensor]] = []
        self.main: Source | None = None

    def row_of(self, t: Tensor) -> Row | Leaf | None:
        """The row that made a tensor of this graph, or the leaf that it is."""
        if t.node is None:
            return next((leaf for leaf in self.leaves if leaf.tensor is t), None)
        return self.of_node.get(t.node.node if t.node.__class__ is Output else t.node)

    def place(self, span: Span | None) -> str:
        """Where that is, in words: "line 3"."""
        return places.place_of(span, self.main)

    def place_of(self, each: Row | Call) -> str:
        """Where its expression stands; where that of the call does, in which it was made without one."""
        span = each.span
        around = each.call if isinstance(each, Row) else each.parent
        while span is None and around is not None:
            span, around = around.span, around.parent
        return self.place(span)
