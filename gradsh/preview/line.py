"""What a line would give: text to report, with nothing of the session touched.

Preview(session).look("(w * x).sum()")
"""

from __future__ import annotations

import _ast as ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.calls.signature import Signature
from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core.alloc import ACCOUNT
from gradsh.engine.core.modes import Context, mode, swapped
from gradsh.engine.core.tensor import Tensor, make
from gradsh.errors import AttributeError_, GradshError, Refused, Source
from gradsh.language import nodes
from gradsh.language.lower import Lowering
from gradsh.language.resolve import resolve
from gradsh.language.scopes import Resolution
from gradsh.language.syntax import normalise, tree_of
from gradsh.language.words import CommandWord
from gradsh.preview import figures
from gradsh.preview.guard import BUDGET, Guard, is_quiet
from gradsh.preview.later import Later
from gradsh.preview.purity import Reach, check, loops
from gradsh.preview.refusals import Dear, Impure, Untold
from gradsh.preview.shadow import Shadow
from gradsh.preview.slots import Slots
from gradsh.reports.preview import Preview, Wrong
from gradsh.runtime import faults
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.namespace import handed
from gradsh.runtime.passes import leaves_behind
from gradsh.session.deadline import within

if TYPE_CHECKING:
    from gradsh.language.signatures import Facts
    from gradsh.session.session import Session

_getframe = sys._getframe

LONGEST = 2_000  # characters of a line that is looked at
PIECES = 4  # of a text that ends in the middle: how often a piece is taken off its end
LATE = 0.05  # seconds, after which the program's own loops are stopped
PIECE = re.compile(r"\s+|\w+|[^\w\s]", re.UNICODE)
NAME = "<line>"


class Unfinished(Untold):
    """The end of the text may be the beginning of a name."""


class Looking(Lowering):
    """The lowering of a line that is looked at: Python's own products go by way of `@times`."""

    def link_Binary(self, node: nodes.Binary, left: ast.expr) -> ast.expr:
        made = super().link_Binary(node, left)
        if node.op != "*" or not isinstance(made, ast.BinOp):
            return made
        return self.called("@times", [made.left, made.right], self.line(node))


class Quiet:
    """The built-ins without the names that suggestions are chosen from: choosing takes longer than all of the rest."""

    def __init__(self) -> None:
        self.words = list(BUILTINS.commands())

    def lookup(self, name: str) -> Signature | None:
        return BUILTINS.lookup(name)

    def of_torch(self, name: str) -> str:
        return BUILTINS.of_torch(name)

    def names(self) -> Iterable[str]:
        return ()

    def facts(self, name: str) -> Facts | None:
        return BUILTINS.facts(name)

    def commands(self) -> Iterable[CommandWord]:
        return self.words


