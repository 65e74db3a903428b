"""gradsh, a differentiation shell: a small language on a NumPy autograd engine.

    import gradsh
    result = gradsh.Session().run("let x = tensor(5.0, grad); z = log(x**3); backward z; x.grad")
    result.status          # 0 done, 1 failed while running, 3 refused before running, 70 a fault of gradsh

`Session` is looked up when first asked for: the command imports this package too, and must start quickly.
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["Session", "__version__"]

TYPE_CHECKING = False  # as in `typing`, whose import costs more than everything else here; type checkers know the name
if TYPE_CHECKING:
    from gradsh.view.display import Session


def __getattr__(name: str) -> object:
    if name == "Session":
        from gradsh.view.display import Session

        globals()["Session"] = Session
        return Session
    raise AttributeError(f"module 'gradsh' has no attribute {name!r}")
