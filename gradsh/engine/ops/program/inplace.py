"""Writing in place: the trailing-underscore methods, `+=` and its kin, filling and copying."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.autograd.forms import remember
from gradsh.engine.autograd.inplace import (
    apply_in_place,
    assign,
    bump,
    check_captured,
    check_overlap,
    check_writable,
    rebase,
)
from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.batched import RANDOMNESS, Batched, level_of
from gradsh.engine.core.graph import Kind, Node, record
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, Namespace, T
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.promotion import broadcast_error, converted
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.core.tensor import tracked as with_history
from gradsh.engine.core.views import Region, refresh
from gradsh.engine.operators.batch_rules import applied
from gradsh.engine.operators.composite import function
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.registry import METHODS, OPERATORS, Operator, computed
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.elementwise import arithmetic, powers
from gradsh.errors import ArgumentError, AutogradError, LeafInPlace, ShapeError

ndarray = np.ndarray
float32 = np.float32
_getframe = sys._getframe

# --- what the history of writes through views is made of ---------------------------------------------------------


def _overlaps(region: Region) -> bool:
    """Whether two elements of the region are one place in memory (an expanded or overlapping view)."""
    reach = 0
    for stride, extent in sorted((abs(s), n) for s, n in zip(region.strides, region.shape, strict=True) if n > 1):
        if stride <= reach:
            return True
        reach += stride * (extent - 1)
    return False


def _region_samples() -> list[call]:
    base = alloc.zeros((3, 4))
    return [call(t(3, 4), Region(base, base[1:, ::2])), call(t(3, 4), Region(base, base[2]))]


@op(
    "region_read(input, region)",
    grad_fn="AsStridedBackward0",
    method=False,
    private=True,
    samples=_region_samples,
    linear=True,
)
def region_read(x: Any, region: Region) -> Any:
    """The elements of `input` that a view covers."""
    return region.of(alloc.ascontiguousarray(x)).copy()


region_read.vjp("input")(lambda F, g, out, x, region: F.region_write(g, region))


def _write_samples() -> list[call]:
    base, row = alloc.zeros((3, 4)), alloc.zeros(3)
    return [
        call(t(2, 2), Region(base, base[1:, ::2])),
        call(t(2, 3), Region(row, np.broadcast_to(row, (2, 3)))),
    ]


@op(
    "region_write(input, region)",
    grad_fn="AsStridedBackward1",
    method=False,
    private=True,
    samples=_write_samples,
    linear=True,
)
def region_write(g: Any, region: Region) -> Any:
    """Zeros of the base's shape with `input` added where the view lies."""
    full = alloc.zeros(region.base_shape, g.dtype)
    if _overlaps(region):
        places = region.of(alloc.arange(full.size).reshape(region.base_shape))
        np.add.at(full.reshape(-1), places, g)
    else:
        region.of(full)[...] = g
    return full


region_write.vjp("input")(lambda F, g, out, x, region: F.region_read(g, region))


@op(
    "region_clear(input, region)",
    grad_fn="CopySlicesBackward0",
    method=False,
    private=True,
    samples=_region_samples,
    linear=True,
)
def region_clear(g: Any, region: Region) -> Any:
    """A copy of `input` with zeros where the view lies."""
    full = alloc.array(g, order="C", copy=True)
    region.of(full)[...] = 0
    return full


region_clear.vjp("input")(lambda F, g, out, x, region: F.region_clear(g, region))


# --- fill and copy -------------------------------------------------------------------------------------------------


@op(
    "fill(input, value)",
    layout="operands",
    work="elements",
    grad_fn="FillBackward0",
    method=False,
    samples=lambda: [call(t(2, 3), t()), call(t(2), 3.0)],
    formula="input: 0; value: g.sum()",
    example="fill(ones(2), 3.)",
)
def fill(x: Any, value: Any) -> Any:
    """A tensor like `input` with every element `value`."""
    dims = getattr(value, "ndim", 0)
    if dims:
        raise ShapeError(f"fill_ only supports 0-dimension value tensor but got tensor with {dims} dimensions.")
    return alloc.full(x.shape, value if hasattr(value, "dtype") else converted(value, x.dtype), x.dtype)


