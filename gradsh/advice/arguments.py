"""Advice on arguments of the wrong kind: tensors one by one where a list is wanted, classes in the place of layers."""

from __future__ import annotations

import re

from gradsh.advice import numbers, values
from gradsh.advice.scene import Scene
from gradsh.engine.core.users import ModelKind
from gradsh.language import nodes


def kind(scene: Scene) -> None:
    """E0306: what was meant by an argument that the function does not take."""
    message = scene.error.message
    if "Tensor.__format__" in message:
        values.format_spec(scene)
    elif "must be tuple of Tensors, not Tensor" in message:
        in_a_list(scene)
    elif "is not a Module subclass" in message:
        not_made(scene)
    elif re.search(r"must be Tensor, not (?:float|int|list)\b", message):
        numbers.transformed(scene)
        if scene.error.help is None:
            as_tensors(scene)


def in_a_list(scene: Scene) -> None:
    """`cat(a, b)`: the tensors stand in a list."""
    tree = scene.tree
    if not isinstance(tree, nodes.Call):
        return
    given = [argument.value for argument in tree.arguments if argument.name is None]
    if isinstance(tree.function, nodes.Attribute) and not isinstance(scene.value_of(tree.function.value), ModelKind):
        whole = scene.text_of(tree.function)
        if whole.startswith(("torch.", "F.")):
            pass
        elif len(given) >= 1:  # `a.cat(b)`
            name = tree.function.name
            listed = ", ".join([scene.text_of(tree.function.value), *map(scene.text_of, given)])
            scene.instead((tree, f"{name}([{listed}])"))
            return
    tensors = [value for value in given if not isinstance(value, nodes.Number | nodes.Unary)]
    if len(tensors) > 1:
        first, last = tensors[0], tensors[-1]
        listed = scene.text[first.start : last.end]
        scene.instead((nodes.Node(first.start, last.end), f"[{listed}]"))


def not_made(scene: Scene) -> None:
    """`Sequential(Linear(2, 3), ReLU)`: a layer is made by calling its class."""
    calls: list[tuple[nodes.Node, str]] = []
    for node in nodes.walk(scene.tree):
        for argument in node.arguments if isinstance(node, nodes.Call) else ():
            value = argument.value
            name = value.name if isinstance(value, nodes.Name | nodes.Attribute) else ""
            found = scene.lookup(name) if isinstance(value, nodes.Name | nodes.Attribute) else None
            if isinstance(found, ModelKind) or (found is None and name[:1].isupper()):
                calls.append((value, f"{scene.text_of(value)}()"))
                scene.add(scene.span_of(value), f"`{name}` is the class, not a layer")
    if calls:
        scene.instead(*calls)


def as_tensors(scene: Scene) -> None:
    """A number, or a list, where a function wants a tensor: the tensor of it."""
    tree = scene.tree
    for argument in tree.arguments if isinstance(tree, nodes.Call) else ():
        value = argument.value
        found = scene.value_of(value)
        if isinstance(value, nodes.ListExpr) or (numbers.is_plain(found) and argument.name is None):
            scene.instead((value, f"tensor({scene.text_of(value)})"))
            return
