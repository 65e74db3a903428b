"""`torch.compile` and its kin: programs run here as they are written, so each gives back what it is given."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.operators.composite import function
from gradsh.errors import ArgumentError


def _itself(given: Any) -> Any:
    return given


@function(
    "compile(model=None, *, fullgraph=False, dynamic=None, backend='inductor', mode=None, options=None, disable=False)",
    method=False,
    differentiable=False,
    python=True,
    example="let f = compile(fn(x) = x.sin() + 1); f(ones(2))",
)
def compile(model: Any, fullgraph: Any, dynamic: Any, backend: Any, mode: Any, options: Any, disable: Any) -> Any:
    """The function or model itself: there is no compiler here, and results are those that it would keep to.

    Its state dict has the names that it has without (PyTorch puts `_orig_mod.` in front).
    """
    if model is None:
        return _itself
    if not callable(model):
        raise ArgumentError(
            f"A callable function is expected, but <class '{type_word(model)}'> is provided.", kind="AssertionError"
        )
    return model


def _identity(signature: str, summary: str) -> None:
    def same(given: Any, *options: Any) -> Any:
        return _itself if given is None else given

    same.__doc__ = summary
    function(
        signature, method=False, differentiable=False, python=True, example="let f = jit.script(fn(x) = x + 1); f(1)"
    )(same)


def _never(name: str, summary: str) -> None:
    def no() -> bool:
        return False

    no.__doc__ = summary
    function(f"{name}()", method=False, differentiable=False, example=f"{name}()")(no)


_identity(
    "jit.script(obj, optimize=None, _frames_up=0, _rcb=None, example_inputs=None)",
    "The function or model itself: it runs as it is written.",
)
_identity(
    "jit.trace(func, example_inputs=None, optimize=None, check_trace=True, check_inputs=None, "
    "check_tolerance=1e-05, strict=True)",
    "The function or model itself: unlike PyTorch's, it goes on to take whichever branch its input asks for.",
)
_identity("jit.freeze(mod, preserved_attrs=None, optimize_numerics=True)", "The model itself.")
_identity("jit.optimize_for_inference(mod, other_methods=None)", "The model itself.")
_identity("jit.ignore(drop=None, **kwargs)", "The function itself: nothing is compiled that it could be left out of.")
_identity("jit.unused(fn=None)", "The function itself: nothing is compiled that it could be left out of.")
_identity("jit.export(fn=None)", "The function itself.")
_identity("compiler.disable(fn=None, recursive=True, *, reason=None)", "The function itself: nothing is compiled.")
_identity("compiler.allow_in_graph(fn=None)", "The function itself: nothing is compiled.")
_identity("compiler.assume_constant_result(fn=None)", "The function itself: nothing is compiled.")
_never("jit.is_scripting", "Whether the line is being compiled: never.")
_never("jit.is_tracing", "Whether the line is being traced: never.")
_never("compiler.is_compiling", "Whether the line is being compiled: never.")
_never("compiler.is_dynamo_compiling", "Whether the line is being compiled: never.")
_never("compiler.is_exporting", "Whether the line is being exported: never.")


@function("compiler.reset()", method=False, differentiable=False, effect=True, example="compiler.reset()")
def compiler_reset() -> None:
    """Forgets what was compiled, which is nothing."""
