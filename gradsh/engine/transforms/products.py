"""Products with derivatives of functions: vjp, jvp, hvp and vhp, as torch.autograd.functional has them."""

from __future__ import annotations

from typing import Any

from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core import alloc
from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.modes import GradMode, mode
from gradsh.engine.core.tensor import Tensor, leaf, make
from gradsh.engine.transforms.forward import push
from gradsh.engine.transforms.gradient import (
    fresh,
    lifted,
    lowered,
    python_type,
    reaches_others,
    retire,
    traced,
    untracked,
)
from gradsh.errors import ArgumentError, AutogradError

OUTPUTS = "outputs of the user-provided function"
NOT_STRICT = "This is not allowed in strict mode."


def as_tuple(value: Any, what: str, function: str) -> tuple[bool, tuple[Tensor, ...]]:
    """Whether it was a tuple, and the tuple; ArgumentError unless it holds tensors only."""
    several = isinstance(value, tuple)
    items = tuple(value) if isinstance(value, tuple) else (value,)
    for i, item in enumerate(items):
        if not isinstance(item, Tensor):
            which = f"value at index {i}" if several else f"given {what}"
            raise ArgumentError(
                f"The {what} given to {function} must be either a Tensor or a tuple of Tensors but the {which} has "
                f"type {python_type(item)}."
            )
    return several, items


def size_text(x: Any) -> str:
    return Size(x.shape).words


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
                f"The output of the user-provided function is independent of input {i}. This is not allowed in strict "
                "mode."
            )
        if x.requires:
            continue
        if kind == "hessian":
            raise AutogradError(
                f"The hessian of the user-provided function with respect to input {i} is independent of the input. "
                "This is not allowed in strict mode. You should ensure that your function is thrice differentiable "
                "and that the hessian depends on the inputs."
            )
        if kind == "jacobian":
            raise AutogradError(
                "While computing the hessian, found that the jacobian of the user-provided function with respect to "
                f"input {i} is independent of the input. This is not allowed in strict mode. You should ensure that "
                "your function is twice differentiable and that the jacobian depends on the inputs (this would be "
                "violated by a linear function for example)."
            )
        if kind == "grad_inputs":
            raise AutogradError(
                f"The gradient with respect to input {i} is independent of the inputs of the user-provided function. "
                "This is not allowed in strict mode."
            )
        raise AutogradError(
            f"Output {i} of the user-provided function does not require gradients. The outputs must be computed in a "
            "differentiable manner from the input when running in strict mode."
        )


