"""`torch.func.vjp` and `torch.func.jvp`, whose forms are others than those of torch.autograd.functional."""

from __future__ import annotations

from itertools import product
from typing import Any

from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.batched import SIZES
from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import _getframe, caller, placed
from gradsh.engine.core.pytree import filled, leaves, mapped, structure
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.transforms.gradient import Functorch, fresh, lifted, lowered, python_type, settled, traced
from gradsh.engine.transforms.products import Run
from gradsh.errors import ArgumentError, AutogradError, ValueProblem


def vjp(f: Any, primals: tuple[Any, ...], has_aux: bool) -> Any:
    """(value of `f`, a function of cotangents that gives their products with the Jacobian), and aux."""
    given = leaves(list(primals))
    for x in given:
        if not isinstance(x, Tensor):
            raise ArgumentError(
                f"Thing passed to transform API must be Tensor, got {python_type(x)}", kind="ValueError"
            )
    inputs = [fresh(lifted(x), mode.grad) for x in given]
    own = set(inputs)
    with Functorch():
        out = traced(f, filled(list(primals), [lowered(x) for x in inputs]))
    out, aux = split(out, has_aux, "vjp(f, *primals)")
    outputs = [lifted(o) for o in only_tensors(out, "vjp(f, *primals)")]
    depth = len(SIZES)

    def cotangents(given: Any, retain_graph: bool = True, create_graph: Any = None) -> Any:
        if structure(given) != structure(out):
            raise ValueProblem(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the "
                f"function. cotangents: {short(given)}, primal output: {short(out)}"
            )
        create = mode.grad if create_graph is None else bool(create_graph)
        with placed(mode.where or caller(_getframe(1))):
            found = pulled(outputs, inputs, leaves(given), depth, create, True, True)
            if depth == len(SIZES):
                found = [lowered(settled(g, own)) for g in found]
        return tuple(filled(list(primals), found))

    def result(x: Any) -> Any:
        return lowered(settled(lifted(x), own)) if isinstance(x, Tensor) else x

    value = mapped(result, out)
    return (value, cotangents, mapped(result, aux)) if has_aux else (value, cotangents)


def pulled(
    outputs: list[Any],
    inputs: list[Any],
    seeds: list[Any],
    depth: int,
    create: bool,
    allow_unused: bool,
    materialize: bool,
) -> list[Any]:
    """Gradients of outputs that know `depth` of the running `vmap`s: a backward for each sample of the others."""
    for v in seeds:
        if not isinstance(v, Tensor):
            raise ArgumentError(f"gradients can be either Tensors or None, but got {type_word(v)}")
    if len(seeds) != len(outputs):
        raise AutogradError(f"got {len(outputs)} tensors and {len(seeds)} gradients")
    raised = [lifted(v) for v in seeds]
    sizes = SIZES[depth:]
    for at, (v, o) in enumerate(zip(raised, outputs, strict=True)):
        wanted = (*o.shape[:depth], *sizes, *o.shape[depth:])
        if tuple(v.shape) != wanted:
            shape = Size(v.shape[depth + len(sizes) :])
            raise AutogradError(
                f"Mismatch in shape: grad_output[{at}] has a shape of {shape.words} and output[{at}] has a shape of "
                f"{Size(o.shape[depth:]).words}."
            )
    tracked = [at for at, o in enumerate(outputs) if o.requires]
    front = (slice(None),) * depth
    rows: list[list[Any]] = []
    for index in product(*map(range, sizes)):
        own = [raised[at][(*front, *index)] if sizes else raised[at] for at in tracked]
        found: Any = [None] * len(inputs)
        if tracked:
            found = run_grad(
                [outputs[at] for at in tracked], inputs, own, True, create, allow_unused, materialize, mode.where
            )
        zeros = [make(alloc.zeros(x.data.shape, x.data.dtype)[()]) if materialize else None for x in inputs]
        rows.append([zero if g is None else g for g, zero in zip(found, zeros, strict=True)])
    if not sizes:
        return rows[0]
    together = []
    for column, x in zip(zip(*rows, strict=True), inputs, strict=True):
        whole = (*x.shape[:depth], *sizes, *x.shape[depth:])
        leaves_of = {*inputs}
        parts = [settled(g, leaves_of) for g in column if g is not None]
        together.append(lowered(T.reshape(T.stack(parts, depth), whole)) if parts else None)
    return together


