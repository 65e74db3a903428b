"""`model` blocks: fields, calls, trees, states; the texts are PyTorch 2.13's."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest

from gradsh import Session

Run = Callable[[str], str]

MLP = """
model MLP(n_in, n_hidden, n_out) {
    let fc1 = Linear(n_in, n_hidden)
    let fc2 = Linear(n_hidden, n_out)
    forward(x) = fc2(relu(fc1(x)))
}
"""


@pytest.fixture
def run() -> Run:
    """Runs a program in one session; gives what it prints, or its error's message."""
    out = io.StringIO()
    session = Session(out=out, err=io.StringIO())

    def go(text: str) -> str:
        out.truncate(out.seek(0))
        result = session.run(text)
        return out.getvalue() if result.ok else "; ".join(error.message for error in result.errors)

    return go


def test_the_contract_s_example_trains(run: Run) -> None:
    program = (
        MLP
        + """
        manual_seed(0)
        let net = MLP(4, 8, 3)
        let opt = SGD(net.parameters(), lr=0.1, momentum=0.9)
        let x = randn(6, 4); let y = randint(0, 3, (6,))
        let losses = []
        for epoch in range(20) {
            let loss = cross_entropy(net(x), y)
            losses.append(loss.item())
            zero_grad opt; backward loss; step opt
        }
        """
    )
    assert run(program) == ""
    assert run("losses[19] < 0.5 * losses[0]") == "True\n"


def test_it_prints_as_in_pytorch(run: Run) -> None:
    run(MLP)
    assert run("let net = MLP(64, 32, 10)\nnet") == (
        "MLP(\n"
        "  (fc1): Linear(in_features=64, out_features=32, bias=True)\n"
        "  (fc2): Linear(in_features=32, out_features=10, bias=True)\n"
        ")\n"
    )
    assert run("print [net.fc2]") == "[Linear(in_features=32, out_features=10, bias=True)]\n"
    assert run("model Empty { pass }\nEmpty()") == "Empty()\n"
    assert run('model Said() { fn extra_repr() = "a=1" }\nSaid()') == "Said(a=1)\n"
    assert run("MLP") == "<class 'MLP'>\n"


def test_fields(run: Run) -> None:
    run(
        """
        model Counter(start) {
            let count = start
            let scale = tensor(2.0, grad)
            fn more(by=1) { self.count = count + by; return count }
            fn doubled() = 2 * count
            forward(x) { let now = more(); return x * scale * now }
        }
        let c = Counter(5)
        """
    )
    assert run("c.count, c.start") == "(5, 5)\n"
    assert run("c(10.0)") == "tensor(120., grad_fn=<MulBackward0>)\n"
    assert run("c.more(by=4), c.doubled(), c.count") == "(10, 20, 10)\n"
    assert run("c.count = 1; c.doubled()") == "2\n"  # the functions of the body see what is set from outside
    assert run("c.extra = 3; c.extra") == "3\n"
    assert run("c.nothing") == "'Counter' object has no attribute 'nothing'"
    assert run("Counter(7).count, c.count") == "(7, 1)\n"  # each instance has its own


def test_functions_of_the_body_may_come_before_what_they_use(run: Run) -> None:
    run("model M() { forward(x) = helper(x) + late\nfn helper(x) = x * 2\nlet late = 1 }")
    assert run("M()(3)") == "7\n"


def test_an_update_in_a_method_changes_the_field(run: Run) -> None:
    run("model M() { let total = 0\nlet seen = tensor(0.)\nfn add(v) { total += v; seen += v } }\nlet m = M()")
    assert run("m.add(3); m.add(4); m.total, m.seen") == "(7, tensor(7.))\n"
    assert run("[name for name, _ in m.named_buffers()]") == "['seen']\n"


