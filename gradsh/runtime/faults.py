"""Python's own exceptions, raised by the native operations of lowered code, become errors in the user's terms."""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Iterator
from types import CodeType, FunctionType, TracebackType
from typing import Any

from gradsh import errors, interrupts
from gradsh.engine.core.alloc import ACCOUNT
from gradsh.engine.core.users import acts_for_programs, is_users
from gradsh.errors import GradshError, Span
from gradsh.language.places import LIBRARY, PREFIX, locate
from gradsh.runtime.text import Template, without_addresses

LONG = 10_000  # no sentence of Python's has so many characters but for what it quotes
ASKS = "entered"  # of gradsh's own frames, the one that a function begins with: see gradsh.plans.calls
ENDS = 10  # of a long way through the program, how many places at either end are looked up


class Message(Template):
    """What `catch err` binds: the message, a string that also knows its `code`."""

    __slots__ = ("code",)
    code: str


Message.__name__ = Message.__qualname__ = "str"  # which is what errors about it should say


def places(exception: BaseException) -> Iterator[tuple[CodeType, int]]:
    """(code, instruction) of the frames of lowered code that an exception went through, outermost first."""
    for traceback in way(exception):
        code = traceback.tb_frame.f_code
        if code.co_filename.startswith(PREFIX):
            lasti = traceback.tb_lasti
            if isinstance(exception, UnboundLocalError) and traceback.tb_next is None:
                lasti = loading(code, lasti, str(exception))
            yield code, lasti


def loading(code: CodeType, lasti: int, said: str) -> int:
    """Where the local variable that an UnboundLocalError names is read: from the eighth turn of a loop on Python 3.11
    runs a store and the load after it as one instruction, and says that it was at the store, a line above."""
    from opcode import opmap

    def reads(at: int) -> bool:
        operation, operand = instructions[at : at + 2] or (0, 0)
        known = operation == opmap["LOAD_FAST"] and operand < len(code.co_varnames)
        return known and f"'{code.co_varnames[operand]}'" in said

    instructions = code.co_code
    return lasti + 2 if not reads(lasti) and reads(lasti + 2) else lasti


def way(exception: BaseException) -> Iterator[TracebackType]:
    """The steps of its traceback. A function that gradsh.plans runs for the one that was called is there once."""
    traceback = exception.__traceback__
    while traceback is not None:
        after = traceback.tb_next
        if after is None or after.tb_frame.f_code.co_name != ASKS:
            yield traceback
        traceback = after


def spans(exception: BaseException) -> list[Span]:
    """Where in the program it happened: the failing expression first, then the calls that led there.

    Of a long way (a runaway recursion) only the two ends.
    """
    passed = list(places(exception))
    if len(passed) > 2 * ENDS:
        passed = passed[:ENDS] + passed[-ENDS:]
    found = [locate(code, lasti) for code, lasti in passed]
    return [span for span in reversed(found) if span is not None]


def is_programs_own(exception: BaseException) -> bool:
    """Was it raised by an operation of the program, not somewhere inside of gradsh?

    A function that it hands over to be called (`grad(f)`, a hook) and that takes other arguments is the program's too:
    one of its own, or a built-in, `grad(no_grad)`, that is a plain function of Python's.
    """
    if exception.__class__ is TypeError and _is_lowered(str(exception).partition("() ")[0]):
        return True
    name = str(exception).partition("() ")[0].rpartition("<locals>.")[2]
    is_anonymous = exception.__class__ is TypeError and name == "<lambda>"
    traceback = exception.__traceback__
    if traceback is None:
        return True
    table = None
    while traceback.tb_next is not None:
        table = traceback.tb_frame.f_globals.get("@table", table)
        traceback = traceback.tb_next
    frame = traceback.tb_frame
    if is_anonymous and any(type(held) is FunctionType and is_users(held) for held in frame.f_locals.values()):
        return True
    if exception.__class__ is TypeError and table is not None and table.has(name):
        builtin = table.value(name)
        if any(held is builtin for held in frame.f_locals.values()):
            return True
    return frame.f_code.co_filename.startswith((PREFIX, LIBRARY)) or acts_for_programs(frame.f_globals)


