"""PyTorch's random stream on the CPU: the numbers that `torch` gives for a seed.

PyTorch draws from MT19937 seeded with the low 32 bits of the seed. CPython's `_random` holds the same generator in C
and, unlike `numpy.random` (12 ms), costs nothing to import, so that is the engine here. Every function takes a
`Generator`, a shape and a NumPy dtype, and returns a new array (0-d for shape `()`) whose elements in C order are
consecutive draws. Words consumed and roundings are PyTorch's to the last bit: where its compiled code fuses a multiply
with an add, so does this, and float32 normals follow the approximations that PyTorch runs on x86 with AVX2 (elsewhere
it rounds differently in the seventh digit).

Where a tensor is filled in place and is not contiguous, PyTorch draws in the order of memory: see `in_memory_order`,
and `contiguous` of `normal`.
"""

from __future__ import annotations

import math
import os
from _random import Random  # the base of random.Random; the module `random` itself takes milliseconds to import
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from gradsh.calls.devices import CPU, Device
from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode
from gradsh.engine.core.strided import empty_as
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels.rounding import blocks32, blocks64, exp, fma, libm, log
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueError_, ValueProblem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Shape = tuple[int, ...]
    NpDtype = np.dtype[Any]

DEFAULT_SEED = 67280421310721  # of `Generator()`, PyTorch's choice
STATE_BYTES = 5056
CHUNK = 1 << 16  # words drawn at a time: they stay in the cache
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
FLOAT16, FLOAT32, FLOAT64, INT64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64"), np.dtype("int64")
DIGITS = {"e": 11, "f": 24, "d": 53}  # bits of the significand, by dtype.char


class Unsupported(DtypeError):
    """A dtype for which PyTorch has no kernel."""

    kind = "NotImplementedError"


