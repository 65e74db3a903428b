"""What all optimisers share: parameter groups, state, hooks, saving and loading.

State is kept as PyTorch keeps it, `state[parameter][name]`, as tensors; a step works on their arrays.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import chain
from typing import Any, ClassVar, TypeVar

import numpy as np

from gradsh.calls.signature import Signature
from gradsh.engine.autograd.inplace import bump, check_writable
from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.graph import Handle
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import caller
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.composite import function, makes
from gradsh.engine.optim.sweep import Scratch, constant, sweep
from gradsh.errors import ArgumentError, NotYet, ValueError_

Made = TypeVar("Made", bound=Callable[..., Any])
_getframe = sys._getframe
ndarray = np.ndarray

DUPLICATES = (
    "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; "
    "see github.com/pytorch/pytorch/issues/40967 for more information"
)
DEVICES = "['cuda', 'xpu', 'hpu', 'privateuseone', 'xla']"


class State(dict[Any, Any]):
    """{parameter: {name: tensor}}; a parameter that is new has an empty entry."""

    def __missing__(self, key: Any) -> dict[str, Any]:
        made: dict[str, Any] = {}
        self[key] = made
        return made

    def __repr__(self) -> str:
        return f"defaultdict(<class 'dict'>, {dict.__repr__(self)})"


def evaluate(closure: Callable[[], Any]) -> Any:
    """What the program's closure returns; it records a graph, and its operations are where the program has them."""
    grad, where = mode.grad, mode.where
    mode.grad, mode.where = True, None
    try:
        return closure()
    finally:
        mode.grad, mode.where = grad, where


def registered(signature: str, *, example: str, effect: bool = False, definition: str = "") -> Callable[[Made], Made]:
    """Give programs a class or function of this package, under the name and with the arguments of `signature`.

    Its docstring's first line is the summary; an optimiser's options and their defaults are read off the signature.
    `definition` is for optimisers that PyTorch lacks: a program in the parameter p, its gradient g and the options. Its
    first line makes the state, the others are one step, to which the tests hold the optimiser.
    """

    def register(made: Made) -> Made:
        reaches = isinstance(made, type)  # a scheduler sets its optimiser's rate when it is made
        entry = function(
            signature,
            method=False,
            effect=effect,
            outside=reaches,
            example=example,
            definition=definition,
            python=reaches,
        )(made)
        entry.signature.model = reaches  # errors name its `__init__`
        if isinstance(made, type):
            makes(entry, made)
        if isinstance(made, type) and issubclass(made, Optimizer):
            made.signature = entry.signature
        return made

    return register


