"""Every report has a view, as text and as data; every command is a file with all that the others loop over."""

from __future__ import annotations

import io
import json

import pytest

from gradsh import Session, reports
from gradsh.reports import Report
from gradsh.runtime import commands
from gradsh.view.json_lines import JsonDisplay
from gradsh.view.registry import View, view_of

REPORTS = [kind for kind in vars(reports).values() if isinstance(kind, type) and issubclass(kind, Report)][1:]


@pytest.mark.parametrize("kind", REPORTS, ids=lambda kind: kind.__name__)
def test_every_report_has_a_view(kind: type[Report]) -> None:
    view = view_of(kind.__new__(kind))
    assert type(view).text is not View.text and type(view).data is not View.data


@pytest.mark.parametrize("word", commands.WORDS)
def test_a_command_is_all_in_its_file(word: str) -> None:
    entry = commands.load(word)
    assert entry.name == word and entry.usage.split()[0] == word and entry.summary.endswith(".")
    for json_wanted in (False, True):
        out = io.StringIO()
        display = JsonDisplay(out, out) if json_wanted else None
        session = Session(out=out, err=out, display=display)
        assert entry.outside or session.run(entry.example).ok, out.getvalue()
        assert entry.example and session.run(f"help {word}").ok, out.getvalue()
        for line in out.getvalue().splitlines() if json_wanted else ():
            json.loads(line)
