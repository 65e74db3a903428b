"""Binding of a call's arguments to a signature: the values of all parameters, or PyTorch's words for what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from gradsh.calls.signature import REST, Parameter, Signature
from gradsh.errors import ArgumentError

# parameters that take any number, though their default is an int or there is none
_NUMBERS = frozenset(
    """
    a alpha atol beta correction data dx end eps exponent fill_value margin max maxnorm mean min nan neginf norm_type
    ord other p posinf q rcond rtol scale scale_factor start std step threshold tol value weight
    """.split()  # noqa: SIM905 - one each line would be forty lines
)

# parameters at which PyTorch takes a number (or several) and never a tensor that stands for none
_NO_TENSORS = frozenset(
    (
        *(
            "align_corners",
            "chunks",
            "col",
            "dim",
            "dim0",
            "dim1",
            "dims",
            "divisor_override",
            "downscale_factor",
            "dx",
        ),
        *("eps", "fill_value", "groups", "k", "kernel_size", "length", "maxnorm", "n", "nan", "neginf"),
        *("normalized_shape", "num_groups", "num_samples", "output_size", "pad", "padding_idx", "posinf", "row"),
        *("shifts", "size", "sizes", "split_sizes", "stable", "steps", "storage_offset", "stride", "threshold"),
        *("upper", "upscale_factor"),
    )
)

# what a `*rest` of ints is called
_COUNTS = frozenset(("dims", "repeats", "shape", "size", "sizes"))

# and these take no list, though their default is a number or there is none
_NO_LISTS = frozenset(("alpha", "beta", "divisor_override", "groups", "stable", "value"))

# what most operators are of; NumPy would take anything there
_TENSORS = frozenset(("input", "other", "self"))

# in some functions one, in some the other
_EITHER = frozenset(("index", "start", "end", "length"))

# and these, where they may be left out, take a tensor and never a number
_NO_NUMBERS = frozenset(
    ("aweights", "bias", "fweights", "pos_weight", "running_mean", "running_var", "sorter", "weight")
)

MOST_SIZES = 8  # of the dims of a tensor, as programs write them out

_LISTED = ((tuple,), (list,))  # a `*rest` as one of these

NONE: dict[tuple[type, ...], bool] = {}  # shared by signatures that nothing has been bound to


class Binder(Signature):
    """A signature that calls are bound to.

    own   no function of PyTorch's in C++, which has nothing to say of its calls but how many arguments there are and
          what they are called; a class, which is always Python's, is known for one by its name
    """

    __slots__ = ("_accepted", "_counted", "_listed", "_named", "_own")

    tell_of_old: ClassVar[Callable[[str], None]] = staticmethod(lambda text: None)  # how the engine warns of old forms

    def __init__(self, text: str, *, python: bool = False, own: bool = False) -> None:
        super().__init__(text, python=python)
        # types of arguments that have been found right, and whether a list is among them: by position alone, and all
        # values of a call with keywords
        self._accepted: dict[tuple[type, ...], bool] = NONE
        self._named: dict[tuple[type, ...], bool] = NONE
        self._counted: dict[tuple[type, ...], int] = {}  # of a `*rest` of nothing but ints: where it begins
        self._listed: dict[tuple[type, ...], int] = {}  # and of one that is a tuple or list
        self._own = own or (python and self.name[:1].isupper())

    def _prepare(self) -> None:
        super()._prepare()
        self._accepted, self._named = {}, {}

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The values of all parameters, in order; a `*rest` given as one list or tuple is that list.

        Errors: ArgumentError in PyTorch's words for too many, missing, doubled and unknown arguments.
        """
        if not kwargs:
            kinds = (*map(type, args),)
            lists = self._accepted.get(kinds)
            # such a call has been found right; what is in a list is looked at each time
            if lists is False or (lists and not _strange(args)):
                return [*args, *self._defaults[len(args) :]]
        most = self._most
        if most == -2:
            self._prepare()
            most = self._most
        given = len(args)
        if most < 0:
            return self._bind_rest(args, kwargs)
        values = [*args, *self._defaults[given:]]
        if not kwargs:
            if not self._least <= given <= most:
                return self._of_another(args, kwargs)
            if self._check(values, args, kwargs):
                self._accepted[kinds] = list in kinds or tuple in kinds
            return values
        if given > most:
            return self._of_another(args, kwargs)
        if not self._keywords(values, given, kwargs):
            raise self.refused(args, kwargs)
        kinds = (*map(type, values),)
        lists = self._named.get(kinds)
        if (lists is None or (lists and _strange(values))) and self._check(values, args, kwargs):
            self._named[kinds] = list in kinds or tuple in kinds
        return values

    def _check(self, values: list[Any], args: Any, kwargs: dict[str, Any], missing: bool = False) -> bool:
        """Types that have not been seen: what may be wrong is asked of PyTorch's forms, and a tensor that stands for a
        number becomes one. Whether another call with arguments of these types is right too."""
        empty = missing or (self._most < 0 and not args)
        if self._own or not (empty or not all(map(_plain, self.parameters, values)) or _strange(values)):
            return True
        from gradsh.calls.recorded import lines_of  # what is plainly right needs no forms
        from gradsh.calls.words import places_of_numbers, refusing

        error = refusing(self, args, kwargs, sys._getframe(1))
        if error is not None:
            raise error
        self._own = not (self.python or lines_of(self.name) or lines_of("Tensor." + self.name))
        right = True
        for at, (parameter, value) in enumerate(zip(self.parameters, values, strict=True)):
            of_numpy = type(value).__module__ == "numpy"
            if not (of_numpy or hasattr(value, "__number__")) or _plain(parameter, value):
                continue
            if parameter.name in places_of_numbers(self):
                if (
                    value if of_numpy else value.data
                ).size != 1:  # it stands for no number, in a rule's own call either
                    raise self.refused(args, kwargs)
                values[at], right = value.item() if of_numpy else value.__number__(), False
        return right

    def _bind_rest(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        given = (*map(type, args),)
        if not kwargs and (at := self._counted.get(given)) is not None:
            return [*args[:at], args[at:], *self._defaults[at + 1 :]]
        if not kwargs and (at := self._listed.get(given)) is not None:
            sizes = args[at]
            for size in sizes:
                if size.__class__ is not int:
                    break
            else:
                return [*args[:at], tuple(sizes), *self._defaults[at + 1 :]]
        before = next(i for i, p in enumerate(self.parameters) if p.kind == REST)
        rest: Any = args[before:]
        if len(rest) == 1 and isinstance(rest[0], (list, tuple)):
            rest = rest[0]
        values = list(args[:before])
        values.extend(self._defaults[len(values) : before])
        for value in rest:
            if value.__class__ is not int:
                rest = self._counts(rest, before)
                break
        values.append(tuple(rest))
        values.extend(self._defaults[before + 1 :])
        if not self._keywords(values, min(len(args), before + (len(args) > before)), kwargs):
            raise self.refused(args, kwargs)
        kinds = (*map(type, values),)
        missing = len(args) <= before and self.parameters[before].name not in kwargs
        known = not missing and args and kinds in self._named
        if (known and not _strange(values)) or self._check(values, args, kwargs, missing):
            self._named[kinds] = True
            if not kwargs and list not in given[:before] and tuple not in given[:before]:
                if {*given[before:]} == {int}:
                    self._counted[given] = before
                elif given[before:] in _LISTED and {*map(type, rest)} == {int}:
                    self._listed[given] = before
        return values

    def _counts(self, rest: Any, at: int) -> Any:
        """Sizes or dims of which some are tensors that stand for ints: a rule is to find ints."""
        if self.parameters[at].name not in _COUNTS:
            return rest
        numbers = [value.__number__() if hasattr(value, "__number__") and value.ndim == 0 else value for value in rest]
        return tuple(n if n.__class__ is int else value for n, value in zip(numbers, rest, strict=True))

    def _of_another(self, args: tuple[Any, ...], kwargs: dict[str, Any], name: str | None = None) -> list[Any]:
        """The values of a call that has too many places for the signature, where PyTorch takes it in a form that it has
        beside that one: `add(x, 0.1, y)`, which is `add(x, y, alpha=0.1)`. `name` is that of the function where it is
        known. Errors: ArgumentError for all others."""
        from gradsh.calls.words import another_form, called

        found = another_form(self, args, kwargs, called(sys._getframe(2)) if name is None else name)
        if found is None:
            raise self.refused(args, kwargs)
        given, said = found
        if said:
            Binder.tell_of_old(said)
        return [given.get(p.name, default) for p, default in zip(self.parameters, self._defaults, strict=True)]

    def in_places(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The arguments of a call of a method by that name, each at its place in the signature, which they may not be
        (see `_of_another`). Errors: as there."""
        if self._most == -2:
            self._prepare()
        if not 0 <= self._most < len(args):
            return args, kwargs
        values = self._of_another(args, kwargs, name)
        names = [p.name for p in self.parameters]
        return tuple(values[: self._most]), dict(zip(names[self._most :], values[self._most :], strict=True))

    def refused(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ArgumentError:
        """The error, in PyTorch's words, for a call that does not fit."""
        from gradsh.calls.words import unfitting  # only an error needs its words

        return unfitting(self, args, kwargs, sys._getframe(1))


def _strange(values: Iterable[Any]) -> bool:
    """Is there a list that begins with what is no int, tensor or list, or with an int and goes on as none of ints?"""
    for value in values:
        if (value.__class__ is list or value.__class__ is tuple) and value:
            first = value[0].__class__
            if first is int:
                # sizes and dims are few; what is longer is data
                for item in value if len(value) <= MOST_SIZES else ():
                    if item.__class__ is not int:
                        return True
                continue
            if first is not list and first is not tuple and not hasattr(first, "__number__"):
                return True
            if value[-1].__class__ is not first and type(value[-1]).__module__ == "numpy":
                return True
    return False


def _plain(parameter: Parameter, value: Any) -> bool:
    """Is a value plainly of a type that the parameter takes? Numbers and lists are not looked at closely."""
    default, kind = parameter.default, type(value)
    if value is default:
        return True
    if kind is type(default):
        return True
    if kind is bool:
        return parameter.is_flag
    if kind is str:
        return parameter.annotation == "str"
    if hasattr(kind, "__number__"):
        return parameter.default is None and parameter.name not in _NO_TENSORS and parameter.name not in _EITHER
    if kind.__module__ == "numpy":
        return parameter.name == "ndarray"
    if isinstance(value, (int, float)) and parameter.has_default and parameter.name in _NO_NUMBERS:
        return False
    if (kind is list or kind is tuple) and parameter.name in _NO_LISTS:
        return False
    if parameter.name in _TENSORS and not isinstance(value, (int, float)) and not hasattr(kind, "__number__"):
        return False
    if default is None:
        return value is not None and (kind is not float or parameter.name in _NUMBERS)
    if type(default) is int:
        return kind is tuple or kind is list or (kind is float and parameter.name in _NUMBERS)
    if type(default) is float:
        return kind is int
    return type(default) is tuple and (kind is list or kind is int)
