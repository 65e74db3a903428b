import numpy as np
import torch
import torch.nn as nn
from torch.distributions.normal import Normal
from torch.distributions import Categorical


def layer_init(layer, std=np.sqrt(2), bias_const=0.0):
    torch.nn.init.orthogonal_(layer.weight, std)
    torch.nn.init.constant_(layer.bias, bias_const)
    return layer


class Agent(nn.Module):
    def __init__(self, obs_dim, n_act):
        super().__init__()
        self.critic = nn.Sequential(layer_init(nn.Linear(obs_dim, 16)), nn.Tanh(), layer_init(nn.Linear(16, 1), std=1.0))
        self.actor = nn.Sequential(layer_init(nn.Linear(obs_dim, 16)), nn.Tanh(), layer_init(nn.Linear(16, n_act), std=0.01))

    def get_value(self, x):
        return self.critic(x)

    def get_action_and_value(self, x, action=None):
        logits = self.actor(x)
        probs = Categorical(logits=logits)
        if action is None:
            action = probs.sample()
        return action, probs.log_prob(action), probs.entropy(), self.critic(x)


class Line:
    """Walk to +3."""
    def reset(self):
        self.x, self.t = 0.0, 0
        return np.array([self.x, 0.0], dtype=np.float32)

    def step(self, a):
        self.x += [-1.0, 1.0][a]
        self.t += 1
        done = abs(self.x) >= 3 or self.t >= 10
        return np.array([self.x, self.t / 10], dtype=np.float32), float(self.x >= 3) - 0.01, done


torch.manual_seed(1)
np.random.seed(1)
num_steps, gamma, gae_lambda, clip_coef = 24, 0.99, 0.95, 0.2
env, agent = Line(), Agent(2, 2)
optimizer = torch.optim.Adam(agent.parameters(), lr=2.5e-3, eps=1e-5)
obs = torch.zeros((num_steps, 2))
actions, logprobs, rewards, dones, values = (torch.zeros(num_steps) for _ in range(5))
next_obs, next_done = torch.Tensor(env.reset()), torch.zeros(1)
for update in range(1, 3):
    frac = 1.0 - (update - 1.0) / 2
    optimizer.param_groups[0]["lr"] = frac * 2.5e-3
    for step in range(num_steps):
        obs[step] = next_obs
        dones[step] = next_done
        with torch.no_grad():
            action, logprob, _, value = agent.get_action_and_value(next_obs)
            values[step] = value.flatten()
        actions[step], logprobs[step] = action, logprob
        o, r, d = env.step(int(action.cpu().numpy()))
        rewards[step] = torch.tensor(r).view(-1)
        if d:
            o = env.reset()
        next_obs, next_done = torch.Tensor(o), torch.Tensor([float(d)])
    with torch.no_grad():
        next_value = agent.get_value(next_obs).reshape(1, -1)
        advantages = torch.zeros_like(rewards)
        lastgaelam = 0
        for t in reversed(range(num_steps)):
            if t == num_steps - 1:
                nextnonterminal, nextvalues = 1.0 - next_done, next_value
            else:
                nextnonterminal, nextvalues = 1.0 - dones[t + 1], values[t + 1]
            delta = rewards[t] + gamma * nextvalues * nextnonterminal - values[t]
            advantages[t] = lastgaelam = delta + gamma * gae_lambda * nextnonterminal * lastgaelam
        returns = advantages + values
    b_inds = np.arange(num_steps)
    clipfracs = []
    for epoch in range(2):
        np.random.shuffle(b_inds)
        for start in range(0, num_steps, 12):
            mb_inds = b_inds[start:start + 12]
            _, newlogprob, entropy, newvalue = agent.get_action_and_value(obs[mb_inds], actions.long()[mb_inds])
            logratio = newlogprob - logprobs[mb_inds]
            ratio = logratio.exp()
            with torch.no_grad():
                approx_kl = ((ratio - 1) - logratio).mean()
                clipfracs += [((ratio - 1.0).abs() > clip_coef).float().mean().item()]
            mb_adv = advantages[mb_inds]
            mb_adv = (mb_adv - mb_adv.mean()) / (mb_adv.std() + 1e-8)
            pg_loss = torch.max(-mb_adv * ratio, -mb_adv * torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef)).mean()
            v_loss = 0.5 * ((newvalue.view(-1) - returns[mb_inds]) ** 2).mean()
            loss = pg_loss - 0.01 * entropy.mean() + v_loss * 0.5
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            optimizer.step()
    y_pred, y_true = values.numpy(), returns.numpy()
    var_y = np.var(y_true)
    explained_var = np.nan if var_y == 0 else 1 - np.var(y_true - y_pred) / var_y
    print(f"update {update}: pg {pg_loss.item():.4f} v {v_loss.item():.4f} ent {entropy.mean():.4f} kl {approx_kl:.5f} ev {explained_var:.3f} {np.mean(clipfracs):.3f}")
print(Normal(torch.zeros(2), 1.0).log_prob(torch.ones(2)).sum(-1))
