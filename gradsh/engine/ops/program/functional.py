"""Derivatives of functions, vmap and gradcheck as programs call them."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.modes import planned
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import composite, function
from gradsh.errors import ArgumentError, ValueProblem

# the work is done by files that are loaded at the first call: few one-line programs need them


@composite(
    "value_and_grad(f, argnums=0, has_aux=False)",
    method=False,
    example="value_and_grad(fn(x) = x**3)(tensor(2.))",
)
def value_and_grad(f: Any, argnums: Any, has_aux: bool) -> Any:
    """The function that gives the value of `f` and its gradient by argument number `argnums`."""
    from gradsh.engine.transforms.gradient import gradient_of

    return gradient_of(_callable("value_and_grad", f), argnums, has_aux, "first")


@composite(
    "grad_and_value(f, argnums=0, has_aux=False)",
    method=False,
    example="grad_and_value(fn(x) = x**3)(tensor(2.))",
)
def grad_and_value(f: Any, argnums: Any, has_aux: bool) -> Any:
    """The function that gives the gradient of `f` and its value: PyTorch's order."""
    from gradsh.engine.transforms.gradient import gradient_of

    return gradient_of(_callable("grad_and_value", f), argnums, has_aux, "last")


@composite(
    "jacobian(func, inputs=None, create_graph=False, strict=False, vectorize=False, strategy='reverse-mode')",
    method=False,
    example="jacobian(fn(x) = x**2, tensor([1., 2.]))",
)
def jacobian(func: Any, inputs: Any, create_graph: bool, strict: bool, vectorize: bool, strategy: str) -> Any:
    """The derivatives of all outputs of a function by all inputs; without inputs, the function that gives them."""
    from gradsh.engine.transforms import jacobians

    if strategy not in ("forward-mode", "reverse-mode"):
        raise ArgumentError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs '
            'than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".',
            kind="AssertionError",
        )
    if strict and vectorize:
        raise ArgumentError(
            "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. "
            "Please either set `strict=False` or `vectorize=False`.",
            kind="RuntimeError",
        )
    way = jacobians.pushed if strategy == "forward-mode" else jacobians.jacobian
    if inputs is None:
        return jacobians.by_argument(_callable("jacobian", func), 0, way)
    return planned(way, _callable("jacobian", func), inputs, create_graph, strict)


@composite(
    "hessian(func, inputs=None, create_graph=False, strict=False, vectorize=False, "
    "outer_jacobian_strategy='reverse-mode')",
    method=False,
    example="hessian(fn(x) = (x**3).sum(), tensor([1., 2.]))",
)
def hessian(
    func: Any, inputs: Any, create_graph: bool, strict: bool, vectorize: bool, outer_jacobian_strategy: str
) -> Any:
    """The second derivatives of a function of one number; of a function alone, the function that gives them."""
    from gradsh.engine.transforms import jacobians

    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise ArgumentError('Expected strategy to be either "forward-mode" or "reverse-mode".', kind="AssertionError")
    if inputs is None:
        return jacobians.by_argument(_callable("hessian", func), 0, jacobians.hessian, drawless=True)
    forward = outer_jacobian_strategy == "forward-mode"
    return planned(jacobians.hessian, _callable("hessian", func), inputs, create_graph, strict, forward)


@composite(
    "jacrev(func, argnums=0, *, has_aux=False, chunk_size: int=None, _preallocate_and_copy=False)",
    method=False,
    example="jacrev(fn(x) = x**2)(tensor([1., 2.]))",
)
def jacrev(func: Any, argnums: Any, has_aux: bool, chunk_size: Any, _preallocate_and_copy: bool) -> Any:
    """The function that gives the Jacobian of `func` by argument number `argnums`.

    With `has_aux`, `func` gives a value and something beside it, and so does the result. Rows are made all at once,
    whatever `chunk_size`: the numbers are the same.
    """
    from gradsh.engine.transforms import jacobians

    if not (chunk_size is None or chunk_size > 0):
        raise ArgumentError("jacrev: `chunk_size` should be greater than 0.", kind="ValueError")
    aux = "vjp" if has_aux else ""
    return jacobians.by_argument(_callable("jacrev", func), argnums, jacobians.jacobian, has_aux=aux)


