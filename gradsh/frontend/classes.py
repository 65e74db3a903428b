"""Classes that a Python program writes: Python's own, put together so that only what the program bound is found."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType
from typing import Any

from gradsh.engine.core.users import spelled
from gradsh.errors import AttributeError_, IndexError_
from gradsh.frontend import text
from gradsh.frontend.kinds import Program

__acts_for_programs__ = True

# Methods that Python itself calls, as far as they cannot lead out of the program.
_SPECIAL = """
abs add aenter aexit aiter and anext await bool bytes call ceil class_getitem complex contains delattr delete delitem
dir divmod enter eq exit float floor floordiv format fspath ge get getattr getitem getitems getstate gt hash iadd iand
ifloordiv ilshift imatmul imod imul index init int invert ior ipow irshift isub iter itruediv ixor le len lshift lt
matmul missing mod mul ne neg new next or pos post_init pow radd rand rdivmod repr reversed rfloordiv rlshift rmatmul
rmod rmul ror round rpow rrshift rshift rsub rtruediv rxor set set_name setattr setitem setstate str sub truediv trunc
xor
"""
SPECIAL = frozenset(f"__{name}__" for name in _SPECIAL.split())
# bases of Python's own that a class may have
BASES: tuple[type, ...] = (
    BaseException, list, dict, tuple, str, int, float, set, deque, OrderedDict, defaultdict, Counter, frozenset, bytes,
    bytearray, complex,
)  # fmt: skip


class ProgramType(Program):
    """The class of plain classes.

    written   what the body of the class binds, by name
    hosted    whether a base is one of Python's own, whose attributes are not for programs
    slots     the attributes that instances may have, where `__slots__` says them; None for any
    inside    names of the engine's own, in whose place nothing of the program's may be: what it has by them is apart
    """

    written: dict[str, Any]
    hosted: bool
    slots: frozenset[str] | None
    inside: frozenset[str]

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        if keywords:
            keywords = spelled(_init(cls), keywords)
        return type.__call__(cls, *arguments, **keywords)

    def finish(cls) -> None:
        """The body has run."""

    def __copies__(cls, value: Any, memo: dict[int, Any]) -> Any:
        """`copy.deepcopy` of an instance."""
        own = lookup(cls, "__deepcopy__")
        if own is not ABSENT:
            made = own(value, memo)
        else:
            parts = reduced(cls, value)
            made = _copied(cls, value, memo) if parts is None else remade(parts, memo)
        memo[id(value)] = made
        memo.setdefault(id(memo), []).append(value)
        return made

    def __repr__(cls) -> str:
        return f"<class '{cls.__module__}.{cls.__qualname__}'>"


def reduced(kind: type, value: Any) -> Any:
    """What `__reduce__` says that an instance is made of; None where the program has not written it."""
    for name, given in (("__reduce_ex__", (4,)), ("__reduce__", ())):
        own = lookup(kind, name)
        if own is not ABSENT:
            return own(value, *given)
    return None


def remade(parts: Any, memo: dict[int, Any] | None) -> Any:
    """The instance of these parts, deeply copied with a `memo`."""
    from gradsh.engine.nn.copying import deepcopy

    maker, given, *rest = parts if memo is None else (parts[0], *deepcopy(tuple(parts[1:]), memo))
    made = maker(*given)
    restore(made, rest[0] if rest else None)
    return made


def restore(made: Any, state: Any) -> None:
    """Give an instance its state, by its own `__setstate__` if it has one."""
    load = lookup(type(made), "__setstate__")
    if load is not ABSENT:
        load(made, state)
    elif state:
        made.__dict__.update(state)


def _copied(kind: ProgramType, value: Any, memo: dict[int, Any]) -> Any:
    from gradsh.engine.nn.copying import deepcopy

    host: Any = next((base for base in kind.__mro__ if not isinstance(base, Program)), object)
    held: Any = (value,)  # what Python's class is made of
    if host is object or isinstance(value, (list, dict, set, deque)):
        held = ()
    elif isinstance(value, BaseException):
        held = deepcopy(value.args, memo)
    elif isinstance(value, tuple):
        held = deepcopy((tuple.__new__(tuple, value),), memo)
    made = memo[id(value)] = host.__new__(kind, *held)
    _fill(made, value, memo)
    save, load = lookup(kind, "__getstate__"), lookup(kind, "__setstate__")
    state = deepcopy({**value.__dict__} if save is ABSENT else save(value), memo)
    made.__dict__.update(state or ()) if load is ABSENT else load(made, state)
    return made


def _fill(made: Any, value: Any, memo: dict[int, Any]) -> None:
    """What an instance holds as the list, dictionary … that it is, copied into another: past the program's methods."""
    from gradsh.engine.nn.copying import deepcopy

    if isinstance(value, list):
        list.extend(made, [deepcopy(item, memo) for item in list.__iter__(value)])
    elif isinstance(value, dict):
        if isinstance(value, defaultdict):
            defaultdict.__init__(made, value.default_factory)
        for key, item in dict.items(value):
            dict.__setitem__(made, key, deepcopy(item, memo))
    elif isinstance(value, set):
        set.update(made, [deepcopy(item, memo) for item in set.__iter__(value)])
    elif isinstance(value, deque):
        deque.__init__(made, [deepcopy(item, memo) for item in deque.__iter__(value)], value.maxlen)


def _init(kind: Any) -> Any:
    return kind.__init__


def object_text(self: Any) -> str:
    return f"<{type(self).__module__}.{type(self).__qualname__} object {text.at(self)}>"


