"""Advice on errors of values: shapes, dtypes, indices, operations, attributes and keys."""

from __future__ import annotations

from collections.abc import Callable

from gradsh.advice.gradients import missing_gradient
from gradsh.advice.scene import Scene
from gradsh.causes.text import LONG, operand
from gradsh.engine.core.tensor import Tensor
from gradsh.language import nodes
from gradsh.language.nodes import walk

MANY = 3  # names that are explained at most

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
        if len(a) == 2 and len(b) in (1, 2) and a[0] == b[0]:
            return f"`{left}.T @ {right}`"
        if len(a) == len(b) == 1:
            return f"the product of each with each: `outer({scene.text_of(sides[0])}, {scene.text_of(sides[1])})`"
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
