"""The table of built-ins: what each name of a program is, and what the resolver may know of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gradsh.calls.signature import as_called
from gradsh.engine import catalogue
from gradsh.engine.core import dtypes, modes
from gradsh.errors import ArgumentError
from gradsh.runtime import commands, python
from gradsh.runtime.library import Library

if TYPE_CHECKING:
    from gradsh.calls.signature import Signature
    from gradsh.language.signatures import Facts
    from gradsh.language.words import CommandWord


# the value, and what `help` says
CONSTANTS: dict[str, tuple[float | None, str]] = {
    "pi": (math.pi, "The number pi."),
    "e": (math.e, "Euler's number."),
    "inf": (math.inf, "Infinity."),
    "nan": (math.nan, "Not a number."),
    "newaxis": (None, "A new dimension of one, as an index: `x[newaxis]`. It is `none`."),
}


def _later(name: str, module: str, within: str = "") -> Callable[..., Any]:
    """A mode whose module few programs load, which has it under that name or as `within`."""

    def mode(*arguments: Any, **keywords: Any) -> Any:
        found = getattr(import_module(module), within or name)
        try:
            return found(*arguments, **keywords)
        except TypeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is None:  # it takes no such arguments
                raise ArgumentError(str(error).replace(found.__name__, name, 1).replace(".__init__", "")) from None
            raise

    mode.__name__ = mode.__qualname__ = name
    return mode


# What can stand before a block, and its parameters: "name", "name=" with a default, "name!" a flag; what each does is
# said in gradsh/language/words.py.
_SAVING = "gradsh.engine.autograd.saving"
MODES: dict[str, tuple[Any, str]] = {
    "no_grad": (modes.no_grad, ""),
    "enable_grad": (modes.enable_grad, ""),
    "inference_mode": (modes.inference_mode, "mode!"),
    "detect_anomaly": (modes.detect_anomaly, "check_nan!"),
    "nancheck": (_later("nancheck", "gradsh.runtime.checking", "NanCheck"), ""),
    "saved_tensors_hooks": (_later("saved_tensors_hooks", _SAVING), "pack_hook unpack_hook"),
    "save_on_cpu": (_later("save_on_cpu", _SAVING), "pin_memory! device_type="),
    "cached": (_later("cached", "gradsh.engine.nn.parametrize", "Cached"), ""),
    "dual_level": (_later("dual_level", "gradsh.engine.transforms.dual"), ""),
    "disable_saved_tensors_hooks": (_later("disable_saved_tensors_hooks", _SAVING), "error_message"),
    "autocast": (
        _later("autocast", "gradsh.engine.ops.program.amp", "Autocast"),
        "device_type dtype= enabled! cache_enabled!",
    ),
    "fork_rng": (
        _later("fork_rng", "gradsh.engine.kernels.stream", "Forked"),
        "devices= enabled! device_type=",
    ),
}
# Values with a name that few programs load: the module that has it, under the name's last part, and what `help` says.
_SWITCHES = "Switches of {} kernels, which are not here: what is set is kept, and changes no number."
OBJECTS = {
    f"backends.{name}": ("gradsh.engine.core.backends", _SWITCHES.format(words))
    for name, words in {
        "cuda": "CUDA's",
        "cudnn": "cuDNN's",
        "mkl": "MKL's",
        "mkldnn": "oneDNN's",
        "mps": "Metal's",
        "openmp": "OpenMP's",
        "opt_einsum": "einsum's",
    }.items()
}
_CONSTRAINTS = """
boolean corr_cholesky dependent lower_cholesky lower_triangular nonnegative nonnegative_integer one_hot positive
positive_definite positive_integer positive_semidefinite real real_vector simplex square symmetric unit_interval
"""
OBJECTS |= {
    f"constraints.{name}": (
        "gradsh.engine.ops.distributions.constraints",
        "A constraint on values: `check` tells of each.",
    )
    for name in _CONSTRAINTS.split()
} | {"identity_transform": ("gradsh.engine.ops.distributions.transforms", "The map that changes nothing.")}
# the names of values and what `help` says of them
SAID = {name: text for table in (CONSTANTS, OBJECTS) for name, (_, text) in table.items()}


class BuiltinTable:
    """Every built-in by name: what it is, and what the resolver may know of its parameters.

    Names are those of programs; `linalg.norm` with its namespace, methods of tensors as `Tensor.sum`.
    """

    def __init__(self) -> None:
        self.signatures: dict[str, Signature | None] = {}
        self.values: dict[str, Any] = {}
        self.library = Library(self)

    def value(self, name: str) -> Any:
        """The built-in itself. Errors: KeyError."""
        try:
            return self.values[name]
        except KeyError:
            value = self.values[name] = self._value(name)
            return value

    def has(self, name: str) -> bool:
        """Is there a built-in of that name?"""
        try:
            self.value(name)
        except KeyError:
            return False
        return True

    def _value(self, name: str) -> Any:
        if name in python.SHARED:
            return python.shared(name, _operator(name))
        if name.startswith("torch."):
            return _operator(name)
        if name in MODES:
            return MODES[name][0]
        if name in CONSTANTS:
            return CONSTANTS[name][0]
        if name in OBJECTS:
            return getattr(import_module(OBJECTS[name][0]), name.rpartition(".")[2])
        for table in (python.OWN, dtypes.NAMES):
            if name in table:
                return table[name]
        found = _operator(name)
        return found if found is not None else self.library.value(name)

    def lookup(self, name: str) -> Signature | None:
        """What the resolver may know; None when there is no such built-in."""
        try:
            return self.signatures[name]
        except KeyError:
            signature = self.signatures[name] = self._signature(name)
            return signature

    def _signature(self, name: str) -> Signature | None:
        from gradsh.calls.signature import KEYWORD, OPTIONS, POSITIONAL, REST, Signature

        if name.startswith("Tensor."):
            return None  # a method is the function of its name
        if name in commands.WORDS:
            command = commands.load(name)
            options = [(option, KEYWORD, True, True) for option in command.options]
            options += [(keyword, KEYWORD, True, False) for keyword in command.keywords]
            options.insert(0, ("values", REST, True, False))
            return Signature(name, options, effect=True, checked=not command.named)
        known = catalogue.table().signatures.get(name)
        if name in python.SHARED:
            return Signature(name, known[0] if known is not None else None, checked=False)
        if name in MODES:
            words = MODES[name][1].split()
            modes_own = [(w.rstrip("=!"), POSITIONAL, w[-1] in "=!", w[-1] == "!") for w in words]
            return Signature(name, modes_own, python=True)
        if name in python.OWN or name in CONSTANTS or name in OBJECTS or name in dtypes.NAMES:
            return Signature(name)
        if known is None:
            rows = self.library.parameters(name)
            if rows is None:
                return None
            own = [row for row in rows if row[1] != OPTIONS]
            return Signature(name, own, model=True, checked=len(own) == len(rows))
        own = [row for row in known[0] if row[1] != OPTIONS]
        a_class = known[2] and name[0].isupper()
        return Signature(name, own, effect=known[1], python=known[2], checked=len(own) == len(known[0]), model=a_class)

    def of_torch(self, name: str) -> str:
        """Under what name PyTorch's own function is here: `torch.sum`, where `sum` is Python's of plain values too."""
        return "torch." + name if name in python.SHARED else name

    def facts(self, name: str) -> Facts | None:
        """How gradients get through a built-in; None of what is no operator and no conversion."""
        from gradsh.language.signatures import Facts

        own = python.OWN.get(name)  # not of a method
        name = name.removeprefix("Tensor.")
        if name in dtypes.NAMES and dtypes.NAMES[name].np.kind != "f":
            return Facts(flat=True)
        if isinstance(own, python.ConverterDType):
            return Facts(cuts=True)
        entry = catalogue.operator(name)
        if entry is None:
            return None
        flags = [parameter.default for parameter in entry.signature.parameters if parameter.name == "requires_grad"]
        flat = entry.formula == "0" or (not entry.differentiable and not entry.cuts and not flags)
        return Facts(entry.cuts, flat, bool(flags), flags == [True], entry.formula, entry.kinks)

    def names(self) -> Iterable[str]:
        """All names, for suggestions and completion."""
        plain_names = (*python.SHARED, *python.OWN, *CONSTANTS, *OBJECTS, *dtypes.NAMES, *MODES, *commands.WORDS)
        return {*catalogue.table().signatures, *self.library.names(), *plain_names}

    def commands(self) -> Iterable[CommandWord]:
        """The words that can be called without parentheses, and how; asked for when a text is parsed."""
        from gradsh.language.words import CommandWord

        entries = map(commands.load, commands.WORDS)
        return [
            CommandWord(e.name, alone=e.alone, asks=e.asks, looks=e.looks, of_tensors=e.of_tensors, counts=e.counts)
            for e in entries
        ]


def _operator(name: str) -> Callable[..., Any] | None:
    entry = catalogue.operator(name)
    if entry is None or entry.name == name:
        return entry.apply if entry is not None else None
    called: Callable[..., Any] = as_called(
        entry.apply, "torch." + name.removeprefix("torch.")
    )  # errors say the name that was called
    return called


BUILTINS = BuiltinTable()


def manual_seed(number: int) -> None:
    """`manual_seed` in the active context."""
    BUILTINS.value("manual_seed")(number)
