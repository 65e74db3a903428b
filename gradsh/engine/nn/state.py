"""The state of a model: its parameters and buffers by name, and how a state is loaded into one."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.modes import no_grad
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import ArgumentError, StateMismatch


class StateDict(dict[str, Any]):
    """What `state_dict()` gives: a dict that prints as PyTorch's OrderedDict."""

    def __repr__(self) -> str:
        inside = ", ".join(f"({key!r}, {value!r})" for key, value in self.items())
        return f"OrderedDict([{inside}])" if self else "OrderedDict()"


class IncompatibleKeys(tuple[list[str], list[str]]):
    """What `load_state_dict` gives: which keys were missing, and which nothing in the model has."""

    __slots__ = ()
    __public__ = frozenset({"missing_keys", "unexpected_keys"})

    def __new__(cls, missing: list[str], unexpected: list[str]) -> IncompatibleKeys:
        return super().__new__(cls, (missing, unexpected))

    @property
    def missing_keys(self) -> list[str]:
        return self[0]

    @property
    def unexpected_keys(self) -> list[str]:
        return self[1]

    def __repr__(self) -> str:
        if not self[0] and not self[1]:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self[0]!r}, unexpected_keys={self[1]!r})"


def load(model: str, own: dict[str, Tensor], given: Any, strict: bool) -> IncompatibleKeys:
    """Copy the tensors of `given` into those of the same names in `own`, the state of the model called `model`.

    Errors: StateMismatch with all that does not fit; ArgumentError when `given` is no dict.
    """
    if not isinstance(given, dict):
        raise ArgumentError(f"Expected state_dict to be dict-like, got <class '{type(given).__name__}'>.")
    from gradsh.engine.ops.families import methods

    copy_ = methods()["copy_"]
    missing = [name for name in own if name not in given]
    unexpected = [name for name in given if name not in own]
    problems: list[str] = []
    with no_grad():
        for name, t in own.items():
            if name in given:
                problem = _copied(copy_, name, t, given[name])
                if problem:
                    problems.append(problem)
    if strict:
        for keys, word in ((unexpected, "Unexpected"), (missing, "Missing")):
            if keys:
                listed = ", ".join(f'"{key}"' for key in keys)
                problems.insert(0, f"{word} key(s) in state_dict: {listed}. ")
    if problems:
        listed = "\n\t".join(problems)
        raise StateMismatch(f"Error(s) in loading state_dict for {model}:\n\t{listed}")
    return IncompatibleKeys(missing, unexpected)


def _copied(copy_: Any, name: str, t: Tensor, value: Any) -> str:
    """Copy one tensor, or say why it does not fit."""
    if value.__class__ is not Tensor:
        return (
            f'While copying the parameter named "{name}", expected torch.Tensor or Tensor-like object from '
            f"checkpoint but received <class '{type(value).__name__}'>"
        )
    if value.data.shape == (1,) and t.data.shape == ():
        value = value[0]
    if value.data.shape != t.data.shape:
        return (
            f"size mismatch for {name}: copying a param with shape torch.{value.shape} from checkpoint, "
            f"the shape in current model is torch.{t.shape}."
        )
    copy_(t, value)
    return ""
