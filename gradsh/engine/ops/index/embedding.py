"""Tables of vectors looked up by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels.norms import p_norm
from gradsh.engine.kernels.rows import add_rows
from gradsh.engine.kernels.summation import added
from gradsh.engine.operators.batch_rules import applied
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t
from gradsh.errors import ArgumentError, AssertionFailed, DtypeError, IndexError_, ShapeError, ValueError_, ValueProblem

int64 = np.dtype(np.int64)
int32 = np.dtype(np.int32)

# --- embedding -------------------------------------------------------------------------------------------------------


@op("embed(weight, index, padding, by_frequency)", work="rows", grad_fn="EmbeddingBackward0", private=True)
def embed(weight: Any, index: Any, padding: int, by_frequency: bool) -> Any:
    """Rows of a table."""
    return np.take(weight, index, 0)


@embed.vjp("weight", saves="index")
def _(F: Any, g: Any, out: Any, weight: Any, index: Any, padding: int, by_frequency: bool) -> Any:
    at = index.data if index.__class__ is Tensor else index
    return F.embed_backward(g, index, _row_scale(at, padding, by_frequency, g.dtype), weight.shape[0])


def _row_scale(index: Any, padding: int, by_frequency: bool, dtype: Any) -> Any:
    """What each looked-up row's gradient is multiplied by: 0 for padding, 1 / (times it was looked up); None for 1."""
    dtype = getattr(dtype, "np", dtype)
    scale = None
    if by_frequency and index.size:
        scale = (1 / np.bincount(index.reshape(-1))[index]).astype(dtype)
    if padding >= 0:
        kept = (index != padding).astype(dtype)
        scale = kept if scale is None else scale * kept
    return None if scale is None else scale[..., None]


@op("embed_backward(grad, index, scale, rows)", grad_fn="EmbeddingDenseBackwardBackward0", private=True)
def embed_backward(g: Any, index: Any, scale: Any, rows: int) -> Any:
    """A table of zeros with the gradients added to the rows that were looked up."""
    full = alloc.zeros((rows, g.shape[-1]), g.dtype)
    if scale is not None:
        g = g * scale
    add_rows(g.reshape(index.size, g.shape[-1]), index.reshape(-1), full)
    return full


@embed_backward.vjp("grad", saves="index")
def _(F: Any, g: Any, out: Any, grad: Any, index: Any, scale: Any, rows: int) -> Any:
    picked = F.embed(g, index, -1, False)
    if scale is None:
        return picked
    return picked * (make(scale) if F is T else scale)


def need_floats(max_norm: Any, norm_type: Any) -> None:
    """Raise for a `max_norm` that is no number, which PyTorch finds where rows are shortened."""
    if max_norm is None:
        return
    for name, position, value in (("max_norm", 3, max_norm), ("norm_type", 4, norm_type)):
        if not isinstance(value, (int, float)) or value.__class__ is bool:
            raise ArgumentError(
                f"embedding_renorm_(): argument '{name}' (position {position}) must be float, not {type_word(value)}"
            )


def _renorm(weight: Tensor, index: Any, max_norm: float, norm_type: float) -> None:
    """Shorten, in place, the rows that are looked up and longer than `max_norm`."""
    from gradsh.engine.autograd.inplace import bump
    from gradsh.engine.core.modes import mode

    rows = np.unique(index)
    weight.share()
    part = weight.data[rows]
    norms = p_norm(part, norm_type, (1,), False)
    long = norms > max_norm
    weight.data[rows[long]] = part[long] * (max_norm / (norms[long] + 1e-7)).astype(part.dtype)[:, None]
    bump(weight, mode.where)


def _check_index(index: Any, operator: str) -> None:
    dtype = index.dtype
    if dtype != int64 and dtype != int32:
        kind = "CPUBoolType" if dtype.kind == "b" else f"torch.{OF[dtype].title}Tensor"
        raise DtypeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"{kind} instead (while checking arguments for {operator})"
        )


@composite(
    "embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False)",
    python=True,
    method=False,
    samples=lambda: [
        call(t(2, 2, values=[[0, 2], [2, 1]], dtype="int64"), t(3, 2)),
        call(t(3, values=[0, 1, 1], dtype="int64"), t(3, 2), -1),
        call(t(2, values=[1, 2], dtype="int64"), t(3, 2), scale_grad_by_freq=True, padding_idx=0),
        call(t(values=1, dtype="int64"), t(3, 2)),
        call(t(0, values=[], dtype="int64"), t(3, 2)),
    ],
    formula="weight: g added to the rows that were looked up, none to padding_idx",
    example="embedding(tensor([1, 0]), tensor([[1., 2.], [3., 4.]]))",
)
def embedding(
    input: Any, weight: Any, padding_idx: Any, max_norm: Any, norm_type: Any, scale_grad_by_freq: Any, sparse: Any
) -> Any:
    """The rows of the table `weight` whose numbers `input` gives."""
    if weight.data.ndim != 2:
        raise ShapeError("'weight' must be 2-D")
    need_floats(max_norm, norm_type)
    rows = weight.data.shape[0]
    if padding_idx is None:
        padding_idx = -1
    elif not -rows <= padding_idx < rows and padding_idx != 0:
        raise AssertionFailed("Padding_idx must be within num_embeddings")
    elif padding_idx < 0:
        padding_idx += rows
    index = alloc.asarray(input.data)
    _check_index(index, "embedding")
    if index.size and (index.min() < 0 or index.max() >= rows):
        raise IndexError_("index out of range in self")
    if max_norm is not None:
        _renorm(weight, index, max_norm, norm_type)
    return T.embed(weight, input, padding_idx, bool(scale_grad_by_freq))