def test_what_is_a_parameter_and_what_a_buffer(run: Run) -> None:
    run(
        """
        model M() {
            let w = ones(2, grad)
            let mean = zeros(2)
            let half = 0.5
            let p = Parameter(ones(3), requires_grad=false)
            let made = w * 2
            for i in range(2) { let last = i }
            self.late = ones(1, grad)
            forward(x) { self.seen = x; return x }
        }
        let m = M()
        """
    )
    assert run("[n for n, _ in m.named_parameters()], [n for n, _ in m.named_buffers()]") == (
        "(['w', 'p', 'late'], ['mean', 'made'])\n"
    )
    assert run("let y = m(ones(2)); list(m.state_dict().keys())") == "['w', 'p', 'late', 'mean', 'made']\n"
    assert run("m.w") == "Parameter containing:\ntensor([1., 1.], requires_grad=True)\n"
    assert run("m.register_buffer('b', ones(1), persistent=false); list(m.state_dict().keys())").count("'b'") == 0
    assert run("len(m.buffers())") == "3\n"


def test_nesting_lists_and_shared_parameters(run: Run) -> None:
    run(
        """
        model Block(n) { let fc = Linear(n, n)\nforward(x) = relu(fc(x)) }
        model Deep(n, depth) {
            let blocks = ModuleList([Block(n) for _ in range(depth)])
            let kept = [Linear(1, 1)]
            let raw = [ones(1, grad)]
            let ways = ModuleDict({"a": Linear(n, 1)})
            let scales = ParameterList([ones(1, grad), ones(1, grad)])
            let again = blocks[0]
            forward(x) {
                for block in blocks { x = block(x) }
                return ways["a"](x)
            }
        }
        let d = Deep(2, 2)
        """
    )
    assert run("[n for n, _ in d.named_parameters()]") == (
        "['blocks.0.fc.weight', 'blocks.0.fc.bias', 'blocks.1.fc.weight', 'blocks.1.fc.bias', 'ways.a.weight', "
        "'ways.a.bias', 'scales.0', 'scales.1']\n"
    )
    assert run("len(d.parameters()), len(d.state_dict())") == "(8, 10)\n"  # the state names shared ones twice
    assert run("[n for n, _ in d.named_modules()]") == (
        "['', 'blocks', 'blocks.0', 'blocks.0.fc', 'blocks.1', 'blocks.1.fc', 'ways', 'ways.a', 'scales']\n"
    )
    assert run("d(ones(3, 2)).shape") == "Size([3, 1])\n"
    assert "(blocks): ModuleList(\n    (0-1): 2 x Block(" in run("d")
    assert run("d.get_parameter('blocks.1.fc.bias') is d.blocks[1].fc.bias") == "True\n"


def test_containers(run: Run) -> None:
    run("let s = Sequential(Linear(2, 3), ReLU(), Linear(3, 1))")
    assert run("s[2]") == "Linear(in_features=3, out_features=1, bias=True)\n"
    assert run("len(s), [type_of(l) for l in s[:2]]") == "name 'type_of' is not defined"
    assert run("len(s), len(s[:2]), s[-1] is s[2]") == "(3, 2, True)\n"
    assert run("s[1] = Tanh(); s[1]") == "Tanh()\n"
    assert run("s.append(Sigmoid()); len(s)").endswith("4\n")
    assert run("s[7]") == "index 7 is out of range"
    assert run("Sequential(3)") == "int is not a Module subclass"
    assert run("ModuleList([ReLU()]) + [Tanh()]") == "ModuleList(\n  (0): ReLU()\n  (1): Tanh()\n)\n"
    assert run('let d = ModuleDict({"a": ReLU()}); d["b"] = Tanh(); list(d.keys()), d["a"], "b" in d') == (
        "(['a', 'b'], ReLU(), True)\n"
    )
    assert run('Sequential({"first": ReLU()}).first') == "ReLU()\n"
    assert run("s.nope") == "'Sequential' object has no attribute 'nope'"


def test_train_and_eval_reach_everything(run: Run) -> None:
    run(
        MLP
        + "model Outer() { let inner = MLP(1, 2, 3)\nlet drops = ModuleList([Dropout(0.5)])\nforward(x) = drops[0](x) }"
    )
    run("let o = Outer()")
    assert (
        run("o.train()\no.eval()\no.training, o.inner.fc1.training, o.drops[0].training") == "(False, False, False)\n"
    )
    assert run("o(ones(3))") == "tensor([1., 1., 1.])\n"
    assert run("o.train(3)") == "training mode is expected to be boolean"
    assert run("o.requires_grad_(false); [p.requires_grad for p in o.parameters()]").endswith(
        "[False, False, False, False]\n"
    )


