import random
import re
import torch
import torch.nn as nn
import torch.nn.functional as F

sentences = """Hello, how are you? I am Romeo.
Hello, Romeo. My name is Juliet. Nice to meet you.
Great. How is your family today?""".split("\n")
clean = [re.sub("[.,!?\\-]", "", s.lower()) for s in sentences]
word_list = sorted(set(" ".join(clean).split()))
word_dict = {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[MASK]": 3}
for i, w in enumerate(word_list):
    word_dict[w] = i + 4
number_dict = {i: w for w, i in word_dict.items()}
vocab_size, maxlen, max_pred = len(word_dict), 24, 3
token_list = [[word_dict[s] for s in sent.split()] for sent in clean]
random.seed(5)


def make_batch(batch_size=4):
    batch, positive, negative = [], 0, 0
    while positive != batch_size // 2 or negative != batch_size // 2:
        a, b = random.randrange(len(sentences)), random.randrange(len(sentences))
        ta, tb = token_list[a], token_list[b]
        input_ids = [word_dict["[CLS]"]] + ta + [word_dict["[SEP]"]] + tb + [word_dict["[SEP]"]]
        segment_ids = [0] * (1 + len(ta) + 1) + [1] * (len(tb) + 1)
        n_pred = min(max_pred, max(1, int(round(len(input_ids) * 0.15))))
        cand = [i for i, t in enumerate(input_ids) if t not in (word_dict["[CLS]"], word_dict["[SEP]"])]
        random.shuffle(cand)
        masked_tokens, masked_pos = [], []
        for pos in cand[:n_pred]:
            masked_pos.append(pos)
            masked_tokens.append(input_ids[pos])
            if random.random() < 0.8:
                input_ids[pos] = word_dict["[MASK]"]
            elif random.random() < 0.5:
                input_ids[pos] = random.randint(4, vocab_size - 1)
        n_pad = maxlen - len(input_ids)
        input_ids.extend([0] * n_pad)
        segment_ids.extend([0] * n_pad)
        if max_pred > n_pred:
            masked_tokens.extend([0] * (max_pred - n_pred))
            masked_pos.extend([0] * (max_pred - n_pred))
        if a + 1 == b and positive < batch_size / 2:
            batch.append([input_ids, segment_ids, masked_tokens, masked_pos, True])
            positive += 1
        elif a + 1 != b and negative < batch_size / 2:
            batch.append([input_ids, segment_ids, masked_tokens, masked_pos, False])
            negative += 1
    return batch


class BERT(nn.Module):
    def __init__(self, d=16, heads=2, layers=2):
        super().__init__()
        self.tok, self.pos, self.seg = nn.Embedding(vocab_size, d, padding_idx=0), nn.Embedding(maxlen, d), nn.Embedding(2, d)
        self.norm = nn.LayerNorm(d)
        enc = nn.TransformerEncoderLayer(d, heads, 32, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(enc, layers, enable_nested_tensor=False)
        self.fc = nn.Linear(d, d)
        self.classifier = nn.Linear(d, 2)
        self.decoder = nn.Linear(d, vocab_size, bias=False)
        self.decoder.weight = self.tok.weight
        self.decoder_bias = nn.Parameter(torch.zeros(vocab_size))

    def forward(self, ids, seg, masked_pos):
        pos = torch.arange(ids.size(1)).unsqueeze(0).expand_as(ids)
        x = self.norm(self.tok(ids) + self.pos(pos) + self.seg(seg))
        x = self.encoder(x, src_key_padding_mask=ids.eq(0))
        clsf = self.classifier(torch.tanh(self.fc(x[:, 0])))
        h = torch.gather(x, 1, masked_pos[:, :, None].expand(-1, -1, x.size(-1)))
        return self.decoder(h) + self.decoder_bias, clsf


torch.manual_seed(0)
model = BERT()
criterion = nn.CrossEntropyLoss(ignore_index=0)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
ids, seg, mt, mp, is_next = map(torch.LongTensor, zip(*make_batch()))
print(ids.shape, mt[0], mp[0], is_next, vocab_size)
for epoch in range(4):
    optimizer.zero_grad()
    lm, clsf = model(ids, seg, mp)
    loss = criterion(lm.transpose(1, 2), mt).float().mean() + F.cross_entropy(clsf, is_next)
    loss.backward()
    optimizer.step()
    print("Epoch:", "%04d" % (epoch + 1), "cost =", "{:.5f}".format(loss))
print("masked tokens list :", [number_dict[t.item()] for t in mt[0] if t.item() != 0])
