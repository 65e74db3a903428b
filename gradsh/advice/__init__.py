"""What the engine cannot know of an error: names, lines and the way out of it.

The engine raises in PyTorch's words and says what the error is about (`subject`). When an error ends a program, the
session asks here for the rest: which variable that is, where it was made or cut off, and a line of gradsh that works.
One function per error, in the table `ADVICE` at the end; each may add labels and offer help, and may find nothing to
say. It reads the program's text and variables, and changes neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import CodeType
from typing import Any

from gradsh.advice import untracked
from gradsh.advice.scene import LONG, Scene, bare, operand, read, with_argument
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import FreedGraph, GradshError, Label, Span, VersionMismatch
from gradsh.language import nodes
from gradsh.language.nodes import walk
from gradsh.language.places import locate

MANY = 3  # names that are explained at most


# --- autograd ---------------------------------------------------------------------------------------------------


def no_graph(scene: Scene) -> None:
    """E0401: which input lacks the flag, or where the way to it is cut."""
    out = scene.error.subject
    if not isinstance(out, Tensor):
        return
    name = scene.point_at_output(out)
    found = untracked.search(scene, out, name)
    scene.add_all(found.labels)
    scene.offer(found.help)


def non_scalar(scene: Scene) -> None:
    """E0403: the shape, and the two ways to a number."""
    out = scene.error.subject
    if not isinstance(out, Tensor):
        return
    scene.point_at_output(out, f"shape {list(out.shape)}")
    text = scene.output_text(out)
    scene.offer(
        f"make one number of it, `backward {text}.sum()`, or give the gradient that comes in, "
        f"`backward {text}, ones_like({bare(text)})`"
    )


def gradient_mismatch(scene: Scene) -> None:
    """E0404: both shapes."""
    pair = scene.error.subject
    if not isinstance(pair, tuple):
        return
    out, gradient = pair
    given = scene.gradient_node()
    if given is None:
        return
    scene.point_at(given, f"shape {list(gradient.shape)}")
    node = scene.output_node(out)
    if node is not None:
        scene.add(scene.span_of(node), f"shape {list(out.shape)}")
    text = scene.output_text(out)
    scene.offer(f"`backward {text}, ones_like({bare(text)})`")


def freed(scene: Scene) -> None:
    """E0402: recompute, or keep the graph in the first backward."""
    span = scene.located(scene.error.freed) if isinstance(scene.error, FreedGraph) else None
    if span is not None and scene.primary is not None and span == scene.primary:
        scene.error.labels[0].text = "freed here too, when this ran before"
        scene.offer("compute the result again in every round, before its `backward`")
        return
    first = with_argument(span.text, "retain_graph") if span is not None else None
    if first:
        scene.offer(f"compute the result again before the second backward, or let the first keep it: `{first}`")


def version_mismatch(scene: Scene) -> None:
    """E0405: what was changed, and the same change as a new value."""
    written = scene.located(scene.error.written) if isinstance(scene.error, VersionMismatch) else None
    node = read(written.text) if written is not None else None
    if written is None or node is None or len(written.text) > LONG:
        return
    text = " ".join(written.text.split())
    if isinstance(node, nodes.AugAssign) and isinstance(node.target, nodes.Name):
        name = node.target.name
        value = written.text[node.value.start : node.value.end]
        value = (
            operand(value, node.value) if node.op not in "+-" or isinstance(node.value, nodes.Conditional) else value
        )
        scene.offer(f"write the change as a new value: `{name} = {name} {node.op} {value}`")
    elif isinstance(node, nodes.Call) and isinstance(node.function, nodes.Attribute) and node.function.name[-1:] == "_":
        receiver = text[: node.function.name_start]
        rest = text[node.function.name_start :].replace("_(", "(", 1)
        if isinstance(node.function.value, nodes.Name):
            scene.offer(f"write the change as a new value: `{node.function.value.name} = {receiver}{rest}`")
    elif isinstance(node, nodes.Index) and isinstance(node.value, nodes.Name):
        name = node.value.name
        scene.offer(f"write into a copy: `let {name} = {name}.clone()` before it")


def leaf_in_place(scene: Scene) -> None:
    """E0406: the very write, inside of no_grad."""
    text = scene.statement_text()
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
    made = scene.located(t.made_at)
    if made is not None:
        scene.add(made, f"{shown} is made here")
    call = with_argument(scene.text, "allow_unused")
    if call:
        scene.offer(f"`{call}` gives none for it")


def leaf_flag(scene: Scene) -> None:
    """E0408: the integer itself, and the call with a floating one."""
    span = scene.labels_at("made here") or scene.primary
    if span is None:
        return
    creator = scene.fragment(span)
    if creator is None:
        return
    number = next((n for n in walk(creator) if isinstance(n, nodes.Number) and isinstance(n.value, int)), None)
    called = (
        creator.function.name if isinstance(creator, nodes.Call) and isinstance(creator.function, nodes.Name) else ""
    )
    text = " ".join(span.text.split())
    if called == "tensor" and number is not None and span.text.isprintable():
        at = Span(span.source, span.start + number.start, span.start + number.end)
        if scene.primary == span:
            scene.error.labels[0] = Label(at, "an integer")
        else:
            scene.add(at, "an integer")
        source = span.source.text
        before = source[source.rfind("\n", 0, span.start) + 1 : span.start]
        binding = re.search(r"(?:^|[;{])[ \t]*((?:let[ \t]+)?\w+[ \t]*=[ \t]*)$", before)
        scene.offer(f"`{binding.group(1) if binding else ''}{span.text[: number.end]}.0{span.text[number.end :]}`")
    elif "dtype" not in text:
        scene.offer("only floating values have gradients: `x = x.float()` makes them so")


def not_leaf(scene: Scene) -> None:
    """E0409: a detached tensor in its place."""
    if isinstance(scene.tree, nodes.Attribute) and isinstance(scene.tree.value, nodes.Name):
        name = scene.tree.value.name
        scene.label_made(name, "the result of this operation, not a leaf")
        scene.offer(f"`let {name} = {name}.detach()` has the values without the history")


def needs_detach(scene: Scene) -> None:
    """E0410: the same call on the detached tensor."""
    tree = scene.tree
    if isinstance(tree, nodes.Call) and isinstance(tree.function, nodes.Attribute):
        receiver = operand(scene.text_of(tree.function.value), tree.function.value)
        scene.offer(f"`{receiver}.detach().{scene.text[tree.function.name_start :]}`")


def autograd(scene: Scene) -> None:
    """E0411: of an input without the flag, which one, and where it was made."""
    t = scene.error.subject
    if isinstance(t, Tensor):
        name = scene.name_of(t)
        node = scene.input_node(t)
        if node is not None:
            scene.point_at(node, "does not require grad")
        found = untracked.search(scene, t, name)
        scene.add_all(found.labels)
        scene.offer(found.help)
    elif scene.error.message.startswith("can't retain_grad") or "hook on a tensor that doesn't" in scene.error.message:
        t, name = scene.receiver()
        if t is not None and name:
            found = untracked.search(scene, t, name)
            scene.add_all(found.labels)
            scene.offer(found.help)


def grad_assignment(scene: Scene) -> None:
    """E0412: a gradient that fits."""
    tree = scene.tree
    if isinstance(tree, nodes.Attribute) and isinstance(tree.value, nodes.Name):
        scene.offer(f"`{tree.value.name}.grad = zeros_like({tree.value.name})` fits; `none` clears it")


# --- shapes, dtypes, indices ---------------------------------------------------------------------------------------


def shapes(scene: Scene) -> None:
    """E0302: the shapes of both operands; of the tensors in the expression where the error says nothing of them."""
    pair = scene.error.subject
    sides = scene.operands()
    if not isinstance(pair, tuple) or len(sides) != 2:
        describe_names(scene, lambda t: f"shape {list(t.shape)}")
        return
    first, second = pair
    for node, shape in zip(sides, (first, second), strict=True):
        scene.add(scene.span_of(node), f"shape {list(shape)}")
    scene.offer(_fitting(scene, sides, first, second))


def _fitting(scene: Scene, sides: list[nodes.Node], a: tuple[int, ...], b: tuple[int, ...]) -> str | None:
    """The operation with one operand turned or stretched so that it fits, when there is one plain way to."""
    tree = scene.tree
    if not isinstance(tree, nodes.Binary):
        return None
    left = operand(scene.text_of(sides[0]), sides[0])
    right = operand(scene.text_of(sides[1]), sides[1])
    if tree.op == "@":
        if len(a) == len(b) == 2 and a[1] == b[1]:
            return f"`{left} @ {right}.T`"
        if len(a) == len(b) == 2 and a[0] == b[0]:
            return f"`{left}.T @ {right}`"
        return None
    if len(a) == 2 and len(b) == 1 and a[0] == b[0]:
        return f"one number for each row: `{left} {tree.op} {right}.unsqueeze(1)`"
    if len(b) == 2 and len(a) == 1 and a[0] == b[0]:
        return f"one number for each row: `{left}.unsqueeze(1) {tree.op} {right}`"
    return None


def dtypes(scene: Scene) -> None:
    """E0303: the dtypes of the tensors in the expression, and the conversion."""
    found = describe_names(scene, lambda t: f"dtype {t.dtype!r}")
    kinds = {repr(t.dtype) for _, t in found}
    tree = scene.tree
    if len(found) == 2 and len(kinds) == 2 and isinstance(tree, nodes.Binary):
        (one, first), (two, second) = found
        if first.data.dtype.kind != "f" or second.data.dtype.kind != "f":
            name, other = (one, second) if first.data.dtype.kind != "f" else (two, first)
            scene.offer(f"`{name}.to({other.dtype!r})`")


def indices(scene: Scene) -> None:
    """E0304, E0305: the shape of what is indexed."""
    describe_names(scene, lambda t: f"shape {list(t.shape)}")


def one_number(scene: Scene) -> None:
    """E0314: the ways from many numbers to one."""
    node = scene.tree
    text = scene.text if len(scene.text) <= LONG and "\n" not in scene.text else ""
    if scene.error.message.startswith("Boolean value of Tensor with more"):
        describe_names(scene, lambda t: f"shape {list(t.shape)}")
        if text and node is not None and not isinstance(node, nodes.Stmt):
            of = operand(text, node)
            scene.offer(f"`{of}.any()` or `{of}.all()` is one answer; `where` chooses element by element")
    elif isinstance(node, nodes.Call) and isinstance(node.function, nodes.Attribute) and node.function.name == "item":
        describe_names(scene, lambda t: f"shape {list(t.shape)}")
        of = operand(scene.text_of(node.function.value), node.function.value)
        scene.offer(f"`{of}.tolist()` gives all of them, `{of}.sum().item()` one number")


def describe_names(scene: Scene, words: Callable[[Tensor], str]) -> list[tuple[str, Tensor]]:
    """Label the tensors that the failing expression names, each with `words(tensor)`."""
    found: dict[str, Tensor] = {}
    for node in walk(scene.tree):
        if isinstance(node, nodes.Name) and node.name not in found and len(found) < MANY:
            value = scene.lookup(node.name)
            if isinstance(value, Tensor):
                found[node.name] = value
                scene.add(scene.span_of(node), words(value))
    return list(found.items())


# --- plain values -----------------------------------------------------------------------------------------------------


def format_spec(scene: Scene) -> None:
    """E0306: a tensor in an f-string with a format."""
    if "Tensor.__format__" not in scene.error.message:
        return
    name, colon, spec = scene.text.strip("{}").partition(":")
    value = scene.lookup(name)
    if colon and isinstance(value, Tensor):
        scene.error.labels[0].text = f"`{name}` has shape {list(value.shape)}"
        quote = "'" if '"' in scene.text else '"'
        if value.data.size == 1:
            scene.offer(f"`print f{quote}{{{name}.item():{spec}}}{quote}`")
        else:
            scene.offer(
                f"format its numbers one by one: `[f{quote}{{v:{spec}}}{quote} for v in {name}.flatten().tolist()]`"
            )


def operation(scene: Scene) -> None:
    """E0308: arithmetic with a gradient that is not there, or with a string."""
    message = scene.error.message
    if "NoneType" in message:
        missing_gradient(scene)
    elif ("'str'" in message or "concatenate str" in message) and (
        isinstance(scene.tree, nodes.Binary) and scene.tree.op == "+"
    ):
        for node in (scene.tree.left, scene.tree.right):
            text = scene.text_of(node)
            if not isinstance(node, nodes.String) and not isinstance(scene.value_of(node), str):
                left, right = (scene.text_of(side) for side in (scene.tree.left, scene.tree.right))
                made = f"str({text}) + {right}" if node is scene.tree.left else f"{left} + str({text})"
                scene.offer(f"`{made}`")
                break


def missing_gradient(scene: Scene) -> None:
    """`w - lr * w.grad` where `w.grad` is none: `w` is no leaf any more, or no backward has reached it."""
    for node in walk(scene.tree):
        if not (isinstance(node, nodes.Attribute) and node.name == "grad" and isinstance(node.value, nodes.Name)):
            continue
        name = node.value.name
        t = scene.lookup(name)
        if not isinstance(t, Tensor) or t.gradient is not None:
            continue
        scene.add(scene.span_of(node), "none")
        if t.node is not None:
            scene.label_made(name, f"`{name}` is a new tensor since here, not the leaf that it was")
            scene.offer(in_place(name, scene.located(t.made_at)))
        elif not t.requires:
            found = untracked.search(scene, t, name)
            scene.add_all(found.labels)
            scene.offer(found.help)
        else:
            scene.offer(f"no backward has reached `{name}` yet: `backward loss` comes before its gradient is used")
        return


def in_place(name: str, made: Span | None) -> str:
    """The update that keeps the leaf, for one that was written `w = w - lr * w.grad`."""
    node = read(made.text) if made is not None else None
    step = f"0.1 * {name}.grad"
    if made is not None and len(made.text) <= LONG and isinstance(node, nodes.Binary) and node.op == "-":
        left = node.left
        step = (
            " ".join(made.text[node.right.start : node.right.end].split())
            if isinstance(left, nodes.Name) and left.name == name
            else step
        )
    return f"keep the leaf, and change it in place: `no_grad {{ {name} -= {step} }}`"


def attribute(scene: Scene) -> None:
    """E0309: the near name, with what it is an attribute of."""
    help = scene.error.help or ""
    tree = scene.tree
    if isinstance(tree, nodes.Call):
        tree = tree.function
    if "NoneType" in scene.error.message and isinstance(tree, nodes.Attribute):
        held = tree.value
        if isinstance(held, nodes.Attribute) and held.name == "grad" and isinstance(held.value, nodes.Name):
            missing_gradient(scene)
            if tree.name == "zero_":
                scene.offer(f"`zero_grad {held.value.name}` clears it, whether it is there or not")
    elif help.startswith("did you mean `.") and isinstance(tree, nodes.Attribute):
        text = scene.text_of(tree.value)
        if len(text) <= LONG:
            scene.offer(f"did you mean `{operand(text, tree.value)}{help.split('`')[1]}`?")


def key(scene: Scene) -> None:
    """E0312: the keys that there are, the nearest first."""
    tree = scene.tree
    if not isinstance(tree, nodes.Index):
        return
    held = scene.value_of(tree.value)
    if not isinstance(held, dict):
        return
    from gradsh.calls.suggest import suggest

    wanted = scene.value_of(tree.items[0])
    text = scene.text_of(tree.value)
    near = suggest(wanted, [k for k in held if isinstance(k, str)]) if isinstance(wanted, str) else None
    if near is not None:
        scene.offer(f"did you mean `{text}[{as_written(near)}]`?")
    elif held and len(held) <= 8:
        listed = ", ".join(f"`{as_written(k)}`" for k in held)
        scene.offer(
            f"it has {listed}; `{text}.get({scene.text_of(tree.items[0])}, 0)` gives 0 for a key that is not there"
        )
    else:
        scene.offer(f"`{text}.get({scene.text_of(tree.items[0])}, 0)` gives 0 for a key that is not there")


def as_written(key: object) -> str:
    """A dict's key as a program would write it."""
    from gradsh.runtime.text import shown

    return f'"{key}"' if isinstance(key, str) and key.isprintable() and not set(key) & set('"\\\\') else shown(key)


