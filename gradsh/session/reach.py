"""What a program that is about to run can come to, and so could change: read off its code and the values it names.

A program reaches values by the names in it and by nothing else, so that a line costs what it names: `x + 1` looks at
`x`, however large the model beside it is. What can be told to write nowhere (`writing`) is not followed into memory and
graphs; anything else is, to the leaves behind each graph and to what hooks refer to.
"""

from __future__ import annotations

import opcode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import CodeType, FunctionType, MethodType
from typing import Any
from weakref import ref

from gradsh.engine import catalogue
from gradsh.engine.core.dtypes import DType
from gradsh.engine.core.graph import Freed, Node, Output
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind, is_users
from gradsh.runtime import access, python
from gradsh.runtime.builtins import MODES, SAID
from gradsh.runtime.namespace import is_builtin
from gradsh.session.contents import EMPTY, MISSING, NODE, TENSOR, Keeper, keeper, ndarray, owner

# the helpers of lowered programs that write nowhere: gradsh.runtime.helpers, notes and namespace
QUIET = frozenset(
    """@echo @seen @mark @part @method @attr @call @format @template @formattable @str @exponent @bounded @int @tuple
    @key @in @items @count @caught @Exception @failed @param @unbind""".split()  # noqa: SIM905 - strings read worse
)
ASIDE = ("gradsh.engine.ops.program.", "gradsh.engine.ops.nn.normalization", "gradsh.engine.ops.index.embedding")
WATCHES = frozenset({"print", "show", "help"})
EXTENDED = opcode.opmap["EXTENDED_ARG"]
LOADS = {opcode.opmap[name]: 1 for name in ("LOAD_GLOBAL",)} | {
    opcode.opmap[name]: 0 for name in ("LOAD_NAME",) if name in opcode.opmap
}
STORES = {opcode.opmap[name] for name in ("STORE_GLOBAL", "STORE_NAME", "DELETE_GLOBAL", "DELETE_NAME")}
WRITES = {
    opcode.opmap[name]
    for name in ("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_ATTR", "STORE_SLICE")
    if name in opcode.opmap
}
BINARY = opcode.opmap["BINARY_OP"]
AUGMENTED = range(13, 26)  # of BINARY_OP: `+=` and its kin


class Facts:
    """What is read off a code object and those inside of it.

    loads, stores   the program's names, ".x", that it reads and that it binds
    helpers         the "@" names
    called          of the names it reads, those that it calls by themselves
    words           its text constants, names of methods among them
    writes          whether an instruction of it writes into what a value refers to
    """

    __slots__ = ("called", "helpers", "loads", "stores", "words", "writes")

    def __init__(self, code: CodeType) -> None:
        loads: dict[str, None] = {}
        stores: dict[str, None] = {}
        self.called: set[str] = set()
        self.words: set[str] = set()
        self.writes = False
        waiting = [code]
        while waiting:
            one = waiting.pop()
            self._read(one, loads, stores)
            for constant in one.co_consts:
                if constant.__class__ is CodeType:
                    waiting.append(constant)
                elif constant.__class__ is str:
                    self.words.add(constant)
                elif constant.__class__ is tuple:
                    self.words.update(each for each in constant if each.__class__ is str)
        self.helpers = {name for name in (*loads, *stores) if name[0] == "@"}
        self.loads = tuple(name for name in loads if name[0] == ".")
        self.stores = tuple(name for name in stores if name[0] == ".")

    def _read(self, code: CodeType, loads: dict[str, None], stores: dict[str, None]) -> None:
        text, extended = code.co_code, 0
        for at in range(0, len(text), 2):
            instruction, argument = text[at], text[at + 1] | extended
            extended = argument << 8 if instruction == EXTENDED else 0
            if instruction in LOADS:
                shift = LOADS[instruction]
                name = code.co_names[argument >> shift]
                loads[name] = None
                if shift and argument & 1:  # a call's callee
                    self.called.add(name)
            elif instruction in STORES:
                stores[code.co_names[argument]] = None
            elif instruction in WRITES or (instruction == BINARY and argument in AUGMENTED):
                self.writes = True


