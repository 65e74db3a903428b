import copy

import torch
import torch.nn as nn
from torch.amp import GradScaler

# hooks in the module's own tables, and what is said of each
net = nn.Linear(2, 1)


def before(module, args, kwargs):
    return args, kwargs


def after(module, args, kwargs, output):
    return output


one = net.register_forward_pre_hook(before, with_kwargs=True)
two = net.register_forward_hook(after, with_kwargs=True, always_call=True)
print(list(net._forward_pre_hooks.values()) == [before], list(net._forward_hooks.values()) == [after])
tables = (net._forward_pre_hooks_with_kwargs, net._forward_hooks_with_kwargs, net._forward_hooks_always_called)
print([list(table.values()) for table in tables])
with two:
    print(len(net._forward_hooks), net(torch.zeros(1, 2)).shape)
one.remove()
print(len(net._forward_hooks), [len(table) for table in tables], type(one))

# what is registered without a value
for layer in (
    nn.Linear(2, 3, bias=False),
    nn.BatchNorm1d(3, affine=False),
    nn.BatchNorm1d(3, track_running_stats=False),
    nn.LayerNorm(3, bias=False),
    nn.MultiheadAttention(2, 1, kdim=3),
    nn.RNNCell(1, 1, bias=False),
    nn.CrossEntropyLoss(),
    nn.LSTM(1, 1, bias=False),
):
    for held in (layer._parameters, layer._buffers):
        print([(name, value is None) for name, value in held.items()], end=" ")
    print(layer._non_persistent_buffers_set)


class Parts(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(2))
        self.register_parameter("b", None)
        self.register_buffer("c", None)
        self.register_module("sub", None)
        self.plain = None


parts = Parts()
print(parts, list(parts._parameters), list(parts._buffers), list(parts._modules), list(parts.state_dict()))
parts.b = nn.Parameter(torch.zeros(2))
parts.w = None
print(list(parts._parameters), list(parts.state_dict()), [name for name, _ in parts.named_parameters()])
parts.sub = nn.ReLU()
parts.sub = None
again = copy.deepcopy(parts)
print(again, list(again._parameters), again.plain)
try:
    again.w = torch.ones(2)
except TypeError as error:
    print(error)
del again.w
again.w = torch.ones(2)
print(list(again._parameters))
again._parameters["d"] = None
print(again.d, list(again._parameters))

# memory formats
x = torch.zeros(2, 3, 4, 5)
last = x.to(memory_format=torch.channels_last)
print(torch.empty(2, 3, 4, 5, memory_format=torch.channels_last).stride(), type(torch.channels_last))
print(torch.full_like(x, 2, memory_format=torch.channels_last).stride(), x.double(memory_format=torch.channels_last).stride())
print(torch.randint_like(x, 3, memory_format=torch.channels_last).stride())
for make in (torch.clone, torch.empty_like, torch.zeros_like, torch.ones_like, torch.rand_like, torch.randn_like):
    print(make(x, memory_format=torch.channels_last).stride(), end=" ")
    print(make(last, memory_format=torch.contiguous_format).stride(), end=" ")
    print(make(last, memory_format=torch.preserve_format).stride())
torch.manual_seed(0)
print(torch.randn_like(torch.zeros(1, 2, 2, 2), memory_format=torch.channels_last))
for wrong in (
    lambda: torch.zeros_like(torch.ones(2), memory_format=torch.channels_last),
    lambda: torch.empty(2, memory_format=torch.preserve_format),
    lambda: torch.ones(2).clone(memory_format=3),
    lambda: torch.ones(2, memory_format=torch.channels_last),
):
    try:
        wrong()
    except (RuntimeError, TypeError) as error:
        print(error)


# a scaler of the program's own
class Counting(GradScaler):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.steps_seen = 0

    def step(self, optimizer):
        self.steps_seen += 1
        return super().step(optimizer)


opt = torch.optim.SGD(net.parameters(), lr=0.5)
for scaler in (Counting("cpu", init_scale=4.0, growth_interval=1), Counting("cpu", enabled=False)):
    opt.zero_grad()
    scaler.scale(net(torch.ones(1, 2)).sum()).backward()
    print(net.weight.grad)
    scaler.step(opt)
    scaler.update()
    print(net.weight.grad, scaler.get_scale(), scaler.steps_seen, scaler.state_dict())
print(isinstance(scaler, GradScaler), Counting.__mro__[1])
