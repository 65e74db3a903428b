"""Training loops as people write them: models of the library's layers, losses and optimisers."""

from __future__ import annotations

from itertools import cycle

# name: (model, data, loss)
MODELS = {
    "linear": ("Linear(4, 3)", "randn(5, 4)", "mse_loss(net(X), zeros(5, 3))"),
    "classifier": (
        "Sequential(Linear(4, 6), ReLU(), Linear(6, 3))",
        "randn(5, 4)",
        "cross_entropy(net(X), tensor([0, 1, 2, 1, 0]))",
    ),
    "smoothed": ("Linear(4, 3)", "randn(5, 4)", "cross_entropy(net(X), tensor([0, 1, 2, 1, 0]), label_smoothing=0.1)"),
    "nll": ("Sequential(Linear(4, 3), LogSoftmax(1))", "randn(5, 4)", "nll_loss(net(X), tensor([0, 1, 2, 1, 0]))"),
    "gelu": (
        "Sequential(Linear(4, 6), GELU(), LayerNorm(6), Linear(6, 1))",
        "randn(5, 4)",
        "smooth_l1_loss(net(X), ones(5, 1))",
    ),
    "silu": (
        "Sequential(Linear(4, 6), SiLU(), Linear(6, 1), Softplus())",
        "randn(5, 4)",
        "huber_loss(net(X), ones(5, 1))",
    ),
    "binary": (
        "Linear(4, 1)",
        "randn(5, 4)",
        "binary_cross_entropy_with_logits(net(X).squeeze(1), tensor([0., 1., 1., 0., 1.]))",
    ),
    "sigmoid": (
        "Sequential(Linear(4, 1), Sigmoid())",
        "randn(5, 4)",
        "binary_cross_entropy(net(X), tensor([[0.], [1.], [1.], [0.], [1.]]))",
    ),
    "conv": (
        "Sequential(Conv2d(1, 2, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(8, 3))",
        "randn(2, 1, 4, 4)",
        "cross_entropy(net(X), tensor([0, 2]))",
    ),
    "conv1d": (
        "Sequential(Conv1d(2, 3, 2), Tanh(), AvgPool1d(2), Flatten(), Linear(6, 2))",
        "randn(2, 2, 5)",
        "(net(X) ** 2).mean()",
    ),
    "batchnorm": (
        "Sequential(Linear(4, 3), BatchNorm1d(3), ReLU(), Linear(3, 1))",
        "randn(5, 4)",
        "(net(X) ** 2).mean()",
    ),
    "batchnorm2d": (
        "Sequential(Conv2d(1, 2, 3), BatchNorm2d(2), LeakyReLU(), AdaptiveAvgPool2d(1), Flatten())",
        "randn(2, 1, 4, 4)",
        "(net(X) ** 2).sum()",
    ),
    "groupnorm": ("Sequential(Conv2d(1, 4, 3), GroupNorm(2, 4))", "randn(2, 1, 4, 4)", "(net(X) ** 3).sum()"),
    "embedding": (
        "Sequential(Embedding(5, 3), Flatten(), Linear(6, 2))",
        "tensor([[0, 1], [4, 1], [2, 3]])",
        "cross_entropy(net(X), tensor([0, 1, 1]))",
    ),
    "lstm": ("LSTM(3, 2)", "randn(4, 2, 3)", "(net(X)[0] ** 2).mean()"),
    "gru": ("GRU(3, 2)", "randn(4, 2, 3)", "(net(X)[1] ** 2).mean()"),
    "rnn": ("RNN(3, 2, batch_first=true)", "randn(2, 4, 3)", "(net(X)[0] ** 2).mean()"),
    "cell": ("LSTMCell(3, 2)", "randn(4, 3)", "(net(X)[0] ** 2).mean()"),
    "attention": ("MultiheadAttention(4, 2)", "randn(3, 2, 4)", "(net(X, X, X)[0] ** 2).mean()"),
    "transformer": (
        "TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=true)",
        "randn(2, 3, 4)",
        "(net(X) ** 2).mean()",
    ),
    "dropout": ("Sequential(Linear(4, 6), Dropout(0.5), Linear(6, 1))", "randn(5, 4)", "(net(X) ** 2).mean()"),
    "noise": ("Linear(4, 2)", "randn(5, 4)", "mse_loss(net(X + 0.1 * randn(5, 4)), rand(5, 2))"),
    "sampled": ("Linear(4, 2)", "randn(5, 4)", "(net(X[randint(0, 5, (3,))]) ** 2).mean()"),
    "shuffled": ("Linear(4, 2)", "randn(5, 4)", "((net(X[randperm(5)]) - X[:, :2]) ** 2).mean()"),
    "normal": ("Linear(4, 2)", "randn(5, 4)", "(net(X) * randn_like(X[:, :2]) + normal(0., 1., (5, 2))).sum()"),
    "bernoulli": ("Linear(4, 2)", "randn(5, 4)", "(sigmoid(net(X)) * bernoulli(sigmoid(net(X)).detach())).sum()"),
    "filled": ("Linear(4, 2)", "randn(5, 4)", "(net(empty(5, 4).normal_()) * empty(5, 2).uniform_(-1, 1)).sum()"),
}

