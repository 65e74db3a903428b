"""What `gradsh --version` prints."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from gradsh import __file__ as package
from gradsh import __version__


def version() -> str:
    """The version, and whether the kernels in C were compiled for this Python (gradsh.engine.kernels.compiled)."""
    kernels = Path(package).parent / "engine" / "kernels"
    compiled = any((kernels / f"native{suffix}").exists() for suffix in EXTENSION_SUFFIXES)
    return f"gradsh {__version__}, {'with kernels in C' if compiled else 'all kernels in NumPy'}\n"
