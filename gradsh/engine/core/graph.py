"""The graph that tracked operators leave behind: nodes, their edges, what they keep, and who changed it since.

An edge is where a gradient goes: a `Node` (its only output), an `Output` (one of several outputs of a node), a leaf
`Tensor` itself, or None where no gradient is wanted. Edges never hold the data of intermediate tensors, so what
no rule saved is freed as soon as the program drops it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from gradsh.errors import AutogradError, FreedGraph, VersionMismatch

if TYPE_CHECKING:
    from gradsh.engine.core.tensor import Tensor

# Counts downwards: a heap then yields the latest node first, which is PyTorch's order of execution.
sequence = count(0, -1).__next__

Where = tuple[Any, int]  # code object and instruction offset of a frame: a place in the user's program


class Unrecorded(tuple[Any, int]):
    """The `Where` of what was made while recording was switched off (`no_grad`): why it has no history."""

    __slots__ = ()


class Storage:
    """What all views of one piece of memory share: how often it was written in place, and where last.

    `inference` tells memory that was made inside `inference_mode`: it may not be saved for backward.
    `detached` is the number in the sequence of nodes at which `detach_` took its tensor out of the graph.
    """

    __slots__ = ("detached", "inference", "version", "writer")

    def __init__(self, inference: bool = False) -> None:
        self.detached: int | None = None
        self.version = 0
        self.writer: Where | None = None
        self.inference = inference


def nothing_saved(node: Node) -> dict[str, Any]:
    return {}


class Kind:
    """What all nodes of one form of an operator have in common.

    name     as PyTorch prints it, "MulBackward0"
    step     step(node, g, F): the gradients for `node.next`. F is the namespace of operators that the rule is run with:
             `A` on arrays, `T` on tensors, recording a graph (`create_graph`), or one for batches of gradients; g is of
             that kind too (a list for several outputs)
    saves    whether backward needs saved tensors, so that it can run only once unless they are retained
    operator the registry's name of the operator
    outputs  how many outputs the node has
    describe describe(node): what it saved, by PyTorch's names
    number_slot  a form of one tensor and a number that is PyTorch's form of two tensors
    by_sample    the step takes one gradient at a time: of batches it is run sample by sample
    tiled        an elementwise rule on large arrays: its gradients may be deferred (kernels/tiles.py)
    second       what PyTorch calls the nodes of its gradients, where those are operators of its own: one name, or one
                 for each input ("" for none)
    """

    __slots__ = (
        *("_others", "by_sample", "describe", "name", "number_slot", "operator", "outputs", "saves", "second", "step"),
        "tiled",
    )

    def __init__(
        self,
        name: str,
        step: Callable[[Node, Any, Any], Any],
        *,
        saves: bool,
        operator: str = "",
        outputs: int = 1,
        describe: Callable[[Node], dict[str, Any]] = nothing_saved,
        by_sample: bool = False,
        second: str | tuple[str, ...] = "",
    ) -> None:
        self.name = name
        self.step = step
        self.saves = saves
        self.operator = operator
        self.outputs = outputs
        self.describe = describe
        self.number_slot = False
        self.by_sample = by_sample
        self.tiled = False
        self.second = second
        self._others: dict[tuple[str, bool, int], Kind] = {}

    def renamed(self, name: str = "", *, saves: bool | None = None, outputs: int = 0, operator: str = "") -> Kind:
        """The same under another of PyTorch's names; one object for each. Call it after the rules."""
        key = (name or self.name, self.saves if saves is None else saves, outputs or self.outputs)
        other = self._others.get(key)
        if other is None:
            other = Kind(
                key[0],
                self.step,
                saves=key[1],
                operator=operator or self.operator,
                outputs=key[2],
                describe=self.describe,
                by_sample=self.by_sample,
                second=self.second,
            )
            self._others[key] = other
        return other

    @staticmethod
    def opened(node: Node, work: Callable[[], Any], want: str) -> Any:
        """`work()`, which reads what the node has saved, as "arrays" or "tensors". Errors: FreedGraph."""
        return work()

    def replaced_by(self, kind: Kind) -> Kind:
        """What a node of this kind becomes that is to be of another; see gradsh.engine.autograd.saving."""
        return kind


