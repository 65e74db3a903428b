"""E04xx · Autograd."""

from __future__ import annotations

from gradsh.errors.base import GradshError, Where


class NoGraph(GradshError):
    code = "E0401"
    kind = "RuntimeError"
    summary = "Backward of something that no leaf with the grad flag went into."
    happened = (
        "Backward starts from a value and follows what it was computed from. This value has no history: nothing "
        "with the `grad` flag went into it, or the way there was cut. A tensor without the flag is data, and "
        "nothing is recorded for it."
    )
    example = "let x = tensor(2.0)\nbackward x * 3"
    cure = "let x = tensor(2.0, grad)\nbackward x * 3"
    afterwards = "x.grad is 3 then."
    causes = (
        "the flag is missing where the weights are made: `randn(3, grad)`",
        "the way was cut: `detach()`, `.data`, `.item()`, `tensor(t)`, a `no_grad` block",
        "the value is of integers or truths: `argmax`, `==`, `round`",
        "a model was given to nothing: the loss is computed from the data alone",
    )
    not_a_cure = (
        "`loss.requires_grad = true`: backward runs then, starts and ends at the loss, and no weight gets a gradient",
        "`retain_graph`: there is no graph to retain",
    )
    see = "`why x.grad`, `graph z` (marks the cut), W0503, W0505, E0408"


class FreedGraph(GradshError):
    code = "E0402"
    kind = "RuntimeError"
    summary = "Backward through a graph whose saved values were freed by an earlier backward."
    happened = (
        "Backward frees what the operations kept (`saved z` lists it) as soon as it has used it. A second backward"
        " through the same operations finds nothing there."
    )
    example = "let x = tensor(5.0, grad)\nlet z = log(x ** 3)\nbackward z\nbackward z"
    cure = "let x = tensor(5.0, grad)\nlet z = log(x ** 3)\nbackward z, retain_graph\nbackward z"
    afterwards = "x.grad is 1.2 then: gradients add up."
    causes = (
        "the loss is computed before a loop, not in it: compute it in every round",
        "two losses share a part: `backward loss1 + loss2`",
        "a state goes from round to round: `h = h.detach()` after each backward",
        "a value is kept from an earlier backward and used in the next loss",
    )
    not_a_cure = ("`retain_graph` in a loop hides the first cause, and memory grows every round",)
    see = "`saved z`, `graph z` (marks freed operations †), W0506, E0405"

    def __init__(self, node: str, made: Where | None = None, freed: Where | None = None) -> None:
        """`node` as PyTorch prints it ("MulBackward0"), where it was recorded and which backward freed it."""
        super().__init__(
            "Trying to backward through the graph a second time (or directly access saved tensors after they have "
            "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
            "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if "
            "you need to access saved tensors after calling backward.",
            help="compute the result again before the second backward, or give the first one `retain_graph`",
            places=[(freed, "freed here"), (made, f"recorded here ({node})")],
        )
        self.freed = freed


class NonScalarBackward(GradshError):
    code = "E0403"
    kind = "RuntimeError"
    summary = "Backward of more than one element without saying which gradient comes in."
    happened = (
        "A gradient is of one number. Of several, backward computes the sum of their gradients, each times a "
        "weight, and wants to know the weights: v in v @ J, J being the matrix of all derivatives."
    )
    example = "let x = ones(3, grad)\nbackward x * 2"
    cure = "let x = ones(3, grad)\nbackward (x * 2).sum()"
    afterwards = "The same as `backward x * 2, ones(3)`: every weight is 1."
    causes = (
        'a loss that was not reduced: `.mean()` or `.sum()`; `reduction="none"` was given',
        "the gradient of each output is wanted: `jacobian(f, x)`",
        "a loss of shape [1] times something of shape [n], that broadcast",
    )
    not_a_cure = ("`backward y[0]` for a `y` of many: the others get no share",)
    see = "`help jacobian`, `help vjp`, `explain y, v`, E0404, E0314"


