"""Compare every operator of the registry with PyTorch, on PyTorch's own samples and on freshly drawn calls.

    python -m tests.record.compare                      everything; a table of counts, then what differs
    python -m tests.record.compare --op softmax --op linalg.qr      these only (PyTorch's names or gradsh's)
    python -m tests.record.compare --kind first --seed 7            one kind of comparison, another seed
    python -m tests.record.compare --all                    every difference, not only the first of each operator

Needs torch 2.13 with `expecttest` (its operator samples import it). Writes nothing; exit status 1 if something differs
that the table DELIBERATE in tests/record/deliberate.py does not explain.

Kinds: forward, first and second derivatives, name (of the output's grad_fn) and freed (what a second backward does), on
PyTorch's samples in float64 and float32 and on the registry's samples; dtypes (registry's samples in other dtypes);
special (0, -0, inf, nan, ties, huge, tiny through every elementwise operator); layouts (registry's samples laid out in
memory in other ways: values and strides), grads (strides of what `grad()` gives for those); errors (PyTorch's bad
calls); calls (bad calls of our own: an argument too few, too many, of a wrong type); method (the call as a method);
random (the stream).
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import time
import warnings
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import torch
from torch.testing._internal import common_methods_invocations as methods_invocations

from gradsh.errors import InternalFault
from gradsh.runtime import faults
from gradsh.runtime.builtins import BUILTINS
from tests.record import deliberate, layouts, spoiled, streams
from tests.record.torch_side import (
    FUNCTIONS,
    METHODS,
    UP_TO_SIGN,
    Pair,
    Unsupported,
    array_of,
    cotangent,
    difference,
    error_of,
    gradsh_callable,
    is_tensor,
    our_grads,
    run_ours,
    run_theirs,
    tensors_of,
    their_grads,
    torch_callables,
)

KINDS = ["forward", "first", "second", "name", "freed", "dtypes", "special", "errors", "calls", "method", "random"]
KINDS += ["layouts", "grads"]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 6.0, 1e-3, 20.5, -20.5, 1e-30, -1e-30, 1e30, -1e30]
SPECIAL += [5e-324, 1e-310, 1e300, -1e300, 88.0, 710.0, -745.0, math.inf, -math.inf, math.nan, 1.5, -1.5, 2.5]
INTEGERS = [0, 1, -1, 2, -2, 3, 7, 127, -128, 2**31, -(2**31), 2**62, 2**63 - 1, -(2**63)]


class Report:
    """Counts per operator and kind, and what differs."""

    def __init__(self, every: bool) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.wrong: dict[str, Counter[str]] = defaultdict(Counter)
        self.skipped: Counter[str] = Counter()
        self.explained: Counter[str] = Counter()
        self.spoiled: Counter[str] = Counter()
        self.found: list[tuple[int, str, str, str]] = []
        self.every = every

    def same(self, kind: str, name: str) -> None:
        self.counts[kind][name] += 1

    def differs(self, kind: str, name: str, text: str) -> None:
        self.counts[kind][name] += 1
        reason = deliberate.reason(kind, name, text)
        if reason:
            self.explained[reason] += 1
            return
        self.wrong[kind][name] += 1
        if kind == "calls":
            self.spoiled[spoiled.kind(text)] += 1
        if self.every or self.wrong[kind][name] <= 2:
            self.found.append((0 if "CRASH" in text else 1 + KINDS.index(kind), kind, name, text))

    def skip(self, reason: str) -> None:
        self.skipped[reason] += 1

    def show(self) -> int:
        for _, kind, name, text in sorted(self.found):
            print(f"{kind:8s} {name}: {text}")
        print("\nkind      operators  compared  different")
        for kind in KINDS:
            if self.counts[kind]:
                total, wrong = sum(self.counts[kind].values()), sum(self.wrong[kind].values())
                most = dict(self.wrong[kind].most_common(12))
                print(f"{kind:8s} {len(self.counts[kind]):10d} {total:9d} {wrong:10d}  {most}")
        calls = sum(self.counts["calls"].values())
        if calls:
            share = sum(self.spoiled.values()) / calls
            print(f"\nspoiled calls with other words: {share:.1%} of {calls}, at most {spoiled.PART:.0%}")
            for words, count in self.spoiled.most_common():
                print(f"{count:8d} {words}")
        for title, table in (("differs on purpose", self.explained), ("left out", self.skipped)):
            print(f"\n{title}:")
            for reason, count in table.most_common():
                print(f"{count:8d} {reason}")
        return sum(sum(c.values()) for c in self.wrong.values())


class Comparison:
    """One run: which kinds, which random numbers."""

    def __init__(self, kinds: list[str], seed: int, report: Report, limit: int) -> None:
        self.kinds = kinds
        self.rng = np.random.default_rng(seed)
        self.report = report
        self.limit = limit

    # --- one call with everything about it ---------------------------------------------------------------------------

    def call(
        self,
        name: str,
        label: str,
        theirs: Any,
        ours: Any,
        args: Any,
        kwargs: Any,
        *,
        kind: str = "forward",
        cast: Any = None,
        floor: float = 0.1,
        deep: bool = True,
    ) -> bool:
        """Compare one call on both sides; the label says which. Gives whether it could be compared."""
        report = self.report
        try:
            pair = Pair(args, kwargs, cast)
        except Unsupported as reason:
            report.skip(str(reason))
            return False
        said = (
            error_of(lambda: done.append(run_theirs(theirs, pair.theirs, pair.their_keywords)))
            if (done := []) == []
            else None
        )
        try:
            result = run_ours(ours, pair.ours, pair.our_keywords)
        except Exception as error:  # every error is of interest
            ours_said = error_of(lambda error=error: _raise(error))
            crash = not hasattr(error, "message")
            if said is None or crash:
                report.differs(
                    kind,
                    name,
                    f"{label} {'CRASH' if crash else 'raises'} {type(error).__name__}: {ours_said[1][:200]}"
                    + (f" (torch: {said[1][:80]})" if said else ""),
                )
            elif kind == "forward" or kind == "dtypes":
                wanted = "errors" if kind == "forward" else "dtypes"
                if said == ours_said:
                    report.same(wanted, name)
                else:
                    report.differs(
                        wanted,
                        name,
                        f"{label}\n    torch {said[0]}: {said[1]!r}\n    ours  {ours_said[0]}: {ours_said[1]!r}",
                    )
            return True
        if said is not None:
            report.differs(kind, name, f"{label} gives a result where torch raises {said[0]}: {said[1][:160]}")
            return True
        out_theirs, out_ours = list(tensors_of(done[0])), list(tensors_of(result))
        try:
            arrays = [array_of(o) for o in out_theirs]
        except Unsupported as reason:
            report.skip(str(reason))
            return False
        if name in UP_TO_SIGN and any(
            _signs_differ(arrays[at], array_of(out_ours[at])) for at in UP_TO_SIGN[name] if at < len(out_ours)
        ):
            report.skip("another sign of eigenvectors or singular vectors (LAPACK's libraries differ)")
            return False
        problem = _outputs_differ(arrays, out_theirs, out_ours, floor)
        if problem:
            report.differs(kind, name, f"{label} {problem}")
            return True
        report.same(kind, name)
        if not deep:
            return True
        flags = [bool(o.requires_grad) for o in out_theirs if is_tensor(o)]
        own_flags = [bool(o.requires_grad) for o in out_ours if is_tensor(o)]
        if flags != own_flags:
            report.differs("first", name, f"{label} requires_grad of outputs {own_flags}, torch's {flags}")
            return True
        outputs = [(p, q) for p, q in zip(out_theirs, out_ours, strict=True) if is_tensor(p) and p.requires_grad]
        if outputs and pair.inputs:
            self.name(name, label, outputs)
            self.derivatives(name, label, pair, outputs, floor)
        return True

    def name(self, name: str, label: str, outputs: list[Any]) -> None:
        if "name" not in self.kinds:
            return
        wanted = [p.grad_fn.name().removeprefix("torch::autograd::") if p.grad_fn else None for p, _ in outputs]
        found = [q.grad_fn.kind.name if q.grad_fn else None for _, q in outputs]
        if wanted == found:
            self.report.same("name", name)
        else:
            self.report.differs("name", name, f"{label} {found}, torch's {wanted}")

    def derivatives(self, name: str, label: str, pair: Pair, outputs: list[Any], floor: float) -> None:
        kinds, report = self.kinds, self.report
        if not {"first", "second", "freed"} & set(kinds):
            return
        second = "second" in kinds
        seeds = [cotangent(p, self.rng, second) for p, _ in outputs]
        inputs = list(pair.inputs)
        result = self.both_grads("first", name, label, outputs, inputs, seeds, second, floor)
        if result is None:
            return
        if second:
            grads = [(p, q) for p, q in result if p is not None and p.requires_grad]
            lacking = [
                k
                for k, (p, q) in enumerate(result)
                if p is not None and q is not None and p.requires_grad != q.requires_grad
            ]
            grads = [(p, q) for p, q in grads if q is not None and q.requires_grad]
            if grads:
                again = [cotangent(p, self.rng, False) for p, _ in grads]
                self.both_grads("second", name, label, grads, inputs + seeds, again, False, floor, zeros=True)
            elif lacking and any(self._dependent(p, inputs) for p, _ in result if p is not None):
                report.differs("second", name, f"{label} gradients {lacking} differ in requires_grad")
        if "freed" in kinds:
            ways = []
            for side in (0, 1):
                outs, ins = [o[side] for o in outputs], [i[side] for i in inputs]
                gs = [s[side].detach() if side == 0 else s[side] for s in seeds]
                if side == 0:
                    run = lambda: torch.autograd.grad(outs, ins, gs, allow_unused=True)  # noqa: E731, B023  # run at once
                else:
                    from gradsh.engine.autograd.backward import run_grad

                    run = lambda: run_grad(outs, ins, gs, False, False, True, False, None)  # noqa: E731, B023  # at once
                first, then = error_of(run), error_of(run)
                ways.append((first, then is not None and "second time" in then[1]))
            if ways[0] == ways[1]:
                report.same("freed", name)
            else:
                theirs, ours = ("raises" if freed else "works" for _, freed in ways)
                report.differs("freed", name, f"{label} second backward {ours} {ways[1][0] or ''}, torch's {theirs}")

    @staticmethod
    def _dependent(grad: Any, inputs: list[Any]) -> bool:
        if not grad.requires_grad:
            return False
        try:
            found = torch.autograd.grad(
                grad, [p for p, _ in inputs], torch.ones_like(grad), allow_unused=True, retain_graph=True
            )
        except RuntimeError:  # no second derivative there
            return False
        return any(g is not None and bool((g != 0).any()) for g in found)

    def both_grads(
        self,
        kind: str,
        name: str,
        label: str,
        outputs: Any,
        inputs: Any,
        seeds: Any,
        create: bool,
        floor: float,
        zeros: bool = False,
    ) -> Any:
        """The gradients on both sides; None, and a report, if they differ."""
        report = self.report
        got: list[Any] = []
        said = error_of(
            lambda: got.append(
                their_grads([o for o, _ in outputs], [i for i, _ in inputs], [s for s, _ in seeds], create)
            )
        )
        try:
            mine = our_grads([o for _, o in outputs], [i for _, i in inputs], [s for _, s in seeds], create)
        except Exception as error:  # every error is of interest
            crash = not hasattr(error, "message")
            if said is None or crash:
                report.differs(
                    kind, name, f"{label} {'CRASH' if crash else 'raises'} {type(error).__name__}: {str(error)[:200]}"
                )
            else:
                report.same(kind, name)
            return None
        if said is not None:
            report.differs(kind, name, f"{label} gives a gradient where torch raises {said[0]}: {said[1][:120]}")
            return None
        worst = 0.0
        for at, (p, q) in enumerate(zip(got[0], mine, strict=True)):
            if p is None and q is None:
                continue
            if (p is None or q is None) and not zeros and kind == "first":
                given = array_of(p if q is None else q)
                word = "zeros" if not given.any() else "values"
                ours, theirs = ("None" if gradient is None else word for gradient in (q, p))
                report.differs(kind, name, f"{label} gradient {at} is {ours}, torch's {theirs}")
                return None
            a = array_of(p) if p is not None else np.zeros_like(array_of(q))
            b = array_of(q) if q is not None else np.zeros_like(a)
            if a.shape != b.shape or a.dtype != b.dtype:
                report.differs(kind, name, f"{label} gradient {at} is {b.dtype}{b.shape}, torch's {a.dtype}{a.shape}")
                return None
            far = difference(a, b, 30.0 if kind == "second" else 10.0, floor)
            if far > 1:
                report.differs(kind, name, f"{label} gradient {at} {_where(a, b)} ({far:.3g} times the tolerance)")
                return None
            worst = max(worst, far)
        report.same(kind, name)
        return list(zip(got[0], mine, strict=True))

    # --- PyTorch's samples -------------------------------------------------------------------------------------------

    def samples(self, info: Any) -> None:
        name = info.name
        ours = gradsh_callable(name, info.variant_test_name)
        label = name + (f".{info.variant_test_name}" if info.variant_test_name else "")
        if ours is None:
            return
        as_method = (
            METHODS.get(name.rpartition(".")[2])
            if info.method_variant is not None and not name.startswith("__")
            else None
        )
        if (
            info.method_variant is not None
            and as_method is None
            and not name.startswith("__")
            and "method" in self.kinds
        ):
            self.report.differs("method", name, "is not there")
        for dtype, deep in ((torch.float64, True), (torch.float32, False), (torch.int64, False), (torch.bool, False)):
            if dtype not in info.dtypes:
                continue
            if not deep and "forward" not in self.kinds:
                continue
            torch.manual_seed(int(self.rng.integers(2**31)))
            try:
                samples = list(
                    itertools.islice(
                        info.sample_inputs("cpu", dtype, requires_grad=deep and info.supports_autograd), 4000
                    )
                )
            except Exception as error:  # PyTorch's own samples may fail
                self.report.skip(f"torch's samples of {label} fail: {type(error).__name__}")
                continue
            limit = self.limit if deep else self.limit // 3
            if len(samples) > limit:
                samples = [samples[i] for i in sorted(self.rng.choice(len(samples), limit, replace=False))]
            for sample in samples:
                args, kwargs = (sample.input, *sample.args), sample.kwargs
                self.call(name, f"{label}{_shown(args, kwargs)}", info.op, ours, args, kwargs, deep=deep)
                if as_method is not None and deep and "method" in self.kinds:
                    self.call(
                        name,
                        f"{label} as method{_shown(args, kwargs)}",
                        info.method_variant,
                        as_method,
                        args,
                        kwargs,
                        kind="method",
                        deep=False,
                    )

    def errors(self, info: Any) -> None:
        ours = gradsh_callable(info.name, info.variant_test_name)
        if ours is None or info.error_inputs_func is None:
            return
        try:
            bad = list(info.error_inputs("cpu"))
        except Exception as error:  # PyTorch's own samples may fail
            self.report.skip(f"torch's bad calls of {info.name} fail: {type(error).__name__}")
            return
        for item in bad:
            sample = item.sample_input
            args, kwargs = (sample.input, *sample.args), sample.kwargs
            self.bad_call("errors", info.name, [info.op], ours, args, kwargs)

    def bad_call(self, kind: str, name: str, theirs: list[Any], ours: Any, args: Any, kwargs: Any) -> None:
        try:
            pair = Pair(args, kwargs)
        except Unsupported as reason:
            self.report.skip(str(reason))
            return
        wanted = [error_of(lambda f=f: run_theirs(f, pair.theirs, pair.their_keywords)) for f in theirs]
        label = f"{name}{_shown(args, kwargs)}"
        try:
            run_ours(ours, pair.ours, pair.our_keywords)
            found = None
        except Exception as raised:  # every error is of interest
            # PyTorch's words for a call that Python refuses come where a program makes it
            own = raised.__class__ is TypeError and _depth(raised) == 2
            error = faults._native(raised) if own else faults.translate(raised)
            found = error_of(lambda error=error: _raise(error))
            if isinstance(error, InternalFault):
                self.report.differs(kind, name, f"{label} CRASH {found[0]}: {found[1][:200]} (torch: {wanted[0]})")
                return
        if found in wanted:
            self.report.same(kind, name)
            return
        first = wanted[0]
        if first is None:
            self.report.differs(kind, name, f"{label} raises {found}, torch gives a result")
        else:
            ours = found or (None, None)
            said = f"{label}\n    torch {first[0]}: {first[1]!r}\n    ours  {ours[0]}: {ours[1]!r}"
            self.report.differs(kind, name, said)

    # --- the registry's samples --------------------------------------------------------------------------------------

    def own(self, name: str) -> None:
        entry = FUNCTIONS[name]
        theirs = torch_callables(name)
        if entry.samples is None or not theirs:
            return
        for number, sample in enumerate(entry.samples()):
            args, kwargs = sample.draw(int(self.rng.integers(2**31)))
            label = f"{name}{sample}"
            function = _fitting(theirs, args, kwargs)
            self.call(name, label, function, entry.apply, args, kwargs)
            if "layouts" in self.kinds:
                layouts.compare(self.report, name, function, entry.apply, sample, number)
            if "grads" in self.kinds:
                layouts.compare_gradients(self.report, name, function, entry.apply, sample, number)
            if "dtypes" in self.kinds:
                for dtype in ("float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"):

                    def cast(array: Any, dtype: str = dtype) -> Any:
                        if array.dtype.kind != "f":
                            return array
                        return np.abs(np.nan_to_num(array)).astype(dtype) if dtype == "uint8" else array.astype(dtype)

                    self.call(
                        name,
                        f"{label} in {dtype}",
                        function,
                        entry.apply,
                        args,
                        kwargs,
                        kind="dtypes",
                        cast=cast,
                        deep=False,
                    )
            if "calls" in self.kinds and number < 6:
                # which knows its name; PyTorch's own, where the name alone is Python's too
                called = BUILTINS.value(BUILTINS.of_torch(name)) if BUILTINS.has(name) else entry.apply
                for bad_args, bad_kwargs in _spoiled(args, kwargs, entry):
                    self.bad_call("calls", name, theirs, called, bad_args, bad_kwargs)

    def special(self, name: str) -> None:
        entry = FUNCTIONS[name]
        theirs = torch_callables(name)
        if not entry.elementwise or not theirs or entry.samples is None:
            return
        first = next(iter(entry.samples()))
        count = sum(1 for a in first.args if a.__class__.__name__ == "t")
        for dtype in ("float64", "float32", "int64"):
            values = np.array(SPECIAL, "float64").astype(dtype) if dtype != "int64" else np.array(INTEGERS)
            if name == "lcm":
                values = values[(values > -(2**31)) & (values < 2**31)]  # PyTorch ends in a signal for -2**63 and -1
            n = len(values)
            if count == 1:
                arrays = [values]
                if dtype != "int64":
                    spread = np.concatenate(
                        [self.rng.uniform(-5, 5, 40), self.rng.uniform(-100, 100, 20), self.rng.uniform(-1, 1, 20)]
                    )
                    arrays = [np.concatenate([values, spread.astype(dtype)])]
            elif count == 2:
                arrays = [np.repeat(values, n), np.tile(values, n)]
            else:
                arrays = [self.rng.choice(values, 200) for _ in range(count)]
            tensors = [torch.from_numpy(a).requires_grad_(dtype != "int64") for a in arrays]
            self.call(
                name,
                f"{name} special {dtype}",
                theirs[0],
                entry.apply,
                tensors,
                {},
                kind="special",
                floor=0.0,
                deep=dtype == "float64",
            )


def _depth(error: BaseException) -> int:
    """In how many calls an error was raised: 2 where `run_ours` could not even begin."""
    traceback, depth = error.__traceback__, 0
    while traceback is not None:
        traceback, depth = traceback.tb_next, depth + 1
    return depth


def _raise(error: BaseException) -> None:
    raise error


def _signs_differ(theirs: Any, ours: Any) -> bool:
    """Whether two arrays are the same but for signs."""
    return theirs.shape == ours.shape and difference(theirs, ours) > 1 and difference(abs(theirs), abs(ours)) <= 1


def _outputs_differ(arrays: list[Any], theirs: list[Any], ours: list[Any], floor: float) -> str:
    """What is different between two lists of outputs, "" for nothing."""
    if len(theirs) != len(ours):
        return f"gives {len(ours)} results, torch {len(theirs)}"
    for at, (a, p, q) in enumerate(zip(arrays, theirs, ours, strict=True)):
        if is_tensor(p) != is_tensor(q):
            return f"output {at} is {type(q).__name__}, torch's {type(p).__name__}"
        if not is_tensor(p):
            if (
                p != q
                and not (isinstance(p, float) and (math.isclose(p, q) or p != p))
                and str(p).removeprefix("torch.") != repr(q)
            ):
                return f"output {at} is {q!r}, torch's {p!r}"
            continue
        b = array_of(q)
        if a.dtype != b.dtype or a.shape != b.shape:
            return f"output {at} is {b.dtype}{b.shape}, torch's {a.dtype}{a.shape}"
        far = difference(a, b, floor=floor)
        if far > 1:
            return f"output {at} {_where(a, b)} ({far:.3g} times the tolerance)"
    return ""


def _where(theirs: Any, ours: Any) -> str:
    """The worst entries of two arrays."""
    if theirs.dtype.kind != "f":
        at = np.argwhere(theirs != ours)[:3]
    else:
        x, y = theirs.astype(np.float64), ours.astype(np.float64)
        gap = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, np.abs(x - y) / (np.abs(x) + 1e-300))
        gap = np.where(np.isnan(gap), np.inf, gap)
        flat = np.argsort(gap, axis=None)[::-1][:4]
        at = [np.unravel_index(i, gap.shape) for i in flat if gap.reshape(-1)[i] > 0]
    shown = [f"{[int(i) for i in p]}: {ours[tuple(p)]!r} for {theirs[tuple(p)]!r}" for p in at]
    return "; ".join(s.replace("np.float64(", "(").replace("np.float32(", "(") for s in shown)


def _shown(args: Any, kwargs: dict[str, Any]) -> str:
    def text(v: Any) -> str:
        if is_tensor(v):
            name = str(v.dtype).removeprefix("torch.")
            stride = (
                "" if not isinstance(v, torch.Tensor) or v.layout is not torch.strided or v.is_contiguous() else "^"
            )
            return f"{name}{list(v.shape)}{stride}"
        if isinstance(v, (list, tuple)):
            return "[" + ", ".join(map(text, v)) + "]"
        return repr(v)

    return f"({', '.join([*map(text, args), *(f'{k}={text(v)}' for k, v in kwargs.items())])})"


def _fitting(theirs: list[Any], args: Any, kwargs: Any) -> Any:
    """The first of PyTorch's functions that takes the call."""
    for function in theirs:
        pair = Pair(args, kwargs)
        if (
            error_of(lambda function=function, pair=pair: run_theirs(function, pair.theirs, pair.their_keywords))
            is None
        ):
            return function
    return theirs[0]