def gradients(outputs: Any, inputs: Any, vs: Any, create: bool) -> list[Any]:
    """`run_grad` that leaves out what has no gradient; None where there is none."""
    pairs = [(o, v) for o, v in zip(outputs, vs, strict=True) if o is not None and o.requires]
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
                    text = f"The output of the user-provided function is independent of input {i}. {NOT_STRICT}"
                elif stage == "back_trick":
                    text = (
                        f"The gradient with respect to the input is independent of entry {i} in the grad_outputs "
                        "when using the double backward trick to compute forward mode gradients. This is not "
                        "allowed in strict mode."
                    )
                elif stage == "double_back":
                    text = f"The jacobian of the user-provided function is independent of input {i}. {NOT_STRICT}"
                else:
                    text = (
                        f"The hessian of the user-provided function is independent of entry {i} in the "
                        "grad_jacobian. This is not allowed in strict mode as it prevents from using the double "
                        "backward trick to replace forward mode AD."
                    )
                raise AutogradError(text)
            g = make(alloc.zeros(x.data.shape, x.data.dtype)[()])
        elif strict and create and not g.requires:
            which = "jacobian" if "double" not in stage else "hessian"
            raise AutogradError(
                f"The {which} of the user-provided function is independent of input {i}. This is not allowed in "
                "strict mode when create_graph=True."
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

    def __init__(self, name: str, f: Any, inputs: Any, create: bool, strict: bool, own: bool = False) -> None:
        self.name = name
        self.f = f
        self.own = own
        self.strict = strict
        # inside another transform: with a graph if that leads out of this one, which the outputs tell
        self.asks = not create and mode.transforms > 0 and mode.grad
        self.create = create or self.asks
        self.linked = False
        self.several_in, self.given = as_tuple(inputs, "inputs", name)
        # `own`: nobody but the caller has these inputs, so that they need not be told from others
        self.inputs = [lifted(x) if own else fresh(lifted(x), self.create) for x in self.given]

    def call(self) -> None:
        result = traced(self.f, [lowered(x) for x in self.inputs])
        self.several_out, self.logical = as_tuple(result, OUTPUTS, self.name)
        self.outputs = [lifted(o) for o in self.logical]
        if self.asks:
            own = set(self.inputs)
            self.create = self.linked or any(reaches_others(o, own) for o in self.outputs)
        if self.strict:
            check_requires_grad(self.outputs, "outputs")

    def vector(self, v: Any, other: Any, several: bool) -> list[Any] | None:
        """`v` checked against what it must look like, with the batches in front."""
        _, items = as_tuple(v, "v", self.name)
        validate_v(items, other, several)
        raised = [lifted(x) for x in items]
        if self.asks and any(x.requires for x in raised):
            self.linked = self.create = True
        return [fresh(x, self.create, False) for x in raised]

    def input_vector(self, v: Any) -> list[Any]:
        if v is None:
            if len(self.given) != 1 or numel(self.given[0]) != 1:
                raise AutogradError(
                    "The vector v can only be None if the input to the user-provided function is a single Tensor "
                    "with a single element."
                )
            return [make(alloc.ones(x.data.shape, x.data.dtype)[()]) for x in self.inputs]
        found = self.vector(v, self.given, self.several_in)
        assert found is not None
        return found

    def scalar(self) -> None:
        """Raise unless the function gave one tensor of one element."""
        if self.several_out:
            raise AutogradError(f"The function given to {self.name} should return a single Tensor")
        if numel(self.logical[0]) != 1:
            raise AutogradError(
                f"The Tensor returned by the function given to {self.name} should contain a single element"
            )

    def results(self, found: list[Any], several: bool) -> tuple[Any, Any]:
        """(value, product) as the program gets them."""
        self.done()
        return handed_back(self.outputs, self.several_out, self.create), handed_back(found, several, self.create)

    def done(self) -> None:
        """The inputs were of use only here, unless the program asked for their history."""
        if self.asks or not self.create:
            retire([x for x in self.inputs if not self.own])

    def ones(self) -> list[Any]:
        return [make(alloc.ones(o.data.shape, o.data.dtype)[()]) for o in self.outputs]

    def push(self, outputs: list[Any], vs: list[Any]) -> list[Any]:
        """Forward mode: the tangents of outputs."""
        tracked = [o for o in outputs if o.requires]
        if self.create:
            found = push(tracked, self.inputs, vs, True)
        else:
            raw = push(tracked, self.inputs, [v.data for v in vs], False)
            found = [None if t is None else leaf(t if t.ndim else t[()], False, mode.where) for t in raw]
        following = iter(found)
        return [next(following) if o.requires else None for o in outputs]


def numel(x: Any) -> int:
    return Size(x.shape).numel()


# --- products --------------------------------------------------------------------------------------------------------


def vjp(f: Any, inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    """(value of `f`, `v` times its Jacobian)."""
    run = Run("vjp", f, inputs, create_graph, strict)
    run.call()
    if v is None:
        if len(run.logical) != 1 or numel(run.logical[0]) != 1:
            raise AutogradError(
                "The vector v can only be None if the user-provided function returns a single Tensor with a single "
                "element."
            )
        vs: Any = run.ones()
    else:
        vs = run.vector(v, run.logical, run.several_out)
    found = gradients(run.outputs, run.inputs, vs, run.create)
    found = fill_in(found, run.inputs, strict, run.create, "back")
    return run.results(found, run.several_in)


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
    return run.results(found, run.several_out)


def _zero_leaf(x: Tensor) -> Tensor:
    t = make(alloc.zeros(x.data.shape, x.data.dtype)[()])
    t.requires = True
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
    return run.results(found, run.several_in)


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
        known = [
            g if g is not None else make(alloc.zeros(x.data.shape, x.data.dtype)[()])
            for g, x in zip(back, run.inputs, strict=True)
        ]
        found = run.push(known, vs)
    found = fill_in(found, run.inputs, strict, run.create, "double_back_trick")
    return run.results(found, run.several_in)
