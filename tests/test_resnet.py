"""The models of examples/resnet18.grad against PyTorch: three nets, two steps of training each.

tests/data/resnet_reference.json is what PyTorch 2.13 computed for weights that NumPy's frozen RandomState streams give:
the k-th weight of a convolution or of `fc` is RandomState(1000 + k).randn(*shape) * sqrt(2 / fan_in), the image
RandomState(1).rand, the labels RandomState(2).rand; the biases are 0, the weights of batch normalisation 1.
"""

from __future__ import annotations

import io
import json
import math
from typing import Any

import numpy as np
import pytest

from gradsh import Session
from tests.conftest import ROOT

REFERENCE = json.loads((ROOT / "tests" / "data" / "resnet_reference.json").read_text(encoding="utf-8"))
MODELS, _ = (ROOT / "examples" / "resnet18.grad").read_text(encoding="utf-8").split("manual_seed(0)\n")

FIRST_STEP = """
let parameters = net.parameters()
let optimizer = SGD(parameters, lr=1e-2, momentum=0.9)
let prediction = net(data)
let loss = (prediction - labels).sum()
backward loss
let gradients = [p.grad for p in parameters]
let norms = [p.grad.norm().item() for p in parameters]
let sums = [p.grad.sum().item() for p in parameters]
let running = net.bn1.running_mean[:3].tolist(), net.bn1.running_var[:3].tolist()
let before = net.conv1.weight.detach().clone()
step optimizer
let moved = (net.conv1.weight - before).norm().item()
let conv1_after, bias_after = net.conv1.weight.flatten()[:5].tolist(), net.fc.bias[:3].tolist()
no_grad { let again = (net(data) - labels).sum().item() }
"""
SECOND_STEP = """
zero_grad optimizer
let loss2 = (net(data) - labels).sum()
backward loss2
step optimizer
let conv1_after, bias_after = net.conv1.weight.flatten()[:5].tolist(), net.fc.bias[:3].tolist()
"""


class Run:
    """One net in a session, with the weights of the reference."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        self.out = io.StringIO()
        self.session = Session(out=self.out, err=self.out)
        size, classes = wanted["image"], wanted["classes"]
        self.run(f"set_default_dtype({wanted['dtype'].removeprefix('torch.')})")
        self.run(MODELS)
        self.run(f"let net = ResNet(widths={wanted['widths']}, num_classes={classes})")
        self.run(f"let data, labels = zeros(1, 3, {size}, {size}), zeros(1, {classes})")
        self["data"].data[...] = np.random.RandomState(1).rand(1, 3, size, size)
        self["labels"].data[...] = np.random.RandomState(2).rand(1, classes)
        k = 0
        for name, parameter in self["net"].named_parameters():
            shape = tuple(parameter.shape)
            if len(shape) > 1:
                scale = math.sqrt(2 / np.prod(shape[1:]))
                parameter.data[...] = np.random.RandomState(1000 + k).randn(*shape) * scale
                k += 1
            elif name == "fc.bias":
                parameter.data[...] = 0

    def run(self, text: str) -> None:
        result = self.session.run(text, "resnet.grad")
        assert result.ok, self.out.getvalue()

    def __getitem__(self, name: str) -> Any:
        return self.session.globals["." + name]


@pytest.mark.parametrize("name", REFERENCE)
def test_two_steps(name: str) -> None:
    wanted = REFERENCE[name]
    tolerance = 1e-9 if wanted["dtype"] == "torch.float64" else 1e-4

    def close(got: Any, want: Any, scale: Any = 1.0) -> None:
        """To the tolerance, relative to the value or to `scale`, whichever is larger."""
        got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
        assert got.shape == want.shape
        assert np.all(np.abs(got - want) <= tolerance * np.maximum(np.abs(want), scale)), np.abs(got - want).max()

    net = Run(wanted)
    net.run(FIRST_STEP)
    parameters = net["parameters"]
    assert sum(p.data.size for p in parameters) == wanted["n_parameters"]
    assert len(parameters) == wanted["n_tensors"]
    prediction = net["prediction"]
    assert repr(prediction.grad_fn) == f"<{wanted['prediction_grad_fn']}>"
    assert repr(net["loss"].grad_fn) == f"<{wanted['loss_grad_fn']}>"
    close(prediction.data[0, :5], wanted["prediction_first5"])
    size = np.abs(prediction.data).sum()  # sums cancel: the error is that of the terms
    close(prediction.data.sum(dtype=np.float64), wanted["prediction_sum"], size)
    close(net["loss"].item(), wanted["loss"], size)

    norms = list(wanted["grad_norms"].values())
    close(net["norms"], norms)
    elements = np.array([math.sqrt(p.data.size) for p in parameters])
    close(net["sums"], list(wanted["grad_sums"].values()), norms * elements)
    conv1, bn1, bias = (net["gradients"][i] for i in (0, 1, -1))
    typical = np.array(norms) / elements
    close(np.ravel(conv1.data)[:5], wanted["conv1_grad_first5"], typical[0])
    close(bn1.data[:5], wanted["bn1_weight_grad_first5"], typical[1])
    close(bias.data[:3], wanted["fc_bias_grad_first3"])
    close(net["running"][0], wanted["bn1_running_mean_first3"])
    close(net["running"][1], wanted["bn1_running_var_first3"])

    after = wanted["after_step"]
    close(net["conv1_after"], after["conv1_first5"])
    close(net["moved"], after["conv1_delta_norm"])
    close(net["bias_after"], after["fc_bias_first3"])
    close(net["again"], after["loss_same_batch"], size)

    net.run(SECOND_STEP)
    after = wanted["after_second_step"]
    close(net["loss2"].item(), after["loss2"], size)
    # in float32 PyTorch's two convolutions, oneDNN's and its own, are 3.6e-4 apart here
    close(net["conv1_after"], after["conv1_first5"], 1.0 if tolerance < 1e-4 else 5.0)
    close(net["bias_after"], after["fc_bias_first3"])
