"""What goes out of one step of a backward, to which of its inputs, by which rule, and with which numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.registry import OPERATORS
from gradsh.language import nodes
from gradsh.looking import formulas, writing
from gradsh.looking.amounts import amount
from gradsh.looking.folding import outwards
from gradsh.looking.formulas import Rule, Unknown
from gradsh.looking.kept import by_name, is_reversed
from gradsh.looking.operands import Operands, operands
from gradsh.looking.past import fragment
from gradsh.looking.places import shortened
from gradsh.looking.reading import edges, target
from gradsh.looking.rows import Leaf, Reading, Row
from gradsh.looking.writing import ATOM, Text, Writer
from gradsh.reports.looking import Flow
from gradsh.runtime.results import FEW, Result

LONG = 26  # longer pieces of the program are shortened in formulas
LONGEST = 48  # numbers that are longer are not shown
CLOSE = 1e-4  # a formula whose numbers are farther off is not shown


class Going:
    """What goes from a row to one target: the sum of its edges, and the inputs of the operator that they come from."""

    __slots__ = ("inputs", "target", "total")

    def __init__(self, to: Row | Leaf) -> None:
        self.target = to
        self.total: Any = None
        self.inputs: list[tuple[int, int]] = []  # (node of the row, edge of the node)


def incoming(row: Row, walk: Any) -> list[Any]:
    """What came into the result of a row, for each of its outputs."""
    step = walk.steps.get(row.nodes[0])
    if step is None:
        return [None]
    return step[0] if step[0].__class__ is list else [step[0]]


def going(reading: Reading, row: Row, walk: Any) -> list[Going]:
    """What goes out of a row, in the order of its operands."""
    found: dict[int, Going] = {}
    leaves = {leaf.tensor: leaf for leaf in reading.leaves}
    for at, node in enumerate(row.nodes):
        step = walk.steps.get(node)
        outs = step[1] if step is not None else ()
        for edge_at, edge in enumerate(edges(node)):
            to = target(edge)
            if to is None:
                continue
            other: Row | Leaf = leaves[to] if to.__class__ is Tensor else reading.of_node[to]
            if other is row:
                continue
            one = found.setdefault(id(other), Going(other))
            one.inputs.append((at, edge_at))
            g = outs[edge_at] if edge_at < len(outs) else None
            one.total = g if one.total is None else added(one.total, g)
    return list(found.values())


def added(a: Any, b: Any) -> Any:
    """The sum of two gradients, which may be noted ones; None where that is not known."""
    if b is None:
        return a
    if a.__class__ is Result or b.__class__ is Result:
        return Result(a.value + b.value) if a.value is not None and b.value is not None else None
    return a + b


def called(to: Row | Leaf, row: Row) -> str:
    """What to call an input of a row: the variable, what was written, or the call that it came out of."""
    around = list(outwards(row.call))
    if isinstance(to, Leaf):
        prefix = next((call.path + "." for call in around if call.path and to.name.startswith(call.path + ".")), "")
        return to.label.removeprefix(prefix)
    outside = [call for call in outwards(to.call) if call not in around]
    if outside and outside[-1].text:
        from gradsh.looking.places import bound_to, flat

        span = outside[-1].span
        return (bound_to(span) if span is not None else "") or flat(outside[-1].text)
    return to.called


def flows(reading: Reading, row: Row, walk: Any, variables: Mapping[str, Any]) -> list[Flow]:
    """The flows of a row, with rules and numbers."""
    bound = operands(row, variables) if row.derived is None else None
    found = going(reading, row, walk)
    saved = walk.saved.get(row.nodes[0])
    context = Context(row, bound, found, saved, variables, walk)
    names = context.parameters
    found.sort(key=lambda one: names.index(at) if (at := context.inputs[id(one)][0]) in names else len(names))
    result = []
    for one in found:
        flow = Flow(context.name_of(one), amount(one.total))
        context.describe(one, flow)
        _remark(reading, flow, row, one, walk)
        result.append(flow)
    return result


def rules_of_gradient(row: Row, variables: Mapping[str, Any]) -> str:
    """The rules that a row of a gradient's graph is the work of: `x ← g * 3 * x**2`; "" where they are not known."""
    bound = operands(row, variables)
    if bound is None:
        return ""
    constants: dict[str, Any] = {}
    for p in bound.entry.signature.parameters:
        try:
            value = formulas.compute(bound.trees[p.name], {}) if p.name in bound.trees else p.default
        except (Unknown, TypeError, ValueError, ArithmeticError, AttributeError):
            continue
        if _plain(value):
            constants[p.name] = value
    texts: dict[str, Text] = {n: _short(t) for n, t in bound.texts.items() if n not in constants}
    texts |= {"g": ("g", ATOM), "out": _short(row.called)}
    found = []
    first = bound.entry.signature.parameters[0].name
    for name, rule in formulas.rules_of(formulas.formula_of(bound.entry, constants), first).items():
        if name in texts and not rule.is_sentence and rule.names <= {*texts, *constants, "pi"}:
            found.append(f"{texts[name][0]} ← {Writer(texts, constants, {}).rule(rule)}")
    return "; ".join(found)


