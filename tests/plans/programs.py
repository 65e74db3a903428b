"""Random programs with a loop, of what training loops are made of and of what plans must leave alone."""

from __future__ import annotations

from random import Random

SETUP = {
    "a": ["tensor({n}, grad)", "zeros((), grad)", "tensor({n}, grad, dtype=float64)"],
    "v": ["randn(4, grad)", "zeros(4, grad)", "randn(4, grad, dtype=float64)"],
    "m": ["randn(3, 4, grad)", "randn(4, 3, grad).t().detach().requires_grad_()"],
    "c": ["randn(4)", "ones(4)", "v.detach()", "v.detach()[1:3].sum() * ones(4)", "tensor([1., -2., 0., 3.])"],
    "e": ["a.detach()", "tensor(0.5)", "a.data.view(1)"],
    "k": ["0.5", "2", "none", "[a, v]", "[1.0]", "true"],
}
VECTORS = [
    *(
        "v",
        "c",
        "a * v",
        "v * c",
        "v + a",
        "relu(v)",
        "tanh(v)",
        "v ** 2",
        "(m @ v).sum() * c",
        "exp(-v)",
        "v / (1 + c ** 2)",
    ),
    *("sigmoid(v * a)", "v.clone()", "softmax(v, 0)", "where(v > 0, v, 0.1 * v)", "v.abs()", "f(v)", "(v - v.mean())"),
    *(
        "v[1:3].sum() * v",
        "v.view(2, 2).t().reshape(4)",
        "cat([v[:2], c[2:]])",
        "maximum(v, c)",
        "log(v ** 2 + 1)",
        "m[0]",
    ),
    *(
        "v.detach() * v",
        "v.clamp(-1, 1)",
        "h * v",
        "net(v.float()).sum() * v",
        "sqrt(v ** 2 + 1)",
        "v.flip(0)",
        "(a - 1) ** 2 * v",
    ),
]
# what is shown, what ends a loop, and what decides; j counts the iterations
ENDED = [
    form
    for line in """
if j == 6 { break }|if j % 4 == 2 { continue }|if loss.item() < 0.3 { break }|if loss > 2 and j > 5 { break }
print j, loss|print f"{j} {loss.item():.3f} {v}"|loss|v.sum()|if j % 5 == 0 { print j, loss }
losses.append(f"{j}: {total}")|hist[j] = loss.item()|best = min(best, loss.item())
total = float(loss.detach()) + int(h)|n = round(total) + abs(-j)|hist[j // 2] = h|prev = loss.item()
if prev is not none and abs(prev - loss.item()) < 1e-3 { break }|while n > 3 { n = n - 2 }
for q in range(3) { c = c * 0.9; n += q }|if j == 5 { v = v.detach().requires_grad_() }
if j == 7 { assert false, "seven" }|print c, h, (j, [total])|n = 7 // (9 - j)|hist[n] = 1.0
for q in range(4) { if q == j % 3 { break }; total += q }
if a.item() < 0 { a = a.detach().abs().requires_grad_() }|hist[20 - j] = loss.item()
""".strip().splitlines()
    for form in line.split("|")
]
# what goes from one iteration to the next
CARRIED = [
    form
    for line in """
total += loss.item()|n += 1|h *= 0.97|n = n * 3 + i|total = total / (n - 20)|n = n // 2 - i % 3
losses.append(loss.detach())|losses.append((n, v.detach().clone()))|losses.append(h)|n = -n ** 2 % 101
c[i % 4] = 0.1 * i|d = c[i % 2:i % 2 + 2] * 1|no_grad { v[i % 3] += 0.1 }|no_grad { v -= m[i % 3, :1] }
no_grad { v *= 1 - i / 40 }|if i % 5 == 0 { c = c * 0.5 }|best = best * 0.9|if loss.item() < best { best = loss.item() }
v = (v - 0.1 * v.grad).detach().requires_grad_()|no_grad { v -= h * v.grad }|c = c * h|c = c + a.detach()
if n > 7 { n = 0 }|if v.sum().item() > total { total += 1 }|d = c; c = c + 1|w = c; c = c * 0.9
no_grad { v += n }|box[0] = n|box.append(n)|no_grad { v *= box[0].sum().item() }|h = h + c.sum().item()
n = n + len(losses)|losses = losses + [h]|h = n|n = h|n = n + True|c = c / n|total = 0.5 ** n
""".strip().splitlines()
    for form in line.split("|")
]
ENDS = [
    *("no_grad { a -= 0.01 * a.grad; v -= 0.01 * v.grad; m -= 0.01 * m.grad }", "opt.step()", "opt.step()"),
    *(
        "no_grad { v.sub_(v.grad, alpha=0.1); a.mul_(0.9) }",
        "no_grad { m[0] += 0.1 }",
        "v.data = v.data - 0.1 * v.grad",
    ),
    *(
        "no_grad { v.copy_(v * 0.9) }",
        "no_grad { v.clamp_(-2, 2) }",
        "c = c * 0.99",
        "c *= 0.99",
        "c += 0.01",
        "h = h + 1",
    ),
    *("losses.append(loss.item())", "losses.append(loss)", "last = loss", "total = total + loss.item()", "print loss"),
    *(
        "if loss < 0.5 { a.data.fill_(1.0) }",
        "if k == 2 { c += 1 }",
        "no_grad { m.t().mul_(0.99) }",
        "g()",
        "d = v.detach()",
    ),
    *(
        "v.grad.mul_(0.5)",
        "no_grad { for q in [a, v, m] { q -= 0.01 * q.grad } }",
        "last = v.grad",
        "c.add_(v.grad.float())",
    ),
    *(
        "no_grad { v -= 0.001 * v._version }",
        "c = randn(4)",
        "torch_ = none",
        "k = 3",
        "assert loss < 1e30",
        "v.retain_grad()",
    ),
    *(
        "no_grad { v[0] = a }",
        "no_grad { v[1:3] *= 0.5 }",
        "c[i % 4] = 0.5",
        "box[0] = loss.detach()",
        "no_grad { a.fill_(i) }",
    ),
    *(
        "w.zero_()",
        "no_grad { w += v }",
        "no_grad { v += w }",
        "e *= 0.9",
        "no_grad { a += 0.1 * e.sum() }",
        "no_grad { v[1:3].t().mul_(0.9) }",
        "if h > 12 { no_grad { v *= 0 } }",
        "no_grad { v.add_(box[0]) }",
    ),
]
CLEAR = [
    "a.grad = none; v.grad = none; m.grad = none",
    "opt.zero_grad()",
    "opt.zero_grad(set_to_none=false)",
    "zero_grad a, v, m",
    "",
]
OPTIMISERS = [
    *("SGD([a, v, m], lr=0.01)", "SGD([a, v, m], lr=0.01, momentum=0.9)", "SGD([a, v, m], lr=0.01, weight_decay=0.1)"),
    *(
        "SGD([a, v, m], lr=0.01, momentum=0.9, nesterov=true)",
        "Adam([a, v, m])",
        "SGD([{{'params': [a]}}, {{'params': [v, m], 'lr': 0.1}}], lr=0.01)",
    ),
    "SGD([*net.parameters(), a, v, m], lr=0.01, momentum=0.5, dampening=0.1)",
]
BETWEEN = [
    *(
        "h *= 0.5",
        "c = c * 2",
        "c.mul_(2);",
        "losses = []",
        "k = 3",
        "opt.param_groups[0]['lr'] *= 0.5",
        "n = 0; j = 2",
    ),
    *("print j, loss, v", "v = v.detach().requires_grad_()", "w = v.detach()", "v.grad = none", "hist = [1.0] * 30"),
    *("box = [ones(4), zeros(4)]", "m.data = m.data * 0.5", "a = tensor(0.5, grad, dtype=float64)", "h = 2", "pass"),
]
COUNTED = "let j = 0; let hist = [0.0] * 40; let prev = none"
LOOPS = ["for i in range({n})", "repeat {n}", "for _ in range({n})", "for i in range({n}, 0, -1)", "for _ in [0] * {n}"]
SHOWN = "a, v, m, c, e, w, h, k, n, j, best, prev, hist, last, total, losses, box, loss, a.grad, v.grad, m.grad"
SHOWN += ", a._version, v._version, m._version, net[0].weight"