NESTED = "Nested forward mode AD is not supported at the moment"


def jvp(f: Any, primals: Any, tangents: Any, strict: bool, has_aux: bool) -> Any:
    """(value of `f`, its Jacobian times the tangents), and aux."""
    if not isinstance(primals, tuple):
        raise ValueProblem(
            "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid to call f(*primals)."
        )
    if structure(primals) != structure(tangents):
        raise ValueProblem(
            "jvp(f, primals, tangents): Expected primals and tangents to have the same python structure. For example, "
            "if primals is a tuple of 3 tensors, tangents also must be. Got primals with structure "
            f"{structure(primals)} and tangents with structure {structure(tangents)}"
        )
    given, along = leaves(list(primals)), leaves(list(tangents))
    for name, items in (("primals", given), ("tangents", along)):
        if not items:
            raise AutogradError(f"jvp(f, primals, tangents): Expected {name} to contain at least one Tensor.")
        for x in items:
            if not isinstance(x, Tensor):
                raise AutogradError(
                    f"jvp(f, primals, tangents): Expected {name} to only contain Tensors, got {python_type(x)}"
                )
    for x, v in zip(given, along, strict=True):
        if tuple(x.shape) != tuple(v.shape):
            raise ValueProblem(
                "Trying to set a forward gradient that has a different size than that of the original Tensor, this is "
                f"not supported. Tensor is of size {list(x.shape)} while the given forward gradient is of size "
                f"{list(v.shape)}."
            )
    if mode.forward is not None:
        raise AutogradError(NESTED)
    kept: list[Any] = []

    def value(*arguments: Any) -> Any:
        out, aux = split(f(*filled(list(primals), list(arguments))), has_aux, "jvp(f, primals, tangents)")
        kept[:] = out, aux
        return tuple(only_tensors(out, "jvp(f, primals, tangents)"))

    run = Run("jvp", value, tuple(given), mode.grad, strict)
    vs = run.input_vector(tuple(along))
    run.call()
    found = run.push(run.outputs, vs)
    own = {*run.inputs, *vs}

    def results(items: list[Any]) -> Any:
        return filled(kept[0], [lowered(settled(x, own)) for x in items])

    zeros = [
        make(alloc.zeros(o.data.shape, o.data.dtype)[()]) if t is None else t
        for o, t in zip(run.outputs, found, strict=True)
    ]
    both = results(run.outputs), results(zeros)
    if not has_aux:
        return both
    return *both, mapped(lambda x: lowered(settled(lifted(x), own)) if isinstance(x, Tensor) else x, kept[1])


def split(out: Any, has_aux: bool, name: str) -> tuple[Any, Any]:
    """The outputs and what the function gives beside them."""
    if not has_aux:
        return out, None
    if not isinstance(out, tuple) or len(out) != 2:
        raise AutogradError(f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True")
    return out


def only_tensors(out: Any, name: str) -> list[Any]:
    """The tensors of an output. Errors: AutogradError for anything else in it."""
    items = leaves(out)
    for item in items:
        if not isinstance(item, Tensor):
            raise AutogradError(
                f"{name}: expected f(*primals) to return only tensors, got unsupported type {python_type(item)}"
            )
    return items


def short(value: Any) -> str:
    """A structure as it is written: `(*, *)`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {short(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        inside = ", ".join(map(short, value)) + ("," if isinstance(value, tuple) and len(value) == 1 else "")
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    return "*"
