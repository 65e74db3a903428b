import collections
import torch
import torch.nn as nn
import torch.optim as optim
import torch.nn.functional as F

corpus = """we are about to study the idea of a computational process computational processes are
abstract beings that inhabit computers as they evolve processes manipulate other abstract things called data
the evolution of a process is directed by a pattern of rules called a program""".split()
counts = collections.Counter(corpus)
print(counts.most_common(4))
vocab = [w for w, _ in counts.most_common()]
word_to_ix = {w: i for i, w in enumerate(vocab)}
WINDOW = 2
pairs = []
for i, w in enumerate(corpus):
    for j in range(max(0, i - WINDOW), min(len(corpus), i + WINDOW + 1)):
        if i != j:
            pairs.append((word_to_ix[w], word_to_ix[corpus[j]]))
print(len(pairs), pairs[:3])


class SkipGramNS(nn.Module):
    def __init__(self, vocab_size, dim):
        super().__init__()
        self.center = nn.Embedding(vocab_size, dim)
        self.context = nn.Embedding(vocab_size, dim)
        nn.init.uniform_(self.center.weight, -0.5 / dim, 0.5 / dim)
        nn.init.zeros_(self.context.weight)

    def forward(self, c, pos, neg):
        v = self.center(c)
        pos_score = F.logsigmoid((v * self.context(pos)).sum(1))
        neg_score = F.logsigmoid(-torch.bmm(self.context(neg), v.unsqueeze(2)).squeeze(2)).sum(1)
        return -(pos_score + neg_score).mean()


freq = torch.tensor([counts[w] for w in vocab], dtype=torch.float) ** 0.75
model = SkipGramNS(len(vocab), 8)
optimizer = optim.Adagrad(model.parameters(), lr=0.5)
data = torch.tensor(pairs)
for epoch in range(3):
    perm = torch.randperm(len(data))
    total = 0.0
    for chunk in perm.split(64):
        c, o = data[chunk].unbind(1)
        neg = torch.multinomial(freq, len(chunk) * 3, replacement=True).view(len(chunk), 3)
        loss = model(c, o, neg)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(chunk)
    print(f"epoch {epoch} loss {total / len(data):.4f}")

emb = F.normalize(model.center.weight.detach(), dim=1)
query = emb[word_to_ix["process"]]
sims = emb @ query
values, idx = torch.sort(sims, descending=True)
for v, i in list(zip(values, idx))[:4]:
    print(f"{vocab[i]:<15s}{v:6.3f}")
cos = nn.CosineSimilarity(dim=0)
print("%.4f" % cos(emb[0], emb[1]).item())
