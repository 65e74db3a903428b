"""The command line of the fuzzers: budgets, the table at the end, findings made small and written down."""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from tests.fuzz import caches, calls, files, found, generated, keys, kills, loops, minimise, mutated, odd, saves, server
from tests.fuzz.judge import Finding

FUZZERS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (mutated, generated, calls, odd, files, caches, keys, loops, saves, kills)
}
EACH = 10.0  # seconds, unless told otherwise
COMPANY = 30  # how many inputs before it a finding may need


class Tally:
    """What one fuzzer did."""

    def __init__(self) -> None:
        self.inputs = 0
        self.seconds = 0.0
        self.kinds: Counter[str] = Counter()
        self.first: dict[tuple[str, str], tuple[int, Finding]] = {}

    def add(self, report: server.Report) -> None:
        self.inputs += 1
        for finding in report.findings:
            self.kinds[finding.kind] += 1
            self.first.setdefault(finding[:2], (report.number, finding))


class Options(NamedTuple):
    seed: int
    only: list[str]
    counts: dict[str, int]
    seconds: float | None
    first: int
    jobs: int
    folder: Path
    show: bool
    replay: bool


def options(argv: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzzers of gradsh.")
    parser.add_argument("--seed", type=int, help="what the inputs are made from; drawn and printed unless given")
    parser.add_argument("--only", default=",".join(FUZZERS), help="which fuzzers, with commas: %(default)s")
    parser.add_argument("--count", type=int, help="inputs of each fuzzer, in place of a time")
    parser.add_argument(
        "--inputs", metavar="NAME=COUNT …", help="inputs of each fuzzer by name; those not named do not run"
    )
    parser.add_argument("--seconds", type=float, help="of all of them together; ten of each unless given")
    parser.add_argument("--first", type=int, default=0, help="the number of the first input")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="children at a time: %(default)s")
    parser.add_argument("--found", type=Path, default=found.FOLDER, help="where findings are written")
    parser.add_argument("--show", action="store_true", help="print the inputs, run none")
    parser.add_argument("--replay", action="store_true", help="run what was found before, and no more but for --inputs")
    given = parser.parse_args(argv)
    counts = {name: int(count) for name, _, count in (pair.partition("=") for pair in (given.inputs or "").split())}
    only = list(counts) or given.only.split(",")
    if given.count is not None:
        counts = dict.fromkeys(only, given.count)
    if unknown := set(only) - set(FUZZERS):
        parser.error(f"no such fuzzers: {', '.join(sorted(unknown))}")
    seed = given.seed if given.seed is not None else random.randrange(10**6)
    seconds = given.seconds if given.seconds is not None or counts else EACH * len(only)
    share = None if seconds is None else seconds / len(only)
    return Options(seed, only, counts, share, given.first, given.jobs, given.found, given.show, given.replay)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 nothing found, 1 something found."""
    given = options(argv)
    server.load()
    status = replay(given) if given.replay else 0
    if given.replay and not given.counts:
        return status
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # programs have halves of surrogate pairs
    print(f"seed {given.seed}", flush=True)
    if given.show:
        for name in given.only:
            for number in range(given.first, given.first + given.counts.get(name, 1)):
                recipe = server.make(FUZZERS[name], given.seed, number)
                print(f"# {name} {number}\n{recipe.get('program') or json.dumps(recipe)}")
        return 0
    tallies = {name: fuzzed(name, given) for name in given.only}
    print_table(tallies)
    return 1 if any(tally.kinds for tally in tallies.values()) else status


def fuzzed(name: str, given: Options) -> Tally:
    """Run one fuzzer for its share."""
    tally = Tally()
    fuzzer = FUZZERS[name]
    fuzzer.make(random.Random(0))  # what it reads once, it reads here and not in every child
    begun = time.monotonic()
    work = server.batches(fuzzer, given.counts.get(name), given.seconds, given.first)
    for report in server.reports(fuzzer, given.seed, work, given.jobs):
        tally.add(report)
    tally.seconds = time.monotonic() - begun
    print(f"{name}: {tally.inputs} inputs", flush=True)
    for number, finding in tally.first.values():
        describe(name, number, finding, given)
    return tally


def describe(name: str, number: int, finding: Finding, given: Options) -> None:
    """Say what was found, make it small and write it down."""
    fuzzer = FUZZERS[name]
    recipe = server.make(fuzzer, given.seed, number)
    said = f"  {finding.kind}: {finding.where}   (--only {name} --seed {given.seed} --first {number} --count 1)"
    if any(one[:2] == finding[:2] for one in server.alone(fuzzer, [recipe])):
        if finding.kind != "hang":  # every try of which takes as long
            recipe = minimise.minimised(fuzzer, recipe, finding)
    else:
        company = [server.make(fuzzer, given.seed, each) for each in range(max(0, number - COMPANY), number)]

        def still(parts: list[server.Recipe]) -> bool:
            return any(one[:2] == finding[:2] for one in server.alone(fuzzer, [*parts, recipe]))

        if not still(company):
            print(said + "\n    not seen again", flush=True)
            print("    " + "\n    ".join(finding.said[-1500:].splitlines()), flush=True)
            return
        recipe = {"before": minimise.smaller(company, still), **recipe}
    path = found.keep(name, recipe, finding, given.folder)
    print(f"{said}\n    {path}", flush=True)
    print("    | " + "\n    | ".join((recipe.get("program") or json.dumps(recipe))[:600].splitlines()), flush=True)


def replay(given: Options) -> int:
    """Run all that was found before, in one child for each fuzzer; what needs others before it, in one of its own."""
    status = 0
    kept = found.all_found(found.FOLDER)
    together: dict[str, list[tuple[str, server.Recipe]]] = {}
    for name, fuzzer, recipe in kept:
        before = recipe.pop("before", [])
        if before:
            status |= replayed(fuzzer, [*((name, one) for one in before), (name, recipe)])
        else:
            together.setdefault(fuzzer, []).append((name, recipe))
    for fuzzer, recipes in together.items():
        status |= replayed(fuzzer, recipes)
    print(f"{len(kept)} replayed")
    return status


def replayed(fuzzer: str, recipes: list[tuple[str, server.Recipe]]) -> int:
    """Run these one after another; 1 when something was found."""
    status = 0
    numbered: list[server.Numbered] = list(enumerate(recipe for _, recipe in recipes))
    for report in server.reports(FUZZERS[fuzzer], 0, iter([numbered]), 1):
        for finding in report.findings:
            print(f"{recipes[report.number][0]}: {finding.kind}: {finding.where}\n{finding.said[-3000:]}", flush=True)
            status = 1
    return status


def print_table(tallies: dict[str, Tally]) -> None:
    print(f"\n{'fuzzer':<12}{'inputs':>10}{'per second':>12}  findings")
    for name, tally in [*tallies.items(), ("together", together(tallies))]:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(tally.kinds.items())) or "none"
        print(f"{name:<12}{tally.inputs:>10,}{tally.inputs / max(tally.seconds, 1e-9):>12,.0f}  {kinds}")


def together(tallies: dict[str, Tally]) -> Tally:
    whole = Tally()
    for tally in tallies.values():
        whole.inputs += tally.inputs
        whole.seconds += tally.seconds
        whole.kinds += tally.kinds
    return whole