class Generator:
    """One stream.

    `Generator()` starts from PyTorch's fixed default seed, `Generator.fresh()` from an unpredictable one, as PyTorch's
    global stream does. `kept` is the second of a pair of normals, for whoever next draws one at a time.
    """

    __slots__ = ("_engine", "_seed", "kept")
    __torch__ = "Generator"
    __public__ = frozenset({"clone_state", "device", "get_state", "initial_seed", "manual_seed", "seed", "set_state"})

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        self.kept: float | None = None
        self.manual_seed(seed)

    def __argument__(self) -> tuple[str, tuple[str, ...]]:
        """For errors of calls: the word for the type."""
        return "torch.Generator", ()

    @classmethod
    def fresh(cls) -> Generator:
        """A generator with a seed from the operating system."""
        return cls(int.from_bytes(os.urandom(8), "little"))

    def manual_seed(self, seed: int) -> Generator:
        """Start over from `seed`, -2**63 to 2**64 - 1 (a negative one counts from 2**64). Returns the generator."""
        if seed.__class__ is not int:
            raise ValueProblem(f"manual_seed expected a long, but got {type_word(seed)}")
        if not INT64_MIN <= seed < 2**64:
            raise ValueError_("Overflow when unpacking long long")
        self._seed = seed % 2**64
        self._engine: Random | None = None
        self.kept = None
        return self

    def seed(self) -> int:
        """Start over from an unpredictable seed, and return it."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little"))
        return self._seed

    def initial_seed(self) -> int:
        """The seed that the stream started from, 0 to 2**64 - 1."""
        return self._seed

    def clone(self) -> Generator:
        """An independent generator that continues as this one would."""
        other = Generator(self._seed)
        other.kept = self.kept
        if self._engine is not None:
            other._engine = Random()
            other._engine.setstate(self._engine.getstate())
        return other

    clone_state = clone

    @property
    def device(self) -> Device:
        """Where it draws: on the CPU."""
        return CPU

    @property
    def engine(self) -> Random:
        """The MT19937; made at the first draw, since seeding takes 0.1 ms."""
        if self._engine is None:
            self._engine = Random()
            self._engine.setstate((*_seeded(self._seed & 0xFFFFFFFF), 624))
        return self._engine

    def get_state(self) -> Tensor:
        """The state as a tensor of bytes: uint8[5056]."""
        return make(self.as_bytes())

    def set_state(self, new_state: Any) -> Generator:
        """Continue from what `get_state` gave. Returns the generator.

        Errors: ArgumentError for what is no tensor of bytes; ValueProblem for one that is no state.
        """
        if new_state.__class__ is not Tensor:
            raise ArgumentError(f"expected a torch.ByteTensor, but got {type_word(new_state)}")
        if new_state.data.dtype != np.uint8:
            raise ArgumentError("RNG state must be a torch.ByteTensor")
        self.from_bytes(new_state.data)
        return self

    def as_bytes(self) -> Array:
        """The state as PyTorch lays it out: uint8[5056]."""
        state = alloc.zeros(STATE_BYTES, np.uint8)
        fresh = self._engine is None
        *key, index = self.engine.getstate()
        if fresh:
            self._engine = None
        state[0:8].view("<u8")[0] = self._seed
        state[8:16].view("<i4")[:] = (625 - index if index < 624 else 1, 1)
        state[16:24].view("<u8")[0] = 0 if fresh else index
        state[24:5016].view("<u8")[:] = key
        if self.kept is not None:
            state[5024:5032].view("<f8")[0] = self.kept
            state[5040:5044].view("<i4")[0] = 1
        return state

    def from_bytes(self, state: Array) -> None:
        """Continue from what `as_bytes`, here or in PyTorch, returned."""
        if state.size != STATE_BYTES:
            raise ValueProblem(
                f"Expected a CPUGeneratorImplState of size {STATE_BYTES} but found the input RNG state size "
                f"to be {state.size}"
            )
        state = alloc.ascontiguousarray(state, np.uint8).reshape(-1)
        left, seeded = state[8:16].view("<i4").tolist()
        after = int(state[16:24].view("<u8")[0])
        if not (seeded and 0 < left <= 624 and after <= 624):
            raise ValueProblem("Invalid mt19937 state")
        self._seed = int(state[0:8].view("<u8")[0])
        self._engine = Random()
        # PyTorch renews the block when `left` has come down to 1, whatever the index says.
        self._engine.setstate((*state[24:5016].view("<u8").tolist(), 624 if left == 1 else after))
        self.kept = float(state[5024:5032].view("<f8")[0]) if state[5040:5044].view("<i4")[0] else None

    def words(self, n: int) -> Array:
        """The next `n` 32-bit words: uint32[n]. The array may be read-only."""
        if n == 0:
            return alloc.empty(0, np.uint32)
        draw = self.engine.getrandbits
        if n <= CHUNK:
            # The first word drawn is the least significant one of the long integer.
            return np.frombuffer(draw(32 * n).to_bytes(4 * n, "little"), "<u4")
        out = alloc.empty(n, np.uint32)
        for start in range(0, n, CHUNK):
            count = min(CHUNK, n - start)
            out[start : start + count] = np.frombuffer(draw(32 * count).to_bytes(4 * count, "little"), "<u4")
        return out

    def longs(self, n: int) -> Array:
        """The next `n` 64-bit words, two 32-bit ones each with the high one first: uint64[n]."""
        pairs = self.words(2 * n).reshape(n, 2)
        out = pairs[:, 0].astype(np.uint64)
        out <<= np.uint64(32)
        out |= pairs[:, 1]
        return out

    def floats(self, n: int) -> Array:
        """The next `n` uniform float32 in [0, 1), one word each."""
        return (self.words(n) & np.uint32(0xFFFFFF)).astype(np.float32) * np.float32(2.0**-24)

    def doubles(self, n: int) -> Array:
        """The next `n` uniform float64 in [0, 1), two words each."""
        return (self.longs(n) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53


Drawing = TypeVar("Drawing", bound=Callable[..., Any])


def draws(function: Drawing) -> Drawing:
    """A function of a generator. What stands for one in a recording is no Generator, and draws for it."""

    @wraps(function)
    def draw(gen: Any, *given: Any, **options: Any) -> Any:
        if type(gen) is not Generator:
            return gen.drawn(function, given, options)
        return function(gen, *given, **options)

    return draw  # type: ignore[return-value]


def _seeded(seed: int) -> list[int]:
    """MT19937's 624 words for a 32-bit seed (Knuth's recurrence, the reference implementation's init_genrand)."""
    key = [seed]
    for i in range(1, 624):
        seed = (1812433253 * (seed ^ (seed >> 30)) + i) & 0xFFFFFFFF
        key.append(seed)
    return key