def _spoiled(args: list[Any], kwargs: dict[str, Any], entry: Any) -> Any:
    """The same call, made wrong in many ways."""
    if args:
        yield args[:-1], kwargs
        yield [], kwargs
    yield [*args, 1, 2, 3, 4, 5, 6, 7, 8], kwargs
    yield args, {**kwargs, "nonsense": 1}
    for at, value in enumerate(args):
        for other in ("x", None, 1.5, [1.5], 99, -99):
            if other is None and value is None:
                continue
            yield [*args[:at], other, *args[at + 1 :]], kwargs
    for key in kwargs:
        for other in ("x", None, 1.5, [1.5], 99):
            yield args, {**kwargs, key: other}
    for at, value in enumerate(args):
        if is_tensor(value):
            shape = tuple(value.shape)
            for other_shape in {(7,), (5, 3), (*shape, 2), shape[1:], (0,), (2, 2, 2, 2, 2, 2)}:
                yield [*args[:at], torch.ones(other_shape, dtype=torch.float64), *args[at + 1 :]], kwargs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--op", action="append", default=[], help="only this operator; may be given several times")
    parser.add_argument("--kind", action="append", default=[], choices=KINDS, help="only this kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=60, help="how many of PyTorch's samples of one operator at most")
    parser.add_argument("--all", action="store_true", help="print every difference, not two of each operator and kind")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    np.seterr(all="ignore")
    kinds = options.kind or KINDS
    if "second" in kinds and "first" not in kinds:
        kinds = [*kinds, "first"]
    report = Report(options.all)
    comparison = Comparison(kinds, options.seed, report, options.limit)
    deep = set(kinds) - {"special", "errors", "calls", "dtypes", "random", "layouts", "grads"}

    def wanted(*names: str) -> bool:
        return not options.op or any(n in options.op or n.rpartition(".")[2] in options.op for n in names)

    start = time.time()
    for info in methods_invocations.op_db:
        if not wanted(info.name):
            continue
        began = time.time()
        if deep:
            try:
                comparison.samples(info)
            except Exception as error:
                print("FAULT", info.name, repr(error)[:300], file=sys.stderr)
        if "errors" in kinds:
            comparison.errors(info)
        if time.time() - began > 10:
            print(f"{info.name}: {time.time() - began:.0f} s", file=sys.stderr)
    for name in FUNCTIONS:
        if wanted(name):
            if deep or {"dtypes", "calls", "layouts", "grads"} & set(kinds):
                comparison.own(name)
            if "special" in kinds:
                comparison.special(name)
    if "random" in kinds and not options.op:
        streams.compare(report, options.seed)
    left = report.show()
    print(f"\n{left} differences, {time.time() - start:.0f} s")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