@embedding.batched
def _(F: Any, size: int, batched: Any, *values: Any) -> Any:
    return NotImplemented if any(batched[1:]) else applied(embedding, *values)


# --- embedding_bag ---------------------------------------------------------------------------------------------------


@op("bag_sums(input, counts, mean)", grad_fn="EmbeddingBagBackward0", private=True)
def bag_sums(x: Any, counts: Any, mean: bool) -> Any:
    """Sums of runs of rows, or their means."""
    if mean:
        return _sums_of_runs(x, counts) / np.maximum(counts, 1).astype(x.dtype)[:, None]
    return _sums_of_runs(x, counts)


def _sums_of_runs(x: Any, counts: Any) -> Any:
    out = alloc.zeros((len(counts), x.shape[1]), x.dtype)
    some = counts > 0
    if some.any():
        if (counts == counts[0]).all():
            return added(x.reshape(len(counts), counts[0], -1))
        starts = np.cumsum(counts) - counts
        for k in range(counts.max()):  # one row of every bag after the other
            longer = counts > k
            out[longer] += x[starts[longer] + k]
    return out


bag_sums.vjp("input")(lambda F, g, out, x, counts, mean: F.bag_repeat(g, counts, mean))


@op("bag_repeat(grad, counts, mean)", work="rows", grad_fn="EmbeddingBagBackwardBackward0", private=True)
def bag_repeat(g: Any, counts: Any, mean: bool) -> Any:
    """Each row as often as its run was long, or its part of them."""
    if mean:
        g = g * (1 / np.maximum(counts, 1)).astype(g.dtype)[:, None]
    return np.repeat(g, counts, 0)


bag_repeat.vjp("grad")(lambda F, g, out, grad, counts, mean: F.bag_sums(g, counts, mean))


def _runs(index: Any, offsets: Any, include_last: bool) -> Any:
    """How many indices each bag has."""
    n = len(index)
    if len(offsets) and offsets[0] != 0:
        raise ValueProblem(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, "
            f"got {int(offsets[0])}"
        )
    if len(offsets) and offsets[-1] > n:
        raise ValueProblem(
            f"offsets[-1] can not be greater than input's length {n} but got offsets[-1] of {int(offsets[-1])}"
        )
    ends = offsets[1:] if include_last else np.concatenate([offsets[1:], [n]])
    return (ends - offsets[: len(ends)]).astype(np.int64)


def _largest(rows: Any, counts: Any) -> Any:
    """The largest of each bag, element by element; 0 for an empty one."""
    data = rows.data
    at = alloc.zeros((len(counts), data.shape[1]), np.int64)
    start = 0
    for bag, n in enumerate(counts):
        if n:
            at[bag] = start + np.argmax(data[start : start + n], 0)
        start += n
    empty = counts == 0
    if empty.all():
        return make(alloc.zeros(at.shape, data.dtype))
    values = T.gather(rows, 0, make(at))
    return values * make((~empty).astype(data.dtype)[:, None]) if empty.any() else values


def _bag_samples() -> list[call]:
    flat = t(4, values=[0, 2, 2, 1], dtype="int64")
    offsets = t(3, values=[0, 1, 1], dtype="int64")
    return [
        call(t(2, 2, values=[[0, 2], [2, 1]], dtype="int64"), t(3, 2)),
        call(flat, t(3, 2), offsets, mode="sum"),
        call(flat, t(3, 2, distinct=True), offsets, mode="max"),
        call(flat, t(3, 2), offsets, mode="sum", per_sample_weights=t(4)),
        call(flat, t(3, 2), t(3, values=[0, 2, 4], dtype="int64"), include_last_offset=True),
        call(flat, t(3, 2), offsets, padding_idx=2),
    ]


def _check_rows(index: Any, rows: int, padding_idx: Any) -> None:
    """Raise unless a table of so many rows has all that bags ask for."""
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise ValueProblem(
            f"padding_idx must be within the number of embeddings, {-rows} through {rows - 1}, but got {padding_idx}"
        )
    for place, value in enumerate(index):
        if not 0 <= value < rows:
            raise ValueProblem(
                f"Index {place} of input takes value {value} which is not in the valid range [0, {rows})"
            )


