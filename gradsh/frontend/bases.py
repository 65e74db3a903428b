"""PyTorch's classes that stand above its layers, `_ConvNd` and its kin: asked of a layer, or a program's base."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.engine.core.users import ModelKind
from gradsh.errors import NotHere
from gradsh.frontend.classes import Object
from gradsh.frontend.networks import Network, NetworkType
from gradsh.runtime.builtins import BUILTINS

__acts_for_programs__ = True

# each class: the file of PyTorch's that has it, and what the names of the layers below it are like; those below
# another come after it
_ABOVE = """
_ConvNd conv Conv[123]d ConvTranspose[123]d LazyConv*
_ConvTransposeNd conv ConvTranspose[123]d LazyConvTranspose*
_NormBase batchnorm BatchNorm[123]d SyncBatchNorm LazyBatchNorm* InstanceNorm[123]d LazyInstanceNorm*
_BatchNorm batchnorm BatchNorm[123]d SyncBatchNorm LazyBatchNorm*
_InstanceNorm instancenorm InstanceNorm[123]d LazyInstanceNorm*
_DropoutNd dropout Dropout Dropout[123]d AlphaDropout FeatureAlphaDropout
_MaxPoolNd pooling MaxPool[123]d
_AvgPoolNd pooling AvgPool[123]d
_AdaptiveAvgPoolNd pooling AdaptiveAvgPool[123]d
_AdaptiveMaxPoolNd pooling AdaptiveMaxPool[123]d
_LPPoolNd pooling LPPool[123]d
_MaxUnpoolNd pooling MaxUnpool[123]d
_CircularPadNd padding CircularPad[123]d
_ConstantPadNd padding ConstantPad[123]d ZeroPad[123]d
_ReflectionPadNd padding ReflectionPad[123]d
_ReplicationPadNd padding ReplicationPad[123]d
RNNBase rnn RNN LSTM GRU
RNNCellBase rnn RNNCell LSTMCell GRUCell
_Loss loss *Loss
_WeightedLoss loss BCELoss CrossEntropyLoss MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss SoftMarginLoss
"""


def _is_one(kind: type, like: tuple[str, ...], value: Any) -> bool:
    """Is it a layer below that class, one of the program's own included?"""
    if isinstance(value, kind):
        return True
    layers = [
        base.__name__ for base in type(value).__mro__ if isinstance(base, ModelKind) and base.__module__ != "__main__"
    ]
    return any(fnmatchcase(layer, one) for layer in layers for one in like)


def _refuse(name: str) -> Callable[..., None]:
    def construct(self: Any, *arguments: Any, **keywords: Any) -> None:
        raise NotHere(
            f"torch.nn.modules: a class of the program's own cannot be a {name} here",
            help="derive it from one of the layers below, or from `nn.Module`",
        )

    return construct


def _loss(self: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
    if size_average is not None or reduce is not None:
        mode.warn("size_average and reduce args will be deprecated, please use reduction='mean' instead.")
        size_average = True if size_average is None else size_average
        reduction = "none" if reduce is False else "mean" if size_average else "sum"
    self.put("reduction", reduction)


def _weighted(
    self: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> None:
    _loss(self, size_average, reduce, reduction)
    self.register_buffer("weight", weight)


CONSTRUCTS = {"_Loss": _loss, "_WeightedLoss": _weighted}


def _made(name: str, file: str, like: tuple[str, ...]) -> Any:
    made: Any = NetworkType(
        name,
        (Network,),
        {
            "__slots__": (),
            "__module__": f"torch.nn.modules.{file}",
            "__qualname__": name,
            "title": f"torch.nn.modules.{file}.{name}",
            "construct": CONSTRUCTS.get(name) or _refuse(name),
        },
    )
    made.tells = partial(_is_one, made, like)
    return made


_known: dict[str, Any] = {}


def _find(name: str, file: str, like: tuple[str, ...]) -> Any:
    if name not in _known:
        _known[name] = _made(name, file, like)
    return _known[name]


# layers that PyTorch derives from another layer
_DERIVED = """
ReLU6 Hardtanh
UpsamplingNearest2d Upsample
UpsamplingBilinear2d Upsample
ZeroPad1d ConstantPad1d
ZeroPad2d ConstantPad2d
ZeroPad3d ConstantPad3d
"""


def mro(layer: Any) -> tuple[Any, ...] | None:
    """`nn.Conv2d.__mro__`; None of a layer whose classes are not all here."""
    name = layer.__name__
    if name.startswith("Lazy"):
        return None
    between = dict(line.split() for line in _DERIVED.strip().splitlines()).get(name)
    above = [
        _find(each, file, tuple(like))
        for each, file, *like in (line.split() for line in _ABOVE.strip().splitlines())
        if any(fnmatchcase(name, one) for one in like)
    ]
    derived = () if between is None else (BUILTINS.value(between),)
    return (layer, *derived, *reversed(above), Network, Object)


def above(layer: Any, name: str) -> Any:
    """`nn.Linear.__mro__` and its kin; None of a layer whose classes are not all here."""
    found = mro(layer)
    if found is None:
        return None
    return {"__mro__": found, "mro": lambda: list(found), "__bases__": found[1:2], "__base__": found[1]}[name]


MEMBERS: dict[str, Callable[[], Any]] = {
    name: partial(_find, name, file, tuple(like))
    for name, file, *like in (line.split() for line in _ABOVE.strip().splitlines())
}
