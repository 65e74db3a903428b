"""What the engine does to arrays can be seen: each kind of doing has a gate that everything of it goes through.

    operators/registry.computed     a kernel is run
    core/alloc.py                   an array is made
    core/graph.record, Kind.step    an operation becomes a node; what its node makes of a gradient
    autograd/inplace.bump           memory was written in place
    autograd/backward.accumulate    a gradient is added to `.grad`
    optim/sweep.sweep               an optimiser moves one parameter
    mode.interpreter                an operator has a value that is not a plain tensor

The two measured fast paths (operators/fast.py) make their arrays and nodes themselves, and ask only the last.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from tests.house import modules, nodes

CORE = "gradsh.engine.core."
# They spell out what the gates do, and make nothing but plain tensors: see tests/record/fast_paths.py.
FAST = "gradsh.engine.operators.fast"
# What makes arrays of its own that no program's tensor is made of: numbers of samples, printed text, test data.
OWN_ARRAYS = {CORE + "alloc", "gradsh.engine.operators.samples", "gradsh.engine.printing.format"}
MAKERS = {"empty", "zeros", "ones", "full", "empty_like", "zeros_like", "ones_like", "full_like", "arange", "linspace"}


def places(of: Callable[[ast.AST], bool]) -> dict[str, list[int]]:
    """Module of the engine -> the lines of the nodes that are such."""
    found = {}
    for module in sorted(modules()):
        if module.startswith("gradsh.engine."):
            lines = [node.lineno for node in nodes(module) if of(node)]  # type: ignore[attr-defined]
            if lines:
                found[module] = lines
    return found


def stored(node: ast.AST) -> Iterator[str]:
    """The attributes that a statement writes."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    for target in targets:
        for inner in ast.walk(target):
            if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
                yield inner.attr


