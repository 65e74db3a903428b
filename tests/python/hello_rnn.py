import sys
import torch
import torch.nn as nn
from torch.autograd import Variable

torch.manual_seed(777)
letters = ["h", "i", "e", "l", "o"]
x_data = [0, 1, 0, 2, 3, 3]
y_data = [1, 0, 2, 3, 3, 4]
rows = [[1 if i == j else 0 for j in range(5)] for i in range(5)]
inputs = Variable(torch.Tensor([rows[k] for k in x_data]))
labels = Variable(torch.LongTensor(y_data))


class Speller(nn.Module):
    def __init__(self, hidden=5):
        super().__init__()
        self.hidden = hidden
        self.rnn = nn.RNN(input_size=5, hidden_size=hidden, batch_first=True)

    def forward(self, state, x):
        x = x.view(1, 1, 5)
        out, state = self.rnn(x, state)
        return state, out.view(-1, 5)

    def fresh(self):
        return Variable(torch.zeros(1, 1, self.hidden))


net = Speller()
print(net)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
for epoch in range(12):
    optimizer.zero_grad()
    loss = 0
    state = net.fresh()
    sys.stdout.write("guess: ")
    for one, label in zip(inputs, labels):
        state, output = net(state, one)
        _, idx = output.max(1)
        sys.stdout.write(letters[idx.data[0]])
        loss += criterion(output, label.view(1))
    print(", epoch: %d, loss: %1.3f" % (epoch + 1, loss))
    loss.backward()
    optimizer.step()
