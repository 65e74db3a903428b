import torch
import torch.nn as nn
import torch.nn.functional as F
import numpy as np

epsilons = [0, .05, .1, .2]
torch.manual_seed(42)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.fc1 = nn.Linear(4 * 9, 3)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(x, 2)
        x = self.dropout1(x)
        x = torch.flatten(x, 1)
        return F.log_softmax(self.fc1(x), dim=1)


def synthetic(n):
    y = torch.arange(n) % 3
    x = torch.rand(n, 1, 8, 8) * 0.3
    for i, label in enumerate(y):
        x[i, 0, label * 2:label * 2 + 3] += 0.5
    return x.clamp(0, 1), y


model = Net()
x, y = synthetic(30)
opt = torch.optim.Adam(model.parameters(), lr=0.02)
for _ in range(12):
    opt.zero_grad()
    F.nll_loss(model(x), y).backward()
    opt.step()
model.eval()


def fgsm_attack(image, epsilon, data_grad):
    sign_data_grad = data_grad.sign()
    perturbed_image = image + epsilon * sign_data_grad
    perturbed_image = torch.clamp(perturbed_image, 0, 1)
    return perturbed_image


def denorm(batch, mean=[0.1307], std=[0.3081]):
    if isinstance(mean, list):
        mean = torch.tensor(mean)
    if isinstance(std, list):
        std = torch.tensor(std)
    return batch * std.view(1, -1, 1, 1) + mean.view(1, -1, 1, 1)


def test(model, epsilon):
    correct = 0
    adv_examples = []
    for data, target in zip(x[:12].split(1), y[:12].split(1)):
        data = data.clone()
        data.requires_grad = True
        output = model(data)
        init_pred = output.max(1, keepdim=True)[1]
        if init_pred.item() != target.item():
            continue
        loss = F.nll_loss(output, target)
        model.zero_grad()
        loss.backward()
        data_grad = data.grad.data
        perturbed = fgsm_attack(data, epsilon, data_grad)
        output = model(perturbed)
        final_pred = output.max(1, keepdim=True)[1]
        if final_pred.item() == target.item():
            correct += 1
        elif len(adv_examples) < 5:
            adv_examples.append((init_pred.item(), final_pred.item(), perturbed.squeeze().detach().cpu().numpy()))
    final_acc = correct / 12.0
    print(f"Epsilon: {epsilon}\tTest Accuracy = {correct} / 12 = {final_acc}")
    return final_acc, adv_examples


accuracies, examples = [], []
for eps in epsilons:
    acc, ex = test(model, eps)
    accuracies.append(acc)
    examples.append(ex)
print(accuracies, [len(e) for e in examples])
for i in range(len(epsilons)):
    for j in range(len(examples[i])):
        orig, adv, e = examples[i][j]
        print(f"{orig} -> {adv}", e.shape, np.round(e.mean(), 3))
        break
print(denorm(x[:1]).mean())
