"""Programs that run for long, and starts, interrupted at some moment: they end soon, and nothing is left half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from random import Random
from typing import Any

from tests.fuzz.corpus import ROOT
from tests.fuzz.judge import Finding, observed, session_of

BATCH = 10
BEFORE = "let kept = tensor([1., 2.], grad)"
AFTER = "let q = kept * 3; q.add_(1);\nbackward q.sum(); print kept, kept.grad, q.detach().mul_(2); kept.grad = none"
RIGHT = "tensor([1., 2.], requires_grad=True) tensor([3., 3.]) tensor([ 8., 14.])\n"
LONG = (
    "while true { }", "repeat 10**9 { }", "for i in range(10**9) { i * 2 }", "let n = 0; while true { n += 1 }",
    "fn f(n) { while true { n = n * 1 } }; f(ones(3))", "fn f() { try { f() } catch e { f() } }; f()",
    "while true { try { 1 / 0 } catch e { } }",
    "while true { try { nosuch_() } catch e { } }; fn nosuch_() { ones(2) + ones(3) }",
    "let x = ones(2, grad); while true { x.grad = none; (x * x).sum().backward() }",
    "let x = ones(300, 300); while true { x = x @ x / 300 }",
    "let x = ones(2, grad); let y = x; repeat 10**7 { y = y * 1 }; backward y.sum()", "while true { print 1 }",
    "while true { ones(3) }", "while true { show }",
    "let w = ones(3, grad); let o = Adam([w]); while true { zero_grad o; backward (w * w).sum(); step o }",
    "let l = []; while true { l.append(1) }",
    "let net = Sequential(Linear(8, 8), ReLU(), Linear(8, 1)); while true { net(rand(4, 8)).sum().backward() }",
    "while true { no_grad { ones(2) } }", "vmap(fn(x) { while true { x = x + 1 }; return x })(ones(2))",
    "jacobian(fn(x) { repeat 10**7 { x = x * 1 }; return x }, ones(2))", "sum(range(10**10))", "max(range(10**10))",
    "10**9 in enumerate(range(10**12))", "sorted(range(10**7), key=fn(v) = -v)",
    "let x = [1]; max(x, key=fn(v) { x.append(v); return v })", "[i for i in range(10**9)]", "list(range(10**8))",
    'save [ones(1000)] * 2000, "big.npz"; while true { save ones(1000), "a.npy" }', "linalg.svd(rand(400, 400));",
    "while true { inverse(rand(20, 20)) }", "conv2d(rand(8, 16, 64, 64), rand(32, 16, 3, 3))",
    "while true { 'a' * 10**6 }", "let s = ''; while true { s = s + 'ab' }", "while true { f'{ones(3)}' }",
    "fn f(n) = f(n + 1); while true { try { f(0) } catch e { } }",
    "let d = {}; let i = 0; while true { d[i] = i; i += 1 }",
    "op o(x) { return x } backward(g) { while true { g = g * 1 }; return g }; let x = ones(1, grad); o(x).backward()",
    "let x = ones(1, grad); x.register_hook(fn(g) { while true { } }); (x * 1).backward()",
    "gradcheck(fn(x) { repeat 10**6 { x = x * 1 }; return x }, (ones(2, dtype=float64, grad),))",
    "while true { manual_seed(0); randn(10000) }", "tensor(range(10**8))", "combinations(arange(40), 20)",
    "10**10**8", "cdist(rand(5000, 50), rand(5000, 50))", "help", "while true { cat([ones(2)] * 100) }",
)  # fmt: skip
STARTS = (
    ("let x = tensor(5.0, grad); z = log(x**3); backward z; print x.grad", "tensor(0.6000)\n"),
    ("let v = ones(2); v.add_(v).mul_(2);\nprint v", "tensor([4., 4.])\n"),
    ("print linalg.det(eye(2)), Linear(2, 1).weight.shape", "tensor(1.) Size([1, 2])\n"),
)


def make(draws: Random) -> dict[str, Any]:
    if draws.random() < 0.05:
        return {
            "start": draws.randrange(len(STARTS)),
            "after": [round(draws.random() * 0.9, 4) for _ in range(draws.choice((1, 2)))],
        }
    program = draws.choice(LONG)
    if draws.random() < 0.2:
        program = f"try {{ {program.replace('; ', chr(10))} }} catch err {{ print err }}"
    return {"program": program, "after": [round(draws.random() ** 2 * 0.25 + 0.001, 4)]}


def run(recipe: dict[str, Any]) -> list[Finding]:
    if "start" in recipe:
        return _start(recipe)
    session = session_of()
    observed(lambda: session.run(BEFORE).status)
    outcome = observed(lambda: session.run(recipe["program"]).status, soon=recipe["after"][0])
    if outcome.findings:
        return outcome.findings
    after = observed(lambda: session.run(AFTER).status)
    if after.findings or after.out == RIGHT or (after.status is None):
        return after.findings
    return [Finding("broken", recipe["program"][:50], after.out + after.err)]


def _start(recipe: dict[str, Any]) -> list[Finding]:
    """A new process, interrupted while it loads; then another with the same cache, which must be right."""
    program, right = STARTS[recipe["start"]]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "GRADSH_CACHE_DIR": os.path.abspath("cache"),
        "GRADSH_DEBUG": "1",
    }
    words = [sys.executable, "-m", "gradsh", "-c", program]
    for after in [*recipe["after"], None]:
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        if after is not None:
            time.sleep(after)
            child.send_signal(signal.SIGINT)
        out, err = child.communicate()
        early = after is not None and "KeyboardInterrupt" in err  # before gradsh had begun: Python's own words
        if child.returncode not in (0, 130, -signal.SIGINT) and not early:
            return [Finding("broken", f"start {child.returncode}", out + err)]
        if child.returncode == 0 and out != right:
            return [Finding("broken", "start", out + err)]
    return []
