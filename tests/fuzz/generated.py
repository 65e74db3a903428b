"""Programs made up from the grammar, most of which run: tensors, loops, functions, models, try, writes, views, hooks.

Each is run twice, in sessions of their own, and must say the same.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

from tests.fuzz.judge import Finding, run_program

BATCH = 25
Shape = tuple[int, ...]
WORD = re.compile(r"[a-z]+\d+")
SHAPES: tuple[Shape, ...] = ((), (1,), (2,), (3,), (2, 3), (3, 2), (2, 2), (1, 3), (2, 1, 2))
UNARY = (
    "sin",
    "cos",
    "tanh",
    "exp",
    "sigmoid",
    "relu",
    "softplus",
    "square",
    "abs",
    "neg",
    "log1p",
    "erf",
    "gelu",
    "round",
    "sign",
    "isnan",
)
REDUCED = (
    "sum",
    "mean",
    "amax",
    "amin",
    "prod",
    "logsumexp",
    "std",
    "var",
    "cumsum",
    "softmax",
    "sort",
    "argmax",
    "flip",
    "all",
)
WRITES = (
    "add_(1)",
    "mul_(0.5)",
    "zero_()",
    "fill_(0.3)",
    "exp_()",
    "clamp_(-1, 1)",
    "neg_()",
    "sqrt_()",
    "uniform_()",
    "t_()",
    "detach_()",
)
LOSSES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")


def make(draws: Random) -> dict[str, Any]:
    writer = Writer(draws)
    for _ in range(draws.randint(3, 14)):
        writer.statement()
    writer.ending()
    return {"program": "\n".join(writer.lines), "way": draws.choice(("run", "lines", "lines", "json"))}


def run(recipe: dict[str, Any]) -> list[Finding]:
    first = run_program(recipe["program"], recipe["way"])
    if first.findings or first.status is None:
        return first.findings
    second = run_program(recipe["program"], recipe["way"])
    if second.findings or second.status is None or (first.out, first.err) == (second.out, second.err):
        return second.findings
    return [Finding("different", "", f"{first.out}{first.err}\n--- again ---\n{second.out}{second.err}")]


class Writer:
    """Writes statements, and knows what the names are bound to."""

    def __init__(self, draws: Random) -> None:
        self.draws = draws
        self.lines: list[str] = []
        self.tensors: dict[str, Shape] = {}
        self.tracked: set[str] = set()  # those that have a gradient to be asked for, as far as is known
        self.functions: dict[str, int] = {}
        self.leaves: list[str] = []
        self.models: list[str] = []
        self.indent = 0
        self.count = 0
        for _ in range(2):
            self.leaf()

    # --- helpers ----------------------------------------------------------------------------------------------------

    def say(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def new(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def some(self, shape: Shape | None = None) -> str:
        fitting = [name for name, s in self.tensors.items() if shape is None or s in (shape, ())]
        return self.draws.choice(fitting or list(self.tensors))

    def bind(self, text: str, shape: Shape) -> str:
        name = self.new("v")
        self.say(f"let {name} = {text}")
        self.tensors[name] = shape
        if "grad)" in text or (any(word in self.tracked for word in WORD.findall(text)) and "detach" not in text):
            self.tracked.add(name)
        return name

    def written(self) -> str:
        """Something that is mostly not a leaf with a flag, which may not be written."""
        free = [name for name in self.tensors if name not in self.leaves]
        return self.draws.choice(free) if free and self.draws.random() < 0.95 else self.some()

    def differentiable(self) -> str:
        fitting = [name for name in self.tensors if name in self.tracked]
        return self.draws.choice(fitting) if fitting and self.draws.random() < 0.9 else self.some()

    def block(self, head: str, body: int, tail: str = "}") -> None:
        """Statements in braces; what they bind is not used after them, as it may not be there."""
        before = dict(self.tensors), dict(self.functions), list(self.leaves), list(self.models)
        self.say(head)
        self.indent += 1
        for _ in range(body):
            self.statement()
        self.indent -= 1
        self.say(tail)
        self.tensors, self.functions, self.leaves, self.models = before

    # --- statements ---------------------------------------------------------------------------------------------------

    def statement(self) -> None:
        kinds = [
            self.leaf, self.unary, self.unary, self.binary, self.binary, self.binary, self.reduce, self.view,
            self.view, self.write, self.write, self.item, self.call, self.shown, self.hook, self.backward,
            self.derivative, self.function, self.loss, self.loop, self.condition, self.attempt, self.mode,
            self.model, self.train, self.collection, self.op, self.words, self.data,
        ]  # fmt: skip
        if self.indent > 2:
            kinds = kinds[:16]
        self.draws.choice(kinds)()

    def leaf(self) -> None:
        shape = self.draws.choice(SHAPES)
        inside = ", ".join(map(str, shape))
        flag = self.draws.choice((", grad", ", grad", ""))
        maker = self.draws.choice(("randn", "rand", "ones"))
        text = f"{maker}({inside}{flag})" if shape else f"tensor({self.draws.choice((0.5, 2.0, -1.5, 0.0))}{flag})"
        name = self.bind(text, shape)
        if flag:
            self.leaves.append(name)

    def unary(self) -> None:
        name = self.some()
        f = self.draws.choice(UNARY)
        form = self.draws.choice(("{f}({x})", "{x}.{f}()", "{x} |> {f}", "{f}({x} * {x})"))
        self.bind(form.format(f=f, x=name), self.tensors[name])

    def binary(self) -> None:
        a = self.some()
        b = self.some(self.tensors[a])
        sign = self.draws.choice(("+", "-", "*", "/", "**", "//", "%", "<", ">=", "=="))
        other = self.draws.choice((b, b, b, "2", "0.5", "-1", "true"))
        self.bind(f"{a} {sign} {other}" if self.draws.random() < 0.8 else f"{other} {sign} {a}", self.tensors[a])

    def reduce(self) -> None:
        a = self.some()
        shape = self.tensors[a]
        f = self.draws.choice(REDUCED)
        if not shape or self.draws.random() < 0.4:
            self.bind(f"{a}.{self.draws.choice(('sum', 'mean', 'prod', 'max', 'min', 'norm', 'std'))}()", ())
            return
        dim = self.draws.randrange(len(shape))
        text = f"{a}.{f}({dim})"
        if f == "sort":
            text = f"{a}.sort({dim})[0]"
        same = f in ("cumsum", "softmax", "sort", "flip")
        self.bind(text, shape if same else shape[:dim] + shape[dim + 1 :])

    def view(self) -> None:
        a = self.some()
        shape = self.tensors[a]
        size = 1
        for n in shape:
            size *= n
        options: list[tuple[str, Shape]] = [
            ("unsqueeze(0)", (1, *shape)),
            ("view(-1)", (size,)),
            ("clone()", shape),
            ("detach()", shape),
        ]
        if len(shape) == 2:
            options += [
                ("t()", shape[::-1]),
                ("T", shape[::-1]),
                ("transpose(0, 1)", shape[::-1]),
                ("diagonal()", (min(shape),)),
            ]
        if shape:
            options += [
                ("[0]", shape[1:]),
                ("[-1]", shape[1:]),
                ("[::2]", ((shape[0] + 1) // 2, *shape[1:])),
                ("unbind(0)[0]", shape[1:]),
            ]
            options += [
                (f"expand(2, {', '.join(map(str, shape))})", (2, *shape)),
                ("[[0, 0]]", (2, *shape[1:])),
                ("chunk(2)[0]", ((shape[0] + 1) // 2, *shape[1:])),
            ]
            options += [
                ("[1:]", (shape[0] - 1, *shape[1:])),
                ("flatten()", (size,)),
                ("as_strided((2,), (0,))", (2,)),
                ("contiguous()", shape),
            ]
        text, result = self.draws.choice(options)
        self.bind(f"{a}{text if text[0] == '[' else '.' + text}", result)

    def write(self) -> None:
        a = self.written()
        if self.draws.random() < 0.6:
            self.say(f"{a}.{self.draws.choice(WRITES)};")
        elif self.draws.random() < 0.5:
            self.say(f"{a} {self.draws.choice(('+=', '-=', '*=', '/=', '**='))} {self.some(self.tensors[a])}")
        else:
            self.say(f"{a}.{self.draws.choice(('copy_', 'add_', 'mul_', 'sub_'))}({self.some(self.tensors[a])});")

    def item(self) -> None:
        a = self.written()
        place = self.draws.choice(("0", "-1", "...", "1:", "[0, 0]", ":, 0", f"{a} > 0", "0, 0", "::2"))
        value = self.draws.choice(("0.5", "1", self.some(()), f"{a}[{place}] * 2", "nan"))
        self.say(f"{a}[{place}] {self.draws.choice(('=', '=', '+=', '*='))} {value}")

    def call(self) -> None:
        if not self.functions:
            return self.function()
        name, count = self.draws.choice(list(self.functions.items()))
        a = self.some()
        self.bind(f"{name}({', '.join([a, *(self.some(self.tensors[a]) for _ in range(count - 1))])})", self.tensors[a])
        return None

    def shown(self) -> None:
        a = self.some()
        forms = (
            "print {a}", "{a}", "{a}.grad", "print {a}.shape, {a}.grad_fn", "show {a}",
            'print f"{{{a}.sum():.3f}} {{{a}}}"', "{a}.is_leaf", "{a}.tolist()", "{a}.requires_grad", "{a}._version",
            "print {a}.dtype", "help {a}", "show",
        )  # fmt: skip
        self.say(self.draws.choice(forms).format(a=a))

    def hook(self) -> None:
        a = self.differentiable()
        f = self.draws.choice(
            (
                "fn(g) = g * 2",
                "print",
                "fn(g) = none",
                "fn(g) { print g.shape }",
                "fn(g) = g.clone()",
                "fn(g) = g.sum()",
            )
        )
        forms = (
            f"{a}.register_hook({f});", f"{a}.retain_grad()", f"let {self.new('h')} = {a}.register_hook({f})",
            f"{a}.register_post_accumulate_grad_hook(fn(p) {{ print p.grad }});",
        )  # fmt: skip
        self.say(self.draws.choice(forms))

    def backward(self) -> None:
        a = self.differentiable()
        forms = (
            "backward {a}.sum()", "backward {a}.sum(), retain_graph", "{a}.mean().backward()",
            "{a}.backward(ones_like({a}))", "backward ({a} * {a}).sum(), create_graph", "zero_grad {a}",
            "{a}.grad = none", "{a}.grad.zero_()", "{a}.sum().backward(inputs=[{b}])",
        )  # fmt: skip
        self.say(self.draws.choice(forms).format(a=a, b=self.some()))

    def derivative(self) -> None:
        a = self.differentiable()
        b = self.draws.choice(self.leaves) if self.leaves else a
        shape = self.tensors[b]
        f = self.draws.choice(
            ("fn(v) = (v * v).sum()", "fn(v) = v.sin()", f"fn(v) = v * {a}", "fn(v) = v.exp().sum()", *self.functions)
        )
        forms = (
            f"grad({a}.sum(), {b}, retain_graph)[0]",
            f"grad(({a} ** 2).sum(), [{b}], create_graph, allow_unused)[0]", f"grad({f})({b})",
            f"jacobian({f}, {b})", f"hessian({f}, {b})", f"vjp({f}, {b})[0]", f"jvp({f}, {b}, {b})[1]",
            f"vmap({f})({b})", f"vmap(grad({f}))({b})", f"value_and_grad({f})({b})[0]", f"hvp({f}, {b}, {b})[1]",
            f"vmap(fn(v) = v * {a}, in_dims=0)({b})", f"jacrev({f})({b})",
        )  # fmt: skip
        self.bind(self.draws.choice(forms), shape)

    def function(self) -> None:
        name = self.new("f")
        count = self.draws.randint(1, 2)
        first, *rest = ["p", "q"][:count]
        body = self.draws.choice(
            ("{p} * {q}", "({p} + {q}).tanh()", "{p}.exp() - {q}", "{p} if {p}.sum() > 0 else {q}", "relu({p}) @ {q}")
        ).format(p=first, q=(rest or [first])[0])
        if self.draws.random() < 0.5 or self.indent:
            self.say(f"fn {name}({', '.join([first, *rest])}) = {body}")
        else:
            self.say(f"fn {name}({', '.join([first, *rest])}) {{")
            self.say(f"    let t = {body}")
            self.say(
                self.draws.choice(
                    (
                        "    t += 1",
                        "    for i in range(2) { t = t * 0.5 }",
                        "    if t.sum() > 0 { return t }",
                        "    t[0] = 1",
                        "    print t.shape",
                    )
                )
            )
            self.say("    return t")
            self.say("}")
        self.functions[name] = count

    def loss(self) -> None:
        a = self.some()
        kind = self.draws.choice(("", ', reduction="sum"', ', reduction="none"'))
        self.bind(
            f"{self.draws.choice(LOSSES)}({a}, {self.some(self.tensors[a])}{kind})",
            () if "none" not in kind else self.tensors[a],
        )

    def loop(self) -> None:
        head = self.draws.choice(
            (
                "repeat 3 {",
                "for i in range(3) {",
                "for i, t in enumerate([1.0, 2.0]) {",
                f"for row in {self.some()} {{",
                'for k in {"a": 1} {',
            )
        )
        self.block(head, self.draws.randint(1, 3))

    def condition(self) -> None:
        a = self.some()
        if self.draws.random() < 0.5:
            self.block(f"if {a}.sum() > 0 {{", 2)
        else:
            name = self.new("n")
            self.say(f"let {name} = 0")
            self.say(f"while {name} < 3 {{")
            self.say(f"    {name} += 1")
            self.say(f"    if {name} == 2 {{ {self.draws.choice(('break', 'continue', 'pass'))} }}")
            self.say(f"    {a} = {a} * 1.5")
            self.say("}")

    def attempt(self) -> None:
        self.block(
            "try {",
            self.draws.randint(1, 3),
            self.draws.choice(("} catch err { print err }", "} catch e { print e.code }", "} catch err { }")),
        )

    def mode(self) -> None:
        head = self.draws.choice(("no_grad {", "enable_grad {", "inference_mode {", "detect_anomaly {", "no_grad {"))
        self.block(head, self.draws.randint(1, 3))

    def model(self) -> None:
        if self.indent:
            return self.unary()
        name = self.new("M")
        n = self.draws.choice((2, 3))
        layer = self.draws.choice(
            (
                f"Linear({n}, {n})",
                f"LayerNorm({n})",
                f"Sequential(Linear({n}, 4), ReLU(), Linear(4, {n}))",
                f"BatchNorm1d({n})",
                "Dropout(0.5)",
                f"GRUCell({n}, {n})",
            )
        )
        self.say(f"model {name}() {{ let fc = {layer}; let w = ones({n}, grad); forward(x) = fc(x * w).tanh() }}")
        net = self.new("m")
        self.say(f"let {net} = {name}()")
        self.models.append(net)
        self.bind(f"{net}(randn(2, {n}))", (2, n))
        self.say(
            self.draws.choice(
                (
                    f"print {net}",
                    f"{net}.train()",
                    f"{net}.eval()",
                    f"print [p.shape for p in {net}.parameters()]",
                    f"let s = {net}.state_dict()",
                    f"{net}.w.grad",
                )
            )
        )
        return None

    def train(self) -> None:
        params = (
            f"{self.draws.choice(self.models)}.parameters()"
            if self.models
            else f"[{self.draws.choice(self.leaves or [self.some()])}]"
        )
        optimiser = self.draws.choice(
            (
                "SGD({p}, lr=0.1, momentum=0.9)",
                "Adam({p})",
                "AdamW({p}, lr=0.01)",
                "RMSprop({p})",
                "Adagrad({p})",
                "NAdam({p})",
                "Rprop({p})",
            )
        )
        name = self.new("o")
        self.say(f"let {name} = {optimiser.format(p=params)}")
        a = self.differentiable()
        self.say(f"repeat 2 {{ zero_grad {name}; backward ({a} ** 2).sum(), retain_graph; step {name} }}")

    def collection(self) -> None:
        a, b = self.some(), self.some()
        forms = (
            f"[t * 2 for t in [{a}, {b}]]", f"({a}, {b})", f'{{"a": {a}, "b": [{b}]}}',
            "[i for i in range(4) if i != 2]", f"cat([{a}.view(-1), {b}.view(-1)])", f"stack([{a}, {a}])",
            f"list(zip([{a}], [{b}]))", f"max({a}, {b})", "sorted([3, 1, 2])", f"where({a} > 0, {a}, 0)",
            f"einsum(\"i,i->\", {a}.flatten(), {a}.flatten())",
        )  # fmt: skip
        name = self.new("c")
        self.say(f"let {name} = {self.draws.choice(forms)}")
        self.say(f"print {name}")

    def op(self) -> None:
        if self.indent:
            return self.unary()
        name = self.new("op")
        body = self.draws.choice(("g * 2 * a", "g * a.cos()", "g", "none", "g.sum()", "g * w"))
        self.say(f"op {name}(a) {{")
        self.say(self.draws.choice(("    save_for_backward a, w=a * 2", "    save_for_backward a, w=a")))
        self.say("    return a * a")
        self.say(f"}} backward(g) {{ return {body} }}")
        a = self.some()
        self.bind(f"{name}({a})", self.tensors[a])
        return None

    def words(self) -> None:
        text = self.draws.choice(
            (
                '"a,b".split(",")',
                '"x" * 3',
                'f"{1.5:.2f}"',
                '"a" in "abc"',
                "len([1, 2])",
                'int("3") + 1',
                "10 // 3",
                "2 ** 0.5",
                "1 / 0",
                "[1, 2][5]",
                '{"a": 1}["b"]',
                "true and false",
                "3 if true else 4",
                '"%d" % 3',
                "abs(-3)",
            )
        )
        self.say(f"print {text}")

    def data(self) -> None:
        a = self.some()
        self.say(
            self.draws.choice(
                (
                    f"{a}.data = {self.some()}",
                    f"{a}.data.add_(1);",
                    f"{a}.requires_grad_();",
                    f"let {self.new('n')} = {a}.detach().numpy()",
                    f"del {self.new('z')}" if self.draws.random() < 0.1 else f"{a} = {self.some()}",
                    "manual_seed(3)",
                    f"let {self.new('k')} = {a}.to(float64)",
                )
            )
        )

    def ending(self) -> None:
        last = next((name for name in reversed(self.tensors) if name in self.tracked), self.some())
        self.say(f"print {last}")
        if self.draws.random() < 0.7:
            self.say(f"backward {last}.sum()")
            for leaf in self.leaves[:2]:
                self.say(f"{leaf}.grad")
