"""What programs name of PyTorch beside tensors and layers: devices, formats, processes, compilers, classes above."""

import copy

import torch
import torch._dynamo
import torch.backends.cudnn as cudnn
import torch.distributed as dist
import torch.functional as TF
import torch.multiprocessing as mp
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd.anomaly_mode import set_detect_anomaly
from torch.autograd.grad_mode import no_grad
from torch.jit import export, ignore, unused
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.loss import _Loss, _WeightedLoss
from torch.nn.modules.utils import _ntuple, _pair, _quadruple, _single, _triple, consume_prefix_in_state_dict_if_present
from torch.nn.parallel import DataParallel
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.nn.utils.stateless import functional_call
from torch.utils.data._utils.collate import default_collate
from torch.utils.data.distributed import DistributedSampler


def told(what, function):
    try:
        print(what, function())
    except Exception as error:
        print(what, type(error).__name__, error)


# dtypes that are named, and no more
ptdtype = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}["float16"]
print(ptdtype, torch.bfloat16, torch.complex64, torch.cfloat, torch.uint16, torch.bfloat16 == torch.float16)
for dtype in (torch.bfloat16, torch.complex64, torch.complex128, torch.uint32, torch.float8_e4m3fn):
    print(dtype, dtype.is_floating_point, dtype.is_complex, dtype.is_signed, dtype.itemsize)
print(isinstance(torch.bfloat16, torch.dtype), torch.ones(2).dtype in (torch.bfloat16, torch.complex64))

# a machine without cards
print(torch.cuda.is_available(), torch.cuda.device_count(), torch.cuda.get_rng_state_all(), torch.cuda.memory_stats())
told("Event", lambda: torch.cuda.Event(enable_timing=True))
told("Stream", lambda: torch.cuda.Stream())
told("current_stream", lambda: torch.cuda.current_stream())
told("get_rng_state", lambda: torch.cuda.get_rng_state())
told("device", lambda: torch.cuda.device(0).__enter__())
told("accelerator", lambda: torch.accelerator.memory_allocated())
print(torch.version.cuda, torch.version.hip, torch.cpu.is_available(), torch.xpu.is_available())
cudnn.benchmark = True
torch.backends.cudnn.deterministic = True
print(cudnn.benchmark, torch.backends.cudnn.benchmark, cudnn.deterministic, cudnn.is_available(), cudnn.version())
torch.backends.cuda.matmul.allow_tf32 = True
torch.backends.cuda.enable_flash_sdp(False)
print(torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.math_sdp_enabled(), torch.backends.mps.is_built())
q = torch.randn(1, 2, 3, 4)
with sdpa_kernel(SDPBackend.MATH):
    print(F.scaled_dot_product_attention(q, q, q).shape, SDPBackend.MATH)

# memory formats
x = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
print(x.stride(), x.is_contiguous(), x.is_contiguous(memory_format=torch.channels_last))
conv = nn.Conv2d(3, 2, 3).to(memory_format=torch.channels_last)
print(conv(x).stride(), conv.weight.stride(), x.contiguous().stride(), torch.empty_like(x).stride())
y = torch.randn(2, 3, 4, 5, requires_grad=True)
z = y.contiguous(memory_format=torch.channels_last)
(z * 2).sum().backward()
print(z.grad_fn.name(), y.grad.shape, z.clone(memory_format=torch.preserve_format).stride())
told("rank", lambda: torch.ones(2, 3).to(memory_format=torch.channels_last))
told("format", lambda: torch.ones(2, 3).contiguous(memory_format=3))
print(torch.channels_last, torch.channels_last_3d, torch.contiguous_format, torch.preserve_format, x.layout)

# other processes
print(dist.is_available(), dist.is_initialized(), dist.is_nccl_available(), mp.cpu_count() > 0)
told("get_rank", lambda: dist.get_rank())
told("all_reduce", lambda: dist.all_reduce(torch.ones(1)))
told("DDP", lambda: DDP(nn.Linear(1, 1)))
print(DataParallel(nn.Linear(1, 1)))
sampler = DistributedSampler(range(10), num_replicas=3, rank=1, shuffle=True, seed=3)
sampler.set_epoch(2)
print(list(sampler), len(sampler), sampler.total_size, sampler.num_samples)
print(list(DistributedSampler(range(10), num_replicas=3, rank=2, shuffle=False, drop_last=True)))
print(list(DistributedSampler(range(10), num_replicas=4, rank=3, shuffle=False)))
told("rank", lambda: DistributedSampler(range(10), num_replicas=3, rank=3))

