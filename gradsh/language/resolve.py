"""Names, scopes, arity, keywords and flags: all that can be told before a program runs is told here, at once.

The resolver reads the tree and writes a `Resolution`, what `lower` needs to know beyond the tree: which names are
built-ins, which bare arguments are flags, which names an inner function updates in an outer scope. It knows no
engine: the session hands it a table of signatures (`Builtins`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from gradsh import errors
from gradsh.errors import GradshError, Label, Refused, Source, Span
from gradsh.language import nodes
from gradsh.language.nodes import Argument, Expr, Node, Parameter, Stmt

MAX_ERRORS = 20
MAX_DEPTH = 100  # nested brackets and blocks; CPython's own compiler gives up at some hundreds

# What PyTorch spells with a module in front; the text is PyTorch's own name of the module.
MODULES = {
    "torch": "torch",
    "torch.nn": "torch.nn",
    "torch.nn.functional": "torch.nn.functional",
    "torch.nn.init": "torch.nn.init",
    "torch.nn.utils": "torch.nn.utils",
    "torch.autograd": "torch.autograd",
    "torch.autograd.functional": "torch.autograd.functional",
    "torch.func": "torch.func",
    "torch.optim": "torch.optim",
    "torch.optim.lr_scheduler": "torch.optim.lr_scheduler",
    "F": "torch.nn.functional",
    "nn": "torch.nn",
    "nn.functional": "torch.nn.functional",
    "nn.init": "torch.nn.init",
    "nn.utils": "torch.nn.utils",
    "init": "torch.nn.init",
    "optim": "torch.optim",
    "optim.lr_scheduler": "torch.optim.lr_scheduler",
    "lr_scheduler": "torch.optim.lr_scheduler",
}
NAMESPACES = ("linalg", "special")
ROOTS = frozenset(name for name in MODULES if "." not in name) | frozenset(NAMESPACES)

_KEYWORDS = """
let fn if else while for in is repeat try catch break continue return pass del assert and or not print backward
import from true false none
"""
KEYWORDS = tuple(_KEYWORDS.split())

# Methods called for what they do: a bare statement that calls one prints nothing.
_EFFECT_METHODS = """
train eval load_state_dict zero_grad step backward retain_grad remove register_hook register_prehook
register_forward_hook register_forward_pre_hook register_full_backward_hook register_post_accumulate_grad_hook
"""
EFFECT_METHODS = frozenset(_EFFECT_METHODS.split())

# Words of the language's contract that a session may not have yet: the error is "not yet", not "no such name".
_LATER = """
graph explain why saved kinks plot save load step zero_grad save_for_backward help nancheck show gradcheck
gradgradcheck detect_anomaly inference_mode jacobian hessian vjp jvp hvp vmap value_and_grad needs_grad
Linear Conv1d Conv2d ConvTranspose2d BatchNorm1d BatchNorm2d LayerNorm GroupNorm Embedding Dropout Flatten Identity
ReLU GELU Sigmoid Tanh Softmax MaxPool2d AvgPool2d AdaptiveAvgPool2d Sequential ModuleList RNN LSTM GRU
MultiheadAttention SGD Adam AdamW RMSprop Adagrad LBFGS Adadelta Adamax NAdam RAdam Rprop ASGD
StepLR ExponentialLR CosineAnnealingLR clip_grad_norm_ Parameter Variable
"""
LATER = frozenset(_LATER.split())

# kinds of parameters
POSITIONAL, KEYWORD, REST = "positional", "keyword", "rest"


# PyTorch takes NumPy's names of these as well
NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input"}


class Signature:
    """What the resolver may know of a built-in.

    `parameters`: (name, kind, has default, is a boolean flag) in order, kind being "positional", "keyword" or
    "rest" (`*size`); or None when anything goes (a constant, a class of its own checks). `effect`: called for its
    effect, so that a bare statement prints nothing. `checked`: False when only the flags are to be trusted (a function
    that also takes plain values in Python's way). `python`: errors in the words of a Python function, not of
    PyTorch's C++.
    """

    __slots__ = ("checked", "effect", "name", "parameters", "python")

    def __init__(
        self,
        name: str,
        parameters: Sequence[tuple[str, str, bool, bool]] | None = None,
        *,
        effect: bool = False,
        checked: bool = True,
        python: bool = False,
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.effect = effect
        self.checked = checked and parameters is not None
        self.python = python

    def flag(self, word: str) -> str | None:
        """The boolean parameter that the bare word `word` sets, or None; `grad` stands for requires_grad."""
        wanted = "requires_grad" if word == "grad" else word
        for name, _kind, _default, is_flag in self.parameters or ():
            if is_flag and name == wanted:
                return name
        return None


class Builtins(Protocol):
    """The table of built-ins, handed over by the session. Names are flat, or dotted for `linalg.` and `special.`.

    Methods are looked up as `Tensor.sum`.
    """

    def lookup(self, name: str) -> Signature | None: ...
    def names(self) -> Iterable[str]: ...


class Scope:
    """One global scope, function body or comprehension: what it binds, and what it updates further out."""

    __slots__ = ("bound", "functions", "is_function", "outward", "parent")

    def __init__(self, parent: Scope | None, is_function: bool) -> None:
        self.parent = parent
        self.is_function = is_function
        self.bound: dict[str, int] = {}
        self.functions: dict[str, list[Parameter]] = {}
        self.outward: set[str] = set()

    def bind(self, name: str) -> None:
        self.bound[name] = self.bound.get(name, 0) + 1


class Resolution:
    """What `lower` needs beyond the tree. Nodes are known by `id`: the tree outlives the resolution."""

    __slots__ = (
        "bound",
        "builtins",
        "calls",
        "flags",
        "nonlocals",
        "outward",
        "pinned",
        "quiet",
        "references",
        "user_methods",
    )

    def __init__(self) -> None:
        self.references: dict[int, str] = {}  # Name, Attribute -> the built-in it stands for
        self.pinned: set[int] = set()  # of these, the ones whose plain name belongs to the user
        self.flags: dict[int, str] = {}  # Argument -> the keyword it sets to true
        self.quiet: set[int] = set()  # Call, Pipe, Command whose value is not printed
        self.calls: dict[int, bool] = {}  # Call, Pipe -> True when its keywords can be passed as they are
        self.user_methods: set[int] = set()  # Attribute that a function of the user may answer
        self.outward: dict[int, list[str]] = {}  # function -> global names it updates
        self.nonlocals: dict[int, list[str]] = {}  # function -> names of an outer function it updates
        self.builtins: set[str] = set()  # to be put into the globals before the run
        self.bound: dict[str, int] = {}  # what the program binds globally


def resolve(
    program: nodes.Program, source: Source, bound: Mapping[str, Sequence[str]], builtins: Builtins
) -> Resolution:
    """Check the whole program. `bound`: what the session has bound, with the flags of those that are functions.

    Raises Refused with all errors (up to 20), in the order of the text.
    """
    resolver = Resolver(program, source, bound, builtins)
    resolver.run()
    if resolver.errors:
        found = sorted(resolver.errors, key=lambda e: e.labels[0].span.start)
        raise Refused(found[:MAX_ERRORS])
    return resolver.resolution


def suggest(word: str, pool: Iterable[str]) -> str | None:
    """The name in the pool that `word` was probably meant to be."""
    import difflib

    lower = word.lower()
    names = list(dict.fromkeys(pool))
    for name in names:
        if name.lower() == lower and name != word:
            return name
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.7 if len(word) > 2 else 0.85)
    return close[0] if close else None


def spine_child(node: Expr, resolution: Resolution) -> Expr | None:
    """The sub-expression that is evaluated first, down the left of operators, calls, indices and attributes.

    Long programs are long in this direction (sums of 20,000 terms, chains of methods), so both passes walk it with a
    loop. None at the end of the walk.
    """
    if isinstance(node, (nodes.Binary, nodes.Compare, nodes.Logical, nodes.Pipe)):
        return node.left
    if isinstance(node, nodes.Call):
        function = node.function
        if isinstance(function, nodes.Attribute) and id(function) not in resolution.references:
            return function.value
        return function
    if isinstance(node, nodes.Index) or (isinstance(node, nodes.Attribute) and id(node) not in resolution.references):
        return node.value
    return None


class Resolver:
    def __init__(
        self, program: nodes.Program, source: Source, bound: Mapping[str, Sequence[str]], builtins: Builtins
    ) -> None:
        self.program = program
        self.source = source
        self.session = bound
        self.table = builtins
        self.errors: list[GradshError] = []
        self.resolution = Resolution()
        self.scope = Scope(None, False)
        self.loops = 0
        self.functions = 0
        self.depth = 0
        self.open = False  # a `use` brings in names that are not known here
        self.everything: set[str] | None = None
        self.reported: set[str] = set()

    # --- helpers ------------------------------------------------------------------------------------------

    def fail(self, kind: type[GradshError], message: str, at: Node | tuple[int, int], help: str | None = None) -> None:
        start, end = (at.start, at.end) if isinstance(at, Node) else at
        self.errors.append(kind(message, [Label(Span(self.source, start, end))], help))

    def too_deep(self, at: Node) -> None:
        self.fail(errors.TooDeep, "nested too deeply", at, "bind inner parts to names with `let`, one step at a time")
        raise Refused(self.errors[-1:])

    def run(self) -> None:
        self.collect(self.program.body)
        self.resolution.bound = self.scope.bound
        self.block(self.program.body)

    def bound_anywhere(self, name: str) -> bool:
        """Does the program bind the name in any scope? Only asked for the few roots of PyTorch's module names."""
        if self.everything is None:
            found: set[str] = set(self.session)
            stack: list[object] = [self.program]
            while stack:
                item = stack.pop()
                if isinstance(item, (list, tuple)):
                    stack.extend(item)
                elif isinstance(item, Node):
                    found.update(bound_by(item))
                    stack.extend(getattr(item, field) for field in item.fields[2:])
            self.everything = found
        return name in self.everything

    def find(self, name: str) -> Scope | None:
        """The innermost scope of the program that binds the name."""
        scope: Scope | None = self.scope
        while scope is not None:
            if name in scope.bound:
                return scope
            scope = scope.parent
        return None

    def is_user(self, name: str) -> bool:
        return self.find(name) is not None or name in self.session

    def pool(self) -> list[str]:
        names: list[str] = []
        scope: Scope | None = self.scope
        while scope is not None:
            names.extend(scope.bound)
            scope = scope.parent
        return [*names, *self.session, *(n for n in self.table.names() if not n.startswith("Tensor.")), *KEYWORDS]

    def unknown(self, name: str, at: Node | tuple[int, int], extra: Iterable[str] = ()) -> None:
        if self.open:
            return
        if name in LATER:
            self.fail(errors.NotYet, f"`{name}` is not in this version yet", at)
            return
        close = None if name in self.reported else suggest(name, [*extra, *self.pool()])
        self.reported.add(name)
        self.fail(
            errors.UnknownName, f"name '{name}' is not defined", at, f"did you mean `{close}`?" if close else None
        )

    # --- what a scope binds -----------------------------------------------------------------------------------

    def collect(self, body: list[Stmt]) -> None:
        """Enter what the statements bind in the current scope; not what inner functions bind in theirs."""
        stack: list[list[Stmt]] = [body]
        while stack:
            for statement in stack.pop():
                for name in bound_by(statement):
                    self.scope.bind(name)
                if isinstance(statement, nodes.Assign):
                    if isinstance(statement.value, nodes.Lambda) and isinstance(statement.target, nodes.Name):
                        self.scope.functions[statement.target.name] = statement.value.parameters
                elif isinstance(statement, nodes.Function):
                    self.scope.functions[statement.name] = statement.parameters
                elif isinstance(statement, nodes.If):
                    stack += [statement.body, statement.orelse]
                elif isinstance(statement, nodes.Try):
                    stack += [statement.body, statement.handler]
                elif isinstance(statement, (nodes.For, nodes.While, nodes.Repeat, nodes.Mode)):
                    stack.append(statement.body)
                elif isinstance(statement, nodes.Use) and not statement.alias:
                    self.open = True

    # --- statements -------------------------------------------------------------------------------------------

    def block(self, body: list[Stmt]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH and body:
            self.too_deep(body[0])
        for statement in body:
            if len(self.errors) >= MAX_ERRORS:
                break
            getattr(self, "do_" + type(statement).__name__)(statement)
        self.depth -= 1

    def do_Assign(self, node: nodes.Assign) -> None:
        self.expr(node.value)
        self.target(node.target)

    def target(self, node: Expr) -> None:
        if isinstance(node, nodes.Name):
            if node.name in KEYWORDS or node.name == "repeat":
                self.fail(errors.ReservedWord, f"`{node.name}` is a reserved word and cannot be assigned", node)
        elif isinstance(node, (nodes.TupleExpr, nodes.ListExpr)):
            for item in node.items:
                self.target(item)
        elif isinstance(node, nodes.Index):
            self.expr(node)
        elif isinstance(node, nodes.Attribute):
            if self.dotted(node) is not None:
                self.fail(errors.BadTarget, "a built-in namespace cannot be assigned to", node)
            else:
                self.expr(node.value)
        else:
            self.fail(errors.BadTarget, "cannot assign to this expression", node)

    def do_AugAssign(self, node: nodes.AugAssign) -> None:
        self.expr(node.value)
        if isinstance(node.target, nodes.Name):
            self.outward(node.target)
        elif isinstance(node.target, (nodes.Index, nodes.Attribute)):
            self.target(node.target)
        else:
            self.fail(errors.BadTarget, "an augmented assignment has one target", node.target)

    def outward(self, node: nodes.Name) -> None:
        """A name that is updated where it was bound: makes nothing local."""
        scope = self.find(node.name)
        if scope is None and node.name not in self.session:
            if self.table.lookup(node.name) is not None:
                self.fail(errors.UnknownName, f"name '{node.name}' is a built-in and cannot be changed", node)
            else:
                self.unknown(node.name, node)
            return
        inner: Scope | None = self.scope
        while inner is not None and not inner.is_function and inner.parent is not None:
            inner = inner.parent
        if inner is not None and inner.is_function and scope is not inner:
            inner.outward.add(node.name)

    def do_ExprStmt(self, node: nodes.ExprStmt) -> None:
        self.expr(node.value)

    def do_Command(self, node: nodes.Command) -> None:
        signature = self.table.lookup(node.name)
        if signature is None:
            self.fail(
                errors.NotYet, f"`{node.name}` is not in this version yet", (node.start, node.start + len(node.name))
            )
            return
        self.reference(node, node.name)
        self.call(node, signature, node.name, node.arguments, 0)
        if signature.effect:
            self.resolution.quiet.add(id(node))

    def do_Mode(self, node: nodes.Mode) -> None:
        signature = self.table.lookup(node.name)
        if signature is None:
            self.fail(
                errors.NotYet, f"`{node.name}` is not in this version yet", (node.start, node.start + len(node.name))
            )
        else:
            self.reference(node, node.name)
            self.call(node, signature, node.name, node.arguments, 0)
        self.block(node.body)

    def do_If(self, node: nodes.If) -> None:
        self.expr(node.condition)
        self.block(node.body)
        self.block(node.orelse)

    def do_While(self, node: nodes.While) -> None:
        self.expr(node.condition)
        self.loop(node.body)

    def do_For(self, node: nodes.For) -> None:
        self.expr(node.iterable)
        self.target(node.target)
        self.loop(node.body)

    def do_Repeat(self, node: nodes.Repeat) -> None:
        self.expr(node.count)
        self.loop(node.body)

    def loop(self, body: list[Stmt]) -> None:
        self.loops += 1
        self.block(body)
        self.loops -= 1

    def do_Try(self, node: nodes.Try) -> None:
        self.block(node.body)
        self.block(node.handler)

    def do_Break(self, node: nodes.Break) -> None:
        if not self.loops:
            self.fail(errors.OutsideLoop, "'break' outside loop", node)

    def do_Continue(self, node: nodes.Continue) -> None:
        if not self.loops:
            self.fail(errors.OutsideLoop, "'continue' not properly in loop", node)

    def do_Return(self, node: nodes.Return) -> None:
        if not self.functions:
            self.fail(errors.OutsideFunction, "'return' outside function", node)
        if node.value is not None:
            self.expr(node.value)

    def do_Assert(self, node: nodes.Assert) -> None:
        self.expr(node.condition)
        if node.message is not None:
            self.expr(node.message)

    def do_Pass(self, node: nodes.Pass) -> None:
        pass

    def do_Del(self, node: nodes.Del) -> None:
        for target in node.targets:
            if isinstance(target, nodes.Name):
                if not self.is_user(target.name) and self.table.lookup(target.name) is not None:
                    self.fail(
                        errors.UnknownName, f"name '{target.name}' is a built-in: there is nothing to delete", target
                    )
                else:
                    self.outward(target)
            elif isinstance(target, nodes.Index):
                self.expr(target)
            else:
                self.fail(errors.BadTarget, "only names and items can be deleted", target)

    def do_Function(self, node: nodes.Function) -> None:
        self.function(node, node.parameters, node.body)

    def do_Import(self, node: nodes.Import) -> None:
        if node.module.split(".")[0] != "torch":
            self.fail(
                errors.BadImport,
                f"cannot import '{node.module}': gradsh has no Python modules",
                node,
                'another gradsh file is read with `use "file.grad"`',
            )

    def later(self, node: Node, what: str) -> None:
        self.fail(errors.NotYet, f"`{what}` is not in this version yet", (node.start, node.start + len(what)))

    def do_Op(self, node: nodes.Op) -> None:
        self.later(node, "op")

    def do_Model(self, node: nodes.Model) -> None:
        self.later(node, "model")

    def do_Param(self, node: nodes.Param) -> None:
        self.later(node, "param")

    def do_Use(self, node: nodes.Use) -> None:
        self.later(node, "use")

    def function(self, node: Node, parameters: list[Parameter], body: Expr | list[Stmt]) -> None:
        """A body of its own: parameters, then what it assigns, are local to it."""
        seen: set[str] = set()
        defaulted = starred = False
        for parameter in parameters:
            if parameter.default is not None:
                self.expr(parameter.default)
                defaulted = True
            elif parameter.star:
                if starred:
                    self.fail(errors.BadParameter, "* argument may appear only once", parameter)
                starred = True
            elif defaulted and not starred:
                self.fail(errors.BadParameter, "non-default argument follows default argument", parameter)
            if parameter.name in seen:
                self.fail(
                    errors.BadParameter, f"duplicate argument '{parameter.name}' in function definition", parameter
                )
            seen.add(parameter.name)
        scope = self.scope
        loops, self.loops = self.loops, 0
        self.scope = inner = Scope(scope, True)
        for name in seen:
            inner.bind(name)
        self.functions += 1
        if isinstance(body, list):
            self.collect(body)
            self.block(body)
        else:
            self.expr(body)
        self.functions -= 1
        self.scope = scope
        self.loops = loops
        for name in sorted(inner.outward):
            owner = self.find(name)
            while owner is not None and owner.parent is not None and not owner.is_function:
                owner = owner.parent
            table = self.resolution.outward if owner is None or owner.parent is None else self.resolution.nonlocals
            table.setdefault(id(node), []).append(name)

    # --- expressions ------------------------------------------------------------------------------------------

    def expr(self, node: Expr) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.too_deep(node)
        spine: list[Expr] = []
        while True:
            if type(node) is nodes.Attribute:
                self.dotted(node)
            elif type(node) is nodes.Call and type(node.function) is nodes.Attribute:
                self.dotted(node.function)
            child = spine_child(node, self.resolution)
            if child is None:
                break
            spine.append(node)
            node = child
        getattr(self, "see_" + type(node).__name__)(node)
        for node in reversed(spine):
            getattr(self, "see_" + type(node).__name__)(node)
        self.depth -= 1

    def see_Number(self, node: nodes.Number) -> None:
        pass

    def see_String(self, node: nodes.String) -> None:
        pass

    def see_Constant(self, node: nodes.Constant) -> None:
        pass

    def see_FString(self, node: nodes.FString) -> None:
        self.format_parts(node.parts)

    def format_parts(self, parts: list[str | nodes.FormatPart]) -> None:
        for part in parts:
            if isinstance(part, nodes.FormatPart):
                self.expr(part.value)
                self.format_parts(part.spec)

    def see_Name(self, node: nodes.Name) -> None:
        name = node.name
        owner = self.find(name)
        if owner is not None or name in self.session:
            if owner is not None and owner.parent is None and name not in self.session and self.table.lookup(name):
                self.resolution.builtins.add(name)  # it is the built-in until the program binds it
            return
        if self.table.lookup(name) is not None:
            self.reference(node, name)
        elif name in ROOTS:
            module = MODULES.get(name, "torch." + name)
            self.fail(
                errors.UnknownName, f"module '{module}' is not a value", node, f"name what you need of it: `{name}.…`"
            )
        else:
            self.unknown(name, node)

    def reference(self, node: Node, name: str) -> None:
        self.resolution.references[id(node)] = name
        if "." not in name and self.is_user(name):
            self.resolution.pinned.add(id(node))
        else:
            self.resolution.builtins.add(name)

    def see_ListExpr(self, node: nodes.ListExpr) -> None:
        for item in node.items:
            self.expr(item)

    def see_TupleExpr(self, node: nodes.TupleExpr) -> None:
        for item in node.items:
            self.expr(item)

    def see_DictExpr(self, node: nodes.DictExpr) -> None:
        for key, value in node.items:
            self.expr(key)
            self.expr(value)

    def see_ListComp(self, node: nodes.ListComp) -> None:
        scope = self.scope
        inner = Scope(scope, False)
        for index, clause in enumerate(node.clauses):
            if index == 0:
                self.expr(clause.iterable)  # evaluated outside, as in Python
                self.scope = inner
            for name in bound_by(clause):
                inner.bind(name)
        for index, clause in enumerate(node.clauses):
            if index:
                self.expr(clause.iterable)
            self.target(clause.target)
            for condition in clause.conditions:
                self.expr(condition)
        self.expr(node.value)
        self.scope = scope

    def see_Unary(self, node: nodes.Unary) -> None:
        self.expr(node.operand)

    def see_Binary(self, node: nodes.Binary) -> None:
        self.expr(node.right)

    def see_Compare(self, node: nodes.Compare) -> None:
        self.expr(node.right)

    def see_Logical(self, node: nodes.Logical) -> None:
        self.expr(node.right)

    def see_Conditional(self, node: nodes.Conditional) -> None:
        self.expr(node.condition)
        self.expr(node.then)
        self.expr(node.otherwise)

    def see_Lambda(self, node: nodes.Lambda) -> None:
        self.function(node, node.parameters, node.body)

    def see_Slice(self, node: nodes.Slice) -> None:
        for part in (node.lower, node.upper, node.step):
            if part is not None:
                self.expr(part)

    def see_Index(self, node: nodes.Index) -> None:
        for item in node.items:
            self.expr(item)

    def see_Attribute(self, node: nodes.Attribute) -> None:
        pass  # of a value: known when it runs; of a namespace: see `dotted`

    def see_Pipe(self, node: nodes.Pipe) -> None:
        right = node.right
        if isinstance(right, nodes.Call) and not right.grouped:
            function, arguments = right.function, right.arguments
        else:
            function, arguments = right, []
        if isinstance(function, nodes.Attribute) and self.dotted(function) is None and not right.grouped:
            self.expr(function.value)
            self.method(node, function, arguments)
        else:
            self.expr(function)
            self.named_call(node, function, arguments, 1)

    def see_Call(self, node: nodes.Call) -> None:
        function = node.function
        if isinstance(function, nodes.Attribute) and id(function) not in self.resolution.references:
            self.method(node, function, node.arguments)
        else:
            self.named_call(node, function, node.arguments, 0)

    def named_call(self, node: Expr, function: Expr, arguments: list[Argument], extra: int) -> None:
        """A call of a name: a built-in is checked, a function of the user gives its flags."""
        reference = self.resolution.references.get(id(function))
        if reference is not None:
            signature = self.table.lookup(reference)
            if signature is not None:
                self.call(node, signature, reference.rpartition(".")[2], arguments, extra)
                self.resolution.calls[id(node)] = True
                if signature.effect:
                    self.resolution.quiet.add(id(node))
                return
        signature = Signature("", (), checked=False)
        if isinstance(function, nodes.Name):
            signature = Signature(
                function.name, [(n, KEYWORD, True, True) for n in self.user_flags(function.name)], checked=False
            )
        self.call(node, signature, signature.name, arguments, extra)

    def user_flags(self, name: str) -> Sequence[str]:
        """The boolean parameters of a function of the user, when only one definition can be meant."""
        scope = self.find(name)
        if scope is None:
            return self.session.get(name, ())
        parameters = scope.functions.get(name)
        if parameters is None or scope.bound[name] != 1:
            return ()
        return [
            p.name for p in parameters if isinstance(p.default, nodes.Constant) and isinstance(p.default.value, bool)
        ]

    def method(self, node: Expr, function: nodes.Attribute, arguments: list[Argument]) -> None:
        """`x.f(a)`: what x is, is known when it runs; a flag is one if some function of that name has it."""
        name = function.name
        flags: list[tuple[str, str, bool, bool]] = []
        known = False
        for candidate in ("Tensor." + name, name, name.rstrip("_")):
            signature = self.table.lookup(candidate)
            if signature is not None:
                known = True
                flags.extend(p for p in signature.parameters or () if p[3])
        if self.is_user(name):
            self.resolution.user_methods.add(id(function))
            flags.extend((flag, KEYWORD, True, True) for flag in self.user_flags(name))
        elif known:
            self.resolution.calls[id(node)] = True
        self.call(node, Signature(name, flags, checked=False), name, arguments, 0)
        if name in EFFECT_METHODS:
            self.resolution.quiet.add(id(node))

    # --- calls ------------------------------------------------------------------------------------------------

    def call(self, node: Node, signature: Signature, name: str, arguments: list[Argument], extra: int) -> None:
        """Arguments of any call: flags found, then (for a checked signature) their number and their keywords."""
        positional = extra
        keywords: list[tuple[str, Argument]] = []
        starred = False
        for argument in arguments:
            value = argument.value
            if argument.name is not None:
                keywords.append(
                    ("requires_grad" if self.means_grad(signature, argument.name) else argument.name, argument)
                )
                if keywords[-1][0] != argument.name:
                    self.resolution.flags[id(argument)] = keywords[-1][0]
                self.expr(value)
                continue
            if argument.star:
                starred = True
                self.expr(value)
                continue
            if type(value) is nodes.Name and not value.grouped:
                flag = signature.flag(value.name)
                if flag is not None:
                    if self.is_user(value.name):
                        self.fail(
                            errors.ShadowedFlag,
                            f"'{value.name}' is a flag of {name}() and a variable here",
                            value,
                            f"write {flag}=true for the flag, or ({value.name}) for the variable",
                        )
                    else:
                        self.resolution.flags[id(argument)] = flag
                        keywords.append((flag, argument))
                    continue
                if not self.is_user(value.name) and self.table.lookup(value.name) is None and value.name not in ROOTS:
                    flags = [p[0] for p in signature.parameters or () if p[3]]
                    self.unknown(value.name, value, flags)
                    positional += 1
                    continue
            positional += 1
            self.expr(value)
        seen: set[str] = set()
        for keyword, argument in keywords:
            if keyword in seen:
                self.fail(errors.UnknownKeyword, f"keyword argument repeated: {keyword}", argument)
            seen.add(keyword)
        if signature.checked:
            self.check(node, signature, name, positional, keywords, starred)

    @staticmethod
    def means_grad(signature: Signature, keyword: str) -> bool:
        """`grad=true` of a creator is `requires_grad=true`."""
        parameters = signature.parameters or ()
        return keyword == "grad" and all(p[0] != "grad" for p in parameters) and signature.flag("grad") is not None

    def check(
        self,
        node: Node,
        signature: Signature,
        name: str,
        positional: int,
        keywords: list[tuple[str, Argument]],
        starred: bool,
    ) -> None:
        parameters = signature.parameters or ()
        names = [p[0] for p in parameters]
        places = [p for p in parameters if p[1] == POSITIONAL]
        open_ended = any(p[1] == REST for p in parameters)
        for keyword, argument in keywords:
            if keyword not in names and NUMPY_NAMES.get(keyword) not in names:
                close = suggest(keyword, names)
                self.fail(
                    errors.UnknownKeyword,
                    f"{name}() got an unexpected keyword argument '{keyword}'",
                    argument,
                    f"did you mean `{close}=`?" if close else None,
                )
        given = {k if k in names else NUMPY_NAMES.get(k, k) for k, _ in keywords}
        for place in places[:positional]:
            if place[0] in given:
                self.fail(errors.WrongArity, f"{name}() got multiple values for argument '{place[0]}'", node)
                return
        if positional > len(places) and not open_ended:
            least = sum(not p[2] for p in places)
            takes = f"{len(places)}" if least == len(places) else f"from {least} to {len(places)}"
            plural = "" if len(places) == 1 and least == len(places) else "s"
            was = "was" if positional == 1 else "were"
            self.fail(
                errors.WrongArity,
                f"{name}() takes {takes} positional argument{plural} but {positional} {was} given",
                node,
            )
            return
        if starred:
            return
        missing = [p[0] for p in places[positional:] if not p[2] and p[0] not in given]
        missing += [p[0] for p in parameters if p[1] == KEYWORD and not p[2] and p[0] not in given]
        if missing:
            if signature.python:
                listed = " and ".join(
                    [", ".join(f"'{m}'" for m in missing[:-1]), f"'{missing[-1]}'"][not missing[1:] :]
                )
                text = (
                    f"{name}() missing {len(missing)} required positional argument{'s'[: len(missing) - 1]}: {listed}"
                )
            else:
                listed = ", ".join(f'"{m}"' for m in missing)
                text = f"{name}() missing {len(missing)} required positional arguments: {listed}"
            self.fail(errors.WrongArity, text, node)

    # --- torch.nn.functional.relu -----------------------------------------------------------------------------

    def dotted(self, node: nodes.Attribute) -> str | None:
        """The built-in that `torch.log`, `F.relu`, `linalg.norm` … stands for, entered as a reference; else None.

        In `torch.float32.itemsize` the inner node is the reference and the outer an attribute of its value.
        """
        known = self.resolution.references.get(id(node))
        if known is not None:
            return known
        chain: list[nodes.Attribute] = []
        value: Expr = node
        while type(value) is nodes.Attribute:
            chain.append(value)
            value = value.value
        if type(value) is not nodes.Name or value.name not in ROOTS:
            return None
        root = value.name
        if self.bound_anywhere(root) or (root not in NAMESPACES and root not in MODULES):
            return None
        chain.reverse()
        parts = [root, *(link.name for link in chain)]
        taken = len(parts)
        while taken and ".".join(parts[:taken]) not in MODULES:
            taken -= 1
        module = MODULES.get(".".join(parts[:taken]), "torch")
        rest = parts[taken:]
        if rest and rest[0] in NAMESPACES and module == "torch":
            if len(rest) == 1:
                return None
            module = "torch." + rest[0]
            name, used = f"{rest[0]}.{rest[1]}", taken + 2
        elif rest:
            name, used = rest[0], taken + 1
        else:
            return None
        link = chain[used - 2]
        known = self.resolution.references.get(id(link))
        if known is None:
            if self.table.lookup(name) is None:
                member = name.rpartition(".")[2]
                self.resolution.references[id(link)] = name  # said once; the walk goes on as if it were there
                self.no_member(module, member, name, link)
            else:
                self.reference(link, name)
        return self.resolution.references.get(id(node))

    def no_member(self, module: str, member: str, name: str, link: nodes.Attribute) -> None:
        at = (link.name_start, link.name_start + len(link.name))
        if member in LATER:
            self.fail(errors.NotYet, f"`{member}` is not in this version yet", at)
            return
        prefix = name[: -len(member)]
        pool = [
            n[len(prefix) :]
            for n in self.table.names()
            if n.startswith(prefix) and not n.startswith("Tensor.") and "." not in n[len(prefix) :]
        ]
        close = suggest(member, pool)
        self.fail(
            errors.UnknownAttribute,
            f"module '{module}' has no attribute '{member}'",
            at,
            f"did you mean `{close}`?" if close else None,
        )


def target_names(target: Expr) -> list[str]:
    """The names that an assignment target binds."""
    found: list[str] = []
    stack: list[Expr] = [target]
    while stack:
        item = stack.pop()
        if isinstance(item, nodes.Name):
            found.append(item.name)
        elif isinstance(item, (nodes.TupleExpr, nodes.ListExpr)):
            stack.extend(item.items)
    return found


def bound_by(node: Node) -> list[str]:
    """The names that this one node binds, whatever their scope."""
    if isinstance(node, (nodes.Assign, nodes.For, nodes.CompFor)):
        return target_names(node.target)
    if isinstance(node, (nodes.Function, nodes.Op, nodes.Model, nodes.Param, nodes.Parameter)):
        return [node.name]
    if isinstance(node, nodes.Try):
        return [node.name] if node.name else []
    if isinstance(node, nodes.Use):
        return [node.alias] if node.alias else []
    return []
