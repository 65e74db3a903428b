"""The one state that is active while a program runs: grad mode, default dtype, random stream, warnings.

`mode` is a single object that every operator reads; a session swaps its own `Context` in before it runs and out
afterwards, so two sessions in one process do not meet.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.errors import ValueError_

if TYPE_CHECKING:
    from typing import Protocol

    from gradsh.engine.core.tensor import Tensor

    class Interpreter(Protocol):
        """What runs operators on values of its own: the one door for a value that is not a plain tensor.

        While `vmap` runs, `mode.interpreter` is its own. Every gate (an operator's call, a write in place, a draw of
        random numbers) looks for one; where it takes the values, it does the work instead.
        """

        def takes(self, values: Any) -> bool:
            """Whether one of the values, or of the items of a list among them, is its own."""

        def run(self, entry: Any, values: list[Any]) -> Any:
            """The registry's entry on bound arguments that it takes."""

        def pick(self, x: Tensor, index: tuple[Any, ...]) -> Any:
            """`x[index]` with more in the index than one int or slice; NotImplemented where all of it is plain."""

        def around(self, inner: Interpreter) -> Interpreter:
            """What asks while `inner` works inside of this one."""

        def write(self, function: Any, x: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            """`x.f_(…)` for an operator `f`; NotImplemented where `x` is a plain tensor that may be written."""

        def each(self, name: str, function: Callable[[list[Any]], Any], values: list[Any]) -> Any:
            """A function of which nothing is known but that it takes plain tensors (an op of the program)."""

        def draw(self) -> None:
            """Random numbers are about to be drawn. Errors: AutogradError where that has no meaning."""

    class Notes(Protocol):
        """What is told of things that no expression of the program stands for; see gradsh.runtime.notes."""

        passes: Any  # of gradsh.runtime.passes
        whole: bool
        checking: bool

        def called(self, model: Any, x: Any) -> Any:
            """`model(x)`, which another model calls."""

        def walk(self, keep: bool, where: tuple[Any, int] | None) -> Any:
            """The walk of a `backward` (gradsh.engine.autograd.backward.Walk)."""

        def summed(self, where: tuple[Any, int] | None, roots: list[Any]) -> None:
            """A `backward` with a graph of its own has run from these edges."""

        def derived(self, node: Any, start: int, gradients: Any, where: tuple[Any, int] | None) -> None:
            """The gradients of a node that was differentiated with a graph: what was recorded since number `start`.

            `where` is the place of the backward.
            """

    class Profile(Protocol):
        """Whoever measures what a program does; see gradsh.runtime.profiling."""

        def step(self, step: Callable[[Any, Any], Any], node: Any, g: Any) -> Any:
            """`step(node, g)`, a step of a backward pass."""

    class Training(Protocol):
        """Whoever shows a loop of backward passes; see gradsh.looking.training.

        shows   whether it is enough to tell it of some of them, as it shows now and then how far the loop is
        """

        shows: bool

        def begins(self, outputs: list[Tensor], where: tuple[Any, int] | None) -> None:
            """A backward from these begins."""

        def ended(self, outputs: list[Tensor], where: tuple[Any, int] | None) -> None:
            """It has ended."""

        def hide(self) -> None:
            """Nothing is to be seen any more."""


class Context:
    """What `mode` holds.

    grad         whether operators record a graph
    host         what the session does for built-ins that reach outside (gradsh.session.host.Host), or None
    inference    inside `inference_mode`
    anomaly      `detect_anomaly`: None, or whether NaN is looked for
    default      NumPy dtype of floating literals and of creators
    generator    the random stream, made at first use
    print_options  how tensors print, made at first use
    warned       texts that are said once per session
    warn_sink    where warnings go: called with (text, category, place in the program or None for the running one)
    where        (code, lasti) of the user's frame that composite operators and `create_graph` work for, or None
    transforms   how many transforms (grad of a function, jacobian, …) are running the program's function now
    functorch    how many of these are torch.func's, in which `backward` is refused
    transformed  the functions that `grad(f)` runs now: what they captured is not to be written to
    interpreter  what runs operators on values that are not plain tensors (`vmap`), or None
    written      called with (tensor, where) after every in-place write, or None
    writer       what writes values out where a program has words of its own for that (gradsh.frontend.text), or None
    notes        what is told of calls and of gradients with a graph in a program that looks at them, or None
    passed       (code, lasti) of the last `backward`, or None
    profile      what measures operators and the steps of backward passes, or None
    training     what is told of backward passes where a loop of them is to be seen (gradsh.looking.training), or None
    saving       what packs saved tensors (gradsh.engine.autograd.saving), the words with which that is refused, or None
    walk         the backward pass that is running (gradsh.engine.autograd.backward.Walk), or None
    forward      the level that is open for dual tensors (gradsh.engine.transforms.dual.Level), or None
    planner      who runs functions and transforms that are called often by plans (gradsh.plans.functions), or None
    shown        called with the values of each `print` and bare expression before they are shown, or None
    settings     of PyTorch, which change no number here (gradsh.engine.ops.program.settings), made at first use
    reformed     whether `.data =` ever gave a tensor with a history another size or dtype
    """

    __slots__ = (
        "anomaly",
        "default",
        "forward",
        "functorch",
        "generator",
        "grad",
        "host",
        "inference",
        "interpreter",
        "notes",
        "passed",
        "planner",
        "print_options",
        "profile",
        "reformed",
        "saving",
        "settings",
        "shown",
        "training",
        "transformed",
        "transforms",
        "walk",
        "warn_sink",
        "warned",
        "where",
        "writer",
        "written",
    )

    def __init__(self) -> None:
        self.grad = True
        self.host: Any = None
        self.inference = False
        self.anomaly: bool | None = None
        self.default: Any = np.dtype(np.float32)
        self.generator: Any = None
        self.print_options: Any = None
        self.settings: dict[str, Any] | None = None
        self.transforms = 0
        self.interpreter: Interpreter | None = None
        self.functorch = 0
        self.transformed: list[Any] = []
        self.warned: set[str] = set()
        self.warn_sink: Callable[[str, str, tuple[Any, int] | None], None] | None = None
        self.where: tuple[Any, int] | None = None
        self.written: Callable[[Any, Any], None] | None = None
        self.writer: Any = None
        self.reformed = False
        self.notes: Notes | None = None
        self.passed: tuple[Any, int] | None = None
        self.profile: Profile | None = None
        self.training: Training | None = None
        self.saving: Any = None
        self.walk: Any = None
        self.forward: Any = None
        self.planner: Any = None
        self.shown: Callable[[tuple[Any, ...]], None] | None = None

    @property
    def module(self) -> str:
        """What stands before the names of PyTorch's in what is written out: `torch.Size`, in Python programs."""
        return "" if self.writer is None else "torch."

    def warn(
        self,
        text: str,
        *,
        once: bool = False,
        category: str = "UserWarning",
        where: tuple[Any, int] | None = None,
    ) -> None:
        """Say a warning in PyTorch's words; `once` per session where PyTorch says it once per process.

        `where` is the place in the program that it is about, if that is not the one that is running.
        """
        if once:
            if text in self.warned:
                return
            self.warned.add(text)
        if self.warn_sink is not None:
            self.warn_sink(text, category, where)

    def load(self, other: Context) -> None:
        """Take over every setting of `other`."""
        self.put(_settings(other))

    def put(self, settings: tuple[Any, ...]) -> None:
        for name, value in zip(Context.__slots__, settings, strict=True):
            setattr(self, name, value)


_settings = attrgetter(*Context.__slots__)
mode = Context()


def planned(transform: Callable[..., Any], *arguments: Any) -> Any:
    """The gate of transforms: `transform(*arguments)`, which the planner may know the result of."""
    planner = mode.planner
    return transform(*arguments) if planner is None else planner.transform(transform, arguments)


class swapped:
    """`with swapped(context)`: run with that context's settings; they are kept in it for the next time."""

    __slots__ = ("context", "outer")

    def __init__(self, context: Context) -> None:
        self.context = context
        self.outer: tuple[Any, ...] = ()

    def __enter__(self) -> Context:
        self.outer = _settings(mode)
        mode.load(self.context)
        return mode

    def __exit__(self, *_: object) -> None:
        self.context.load(mode)
        mode.put(self.outer)


class interpreting:
    """`with interpreting(it)`: operators ask it first; what did so before comes back afterwards."""

    __slots__ = ("before", "interpreter")

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter

    def __enter__(self) -> None:
        before = self.before = mode.interpreter
        mode.interpreter = self.interpreter if before is None else before.around(self.interpreter)

    def __exit__(self, *_: object) -> None:
        mode.interpreter = self.before


class GradMode:
    """A block in which grad mode (and inference mode, where given) is set; what was set before comes back after it."""

    __slots__ = ("before", "grad", "inference")

    def __init__(self, grad: bool, inference: bool | None = None) -> None:
        self.grad = grad
        self.inference = inference

    def __enter__(self) -> None:
        self.before = (mode.grad, mode.inference)
        mode.grad = self.grad
        if self.inference is not None:
            mode.inference = self.inference

    def __exit__(self, *_: object) -> None:
        mode.grad, mode.inference = self.before


def no_grad() -> GradMode:
    return GradMode(False)


def enable_grad() -> GradMode:
    return GradMode(True)


def truth(value: Any) -> bool:
    """A flag of any type, as `if` takes it. Raises ValueError_ for an array, which is neither."""
    try:
        return bool(value)
    except ValueError as error:
        raise ValueError_(str(error)) from None


def inference_mode(on: Any = True) -> GradMode:
    """A mode of which anything may say whether it is on. Errors: those of what is neither true nor false, an array."""
    on = truth(on)
    return GradMode(not on, on)  # off, it turns gradients on, also inside `no_grad`, as in PyTorch


ANOMALY = (
    "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for debugging."
)


class Anomaly:
    """A `detect_anomaly` block: backward passes in it stop at NaN, and say which forward line is to blame."""

    __slots__ = ("before", "check_nan")

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        mode.warn(ANOMALY)

    def __enter__(self) -> None:
        self.before = (mode.anomaly, mode.grad)
        mode.anomaly = self.check_nan

    def __exit__(self, *_: object) -> None:
        mode.anomaly, mode.grad = self.before  # `set_grad_enabled` lasts until the end of any mode block


def detect_anomaly(check_nan: Any = True) -> Anomaly:
    return Anomaly(truth(check_nan))
