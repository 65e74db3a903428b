"""Operators that are written in other operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradsh.engine.core.arguments import FAILURES
from gradsh.engine.core.graph import Node
from gradsh.engine.core.modes import mode
from gradsh.engine.core.place import _getframe, caller
from gradsh.engine.core.strided import arranged
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.registry import Operator, refusing
from gradsh.errors import ArgumentError


def composite(
    signature: str, *, rename: str = "", quick: Callable[[Any], bool] | None = None, **options: Any
) -> Callable[[Any], Operator]:
    """Register an operator that is written in other operators; it gets bound arguments positionally and needs no rule.

    What it records is said to be made where the user called it. `rename` gives the last node PyTorch's name. In `vmap`
    it runs as it is written; where it cannot, because it reads values, its entry says why: `looped="..."`.
    `quick(value)` is asked first where one argument is all that is given: whether it has done the work itself.
    """

    def register(function: Any) -> Operator:
        entry = Operator(signature, grad_fn=rename, **options)
        entry.body = body = refusing(entry, function)
        bind = entry.signature.bind
        layout = options.get("layout")

        def apply(*args: Any, **kwargs: Any) -> Any:
            if quick is not None and len(args) == 1 and not kwargs and quick(args[0]):
                return None
            values = bind(args, kwargs)
            before = mode.where
            if before is None:
                mode.where = caller(_getframe(1))
            try:
                interpreter = mode.interpreter
                if interpreter is not None and interpreter.takes(values):
                    return interpreter.run(entry, values)
                result = body(*values)
            except FAILURES as error:
                from gradsh.engine.operators.blame import blame  # only an error needs it

                raise blame(entry, values, error) from None
            finally:
                mode.where = before
            if rename and result.__class__ is Tensor and result.node.__class__ is Node and result is not values[0]:
                result.node.kind = result.node.kind.renamed(rename)
            if layout and result.__class__ is Tensor:
                result.data = arranged(result.data, layout, [v.data for v in values if v.__class__ is Tensor])
            return result

        apply.__name__ = apply.__qualname__ = entry.name
        entry.apply = apply
        entry.register(function)
        return entry

    return register


def function(signature: str, *, looped: str = "it works on arrays", **options: Any) -> Callable[[Any], Operator]:
    """Register what makes or inspects tensors: the form of a composite, but `vmap` runs it sample by sample."""
    return composite(signature, looped=looped, **options)


# what programs call a class, which is the operator that makes its values
MAKERS: dict[type, Callable[..., Any]] = {}


def makes(entry: Operator, kind: type) -> None:
    """The operator is what PyTorch has as a class, `kind` here: for `isinstance(x, …)`, and `type(x)` in Python."""
    entry.apply.makes = kind
    MAKERS[kind] = entry.apply


def python_function(signature: str, **options: Any) -> Callable[[Any], Operator]:
    """Register a function that PyTorch has in Python: what it is called with is bound, and refused, as Python does it.

    It may have `*args`, a list among which is one argument, and `**kwargs`.
    """

    def register(function: Any) -> Operator:
        entry = Operator(signature, python=True, method=False, **options)

        def apply(*args: Any, **kwargs: Any) -> Any:
            before = mode.where
            if before is None:
                mode.where = caller(_getframe(1))
            try:
                return function(*args, **kwargs)
            except TypeError as error:
                if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                    raise
                raise ArgumentError(str(error)) from None  # arguments that do not fit
            finally:
                mode.where = before

        apply.__name__ = apply.__qualname__ = entry.name
        entry.apply = apply
        entry.differentiable = False
        entry.register(function)
        return entry

    return register
