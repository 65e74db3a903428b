"""Scopes, and what the resolver tells the lowering about the tree."""

from __future__ import annotations

from gradsh.language import nodes
from gradsh.language.nodes import Expr, Parameter


class Scope:
    """One global scope, function body or comprehension: what it binds, and what it updates further out.

    `saved`: in the forward of an op, the names that it saves, each with where it says so; else None.
    `op`: in a backward, the op; `hidden`: what its forward binds but does not save. A parameter (True) is not in scope
    there, nor is what it hides; of any other name (False) that is only said when nothing else can be meant.
    `is_model`: the body of a model, from which nothing is returned.
    """

    __slots__ = ("bound", "functions", "hidden", "is_function", "is_model", "op", "outward", "parent", "saved")

    def __init__(self, parent: Scope | None, is_function: bool) -> None:
        self.parent = parent
        self.is_function = is_function
        self.is_model = False
        self.bound: dict[str, int] = {}
        self.functions: dict[str, list[Parameter]] = {}
        self.outward: set[str] = set()
        self.saved: dict[str, nodes.Node] | None = None
        self.op: nodes.Op | None = None
        self.hidden: dict[str, bool] = {}

    def bind(self, name: str) -> None:
        self.bound[name] = self.bound.get(name, 0) + 1


class Resolution:
    """What `lower` needs beyond the tree. Nodes are known by `id`: the tree outlives the resolution."""

    __slots__ = (
        "bound",
        "builtins",
        "calls",
        "commands",
        "exports",
        "fields",
        "flags",
        "locals",
        "looking",
        "needs",
        "nonlocals",
        "of_tensors",
        "outward",
        "pinned",
        "quiet",
        "reads",
        "references",
        "saving",
        "user_methods",
        "variables",
        "whole",
    )

    def __init__(self) -> None:
        self.references: dict[int, str] = {}  # Name, Attribute -> the built-in it stands for
        self.pinned: set[int] = set()  # of these, the ones whose plain name belongs to the user
        self.whole: dict[int, str] = {}  # Attribute -> by what name its own function is there, of `torch.sum`
        self.flags: dict[int, str] = {}  # Argument -> the keyword it sets to true
        self.quiet: set[int] = set()  # Call, Pipe, Command whose value is not printed
        self.variables: set[int] = set()  # Command `show`, Word that is the user's variable of that name
        self.commands: frozenset[str] = frozenset()  # the built-ins that are told where their arguments stand
        self.of_tensors: frozenset[str] = frozenset()  # those of them for which `x.grad` stands for `x`
        self.calls: set[int] = set()  # Call, Pipe whose keywords can be passed as they are
        self.user_methods: set[int] = set()  # Attribute that a function of the user may answer
        self.saving: set[int] = set()  # Command, Call that is `save_for_backward`
        self.needs: dict[int, str] = {}  # Call of `needs_grad` -> the parameter it asks about
        self.reads: dict[int, tuple[str, ...]] = {}  # Op -> the saved names that its backward uses
        self.fields: dict[int, tuple[str, ...]] = {}  # Model -> what its instances have
        self.locals: dict[int, tuple[str, ...]] = {}  # Model -> the variables of its body, parameters too
        self.outward: dict[int, list[str]] = {}  # function -> global names it updates
        self.nonlocals: dict[int, list[str]] = {}  # function -> names of an outer function it updates
        self.looking = False  # whether its expressions are noted: gradsh.runtime.notes
        self.builtins: set[str] = set()  # to be put into the globals before the run
        self.bound: dict[str, int] = {}  # what the program binds globally
        self.exports: dict[str, tuple[str, ...]] = {}  # the same and what used files bring in, with functions' flags


def spine_child(node: Expr, resolution: Resolution) -> Expr | None:
    """The sub-expression that is evaluated first, down the left of operators, calls, indices and attributes.

    Long programs are long in this direction (sums of 20,000 terms, chains of methods), so both passes walk it with a
    loop. None at the end of the walk.
    """
    if isinstance(node, (nodes.Binary, nodes.Compare, nodes.Logical, nodes.Pipe)):
        return node.left
    if isinstance(node, nodes.Call):
        function = node.function
        if isinstance(function, nodes.Attribute) and id(function) not in resolution.references:
            return function.value
        return function
    if isinstance(node, nodes.Index) or (isinstance(node, nodes.Attribute) and id(node) not in resolution.references):
        return node.value
    return None
