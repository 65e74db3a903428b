"""Advice on errors of values: shapes, dtypes, indices, operations, attributes and keys."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from types import MethodType

from gradsh.advice import attributes, numbers
from gradsh.advice.gradients import missing_gradient
from gradsh.advice.scene import Scene
from gradsh.causes.text import LONG, operand
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.language import nodes
from gradsh.language.nodes import walk
from gradsh.runtime.builtins import BUILTINS

MANY = 3  # names that are explained at most

# --- shapes, dtypes, indices ---------------------------------------------------------------------------------------


def shapes(scene: Scene) -> None:
    """E0302: the shapes of both operands; of the tensors in the expression where the error says nothing of them."""
    if to_shape(scene) or len(scene.error.labels) > MANY:
        return
    pair = scene.error.subject
    sides = scene.operands()
    if "need to be at least 1D" in scene.error.message and isinstance(scene.tree, nodes.Binary) and len(sides) == 2:
        left, right = (operand(scene.text_of(side), side) for side in sides)
        scene.instead((scene.tree, f"{left} * {right}"), words="of single numbers a product is the plain one: ")
    if not isinstance(pair, tuple) or len(sides) != 2:
        describe_names(scene, lambda t: f"shape {list(t.shape)}")
        return
    first, second = pair
    for node, shape in zip(sides, (first, second), strict=True):
        scene.add(scene.span_of(node), f"shape {list(shape)}")
    _fitting(scene, sides, first, second)


def _fitting(scene: Scene, sides: list[nodes.Node], a: tuple[int, ...], b: tuple[int, ...]) -> None:
    """Offer the operation with one operand turned or stretched so that it fits, where there is a plain way to."""
    tree = scene.tree
    if not isinstance(tree, nodes.Binary):
        return
    left, right = sides
    first, second = (operand(scene.text_of(side), side) for side in sides)
    if tree.op == "@":
        if len(a) == len(b) == 2 and a[1] == b[1]:
            scene.instead((right, f"{second}.T"))
        elif len(a) == 2 and len(b) in (1, 2) and a[0] == b[0]:
            scene.instead((left, f"{first}.T"))
        elif len(a) == len(b) == 1:
            outer = f"outer({scene.text_of(left)}, {scene.text_of(right)})"
            scene.instead((tree, outer), words="the product of each with each: ")
    elif len(a) == 2 and len(b) == 1 and a[0] == b[0]:
        scene.instead((right, f"{second}.unsqueeze(1)"), words="one number for each row: ")
    elif len(b) == 2 and len(a) == 1 and a[0] == b[0]:
        scene.instead((left, f"{first}.unsqueeze(1)"), words="one number for each row: ")
    elif len(a) == len(b) == 2 and a == b[::-1]:
        scene.instead((right, f"{second}.T"))
    elif len(b) == 1:
        scene.instead((left, f"{first}.unsqueeze(-1)"), words="each with each: ")
    elif len(a) == 1:
        scene.instead((right, f"{second}.unsqueeze(-1)"), words="each with each: ")


def to_shape(scene: Scene) -> bool:
    """Of `x.reshape(4, 2)`, the shape with one size left open that fits."""
    said = re.match(r"shape '\[([\d, -]*)\]' is invalid for input of size (\d+)", scene.error.message)
    tree = scene.tree
    if said is None or not isinstance(tree, nodes.Call):
        return False
    sizes, count = [int(size) for size in said[1].split(",") if size.strip()], int(said[2])
    given = [argument.value for argument in tree.arguments if argument.name is None]
    method = isinstance(tree.function, nodes.Attribute) and scene.text_of(tree.function.value) not in ("torch", "F")
    if not method:
        given = given[1:]
    if len(given) == 1 and isinstance(given[0], nodes.ListExpr | nodes.TupleExpr):
        given = list(given[0].items)
    describe_names(scene, lambda t: f"shape {list(t.shape)}")
    if len(given) != len(sizes) or not given:
        return True
    for at in range(len(sizes)):
        others = math.prod(size for i, size in enumerate(sizes) if i != at)
        if others > 0 and count % others == 0:
            scene.instead((given[at], "-1"), words=f"it has {count} elements: ")
            return True
    scene.instead((nodes.Node(given[0].start, given[-1].end), "-1"), words=f"it has {count} elements: ")
    return True


def dims(scene: Scene) -> None:
    """E0304: the dimensions that there are, and the last one."""
    found = describe_names(scene, lambda t: f"shape {list(t.shape)}")
    said = re.search(r"expected to be in range of \[(-?\d+), (-?\d+)\], but got (-?\d+)", scene.error.message)
    tree = scene.tree
    if said is None or not isinstance(tree, nodes.Call):
        return
    most, given = int(said[2]), int(said[3])
    for argument in tree.arguments:
        value = argument.value
        shown = scene.text_of(value)
        if (argument.name in (None, "dim", "axis", "start_dim", "end_dim")) and shown == str(given):
            words = f"its dimensions are 0 to {most}: " if most else "it has one dimension, 0: "
            scene.instead((value, str(most)), words=words)
            return
    if not found:
        return


def dtypes(scene: Scene) -> None:
    """E0303: the dtypes of the tensors in the expression, and the conversion."""
    if numbers.powers(scene):
        return
    found = describe_names(scene, lambda t: f"dtype {t.dtype!r}")
    message = scene.error.message
    tree = scene.tree
    if "target dtype to be Long" in message or "expected scalar type Long" in message or "'target'" in message:
        given = [argument.value for argument in tree.arguments] if isinstance(tree, nodes.Call) else []
        target = given[1] if len(given) > 1 else None
        if target is not None:
            scene.instead((target, f"{operand(scene.text_of(target), target)}.long()"))
        return
    kinds = {repr(t.dtype): t for _, t in found}
    places = {node.name: node for node in walk(tree) if isinstance(node, nodes.Name)}
    integers = [name for name, t in found if t.data.dtype.kind != "f"]
    floats = [t for _, t in found if t.data.dtype.kind == "f"]
    if integers and ("floating point" in message or "not implemented for" in message or floats):
        to = floats[0].dtype if floats else None
        method = f".to({to!r})" if to is not None and repr(to) != "float32" else ".float()"
        scene.instead(*((places[name], f"{name}{method}") for name in integers))
    elif len(kinds) > 1 and len(floats) == len(found):
        most = max(floats, key=lambda t: t.data.dtype.itemsize)
        method = ".double()" if repr(most.dtype) == "float64" else f".to({most.dtype!r})"
        others = [name for name, t in found if t.dtype != most.dtype]
        scene.instead(*((places[name], f"{name}{method}") for name in others))


def indices(scene: Scene) -> None:
    """E0305: the shape of what is indexed, and an index that there is."""
    describe_names(scene, lambda t: f"shape {list(t.shape)}")
    tree, message = scene.tree, scene.error.message
    if not isinstance(tree, nodes.Index):
        return
    many = re.match(r"too many indices for tensor of dimension (\d+)", message)
    if many is not None and 0 < int(many[1]) < len(tree.items):
        kept = tree.items[: int(many[1])]
        last = (kept[-1].end, tree.items[-1].end)
        words = "it has one dimension: " if len(kept) == 1 else f"it has {len(kept)} dimensions: "
        scene.instead((nodes.Node(*last), ""), words=words)
    elif beyond := re.match(r"index -?\d+ is out of bounds for dimension \d+ with size ([1-9]\d*)", message):
        scene.offer(f"there are {beyond[1]}, from `0` to `{int(beyond[1]) - 1}`")
    elif "(got float)" in message:
        for item in tree.items:
            if isinstance(item, nodes.Number) and isinstance(item.value, float) and item.value.is_integer():
                scene.instead((item, str(int(item.value))))
                return


def one_number(scene: Scene) -> None:
    """E0314: the ways from many numbers to one."""
    node = scene.tree
    text = scene.text if len(scene.text) <= LONG and "\n" not in scene.text else ""
    if scene.error.message.startswith("Boolean value of Tensor with more"):
        describe_names(scene, lambda t: f"shape {list(t.shape)}")
        if isinstance(node, nodes.Call) and is_layer(scene, node.function):  # `MSELoss(net(x), y)`
            end = node.function.end
            scene.instead((nodes.Node(end, end), "()"), words="a layer is made, then called: ")
        elif text and node is not None and not isinstance(node, nodes.Stmt):
            of = operand(text, node)
            scene.offer(f"`{of}.any()` or `{of}.all()` is one answer; `where` chooses element by element")
    elif isinstance(node, nodes.Call) and isinstance(node.function, nodes.Attribute) and node.function.name == "item":
        describe_names(scene, lambda t: f"shape {list(t.shape)}")
        of = operand(scene.text_of(node.function.value), node.function.value)
        scene.offer(f"`{of}.tolist()` gives all of them, `{of}.sum().item()` one number")


def is_layer(scene: Scene, function: nodes.Expr) -> bool:
    """Is it the class of a layer, `MSELoss`, `nn.ReLU`?"""
    held = scene.value_of(function)
    name = function.name if isinstance(function, (nodes.Name, nodes.Attribute)) else ""
    return isinstance(held, ModelKind) or (held is None and name[:1].isupper())


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


def never_called(scene: Scene) -> None:
    """`let x = tensor(2.0).requires_grad_; x**2`: the method is called where the name was bound."""
    for node in scene.operands():
        held = scene.value_of(node.value) if isinstance(node, nodes.Attribute) else None
        if isinstance(held, Tensor) and BUILTINS.facts(f"Tensor.{getattr(node, 'name', '')}") is not None:
            scene.instead((node, f"{scene.text_of(node)}()"), words="a method is called: ")  # `x.sum + 1`
            return
        if isinstance(scene.value_of(node), MethodType) and isinstance(node, nodes.Name) and scene.primary is not None:
            found = scene.binding(node.name, scene.page(scene.primary.source), scene.primary.start)
            if found is not None and found[0].value is not None:
                end = found[0].value.end
                scene.rewritten(found[1], found[0], [(end, end, "()")])
                return


def operation(scene: Scene) -> None:
    """E0308: arithmetic with a gradient that is not there, or with a string."""
    message = scene.error.message
    called = scene.tree.value if isinstance(scene.tree, nodes.Index) else None
    if message == "'method' object is not subscriptable" and called is not None and scene.text.endswith("]"):
        inside = scene.text[called.end :].strip()[1:-1]
        assert scene.tree is not None
        scene.instead((scene.tree, f"{scene.text_of(called)}({inside})"), words="a method is called: ")
    elif "passed to method.__format__" in message:
        attributes.formatted_method(scene)
    elif "NoneType" in message:
        missing_gradient(scene)
    elif "context manager protocol" in message:
        if re.match("'(?:function|type|method)'", message):  # `with torch.no_grad:`
            scene.error.help = f"`with {scene.text}():`"
    elif "for ^" in message:
        numbers.powers(scene)
    elif "'method'" in message:
        never_called(scene)
    elif "'list'" in message or "to list" in message:
        numbers.of_lists(scene)
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
    called = scene.tree.function if isinstance(scene.tree, nodes.Call) else None
    if "has no attribute 'size'" in scene.error.message and getattr(called, "name", "size") != "size":
        numbers.as_tensors(scene)  # what a function asked of its argument
        return
    if attributes.otherwise(scene):
        return
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
            call = attributes.called(scene, tree)
            given = scene.full_text(nodes.Node(tree.end, call.end)) if call is not None else ""
            meant = f"{operand(text, tree.value)}{help.split('`')[1]}{given}"
            scene.offer(f"did you mean `{meant}`?")
            if call is not None and scene.primary is not None:
                scene.error.edit = (scene.primary.start + call.start, scene.primary.start + call.end, meant)
    elif isinstance(tree, nodes.Attribute):
        attributes.layers_of(scene, tree)


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
