"""The modules of PyTorch as Python programs spell them, and what their members are called in gradsh."""

from __future__ import annotations

from gradsh.language.words import APART, MODULES, NAMESPACES

PREFIX = "torch:"  # of a member of PyTorch among the built-ins of Python programs
MISSING = "missing:"

# Modules of PyTorch that have no words of their own in gradsh: their members are found by their bare names.
_OTHERS = """
torch.autograd.function torch.autograd.profiler torch.autograd.variable torch.backends
torch.cuda torch.cuda.amp torch.amp torch.distributions.categorical
torch.distributions.normal torch.distributions.bernoulli torch.distributions.kl torch.func torch.jit torch.linalg
torch.mps torch.xpu torch.accelerator torch.nn.modules.module torch.nn.modules.loss torch.nn.utils.clip_grad
torch.nn.attention torch.optim.optimizer torch.profiler torch.random torch.special torch.utils torch.utils.data.dataset
torch.utils.data.dataloader torch.utils.data.sampler torch.version torch.fft torch.sparse torch.compiler
torch.nn.utils.prune torch.nn.utils.convert_parameters torch.utils.tensorboard torch.multiprocessing
torch.distributed torch.distributions.constraints torch.fx torch.onnx
torch.quantization torch.hub functorch torch.cpu torch.functional torch.types torch.serialization torch._dynamo
torch._dynamo.config torch.autograd.grad_mode torch.autograd.anomaly_mode torch.nn.parallel
torch.nn.parallel.distributed
torch.nn.modules.utils torch.nn.utils.stateless torch.utils.data.distributed torch.utils.data._utils
torch.utils.data._utils.collate torch.cuda.random torch.cuda.memory torch._tensor torch.signal torch.cpu.amp
torch.nn.utils.fusion torch.utils.dlpack
"""
TORCH = frozenset((*(name for name in MODULES if name.split(".")[0] == "torch"), *_OTHERS.split()))
# those whose members have the module's name before them
_NAMED = {f"torch.{name}": name for name in NAMESPACES}
_NAMED |= {"torch.distributions.constraints": "constraints", "torch.cuda.random": "cuda", "torch.cuda.memory": "cuda"}
_NAMED |= {"torch.nn.utils.prune": "prune", "torch.signal.windows": "signal.windows"}
_WITH_NAMES = "mps xpu version jit compiler fft cpu distributed types serialization _dynamo onnx multiprocessing hub"
_NAMED |= {f"torch.{name}": name for name in _WITH_NAMES.split()}
# others with their module than by their bare name, in programs alone
_APART = {"torch.cuda.amp.autocast": "cuda_autocast", "torch.cpu.amp.autocast": "cpu_autocast"}
# functions of `torch` that take a `dim` where those of torch.nn.functional may do without
OF_DIM = {"softmax_of_dim": "softmax", "log_softmax_of_dim": "log_softmax"}
_APART |= {f"torch.{plain}": name for name, plain in OF_DIM.items()}


def submodule(module: str, name: str) -> str | None:
    """The module of that name in another, if it is one."""
    inner = f"{module}.{name}"
    return inner if inner in TORCH else None


def member_of(module: str, name: str) -> str:
    """How the built-ins know a member: `torch:relu`, `torch:linalg.norm`."""
    module = MODULES.get(module, module)
    prefix = _NAMED.get(module)
    if f"{module}.{name}" in _APART:
        return PREFIX + _APART[f"{module}.{name}"]
    if prefix is not None:
        return f"{PREFIX}{prefix}.{name}"
    return PREFIX + APART.get(f"{module}.{name}", name)
