"""Tensor: data, gradient, and its place in the graph."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.alloc import LARGE, made
from gradsh.engine.core.dtypes import OF, DType, Size
from gradsh.engine.core.graph import Node, Output, Storage, Unrecorded, Where, extra_of
from gradsh.engine.core.modes import mode
from gradsh.errors import ArgumentError, AutogradError, GradAssignment, LeafFlag, NotLeaf, ScalarConversion, ValueError_

float32 = np.float32
ndarray = np.ndarray

NON_LEAF_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
    "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, "
    "use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access "
    "the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information."
)


class TensorExtra:
    """What few tensors have.

    retains   `retain_grad()` was called
    hooks     {id: callable} on a leaf's gradient; post_hooks run after accumulation
    base      the tensor this one is a view of; seen is the storage's version when its history was last up to date
    made_without_grad   the view was made while grad mode was off
    multiple  (operator, output number) for views that come several at once (split, unbind)
    custom    likewise for a view that a custom operator gave
    parameter made by `Parameter(t)`
    retired   it was the argument of a function whose transform is done: nobody wants its gradient any more
    forms     [(number in the sequence of nodes, shape, NumPy dtype)] of a leaf, before each `.data =` that changed them
    accumulator   a weak reference to the leaf's AccumulateGrad, once a program has asked for it
    prehooks, node_hooks   {id: callable} on a leaf's AccumulateGrad, before and after accumulation
    own       {name: value} of what a Python program has put on the tensor: `x.g = …`
    """

    __slots__ = (
        "accumulator",
        "base",
        "custom",
        "forms",
        "hooks",
        "made_without_grad",
        "multiple",
        "node_hooks",
        "own",
        "parameter",
        "post_hooks",
        "prehooks",
        "retains",
        "retired",
        "seen",
    )

    def __init__(self) -> None:
        self.retains = False
        self.hooks: dict[int, Any] = {}
        self.post_hooks: dict[int, Any] = {}
        self.prehooks: dict[int, Any] = {}
        self.node_hooks: dict[int, Any] = {}
        self.base: Tensor | None = None
        self.accumulator: Any = None
        self.forms: list[tuple[int, Any, Any]] | None = None
        self.parameter = False
        self.made_without_grad = False
        self.multiple: tuple[str, int] | None = None
        self.custom: tuple[str, int] | None = None
        self.seen = 0
        self.retired = False
        self.own: dict[str, Any] | None = None


def flagged(base: Tensor | None) -> bool:
    """Whether it is a leaf whose views may not be written to."""
    return base is not None and base.requires and base.node is None


class Tensor:
    """An n-dimensional array that gradients can flow through.

    The slots are the engine's; programs reach a tensor only through the registered attributes and methods.

    data     a C-ordered or strided ndarray, or a NumPy scalar for 0-d (10 times faster than a 0-d array)
    node     the node that made it, or one Output of it; None for leaves
    requires whether gradients are wanted: a flagged leaf, or made by a tracked operation
    gradient what `.grad` reads
    storage  shared by views, made when first shared or written; None means version 0 and unshared
    origin   where an untracked tensor was made; unset for tracked ones, whose node knows it
    """

    __torch__ = "Tensor"  # its name behind `torch.`: gradsh/language/absent.py
    __slots__ = ("__weakref__", "data", "extra", "gradient", "node", "origin", "requires", "storage")

    data: Any
    node: Any
    requires: bool
    gradient: Tensor | None
    storage: Storage | None
    extra: TensorExtra | None
    origin: Where | None

    __hash__ = object.__hash__

    # --- what it is -----------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        return Size(self.data.shape)

    @property
    def dtype(self) -> DType:
        return OF[self.data.dtype]

    @property
    def ndim(self) -> int:
        return int(self.data.ndim)

    def up_to_date(self) -> Tensor:
        """Itself, with its history brought up to date if it is a view whose base was written to."""
        extra = self.extra
        if extra is not None and extra.base is not None and self.storage is not None:
            if self.storage.version == extra.seen:
                return self  # asked here: the import alone would take longer than most views do
            from gradsh.engine.core.views import refresh

            refresh(self)
        return self

    @property
    def requires_grad(self) -> bool:
        # a view whose base was flagged after it was made says so too
        return self.up_to_date().requires or (self.extra is not None and flagged(self.extra.base))

    @requires_grad.setter
    def requires_grad(self, on: object) -> None:
        if on.__class__ is not bool:
            raise ArgumentError("requires_grad must be a bool")
        if on and self.data.dtype.kind != "f":
            raise LeafFlag("only Tensors of floating point and complex dtype can require gradients", self.made_at)
        self.set_requires_grad(bool(on))

    def set_requires_grad(self, on: bool) -> None:
        """Set the flag of a leaf; on a non-leaf True is a no-op and False an error."""
        if self.node is not None:
            if not on:
                raise NotLeaf(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable "
                    "in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
            return
        self.requires = on

    @property
    def is_leaf(self) -> bool:
        return self.up_to_date().node is None

    @property
    def retains_grad(self) -> bool:
        return self.extra is not None and self.extra.retains

    @property
    def grad_fn(self) -> Node | None:
        fn = self.up_to_date().node
        return fn.node if fn.__class__ is Output else fn

    @property
    def output_nr(self) -> int:
        return self.node.number if self.node.__class__ is Output else 0

    @property
    def _version(self) -> int:
        storage = self.storage
        if storage is None:
            return 0
        if storage.inference:
            raise AutogradError("Inference tensors do not track version counter.")
        return storage.version

    @property
    def made_at(self) -> Where | None:
        """Where in the program it was made."""
        node = self.grad_fn
        if node is not None:
            return (node.code, node.lasti)
        return getattr(self, "origin", None)

    @property
    def edge(self) -> Any:
        """Where this tensor's gradient goes."""
        self.up_to_date()
        return (self.node or self) if self.requires else None

    # --- gradients ------------------------------------------------------------------------------------

    @property
    def grad(self) -> Tensor | None:
        if self.node is not None and not self.retains_grad and self.gradient is None:
            mode.warn(NON_LEAF_GRAD)
        return self.gradient

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is None:
            self.gradient = None
            return
        if value.__class__ is not Tensor:
            raise GradAssignment(
                f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}",
                kind="TypeError",
            )
        if value is self:
            raise GradAssignment("can't assign Variable as its own grad")
        if value.data.dtype != self.data.dtype:
            raise GradAssignment(
                f"attempting to assign a gradient with dtype '{value.dtype.c_name}' to a tensor with grad_dtype "
                f"'{self.dtype.title}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's "
                "dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow any "
                "dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break "
                "downstream systems that assume they match."
            )
        if value.data.shape != self.data.shape:
            raise GradAssignment(
                f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size "
                f"'{list(self.shape)}'. Please ensure that the gradient and the tensor are the same size"
            )
        self.gradient = value

    def retain_grad(self) -> None:
        """Keep `.grad` for a non-leaf too."""
        if not self.requires:
            raise AutogradError("can't retain_grad on Tensor that has requires_grad=False")
        if self.node is None or self.retains_grad:
            return
        extra = self.own_extra()
        extra.retains = True
        extra_of(self.grad_fn).retained.append((self.output_nr, weakref.ref(self)))  # type: ignore[arg-type]  # non-leaf

    def own_extra(self) -> TensorExtra:
        if self.extra is None:
            self.extra = TensorExtra()
        return self.extra

    # --- memory ---------------------------------------------------------------------------------------

    def own_storage(self) -> Storage:
        """The storage, made now if need be; the node that saved this output hears of later writes through it."""
        if self.storage is None:
            self.storage = Storage()
            if self.node is not None:
                extra_of(self.node.node if self.node.__class__ is Output else self.node).storage = self.storage
        return self.storage

    def share(self) -> Storage:
        """The storage, with the data in memory that other tensors can share: a scalar becomes an array."""
        storage = self.own_storage()
        if self.data.__class__ is not ndarray:
            old = self.data
            self.data = alloc.asarray(old)
            node = self.node
            if node.__class__ is Node and node.saved is old:
                # the rule saved this very scalar; it must see what is written through `.data` from now on
                node.saved = self.data
        return storage

    # --- Python's view of it; operators, indexing and text are added by gradsh.engine.ops.elementwise.operators -------

    if TYPE_CHECKING:

        def __getitem__(self, index: Any) -> Any: ...
        def __iter__(self) -> Iterator[Any]: ...

    def item(self) -> Any:
        data = self.data
        if data.size != 1:
            raise ScalarConversion(f"a Tensor with {data.size} elements cannot be converted to Scalar")
        return data.item()

    def __bool__(self) -> bool:
        data = self.data
        if data.__class__ is ndarray and data.size != 1:
            how = "more than one value" if data.size else "no values"
            raise ScalarConversion(f"Boolean value of Tensor with {how} is ambiguous")
        return bool(data.item())

    def _scalar(self) -> Any:
        if self.data.size != 1:
            raise ScalarConversion("only one element tensors can be converted to Python scalars", kind="ValueError")
        if self.requires:
            mode.warn(
                "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
                "Consider using tensor.detach() first.",
                once=True,
            )
        return self.data.item()

    def __float__(self) -> float:
        return float(self._scalar())

    def __int__(self) -> int:
        try:
            return int(self._scalar())
        except (ValueError, OverflowError) as error:  # nan, inf
            raise ScalarConversion(str(error), kind=type(error).__name__) from None

    def __index__(self) -> int:
        if self.data.size != 1 or self.data.dtype.kind == "f":
            raise ScalarConversion(
                "only integer tensors of a single element can be converted to an index", kind="TypeError"
            )
        return int(self.data.item())

    def __argument__(self) -> tuple[str, tuple[str, ...]]:
        """For errors of calls: the word for the type, and for which types of numbers the value can stand."""
        one_int = self.data.size == 1 and self.data.dtype.kind != "f"
        number = self.data.ndim == 0 and not self.requires
        exact = number and self.data.dtype.kind in "iu"
        return "Tensor", ("int",) * one_int + ("float",) * number + ("int64",) * exact

    def __number__(self) -> Any:
        """The number for which the tensor stands; itself, where it has more elements than one."""
        return self.data.item() if self.data.size == 1 else self

    def __len__(self) -> int:
        if self.data.ndim == 0:
            raise ArgumentError("len() of a 0-d tensor")
        return len(self.data)

    def __contains__(self, item: object) -> bool:
        if isinstance(item, Tensor):
            from gradsh.engine.core.promotion import sizes_first

            sizes_first(item.data, self.data)
            return bool(np.any(self.data == item.data))
        if isinstance(item, (int, float)):
            return bool(np.any(self.data == item))
        raise ArgumentError(
            "Tensor.__contains__ only supports Tensor or scalar, but you passed in a " + repr(type(item)) + ".",
            kind="RuntimeError",
        )

    def __format__(self, spec: str) -> str:
        # of a parameter PyTorch formats no number, since it is a subclass
        parameter = self.extra is not None and self.extra.parameter
        if self.data.ndim == 0 and not parameter:
            try:
                return format(self.data.item(), spec)
            except ValueError as error:  # a code for another kind of number
                raise ValueError_(str(error)) from None
        if spec:
            kind = "Parameter" if parameter else "Tensor"
            raise ArgumentError(f"unsupported format string passed to {kind}.__format__")
        return repr(self)


