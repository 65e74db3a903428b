"""What training loops are made of: each has a plan and comes to the same by it, or one sentence why it has none."""

from __future__ import annotations

import pytest

from gradsh.engine.operators.composite import MAKERS
from gradsh.engine.ops import families
from gradsh.engine.optim.base import Optimizer
from gradsh.engine.optim.schedulers import LRScheduler
from tests.plans import table, training
from tests.plans.compared import compared


@pytest.mark.parametrize("name", table.SCHEDULERS)
def test_schedulers_run_in_plans(name: str) -> None:
    found, told = compared([table.scheduled(name)])
    assert not found, found
    assert [each.reason for each in told] == [""]


def test_a_rate_that_takes_a_step_ends_no_plan() -> None:
    """Iterations 5 to 28 of 30 are one stretch, in which the rate is another three times."""
    _, told = compared([table.scheduled("StepLR")])
    assert told[0].plan is not None and told[0].plan.ran == 24


@pytest.mark.parametrize("name", table.OPTIMISERS)
@pytest.mark.parametrize("closure", [False, True], ids=["", "closure"])
def test_optimisers_run_in_plans(name: str, closure: bool) -> None:
    if "LBFGS" in name and not closure:
        pytest.skip("it has a closure")
    found, told = compared([table.optimised(name, closure)])
    assert not found, found
    # the closure, which is also called by itself
    assert {each.reason for each in told} - {"the call leaves a gradient"} == {table.OPTIMISERS[name]}


def test_all_are_tried() -> None:
    families.functions()
    tried = {text.partition("(")[0] for text in (*training.OPTIMISERS, *table.OPTIMISERS)}
    assert {kind.__name__ for kind in MAKERS if issubclass(kind, Optimizer)} == tried
    tried = {name.partition(",")[0] for name in table.SCHEDULERS}
    assert {kind.__name__ for kind in MAKERS if issubclass(kind, LRScheduler)} == tried


@pytest.mark.parametrize("name", table.REPLACED)
def test_what_is_replaced_in_each_iteration(name: str) -> None:
    """Names, items and fields that hold another tensor at the end than at the head."""
    found, told = compared([table.replaced(name)])
    assert not found, found
    assert [each.reason for each in told] == table.REPLACED[name][1]


@pytest.mark.parametrize("header", table.GOING)
@pytest.mark.parametrize("name", table.IN_TURN)
def test_iterations_of_several_shapes_in_turn(name: str, header: str) -> None:
    """Gradients that are summed over some iterations, and what is done now and then: a plan of so many iterations."""
    found, told = compared([table.in_turn(name, header)])
    assert not found, found
    assert [each.reason for each in told] == [""]
    assert told[0].plan is not None
    assert told[0].plan.period == table.IN_TURN[name][1]
    assert told[0].plan.ran > 20
