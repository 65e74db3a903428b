"""What `help` has pages on, by topic: the registries' own order, files of operators under their folder's name."""

from __future__ import annotations

from importlib import import_module

from gradsh.engine import catalogue
from gradsh.language.words import WORDS
from gradsh.reports import Topic
from gradsh.runtime import commands, library, python
from gradsh.runtime.builtins import SAID

TITLES = {  # of what stands for a folder: the folders of gradsh/engine/ops, the models' functions, and the optimisers'
    "create": "Making tensors, and asking what they are",
    "elementwise": "Element by element",
    "reduce": "Fewer numbers out than in",
    "shape": "Other shapes, other orders",
    "index": "Picking and placing elements",
    "linalg": "Products, norms, decompositions",
    "loss": "Losses",
    "nn": "Convolution, pooling, normalisation",
    "functions": "What is done to models",
    "program": "Graphs, derivatives of functions, files",
    "optim": "Optimisers, schedulers, clipping",
}


def topics() -> list[Topic]:
    """All topics. Loads no operators."""
    from gradsh.lints.pages import topics as of_codes

    words = {word.name: word.summary for word in WORDS.values() if word.usage}
    found = [
        Topic("words", "Words of the language", list(words), words),
        Topic("commands", "Commands", list(commands.WORDS)),
        *(Topic(folder, TITLES.get(folder, folder), _mixed(files)) for folder, files in _folders().items()),
        Topic("layers", "Layers", list(library.models())),
        Topic("python", "Python's own, and constants", [*python.SHARED, *python.OWN, *SAID]),
    ]
    return [*found, *of_codes()]


def within(word: str) -> list[Topic]:
    """The topics that a word names: itself, or the files of its folder, each with the first line of its docstring."""
    for folder, files in _folders().items():
        chosen = files if word == folder else {file: names for file, names in files.items() if file == word}
        if chosen:
            return [Topic(word, _title(folder, file), names) for file, names in chosen.items()]
    return [topic for topic in topics() if topic.word == word]


def _folders() -> dict[str, dict[str, list[str]]]:
    """The operators' names by folder and by file; `special.erf` is left out where `erf` is the same."""
    table = catalogue.table()
    found: dict[str, dict[str, list[str]]] = {}
    for name, home in table.families.items():
        if name not in table.signatures or name.removeprefix("special.") in table.signatures.keys() - {name}:
            continue
        folder, file = home.split(".")[-2:] if "." in home else ("program", "optimisers")
        found.setdefault(folder, {}).setdefault(file, []).append(name)
    return {folder: found[folder] for folder in [*TITLES, *(found.keys() - TITLES.keys())] if folder in found}


def _title(folder: str, file: str) -> str:
    root = {"optim": "gradsh.engine", "functions": "gradsh.engine.nn"}.get(folder, "gradsh.engine.ops")
    return (import_module(f"{root}.{folder}.{file}").__doc__ or file).partition("\n")[0]


def _mixed(files: dict[str, list[str]]) -> list[str]:
    """The names of several files, the first of each, then the second of each: some of everything first."""
    longest = max(map(len, files.values()))
    return [names[i] for i in range(longest) for names in files.values() if i < len(names)]
