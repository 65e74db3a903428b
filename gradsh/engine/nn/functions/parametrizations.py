"""Parametrizations and norms of weights: torch.nn.utils, its parametrize and parametrizations."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import composite, python_function
from gradsh.engine.operators.reduction import renamed
from gradsh.engine.operators.samples import call, t
from gradsh.errors import DtypeError

__acts_for_programs__ = True  # it calls models

SYMMETRIC = "model Symmetric() { forward(x) = x.triu() + x.triu(1).T }; "
SHOWN = SYMMETRIC + "let net = register_parametrization(Linear(2, 2), 'weight', Symmetric()); "


@python_function(
    "register_parametrization(module, tensor_name, parametrization, *, unsafe=False)",
    example=SHOWN + "net.weight.equal(net.weight.T)",
)
def register_parametrization(module: Any, tensor_name: str, parametrization: Any, *, unsafe: Any = False) -> Any:
    """Lets a parameter or buffer of a model be what another model makes of it; gives the model back."""
    from gradsh.engine.nn import parametrize

    return parametrize.register(module, tensor_name, parametrization, bool(unsafe))


@python_function(
    "remove_parametrizations(module, tensor_name, leave_parametrized=True)",
    example=SHOWN + "remove_parametrizations(net, 'weight')",
)
def remove_parametrizations(module: Any, tensor_name: str, leave_parametrized: Any = True) -> Any:
    """Makes a parametrized tensor a parameter again, with the values that it has, or those that it is computed from."""
    from gradsh.engine.nn import parametrize

    return parametrize.remove(module, tensor_name, bool(leave_parametrized))


@python_function("is_parametrized(module, tensor_name=None)", example=SHOWN + "is_parametrized(net)")
def is_parametrized(module: Any, tensor_name: Any = None) -> bool:
    """Whether a model has a parametrization, or that tensor of it."""
    from gradsh.engine.nn import parametrize

    return parametrize.is_parametrized(module, tensor_name)


@python_function(
    "weight_norm(module, name='weight', dim=0)", example="let net = weight_norm(Linear(2, 3)); net.weight_g.shape"
)
def weight_norm(module: Any, name: str = "weight", dim: Any = 0) -> Any:
    """Takes a weight apart into length and direction, `weight_g` and `weight_v`; a hook computes it of them."""
    from gradsh.engine.nn import normed

    normed.warn_of_hooks()
    normed.WeightNorm(name, dim).apply(module)
    return module


@python_function(
    "remove_weight_norm(module, name='weight')", example="remove_weight_norm(weight_norm(Linear(2, 3))).weight.shape"
)
def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Makes a weight one parameter again."""
    from gradsh.engine.nn import normed

    return normed.removed(module, normed.WeightNorm, name, "weight_norm")


@python_function(
    "spectral_norm(module, name='weight', n_power_iterations=1, eps=1e-12, dim=None)",
    example="let net = spectral_norm(Linear(2, 3)); net.weight_u.shape",
)
def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: Any = None
) -> Any:
    """Divides a weight by its largest singular value before each forward, by a hook and a step of the power method."""
    from gradsh.engine.nn import normed

    normed.SpectralNorm(name, n_power_iterations, normed.outputs_dim(module, dim), eps).apply(module)
    return module


@python_function(
    "remove_spectral_norm(module, name='weight')",
    example="remove_spectral_norm(spectral_norm(Linear(2, 3))).weight.shape",
)
def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """Makes a weight a parameter of its own again."""
    from gradsh.engine.nn import normed

    return normed.removed(module, normed.SpectralNorm, name, "spectral_norm")


@python_function(
    "parametrized_weight_norm(module, name='weight', dim=0)",
    example="torch.nn.utils.parametrizations.weight_norm(Linear(2, 3))",
)
def parametrized_weight_norm(module: Any, name: str = "weight", dim: Any = 0) -> Any:
    """torch.nn.utils.parametrizations.weight_norm: a weight of length and direction, as a parametrization."""
    from gradsh.engine.nn import normed

    return normed.weight_normed(module, name, dim)


@python_function(
    "parametrized_spectral_norm(module, name='weight', n_power_iterations=1, eps=1e-12, dim=None)",
    example="torch.nn.utils.parametrizations.spectral_norm(Linear(2, 3))",
)
def parametrized_spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: Any = None
) -> Any:
    """torch.nn.utils.parametrizations.spectral_norm: a weight of spectral norm one, as a parametrization."""
    from gradsh.engine.nn import normed

    return normed.spectral_normed(module, name, n_power_iterations, eps, dim)


@python_function(
    "orthogonal(module, name='weight', orthogonal_map=None, *, use_trivialization=True)",
    example="let net = orthogonal(Linear(2, 2)); net.weight @ net.weight.T",
)
def orthogonal(module: Any, name: str = "weight", orthogonal_map: Any = None, *, use_trivialization: Any = True) -> Any:
    """Keeps a weight orthogonal, whatever the steps of an optimiser make of the parameter behind it."""
    from gradsh.engine.nn import normed

    return normed.orthogonal(module, name, orthogonal_map, bool(use_trivialization))


# --- what they are written in -----------------------------------------------------------------------------------------


@composite(
    "norm_except_dim(v, pow=2, dim=0)",
    method=False,
    samples=lambda: [call(t(2, 3)), call(t(2, 3), 2, 1), call(t(2, 3), 2, -1), call(t(3, away=0.1), 1)],
    example="norm_except_dim(ones(2, 3))",
)
def norm_except_dim(v: Tensor, pow: Any, dim: Any) -> Tensor:
    """The norms of the slices along a dim, which stays; -1 for the norm of all."""
    if v.data.dtype.kind != "f":
        said = OF[v.data.dtype].title
        raise DtypeError(f"norm(): input dtype should be either floating point or complex. Got {said} instead.")
    if dim == -1:
        return renamed(T.norm(v, pow), "NormBackward0")  # type: ignore[no-any-return]  # a Tensor
    n = v.ndim
    if dim == 0:
        return T.reshape(T.norm(T.reshape(v, (v.shape[0], -1)), pow, 1), (-1, *(1,) * (n - 1)))  # type: ignore[no-any-return]
    if dim == n - 1:
        return T.reshape(T.norm(T.reshape(v, (-1, v.shape[-1])), pow, 0), (*(1,) * (n - 1), -1))  # type: ignore[no-any-return]
    return T.transpose(norm_except_dim.body(T.transpose(v, 0, dim), pow, 0), 0, dim)  # type: ignore[no-any-return]


@composite("_weight_norm(v, g, dim=0)", method=False, private=True, samples=lambda: [call(t(2, 3), t(2, 1))])
def _weight_norm(v: Tensor, g: Tensor, dim: Any) -> Tensor:
    """The direction of `v` with the lengths `g`."""
    w: Tensor = T.mul(v, T.div(g, norm_except_dim.body(v, 2, dim)))
    if dim in (0, v.ndim - 1):
        renamed(w, "WeightNormInterfaceBackward0")
    return w
