"""What entries of the registry say that the live line goes by, tried on samples: no test here names an operator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradsh.engine.core.modes import Context, interpreting, mode, swapped
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels.random import Generator
from gradsh.engine.operators import registry
from gradsh.engine.operators.work import CALL, elements, work
from gradsh.engine.ops.families import load_all
from gradsh.errors import GradshError
from gradsh.preview.guard import Guard
from gradsh.preview.refusals import Untold
from gradsh.preview.sized import Sized, is_sized, like, tensors

load_all()
SAMPLED = {
    name: entry
    for name, entry in sorted(registry.OPERATORS.items())
    if entry.name == name and entry.samples is not None and not entry.private
}
FIRST = 3  # samples of each that are tried


def samples(entry: Any) -> list[Any]:
    return [sample.draw() for sample in list(entry.samples())[:FIRST]]


def state(given: Any) -> list[Any]:
    """What a call could change: its tensors, the random stream, the modes."""
    context = Context()
    context.load(mode)
    tensors_ = [(id(t), t.data.tobytes(), t._version, t.requires, id(t.node), t.gradient) for t in tensors(given)]
    return [tensors_, mode.generator.as_bytes().tobytes(), context.grad, context.default, context.inference]


@pytest.fixture(autouse=True)
def quiet() -> Any:
    context = Context()
    context.generator = Generator(1)
    with swapped(context), np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("entry", SAMPLED.values(), ids=SAMPLED)
def test_under_guard_nothing_changes(entry: Any) -> None:
    """A call gives what it gives without the guard, or is refused; either way all is as it was."""
    for args, kwargs in samples(entry):
        given = [*args, *kwargs.values()]
        before = state(given)
        try:
            with interpreting(Guard(1e12)):
                out = entry.apply(*args, **kwargs)
        except Untold:
            assert state(given) == before
            continue
        assert state(given) == before
        for one, two in zip(tensors([out]), tensors([entry.apply(*args, **kwargs)]), strict=True):
            np.testing.assert_array_equal(one.data, two.data)


@pytest.mark.parametrize("entry", SAMPLED.values(), ids=SAMPLED)
def test_the_work_is_no_less_than_the_result(entry: Any) -> None:
    """An operator that is not made of others tells at least as much work as its result has elements, views aside."""
    if entry.view or entry.outside or entry.work == "form" or (entry.body and not entry.looped and not entry.work):
        pytest.skip("there is none, or it is that of others")
    for args, kwargs in samples(entry):
        values = entry.signature.bind(tuple(args), dict(kwargs))
        told = work(entry, values) - CALL
        made = entry.apply(*args, **kwargs)
        assert told >= sum(elements(out) for out in tensors([made]))


@pytest.mark.parametrize("entry", SAMPLED.values(), ids=SAMPLED)
def test_without_numbers_the_form_is_the_same(entry: Any) -> None:
    """Of tensors without numbers a call has a result of the right form, or none."""
    for args, kwargs in samples(entry):
        if not tensors(args) or entry.outside:
            continue
        real = entry.apply(*args, **kwargs)
        try:
            with interpreting(Guard(1e12)):
                out = entry.apply(*hollow(args), **kwargs)
        except (Untold, GradshError, TypeError, ValueError, np.linalg.LinAlgError):
            continue
        if is_sized([out]):
            formed = [(t.data.shape, t.data.dtype) for t in tensors([out])]
            assert formed == [(t.data.shape, t.data.dtype) for t in tensors([real])]
        else:
            assert not any(isinstance(each, (bool, float)) for each in (out,)), "a number, of none"


def hollow(values: Any) -> Any:
    return [
        like(v) if isinstance(v, Tensor) else v.__class__(hollow(v)) if v.__class__ in (list, tuple) else v
        for v in values
    ]


def test_a_tensor_without_numbers_gives_none() -> None:
    x = like(registry.OPERATORS["ones"].apply(2, 2))
    assert x.__class__ is Sized
    for ask in (bool, float, int, str, list, lambda x: x.item(), lambda x: 1 in x):
        with pytest.raises(Untold):
            ask(x[:1, 0] if ask is not list else like(registry.OPERATORS["ones"].apply(100)))
