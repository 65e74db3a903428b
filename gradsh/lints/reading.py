"""A program as the lints read it: its scopes as steps in the order of the text, and what they ask of nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gradsh.errors import Label, Source, Span, WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import Expr, Node, Stmt, walk
from gradsh.language.scopes import Resolution
from gradsh.language.signatures import Builtins

if TYPE_CHECKING:
    from gradsh.language.signatures import Facts


class Step:
    """A statement without the blocks in it. `path`: the steps that it stands in, and in which block of each."""

    __slots__ = ("block", "path", "place", "statement")

    def __init__(self, statement: Stmt, path: tuple[tuple[Step, int], ...], block: list[Stmt], place: int) -> None:
        self.statement = statement
        self.path = path
        self.block = block
        self.place = place  # in the block

    def loops(self) -> list[Stmt]:
        """The loops that it stands in, the innermost first."""
        return [outer.statement for outer, _ in reversed(self.path) if outer.statement.loops]

    def within(self, statement: Stmt) -> bool:
        return any(outer.statement is statement for outer, _ in self.path)

    def modes(self) -> set[str]:
        """The names of the modes that it stands in, `no_grad` among them."""
        return {outer.statement.name for outer, _ in self.path if isinstance(outer.statement, nodes.Mode)}

    def excludes(self, other: Step) -> bool:
        """Do the two stand in different blocks of one statement, of which only one may run?"""
        for (mine, here), (others, there) in zip(self.path, other.path, strict=False):
            if mine is not others:
                return False
            if here != there:
                return True
        return False

    def is_last_round(self) -> bool:
        """Does what follows it, or a step that it stands in, end the loop or the function?"""
        here: list[Step] = [self]
        for outer, _ in reversed(self.path):
            if outer.statement.loops:
                break
            here.append(outer)
        ends = (nodes.Break, nodes.Return)
        return any(isinstance(later, ends) for step in here for later in step.block[step.place + 1 :])


class Scope:
    """The steps of a body; `owner` is what it is the body of.

    `calls`: by the name of a built-in or method, the steps that call it, with what it is given. `grads`: by the name of
    a tensor, the steps that read or write its `.grad`, with the places.
    """

    __slots__ = ("_binding", "calls", "grads", "owner", "steps")

    def __init__(self, owner: Node, body: list[Stmt]) -> None:
        self.owner = owner
        self.steps = list(_steps(body, ()))
        self.calls: dict[str, list[tuple[Step, list[Expr]]]] = {}
        self.grads: dict[str, list[tuple[Step, nodes.Attribute]]] = {}
        self._binding: dict[str, list[Step]] = {}
        for step in self.steps:
            for name in step.statement.binds():
                self._binding.setdefault(name, []).append(step)

    def binding(self, name: str) -> list[Step]:
        """The steps that bind a name."""
        return self._binding.get(name, [])

    def binding_names(self) -> list[str]:
        """All names that its steps bind."""
        return list(self._binding)

    def parameters(self) -> list[str]:
        """The names that are bound before the first step."""
        lists = [getattr(self.owner, field, []) for field in ("parameters", "gradients")]
        return [parameter.name for parameters in lists for parameter in parameters]


def _steps(body: list[Stmt], path: tuple[tuple[Step, int], ...]) -> Iterator[Step]:
    for place, statement in enumerate(body):
        step = Step(statement, path, body, place)
        yield step
        for number, block in enumerate(statement.blocks()):
            yield from _steps(block, (*path, (step, number)))


class Reading:
    """The tree of a program and what the resolver has found out; `uses`: whether it uses other files.

    `pieces`: where the text is what was entered piece by piece at a prompt, these, each with the offset at which it
    begins; places and lines are then those of the pieces.
    """

    def __init__(
        self,
        tree: nodes.Program,
        source: Source,
        resolution: Resolution,
        builtins: Builtins,
        uses: bool,
        pieces: Sequence[tuple[int, Source]] = (),
    ) -> None:
        self.tree = tree
        self.source = source
        self.pieces = pieces or [(0, source)]
        self.resolution = resolution
        self.builtins = builtins
        self.uses = uses
        self.scopes = [self._scope(owner, body) for owner in walk(tree) for body in _bodies(owner)]
        self.known: dict[str, object] = {}  # what lints have found out that others ask for too

    def _scope(self, owner: Node, body: list[Stmt]) -> Scope:
        scope = Scope(owner, body)
        for step in scope.steps:
            for part in self.parts(step.statement):
                word, given = self.called(part)
                if word:
                    scope.calls.setdefault(word, []).append((step, given))
                elif isinstance(part, nodes.Attribute) and part.name == "grad" and isinstance(part.value, nodes.Name):
                    scope.grads.setdefault(part.value.name, []).append((step, part))
        return scope

    # --- what is said of it -------------------------------------------------------------------------------------

    def span(self, node: Node) -> Span:
        return self.between(node.start, node.end)

    def word(self, node: Node) -> Span:
        """The place of a statement's first word."""
        return self.between(node.start, node.start + len(self.text(node).split(maxsplit=1)[0]))

    def between(self, start: int, end: int) -> Span:
        offset, source = next(piece for piece in reversed(self.pieces) if piece[0] <= start)
        return Span(source, start - offset, end - offset)

    def text(self, node: Node) -> str:
        return self.source.text[node.start : node.end]

    def line(self, node: Node) -> int:
        return self.span(node).line

    def warning(
        self, node: Node, message: str, words: str, labels: list[tuple[Span, str]], help: str | None
    ) -> WarningRecord:
        """A warning at `node`, with `words` beside it; `labels` are further places. `help` is as an error's: all of it
        in backticks goes where `node` is; "`…` before line 3", and "`…` before `…`", say where else."""
        further = [Label(span, text) for span, text in labels]
        return WarningRecord(message, self.span(node), words=words, labels=further, help=help)

    def before(self, code: str, step: Step) -> str:
        """The help that puts `code` before a step."""
        span = self.span(step.statement)
        line, column = span.source.position(span.start)
        alone = not span.source.line(line)[: column - 1].strip() and span.source is self.pieces[-1][1]
        return f"`{code}` before " + (f"line {line}" if alone else f"`{self.text(step.statement)}`")

    def instead(self, code: str, step: Step) -> str:
        """The help that puts `code` in the place of a step's statement."""
        statement = step.statement
        line = self.line(statement)
        begins = [s for scope in self.scopes for s in scope.steps if self.line(s.statement) == line]
        outermost = [s for s in begins if not any(outer in begins for outer, _ in s.path)]
        if outermost == [step] and self.span(statement).source is self.pieces[-1][1]:
            return f"on line {line}: `{code}`"
        return f"`{code}` in place of `{self.text(statement)}`"

    # --- what nodes are -------------------------------------------------------------------------------------------

    def parts(self, statement: Node) -> Iterator[Node]:
        """The nodes that run with a statement itself: not those of its blocks, nor of functions that it makes."""
        stack: list[object] = [statement]
        while stack:
            item = stack.pop()
            if isinstance(item, (list, tuple)):
                stack.extend(reversed(item))
            elif isinstance(item, Node) and (item is statement or not isinstance(item, Stmt)):
                yield item
                apart = ("body",) if isinstance(item, (nodes.Lambda, nodes.Definition)) else item.block_fields
                stack.extend(getattr(item, name) for name in reversed(item.fields[2:]) if name not in apart)

    def called(self, node: Node) -> tuple[str, list[Expr]]:
        """The name of the built-in or method that a node calls, with what it is given, the receiver first."""
        if isinstance(node, nodes.Command):
            return node.name, [argument.value for argument in node.arguments]
        if isinstance(node, nodes.Pipe):
            right = node.right
            if not isinstance(right, nodes.Call) or right.grouped:
                return self._name(right), [node.left]
            name, given = self.called(right)
            return name, [node.left, *given]
        if not isinstance(node, nodes.Call):
            return "", []
        given = [argument.value for argument in node.arguments]
        function = node.function
        if isinstance(function, nodes.Attribute) and id(function) not in self.resolution.references:
            given.insert(0, function.value)
        return self._name(function), given

    def facts(self, node: Node) -> Facts | None:
        """What is known of the built-in or method that a node calls; `x.float()` is another than `float(x)`."""
        word, given = self.called(node)
        if not word or not given:
            return self.builtins.facts(word) if word else None
        function = (
            node.function if isinstance(node, nodes.Call) else node.right if isinstance(node, nodes.Pipe) else None
        )
        function = function.function if isinstance(function, nodes.Call) else function
        if isinstance(function, nodes.Attribute) and id(function) not in self.resolution.references:
            return self.builtins.facts("Tensor." + word)
        return self.builtins.facts(word)

    def values(self, node: Node) -> list[Expr]:
        """What a node calls something with, flags and keywords left out; the receiver first."""
        given = self.called(node)[1]
        arguments = node.arguments if isinstance(node, (nodes.Call, nodes.Command)) else []
        apart = {id(a.value) for a in arguments if a.name is not None or id(a) in self.resolution.flags}
        return [value for value in given if id(value) not in apart]

    def _name(self, function: Expr) -> str:
        known = self.resolution.references.get(id(function))
        return known or (function.name if isinstance(function, nodes.Attribute) else "")

    def is_backward(self, node: Node) -> bool:
        return self.called(node)[0] == "backward"

    def grads(self, node: Node, name: str) -> list[nodes.Attribute]:
        """The places where `name.grad` is read or written in a statement."""
        return [
            part
            for part in self.parts(node)
            if isinstance(part, nodes.Attribute) and part.name == "grad" and isinstance(part.value, nodes.Name)
            if part.value.name == name
        ]

    def takes(self, node: Node, parameter: str) -> bool:
        """Is it a call of a built-in that has a parameter of that name first, as all optimisers have `params`?"""
        name = self.resolution.references.get(id(node.function)) if isinstance(node, nodes.Call) else None
        signature = self.builtins.lookup(name) if name is not None else None
        return signature is not None and [p.name for p in signature.parameters[:1]] == [parameter]

    def flag(self, call: Node) -> nodes.Argument | None:
        """The argument of a call that gives the grad flag: `grad`, `requires_grad=true`."""
        for argument in call.arguments if isinstance(call, nodes.Call) else []:
            word = self.resolution.flags.get(id(argument), argument.name)
            if word == "requires_grad" and (
                argument.name is None or (isinstance(argument.value, nodes.Constant) and argument.value.value is True)
            ):
                return argument
        return None

    def made_tracked(self, scope: Scope, name: str, before: Step) -> Node | None:
        """The expression with the grad flag that a name was last bound to before a step."""
        for step in reversed(scope.binding(name)):
            statement = step.statement
            if statement.start < before.statement.start:
                value = statement.value if isinstance(statement, nodes.Assign) else None
                return value if value is not None and any(map(self.flag, self.parts(value))) else None
        return None

    def becomes_leaf(self, scope: Scope, name: str) -> bool:
        """Is the flag set, or a gradient kept, by a statement of its own: `w.requires_grad_()`, `w.retain_grad()`?"""
        for word in ("requires_grad_", "retain_grad"):
            if any(self.text(value) == name for _, given in scope.calls.get(word, []) for value in given[:1]):
                return True
        targets = [step.statement.target for step in scope.steps if isinstance(step.statement, nodes.Assign)]
        flags = [target for target in targets if isinstance(target, nodes.Attribute) and target.name == "requires_grad"]
        return any(self.text(target.value) == name for target in flags)


def _bodies(owner: Node) -> Iterator[list[Stmt]]:
    """The bodies of a node that are scopes of their own."""
    if isinstance(owner, nodes.Program):
        yield owner.body
    for field in owner.fields[2:]:
        value = getattr(owner, field)
        if field not in owner.block_fields and isinstance(value, list) and value and isinstance(value[0], Stmt):
            yield value