class GradientMismatch(GradshError):
    code = "E0404"
    kind = "RuntimeError"
    summary = "A gradient whose shape or dtype is not that of its tensor."
    happened = (
        "A gradient has the shape of its tensor: one number for each element. What was given, or what a backward "
        "of your own returned, has another one."
    )
    example = "let x = ones(2, grad)\nbackward x * 2, ones(3)"
    cure = "let x = ones(2, grad)\nbackward x * 2, ones(2)"
    causes = (
        "the gradient that comes in is of the output's shape, not of the input's",
        "a backward of your own that returns what broadcasting made larger: `g.sum_to_size(x.shape)`",
        "a hook that returns a tensor of another shape",
    )
    not_a_cure = ("a gradient of one element in the hope that it broadcasts: it does not",)
    see = "`help ones_like`, `help op`, E0403, E0412"


class VersionMismatch(GradshError):
    code = "E0405"
    kind = "RuntimeError"
    summary = "A value that backward needs was changed in place after it was saved."
    happened = (
        "An operation keeps the values that its derivative needs, and a counter of the writes to each. In backward"
        " the counter says that the values are not those of the forward any more: the gradient would be wrong, "
        "without a word."
    )
    example = "let x = ones(2, grad)\nlet y = exp(x)\ny.add_(1)\nbackward y.sum()"
    cure = "let x = ones(2, grad)\nlet y = exp(x)\ny = y + 1\nbackward y.sum()"
    causes = (
        "`+=`, `y[0] = …` or a method with an underscore, on something that went into a product, a power, "
        "`exp`, `sigmoid`",
        "an optimiser's step between the forward and a second backward: compute the loss again after the step",
        "a buffer that is filled in a loop and read by operations in it: put `clone()` behind the read",
        "a ReLU with `inplace=true` on what the operation before it has kept",
    )
    not_a_cure = (
        "`.data` for the write: the counter does not see it, and the gradient is wrong",
        "`retain_graph`: the graph is there, its values are changed",
    )
    see = "`saved y`, `x._version`, `help clone`, E0402, E0406"

    def __init__(
        self,
        description: str,
        version: int,
        expected: int,
        saved: Where | None = None,
        written: Where | None = None,
    ) -> None:
        """`description` is PyTorch's, "[torch.FloatTensor [2]], which is output 0 of Exp,"."""
        super().__init__(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"{description} is at version {version}; expected version {expected} instead. Hint: enable anomaly "
            "detection to find the operation that failed to compute its gradient, with "
            "torch.autograd.set_detect_anomaly(True, check_nan=False).",
            help="write the change as a new value (`y = y + 1`), or make it on a copy, `y.clone()`",
            places=[(saved, f"saved here at version {expected}"), (written, f"changed here (version {version})")],
        )
        self.written = written


class LeafInPlace(GradshError):
    code = "E0406"
    kind = "RuntimeError"
    summary = "An in-place write to a leaf that requires grad, while gradients are recorded."
    happened = (
        "A leaf is where gradients end. Written in place while operations are recorded, it would have to be the "
        "value before and after at once. An update of weights is not part of the function that is differentiated, "
        "and stands in `no_grad`."
    )
    example = "let w = ones(2, grad)\nw -= 0.1"
    cure = "let w = ones(2, grad)\nno_grad { w -= 0.1 }"
    causes = (
        "a step of gradient descent by hand: `no_grad { w -= lr * w.grad }`",
        "a leaf that is filled: `no_grad { w[0] = 1.0 }`, `init.normal_(w)`",
        "the change is part of the function: write it as a new value, `let v = w - 0.1`",
    )
    not_a_cure = (
        "`w = w - 0.1 * w.grad`: that is a new tensor under the name, and no leaf (W0504)",
        "`w.data -= 0.1`: it works, and hides the write from E0405",
    )
    see = "`help no_grad`, `help SGD`, W0504, E0405"


