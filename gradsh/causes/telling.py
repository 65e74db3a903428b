"""From a cause to the report of `why`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradsh.causes import gradient, present, unreached
from gradsh.causes.cause import Cause, Root
from gradsh.causes.surroundings import Surroundings
from gradsh.causes.ways import Link
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Span
from gradsh.looking.amounts import amount
from gradsh.reports.why import Why, WhyRow


def why_of(
    around: Surroundings,
    t: Tensor,
    name: str,
    variables: Mapping[str, Any],
    about: Tensor | None = None,
    place: Span | None = None,
) -> Why:
    """The report on one tensor. `about` is another root than the last backward's, named in the program at `place`."""
    root = gradient.last_root(around)
    if about is not None:
        root = _asked(around, t, root, about, place)
    apart = about is not None and root is not None and not any(leaf is t for leaf in unreached.reached_leaves([about]))
    if t.gradient is not None and apart and t.node is None and (found := gradient.missing(around, t, name, root)):
        cause = found
        cause.words = f"nothing of it comes from {root.text}; {cause.words}"  # type: ignore[union-attr]  # see `apart`
    elif t.gradient is not None and (t.requires or t.node is not None):
        cause = present.present(around, t, name, root, variables)
        if root is not None and root.tensor is not None and cause.kind != "nan":
            cause.notes += present.kinks(around, t, root, variables)
    else:
        found = gradient.missing(around, t, name, root)
        cause = found if found is not None else Cause("unknown", "it is not known how it was made.")
    held = t.gradient
    report = Why(name, cause.kind, amount(held.data) if held is not None else None, cause.words)
    report.odd, report.odd_value = cause.odd, cause.odd_value
    report.rows = cause.rows or [row_of(around, link, cause) for link in cause.way]
    report.notes = cause.notes
    report.help = cause.help
    return report


def _asked(around: Surroundings, t: Tensor, last: Root | None, about: Tensor, place: Span | None) -> Root | None:
    """The root that is asked about. None where a backward from it would reach `t`, and none has run."""
    if place is None or (last is None and any(leaf is t for leaf in unreached.reached_leaves([about]))):
        return last
    page = around.page(place.source)
    step = page.step(place)
    return Root(about, " ".join(place.text.split()), page, step, [about]) if step is not None else last


def row_of(around: Surroundings, link: Link, cause: Cause) -> WhyRow:
    """A link of a way: where, what the program wrote, and what it was made of."""
    place = around.place(link.span)
    statement = link.step.statement if link.step is not None else None
    binds = statement.binds() if statement is not None else []
    text = link.page.text(link.node)
    if getattr(statement, "value", None) is link.node and len(binds) == 1:
        text = f"{binds[0]} = {text}"
    if link.cuts and cause.kind != "found":
        word = link.cuts[-1]
        said = "cut here" if text.endswith(link.page.text(word.node)) and len(link.cuts) == 1 else str(word)
        return WhyRow(place, text, f"✂ {said.replace('`', '')}", True)
    name = binds[0] if len(binds) == 1 and getattr(statement, "value", None) is link.node else link.name
    return WhyRow(place, text, f"{name or 'it'} is made of {link.of}" if link.of else "")
