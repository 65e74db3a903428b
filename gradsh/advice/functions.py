"""Advice on functions where values are wanted: a derivative of what is not called, a gradient by nothing."""

from __future__ import annotations

import re
from types import CodeType

from gradsh.advice.scene import Scene
from gradsh.causes.text import operand
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.nn.module import Model
from gradsh.language import nodes
from gradsh.looking.reading import reachable
from gradsh.runtime.namespace import variables

DERIVATIVE = re.compile("grad|diff|deriv|jac|hess")  # what a function is called that differentiates


def parameters_of(function: object) -> list[str] | None:
    """The names of a function's parameters; None for what is no function of the program."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return None
    names = [name.removeprefix(".") for name in code.co_varnames[: code.co_argcount]]
    return names if all(name.isidentifier() for name in names) else None


def taken(scene: Scene, node: nodes.Node) -> list[str] | None:
    """The parameters of the function that a name is bound to, or that stands there; None where it is none."""
    if isinstance(node, nodes.Lambda):
        return [parameter.name for parameter in node.parameters]
    return parameters_of(scene.value_of(node))


def arguments_for(scene: Scene, names: list[str], leaf: bool) -> str:
    """What such parameters could be given: variables of these names, else tensors; with `leaf`, one with the flag."""
    one = "tensor(1.0, grad)" if leaf else "tensor(1.0)"
    found = [scene.lookup(name) for name in names]
    given = [name if isinstance(value, Tensor | int | float) else one for name, value in zip(names, found, strict=True)]
    if leaf and one not in given and not any(isinstance(t, Tensor) and t.requires_grad for t in found):
        given[:1] = [one] * bool(given)
    return ", ".join(given)


def differentiated(scene: Scene) -> None:
    """`gradient(f)(2.0)`, `diff(f, x)`, `backward f`, `exp(f)`: what the function gives is differentiated, or taken."""
    tree = scene.tree
    given = tree.arguments if isinstance(tree, nodes.Call | nodes.Command) else []
    at = next((each for each in given if taken(scene, each.value) is not None), None)
    if at is None:
        return
    called = tree.function if isinstance(tree, nodes.Call) else None
    name = called.name if isinstance(called, nodes.Attribute | nodes.Name) else "backward"
    if called is not None and DERIVATIVE.search(name):
        by = scene.text[at.end : tree.end - 1].lstrip(", ") if tree is not None else ""
        scene.instead((tree, f"grad({scene.text_of(at)})({by})") if by and tree is not None else (called, "grad"))
        return
    scene.error.labels[0].text = "a function, which is not called"
    call = arguments_for(scene, taken(scene, at.value) or [], leaf=name == "backward")
    scene.instead((at.value, f"{operand(scene.text_of(at), at.value)}({call})"))


def by_nothing(scene: Scene) -> None:
    """`grad(loss)`: the leaves that it is made of; `grad(x)(3.0)`: the function that was meant."""
    out = scene.error.subject
    call = next((node for node in nodes.walk(scene.tree) if isinstance(node, nodes.Call)), None)
    if not isinstance(out, Tensor) or call is None or not call.arguments:
        return
    node = call.arguments[0].value
    names = [name for leaf in reachable(out)[1] if leaf is not out and (name := scene.name_of(leaf)) is not None]
    if names:
        by = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
        scene.instead((node, f"{scene.text_of(node)}, {by}"))
        return
    scene.error.labels[0].text = "a tensor is differentiated by others; `grad` of a function is another function"
    functions = {
        name: value
        for name, value in variables(scene.globals).items()
        if len(parameters_of(value) or ()) == 1 and "." not in name
    }
    if len(functions) == 1:
        scene.instead((node, next(iter(functions))))
    elif isinstance(node, nodes.Name):
        scene.instead((node, f"fn({node.name}) = {node.name}**2"), words="of a function, for example: ")


def optimises_nothing(scene: Scene) -> None:
    """`SGD([])`, `SGD(ReLU().parameters())`: what there is to optimise, or that there is nothing."""
    call = scene.tree
    if not isinstance(call, nodes.Call) or not call.arguments:
        return
    node = call.arguments[0].value
    bound = variables(scene.globals)
    nets = [name for name, value in bound.items() if isinstance(value, Model) and any(True for _ in value.parameters())]
    leaves = [name for name, value in bound.items() if isinstance(value, Tensor) and value.requires and value.is_leaf]
    if nets:
        scene.instead((node, f"{nets[-1]}.parameters()"))
    elif leaves:
        scene.instead((node, f"[{', '.join(leaves)}]"))
    else:
        assert scene.primary is not None
        name, step = scene.unbound("w"), scene.page(scene.primary.source).step(scene.primary)
        before = step.statement.start - scene.primary.start if step is not None else 0
        first = nodes.Node(before, before)
        scene.instead((first, f"let {name} = tensor(1.0, grad); "), (node, f"[{name}]"), words="first a leaf: ")