fill.vjp("input")(lambda F, g, out, x, value: F.mul(g, 0))
fill.vjp("value")(lambda F, g, out, x, value: F.sum(g, None, False, None))


@fill.batched
def _(F: Any, size: int, batched: Any, x: Any, value: Any) -> Any:
    return applied(fill, x, value) if batched[0] and not batched[1] else NotImplemented


@op(
    "overwrite(input, source)",
    work="elements",
    grad_fn="CopyBackwards",
    method=False,
    private=True,
    samples=lambda: [call(t(2, 3), t(3)), call(t(2), t())],
    linear=True,
)
def overwrite(x: Any, source: Any) -> Any:
    """`source`, broadcast to the shape and cast to the dtype of `input`."""
    full = alloc.empty(x.shape, x.dtype)
    full[...] = _fitting(source, x.dtype)
    return full


def _fitting(value: Any, dtype: Any) -> Any:
    """What can be written into arrays of `dtype`: NumPy asks Python's `int` of a single number, which refuses nan, and
    casts arrays as C does."""
    return value if value.ndim else value.astype(dtype)


overwrite.vjp("input")(lambda F, g, out, x, source: F.mul(g, 0))
overwrite.vjp("source")(lambda F, g, out, x, source: F.mul(g, 1))


@function("copy_(input, other, non_blocking=False)", shared="inplace arithmetic")
def copy_(x: Tensor, source: Any, non_blocking: bool) -> Tensor:
    """Copies the values of `src`, broadcast and cast as needed, into the tensor; gives the tensor back."""
    if source.__class__ is not Tensor and not isinstance(source, (int, float)):
        raise ArgumentError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type_word(source)}")
    return write(x, source, _check_copies)


def _check_copies(x: Tensor, source: Tensor) -> None:
    given, wanted = source.data.shape, x.data.shape
    for back in range(1, min(len(given), len(wanted)) + 1):
        if given[-back] != wanted[-back] and given[-back] != 1:
            raise ShapeError(
                f"The size of tensor a ({wanted[-back]}) must match the size of tensor b ({given[-back]}) at "
                f"non-singleton dimension {len(wanted) - back}"
            )
    check_overlap(x, (source,))


def write(x: Tensor, value: Any, check: Callable[[Tensor, Tensor], None] | None = None) -> Tensor:
    """Put a tensor or a number into `x`, tracked as PyTorch tracks `copy_` and `fill_`.

    `check` raises where a tensor does not fit, after what forbids any write.
    """
    where = mode.where
    refresh(x)
    is_tensor = value.__class__ is Tensor
    if is_tensor and value.storage is not None:
        refresh(value)
    tracked = mode.grad and (x.requires or (is_tensor and value.requires))
    check_writable(x, tracked, where)
    if mode.transformed:
        check_captured(x, "copy_" if is_tensor else "fill_.Scalar")
    if is_tensor and check is not None:
        check(x, value)
    if is_tensor and value.data.ndim and value.data.shape != x.data.shape:
        check_expands(value.data.shape, x.data.shape)
    if not is_tensor and value.__class__ is not bool:
        value = converted(value, x.data.dtype).item()
    forward = mode.forward
    tangents = None if forward is None else forward.before(x)
    _written(x, value, is_tensor, tracked, where)
    if forward is not None:
        forward.written(x, tangents, forward.tangents.get(value) if is_tensor else None)
    return x


def _written(x: Tensor, value: Any, is_tensor: bool, tracked: bool, where: Any) -> None:
    """Do what `write` has found to be right."""
    if not tracked:
        if x.data.__class__ is not ndarray:
            x.data = value.data.astype(x.data.dtype)[()] if is_tensor else x.data.dtype.type(value)
        else:
            x.data[...] = _fitting(value.data, x.data.dtype) if is_tensor else value
        bump(x, where)
        return
    if is_tensor and value.requires and x.extra is not None and x.extra.base is not None and mode.interpreter is None:
        data, given = x.data, value.data
        if data.shape == given.shape and data.dtype == given.dtype:
            # into a part of `x`, as loops do; nothing goes back by what stood there, for which CopySlices cares
            node = record(PUT, (None, value.node or value), None, where)
            data[...] = given
            bump(x, where)
            rebase(x, with_history(data, node), where)
            return
    old = make(x.data)
    old.node, old.requires = x.node, x.requires
    result = overwrite.apply(old, value) if is_tensor else fill.apply(old, value)
    assign(x, result, old, where)


