"""E03xx · Values: types, shapes, dtypes, indices."""

from __future__ import annotations

from gradsh.errors.base import GradshError


class ValueProblem(GradshError):
    code = "E0301"
    kind = "RuntimeError"
    summary = "A value that the operation cannot take."
    happened = (
        "The argument is of the right kind, and its value is one that the operation is not defined for. The words "
        "are PyTorch's; where it was computed from others, look at these."
    )
    example = "linspace(0, 1, -1)"
    cure = "linspace(0, 1, 5)"
    causes = (
        "a count or a size that is negative or zero: of steps, groups, repeats, a stride",
        "an empty list where at least one tensor is wanted: `stack([])`, `cat([])`",
        "a word that is not one of those that the parameter takes: a padding mode, a driver",
        "a matrix that is singular, or not positive definite: `linalg.inv`, `linalg.cholesky`",
    )
    not_a_cure = (
        "`abs` or `max(n, 1)` around a count that should never have been negative: find out where it comes from",
    )
    see = "E0307, E0302"


class ShapeError(GradshError):
    code = "E0302"
    kind = "RuntimeError"
    summary = "Shapes that do not go together."
    happened = (
        "Two shapes have to fit and do not. Shapes broadcast from the last dimension on: two sizes go together if "
        "they are equal, or one of them is 1. A matrix product wants the inner sizes equal, `(n, k) @ (k, m)`."
    )
    example = "ones(2) + ones(3)"
    cure = "ones(2, 1) + ones(3)"
    causes = (
        "a batch in front that one of the two has not: `x.unsqueeze(0)`",
        "a matrix that stands the other way round: `w.T`",
        "a layer whose number of inputs is not the last size of the data: `Linear(in, out)`",
        "a target of another shape than the prediction: `pred.squeeze(1)`",
    )
    not_a_cure = ("`reshape` to whatever fits: the numbers stay in their order, and get into the wrong rows",)
    see = "`x.shape`, `help unsqueeze`, `help reshape`, W0509"


class DtypeError(GradshError):
    code = "E0303"
    kind = "RuntimeError"
    summary = "Dtypes that do not go together, or one that the operation does not support."
    happened = (
        "Arithmetic turns integers into floats by itself; matrix products, convolutions and layers want one dtype "
        "on both sides, and some operations are defined for some dtypes only."
    )
    example = "ones(2, 2) @ ones(2, 2, dtype=int64)"
    cure = "ones(2, 2) @ ones(2, 2, dtype=int64).float()"
    causes = (
        "data of integers: `x.float()`, or `tensor([1.0, 2.0])` for `tensor([1, 2])`",
        "float64 data and a float32 layer: `x.float()`, or `net.double()`",
        "class labels as floats: `cross_entropy` wants `y.long()`",
    )
    not_a_cure = ("`no_grad` or `detach`: dtypes have nothing to do with the graph",)
    see = "`x.dtype`, `help promote_types`, E0408"


class DimError(GradshError):
    code = "E0304"
    kind = "IndexError"
    summary = "A dimension that the tensor does not have."
    happened = "Dimensions are counted from 0, or from the end with -1, and the tensor has not that many."
    example = "sum(ones(2), 5)"
    cure = "sum(ones(2), 0)"
    causes = (
        "a tensor with one dimension less than was thought, since an index or a reduction took it away: "
        "`x[0]`, `x.sum(0)`; `keepdim` keeps it",
        "a single sample where a batch is expected: `x.unsqueeze(0)`",
    )
    see = "`x.shape`, `help sum`, E0305"


class IndexError_(GradshError):
    code = "E0305"
    kind = "IndexError"
    summary = "An index that is out of range or of the wrong type."
    happened = "An index counts from 0 to the size less one, or from the end with -1."
    example = "let x = ones(2)\nx[2]"
    cure = "let x = ones(2)\nx[1], x[-1]"
    causes = (
        "counting from 1: the first element is `x[0]`",
        "a loop that goes one too far: `range(n)` ends at `n - 1`",
        "more indices than dimensions: `x[0, 0]` of a vector",
        "a float as an index: `x[int(i)]`",
        "a class label that is not below the number of classes: `cross_entropy`, `one_hot`, `Embedding`",
    )
    see = "`x.shape`, E0304"


class ArgumentError(GradshError):
    code = "E0306"
    kind = "TypeError"
    summary = "An argument of the wrong type, or a combination of arguments that no form of the function takes."
    happened = (
        "The function takes no argument of that type in that place, or no such combination of arguments. The words"
        " are PyTorch's; where there are several forms, they are listed."
    )
    example = 'log("a")'
    cure = "log(tensor(2.0))"
    causes = (
        "a list where a tensor is wanted: `tensor([1.0, 2.0])`",
        "a tensor where a plain number is wanted: `x.item()`",
        "a string or none that an earlier step left behind: print it",
        "arguments in another order than PyTorch's: `help f` shows it",
    )
    see = "`help log`, E0202, E0308"


class ValueError_(GradshError):
    code = "E0307"
    kind = "ValueError"
    summary = "An argument of the right type with a value that the function does not take."
    happened = (
        "The type of the argument is right and its value is not: outside of a range, not one of the words that are"
        " allowed, not a text of a number."
    )
    example = 'int("abc")'
    cure = 'int("12")'
    causes = (
        "text from a file or an option that is no number",
        "a rate or a probability outside of its range: `dropout(x, 1.5)`, `SGD([w], lr=-1)`",
        "an optimiser without parameters, or with a tensor that is no leaf",
        "a target that is not between 0 and 1: `binary_cross_entropy`",
    )
    not_a_cure = ("`try` around it, with a number made up in `catch`: the next step computes with that",)
    see = "`help SGD`, E0301, E0409"


