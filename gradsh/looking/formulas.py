"""The formulas of operators, as the registry has them: read, written in the program's own names, and computed.

A formula says what the gradient of each input is, in gradsh, where `g` is what comes in, `out` the result, and the
inputs have the names of the signature: "input: g * other; other: g * input". "A where C, else B" chooses element by
element; words behind a comma explain ("g, for each element"), and the shape follows the input's. `n` is the number of
elements that a mean is over, `onehot(target)` the classes as vectors, `softmax(x)` that along the classes. A formula
that is no gradsh is a sentence, shown as it is.
"""

from __future__ import annotations

import math
import operator as python_operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradsh.engine import catalogue
from gradsh.engine.autograd.forms import sum_to
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor, make
from gradsh.errors import GradshError
from gradsh.language import nodes
from gradsh.looking.past import fragment

CHOICE = re.compile(r"(.+?) where (.+), else (.+)")
# the words behind a comma that say what `fitted` does
BEHIND = re.compile(r"(.+), ((?:for each|summed|reshaped|viewed|expanded|in input's)\b.*)")
PART = re.compile(r"(?:^|; )(\w+): ")
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": python_operator.add,
    "-": python_operator.sub,
    "*": python_operator.mul,
    "/": python_operator.truediv,
    "//": python_operator.floordiv,
    "**": python_operator.pow,
    "@": python_operator.matmul,
    "&": python_operator.and_,
    "|": python_operator.or_,
}
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": python_operator.eq,
    "!=": python_operator.ne,
    "<": python_operator.lt,
    "<=": python_operator.le,
    ">": python_operator.gt,
    ">=": python_operator.ge,
}


