"""E04xx · Autograd."""

from __future__ import annotations

from gradsh.errors.base import GradshError, Where


class NoGraph(GradshError):
    code = "E0401"
    kind = "RuntimeError"
    summary = "Backward of something that no leaf with the grad flag went into."
    example = "let x = tensor(2.0)\nbackward x * 3"


class FreedGraph(GradshError):
    code = "E0402"
    kind = "RuntimeError"
    summary = "Backward through a graph whose saved values were freed by an earlier backward."
    example = "let x = tensor(2.0, grad); let z = x * x\nbackward z\nbackward z"

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
    example = "let x = ones(3, grad)\nbackward x * 2"


class GradientMismatch(GradshError):
    code = "E0404"
    kind = "RuntimeError"
    summary = "A gradient whose shape or dtype is not that of its tensor."
    example = "let x = ones(2, grad)\nbackward x * 2, ones(3)"


class VersionMismatch(GradshError):
    code = "E0405"
    kind = "RuntimeError"
    summary = "A value that backward needs was changed in place after it was saved."
    example = "let x = ones(2, grad); let y = exp(x)\ny.add_(1)\nbackward y.sum()"

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
    example = "let w = ones(2, grad)\nw -= 0.1"


class UnusedInput(GradshError):
    code = "E0407"
    kind = "RuntimeError"
    summary = "A gradient asked for with respect to a tensor that did not go into the result."
    example = "let x = ones(1, grad); let y = ones(1, grad)\ngrad(x * 2, y)"


class LeafFlag(GradshError):
    code = "E0408"
    kind = "RuntimeError"
    summary = "The grad flag on a tensor of integers or bools."
    example = "let x = tensor(1, grad)"

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
    example = "let x = ones(2, grad); let y = x * 2\ny.requires_grad = false"


class NeedsDetach(GradshError):
    code = "E0410"
    kind = "RuntimeError"
    summary = "A tensor that requires grad given to something that would lose its graph."
    example = "let x = ones(2, grad)\nx.numpy()"


class AutogradError(GradshError):
    code = "E0411"
    kind = "RuntimeError"
    summary = "A request that the graph cannot serve."
    example = "let x = ones(2)\nx.retain_grad()"


class GradAssignment(GradshError):
    code = "E0412"
    kind = "RuntimeError"
    summary = "A value assigned to `.grad` that cannot be the tensor's gradient."
    example = "let x = ones(2, grad)\nx.grad = ones(3)"


class GradcheckFailed(GradshError):
    code = "E0413"
    kind = "GradcheckError"
    summary = "gradcheck: a derivative is not what central differences say."
    example = "gradcheck(fn(x) = x.detach() * x, tensor([1., 2.], grad, dtype=float64))"
