"""Classes of Python as gradsh: nn.Module becomes a model, autograd.Function an op."""

from __future__ import annotations

import ast

from gradsh.language.pasted.expressions import Context, NoCounterpart
from gradsh.language.pasted.facts import assigned, dotted, within
from gradsh.language.pasted.statements import INDENT, Statements, first_line

NEWLINE = "\n"
MARKS = ("mark_dirty", "mark_non_differentiable", "set_materialize_grads")  # of ctx, which are functions here
CALLED = ("__init__", "__call__", "__len__", "__getitem__", "__iter__")  # what Python calls by itself, and models have


class Classes(Statements):
    """Writes a whole program."""

    def do_ClassDef(self, node: ast.ClassDef) -> None:
        bases = [self.path(base) or dotted(base) or "…" for base in node.bases]
        kinds = [base.rpartition(".")[2] for base in bases]
        if node.decorator_list or node.keywords:
            raise NoCounterpart("a class with a decorator or a metaclass")
        if kinds == ["Function"]:
            return self.operator(node)
        if kinds not in ([], ["Module"], ["object"], ["Dataset"], ["IterableDataset"]):
            raise NoCounterpart(f"a class based on `{bases[0]}`")
        return self.model(node, kinds == ["Module"])

    # --- models ---------------------------------------------------------------------------------------------------

    def model(self, node: ast.ClassDef, module: bool) -> None:
        """`class Net(nn.Module)` as `model Net(…) { … }`."""
        methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
        special = [m for m in methods if m.name.startswith("__") and m.name not in CALLED]
        if special:
            raise NoCounterpart(f"a class with `{special[0].name}`")
        if not module:
            self.noted(node.lineno, f"`{node.name}` becomes a model: what prints of it is another text")
        made = next((m for m in methods if m.name == "__init__"), None)
        outer = self.fields, self.receiver, self.last
        self.last = None
        stored = [n for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)]
        self.fields = frozenset({n.attr for n in stored} | {m.name for m in methods})
        parameters = self.parameters(made.args, 1) if made else ""
        head = f"model {self.facts.name(node.name)}" + (f"({parameters})" if made else "()")
        first = first_line(node.body[0])
        self.emit(head + " {" + self.behind(node.lineno, first - 1))
        self.depth += 1
        after = self.header_end(node.body[0]) if first > node.lineno else first
        for part in self.in_order(node.body, made):
            line = first_line(part)
            if part is made and part is not node.body[0] and self.out[-1].strip() == "}":
                self.emit("")
            self.said_before(self.before(node, part, after), line)
            if part is made and made is not None:
                self.construction(made, self.after(made))
            elif isinstance(part, ast.FunctionDef):
                self.method(part)
            elif not isinstance(part, ast.Pass):
                self.statement(part)
        self.depth -= 1
        while not self.out[-1]:
            self.out.pop()
        self.fields, self.receiver, self.last = outer
        if self.out[-1].endswith("() {"):  # nothing in it
            self.append(" }")
        else:
            self.emit("}")

    @staticmethod
    def before(node: ast.ClassDef, part: ast.stmt, after: int) -> int:
        """The line on which what stands before a part of a class ends."""
        at = node.body.index(part)
        return after if at == 0 else node.body[at - 1].end_lineno or after

    @staticmethod
    def in_order(body: list[ast.stmt], made: ast.FunctionDef | None) -> list[ast.stmt]:
        """What a class consists of, the methods that its construction calls before that."""
        if made is None:
            return body
        used = {part.attr for part in ast.walk(made) if isinstance(part, ast.Attribute)}
        if not any(isinstance(part, ast.FunctionDef) and part is not made and part.name in used for part in body):
            return body
        return [*(part for part in body if part is not made), made]

    def method(self, node: ast.FunctionDef) -> None:
        """A method; `forward` and `__call__` are what calling an instance does."""
        static = any(dotted(d) == "staticmethod" for d in node.decorator_list)
        positional = [*node.args.posonlyargs, *node.args.args]
        if not static and not positional:
            raise NoCounterpart(f"`{node.name}` without `self`")
        self.receiver = positional[0].arg if positional and not static else "self"
        name = "forward" if node.name in ("forward", "__call__") else f"fn {self.facts.name(node.name)}"
        self.function(node, name, 0 if static else 1)

    def construction(self, node: ast.FunctionDef, before: int) -> None:
        """`__init__`: its statements are the model's; if it has names of its own, in a function of their own."""
        self.receiver = node.args.args[0].arg if node.args.args else "self"
        body = [part for part in node.body if not is_super(part)]
        after = self.header_end(node.body[0])
        while body and is_text(body[0]):
            self.statement(body[0])
            after = body[0].end_lineno or after
            body = body[1:]
        if node.body[0] not in body and body:
            index = node.body.index(body[0])
            after = node.body[index - 1].end_lineno or after
        for part in within(body):
            if is_super_call(part):
                raise NoCounterpart("`super()`")
        if not body:
            return
        if not assigned(body):
            count, depth = len(self.out), self.depth
            self.body(body, after, before)
            if self.out[count:] == [INDENT * depth + "pass"]:
                del self.out[count:]
            return
        name = self.facts.unused("construct")
        given = [a.arg for a in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]][1:]
        given += [node.args.vararg.arg] if node.args.vararg else []
        names = ", ".join(map(self.facts.name, given))
        self.emit(f"fn {name}({names}) {{")
        self.depth += 1
        self.body(body, after, before)
        self.depth -= 1
        self.emit("}")
        self.emit(f"{name}({', '.join(map(self.flagless, given))})")

    def flagless(self, name: str) -> str:
        """A variable as an argument."""
        said = self.facts.name(name)
        return f"({said})" if name in self.facts.bools else said

    # --- operators ------------------------------------------------------------------------------------------------

    def operator(self, node: ast.ClassDef) -> None:
        """`class Sq(autograd.Function)` as `op Sq(…) { … } backward(…) { … }`."""
        methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
        forward, backward, apart = (methods.get(name) for name in ("forward", "backward", "setup_context"))
        if forward is None or backward is None or methods.keys() - {"forward", "backward", "setup_context"}:
            raise NoCounterpart("an operator with more than `forward` and `backward`")
        outer, last = self.context, self.last
        self.last = None
        own = [a.arg for a in forward.args.args]
        self.context = Context("", own) if apart is not None else Context(own[0], own[1:])
        try:
            self.emit(f"op {self.facts.name(node.name)}({self.parameters(forward.args, int(apart is None))}) {{")
            self.depth += 1
            self.forward(forward, apart)
            self.depth -= 1
            self.context.name = backward.args.args[0].arg
            self.emit(f"}} backward({self.parameters(backward.args, 1)}) {{")
            self.depth += 1
            self.body(backward.body, self.header_end(backward.body[0]), self.after(backward))
            self.depth -= 1
            self.emit("}")
        finally:
            self.context, self.last = outer, last

    def forward(self, node: ast.FunctionDef, apart: ast.FunctionDef | None) -> None:
        """The body of an operator; what `setup_context` keeps is kept before its value is given."""
        after = self.header_end(node.body[0])
        if apart is None or self.context is None:
            return self.body(node.body, after, self.after(node))
        *others, given = node.body
        returns = [part for part in within(node.body) if isinstance(part, ast.Return)]
        if not isinstance(given, ast.Return) or given.value is None or len(returns) > 1:
            raise NoCounterpart("`setup_context` behind a `forward` that returns in several places")
        if others:
            self.body(others, after, given.lineno)
        self.context.name, inputs, output = (self.facts.name(a.arg) for a in apart.args.args)
        value = self.single(given.value)
        if value != output:
            self.emit(f"{output} = {f'({value})' if NEWLINE in value else value}")
        kept = [part for part in apart.body if not self.unpacks(part, inputs)]
        before = apart.body[apart.body.index(kept[0]) - 1].end_lineno if kept and kept[0] is not apart.body[0] else None
        if kept:
            self.body(kept, before or self.header_end(apart.body[0]), self.after(apart))
        return self.emit(f"return {output}")

    def unpacks(self, node: ast.stmt, inputs: str) -> bool:
        """`x, n = inputs`, which names the parameters; under other names they would be others."""
        if not isinstance(node, ast.Assign) or dotted(node.value) != inputs or self.context is None:
            return False
        target = node.targets[0]
        names = [dotted(part) for part in target.elts] if isinstance(target, (ast.Tuple, ast.List)) else []
        if [name for name in names if name != "_"] != [
            own for own, name in zip(self.context.parameters, names, strict=False) if name != "_"
        ]:
            raise NoCounterpart("`setup_context` under other names than those of `forward`")
        return True

    def of_context(self, node: ast.AST) -> str | None:
        """The attribute of ctx that a node is."""
        if self.context is None or not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            return None
        return node.attr if node.value.id == self.context.name else None

    def saving(self, value: ast.expr) -> str | None:
        context = self.context
        word = self.of_context(value.func) if isinstance(value, ast.Call) else None
        if context is None or not isinstance(value, ast.Call) or word not in ("save_for_backward", *MARKS):
            return None
        if word in MARKS:
            return f"{word}({', '.join(map(self.see, value.args))})"
        said = []
        for argument in value.args:
            if isinstance(argument, ast.Name):
                name = self.see(argument)
                said.append(name)
            else:
                name = self.facts.unused(f"saved{len(context.tensors)}")
                said.append(f"{name}={self.see(argument)}")
            context.tensors.append(name)
        return f"save_for_backward {', '.join(said)}"

    def kept_in_context(self, node: ast.Assign) -> bool:
        context = self.context
        if context is None:
            return False
        target, value = node.targets[0], node.value
        if len(node.targets) > 1 or (isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)):
            return self.each_kept_in_context(node)
        if attribute := self.of_context(target):
            text = self.single(node.value)
            name = attribute
            if text != attribute and (attribute in context.parameters or attribute in self.facts.bound):
                name = self.facts.unused(attribute + "_")
            context.saved[attribute] = name
            self.simple(node, f"save_for_backward {name}" if text == name else f"save_for_backward {name}={text}")
            return True
        if self.of_context(node.value) == "saved_tensors" and isinstance(target, (ast.Tuple, ast.List)):
            names = [self.see(part) for part in target.elts]
            if names != context.tensors:
                different = [(n, s) for n, s in zip(names, context.tensors, strict=False) if n != s]
                left, right = (", ".join(pair[i] for pair in different) for i in (0, 1))
                self.simple(node, f"{left} = {right}")
            return True
        return False

    def each_kept_in_context(self, node: ast.Assign) -> bool:
        """`ctx.low, ctx.high = low, high` and `ctx.low = ctx.high = x`, one after the other."""
        pairs = [(target, node.value) for target in node.targets]
        target, value = node.targets[0], node.value
        if len(pairs) == 1 and isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=False)) if len(target.elts) == len(value.elts) else []
        simple = all(isinstance(value, (ast.Name, ast.Constant)) for _, value in pairs)  # computed once, or each alike
        if not pairs or not simple or not all(self.of_context(target) for target, _ in pairs):
            return False
        return all(
            self.kept_in_context(ast.copy_location(ast.Assign([target], value), node)) for target, value in pairs
        )

    def see_Subscript(self, node: ast.Subscript) -> str:
        context, index = self.context, node.slice
        attribute = self.of_context(node.value)
        if context is not None and attribute is not None and isinstance(index, ast.Constant):
            if attribute == "needs_input_grad":
                return f"needs_grad({context.parameters[index.value]})"  # type: ignore[index]
            if attribute == "saved_tensors":
                return context.tensors[index.value]  # type: ignore[index]
        return self.kept(node)


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_super_call(node: ast.AST) -> bool:
    """`super().f`, `nn.Module.__init__`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def is_super(node: ast.stmt) -> bool:
    """Is a statement the construction of what a class is based on?"""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    called = node.value.func
    return isinstance(called, ast.Attribute) and called.attr == "__init__"
