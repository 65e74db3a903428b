"""Every place of every call, attribute and statement, gone over in order, each with many odd values.

An input is one place, as a function `case(v)` that puts `v` there and does all that can be done with what comes of it,
and calls of it, one after another in one session: what is refused for a value costs no more than that one line. Where
a `try` stands around a part, what a program may catch is caught, and a fault of gradsh is none.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.fuzz import calls, corpus, odd_objects, odd_statements, values
from tests.fuzz.judge import Finding, observed, python_session, session_of

BATCH = 12
IN_ORDER = True  # inputs are made from their number too
VALUES = 8  # in one input
TENSORS = 40  # of what can be put there, drawn once
HANG = 60.0  # of all the lines of an input, each of which gets its Ctrl-C by itself


@functools.cache
def odd_values() -> list[str]:
    """All that is put in places: those of `values`, and tensors of many kinds."""
    draws = Random(5)
    tensors = [values.tensor(draws) for _ in range(TENSORS)]
    return [text for text in (*values.NUMBERS, *values.STRINGS, *values.OTHERS, *tensors) if text not in ("1:2", "...")]


@functools.cache
def places() -> list[tuple[Any, ...]]:
    """Every place, in an order that is always the same and has all kinds near to each other."""
    found: list[tuple[Any, ...]] = [*_of_names()]
    found += [(_object, *place) for place in odd_objects.places()]
    found += [(_as_is, program, "run") for program in odd_statements.places()]
    found += [(_as_is, program, "python") for program in odd_statements.python_places()]
    Random(0).shuffle(found)
    return found


def make(draws: Random, number: int | None = None) -> dict[str, Any]:
    """The input of that number goes on from the one before; without a number, any."""
    every = places()
    written, *place = every[number % len(every)] if number is not None else draws.choice(every)
    program, way = written(*place)
    given = odd_statements.python_values() if way == "python" else odd_values()
    return {"program": program, "cases": [f"case({text})" for text in draws.sample(given, VALUES)], "way": way}


def run(recipe: dict[str, Any]) -> list[Finding]:
    """Line after line in one session; one finding of each kind."""
    session = python_session() if recipe["way"] == "python" else session_of()
    found: dict[tuple[str, str], Finding] = {}
    for number, text in enumerate([recipe["program"], *recipe["cases"]]):

        def act(text: str = text, number: int = number) -> int:
            return session.run(text, f"<prompt {number}>").status

        for finding in observed(act).findings:
            found.setdefault(finding[:2], finding)
    return list(found.values())


def _as_is(program: str, way: str) -> tuple[str, str]:
    return program, way


def _object(form: str, made: str, name: str, use: str) -> tuple[str, str]:
    return form.format(made=made, name=name, use=use), "run"


# --- names ------------------------------------------------------------------------------------------------------------

CASE = """fn case(v) {{
  {setup}
  try {{
    let y = f({words}); print y
    let l = y if isinstance(y, Tensor) else y[0]
    let g = grad(l.sum(), {leaf}, create_graph, allow_unused); g[0].sum().backward(); print {leaf}.grad
  }} catch e {{ e }}
  try {{ vmap(fn(u) = f({inside}), randomness="different")(stack([{leaf}, {leaf}])) }} catch e {{ e }}
  try {{ jvp(fn(u) = f({inside}), {leaf}, {leaf}) }} catch e {{ e }}
  try {{ vmap(grad(fn(u) = f({inside})))(stack([{leaf}, {leaf}])) }} catch e {{ e }}
  let y = {name}({words})
  print y
}}"""
METHOD = """fn case(v) {{
  {setup}
  try {{ let b = {receiver} * 1; print b.{name}({rest}); b.sum().backward() }} catch e {{ e }}
  try {{ let b = {receiver} * 1; print b[0].{name}({rest}); b.sum().backward() }} catch e {{ e }}
  try {{ let b = {receiver} * 1; b.t().{name}({rest}); b.view(-1).{name}({rest}) }} catch e {{ e }}
  try {{ ({receiver} * 1).expand(2, -1).{name}({rest}) }} catch e {{ e }}
  try {{ no_grad {{ {receiver}.{name}({rest}) }} }} catch e {{ e }}
  try {{ vmap(fn(u) = u.{name}({rest}))(stack([{receiver}, {receiver}])) }} catch e {{ e }}
  try {{ vmap(fn(u) = {receiver}.{name}(u))(v) }} catch e {{ e }}
  try {{ jvp(fn(u) = (u * 1).{name}({rest}), {receiver}, {receiver}) }} catch e {{ e }}
  let w = {receiver}.{name}({rest})
  print w
}}"""
PLAIN = """fn case(v) {{
  let f = {name}
  try {{ let o = f({words}); print o; {use} }} catch e {{ e }}
  {name}({words})
}}"""


def _of_names() -> Iterator[tuple[Any, ...]]:
    for name in calls.names():
        if name == "env":
            continue
        for words in _calls_of(name):
            for place in _places(name, words):
                yield _name, name, words, place, False
    for name in calls.methods():
        for words in _calls_of(name) or [None]:
            for place in _places(name, words):
                yield _name, name, words, place, True


def _calls_of(name: str) -> list[Any]:
    """Numbers of samples; calls as they stand in examples where there are none; the bare name where there are none."""
    known = calls.samples(name) or calls.samples(name.removesuffix("_"))
    if known:
        return list(range(min(len(known), 3)))
    right = [words for words, _ in odd_objects.known().get(name, ())]
    return right or _examples_of(name) or ["", "ones(2, 3)", "ones(3, grad), 2"]


@functools.cache
def _examples() -> str:
    return "\n".join(text for group in corpus.pieces() for text in group)


def _examples_of(name: str) -> list[str]:
    """Arguments of up to two calls of it in the repository's programs."""
    text = _examples()
    found: list[str] = []
    at = -1
    while len(found) < 2 and (at := text.find(f"{name}(", at + 1)) >= 0:
        if at and (text[at - 1].isalnum() or text[at - 1] in "_."):
            continue
        depth, end = 0, at + len(name)
        while end < len(text):
            depth += (text[end] in "([{") - (text[end] in ")]}")
            end += 1
            if not depth:
                break
        inside = text[at + len(name) + 1 : end - 1]
        if inside not in found and "\n" not in inside:
            found.append(inside)
    return found


