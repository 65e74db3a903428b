"""Hooks of models: what is called before and after `forward`."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.graph import Handle
from gradsh.engine.core.modes import mode
from gradsh.errors import ArgumentError, GradshError, ValueProblem

if TYPE_CHECKING:
    from gradsh.engine.nn.module import Model

__acts_for_programs__ = True  # as gradsh.engine.nn.module


class Hooks:
    """What a model calls: {id: hook} for each occasion, as the OrderedDict that programs find (`_forward_hooks`).

    before, after      its forward
    backward_pre, backward   the gradients of its outputs, and of its inputs
    saving_pre, saving   `state_dict()`
    loading_pre, loading   `load_state_dict()`
    """

    __slots__ = (*("after", "backward", "backward_pre", "before", "loading", "loading_pre", "saving", "saving_pre"),)

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, OrderedDict())

    def copy(self) -> Hooks:
        """The same hooks, for another model."""
        other = Hooks()
        for name in self.__slots__:
            setattr(other, name, OrderedDict(getattr(self, name)))
        return other

    def functions(self) -> list[Any]:
        """All functions that may be called."""
        tables = [getattr(self, name) for name in self.__slots__]
        return [getattr(hook, "function", hook) for table in tables for hook in table.values()]

    after: dict[int, Any]
    backward: dict[int, Any]
    backward_pre: dict[int, Any]
    before: dict[int, Any]
    loading: dict[int, Any]
    loading_pre: dict[int, Any]
    saving: dict[int, Any]
    saving_pre: dict[int, Any]


class Hook:
    """A hook that was registered with keywords."""

    __slots__ = ("always", "function", "keywords")

    def __init__(self, function: Any, keywords: bool, always: bool) -> None:
        self.function = function
        self.keywords = keywords
        self.always = always


def hooks_of(model: Model) -> Hooks:
    if model.hooks is None:
        model.hooks = Hooks()
    return model.hooks


def registered(hooks: dict[int, Any], hook: Any, prepend: bool, keywords: bool = False, always: bool = False) -> Handle:
    """Put a hook among those of a model, in front of them with `prepend`."""
    handle = Handle(hooks, hook)
    if keywords or always:
        hooks[handle.key] = Hook(hooks[handle.key], keywords, always)
    if prepend:
        others = {key: value for key, value in hooks.items() if key != handle.key}
        mine = hooks[handle.key]
        hooks.clear()
        hooks[handle.key] = mine
        hooks.update(others)
    return handle


# --- what programs call: methods of models ----------------------------------------------------------------------------


def register_forward_hook(
    model: Model, hook: Any, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
) -> Handle:
    """Call `hook(model, inputs, output)` after each forward; what it returns replaces the output.

    prepend      before the hooks that are there
    with_kwargs  as `hook(model, inputs, keywords, output)`
    always_call  also when the forward, or an earlier hook, fails
    """
    return registered(hooks_of(model).after, hook, prepend, with_kwargs, always_call)


def register_forward_pre_hook(model: Model, hook: Any, *, prepend: bool = False, with_kwargs: bool = False) -> Handle:
    """Call `hook(model, inputs)` before each forward; what it returns replaces the inputs.

    prepend      before the hooks that are there
    with_kwargs  as `hook(model, inputs, keywords)`, which returns both
    """
    return registered(hooks_of(model).before, hook, prepend, with_kwargs)


def register_full_backward_hook(model: Model, hook: Any, prepend: bool = False) -> Handle:
    """Call `hook(model, grad_input, grad_output)` when the gradients of the inputs are there; a tuple replaces them."""
    return registered(hooks_of(model).backward, hook, prepend)


def register_full_backward_pre_hook(model: Model, hook: Any, prepend: bool = False) -> Handle:
    """Call `hook(model, grad_output)` when the gradients of the outputs are there; a tuple replaces them."""
    return registered(hooks_of(model).backward_pre, hook, prepend)


def register_state_dict_pre_hook(model: Model, hook: Any) -> Handle:
    """Call `hook(model, prefix, keep_vars)` before a state is put together."""
    return registered(hooks_of(model).saving_pre, hook, False)


def register_state_dict_post_hook(model: Model, hook: Any) -> Handle:
    """Call `hook(model, state_dict, prefix, local_metadata)` after it; it changes the state in place."""
    return registered(hooks_of(model).saving, hook, False)


def register_load_state_dict_pre_hook(model: Model, hook: Any) -> Handle:
    """Call `hook(model, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)` before
    a state is loaded."""
    return registered(hooks_of(model).loading_pre, hook, False)


def register_load_state_dict_post_hook(model: Model, hook: Any) -> Handle:
    """Call `hook(model, incompatible_keys)` after it, which may be changed in place."""
    return registered(hooks_of(model).loading, hook, False)


# --- the forward ------------------------------------------------------------------------------------------------------


def hooked(model: Model, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """The forward of a model that has hooks."""
    run = model.run
    hooks = hooks_of(model)
    after = hooks.after
    done: set[int] = set()
    result: Any = None
    try:
        for hook in list(hooks.before.values()):
            arguments, keywords = _before(model, hook, arguments, keywords)
        passing = None
        if hooks.backward or hooks.backward_pre:
            from gradsh.engine.nn.backward import Passing  # few models have hooks at their backward

            passing = Passing(model, list(hooks.backward.values()), list(hooks.backward_pre.values()))
            arguments = passing.inputs(arguments)
        result = run(*arguments, **type(model).spell(run, keywords))
        for key, hook in list(after.items()):
            done.add(key)
            result = _after(model, hook, arguments, keywords, result)
        return result if passing is None else passing.outputs(result)
    except GradshError:
        for key, hook in list(after.items()):
            if hook.__class__ is Hook and hook.always and key not in done:
                try:
                    _after(model, hook, arguments, keywords, result)
                except GradshError as error:
                    mode.warn(
                        "module forward hook with ``always_call=True`` raised an exception that was silenced as "
                        f"another error was raised in forward: {error}"
                    )
        raise


def _before(model: Model, hook: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, Any]:
    if hook.__class__ is not Hook:
        changed = hook(model, arguments)
        return (arguments if changed is None else changed if isinstance(changed, tuple) else (changed,)), keywords
    changed = hook.function(model, arguments, keywords)
    if changed is None:
        return arguments, keywords
    if not isinstance(changed, tuple) or len(changed) != 2:
        said = "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got"
        raise ValueProblem(f"{said} {changed}.")
    arguments, keywords = changed
    if not isinstance(arguments, (tuple, list)):
        raise ArgumentError(f"argument after * must be an iterable, not {type_word(arguments)}")
    if not isinstance(keywords, dict):
        raise ArgumentError(f"argument after ** must be a mapping, not {type_word(keywords)}")
    if not all(isinstance(name, str) for name in keywords):
        raise ArgumentError("keywords must be strings")
    return tuple(arguments), keywords


def _after(model: Model, hook: Any, arguments: Any, keywords: Any, result: Any) -> Any:
    if hook.__class__ is not Hook:
        changed = hook(model, arguments, result)
    elif hook.keywords:
        changed = hook.function(model, arguments, keywords, result)
    else:
        changed = hook.function(model, arguments, result)
    return result if changed is None else changed
