"""Arguments against a form, by the rules of PyTorch's parser of arguments and of Python's: what is wrong with a call.

Only a call that failed, or a name that the resolver looks at, comes here; calls that fit are bound by `Signature.bind`.
Nothing is known of tensors but what a class says of its instances in `__argument__`: a word for the type, and which
types of numbers the value can stand for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gradsh.calls.signature import KEYWORD, NUMPY_NAMES, POSITIONAL, REST, Signature, split

# PyTorch's words for the types of parameters
WORDS = {
    "Tensor": "Tensor",
    "TensorOrNumber": "Tensor",
    "Scalar": "Number",
    "int64_t": "int",
    "SymInt": "int",
    "DeviceIndex": "int",
    "double": "float",
    "bool": "bool",
    "IntArrayRef": "tuple of ints",
    "SymIntArrayRef": "tuple of ints",
    "ArrayRef<double>": "tuple of floats",
    "TensorList": "tuple of Tensors",
    "c10::List<::std::optional<Tensor>>": "tuple of Tensors",
    "ScalarList": "tuple of Scalars",
    "ScalarType": "torch.dtype",
    "Generator": "torch.Generator",
    "c10::string_view": "str",
    "std::string_view": "str",
    "Layout": "torch.layout",
    "Device": "torch.device",
    "MemoryFormat": "torch.memory_format",
    "PyObject*": "object",
}


class Type(NamedTuple):
    """What is known of one argument: the word for its type, what a list has in it, what a tensor can stand for."""

    word: str
    items: tuple[Type, ...] = ()
    stands: tuple[str, ...] = ()


LONGEST = -(2**63)  # the ints of C++ go from here to as far on the other side
UNKNOWN = Type("")  # of an argument that is not evaluated yet; it fits everywhere


class Undecided(Exception):
    """The words depend on the type of an argument that is not known yet."""


def describe(value: Any, inside: bool = False) -> Type:
    """What an argument is; of what is inside a list only the type is said."""
    known = getattr(type(value), "__argument__", None)
    if known is not None:
        word, stands = known(value)
        return Type(word, (), stands)
    if isinstance(value, (list, tuple)):
        full = getattr(type(value), "__full_name__", None)  # `torch.return_types.max`
        word = full or ("tuple" if isinstance(value, tuple) else "list")
        return Type(word, () if inside else tuple(describe(v, True) for v in value))
    if isinstance(value, bool):
        return Type("bool", (), () if value else ("false",))
    if isinstance(value, int) and not LONGEST <= value < -LONGEST:
        return Type("int", (), ("too long",) if LONGEST <= value < -2 * LONGEST else ("too long", "too big"))
    if isinstance(value, type) and value in (int, float, bool):
        return Type("type", (), ("torch.dtype",))
    if value.__class__ in (int, float):  # that which it says it has: what stands for a number of a loop has `__array__`
        return Type(value.__class__.__name__)
    if hasattr(value, "__array__"):  # NumPy's: its numbers are numbers, its arrays are none
        stands = ("int",) if value.ndim == 0 and hasattr(value, "__index__") else ()
        return Type(type(value).__module__ + "." + type(value).__name__, (), (*stands, *("float",) * (value.ndim == 0)))
    stands = ("int",) if hasattr(value, "__index__") and not isinstance(value, (int, type)) else ()
    return Type(type(value).__name__, (), stands)


class Place(NamedTuple):
    """A parameter of a form: its C++ type; how many numbers one number may stand for; whether None is taken."""

    name: str
    type: str
    size: int = 0
    nullable: bool = False
    optional: bool = False
    keyword: bool = False
    default: str = ""

    @property
    def word(self) -> str:
        """The type in PyTorch's words."""
        return WORDS.get(self.type, self.type)


class Form:
    """One of the forms of a function in C++, `(Tensor input, IntArrayRef[1]? dim=None, *, Tensor out=None)`.

    hidden   kept for old programs, not told in errors
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.hidden = text.endswith("|deprecated")
        self.places: list[Place] = []
        keyword = False
        for part in split(text[1 : text.rindex(")")]):
            if part == "*":
                keyword = True
                continue
            left, equals, default = part.partition("=")
            kind, _, name = left.rpartition(" ")
            nullable = kind.endswith("?")
            kind, _, size = kind.removesuffix("?").partition("[")
            self.places.append(
                Place(
                    name,
                    kind,
                    int(size[:-1] or 0) if size else 0,
                    nullable or default == "None",
                    bool(equals),
                    keyword,
                    default,
                )
            )
        self.most = sum(not p.keyword for p in self.places)
        self.least = sum(not p.optional for p in self.places)

    def __str__(self) -> str:
        """As PyTorch lists it."""
        parts = []
        for place in self.places:
            if place.keyword and "*" not in parts:
                parts.append("*")
            parts.append(f"{place.word} {place.name}" + (f" = {place.default}" if place.optional else ""))
        return f"({', '.join(parts)})"


def of_signature(signature: Signature) -> Form:
    """A function of gradsh's own as a form that takes any type."""
    form = Form(signature.short, "()")
    for p in signature.parameters:
        kind, size = ("rest", 0) if p.kind == REST else ("PyObject*", 0)
        form.places.append(Place(p.name, kind, size, True, p.has_default, p.kind == KEYWORD))
    form.most = sum(not p.keyword for p in form.places)
    form.least = sum(not p.optional for p in form.places)
    return form


