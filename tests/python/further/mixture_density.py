import numpy as np
import torch
import torch.nn as nn

oneDivSqrtTwoPI = 1.0 / np.sqrt(2.0 * np.pi)


class MDN(nn.Module):
    def __init__(self, n_hidden, n_gaussians):
        super(MDN, self).__init__()
        self.z_h = nn.Sequential(nn.Linear(1, n_hidden), nn.Tanh())
        self.z_pi = nn.Linear(n_hidden, n_gaussians)
        self.z_mu = nn.Linear(n_hidden, n_gaussians)
        self.z_sigma = nn.Linear(n_hidden, n_gaussians)

    def forward(self, x):
        z_h = self.z_h(x)
        pi = nn.functional.softmax(self.z_pi(z_h), -1)
        mu = self.z_mu(z_h)
        sigma = torch.exp(self.z_sigma(z_h))
        return pi, mu, sigma


def gaussian_distribution(y, mu, sigma):
    result = (y.expand_as(mu) - mu) * torch.reciprocal(sigma)
    result = -0.5 * (result * result)
    return (torch.exp(result) * torch.reciprocal(sigma)) * oneDivSqrtTwoPI


def mdn_loss_fn(pi, mu, sigma, y):
    result = gaussian_distribution(y, mu, sigma) * pi
    result = torch.sum(result, dim=1)
    result = -torch.log(result)
    return torch.mean(result)


def gumbel_sample(x, axis=1):
    z = np.random.gumbel(loc=0, scale=1, size=x.shape)
    return (np.log(x) + z).argmax(axis=axis)


np.random.seed(0)
n_samples = 60
epsilon = torch.randn(n_samples)
x_data = torch.linspace(-10, 10, n_samples)
y_data = 7 * np.sin(0.75 * x_data) + 0.5 * x_data + epsilon
y_data, x_data = x_data.view(-1, 1), y_data.view(-1, 1)
network = MDN(n_hidden=12, n_gaussians=3)
optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
for epoch in range(20):
    pi_variable, mu_variable, sigma_variable = network(x_data)
    loss = mdn_loss_fn(pi_variable, mu_variable, sigma_variable, y_data)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 5 == 0:
        print(epoch, loss.data.tolist())
x_test = torch.linspace(-5, 5, 6).view(-1, 1)
pi, mu, sigma = network(x_test)
pi_data = pi.data.numpy()
mu_data = mu.data.numpy()
sigma_data = sigma.data.numpy()
k = gumbel_sample(pi_data)
indices = (np.arange(6), k)
rn = np.random.randn(6)
sampled = rn * sigma_data[indices] + mu_data[indices]
print(k, np.round(sampled, 3))
print(pi_data.sum(axis=1).round(4), mu_data.shape, sigma_data.min() > 0)
