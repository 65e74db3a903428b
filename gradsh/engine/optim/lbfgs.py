"""L-BFGS, with a fixed step or with a line search for the strong Wolfe conditions.

All parameters are one vector here. Step lengths, directional derivatives and curvatures are NumPy scalars of the
parameters' dtype where PyTorch has 0-d tensors, and Python numbers where it has those, so that they round alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.autograd.inplace import bump
from gradsh.engine.core import alloc
from gradsh.engine.core.modes import mode
from gradsh.engine.core.place import caller
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels.summation import summed
from gradsh.engine.optim.base import Optimizer, _getframe, check_lr, evaluate, number, registered
from gradsh.engine.optim.sweep import Work, add_scaled, constant, sweep
from gradsh.errors import ArgumentError, ValueError_, ValueProblem, ZeroDivision

ndarray = np.ndarray


@registered(
    "LBFGS(params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-07, tolerance_change=1e-09, "
    "history_size=100, line_search_fn=None)",
    example="let w = ones(2, grad); let opt = LBFGS([w]); fn loss() { zero_grad w; let l = (w**2).sum(); backward "
    "l; return l }; step opt, loss; w",
)
class LBFGS(Optimizer):
    """Newton's method with a guessed inverse Hessian; its step needs a closure.

    Newton's method with an inverse Hessian guessed from the last gradients; needs a closure.
    """

    __slots__ = ("params",)

    def validate(self, options: dict[str, Any]) -> None:
        check_lr(options["lr"])
        if options["max_eval"] is None:
            options["max_eval"] = options["max_iter"] * 5 // 4

    def __init__(self, params: Any, *values: Any) -> None:
        super().__init__(params, *values)
        if len(self.param_groups) != 1:
            raise ValueError_("LBFGS doesn't support per-parameter options (parameter groups)")

    # --- the parameters as one vector --------------------------------------------------------------------------

    def _flat_grad(self) -> Any:
        parts = []
        for p in self.params:
            grad = p.gradient
            parts.append(alloc.zeros(p.data.size, p.data.dtype) if grad is None else np.ravel(grad.data))
        return np.concatenate(parts)

    def _move(self, step: Any, direction: Any, where: Any) -> None:
        """Add `step * direction` to the parameters."""
        start = 0
        for p in self.params:
            data = self.writable(p, where)
            part = direction[start : start + data.size].reshape(data.shape)
            start += data.size
            self._plus(data, part, step)
            if p.data.__class__ is not ndarray:
                p.data = data[()]
            bump(p, where)

    def _plus(self, x: Any, y: Any, factor: Any) -> None:
        sweep(self.scratch, _scaled, (x, y), (constant(factor, x.dtype),))

    def _copies(self) -> list[Any]:
        return [alloc.array(p.data) for p in self.params]

    def _set(self, values: list[Any], where: Any) -> None:
        for p, value in zip(self.params, values, strict=True):
            data = self.writable(p, where)
            data[...] = value
            if p.data.__class__ is not ndarray:
                p.data = data[()]
            bump(p, where)

    # --- the step ----------------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Up to `max_iter` iterations; gives the loss that `closure` returned first.

        `closure` clears the gradients, computes the loss, calls backward and returns the loss.
        """
        if closure is None:
            raise ArgumentError(
                "LBFGS.step() missing 1 required positional argument: 'closure'",
                help="step opt, closure, where `closure` clears the gradients, computes the loss and calls backward",
            )
        where = mode.where or caller(_getframe(1))
        given: tuple[Any, ...] = (closure,)
        if self.pre_hooks:
            given = self._before(given)
        if self.called is not None:
            self.called = True
        self.params = self.param_groups[0]["params"]
        try:
            loss = self._iterate(given[0], self.param_groups[0], where)
        except ZeroDivisionError as error:  # a line search between two equal points, as in PyTorch
            raise ZeroDivision(str(error)) from None
        for hook in list(self.post_hooks.values()):
            hook(self, given, {})
        return loss

    def _iterate(self, closure: Any, group: dict[str, Any], where: Any) -> Any:
        lr = number(group["lr"])
        max_iter, max_eval, tolerance_change = group["max_iter"], group["max_eval"], group["tolerance_change"]
        tolerance_grad, search, history = group["tolerance_grad"], group["line_search_fn"], group["history_size"]
        state = self.state[self.params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        original = evaluate(closure)
        loss = _float(original)
        evaluations = 1
        state["func_evals"] += 1
        flat_grad = self._flat_grad()
        optimal = _largest(flat_grad) <= tolerance_grad
        if optimal:
            return original

        known = _Curvature(state)
        n = 0
        while n < max_iter:
            n += 1
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                known.forget()
                d = -flat_grad
                t = min(1.0, 1.0 / summed(np.abs(flat_grad))) * lr
            else:
                known.learn(flat_grad, history)
                d = self._direction(state, flat_grad, known, history)
                t = lr
            known.d, known.t, known.flat_grad, known.loss = d, t, flat_grad, loss
            slope = flat_grad.dot(d)
            if slope > -tolerance_change:
                break

            more = 0
            if search is not None:
                loss, flat_grad, t, more = self._search(
                    search, closure, t, d, loss, flat_grad, slope, max_eval - evaluations, where
                )
                known.t = t
                self._move(t, d, where)
                optimal = _largest(flat_grad) <= tolerance_grad
            else:
                self._move(t, d, where)
                if n != max_iter:
                    loss = _float(evaluate(closure))
                    flat_grad = self._flat_grad()
                    optimal = _largest(flat_grad) <= tolerance_grad
                    more = 1

            evaluations += more
            state["func_evals"] += more
            if n == max_iter or evaluations >= max_eval or optimal:
                break
            if _largest(d * t) <= tolerance_change or abs(loss - known.loss) < tolerance_change:
                break
        known.keep(state)
        return original

    def _search(
        self,
        search: str,
        closure: Any,
        t: Any,
        d: Any,
        loss: float,
        gradient: Any,
        slope: Any,
        most: int,
        where: Any,
    ) -> tuple[float, Any, Any, int]:
        """The line search along `d`: (loss, gradient, step, evaluations). The parameters stay where they are."""
        if search != "strong_wolfe":
            raise ValueError_("only 'strong_wolfe' is supported", kind="RuntimeError")
        start = self._copies()

        def at(t: Any) -> tuple[float, Any]:
            self._move(t, d, where)
            value = _float(evaluate(closure))
            gradient = self._flat_grad()
            self._set(start, where)
            return value, gradient

        return _strong_wolfe(at, t, d, loss, gradient, slope, most)

    def _direction(self, state: dict[str, Any], gradient: Any, known: _Curvature, history: int) -> Any:
        """Minus the gradient times the guessed inverse Hessian: the two loops of L-BFGS."""
        dirs, steps, ro = known.dirs, known.steps, known.ro
        kept = state.setdefault("al", [None] * history)
        weights = [0.0] * len(dirs)
        q = -gradient
        for i in range(len(dirs) - 1, -1, -1):
            weights[i] = steps[i].dot(q) * ro[i]
            kept[i] = make(weights[i])
            self._plus(q, dirs[i], -weights[i])
        q *= known.h
        for i in range(len(dirs)):
            self._plus(q, steps[i], weights[i] - dirs[i].dot(q) * ro[i])
        return q


class _Curvature:
    """What the last iterations leave for the next: `state`, as arrays.

    d, t            the last direction and step
    flat_grad, loss  those before it
    dirs, steps, ro the last changes of the gradient and of the parameters, and 1 over their products
    h               the guessed inverse Hessian's diagonal
    """

    __slots__ = ("d", "dirs", "flat_grad", "h", "loss", "ro", "steps", "t")

    def __init__(self, state: dict[str, Any]) -> None:
        self.d, self.t, self.h = _array(state.get("d")), _value(state.get("t")), _value(state.get("H_diag"))
        self.dirs = [_array(each) for each in state.get("old_dirs") or ()]
        self.steps = [_array(each) for each in state.get("old_stps") or ()]
        self.ro = [_value(each) for each in state.get("ro") or ()]
        self.flat_grad = _array(state.get("prev_flat_grad"))
        self.loss = state.get("prev_loss")

    def forget(self) -> None:
        self.h = 1
        self.dirs, self.steps, self.ro = [], [], []

    def learn(self, gradient: Any, history: int) -> None:
        """The last step led to this gradient; where the loss curves upwards, that says something."""
        y, s = gradient - self.flat_grad, self.d * self.t
        product = y.dot(s)
        if product > 1e-10:
            if len(self.dirs) == history:
                del self.dirs[0], self.steps[0], self.ro[0]
            self.dirs.append(y)
            self.steps.append(s)
            self.ro.append(1.0 / product)
            self.h = product / y.dot(y)

    def keep(self, state: dict[str, Any]) -> None:
        if self.d is None:  # of max_iter=0
            state.update(
                dict.fromkeys(("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss"))
            )
            return
        state["d"], state["t"] = make(self.d), _kept(self.t)
        state["old_dirs"], state["old_stps"] = [make(each) for each in self.dirs], [make(each) for each in self.steps]
        state["ro"], state["H_diag"] = [_kept(each) for each in self.ro], _kept(self.h)
        state["prev_flat_grad"], state["prev_loss"] = make(self.flat_grad), self.loss


def _scaled(work: Work, x: Any, y: Any, factor: Any) -> None:
    add_scaled(work, x, y, factor, x)


def _float(loss: Any) -> float:
    if loss.__class__ is Tensor:
        return float(loss.item())
    if isinstance(loss, (int, float)):
        return float(loss)
    raise ArgumentError(
        f"float() argument must be a string or a real number, not '{type(loss).__name__}'",
        help="the closure ends with `return loss`",
    )


def _array(held: Any) -> Any:
    return held.data if held.__class__ is Tensor else held


_value = number


def _kept(value: Any) -> Any:
    return make(value) if isinstance(value, np.generic) else value


def _largest(x: Any) -> Any:
    """Errors: ValueProblem in PyTorch's words where all parameters together have no element."""
    if not x.size:
        raise ValueProblem(
            "max(): Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument."
        )
    return np.abs(x).max()


# --- line search ---------------------------------------------------------------------------------------------------


def _cubic_interpolate(x1: Any, f1: Any, g1: Any, x2: Any, f2: Any, g2: Any, bounds: Any = None) -> Any:
    """Where the cubic through two points with these values and slopes is least, kept within the bounds."""
    least, most = bounds if bounds is not None else (x1, x2) if x1 <= x2 else (x2, x1)
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    square = d1**2 - g1 * g2
    if square >= 0:
        d2 = np.sqrt(square)
        if x1 <= x2:
            best = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
        else:
            best = x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2))
        return min(max(best, least), most)
    return (least + most) / 2.0


