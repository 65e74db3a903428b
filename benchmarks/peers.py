"""The works as each peer runs them: `prepare(work)` gives a function that is one timed run.

The PyTorch programs are the definition of the works; the others do the same arithmetic in their own idiom. A peer
is imported only by the process that measures it. Those of works 2 to 10 stand here; a work of gradsh and PyTorch only
is two files, works/WORK.grad and works/WORK.py.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[[], Any]
WORKS = Path(__file__).parent / "works"
RESNET = Path(__file__).parent.parent / "examples" / "resnet18.grad"


def pair(name: str) -> Any:
    """The module works/NAME.py: `data()`, the arrays that both peers get, and `prepare(*tensors)`, for PyTorch."""
    return importlib.import_module(f"benchmarks.works.{name}") if (WORKS / f"{name}.py").exists() else None


def regression_data() -> tuple[Any, Any]:
    import numpy as np

    r = np.random.default_rng(0)
    X = r.standard_normal((100, 3)).astype(np.float32)
    y = (X @ [1.0, -2.0, 0.5] + 0.3 + 0.1 * r.standard_normal(100)).astype(np.float32)
    return X, y


def digits_like() -> tuple[Any, Any]:
    import numpy as np

    r = np.random.default_rng(0)
    return r.random((1797, 64)).astype(np.float32), r.integers(0, 10, 1797)


def elementwise_data(n: int = 10_000_000) -> list[Any]:
    import numpy as np

    r = np.random.default_rng(0)
    return [r.standard_normal(n, dtype=np.float32) for _ in range(3)]


def large_mlp_data(
    batch: int = 512, d: tuple[int, ...] = (1024, 2048, 2048, 10)
) -> tuple[Any, Any, list[Any], list[Any]]:
    import numpy as np

    r = np.random.default_rng(0)
    x, y = r.standard_normal((batch, d[0]), dtype=np.float32), r.integers(0, 10, batch)
    weights = [(r.standard_normal((d[i + 1], d[i])) / d[i] ** 0.5).astype(np.float32) for i in range(3)]
    return x, y, weights, [np.zeros(d[i + 1], np.float32) for i in range(3)]


def convolution_data(batch: int) -> list[tuple[Any, Any, Any, int, int]]:
    """(input, weight, gradient of the result, stride, padding) of each convolution of ResNet-18 for 64 x 64."""
    import numpy as np

    layers = [(3, 64, 7, 2, 64), *[(64, 64, 3, 1, 16)] * 4]
    before, size = 64, 16
    for width in (128, 256, 512):
        layers += [(before, width, 3, 2, size), (before, width, 1, 2, size)]
        size //= 2
        layers += [(width, width, 3, 1, size)] * 3
        before = width
    r = np.random.default_rng(0)
    data = []
    for inputs, outputs, kernel, stride, size in layers:
        x = r.standard_normal((batch, inputs, size, size), dtype=np.float32)
        w = r.standard_normal((outputs, inputs, kernel, kernel), dtype=np.float32) / (inputs * kernel**2) ** 0.5
        g = r.standard_normal((batch, outputs, size // stride, size // stride), dtype=np.float32)
        data.append((x, w.astype(np.float32), g, stride, kernel // 2))
    return data


def plans(work: str) -> Run:
    """gradsh, as it is run."""
    return gradsh(work, True)


def gradsh(work: str, planned: bool = False) -> Run:
    """gradsh --no-plans: the function `run` of works/WORK.grad, called the way a program calls it."""
    import gc

    import numpy as np

    import gradsh
    from gradsh import memory
    from gradsh.engine.core.modes import swapped
    from gradsh.engine.core.tensor import leaf, make
    from gradsh.engine.kernels import compiled

    name, _, variant = work.partition(":")
    session = gradsh.Session(plans=planned)
    text = (WORKS / f"{name}.grad").read_text()
    if name == "resnet18":
        text = RESNET.read_text().partition("manual_seed(0)")[0] + text
    result = session.run(text, f"{name}.grad")
    assert result.ok, result.errors
    function = session.globals[".run"]
    args: tuple[Any, ...] = ()
    if name == "work2":
        args = ((3, 3) if variant == "3x3" else (),)
    if name == "work4":
        args = tuple(make(a) for a in regression_data())
    if name == "work5":
        args = tuple(make(a) for a in digits_like())
    if name == "work6":
        args = tuple(leaf(a, True, None) for a in elementwise_data())
    if name == "work7":
        x, y, weights, biases = large_mlp_data()
        args = (make(x), make(y), [leaf(w, True, None) for w in weights], [leaf(b, True, None) for b in biases])
    if name == "work8":
        data = convolution_data(int(variant or 1))
        args = ([(leaf(x, True, None), leaf(w, True, None), make(g), *how) for x, w, g, *how in data],)
    if both := pair(name):
        args = tuple(make(a) for a in both.data())
    if name == "resnet18":
        with swapped(session.context):
            args = session.globals[".images"](int(variant or 1))
    # as the command does it, gradsh/cli/main.py
    gc.set_threshold(100_000, 20, 20)
    gc.freeze()
    memory.reuse()
    compiled.library()
    compiled.share_loops()

    def run() -> Any:
        with swapped(session.context), np.errstate(all="ignore"):
            return function(*args)

    return run


def torch(work: str) -> Run:
    """PyTorch eager, the works as performance figures define them."""
    import torch

    name, _, variant = work.partition(":")
    if name == "work2":
        shape = (3, 3) if variant == "3x3" else ()

        def run() -> Any:
            x, w, b = (torch.full(shape, v, requires_grad=True) for v in (0.7, 0.9, 0.3))
            y = x
            for _ in range(125):
                y = y * w
                y = y + b
                y = torch.sin(y)
                y = torch.exp(y)  # one line a round, as in the gradsh twin
                y = torch.log(y)
                y = torch.tanh(y)
                y = y - 0.1
                y = y * y  # the same
            y.sum().backward()
            return x.grad

    elif name == "work3":

        def run() -> Any:
            x = torch.tensor(-1.2, requires_grad=True)
            y = torch.tensor(1.0, requires_grad=True)
            for _ in range(20_000):
                ((1 - x) ** 2 + 100 * (y - x**2) ** 2).backward()
                with torch.no_grad():
                    x -= 1e-3 * x.grad
                    y -= 1e-3 * y.grad
                x.grad = None
                y.grad = None
            return x.item(), y.item()

    elif name == "work4":
        X, target = (torch.from_numpy(a) for a in regression_data())

        def run() -> Any:
            w = torch.zeros(3, requires_grad=True)
            b = torch.zeros((), requires_grad=True)
            for _ in range(5_000):
                ((X @ w + b - target) ** 2).mean().backward()
                with torch.no_grad():
                    w -= 1e-2 * w.grad
                    b -= 1e-2 * b.grad
                w.grad = None
                b.grad = None
            return w.tolist(), b.item()

    elif name == "work5":
        import torch.nn.functional as F

        X, target = (torch.from_numpy(a) for a in digits_like())

        def run() -> Any:
            torch.manual_seed(0)
            net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
            opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
            for _ in range(10):
                for i in range(1797 // 64):
                    opt.zero_grad()
                    loss = F.cross_entropy(net(X[i * 64 : (i + 1) * 64]), target[i * 64 : (i + 1) * 64])
                    loss.backward()
                    opt.step()
            return loss.item()

    elif name == "work6":
        x, w, b = (torch.from_numpy(a).requires_grad_() for a in elementwise_data())

        def run() -> Any:
            x.grad = w.grad = b.grad = None
            y = (torch.tanh(x * w + b) * torch.exp(-(x**2)) / (1 + torch.abs(x))).sum()
            y.backward()
            return y.item()

    elif name == "work7":
        import torch.nn.functional as F

        data, labels, weights, biases = large_mlp_data()
        data, labels = torch.from_numpy(data), torch.from_numpy(labels)
        W = [torch.from_numpy(w).requires_grad_() for w in weights]
        B = [torch.from_numpy(b).requires_grad_() for b in biases]

        def run() -> Any:
            for p in W + B:
                p.grad = None
            h = F.relu(F.linear(data, W[0], B[0]))
            h = F.relu(F.linear(h, W[1], B[1]))
            F.cross_entropy(F.linear(h, W[2], B[2]), labels).backward()
            return W[0].grad[1, 1].item()

    elif name == "work8":
        import torch.nn.functional as F

        layers = [
            (torch.from_numpy(x).requires_grad_(), torch.from_numpy(w).requires_grad_(), torch.from_numpy(g), *how)
            for x, w, g, *how in convolution_data(int(variant or 1))
        ]

        def run() -> Any:
            for x, w, g, stride, padding in layers:
                x.grad = w.grad = None
                F.conv2d(x, w, None, stride, padding).backward(g)
            return layers[0][1].grad[0, 0, 0, 0].item()

    elif name == "work9":

        def run() -> Any:
            x = torch.tensor(1.0, requires_grad=True)
            y = x
            for _ in range(100_000):
                y = y * 0.99999
                y = y + 1e-6
            y.backward()
            return x.grad.item()

    elif name == "resnet18":
        from benchmarks.resnet_torch import prepare

        run = prepare(int(variant or 1))

    elif both := pair(name):
        run = both.prepare(*(torch.from_numpy(a) for a in both.data()))

    elif name == "work10":
        point = torch.linspace(-1, 1, 100, dtype=torch.float64)
        hessian = torch.func.hessian(lambda x: torch.sin(x[:-1] * x[1:]).sum() + 0.1 * (x * x).sum() ** 2)

        def run() -> Any:
            return hessian(point)

    else:
        raise KeyError(work)
    return run


def jax(work: str) -> Run:
    """JAX, compiled: a step is jitted, loops are in XLA where the work's loop has no Python in it.

    Compiling is not timed.
    """
    import jax
    import jax.numpy as jnp

    name, _, variant = work.partition(":")
    if name == "work2":
        shape = (3, 3) if variant == "3x3" else ()

        def chain(x: Any, w: Any, b: Any) -> Any:
            y = x
            for _ in range(125):
                y = jnp.tanh(jnp.log(jnp.exp(jnp.sin(y * w + b)))) - 0.1
                y = y * y
            return y.sum()

        step = jax.jit(jax.grad(chain))
        args = [jnp.full(shape, v) for v in (0.7, 0.9, 0.3)]
        return lambda: step(*args).block_until_ready()
    if name == "work3":
        gradient = jax.grad(lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2)
        loop = jax.jit(lambda p: jax.lax.fori_loop(0, 20_000, lambda _, p: p - 1e-3 * gradient(p), p))
        return lambda: loop(jnp.array([-1.2, 1.0])).block_until_ready()
    if name == "work4":
        X, y = (jnp.asarray(a) for a in regression_data())
        gradient = jax.grad(lambda w, b: ((X @ w + b - y) ** 2).mean(), argnums=(0, 1))

        def step(_: Any, p: Any) -> Any:
            gw, gb = gradient(*p)
            return p[0] - 1e-2 * gw, p[1] - 1e-2 * gb

        loop = jax.jit(lambda w, b: jax.lax.fori_loop(0, 5_000, step, (w, b)))
        return lambda: jax.block_until_ready(loop(jnp.zeros(3), jnp.zeros(())))
    if name == "work5":
        data, labels = (jnp.asarray(a) for a in digits_like())

        def loss(p: Any, x: Any, y: Any) -> Any:
            scores = jax.nn.relu(x @ p[0].T + p[1]) @ p[2].T + p[3]
            return -jnp.take_along_axis(jax.nn.log_softmax(scores), y[:, None], 1).mean()

        @jax.jit
        def train(p: Any, v: Any, x: Any, y: Any) -> Any:
            v = [0.9 * vi + g for vi, g in zip(v, jax.grad(loss)(p, x, y), strict=True)]
            return [pi - 0.05 * vi for pi, vi in zip(p, v, strict=True)], v

        def run5() -> Any:
            key = jax.random.PRNGKey(0)
            shapes = ((32, 64), (32,), (10, 32), (10,))
            p = [jax.random.uniform(key, s, minval=-0.1, maxval=0.1) for s in shapes]
            v = [jnp.zeros(s) for s in shapes]
            for _ in range(10):
                for i in range(1797 // 64):
                    p, v = train(p, v, data[i * 64 : (i + 1) * 64], labels[i * 64 : (i + 1) * 64])
            return jax.block_until_ready(p)

        return run5
    if name == "work6":

        def total(x: Any, w: Any, b: Any) -> Any:
            return (jnp.tanh(x * w + b) * jnp.exp(-(x**2)) / (1 + jnp.abs(x))).sum()

        both = jax.jit(jax.value_and_grad(total, argnums=(0, 1, 2)))
        numbers = [jnp.asarray(a) for a in elementwise_data()]
        return lambda: jax.block_until_ready(both(*numbers))
    if name == "work10":
        jax.config.update("jax_enable_x64", True)
        second = jax.jit(jax.hessian(lambda x: jnp.sin(x[:-1] * x[1:]).sum() + 0.1 * (x * x).sum() ** 2))
        point = jnp.linspace(-1, 1, 100)
        return lambda: second(point).block_until_ready()
    raise KeyError(work)


def autograd(work: str) -> Run:
    """HIPS autograd on NumPy."""
    import autograd.numpy as np
    from autograd import grad

    name, _, variant = work.partition(":")
    if name == "work2":
        shape = (3, 3) if variant == "3x3" else ()

        def chain(x: Any, w: Any, b: Any) -> Any:
            y = x
            for _ in range(125):
                y = np.tanh(np.log(np.exp(np.sin(y * w + b)))) - 0.1
                y = y * y
            return np.sum(y)

        step = grad(chain)
        args = [np.full(shape, v) for v in (0.7, 0.9, 0.3)]
        return lambda: step(*args)
    if name == "work3":
        gradient = grad(lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2)

        def run() -> Any:
            p = np.array([-1.2, 1.0])
            for _ in range(20_000):
                p = p - 1e-3 * gradient(p)
            return p

        return run
    if name == "work4":
        X, y = regression_data()
        gradient_w = grad(lambda p: np.mean((np.dot(X, p[:3]) + p[3] - y) ** 2))

        def run4() -> Any:
            p = np.zeros(4)
            for _ in range(5_000):
                p = p - 1e-2 * gradient_w(p)
            return p

        return run4
    if name == "work9":
        import sys

        sys.setrecursionlimit(10**6)

        def long(x: Any) -> Any:
            y = x
            for _ in range(100_000):
                y = y * 0.99999
                y = y + 1e-6
            return y

        return lambda: grad(long)(1.0)
    if name == "work10":
        from autograd import hessian

        point = np.linspace(-1.0, 1.0, 100)
        second = hessian(lambda x: np.sum(np.sin(x[:-1] * x[1:])) + 0.1 * np.sum(x * x) ** 2)
        return lambda: second(point)
    raise KeyError(work)


PEERS: dict[str, Callable[[str], Run]] = {
    "gradsh": gradsh,
    "plans": plans,
    "torch": torch,
    "jax": jax,
    "autograd": autograd,
}

# work 1: one-shot, whole process; {program} is a new text each time for the "new" variant
ONE_SHOT = {
    "numpy": "import numpy",
    "torch": (
        "import torch\nx = torch.tensor(5.0, requires_grad=True); z = torch.log(x**3); z.backward(); print(x.grad)"
    ),
    "jax": "import jax, jax.numpy as jnp\nprint(jax.grad(lambda x: jnp.log(x**3))(5.0))",
    "autograd": "import autograd.numpy as np\nfrom autograd import grad\nprint(grad(lambda x: np.log(x**3))(5.0))",
}
