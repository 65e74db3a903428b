"""How far a loop that calls `backward` is, read off its frames and the gradients; see gradsh.runtime.training."""

from __future__ import annotations

import math
import sys
from time import monotonic
from types import FrameType
from typing import Any

import numpy as np

from gradsh.engine.core.graph import Node, Where
from gradsh.engine.core.namespaces import A
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Span
from gradsh.language.places import locate, text_of
from gradsh.looking.loops import Loop, Scope, around
from gradsh.looking.reading import edges, reachable, target
from gradsh.reports.training import Odd, TrainingState
from gradsh.runtime.passes import leaves_behind
from gradsh.runtime.training import Site, Training

RECENT = 2.0  # seconds that the rate is taken over
SAMPLES = 512  # losses that are kept; then every other one goes


def reading(training: Training, outputs: list[Tensor], where: Where | None, site: Site) -> TrainingState | None:
    """What is to be seen now; None where the backward stands in no loop."""
    turns = [turn for frame, loops in running_loops(sys._getframe()) for turn in _turns(frame, loops)]
    if not turns:
        return None
    if turns[-1][0] is None:
        total = turns[-1][1]
        turns[-1] = ((site.count - 1) % total + 1 if total else site.count, total)
    loss = float(outputs[0].data) if len(outputs) == 1 and outputs[0].data.size == 1 else None
    if loss is not None:
        site.losses.append(loss)
        if len(site.losses) > SAMPLES:
            del site.losses[::2]
    now, recent = monotonic(), site.recent
    recent.append((now, site.count))
    while len(recent) > 2 and now - recent[0][0] > RECENT:
        recent.popleft()
    since, before = recent[0] if len(recent) > 1 else (site.start, 0)
    rate = (site.count - before) / (now - since) if now > since else 0.0
    spent = now - site.start
    left, site.ends = _left(turns, spent, rate, site.count)
    norm = _norm(leaves_behind([each.edge for each in outputs if each.requires]))
    return TrainingState(turns, _name(where), loss, site.losses[:], norm, rate, spent, left, training.odd)


def running_loops(frame: FrameType | None) -> list[tuple[FrameType, list[Loop]]]:
    """The program's frames from `frame` outwards that are in a loop now, and those loops; the outermost first."""
    found: list[tuple[FrameType, list[Loop]]] = []
    while frame is not None:
        if text_of(frame.f_code) is not None:
            span = locate(frame.f_code, frame.f_lasti)
            loops = around(span) if span is not None else []
            if loops:
                found.append((frame, loops))
        frame = frame.f_back
    return found[::-1]


def scope_of(frame: FrameType) -> Scope:
    """The variables of a frame of the program."""
    return Scope(frame.f_locals, frame.f_globals)


def _turns(frame: FrameType, loops: list[Loop]) -> list[tuple[int | None, int | None]]:
    scope = scope_of(frame)
    return [scope.position(loop) for loop in loops]


def _left(
    turns: list[tuple[int | None, int | None]], spent: float, rate: float, count: int
) -> tuple[float | None, int]:
    """Seconds until the outermost loop is done, and the number of the pass that is then the last; None, -1 unknown."""
    done, whole = 0.0, 1
    for turn, total in turns:
        if turn is None or not total:
            return None, -1
        done, whole = done * total + turn - 1, whole * total
    done += 1  # this turn's pass has just run
    if len(turns) == 1:
        return ((whole - done) / rate if rate else None), count + whole - int(done)
    return (spent * (whole - done) / done if done else None), -1 if whole != done else count


def _norm(leaves: list[Tensor]) -> float | None:
    """The norm of all their gradients together; None where no gradient is there."""
    total, found = 0.0, False
    for leaf in leaves:
        if leaf.gradient is not None:
            g = np.asarray(leaf.gradient.data).ravel()
            total += float(np.dot(g, g)) if g.dtype.kind == "f" else 0.0
            found = True
    return math.sqrt(total) if found else None


def _name(where: Where | None) -> str:
    """What the program calls what it differentiates: `backward loss`, `loss.backward()`; "loss" where it is no name."""
    span = locate(where[0], where[1]) if where is not None else None
    text = span.text.strip() if span is not None else ""
    subject = text.removeprefix("backward ").split("(")[0].removesuffix(".backward").split(",")[0].strip()
    return subject if subject.isidentifier() and len(subject) <= 16 and subject != "backward" else "loss"


# --- the first nan ------------------------------------------------------------------------------------------------


def first_odd(loss: Tensor, step: int) -> Odd:
    """Which operator made the first nan, or inf where the loss is that, of the graph behind a loss."""
    value = "nan" if math.isnan(loss.data) else "inf" if loss.data > 0 else "-inf"
    is_odd = np.isnan if value == "nan" else np.isinf
    root = target(loss.node)
    if root is None:
        return Odd(step, value, "", "")
    for node in reversed(reachable(loss)[0]):  # the oldest first
        kept = _saved(node)
        for name, saved in kept.items():
            if not np.any(is_odd(saved)):
                continue
            if name == "result":
                return _made(node, step, value)
            maker = _giver(node, name)
            if maker.__class__ is Node:
                return _made(maker, step, value)
            if maker.__class__ is Tensor:
                return Odd(step, value, _variable(maker) or node.kind.operator, _place(node))
        if np.any(is_odd(_again(node, kept))):
            return _made(node, step, value)
    return _made(root, step, value)


def _made(node: Node, step: int, value: str) -> Odd:
    return Odd(step, value, node.kind.operator, _place(node))


def _place(node: Node) -> str:
    span: Span | None = locate(node.code, node.lasti) if node.code is not None else None
    return f"{span.source.name}:{span.line}" if span is not None else ""


def _saved(node: Node) -> dict[str, Any]:
    """What a node keeps, by PyTorch's names without `_saved_`: arrays and numbers."""
    try:
        found = node.kind.describe(node)
    except Exception:  # it was freed, or written over: said by the backward that is about to run
        return {}
    arrays = {name: value.data if value.__class__ is Tensor else value for name, value in found.items()}
    return {
        name.removeprefix("_saved_"): value
        for name, value in arrays.items()
        if isinstance(value, (np.ndarray, np.generic, int, float))
    }


def _again(node: Node, kept: dict[str, Any]) -> Any:
    """The result of an operator of one or two inputs, computed once more from what it kept; 0 for any other."""
    given = [kept[name] for name in ("self", "other", "exponent") if name in kept]
    if not given or len(given) < len(edges(node)) or len(given) != len(kept):
        return 0.0
    try:
        result = getattr(A, node.kind.operator)(*given)
    except Exception:  # it takes more than that
        return 0.0
    return result if isinstance(result, (np.ndarray, np.generic)) else 0.0


def _giver(node: Node, name: str) -> Any:
    """The edge of the input of that name; only where there is no doubt which it is."""
    given = edges(node)
    at = 0 if name in ("self", "input") or len(given) == 1 else 1 if name in ("other", "exponent") else -1
    return target(given[at]) if 0 <= at < len(given) else None


def _variable(leaf: Tensor) -> str:
    """The name that the running program has for a leaf."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if text_of(frame.f_code) is not None:
            for space in (frame.f_locals, frame.f_globals):
                for key, value in space.items():
                    if value is leaf and key[0] == ".":
                        return key[1:]
        frame = frame.f_back
    return ""
