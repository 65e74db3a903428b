"""Advice on errors inside of layers: which layer it is, what it got, and the layer that would take it."""

from __future__ import annotations

import re
from typing import Any

from gradsh.advice import values
from gradsh.advice.scene import Scene
from gradsh.causes.surroundings import parts
from gradsh.causes.text import operand
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.language import nodes
from gradsh.runtime.namespace import variables

# the dimension of the input, from the end, that the first argument of a layer is the size of
FEATURES = dict.fromkeys(("Linear", "Bilinear", "RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"), -1)
CONVOLUTION = re.compile(r"(?:Lazy)?Conv(?:Transpose)?(\d)d\Z")
NORMS = re.compile(r"(?:Batch|Instance)Norm(\d)d\Z")


class Failing:
    """The innermost layer of the library that an error went through, what it is called here, and its first input."""

    __slots__ = ("input", "kind", "layer", "name")

    def __init__(self, layer: Any, given: Tensor, name: str) -> None:
        self.layer = layer
        self.input = given
        self.kind = type(layer).__name__
        self.name = name


def failing(scene: Scene) -> Failing | None:
    """The layer that an error comes from, if it comes from one that was given a tensor."""
    found = None
    for local in scene.within:
        layer: Any = local.get("self")
        arguments = local.get("arguments")
        if not isinstance(type(layer), ModelKind) or not getattr(type(layer), "library", False):
            continue
        given = arguments[0] if isinstance(arguments, tuple) and arguments else None
        if isinstance(given, Tensor) and not any(layer.children()):
            found = Failing(layer, given, named(scene, layer))
    return found


def named(scene: Scene, layer: object) -> str:
    """What a layer is called from the top of the program, `net.fc1`, else where it failed; "" for nothing."""
    for name, value in variables(scene.globals).items():
        for inner, part in (("", value), *parts(value)):
            if part is layer:
                return name + inner
    return scene.name_of(layer) or ""


def shapes(scene: Scene) -> None:
    """E0302: of a layer its name, what it got and the size that it would need; else of what the expression names."""
    found = failing(scene)
    if found is None:
        values.shapes(scene)
        return
    shape = list(found.input.shape)
    shown = f"`{found.name}` " if found.name else ""
    scene.error.labels[0].text = f"{shown}{described(found)} got {shape}"
    if channels_last(scene, found):
        return
    size = wanted_size(found)
    weight = next((t for t in found.layer.parameters() if isinstance(t, Tensor)), None)
    made = scene.located(weight.made_at) if weight is not None else None
    if made is None or size is None:
        return
    page = scene.page(made.source)
    call, step = page.expression(made), page.step(made)
    if not isinstance(call, nodes.Call) or step is None or not call.arguments:
        return
    first = call.arguments[0]
    if first.name is None:
        value = first.value
        scene.add(made, "made here")
        if any(step.statement.blocks()):
            text = page.source.text
            scene.offer(f"`{text[call.start : value.start]}{size}{text[value.end : call.end]}`")
        else:
            scene.rewritten(page, step, [(value.start, value.end, str(size))])


def described(found: Failing) -> str:
    """A layer with its sizes, as it is made: `Linear(4, 1)`."""
    said = repr(found.layer)
    sizes = re.match(r"\w+\((?:\w+=)?(\d+)(?:, (?:\w+=)?(\d+))?", said)
    listed = ", ".join(filter(None, sizes.groups())) if sizes else ""
    return f"{found.kind}({listed})"


def wanted_size(found: Failing) -> int | None:
    """The first argument with which the layer would take its input."""
    shape = found.input.shape
    if found.kind in FEATURES:
        return int(shape[-1]) if shape else None
    spatial = CONVOLUTION.match(found.kind)
    if spatial is not None and len(shape) >= int(spatial[1]) + 1:
        return int(shape[-int(spatial[1]) - 1])
    if NORMS.match(found.kind) and len(shape) > 1:
        return int(shape[1])
    return None


def channels_last(scene: Scene, found: Failing) -> bool:
    """Pictures with the channels behind: the permutation that puts them in front."""
    spatial = CONVOLUTION.match(found.kind)
    weight = found.layer.get("weight")
    dims = len(found.input.shape)
    if spatial is None or not isinstance(weight, Tensor) or dims not in (int(spatial[1]) + 1, int(spatial[1]) + 2):
        return False
    transposed = "Transpose" in found.kind
    channels = weight.shape[0] if transposed else weight.shape[1] * int(found.layer.get("groups") or 1)
    if found.input.shape[-1] != channels:
        return False
    front = dims - int(spatial[1]) - 1
    order = [*range(front), dims - 1, *range(front, dims - 1)]
    return argument_as(scene, found.input, f".permute({', '.join(map(str, order))})", "the channels stand in front: ")


def argument_as(scene: Scene, t: Tensor, method: str, words: str = "") -> bool:
    """Offer the failing call with a method called on the argument that is this tensor, or on the only one."""
    tree = scene.tree
    given = [argument.value for argument in tree.arguments] if isinstance(tree, nodes.Call) else []
    found = [value for value in given if scene.value_of(value) is t] or (given if len(given) == 1 else [])
    if not found:
        return False
    node = found[0]
    scene.instead((node, f"{operand(scene.text_of(node), node)}{method}"), words=words)
    return scene.error.help is not None


def dtypes(scene: Scene) -> None:
    """E0303: of a layer, the input in the dtype of its parameters; else what the expression names."""
    found = failing(scene)
    weight = next(iter(found.layer.parameters()), None) if found is not None else None
    if found is None or weight is None:
        values.dtypes(scene)
        return
    given, own = OF[found.input.data.dtype], OF[weight.data.dtype]
    shown = f"`{found.name}` " if found.name else ""
    if found.kind.startswith("Embedding") and not given.is_floating_point:
        own = OF[found.input.data.dtype]
    wanted = f"is {own!r}, and got" if own is not given else "got"  # an `Embedding` wants integers, whatever it is
    scene.error.labels[0].text = f"{shown}{described(found)} {wanted} {given!r}"
    method = {"float32": ".float()", "float64": ".double()"}.get(repr(own), f".to({own!r})")
    if found.kind.startswith("Embedding"):
        method = ".long()"
    argument_as(scene, found.input, method)