class Node:
    """One executed, tracked operation.

    next    an edge, or a tuple of edges, one per input that can have a gradient
    saved   what the rule needs, in the form that the kind's step reads; a `Freed` once backward has used it
    fix     None, or per edge None or (shape, NumPy dtype) that its gradient must be brought back to
    code, lasti   the place in the user's program
    extra   rarely needed things, see NodeExtra
    versions  {index of a saved tensor, -1 for the output: its version at saving}, where not 0; unset when all are 0
    """

    __slots__ = ("__weakref__", "code", "extra", "fix", "kind", "lasti", "next", "saved", "seq", "versions")

    kind: Kind
    next: Any
    saved: Any
    fix: Any
    code: Any
    lasti: int
    extra: NodeExtra | None
    seq: int
    versions: dict[Any, int]

    def __repr__(self) -> str:
        return f"<{self.kind.name}>"

    def name(self) -> str:
        """PyTorch's name of the function; what prints is without the namespace that two of them have."""
        name = self.kind.name
        return "torch::autograd::" + name if name in ("CopySlices", "CopyBackwards") else name

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """((node or None, output number), ...), leaves as AccumulateGrad."""
        kind = self.kind
        if self.next.__class__ is not tuple:
            own = edge_as_function(self.next)
            # `x * 2` has a slot for the number where PyTorch's function takes two tensors
            return (own, (None, 0)) if kind.number_slot else (own,)
        if kind.name == "CopySlices" and self.next[1].__class__ is Node:
            # PyTorch keeps the written operation inside this node: what follows it are that operation's inputs
            return (edge_as_function(self.next[0]), *self.next[1].next_functions[1:])
        return tuple(edge_as_function(edge) for edge in self.next)

    def saved_values(self) -> dict[str, Any]:
        """What it saved, by PyTorch's names; None for a tensor that no rule needs. Errors: FreedGraph."""
        if self.saved.__class__ is Freed:
            raise freed(self)
        return self.kind.describe(self)

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dict for whatever a program wants to remember about this node."""
        extra = extra_of(self)
        if extra.metadata is None:
            extra.metadata = {}
        return extra.metadata

    def register_hook(self, hook: Any) -> Handle:
        """Call `hook(gradients of inputs, gradients of outputs)` after it has run; a tuple replaces the former."""
        return Handle(extra_of(self).hooks, hook)

    def register_prehook(self, hook: Any) -> Handle:
        """Call `hook(gradients of outputs)` before the node runs; a tuple replaces them."""
        return Handle(extra_of(self).prehooks, hook)


def record(kind: Kind, edges: Any, saved: Any, where: Where, fix: Any = None) -> Node:
    """The node of an operation that was done at that place.

    Every node is made here, but for those of the two measured fast paths (operators/elementwise.py).
    """
    node = Node()
    node.kind = kind
    node.next = edges
    node.saved = saved
    node.fix = fix
    node.extra = None
    node.code, node.lasti = where
    node.seq = sequence()
    return node


def only(node: Node, i: int) -> Node:
    """The node with only its edge number `i`: the other rules need not run."""
    one = Node()
    one.kind, one.saved, one.fix, one.extra = node.kind, node.saved, None, node.extra
    one.code, one.lasti, one.seq = node.code, node.lasti, node.seq
    one.next = tuple(e if k == i else None for k, e in enumerate(node.next))
    return one


def _not_callable(hook: Any) -> Callable[..., Any]:
    """What stands for a hook that cannot be called, which is said when it is: PyTorch takes any at first."""

    def refuse(*gradients: Any) -> Any:
        from gradsh.errors import NotCallable  # of a group that few programs load

        raise NotCallable(f"'{type(hook).__name__}' object is not callable")

    return refuse


class Handle:
    """What registering a hook gives: `remove()` takes the hook away again, and so does the end of a `with` block.

    marks   other tables that have something about the hook under its key
    """

    __slots__ = ("hooks", "key", "marks")
    __public__ = frozenset({"id", "remove"})
    made = False  # whether there has been one: a backward can be seen from inside

    def __init__(self, hooks: dict[int, Any], hook: Any, marks: tuple[dict[int, Any], ...] = ()) -> None:
        Handle.made = True
        self.hooks = hooks
        self.marks = marks
        self.key = max(hooks, default=-1) + 1
        hooks[self.key] = hook if callable(hook) else _not_callable(hook)

    @property
    def id(self) -> int:
        return self.key

    def remove(self) -> None:
        for table in (self.hooks, *self.marks):
            table.pop(self.key, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def __repr__(self) -> str:
        return "<RemovableHandle>"


Handle.__name__ = Handle.__qualname__ = "RemovableHandle"  # which programs know it by


class NodeExtra:
    """What few nodes have.

    storage    the Storage of this node's output, once it has one, for rules that saved the output
    through_view   where that output was written into a view, a weak reference to the view's node: it names the value
    retained   [(output number, weak reference to the tensor)] that keep their gradient
    hooks, prehooks   callables on the node
    tensor_hooks  [(output number, {id: callable})]
    metadata   what the program keeps in `grad_fn.metadata`
    forms      {output number: (shape, NumPy dtype)} where `.data =` has given the output another since
    """

    __slots__ = (
        "forms",
        "hooks",
        "metadata",
        "prehooks",
        "retained",
        "storage",
        "tensor_hooks",
        "through_view",
    )

    def __init__(self) -> None:
        self.storage: Storage | None = None
        self.through_view: Any = None
        self.retained: list[tuple[int, Any]] = []
        self.hooks: dict[int, Any] = {}
        self.prehooks: dict[int, Any] = {}
        self.tensor_hooks: list[tuple[int, dict[int, Any]]] = []
        self.metadata: dict[Any, Any] | None = None
        self.forms: dict[int, tuple[Any, Any]] | None = None


class Output:
    """Output number `number` of a node that has several."""

    __slots__ = ("node", "number")

    def __init__(self, node: Node, number: int) -> None:
        self.node = node
        self.number = number


class AccumulateGrad:
    """A leaf seen as a node of the graph; made only when a program asks for it."""

    __slots__ = ("__weakref__", "variable")
    __public__ = frozenset({"name", "next_functions", "register_hook", "register_prehook", "variable"})

    next_functions: tuple[Any, ...] = ()

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def register_hook(self, hook: Any) -> Handle:
        """Call `hook((), (gradient,))` after the gradient was added to the leaf's `.grad`."""
        return Handle(self.variable.own_extra().node_hooks, hook)

    def register_prehook(self, hook: Any) -> Handle:
        """Call `hook((gradient,))` before; a tuple replaces it."""
        return Handle(self.variable.own_extra().prehooks, hook)

    def __repr__(self) -> str:
        return "<AccumulateGrad>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AccumulateGrad) and other.variable is self.variable

    def __hash__(self) -> int:
        return id(self.variable)


