"""Subclasses of `nn.Module` that a Python program writes: what `__init__` sets are the fields."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import CellType, FunctionType, MethodType
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import spelled
from gradsh.engine.kernels.stream import stream
from gradsh.engine.nn import state
from gradsh.engine.nn.containers import Numbered
from gradsh.engine.nn.module import (
    LibraryModel,
    Model,
    ModelType,
    adopt,
    is_held,
    is_parameter,
    is_registered,
    type_text,
)
from gradsh.errors import ArgumentError, AttributeError_, NoForward
from gradsh.frontend.classes import ABSENT, SPECIAL, Object, ProgramType, abstract, bound, lookup, special
from gradsh.frontend.kinds import Program
from gradsh.frontend.through import Through

__acts_for_programs__ = True


class NetworkType(ModelType, Program):
    """The class of such a class. `runs` is its `forward`, where the program has written one."""

    written: dict[str, Any]
    runs: Any

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        self: Model = object.__new__(cls)  # type: ignore[arg-type]  # as in ModelType
        self.cells = {}
        self.buffer_names = {}
        self.vacant = {}
        self.hooks = None
        self.training = None  # type: ignore[assignment]  # until `super().__init__()`
        if isinstance(self, LibraryModel):
            self.given = ((), {})
        before, mode.where = mode.where, None
        try:
            init = lookup(cls, "__init__")
            if init is ABSENT:
                begin(self, cls, arguments, keywords)
            else:
                init(self, *arguments, **spelled(init, keywords))
        finally:
            mode.where = before
        return self

    def __member__(cls, name: str) -> Any:
        if name in ("__name__", "__qualname__"):
            return cls.__name__
        if name == "__init__":
            found = lookup(cls, name)
            return found if found is not ABSENT else begins(cls)
        found = lookup(cls, name)
        if found is ABSENT:
            if not name.startswith("_") and isinstance(getattr(Model, name, None), FunctionType):
                return getattr(Model, name)
            raise KeyError(name)
        return bound(found, cls)

    def __set_member__(cls, name: str, value: Any) -> None:
        cls.written[name] = value

    def __repr__(cls) -> str:
        return f"<class '{cls.__module__}.{cls.__qualname__}'>"


class MixedType(NetworkType, ProgramType):
    """The class of one that has plain classes of the program among its bases."""


NetworkType.__name__ = MixedType.__name__ = "type"  # in errors, as that of plain classes


def begins(kind: type) -> Callable[..., None]:
    """`Module.__init__`, to be called with the instance."""
    return lambda self, *arguments, **keywords: begin(self, kind, arguments, keywords)


def begin(self: Model, kind: type, arguments: tuple[Any, ...] = (), keywords: dict[str, Any] | None = None) -> None:
    """`super().__init__(…)`: the constructor of the first class behind that is PyTorch's."""
    self.training = True
    for base in kind.__mro__:
        if "written" in base.__dict__ or base is Network or not issubclass(base, Model):
            continue
        if base.__dict__.get("body") is not None:
            body: Any = base.body
            if isinstance(self, LibraryModel):
                self.given = (arguments, keywords or {})
            before = set(self.cells)
            own = lookup(type(self), "reset_parameters")
            state = None if own is ABSENT else stream().get_state()
            body(self, *arguments, **base.spell(body, keywords or {}))
            for name, value in Model.fields(self):  # what the body of the layer has bound; the rest is the program's
                if name not in before and value.__class__ is Tensor and name not in base.hidden and not adopt(value):
                    self.buffer_names.setdefault(name, True)
            self.settle()
            if state is not None:  # which PyTorch's constructor calls, instead of its own
                stream().set_state(state)
                own(self)
            return
        if "construct" in base.__dict__:
            base.construct(self, *arguments, **(keywords or {}))
            return


ASIDE = "@aside"  # the field of what a program has put past `nn.Module.__setattr__`, by name


