"""Derivatives of functions: `grad(f)`, `value_and_grad(f)`, jacobian, hessian, vjp, jvp, hvp, vhp.

All of them run the function once, on inputs of their own, and read its graph: backwards (gradsh.engine.backward), in
batches, or forwards (gradsh.engine.sweeps). Results, errors and `create_graph` are those of torch.func (`grad`) and
torch.autograd.functional (the others). Inside another transform they behave as with `create_graph`, so that they nest
in each other to any order.

Inside `vmap` the inputs are batches. Samples do not influence each other, so that a derivative for all of them at once
is that of the sum: the graph is recorded on tensors that have the batches as their first dims (`lifted`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from gradsh.engine.backward import needed_nodes, run_grad
from gradsh.engine.batching import SIZES, Batched
from gradsh.engine.dtypes import Size
from gradsh.engine.graph import Output
from gradsh.engine.modes import GradMode, mode
from gradsh.engine.registry import T, caller
from gradsh.engine.sweeps import has_hooks, keyed, pull, push
from gradsh.engine.tensor import Tensor, make
from gradsh.engine.trees import filled, leaves, mapped
from gradsh.errors import ArgumentError, AutogradError, LeafFlag, ValueProblem

_getframe = sys._getframe

# a batch of gradients may take this many elements per tensor; larger Jacobians are made in pieces
PIECE = 1 << 24


def python_type(value: Any) -> str:
    """A value's type as Python's `type` prints it, which PyTorch's errors quote."""
    name = type(value).__name__
    return f"<class '{name}'>"


def name_of(f: Any) -> str:
    """A function's name in errors: what the program called it, `<lambda>` if it did not."""
    name = str(getattr(f, "__name__", None) or repr(f)).removeprefix(".")
    return "<lambda>" if name.startswith("@") else name


def invoke(f: Any, args: Any, kwargs: dict[str, Any] | None = None) -> Any:
    """Call a function of the program or a built-in; parameters of the program's functions are spelled `.name`."""
    if kwargs:
        inner = f.__func__ if type(f) is MethodType else f
        if type(inner) is FunctionType and "@attr" in inner.__globals__:
            kwargs = {"." + name: value for name, value in kwargs.items()}
        return f(*args, **kwargs)
    return f(*args)


def traced(f: Any, args: Any, kwargs: dict[str, Any] | None = None) -> Any:
    """Run the program's function for a transform: with grad mode on, and with places of its own."""
    where = mode.where
    mode.where = None
    mode.transforms += 1
    try:
        with GradMode(True):
            return invoke(f, args, kwargs)
    finally:
        mode.transforms -= 1
        mode.where = where


# --- inputs and outputs ----------------------------------------------------------------------------------------------


def lifted(x: Any) -> Tensor:
    """What a tensor or batch stands for, with the batches of all running `vmap`s as its first dims."""
    for level in range(len(SIZES) - 1, -1, -1):
        if x.__class__ is Batched and x.level == level:
            x = x.value
        else:
            x = T.expand(x, (SIZES[level], *x.shape))
    return x  # type: ignore[no-any-return]  # a Tensor when all levels are opened


def lowered(x: Any) -> Any:
    """The opposite of `lifted`."""
    for level in range(len(SIZES)):
        x = Batched(x, level)
    return x


def fresh(x: Tensor, create: bool, wanted: bool = True) -> Tensor:
    """An input of the function's own, on the same memory: linked to `x` with `create`, else a leaf.

    So the same tensor, captured by the function, is something else than its argument.
    """
    if create and x.rg:
        return T.view_as(x, x)  # type: ignore[no-any-return]  # a Tensor
    if wanted and x.data.dtype.kind != "f":
        raise LeafFlag("only Tensors of floating point dtype can require gradients", x.made_at)
    t = make(x.data)
    if isinstance(x.data, np.ndarray):
        t.storage = x.share()
        t.data = x.data
    t.rg = wanted
    t.made = mode.where
    return t


def untracked(x: Any) -> Any:
    """A result without its history."""
    if not x.rg:
        return x
    t = make(x.data)
    t.made = mode.where
    return t


