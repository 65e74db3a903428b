"""Models and operators, which are classes in PyTorch."""

from __future__ import annotations

from gradsh.language import nodes
from gradsh.language.exporting.expressions import attribute
from gradsh.language.exporting.kinds import MODULE, NUMBER, STRING, TENSOR
from gradsh.language.exporting.names import MODEL, Place, saved
from gradsh.language.exporting.statements import Statements
from gradsh.language.models import SELF
from gradsh.language.nodes import Argument, Expr, Node, Stmt, handles, walk


@handles(Stmt, "do_")
class Writer(Statements):
    """All of it."""

    def begin(self) -> None:
        super().begin()
        self.op: nodes.Op | None = None

    # --- models ---------------------------------------------------------------------------------------------------

    def do_Model(self, node: nodes.Model) -> None:
        """Fields are bound in `__init__`, functions are methods."""
        self.path("torch.nn", "Module")
        self.apart()
        self.put(f"class {self.spelled(node.name)}(nn.Module):")
        depth, registered = self.depth, self.registered
        self.depth, self.registered = self.depth + 1, set()
        self.indent += 1
        fields = [each for each in node.body if not isinstance(each, nodes.Function)]
        methods = [each for each in node.body if isinstance(each, nodes.Function)]
        parameters = "".join(", " + self.text(parameter) for parameter in node.parameters)
        kept = self.asked_later(node, methods)
        if fields or kept or parameters:
            self.put(f"def __init__(self{parameters}):")
            self.remark(self.opening(node, node.body))
            self.indent += 1
            self.put("super().__init__()")
            for name, layer in kept:
                held = f'self.__dict__["{attribute(name)}"]' if layer else f"self.{attribute(name)}"
                self.put(f"{held} = {self.spelled(name)}")
        for place, statement in enumerate(node.body):
            if isinstance(statement, nodes.Function):
                continue
            self.remark_between(statement, node.body, place)
            self.statement(statement)
        if fields or kept or parameters:
            self.remark_behind(fields)
            self.indent -= 1
        for number, method in enumerate(methods):
            if number or fields or kept or parameters:
                self.lines.append("")
            self.method(method, node)
        if not node.body and not parameters:
            self.put("pass")
        self.remark(node.end)
        self.indent -= 1
        self.depth, self.registered = depth, registered
        self.ends_apart()

    def remark_between(self, statement: Stmt, body: list[Stmt], place: int) -> None:
        """The comments before a field; those before a method that stands between wait for it."""
        after = body[place - 1].end if place else self.at
        self.at = max(self.at, after) if place and isinstance(body[place - 1], nodes.Function) else self.at
        self.remark(statement.start)
        self.blank(statement.start)

    def remark_behind(self, fields: list[Stmt]) -> None:
        """The comment on the line of the last field."""
        if fields:
            end = self.source.text.find("\n", fields[-1].end)
            self.remark(end if end >= 0 else len(self.source.text))

    def method(self, node: nodes.Function, model: nodes.Model) -> None:
        before = self.last_before(node, model)  # methods may stand before fields, which have been written
        line = self.source.text.find("\n", before, node.start)
        self.at = line if line >= 0 else node.start
        self.remark(node.start)
        outer, self.in_method = self.in_method, True
        self.function_def(node.name, node.parameters, node.body, node, "self, ")
        self.in_method = outer

    @staticmethod
    def last_before(node: Stmt, model: nodes.Model) -> int:
        """Where what stands before a method ends, or the line of the model's name."""
        return max((each.end for each in model.body if each.end <= node.start), default=model.name_start)

    def asked_later(self, node: nodes.Model, methods: list[nodes.Function]) -> list[tuple[str, bool]]:
        """The parameters of a model that its methods read, which an instance has to keep; each with whether it may be a
        model, whose parameters are not this one's here: what it was built with is no field."""
        fields = self.resolution.fields.get(id(node), ())
        place = self.names.scopes[id(node)]
        inside = [each for method in methods for each in walk(method)]
        own = [e for e in inside if isinstance(e, nodes.Name) and self.names.owner.get(id(e)) is place]
        read = {each.name for each in own}
        called = {id(each.function) for each in inside if isinstance(each, nodes.Call)}
        layers = {each.name for each in own if id(each) in called}
        kept = [p for p in node.parameters if p.name in read and p.name not in fields]
        return [(p.name, p.name in layers or self.kinds.of_bound(p) == MODULE) for p in kept]

    def do_Assign(self, node: nodes.Assign) -> None:
        """A tensor that a model binds is a parameter where it has the grad flag, else a buffer."""
        target = node.target
        field = self.field_of(target)
        if field and field not in self.registered and not self.in_method:
            leaf = self.leaf(node.value)
            value = self.whole(node.value)
            self.registered.add(field)
            if leaf:
                self.put(f"self.{attribute(field)} = nn.Parameter({leaf})")
            elif self.kinds.of(node.value) == TENSOR:
                self.put(f'self.register_buffer("{attribute(field)}", {value})')
            else:
                self.put(f"self.{attribute(field)} = {value}")
        else:
            super().do_Assign(node)

    def field_of(self, target: Expr) -> str:
        """The field that a target in the body of a model is."""
        if isinstance(target, nodes.Name):
            place = self.names.owner.get(id(target))
            if place is None or place.kind != MODEL or self.in_method:
                return ""
            return target.name if target.name in self.resolution.fields.get(id(place.node), ()) else ""
        if isinstance(target, nodes.Attribute):
            is_self = isinstance(target.value, nodes.Name) and target.value.name == SELF
            return target.name if is_self else ""
        return ""

    def leaf(self, value: Expr) -> str:
        """The text of a tensor with the grad flag, without the flag; nothing where there is none."""
        if not isinstance(value, nodes.Call):
            return ""
        function = value.function
        if isinstance(function, nodes.Attribute) and function.name == "requires_grad_" and not value.arguments:
            return self.text(function.value)
        flag = next((a for a in value.arguments if self.resolution.flags.get(id(a)) == "requires_grad"), None)
        if flag is None:
            flag = next((a for a in value.arguments if a.name == "requires_grad"), None)
        if flag is None or self.resolution.references.get(id(function)) in (None, "Parameter"):
            return ""
        rest = [argument for argument in value.arguments if argument is not flag]
        return self.call(nodes.Pipe(value.start, value.end, function, function, False), function, rest)

    # --- operators ------------------------------------------------------------------------------------------------

    def do_Op(self, node: nodes.Op) -> None:
        outer, self.op = self.op, node
        self.depth += 1
        base = self.path("torch.autograd", "Function")
        self.depth -= 1
        self.apart()
        self.depth += 1
        self.put(f"class {self.spelled(node.name)}({base}):")
        self.indent += 1
        self.put("@staticmethod")
        parameters = "".join(", " + self.text(parameter) for parameter in node.parameters)
        self.remark(self.opening(node, node.forward))
        self.body_of(f"def forward(ctx{parameters}):", node, node.forward, node.backward_start)
        self.lines.append("")
        self.put("@staticmethod")
        gradients = "".join(", " + self.text(parameter) for parameter in node.gradients)
        reads = self.resolution.reads.get(id(node), ())
        kept = [name for name, _ in saved(node.forward) if self.is_tensor(name)]
        first = [
            f"{self.spelled(n)} = ctx.{attribute(n)}"
            for n in dict.fromkeys(n for n, _ in saved(node.forward))
            if n in reads
        ]
        tensors = list(dict.fromkeys(kept))
        first = [line for line in first if line.partition(" ")[0] not in map(self.spelled, tensors)]
        if any(name in reads for name in tensors):
            names = [self.spelled(name) if name in reads else "_" for name in tensors]
            first.insert(0, f"{', '.join(names)}{',' if len(names) == 1 else ''} = ctx.saved_tensors")
            if len(names) == 1:
                first[0] = f"({names[0]},) = ctx.saved_tensors"
        self.body_of(f"def backward(ctx{gradients}):", node.backward, node.backward, node.end, first)
        self.indent -= 1
        self.depth -= 1
        self.op = outer
        self.ends_apart()

    def body_of(self, header: str, key: object, body: list[Stmt], end: int, first: list[str] | None = None) -> None:
        self.put(header)
        self.indent += 1
        for table, word in ((self.resolution.outward, "global"), (self.resolution.nonlocals, "nonlocal")):
            names = table.get(id(key))
            if names:
                self.put(f"{word} {', '.join(map(self.spelled, names))}")
        for line in first or []:
            self.put(line)
        self.block(body, end)
        self.indent -= 1

    def is_tensor(self, name: str) -> bool:
        """Is what an op saves under a name a tensor, as far as is known? Numbers are kept as they are."""
        assert self.op is not None
        place: Place = self.names.scopes[id(self.op)]
        values = place.values.get(name, [])
        found: set[str] = set()
        for value in values:
            given = self.kinds.given.get(id(value), []) if isinstance(value, nodes.Parameter) else []
            found |= {self.kinds.of(each) for each in given} or {self.kinds.of_bound(value)}
        return not found & {NUMBER, STRING}

    def saving(self, node: Node, arguments: list[Argument]) -> None:
        """Tensors by save_for_backward, numbers as attributes."""
        tensors: list[str] = []
        for argument in arguments:
            name = argument.name or (argument.value.name if isinstance(argument.value, nodes.Name) else "")
            if argument.name is not None:
                self.put(f"{self.spelled(name)} = {self.whole(argument.value)}")
            if self.is_tensor(name):
                tensors.append(self.spelled(name))
            else:
                self.put(f"ctx.{attribute(name)} = {self.spelled(name)}")
        if tensors:
            self.put(f"ctx.save_for_backward({', '.join(tensors)})")

    def do_ExprStmt(self, node: nodes.ExprStmt) -> None:
        if id(node.value) in self.resolution.saving and isinstance(node.value, nodes.Call):
            self.saving(node, node.value.arguments)
        else:
            super().do_ExprStmt(node)

    def needs(self, parameter: str) -> str:
        assert self.op is not None
        names = [p.name for p in self.op.parameters]
        return f"ctx.needs_input_grad[{names.index(parameter)}]"
