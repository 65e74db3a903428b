"""backward, grad, detach and the flags: what programs do with the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gradsh.engine.autograd import backward as engine
from gradsh.engine.core.arguments import FAILURES, need_tensor, type_word
from gradsh.engine.core.batched import UNSUPPORTED_FLAG
from gradsh.engine.core.graph import Handle, extra_of, sequence
from gradsh.engine.core.modes import ANOMALY, mode
from gradsh.engine.core.place import _getframe, caller
from gradsh.engine.core.tensor import Tensor, is_foreign, make
from gradsh.engine.operators.batch_rules import on_last_dims
from gradsh.engine.operators.composite import composite, function
from gradsh.errors import ArgumentError, AutogradError, LeafFlag, ValueError_


def _tensors(value: Any) -> list[Any]:
    """What there are gradients of, or what they begin with: one tensor, or whatever can be gone over, once."""
    if isinstance(value, (Tensor, str)):
        return [value]
    try:
        return list(value)  # net.parameters() is an iterator in Python programs
    except TypeError:
        if isinstance(value, Iterable):  # what went wrong, went wrong in it
            raise
        return [value]


def _inputs(value: Any, name: str) -> list[Any]:
    """What gradients are wanted of; of a dict its values, as there `grad` gives a dict."""
    if value.__class__ is dict:
        return list(value.values())
    if isinstance(value, Mapping):
        raise ArgumentError(
            f"`inputs` argument to `{name}()` must be a dict, not {type_word(value)}. "
            "Other Mapping types are not supported."
        )
    return _tensors(value)


def need_tensors(inputs: list[Any]) -> None:
    """Raise AutogradError unless all that gradients are wanted of are tensors."""
    for t in inputs:
        if not isinstance(t, Tensor):
            raise AutogradError(f"all inputs have to be Tensors or GradientEdges, but got {type_word(t)}")


def _gradients(given: Any, count: int) -> list[Tensor | None]:
    """`gradient=` as a list: None for all, one tensor, or a list of tensors and None."""
    if given is None:
        return [None] * count
    if isinstance(given, Tensor):
        return [given]
    if not isinstance(given, Iterable):
        raise ArgumentError(f"'{type_word(given)}' object is not iterable", help="`backward y, ones_like(y)`")
    gradients: list[Tensor | None] = _tensors(given)
    for g in gradients:
        if g is not None and not isinstance(g, Tensor):
            raise ArgumentError(
                f"gradients can be either Tensors or None, but got {type_word(g)}",
                help="backward y, tensor([1., 1.])",
            )
    return gradients


def _of_one_loss(out: Any) -> bool:
    """`backward loss` of one plain scalar, with nothing that looks on: a small step has no time for more.

    Whether it was that.
    """
    if out.__class__ is not Tensor or not out.requires or mode.interpreter is not None or mode.functorch:
        return False
    one = engine.ONES.get(out.data.__class__)
    if one is None or mode.notes is not None or mode.training is not None:
        return False
    where, before = caller(_getframe(2)), mode.where
    mode.where = where
    try:
        engine.run_from(out, one, where)
    except FAILURES as error:
        from gradsh.engine.operators.blame import blame  # only an error needs it

        raise blame(backward, [out, None, None, False, None], error) from None
    finally:
        mode.where = before
    return True


@composite(
    "backward(tensors, gradient=None, retain_graph: bool=None, create_graph=False, inputs=None)",
    quick=_of_one_loss,
    effect=True,
    example="let x = tensor(3., grad); backward x**2; x.grad",
)
def backward(tensors: Any, gradient: Any, retain_graph: Any, create_graph: bool, inputs: Any) -> None:
    """Computes the gradients of `tensors` and adds them to the `.grad` of the leaves they were made from."""
    if mode.functorch:
        raise AutogradError(
            "backward() called inside a functorch transform. This is not supported, please use functorch.grad or "
            "functorch.vjp instead or call backward() outside of functorch transforms."
        )
    outputs = _tensors(tensors)
    for out in outputs:
        if out.__class__ is not Tensor:
            raise ArgumentError(f"backward(): argument 'tensors' (position 1) must be Tensor, not {type_word(out)}")
    if inputs is not None:
        inputs = _inputs(inputs, "backward")
        if not inputs:
            raise AutogradError("`inputs` argument to `backward()` cannot be empty.")
        need_tensors(inputs)
    engine.run_backward(outputs, _gradients(gradient, len(outputs)), retain_graph, create_graph, inputs, mode.where)


@composite(
    "grad(outputs, inputs=None, grad_outputs=None, retain_graph: bool=None, create_graph=False, only_inputs=True, "
    "allow_unused: bool=None, is_grads_batched=False, materialize_grads=False, *, argnums=None, has_aux=False)",
    method=False,
    frees=True,
    example="let x = tensor(3., grad); grad(x**2, x)",
)
def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any,
    retain_graph: Any,
    create_graph: bool,
    only_inputs: bool,
    allow_unused: Any,
    is_grads_batched: bool,
    materialize_grads: bool,
    argnums: Any,
    has_aux: bool,
) -> Any:
    """The gradients of the sum of `outputs` by `inputs`, as a tuple; `grad(f, argnums=0)`: a function's gradient."""
    if callable(outputs):
        from gradsh.engine.transforms.gradient import gradient_of

        # torch.func.grad(func, argnums=0, has_aux=False)
        if inputs is not None:
            argnums = inputs
        return gradient_of(outputs, 0 if argnums is None else argnums, bool(has_aux or grad_outputs))
    outs = _tensors(outputs)
    if inputs is None:
        raise ArgumentError(
            "grad() missing 1 required positional argument: 'inputs'", subject=outs[0] if outs else None
        )
    wanted = _inputs(inputs, "grad")
    if not wanted:
        raise ValueError_("`inputs` argument to `grad()` cannot be empty.", kind="RuntimeError")
    if materialize_grads and allow_unused is False:
        raise ValueError_(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    need_tensors(wanted)
    for out in outs:
        if not isinstance(out, Tensor):
            raise ArgumentError(f"grad(): argument 'outputs' (position 1) must be Tensor, not {type_word(out)}")
    found = _gradients_by(
        outs, wanted, grad_outputs, retain_graph, create_graph, allow_unused, is_grads_batched, materialize_grads
    )
    return dict(zip(inputs, found, strict=True)) if inputs.__class__ is dict else found


def _gradients_by(
    outs: list[Any],
    wanted: list[Any],
    grad_outputs: Any,
    retain_graph: Any,
    create_graph: bool,
    allow_unused: Any,
    is_grads_batched: bool,
    materialize_grads: bool,
) -> tuple[Tensor | None, ...]:
    """What `grad` gives, in the order of `wanted`: by samples, batched, or from one walk backwards."""
    gradients = _gradients(grad_outputs, len(outs))
    if any(is_foreign(t) for t in (*outs, *wanted)):
        from gradsh.engine.transforms.gradient import gradients_of_samples

        return gradients_of_samples(outs, wanted, gradients, create_graph, bool(allow_unused), materialize_grads)
    if any(map(is_foreign, gradients)):
        from gradsh.engine.transforms.cotangents import pulled

        return tuple(pulled(outs, wanted, gradients, 0, create_graph, bool(allow_unused), materialize_grads))
    if is_grads_batched:
        return _batched(outs, wanted, gradients, retain_graph, create_graph, bool(allow_unused), materialize_grads)
    return engine.run_grad(
        outs, wanted, gradients, retain_graph, create_graph, bool(allow_unused), materialize_grads, mode.where
    )


def _batched(
    outs: list[Any],
    inputs: list[Any],
    gradients: list[Any],
    retain: Any,
    create: bool,
    allow_unused: bool,
    materialize: bool,
) -> tuple[Tensor | None, ...]:
    """One backward per row of the batched gradients, their results stacked."""
    from gradsh.engine.core.namespaces import T

    rows = len(gradients[0].data)
    keep = create if retain is None else retain
    results = [
        engine.run_grad(
            outs, inputs, [g[i] for g in gradients], keep or i < rows - 1, create, allow_unused, materialize, mode.where
        )
        for i in range(rows)
    ]
    return tuple(None if column[0] is None else T.stack(list(column), 0) for column in zip(*results, strict=True))


NONE = "none: the values without their history"


@function("detach(input)", work="elements", formula=NONE, example="let x = tensor(3., grad); detach(x * 2)", cuts=True)
def detach(x: Tensor) -> Tensor:
    """The same values outside of the graph; shares memory with `input`."""
    storage = x.share()
    t = make(x.data)
    t.storage = storage
    t.origin = mode.where
    return t


on_last_dims(detach, 0)


@function("detach_(input)", formula=NONE, cuts=True)
def detach_(x: Tensor) -> Tensor:
    """Takes the tensor itself out of the graph: it becomes a leaf that requires no gradient."""
    if x.extra is not None and x.extra.base is not None:
        raise AutogradError(
            "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for "
            "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence "
            "detach_() cannot be called on these gradients. To fix this error, please refer to the "
            "Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
        )
    if x.node is not None:
        x.own_storage().detached = sequence()
    x.node = None
    x.requires = False
    x.origin = mode.where
    if mode.forward is not None:
        mode.forward.tangents.put(x, None)
    if x.extra is not None:
        x.extra.retains = False
    return x


@composite("requires_grad_(input, requires_grad=True)")
def requires_grad_(x: Tensor, requires_grad: bool) -> Tensor:
    """Sets the flag of a leaf in place; gives the tensor back."""
    need_tensor("requires_grad_", "input", 1, x)
    if mode.functorch:
        raise AutogradError(UNSUPPORTED_FLAG)
    if requires_grad and x.data.dtype.kind != "f":
        raise LeafFlag("only Tensors of floating point dtype can require gradients", x.made_at)
    if requires_grad and x.storage is not None and x.storage.inference and not mode.inference:
        raise AutogradError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
    x.set_requires_grad(requires_grad)
    return x


@composite("retain_grad(input)", effect=True)
def retain_grad(x: Tensor) -> None:
    """Keeps `.grad` for a tensor that is not a leaf, from the next backward on."""
    need_tensor("retain_grad", "input", 1, x)
    x.retain_grad()


@function(
    "zero_grad(*tensors)",
    method=False,
    effect=True,
    own=True,
    example="let x = ones(2, grad); backward x.sum(); zero_grad x; x.grad",
)
def zero_grad(things: Any) -> None:
    """Sets `.grad` to none, of tensors or of all parameters of models and optimisers."""
    for thing in things:
        if isinstance(thing, (list, tuple)):
            zero_grad.apply(*thing)
        elif thing.__class__ is Tensor:
            thing.grad = None
        elif "zero_grad" in getattr(type(thing), "__public__", ()):  # a model, an optimiser
            thing.zero_grad()
        else:
            raise ArgumentError(f"zero_grad(): expected tensors, models or optimisers, but got {type_word(thing)}")


@function("register_hook(input, hook)", outside=True)
def register_hook(x: Tensor, hook: Any) -> Handle:
    """Calls `hook` with the gradient of the tensor each time one is computed; what it returns replaces it."""
    if not x.requires:
        raise AutogradError("cannot register a hook on a tensor that doesn't require gradient")
    node = x.grad_fn
    if node is None:
        return Handle(x.own_extra().hooks, hook)
    hooks: dict[int, Any] = {}
    extra_of(node).tensor_hooks.append((x.output_nr, hooks))
    return Handle(hooks, hook)


@function("register_post_accumulate_grad_hook(input, hook)", outside=True)
def register_post_accumulate_grad_hook(x: Tensor, hook: Any) -> Handle:
    """Calls `hook` with a leaf after a gradient was added to its `.grad`."""
    if not x.requires:
        raise AutogradError("cannot register a hook on a tensor that doesn't require gradient")
    if x.node is not None:
        raise AutogradError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    return Handle(x.own_extra().post_hooks, hook)


@function("is_grad_enabled()", work="elements", method=False, example="is_grad_enabled()")
def is_grad_enabled() -> bool:
    """Whether operations record a graph now."""
    return mode.grad


@function("is_inference_mode_enabled()", work="elements", method=False, example="is_inference_mode_enabled()")
def is_inference_mode_enabled() -> bool:
    """Whether an `inference_mode` block is active."""
    return mode.inference


@function("set_grad_enabled(mode)", method=False, effect=True)
def set_grad_enabled(on: bool) -> None:
    """Switches recording on or off, until the next such call or the end of the surrounding mode block."""
    mode.grad = bool(on)


@function("is_inference(input)")
def is_inference(x: Tensor) -> bool:
    """Whether the tensor was made inside `inference_mode`."""
    return x.storage is not None and x.storage.inference


@function("set_detect_anomaly(mode, check_nan=True)", method=False, effect=True)
def set_detect_anomaly(on: bool, check_nan: bool) -> None:
    """Switches on or off that backward stops at NaN and names the forward line to blame."""
    if on:
        mode.warn(ANOMALY)
    mode.anomaly = check_nan if on else None


@function("is_anomaly_enabled()", work="elements", method=False, example="is_anomaly_enabled()")
def is_anomaly_enabled() -> bool:
    """Whether backward passes are watched, by `detect_anomaly` or `set_detect_anomaly`."""
    return mode.anomaly is not None
