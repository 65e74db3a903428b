"""Where gradsh differs from PyTorch on purpose, or may: (kinds, operators, a piece of the difference's text, why).

An empty set of kinds or operators stands for all of them. The piece is a regular expression.
"""

from __future__ import annotations

import re

_ = ""
DELIBERATE: list[tuple[str, str, str, str]] = [
    (
        "second",
        _,
        r"gives a gradient where torch raises \w+: (the )?derivative for",
        "a second derivative that PyTorch has not written",
    ),
    (
        "forward method",
        "empty empty_like new_empty empty_permuted empty_strided new_empty_strided",
        r"output 0 ",
        "uninitialised memory: zeros here",
    ),
    (
        "forward",
        "svd_lowrank pca_lowrank",
        r"multiple values for argument 'q'",
        "PyTorch's samples are two factors, which its own test multiplies first",
    ),
    ("forward", "linalg.eig linalg.eigvals", r"there are no complex", "there are no complex numbers here"),
    (
        "freed",
        "gradient",
        r"second backward raises",
        "PyTorch divides by a number that it does not save; here it is that of any division",
    ),
    (
        "first",
        "nn.functional.layer_norm",
        r"\(-?0\.0\) for \(-?\d\.\d+e-1[56]\)",
        "the gradient of what is normalised alone is 0: PyTorch's rounding",
    ),
    (
        "dtypes",
        "_dirichlet_grad",
        r"in float32 output 0 ",
        "series in float32: PyTorch's and these are both up to 1.5e-5 from float64's, by cancellation",
    ),
    (
        "layouts",
        "batch_norm",
        r"expanded, all: output 0 has other values",
        "numbers that are all one, less their mean: what is left is rounding",
    ),
    (
        "forward first second",
        "det linalg.det logdet linalg.slogdet",
        r"\(0\.0\) for|for \(nan\)|for \(0\.0\)|e-1[5-9]",
        "a singular determinant's gradient is the true one; LAPACK's last digit",
    ),
    (
        "forward special",
        "special.bessel_j0 special.bessel_j1 special.bessel_y0 special.bessel_y1",
        "",
        "SciPy's Bessel functions are exact to the last digits, PyTorch's to seven",
    ),
    ("first", "linalg.cond", "modified by an inplace", "PyTorch's own backward fails there"),
    (
        "first",
        "group_norm nn.functional.group_norm",
        "is invalid for input of size|does not have a device",
        "PyTorch's own backward fails there",
    ),
    ("first", "scatter_add", "invalid gradient", "PyTorch's own backward fails there"),
    ("second", "embedding nn.functional.embedding", "cannot reshape tensor of 0", "PyTorch's own backward fails there"),
    (
        "first",
        "scatter",
        "derivative for aten::scatter is not implemented",
        "a derivative that PyTorch has not written",
    ),
    (
        "first second",
        "cholesky_solve cholesky_inverse",
        "",
        "the triangle that is not read gets the gradient 0, as the numerical derivative says",
    ),
    (
        "forward",
        "nn.functional.scaled_dot_product_attention",
        "float32",
        "PyTorch's flash kernel is good to five digits in float32",
    ),
    (
        "first second special",
        "hardtanh hardshrink softshrink hardswish relu6",
        "nan|for \\(0.0\\)",
        "PyTorch's vectorised and plain code differ at nan; ours is the plain one",
    ),
    ("special", "sinh cosh fmod remainder", "", "PyTorch's vectorised code overflows early; ours is the plain one"),
    ("first second", "ldexp", "", "PyTorch computes the gradient with whole numbers, 0 for negative exponents"),
    ("first second", "celu nn.functional.celu", "", "PyTorch rounds 1 / alpha to float32 there"),
    ("first second", "atan2 arctan2", "special", "PyTorch squares the inputs, which underflows"),
    (
        "second",
        "sinc special.sinc mish softplus digamma special.digamma special.psi",
        "special float64",
        "rounding near a pole or far out",
    ),
    ("special", "special.zeta", "", "PyTorch's series overflows"),
    ("special", "gelu", "float32", "PyTorch's vectorised float32 erf is good to six digits, and nan at inf"),
    ("special first", "special.ndtri igammac special.gammaincc", "", "the last digits far out"),
    ("name", _, r"__rsub__", "called on a tensor: programs cannot reach such methods"),
    (
        "errors",
        "float_power max min pow remainder rsub",
        r"\((2, 3|2, int64\[3\])\)",
        "plain numbers are taken: `pow(2, 3)` is 8",
    ),
    (
        "calls",
        _,
        r"\((-?99|1\.5)\b[^\n]*\n    torch (Type|Attribute)Error: [^\n]*\n    ours  None",
        "the functions of one number take a plain number: `sqrt(2.0)`",
    ),
    (
        "calls",
        _,
        r"descriptor '\w+' for|unbound method TensorBase",
        "PyTorch has it as a method alone, `x.view(2)`, and Python says what is wrong with `Tensor.view`",
    ),
    ("calls", _, "torch AttributeError", "PyTorch's Python trips in its own code: here the argument is named"),
    (
        "dtypes",
        "matrix_exp linalg.matrix_exp",
        "float16",
        "PyTorch's is wrong: exp of [[0.5, 0], [0, 0.25]] in float16 is [[-21040, 0], [0, -21072]] there",
    ),
    (
        "forward dtypes",
        "repeat sort",
        "gives a result where torch raises",
        "taken too: repeat() of nothing, sort(x, dim, stable=true)",
    ),
    (
        "forward method",
        "argsort sort",
        "bool\\[8000\\]|int64",
        "PyTorch's unstable sort leaves equal elements in any order",
    ),
    ("errors", "nn.functional.max_pool3d", "length zero", "the name of PyTorch's kernel stands in its text"),
    ("first", "bincount", "requires_grad of outputs", "integers' counts have no history"),
    ("first", "linalg.householder_product", "is zeros, torch's None", "without reflections the gradient is zeros"),
    (
        "first",
        "nn.functional.normalize nn.functional.layer_norm",
        r"e-1[5-9]\) for \(0|\(0\.0\) for \(\S+e-1[3-9]\)",
        "rounding of an exact zero",
    ),
    ("name", "round special.round", "RoundBackward0", "decimals=0 is the same as no decimals"),
    ("name", "cdist", r"\[0, ", "an empty result is made by another operator"),
    ("name", "fill", "FillBackward0", "one node for numbers and tensors"),
    ("name", "scatter", "reduce=", "a derivative that PyTorch has not written"),
    ("name", "scaled_dot_product_attention", "", "PyTorch's choice of kernel by size"),
    ("name", "slice", "AliasBackward0", "`x[:]` is an alias"),
    ("freed", "affine_grid", "", "the base grid is saved as a constant"),
    (
        "forward method",
        "linalg.svd svd linalg.pinv linalg.eigh",
        "float32",
        "LAPACK's float32 digits, signs of singular vectors and eigenvectors",
    ),
    ("special", "gcd", "int64", "PyTorch's is wrong: gcd(-1, -2**63) is -1 there"),
    ("second", "nn.functional.normalize", r"e-1[5-9]\) for \(0", "rounding of an exact zero"),
    (
        "forward",
        "cdist",
        "float32.*use_mm_for_euclid_dist'",
        "the difference of two products: what BLAS rounds decides",
    ),
    ("second", "cov", r"aweights=float32.*e-0[67]\)", "rounding of an exact zero, in float32"),
    ("special", "special.digamma special.psi digamma", "float32", "the digits next to the root"),
    (
        "calls",
        _,
        r"CRASH TypeError: \w+\(\) (takes from|got an unexpected keyword)",
        "arity is checked before a program runs",
    ),
    ("layouts", "kron take_along_dim", "view size is not compatible", "PyTorch's own code asks for a view there"),
    ("layouts", "max_pool3d", "Unsupported memory format", "PyTorch has no kernel for volumes without a batch there"),
    ("layouts", "repeat sort", "TypeError", "taken too: repeat() of nothing, sort(x, dim, stable=true)"),
    (
        "layouts",
        "linalg.cond linalg.lstsq linalg.lu_factor linalg.qr instance_norm",
        "expanded",
        "a singular matrix, or rows without variance: rounding decides",
    ),
    ("layouts", "linalg.svd", "other values", "signs of singular vectors"),
    ("layouts", "median nanmedian", "expanded", "PyTorch sorts in memory that is one number; ours is the middle one"),
    (
        "grads",
        _,
        r"^(?!.* contiguous, all:)",
        "an operand and the gradient that comes in lie differently: PyTorch's result lies as the operand that its "
        "formula names first, NumPy's as the numbers are read",
    ),
    (
        "grads",
        "bilinear cholesky_solve einsum linalg.lstsq linalg.solve linalg.vander pixel_shuffle",
        " contiguous, all:",
        "PyTorch's formula goes through an array that lies differently",
    ),
    ("errors", _, r"__r\w+__\(2, ", "called on a plain number: programs cannot reach such methods"),
]


def reason(kind: str, name: str, text: str) -> str:
    """Why this difference is none to mend; "" if it is one."""
    for kinds, operators, piece, why in DELIBERATE:
        if (
            (not kinds or kind in kinds.split())
            and (not operators or name in operators.split())
            and re.search(piece, text, re.S)
        ):
            return why
    return ""
