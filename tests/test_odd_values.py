"""Wrong kinds, huge and odd sizes, tensors of no elements and of no dims, integers and bools through every operator.

Forward, backward, backward again and the second derivative: an error in words or a result, never a fault of gradsh
itself, never a hang. Each part makes one in so many of the calls; all of them take two minutes,
`python -m tests.test_odd_values`.
"""

from __future__ import annotations

import io
import json
import signal
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, islice, product
from types import FrameType
from typing import Any

import numpy as np
import pytest

from gradsh import Session
from gradsh.calls.signature import PROGRAM, split
from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core.dtypes import NAMES
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor, leaf, make
from gradsh.engine.ops import families
from gradsh.errors import GradshError
from gradsh.runtime.faults import translate
from tests.conftest import ROOT

PARTS = 4
EVERY = 41  # of the calls that there are, one in so many is made in each part
LONGEST = 10.0  # seconds
FUNCTIONS = families.functions()
_space: dict[str, Any] = {PROGRAM: True}  # calls of a program are checked, a rule's own are not
exec("def call(f, args, kwargs):\n    return f(*args, **kwargs)\n", _space)
call = _space["call"]


class Hang(BaseException):
    """A call took too long."""


def tensor(value: Any, dtype: str, grad: bool = False) -> Tensor:
    return leaf(np.array(value, dtype)[()], grad, None)


def odd() -> list[Any]:
    """What is sent; tensors anew for each call."""
    return [
        *(None, True, "a", 3.5, -1, 0, 2**62, 2**63, 1e30, float("nan"), float("inf"), [], (), [1, 2], ["a"], [None]),
        *((2**62, 2), {}, lambda x: x, NAMES["int64"], [tensor([1.0, 2.0], "f", True)]),
        tensor(np.zeros((0, 3)), "f", True),
        tensor(1.5, "f", True),
        *(tensor(1, "i8"), tensor(True, "?"), tensor([1, 0, 2], "i8"), tensor([True, False], "?")),
        *(tensor([[1, 2], [3, 4]], "u1"), tensor([1, 2], "e", True), tensor([[1, 2], [3, 4]], "f8", True)),
        tensor(np.ones((2, 1, 3)), "f", True),
    ]


def settings(name: str) -> bool:
    """Does it change what all later calls do?"""
    return name.startswith(("set_", "manual_seed", "seed")) or name in ("save", "load", "inference_mode", "no_grad")


def calls() -> Iterator[tuple[str, int, int, int | str]]:
    """(operator, number of the sample or -1, which odd value, in what place) of every call there is."""
    many = range(len(odd()))
    for name in sorted(FUNCTIONS):
        entry = FUNCTIONS[name]
        if settings(name):
            continue
        samples = list(entry.samples())[:2] if entry.samples is not None else []
        parameters = entry.signature.parameters
        for number, sample in enumerate(samples):
            keywords = [p.name for p in parameters if p.name in sample.kwargs or p.kind == "keyword"]
            for place in (*range(len(sample.args) + 1), *keywords):
                yield from ((name, number, which, place) for which in many)
        if not samples:
            yield from ((name, -1, which, p.name) for p in parameters[:3] for which in many)


def arguments(name: str, number: int, which: int, place: int | str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A sample's, with an odd value in that place."""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    if number >= 0:
        given, kwargs = list(FUNCTIONS[name].samples())[number].draw(0)  # type: ignore[misc]  # it has samples
        args = tuple(given)
    if isinstance(place, str):
        return args, {**kwargs, place: odd()[which]}
    return (*args[:place], odd()[which], *args[place + 1 :]), kwargs


def inside(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value] if value.requires else []
    return [t for v in value for t in inside(v)] if isinstance(value, (list, tuple)) else []


def used(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """The call, its gradients twice, and the gradients of these."""
    outputs = inside(call(FUNCTIONS[name].apply, args, kwargs))
    inputs = [t for t in dict.fromkeys(inside([*args, *kwargs.values()])) if t.node is None]
    if not outputs or not inputs:
        return
    seeds = [make(np.ones(o.data.shape, o.data.dtype)[()]) for o in outputs]
    first = [g for g in run_grad(outputs, inputs, seeds, True, True, True, False, None) if g is not None and g.requires]
    run_grad(outputs, inputs, seeds, True, False, True, False, None)
    if first:
        seeds = [make(np.ones(g.data.shape, g.data.dtype)[()]) for g in first]
        run_grad(first, inputs, seeds, True, False, True, False, None)


def refused_by_python(error: BaseException) -> bool:
    """Did the call itself not fit the function? That is the program's fault, and told as such."""
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    return where is not None and where.tb_frame.f_globals is _space


def hang(number: int, frame: FrameType | None) -> None:
    raise Hang


def faults(chosen: Iterable[tuple[str, int, int, int | str]]) -> list[str]:
    """What went wrong with gradsh itself, among so many calls."""
    found = []
    before = signal.signal(signal.SIGALRM, hang)
    sink, mode.warn_sink = mode.warn_sink, None
    try:
        for name, *where in chosen:
            args, kwargs = arguments(name, *where)
            signal.setitimer(signal.ITIMER_REAL, LONGEST)
            try:
                used(name, args, kwargs)
            except GradshError as error:
                if error.code == "E0999":
                    found.append(f"{name}{args}{kwargs}: {error.message}")
            except Hang:
                found.append(f"{name}{args}{kwargs}: hangs")
            except BaseException as error:
                if not refused_by_python(error) and translate(error).code == "E0999":
                    found.append(f"{name}{args}{kwargs}: {error!r}")
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, before)
        mode.warn_sink = sink
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="there is no alarm")
@pytest.mark.parametrize("part", range(PARTS))
def test_odd_values_are_no_faults(part: int) -> None:
    with np.errstate(all="ignore"):
        found = faults(islice(calls(), part * EVERY, None, PARTS * EVERY))
    assert not found, "\n".join(found)


