"""The walk over the graph: order, accumulation, freeing, hooks, and gradients that have a graph of their own.

Nodes run latest-created first, each once, after all its consumers: a consumer is always created later than what it
consumes, so a heap ordered by creation number needs no counting of dependencies. Nothing recurses on depth.
"""

from __future__ import annotations

import sys
from heapq import heappop, heappush
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.autograd.forms import (
    bring_back,
    called_as_own,
    each_with_each,
    expected,
    expected_step,
    halved_step,
    not_added,
)
from gradsh.engine.core import alloc
from gradsh.engine.core.dtypes import Size, float16
from gradsh.engine.core.graph import Freed, Handle, Kind, Node, Output, Where, sequence
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, Namespace, T
from gradsh.engine.core.strided import check_apart, copied, obeying
from gradsh.engine.core.tensor import Tensor, leaf, make
from gradsh.engine.kernels import pieces
from gradsh.errors import (
    ArgumentError,
    AutogradError,
    GradientMismatch,
    GradshError,
    NoGraph,
    NonScalarBackward,
    UnusedInput,
    VersionMismatch,
)

if TYPE_CHECKING:
    from gradsh.engine.autograd.leaves import Waiting

ndarray = np.ndarray

CREATE_GRAPH = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient "
    "which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you "
    "have to use this function, make sure to reset the .grad fields of your parameters to None after use to break the "
    "cycle and avoid the leak."
)


AFTER_TRACEBACK = (
    "Hint: the backtrace further above shows the operation that failed to compute its gradient. The variable in "
    "question was changed in there or anywhere later. Good luck!"
)


