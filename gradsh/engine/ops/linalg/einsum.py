"""Einstein's sum notation."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.batch_rules import applied
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.linalg.matmul import bmm, multiply
from gradsh.errors import ArgumentError, ShapeError, ValueError_, ValueProblem

ELLIPSIS = "."


def _problem(text: str) -> ValueProblem:
    return ValueProblem("einsum(): " + text)


def _read_operands(text: str) -> list[list[str]]:
    """The labels of every operand; `.` stands for an ellipsis."""
    operands: list[list[str]] = [[]]
    seen = False
    i = 0
    while i < len(text):
        c = text[i]
        if c == ".":
            number = len(operands) - 1
            if seen:
                raise _problem(f"found '.' for operand {number} for which an ellipsis was already found")
            if text[i : i + 3] != "...":
                raise _problem(f"found '.' for operand {number} that is not part of any ellipsis")
            operands[-1].append(ELLIPSIS)
            seen = True
            i += 2
        elif c == ",":
            operands.append([])
            seen = False
        elif c.isascii() and c.isalpha():
            operands[-1].append(c)
        elif c != " ":
            raise _subscript(i)
        i += 1
    return operands


def _subscript(index: int) -> ValueProblem:
    return _problem(f"invalid subscript given at index {index} in the equation string, subscripts must be in [a-zA-Z]")


def _read_output(text: str, start: int, counts: dict[str, int]) -> list[str]:
    """The labels after the arrow; `start` is where they begin in the equation."""
    output: list[str] = []
    i = 0
    while i < len(text):
        c = text[i]
        if c == ".":
            if ELLIPSIS in output:
                raise _problem("found '.' for output but an ellipsis (...) was already found")
            if text[i : i + 3] != "...":
                raise _problem("found '.' for output that is not part of any ellipsis (...)")
            output.append(ELLIPSIS)
            i += 2
        elif c.isascii() and c.isalpha():
            if c in output:
                raise _problem(f"output subscript {c} appears more than once in the output")
            if c not in counts:
                raise _problem(f"output subscript {c} does not appear in the equation for any input operand")
            output.append(c)
        elif c != " ":
            raise _subscript(start + i)
        i += 1
    return output


def _plan(equation: str, operands: list[Tensor]) -> tuple[list[list[str]], list[str], int, int]:
    """Labels of each operand, all labels in the order of the computation (the output's first), how many of these are
    the output's, and how many dims the ellipsis stands for."""
    arrow = equation.find("->")
    inputs = _read_operands(equation if arrow < 0 else equation[:arrow])
    if len(inputs) != len(operands):
        if len(operands) > 2:
            raise ValueProblem(
                f"Number of einsum subscripts, {len(inputs)}, must be equal to the number of operands, "
                f"{len(operands)}.",
                kind="ValueError",
            )
        fewer = "fewer" if len(inputs) > len(operands) else "more"
        raise _problem(f"{fewer} operands were provided than specified in the equation")
    covered = 0
    counts: dict[str, int] = {}
    for number, (labels, x) in enumerate(zip(inputs, operands, strict=True)):
        named = [label for label in labels if label != ELLIPSIS]
        ndim = x.data.ndim
        if ELLIPSIS in labels:
            if len(named) > ndim:
                raise _problem(
                    f"the number of subscripts in the equation ({len(named)}) is more than the number of dimensions "
                    f"({ndim}) for operand {number}"
                )
            covered = max(covered, ndim - len(named))
        elif len(named) != ndim:
            raise _problem(
                f"the number of subscripts in the equation ({len(named)}) does not match the number of dimensions "
                f"({ndim}) for operand {number} and no ellipsis was given"
            )
        for label in named:
            counts[label] = counts.get(label, 0) + 1
    if arrow < 0:
        # implicit output: the ellipsis, then the labels that appear once, in the order of the alphabet (A-Z, a-z)
        output = [ELLIPSIS] if covered else []
        output += sorted(label for label, n in counts.items() if n == 1)
    else:
        output = _read_output(equation[arrow + 2 :], arrow + 2, counts)
    order: list[str] = []
    for label in output:
        order += [ELLIPSIS + str(k) for k in range(covered)] if label == ELLIPSIS else [label]
    size = len(order)
    if covered and ELLIPSIS not in output:
        order += [ELLIPSIS + str(k) for k in range(covered)]
    order += sorted(label for label in counts if label not in order)
    return inputs, order, size, covered


def _arrange(x: Tensor, labels: list[str], order: list[str], covered: int, number: int) -> Any:
    """The operand with one dim for every label of `order`: diagonals taken, missing dims of size 1."""
    place: dict[str, int] = {}
    missing = covered - (x.data.ndim - len(labels) + 1)
    j = 0
    for label in labels:
        if label == ELLIPSIS:
            for _ in range(missing):
                x = T.unsqueeze(x, j)
            for k in range(covered):
                place[ELLIPSIS + str(k)] = j
                j += 1
        elif label in place:
            dim = place[label]
            p, q = x.data.shape[j], x.data.shape[dim]
            if p != q:
                raise _problem(
                    f"subscript {label} is repeated for operand {number} but the sizes don't match, {p} != {q}"
                )
            x = T.movedim(T.diagonal(x, 0, dim, j), -1, dim)
        else:
            place[label] = j
            j += 1
    for label in order:
        if label not in place:
            x = T.unsqueeze(x, -1)
            place[label] = j
            j += 1
    return T.permute(x, tuple(place[label] for label in order))


def _broadcast_check(operands: list[Tensor], order: list[str]) -> None:
    for d, label in enumerate(order):
        seen = 1
        for number, x in enumerate(operands):
            extent = x.data.shape[d]
            if extent == 1:
                continue
            if seen == 1:
                seen = extent
            elif seen != extent:
                if label[0] == ELLIPSIS:
                    raise ShapeError(
                        f"einsum(): dimension {label[1:]} covered by ellipsis in operand {number}has size {extent} "
                        f"which does not broadcast with previously seen ellipsis with size {seen} for the respective "
                        "dimension"
                    )
                raise ShapeError(
                    f"einsum(): subscript {label} has size {extent} for operand {number} which does not broadcast with "
                    f"previously seen size {seen}"
                )


def _sum_product_pair(x: Tensor, y: Tensor, dims: list[int]) -> Any:
    """The product of two operands with the same dims, summed (keeping them) over `dims`: one batched product."""
    if not dims:
        return T.mul(x, y)
    both: list[int] = []
    left: list[int] = []
    right: list[int] = []
    sizes = [1, 1, 1, 1]  # of the dims in both, in the left only, in the right only, summed
    for i in range(x.data.ndim):
        p, q = x.data.shape[i], y.data.shape[i]
        if i in dims:
            if p != 1 and q != 1:
                sizes[3] *= p
            elif p != 1:
                x = T.sum(x, (i,), True)
            elif q != 1:
                y = T.sum(y, (i,), True)
        elif p != 1 and q != 1:
            both.append(i)
            sizes[0] *= p
        elif p != 1:
            left.append(i)
            sizes[1] *= p
        else:
            right.append(i)
            sizes[2] *= q
    a, b = x.data.shape, y.data.shape
    shape = [a[i] for i in both] + [a[i] for i in left] + [1] * len(dims) + [b[i] for i in right]
    back = [0] * len(a)
    for i, dim in enumerate(both + left + dims + right):
        back[dim] = i
    x = T.reshape(T.permute(x, (*both, *left, *dims, *right)), (sizes[0], sizes[1], sizes[3]))
    y = T.reshape(T.permute(y, (*both, *dims, *right, *left)), (sizes[0], sizes[3], sizes[2]))
    return T.permute(T.view(multiply(bmm, x, y, 1), tuple(shape)), tuple(back))


def _contract(operands: list[Tensor], width: int, size: int) -> Any:
    """Multiply the arranged operands from left to right, summing over each dim beyond the first `size` of `width` as
    soon as no later operand has it."""
    counts = [sum(x.data.shape[d] != 1 for x in operands) for d in range(width)]
    several = len(operands) > 1
    while len(operands) > 1:
        x, y = operands[0], operands[1]
        together: list[int] = []
        from_x: list[int] = []
        from_y: list[int] = []
        for d in range(size, width):
            p, q = x.data.shape[d], y.data.shape[d]
            if p != 1 and q != 1:
                counts[d] -= 1
                if counts[d] == 1:
                    together.append(d)
                    counts[d] = 0
            elif counts[d] == 1:
                if p != 1:
                    from_x.append(d)
                    counts[d] = 0
                elif q != 1:
                    from_y.append(d)
                    counts[d] = 0
        if from_x:
            x = T.sum(x, tuple(from_x), True)
        if from_y:
            y = T.sum(y, tuple(from_y), True)
        operands[:2] = [_sum_product_pair(x, y, together)]
    x = operands[0]
    if width == size:
        return x
    if several:
        return T.view(x, x.data.shape[:size])
    return T.sum(x, tuple(range(size, width)), False)


def _spelled(values: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The equation and the operands of `einsum(a, [0, 1], b, [1, 2], [0, 2])`."""

    def letters(places: Any) -> str:
        return "".join("..." if place is Ellipsis else _letter(place) for place in places)

    whole = len(values) // 2 * 2
    equation = ",".join(map(letters, values[1:whole:2]))
    return equation + (f"->{letters(values[-1])}" if len(values) > whole else ""), values[:whole:2]


def _letter(place: Any) -> str:
    if not isinstance(place, int) or not 0 <= place < 52:
        raise ValueError_("einsum(): subscript in subscript list is not within the valid range [0, 52)")
    return chr(ord("A") + place) if place < 26 else chr(ord("a") + place - 26)


@composite(
    "einsum(equation, *operands)",
    python=True,
    method=False,
    samples=lambda: [
        call("ij,jk", t(2, 3), t(3, 2)),
        call("ij,jk->ik", t(2, 3), t(3, 2)),
        call("ii", t(3, 3)),
        call("ii->i", t(3, 3)),
        call("ij->ji", t(2, 3)),
        call("ij->", t(2, 3)),
        call("i,j->ij", t(2), t(3)),
        call("i,i", t(3), t(3)),
        call("i,i->i", t(3), t(3)),
        call("bij,bjk->bik", t(2, 1, 3), t(2, 3, 2)),
        call("...ij,...jk->...ik", t(2, 1, 3), t(3, 2)),
        call("ij,jk,kl->il", t(1, 2), t(2, 3), t(3, 1)),
        call("bn,anm,bm->ba", t(2, 2), t(2, 2, 1), t(2, 1)),
        call("...ii->...i", t(2, 2, 2)),
        call("i,->i", t(2), t()),
        call("ij,ij->i", t(2, 1), t(2, 3)),
        call("iij->j", t(2, 2, 3)),
        call("bA", t(2, 3)),
        call("ij,jk", [t(2, 3), t(3, 2)]),
    ],
    formula="for each operand: the sum of products of g and the other operands, with the labels exchanged",
    example='einsum("ij,jk->ik", ones(2, 3), ones(3, 2))',
)
def einsum(equation: str, operands: Any) -> Any:
    """Sums of products in Einstein's notation: `"ij,jk->ik"`, with `...`, implicit output and diagonals."""
    if isinstance(equation, Tensor) and operands:
        alone = not any(isinstance(place, (Tensor, list, tuple)) for place in operands)  # `einsum(a, [0, 1])`
        equation, operands = _spelled((equation, *((operands,) if alone else operands)))
    if not isinstance(equation, str):
        raise ArgumentError(f"einsum(): argument 'equation' (position 1) must be str, not {type(equation).__name__}")
    if not operands:
        raise ValueError_(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its "
            "subscripts list"
        )
    for i, x in enumerate(operands):
        if not isinstance(x, Tensor):
            raise ArgumentError(f"expected Tensor as element {i} in argument 1, but got {type(x).__name__}")
    operands = list(operands)
    inputs, order, size, covered = _plan(equation, operands)
    arranged = [
        _arrange(x, labels, order, covered, number)
        for number, (x, labels) in enumerate(zip(operands, inputs, strict=True))
    ]
    _broadcast_check(arranged, order)
    return _contract(arranged, len(order), size)


@einsum.batched
def _(F: Any, size: int, batched: Any, equation: Any, operands: Any) -> Any:
    if not isinstance(equation, str):
        return NotImplemented
    flags = batched[1]
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands, flags = operands[0], flags[0]
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        return NotImplemented
    letters = [c for c in left if c.isalpha()]
    if not arrow:
        right = ("..." if "..." in left else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    new = next((c for c in "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA" if c not in letters), None)
    if new is None:
        return NotImplemented
    terms = [new + term if flag else term for term, flag in zip(terms, flags, strict=True)]
    return applied(einsum, f"{','.join(terms)}->{new}{right}", tuple(operands))