def _check_table(table: Any) -> None:
    """Raise DtypeError for a table of bags that is not of floats."""
    if table.dtype.kind != "f":
        title = OF[table.dtype].title
        given = "CPUBoolType" if title == "Bool" else f"torch.{title}Tensor"
        raise DtypeError(
            "Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, BFloat16, "
            f"Float, Double; but got {given} instead (while checking "
            "arguments for embedding_bag)"
        )


@composite(
    "embedding_bag(input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode='mean', "
    "sparse=False, per_sample_weights=None, include_last_offset=False, padding_idx=None)",
    python=True,
    rename="EmbeddingBagBackward0",
    method=False,
    samples=_bag_samples,
    formula="weight: g (divided by the bag's size for the mean) added to the rows of the bag",
    example="embedding_bag(tensor([[1, 0]]), tensor([[1., 2.], [3., 4.]]))",
    looped="it reads the offsets",
)
def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any,
    max_norm: Any,
    norm_type: Any,
    scale_grad_by_freq: Any,
    mode: Any,
    sparse: Any,
    per_sample_weights: Any,
    include_last_offset: Any,
    padding_idx: Any,
) -> Any:
    """The sums, means or maxima of bags of rows of the table `weight`."""
    index = alloc.asarray(input.data)
    if per_sample_weights is not None and per_sample_weights.data.shape != index.shape:
        raise ValueError_(
            f"embedding_bag: If per_sample_weights (torch.Size({list(per_sample_weights.data.shape)})) is not None, "
            "then it "
            f"must have the same shape as the input (torch.Size({list(index.shape)}))"
        )
    if weight.data.ndim != 2:
        raise ValueError_(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.data.ndim}")
    if index.ndim == 2:
        if offsets is not None:
            raise ValueError_(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                "sequences. However, found offsets of type <class 'torch.Tensor'>"
            )
        counts = alloc.full(index.shape[0], index.shape[1])
    elif index.ndim == 1:
        if offsets is None:
            raise ValueError_("offsets has to be a 1D Tensor but got None")
        if offsets.data.ndim != 1:
            raise ValueError_("offsets has to be a 1D Tensor")
    else:
        raise ValueError_(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {index.ndim}")
    if mode not in ("sum", "mean", "max"):
        raise ValueError_("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError_("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError_("max mode does not support sparse weights")
    if per_sample_weights is not None and mode != "sum":
        raise ShapeError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
            f"mode='{mode}'). Please open a feature request on GitHub.",
            kind="NotImplementedError",
        )
    _check_index(index, "embedding_bag")
    if index.ndim == 1:
        _check_index(offsets.data, "embedding_bag")
        counts = _runs(index, offsets.data, bool(include_last_offset))
        index = index[: int(counts.sum())]
    index = index.reshape(-1)
    _check_table(weight.data)
    rows = weight.data.shape[0]
    _check_rows(index, rows, padding_idx)
    need_floats(max_norm, norm_type)
    if max_norm is not None:
        _renorm(weight, index, max_norm, norm_type)
    weights = None if per_sample_weights is None else T.reshape(per_sample_weights, -1)
    if padding_idx is not None:
        kept = index != (padding_idx + rows if padding_idx < 0 else padding_idx)
        bags = np.repeat(alloc.arange(len(counts)), counts)[kept]
        counts = np.bincount(bags, minlength=len(counts))
        index = index[kept]
        weights = None if weights is None else weights[make(kept)]
    found = T.embed(weight, make(index.astype(np.int64)), -1, bool(scale_grad_by_freq))
    if mode == "max":
        return _largest(found, counts)
    if weights is not None:
        found = found * T.unsqueeze(weights, 1)
    return T.bag_sums(found, counts, mode == "mean")


# --- one_hot ---------------------------------------------------------------------------------------------------------


@op(
    "one_hot(input, num_classes=-1)",
    method=False,
    samples=lambda: [call(t(3, values=[0, 2, 1], dtype="int64"))],
    example="one_hot(tensor([0, 2]))",
)
def one_hot(x: Any, classes: int) -> Any:
    """A 1 at each number's place in a row of zeros."""
    if x.dtype != int64:
        raise DtypeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not x.size:
        if classes <= 0:
            raise ValueProblem("Can not infer total number of classes from empty tensor.")
        return alloc.zeros((*x.shape, classes), np.int64)
    if x.min() < 0:
        raise ValueProblem("Class values must be non-negative.")
    high = x.max()
    if classes == -1:
        classes = int(high) + 1
    elif classes <= high:
        raise ValueProblem("Class values must be smaller than num_classes.")
    out = alloc.zeros((*x.shape, classes), np.int64)
    np.put_along_axis(out, alloc.asarray(x)[..., None], 1, -1)
    return out