class Walk:
    """One run over the graph.

    keep      saved tensors are not freed (`retain_graph`)
    create    gradients are tensors and record a graph (`create_graph`)
    needed    the nodes to run, when gradients of certain inputs are asked for, else None (all)
    admitted  these and the nodes at which a gradient is only captured
    captures  {node: [(output number, slot)]} and {leaf: slots}: where asked-for gradients are noted
    waiting   see gradsh.engine.autograd.leaves; set while it runs, where there are hooks
    tiles     gradsh.engine.kernels.tiles where gradients of large arrays may be deferred, else None
    """

    __slots__ = (
        *("admitted", "captured", "captures", "create", "heap", "keep", "leaves", "needed", "pending", "waiting"),
        *("tiles", "where"),
    )
    waiting: Any
    tiles: Any
    watches = False  # whether every step goes through `watched_step`

    def __init__(self, keep: bool, create: bool, where: Where | None) -> None:
        self.keep = keep
        self.create = create
        self.where = where
        self.needed: set[Node] | None = None
        self.admitted: set[Node] | None = None
        self.captures: dict[Any, list[tuple[int, int]]] | None = None
        self.captured: dict[int, Any] = {}
        self.pending: dict[Node, Any] = {}
        self.heap: list[tuple[int, Node]] = []
        self.leaves: dict[Tensor, Any] = {}
        self.waiting = self.tiles = None

    def deliver(self, edge: Any, g: Any) -> None:
        """Add gradient `g` to what waits at `edge`."""
        kind = edge.__class__
        if kind is Tensor:
            leaves = self.leaves
            if edge in leaves:
                # to the end of the line: a leaf is complete when its last consumer has run
                g = leaves.pop(edge) + g
            leaves[edge] = g
            return
        node = edge.node if kind is Output else edge
        if self.admitted is not None and node not in self.admitted:
            return
        pending = self.pending
        if node not in pending:
            heappush(self.heap, (node.seq, node))
            if node.kind.outputs == 1:
                pending[node] = g
                return
            pending[node] = [None] * node.kind.outputs
        if node.kind.outputs == 1:
            pending[node] = pending[node] + g
        else:
            number = edge.number if kind is Output else 0
            waiting = pending[node]
            waiting[number] = g if waiting[number] is None else waiting[number] + g

    def run(self) -> None:
        """Run every node that a gradient reaches."""
        heap, pending, leaves = self.heap, self.pending, self.leaves
        needed, admitted, captures = self.needed, self.admitted, self.captures
        keep, create = self.keep, self.create
        freed = Freed(self.where)
        deliver = self.deliver
        watched = self.watches or mode.anomaly is not None or mode.reformed or float16.used or mode.profile is not None
        waiting = self.expecting() if Handle.made else None
        watched = watched or (pieces.large and self.defers())
        while heap:
            _, node = heappop(heap)
            g = pending.pop(node)
            while True:  # stays in here along a chain, past the heap
                if captures is not None and node in captures:
                    self.capture(node, g, captures[node])
                    if node not in needed:  # type: ignore[operator]  # set together with captures
                        break
                extra = node.extra
                if extra is not None and (extra.tensor_hooks or extra.retained or extra.prehooks):
                    g = self.before(node, g)
                kind = node.kind
                if watched:
                    gs = self.other_step(node, g)
                else:
                    gs = in_its_place(node, g, T) if create else kind.step(node, g, A)
                edges = node.next
                if node.fix is not None:
                    if not (watched and mode.reformed):  # `expected_step` has done that, before what the graph expects
                        gs = bring_back(gs, node.fix, create)
                    if kind.operator == "sub":
                        each_with_each(node)
                if node.extra is not None and node.extra.hooks:
                    gs = self.after(node, g, gs)
                if not keep and kind.saves:
                    node.saved = freed
                if edges.__class__ is Node:
                    if gs is None:
                        break
                    if not heap and edges.kind.outputs == 1 and (admitted is None or edges in admitted):
                        node = edges
                        g = gs
                        continue
                    deliver(edges, gs)
                elif edges.__class__ is tuple:
                    if len(edges) != 2:
                        following, g = self.spread(edges, gs)
                    else:  # `spread` written out, which costs as much as a small rule
                        following, (edge, other), (gi, gj) = None, edges, gs
                        if edge is not None and gi is not None:
                            if edge.__class__ is Node and not heap and edge.kind.outputs == 1:
                                if admitted is None or edge in admitted:
                                    following, g = edge, gi
                            else:
                                deliver(edge, gi)
                        if other is not None and gj is not None:
                            if other is following:
                                g = gi + gj
                            elif following is None and other.__class__ is Node and not heap and other.kind.outputs == 1:
                                if admitted is None or other in admitted:
                                    following, g = other, gj
                            else:
                                deliver(other, gj)
                    if waiting is not None:
                        waiting.passed(edges)
                    if following is not None:
                        if not heap:
                            node = following
                            continue
                        deliver(following, g)
                elif gs is not None:
                    deliver(edges, gs)
                    if waiting is not None:
                        waiting.passed((edges,))
                break
            g = gs = gi = gj = None  # what stays referred to here would be copied when it becomes a leaf's `.grad`
        if self.tiles is not None:
            self.tiles.settled(pending, leaves)
        self.settle(leaves)

    def stopped(self, error: Exception) -> None:
        """The rule of a node has failed: leaves whose gradient is complete get it, as they have in PyTorch by then."""
        from gradsh.engine.autograd.leaves import complete  # few walks fail

        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code is not Walk.run.__code__:
            trace = trace.tb_next
        if trace is None or self.waiting is not None or self.captures is not None:
            return
        if self.tiles is not None:
            self.tiles.settled(self.pending, self.leaves)
        # which node it was is not noted anywhere else: to note it would cost every backward that does not fail
        self.settle(complete(self, trace.tb_frame.f_locals["node"]))

    def defers(self) -> bool:
        """Whether gradients of large arrays may be deferred: nobody looks at any before all have been computed."""
        if self.create or Handle.made or self.captures is not None:
            return False
        from gradsh.engine.kernels import tiles  # most programs have no such arrays

        if tiles.operations():
            self.tiles = tiles
        return self.tiles is not None

    def expecting(self) -> Waiting:
        """Who tells when leaves are done, in a program with hooks, which can see that."""
        from gradsh.engine.autograd.leaves import Waiting  # few programs have them

        return Waiting(self)

    def spread(self, edges: tuple[Any, ...], gs: Any) -> tuple[Any, Any]:
        """Pass the gradients on; one of the nodes that get one, which may be the next to run, and its gradient."""
        following = g = None
        for edge, gi in zip(edges, gs, strict=False):
            if edge is None or gi is None:
                continue
            if edge is following:
                g = g + gi
            elif following is None and edge.__class__ is Node and not self.heap and edge.kind.outputs == 1:
                if self.admitted is None or edge in self.admitted:
                    following, g = edge, gi
            else:
                self.deliver(edge, gi)
        return following, g

    def settle(self, leaves: dict[Tensor, Any]) -> None:
        """Give these leaves their gradients, or note them where they are asked for."""
        captures, create = self.captures, self.create
        for t in list(leaves):  # taking the first of a dict again and again passes all that were taken before
            g = leaves.pop(t)
            if not t.requires:
                continue  # its flag was cleared after it had been used
            if captures is not None and t not in captures:
                continue  # nor do its hooks hear of a gradient that nobody asked for
            if t.extra is not None and t.extra.hooks:
                g = run_hooks(t.extra.hooks, g, create)
            if captures is None:
                accumulate(t, g, create)
            else:
                self.capture(t, g, captures[t])

    def other_step(self, node: Node, g: Any) -> Any:
        """A step that is more than the kind's own."""
        if self.tiles is not None:
            return self.tiled_step(node, g)
        profile = mode.profile
        return self.watched_step(node, g) if profile is None else profile.step(self.watched_step, node, g)

    def tiled_step(self, node: Node, g: Any) -> Any:
        """A step where gradients of large arrays may be deferred: others than elementwise rules get arrays, and where
        the program's own code runs, which may write to what is to be read, nothing is left to be computed."""
        kind, tiles = node.kind, self.tiles
        if kind.__class__ is not Kind:
            g = tiles.computed(g)
            tiles.settled(self.pending, self.leaves)
            self.tiles = None
            try:
                return kind.step(node, g, A)
            finally:
                self.tiles = tiles
        gs = kind.step(node, g if kind.tiled else tiles.computed(g), A)
        return gs if node.fix is None else tiles.computed(gs)

    def watched_step(self, node: Node, g: Any) -> Any:
        """A step inside `detect_anomaly`: what goes wrong in it is reported with the line that recorded the node.

        Or one where `.data =` gave some tensor another size or dtype: what goes out must be what the graph expects. Or
        one that may meet halves.
        """
        name = node.kind.name
        made = (node.code, node.lasti)
        try:
            gs = expected_step(self.step, node, g, self.create) if mode.reformed else self.step(node, g)
            if mode.anomaly is None:
                return gs
            if mode.anomaly:
                from gradsh.engine.autograd.anomaly import check_anomaly

                check_anomaly(node, gs)
        except GradshError as error:
            if mode.anomaly is None:
                raise
            mode.warn(f"Error detected in {name}. Traceback of forward call that caused the error:", where=made)
            if isinstance(error, VersionMismatch):
                error.message = error.message.partition("Hint: ")[0] + AFTER_TRACEBACK
            raise
        return gs

    def step(self, node: Node, g: Any) -> Any:
        if self.create:
            return in_its_place(node, g, T)
        if float16.used:
            return halved_step(lambda g, F: node.kind.step(node, g, F), g)
        return node.kind.step(node, g, A)

    def before(self, node: Node, g: Any, runs: bool = True) -> Any:
        """Hooks of the tensors that the node made, then the gradients that are to be kept, then its own prehooks, if it
        `runs`."""
        extra = node.extra
        assert extra is not None
        if self.tiles is not None:
            g = self.tiles.computed(g)
        many = node.kind.outputs != 1
        for number, hooks in extra.tensor_hooks:
            if many:
                g[number] = run_hooks(hooks, g[number], self.create)  # also None, of an output that was not used
            else:
                g = run_hooks(hooks, g, self.create)
        for number, ref in extra.retained:
            t = ref()
            value = g[number] if many else g
            if t is not None and value is not None:
                accumulate(t, value, self.create)
        if runs and extra.prehooks:
            if many:
                places = _differentiable(node)
                given = run_prehooks(extra.prehooks, [g[at] for at in places], self.create)
                for at, value in zip(places, given, strict=True):
                    g[at] = value
            else:
                (g,) = run_prehooks(extra.prehooks, (g,), self.create)
        return g

    def after(self, node: Node, g: Any, gs: Any) -> Any:
        """The node's own hooks, called with (gradients of inputs, gradients of outputs)."""
        single = gs.__class__ is not tuple
        ins = tuple(_as_tensor(x) for x in ((gs,) if single else gs))
        if single and node.kind.number_slot:
            ins = (*ins, None)
        outs = tuple(_as_tensor(x) for x in ([g[at] for at in _differentiable(node)] if g.__class__ is list else (g,)))
        assert node.extra is not None
        for hook in list(node.extra.hooks.values()):
            result = hook(ins, outs)
            if result is not None:
                ins = _replaced(hook, result, ins)
        back = tuple(x if self.create or x is None else x.data for x in ins)
        return back[0] if single else back

    def capture(self, key: Any, g: Any, wanted: list[tuple[int, int]]) -> None:
        """Note what is asked for. As in PyTorch: before the hooks where it is passed on, else behind the tensors'."""
        if key.__class__ is Node and key.extra is not None and key not in self.needed:  # type: ignore[operator]
            g = self.before(key, g, False)
        for number, slot in wanted:
            value = g[number] if g.__class__ is list else g
            if value is not None:
                self.captured[slot] = value


