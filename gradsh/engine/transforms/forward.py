"""Many derivatives at once: batches of gradients pulled back through a recorded graph, and tangents pushed forward.

`pull` is the backward walk with gradients that have a batch in front: one pass instead of one for each row.
`push` is forward mode on a graph that is there already: tangents go through the nodes in the order in which these were
made. An elementwise operator's rule is its own forward rule (its Jacobian is diagonal), a linear operator is applied to
the tangents themselves, and for every other one the vjp, which is linear in the gradient, is differentiated once more.
Both run on arrays, or on tensors where the result is to be differentiated again.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from heapq import heappop
from typing import Any

import numpy as np

from gradsh.engine.autograd.backward import Walk, gradients_of, in_its_place, needed_nodes, with_grad_mode
from gradsh.engine.autograd.forms import bring_one_back, misfit
from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import FAILURES
from gradsh.engine.core.batched import SIZES, Batched, expanded, level_of
from gradsh.engine.core.graph import Freed, Node, Output, freed, only
from gradsh.engine.core.modes import GradMode, interpreting, mode
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.core.place import placed
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.batch_rules import applied
from gradsh.engine.operators.general import General
from gradsh.engine.operators.registry import OPERATORS
from gradsh.engine.transforms.batching import BATCHES, B, closed, sum_to_batched
from gradsh.errors import GradshError

ndarray = np.ndarray


def has_hooks(nodes: Any, leaves: Any) -> bool:
    """Whether a program would hear of single gradients: then these must be computed one at a time."""
    for node in nodes:
        extra = node.extra
        if extra is not None and (extra.hooks or extra.prehooks or extra.tensor_hooks):
            return True
    return any(t.extra is not None and t.extra.hooks for t in leaves)


def keyed(inputs: list[Tensor]) -> dict[Any, list[tuple[int, int]]]:
    """Where the gradients of these tensors arrive: {leaf or node: [(output number, position)]}."""
    captures: dict[Any, list[tuple[int, int]]] = {}
    for slot, t in enumerate(inputs):
        captures.setdefault(t if t.node is None else t.grad_fn, []).append((t.output_nr, slot))
    return captures


# --- batches of gradients --------------------------------------------------------------------------------------------


def pull(
    outputs: list[Tensor], gradients: list[Any], inputs: list[Tensor], create: bool, needed: set[Node] | None = None
) -> list[Any]:
    """The gradients of `inputs` for a batch of gradients of `outputs` (arrays, or tensors with `create`).

    Gives arrays (tensors) with the batch in front, None for what `outputs` do not depend on. The graph is kept.
    `needed` are the nodes on the way, where they are known.
    """
    walk = BatchedWalk(True, create, mode.where)
    walk.F = T if create else B
    level = len(SIZES)
    size = int(gradients[0].shape[0])
    with interpreting(BATCHES):
        roots = [(out.edge, Batched(g, level)) for out, g in zip(outputs, gradients, strict=True)]
        if needed is None:
            found = gradients_of(walk, roots, inputs)
        else:
            walk.captures = keyed(inputs)
            walk.needed = needed
            walk.admitted = needed.union(key for key in walk.captures if key.__class__ is Node)
            with_grad_mode(walk, roots)
            found = [walk.captured.get(slot) for slot in range(len(inputs))]
    return [None if g is None else g.value if g.__class__ is Batched else expanded(g, size) for g in found]


class BatchedWalk(Walk):
    """A walk on which gradients are Batched; without hooks, and nothing is accumulated or freed."""

    __slots__ = ("F",)

    F: Any

    def run(self) -> None:
        heap, pending, leaves = self.heap, self.pending, self.leaves
        needed, captures = self.needed, self.captures
        assert needed is not None and captures is not None
        F, create = self.F, self.create
        deliver = self.deliver
        while heap:
            _, node = heappop(heap)
            g = pending.pop(node)
            wanted = captures.get(node)
            if wanted is not None:
                self.capture(node, g, wanted)
                if node not in needed:
                    continue
            gs = step(node, g, F)
            edges, fix = node.next, node.fix
            if edges.__class__ is tuple:
                for i, edge in enumerate(edges):
                    gi = gs[i]
                    if edge is not None and gi is not None:
                        deliver(edge, gi if fix is None or fix[i] is None else bring_back(gi, fix[i], create))
            elif gs is not None:
                deliver(edges, gs if fix is None else bring_back(gs, fix, create))
        for t, g in leaves.items():
            if t in captures:
                self.capture(t, g, captures[t])


def step(node: Node, g: Any, F: Any) -> Any:
    """A node's step on a gradient, which may be Batched (a list with such for several outputs)."""
    kind = node.kind
    gs = g if g.__class__ is list else (g,)
    plain = level_of(gs) < 0
    if plain or not kind.by_sample:
        return in_its_place(node, g, F) if F is T else kind.step(node, g, A if plain else F)
    size = next(int(x.value.shape[0]) for x in gs if x.__class__ is Batched)
    level = level_of(gs)

    def sample(x: Any, i: int) -> Any:
        return x.value[i] if x.__class__ is Batched else x

    rows = []
    for i in range(size):
        one = [sample(x, i) for x in g] if g.__class__ is list else sample(g, i)
        rows.append(in_its_place(node, one, F) if F is T else kind.step(node, one, A))
    if not size or rows[0].__class__ is not tuple:
        return _column(rows, level)
    return tuple(_column([row[k] for row in rows], level) for k in range(len(rows[0])))


