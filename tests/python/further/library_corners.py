"""Module doc.

more"""
import torch, functools, inspect, types, contextlib, warnings, io, os, sys, traceback, shutil, tempfile, hashlib, platform, argparse, enum, pprint, struct, timeit
from torch import nn
def f(x):
    """doc of f"""
    return x
class A:
    """doc of A"""
    def g(self):
        """doc of g"""
class N(nn.Module):
    """A net."""
    def forward(self, x):
        "runs"
        return x
print(f.__doc__, A.__doc__, A.g.__doc__, A().g.__doc__, N.__doc__, N().__doc__, N.forward.__doc__, __doc__)
class B: pass
print(B.__doc__, (lambda: 0).__doc__)
def deco(fn):
    @functools.wraps(fn)
    def w(*a, **k):
        return fn(*a, **k)
    return w
print(deco(f).__doc__, deco(f).__name__)
@functools.lru_cache(maxsize=None)
def fib(n): return n if n < 2 else fib(n-1) + fib(n-2)
print(fib(20), fib.cache_info()); fib.cache_clear(); print(fib.cache_info().hits)
@functools.total_ordering
class V:
    def __init__(self, v): self.v = v
    def __eq__(self, o): return self.v == o.v
    def __lt__(self, o): return self.v < o.v
print(V(1) <= V(2), V(3) > V(2), sorted([V(2), V(1)])[0].v)
class C:
    @functools.cached_property
    def big(self):
        print("computing"); return 42
c = C(); print(c.big, c.big)
@functools.singledispatch
def show(x): return "default"
@show.register(int)
def _(x): return "int"
@show.register(list)
def _(x): return "list"
print(show(1), show([1]), show("s"), show(True))
class D: pass
d = D(); d.hello = types.MethodType(lambda self, n: f"hi {n} {type(self).__name__}", d); print(d.hello("bob"))
print(isinstance(f, types.FunctionType), isinstance(f, types.LambdaType), isinstance(d.hello, types.MethodType))
with contextlib.ExitStack() as st:
    st.enter_context(torch.no_grad()); print(torch.is_grad_enabled())
print(torch.is_grad_enabled())
buf = io.StringIO()
with contextlib.redirect_stdout(buf):
    print("captured", torch.ones(2))
print(repr(buf.getvalue()))
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    warnings.warn("careful", UserWarning)
    warnings.warn("old", DeprecationWarning)
    print(len(w), w[0].category.__name__, str(w[0].message), issubclass(w[1].category, DeprecationWarning))
with warnings.catch_warnings():
    warnings.simplefilter("error")
    try:
        warnings.warn("boom", RuntimeWarning)
    except RuntimeWarning as e:
        print("caught", e)
try:
    1/0
except ZeroDivisionError:
    print(traceback.format_exc().splitlines()[-1], sys.exc_info()[0].__name__)
@contextlib.contextmanager
def tag(n):
    print("<", n); yield; print(">", n)
@tag("deco")
def body(x=1): print("body", x)
body(x=3)
with tempfile.TemporaryDirectory() as td:
    p = os.path.join(td, "a.txt")
    with open(p, "w") as fh:
        fh.write("one\n"); fh.writelines(["two\n", "three"]); print("four", file=fh)
    with open(p) as fh:
        for line in fh: print(line.strip())
    with open(p, "a") as fh: fh.write("five")
    print(open(p).read().split(), os.path.getsize(p), os.listdir(td))
    os.remove(p); print(os.path.exists(p))
    os.makedirs(os.path.join(td, "x/y")); shutil.rmtree(os.path.join(td, "x")); print(os.listdir(td))
try:
    open("/nonexistent/dir/f.txt", "w")
except FileNotFoundError as e:
    print(e)
try:
    open("nofile.txt")
except FileNotFoundError as e:
    print(e, e.errno)
print(hashlib.md5(b"abc").hexdigest(), hashlib.sha256("x".encode()).hexdigest()[:8])
print(sys.version_info >= (3, 8), sys.version_info.major, struct.unpack("<f", struct.pack("<f", 1.5)))
ap = argparse.ArgumentParser(); ap.add_argument("-v", action="count", default=0); ap.add_argument("--tag", action="append"); ap.add_argument("--flag", action=argparse.BooleanOptionalAction, default=True)
print(ap.parse_args(["-v", "-v", "--tag", "a", "--tag", "b", "--no-flag"]), argparse.Namespace(a=1, b="x"))
pprint.PrettyPrinter(indent=2).pprint({"a": [1, 2]})
print("{name} is {age}".format_map({"name": "bob", "age": 3}), (5).to_bytes(2, "big"), int.from_bytes(b"\x00\x05", "big"))
print(timeit.timeit(lambda: 1 + 1, number=10) >= 0)
print(inspect.isfunction(f), inspect.isclass(A), inspect.getdoc(f))
