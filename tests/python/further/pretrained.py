"""Tables that are given, and methods of layers that are called by their classes."""
import numpy as np
import torch
import torch.nn as nn

w = torch.arange(6.).view(3, 2)
print(nn.Embedding.from_pretrained(w), nn.Embedding.from_pretrained(w).weight)
print(nn.Embedding.from_pretrained(w, freeze=False).weight)
print(nn.Embedding.from_pretrained(embeddings=w, freeze=False, padding_idx=0)(torch.tensor([0, 2])))
print(nn.Embedding.from_pretrained(torch.from_numpy(np.eye(2)), max_norm=1.0).weight.dtype)
print(nn.EmbeddingBag.from_pretrained(w, mode="sum")(torch.tensor([[0, 2]])), nn.EmbeddingBag.from_pretrained(w, False))
print(nn.EmbeddingBag.from_pretrained(w, False).weight.requires_grad)
try:
    nn.Embedding.from_pretrained(w[0])
except AssertionError as e:
    print(e)


class Twice(nn.Embedding):
    def forward(self, x):
        return super().forward(x) * 2


table = Twice.from_pretrained(w, freeze=False)
print(type(table).__name__, table(torch.tensor([1])), table.weight.requires_grad)
e = nn.Embedding.from_pretrained(w)
w[0, 0] = 9.0
print(e.weight)  # which has the memory of what it was given


class Small(nn.Linear):
    def reset_parameters(self):
        nn.Linear.reset_parameters(self)
        self.weight.data.fill_(0.5)

    def extra_repr(self):
        return "small, " + nn.Linear.extra_repr(self)

    def __call__(self, x):
        print("called")
        return nn.Module.__call__(self, x)


s = Small(2, 1, bias=False)
print(s, s(torch.ones(2)), len(list(nn.Linear.parameters(s))), list(nn.Linear.state_dict(s)))


class Masked(nn.Transformer):
    pass


print(Masked.generate_square_subsequent_mask(2))
try:
    nn.Linear.from_pretrained(w)
except AttributeError as e:
    print(e)
x = torch.tensor([1.0, 2.0])
print(torch.Tensor.__add__(x, 1), torch.Tensor.__mul__(x, x), torch.Tensor.__len__(x), torch.Tensor.__getitem__(x, 0))
print(torch.Tensor.__neg__(x), torch.Tensor.__matmul__(x, x), list(map(torch.Tensor.item, x)), torch.Tensor.__eq__(x, x))
