"""What training loops are made of, each in a loop, with why it has no plan: "" where it has one."""

from __future__ import annotations

TRAINS = """\
manual_seed(0)
let X = randn(8, 4); let Y = randint(0, 3, (8,)); let net = Sequential(Linear(4, 5), Tanh(), Linear(5, 3))
let opt = {opt}
let sched = {sched}
for i in range(30) {{
    opt.zero_grad(); let loss = cross_entropy(net(X), Y); loss.backward(); opt.step()
    {step}
}}
print loss, net[0].weight, net[2].bias, opt.state_dict(), opt.param_groups[0]["lr"]
{end}
"""
SGD = "SGD(net.parameters(), lr=0.1, momentum=0.9)"
ADAM = "Adam(net.parameters())"
# name: (scheduler, optimiser, how it is stepped)
SCHEDULERS = {
    "StepLR": ("StepLR(opt, 7)", SGD, "sched.step()"),
    "StepLR, now and then": ("StepLR(opt, 2)", SGD, "if i % 5 == 4 { sched.step() }"),
    "MultiStepLR": ("MultiStepLR(opt, [4, 9, 9, 20], gamma=0.3)", SGD, "sched.step()"),
    "ConstantLR": ("ConstantLR(opt, factor=0.5, total_iters=9)", SGD, "sched.step()"),
    "LinearLR": ("LinearLR(opt, total_iters=12)", ADAM, "sched.step()"),
    "ExponentialLR": ("ExponentialLR(opt, 0.97)", SGD, "sched.step()"),
    "PolynomialLR": ("PolynomialLR(opt, total_iters=20, power=2.0)", SGD, "sched.step()"),
    "CosineAnnealingLR": ("CosineAnnealingLR(opt, T_max=12, eta_min=0.01)", SGD, "sched.step()"),
    "CosineAnnealingWarmRestarts": ("CosineAnnealingWarmRestarts(opt, T_0=5, T_mult=2)", SGD, "sched.step()"),
    "OneCycleLR": ("OneCycleLR(opt, max_lr=0.5, total_steps=40)", SGD, "sched.step()"),
    "OneCycleLR, three phases": (
        "OneCycleLR(opt, max_lr=0.5, total_steps=40, anneal_strategy='linear', three_phase=true)",
        SGD,
        "sched.step()",
    ),
    "OneCycleLR, of betas": ("OneCycleLR(opt, max_lr=0.5, total_steps=40)", ADAM, "sched.step()"),
    "CyclicLR": ("CyclicLR(opt, base_lr=0.01, max_lr=0.1, step_size_up=5)", SGD, "sched.step()"),
    "CyclicLR, triangular2": (
        "CyclicLR(opt, base_lr=0.01, max_lr=0.1, step_size_up=5, mode='triangular2')",
        SGD,
        "sched.step()",
    ),
    "CyclicLR, exp_range": (
        "CyclicLR(opt, base_lr=0.01, max_lr=0.1, step_size_up=5, mode='exp_range', gamma=0.99)",
        SGD,
        "sched.step()",
    ),
    "CyclicLR, a function": (
        "CyclicLR(opt, base_lr=0.01, max_lr=0.1, step_size_up=5, scale_fn=fn(x) = 0.5 ** x)",
        SGD,
        "sched.step()",
    ),
    "LambdaLR": ("LambdaLR(opt, fn(epoch) = min(1.0, (epoch + 1) / 10))", ADAM, "sched.step()"),
    "MultiplicativeLR": ("MultiplicativeLR(opt, fn(epoch) = 0.95)", SGD, "sched.step()"),
    "SequentialLR": (
        "SequentialLR(opt, [LinearLR(opt, total_iters=5), CosineAnnealingLR(opt, T_max=20)], milestones=[5])",
        SGD,
        "sched.step()",
    ),
    "SequentialLR, chained": (
        "SequentialLR(opt, [ConstantLR(opt, factor=0.1, total_iters=5), ExponentialLR(opt, gamma=0.9)], [6])",
        ADAM,
        "sched.step(); losses.append(sched.get_last_lr()[0])",
    ),
    "ChainedScheduler": (
        "ChainedScheduler([ConstantLR(opt, factor=0.1, total_iters=5), ExponentialLR(opt, gamma=0.9)])",
        SGD,
        "sched.step(); print sched.get_last_lr()",
    ),
    "SWALR": ("optim.swa_utils.SWALR(opt, swa_lr=0.05)", SGD, "sched.step()"),
    "ReduceLROnPlateau": ("ReduceLROnPlateau(opt, patience=2, factor=0.5)", SGD, "sched.step(loss)"),
    "ReduceLROnPlateau, of a number": (
        "ReduceLROnPlateau(opt, mode='max', patience=0, cooldown=2)",
        ADAM,
        "sched.step(loss.item()); rates = sched.get_last_lr()",
    ),
}
# Beside those of training.py; what PyTorch has and gradsh not is an error at its line.
OPTIMISERS = {
    "Adafactor(net.parameters())": "",
    "Adafactor(net.parameters(), lr=0.1, weight_decay=0.1)": "",
    "Adam(net.parameters(), lr=tensor(0.01))": "",
    "SGD(net.parameters(), lr=tensor(0.1))": "",
    "Adam(net.parameters(), weight_decay=0.1, maximize=true)": "",
    "NAdam(net.parameters(), decoupled_weight_decay=true)": "",
    "RAdam(net.parameters(), weight_decay=0.1, decoupled_weight_decay=true)": "",
    "ASGD(net.parameters(), t0=3.0)": "",
    "Adagrad(net.parameters(), lr_decay=0.1)": "",
    "SGD([{'params': net[0].parameters()}, {'params': net[2].parameters(), 'lr': 0.01}], lr=0.1, momentum=0.9)": "",
    "LBFGS(net.parameters(), lr=0.1, max_iter=4)": "no plan knows LBFGS",
}
CLOSURE = """\
manual_seed(0)
let X = randn(8, 4); let Y = randint(0, 3, (8,)); let net = Sequential(Linear(4, 5), Tanh(), Linear(5, 3))
let opt = {opt}
fn closure() {{ opt.zero_grad(); let loss = cross_entropy(net(X), Y); loss.backward(); return loss }}
for i in range(12) {{ let loss = opt.step(closure) }}
print loss, [p for p in net.parameters()], opt.state_dict()
"""
HELD = "let losses = []; let rates = sched.get_last_lr()"


