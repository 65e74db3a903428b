import math, torch
x = 3
print(eval("x + 1"), eval(" x * 2 "), eval("[i * x for i in range(3)]"), eval("torch.ones(2).sum()"), eval("(lambda y: y + x)(4)"))
exec("y = x + 10\ndef f(a):\n    return a + y\nclass K:\n    z = 5")
print(y, f(1), K.z)
def g(a):
    b = 2
    exec("c = a + b")
    return eval("a * b + x"), eval("sorted(k for k in locals())")
print(g(5)[0])
d = {"a": 1}
exec("b = a + 1\ndef h(): return b + k\n", d)
print(d["b"], sorted(k for k in d if k[0] != "_"))
exec("k = 100", d)
print(d["h"](), eval("h() + a", d))
d["k"] = 1
print(eval("h()", d))
l = {}
exec("p = q + 1", {"q": 5}, l)
print(l, eval("p + q", {"q": 1}, l))
try: eval("open('x')", {"__builtins__": {}})
except NameError as e: print(e)
print(eval("abs(-3)", {"__builtins__": {"abs": abs}}))
for bad in ("x =", "1 +", "def", "x = 1", ""):
    try: eval(bad)
    except SyntaxError as e: print(type(e).__name__, e.msg)
for bad in (lambda: eval(3), lambda: exec(3), lambda: compile(3, "a", "exec"), lambda: compile("1", "a", "no"), lambda: eval("1", 3), lambda: eval("1", {}, 3), lambda: exec("1", 3), lambda: eval("1/0"), lambda: eval("nope"), lambda: exec("raise KeyError('k')")):
    try: bad()
    except Exception as e: print(type(e).__name__, e)
c = compile("x ** 2 + 1", "<expr>", "eval")
print(eval(c), eval(c, {"x": 10}), [eval(c, {"x": i}) for i in range(4)])
m = compile("for i in range(2):\n    print('i', i)", "<prog>", "exec"); exec(m)
exec("global zz\nzz = 4"); print(zz)
exec("import math as mm; r = mm.floor(2.7)"); print(r)
exec("del r"); print("r" in globals())
exec("w = 1", globals()); print(w)
ops = {"+": "lambda a, b: a + b", "*": "lambda a, b: a * b"}
print({k: eval(v)(3, 4) for k, v in ops.items()})
act = eval("torch.nn.ReLU")(); print(act, eval("torch.nn." + "Linear")(2, 1).weight.shape)
model = eval("torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh())"); print(model)
class A:
    v = 7
    w = eval("v + 1")
    def m(self): return eval("self.v")
print(A.w, A().m())
print(eval("{'a': [1, (2, None)], 'b': True}"), eval(repr([1, "a", {2: 3.5}])), eval(b"1 + 1"))
template = '''
def make_{n}(s):
    "doc {n}"
    return s * {n}
'''
ns = {}
for n in (2, 3): exec(template.format(n=n), ns)
print(ns["make_2"](5), ns["make_3"]("a"), ns["make_3"].__doc__, ns["make_2"].__name__)
if (t := eval("x > 2")): print("walrus", t)
exec("""
try:
    1 / 0
except ZeroDivisionError as e:
    print("inside", e)
""")
print(eval("__name__"), eval("eval('1+1')"), callable(eval), exec("pass"))

counts = {1: 2, "a": 3}
exec("b = a", counts)
print(counts[1], counts["b"], eval("a + 1", {1: 2, "a": 3}))

for text in ("y = = 2", "x = 1\ny = = 2\n", "if 1:\nx = 2"):
    try:
        exec(text)
    except SyntaxError as error:
        print(type(error).__name__, error, error.lineno, error.filename, error.args[1][3])
try:
    eval("1 +")
except SyntaxError as error:
    print(error)