class Looker:
    """Looks at lines for one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.builtins = Quiet()
        self.wanted: set[str] = set()  # packages that were not there: see gradsh.preview.later

    def look(self, text: str) -> Preview | None:
        """What the text would give, as far as it is typed; None where that is not to be told."""
        if len(text) > LONGEST:
            return None
        text = normalise(text)
        bound = self.session.bound() | handed(self.session.globals, text)
        for piece, closing in pieces(text):
            source = Source(NAME, piece + closing)
            try:
                tree = tree_of(source, self.builtins.words)
                if tree is None or not tree.body:
                    continue
                resolution = resolve(tree, source, bound, self.builtins)
            except (Refused, RecursionError):
                continue
            if not all(map(is_looked_at, tree.body)):
                return None
            about = piece.strip() + ("…" if closing else "")
            try:
                return self._looked(tree, source, resolution, "" if piece.strip() == text.strip() else about)
            except Unfinished:
                continue
            except (Untold, MemoryError):
                return None
        return None

    def _looked(self, tree: nodes.Program, source: Source, resolution: Resolution, about: str) -> Preview | None:
        try:
            lowering = Looking(source, resolution)
            code = compile(lowering.module(tree.body), NAME, "exec", dont_inherit=True)
            check(code, top=True)
        except (Refused, SyntaxError, RecursionError):
            return None
        before = ACCOUNT.left, ACCOUNT.floor
        try:
            with Later(self.wanted):
                return Run(self.session, resolution, code, about).report(lowering, tree)
        finally:
            ACCOUNT.left, ACCOUNT.floor = before


def is_looked_at(statement: nodes.Stmt) -> bool:
    """Whether a statement only gives a value, or binds a new name to it."""
    if isinstance(statement, nodes.Assign):
        return statement.let and all(
            isinstance(part, (nodes.Name, nodes.TupleExpr)) for part in _parts(statement.target)
        )
    return isinstance(statement, nodes.ExprStmt)


def _parts(target: nodes.Expr) -> Iterator[nodes.Node]:
    return nodes.walk(target)


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """The text, and what is left of it when its end is taken off, each with what closes its open brackets."""
    left = text.rstrip()
    for _ in range(PIECES):
        closing = closed(left)
        if closing is None:
            return
        yield left, closing
        parts = PIECE.findall(left)
        if len(parts) < 2:
            return
        left = left[: -len(parts[-1])].rstrip()


def closed(text: str) -> str | None:
    """What closes the brackets that are open at the end; None where they do not match, or a brace or string is open."""
    from gradsh.language.brackets import PAIRS
    from gradsh.language.brackets import PIECE as PART

    stack: list[str] = []
    for match in PART.finditer(text):
        kind, part = match.lastgroup, match.group()
        if kind == "open":
            if part == "{":
                return None
            stack.append(PAIRS[part])
        elif kind == "close":
            if not stack or stack.pop() != part:
                return None
        elif part[0] in "\"'" and (len(part) < 2 or part[-1] != part[0]):
            return None
    return "".join(reversed(stack))


class Run:
    """One line that is run under guard."""

    def __init__(self, session: Session, resolution: Resolution, code: CodeType, about: str) -> None:
        self.session = session
        self.code = code
        self.resolution = resolution
        self.about = about
        self.shown: Any = None
        self.guard = Guard(BUDGET)

    def report(self, lowering: Lowering, tree: nodes.Program) -> Preview | None:
        """Errors: Untold; Unfinished, where an attribute is not there, whose name may go on."""
        code = self.code
        shadow = Shadow(self.session, self.resolution.builtins, self.echo)
        space, reach = shadow.space, shadow.reach
        reach.of(code, space)
        context = Context()
        context.load(self.session.context)
        context.warned = set(context.warned)
        context.warn_sink = context.notes = context.written = None
        context.host = OUTSIDE
        context.interpreter = self.guard
        report = Preview(self.about)
        with Slots(reach.tensors.values()), swapped(context), np.errstate(all="ignore"):
            try:
                if reach.loops or loops(code):
                    within(LATE, lambda: exec(code, space), too_late)
                else:
                    exec(code, space)
            except (Untold, MemoryError):
                raise
            except AttributeError_:
                raise Unfinished from None
            except Exception as raised:
                report.wrong = wrong(raised, code, lowering, tree, space)
                return report if report.wrong is not None else None
            value = self.result(tree, space)
            report.values = figures.of(value)
            if value.__class__ is Tensor and value.requires:
                self.gradients(report, value, reach)
        return report if report.values else None

    def echo(self, value: Any, line: int) -> None:
        """A bare expression, of the line or of a function. Errors: Impure where that would be seen."""
        if _getframe(1).f_code is self.code:
            self.shown = value
        elif value is not None:
            raise Impure

    def result(self, tree: nodes.Program, space: dict[str, Any]) -> Any:
        """The value of the last statement."""
        last = tree.body[-1]
        if isinstance(last, nodes.Assign):
            names = last.binds()
            values = [space.get("." + name) for name in names]
            return values[0] if len(values) == 1 else tuple(values)
        return self.shown

    def gradients(self, report: Preview, value: Tensor, reach: Reach) -> None:
        """Those of the leaves that have a name, unless that takes too long or a hook would hear of it."""
        spent = BUDGET - self.guard.left
        edge = value.edge
        if edge is None or 2 * spent > BUDGET or not is_quiet([edge]):
            return
        reach.name_all(leaves_behind([edge]), self.session.globals)
        leaves = [leaf for leaf in leaves_behind([edge]) if leaf.requires and reach.paths.get(id(leaf))]
        if not leaves:
            return
        mode.interpreter = None
        ones = make(np.ones(value.data.shape, value.data.dtype)[()])
        order = {key: at for at, key in enumerate(reach.tensors)}
        leaves.sort(key=lambda leaf: order[id(leaf)])
        try:
            found = run_grad([value], leaves, [ones], True, False, True, False, None)
        except GradshError:  # a backward has freed the graph: there is the value, and no gradient
            return
        report.of_sum = value.data.size != 1
        for leaf, gradient in zip(leaves, found, strict=True):
            if gradient is not None:
                report.gradients += figures.of(gradient, reach.paths[id(leaf)])


def too_late(raised: BaseException) -> None:
    """The program's own loops have been stopped."""
    raise Dear


class Outside:
    """The outside of a session, out of reach."""

    def __getattr__(self, name: str) -> Any:
        raise Impure


OUTSIDE = Outside()


def wrong(
    raised: Exception, code: CodeType, lowering: Lowering, tree: nodes.Program, space: dict[str, Any]
) -> Wrong | None:
    """What to say of an error: where shapes do not fit, which operand that is."""
    error = faults.translate(raised)
    if not isinstance(error, GradshError) or error.code not in SAID:
        return None
    traceback, line = raised.__traceback__, 0
    while traceback is not None:
        if traceback.tb_frame.f_code is code:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    if not line:
        return None
    start, end = lowering.spans[2 * line - 2 : 2 * line]
    for node in nodes.walk(tree):
        if (node.start, node.end) == (start, end) and isinstance(node, nodes.Binary):
            pair = error.subject
            words = error.message
            if isinstance(pair, tuple) and len(pair) == 2:
                words = fits(node.op, *map(partial(shape_of, space), (node.left, node.right), pair))
            return Wrong(node.right.start, node.right.end, words)
    return Wrong(start, end, error.message)


SAID = ("E0302",)


def shape_of(space: dict[str, Any], node: nodes.Expr, told: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an operand; the engine tells that of a vector as the matrix that it multiplies it as."""
    value = space.get("." + node.name) if isinstance(node, nodes.Name) else None
    return tuple(value.data.shape) if isinstance(value, Tensor) else told


def fits(op: str, a: tuple[int, ...], b: tuple[int, ...]) -> str:
    """What is wrong with the second operand."""
    words = f"{list(b)} does not fit {list(a)}"
    if op != "@" or not a or not b:
        return words
    rows = "rows" if len(b) > 1 else "elements"
    return f"{words}: {a[-1]} {rows} would"
