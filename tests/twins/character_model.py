"""Character models: the same task for RNN, LSTM and GRU, and a sample from each."""

import torch
import torch.nn.functional as F
from torch import nn

text = "the cat sat on the mat and the rat sat on the cat "
chars = sorted(set(text))
index = {c: i for i, c in enumerate(chars)}
data = torch.tensor([index[c] for c in text])


class CharModel(nn.Module):
    def __init__(self, cell, n_chars, hidden):
        super().__init__()
        self.embed = nn.Embedding(n_chars, 8)
        self.rnn = cell(8, hidden, batch_first=True)
        self.head = nn.Linear(hidden, n_chars)

    def forward(self, tokens, state=None):
        out, state = self.rnn(self.embed(tokens), state)
        return self.head(out), state


torch.set_default_dtype(torch.float64)
inputs = data[:48].view(4, 12)
targets = data[1:49].view(4, 12)
for cell in (nn.RNN, nn.LSTM, nn.GRU):
    torch.manual_seed(4)
    net = CharModel(cell, len(chars), 16)
    print(net)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    for step in range(30):
        logits, _ = net(inputs)
        loss = F.cross_entropy(logits.reshape(-1, len(chars)), targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if step % 5 == 0:
            print(f"step {step:2d}  loss {loss.item():.10f}  norm {norm:.10f}")
    token, state, out = torch.tensor([[index["t"]]]), None, "t"
    with torch.no_grad():
        for _ in range(20):
            logits, state = net(token, state)
            token = torch.multinomial(F.softmax(2 * logits[0, -1], dim=0), 1).view(1, 1)
            out += chars[token.item()]
    print(repr(out))
