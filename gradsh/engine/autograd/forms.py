"""The form of gradients: the shape and dtype that each has where it arrives.

Most are what a rule gives, or are brought back by the node's `fix`. Where `.data =` gave a tensor another size or dtype
while the graph remembers the old one (`mode.reformed`), the walk looks at each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.core.arguments import FAILURES
from gradsh.engine.core.graph import Node, Output, extra_of, sequence
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, Namespace, T
from gradsh.engine.core.promotion import broadcast_error
from gradsh.engine.core.tensor import Tensor, make, tracked
from gradsh.engine.kernels.summation import summed
from gradsh.errors import GradientMismatch, GradshError, ShapeError


def bring_back(gs: Any, fix: Any, create: bool) -> Any:
    """Undo broadcasting and promotion: each gradient gets the shape and dtype of its input."""
    if gs.__class__ is not tuple:
        return bring_one_back(gs, fix, create)
    if len(gs) == 2:
        first, second = gs
        return (
            first if fix[0] is None else bring_one_back(first, fix[0], create),
            second if fix[1] is None else bring_one_back(second, fix[1], create),
        )
    return tuple(g if f is None else bring_one_back(g, f, create) for g, f in zip(gs, fix, strict=False))


def bring_one_back(g: Any, fix: Any, create: bool) -> Any:
    if g is None or fix is None:
        return g
    shape, dtype = fix
    if create:
        if g.data.shape != shape:
            g = T.sum_to_size(g, shape) if shape else T.sum(g)
        return g if g.data.dtype == dtype else T.to(g, dtype)
    if g.shape != shape:
        g = sum_to(g, shape)
    return g if g.dtype is dtype or g.dtype == dtype else g.astype(dtype)


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum an array over the dims that broadcasting added or stretched, so that it has `shape`."""
    if not shape:
        return summed(g)
    lead = g.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(
        i + lead for i, extent in enumerate(shape) if extent == 1 and g.shape[i + lead] != 1
    )
    if len(axes) == lead:
        return summed(g, axes) if lead else g
    g = summed(g, axes, True)
    return g.reshape(shape) if lead else g


# --- gradients that are operators of their own ------------------------------------------------------------------------


def called_as_own(node: Node, gs: Any, start: int) -> Any:
    """Gradients with a graph, their nodes called as PyTorch calls its operators for them.

    Such an operator has the forward's input too: where its gradient is exactly zero, it has a graph all the same.
    `start` is the number in the sequence of nodes at which the step began.
    """
    if gs.__class__ is not tuple:
        return _own(node, gs, node.next, 0, start)
    edges = node.next if node.next.__class__ is tuple else (node.next,)
    return tuple(_own(node, g, edge, i, start) for i, (g, edge) in enumerate(zip(gs, edges, strict=False)))


def _own(node: Node, g: Any, edge: Any, index: int, start: int) -> Any:
    names = node.kind.second
    name = names if names.__class__ is str else names[index] if index < len(names) else ""
    if not name or g.__class__ is not Tensor or edge is None:
        return g
    if name == OWN:
        name = f"{node.kind.name[:-1]}Backward0"
        if not g.requires:
            g = T.tied(g, tracked(g.data, edge) if edge.__class__ is not Tensor else edge)
    made = g.node.node if g.node.__class__ is Output else g.node
    if made.__class__ is Node and made.seq < start:  # not one that came in
        made.kind = made.kind.renamed(str(name))
    return g


OWN = "Backward"  # of the forward's name


# --- halves -----------------------------------------------------------------------------------------------------------


def halved_step(step: Callable[[Any, Namespace], Any], g: Any) -> Any:
    """A node's step that gives halves the gradients of PyTorch.

    Rules run on arrays, and NumPy rounds a number beside halves to half before it computes, so that what is divided by
    65,537 is divided by inf: operators round once, afterwards. So the rule runs on tensors, whose operators do.
    """
    many = g.__class__ is list
    if not any(x is not None and x.dtype == np.float16 for x in (g if many else (g,))):
        return step(g, A)
    before = mode.grad
    mode.grad = False
    try:
        gs = step([None if x is None else make(x) for x in g] if many else make(g), T)
    finally:
        mode.grad = before
    if gs.__class__ is tuple:
        return tuple(x.data if x.__class__ is Tensor else x for x in gs)
    return gs.data if gs.__class__ is Tensor else gs


