# What values say of their classes: layers, optimisers, schedulers, data, distributions, generators, parameters.
import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset

for layer in (
    nn.Linear(1, 1), nn.Identity(), nn.Bilinear(1, 1, 1), nn.Conv2d(1, 1, 1), nn.ConvTranspose1d(1, 1, 1), nn.ReLU(), nn.Threshold(0, 0),
    nn.MultiheadAttention(2, 1), nn.BatchNorm1d(2), nn.InstanceNorm2d(2), nn.LayerNorm(2), nn.GroupNorm(1, 2), nn.Dropout(), nn.Dropout2d(),
    nn.GRU(1, 1), nn.LSTMCell(1, 1), nn.Embedding(2, 2), nn.MaxPool2d(2), nn.AdaptiveAvgPool1d(1), nn.MaxUnpool1d(2), nn.ZeroPad2d(1),
    nn.Flatten(), nn.Unflatten(0, (1, 1)), nn.Fold(2, 2), nn.PixelShuffle(2), nn.ChannelShuffle(1), nn.Upsample(2), nn.UpsamplingNearest2d(2),
    nn.CosineSimilarity(), nn.MSELoss(), nn.CrossEntropyLoss(), nn.TransformerEncoderLayer(4, 2), nn.Sequential(), nn.ModuleDict(), nn.ParameterList(), nn.Module(),
):
    print(type(layer), torch.typename(layer), type(layer).__name__)

w = nn.Parameter(torch.tensor(1.5))
model = nn.Linear(1, 2)
optimizer = torch.optim.Adam(model.parameters())
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
data = TensorDataset(torch.arange(4.0))
for value in (optimizer, scheduler, data, DataLoader(data), Subset(data, [0]), torch.manual_seed(0), torch.Generator(),
              torch.distributions.Normal(0.0, 1.0), torch.distributions.Categorical(torch.ones(2)), torch.float32, torch.Size([1]),
              torch.device("cpu"), w, w * 2, w.data, model.state_dict()):
    print(type(value))
print(torch.manual_seed(0), torch.Generator)
print(nn.Parameter, nn.Module, nn.Linear, torch.optim.SGD, torch.optim.lr_scheduler.StepLR, DataLoader, torch.utils.data.Dataset)


class Own(torch.utils.data.Dataset):
    pass


# and asked the other way round
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
print(isinstance(optimizer, torch.optim.SGD), isinstance(optimizer, torch.optim.Adam), type(optimizer) is torch.optim.Adam)
print(isinstance(plateau, torch.optim.lr_scheduler.ReduceLROnPlateau), isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau))
print(isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler), isinstance(DataLoader(data), DataLoader), isinstance(data, TensorDataset))
print(isinstance(data, torch.utils.data.Dataset), isinstance(Own(), torch.utils.data.Dataset), isinstance(data, Subset), type(data) is TensorDataset)
print(type(w) is nn.Parameter, isinstance(w * 2, nn.Parameter), issubclass(nn.Parameter, torch.Tensor), isinstance(torch.Generator(), torch.Generator))
print(issubclass(torch.optim.SGD, torch.optim.Optimizer), issubclass(nn.Linear, nn.Module), isinstance(data, nn.Module))
print(type(optimizer)(model.parameters(), lr=0.5).param_groups[0]["lr"], {nn.Linear: "linear"}[type(model)])
print(type(torch.distributions.Normal(0.0, 1.0)) is torch.distributions.Normal, optimizer.__class__.__name__, type(w).__name__)

for value in ("a", ["a"], 2.5, None, w, torch.ones(1)):
    print(torch.is_tensor(value), end=" ")
print({k: (v.shape if torch.is_tensor(v) else v) for k, v in {"x": torch.ones(2), "name": "sine"}.items()})

# a parameter is no number to a format
print(f"{w}", "{}".format(w), "%.2f" % w.item())
for value in (w, model.bias, w * 2, torch.ones(2)):
    try:
        print(f"{value:.2f}")
    except TypeError as error:
        print(error)
print(torch.distributions.Normal(w, w.exp()))
