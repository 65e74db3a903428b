import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
from torch.amp import autocast, GradScaler

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"
ds = TensorDataset(torch.randn(64, 10), torch.randint(0, 3, (64,)))
loader = DataLoader(ds, batch_size=8, pin_memory=(device == "cuda"))


def build():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(10, 16, bias=False), nn.BatchNorm1d(16, track_running_stats=True), nn.GELU(), nn.Linear(16, 3))


accumulation_steps = 4
model = build().to(device)
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=1e-2)
scaler = GradScaler(device, enabled=(device == "cuda"))
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.05, total_steps=10, pct_start=0.25)
optimizer.zero_grad()
for epoch in range(2):
    running = 0.0
    for i, (x, y) in enumerate(loader):
        x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
        with autocast(device_type=device, enabled=False):
            loss = criterion(model(x), y) / accumulation_steps
        scaler.scale(loss).backward()
        running += loss.item() * accumulation_steps
        if (i + 1) % accumulation_steps == 0 or (i + 1) == len(loader):
            scaler.unscale_(optimizer)
            total_norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.5, norm_type=2)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad(set_to_none=True)
            scheduler.step()
            print(f"epoch {epoch} step {i + 1}: grad norm {total_norm:.4f} lr {scheduler.get_last_lr()[0]:.5f}")
    print(f"==> epoch {epoch}: {running / len(loader):.4f}")
print(model[1].running_mean[:4], model[1].num_batches_tracked)

# accumulated gradients are the gradient of the large batch (no batch norm)
net = nn.Linear(10, 3)
x, y = ds[:16]
nn.functional.cross_entropy(net(x), y).backward()
big = net.weight.grad.clone()
net.zero_grad()
for xb, yb in zip(x.chunk(4), y.chunk(4)):
    (nn.functional.cross_entropy(net(xb), yb) / 4).backward()
print(torch.allclose(big, net.weight.grad, atol=1e-6))
