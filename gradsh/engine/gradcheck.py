"""Derivatives checked against central differences: gradcheck and gradgradcheck, as torch.autograd's.

What they raise has PyTorch's words; its note is a report for people: the entries that differ most, with both values and
the step, and a word on why where that can be told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core.dtypes import OF, Size
from gradsh.engine.core.graph import Node, Output
from gradsh.engine.core.modes import GradMode, mode
from gradsh.engine.core.place import placed
from gradsh.engine.core.tensor import Tensor, leaf, make
from gradsh.errors import ArgumentError, AutogradError, DtypeError, GradcheckFailed, ValueError_

Array = np.ndarray[Any, Any]

CUT = "`.detach()`, `.data` or `.item()` on the way?"


def tensors_in(values: Any) -> list[Tensor]:
    """All tensors among arguments, also inside lists and tuples, in order."""
    found: list[Tensor] = []
    for v in values:
        if v.__class__ is Tensor:
            found.append(v)
        elif isinstance(v, (list, tuple)):
            found.extend(tensors_in(v))
    return found


def numerical_jacobian(f: Callable[[], list[Tensor]], x: Tensor, eps: float) -> list[np.ndarray[Any, Any]]:
    """Central differences of each output of `f` with respect to `x`: arrays of shape (x.numel, output.numel).

    `x.data` is changed while it runs and put back.
    """
    original = x.data
    columns: list[list[Any]] = []
    for i in range(original.size):
        sides = []
        for step in (eps, -eps):
            moved = np.array(original)
            moved.flat[i] += step
            x.data = moved if moved.ndim else moved[()]
            with GradMode(False):
                sides.append([np.array(o.data, np.float64).reshape(-1) for o in f()])
        columns.append([(p - m) / (2 * eps) for p, m in zip(*sides, strict=True)])
    x.data = original
    if not columns:
        with GradMode(False):
            return [np.zeros((0, o.data.size)) for o in f()]
    return [np.stack(parts) for parts in zip(*columns, strict=True)]


def analytical_jacobian(out: Tensor, inputs: list[Tensor], create: bool = False) -> list[np.ndarray[Any, Any]]:
    """One backward per element of `out`: an array (input.numel, out.numel) for each input."""
    results = [np.zeros((x.data.size, out.data.size)) for x in inputs]
    for j in range(out.data.size):
        seed = np.zeros(out.data.shape, out.data.dtype)
        seed.flat[j] = 1
        seed_tensor = make(seed if seed.ndim else seed[()])
        grads = run_grad([out], inputs, [seed_tensor], True, create, True, False, None)
        for result, g in zip(results, grads, strict=True):
            if g is not None:
                result[:, j] = np.asarray(g.data).reshape(-1)
    return results


# --- gradcheck -------------------------------------------------------------------------------------------------------


class Check:
    """One gradcheck: the function, its inputs, and the steps and tolerances of the comparison."""

    def __init__(self, f: Any, inputs: Any, eps: float, atol: float, rtol: float) -> None:
        self.f = f
        self.inputs = as_tuple(inputs)
        self.eps = eps
        self.atol = atol
        self.rtol = rtol
        self.wanted = [x for x in self.inputs if isinstance(x, Tensor) and x.requires]

    def call(self) -> tuple[Any, ...]:
        """The outputs, with grad mode on: the function may take gradients itself."""
        from gradsh.engine.transforms.gradient import invoke

        with placed(None), GradMode(True):
            return as_tuple(invoke(self.f, self.inputs))

    # --- numerical ----------------------------------------------------------------------------------------------

    def moved(self, x: Tensor, at: int, step: float) -> list[Any]:
        """The outputs' data with entry `at` of `x` moved by `step`; `x` is changed in place and put back."""
        data = x.data
        if not isinstance(data, np.ndarray):
            x.data = data.dtype.type(data + data.dtype.type(step))
            try:
                return [np.array(o.data) for o in self.call()]
            finally:
                x.data = data
        place = np.unravel_index(at, data.shape)
        kept = data[place]
        data[place] = kept + data.dtype.type(step)
        try:
            return [np.array(o.data) for o in self.call()]
        finally:
            data[place] = kept

    def numerical(self, x: Tensor) -> list[Array]:
        """Central differences of each floating output: arrays (elements of `x`, elements of the output)."""
        rows: list[list[Array]] = []
        for at in range(x.data.size):
            low, high = self.moved(x, at, -self.eps), self.moved(x, at, self.eps)
            row = []
            for a, b in zip(low, high, strict=True):
                place = tuple(int(i) for i in np.unravel_index(at, x.data.shape))
                for what, p, q in (("shape", a.shape, b.shape), ("dtype", a.dtype, b.dtype)):
                    if p != q:
                        shown = [Size(v).words if what == "shape" else f"torch.{OF[v]!r}" for v in (p, q)]
                        raise ArgumentError(
                            f"Expected `func` to return outputs with the same {what} when inputs are perturbed on "
                            f"index {place} by {self.eps}, but got: {what}s {shown[0]} and {shown[1]}.",
                            kind="AssertionError",
                        )
                if a.dtype.kind == "b":
                    raise DtypeError(
                        "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
                        "`logical_xor()` operator instead."
                    )
                difference = b - a
                if difference.dtype.kind == "f":
                    row.append((difference / difference.dtype.type(2 * self.eps)).reshape(-1))
            rows.append(row)
        if not rows:
            return [np.zeros((0, o.data.size), o.data.dtype) for o in self.call() if o.data.dtype.kind == "f"]
        return [np.stack(column) for column in zip(*rows, strict=True)]

    # --- analytical ---------------------------------------------------------------------------------------------

    def analytical(self, out: Tensor, nondet_tol: float, check_dtypes: bool) -> list[tuple[Array, bool]]:
        """For each input (Jacobian, whether a gradient arrived at all): an array (elements of it, elements of
        `out`)."""
        twice = [self.rows(out), self.rows(out)]
        results = []
        for j, x in enumerate(self.wanted):
            found = []
            for rows in twice:
                jacobian = np.zeros((x.data.size, out.data.size), x.data.dtype)
                for k, row in enumerate(rows):
                    g = row[j]
                    if g is None:
                        continue
                    if g.data.shape != x.data.shape:
                        raise GradcheckFailed("Analytical gradient has incorrect size")
                    if check_dtypes and g.data.dtype != x.data.dtype:
                        raise GradcheckFailed("Gradient has dtype mismatch")
                    jacobian[:, k] = np.asarray(g.data).reshape(-1)
                found.append(jacobian)
            if found[0].size and np.max(np.abs(found[0] - found[1])) > nondet_tol:
                raise GradcheckFailed(
                    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
                    "times gives different values, although analytical gradient matches numerical gradient.The "
                    f"tolerance for nondeterminism was {nondet_tol}."
                )
            results.append((found[0], any(row[j] is not None for row in twice[0])))
        return results

    def rows(self, out: Tensor) -> list[tuple[Tensor | None, ...]]:
        """The gradients of the inputs for each element of `out` alone."""
        rows = []
        for k in range(out.data.size):
            seed = np.zeros(out.data.shape, out.data.dtype)
            seed.flat[k] = 1
            rows.append(run_grad([out], self.wanted, [make(seed[()])], True, False, True, False, None))
        return rows

    def forward(self, outputs: list[Tensor]) -> list[list[Array]]:
        """Jacobians by forward mode: for each output, for each input an array (elements of it, elements of the
        output). The function runs in levels of forward mode where an operator of the program's own has its rule there.
        """
        from gradsh.engine.transforms.forward import push

        own = any(_has_own_tangent(o) for o in outputs)
        results: list[list[Array]] = [[] for _ in outputs]
        for x in self.wanted:
            n = x.data.size
            tangents = [
                (np.eye(n, dtype=y.data.dtype) if y is x else np.zeros((n, y.data.size), y.data.dtype)).reshape(
                    (n, *y.data.shape)
                )
                for y in self.wanted
            ]
            found = self.levels(tangents, n) if own else push(outputs, self.wanted, tangents, False, n)
            for i, t in enumerate(found):
                size = outputs[i].data.size
                results[i].append(np.zeros((n, size), x.data.dtype) if t is None else np.asarray(t).reshape(n, size))
        return results

    def levels(self, tangents: list[Array], n: int) -> list[Any]:
        """The tangents of the outputs, a level of forward mode for each of the `n` rows of those of the inputs."""
        from gradsh.engine.transforms.dual import dual, dual_level, unpacked
        from gradsh.engine.transforms.gradient import invoke

        rows = []
        for row in range(n):
            with placed(None), GradMode(True), dual_level():
                along = {id(x): make(t[row]) for x, t in zip(self.wanted, tangents, strict=True)}
                given = tuple(dual(x, along[id(x)], None) if id(x) in along else x for x in self.inputs)
                out = [o for o in as_tuple(invoke(self.f, given)) if o.requires]
                pairs = [(o, unpacked(o, None)[1]) for o in out]
                rows.append([np.zeros_like(o.data) if t is None else t.data for o, t in pairs])
        return [np.stack(column) for column in zip(*rows, strict=True)]

    # --- comparing ----------------------------------------------------------------------------------------------

    def compare(self, analytical: Array, numerical: Array, i: int, j: int, arrived: bool, how: str = "") -> None:
        """Raise GradcheckFailed where they differ by more than the tolerances."""
        close = _close(analytical, numerical, self.rtol, self.atol)
        if close.all():
            return
        dtype = analytical.dtype
        text = (
            f"Jacobian {how}mismatch for output {i} with respect to input {j},\n"
            f"numerical:{quoted(numerical.astype(dtype))}\nanalytical:{quoted(analytical)}\n"
        )
        raise GradcheckFailed(text, note=Report(self, analytical, numerical, i, j, arrived, ~close).text())


