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

import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from gradsh.calls.signature import Signature
from gradsh.engine.checks import FAILURES, blame
from gradsh.engine.graph import Kind, Node, Storage, Unrecorded
from gradsh.engine.modes import mode
from gradsh.engine.tensor import Tensor, output_tensor, restore

_getframe = sys._getframe

# the files of gradsh/engine/ops, one per family; importing one registers its operators
FAMILIES = (
    "elementwise",
    "powers",
    "limits",
    "trigonometric",
    "special",
    "activation",
    "hard",
    "compare",
    "operators",
    "reduce",
    "extremes",
    "statistics",
    "cumulative",
    "sort",
    "softmax",
    "shape",
    "dims",
    "arrange",
    "diagonal",
    "join",
    "index",
    "pick",
    "fill",
    "scatter",
    "creation",
    "conversion",
    "inspection",
    "sampling",
    "matmul",
    "affine",
    "contraction",
    "einsum",
    "linalg",
    "solving",
    "cholesky",
    "lu",
    "decompositions",
    "norms",
    "leastsquares",
    "distance",
    "convolution",
    "pooling",
    "adaptive",
    "normalization",
    "dropout",
    "padding",
    "resize",
    "vision",
    "embedding",
    "attention",
    "loss",
    "loss_probability",
    "loss_class",
    "loss_distance",
    "loss_sequence",
    "autograd",
    "functional",
    "optimisers",
    "inplace",
    "initializers",
    "files",
)

OPERATORS: dict[str, Operator] = {}
METHODS: dict[str, Callable[..., Any]] = {}


class Namespace:
    """Operators by name: `A` runs them on arrays, `T` on tensors."""

    def __getattr__(self, name: str) -> Any:
        load_all()
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    # how a rule sees what was saved for it; the tensors' namespace gives tensors with their history
    @staticmethod
    def restore(x: Any, edge: Any) -> Any:
        return x.data

    @staticmethod
    def output(node: Any, data: Any) -> Any:
        return data


class TensorNamespace(Namespace):
    restore = staticmethod(restore)
    output = staticmethod(output_tensor)


A = Namespace()
T = TensorNamespace()


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
    private     used by rules only; programs do not see it
    inplace     PyTorch has it in place too, with a trailing underscore
    elementwise each element of the result depends on one element of every (broadcast) tensor: batching and forward mode
                follow from that
    linear      linear in its tensors taken together: its forward derivative is the operator itself on the tangents
    batch_rule  how it runs on samples with a batch in front, see gradsh.engine.batching
    samples     a function giving the sample calls that tests loop over
    """

    def __init__(
        self,
        signature: str,
        *,
        grad_fn: str = "",
        method: bool | str = True,
        samples: Callable[[], Iterable[Any]] | None = None,
        effect: bool = False,
        formula: str = "",
        example: str = "",
        kinks: str = "",
        differentiable: bool = True,
        view: bool = False,
        private: bool = False,
        inplace: bool = False,
        elementwise: bool = False,
        linear: bool = False,
        python: bool = False,
    ) -> None:
        self.signature = Signature(signature, python=python)
        self.name = self.signature.name
        self.grad_fn = grad_fn
        self.method = method
        self.samples = samples
        self.effect = effect
        self.formula = formula
        self.example = example
        self.kinks = kinks
        self.differentiable = differentiable
        self.view = view
        self.private = private
        self.inplace = inplace
        self.elementwise = elementwise
        self.linear = linear
        self.batch_rule: Any = None
        self.body: Any = None
        self.kernel: Any = None
        self.apply: Any = None
        self.summary = ""
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
        """Register the batch rule: `rule(F, size, batched, *values)`, see gradsh.engine.batching."""
        self.batch_rule = rule
        return rule

    def not_implemented(self, reason: str) -> None:
        """Declare that there is no derivative yet, and why: backward says so instead of giving a wrong number."""
        self.why_not = reason
        self.finish()

    def finish(self) -> None:
        """Called when a rule was added; the forms with compiled rules override it."""

    def register(self, function: Any) -> None:
        if self.name in OPERATORS:
            raise TypeError(f"two operators are called {self.name}")
        OPERATORS[self.name] = self
        doc = function.__doc__
        self.summary = doc.strip().split("\n")[0] if doc else ""
        attribute = self.name.replace(".", "_")
        T.__dict__[attribute] = self.apply
        A.__dict__[attribute] = self.kernel or self.apply
        if self.method and not self.private:
            METHODS[self.method if isinstance(self.method, str) else self.name] = self.apply


# --- places and words ------------------------------------------------------------------------------------------------


def here(frame: Any) -> tuple[Any, int]:
    return (frame.f_code, frame.f_lasti)


def untracked(out: Tensor, frame: Any) -> None:
    """Note on a result without history where it was made, and whether that was inside `inference_mode`."""
    made = mode.where or (frame.f_code, frame.f_lasti)
    out.made = made if mode.grad else Unrecorded(made)
    if mode.inference:
        out.storage = Storage(inference=True)


def caller(frame: Any) -> tuple[Any, int]:
    """The place in the user's program that `frame`, or what called it, stands at."""
    where = mode.where
    if where is not None:
        return where
    start = frame
    while frame is not None:
        if "@attr" in frame.f_globals:
            return (frame.f_code, frame.f_lasti)
        frame = frame.f_back
    return (start.f_code, start.f_lasti)


