from enum import *
class Str(str, Enum):
    A = "aa"; B = "bb"
print(Str.A, repr(Str.A), f"{Str.A}", "%s" % Str.A, format(Str.A), Str.A + "x", [Str.A], {Str.A: 1}, str(Str.A), f"{Str.A:>8}")
class S2(str, Enum):
    A = "aa"
    def __str__(self): return self.value
print(S2.A, repr(S2.A), f"{S2.A}", "%s" % S2.A, [S2.A])
class I(int, Enum):
    A = 1; B = 2
print(I.A, repr(I.A), f"{I.A}", "%s" % I.A, "%d" % I.A, I.A + 1, [I.A], f"{I.A:>8}")
class F(float, Enum):
    A = 1.5
print(F.A, F.A * 2, [F.A])
class Fl(IntFlag):
    A = 1; B = 2
print(repr(Fl.A))
class Base(str, Enum):
    def low(self): return self.value.lower()
class Sub(Base):
    X = "XX"
print(Sub.X, repr(Sub.X), Sub.X.low(), Sub.X.name, Sub.X.value, Sub.X == "XX", Sub("XX"))
class T(tuple, Enum):
    A = (1, 2)
print(T.A, T.A[0])
class Mix:
    def __str__(self): return "mix"
class M(Mix, Enum):
    A = 1
print(M.A, repr(M.A), f"{M.A}")
class W(Enum):
    A = 1
    _ignore_ = ["B"]
    B = 3
    f = nonmember(5)
    @member
    def g(self): return 3
print(W._member_names_, W.f, len(W))
class L(Enum):
    A = auto(); B = auto()
    def __lt__(self, o): return self.value < o.value
print(sorted([L.B, L.A]), L._member_names_, L._value2member_map_, type(L.__members__).__name__, L.A in L)
print(isinstance(L, EnumType), EnumType)
try:
    class More(L): X = 4
except TypeError as e: print(e)
try: L.A.value = 3
except AttributeError as e: print(e)
try: L.A.name = 3
except AttributeError as e: print(e)
L.A.extra = 5; print(L.A.extra)
try: L.A = 3
except AttributeError as e: print(e)
try: del L.A
except AttributeError as e: print(e)
@verify(UNIQUE)
class V(Enum): A = 1
try:
    @verify(CONTINUOUS)
    class V2(Enum): A = 1; C = 3
except ValueError as e: print(e)
import torch.nn as nn
class Act(str, Enum):
    RELU = "relu"
    GELU = "gelu"
    @property
    def layer(self): return {"relu": nn.ReLU, "gelu": nn.GELU}[self.value]()
print(Act("relu").layer, Act.GELU, {a: a.value for a in Act})