def _column(rows: list[Any], level: int) -> Any:
    if not rows or rows[0] is None:
        return None
    return closed(T.stack(rows, 0) if isinstance(rows[0], Tensor) else np.stack(rows), level)


def bring_back(g: Any, fix: Any, create: bool) -> Any:
    """Undo broadcasting and promotion of one gradient, which may be Batched."""
    if g.__class__ is not Batched:
        return bring_one_back(g, fix, create)
    shape, dtype = fix
    if tuple(g.value.shape[1:]) != shape:
        g = sum_to_batched(g, shape)
    return as_dtype(g, dtype)


def as_dtype(g: Any, dtype: Any) -> Any:
    """An array, tensor or Batched in a NumPy dtype."""
    if g.__class__ is Batched:
        return g if g.data.dtype == dtype else Batched(as_dtype(g.value, dtype), g.level)
    if g.__class__ is Tensor:
        return g if g.data.dtype == dtype else T.to(g, dtype)
    return g if g.dtype == dtype else g.astype(dtype)


# --- tangents --------------------------------------------------------------------------------------------------------


def push(outputs: list[Tensor], inputs: list[Tensor], tangents: list[Any], create: bool, batch: int = -1) -> list[Any]:
    """The tangents of `outputs` for tangents of `inputs`: arrays, or tensors with `create`; None where there is none.

    batch   the size of the batch that the tangents have in front, -1 for none
    """
    sweep = Sweep(outputs, inputs, create)
    level = len(SIZES)
    if batch >= 0:
        tangents = [Batched(t, level) for t in tangents]
    with GradMode(create), interpreting(BATCHES) if batch >= 0 else nullcontext():
        found = sweep.run(tangents)
    results = []
    for out, t in zip(outputs, found, strict=True):
        if t is not None:
            t = as_dtype(t, out.data.dtype)
            if batch >= 0:
                t = t.value if t.__class__ is Batched else expanded(t, batch)
        results.append(t)
    return results