OPTIMISERS = [
    "SGD({}, lr=0.1)",
    "SGD({}, lr=0.1, momentum=0.9)",
    "SGD({}, lr=0.1, momentum=0.9, nesterov=true, weight_decay=0.01)",
    "Adam({}, lr=0.01)",
    "Adam({}, lr=0.01, amsgrad=true)",
    "AdamW({}, lr=0.01)",
    "RMSprop({}, lr=0.01, momentum=0.1, centered=true)",
    "Adagrad({}, lr=0.01)",
    "Adadelta({})",
    "NAdam({})",
    "RAdam({})",
    "Adamax({})",
    "ASGD({})",
    "Rprop({})",
]
BETWEEN = [
    "",
    "let norm = clip_grad_norm_(net.parameters(), 1.0)",
    "clip_grad_value_(net.parameters(), 0.1)",
    "no_grad { for p in net.parameters() { p.grad += 0.01 * p } }",
]


def trained(name: str, optimiser: str, between: str = "", turns: int = 9) -> str:
    """A program that trains a model, and prints it."""
    model, data, loss = MODELS[name]
    return f"""\
manual_seed(0)
let net = {model}
let X = {data}
let opt = {optimiser.format("net.parameters()")}
for _ in range({turns}) {{
    opt.zero_grad()
    let loss = {loss}
    loss.backward()
    {between}
    opt.step()
}}
print loss, opt.state_dict(), rand(2)
print [(p, p.grad, p._version) for p in net.parameters()]
for b in net.buffers() {{ print b }}
"""


def programs() -> dict[str, str]:
    """Each model, with the optimisers in turn."""
    optimisers, between = cycle(OPTIMISERS), cycle(BETWEEN)
    return {name: trained(name, next(optimisers), next(between)) for name in MODELS}


