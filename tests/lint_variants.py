"""Programs that learners write, each warned of once and cured by its help, and programs that are as they were meant."""

from __future__ import annotations

# by the code of the warning
WARNED = {
    "W0501": [
        (
            "let net = Linear(2, 1)\n"
            "let trainer = Adam(net.parameters(), lr=0.1)\n"
            "let x = randn(4, 2); let y = randn(4, 1)\n"
            "for epoch in range(3) {\n"
            "    let loss = mse_loss(net(x), y)\n"
            "    loss.backward()\n"
            "    trainer.step()\n"
            "}"
        ),
        (
            "fn train(net, x, y) {\n"
            "    let o = SGD(net.parameters(), lr=0.1)\n"
            "    for i in range(3) {\n"
            "        backward mse_loss(net(x), y)\n"
            "        step o\n"
            "    }\n"
            "}\n"
            "train(Linear(2, 1), randn(4, 2), randn(4, 1))"
        ),
        (
            "let w = tensor(4., grad)\n"
            "let n = 0\n"
            "while n < 4 {\n"
            "    let l = (w - 1) ** 2\n"
            "    backward l\n"
            "    no_grad { w -= 0.1 * w.grad }\n"
            "    n += 1\n"
            "}"
        ),
    ],
    "W0502": [
        (
            "let w = tensor(1.0, grad)\n"
            "let opt = SGD([w], lr=0.1)\n"
            "let losses = []\n"
            "for i in range(3) {\n"
            "    let loss = (w - 3) ** 2\n"
            "    zero_grad opt; backward loss; step opt\n"
            "    losses.append(loss)\n"
            "}\n"
            "print losses"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "let opt = Adam([w], lr=0.1)\n"
            "let total = 0\n"
            "for i in range(3) {\n"
            "    let l = (w - 3) ** 2\n"
            "    zero_grad opt\n"
            "    l.backward()\n"
            "    opt.step()\n"
            "    total = total + l\n"
            "}\n"
            "print total"
        ),
        (
            "fn train(w, n) {\n"
            "    let total = 0.0\n"
            "    for i in range(n) {\n"
            "        let loss = (w - 3) ** 2\n"
            "        zero_grad w\n"
            "        backward loss\n"
            "        no_grad { w -= 0.1 * w.grad }\n"
            "        total += loss\n"
            "    }\n"
            "    return total\n"
            "}\n"
            "print train(tensor(1.0, grad), 3)"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "let running = 0.0\n"
            "repeat 3 { let loss = w ** 2; backward loss; zero_grad w; running += loss * 4 }\n"
            "print running"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "let total = 0.0\n"
            "repeat 3 { let loss = w ** 2; backward loss; zero_grad w; total += loss }\n"
            "print total.item()"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "let ls = []\n"
            "repeat 3 { let loss = w ** 2; backward loss; zero_grad w; ls.append(loss) }\n"
            "print stack(ls).mean()"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "for e in range(2) {\n"
            "    let total = 0.0\n"
            "    for i in range(3) {\n"
            "        let loss = w ** 2\n"
            "        zero_grad w\n"
            "        backward loss\n"
            "        total += loss\n"
            "    }\n"
            "    print total\n"
            "}"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "let a = 0.0\n"
            "for i in range(3) {\n"
            "    let l1 = w ** 2; let l2 = (w - 1) ** 2\n"
            "    let loss = l1 + l2\n"
            "    zero_grad w; backward loss\n"
            "    a += loss\n"
            "}\n"
            "print a"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "let log_ = {}\n"
            "for i in range(3) {\n"
            "    let loss = w ** 2\n"
            "    zero_grad w\n"
            "    backward loss\n"
            "    log_[i] = loss\n"
            "}\n"
            "print log_"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "let ls = []\n"
            "for i in range(3) {\n"
            "    let loss = w ** 2\n"
            "    zero_grad w\n"
            "    backward loss\n"
            "    ls = ls + [loss]\n"
            "}\n"
            "print ls"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "let ls = []\n"
            "for i in range(3) {\n"
            "    let loss = w ** 2\n"
            "    zero_grad w\n"
            "    loss.backward()\n"
            "    ls += [loss]\n"
            "}\n"
            "print ls"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "let t = 0\n"
            "for i in range(3) {\n"
            "    let loss = w ** 2\n"
            "    t += loss\n"
            "    zero_grad w\n"
            "    backward loss\n"
            "}\n"
            "print t"
        ),
        (
            "let net = Linear(2, 1)\n"
            "let opt = AdamW(net.parameters(), lr=0.01)\n"
            "let epoch_loss = 0.0\n"
            "for i in range(3) {\n"
            "    let x = randn(4, 2)\n"
            "    let loss = (net(x) ** 2).mean()\n"
            "    opt.zero_grad()\n"
            "    loss.backward()\n"
            "    opt.step()\n"
            "    epoch_loss += loss * 4\n"
            "}\n"
            "print epoch_loss / 12"
        ),
    ],
    "W0503": [
        (
            "let w = randn(3, grad)\n"
            "let x = randn(5, 3)\n"
            "let pred = (x @ w).detach()\n"
            "let loss = (pred ** 2).mean()\n"
            "loss.requires_grad = true\n"
            "backward loss\n"
            "print w.grad"
        ),
        ("let w = tensor([1.0, 2.0])\nlet loss = (w ** 2).sum()\nloss.requires_grad_()\nbackward loss\nprint w.grad"),
        (
            "let w = tensor(2.0, grad)\n"
            "let loss = tensor((w ** 2).item())\n"
            "loss.requires_grad_()\n"
            "backward loss\n"
            "print w.grad"
        ),
        (
            "let w = tensor([1.0, 2.0], grad)\n"
            "no_grad {\n"
            "    let loss = (w ** 2).sum()\n"
            "}\n"
            "loss.requires_grad_()\n"
            "backward loss"
        ),
        (
            "let net = Linear(3, 1)\n"
            "let x = randn(4, 3)\n"
            "let y = randn(4, 1)\n"
            "let opt = SGD(net.parameters(), lr=0.1)\n"
            "for i in range(3) {\n"
            "    let out = net(x).data\n"
            "    let loss = mse_loss(out, y)\n"
            "    loss.requires_grad_()\n"
            "    opt.zero_grad()\n"
            "    loss.backward()\n"
            "    opt.step()\n"
            "}"
        ),
        (
            "let w = tensor([1.0, 2.0], grad)\n"
            "let o = SGD([w], lr=0.1)\n"
            "for i in range(2) {\n"
            "    let pred = w * 2\n"
            "    pred = pred.detach()\n"
            "    let loss = pred.sum()\n"
            "    loss.requires_grad = true\n"
            "    zero_grad o\n"
            "    backward loss\n"
            "    step o\n"
            "}"
        ),
        (
            "let net = Linear(2, 3)\n"
            "let opt = SGD(net.parameters(), lr=0.1)\n"
            "let loss = (net(randn(4, 2)).argmax(1).float() - 1).abs().mean()\n"
            "loss.requires_grad = true\n"
            "backward loss\n"
            "step opt"
        ),
    ],
    "W0504": [
        (
            "fn fit(x) {\n"
            "    let w = tensor(1.0, grad)\n"
            "    for i in range(3) {\n"
            "        backward (w * x - 2) ** 2\n"
            "        no_grad { w = w - 0.1 * w.grad }\n"
            "    }\n"
            "    return w\n"
            "}\n"
            "print fit(3.0)"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "let lr = 0.1\n"
            "for i in range(3) {\n"
            "    backward w ** 2\n"
            "    w = w - lr * w.grad\n"
            "}"
        ),
        (
            "let net = Linear(2, 1)\n"
            "backward net(ones(1, 2)).sum()\n"
            "for p in net.parameters() { p = p - 0.1 * p.grad }\n"
            "print net.weight"
        ),
        (
            "let ws = [ones(2, grad), ones(3, grad)]\n"
            "backward sum(cat(ws) ** 2)\n"
            "no_grad {\n"
            "    for i, w in enumerate(ws) {\n"
            "        w = w - 0.1 * w.grad\n"
            "        w.grad = none\n"
            "    }\n"
            "}\n"
            "print ws"
        ),
        (
            "let net = Linear(2, 1)\n"
            "let gs = grad(net(ones(1, 2)).sum(), list(net.parameters()))\n"
            "for p, g in zip(net.parameters(), gs) { p = p - 0.1 * g }\n"
            "print net.weight"
        ),
    ],
    "W0505": [
        ("let w = tensor(2.0, grad)\nlet loss = float(w * w) * tensor(3.0, grad)\nbackward loss"),
        (
            "let w = tensor([2.0, 1.0], grad)\n"
            "let v = tensor(1.0, grad)\n"
            "let s = (w * 2).numpy()\n"
            "let loss = (tensor(s) * v).sum()\n"
            "backward loss"
        ),
        (
            "let a = tensor(2.0, grad)\n"
            "let b = tensor(1.0, grad)\n"
            "let v = tensor([a * 2, b * 3])\n"
            "let loss = (v ** 2).sum()\n"
            "backward loss"
        ),
        (
            "let w = tensor([1.0, 2.0], grad)\n"
            "let u = tensor(1.0, grad)\n"
            "let c = w.data.sum() * u\n"
            "backward c\n"
            "print w.grad"
        ),
        (
            "fn loss_of(w, b) {\n"
            "    let s = w.item()\n"
            "    return (s * b - 1) ** 2\n"
            "}\n"
            "let w = tensor(2.0, grad); let b = tensor(1.0, grad)\n"
            "backward loss_of(w, b)\n"
            "print w.grad"
        ),
    ],
    "W0506": [
        (
            "let net = Linear(3, 1)\n"
            "let opt = SGD(net.parameters(), lr=0.1)\n"
            "let x = randn(4, 3); let y = randn(4, 1)\n"
            "let pred = net(x)\n"
            "let loss = mse_loss(pred, y)\n"
            "for i in range(3) {\n"
            "    zero_grad opt\n"
            "    backward loss\n"
            "    step opt\n"
            "}"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "let loss = (w - 2) ** 2\n"
            "let n = 0\n"
            "while n < 3 {\n"
            "    loss.backward()\n"
            "    no_grad { w.sub_(0.1 * w.grad); w.grad.zero_() }\n"
            "    n += 1\n"
            "}"
        ),
        (
            "fn fit(w) {\n"
            "    let loss = (w - 2) ** 2\n"
            "    for i in range(3) {\n"
            "        backward loss\n"
            "        no_grad { w -= 0.1 * w.grad }\n"
            "        zero_grad w\n"
            "    }\n"
            "}\n"
            "fit(tensor(1.0, grad))"
        ),
        (
            "let net = Linear(2, 1)\n"
            "let opt = Adam(net.parameters())\n"
            "let out = net(randn(4, 2))\n"
            "for i in range(3) {\n"
            "    let loss = (out ** 2).mean()\n"
            "    opt.zero_grad()\n"
            "    loss.backward()\n"
            "    opt.step()\n"
            "}"
        ),
        (
            "let w = tensor(1.0, grad)\n"
            "let loss = (w - 3) ** 2\n"
            "for i in range(3) {\n"
            "    backward loss, retain_graph\n"
            "    no_grad { w -= 0.1 * w.grad }\n"
            "    zero_grad w\n"
            "}"
        ),
    ],
    "W0507": [
        ("let x = tensor(2.0, grad)\nlet y = x ** 2\nlet z = y * 3\nz.backward()\ny.retain_grad()\nprint y.grad"),
    ],
    "W0508": [
        ("let p = tensor([0.0, 0.5], grad)\nlet h = where(p > 0, p * log(p), 0.0)\nbackward -h.sum()"),
        ("let x = tensor([0.0, 4.0], grad)\nlet y = where(x == 0, 0.0, 1 / x)\nbackward y.sum()"),
        ("let x = tensor([0.0, 4.0], grad)\nlet y = where(x != 0, sin(x) / x, 1.0)\nbackward y.sum()"),
        ("let x = tensor([0.0, 4.0], grad)\nlet y = where(abs(x) < 1e-6, 1.0, sin(x) / x)\nbackward y.sum()"),
        ("let x = tensor([0.0, 4.0], grad)\nlet y = where(x > 0, x ** 0.5, 0.0)\nbackward y.sum()"),
        ("let x = tensor([0.0, 4.0], grad)\nlet m = x > 0\nlet y = where(m, sqrt(x), 0.0)\nbackward y.sum()"),
        ("fn safe_log(t) = where(t > 0, log(t), 0.0)\nlet x = tensor([0.0, 4.0], grad)\nbackward safe_log(x).sum()"),
        ("let x = tensor([1.0, 0.5], grad)\nlet y = where(abs(x) < 1, acos(x), 0.0)\nbackward y.sum()"),
        ("let x = tensor([1.0, 3.0], grad)\nlet y = where(x > 1, sqrt(x - 1), 0.0)\nbackward y.sum()"),
        (
            "import torch\n"
            "let x = tensor([0.0, 1.0], grad)\n"
            "let y = torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))\n"
            "y.sum().backward()"
        ),
        ("let x = tensor([0.0, 1.0], grad)\nlet y = where(x > 0, x.log(), 0.0)\nbackward y.sum()"),
        ("let x = tensor([0.0, 1.0], grad)\nlet y = where(x >= 1e-8, x.sqrt(), 0.0)\nbackward y.sum()"),
        ("let x = tensor([0.0, 1.0], grad)\nlet y = where(0 < x, 1 / x, x)\nbackward y.sum()"),
        ("let x = tensor([0.0, 1.0], grad)\nlet y = where(x != 0, x ** -2, 0.0)\nbackward y.sum()"),
        (
            "model M() {\n"
            "    let w = ones(3, grad)\n"
            "    forward(x) = where(x > 0, sqrt(x), 0.0) * w\n"
            "}\n"
            "let m = M()\n"
            "let x = tensor([0., 1., 2.], grad)\n"
            "backward m(x).sum()"
        ),
        ("let v = zeros(3, grad)\nlet n = v.norm()\nlet u = where(n > 0, v / n, v)\nbackward u.sum()"),
    ],
    "W0509": [
        (
            "let net = Linear(3, 1)\n"
            "let x = randn(4, 3)\n"
            "let y = randn(4)\n"
            "let d = y - net(x)\n"
            "let loss = (d ** 2).mean()\n"
            "backward loss"
        ),
        (
            "let w = randn(3, 1, grad)\n"
            "let x = randn(4, 3)\n"
            "let y = randn(4)\n"
            "let loss = ((x @ w - y) ** 2).mean()\n"
            "backward loss"
        ),
        (
            "let net = Sequential(Linear(3, 8), ReLU(), Linear(8, 1))\n"
            "let x = randn(4, 3)\n"
            "let y = tensor([1., 2., 3., 4.])\n"
            "let loss = mse_loss(net(x), y)\n"
            "backward loss"
        ),
    ],
    "W0510": [
        (
            "let net = Linear(3, 2)\n"
            "let x = randn(5, 3); let y = tensor([0, 1, 1, 0, 1])\n"
            "let acc = (argmax(net(x), 1) == y).float().mean()\n"
            "backward 1 - acc"
        ),
        ("let w = tensor([1.2, 2.3], grad)\nlet loss = ((round(w) - 1) ** 2).sum()\nbackward loss"),
        ("let w = tensor([1.2, 2.3], grad)\nlet loss = (w.long() * 2.0).sum()\nbackward loss"),
        ("let w = tensor([1.2, 2.3], grad)\nlet loss = (w > 2).float().sum()\nbackward loss"),
        (
            "let net = Sequential(Linear(3, 4), ReLU(), Linear(4, 2))\n"
            "let x = randn(5, 3); let y = tensor([0, 1, 1, 0, 1])\n"
            "let pred = net(x).argmax(dim=1)\n"
            "let loss = (pred == y).float().mean()\n"
            "backward loss"
        ),
        ("let w = tensor([1.2, -2.3], grad)\nbackward sign(w).sum()"),
        ("let w = tensor(0.3, grad)\nlet x = randn(10)\nlet loss = (x > w).float().mean()\nbackward loss"),
        ("let w = tensor([1.5, 2.5], grad)\nbackward floor(w * 2).sum()"),
        ("let w = tensor([1.5, 2.5], grad)\nlet n = w.int()\nbackward (n * 2.0).sum()"),
    ],
    "W0512": [
        (
            "op scale(x, k) {\n"
            "    save_for_backward x, k\n"
            "    return x * k\n"
            "} backward(g) {\n"
            "    return g * k, none\n"
            "}\n"
            "let k = tensor(2.0, grad)\n"
            "backward scale(ones(3), k).sum()\n"
            "print k.grad"
        ),
        (
            "op lin(x, w, b) {\n"
            "    save_for_backward x, w\n"
            "    return x * w + b\n"
            "} backward(g) {\n"
            "    return g * w, g * x, none\n"
            "}\n"
            "let w = tensor(2.0, grad); let b = tensor(1.0, grad)\n"
            "backward lin(tensor(3.0), w, b)"
        ),
        (
            "op f(x, y) {\n"
            "    let e = exp(y)\n"
            "    save_for_backward x, y\n"
            "    return x * e\n"
            "} backward(g) {\n"
            "    return g * exp(y), none\n"
            "}\n"
            "backward f(tensor(1.0, grad), tensor(2.0, grad))"
        ),
    ],
    "W0513": [
        (
            "let x = randn(4, 2)\n"
            "let model1 = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))\n"
            "let trainer = torch.optim.Adam(model1.parameters())\n"
            "for i in range(2) {\n"
            "    model1 = nn.Sequential(nn.Linear(2, 1))\n"
            "    trainer.zero_grad()\n"
            "    model1(x).mean().backward()\n"
            "    trainer.step()\n"
            "}"
        ),
        (
            "fn run(x) {\n"
            "    let net = Linear(2, 1)\n"
            "    let o = Adam(net.parameters())\n"
            "    let net = Linear(2, 1)\n"
            "    repeat 2 { zero_grad o; backward net(x).mean(); step o }\n"
            "}\n"
            "run(ones(3, 2))"
        ),
    ],
    "W0514": [
        (
            "let net = nn.Linear(2, 1)\n"
            "let optimizer = optim.Adam(net.parameters(), lr=1e-3)\n"
            "for epoch in range(3) {\n"
            "    for x in [ones(2, 2), zeros(2, 2)] {\n"
            "        optimizer.zero_grad()\n"
            "        let loss = net(x).pow(2).mean()\n"
            "        loss.backward()\n"
            "    }\n"
            "    print epoch, loss.item()\n"
            "}"
        ),
        ("let w = ones(2, grad)\nlet o = SGD([w], lr=0.1)\nrepeat 3 { backward (w ** 2).sum(); zero_grad o }"),
    ],
}

