"""Parametrizations: a tensor of a model that is computed from others each time it is asked for.

PyTorch gives the model's class a property. A model of gradsh has its fields in cells, which its functions read as
variables: so the cell is filled when one of them is called and emptied when it is done, and who asks for the field gets
it computed. The class is one of its own all the same, `ParametrizedLinear`, as it prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, ClassVar

from gradsh.engine.core.modes import mode, no_grad
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.nn.containers import ModuleDict, ModuleList
from gradsh.engine.nn.module import Model, ModelType, is_parameter, type_text
from gradsh.engine.nn.state import as_parameter
from gradsh.errors import ArgumentError, ValueError_, ValueProblem

__acts_for_programs__ = True  # it calls models
FIELD = "parametrizations"
UNSAFE = "unless `unsafe` flag is enabled."
THE_UNSAFE = "unless the `unsafe` flag is enabled."


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, and what it is computed from: `original`, or `original0` and so on."""

    __slots__ = ()

    def construct(self, modules: Any, original: Tensor, unsafe: bool) -> None:  # type: ignore[override]  # by hand only
        super().construct(modules)
        self.put("unsafe", unsafe)
        self.run = self.forward
        with no_grad():
            new = _inverted(self.items, original)
        if not isinstance(new, (Tensor, tuple, list)):
            raise ValueError_(
                f"'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got {type_text(new)}"
            )
        single = isinstance(new, Tensor)
        self.put("is_tensor", single)
        self.put("ntensors", 1 if single else len(new))
        if isinstance(new, Tensor):
            if original.data.dtype != new.data.dtype:
                raise ValueError_(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: torch.{original.dtype!r}\nright_inverse(original).dtype: torch.{new.dtype!r}"
                )
            give(original, new)
            keep(self, "original", original)
        else:
            for number, each in enumerate(new):
                if not isinstance(each, Tensor):
                    raise ValueError_(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element "
                        f"{number} of the sequence with type {type_text(each)}."
                    )
                own = as_parameter(each, original.requires) if is_parameter(original) else each
                own.set_requires_grad(original.requires)
                keep(self, f"original{number}", own)
        if not unsafe:
            found = self()
            if not isinstance(found, Tensor):
                raise ValueError_(f"A parametrization must return a tensor. Got {type_text(found)}.")
            _check(
                (f"Registering a parametrization may not change the %s of the tensor, {UNSAFE}", "unparametrized %s"),
                "parametrized %s",
                original,
                found,
            )

    def finish(self) -> None:
        """`construct` has done it all."""

    def settle(self) -> None:
        self.run = self.forward

    def originals(self) -> list[Any]:
        """What the tensor is computed from."""
        if self.get("is_tensor"):
            return [self.get("original")]
        return [self.get(f"original{number}") for number in range(self.get("ntensors"))]

    def forward(self) -> Any:
        first, *others = self.items
        value = first(*self.originals())
        for each in others:
            value = each(value)
        return value

    def assign(self, value: Any) -> None:
        """Set what the tensor is computed from so that it is `value`. Errors: ValueProblem, ValueError_."""
        with no_grad():
            for each in reversed(self.items):
                inverse = _inverse(each)
                if inverse is None:
                    raise ValueProblem(f"parametrization {type(each).__name__} does not implement right_inverse.")
                value = inverse(value)
            if self.get("is_tensor"):
                own = self.get("original")
                if not isinstance(value, Tensor):
                    raise ValueError_(f"`right_inverse` should return a tensor. Got {type_text(value)}")
                if value.data.dtype != own.data.dtype:
                    raise ValueError_(
                        f"The tensor returned by `right_inverse` has dtype torch.{value.dtype!r} while `original` has "
                        f"dtype torch.{own.dtype!r}"
                    )
                give(own, value)
                return
            if not isinstance(value, (tuple, list)):
                raise ValueError_(f"'right_inverse' must return a sequence of tensors. Got {type_text(value)}.")
            if len(value) != self.get("ntensors"):
                raise ValueError_(
                    f"'right_inverse' must return a sequence of tensors of length {self.get('ntensors')}. Got a "
                    f"sequence of length {len(value)}."
                )
            for number, (own, each) in enumerate(zip(self.originals(), value, strict=True)):
                if each.data.dtype != own.data.dtype:
                    raise ValueError_(
                        f"Tensor {number} returned by `right_inverse` has dtype torch.{each.dtype!r} while "
                        f"`original{number}` has dtype torch.{own.dtype!r}"
                    )
                give(own, each)


