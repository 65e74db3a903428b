import math
import random
from collections import defaultdict
import numpy as np
import torch


class Bandit:
    def __init__(self, probs): self.probs = probs
    def pull(self, arm): return int(random.random() < self.probs[arm])


class Policy:
    name = "base"
    def __init__(self, n): self.n, self.counts, self.values = n, [0] * n, [0.0] * n
    def select(self, t): raise NotImplementedError
    def update(self, arm, r):
        self.counts[arm] += 1
        self.values[arm] += (r - self.values[arm]) / self.counts[arm]


class EpsilonGreedy(Policy):
    name = "eps-greedy"
    def __init__(self, n, eps=0.1):
        super().__init__(n)
        self.eps = eps
    def select(self, t):
        return random.randrange(self.n) if random.random() < self.eps else max(range(self.n), key=self.values.__getitem__)


class UCB(Policy):
    name = "ucb1"
    def select(self, t):
        for a, c in enumerate(self.counts):
            if not c:
                return a
        return int(np.argmax([v + math.sqrt(2 * math.log(t) / c) for v, c in zip(self.values, self.counts)]))


class Thompson(Policy):
    name = "thompson"
    def __init__(self, n):
        Policy.__init__(self, n)
        self.ab = torch.ones(n, 2)
    def select(self, t):
        return torch.distributions.Beta(self.ab[:, 0], self.ab[:, 1]).mean.argmax().item()
    def update(self, arm, r):
        super().update(arm, r)
        self.ab[arm, 1 - r] += 1


random.seed(0)
for cls in (EpsilonGreedy, UCB, Thompson):
    policy, bandit = cls(3), Bandit([0.2, 0.5, 0.75])
    reward = 0
    for t in range(1, 101):
        arm = policy.select(t)
        r = bandit.pull(arm)
        policy.update(arm, r)
        reward += r
    print(f"{policy.name:>10}: reward {reward:3d} counts {policy.counts} best {np.round(policy.values, 2)}")
try:
    Policy(2).select(1)
except NotImplementedError as e:
    print("not implemented", repr(e))
Q = defaultdict(lambda: [0.0, 0.0])
for episode in range(60):
    s = 0
    while s not in (-2, 3):
        a = random.choice((0, 1)) if random.random() < 0.3 else int(Q[s][1] > Q[s][0])
        s2 = s + (1 if a else -1)
        r = 1.0 if s2 == 3 else -1.0 if s2 == -2 else 0.0
        target = r if s2 in (-2, 3) else r + 0.9 * max(Q[s2])
        Q[s][a] += 0.5 * (target - Q[s][a])
        s = s2
for s in sorted(Q):
    print(s, ["%.3f" % q for q in Q[s]])
P = torch.tensor([[0.9, 0.1], [0.5, 0.5]], dtype=torch.float64)
pi = torch.linalg.matrix_power(P, 50)[0]
evals, evecs = torch.linalg.eig(P.T)
print(pi, (pi @ P).allclose(pi), evals.real.sort().values)
