"""Calls, and the built-ins that PyTorch spells in a way of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from gradsh.language import nodes
from gradsh.language.exporting.expressions import ASK_TYPES, DATA, Expressions
from gradsh.language.exporting.helpers import helpers
from gradsh.language.exporting.kinds import DICT, GRADIENT, LIST, MODULE, NUMBER, OPTIMISER, STRING, TUPLE
from gradsh.language.exporting.names import MODEL
from gradsh.language.exporting.paths import BOTH, METHOD, NOWHERE, paths
from gradsh.language.models import SELF
from gradsh.language.nodes import Argument, Expr, Node

Rule: TypeAlias = Callable[[Node, list[Argument]], "str | None"]
PLAIN = (NUMBER, STRING, LIST, TUPLE, DICT)
HOOKS = ("mark_dirty", "mark_non_differentiable", "set_materialize_grads")
# methods that give lists here, and iterators there
ITERATORS: tuple[str, ...] = (
    "parameters",
    "named_parameters",
    "buffers",
    "named_buffers",
    "modules",
    "named_modules",
    "children",
)
ITERATORS += ("named_children",)
ONE_SIZE = ("permute", "reshape", "tile")  # PyTorch's methods take sizes one by one, its functions do not
WHOLE = ("floor", "ceil", "trunc")  # give Python's int in `math`, and a float of a float here
ELSEWHERE = {  # in no module that programs write
    "NonDynamicallyQuantizableLinear": "nn.modules.linear.NonDynamicallyQuantizableLinear",
}


class Calls(Expressions):
    """The text of calls."""

    def text_Call(self, node: nodes.Call) -> str:
        return self.in_brackets(node, self.call(node, node.function, node.arguments))

    def text_Pipe(self, node: nodes.Pipe) -> str:
        right, arguments = node.right, [Argument(node.left.start, node.left.end, None, "", node.left)]
        function = right
        if isinstance(right, nodes.Call) and not right.grouped:
            function, arguments = right.function, [*arguments, *right.arguments]
        return self.call(node, function, arguments)  # whose parentheses a call does not need

    def call(self, node: Node, function: Expr, arguments: list[Argument]) -> str:
        """A call of a function with arguments, which may stand elsewhere in the text."""
        word = self.resolution.references.get(id(function))
        if word is None and isinstance(function, nodes.Name) and self.early(function):
            word = function.name
        if word is not None:
            return self.builtin(node, word, arguments)
        parameter = self.resolution.needs.get(id(node))
        if parameter is not None:
            return self.needs(parameter)
        operator = self.kinds.operator(function)
        if operator is not None:
            return self.operator_call(operator, function, arguments)
        if isinstance(function, nodes.Attribute) and self.is_user(function):
            first = Argument(function.value.start, function.value.end, None, "", function.value)
            return self.call_of(self.spelled(function.name), [first, *arguments])
        if self.kinds.of(function) == GRADIENT:
            return f"{self.text(function)}({', '.join(self.as_tensor(a) for a in arguments)})"
        if isinstance(node, nodes.Call):
            text = self.source_call(node)
            if isinstance(function, nodes.Attribute) and function.name in ITERATORS and id(node) not in self.gone_over:
                return f"{self.python('list')}({text})"
            return text
        return self.call_of(self.receiver(function), arguments)

    def source_call(self, node: nodes.Call) -> str:
        """A call as it is laid out in the program."""
        function = self.receiver(node.function)
        return function + self.spliced(node, node.function.end, self.closing(node))

    def closing(self, node: Expr) -> int:
        """Where a call ends, without parentheses around it."""
        last = max([node.start, *(a.end for a in getattr(node, "arguments", ()))])
        function = getattr(node, "function", None)
        last = max(last, function.end if isinstance(function, Node) else last)
        return self.source.text.index(")", self.past_comments(last)) + 1

    def past_comments(self, offset: int) -> int:
        """Behind white space, comments and a comma."""
        text = self.source.text
        while offset < len(text) and text[offset] in " \t\n,(#":
            offset = text.index("\n", offset) if text[offset] == "#" else offset + 1
        return offset

    def is_user(self, function: nodes.Attribute) -> bool:
        """Is it a function of the program that is called as a method?"""
        if id(function) not in self.resolution.user_methods or function.name in paths():
            return False
        if isinstance(function.value, nodes.Name) and function.value.name == SELF:
            return False
        places = [self.names.top, *self.names.scopes.values()]
        if not any(function.name in place.values and place.kind != MODEL for place in places):
            return False
        return self.kinds.of(function.value) not in (MODULE, OPTIMISER, DICT)

    def call_of(self, function: str, arguments: list[Argument]) -> str:
        return f"{function}({', '.join(map(self.text, arguments))})"

    def as_tensor(self, argument: Argument) -> str:
        """An argument where PyTorch wants a tensor, and a number or a list of numbers does here."""
        value, text = argument.value, self.text(argument)
        if argument.name is not None or argument.star or self.kinds.of(value) not in (NUMBER, LIST):
            return text
        if isinstance(value, nodes.Number) and isinstance(value.value, int):
            text += ".0"
        return f"{self.path('torch', 'tensor')}({text})"

    # --- operators of the program ---------------------------------------------------------------------------------

    def operator_call(self, operator: nodes.Op, function: Expr, arguments: list[Argument]) -> str:
        """`apply` takes arguments by place alone."""
        values = [argument.star + self.text(argument.value) for argument in arguments if argument.name is None]
        names = [parameter.name for parameter in operator.parameters]
        named = {a.name: self.text(a.value) for a in arguments if a.name is not None}
        if named:
            last = max(names.index(name) for name in named)
            for parameter in operator.parameters[len(values) : last + 1]:
                default = self.text(parameter.default) if parameter.default is not None else "None"
                values.append(named.get(parameter.name, default))
        return f"{self.text(function)}({', '.join(values)})"

    def needs(self, parameter: str) -> str:
        """`needs_grad(a)`."""
        raise NotImplementedError

    # --- built-ins ------------------------------------------------------------------------------------------------

    def builtin(self, node: Node, word: str, arguments: list[Argument]) -> str:
        text = self.own_way(node, word, arguments)
        if text is not None:
            return text
        module = paths().get(word, NOWHERE)
        first = arguments[0] if arguments and arguments[0].name is None and not arguments[0].star else None
        kind = self.kinds.of(first.value) if first is not None else ""
        if word in ONE_SIZE and first is not None and sum(a.name is None for a in arguments) > 2:
            return self.call_of(f"{self.receiver(first.value)}.{word}", arguments[1:])
        if module == METHOD and first is not None:
            return self.call_of(f"{self.receiver(first.value)}.{word}", arguments[1:])
        if module == BOTH and self.is_plain(first, kind):
            return self.laid_out(node, self.python(word), arguments)
        more = len(arguments) > 1 and word not in ("min", "max", "round")
        if module == BOTH and kind == "" and word != "abs" and not more and all(a.name != "dim" for a in arguments):
            function = f"{self.helper('either')}({self.python(word)}, {self.reference(word)})"
            return self.laid_out(node, function, arguments)
        if kind == NUMBER and self.of_number(word, arguments):
            return self.number_call(word, arguments)
        types, self.types = self.types, word in ASK_TYPES
        function = self.python(word) if module == "builtins" else self.reference(word)
        said = self.laid_out(node, function, arguments)
        self.types = types
        return said

    def own_way(self, node: Node, word: str, arguments: list[Argument]) -> str | None:
        """What is written for a word with a `call_` method here; None where that says nothing of these arguments."""
        rule: Rule | None = getattr(self, f"call_{word}", None)
        return rule(node, arguments) if rule is not None else None

    def laid_out(self, node: Node, function: str, arguments: list[Argument]) -> str:
        """A call of that function, as the program has it where it can be."""
        if isinstance(node, nodes.Call) and arguments is node.arguments:
            return function + self.spliced(node, node.function.end, self.closing(node))
        return self.call_of(function, arguments)

    def is_plain(self, first: Argument | None, kind: str) -> bool:
        if first is None:
            return True
        return kind in PLAIN or isinstance(first.value, (nodes.ListComp, nodes.SetExpr, nodes.SetComp))

    def of_number(self, word: str, arguments: list[Argument]) -> bool:
        """Does it give a number of a number here, where PyTorch takes tensors only? `add(1, 2)` gives a tensor."""
        facts, signature = self.builtins.facts(word), self.builtins.lookup(word)
        if facts is None or signature is None or not signature.parameters or facts.creates or facts.cuts:
            return False
        names = [parameter.name for parameter in signature.parameters]
        return names[0] == "input" and "." not in word and (len(arguments) == 1 or "other" not in names)

    def number_call(self, word: str, arguments: list[Argument]) -> str:
        if len(arguments) == 1 and hasattr(math, word) and word not in WHOLE:
            return self.call_of(f"{self.module('math')}.{word}", arguments)
        given = ", ".join([self.reference(word), *map(self.text, arguments)])
        return f"{self.helper('of_number')}({given})"

    def nowhere(self, word: str) -> str:
        if word in helpers():
            return self.helper(word)
        if word in ELSEWHERE:
            self.path("torch.nn", word)
            return ELSEWHERE[word]
        if word == "time":
            return f"{self.module('time')}.time"
        if word == "deepcopy":
            return f"{self.module('copy')}.deepcopy"
        if word == "env":
            return f"{self.module('os')}.environ.get"
        if word in HOOKS:
            return f"ctx.{word}"
        return "None"

    def missing(self, node: Node, word: str) -> str:
        """Note that a word has no counterpart."""
        self.warned.append((node.start, f"`{word}` has no counterpart in PyTorch"))
        return "None"

    # --- words of the language that are calls --------------------------------------------------------------------

    def call_backward(self, node: Node, arguments: list[Argument]) -> str | None:
        if not arguments or arguments[0].star or arguments[0].name is not None:
            return None
        if self.kinds.of(arguments[0].value) in (LIST, TUPLE):
            return self.call_of(self.path("torch.autograd", "backward"), arguments)
        return self.call_of(f"{self.receiver(arguments[0].value)}.backward", arguments[1:])

    def call_step(self, node: Node, arguments: list[Argument]) -> str | None:
        return self.call_of(f"{self.receiver(arguments[0].value)}.step", arguments[1:]) if arguments else None

    def call_zero_grad(self, node: Node, arguments: list[Argument]) -> str | None:
        """One thing that has the method; the statement does tensors, and the helper what is not known."""
        if len(arguments) == 1 and self.kinds.of(arguments[0].value) in (MODULE, OPTIMISER):
            return f"{self.receiver(arguments[0].value)}.zero_grad()"
        return None

    def call_grad(self, node: Node, arguments: list[Argument]) -> str | None:
        function = node.function if isinstance(node, nodes.Call) and arguments is node.arguments else node
        if isinstance(node, nodes.Pipe):
            function = node.right.function if isinstance(node.right, nodes.Call) else node.right
        if isinstance(function, Expr) and self.kinds.of_function(function, arguments):
            return self.laid_out(node, self.path("torch.func", "grad"), arguments)
        return None

    def call_generator(self, node: Node, arguments: list[Argument]) -> str:
        made = self.path("torch", "Generator") + "()"
        return self.call_of(f"{made}.manual_seed", arguments) if arguments else made

    def call_progress(self, node: Node, arguments: list[Argument]) -> str:
        return self.text(arguments[0].value) if arguments else "()"

    def call_loader(self, node: Node, arguments: list[Argument]) -> str:
        data = DATA
        tensors = [argument for argument in arguments if argument.name is None and not self.is_flag(argument)]
        held = self.call_of(self.path(data, "TensorDataset"), tensors)
        rest = [self.text(argument) for argument in arguments if argument not in tensors]
        return f"{self.path(data, 'DataLoader')}({', '.join([held, *rest])})"

    def call_load(self, node: Node, arguments: list[Argument]) -> str | None:
        """What reads a file of that kind, where the program says which it is; else what looks at its ending."""
        return self.filed("load", arguments[:1], arguments)

    def call_save(self, node: Node, arguments: list[Argument]) -> str | None:
        return self.filed("save", arguments[1:2], arguments)

    def filed(self, word: str, path: list[Argument], arguments: list[Argument]) -> str | None:
        named = path[0].value if path else None
        ending = str(named.value).rpartition(".")[2] if isinstance(named, nodes.String) else ""
        if ending in ("pt", "pth"):
            return self.call_of(self.path("torch", word), arguments)
        helper = f"{word}_{'csv' if ending == 'tsv' else ending}"
        return self.call_of(self.helper(helper), arguments) if helper in helpers() else None

    def is_flag(self, argument: Argument) -> bool:
        return id(argument) in self.resolution.flags

    def call_get_printoptions(self, node: Node, arguments: list[Argument]) -> str:
        return self.missing(node, "get_printoptions")
