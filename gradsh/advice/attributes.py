"""Advice on attributes and methods that a value has under another name, or not at all."""

from __future__ import annotations

import re
from types import CodeType

from gradsh.advice import numbers
from gradsh.advice.quoted import dtype_named
from gradsh.advice.scene import Scene
from gradsh.causes.text import operand
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.nn.module import Model
from gradsh.language import nodes
from gradsh.language.models import SELF

MANY = 8  # names of layers that are listed

# by the kind of value: what is written for an attribute; `{x}` is the value, `{args}` what it was called with
LENGTH = dict.fromkeys(("length", "len", "size", "count", "__len__"), "len({x})")
OTHERWISE: dict[str, dict[str, str]] = {
    "Tensor": {
        **LENGTH,
        "zero_grad": "zero_grad {x}",
        "copy": "{x}.clone()",
        "astype": "{x}.to({args})",
        "append": "cat([{x}, tensor([{args}])])",
        "push": "cat([{x}, tensor([{args}])])",
        "concat": "cat([{x}, {args}])",
        "array": "{x}.numpy()",
        "gradient": "{x}.grad",
        "derivative": "{x}.grad",
        "value": "{x}.item()",
        "plot": "plot {x}",
        "show": "show {x}",
        "inv": "{x}.inverse()",
        "asnumpy": "{x}.numpy()",
        "to_numpy": "{x}.numpy()",
    },
    "list": {**LENGTH, "push": "{x}.append({args})", "add": "{x}.append({args})", "sum": "sum({x})", "max": "max({x})"},
    "str": {**LENGTH, "toUpperCase": "{x}.upper()", "toLowerCase": "{x}.lower()", "trim": "{x}.strip()"},
    "dict": {**LENGTH, "has": "{args} in {x}", "has_key": "{args} in {x}"},
}
OTHERWISE["tuple"] = OTHERWISE["list"]


def otherwise(scene: Scene) -> bool:
    """Offer what is written for an attribute that is not there; whether there was something to say."""
    said = re.match(r"'(\w+)' object has no attribute '(\w+)'", scene.error.message)
    tree = scene.tree
    attribute = tree.function if isinstance(tree, nodes.Call) else tree
    if said is None or not isinstance(attribute, nodes.Attribute):
        return False
    kind, name = said.groups()
    call = called(scene, attribute)
    if kind in ("float", "int"):
        return of_a_number(scene, name, attribute, call)
    if kind == "str" and name == "format" and call is not None:
        return formatted(scene, attribute, call)
    new = OTHERWISE.get(kind, {}).get(name)
    held = scene.value_of(attribute.value) if kind == "dict" else None  # not always the dict: that may be an argument
    if new is None and isinstance(held, dict) and name in held:
        new = '{x}["' + name + '"]'  # as JavaScript has it
    if new is None and name == "summary" and isinstance(scene.value_of(attribute.value), Model):
        new = "print {x}"
    if new is None:
        return False
    given = call.arguments if call is not None else []
    listed = scene.full_text(nodes.Node(given[0].start, given[-1].end)) if given else ""
    receiver = attribute.value
    text = scene.text_of(receiver)
    if "{args}" in new and not listed:
        return False
    if name == "astype":
        listed = re.sub(r"""^(['"])(\w+)\1""", lambda quoted: dtype_named(quoted[2]) or quoted[0], listed)
    if new.startswith("cat(") and isinstance(scene.value_of(given[0].value), Tensor):
        new = "cat([{x}, {args}])"
    shown = (
        text
        if new.startswith(("len(", "zero_grad", "plot ", "show ", "print ", "cat(", "sum(", "max("))
        else operand(text, receiver)
    )
    scene.instead((call if call is not None else attribute, new.format(x=shown, args=listed)))
    return True


