"""What the values of a program are, as far as its text tells: "tensor", "number", …; "" where it does not."""

from __future__ import annotations

from gradsh.language import nodes
from gradsh.language.exporting.names import MODEL, Bound, Names, Place
from gradsh.language.exporting.paths import BOTH, PYTHON, paths
from gradsh.language.nodes import Expr, Node
from gradsh.language.scopes import Resolution
from gradsh.language.signatures import Builtins

# kinds; FUNCTION is any, GRADIENT is one whose arguments are made tensors
TENSOR, NUMBER, STRING, LIST, TUPLE, DICT, NONE = "tensor", "number", "string", "list", "tuple", "dict", "none"
FUNCTION, GRADIENT, OPERATOR, CLASS, MODULE, OPTIMISER = "function", "gradient", "op", "class", "module", "optimiser"
MADE_BY = {"torch.optim": OPTIMISER, "torch.optim.lr_scheduler": OPTIMISER, "torch.nn": MODULE}
ATTRIBUTES = {"shape": TUPLE, "data": TENSOR, "T": TENSOR, "mT": TENSOR, "ndim": NUMBER}
# what Python's own functions give, and methods that give no tensor
CALLED = {
    **dict.fromkeys(("len", "int", "float", "bool", "time", "isinstance"), NUMBER),
    **dict.fromkeys(("str", "repr", "env"), STRING),
    **dict.fromkeys(("list", "sorted", "zip", "range", "enumerate", "map", "filter", "reversed"), LIST),
    "tuple": TUPLE,
    "dict": DICT,
}
METHODS = {"item": NUMBER, "tolist": LIST, "numpy": "array"}
OF_FUNCTIONS = ("value_and_grad", "vmap")  # functions of functions; `grad` is one too, when given a function


