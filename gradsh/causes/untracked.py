"""Why a gradient cannot come from one tensor to another: which input lacks the flag, where the way is cut.

Nothing is recorded for this while programs run but the place where an untracked tensor was made, and whether recording
was off there. The rest is read off the program's text at that place, and off the variables that it names.
"""

from __future__ import annotations

import re
from types import CodeType
from typing import Any

from gradsh.causes import repairs, rewrite
from gradsh.causes.flows import GRADIENT, HISTORY, INTEGERS, Cut, Read, creates, reads
from gradsh.causes.surroundings import MISSING, Context, Surroundings
from gradsh.causes.text import Callee, Page
from gradsh.causes.ways import Finding, Link
from gradsh.engine.core.graph import Unrecorded
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.errors import Span
from gradsh.language import nodes
from gradsh.language.nodes import walk

FAR = 50  # operations that are followed back
MANY = 3  # causes that are named
# names that hold data more often than parameters
DATA = re.compile(r"^`(?:let )?(?:x|y|t|xs|ys|data|inputs?|targets?|labels?|images?)\b(?! = tensor\()", re.IGNORECASE)


class Search:
    """The way back from a tensor, through the text that made it.

    Without a `target` it ends at every tensor that has a history, and looks for the reasons why the first has none;
    with one it looks for the ways that lead to this tensor.
    """

    def __init__(self, around: Surroundings, target: Tensor | None = None) -> None:
        self.around = around
        self.target = target
        self.findings: list[Finding] = []
        self.seen: set[object] = set()

    # --- from a tensor to the expression that made it -----------------------------------------------------------

    def visit(self, t: Tensor, name: str, way: list[Link], via: tuple[nodes.Expr, Context] | None = None) -> None:
        """Enter what is known of how `t` was made. `via`: the expression that read it, and where that stands."""
        if id(t) in self.seen or len(way) > FAR:
            return
        self.seen.add(id(t))
        where = t.made_at
        span = self.around.located(where)
        if span is None or where is None:
            return
        page = self.around.page(span.source)
        node = page.expression(span)
        if node is None:
            return
        step = page.step(span)
        context = self.context(page, span, where[0], name, via)
        link = Link(page, node, step, name, "")
        if self.target is None and self.rebound(t, link, way, context):
            return
        if t.data.dtype.kind != "f" and self.target is None and self.integer(t, link, way, context):
            return
        if where.__class__ is Unrecorded and self.unrecorded(t, link, way, context):
            return
        if self.follow(node, link, way, context, t):
            return
        outside = self.around.binding(name, page, len(page.source.text)) if name and context.callee else None
        if outside is not None and outside[0].value is not None and not context.arguments:
            # made in a function that has returned, which the program did not call by its name: `vmap(f)(x)`
            step, outer = outside
            whole = outside[0].value
            if self.follow(whole, Link(outer, whole, step, name, ""), way, Context(outer), t):
                return
        if not t.requires and self.target is None:
            self.leaf(link, way)

    def context(
        self, page: Page, span: Span, code: object, name: str, via: tuple[nodes.Expr, Context] | None
    ) -> Context:
        """What the names around a place mean: the arguments of the call, in a function that has returned."""
        context = Context(page, code)
        callee = page.callee(span)
        if callee is None or not isinstance(code, CodeType) or any(own is code for own, _ in self.around.frames):
            return context
        context.callee = callee.node
        for call, outer in self.calls(page, name, via):
            value = self.value(call.function, outer)
            instance = value if isinstance(type(value), ModelKind) else None
            named = call.function.name if isinstance(call.function, (nodes.Name, nodes.Attribute)) else ""
            if instance is not None and callee.model == type(value).__name__ and callee.name == "forward":
                context.instance = instance
            elif named != callee.name or not callee.name:
                continue
            self.give(call, callee, context, outer)
            break
        return context

    def calls(self, page: Page, name: str, via: tuple[nodes.Expr, Context] | None) -> list[tuple[nodes.Call, Context]]:
        """The calls through which a function may have run: in the expression that bound the name, or that read it."""
        found: list[tuple[nodes.Expr, Context]] = []
        if via is not None:
            found.append(via)
            bound = self.around.binding(name, via[1].page, via[0].start, via[1].callee) if name else None
        else:
            bound = self.around.binding(name, page, len(page.source.text)) if name else None
        if bound is not None and bound[0].value is not None:
            outer = via[1] if via is not None and via[1].page is bound[1] else Context(bound[1])
            found.insert(0, (bound[0].value, outer))
        return [(n, c) for expr, c in found for n in walk(expr) if isinstance(n, nodes.Call)]

    # --- from an expression to what it reads ----------------------------------------------------------------------

    def follow(self, node: nodes.Expr, link: Link, way: list[Link], context: Context, out: Tensor | None) -> bool:
        """Enter what an expression is made of; whether there is anything."""
        anything = False
        tracked: list[str] = []
        others = 0
        entered: set[int] = set()
        for read in reads(node):
            if id(read.given_to) in entered:
                continue
            value, text = self.reached(read, context)
            if read.call is not None and self.enter(read, value, link, way, context):
                entered.add(id(read.call))
                anything = True
                continue
            if value is out and out is not None:
                if read.cuts and self.target is None:  # bound anew: `x = x.detach() * 2` in a loop
                    anything = True
                    self.cut(read.cuts, link, way, text)
                continue
            here = Link(link.page, link.node, link.step, link.name, text, read.cuts)
            if isinstance(value, Tensor):
                anything = True
                if self.target is not None:
                    self.towards(value, read, here, way, text, node, context)
                elif value.requires:
                    if any(each.cuts for each in (*way, here)):
                        self.arrived([*way, here])
                        return True
                    tracked.append(text)
                else:
                    others += 1
                    self.visit(value, text, [*way, here], (node, context))
            elif isinstance(type(value), ModelKind):
                for name, parameter in value.named_parameters():
                    if parameter is self.target or (self.target is None and parameter.requires):
                        anything = True
                        here.of = f"{text}.{name}" if self.target is not None else text
                        if self.target is not None or any(each.cuts for each in (*way, here)):
                            self.arrived([*way, here])
                            return True
                        tracked.append(text)
                        break
                else:
                    if self.target is None and any(value.named_parameters()):
                        anything = self.off(text, f"no parameter of `{text}` has the flag", here, way) or anything
            elif value is MISSING or isinstance(value, (int, float, list, tuple, dict)) or _is_array(value):
                anything = self.through(read, value, here, way, node, context) or anything
        if tracked and not others and self.target is None and not self.findings and out is not None:
            of = ", ".join(f"`{n}`" for n in tracked[:MANY])
            finding = Finding("cut", [*way, link], f"made of {of}, by operations that have no gradient")
            if not repairs.without_graph(self.around, finding, link):
                finding.labels.append(
                    (link.span, f"{_shown(link.name)} is made here of {of}, by operations that have no gradient")
                )
            self.findings.append(finding)
        return anything

    def enter(self, read: Read, value: Any, link: Link, way: list[Link], context: Context) -> bool:
        """Go into a function or a model of the program's that is called, and on from what it gives."""
        call = read.call
        found = self.around.callee(value)
        key = (id(call), "entered")
        if call is None or found is None or key in self.seen or len(way) > FAR:
            return False
        self.seen.add(key)
        page, callee = found
        inner = Context(page, None)
        inner.callee = callee.node
        inner.instance = value if isinstance(type(value), ModelKind) else None
        self.give(call, callee, inner, context)
        here = Link(link.page, link.node, link.step, link.name, link.page.text(call), read.cuts)
        found_any = False
        for result, step in page.results(callee):
            inside = Link(page, result, step, link.name, "")
            found_any = self.follow(result, inside, [*way, here], inner, None) or found_any
        return found_any

    @staticmethod
    def give(call: nodes.Call, callee: Callee, inner: Context, outer: Context) -> None:
        """The parameters of a function and what a call gives for them."""
        places = [argument for argument in call.arguments if argument.name is None]
        for parameter, argument in zip(callee.parameters, places, strict=False):
            inner.arguments[parameter] = (argument.value, outer)
        for argument in call.arguments:
            if argument.name is not None:
                inner.arguments[argument.name] = (argument.value, outer)

    def towards(
        self, value: Tensor, read: Read, here: Link, way: list[Link], text: str, node: nodes.Expr, context: Context
    ) -> None:
        """One step of the search for a target."""
        if value is self.target:
            self.arrived([*way, here])
        else:
            self.visit(value, text, [*way, here], (node, context))

    def arrived(self, way: list[Link]) -> None:
        """At the target; the cut nearest to it counts."""
        at = next((i for i in range(len(way) - 1, -1, -1) if way[i].cuts), None)
        if at is None:
            self.findings.append(Finding("found", way, ""))
            return
        link = way[at]
        self.cut(link.cuts, link, way[:at], link.of, way)

    def through(
        self, read: Read, value: object, here: Link, way: list[Link], node: nodes.Expr, context: Context
    ) -> bool:
        """A plain value, or a variable of a function that has returned: what it was made of is in the text."""
        name = read.name.name
        given = context.arguments.get(name)
        if given is not None:
            key: object = (id(given[0]), name)
            if key in self.seen:
                return False
            self.seen.add(key)
            outer = given[1].page
            link = Link(outer, given[0], outer.step(given[0]), name, "")
            return self.follow(given[0], link, [*way, here], given[1], None)
        within = context.callee if value is MISSING else None
        bound = self.around.binding(name, context.page, node.start, within)
        if bound is None:
            return False
        step, page = bound
        key = (id(step.statement), name)
        if key in self.seen or step.value is None:
            return False
        self.seen.add(key)
        inner = Context(page, context.code if within is not None else None)
        if within is not None:
            inner = context
        link = Link(page, step.value, step, name, "")
        if step.mode("no_grad", "inference_mode") is not None and self.unrecorded(None, link, [*way, here], inner):
            return True
        return self.follow(step.value, link, [*way, here], inner, None)

    def reached(self, read: Read, context: Context) -> tuple[Any, str]:
        """What a variable with a path is, as far as that can be followed without running anything, and its text."""
        value = self.value(read.name, context)
        text = read.name.name
        page = context.page
        while text in context.arguments and isinstance(context.arguments[text][0], nodes.Name):
            given, context = context.arguments[text]
            text = given.name  # type: ignore[attr-defined]  # said by the loop
        for part in read.path:
            inner = _inner(value, part)
            if inner is MISSING:
                break
            value = inner
            text = page.text(part)
        return value, text

    def value(self, node: nodes.Expr, context: Context) -> Any:
        """The value of a name in a context; MISSING for anything else."""
        if isinstance(node, (nodes.Attribute, nodes.Index)):
            return _inner(self.value(node.value, context), node)
        if not isinstance(node, nodes.Name):
            return MISSING
        if node.name in context.arguments:
            given, outer = context.arguments[node.name]
            return self.value(given, outer)
        if context.instance is not None:
            held = context.instance.get(node.name, MISSING)
            if held is not MISSING:
                return held
        if context.callee is not None and context.page.binding(node.name, node.start, context.callee) is not None:
            return MISSING  # a variable of a function that has returned
        return self.around.bound(node.name, context.code)

    # --- causes ---------------------------------------------------------------------------------------------------

    def cut(
        self, cuts: tuple[Cut, ...], link: Link, way: list[Link], text: str, whole: list[Link] | None = None
    ) -> None:
        """The way is cut inside of this expression, between it and `text`, which it reads."""
        inner = cuts[-1]
        link = Link(link.page, link.node, link.step, link.name, text, cuts)
        finding = Finding("cut", whole or [*way, link], str(inner))
        statement = link.step.statement if link.step is not None else None
        target = statement.target if isinstance(statement, nodes.Assign) else None
        value = getattr(statement, "value", None)
        plain = inner.kind == HISTORY and len(cuts) == 1 and value is inner.node and link.page.text(inner.base) == text
        if isinstance(target, nodes.Name) and plain and not isinstance(inner.base, nodes.ListExpr):
            words = f"cut here: `{target.name}` has the values of `{text}`, not its history"
            finding.labels.append((link.page.span(inner.node), words))
            finding.labels += [(each.span, f"made of `{each.of}`") for each in reversed(way[-2:])]
            finding.help = repairs.instead(self.around, link, way, target.name, text)
        else:
            if inner.kind == INTEGERS and inner.node is not link.node:
                words = f"{_shown(link.name)} is made here of `{text}`, by operations that have no gradient"
                finding.labels.append((link.span, words))
            finding.labels.append((link.page.span(inner.node), str(inner)))
        if inner.kind == GRADIENT:
            repairs.of_a_gradient(self.around, finding, link, text)
        finding.help = (
            finding.help
            or repairs.without(self.around, [link, *reversed(way)])
            or repairs.smooth_loss(self.around, link, way)
        )
        self.findings.append(finding)

    def rebound(self, t: Tensor, link: Link, way: list[Link], context: Context) -> bool:
        """`w = w - lr * w.grad` inside of `no_grad`: the name of a leaf is that of a new tensor."""
        step = link.step
        statement = step.statement if step is not None else None
        if step is None or not isinstance(statement, nodes.Assign) or not isinstance(statement.target, nodes.Name):
            return False
        name = statement.target.name
        update = repairs.in_place(link.page, step, name)
        if update is None or not any(
            r.name.name == name and r.cuts and r.cuts[-1].kind == GRADIENT for r in reads(statement.value)
        ):
            return False
        finding = Finding("rebound", [*way, link], "")
        first = self.first_leaf(name, link)
        of = f"the leaf of line {first}" if first else "the leaf that it was"
        finding.words = f"`{name}` is a new tensor since here, not {of}"
        finding.labels.append((link.span, finding.words))
        finding.help = f"{repairs.lead(self.around, 'keep the leaf, and change it in place', link)}`{update}`"
        self.findings.append(finding)
        return True

    def first_leaf(self, name: str, link: Link) -> int:
        """The line on which a creator with the flag was bound to the name; 0 when there is none."""
        for step in link.page.steps:
            value = step.value
            if name in step.statement.binds() and value is not None and step.statement.start < link.node.start:
                calls = [n for n in walk(value) if isinstance(n, nodes.Call)]
                if any(rewrite.grad_flag(a) for call in calls for a in call.arguments) or any(
                    isinstance(c.function, nodes.Attribute) and c.function.name == "requires_grad_" for c in calls
                ):
                    return link.page.line(step.statement)
        return 0

    def integer(self, t: Tensor, link: Link, way: list[Link], context: Context) -> bool:
        shown = _shown(link.name)
        read = next((r for r in reads(link.node) if r.cuts), None)
        value = self.reached(read, context)[0] if read is not None else None
        if isinstance(type(value), ModelKind) or value is MISSING:
            return False
        if isinstance(value, Tensor) and (value.requires or value is t or value.data.dtype.kind == "f"):
            return False  # of something that has a history, where the cut is told, or the cause is further back
        finding = Finding(
            "integer", [*way, link], f"{shown} is of dtype {t.dtype!r}: only floating values have gradients"
        )
        finding.labels.append((link.span, finding.words))
        finding.help = repairs.floating(link)
        self.findings.append(finding)
        return True

    def unrecorded(self, t: Tensor | None, link: Link, way: list[Link], context: Context) -> bool:
        """Made while recording was off, of something that has a history."""
        values = [self.reached(read, context)[0] for read in reads(link.node)]
        tensors = [v for v in values if isinstance(v, Tensor) and v is not t]
        wanted = self.target if self.target is not None else None
        if tensors and not any(v.requires for v in tensors) and wanted is None:
            return False
        if wanted is not None and not any(v is wanted for v in tensors):
            return False
        shown = _shown(link.name)
        block = link.step.mode("no_grad", "inference_mode") if link.step is not None else None
        of = next((self.reached(read, context)[1] for read in reads(link.node)), "")
        way = [*way, Link(link.page, link.node, link.step, link.name, of)]
        if block is None:
            finding = Finding("cut", way, f"{shown} is made here while recording is switched off")
            finding.labels.append((link.span, finding.words))
            finding.help = repairs.switched_off(self.around, finding, link)
        else:
            head = link.page.mode(block.statement)
            inside = f"`{head.text}`"
            finding = Finding("cut", way, f"{shown} is made inside of {inside}: nothing is recorded")
            finding.labels.append((link.span, f"{shown} is made here, inside of {inside}: nothing is recorded"))
            finding.labels.append((head, "recording is off from here"))
            finding.help = repairs.outside(self.around, link, block, shown)
        self.findings.append(finding)
        return True

    def off(self, name: str, words: str, link: Link, way: list[Link]) -> bool:
        """The flag of a leaf, or of all parameters of a model, was taken back; whether it is seen where."""
        step = repairs.switched_off_flag(link.page, name.split(".")[0])
        if step is None:
            return False
        where = self.around.place(link.page.span(step.statement))
        finding = Finding("cut", [*way, link], f"its flag was taken back ({where})")
        finding.labels.append((link.span, words))
        finding.labels.append((link.page.span(step.statement), f"the flag of `{name}` is taken back here"))
        finding.help = repairs.flag_back(self.around, link.page, step)
        self.findings.append(finding)
        return True

    def leaf(self, link: Link, way: list[Link]) -> None:
        """Made of nothing that could have a history."""
        name = link.name
        shown = _shown(name)
        made = isinstance(link.node, nodes.Call) and creates(link.node.function)
        asked = isinstance(link.node, nodes.Call) and any(map(rewrite.grad_flag, link.node.arguments))
        if name and asked and self.off(name, f"`{name}` is made here, with the flag", link, way):
            return
        words = "without `grad`" if made else "of nothing that requires grad"
        help = repairs.flagged(link, way)
        finding = Finding("leaf", [*way, link], f"{shown} is made here, {words}", help)
        finding.labels.append((link.span, finding.words))
        self.findings.append(finding)


