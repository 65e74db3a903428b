"""The entries in Jupyter's list of kernels: `gradsh`, and `gradsh-python` for cells of PyTorch's own source."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager

KERNELS = {"gradsh": ("gradsh", "gradsh", []), "gradsh-python": ("PyTorch (gradsh)", "python", ["--python"])}


def spec(name: str) -> dict[str, Any]:
    """What Jupyter has to know of a kernel."""
    title, language, more = KERNELS[name]
    return {
        "display_name": title,
        "language": language,
        "argv": [sys.executable, "-m", "gradsh.jupyter", *more, "-f", "{connection_file}"],
        "interrupt_mode": "signal",
        "metadata": {"debugger": False},
    }


def install(prefix: str | None) -> list[str]:
    """Enter the kernels for this user, or under a prefix; gives their folders. Errors: OSError."""
    made: list[str] = []
    for name in KERNELS:
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "kernel.json"), "w", encoding="utf-8") as file:
                json.dump(spec(name), file, indent=1)
            made.append(KernelSpecManager().install_kernel_spec(folder, name, user=prefix is None, prefix=prefix))
    return made