def calls(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def test_nodes_are_recorded_in_one_place() -> None:
    assert set(places(lambda node: calls(node, "Node"))) == {CORE + "graph", FAST}


def test_steps_are_run_by_the_walks_alone() -> None:
    def is_step(node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "step"
            and ast.unparse(node.func.value) in ("kind", "node.kind")
        )

    assert set(places(is_step)) == {"gradsh.engine.autograd.backward", "gradsh.engine.transforms.forward"}


def test_kernels_are_run_in_one_place() -> None:
    """A kernel may call another; what runs one for an operator's call does it by `computed`."""

    def is_run(node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and ast.unparse(node.func) == "entry.kernel"

    # on plain numbers, which are no tensors
    assert set(places(is_run)) == {"gradsh.engine.operators.elementwise"}


def test_arrays_are_made_in_one_place() -> None:
    def makes(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr in MAKERS and ast.unparse(node.value) == "np"

    rooms = ("kernels", "operators", "ops", "autograd", "transforms", "optim")
    found = {
        module: lines
        for module, lines in places(makes).items()
        if module.split(".")[2] in rooms and module not in OWN_ARRAYS
    }
    assert found == {}, "gradsh.engine.core.alloc has these"


def test_versions_move_in_one_place() -> None:
    """`accumulate` moves that of a gradient: it is a gate itself, and nobody's write in the program."""
    moved = places(lambda node: "version" in stored(node) or "writer" in stored(node))
    assert set(moved) == {CORE + "graph", "gradsh.engine.autograd.inplace", "gradsh.engine.autograd.backward"}


def test_gradients_are_added_in_one_place() -> None:
    """Elsewhere `.grad` is only set by the program, cleared, or given its first value, none, with the tensor."""
    found = places(
        lambda node: "gradient" in stored(node) and not (isinstance(node, ast.Assign) and is_none(node.value))
    )
    assert set(found) == {"gradsh.engine.autograd.backward", CORE + "tensor"}


def is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def test_optimisers_move_parameters_by_sweeps() -> None:
    def adds_scaled(node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and ast.unparse(node.func) == "kernel"

    optim = [module for module in places(adds_scaled) if module.startswith("gradsh.engine.optim.")]
    assert optim == ["gradsh.engine.optim.sweep"]


def test_views_by_strides_are_made_in_one_place() -> None:
    """What leads outside of the memory is refused there."""

    def is_raw(node: ast.AST) -> bool:
        if isinstance(node, ast.ImportFrom):
            return node.module is not None and "stride_tricks" in node.module
        if isinstance(node, ast.Attribute):
            return node.attr in ("stride_tricks", "sliding_window_view")
        return (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) in ("ndarray", "np.ndarray")
            and len(node.args) + len(node.keywords) > 2  # no more than shape and dtype: memory of its own
        )

    assert set(places(is_raw)) == {CORE + "strided"}


# NumPy's elementary functions of float32 have other last digits on another processor, and its sums an order of their
# own: kernels/transcendental.py and summation.py have them as PyTorch does. Who may do without says why.
ELEMENTARY = {
    *("exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "arcsin", "arccos", "arctan"),
    *("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "arctan2", "logaddexp", "power"),
}
RAW_FUNCTIONS = {
    "kernels.transcendental": "the place itself",
    "kernels.random": "in float64, as PyTorch's generator",
    "kernels.reparameterised": "in float64",
    "kernels.rounding": "in float64, as PyTorch's generator",
    "ops.elementwise.powers": "of two plain numbers",
    "ops.elementwise.special": "digamma's reflection, in float64",
    "ops.linalg.matrices": "of a plain number",
    "ops.nn.recurrent": "in float64 and rounded once, in arrays that all steps use again",
    "ops.reduce.cumulative": "logcumsumexp, in float64",
}
SUMS = {"np.add.reduce", "np.add.reduceat", "np.sum", "np.mean", "np.nansum", "np.einsum"}
RAW_SUMS = {
    "kernels.summation": "the place itself",
    "kernels.norms": "counts of what is not 0",
    "kernels.batch": "in float64, which is rounded after",
    "kernels.normalizing": "row after row",
    "kernels.pooling": "whether anything is nan",
    "kernels.rejection": "of a Dirichlet's gamma numbers, in float64",
    "ops.linalg.distance": "counts of what differs",
    "ops.linalg.affine": "of matrix products, whose order is BLAS's",
    "ops.linalg.leastsquares": "counts of singular values",
    "ops.linalg.norms": "counts of the largest",
    "ops.loss.ctc": "lengths",
    "ops.nn.packed": "lengths",
    "ops.nn.resize": "weights of a filter, in float64",
    "ops.program.testing": "counts of what differs",
    "ops.reduce.extremes": "counts of numbers",
    "ops.reduce.statistics": "in float64, as PyTorch's Welford",
    "ops.reduce.sums": "integers",
    "ops.index.embedding": "lengths of bags",
    "ops.index.segments": "lengths of stretches",
    "ops.reduce.histograms": "counts of bins",
    "ops.shape.diagonal": "integers",
    "ops.shape.rearrange": "counts of repetitions",
}
ROOMS = ("kernels", "operators", "ops", "autograd", "transforms", "optim")


def computed_in(of: Callable[[ast.AST], bool]) -> set[str]:
    """The modules of the rooms that compute which do such a thing."""
    names = {module.removeprefix("gradsh.engine.") for module in places(of)}
    return {name for name in names if name.split(".")[0] in ROOMS}


def test_elementary_functions_are_those_with_the_same_digits_everywhere() -> None:
    def is_raw(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr in ELEMENTARY and ast.unparse(node.value) == "np"

    assert computed_in(is_raw) == {*RAW_FUNCTIONS}


def test_sums_are_added_in_pytorchs_order() -> None:
    def is_raw(node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute) and ast.unparse(node) in SUMS:
            return True
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("sum", "mean")
            and ast.unparse(node.func.value) not in ("T", "F")
        )

    assert computed_in(is_raw) == {*RAW_SUMS}
