"""Weights that are kept orthogonal, of spectral norm one, or apart from their length: torch.nn.utils."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.modes import mode, no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels.stream import stream
from gradsh.engine.nn import hooks, parametrize
from gradsh.engine.nn.module import Model
from gradsh.engine.nn.state import as_parameter
from gradsh.errors import IndexError_, ValueError_, ValueProblem

__acts_for_programs__ = True  # as gradsh.engine.nn.module


def normal(like: Tensor, count: int) -> Tensor:
    """`like.new_empty(count).normal_(0, 1)`"""
    from gradsh.engine.kernels.random import normal

    return make(normal(stream(), (count,), like.data.dtype))


def unit(x: Tensor, eps: float) -> Tensor:
    return T.normalize(x, dim=0, eps=eps)  # type: ignore[no-any-return]  # a Tensor


# --- lengths apart ----------------------------------------------------------------------------------------------------


class _WeightNorm(Model):
    """A weight of a length, g, and a direction, v."""

    __slots__ = ()

    def construct(self, dim: Any = 0) -> None:
        self.put("dim", -1 if dim is None else dim)

    def settle(self) -> None:
        self.run = self.forward

    def __member__(self, name: str) -> Any:
        return self.right_inverse if name == "right_inverse" else super().__member__(name)

    def forward(self, g: Any, v: Any) -> Any:
        return T._weight_norm(v, g, self.get("dim"))

    def right_inverse(self, weight: Any) -> Any:
        return T.norm_except_dim(weight, 2, self.get("dim")), weight


class WeightNorm:
    """The hook before each forward that computes `NAME` of `NAME_g` and `NAME_v`."""

    __slots__ = ("dim", "name")
    __name__ = "WeightNorm"

    def __init__(self, name: str, dim: Any) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def computed(self, model: Model) -> Any:
        return T._weight_norm(model.get(self.name + "_v"), model.get(self.name + "_g"), self.dim)

    def __call__(self, model: Model, inputs: Any) -> None:
        model.put(self.name, self.computed(model))

    def apply(self, model: Model) -> None:
        name = self.name
        if _hook_of(model, WeightNorm, name) is not None:
            raise ValueProblem(f"Cannot register two weight_norm hooks on the same parameter {name}")
        weight = model.__member__(name)
        g = T.norm_except_dim(weight, 2, self.dim)
        model.put(name, None)
        model.register_parameter(name + "_g", as_parameter(T.detach(g), True))
        model.register_parameter(name + "_v", as_parameter(T.detach(weight), True))
        self(model, ())
        hooks.register_forward_pre_hook(model, self)

    def remove(self, model: Model) -> None:
        weight = self.computed(model)
        for suffix in ("_g", "_v"):
            del model.cells[self.name + suffix]
        model.cells[self.name] = model.cells.pop(self.name)  # it comes last now
        model.put(self.name, as_parameter(T.detach(weight), True))


# --- of spectral norm one ---------------------------------------------------------------------------------------------


def as_matrix(weight: Any, dim: int) -> Any:
    """The weight with its outputs in rows."""
    if dim:
        weight = T.permute(weight, (dim, *(d for d in range(weight.ndim) if d != dim)))
    return T.flatten(weight, 1)


class _SpectralNorm(Model):
    """A weight divided by its largest singular value, which the power method finds."""

    __slots__ = ()

    def construct(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError_(
                f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})"
            )
        _check_iterations(n_power_iterations)
        self.put("dim", dim % ndim)
        self.put("eps", eps)
        if ndim > 1:
            self.put("n_power_iterations", n_power_iterations)
            matrix = as_matrix(weight, dim % ndim)
            h, w = matrix.shape
            u, v = normal(weight, h), normal(weight, w)
            self.register_buffer("_u", unit(u, eps))
            self.register_buffer("_v", unit(v, eps))
            self.power(matrix, 15)

    def settle(self) -> None:
        self.run = self.forward

    def __member__(self, name: str) -> Any:
        return self.right_inverse if name == "right_inverse" else super().__member__(name)

    def power(self, matrix: Any, count: int) -> None:
        """So many steps of the power method."""
        eps = self.get("eps")
        u, v = self.get("_u"), self.get("_v")
        with no_grad():
            for _ in range(count):
                T.copy_(u, unit(T.mv(matrix, v), eps))
                T.copy_(v, unit(T.mv(T.t(matrix), u), eps))

    def forward(self, weight: Any) -> Any:
        if weight.ndim == 1:
            return unit(weight, self.get("eps"))
        matrix = as_matrix(weight, self.get("dim"))
        if self.training:
            self.power(matrix, self.get("n_power_iterations"))
        u, v = T.clone(self.get("_u")), T.clone(self.get("_v"))
        return T.div(weight, T.vdot(u, T.mv(matrix, v)))

    def right_inverse(self, value: Any) -> Any:
        return value


class SpectralNorm:
    """The hook before each forward that computes `NAME` of `NAME_orig`, with `NAME_u` and `NAME_v`."""

    __slots__ = ("dim", "eps", "name", "steps")
    __name__ = "SpectralNorm"

    def __init__(self, name: str, steps: int, dim: int, eps: float) -> None:
        _check_iterations(steps)
        self.name = name
        self.steps = steps
        self.dim = dim
        self.eps = eps

    def computed(self, model: Model, iterate: bool) -> Any:
        weight, u, v = (model.get(self.name + suffix) for suffix in ("_orig", "_u", "_v"))
        matrix = as_matrix(weight, self.dim)
        if iterate:
            with no_grad():
                for _ in range(self.steps):
                    T.copy_(v, unit(T.mv(T.t(matrix), u), self.eps))
                    T.copy_(u, unit(T.mv(matrix, v), self.eps))
                u, v = T.clone(u), T.clone(v)
        return T.div(weight, T.dot(u, T.mv(matrix, v)))

    def __call__(self, model: Model, inputs: Any) -> None:
        model.put(self.name, self.computed(model, model.training))

    def apply(self, model: Model) -> None:
        name = self.name
        if _hook_of(model, SpectralNorm, name) is not None:
            raise ValueProblem(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        weight = model.get(name)
        if weight is None:
            raise ValueError_(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        with no_grad():
            h, w = as_matrix(weight, self.dim).shape
            u, v = unit(normal(weight, h), self.eps), unit(normal(weight, w), self.eps)
        model.put(name, None)
        model.register_parameter(name + "_orig", weight)
        model.put(name, T.detach(weight))
        model.register_buffer(name + "_u", u)
        model.register_buffer(name + "_v", v)
        hooks.register_forward_pre_hook(model, self)

    def remove(self, model: Model) -> None:
        with no_grad():
            weight = self.computed(model, False)
        for suffix in ("_orig", "_u", "_v"):
            del model.cells[self.name + suffix]
            model.buffer_names.pop(self.name + suffix, None)
        model.cells[self.name] = model.cells.pop(self.name)
        model.put(self.name, as_parameter(T.detach(weight), True))


def _check_iterations(count: int) -> None:
    if count <= 0:
        raise ValueError_(f"Expected n_power_iterations to be positive, but got n_power_iterations={count}")


def _hook_of(model: Model, kind: Any, name: str) -> Any:
    """The key of a model's hook of that kind on a parameter, None for none."""
    table = model.hooks.before if model.hooks is not None else {}
    return next((key for key, hook in table.items() if hook.__class__ is kind and hook.name == name), None)


