"""`torch.nn.utils.prune`: weights that a mask keeps at zero, by classes that a program may have its own of."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from numbers import Integral, Real
from types import FunctionType
from typing import Any

from gradsh.engine.core.namespaces import T
from gradsh.engine.core.users import spelled
from gradsh.engine.nn import hooks
from gradsh.engine.nn.module import Model
from gradsh.engine.ops.attributes import ATTRIBUTES
from gradsh.errors import ArgumentError, AttributeError_, IndexError_, TypeError_, ValueError_
from gradsh.frontend import text
from gradsh.frontend.access import attribute
from gradsh.frontend.classes import Object, ProgramType
from gradsh.frontend.kinds import kind_of
from gradsh.runtime.builtins import BUILTINS

__acts_for_programs__ = True


def _wrong(words: str) -> ArgumentError:
    return ArgumentError(words, kind="AssertionError")


def _call(function: Any, *arguments: Any, **keywords: Any) -> Any:
    """A method that may be the program's own."""
    return function(*arguments, **spelled(function, keywords))


def _as(x: Any, like: Any) -> Any:
    return T.to(x, like.dtype)


def _fresh(mask: Any) -> Any:
    return BUILTINS.value("clone")(mask)


class BasePruningMethod(Object):
    """What computes a mask, and the hook before each forward that multiplies by it: `NAME` is `NAME_orig` masked."""

    _tensor_name: Any
    amount: Any
    dim: Any

    def __call__(self, module: Model, inputs: Any) -> None:
        module.put(self._tensor_name, _call(self.apply_mask, module))

    @abstractmethod
    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """What is kept of a tensor, in which the mask before keeps what it keeps."""

    def apply_mask(self, module: Model) -> Any:
        if self._tensor_name is None:
            raise _wrong(f"Module {module} has to be pruned")
        orig = attribute(module, self._tensor_name + "_orig")
        return T.mul(_as(attribute(module, self._tensor_name + "_mask"), orig), orig)

    @classmethod
    def apply(cls, module: Model, name: str, *args: Any, importance_scores: Any = None, **kwargs: Any) -> Any:
        method = _method(cls, module, name, args, kwargs)
        orig = attribute(module, name)
        if importance_scores is None:
            importance_scores = orig
        elif importance_scores.shape != orig.shape:
            raise _wrong(
                f"importance_scores should have the same shape as parameter {name} of {module}, got "
                f"{text.shown(importance_scores.shape)} vs {text.shown(orig.shape)}"
            )
        again = isinstance(method, PruningContainer)
        if again:
            default_mask = _fresh(T.detach(attribute(module, name + "_mask")))
        else:
            module.register_parameter(name + "_orig", orig)
            module.drop(name)
            default_mask = T.ones_like(orig)
        try:
            mask = _call(method.compute_mask, importance_scores, default_mask=default_mask)
            module.register_buffer(name + "_mask", mask)
            module.put(name, _call(method.apply_mask, module))
            hooks.register_forward_pre_hook(module, method)
        except Exception:
            if not again:
                module.drop(name + "_orig")
                module.put(name, orig)
            raise
        return method

    def prune(self, t: Any, default_mask: Any = None, importance_scores: Any = None) -> Any:
        """A tensor with the mask of these scores, its own numbers where none are given."""
        if importance_scores is None:
            importance_scores = t
        elif importance_scores.shape != t.shape:
            raise _wrong(
                "importance_scores should have the same shape as tensor t, got "
                f"{text.shown(importance_scores.shape)} vs {text.shown(t.shape)}"
            )
        default_mask = default_mask if default_mask is not None else T.ones_like(t)
        return T.mul(t, _call(self.compute_mask, importance_scores, default_mask=default_mask))

    def remove(self, module: Model) -> None:
        """The parameter has its masked numbers, under its own name."""
        name = self._tensor_name
        if name is None:
            raise _wrong(f"Module {module} has to be pruned before pruning can be removed")
        weight = _call(self.apply_mask, module)
        orig = attribute(module, name + "_orig")
        write = ATTRIBUTES["data"].set
        assert write is not None  # as of every tensor
        write(orig, T.detach(weight))
        for each in (name + "_orig", name + "_mask", name):
            module.drop(each)
        module.put(name, orig)


