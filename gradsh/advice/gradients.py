"""Advice on errors of autograd: where the way is cut, what was freed or changed, which flag is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gradsh.advice import numbers
from gradsh.advice.scene import Scene
from gradsh.causes import anew, changing, gradient, rewrite, unreached, untracked
from gradsh.causes.flows import creates, reads
from gradsh.causes.text import LONG, Step, bare, joined, operand, read, with_argument
from gradsh.causes.untracked import Search
from gradsh.causes.ways import Finding
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import FreedGraph, Label, VersionMismatch
from gradsh.language import nodes
from gradsh.language.nodes import walk


def no_graph(scene: Scene) -> None:
    """E0401: which input lacks the flag, or where the way to it is cut."""
    out = scene.error.subject
    if not isinstance(out, Tensor):
        return
    name = scene.point_at_output(out)
    if second_derivative(scene, out):
        return
    found = untracked.search(scene, out, name, scene.error.labels[0].span if name is None else None)
    scene.add_all(found.labels)
    scene.offer(again(scene, found.help, found.findings))


def again(scene: Scene, help: str | None, findings: list[Finding]) -> str | None:
    """At a prompt earlier lines do not run again: which ones to give anew after the help."""
    if not help or not findings or "`" not in help:
        return help
    links = findings[0].way
    if not links or not any(scene.was_typed(link.page.source) for link in links):
        return help
    if scene.was_typed(links[-1].page.source) and help.startswith("use `"):
        links = links[:-1]
    statements: list[str] = []
    for link in reversed(links[:-1]):
        text = link.statement
        known = link.cuts or text in statements or f"`{text}`" in help  # what was cut there stands in the help
        if scene.was_typed(link.page.source) and not known:
            statements.append(text)
    own = scene.statement()
    if own is not None:
        statements.append(own)
    listed = [f"`{text}`" for text in statements if len(text) <= 2 * LONG]
    if not listed or len(listed) < len(statements):
        return f"{help}, then again what was made of it"
    return (
        f"{help}, then again {listed[0]}"
        if len(listed) == 1
        else f"{help}, then again {', '.join(listed[:-1])} and {listed[-1]}"
    )


def second_derivative(scene: Scene, out: Tensor) -> bool:
    """Of a gradient that was computed without a graph of its own: `create_graph` where that was."""
    span = scene.located(out.made_at)
    if span is None:
        return False
    page = scene.page(span.source)
    step = page.step(span)
    if step is None:
        return False
    node = scene.output_node(out)
    call = page.expression(span)
    if isinstance(call, nodes.Call) and isinstance(call.function, nodes.Name) and call.function.name == "grad":
        name = scene.name_of(out)
        scene.add(span, f"{f'`{name}` is ' if name else ''}computed here, without a graph of its own")
        edit = (call.start, call.end, rewrite.with_flag(page, call, "create_graph"))
        scene.offer(f"{scene.lead('', span)}`{rewrite.edited(page, step.statement, [edit])}`")
        return True
    if not isinstance(node, nodes.Attribute) or node.name != "grad":
        return False
    leaf = scene.text_of(node.value)
    scene.add(span, f"`{leaf}.grad` is computed here, without a graph of its own")
    g = scene.unbound("g")
    first = rewrite.with_create_graph(page, step.statement, leaf, g)
    then = joined(scene.text[: node.start] + g + scene.text[node.end :])
    root = rewrite.differentiated(step.statement)
    if first and root is not None and scene.was_typed(page.source):  # the backward has freed what it ran through
        before = anew.recomputed(scene, page, step.statement.start, root)
        scene.offer("".join(f"`{line}`, then " for line in (*before, first)) + f"`{then}`")
    elif first:
        scene.offer(f"{scene.lead('', page.span(step.statement))}`{first}`, then `{then}`")
    return True


def non_scalar(scene: Scene) -> None:
    """E0403: the shape, and the two ways to a number."""
    out = scene.error.subject
    if not isinstance(out, Tensor):
        return
    scene.point_at_output(out, f"shape {list(out.shape)}")
    text = scene.output_text(out)
    tree = scene.tree
    if (
        isinstance(tree, nodes.Call)
        and isinstance(tree.function, nodes.Name | nodes.Attribute)
        and tree.function.name == "grad"
    ):
        node = scene.output_node(out)
        if node is None or isinstance(node, (nodes.ListExpr, nodes.TupleExpr)):
            return
        rest = scene.text[node.end :]
        whole = scene.text[: node.start]
        one = joined(f"{whole}{text}.sum(){rest}")
        given = with_argument(scene.text, f"grad_outputs=ones_like({bare(text)})")
        offers = f"make one number of it, `{one}`" + (
            f", or give the gradient that comes in, `{given}`" if given else ""
        )
        matrix = whole_matrix(scene, out, tree)
        scene.offer(offers + (f"; all of the matrix: `{matrix}`" if matrix else ""))
        return
    scene.offer(
        f"make one number of it, `backward {text}.sum()`, or give the gradient that comes in, "
        f"`backward {text}, ones_like({bare(text)})`"
    )


def whole_matrix(scene: Scene, out: Tensor, call: nodes.Call) -> str | None:
    """`jacobian(fn(x) = x ** 2, x)` for `grad(y, x)` of `let y = x ** 2`."""
    wanted = call.arguments[1].value if len(call.arguments) > 1 else None
    span = scene.located(out.made_at)
    if not isinstance(wanted, nodes.Name) or span is None or len(span.text) > LONG or "\n" in span.text:
        return None
    names = {r.name.name for r in reads(scene.page(span.source).expression(span) or wanted)}
    if wanted.name not in names:
        return None
    return f"jacobian(fn({wanted.name}) = {joined(span.text)}, {wanted.name})"


def gradient_mismatch(scene: Scene) -> None:
    """E0404: both shapes."""
    pair = scene.error.subject
    if not isinstance(pair, tuple):
        operators_gradient(scene)
        return
    out, given_gradient = pair
    given = scene.gradient_node()
    if given is None:
        return
    scene.point_at(given, f"shape {list(given_gradient.shape)}")
    node = scene.output_node(out)
    if node is not None:
        scene.add(scene.span_of(node), f"shape {list(out.shape)}")
    text = scene.output_text(out)
    scene.offer(f"`backward {text}, ones_like({bare(text)})`")


def operators_gradient(scene: Scene) -> None:
    """A gradient of the wrong shape in an op's backward: the sum that should not be there."""
    if "returned an invalid gradient at index" not in scene.error.message or scene.primary is None:
        return
    page = scene.page(scene.primary.source)
    step = page.step(scene.primary)
    value = step.value if step is not None else None
    if step is None or value is None:
        return
    calls = [node for node in walk(value) if isinstance(node, nodes.Call) and not node.arguments]
    edits = [
        (call.function.value.end, call.end, "")
        for call in calls
        if isinstance(call.function, nodes.Attribute) and call.function.name in ("sum", "mean")
    ]
    if len(edits) == 1:
        scene.offer(f"without the sum it has the input's shape: `{rewrite.edited(page, step.statement, edits)}`")