class Optimizer:
    """Base of all optimisers.

    A subclass gives `update`, one step of one group, and `validate`. Programs reach what `__public__` names.

    signature   its parameters after `params` are the options of a group
    order       options that PyTorch's groups have last, in this order, where that is not the signature's
    fixed       options that are not in the signature
    """

    signature: Signature
    order: tuple[str, ...] = ()
    fixed: ClassVar[dict[str, Any]] = {}
    __torch__ = "optim.Optimizer"
    __slots__ = (
        *("__dict__", "called", "defaults", "param_groups", "post_hooks", "pre_hooks", "scratch", "seen", "state"),
    )
    __public__ = frozenset(
        (
            "add_param_group",
            "defaults",
            "load_state_dict",
            "param_groups",
            "register_step_post_hook",
            "register_step_pre_hook",
            "state",
            "state_dict",
            "step",
            "zero_grad",
        )
    )
    __settable__ = frozenset(("defaults", "param_groups", "state"))
    __fields__: frozenset[str] = frozenset()
    # state that is a number, not an array of the parameter's shape: kept in the default dtype
    numbers: tuple[str, ...] = ("step",)

    def __init__(self, params: Any, *values: Any) -> None:
        """`values` are those of the signature. Errors: ArgumentError and ValueError_ in PyTorch's words for what cannot
        be optimised."""
        names = [parameter.name for parameter in self.signature.parameters[1:]]
        options = dict(zip(names, values, strict=True)) | self.fixed
        self.validate(options)
        for name in self.order:
            options[name] = options.pop(name)
        self.take(params, options)
        if "fused" in options:
            check_fused(options["fused"], options["differentiable"], options["foreach"])

    def take(self, params: Any, options: dict[str, Any]) -> None:
        """The groups, and no state yet. Errors: as `__init__`."""
        self.defaults = options
        self.state = State()
        self.param_groups: list[dict[str, Any]] = []
        self.pre_hooks: dict[int, Any] = {}
        self.post_hooks: dict[int, Any] = {}
        self.called: bool | None = None  # by schedulers: None until there is one, then whether `step` came since
        self.scratch = Scratch()
        self.seen: dict[Tensor, Any] = {}  # the array of a parameter that was found fit to be written
        if params.__class__ is Tensor:
            raise ArgumentError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"torch.{params.dtype.title}Tensor",
                help=f"put it into a list: `{type(self).__name__}([w])`",
            )
        if not hasattr(type(params), "__iter__"):
            raise ArgumentError(
                f"'{type_word(params)}' object is not iterable",
                help="give a list of tensors, such as `net.parameters()`",
            )
        groups = list(params)
        if not groups:
            raise ValueError_("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def validate(self, options: dict[str, Any]) -> None:
        """Raise ValueError_ for options that are wrong, in PyTorch's words; fill in what follows from others."""

    def __repr__(self) -> str:
        lines = [type(self).__name__ + " ("]
        for i, group in enumerate(self.param_groups):
            lines += [""] * (i > 0) + [f"Parameter Group {i}"]
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join(lines) + "\n)"

    # --- options as attributes: `opt.lr = 0.01` is what people write, and PyTorch passes it over in silence ------

    @property
    def __options__(self) -> dict[str, Any]:
        return self.defaults

    def option(self, name: str) -> Any:
        """What an option is in all groups; a list, where it is not the same."""
        values = [group[name] for group in self.param_groups]
        return values[0] if all(value is values[0] or value == values[0] for value in values) else values

    def set_option(self, name: str, value: Any) -> None:
        """Give an option to all groups. Errors: ValueError_, as where the optimiser is made."""
        self.validate({**self.defaults, name: value})
        for group in self.param_groups:
            group[name] = value

    # --- groups ------------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimise more parameters: {"params": a tensor or a list, and options of their own}."""
        if not isinstance(param_group, dict):
            raise ArgumentError(f"param_group must be a dict, but got <class '{type_word(param_group)}'>")
        params = param_group["params"]
        given = [params] if params.__class__ is Tensor else list(params)
        names = [each[0] for each in given if isinstance(each, tuple)]
        params = param_group["params"] = [each[1] if isinstance(each, tuple) else each for each in given]
        if names:
            if len(names) != len(params):
                raise ValueError_("all optimizer params should be with/without names. Some param names are missing")
            param_group["param_names"] = names
        for p in params:
            if p.__class__ is not Tensor and not getattr(p.__class__, "uninitialized", False):  # of a lazy layer
                raise ArgumentError(f"optimizer can only optimize Tensors, but one of the params is {type_word(p)}")
            if not self.defaults.get("differentiable") and not (p.is_leaf or p.retains_grad):
                raise ValueError_(
                    "can't optimize a non-leaf Tensor",
                    help="give the leaf that it was made from, or make it one with `.detach().requires_grad_()`",
                    places=[(p.made_at, "made here, by an operation")],
                )
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        if len(set(params)) != len(params):
            mode.warn(DUPLICATES)
        named = "param_names" in param_group
        for group in self.param_groups:
            if ("param_names" in group) != named:
                raise ValueError_(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{'with names' if named else 'without names'} to the optimizer"
                )
        if not {p for group in self.param_groups for p in group["params"]}.isdisjoint(params):
            raise ValueError_("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients: none, or zeros in the same memory."""
        for group in self.param_groups:
            for p in group["params"]:
                grad = p.gradient
                if grad is None:
                    continue
                if set_to_none:
                    p.gradient = None
                else:
                    grad.node, grad.requires = None, False
                    T.zero_(grad)

    # --- stepping ----------------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step along the gradients that the parameters have; gives what `closure`, if any, returned.

        Parameters without a gradient are left alone.
        """
        where = mode.where or caller(_getframe(1))
        given = () if closure is None else (closure,)
        if self.pre_hooks:
            given = self._before(given)
        loss = evaluate(given[0]) if given else None
        if self.called is not None:
            self.called = True
        for group in self.param_groups:
            self.update(group, where)
        if self.post_hooks:
            for hook in list(self.post_hooks.values()):
                hook(self, given, {})
        return loss

    def _before(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in list(self.pre_hooks.values()):
            result = hook(self, given, {})
            if result is not None:
                if not isinstance(result, tuple) or len(result) != 2:
                    raise ValueError_(
                        f"step must return None or a tuple of (new_args, new_kwargs), but got {result}.",
                        kind="RuntimeError",
                    )
                given = tuple(result[0])
        return given

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(optimizer, args, kwargs)` before every step; what it returns replaces `(args, kwargs)`."""
        return Handle(self.pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(optimizer, args, kwargs)` after every step."""
        return Handle(self.post_hooks, hook)

    def update(self, group: dict[str, Any], where: Any) -> None:
        """One step of one group; `where` is the place in the program."""
        raise NotImplementedError

    def writable(self, p: Tensor, where: Any) -> Any:
        """The array of a parameter, found fit to be written in place; a 0-d one is a copy to be stored back."""
        data = p.data
        if data.__class__ is not ndarray:
            check_writable(p, False, where)
            return alloc.array(data)
        if self.seen.get(p) is not data:
            check_writable(p, False, where)
            if not data.flags.writeable:
                data = p.data = data.copy()
            self.seen[p] = data
        return data

    # --- saving and loading ------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """{"state": {number of the parameter: its state}, "param_groups": […]}; the tensors are the optimiser's own."""
        numbers: dict[int, int] = {}
        packed = []
        start = 0
        for group in self.param_groups:
            for i, p in enumerate(group["params"], start):
                numbers.setdefault(id(p), i)
            entry = {key: value for key, value in group.items() if key != "params"}
            entry["params"] = [numbers[id(p)] for p in group["params"]]
            start += len(entry["params"])
            packed.append(entry)
        state = {numbers[id(p)] if p.__class__ is Tensor else p: values for p, values in self.state.items()}
        return {"state": state, "param_groups": packed}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict()` gave, of this or of another optimiser with the same parameters.

        Errors: ValueError_ when groups or their sizes differ.
        """
        if not isinstance(state_dict, dict):
            raise ArgumentError(f"Expected state_dict to be dict-like, got <class '{type_word(state_dict)}'>.")
        groups, saved = self.param_groups, [_copied(group) for group in state_dict["param_groups"]]
        if len(groups) != len(saved):
            raise ValueError_("loaded state dict has a different number of parameter groups")
        if any(len(g["params"]) != len(s["params"]) for g, s in zip(groups, saved, strict=True)):
            raise ValueError_(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        ids = chain.from_iterable(group["params"] for group in saved)
        params = dict(zip(ids, chain.from_iterable(group["params"] for group in groups), strict=True))
        state = State()
        for key, values in state_dict["state"].items():
            if key in params:
                state[params[key]] = _cast(params[key], values)
            else:
                state[key] = values
        for values in state.values():
            for name in self.numbers:
                if name in values and values[name].__class__ is not Tensor:
                    values[name] = scalar(float(values[name]))
        for group, new in zip(groups, saved, strict=True):
            new["params"] = group["params"]
            if "param_names" in group:
                new.setdefault("param_names", group["param_names"])
            for name, default in self.defaults.items():
                new.setdefault(name, default)
        self.state = state
        self.param_groups = saved


def _copied(group: dict[str, Any]) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, list) else make(value.data.copy()) if value.__class__ is Tensor else value
        for key, value in group.items()
    }


def _cast(p: Tensor, value: Any, name: Any = None) -> Any:
    """Loaded state in the parameter's dtype, but for the count of steps."""
    if value.__class__ is Tensor:
        if name == "step" or p.data.dtype.kind != "f" or value.data.dtype == p.data.dtype:
            return value
        return make(value.data.astype(p.data.dtype))
    if isinstance(value, dict):
        return {key: _cast(p, each, key) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(p, each) for each in value)
    return value


# --- numbers -------------------------------------------------------------------------------------------------------


def scalar(value: float) -> Tensor:
    """A 0-d tensor for a number in the state: float32, or float64 if that is the default dtype."""
    return make(alloc.array(value, np.float64 if mode.default == np.float64 else np.float32)[()])


def next_step(state: dict[str, Any]) -> float:
    """Count one more step; the count."""
    t = state["step"]
    t.data = t.data + 1
    count = t.data.item()
    return count if count.__class__ is float else float(count)


def as_float(x: Any) -> Any:
    """A number as a float; what stands for one that changes (gradsh/plans/numbers.py) stays what it is."""
    return x * 1.0 if x.__class__ in (float, int, bool) else float(x)


def number(value: Any) -> Any:
    """A hyperparameter as a number: of a tensor its only element, in its dtype."""
    if value.__class__ is not Tensor:
        return value
    return value.data if value.data.__class__ is not ndarray else value.data.reshape(-1)[0]


def check_fused(fused: Any, differentiable: Any, foreach: Any) -> None:
    """Raise for options that exclude each other."""
    if fused and differentiable:
        raise ValueError_("`fused` does not support `differentiable`", kind="RuntimeError")
    if fused and foreach:
        raise ValueError_("`fused` and `foreach` cannot be `True` together.", kind="RuntimeError")


def check_lr(lr: Any) -> None:
    """Raise ValueError_ for a learning rate that is negative, or a tensor of several."""
    if lr.__class__ is Tensor and lr.data.size != 1:
        raise ValueError_("Tensor lr must be 1-element")
    check_not_negative("learning rate", lr)


def check_not_negative(what: str, value: Any) -> None:
    """Raise ValueError_ for a value below 0. Compares as PyTorch does, which shows in what Python says of a string."""
    least = 0.0
    check(what, least <= value, value)


def check_betas(betas: Any) -> None:
    """Raise ValueError_ unless both are in [0, 1)."""
    for i in (0, 1):
        check(f"beta parameter at index {i}", 0.0 <= betas[i] < 1.0, betas[i])


def check(what: str, right: Any, value: Any) -> None:
    """Raise `Invalid what: value` unless it is right."""
    if not right:
        raise ValueError_(f"Invalid {what}: {value}")


# --- most optimisers -----------------------------------------------------------------------------------------------


class Elementwise(Optimizer):
    """An optimiser whose step is one kernel on a parameter, its gradient and its state.

    arrays(group)            names of the state that has the parameter's shape, in the kernel's order
    begin(group, data)       first state of a parameter; zeros for the arrays unless overridden
    hyper(group)             what `constants` needs of a group, read once a step
    constants(hyper, step)   the kernel's constants: floats become operands of the parameter's dtype, None, bools stay
    """

    __slots__ = ()

    def arrays(self, group: dict[str, Any]) -> tuple[str, ...]:
        raise NotImplementedError

    def begin(self, group: dict[str, Any], data: Any) -> dict[str, Tensor]:
        return {"step": scalar(0.0), **{name: make(alloc.zeros_like(data)) for name in self.arrays(group)}}

    def hyper(self, group: dict[str, Any]) -> tuple[Any, ...]:
        raise NotImplementedError

    def constants(self, hyper: tuple[Any, ...], step: float, state: dict[str, Any]) -> tuple[Any, ...]:
        raise NotImplementedError

    # whether the constants depend on more of the state than the number of steps
    own_constants = False
    kernel: Callable[..., None]

    def update(self, group: dict[str, Any], where: Any) -> None:
        hyper = self.hyper(group)
        names = self.arrays(group)
        kernel = self.kernel
        known: dict[Any, tuple[Any, ...]] = {}
        for p in group["params"]:
            grad = p.gradient
            if grad is None:
                continue
            refuse(group)
            data = self.writable(p, where)
            state = self.state[p]
            if not state:
                state.update(self.begin(group, data))
            step = next_step(state)
            key = (data.dtype, step)
            try:
                constants = known.get(key)
            except Exception:  # nothing is found by it: it stands for one that changes: see gradsh/plans/numbers.py
                constants = operands(self.constants(hyper, step, state), data.dtype)
            else:
                if constants is None or self.own_constants:
                    constants = known[key] = operands(self.constants(hyper, step, state), data.dtype)
            held = [held_array(state[name]) for name in names]
            sweep(self.scratch, kernel, (data, grad.data, *held), constants)
            if p.data.__class__ is not ndarray:
                p.data = data[()]
            bump(p, where)


def operands(constants: tuple[Any, ...], dtype: Any) -> tuple[Any, ...]:
    """The constants of a kernel for parameters of that dtype."""
    return tuple(value if value is None or value.__class__ is bool else constant(value, dtype) for value in constants)


def held_array(t: Tensor) -> Any:
    """The array of a tensor in the state, which a program or a file may have put there."""
    data = t.data
    if data.__class__ is not ndarray or not data.flags.writeable:
        data = t.data = alloc.array(data)
    return data


def refuse(group: dict[str, Any]) -> None:
    """Raise for the options that have no meaning here."""
    if group.get("differentiable"):
        raise NotYet("differentiable=True is not in this version yet: the step is not recorded")
    if group.get("capturable"):
        raise ValueError_(
            f"If capturable=True, params and state_steps must be on supported devices: {DEVICES}.",
            kind="AssertionError",
        )