def _is_lowered(name: str) -> bool:
    """Whether a function that Python names in an error is one of a program's, which are spelled `.f` or `@l1`."""
    return name.rpartition("<locals>.")[2].startswith((".", "@"))


def translate(exception: BaseException) -> GradshError:
    """The error that the user sees for anything raised while a program ran.

    An exception of Python's is the program's own if an operation of the program raised it; anything else is a fault
    of gradsh: errors.InternalFault.
    """
    error = _translated(exception)
    error.message = without_addresses(error.message)
    return error


def _translated(exception: BaseException) -> GradshError:
    if isinstance(exception, GradshError):
        return exception
    if isinstance(exception, interrupts.Full):
        return _out_of_memory(exception)
    if isinstance(exception, interrupts.Expired):
        return errors.TimeLimit.after(exception.seconds)
    if isinstance(exception, RecursionError):
        return errors.RecursionLimit(
            "maximum recursion depth exceeded",
            help="a function that calls itself needs an end, `if n <= 0 { return 0 }`; or write it as a loop",
        )
    if isinstance(exception, MemoryError):
        return _out_of_memory(exception)
    from gradsh.engine.core.numpys import of_numpy  # only an error needs its words

    found = of_numpy(exception)
    if found is not None:
        return found
    said = str(exception)
    if exception.__class__ is ValueError and said.startswith("The truth value of a"):
        return errors.ValueError_(said)  # an array of NumPy's was given for a flag or a word
    if not is_programs_own(exception):
        return _fault(exception)
    return _native(exception)


def _out_of_memory(exception: BaseException) -> GradshError:
    """What asked for how much, and the limit. NumPy says which array, the way through the program which operator."""
    import math

    from gradsh import memory

    operator = _operator(exception)
    asked = [f"{operator} wants more"] if operator else []
    shape, dtype = getattr(exception, "shape", None), getattr(exception, "dtype", None)
    if shape is not None and dtype is not None:
        wanted = memory.spelled(math.prod(shape) * dtype.itemsize)
        asked = [f"{operator or 'an array'} of {list(shape)} {dtype} wants {wanted}"]
    limit = ACCOUNT.limits.get(get_ident())
    if limit is not None:
        asked.append(f"{limit.said} allows {memory.spelled(limit.most)}")
    return errors.OutOfMemory("out of memory" + (": " + "; ".join(asked) if asked else ""))


def _operator(exception: BaseException) -> str:
    """The operator that the program called and that failed; "" for none."""
    from gradsh.engine.operators.registry import Operator

    name = ""
    traceback = exception.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_code.co_filename.startswith(PREFIX):
            name = ""
        elif not name and "entry" in frame.f_code.co_varnames + frame.f_code.co_freevars:
            entry = frame.f_locals.get("entry")
            name = entry.name if isinstance(entry, Operator) else ""
        traceback = traceback.tb_next
    return name


def _fault(exception: BaseException) -> GradshError:
    said = str(exception).partition("\n")[0]
    return errors.InternalFault(f"{type(exception).__name__}: {said}")


def _native(exception: BaseException) -> GradshError:
    if isinstance(exception, TypeError):
        return _type_error(_of_operator(str(exception)) or clean(str(exception)))
    text = clean(str(exception))
    if isinstance(exception, NameError):
        return errors.Unbound(text)
    if isinstance(exception, ZeroDivisionError):
        return errors.ZeroDivision(text)
    if isinstance(exception, OverflowError):
        return errors.Overflow(clean(str(exception.args[-1])))  # (34, text) when the C library said so
    if isinstance(exception, KeyError):
        return errors.KeyError_(f"{text} is not a key of the dict")
    if isinstance(exception, IndexError):
        return errors.IndexError_(text)
    if isinstance(exception, ValueError):
        if "to unpack" in text:
            return errors.UnpackError(text)
        return errors.ValueError_(text.partition("; use sys.")[0])
    if isinstance(exception, RuntimeError):  # a dict that changes while a loop runs over it
        return errors.ValueProblem(text)
    if isinstance(exception, AttributeError):
        return errors.AttributeError_(text)
    return _fault(exception)


