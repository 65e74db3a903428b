"""Advice on plain numbers, and lists of them, where a tensor is wanted: where they come from, and as tensors."""

from __future__ import annotations

from gradsh.advice.scene import Scene
from gradsh.causes.text import LONG, Page, Step, operand
from gradsh.engine.core.tensor import Tensor
from gradsh.language import nodes
from gradsh.language.nodes import walk

FAR = 8  # definitions that are followed


def is_plain(value: object) -> bool:
    """Is it a number, or a list of numbers?"""
    if isinstance(value, list):
        return bool(value) and all(map(is_plain, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def wanted(scene: Scene, node: nodes.Node | None) -> bool:
    """A number where the graph of a tensor is wanted: the `.item()` that cut it off, or where it began."""
    if node is None or scene.primary is None:
        return False
    page = scene.page(scene.primary.source)
    for name in _names(node):
        if is_plain(scene.lookup(name)):
            scene.add(scene.span_of(node), "")
            return _from(scene, name, page, scene.primary.start, [])
    return False


def _names(node: nodes.Node) -> list[str]:
    return list(dict.fromkeys(part.name for part in walk(node) if isinstance(part, nodes.Name)))


def _from(scene: Scene, name: str, page: Page, before: int, way: list[str]) -> bool:
    """Follow a name to the number; `way` has the statements after that one, which a prompt has to be given anew."""
    found = scene.binding(name, page, before)
    if found is None or len(way) > FAR:
        return False
    step, page = found
    value = step.value
    if value is None:
        return False
    calls = (part for part in walk(value) if isinstance(part, nodes.Call))
    cut = next((part for part in calls if _makes_plain(scene, part)), None)
    if cut is not None:
        word = cut.function.name if isinstance(cut.function, nodes.Attribute | nodes.Name) else ""
        scene.add(page.span(cut), f"`{word}` gives a plain number: the graph ends here")
        base = cut.function.value if isinstance(cut.function, nodes.Attribute) else cut.arguments[0].value
        new = page.text(base)
        _offer(scene, page, step, (cut.start, cut.end, new if value is cut else operand(new, base)), way)
        return True
    as_tensor = _literal(page, value)
    if as_tensor is not None:
        scene.add(page.span(value), f"`{name}` is a plain number" if "[" not in as_tensor else f"`{name}` is a list")
        _offer(scene, page, step, (value.start, value.end, as_tensor), way)
        return True
    text = page.text(step.statement)
    for other in _names(value):
        if is_plain(scene.lookup(other)) and other != name:
            return _from(scene, other, page, step.statement.start, [text, *way])
    return False


def _makes_plain(scene: Scene, node: nodes.Call) -> bool:
    if isinstance(node.function, nodes.Attribute):
        return node.function.name in ("item", "tolist", "numpy") and not node.arguments
    if isinstance(node.function, nodes.Name) and node.function.name in ("float", "int") and len(node.arguments) == 1:
        return any(isinstance(scene.lookup(name), Tensor) for name in _names(node.arguments[0].value))
    return False


def _literal(page: Page, value: nodes.Expr) -> str | None:
    """A literal number, or a list of them, as a leaf."""
    parts = list(walk(value))
    if not all(isinstance(part, nodes.Number | nodes.ListExpr | nodes.Unary) for part in parts):
        return None
    text = page.text(value)
    numbers = [part for part in parts if isinstance(part, nodes.Number)]
    if numbers and all(isinstance(part.value, int) for part in numbers):
        last = numbers[-1]
        at = last.end - value.start
        text = f"{text[:at]}.0{text[at:]}" if len(text) == value.end - value.start else text
    return f"tensor({text}, grad)"


def _offer(scene: Scene, page: Page, step: Step, edit: tuple[int, int, str], way: list[str]) -> None:
    scene.rewritten(page, step, [edit])
    if scene.was_typed(page.source) and scene.error.help and way:
        head, _, last = scene.error.help.rpartition(", then again ")
        listed = ", ".join(f"`{text}`" for text in way if len(text) <= LONG)
        scene.offer(f"{head}, then again {listed} and {last}")


def transformed(scene: Scene) -> None:
    """`backward x`, `grad(y, x)`, `x.backward()` of a number."""
    tree = scene.tree
    message = scene.error.message
    if isinstance(tree, nodes.Call) and isinstance(tree.function, nodes.Attribute) and "has no attribute" in message:
        wanted(scene, tree.function.value)
        return
    given = [argument.value for argument in getattr(tree, "arguments", ())]
    if "all inputs" in message:
        given = given[1:]
    for node in given:
        if wanted(scene, node):
            return


def as_tensors(scene: Scene) -> None:
    """A number, or a list, where a function wants a tensor: the tensor of it."""
    tree = scene.tree
    for argument in tree.arguments if isinstance(tree, nodes.Call) else ():
        value = argument.value
        found = scene.value_of(value)
        if isinstance(value, nodes.ListExpr) or (is_plain(found) and argument.name is None):
            scene.instead((value, f"tensor({scene.text_of(value)})"))
            return


def of_lists(scene: Scene) -> None:
    """Arithmetic with a list: the tensor of it."""
    tree = scene.tree
    if not isinstance(tree, nodes.Binary):
        return
    for side in (tree.left, tree.right):
        value = scene.value_of(side)
        literal = isinstance(side, nodes.ListExpr)
        if literal or (isinstance(value, list) and is_plain(value)):
            scene.instead((side, f"tensor({scene.text_of(side)})"))
            return


def powers(scene: Scene) -> bool:
    """`x^2` of floats: `^` is the exclusive or of bits, the power is `**`."""
    assert scene.primary is not None
    page = scene.page(scene.primary.source)
    step = page.step(scene.primary)
    if not isinstance(scene.tree, nodes.Binary) or scene.tree.op != "^" or step is None:
        return False
    text = page.source.text
    signs = [
        text.index("^", part.left.end, part.right.start)
        for part in walk(step.statement)
        if isinstance(part, nodes.Binary) and part.op == "^" and "^" in text[part.left.end : part.right.start]
    ]
    if any(step.statement.blocks()):
        signs = [at for at in signs if scene.primary.start <= at < scene.primary.end]
        new = scene.text
        for at in sorted(signs, reverse=True):
            new = f"{new[: at - scene.primary.start]}**{new[at + 1 - scene.primary.start :]}"
        scene.offer(f"^ is the exclusive or of bits, a power: `{new}`")
        scene.error.edit = (scene.primary.start, scene.primary.end, new)
    else:
        edits = [(at, at + 1, "**") for at in signs]
        scene.rewritten(page, step, edits, "^ is the exclusive or of bits, a power: ")
    return True
