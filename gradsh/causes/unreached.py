"""Why a leaf has no gradient though a backward has run: cut off, changed, cleared, not used."""

from __future__ import annotations

from typing import Any

from gradsh.causes import changing, rewrite
from gradsh.causes.anew import recomputed
from gradsh.causes.cause import Cause, Root, numeral
from gradsh.causes.parameters import unused_parameter
from gradsh.causes.rewrite import differentiated
from gradsh.causes.surroundings import Context, Surroundings
from gradsh.causes.text import Page, Step, joined
from gradsh.causes.untracked import Search
from gradsh.causes.ways import Finding, Link
from gradsh.engine.core.graph import expected_version
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.registry import OPERATORS
from gradsh.errors import Refused, Span
from gradsh.language import nodes
from gradsh.looking.kept import RESULT, by_name
from gradsh.looking.places import bound_to
from gradsh.runtime import watching
from gradsh.runtime.passes import leaves_behind
from gradsh.runtime.results import Result


def not_reached(around: Surroundings, t: Tensor, name: str, root: Root) -> Cause | None:
    """A backward has run, and no gradient came to this leaf."""
    at = around.place(root.page.span(root.step.statement))
    if root.tensor is None:
        out = differentiated(root.step.statement)
        assert out is not None
        link = Link(root.page, out, root.step, "", "")
        search = Search(around, t)
        search.follow(out, link, [], Context(root.page, around.passed[0] if around.passed else None), None)
    else:
        search = Search(around, t)
        search.visit(root.tensor, root.text, [])
    if any(leaf is t for leaf in reached_leaves(root.parts)):
        came = around.passes is not None and around.passes.known(t) is not None
        if not came and differentiated(root.step.statement) is None:  # it is asked about, and was not differentiated
            return Cause("not run", f"no backward from {root.text} has run.", f"`backward {root.text}`")
        failed = did_not_run(around, root, at)
        if failed is not None:
            return failed
        return own_operator(around, t, name, root) or cleared(around, t, name, at, root)
    cut = next((f for f in search.findings if f.kind == "cut"), None)
    if cut is not None:
        flagged = flag_of_its_own(around, root, cut)
        if flagged is not None:
            return flagged
        cause = Cause("cut", f"no gradient can come from {root.text} ({at}) to {name}{_made(around, t)}.", cut.help)
        cause.labels, cause.way = cut.labels, cut.way
        return cause
    return unused_parameter(around, t, name) or unused(around, t, name, root)


def flag_of_its_own(around: Surroundings, root: Root, cut: Finding) -> Cause | None:
    """What was cut off was given the flag: a leaf of its own, at which backward ends."""
    named = [(root.text, root.tensor)] + [(link.of, around.lookup(link.of)) for link in cut.way]
    for name, t in named:
        if not isinstance(t, Tensor) or t.node is not None or not t.requires:
            continue
        span = around.located(t.made_at)
        page = around.page(span.source) if span is not None else root.page
        step = flag_set(page, name)
        if step is None:
            continue
        line, flag = page.line(step.statement), page.text(step.statement)
        word = cut.way[-1].cuts[-1].word if cut.way and cut.way[-1].cuts else "detach"
        at = next((around.place(link.span) for link in cut.way if link.cuts), "")
        if t is root.tensor:
            cause = Cause(
                "flag", f"{name} is a leaf of its own since line {line} ({flag}); {word} on {at} had cut it off."
            )
        else:
            made = f" ({around.place(span)})" if span is not None else ""
            end = f"backward from {root.text} ends there"
            cause = Cause("flag", f"{name}{made} is a leaf of its own since line {line}; {end}.")
            if t.gradient is not None:
                cause.notes.append(f"{name}.grad is {numeral(Result(t.gradient.data))}.")
        cause.labels = [*cut.labels, (page.span(step.statement), f"`{name}` is a leaf of its own since here")]
        cause.way, cause.help = cut.way, cut.help
        if not cause.help.endswith("`") or around.was_typed(page.source):
            return cause
        cause.help += f", and without line {line}"
        return cause
    return None


def flag_set(page: Page, name: str) -> Step | None:
    """`loss.requires_grad_()`, `loss.requires_grad = true`."""
    for step in page.steps:
        statement, value = step.statement, step.value
        function = value.function if isinstance(value, nodes.Call) else None
        setter = isinstance(function, nodes.Attribute) and function.name == "requires_grad_"
        if setter and page.text(function.value) == name:  # type: ignore[union-attr]  # it is an attribute
            return step
        target = statement.target if isinstance(statement, nodes.Assign) else None
        if isinstance(target, nodes.Attribute) and target.name == "requires_grad" and page.text(target.value) == name:
            return step
    return None


