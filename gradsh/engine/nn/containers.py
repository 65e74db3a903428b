"""Models that hold other models under numbers or keys: Sequential, ModuleList, ModuleDict, and parameters likewise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from gradsh.engine.core.arguments import is_int, whole
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.nn.module import PUBLIC, Model, adopt, indented, is_parameter, not_a_model, type_text
from gradsh.errors import ArgumentError, AttributeError_, IndexError_, KeyError_, ValueError_, ValueProblem

__acts_for_programs__ = True  # as gradsh.engine.nn.module


SEQUENTIAL = "<class 'torch.nn.modules.container.Sequential'>"


class Numbered(Model):
    """Holds `items`, which are its fields "0", "1" and so on, besides what a program sets."""

    __slots__ = ("items",)
    own_methods = frozenset({"append", "extend", "insert", "pop"})

    items: list[Any]

    @classmethod
    def over(cls, items: Any) -> Any:
        """One around a list that a program has; both see what is done to either."""
        self = cls()
        self.items = items if isinstance(items, list) else list(items)
        return self

    def checked(self, items: Iterable[Any]) -> list[Any]:
        found = list(items)
        for item in found:
            if not (item is None or isinstance(item, Model)):  # a place that is filled later
                raise not_a_model(item)
        return found

    def fields(self) -> Iterator[tuple[str, Any]]:
        for number, item in enumerate(list(self.items)):
            yield str(number), item
        yield from super().fields()

    def awaits(self, name: str, child: Any) -> bool:
        return child is None and (name not in self.cells or super().awaits(name, child))

    def get(self, name: str, default: Any = None) -> Any:
        if name.isdecimal() and int(name) < len(self.items):
            return self.items[int(name)]
        return super().get(name, default)

    def put(self, name: str, value: Any) -> None:
        if name.isdecimal() and int(name) < len(self.items):
            self.items[int(name)] = value
        else:
            super().put(name, value)

    def __member__(self, name: str) -> Any:
        if name in self.own_methods:
            return getattr(self, name)
        return super().__member__(name)

    def __members__(self) -> list[str]:
        return [*super().__members__(), *self.own_methods]

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __contains__(self, item: object) -> bool:
        return any(item is own for own in self.items)

    def place(self, index: Any) -> int:
        if not is_int(index):
            raise ArgumentError(f"'{type_text(index)}' object cannot be interpreted as an integer")
        at = whole(index)
        if not -len(self.items) <= at < len(self.items):
            count = len(self.items)
            held = (
                f"there are {count}, from 0 to {count - 1}"
                if count > 1
                else f"there is {'one, at 0' if count else 'none'}"
            )
            raise IndexError_(f"index {at} is out of range", help=held)
        return at

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self).over(self.items[index])
        return self.items[self.place(index)]

    def __setitem__(self, index: Any, value: Any) -> None:
        self.items[self.place(index)] = self.checked([value])[0]

    def __delitem__(self, index: Any) -> None:
        del self.items[index if isinstance(index, slice) else self.place(index)]

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, (Numbered, list, tuple)):
            return NotImplemented
        return type(self).over([*self.items, *self.checked(other)])

    def __iadd__(self, other: Any) -> Any:
        return self.extend(other)

    def append(self, module: Any) -> Any:
        self.items += self.checked([module])
        return self

    def extend(self, modules: Any) -> Any:
        if not isinstance(modules, Iterable):
            raise ArgumentError(f"ModuleList.extend should be called with an iterable, but got {type_text(modules)}")
        self.items += self.checked(modules)
        return self

    def insert(self, index: int, module: Any) -> Any:
        self.items.insert(index, self.checked([module])[0])
        return self

    def pop(self, index: int = -1) -> Any:
        return self.items.pop(self.place(index))


class Sequential(Numbered):
    """Models one after the other, each given what the one before it gave. A dict of models gives them names."""

    __slots__ = ("names",)

    names: list[str] | None

    def construct(self, *modules: Any, **keywords: Any) -> None:
        if keywords:
            raise ArgumentError(f"Sequential.__init__() got an unexpected keyword argument '{next(iter(keywords))}'")
        self.names = None
        if len(modules) == 1 and isinstance(modules[0], dict):
            self.names = list(modules[0])
            modules = tuple(modules[0].values())
        self.items = self.checked(modules)

    def insert(self, index: int, module: Any) -> Any:
        if not isinstance(module, Model):
            raise ValueProblem(
                "module should be of type: <class 'torch.nn.modules.module.Module'>", kind="AssertionError"
            )
        if not -len(self.items) <= index <= len(self.items):
            raise IndexError_(f"Index out of range: {index}")
        return super().insert(index, module)

    def __delitem__(self, index: Any) -> None:
        super().__delitem__(index)
        self.names = None  # as in PyTorch, where those that are left are numbered anew

    def __mul__(self, times: Any) -> Any:
        """The same models so many times over, which share their parameters."""
        return type(self).over(self.items * self.factor(times))

    __rmul__ = __mul__

    def __imul__(self, times: Any) -> Any:
        self.items *= self.factor(times)
        return self

    def factor(self, times: Any) -> int:
        """How often the models are to come. Errors: those of PyTorch."""
        if not is_int(times):
            raise ArgumentError(f"unsupported operand type(s) for *: {SEQUENTIAL} and <class '{type_text(times)}'>")
        if times <= 0:
            raise ValueError_(f"Non-positive multiplication factor {times} for {SEQUENTIAL}")
        return int(times)

    def finish(self) -> None:
        self.settle()

    def settle(self) -> None:
        self.run = self.forward

    def forward(self, x: Any) -> Any:
        notes = mode.notes
        for item in self.items:
            x = item(x) if notes is None else notes.called(item, x)
        return x

    def fields(self) -> Iterator[tuple[str, Any]]:
        if self.names is None:
            yield from super().fields()
        else:
            for number, item in enumerate(self.items):
                yield self.names[number] if number < len(self.names) else str(number), item
            yield from Model.fields(self)

    def get(self, name: str, default: Any = None) -> Any:
        if self.names is not None and name in self.names:
            return self.items[self.names.index(name)]
        return super().get(name, default)

    def put(self, name: str, value: Any) -> None:
        if self.names is not None and name in self.names:
            self.items[self.names.index(name)] = value
        elif isinstance(value, Model) and not (name.isdecimal() and int(name) < len(self.items)):
            self.add(name, value)
        else:
            super().put(name, value)

    def add(self, name: str, model: Model) -> None:
        """`add_module`: one more at the end, under its own name."""
        if self.names is None and name != str(len(self.items)):
            self.names = []
        if self.names is not None:
            self.names += [*map(str, range(len(self.names), len(self.items))), name]
        self.items.append(model)

    def __member__(self, name: str) -> Any:
        if self.names is not None and name in self.names:
            return self.items[self.names.index(name)]
        if name == "forward":
            return self.forward
        return super().__member__(name)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice) and self.names is not None:
            kind: Any = Sequential
            return kind(dict(zip(self.names[index], self.items[index], strict=False)))
        return super().__getitem__(index)


class ModuleList(Numbered):
    """A list of models; it cannot be called."""

    __slots__ = ()

    def construct(self, modules: Any = None) -> None:
        self.items = []
        if modules is not None:
            self.extend(modules)

    def __repr__(self) -> str:
        """As PyTorch: runs of models that print alike on one line, `(0-1): 2 x Linear(…)`."""
        if not self.items:
            return f"{type(self).__name__}()"
        texts = [repr(item) for item in self.items]
        runs: list[list[int]] = []
        for number, text in enumerate(texts):
            if runs and texts[runs[-1][0]] == text:
                runs[-1][1] = number
            else:
                runs.append([number, number])
        lines = []
        for first, last in runs:
            if first == last:
                lines.append(indented(f"({first}): {texts[first]}"))
            else:
                lines.append(indented(f"({first}-{last}): {last - first + 1} x {texts[first]}"))
        return "\n  ".join([f"{type(self).__name__}(", *lines]) + "\n)"


def _pairs(kind: str, given: Any) -> Iterable[tuple[Any, Any]]:
    """What a `kind`, ModuleDict or ParameterDict, is filled from. Errors: ArgumentError, ValueProblem in its words."""
    if isinstance(given, ModuleDict):
        return list(given.items())
    if isinstance(given, dict):  # which ParameterDict puts in the order of its keys
        return sorted(given.items()) if kind == "ParameterDict" else given.items()
    if not isinstance(given, Iterable):
        kind = "ParametersDict" if kind == "ParameterDict" else kind  # PyTorch's spelling
        raise ArgumentError(
            f"{kind}.update should be called with an iterable of key/value pairs, but got {type(given).__name__}"
        )
    pairs = list(given)
    for number, pair in enumerate(pairs):
        if not isinstance(pair, Iterable):
            raise ArgumentError(f"{kind} update sequence element #{number} should be Iterable; is{type(pair).__name__}")
        if len(pair) != 2:  # type: ignore[arg-type]  # a list or tuple of the program
            raise ValueProblem(
                f"{kind} update sequence element #{number} has length {len(pair)}; 2 is required",  # type: ignore[arg-type]
                kind="ValueError",
            )
    return pairs


class ModuleDict(Model):
    """Models under keys."""

    __slots__ = ("table",)
    own_methods = frozenset({"keys", "values", "items", "pop", "clear", "update"})

    table: dict[str, Any]

    def construct(self, modules: Any = None) -> None:
        self.table = {}
        if modules is not None:
            self.update(modules)

    def update(self, modules: Any) -> None:
        for key, module in _pairs(type(self).__name__, modules):
            self[key] = module

    def fields(self) -> Iterator[tuple[str, Any]]:
        for key, item in list(self.table.items()):
            yield str(key), item
        yield from super().fields()

    def awaits(self, name: str, child: Any) -> bool:
        return child is None and (name in self.table or super().awaits(name, child))

    def get(self, name: str, default: Any = None) -> Any:
        return self.table[name] if name in self.table else super().get(name, default)

    def put(self, name: str, value: Any) -> None:
        if name in self.table:
            self.table[name] = value
        else:
            super().put(name, value)

    def __member__(self, name: str) -> Any:
        if name in self.own_methods:
            return getattr(self, name)
        if name in self.table:
            return self.table[name]
        return super().__member__(name)

    def __members__(self) -> list[str]:
        return [*super().__members__(), *self.own_methods, *map(str, self.table)]

    def __getitem__(self, key: Any) -> Any:
        if key not in self.table:
            raise KeyError_(repr(key))
        return self.table[key]

    def __setitem__(self, key: Any, module: Any) -> None:
        if not (module is None or isinstance(module, Model)):
            raise not_a_model(module)
        self.check_name("module", key, key in self.table)
        self.table[key] = module

    def __delitem__(self, key: Any) -> None:
        self.pop(key)

    def __len__(self) -> int:
        return len(self.table)

    def __bool__(self) -> bool:
        return bool(self.table)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.table)

    def __contains__(self, key: object) -> bool:
        return key in self.table

    def keys(self) -> Any:
        return self.table.keys()

    def values(self) -> Any:
        return self.table.values()

    def items(self) -> Any:
        return self.table.items()

    def clear(self) -> None:
        self.table.clear()

    def pop(self, key: Any) -> Any:
        if key not in self.table:
            raise KeyError_(repr(key))
        return self.table.pop(key)


class ParameterList(Numbered):
    """A list of parameters: every floating tensor put into it becomes one."""

    __slots__ = ()

    def construct(self, values: Any = None) -> None:
        self.items = []
        if values is not None:
            self.extend(values)

    def checked(self, items: Iterable[Any]) -> list[Any]:
        return [_as_parameter(item) for item in items]

    def extra_repr(self) -> str:
        return "\n".join(f"  ({n}): {_described(item, 'dtype')}" for n, item in enumerate(self.items))


class ParameterDict(ModuleDict):
    """Parameters under keys, which PyTorch keeps as attributes: one that is not there is no attribute."""

    __slots__ = ()
    own_methods = ModuleDict.own_methods | {"copy", "fromkeys", "get", "popitem", "setdefault"}

    def construct(self, parameters: Any = None) -> None:
        super().construct(parameters)

    def __member__(self, name: str) -> Any:
        return self.found if name == "get" else super().__member__(name)

    def found(self, key: Any, default: Any = None) -> Any:
        """`get` of a program; that of models finds fields."""
        return self.table.get(key, default)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self.table:
            self[key] = default
        return self[key]

    def popitem(self) -> tuple[Any, Any]:
        if not self.table:
            raise KeyError_("'popitem(): dictionary is empty'")
        return self.table.popitem()

    def copy(self) -> ParameterDict:
        return self | ()

    def fromkeys(self, keys: Iterable[Any], default: Any = None) -> ParameterDict:
        made = type(self)()
        made.update([(key, default) for key in keys])
        return made

    def __or__(self, other: Any) -> ParameterDict:
        made = type(self)()
        made.update(list(self.table.items()))
        made.update(other)
        return made

    def __getitem__(self, key: Any) -> Any:
        if key not in self.table:
            raise AttributeError_(f"'{type_text(self)}' object has no attribute '{key}'")
        return self.table[key]

    def pop(self, key: Any) -> Any:
        self[key]
        return super().pop(key)

    def __delitem__(self, key: Any) -> None:
        super().pop(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, str):
            raise ArgumentError(
                "Index given to ParameterDict cannot be used as a key as it is not a string (type is "
                f"'{type(key).__name__}'). Open an issue on github if you need non-string keys."
            )
        self.check_name("parameter", key, key in self.table)
        self.table[key] = _as_parameter(value)

    def extra_repr(self) -> str:
        return "\n".join(f"  ({key}): {_described(item, 'title')}" for key, item in self.table.items())


def _as_parameter(value: Any) -> Any:
    if value.__class__ is Tensor and not adopt(value):
        from gradsh.engine.ops.create.creation import parameter

        return parameter.apply(value)
    return value


def _described(value: Any, form: str) -> str:
    """PyTorch names the type in one way in a list, in another in a dict."""
    if value.__class__ is not Tensor:
        return f"Object of type: {type(value).__name__}"
    kind = f"{mode.module}{value.dtype!r}" if form == "dtype" else f"{mode.module}{value.dtype.title}Tensor"
    size = "x".join(map(str, value.shape))
    word = "Parameter" if is_parameter(value) else "Tensor"
    return f"{word} containing: [{kind} of size {size}]"


MODELS: dict[str, type[Model]] = {
    kind.__name__: kind for kind in (Model, Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict)
}
# and those of files of their own, which few programs need
LATER = {"AveragedModel": "gradsh.engine.nn.averaged"}


def model(name: str) -> type[Model]:
    """The model of that name. Errors: KeyError."""
    if name in LATER:
        found: type[Model] = getattr(import_module(LATER[name]), name)
        return found
    return MODELS[name]


# name, kind, has a default, is a flag: as in gradsh.engine.operators.registry
SIGNATURES: dict[str, tuple[tuple[str, str, bool, bool], ...]] = {
    "Module": (),
    "Sequential": (("args", "rest", True, False),),
    "ModuleList": (("modules", "positional", True, False),),
    "ModuleDict": (("modules", "positional", True, False),),
    "ParameterList": (("values", "positional", True, False),),
    "ParameterDict": (("parameters", "positional", True, False),),
    "AveragedModel": (
        ("model", "positional", False, False),
        ("device", "positional", True, False),
        ("avg_fn", "positional", True, False),
        ("multi_avg_fn", "positional", True, False),
        ("use_buffers", "positional", True, True),
    ),
}
__all__ = ["MODELS", "PUBLIC", "SIGNATURES", "model"]
