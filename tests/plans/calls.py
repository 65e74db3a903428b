"""Random programs that call functions and transforms of them often: what such programs are made of, and what plans of
calls must leave alone: writes, draws, prints, graphs, closures and globals that change, views, aliases, errors."""

from __future__ import annotations

from random import Random

SETUP = {
    "a": ["tensor({n})", "tensor({n}, grad)", "tensor({n}, dtype=float64)"],
    "W": ["randn(4, 4)", "randn(4, 4, grad)", "randn(4, 4).t()", "randn(4, 4, dtype=float64)", "randn(40, 40)[:4, :4]"],
    "b": ["randn(4)", "randn(4, grad)", "zeros(8)[::2]", "b0[1:5]", "W[0]"],
    "k": ["0.5", "2", "none", "[1.0, 2]", "true", "-0.0"],
    "box": ["[]", "[randn(4)]", "[b]"],
}
VECTORS = [
    *("x", "x * a", "sin(x)", "W @ x", "x + b", "tanh(W @ x + b)", "x ** 2", "x * x.sum()", "relu(x)", "exp(-x)"),
    *("x / (1 + b ** 2)", "softmax(x, 0)", "where(x > 0, x, 0.1 * x)", "x.flip(0)", "cat([x[:2], b[2:]])"),
    *("x.clone()", "sigmoid(x)", "maximum(x, b)", "x[1:3].sum() * b", "inner(x)", "x - x.mean()", "x.abs()"),
    *("net(x.float())", "x.view(2, 2).t().reshape(4)", "log(x ** 2 + 1)", "x.detach() * x", "stack([x, b]).sum(0)"),
    *("x.norm() * b", "x * k", "x.clamp(-1, 1)", "box[0] * x", "cumsum(x, 0)", "x.sort()[0]", "x * torch.ones(4)"),
    *("x @ W", "x.max() * b"),
]
# what a function may do beside computing
DOES = [
    *("pass", "pass", "pass", "let y = x.detach().requires_grad_()", "y = y * 2", "let q = [y, x]", "y += 1"),
    *("if y.sum() > 0 { y = -y }", "for j in range(3) { y = y * 0.5 + x }", "y = inner(y)"),
    *("let n = y.sum().item(); y = y * n", "print 'called'", "x.add_(1)", "y = y + randn(4)", "b.add_(1)"),
    *("box.append(y)", "box = [y]", "y[0] = 1", "y.mul_(2)", "backward (y * a * b).sum()"),
    *("y = torch.autograd.grad((y * y * a).sum() + (x * x).sum(), x)[0]", "assert y[0] > -2"),
    *("no_grad { y = y * 2 }", "y = y + x._version", "if k == 2 { y = y + 1 }", "y.requires_grad_()"),
    *("let z = y; z += b", "y = vmap(fn(u) = u * 2)(y)", "y = y.dropout(0.5)", "while y.norm() > 4 { y = y / 2 }"),
    "h = h + 1",
]
GIVES = [
    *("y", "y", "y", "(y, x)", "[y, y.sum()]", "y.sum()", "x", "y[1:]", "{'y': y, 'k': k}", "none"),
    *("y.sum().item()", "y * h", "y.detach()", "(y, y)", "b", "y.shape", "y.t()", "y.expand(2, 4)", "y > 0"),
    *("y.sum() > 0", "y + h", "y.float()"),
]
CALLS = [
    *("grad(s)(x)", "grad(s)(x)", "value_and_grad(s)(x)", "hessian(s, x)", "jacobian(v, x)", "jvp(v, x, b)"),
    *("vjp(v, x, b)", "hvp(s, x, b)", "vhp(s, x, b)", "vmap(v)(X)", "vmap(grad(s))(X)", "jacrev(v)(x)"),
    *("jacfwd(v)(x)", "vmap(v, in_dims=1)(X)", "g(x)", "g(x)", "g(x)", "no_grad_g(x)", "no_grad_g(x)", "g(x=x)"),
    *("v(x)", "s(x)", "many(x, b, W)", "kw(x, p=b)", "grad(fn(x) = (x * w * W).sum())(x)"),
    *("hessian(fn(x) = (x ** 3).sum() * c, x)", "grad(s2, argnums=(0, 1))(x, b)", "gs(x)", "vmap(fn(u) = u * c)(X)"),
    *("torch.func.vjp(v, x)[1](b.detach())", "linearize(v, x)[1](x)", "m(x)", "grad(m.energy)(m(x))"),
    *("torch.func.jvp(v, (x,), (x,))", "hessian(s)(x)", "jacobian(fn(x) = (v(x), x ** 2), x)"),
    *("grad(grad(fn(x) = x ** 3 * c))(x.sum())", "functional_call(net, dict(net.named_parameters()), (x.float(),))"),
    *("compiled(x)", "rec(x, 3)", "grad(g)(x)", "g(w)"),
]
CHANGES = [
    *("pass", "pass", "pass", "pass", "pass", "pass", "c = c + 1", "w = randn(4)", "no_grad { W.mul_(0.9) }"),
    *("k = i", "h = i % 2", "b = b * 0.9", "if i == 5 { x = randn(3) }", "if i == 6 { x = x.double() }"),
    *("x.requires_grad_()", "if i > 4 { box = [x] }", "if i == 6 { fn inner(x) = x * 5 }", "x = X[i % 3]"),
    *("x = X[:, 0][:4]", "no_grad { net[0].weight.mul_(0.5) }", "x = b", "if i == 6 { set_grad_enabled(false) }"),
    *("W = W + 0.1", "net.eval()", "if i == 7 { x.register_hook(fn(g) = g * 2) }", "box = [w]", "x = x.float()"),
    *("a = tensor(0.1 * i)", "if i == 5 { set_default_dtype(float64) }", "x = randn(8)[::2]"),
]