def accumulator(variable: Tensor) -> AccumulateGrad:
    """The one AccumulateGrad of a leaf, as long as anybody holds it."""
    extra = variable.own_extra()
    found: AccumulateGrad | None = extra.accumulator() if extra.accumulator is not None else None
    if found is None:
        found = AccumulateGrad(variable)
        extra.accumulator = weakref.ref(found)
    return found


class Freed:
    """Stands where saved tensors were; tells which backward freed them, and when: `seq` counts as that of nodes."""

    __slots__ = ("seq", "where")

    def __init__(self, where: Where | None) -> None:
        self.where = where
        self.seq = sequence()


def edge_as_function(edge: Any) -> tuple[Any, int]:
    if edge is None:
        return (None, 0)
    if edge.__class__ is Node:
        return (edge, 0)
    if edge.__class__ is Output:
        return (edge.node, edge.number)
    return (accumulator(edge), 0)


def extra_of(node: Node) -> NodeExtra:
    if node.extra is None:
        node.extra = NodeExtra()
    return node.extra


def freed(node: Node) -> FreedGraph:
    """The error of a second backward, with the places of the operation and of the backward that freed it."""
    where = node.saved.where if node.saved.__class__ is Freed else None
    return FreedGraph(node.kind.name, made=(node.code, node.lasti), freed=where)