def _places(name: str, words: Any) -> list[str]:
    """Where the odd value goes: an argument's number, a keyword, or one more."""
    count = 3 if words is None else _count(name, words)
    known = [parameter[0] for parameter in calls.parameters(name)]
    first = words in (0, None) or (isinstance(words, str) and words == _calls_of(name)[0])
    return [*map(str, range(count)), *(known if first else ()), "+"]


def _count(name: str, words: Any) -> int:
    if isinstance(words, str):
        return len(odd_statements.split(words))
    args, _ = _sample(name, words).draw(0)
    return len(args)


def _sample(name: str, at: int) -> Any:
    return (calls.samples(name) or calls.samples(name.removesuffix("_")))[at]


def _name(name: str, words: Any, place: str, method: bool) -> tuple[str, str]:
    lines: list[str] = [] if method else [f"let f = {name}"]
    if isinstance(words, int):
        args, kwargs = _sample(name, words).draw(0)
        # a name has the number of its line: that of `f` is none
        given = [calls._written(value, lines) for value in args]
        keywords = {key: calls._written(value, lines) for key, value in kwargs.items()}
    elif words is None:
        given, keywords = ["ones(2, 2, grad)", "1", "1"], {}
    else:
        given, keywords = odd_statements.split(words), {}
    if place == "+":
        given.append("v")
    elif place.isdigit():
        given[int(place)] = "v"
    else:
        keywords[place] = "v"
        given = [word for word in given if word.partition("=")[0].strip() != place]
    every = [*given, *(f"{key}={value}" for key, value in keywords.items())]
    every = [word for word in every if not _is_keyword(word)] + [word for word in every if _is_keyword(word)]
    setup = "; ".join(lines) or "pass"
    if method:
        receiver, *rest = every or ["ones(2, 2)"]
        return METHOD.format(setup=setup, receiver=receiver, name=name, rest=", ".join(rest)), "run"
    leaf = next((word for word in given if word[0] == "a" and word[1:].isdigit()), "v")
    if isinstance(words, str) or not lines[1:]:
        use = odd_objects.use_of(name, words)
        return PLAIN.format(name=name, words=", ".join(every), use=use), "run"
    inside = ", ".join("u" if word == leaf else word for word in every)
    return CASE.format(setup=setup, name=name, words=", ".join(every), inside=inside, leaf=leaf), "run"


def _is_keyword(word: str) -> bool:
    before, sign, after = word.partition("=")
    return bool(sign) and before.strip().isidentifier() and not after.startswith("=")