class Mixin:
    """What is other than in models that are written in gradsh: only modules, parameters and buffers are its fields'."""

    __slots__ = ()

    cells: dict[str, CellType]
    buffer_names: dict[str, bool]
    vacant: dict[str, str]

    @property
    def run(self) -> Any:
        forward = type(self).runs  # type: ignore[attr-defined]  # a NetworkType
        own = Model.get(self, "@forward")  # type: ignore[arg-type]  # a Model
        if own is not None:
            return own
        if forward is not ABSENT:
            return MethodType(forward, self)
        found = Model.get(self, "forward")  # type: ignore[arg-type]
        return getattr(super(), "forward", None) if found is None else found  # a Sequential's

    @run.setter
    def run(self, value: Any) -> None:
        if value is None:
            self.cells.pop("@forward", None)

    def settle(self) -> None:
        """Nothing: what a call runs is the class's."""

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        kind = type(self)
        if self.hooks is None and kind.runs is not ABSENT and "@forward" not in self.cells:  # type: ignore[attr-defined]
            return kind.runs(self, *arguments, **spelled(kind.runs, keywords))  # type: ignore[attr-defined]
        if self.training is None:
            raise AttributeError_(f"'{kind.__name__}' object has no attribute '_backward_hooks'")
        run = self.run
        if run is None:
            raise NoForward(f'Module [{kind.__name__}] is missing the required "forward" function')
        return Model.call(self, arguments, keywords)  # type: ignore[arg-type]

    def fields(self) -> Iterator[tuple[str, Any]]:
        for name, value in super().fields():  # type: ignore[misc]  # of a Model
            if isinstance(value, Model) or is_parameter(value) or name in self.buffer_names or name in self.vacant:
                yield name, value

    def own_parameters(self) -> Iterator[tuple[str, Tensor]]:
        for name, value in self.fields():
            if name not in self.buffer_names and is_held(value) and is_parameter(value):
                yield name, value

    def __member__(self, name: str) -> Any:
        if name == "forward":  # the program's, where its class says another than the layer has that it is one of
            run = self.run
            if run is not None:
                return run
        cell = self.cells.get(ASIDE)
        if cell is not None and name in cell.cell_contents:
            return cell.cell_contents[name]
        cell = self.cells.get(name)
        if cell is not None:
            try:
                return cell.cell_contents
            except ValueError:
                pass
        found = lookup(type(self), name)
        if found is not ABSENT:
            return bound(found, self)
        try:
            return super().__member__(name)  # type: ignore[misc]
        except KeyError:
            asked = lookup(type(self), "__getattr__")
            if asked is not ABSENT and not name.startswith("__"):
                return asked(self, name)
            raise

    def __set_member__(self, name: str, value: Any) -> None:
        own = lookup(type(self), name)
        if isinstance(own, property):
            if own.fset is None:
                raise AttributeError_(f"property '{name}' of '{type(self).__name__}' object has no setter")
            own.fset(self, value)
            return
        setter = lookup(type(self), "__setattr__")
        if setter is not ABSENT:
            setter(self, name, value)
            return
        self.assign(name, value)

    def assign(self, name: str, value: Any) -> None:
        """`self.name = value` by PyTorch's rules: what is registered is only taken the place of by its kind."""
        if name[:2] == "__":
            raise AttributeError_(f"'{type(self).__name__}' object attribute '{name}' is read-only")
        if name == "training":
            self.training = bool(value)  # type: ignore[misc]  # a slot of the Model
            return
        if name == "forward":
            self.cells["@forward"] = CellType(value)
            return
        if ASIDE in self.cells:
            self.cells[ASIDE].cell_contents.pop(name, None)
        parameter = is_parameter(value)
        if self.training is None and (parameter or isinstance(value, Model)):
            what = "parameters" if parameter else "module"
            raise AttributeError_(
                f"cannot assign {what} before Module.__init__() call", help="the first line of `__init__` is "
                "`super().__init__()`"
            )  # fmt: skip
        old = self.get(name)  # type: ignore[attr-defined]
        registered = is_registered(old)
        if value is not None and not parameter:
            said = type_text(value)
            if (registered and is_parameter(old)) or self.awaited(name) == "parameter":  # type: ignore[attr-defined]
                raise ArgumentError(
                    f"cannot assign '{said}' as parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            if registered and isinstance(old, Model) and not isinstance(value, Model):
                raise ArgumentError(
                    f"cannot assign '{said}' as child module '{name}' (torch.nn.Module or None expected)"
                )
            if name in self.buffer_names and value.__class__ is not Tensor:
                raise ArgumentError(
                    f"cannot assign '{said}' as buffer '{name}' (torch.nn.Buffer, torch.Tensor or None expected)"
                )
        if parameter or isinstance(value, Model):
            held = registered or name in self.buffer_names
            if name in self.cells and not held:  # a plain value goes, and what is registered in its place comes last
                self.cells[name] = self.cells.pop(name)
            self.buffer_names.pop(name, None)
        elif value is None:
            self.vacate(name, old)  # type: ignore[attr-defined]
        elif value.__class__ is Tensor and "gradsh.frontend.modules" in sys.modules:
            self._buffered(name, value)
        self.put(name, value)  # type: ignore[attr-defined]

    def _buffered(self, name: str, value: Tensor) -> None:
        """What `nn.Buffer` has made is one here."""
        from gradsh.frontend.modules import made_buffer

        persistent = made_buffer(value)
        if persistent is not None:
            self.buffer_names[name] = persistent

    def put_aside(self, name: str, value: Any) -> None:
        """`self.__dict__[name] = value`, past PyTorch's rules: a module or parameter there is not registered."""
        registered = name in self.buffer_names or isinstance(self.get(name), Model) or is_parameter(self.get(name))  # type: ignore[attr-defined]
        if name[:2] == "__" or name in ("training", "forward"):
            self.assign(name, value)
        elif isinstance(value, Model) or is_parameter(value) or registered:
            self.cells.setdefault(ASIDE, CellType({})).cell_contents[name] = value
        else:
            self.assign(name, value)

    def take_aside(self, name: str) -> bool:
        """Take away what is held unregistered under a name: whether there was any."""
        cell = self.cells.get(ASIDE)
        if cell is None or name not in cell.cell_contents:
            return False
        del cell.cell_contents[name]
        return True

    def own_method(self, name: str) -> Any:
        own = lookup(type(self), name)
        return None if own is ABSENT else bound(own, self)

    def save_own(self, *given: Any) -> None:
        own = self.own_method("_save_to_state_dict")
        state.save_own(self, *given) if own is None else own(*given)  # type: ignore[arg-type]  # it is a Model too

    def load_own(self, *given: Any) -> None:
        own = self.own_method("_load_from_state_dict")
        state.load_own(self, *given) if own is None else own(*given)  # type: ignore[arg-type]  # it is a Model too

    def extra_repr(self) -> str:
        own = lookup(type(self), "extra_repr")
        return str(own(self)) if own is not ABSENT else super().extra_repr()  # type: ignore[misc]

    def __members__(self) -> list[str]:
        names = [name for base in type(self).__mro__ for name in base.__dict__.get("written", ())]
        return [*super().__members__(), *(name for name in names if name[0] != "@")]  # type: ignore[misc]


class Network(Mixin, Model, metaclass=NetworkType):
    """`nn.Module`."""

    __slots__ = ()
    stands_for = Model
    runs = ABSENT
    hidden: frozenset[str] = frozenset()
    spell = staticmethod(spelled)

    def construct(self, *arguments: Any, **keywords: Any) -> None:
        given = [f"{len(arguments) + 1} were given"] if arguments else []
        if given or keywords:
            problem = f"takes 1 positional argument but {given[0]}" if given else (
                f"got an unexpected keyword argument '{next(iter(keywords))}'"
            )  # fmt: skip
            raise ArgumentError(f"{type(self).__name__}.__init__() {problem}", kind="TypeError")


Network.__name__ = Network.__qualname__ = "Module"
Network.__module__ = "torch.nn.modules.module"


def network(name: str, bases: tuple[type, ...], parts: dict[str, Any]) -> Any:
    """The class with that name, bases, and what stands in its body."""
    found = [Network if base is Model else base for base in bases if base is not Object]
    if not any(isinstance(base, NetworkType) for base in found):  # Network itself, or a layer as a base
        library = next(base for base in found if issubclass(base, Model))
        found.insert(0, _over(library))
        found.remove(library)
    written = parts["written"]
    parts["__slots__"] = ()
    parts.update({key: value for key, value in written.items() if key in SPECIAL - MODELS})
    parts.update({key: value for key, value in special(written).items() if key not in MODELS})
    if "__repr__" in written:
        parts["__repr__"] = written["__repr__"]
    parts["spell"] = staticmethod(spelled)
    mixed = any(isinstance(base, ProgramType) for base in found)
    if mixed and not any("__repr__" in base.__dict__.get("written", ()) for base in found):
        parts.setdefault("__repr__", Model.__repr__)
    try:
        made = (MixedType if mixed else NetworkType)(name, tuple(found), parts)
    except TypeError as error:
        raise ArgumentError(str(error), kind="TypeError") from None
    made.runs = lookup(made, "forward")
    left = abstract(written, tuple(found))
    if left:
        made.__abstractmethods__ = left  # type: ignore[attr-defined]  # as in definitions
    if "__call__" in written:
        made.__call__ = special(written)["__call__"]  # type: ignore[method-assign]
    return made


MODELS = frozenset(("__init__", "__call__", "__setattr__", "__getattr__", "__delattr__", "__repr__", "__new__"))
_overs: dict[type, type] = {}


def _over(library: type) -> type:
    """A layer of PyTorch's as a base: one class for each."""
    if library not in _overs:
        parts = {"__slots__": (), "runs": ABSENT, "written": {}, "__module__": "torch.nn", "over": library}
        _overs[library] = NetworkType(library.__name__, (Mixin, library), parts)
    return _overs[library]


def inherited(owner: Any, name: str, kind: type) -> Any:
    """What `super()` of a method of a model gives where it is PyTorch's own."""
    if name == "__init__":
        mro = type(owner).__mro__
        rest = mro[mro.index(kind) + 1 :]

        def init(*arguments: Any, **keywords: Any) -> None:
            begin(owner, _Rest(rest), arguments, keywords)  # type: ignore[arg-type]  # all that `begin` asks of a class

        return init
    if name == "__setattr__":
        return lambda key, value: owner.assign(key, value)
    if name == "__call__":
        return lambda *arguments, **keywords: Mixin.__call__(owner, *arguments, **keywords)
    if name == "__getattr__":
        return lambda key: Model.__member__(owner, key)
    if name == "__repr__":
        return lambda: Model.__repr__(owner)
    if name == "forward":
        found = Model.get(owner, "forward")
        if found is None and isinstance(owner, Numbered):
            found = getattr(super(Mixin, owner), "forward", None)
        if found is not None:
            return found
        raise NoForward(f'Module [{type(owner).__name__}] is missing the required "forward" function')
    if name == "extra_repr":
        return lambda: Model.extra_repr(owner)
    if name in OF_STATES:
        own = OF_STATES[name]
        return lambda *arguments: own(owner, *arguments)
    try:
        return resets(owner) if name == "reset_parameters" else super(Mixin, owner).__member__(name)
    except KeyError:
        raise AttributeError_(f"'super' object has no attribute '{name}'") from None


# what `super()._save_to_state_dict(…)` is, and its kin
OF_STATES: dict[str, Callable[..., None]] = {
    "_save_to_state_dict": state.save_own,
    "_load_from_state_dict": state.load_own,
}


class _Rest:
    """The classes behind one in the order of an instance's."""

    __slots__ = ("__mro__",)

    def __init__(self, rest: tuple[type, ...]) -> None:
        self.__mro__ = rest


# --- what programs find beside the fields ---------------------------------------------------------------------------


def resets(model: Any) -> Any:
    """`reset_parameters` of a layer of PyTorch's that has any to reset. Errors: KeyError."""
    if not isinstance(model, LibraryModel) or not (any(model.own_parameters()) or any(model.own_buffers())):
        raise KeyError("reset_parameters")
    return model.reset_parameters


def _lazily(name: str) -> Callable[[Any], Any]:
    """`parameters()` and its kin are iterators."""
    of_model = getattr(Model, name)

    def get(model: Any) -> Any:
        return MethodType(listed, model)

    def listed(model: Any, *arguments: Any, **keywords: Any) -> Iterator[Any]:
        yield from of_model(model, *arguments, **keywords)

    listed.__qualname__ = f"Module.{name}"

    return get


class Registered(Through):
    """`model._modules`: what is put in is put into the model."""

    def __init__(self, model: Any, items: dict[str, Any]) -> None:
        super().__init__(items)
        self.model = model

    def bound(self, name: str, value: Any) -> None:
        self.model.put(name, value)

    def unbound(self, name: str) -> None:
        self.model.drop(name)


class Places(Registered):
    """`model._parameters` and `model._buffers`, in which what has no value is None."""

    def __init__(self, model: Any, kind: str) -> None:
        super().__init__(model, model.registered(kind))
        self.kind = kind

    def bound(self, name: str, value: Any) -> None:
        super().bound(name, value)
        if self.kind == "buffer":
            self.model.buffer_names.setdefault(name, True)
        elif value is None:
            self.model.vacant[name] = self.kind


class Attributes(Registered):
    """`model.__dict__`: what a program changes there changes the model."""

    def __init__(self, model: Any) -> None:
        items = {name: model.get(name, ABSENT) for name in model.cells if name[0] != "@"}
        items = {name: value for name, value in items.items() if value is not ABSENT}
        super().__init__(model, items | model.get(ASIDE, {}))

    def bound(self, name: str, value: Any) -> None:
        self.model.put_aside(name, value) if isinstance(self.model, Mixin) else super().bound(name, value)

    def unbound(self, name: str) -> None:
        if not isinstance(self.model, Mixin) or not self.model.take_aside(name):
            super().unbound(name)


def _hooks(kind: str) -> Callable[[Any], Any]:
    """`model._forward_hooks` and its kin: the table itself."""

    def get(model: Any) -> Any:
        from gradsh.engine.nn.hooks import hooks_of

        return getattr(hooks_of(model), kind)

    return get


HOOKS = {
    "_forward_pre_hooks": "before",
    "_forward_pre_hooks_with_kwargs": "before_keywords",
    "_forward_hooks": "after",
    "_forward_hooks_with_kwargs": "after_keywords",
    "_forward_hooks_always_called": "after_always",
    "_backward_hooks": "backward",
    "_backward_pre_hooks": "backward_pre",
    "_state_dict_hooks": "saving",
    "_state_dict_pre_hooks": "saving_pre",
    "_load_state_dict_pre_hooks": "loading_pre",
    "_load_state_dict_post_hooks": "loading",
}
ITERATORS = {
    name: _lazily(name)
    for name in (
        "parameters", "named_parameters", "buffers", "named_buffers", "children", "named_children", "modules",
        "named_modules",
    )
}  # fmt: skip


def hook_of_node(model: Any) -> Callable[[Any], Any]:
    """`register_backward_hook(hook)`: called with the gradients of the operator that made the output."""

    def register(hook: Any) -> Any:
        from gradsh.engine.nn.hooks import register_forward_hook

        def after(_: Any, inputs: Any, output: Any) -> None:
            while not isinstance(output, Tensor):
                output = next(iter(output.values() if isinstance(output, dict) else output))
            if output.grad_fn is not None:
                output.grad_fn.register_hook(lambda given, gives: hook(model, given, gives))

        return register_forward_hook(model, after)

    return register


def _of_modules(name: str) -> Callable[[Any], Any]:
    """What few programs ask of a module."""

    def get(model: Any) -> Any:
        from gradsh.frontend.modules import OF_MODULES

        return OF_MODULES[name](model)

    return get


EXTRA: dict[str, Callable[[Any], Any]] = {
    **ITERATORS,
    **{name: _hooks(kind) for name, kind in HOOKS.items()},
    "register_backward_hook": hook_of_node,
    "_modules": lambda model: Registered(model, dict(model.places())),
    "_parameters": lambda model: Places(model, "parameter"),
    "_buffers": lambda model: Places(model, "buffer"),
    "_non_persistent_buffers_set": lambda model: {name for name, kept in model.buffer_names.items() if not kept},
    "__dict__": Attributes,
    "_get_name": lambda model: lambda: type(model).__name__,
    "forward": lambda model: model.run,
    **{name: _of_modules(name) for name in ("type", "to_empty", "set_submodule", "share_memory", "compile")},
}
