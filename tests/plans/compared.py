"""Programs run twice in this process, with plans forced and without; what can be told of the two runs is compared."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gradsh import Session
from gradsh.engine.core.tensor import Tensor
from gradsh.language.places import locate
from gradsh.language.program import LOOKING
from gradsh.plans.refusal import Seen
from gradsh.reports.plans import LoopPlan
from gradsh.session.python import PythonSession
from gradsh.session.session import Session as Base
from gradsh.view.display import Display
from tests.conftest import ROOT
from tests.plans import ways
from tests.plans.state import held
from tests.plans.watching import Watching

ADDRESS = re.compile(r"0x[0-9a-f]+")  # of an object, which is another in each run
ASKED = 4  # tensors that a program of a prompt has left
# What a program that was compiled for plans calls, as it is without them.
UNPLANNED = {
    "@looped": lambda items, *_: repeat(None) if items is None else items,
    "@entered": lambda *_: None,
    "@TooDeep": SimpleNamespace(deep=RecursionError),
}


class Run:
    """A session, and what its programs have come to.

    told    what became of each loop, where plans are made
    watched whether somebody sees the loops that run by plans
    noted   whether it is one of a prompt: what it does is noted, and it is asked about all that it leaves
    shared  for many small programs: without plans it runs what was compiled for plans, so that a text is compiled once
            for both, and errors come without advice, which takes longer than a loop
    """

    def __init__(
        self,
        planned: bool,
        forced: bool = True,
        python: bool = False,
        cells: bool = False,
        shared: bool = False,
        watched: bool = False,
        noted: bool = False,
    ) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.told: list[LoopPlan] = []
        display = Display(self.out, self.err)
        self.session: Base
        if python:
            self.session = PythonSession(display, cells=cells, argv=("program.py",), seed=0, plans=False)
        else:
            self.session = Session(display=display, seed=0, plans=False)
        if planned:
            Seen.mistakes = True
            ways.both()
            self.session.plan(forced, self.told.append)
            if watched:
                display.training = Watching  # type: ignore[method-assign, assignment]
        elif shared:
            self.session.plan()
            self.session.globals |= UNPLANNED
            self.session.context.planner = None
        self.noted = noted
        if noted:
            self.session.options = (*self.session.options, LOOKING)
        if shared:
            self.session._advise = lambda *_: None  # type: ignore[method-assign]

    def run(self, text: str, name: str = "<input>") -> list[str]:
        """What the program shows, its status and what it leaves, as lines."""
        for stream in (self.out, self.err):
            stream.seek(0)
            stream.truncate()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                status = str(self.session.run(text, name).status)
        except KeyboardInterrupt:
            status = "interrupted"
        left = [*(notes(self.session) if self.noted else ()), *held(self.session)]
        if self.noted and not isinstance(self.session, PythonSession):
            left += self.asked()
        shown = [f"out {line}" for line in ADDRESS.sub("0x", self.out.getvalue()).split("\n")]
        shown += [f"err {line}" for line in ADDRESS.sub("0x", self.err.getvalue()).split("\n")]
        return [*shown, f"status {status}", *left]

    def asked(self) -> list[str]:
        """What the words that look say of each tensor that the program has left."""
        tensors = [name[1:] for name, value in self.session.globals.items() if name[0] == "." and type(value) is Tensor]
        begun = self.out.tell()
        for name in tensors[:ASKED]:
            for word in ("why", "graph", "explain"):
                self.session.run(f"{word} {name}")
        self.out.seek(begun)
        return [f"asked {line}" for line in ADDRESS.sub("0x", self.out.read()).split("\n")]


def looked_at(seed: int) -> dict[str, bool]:
    """Who looks at the loops of a program that is made of the seed, as a Run takes it."""
    return {"watched": seed % 3 == 1, "noted": seed % 4 == 2}


def notes(session: Base) -> list[str]:
    """What is noted of the backward passes: how many there were at each line, and the last ones into each leaf."""
    passes = session.context.notes.passes  # type: ignore[union-attr]  # it looks

    def line(where: Any) -> str:
        span = None if where is None else locate(*where)
        return "" if span is None else f"{span.source.name}:{span.line}"

    found = sorted(f"passes {line(where)}: {count}" for where, count in passes.rounds.items())
    for name, value in session.globals.items():
        known = passes.known(value) if name[0] == "." and type(value) is Tensor else None
        if known is not None:
            last = [(line(where), round, None if g is None else repr(g.value)) for where, round, g in known.last]
            found.append(f"into {name}: {known.count}, {last}")
    return found


def difference(planned: Sequence[str], plain: Sequence[str]) -> str:
    """The first lines that are not the same, "" where all are."""
    for mine, other in zip(planned, plain, strict=False):
        if mine != other:
            return f"with plans:    {mine[:600]}\nwithout plans: {other[:600]}"
    if len(planned) != len(plain):
        longer = planned if len(planned) > len(plain) else plain
        words = "with" if longer is planned else "without"
        return f"only {words} plans: {longer[min(len(planned), len(plain))][:600]}"
    return ""


def compared(
    texts: Sequence[str], name: str = "<input>", make: Callable[[bool], Run] = Run
) -> tuple[str, list[LoopPlan]]:
    """The first difference, and what became of the loops of texts that run one after another in a session each way."""
    by_plan, plain = make(True), make(False)
    for at, text in enumerate(texts):
        found = difference(by_plan.run(text, name), plain.run(text, name))
        if found:
            return f"text {at}:\n{text}\n{found}", by_plan.told
    return "", by_plan.told


@contextlib.contextmanager
def apart(folder: Path) -> Iterator[None]:
    """In a folder from which programs find their data, and where what they save does no harm."""
    for name in ("examples", "tests"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    with contextlib.chdir(folder):
        yield