def made(seed: int) -> str:
    """The program of that number. It may fail, at any line: then in the same words with plans and without."""
    draw = Random(seed)
    lines = [f"manual_seed({seed})"]
    for name, ways in SETUP.items():
        lines.append(f"let {name} = {draw.choice(ways).format(n=round(draw.uniform(-2, 2), 2))}")
    lines += [
        "let w = " + draw.choice(["v.detach().clone()", "v.detach()", "zeros(4)", "m.detach()[0]"]),
        "let h = 1.0",
    ]
    lines += [
        "let net = Sequential(Linear(4, 2), " + draw.choice(["ReLU()", "Tanh()", "Dropout(0.5)", "Linear(2, 2)"]) + ")"
    ]
    lines += [
        "let losses = []; let n = 0; let best = 1e9; " + COUNTED,
        "let box = [zeros(4)]",
        "let last = none",
        "let total = 0.0",
        "let loss = none",
        "let d = none",
    ]
    lines += [
        "fn f(x) = x * " + draw.choice(["2", "a", "c", "h", "x"]),
        "fn g() { " + draw.choice(["no_grad { v *= 0.99 }", "pass"]) + " }",
    ]
    lines.append("let opt = " + draw.choice(OPTIMISERS).replace("{{", "{").replace("}}", "}"))
    terms = " + ".join(draw.sample(VECTORS, draw.randint(1, 3)))
    whole = draw.choice(["({}).sum()", "(({}) ** 2).mean()", "({}).sum() + a ** 2", "mse_loss({}, c)"]).format(terms)
    body = [
        draw.choice(CLEAR),
        f"loss = {whole}" + draw.choice(["", " + (m ** 2).sum() + (v ** 2).sum() + a"]),
        "backward loss",
    ]
    few = draw.choice([1, 1, 1, 2, 3])
    which = draw.random()
    ends = draw.sample(
        ENDS[:8] if which < 0.3 else ENDS if which < 0.5 else CARRIED if which < 0.7 else CARRIED + ENDED, few
    )
    body += [*([draw.choice(ENDS[:8])] if which > 0.5 else []), *ends, draw.choice(CLEAR)]
    if which > 0.7:
        body.insert(0, "j += 1")
        body.insert(draw.randint(1, len(body)), draw.choice(ENDED))
    headers = ["while j < {n}"] if which > 0.9 else LOOPS[:3] if draw.random() < 0.8 else LOOPS
    header = draw.choice(headers).format(n=draw.choice([8, 9, 30]))
    loop = [header + " {", *("    " + each for each in body if each), "}"]
    if draw.random() < 0.25:  # the plan of one run of the loop is there for the next
        again = "for epoch in range(4) {", *("    " + each for each in loop)
        loop = [*again, "    j = 0", "    " + draw.choice([*BETWEEN, draw.choice(ENDS)]), "}"]
    if draw.random() < 0.4:
        names = "a, v, m, c, e, w, h, k, net, opt, losses, box, f, g"
        bound = "let last = none; let total = 0.0; let loss = none; let d = none; let n = 0; let best = 1e9; " + COUNTED
        lines += [
            f"fn train({names}) {{",
            "    " + bound,
            *("    " + each for each in loop),
            "    print loss, c, h, total, n, best, j, prev, hist",
            "}",
            f"train({names})",
        ]
    else:
        lines += loop
    return (
        "\n".join(
            [
                *lines,
                f"print {SHOWN}",
                "if v.grad is not none { v.grad.sum() }",
                "backward (a * v).sum() + m.sum()",
                "print a.grad, v.grad",
            ]
        )
        + "\n"
    )
