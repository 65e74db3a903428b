"""The standard library of models: gradsh/lib/*.grad, and the few that the engine has (Sequential and its kin).

A file of it is compiled and run when a program first names one of its models, in a namespace of its own that all
sessions of a process share: nothing of a session's state is in it. Which file has which model, with what
parameters, is read from the files once and kept in the user's cache folder.
"""

from __future__ import annotations

import marshal
import os
import sys
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from gradsh import cache
from gradsh.engine.core.users import ModelKind
from gradsh.interrupts import held
from gradsh.runtime.namespace import prepare, space_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from gradsh.calls.signature import Signature
    from gradsh.engine.catalogue import Parameters
    from gradsh.language.nodes import Program
    from gradsh.language.places import Program as Compiled
    from gradsh.language.signatures import Facts
    from gradsh.language.words import CommandWord

    class Builtins(Protocol):
        """The table that the library's models are part of; see `gradsh.runtime.builtins`."""

        values: dict[str, Any]

        def value(self, name: str) -> Any: ...
        def has(self, name: str) -> bool: ...
        def lookup(self, name: str) -> Signature | None: ...
        def facts(self, name: str) -> Facts | None: ...
        def of_torch(self, name: str) -> str: ...
        def names(self) -> Iterable[str]: ...
        def commands(self) -> Iterable[CommandWord]: ...


FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib")

Models = dict[str, tuple[str, "Parameters"]]

_models: Models | None = None


class Library:
    """The models, for the table of built-ins that they are part of and are made of."""

    def __init__(self, builtins: Builtins) -> None:
        self.table = Table(builtins)
        self.spaces: dict[str, dict[str, Any]] = {}  # by file
        self.supplied: set[Any] = set()  # the models and functions whose built-ins are in place

    def names(self) -> list[str]:
        """Every model of the library."""
        return list(models())

    def parameters(self, name: str) -> Parameters | None:
        """The parameters of a model, None when there is no such model."""
        known = models().get(name)
        return known[1] if known is not None else None

    def value(self, name: str) -> Any:
        """The model of that name, loaded now if need be. Errors: KeyError."""
        file = models()[name][0]
        if file == LAZY:
            from gradsh.engine.nn.lazy import lazy

            return lazy(self.value(name.removeprefix("Lazy")))
        if not file:
            from gradsh.engine.nn.containers import model as found

            return found(name)
        with held():  # a model that is taken for whole has all that it needs
            if file not in self.spaces:
                self.spaces[file] = self._run(file)
            space = self.spaces[file]
            model = space["." + name]
            if model not in self.supplied:
                self._supply(space, model.body.__code__)
                self.supplied.add(model)
        return model

    def _supply(self, space: dict[str, Any], code: CodeType) -> None:
        """Put the built-ins into the globals that a model, and what it uses of its file, may come to need.

        Only those: a file holds many models, and each file of operators takes its time to load.
        """
        for name in code.co_names:
            if name[0] != ".":
                continue
            if name not in space:
                space[name] = space["@builtin"](name[1:])
            used = space[name]
            body = used.body if isinstance(used, ModelKind) else used
            if isinstance(body, FunctionType) and body.__globals__ is space and used not in self.supplied:
                self.supplied.add(used)  # before: they may call each other in a circle
                try:
                    self._supply(space, body.__code__)
                except BaseException:
                    self.supplied.discard(used)
                    raise
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self._supply(space, constant)

    def _run(self, file: str) -> dict[str, Any]:
        """What a file of the library binds."""
        program, space = self._compiled(f"gradsh/lib/{file}", _text(file))
        # built-ins come when a model needs them, see `_supply`; its file itself evaluates defaults of parameters only
        own = program.code.co_names
        known = models()
        program.builtins = tuple(
            b for b in program.builtins if b[0] == "@" or ("." + b in own and known.get(b, ("",))[0] != file)
        )
        return _bound(program, space)

    def run(self, name: str, text: str) -> dict[str, Any]:
        """What a text that belongs to gradsh, and is no file of the library, binds; its models are of the library."""
        return _bound(*self._compiled(name, text))

    def _compiled(self, name: str, text: str) -> tuple[Compiled, dict[str, Any]]:
        from gradsh.errors import Source
        from gradsh.language.program import compile_program

        space = space_of(self.table, {})
        space["@echo"] = lambda value, line: None
        return compile_program(Source(name, text), {}, self.table, library=True), space