def note_versions(node: Node, tensors: tuple[Any, ...]) -> None:
    """Remember the versions of saved tensors that were written in place before they were saved.

    A list of tensors has one entry for each that needs one, under (its index, the index in the list).
    """
    if node.saved is None:
        return  # nobody will ask
    for index, tensor in enumerate(tensors):
        if tensor.__class__ is list:
            for at, each in enumerate(tensor):
                _note(node, each, (index, at))
        else:
            _note(node, tensor, index)


def _note(node: Node, tensor: Any, index: Any) -> None:
    storage = getattr(tensor, "storage", None)
    if storage is None:
        return
    if storage.inference:
        if _saves(node.saved, tensor):
            raise AutogradError(
                "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode "
                "in computation tracked by autograd. To work around this, you can make a clone to get a normal tensor "
                "and use it in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
            )
    elif storage.version:
        note_version(node, index, storage.version)


def _saves(saved: Any, tensor: Any) -> bool:
    return saved is tensor or (saved.__class__ in (list, tuple) and any(_saves(each, tensor) for each in saved))


def note_version(node: Node, index: Any, version: int) -> None:
    versions = getattr(node, "versions", None)  # with a default: an exception costs as much as an operator
    if versions is None:
        node.versions = {index: version}
    else:
        versions[index] = version


def expected_version(node: Node, index: Any) -> int:
    versions = getattr(node, "versions", None)
    return 0 if versions is None else versions.get(index, 0)


def verify(node: Node, tensor: Tensor, index: Any) -> None:
    """Raise if a saved input was written in place since it was saved. Called only for tensors that have a Storage."""
    storage = tensor.storage
    expected = expected_version(node, index)
    if storage is not None and storage.version != expected and not storage.inference:
        raise _mismatch(node, tensor.data, tensor.node, storage, expected)
    # the numbers count downwards
    if storage is not None and storage.detached is not None and node.seq > storage.detached:
        raise AutogradError(
            "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_().This is not "
            "supported, please use out-of-place `.detach()` instead"
        )


def verify_output(node: Node, data: Any) -> None:
    """Raise if the saved output was written in place since. Called only for nodes with `extra`."""
    extra = node.extra
    if extra is not None and extra.storage is not None:
        expected = expected_version(node, -1)
        if extra.storage.version != expected:
            maker = extra.through_view() if extra.through_view is not None else None
            raise _mismatch(node, data, maker or node, extra.storage, expected)


def _mismatch(node: Node, data: Any, maker: Any, storage: Storage, expected: int) -> VersionMismatch:
    from gradsh.engine.core.dtypes import OF

    which = ""
    if maker is not None:
        number = maker.number if maker.__class__ is Output else 0
        maker = maker.node if maker.__class__ is Output else maker
        name = maker.name().removesuffix("0")
        stem, found, form = name.rpartition("Backward")  # PyTorch says Exp for ExpBackward0, Pow1 for PowBackward1
        which = f", which is output {number} of {stem + form if found and form != 's' else name},"
    description = f"[torch.{OF[data.dtype].title}Tensor {list(data.shape)}]{which}"
    return VersionMismatch(
        description, storage.version, expected, saved=(node.code, node.lasti), written=storage.writer
    )