def freed(scene: Scene) -> None:
    """E0402: recompute, or keep the graph in the first backward."""
    span = scene.located(scene.error.freed) if isinstance(scene.error, FreedGraph) else None
    if span is not None and scene.primary is not None and span == scene.primary:
        scene.error.labels[0].text = "freed here too, when this ran before"
        scene.offer("compute the result again in every round, before its `backward`")
        in_every_round(scene)
        return
    if span is not None and scene.was_typed(span.source):
        statements = recomputed(scene)
        own = scene.statement()
        if statements and own is not None:
            listed = ", ".join(f"`{text}`" for text in statements)
            scene.offer(f"compute it again, {listed}, then `{own}`")
            return
    runs = rewrite.differentiated(read(span.text) or nodes.Pass(0, 0)) if span is not None else None
    first = with_argument(span.text, "retain_graph") if span is not None and runs is not None else None
    if span is not None and runs is None:
        scene.error.help = "compute it again first"
    if first and span is not None:
        lead = scene.lead("compute the result again before the second backward, or let the first keep it", span)
        scene.offer(f"{lead}`{first}`")


def recomputed(scene: Scene) -> list[str]:
    """The statements that made what is differentiated of the leaves, in their order."""
    out = scene.output_node()
    if out is None or scene.primary is None:
        return []
    return anew.recomputed(scene, scene.page(scene.primary.source), scene.primary.start, out)


