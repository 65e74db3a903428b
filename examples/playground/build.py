"""Makes the page whole: `python examples/playground/build.py FOLDER [PYODIDE]`.

FOLDER gets the page, the wheels of gradsh and of what it needs that is Python alone, and the folder PYODIDE, which is
what `npm pack pyodide` has in `package/`. Any server of files shows it: `python -m http.server -d FOLDER`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILES = ("index.html", "playground.js", "page.py")
# what gradsh needs and is Python alone; NumPy and SciPy are Pyodide's
BESIDE = ("lark", "markdown-it-py", "mdurl", "platformdirs", "plotille", "pygments", "rich")


def build(folder: Path, pyodide: Path | None) -> None:
    wheels = folder / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(HERE / name, folder / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels)]
    subprocess.run([*pip, str(HERE.parents[1]), *BESIDE], check=True)
    names = sorted(path.name for path in wheels.glob("*.whl"))
    (wheels / "wheels.json").write_text(json.dumps(names) + "\n", encoding="utf-8")
    if pyodide is not None:
        shutil.copytree(pyodide, folder / "pyodide", dirs_exist_ok=True)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(str(__doc__))
    build(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else None)
