"""jacobian and hessian, as torch.autograd.functional has them, in batches instead of row by row."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.autograd.backward import needed_nodes
from gradsh.engine.core import alloc
from gradsh.engine.core.batched import DRAWLESS, SIZES
from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.modes import interpreting, mode, planned
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.pytree import filled, is_node, leaves, mapped
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.transforms.batching import BATCHES
from gradsh.engine.transforms.forward import has_hooks, keyed, pull, push
from gradsh.engine.transforms.gradient import argument_numbers, invoke, lifted, lowered, name_of, untracked
from gradsh.engine.transforms.products import OUTPUTS, Run, as_tuple, check_requires_grad, gradients, numel
from gradsh.errors import AutogradError

_getframe = sys._getframe

# a batch of gradients may take this many elements per tensor; larger Jacobians are made in pieces
PIECE = 1 << 24
# a sweep over no more elements than this goes PyTorch's way, in which a product with 0 has the sign that it has there;
# a larger one goes the shorter way
SMALL = 1 << 12


def jacobian(f: Any, inputs: Any, create_graph: bool, strict: bool, own: bool = False, forward: bool = False) -> Any:
    """The derivative of every element of the outputs by every element of the inputs: a tuple of tuples, or less.

    forward  PyTorch would push tangents forward
    """
    run = Run("jacobian", f, inputs, create_graph, strict, own)
    run.call()
    rows = Jacobian(run).found(forward)
    run.done()
    out = []
    for row in rows:
        row = [lowered(x if run.create else untracked(x)) for x in row]
        out.append(tuple(row) if run.several_in else row[0])
    return tuple(out) if run.several_out else out[0]


def pushed(f: Any, inputs: Any, create_graph: bool, strict: bool) -> Any:
    """The same in forward mode, as `torch.func.jacfwd`."""
    return jacobian(f, inputs, create_graph, strict, forward=True)


class Jacobian:
    """The Jacobians of one run: batches of gradients pulled back, or of tangents pushed forward, whichever PyTorch
    does, and of many those of which there are fewer."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.batch = tuple(SIZES)
        skip = len(self.batch)
        self.ins = [tuple(x.data.shape[skip:]) for x in run.inputs]
        self.outs = [tuple(o.data.shape[skip:]) for o in run.outputs]
        self.needed: set[Any] | None = None

    def found(self, forward: bool) -> list[list[Any]]:
        run = self.run
        tracked = [i for i, o in enumerate(run.outputs) if o.requires]
        rows: list[list[Any]] = [[None] * len(self.ins) for _ in self.outs]
        many = sum(Size(self.outs[i]).numel() for i in tracked)
        few = sum(Size(s).numel() for s in self.ins)
        alone = False
        if many > 1:
            captures = keyed(run.inputs)
            nodes = needed_nodes([run.outputs[i].edge for i in tracked], captures)
            alone = mode.anomaly is not None or has_hooks((*nodes, *_nodes(captures)), _leaves(captures))
            if len(tracked) == 1:
                self.needed = nodes
        widest = max([x.data.size for x in (*run.inputs, *run.outputs)], default=1)
        if max(few, many) * widest > SMALL:
            forward = few < many
        if forward and many and not run.strict and not alone:
            self.forwards(tracked, rows)
        else:
            for i in tracked:
                self.backwards(i, rows[i], alone)
        for i, row in enumerate(rows):
            for j, x in enumerate(row):
                if x is None:
                    if run.strict:
                        raise AutogradError(
                            f"Output {i} of the user-provided function is independent of input {j}. This is not "
                            "allowed in strict mode."
                        )
                    row[j] = make(alloc.zeros((*self.batch, *self.outs[i], *self.ins[j]), run.inputs[j].data.dtype)[()])
                elif run.strict and run.create and not x.requires:
                    raise AutogradError(
                        f"The jacobian of the user-provided function is independent of input {i}. This is not "
                        "allowed in strict mode when create_graph=True."
                    )
        return rows

    def backwards(self, i: int, row: list[Any], alone: bool) -> None:
        """All rows of one output; `alone`: one after the other."""
        run = self.run
        out = run.outputs[i]
        shape = self.outs[i]
        n = Size(shape).numel()
        if not n:
            return
        if n == 1:
            grads = gradients([out], run.inputs, [make(alloc.ones(out.data.shape, out.data.dtype)[()])], run.create)
            for j, g in enumerate(grads):
                if g is not None:
                    row[j] = self.shaped(g, i, j)
            return
        # ones for every sample of the running `vmap`s at one element of the output
        basis = alloc.zeros((n, *self.batch, n), out.data.dtype)
        basis[alloc.arange(n), ..., alloc.arange(n)] = 1
        basis = basis.reshape((n, *self.batch, *shape))
        widest = max(out.data.size, *(x.data.size for x in run.inputs))
        piece = 1 if alone else max(1, PIECE // max(1, widest))
        parts: list[list[Any]] = []
        for start in range(0, n, piece):
            some = basis[start : start + piece]
            if alone:
                grads = gradients([out], run.inputs, [make(some[0][()])], run.create)
                parts.append(
                    [None if g is None else (T.unsqueeze(g, 0) if run.create else g.data[None]) for g in grads]
                )
            else:
                parts.append(pull([out], [make(some) if run.create else some], run.inputs, run.create, self.needed))
        for j in range(len(row)):
            column = [part[j] for part in parts if part[j] is not None]
            if column:
                whole = column[0] if len(column) == 1 else (T.cat(column, 0) if run.create else np.concatenate(column))
                row[j] = self.shaped(self.moved(whole, 0, len(self.batch)), i, j)

    def forwards(self, tracked: list[int], rows: list[list[Any]]) -> None:
        """All columns of all outputs in one sweep."""
        run = self.run
        sizes = [Size(s).numel() for s in self.ins]
        total = sum(sizes)
        if not total:
            return
        tangents: list[Any] = []
        start = 0
        for x, shape, n in zip(run.inputs, self.ins, sizes, strict=True):
            basis = alloc.zeros((total, *self.batch, n), x.data.dtype)
            basis[alloc.arange(start, start + n), ..., alloc.arange(n)] = 1
            basis = basis.reshape((total, *self.batch, *shape))
            tangents.append(make(basis) if run.create else basis)
            start += n
        found = push([run.outputs[i] for i in tracked], run.inputs, tangents, run.create, total)
        for i, t in zip(tracked, found, strict=True):
            if t is None:
                continue
            start = 0
            for j, n in enumerate(sizes):
                part = T.narrow(t, 0, start, n) if run.create else t[start : start + n]
                rows[i][j] = self.shaped(self.moved(part, 0, part.ndim - 1), i, j)
                start += n

    def moved(self, x: Any, source: int, target: int) -> Any:
        if source == target:
            return x
        return T.movedim(x, source, target) if self.run.create else np.moveaxis(x, source, target)

    def shaped(self, x: Any, i: int, j: int) -> Any:
        """A block of the Jacobian in the shape of its output and input."""
        shape = (*self.batch, *self.outs[i], *self.ins[j])
        if self.run.create:
            if mode.transforms and tuple(x.data.shape) == shape:
                return x
            return T.view(T.contiguous(x), shape)
        data = x.data if isinstance(x, Tensor) else x
        data = alloc.ascontiguousarray(data).reshape(shape)
        t = make(data if data.ndim else data[()])
        t.origin = mode.where
        return t


def _nodes(captures: Any) -> list[Any]:
    return [key for key in captures if key.__class__ is not Tensor]


def _leaves(captures: Any) -> list[Any]:
    return [key for key in captures if key.__class__ is Tensor]


def hessian(f: Any, inputs: Any, create_graph: bool, strict: bool, forward: bool = False) -> Any:
    """The second derivatives of a scalar function: the Jacobian of its gradient; `forward` as in `jacobian`."""
    several, _ = as_tuple(inputs, "inputs", "hessian")

    def single(*args: Any) -> Any:
        out = invoke(f, args)
        is_tuple, checked = as_tuple(out, OUTPUTS, "hessian")
        if strict:
            check_requires_grad(checked, "outputs")
        if is_tuple:
            raise AutogradError("The function given to hessian should return a single Tensor")
        if numel(out) != 1:
            raise AutogradError("The Tensor returned by the function given to hessian should contain a single element")
        return out if not out.ndim else T.squeeze(out, None)

    def gradient(*args: Any) -> Any:
        found = jacobian(single, tuple(args), True, False, own=True)
        if strict:
            check_requires_grad(found, "jacobian")
        return found

    result = jacobian(gradient, inputs, create_graph, strict, forward=forward)
    if several:
        return result
    return result[0]


def second(f: Any, inputs: Any, create_graph: bool, strict: bool) -> Any:
    """The same of a function of any number of outputs: the Jacobian of its Jacobian, as `torch.func.hessian`."""
    several, _ = as_tuple(inputs, "inputs", "hessian")

    def first(*args: Any) -> Any:
        return jacobian(f, tuple(args), True, False, own=True)

    result = pushed(first, inputs, create_graph, strict)
    return result if several else result[0]


def by_argument(f: Any, argnums: Any, transform: Any, drawless: bool = False, has_aux: str = "") -> Callable[..., Any]:
    """The function that applies `transform` (jacobian, hessian) to `f` by some of its arguments, as torch.func does.

    has_aux    the name of the transform where `f` gives a value and something beside, which comes out too

    drawless   `f` may draw no random numbers: in forward mode PyTorch runs it in a `vmap` over tangents
    """

    def transformed(*args: Any, **kwargs: Any) -> Any:
        with placed(caller(_getframe(1))):
            return planned(_by_argument, f, argnums, transform, drawless, has_aux, args, kwargs)

    transformed.__name__ = transformed.__qualname__ = name_of(f)
    return transformed


def _by_argument(
    f: Any,
    argnums: Any,
    transform: Any,
    drawless: bool,
    has_aux: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    chosen = argument_numbers(argnums, len(args))
    beside: list[Any] = []

    def of_chosen(*some: Any) -> Any:
        new = list(args)
        for i, x in zip(chosen, some, strict=True):
            new[i] = x
        out = _without_draws(f, new, kwargs) if drawless else invoke(f, new, kwargs)
        if not has_aux:
            return out
        if not isinstance(out, tuple) or len(out) != 2:
            raise AutogradError(
                f"{has_aux}(f, *primals): output of function f should be a tuple: (output, aux) if has_aux is True"
            )
        beside[:] = [out[1]]
        return out[0]

    several = isinstance(argnums, (tuple, list))
    inputs = tuple(args[i] for i in chosen) if several else args[chosen[0]]
    # as torch.func: what goes in with a history comes out with one
    mode.transforms += 1
    try:
        found = of_nest(of_chosen, inputs, several, transform)
    finally:
        mode.transforms -= 1
    return (found, mapped(_plain_value, beside[0])) if has_aux else found


def _plain_value(x: Any) -> Any:
    return lowered(untracked(lifted(x))) if isinstance(x, Tensor) and x.requires else x


def with_draws(f: Any, argnums: Any) -> Callable[..., Any]:
    """The Jacobian of a function of tensors that draws random numbers, others for each element of argument `argnums`:
    a `vmap` over tangents."""

    def transformed(*args: Any, **kwargs: Any) -> Any:
        from gradsh.engine.transforms.products import jvp
        from gradsh.engine.transforms.vmap import vmap

        with placed(caller(_getframe(1))):
            (at,) = argument_numbers(argnums, len(args))
            x = args[at]

            def of_one(value: Any) -> Any:
                return invoke(f, [*args[:at], value, *args[at + 1 :]], kwargs)

            basis = make(alloc.eye(x.data.size, dtype=x.data.dtype).reshape((x.data.size, *x.data.shape)))
            columns = vmap(lambda v: jvp(of_one, x, v, False, False)[1], 0, -1, "different")(basis)
            return T.reshape(columns, (*columns.data.shape[:-1], *x.data.shape))

    transformed.__name__ = transformed.__qualname__ = name_of(f)
    return transformed


def _without_draws(f: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    DRAWLESS.append(None)
    try:
        with interpreting(BATCHES):
            return invoke(f, args, kwargs)
    finally:
        DRAWLESS.pop()


def of_nest(f: Any, inputs: Any, several: bool, transform: Any) -> Any:
    """`transform` of a function of tensors, or of nests of them: of each tensor of the result a nest like the inputs.

    `several`: the inputs are the arguments of `f`, not its one argument.
    """
    made: list[Any] = []

    def of_flat(*tensors: Any) -> Any:
        given = filled(inputs, list(tensors))
        out = f(*given) if several else f(given)
        made[:] = [out]
        return tuple(leaves(out)) if _holds_tensors(out) else out

    def like(row: Any) -> Any:
        return filled(inputs, list(row))

    if not isinstance(inputs, Tensor) and not _holds_tensors(inputs):
        return transform(f, inputs, False, False)  # which has the words for it
    rows = transform(of_flat, tuple(leaves(inputs)), False, False)
    if transform is hessian or transform is second:
        return like([like(row) for row in rows])
    return filled(made[0], [like(row) for row in rows]) if is_node(made[0]) else like(rows)


def _holds_tensors(value: Any) -> bool:
    return is_node(value) and all(isinstance(leaf, Tensor) for leaf in leaves(value))