class UnusedInput(GradshError):
    code = "E0407"
    kind = "RuntimeError"
    summary = "A gradient asked for with respect to a tensor that did not go into the result."
    happened = (
        "`grad(y, x)` was asked for the derivative of y by x, and x did not go into y at all. Zero would be an "
        "answer, but hardly the one that was meant."
    )
    example = "let x = ones(1, grad); let y = ones(1, grad)\ngrad(x * 2, y)"
    cure = "let x = ones(1, grad); let y = ones(1, grad)\ngrad(x * y, y)"
    causes = (
        "the wrong name, or another loss than the one that it went into",
        "a copy of it went in, `x.clone()` or `x.detach()`, and was made afterwards",
        "it was bound anew: the name is another tensor than the one in the graph",
        "a parameter that `forward` does not use",
    )
    not_a_cure = (
        "`allow_unused`: the answer is `none`, and the reason is still there; it is right where some inputs "
        "may be unused",
    )
    see = "`why x.grad`, `graph y`, E0401"


class LeafFlag(GradshError):
    code = "E0408"
    kind = "RuntimeError"
    summary = "The grad flag on a tensor of integers or bools."
    happened = (
        "A gradient says what happens when a value changes a little, and integers and truths cannot change a little."
    )
    example = "let x = tensor(1, grad)"
    cure = "let x = tensor(1.0, grad)"
    causes = (
        "numbers without a point: `tensor([1.0, 2.0], grad)`",
        "`arange(4, grad)`, which counts in integers: `arange(4.0, grad)`",
        "labels or indices, which want no gradient: leave the flag out",
    )
    not_a_cure = (
        "`.float()` behind the flag: the leaf would still be the integer; the flag comes last, `tensor([1, "
        "2]).float().requires_grad_()`",
    )
    see = "`help tensor`, `x.dtype`, W0511, E0401"

    def __init__(self, message: str, where: Where | None = None) -> None:
        """`where` is the place at which the tensor was made."""
        super().__init__(
            message,
            help="only floating values have gradients: write `1.0` for `1`, or give `dtype=float32`",
            places=[(where, "made here")],
        )


class NotLeaf(GradshError):
    code = "E0409"
    kind = "RuntimeError"
    summary = "Something that only a leaf allows, done to the result of an operation."
    happened = (
        "The flag of a result follows from what it was computed from: it cannot be taken off, and an optimiser "
        "cannot step it, since it would be computed anew from its inputs."
    )
    example = "let x = ones(2, grad); let y = x * 2\ny.requires_grad = false"
    cure = "let x = ones(2, grad); let y = x * 2\ny = y.detach()"
    causes = (
        "a value that gradients should not go through: `y.detach()`, or compute it in `no_grad`",
        "weights that were scaled after they were made: `(randn(3) * 0.1).requires_grad_()`",
        "a part of a model that should stay as it is: `net.fc1.requires_grad_(false)`, which goes to its leaves",
    )
    see = "`help detach`, `help no_grad`, W0511, E0411"


class NeedsDetach(GradshError):
    code = "E0410"
    kind = "RuntimeError"
    summary = "A tensor that requires grad given to something that would lose its graph."
    happened = (
        "Outside of gradsh nothing records. A tensor that is still part of a graph would lose it there without a "
        "word, so it has to be said."
    )
    example = "let x = ones(2, grad)\nx.numpy()"
    cure = "let x = ones(2, grad)\nx.detach().numpy()"
    causes = (
        "a result to be saved or printed elsewhere: `x.detach().numpy()`, `x.item()`, `x.tolist()`",
        "the array goes on into the loss: use the tensor itself there",
    )
    not_a_cure = ("`.data.numpy()` in the middle of a loss: it runs, and the gradient ends there (W0505)",)
    see = "`help detach`, `help numpy`, W0505"