@lru_cache(maxsize=1000)
def facts(code: CodeType) -> Facts:
    return Facts(code)


# --- what a program may write to --------------------------------------------------------------------------------------

LOOKS, BINDS, GRADIENTS, ANYTHING = range(
    4
)  # it writes nowhere; to objects but no memory; to memory of gradients, or any
BINDING = frozenset(
    """eval train parameters named_parameters buffers named_buffers children named_children modules named_modules
    get_submodule get_parameter get_buffer zero_grad requires_grad_ retain_grad register_hook append pop extend
    state_dict add_param_group get_last_lr""".split()  # noqa: SIM905 - as above
)


def writing(code: CodeType, space: dict[str, Any]) -> int:
    """What a program with that code may write to, at most, of what there was before it."""
    seen: set[CodeType] = set()
    waiting = [code]
    most = LOOKS
    while waiting and most < ANYTHING:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        read = facts(one)
        if read.writes or not read.helpers <= QUIET or not read.words.isdisjoint(("inplace", "set_to_none")):
            return ANYTHING
        if "@method" in read.helpers:
            most = max(most, *map(_of_method, read.words), LOOKS)
        for key in read.loads:
            value = space.get(key)
            body: Any = value
            if isinstance(value, ModelKind):
                body = value.body
            if body.__class__ is FunctionType and is_users(body):
                if body.__closure__ or (body is value and getattr(body, "__globals__", space) is not space):
                    return ANYTHING
                waiting.append(body.__code__)
            elif callable(value) and (key in read.called or "@call" in read.helpers or not _is_model(value)):
                most = max(most, _of_called(key[1:], value, space))
    return most


def _is_model(value: Any) -> bool:
    """Is it a model, which nothing that only reads its name calls?"""
    return isinstance(value.__class__, ModelKind)


def _of_called(name: str, value: Any, space: dict[str, Any]) -> int:
    """What a value that can be called may write to when it is."""
    if isinstance(value, (Tensor, DType)):
        return LOOKS
    if isinstance(value, ModelKind):
        return BINDS
    if not is_builtin(space, name, value):
        return ANYTHING
    if name in WATCHES or name in SAID or name in MODES or name in python.OWN or name in python.SHARED:
        return LOOKS
    return _of_operator(name)


@lru_cache(maxsize=5000)
def _of_operator(name: str) -> int:
    entry = catalogue.operator(name)
    if entry is None:
        return ANYTHING
    if name == "backward":
        return GRADIENTS
    if name in BINDING or (entry.home.startswith("gradsh.engine.optim.") and not entry.effect):
        return BINDS
    if entry.effect or name.endswith("_") or not entry.home.startswith("gradsh.engine.ops."):
        return ANYTHING
    return ANYTHING if entry.home.startswith(ASIDE) else LOOKS


@lru_cache(maxsize=5000)
def _of_method(word: str) -> int:
    """The same of the methods of that name, on whatever has one. Other texts are harmless."""
    if word in BINDING:
        return BINDS
    if word == "backward":
        return GRADIENTS
    if word in _elsewhere():
        return ANYTHING
    return LOOKS if catalogue.method(word) is None else _of_operator(word)


@lru_cache(maxsize=1)
def _elsewhere() -> frozenset[str]:
    """The methods of models, optimisers and whatever else there is that has some."""
    from gradsh.engine.core.graph import AccumulateGrad, Handle
    from gradsh.engine.nn.module import PUBLIC

    names = PUBLIC | AccumulateGrad.__public__ | Handle.__public__ | set(access.METHODS[Node])
    return frozenset(names | {"insert", "remove", "update", "clear", "step", "load_state_dict"})


# --- what is reached --------------------------------------------------------------------------------------------------