def going_in(row: Row, variables: Mapping[str, Any], at: tuple[int, ...] = ()) -> str:
    """The expression of a row with the numbers that went into it; "" where they are large or not known.

    Of what is large the number at position `at`, where it has one.
    """
    tree = fragment(row.text)
    if not isinstance(tree, nodes.Expr):
        return ""
    names = {called(each, row): _value(each) for each in (*row.inputs, *row.parameters)}
    text = row.text
    for name in sorted(names, key=len, reverse=True):
        value = names[name]
        large = value.__class__ is Tensor and value.data.size > FEW and value.data.ndim == len(at)
        shown = (
            writing.listed((value.data[at] if large else value.data).tolist()) if value.__class__ is Tensor else None
        )
        if shown is None:
            return ""
        pattern = rf"(?<![\w.]){re.escape(name)}(?![\w(\[])" if name.isidentifier() else re.escape(name)
        held = shown[0] if shown[1] == ATOM else f"({shown[0]})"
        text = re.sub(rf"(?<=[(,] ){pattern}(?=[,)])|(?<=\(){pattern}(?=[,)])", shown[0], text)
        text = re.sub(pattern, held, text)
    return text if text != row.text else ""


class Context:
    """All that the formulas of one row may name: texts, plain numbers and values, by the operator's parameters."""

    def __init__(
        self,
        row: Row,
        bound: Operands | None,
        found: list[Going],
        saved: Any,
        variables: Mapping[str, Any],
        walk: Any,
    ) -> None:
        self.row = row
        self.bound = bound
        self.entry = bound.entry if bound is not None else OPERATORS.get(row.nodes[0].kind.operator)
        self.own = len(row.nodes) == 1 and self.entry is OPERATORS.get(row.nodes[0].kind.operator)
        self.parameters = [p.name for p in self.entry.signature.parameters] if self.entry is not None else []
        self.items: dict[tuple[str, int], str] = {}
        self.values: dict[str, Any] = {}
        self.texts: dict[str, str] = dict(bound.texts) if bound is not None else {}
        self._constants(variables)
        if self.own:
            self._saved(saved)
        self.inputs = {id(one): self._input(one, saved) for one in found}
        for one in found:
            name = self.inputs[id(one)][0]
            if name and name not in self.values:
                self.values[name] = _value(one.target)
            if name and name not in self.texts:
                self.texts[name] = called(one.target, row)
        came = incoming(row, walk)
        self.g = came[0] if len(came) == 1 else None
        self.values["g"] = _tensor(self.g)
        if "out" not in self.values and row.result is not None:
            self.values["out"] = _tensor(row.result)

    # --- values -------------------------------------------------------------------------------------------------

    def _constants(self, variables: Mapping[str, Any]) -> None:
        """Plain numbers and small values that the program gave, and the defaults of what it did not give."""
        if self.entry is None:
            return
        trees = self.bound.trees if self.bound is not None else {}
        for p in self.entry.signature.parameters:
            tree = trees.get(p.name)
            if tree is None:
                if p.has_default and p.name not in self.texts:
                    self.values[p.name] = p.default
                continue
            try:
                self.values[p.name] = formulas.compute(tree, {})
            except (Unknown, TypeError, ValueError, ArithmeticError, AttributeError):
                if isinstance(tree, nodes.Name):
                    value = variables.get(tree.name)
                    plain = value.__class__ is Tensor and not value.requires
                    if plain or isinstance(value, (int, float, str, tuple)):
                        self.values[p.name] = value

    def _saved(self, saved: Any) -> None:
        """What the node had kept: exactly what its rule reads."""
        for name, value in by_name(self.entry, self.row.nodes[0].kind, saved).items():
            if not isinstance(value, (list, tuple)) or name not in self.values:
                self._keep(name, value)

    def _keep(self, name: str, value: Any) -> None:
        if value.__class__ is Tensor:
            self.values[name] = make(value.data)
        elif isinstance(value, (np.ndarray, np.generic)):
            self.values[name] = make(value)
        elif value is not None:
            self.values[name] = value

    # --- which input --------------------------------------------------------------------------------------------

    def _input(self, one: Going, saved: Any) -> tuple[str, str]:
        """(the parameter that a target was given for, what was written for it)."""
        names = self.parameters
        if not names:
            return "", ""
        if self.own:
            at = one.inputs[0][1]
            several = self.row.nodes[0].next.__class__ is tuple
            tensor_at = getattr(self.entry, "tensor_at", None)
            if tensor_at:
                return self._of_general(at, tensor_at, saved)
            if not several and len(names) > 1 and is_reversed(self.entry, self.row.nodes[0].kind):
                at = 1
            name = names[at] if at < len(names) else ""
            return name, self.texts.get(name, "")
        said = called(one.target, self.row)
        short = said.rpartition(".")[2]
        for name, text in self.texts.items():
            if text == said or (text == short and isinstance(one.target, Leaf)):
                return name, text if isinstance(one.target, Row) else ""
        left = [n for n in names if n in self.texts and n not in self.values]
        if len(left) == 1:
            return left[0], self.texts[left[0]]
        return (names[0], "") if names[0] not in self.texts and isinstance(one.target, Row) else ("", "")

    def _of_general(self, at: int, tensor_at: tuple[int, ...], saved: Any) -> tuple[str, str]:
        """The parameter of edge number `at`, where a list of tensors has an edge for each."""
        lists = saved if saved.__class__ is list else []
        position = 0
        for i in tensor_at:
            name = self.parameters[i]
            if i < len(lists) and lists[i].__class__ is list:
                count = len(lists[i])
                if at < position + count:
                    return name, self._item(name, at - position)
                position += count
                continue
            if at == position:
                return name, self.texts.get(name, "")
            position += 1
        return "", ""

    def _item(self, name: str, at: int) -> str:
        tree = self.bound.trees.get(name) if self.bound is not None else None
        if isinstance(tree, (nodes.ListExpr, nodes.TupleExpr)) and at < len(tree.items):
            piece = tree.items[at]
            return " ".join(self.row.text[piece.start : piece.end].split())
        return ""

    def name_of(self, one: Going) -> str:
        """What a target is called in front of the arrow."""
        said = self.inputs[id(one)][1] if isinstance(one.target, Row) else ""
        return shortened(said or called(one.target, self.row), 2 * LONG)

    # --- the rule -----------------------------------------------------------------------------------------------

    def describe(self, one: Going, flow: Flow) -> None:
        """Fill in the formula and its numbers, where there is one and it is what was computed."""
        if self.entry is None:
            return
        name = self.inputs[id(one)][0]
        text = formulas.formula_of(self.entry, self.values)
        rules = formulas.rules_of(text, self.parameters[0] if self.parameters else "")
        rule = rules.get(name) or (next(iter(rules.values())) if len(rules) == 1 and not name else None)
        if rule is None:
            return
        helped = {**self.values, **formulas.helpers(self.values, self.values)}
        if rule.is_sentence:
            flow.formula = rule.text
            return
        kept = formulas.kept(self.entry, helped, self.values)
        if not self._holds(rule, kept, one.total):
            return
        constants = {n: v for n, v in kept.items() if _plain(v)}
        given = {n: _short(t) for n, t in self.texts.items() if n not in constants}
        texts: dict[str, Text] = {**given, "g": ("g", ATOM), "out": _short(self.row.called)}
        shaped = {n: v for n, v in kept.items() if hasattr(v, "shape")}
        if any(n not in texts and n not in constants and n not in ("keepdim", "pi", "dim") for n in rule.names):
            return  # the call gave it something that is not known here
        flow.formula = Writer(texts, constants, shaped).rule(rule)
        if rule.condition is None and not rule.words and flow.formula != "g":
            flow.numbers = self._numbers(rule, constants, shaped)
            if len(flow.numbers) > LONGEST:
                flow.numbers = ""

    def _holds(self, rule: Rule, values: Mapping[str, Any], total: Any) -> bool:
        """Whether the formula gives what was computed, where its numbers are known; if they are not, it is believed."""
        known = total.value if total.__class__ is Result else total
        if known is None:
            return True
        try:
            computed = formulas.value_of(rule, values)
        except (Unknown, AttributeError):
            return True
        if computed.__class__ is Result:
            return True
        try:
            found = formulas.fitted(computed, np.shape(known))
        except Unknown:
            return False
        return bool(np.allclose(found, known, rtol=CLOSE, atol=1e-6, equal_nan=True))

    def _numbers(self, rule: Rule, constants: Mapping[str, Any], shaped: Mapping[str, Any]) -> str:
        """The rule with numbers in place of names; "" where one of them is large or not known."""
        assert rule.tree is not None
        texts: dict[str, Text] = {}
        for part in nodes.walk(rule.tree):
            if not isinstance(part, nodes.Name) or part.name in constants or part.name in texts:
                continue
            value = self.values.get(part.name)
            if value is None or callable(value):
                if part.name in ("g", "out") or part.name in self.parameters:
                    return ""
                continue
            shown = writing.listed(value.data.tolist()) if value.__class__ is Tensor else None
            if shown is None:
                return ""
            texts[part.name] = shown
        return Writer(texts, constants, shaped, exact=True).rule(rule)


