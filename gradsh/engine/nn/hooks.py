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
    before_keywords, after_keywords, after_always   {id: True} of those that were registered so (`with_kwargs=True`)
    """

    __slots__ = (
        *("after", "backward", "backward_pre", "before", "loading", "loading_pre", "saving", "saving_pre"),
        *("after_always", "after_keywords", "before_keywords"),
    )

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
        return [hook for table in tables for hook in table.values() if hook is not True]

    after: dict[int, Any]
    after_always: dict[int, bool]
    after_keywords: dict[int, bool]
    backward: dict[int, Any]
    backward_pre: dict[int, Any]
    before: dict[int, Any]
    before_keywords: dict[int, bool]
    loading: dict[int, Any]
    loading_pre: dict[int, Any]
    saving: dict[int, Any]
    saving_pre: dict[int, Any]


def hooks_of(model: Model) -> Hooks:
    if model.hooks is None:
        model.hooks = Hooks()
    return model.hooks


def registered(hooks: dict[int, Any], hook: Any, prepend: bool, *marks: tuple[dict[int, bool], bool]) -> Handle:
    """Put a hook among those of a model, in front of them with `prepend`.

    marks   tables of the ids of hooks that are called in another way, and whether this one is
    """
    handle = Handle(hooks, hook, tuple(table for table, _ in marks))
    for table, marked in marks:
        if marked:
            table[handle.key] = True
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
    hooks = hooks_of(model)
    marks = (hooks.after_keywords, with_kwargs), (hooks.after_always, always_call)
    return registered(hooks.after, hook, prepend, *marks)


def register_forward_pre_hook(model: Model, hook: Any, *, prepend: bool = False, with_kwargs: bool = False) -> Handle:
    """Call `hook(model, inputs)` before each forward; what it returns replaces the inputs.

    prepend      before the hooks that are there
    with_kwargs  as `hook(model, inputs, keywords)`, which returns both
    """
    hooks = hooks_of(model)
    return registered(hooks.before, hook, prepend, (hooks.before_keywords, with_kwargs))


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
        for key, hook in list(hooks.before.items()):
            arguments, keywords = _before(model, hook, arguments, keywords, key in hooks.before_keywords)
        passing = None
        if hooks.backward or hooks.backward_pre:
            from gradsh.engine.nn.backward import Passing  # few models have hooks at their backward

            passing = Passing(model, list(hooks.backward.values()), list(hooks.backward_pre.values()))
            arguments = passing.inputs(arguments)
        result = run(*arguments, **type(model).spell(run, keywords))
        for key, hook in list(after.items()):
            done.add(key)
            result = _after(model, hook, arguments, keywords, result, key in hooks.after_keywords)
        return result if passing is None else passing.outputs(result)
    except GradshError:
        for key, hook in list(after.items()):
            if key in hooks.after_always and key not in done:
                try:
                    _after(model, hook, arguments, keywords, result, key in hooks.after_keywords)
                except GradshError as error:
                    mode.warn(
                        "module forward hook with ``always_call=True`` raised an exception that was silenced as "
                        f"another error was raised in forward: {error}"
                    )
        raise


def _before(
    model: Model, hook: Any, arguments: tuple[Any, ...], keywords: dict[str, Any], by_keyword: bool
) -> tuple[Any, Any]:
    if not by_keyword:
        changed = hook(model, arguments)
        return (arguments if changed is None else changed if isinstance(changed, tuple) else (changed,)), keywords
    changed = hook(model, arguments, keywords)
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


def _after(model: Model, hook: Any, arguments: Any, keywords: Any, result: Any, by_keyword: bool) -> Any:
    changed = hook(model, arguments, keywords, result) if by_keyword else hook(model, arguments, result)
    return result if changed is None else changed
