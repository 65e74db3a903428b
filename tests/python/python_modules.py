from collections import defaultdict, Counter, OrderedDict, deque, namedtuple
from functools import reduce, partial
from dataclasses import dataclass, field
from typing import List, Optional, Dict
import itertools, string, re, json, os, sys, time, copy, operator
import torch
@dataclass
class Config:
    lr: float = 0.1
    layers: List[int] = field(default_factory=lambda: [4, 2])
    name: Optional[str] = None
c = Config(lr=0.5)
print(c, c == Config(0.5), c.layers)
Point = namedtuple('Point', ['x', 'y'])
p = Point(1, y=2)
print(p, p.x + p.y, p._asdict())
d = defaultdict(list)
for k, v in [("a", 1), ("b", 2), ("a", 3)]:
    d[k].append(v)
print(dict(d), d)
cnt = Counter("hello")
print(cnt.most_common(2), cnt['l'])
od = OrderedDict([('w', torch.ones(2)), ('b', torch.zeros(1))])
print(od, list(od.items())[0][0])
q = deque(maxlen=2); q.append(1); q.append(2); q.append(3)
print(q, reduce(lambda a, b: a * b, range(1, 6)), partial(pow, 2)(5))
print(list(itertools.product([1, 2], "ab")), list(itertools.chain([1], [2])))
print(string.ascii_lowercase[:5], re.findall(r"\d+", "a12b3"), json.dumps({"a": [1, 2.5, None]}))
print(re.sub(r"(\w+) (\w+)", r"\2 \1", "hello world"), re.match(r"(\d+)", "42abc").group(1))
print(os.path.join("a", "b.txt"), os.path.splitext("x.py"), len(sys.argv), copy.deepcopy([1, [2]]))
print(sorted([(2, 'b'), (1, 'a')], key=operator.itemgetter(0)), max([3, 1], key=lambda v: -v))
print("{:>8}|{:<5}|{:^7}|{:08.3f}|{:,}".format("r", "l", "c", 3.14159, 1234567))
print("%s %5.2f %d %r %%" % ("s", 2.5, 3, "q"), f"{3.14159:.2f} {'x'!r:>5} {10:#x}", 'a' 'b')
a, *rest, z = range(5)
print(a, rest, z, [*rest, *[9]], {**{"k": 1}, "j": 2})
x = y = 3
x += 1; y **= 2
print(x, y, 1 < x < 10, x if x else y, not x, x and y, x or y, ~x, x ^ y, x << 2)
def gen(n):
    for i in range(n):
        got = yield i * i
    return "done"
print(list(gen(4)), sum(i for i in gen(3)), next(gen(2)))
def f(a, b=2, *args, c, d=4, **kw):
    return a, b, args, c, d, kw
print(f(1, c=3), f(1, 2, 3, 4, c=5, e=6), f(*[1, 2], **{"c": 7}))