def removed(model: Model, kind: Any, name: str, word: str) -> Model:
    """The model without its hook of that kind. Errors: ValueError_."""
    key = _hook_of(model, kind, name)
    if key is None or model.hooks is None:
        raise ValueError_(f"{word} of '{name}' not found in {model}")
    model.hooks.before.pop(key).remove(model)
    return model


# --- orthogonal -------------------------------------------------------------------------------------------------------

MAPS = ("matrix_exp", "cayley", "householder")


def reflectors(x: Tensor) -> tuple[Tensor, Tensor]:
    """`torch.geqrf(x)`: the factors of a QR decomposition as LAPACK has them."""
    *batch, n, k = x.data.shape
    a = np.empty(x.data.shape, x.data.dtype)
    tau = np.empty((*batch, min(n, k)), x.data.dtype)
    for at in np.ndindex(*batch):
        found, tau[at] = np.linalg.qr(x.data[at], mode="raw")
        a[at] = found.T
    return make(a), make(tau)


class _Orthogonal(Model):
    """An orthogonal matrix, by an exponential, Cayley's map or Householder reflectors, times a fixed one, `base`."""

    __slots__ = ()

    def construct(self, weight: Tensor, orthogonal_map: str, use_trivialization: bool) -> None:
        self.put("shape", weight.shape)
        self.put("orthogonal_map", orthogonal_map)
        if use_trivialization:
            self.register_buffer("base", None)

    def settle(self) -> None:
        self.run = self.forward

    def __member__(self, name: str) -> Any:
        return self.right_inverse if name == "right_inverse" else super().__member__(name)

    @property
    def no_inverse(self) -> bool:
        """Without a fixed matrix only reflectors can be found of a given one."""
        return "base" not in self.buffer_names and self.get("orthogonal_map") != "householder"

    def forward(self, x: Any) -> Any:
        n, k = x.shape[-2:]
        transposed = n < k
        if transposed:
            x = T.transpose(x, -2, -1)
            n, k = k, n
        which = self.get("orthogonal_map")
        if which == "householder":
            a = T.tril(x, -1)
            tau = T.div(2.0, T.add(1.0, T.sum(T.mul(a, a), -2)))
            q = T.linalg_householder_product(a, tau)
            q = T.mul(q, T.unsqueeze(T.detach(T.trunc(T.diagonal(x, 0, -2, -1))), -2))
        else:
            x = T.tril(x)
            if n != k:
                x = T.cat([x, make(np.zeros((*x.shape[:-1], n - k), x.data.dtype))], -1)
            a = T.sub(x, T.transpose(x, -2, -1))
            if which == "matrix_exp":
                q = T.matrix_exp(a)
            else:
                one = make(np.eye(n, dtype=a.data.dtype))
                q = T.linalg_solve(T.add(one, T.mul(a, -0.5)), T.add(one, T.mul(a, 0.5)))
            if n != k:
                q = q[..., :k]
        if "base" in self.buffer_names:
            q = T.matmul(self.get("base"), q)
        return T.transpose(q, -2, -1) if transposed else q

    def right_inverse(self, q: Any) -> Any:
        if q.shape != self.get("shape"):
            raise ValueError_(
                f"Expected a matrix or batch of matrices of shape {self.get('shape').words}. Got a tensor of shape "
                f"{q.shape.words}."
            )
        with no_grad():
            return self.inverted(T.detach(q))

    def inverted(self, given: Tensor) -> Tensor:
        """What gives this matrix, or one made of it that is orthogonal."""
        if self.no_inverse:
            raise ValueProblem(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                "use_trivialization=False.",
                kind="NotImplementedError",
            )
        q = given
        n, k = q.shape[-2:]
        transposed = n < k
        if transposed:
            q = T.transpose(q, -2, -1)
            n, k = k, n
        if "base" not in self.buffer_names:
            a, tau = reflectors(q)
            diagonal = np.einsum("...ii->...i", a.data[..., :k, :])
            diagonal[...] = np.sign(diagonal)
            diagonal[tau.data == 0.0] *= -1
            return T.transpose(a, -2, -1) if transposed else a
        if n == k:
            q = T.clone(q) if _is_orthogonal(q) else _orthogonal_of(q)
        else:
            more = T.randn((*q.shape[:-2], n, n - k), dtype=q.dtype)
            q = _orthogonal_of(T.cat([q, more], -1))
        self.put("base", q)
        start = np.zeros(given.data.shape, given.data.dtype)
        np.einsum("...ii->...i", start[..., :k, :k])[...] = -1.0
        return make(start)