def _put_step(node: Node, g: Any, F: Namespace) -> Any:
    if F is not A:
        return None, F.mul(g, 1)
    return None, g if g.ndim else g[()]


PUT = Kind("CopyBackwards", _put_step, saves=False, operator="overwrite", by_sample=True)


def check_expands(given: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    """Raise unless a value of shape `given` broadcasts into a place of shape `wanted`."""
    if len(given) > len(wanted):
        raise ShapeError(
            f"expand(torch.FloatTensor{{{list(given)}}}, size={list(wanted)}): the number of sizes provided "
            f"({len(wanted)}) must be greater or equal to the number of dimensions in the tensor ({len(given)})"
        )
    for back in range(1, len(given) + 1):
        if given[-back] != wanted[-back] and given[-back] != 1:
            raise ShapeError(
                f"The expanded size of the tensor ({wanted[-back]}) must match the existing size ({given[-back]}) at "
                f"non-singleton dimension {len(wanted) - back}.  Target sizes: {list(wanted)}.  Tensor sizes: "
                f"{list(given)}"
            )


@function("fill_(input, value)", shared="fill_")
def fill_(x: Tensor, value: Any) -> Tensor:
    """Sets every element to `value`; gives the tensor back."""
    return _fill(x, value, _check_fills)


def _check_fills(x: Tensor, value: Tensor) -> None:
    if value.data.ndim:
        raise ShapeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value.data.ndim} dimensions."
        )


def _fill(x: Tensor, value: Any, check: Callable[[Tensor, Tensor], None] | None = None) -> Tensor:
    """Write one number, or a 0-d tensor, into every element; its node has the name of PyTorch's form in place."""
    before = x.node
    write(x, value, check)
    node = x.node
    if node is not before and node.__class__ is Node and node.kind.name in ("FillBackward0", "CopyBackwards"):
        node.kind = FILLED[value.__class__ is Tensor]
    return x


@function("zero_(input)", formula="0")
def zero_(x: Tensor) -> Tensor:
    """Sets every element to 0; gives the tensor back."""
    before = x.node
    write(x, 0)
    node = x.node
    if node is not None and node is not before and getattr(node, "kind", None) is fill.kind:
        node.kind = ZERO
    return x


ZERO = fill.kind.renamed("ZeroBackward0")
FILLED = (fill.kind.renamed("FillBackward2"), overwrite.kind.renamed("FillBackward3"))


# --- the in-place twins of operators ---------------------------------------------------------------------------------


