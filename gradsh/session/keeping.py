"""A session in a file, and back: the values of its names, and what else belongs to its state.

Plain values and tensors are kept as they are, with flags and gradients, and are one tensor again where they were one.
Functions, models, optimisers and whatever else is made by a program are made again by the statement that bound them,
and then given the state that they had. What cannot be kept so is named: graphs, above all, which only running makes.
"""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.dtypes import NAMES, OF
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.core.users import ModelKind
from gradsh.engine.kernels.random import Generator
from gradsh.engine.printing.format import PrintOptions
from gradsh.errors import Refused, Source
from gradsh.language.syntax import parse
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.sets import Set
from gradsh.session.again import Reading
from gradsh.session.contents import ndarray
from gradsh.session.display import Display
from gradsh.session.host import CODEC
from gradsh.session.past import Past
from gradsh.session.state import Part, state

FORM = "gradsh session"
VERSION = 1


def kept(past: Past) -> tuple[dict[str, Any], list[str]]:
    """The session as a plain value, for gradsh.data, and what is not in it, in words."""
    session = past.session
    space, context = session.globals, session.context
    parts = state(space)
    plain: dict[str, Any] = {}
    made: list[list[str]] = []
    notes: list[str] = []
    copies: dict[int, Any] = {}
    graphs: list[str] = []
    statements = _statements(past)
    for name in session.bound():
        value = space["." + name]
        if _is_plain(value, set()):
            plain[name] = _detached(value, copies)
        elif name in statements:
            made.append([name, statements[name][1]])
        else:
            notes.append(f"`{name}` is a {parts[name].kind}, and which line made it is not known")
    made.sort(key=lambda pair: statements[pair[0]][0])
    again = {name for name, _ in made}
    tensors: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    states: dict[str, Any] = {}
    gradients: dict[str, Any] = {}
    for path, part in parts.items():
        name = _name_of(path)
        if name not in plain and name not in again:
            continue
        if part.kind == "tensor" and not path.endswith(".grad"):
            if part.source.node is not None:
                graphs.append(path)
            if part.source.gradient is not None:
                gradients[path] = _detached(part.source.gradient, copies)
            if name in again and not _is_of_optimizer(parts, path):
                tensors[path] = _detached(part.source, copies)
        elif name in again and part.kind in ("number", "text") and not _is_of_optimizer(parts, path):
            numbers[path] = part.value
        elif hasattr(part.source, "state_dict") and not isinstance(type(part.source), ModelKind):
            found = part.source.state_dict()
            if _is_plain(found, set()):
                states[path] = _detached(found, copies)
    if graphs:
        notes.append(f"{_listed(graphs)}: the values are kept, the graphs behind them are not")
    generator = context.generator
    stream = None if generator is None else make(generator.as_bytes())
    options = context.print_options and context.print_options.as_dict()
    value = {
        FORM: VERSION,
        "values": plain,
        "statements": made,
        "tensors": tensors,
        "numbers": numbers,
        "states": states,
        "gradients": gradients,
        "random": stream,
        "default dtype": OF[context.default].name,
        "grad": context.grad,
        "print options": options,
    }
    return value, notes


def restore(past: Past, kept: dict[str, Any], text: str) -> list[str]:
    """Let the session be as it was kept, as a step that can be undone; what could not be made again, in words.

    Errors: ValueError where it is no session.
    """
    if not isinstance(kept, dict) or kept.get(FORM) != VERSION:
        raise ValueError("it is no session that was saved with `:session save`")
    notes: list[str] = []

    def act() -> None:
        past.begin_anew()
        try:
            _bring_back(past, kept, notes)
        except (KeyError, TypeError, AttributeError):
            raise ValueError("it is no session that was saved with `:session save`") from None

    past.change(text, act)
    return notes