def _shown(name: str) -> str:
    return f"`{name}`" if name else "this"


def _is_array(value: object) -> bool:
    return type(value).__module__ == "numpy"


def _inner(value: Any, part: nodes.Expr) -> Any:
    """What an attribute of a model or an element of a list is; MISSING where that is not plain to see."""
    if isinstance(part, nodes.Attribute):
        return value.get(part.name, MISSING) if isinstance(type(value), ModelKind) else MISSING
    if (
        not isinstance(part, nodes.Index)
        or len(part.items) != 1
        or not isinstance(part.items[0], (nodes.Number, nodes.String))
    ):
        return MISSING
    key = part.items[0].value
    if isinstance(type(value), ModelKind):
        return value.get(str(key), MISSING)
    if isinstance(value, (list, tuple)) and isinstance(key, int) and key < len(value):
        return value[key]
    return value.get(key, MISSING) if isinstance(value, dict) else MISSING


class Found:
    """Labels that tell the causes, the help, and the findings, those that tell most first."""

    __slots__ = ("findings", "help", "labels")

    def __init__(self, labels: list[tuple[Span | None, str]], help: str | None, findings: list[Finding]) -> None:
        self.labels = labels
        self.help = help
        self.findings = findings


def search(around: Surroundings, t: Tensor, name: str | None, at: Span | None = None) -> Found:
    """Why `t` has no history. Cuts tell most; then inputs without the flag; then integers.

    `at` is the expression that gave it, where it has no name.
    """
    way = Search(around)
    whole = around.page(at.source).expression(at) if at is not None else None
    via = (whole, Context(around.page(at.source), around.code())) if whole is not None and at is not None else None
    way.visit(t, name or "", [], via)
    by_kind = {kind: [f for f in way.findings if f.kind == kind] for kind in ("rebound", "cut", "leaf", "integer")}
    causes = next((found for found in by_kind.values() if found), [])[:MANY]
    labels = [label for finding in causes for label in finding.labels]
    helps = [finding.help for finding in causes if finding.help]
    help = helps[0] if helps else None
    if len(helps) > 1 and causes[0].kind in ("leaf", "integer"):
        likely = [h for h in helps if not DATA.search(h)]
        help = f"give the flag to what you want gradients for, such as {(likely or helps)[0]}"
    return Found(labels, help, causes)
