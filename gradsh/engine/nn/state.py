"""The state of a model: its parameters and buffers by name, and how a state is loaded into one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.modes import no_grad
from gradsh.engine.core.tensor import Tensor, make
from gradsh.errors import ArgumentError, AttributeError_, StateMismatch, ValueProblem

if TYPE_CHECKING:
    from gradsh.engine.nn.module import Model


class StateDict(dict[str, Any]):
    """What `state_dict()` gives: a dict that prints as PyTorch's OrderedDict, its keys too."""

    ordered = True

    def copy(self) -> StateDict:
        return StateDict(self)

    def __repr__(self) -> str:
        inside = ", ".join(f"({key!r}, {value!r})" for key, value in self.items())
        return f"OrderedDict([{inside}])" if self else "OrderedDict()"


class IncompatibleKeys(tuple[list[str], list[str]]):
    """What `load_state_dict` gives: which keys were missing, and which nothing in the model has."""

    __slots__ = ()
    __public__ = frozenset({"missing_keys", "unexpected_keys"})

    def __new__(cls, missing: list[str], unexpected: list[str]) -> IncompatibleKeys:
        return super().__new__(cls, (missing, unexpected))

    @property
    def missing_keys(self) -> list[str]:
        return self[0]

    @property
    def unexpected_keys(self) -> list[str]:
        return self[1]

    def __repr__(self) -> str:
        if not self[0] and not self[1]:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self[0]!r}, unexpected_keys={self[1]!r})"


def saved(model: Model, destination: Any, prefix: str, keep_vars: bool) -> Any:
    """The state of a model and of all below it, in `destination` or in a dict of its own; on the same memory."""
    if destination is None:
        destination = StateDict()
    elif isinstance(destination, list):
        raise ArgumentError("list indices must be integers or slices, not str")
    elif not isinstance(destination, (dict, Tensor)):
        raise ArgumentError(f"'{type_word(destination)}' object does not support item assignment")
    if not isinstance(prefix, str):
        raise ArgumentError(f"state_dict(): argument 'prefix' must be str, not {type_word(prefix)}")
    hooks = model.hooks
    if hooks is not None:
        for hook in list(hooks.saving_pre.values()):
            hook(model, prefix, keep_vars)
    model.save_own(destination, prefix, keep_vars)
    for name, child in model.printed_children():
        saved(child, destination, f"{prefix}{name}.", keep_vars)
    if hooks is not None:
        for hook in list(hooks.saving.values()):
            if hook(model, destination, prefix, {"version": 1}) is not None:
                raise ValueProblem("state_dict post-hook must return None")
    return destination


EXTRA = "_extra_state"


def save_own(model: Model, destination: Any, prefix: str, keep_vars: bool) -> None:
    """What a model itself has, without those below it: PyTorch's `_save_to_state_dict`."""
    from gradsh.engine.ops.program.autograd import detach

    for name, t in own_state(model):
        destination[prefix + name] = t if keep_vars or t.__class__ is not Tensor else detach.apply(t)
    get = model.own_method("get_extra_state")
    if get is not None:
        destination[prefix + EXTRA] = get()


def load_own(
    model: Model,
    given: dict[str, Any],
    prefix: str,
    notes: dict[str, Any],
    strict: Any,
    missing: list[str],
    unexpected: list[str],
    problems: list[str],
) -> None:
    """The same of loading: PyTorch's `_load_from_state_dict`, with the lists that it fills."""
    hooks = model.hooks
    if hooks is not None:
        for hook in list(hooks.loading_pre.values()):
            hook(model, given, prefix, notes, True, missing, unexpected, problems)
    own = dict(own_state(model))
    children = dict(model.printed_children())
    loading = Loading(bool(notes.get("assign_to_params_buffers")))
    for name, t in own.items():
        if prefix + name not in given:
            missing.append(prefix + name)
        elif problem := loading.one(model, name, t, prefix + name, given[prefix + name]):
            problems.append(problem)
    put = model.own_method("set_extra_state")
    if put is not None:
        if prefix + EXTRA in given:
            put(given[prefix + EXTRA])
        else:
            missing.append(prefix + EXTRA)
    for key in given:
        if key.startswith(prefix) and not (put is not None and key == prefix + EXTRA):
            first, dot, _ = key[len(prefix) :].partition(".")
            if first not in (children if dot else own):
                unexpected.append(key)


