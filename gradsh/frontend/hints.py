"""What programs write behind a colon: `List[int]`, `int | None`, and what a function or class says of its names.

Annotations are not evaluated where they stand, which costs a program nothing: who asks for them has them read from the
text, in the names that the program has bound by then. One that cannot be read so stays the text that it is.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from types import FunctionType, NoneType
from typing import Any

from gradsh.errors import AttributeError_, TypeError_
from gradsh.frontend import text
from gradsh.frontend.kinds import TYPES, Hints, Program, class_text, is_class, python_of

__acts_for_programs__ = True


class Hint:
    """A type that is written: its word, what stands in the brackets, and the class that it is of, if any."""

    __slots__ = ("args", "module", "name", "origin")
    __hint__ = True

    def __init__(
        self, name: str, args: tuple[Any, ...] | None = None, origin: Any = None, module: str = "typing"
    ) -> None:
        self.name = name
        self.args = args
        self.origin = origin
        self.module = module

    def __getitem__(self, item: Any) -> Any:
        items = item if isinstance(item, tuple) else (item,)
        if self.name == "Optional":
            return union(item, None)
        if self.name == "Union":
            return union(*items)
        if self.name == "Callable" and len(items) == 2 and isinstance(items[0], list):
            items = (*items[0], items[1])
        if self.module == "typing" and self.name != "Literal":
            said = items[1:] if self.name == "Annotated" else ()  # which is anything
            items = items[: len(items) - len(said)]
            items = tuple(ForwardRef(each) if isinstance(each, str) else _or_none(each) for each in items) + said
        return Hint(self.name, items, self.origin, self.module)

    def __or__(self, other: Any) -> Any:
        return union(self, other, plain=self.module != "typing")

    def __ror__(self, other: Any) -> Any:
        return union(other, self, plain=self.module != "typing")

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if self.origin is None:
            raise TypeError_(f"Cannot instantiate {self!r}")
        from gradsh.frontend.builtins import called

        return called(self.origin, *arguments, **keywords)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hint):
            return False
        if self.name in ("Union", "|") and other.name in ("Union", "|"):
            return set(self.args or ()) == set(other.args or ())
        return self.name == other.name and self.args == other.args and self.origin is other.origin

    def __hash__(self) -> int:
        return hash(("|" if self.name == "Union" else self.name, frozenset(self.args or ())))

    def __repr__(self) -> str:
        if self.name == "|":
            return " | ".join(map(written, self.args or ()))
        args = self.args or ()
        if self.name == "Union" and len(args) == 2 and TYPES[NoneType] in args:
            return f"typing.Optional[{written(next(each for each in args if each is not TYPES[NoneType]))}]"
        full = f"{self.module}.{self.name}" if self.module else self.name
        if self.args is None:
            return full
        if self.name == "Literal":
            return f"{full}[{', '.join(map(text.shown, args))}]"
        if self.name == "Callable" and args[:1] != (...,) and self.module == "typing":
            return f"{full}[[{', '.join(map(written, args[:-1]))}], {written(args[-1])}]"
        return f"{full}[{', '.join(map(written, args)) or '()'}]"

    def __instance__(self, value: Any) -> bool:
        from gradsh.frontend.builtins import is_instance

        if self.name in ("Union", "|"):
            return any(is_instance(value, each) for each in self.args or ())
        if self.name == "Any" or self.origin is None:
            raise TypeError_(f"{self!r} cannot be used with isinstance()")
        if self.args is not None:
            raise TypeError_("Subscripted generics cannot be used with class and instance checks")
        return is_instance(value, self.origin)

    def __member__(self, name: str) -> Any:
        if name in ("__name__", "_name"):
            return self.name
        if name == "__origin__" and self.args is not None:
            return get_origin(self)
        if name == "__args__" and self.args is not None:
            return self.args
        if name == "__metadata__" and self.name == "Annotated" and self.args is not None:
            return self.args[1:]
        if name == "__parameters__":
            return tuple(each for each in self.args or () if isinstance(each, TypeVar))
        if name == "__module__":
            return self.module
        if self.origin is None:
            raise AttributeError_(f"type object '{self.name}' has no attribute '{name}'")
        from gradsh.frontend.access import attribute

        return attribute(self.origin, name)


class ForwardRef:
    """The name of a type that is not there yet."""

    __slots__ = ("said",)
    __public__ = frozenset(("__forward_arg__",))

    def __init__(self, said: str) -> None:
        self.said = said

    @property
    def __forward_arg__(self) -> str:
        return self.said

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ForwardRef) and self.said == other.said

    def __hash__(self) -> int:
        return hash(self.said)

    def __repr__(self) -> str:
        return f"ForwardRef({self.said!r})"


class TypeVar(Hint):
    """`TypeVar("T")`, `ParamSpec("P")`."""

    __slots__ = ("bound", "sign")

    def __init__(
        self, name: str, *constraints: Any, bound: Any = None, covariant: bool = False, **options: Any
    ) -> None:
        super().__init__(name, None, None)
        self.bound = bound
        self.sign = "+" if covariant else "-" if options.get("contravariant") else "~"

    def __repr__(self) -> str:
        return self.sign + self.name

    def __member__(self, name: str) -> Any:
        if name == "__bound__":
            return self.bound
        if name in ("args", "kwargs"):  # of a ParamSpec
            return Hint(f"{self.name}.{name}")
        return super().__member__(name)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def _or_none(value: Any) -> Any:
    return TYPES[NoneType] if value is None else value


def written(value: Any) -> str:
    """How a type stands in the brackets of another."""
    if value is None or value is TYPES[NoneType]:
        return "None" if value is None else "NoneType"
    if value is ...:
        return "..."
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, type) or is_class(value):
        return class_text(value)
    return text.shown(value)


def alias(kind: Any, item: Any) -> Hint:
    """`list[int]`, `Stack[int]`."""
    return Hint(class_text(kind), item if isinstance(item, tuple) else (item,), kind, "")


def union(*kinds: Any, plain: bool = False) -> Any:
    """`Union[…]`, and with `plain` `a | b`. Errors: TypeError_ for what is no type."""
    found: dict[Any, None] = {}
    for kind in kinds:
        if isinstance(kind, str):
            if plain:
                raise TypeError_("unsupported operand type(s) for |: 'type' and 'str'")
            kind = ForwardRef(kind)
        if plain and kind is not None and not (isinstance(kind, Hint) or python_of(kind) is not None or is_class(kind)):
            raise TypeError_(f"unsupported operand type(s) for |: 'type' and '{type(kind).__name__}'")
        inside = (
            kind.args if isinstance(kind, Hint) and kind.name in ("Union", "|") and kind.args else (_or_none(kind),)
        )
        found.update(dict.fromkeys(inside))
    plain = plain and not any(isinstance(each, Hint) and each.module == "typing" for each in found)
    if len(found) == 1:
        return next(iter(found))
    if not plain:
        return Hint("Union", tuple(found))
    return PlainUnion("|", tuple(found), None, "types")


class PlainUnion(Hint):
    """`int | None`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return " | ".join("None" if each is TYPES[NoneType] else written(each) for each in self.args or ())


