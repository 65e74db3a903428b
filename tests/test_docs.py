"""docs/: the reference is what the registries say (`make docs` writes it), the other pages show what happens.

What examples print is compared where they run anyway, in tests/test_help.py.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.record import manual
from tests.record.docs import DOCS, OUTPUT, REFERENCE, pages, without_outputs
from tests.test_readme import filled

WRITTEN = sorted(path for path in DOCS.glob("*.md"))


def test_the_reference_is_what_the_registries_say() -> None:
    made = pages(run=False)
    assert sorted(made) == sorted(path.name for path in REFERENCE.iterdir()), "make docs"
    for name, text in made.items():
        there = (REFERENCE / name).read_text(encoding="utf-8")
        assert without_outputs(there) == without_outputs(text), f"docs/reference/{name} is stale: make docs"


def test_the_manual_is_what_the_parsers_say() -> None:
    assert manual.MANUAL.read_text(encoding="utf-8") == manual.manual(), "docs/gradsh.1 is stale: make docs"


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_what_a_page_shows_is_what_happens(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert filled(text, tmp_path) == text


@pytest.mark.parametrize("path", [*WRITTEN, *sorted(REFERENCE.glob("*.md"))], ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text):
        file = path.parent / target if target else path
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {heading.lower().replace(".", "").replace(" ", "-") for heading in headings}, anchor


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in WRITTEN if path.name != "README.md" and f"]({path.name})" not in index] == []
    assert "docs/README.md" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_outputs_are_told_apart() -> None:
    text = "```gradsh\n1 + 1\n```\n\n```text\n2\n```\n"
    assert OUTPUT.search(text) and without_outputs(text) == "```gradsh\n1 + 1\n```\n"