SILENT = [
    (
        "let net = Linear(2, 1)\n"
        "let opt = SGD(net.parameters(), lr=0.1)\n"
        "let teacher = net\n"
        "net = Linear(2, 1)\n"
        "zero_grad opt; backward (net(ones(1, 2)) - teacher(ones(1, 2))).sum(); step opt"
    ),
    (
        "for trial in range(2) {\n"
        "    let net = Linear(2, 1)\n"
        "    let opt = SGD(net.parameters(), lr=0.1)\n"
        "    zero_grad opt; backward net(ones(1, 2)).sum(); step opt\n"
        "}"
    ),
    (
        "let net = Linear(2, 1)\n"
        "let opt = SGD(net.parameters(), lr=0.1)\n"
        "backward net(ones(1, 2)).sum(); step opt; zero_grad opt\n"
        "net = Linear(2, 1)\n"
        "opt = SGD(net.parameters(), lr=0.1)\n"
        "backward net(ones(1, 2)).sum(); step opt; zero_grad opt"
    ),
    (
        "fn round(net, opt) { zero_grad opt; backward net(ones(1, 2)).sum(); opt.step() }\n"
        "let net = Linear(2, 1)\n"
        "let opt = SGD(net.parameters(), lr=0.1)\n"
        "repeat 2 { round(net, opt); zero_grad opt }"
    ),
    (
        "let w = ones(2, grad)\n"
        "let opt = SGD([w], lr=0.1)\n"
        "repeat 2 { zero_grad opt; backward (w ** 2).sum(); print w.grad }\n"
        "step opt"
    ),
    (
        "let net = Linear(2, 1)\n"
        "backward net(ones(1, 2)).sum()\n"
        "let after = []\n"
        "for p in net.parameters() { p = p - 0.1 * p.grad; after.append(p) }\n"
        "for p in net.parameters() { if p.dim() > 1 { p = p - p.mean() } else { p = p * 2 }; print p }\n"
        "print after"
    ),
    (
        "let w = tensor(1.0, grad)\n"
        "let total = 0.0\n"
        "repeat 3 { let loss = w ** 2; backward loss; zero_grad w; total += loss.item() }\n"
        "print total"
    ),
    (
        "let w = tensor(1.0, grad)\n"
        "let total = 0.0\n"
        "repeat 3 { let loss = w ** 2; backward loss; zero_grad w; loss = loss.detach(); total += loss }\n"
        "print total"
    ),
    (
        "let w = tensor(1.0, grad)\n"
        "for e in range(2) { let total = 0.0\n"
        "let loss = w ** 2; backward loss; zero_grad w; total += loss; print total }"
    ),
    (
        "let w = tensor(1.0, grad)\n"
        "for e in range(2) { let loss = 0.0\n"
        "for i in range(3) { loss += w * i }\n"
        "backward loss; zero_grad w }"
    ),
    ("let w = (randn(3) * 0.1)\nw.requires_grad_()\nlet loss = (w ** 2).sum()\nbackward loss"),
    ("let z = (randn(3) * 0.1).sum()\nz.requires_grad_()\nbackward z"),
    (
        "let w = tensor(2.0, grad)\n"
        "let a = w ** 2; let b = (w - 1) ** 2\n"
        "let k = a.item() / b.item()\n"
        "backward a + k * b"
    ),
    (
        "let w = tensor(2.0, grad)\n"
        "let h = zeros(3)\n"
        "repeat 3 { let n = tanh(h.data * w); backward n.sum(); zero_grad w; h = n }"
    ),
    ("let w = tensor(2.0, grad)\nlet w0 = w.data.clone()\nbackward (w - w0) ** 2"),
    ("let x = randn(3, grad)\nlet y = x + (round(x) - x).data\nbackward (y ** 2).sum()"),
    (
        "let G = Linear(2, 2); let D = Linear(2, 1)\n"
        "let go = SGD(G.parameters(), lr=0.1); let do = SGD(D.parameters(), lr=0.1)\n"
        "let z = randn(4, 2)\n"
        "let dl = D(G(z).data).mean()\n"
        "backward dl; step do\n"
        "let gl = -D(G(z)).mean()\n"
        "backward gl; step go"
    ),
    ("let x = tensor(2.0, grad)\nlet z = x ** 2\nfor i in range(3) { backward z, retain_graph; print x.grad }"),
    (
        "let x = tensor([2.0, 3.0], grad)\n"
        "let y = x ** 2\n"
        "for i in range(2) { zero_grad x; backward y[i], retain_graph; print x.grad }"
    ),
    ("let x = tensor([0.0, 4.0], grad)\nlet y = where(x > 0, sqrt(x ** 2 + 1), 0.0)\nbackward y.sum()"),
    (
        "let x = tensor([0.0, 4.0], grad)\n"
        "let s = where(x > 0, x, 1.0)\n"
        "let y = where(x > 0, sqrt(s), 0.0)\n"
        "backward y.sum()"
    ),
    ("let x = tensor([0.0, 4.0], grad)\nlet y = where(x > 0, exp(x), 0.0)\nbackward y.sum()"),
    ("let d = tensor([0.0, 4.0])\nlet w = tensor(1.0, grad)\nlet y = where(d > 0, sqrt(d), 0.0) * w\nbackward y.sum()"),
    ("let x = tensor([2.0, 4.0], grad)\nlet y = where(x < 5, sqrt(x), 0.0)\nbackward y.sum()"),
    ("let w = tensor([1.2, -2.3], grad)\nbackward (w * (w > 0)).sum()"),
    ("let x = randn(4, grad)\nlet d = x.unsqueeze(1) - x\nbackward (d ** 2).sum()"),
    ("let net = Linear(3, 1)\nlet loss = cross_entropy(net(randn(4, 3)), zeros(4, dtype=int64))\nbackward loss"),
    (
        "let net = Linear(2, 1)\n"
        "let o = SGD(net.parameters(), lr=0.1)\n"
        "for i in range(3) { net.zero_grad(); backward net(randn(4, 2)).sum(); o.step() }"
    ),
    ("let w = tensor(1., grad)\nfor i in range(3) { backward w ** 2; no_grad { w -= 0.1 * w.grad }; w.grad = none }"),
    (
        "let w = tensor(1., grad)\n"
        "let o = SGD([w], lr=0.1)\n"
        "for i in range(8) { backward w ** 2; if i % 4 == 3 { step o; zero_grad o } }"
    ),
    (
        "let w = tensor(1.0, grad)\n"
        "let total = 0.0\n"
        "for i in range(3) { let loss = w ** 2; backward loss, retain_graph; total += loss }\n"
        "backward total"
    ),
    (
        "let w = tensor(1.0, grad)\n"
        "let total = 0.0\n"
        "for i in range(3) { let loss = w ** 2; backward loss; zero_grad w; no_grad { total += loss } }\n"
        "print total"
    ),
    (
        "let w = tensor(1.0, grad)\n"
        "let total = 0.0\n"
        "for i in range(3) { let loss = w ** 2; backward loss; zero_grad w; total += float(loss) }\n"
        "print total"
    ),
    (
        "fn one(w, x) {\n"
        "    let loss = (w.detach() * x).sum()\n"
        "    loss.requires_grad_()\n"
        "    backward loss\n"
        "}\n"
        "one(ones(2, grad), ones(2))"
    ),
    ("let net = Linear(2, 1)\nlet y = net(randn(3, 2)).detach()\nlet w = tensor(1.0, grad)\nbackward (y * w).sum()"),
    ("let w = tensor([3.0, 4.0], grad)\nlet v = w / w.norm().item()\nbackward v.sum()"),
    (
        "let w = tensor(3.0, grad)\n"
        "let loss = w ** 2\n"
        "backward loss\n"
        "let lr = 0.1 * loss.item()\n"
        "no_grad { w -= lr * w.grad }"
    ),
    (
        "let w = tensor(3.0, grad)\n"
        "let avg = 1.0\n"
        "for i in range(3) { let loss = w ** 2 / avg; zero_grad w; backward loss; avg = 0.9 * avg + 0.1 * loss.item() }"
    ),
    (
        "let net = Sequential(Linear(2, 4), Tanh(), Linear(4, 1))\n"
        "let x = randn(6, 2)\n"
        "let y = x.sum(1)\n"
        "let loss = ((net(x) - y) ** 2).mean()\n"
        "backward loss"
    ),
    (
        "let net = Linear(2, 2)\n"
        "let x = randn(4, 2); let y = zeros(4, dtype=int64)\n"
        "let loss = cross_entropy(net(x), y)\n"
        "let acc = (argmax(net(x), 1) == y).float().mean()\n"
        "backward loss\n"
        "print acc"
    ),
    (
        "op scale(x, k) {\n"
        "    save_for_backward k\n"
        "    return x * k\n"
        "} backward(g) {\n"
        "    return g * k, none\n"
        "}\n"
        "backward scale(ones(3, grad), 2.0).sum()"
    ),
    ("let w = randn(3, grad)\nlet y = w * 2\ny.retain_grad()\nbackward y.sum()\nprint y.grad"),
]