def in_every_round(scene: Scene) -> None:
    """A loop whose backward runs again through what was computed before it: the lines that belong inside."""
    assert scene.primary is not None
    page = scene.page(scene.primary.source)
    step = page.step(scene.primary)
    loop = step.loop() if step is not None else None
    root = rewrite.differentiated(step.statement) if step is not None else None
    if step is None or loop is None or root is None:
        return
    head = loop.statement
    outside: dict[int, Step] = {}
    stack = [(r.name.name, step.statement.start) for r in reads(root)]
    seen: set[str] = set()
    carried = None
    while stack:
        name, before = stack.pop()
        bound = page.binding(name, before)
        value = scene.lookup(name)
        if bound is None or name in seen or (isinstance(value, Tensor) and value.node is None):
            continue
        seen.add(name)
        statement = bound.statement
        if bound.value is None:
            continue
        if statement.start < head.start:
            last = page.binding(name, head.end)
            if last is not None and last.statement.start > head.start:
                carried = carried or name  # bound before the loop and in it: a state
            elif isinstance(value, Tensor):
                outside[statement.start] = bound
        elif any(r.name.name == name for r in reads(bound.value)) or isinstance(statement, nodes.AugAssign):
            carried = carried or name
        stack += [(r.name.name, statement.start) for r in reads(bound.value)]
    first = head.blocks()[0][0] if head.blocks() and head.blocks()[0] else step.statement
    if carried is not None and not outside:
        scene.offer(
            f"`{carried} = {carried}.detach()` before line {page.line(first)}: each round begins a graph of its own"
        )
    elif outside:
        moved = [outside[start] for start in sorted(outside)]
        for each in moved:
            bound_names = each.statement.binds()
            words = f"`{bound_names[0]}` is computed here, once, before the loop" if bound_names else "computed once"
            scene.add(page.span(each.value or each.statement), words)
        texts = [page.text(each.statement) for each in moved]
        lines = ", ".join(str(page.line(each.statement)) for each in moved)
        belongs = f"line {lines} belongs" if len(moved) == 1 else f"lines {lines} belong"
        if sum(map(len, texts)) <= 3 * LONG:
            scene.offer(f"{belongs} inside of the loop: `{'; '.join(texts)}` before line {page.line(first)}")


def version_mismatch(scene: Scene) -> None:
    """E0405: what was changed, and the same change as a new value."""
    written = scene.located(scene.error.written) if isinstance(scene.error, VersionMismatch) else None
    own = scene.statement() or ""
    again = recomputed(scene) if written is not None and scene.was_typed(written.source) else []
    scene.offer(changing.mended(scene, written, scene.primary, own, again))


def leaf_in_place(scene: Scene) -> None:
    """E0406: the very write, inside of no_grad."""
    text = scene.statement() or scene.statement_text()
    if text and "\n" not in text:
        view = scene.error.message.startswith("a view")
        scene.offer(f"`no_grad {{ {text} }}`" + (", or write to a copy, `.clone()`" if view else ""))


def unused_input(scene: Scene) -> None:
    """E0407: the name of the input, where it was made, and how to get none instead."""
    t = scene.error.subject
    if not isinstance(t, Tensor):
        return
    name = scene.name_of(t)
    shown = f"`{name}`" if name else "this"
    node = scene.input_node(t)
    if node is not None:
        scene.point_at(node, f"{shown} did not go into the result" if name else "did not go into the result")
    else:
        scene.error.labels[0].text = f"{shown} did not go into the result" if name else ""
    out = scene.output_node()
    value = scene.value_of(out) if out is not None else None
    help = ""
    if isinstance(value, Tensor) and isinstance(out, nodes.Name):
        search = Search(scene, t)
        search.visit(value, out.name, [])
        cut = next((f for f in search.findings if f.kind == "cut"), None)
        if cut is not None:
            scene.add_all(cut.labels)
            help = again(scene, cut.help, [cut]) or ""
        else:
            of = unreached.leaves_of(scene, [value])
            if of:
                listed = ", ".join(f"`{leaf}`" for leaf in of)
                scene.add(scene.located(value.made_at), f"`{out.name}` is made of {listed}")
    made = scene.located(t.made_at)
    if made is not None:
        scene.add(made, f"{shown} is made here")
    call = with_argument(scene.text, "allow_unused")
    if help:
        scene.offer(help + (f"; `{call}` gives `none` for it" if call else ""))
    elif call:
        scene.offer(f"`{call}` gives `none` for it")