def _of_operator(text: str) -> str | None:
    """PyTorch's words where Python counted the arguments of an operator of one tensor: its function has no `*args`."""
    import re

    said = re.fullmatch(r"(Tensor\.|torch\.)?(\S+)\(\) (.*)", text)
    if said is None:
        return None
    from gradsh.calls.forms import UNKNOWN, Undecided
    from gradsh.calls.words import refusal
    from gradsh.engine import catalogue

    way, name, problem = said.groups("")
    many = re.fullmatch(r"takes from 0 to 2 positional arguments but (\d+) were given", problem)
    named = re.fullmatch(r"got (?:an unexpected keyword argument|multiple values for argument) '(\w+)'", problem)
    if many is None and named is None:
        return None
    entry = catalogue.operator(name.rstrip("_")) or catalogue.operator(name)
    if entry is None:
        return None
    given = int(many[1]) if many is not None else 1
    keywords = {named[1]: UNKNOWN} if named else {}
    try:
        return refusal(entry.signature, [UNKNOWN] * given, keywords, way + name if way else "")
    except Undecided:
        return None


def _type_error(text: str) -> GradshError:
    if text.endswith("object is not callable"):
        return errors.NotCallable(text)
    if text.endswith("object is not iterable") or text.startswith("cannot unpack non-iterable"):
        return errors.NotIterable(text)
    if "() takes " in text or "() missing " in text or "() got " in text:
        return errors.CallError(text)
    return errors.TypeError_(text)


def clean(text: str) -> str:
    """Python's message without the spelling of lowered names: `.x` is x, a hoisted function is `<lambda>`."""
    import re

    if len(text) > LONG:  # a key of megabytes, which the patterns would read again and again
        return text
    text, of_a_model = re.subn(r"(?:[^\s']*\.)?\.([^\s.']+)\.__init__\.<locals>\.\.([^\s.']+)\(\)", r"\1.\2()", text)
    if of_a_model:
        return re.sub(r"'\.([^\s']+)'", r"'\1'", _with_self(text))
    text = re.sub(r"(?:[^\s']*<locals>\.)?@[a-z]\d+\(\)", "<lambda>()", text)
    text = re.sub(r"(?:[^\s']*<locals>\.)?(?:(?<!\w)\.|@)?([^\s.'@]+(?:\.__init__)?)\(\)", r"\1()", text)
    text = re.sub(r"(?<!\S)\.(?=[^\s.'@]+\.[^\s.']+\(\))", "", text)  # of a class of a Python program's: `.A.m()`
    if "() got some positional-only arguments" in text:  # which are listed: '.a, .b'
        text = re.sub(r"'[^']*'$", lambda found: re.sub(r"\.(?=\w)", "", found[0]), text)
    return re.sub(r"'\.([^\s']+)'", r"'\1'", text)


def _with_self(text: str) -> str:
    """Python counts the instance among the arguments of a method, which in gradsh is not written."""
    import re

    said = re.fullmatch(r"(\S+\(\) takes )(from )?(?:(\d+)( to ))?(\d+)( positional arguments?)( but )(\d+)( .*)", text)
    if said is None:
        return text
    head, since, least, to, most, _, but, given, _ = said.groups("")
    first = f"{since}{int(least) + 1}{to}" if least else ""
    return f"{head}{first}{int(most) + 1} positional arguments{but}{int(given) + 1} were given"


def message(exception: BaseException) -> Any:
    """What `catch err` binds. Limits and faults of gradsh go on as they are.

    Raises the exception again if a program cannot catch it, and what stops the program if something asked for that.
    """
    interrupts.check_after(exception)
    error = translate(exception)
    if error.code.startswith("E09") and not isinstance(error, errors.RecursionLimit):
        raise exception
    text = Message(error.message)
    text.code = error.code
    return text
