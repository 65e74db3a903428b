"""Records what PyTorch 2.13 gives for every layer of the library into tests/data/layers.json.

    python -m tests.record.layers          (with PyTorch installed)

A case is a constructor, inputs and a call, in words that are gradsh and Python at once. For each: the printed tree, the
state's names, the initial weights of seed 0, the output, and after a backward all gradients and the state again.
"""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "data" / "layers.json"

X2, X3, X4, X5 = "randn(3, 4)", "randn(2, 4, 6)", "randn(2, 4, 6, 5)", "randn(1, 4, 4, 3, 4)"


def layer(constructor: str, *inputs: str, call: str = "", train: bool = True) -> dict[str, Any]:
    """Inputs are floating unless they are made by randint; they are called a, b, …"""
    names = "abcd"[: len(inputs)]
    return {"make": constructor, "inputs": list(inputs), "call": call or f"net({', '.join(names)})", "train": train}


CASES = [
    layer("Identity()", X2),
    layer("Linear(4, 3)", X2),
    layer("Linear(4, 3, bias=false)", X3.replace("4, 6", "6, 4")),
    layer("Linear(20, 16)", "randn(20)"),
    layer("Bilinear(4, 3, 2)", X2, "randn(3, 3)"),
    layer("DataParallel(Linear(4, 3))", X2),
    layer("Flatten()", X4),
    layer("Flatten(0, 1)", X4),
    layer("Unflatten(1, (2, 2))", X2),
    *(
        layer(f"{name}", X2)
        for name in """
        ReLU() ReLU6() LeakyReLU() LeakyReLU(0.3) ELU() ELU(0.5) CELU() SELU() GELU() GELU("tanh") SiLU() Mish()
        Sigmoid() Tanh() Softplus() Softplus(2.0,1.0) Softsign() Softshrink() Hardshrink(0.3) Hardtanh()
        Hardtanh(-0.5,0.5) Hardsigmoid() Hardswish() Tanhshrink() Threshold(0.1,2.0) LogSigmoid() PReLU()
        PReLU(4) GLU() Softmax(1) Softmax(dim=0) LogSoftmax(1) Softmin(1)
        """.split()  # noqa: SIM905 - a list of forty strings reads worse
    ),
    layer("RReLU()", X2),
    layer("RReLU()", X2, train=False),
    layer("Softmax2d()", X4),
    layer("Dropout()", X2),
    layer("Dropout(0.2)", X2, train=False),
    layer("Dropout1d(0.3)", X3),
    layer("Dropout2d(0.3)", X4),
    layer("Dropout3d(0.3)", X5),
    layer("AlphaDropout(0.3)", X2),
    layer("FeatureAlphaDropout(0.3)", X4),
    layer("Conv1d(4, 3, 3)", X3),
    layer('Conv1d(4, 6, 3, padding="same", groups=2, padding_mode="reflect")', X3),
    layer("Conv2d(4, 3, 3)", X4),
    layer("Conv2d(4, 6, (3, 2), stride=2, padding=(1, 0), dilation=1, groups=2, bias=false)", X4),
    layer('Conv2d(4, 3, 3, padding=1, padding_mode="circular")', X4),
    layer('Conv2d(4, 3, (2, 3), padding="same")', X4),
    layer("Conv2d(4, 3, 3)", "randn(4, 6, 5)"),
    layer("Conv3d(4, 2, 2)", X5),
    layer("ConvTranspose1d(4, 3, 3, stride=2)", X3),
    layer("ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=1)", X4),
    layer("ConvTranspose2d(4, 4, 2, stride=2, groups=2)", X4, call="net(a, output_size=[13, 11])"),
    layer("ConvTranspose3d(4, 2, 2)", X5),
    layer("BatchNorm1d(4)", X2),
    layer("BatchNorm1d(4, momentum=none)", X3),
    layer("BatchNorm1d(4)", X2, train=False),
    layer("BatchNorm1d(4, affine=false, track_running_stats=false)", X2, train=False),
    layer("BatchNorm2d(4)", X4),
    layer("BatchNorm2d(4, bias=false)", X4),
    layer("BatchNorm3d(4, eps=0.001, momentum=0.3)", X5),
    layer("LayerNorm(4)", X2),
    layer("LayerNorm((6, 5), bias=false)", X4),
    layer("LayerNorm(5, elementwise_affine=false)", X4),
    layer("RMSNorm(4)", X2),
    layer("RMSNorm((4, 6), eps=0.01)", X3),
    layer("GroupNorm(2, 4)", X4),
    layer("InstanceNorm1d(4)", X3),
    layer("InstanceNorm2d(4, affine=true, track_running_stats=true)", X4),
    layer("InstanceNorm2d(4)", "randn(4, 6, 5)"),
    layer("InstanceNorm3d(4)", X5),
    layer("LocalResponseNorm(2)", X4),
    layer("Embedding(7, 3)", "randint(0, 7, (2, 3))"),
    layer("Embedding(7, 3, padding_idx=-2)", "randint(0, 7, (2, 3))"),
    layer("EmbeddingBag(7, 3)", "randint(0, 7, (2, 3))"),
    layer('EmbeddingBag(7, 3, mode="sum")', "randint(0, 7, (6,))", call="net(a, tensor([0, 2, 5]))"),
    layer("MaxPool1d(2)", X3),
    layer("MaxPool2d(2)", X4),
    layer("MaxPool2d((3, 2), stride=2, padding=1, ceil_mode=true)", X4),
    layer("MaxPool3d(2)", X5),
    layer("AvgPool1d(2)", X3),
    layer("AvgPool2d(3, 2, 1, count_include_pad=false)", X4),
    layer("AvgPool3d(2)", X5),
    layer("LPPool1d(2, 2)", X3),
    layer("LPPool2d(2, 2)", X4),
    layer("LPPool3d(2, 2)", X5),
    layer("AdaptiveAvgPool1d(2)", X3),
    layer("AdaptiveAvgPool2d((1, 1))", X4),
    layer("AdaptiveAvgPool2d((none, 2))", X4),
    layer("AdaptiveAvgPool3d(2)", X5),
    layer("AdaptiveMaxPool1d(2)", X3),
    layer("AdaptiveMaxPool2d(2)", X4),
    layer("AdaptiveMaxPool3d(2)", X5),
    layer("Upsample(scale_factor=2)", X4),
    layer('Upsample(size=(3, 7), mode="bilinear")', X4),
    layer("UpsamplingNearest2d(scale_factor=2)", X4),
    layer("UpsamplingBilinear2d(size=(4, 3))", X4),
    layer("PixelShuffle(2)", X4),
    layer("PixelUnshuffle(2)", "randn(2, 3, 4, 6)"),
    layer("ChannelShuffle(2)", X4),
    layer("Unfold(2)", X4),
    layer("Fold((4, 4), 2)", "randn(2, 8, 9)"),
    *(
        layer(f"{kind}Pad{n}d({padding}{', 3.5' if kind == 'Constant' else ''})", x)
        for kind in ("Zero", "Constant", "Reflection", "Replication", "Circular")
        for n, padding, x in ((1, "1", X3), (2, "(1, 2, 0, 1)", X4), (3, "1", X5))
    ),
    layer("CosineSimilarity()", X2, X2),
    layer("PairwiseDistance()", X2, X2),
    layer("MSELoss()", X2, X2),
    layer('MSELoss(reduction="sum")', X2, X2),
    layer("L1Loss()", X2, X2),
    layer("SmoothL1Loss(beta=0.5)", X2, X2),
    layer("HuberLoss(delta=0.5)", X2, X2),
    layer("CrossEntropyLoss()", X2, "randint(0, 4, (3,))"),
    layer("CrossEntropyLoss(weight=tensor([1., 2., 3., 4.]), label_smoothing=0.1)", X2, "randint(0, 4, (3,))"),
    layer("NLLLoss(ignore_index=1)", X2, "randint(0, 4, (3,))"),
    layer("BCELoss()", "rand(3, 4)", "rand(3, 4)"),
    layer("BCEWithLogitsLoss(pos_weight=tensor([1., 2., 3., 4.]))", X2, "rand(3, 4)"),
    layer('KLDivLoss(reduction="batchmean")', X2, "rand(3, 4)"),
    layer("PoissonNLLLoss()", X2, "rand(3, 4)"),
    layer("GaussianNLLLoss()", X2, X2, "rand(3, 4)"),
    layer("HingeEmbeddingLoss()", X2, "randint(0, 2, (3, 4))", call="net(a, 2 * b - 1)"),
    layer("CosineEmbeddingLoss(margin=0.1)", X2, X2, "randint(0, 2, (3,))", call="net(a, b, 2 * c - 1)"),
    layer("MarginRankingLoss(0.1)", X2, X2, "randint(0, 2, (3, 4))", call="net(a, b, 2 * c - 1)"),
    layer("TripletMarginLoss()", X2, X2, X2),
    layer("TripletMarginWithDistanceLoss()", X2, X2, X2),
    layer("SoftMarginLoss()", X2, "randint(0, 2, (3, 4))", call="net(a, 2 * b - 1)"),
    layer("MultiLabelMarginLoss()", X2, "randint(0, 4, (3, 4))"),
    layer("MultiLabelSoftMarginLoss()", X2, "rand(3, 4)"),
    layer("MultiMarginLoss()", X2, "randint(0, 4, (3,))"),
    layer("CTCLoss()", "randn(5, 2, 4)", "randint(1, 4, (2, 3))", call="net(a, b, tensor([5, 5]), tensor([3, 2]))"),
    layer("RNN(3, 4)", "randn(5, 2, 3)"),
    layer('RNN(3, 4, nonlinearity="relu", bidirectional=true, num_layers=2)', "randn(5, 2, 3)"),
    layer("GRU(3, 4)", "randn(5, 2, 3)"),
    layer("GRU(3, 4, 2, batch_first=true)", "randn(2, 5, 3)", "randn(2, 2, 4)"),
    layer("GRU(3, 4, bias=false)", "randn(5, 3)"),
    layer("LSTM(3, 4)", "randn(5, 2, 3)"),
    layer("LSTM(3, 4, 2, batch_first=true, bidirectional=true)", "randn(2, 5, 3)"),
    layer("LSTM(3, 4, 2, dropout=0.5)", "randn(5, 2, 3)"),
    layer("LSTM(3, 4, proj_size=2, bias=false)", "randn(5, 3)"),
    layer("LSTM(3, 4)", "randn(5, 2, 3)", "randn(1, 2, 4)", "randn(1, 2, 4)", call="net(a, (b, c))"),
    layer("RNNCell(3, 4)", "randn(2, 3)"),
    layer('RNNCell(3, 4, bias=false, nonlinearity="relu")', "randn(3)"),
    layer("GRUCell(3, 4)", "randn(2, 3)", "randn(2, 4)"),
    layer("LSTMCell(3, 4)", "randn(2, 3)", "randn(2, 4)", "randn(2, 4)", call="net(a, (b, c))"),
    layer("MultiheadAttention(8, 2)", "randn(5, 2, 8)", call="net(a, a, a)"),
    layer("MultiheadAttention(8, 2, batch_first=true)", "randn(2, 5, 8)", "randn(2, 3, 8)", call="net(a, b, b)"),
    layer("MultiheadAttention(8, 2, bias=false)", "randn(5, 8)", call="net(a, a, a, need_weights=false)"),
    layer(
        "MultiheadAttention(8, 2, kdim=3, vdim=5, add_bias_kv=true, add_zero_attn=true)",
        "randn(5, 2, 8)",
        "randn(4, 2, 3)",
        "randn(4, 2, 5)",
    ),
    layer(
        "MultiheadAttention(8, 2)",
        "randn(3, 2, 8)",
        call="net(a, a, a, attn_mask=triu(ones(3, 3), 1) > 0, average_attn_weights=false)",
    ),
    layer(
        "MultiheadAttention(8, 2, batch_first=true)",
        "randn(2, 3, 8)",
        call="net(a, a, a, key_padding_mask=tensor([[false, false, true], [false, true, true]]))",
    ),
    layer("TransformerEncoderLayer(8, 2, 16, dropout=0.0)", "randn(5, 2, 8)"),
    layer('TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", batch_first=true, norm_first=true)', "randn(2, 5, 8)"),
    layer("TransformerDecoderLayer(8, 2, 16, dropout=0.0)", "randn(5, 2, 8)", "randn(3, 2, 8)"),
    layer(
        "TransformerEncoder(TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=true), 2, LayerNorm(8))",
        "randn(2, 3, 8)",
        call="net(a, src_key_padding_mask=tensor([[false, false, true], [false, true, true]]))",
    ),
    layer(
        "TransformerDecoder(TransformerDecoderLayer(8, 2, 16, 0.0, norm_first=true, bias=false), 2)",
        "randn(3, 8)",
        "randn(2, 8)",
    ),
    layer(
        "Transformer(8, 2, 1, 2, 16, 0.0, 'gelu')",
        "randn(3, 2, 8)",
        "randn(4, 2, 8)",
        call="net(a, b, tgt_mask=Transformer.generate_square_subsequent_mask(4))",
    ),
    layer("Transformer(8, 2, 1, 1, 16, 0.3, batch_first=true)", "randn(2, 3, 8)", "randn(2, 4, 8)"),
    layer("RNN(3, 4, bidirectional=true)", "randn(5, 3, 3)", call="net(pack_padded_sequence(a, [5, 3, 3]))"),
    layer(
        "GRU(3, 4, 2)",
        "randn(3, 5, 3)",
        "randn(2, 3, 4)",
        call="net(pack_padded_sequence(a, tensor([2, 5, 1]), batch_first=true, enforce_sorted=false), b)",
    ),
    layer(
        "LSTM(3, 4, 2, bidirectional=true, proj_size=2)",
        "randn(4, 3)",
        "randn(2, 3)",
        call="pad_packed_sequence(net(pack_sequence([b, a], enforce_sorted=false))[0])",
    ),
    layer("AdaptiveLogSoftmaxWithLoss(16, 12, [2, 6])", "randn(3, 16)", call="net(a, tensor([0, 5, 11]))"),
    layer("AdaptiveLogSoftmaxWithLoss(8, 9, [3], 2.0, head_bias=true)", "randn(2, 8)", call="net.log_prob(a)"),
    layer("MaxUnpool1d(2)", "randn(1, 2, 6)", call="net(*MaxPool1d(2, return_indices=true)(a))"),
    layer("MaxUnpool2d(3, 2, 1)", "randn(2, 5, 5)", call="net(*MaxPool2d(3, 2, 1, return_indices=true)(a))"),
    layer("MaxUnpool3d(2)", "randn(1, 2, 2, 4, 4)", call="net(*MaxPool3d(2, return_indices=true)(a), [2, 5, 5])"),
    layer("Sequential(Linear(4, 5), Tanh(), Linear(5, 2))", X2),
    layer('Sequential({"first": Linear(4, 5), "act": ReLU(), "inner": Sequential(Linear(5, 2), Dropout(0.1))})', X2),
    layer("ModuleList([Linear(4, 4), Linear(4, 4), ReLU()])", X2, call="net[2](net[1](net[0](a)))"),
    layer('ModuleDict({"one": Linear(4, 3), "two": Identity()})', X2, call='net["two"](net["one"](a))'),
]


