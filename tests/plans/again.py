"""Random programs that run one loop again and again, with other things in the places of those that it had: other data,
one tensor under two names, views of each other, flags, gradients and hooks that come and go, other types and shapes.

A plan that is kept must see each of these at its entry. again.txt has what they are made of. A program is several
texts, as those of programs.py: names, then the loop in a function that is called in each of the others; or in an outer
loop, which changes things between.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

RUNS = 8  # of the loop, in one program
Case = tuple[str, str, list[str]]  # what is in a loop, what it is given first, and what changes; all may be empty
SETUP = """\
let a = randn(4, grad); let b = randn(4, grad); let g = Parameter(randn(4)); let c = randn(4); let e = randn(4)
let M = randn(4, 4); let big = randn(12); let z = zeros(4); let k = 1.0; let hook = none; let losses = []
let xs = [c, e]; let d = {'x': c, 'n': 1.0}; let net = Linear(4, 4); let opt = SGD(net.parameters(), lr=0.01)
fn f(x) = x * c
fn maker(w) { fn of(x) { return x * w + k }; return of }
model Tied { let one = Linear(4, 4); let two = one; forward(x) = two(one(x).tanh()) }
let tied = Tied(); let h = maker(e); let loss = none; let t = 0.0; let y = c; let last = none; let hist = [0.0] * 12
let N = randn(4, 4); let wide = randn(12); let sched = StepLR(opt, 3); let hooked = randn(4, grad)
let how = 'mean'; let shape = (2, 2)
fn by(w) { fn of(x, w=w) = x * w; return of }
fn spent() { let o = a.detach().requires_grad_() ** 2; backward o.sum(); return o }
fn frozen() { let w = randn(4, 4, grad); no_grad { return w[0] } }
fn torn() { let u = c.detach(); c.data = randn(4); return u }
fn inferred() { inference_mode { return randn(4) } }
"""


def read() -> list[tuple[str, list[str]]]:
    """The blocks of again.txt: (what it is of, its lines)."""
    text = Path(__file__).with_name("again.txt").read_text(encoding="utf-8")
    blocks = [part.rstrip("\n").split("\n") for part in text.split("\n== ")[1:]]
    return [(name, lines) for name, *lines in blocks]


BLOCKS = read()
FORMS = dict(BLOCKS)
CASES: list[Case] = [(lines[0], lines[1], lines[2:]) for name, lines in BLOCKS if name == "case"]
GIVEN = {  # the usual, the likes of it, others
    name.split()[1]: [each.split("\n") for each in "\n".join(lines).split("\n--\n")]
    for name, lines in BLOCKS
    if name.startswith("given ")
}
VIEWS = {tuple(name.split()[1:]): lines for name, lines in BLOCKS if name.startswith("views ")}  # of those names


class Draw(Random):
    """The choices of one program."""

    def given(self, name: str, now: str = "") -> str:
        """What a loop gets: as `now`, of the same kind, or of another."""
        usual, alike, other = GIVEN[name]
        if now and self.random() < 0.55:
            return now
        way = self.random()
        return self.choice(usual if way < 0.5 else alike if way < 0.8 else other)

    def loop(self, case: str) -> str:
        """The loop; where it is of a case, there is little beside that."""
        lines = [case] if case else [self.choice(FORMS["steps"])]
        lines += self.sample(FORMS["does"], self.choice([0, 0, 0, 1] if case else [1, 1, 2, 2, 3]))
        lines += self.sample(FORMS["reads"], self.choice([0, 0, 1])) if case else []
        heads = FORMS["heads"][:7] if case and self.random() < 0.8 else FORMS["heads"]  # mostly numbers
        head = self.choice(heads).replace("{ys}", self.choice(FORMS["gone over"]))
        if head.startswith("for x"):
            lines = [line for line in lines if "i " not in line.replace("no_grad", "")] or ["pass"]
        if "x in" in head:
            lines += self.sample(FORMS["items"], self.choice([1, 1, 2]))
        elif head.startswith("repeat"):
            lines.insert(0, "i += 1")
        self.shuffle(lines)
        return "\n".join([head + " {", *("    " + line for line in lines), "}"])

    def aliases(self) -> Case:
        """A case of memory that is written by one name and read by another."""
        lines = [
            *self.sample(FORMS["writes"], self.choice([1, 1, 2])),
            *self.sample(FORMS["reads"], self.choice([1, 1, 2])),
        ]
        self.shuffle(lines)
        bases = self.choice(list(VIEWS))
        ways = self.choice(VIEWS[bases]), self.choice(VIEWS[bases])
        pairs = [[way.format(self.choice(bases)) for way in ways] for _ in range(8)]
        given = [f"q={q}; r={r}" for q, r in pairs[:5]] + [f"xs=[{q}, {r}]" for q, r in pairs[5:]]
        return "\n    ".join(lines), given[0], given[1:] + self.sample(FORMS["objects"], 3)

    def case(self) -> Case:
        way = self.random()
        if way < 0.4:
            return self.aliases()
        lines, given, changes = self.choice(CASES) if way < 0.75 else ("", "", [])
        others = [change for change in changes if re.match("[a-z]+=", change)]
        first = self.choice(others) if others and self.random() < 0.4 else given
        return lines, first, [*changes, given] if given else []

    def changes(self, others: list[str]) -> tuple[list[str], dict[str, str]]:
        """What is changed before a run, mostly what the case says, and what the loop is given then."""
        if not others:
            return self.sample(FORMS["changes"], self.choice([0, 1, 1, 2])), {}
        chosen = self.choice(others) if self.random() < 0.8 else "pass"
        if re.match(r"[a-z]+=", chosen):
            return [], given_in(chosen)
        return [chosen, *self.sample(FORMS["changes"], self.choice([0, 0, 0, 1]))], {}


def given_in(text: str) -> dict[str, str]:
    """`p=a; q=c` as a dict."""
    return dict(each.split("=", 1) for each in text.split("; ") if each)


SHOWN = "print p, q, r, y, t, loss, last"


def made(seed: int, case: Case | None = None) -> list[str]:
    """The texts of the program of that number, and of that case, where one is given."""
    draw = Draw(seed)
    first = f"manual_seed({seed})\n{SETUP}"
    names = list(GIVEN)
    now = {name: draw.choice(GIVEN[name][0]) for name in names}
    sizes = [draw.choice([7, 8, 8, 9, 9, 12]) for _ in range(RUNS)]
    case = draw.case() if case is None else case
    now |= given_in(case[1])
    loop = draw.loop(case[0])
    if draw.random() < 0.35:
        return [first, outer(draw, loop, now, sizes, case[2]), LAST]
    where = f"fn run({', '.join(names)}, n, ys) {{\n{LOCAL}\n"
    texts = [first, where + loop.replace("{n}", "n") + f"\n{SHOWN}\nreturn q, r, y, last, t\n}}"]
    for at, size in enumerate(sizes):
        changes, given = draw.changes(case[2]) if at else ([], {})
        if at and not case[2]:
            now = {name: draw.given(name, now[name]) for name in names}
        now |= given
        ys = draw.choice(["[c, e, z] * 3", "M", "[M[0], M[1]] * 5", "[e] * 9", "[randn(4) for j in range(9)]"])
        texts.append("\n".join([*changes, f"last = run({', '.join(now.values())}, {size}, {ys})"]))
    return [*texts, LAST]


def outer(draw: Draw, loop: str, now: dict[str, str], sizes: list[int], others: list[str]) -> str:
    """The loop in another one, which has no plan of its own: it goes over a dict."""
    lines = ["let i = 0; let n = 8; let ys = [c, e, z] * 3"]
    lines += [f"let {name} = {value}" for name, value in now.items() if name != value]
    lines.append("for turn in {" + ", ".join(f"{at}: 0" for at in range(len(sizes))) + "} {")
    for at, size in enumerate(sizes):
        changes, given = draw.changes(others)
        if not others:
            given = {name: new for name in now if (new := draw.given(name, name)) != name}
        changed = [f"n = {size}", *changes, *(f"{name} = {new}" for name, new in given.items() if name != new)]
        lines.append(f"if turn == {at} {{ try {{ {'; '.join(changed)} }} catch err {{ print err }} }}" if at else "")
    return "\n".join([*lines, loop.replace("{n}", "n"), SHOWN, "}"])


LOCAL = "let y = z; let t = 0.0; let loss = none; let last = none; let i = 0"
LAST = "print a, b, g, c, e, M, big, z, xs, d, losses, hist, a.grad, b.grad, g.grad, rand(1)"