PlainUnion.__qualname__ = PlainUnion.__name__ = "UnionType"


def generic_text(value: Any) -> str:
    """How Python's own `deque[int]` is written."""
    return f"{class_text(value.__origin__)}[{', '.join(map(written, value.__args__))}]"


def get_origin(value: Any) -> Any:
    """`typing.get_origin(hint)`."""
    if not isinstance(value, Hint) or value.args is None:
        return None
    if value.origin is not None:
        return value.origin
    return UNION if value.name in ("Union", "|") else Hint(value.name)


def get_args(value: Any) -> tuple[Any, ...]:
    """`typing.get_args(hint)`."""
    if not isinstance(value, Hint) or value.args is None:
        return ()
    if value.name == "Callable" and len(value.args) > 1 and value.args[0] is not ...:
        return [*value.args[:-1]], value.args[-1]
    return value.args


UNION = Hint("Union")


# --- annotations ----------------------------------------------------------------------------------------------------


class Unread(Exception):
    """What is no annotation that can be read."""


def evaluated(node: ast.expr, find: Callable[[str], Any]) -> Any:
    """An annotation's value. Errors: Unread; what its parts raise."""
    from gradsh.frontend import access

    if isinstance(node, ast.Name):
        return find(node.id)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Attribute):
        return access.attribute(evaluated(node.value, find), node.attr)
    if isinstance(node, (ast.Tuple, ast.List)):
        items = [evaluated(each, find) for each in node.elts]
        return items if isinstance(node, ast.List) else tuple(items)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        left, right = evaluated(node.left, find), evaluated(node.right, find)
        return union(left, right, plain=True)
    if isinstance(node, ast.Subscript):
        kind = evaluated(node.value, find)
        items = evaluated(node.slice, find)
        return subscripted(kind, items)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -evaluated(node.operand, find)
    if isinstance(node, ast.Call) and not any(each.arg is None for each in node.keywords):
        from gradsh.frontend.builtins import called

        given = [evaluated(each, find) for each in node.args]
        named = {each.arg: evaluated(each.value, find) for each in node.keywords if each.arg is not None}
        return called(evaluated(node.func, find), *given, **named)
    raise Unread(type(node).__name__)


