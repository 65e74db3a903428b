"""Hooks of models: what is called before and after `forward`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.graph import Handle
from gradsh.engine.core.modes import mode
from gradsh.errors import ArgumentError, GradshError, ValueProblem

if TYPE_CHECKING:
    from gradsh.engine.nn.module import Model

__acts_for_programs__ = True  # as gradsh.engine.nn.module


class Hook:
    """A hook that was registered with keywords."""

    __slots__ = ("always", "function", "keywords")

    def __init__(self, function: Any, keywords: bool, always: bool) -> None:
        self.function = function
        self.keywords = keywords
        self.always = always


def registered(hooks: dict[int, Any], hook: Any, prepend: bool, keywords: bool, always: bool) -> Handle:
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


def hooked(model: Model, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """The forward of a model that has hooks."""
    run = model.run
    before, after = model.hooks or ({}, {})
    done: set[int] = set()
    try:
        for hook in list(before.values()):
            arguments, keywords = _before(model, hook, arguments, keywords)
        result = run(*arguments, **type(model).spell(run, keywords))
        for key, hook in list(after.items()):
            done.add(key)
            result = _after(model, hook, arguments, keywords, result)
        return result
    except GradshError:
        for key, hook in list(after.items()):
            if hook.__class__ is Hook and hook.always and key not in done:
                try:
                    _after(model, hook, arguments, keywords, None)
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
