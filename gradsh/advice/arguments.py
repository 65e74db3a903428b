"""Advice on arguments of the wrong kind: tensors where a list is wanted, classes for layers, dtypes in quotes."""

from __future__ import annotations

import re

from gradsh.advice import functions, losses, numbers, values
from gradsh.advice.quoted import dtype_in_quotes
from gradsh.advice.scene import Scene
from gradsh.engine.core.users import ModelKind
from gradsh.engine.nn.module import Model
from gradsh.language import nodes


def kind(scene: Scene) -> None:
    """E0306: what was meant by an argument that the function does not take."""
    message = scene.error.message
    if "Tensor.__format__" in message:
        values.format_spec(scene)
    elif "must be tuple of Tensors, not Tensor" in message:
        in_a_list(scene)
    elif message.startswith("params argument given to the optimizer"):
        alone(scene)
    elif "object is not iterable" in message or "can only optimize Tensors" in message:
        optimised(scene)
    elif "is not a Module subclass" in message:
        not_made(scene)
    elif message.endswith("must be Tensor, not function"):
        functions.differentiated(scene)
    elif message.startswith("grad() missing 1 required"):
        functions.by_nothing(scene)
    elif re.search(r"\bstr\b|invalid type: '", message) and dtype_in_quotes(scene):
        pass
    elif re.search(r"must be Tensor, not (?:float|int|list)\b", message):
        numbers.transformed(scene)
        if scene.error.help is None:
            numbers.as_tensors(scene)


def value(scene: Scene) -> None:
    """E0307: what was meant by an argument whose value the function does not take."""
    if scene.error.message == "optimizer got an empty parameter list":
        functions.optimises_nothing(scene)
    else:
        losses.of_another_size(scene)


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


def optimised(scene: Scene) -> None:
    """`SGD(net, lr=0.1)`, `SGD(net.parameters, …)`: the list of its parameters."""
    given = scene.tree.arguments[0].value if isinstance(scene.tree, nodes.Call) and scene.tree.arguments else None
    if given is None:
        return
    text = scene.text_of(given)
    if isinstance(given, nodes.Attribute) and given.name == "parameters":
        scene.instead((given, f"{text}()"))
    elif isinstance(scene.value_of(given), Model):
        scene.instead((given, f"{text}.parameters()"))


def alone(scene: Scene) -> None:
    """`SGD(w, lr=0.1)`: one tensor stands in a list, too."""
    given = scene.tree.arguments[0].value if isinstance(scene.tree, nodes.Call) and scene.tree.arguments else None
    if given is not None:
        scene.instead((given, f"[{scene.text_of(given)}]"), words="put it into a list: ")


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