class Sweep:
    """One run forward over a recorded graph.

    tangents  {(node, output number): tangent} and {leaf: tangent}
    shapes    what arrives at each node in a backward pass, made when an operator's output cannot be told otherwise
    """

    def __init__(self, outputs: list[Tensor], inputs: list[Tensor], create: bool) -> None:
        self.outputs = outputs
        self.inputs = inputs
        self.create = create
        self.F: Any = T if create else B
        self.tangents: dict[Any, Any] = {}
        self.shapes: dict[Node, Any] | None = None

    def at(self, edge: Any) -> Any:
        """The tangent of what an edge leads to, None for none."""
        if edge is None:
            return None
        if edge.__class__ is Tensor:
            return self.tangents.get(edge)
        return self.tangents.get((edge.node, edge.number) if edge.__class__ is Output else (edge, 0))

    def run(self, tangents: list[Any]) -> list[Any]:
        for x, t in zip(self.inputs, tangents, strict=True):
            self.tangents[x if x.node is None else (x.grad_fn, x.output_nr)] = t
        captures = keyed(self.inputs)
        edges = [out.edge for out in self.outputs]
        nodes = needed_nodes([e for e in edges if e is not None], captures)
        for node in sorted(nodes, key=_by_age):
            if node in captures:
                continue
            ins = [self.at(e) for e in (node.next if node.next.__class__ is tuple else (node.next,))]
            if all(t is None for t in ins):
                continue
            if node.saved.__class__ is Freed:
                raise freed(node)
            try:
                with placed((node.code, node.lasti) if self.create else mode.where):
                    rule = partial(self.forward, node, ins)
                    outs = node.kind.opened(node, rule, "tensors" if self.create else "arrays")
            except GradshError:
                raise
            except FAILURES as error:
                raise misfit(
                    error, f"{node.kind.name} cannot use its tangents: `.data =` gave a tensor another size"
                ) from None
            for number, t in enumerate(outs if outs.__class__ is list else (outs,)):
                if t is not None:
                    self.tangents[node, number] = t
        return [self.at(e) for e in edges]

    def forward(self, node: Node, ins: list[Any]) -> Any:
        """The tangents of a node's outputs: one, or a list for several."""
        name = node.kind.operator
        entry = OPERATORS.get(name)
        if entry is not None:
            if entry.jvp_rule is not None:
                return entry.jvp_rule(self.F, ins[0], node.saved)
            if entry.linear and self.is_general(entry, node):
                return self.linear(entry, node, ins)
            if entry.bilinear and isinstance(node.saved, (tuple, list)):
                return self.bilinear(entry, node, ins)
            if entry.elementwise:
                return self.diagonal(node, ins)
        return self.twice(node, ins)

    # --- elementwise --------------------------------------------------------------------------------------------

    def diagonal(self, node: Node, ins: list[Any]) -> Any:
        """The rule, applied to the tangents instead of the gradient."""
        fix = node.fix
        shape: Any = None
        if node.saved.__class__ is list:
            shape = node.saved[-1].shape
        elif fix.__class__ is tuple and len(fix) == 3:
            shape = fix[2]
        if node.next.__class__ is not tuple:
            return step(node, self.spread(ins[0], shape), self.F)
        total = None
        for i, t in enumerate(ins):
            if t is None:
                continue
            t = self.spread(t, shape)
            part = step(node if self.create else only(node, i), t, self.F)[i]
            total = part if total is None else total + part
        return total

    def spread(self, t: Any, shape: Any) -> Any:
        """A tangent, broadcast to the shape of the result."""
        if shape is None or tuple(t.shape) == tuple(shape):
            return t
        if t.__class__ is Batched or t.__class__ is Tensor:
            return T.expand(t, shape) if self.create else B.expand(t, shape)
        return np.broadcast_to(t, shape)

    # --- linear -------------------------------------------------------------------------------------------------

    @staticmethod
    def is_general(entry: Any, node: Node) -> bool:
        """Whether the node has saved something for every argument of the operator."""
        saved = node.saved
        return (
            isinstance(entry, General) and saved.__class__ is list and len(saved) == len(entry.signature.parameters) + 1
        )

    def linear(self, entry: Any, node: Node, ins: list[Any]) -> Any:
        """The operator on the tangents, zeros for those that are not there."""
        saved = node.saved
        values: list[Any] = []
        at = 0
        for i in range(len(saved) - 1):
            v = saved[i]
            several = v.__class__ is list
            if i not in entry.tensor_at:
                values.append([_plain(x, self.create) for x in v] if several else _plain(v, self.create))
            elif several:
                values.append([self.zeros_for(t, x, ins) for t, x in zip(ins[at : at + len(v)], v, strict=True)])
                at += len(v)
            else:
                values.append(self.zeros_for(ins[at], v, ins))
                at += 1
        out = applied(entry, *values)
        return list(out) if isinstance(out, tuple) else out

    def zeros_for(self, t: Any, like: Any, ins: list[Any]) -> Any:
        if t is not None:
            return t
        data = like.data if like.__class__ is Tensor else like
        return self.constant(alloc.zeros(data.shape, data.dtype))

    def constant(self, data: Any) -> Any:
        return make(data[()] if data.ndim == 0 else data) if self.create else data

    def bilinear(self, entry: Any, node: Node, ins: list[Any]) -> Any:
        """The operator on (tangent, second) and (first, tangent)."""
        edges = node.next
        first, second = node.saved[0], node.saved[1]
        rest = node.saved[2:-1]
        total = None
        for i, t in enumerate(ins):
            if t is None:
                continue
            other = _plain((second, first)[i], self.create, edges[1 - i])
            part = applied(entry, *((t, other, *rest) if i == 0 else (other, t, *rest)))
            total = part if total is None else total + part
        return total

    # --- everything else ------------------------------------------------------------------------------------------

    def twice(self, node: Node, ins: list[Any]) -> Any:
        """J t as the gradient of u -> <J^T u, t>, which is linear in u."""
        many = node.kind.outputs != 1
        us: list[Tensor | None] = []
        for meta in self.outputs_of(node):
            if meta is None or np.dtype(meta[1]).kind != "f":
                us.append(None)
                continue
            # not zeros: a rule may take its gradient apart by logarithms
            u = make(alloc.ones(*meta)[()] if meta[0] == () else alloc.ones(*meta))
            u.requires = True
            us.append(u)
        with GradMode(True):
            gs = node.kind.step(node, us if many else us[0], T)
        gs = gs if gs.__class__ is tuple else (gs,)
        fixes = node.fix if node.next.__class__ is tuple else (node.fix,)
        outs, tangents = [], []
        with GradMode(True):
            for i, (g, t) in enumerate(zip(gs, ins, strict=True)):
                if g is None or t is None:
                    continue
                fix = None if fixes is None else fixes[i]
                g = bring_one_back(g, fix, True)
                if g.requires:
                    outs.append(g)
                    tangents.append(as_dtype(t, g.data.dtype))
        wanted = [u for u in us if u is not None]
        if not outs or not wanted:
            return [None] * len(us) if many else None
        found = dict(zip(map(id, wanted), self.pulled(outs, tangents, wanted), strict=True))
        results = [None if u is None else found[id(u)] for u in us]
        return results if many else results[0]

    def pulled(self, outs: list[Tensor], tangents: list[Any], us: list[Tensor]) -> list[Any]:
        """The gradients of `us` for gradients of `outs`, which may be Batched, on arrays or tensors."""
        walk = BatchedWalk(True, self.create, mode.where)
        walk.F = self.F
        return gradients_of(walk, [(o.edge, t) for o, t in zip(outs, tangents, strict=True)], us)

    def outputs_of(self, node: Node) -> list[Any]:
        """(shape, dtype) of each output of a node, None for one that is no tensor."""
        saved = node.saved
        if saved.__class__ is list:
            out = saved[-1]
            if out is None:
                return self.from_backward(node)
            return [(tuple(o.shape), o.dtype) for o in (out if out.__class__ is tuple else (out,))]
        results = getattr(node.kind, "results", None)
        if results is not None:  # an operator of the program's own: see engine.custom
            return list(results)
        return self.from_backward(node)

    def from_backward(self, node: Node) -> list[Any]:
        """The same, from what arrives at the node in a backward pass."""
        if self.shapes is None:
            self.shapes = self.arriving()
        g = self.shapes[node]
        return [None if x is None else (x.shape, x.dtype) for x in (g if g.__class__ is list else [g])]

    def arriving(self) -> dict[Node, Any]:
        """The gradient that reaches each node in a backward pass of ones: it has the shape of the node's output."""
        walk = NotingWalk(True, False, mode.where)
        walk.seen = {}
        roots = [(o.edge, alloc.ones(o.data.shape, o.data.dtype)[()]) for o in self.outputs if o.edge is not None]
        gradients_of(walk, roots, self.inputs)
        return walk.seen


class NotingWalk(BatchedWalk):
    """A walk on arrays that notes what arrives at each node."""

    __slots__ = ("seen",)

    seen: dict[Node, Any]

    def deliver(self, edge: Any, g: Any) -> None:
        super().deliver(edge, g)
        if edge.__class__ is not Tensor:
            node = edge.node if edge.__class__ is Output else edge
            if node in self.pending:
                self.seen[node] = self.pending[node]

    F = B


def _by_age(node: Node) -> int:
    return -node.seq


def _plain(v: Any, create: bool, edge: Any = None) -> Any:
    """A saved value as an array, or as a tensor with its history."""
    if v.__class__ is not Tensor:
        return v
    return T.restore(v, edge) if create else v.data
