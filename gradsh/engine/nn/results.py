"""Named results of layers that print without PyTorch's `return_types.`."""

from __future__ import annotations

from gradsh.engine.core.named import Named


class AdaptiveOutput(Named):
    """What AdaptiveLogSoftmaxWithLoss gives: the log probability of each target, and the loss."""

    kind = "_ASMoutput"
    names = ("output", "loss")

    def __repr__(self) -> str:
        return f"_ASMoutput({', '.join(f'{n}={v!r}' for n, v in zip(self.names, self, strict=True))})"
