import random
import torch


def synthetic(w, b, n):
    X = torch.zeros(n, len(w)).normal_()
    y = torch.matmul(X, w) + b
    return X, y + torch.zeros_like(y).normal_(std=0.01)


def data_iter(batch_size, features, labels):
    n = len(features)
    indices = list(range(n))
    random.Random(0).shuffle(indices)
    for i in range(0, n, batch_size):
        j = torch.LongTensor(indices[i : min(i + batch_size, n)])
        yield features[j], labels[j]


def linreg(X, w, b):
    return torch.matmul(X, w) + b


def squared_loss(y_hat, y):
    return (y_hat - y.view(y_hat.shape)) ** 2 / 2


def sgd(params, lr, batch_size):
    for param in params:
        param.data.sub_(lr * param.grad / batch_size)
        param.grad.data.zero_()


torch.manual_seed(0)
true_w, true_b = torch.tensor([2, -3.4]), 4.2
features, labels = synthetic(true_w, true_b, 60)
w = torch.zeros(2, 1).normal_(std=0.01).requires_grad_(True)
b = torch.zeros(1, requires_grad=True)
net, loss = linreg, squared_loss
for epoch in range(6):
    for X, y in data_iter(10, features, labels):
        l = loss(net(X, w, b), y)
        l.mean().backward()
        sgd([w, b], 0.5, 1)
    with torch.no_grad():
        train_l = loss(net(features, w, b), labels)
        print("epoch %d, loss %.4f" % (epoch + 1, train_l.mean().item()))
print("error in w", (true_w - w.reshape(true_w.shape)).abs().max() < 0.01)
