# What training scripts ask of PyTorch on their way: autocast of cards, errors of memory, names of functions, lazy layers.
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.cuda.amp import autocast
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy


def tried(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)


layer = nn.Linear(2, 2)
with autocast():
    print(layer(torch.ones(1, 2)).dtype)
with torch.cuda.amp.autocast(enabled=False):
    print(layer(torch.ones(1, 2)).dtype)
with torch.cpu.amp.autocast(enabled=False):
    print(layer(torch.ones(1, 2)).dtype)
with torch.autocast("cpu", dtype=torch.float32):
    print((torch.ones(2, 2) @ torch.ones(2, 2)).dtype)


@torch.cuda.amp.custom_fwd
def forward(x):
    return x * 2


print(forward(torch.ones(1)), torch.is_autocast_cpu_enabled(), torch.get_autocast_gpu_dtype(), torch.get_autocast_cpu_dtype())
print(torch.is_autocast_cache_enabled(), torch.get_autocast_dtype("cuda"))

try:
    raise torch.cuda.OutOfMemoryError("CUDA out of memory")
except torch.OutOfMemoryError as e:
    print(type(e), e, isinstance(e, RuntimeError))
try:
    torch.ones(2) + torch.ones(3)
except (torch.cuda.OutOfMemoryError, torch.AcceleratorError):
    print("none")
except RuntimeError as e:
    print("other", torch.OutOfMemoryError, torch.AcceleratorError, torch.cuda.OutOfMemoryError is torch.OutOfMemoryError)
with torch.cuda.device_of(torch.ones(1)):
    print("on no card")
tried(lambda: torch.cuda.set_per_process_memory_fraction(0.5))
tried(lambda: torch.cuda.can_device_access_peer(0, 1))

tried(lambda: nn.utils.clip_grad_value_(layer.parameters(), 1.0))
tried(lambda: nn.utils.clip_grad_value_([], 1.0))
tried(lambda: nn.utils.clip_grad_norm_(layer.parameters(), 1.0))
layer(torch.ones(1, 2)).sum().backward()
tried(lambda: nn.utils.clip_grad_value_(layer.parameters(), 0.5))
print([p.grad.abs().max().item() for p in layer.parameters()])

for f in (torch.clip, torch.absolute, torch.multiply, torch.concat, torch.swapaxes, torch.special.expit, torch.relu, F.gelu):
    print(f.__name__)

lazy = nn.LazyLinear(3)
print(isinstance(lazy.weight, UninitializedParameter), isinstance(lazy.weight, nn.UninitializedParameter), is_lazy(lazy.weight))
print(isinstance(lazy.weight, UninitializedBuffer), is_lazy(layer.weight), UninitializedParameter, nn.parameter.UninitializedBuffer)
lazy(torch.ones(1, 2))
print(isinstance(lazy.weight, UninitializedParameter), is_lazy(lazy.weight), isinstance(lazy.weight, nn.Parameter))