def own_state(model: Model) -> Iterator[tuple[str, Tensor]]:
    """The parameters of a model itself, then the buffers that belong to its state."""
    yield from model.own_parameters()
    for name, t in model.own_buffers():
        if model.buffer_names[name]:
            yield name, t


def load(model: Model, given: Any, strict: bool, assign: bool) -> IncompatibleKeys:
    """Copy the tensors of `given` into those of the same names in a model, or put them in their place (`assign`).

    Errors: StateMismatch with all that does not fit; ArgumentError when `given` is no dict.
    """
    if not isinstance(given, dict):
        raise ArgumentError(f"Expected state_dict to be dict-like, got <class '{type(given).__name__}'>.")
    for key in given:
        if not isinstance(key, str):
            raise AttributeError_(f"'{type(key).__name__}' object has no attribute 'startswith'")
    loading = Loading(assign)
    with no_grad():
        loading.into(model, given, "")
    problems = loading.problems
    if strict:
        for keys, word in ((loading.unexpected, "Unexpected"), (loading.missing, "Missing")):
            if keys:
                listed = ", ".join(f'"{key}"' for key in keys)
                problems.insert(0, f"{word} key(s) in state_dict: {listed}. ")
    if problems:
        listed = "\n\t".join(problems)
        raise StateMismatch(f"Error(s) in loading state_dict for {type(model).__name__}:\n\t{listed}")
    return IncompatibleKeys(loading.missing, loading.unexpected)


class Loading:
    """One load: what is missing, what nothing has, and what does not fit, so far."""

    def __init__(self, assign: bool) -> None:
        self.assign = assign
        self.missing: list[str] = []
        self.unexpected: list[str] = []
        self.problems: list[str] = []

    def into(self, model: Model, given: dict[str, Any], prefix: str) -> None:
        """Load what `given`, in which all keys begin with the prefix, has for a model and for all below it."""
        notes = {"version": 1, **({"assign_to_params_buffers": True} if self.assign else {})}
        model.load_own(given, prefix, notes, True, self.missing, self.unexpected, self.problems)
        for name, child in model.printed_children():
            below = f"{prefix}{name}."
            self.into(child, {key: value for key, value in given.items() if key.startswith(below)}, below)
        hooks = model.hooks
        if hooks is not None:
            found = IncompatibleKeys(self.missing, self.unexpected)
            for hook in list(hooks.loading.values()):
                if hook(model, found) is not None:
                    raise ArgumentError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new "
                        "values, if incompatible_keys need to be modified, it should be done inplace.",
                        kind="AssertionError",
                    )

    def one(self, model: Model, name: str, t: Tensor, key: str, value: Any) -> str:
        """Load one tensor, or say why it does not fit."""
        if getattr(value.__class__, "uninitialized", False) and t.__class__ is not Tensor:
            return ""
        if t.__class__ is not Tensor and value.__class__ is Tensor:
            t.materialize(value.data)  # type: ignore[attr-defined]  # see gradsh.engine.nn.lazy
        if value.__class__ is not Tensor and not getattr(value.__class__, "uninitialized", False):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from '
                f"checkpoint but received <class '{type(value).__name__}'>"
            )
        if tuple(value.shape) == (1,) and t.data.shape == ():
            value = value[0]
        if value.data.shape != t.data.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {value.shape.words} from checkpoint, "
                f"the shape in current model is {t.shape.words}."
            )
        if not self.assign:
            from gradsh.engine.ops.families import methods

            methods()["copy_"](t, value)
        elif t.extra is not None and t.extra.parameter:
            if value.extra is None or not value.extra.parameter:
                value = as_parameter(value, t.requires)
            else:
                value.set_requires_grad(t.requires)
            model.put(name, value)
        else:
            model.put(name, value)
        return ""


def as_parameter(value: Tensor, requires: bool) -> Tensor:
    """A parameter on the memory of a tensor."""
    own = make(value.data)
    own.storage = value.share()
    own.data = value.data
    own.requires = requires
    own.own_extra().parameter = True
    return own
