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
for p in net.parameters() {{ print p, p.grad, p._version }}
for b in net.buffers() {{ print b }}
"""


def programs() -> dict[str, str]:
    """Each model, with the optimisers in turn."""
    optimisers, between = cycle(OPTIMISERS), cycle(BETWEEN)
    return {name: trained(name, next(optimisers), next(between)) for name in MODELS}
