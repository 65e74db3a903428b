"""Of what the items of a data set are made, where one may have them before their time, and again.

That is so of sets of tensors, of lists, and of a program's own classes whose `__getitem__` does nothing but read what
the object has: `return self.x[at], self.y[at]`. What calls anything, writes or draws is made when the loop comes to it.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from gradsh.engine.core.tensor import Tensor
from gradsh.engine.ops.program.datasets import Subset, TensorDataset
from gradsh.plans.classes import is_instance
from gradsh.plans.codes import instructions

PLAIN = (int, float, bool, str, type(None))
MOST = 10_000  # things of which items are made: they are gone through each time that a plan begins
READS = frozenset({"@attr", "__class__", "@tuple", "@key", ".len"})
# Instructions that write nothing but names of the function itself, and call what is in READS.
DOES = frozenset(
    """
    RESUME NOP CACHE PUSH_NULL LOAD_GLOBAL LOAD_FAST LOAD_FAST_CHECK LOAD_FAST_BORROW LOAD_FAST_LOAD_FAST
    LOAD_FAST_BORROW_LOAD_FAST_BORROW STORE_FAST STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST LOAD_CONST LOAD_SMALL_INT
    LOAD_ATTR IS_OP PRECALL CALL POP_JUMP_IF_FALSE POP_JUMP_FORWARD_IF_FALSE JUMP_FORWARD BINARY_SUBSCR BINARY_OP
    BUILD_TUPLE BUILD_LIST BUILD_MAP BUILD_CONST_KEY_MAP RETURN_VALUE RETURN_CONST NOT_TAKEN
    """.split()  # noqa: SIM905 - one each line would be thirty lines
)


def made_of(dataset: Any) -> list[Any] | None:
    """The tensors, lists and objects that its items are made of; None where nobody knows."""
    while type(dataset) is Subset:
        if not isinstance(dataset.indices, (list, tuple, range)):
            return None
        dataset = dataset.dataset
    if type(dataset) is TensorDataset:
        held: Any = dataset.tensors
        return list(held) if all(t.__class__ is Tensor for t in held) else None
    if type(dataset) in (list, tuple):
        return parts(dataset)
    if is_instance(dataset) and reads(type(dataset), vars(dataset)):
        return parts([dataset, *(value for value in vars(dataset).values() if type(value) not in PLAIN)])
    return None


def parts(x: Any) -> list[Any] | None:
    """All that it has; None where that is more than tensors, numbers, texts and lists of such."""
    found: list[Any] = []
    ahead = [x]
    while ahead:
        each = ahead.pop()
        if type(each) in (list, tuple):
            ahead += each
            found.append(each)
        elif type(each) is Tensor or is_instance(each):
            found.append(each)
        elif type(each) not in PLAIN:
            return None
        if len(found) + len(ahead) > MOST:
            return None
    return found


def reads(kind: Any, has: dict[str, Any]) -> bool:
    """Whether its objects do nothing but read what they have to give an item, and to say how many there are."""
    written: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        written |= base.__dict__.get("written", {})
    if not {"__getattr__", "__getattribute__"}.isdisjoint(written):
        return False
    return all(is_reading(written.get(name), written, has) for name in ("__getitem__", "__len__"))


def is_reading(function: Any, written: dict[str, Any], has: dict[str, Any]) -> bool:
    if type(function) is not FunctionType or function.__closure__ or not READS.issuperset(function.__code__.co_names):
        return False
    code = function.__code__
    if ".len" in code.co_names and function.__globals__.get(".len") is not len:
        return False
    for constant in code.co_consts:
        if type(constant) not in (*PLAIN, tuple):
            return False
        if type(constant) is str and constant in written and constant not in has:  # a property, or a method
            return False
    return all(
        each.opname in DOES and not (each.opname == "BINARY_OP" and each.argrepr.endswith("="))
        for each in instructions(code)
    )