# a loop over a dict has no plan of its own
LOOPS = ["range(7)", "[0, 1, 2, 3, 4, 5, 6]", "{0: 0, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0}"]
USED = {
    "many(": "fn many(*xs) { let t = 0; for x in xs { t = t + x.sum() }; return t }",
    "kw(": "fn kw(x, p=a, **rest) { return x * p + a }",
    "compiled(": "fn maker(c) { fn of(x) { let y = x * c; return y }; return of }\nlet compiled = maker(w)",
    "gs(": "let gs = grad(s)",
    "rec(": "fn rec(x, n) { if n == 0 { return x }; return rec(x * a, n - 1) + b }",
    "m(": "model M { let p = randn(4, grad); fn energy(x) = (x * p).sum() ** 2; forward(x) { return x * p + b } }\n"
    "let m = M()",
}


def made(seed: int) -> str:
    """The program of that number. It may fail, at any line: then in the same words with plans and without."""
    draw = Random(seed)
    lines = [f"manual_seed({seed})", "let b0 = randn(6)"]
    for name, ways in SETUP.items():
        way = draw.choice(ways).format(n=round(draw.uniform(-2, 2), 2))
        lines.append(f"let {name} = {way}")
    lines += [
        "let h = 1.0; let c = 2.0; let w = randn(4); let X = randn(4, 4)",
        "let net = Sequential(Linear(4, 4), " + draw.choice(["ReLU()", "Tanh()", "Dropout(0.5)", "LayerNorm(4)"]) + ")",
        "fn inner(x) = " + draw.choice(["x * 2", "x * a", "x + b", "sin(x) * h", "W @ x"]),
    ]
    terms = draw.sample(VECTORS, 2)
    lines.append(f"fn v(x) = {terms[0]} + {draw.choice(['x', 'a * x', terms[1]])}")
    lines.append(
        f"fn s(x) = {draw.choice(['v(x).sum()', '(v(x) ** 2).mean()', '(v(x) * x).sum() + a', 'v(x).norm()'])}"
    )
    lines.append("fn s2(x, y) = (v(x) * y).sum()")
    does = draw.sample(DOES[:10], 2) if draw.random() < 0.6 else draw.sample(DOES, 2)
    body = "; ".join([f"let y = {draw.choice(VECTORS)}", *does, f"return {draw.choice(GIVES)}"])
    lines += [f"fn g(x) {{ {body} }}", "fn no_grad_g(x) { no_grad { return g(x) } }"]
    calls = draw.sample(CALLS, draw.choice([1, 2, 2]))
    for name, definition in USED.items():
        lines += [definition] * any(name in call for call in calls)
    changes = draw.sample(CHANGES, 2)
    flags = draw.choice(["", "", ", grad", ", dtype=float64"])
    fresh = draw.random() < 0.8
    lines += [f"let x = randn(4{flags})", f"for i in {draw.choice(LOOPS)} {{"]
    lines += [f"    x = randn(4{flags})"] * fresh
    lines += [f"    {change}" for change in changes]
    guarded = draw.random() < 0.3
    for call in calls:
        shown = f"let r = {call}; print r"
        if guarded:
            lines.append(f"    try {{ {shown} }} catch e {{ print e }}")
        else:
            lines.append(f"    {shown}")
    lines += [
        "    print x, x.grad, x._version, b, h",
        "}",
        "print W, b, a, k, box, x, w, net[0].weight.grad, W.grad, torch.is_grad_enabled()",
        "why r" if draw.random() < 0.1 else "print r",
    ]
    return "\n".join(lines) + "\n"
