# Dictionaries of what lies elsewhere: what is put in or taken out there, is so too.
import torch.nn as nn
x = 1
globals().pop("x")
try:
    print(x)
except NameError as e:
    print(e)
globals().update(y=2); print(y)



class N(nn.Module):
    def __init__(self):
        super().__init__(); self.fc = nn.Linear(2, 2); self.b = nn.Linear(2, 2)
n = N()
del n._modules["fc"]
print(list(n._modules), hasattr(n, "fc"), len(list(n.parameters())))
n._modules.update(c=nn.Linear(1, 1)); print(n)
