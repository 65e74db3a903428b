"""Random tensors: the numbers that PyTorch gives for a seed (gradsh/engine/kernels/random.py has the stream)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.calls.devices import chosen
from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_int, need_tensor, numpy_dtype, type_word
from gradsh.engine.core.batched import RANDOMNESS, drawn
from gradsh.engine.core.modes import mode
from gradsh.engine.core.strided import empty_as, in_format
from gradsh.engine.core.tensor import Tensor, leaf
from gradsh.engine.kernels.stream import seed_of, stream
from gradsh.engine.operators.composite import composite, function
from gradsh.engine.operators.general import op, run
from gradsh.engine.ops.create.creation import INT64, number, scalar_like, sizes
from gradsh.errors import ArgumentError, DtypeError

# --- seeds -----------------------------------------------------------------------------------------------------------


@function("manual_seed(seed)", method=False, differentiable=False, effect=True, example="manual_seed(0)")
def manual_seed(seed: Any) -> Any:
    """Starts the random stream over from a seed; gives the generator."""
    value = seed_of(seed)
    if mode.generator is None:
        from gradsh.engine.kernels.random import Generator

        mode.generator = Generator(value)
        return mode.generator
    return mode.generator.manual_seed(value)


@function("seed()", outside=True, method=False, differentiable=False, example="seed()")
def seed() -> int:
    """Starts the random stream over from an unpredictable seed, and gives it."""
    return stream().seed()


@function("initial_seed()", outside=True, method=False, differentiable=False, example="initial_seed()")
def initial_seed() -> int:
    """The seed that the random stream started from."""
    return stream().initial_seed()


@function(
    "generator(seed=None)", outside=True, method=False, differentiable=False, example="rand(2, generator=generator(0))"
)
def generator(seed: Any) -> Any:
    """A random stream of its own, for `generator=` arguments."""
    from gradsh.engine.kernels.random import Generator

    return Generator() if seed is None else Generator(need_int("generator", "seed", 1, seed))


@function(
    "Generator(device=None)", outside=True, method=False, differentiable=False, example="rand(2, generator=Generator())"
)
def generator_class(device: Any) -> Any:
    """A random stream of its own that starts from PyTorch's fixed default seed."""
    chosen(device)
    from gradsh.engine.kernels.random import Generator

    return Generator()


# its class is not imported here: a program that draws nothing does not need it
generator_class.apply.tells = lambda value: getattr(value.__class__, "__torch__", "") == "Generator"
generator_class.apply.title = "torch._C.Generator"


@function("get_rng_state()", outside=True, method=False, differentiable=False, example="let state = get_rng_state()")
def get_rng_state() -> Tensor:
    """The state of the random stream as a tensor of bytes."""
    return stream().get_state()


@function(
    "set_rng_state(new_state)",
    method=False,
    differentiable=False,
    effect=True,
    example="set_rng_state(get_rng_state())",
)
def set_rng_state(new_state: Any) -> None:
    """Continues the random stream from a state that `get_rng_state` gave."""
    stream().set_state(new_state)


def _made(shape: tuple[int, ...], draw: Callable[[tuple[int, ...]], Any], requires_grad: bool) -> Any:
    """A leaf of random numbers."""
    if RANDOMNESS:
        return drawn(shape, draw)
    return leaf(scalar_like(draw(shape)), requires_grad, mode.where)


# --- of a size -------------------------------------------------------------------------------------------------------