# compilers
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.size = 3

    def forward(self, x):
        return self.layer(x)

    def other(self):
        return "other"


net = Net()
fast = torch.compile(net, mode="reduce-overhead")
print(fast, isinstance(fast, Net), fast.size, fast.other(), [name for name, _ in fast.named_parameters()])
fast.size = 4
fast.eval()
print(net.size, net.training, fast.training, list(fast.state_dict()), fast._orig_mod is net, type(fast).__name__)
state = fast.state_dict()
for key in list(state):
    if key.startswith("_orig_mod."):
        state[key[len("_orig_mod.") :]] = state.pop(key)
print(net.load_state_dict(state), fast(torch.ones(1, 2)).shape, type(copy.deepcopy(fast)).__name__)
torch._dynamo.config.suppress_errors = True
torch._dynamo.reset()


@torch.compile
def double(x):
    return x * 2


print(double(torch.ones(2)), double.__name__, torch.jit.is_scripting(), torch.jit.annotate(int, 3))

# classes above the layers
print(isinstance(nn.Conv2d(1, 1, 1), _ConvNd), isinstance(nn.Linear(1, 1), _ConvNd), isinstance(nn.Dropout(), _DropoutNd))
print(isinstance(nn.BatchNorm2d(1), _BatchNorm), isinstance(nn.LayerNorm(1), _BatchNorm))
print(isinstance(nn.MSELoss(), _Loss), isinstance(nn.CrossEntropyLoss(), _WeightedLoss), isinstance(nn.L1Loss(), _WeightedLoss))
print(isinstance(nn.LSTM(1, 1), nn.RNNBase), isinstance(nn.GRUCell(1, 1), nn.RNNCellBase))


class Mine(nn.Conv2d):
    pass


class Squared(_Loss):
    def __init__(self, reduction="mean"):
        super().__init__(reduction=reduction)

    def forward(self, a, b):
        return F.mse_loss(a, b, reduction=self.reduction)


class Weighted(_WeightedLoss):
    def forward(self, a, b):
        return (self.weight * (a - b) ** 2).sum()


print(isinstance(Mine(1, 1, 1), _ConvNd), Squared()(torch.ones(2), torch.zeros(2)), Squared("sum"), Squared("sum").reduction)
print(Weighted(torch.tensor([1.0, 2.0]))(torch.ones(2), torch.zeros(2)), Weighted(torch.ones(2)).state_dict())

# small things
print(_pair(3), _pair((1, 2)), _single(2), _triple(1), _quadruple(2), _ntuple(5)(1), default_collate([1, 2]))
print(TF.einsum("i,i->", torch.ones(2), torch.ones(2)))
with no_grad():
    print(torch.is_grad_enabled())
print(functional_call(nn.Linear(1, 1), {"weight": torch.ones(1, 1), "bias": torch.zeros(1)}, torch.ones(1, 1)))
state = {"module.a": 1, "module.b": 2}
consume_prefix_in_state_dict_if_present(state, "module.")
print(state)
print(torch.fft.fftfreq(5), torch.fft.rfftfreq(6, d=0.5), torch.fft.fftshift(torch.arange(5)))
print(torch.fft.ifftshift(torch.arange(5)), torch.fft.fftshift(torch.arange(6).view(2, 3), dim=1))
x = torch.tensor([1.0, 2.0])
print(x.apply_(lambda v: v * 3), x.map_(torch.tensor([5.0, 6.0]), lambda a, b: a + b), x.to_dense() is x)
told("apply_", lambda: torch.ones(2, requires_grad=True).apply_(lambda v: v))
torch.testing.assert_allclose(torch.ones(2), torch.ones(2))
generator = torch.Generator().manual_seed(3)
again = generator.clone_state()
print(torch.rand(1, generator=generator) == torch.rand(1, generator=again), generator.device, generator.device.type)
print(torch.default_generator.initial_seed())


class Buffered(nn.Module):
    def __init__(self):
        super().__init__()
        self.kept = nn.Buffer(torch.ones(2))
        self.left = nn.Buffer(torch.zeros(1), persistent=False)


model = Buffered()
print([name for name, _ in model.named_buffers()], model.state_dict(), isinstance(model.kept, nn.Buffer))
layer = nn.Linear(2, 2).type(torch.float64)
print(layer.weight.dtype, layer.type("torch.FloatTensor").bias.dtype, layer.to_empty(device="cpu").weight.shape)
stack = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.Tanh()))
stack.set_submodule("1.0", nn.ReLU())
print(stack, stack.share_memory() is stack)
print(nn.utils.skip_init(nn.Linear, 2, 3).weight.shape)