def _twin(entry: Operator) -> Any:
    apply = entry.apply
    own = entry.inplace if isinstance(entry.inplace, str) else ""
    flagged = any(p.name == "inplace" for p in entry.signature.parameters)  # of the function: the method has no such

    def in_place(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        try:
            if flagged and (args or kwargs):
                raise entry.signature.refused((input, *args), kwargs)
            if len(args) > 1:  # `add_(0.1, x)` and its kin
                (input, *args), kwargs = entry.signature.in_places(f"Tensor.{entry.name}_", (input, *args), kwargs)
            return apply_in_place(apply, input, args, kwargs, _getframe(1), own)
        except (ArgumentError, LeafInPlace) as error:  # what is no call at all is said first, and of this name
            from gradsh.calls.words import error_of

            raise (error_of(entry.signature, (input, *args), kwargs, f"Tensor.{entry.name}_") or error) from None
        except ShapeError as error:
            other = args[0].shape if args and isinstance(args[0], Tensor) else ()
            if error.subject == (other, input.shape) and other != input.shape:  # a mask, which comes second here
                raise broadcast_error(tuple(input.shape), tuple(other)) from None
            raise
        except TypeError as error:
            raise (_misfit(entry, (input, *args), kwargs, error) or error) from None

    in_place.__name__ = in_place.__qualname__ = entry.name + "_"
    return in_place


def _misfit(entry: Operator, args: tuple[Any, ...], kwargs: dict[str, Any], error: TypeError) -> Exception | None:
    """PyTorch's words for a call that Python refused: the function of an operator of one tensor has no `*args`."""
    if not str(error).removeprefix("Tensor.").startswith((f"{entry.name}() takes", f"{entry.name}() got")):
        return None
    from gradsh.calls.words import error_of, types_of, unfit, with_hint

    found = error_of(entry.signature, args, kwargs, f"Tensor.{entry.name}_")
    return found or with_hint(entry.signature, unfit(entry.signature, *types_of(args, kwargs)), kwargs)


def _view_twin(name: str, entry: Operator) -> Any:
    """`x.t_()` and its kin: the tensor itself gets the view's shape; no element is written."""
    apply = entry.apply

    def in_place(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        where = caller(_getframe(1))
        refresh(input)
        check_writable(input, mode.grad and input.requires, where)
        storage = input.share()
        old = make(input.data)
        old.node, old.requires, old.storage = input.node, input.requires, storage
        try:
            with placed(where):
                result = apply(old, *args, **kwargs)
        except ArgumentError as error:
            from gradsh.calls.words import error_of

            raise (error_of(entry.signature, (input, *args), kwargs, f"Tensor.{name}") or error) from None
        if input.requires and result.node is None and input.data.shape != result.data.shape:
            remember(input)  # under no_grad: the graph goes on with the shape that it knows
        input.data = result.data
        bump(input, where)
        if input.extra is not None:
            input.extra.seen = storage.version
        if result.requires and result.node is not None:
            node = input.node = result.node  # not `result.grad_fn`: brought up to date, it would have another history
            node.kind = _in_place_kind(node.kind)
        return input

    in_place.__name__ = in_place.__qualname__ = name
    return in_place


def _in_place_kind(kind: Any) -> Any:
    """PyTorch numbers these nodes on from those of the operators that give a new view."""

    stem, number = kind.name[:-1], int(kind.name[-1])
    forms = 3 if stem == "SqueezeBackward" else 1
    return kind.renamed(f"{stem}{number + forms}")


def add_twins() -> list[str]:
    """Give every operator that PyTorch has in place its method with the trailing underscore; their names."""
    made = []
    for name, entry in OPERATORS.items():
        if entry.inplace and not entry.private and entry.method and "." not in name and name + "_" not in METHODS:
            METHODS[name + "_"] = _view_twin(name + "_", entry) if entry.view else _twin(entry)
            made.append(name + "_")
    return made


@function("fill_diagonal_(input, fill_value, wrap=False)", method=True)
def fill_diagonal_(x: Tensor, value: Any, wrap: bool) -> Tensor:
    """Sets the elements of the main diagonal to a number; gives the tensor back."""
    if x.data.ndim < 2:
        raise ShapeError("dimensions must larger than 1")
    if x.data.ndim > 2:
        if len(set(x.data.shape)) > 1:
            raise ShapeError("all dimensions of input must be of equal length")
        for i in range(len(x.data)):
            write(x[(i,) * x.data.ndim], value)
        return x
    rows, columns = x.data.shape
    if wrap and rows > columns + 1:
        for start in range(0, rows, columns + 1):
            write(T.diagonal(x[start : start + columns], 0, 0, 1), value)
        return x
    write(T.diagonal(x, 0, 0, 1), value)
    return x


# --- augmented assignment ---------------------------------------------------------------------------------------------


def _augmented(entry: Any, ufunc: Any) -> Any:
    """`x op= y`: in place for a tensor `x`. Parameter updates in loops take the short way, without a new array."""
    apply = entry.apply
    kernel = entry.kernel

    def augmented(x: Tensor, y: Any) -> Any:
        cls = y.__class__
        if cls is Tensor:
            tracked = mode.grad and (x.requires or y.requires)
            b = y.data
        elif cls is float or cls is int:
            tracked = mode.grad and x.requires
            b = y
        elif cls is Batched:
            return apply_in_place(apply, x, (y,), {}, _getframe(1))
        else:
            return NotImplemented
        a = x.data
        storage = x.storage
        if (
            not tracked
            and ufunc is not None
            and x.extra is None
            and a.dtype.kind == "f"
            and (storage is None or not storage.inference)
            and mode.interpreter is None
            and (cls is not Tensor or (b.dtype is a.dtype and (storage is None or y.storage is not storage)))
        ):
            if a.__class__ is not ndarray:
                if cls is not Tensor or b.__class__ is a.__class__:
                    x.data = computed(kernel, a, b)
                    bump(x, mode.where or caller(_getframe(1)))
                    return x
            elif (cls is not Tensor or b.shape == a.shape or b.ndim == 0) and a.flags.writeable:
                computed(ufunc, a, b, a)
                bump(x, mode.where or caller(_getframe(1)))
                return x
        return apply_in_place(apply, x, (y,), {}, _getframe(1))

    return augmented


Operators: Any = Tensor
Operators.__iadd__ = _augmented(arithmetic.add, np.add)
Operators.__isub__ = _augmented(arithmetic.sub, np.subtract)
Operators.__imul__ = _augmented(arithmetic.mul, np.multiply)
Operators.__itruediv__ = _augmented(arithmetic.div, np.divide)
Operators.__ifloordiv__ = _augmented(arithmetic.floor_divide, None)
Operators.__imod__ = _augmented(arithmetic.remainder, None)
Operators.__ipow__ = _augmented(powers.pow, None)


def _of_bits(name: str) -> Any:
    """`x op= y` of an operator on bits, whose file few programs need."""

    def augmented(x: Tensor, y: Any) -> Any:
        if y.__class__ not in (Tensor, int, bool):
            return NotImplemented
        from gradsh.engine.ops.elementwise import compare

        return apply_in_place(getattr(compare, name).apply, x, (y,), {}, _getframe(1))

    return augmented


Operators.__iand__ = _of_bits("bitwise_and")
Operators.__ior__ = _of_bits("bitwise_or")
Operators.__ixor__ = _of_bits("bitwise_xor")
Operators.__ilshift__ = _of_bits("bitwise_left_shift")
Operators.__irshift__ = _of_bits("bitwise_right_shift")


# --- item assignment ------------------------------------------------------------------------------------------------


def set_item(x: Tensor, index: Any, value: Any) -> None:
    """`x[index] = value`: ints, slices, `...` and `none` make a view that is written; tensors are written through."""
    from gradsh.engine.ops.index.indexing import in_parts, parts, select_at

    with placed(caller(_getframe(1))):
        cls = value.__class__
        if mode.interpreter is not None and level_of((value, index)) >= 0:
            from gradsh.engine.transforms.batching import shared_write

            raise shared_write("index_put_" if _holds_tensors(index) else "inplace arithmetic")
        if cls is not Tensor and cls is not float and cls is not int and cls is not bool:
            value = _plain_number(x, value)
            cls = value.__class__
        if index is False:
            return
        refresh(x)
        if index.__class__ is int:
            picks: list[Tensor]
            dims: list[int]
            target, picks, dims = select_at(x, 0, index), [], []
        else:
            target, picks, dims = parts(x, in_parts(index))
        if not picks:
            if cls is not Tensor:
                value = make(converted(value, target.data.dtype))
            else:
                value = _without_leading_ones(value, target.data.ndim)
                if value.data.shape == target.data.shape != ():
                    check_overlap(target, (value,))
            if value.data.ndim == 0 and target.data.ndim:
                _fill(target, value)
            else:
                check_expands(value.data.shape, target.data.shape)
                write(target, value)
            return
        from gradsh.engine.ops.index.scatter import index_write

        given = value if cls is Tensor else make(converted(value, x.data.dtype))
        if given.data.ndim == 0 and given.data.dtype != x.data.dtype:
            given = T.to(given, x.dtype)
        apply_in_place(index_write.apply, target, (picks, tuple(dims), given, False), {}, None)


def _plain_number(x: Tensor, value: Any) -> Any:
    """What is assigned, where it is a float or an int of another class: NumPy's float64 is a float, and its ints are
    ints; its float32 is none. Errors: ArgumentError in PyTorch's words."""
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    word = f"numpy.{type_word(value)}" if type(value).__module__ == "numpy" else type_word(value)
    raise ArgumentError(f"can't assign a {word} to a torch.{x.dtype.title}Tensor", help="x[0] = tensor([1., 2.])")


def _holds_tensors(index: Any) -> bool:
    return any(isinstance(i, (Tensor, list)) for i in (index if index.__class__ is tuple else (index,)))


def _without_leading_ones(value: Tensor, ndim: int) -> Tensor:
    """PyTorch drops leading dims of size 1 of an assigned value beyond those of the place it goes to."""
    shape = value.data.shape
    extra = len(shape) - ndim
    if extra > 0 and all(n == 1 for n in shape[:extra]):
        value = T.reshape(value, shape[extra:])
    return value


Operators.__setitem__ = set_item


# --- filling with random numbers --------------------------------------------------------------------------------------


@op(
    "redraw(input, draws)",
    grad_fn="RandomBackward0",
    method=False,
    private=True,
    samples=lambda: [call(t(2, 3), t(2, 3))],
)
def redraw(x: Any, draws: Any) -> Any:
    """`draws` in the place of `input`, which has no influence on them."""
    return alloc.array(draws, x.dtype)


redraw.vjp("input")(lambda F, g, out, x, draws: F.mul(g, 0))


def _random_method(
    signature: str, *names: str, form: Any = lambda *arguments: 0, plain: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Tensor]]:
    """Register `x.name_(…)` that fills `x` with the random numbers of `draw(generator, x's array, *arguments)`.

    `names` are those of its grad_fn, of which `form(*arguments)` picks one; `plain`: a tensor among them is a number.
    """
    from gradsh.calls.bind import Binder

    parsed = Binder(signature)
    kinds = tuple(redraw.kind.renamed(name) for name in names)

    def register(draw: Callable[..., Any]) -> Callable[..., Tensor]:
        def apply(*args: Any, **kwargs: Any) -> Tensor:
            from gradsh.engine.kernels.random import in_memory_order
            from gradsh.engine.kernels.stream import stream

            given = parsed.bind(args, kwargs)
            x: Tensor = given[0]
            if plain:
                given[1:-1] = [a.data.item() if a.__class__ is Tensor and a.data.size == 1 else a for a in given[1:-1]]
            arguments, generator = given[1:-1], given[-1]
            if mode.interpreter is not None and RANDOMNESS:
                drawn = _in_vmap(apply, draw, given, parsed.name)
                if drawn is not None:
                    return drawn
            kind = kinds[form(*arguments)]
            where = caller(_getframe(1))
            refresh(x)
            tracked = mode.grad and x.requires
            check_writable(x, tracked, where)
            shape = x.data.shape
            try:
                draws = draw(stream(parsed.name, generator), x.data, *arguments)
            except TypeError as error:
                from gradsh.calls.words import error_of  # only an error needs its words

                raise (error_of(parsed, args, kwargs, f"Tensor.{parsed.name}") or error) from None
            if x.data.__class__ is ndarray and not x.data.flags.c_contiguous:
                ordered = alloc.empty_like(x.data)
                in_memory_order(ordered, draws)
                draws = ordered
            if not shape:
                draws = draws.reshape(())[()]
            if tracked:
                old = make(x.data)
                old.node, old.requires = x.node, x.requires
                result = run(redraw, [old, make(draws)], _getframe(1), kind)
                assign(x, result, old, where)
            else:
                assign(x, make(draws), None, where)
            return x

        apply.__name__ = apply.__qualname__ = parsed.name
        METHODS[parsed.name] = apply
        return apply

    return register


def _in_vmap(apply: Any, draw: Any, given: list[Any], name: str) -> Tensor | None:
    """A fill with random numbers inside of `vmap`; None where it is one as everywhere, of what all samples share."""
    from gradsh.engine.kernels.stream import stream

    x, generator = given[0], given[-1]
    if x.__class__ is not Batched or x.level < len(RANDOMNESS) - 1:
        stream(name, generator)  # is there to be any randomness?
        if RANDOMNESS[-1] == "different":
            raise AutogradError(
                "vmap: Cannot ask for different inplace randomness on an unbatched tensor. This will appear like same "
                "randomness. If this is necessary for your usage, please file an issue with functorch."
            )
        if x.__class__ is not Batched:
            return None
    target: Any = x
    arguments = given[1:-1]
    while target.__class__ is Batched and RANDOMNESS[target.level] == "different":
        arguments = [a.value if a.__class__ is Batched and a.level == target.level else a for a in arguments]
        target = target.value
    T.copy_(target, make(draw(stream(name, generator), target.data, *arguments)))
    return x


@_random_method("uniform_(input, _from=0., to=1., *, generator=None)", "UniformBackward0")
def _uniform(stream: Any, x: Any, low: float, high: float) -> Any:
    from gradsh.engine.kernels.random import uniform

    return uniform(stream, x.shape, x.dtype, low, high)


@_random_method("normal_(input, mean=0., std=1., *, generator=None)", "NormalBackward0")
def _normal(stream: Any, x: Any, mean: float, std: float) -> Any:
    from gradsh.engine.kernels.random import normal

    return normal(stream, x.shape, x.dtype, mean, std, contiguous=x.__class__ is not ndarray or x.flags.c_contiguous)


@_random_method("log_normal_(input, mean=1., std=2., *, generator=None)", "LogNormalBackward0")
def _log_normal(stream: Any, x: Any, mean: float, std: float) -> Any:
    from gradsh.engine.kernels.random import log_normal

    return log_normal(stream, x.shape, x.dtype, mean, std)


@_random_method("exponential_(input, lambd=1., *, generator=None)", "ExponentialBackward0")
def _exponential(stream: Any, x: Any, rate: float) -> Any:
    from gradsh.engine.kernels.random import exponential

    return exponential(stream, x.shape, x.dtype, rate)


@_random_method("cauchy_(input, median=0., sigma=1., *, generator=None)", "CauchyBackward0")
def _cauchy(stream: Any, x: Any, median: float, sigma: float) -> Any:
    from gradsh.engine.kernels.random import cauchy

    return cauchy(stream, x.shape, x.dtype, median, sigma)


@_random_method("geometric_(input, p, *, generator=None)", "GeometricBackward0")
def _geometric(stream: Any, x: Any, p: float) -> Any:
    from gradsh.engine.kernels.random import geometric

    return geometric(stream, x.shape, x.dtype, p)


@_random_method(
    "bernoulli_(input, p=0.5, *, generator=None)",
    "BernoulliBackward2",
    "BernoulliBackward1",
    form=lambda p: int(p.__class__ is Tensor),
    plain=False,
)
def _bernoulli(stream: Any, x: Any, p: Any) -> Any:
    from gradsh.engine.kernels.random import bernoulli, bernoulli_each

    if p.__class__ is Tensor:
        check_expands(p.data.shape, x.shape)
        return bernoulli_each(stream, np.broadcast_to(p.data, x.shape), x.dtype)
    return bernoulli(stream, p, x.shape, x.dtype)


@_random_method(
    "random_(input, _from=None, to=None, *, generator=None)",
    "RandomBackward2",
    "RandomBackward1",
    "RandomBackward0",
    form=lambda low, high: (low is not None) + (high is not None),
)
def _random(stream: Any, x: Any, low: Any, high: Any) -> Any:
    from gradsh.engine.kernels.random import random

    if high is None and low is not None:
        return random(stream, x.shape, x.dtype, None, low)  # one number is the upper bound
    return random(stream, x.shape, x.dtype, low, high)
