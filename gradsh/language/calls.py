"""Calls: which name is meant, which arguments are flags, and whether they fit the signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from gradsh import errors
from gradsh.calls.signature import KEYWORD, Signature
from gradsh.calls.suggest import suggest
from gradsh.errors import GradshError, Label, Refused, Source, Span
from gradsh.language import nodes
from gradsh.language.nodes import Argument, Expr, Node, walk
from gradsh.language.scopes import Resolution, Scope
from gradsh.language.signatures import Builtins
from gradsh.language.words import APART, DEEPEST, EFFECT_METHODS, KEYWORDS, MODULES, NAMESPACES, ROOTS

if TYPE_CHECKING:
    from gradsh.calls.forms import Type

# what other libraries call a parameter
ELSEWHERE = {
    **dict.fromkeys(("learning_rate", "step_size", "alpha"), "lr"),
    **dict.fromkeys(("wd", "decay", "l2"), "weight_decay"),
    **dict.fromkeys(("keepdims", "keep_dims"), "keepdim"),
    **dict.fromkeys(("axis", "axes"), "dim"),
    **dict.fromkeys(("rate", "prob"), "p"),
    "use_bias": "bias",
    "filters": "out_channels",
    "units": "out_features",
    "strides": "stride",
}


def links(node: nodes.Attribute) -> tuple[Expr, list[nodes.Attribute]]:
    """What `a.b.c` begins with, and its attributes, the last first; as many as a name of PyTorch's may have.

    Of a longer chain the inner parts are asked themselves.
    """
    chain: list[nodes.Attribute] = []
    value: Expr = node
    while type(value) is nodes.Attribute and len(chain) < DEEPEST:
        chain.append(value)
        value = value.value
    return value, chain


class Calls:
    """Names looked up in scopes, and calls checked against signatures; `Resolver` adds the walk over the tree."""

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
        self.brief = False  # whether it is enough to know that something is wrong
        self.open = False  # a used file that has errors brings in names that are not known here
        self.aliases: dict[str, dict[str, tuple[str, ...]]] = {}  # `use … as lib`: what lib has, with flags
        self.params: set[str] = set()
        self.everything: set[str] | None = None
        self.reported: set[str] = set()
        self.words: dict[int, Node] = {}  # `save_for_backward` and `needs_grad` that no op has claimed yet

    # --- helpers ------------------------------------------------------------------------------------------

    def fail(
        self,
        kind: type[GradshError],
        message: str,
        at: Node | tuple[int, int],
        help: str | None = None,
        edit: tuple[int, int, str] | None = None,
    ) -> None:
        self.stop()
        start, end = (at.start, at.end) if isinstance(at, Node) else at
        error = kind(message, [Label(Span(self.source, start, end))], help)
        error.edit = edit
        self.errors.append(error)

    def stop(self) -> None:
        """Something is wrong. Errors: Refused, where nobody wants to know what, nor what was meant in its place."""
        if self.brief:
            raise Refused([])

    def too_deep(self, at: Node) -> None:
        self.fail(
            errors.TooDeep, "nested too deeply", at, "bind inner parts to names, step by step: `let inner = a * b`"
        )
        raise Refused(self.errors[-1:])

    def bound_anywhere(self, name: str) -> bool:
        """Does the program bind the name in any scope? Only asked for the few roots of PyTorch's module names."""
        if self.everything is None:
            found: set[str] = set(self.session)
            for node in walk(self.program):
                found.update(node.binds())
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

    def is_unknown(self, name: str) -> bool:
        """Is it neither bound nor a built-in?"""
        return not (self.is_user(name) or self.table.lookup(name) or self.open or name in ROOTS)

    def reference(self, node: Node, name: str) -> None:
        self.resolution.references[id(node)] = name
        if "." not in name and self.is_user(name):
            self.resolution.pinned.add(id(node))
        else:
            self.resolution.builtins.add(name)

    def pool(self, name: str, at: Node | tuple[int, int]) -> list[str]:
        """What `name` can have been meant to be: names of the program first, then built-ins that can stand there.

        A name that is not called is seldom a misspelt function, unless it is long and so can hardly be anything else.
        """
        names: list[str] = []
        scope: Scope | None = self.scope
        while scope is not None:
            names.extend(scope.bound)
            scope = scope.parent
        start, end = (at.start, at.end) if isinstance(at, Node) else at
        text = self.source.text
        called = text[end : end + 1] == "(" or text[:start].rstrip().endswith("|>")
        builtins = [n for n in self.table.names() if not n.startswith("Tensor.")]
        if not called and len(name) < 6:
            builtins = [n for n in builtins if (known := self.table.lookup(n)) is not None and not known.known]
        keywords = [] if called else [k for k in KEYWORDS if len(k) > 4 or k in ("true", "none")]
        return [*names, *self.session, *builtins, *keywords]

    def shorter(self, name: str) -> str | None:
        """The one name of the program that this one begins with, `opt` of `optimizer`, or that begins with this one."""
        bound: list[str] = list(self.session)
        scope: Scope | None = self.scope
        while scope is not None:
            bound.extend(scope.bound)
            scope = scope.parent
        found = {n for n in bound if min(len(n), len(name)) >= 3 and (name.startswith(n) or n.startswith(name))}
        return found.pop() if len(found - {name}) == 1 and name not in found else None

    def unsaved(self, name: str, at: Node | tuple[int, int]) -> bool:
        """Report a name of an op's forward that its backward would have to be given, if it is one."""
        scope: Scope | None = self.scope
        while scope is not None and name not in scope.bound:
            hides = scope.hidden.get(name)
            if hides is not None and scope.op is not None:
                if not hides and self.is_user(name):
                    return False
                self.fail(
                    errors.UnknownName,
                    f"'{name}' is not in scope in backward: the forward of {scope.op.name} does not save it",
                    at,
                    f"in the forward: `save_for_backward {name}`",
                )
                return True
            scope = scope.parent
        return False

    def unknown(self, name: str, at: Node | tuple[int, int], extra: Iterable[str] = ()) -> None:
        if self.open or self.unsaved(name, at):
            return
        self.stop()
        if self.foreign(name, at):
            return
        close = None if name in self.reported else suggest(name, [*extra, *self.pool(name, at)]) or self.shorter(name)
        self.reported.add(name)
        if close is None and self.absent(name, at):
            return
        self.fail(
            errors.UnknownName, f"name '{name}' is not defined", at, f"did you mean `{close}`?" if close else None
        )

    def absent(self, path: str, at: Node | tuple[int, int]) -> bool:
        """Report a name of PyTorch's for which there is no such thing here."""
        from gradsh.language.absent import absent

        why = absent(path)
        if why is None or ("." not in path and not why.known):
            return False
        self.fail(errors.NotHere, f"{why.path}: {why.words}", at, why.help)
        return True

    def foreign(self, name: str, at: Node | tuple[int, int]) -> bool:
        """Report a name that other languages have, or a library, with what is written here."""
        from gradsh.language.foreign import instead

        start, end = (at.start, at.end) if isinstance(at, Node) else at
        found = instead(
            self.source.text, name, start, end, lambda other: self.table.lookup(other) is not None, self.is_user
        )
        if found is None:
            return False
        self.fail(errors.UnknownName, f"name '{name}' is not defined", (start, end), found.help, found.edit)
        return True

    def expr(self, node: Expr) -> None:
        """The walk over an expression: see Resolver."""
        raise NotImplementedError

    def named_call(self, node: Expr, function: Expr, arguments: list[Argument], extra: int) -> None:
        """A call of a name: a built-in is checked, a function of the user gives its flags."""
        reference = self.resolution.references.get(id(function))
        if reference is not None:
            signature = self.table.lookup(reference)
            if signature is not None:
                self.call(node, signature, reference.rpartition(".")[2], arguments, extra)
                self.resolution.calls.add(id(node))
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
        names = self.used(function.value)
        if names is not None:
            self.member(function)
            flags = [(flag, KEYWORD, True, True) for flag in names.get(name, ())]
            self.call(node, Signature(name, flags, checked=False), name, arguments, 0)
            return
        known = False
        for candidate in ("Tensor." + name, name, name.rstrip("_")):
            signature = self.table.lookup(candidate)
            if signature is not None:
                known = True
                flags.extend(p.row() for p in signature.parameters if p.is_flag)
        if self.is_user(name):
            self.resolution.user_methods.add(id(function))
            flags.extend((flag, KEYWORD, True, True) for flag in self.user_flags(name))
        elif known:
            self.resolution.calls.add(id(node))
        self.call(node, Signature(name, flags, checked=False), name, arguments, 0)
        if name in EFFECT_METHODS:
            self.resolution.quiet.add(id(node))

    # --- names of used files ------------------------------------------------------------------------------------

    def used(self, node: Expr) -> dict[str, tuple[str, ...]] | None:
        """What a used file has, if the expression is its alias and nothing else can be meant."""
        if type(node) is not nodes.Name or node.name not in self.aliases:
            return None
        scope = self.find(node.name)
        if scope is None or scope.parent is not None or scope.bound[node.name] != 1:
            return None
        return self.aliases[node.name]

    def member(self, node: nodes.Attribute) -> None:
        """Report `lib.name` where lib is a used file that has no such name."""
        names = self.used(node.value)
        if names is not None and node.name not in names:
            close = suggest(node.name, names)
            alias = self.source.text[node.value.start : node.value.end]
            self.fail(
                errors.UnknownAttribute,
                f"'{alias}' has no name '{node.name}'",
                (node.name_start, node.name_start + len(node.name)),
                f"did you mean `{alias}.{close}`?" if close else None,
            )

    # --- calls ------------------------------------------------------------------------------------------------

    def call(self, node: Node, signature: Signature, name: str, arguments: list[Argument], extra: int) -> None:
        """Arguments of any call: flags found, then (for a checked signature) their number and their keywords."""
        given: list[Expr | None] = [None] * extra
        keywords: list[tuple[str, Argument]] = []
        starred = uncertain = False
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
                uncertain = uncertain or argument.star == "**"  # which names it has is known when it runs
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
                            f"write `{flag}=true` for the flag, or `({value.name})` for the variable",
                        )
                    else:
                        self.resolution.flags[id(argument)] = flag
                        keywords.append((flag, argument))
                    continue
                if not self.is_user(value.name) and self.table.lookup(value.name) is None and value.name not in ROOTS:
                    flags = [p.name for p in signature.parameters if p.is_flag]
                    self.unknown(value.name, value, flags)
                    starred = uncertain = True  # a misspelt flag is no argument: how many there are is not known
                    continue
            given.append(value)
            self.expr(value)
        seen: set[str] = set()
        for keyword, argument in keywords:
            if keyword in seen:
                self.fail(errors.UnknownKeyword, f"keyword argument repeated: {keyword}", argument)
            seen.add(keyword)
        if signature.checked and not uncertain:
            self.check(node, signature, given, keywords, starred)

    @staticmethod
    def means_grad(signature: Signature, keyword: str) -> bool:
        """`grad=true` of a creator is `requires_grad=true`."""
        parameters = signature.parameters
        return keyword == "grad" and all(p.name != "grad" for p in parameters) and signature.flag("grad") is not None

    def check(
        self,
        node: Node,
        signature: Signature,
        given: list[Expr | None],
        keywords: list[tuple[str, Argument]],
        starred: bool,
    ) -> None:
        """Report a call that PyTorch refuses for the number or the names of its arguments, if that can be known now.

        What depends on the types of arguments that are not literals is left to the engine, which says the same words.
        """
        if starred:  # there may be as many as are needed
            given = given + [None] * max(0, signature.needed(keyword for keyword, _ in keywords) - len(given))
        if signature.takes(len(given), [keyword for keyword, _ in keywords]):
            return
        from gradsh.calls.forms import Type
        from gradsh.calls.words import before_running  # only an error needs its words

        flag = Type("bool")
        types = [self.type_of(value) for value in given]
        named = {k: self.type_of(a.value) if a.name is not None else flag for k, a in keywords}
        said, keyword = before_running(signature, types, named)
        if said is None:
            return
        at = next((a for name, a in keywords if name == keyword), None)
        if at is None:
            self.fail(errors.WrongArity, said, node)
            if signature.parameters and signature.parameters[0].name == "data" and not keywords:
                self.in_a_list(node, given)
            if signature.model and " missing " in said:
                self.sizes(node, signature, said)
            return
        names = [p.name for p in signature.parameters]
        other = ELSEWHERE.get(keyword or "")
        close = other if other in names else suggest(keyword, names)
        value = self.source.text[at.value.start : at.value.end]
        hint = f"did you mean `{close}={value}`?" if close and len(value) < 40 else None
        self.fail(errors.UnknownKeyword, said, at, hint)

    def in_a_list(self, node: Node, given: list[Expr | None]) -> None:
        """Of `tensor(1, 2, 3)`: the list of its numbers."""
        numbers = [value for value in given if isinstance(value, (nodes.Number, nodes.Unary))]
        if len(numbers) == len(given) > 1:
            text, first, last = self.source.text, numbers[0].start, numbers[-1].end
            new = f"{text[node.start : first]}[{text[first:last]}]{text[last : node.end]}"
            self.errors[-1].edit = (node.start, node.end, new)
            self.errors[-1].help = f"`{new}`"

    def sizes(self, node: Node, signature: Signature, said: str) -> None:
        """Of a layer that is made with too few arguments: its parameters, and the call with a number for each."""
        import re

        text = self.source.text[node.start : node.end]
        missing = re.findall(r"'(\w+)'", said)
        if not text.endswith(")") or not missing:
            return
        inner = text[:-1].rstrip(", ")
        new = f"{inner}{'' if inner.endswith('(') else ', '}{', '.join(f'{name}=1' for name in missing)})"
        self.errors[-1].edit = (node.start, node.end, new)
        listed = ", ".join(f"`{parameter.name}`" for parameter in signature.parameters[:4])
        self.errors[-1].help = f"its parameters are {listed}: `{new}`"

    def type_of(self, value: Expr | None) -> Type:
        """The type of a value, as far as that is plain: literals, new tensors, and names that are bound once to one."""
        from gradsh.calls.forms import UNKNOWN, Type

        if isinstance(value, (nodes.Number, nodes.Constant)):
            return Type("NoneType" if value.value is None else type(value.value).__name__)
        if isinstance(value, (nodes.String, nodes.FString)):
            return Type("str")
        if isinstance(value, (nodes.ListExpr, nodes.TupleExpr)):
            if any(isinstance(item, nodes.Unpacked) for item in value.items):
                return UNKNOWN
            return Type("list" if isinstance(value, nodes.ListExpr) else "tuple", tuple(map(self.type_of, value.items)))
        if isinstance(value, nodes.Unary) and value.op in "+-" and isinstance(value.operand, nodes.Number):
            return self.type_of(value.operand)
        if isinstance(value, nodes.Call):
            reference = self.resolution.references.get(id(value.function))
            made_by = None if reference is None else self.table.lookup(reference)
            # what takes the flag makes a tensor; a model does not take it
            if made_by is not None and made_by.checked and made_by.flag("requires_grad") is not None:
                return Type("Tensor")
        if isinstance(value, nodes.Name):
            scope = self.find(value.name)
            if scope is not None and scope.parent is None and scope.bound[value.name] == 1:
                for statement in self.program.body:
                    if not isinstance(statement, nodes.Assign) or isinstance(statement.value, nodes.Name):
                        continue
                    if isinstance(statement.target, nodes.Name) and statement.target.name == value.name:
                        return self.type_of(statement.value)
        return UNKNOWN

    # --- torch.nn.functional.relu -----------------------------------------------------------------------------

    def dotted(self, node: nodes.Attribute) -> str | None:
        """The built-in that `torch.log`, `F.relu`, `linalg.norm` … stands for, entered as a reference; else None.

        In `torch.float32.itemsize` the inner node is the reference and the outer an attribute of its value.
        """
        known = self.resolution.references.get(id(node))
        if known is not None:
            return known
        value, chain = links(node)
        if type(value) is nodes.Name and value.name == "numpy" and not self.bound_anywhere("numpy"):
            if id(value) not in self.resolution.references:  # `numpy(x)` is a built-in, `numpy.exp` is the library's
                self.resolution.references[id(value)] = "numpy"
                self.foreign("numpy", value)
            return None
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
        if rest and rest[0] in NAMESPACES and module in ("torch", "torch.distributions"):
            if len(rest) == 1:
                return None
            module += "." + rest[0]
            name, used = f"{rest[0]}.{rest[1]}", taken + 2
        elif rest:
            name, used = rest[0], taken + 1
        else:
            return None
        name = APART.get(f"{module}.{name}", name)
        link = chain[used - 2]
        known = self.resolution.references.get(id(link))
        if known is None:
            if self.table.lookup(name) is None:
                member = name.rpartition(".")[2]
                self.resolution.references[id(link)] = name  # said once; the walk goes on as if it were there
                if not self.absent(".".join((module, *rest[used - taken - 1 :])), link):
                    self.no_member(module, member, name, link)
            else:
                self.reference(link, name)
                own = self.table.of_torch(name) if module == "torch" else name
                if own != name:
                    self.resolution.whole[id(link)] = own
                    self.resolution.builtins.add(own)
        return self.resolution.references.get(id(node))

    def no_member(self, module: str, member: str, name: str, link: nodes.Attribute) -> None:
        at = (link.name_start, link.name_start + len(link.name))
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
