"""The programs of this repository that have loops, each as the texts that one session runs in turn."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

LOOPS = re.compile(r"\b(for|while|repeat)\b")
WORKS = ROOT / "benchmarks" / "works"
# Seconds each: `python -m tests.plans` has them, the suite not.
LONG = (
    "maml",
    "iris_linear",
    "resnet18",
    "character_rnn",
    "digits_cnn",
    "digits_mlp",
    "gaussian_process",
    "physics_fit",
)
# The works of the benchmarks in small sizes: what is another in the text, and how they are called.
SIZES = {
    "work2": ({"range(125)": "range(12)"}, "print run(()), run((3, 3))"),
    "work3": ({"n = 20000": "n = 60"}, "print run(), run()"),
    "work4": ({"n = 5000": "n = 40"}, "print run(randn(100, 3), randn(100))"),
    "work5": ({"epochs = 10": "epochs = 3"}, "print run(rand(560, 64), randint(0, 10, (560,)))"),
    "work6": ({}, "repeat 8 { print run(randn(50, grad), randn(50, grad), randn(50, grad)) }"),
    "work9": ({"n = 100000": "n = 200"}, "print run()"),
    "work10": ({"100, dtype": "10, dtype"}, "let h = none; repeat 8 { h = run() }; h"),
    "batchnorm": ({}, "let x = randn(4, 64, 3, 3); let last = 0; repeat 8 { last = run(x) }; last"),
    "cnn": ({"784": "16"}, "let x = rand(4, 1, 4, 4); let y = randint(0, 10, (4,)); repeat 8 { run(x, y) }"),
    "embedding": ({}, "let x = randint(0, 1000, (4, 16)); let y = randint(0, 10, (4,)); repeat 8 { run(x, y) }"),
    "lstm": ({}, "let x = randn(3, 2, 32); let y = randn(3, 2, 64); let r = 0; repeat 8 { r = run(x, y) }; r"),
    "transformer": ({}, "let x = randn(2, 3, 32); let y = randn(2, 3, 32); let r = 0; repeat 8 { r = run(x, y) }; r"),
    "embedding_loop": ({"(200)": "(12)"}, "print run(randint(0, 1000, (4, 16)), randint(0, 10, (4,)))"),
    "lstm_loop": ({"(200)": "(12)"}, "print run(randn(3, 2, 32), randn(3, 2, 64))"),
    "transformer_loop": ({"(200)": "(12)"}, "print run(randn(2, 3, 32), randn(2, 3, 32))"),
    "softmax": ({}, "let x = randn(5, 7); let g = randn(5, 7); let r = 0; repeat 8 { r = run(x, g) }; r"),
    "elementwise": ({}, "let x = randn(9); let w = randn(9); let r = 0; repeat 8 { r = run(x, w) }; r"),
    "mlp4096": ({}, "let x = rand(40, 64); let y = randint(0, 10, (40,)); let r = 0; repeat 30 { r = run(x, y) }; r"),
    "writes": ({"200": "20"}, "print run()"),
    "leaves": ({"100000": "50"}, "print run()"),
}


def files(folder: Path, pattern: str = "*.grad") -> Iterator[tuple[str, list[str]]]:
    for file in sorted(folder.glob(pattern)):
        text = file.read_text(encoding="utf-8")
        if LOOPS.search(text):
            yield str(file.relative_to(ROOT)), [text]


def cells(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Notebooks, cell by cell."""
    for file in sorted(folder.glob("*.grad")):
        parts = re.split(r"^# %%.*\n", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        yield str(file.relative_to(ROOT)), [part for part in parts if part.strip()]


def probes() -> Iterator[tuple[str, list[str]]]:
    """What was recorded of PyTorch, where there is a loop in it."""
    folder = ROOT / "tests" / "conformance"
    for name in ("probes.json", "writes.json", "custom_functions.json"):
        for row in json.loads((folder / name).read_text(encoding="utf-8"))["rows"]:
            if LOOPS.search(row.get("code", "")):
                yield f"{name}: {row['name']}", [row["code"]]


def works() -> Iterator[tuple[str, list[str]]]:
    for name, (others, call) in SIZES.items():
        text = (WORKS / f"{name}.grad").read_text(encoding="utf-8")
        for before, after in others.items():
            text = text.replace(before, after)
        yield name, [text, f"manual_seed(1); {call}"]


def programs(python: bool = False) -> Iterator[tuple[str, list[str]]]:
    """Every program, by its name."""
    if python:
        yield from files(ROOT / "tests" / "python", "*.py")
        yield from files(ROOT / "tests" / "twins", "*.py")
        for file in sorted((ROOT / "tests" / "python").glob("*.ipynb")):
            notebook = json.loads(file.read_text(encoding="utf-8"))
            sources = ["".join(each["source"]) for each in notebook["cells"] if each["cell_type"] == "code"]
            yield str(file.relative_to(ROOT)), sources
        return
    for folder in ("examples", "examples/looking", "tests/twins", "tests/errors", "tests/lints", "tests/looking"):
        yield from files(ROOT / folder)
    yield from cells(ROOT / "examples" / "notebooks")
    yield from probes()
    yield from works()