def _differentiable(node: Node) -> list[int]:
    """The numbers of the outputs that can have a gradient: hooks do not see those of indices."""
    out = node.saved[-1] if node.saved.__class__ is list and node.saved else None
    if out.__class__ is not tuple:
        return list(range(node.kind.outputs))
    return [number for number, result in enumerate(out) if result.dtype.kind == "f"]


def in_its_place(node: Node, g: Any, F: Namespace) -> Any:
    """A node's step with a graph; what it records is said to have been made where the node was."""
    before = mode.where
    mode.where = (node.code, node.lasti)
    try:
        if mode.notes is None or F is not T:
            start = sequence() if node.kind.second else 0
            gs = node.kind.step(node, g, F)
            return called_as_own(node, gs, start) if start else gs
        start = sequence()
        gs = node.kind.step(node, g, F)
        if node.kind.second:
            gs = called_as_own(node, gs, start)
        mode.notes.derived(node, start, gs, before)
        return gs
    finally:
        mode.where = before


def _as_tensor(g: Any) -> Any:
    return g if g is None or g.__class__ is Tensor else make(g)


def run_hooks(hooks: dict[int, Any], g: Any, create: bool) -> Any:
    """A tensor's hooks in the order of registration; a result other than None replaces the gradient."""
    for hook in list(hooks.values()):
        t = _as_tensor(g)
        result = hook(t)
        if result is not None:
            if result.__class__ is not Tensor:
                raise ArgumentError(f"expected Variable, but hook returned '{type(result).__name__}'", kind="TypeError")
            if t is None:
                raise GradientMismatch("can't replace a None gradient with a non-None value")
            if result.data.shape != t.data.shape:
                raise GradientMismatch(f"hook '{_name(hook)}' has changed the size of value")
            g = result if create else result.data
    return g