def _inverse(model: Model) -> Any:
    """The `right_inverse` of a parametrization, None where it has none."""
    try:
        return model.__member__("right_inverse")
    except KeyError:
        return None


def _inverted(models: list[Any], value: Any) -> Any:
    """What the parametrizations make `value` of, the last one asked first."""
    for each in reversed(models):
        inverse = _inverse(each)
        if inverse is not None and not getattr(each, "no_inverse", False):
            value = inverse(value)
    return value


def _check(words: tuple[str, str], later: str, before: Tensor, after: Tensor) -> None:
    """Raise unless a tensor has kept its dtype and shape. Errors: ValueError_."""
    says, first = words
    for what, one, other in (
        ("dtype", f"torch.{before.dtype!r}", f"torch.{after.dtype!r}"),
        ("shape", before.shape.words, after.shape.words),
    ):
        if one != other:
            raise ValueError_(f"{says % what}\n{first % what}: {one}\n{later % what}: {other}")


def give(tensor: Tensor, source: Tensor) -> None:
    """`tensor.set_(source)`: it has the values of the other, in its memory."""
    if tensor is not source:
        tensor.data = source.data
        tensor.storage = source.storage


def keep(model: Model, name: str, tensor: Tensor) -> None:
    """Make a tensor a parameter of a model, or a buffer."""
    if is_parameter(tensor):
        model.register_parameter(name, tensor)
    else:
        model.register_buffer(name, tensor)


# --- models with such tensors -----------------------------------------------------------------------------------------


class Cached:
    """`cached { … }`: what is computed inside is kept until the end of the outermost such block."""

    __slots__ = ("before",)
    open = 0
    values: ClassVar[dict[tuple[int, str], Any]] = {}

    def __enter__(self) -> None:
        self.before = mode.grad
        Cached.open += 1

    def __exit__(self, *_: object) -> None:
        mode.grad = self.before
        Cached.open -= 1
        if not Cached.open:
            Cached.values.clear()


class Parametrized:
    """What the class of a model with parametrized tensors adds to the model's own."""

    __slots__ = ()

    def computed(self: Any, name: str) -> Any:
        """A parametrized field."""
        held = self.cells[FIELD].cell_contents.table[name]
        if not Cached.open:
            return held()
        key = (id(self), name)
        if key not in Cached.values:
            Cached.values[key] = held()
        return Cached.values[key]

    def names(self: Any) -> tuple[str, ...]:
        return tuple(self.cells[FIELD].cell_contents.table)

    def fields(self: Any) -> Iterator[tuple[str, Any]]:
        names = self.names()
        for name, value in super().fields():  # type: ignore[misc]  # of the model's own class
            if name not in names:
                yield name, value

    def get(self: Any, name: str, default: Any = None) -> Any:
        if name in self.names():
            return self.computed(name)
        return self.of_body(name, super().get(name, default))  # type: ignore[misc]  # as above

    def __member__(self: Any, name: str) -> Any:
        if name in self.names():
            return self.computed(name)
        return self.of_body(name, super().__member__(name))  # type: ignore[misc]

    def of_body(self: Any, name: str, value: Any) -> Any:
        """A field, of which functions find the computed tensors in their variables."""
        return self.filled(value) if type(value) is FunctionType and name in self.cells else value

    def __set_member__(self: Any, name: str, value: Any) -> None:
        if name in self.names():
            self.cells[FIELD].cell_contents.table[name].assign(value)
        else:
            super().__set_member__(name, value)  # type: ignore[misc]

    def filled(self: Any, function: Any) -> Callable[..., Any]:
        """A function of the body, which finds the computed tensors in its variables."""

        def call(*arguments: Any, **keywords: Any) -> Any:
            names = [name for name in self.names() if not _bound(self.cells[name])]
            try:
                for name in names:
                    self.cells[name].cell_contents = self.computed(name)
                return function(*arguments, **type(self).spell(function, keywords))
            finally:
                for name in names:
                    _empty(self.cells[name])

        call.__name__ = call.__qualname__ = getattr(function, "__name__", "forward")
        return call


