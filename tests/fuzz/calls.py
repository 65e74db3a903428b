"""Calls of every built-in with odd arguments: forward, backward, backward again, second derivatives, vmap, in place."""

from __future__ import annotations

import functools
from random import Random
from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor
from tests.fuzz import values
from tests.fuzz.judge import Finding, run_program

BATCH = 80
FEW = 24  # elements of a tensor that is written out
DERIVATIVES = (
    "jvp({f}, {x}, {x})", "vjp({f}, {x})", "jacobian({f}, {x})", "hessian({f}, {x})", "grad({f})({x})",
    "vmap(grad({f}))(stack([{x}, {x}]))", "jacfwd({f})({x})", "gradcheck({f}, ({x},))",
)  # fmt: skip


@functools.cache
def names() -> list[str]:
    """Every function, layer, optimiser and Python's own."""
    from gradsh.runtime.builtins import BUILTINS
    from gradsh.runtime.commands import WORDS

    return sorted(set(BUILTINS.names()) - set(WORDS))


@functools.cache
def methods() -> list[str]:
    from gradsh.engine.ops import families

    return sorted(families.methods())


@functools.cache
def samples(name: str) -> list[Any]:
    from gradsh.engine.ops import families

    entry = families.functions().get(name)
    return list(entry.samples()) if entry is not None and entry.samples is not None else []


@functools.cache
def parameters(name: str) -> list[tuple[str, str, bool, bool]]:
    """(name, kind, has a default, is a flag) of what it takes."""
    from gradsh.runtime.builtins import BUILTINS

    signature = BUILTINS.lookup(name)
    return [parameter.row() for parameter in signature.parameters or ()] if signature is not None else []


def make(draws: Random) -> dict[str, Any]:
    name = draws.choice(names()) if draws.random() < 0.8 else draws.choice(methods())
    lines: list[str] = []
    given, keywords = _arguments(name, draws, lines)
    changes = draws.choice((0, 1, 1, 1, 2))
    for _ in range(changes):
        _change(name, given, keywords, draws)
    uses = _use(name, given, keywords, draws)
    if draws.random() < 0.4 and name in names():  # through a variable nothing is refused before it runs
        uses = [f"let f = {name}", *(line.replace(f"{name}(", "f(") for line in uses)]
    lines += uses
    return {"program": "\n".join(lines), "way": draws.choice(("run", "run", "lines", "json"))}


def run(recipe: dict[str, Any]) -> list[Finding]:
    return run_program(recipe["program"], recipe["way"]).findings


# --- arguments --------------------------------------------------------------------------------------------------------


def _arguments(name: str, draws: Random, lines: list[str]) -> tuple[list[str], dict[str, str]]:
    """Arguments as text, tensors bound by lines before: a sample's, or made up."""
    known = samples(name)
    if known and draws.random() < 0.85:
        args, kwargs = draws.choice(known).draw(draws.randrange(1000))
        given = [_written(value, lines) for value in args]
        return given, {key: _written(value, lines) for key, value in kwargs.items()}
    wanted = parameters(name)
    needed = sum(kind == "positional" and not default for _, kind, default, _ in wanted)
    count = max(needed, draws.choice((0, 1, 1, 2, 3)))
    given = []
    for at in range(count):
        if at == 0 or draws.random() < 0.4:
            lines.append(f"let a{len(lines)} = {values.tensor(draws)}")
            given.append(f"a{len(lines) - 1}")
        else:
            given.append(values.number(draws) if draws.random() < 0.6 else values.anything(draws))
    return given, {}


def _written(value: Any, lines: list[str]) -> str:
    """A value as text; a tensor is bound to a name by a line of its own."""
    if isinstance(value, Tensor):
        lines.append(f"let a{len(lines)} = {_tensor(value)}")
        return f"a{len(lines) - 1}"
    if isinstance(value, (list, tuple)):
        inside = ", ".join(_written(each, lines) for each in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside},)" if inside else "()"
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value).replace("None", "none").replace("True", "true").replace("False", "false")
    return str(getattr(value, "name", "none"))


