"""Expressions: the program's own text, with what Python or PyTorch spells otherwise put in its place."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator

from gradsh.errors import Source
from gradsh.language import nodes
from gradsh.language.exporting.kinds import STRING, Kinds
from gradsh.language.exporting.names import GLOBAL, MODEL, Names, Place
from gradsh.language.exporting.paths import BOTH, COMES, METHOD, NOWHERE, PYTHON, SHORT, paths
from gradsh.language.models import SELF
from gradsh.language.nodes import Argument, Expr, Node, Parameter
from gradsh.language.scopes import Resolution
from gradsh.language.signatures import Builtins

# what needs no parentheses before `.method()`
ATOMS = (nodes.Name, nodes.Attribute, nodes.Call, nodes.Index, nodes.ListExpr, nodes.ListComp, nodes.Pipe, nodes.String)
TYPES = ("float", "int", "bool")  # of Python where a type is asked for, else PyTorch's dtypes
ASK_TYPES = ("isinstance", "map", "filter")
DATA = "torch.utils.data"
IMPORTED = {"F": "import torch.nn.functional as F", "nn": "from torch import nn", "torch": "import torch"}


class Expressions:
    """The text of expressions, and what of PyTorch and Python it needs."""

    def __init__(self, tree: nodes.Program, source: Source, resolution: Resolution, builtins: Builtins) -> None:
        self.tree = tree
        self.source = source
        self.resolution = resolution
        self.builtins = builtins
        self.names = Names(tree)
        self.kinds = Kinds(self.names, resolution, builtins)
        self.imports: set[str] = set()
        self.helpers: set[str] = set()
        self.of_data: set[str] = set()  # what is imported from there by its name, as all do
        self.warned: list[tuple[int, str]] = []
        self.before: list[str] = []  # what must be defined before the statement that is written
        self.bound: set[str] = set()  # at the top level, so far
        self.shift = 0  # how much deeper lines stand than in the program
        self.types = False  # are the arguments of `isinstance` and its kin being written?
        self.in_method = False
        self.registered: set[str] = set()  # the fields of a model that its `__init__` has bound
        self.for_own = set(self.own_keywords())
        self.gone_over = set(gone_over(tree, resolution))  # the calls whose items are asked for once, and in turn
        self.counter = 0

    # --- names ----------------------------------------------------------------------------------------------------

    def free(self, name: str) -> str:
        """A name of the exporter's own, which the program does not have."""
        while name in self.names.used:
            name += "_"
        return name

    def spelled(self, name: str) -> str:
        """A name of the program, which Python or the imports may have taken."""
        taken = keyword.iskeyword(name) or name in ("torch", "nn", "F", "math")
        return self.free(name + "_") if taken else name

    def own_keywords(self) -> Iterator[int]:
        """The named arguments of calls that are for parameters of the program, whose names they have: `f(lambda=2)`.
        Where it is not known what is called, those that any function of the program has."""
        every = {node.name for node in nodes.walk(self.tree) if isinstance(node, Parameter) and not node.star}
        for call in self.names.calls:
            if id(call.function) not in self.resolution.references:
                parameters = self.kinds.definition(call.function)
                known = every if parameters is None else {each.name for each in parameters}
                yield from (id(argument) for argument in call.arguments if argument.name in known)

    def module(self, name: str) -> str:
        """A module of Python's, imported."""
        own = self.free(name)
        self.imports.add(f"import {name}" + (f" as {own}" if own != name else ""))
        return own

    def python(self, name: str) -> str:
        """A function of Python's own, also where the program has a name of it."""
        return f"{self.module('builtins')}.{name}" if name in self.names.used else name

    def helper(self, name: str) -> str:
        """A function that is written before the program: see helpers.py."""
        self.helpers.add(name)
        return self.free(name)

    def path(self, module: str, name: str) -> str:
        """What PyTorch has, with its module in front."""
        root, _, _ = name.rpartition(".")
        if module == DATA and self.free(name) == name:
            self.of_data.add(name)
            return name
        short = SHORT.get(module, module)
        if short in IMPORTED:
            self.imports.add(IMPORTED[short])
        else:
            self.imports.add("import torch" if module in COMES else f"import {module}")
        return f"{short}.{name}" if not root else f"torch.{name}"

    def reference(self, word: str) -> str:
        """A built-in as a value."""
        module = paths().get(word, NOWHERE)
        if module == PYTHON and word in TYPES and not self.types:
            return self.path("torch", word)
        if module == PYTHON:
            return self.python(word)
        if module == BOTH:
            return self.path("torch", word)
        if module == METHOD:
            return self.path("torch", f"Tensor.{word}")
        if module.startswith("= "):
            where, _, name = module[2:].rpartition(".")
            return self.path(where, name)
        if module == NOWHERE:
            return self.nowhere(word)
        return self.path(module, word)

    def nowhere(self, word: str) -> str:
        """A built-in that PyTorch has in no module, as a value."""
        raise NotImplementedError

    def missing(self, node: Node, word: str) -> str:
        """Note that something has no counterpart; what stands in its place."""
        raise NotImplementedError

    def own(self, name: str, place: Place | None) -> str:
        """A name of the program: a variable, or what a model has."""
        if place is not None and place.kind == MODEL and name != SELF:
            parameters = [p.name for p in place.node.parameters] if isinstance(place.node, nodes.Model) else []
            is_field = name in self.resolution.fields.get(id(place.node), ())
            if self.in_method and (is_field or name in parameters):
                return f"self.{attribute(name)}"
            if is_field and (name not in parameters or name in self.registered):
                return f"self.{attribute(name)}"
        return self.spelled(name)

    def early(self, node: nodes.Name) -> bool:
        """Is it still the built-in of that name, at the top level before the program binds it?"""
        place = self.names.owner.get(id(node))
        if place is None or place.kind != GLOBAL or node.name in self.bound:
            return False
        return self.level() == 0 and node.name in paths()

    def level(self) -> int:
        """How many functions and classes stand around what is written."""
        raise NotImplementedError

    # --- text -----------------------------------------------------------------------------------------------------

    def text(self, node: Node) -> str:
        """A piece of the program in Python."""
        special = getattr(self, "text_" + type(node).__name__, None)
        return special(node) if special is not None else self.spliced(node)

    def spliced(self, node: Node, start: int | None = None, end: int | None = None) -> str:
        """The program's text with that of what stands in it."""
        start, end = node.start if start is None else start, node.end if end is None else end
        pieces: list[str] = []
        for part in sorted(parts(node), key=lambda each: each.start):
            if part.start >= start and part.end <= end:
                pieces += [self.between(start, part.start), self.text(part)]
                start = part.end
        return "".join([*pieces, self.between(start, end)])

    def between(self, start: int, end: int) -> str:
        text = self.source.text[start:end]
        if "\n" not in text or self.shift <= 0:
            return text
        return text.replace("\n", "\n" + " " * self.shift)

    def whole(self, node: Expr) -> str:
        """An expression that stands by itself: on several lines, it needs parentheses in Python."""
        return self.joined(self.text(node))

    def joined(self, text: str) -> str:
        if "\n" in text:
            try:
                ast.parse(text.strip(), mode="eval")
            except SyntaxError:
                return f"({text})"
        return text

    def receiver(self, node: Expr) -> str:
        """An expression before a dot."""
        text = self.text(node)
        return text if node.grouped or isinstance(node, ATOMS) else f"({text})"

    def text_Name(self, node: nodes.Name) -> str:
        word = self.resolution.references.get(id(node))
        if word is None and self.early(node):
            word = node.name
        if word is not None:
            return self.in_brackets(node, self.reference(word))
        text = self.own(node.name, self.names.owner.get(id(node)))
        if self.kinds.operator(node) is not None:
            text += ".apply"
        return self.in_brackets(node, text)

    def in_brackets(self, node: Expr, text: str) -> str:
        return f"({text})" if node.grouped else text

    def text_Constant(self, node: nodes.Constant) -> str:
        return self.in_brackets(node, "..." if node.value is ... else repr(node.value))

    def text_String(self, node: nodes.String) -> str:
        return self.source.text[node.start : node.end]

    def text_FString(self, node: nodes.FString) -> str:
        shift, self.shift = self.shift, 0
        text = self.spliced(node)
        self.shift = shift
        return text

    def text_Attribute(self, node: nodes.Attribute) -> str:
        word = self.resolution.references.get(id(node))
        if word is not None:
            return self.in_brackets(node, self.reference(word))
        if node.name == "code" and self.kinds.of(node.value) == STRING:
            return self.missing(node, self.source.text[node.start : node.end])  # of an error that was caught
        if isinstance(node.value, nodes.Number):
            return f"({self.text(node.value)}).{node.name}"
        if attribute(node.name) != node.name:
            return self.in_brackets(node, f"{self.receiver(node.value)}.{attribute(node.name)}")
        return self.spliced(node)

    def text_Parameter(self, node: Parameter) -> str:
        name = node.star + self.spelled(node.name)
        return name if node.default is None else f"{name}={self.text(node.default)}"

    def text_Argument(self, node: Argument) -> str:
        flag = self.resolution.flags.get(id(node))
        if flag is None:
            if node.name is not None and id(node) in self.for_own and self.spelled(node.name) != node.name:
                return f"{self.spelled(node.name)}={self.text(node.value)}"
            if node.name is not None and keyword.iskeyword(node.name):
                return f"**{{{node.name!r}: {self.text(node.value)}}}"
            return self.spliced(node)
        return f"{flag}=True" if node.name is None else f"{flag}={self.text(node.value)}"

    def text_Lambda(self, node: nodes.Lambda) -> str:
        if isinstance(node.body, list):
            name = self.fresh("function")
            self.define(name, node)
            return self.in_brackets(node, name)
        parameters = ", ".join(map(self.text, node.parameters))
        body = self.text(node.body)
        text = f"lambda {parameters}: {body}" if parameters else f"lambda: {body}"
        if "\n" in body:
            text = f"lambda {parameters}: ({body})"
        return self.in_brackets(node, text)

    def fresh(self, name: str) -> str:
        self.counter += 1
        return self.free(f"{name}_{self.counter}")

    def define(self, name: str, node: nodes.Lambda) -> None:
        """A function with statements, before the statement that it stands in."""
        raise NotImplementedError


def attribute(name: str) -> str:
    """A name behind a `.`, which is no variable, and no word of Python's: `self.lambda`."""
    return name + "_" if keyword.iskeyword(name) else name


def gone_over(tree: nodes.Program, resolution: Resolution) -> Iterator[int]:
    """The expressions of which the items are asked for in turn, and once: an iterator is enough there."""
    for node in nodes.walk(tree):
        if isinstance(node, (nodes.For, nodes.CompFor)):
            yield id(node.iterable)
        elif isinstance(node, nodes.Call):
            word = resolution.references.get(id(node.function), "")
            module = paths().get(word, "")
            if (module == PYTHON and word != "len") or module.startswith(("torch.optim", "torch.nn.utils")):
                yield from (id(argument.value) for argument in node.arguments)


def parts(node: Node) -> list[Node]:
    """The nodes that stand directly in one."""
    found: list[Node] = []
    stack = [getattr(node, name) for name in node.fields[2:]]
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(item)
        elif isinstance(item, Node):
            found.append(item)
    return found
