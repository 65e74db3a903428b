"""Write tests/data/letter.json and its kin anew: what PyTorch prints, or refuses in which words, for the cases of the
texts of the same names.

`python -m tests.record.letter` with a Python that has PyTorch; a name behind it writes only that file. A case is Python
that gradsh reads too, as it stands or as what is pasted; what an exception says is recorded as a last line that begins
with `!`.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import warnings
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"
HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"


FILES = (
    *("letter", "hooks", "checkpoint", "dual", "modules", "names", "parametrize", "averages", "lazy"),
    *("distributions", "words"),
)


def cases(name: str = "letter") -> list[str]:
    """The programs, in the order of the file."""
    texts = (DATA / f"{name}.txt").read_text(encoding="utf-8").split("\n---\n")
    return [text.strip("\n") for text in texts]


def printed(text: str) -> str:
    """What a case prints under PyTorch, and what the exception says that ends it."""
    out = io.StringIO()
    words = ""
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(HEAD + text, "<case>", "exec"), {"__name__": "__main__"})
    except Exception as error:
        words = f"!{error}\n"
    # what is printed has its `torch.` dropped; errors keep that of shapes
    shown = re.sub(r"\btorch\.(?=Size\(|return_types)", "", out.getvalue())
    said = re.sub(r"\btorch\.(?=float|int|uint|bool)", "", shown + words)
    return re.sub(r"<(\w+) object at 0x\w+>", r"<\1>", said)


def main() -> None:
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or FILES:
        lines = ",\n".join(json.dumps(printed(text), ensure_ascii=False) for text in cases(name))
        (DATA / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
        print(f"{name}: recorded {len(cases(name))} cases")


if __name__ == "__main__":
    main()
