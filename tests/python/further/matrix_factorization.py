import numpy as np
import torch
from torch import nn

np.random.seed(0)
torch.manual_seed(0)
n_users, n_items, k = 12, 9, 3
true = np.random.randn(n_users, k) @ np.random.randn(k, n_items)
mask = np.random.rand(n_users, n_items) < 0.7
rows, cols = np.nonzero(mask)
ratings = torch.FloatTensor(true[rows, cols])
users, items = torch.LongTensor(rows), torch.LongTensor(cols)
print(f"{len(ratings)} ratings, mean {ratings.mean():.4f}, sparsity {1 - mask.mean():.2%}")


class MatrixFactorization(nn.Module):
    def __init__(self, n_users, n_items, n_factors=3):
        super().__init__()
        self.user_factors = nn.Embedding(n_users, n_factors)
        self.item_factors = nn.Embedding(n_items, n_factors)
        self.user_biases = nn.Embedding(n_users, 1)
        self.item_biases = nn.Embedding(n_items, 1)
        self.user_biases.weight.data.fill_(0.)
        self.item_biases.weight.data.fill_(0.)

    def forward(self, user, item):
        pred = self.user_biases(user) + self.item_biases(item)
        pred += (self.user_factors(user) * self.item_factors(item)).sum(dim=1, keepdim=True)
        return pred.squeeze()


model = MatrixFactorization(n_users, n_items, k)
loss_fn = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=1.0, weight_decay=1e-4, momentum=0.9, nesterov=True)
for epoch in range(30):
    optimizer.zero_grad()
    loss = loss_fn(model(users, items), ratings)
    loss.backward()
    optimizer.step()
    if epoch % 10 == 9:
        print(epoch, "rmse %.4f" % loss.item() ** 0.5)
with torch.no_grad():
    full = model.user_factors.weight @ model.item_factors.weight.T + model.user_biases.weight + model.item_biases.weight.T
    top = full.argsort(dim=1, descending=True)[:, :3]
print(top[:3].numpy())
held = ~torch.from_numpy(mask)
err = (full - torch.from_numpy(true).float())[held]
print("held-out mae", round(err.abs().mean().item(), 3), held.sum())
