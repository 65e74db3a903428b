"""What a program can hold, how each is made and used: for `odd`, which sets and calls all that they have."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Iterator
from pathlib import Path

from gradsh import Session
from tests.fuzz.corpus import ROOT

ATTRIBUTE = """fn case(v) {{
  let w = ones(3, grad); let o = {made}
  try {{ print o.{name} }} catch e {{ e }}
  try {{ let y = o.{name}(v); print y; print [each for each in y]; {use} }} catch e {{ e }}
  try {{ let y = o.{name}(v, v); print y; {use} }} catch e {{ e }}
  try {{ print o.{name}(ones(2), v) }} catch e {{ e }}
  try {{ print o.{name}(none, v) }} catch e {{ e }}
  try {{ print o.{name}("a", v) }} catch e {{ e }}
  try {{ print o.{name}(1, v) }} catch e {{ e }}
  try {{ let p = {made}; p.{name} = v; print p.{name}; print p; o = p; {use} }} catch e {{ e }}
  o.{name}(v)
}}"""
WHOLE = """fn case(v) {{
  let w = ones(3, grad); let o = {made}
  try {{ print o[v]; print o[v:]; print o[:v], o[::v] }} catch e {{ e }}
  try {{ print o[0, v] }} catch e {{ e }}
  try {{ print o(v) }} catch e {{ e }}
  try {{ print o + v }} catch e {{ e }}
  try {{ print v * o }} catch e {{ e }}
  try {{ print o == v, o < v, v in o, o in v, o is v, o and v }} catch e {{ e }}
  try {{ print o @ v, o ** v, o // v, o % v, -o, o & v, ~o, o << v }} catch e {{ e }}
  try {{ o += v; o -= v; o *= v; o /= v }} catch e {{ e }}
  let p = {made}
  try {{ p[v] = v; print p; o = p; {use} }} catch e {{ e }}
  try {{ p[0] = v; print p; o = p; {use} }} catch e {{ e }}
  try {{ del p[v]; print p }} catch e {{ e }}
  try {{ print isinstance(o, v), [o, v], {{o: v}}, f"{{o}}{{v}}", str(o), repr(o), type(o) }} catch e {{ e }}
  try {{ print f"{{o:>5}}", f"{{v:.2f}}", "%s" % o, "{{}}".format(o) }} catch e {{ e }}
  print cat(o, v)
}}"""
ANY = "print o.shape; o.sum().backward(); print o[0], len(o), [each for each in o]"
# whose methods are gone over as names are
TENSORS = frozenset(("ones(2, 3)", "arange(3)", "tensor(2., grad)", "(ones(2, grad) * 2)", "get_rng_state()"))


def sections(name: str) -> dict[str, str]:
    """The parts of a file beside this one, by their titles."""
    text = (Path(__file__).parent / name).read_text("utf-8")
    parts = (part.partition("\n") for part in text.removeprefix("=== ").split("\n=== "))
    return {title: inside.strip("\n") for title, _, inside in parts}


@functools.cache
def objects() -> dict[str, str]:
    """Expressions, and what is done with each."""
    found: dict[str, str] = {}
    for group in sections("odd_objects.txt")["objects"].split("\n\n"):
        lines = group.split("\n")
        uses = [line.strip() for line in lines if line[0] == " "]
        use = "; ".join(f"try {{ {text} }} catch e {{ e }}" for text in uses)
        found |= dict.fromkeys([line for line in lines if line[0] != " "], use)
    return found


@functools.cache
def known() -> dict[str, list[tuple[str, str]]]:
    """By the names of what makes things: (the arguments of a call that is right, what is done with what it gives)."""
    found: dict[str, list[tuple[str, str]]] = {}
    recorded = json.loads((ROOT / "tests" / "data" / "layers.json").read_text("utf-8"))["cases"]
    rows = [(case["make"], _called(case)) for case in recorded]
    rows += [(made, use) for made, use in objects().items() if made[0].isupper()]
    rows += [(text, ANY) for text in sections("odd_objects.txt")["calls"].split("\n")]
    for text, use in rows:
        name, bracket, words = text.partition("(")
        if bracket and words.endswith(")"):
            before = "let w = ones(3, grad); " if "[w]" in words else ""
            found.setdefault(name, []).append((words[:-1].replace("[w]", "[ones(3, grad)]"), before + use))
    return found


def _called(case: dict[str, str]) -> str:
    inputs = "; ".join(f"let {letter} = {text}" for letter, text in zip("abcd", case["inputs"], strict=False))
    return f"{inputs}; let net = o; let y = {case['call']}; print y; y.sum().backward(); o.eval(); {case['call']}"


def use_of(name: str, words: str) -> str:
    """What is done with what such a call gives."""
    return next((use for right, use in known().get(name, ()) if right == words), ANY)


def attributes(made: str) -> list[str]:
    """All that a program can reach on it."""
    from gradsh.runtime import access

    session = Session(out=io.StringIO(), err=io.StringIO())
    session.run(f"let w = ones(3, grad); let o = {made}")
    return [name for name in access.names(session.globals[".o"]) if name[:1] != "@"]


def places() -> Iterator[tuple[str, str, str, str]]:
    """(what is filled in, how it is made, an attribute, what is done) for each attribute, and the object as a whole."""
    for made, use in objects().items():
        yield WHOLE, made, "", use
        if made not in TENSORS:
            for name in attributes(made):
                yield ATTRIBUTE, made, name, use
