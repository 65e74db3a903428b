"""The wheel brings the tables along that gradsh would otherwise make at its first start; an editable install does not,
for the files that they are made of may change."""

import os
import subprocess
import sys
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Tables(BuildHookInterface):  # type: ignore[type-arg]
    """Files of gradsh/built/."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        self.made = tempfile.TemporaryDirectory()
        # no cache: what an earlier build left there may be of other files
        environment = {**os.environ, "PYTHONPATH": self.root, "GRADSH_CACHE_DIR": os.path.join(self.made.name, "cache")}
        folder = os.path.join(self.made.name, "built")
        os.mkdir(folder)
        command = [sys.executable, "-m", "gradsh.session.tables", folder]
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            self.app.display_warning(f"without tables, which the first start will make: {done.stderr}")
            return
        for name in os.listdir(folder):
            build_data["force_include"][os.path.join(folder, name)] = f"gradsh/built/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "made"):
            self.made.cleanup()