def _bound(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - whether it has any
    except ValueError:
        return False
    return True


def _empty(cell: Any) -> None:
    if _bound(cell):
        del cell.cell_contents


_kinds: dict[type, Any] = {}


def _kind(own: type) -> Any:
    """The class that stands for a model's own, once it has parametrizations."""
    found = _kinds.get(own)
    if found is None:
        parts = {"__slots__": (), "__module__": ModelType.__module__}
        found = _kinds[own] = ModelType(f"Parametrized{own.__name__}", (Parametrized, own), parts)
    return found


def is_parametrized(model: Any, name: Any = None) -> bool:
    """Whether a field of the model, or any, is computed."""
    if not isinstance(model, Parametrized):
        return False
    return name is None or name in model.names()


def register(model: Any, name: str, parametrization: Any, unsafe: bool) -> Any:
    """Let a parameter or buffer be computed by a model from what it was. Errors: ValueError_."""
    if not isinstance(model, Model) or not isinstance(parametrization, Model):
        raise ArgumentError(f"{type_text(model if not isinstance(model, Model) else parametrization)} is not a Module")
    parametrization.train(model.training)
    if isinstance(model, Parametrized) and name in model.names():
        held = model.cells[FIELD].cell_contents.table[name]
        if not unsafe:
            _check_next(model, name, parametrization)
        held.append(parametrization)
        held.put("unsafe", held.get("unsafe") or unsafe)
        return model
    original = dict((*model.own_parameters(), *model.own_buffers())).get(name)
    if original is None:
        raise ValueError_(
            f"Module '{model}' does not have a parameter, a buffer, or a parametrized element with name '{name}'"
        )
    kind: Any = ParametrizationList
    held = kind([parametrization], original, unsafe)
    model.buffer_names.pop(name, None)
    _empty(model.cells[name])
    if not isinstance(model, Parametrized):
        model.put(FIELD, ModuleDict())
        model.__class__ = _kind(type(model))
        model.settle()
    model.cells[FIELD].cell_contents.table[name] = held
    return model


def _check_next(model: Any, name: str, parametrization: Model) -> None:
    """Raise unless one more parametrization leaves dtype and shape as they are."""
    before = model.computed(name)
    after = parametrization(before)
    if not isinstance(after, Tensor):
        raise ValueError_(f"A parametrization must return a tensor. Got {type_text(after)}.")
    says = f"Registering a parametrization may not change the %s of the tensor, {THE_UNSAFE}"
    _check((says, f"module.{name}.%s"), f"parametrization(module.{name}).%s", before, after)
    inverse = _inverse(parametrization)
    if inverse is None:
        return
    back = inverse(after)
    if not isinstance(back, Tensor):
        raise ValueError_(f"parametrization.right_inverse must return a tensor. Got: {type_text(back)}")
    says = f"The tensor returned by parametrization.right_inverse must have the same %s as module.{name}, {THE_UNSAFE}"
    _check((says, f"module.{name}.%s"), "returned %s", before, back)


def remove(model: Any, name: str, leave_parametrized: bool) -> Any:
    """Make a computed field a parameter or buffer again: what it was computed as, or from. Errors: ValueError_."""
    if not is_parametrized(model, name):
        raise ValueError_(f"Module {model} does not have a parametrization on {name}")
    held = model.cells[FIELD].cell_contents.table[name]
    if held.get("is_tensor"):
        original = held.get("original")
        if leave_parametrized:
            with no_grad():
                give(original, model.computed(name))
    elif leave_parametrized:
        value = model.computed(name)
        original = as_parameter(value, True) if value.requires else value
    else:
        raise ValueError_(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    del model.cells[FIELD].cell_contents.table[name]
    model.cells[name] = model.cells.pop(name)  # it comes last now
    keep(model, name, original)
    if not model.names():
        del model.cells[FIELD]
        model.__class__ = type(model).__mro__[2]
        model.settle()
    return model