def did_not_run(around: Surroundings, root: Root, at: str) -> Cause | None:
    """The backward failed: before it began, or at what was changed in place since it was kept."""
    for node in nodes_behind([part.edge for part in root.parts]):
        for index, storage, kept in saved_by(node):
            expected = expected_version(node, index)
            if storage is None or storage.version == expected:
                continue
            made, changed = around.located((node.code, node.lasti)), around.located(storage.writer)
            said = (around.name_of(kept) if kept is not None else made and bound_to(made)) or "what it kept"
            if made is not None:
                said += f", kept by `{joined(made.text)}` ({around.place(made)}, version {expected})"
            where = f" on {around.place(changed)}" if changed is not None else ""
            words = f"the backward of {at} failed. {said}, was changed{where} (version {storage.version})."
            cause = Cause("changed", words)
            cause.labels = [
                (made, f"saved here at version {expected}"),
                (changed, f"changed here (version {storage.version})"),
            ]
            cause.help = changing.mended(around, changed, *_failed(around, root, changed))
            return cause
    if around.passes is not None and (around.passes.last is None or around.passes.last.where != around.passed):
        return Cause("not run", f"the backward of {at} failed before it began.")
    return None


def _failed(around: Surroundings, root: Root, changed: Span | None) -> tuple[Span, str, list[str]]:
    """Where a backward failed, its statement, and at a prompt what makes its root anew."""
    statement = root.step.statement
    failed, out = root.page.span(statement), differentiated(statement)
    typed = changed is not None and around.was_typed(changed.source)
    again = recomputed(around, root.page, failed.start, out) if typed and out is not None else []
    return failed, root.page.text(statement) if not statement.blocks() else "", again


def nodes_behind(edges: list[Any]) -> list[Any]:
    """The nodes of a graph, each once."""
    seen: dict[int, Any] = {}
    stack = list(edges)
    while stack:
        edge = stack.pop()
        node = getattr(edge, "node", edge) if not isinstance(edge, Tensor) else None
        if node is not None and id(node) not in seen:
            seen[id(node)] = node
            stack += node.next if node.next.__class__ is tuple else (node.next,)
    return list(seen.values())


def saved_by(node: Any) -> list[tuple[Any, Any, Tensor | None]]:
    """What a node keeps: (the index under which its version is noted, its storage, the tensor; None for its result)."""
    saved = node.saved if isinstance(node.saved, (list, tuple)) else [node.saved]
    found: list[tuple[Any, Any, Tensor | None]] = [
        (index, each.storage, each) for index, each in enumerate(saved) if isinstance(each, Tensor)
    ]
    storage = node.extra.storage if node.extra is not None else None
    if storage is not None and RESULT in by_name(OPERATORS.get(node.kind.operator), node.kind, node.saved):
        found.append((-1, storage, None))
    return found


def cleared(around: Surroundings, t: Tensor, name: str, at: str, root: Root) -> Cause:
    """A gradient was there."""
    step = clearing(around, root, name)
    if step is not None:
        text, line = root.page.text(step.statement), root.page.line(step.statement)
        cause = Cause("cleared", f"`{text}` on line {line} cleared it after the backward of {at}.")
        cause.labels.append((root.page.span(step.statement), "cleared here"))
        if root.page.source is around.source and step.loop() is None:
            cause.help = f"move `{text}` before line {root.page.line(root.step.statement)}"
        return cause
    if around.passes is not None and around.passes.known(t) is not None:
        return Cause("cleared", f"it was cleared after the backward of {at}.")
    return Cause("cleared", f"it was cleared after the backward of {at}, or {name} was made after it.")


def clearing(around: Surroundings, root: Root, name: str) -> Step | None:
    """The first statement behind the backward that clears: `zero_grad w`, `opt.zero_grad()`, `w.grad = none`."""
    for step in root.page.steps:
        statement, value = step.statement, step.value
        if statement.start <= root.step.statement.start or statement.blocks():
            continue
        called = value.function if isinstance(value, nodes.Call) else None
        word = called.name if isinstance(called, (nodes.Name, nodes.Attribute)) else ""
        if isinstance(statement, nodes.Command):
            word = statement.name
        if word == "zero_grad" or (
            isinstance(statement, nodes.Assign)
            and root.page.text(statement.target) == f"{name}.grad"
            and isinstance(statement.value, nodes.Constant)
        ):
            return step
    return None


