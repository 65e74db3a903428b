# A list in an index that PyTorch takes for a tuple: where it is read, where it is written, and in a training loop.
import torch

x = torch.arange(24).reshape(2, 3, 4)
a, b = torch.tensor([0, 1]), torch.tensor([1, 2])


def put(i, v=-1):
    y = x.clone()
    y[i] = v
    return y


def add(i):
    y = x.clone()
    y[i] += 100
    return y


for index in (
    [a, b],
    [a],
    [[0, 1], [1, 2]],
    [[0, 1]],
    [slice(None), 1],
    [..., 1],
    [torch.tensor(0), torch.tensor(1)],
    [torch.tensor([[0], [1]]), torch.arange(3), torch.tensor([[1], [2]])],
    [0, 1],
    [True, False],
    [x[:, 0, 0] > 3, 1],
):
    print(x[index].shape, put(index).flatten().tolist(), add(index).sum())
put([a, b], torch.tensor([7, 8, 9, 10]))
w = torch.ones(3, 3, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
for step in range(12):
    y = w * 2
    y[[torch.tensor([0, 1]), torch.tensor([1, 2])]] = 0
    loss = y.pow(2).sum() + w[[a, b]].sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss, w)


def one_hot(label, n, ignored=255):
    N, *S = label.size()
    found = torch.zeros([N, n] + S)
    ignore = label == ignored
    label[ignore] = 0
    found.scatter_(1, label.unsqueeze(1), 1)
    ignore = ignore.nonzero()
    first, *rest = ignore.chunk(ignore.size(1), dim=1)
    found[[first, torch.arange(n), *rest]] = 0
    return found


print(one_hot(torch.tensor([[[255, 1], [2, 0]], [[1, 255], [0, 2]]]), 3))