def leaf_flag(scene: Scene) -> None:
    """E0408: the integer itself, and the call with a floating one."""
    span = scene.labels_at("made here") or scene.primary
    if span is None:
        return
    page = scene.page(span.source)
    step, creator = page.step(span), page.expression(span)
    number = next((n for n in walk(creator) if isinstance(n, nodes.Number) and isinstance(n.value, int)), None)
    if isinstance(creator, nodes.Call) and creates(creator.function) and scene.primary == span:
        new = rewrite.as_floating(page, creator)
        if new is None or step is None or not span.text.isprintable():
            return
        if number is not None and ".0" in new and "dtype" not in new:
            scene.error.labels[0] = Label(page.span(number), "an integer")
        scene.offer(f"`{rewrite.edited(page, step.statement, [(creator.start, creator.end, new)])}`")
        return
    tree = scene.tree
    target = (
        tree.function.value if isinstance(tree, nodes.Call) and isinstance(tree.function, nodes.Attribute) else None
    )
    target = tree.value if isinstance(tree, nodes.Attribute) else target
    if isinstance(target, nodes.Name):
        scene.offer(f"only floating values have gradients: `{target.name} = {target.name}.float().requires_grad_()`")
    elif target is not None:
        text = scene.text_of(target)
        scene.offer(f"only floating values have gradients: `{operand(text, target)}.float().requires_grad_()`")


def not_leaf(scene: Scene) -> None:
    """E0409: a detached tensor in its place."""
    if isinstance(scene.tree, nodes.Attribute) and isinstance(scene.tree.value, nodes.Name):
        name = scene.tree.value.name
        scene.label_made(name, "the result of this operation, not a leaf")
        scene.offer(f"`let {name} = {name}.detach()` has the values without the history")


def needs_detach(scene: Scene) -> None:
    """E0410: the same call on the detached tensor."""
    tree = scene.tree
    if not isinstance(tree, nodes.Call):
        return
    for argument in tree.arguments:  # `np.mean(w)`, `plt.plot(w)`
        value = scene.value_of(argument.value)
        if isinstance(value, Tensor) and value.requires_grad:
            scene.instead((argument.value, f"{scene.text_of(argument.value)}.detach()"))
            return
    if isinstance(tree.function, nodes.Attribute) and not tree.arguments:
        receiver = operand(scene.text_of(tree.function.value), tree.function.value)
        scene.offer(f"`{receiver}.detach().{scene.text[tree.function.name_start :]}`")


def autograd(scene: Scene) -> None:
    """E0411: of an input without the flag, which one, and where it was made."""
    t = scene.error.subject
    if scene.error.message.startswith("all inputs have to be"):
        numbers.transformed(scene)
    elif isinstance(t, Tensor):
        name = scene.name_of(t)
        node = scene.input_node(t)
        if node is not None:
            scene.point_at(node, "does not require grad")
        found = untracked.search(scene, t, name)
        scene.add_all(found.labels)
        scene.offer(again(scene, found.help, found.findings))
    elif scene.error.message.startswith("can't retain_grad") or "hook on a tensor that doesn't" in scene.error.message:
        t, name = scene.receiver()
        if t is not None and name:
            found = untracked.search(scene, t, name)
            scene.add_all(found.labels)
            scene.offer(again(scene, found.help, found.findings))
    elif "returned nan values in its" in scene.error.message:
        from gradsh.advice.oddities import anomaly

        anomaly(scene)
    elif "different than None at position" in scene.error.message:
        none_instead(scene)
    elif "is a view and is being modified inplace" in scene.error.message:
        tree = scene.tree
        if isinstance(tree, nodes.AugAssign):
            target, value = scene.text_of(tree.target), scene.text_of(tree.value)
            name = f"{target} =" if isinstance(tree.target, nodes.Name) else "let changed ="
            scene.offer(f"write the change as a new value: `{name} {target} {tree.op} {operand(value, tree.value)}`")


