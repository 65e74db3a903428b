"""What the operators of one tensor share that make fewer numbers of it: their calls, their nodes, their dims."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gradsh.engine.checks import dims_tuple, type_word
from gradsh.engine.general import General, run
from gradsh.engine.graph import Kind, Node, note_versions, sequence
from gradsh.engine.modes import mode
from gradsh.engine.overloads import Types
from gradsh.engine.registry import METHODS, T, caller
from gradsh.engine.results import named
from gradsh.engine.tensor import Tensor
from gradsh.errors import ArgumentError

_getframe = sys._getframe


def axes(operator: str, dim: Any, ndim: int) -> Any:
    """NumPy's axis for PyTorch's `dim`: None, an int, or a sorted tuple; no dims at all means all of them.

    Raises ArgumentError for what is not a dim, DimError for one that does not exist or comes twice.
    """
    if dim is None or ndim == 0 and dim in (0, -1):
        return None
    if dim.__class__ is int:
        if 0 <= dim < ndim:
            return dim
    elif isinstance(dim, (tuple, list)):
        if not dim:
            return None
        for position, d in enumerate(dim):
            if not isinstance(d, int):
                raise ArgumentError(
                    f"{operator}(): argument 'dim' failed to unpack the object at pos {position + 1} with error "
                    f'"type must be tuple of ints,but got {type_word(d)}"'
                )
    elif isinstance(dim, Tensor) and dim.data.dtype.kind in "iu" and dim.data.size == 1:
        dim = int(dim.data.item())
    else:
        raise ArgumentError(f"{operator}(): argument 'dim' must be tuple of ints, not {type_word(dim)}")
    return tuple(sorted(dims_tuple(dim, ndim))) or None


def variant(entry: General, grad_fn: str) -> Kind:
    """The entry's kind under another of PyTorch's names (`SumBackward1` of `sum` along a dim). Call it after the rules."""
    kind = entry.kind
    return Kind(
        grad_fn, kind.step, kind.tensor_step, saves=kind.saves, operator=kind.operator, outputs=kind.outputs
    )


def public(entry: General) -> Callable[[Any], Any]:
    """Decorator: what programs call instead of the entry's plain `apply` (overloads, named results, a short path)."""

    def register(apply: Any) -> Any:
        apply.__name__ = apply.__qualname__ = entry.name
        entry.apply = apply
        given = len(entry.signature.parameters)

        def in_rules(*args: Any, **kwargs: Any) -> Any:
            # rules spell out every argument, keyword-only ones too
            return run(entry, list(args), _getframe(1)) if len(args) == given else apply(*args, **kwargs)

        T.__dict__[entry.name.replace(".", "_")] = in_rules
        if entry.method and not entry.private:
            METHODS[entry.method if isinstance(entry.method, str) else entry.name] = apply
        return apply

    return register


def takes_tensor(
    entry: General,
    result: str = "",
    names: str = "values indices",
    *,
    dim_kind: str = "",
    one_dim: bool = False,
    forms: tuple[str, ...] = (),
) -> None:
    """Give the entry its call: argument types are checked, and several outputs become the named result `result`.

    dim_kind  the grad_fn's name when a dim is given
    one_dim   `dim` is one int, not several
    forms     PyTorch's forms of an overloaded operator, for its error texts

    Call it after the rules.
    """
    bind = Types(entry.signature, one_dim, forms).bind
    along = variant(entry, dim_kind) if dim_kind else None
    items = names.split()

    def apply(*args: Any, **kwargs: Any) -> Any:
        values = bind(args, kwargs)
        kind = along if along is not None and values[1] is not None else None
        out = run(entry, values, _getframe(1), kind)
        if result:
            return named(result, **dict(zip(items, out, strict=True)))
        return out

    public(entry)(apply)


def record(x: Tensor, data: Any, kind: Kind, saved: Any, frame: Any) -> Tensor:
    """The result of an operator with its node, if one is wanted: the short path of `general.run`."""
    out = Tensor()
    out.data = data
    out.grad_ = out.storage = out.extra = None
    if x.rg and mode.grad:
        node = Node()
        node.kind = kind
        node.next = x.fn or x
        node.saved = saved
        node.fix = node.extra = None
        node.seq = sequence()
        where = mode.where
        if where is None:
            node.code = frame.f_code
            node.lasti = frame.f_lasti
        else:
            node.code, node.lasti = where
        if x.storage is not None:
            note_versions(node, (x,))
        out.fn = node
        out.rg = True
    else:
        out.fn = None
        out.rg = False
        untracked(out, frame)
    return out


def renamed(t: Any, name: str, *, saves: bool | None = None) -> Any:
    """A result of other operators with the grad_fn name that PyTorch gives it; `saves` False if its node is never freed."""
    node = t.fn
    if node.__class__ is Node:
        kind = node.kind
        node.kind = Kind(
            name,
            kind.step,
            kind.tensor_step,
            saves=kind.saves if saves is None else saves,
            operator=kind.operator,
            outputs=kind.outputs,
        )
    return t
