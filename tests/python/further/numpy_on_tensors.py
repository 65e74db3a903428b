"""NumPy's functions that leave their work to a method, on tensors: what they give is a tensor."""

import numpy as np
import torch

q = torch.tensor([0.1, 0.7, 0.2])
action = np.argmax(q)
print(action, type(action), action.item(), ["left", "stay", "right"][action])
print(np.argmin(q), np.argmax(torch.eye(3), axis=1), np.argsort(-q), np.argmax([1, 3, 2]))
image = torch.arange(24.0).reshape(2, 3, 4)
print(np.transpose(image, (1, 2, 0)).shape, np.transpose(image[0]), np.swapaxes(image, 0, 2).shape)
print(np.squeeze(torch.ones(1, 2, requires_grad=True)), np.squeeze(torch.ones(1, 2, 1), axis=0).shape)
print(np.clip(q, 0, 0.5), np.round(q, 1), np.around(q), np.reshape(q, (3, 1)).shape, np.take(q, [0, 2]))
print(np.repeat(q, 2), np.cumsum(torch.tensor([1, 2])), np.cumprod(q), np.searchsorted(torch.tensor([1, 3]), 2))
print(np.nonzero(q > 0.15), np.argwhere(q > 0.15), np.where(q > 0.15)[0], np.compress(q > 0.15, q))
print("shape of q is", np.shape(q), "and of a list", np.shape([[1, 2], [3, 4]]), np.ndim(q))
try:
    print(np.argmax(torch.ones(2, requires_grad=True)))
except RuntimeError as error:
    print(error)
