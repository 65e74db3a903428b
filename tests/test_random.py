"""The random stream, against PyTorch 2.13's numbers."""

import base64
import json
import math
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from gradsh.engine.kernels import random
from gradsh.engine.kernels.random import Generator
from gradsh.engine.kernels.reparameterised import gamma_gradient
from gradsh.errors import GradshError

DATA = Path(__file__).parent / "data"
REFERENCE = json.loads((DATA / "rng_reference.json").read_text(encoding="utf-8"))
STREAM = json.loads((DATA / "stream.json").read_text(encoding="utf-8"))["cases"]
FLOAT32, FLOAT64, INT64 = np.dtype("float32"), np.dtype("float64"), np.dtype("int64")


class Empty:
    """`empty(5)` of the reference's calls, with its filling methods."""

    def __init__(self, g, shape):
        self.g, self.shape = g, shape

    def uniform_(self, low, high):
        return random.uniform(self.g, self.shape, FLOAT32, low, high)

    def normal_(self, mean, std):
        return random.normal(self.g, self.shape, FLOAT32, mean, std)

    def bernoulli_(self, p):
        return random.bernoulli(self.g, p, self.shape, FLOAT32)

    def exponential_(self):
        return random.exponential(self.g, self.shape, FLOAT32)


def layer(g, weight, fan_in, bias):
    """A layer's default initialisation: weight, then bias, uniform within 1 / sqrt(fan in)."""
    bound = 1 / math.sqrt(fan_in)
    first = math.sqrt(3.0) * (math.sqrt(2.0 / (1 + math.sqrt(5) ** 2)) / math.sqrt(fan_in))
    return [random.uniform(g, weight, FLOAT32, -first, first), random.uniform(g, (bias,), FLOAT32, -bound, bound)]


def recurrent(g, gates, size, hidden):
    """One layer of an LSTM (four gates) or a GRU (three): all of it uniform within 1 / sqrt(hidden)."""
    bound, rows = 1 / math.sqrt(hidden), gates * hidden
    return [random.uniform(g, s, FLOAT32, -bound, bound) for s in ((rows, size), (rows, hidden), (rows,), (rows,))]


def attention(g, size):
    """The output layer comes first, then the input projection (Xavier); biases are zero."""
    out, _ = layer(g, (size, size), size, size)
    bound = math.sqrt(3.0) * math.sqrt(2.0 / (size + 3 * size))
    weight = random.uniform(g, (3 * size, size), FLOAT32, -bound, bound)
    return [weight, np.zeros(3 * size, np.float32), out, np.zeros(size, np.float32)]


def truncated(g, shape):
    """A standard normal within [-2, 2]: what falls outside is drawn again, with as many draws as there are elements."""
    out = random.normal(g, shape, FLOAT32)
    while (np.abs(out) > 2).any():
        out = np.where(np.abs(out) > 2, random.normal(g, shape, FLOAT32), out)
    return out


def orthogonal(g, rows, columns):
    """The Q of a normal matrix (fewer rows than columns), with R's diagonal made positive."""
    q, r = np.linalg.qr(random.normal(g, (rows, columns), FLOAT32).T)
    return (q * np.sign(np.diag(r))).T


def calls(g):
    """The names that the reference's keys use."""

    def shape(size):
        return size[0] if size and isinstance(size[0], tuple) else size

    return {
        "float64": FLOAT64,
        "replacement": True,
        "rand": lambda *size, dtype=FLOAT32: random.uniform(g, shape(size), dtype),
        "randn": lambda *size, dtype=FLOAT32: random.normal(g, shape(size), dtype),
        "randint": lambda low, high, size: random.randint(g, low, high, size),
        "randperm": lambda n: random.randperm(g, n),
        "empty": lambda *shape: Empty(g, shape),
        "full": lambda size, value: np.full(size, value, np.float32),
        "ones": lambda n: np.ones(n, np.float32),
        "zeros": lambda n: np.zeros(n, np.float32),
        "tensor": lambda values: np.array(values, np.float32),
        "bernoulli": lambda p: random.bernoulli_each(g, p),
        "dropout": lambda x, p: x * random.dropout_noise(g, x.shape, p, x.dtype),
        "multinomial": lambda *args: random.multinomial(g, *args),
        "normal": lambda mean, std: random.normal_from_tensors(g, mean, std),
        "rand_like": lambda x: random.uniform(g, x.shape, x.dtype),
        "randn_like": lambda x: random.normal(g, x.shape, x.dtype),
        "Linear": lambda i, o: layer(g, (o, i), i, o),
        "Conv2d": lambda i, o, k: layer(g, (o, i, k, k), i * k * k, o),
        "Conv1d": lambda i, o, k: layer(g, (o, i, k), i * k, o),
        "ConvTranspose2d": lambda i, o, k: layer(g, (i, o, k, k), o * k * k, o),
        "xavier_uniform_": lambda x: x.uniform_(-math.sqrt(3) * math.sqrt(2 / 10), math.sqrt(3) * math.sqrt(2 / 10)),
        "xavier_normal_": lambda x: x.normal_(0.0, math.sqrt(2 / 10)),
        "kaiming_uniform_": lambda x: x.uniform_(-math.sqrt(3) * math.sqrt(2 / 6), math.sqrt(3) * math.sqrt(2 / 6)),
        "kaiming_normal_": lambda x: x.normal_(0.0, math.sqrt(2) / math.sqrt(6)),
        "uniform_": lambda x: x.uniform_(0.0, 1.0),
        "normal_": lambda x: x.normal_(0.0, 1.0),
        "trunc_normal_": lambda x: truncated(g, x.shape),
        "orthogonal_": lambda x: orthogonal(g, *x.shape),
        "Embedding": lambda n, size: [random.normal(g, (n, size), FLOAT32)],
        "LSTM": lambda size, hidden: recurrent(g, 4, size, hidden),
        "GRU": lambda size, hidden: recurrent(g, 3, size, hidden),
        "MultiheadAttention": lambda size, heads: attention(g, size),
    }


