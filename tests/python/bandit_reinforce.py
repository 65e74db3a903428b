import torch
import torch.nn as nn
import torch.nn.functional as F
from collections import deque


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine = nn.Linear(3, 8)
        self.dropout = nn.Dropout(p=0.2)
        self.head = nn.Linear(8, 2)
        self.saved_log_probs = []
        self.rewards = []

    def forward(self, x):
        x = F.relu(self.dropout(self.affine(x)))
        return F.softmax(self.head(x), dim=1)


torch.manual_seed(2)
policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=0.02)
eps = torch.finfo(torch.float32).eps


def finish_episode(gamma=0.9):
    R = 0
    returns = deque()
    for r in policy.rewards[::-1]:
        R = r + gamma * R
        returns.appendleft(R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + eps)
    losses = []
    for log_prob, ret in zip(policy.saved_log_probs, returns):
        losses.append(-log_prob * ret)
    optimizer.zero_grad()
    total = torch.cat(losses).sum()
    total.backward()
    optimizer.step()
    del policy.rewards[:]
    del policy.saved_log_probs[:]
    return total


for episode in range(20):
    for t in range(10):
        state = torch.randn(1, 3)
        probs = policy(state)
        action = torch.multinomial(probs, 1)
        policy.saved_log_probs.append(torch.log(probs.gather(1, action))[0])
        policy.rewards.append(1.0 if (action.item() == 1) == (state[0, 0].item() > 0) else 0.0)
    score = sum(policy.rewards)
    loss = finish_episode()
    if episode % 5 == 0:
        print("Episode {}\tscore: {:.1f}\tloss: {:.3f}".format(episode, score, loss))
