"""A session: one global scope in which programs run one after another.

It swaps its own engine context in while a program runs and restores what was there after anything that can happen,
turns what was raised into errors with the user's own spans, and hands values, reports and diagnostics to a display.
It knows no terminal and renders nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh import errors, interrupts
from gradsh.engine.autograd.forms import PAIRS
from gradsh.engine.core import alloc, dtypes
from gradsh.engine.core.modes import Context, mode, swapped
from gradsh.errors import (
    BadArguments,
    GradshError,
    Label,
    Refused,
    Source,
    Span,
    WarningRecord,
)
from gradsh.files import Files, concealed
from gradsh.language.places import Program, locate, span_of
from gradsh.language.program import LOOKING, NOTES, PLANS, TOLD, compile_program
from gradsh.reports import LoopedOver, Report
from gradsh.runtime import faults
from gradsh.runtime.builtins import BUILTINS, manual_seed
from gradsh.runtime.namespace import bound, handed, namespace, prepare
from gradsh.runtime.text import without_addresses
from gradsh.session.display import Display, Kept
from gradsh.session.host import Host

if TYPE_CHECKING:
    from gradsh.language.signatures import Builtins
    from gradsh.reports.plans import LoopPlan
    from gradsh.runtime.used_files import Module
    from gradsh.session.limits import Limits
    from gradsh.session.past import Past

DONE, FAILED, REFUSED, FAULT = 0, 1, 3, 70
OF_MEMORY = (MemoryError, interrupts.Full)
ONCE = 1  # calls of a function for which nothing of plans is loaded


class Result:
    """How a program ended: `status` is 0 done, 1 failed while running, 3 refused before running, 70 a fault of gradsh.

    `errors` says why it is not 0. `ok` is `status == 0`.
    """

    __slots__ = ("errors", "status")

    def __init__(self, status: int, errors: list[GradshError]) -> None:
        self.status = status
        self.errors = errors

    @property
    def ok(self) -> bool:
        return self.status == DONE

    def __repr__(self) -> str:
        return f"Result(status={self.status}, errors={self.errors!r})"


class Session:
    """One global scope, one random stream, one set of modes. `gradsh.Session` is this with the standard display."""

    builtins: Builtins = BUILTINS
    planned = True  # of this process: whether sessions run loops and functions by plans that do not say it themselves

    def __init__(
        self,
        display: Display,
        *,
        dtype: str | None = None,
        seed: int | None = None,
        timeout: float | None = None,
        max_memory: int | str | None = None,
        sandbox: bool = False,
        plans: bool | None = None,
    ) -> None:
        """In a `sandbox` programs reach no file, no environment and no address; nothing is laid on the process.

        `plans`: whether loops and functions run by plans, which prints the same; None: as `Session.planned` says.
        """
        self.display = display
        self.context = Context()
        self.context.warn_sink = self._warn
        self.context.host = Host(self)
        if dtype is not None:
            self.context.default = dtypes.NAMES[dtype].np
        self.options: tuple[str, ...] = ()  # of every program's compilation: gradsh.language.program.LOOKING
        self.files = Files(sandboxed=sandbox)
        self.remarked: set[Span | None] = (
            set()
        )  # where there was something to be said of a bare expression: once for each
        self.door: Callable[[], None] | None = None  # to be called once, when a program is about to run
        self.shows_lines = True  # of what turns out to be no program: see gradsh.files
        self.modules: dict[str, Module] = {}  # used files that have run, by path
        self.parameters: Mapping[str, object] = {}  # given to the script that runs
        self.globals: dict[str, Any] = self._globals()
        if self.planned if plans is None else plans:
            self.plan()
        self.past: Past | None = None  # where somebody may want to undo what programs do
        self.sweeper: Callable[[str, Mapping[str, Any]], Iterable[Report]] | None = None
        self.measure: Callable[[Callable[[], None]], None] | None = None  # who runs what was compiled, if any
        self.limits: Limits | None = None
        if timeout is not None or max_memory is not None:
            from gradsh.session.limits import Limits

            self.limits = Limits(timeout, max_memory)
        if seed is not None:
            with swapped(self.context):
                manual_seed(seed)

    def _globals(self) -> dict[str, Any]:
        return namespace(self, BUILTINS)

    def _source(self, name: str, text: str) -> Source:
        return Source(name, text)

    def plan(self, forced: bool = False, told: Callable[[LoopPlan], None] | None = None, steady: bool = False) -> None:
        """From now on run loops and functions of programs by plans, where they can be made: see gradsh.plans.

        `forced`: also where a plan is not worth its making; `told` is called with what became of each, and where
        it is to be `steady`, the same each time that the program runs, by no time that anything takes.
        """

        def tell(came: Any) -> None:
            if told is not None:
                from gradsh.reports.plans import LoopPlan

                place = None if came.place is None else locate(*came.place)
                told(LoopPlan(span_of(*came.where), came.plan, came.reason, place))

        def begun(*loop: Any) -> Any:
            from gradsh.plans.door import Header, looped  # only when a loop runs

            header = Header(*loop)
            header.told = tell if told is not None else None
            return looped(header, store, forced)

        def unplanned(why: str, line: int) -> None:
            from gradsh.plans.refusal import Outcome

            tell(Outcome((sys._getframe(1).f_code, line), None, why))

        store: dict[int, Any] = {}

        self.options = (PLANS,) if told is None else (PLANS, TOLD)
        self.globals["@looped"] = begun
        if told is not None:
            self.globals["@unplanned"] = unplanned
        self._plan_calls(forced, tell if told is not None else None, steady)

    def _plan_calls(self, forced: bool, tell: Callable[[Any], None] | None, steady: bool) -> None:
        """Functions and transforms ask for plans; what answers them is loaded when one runs often."""
        made: Any = None
        begun: dict[int, int] = {}  # {the identity of a function's code: how often it has, until then}

        def calls() -> Any:
            nonlocal made
            if made is None:
                from gradsh.plans.calls import Calls

                made = self.context.planner = mode.planner = Calls(forced, tell, entered, steady)
                self.globals["@entered"] = made.entered
            return made

        def entered(flag: str) -> Any:
            frame = sys._getframe(1)
            count = begun[id(frame.f_code)] = begun.get(id(frame.f_code), 0) + 1
            if count <= ONCE and not forced and tell is None:
                asks.deep = RecursionError
                return None
            return calls().asked(frame, flag)

        asks: Any = entered
        asks.deep = RecursionError  # what a function lets pass while it asks: see `Calls.deep`
        asks.transform = lambda transform, arguments: calls().transform(transform, arguments)
        self.context.planner = asks
        self.globals["@entered"] = self.globals["@TooDeep"] = asks

    def run(self, text: str, name: str = "<input>", arguments: Sequence[str] | Mapping[str, object] = ()) -> Result:
        """Run a program text; `name` is what its errors call it, and where it is a file's, files it uses are beside it.

        `arguments` are for its script parameters: words as on the command line, `["--lr", "0.1"]`, or values by name.
        Raises errors.BadArguments when such words do not fit; nothing has run then.

        What the program bound stays bound, also when it failed. KeyboardInterrupt, and ClosedPipe from the display,
        pass through after the engine's state has been restored; everything else ends in the Result.
        """
        interrupts.own.begin()
        try:
            if self.limits is not None:

                def late(raised: BaseException) -> Result:
                    """It came when the program had ended, or was about to begin: all of it is the place."""
                    if isinstance(raised, interrupts.Full):
                        raised.args = raised.args or (Label(Span(Source(name, text), 0, len(text.rstrip()))),)
                    return self._failed(raised)

                return self.limits.within(lambda: self._run(text, name, arguments), late)
            return self._run(text, name, arguments)
        finally:
            interrupts.own.end()

    def _run(self, text: str, name: str, arguments: Sequence[str] | Mapping[str, object]) -> Result:
        if not self.display.verbose:
            return self._result(text, name, arguments)
        from gradsh.engine.core.batched import LOOPED

        LOOPED.clear()
        result = self._result(text, name, arguments)
        if LOOPED:
            self.display.report(LoopedOver(sorted(LOOPED)))
        return result

    def _result(self, text: str, name: str, arguments: Sequence[str] | Mapping[str, object]) -> Result:
        source = self._source(name, text.removeprefix("\ufeff"))
        alloc.keep_room()
        try:
            self._execute(source, name, arguments)
        except Refused as refused:
            return self._ended(REFUSED, refused.errors if self.shows_lines else concealed(name, refused.errors))
        except BadArguments:
            raise
        except (Exception, interrupts.Expired) as raised:  # the program's fault or gradsh's: told apart in _failed
            return self._failed(raised)
        return Result(DONE, [])

    def _execute(self, source: Source, name: str, arguments: Sequence[str] | Mapping[str, object]) -> None:
        """Compile and run. What is set before, and put back afterwards, no interrupt leaves half done."""
        held = interrupts.HELD
        held.depth += 1
        try:
            with swapped(self.context), np.errstate(all="ignore"):
                alloc.small_buffers(None if self.limits is None else self.limits.memory)
                held.depth -= 1  # with nothing between it and `try`: a stop there left the session deaf to all others
                try:
                    compiled = compile_program(
                        source, self.known(source.text), self.builtins, self.options, files=self.files
                    )
                    if NOTES in compiled.builtins and LOOKING not in self.options:
                        self.options = (*self.options, LOOKING)  # whoever has looked once will look again
                    self.parameters = _parameters(compiled, arguments, name) if arguments else {}
                    if compiled.uses or not source.text.isascii():
                        self._doubt(compiled)
                    prepare(self.globals, compiled.builtins)
                    self.globals["@ran"].append(compiled.code.co_filename)
                    if self.limits is not None:
                        self.limits.begun()
                    if self.door is not None:
                        self._shut(self.door)
                    mode.training = self.display.training()
                    try:
                        work: Callable[[], None] = partial(exec, compiled.code, self.globals)
                        if self.measure is not None:
                            work = partial(self.measure, work)
                        if self.past is not None:
                            self.past.run(compiled, work)
                        else:
                            work()
                    except MemoryError:
                        alloc.make_room()  # to leave a `with` Python 3.11 needs memory, and tries for ever without
                        raise
                    finally:
                        self.display.ended()
                    if self.limits is not None:
                        self.limits.done()
                except interrupts.Full as full:
                    full.args = full.args or (Label(Span(source, 0, len(source.text.rstrip()))),)
                    raise
                except Exception as raised:
                    interrupts.check_after(raised)
                    raise
                finally:
                    held.depth += 1
        finally:
            held.depth -= 1

    def _shut(self, door: Callable[[], None]) -> None:
        self.door = None
        door()
        self.files.closed = "the program runs in a sandbox, and what it uses was read before it began"

    def bound(self) -> dict[str, tuple[str, ...]]:
        """The names that programs have bound here, each with the flags of the function that it is bound to, if any."""
        return bound(self.globals)

    def known(self, text: str) -> dict[str, tuple[str, ...]]:
        """What a program text finds here: what is bound, and of what a prompt has handed to programs what it names."""
        return self.bound() | handed(self.globals, text)

    def binds(self, name: str) -> bool:
        """Whether a program has bound `name` in this session."""
        return name in self.bound()

    # --- called by the running program: see gradsh.runtime.running ----------------------------------------------

    def given(self, value: object) -> None:
        """A bare expression has been shown; the cells of a notebook may ask for it again."""

    def remark(self, value: object, span: Span | None) -> None:
        """Say what there is to say of a bare expression that is none, or could be called and was not."""
        from gradsh.advice.echoed import no_gradient, not_called

        if value is not None:
            if span not in self.remarked and (words := not_called(value, span, self.globals)) is not None:
                self.remarked.add(span)
                self.display.told(words)
        elif (reason := no_gradient(span, self.globals)) is not None:
            if mode.shown is not None:
                mode.shown((None,))
            self.display.value(None, span)
            self.display.told(reason)

    def use(self, used: Program) -> Module:
        """The module of a used file."""
        from gradsh.runtime.used_files import use

        return use(self, used)

    def param(self, name: str, default: Any, given: Mapping[str, object]) -> Any:
        """The value of a script parameter."""
        from gradsh.runtime.used_files import param

        return param(name, default, given)

    def example(self, text: str) -> list[str | Report]:
        """The lines and reports that a program shows in a session of its own, which touches no files."""
        display = Kept()
        session = Session(display, seed=0)
        session.files = Files("help touches no files", sandboxed=self.files.sandboxed)
        session.run(text, "<help>")
        return display.lines

    # --- errors and warnings --------------------------------------------------------------------------------------

    def _failed(self, raised: BaseException) -> Result:
        if isinstance(raised, interrupts.Expired):
            interrupts.settled(raised)
        if isinstance(raised, OF_MEMORY):
            alloc.make_room()
            if self.limits is not None:
                self.limits.lift()
        error = self._translated(raised)
        spans = faults.spans(raised)
        if not error.labels and spans:
            error.labels.append(Label(spans[0]))
        elif error.labels and spans and error.labels[0].span.source.python and _is_other(error, spans[0]):
            spans = [spans[0], *spans]  # of a text that `eval` was given, which has a place of its own in there
        if not error.labels and isinstance(raised, interrupts.Full):
            error.labels += raised.args  # it came when the program had done its last
        if isinstance(error, errors.InternalFault):
            return self._fault(raised, error)
        for where, words in error.places:
            if where is not None and isinstance(where[0], CodeType):
                _add_label(error, locate(where[0], where[1]), words)
        if isinstance(raised, OF_MEMORY):
            raised.__traceback__ = None  # which holds all that the program's functions had; saying it takes memory too
        else:
            self._advise(error, raised)
        for span in _calls(spans):
            _add_label(error, span, "called here")
        return self._ended(FAILED, [error])

    def _translated(self, raised: BaseException) -> GradshError:
        return faults.translate(raised)

    def _advise(self, error: GradshError, raised: BaseException) -> None:
        try:
            with interrupts.held():
                from gradsh.advice import advise

            notes = self.context.notes
            with np.errstate(all="ignore"):
                advise(error, raised, self.globals, self.context.passed, notes.passes if notes is not None else None)
        except Exception:  # what is said on top of an error must never hide the error itself
            if os.environ.get("GRADSH_DEBUG") == "1":
                raise

    def _fault(self, raised: BaseException, error: errors.InternalFault) -> Result:
        if os.environ.get("GRADSH_DEBUG") == "1":
            import traceback

            traceback.print_exception(raised)
        error.message += (
            "\nThis is a fault of gradsh itself, not of your program; we are sorry. What was bound before is intact.\n"
            "GRADSH_DEBUG=1 shows where in gradsh it happened; please report it together with the line above."
        )
        return self._ended(FAULT, [error])

    def _ended(self, status: int, errors: list[GradshError]) -> Result:
        self.display.errors(errors)
        return Result(status, errors)

    def _doubt(self, program: Program) -> None:
        """Warn of names that look alike, and of what makes a line look other than it is."""
        from gradsh.language.lookalikes import doubts

        bound = self.bound()
        for each in (program, *program.uses.values()):
            for warning in doubts(each.source, lambda name: name in bound or BUILTINS.lookup(name) is not None):
                self.display.warning(warning)

    def _warn(self, message: str, category: str, where: tuple[CodeType, int] | None) -> None:
        from gradsh.advice import of_warning

        message = without_addresses(message)
        span = locate(*where) if where is not None and isinstance(where[0], CodeType) else None
        span = span or here()
        if span is not None and self._told_of_pairs(message, category, span):
            return
        labels, help = of_warning(message, span, self.globals) if span is not None else ([], None)
        self._say(WarningRecord(message, span, category, labels, help))

    def _say(self, warning: WarningRecord) -> None:
        self.display.warning(warning)

    def _told_of_pairs(self, message: str, category: str, span: Span) -> bool:
        """Was it a warning of shapes that broadcast to each with each? Said once for each place."""
        if category != PAIRS and "target size" not in message:
            return False
        from gradsh.advice.pairs import told

        place = f"{span.source.name} {id(span.source)} {span.start}"
        if place in self.context.warned:
            return True
        warning = told(message, category, span)
        if warning is not None:
            self.context.warned.add(place)
            self.display.warning(warning)
        return warning is not None or category == PAIRS


def _parameters(compiled: Program, arguments: Sequence[str] | Mapping[str, object], name: str) -> Mapping[str, object]:
    if isinstance(arguments, Mapping):
        known = {param[0] for param in compiled.params}
        for given in arguments:
            if given not in known:
                raise BadArguments(f"{name} declares no parameter '{given}'")
        return arguments
    from gradsh.language.scripts import read

    return read(compiled.params, arguments, "the program" if name.startswith("<") else name)


def _is_other(error: GradshError, span: Span) -> bool:
    """Is the error about another text than the one of this place?"""
    return error.labels[0].span.source is not span.source


def _add_label(error: GradshError, span: Span | None, words: str) -> None:
    if span is not None and all(span != label.span for label in error.labels):
        error.labels.append(Label(span, words))


def _calls(spans: list[Span]) -> list[Span]:
    """The calls that led to the innermost span, those that tell most: the two next to it, and the outermost."""
    distinct = list(dict.fromkeys(spans[1:]))
    return distinct if len(distinct) <= 3 else [*distinct[:2], distinct[-1]]


def here() -> Span | None:
    """The place in the user's program that is running now."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        span = locate(frame.f_code, frame.f_lasti)
        if span is not None:
            return span
        frame = frame.f_back
    return None
