import math
import copy
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class LRFinder:
    """Exponentially raise the learning rate and record the loss."""

    def __init__(self, model, optimizer, criterion, device=None):
        self.model, self.optimizer, self.criterion = model, optimizer, criterion
        self.history = {"lr": [], "loss": []}
        self.best_loss = None
        self._state = (copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict()))

    def range_test(self, loader, start_lr=1e-5, end_lr=10, num_iter=12, smooth_f=0.05, diverge_th=5):
        for group in self.optimizer.param_groups:
            group["lr"] = start_lr
        gamma = (end_lr / start_lr) ** (1 / (num_iter - 1))
        scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: gamma ** step)
        iterator = iter(loader)
        for iteration in range(num_iter):
            try:
                x, y = next(iterator)
            except StopIteration:
                iterator = iter(loader)
                x, y = next(iterator)
            loss = self._train_batch(x, y)
            self.history["lr"].append(scheduler.get_last_lr()[0])
            scheduler.step()
            if iteration == 0:
                self.best_loss = loss
            else:
                loss = smooth_f * loss + (1 - smooth_f) * self.history["loss"][-1]
                if loss < self.best_loss:
                    self.best_loss = loss
            self.history["loss"].append(loss)
            if loss > diverge_th * self.best_loss:
                print("Stopping early, the loss has diverged")
                break

    def _train_batch(self, x, y):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def reset(self):
        self.model.load_state_dict(self._state[0])
        self.optimizer.load_state_dict(self._state[1])

    def suggestion(self):
        losses = torch.tensor(self.history["loss"])
        steepest = torch.gradient(losses)[0].argmin().item()
        return self.history["lr"][steepest]


torch.manual_seed(0)
x = torch.randn(40, 3)
y = (x @ torch.tensor([[1.0], [-2.0], [0.5]])) + 0.01 * torch.randn(40, 1)
model = nn.Sequential(nn.Linear(3, 8), nn.SiLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
finder = LRFinder(model, optimizer, nn.MSELoss())
before = model[0].weight.clone()
finder.range_test(DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True))
for lr, loss in zip(finder.history["lr"], finder.history["loss"]):
    print(f"{lr:10.2e} {loss:.5f}")
print(f"suggestion {finder.suggestion():.3e}")
print("changed:", not torch.allclose(before, model[0].weight))
finder.reset()
print("reset:", torch.allclose(before, model[0].weight), optimizer.param_groups[0]["lr"])
