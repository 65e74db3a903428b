import math
import torch

torch.manual_seed(3)


def kmeans(x, k, iters=10):
    centroids = x[torch.randperm(x.size(0))[:k]].clone()
    for it in range(iters):
        dists = torch.cdist(x, centroids)
        labels = dists.argmin(dim=1)
        new = torch.stack([x[labels == j].mean(0) if (labels == j).any() else centroids[j] for j in range(k)])
        shift = (new - centroids).norm(dim=1).max()
        centroids = new
        if shift < 1e-4:
            print(f"converged after {it + 1} iterations")
            break
    else:
        print("not converged")
    return centroids, labels


means = torch.tensor([[0.0, 0.0], [4.0, 4.0], [-4.0, 4.0]])
x = torch.cat([m + torch.randn(30, 2) * 0.6 for m in means])
c, labels = kmeans(x, 3)
order = c[:, 0].argsort()
print(c[order])
print(torch.bincount(labels))
inertia = ((x - c[labels]) ** 2).sum()
print("inertia {:.3f}".format(inertia))


class GMM(torch.nn.Module):
    def __init__(self, k, d):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.zeros(k))
        self.mu = torch.nn.Parameter(torch.randn(k, d))
        self.log_sigma = torch.nn.Parameter(torch.zeros(k, d))

    def log_prob(self, x):
        x = x.unsqueeze(1)
        comp = -0.5 * (((x - self.mu) / self.log_sigma.exp()) ** 2).sum(-1)
        comp = comp - self.log_sigma.sum(-1) - 0.5 * x.size(-1) * math.log(2 * math.pi)
        return torch.logsumexp(comp + torch.log_softmax(self.logits, 0), dim=1)


gmm = GMM(3, 2)
with torch.no_grad():
    gmm.mu.copy_(c + 0.5 * torch.randn_like(c))
opt = torch.optim.Adam(gmm.parameters(), lr=0.05)
for step in range(30):
    nll = -gmm.log_prob(x).mean()
    opt.zero_grad()
    nll.backward()
    opt.step()
    if (step + 1) % 10 == 0:
        print(f"step {step + 1:>3} nll={nll.item():.4f}")
print(gmm.logits.softmax(0).data, gmm.mu.data.sort(0)[0])
print(torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(torch.zeros(2)))
