"""Record what PyTorch says of wrong calls: tests/data/wrong_calls.json.

    python -m tests.record.wrong_calls            the calls that the suite tries, chosen from all
    python -m tests.record.wrong_calls --all FILE every call, into another file

Needs torch. The calls are samples of the registry made wrong: an argument dropped, doubled, too many, misnamed, or of
a wrong type; those of which PyTorch says a TypeError are kept. A row is [operator, lines before, arguments, what
PyTorch's function says, what the method says]; either is null where there is none or it says something else.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from gradsh.engine.core.dtypes import NAMES as DTYPES
from gradsh.engine.core.dtypes import DType
from gradsh.engine.operators.samples import t
from tests.record.torch_side import FUNCTIONS, METHODS, torch_callables, torch_dtype

TARGET = Path(__file__).resolve().parents[1] / "data" / "wrong_calls.json"
KEPT = 2600  # so many are tried by the suite


class Told(Exception):
    """The value has no text in both languages."""


def both(value: Any, lines: list[str]) -> tuple[Any, str]:
    """An argument for PyTorch, and its text for gradsh; tensors get a name, whose line is added."""
    if isinstance(value, t):
        dtype = torch_dtype(DTYPES[value.dtype])
        sizes = "".join(f"{n}, " for n in value.shape)
        name = "abcdefgh"[len(lines)]
        lines.append(f"let {name} = ones({sizes or '[], '}dtype={value.dtype})")
        return torch.ones(value.shape, dtype=dtype), name
    if value is None or isinstance(value, (bool, int, float, str)):
        text = {None: "none", True: "true", False: "false"}.get(value) if not isinstance(value, (float, int)) else None
        if isinstance(value, bool):
            text = "true" if value else "false"
        if value in (float("inf"), float("-inf")) or value != value:
            raise Told
        return value, text or (json.dumps(value) if isinstance(value, str) else repr(value))
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        pairs = [both(v, lines) for v in value]
        inside = ", ".join(text for _, text in pairs)
        if isinstance(value, tuple):
            return tuple(v for v, _ in pairs), f"({inside}{',' * (len(pairs) == 1)})"
        return [v for v, _ in pairs], f"[{inside}]"
    if isinstance(value, DType):
        return torch_dtype(value), value.name
    raise Told


def spoiled(args: list[Any], kwargs: dict[str, Any], names: list[str]) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """The same call, made wrong in many ways."""
    yield args, kwargs
    if args:
        yield args[:-1], kwargs
        yield [], kwargs
    yield [*args, 1], kwargs
    yield [*args, 1, 2, 3, 4, 5, 6, 7, 8], kwargs
    yield args, {**kwargs, "nonsense": 1}
    for name in names[:3]:
        yield args, {**kwargs, name[:-1] or "z": 1}
        if names.index(name) < len(args):
            yield args, {**kwargs, name: args[names.index(name)]}
    for at, value in enumerate(args):
        for other in ("x", None, 1.5, [1.5], 99, True, t(2), ["x"], (1, "x")):
            if type(other) is not type(value) or not isinstance(other, (str, t)):
                yield [*args[:at], other, *args[at + 1 :]], kwargs
    for name in [*kwargs, *names[1:]]:
        if name in kwargs or names.index(name) >= len(args):
            for other in ("x", None, 1.5, [1.5], 99, True):
                yield args, {**kwargs, name: other}


def said(function: Any, args: list[Any], kwargs: dict[str, Any]) -> str | None:
    """What PyTorch says of a call that is a TypeError, else None."""
    try:
        function(*args, **kwargs)
    except TypeError as error:
        return str(error)
    except Exception:  # other kinds of errors are about values
        return None
    return None


def rows(name: str) -> Iterator[list[Any]]:
    """Every wrong call of one operator."""
    entry = FUNCTIONS[name]
    functions = torch_callables(name)
    if not functions:
        return
    method = getattr(torch.Tensor, name, None) if name in METHODS else None
    function = None if functions[0] is method else functions[0]
    samples = list(entry.samples()) if entry.samples is not None else []
    chosen = samples[:1] + sorted(samples[1:], key=lambda s: -len(s.args) - len(s.kwargs))[:1]
    calls = [(list(s.args), dict(s.kwargs)) for s in chosen] or [([], {}), (["x"], {})]
    names = [p.name for p in entry.signature.parameters if p.kind != "rest"]
    seen = set()
    for args, kwargs in calls:
        for wrong, keywords in spoiled(args, kwargs, names):
            lines: list[str] = []
            try:
                pairs = [both(a, lines) for a in wrong]
                named = {k: both(v, lines) for k, v in keywords.items()}
            except Told:
                continue
            text = ", ".join([*(p[1] for p in pairs), *(f"{k}={v[1]}" for k, v in named.items())])
            if (tuple(lines), text) in seen:
                continue
            seen.add((tuple(lines), text))
            theirs, their_keywords = [p[0] for p in pairs], {k: v[0] for k, v in named.items()}
            direct = said(function, theirs, their_keywords) if function is not None else None
            bound = None
            if method is not None and theirs and isinstance(theirs[0], torch.Tensor):
                bound = said(getattr(torch.Tensor, name), theirs, their_keywords)  # as `x.f(1)` is called
            if direct or bound:
                yield [name, "\n".join(lines), text, direct, bound]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--all", metavar="FILE")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = []
    for name in sorted(FUNCTIONS):
        found += list(rows(name))
    if not options.all:
        found.sort(key=lambda row: zlib.crc32(repr(row[:3]).encode()))
        found = sorted(found[:KEPT], key=lambda row: row[:3])
    target = Path(options.all) if options.all else TARGET
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in found)
    target.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(found)} wrong calls")
    return 0


if __name__ == "__main__":
    sys.exit(main())