def none_instead(scene: Scene) -> None:
    """What an op's backward returned for an input that is no tensor."""
    number = re.search(r"at position (\d+)", scene.error.message)
    tree = scene.tree
    value = tree.value if isinstance(tree, nodes.Return) else None
    items = value.items if isinstance(value, nodes.TupleExpr) else []
    if number is None or len(items) < int(number[1]):
        return
    item = items[int(number[1]) - 1]
    scene.offer(f"`{joined(scene.text[: item.start] + 'none' + scene.text[item.end :])}`")


def grad_assignment(scene: Scene) -> None:
    """E0412: a gradient that fits."""
    tree = scene.tree
    if isinstance(tree, nodes.Attribute) and isinstance(tree.value, nodes.Name):
        scene.offer(f"`{tree.value.name}.grad = zeros_like({tree.value.name})` fits; `none` clears it")


def gradcheck(scene: Scene) -> None:
    """E0413: of inputs that are too coarse, the line that makes them finer."""
    if "too coarse" not in (scene.error.note or ""):
        return
    tree = scene.tree
    arguments: Iterable[nodes.Node] = tree.arguments[1:2] if isinstance(tree, nodes.Call) else ()
    for node in walk(list(arguments)):
        t = scene.lookup(node.name) if isinstance(node, nodes.Name) else None
        if not isinstance(t, Tensor) or t.data.dtype.itemsize >= 8 or t.data.dtype.kind != "f":
            continue
        assert isinstance(node, nodes.Name)
        span = scene.located(t.made_at)
        page = scene.page(span.source) if span is not None else None
        call = page.expression(span) if page is not None and span is not None else None
        step = page.step(span) if page is not None and span is not None else None
        if page is not None and step is not None and isinstance(call, nodes.Call) and creates(call.function):
            fine = rewrite.with_flag(page, call, "dtype=float64")
            new = rewrite.edited(page, step.statement, [(call.start, call.end, fine)])
            scene.add(span, f"`{node.name}` is {t.dtype!r}")
            scene.offer(f"{scene.lead('', page.span(step.statement))}`{new}`")
        elif scene.primary is not None:
            name = node.name
            scene.offer(f"`{name} = {name}.detach().double().requires_grad_()` before line {scene.primary.line}")
        return


def missing_gradient(scene: Scene) -> None:
    """`w - lr * w.grad` where `w.grad` is none: `w` is no leaf, or no backward has reached it."""
    for node in walk(scene.tree):
        if not (isinstance(node, nodes.Attribute) and node.name == "grad"):
            continue
        name = scene.text_of(node.value)
        t, _ = Search(scene).reached(next(reads(node.value)), scene.here()) if any(reads(node.value)) else (None, "")
        if not isinstance(t, Tensor) or t.gradient is not None:
            continue
        scene.add(scene.span_of(node), "none")
        cause = gradient.missing(scene, t, name)
        if cause is not None and cause.kind == "cleared" and cause.help:
            scene.add_all(cause.labels)
            scene.offer(cause.help)
            return
        if cause is None or cause.kind in ("not run", "cleared"):
            nothing_yet(scene, t, name)
            return
        scene.add_all(cause.labels)
        scene.offer(cause.help)
        return


def nothing_yet(scene: Scene, t: Tensor, name: str) -> None:
    """No backward has run: the one that belongs before this line."""
    assert scene.primary is not None
    loss = unreached.loss_of(scene, t)
    if loss:
        said = f"no backward has reached `{name}` yet: `backward {loss}`"
        typed = scene.primary.source.name.startswith("<prompt")
        scene.offer(f"{said} {'comes before its gradient is used' if typed else f'before line {scene.primary.line}'}")
    else:
        scene.error.help = f"no backward has reached `{name}` yet: a `backward` of what is made of it comes first"