def _bring_back(past: Past, kept: dict[str, Any], notes: list[str]) -> None:
    session = past.session
    space, context = session.globals, session.context
    context.default = NAMES[kept["default dtype"]].np
    for name, value in kept["values"].items():
        space["." + name] = value
    display, session.display, files = session.display, Display(), session.files
    session.files = Reading(files.closed, files.stdin, files.sandboxed)  # a file that is read back writes no other
    try:
        for name, text in kept["statements"]:
            result = session.run(text, f"<{name}>")
            if not result.ok:
                notes.append(f"`{name}` could not be made again: {result.errors[0].message.partition(chr(10))[0]}")
    finally:
        session.display, session.files = display, files
    parts = state(space)
    lost = {
        path for path in (*kept["tensors"], *kept["states"]) if not _fits(parts.get(path), kept["tensors"].get(path))
    }
    for path, value in kept["tensors"].items():
        if path not in lost:
            tensor = parts[path].source
            tensor.data = value.data
            tensor.requires = value.requires
    for path, value in kept["states"].items():
        if path not in lost:
            parts[path].source.load_state_dict(value)
    for path, value in kept["numbers"].items():
        _set_field(parts, path, value)
    for path, value in kept["gradients"].items():
        if path in parts and parts[path].kind == "tensor":
            parts[path].source.gradient = value
    if lost:
        names = sorted({_name_of(path) for path in lost})
        notes.append(f"{_listed(names)}: made again by other lines than those that are known, and without the state")
    context.generator = None
    if kept["random"] is not None:
        context.generator = Generator()
        context.generator.from_bytes(kept["random"].data)
    context.grad = bool(kept["grad"])
    if kept["print options"] is not None:
        context.print_options = PrintOptions()
        context.print_options.update(**kept["print options"])


def _fits(part: Part | None, value: Any) -> bool:
    """Has what was made again the place for a state?"""
    if part is None:
        return False
    if value is None:
        return hasattr(part.source, "load_state_dict")
    return part.kind == "tensor" and part.value.shape == value.data.shape and part.value.dtype == value.data.dtype


def _set_field(parts: dict[str, Part], path: str, value: Any) -> None:
    """A number or a text that a model has as a field."""
    parent, _, name = path.rpartition(".")
    model: Any = parts[parent].source if parent in parts else None
    if isinstance(type(model), ModelKind) and path in parts and parts[path].value != value:
        model.__set_member__(name, value)


def _statements(past: Past) -> dict[str, tuple[int, str]]:
    """{name: (place, text)} of the statements that bound names last, where they stand by themselves."""
    found: dict[str, tuple[int, str]] = {}
    place = 0
    for step in past.done():
        if not step.program:
            found.clear()
            continue
        try:
            tree = parse(Source("<line>", step.text), BUILTINS.commands())
        except Refused:
            continue
        inside = set(step.binds)
        for statement in tree.body:
            place += 1
            for name in statement.binds():
                found[name] = (place, step.text[statement.start : statement.end])
                inside.discard(name)
        for name in inside:  # bound in a block, or by a function
            found.pop(name, None)
    return found


def _is_plain(value: Any, inside: set[int]) -> bool:
    """Can it be kept as it is?"""
    if value is None or isinstance(value, (bool, int, float, str)) or CODEC.tag(value) is not None:
        return True
    if isinstance(value, (Tensor, ndarray)) or CODEC.array(value) is not None:
        return CODEC.array(value) is not None
    if type(value) not in (list, tuple, dict, Set) and type(value).__name__ not in ("State", "StateDict"):
        return False
    if id(value) in inside:
        return False
    inside = inside | {id(value)}
    items = [*value.keys(), *value.values()] if isinstance(value, dict) else value
    return all(_is_plain(item, inside) for item in items)


def _detached(value: Any, copies: dict[int, Any]) -> Any:
    """The value with tensors that have no history; what was one tensor in two places is one again."""
    if isinstance(value, Tensor):
        if id(value) not in copies:
            copy = make(value.data)
            copy.requires = value.requires and value.node is None
            copy.extra = value.extra if value.extra is not None and value.extra.parameter else None
            copies[id(value)] = (copy, value)
        return copies[id(value)][0]
    if isinstance(value, dict):
        return {_detached(key, copies): _detached(item, copies) for key, item in value.items()}
    if isinstance(value, (list, tuple, Set)) and CODEC.tag(value) is None:
        items = [_detached(item, copies) for item in value]
        return tuple(items) if isinstance(value, tuple) else Set(items) if isinstance(value, Set) else items
    return value


def _is_of_optimizer(parts: dict[str, Part], path: str) -> bool:
    """Is it part of what has a state of its own?"""
    for at, character in enumerate(path):
        if character in ".[":
            source = parts[path[:at]].source if path[:at] in parts else None
            if hasattr(source, "state_dict") and not isinstance(type(source), ModelKind):
                return True
    return False


def _name_of(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")