class Reach:
    """All that is come to from some values.

    objects   id -> (object, how it is read and written, its contents)
    owners    id -> array that owns memory; gradients, those of them that have a gradient
    names     the program's names that functions among them read
    deep      follow memory, and graphs to their leaves
    """

    __slots__ = ("deep", "gradients", "names", "objects", "owners", "space", "through")

    def __init__(self, space: dict[str, Any], deep: bool) -> None:
        self.space = space
        self.deep = deep
        self.objects: dict[int, tuple[Any, Keeper, Any]] = {}
        self.owners: dict[int, Any] = {}
        self.gradients: dict[int, Any] = {}
        self.names: set[str] = set()
        self.through: dict[int, Any] = {}  # what has been gone through, held so that no id comes again

    def add(self, values: Iterable[Any]) -> None:
        """Go on from these."""
        stack = list(values)
        objects, through = self.objects, self.through
        while stack:
            value = stack.pop()
            known = keeper(value.__class__)
            if value.__class__ is ndarray and not value.dtype.hasobject:
                whole = owner(value)
                if whole is not None:
                    self.owners[id(whole)] = whole
            elif known is not None:
                if id(value) in objects:
                    continue
                contents = known.read(value)
                objects[id(value)] = (value, known, contents)
                if known is TENSOR:
                    self._tensor(contents, stack)
                else:
                    if known is NODE and self.deep:
                        self._graph(value, stack)
                    stack += known.parts(contents)
            elif value.__class__ not in (int, float, str, bool, type(None)) and id(value) not in through:
                stack += self._inside(value)

    def _tensor(self, contents: tuple[Any, ...], stack: list[Any]) -> None:
        data, node, _, gradient, storage, extra, _ = contents
        if data.__class__ is ndarray:
            whole = owner(data)
            if whole is not None:
                self.owners[id(whole)] = whole
        if gradient is not None:
            stack.append(gradient)
            if gradient.data.__class__ is ndarray:
                whole = owner(gradient.data)
                if whole is not None:
                    self.gradients[id(whole)] = whole
        if storage is not None:
            stack.append(storage)
        if extra is not None:
            stack.append(extra)
        if node is not None:
            stack.append(node.node if node.__class__ is Output else node)

    def _graph(self, root: Node, stack: list[Any]) -> None:
        """The leaves of a graph, and what is fastened to its nodes."""
        through = self.through
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if id(node) in through:
                continue
            through[id(node)] = node
            if node.extra is not None:
                stack.append(node.extra)
            custom = getattr(node.kind, "custom", None)
            if custom is not None:  # an op of the program, whose backward may do anything
                stack += (custom.backward, node.kind.plain)  # type: ignore[attr-defined]  # of CustomKind
            following = node.next
            for edge in following if following.__class__ is tuple else (following,):
                if edge.__class__ is Node:
                    waiting.append(edge)
                elif edge.__class__ is Output:
                    waiting.append(edge.node)
                elif edge is not None:
                    stack.append(edge)

    def _inside(self, value: Any) -> Iterable[Any]:
        """The values in one that cannot be changed itself."""
        if isinstance(value, tuple):
            self.through[id(value)] = value
            return value
        kind = value.__class__
        if kind is FunctionType:
            self.through[id(value)] = value
            return self._function(value)
        if kind is MethodType:
            return (value.__self__, value.__func__)
        if kind is ref:
            return (value(),)
        if isinstance(kind, ModelKind):
            return EMPTY
        if isinstance(value, ModelKind):
            self.through[id(value)] = value
            return (value.body,)
        if kind.__name__ == "CustomOperator":
            return (value.forward, value.backward)
        return EMPTY

    def _function(self, function: FunctionType) -> Iterator[Any]:
        yield from function.__closure__ or ()
        yield from function.__defaults__ or ()
        yield from (function.__kwdefaults__ or {}).values()
        if is_users(function):
            own = function.__globals__
            for key in facts(function.__code__).loads:
                value = own.get(key, MISSING)
                if own is self.space:
                    self.names.add(key)
                yield value


def freed(values: Iterable[Any], space: dict[str, Any]) -> Iterator[Node]:
    """The nodes behind these values that a backward has freed."""
    reach = Reach(space, True)
    reach.add(values)
    for node in reach.through.values():
        if node.__class__ is Node and node.saved.__class__ is Freed:
            yield node
