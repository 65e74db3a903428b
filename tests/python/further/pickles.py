"""Values in files and in bytes: pickle, and what torch.save keeps beside tensors."""
import pickle, io, collections, os, tempfile
import numpy as np, torch
class A:
    def __init__(self): self.x = [1]
    def __repr__(self): return f"A({self.x})"
P = collections.namedtuple("P", "x y")
for v in [1, None, b"ab", {1, 2}, 1j, np.array([1, 2.]), np.float64(2.), np.int64(3), {"a": (1, {2}), 2: [b"x"]}, collections.deque([1], 3), A(), P(1, 2), torch.tensor([1.5]), range(3), np.array(["a"]), torch.float32, A]:
    got = pickle.loads(pickle.dumps(v))
    print(type(got).__name__, got)
f = io.BytesIO()
for i in range(3): pickle.dump({"i": i, "w": np.ones(i)}, f, protocol=pickle.HIGHEST_PROTOCOL)
f.seek(0)
try:
    while True: print(pickle.load(f))
except EOFError as e: print("end", e)
d = tempfile.mkdtemp()
with open(os.path.join(d, "a.pkl"), "wb") as out: pickle.dump((np.arange(3), [A()]), out)
with open(os.path.join(d, "a.pkl"), "rb") as src: a, b = pickle.load(src); print(a, b)
try: pickle.loads(b"x")
except pickle.UnpicklingError as e: print("bad")
try: pickle.load(io.BytesIO())
except EOFError: print("eof")
m = torch.nn.Linear(2, 1); n = pickle.loads(pickle.dumps(m)); print(torch.equal(m.weight, n.weight), n)
try: pickle.dumps(x for x in [1])
except TypeError as e: print(e)
for v in [b"ab", {1, 2}, 1j, np.float64(2.), np.array([1, 2.]), slice(1, 2), frozenset([1]), collections.defaultdict(list, {1: [2]}), collections.Counter("aab"), torch.Size([1, 2]), np.array([True]), {"a": [{3}]}]:
    b = io.BytesIO(); torch.save(v, b); b.seek(0); print(repr(torch.load(b, weights_only=False)))
b = io.BytesIO(); torch.save({"best": {1}, "size": torch.Size([2])}, b); b.seek(0); print(torch.load(b))
b = io.BytesIO(); torch.save(np.ones(2), b); b.seek(0)
try: torch.load(b)
except pickle.UnpicklingError: print("not with weights_only")
