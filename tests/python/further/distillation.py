import copy
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import TensorDataset, DataLoader, random_split

torch.manual_seed(42)


class DeepNN(nn.Module):
    def __init__(self, num_classes=5):
        super(DeepNN, self).__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2),
        )
        self.classifier = nn.Sequential(
            nn.Linear(128, 32),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(32, num_classes)
        )

    def forward(self, x):
        x = self.features(x)
        x = torch.flatten(x, 1)
        x = self.classifier(x)
        return x


class LightNN(DeepNN):
    def __init__(self, num_classes=5):
        super().__init__(num_classes)
        self.classifier = nn.Linear(128, num_classes)


X = torch.randn(48, 3, 8, 8)
y = X.mean(dim=(1, 2, 3)).argsort().argsort() * 5 // 48
train_set, test_set = random_split(TensorDataset(X, y), [32, 16], generator=torch.Generator().manual_seed(0))
train_loader = DataLoader(train_set, batch_size=16, shuffle=True)
test_loader = DataLoader(test_set, batch_size=16, shuffle=False)


def train(model, loader, epochs, lr):
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=lr)
    model.train()
    for epoch in range(epochs):
        running_loss = 0.0
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
        print(f"Epoch {epoch+1}/{epochs}, Loss: {running_loss / len(loader)}")


def test(model, loader):
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for inputs, labels in loader:
            _, predicted = torch.max(model(inputs).data, 1)
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
    accuracy = 100 * correct / total
    print(f"Test Accuracy: {accuracy:.2f}%")
    return accuracy


teacher, student = DeepNN(), LightNN()
student2 = copy.deepcopy(student)
print("Norm of 1st layer of student:", torch.norm(student.features[0].weight).item())
print("Norm of 1st layer of copy:", torch.norm(student2.features[0].weight).item())
print(f"DeepNN parameters: {sum(p.numel() for p in teacher.parameters()):,}")
train(teacher, train_loader, epochs=2, lr=0.01)
test(teacher, test_loader)


def distill(teacher, student, loader, T=2, soft_w=0.25, ce_w=0.75):
    ce_loss = nn.CrossEntropyLoss()
    optimizer = optim.Adam(student.parameters(), lr=0.01)
    teacher.eval()
    student.train()
    for inputs, labels in loader:
        optimizer.zero_grad()
        with torch.no_grad():
            teacher_logits = teacher(inputs)
        student_logits = student(inputs)
        soft_targets = nn.functional.softmax(teacher_logits / T, dim=-1)
        soft_prob = nn.functional.log_softmax(student_logits / T, dim=-1)
        soft_loss = torch.sum(soft_targets * (soft_targets.log() - soft_prob)) / soft_prob.size()[0] * (T ** 2)
        kl = F.kl_div(soft_prob, soft_targets, reduction="batchmean") * T * T
        loss = soft_w * soft_loss + ce_w * ce_loss(student_logits, labels)
        loss.backward()
        optimizer.step()
        print(f"loss {loss.item():.6f} soft {soft_loss.item():.6f} kl {kl.item():.6f}")


distill(teacher, student, train_loader)
test(student, test_loader)
changed = [n for (n, a), (_, b) in zip(student.named_parameters(), student2.named_parameters()) if not torch.equal(a, b)]
print(changed)