def own_operator(around: Surroundings, t: Tensor, name: str, root: Root) -> Cause | None:
    """An op of the program whose backward gives none for what leads to the leaf."""
    for node in nodes_behind([part.edge for part in root.parts]):
        edges = node.next if node.next.__class__ is tuple else (node.next,)
        step = watching.STEPS.get(node)
        for number, (following, out) in enumerate(zip(edges, step[1], strict=False) if step is not None else ()):
            if out is not None or following is None or not leads_to(following, t):
                continue
            page, callee = around.operator(getattr(node.kind, "custom", None))
            word = node.kind.name.removesuffix("Backward")
            if page is None or callee is None:
                return Cause("own operator", f"{word} gives none for input {number}.")
            parameter = callee.parameters[number].name if number < len(callee.parameters) else str(number)
            line = page.source.position(callee.backward_start)[0]
            cause = Cause("own operator", f"{word}'s backward (line {line}) returns none for {parameter}.")
            head = Span(page.source, callee.backward_start, callee.backward_start + len("backward"))
            cause.labels.append((head, f"returns none for `{parameter}`"))
            cause.help = missing_formula(around, page, callee, parameter)
            return cause
    return None


def missing_formula(around: Surroundings, page: Page, op: nodes.Op, parameter: str) -> str:
    """The line of an op's backward with the derivative in the place of `none`; "" where that is not known."""
    from gradsh.lints.registry import warnings
    from gradsh.runtime.builtins import BUILTINS

    try:
        found = [warning for warning in warnings(page.source, BUILTINS) if warning.code == "W0512"]
    except Refused:  # what it uses is in other files
        return ""
    for warning in found:
        span, formula = warning.span, (warning.help or "").strip("`")
        step = page.step(span) if span is not None and op.start <= span.start < op.end else None
        if span is None or step is None or not formula or warning.words != f"for `{parameter}`":
            continue
        new = rewrite.edited(page, step.statement, [(span.start, span.end, formula)])
        return f"{around.lead('', page.span(step.statement))}`{new}`"
    return ""


def leads_to(edge: Any, t: Tensor) -> bool:
    """Does a way lead from this edge to the leaf?"""
    return any(leaf is t for leaf in leaves_behind([edge]))


def _made(around: Surroundings, t: Tensor) -> str:
    span = around.located(t.made_at)
    return f" ({around.place(span)})" if span is not None else ""


def unused(around: Surroundings, t: Tensor, name: str, root: Root) -> Cause:
    """The root is made of other things."""
    span = around.located(root.tensor.made_at) if root.tensor is not None else None
    span = span or root.page.span(root.step.statement)
    of = leaves_of(around, root.parts)
    made = f"is made of {_listed(of)}, not of {name}" if of else f"is not made of {name}"
    cause = Cause("unused", f"{root.text} ({around.place(span)}) {made}.")
    listed = _listed([f"`{leaf}`" for leaf in of]) if of else ""
    quoted = f"is made of {listed}, not of `{name}`" if of else f"is not made of `{name}`"
    cause.labels.append((span, f"`{root.text}` {quoted}"))
    cause.labels.append((around.located(t.made_at), f"`{name}` is made here"))
    other = loss_of(around, t)
    if other:
        cause.notes.append(f"{name} went into {other.removesuffix('.sum()')}, which {root.text} does not use.")
        cause.help = f"`backward {other}`"
    return cause


def reached_leaves(tensors: list[Tensor]) -> list[Tensor]:
    """The leaves that the graphs of these tensors end in."""
    return leaves_behind([t.edge for t in tensors])


def leaves_of(around: Surroundings, tensors: list[Tensor]) -> list[str]:
    """Their names, at most four."""
    names = [around.name_of(leaf) for leaf in reached_leaves(tensors)[:100]]
    return sorted({name for name in names if name is not None})[:4]


def loss_of(around: Surroundings, t: Tensor) -> str:
    """What is bound to a number, or can be summed to one, that was made of this leaf; "" for nothing."""
    spaces = [*(local for _, local in around.frames), around.globals]
    for space in spaces:
        for key, value in reversed(list(space.items())):
            made = key[0] == "." and isinstance(value, Tensor) and value.node is not None
            if made and any(leaf is t for leaf in reached_leaves([value])):
                return key[1:] if value.data.size == 1 else f"{key[1:]}.sum()"
    return ""


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
