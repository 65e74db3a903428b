"""Language features that training code leans on."""
import contextlib
import functools
import itertools
import operator
import time
from collections import defaultdict, OrderedDict, Counter, deque, namedtuple
import torch


class Vector:
    __slots__ = ("data",)

    def __init__(self, *values):
        self.data = torch.tensor(values, dtype=torch.float32)

    def __add__(self, other):
        return Vector(*(self.data + other.data).tolist())

    def __mul__(self, k):
        return Vector(*(self.data * k).tolist())

    __rmul__ = __mul__

    def __matmul__(self, other):
        return self.data.dot(other.data).item()

    def __len__(self):
        return self.data.numel()

    def __getitem__(self, i):
        return self.data[i].item()

    def __iter__(self):
        yield from self.data.tolist()

    def __eq__(self, other):
        return isinstance(other, Vector) and torch.equal(self.data, other.data)

    def __lt__(self, other):
        return self.data.norm() < other.data.norm()

    def __bool__(self):
        return bool(self.data.any())

    def __contains__(self, v):
        return v in self.data.tolist()

    def __repr__(self):
        return f"Vector({', '.join(f'{v:g}' for v in self)})"

    def __call__(self, f):
        return Vector(*map(f, self))

    @classmethod
    def zeros(cls, n):
        return cls(*[0.0] * n)

    @staticmethod
    def basis(n, i):
        return Vector(*(float(j == i) for j in range(n)))

    @property
    def norm(self):
        return self.data.norm().item()


v, w = Vector(1, 2, 2), Vector.basis(3, 1)
print(v + w, 2 * v, v @ w, len(v), v[0], list(v), v == Vector(1, 2, 2), w < v, bool(Vector.zeros(2)), 2.0 in v, v.norm)
print(v(lambda t: t ** 2), sorted([v, w, 3 * w]), max(v, w), sum(v))
try:
    v.extra = 1
except AttributeError as e:
    print("AttributeError", e)


def timed(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        result = fn(*args, **kwargs)
        wrapper.calls += 1
        assert time.perf_counter() - start >= 0
        return result
    wrapper.calls = 0
    return wrapper


def repeat(n=2):
    def decorate(fn):
        @functools.wraps(fn)
        def inner(*a, **k):
            return [fn(*a, **k) for _ in range(n)]
        return inner
    return decorate


@timed
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@repeat(n=3)
def draw(low, *, high=10):
    """Draws."""
    return torch.randint(low, high, (1,)).item()


print(fib(8), fib.calls, fib.__name__, draw(0, high=3), draw.__name__)


@contextlib.contextmanager
def evaluating(model):
    was = model.training
    try:
        model.eval()
        yield model
    finally:
        model.train(was)


m = torch.nn.Dropout(0.5)
with evaluating(m) as mm:
    print(mm.training, mm(torch.ones(2)))
print(m.training)


def batches(data, size):
    it = iter(data)
    while chunk := list(itertools.islice(it, size)):
        yield chunk


print(list(batches(range(7), 3)), [*itertools.chain([1], (2, 3))], list(itertools.product("ab", [0, 1]))[:3])
print(functools.reduce(operator.mul, [1, 2, 3, 4]), list(itertools.accumulate([1, 2, 3])), dict(zip("abc", itertools.count(1))))


def outer():
    total = 0

    def add(k):
        nonlocal total
        total += k
        return total
    return add


acc = outer()
print([acc(i) for i in (1, 2, 3)], (lambda *a, **k: (a, k))(1, 2, x=3))
first, *middle, last = range(6)
(a, b), c = (1, 2), 3
print(first, middle, last, a, b, c, {**{"x": 1}, "y": 2}, [*range(3), *"ab"])
grid = [[i * j for j in range(3)] for i in range(3) if i % 2 == 0]
print(grid, {i: i ** 2 for i in range(3)}, {x % 3 for x in range(7)}, sum(x for x in range(5) if x))


class Meter(defaultdict):
    def __init__(self):
        super().__init__(list)

    def log(self, **kw):
        for k, v in kw.items():
            self[k].append(v)


meter = Meter()
meter.log(loss=1.0, acc=0.5)
meter.log(loss=0.5)
print(dict(meter), Counter("banana").most_common(2), deque([1, 2, 3], maxlen=2), OrderedDict(a=1))


def risky(x):
    try:
        return 10 / x
    except ZeroDivisionError as e:
        print("caught:", e)
        return float("inf")
    except (TypeError, ValueError):
        return None
    else:
        return -1
    finally:
        print("done", x)


print(risky(4), risky(0), risky("a"))
s = f"{3.14159:.2f}|{42:>6}|{42:<6}|{42:^6}|{1e6:,.0f}|{0.256:.1%}|{255:#x}|{5:03d}|{'hi'!r:>6}|{'x' * 3}|{1.5e-5:.2e}"
print(s, "%5.1f|%-5s|%05d" % (2.345, "ab", 42), "{0}-{1}-{0}".format("a", "b"), "{x:.3f}".format(x=1 / 3))
print("=" * 20, "a,b".split(","), " pad ".strip(), "Title Case".lower().replace(" ", "_"), "abc"[::-1], "x".center(5, "*"))