def optimised(name: str, closure: bool = False) -> str:
    return CLOSURE.format(opt=name) if closure else TRAINS.format(opt=name, sched="none", step="", end="")


def scheduled(name: str) -> str:
    sched, opt, step = SCHEDULERS[name]
    end = "print sched.get_last_lr(), sched.state_dict(), losses, rates, rates is sched.get_last_lr()"
    return TRAINS.format(opt=opt, sched=f"{sched}\n{HELD}", step=step, end=end)


# Each a text of its own, with why its loops have no plan, in their order.
REPLACED = {
    "items of a dict": ("for i in range(20) { d['x'] = d['x'] * 0.9 + d['y'] }", [""]),
    "items of a list": ("for i in range(20) { xs[0] = xs[0] * 0.5 + i; xs[1] = xs[0] + xs[1] }", [""]),
    "fields, in a function": (
        "fn step(d) { for k in ['x', 'y'] { d[k] = 0.9 * d[k] + a } }\nfor i in range(20) { step(d) }",
        [""],
    ),
    "a cell": (
        "fn counter() { let z = [ones(2)]; return fn() { z[0] = z[0] * 0.9; return z[0] } }\nlet tick = counter()\n"
        "for i in range(20) { let now = tick() }",
        [""],
    ),
    "one in two places": ("for i in range(20) { d['x'] = d['x'] * 0.5; d['y'] = d['x'] }", [""]),
    "one in two places, of which one stays": (
        "d['y'] = d['x']\nfor i in range(20) { d['x'] = d['x'] * 0.5 + d['y'] }",
        [""],  # two after the first
    ),
    "a key": (
        "let t = {a: 1}\nfor i in range(20) { a = a * 0.5 }",
        [""],
    ),
    "handed on": ("for i in range(20) { a, b = b, a + 0.1 * b }", [""]),
    "handed on, by three": ("for i in range(20) { a, b, d['x'] = b, d['x'], a + 0.1 * b }", [""]),
    "swapped, and one anew": ("for i in range(20) { a, b = b, a; a = a * 0.9 }", [""]),
    "swapped": ("for i in range(20) { a, b = b, a; n += 1 }", ["names swap what they are bound to"]),
    "handed on and written": (
        "for i in range(20) { a, b = b, a + 0.1 * b; a.add_(1) }",
        ["a value that goes from one iteration to the next is written, and gets another name"],
    ),
    "a tuple": (
        "let p = (a, b)\nfor i in range(20) { p = (p[1], p[0] * 0.5) }",
        ["p goes from one iteration to the next"],
    ),
    "written before it is replaced": (
        "fn run(x) { for i in range(20) { x.mul_(0.5); x = (x + 1).detach() }; return x }\n"
        "print run(a), a, run(b), b, run(b)",
        [""],
    ),
    "items written before they are replaced": (
        "fn run(xs) { for i in range(20) { xs[0].mul_(0.5); xs[0] = xs[0] + 1; xs[1] = xs[0] * 2 }; return xs }\n"
        "print run([a, b]), a, b; print run([b, a]), a, b; print run([a, a]), a, b",
        [""],
    ),
    "a leaf that gets a gradient": (
        "fn run(w) {\n"
        "for i in range(20) { backward (w * w).sum(); w = (w - 0.1 * w.grad).detach().requires_grad_() }\n}\n"
        "let u = ones(2, grad); let v = ones(2, grad); run(u); run(v); print u.grad, v.grad",
        [""],
    ),
    "whole views": (
        "let c = ones(2, 3); let e = c.view(6); let f = ones(6); let g = f.view(3, 2)\n"
        "for i in range(20) { c.mul_(0.9); e.add_(1); f = f + e; g.add_(0.1) }\nprint c, e, f, g\n"
        "for i in range(20) { a = where(a > 0, a * 0.9, b); c = c * 0.5 + e.view(2, 3) }",
        ["", ""],
    ),
    "nan": (
        "let p = tensor(nan); let q = -p\nfor i in range(20) { n = p * q + n * 0.5; a = a * p + b * q }",
        [""],
    ),
    "rows that are written": (
        "let X = ones(12, 3); let c = zeros(3)\n"
        "for q in X { X += 0.1; c = c + q }\nfor q in X.unbind() { X[0] = 2.0; c = c + q }",
        ["an item of the loop is written by another name"] * 2,
    ),
    "bound now and then, and read by none": (
        "let p = none; let q = none; let r = none\n"
        "for i in range(40) { a.mul_(0.9); a = a + 1; if i == 5 { p = a } }\nprint p, a is p\n"
        "for i in range(40) { a.mul_(0.9); a = a + 1; if a.sum() > i { q = a; n = i } }\nprint q, a is q\n"
        "for i in range(40) { a.mul_(0.9); if a.sum() < 20 - i { q = {'a': a.clone(), 'i': i}; n = i } }\nprint q\n"
        "for i in range(40) { a.mul_(0.99); if i > 3 { p = q; q = b * 2 } }\nprint p, q\n"
        "for i in range(40) { a.mul_(0.99); if i % 2 { q = {'x': a * 2, 'y': i} } else { r = [a] } }\n"
        "print p, q, r, r[0] is a\n"
        "for i in range(40) { a.data = a * 0.9; if i == 5 { p = a.detach() }; if i > 20 { q = a.detach() } }\n"
        "for i in range(40) { a.add_(1); a.data = a * 0.9; if i == 5 { p = a.detach() }; if i > 9 { q = p } }\n"
        "print p, q, r",
        [""] * 7,
    ),
    "a gradient that is dropped, and somebody has": (
        "let u = ones(3, grad); let k = none\n"
        "for i in range(40) { if i { u.grad.zero_() }; u.grad = none; backward u.sum(); if i == 5 { k = u.grad } }\n"
        "print k, u.grad",
        ["what an iteration makes is read by the next"],
    ),
    "collections": (
        "let h = {'n': [], 'm': (1, 2.0)}\n"
        "for i in range(20) { h['m'] = (i, h['m'][1] * 0.5); h['n'].append(h['m'][1]) }\nprint h",
        [""],
    ),
}
HEAD = """\
let a = tensor([1., -2.]); let b = tensor([0.5, 3.]); let d = {'x': ones(2), 'y': ones(2) * 2}; let n = 0
let xs = [ones(2), zeros(2)]; let first = [a, b, d['x'], d['y'], xs[0]]
"""
LAST = "print a, b, d, xs, n, first, d['x'] is d['y'], a is b, a is first[0], a is first[1], b is first[0]"


