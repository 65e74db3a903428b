"""Models as functions of their parameters: torch.func's functional_call and stack_module_state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import CellType
from typing import Any

from gradsh.engine.core.namespaces import T
from gradsh.engine.core.pytree import mapped
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.nn.module import Model
from gradsh.engine.operators.composite import composite, function
from gradsh.errors import ArgumentError, AttributeError_, StateMismatch, ValueError_, ValueProblem

__acts_for_programs__ = True  # it calls models


@composite(
    "functional_call(module, parameter_and_buffer_dicts, args=None, kwargs=None, *, tie_weights=True, strict=False)",
    method=False,
    differentiable=False,
    example='functional_call(Linear(2, 1), {"weight": ones(1, 2), "bias": zeros(1)}, ones(2))',
)
def functional_call(
    module: Any, parameter_and_buffer_dicts: Any, args: Any, kwargs: Any, tie_weights: bool, strict: bool
) -> Any:
    """Calls a model with other tensors in the place of its parameters and buffers; it stays as it is."""
    if not isinstance(module, Model):
        raise ArgumentError(f"functional_call(): argument 'module' must be a Module, not {type(module).__name__}")
    given = _united(parameter_and_buffer_dicts)
    own = dict(module.named_parameters(remove_duplicate=False)) | dict(_buffers(module))
    _check(module, given, own, strict)
    swaps = {id(own[name]): value for name, value in given.items() if name in own}
    if tie_weights:
        _check_ties(given, own)
    if kwargs is not None and not isinstance(kwargs, dict):
        raise ArgumentError(f"functional_call(): argument 'kwargs' must be dict, not {type(kwargs).__name__}")
    arguments = args if isinstance(args, tuple) else () if args is None else (args,)
    undone: list[tuple[CellType, Any]] = []
    added: list[tuple[Model, str]] = []
    held: list[tuple[Any, Any, Any]] = []
    try:
        for name, value in given.items():
            _put(module, name, value, undone, added, held)
        for _, model in module.named_modules():
            for field in list(model.cells) if tie_weights else ():
                _replace(model.cells[field], swaps, undone)
        return module(*arguments, **(kwargs or {}))
    finally:
        for cell, before in reversed(undone):
            cell.cell_contents = before
        for holder, key, before in reversed(held):
            holder[key] = before
        for model, field in added:
            del model.cells[field]


def _united(dicts: Any) -> dict[str, Any]:
    """One dict of what is given; the names of several must differ. Errors: ValueError_."""
    if isinstance(dicts, dict):
        return dicts
    if not isinstance(dicts, (tuple, list)):
        raise ValueError_(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"{type(dicts).__name__}"
        )
    if not all(isinstance(one, dict) for one in dicts):
        raise ValueError_("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    names = [name for one in dicts for name in one]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError_(f"{twice!r} appeared in multiple dictionaries; behavior of functional call is ambiguous")
    return {name: value for one in dicts for name, value in one.items()}


def _buffers(module: Model) -> list[tuple[str, Tensor]]:
    return module.named_buffers(remove_duplicate=False)


def _check(module: Model, given: dict[str, Any], own: dict[str, Tensor], strict: bool) -> None:
    """PyTorch's errors of names and values. Errors: StateMismatch, ArgumentError."""
    for name, value in given.items():
        if not isinstance(name, str):
            raise ArgumentError(f"functional_call(): names must be str, not {type(name).__name__}")
        if value is not None and not isinstance(value, Tensor):
            raise ArgumentError(f"{value!r} is not an instance of torch.Tensor")
    if strict:
        lines = []
        for title, names in (
            ("Unexpected", sorted(given.keys() - own.keys())),
            ("Missing", sorted(own.keys() - given.keys())),
        ):
            if names:
                lines.append(f"\n\t{title} key(s): {', '.join(map(repr, names))}.")
        if lines:
            raise StateMismatch(f"Error(s) in reparametrizing for {type(module).__name__}:{''.join(lines)}")


def _check_ties(given: dict[str, Any], own: dict[str, Tensor]) -> None:
    """Of names that stand for one tensor, one is enough. Errors: ValueError_."""
    by_tensor: dict[int, list[str]] = {}
    for name in given:
        if name in own:
            by_tensor.setdefault(id(own[name]), []).append(name)
    for names in by_tensor.values():
        if len(names) > 1 and any(given[name] is not given[names[0]] for name in names):
            raise ValueError_(
                f"functional_call got multiple values for keys {names!r}, which are tied. Consider using "
                "tie_weights=False"
            )