def _method(kind: Any, module: Model, name: str, arguments: Any, keywords: Any) -> Any:
    """The hook that takes the place of the one that a parameter has: both, one after the other."""
    before = module.hooks.before if module.hooks is not None else {}
    found = [key for key, hook in before.items() if _is_on(hook, name)]
    if len(found) > 1:
        raise _wrong(
            f"Avoid adding multiple pruning hooks to the same tensor {name} of module {module}. Use a PruningContainer."
        )
    old = before.pop(found[0]) if found else None
    method = kind(*arguments, **keywords)
    method._tensor_name = name
    if old is None:
        return method
    container = old if isinstance(old, PruningContainer) else PruningContainer(old)
    container.add_pruning_method(method)
    return container


def _is_on(hook: Any, name: str) -> bool:
    return isinstance(hook, BasePruningMethod) and hook._tensor_name == name


class PruningContainer(BasePruningMethod):
    """Several methods, of which the last is computed on what the ones before it keep."""

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple[Any, ...] = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        if method is not None and not isinstance(method, BasePruningMethod):
            raise TypeError_(f"{text.shown(kind_of(method))} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueError_(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to PruningContainer "
                f"{text.shown(self)}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        method = self._pruning_methods[-1]
        kind = attribute(method, "PRUNING_TYPE")
        mask = _as(default_mask, t)
        if kind == "unstructured":
            kept = T.eq(default_mask, 1)
            own = _call(method.compute_mask, T.masked_select(t, kept), default_mask=T.masked_select(mask, kept))
            return T.masked_scatter(mask, kept, _as(own, mask))
        if kind == "structured":
            dim = _dim_of(method, t.ndim)
            kept = T.ne(T.sum(mask, [d for d in range(t.ndim) if d != dim]), 0)
            at = T.flatten(BUILTINS.value("nonzero")(kept))
            own = _call(
                method.compute_mask, T.index_select(t, dim, at), default_mask=T.index_select(default_mask, dim, at)
            )
            return T.index_copy(mask, dim, at, _as(own, mask))
        if kind != "global":
            raise ValueError_(f"Unrecognized PRUNING_TYPE {kind}")
        return _as(_call(method.compute_mask, t, default_mask=default_mask), mask)


def _dim_of(method: Any, count: int) -> int:
    try:
        dim = attribute(method, "dim")
    except AttributeError_:
        raise AttributeError_(
            'Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.'
        ) from None
    dim = dim + count if dim < 0 else dim
    if dim < 0:
        raise IndexError_(f"Index is out of bounds for tensor with dimensions {count}")
    return int(dim)


class Identity(BasePruningMethod):
    """The mask that is there."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        return default_mask

    @classmethod
    def apply(cls, module: Model, name: str) -> Any:  # type: ignore[override]  # as PyTorch has it
        return super().apply(module, name)


def _count(amount: Any, size: int) -> int:
    """How many that is, of so many. Errors: ValueError_."""
    count = int(amount) if isinstance(amount, Integral) else round(amount * size)
    if count > size:
        raise ValueError_(f"amount={count} should be smaller than the number of parameters to prune={size}")
    return count


def _amount(amount: Any) -> Any:
    """Errors: ArgumentError, ValueError_."""
    if not isinstance(amount, Real):
        raise ArgumentError(f"Invalid type for amount: {text.written(amount)}. Must be int or float.")
    whole = isinstance(amount, Integral)
    if (whole and amount < 0) or (not whole and not 0.0 <= float(amount) <= 1.0):
        raise ValueError_(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")
    return amount


class RandomUnstructured(BasePruningMethod):
    """Takes out some at random."""

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: Any) -> None:
        self.amount = _amount(amount)

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        count = _count(self.amount, t.data.size)
        scores = BUILTINS.value("rand_like")(t) if count else None
        return _without(default_mask, scores, count, largest=True)

    @classmethod
    def apply(cls, module: Model, name: str, amount: Any) -> Any:  # type: ignore[override]
        return super().apply(module, name, amount=amount)


class L1Unstructured(BasePruningMethod):
    """Takes out those with the smallest numbers."""

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: Any) -> None:
        self.amount = _amount(amount)

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        return _without(default_mask, T.abs(t), _count(self.amount, t.data.size), largest=False)

    @classmethod
    def apply(cls, module: Model, name: str, amount: Any, importance_scores: Any = None) -> Any:  # type: ignore[override]
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


def _without(mask: Any, scores: Any, count: int, largest: bool) -> Any:
    """A copy of a mask with zeros where the scores are the largest, or the smallest."""
    if count == 0:
        return _fresh(mask)
    at = BUILTINS.value("topk")(T.reshape(scores, (-1,)), k=count, largest=largest)[1]
    return T.reshape(T.index_fill(T.reshape(mask, (-1,)), 0, at, 0), mask.shape)


def _channels(t: Any, dim: int, amount: Any) -> tuple[int, int]:
    """How many channels there are, and how many of them go. Errors: ValueError_, IndexError_."""
    if t.ndim <= 1:
        raise ValueError_(
            "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
            f"{text.shown(t.shape)} with {t.ndim} dims"
        )
    if dim >= t.ndim:
        raise IndexError_(f"Invalid index {dim} for tensor of size {text.shown(t.shape)}")
    size = t.shape[dim]
    return size, _count(amount, size)


def _only(t: Any, dim: int, at: Any, mask: Any) -> Any:
    """A mask of these channels, as far as the one before has them."""
    own = T.index_fill(T.zeros_like(t), dim, at, 1)
    return T.mul(own, _as(mask, own))


class RandomStructured(BasePruningMethod):
    """Takes out channels at random."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, dim: int = -1) -> None:
        self.amount, self.dim = _amount(amount), dim

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        size, count = _channels(t, self.dim, self.amount)
        if count == 0:
            return default_mask
        drawn = BUILTINS.value("rand")(size)
        least = BUILTINS.value("kthvalue")(drawn, k=count)[0]
        return _only(t, self.dim, T.flatten(BUILTINS.value("nonzero")(T.gt(drawn, least))), default_mask)

    @classmethod
    def apply(cls, module: Model, name: str, amount: Any, dim: int = -1) -> Any:  # type: ignore[override]
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(BasePruningMethod):
    """Takes out the channels of the smallest norms."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, n: Any, dim: int = -1) -> None:
        self.amount, self.n, self.dim = _amount(amount), n, dim

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        size, count = _channels(t, self.dim, self.amount)
        dim = range(t.ndim)[self.dim]
        norm = BUILTINS.value("norm")(t, p=self.n, dim=[d for d in range(t.ndim) if d != dim])
        at = BUILTINS.value("topk")(norm, k=size - count)[1]
        return _only(t, self.dim, at, default_mask) if count else default_mask

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Model, name: str, amount: Any, n: Any, dim: int, importance_scores: Any = None
    ) -> Any:
        given = {"amount": amount, "n": n, "dim": dim, "importance_scores": importance_scores}
        return super().apply(module, name, **given)


class CustomFromMask(BasePruningMethod):
    """A mask that is given."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Any) -> None:
        self.mask = mask

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        if default_mask.shape != self.mask.shape:
            shapes = text.shown(default_mask.shape), text.shown(self.mask.shape)
            raise _wrong(f"default_mask shape {shapes[0]} must match self.mask shape {shapes[1]}")
        return T.mul(default_mask, _as(self.mask, default_mask))

    @classmethod
    def apply(cls, module: Model, name: str, mask: Any) -> Any:  # type: ignore[override]
        return super().apply(module, name, mask=mask)


# --- the classes as programs see them ---------------------------------------------------------------------------------

KINDS: tuple[Any, ...] = (
    BasePruningMethod, PruningContainer, Identity, RandomUnstructured, L1Unstructured,
    RandomStructured, LnStructured, CustomFromMask,
)  # fmt: skip


def _open(kind: ProgramType) -> None:
    own = vars(kind).items()
    kind.written = {k: v for k, v in own if isinstance(v, (FunctionType, classmethod)) or k == "PRUNING_TYPE"}
    kind.hosted = False
    kind.__module__ = "torch.nn.utils.prune"


for _kind in KINDS:
    _open(_kind)
BasePruningMethod.__abstractmethods__ = frozenset(("compute_mask",))  # type: ignore[attr-defined]  # of every class


# --- the functions ----------------------------------------------------------------------------------------------------


def identity(module: Any, name: str) -> Any:
    Identity.apply(module, name)
    return module


def random_unstructured(module: Any, name: str, amount: Any) -> Any:
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Any, name: str, amount: Any, importance_scores: Any = None) -> Any:
    L1Unstructured.apply(module, name, amount, importance_scores)
    return module


