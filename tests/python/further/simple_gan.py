import torch
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR


def real_data(n):
    return torch.normal(4.0, 1.25, size=(n, 1))


def noise(n, d=2):
    return torch.randn(n, d)


def make_mlp(sizes, act=nn.ReLU, out_act=None):
    layers = []
    for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
        layers += [nn.Linear(a, b)]
        if i < len(sizes) - 2:
            layers.append(act())
    if out_act is not None:
        layers.append(out_act())
    return nn.Sequential(*layers)


torch.manual_seed(111)
G = make_mlp([2, 8, 1])
D = make_mlp([1, 8, 1], act=lambda: nn.LeakyReLU(0.1), out_act=nn.Sigmoid)
print(G, D, sep="\n")
bce = nn.BCELoss()
g_opt = torch.optim.Adam(G.parameters(), lr=0.01, betas=(0.5, 0.999))
d_opt = torch.optim.Adam(D.parameters(), lr=0.01, betas=(0.5, 0.999))
sched = ExponentialLR(g_opt, gamma=0.95)
for epoch in range(6):
    D.requires_grad_(True)
    for _ in range(2):
        d_opt.zero_grad()
        out_real, out_fake = D(real_data(32)), D(G(noise(32)).detach())
        d_loss = bce(out_real, torch.ones(32, 1)) + bce(out_fake, torch.zeros(32, 1))
        d_loss.backward()
        d_opt.step()
    D.requires_grad_(False)
    g_opt.zero_grad()
    fake = G(noise(32))
    g_loss = bce(D(fake), torch.ones_like(fake))
    g_loss.backward()
    g_opt.step()
    sched.step()
    print("epoch", epoch, "D:", f"{d_loss:.4f}", "G:", f"{g_loss:.4f}", "fake mean/std",
          "%.3f/%.3f" % (fake.mean().item(), fake.std().item()), sched.get_last_lr())
print([p.requires_grad for p in D.parameters()])


def gradient_penalty(critic, real, fake):
    alpha = torch.rand(real.size(0), 1).expand_as(real)
    inter = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    score = critic(inter)
    grads, = torch.autograd.grad(outputs=score, inputs=inter, grad_outputs=torch.ones_like(score),
                                 create_graph=True, retain_graph=True, only_inputs=True)
    return ((grads.view(real.size(0), -1).norm(2, dim=1) - 1) ** 2).mean()


print("gp", gradient_penalty(D, real_data(5), fake[:5].detach()).item())
