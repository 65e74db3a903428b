# Functions that few programs call: memory of others, layers that become one, indices of pooling, control flow by functions.
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functionalize, replace_all_batch_norm_modules_
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval
from torch.utils.dlpack import from_dlpack, to_dlpack


def tried(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)


b = bytearray(range(8))
shared = torch.frombuffer(b, dtype=torch.uint8)
tried(lambda: torch.frombuffer(b, dtype=torch.int32, offset=4))
tried(lambda: torch.frombuffer(b, dtype=torch.int16, count=2))
tried(lambda: torch.frombuffer(b, dtype=torch.int32, offset=3))
tried(lambda: torch.frombuffer(b, dtype=torch.int16, count=0))
tried(lambda: torch.frombuffer(b, dtype=torch.int16, count=9))
tried(lambda: torch.frombuffer(b, dtype=torch.int16, offset=9))
tried(lambda: torch.frombuffer([1], dtype=torch.int16))
shared[0] = 200
print(b[0], torch.frombuffer(np.arange(3.0), dtype=torch.float64))

a = np.zeros(3)
t = torch.from_dlpack(a)
t += 1
print(a, from_dlpack(to_dlpack(torch.arange(3))), torch.from_dlpack(t).data_ptr() == t.data_ptr())
tried(lambda: torch.from_dlpack(torch.ones(2, requires_grad=True)))
tried(lambda: torch.from_dlpack(3))

conv, bn = nn.Conv2d(2, 3, 3, bias=False), nn.BatchNorm2d(3)
bn(torch.randn(4, 3, 5, 5))
tried(lambda: fuse_conv_bn_eval(conv, bn))
conv.eval(), bn.eval()
x = torch.randn(1, 2, 6, 6)
fused = fuse_conv_bn_eval(conv, bn)
print(fused, fused.bias.shape, torch.allclose(fused(x), bn(conv(x)), atol=1e-5), conv.bias)
linear, norm = nn.Linear(4, 3).eval(), nn.BatchNorm1d(3).eval()
y = torch.randn(2, 4)
print(torch.allclose(fuse_linear_bn_eval(linear, norm)(y), norm(linear(y)), atol=1e-5))
tried(lambda: fuse_linear_bn_eval(linear, nn.BatchNorm1d(2).eval()))

net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
print(replace_all_batch_norm_modules_(net) is net, net[1].running_mean, net[1].track_running_stats, list(net.state_dict()))

pooled, at = F.max_pool2d_with_indices(torch.arange(16.0).reshape(1, 1, 4, 4), 2)
print(pooled, at, F.adaptive_max_pool1d_with_indices(torch.tensor([[1.0, 3.0, 2.0]]), output_size=1))
print(torch.unsafe_chunk(torch.arange(4), 2), torch.unsafe_split(torch.arange(4), 3))
print(functionalize(lambda z: z.add_(1))(torch.zeros(2)))
