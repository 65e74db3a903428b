"""An error with the program around it: the failing piece of text as a tree, and the variables that it could see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import FrameType
from typing import Any

from gradsh.causes.rewrite import edited
from gradsh.causes.surroundings import Context, Surroundings
from gradsh.causes.text import LONG, Page, Step, joined, operand, read
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import GradshError, Label, Span, Where
from gradsh.language import nodes
from gradsh.language.mending import offered
from gradsh.language.places import PREFIX
from gradsh.runtime.faults import way


class Scene(Surroundings):
    """What gradsh.advice works with. `tree` is the failing piece: an expression, or a statement; None when unreadable.

    Offsets in `tree` count from the start of the failing piece, `text`.
    """

    def __init__(
        self, error: GradshError, raised: BaseException, space: dict[str, Any], passed: Where | None, passes: Any
    ) -> None:
        self.primary: Span | None = error.labels[0].span if error.labels else None
        source = self.primary.source if self.primary is not None else None
        super().__init__(space, list(_frames(raised)), source, passed, passes)
        self.error = error
        self.within = [frame.f_locals for frame in _all_frames(raised)]  # of all that ran, the innermost last
        self.text = self.primary.text if self.primary is not None else ""
        self.tree = self.fragment(self.primary) if self.primary is not None else None

    # --- the program's text -------------------------------------------------------------------------------

    def fragment(self, span: Span) -> nodes.Node | None:
        """A piece of the program as a tree: its expression, or its one statement."""
        return read(span.text)

    def span_of(self, node: nodes.Node) -> Span:
        """Where a node of `tree` stands."""
        assert self.primary is not None
        return Span(self.primary.source, self.primary.start + node.start, self.primary.start + node.end)

    def text_of(self, node: nodes.Node) -> str:
        return joined(self.text[node.start : node.end])

    def full_text(self, node: nodes.Node) -> str:
        """The text of a node that may stand behind the failing piece; its offsets count as those in `tree`."""
        assert self.primary is not None
        first = self.primary.start
        return joined(self.primary.source.text[first + node.start : first + node.end])

    def statement(self) -> str | None:
        """The whole statement in which it failed, on one line, if it is short and holds no others."""
        if self.primary is None:
            return None
        page = self.page(self.primary.source)
        step = page.step(self.primary)
        if step is None or any(step.statement.blocks()):
            return None
        text = page.text(step.statement)
        return text if len(text) <= 2 * LONG and "#" not in text else None

    def here(self) -> Context:
        """What names mean where it failed."""
        assert self.primary is not None
        code = self.frames[0][0] if self.frames else None
        return Context(self.page(self.primary.source), code)

    def statement_text(self) -> str | None:
        """The failing statement on one line, if it is short."""
        assert self.primary is not None
        text = self.text
        if isinstance(self.tree, (nodes.Index, nodes.Attribute)):  # the target of an assignment that failed
            whole = self.primary.source.text
            rest = re.compile(r"\s*=(?!=)[^\n;{}#]*").match(whole, self.primary.end)
            text += rest.group() if rest else ""
        text = joined(text)
        return text if 0 < len(text) <= LONG and "#" not in text else None

    # --- values -------------------------------------------------------------------------------------------

    def value_of(self, node: nodes.Node) -> Any:
        """The value of a name or a literal; None of anything else, which would have to be computed."""
        if isinstance(node, nodes.Name):
            return self.lookup(node.name)
        if isinstance(node, (nodes.String, nodes.Number, nodes.Constant)):
            return node.value
        return None

    # --- what the error's labels and help become --------------------------------------------------------------

    def add(self, span: Span | None, words: str) -> None:
        """A further label, unless there is one at this place already; of several lines the last one is marked."""
        if span is not None and "\n" in span.text:
            last = span.text.rpartition("\n")[2]
            span = Span(span.source, span.end - len(last.lstrip()), span.end)
        if span is not None and all(span != label.span for label in self.error.labels):
            self.error.labels.append(Label(span, words))

    def add_all(self, labels: list[tuple[Span | None, str]]) -> None:
        for span, words in labels:
            if self.error.labels and span is not None and span == self.error.labels[0].span:
                self.error.labels[0].text = words
            self.add(span, words)

    def point_at(self, node: nodes.Node, words: str = "") -> None:
        """Move the error's first label to a part of the failing piece."""
        self.error.labels[0] = Label(self.span_of(node), words)

    def label_made(self, name: str, words: str) -> None:
        """A label where the tensor of this name was made."""
        t = self.lookup(name)
        if isinstance(t, Tensor):
            self.add(self.located(t.made_at), words)

    def labels_at(self, words: str) -> Span | None:
        """Where the engine's place with these words is."""
        return next((self.located(where) for where, said in self.error.places if said == words), None)

    def offer(self, help: str | None) -> None:
        """Give this help, if everything in it that is shown as gradsh is gradsh; else leave what there was."""
        if help and all(read(code) is not None for code in offered(help)):
            self.error.help = help

    def instead(self, *changes: tuple[nodes.Node, str], words: str = "") -> None:
        """Offer the failing statement with other text in the place of parts of the failing piece."""
        assert self.primary is not None
        first = self.primary.start
        page = self.page(self.primary.source)
        step = page.step(self.primary)
        edits = [(first + node.start, first + node.end, new) for node, new in changes]
        if step is not None and not any(step.statement.blocks()):
            self.rewritten(page, step, edits, words)

    def rewritten(self, page: Page, step: Step, edits: list[tuple[int, int, str]], words: str = "") -> None:
        """Offer a statement with edits: the failing one, or another with its line; `words` come before it.

        At a prompt, where an earlier line does not run again, it is followed by what has to be given anew.
        """
        statement = step.statement
        new = edited(page, statement, edits)
        if len(new) > 2 * LONG or "#" in new or read(new) is None:
            return
        assert self.primary is not None
        own = page.source is self.primary.source and page.step(self.primary) is step
        lead = "" if own else self.lead("", page.span(statement))
        again = self.statement() if self.was_typed(page.source) else None
        self.offer(f"{words}{lead}`{new}`" + (f", then again `{again}`" if again else ""))
        if page.source is self.primary.source:
            self.error.edit = (statement.start, statement.end, new)

    # --- the parts of a backward or grad ----------------------------------------------------------------------

    def output_node(self, out: Tensor | None = None) -> nodes.Node | None:
        """What is differentiated in the failing `backward y`, `y.backward()`, `grad(y, x)`."""
        tree = self.tree
        node: nodes.Node | None = None
        if isinstance(tree, nodes.Command) and tree.name == "backward" and tree.arguments:
            node = tree.arguments[0].value
        elif isinstance(tree, nodes.Call):
            function = tree.function
            if isinstance(function, nodes.Attribute) and function.name == "backward":
                node = function.value
                if isinstance(node, nodes.Name) and node.name in ("torch", "autograd"):
                    node = None
            if node is None and tree.arguments and tree.arguments[0].name is None:
                node = tree.arguments[0].value
        if isinstance(node, (nodes.ListExpr, nodes.TupleExpr)):
            items = node.items
            number = re.match(r"element (\d+) of", self.error.message)
            if number is not None and int(number.group(1)) < len(items):
                return items[int(number.group(1))]
            return items[0] if len(items) == 1 else next((i for i in items if self.value_of(i) is out), node)
        return node

    def output_text(self, out: Tensor | None = None) -> str:
        """The text of what is differentiated, fit to stand before a dot; "y" when it is long."""
        node = self.output_node(out)
        text = self.text_of(node) if node is not None else ""
        if node is None or isinstance(node, (nodes.ListExpr, nodes.TupleExpr)) or not 0 < len(text) <= LONG:
            return "y"
        return operand(text, node)

    def point_at_output(self, out: Tensor, words: str = "does not require grad") -> str | None:
        """Move the first label to the output; its name, if it is one."""
        node = self.output_node(out)
        if node is not None:
            self.point_at(node, words)
            if isinstance(node, nodes.Name):
                return node.name
        return self.name_of(out)

    def _arguments(self) -> list[nodes.Argument]:
        tree = self.tree
        return tree.arguments if isinstance(tree, (nodes.Command, nodes.Call)) else []

    def gradient_node(self) -> nodes.Node | None:
        """The gradient that was given to a backward or grad."""
        given = self._arguments()
        for argument in given:
            if argument.name in ("gradient", "grad_outputs", "grad_tensors"):
                return argument.value
        places = [a.value for a in given if a.name is None]
        tree = self.tree
        method = isinstance(tree, nodes.Call) and isinstance(tree.function, nodes.Attribute)
        at = 0 if method else 1
        if isinstance(tree, nodes.Call) and getattr(tree.function, "name", "") == "grad":
            at = 2
        return places[at] if len(places) > at else None

    def input_node(self, t: Tensor) -> nodes.Node | None:
        """The argument that is this tensor."""
        for argument in self._arguments()[1:]:
            value = argument.value
            items = value.items if isinstance(value, (nodes.ListExpr, nodes.TupleExpr)) else [value]
            for item in items:
                if self.value_of(item) is t:
                    return item
        return None

    def receiver(self) -> tuple[Tensor | None, str | None]:
        """The tensor of a failing method call, and its name."""
        tree = self.tree
        if isinstance(tree, nodes.Call) and isinstance(tree.function, nodes.Attribute):
            value = self.value_of(tree.function.value)
            if isinstance(value, Tensor) and isinstance(tree.function.value, nodes.Name):
                return value, tree.function.value.name
        return None, None

    def operands(self) -> list[nodes.Node]:
        """The two operands of a failing operation, however it is written."""
        tree = self.tree
        if isinstance(tree, nodes.AugAssign):
            return [tree.target, tree.value]
        if isinstance(tree, (nodes.Binary, nodes.Compare)):
            return [tree.left, tree.right]
        if isinstance(tree, nodes.Call):
            given: list[nodes.Node] = [a.value for a in tree.arguments if a.name is None and not a.star]
            if isinstance(tree.function, nodes.Attribute) and len(given) == 1:
                return [tree.function.value, *given]
            if isinstance(tree.function, nodes.Name) and len(given) == 2:
                return given
        return []


def _all_frames(raised: BaseException) -> Iterator[FrameType]:
    return (step.tb_frame for step in way(raised))


def _frames(raised: BaseException) -> Iterator[tuple[object, dict[str, Any]]]:
    """Code and variables of the program's running functions, innermost first; not of its top level."""
    own = [frame for frame in _all_frames(raised) if frame.f_code.co_filename.startswith(PREFIX)]
    for frame in reversed(own):
        if frame.f_locals is not frame.f_globals:
            yield frame.f_code, frame.f_locals
