from typing import Dict, Iterator, NamedTuple, Protocol, TypeVar, Generic, Callable, Any
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, asdict, replace
import torch
from torch import Tensor, nn

T = TypeVar("T")

class Metric(ABC):
    def __init__(self) -> None:
        self.reset()
    @abstractmethod
    def update(self, p: Tensor, t: Tensor) -> None: ...
    @abstractmethod
    def compute(self) -> float: ...
    def reset(self) -> None:
        self._n, self._s = 0, 0.0
    def __call__(self, p, t):
        self.update(p, t)
        return self.compute()

class Accuracy(Metric):
    def update(self, p, t):
        self._s += (p.argmax(-1) == t).sum().item()
        self._n += t.numel()
    def compute(self):
        return self._s / max(self._n, 1)

class MAE(Metric):
    def update(self, p, t):
        self._s += (p - t).abs().sum().item(); self._n += t.numel()
    def compute(self): return self._s / self._n

class Registry(Generic[T]):
    def __init__(self): self._items: Dict[str, Callable[..., T]] = {}
    def register(self, name: str):
        def deco(cls):
            if name in self._items: raise KeyError(f"{name} already registered")
            self._items[name] = cls
            return cls
        return deco
    def build(self, name: str, **kw: Any) -> T: return self._items[name](**kw)
    def __contains__(self, k): return k in self._items
    def __iter__(self) -> Iterator[str]: yield from sorted(self._items)

MODELS = Registry()

@MODELS.register("linear")
class Lin(nn.Module):
    def __init__(self, d=3, k=2):
        super().__init__(); self.l = nn.Linear(d, k)
    def forward(self, x): return self.l(x)

@MODELS.register("mlp")
class MLP(Lin):
    def __init__(self, d=3, k=2, h=5):
        super().__init__(h, k)
        self.pre = nn.Sequential(nn.Linear(d, h), nn.SiLU())
    def forward(self, x): return super().forward(self.pre(x))

@dataclass(order=True)
class Run:
    score: float
    name: str = field(compare=False)
    tags: list = field(default_factory=list, compare=False, repr=False)

class Split(NamedTuple):
    train: Tensor
    test: Tensor
    @property
    def sizes(self): return len(self.train), len(self.test)

torch.manual_seed(4)
sp = Split(torch.randn(8, 3), torch.randn(4, 3))
print(sp.sizes, sp._fields)
runs = []
for name in MODELS:
    m = MODELS.build(name)
    acc = Accuracy()
    tgt = torch.zeros(4, dtype=torch.long)
    runs.append(Run(acc(m(sp.test), tgt), name, ["t"]))
print(sorted(runs, reverse=True)[0].name in MODELS, all(0 <= r.score <= 1 for r in runs))
r = Run(0.5, "x"); print(r, asdict(r), replace(r, score=1.0), r < Run(0.7, "y"), r == Run(0.5, "z"))
try: Metric()
except TypeError as e: print(e)
try: MODELS.register("mlp")(int)
except KeyError as e: print(e, e.args)
try: MODELS.build("nope")
except KeyError as e: print(repr(e))
print(isinstance(MODELS.build("mlp"), Lin), MLP.__mro__[1].__name__, issubclass(MLP, nn.Module), MLP.__name__)
print(MODELS.build("mlp"))
print(MAE()(torch.ones(3), torch.zeros(3)))
class Temperature:
    def __init__(self, c): self._c = c
    @property
    def f(self): return self._c * 9 / 5 + 32
    @f.setter
    def f(self, v): self._c = (v - 32) * 5 / 9
    @classmethod
    def from_f(cls, v): t = cls(0); t.f = v; return t
    @staticmethod
    def name(): return "temp"
    def __eq__(self, o): return abs(self._c - o._c) < 1e-9
    def __str__(self): return f"{self._c:.1f}C"
t = Temperature.from_f(212); print(t, t.f, Temperature.name(), t == Temperature(100)); 
try: del t.f
except AttributeError as e: print("AttributeError")
from typing import NamedTuple
from collections import namedtuple
class A(NamedTuple):
    """doc"""
    x: int
    y: float = 2.0
    @property
    def s(self): return self.x + self.y
    def __str__(self): return f"<{self.x}>"
a = A(1); print(a, repr(a), a.s, a._asdict(), a._replace(x=5), A._fields, A.__doc__, isinstance(a, tuple), a == (1, 2.0))
class P(namedtuple("P", "x y")):
    def norm(self): return (self.x ** 2 + self.y ** 2) ** 0.5
    def __add__(self, o): return P(self.x + o.x, self.y + o.y)
p = P(3, 4); print(p, p.norm(), p + p, p.x, p[1], tuple(p)); x, y = p; print(x, y)
class Q(namedtuple("Q", ["a"])):
    __slots__ = ()
    @classmethod
    def make(cls): return cls(1)
    def __new__(cls, a, b=0): return super().__new__(cls, a + b)
print(Q.make(), Q(1, 2), A._make([1, 2]), P._make([1, 2]).norm() > 2)
