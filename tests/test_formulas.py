"""The formulas of operators are the gradients that their rules give: each is computed on the operator's samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradsh.engine import catalogue
from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.ops import families
from gradsh.errors import GradshError, Source
from gradsh.language import nodes
from gradsh.language.syntax import parse
from gradsh.looking import formulas
from gradsh.looking.formulas import Unknown
from gradsh.runtime.builtins import BUILTINS
from tests.conftest import ROOT

OPERATORS = {name: entry for name, entry in families.functions().items() if entry.differentiable and entry.samples}


def checked(entry: Any, sample: Any) -> tuple[int, list[str]]:
    """How many gradients of the sample the formula gives, and which of them are wrong."""
    args, kwargs = sample.draw()
    out = entry.apply(*args, **kwargs)
    if not isinstance(out, Tensor) or not out.requires:
        return 0, []
    bound = entry.signature.bind(args, kwargs)
    values = {p.name: v for p, v in zip(entry.signature.parameters, bound, strict=True)}
    rng = np.random.default_rng(1)
    g = make(rng.uniform(0.5, 1.5, out.data.shape).astype(out.data.dtype)[()])
    given = {**values, "g": g, "out": make(out.data)}
    given |= formulas.helpers(given, values)
    given = formulas.kept(entry, given, values)
    found, wrong = 0, []
    first = entry.signature.parameters[0].name
    for name, rule in formulas.rules_of(formulas.formula_of(entry, values), first).items():
        x = values.get(name)
        if not isinstance(x, Tensor) or not x.requires:
            continue
        (expected,) = run_grad([out], [x], [g], True, False, True, True, None)
        try:
            got = formulas.fitted(formulas.value_of(rule, given), x.data.shape)
        except Unknown:
            continue
        found += 1
        assert expected is not None
        if not np.allclose(got, expected.data, rtol=1e-5, atol=1e-7, equal_nan=True):
            wrong.append(f"{name}: {rule.text} gives {got}, the rule {expected.data}")
    return found, wrong


@pytest.fixture(autouse=True)
def quiet_numpy() -> Any:
    before = mode.grad
    with np.errstate(all="ignore"):
        yield
    mode.grad = before


def test_every_formula_that_can_be_computed_is_the_gradient() -> None:
    for name, entry in sorted(OPERATORS.items()):
        for sample in entry.samples():
            try:
                _, wrong = checked(entry, sample)
            except GradshError:
                continue
            assert not wrong, f"{name}{sample}: {wrong}"


def test_every_kink_can_be_told_from_what_its_operator_is_given() -> None:
    from gradsh.engine.operators.registry import OPERATORS as ALL

    families.functions()
    entries = {id(entry): entry for entry in ALL.values() if entry.at_kink and entry.samples}
    assert len(entries) >= 24
    for entry in entries.values():
        told = set()
        for sample in entry.samples():
            args, kwargs = sample.draw()
            try:
                bound = entry.signature.bind(args, kwargs)
            except GradshError:
                continue  # an overload with names of its own
            out = entry.apply(*args, **kwargs)
            values = {p.name: v for p, v in zip(entry.signature.parameters, bound, strict=True)}
            out = out if isinstance(out, Tensor) else out[0]
            values |= {"out": out, "g": out}
            for condition, slopes, taken in entry.at_kink:
                assert slopes and taken
                try:
                    formulas.value_of(formulas.Rule(condition), formulas.kept(entry, values, values))
                except Unknown:
                    continue
                told.add(condition)
        assert told == {condition for condition, _, _ in entry.at_kink}, entry.name


def test_what_the_programs_of_the_repository_use_has_a_formula() -> None:
    """Whatever they call that has samples and a derivative, and what stands for a gradient that is not there."""
    found = set()
    for path in (*(ROOT / "examples").rglob("*.grad"), *(ROOT / "tests" / "twins").glob("*.grad")):
        for node in nodes.walk(parse(Source(path.name, path.read_text(encoding="utf-8")), BUILTINS.commands())):
            function = node.function if isinstance(node, nodes.Call) else getattr(node, "right", None)
            if isinstance(function, (nodes.Name, nodes.Attribute)):
                found.add(function.name)
    names = {spelled for name in found for spelled in (name, name.rstrip("_"), f"linalg.{name}", f"special.{name}")}
    entries = [entry for name in sorted(names) if (entry := catalogue.operator(name)) is not None]
    used = [entry for entry in entries if entry.differentiable and entry.samples]
    assert len(used) > 60
    assert [entry.name for entry in used if not entry.formula] == []
