import torch
import torch.nn as nn

torch.manual_seed(1)
BATCH, IDEAS, POINTS = 16, 4, 8
grid = torch.linspace(-1, 1, POINTS).repeat(BATCH, 1)


def paintings():
    a = 1 + torch.rand(BATCH, 1)
    return a * grid.pow(2) + (a - 1)


G = nn.Sequential(nn.Linear(IDEAS, 32), nn.ReLU(), nn.Linear(32, POINTS))
D = nn.Sequential(nn.Linear(POINTS, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
opt_D = torch.optim.Adam(D.parameters(), lr=1e-3)
opt_G = torch.optim.Adam(G.parameters(), lr=1e-3)
for step in range(60):
    real = paintings()
    fake = G(torch.randn(BATCH, IDEAS, requires_grad=True))
    prob_fake = D(fake)
    G_loss = torch.mean(torch.log(1.0 - prob_fake))
    opt_G.zero_grad()
    G_loss.backward()
    opt_G.step()
    prob_real = D(real)
    prob_fake = D(fake.detach())
    D_loss = -torch.mean(torch.log(prob_real) + torch.log(1.0 - prob_fake))
    opt_D.zero_grad()
    D_loss.backward(retain_graph=True)
    opt_D.step()
    if step % 20 == 19:
        print(
            "%d D(real)=%.3f D(fake)=%.3f score=%.3f" % (step, prob_real.mean(), prob_fake.data.mean(), -D_loss.item())
        )
