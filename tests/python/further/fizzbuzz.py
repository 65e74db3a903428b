#!/usr/bin/env python
# -*- coding: utf-8 -*-
import numpy as np
import torch
import torch.nn as nn
from torch.autograd import Variable

NUM_DIGITS = 8


def binary_encode(i, num_digits):
    return np.array([i >> d & 1 for d in range(num_digits)])


def fizz_buzz_encode(i):
    if   i % 15 == 0: return 3
    elif i % 5  == 0: return 2
    elif i % 3  == 0: return 1
    else:             return 0


def fizz_buzz(i, prediction):
    return [str(i), "fizz", "buzz", "fizzbuzz"][prediction]


trX = np.array([binary_encode(i, NUM_DIGITS) for i in range(101, 2 ** NUM_DIGITS)])
trY = np.array([fizz_buzz_encode(i) for i in range(101, 2 ** NUM_DIGITS)])
print(trX.shape, trY.shape, trX[0], np.bincount(trY))
NUM_HIDDEN = 20
BATCH_SIZE = 32
model = nn.Sequential(nn.Linear(NUM_DIGITS, NUM_HIDDEN), nn.ReLU(), nn.Linear(NUM_HIDDEN, 4))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
np.random.seed(0)
for epoch in range(5):
    p = np.random.permutation(range(len(trX)))
    trX, trY = trX[p], trY[p]
    for start in range(0, len(trX), BATCH_SIZE):
        end = start + BATCH_SIZE
        batchX, batchY = Variable(torch.from_numpy(trX[start:end]).float()), Variable(torch.from_numpy(trY[start:end]).long())
        y_pred = model(batchX)
        loss = loss_fn(y_pred, batchY)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("Epoch: {0}, loss: {1:.4f}, accuracy {2:.3f}".format(
        epoch, loss.item(), (model(torch.Tensor(trX)).max(1)[1] == torch.LongTensor(trY)).float().mean().item()))
testX = Variable(torch.Tensor([binary_encode(i, NUM_DIGITS) for i in range(1, 101)]))
testY = model(testX)
predictions = zip(range(1, 101), list(testY.max(1)[1].data.tolist()))
print([fizz_buzz(i, x) for (i, x) in predictions][:15])
print(np.sum(testY.max(1)[1].numpy() == np.array([fizz_buzz_encode(i) for i in range(1, 101)])))
