# What notebooks ask of PyTorch's modules and classes themselves.
import torch
from torch import nn, optim
from torch.nn.utils import prune

print([name for name in ("Linear", "Conv2d", "utils", "functional", "Module", "Nothing") if name in dir(nn)])
print([name for name in dir(optim) if name in ("SGD", "Adam", "lr_scheduler", "LBFGS", "Wrong")])
print([name for name in dir(torch) if name in ("sum", "cumsum", "max", "wrong", "einsum")])
print("norm" in dir(torch.linalg), "backward" in dir(torch.ones(2)), "l1_unstructured" in dir(prune))
missing = 0
for module in (torch, nn, nn.functional, optim, torch.linalg, torch.special, torch.utils.data, torch.distributions):
    for name in dir(module):
        missing += not hasattr(module, name)
print(missing)

for name in (
    "Linear Conv2d ConvTranspose2d ReLU ReLU6 LSTM LSTMCell BatchNorm2d InstanceNorm1d CrossEntropyLoss MSELoss Dropout "
    "MaxPool2d AdaptiveAvgPool2d Sequential MultiheadAttention ZeroPad2d UpsamplingNearest2d MaxUnpool2d LPPool2d Module"
).split():
    kind = getattr(nn, name)
    print(name, kind.__mro__, kind.__bases__, kind.__base__, len(kind.mro()))


class Own(nn.Linear):
    pass


print(nn.Linear(1, 1).__class__.__mro__, issubclass(Own, nn.Linear), Own.__mro__, Own.__base__ is nn.Linear)
print(torch.ones(2).__array__(), torch.arange(3).__array__(dtype="float64").dtype)
try:
    torch.ones(2, requires_grad=True).__array__()
except RuntimeError as error:
    print(error)
print(torch.__version__, torch.version.__version__, torch.version.cuda, torch.version.debug)
print(torch.__config__.show().splitlines()[0], type(torch.__config__.parallel_info()).__name__)
layer = nn.Linear(2, 2)
layer.register_forward_hook(lambda module, args, output: print("forward"))
print(len(layer._forward_hooks), len(layer._forward_pre_hooks), len(layer._backward_hooks), type(layer._forward_hooks))
layer._forward_hooks.clear()
layer(torch.ones(2))