def _put(
    module: Model,
    name: str,
    value: Any,
    undone: list[tuple[CellType, Any]],
    added: list[tuple[Model, str]],
    held: list[tuple[Any, Any, Any]],
) -> None:
    """Put a value in the place of the tensor of that full name, and note what was there. Errors: AttributeError_."""
    path, _, field = name.rpartition(".")
    model = module.get_submodule(path)
    cell = model.cells.get(field)
    if cell is not None:
        old = cell.cell_contents
        undone.append((cell, old))
        cell.cell_contents = value
        if isinstance(old, Tensor):  # the layer may hold it in a list of its own too, as LSTM does
            for other in model.cells.values():
                _replace(other, {id(old): value}, undone)
        return
    before = model.get(field)
    if before is None:
        added.append((model, field))
    else:
        holder, key = _holder(model, field)
        held.append((holder, key, before))
    model.put(field, value)


def _holder(model: Any, field: str) -> tuple[Any, Any]:
    """Where a container keeps a field: ParameterList its items, ParameterDict its table."""
    items = getattr(model, "items", None)
    if isinstance(items, list):
        return items, int(field)
    if not hasattr(model, "table"):
        raise AttributeError_(f"{type(model).__name__} has no attribute `{field}`")
    return model.table, field


def _replace(cell: CellType, swaps: dict[int, Any], undone: list[tuple[CellType, Any]]) -> None:
    """Put the given tensors into what a field holds, itself a tensor or a nest of lists."""
    try:
        content = cell.cell_contents
    except ValueError:  # a branch of the body that did not run
        return
    if id(content) in swaps:
        new = swaps[id(content)]
    elif isinstance(content, (list, tuple)) and any(id(x) in swaps for x in _leaves(content)):
        new = mapped(lambda x: swaps.get(id(x), x), content)
    else:
        return
    undone.append((cell, content))
    cell.cell_contents = new


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


@function(
    "stack_module_state(models)",
    method=False,
    differentiable=False,
    example="let params, buffers = stack_module_state([Linear(2, 1), Linear(2, 1)]); params",
)
def stack_module_state(models: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of models of one kind, each stacked along a new first dim, to be run by `vmap`."""
    given = _items(models)
    for one in given:
        if not isinstance(one, Model):
            raise AttributeError_(f"'{type(one).__name__}' object has no attribute 'training'")
    if not given:
        raise ValueProblem("stack_module_state: Expected at least one model, got 0.")
    if not all(one.training == given[0].training for one in given):
        raise ValueProblem("stack_module_state: Expected all models to have the same training/eval mode.")
    if not all(type(one) is type(given[0]) for one in given):
        raise ValueProblem("stack_module_state: Expected all models to be of the same class.")
    all_parameters = [dict(one.named_parameters()) for one in given]
    all_buffers = [dict(one.named_buffers()) for one in given]
    parameters = {name: _stacked([each[name] for each in all_parameters]) for name in all_parameters[0]}
    buffers = {name: _stacked([each[name] for each in all_buffers]) for name in all_buffers[0]}
    return parameters, buffers


def _stacked(tensors: list[Tensor]) -> Tensor:
    """A leaf of all of them, with their flag, which must be the same. Errors: ValueProblem."""
    flag = tensors[0].requires_grad
    if any(t.requires_grad != flag for t in tensors):
        raise ValueProblem("Expected the parameters to have the same requires_grad")
    stacked: Tensor = T.detach(T.stack(tensors))
    stacked.set_requires_grad(flag)
    return stacked


@composite(
    "parameters_to_vector(parameters)",
    method=False,
    differentiable=False,
    example="parameters_to_vector(Linear(2, 1).parameters()).shape",
)
def parameters_to_vector(parameters: Any) -> Tensor:
    """All parameters, flat, one after the other in one vector."""
    return T.cat([T.reshape(p, (-1,)) for p in _all(parameters)])  # type: ignore[no-any-return]


@function(
    "vector_to_parameters(vec, parameters)",
    method=False,
    differentiable=False,
    effect=True,
    example="let net = Linear(2, 1); vector_to_parameters(arange(3.), net.parameters()); net.weight",
)
def vector_to_parameters(vec: Any, parameters: Any) -> None:
    """Writes slices of a vector into parameters, by their `.data`."""
    if not isinstance(vec, Tensor):
        raise ArgumentError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    start = 0
    for p in _all(parameters):
        size = p.data.size
        part = T.view_as(vec[start : start + size], p)
        _set_data(p, part)
        start += size


def _all(parameters: Any) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else _items(parameters)
    for one in given:
        if not isinstance(one, Tensor):
            raise AttributeError_(f"'{type(one).__name__}' object has no attribute 'view'")
    return given


def _items(values: Any) -> list[Any]:
    if not isinstance(values, Iterable):
        raise ArgumentError(f"'{type(values).__name__}' object is not iterable")
    return list(values)


def _set_data(p: Tensor, value: Tensor) -> None:
    """`p.data = value`"""
    from gradsh.engine.ops.attributes import ATTRIBUTES

    write = ATTRIBUTES["data"].set
    assert write is not None
    write(p, value)
