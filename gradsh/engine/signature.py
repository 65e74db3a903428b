"""Signatures in PyTorch's notation, `sum(input, dim=None, keepdim=False, *, dtype=None)`, and binding of calls to them.

`name: bool=None` marks a flag whose default is not a bool.
"""

from __future__ import annotations

from typing import Any

from gradsh.errors import ArgumentError

_LITERALS: dict[str, Any] = {"None": None, "True": True, "False": False, "()": (), "inf": float("inf")}


# PyTorch's functions that are written in Python, whose errors are in Python's words
_PYTHON = """
tanh relu threshold leaky_relu rrelu elu celu selu sigmoid silu mish hardtanh relu6 hardsigmoid hardswish
tanhshrink softsign glu unique unique_consecutive softmax log_softmax softmin atleast_1d atleast_2d atleast_3d
block_diag split broadcast_tensors broadcast_shapes meshgrid cartesian_prod tensordot chain_matmul einsum norm
normalize cdist pad max_pool1d max_pool2d max_pool3d lp_pool1d lp_pool2d lp_pool3d adaptive_avg_pool2d
adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d binary_cross_entropy_with_logits
mse_loss l1_loss smooth_l1_loss huber_loss soft_margin_loss multilabel_soft_margin_loss hinge_embedding_loss
margin_ranking_loss batch_norm instance_norm layer_norm rms_norm group_norm local_response_norm dropout
alpha_dropout feature_alpha_dropout dropout1d dropout2d dropout3d interpolate upsample unfold fold grid_sample
affine_grid embedding embedding_bag binary_cross_entropy kl_div poisson_nll_loss gaussian_nll_loss nll_loss
cross_entropy multi_margin_loss multilabel_margin_loss cosine_embedding_loss triplet_margin_loss
triplet_margin_with_distance_loss ctc_loss calculate_gain uniform_ normal_ constant_ ones_ zeros_ eye_ dirac_
xavier_uniform_ xavier_normal_ kaiming_uniform_ kaiming_normal_ trunc_normal_ orthogonal_ sparse_
"""
PYTHON = frozenset(_PYTHON.split())


class Parameter:
    """One parameter. kind is "positional", "keyword" (after the `*`) or "rest" (`*size`); a flag defaults to a bool."""

    __slots__ = ("default", "has_default", "is_flag", "kind", "name")

    def __init__(self, name: str, kind: str, has_default: bool, default: Any, is_flag: bool = False) -> None:
        self.name = name
        self.kind = kind
        self.has_default = has_default
        self.default = default
        self.is_flag = is_flag or default.__class__ is bool