def replaced(name: str) -> str:
    return f"{HEAD}{REPLACED[name][0]}\n{LAST}\n"


# Of so many iterations is a turn of the plan: (the loop, how many).
IN_TURN = {
    "gradients of four batches": (
        "{LOSS}; (loss / 4).backward(); if (i + 1) % 4 == 0 { opt.step(); opt.zero_grad() }",
        4,
    ),
    "of a number": ("{LOSS}; loss.backward(); n += 1; if n % of == 0 { opt.step(); opt.zero_grad() }", 3),
    "cleared first": ("if i % 2 == 0 { opt.zero_grad() }; {LOSS}; loss.backward(); if i % 2 == 1 { opt.step() }", 2),
    "the gradient stays": (
        "{LOSS}; loss.backward(); if i % 3 == 2 { opt.step(); opt.zero_grad(set_to_none=false) }",
        3,
    ),
    "the first of each": ("{LOSS}; loss.backward(); if i % 4 == 0 { opt.step(); opt.zero_grad() }", 4),
    "two in turn": (
        "opt.zero_grad(); {LOSS}; if i % 2 { loss = loss * 2 }; loss.backward(); opt.step(); if i % 3 == 0 "
        "{ losses.append(loss.item()); sched.step() }",
        12,  # of the scheduler's fourth step
    ),
    "shown now and then": (
        "opt.zero_grad(); {LOSS}; loss.backward(); opt.step(); if i % 5 == 0 { print i, loss.item(); last = loss }",
        5,
    ),
    "else": (
        "opt.zero_grad(); {LOSS}; loss.backward(); if i % 4 != 3 { opt.step() } else "
        "{ no_grad { for p in net.parameters() { p -= 0.1 * p.grad } } }",
        4,
    ),
    "too rarely": ("opt.zero_grad(); {LOSS}; loss.backward(); opt.step(); if i % 50 == 0 { print loss }", 1),
}
TURNS = """\
manual_seed(0)
let X = randn(96, 4); let Y = randint(0, 3, (96,)); let net = Sequential(Linear(4, 5), Tanh(), Linear(5, 3))
let opt = SGD(net.parameters(), lr=0.1, momentum=0.9); let sched = StepLR(opt, 4); let n = 0; let of = 3
let losses = []; let last = none; let loss = none
HEADER { BODY }
print loss, last, n, losses, opt.state_dict(), [(p, p.grad, p._version) for p in net.parameters()]
"""
# Headers of such loops, and of what the loss is then.
GOING = {
    "for i in range(96)": "loss = cross_entropy(net(X), Y)",
    "for i, (x, y) in enumerate(zip(X, Y))": "loss = ((net(x) - x[:3]) ** 2).mean() * (y + 1)",
    "for i, (x, y) in enumerate(DataLoader(TensorDataset(X, Y), batch_size=1, shuffle=true))": (
        "loss = cross_entropy(net(x), y)"
    ),
}


def in_turn(name: str, header: str) -> str:
    body = IN_TURN[name][0].replace("{LOSS}", GOING[header])
    return TURNS.replace("HEADER", header).replace("BODY", body)