def make(data: Any) -> Tensor:
    """A new untracked leaf around an ndarray or NumPy scalar that nobody else writes to."""
    t = Tensor()
    t.data = data
    t.node = None
    t.requires = False
    t.gradient = None
    t.storage = None
    t.extra = None
    return t


def leaf(data: Any, requires_grad: bool, where: Where | None) -> Tensor:
    """What creators give: as `make`, with the flag and the place."""
    if data.__class__ is ndarray and data.size > LARGE:
        made(data)
    t = make(data)
    t.origin = where
    if mode.inference:
        t.storage = Storage(inference=True)
    if requires_grad:
        if data.dtype.kind != "f":
            raise LeafFlag("Only Tensors of floating point and complex dtype can require gradients", where)
        t.requires = True
    return t


def tracked(data: Any, edge: Any) -> Tensor:
    """What an operation made, with its history: a node, or one output of it."""
    t = Tensor()  # not by `make`: this is on the way of every operator
    t.data = data
    t.node = edge
    t.requires = True
    t.gradient = t.storage = t.extra = None
    return t


def untracked(data: Any, where: Where) -> Tensor:
    """What an operation made without history: where, and whether inside `no_grad` or `inference_mode`."""
    t = make(data)
    t.origin = where if mode.grad else Unrecorded(where)
    if mode.inference:
        t.storage = Storage(inference=True)
    return t


def restore(x: Any, edge: Any) -> Any:
    """A saved input as a tensor with the edge that it had when it was saved."""
    if x.node is edge or x is edge or not x.requires:
        return x
    t = make(x.data)
    if edge is not None and edge.__class__ is not Tensor:
        t.node = edge
        t.requires = True
    return t


def output_tensor(node: Node, data: Any) -> Tensor:
    """A saved output as a tensor of its node."""
    t = make(data)
    t.node = node
    t.requires = True
    return t


def is_foreign(value: Any) -> bool:
    """Whether it is a tensor to the program, but not a plain one."""
    return isinstance(value, Tensor) and value.__class__ is not Tensor