class Kinds:
    """What values are. A name is what all that is bound to it is; a parameter, what calls give for it."""

    def __init__(self, names: Names, resolution: Resolution, builtins: Builtins) -> None:
        self.names = names
        self.resolution = resolution
        self.builtins = builtins
        self.known: dict[int, str] = {}
        self.asking: set[object] = set()
        self.given: dict[int, list[Expr]] = {}  # Parameter -> what calls give for it
        for call in names.calls:
            self.note(call)

    def note(self, call: nodes.Call) -> None:
        """Enter what a call gives for the parameters of a function of the program."""
        definition = self.definition(call.function)
        values = [(argument.name, argument.value) for argument in call.arguments]
        if definition is None and len(call.arguments) > 1:  # gradcheck(f, (x, 1.5))
            second = call.arguments[1].value
            definition = self.definition(call.arguments[0].value)
            items = second.items if isinstance(second, nodes.TupleExpr) else [second]
            values = [(None, item) for item in items]
        if definition is None or any(argument.star for argument in call.arguments):
            return
        by_name = {parameter.name: parameter for parameter in definition}
        for number, (name, value) in enumerate(values):
            parameter = by_name.get(name) if name else definition[number] if number < len(definition) else None
            if parameter is not None:
                self.given.setdefault(id(parameter), []).append(value)

    def definition(self, function: Expr) -> list[nodes.Parameter] | None:
        """The parameters of what is called, if one definition can be meant."""
        if isinstance(function, nodes.Lambda):
            return function.parameters
        bound = self.bound(function)
        if len(bound) != 1:
            return None
        if isinstance(bound[0], (nodes.Definition, nodes.Lambda)):
            return bound[0].parameters
        return None

    def bound(self, node: Expr) -> list[Bound]:
        """All that a name is bound to."""
        if not isinstance(node, nodes.Name) or id(node) in self.resolution.references:
            return []
        place = self.names.owner.get(id(node))
        return place.values[node.name] if place is not None else []

    def operator(self, node: Expr) -> nodes.Op | None:
        """The op that a name stands for."""
        bound = self.bound(node)
        return bound[0] if len(bound) == 1 and isinstance(bound[0], nodes.Op) else None

    # --- kinds ----------------------------------------------------------------------------------------------------

    def of_name(self, name: str, place: Place) -> str:
        """What a name of a scope is."""
        key = (name, id(place))
        if key in self.asking:
            return ""
        self.asking.add(key)
        found = {self.of_bound(value) for value in place.values.get(name, [])}
        self.asking.discard(key)
        return joined(found)

    def of_bound(self, value: Bound) -> str:
        if value is None or isinstance(value, str):
            return value or ""
        if isinstance(value, nodes.Parameter):
            given = [*self.given.get(id(value), []), *([] if value.default is None else [value.default])]
            return (LIST if value.star else "") if not given else joined({self.of(each) for each in given})
        if isinstance(value, nodes.Definition):
            return {nodes.Op: OPERATOR, nodes.Model: CLASS}.get(type(value), FUNCTION)
        return self.of(value) if isinstance(value, Expr) else ""

    def of(self, node: Expr) -> str:
        """What the value of an expression is."""
        if id(node) not in self.known:
            if id(node) in self.asking:
                return ""
            self.asking.add(id(node))
            found = self.found(node)
            self.asking.discard(id(node))
            if self.asking:
                return found  # it may have been asked in a circle: not to be kept
            self.known[id(node)] = found
        return self.known[id(node)]

    def found(self, node: Expr) -> str:
        plain = {
            nodes.Number: NUMBER, nodes.String: STRING, nodes.FString: STRING, nodes.ListExpr: LIST,
            nodes.ListComp: LIST, nodes.TupleExpr: TUPLE, nodes.DictExpr: DICT, nodes.DictComp: DICT,
            nodes.Lambda: FUNCTION,
        }.get(type(node))  # fmt: skip
        if plain is not None:
            return plain
        if isinstance(node, nodes.Constant):
            return NONE if node.value is None else NUMBER if isinstance(node.value, bool) else ""
        if isinstance(node, nodes.Name):
            return self.of_word(node)
        if isinstance(node, nodes.Unary):
            return NUMBER if node.op == "not" else self.of(node.operand)
        if isinstance(node, (nodes.Binary, nodes.Compare)):
            sides = {self.of(node.left), self.of(node.right)}
            if TENSOR in sides:
                return TENSOR
            if isinstance(node, nodes.Compare):
                return NUMBER if node.op not in ("==", "!=", "<", "<=", ">", ">=") or "" not in sides else ""
            return sides.pop() if len(sides) == 1 else STRING if STRING in sides else LIST if LIST in sides else ""
        if isinstance(node, nodes.Conditional):
            return joined({self.of(node.then), self.of(node.otherwise)})
        if isinstance(node, nodes.Index):
            value = node.value
            if isinstance(value, nodes.Attribute) and value.name == "shape":
                return NUMBER
            return TENSOR if self.of(value) == TENSOR else ""
        if isinstance(node, nodes.Attribute) and id(node) not in self.resolution.references:
            return ATTRIBUTES.get(node.name, "")
        if isinstance(node, nodes.Attribute):
            return self.of_reference(node)
        if isinstance(node, nodes.Call):
            return self.of_call(node.function, node.arguments)
        if isinstance(node, nodes.Pipe):
            right = node.right.function if isinstance(node.right, nodes.Call) and not node.right.grouped else node.right
            return self.of_call(right, [nodes.Argument(node.left.start, node.left.end, None, "", node.left)])
        return ""

    def of_word(self, node: nodes.Name) -> str:
        if id(node) in self.resolution.references:
            return self.of_reference(node)
        place = self.names.owner.get(id(node))
        return self.of_name(node.name, place) if place is not None else ""

    def of_reference(self, node: Node) -> str:
        word = self.resolution.references[id(node)]
        if word in ("pi", "e", "inf", "nan"):
            return NUMBER
        return CLASS if MADE_BY.get(paths().get(word, "")) else FUNCTION if self.builtins.facts(word) else ""

    def of_call(self, function: Expr, arguments: list[nodes.Argument]) -> str:
        given = [argument.value for argument in arguments]
        word = self.resolution.references.get(id(function))
        if word is None and isinstance(function, nodes.Attribute):
            return self.of_method(function)
        if word is None:
            return self.of_own(function)
        first = self.of(given[0]) if given else ""
        if word in OF_FUNCTIONS or (word == "grad" and self.of_function(function, arguments)):
            return GRADIENT
        if word == "grad":
            return TUPLE
        if word in CALLED or word in METHODS:
            return CALLED.get(word) or METHODS[word]
        module = paths().get(word, "")
        if module == BOTH and first in (NUMBER, LIST):
            return NUMBER if first == NUMBER else ""
        if module in MADE_BY:
            return MADE_BY[module]
        facts, signature = self.builtins.facts(word), self.builtins.lookup(word)
        if facts is None or module == PYTHON or signature is None:
            return ""
        if not facts.creates and not (signature.parameters and signature.parameters[0].name == "input"):
            return ""
        return NUMBER if first == NUMBER and not facts.creates and len(given) == 1 else TENSOR

    def of_function(self, function: Expr, arguments: list[nodes.Argument]) -> bool:
        """Does a call of `grad` give the gradient of a function? What it is given may be unknown: `torch.func.grad(f)`
        says it, and PyTorch's gradient of tensors is asked for with inputs, which are no number."""
        if isinstance(function, nodes.Attribute) and isinstance(function.value, nodes.Attribute):
            return function.value.name == "func"
        if not arguments or any(argument.star for argument in arguments):
            return False
        if self.of(arguments[0].value) in (FUNCTION, GRADIENT, OPERATOR):
            return True
        by_place = [self.of(argument.value) for argument in arguments[1:] if argument.name is None]
        return by_place[:1] in ([], [NUMBER]) and all(argument.name != "inputs" for argument in arguments)

    def of_method(self, function: nodes.Attribute) -> str:
        value, name = self.of(function.value), function.name
        if name in METHODS:
            return METHODS[name]
        signature, facts = self.builtins.lookup(name), self.builtins.facts("Tensor." + name)
        if facts is None or signature is None or value not in ("", TENSOR):
            return ""
        # `split` and its kin give several, or are methods of plain values too
        one = bool(facts.formula or facts.flat) and not signature.python
        return TENSOR if value == TENSOR or one else ""

    def of_own(self, function: Expr) -> str:
        """What a call of a function of the program gives."""
        kind = self.of(function)
        if kind == CLASS:
            return MODULE
        if kind == OPERATOR:
            return TENSOR
        bound = self.bound(function)
        one = bound[0] if len(bound) == 1 else None
        place = self.names.owner.get(id(function))
        if place is not None and place.kind == MODEL and kind == MODULE:
            return TENSOR  # a layer that is a field
        if isinstance(one, (nodes.Function, nodes.Lambda)):
            return self.of(one.body) if isinstance(one.body, Expr) else self.returned(one.body)
        return ""

    def returned(self, body: list[nodes.Stmt]) -> str:
        """What a body gives; NONE where it gives nothing."""
        from gradsh.language.operators import returns

        values = [each.value for each in returns(body)]
        return joined({NONE if value is None else self.of(value) for value in values}) if values else NONE


def joined(found: set[str]) -> str:
    """What a value is that is one of these."""
    return found.pop() if len(found) == 1 else ""