def _has_own_tangent(x: Tensor) -> bool:
    """Whether an operator of the program's own that has a rule for forward mode is in the history of the tensor."""
    seen: set[Any] = set()
    todo: list[Any] = [x.node]
    while todo:
        edge = todo.pop()
        node = edge.node if edge.__class__ is Output else edge
        if node.__class__ is Node and node not in seen:
            seen.add(node)
            if getattr(getattr(node.kind, "custom", None), "tangent", None) is not None:
                return True
            todo.extend(node.next)
    return False


def quoted(data: Array) -> str:
    """A matrix as PyTorch prints it in its errors."""
    return repr(make(data)).replace("dtype=torch.", "dtype=").replace("dtype=", "dtype=torch.")


def _close(a: Array, n: Array, rtol: float, atol: float) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(np.isclose(a, n, rtol, atol))


class Report:
    """What a failed comparison tells people."""

    SHOWN = 5

    def __init__(
        self, check: Check, analytical: Array, numerical: Array, i: int, j: int, arrived: bool, wrong: Array
    ) -> None:
        self.check = check
        self.analytical = analytical.astype(np.float64)
        self.numerical = numerical.astype(np.float64)
        self.i, self.j = i, j
        self.arrived = arrived
        self.wrong = wrong
        self.x = check.wanted[j]

    def text(self) -> str:
        difference = np.abs(self.analytical - self.numerical)
        difference = np.where(self.wrong, np.where(np.isnan(difference), np.inf, difference), -1)
        order = np.argsort(-difference, axis=None, kind="stable")[: min(self.SHOWN, int(self.wrong.sum()))]
        places = [tuple(int(v) for v in np.unravel_index(k, self.wrong.shape)) for k in order]
        reason = self.why(places)
        count = int(self.wrong.sum())
        rows = [("input", "output", "analytical", "numerical", "difference")]
        out_shape = self.out_shape()
        for r, c in places:
            a, n = self.analytical[r, c], self.numerical[r, c]
            rows.append(
                (
                    _place(f"{self.j}", r, self.x.data.shape),
                    _place(f"{self.i}", c, out_shape),
                    f"{a:.6g}",
                    f"{n:.6g}",
                    f"{abs(a - n):.3g}",
                )
            )
        widths = [max(len(row[k]) for row in rows) for k in range(5)]
        table = "\n".join("  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)
        of = f"{count} of {self.wrong.size} entries differ" if count != 1 else f"1 of {self.wrong.size} entries differs"
        head = f"{of} by more than {self.check.atol:g} + {self.check.rtol:g} * |numerical| (step {self.check.eps:g})"
        return f"{head}{': ' + reason if reason else ''}\n{table}"

    def out_shape(self) -> tuple[int, ...]:
        outputs = [o for o in self.check.call() if isinstance(o, Tensor) and o.requires]
        return tuple(outputs[self.i].data.shape)

    def why(self, places: list[tuple[int, ...]]) -> str:
        """A word on the cause, "" where it cannot be told."""
        dtype = self.x.data.dtype
        if dtype != np.float64:
            return (
                f"input {self.j} is {OF[dtype]!r}, which is too coarse for this step; "
                "use float64, or a larger eps and tolerance"
            )
        a, n = self.analytical, self.numerical
        if not self.arrived:
            return f"no gradient at all reaches input {self.j}, which the output depends on: {CUT}"
        if np.isnan(a).any() and not np.isnan(n).any():
            return "the gradient is nan"
        kink = self.kink(places[0])
        if kink:
            return kink
        significant = (np.abs(n) > self.check.atol) | (np.abs(a) > self.check.atol)
        if not np.abs(a[significant]).any():
            return "the gradient is zero: rounding, a comparison or an integer on the way?"
        if _close(a, -n, self.check.rtol, self.check.atol).all():
            return "the sign is wrong"
        with np.errstate(all="ignore"):
            ratio = a[significant] / n[significant]
        if ratio.size > 1 and np.isfinite(ratio).all() and np.allclose(ratio, ratio[0], 1e-3):
            return f"the gradient is {ratio[0]:.4g} times what it should be"
        return ""

    def kink(self, place: tuple[int, ...]) -> str:
        """Whether the slopes to the left and to the right of the worst entry differ, or the function jumps there."""
        r, c = place
        check = self.check

        def value(step: float) -> float:
            outs = [d for d in check.moved(self.x, r, step) if d.dtype.kind == "f"]
            tracked = [
                d
                for d, o in zip(outs, (o for o in check.call() if o.data.dtype.kind == "f"), strict=True)
                if o.requires
            ]
            return float(tracked[self.i].reshape(-1)[c])

        eps = check.eps
        if not eps:
            return ""
        here = value(0.0)
        left, right = (here - value(-eps)) / eps, (value(eps) - here) / eps
        # smooth functions: the two slopes differ by the step times the curvature, which half the step halves
        half = (value(eps / 2) - here) / (eps / 2) - (here - value(-eps / 2)) / (eps / 2)
        middle = (value(eps / 2) - value(-eps / 2)) / eps
        whole = (left + right) / 2
        if abs(middle) > 1e-3 / eps and abs(middle) > 1.5 * abs(whole):
            return "the function jumps within the step"
        gap = right - left
        scale = max(1.0, abs(left), abs(right))
        if abs(gap) < 1e-3 * scale or abs(gap) < 1e-7 / eps * 1e-3:
            return ""
        if abs(half) > 1.5 * abs(gap):
            return "the function jumps within the step"
        if abs(half) > 0.75 * abs(gap):
            return f"a kink within the step: the slope is {left:.4g} on the left and {right:.4g} on the right"
        return ""


def _place(word: str, flat: int, shape: tuple[int, ...]) -> str:
    index = ", ".join(str(int(i)) for i in np.unravel_index(flat, shape)) if shape else ""
    return f"{word}[{index}]" if index else word


def as_tuple(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else tuple(x) if isinstance(x, list) else (x,)


def gradcheck(
    f: Any,
    inputs: Any,
    eps: float,
    atol: float,
    rtol: float,
    raise_exception: bool,
    nondet_tol: float,
    check_undefined_grad: bool,
    check_grad_dtypes: bool,
    check_batched_grad: bool,
    check_batched_forward_grad: bool,
    check_forward_ad: bool,
    check_backward_ad: bool,
    fast_mode: bool,
    masked: Any,
) -> bool:
    """torch.autograd.gradcheck; `fast_mode` checks the whole Jacobian too, undefined gradients are zeros here."""
    for wrong, text in (
        (
            not (check_forward_ad or check_backward_ad),
            "Expected at least one of check_forward_ad or check_backward_ad to be True",
        ),
        (
            check_batched_grad and not check_backward_ad,
            "Setting check_batched_grad=True requires check_backward_ad to be True",
        ),
        (
            check_batched_forward_grad and not check_forward_ad,
            "Setting check_batched_forward_grad=True requires check_forward_ad to be True",
        ),
    ):
        if wrong:
            raise ArgumentError(text, kind="AssertionError")
    check = Check(f, inputs, eps, atol, rtol)
    try:
        _gradcheck(check, nondet_tol, check_grad_dtypes, check_batched_grad, check_forward_ad, check_backward_ad)
    except GradcheckFailed:
        if raise_exception:
            raise
        return False
    return True


def _gradcheck(check: Check, nondet_tol: float, dtypes: bool, batched: bool, forward: bool, backward: bool) -> None:
    _check_inputs(check)
    func_out = check.call()
    for o in func_out:
        if not isinstance(o, Tensor):
            raise ArgumentError(f"'{type(o).__name__}' object has no attribute 'requires_grad'", kind="AttributeError")
    outputs = [o for o in func_out if o.requires]
    numerical = [check.numerical(x) for x in check.wanted]
    floating = [o for o in func_out if o.data.dtype.kind == "f"]
    if not outputs:
        if any(np.any(block != 0) for blocks in numerical for block in blocks):
            raise GradcheckFailed(
                "Numerical gradient for function expected to be zero",
                note=f"the outputs require no gradient, but depend on the inputs: {CUT}",
            )
        return
    kept = [k for k, o in enumerate(floating) if o.requires]
    if forward:
        for i, blocks in enumerate(check.forward(outputs)):
            for j, a in enumerate(blocks):
                check.compare(a, numerical[j][kept[i]], i, j, True, "computed with forward mode ")
    if not backward:
        return
    for i, out in enumerate(outputs):
        for j, (a, arrived) in enumerate(check.analytical(out, nondet_tol, dtypes)):
            check.compare(a, numerical[j][kept[i]], i, j, arrived)
    if batched:
        for i, out in enumerate(outputs):
            _check_batched(check, out, i)
    zeros: list[Tensor | None] = [make(np.zeros(o.data.shape, o.data.dtype)[()]) for o in outputs]
    for g in run_grad(outputs, check.wanted, zeros, True, False, True, False, None):
        if g is not None and np.any(g.data != 0):
            raise GradcheckFailed("backward not multiplied by grad_output")


def _check_batched(check: Check, out: Tensor, i: int) -> None:
    from gradsh.engine.transforms.forward import pull

    n = out.data.size
    basis = np.eye(n, dtype=out.data.dtype).reshape((n, *out.data.shape))
    for j, (g, (a, _)) in enumerate(
        zip(pull([out], [basis], check.wanted, False), check.analytical(out, np.inf, False), strict=True)
    ):
        found = np.zeros_like(a) if g is None else np.asarray(g).reshape(n, -1).T
        if not _close(found, a, check.rtol, check.atol).all():
            raise GradcheckFailed(
                f"For output {i} and input {j}:\n\ngradcheck or gradgradcheck failed while testing batched gradient "
                f"computation.\n\nGot:\n{make(found)!r}\n\nExpected:\n{make(a)!r}"
            )


def _check_inputs(check: Check) -> None:
    some = False
    for index, x in enumerate(check.inputs):
        if not isinstance(x, Tensor) or not x.requires:
            continue
        some = True
        data = x.data
        if data.dtype != np.float64:
            mode.warn(
                f"Input #{index} requires gradient and is not a double precision floating point or complex. This "
                "check will likely fail if all the inputs are not of double precision floating point or complex. "
            )
        if isinstance(data, np.ndarray) and any(
            s == 0 and n > 1 for s, n in zip(data.strides, data.shape, strict=True)
        ):
            raise AutogradError(
                f"The {index}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call "
                ".contiguous on the input before passing it to gradcheck."
            )
    if not some:
        integers = [i for i, x in enumerate(check.inputs) if isinstance(x, Tensor) and x.data.dtype.kind != "f"]
        raise ValueError_(
            "gradcheck expects at least one input tensor to require gradient, but none of them have "
            "requires_grad=True.",
            note=f"input {integers[0]} holds {OF[check.inputs[integers[0]].data.dtype]!r}: integers have no gradient"
            if integers
            else None,
            help="`tensor([1., 2.], grad, dtype=float64)`",
        )


def gradgradcheck(
    f: Any,
    inputs: Any,
    grad_outputs: Any,
    eps: float,
    atol: float,
    rtol: float,
    gen_non_contig_grad_outputs: bool,
    raise_exception: bool,
    nondet_tol: float,
    check_undefined_grad: bool,
    check_grad_dtypes: bool,
    check_batched_grad: bool,
    check_fwd_over_rev: bool,
    check_rev_over_rev: bool,
    fast_mode: bool,
    masked: Any,
) -> bool:
    """torch.autograd.gradgradcheck: gradcheck of the gradient, as a function of the inputs and of its own gradients."""
    for wrong, text in (
        (
            not (check_fwd_over_rev or check_rev_over_rev),
            "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True",
        ),
        (
            check_undefined_grad and not check_rev_over_rev,
            "Setting check_undefined_grad=True requires check_rev_over_rev to be True",
        ),
        (
            check_batched_grad and not check_rev_over_rev,
            "Setting check_batched_grad=True requires check_rev_over_rev to be True",
        ),
    ):
        if wrong:
            raise ArgumentError(text, kind="AssertionError")
    given = as_tuple(inputs)
    first = Check(f, given, eps, atol, rtol)
    if grad_outputs is None:
        seeds = tuple(_random_like(o) for o in first.call() if isinstance(o, Tensor) and o.requires)
    else:
        seeds = as_tuple(grad_outputs)
        for each in seeds:
            if not isinstance(each, Tensor):
                raise ArgumentError(f"gradients can be either Tensors or None, but got {type(each).__name__}")

    def gradient(*args: Any) -> tuple[Any, ...]:
        outputs = [o for o in first.call() if o.requires]
        found = run_grad(outputs, first.wanted, list(seeds), True, True, True, False, None) if outputs else ()
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradient,
        given + seeds,
        eps,
        atol,
        rtol,
        raise_exception,
        nondet_tol,
        check_undefined_grad,
        check_grad_dtypes,
        check_batched_grad,
        False,
        check_fwd_over_rev,
        check_rev_over_rev,
        fast_mode,
        masked,
    )


def _random_like(out: Tensor) -> Tensor:
    """Random numbers between -1 and 1 from the program's stream, as PyTorch draws them."""
    from gradsh.engine.kernels.random import uniform
    from gradsh.engine.kernels.stream import stream

    draws = uniform(stream(), out.data.shape, out.data.dtype, -1, 1)
    return leaf(draws if draws.ndim else draws[()], True, None)


# --- for the tests of operators --------------------------------------------------------------------------------------


class Mismatch(Exception):
    """A derivative that differs from its central difference; says which."""


def check(
    f: Callable[..., Any],
    args: list[Any],
    kwargs: dict[str, Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
) -> int:
    """Compare all first derivatives of `f(*args, **kwargs)`; the number of entries compared. Raises Mismatch."""
    inputs = [x for x in tensors_in([*args, *kwargs.values()]) if x.requires and x.node is None]

    def outputs() -> list[Tensor]:
        result = f(*args, **kwargs)
        return [o for o in tensors_in([result]) if o.data.dtype.kind == "f"]

    compared = 0
    outs = outputs()
    numerical = [numerical_jacobian(outputs, x, eps) for x in inputs]
    for k, out in enumerate(outs):
        if not out.requires:
            for i in range(len(inputs)):
                if np.any(np.abs(numerical[i][k]) > atol):
                    raise Mismatch(f"output {k} has no gradient, but depends on input {i}")
            continue
        analytical = analytical_jacobian(out, inputs)
        for i, a in enumerate(analytical):
            n = numerical[i][k]
            if not np.allclose(a, n, rtol, atol, equal_nan=True):
                raise Mismatch(
                    f"Jacobian mismatch for output {k} with respect to input {i},\nnumerical:{n}\nanalytical:{a}"
                )
            compared += a.size
    return compared


def check_second(f: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], **tolerances: float) -> int:
    """`check` of the gradient itself, as a function of the inputs and of the incoming gradients."""
    inputs = [x for x in tensors_in([*args, *kwargs.values()]) if x.requires and x.node is None]
    outs = [o for o in tensors_in([f(*args, **kwargs)]) if o.requires]
    rng = np.random.default_rng(7)
    gs = [leaf(np.asarray(rng.uniform(-1, 1, o.data.shape)).astype(o.data.dtype)[()], True, None) for o in outs]

    def gradient(*_: Any) -> Any:
        results = [o for o in tensors_in([f(*args, **kwargs)]) if o.requires]
        with GradMode(True):
            grads = run_grad(results, inputs, list(gs), True, True, True, True, None)
        return [g for g in grads if g is not None]

    def fresh(*values: Any) -> Any:
        # numerical differences run without grad mode, the inner gradient needs it
        with GradMode(True):
            return gradient()

    return check(fresh, [inputs, gs], {}, **tolerances)