# --- continuous distributions -------------------------------------------------------------------------------------


@draws
def uniform(gen: Generator, shape: Shape, dtype: NpDtype, low: float = 0.0, high: float = 1.0) -> Array:
    """Uniform in [low, high): `rand`, `uniform_`."""
    _floating(dtype, "check_uniform_bounds")
    limits = np.finfo(dtype)
    for name, value in (("from", low), ("to", high)):
        if not float(limits.min) <= value <= float(limits.max):
            raise ValueProblem(f"{name} is out of bounds for {OF[dtype].c_name}")
    if low > high:
        raise ValueProblem(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    if high - low > float(limits.max):
        raise ValueProblem(
            f"uniform_ expects to-from <= std::numeric_limits<{OF[dtype].title}>::max(), but found to={high:g} and "
            f"from={low:g} which result in to-from to exceed the limit"
        )
    n = _count(shape)
    kind = np.float64 if dtype == FLOAT64 else np.float32
    draws = gen.doubles(n) if kind is np.float64 else gen.floats(n)
    if (low, high) != (0.0, 1.0):
        draws = fma(draws, float(kind(high) - kind(low)), float(kind(low)))
    out = draws.astype(dtype, copy=False)
    # Rounding may reach the open end.
    if dtype == FLOAT16 or (low, high) != (0.0, 1.0):
        out[out == dtype.type(high)] = dtype.type(low)
    return out.reshape(shape)


@draws
def normal(
    gen: Generator, shape: Shape, dtype: NpDtype, mean: float = 0.0, std: float = 1.0, *, contiguous: bool = True
) -> Array:
    """Normal: `randn`, `normal_`.

    `contiguous=False` is for filling a non-contiguous tensor, which PyTorch does by another method with other numbers.
    """
    if not std >= 0.0:
        raise ValueProblem(f"normal expects std >= 0.0, but found std {std:g}")
    n = _count(shape)
    if n and dtype.kind != "f":
        _floating(dtype, "normal_kernel_cpu")
    if n < 16 or not contiguous:
        return _cast(_pairs(gen, n, mean, std), dtype).reshape(shape)
    # PyTorch fills the whole with uniforms first and then, where 16 does not divide n, draws the last 16 afresh. In
    # float16 the uniforms for an incomplete block are never drawn.
    draw, transform = (gen.doubles, blocks64) if dtype == FLOAT64 else (gen.floats, blocks32)
    whole = n - n % 16
    out = alloc.empty(n, dtype)
    drawn = draw(whole if dtype == FLOAT16 else n)
    out[:whole] = transform(drawn[:whole].reshape(-1, 16), mean, std).reshape(-1)
    if whole < n:
        out[-16:] = transform(draw(16).reshape(1, 16), mean, std).reshape(-1)
    return out.reshape(shape)


@draws
def normal_from_tensors(gen: Generator, mean: Array | float, std: Array | float) -> Array:
    """`normal(mean, std)` with one or both an array; they broadcast. The dtype is the mean's if that is an array."""
    if isinstance(std, np.ndarray):
        if std.size and not _once(std).min() >= 0:
            raise ValueProblem("normal expects all elements of std >= 0.0")
        likes = mean if isinstance(mean, np.ndarray) else std
        shape = np.broadcast_shapes(np.shape(mean), std.shape)
        scaled = (normal(gen, shape, likes.dtype) * std).astype(likes.dtype, copy=False)
        shifted: Array = scaled + alloc.asarray(mean, likes.dtype)
        return shifted
    if not isinstance(mean, np.ndarray):
        raise TypeError("normal_from_tensors wants an array")
    centred = normal(gen, mean.shape, mean.dtype, 0.0, std)
    centred += mean
    return centred


@draws
def log_normal(gen: Generator, shape: Shape, dtype: NpDtype, mean: float = 1.0, std: float = 2.0) -> Array:
    """`log_normal_`: exp of a normal."""
    if not std > 0.0:
        raise ValueProblem(f"log_normal_ expects std > 0.0, but found std={std:g}")
    n = _count(shape)
    if n:
        _floating(dtype, "log_normal_cpu")
    return _cast(libm(exp, np.exp, _pairs(gen, n, mean, std), dtype), dtype).reshape(shape)


@draws
def exponential(gen: Generator, shape: Shape, dtype: NpDtype, rate: float = 1.0) -> Array:
    """`exponential_`."""
    if not rate > 0.0:
        raise ValueProblem(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
    n = _count(shape)
    if n and dtype.kind != "f":
        raise DtypeError(
            "Exponential distribution is a continuous probability distribution. "
            f"dtype must be a floating point but you specified {OF[dtype].title}"
        )
    logs = libm(math.log1p, np.log1p, -gen.doubles(n), dtype)
    return _cast(-1.0 / rate * logs, dtype).reshape(shape)


@draws
def cauchy(gen: Generator, shape: Shape, dtype: NpDtype, median: float = 0.0, sigma: float = 1.0) -> Array:
    """`cauchy_`."""
    if not sigma > 0.0:
        raise ValueProblem(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    if dtype.kind != "f":
        raise DtypeError(
            "Cauchy distribution is a continuous probability distribution. "
            f"dtype must be a floating point but you specified {OF[dtype].c_name}"
        )
    angles = math.pi * (gen.doubles(_count(shape)) - 0.5)
    return _cast(fma(libm(math.tan, np.tan, angles, dtype), sigma, median), dtype).reshape(shape)


@draws
def geometric(gen: Generator, shape: Shape, dtype: NpDtype, p: float) -> Array:
    """`geometric_`: how many trials up to the first success, 1 at least, in a floating or integer dtype."""
    if not 0 < p < 1:
        raise ValueProblem(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    n = _count(shape)
    if n and dtype.kind == "b":
        raise Unsupported("\"geometric_cpu\" not implemented for 'Bool'")
    trials = np.ceil(libm(log, np.log, gen.doubles(n), dtype) / math.log1p(-p))
    return _cast(trials, dtype).reshape(shape)


# --- discrete distributions ---------------------------------------------------------------------------------------


@draws
def random(
    gen: Generator,
    shape: Shape,
    dtype: NpDtype,
    low: int | None = None,
    high: int | None = None,
    *,
    bounded: bool = True,
) -> Array:
    """`random_`. `random_(high)` and `random_(low, high)` draw from [low, high) (`low` None is 0).

    With neither bound: [0, the dtype's largest value], or [0, 2**digits] for a floating dtype. `random_(low, None)`,
    which has a lower bound only, is `bounded=False`.
    """
    n = _count(shape)
    if high is None and low is None and bounded:
        limit = (
            2 ** DIGITS[dtype.char] + 1 if dtype.kind == "f" else 2 if dtype.kind == "b" else np.iinfo(dtype).max + 1
        )
        words = gen.longs(n) if dtype in (INT64, FLOAT64) else gen.words(n)
        return _cast(words % words.dtype.type(limit), dtype).reshape(shape)
    low = _int64(0 if low is None else low)
    floating = dtype.kind == "f"
    if high is not None:
        high = _int64(high)
        if low >= high:
            raise ValueProblem(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        if floating:
            low, high = _next_above(low, dtype), _next_below(high, dtype)
            if low >= high:
                raise ValueProblem(
                    "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, "
                    f"but got from={low} >= to={high}"
                )
        last = high - 1
    elif low == INT64_MIN:
        if dtype not in (INT64, FLOAT64, FLOAT32):
            raise DtypeError("random_full_64_bits_range_kernel_cpu handles only int64, double, float and bfloat16")
        return _cast(gen.longs(n).view(np.int64), dtype).reshape(shape)
    else:
        last = 2 ** DIGITS[dtype.char] if floating else 1 if dtype.kind == "b" else int(np.iinfo(dtype).max)
        if floating:
            low = _next_above(low, dtype)
            if low >= last:
                raise ValueProblem(
                    "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype, "
                    f"but got from={low} > to_inc={last}"
                )
    _check_bounds(low, last, dtype)
    return _cast(_integers(gen, n, last - low + 1, low), dtype).reshape(shape)


@draws
def randint(gen: Generator, low: int, high: int, shape: Shape, dtype: NpDtype = INT64) -> Array:
    """Integers in [low, high), in any dtype."""
    return random(gen, shape, dtype, low, high)


@draws
def randperm(gen: Generator, n: int, dtype: NpDtype = INT64) -> Array:
    """A permutation of 0 … n - 1."""
    if n < 0:
        raise ShapeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    if dtype.kind == "f" and n > 2 ** DIGITS[dtype.char] + 1:
        raise ValueProblem(f"n cannot be greater than {2 ** DIGITS[dtype.char] + 1} for {OF[dtype].title} type.")
    if dtype.kind == "b":
        raise Unsupported("\"randperm\" not implemented for 'Bool'")
    if dtype.kind in "iu" and n > np.iinfo(dtype).max + 1:
        raise ValueProblem(f"value cannot be converted to type {dtype.name}_t without overflow")
    items = list(range(n))
    if n > 1:
        # Each place in turn swaps with one at or after it. The loop is sequential by nature; 1e6 take 0.2 s.
        left = alloc.arange(n, 1, -1)
        partners = gen.words(n - 1).astype(np.int64) % left
        partners += alloc.arange(n - 1)
        for i, j in enumerate(partners.tolist()):
            items[i], items[j] = items[j], items[i]
    return alloc.array(items, np.int64).astype(dtype, copy=False)


@draws
def bernoulli(gen: Generator, p: float, shape: Shape, dtype: NpDtype) -> Array:
    """`bernoulli_(p)`: 1 with probability `p`, else 0. Draws float64 uniforms whatever the dtype."""
    if not 0 <= p <= 1:
        raise ValueProblem(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
    return (gen.doubles(_count(shape)) < p).astype(dtype).reshape(shape)


@draws
def bernoulli_each(gen: Generator, p: Array, dtype: NpDtype | None = None) -> Array:
    """`bernoulli(p)`: a probability per element, of a floating dtype, which is the result's too unless one is given."""
    p = alloc.asarray(p)
    if p.size:
        _floating(p.dtype, "bernoulli_tensor_cpu_p_")
        if not (_once(p).min() >= 0 and _once(p).max() <= 1):
            raise ValueProblem(
                "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  "
                "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
            )
    draws = gen.doubles(p.size) if p.dtype == FLOAT64 else gen.floats(p.size)
    return (draws.reshape(p.shape) < p).astype(p.dtype if dtype is None else dtype)


@draws
def dropout_noise(gen: Generator, shape: Shape, p: float, dtype: NpDtype) -> Array:
    """What dropout multiplies by, for 0 < p < 1: 0 with probability `p`, else 1 / (1 - p).

    For p = 0, p = 1 and inputs without elements PyTorch draws nothing.
    """
    kept = bernoulli(gen, 1 - p, shape, dtype)
    scale = 1.0 / (np.float64(1 - p) if dtype == FLOAT64 else np.float32(1 - p))
    kept *= scale.astype(dtype)
    return kept


@draws
def multinomial(gen: Generator, weights: Array, samples: int, replacement: bool = False) -> Array:
    """Indices drawn by weight from each row: int64, shaped as `weights` with the last dimension `samples` long.

    `weights` is (categories,) or (rows, categories). Without replacement, equal ratios (float16, or fewer nonzero
    weights than samples) come in the order of their indices, which is not always PyTorch's.
    """
    if weights.ndim not in (1, 2):
        raise ShapeError("prob_dist must be 1 or 2 dim")
    if weights.dtype.kind != "f":
        raise DtypeError(f"multinomial only supports floating-point dtypes for input, got: {OF[weights.dtype].title}")
    if samples <= 0:
        raise ValueProblem("cannot sample n_sample <= 0 samples")
    if not replacement and samples > weights.shape[-1]:
        raise ValueProblem("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if weights.shape[-1] > 2**24:
        raise ValueProblem("number of categories cannot exceed 2^24")
    shape = (*weights.shape[:-1], samples)
    if weights.size == 0:
        return alloc.zeros(shape, np.int64)
    rows = weights.reshape(-1, weights.shape[-1])
    if replacement and samples > 1:
        return np.stack([_with_replacement(gen, row, samples) for row in rows]).reshape(shape)
    if not (rows.min() >= 0 and rows.max() < np.inf):
        raise ValueProblem("probability tensor contains either `inf`, `nan` or element < 0")
    if not rows.any(axis=1).all():
        raise ValueProblem("invalid multinomial distribution (sum of probabilities <= 0)")
    # The largest of weight / Exp(1) fall on the categories with the right odds.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        race = rows / like(rows, exponential(gen, rows.shape, rows.dtype))
    if samples == 1:
        winners: Array = race.argmax(axis=1)
    else:
        winners = alloc.ascontiguousarray(np.argsort(-race, axis=1, kind="stable")[:, :samples])
    return winners.reshape(shape)


def _with_replacement(gen: Generator, row: Array, samples: int) -> Array:
    if not (row >= 0).all():
        raise ValueProblem("invalid multinomial distribution (encountering probability entry < 0)")
    if not np.isfinite(row).all():
        raise ValueProblem("invalid multinomial distribution (encountering probability entry = infinity or NaN)")
    # Added up one by one, as accumulate does and sum does not; float16 adds in float32.
    reach = np.add.accumulate(row.astype(np.float32) if row.dtype == FLOAT16 else row)
    if not reach[-1] > 0:
        raise ValueProblem("invalid multinomial distribution (sum of probabilities <= 0)")
    reach = reach / reach[-1]
    reach[-1] = 1
    return np.searchsorted(reach.astype(np.float64), gen.doubles(samples), side="left").astype(np.int64, copy=False)


def like(x: Array, draws: Array) -> Array:
    """Draws for a tensor like `x`, whose elements PyTorch draws in the order of memory."""
    if x.ndim < 2 or x.__class__ is not np.ndarray or x.shape != draws.shape or x.flags.c_contiguous:
        return draws
    out: Array = empty_as(x, draws.dtype)
    in_memory_order(out, draws)
    return out


def in_memory_order(out: Array, draws: Array) -> None:
    """Write `draws`, in the order of the stream, to `out` in the order of its memory, as PyTorch fills `out`."""
    order = sorted(range(out.ndim), key=lambda dim: -abs(out.strides[dim]))
    out.transpose(order)[...] = draws.reshape([out.shape[dim] for dim in order])


# --- the parts ----------------------------------------------------------------------------------------------------


def _once(array: Array) -> Array:
    """The elements of an expanded array, each once: to go over `ones(1).expand(2**53)` would take days."""
    return array[tuple(slice(0, None if step else 1) for step in array.strides)]


def _count(shape: Shape) -> int:
    for extent in shape:
        if extent < 0:
            raise ShapeError(f"Trying to create tensor with negative dimension {extent}: {list(shape)}")
    return math.prod(shape)


def _floating(dtype: NpDtype, kernel: str) -> None:
    if dtype.kind != "f":
        raise Unsupported(f"\"{kernel}\" not implemented for '{OF[dtype].title}'")


def _cast(values: Array, dtype: NpDtype) -> Array:
    """To the dtype as C++ casts: float16 by way of float32."""
    with np.errstate(over="ignore", invalid="ignore"):
        return (values.astype(np.float32) if dtype == FLOAT16 else values).astype(dtype, copy=False)


def _pairs(gen: Generator, n: int, mean: float, std: float) -> Array:
    """float64[n] normals by PyTorch's one-at-a-time method; they come in pairs, the odd one out is kept for later."""
    out: list[float] = []
    if n and gen.kept is not None:
        out.append(gen.kept)
        gen.kept = None
    uniforms = gen.doubles(n - len(out) + (n - len(out)) % 2).tolist()
    for u1, u2 in zip(uniforms[::2], uniforms[1::2], strict=True):
        radius = math.sqrt(-2.0 * math.log1p(-u2))
        angle = 2.0 * math.pi * u1
        out.append(radius * math.cos(angle))
        out.append(radius * math.sin(angle))
    if len(out) > n:
        gen.kept = out.pop()
    values = alloc.array(out, np.float64)
    return values if (mean, std) == (0.0, 1.0) else fma(values, std, mean)


def _integers(gen: Generator, n: int, span: int, base: int) -> Array:
    """int64[n] in [base, base + span)."""
    # From 2**28 up the remainder of a 32-bit word would be noticeably uneven.
    words = gen.longs(n) if span >= 2**28 else gen.words(n)
    if span < 2**64:
        words = words % words.dtype.type(span)
    return words.astype(np.int64) + np.int64(base)


def _int64(value: int) -> int:
    if not INT64_MIN <= value <= INT64_MAX:
        raise ValueError_("Overflow when unpacking long long")
    return value


def _check_bounds(low: int, last: int, dtype: NpDtype) -> None:
    """That [low, last] fits the dtype; a warning where a floating dtype cannot tell neighbours apart."""
    if dtype.kind == "f":
        limits = np.finfo(dtype)
        lowest, highest = float(limits.min), float(limits.max)
    elif dtype.kind == "b":
        lowest, highest = 0, 1
    else:
        lowest, highest = np.iinfo(dtype).min, np.iinfo(dtype).max
    for name, value in (("from", low), ("to - 1", last)):
        if not lowest <= value <= highest:
            raise ValueProblem(f"{name} is out of bounds for {OF[dtype].c_name}")
    if dtype.kind == "f":
        digits = DIGITS[dtype.char]
        for name, value in (("from", low), ("to - 1", last)):
            if abs(value) > 2**digits:
                mode.warn(
                    f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations "
                    f"{OF[dtype].c_name} can support discrete uniform distribution only within this range. "
                    "This warning will become an error in version 1.7 release, please fix the code in advance"
                )


def _rounded(value: int, dtype: NpDtype) -> int:
    """`value` as the floating dtype holds it; int64's extremes stand for what is beyond them."""
    with np.errstate(over="ignore"):
        held = float(np.float64(value) if dtype == FLOAT64 else np.float32(value).astype(dtype))
    if math.isinf(held):
        return INT64_MIN  # what the conversion gives on x86, for either sign
    return max(INT64_MIN, min(INT64_MAX, int(held)))


def _next_above(low: int, dtype: NpDtype) -> int:
    """`low`, moved up where rounding to the dtype would leave the range."""
    held = _rounded(low + 1, dtype)
    if held < low:
        return held + (1 << max(0, abs(low + 1).bit_length() - DIGITS[dtype.char]))
    return low


def _next_below(high: int, dtype: NpDtype) -> int:
    """`high`, moved down where rounding to the dtype would reach it."""
    held = _rounded(high - 1, dtype)
    if held >= high:
        return held - (1 << max(0, abs(high - 1).bit_length() - DIGITS[dtype.char]))
    return high