# --- `.data =` of another form ----------------------------------------------------------------------------------------


def remember(x: Tensor) -> None:
    """Note what the graph expects of the gradients of `x`, before its data are replaced."""
    mode.reformed = True
    form = (x.data.shape, x.data.dtype)
    if x.node is None:
        extra = x.own_extra()
        extra.forms = [*(extra.forms or ()), (sequence(), *form)]
        return
    made = extra_of(x.node.node if x.node.__class__ is Output else x.node)
    made.forms = made.forms or {}
    made.forms.setdefault(x.output_nr, form)


def form_of(edge: Any, seq: int | None) -> Any:
    """The (shape, dtype) that an edge expects of a gradient from a node with that number, None if just its own."""
    if edge.__class__ is Tensor:
        forms = edge.extra.forms if edge.extra is not None else None
        if not forms or seq is None:
            return None
        # the numbers count downwards: the node was made before what has a smaller one
        return next(((shape, dtype) for changed, shape, dtype in forms if seq > changed), None)
    node, number = (edge.node, edge.number) if edge.__class__ is Output else (edge, 0)
    return node.extra.forms.get(number) if node.extra is not None and node.extra.forms else None


def expected(name: str, index: int, edge: Any, seq: int | None, g: Any, create: bool) -> Any:
    """A gradient on its way to an edge, in the form that is expected there."""
    form = None if edge is None or g is None else form_of(edge, seq)
    if form is None:
        return g
    shape, got = form[0], (g.data if create else g).shape
    if len(got) < len(shape) or any(n not in (1, m) for n, m in zip(shape[::-1], got[::-1], strict=False)):
        says = f"Function {name} returned an " if name else ""  # a gradient that the program gave has no function
        raise GradientMismatch(
            f"{says}invalid gradient at index {index} - got {list(got)} but expected shape "
            f"compatible with {list(shape)}"
        )
    return bring_one_back(g, form, create)


def expected_step(step: Callable[[Node, Any], Any], node: Node, g: Any, create: bool) -> Any:
    """A node's gradients, in the forms that are expected where they go."""
    name = node.kind.name
    try:
        gs = step(node, g)
    except GradshError:
        raise
    except FAILURES as error:
        raise misfit(
            error, f"{name} cannot use what it saved: `.data =` gave a tensor another size since then"
        ) from None
    if node.fix is not None:
        gs = bring_back(gs, node.fix, create)
    if gs.__class__ is not tuple:
        return gs if node.next.__class__ is tuple else expected(name, 0, node.next, node.seq, gs, create)
    edges = node.next if node.next.__class__ is tuple else (node.next,)
    return tuple(expected(name, i, e, node.seq, x, create) for i, (e, x) in enumerate(zip(edges, gs, strict=False)))


def misfit(error: Exception, otherwise: str) -> Exception:
    """What a rule says that failed on arrays that do not fit: PyTorch's words on their shapes, or `otherwise`."""
    import re  # only an error needs it

    shapes = re.findall(r"\(([\d,]*)\)", str(error)) if "could not be broadcast" in str(error) else []
    if len(shapes) > 1:
        a, b = (tuple(int(n) for n in shape.split(",") if n) for shape in shapes[:2])
        return broadcast_error(a, b)
    return ShapeError(otherwise)


def not_added(held: tuple[int, ...], g: tuple[int, ...]) -> Exception:
    """The error of a gradient that cannot be added to what `.grad` holds."""
    try:
        whole = np.broadcast_shapes(held, g)
    except ValueError:
        return broadcast_error(held, g)
    return ShapeError(f"output with shape {list(held)} doesn't match the broadcast shape {list(whole)}")


# --- what is seldom meant ---------------------------------------------------------------------------------------------

PAIRS = "W0509"


def each_with_each(node: Node) -> None:
    """Warn of a difference of a column and a row, (n, 1) and (n,).

    Asked where a gradient is summed back over what broadcasting added, which takes far longer than to ask.
    """
    first, second, shape = node.fix
    if first is None or second is None or len(shape) != 2:
        return
    a, b, n = first[0], second[0], shape[0]
    if n > 1 and (a, b) in (((n, 1), (n,)), ((n,), (n, 1))):
        text = f"shapes {list(a)} and {list(b)} broadcast to {list(shape)}: each of one with each of the other"
        mode.warn(text, category=PAIRS, where=(node.code, node.lasti))
