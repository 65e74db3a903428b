"""Which of several equal elements PyTorch picks: its selections are unstable, and their order of swaps decides.

Only rows with equal elements come here; in all others the picked places are clear.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.core import alloc

Before = Callable[[Any, Any], bool]


# inputs larger than this keep the stable choice: following PyTorch's swaps takes Python a microsecond per element
LONGEST = 100_000


def settle_ties(x: Any, index: Any, near: Any, axis: int, choose: Callable[[list[Any]], list[int]]) -> Any:
    """`index` along `axis` with the places of PyTorch in those rows of `x` where equal elements leave a choice.

    near     the elements, in order, among which equal ones leave a choice; None if there always is one
    choose   gives the places for the elements of one row
    """
    if x.size > LONGEST:
        return index
    if near is None:
        tied = alloc.ones([n for i, n in enumerate(x.shape) if i != axis], bool)
    else:
        near = np.moveaxis(near, axis, -1)
        # nan counts as equal to nan here
        same = (near[..., 1:] == near[..., :-1]) | (
            (near[..., 1:] != near[..., 1:]) & (near[..., :-1] != near[..., :-1])
        )
        tied = same.any(-1)
    if not tied.any():
        return index
    index = alloc.array(index)
    rows, places = np.moveaxis(x, axis, -1), np.moveaxis(index, axis, -1)
    for at in np.argwhere(tied):
        where = tuple(at)
        places[where] = choose(rows[where].tolist())
    return index


def around(k: int, n: int) -> range:
    """The rank k - 1 and its neighbours, of n."""
    return range(max(k - 2, 0), min(k + 1, n))


def quick_select(keys: list[Any], k: int) -> list[int]:
    """The order of places after PyTorch's quick selection of the element of rank `k` (kthvalue); nan is largest."""

    def after(a: Any, b: Any) -> bool:
        return bool((a != a and b == b) or a > b)

    v = list(keys)
    order = list(range(len(v)))

    def swap(i: int, j: int) -> None:
        v[i], v[j] = v[j], v[i]
        order[i], order[j] = order[j], order[i]

    left, right = 0, len(v) - 1
    while right > left:
        if right == left + 1:
            if after(v[left], v[right]):
                swap(left, right)
            break
        swap(left + (right - left) // 2, left + 1)
        if after(v[left + 1], v[right]):
            swap(left + 1, right)
        if after(v[left], v[right]):
            swap(left, right)
        if after(v[left + 1], v[left]):
            swap(left + 1, left)
        i, j, pivot = left + 1, right, v[left]
        while True:
            i += 1
            while after(pivot, v[i]):
                i += 1
            j -= 1
            while after(v[j], pivot):
                j -= 1
            if j < i:
                break
            swap(i, j)
        swap(left, j)
        if j <= k:
            left = i
        if j >= k:
            right = j - 1
    return order


def top(keys: list[Any], k: int, largest: bool, in_order: bool) -> list[int]:
    """The places that `topk` returns: C++'s nth_element and sort, or partial_sort for few of many."""

    def before(i: int, j: int) -> bool:
        a, b = keys[i], keys[j]
        if largest:
            return bool((a != a and b == b) or a > b)
        return bool((a == a and b != b) or a < b)

    order = list(range(len(keys)))
    if not k:
        return []
    if k * 64 <= len(keys):
        _heap_select(order, k, before)
        for last in range(k - 1, 0, -1):
            moved = order[last]
            order[last] = order[0]
            _sift(order, 0, last, moved, before)
        return order[:k]
    nth_element(order, k - 1, before)
    if in_order:
        order[: k - 1] = _sorted(order[: k - 1], before)
    return order[:k]


def nth_element(v: list[int], nth: int, before: Before) -> None:
    """libstdc++'s introselect on a list of places."""
    first, last = 0, len(v)
    depth = max(last.bit_length() - 1, 0) * 2
    while last - first > 3:
        if depth == 0:
            part = v[first:last]
            _heap_select(part, nth + 1 - first, before)
            v[first:last] = part
            v[first], v[nth] = v[nth], v[first]
            return
        depth -= 1
        cut = _partition(v, first, last, before)
        if cut <= nth:
            first = cut
        else:
            last = cut
    v[first:last] = _insertion(v[first:last], before)


def _partition(v: list[int], first: int, last: int, before: Before) -> int:
    a, b, c = first + 1, first + (last - first) // 2, last - 1
    if before(v[a], v[b]):
        middle = b if before(v[b], v[c]) else c if before(v[a], v[c]) else a
    else:
        middle = a if before(v[a], v[c]) else c if before(v[b], v[c]) else b
    v[first], v[middle] = v[middle], v[first]
    pivot, i, j = v[first], first + 1, last
    while True:
        while before(v[i], pivot):
            i += 1
        j -= 1
        while before(pivot, v[j]):
            j -= 1
        if i >= j:
            return i
        v[i], v[j] = v[j], v[i]
        i += 1


def _insertion(v: list[int], before: Before) -> list[int]:
    """Insertion sort, which is stable."""
    for i in range(1, len(v)):
        x, j = v[i], i
        while j and before(x, v[j - 1]):
            v[j] = v[j - 1]
            j -= 1
        v[j] = x
    return v


def _sorted(v: list[int], before: Before) -> list[int]:
    """libstdc++'s introsort."""
    pieces = [(0, len(v), max(len(v).bit_length() - 1, 0) * 2)]
    while pieces:
        first, last, depth = pieces.pop()
        while last - first > 16 and depth:
            depth -= 1
            cut = _partition(v, first, last, before)
            pieces.append((cut, last, depth))
            last = cut
    return _insertion(v, before)


def _sift(v: list[int], hole: int, length: int, value: int, before: Before) -> None:
    """libstdc++'s __adjust_heap."""
    top_hole = hole
    child = hole
    while child < (length - 1) // 2:
        child = 2 * (child + 1)
        if before(v[child], v[child - 1]):
            child -= 1
        v[hole] = v[child]
        hole = child
    if length % 2 == 0 and child == (length - 2) // 2:
        child = 2 * (child + 1)
        v[hole] = v[child - 1]
        hole = child - 1
    parent = (hole - 1) // 2
    while hole > top_hole and before(v[parent], value):
        v[hole] = v[parent]
        hole = parent
        parent = (hole - 1) // 2
    v[hole] = value


def _heap_select(v: list[int], k: int, before: Before) -> None:
    """libstdc++'s __heap_select: the first k become a heap of the best k."""
    for parent in range((k - 2) // 2, -1, -1):
        _sift(v, parent, k, v[parent], before)
    for i in range(k, len(v)):
        if before(v[i], v[0]):
            value = v[i]
            v[i] = v[0]
            _sift(v, 0, k, value, before)


def most_frequent(keys: list[Any]) -> int:
    """The place that `mode` returns: the last of the longest run after C++'s sort, in which nan equals nothing."""
    order = _sorted(list(range(len(keys))), lambda i, j: bool(keys[i] < keys[j]))
    best = run = 0
    place = 0
    for at, i in enumerate(order):
        run += 1
        if at == len(order) - 1 or keys[i] != keys[order[at + 1]]:
            if run > best:
                best, place = run, i
            run = 0
    return place
