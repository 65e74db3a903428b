"""Sequence to sequence with packed sequences and teacher forcing: reverse a digit string."""
import random
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

PAD, SOS, EOS = 0, 1, 2
VOCAB = {str(d): d + 3 for d in range(10)} | {"<pad>": PAD, "<sos>": SOS, "<eos>": EOS}
INV = {v: k for k, v in VOCAB.items()}


def encode(s): return torch.tensor([VOCAB[c] for c in s] + [EOS])
def decode(ids): return "".join(INV[i] for i in ids if i > 2)


class Encoder(nn.Module):
    def __init__(self, n, e, h):
        super().__init__()
        self.emb = nn.Embedding(n, e, padding_idx=PAD)
        self.rnn = nn.GRU(e, h, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(2 * h, h)

    def forward(self, src, lengths):
        packed = pack_padded_sequence(self.emb(src), lengths, batch_first=True, enforce_sorted=False)
        out, hidden = self.rnn(packed)
        out, _ = pad_packed_sequence(out, batch_first=True)
        return out, torch.tanh(self.fc(torch.cat((hidden[-2], hidden[-1]), dim=1)))


class Attention(nn.Module):
    def __init__(self, h):
        super().__init__()
        self.attn = nn.Linear(3 * h, h)
        self.v = nn.Linear(h, 1, bias=False)

    def forward(self, hidden, enc, mask):
        hidden = hidden.unsqueeze(1).repeat(1, enc.size(1), 1)
        energy = torch.tanh(self.attn(torch.cat((hidden, enc), dim=2)))
        scores = self.v(energy).squeeze(2).masked_fill(mask == 0, -1e10)
        return torch.softmax(scores, dim=1)


class Decoder(nn.Module):
    def __init__(self, n, e, h):
        super().__init__()
        self.n = n
        self.emb = nn.Embedding(n, e)
        self.attention = Attention(h)
        self.rnn = nn.GRUCell(2 * h + e, h)
        self.out = nn.Linear(3 * h + e, n)

    def forward(self, tok, hidden, enc, mask):
        e = self.emb(tok)
        a = self.attention(hidden, enc, mask)
        ctx = torch.bmm(a.unsqueeze(1), enc).squeeze(1)
        hidden = self.rnn(torch.cat((e, ctx), 1), hidden)
        return self.out(torch.cat((hidden, ctx, e), 1)), hidden, a


class Seq2Seq(nn.Module):
    def __init__(self, enc, dec):
        super().__init__()
        self.encoder, self.decoder = enc, dec

    def forward(self, src, lengths, trg, teacher_forcing_ratio=0.5):
        B, T = trg.shape
        outputs = torch.zeros(B, T, self.decoder.n)
        enc, hidden = self.encoder(src, lengths)
        mask = src != PAD
        tok = torch.full((B,), SOS)
        for t in range(T):
            outputs[:, t], hidden, _ = self.decoder(tok, hidden, enc, mask)
            teacher = random.random() < teacher_forcing_ratio
            tok = trg[:, t] if teacher else outputs[:, t].argmax(1)
        return outputs


random.seed(1)
torch.manual_seed(1)
words = ["".join(random.choices("0123456789", k=random.randint(2, 5))) for _ in range(12)]
src = pad_sequence([encode(w) for w in words], batch_first=True)
trg = pad_sequence([encode(w[::-1]) for w in words], batch_first=True)
lengths = torch.tensor([len(w) + 1 for w in words])
model = Seq2Seq(Encoder(13, 8, 12), Decoder(13, 8, 12))


def init_weights(m):
    for name, param in m.named_parameters():
        if "weight" in name:
            nn.init.normal_(param.data, mean=0, std=0.1)
        else:
            nn.init.constant_(param.data, 0)


model.apply(init_weights)
print(f"The model has {sum(p.numel() for p in model.parameters() if p.requires_grad):,} trainable parameters")
opt = torch.optim.Adam(model.parameters(), lr=0.01)
crit = nn.CrossEntropyLoss(ignore_index=PAD)
for epoch in range(4):
    model.train()
    opt.zero_grad()
    out = model(src, lengths, trg)
    loss = crit(out.view(-1, 13), trg.view(-1))
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1)
    opt.step()
    print(f"{epoch} {loss.item():.4f}")
model.eval()
with torch.no_grad():
    pred = model(src, lengths, trg, 0).argmax(-1)
print(words[0], decode(trg[0].tolist()), repr(decode(pred[0].tolist())), model.decoder.attention)
