"""Random training scripts in Python come to the same by plans."""

from __future__ import annotations

from functools import partial

from tests.plans.compared import Run, compared, looked_at
from tests.plans.epochs import made


def test_random_training_scripts_come_to_the_same() -> None:
    planned = 0
    for seed in range(6):
        way = partial(Run, python=True, shared=True, **looked_at(seed))
        found, told = compared(made(seed), make=way)
        assert not found, f"program {seed}, {found}"
        planned += sum(not each.reason for each in told)
    assert planned > 5