def reaches_others(x: Tensor, own: Any) -> bool:
    """Whether the graph of `x` leads to a leaf that is not one of `own`."""
    start = x.edge
    if start is None:
        return False
    stack, seen = [start], set()
    while stack:
        edge = stack.pop()
        if edge.__class__ is Tensor:
            if edge not in own:
                return True
            continue
        node = edge.node if edge.__class__ is Output else edge
        if node in seen:
            continue
        seen.add(node)
        following = node.next
        if following.__class__ is tuple:
            stack.extend(e for e in following if e is not None)
        elif following is not None:
            stack.append(following)
    return False


def settled(x: Any, own: Any) -> Any:
    """A result with its history if that leads to something outside of the transform, else without."""
    return x if x.rg and reaches_others(x, own) else untracked(x)


class Place:
    """`with Place(frame)`: what a transform records itself is said to be made where the program called it."""

    __slots__ = ("before", "frame")

    def __init__(self, frame: Any) -> None:
        self.frame = frame

    def __enter__(self) -> None:
        self.before = mode.where
        if self.before is None:
            mode.where = caller(self.frame)

    def __exit__(self, *_: object) -> None:
        mode.where = self.before


# --- grad(f) and value_and_grad(f) -----------------------------------------------------------------------------------


def gradient_of(f: Any, argnums: Any = 0, has_aux: bool = False, value: str = "") -> Callable[..., Any]:
    """The function that gives the gradient of `f`; value "first" or "last": together with the value of `f`."""

    def gradient(*args: Any, **kwargs: Any) -> Any:
        with Place(_getframe(1)):
            found, out, aux = _gradient(f, argnums, has_aux, args, kwargs)
        if value == "first":
            return ((out, aux), found) if has_aux else (out, found)
        if value == "last":
            return (found, (out, aux)) if has_aux else (found, out)
        return (found, aux) if has_aux else found

    gradient.__name__ = gradient.__qualname__ = name_of(f)
    return gradient


