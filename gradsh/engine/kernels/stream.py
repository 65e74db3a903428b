"""Which random stream a draw takes its numbers from; the stream itself, random.py, is loaded by the first draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.modes import mode
from gradsh.errors import ArgumentError, ValueError_

if TYPE_CHECKING:
    from gradsh.engine.kernels.random import Generator


def stream(operator: str = "", generator: Any = None) -> Generator:
    """The generator of a `generator=` argument, or the session's, made now if need be."""
    from gradsh.engine.kernels.random import Generator

    if mode.interpreter is not None:
        mode.interpreter.draw()
    if generator is not None:
        if generator.__class__ is not Generator:
            raise ArgumentError(
                f"{operator}(): argument 'generator' must be torch.Generator, not {type_word(generator)}"
            )
        return generator
    if mode.generator is None:
        mode.generator = Generator.fresh()
    return mode.generator  # type: ignore[no-any-return]  # a Generator


class Forked:
    """A `fork_rng` block: behind it the session's stream is where it was before."""

    __slots__ = ("before", "enabled")

    def __init__(self, devices: Any = None, enabled: bool = True, device_type: str = "cuda") -> None:
        self.enabled = enabled

    def __enter__(self) -> None:
        if self.enabled:
            self.before = stream().get_state()

    def __exit__(self, *_: object) -> None:
        if self.enabled:
            stream().set_state(self.before)


def seed_of(seed: Any) -> int:
    """A seed as an int. Errors: Python's, of what `int` does not take."""
    try:
        return int(seed)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError_(str(error), kind=type(error).__name__) from None
