"""Models: what is made of parameters, buffers and other models, and can be called. PyTorch's `nn.Module`.

An instance keeps each name that its body binds in a cell, which the functions of the body share: to them a field is a
variable of their own, without any look-up, and a field that is set from outside is seen by them.
Subclasses are made by `define`, one for each `model` of a program or of the library; containers.py has those
that hold other models under numbers or keys.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import CellType, MethodType
from typing import TYPE_CHECKING, Any, TypeVar

from gradsh.calls.devices import Device, chosen
from gradsh.calls.formats import MemoryFormat, order_of
from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.dtypes import DType
from gradsh.engine.core.modes import mode
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.strided import ordered
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.engine.nn.state import IncompatibleKeys, load, load_own, save_own, saved
from gradsh.errors import ArgumentError, AttributeError_, GradshError, KeyError_, NoForward, TypeError_, ValueError_

if TYPE_CHECKING:
    from gradsh.engine.nn.hooks import Hooks

__acts_for_programs__ = True  # it calls the functions of a model: see gradsh.runtime.faults

_getframe = sys._getframe
Self = TypeVar("Self", bound="Model")


ABSENT: Any = object()
# What PyTorch's layers register without a value where they are told to be without: `Linear(2, 3, bias=False)`. Other
# fields that are None are plain attributes there (`bias_k` of MultiheadAttention).
WITHOUT = {
    **dict.fromkeys(("running_mean", "running_var", "num_batches_tracked", "pos_weight"), "buffer"),
    **dict.fromkeys(("weight", "bias", "bias_ih", "bias_hh", "in_proj_weight", "in_proj_bias"), "parameter"),
    **dict.fromkeys(("q_proj_weight", "k_proj_weight", "v_proj_weight"), "parameter"),
}
PUBLIC = frozenset(
    """
    parameters named_parameters buffers named_buffers modules named_modules children named_children state_dict
    load_state_dict train eval zero_grad requires_grad_ training apply to float double half cpu cuda extra_repr
    register_buffer register_parameter register_module add_module
    get_submodule get_parameter get_buffer
    """.split()  # noqa: SIM905 - a list of thirty strings reads worse
)
# These are functions of gradsh.engine.nn.hooks, which few models need.
REGISTERING = frozenset(
    """
    register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_state_dict_pre_hook register_state_dict_post_hook register_load_state_dict_pre_hook
    register_load_state_dict_post_hook
    """.split()  # noqa: SIM905 - as above
)


LOOKS = frozenset(  # those of them that change nothing
    """
    parameters named_parameters buffers named_buffers modules named_modules children named_children state_dict
    training cpu extra_repr get_submodule get_parameter get_buffer
    """.split()  # noqa: SIM905 - as above
)


class ModelType(ModelKind):
    """The class of one model; called, it makes an instance.

    body     runs what stands in the braces: `body(instance, *arguments)`
    spell    keywords of a program as `body` and the fields that are functions want them
    hidden   names of the body that are no fields, though its functions see them: its parameters
    """

    body: Callable[..., None] | None
    spell: Callable[[Any, dict[str, Any]], dict[str, Any]]
    hidden: frozenset[str]

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        self: Model = object.__new__(cls)  # type: ignore[arg-type]  # mypy does not see that these are classes
        self.cells = {}
        self.buffer_names = {}
        self.vacant = {}
        self.hooks = None
        self.training = True
        self.run = None
        if keywords.get("device") is not None and cls.library:
            chosen(keywords["device"])
        if cls.library:
            self.given = (arguments, keywords)  # type: ignore[attr-defined]  # a LibraryModel
        with placed(caller(_getframe(1)) if cls.library else mode.where):
            self.construct(*arguments, **keywords)
        self.finish()
        return self

    def __repr__(cls) -> str:
        return f"<class '{cls.__name__}'>"

    def __member__(cls, name: str) -> Any:
        """`Transformer.generate_square_subsequent_mask`: a static method is a function of the library's file, named
        after the model and itself. Errors: KeyError."""
        if name == "__name__":
            return cls.__name__
        if not cls.library or cls.body is None:
            raise KeyError(name)
        return cls.body.__globals__[f".{cls.__name__}_{name}"]

    @property
    def library(cls) -> bool:
        return issubclass(cls, LibraryModel)


def as_they_are(function: Any, keywords: dict[str, Any]) -> dict[str, Any]:
    return keywords


def is_parameter(value: Any) -> bool:
    return is_held(value) and value.extra is not None and value.extra.parameter


def is_held(value: Any) -> bool:
    """Whether it is a plain tensor, or one of a lazy layer that has no values yet."""
    return value.__class__ is Tensor or getattr(value.__class__, "uninitialized", False)


def is_registered(value: Any) -> bool:
    """Whether a layer has it as a parameter or as a layer, by its class alone: what stands for a value of which nothing
    is known (`gradsh.plans.refusal.Unseen`) is neither."""
    kind = type(value)
    return issubclass(kind, Model) or ((kind is Tensor or hasattr(kind, "uninitialized")) and is_parameter(value))


def adopt(value: Tensor) -> bool:
    """Whether the tensor is a parameter; a leaf with the grad flag becomes one."""
    if value.node is None and value.requires:
        value.own_extra().parameter = True
        return True
    return is_parameter(value)


ModelType.__name__ = "type"  # in errors: what Python says of a class that stands where an object should


class Model(metaclass=ModelType):
    """One instance.

    cells         the fields by name, in the order in which the body binds them, then what is hidden
    buffer_names  the fields that are buffers -> whether they belong to the state
    vacant        the fields that were registered without a value, or have lost it -> "parameter" or "module"
    run           the field `forward`
    hooks         None, or what is called at its forward, backward, saving and loading (gradsh.engine.nn.hooks.Hooks)
    """

    __slots__ = ("__weakref__", "buffer_names", "cells", "hooks", "run", "training", "vacant")
    __torch__ = "nn.Module"
    __public__ = PUBLIC
    __looks__ = LOOKS

    cells: dict[str, CellType]
    buffer_names: dict[str, bool]
    hooks: Hooks | None
    run: Any
    training: bool
    vacant: dict[str, str]

    body = None
    hidden: frozenset[str] = frozenset()
    spell = staticmethod(as_they_are)

    def construct(self, *arguments: Any, **keywords: Any) -> None:
        """Run the body."""
        kind = type(self)
        if kind.body is not None:
            kind.body(self, *arguments, **kind.spell(kind.body, keywords))

    def open(self, names: tuple[str, ...], cells: dict[str, CellType]) -> None:
        """Called first in the body: its names in the order of the text, and the cells of those that are variables."""
        own = self.cells
        for name in names:
            own[name] = cells.pop(name) if name in cells else CellType()
        own.update(cells)

    def finish(self) -> None:
        """The body has run: tensors among the fields become parameters and buffers."""
        hidden = type(self).hidden
        for name, value in self.fields():
            if value.__class__ is Tensor and name not in hidden and not adopt(value):
                self.buffer_names.setdefault(name, True)
        self.settle()

    def settle(self) -> None:
        """Note what a call runs."""
        self.run = self.get("forward")

    # --- fields ---------------------------------------------------------------------------------------------

    def get(self, name: str, default: Any = None) -> Any:
        """The field of that name."""
        cell = self.cells.get(name)
        if cell is None:
            return default
        try:
            return cell.cell_contents
        except ValueError:  # not bound: a branch of the body that did not run
            return default

    def fields(self) -> Iterator[tuple[str, Any]]:
        """The fields that are bound, without what is hidden."""
        hidden = type(self).hidden
        for name, cell in list(self.cells.items()):
            if name not in hidden:
                try:
                    yield name, cell.cell_contents
                except ValueError:
                    continue

    def __member__(self, name: str) -> Any:
        """`instance.name` of a program. Errors: KeyError."""
        cell = self.cells.get(name)
        if cell is not None:
            try:
                return cell.cell_contents
            except ValueError:
                pass
        if name in PUBLIC:
            return getattr(self, name)
        if name in REGISTERING:
            from gradsh.engine.nn import hooks

            return MethodType(getattr(hooks, name), self)
        raise KeyError(name)

    def __members__(self) -> list[str]:
        return [*(name for name in self.cells if self.get(name, self) is not self), *PUBLIC, *REGISTERING]

    def __set_member__(self, name: str, value: Any) -> None:
        """`instance.name = value`: PyTorch's rules for what may take the place of what."""
        if name == "training":
            self.training = bool(value)
            return
        old = self.get(name)
        flagged = value.__class__ is Tensor and adopt(value)
        if name not in type(self).hidden and not flagged:
            wanted = ""
            if is_parameter(old) or self.awaited(name) == "parameter":
                wanted = f"parameter '{name}' (torch.nn.Parameter or None expected)"
            elif name in self.buffer_names:
                wanted = f"buffer '{name}' (torch.nn.Buffer, torch.Tensor or None expected)"
                if value.__class__ is Tensor:
                    wanted = ""
            elif isinstance(old, Model) and not isinstance(value, Model):
                wanted = f"child module '{name}' (torch.nn.Module or None expected)"
            if wanted and value is not None:
                raise ArgumentError(f"cannot assign '{type_text(value)}' as {wanted}")
        if flagged:
            self.buffer_names.pop(name, None)
        elif value is None:
            self.vacate(name, old)
        self.put(name, value)

    def put(self, name: str, value: Any) -> None:
        """Set a field without asking."""
        cell = self.cells.get(name)
        if cell is None:
            self.cells[name] = CellType(value)
        else:
            if self.get(name, ABSENT) is ABSENT:  # it was deleted, and comes last now
                self.cells[name] = self.cells.pop(name)
            cell.cell_contents = value
        if name == "forward":
            self.run = value

    def drop(self, name: str) -> bool:
        """Delete a field; whether there was one.

        Its cell stays, without a value: the functions of the body hold it, and what is set under the name afterwards is
        theirs (`del layer.weight; layer.weight = 2 * v`, as norms of weights are written by hand).
        """
        if self.get(name, ABSENT) is ABSENT:
            return False
        del self.cells[name].cell_contents
        self.buffer_names.pop(name, None)
        self.vacant.pop(name, None)
        return True

    def vacate(self, name: str, old: Any) -> None:
        """None takes the place of what was there: it stays registered, as PyTorch's `_parameters` have it."""
        if is_parameter(old) or isinstance(old, Model):
            self.vacant[name] = "module" if isinstance(old, Model) else "parameter"

    def awaited(self, name: str) -> str:
        """What a field that is None is registered to become: "parameter", "buffer", "module", or "" for anything."""
        return (
            "" if self.get(name) is not None else "buffer" if name in self.buffer_names else self.vacant.get(name, "")
        )

    def registered(self, kind: str) -> dict[str, Any]:
        """PyTorch's `_parameters` ("parameter") or `_buffers` ("buffer"), with None for what has no value."""
        found = dict(self.own_parameters() if kind == "parameter" else self.own_buffers())
        held = [name for name, _ in Model.fields(self) if name in found or self.awaited(name) == kind]
        return {name: found.get(name) for name in held} | found

    # --- calling ----------------------------------------------------------------------------------------------

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if self.hooks is None and not keywords:
            run = self.run
            if run is not None:
                return run(*arguments)
        return self.call(arguments, keywords)

    def call(self, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """The long way: with keywords and hooks."""
        run = self.run
        if run is None:
            raise NoForward(f'Module [{type(self).__name__}] is missing the required "forward" function')
        if self.hooks is None:
            return run(*arguments, **type(self).spell(run, keywords))
        from gradsh.engine.nn.hooks import hooked  # few models have hooks

        return hooked(self, arguments, keywords)

    # --- the tree -----------------------------------------------------------------------------------------------

    def named_children(self) -> list[tuple[str, Model]]:
        """The models among the fields. Those in a plain list are nobody's, as in PyTorch: a ModuleList holds models."""
        found: dict[int, tuple[str, Model]] = {}
        for name, child in self.printed_children():
            found.setdefault(id(child), (name, child))
        return list(found.values())

    def children(self) -> list[Model]:
        return [child for _, child in self.named_children()]

    def tree(self, prefix: str = "") -> Iterator[tuple[str, Model]]:
        """This model and all below it with their full names, a shared one as often as it occurs."""
        yield prefix, self
        for name, child in self.fields():
            if isinstance(child, Model):
                yield from child.tree(_below(prefix, name))

    def named_modules(
        self, memo: Any = None, prefix: str = "", remove_duplicate: bool = True
    ) -> list[tuple[str, Model]]:
        """This model and all below it with their full names, each once."""
        seen: set[int] = set()
        result = []
        for name, model in self.tree(prefix):
            if remove_duplicate:
                if id(model) in seen:
                    continue
                seen.add(id(model))
            result.append((name, model))
        return result

    def modules(self) -> list[Model]:
        return [model for _, model in self.named_modules()]

    def own_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """The parameters among the fields."""
        for name, value in self.fields():
            if name not in self.buffer_names and is_held(value) and adopt(value):
                yield name, value

    def own_buffers(self) -> Iterator[tuple[str, Tensor]]:
        for name in self.buffer_names:
            value = self.get(name)
            if is_held(value):
                yield name, value

    def _named(
        self, own: Callable[[Model], Iterator[tuple[str, Tensor]]], prefix: str, recurse: bool, once: bool
    ) -> list[tuple[str, Tensor]]:
        seen: set[int] = set()
        result = []
        for path, model in self.tree(prefix) if recurse else [(prefix, self)]:
            for name, t in own(model):
                if once:
                    if id(t) in seen:
                        continue
                    seen.add(id(t))
                result.append((_below(path, name), t))
        return result

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> list[tuple[str, Tensor]]:
        """Parameters with their full names, each once."""
        return self._named(lambda model: model.own_parameters(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> list[Tensor]:
        return [t for _, t in self.named_parameters(recurse=recurse)]

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> list[tuple[str, Tensor]]:
        """Buffers with their full names, each once."""
        return self._named(lambda model: model.own_buffers(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> list[Tensor]:
        return [t for _, t in self.named_buffers(recurse=recurse)]

    def get_submodule(self, target: str) -> Model:
        """The model below this one that has the full name `target`. Errors: AttributeError_."""
        model = self
        for name in target.split(".") if target else ():
            child = model.get(name)
            if child is None:
                raise AttributeError_(f"{type(model).__name__} has no attribute `{name}`")
            if not isinstance(child, Model):
                raise AttributeError_(f"`{name}` is not an nn.Module")
            model = child
        return model

    def _leaf(self, target: str, own: Callable[[Model], Iterator[tuple[str, Tensor]]], what: str) -> Tensor:
        path, _, name = target.rpartition(".")
        model = self.get_submodule(path)
        found = dict(own(model)).get(name)
        if found is None:
            if model.get(name) is None:
                raise AttributeError_(f"{type(model).__name__} has no attribute `{name}`")
            raise AttributeError_(f"`{name}` is not {what}")
        return found

    def get_parameter(self, target: str) -> Tensor:
        """The parameter that has the full name `target`. Errors: AttributeError_."""
        return self._leaf(target, lambda model: model.own_parameters(), "an nn.Parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer that has the full name `target`. Errors: AttributeError_."""
        return self._leaf(target, lambda model: model.own_buffers(), "a buffer")

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make a field that is a buffer; one that is not `persistent` does not belong to the state."""
        self.check_name("buffer", name, name in self.buffer_names)
        if tensor is not None and tensor.__class__ is not Tensor:
            raise ArgumentError(
                f"cannot assign '{type_text(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self.put(name, tensor)
        self.buffer_names[name] = persistent

    def register_parameter(self, name: str, param: Tensor | None) -> None:
        """Make a field that is a parameter."""
        self.check_name("parameter", name, is_parameter(self.get(name)))
        if param is not None and not (param.__class__ is Tensor and adopt(param)):
            raise ArgumentError(
                f"cannot assign '{type_text(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)"
            )
        self.put(name, param)
        if param is None:
            self.vacant[name] = "parameter"

    def add_module(self, name: str, module: Model | None) -> None:
        """Make a field that is a model."""
        if module is not None and not isinstance(module, Model):
            raise ArgumentError(f"{type_text(module)} is not a Module subclass")
        self.check_name("module", name, isinstance(self.get(name), Model))
        self.put(name, module)
        if module is None:
            self.vacant[name] = "module"

    def check_name(self, what: str, name: Any, replaced: bool) -> None:
        """Raise unless a field may be called so; `replaced`: one of that kind is. Errors: ArgumentError, KeyError_."""
        if not isinstance(name, str):
            raise ArgumentError(f"{what} name should be a string. Got {type_text(name)}")
        said = ""
        taken = not replaced and name in self.__members__() and self.get(name, self) is not None
        if taken and what == "module":
            said = f"attribute '{name}' already exists"
        elif "." in name:
            said = f'{what} name can\'t contain "."' + (f", got: {name}" if what == "module" else "")
        elif not name:
            said = f'{what} name can\'t be empty string ""'
        elif taken:
            said = f"attribute '{name}' already exists"
        if said:
            raise KeyError_(repr(said))

    register_module = add_module

    # --- what is done to all of it ------------------------------------------------------------------------------

    def train(self: Self, mode: bool = True) -> Self:
        """Into training mode, with everything below."""
        if not isinstance(mode, bool):
            raise ValueError_("training mode is expected to be boolean")
        for _, model in self.tree():
            model.training = mode
        return self

    def eval(self: Self) -> Self:
        return self.train(False)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Set the grad flag of all parameters."""
        for t in self.parameters():
            t.set_requires_grad(bool(requires_grad))
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for t in self.parameters():
            if set_to_none or t.gradient is None:
                t.grad = None
            else:
                from gradsh.engine.ops.families import methods

                t.gradient.node, t.gradient.requires = None, False
                methods()["zero_"](t.gradient)

    def apply(self: Self, fn: Callable[[Model], object]) -> Self:
        """Call `fn` on every model below, then on this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def to(self: Self, *arguments: Any, **keywords: Any) -> Self:
        """Convert floating parameters and buffers to a dtype; the CPU may be named. Errors: WrongDevice."""
        for value in (*arguments, *keywords.values()):
            if isinstance(value, str | Device):
                chosen(value)
            if isinstance(value, MemoryFormat):
                for t in (*self.parameters(), *self.buffers()):
                    if t.ndim in (4, 5):
                        _arrange(t, value)
            dtype = value.dtype if value.__class__ is Tensor else value
            if isinstance(dtype, DType):
                if dtype.np.kind != "f":
                    raise ArgumentError(
                        "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                        f"dtype=torch.{dtype!r}"
                    )
                for t in (*self.parameters(), *self.buffers()):
                    _convert(t, dtype.np)
        return self

    def float(self: Self) -> Self:
        return self.to(_dtype("float32"))

    def double(self: Self) -> Self:
        return self.to(_dtype("float64"))

    def half(self: Self) -> Self:
        return self.to(_dtype("float16"))

    def cpu(self: Self) -> Self:
        return self

    def cuda(self, device: Any = None) -> None:
        """There is no such device. Errors: WrongDevice."""
        chosen("cuda")

    # --- state --------------------------------------------------------------------------------------------------

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """All parameters and buffers by full name, on the same memory but outside of any graph unless `keep_vars`.

        They go into `destination`, where that is a dict.
        """
        if len(args) > 3:
            raise ArgumentError("too many values to unpack (expected 3)", kind="ValueError")
        given: list[Any] = [*args, *(destination, prefix, keep_vars)[len(args) :]]
        return saved(self, *given)

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> IncompatibleKeys:
        """Copy the values of a state into this model's; all that does not fit is said in one error.

        assign   the state's own tensors take the place of the model's
        Errors: StateMismatch; as in PyTorch, what fits has been copied then. ArgumentError for what is no dict.
        """
        return load(self, state_dict, strict, assign)

    def own_method(self, name: str) -> Any:
        """A method of a program's class that PyTorch's classes have only to be written anew, `get_extra_state`."""
        return None

    def save_own(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        save_own(self, destination, prefix, keep_vars)

    def load_own(self, *given: Any) -> None:
        load_own(self, *given)

    # --- how it prints ----------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands in the parentheses: what the field `extra_repr` of the model says."""
        function = self.get("extra_repr")
        return str(function()) if callable(function) else ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        extra_lines = extra.split("\n") if extra else []
        lines = [*extra_lines, *(f"({name}): {indented(repr(child))}" for name, child in self.places())]
        if not lines:
            return f"{type(self).__name__}()"
        if len(lines) == 1 and extra_lines:
            return f"{type(self).__name__}({extra})"
        return "\n  ".join([f"{type(self).__name__}(", *lines]) + "\n)"

    def printed_children(self) -> list[tuple[str, Model]]:
        return [(name, child) for name, child in self.fields() if isinstance(child, Model)]

    def places(self) -> list[tuple[str, Model | None]]:
        """Its models, and None for each place that awaits one."""
        return [(name, child) for name, child in self.fields() if isinstance(child, Model) or self.awaits(name, child)]

    def awaits(self, name: str, child: Any) -> bool:
        return child is None and self.awaited(name) == "module"


Model.__name__ = Model.__qualname__ = "Module"  # which programs know it by


class LibraryModel(Model):
    """A model of the standard library: what it computes is said to be computed where the program called it.

    given   what it was made from, which its parameters are made from once more when they are reset
    """

    __slots__ = ("given",)

    given: tuple[tuple[Any, ...], dict[str, Any]]

    def awaited(self, name: str) -> str:
        said = super().awaited(name)
        if said or name not in WITHOUT or self.get(name, self) is not None:
            return said
        return "buffer" if type(self).__name__.endswith("Loss") else WITHOUT[name]

    def reset_parameters(self) -> None:
        """Draw the parameters once more, as a new layer would; buffers begin anew too."""
        from gradsh.engine.core.modes import no_grad
        from gradsh.engine.core.namespaces import T

        arguments, keywords = self.given
        kind = next(base for base in type(self).__mro__ if base.__dict__.get("body") is not None)
        fresh = kind(*arguments, **keywords)
        for own in (Model.own_parameters, Model.own_buffers):
            for name, t in own(fresh):
                held = self.get(name)
                if is_held(held) and held.data.shape == t.data.shape:
                    with no_grad():
                        T.copy_(held, t)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        try:
            if mode.where is None:
                mode.where = caller(_getframe(1))
                try:
                    if self.hooks is None and not keywords:
                        return self.run(*arguments)
                    return self.call(arguments, keywords)
                finally:
                    mode.where = None
            return self.call(arguments, keywords)
        except NameError as error:
            name = (*str(error).split("'"), "")[1].lstrip(".")  # of what its functions share there is no `error.name`
            if name not in self.cells or self.get(name, ABSENT) is not ABSENT:
                raise
            said = f"'{type(self).__name__}' object has no attribute '{name}'"  # it was deleted
            raise AttributeError_(said) from None


# --- helpers ----------------------------------------------------------------------------------------------------------


def _below(prefix: Any, name: str) -> str:
    """The full name of what is called `name` in the model of that full name, as PyTorch joins them.

    Errors: TypeError_ for a prefix of a program's that is no string.
    """
    if not isinstance(prefix, str):
        raise TypeError_(f"unsupported operand type(s) for +: '{type_word(prefix)}' and 'str'")
    return f"{prefix}.{name}" if prefix else name


def indented(text: str) -> str:
    """The text with its second and later lines moved in by two."""
    return text.replace("\n", "\n  ")


def type_text(value: Any) -> str:
    """A value's type as PyTorch's errors about fields call it."""
    if value.__class__ is Tensor:
        return f"torch.{value.dtype.title}Tensor"
    return type(value).__name__


def _dtype(name: str) -> DType:
    from gradsh.engine.core.dtypes import NAMES

    return NAMES[name]


def _arrange(t: Tensor, wanted: MemoryFormat) -> None:
    """Give a tensor memory in another format; it stays the same tensor."""
    order = order_of(t.data, wanted, "to")
    if order is not None:
        t.data = ordered(t.data, order)
        t.storage = None


def _convert(t: Tensor, dtype: Any) -> None:
    """Give a tensor, and its gradient, memory of another dtype; it stays the same tensor."""
    if t.__class__ is not Tensor:  # it has no values yet
        t.cast(dtype)  # type: ignore[attr-defined]  # see gradsh.engine.nn.lazy
        return
    for one in (t, t.gradient):
        if one is not None and one.data.dtype.kind == "f" and one.data.dtype != dtype:
            one.data = one.data.astype(dtype)
            one.storage = None


def not_a_model(value: Any) -> GradshError:
    """The error for what should have been a model."""
    return ArgumentError(f"{type_text(value)} is not a Module subclass")
