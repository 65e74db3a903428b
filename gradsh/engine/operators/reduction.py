"""What the operators of one tensor share that make fewer numbers of it: their calls, their nodes, their dims."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from gradsh.engine.core.arguments import dim_index, dims_tuple, type_word, wrong_call
from gradsh.engine.core.graph import Freed, Kind, Node, freed, note_versions, record, verify, verify_output
from gradsh.engine.core.modes import mode
from gradsh.engine.core.named import named
from gradsh.engine.core.namespaces import A, Namespace, T
from gradsh.engine.core.place import here
from gradsh.engine.core.tensor import Tensor, tracked, untracked
from gradsh.engine.operators.general import General, run
from gradsh.engine.operators.registry import METHODS
from gradsh.engine.operators.typed import Types
from gradsh.errors import ArgumentError

_getframe = sys._getframe


def axes(operator: str, dim: Any, ndim: int) -> Any:
    """NumPy's axis for PyTorch's `dim`: None, an int, or a sorted tuple; no dims at all means all of them.

    Raises ArgumentError for what is not a dim, DimError for one that does not exist or comes twice.
    """
    if dim is None or (ndim == 0 and dim in (0, -1)):
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
    kind_by: str = "dim",
    one_dim: bool = False,
) -> None:
    """Give the entry its call: argument types are checked, and several outputs become the named result `result`.

    dim_kind  the grad_fn's name when a dim (the parameter `kind_by`) is given
    one_dim   `dim` is one int, not several

    Call it after the rules.
    """
    entry.work = entry.work or "elements"
    bind = Types(entry.signature, one_dim).bind
    if len(entry.rules) == 1 and not entry.why_not:
        short_step(entry)
    if result:
        entry.kind.outputs = len(names.split())
    along = entry.kind.renamed(dim_kind) if dim_kind else None
    items = names.split()
    decides = next((i for i, p in enumerate(entry.signature.parameters) if p.name == kind_by), 1)
    needs_dim = one_dim and along is not None and kind_by == "dim"

    def apply(*args: Any, **kwargs: Any) -> Any:
        values = bind(args, kwargs)
        kind = along if along is not None and values[decides] is not None else None
        if needs_dim and kind is None and (len(args) > 1 or kwargs.keys() & {"dim", "keepdim"}):
            raise wrong_call(entry.signature, _getframe(0))
        out = run(entry, values, _getframe(1), kind)
        if result:
            return named(result, **dict(zip(items, out, strict=True)))
        return out

    public(entry)(apply)
    if any(p.name == "dim" for p in entry.signature.parameters):
        batches_along(entry, result, names, one_dim=one_dim)


def short_step(entry: General) -> None:
    """Give an operator whose only differentiable input is its first one a step without the general one's loops."""
    rule = entry.ordered_rules[0]
    keeps_x, keeps_out = 0 in entry.kept_at, entry.keeps_out
    plain = entry.kept_at <= {0}

    general = entry.kind.step

    def step(node: Node, g: Any, F: Namespace) -> Any:
        if F is not A:
            return general(node, g, F)
        saved = node.saved
        if saved.__class__ is Freed:
            raise freed(node)
        x = saved[0]
        if keeps_x:
            if x.storage is not None:
                verify(node, x, 0)
            x = x.data
        if keeps_out and node.extra is not None and saved[-1].__class__ is not tuple:
            verify_output(node, saved[-1])
        return rule(A, g, saved[-1], x, *saved[1:-1])

    if plain:
        entry.kind.step = step


def batches_along(entry: General, result: str = "", names: str = "values indices", *, one_dim: bool = False) -> None:
    """The batch rule of an operator along `dim`: the same operator one dim further."""
    parameters = [p.name for p in entry.signature.parameters]
    at = parameters.index("dim")
    keep = parameters.index("keepdim") if "keepdim" in parameters else 0
    attribute = entry.name.replace(".", "_")
    items = names.split()

    def rule(F: Any, size: int, batched: Any, x: Any, *rest: Any) -> Any:
        values = [x, *rest]
        sample = tuple(x.shape[1:])
        dim = values[at]
        final: tuple[int, ...] | None = None
        if not sample:
            # a 0-d sample: one element along a dim of its own
            axes("", dim, 0)
            values[0], values[at], final = F.reshape(x, (size, 1)), 1, (size,)
            if keep:
                values[keep] = False
        elif dim is None or (isinstance(dim, (tuple, list)) and not dim):
            if one_dim:
                values[0], values[at] = F.reshape(x, (size, math.prod(sample))), 1
                final = (size, *(1 for _ in sample)) if keep and values[keep] else None
            else:
                values[at] = tuple(range(1, len(sample) + 1))
        elif isinstance(dim, (tuple, list)):
            values[at] = tuple(d + 1 for d in dims_tuple(dim, len(sample)))
        else:
            values[at] = dim_index(dim, len(sample)) + 1
        out = getattr(F, attribute)(*values)
        if out.__class__ is not tuple:
            return out if final is None else F.reshape(out, final)
        outs = [o if final is None else F.reshape(o, final) for o in out]
        return named(result, **dict(zip(items, outs, strict=True))) if result else tuple(outs)

    entry.batched(rule)


def reduced(x: Tensor, data: Any, kind: Kind, saved: Any, frame: Any) -> Tensor:
    """The result of an operator of one tensor, with its node if one is wanted: the short path of `general.run`."""
    where = mode.where or here(frame)
    if not (x.requires and mode.grad):
        return untracked(data, where)
    node = record(kind, x.node or x, saved, where)
    if x.storage is not None:
        note_versions(node, (x,))
    return tracked(data, node)


def renamed(t: Any, name: str, *, saves: bool | None = None) -> Any:
    """A result of other operators with the grad_fn name that PyTorch gives it; `saves` False: never freed."""
    node = t.node if t.__class__ is Tensor else None
    if node.__class__ is Node:
        node.kind = node.kind.renamed(name, saves=saves)
    return t
