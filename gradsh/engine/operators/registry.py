"""The registry of operators: one entry per operator, in one place.

    @op("log(input)", grad_fn="LogBackward0", samples=...)
    def log(x): return np.log(x)

    @log.vjp(saves="input")
    def _(F, g, out, x): return g / x

The signature is PyTorch's; arity checks, flags, keyword names, help and completion come from it. The decorated function
is the forward on arrays. A rule is written once in terms of operators: `F` is the same operators on arrays (the fast
backward) or on tensors (`create_graph`). A rule never un-broadcasts, never accumulates and never asks for
`requires_grad`: the engine does that once for all.

Forms of an entry: `unary` and `binary` elementwise operators have a fast path of their own, `op` is the general form,
`composite` is written in other operators and needs no rule, `function` makes or inspects tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gradsh.calls.bind import Binder
from gradsh.engine.core.alloc import again
from gradsh.engine.core.arguments import ended, not_implemented
from gradsh.engine.core.batched import array_behind
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, T
from gradsh.errors import DtypeError

OLD_FORM = "a call in a form of old"  # said of the first one of a session, as PyTorch says it once per process


def _tell_of_old(text: str) -> None:
    if OLD_FORM not in mode.warned:
        mode.warned.add(OLD_FORM)
        mode.warn(text)


Binder.tell_of_old = staticmethod(_tell_of_old)

OPERATORS: dict[str, Operator] = {}
METHODS: dict[str, Callable[..., Any]] = {}


def foreign(entry: Any, values: list[Any]) -> Any:
    """An operator on values of which one is a tensor, but not a plain one."""
    if mode.interpreter is None:
        raise ended(entry.name, values)
    return mode.interpreter.run(entry, values)


def computed(kernel: Any, *arrays: Any) -> Any:
    """What an operator's kernel makes of the arrays (and numbers) of a call: whoever runs one does it here."""
    try:
        return kernel(*arrays)
    except MemoryError:
        return again(kernel, *arrays)


INTEGERS = "Byte Char Short Int Long"  # for what an entry `refuses`
NOT_FLOATS = f"{INTEGERS} Bool"
UNLESS_EMPTY = " unless empty"


def refusing(entry: Operator, kernel: Any) -> Any:
    """The kernel, which gives PyTorch's error for a dtype that the entry refuses: after its own errors of shapes and
    numbers, which PyTorch's come after too, and in place of those of dtypes that NumPy or its parts have."""
    if not entry.refuses:
        return kernel
    words = {
        dtype: (text, titles.endswith(UNLESS_EMPTY))
        for text, titles in entry.refuses.items()
        for dtype, known in OF.items()
        if known.title in titles.split()
    }

    def checked(*values: Any) -> Any:
        dtype = getattr(array_behind(values[0]), "dtype", None)
        if dtype not in words:
            return kernel(*values)
        text, unless_empty = words[dtype]
        try:
            result = kernel(*values)
            if unless_empty and any(getattr(array_behind(v), "size", 1) == 0 for v in (result, *values)):
                return result
        except (DtypeError, TypeError):
            pass
        if " " in text:
            raise DtypeError(text.format(OF[dtype].title))
        raise not_implemented(text, dtype)

    return checked


