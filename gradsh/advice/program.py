"""Advice on errors of the language while it runs: calls, conditions, loops."""

from __future__ import annotations

import re
from types import CodeType

from gradsh.advice.scene import Scene
from gradsh.advice.values import MANY
from gradsh.causes.text import bare, operand
from gradsh.engine.core.tensor import Tensor
from gradsh.language import nodes
from gradsh.language.nodes import walk


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
    """E0603: the call without what is too much, or with what is missing, else how the function is called."""
    name, bracket, _ = scene.error.message.partition("(")
    if bracket and name.endswith(".__init__"):
        model_of(scene, name.removesuffix(".__init__"))
        return
    if not bracket or too_many(scene):
        return
    missing = re.findall(r"'(\w+)'", scene.error.message) if "missing" in scene.error.message else []
    tree = scene.tree
    if missing and isinstance(tree, nodes.Call) and not any(each.star for each in tree.arguments):
        given = [scene.text_of(each) for each in tree.arguments]
        before = sum(each.name is None for each in tree.arguments)
        listed = ", ".join([*given[:before], *missing, *given[before:]])
        names = " and ".join(f"`{each}`" for each in missing)
        is_one = len(missing) == 1
        scene.instead(
            (tree, f"{scene.text_of(tree.function)}({listed})"),
            words=f"it has {'a parameter' if is_one else 'parameters'} {names} without a default: ",
        )
        return
    function = scene.lookup(name)
    code = getattr(function, "__code__", None)
    if isinstance(code, CodeType):
        taken = [n.removeprefix(".") for n in code.co_varnames[: code.co_argcount]]
        if all(n.isidentifier() for n in taken):
            scene.offer(f"it is called as `{name}({', '.join(taken)})`")


def too_many(scene: Scene) -> bool:
    """`net(x, y)`, `f(1, 2, 3)`: the call without the arguments that the function does not take."""
    said = re.search(r"takes (?:from \d+ to )?(\d+) positional arguments? but (\d+) w", scene.error.message)
    tree = scene.tree
    if said is None or not isinstance(tree, nodes.Call) or any(each.star for each in tree.arguments):
        return False
    over = int(said[2]) - int(said[1])
    places = [each for each in tree.arguments if each.name is None]
    if over > len(places) or without_self(scene):
        return scene.error.help is not None
    dropped = places[len(places) - over :]
    kept = ", ".join(scene.text_of(each) for each in tree.arguments if each not in dropped)
    scene.instead((tree, f"{scene.text_of(tree.function)}({kept})"))
    return scene.error.help is not None


def without_self(scene: Scene) -> bool:
    """`def forward(x):` in a class: the first parameter of a method is what it is called on."""
    kind, dot, name = scene.error.message.partition("(")[0].rpartition(".")
    written = getattr(scene.lookup(kind), "written", None) if dot else None
    code = getattr(written.get(name), "__code__", None) if isinstance(written, dict) else None
    if not isinstance(code, CodeType):
        return False
    taken = [each.removeprefix(".") for each in code.co_varnames[: code.co_argcount]]
    if taken[:1] in (["self"], ["cls"]):
        return False
    scene.error.help = f"a method is given what it is called on first: `{name}({', '.join(['self', *taken])})`"
    return True


def model_of(scene: Scene, name: str) -> None:
    """A model that is made with other arguments than it has parameters."""
    kind = scene.lookup(name)
    code = getattr(getattr(kind, "body", None), "__code__", None)
    tree = scene.tree
    if not isinstance(code, CodeType) or not isinstance(tree, nodes.Call):
        return
    taken = [each.removeprefix(".") for each in code.co_varnames[1 : code.co_argcount]]
    given = [scene.text_of(argument) for argument in tree.arguments if not argument.star]
    listed = ", ".join(f"`{each}`" for each in taken)
    words = f"`{name}` has the parameters {listed}: " if taken else f"`{name}` has no parameters: "
    if len(given) > len(taken):
        scene.instead((tree, f"{scene.text_of(tree.function)}({', '.join(given[: len(taken)])})"), words=words)
    else:
        scene.offer(f"it is called as `{name}({', '.join(taken)})`")


def not_callable(scene: Scene) -> None:
    """E0604: what parentheses after a tensor or a number were probably meant to be."""
    tree = scene.tree
    if not isinstance(tree, nodes.Call):
        return
    inside = bare(scene.text[tree.function.end :].strip())
    factor = operand(inside, tree.arguments[0].value) if len(tree.arguments) == 1 else inside
    text = scene.text_of(tree.function)
    if not tree.arguments and isinstance(tree.function, (nodes.Attribute, nodes.Call)):
        scene.instead((tree, text), words="it is no function, but the value itself: ")  # `x.shape()`
        return
    if "'Tensor'" in scene.error.message and len(tree.arguments) > 1 and all(a.name is None for a in tree.arguments):
        scene.instead((tree, f"{text}[{inside}]"), words="elements are picked in square brackets, and counted from 0: ")
        return
    if re.search(r"'(?:list|tuple|dict|Size|str)'", scene.error.message) and len(tree.arguments) == 1:
        scene.instead((tree, f"{text}[{inside}]"), words="items are picked in square brackets: ")
        return
    if len(tree.arguments) == 1 and tree.arguments[0].name is None and ("Tensor" in scene.error.message):
        scene.offer(f"`{text} * {factor}` multiplies, `{text}[{inside}]` picks elements")
    elif len(tree.arguments) == 1 and ("'int'" in scene.error.message or "'float'" in scene.error.message):
        scene.offer(f"`{text} * {factor}` multiplies")


def not_iterable(scene: Scene) -> None:
    """E0606: a number in a loop."""
    if "'int'" in scene.error.message and scene.text.strip():
        scene.offer(f"`range({scene.text})` counts from 0")


def recursion(scene: Scene) -> None:
    """E0901: the end that the function needs, in its own parameter."""
    code = scene.frames[0][0] if scene.frames else None
    if "recursion" not in scene.error.message or not isinstance(code, CodeType) or not code.co_argcount:
        return
    first = code.co_varnames[0].removeprefix(".")
    if first.isidentifier() and isinstance(scene.lookup(first), (int, float)):
        scene.offer(
            f"a function that calls itself needs an end, `if {first} <= 0 {{ return 0 }}`; or write it as a loop"
        )
