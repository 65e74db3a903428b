"""Numbers that change in plans, where what Python does to them is no operator: `is`, `sum`, keys, how large one is."""

from __future__ import annotations

import io
import math
from typing import Any

import pytest

from gradsh import Session
from gradsh.plans import known
from gradsh.reports.plans import LoopPlan
from gradsh.runtime import steps
from tests.plans.compared import Run, compared

FLAG = "let t = 0; let v = ones(3)\nfor i in range(40) {{ let flag = i % 10 == 9; v += 1; {} }}\nprint t, v\n"
PYTHON = """\
t = 0
def of(flag):
    return 1 if flag is True else 2
for i in range(40):
    flag = i % 10 == 9
    BODY
print(t)
"""


@pytest.mark.parametrize(
    "body",
    [
        "if flag is true { t += 1 }",
        "if flag is not false { t += 1 }",
        "t += 1 if (v.sum() > 60).item() is true else 2",
        "t += 1 if i is 30 else 2",
        "let other = i % 4 == 1; if flag is other { t += 1 }",
        "let f = fn(x) = 1 if x is true else 2; t += f(flag)",
        "let n = none if i > 30 else 1; t += 1 if n is none else 2",
    ],
)
def test_a_bool_that_changes_is_true_or_false_itself(body: str) -> None:
    """It was neither: `if flag is true` was passed over in each turn of a plan."""
    found, told = compared([FLAG.format(body)])
    assert not found, f"{found}\n{[each.reason for each in told]}"


@pytest.mark.parametrize(
    "body",
    ["if flag is True: t += 1", "t += of(flag)", "if None is not flag is False: t += 2", "t += flag is not True"],
)
def test_a_bool_that_changes_in_a_python_program(body: str) -> None:
    found, told = compared([PYTHON.replace("BODY", body)], make=lambda planned: Run(planned, python=True))
    assert not found, found
    assert any(not each.reason for each in told), [each.reason for each in told]


@pytest.mark.parametrize("other", ["(1, 3.0)", "(1, 2.0)"])
def test_which_tuple_an_item_is(other: str) -> None:
    text = f"let a = (1, 2.0); let b = {other}; let t = 0\nfor p in [b] * 8 + [a] * 4 {{ t += 1 if p is a else 2 }}\nt"
    found, _ = compared([text])
    assert not found, found


@pytest.mark.parametrize("item", ["{1.0: 3.0}", "{true: 3.0}"])
def test_keys_that_are_equal_are_not_the_same(item: str) -> None:
    text = f"for d in [{{1: 2.0}}] * 10 + [{item}] * 5 + [{{1: 4.0}}] * 9 {{ for k in d {{ print k, d[k] }} }}"
    found, told = compared([text])
    assert not found and not told[0].reason, found or told[0].reason


@pytest.mark.parametrize("items", ["[2 ** 70] * 12", "[1] * 12 + [2 ** 70] * 3 + [2] * 9"])
def test_items_that_are_larger_than_a_word(items: str) -> None:
    found, _ = compared([f"let t = 0\nfor n in {items} {{ t += n }}\nt"])
    assert not found, found


@pytest.mark.parametrize(
    "expression",
    ["sum([x * t for x in xs])", "sum((i, t, 0.1))", "sum([i, 0.1, 0.2], start=t)", "sum(x * i for x in xs)"],
)
def test_a_sum_is_that_of_this_python(expression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From Python 3.12 on a sum of floats keeps what is lost on the way, and is no chain of additions."""

    def kept(items: Any, /, start: Any = 0) -> Any:
        items = list(items)
        return math.fsum([start, *items]) if all(type(each) in (int, float) for each in items) else sum(items, start)

    monkeypatch.setattr(steps, "sum", kept, raising=False)
    monkeypatch.setattr(known, "sum", kept, raising=False)
    text = f"let xs = [0.1, 0.2, 0.3, 0.7, 1.3]; let t = 1.0\nfor i in range(40) {{ t = {expression} / 3.0 }}\nt"
    found, told = compared([text])
    assert not found and not told[0].reason, found or told[0].reason


def test_a_sum_of_what_is_none() -> None:
    text = "let v = ones(2); let t = 0.0\nfor i in range(20) { v = v * 0.5 + BODY }\nv"
    for body in ("sum([i, v])", "sum([v, v], v)", "sum(range(i % 3))", "sum([])", "sum(v) + sum([i])"):
        found, _ = compared([text.replace("BODY", body)])
        assert not found, found


@pytest.mark.parametrize("head", ["fn g(x, d)", "let d = {2: 1}\nfn g(x)"])
@pytest.mark.parametrize(("first", "then"), [("{2: 1}", "{2.0: 1}"), ("{1: 1}", "{true: 1}"), ("{2: 1}", "{3: 1}")])
def test_a_call_whose_dict_has_other_keys(head: str, first: str, then: str) -> None:
    given = "(x, d)" if "d)" in head else "(x)"
    text = f"{head} {{ let y = x; for k in d {{ y = y * k }}; return y, [k for k in d][0] }}\nlet x = arange(4)\n"
    for each in (first, then, first):
        text += f"d = {each}\nfor _ in {{0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7}} {{ print g{given} }}\n"
    found, _ = compared([text if "let d" in head else "let d = none\n" + text])
    assert not found, found


LARGE_INTS = """\
fn grown(x, n) { for i in range(n) { x = x * 3; y = [x, i] }; return x }
let big = grown(1, 12000)
let a = grown(big, 300); let b = grown(big + 1, 300); let c = grown(big, 300)
let k = big
let w = ones(2, grad); let xs = []
for i in range(300) { w.grad = none; backward (w * 2).sum(); k = k + 1; if k == big { print i }; xs.append(k) }
print a == c, b - a == 3 ** 300, k - big, xs[-1] == k, w.grad
let x = 7
for i in range(11) { try { x = x ** 3 } catch err { pass } }
print x % 1000
"""


def test_ints_of_more_digits_than_python_writes() -> None:
    said = []
    for planned in (True, False):
        out, told = io.StringIO(), list[LoopPlan]()
        session = Session(out=out, err=out, seed=0, plans=False)
        if planned:
            session.plan(True, told.append)
        session.run(LARGE_INTS)
        said.append(out.getvalue())
        assert not planned or any(not each.reason for each in told)
    assert said[0] == said[1] and "error" not in said[0], said