class Problem(NamedTuple):
    """What is wrong: "many", "missing", "doubled", "unknown", "type", "element", "tensor", "unpack", "forms"; of an int
    with too many digits "long" or, where any number may stand, "big".

    name      of the parameter, or of a keyword
    names     of the missing parameters
    place     the parameter that got an argument of a wrong type
    at        where that argument stands, from 1; 0 for a keyword
    given     its type, or how many arguments there are
    element   where in a list the wrong one is
    keywords  of "many" in Python: how many of the arguments given are keyword-only
    """

    kind: str
    name: str = ""
    names: tuple[str, ...] = ()
    place: Place | None = None
    at: int = 0
    given: Any = None
    element: int = 0
    keywords: int = 0


_INTS = frozenset(("int",))
_NUMBERS = frozenset(("int", "float", "bool"))


def _is_int(kind: Type) -> bool:
    return kind.word == "int" or not kind.word or "int" in kind.stands


def _is_number(kind: Type) -> bool:
    return kind.word in _NUMBERS or not kind.word or "float" in kind.stands


def fits(place: Place, given: Type) -> bool:
    """Does the parameter take an argument of that type? What is wrong inside a list is another question."""
    word = given.word
    if not word or (word == "NoneType" and place.nullable):
        return True
    kind = place.type
    if kind in ("PyObject*", "rest"):
        return True
    if kind == "Tensor":
        return word == "Tensor"
    if kind == "TensorOrNumber":
        return word == "Tensor" or word in _NUMBERS
    if kind in ("Scalar", "double"):
        return _is_number(given)
    if kind == "int64_t":
        return word == "int" or "int64" in given.stands or ("int" in given.stands and word != "Tensor")
    if kind in ("SymInt", "DeviceIndex"):
        return _is_int(given)
    if kind in ("IntArrayRef", "SymIntArrayRef"):
        if word in ("list", "tuple", "torch.Size"):
            return not given.items or _is_int(given.items[0])
        return place.size > 0 and _is_int(given)
    if kind == "ArrayRef<double>":
        return word in ("list", "tuple") and (not given.items or _is_number(given.items[0]))
    if kind == "ScalarList":
        return word in ("list", "tuple") and all(map(_is_number, given.items))
    if place.word == "tuple of Tensors":
        return word in ("list", "tuple")
    if kind == "Device":
        return word in ("str", "int", "torch.device")
    return word == place.word or place.word in given.stands


def parse(form: Form, args: Sequence[Type], kwargs: Mapping[str, Type]) -> Problem | None:
    """What keeps a call from fitting the form, found in the order in which PyTorch's parser looks; None if it fits."""
    given = len(args)
    places = form.places
    ints = form.most == 1 and places[0].type in ("IntArrayRef", "SymIntArrayRef")
    rest = any(p.type == "rest" for p in places)
    if given > form.most and not ints and not rest:
        return Problem("many", given=given)
    at = used = 0
    for index, place in enumerate(places):
        by_name = at >= given
        if not by_name:
            if place.keyword:
                return Problem("many", given=given)
            argument: Type | None = args[at]
            if place.type == "rest":
                at = given
                continue
        else:
            name = next((k for k in kwargs if k == place.name), None) or next(
                (k for k in kwargs if NUMPY_NAMES.get(k) == place.name), None
            )
            argument = None if name is None else kwargs[name]
        if argument is None:
            if not place.optional:
                return Problem("missing", names=tuple(p.name for p in places[index:] if not p.optional))
            continue
        if not fits(place, argument):
            if ints and not at and not by_name and _is_int(args[0]):
                wrong = next((i for i, a in enumerate(args) if not _is_int(a)), None)
                if wrong is not None:
                    return Problem("unpack", place=place, element=wrong, given=args[wrong])
                at = given
                continue
            if ints and given > 1:
                return Problem("many", given=given)
            return _wrong(place, argument, 0 if by_name else at + 1)
        wrong_inside = _inside(place, argument, index)
        if wrong_inside is not None:
            return wrong_inside
        if by_name:
            used += 1
        else:
            at += 1
    if at < given:
        return Problem("many", given=given)
    if used < len(kwargs):
        return _extra(form, kwargs, given)
    return _too_long(form, args, kwargs)