@pytest.mark.parametrize("seed", ["0", "1", "42"])
def test_reference(seed):
    for text, expected in REFERENCE[seed].items():
        names = calls(Generator(int(seed)))
        call, _, is_layer = text.partition(": ")
        results = [eval(part, names) for part in call.split("; ")]
        if is_layer:
            results = results[0]
        elif len(results) == 1:
            expected = [expected]
        for got, want in zip(results, expected, strict=True):
            # LAPACK's QR may round differently; every other number is PyTorch's to the last bit
            tolerance = 1e-6 if "orthogonal" in text else 0
            np.testing.assert_allclose(got, np.array(want, got.dtype), tolerance, tolerance, err_msg=f"{seed}: {text}")


def replay(g, name, shape, kind, *args):
    shape, dtype = tuple(shape), np.dtype(kind)
    if name == "strided":
        out = np.empty(shape[::-1], dtype).T
        draws = random.normal(g, (out.size,), dtype, *args, contiguous=False)
        random.in_memory_order(out, draws)
        return out.T.copy()
    if name == "randint":
        return random.randint(g, *args, shape, dtype)
    if name == "lower":
        return random.random(g, shape, dtype, 7, bounded=False)
    if name == "randperm":
        return random.randperm(g, *shape)
    if name == "bernoulli":
        return random.bernoulli(g, *args, shape, dtype)
    if name == "bernoulli_each":
        # the recorder's linspace, symmetric about the middle as PyTorch computes it
        n = math.prod(shape)
        step = dtype.type(1) / dtype.type(max(n - 1, 1))
        p = np.array([step * i if i < n // 2 else 1 - step * (n - 1 - i) for i in range(n)] if n > 1 else [0] * n)
        return random.bernoulli_each(g, p.astype(dtype).reshape(shape))
    if name == "multinomial":
        return random.multinomial(g, np.arange(1, math.prod(shape) + 1, dtype=dtype).reshape(shape), *args)
    return getattr(random, name)(g, shape, dtype, *args)


@pytest.mark.parametrize("number", range(len(STREAM)))
def test_stream(number):
    """Mixed sequences of draws, bit for bit, and the state that they leave."""
    case = STREAM[number]
    g = Generator(case["seed"])
    for draw in case["draws"]:
        got = replay(g, *draw["call"])
        want = np.frombuffer(zlib.decompress(base64.b64decode(draw["data"])), draw["dtype"]).reshape(draw["shape"])
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want, err_msg=str(draw["call"]))
    assert zlib.crc32(g.as_bytes().tobytes()) == case["state"]


def test_large_draws_continue_small_ones():
    """Where one call draws in several chunks, the words are those of many small calls."""
    n = 3 * random.CHUNK + 5
    one, many = Generator(5), Generator(5)
    whole = one.words(n)
    pieces = [many.words(k) for k in (1, 7, random.CHUNK, n - 8 - random.CHUNK)]
    np.testing.assert_array_equal(whole, np.concatenate(pieces))
    np.testing.assert_array_equal(one.words(3), many.words(3))
    reference = np.random.MT19937()
    reference._legacy_seeding(5)
    np.testing.assert_array_equal(whole, reference.random_raw(n))


def test_seeds():
    assert Generator().initial_seed() == 67280421310721
    assert Generator(-1).initial_seed() == 2**64 - 1
    assert Generator(2**32).words(2).tolist() == Generator(0).words(2).tolist()
    for seed in (2**64, -(2**63) - 1):
        with pytest.raises(GradshError, match="Overflow when unpacking long long"):
            Generator(seed)
    assert Generator.fresh().initial_seed() != Generator.fresh().initial_seed()
    g = Generator(3)
    assert g.seed() == g.initial_seed()


def test_state():
    g = Generator(9)
    assert random.normal(g, (3,), FLOAT32).shape == (3,)
    state, twin = g.as_bytes(), g.clone()
    assert (state.dtype, state.shape) == (np.uint8, (5056,))
    other = Generator()
    other.from_bytes(state)
    after = random.normal(g, (20,), FLOAT64), random.normal(g, (1,), FLOAT64)
    for same in (twin, other):
        assert same.initial_seed() == 9
        np.testing.assert_array_equal(random.normal(same, (20,), FLOAT64), after[0])
        np.testing.assert_array_equal(random.normal(same, (1,), FLOAT64), after[1])
    with pytest.raises(GradshError, match="size 5056 but found the input RNG state size to be 3"):
        g.from_bytes(np.zeros(3, np.uint8))
    with pytest.raises(GradshError, match="Invalid mt19937 state"):
        g.from_bytes(np.zeros(5056, np.uint8))


HALF, BYTE, BOOL = np.dtype("float16"), np.dtype("uint8"), np.dtype("bool")
REFUSALS = [
    (
        lambda g: random.uniform(g, (3,), FLOAT32, 2, 1),
        "RuntimeError",
        "uniform_ expects to return a [from, to) range, but found from=2 > to=1",
    ),
    (
        lambda g: random.uniform(g, (3,), FLOAT32, 0, math.inf),
        "RuntimeError",
        "to is out of bounds for float",
    ),
    (
        lambda g: random.uniform(g, (3,), HALF, 0, 70000),
        "RuntimeError",
        "to is out of bounds for c10::Half",
    ),
    (
        lambda g: random.uniform(g, (3,), INT64),
        "NotImplementedError",
        "\"check_uniform_bounds\" not implemented for 'Long'",
    ),
    (
        lambda g: random.uniform(g, (2, -1), FLOAT32),
        "RuntimeError",
        "Trying to create tensor with negative dimension -1: [2, -1]",
    ),
    (
        lambda g: random.normal(g, (3,), FLOAT32, 0, -1),
        "RuntimeError",
        "normal expects std >= 0.0, but found std -1",
    ),
    (
        lambda g: random.normal(g, (3,), FLOAT32, 0, math.nan),
        "RuntimeError",
        "normal expects std >= 0.0, but found std nan",
    ),
    (
        lambda g: random.normal(g, (3,), INT64),
        "NotImplementedError",
        "\"normal_kernel_cpu\" not implemented for 'Long'",
    ),
    (
        lambda g: random.normal_from_tensors(g, 0.0, -np.ones(2)),
        "RuntimeError",
        "normal expects all elements of std >= 0.0",
    ),
    (
        lambda g: random.exponential(g, (3,), FLOAT32, -1),
        "RuntimeError",
        "exponential_ expects lambda > 0.0, but found lambda=-1",
    ),
    (
        lambda g: random.exponential(g, (3,), INT64),
        "RuntimeError",
        "Exponential distribution is a continuous probability distribution. dtype must be a floating "
        "point but you specified Long",
    ),
    (
        lambda g: random.cauchy(g, (3,), INT64),
        "RuntimeError",
        "Cauchy distribution is a continuous probability distribution. dtype must be a floating point "
        "but you specified long int",
    ),
    (
        lambda g: random.cauchy(g, (3,), FLOAT32, 0, 0),
        "RuntimeError",
        "cauchy_ expects sigma > 0.0, but found sigma=0",
    ),
    (
        lambda g: random.log_normal(g, (3,), FLOAT32, 0, 0),
        "RuntimeError",
        "log_normal_ expects std > 0.0, but found std=0",
    ),
    (
        lambda g: random.log_normal(g, (3,), INT64),
        "NotImplementedError",
        "\"log_normal_cpu\" not implemented for 'Long'",
    ),
    (
        lambda g: random.geometric(g, (3,), FLOAT32, 1.5),
        "RuntimeError",
        "geometric_ expects p to be in (0, 1), but got p=1.5",
    ),
    (
        lambda g: random.geometric(g, (3,), BOOL, 0.5),
        "NotImplementedError",
        "\"geometric_cpu\" not implemented for 'Bool'",
    ),
    (
        lambda g: random.bernoulli(g, -0.1, (3,), FLOAT32),
        "RuntimeError",
        "bernoulli_ expects p to be in [0, 1], but got p=-0.1",
    ),
    (
        lambda g: random.bernoulli_each(g, np.array([1.5])),
        "RuntimeError",
        "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be "
        "improved?  If so, please report an enhancement request to PyTorch.)",
    ),
    (
        lambda g: random.bernoulli_each(g, np.array([1])),
        "NotImplementedError",
        "\"bernoulli_tensor_cpu_p_\" not implemented for 'Long'",
    ),
    (
        lambda g: random.randint(g, 5, 2, (3,)),
        "RuntimeError",
        "random_ expects 'from' to be less than 'to', but got from=5 >= to=2",
    ),
    (
        lambda g: random.randint(g, 0, 300, (3,), BYTE),
        "RuntimeError",
        "to - 1 is out of bounds for unsigned char",
    ),
    (
        lambda g: random.randint(g, -1, 3, (3,), BYTE),
        "RuntimeError",
        "from is out of bounds for unsigned char",
    ),
    (
        lambda g: random.randint(g, 0, 3, (3,), BOOL),
        "RuntimeError",
        "to - 1 is out of bounds for bool",
    ),
    (
        lambda g: random.randint(g, 0, 2**30, (3,), HALF),
        "RuntimeError",
        "to - 1 is out of bounds for c10::Half",
    ),
    (
        lambda g: random.randint(g, 0, 2**63, (3,)),
        "ValueError",
        "Overflow when unpacking long long",
    ),
    (
        lambda g: random.randperm(g, -1),
        "RuntimeError",
        "Trying to create tensor with negative dimension -1: [-1]",
    ),
    (
        lambda g: random.randperm(g, 300, BYTE),
        "RuntimeError",
        "value cannot be converted to type uint8_t without overflow",
    ),
    (
        lambda g: random.randperm(g, 3000, HALF),
        "RuntimeError",
        "n cannot be greater than 2049 for Half type.",
    ),
    (
        lambda g: random.randperm(g, 2, BOOL),
        "NotImplementedError",
        "\"randperm\" not implemented for 'Bool'",
    ),
    (
        lambda g: random.multinomial(g, np.zeros(2), 1),
        "RuntimeError",
        "invalid multinomial distribution (sum of probabilities <= 0)",
    ),
    (
        lambda g: random.multinomial(g, np.zeros(2), 2, True),
        "RuntimeError",
        "invalid multinomial distribution (sum of probabilities <= 0)",
    ),
    (
        lambda g: random.multinomial(g, np.array([-1.0, 2]), 1),
        "RuntimeError",
        "probability tensor contains either `inf`, `nan` or element < 0",
    ),
    (
        lambda g: random.multinomial(g, np.array([math.nan, 2]), 2, True),
        "RuntimeError",
        "invalid multinomial distribution (encountering probability entry < 0)",
    ),
    (
        lambda g: random.multinomial(g, np.array([math.inf, 2]), 2, True),
        "RuntimeError",
        "invalid multinomial distribution (encountering probability entry = infinity or NaN)",
    ),
    (
        lambda g: random.multinomial(g, np.ones(2), 3),
        "RuntimeError",
        "cannot sample n_sample > prob_dist.size(-1) samples without replacement",
    ),
    (
        lambda g: random.multinomial(g, np.ones(2), 0),
        "RuntimeError",
        "cannot sample n_sample <= 0 samples",
    ),
    (
        lambda g: random.multinomial(g, np.array(1.0), 1),
        "RuntimeError",
        "prob_dist must be 1 or 2 dim",
    ),
    (
        lambda g: random.multinomial(g, np.array([1, 2]), 1),
        "RuntimeError",
        "multinomial only supports floating-point dtypes for input, got: Long",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS)
def test_refusals(call, kind, message):
    """PyTorch's words."""
    with pytest.raises(GradshError) as caught:
        call(Generator(0))
    assert (caught.value.kind, caught.value.message) == (kind, message)


def test_infinite_parameters():
    values = random.normal(Generator(0), (40,), FLOAT64, 0.0, math.inf)
    assert np.isinf(values).all()
    assert np.isinf(random.normal(Generator(0), (40,), FLOAT32, math.inf, 2.0)).all()
    assert (random.exponential(Generator(0), (3,), FLOAT32, math.inf) == 0).all()


def test_numpy_random_is_not_imported():
    """It takes 12 ms, which a program that draws a few numbers should not pay."""
    code = (
        "import sys, numpy; from gradsh.engine.kernels import random; g = random.Generator(0);"
        "random.normal(g, (50,), numpy.dtype('float32')); print('numpy.random' in sys.modules)"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout == "False\n"


def test_the_gradient_of_a_gamma_draw_at_odd_shapes():
    given = np.array([0.0, -1.0, -20.5]), np.full(3, 0.5)
    assert gamma_gradient(*given) == pytest.approx([math.inf, -math.inf, -0.08775494067061514])