def _strong_wolfe(
    at: Callable[[Any], tuple[float, Any]],
    t: Any,
    d: Any,
    f: float,
    g: Any,
    slope: Any,
    max_ls: int,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance_change: float = 1e-9,
) -> tuple[float, Any, Any, int]:
    """(loss, gradient, step, evaluations) at a step along `d` that meets the strong Wolfe conditions, if one is found.

    `at(t)` is loss and gradient there; `f`, `g` and `slope` are those at 0. First a bracket is found, then it shrinks.
    """
    d_norm = _largest(d)
    f_new, g_new = at(t)
    evaluations = 1
    slope_new = g_new.dot(d)
    t_before: Any = 0
    f_before, g_before, slope_before = f, g, slope
    done = False
    n = 0
    ts: list[Any]
    while n < max_ls:
        if f_new > (f + c1 * t * slope) or (n > 1 and f_new >= f_before):
            ts, fs, gs, slopes = [t_before, t], [f_before, f_new], [g_before, g_new], [slope_before, slope_new]
            break
        if abs(slope_new) <= -c2 * slope:
            ts, fs, gs, slopes = [t], [f_new], [g_new], [slope_new]
            done = True
            break
        if slope_new >= 0:
            ts, fs, gs, slopes = [t_before, t], [f_before, f_new], [g_before, g_new], [slope_before, slope_new]
            break
        bounds = (t + 0.01 * (t - t_before), t * 10)
        ahead = _cubic_interpolate(t_before, f_before, slope_before, t, f_new, slope_new, bounds)
        t_before, f_before, g_before, slope_before = t, f_new, g_new, slope_new
        t = ahead
        f_new, g_new = at(t)
        evaluations += 1
        slope_new = g_new.dot(d)
        n += 1
    if n == max_ls:
        ts, fs, gs, slopes = [0, t], [f, f_new], [g, g_new], [slope, slope_new]

    stuck = False
    low, high = (0, 1) if fs[0] <= fs[-1] else (1, 0)
    while not done and n < max_ls:
        if abs(ts[1] - ts[0]) * d_norm < tolerance_change:
            break
        t = _cubic_interpolate(ts[0], fs[0], slopes[0], ts[1], fs[1], slopes[1])
        # a trial close to an end of the bracket makes too little progress: the second time, or at the end itself, it
        # moves a tenth of the bracket away
        tenth = 0.1 * (max(ts) - min(ts))
        if min(max(ts) - t, t - min(ts)) < tenth:
            if stuck or t >= max(ts) or t <= min(ts):
                t = max(ts) - tenth if abs(t - max(ts)) < abs(t - min(ts)) else min(ts) + tenth
                stuck = False
            else:
                stuck = True
        else:
            stuck = False

        f_new, g_new = at(t)
        evaluations += 1
        slope_new = g_new.dot(d)
        n += 1
        if f_new > (f + c1 * t * slope) or f_new >= fs[low]:
            ts[high], fs[high], gs[high], slopes[high] = t, f_new, g_new, slope_new
            low, high = (0, 1) if fs[0] <= fs[1] else (1, 0)
        else:
            if abs(slope_new) <= -c2 * slope:
                done = True
            elif slope_new * (ts[high] - ts[low]) >= 0:
                ts[high], fs[high], gs[high], slopes[high] = ts[low], fs[low], gs[low], slopes[low]
            ts[low], fs[low], gs[low], slopes[low] = t, f_new, g_new, slope_new
    return fs[low], gs[low], ts[low], evaluations