NUMBERS = """\
manual_seed(0)
let X = randn(12, 4); let Y = randint(0, 3, (12,)); let w = randn(4, 3, grad); let v = randn(12, grad)
let net = Linear(4, 3); let opt = SGD(net.parameters(), lr=0.1); let losses = zeros(12); let total = 0.0
{before}
for {header} {{
    opt.zero_grad(); v.grad = none; w.grad = none
    {body}
}}
print net.weight, w, v, X, losses, opt.param_groups[0]["lr"], total, w.grad, v.grad, rand(1)
"""
UNPLANNED = ("list", "zip", "rows of a tensor", "enumerate", "chunks", "loader", "numbers")
STEP = "backward loss; opt.step()"
# name: (before, header, body), what is done with the loop's own variable, with batches, and with rates that change
LOOPS = {
    "rows": ("", "i in range(12)", f"let loss = (net(X[i]) ** 2).sum(); {STEP}"),
    "elements": ("", "i in range(12)", "backward (v[i] * X[i, 0]) ** 2; no_grad { v -= 0.1 * v.grad }"),
    "batches": (
        "",
        "i in range(6)",
        f"let loss = cross_entropy(net(X[2 * i:2 * i + 2]), Y[i * 2:(i + 1) * 2]); {STEP}",
    ),
    "strided": ("", "i in range(0, 12, 2)", f"let loss = cross_entropy(net(X[i:i + 2]), Y[i:i + 2]); {STEP}"),
    "downwards": ("", "i in range(11, 2, -1)", f"let loss = net(X[i]).sum(); losses[i] = loss.detach(); {STEP}"),
    "written": (
        "",
        "i in range(10)",
        f"let loss = net(X[i]).sum(); losses[i] = loss.item() + i; w.data[i % 3] = 0.1 * i; {STEP}",
    ),
    "rate": (
        "",
        "i in range(10)",
        "backward (w ** 2).sum(); no_grad { w -= 0.5 / (i + 1) * w.grad; w *= 0.99 ** i; v += i }",
    ),
    "columns": ("", "i in range(9)", "backward (w[:, i % 3] ** 2).sum() * i; no_grad { w -= 0.1 * w.grad }"),
    "chosen": ("", "i in range(9)", f"let loss = cross_entropy(net(X[[i, i + 1]]), Y[[i, i + 1]]); {STEP}"),
    "narrowed": ("", "i in range(10)", f"let loss = net(X.narrow(0, i, 2)).sum() + X.select(0, i).sum(); {STEP}"),
    "randomly": (
        "",
        "i in range(9)",
        f"let at = randint(0, 12, (4,)); let loss = cross_entropy(net(X[at]), Y[at]); {STEP}",
    ),
    "shuffled": (
        "let order = randperm(12)",
        "i in range(0, 12, 2)",
        f"let at = order[i:i + 2]; let loss = cross_entropy(net(X[at]), Y[at]); {STEP}",
    ),
    "step": (
        "let turn = StepLR(opt, step_size=3, gamma=0.5)",
        "i in range(12)",
        f"let loss = (net(X) ** 2).mean(); {STEP}; turn.step()",
    ),
    "cosine": (
        "let turn = CosineAnnealingLR(opt, T_max=10)",
        "i in range(12)",
        f"let loss = (net(X) ** 2).mean(); {STEP}; turn.step()",
    ),
    "exponential": (
        "let turn = ExponentialLR(opt, gamma=0.9)",
        "i in range(12)",
        f"let loss = (net(X) ** 2).mean(); {STEP}; turn.step()",
    ),
    "lambda": (
        "let turn = LambdaLR(opt, fn (epoch) = 0.95 ** epoch)",
        "i in range(12)",
        f"let loss = (net(X) ** 2).mean(); {STEP}; turn.step()",
    ),
    "by hand": (
        "",
        "i in range(12)",
        "for group in opt.param_groups { group['lr'] = 0.1 * 0.9 ** i }; let loss = (net(X) ** 2).mean(); " + STEP,
    ),
    "list": (
        "let batches = [(X[:2], Y[:2]), (X[2:4], Y[2:4]), (X[4:6], Y[4:6])] * 4",
        "x, y in batches",
        f"let loss = cross_entropy(net(x), y); total += loss.item(); {STEP}",
    ),
    "zip": (
        "",
        "x, y in zip(X, Y)",
        f"let loss = cross_entropy(net(x), y); {STEP}",
    ),
    "rows of a tensor": ("", "x in X", f"let loss = (net(x) ** 2).mean(); {STEP}"),
    "enumerate": (
        "",
        "i, x in enumerate(X)",
        f"let loss = (net(x) ** 2).mean() / (i + 1); losses[i] = loss.item(); {STEP}",
    ),
    "chunks": ("", "x in X.split(2)", f"let loss = (net(x) ** 2).mean(); {STEP}"),
    "loader": (
        "let data = DataLoader(TensorDataset(X, Y), batch_size=2, shuffle=true)",
        "x, y in data",
        f"let loss = cross_entropy(net(x), y); {STEP}",
    ),
    "numbers": ("", "rate in [0.1, 0.2, 0.3] * 4", "backward (w ** 2).sum(); no_grad { w -= rate * w.grad }"),
}


def looped(name: str) -> str:
    before, header, body = LOOPS[name]
    return NUMBERS.format(before=before, header=header, body=body)