def _gradient(f: Any, argnums: Any, has_aux: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
    outer = mode.grad
    chosen = _argnums(argnums, len(args))
    several = isinstance(argnums, (tuple, list))
    given = [args[i] for i in chosen]
    tensors = leaves(given)
    for x in tensors:
        if not isinstance(x, Tensor):
            raise ArgumentError(
                f"Thing passed to transform API must be Tensor, got {python_type(x)}", kind="ValueError"
            )
    inputs = [fresh(lifted(x), outer) for x in tensors]
    linked = any(t.fn is not None for t in inputs)
    own = set(inputs)
    new_args = list(args)
    for i, replaced in zip(chosen, filled(given, [lowered(t) for t in inputs]), strict=True):
        new_args[i] = replaced
    out = traced(f, new_args, kwargs)
    aux = None
    if has_aux:
        if not isinstance(out, tuple) or len(out) != 2:
            raise AutogradError(
                "grad_and_value(f)(*args): output of function f should be a tuple: (output, aux) if has_aux is True"
            )
        out, aux = out
    if not isinstance(out, Tensor):
        raise AutogradError(
            f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {python_type(out)}",
            help="the gradient is that of a tensor: no .item() in the function",
        )
    if out.ndim != 0:
        raise AutogradError(
            "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with "
            f"{out.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?",
            help="sum it, or take jacobian(f, x)",
        )
    total = lifted(out)
    create = outer and (linked or reaches_others(total, own))
    found: list[Any] = [None] * len(inputs)
    if total.rg:
        seed = make(np.ones(total.data.shape, total.data.dtype)) if SIZES else None
        found = list(run_grad([total], inputs, [seed], create, create, True, False, mode.where))
    grads = []
    for g, x in zip(found, inputs, strict=True):
        if g is None:
            g = make(np.zeros(x.data.shape, x.data.dtype)[()])
        grads.append(lowered(settled(g, own) if create else g))

    def result(x: Any) -> Any:
        if not isinstance(x, Tensor) or not x.rg:
            return x
        return lowered(settled(lifted(x), own) if outer else untracked(lifted(x)))

    shaped = filled(given, grads)
    return tuple(shaped) if several else shaped[0], result(out), mapped(result, aux)


def _argnums(argnums: Any, count: int) -> list[int]:
    if not isinstance(argnums, (int, tuple, list)) or isinstance(argnums, bool):
        raise ValueProblem(f"argnums must be int or Tuple[int, ...], got: {python_type(argnums)}")
    several = isinstance(argnums, (tuple, list))
    chosen = []
    for number in argnums if isinstance(argnums, (tuple, list)) else (argnums,):
        if not isinstance(number, int):
            raise ValueProblem(f"argnum must be int, got: {python_type(number)}")
        if not -count <= number < count:
            raise ValueProblem(f"Got argnum={number}, but only {count} positional inputs")
        chosen.append(number % count)
    if several and not chosen:
        raise ValueProblem("argnums must be non-empty")
    if len(set(chosen)) != len(chosen):
        raise ValueProblem(f"argnums elements must be unique, got {tuple(chosen)}")
    return chosen


# --- torch.autograd.functional: what its functions share -------------------------------------------------------------


def as_tuple(value: Any, what: str, function: str) -> tuple[bool, tuple[Tensor, ...]]:
    """Whether it was a tuple, and the tuple; ArgumentError unless it holds tensors only."""
    several = isinstance(value, tuple)
    items = tuple(value) if isinstance(value, tuple) else (value,)
    for i, item in enumerate(items):
        if not isinstance(item, Tensor):
            which = f"value at index {i}" if several else f"given {what}"
            raise ArgumentError(
                f"The {what} given to {function} must be either a Tensor or a tuple of Tensors but the {which} has type "
                f"{python_type(item)}."
            )
    return several, items


OUTPUTS = "outputs of the user-provided function"


def size_text(x: Any) -> str:
    return f"torch.{Size(x.shape)!r}"


def validate_v(v: tuple[Any, ...], other: tuple[Any, ...], several: bool) -> None:
    if len(other) != len(v):
        if several:
            raise AutogradError(f"v is a tuple of invalid length: should be {len(other)} but got {len(v)}.")
        raise AutogradError("The given v should contain a single Tensor.")
    for i, (a, b) in enumerate(zip(v, other, strict=True)):
        if tuple(a.shape) != tuple(b.shape):
            entry = f"Entry {i} in " if several else ""
            raise AutogradError(f"{entry}v has invalid size: should be {size_text(b)} but got {size_text(a)}.")


def check_requires_grad(items: Any, kind: str) -> None:
    """Strict mode: raise unless all of them depend on the inputs."""
    for i, x in enumerate(items):
        if x is None:
            raise AutogradError(
                f"The output of the user-provided function is independent of input {i}. This is not allowed in strict mode."
            )
        if x.rg:
            continue
        if kind == "hessian":
            raise AutogradError(
                f"The hessian of the user-provided function with respect to input {i} is independent of the input. This is "
                "not allowed in strict mode. You should ensure that your function is thrice differentiable and that the "
                "hessian depends on the inputs."
            )
        if kind == "jacobian":
            raise AutogradError(
                "While computing the hessian, found that the jacobian of the user-provided function with respect to input "
                f"{i} is independent of the input. This is not allowed in strict mode. You should ensure that your function "
                "is twice differentiable and that the jacobian depends on the inputs (this would be violated by a linear "
                "function for example)."
            )
        if kind == "grad_inputs":
            raise AutogradError(
                f"The gradient with respect to input {i} is independent of the inputs of the user-provided function. This "
                "is not allowed in strict mode."
            )
        raise AutogradError(
            f"Output {i} of the user-provided function does not require gradients. The outputs must be computed in a "
            "differentiable manner from the input when running in strict mode."
        )


def gradients(outputs: Any, inputs: Any, vs: Any, create: bool) -> list[Any]:
    """`run_grad` that leaves out what has no gradient; None where there is none."""
    pairs = [(o, v) for o, v in zip(outputs, vs, strict=True) if o is not None and o.rg]
    if not pairs:
        return [None] * len(inputs)
    with GradMode(True):
        return list(
            run_grad([o for o, _ in pairs], list(inputs), [v for _, v in pairs], True, create, True, False, mode.where)
        )


def fill_in(grads: Any, like: Any, strict: bool, create: bool, stage: str) -> list[Any]:
    """Zeros for gradients that are not there; in strict mode an error."""
    filled_in = []
    for i, (g, x) in enumerate(zip(grads, like, strict=True)):
        if g is None:
            if strict:
                if stage == "back":
                    text = f"The output of the user-provided function is independent of input {i}. This is not allowed in strict mode."
                elif stage == "back_trick":
                    text = (
                        f"The gradient with respect to the input is independent of entry {i} in the grad_outputs when using "
                        "the double backward trick to compute forward mode gradients. This is not allowed in strict mode."
                    )
                elif stage == "double_back":
                    text = f"The jacobian of the user-provided function is independent of input {i}. This is not allowed in strict mode."
                else:
                    text = (
                        f"The hessian of the user-provided function is independent of entry {i} in the grad_jacobian. This "
                        "is not allowed in strict mode as it prevents from using the double backward trick to replace "
                        "forward mode AD."
                    )
                raise AutogradError(text)
            g = make(np.zeros(x.data.shape, x.data.dtype)[()])
        elif strict and create and not g.rg:
            which = "jacobian" if "double" not in stage else "hessian"
            raise AutogradError(
                f"The {which} of the user-provided function is independent of input {i}. This is not allowed in strict mode "
                "when create_graph=True."
            )
        filled_in.append(g)
    return filled_in


def handed_back(items: Any, several: bool, create: bool) -> Any:
    """Results as the program gets them: one or a tuple, without history unless that was asked for."""
    out = tuple(lowered(x if create else untracked(x)) for x in items)
    return out if several else out[0]


class Run:
    """One run of the function for torch.autograd.functional's transforms.

    inputs, outputs are tensors with the batches of running `vmap`s in front; `logical` are the outputs as the program
    made them.
    """

    def __init__(self, name: str, f: Any, inputs: Any, create: bool, strict: bool) -> None:
        self.name = name
        self.f = f
        self.strict = strict
        self.create = create or (mode.transforms > 0 and mode.grad)
        self.several_in, self.given = as_tuple(inputs, "inputs", name)
        self.inputs = [fresh(lifted(x), self.create) for x in self.given]

    def call(self) -> None:
        result = traced(self.f, [lowered(x) for x in self.inputs])
        self.several_out, self.logical = as_tuple(result, OUTPUTS, self.name)
        self.outputs = [lifted(o) for o in self.logical]
        if self.strict:
            check_requires_grad(self.outputs, "outputs")

    def vector(self, v: Any, other: Any, several: bool) -> list[Any] | None:
        """`v` checked against what it must look like, with the batches in front."""
        _, items = as_tuple(v, "v", self.name)
        validate_v(items, other, several)
        return [fresh(lifted(x), self.create, False) for x in items]

    def input_vector(self, v: Any) -> list[Any]:
        if v is None:
            if len(self.given) != 1 or _numel(self.given[0]) != 1:
                raise AutogradError(
                    "The vector v can only be None if the input to the user-provided function is a single Tensor with a "
                    "single element."
                )
            return [make(np.ones(x.data.shape, x.data.dtype)[()]) for x in self.inputs]
        found = self.vector(v, self.given, self.several_in)
        assert found is not None
        return found

    def scalar(self) -> None:
        """Raise unless the function gave one tensor of one element."""
        if self.several_out:
            raise AutogradError(f"The function given to {self.name} should return a single Tensor")
        if _numel(self.logical[0]) != 1:
            raise AutogradError(f"The Tensor returned by the function given to {self.name} should contain a single element")

    def ones(self) -> list[Any]:
        return [make(np.ones(o.data.shape, o.data.dtype)[()]) for o in self.outputs]

    def push(self, outputs: list[Any], vs: list[Any]) -> list[Any]:
        """Forward mode: the tangents of outputs."""
        tracked = [o for o in outputs if o.rg]
        if self.create:
            found = push(tracked, self.inputs, vs, True)
        else:
            raw = push(tracked, self.inputs, [v.data for v in vs], False)
            found = [None if t is None else make(t[()] if getattr(t, "ndim", 0) == 0 else t) for t in raw]
        following = iter(found)
        return [next(following) if o.rg else None for o in outputs]


def _numel(x: Any) -> int:
    return Size(x.shape).numel()


# --- products --------------------------------------------------------------------------------------------------------


def vjp(f: Any, inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    """(value of `f`, `v` times its Jacobian)."""
    run = Run("vjp", f, inputs, create_graph, strict)
    run.call()
    if v is None:
        if len(run.logical) != 1 or _numel(run.logical[0]) != 1:
            raise AutogradError(
                "The vector v can only be None if the user-provided function returns a single Tensor with a single element."
            )
        vs: Any = run.ones()
    else:
        vs = run.vector(v, run.logical, run.several_out)
    found = gradients(run.outputs, run.inputs, vs, run.create)
    found = fill_in(found, run.inputs, strict, run.create, "back")
    return handed_back(run.outputs, run.several_out, run.create), handed_back(found, run.several_in, run.create)


def jvp(f: Any, inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    """(value of `f`, its Jacobian times `v`)."""
    run = Run("jvp", f, inputs, create_graph, strict)
    vs = run.input_vector(v)
    run.call()
    if strict:
        # PyTorch's way of two backward passes decides what strict mode refuses
        seeds = [_zero_leaf(o) for o in run.outputs]
        back = gradients(run.outputs, run.inputs, seeds, True)
        check_requires_grad(back, "grad_inputs")
        found = gradients(back, seeds, vs, run.create)
    else:
        found = run.push(run.outputs, vs)
    found = fill_in(found, run.outputs, strict, run.create, "back_trick")
    return handed_back(run.outputs, run.several_out, run.create), handed_back(found, run.several_out, run.create)


def _zero_leaf(x: Tensor) -> Tensor:
    t = make(np.zeros(x.data.shape, x.data.dtype)[()])
    t.rg = True
    return t


def vhp(f: Any, inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    """(value of `f`, `v` times its Hessian)."""
    run = Run("vhp", f, inputs, create_graph, strict)
    vs = run.input_vector(v)
    run.call()
    run.scalar()
    back = gradients(run.outputs, run.inputs, run.ones(), True)
    if strict:
        check_requires_grad(back, "jacobian")
    found = gradients(back, run.inputs, vs, run.create)
    found = fill_in(found, run.inputs, strict, run.create, "double_back")
    return handed_back(run.outputs, run.several_out, run.create), handed_back(found, run.several_in, run.create)


def hvp(f: Any, inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    """(value of `f`, its Hessian times `v`): forward mode over the graph of the gradient."""
    run = Run("hvp", f, inputs, create_graph, strict)
    vs = run.input_vector(v)
    run.call()
    run.scalar()
    back = gradients(run.outputs, run.inputs, run.ones(), True)
    if strict:
        check_requires_grad(back, "jacobian")
        seeds = [_zero_leaf(x) for x in run.inputs]
        again = gradients(back, run.inputs, seeds, True)
        found = gradients(again, seeds, vs, run.create)
    else:
        known = [g if g is not None else make(np.zeros(x.data.shape, x.data.dtype)[()]) for g, x in zip(back, run.inputs, strict=True)]
        found = run.push(known, vs)
    found = fill_in(found, run.inputs, strict, run.create, "double_back_trick")
    return handed_back(run.outputs, run.several_out, run.create), handed_back(found, run.several_in, run.create)


# --- jacobian and hessian --------------------------------------------------------------------------------------------


def jacobian(f: Any, inputs: Any, create_graph: bool, strict: bool, name: str = "jacobian") -> Any:
    """The derivative of every element of the outputs by every element of the inputs: a tuple of tuples, or less."""
    run = Run(name, f, inputs, create_graph, strict)
    run.call()
    rows = Jacobian(run).found()
    out = []
    for row in rows:
        row = [lowered(x if run.create else untracked(x)) for x in row]
        out.append(tuple(row) if run.several_in else row[0])
    return tuple(out) if run.several_out else out[0]


class Jacobian:
    """The Jacobians of one run: batches of gradients pulled back, or of tangents pushed forward where there are fewer."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.batch = tuple(SIZES)
        skip = len(self.batch)
        self.ins = [tuple(x.data.shape[skip:]) for x in run.inputs]
        self.outs = [tuple(o.data.shape[skip:]) for o in run.outputs]

    def found(self) -> list[list[Any]]:
        run = self.run
        tracked = [i for i, o in enumerate(run.outputs) if o.rg]
        rows: list[list[Any]] = [[None] * len(self.ins) for _ in self.outs]
        many = sum(Size(self.outs[i]).numel() for i in tracked)
        few = sum(Size(s).numel() for s in self.ins)
        captures = keyed(run.inputs)
        nodes = needed_nodes([run.outputs[i].edge for i in tracked], captures)
        alone = mode.anomaly is not None or has_hooks((*nodes, *_nodes(captures)), _leaves(captures))
        if few < many and not run.strict and not alone:
            self.forwards(tracked, rows)
        else:
            for i in tracked:
                self.backwards(i, rows[i], alone)
        for i, row in enumerate(rows):
            for j, x in enumerate(row):
                if x is None:
                    if run.strict:
                        raise AutogradError(
                            f"Output {i} of the user-provided function is independent of input {j}. This is not allowed in "
                            "strict mode."
                        )
                    row[j] = make(np.zeros((*self.batch, *self.outs[i], *self.ins[j]), run.inputs[j].data.dtype)[()])
                elif run.strict and run.create and not x.rg:
                    raise AutogradError(
                        f"The jacobian of the user-provided function is independent of input {i}. This is not allowed in "
                        "strict mode when create_graph=True."
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
            grads = gradients([out], run.inputs, [make(np.ones(out.data.shape, out.data.dtype)[()])], run.create)
            for j, g in enumerate(grads):
                if g is not None:
                    row[j] = self.shaped(g, i, j)
            return
        # ones for every sample of the running `vmap`s at one element of the output
        basis = np.zeros((n, *self.batch, n), out.data.dtype)
        basis[np.arange(n), ..., np.arange(n)] = 1
        basis = basis.reshape((n, *self.batch, *shape))
        widest = max(out.data.size, *(x.data.size for x in run.inputs))
        piece = 1 if alone else max(1, PIECE // max(1, widest))
        parts: list[list[Any]] = []
        for start in range(0, n, piece):
            some = basis[start : start + piece]
            if alone:
                grads = gradients([out], run.inputs, [make(some[0][()])], run.create)
                parts.append([None if g is None else (T.unsqueeze(g, 0) if run.create else g.data[None]) for g in grads])
            else:
                parts.append(pull([out], [make(some) if run.create else some], run.inputs, run.create))
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
            basis = np.zeros((total, *self.batch, n), x.data.dtype)
            basis[np.arange(start, start + n), ..., np.arange(n)] = 1
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
            return T.view(T.contiguous(x), shape)
        data = x.data if isinstance(x, Tensor) else x
        data = np.ascontiguousarray(data).reshape(shape)
        t = make(data if data.ndim else data[()])
        t.made = mode.where
        return t


def _nodes(captures: Any) -> list[Any]:
    return [key for key in captures if key.__class__ is not Tensor]


def _leaves(captures: Any) -> list[Any]:
    return [key for key in captures if key.__class__ is Tensor]


def hessian(f: Any, inputs: Any, create_graph: bool, strict: bool) -> Any:
    """The second derivatives of a scalar function: the Jacobian of its gradient."""
    several, _ = as_tuple(inputs, "inputs", "hessian")

    def single(*args: Any) -> Any:
        out = invoke(f, args)
        is_tuple, checked = as_tuple(out, OUTPUTS, "hessian")
        if strict:
            check_requires_grad(checked, "outputs")
        if is_tuple:
            raise AutogradError("The function given to hessian should return a single Tensor")
        if _numel(out) != 1:
            raise AutogradError("The Tensor returned by the function given to hessian should contain a single element")
        return out if not out.ndim else T.squeeze(out, None)

    def gradient(*args: Any) -> Any:
        found = jacobian(single, tuple(args), True, False)
        if strict:
            check_requires_grad(found, "jacobian")
        return found

    result = jacobian(gradient, inputs, create_graph, strict)
    if several:
        return result
    return result[0]


def by_argument(f: Any, argnums: Any, transform: Any) -> Callable[..., Any]:
    """The function that applies `transform` (jacobian, hessian) to `f` by some of its arguments, as torch.func does."""

    def transformed(*args: Any, **kwargs: Any) -> Any:
        with Place(_getframe(1)):
            chosen = _argnums(argnums, len(args))

            def of_chosen(*some: Any) -> Any:
                new = list(args)
                for i, x in zip(chosen, some, strict=True):
                    new[i] = x
                return invoke(f, new, kwargs)

            several = isinstance(argnums, (tuple, list))
            inputs = tuple(args[i] for i in chosen) if several else args[chosen[0]]
            # as torch.func: what goes in with a history comes out with one
            return transform(of_chosen, inputs, mode.grad, False)

    transformed.__name__ = transformed.__qualname__ = name_of(f)
    return transformed
