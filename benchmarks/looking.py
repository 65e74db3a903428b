"""How long it takes to look at graphs: `python -m benchmarks.looking`.

CPU seconds of the word alone, in a process that has used it before: the graph of a loop of 5,000 rounds (10,000 nodes),
folded and node by node, and of ResNet-18, folded and open.
"""

from __future__ import annotations

import io
import statistics
import time
from pathlib import Path

from gradsh import Session
from gradsh.language.program import LOOKING

EXAMPLES = Path(__file__).parent.parent / "examples"
LOOP = "let w = tensor(0.5, grad)\nlet x = tensor(1.0)\nfor i in range(5000) { x = sin(x * w) }\n"
WORDS = {
    "loop": ("graph x", "graph x, nodes", "saved x", "explain x, retain_graph"),
    "resnet18": ("graph loss", "graph loss, open=net", "graph loss, open", "saved loss", "explain loss, retain_graph"),
}


def resnet() -> str:
    """ResNet-18 on one small picture, without its training."""
    text = (EXAMPLES / "resnet18.grad").read_text(encoding="utf-8").partition("let optimizer")[0]
    return text + "let loss = (net(data) - labels).sum()\n"


def main() -> None:
    for name, program in (("loop", LOOP), ("resnet18", resnet())):
        out = io.StringIO()
        session = Session(out=out, err=out)
        session.options = (LOOKING,)
        assert session.run(program).ok, out.getvalue()
        for word in WORDS[name]:
            times = []
            for _ in range(4):
                start = time.process_time()
                assert session.run(word).ok, out.getvalue()
                times.append(time.process_time() - start)
            print(f"{name:9} {word:28} {statistics.median(times[1:]):.3f} s")


if __name__ == "__main__":
    main()
