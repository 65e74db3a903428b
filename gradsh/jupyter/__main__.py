"""`python -m gradsh.jupyter [--python] -f CONNECTION`: what Jupyter starts for a notebook."""

from __future__ import annotations

import sys

from ipykernel.kernelapp import IPKernelApp

from gradsh.jupyter.kernel import GradshKernel, PythonKernel

PYTHON = "--python"

if __name__ == "__main__":
    kind = PythonKernel if PYTHON in sys.argv else GradshKernel
    sys.argv = [word for word in sys.argv if word != PYTHON]
    IPKernelApp.launch_instance(kernel_class=kind)