class Operator:
    """An entry of the registry.

    name        as programs write it, "linalg.norm" with its namespace
    apply       the function that programs call
    body        a composite as it was written: takes bound arguments
    kernel      the forward on arrays, None for composites and functions
    signature   see gradsh.calls.signature
    rules       {input name: rule}; None when it is not differentiable at all
    why_not     the reason why there is no derivative, for `not_implemented`
    method      whether PyTorch has it as a Tensor method
    effect      called for its effect: echoes nothing
    outside     a call does more than give a result: it changes its arguments or a setting, draws, or reaches out of the
                program; what only looks at an expression does not run it. So is what has an effect, or a trailing
                underscore
    frees       it walks the graph of its first argument, and frees it unless `retain_graph` is set
    work        how much there is to do in a call: see gradsh.engine.operators.work. Of an elementwise operator and of a
                view that is known; where nothing is said, all numbers are taken to meet all others
    private     used by rules only; programs do not see it
    own         PyTorch has no such function, and nothing to say of what stands at which place in its calls
    home        the module that registered it
    inplace     PyTorch has it in place too, with a trailing underscore; or the name of its node there, if it has a
                gradient only there (of zero)
    shared      how PyTorch's error calls a write of a batch by its twin in place to what the samples share: some words,
                "shape" for the error of a shape that does not fit, or its own name where nothing is said
    elementwise each element of the result depends on one element of every (broadcast) tensor: batching and forward mode
                follow from that
    layout      where the dims of the result lie in memory: "operands" as its operands have them, "contiguous",
                "columns" (matrices, in LAPACK's order), "images" (channels last, where its first tensor has them so),
                or "own", as the kernel says. Where nothing is said: elementwise, as the operands; a view or what is
                written in other operators, own; else contiguous
    linear      linear in its tensors taken together: its forward derivative is the operator itself on the tangents
    bilinear    linear in each of its two tensors: f(tangent, second) + f(first, tangent)
    second      see gradsh.engine.core.graph.Kind: PyTorch's names of the nodes of its gradients
    jvp_rule    its forward derivative in its one tensor, where that is none of these
    batch_rule  how it runs on samples with a batch in front, see gradsh.engine.transforms.batching
    looped      of a composite: why `vmap` runs it sample by sample and not as it is written
    draws       it draws random numbers by what its tensors hold
    dynamic     the shape of the result depends on values: `vmap` refuses it
    cuts        its result has the values of its argument without their history
    formula     the gradients of its inputs, for people: see gradsh.looking.formulas; by_ndim has those for inputs of
                other numbers of dims, {"1,2": formula}
    at_kink     where it has no single slope: (condition on its inputs, the slopes there, which is taken), each as text
    samples     a function giving the sample calls that tests loop over
    refuses     the dtypes of its first tensor that PyTorch has no kernel for: {name of the kernel: titles of dtypes},
                or {whole words of the error, with {} for the title: titles}. "Bool unless empty": PyTorch comes to no
                kernel where there are no elements
    definition  of what PyTorch lacks: an expression in the names of its parameters and in PyTorch's operators, to which
                the tests hold values and gradients for want of recorded ones
    """

    def __init__(
        self,
        signature: str,
        *,
        grad_fn: str = "",
        method: bool | str = True,
        samples: Callable[[], Iterable[Any]] | None = None,
        effect: bool = False,
        outside: bool = False,
        frees: bool = False,
        work: str = "",
        formula: str = "",
        example: str = "",
        kinks: str = "",
        differentiable: bool = True,
        view: bool = False,
        private: bool = False,
        own: bool = False,
        inplace: bool | str = False,
        elementwise: bool = False,
        linear: bool = False,
        bilinear: bool = False,
        looped: str = "",
        dynamic: bool = False,
        definition: str = "",
        cuts: bool = False,
        python: bool = False,
        second: str | tuple[str, ...] = "",
        by_ndim: dict[str, str] | None = None,
        at_kink: tuple[tuple[str, str, str], ...] = (),
        layout: str = "",
        shared: str = "",
        draws: bool = False,
        refuses: dict[str, str] | None = None,
    ) -> None:
        self.signature = Binder(signature, python=python, own=own or private)
        self.name = self.signature.name
        self.grad_fn = grad_fn
        self.method = method
        self.samples = samples
        self.effect = effect
        self.outside = outside or effect or self.name.endswith("_")
        self.frees = frees
        self.work = work
        self.formula = formula
        self.by_ndim = by_ndim or {}
        self.at_kink = at_kink
        self.example = example
        self.kinks = kinks
        self.differentiable = differentiable
        self.view = view
        self.private = private
        self.inplace = inplace
        self.elementwise = elementwise
        self.layout = layout or ("operands" if elementwise else "own" if view else "contiguous")
        self.shared = shared
        self.draws = draws
        self.refuses = refuses
        self.linear = linear
        self.bilinear = bilinear
        self.looped = looped
        self.dynamic = dynamic
        self.cuts = cuts
        self.second = second
        self.jvp_rule: Any = None
        self.definition = definition
        self.batch_rule: Any = None
        self.body: Any = None
        self.kernel: Any = None
        self.apply: Any = None
        self.summary = ""
        self.home = ""
        self.rules: dict[str, Any] = {}
        self.saves: dict[str, frozenset[str]] = {}
        self.joint: Any = None
        self.joint_saves: frozenset[str] = frozenset()
        self.why_not = ""

    def __repr__(self) -> str:
        return f"<operator {self.name}>"

    @property
    def parameters(self) -> list[tuple[str, str, bool, bool]]:
        """(name, kind, has a default, is a flag); kind is "positional", "keyword" or "rest"."""
        return [p.row() for p in self.signature.parameters]

    def vjp(self, *inputs: str, saves: str = "") -> Callable[[Any], Any]:
        """Register the rule for one input: `rule(F, g, out, *arguments)` gives its gradient.

        `saves` names what the rule reads of "out" and of the tensor inputs; of tensors not named it may read only
        shape and dtype. Without a name the rule is for the first input. With several names it is a joint rule,
        `rule(F, needs, g, out, *arguments)`, that gives a tuple with one gradient for each of them.
        """

        def register(rule: Any) -> Any:
            if len(inputs) > 1:
                self.joint = (inputs, rule)
                self.joint_saves = frozenset(saves.split())
            else:
                name = inputs[0] if inputs else self.signature.parameters[0].name
                self.rules[name] = rule
                self.saves[name] = frozenset(saves.split())
            self.finish()
            return rule

        return register

    def batched(self, rule: Any) -> Any:
        """Register the batch rule: `rule(F, size, batched, *values)`, see gradsh.engine.transforms.batching."""
        self.batch_rule = rule
        return rule

    def jvp(self, rule: Any) -> Any:
        """Register the forward derivative: `rule(F, t, saved)`, the tangent and what the node has saved."""
        self.jvp_rule = rule
        return rule

    def not_implemented(self, reason: str) -> None:
        """Declare that there is no derivative yet, and why: backward says so instead of giving a wrong number."""
        self.why_not = reason
        self.finish()

    def finish(self) -> None:
        """Called when a rule was added; the forms with compiled rules override it."""

    def register(self, function: Any) -> None:
        known = OPERATORS.get(self.name)
        # a file whose import failed half-way (no memory) is imported again, and its entries take the place of its first
        if known is not None and known.home != getattr(function, "__module__", ""):
            raise TypeError(f"two operators are called {self.name}")
        self.home = getattr(function, "__module__", "")
        OPERATORS[self.name] = self
        doc = function.__doc__
        self.summary = doc.strip().split("\n")[0] if doc else ""
        attribute = self.name.replace(".", "_")
        T.__dict__[attribute] = self.apply
        A.__dict__[attribute] = self.kernel or self.apply
        if self.method and not self.private:
            METHODS[self.method if isinstance(self.method, str) else self.name] = self.apply


# --- other names ------------------------------------------------------------------------------------------------------


def alias(name: str, entry: Operator, *, method: bool | None = None) -> None:
    """Make an operator known under a second name too (`multiply` for `mul`), as PyTorch does."""
    OPERATORS[name] = entry
    attribute = name.replace(".", "_")
    T.__dict__[attribute] = entry.apply
    A.__dict__[attribute] = entry.kernel or entry.apply
    if entry.method if method is None else method:
        METHODS[name] = entry.apply


def on_arrays(name: str, kernel: Any) -> None:
    """Give a composite that rules call a form for arrays, so that it is `A.name` too."""
    A.__dict__[name] = kernel


# --- looking things up ------------------------------------------------------------------------------------------------
