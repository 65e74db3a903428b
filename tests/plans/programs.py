"""Random loops, of what training loops are made of and of what plans must leave alone: forms.txt has the forms.

A program is several texts that one session runs in turn: names and functions, then loops, each of which begins with
what the ones before have left. Any of them may fail, at any line: then in the same words with plans and without, and
with the same left behind.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

LOOPS = 8  # of a program
# One or two of these are in most loops.
OFTEN = {"kept": 2, "carried": 3, "writes": 2, "branches": 2, "calls": 1, "counted": 1, "random": 2, "errors": 1}
OFTEN["ended"] = 3
RISKS = [kind for kind, times in OFTEN.items() for _ in range(times)]
BARE = ("carried", "carried", "writes", "kept", "random")  # of a loop that trains nothing
MODEL = """\
model Net(n) {
    let first = Linear(n, 5)
    let scale = Parameter(ones(5))
    let seen = zeros(1)
    let count = 0
    forward(x) {
        STATEMENT
        return (first(x) * scale)[..., :3]
    }
}
"""
FIXED = """\
manual_seed(1)
let losses = []; let last = none; let total = 0.0; let loss = none; let d = none; let i = 0; let z = ones(4)
let b = tensor(0.5, grad); let best = 1e9; let ema = zeros(4); let lr = 0.05; let t = none; let n = 0
let opt = none; let sched = none; let v = none; let a = none; let u = none; let m = none; let c = none
let history = {'loss': []}; let j = 0; let hist = [0.0] * 40; let prev = none
fn counter() { let n = 0; return fn() { n += 1; return n } }
let tick = counter()
fn shift(x) = x * lr + z
fn heal() { try { for q in [a, v, u, m] { q.requires_grad_(true) } } catch err { pass } }
fn step_of(x) { return x * 0.5 if x else 0 }
let X = randn(12, 4); let T = randn(12); let Y = randint(0, 3, (12,))
"""
LAST = """\
backward (a * v).sum() + m.sum()
print a, v, u, m, c, w, h, k, n, j, hist, prev, last, total, losses, box, loss, a.grad, v.grad, v._version
net(X)
"""
LOCAL = """\
let i = 0; let h = 1.0; let last = none; let total = 0.0; let loss = none; let d = none; let n = 0; let best = 9.0
let j = 0; let hist = [0.0] * 40; let prev = none"""
GIVEN = "a, v, m, c, net, opt, losses, box, st"  # to a function that trains


def read() -> dict[str, tuple[list[str], list[str]]]:
    """The usual forms of each kind, and the others."""
    kinds: dict[str, tuple[list[str], list[str]]] = {}
    for part in Path(__file__).with_name("forms.txt").read_text(encoding="utf-8").split("\n== ")[1:]:
        name, *lines = part.rstrip("\n").split("\n")
        forms = ["" if line == "(nothing)" else line for line in lines]
        at = forms.index("--") if "--" in forms else len(forms)
        kinds[name] = forms[:at], forms[at + 1 :]
    return kinds


FORMS = read()


class Draw(Random):
    """The choices of one program."""

    def form(self, kind: str, usual: float = 0.7, **parts: object) -> str:
        first, others = FORMS[kind]
        form = self.choice(first if self.random() < usual else [*first, *others])
        for name, part in parts.items():
            form = form.replace("{" + name.removeprefix("_") + "}", str(part))
        return form

    def vector(self, depth: int) -> str:
        """An expression of four numbers, mostly."""
        if depth == 0 or self.random() < 0.2:
            return self.form("vectors", 0.8)
        if self.random() < 0.4:
            return self.form("unary", 0.8, _0=self.vector(depth - 1))
        other = self.form("scalars", 0.8) if self.random() < 0.4 else self.vector(depth - 1)
        return self.form("binary", 1.0 if len(other) < 4 else 0.6, _0=self.vector(depth - 1), _1=other)

    def body(self) -> list[str]:
        """The statements of a loop: most are plain training, with one or two things that a plan may be wrong about."""
        if self.random() < 0.15:
            return [self.form(self.choice(BARE)) for _ in range(self.randint(1, 4))]
        loss = "loss = " + self.form("losses", _0=self.vector(self.choice([0, 1, 1, 2, 3])))
        if self.random() < 0.9:  # so that all have gradients
            loss += " + " + self.form("whole")
        first, back, update = self.form("clear"), self.form("backward"), self.form("updates", 0.5)
        lines = [first, loss, back, update]
        if self.random() < 0.15:
            lines = [loss, first, back, update]
        elif self.random() < 0.1:
            lines = [loss, back, update, first]
        elif self.random() < 0.05:
            self.shuffle(lines)
        for _ in range(self.choice([0, 0, 1, 1, 1, 1, 2, 3])):
            lines.insert(self.randint(1, len(lines)), self.form(self.choice(RISKS)))
        return [line for line in lines if line]

    def with_items(self, lines: list[str], pairs: bool) -> list[str]:
        """The statements of a loop over tensors `q`, or `pairs` of them and `r`."""
        found = []
        for line in lines:
            more = " + (q * v).sum()" if line.startswith("loss = ") and self.random() < 0.6 else ""
            found.append(line + more)
        for _ in range(self.choice([0, 1, 1, 2])):
            form = self.form("items", 0.6)
            if pairs or not re.search(r"\br\b", form):
                found.insert(self.randint(0, len(found)), form)
        return found

    def loop(self) -> str:
        """One loop, in a function of its own or not."""
        n = self.length()
        header = self.form("headers", n=n)
        lines = self.body()
        if header.startswith("while"):
            lines.insert(0, "i += 1")  # where no `continue` can leave it out
            if header == "while true":
                lines.insert(1, f"if i > {n} {{ break }}")
        if re.search(r"\bq\b", header):
            lines = self.with_items(lines, bool(re.search(r"\br\b", header)))
        if any(re.search(r"\bj\b", line) for line in lines):
            lines.insert(0, "j += 1")
        ends = "}}" if "{" in header else "}"
        text = "\n".join([header + " {", *("    " + line for line in lines), ends])
        way = self.random()
        if way < 0.15:
            end = "print loss, c, h, total, last, n, best\nreturn v, c, loss, last"
            return f"fn train({GIVEN}) {{\n{LOCAL}\n{text}\n{end}\n}}\nlet result = train({GIVEN})"
        if way < 0.17:
            return f"i = 0\nno_grad {{\n{text}\n}}"
        if way < 0.22:
            return f"i = 0; j = 0; heal()\ntry {{\n{text}\n}} catch err {{ print 'caught', err }}"
        return f"i = 0; j = 0; heal()\n{text}" + self.choice(["", "", "\nprint loss, v, a, c, h, total", "\nloss"])

    def length(self) -> int:
        """How often a loop runs."""
        return self.choice([8, 8, 8, 9, 9, 10, 12])

    def setup(self) -> str:
        lets = [kind for kind in FORMS if kind.startswith("let ")]
        lines = [f"{kind} = {self.form(kind, _0=round(self.uniform(-2, 2), 2))}" for kind in lets]
        net = self.form("nets")
        if "Net" in net:
            lines.append(MODEL.replace("STATEMENT", self.form("in a model")))
        lines.append(f"let net = {net}")
        lines.append(f"opt = {self.form('optimisers', p=self.form('parameters'))}")
        lines.append(f"sched = {self.form('schedulers')}")
        lines.append(self.form("functions", _0=self.choice(["2", "a", "c", "h", "x", "i", "lr", "u"])))
        lines.append(f"fn g() {{ {self.form('called')} }}")
        return "\n".join(lines) + "\n"


def made(seed: int, loops: int = LOOPS) -> list[str]:
    """The texts of the program of that number."""
    draw = Draw(seed)
    return [FIXED, f"manual_seed({seed})\n" + draw.setup(), *(draw.loop() for _ in range(loops)), LAST]
