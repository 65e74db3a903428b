"""Advice on the first nan or inf of a `nancheck` block, and on what `detect_anomaly` found."""

from __future__ import annotations

import re

from gradsh.advice.scene import Scene
from gradsh.causes import gradient, odd
from gradsh.causes.flows import reads
from gradsh.causes.graph import Graph
from gradsh.causes.surroundings import Context
from gradsh.causes.untracked import Search
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Label
from gradsh.looking.reading import read
from gradsh.looking.replay import Replay
from gradsh.runtime.namespace import variables


def nan_found(scene: Scene) -> None:
    """E0414: where it began, with its numbers, and the way out."""
    subject = scene.error.subject
    if not isinstance(subject, tuple) or scene.primary is None:
        return
    if subject[0] == "backward":
        backward(scene)
        return
    value, at = subject[1], subject[2]
    name = odd.named(float(value.data[at] if at else value.data))
    came = came_in(scene)
    numbers = with_numbers(scene, at)
    where = f", at {odd._at(at)}" if at else ""
    scene.error.labels[0].text = f"first {name}, forward{where}" + (f": {numbers}" if numbers else "")
    if came is not None:
        scene.error.labels[0].text = f"{name}{where}"
        scene.add(scene.located(came[1].made_at), f"`{came[0]}` has it already")
        return
    if isinstance(value, Tensor) and value.node is not None:
        reading = read(value, variables(scene.globals), "")
        found = odd.Beginning(reading.rows[0], True, at, name)
        scene.offer(odd.help_for(scene, reading, found))


def came_in(scene: Scene) -> tuple[str, Tensor] | None:
    """A tensor that the expression reads and that is no number already."""
    assert scene.primary is not None
    node = scene.page(scene.primary.source).expression(scene.primary)
    if node is None:
        return None
    for each in reads(node):
        value, text = Search(scene).reached(each, Context(scene.page(scene.primary.source), scene.here().code))
        if isinstance(value, Tensor) and value.data.dtype.kind == "f" and odd.odd_places(value.data):
            return text, value
    return None


def with_numbers(scene: Scene, at: tuple[int, ...]) -> str:
    """The expression with the numbers of its variables at that position: `log(-1)`."""
    assert scene.primary is not None
    page = scene.page(scene.primary.source)
    node = page.expression(scene.primary)
    if node is None:
        return ""
    text = page.text(node)
    for each in reads(node):
        value, name = Search(scene).reached(each, scene.here())
        if not isinstance(value, Tensor):
            continue
        if value.data.ndim and value.data.ndim != len(at):
            return ""
        number = float(value.data[at] if value.data.ndim else value.data)
        text = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w(\[])", f"{number:.6g}", text)
    return text if text != page.text(node) else ""


def backward(scene: Scene) -> None:
    root = gradient.last_root(scene)
    if root is None or root.tensor is None:
        return
    graph = Graph.of(scene, root, variables(scene.globals))
    found = odd.begin(graph.reading, graph.walk)
    if found is None:
        return
    scene.error.message = f"{found.value} in backward, which began {odd.began(graph, found)}"
    for span, words in odd.labels(found):
        scene.error.labels = [label for label in scene.error.labels if label.span != span]
        scene.error.labels.append(Label(span, words))
    said = odd.reasons(graph.reading, found, graph.variables, graph.walk, scene)
    if said:
        scene.error.note = "\n".join(said)
    scene.offer(odd.help_for(scene, graph.reading, found))


def anomaly(scene: Scene) -> None:
    """E0411 of `detect_anomaly`: a nan that was there before backward, forward of which numbers."""
    root = gradient.last_root(scene)
    if root is None or root.tensor is None:
        return
    reading = read(root.tensor, variables(scene.globals), root.text)
    found = odd.begin(reading, Replay({}))
    if found is None or not found.forward:
        return
    numbers = odd.sum_up(reading, found, variables(scene.globals), Replay({}))
    where = f", at {odd._at(found.at)}" if found.at else ""
    scene.add_all([(found.row.span, f"first {found.value}, forward{where}" + (f": {numbers}" if numbers else ""))])
    for label in scene.error.labels:
        if found.row.span is not None and label.span == found.row.span:
            label.text = f"first {found.value}, forward{where}" + (f": {numbers}" if numbers else "")
    scene.offer(odd.help_for(scene, reading, found))