def _too_long(form: Form, args: Sequence[Type], kwargs: Mapping[str, Type]) -> Problem | None:
    """An int that C++ has no room for, which is found when everything else is right and the values are read."""
    for index, place in enumerate(form.places):
        argument = args[index] if index < len(args) else kwargs.get(place.name)
        if argument is None:
            continue
        if place.type == "rest" or (form.most == 1 and not index and place.word == "tuple of ints" and len(args) > 1):
            argument = Type("tuple", tuple(args[index:]))
        if place.word in ("int", "tuple of ints"):
            if "too long" in argument.stands:
                alone = place.size > 1 or (form.most == 1 and place.word == "tuple of ints")
                return Problem("long", place=place if alone else None)
            at = next((i for i, item in enumerate(argument.items) if "too long" in item.stands), None)
            if at is not None:
                return Problem("long", place=place, element=at)
        if place.word == "Number" and "too big" in argument.stands:
            return Problem("big")
    return None


def _wrong(place: Place, argument: Type, at: int) -> Problem:
    """An argument of a wrong type, or a list with a first element of one."""
    if at and argument.word in ("list", "tuple") and place.word == "tuple of ints":
        return Problem("element", place=place, at=at, given=argument.items[0])
    return Problem("type", place=place, at=at, given=argument)


def _inside(place: Place, argument: Type, index: int) -> Problem | None:
    """What is wrong further on in a list whose first element is right."""
    if place.word == "tuple of Tensors" and argument.word != "NoneType":
        for i, item in enumerate(argument.items):
            if item.word not in ("Tensor", ""):
                return Problem("tensor", place=place, at=index, element=i, given=item)
    if place.word == "tuple of ints":
        for i, item in enumerate(argument.items):
            if not _is_int(item):
                return Problem("unpack", place=place, element=i, given=item)
    return None


def _extra(form: Form, kwargs: Mapping[str, Type], given: int) -> Problem:
    """A keyword that is unknown, or names what has come by position."""
    names = [p.name for p in form.places]
    for keyword in kwargs:
        if keyword not in names:
            return Problem("unknown", name=keyword)
        if names.index(keyword) < given:
            return Problem("doubled", name=keyword)
    return Problem("unknown", name=next(iter(kwargs)))


def choose(forms: Sequence[Form], args: Sequence[Type], kwargs: Mapping[str, Type]) -> tuple[Form, Problem] | None:
    """What PyTorch's error is about when no form takes a call: one form, or "forms", all of them. None if one does."""
    problems: list[Problem] = []
    for form in forms:
        problem = parse(form, args, kwargs)
        if problem is None:
            return None
        if problem.kind in ("unpack", "tensor", "long", "big"):  # found when the form has been chosen, or at once
            return form, problem
        problems.append(problem)
    if len(forms) == 1:
        return forms[0], problems[0]
    count = len(args) + len(kwargs)
    likely = [i for i, form in enumerate(forms) if form.least <= count <= len(form.places) and not form.hidden]
    if len(likely) == 1:
        return forms[likely[0]], problems[likely[0]]
    return forms[0], Problem("forms")


def parse_python(signature: Signature, given: int, keywords: Sequence[str], own: int = 0) -> Problem | None:
    """What Python says of a call of a function that is written in it; `own` arguments come before (`self`)."""
    parameters = signature.parameters
    places = [p.name for p in parameters if p.kind == POSITIONAL]
    names = [p.name for p in parameters if p.kind != REST]
    for keyword in keywords:
        if keyword not in names:
            return Problem("unknown", name=keyword)
        if keyword in places[:given]:
            return Problem("doubled", name=keyword)
    if given > len(places) and all(p.kind != REST for p in parameters):
        only = sum(p.name in keywords for p in parameters if p.kind == KEYWORD)
        return Problem("many", given=given + own, keywords=only)
    for kind in (POSITIONAL, KEYWORD):
        here = [p for p in parameters if p.kind == kind]
        missing = [p.name for p in here[given if kind == POSITIONAL else 0 :] if not p.has_default]
        missing = [name for name in missing if name not in keywords]
        if missing:
            return Problem("missing", name=kind, names=tuple(missing))
    return None