def _bound(program: Compiled, space: dict[str, Any]) -> dict[str, Any]:
    """The namespace, once the program has run in it."""
    from gradsh.engine.core.modes import mode

    prepare(space, program.builtins)
    before, mode.where = mode.where, (program.code, 0)  # whatever it makes is not made in the user's program
    try:
        exec(program.code, space)
    finally:
        mode.where = before
    return space


class Table:
    """The built-ins that the library sees: those of programs, and a few of its own."""

    def __init__(self, builtins: Builtins) -> None:
        self.all = builtins
        self.values = builtins.values

    def value(self, name: str) -> Any:
        return OWN[name] if name in OWN else self.all.value(name)

    def has(self, name: str) -> bool:
        return name in OWN or self.all.has(name)

    def lookup(self, name: str) -> Signature | None:
        if name in OWN:
            from gradsh.calls.signature import Signature

            return Signature(name, effect=True)
        return self.all.lookup(name)

    def facts(self, name: str) -> Facts | None:
        return self.all.facts(name)

    def of_torch(self, name: str) -> str:
        return self.all.of_torch(name)

    def names(self) -> Iterable[str]:
        return [*OWN, *self.all.names()]

    def commands(self) -> Iterable[CommandWord]:
        return self.all.commands()


def refuse(kind: str, message: str) -> None:
    """For the library: fail as PyTorch does, with its type of error. Errors: ValueError_, else ValueProblem."""
    from gradsh.errors import ValueError_, ValueProblem

    raise ValueError_(message) if kind == "ValueError" else ValueProblem(message, kind=kind)


def legacy_reduction(size_average: Any, reduce: Any, reduction: Any) -> Any:
    """For the library: the reduction of a loss, whose two old flags win over it when it is made."""
    if size_average is None and reduce is None:
        return reduction
    from gradsh.engine.ops.loss.regression import reduction_of

    return reduction_of(size_average, reduce, reduction)


def warn(message: str) -> None:
    """For the library: a warning, in PyTorch's words."""
    from gradsh.engine.core.modes import mode

    mode.warn(message)


def recorded_as(t: Any, name: str) -> Any:
    """For the library: the tensor, its node called as PyTorch calls that of a layer which it computes as a whole."""
    from gradsh.engine.core.graph import Node

    node = getattr(t.node, "node", t.node)  # of several outputs
    if node.__class__ is Node:
        node.kind = node.kind.renamed(name)
    return t


def recurrent_layer(inputs: Any, state: Any, cell: Any, *rest: Any) -> tuple[Any, Any]:
    """For the library: one recurrent layer in one direction, its outputs and the last cell."""
    from gradsh.engine.ops.nn import recurrent

    if inputs.dtype.name == "float16":  # which rounds after every operator
        return recurrent.in_operators(inputs, state, cell, *rest)  # type: ignore[no-any-return]
    return recurrent.recurrent_layer.apply(inputs, state, cell, *rest)[:2]  # type: ignore[no-any-return]


def fields_of(model: Any, named: list[list[str]]) -> list[list[Any]]:
    """For the library: the fields of those names as they are now, which a program may have set to others.

    Errors: AttributeError_ for one that was deleted.
    """
    from gradsh.errors import AttributeError_

    def field(name: str) -> Any:
        try:
            return model.__member__(name)
        except KeyError:
            raise AttributeError_(f"'{type(model).__name__}' object has no attribute '{name}'") from None

    return [[field(name) for name in names] for names in named]


def runs_of(data: Any, batch_sizes: Any) -> list[tuple[int, int, int]]:
    """For the library: the steps of packed sequences that have the same of them."""
    from gradsh.engine.ops.nn import packed

    return packed.runs_of(data, batch_sizes)


def adaptive_output(output: Any, loss: Any) -> Any:
    """For the library: what AdaptiveLogSoftmaxWithLoss gives."""
    from gradsh.engine.nn.results import AdaptiveOutput

    return AdaptiveOutput((output, loss))


OWN: dict[str, Any] = {
    "adaptive_output": adaptive_output,
    "legacy_reduction": legacy_reduction,
    "fields_of": fields_of,
    "refuse": refuse,
    "warn": warn,
    "recorded_as": recorded_as,
    "recurrent_layer": recurrent_layer,
    "runs_of": runs_of,
}


SHIPPED = "models"
LAZY = "*"  # in the place of a file: the lazy form of a layer


def models() -> Models:
    """name -> (file, parameters), from the cache or made now; "" is the file of what the engine has."""
    global _models
    if _models is None:
        key = "models-" + cache.digest((sys.version + cache.fingerprint()).encode()).hex()
        _models = cache.table(key, dict, SHIPPED)
        if _models is None:
            _models = read()
            cache.write(key, marshal.dumps(_models))
    return _models