class Rule:
    """What the gradient of one input is.

    text     as the registry has it; tree, condition, otherwise   the same, read: a plain expression has only `tree`;
    all are None where it is a sentence. words   the explanation behind it
    """

    __slots__ = ("condition", "otherwise", "text", "tree", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = ""
        self.condition: nodes.Node | None = None
        self.otherwise: nodes.Node | None = None
        choice = CHOICE.fullmatch(text)
        if choice is not None:
            then, condition, otherwise = (fragment(part) for part in choice.groups())
            readable = then is not None and condition is not None and otherwise is not None
            self.tree = then if readable else None
            if readable:
                self.condition, self.otherwise = condition, otherwise
            return
        self.tree = _formula(text)
        found = BEHIND.fullmatch(text)
        if self.tree is None and found is not None:
            self.tree, self.words = _formula(found.group(1)), found.group(2)

    @property
    def is_sentence(self) -> bool:
        return self.tree is None

    @property
    def names(self) -> set[str]:
        """The names in it that stand for values."""
        found, functions = set(), set()
        for part in self.parts:
            for node in nodes.walk(part):
                if isinstance(node, nodes.Call):
                    functions.add(id(node.function))
                elif isinstance(node, nodes.Name) and id(node) not in functions:
                    found.add(node.name)
        return found

    @property
    def parts(self) -> list[nodes.Node]:
        return [part for part in (self.tree, self.condition, self.otherwise) if part is not None]


def _formula(text: str) -> nodes.Node | None:
    tree = fragment(text)
    return tree if isinstance(tree, nodes.Expr) and not isinstance(tree, nodes.TupleExpr) else None


_rules: dict[str, dict[str, Rule]] = {}


def rules_of(formula: str, first: str) -> dict[str, Rule]:
    """The rules of a formula by input; `first` is the input of one that names none."""
    key = f"{first}\0{formula}"
    if key not in _rules:
        parts = PART.split(formula)
        if len(parts) == 1 or parts[0]:
            _rules[key] = {first: Rule(formula)} if formula else {}
        else:
            _rules[key] = {name: Rule(text.rstrip("; ")) for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    return _rules[key]


# --- computing --------------------------------------------------------------------------------------------------------


class Unknown(Exception):
    """A formula needs a value that is not there, or a word that it does not have."""


def value_of(rule: Rule, values: Mapping[str, Any]) -> Any:
    """The number of a rule, given those of its names (tensors, numbers). Errors: Unknown."""
    if rule.tree is None:
        raise Unknown
    before, mode.grad = mode.grad, False
    try:
        found = compute(rule.tree, values)
        if rule.condition is None or rule.otherwise is None:
            return found
        condition = compute(rule.condition, values)
        return _call("where", [condition, found, compute(rule.otherwise, values)], {})
    except (GradshError, TypeError, ValueError, ArithmeticError, AttributeError, IndexError) as error:
        raise Unknown from error
    finally:
        mode.grad = before


def compute(node: nodes.Node, values: Mapping[str, Any]) -> Any:
    """The value of a tree. Errors: Unknown, and whatever the operators raise."""
    if isinstance(node, (nodes.Number, nodes.Constant, nodes.String)):
        return node.value
    if isinstance(node, nodes.Name):
        if node.name in values:
            return values[node.name]
        if node.name == "pi":
            return np.pi
        raise Unknown
    if isinstance(node, nodes.Binary):
        return BINARY[node.op](compute(node.left, values), compute(node.right, values))
    if isinstance(node, nodes.Compare):
        if node.op not in COMPARE:
            raise Unknown
        return COMPARE[node.op](compute(node.left, values), compute(node.right, values))
    if isinstance(node, nodes.Unary):
        operand = compute(node.operand, values)
        return -operand if node.op == "-" else not operand if node.op == "not" else +operand
    if isinstance(node, (nodes.TupleExpr, nodes.ListExpr)):
        return tuple(compute(item, values) for item in node.items)
    if isinstance(node, nodes.Index):
        items = [compute(item, values) for item in node.items]
        return compute(node.value, values)[items[0] if len(items) == 1 else tuple(items)]
    if isinstance(node, nodes.Conditional):
        return compute(node.then if compute(node.condition, values) else node.otherwise, values)
    if isinstance(node, nodes.Attribute):
        return _attribute(compute(node.value, values), node.name)
    if isinstance(node, nodes.Call):
        return _called(node, values)
    raise Unknown


def _attribute(value: Any, name: str) -> Any:
    if name == "shape":
        return tuple(value.shape)
    if name == "ndim":
        return value.ndim
    if name in ("T", "mT"):
        return _call("t", [value], {}) if name == "T" else _call("transpose", [value, -1, -2], {})
    raise Unknown


def _called(node: nodes.Call, values: Mapping[str, Any]) -> Any:
    given = [compute(a.value, values) for a in node.arguments if a.name is None and not _is_flag(a.value)]
    named = {a.name: compute(a.value, values) for a in node.arguments if a.name is not None}
    named |= {a.value.name: True for a in node.arguments if a.name is None and _is_flag(a.value)}  # type: ignore[attr-defined]  # a name
    if isinstance(node.function, nodes.Attribute):
        receiver = compute(node.function.value, values)
        if node.function.name == "numel" and not given:
            return math.prod(receiver.shape)
        return _call(node.function.name, [receiver, *given], named)
    if isinstance(node.function, nodes.Name):
        own = values.get(node.function.name)
        return own(*given, **named) if callable(own) else _call(node.function.name, given, named)
    raise Unknown


def _is_flag(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "keepdim"


def _call(name: str, given: list[Any], named: dict[str, Any]) -> Any:
    entry = catalogue.operator(name) or catalogue.operator(f"special.{name}")
    if entry is None:
        raise Unknown
    given = [make(np.asarray(x)[()]) if isinstance(x, np.generic) else x for x in given]
    return entry.apply(*given, **named)


def helpers(values: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What formulas may use besides the names of the signature.

    `arguments` are those of the call: `n` depends on `reduction`.
    """
    found: dict[str, Any] = {}
    scores: Any = values.get("input")
    target: Any = values.get("target")
    if hasattr(scores, "shape"):
        classes_at = 1 if len(scores.shape) > 1 else 0
        count = math.prod(scores.shape)
        by_class = hasattr(target, "dtype") and "int" in repr(target.dtype)
        if by_class:
            count //= scores.shape[classes_at]
        elif hasattr(target, "shape"):
            count = math.prod(np.broadcast_shapes(scores.shape, target.shape))
        reduction = arguments.get("reduction", "mean")
        batch = scores.shape[0] if scores.shape else 1
        found["n"] = count if reduction == "mean" else batch if reduction == "batchmean" else 1
        if by_class:
            found["onehot"] = lambda t: _onehot(t, scores.shape[classes_at], classes_at)
        found["softmax"] = lambda x, dim=classes_at: _call("softmax", [x, dim], {})
    return found


def _onehot(target: Tensor, classes: int, at: int) -> Any:
    hot = _call("one_hot", [target, classes], {})
    return _call("to", [_call("movedim", [hot, -1, at], {}), mode.default], {}) if at else hot


def fitted(given: Any, shape: tuple[int, ...]) -> Any:
    """A computed gradient in the shape of its input: expanded, summed or viewed as it. Errors: Unknown."""
    if given.__class__ is not Tensor and not isinstance(given, (int, float, np.generic, np.ndarray)):
        raise Unknown  # only its form is known
    data = given.data if given.__class__ is Tensor else np.asarray(given)
    if data.shape == shape:
        return data
    size = math.prod(shape)
    if data.size == size:
        return data.reshape(shape)
    try:
        found = np.broadcast_to(data, shape) if data.size < size else sum_to(data, shape)
    except ValueError:
        raise Unknown from None
    if found.shape != shape:
        raise Unknown
    return found


def formula_of(entry: Any, arguments: Mapping[str, Any]) -> str:
    """The formula of an operator for a call with these arguments; "" where that says nothing of one that was given."""
    given: list[Any] = [arguments.get(p.name) for p in entry.signature.parameters]
    dims = [str(len(v.shape)) for v in given if hasattr(v, "shape") and hasattr(v, "dtype")]
    text = str(entry.by_ndim.get(",".join(dims[:2])) or entry.by_ndim.get(",".join(dims[:1])) or entry.formula)
    for p in entry.signature.parameters:
        value = arguments.get(p.name, p.default)
        plain = value is None or hasattr(value, "shape") or isinstance(value, (list, tuple)) or value == p.default
        if not plain and p.has_default and p.name not in NEUTRAL and not re.search(rf"\b{p.name}\b", text):
            return ""
        if p.name in ("weight", "pos_weight") and value is not None and p.has_default and not re.search(p.name, text):
            return ""
    return text


# arguments that a formula holds for, whatever they are: `n` knows the reduction, and reduced dims are kept for formulas
NEUTRAL = ("reduction", "dim", "keepdim", "inplace", "dtype", "size_average", "reduce", "training", "stable")


def kept(entry: Any, values: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The values for a formula of an operator that takes dims away: `g` and `out` have them, with one element."""
    dim: Any = arguments.get("dim")
    if hasattr(dim, "shape"):
        return dict(values)  # `max` of two tensors
    names = [p.name for p in entry.signature.parameters]
    source: Any = values.get(names[0]) if names else None
    if "keepdim" not in names or not hasattr(source, "shape"):
        return dict(values)
    ndim = len(source.shape)
    if dim is None or dim in ((), []):
        dims = tuple(range(ndim))
    else:
        dims = tuple(int(d) % max(ndim, 1) for d in (dim if isinstance(dim, (tuple, list)) else (dim,)))
    found = dict(values)
    for name in ("g", "out"):
        value: Any = values.get(name)
        if hasattr(value, "data") and value.data.ndim == ndim - len(dims):
            data = np.asarray(value.data)
            for d in sorted(dims):
                data = np.expand_dims(data, d)
            found[name] = make(data)
    found["keepdim"] = True
    found["dim"] = dims if dims else None
    return found
