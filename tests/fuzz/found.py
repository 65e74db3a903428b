"""The folder of what was found: a program, `.grad`, or a recipe, `.json`; each is replayed by the tests for ever."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tests.fuzz import server
from tests.fuzz.judge import Finding

FOLDER = Path(__file__).parent / "found"


def keep(fuzzer: str, recipe: server.Recipe, finding: Finding, folder: Path = FOLDER) -> Path:
    """Write a finding; the file's name begins with its kind."""
    folder.mkdir(parents=True, exist_ok=True)
    words = "".join(c if c.isalnum() else "_" for c in f"{finding.kind}_{finding.where}")[:60].strip("_")
    mark = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:6]
    path = folder / f"{words}_{mark}"
    program = recipe.get("program", "\0")
    if set(recipe) == {"program", "way"} and recipe["way"] == "run" and program.replace("\n", "").isprintable():
        path = path.with_name(path.name + ".grad")
        path.write_text(program + "\n", encoding="utf-8")
    else:
        path = path.with_name(path.name + ".json")
        path.write_text(json.dumps({"fuzzer": fuzzer, **recipe}, indent=1) + "\n", encoding="utf-8")
    return path


def all_found(folder: Path = FOLDER) -> list[tuple[str, str, server.Recipe]]:
    """(file, fuzzer, recipe) of all that is there."""
    kept = []
    for path in sorted(folder.iterdir()) if folder.exists() else []:
        if path.suffix == ".grad":
            kept.append((path.name, "mutated", {"program": path.read_text("utf-8").removesuffix("\n"), "way": "run"}))
        elif path.suffix == ".json":
            recipe = json.loads(path.read_text("utf-8"))
            kept.append((path.name, recipe.pop("fuzzer"), recipe))
    return kept