def _is_orthogonal(q: Tensor) -> bool:
    n, k = q.shape[-2:]
    eps = 10.0 * n * float(np.finfo(q.data.dtype).eps)
    return bool(T.allclose(T.matmul(T.transpose(q, -2, -1), q), make(np.eye(k, dtype=q.data.dtype)), atol=eps))


def _orthogonal_of(a: Tensor) -> Any:
    """The factor Q of a tall matrix for which R has a diagonal that is not negative."""
    x, tau = reflectors(a)
    q = T.linalg_householder_product(x, tau)
    return T.mul(q, T.unsqueeze(T.sgn(T.diagonal(x, 0, -2, -1)), -2))


# --- what programs call -----------------------------------------------------------------------------------------------


def weight_of(model: Any, name: str) -> Tensor:
    """The parameter or buffer of that name. Errors: ValueError_."""
    value = model.get(name)
    if not isinstance(value, Tensor):
        raise ValueError_(f"Module '{model}' has no parameter or buffer with name '{name}'")
    return value


def outputs_dim(model: Any, dim: Any) -> int:
    """Which dim of a weight the outputs are along."""
    if dim is not None:
        return int(dim)
    return int(
        any(kind.__name__ in ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d") for kind in type(model).__mro__)
    )


def weight_normed(model: Any, name: str, dim: Any) -> Any:
    """`parametrizations.weight_norm`"""
    kind: Any = _WeightNorm
    parametrize.register(model, name, kind(dim), True)

    def renamed(module: Any, state: dict[str, Any], prefix: str, *_: Any) -> None:
        """States of the hook of that name fit."""
        old = [f"{prefix}{name}_{each}" for each in "gv"]
        if all(key in state for key in old):
            for number, key in enumerate(old):
                state[f"{prefix}parametrizations.{name}.original{number}"] = state.pop(key)

    hooks.register_load_state_dict_pre_hook(model, renamed)
    return model


def spectral_normed(model: Any, name: str, steps: int, eps: float, dim: Any) -> Any:
    """`parametrizations.spectral_norm`"""
    kind: Any = _SpectralNorm
    made = kind(weight_of(model, name), steps, outputs_dim(model, dim), eps)
    return parametrize.register(model, name, made, False)


def orthogonal(model: Any, name: str, orthogonal_map: Any, use_trivialization: bool) -> Any:
    """`parametrizations.orthogonal`"""
    weight = weight_of(model, name)
    if weight.ndim < 2:
        raise ValueError_(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[-2] == weight.shape[-1] else "householder"
    if orthogonal_map not in MAPS:
        raise ValueError_(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". ' + f"Got: {orthogonal_map}"
        )
    kind: Any = _Orthogonal
    return parametrize.register(model, name, kind(weight, orthogonal_map, use_trivialization), True)


DEPRECATED = "`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`."


def warn_of_hooks() -> None:
    mode.warn(DEPRECATED, category="FutureWarning")
