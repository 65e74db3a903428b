import functools
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace


class Lazy:
    def __init__(self, f):
        self.f, self.__doc__ = f, f.__doc__

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, obj, owner=None):
        if obj is None:
            return self
        value = obj.__dict__[self.name] = self.f(obj)
        return value


class C:
    @Lazy
    def big(self):
        "doc of big"
        print("computing")
        return 42


c = C()
print(c.big, c.big, C.big.__doc__)


class CountCalls:
    def __init__(self, f):
        functools.update_wrapper(self, f)
        self.f, self.n = f, 0

    def __call__(self, *a):
        self.n += 1
        return self.f(*a)


@CountCalls
def say(x):
    "says"
    return x


say(1)
print(say(2), say.n, say.__name__, say.__doc__, say.__module__, say.__wrapped__(5))


def marked(f):
    f.mark = 7
    return f


def wrapping(f):
    @functools.wraps(f)
    def call(*a):
        return f(*a)

    return call


@wrapping
@marked
def g(x):
    return x


print(g.mark, g.__name__)


class On:
    def flip(self):
        self.__class__ = Off
        return self

    def __repr__(self):
        return "on"


class Off:
    def flip(self):
        self.__class__ = On
        return self

    def __repr__(self):
        return "off"


s = On()
print(s, s.flip(), s.flip(), type(s).__name__)
for other in (int, 3, list):
    try:
        s.__class__ = other
    except TypeError as e:
        print(type(e).__name__)


@dataclass(frozen=True)
class P:
    x: int
    y: int = 0


p = P(1)
try:
    del p.x
except FrozenInstanceError as e:
    print(e)
try:

    @dataclass
    class Bad:
        x: int = 1
        y: int
except TypeError as e:
    print(e)


@dataclass
class Rec:
    v: int
    kids: list["Rec"] = field(default_factory=list, hash=False, metadata={"u": 1})


r = Rec(1)
r.kids.append(r)
print(r, fields(Rec)[1].metadata, list(Rec.__dataclass_fields__), hasattr(r, "__dataclass_fields__"))


@dataclass(unsafe_hash=True, slots=True)
class H:
    a: int
    b: list = field(default_factory=list, hash=False)
    c: int = field(default=3, init=False)


print(hash(H(1)) == hash((1, 3)), H.__slots__)
for call in (lambda: asdict(3), lambda: replace(3), lambda: replace(H(1), c=4)):
    try:
        call()
    except (TypeError, ValueError) as e:
        print(e)