# --- the language -----------------------------------------------------------------------------------------------------


def assertion(scene: Scene) -> None:
    """E0601: the values that the condition was about."""
    from gradsh.runtime.text import shown

    told: set[str] = set()
    for node in walk(scene.tree):
        if isinstance(node, nodes.Name) and node.name not in told and len(told) < MANY:
            value = scene.lookup(node.name)
            if isinstance(value, (int, float, str, bool, Tensor)):
                text = shown(value)
                if len(text) <= 40 and "\n" not in text:
                    told.add(node.name)
                    scene.add(scene.span_of(node), f"`{node.name}` is {text}")


def call(scene: Scene) -> None:
    """E0603: how the function is called."""
    name, bracket, _ = scene.error.message.partition("(")
    function = scene.lookup(name) if bracket else None
    code = getattr(function, "__code__", None)
    if isinstance(code, CodeType):
        taken = [n.removeprefix(".") for n in code.co_varnames[: code.co_argcount]]
        if all(n.isidentifier() for n in taken):
            scene.offer(f"it is called as `{name}({', '.join(taken)})`")


def not_callable(scene: Scene) -> None:
    """E0604: what parentheses after a tensor or a number were probably meant to be."""
    tree = scene.tree
    if not isinstance(tree, nodes.Call):
        return
    inside = bare(scene.text[tree.function.end :].strip())
    factor = operand(inside, tree.arguments[0].value) if len(tree.arguments) == 1 else inside
    text = scene.text_of(tree.function)
    if len(tree.arguments) == 1 and tree.arguments[0].name is None and ("Tensor" in scene.error.message):
        scene.offer(f"`{text} * {factor}` multiplies, `{text}[{inside}]` picks elements")
    elif len(tree.arguments) == 1 and ("'int'" in scene.error.message or "'float'" in scene.error.message):
        scene.offer(f"`{text} * {factor}` multiplies")


