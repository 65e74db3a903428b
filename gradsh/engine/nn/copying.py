"""Deep copies of models and of what holds them: Python's `copy.deepcopy` as PyTorch's modules and tensors have it."""

from __future__ import annotations

from collections import defaultdict, deque
from copy import deepcopy as deepcopy_of_python
from types import CellType, FunctionType, GeneratorType
from typing import Any

from gradsh.engine.core.modes import no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.nn.module import Model, is_parameter
from gradsh.errors import TypeError_, ValueProblem

NOT_A_LEAF = (
    "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  If you "
    "were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, see "
    "https://github.com/pytorch/pytorch/pull/103001"
)

Memo = dict[int, Any]


def deepcopy(value: Any, memo: Any = None) -> Any:
    """The value with all that it holds anew; what occurs twice in it occurs twice in the copy. Errors: ValueProblem for
    a tensor that is no leaf.

    `memo`: what is copied already, by its id; given by what copies a part of itself.
    """
    memo = {} if memo is None else memo
    kept: list[Any] = memo.setdefault(id(memo), [])  # what the memo knows by its id lives as long as the memo
    return _copied(value, memo, kept)


def _copied(value: Any, memo: Memo, kept: list[Any]) -> Any:
    if id(value) in memo:
        return memo[id(value)]
    kind = value.__class__
    copy: Any
    if kind is Tensor:
        copy = _tensor(value, memo, kept)
    elif getattr(kind, "uninitialized", False):
        copy = value.anew()
    elif isinstance(value, Model):
        return _model(value, memo, kept)
    elif kind is FunctionType:
        return _function(value, memo, kept)
    elif kind is list:
        copy = memo[id(value)] = []
        kept.append(value)
        copy.extend(_copied(item, memo, kept) for item in value)
        return copy
    elif hasattr(type(kind), "__copies__"):  # of a class that a Python program writes
        return kind.__copies__(value, memo)
    elif isinstance(value, dict):
        copy = memo[id(value)] = kind(value.default_factory) if isinstance(value, defaultdict) else kind()
        kept.append(value)
        for key, item in value.items():
            copy[key] = _copied(item, memo, kept)
        return copy
    elif kind is tuple or (isinstance(value, tuple) and hasattr(kind, "_fields")):
        items = [_copied(item, memo, kept) for item in value]
        if id(value) in memo:  # which holds itself, by way of a list
            return memo[id(value)]
        same = all(item is own for item, own in zip(items, value, strict=True))
        copy = value if same else tuple.__new__(kind, items)
    elif kind in (set, frozenset):
        copy = kind([_copied(item, memo, kept) for item in value])
    elif kind is deque:
        copy = memo[id(value)] = deque(maxlen=value.maxlen)
        copy.extend(_copied(item, memo, kept) for item in value)
    elif kind.__module__.startswith(("numpy", "random")) or kind is bytearray:
        copy = deepcopy_of_python(value)
    elif kind is GeneratorType:
        raise TypeError_("cannot pickle 'generator' object")
    else:
        return value
    memo[id(value)] = copy
    kept.append(value)
    return copy


def _tensor(t: Tensor, memo: Memo, kept: list[Any]) -> Tensor:
    if t.node is not None:
        raise ValueProblem(NOT_A_LEAF, kind="RuntimeError", help="copy a leaf: `x.detach().clone()`")
    with no_grad():
        copy: Tensor = T.clone(t)
    copy.requires = t.requires
    if is_parameter(t):
        copy.own_extra().parameter = True  # whose attributes PyTorch leaves behind
    elif t.extra is not None and t.extra.own:
        memo[id(t)] = copy
        copy.own_extra().own = _copied(t.extra.own, memo, kept)
    if t.gradient is not None:
        copy.grad = _copied(t.gradient, memo, kept)
    return copy


def _model(model: Model, memo: Memo, kept: list[Any]) -> Model:
    """Its fields live in cells that its functions share: those are new, and the functions are made anew around them."""
    copy: Model = object.__new__(type(model))
    memo[id(model)] = copy
    kept.append(model)
    copy.cells = {}
    copy.buffer_names = dict(model.buffer_names)
    copy.vacant = dict(model.vacant)
    copy.training = model.training
    copy.run = None
    copy.hooks = model.hooks and model.hooks.copy()
    for name, cell in model.cells.items():
        copy.cells[name] = memo[id(cell)] = memo.get(id(cell)) or CellType()
        kept.append(cell)
    for name, cell in model.cells.items():
        try:
            content = cell.cell_contents
        except ValueError:  # a branch of the body that did not run
            continue
        copy.cells[name].cell_contents = _copied(content, memo, kept)
    for slots in (vars(kind).get("__slots__", ()) for kind in type(model).__mro__ if kind not in Model.__mro__):
        for slot in (slots,) if isinstance(slots, str) else slots:
            setattr(copy, slot, _copied(getattr(model, slot), memo, kept))
    copy.settle()
    return copy


def _function(f: FunctionType, memo: Memo, kept: list[Any]) -> FunctionType:
    """A function of a model that is copied; any other function is itself, as in Python."""
    cells = f.__closure__ or ()
    if not any(id(cell) in memo or _of_model(cell, memo) for cell in cells):
        return f
    own = []
    for cell in cells:
        if id(cell) not in memo and _of_model(cell, memo):  # `self`, which is no field
            memo[id(cell)] = CellType(memo[id(cell.cell_contents)])
            kept.append(cell)
        own.append(memo.get(id(cell), cell))
    copy = FunctionType(f.__code__, f.__globals__, f.__name__, f.__defaults__, tuple(own))
    copy.__kwdefaults__ = f.__kwdefaults__
    copy.__dict__.update(f.__dict__)
    copy.__qualname__ = f.__qualname__
    memo[id(f)] = copy
    kept.append(f)
    return copy


def _of_model(cell: CellType, memo: Memo) -> bool:
    try:
        content = cell.cell_contents
    except ValueError:
        return False
    return isinstance(content, Model) and id(content) in memo
