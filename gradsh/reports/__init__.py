"""What a statement shows beyond plain values, as data: the session builds a report, a display renders it."""

from __future__ import annotations

STATE_COLUMNS = ("name", "value", "shape", "dtype", "requires_grad", "is_leaf", "retains_grad", "grad_fn", "grad")


class StateRow:
    """One tensor of the state table.

    `value` is the tensor, `grad` its gradient or None; `kept` is False for a non-leaf whose gradient backward does
    not keep, which is another thing than a gradient that has not been computed. `passes` is of how many backward passes
    the gradient is the sum, 0 where that is not known.
    """

    __slots__ = (
        "dtype",
        "grad",
        "grad_fn",
        "is_leaf",
        "kept",
        "name",
        "passes",
        "requires_grad",
        "retains_grad",
        "shape",
        "value",
    )

    def __init__(
        self,
        name: str,
        value: object,
        shape: tuple[int, ...],
        dtype: str,
        requires_grad: bool,
        is_leaf: bool,
        retains_grad: bool,
        grad_fn: str | None,
        grad: object,
        passes: int = 0,
    ) -> None:
        self.name = name
        self.value = value
        self.shape = shape
        self.dtype = dtype
        self.requires_grad = requires_grad
        self.is_leaf = is_leaf
        self.retains_grad = retains_grad
        self.grad_fn = grad_fn
        self.grad = grad
        self.passes = passes
        self.kept = is_leaf or retains_grad or not requires_grad


class Report:
    """Base of what a statement finds out; `gradsh.view` has a file for each class, which a test sees to."""

    __slots__ = ()


class StateTable(Report):
    """The report of `show`: one row per tensor, in the order asked for or bound."""

    __slots__ = ("rows",)

    def __init__(self, rows: list[StateRow]) -> None:
        self.rows = rows


class ModelState(Report):
    """The report of `show net`: the parameters of a model.

    name, kind   what the program calls it, and its class
    rows         (name, shape, elements, norm of the value, norm of the gradient or None, passes, requires_grad)
    """

    __slots__ = ("kind", "name", "rows")

    def __init__(
        self, name: str, kind: str, rows: list[tuple[str, tuple[int, ...], int, float, float | None, int, bool]]
    ) -> None:
        self.name = name
        self.kind = kind
        self.rows = rows


class Variables(Report):
    """What is bound in a session: (name, kind, shape, dtype, state of the gradient) of each; the texts may be empty."""

    __slots__ = ("rows",)

    def __init__(self, rows: list[tuple[str, str, str, str, str]]) -> None:
        self.rows = rows


class HelpPage(Report):
    """The report of `help`: how something is written, what it does, its gradient, and an example with its output.

    `output` are lines, and reports where the example shows some.
    """

    __slots__ = ("example", "formula", "forward", "kinks", "method", "name", "output", "summary", "usage")

    def __init__(
        self,
        name: str,
        usage: str,
        summary: str,
        *,
        formula: str = "",
        kinks: str = "",
        method: str = "",
        forward: str = "",
        example: str = "",
        output: list[str | Report] | None = None,
    ) -> None:
        self.name = name
        self.usage = usage
        self.summary = summary
        self.formula = formula
        self.kinks = kinks
        self.method = method
        self.forward = forward
        self.example = example
        self.output: list[str | Report] = output or []


class CodePage(Report):
    """The page on an error or a warning, `help E0402`: what it means, a program that has it, and what cures it.

    `happened` is a paragraph, `afterwards` a remark on what the cured program gives, `see` names other pages.
    """

    __slots__ = ("afterwards", "causes", "code", "cure", "example", "happened", "not_a_cure", "see", "summary")

    def __init__(
        self,
        code: str,
        summary: str,
        happened: str,
        example: str,
        cure: str,
        *,
        afterwards: str = "",
        causes: tuple[str, ...] = (),
        not_a_cure: tuple[str, ...] = (),
        see: str = "",
    ) -> None:
        self.code = code
        self.summary = summary
        self.happened = happened
        self.example = example
        self.cure = cure
        self.afterwards = afterwards
        self.causes = causes
        self.not_a_cure = not_a_cure
        self.see = see


class Topic:
    """A group of what `help` knows: `names` in an order of their own, with a summary of each where that is asked for.

    `word` is what lists it, `help "elementwise"`.
    """

    __slots__ = ("names", "summaries", "title", "word")

    def __init__(self, word: str, title: str, names: list[str], summaries: dict[str, str] | None = None) -> None:
        self.word = word
        self.title = title
        self.names = names
        self.summaries = summaries or {}


class Index(Report):
    """The report of `help` alone, the topics with some names of each; or of `help "elementwise"`, all of one topic."""

    __slots__ = ("topics", "word")

    def __init__(self, word: str, topics: list[Topic]) -> None:
        self.word = word
        self.topics = topics


class LoopedOver(Report):
    """Under --verbose: the operators that a run did sample by sample in `vmap` or a Jacobian, which takes its time."""

    __slots__ = ("operators",)

    def __init__(self, operators: list[str]) -> None:
        self.operators = operators