# what programs write for such values; a few that the table above has not
WRITTEN = [
    *("none", "true", '"a"', "3.5", "-1", "0", "4611686018427387904", "1e30", "nan", "inf", "[]", "()", "[1, 2]", "{}"),
    *("zeros(0, 3, grad)", "tensor(1.5, grad)", "tensor([1, 0, 2])", "tensor([true, false])", "ones(2, 1, 3, grad)"),
    *("tensor([1., 2.], dtype=float16)", "fn(x) = x", "int64", "zeros(2, 0, 4, 4)", "zeros(1, 1, 1, 1, 1, 1)"),
]
DISTRIBUTIONS = [
    *("Normal({}, 1.)", "Laplace({}, 1.)", "Cauchy(0., {})", "Uniform({}, 2.)", "Exponential({})", "Gamma({}, 1.)"),
    *(
        "Dirichlet({})",
        "Beta({}, 1.)",
        "StudentT({})",
        "Bernoulli({})",
        "Geometric({})",
        "Poisson({})",
        "Categorical({})",
    ),
    *("Binomial(3, {})", "OneHotCategorical({})", "Multinomial(3, {})", "MultivariateNormal({}, eye(2))"),
]
FEWER = 131  # of the programs with layers one in so many is run, of those with distributions one in seven


def of_layers() -> Iterator[str]:
    """Programs with a layer, an odd value in each place of its call and of its own."""
    recorded = json.loads((ROOT / "tests" / "data" / "layers.json").read_text(encoding="utf-8"))["cases"]
    for case in recorded:
        name, _, inside = case["make"][:-1].partition("(")
        given = [part.strip() for part in split(inside)]
        for place, value in product(range(len(given)), WRITTEN):
            keyword, equals, _ = given[place].rpartition("=")
            yield _program(
                case, f"{name}({', '.join([*given[:place], keyword + equals + value, *given[place + 1 :]])})"
            )
        for place, value in product(range(len(case["inputs"])), WRITTEN):
            yield _program(case, case["make"], {place: value})


def of_distributions() -> Iterator[str]:
    """The same with a distribution."""
    for form, value in product(DISTRIBUTIONS, WRITTEN):
        wrong, right = form.format(value), form.format("0.5")
        yield f"let d = {wrong}; let a = d.log_prob(tensor(1.)); let b = d.sample((2,)); let c = d.entropy()"
        yield f"let d = {right}; let a = d.log_prob({value}); let b = d.sample({value}); let c = d.cdf({value})"


def _program(case: dict[str, Any], make: str, inputs: dict[int, str] | None = None) -> str:
    values = [(inputs or {}).get(at, value) for at, value in enumerate(case["inputs"])]
    lines = [f"let {name} = {value}" for name, value in zip("abcd", values, strict=False)]
    return "\n".join([f"let net = {make}", *lines, f"let y = {case['call']}", "backward y.sum()"])


def test_layers_and_distributions_of_odd_values_are_no_faults() -> None:
    found = []
    with np.errstate(all="ignore"):
        for program in chain(islice(of_layers(), 0, None, FEWER), islice(of_distributions(), 0, None, 7)):
            errors = Session(out=io.StringIO(), err=io.StringIO()).run(program).errors
            found += [f"{program}: {error.message}" for error in errors if error.code == "E0999"]
    assert not found, "\n".join(found)


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        print("\n".join(faults(calls())) or "no faults")