@function(
    "rand(*size, generator=None, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="rand(2, 3)",
)
def rand(size: Any, generator: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """Numbers uniform in [0, 1)."""
    from gradsh.engine.kernels.random import uniform

    shape, target = sizes("rand", size), numpy_dtype("rand", dtype, mode.default)
    gen = stream("rand", generator)
    return _made(shape, lambda full: uniform(gen, full, target), requires_grad)  # type: ignore[no-any-return]  # a Tensor


@function(
    "randn(*size, generator=None, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="randn(2, 3)",
)
def randn(size: Any, generator: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """Numbers of the standard normal distribution."""
    from gradsh.engine.kernels.random import normal

    shape, target = sizes("randn", size), numpy_dtype("randn", dtype, mode.default)
    gen = stream("randn", generator)
    return _made(shape, lambda full: normal(gen, full, target), requires_grad)  # type: ignore[no-any-return]  # a Tensor


@function(
    "randint(low=0, high=None, size=None, *, generator=None, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="randint(10, (2, 3))",
)
def randint(low: Any, high: Any, size: Any, generator: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """Integers from `low` (0 when one bound is given) up to `high`, which is left out."""
    from gradsh.engine.kernels.random import randint

    if isinstance(high, (tuple, list)) and size is None:
        high, size = None, high
    if high is None:
        low, high, position = 0, low, 2
    else:
        position = 3
    if size is None:
        raise ArgumentError('randint() missing 1 required positional arguments: "size"')
    first, last = need_int("randint", "low", 1, low), need_int("randint", "high", position - 1, high)
    shape, target = sizes("randint", size, position), numpy_dtype("randint", dtype, INT64)
    gen = stream("randint", generator)
    return _made(shape, lambda full: randint(gen, first, last, full, target), requires_grad)  # type: ignore[no-any-return]  # a Tensor


@function(
    "randperm(n, *, generator=None, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="randperm(5)",
)
def randperm(n: Any, generator: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """The numbers from 0 up to `n`, which is left out, in random order."""
    from gradsh.engine.kernels.random import randperm

    count, target = need_int("randperm", "n", 1, n), numpy_dtype("randperm", dtype, INT64)
    gen = stream("randperm", generator)

    def draw(full: tuple[int, ...]) -> Any:
        rows = [randperm(gen, count, target) for _ in range(math.prod(full[:-1]))]
        return rows[0] if len(full) == 1 else alloc.array(rows, target).reshape(full)

    return _made((max(count, 0),), draw, requires_grad)  # type: ignore[no-any-return]  # a Tensor


# --- after the likeness of others ------------------------------------------------------------------------------------


def _form(operator: str, x: Any, memory_format: Any) -> Any:
    """An array of the shape of `x` that lies in memory as the draws are to: `x` itself where nothing is asked for."""
    return x if memory_format is None or not x.ndim else in_format(empty_as(x), memory_format, operator)


@composite(
    "rand_like(input, *, generator=None, dtype=None, requires_grad=False, memory_format=None)",
    method=False,
    differentiable=False,
    example="rand_like(ones(2))",
)
def rand_like(input: Any, generator: Any, dtype: Any, requires_grad: bool, memory_format: Any) -> Tensor:
    """Numbers uniform in [0, 1), with the shape and dtype of another tensor."""
    from gradsh.engine.kernels.random import like, uniform

    need_tensor("rand_like", "input", 1, input)
    target = numpy_dtype("rand_like", dtype, input.data.dtype)
    x, gen = _form("rand_like", input.data, memory_format), stream("rand_like", generator)
    return _made(x.shape, lambda full: like(x, uniform(gen, full, target)), requires_grad)  # type: ignore[no-any-return]  # a Tensor


@composite(
    "randn_like(input, *, generator=None, dtype=None, requires_grad=False, memory_format=None)",
    method=False,
    differentiable=False,
    example="randn_like(ones(2))",
)
def randn_like(input: Any, generator: Any, dtype: Any, requires_grad: bool, memory_format: Any) -> Tensor:
    """Numbers of the standard normal distribution, with the shape and dtype of another tensor."""
    from gradsh.engine.kernels.random import like, normal

    need_tensor("randn_like", "input", 1, input)
    target = numpy_dtype("randn_like", dtype, input.data.dtype)
    x, gen = _form("randn_like", input.data, memory_format), stream("randn_like", generator)
    ordered = not isinstance(x, np.ndarray) or empty_as(x).flags.c_contiguous
    return _made(x.shape, lambda full: like(x, normal(gen, full, target, contiguous=ordered)), requires_grad)  # type: ignore[no-any-return]  # a Tensor


@composite(
    "randint_like(input, low=0, high=None, *, generator=None, dtype=None, requires_grad=False, memory_format=None)",
    method=False,
    differentiable=False,
    example="randint_like(ones(2), 10)",
)
def randint_like(
    input: Any, low: Any, high: Any, generator: Any, dtype: Any, requires_grad: bool, memory_format: Any
) -> Tensor:
    """Integers from `low` (0 when one bound is given) up to `high`, with the shape and dtype of another tensor."""
    from gradsh.engine.kernels.random import like, randint

    need_tensor("randint_like", "input", 1, input)
    if high is None:
        low, high = 0, low
    first, last = need_int("randint_like", "low", 2, low), need_int("randint_like", "high", 3, high)
    target = numpy_dtype("randint_like", dtype, input.data.dtype)
    x, gen = _form("randint_like", input.data, memory_format), stream("randint_like", generator)
    return _made(x.shape, lambda full: like(x, randint(gen, first, last, full, target)), requires_grad)  # type: ignore[no-any-return]  # a Tensor


# --- with parameters -------------------------------------------------------------------------------------------------


@op("normal_tensors(mean, std, generator)", grad_fn="NormalBackward3", private=True)
def normal_tensors(mean: Any, std: Any, generator: Any) -> Any:
    """Normal numbers; one or both of mean and std are tensors."""
    from gradsh.engine.kernels.random import normal_from_tensors

    mean = alloc.asarray(mean) if isinstance(mean, np.generic) else mean
    std = alloc.asarray(std) if isinstance(std, np.generic) else std
    if isinstance(mean, np.ndarray) and mean.dtype.kind == "f" and isinstance(std, np.ndarray):
        std = std.astype(mean.dtype, copy=False)  # that of the mean is the result's
    for value in (mean, std):
        if isinstance(value, np.ndarray) and value.dtype.kind != "f":
            title = numpy_title(value.dtype)
            raise DtypeError(f"\"normal_kernel_cpu\" not implemented for '{title}'", kind="NotImplementedError")
    return normal_from_tensors(generator, mean, std)


def numpy_title(dtype: Any) -> str:
    """The word in which PyTorch's errors name a dtype."""
    from gradsh.engine.core.dtypes import OF

    return OF[dtype].title


normal_tensors.vjp("mean")(lambda F, g, out, mean, std, generator: F.zeros_like(g))
normal_tensors.vjp("std")(lambda F, g, out, mean, std, generator: F.zeros_like(g))

_ONLY_MEAN = normal_tensors.kind.renamed("NormalBackward1")
_ONLY_STD = normal_tensors.kind.renamed("NormalBackward2")


@composite(
    "normal(mean, std=1.0, size=None, *, generator=None, dtype=None, requires_grad=False)",
    method=False,
    formula="zeros",
    example="normal(0., 1., (2, 3))",
    looped="it draws from values",
    draws=True,
)
def normal(mean: Any, std: Any, size: Any, generator: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """Normal numbers of a mean and a standard deviation: numbers with a `size`, or tensors."""
    from gradsh.engine.kernels.random import normal

    gen = stream("normal", generator)
    if mean.__class__ is Tensor or std.__class__ is Tensor:
        both = mean.__class__ is Tensor and std.__class__ is Tensor
        kind = None if both else _ONLY_MEAN if mean.__class__ is Tensor else _ONLY_STD
        import sys

        return run(normal_tensors, [mean, std, gen], sys._getframe(0), kind)  # type: ignore[no-any-return]  # a Tensor
    if not isinstance(size, (tuple, list)):
        given = ", ".join(type_word(v) for v in (mean, std, *(() if size is None else (size,))))
        raise ArgumentError(
            f"normal() received an invalid combination of arguments - got ({given}), but expected one of:\n"
            " * (Tensor mean, Tensor std, *, torch.Generator generator = None, Tensor out = None)\n"
            " * (Tensor mean, float std = 1, *, torch.Generator generator = None, Tensor out = None)\n"
            " * (float mean, Tensor std, *, torch.Generator generator = None, Tensor out = None)\n"
            " * (float mean, float std, tuple of ints size, *, torch.Generator generator = None, Tensor out = None, "
            "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, "
            "bool pin_memory = False, bool requires_grad = False)\n"
        )
    target = numpy_dtype("normal", dtype, mode.default)
    shape = sizes("normal", size, 3)
    middle, spread = float(number("normal", "mean", 1, mean)), float(number("normal", "std", 2, std))
    return _made(shape, lambda full: normal(gen, full, target, middle, spread), requires_grad)  # type: ignore[no-any-return]  # a Tensor


@op("bernoulli_tensor(input, p, generator)", work="elements", grad_fn="BernoulliBackward0", private=True)
def bernoulli_tensor(x: Any, p: Any, generator: Any) -> Any:
    """Ones with the probability that `input` gives for each, or with probability `p`; zeros else."""
    from gradsh.engine.kernels.random import bernoulli, bernoulli_each

    return bernoulli_each(generator, x) if p is None else bernoulli(generator, p, x.shape, x.dtype)


bernoulli_tensor.vjp("input")(lambda F, g, out, x, p, generator: F.zeros_like(g))


@composite(
    "bernoulli(input, p=None, *, generator=None)",
    formula="zeros",
    example="bernoulli(tensor([0., 0.5, 1.]))",
    looped="it draws from values",
    draws=True,
)
def bernoulli(input: Any, p: Any, generator: Any) -> Tensor:
    """Ones with the probability that `input` gives for each, or with probability `p`; zeros else."""
    need_tensor("bernoulli", "input", 1, input)
    return bernoulli_tensor.apply(input, p, stream("bernoulli", generator))  # type: ignore[no-any-return]  # a Tensor


@function(
    "multinomial(input, num_samples, replacement=False, *, generator=None)",
    differentiable=False,
    draws=True,
    example="multinomial(tensor([1., 2., 1.]), 2)",
)
def multinomial(input: Any, num_samples: Any, replacement: bool, generator: Any) -> Tensor:
    """Indices drawn by the weights of each row."""
    from gradsh.engine.kernels.random import multinomial

    need_tensor("multinomial", "input", 1, input)
    n = need_int("multinomial", "num_samples", 2, num_samples)
    weights = alloc.asarray(input.data)
    return leaf(multinomial(stream("multinomial", generator), weights, n, replacement), False, mode.where)