class AutogradError(GradshError):
    code = "E0411"
    kind = "RuntimeError"
    summary = "A request that the graph cannot serve."
    happened = (
        "What was asked for is about the graph, and this graph, or this tensor, cannot give it: the message says "
        "which and why."
    )
    example = "let x = ones(2)\nx.retain_grad()"
    cure = "let x = ones(2, grad)\nlet y = x * 2\ny.retain_grad()\nbackward y.sum()\nprint y.grad"
    causes = (
        "a hook, or a kept gradient, on a tensor that has no gradient: the flag is missing",
        "a write to a view that was made in `no_grad`, or to one of several views of one operation: `x.clone()`",
        "something that was made in `inference_mode`, used in a recorded operation: `no_grad` allows that",
        "an op's backward that returns more or fewer gradients than the op has inputs: `none` stands for one without",
        "random numbers, or a branch on a value, inside of `vmap`",
    )
    see = "`help retain_grad`, `help inference_mode`, `help op`, `help vmap`"


class GradAssignment(GradshError):
    code = "E0412"
    kind = "RuntimeError"
    summary = "A value assigned to `.grad` that cannot be the tensor's gradient."
    happened = "`.grad` is the tensor's gradient: of its shape and its dtype, or `none`."
    example = "let x = ones(2, grad)\nx.grad = ones(3)"
    cure = "let x = ones(2, grad)\nx.grad = zeros(2)"
    causes = (
        "to clear it: `x.grad = none`, or `zero_grad x`",
        "a gradient of a sum over a batch, given to a single sample or the other way round",
        "a plain number: `tensor(0.0)`, or `x.grad = zeros_like(x)`",
    )
    see = "`help zero_grad`, `help zeros_like`, E0404"


class NanFound(GradshError):
    code = "E0414"
    kind = "FloatingPointError"
    summary = "The first nan or inf that a `nancheck` block makes, forward or backward."
    happened = (
        "An operation made a nan or an inf out of finite numbers. In a backward it is most often 0 * inf: an operation "
        "at a point of infinite slope, whose result was not taken and got the gradient 0."
    )
    example = "let w = tensor([1.0, -1.0], grad)\nnancheck { let loss = log(w).sum() }"
    cure = "let w = tensor([1.0, -1.0], grad)\nnancheck { let loss = log(w.clamp(min=1e-6)).sum() }"
    causes = (
        "`log` or `sqrt` of what is not positive, a division by 0",
        "`exp` of large numbers: `log_softmax` and `cross_entropy` subtract the largest first",
        "`where(x > 0, sqrt(x), 0.0)`: the branch that is not taken is differentiated as well (W0508)",
        "a learning rate at which the parameters grow from round to round",
    )
    not_a_cure = ("`nan_to_num` of the gradient: the parameters go on from a gradient that is wrong",)
    see = "`help why`, `help where`, W0508"


class GradcheckFailed(GradshError):
    code = "E0413"
    kind = "GradcheckError"
    summary = "gradcheck: a derivative is not what central differences say."
    happened = (
        "gradcheck changes each input a little, up and down, looks how the output changes, and compares that with "
        "what backward says. They differ: the table has the worst entries, with both numbers."
    )
    example = (
        "op cube(a) {\n"
        "    save_for_backward a\n"
        "    return a ** 3\n"
        "} backward(g) {\n"
        "    return 2 * g * a ** 2\n"
        "}\n"
        "let x = tensor([1., 2.], grad, dtype=float64)\n"
        "gradcheck(cube, (x,))"
    )
    cure = (
        "op cube(a) {\n"
        "    save_for_backward a\n"
        "    return a ** 3\n"
        "} backward(g) {\n"
        "    return 3 * g * a ** 2\n"
        "}\n"
        "let x = tensor([1., 2.], grad, dtype=float64)\n"
        "gradcheck(cube, (x,))"
    )
    causes = (
        "the formula in a backward of your own: a factor, a sign, an inner derivative; the note says when all"
        " are off by one factor",
        "a `detach` inside of the function, so that one way is missing",
        "inputs of float32: differences are too coarse there, use `dtype=float64`",
        "a point at which there is no derivative (`relu` at 0, a tie of `max`): move the input",
    )
    not_a_cure = ("a larger `atol`: the factor stays wrong, only unseen",)
    see = "`help gradcheck`, `kinks z`, `help op`, W0512"
