"""The module of PyTorch's that a class of the engine's has there: `torch.nn.modules.linear.Linear`."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

# PyTorch's file of a family of layers, by what their names are like; those of no line are activations
LAYERS = """
adaptive AdaptiveLogSoftmaxWithLoss
loss *Loss *Loss2d
conv *Conv[1-3T]*
pooling *Pool[1-3]d *Unpool[1-3]d
padding *Pad[1-3]d
dropout *Dropout *Dropout[1-3]d
batchnorm *BatchNorm*
instancenorm *InstanceNorm*
normalization *Norm
rnn RNN* LSTM* GRU*
transformer Transformer*
sparse Embedding*
linear *inear Identity
flatten *latten
fold Fold Unfold
upsampling Upsampl*
pixelshuffle Pixel*
channelshuffle ChannelShuffle
distance *Similarity *Distance
container Sequential *List *Dict
module Module Model
activation *
"""
# of the files of the engine's that are no room of their own
FILES = {
    "amp": "amp.grad_scaler",
    "dataloader": "utils.data.dataloader",
    "datasets": "utils.data.dataset",
    "graph": "utils.hooks",  # of which a program meets what a hook's registering gives
    "samplers": "utils.data.sampler",
    "packed": "nn.utils.rnn",
    "hooks": "utils.hooks",
    "lazy": "nn.parameter",
    "named": "return_types",
    "random": "_C",
    "swa": "optim.swa_utils",
}
# distributions whose files are not named like them
FILES_OF_DISTRIBUTIONS = """
transforms *Transform
studentT StudentT
exp_family ExponentialFamily
lkj_cholesky LKJCholesky
lowrank_multivariate_normal LowRankMultivariateNormal
fishersnedecor FisherSnedecor
relaxed_categorical *Relaxed*Categorical
one_hot_categorical OneHotCategorical*
"""


def _file(listed: str, name: str) -> str | None:
    """The first of the files that has names like this one."""
    files = (line.split() for line in listed.strip().splitlines())
    return next((file for file, *like in files if any(fnmatchcase(name, one) for one in like)), None)


def of_layer(name: str) -> str:
    """The class of a layer."""
    if name == "AveragedModel":
        return "torch.optim.swa_utils.AveragedModel"
    return f"torch.nn.modules.{_file(LAYERS, name)}.{'Module' if name == 'Model' else name}"


def of_engine(kind: type) -> str:
    """Every other class."""
    name = kind.__name__
    *rooms, file = kind.__module__.split(".")
    if file in FILES:
        return f"torch.{FILES[file]}.{name}"
    if "optim" in rooms:
        return f"torch.optim.{_optimizers(kind)}{name}"
    if "distributions" in rooms:
        return f"torch.distributions.{_distributions(name)}.{name}"
    return f"torch.{name}"


def _optimizers(kind: type) -> str:
    name = kind.__name__
    if any(base.__name__ == "LRScheduler" for base in kind.__mro__):
        return "lr_scheduler."
    return "" if name == "Adafactor" else f"{name.lower()}."  # which has taken its file's name off


def _distributions(name: str) -> str:
    return _file(FILES_OF_DISTRIBUTIONS, name) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