def random_structured(module: Any, name: str, amount: Any, dim: int) -> Any:
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module: Any, name: str, amount: Any, n: Any, dim: int, importance_scores: Any = None) -> Any:
    LnStructured.apply(module, name, amount, n, dim, importance_scores)
    return module


def custom_from_mask(module: Any, name: str, mask: Any) -> Any:
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(parameters: Any, pruning_method: Any, importance_scores: Any = None, **kwargs: Any) -> None:
    """Prune several parameters as if they were one. Errors: TypeError_."""
    if not isinstance(parameters, Iterable):
        raise TypeError_("global_unstructured(): parameters is not an Iterable")
    importance_scores = importance_scores if importance_scores is not None else {}
    if not isinstance(importance_scores, dict):
        raise TypeError_("global_unstructured(): importance_scores must be of type dict")
    parameters = list(parameters)
    flat = BUILTINS.value("parameters_to_vector")
    scores = flat([importance_scores.get((module, name), attribute(module, name)) for module, name in parameters])
    masks = flat([_mask_of(module, name) for module, name in parameters])
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    kind = attribute(method, "PRUNING_TYPE")
    if kind != "unstructured":
        raise TypeError_(
            f'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{text.shown(pruning_method)} of type {kind}"
        )
    final = PruningContainer(method).compute_mask(scores, masks)
    start = 0
    for module, name in parameters:
        parameter = attribute(module, name)
        size = parameter.data.size
        custom_from_mask(module, name, T.reshape(T.narrow(final, 0, start, size), parameter.shape))
        start += size


def _mask_of(module: Model, name: str) -> Any:
    try:
        return attribute(module, name + "_mask")
    except AttributeError_:
        return T.ones_like(attribute(module, name))


def remove(module: Model, name: str) -> Model:
    """The parameter is a plain one again, with zeros where its mask had them. Errors: ValueError_."""
    table = module.hooks.before if module.hooks is not None else {}
    for key, hook in table.items():
        if _is_on(hook, name):
            _call(hook.remove, module)
            del table[key]
            return module
    raise ValueError_(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Model) -> bool:
    """Whether a layer, or one below it, has a mask."""
    tables = [each.hooks.before for _, each in module.tree() if each.hooks is not None]
    return any(isinstance(hook, BasePruningMethod) for table in tables for hook in table.values())


FUNCTIONS = (
    identity, random_unstructured, l1_unstructured, random_structured, ln_structured, custom_from_mask,
    global_unstructured, remove, is_pruned,
)  # fmt: skip
MEMBERS: dict[str, Any] = {each.__name__: each for each in (*KINDS, *FUNCTIONS)}