def test_zero_grad(run: Run) -> None:
    run("let net = Linear(2, 1); backward net(ones(2)).sum()")
    assert run("net.weight.grad is none") == "False\n"
    assert run("zero_grad net; net.weight.grad is none") == "True\n"
    assert (
        run("backward net(ones(2)).sum(); net.zero_grad(set_to_none=false); net.weight.grad") == "tensor([[0., 0.]])\n"
    )


def test_states(run: Run) -> None:
    run(MLP + "manual_seed(0)\nlet a = MLP(2, 3, 1); let b = MLP(2, 3, 1)")
    assert run("b.load_state_dict(a.state_dict())") == ""
    assert run("print b.load_state_dict(a.state_dict())") == "<All keys matched successfully>\n"
    assert run("(a(ones(2)) == b(ones(2))).item()") == "True\n"
    assert run("Linear(1, 1, bias=false).state_dict()").startswith("OrderedDict([('weight', tensor([[")
    assert run("let s = a.state_dict(); s['fc1.bias'].zero_(); a.fc1.bias").endswith(
        "Parameter containing:\ntensor([0., 0., 0.], requires_grad=True)\n"
    )
    assert run("s['fc1.weight'].requires_grad") == "False\n"
    assert run('a.load_state_dict({"fc1.weight": ones(2, 2), "q": 1})') == (
        "Error(s) in loading state_dict for MLP:\n"
        '\tMissing key(s) in state_dict: "fc1.bias", "fc2.weight", "fc2.bias". \n'
        '\tUnexpected key(s) in state_dict: "q". \n'
        "\tsize mismatch for fc1.weight: copying a param with shape torch.Size([2, 2]) from checkpoint, the shape in "
        "current model is torch.Size([3, 2])."
    )
    assert run("print a.load_state_dict({}, strict=false).missing_keys") == (
        "['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias']\n"
    )
    assert run("a.load_state_dict(3)") == "Expected state_dict to be dict-like, got <class 'int'>."
    assert "expected torch.Tensor or Tensor-like object" in run('a.load_state_dict({"fc1.weight": 3}, strict=false)')


def test_dtypes(run: Run) -> None:
    run(MLP + "let net = MLP(2, 3, 1)\nlet w = net.fc1.weight")
    assert run("net.double(); w.dtype, net.fc1.weight is w").endswith("(float64, True)\n")
    assert run("net(ones(2, dtype=float64)).dtype") == "float64\n"
    assert run("net.to(float32); net(ones(2)).dtype").endswith("float32\n")
    assert run("net.to(int64)") == (
        "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.int64"
    )
    assert run("Linear(2, 1, dtype=float64).weight.dtype") == "float64\n"


def test_assignment(run: Run) -> None:
    run(MLP + "let net = MLP(2, 3, 1)\nlet b = BatchNorm1d(2)")
    assert run("net.fc2 = Linear(3, 5); net(ones(2)).shape") == "Size([5])\n"
    assert run("net.fc2 = 3") == "cannot assign 'int' as child module 'fc2' (torch.nn.Module or None expected)"
    assert run("net.fc1.weight = ones(3, 2)") == (
        "cannot assign 'torch.FloatTensor' as parameter 'weight' (torch.nn.Parameter or None expected)"
    )
    assert run("net.fc1.weight = Parameter(ones(3, 2)); net.fc1(ones(2)).shape") == "Size([3])\n"
    assert run("net.fc1.bias = none; len(net.fc1.parameters())") == "1\n"
    assert run("b.running_mean = 3") == (
        "cannot assign 'int' as buffer 'running_mean' (torch.nn.Buffer, torch.Tensor or None expected)"
    )
    assert run("b.running_mean = ones(2); b.running_mean") == "tensor([1., 1.])\n"