@composite(
    "jacfwd(func, argnums=0, has_aux=False, *, randomness='error')",
    method=False,
    example="jacfwd(fn(x) = x**2)(tensor([1., 2.]))",
)
def jacfwd(func: Any, argnums: Any, has_aux: bool, randomness: str) -> Any:
    """The same as `jacrev`, but the function draws no random numbers unless `randomness` says "same" or "different"."""
    from gradsh.engine.transforms import jacobians

    if randomness == "different":
        return jacobians.with_draws(_callable("jacfwd", func), argnums)
    if randomness not in ("error", "same"):
        raise ValueProblem(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    drawless = randomness == "error"
    aux = "jvp" if has_aux else ""
    return jacobians.by_argument(_callable("jacfwd", func), argnums, jacobians.pushed, drawless, aux)


@composite(
    "linearize(func, *primals)",
    method=False,
    example="let out, push = linearize(fn(x) = x**2, tensor([1., 2.])); push(ones(2))",
)
def linearize(func: Any, primals: Any) -> Any:
    """The value of `func`, and the function that gives its Jacobian there times a tangent for each argument."""
    from gradsh.engine.transforms import linear

    return linear.linearize(_callable("linearize", func), tuple(primals))


@composite(
    "vjp(func, inputs, v=None, create_graph=False, strict=False)",
    method=False,
    example="vjp(fn(x) = x**2, tensor([1., 2.]), ones(2))",
)
def vjp(func: Any, inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    """The value of a function, and `v` times its Jacobian."""
    from gradsh.engine.transforms import products

    return planned(products.vjp, _callable("vjp", func), inputs, v, create_graph, strict)


@composite(
    "jvp(func, inputs, v=None, create_graph=False, strict=False)",
    method=False,
    example="jvp(fn(x) = x**2, tensor([1., 2.]), ones(2))",
)
def jvp(func: Any, inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    """The value of a function, and its Jacobian times `v`, by forward mode."""
    from gradsh.engine.transforms import products

    return planned(products.jvp, _callable("jvp", func), inputs, v, create_graph, strict)


@composite(
    "func_vjp(func, *primals, has_aux=False)",
    method=False,
    example="torch.func.vjp(fn(x) = x**2, tensor([1., 2.]))[1](ones(2))",
)
def func_vjp(func: Any, primals: Any, has_aux: bool) -> Any:
    """The value of a function, and a function that gives the products of cotangents with its Jacobian."""
    from gradsh.engine.transforms import cotangents

    return cotangents.vjp(_callable("torch.func.vjp", func), tuple(primals), has_aux)


@composite(
    "func_jvp(func, primals, tangents, *, strict=False, has_aux=False)",
    method=False,
    example="torch.func.jvp(fn(x) = x**2, (tensor([1., 2.]),), (ones(2),))",
)
def func_jvp(func: Any, primals: Any, tangents: Any, strict: bool, has_aux: bool) -> Any:
    """The value of a function of a tuple of tensors, and its Jacobian times the tangents."""
    from gradsh.engine.transforms import cotangents

    return cotangents.jvp(_callable("torch.func.jvp", func), primals, tangents, strict, has_aux)


@composite(
    "func_hessian(func, argnums=0)",
    method=False,
    example="torch.func.hessian(fn(x) = (x**3).sum())(tensor([1., 2.]))",
)
def func_hessian(func: Any, argnums: Any) -> Any:
    """The function that gives the second derivatives of `func` by argument number `argnums`.

    A tensor, which is no number of an argument, is what to take them at, as `hessian(func, inputs)` does.
    """
    from gradsh.engine.transforms import jacobians

    if isinstance(argnums, Tensor):
        return planned(jacobians.hessian, _callable("hessian", func), argnums, False, False)
    return jacobians.by_argument(_callable("hessian", func), argnums, jacobians.second, drawless=True)


@composite(
    "hvp(func, inputs, v=None, create_graph=False, strict=False)",
    method=False,
    example="hvp(fn(x) = (x**3).sum(), tensor([1., 2.]), ones(2))",
)
def hvp(func: Any, inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    """The value of a function of one number, and its Hessian times `v`."""
    from gradsh.engine.transforms import products

    return planned(products.hvp, _callable("hvp", func), inputs, v, create_graph, strict)


@composite(
    "vhp(func, inputs, v=None, create_graph=False, strict=False)",
    method=False,
    example="vhp(fn(x) = (x**3).sum(), tensor([1., 2.]), ones(2))",
)
def vhp(func: Any, inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    """The value of a function of one number, and `v` times its Hessian."""
    from gradsh.engine.transforms import products

    return planned(products.vhp, _callable("vhp", func), inputs, v, create_graph, strict)


@composite(
    "vmap(func, in_dims=0, out_dims=0, randomness='error', *, chunk_size=None)",
    method=False,
    example="vmap(fn(x, y) = (x * y).sum())(ones(3, 2), ones(3, 2))",
)
def vmap(func: Any, in_dims: Any, out_dims: Any, randomness: str, chunk_size: Any) -> Any:
    """The function that runs `func` on all slices of its arguments at once."""
    from gradsh.engine.transforms import vmap

    return vmap.vmap(_callable("vmap", func), in_dims, out_dims, randomness)


@function(
    "gradcheck(func, inputs, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, nondet_tol=0.0, "
    "check_undefined_grad=True, check_grad_dtypes=False, check_batched_grad=False, check_batched_forward_grad=False, "
    "check_forward_ad=False, check_backward_ad=True, fast_mode=False, masked: bool=None)",
    method=False,
    example="gradcheck(sin, tensor([1., 2.], grad, dtype=float64))",
)
def gradcheck(*arguments: Any) -> bool:
    """Compares the gradients of a function with central differences: true, or an error that says where they differ."""
    from gradsh.engine import gradcheck as checks

    return checks.gradcheck(_callable("gradcheck", arguments[0]), *arguments[1:])


@function(
    "gradgradcheck(func, inputs, grad_outputs=None, *, eps=1e-6, atol=1e-5, rtol=1e-3, "
    "gen_non_contig_grad_outputs=False, "
    "raise_exception=True, nondet_tol=0.0, check_undefined_grad=True, check_grad_dtypes=False, "
    "check_batched_grad=False, "
    "check_fwd_over_rev=False, check_rev_over_rev=True, fast_mode=False, masked=False)",
    method=False,
    example="gradgradcheck(sin, tensor([1., 2.], grad, dtype=float64))",
)
def gradgradcheck(*arguments: Any) -> bool:
    """Compares the second derivatives of a function with central differences of the first."""
    from gradsh.engine import gradcheck as checks

    return checks.gradgradcheck(_callable("gradgradcheck", arguments[0]), *arguments[1:])


def _callable(name: str, f: Any) -> Any:
    if not callable(f):
        word = "NoneType" if f is None else type(f).__name__
        raise ArgumentError(f"'{word}' object is not callable", help=f"{name}(fn(x) = x**2, …)")
    return f
