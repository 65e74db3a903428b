import math
import time
import torch
import torch.nn as nn
from io import StringIO


class Dictionary(object):
    def __init__(self):
        self.word2idx = {}
        self.idx2word = []

    def add_word(self, word):
        if word not in self.word2idx:
            self.idx2word.append(word)
            self.word2idx[word] = len(self.idx2word) - 1
        return self.word2idx[word]

    def __len__(self):
        return len(self.idx2word)


class Corpus(object):
    def __init__(self, text):
        self.dictionary = Dictionary()
        self.train = self.tokenize(StringIO(text))

    def tokenize(self, f):
        idss = []
        for line in f:
            words = line.split() + ['<eos>']
            for word in words:
                self.dictionary.add_word(word)
            ids = [self.dictionary.word2idx[w] for w in words]
            idss.append(torch.tensor(ids).type(torch.int64))
        return torch.cat(idss)


class RNNModel(nn.Module):
    """Container module with an encoder, a recurrent module, and a decoder."""

    def __init__(self, rnn_type, ntoken, ninp, nhid, nlayers, dropout=0.5, tie_weights=False):
        super(RNNModel, self).__init__()
        self.ntoken = ntoken
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(ntoken, ninp)
        if rnn_type in ['LSTM', 'GRU']:
            self.rnn = getattr(nn, rnn_type)(ninp, nhid, nlayers, dropout=dropout)
        else:
            try:
                nonlinearity = {'RNN_TANH': 'tanh', 'RNN_RELU': 'relu'}[rnn_type]
            except KeyError as e:
                raise ValueError("""An invalid option for `--model` was supplied,
                                 options are ['LSTM', 'GRU', 'RNN_TANH' or 'RNN_RELU']""") from e
            self.rnn = nn.RNN(ninp, nhid, nlayers, nonlinearity=nonlinearity, dropout=dropout)
        self.decoder = nn.Linear(nhid, ntoken)
        if tie_weights:
            if nhid != ninp:
                raise ValueError('When using the tied flag, nhid must be equal to emsize')
            self.decoder.weight = self.encoder.weight
        self.init_weights()
        self.rnn_type = rnn_type
        self.nhid = nhid
        self.nlayers = nlayers

    def init_weights(self):
        initrange = 0.1
        nn.init.uniform_(self.encoder.weight, -initrange, initrange)
        nn.init.zeros_(self.decoder.bias)
        nn.init.uniform_(self.decoder.weight, -initrange, initrange)

    def forward(self, input, hidden):
        emb = self.drop(self.encoder(input))
        output, hidden = self.rnn(emb, hidden)
        output = self.drop(output)
        decoded = self.decoder(output)
        decoded = decoded.view(-1, self.ntoken)
        return nn.functional.log_softmax(decoded, dim=1), hidden

    def init_hidden(self, bsz):
        weight = next(self.parameters())
        if self.rnn_type == 'LSTM':
            return (weight.new_zeros(self.nlayers, bsz, self.nhid),
                    weight.new_zeros(self.nlayers, bsz, self.nhid))
        else:
            return weight.new_zeros(self.nlayers, bsz, self.nhid)


def repackage_hidden(h):
    """Wraps hidden states in new Tensors, to detach them from their history."""
    if isinstance(h, torch.Tensor):
        return h.detach()
    else:
        return tuple(repackage_hidden(v) for v in h)


TEXT = "the cat sat on the mat\nthe dog sat on the log\nthe cat saw the dog run\nand the dog ran on\n" * 2
torch.manual_seed(1111)
corpus = Corpus(TEXT)
print(len(corpus.dictionary), corpus.train.shape)
nbatch = corpus.train.size(0) // 4
data = corpus.train.narrow(0, 0, nbatch * 4).view(4, -1).t().contiguous()
criterion = nn.NLLLoss()
for rnn_type in ("LSTM", "GRU", "RNN_TANH", "BAD"):
    try:
        model = RNNModel(rnn_type, len(corpus.dictionary), 8, 8, 2, 0.2, tie_weights=True)
    except ValueError as error:
        print(str(error).split("\n")[0], "<-", repr(error.__cause__))
        continue
    model.train()
    hidden = model.init_hidden(4)
    total_loss = 0.
    start_time = time.time()
    for batch, i in enumerate(range(0, data.size(0) - 1, 5)):
        seq_len = min(5, len(data) - 1 - i)
        inp, targets = data[i:i + seq_len], data[i + 1:i + 1 + seq_len].view(-1)
        model.zero_grad()
        hidden = repackage_hidden(hidden)
        output, hidden = model(inp, hidden)
        loss = criterion(output, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-2.0)
        total_loss += loss.item()
    cur = total_loss / (batch + 1)
    print('| {:8s} | {:5d} batches | lr {:02.2f} | loss {:5.2f} | ppl {:8.2f}'.format(rnn_type, batch + 1, 2.0, cur, math.exp(cur)))
    assert time.time() >= start_time