class Object(metaclass=ProgramType):
    """What every class of a program is one of."""

    __repr__ = object_text


ProgramType.written, ProgramType.hosted, ProgramType.slots, ProgramType.inside = {}, False, None, frozenset()
Object.__qualname__ = "object"
ProgramType.__name__ = "type"  # in errors: what Python says of a class that stands where an object should


def lookup(kind: type, name: str) -> Any:
    """What a class or one of its bases binds to a name in the program; `ABSENT` for nothing."""
    for base in kind.__mro__:
        own = base.__dict__.get("written")
        if own is not None and name in own:
            return own[name]
    return ABSENT


ABSENT = object()
# what a class keeps of itself, which is nothing of the program's
OWN = frozenset(("written", "hosted", "slots", "members", "inside"))


def inside_of(kind: Any) -> frozenset[str]:
    """The names that are the engine's own in one of its classes: those of no attribute of PyTorch's."""
    names: set[str] = set()
    for base in kind.__mro__[:-1]:
        names.update(vars(base), base.__dict__.get("__slots__", ()))
        if "__init__" in vars(base):
            names.update(vars(base)["__init__"].__code__.co_names)  # what it puts on `self` is among them
    return frozenset(name for name in names if name[0] != "_" and name not in kind.__public__)


def slots_of(written: dict[str, Any], bases: tuple[type, ...]) -> frozenset[str] | None:
    """What the instances of a class may have; anything, unless all of its bases say."""
    if "__slots__" not in written:
        return None
    own = written["__slots__"]
    found = {own} if isinstance(own, str) else set(own)
    for base in bases:
        if base is not Object:
            held = getattr(base, "slots", None)
            if held is None:
                return None
            found |= held
    return frozenset(found)


def abstract(written: dict[str, Any], bases: tuple[type, ...]) -> frozenset[str]:
    """The names of methods that a class leaves to those below it."""
    names = {name for name, value in written.items() if getattr(value, "__isabstractmethod__", False)}
    for base in bases:
        for name in base.__dict__.get("__abstractmethods__", ()):
            held = written.get(name, ABSENT)
            if held is ABSENT and not any(name in b.__dict__.get("written", ()) for b in bases if b is not base):
                names.add(name)
    return frozenset(names)


def special(written: dict[str, Any]) -> dict[str, Any]:
    """Methods that Python calls in another way than programs do."""
    parts: dict[str, Any] = {}
    if "__call__" in written:
        parts["__call__"] = _with_keywords(written["__call__"])
    if "__exit__" in written:
        parts["__exit__"] = _leaving(written["__exit__"])
    if "__aexit__" in written:
        parts["__aexit__"] = _leaving_later(written["__aexit__"])
    if "__getitem__" in written and "__iter__" not in written:
        parts["__iter__"] = _items
    if "__getattr__" in written:
        parts["__getattr__"] = _asked(written["__getattr__"])
    if "__getattribute__" in written:
        parts["__getattribute__"] = _asked_first(written["__getattribute__"])
    if "__eq__" in written and "__hash__" not in written:
        parts["__hash__"] = None
    return parts


def _with_keywords(function: Any) -> Callable[..., Any]:
    def call(self: Any, /, *arguments: Any, **keywords: Any) -> Any:
        return function(self, *arguments, **spelled(function, keywords))

    return call


def _asked(function: Any) -> Callable[..., Any]:
    """`__getattr__`, which Python asks for special methods too when it is unsure."""

    def ask(self: Any, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return function(self, name)

    return ask


def _asked_first(function: Any) -> Callable[..., Any]:
    """`__getattribute__`: of all but what Python itself, and gradsh, ask for."""

    def ask(self: Any, name: str) -> Any:
        if name[:2] == "__":
            return object.__getattribute__(self, name)
        try:
            return function(self, name)
        except AttributeError_ as error:  # for which Python asks `__getattr__`
            raise AttributeError(error.message) from None

    return ask


def _leaving(function: Any) -> Callable[..., Any]:
    def leave(self: Any, kind: Any, value: Any, trace: Any) -> Any:
        from gradsh.frontend.exceptions import seen

        if value is None:
            return function(self, None, None, None)
        if not isinstance(value, Exception):  # Ctrl-C and limits go on their way
            function(self, None, None, None)
            return False
        shown = seen(value)
        return function(self, type(shown), shown, _trace(shown))

    return leave


def _trace(error: BaseException) -> Any:
    """`error.__traceback__`, as programs see it."""
    from gradsh.frontend.traces import of_exception

    return of_exception(error, "__traceback__")


def _leaving_later(function: Any) -> Callable[..., Any]:
    async def leave(self: Any, kind: Any, value: Any, trace: Any) -> Any:
        from gradsh.frontend.exceptions import seen

        if value is None:
            return await function(self, None, None, None)
        shown = seen(value) if isinstance(value, Exception) else value
        return await function(self, type(shown), shown, _trace(shown))

    return leave


def _items(self: Any) -> Iterator[Any]:
    """What has no more than an index is gone through up to the first that is not there."""
    index = 0
    try:
        while True:
            yield self[index]
            index += 1
    except (IndexError, IndexError_, StopIteration):
        return


def bound(member: Any, owner: Any) -> Any:
    """A member of a class as it is read from an instance, or from the class itself."""
    if isinstance(member, FunctionType):
        return member if isinstance(owner, type) else MethodType(member, owner)
    if isinstance(member, (staticmethod, classmethod, property)) or hasattr(type(member), "__get__"):
        kind = owner if isinstance(owner, type) else type(owner)
        return member.__get__(None if isinstance(owner, type) else owner, kind)
    return member