def layers_of(scene: Scene, attribute: nodes.Attribute) -> None:
    """A layer under a name that the model does not have: those that it has."""
    held = scene.value_of(attribute.value)
    begun = getattr(getattr(type(held), "written", {}).get("__init__"), "__code__", None)
    if isinstance(begun, CodeType) and f".{attribute.name}" in begun.co_varnames:  # `fc = nn.Linear(2, 1)`
        scene.error.help = (
            f"`{attribute.name}` is a variable of `__init__`, which ends with it: `{SELF}.{attribute.name}`"
        )
        return
    if not isinstance(held, Model):
        return
    text = scene.text_of(attribute.value)
    names = [name for name, layer in held.named_children() if layer is not None]
    if names:
        scene.offer("it has " + ", ".join(f"`{text}[{n}]`" if n.isdigit() else f"`{text}.{n}`" for n in names[:MANY]))


def formatted_method(scene: Scene) -> None:
    """`f"{loss.item:.3f}"`: the method is called."""
    page, field = scene.page(scene.primary.source) if scene.primary is not None else None, scene.text
    step = page.step(scene.primary) if page is not None and scene.primary is not None else None
    name, colon, _ = field[1:].partition(":")
    if page is None or step is None or scene.primary is None or not colon or not re.fullmatch(r"[\w.\[\]]+", name):
        return
    at = scene.primary.start + 1 + len(name)
    if any(step.statement.blocks()):
        scene.offer(f"`{name}` is not called: `{name}()`")
    else:
        scene.rewritten(page, step, [(at, at, "()")])


def called(scene: Scene, attribute: nodes.Attribute) -> nodes.Call | None:
    """The call of the attribute, if it is called; the failing piece may be the attribute alone."""
    if isinstance(scene.tree, nodes.Call):
        return scene.tree
    assert scene.primary is not None
    page = scene.page(scene.primary.source)
    step = page.step(scene.primary)
    first = scene.primary.start
    for node in nodes.walk(step.statement) if step is not None else ():
        ends = (node.start, node.function.end) if isinstance(node, nodes.Call) else None
        if isinstance(node, nodes.Call) and ends == (first + attribute.start, first + attribute.end):
            return shifted(node, -first)
    return None


def shifted(call: nodes.Call, by: int) -> nodes.Call:
    """The call with offsets that count from elsewhere; of its arguments only where they stand."""
    arguments = [
        nodes.Argument(each.start + by, each.end + by, each.name, each.star, each.value) for each in call.arguments
    ]
    return nodes.Call(call.start + by, call.end + by, call.function, arguments)


def of_a_number(scene: Scene, name: str, attribute: nodes.Attribute, call: nodes.Call | None) -> bool:
    """`loss.item()` of what is a number already; `x.backward()` of what should have been a tensor."""
    if name in ("item", "detach", "cpu", "numpy", "clone", "tolist", "data"):
        whole = call if call is not None else attribute
        scene.instead((whole, scene.text_of(attribute.value)), words="it is a number already: ")
        return True
    return numbers.wanted(scene, attribute.value)


def formatted(scene: Scene, attribute: nodes.Attribute, call: nodes.Call) -> bool:
    """`"{:.2f}".format(x)` is an f-string."""
    template = scene.text_of(attribute.value)
    if not isinstance(attribute.value, nodes.String) or template[:1] not in "\"'" or template[:3] in ('"""', "'''"):
        return False
    given = [scene.full_text(each) for each in call.arguments if each.name is None]
    named = {each.name: scene.full_text(each).partition("=")[2].strip() for each in call.arguments if each.name}
    quote, other = template[0], "'" if template[0] == '"' else '"'
    count = iter(range(len(given)))

    def filled(match: re.Match[str]) -> str:
        field, spec = match.group(1), match.group(2) or ""
        if field == "":
            at = next(count, None)
            text = given[at] if at is not None else ""
        else:
            text = given[int(field)] if field.isdigit() and int(field) < len(given) else named.get(field, "")
        return f"{{{text.replace(quote, other)}{spec}}}"

    made = re.sub(r"\{(\w*)((?:![rs])?(?::[^{}]*)?)\}", filled, template)
    if "{}" in made:
        return False
    scene.instead((call, f"f{made}"))
    return True
