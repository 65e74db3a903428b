"""Why a tensor has no history: which of its inputs lacks the flag, or where the way to them was cut.

Nothing is recorded for this while programs run but the place where an untracked tensor was made, and whether recording
was off there. The rest is read off the program's text at that place, and off the variables that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import CodeType

from gradsh.advice.scene import LONG, Scene, read, with_argument
from gradsh.engine import catalogue
from gradsh.engine.core.graph import Unrecorded
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Source, Span
from gradsh.language import brackets, nodes
from gradsh.language.nodes import walk
from gradsh.runtime import python

FAR = 50  # operations that are followed back
MANY = 3  # causes that are named
# names that hold data more often than parameters
DATA = re.compile(r"^`(?:let )?(?:x|y|t|xs|ys|data|inputs?|targets?|labels?|images?)\b(?! = tensor\()", re.IGNORECASE)
BLOCK = re.compile(r"\b(no_grad|inference_mode|torch\.no_grad)\b[^{}\n]*\{")


class Found:
    """Labels that tell the cause, and the help."""

    __slots__ = ("help", "labels")

    def __init__(self, labels: list[tuple[Span | None, str]], help: str | None) -> None:
        self.labels = labels
        self.help = help


class Search:
    """The way back from a tensor without history, through the text that made it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.seen: set[int] = set()
        self.cuts: list[tuple[Span | None, str, str]] = []
        self.integers: list[tuple[Span | None, str, str]] = []
        self.leaves: list[tuple[Span | None, str, str]] = []

    def visit(self, t: Tensor, name: str | None, depth: int = 0) -> None:
        """Enter what is known of the reason why `t` has no history."""
        if id(t) in self.seen or depth > FAR:
            return
        self.seen.add(id(t))
        where = t.made_at
        span = self.scene.located(where)
        shown = f"`{name}`" if name else "this"
        node = read(span.text) if span is not None else None
        if span is None or node is None:
            return
        if isinstance(node, nodes.Assign):
            node = node.value
        code = where[0] if where is not None else None
        inputs = list(self.inputs(node, code, t))
        if not inputs and isinstance(code, CodeType) and code.co_name != "<module>":
            # made in a function that has returned: what the program called it with tells more
            at = self.assigned(name, span.source) if name else None
            called = read(at.text) if at is not None else self.scene.output_node(t) if not depth else None
            inputs = list(self.inputs(called, None, t)) if called is not None else []
            tracked = [n for n, value in inputs if value.requires]
            if inputs and not tracked:
                for n, value in inputs:
                    self.visit(value, n, 1)
                return
        tracked = [n for n, value in inputs if value.requires]
        for cut in self.scissors(node, span, code, t):
            self.cuts.append(cut)
            return
        for part in walk(node):  # a plain number of which the tensor was made may have been a tensor's `item()`
            if isinstance(part, nodes.Name) and isinstance(self.scene.lookup(part.name, code), (int, float, list)):
                at = self.assigned(part.name, span.source)
                number = read(at.text) if at is not None else None
                found = list(self.scissors(number, at, code, t)) if number is not None and at is not None else []
                if found:
                    self.cuts.append(found[0])
                    return
        if t.data.dtype.kind != "f":
            words = f"{shown} is of dtype {t.dtype!r}: only floating values have gradients"
            self.integers.append((span, words, self.floating(node, span, name, bool(tracked))))
            return
        if isinstance(where, Unrecorded) and (tracked or not inputs):
            block = self.block_around(span)
            if block is None:
                words = f"{shown} is made here while recording is switched off"
                self.cuts.append((span, words, f"compute {shown} where recording is on" if name else ""))
                return
            inside = f"`{block.text}`"
            words = f"{shown} is made here, inside of {inside}: nothing is recorded"
            self.cuts.append((span, words, f"compute {shown} outside of {inside} where gradients should flow"))
            self.cuts.append((block, "recording is off from here", ""))
            return
        untracked = [(n, value) for n, value in inputs if not value.requires]
        if not untracked and not tracked:
            self.leaf(span, node, name)
        elif tracked and not untracked:
            of = ", ".join(f"`{n}`" for n in tracked[:MANY])
            self.cuts.append((span, f"{shown} is made here of {of}, by operations that have no gradient", ""))
        for n, value in untracked:
            self.visit(value, n, depth + 1)

    def leaf(self, span: Span, node: nodes.Node, name: str | None) -> None:
        shown = f"`{name}`" if name else "this"
        called = node.function if isinstance(node, nodes.Call) else None
        call = None
        if called is not None and creates(called):
            call = with_argument(span.text, "grad")
        help = ""
        if call is not None:
            help = f"`let {name} = {call}`" if name else f"`{call}`"
        elif name and isinstance(called, nodes.Name) and makes(called.name):
            help = f"`{name}.requires_grad_()`"
        words = "without `grad`" if call is not None else "of nothing that requires grad"
        self.leaves.append((span, f"{shown} is made here, {words}", help))

    def inputs(self, node: nodes.Node, code: object, out: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The tensors that a piece of the program names, as they are now."""
        told: set[str] = set()
        for part in walk(node):
            if isinstance(part, nodes.Name) and part.name not in told:
                told.add(part.name)
                value = self.scene.lookup(part.name, code)
                if isinstance(value, Tensor) and value is not out:
                    yield part.name, value

    def scissors(self, node: nodes.Node, span: Span, code: object, out: Tensor) -> Iterator[tuple[Span, str, str]]:
        """Parts of a piece that give values without their history, of a tensor that has one."""
        for part in walk(node):
            base: nodes.Node | None = None
            if isinstance(part, nodes.Call) and isinstance(part.function, nodes.Attribute):
                if cuts(part.function.name) == "method":
                    base, word = part.function.value, part.function.name
            elif isinstance(part, nodes.Call) and isinstance(part.function, nodes.Name) and part.arguments:
                how = cuts(part.function.name)
                if how == "method" or (how and self.named(part.arguments[0].value, code)):
                    base, word = part.arguments[0].value, part.function.name
            elif isinstance(part, nodes.Attribute) and part.name == "data":
                base, word = part.value, "data"
            if base is None:
                continue
            names = self.named(base, code)
            if names and not any(value.requires or value is out for value in names):
                continue  # it cut nothing off: the cause is further back (unless the name has been bound anew)
            at = Span(span.source, span.start + part.start, span.start + part.end)
            text = " ".join(span.text[base.start : base.end].split())
            plain = f"`{text}`" if len(text) <= LONG else "the tensor itself"
            yield at, f"`{word}` gives the values without their history", f"use {plain} where gradients should flow"

    def named(self, node: nodes.Node, code: object) -> list[Tensor]:
        values = [self.scene.lookup(p.name, code) for p in walk(node) if isinstance(p, nodes.Name)]
        return [value for value in values if isinstance(value, Tensor)]

    @staticmethod
    def floating(node: nodes.Node, span: Span, name: str | None, computed: bool) -> str:
        """The creator with a floating number and the flag, or the conversion."""
        number = next((n for n in walk(node) if isinstance(n, nodes.Number) and isinstance(n.value, int)), None)
        called = node.function if isinstance(node, nodes.Call) else None
        if number is not None and isinstance(called, nodes.Name) and called.name == "tensor":
            call = with_argument(f"{span.text[: number.end]}.0{span.text[number.end :]}", "grad")
            if call is not None:
                return f"`let {name} = {call}`" if name else f"`{call}`"
        return f"`{name}.float()` is a floating copy of it" if name and not computed else ""

    @staticmethod
    def assigned(name: str, source: Source) -> Span | None:
        """The right side of the last assignment to a name at the top of a program's lines."""
        found = None
        for match in re.finditer(rf"\b{re.escape(name)}[ \t]*=(?!=)[ \t]*([^\n;#]*[^\s;#}}])", source.text):
            found = Span(source, match.start(1), match.end(1))
        return found

    @staticmethod
    def block_around(span: Span) -> Span | None:
        """The `no_grad` whose block a place stands in."""
        text = span.source.text
        found = None
        for match in BLOCK.finditer(text, 0, span.start):
            end = brackets.partner(text, match.end() - 1)
            if end is not None and end > span.start:
                found = Span(span.source, match.start(1), match.end(1))
        return found


def cuts(name: str) -> str:
    """Whether the built-in gives the values of a tensor without their history: "method", "function" or ""."""

    entry = catalogue.operator(name)
    if entry is not None and entry.cuts:
        return "method" if entry.method else "function"
    return "function" if isinstance(python.OWN.get(name), python.ConverterDType) else ""


def makes(name: str) -> bool:
    """Is this a built-in that makes tensors of something else, such as a file?"""

    entry = catalogue.operator(name)
    return entry is not None and not entry.method and not entry.differentiable


def creates(function: nodes.Node) -> bool:
    """Is this the name of a built-in that takes the grad flag?"""
    from gradsh.engine import catalogue

    while isinstance(function, nodes.Attribute):
        function = nodes.Name(0, 0, function.name)
    known = catalogue.table().signatures.get(function.name) if isinstance(function, nodes.Name) else None
    return known is not None and any(parameter[0] == "requires_grad" for parameter in known[0])


def search(scene: Scene, t: Tensor, name: str | None) -> Found:
    """Why `t` has no history. Cuts tell most; then inputs without the flag; then integers."""
    way = Search(scene)
    way.visit(t, name)
    causes = (way.cuts or way.leaves or way.integers)[:MANY]
    helps = [help for _, _, help in causes if help]
    help = helps[0] if helps else None
    if len(helps) > 1 and not way.cuts:
        likely = [h for h in helps if not DATA.search(h)]
        help = f"give the flag to what you want gradients for, such as {(likely or helps)[0]}"
    return Found([(span, words) for span, words, _ in causes], help)