class Signature:
    """The text is read when somebody asks for it: most operators of the registry are not used by a program."""

    __slots__ = ("_names", "_parameters", "_plain", "_required", "name", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.name = text[: text.index("(")]
        self._parameters: list[Parameter] | None = None

    def __repr__(self) -> str:
        return self.text

    @property
    def parameters(self) -> list[Parameter]:
        if self._parameters is None:
            self._read()
        return self._parameters  # type: ignore[return-value]  # just set

    def _read(self) -> None:
        inside = self.text[len(self.name) + 1 : self.text.rindex(")")]
        parameters = []
        keyword_only = False
        for part in _split(inside):
            if part == "*":
                keyword_only = True
            elif part.startswith("*"):
                parameters.append(Parameter(part[1:], "rest", True, ()))
                keyword_only = True
            else:
                name, equals, default = part.partition("=")
                kind = "keyword" if keyword_only else "positional"
                name, _, annotation = name.strip().partition(":")
                flag = annotation.strip() == "bool"
                parameters.append(Parameter(name, kind, bool(equals), _literal(default.strip()), flag))
        self._parameters = parameters
        self._names = {p.name: i for i, p in enumerate(parameters)}
        # how many arguments may come by position alone; -1 when a `*rest` takes any number
        self._plain = sum(p.kind == "positional" for p in parameters)
        if any(p.kind == "rest" for p in parameters):
            self._plain = -1
        self._required = sum(not p.has_default for p in parameters)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The values of all parameters, in order; a `*rest` given as one list or tuple is that list.

        Errors: ArgumentError in PyTorch's words for too many, missing, doubled and unknown arguments.
        """
        if self._parameters is None:
            self._read()
        parameters: list[Parameter] = self._parameters  # type: ignore[assignment]  # read above
        plain = self._plain
        if not kwargs and len(args) == plain == len(parameters):
            return list(args)
        if plain < 0:
            return self._bind_rest(args, kwargs)
        if len(args) > plain:
            least = sum(not p.has_default for p in parameters[:plain])
            many = (
                f"{plain} positional argument{'s' * (plain != 1)}"
                if least == plain
                else (f"from {least} to {plain} positional arguments")
            )
            raise self._refused(
                args, kwargs, f"takes {many} but {len(args)} {'were' if len(args) != 1 else 'was'} given"
            )
        values = list(args)
        values.extend(p.default for p in parameters[len(args) :])
        given = len(args)
        if kwargs:
            self._keywords(values, args, kwargs)
        if given < self._required:
            self._missing(args, kwargs)
        return values

    def _refused(self, args: tuple[Any, ...], kwargs: dict[str, Any], words: str) -> ArgumentError:
        """The error for a call with wrong arguments: PyTorch's list of forms if the function has several."""
        from gradsh.engine.operators.typed import overload_error

        return overload_error(self.name, args, kwargs) or ArgumentError(f"{self.short}() {words}")

    @property
    def short(self) -> str:
        """The name as PyTorch's errors write it, `linalg_inv`."""
        return self.name.replace(".", "_")

    def _keywords(self, values: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        for name, value in kwargs.items():
            index = self._names.get(name, -1)
            if index < 0:
                # NumPy's names, which PyTorch takes as well
                index = self._names.get({"axis": "dim", "x": "input", "keepdims": "keepdim"}.get(name, ""), -1)
            if index < 0:
                raise self._refused(args, kwargs, f"got an unexpected keyword argument '{name}'")
            if index < len(args):
                raise self._refused(args, kwargs, f"got multiple values for argument '{name}'")
            values[index] = value

    def _missing(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        aliases = {"axis": "dim", "x": "input"}
        named = {aliases.get(k, k) if k not in self._names else k for k in kwargs}
        missing = [p.name for p in self.parameters[len(args) :] if not p.has_default and p.name not in named]
        if missing and self.name in PYTHON:
            quoted = [f"'{name}'" for name in missing]
            last = (
                f"{', '.join(quoted[:-1])}{',' * (len(quoted) > 2)} and {quoted[-1]}" if len(quoted) > 1 else quoted[0]
            )
            raise self._refused(
                args, kwargs, f"missing {len(missing)} required positional argument{'s' * (len(missing) > 1)}: {last}"
            )
        if missing:
            names = ", ".join(f'"{name}"' for name in missing)
            # the plural of PyTorch's C++ is the wrong way round
            plural = "s" * (len(missing) == 1)
            raise self._refused(args, kwargs, f"missing {len(missing)} required positional argument{plural}: {names}")

    def _bind_rest(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        before = [p for p in self.parameters if p.kind == "positional"]
        values = list(args[: len(before)])
        values.extend(p.default for p in self.parameters[len(values) : len(before)])
        rest: Any = args[len(before) :]
        if len(rest) == 1 and isinstance(rest[0], (list, tuple)):
            rest = rest[0]
        values.append(tuple(rest))
        values.extend(p.default for p in self.parameters[len(before) + 1 :])
        taken = args[: len(before)]
        if kwargs:
            if len(args) > len(before) and self.parameters[len(before)].name in kwargs:
                raise ArgumentError(
                    f"{self.short}() got multiple values for argument '{self.parameters[len(before)].name}'"
                )
            self._keywords(values, taken, kwargs)
        self._missing(taken, kwargs)
        return values


def _split(text: str) -> list[str]:
    """Split at the commas that are not inside brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        if c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c == "," and not depth:
            parts.append(text[start:i].strip())
            start = i + 1
    last = text[start:].strip()
    return [*parts, last] if last else parts


def _literal(text: str) -> Any:
    if not text:
        return None
    if text in _LITERALS:
        return _LITERALS[text]
    if text[0] in "\"'":
        return text[1:-1]
    if text[0] in "([":
        return tuple(_literal(part) for part in _split(text[1:-1]))
    try:
        return int(text)
    except ValueError:
        return float(text)
