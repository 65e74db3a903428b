"""Helpers on plain values give what Python gives, however they are run; what would take for ever is refused."""

from __future__ import annotations

import io
from typing import Any

import pytest

from gradsh import Session
from gradsh.runtime import steps

RANGES = [range(0), range(5), range(3, 20, 4), range(20, 3, -4), range(-5, 6), range(1, 4)]
LAZY = [
    lambda: range(-7, 9),
    lambda: range(9, -7, -3),
    lambda: reversed(range(9)),
    lambda: zip(range(9), range(9), strict=False),
    lambda: enumerate([5, 6, 7, 8]),
    lambda: iter(range(1 << 65, (1 << 65) + 9)),
]
WHOLE = [
    (steps.smallest, min),
    (steps.largest, max),
    (steps.any_of, any),
    (steps.all_of, all),
    (steps.ordered, sorted),
    (lambda items: list(steps.collected(items)), list),
]


@pytest.fixture
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEP", 2)
    monkeypatch.setattr(steps, "TEXT", 2)


@pytest.mark.usefixtures("short_steps")
def test_steps_change_nothing() -> None:
    for make in LAZY:
        for ours, pythons in WHOLE:
            assert ours(make()) == pythons(make())
        for item in (3, 3.0, 2.5, (2, 2), (1, 6), "a", True):
            assert steps.contains(item, make()) == (item in make())
        grown: list[Any] = [1]
        steps.extend(grown, make())
        assert grown == [1, *make()]
    for items in RANGES:
        assert steps.total(items) == sum(items)
        assert steps.total(items, start=3) == sum(items, 3)
        assert steps.total(items, 0.5) == sum(items, 0.5)
        assert steps.length(items) == len(items)
    assert steps.total(reversed(range(9))) == 36
    assert steps.total([[1], [2]], []) == [1, 2]
    for text in ("abcde", "aaab", ""):
        for part in ("", "a", "e", "cd", "bcd", "aab", "abcdef", "x"):
            assert steps.contains(part, text) == (part in text)


@pytest.mark.usefixtures("short_steps")
def test_any_and_all_read_no_further_than_they_must() -> None:
    pairs = zip([0, 1, 2, 3, 4], "abcde", strict=True)
    assert steps.contains((1, "b"), pairs) and next(pairs) == (2, "c")
    rest = iter(range(5))
    assert steps.any_of(rest) and next(rest) == 2
    rest = iter(range(1, 5))
    assert steps.all_of(rest) and list(rest) == []


@pytest.mark.parametrize("items", [range(0), reversed(range(0)), zip(), enumerate([])])
def test_nothing_has_no_extreme(items: Any) -> None:
    with pytest.raises(ValueError, match="empty"):
        steps.smallest(items)


def run(text: str) -> str:
    out = io.StringIO()
    Session(out=out, err=out).run(text)
    return out.getvalue()


def test_what_a_range_knows() -> None:
    assert run("print sum(range(10**10)), sum(range(7, 10**30, 3)) % 1000, max(range(10**12)), min(range(10**12))") == (
        "49999999995000000000 662 999999999999 0\n"
    )
    assert run("print round(5, -10**9), round(-5, -1), round(15, -1), round(2.567, 2)") == "0 0 20 2.57\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("10**10**8", "10**10**8"),
        ("let x = 3\nx **= 10**9", "x **= 10**9"),
        ("let x = 7\nwhile true { x = x * x }", "x * x"),
        ("let x = 7\nwhile true { x *= x }", "x *= x"),
        ("let x = 7\nwhile true { try { x = x ** 3 } catch e { } }", "x ** 3"),
        ("combinations(arange(40), 20)", "combinations(arange(40), 20)"),
        ("combinations(arange(10**6), 10**5)", "combinations(arange(10**6), 10**5)"),
    ],
)
def test_what_would_take_too_long_is_refused(text: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "LARGEST", 1 << 16)
    said = run(text)
    assert said.startswith("error[E0902]") and f"{'^' * len(part)}\n" in said


def test_powers_are_what_they_were() -> None:
    assert run(
        "let k = 5; print 2**k, 2.5**k, 2**-k, (1 + 1)**k, [v**k for v in [1, 2]], 1**10**9, (-1)**(10**9 + 1)"
    ) == ("32 97.65625 0.03125 32 [1, 32] 1 -1\n")
    assert run("let k = 2; let x = tensor([2., 3.], grad); backward (x**k).sum(); x.grad") == "tensor([4., 6.])\n"
    assert run("let n = 10**6; print (1 + 1/n)**n > 2.7, 10**1000 > 0") == "True True\n"