def not_iterable(scene: Scene) -> None:
    """E0606: a number in a loop."""
    if "'int'" in scene.error.message and scene.text.strip():
        scene.offer(f"`range({scene.text})` counts from 0")


def unbound(scene: Scene) -> None:
    """E0605: a name that is assigned later in the same function hides the one outside."""
    if "local variable" in scene.error.message:
        name = scene.error.message.split("'")[1]
        if f".{name}" in scene.globals:
            scene.offer(
                f"the function assigns `{name}` further on, so the name is its own; give the outer one as a parameter"
            )


# --- the table --------------------------------------------------------------------------------------------------------

ADVICE: dict[str, Callable[[Scene], None]] = {
    "E0302": shapes,
    "E0303": dtypes,
    "E0304": indices,
    "E0305": indices,
    "E0306": format_spec,
    "E0308": operation,
    "E0309": attribute,
    "E0312": key,
    "E0314": one_number,
    "E0401": no_graph,
    "E0402": freed,
    "E0403": non_scalar,
    "E0404": gradient_mismatch,
    "E0405": version_mismatch,
    "E0406": leaf_in_place,
    "E0407": unused_input,
    "E0408": leaf_flag,
    "E0409": not_leaf,
    "E0410": needs_detach,
    "E0411": autograd,
    "E0412": grad_assignment,
    "E0601": assertion,
    "E0603": call,
    "E0604": not_callable,
    "E0605": unbound,
    "E0606": not_iterable,
}


def advise(error: GradshError, raised: BaseException, space: dict[str, Any]) -> None:
    """Add to an error that ended a program what can be said in the program's own terms."""
    act = ADVICE.get(error.code)
    if act is not None and error.labels:
        act(Scene(error, raised, space))


def of_warning(message: str, span: Span, space: dict[str, Any]) -> tuple[list[Label], str | None]:
    """Labels and help for a warning of the engine."""
    from gradsh.engine.core.tensor import NON_LEAF_GRAD

    if message != NON_LEAF_GRAD:
        return [], None
    name, dot, _ = span.text.partition(".grad")
    value = space.get("." + name)
    if not dot or not isinstance(value, Tensor):
        return [], None
    made = value.made_at
    place = locate(*made) if made is not None and isinstance(made[0], CodeType) else None
    if place is not None and f"{name}.grad" in place.text:
        words = f"`{name}` is a new tensor since here, not the leaf that it was"
        return [Label(place, words)], in_place(name, place)
    labels = [Label(place, f"`{name}` is made here, by an operation: it is no leaf")] if place is not None else []
    return labels, f"`{name}.retain_grad()` before the backward keeps it"
