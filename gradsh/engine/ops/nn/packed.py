"""Sequences of different lengths: padded to one tensor, or packed step by step, as in torch.nn.utils.rnn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import is_int, need_tensor, type_word
from gradsh.engine.core.dtypes import NAMES, DType
from gradsh.engine.core.named import Named
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.composite import composite, function, makes
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t
from gradsh.errors import ArgumentError, AttributeError_, ShapeError, ValueError_, ValueProblem

NOT_SORTED = (
    "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
    "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not "
    "need ONNX exportability."
)


class PackedSequence(Named):
    """Sequences, the longest first: `data` has the elements of all first steps, then of all second steps and so on,
    `batch_sizes` says how many sequences have each step."""

    __public__ = frozenset({"double", "float", "half", "to", "cpu", "is_cuda"})
    kind = "PackedSequence"
    names = ("data", "batch_sizes", "sorted_indices", "unsorted_indices")
    is_cuda = False

    def __repr__(self) -> str:
        return f"PackedSequence({', '.join(f'{n}={v!r}' for n, v in zip(self.names, self, strict=True))})"

    def to(self, *arguments: Any, **keywords: Any) -> PackedSequence:
        """The same sequences in another dtype."""
        data = T.to(self[0], *arguments, **keywords)
        return self if data is self[0] else PackedSequence((data, *self[1:]))

    def _as(self, dtype: DType) -> PackedSequence:
        return self.to(dtype)

    def double(self) -> PackedSequence:
        return self._as(NAMES["float64"])

    def float(self) -> PackedSequence:
        return self._as(NAMES["float32"])

    def half(self) -> PackedSequence:
        return self._as(NAMES["float16"])

    def cpu(self) -> PackedSequence:
        return self


def _inverse(order: Tensor | None) -> Tensor | None:
    """The permutation that undoes one."""
    return None if order is None else make(np.argsort(order.data))


@function(
    "PackedSequence(data, batch_sizes=None, sorted_indices=None, unsorted_indices=None)",
    method=False,
    differentiable=False,
    example="PackedSequence(ones(3), tensor([2, 1]))",
)
def packed_sequence(data: Any, batch_sizes: Any, sorted_indices: Any, unsorted_indices: Any) -> PackedSequence:
    """Packed sequences of their parts, as `pack_sequence` makes them."""
    if batch_sizes is None:
        if not isinstance(data, (list, tuple)) or len(data) != 2:
            raise ArgumentError("Expected data to be a list or tuple of length 2", kind="AssertionError")
        data, batch_sizes = data
    for name, given in (("data", data), ("batch_sizes", batch_sizes)):
        if not isinstance(given, Tensor):
            raise ArgumentError(f"PackedSequence(): argument '{name}' must be Tensor, not {type_word(given)}")
    if unsorted_indices is None:
        unsorted_indices = _inverse(sorted_indices)
    return PackedSequence((data, batch_sizes, sorted_indices, unsorted_indices))


makes(packed_sequence, PackedSequence)

# --- packing ---------------------------------------------------------------------------------------------------------


@op("packed_rows(input, first, second)", grad_fn="PackPaddedSequenceBackward0", private=True, linear=True)
def packed_rows(input: Any, first: Any, second: Any) -> Any:
    """What stands at the indices of the first two dims."""
    return input[first, second]


@packed_rows.vjp(saves="first second")
def _(F: Any, g: Any, out: Any, input: Any, first: Any, second: Any) -> Any:
    return F.unpacked_rows(g, tuple(input.shape), first, second)


@op(
    "unpacked_rows(grad, shape, first, second)",
    grad_fn="PackPaddedSequenceBackwardBackward0",
    private=True,
    linear=True,
)
def unpacked_rows(grad: Any, shape: Any, first: Any, second: Any) -> Any:
    """Zeros of `shape` with rows at the indices of the first two dims."""
    out = alloc.zeros(shape, grad.dtype)
    out[first, second] = grad
    return out


@unpacked_rows.vjp(saves="first second")
def _(F: Any, g: Any, out: Any, grad: Any, shape: Any, first: Any, second: Any) -> Any:
    return F.packed_rows(g, first, second)


def _lengths(lengths: Any) -> Tensor:
    given = lengths if isinstance(lengths, Tensor) else T.tensor(lengths, dtype=NAMES["int64"])
    if given.ndim != 1:
        raise ShapeError(
            f"'lengths' argument should be a 1D CPU int64 tensor, but got {given.ndim}D cpu {given.dtype.title} tensor"
        )
    return make(given.data.astype(np.int64))


@composite(
    "pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True)",
    method=False,
    python=True,
    looped="its result is no tensor",
    example="pack_padded_sequence(tensor([[1., 4.], [2., 5.], [3., 0.]]), [3, 2])",
)
def pack_padded_sequence(input: Any, lengths: Any, batch_first: Any, enforce_sorted: Any) -> PackedSequence:
    """Packs sequences that one tensor (steps, batch, …) holds, of the lengths given: what is padding is left out."""
    if not isinstance(input, Tensor):
        raise AttributeError_(f"'{type_word(input)}' object has no attribute 'size'")
    sizes, order = _lengths(lengths), None
    if not enforce_sorted:
        sizes, order = T.sort(sizes, descending=True)
        input = T.index_select(input, 0 if batch_first else 1, order)
    if input.data.size == 0:
        raise ShapeError("Cannot pack empty tensors.")
    if input.ndim < 2:
        raise ShapeError("Dimension out of range (expected to be in range of [-1, 0], but got 1)", kind="IndexError")
    steps, batch = input.shape[:2][::-1] if batch_first else input.shape[:2]
    counts = sizes.data
    if len(counts) != batch:
        raise ShapeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} (batch_size={batch})"
        )
    if counts[-1] <= 0:
        raise ValueProblem(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if (np.diff(counts) > 0).any():
        raise ValueProblem(NOT_SORTED, help="pack_padded_sequence(input, lengths, enforce_sorted=false)")
    if counts[0] > steps:
        raise ShapeError(f"Expected sequences of at most {steps} steps, the length of the input, but got {counts[0]}")
    here = alloc.arange(counts[0])[:, None] < counts
    step, column = np.nonzero(here)
    at = (column, step) if batch_first else (step, column)
    data = T.packed_rows(input, *map(make, at))
    return PackedSequence((data, make(here.sum(1)), order, _inverse(order)))


def runs_of(data: Tensor, batch_sizes: Tensor) -> list[tuple[int, int, int]]:
    """Steps in a row that have the same sequences: (steps, sequences, first row of `data`).

    Errors: ValueProblem for sizes that `data` does not have: whoever makes room for them would make it.
    """
    if batch_sizes.ndim != 1 or batch_sizes.data.dtype.kind != "i" or not batch_sizes.data.size:
        raise ValueProblem("batch_sizes must be whole numbers in one dimension, one for each step")
    found: list[tuple[int, int, int]] = []
    first, rows = 0, data.shape[0] if data.ndim else 0
    for size in batch_sizes.data.tolist():
        if size < 1 or (found and size > found[-1][1]):
            raise ValueProblem(f"batch_sizes must be positive and must not grow, got {batch_sizes.data.tolist()}")
        if first + size > rows:
            raise ValueProblem(f"start ({first}) + length ({size}) exceeds dimension size ({rows}).")
        if found and found[-1][1] == size:
            found[-1] = (found[-1][0] + 1, size, found[-1][2])
        else:
            found.append((1, size, first))
        first += size
    return found


@composite(
    "pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None)",
    method=False,
    python=True,
    looped="its argument is no tensor",
    example="pad_packed_sequence(pack_sequence([tensor([1., 2.]), tensor([3.])]))",
)
def pad_packed_sequence(sequence: Any, batch_first: Any, padding_value: Any, total_length: Any) -> Any:
    """Packed sequences as one tensor (steps, batch, …), padded, and their lengths."""
    if not isinstance(sequence, PackedSequence):
        raise AttributeError_(f"'{type(sequence).__name__}' object has no attribute 'batch_sizes'")
    data, batch_sizes, _, back = sequence
    runs = runs_of(data, batch_sizes)
    counts = batch_sizes.data
    steps = len(counts)
    if total_length is not None:
        if not is_int(total_length):
            raise ArgumentError(
                f"pad_packed_sequence(): argument 'total_length' must be int, not {type_word(total_length)}"
            )
        if total_length < steps:
            raise ValueError_(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {steps}"
            )
        steps = int(total_length)
    batch = int(counts[0])
    out = T.full((steps, batch, *data.shape[1:]), padding_value, dtype=data.dtype)
    start = 0
    for run, width, offset in runs:  # one write for all steps that have the same sequences
        part = T.narrow(data, 0, offset, run * width)
        T.copy_(out[start : start + run, :width], T.view(part, (run, width, *data.shape[1:])))
        start += run
    if batch_first:
        out = T.transpose(out, 0, 1)
    lengths = make((counts[:, None] > alloc.arange(batch)).sum(0))
    if back is None:
        return out, lengths
    return T.index_select(out, 0 if batch_first else 1, back), lengths[back]


@composite(
    "pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side='right')",
    method=False,
    python=True,
    looped="it writes into a tensor that it makes",
    samples=lambda: [
        call([t(3), t(2)]),
        call([t(3, 2), t(1, 2)], True, 1.5),
        call([t(1), t(3)], padding_side="left"),
    ],
    example="pad_sequence([tensor([1., 2.]), tensor([3.])], batch_first)",
    formula="those of its steps",
)
def pad_sequence(sequences: Any, batch_first: Any, padding_value: Any, padding_side: Any) -> Tensor:
    """Sequences of different lengths as one tensor (steps, batch, …), the shorter ones padded."""
    if isinstance(sequences, Tensor):
        sequences = T.unbind(sequences, 0)
    if not isinstance(sequences, Iterable) or isinstance(sequences, str):
        kind = type(sequences).__name__
        raise ArgumentError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: <class '{kind}'>",
            kind="RuntimeError",
        )
    given = list(sequences)
    if not given:
        raise ArgumentError("received an empty list of sequences", kind="RuntimeError")
    for one in given:
        if not isinstance(one, Tensor):
            raise ArgumentError(
                f"pad_sequence(): argument 'sequences' must be tuple of Tensors, not {type_word(given)}"
            )
        if not one.ndim:
            raise ShapeError("Dimension specified as 0 but tensor has no dimensions", kind="IndexError")
    if padding_side not in ("left", "right"):
        raise ValueProblem(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    longest = max(one.shape[0] for one in given)
    rest = given[0].shape[1:]
    size = (len(given), longest) if batch_first else (longest, len(given))
    out: Tensor = T.full((*size, *rest), padding_value, dtype=given[0].dtype)
    for number, one in enumerate(given):
        length = one.shape[0]
        start = longest - length if padding_side == "left" else 0
        row = T.select(out, 0 if batch_first else 1, number)
        T.copy_(T.narrow(row, 0, start, length), one)
    return out


@composite(
    "unpad_sequence(padded_sequences, lengths, batch_first=False)",
    method=False,
    python=True,
    looped="its results have different lengths",
    example="unpad_sequence(tensor([[1., 3.], [2., 0.]]), tensor([2, 1]))",
)
def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: Any) -> list[Tensor]:
    """The sequences of a padded tensor, without the padding. Unless `batch_first`, it is transposed in place."""
    need_tensor("unpad_sequence", "padded_sequences", 1, padded_sequences)
    need_tensor("unpad_sequence", "lengths", 2, lengths)
    if not batch_first:
        from gradsh.engine.ops.families import methods  # in-place methods are made of all operators

        methods()["transpose_"](padded_sequences, 0, 1)
    if padded_sequences.ndim < 2 or lengths.ndim != 1:
        raise ShapeError("unpad_sequence(): a tensor of two dims or more is needed, and one length for each sequence")
    if len(padded_sequences.data) != len(lengths.data):
        word = "shorter" if len(lengths.data) < len(padded_sequences.data) else "longer"
        raise ValueError_(f"zip() argument 2 is {word} than argument 1")
    steps = T.arange(padded_sequences.shape[1])
    return [row[steps < length] for row, length in zip(padded_sequences, lengths, strict=True)]


@composite(
    "pack_sequence(sequences, enforce_sorted=True)",
    method=False,
    python=True,
    looped="its result is no tensor",
    example="pack_sequence([tensor([1., 2.]), tensor([3.])])",
)
def pack_sequence(sequences: Any, enforce_sorted: Any) -> PackedSequence:
    """Packs a list of sequences."""
    if not isinstance(sequences, Iterable) or isinstance(sequences, str):
        raise ArgumentError(f"'{type_word(sequences)}' object is not iterable")
    sequences = list(sequences)
    for one in sequences:
        if not isinstance(one, Tensor):
            raise AttributeError_(f"'{type_word(one)}' object has no attribute 'size'")
        if not one.ndim:
            raise ShapeError("Dimension specified as 0 but tensor has no dimensions", kind="IndexError")
    lengths = [one.shape[0] for one in sequences]
    return pack_padded_sequence.body(T.pad_sequence(sequences), lengths, False, enforce_sorted)  # type: ignore[no-any-return]


@composite(
    "unpack_sequence(packed_sequences)",
    method=False,
    python=True,
    looped="its argument is no tensor",
    example="unpack_sequence(pack_sequence([tensor([1., 2.]), tensor([3.])]))",
)
def unpack_sequence(packed_sequences: Any) -> list[Tensor]:
    """Packed sequences as a list."""
    padded, lengths = pad_packed_sequence.body(packed_sequences, True, 0.0, None)
    return unpad_sequence.body(padded, lengths, True)  # type: ignore[no-any-return]
