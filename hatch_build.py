"""What a build adds to gradsh's files: tables, and the kernels in C.

The wheel brings the tables along that gradsh would otherwise make at its first start; an editable install does not, for
the files that they are made of may change. Its kernels in C lie beside their source, and are compiled where they are
older than that:

    python hatch_build.py        compiles them there

Without a compiler there are none, and gradsh computes the same with NumPy.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

KERNELS = os.path.join("gradsh", "engine", "kernels")
# every rounding is as it is written: a * b + c is two, unless a double holds it
FLAGS = ("-O3", "-g0", "-ffp-contract=off", "-fno-fast-math", "-fno-trapping-math", "-fno-math-errno", "-Wno-psabi")


class Added(BuildHookInterface):  # type: ignore[type-arg]
    """Files of gradsh/built/, and gradsh/engine/kernels/native."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        if version == "editable":
            if not is_compiled(os.path.join(self.root, KERNELS)):
                self.compiled(os.path.join(self.root, KERNELS))
            return
        self.made = tempfile.TemporaryDirectory()
        self.tables(os.path.join(self.made.name, "built"), build_data)
        if name := self.compiled(self.made.name):
            build_data["force_include"][os.path.join(self.made.name, name)] = f"{KERNELS}/{name}"
            build_data["pure_python"] = False
            build_data["infer_tag"] = True

    def tables(self, folder: str, build_data: dict[str, Any]) -> None:
        # no cache: what an earlier build left there may be of other files
        environment = {**os.environ, "PYTHONPATH": self.root, "GRADSH_CACHE_DIR": os.path.join(self.made.name, "cache")}
        os.mkdir(folder)
        command = [sys.executable, "-m", "gradsh.session.tables", folder]
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            self.app.display_warning(f"without tables, which the first start will make: {done.stderr}")
            return
        for name in os.listdir(folder):
            build_data["force_include"][os.path.join(folder, name)] = f"gradsh/built/{name}"

    def compiled(self, folder: str) -> str:
        """Compile into the folder; the file's name, or nothing and a warning."""
        command = [sys.executable, os.path.join(self.root, "hatch_build.py"), folder]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True)
        if done.returncode != 0:
            self.app.display_warning(f"without kernels in C, for which NumPy stands in: {done.stderr[-2000:]}")
            return ""
        return done.stdout.splitlines()[-1]

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "made"):
            self.made.cleanup()


def is_compiled(folder: str) -> bool:
    """Whether the kernels lie there for this Python, and are newer than every file that they are made of."""
    built = os.path.join(folder, "native" + str(sysconfig.get_config_var("EXT_SUFFIX")))
    sources = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith((".c", ".h"))]
    return os.path.exists(built) and os.path.getmtime(built) > max(map(os.path.getmtime, [__file__, *sources]))


def compile_kernels(folder: str) -> str:
    """Compile native.c into the folder; the file's name. Raises what setuptools raises."""
    import numpy
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    root = os.path.dirname(os.path.abspath(__file__))
    extension = Extension(
        "native",
        [os.path.join(root, KERNELS, "native.c")],
        include_dirs=[numpy.get_include()],
        extra_compile_args=[] if os.name == "nt" else [*FLAGS],
    )
    with tempfile.TemporaryDirectory() as made:
        command = build_ext(Distribution({"name": "native", "ext_modules": [extension]}))
        command.build_lib = command.build_temp = made
        command.ensure_finalized()
        command.run()
        (built,) = command.get_outputs()
        name = os.path.basename(built)
        # moved into its place as a whole: a gradsh that runs may have the old one open
        with tempfile.TemporaryDirectory(dir=folder) as beside:
            whole = os.path.join(beside, name)
            with open(built, "rb") as read, open(whole, "wb") as written:
                written.write(read.read())
            os.chmod(whole, 0o755)
            os.replace(whole, os.path.join(folder, name))
    return name


if __name__ == "__main__":
    print(compile_kernels(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), KERNELS)))
