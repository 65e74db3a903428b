"""Random tensors of distributions whose parameters are tensors: Poisson, binomial, gamma, Dirichlet."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_tensor
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels.stream import stream
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t
from gradsh.errors import DtypeError, ShapeError, ValueProblem

# --- counts ----------------------------------------------------------------------------------------------------------


@op("poisson_tensor(input, generator)", work="elements", grad_fn="PoissonBackward0", private=True)
def poisson_tensor(rate: Any, generator: Any) -> Any:
    """Poisson numbers with the rates in `input`."""
    from gradsh.engine.kernels.rejection import poisson

    return poisson(generator, alloc.asarray(rate))


poisson_tensor.vjp("input")(lambda F, g, out, rate, generator: F.zeros_like(g))


@composite(
    "poisson(input, generator=None)",
    method=False,
    formula="zeros",
    example="poisson(tensor([0.5, 4., 100.]))",
    looped="it draws from values",
    draws=True,
)
def poisson(input: Any, generator: Any) -> Tensor:
    """Poisson numbers: how many events there are, at the rate that `input` gives for each."""
    need_tensor("poisson", "input", 1, input)
    return poisson_tensor.apply(input, stream("poisson", generator))  # type: ignore[no-any-return]  # a Tensor


@op("binomial_tensor(count, prob, generator)", work="elements", grad_fn="NotImplemented", private=True)
def binomial_tensor(count: Any, prob: Any, generator: Any) -> Any:
    """Successes among `count` trials with probability `prob` each."""
    from gradsh.engine.kernels.rejection import binomial, paired

    if count.dtype.kind != "f":
        raise ValueProblem(
            f"binomial only supports floating-point dtypes for count, got: {OF[count.dtype].title}", kind="ValueError"
        )
    if prob.dtype.kind != "f":
        raise ValueProblem(
            f"binomial only supports floating-point dtypes for prob, got: {OF[prob.dtype].title}", kind="ValueError"
        )
    if prob.dtype != count.dtype:
        raise DtypeError(f"Found dtype {OF[prob.dtype].title} but expected {OF[count.dtype].title}")
    return binomial(generator, *paired(alloc.asarray(count), alloc.asarray(prob)))


binomial_tensor.not_implemented("derivative for aten::binomial is not implemented")


@composite(
    "binomial(count, prob, generator=None)",
    method=False,
    example="binomial(tensor([10., 100.]), tensor([0.5, 0.1]))",
    looped="it draws from values",
    draws=True,
)
def binomial(count: Any, prob: Any, generator: Any) -> Tensor:
    """How many of `count` trials succeed, each with probability `prob`."""
    need_tensor("binomial", "count", 1, count)
    need_tensor("binomial", "prob", 2, prob)
    return binomial_tensor.apply(count, prob, stream("binomial", generator))  # type: ignore[no-any-return]  # a Tensor


# --- gamma, Dirichlet ------------------------------------------------------------------------------------------------


@op("standard_gamma_tensor(input, generator)", work="elements", grad_fn="StandardGammaBackward0", private=True)
def standard_gamma_tensor(alpha: Any, generator: Any) -> Any:
    """Gamma numbers of scale 1 with the shapes in `input`."""
    from gradsh.engine.kernels.rejection import standard_gamma

    return standard_gamma(generator, alloc.asarray(alpha))


@standard_gamma_tensor.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, alpha: Any, generator: Any) -> Any:
    return g * F._standard_gamma_grad(alpha, out)


@op(
    "_standard_gamma_grad(input, output)",
    work="elements",
    elementwise=True,
    grad_fn="StandardGammaGradBackward0",
    method=False,
    samples=lambda: [call(t(4, low=0.2, high=3.0, grad=False), t(4, low=0.1, high=4.0, grad=False))],
    example="_standard_gamma_grad(tensor([2.]), tensor([1.5]))",
)
def _standard_gamma_grad(alpha: Any, out: Any) -> Any:
    """How gamma numbers of scale 1 change with their shape."""
    from gradsh.engine.kernels.rejection import takes
    from gradsh.engine.kernels.reparameterised import gamma_gradient

    takes(alpha.dtype, "_standard_gamma_grad_cpu")
    wide = np.broadcast_arrays(alpha, out)
    return gamma_gradient(*(alloc.array(x, np.float64) for x in wide)).astype(alpha.dtype)[()]


_standard_gamma_grad.not_implemented("the derivative for '_standard_gamma_grad' is not implemented.")


@composite(
    "_standard_gamma(input, generator=None)",
    method=False,
    formula="g * (how the numbers change with their shape)",
    example="_standard_gamma(tensor([0.5, 4.]))",
    looped="it draws from values",
    draws=True,
)
def _standard_gamma(input: Any, generator: Any) -> Tensor:
    """Gamma numbers of scale 1, of the shape parameter that `input` gives for each."""
    need_tensor("_standard_gamma", "input", 1, input)
    return standard_gamma_tensor.apply(input, stream("_standard_gamma", generator))  # type: ignore[no-any-return]


@op("dirichlet_tensor(input, generator)", work="elements", grad_fn="NotImplemented", private=True)
def dirichlet_tensor(alpha: Any, generator: Any) -> Any:
    """Positive numbers with sum 1 along the last dim, with the concentrations in `input`."""
    from gradsh.engine.kernels.rejection import dirichlet

    return dirichlet(generator, alloc.asarray(alpha))


dirichlet_tensor.not_implemented("derivative for aten::_sample_dirichlet is not implemented")


@composite(
    "_sample_dirichlet(input, generator=None)",
    method=False,
    example="_sample_dirichlet(tensor([0.5, 4.]))",
    looped="it draws from values",
    draws=True,
)
def _sample_dirichlet(input: Any, generator: Any) -> Tensor:
    """Positive numbers with sum 1 along the last dim, with the concentrations in `input`."""
    need_tensor("_sample_dirichlet", "input", 1, input)
    return dirichlet_tensor.apply(input, stream("_sample_dirichlet", generator))  # type: ignore[no-any-return]


@op(
    "_dirichlet_grad(x, alpha, total)",
    work="elements",
    grad_fn="DirichletGradBackward0",
    method=False,
    samples=lambda: [
        call(
            t(4, low=0.1, high=0.9, grad=False),
            t(4, low=0.5, high=2.0, grad=False),
            t(4, low=2.5, high=9.0, grad=False),
        ),
    ],
    example="_dirichlet_grad(tensor([0.3]), tensor([1.]), tensor([3.]))",
)
def _dirichlet_grad(x: Any, alpha: Any, total: Any) -> Any:
    """How the numbers of a Dirichlet distribution change with their concentration, over 1 - x."""
    from gradsh.engine.kernels.rejection import takes
    from gradsh.engine.kernels.reparameterised import dirichlet_gradient

    takes(x.dtype, "_dirichlet_grad_cpu")
    if not x.shape == alpha.shape == total.shape:
        raise ShapeError("_dirichlet_grad wants three tensors of one shape")
    return dirichlet_gradient(*map(alloc.asarray, (x, alpha, total))).astype(x.dtype)[()]


_dirichlet_grad.not_implemented("the derivative for '_dirichlet_grad' is not implemented.")


@op("dirichlet_of(input, generator)", work="elements", grad_fn="_DirichletBackward", private=True)
def dirichlet_of(alpha: Any, generator: Any) -> Any:
    """As `dirichlet_tensor`, with the derivative that torch.distributions.Dirichlet gives its samples."""
    from gradsh.engine.kernels.rejection import dirichlet

    return dirichlet(generator, alloc.asarray(alpha))


@dirichlet_of.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, alpha: Any, generator: Any) -> Any:
    total = F.expand(F.sum(alpha, -1, True, None), alpha.shape)
    return F._dirichlet_grad(out, alpha, total) * (g - F.sum(out * g, -1, True, None))