def _short(text: str) -> Text:
    """A piece of the program as it stands in a formula, with the middle of its arguments left out where it is long."""
    return shortened(text, LONG), writing.tightness(text)[1]


def _plain(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _value(to: Row | Leaf) -> Any:
    """The value of an input, where it is known: a tensor, or what has a shape."""
    return make(to.tensor.data) if isinstance(to, Leaf) else _tensor(to.result)


def _tensor(value: Any) -> Any:
    if value is None:
        return None
    if value.__class__ is Result:
        return make(value.value) if value.value is not None else value
    return make(value)


# --- remarks ----------------------------------------------------------------------------------------------------------


def _remark(reading: Reading, flow: Flow, row: Row, one: Going, walk: Any) -> None:
    total = one.total
    came = incoming(row, walk)
    g = came[0] if len(came) == 1 else None
    if total is None or total.__class__ is Result:
        return
    total = np.asarray(total)
    if re.search(r", else 0$", flow.formula) and g is not None and np.shape(g) == total.shape and total.size > 8:
        stopped = int(np.count_nonzero((total == 0) & (np.asarray(g) != 0)))
        flow.remarks.append(f"{stopped} of {total.size} stopped here")
    rows = total.ndim == 2 and total.shape[0] > 1 and total.size > 8 and total.shape[1] <= 8
    if rows and (total == total[0]).all():
        row_text = writing.listed(total[0].tolist(), 8)
        flow.remarks.append(f"each row {row_text[0] if row_text is not None else ''}")
    if total.dtype.kind == "f" and total.size <= 8 and not np.isfinite(total).all():
        _odd(reading, flow, row, total, g)


def _odd(reading: Reading, flow: Flow, made: Row, total: Any, g: Any) -> None:
    """Where nan or inf begins: what came in was a number, what goes out is none."""
    if g is None or np.shape(g) != total.shape:
        return
    g = np.asarray(g)
    at = [index for index in np.ndindex(*total.shape) if np.isfinite(g[index]) and not np.isfinite(total[index])]
    if not at:
        return
    said = _why(flow.numbers, at[0])
    masked = [row for row in reading.rows if made in row.inputs and _chooses(row)]
    if masked and g[at[0]] == 0:
        said += f"{': ' if said else ''}step {masked[0].step} did not take {made.called}"
        said += f" at {list(at[0])}" if at[0] else ""
    flow.odd = ([list(index) for index in at], said)


def _chooses(row: Row) -> bool:
    """Does its operator pass the gradient on only where a condition holds?"""
    bound = operands(row, {}) if row.derived is None else None
    return bound is not None and " where " in bound.entry.formula


def _why(numbers: str, index: tuple[int, ...]) -> str:
    """The numbers at one position: `0 / (2 * 0)` of `[0, 1] / (2 * [0, 2])`."""
    if not numbers:
        return ""

    def pick(found: re.Match[str]) -> str:
        items = found.group(1).split(", ")
        return items[index[0]] if index and index[0] < len(items) else found.group(0)

    return re.sub(r"\[([^\[\]]*)\]", pick, numbers)
