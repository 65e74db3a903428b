import copy
import torch
from torch import nn
class M(nn.Module):
    def __init__(self, teacher):
        super().__init__()
        self.__dict__["x"] = 5
        self.__dict__["teacher"] = teacher
        object.__setattr__(self, "y", 6)
        object.__setattr__(self, "other", [teacher])
        object.__setattr__(self, "kept", nn.Linear(1, 1))
        self.lin = nn.Linear(2, 1)
        self.__dict__.update(z=7)
        self.register_buffer("b", torch.ones(1))
    def forward(self, x):
        return self.lin(x) + self.x + self.teacher(x).detach()
torch.manual_seed(0)
t = nn.Linear(2, 1)
m = M(t)
print(m.x, m.y, m.z, m.teacher is t, m.kept, "x" in m.__dict__, "teacher" in m.__dict__, m.__dict__["x"])
print([n for n, _ in m.named_parameters()], list(m.state_dict()), len(list(m.children())))
print(m)
m.eval()
print(m.training, t.training, m.teacher.training)
print(tuple(m(torch.ones(1, 2)).shape))
c = copy.deepcopy(m)
print(c.x, c.teacher is t, c.teacher.weight.equal(t.weight), len(list(c.parameters())))
print(vars(m)["x"], m.__dict__.pop("z"), hasattr(m, "z"), m.__dict__.setdefault("q", 3), m.q)
del m.teacher
print(hasattr(m, "teacher"))
m.kept = nn.Linear(3, 1)
print([n for n, _ in m.named_children()])
print(getattr(m, "x"))
m.__dict__["x"] = torch.zeros(2)
print(m.x, [n for n, _ in m.named_buffers()])
