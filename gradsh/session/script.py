"""The program that a session has been: what worked of it and is needed, in order, so that it ends in the same state.

Read backwards: a step is needed if it bound or changed what is needed after it; then so is what it used. What was
bound anew later, undone, or only looked at is not. The random stream is a name among the others, and where it began
without a seed the program begins with the one that it had.
"""

from __future__ import annotations

import re

from gradsh.errors import Refused, Source
from gradsh.language import nodes
from gradsh.language.syntax import parse
from gradsh.runtime.builtins import BUILTINS
from gradsh.session.past import Past
from gradsh.session.steps import MODES, RANDOM, Step, comments

SHOWN = re.compile(r"_\d*")  # what a prompt hands to the lines that follow


class Script:
    """`text` is the program, `steps` how many of them are in it.

    missing   what it cannot do, in words, each a sentence
    """

    __slots__ = ("missing", "steps", "text")

    def __init__(self, text: str, steps: int, missing: list[str]) -> None:
        self.text = text
        self.steps = steps
        self.missing = missing


def script(past: Past) -> Script:
    """The program that made what there is now."""
    steps = past.done()
    names = set(past.session.bound())
    wanted = names | {RANDOM, MODES}
    kept: list[tuple[int, Step]] = []
    shown: set[int] = set()  # the labels of lines whose value later ones go on from
    half: list[Step] = []
    unknown: set[str] = set()
    for place in range(len(steps) - 1, -1, -1):
        step = steps[place]
        made = (step.binds | step.writes) & wanted
        if not step.worked:
            half += [step] * bool(made - {RANDOM})
            continue
        if not step.program:
            unknown |= made & names
            wanted -= step.binds
            continue
        if not made and step.label not in shown and not _is_wanted_by_itself(step):
            continue
        kept.append((place, step))
        wanted -= step.binds
        wanted |= {name for name in step.reads if not SHOWN.fullmatch(name) or name in names}
        shown |= _goes_on_from(steps, place, names)
    kept.reverse()
    lines = [_as_bound(step, shown) for _, step in kept]
    lines = [_going_on(steps, place, line, names) for (place, _), line in zip(kept, lines, strict=True)]
    lines = [
        "".join(f"{each}\n" for each in comments(step.paused)) + line
        for line, (_, step) in zip(lines, kept, strict=True)
    ]
    bound = set().union(*(step.binds for _, step in kept))
    missing = [f"what line {step.label} changed before it failed is not in it" for step in half]
    missing += [step.why_not_again for _, step in kept if step.paused]
    before = sorted(name for name in (wanted - bound) | unknown if name in names)
    if before:
        missing.append(f"{', '.join(f'`{name}`' for name in before)}: not bound by a line that is known")
    if RANDOM in wanted and past.drawn_before:
        missing.append("random numbers had been drawn before the first line")
    return Script(_head(past, RANDOM in wanted) + "".join(line + "\n" for line in lines), len(kept), missing)


def _head(past: Past, drawn: bool) -> str:
    """What the session began with: its seed, where numbers were drawn that no line had seeded, and its dtype."""
    generator = past.session.context.generator
    head = ""
    if drawn and generator is not None and any(RANDOM in step.reads for step in past.done()):  # else none was drawn
        head += f"manual_seed({generator.initial_seed()})\n"
    if past.first_default != "float32":
        head = f"set_default_dtype({past.first_default})\n" + head
    return head


def _is_wanted_by_itself(step: Step) -> bool:
    """Is it there to be seen in the program too, as `print` and `assert` are?"""
    tree = _tree(step.text)
    return tree is not None and any(
        isinstance(statement, nodes.Assert)
        or (isinstance(statement, nodes.Command) and statement.name == "print")
        or (
            isinstance(statement, nodes.ExprStmt)
            and isinstance(statement.value, nodes.Call)
            and getattr(statement.value.function, "name", "") == "print"
        )
        for statement in tree.body
    )


def _tree(text: str) -> nodes.Program | None:
    try:
        return parse(Source("<line>", text), BUILTINS.commands())
    except Refused:
        return None


# --- lines that go on from the value of another ----------------------------------------------------------------------


def _goes_on_from(steps: list[Step], place: int, names: set[str]) -> set[int]:
    """The labels of the lines whose values `_` and `_3` are in a line."""
    found = set()
    for name in steps[place].reads - names:
        if SHOWN.fullmatch(name):
            found.add(int(name[1:]) if name != "_" else _last_that_shows(steps, place))
    return found


def _last_that_shows(steps: list[Step], place: int) -> int:
    return next((s.label for s in reversed(steps[:place]) if s.worked and _last_expression(s.text) is not None), 0)


def _last_expression(text: str) -> nodes.Expr | None:
    """The expression whose value a line shows last."""
    tree = _tree(text)
    last = tree.body[-1] if tree is not None and tree.body else None
    muted = text.rstrip().endswith(";")
    return last.value if isinstance(last, nodes.ExprStmt) and not muted else None


def _as_bound(step: Step, shown: set[int]) -> str:
    """The line; where a later one goes on from its value, with that bound to a name."""
    text = step.text.strip()
    last = _last_expression(text) if step.label in shown else None
    return text if last is None else f"{text[: last.start]}let _{step.label} = {text[last.start :]}"


def _going_on(steps: list[Step], place: int, text: str, names: set[str]) -> str:
    """The line with `_` as the name of the line whose value that was."""
    tree = _tree(text) if "_" in steps[place].reads - names else None
    if tree is None:
        return text
    label = _last_that_shows(steps, place)
    for node in sorted(nodes.walk(tree), key=lambda node: -node.start):
        if isinstance(node, nodes.Name) and node.name == "_":
            text = f"{text[: node.start]}_{label}{text[node.end :]}"
    return text