def test_hooks(run: Run) -> None:
    run("let net = Linear(2, 1, bias=false); ones_(net.weight)")
    run("let h = net.register_forward_hook(fn(m, inputs, out) = out * 10)")
    run("let p = net.register_forward_pre_hook(fn(m, inputs) = inputs[0] + 1)")
    assert run("net(ones(2)).item()") == "40.0\n"
    assert run("h.remove(); net(ones(2)).item()") == "4.0\n"
    assert run("p.remove(); net(ones(2)).item()") == "2.0\n"


def test_apply_and_isinstance(run: Run) -> None:
    run(MLP + "let net = MLP(2, 3, 1)")
    run("fn start(m) { if isinstance(m, Linear) { constant_(m.weight, 0.5); zeros_(m.bias) } }")
    assert run("net.apply(start)\nnet(ones(2))") == "tensor([1.5000], grad_fn=<ViewBackward0>)\n"
    assert run("isinstance(net, MLP), isinstance(net, Linear), isinstance(net, Module)") == "(True, False, True)\n"


def test_calls_that_do_not_fit(run: Run) -> None:
    run(MLP + "let net = MLP(2, 3, 1)")
    assert run("MLP(1)") == "MLP.__init__() missing 2 required positional arguments: 'n_hidden' and 'n_out'"
    assert run("MLP(1, 2, 3, 4)") == "MLP.__init__() takes 4 positional arguments but 5 were given"
    assert run("net()") == "MLP.forward() missing 1 required positional argument: 'x'"
    assert run("net(1, 2)") == "MLP.forward() takes 2 positional arguments but 3 were given"
    assert run("net(y=1)") == "MLP.forward() got an unexpected keyword argument 'y'"
    assert run("model N() { pass }\nN()(1)") == 'Module [N] is missing the required "forward" function'
    assert run("net + 1") == "unsupported operand type(s) for +: 'MLP' and 'int'"
    assert run("Linear(2)") == "Linear.__init__() missing 1 required positional argument: 'out_features'"
    assert run("Linear(2, 3, bais=false)") == "Linear.__init__() got an unexpected keyword argument 'bais'"
    assert run("model S(self) { pass }").startswith("`self` is the instance")
    assert run("model R() { return 3 }") == "'return' outside function"


def test_keywords_and_flags(run: Run) -> None:
    run("model M(n, wide=false) { forward(x, twice=false) = x * (2 if twice else 1) + (10 if wide else 0) }")
    assert run("M(1, wide)(3), M(n=1)(x=3, twice=true)") == "(13, 6)\n"
    assert run("LSTM(3, 4, batch_first)") == "LSTM(3, 4, batch_first=True)\n"


def test_names_are_those_of_the_body_only(run: Run) -> None:
    assert run("model M() { let w = 1 }\nw") == "name 'w' is not defined"
    assert run("model K() { let w = v }\nK()") == "name 'v' is not defined"


def test_no_name_reaches_the_host(run: Run) -> None:
    run("let net = Linear(2, 1)")
    for name in ("__class__", "__dict__", "cells", "run", "construct", "put", "tree", "spell", "body"):
        assert run(f"net.{name}") == f"'Linear' object has no attribute '{name}'"
        assert run(f"Linear.{name}").endswith(f"has no attribute '{name}'")


def test_where_things_are_said_to_be(run: Run) -> None:
    out = io.StringIO()
    session = Session(out=out, err=out)
    assert not session.run("let net = Sequential(Linear(2, 3))\nlet y = net(ones(4, 5))", "a.grad").ok
    assert "--> a.grad:2:9" in out.getvalue() and "linear.grad" not in out.getvalue()
    assert session.run("let x = ones(1, 2)\nlet z = net(x)", "b.grad").ok
    from gradsh.language.places import locate

    span = locate(*session.globals[".z"].made_at)
    assert span is not None and span.text == "net(x)"


def test_two_sessions_share_the_library_but_nothing_else() -> None:
    sessions = [Session(dtype=dtype, seed=1, out=io.StringIO(), err=io.StringIO()) for dtype in ("float32", "float64")]
    for session in sessions:
        assert session.run("let net = Linear(2, 2)").ok
    first, second = (session.globals[".net"].get("weight").data for session in sessions)
    assert (first.dtype, second.dtype) == (np.float32, np.float64)
