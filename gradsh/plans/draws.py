"""Random draws in a plan: a copy of each generator draws what the program's would, and hands its state back."""

from __future__ import annotations

from _random import Random
from collections.abc import Callable
from typing import Any

from gradsh.plans.refusal import NoPlan
from gradsh.plans.values import Record, fresh, uncovered


class Stream:
    """What stands for a generator, or a stream of `random`, while a body is recorded.

    own    a generator that is where the program's was, and draws for the recording and the plan
    ended  where it was at the end of the recording
    """

    def __init__(self, record: Record, generator: Any) -> None:
        self.record = record
        self.own = copied(generator)
        self.ended: Any = None

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.own)

    def __getattr__(self, name: str) -> Any:
        raise NoPlan("the body draws random numbers in a way that no plan knows")

    def drawn(self, function: Callable[..., Any], given: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """One of random.py's functions, as a step."""
        record = self.record
        record.inside += 1
        try:
            result = function(self.own, *uncovered(given), **uncovered(options))
        finally:
            record.inside -= 1
        out = fresh(record, result)
        record.add("draw", function, (self.own, *given), out, options)
        return out


def is_stream(x: Any) -> bool:
    """Whether it is a stream of Python's `random`, and not one of gradsh's."""
    return isinstance(x, Random)


def copied(generator: Any) -> Any:
    """Another that is where it is."""
    if not is_stream(generator):
        return generator.clone()
    own = type(generator)()
    own.setstate(generator.getstate())
    return own


def state_of(generator: Any) -> Any:
    if is_stream(generator):
        return generator.getstate()
    engine = generator._engine
    return generator._seed, generator.kept, None if engine is None else engine.getstate()


def put_state(generator: Any, state: Any) -> None:
    if is_stream(generator):
        generator.setstate(state)
        return
    generator._seed, generator.kept, words = state
    if words is None:
        generator._engine = None
        return
    if generator._engine is None:
        generator._engine = Random()
    generator._engine.setstate(words)