class TypeError_(GradshError):
    code = "E0308"
    kind = "TypeError"
    summary = "An operation on plain values of types that do not have it."
    happened = (
        "`+`, `<`, `[0]` and their kin are defined for pairs of types; for these two, or this one, they are not. "
        "Tensors, numbers and bools go together; strings and lists only with their like."
    )
    example = '1 + "a"'
    cure = 'str(1) + "a"'
    causes = (
        "a number from text: `float(line)`",
        "a list that should be a tensor: `tensor([1, 2]) * 2.0`; a list times 2 is the list twice",
        "none, which a function without `return` gives: print what it returned",
    )
    see = "`help tensor`, `help str`, E0306"


class AttributeError_(GradshError):
    code = "E0309"
    kind = "AttributeError"
    summary = "An attribute or method that the value does not have."
    happened = (
        "The value has no attribute or method of that name. A tensor has PyTorch's; a number, a string and a list "
        "have Python's; an instance of a model has what its body binds."
    )
    example = "ones(2).garad"
    cure = "ones(2).grad"
    causes = (
        "a typing mistake: the nearest name stands in the help line",
        "a method of tensors asked of a number or a list: `tensor(x).mean()`",
        "a field of a model that the body binds under another name, or inside of a function",
        "something of NumPy's: `x.size()` is a method here, `x.shape` is not",
    )
    see = "`help Tensor`, `help model`, E0209"


class ZeroDivision(GradshError):
    code = "E0310"
    kind = "ZeroDivisionError"
    summary = "A plain number divided by zero (a tensor gives inf or nan)."
    happened = (
        "Plain numbers divide as Python's, and have no result here. The elements of a tensor give inf or nan, and "
        "go on."
    )
    example = "1 / 0"
    cure = "tensor(1.0) / 0"
    causes = (
        "an average over an empty list: `total / len(xs)`",
        "a step or a size that is computed and becomes 0",
    )
    not_a_cure = (
        "a small number added to every divisor: it changes all other results too; treat the case of 0 by itself",
    )
    see = "`help where`, W0508, E0311"


class Overflow(GradshError):
    code = "E0311"
    kind = "OverflowError"
    summary = "A plain number too large for its type."
    happened = "A plain number became larger than its type holds: about 1.8e308 for a float. A tensor would hold inf."
    example = "2.0 ** 100000"
    cure = "tensor(2.0) ** 100000"
    causes = (
        "`exp` or a power of something large: work with logarithms, `logsumexp`, `log_softmax`",
        "a product over many numbers: the sum of their logarithms",
        "numbers that grow round by round: the learning rate is too large",
        "an integer beyond 64 bits, put into a tensor",
    )
    see = "`help logsumexp`, `help log_softmax`, E0310"


class KeyError_(GradshError):
    code = "E0312"
    kind = "KeyError"
    summary = "A key that the dict does not have."
    happened = 'The dict has no such key. Keys are as they were put in: `1` and `"1"` are two.'
    example = 'let d = {"a": 1}\nd["b"]'
    cure = 'let d = {"a": 1}\nd.get("b", 0)'
    causes = (
        "a typing mistake: the keys that there are stand in the help line",
        "a key that is only put in on some ways through the program: `d.get(key, 0)`, or `key in d`",
        "an entry of a state dict whose layer has another name: `net.state_dict().keys()`",
    )
    see = "`help dict`, E0612, E0305"


class NotDifferentiable(GradshError):
    code = "E0313"
    kind = "RuntimeError"
    summary = "An operator whose derivative is not implemented."
    happened = (
        "The operator has a value, and no derivative: there is none that makes sense, or PyTorch has none either. "
        "Backward got to it and cannot go on."
    )
    example = "let x = tensor(5.0, grad)\nbackward x // 2.0"
    cure = "let x = tensor(5.0, grad)\nbackward x / 2.0"
    causes = (
        "a step function where a smooth one is meant: `/` for `//`",
        "a gradient that should not flow there: `x.detach() // 2.0`",
        "an operator of your own knows better: `op f(x) { … } backward(g) { … }`",
    )
    not_a_cure = ("`try` around backward: what came before in that backward is in `.grad` already",)
    see = "`help op`, `help detach`, W0510"


class ScalarConversion(GradshError):
    code = "E0314"
    kind = "RuntimeError"
    summary = "A tensor of several elements, or of the wrong dtype, used as one number or as a condition."
    happened = (
        "A condition, or a plain number, is one value, and a tensor of several elements is several. Which of them "
        "should count?"
    )
    example = 'let x = tensor([1.0, -1.0])\nif x > 0 { print "positive" }'
    cure = 'let x = tensor([1.0, -1.0])\nif (x > 0).all() { print "positive" }'
    causes = (
        "a condition on all elements: `(x > 0).all()`, `(x > 0).any()`",
        "a choice element by element: `where(x > 0, a, b)`",
        "a loss that was not averaged: `loss.mean().item()`",
        "`and`, `or` and `not` between tensors: `&`, `|`, `~`",
    )
    not_a_cure = ("`x[0]`: it asks the first element, and forgets the others",)
    see = "`help where`, `help all`, E0403"


class WrongDevice(GradshError):
    code = "E0315"
    kind = "AssertionError"
    summary = "A device that gradsh does not have."
    happened = (
        "Tensors are NumPy's arrays, in the memory of the machine: there is one device, the CPU, which may be named."
    )
    example = 'ones(2).to("cuda")'
    cure = 'ones(2).to("cpu")'
    causes = (
        "a program of PyTorch's that was written for a graphics card: leave `.cuda()` and `device=` out",
        "a device that is chosen by hand: `cuda.is_available()` is False here, so "
        '`device("cuda" if cuda.is_available() else "cpu")` is the CPU',
    )
    see = "`help to`, `help device`"