def record() -> None:
    import collections

    import torch

    words = {"true": True, "false": False, "none": None}
    found = []
    for case in CASES:
        names = {**vars(torch), **vars(torch.nn), **vars(torch.nn.utils.rnn), **words}
        make = case["make"]
        if "{" in make and make.startswith("Sequential"):
            names["Sequential"] = lambda *a: (
                torch.nn.Sequential(collections.OrderedDict(a[0]))
                if isinstance(a[0], dict)
                else torch.nn.Sequential(*a)
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.manual_seed(0)
            net = eval(make, names)
            net.train(case["train"])
            start = {name: numbers(t) for name, t in net.state_dict().items()}
            inputs = {name: eval(text, names) for name, text in zip("abcd", case["inputs"], strict=False)}
            for t in inputs.values():
                if t.is_floating_point():
                    t.requires_grad_()
            result = eval(case["call"], {**names, "net": net, **inputs})
            outs = [t for t in flat(result) if t.is_floating_point()]
            tracked = [t for t in outs if t.requires_grad]
            if tracked:
                sum((t * torch.cos(torch.arange(t.numel()).view_as(t) * 1.0)).sum() for t in tracked).backward()
        found.append(
            {
                **case,
                "tree": repr(net),
                "start": start,
                "outputs": [numbers(t) for t in outs],
                "shapes": [list(t.shape) for t in outs],
                "grad_fn": type(outs[0].grad_fn).__name__ if outs[0].grad_fn is not None else None,
                "input_grads": [numbers(t.grad) for t in inputs.values()],
                "grads": {name: numbers(t.grad) for name, t in net.named_parameters()},
                "buffers": {name: numbers(t) for name, t in net.named_buffers()},
            }
        )
    lines = ",\n".join(json.dumps(entry) for entry in found)
    DATA.write_text(f'{{"torch": "{torch.__version__}", "cases": [\n{lines}\n]}}\n', encoding="utf-8")
    print(len(found), "cases")


def flat(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [t for item in value for t in flat(item)]
    return [] if value is None else [value]


def numbers(t: Any) -> Any:
    """All elements in C order, with as many digits as tell them apart."""
    if t is None:
        return None
    values = t.detach().flatten().tolist()
    return [v if isinstance(v, int) else float(f"{v:.9g}") if math.isfinite(v) else str(v) for v in values]


if __name__ == "__main__":
    record()