def subscripted(kind: Any, items: Any) -> Any:
    """`kind[items]`."""
    from gradsh.frontend.builtins import type_of

    if kind is type_of:
        return Hint("type", items if isinstance(items, tuple) else (items,), kind, "")
    if isinstance(kind, type) and not isinstance(kind, Program):
        return alias(kind, items)
    if isinstance(kind, FunctionType) and is_class(kind):  # `DataLoader[Any]`: what makes them is a function here
        return alias(kind, items)
    return kind[items]


def finder(space: Mapping[str, Any], own: Mapping[str, Any]) -> Callable[[str], Any]:
    """How a name is found: in a class, among what the program has bound, among the built-ins."""

    def find(name: str) -> Any:
        for names, key in ((own, name), (space, "." + name)):
            if key in names:
                return names[key]
        try:
            return space["@table"].value(name)
        except KeyError:
            raise TypeError_(f"name '{name}' is not defined", kind="NameError") from None

    return find


def read(said: str, find: Callable[[str], Any]) -> Any:
    """The value of an annotation's text, of one in quotes too. Errors: those of `evaluated`; SyntaxError."""
    return evaluated(ast.parse(said.strip(), mode="eval").body, find)


def _tried(said: str, find: Callable[[str], Any]) -> Any:
    try:
        return read(said, find)
    except Exception:
        return said


def of_class(kind: Any, strict: bool = False) -> dict[str, Any]:
    """`A.__annotations__`; with `strict` every text in it is read, and what cannot be is an error."""
    written = kind.__dict__.get("written", {})
    said = written.get("@hints", {})
    if not isinstance(said, Hints):
        return dict(said)
    find = finder(said.space, written)
    if not strict:
        later = postponed(said.space)
        return {name: hint if later else _tried(hint, find) for name, hint in said.items()}
    return {name: _strictly(read(hint, find), find) for name, hint in said.items()}


def _strictly(value: Any, find: Callable[[str], Any]) -> Any:
    """A value in which no type is only named."""
    if value is None:
        return TYPES[NoneType]
    if isinstance(value, str):
        return _strictly(read(value, find), find)
    if isinstance(value, ForwardRef):
        return _strictly(read(value.said, find), find)
    if isinstance(value, Hint) and value.args is not None and value.name != "Literal":
        args = tuple(each if each is ... else _strictly(each, find) for each in value.args)
        return type(value)(value.name, args, value.origin, value.module)
    return value


def postponed(space: Mapping[str, Any]) -> bool:
    """Does the program say `from __future__ import annotations`?"""
    return ".annotations" in space and space[".annotations"] is None


READ = "@annotations"  # in a function's own dict


def of_function(function: Any) -> dict[str, Any]:
    """`f.__annotations__`."""
    from gradsh.frontend.reading import definition

    kept = function.__dict__
    own = kept.get("__annotations__", kept.get(READ))
    if own is not None:
        return own  # type: ignore[no-any-return]  # what the program has put there, or what was read
    from gradsh.frontend.specials import function_of

    inner = function_of(function.__dict__.get("__wrapped__"))
    if inner is not None:  # what `functools.wraps` hands on
        return of_function(inner)
    node = definition(function)
    found: dict[str, Any] = {}
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return found
    find = finder(function.__globals__, _around(function))
    given = node.args
    later = postponed(function.__globals__)
    for each in (*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg):
        if each is not None and each.annotation is not None:
            found[each.arg] = _value(each.annotation, find, later)
    if node.returns is not None:
        found["return"] = _value(node.returns, find, later)
    function.__dict__[READ] = found
    return found


def _around(function: Any) -> dict[str, Any]:
    """The names of the functions around one that it uses."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    found = {}
    for name, cell in cells:
        try:
            found[name.removeprefix(".")] = cell.cell_contents
        except ValueError:
            continue
    return found


def _value(node: ast.expr, find: Callable[[str], Any], later: bool) -> Any:
    if later:
        return ast.unparse(node)
    try:
        return evaluated(node, find)
    except Exception:
        return ast.unparse(node)


def type_hints(value: Any, *_: Any, **__: Any) -> dict[str, Any]:
    """`typing.get_type_hints(function)`, and of a class with those above it. Errors: NameError."""
    from gradsh.frontend.specials import function_of

    if isinstance(value, type):
        found: dict[str, Any] = {}
        for base in reversed(value.__mro__):
            found |= of_class(base, strict=True)
        return found
    inner = function_of(value)
    if inner is None:
        raise TypeError_(f"{text.shown(value)} is not a module, class, method, or function.")
    find = finder(inner.__globals__, _around(inner))
    return {name: _strictly(hint, find) for name, hint in of_function(inner).items()}
