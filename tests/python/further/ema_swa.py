import copy
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, SWALR, update_bn, get_ema_multi_avg_fn

torch.manual_seed(0)


class EMA:
    def __init__(self, model, decay):
        self.model = model
        self.decay = decay
        self.shadow = {}
        self.backup = {}

    def register(self):
        for name, param in self.model.named_parameters():
            if param.requires_grad:
                self.shadow[name] = param.data.clone()

    def update(self):
        for name, param in self.model.named_parameters():
            if param.requires_grad:
                assert name in self.shadow
                new_average = (1.0 - self.decay) * param.data + self.decay * self.shadow[name]
                self.shadow[name] = new_average.clone()

    def apply_shadow(self):
        for name, param in self.model.named_parameters():
            if param.requires_grad:
                self.backup[name] = param.data
                param.data = self.shadow[name]

    def restore(self):
        for name, param in self.model.named_parameters():
            if param.requires_grad:
                param.data = self.backup[name]
        self.backup = {}


model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
x, y = torch.randn(32, 4), torch.randn(32, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
ema = EMA(model, 0.9)
ema.register()
swa_model = AveragedModel(model)
swa_scheduler = SWALR(opt, swa_lr=0.05, anneal_epochs=2)
for epoch in range(6):
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    opt.step()
    ema.update()
    if epoch >= 2:
        swa_model.update_parameters(model)
        swa_scheduler.step()
    print(epoch, f"{loss.item():.5f}", f"{opt.param_groups[0]['lr']:.4f}")
with torch.no_grad():
    live = model.eval()(x).mean().item()
    ema.apply_shadow()
    shadow = model(x).mean().item()
    ema.restore()
    print(f"{live:.5f} {shadow:.5f} {model(x).mean().item():.5f}")
update_bn([x], swa_model)
swa_model.eval()
print(swa_model.n_averaged, f"{nn.functional.mse_loss(swa_model(x), y).item():.5f}")
lerped = copy.deepcopy(model)
with torch.no_grad():
    for p, q in zip(lerped.parameters(), model.parameters()):
        p.lerp_(q * 2, 0.25)
vec = torch.nn.utils.parameters_to_vector(lerped.parameters())
print(vec.shape, f"{vec.norm():.5f}")
torch.nn.utils.vector_to_parameters(torch.zeros_like(vec), lerped.parameters())
print(all((p == 0).all() for p in lerped.parameters()))