def type_name(value: Any) -> str:
    """A value's type in the words of PyTorch's errors."""
    return "NoneType" if value is None else type(value).__name__


# --- composites and functions ---------------------------------------------------------------------------------------


def composite(signature: str, *, rename: str = "", **options: Any) -> Callable[[Any], Operator]:
    """Register an operator that is written in other operators; it gets bound arguments positionally and needs no rule.

    What it records is said to be made where the user called it. `rename` gives the last node PyTorch's name.
    """

    def register(function: Any) -> Operator:
        entry = Operator(signature, grad_fn=rename, **options)
        entry.body = function
        bind = entry.signature.bind

        def apply(*args: Any, **kwargs: Any) -> Any:
            values = bind(args, kwargs)
            before = mode.where
            if before is None:
                mode.where = caller(_getframe(1))
            try:
                if mode.batched:
                    from gradsh.engine import batching

                    if batching.level_of(values) >= 0:
                        return batching.call(entry, values)
                result = function(*values)
            except FAILURES as error:
                raise blame(entry, values, error) from None
            finally:
                mode.where = before
            if rename and result.__class__ is Tensor and result.fn.__class__ is Node:
                result.fn.kind = renamed(result.fn.kind, rename)
            return result

        apply.__name__ = apply.__qualname__ = entry.name
        entry.apply = apply
        entry.register(function)
        return entry

    return register


_RENAMED: dict[tuple[int, str], Kind] = {}


def renamed(kind: Kind, name: str) -> Kind:
    found = _RENAMED.get((id(kind), name))
    if found is None:
        found = Kind(name, kind.step, kind.tensor_step, saves=kind.saves, operator=kind.operator, outputs=kind.outputs)
        _RENAMED[(id(kind), name)] = found
    return found


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


function = composite  # creators and inspectors have the same form: bound arguments in, a value out


# --- looking things up ------------------------------------------------------------------------------------------------


_loaded = False


def load_all() -> None:
    """Import every family."""
    global _loaded
    if not _loaded:
        _loaded = True
        for family in FAMILIES:
            import_module(f"gradsh.engine.ops.{family}")
        from gradsh.engine.ops.inplace import add_twins

        add_twins()


def functions() -> dict[str, Operator]:
    """Every operator that programs see, `linalg.` and `special.` ones with their prefix; aliases under both names."""
    load_all()
    return {name: entry for name, entry in OPERATORS.items() if not entry.private}


def methods() -> dict[str, Callable[..., Any]]:
    """What `x.name(...)` calls for a tensor x."""
    load_all()
    return METHODS


def attributes() -> dict[str, Any]:
    """What `x.name` reads, and `x.name = value` sets, for a tensor x: name -> gradsh.engine.attributes.Attribute."""
    from gradsh.engine.attributes import ATTRIBUTES

    return ATTRIBUTES