def _tensor(value: Tensor) -> str:
    array = np.asarray(value.data)
    flag = ", grad" if value.requires_grad else ""
    if array.size > FEW or 0 in array.shape:
        maker = "rand" if array.dtype.kind == "f" else "ones"
        return f"{maker}({', '.join(map(str, array.shape))}, dtype={array.dtype}{flag})"
    rounded = array.round(2).tolist() if array.dtype.kind == "f" else array.tolist()
    return f"tensor({rounded}, dtype={array.dtype}{flag})"


def _change(name: str, given: list[str], keywords: dict[str, str], draws: Random) -> None:
    """Something odd in the place of an argument, or one more, or one less."""
    what = draws.random()
    if given and what < 0.6:
        given[draws.randrange(len(given))] = _odd(draws)
    elif what < 0.8:
        known = [parameter[0] for parameter in parameters(name)]
        keywords[draws.choice([*known, "nosuch"])] = _odd(draws)
    elif given and what < 0.87:
        del given[draws.randrange(len(given))]
    else:
        given.insert(draws.randint(0, len(given)), _odd(draws))


def _odd(draws: Random) -> str:
    return values.tensor(draws) if draws.random() < 0.4 else values.anything(draws)


# --- what is done with it ---------------------------------------------------------------------------------------------


def _use(name: str, given: list[str], keywords: dict[str, str], draws: Random) -> list[str]:
    """Lines that call it."""
    if name in methods() and (name.endswith("_") or draws.random() < 0.3 or name not in names()):
        return _in_place(name, given, keywords, draws)
    words = [*given, *(f"{key}={value}" for key, value in keywords.items())]
    call = f"{name}({', '.join(words)})"
    leaf = next((word for word in given if word[0] == "a" and word[1:].isdigit()), None)
    inside = f"{name}({', '.join('v' if word == leaf else word for word in words)})"
    first = "let l = y if isinstance(y, Tensor) else y[0]"
    kind = draws.randrange(9)
    if leaf is None or kind < 3:
        return [f"let y = {call}", "print y", "y"]
    if kind < 5:
        again = ["backward l.sum(), retain_graph", "l.sum().backward()", f"print {leaf}.grad", "l.sum().backward()"]
        return [f"let y = {call}", first, *again]
    if kind == 5:
        again = [f"let g = grad(l.sum(), {leaf}, create_graph, allow_unused)", "g[0].sum().backward()", f"{leaf}.grad"]
        return [f"let y = {call}", first, *again]
    if kind == 6:
        return [f'vmap(fn(v) = {inside}, randomness="different")(stack([{leaf}, {leaf}]))']
    if kind == 7:
        how = draws.choice(DERIVATIVES)
        return [how.format(f=f"fn(v) = {inside}", x=leaf)]
    return [f"let y = {call}", f"let z = {call}", "print y, z"]


def _in_place(name: str, given: list[str], keywords: dict[str, str], draws: Random) -> list[str]:
    """The method, on a leaf, on what was computed, or on a view of it."""
    if not given:
        given = [values.tensor(draws)]
    receiver, *rest = given
    words = ", ".join([*rest, *(f"{key}={value}" for key, value in keywords.items())])
    on = draws.choice(("{x}", "b", "b.view(-1)", "b[0]", "b.t()", "b[..., :1]", "b.detach()", "b.expand(2, -1)"))
    lines = [
        f"let x = {receiver}",
        "let b = x * 1",
        f"let v = {on.format(x='x')}",
        f"let y = v.{name}({words})",
        "print y, v._version",
    ]
    if draws.random() < 0.6:
        lines += ["b.sum().backward()", "print x.grad"]
    if draws.random() < 0.2:
        lines += [f"vmap(fn(v) = v.{name}({words}))(stack([x, x]))"]
    return lines