def has(name: str) -> bool:
    """Is it a model of the library?"""
    return name in models()


class Layer:
    """What `help` says of a model: how it is made, the comment above it, and the expression that its `forward` is."""

    __slots__ = ("forward", "summary", "usage")

    def __init__(self, usage: str, summary: str, forward: str) -> None:
        self.usage = usage
        self.summary = summary
        self.forward = forward


def described(name: str) -> Layer:
    """What the file of a model says of it. Errors: KeyError."""
    file = models()[name][0]
    if file == LAZY:
        from gradsh.engine.nn import lazy

        own = described(name.removeprefix("Lazy"))
        first, _, rest = own.usage.partition("(")
        usage = rest.partition(", ")[2].replace("affine=false, track_running_stats=false", lazy.NORMS)
        return Layer(f"Lazy{first}({usage}", lazy.described(first), "")
    if not file:
        from gradsh.engine.nn.containers import model as found

        return Layer(f"{name}(…)", (found(name).__doc__ or "").partition("\n")[0], "")
    if name not in _described:
        _described.update(_layers(file))
    return _described[name]


_described: dict[str, Layer] = {}


def _layers(file: str) -> dict[str, Layer]:
    """What a file says of each of its models."""
    from gradsh.language import nodes

    tree, text = _parsed(file)
    found: dict[str, Layer] = {}
    for model in tree.body:
        if not isinstance(model, nodes.Model):
            continue
        given = [text[p.start : p.end] for p in model.parameters]
        above = text[: model.start].rstrip(" ").split("\n")[-2:-1]
        summary = " ".join(line.removeprefix("#").strip() for line in above if line.startswith("#"))
        forward = next((f for f in model.body if isinstance(f, nodes.Function) and f.name == "forward"), None)
        body = forward.body if forward is not None else []
        said = "" if isinstance(body, list) else " ".join(text[body.start : body.end].split())
        found[model.name] = Layer(f"{model.name}({', '.join(given)})", summary, said)
    return found


def text_of(name: str) -> str:
    """The text of a model with the lines above it that say what it is; "" of what the engine has. Errors: KeyError."""
    from gradsh.language import nodes

    file = models()[name][0]
    if file in ("", LAZY):
        return ""
    tree, text = _parsed(file)
    (model,) = [node for node in tree.body if isinstance(node, nodes.Model) and node.name == name]
    above = text[: model.start].split("\n")[:-1]
    first = len(above)
    while first and above[first - 1].startswith("#"):
        first -= 1
    return "\n".join([*above[first:], text[model.start : model.end]]) + "\n"


_texts: dict[str, str] = {}


def _text(file: str) -> str:
    """The text of a file of the library; kept, since in a sandbox nothing is read later."""
    if file not in _texts:
        with open(os.path.join(FOLDER, file), encoding="utf-8") as stream:
            _texts[file] = stream.read()
    return _texts[file]


def read_all() -> None:
    """Read every file of the library now."""
    for file, _ in models().values():
        if file and file != LAZY:
            _text(file)


def _parsed(file: str) -> tuple[Program, str]:
    """The tree and the text of a file of the library."""
    from gradsh.errors import Source
    from gradsh.language.syntax import parse

    source = Source(file, _text(file))
    return parse(source), source.text


def read() -> Models:
    """The table, read from the files."""
    from gradsh.calls.signature import KEYWORD, OPTIONS, POSITIONAL, REST
    from gradsh.engine.nn.containers import SIGNATURES
    from gradsh.engine.nn.lazy import LAYERS
    from gradsh.language import nodes

    found: dict[str, tuple[str, Parameters]] = {name: ("", own) for name, own in SIGNATURES.items()}
    for file in sorted(os.listdir(FOLDER)):
        if not file.endswith(".grad"):
            continue
        tree, _ = _parsed(file)
        for model in tree.body:
            if not isinstance(model, nodes.Model) or model.name[0] == "_":
                continue
            own = []
            kind = POSITIONAL
            for p in model.parameters:
                flag = isinstance(p.default, nodes.Constant) and isinstance(p.default.value, bool)
                if p.star == "**":
                    own.append((p.name, OPTIONS, True, False))
                    continue
                own.append((p.name, REST if p.star else kind, bool(p.star) or p.default is not None, flag))
                if p.star:
                    kind = KEYWORD
            found[model.name] = (file, tuple(own))
    for name in LAYERS:
        found[f"Lazy{name}"] = (LAZY, found[name][1][1:])
    return found
