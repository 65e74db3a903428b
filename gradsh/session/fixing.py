"""What the help of an error says, done to the steps of the past, and what depends on these done again.

At a prompt earlier lines do not run again, and help that edits one would come too late. Here all lines are read as the
one program that they would be in a file: the step that failed is run once more with its place in that text, so that its
help speaks of lines of it; the help's edits give some lines another text; these run again from the state before the
first of them, and with them what used what they make. Where that does not get past the error nothing has changed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from gradsh.advice.applying import Edit, offers
from gradsh.errors import GradshError, Source
from gradsh.language.places import OLD, PROGRAMS, Program, Text
from gradsh.session.again import Shown, Stopped, makers_before, run_again
from gradsh.session.past import Past
from gradsh.session.steps import Step

if TYPE_CHECKING:
    from gradsh.session.session import Result


class NotFixed(Exception):
    """The help cannot be applied; the message says why. Nothing has changed."""


class Fixed:
    """What was done: `texts` are the new ones by the number of the step, `ran` the numbers of the steps that ran again.

    `shown` is what the step that had failed has shown this time; `error` its new error, if it has another.
    """

    __slots__ = ("error", "ran", "shown", "texts")

    def __init__(self, texts: dict[int, str], ran: list[int], shown: Shown, error: GradshError | None) -> None:
        self.texts = texts
        self.ran = ran
        self.shown = shown
        self.error = error


class Whole:
    """Steps as one text: those that worked up to one that failed, and that.

    numbers, starts   the numbers of the steps, and where each begins in `source`
    """

    def __init__(self, steps: list[Step], failed: int) -> None:
        self.steps = steps
        self.numbers = [number for number in range(failed + 1) if steps[number].worked or number == failed]
        self.starts: list[int] = []
        text = ""
        for number in self.numbers:
            self.starts.append(len(text))
            text += steps[number].text.rstrip() + "\n"
        self.source = Source("<lines>", text)

    @contextmanager
    def places(self, past: Past) -> Iterator[None]:
        """Meanwhile what these steps made is said to be made in the whole text."""
        at = {(self.steps[number].name, self.steps[number].text): start for number, start in self._places()}
        moved: list[tuple[Text, Source, object]] = []

        def move(text: Text) -> None:
            start = at.get((text.source.name, text.source.text))
            if start is not None:
                moved.append((text, text.source, text.spans))
                text.source, text.spans = self.source, [each + start for each in text.spans]

        def told(program: Program) -> None:
            move(program)

        for text in [*PROGRAMS.values(), *(old.text for old in OLD.values())]:
            move(text)
        past.told = told
        try:
            yield
        finally:
            past.told = None
            for text, source, spans in moved:
                text.source, text.spans = source, spans  # type: ignore[assignment]  # as they were

    def _places(self) -> Iterator[tuple[int, int]]:
        return zip(self.numbers, self.starts, strict=True)

    def texts(self, edits: list[Edit]) -> dict[int, str] | None:
        """The new text of each step that the edits change; None where one goes beyond a step."""
        found: dict[int, str] = {}
        for start, end, new in sorted(edits, reverse=True):
            at = bisect_right(self.starts, start) - 1
            if start == end == len(self.source.text):
                at = len(self.starts) - 1
            number, base = self.numbers[at], self.starts[at]
            text = found.get(number, self.steps[number].text.rstrip() + "\n")
            if end - base > len(text):
                return None
            found[number] = text[: start - base] + new + text[end - base :]
        return {number: text.strip() for number, text in found.items()}


def fix(past: Past, failed: int) -> Fixed:
    """Apply the help of the error of step number `failed`. Errors: NotFixed."""
    steps = past.done()
    if failed < past.kept:
        raise NotFixed("what was before that line is no longer kept")
    whole = Whole(steps, failed)
    error = _again(past, whole, failed)
    if error is None:
        raise NotFixed("the line works when it is run again: `:redo` or Up and Enter will do")
    if not error.help and getattr(error, "edit", None) is None:
        raise NotFixed("its error has no help that could be applied")
    try:
        found = _offers(whole, error)
    except LookupError:
        found = []
    why = "its help is advice, and no text that could stand somewhere"
    for texts in _ways(whole, found):
        try:
            return _applied(past, failed, texts, error)
        except NotFixed as failure:
            why = str(failure)
    raise NotFixed(why)


def _offers(whole: Whole, error: GradshError) -> list[list[Edit]]:
    if not error.labels or error.labels[0].span.source is not whole.source:
        return []
    edit: Edit | None = getattr(error, "edit", None)
    if edit is not None:
        return [[edit]]
    return offers(whole.source.text, error.labels[0].span, error.help or "")


def _ways(whole: Whole, found: list[list[Edit]]) -> Iterator[dict[int, str]]:
    """What each offer makes of which step; then the same done to all lines that are as the edited one is: what somebody
    enters again and again is wrong each time."""
    several = []
    for edits in found:
        texts = whole.texts(edits)
        if texts is None:
            continue
        yield texts
        was = {whole.steps[number].text: new for number, new in texts.items()}
        same = {number: was[whole.steps[number].text] for number in whole.numbers if whole.steps[number].text in was}
        if len(same) > len(texts):
            several.append(same)
    yield from several


def _again(past: Past, whole: Whole, failed: int) -> GradshError | None:
    """The error of a step, as one of the whole text."""
    found: list[GradshError] = []

    def ended(step: Step, result: Result) -> bool:
        if step is whole.steps[failed]:
            found.extend(result.errors[:1])
            return False
        return True

    must = _with_makers(past, {failed})
    with whole.places(past), suppress(Stopped):
        run_again(past, min(must), must, ended=ended)
    return found[0] if found else None


def _with_makers(past: Past, must: set[int]) -> set[int]:
    """These steps, and those that made graphs which one of them has freed. Errors: NotFixed."""
    while True:
        makers, lost = makers_before(past, min(must))
        if lost or min(must) < past.kept:
            raise NotFixed("the lines that it goes back to are no longer kept")
        if makers <= must:
            return must
        must = must | makers


def _applied(past: Past, failed: int, texts: dict[int, str], error: GradshError) -> Fixed:
    steps = past.done()
    must = _with_makers(past, {*texts, failed})
    start = min(must)
    errors: list[GradshError] = []

    def ended(step: Step, result: Result) -> bool:
        if step is steps[failed]:
            errors.extend(result.errors[:1])
            return result.ok or (result.errors[0].code, result.errors[0].message) != (error.code, error.message)
        return result.ok or not step.worked

    shown = Shown()
    try:
        aside = run_again(past, start, must, texts, ended, shown)
    except Stopped as stopped:
        said = stopped.result.errors[0].message.partition("\n")[0] if stopped.result and stopped.result.errors else ""
        again = (
            "it fails as before" if stopped.step is steps[failed] else f"line {stopped.step.label} fails then: {said}"
        )
        raise NotFixed(stopped.step.why_not_again or again) from None
    if len(aside.steps) != len(steps) - start:
        past.apart = aside
        past.unwind()
        raise NotFixed("what it gives is refused")
    ran = [
        start + place for place, (old, new) in enumerate(zip(steps[start:], aside.steps, strict=True))
        if old is not new and (old.counts or start + place in must)
    ]  # fmt: skip
    past.apart = aside
    past.settle()
    return Fixed(texts, ran, shown, errors[0] if errors else None)