def run_prehooks(hooks: dict[int, Any], given: Any, create: bool) -> tuple[Any, ...]:
    """A node's prehooks, each called with the tuple of gradients that come in."""
    gs = tuple(_as_tensor(x) for x in given)
    for hook in list(hooks.values()):
        result = hook(gs)
        if result is not None:
            gs = _replaced(hook, result, gs)
    return tuple(x if create or x is None else x.data for x in gs)


def _replaced(hook: Any, result: Any, before: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a node's hook returned in place of `before`, checked."""
    if result.__class__ is not tuple:
        raise ArgumentError(f"expected tuple, but hook returned '{type(result).__name__}'")
    name = _name(hook)
    if len(result) != len(before):
        raise GradientMismatch(
            f"hook '{name}' has returned an incorrect number of values (got {len(result)}, but expected {len(before)})"
        )
    for new, old in zip(result, before, strict=True):
        if new is not None and new.__class__ is not Tensor:
            raise ArgumentError(f"expected Variable, but hook returned '{type(new).__name__}'")
        if new is not None and old is not None and new.data.shape != old.data.shape:
            raise GradientMismatch(f"hook '{name}' has changed the size of value")
    return result


def _name(hook: Any) -> str:
    """What PyTorch's errors call a hook."""
    name = getattr(hook, "__name__", "hook")
    return "<lambda>" if name == "fn" else str(name).removeprefix(".")


def accumulate(t: Tensor, g: Any, create: bool) -> None:
    """Add a gradient to `t.grad`.

    The first is stored unaliased, in memory as the leaf is; later ones are added in place (the same object); with
    `create_graph` out of place, so that the graph of the sum is kept.
    """
    if t.extra is not None and t.extra.prehooks and t.node is None:
        (g,) = run_prehooks(t.extra.prehooks, (g,), create)
    held = t.gradient
    if create:
        if held is not None:
            t.gradient = T.add(held, g)
        else:
            # PyTorch's names for the two: CopyBackwards on leaves, CloneBackward0 where a gradient is retained
            t.gradient = T.copy(g) if t.node is None else T.clone(g)
    elif held is None:
        if g.__class__ is ndarray and (not _owned(g) or t.node is not None or not t.data.flags.c_contiguous):
            g = copied(g) if t.node is not None else obeying(g, t.data)
        grad = make(g)
        grad.origin = mode.where
        t.gradient = grad
    elif t.node is not None:
        t.gradient = make(held.data + g)  # what is retained is a new tensor each time, as in PyTorch
    else:
        if held.data.__class__ is ndarray:
            if not held.data.flags.c_contiguous:  # the program's own, as `w.grad = zeros(1).expand(4)`
                check_apart(held.data)
            try:
                np.add(held.data, g, out=held.data)
            except ValueError:  # `.data =` has given the leaf another size
                raise not_added(held.data.shape, g.shape) from None
        else:
            held.data = held.data + g
        if held.storage is not None or held.node is not None:
            held.own_storage().version += 1
    extra = t.extra
    if extra is not None:
        for hook in list(extra.post_hooks.values()):
            result = hook(t)
            if result is not None:
                raise ArgumentError(f"expected Variable, but hook returned '{type(result).__name__}'")
        if t.node is None:
            for hook in list(extra.node_hooks.values()):
                hook((), (_as_tensor(g),))


def _owned(g: Any) -> bool:
    """Whether nobody but the engine holds this array, so that it may become `.grad` as it is."""
    if sys.getrefcount(g) > _REFERENCES or not g.flags.c_contiguous:
        return False
    base = g.base
    if base is None:
        return True
    # a view of a whole array that nothing else refers to, as transposing twice gives it
    return base.__class__ is ndarray and base.base is None and base.size == g.size and sys.getrefcount(base) <= 3


def _count_references() -> int:
    """What `sys.getrefcount` says in `_owned` of an array that only `Walk.run` and `accumulate` hold.

    The number depends on how the interpreter counts references from the stack, so it is measured, not written down.
    """
    counts = []

    def owned(g: Any) -> None:
        counts.append(sys.getrefcount(g))

    def accumulate(t: Any, g: Any, create: bool) -> None:
        owned(g)

    g = alloc.empty(1)
    accumulate(None, g, False)
    return counts[0]


_REFERENCES = _count_references()


# --- what programs call ------------------------------------------------------------------------------------


def run_backward(
    outputs: list[Tensor],
    gradients: list[Tensor | None],
    keep: bool | None,
    create: bool,
    inputs: list[Tensor] | None,
    where: Where | None,
) -> None:
    """`torch.autograd.backward`: accumulate into the `.grad` of leaves, or of `inputs` only."""
    mode.passed = where
    keeps = create if keep is None else keep
    walk = Walk(keeps, create, where) if mode.notes is None or create else mode.notes.walk(keeps, where)
    if create:
        mode.warn(CREATE_GRAPH, once=True)
    roots = seeds(outputs, gradients, create)
    if mode.training is not None:
        mode.training.begins(outputs, where)
    if inputs is not None:
        for t in inputs:
            t.retain_grad()
        found = gradients_of(walk, roots, inputs)
        for t, g in zip(inputs, found, strict=True):
            if g is not None and t.node is None:  # others retain theirs
                accumulate(t, g, create)
    else:
        with_grad_mode(walk, roots)
    if create and mode.notes is not None:
        mode.notes.summed(where, [edge for edge, _ in roots])
    if mode.training is not None:
        mode.training.ended(outputs, where)


def run_from(out: Tensor, one: Any, where: Where) -> None:
    """`run_backward` of one scalar that requires grad, where nobody takes notes: the loss of a training step."""
    mode.passed = where
    with_grad_mode(Walk(False, False, where), [(out.edge, one)])


def run_grad(
    outputs: list[Tensor],
    inputs: list[Tensor],
    gradients: list[Tensor | None],
    keep: bool | None,
    create: bool,
    allow_unused: bool,
    materialize: bool,
    where: Where | None,
) -> tuple[Tensor | None, ...]:
    """`torch.autograd.grad`: the gradients of the sum of `outputs` by `inputs`; no `.grad` of a leaf is touched."""
    dual = mode.forward is not None  # where gradients of dual tensors are, the walk runs on tensors
    walk = Walk(create if keep is None else keep, create or dual, where)
    for t in inputs:
        if not t.requires:
            raise AutogradError("One of the differentiated Tensors does not require grad", subject=t)
    roots = seeds(outputs, gradients, create or dual)
    found = gradients_of(walk, roots, inputs)
    results: list[Tensor | None] = []
    for index, (t, g) in enumerate(zip(inputs, found, strict=True)):
        if g is None:
            if materialize:
                results.append(leaf(alloc.zeros(t.data.shape, t.data.dtype)[()], create, where))
                continue
            if not allow_unused:
                raise UnusedInput(
                    f"The differentiated Tensor at index {index} appears to not have been used in the graph. "
                    "Set allow_unused=True if this is the desired behavior.",
                    subject=t,
                )
            results.append(None)
        elif create:
            results.append(g)
        else:
            result = make(g.data if dual else g)
            result.origin = where
            results.append(result)
            if dual:
                mode.forward.put_detached(g, result)
    return tuple(results)


def with_grad_mode(walk: Walk, roots: list[tuple[Any, Any]]) -> None:
    """Run with grad mode as the walk needs it, whatever surrounds the call, and put it back."""
    before, outer = mode.grad, mode.walk
    mode.grad, mode.walk = walk.create, walk
    try:
        for index, (edge, g) in enumerate(roots):
            if mode.reformed and edge is not None:
                g = expected("", index, edge, None, g, walk.create)
            walk.deliver(edge, g)
        walk.run()
    except Exception as error:
        walk.stopped(error)
        raise
    finally:
        mode.grad, mode.walk, walk.waiting = before, outer, None


def gradients_of(walk: Walk, roots: list[tuple[Any, Any]], inputs: list[Tensor]) -> list[Any]:
    """The gradient that reaches each input, None where none does. Only nodes on a way to an input are run."""
    captures: dict[Any, list[tuple[int, int]]] = {}
    for slot, t in enumerate(inputs):
        key = t if t.node is None else t.grad_fn
        captures.setdefault(key, []).append((t.output_nr, slot))
    walk.captures = captures
    walk.needed = needed_nodes([edge for edge, _ in roots], captures)
    walk.admitted = walk.needed.union(key for key in captures if key.__class__ is Node)
    with_grad_mode(walk, roots)
    return [walk.captured.get(slot) for slot in range(len(inputs))]


def needed_nodes(edges: list[Any], captures: dict[Any, list[tuple[int, int]]]) -> set[Node]:
    """The nodes from which a captured node or leaf can be reached."""
    seen: set[Node] = set()
    stack: list[Node] = [_node(e) for e in edges if e.__class__ is not Tensor]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        following = node.next
        if following.__class__ is Node:
            stack.append(following)
            continue
        for edge in following if following.__class__ is tuple else (following,):
            if edge.__class__ is Node:
                stack.append(edge)
            elif edge.__class__ is Output:
                stack.append(edge.node)
    run: set[Node] = set()
    for node in sorted(seen, key=_by_creation, reverse=True):  # numbers count downwards: what is consumed comes first
        following = node.next
        for edge in following if following.__class__ is tuple else (following,):
            if edge is not None:
                target = edge.node if edge.__class__ is Output else edge
                if target in captures or target in run:
                    run.add(node)
                    break
    return run


_by_creation = attrgetter("seq")


def _node(edge: Any) -> Node:
    return edge.node if edge.__class__ is Output else edge


ONES: dict[Any, Any] = {kind: kind(1) for kind in (np.float16, np.float32, np.float64)}


def seeds(outputs: list[Tensor], gradients: list[Tensor | None], create: bool) -> list[tuple[Any, Any]]:
    """The first gradients: given ones checked, missing ones made for scalars."""
    if len(outputs) == len(gradients) == 1 and not create and gradients[0] is None:
        # the one loss of a training step
        out = outputs[0]
        one = ONES.get(out.data.__class__)
        if one is not None and out.requires:
            return [(out.edge, one)]
    if len(outputs) != len(gradients):
        raise GradientMismatch(f"got {len(outputs)} tensors and {len(gradients)} gradients")
    roots = []
    for index, (out, g) in enumerate(zip(outputs, gradients, strict=True)):
        data = out.data
        if g is not None and g.data.shape != data.shape:
            raise GradientMismatch(
                f"Mismatch in shape: grad_output[{index}] has a shape of {Size(g.data.shape).words} and "
                f"output[{index}] "
                f"has a shape of {Size(data.shape).words}.",
                subject=(out, g),
            )
        if g is None and out.requires and data.size != 1:
            raise NonScalarBackward("grad can be implicitly created only for scalar outputs", subject=out)
    for index, (out, g) in enumerate(zip(outputs, gradients, strict=True)):
        data = out.data
        if not out.requires:
            raise NoGraph(f"element {index} of tensors does not require grad and does not have a grad_fn", subject=out)
        if g is None:
            value = data.dtype.type(1) if data.ndim == 0 else alloc.ones(data.shape, data.dtype)
            roots.append((out.edge, make(value) if create else value))
        elif create:
            if g.data.dtype != data.dtype:
                g = T.to(g, data.dtype)
            roots.append((out.edge, g))
        else:
            value = g.data
            roots.append((out.edge, value if value.dtype == data.dtype else value.astype(data.dtype)))
    return roots
