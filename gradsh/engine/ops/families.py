"""The files of operators, one per family, and how they are loaded."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from gradsh.engine.operators.registry import METHODS, OPERATORS, Operator

# the files of gradsh/engine/ops, one per family; importing one registers its operators
FAMILIES = (
    "elementwise.arithmetic",
    "elementwise.powers",
    "elementwise.rounding",
    "elementwise.trigonometric",
    "elementwise.special",
    "elementwise.activation",
    "elementwise.piecewise",
    "elementwise.compare",
    "elementwise.operators",
    "reduce.sums",
    "reduce.extremes",
    "reduce.statistics",
    "reduce.cumulative",
    "reduce.sort",
    "reduce.softmax",
    "shape.shape",
    "shape.dims",
    "shape.rearrange",
    "shape.diagonal",
    "shape.join",
    "index.indexing",
    "index.gather",
    "index.masked",
    "index.scatter",
    "create.creation",
    "create.conversion",
    "create.inspection",
    "create.sampling",
    "linalg.matmul",
    "linalg.affine",
    "linalg.contraction",
    "linalg.einsum",
    "linalg.matrices",
    "linalg.solving",
    "linalg.cholesky",
    "linalg.lu",
    "linalg.decompositions",
    "linalg.norms",
    "linalg.leastsquares",
    "linalg.distance",
    "nn.convolution",
    "nn.pooling",
    "nn.adaptive",
    "nn.normalization",
    "nn.dropout",
    "nn.padding",
    "nn.resize",
    "nn.vision",
    "index.embedding",
    "nn.attention",
    "loss.regression",
    "loss.probability",
    "loss.classification",
    "loss.distance",
    "loss.ctc",
    "program.autograd",
    "program.functional",
    "program.optimisers",
    "program.inplace",
    "create.initializers",
    "program.files",
)


_loaded = False


def load_all() -> None:
    """Import every family."""
    global _loaded
    if not _loaded:
        _loaded = True
        for family in FAMILIES:
            import_module(f"gradsh.engine.ops.{family}")
        from gradsh.engine.ops.program.inplace import add_twins

        add_twins()


def functions() -> dict[str, Operator]:
    """Every operator that programs see, `linalg.` and `special.` ones with their prefix; aliases under both names."""
    load_all()
    return {name: entry for name, entry in OPERATORS.items() if not entry.private}


def methods() -> dict[str, Callable[..., Any]]:
    """What `x.name(...)` calls for a tensor x."""
    load_all()
    return METHODS
