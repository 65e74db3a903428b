"""Physics-informed network for u' = -u, u(0) = 1, and the heat equation's residual."""
import torch
import torch.nn as nn

torch.manual_seed(123)
torch.set_default_dtype(torch.float64)


class FCN(nn.Module):
    "Defines a standard fully-connected network in PyTorch"

    def __init__(self, N_INPUT, N_OUTPUT, N_HIDDEN, N_LAYERS):
        super().__init__()
        activation = nn.Tanh
        self.fcs = nn.Sequential(*[nn.Linear(N_INPUT, N_HIDDEN), activation()])
        self.fch = nn.Sequential(*[
            nn.Sequential(*[nn.Linear(N_HIDDEN, N_HIDDEN), activation()]) for _ in range(N_LAYERS - 1)])
        self.fce = nn.Linear(N_HIDDEN, N_OUTPUT)

    def forward(self, x):
        x = self.fcs(x)
        x = self.fch(x)
        x = self.fce(x)
        return x


pinn = FCN(1, 1, 16, 3)
t_boundary = torch.tensor(0.).view(-1, 1).requires_grad_(True)
t_physics = torch.linspace(0, 1, 15).view(-1, 1).requires_grad_(True)
optimiser = torch.optim.Adam(pinn.parameters(), lr=1e-2)
for i in range(31):
    optimiser.zero_grad()
    lambda1 = 1e-1
    u = pinn(t_boundary)
    loss1 = (torch.squeeze(u) - 1) ** 2
    u = pinn(t_physics)
    dudt = torch.autograd.grad(u, t_physics, torch.ones_like(u), create_graph=True)[0]
    loss2 = torch.mean((dudt + u) ** 2)
    loss = loss1 + lambda1 * loss2
    loss.backward()
    optimiser.step()
    if i % 10 == 0:
        u = pinn(t_physics).detach()
        exact = torch.exp(-t_physics.detach())
        print(f"{i:3d} loss={loss.item():.6e} err={(u - exact).abs().max().item():.5f}")

net = FCN(2, 1, 8, 2)
xt = torch.rand(10, 2, requires_grad=True)
u = net(xt)
grads = torch.autograd.grad(u.sum(), xt, create_graph=True)[0]
u_x, u_t = grads[:, 0], grads[:, 1]
u_xx = torch.autograd.grad(u_x.sum(), xt, create_graph=True)[0][:, 0]
residual = u_t - 0.1 * u_xx
print(residual.dtype, residual.pow(2).mean())
residual.pow(2).mean().backward()
print(net.fcs[0].weight.grad[:2])
