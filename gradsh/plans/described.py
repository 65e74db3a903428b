"""A plan as people read it: its steps by the lines of the program, in the program's own names."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradsh.engine.core.strided import address
from gradsh.errors import Span
from gradsh.language.places import locate
from gradsh.plans.builder import Plan
from gradsh.plans.lists import Asked, Own, list_of
from gradsh.plans.noted import Noted, Notes
from gradsh.plans.numbers import Number
from gradsh.plans.outs import Out, Text
from gradsh.plans.reach import MISSING
from gradsh.plans.recording import name_of
from gradsh.plans.values import Moving, Record, Step, Value, Window, inputs_in
from gradsh.reports.plans import PlanKept, PlanLine, PlanRow, PlanShown

ndarray = np.ndarray
o = operator
SIGNS: dict[Any, str] = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.power: "**", np.float_power: "**",
    np.remainder: "%", np.floor_divide: "//", np.dot: "@", np.matmul: "@", np.less: "<", np.less_equal: "<=",
    np.greater: ">", np.greater_equal: ">=", np.equal: "==", np.not_equal: "!=", np.bitwise_and: "&",
    np.bitwise_or: "|", np.bitwise_xor: "^",
    o.add: "+", o.sub: "-", o.mul: "*", o.truediv: "/", o.floordiv: "//", o.mod: "%", o.pow: "**", o.lt: "<",
    o.le: "<=", o.eq: "==", o.ne: "!=", o.gt: ">", o.ge: ">=", o.and_: "&", o.or_: "|", o.xor: "^", o.lshift: "<<",
    o.rshift: ">>",
}  # fmt: skip
OPPOSITE: dict[Any, Any] = {o.eq: o.ne, o.ne: o.eq, o.lt: o.ge, o.ge: o.lt, o.gt: o.le, o.le: o.gt}
BEFORE: dict[Any, str] = {np.negative: "-", np.logical_not: "not ", np.invert: "~", o.neg: "-", o.invert: "~"}
# Ufuncs and kernels by the names that programs know.
CALLED = {"summed": "sum", "in_turn": "sum", "absolute": "abs", "reciprocal": "1 / ", "conjugate": "conj"}
SUMS: dict[Any, str] = {np.add: "sum", np.multiply: "prod", np.maximum: "max", np.minimum: "min"}
SUMS |= {np.logical_and: "all", np.logical_or: "any"}
SHORT = 6  # numbers of an array that is written out
LONG_INT = 200  # bits
CUMULATIVE = (np.add.accumulate,)
NAMELESS = "part of "
COMPARED = frozenset({"<", "<=", ">", ">=", "==", "!="})


def shown(plan: Plan, record: Record, outs: list[Out]) -> PlanShown:
    """The plan of what was recorded with notes; `outs`: what each iteration gives."""
    assert record.notes is not None
    return Describer(plan, record, record.notes).whole(outs)


def returned(plan: Plan, record: Record, result: Any) -> PlanShown:
    """The plan of a call that was recorded with notes, and gives that; MISSING where it is not the program's own."""
    assert record.notes is not None
    describer = Describer(plan, record, record.notes)
    found = describer.whole([])
    if result is not MISSING:
        found.gives.append(f"return {describer.text(result)}")
    return found


class Describer:
    """The names that a plan's values and numbers have, on the way through its steps.

    last    {the identity of a value, or of a root: the last step that reads it}, `ends` for what is read at the end
    inline  the steps of numbers that stand where they are read, by the identity of what they give
    holds   {a name: the value or number that has it now}
    """

    def __init__(self, plan: Plan, record: Record, notes: Notes) -> None:
        self.plan, self.record, self.notes = plan, record, notes
        self.given: dict[int, str] = {}
        self.holds: dict[str, Any] = {}
        self.counts: Counter[str] = Counter()
        self.ends = len(plan.steps)
        self.at = -1
        self.last: dict[int, int] = {}
        for at, step in enumerate(plan.steps):
            self.reads(step.inputs(), at)
        self.reads(inputs_in([[new for _, new in (*plan.carried, *plan.numbers)], plan.outs]), self.ends)
        self.inline = self.alone()
        self.temporary = {id(out.root) for step in plan.steps for out in step.outs}
        self.state = {id(value) for value in plan.written}

    def reads(self, values: Any, at: int) -> None:
        for each in values:
            self.last[id(each)] = self.last[id(each.root)] = at

    def alone(self) -> dict[int, Step]:
        """The numbers that are read once, and have no name in the program."""
        times = Counter(id(each) for step in self.plan.steps for each in step.inputs())
        times.update(id(each) for each in inputs_in([[new for _, new in self.plan.numbers], self.plan.outs]))
        return {
            id(step.out): step
            for step in self.plan.steps
            if step.kind == "number" and times[id(step.out)] <= 1 and id(step.out) not in self.notes.names
        }

    # --- the whole ---

    def whole(self, outs: list[Out]) -> PlanShown:
        plan = self.plan
        state = [PlanKept(self.name(value), form(value.array), None) for value in sorted(plan.written, key=self.order)]
        numbers = [number for number, _ in plan.numbers if number is not self.notes.item]
        state += [
            PlanKept(self.name(each), type(each.plain).__name__, None) for each in sorted(numbers, key=self.order)
        ]
        before = list(self.before())
        lines: list[PlanLine] = []
        for self.at, step in enumerate(plan.steps):
            if step.out is not None and id(step.out) in self.inline:
                continue
            noted = self.notes.of.get(id(step))
            line = self.line(noted)
            if not lines or lines[-1].numbers != line.numbers:
                lines.append(line)
            row, rows = self.row(step, noted), lines[-1].rows
            if not row.decides or all(row.text != each.text for each in rows):
                rows.append(row)
        self.at = self.ends
        ends = [PlanRow(text, "", None) for text in self.at_end()]
        gives = [self.gives(out) for out in outs]
        return PlanShown(before, state, lines, ends, gives)

    def order(self, x: Any) -> int:
        """Which of what is there when the iteration begins it is."""
        return list(self.notes.head).index(id(x)) if id(x) in self.notes.head else len(self.notes.head)

    def before(self) -> Iterator[PlanKept]:
        """What is the same in each iteration."""
        made = {id(out.root): step for step in self.record.steps for out in step.outs}
        seen: set[int] = set()
        for each in inputs_in([[step.arguments, step.extra] for step in self.plan.steps]):
            root = each.root
            if type(root) is not Value or id(root) in seen or id(root) in self.temporary or id(root) in self.state:
                continue
            seen.add(id(root))
            step = made.get(id(root))
            place = None if step is None else self.place(self.notes.of.get(id(step)))
            text = self.text(each)
            whole = each if text == self.name(root) else root
            yield PlanKept(self.name(root), form(whole.array), place)

    def at_end(self) -> list[str]:
        """What names are bound to for the next iteration: all at once, where one needs what another had."""
        pairs = [(self.text(value), self.text(new)) for value, new in self.plan.carried]
        pairs += [(self.text(n), self.text(new)) for n, new in self.plan.numbers if n is not self.notes.item]
        pairs = sorted((name, new) for name, new in pairs if name != new)
        names = {name for name, _ in pairs}
        if any(new in names for _, new in pairs):
            return [f"{', '.join(name for name, _ in pairs)} = {', '.join(new for _, new in pairs)}"]
        return [f"{name} = {new}" for name, new in pairs]

    def gives(self, out: Out) -> str:
        if out.act is not None:
            return "print " + ", ".join(map(self.text, out.item[out.seen]))
        item = self.text(out.item)
        target = self.notes.head.get(id(out.target), "a list")
        return f"{target}.append({item})" if out.key is None else f"{target}[{self.text(out.key)}] = {item}"

    # --- places ---

    def place(self, noted: Noted | None) -> Span | None:
        return locate(*noted.places[-1]) if noted is not None and noted.places else None

    def line(self, noted: Noted | None) -> PlanLine:
        spans = [locate(*place) for place in noted.places] if noted is not None else []
        return PlanLine([span for span in spans if span is not None])

    # --- steps ---

    def row(self, step: Step, noted: Noted | None) -> PlanRow:
        made = None if noted is None or noted.made is None else locate(*noted.made)
        if step.kind == "decide":
            return PlanRow(self.decided(step.arguments[0], step.extra), "", made, True)
        text = self.done(step)
        self.at += 1  # what is written now may have the name of what is read for the last time
        names = [self.text(out) for out in step.outs]
        self.at -= 1
        if step.kind == "put" and step.outs[0].array.ndim:
            names = [f"{names[0]}[{':' if step.extra is Ellipsis else self.index(step.extra)}]"]
        elif step.kind == "into":
            return PlanRow(text, form(step.outs[0].array), made)
        out = step.outs[0]
        words = type(out.plain).__name__ if type(out) is Number else form(out.array)
        return PlanRow(f"{', '.join(names)} = {text}", words, made)

    def decided(self, x: Any, so: bool) -> str:
        """What has to be true."""
        made = self.inline.get(id(x))
        if made is not None and not so and made.function in OPPOSITE:
            exact = all(type(each.plain if type(each) is Number else each) is int for each in made.arguments)
            if exact or made.function in (o.eq, o.ne):  # else a NaN is neither less nor more
                return self.infix(f" {SIGNS[OPPOSITE[made.function]]} ", made.arguments)
        text = self.text(x)
        return text if so else f"not ({text})" if " " in text else f"not {text}"

    def infix(self, sign: str, given: Any) -> str:
        compares = sign.strip() in COMPARED
        return sign.join(bracketed(text, compares) for text in map(self.text, given))

    def done(self, step: Step) -> str:
        given, function = step.arguments, step.function
        if step.kind == "item":
            return f"{self.text(given[0])}.item()"
        if step.kind == "take":
            if step.extra is self.notes.item:
                return "of the loop's next item"
            return f"{self.text(given[0])}[{self.index(step.extra)}]"
        if step.kind in ("copy", "put"):
            return self.copied(step)
        if step.kind == "reduce":
            axis, keepdims = step.extra
            name = SUMS.get(function, function.__name__)
            dims = "" if axis is None or step.arguments[0].ndim < 2 else f", dim={self.text(axis)}"
            return f"{name}({self.text(given[0])}{dims}{', keepdim' if keepdims else ''})"
        own = getattr(function, "__self__", None)
        if (growing := list_of(step)) is not None:
            return self.of_list(step, growing)
        if type(own) is Window:
            return f"{self.text(given[0])}[{self.index(own.moving.index)}]"
        if type(own) is Moving:
            return f"{self.text(given[0])}[{self.index(own.index)}] = {self.text(given[1])}"
        return self.called(step)

    def of_list(self, step: Step, own: Own) -> str:
        name = self.notes.names.get(id(own.growing), own.growing.kind.__name__)
        given = ", ".join(map(self.text, step.arguments))
        if type(step.function) is not Asked:
            return f"{name}.append({given})"
        function = step.function.__name__.lstrip(".")
        place = getattr(step.function.function, "place", None)
        name = name if place is None else f"{name}[{self.index(place)}]"
        return f"{name}[{given}]" if function == "item" else f"{function}({name}{', ' if given else ''}{given})"

    def copied(self, step: Step) -> str:
        (x,) = step.arguments
        text, out = self.text(x), step.outs[0]
        if type(x) is Value and x.array.dtype != out.array.dtype:
            return f"{text}.to({out.array.dtype})"
        return f"{text}.clone()" if type(x) is Value and step.kind == "copy" else text

    def called(self, step: Step) -> str:
        function = step.function
        if function in SIGNS and len(step.arguments) == 2:
            return self.infix(f" {SIGNS[function]} ", step.arguments)
        given = [self.text(each) for each in step.arguments]
        if function in BEFORE and len(given) == 1:
            return f"{BEFORE[function]}{bracketed(given[0])}"
        name = "cumsum" if function in CUMULATIVE else name_of(function)
        if step.kind == "draw":
            del given[0]  # the generator
        while given and given[-1] in ("None", "False"):
            given.pop()
        given += (
            [f"{key}={self.text(value)}" for key, value in (step.extra or {}).items()] if step.kind != "number" else []
        )
        return f"{CALLED.get(name, name).strip('_')}({', '.join(given)})"

    def index(self, x: Any) -> str:
        if type(x) is tuple:
            return ", ".join(map(self.index, x))
        if type(x) is slice:
            return ranged(x.start, x.stop, None if x.step == 1 else x.step, self.text)
        return "..." if x is Ellipsis else self.text(x)

    # --- names ---

    def text(self, x: Any) -> str:
        """A value, a number or what is the same each time, as an expression."""
        kind = type(x)
        if kind is Value:
            return self.name(x) if x.root is x or x.array.size == x.root.array.size == 1 else self.view(x)
        if kind is Number:
            if id(x) in self.inline:
                return self.done(self.inline[id(x)])
            return self.name(x) if id(x) in self.plan.varying else whole(x.plain) or repr(x.plain)
        if kind is Text:
            return 'f"..."'
        if kind in (tuple, list):
            inside = ", ".join(map(self.text, x))
            return f"[{inside}]" if kind is list else f"({inside}{',' * (len(x) == 1)})"
        if kind is slice or x is Ellipsis:
            return self.index(x)
        if isinstance(x, (ndarray, np.generic)):
            if x.size > SHORT or x.ndim > 1:
                return f"constant {form(x)}"
            return (
                number(x.item() if x.dtype.kind != "f" else x.dtype.type(x))
                if x.ndim == 0
                else str([number(each) for each in x.tolist()]).replace("'", "")
            )
        if kind.__name__ == "Tensor":
            return self.text(x.data)
        if isinstance(x, (type, np.dtype)):
            return np.dtype(x).name if isinstance(x, np.dtype) or issubclass(x, np.generic) else x.__name__
        if kind is float:
            return number(x)
        if isinstance(x, (int, str, complex, type(None))):
            return whole(x) or repr(x)
        return getattr(x, "__name__", kind.__name__)

    def view(self, x: Value) -> str:
        root, own = self.name(x.root), self.wanted(x)
        if own is not None and own == self.wanted(x.root):  # the program has no name for a view of it that is flat
            return root
        found = view_of(x.array, x.root.array)
        if found is not None:
            return root + found
        return f"{NAMELESS}{root}" if own is None else self.name(x)

    def wanted(self, x: Any) -> str | None:
        notes = self.notes
        first = notes.names if id(x) in self.temporary and id(x) not in self.state else notes.head
        for names in (first, notes.head, notes.names, notes.end):
            if id(x) in names:
                return names[id(x)]
        return None

    def name(self, x: Any) -> str:
        """The program's name for it, marked as often as there are others of that name that are still to be read."""
        if id(x) not in self.given:
            text = self.wanted(x)
            if text is None:
                text = self.fresh(x)
            while (
                text in self.holds and self.last.get(id(self.holds[text]), -1) >= self.at and self.holds[text] is not x
            ):
                text += "'"
            self.given[id(x)] = text
            self.holds[text] = x
        return self.given[id(x)]

    def fresh(self, x: Any) -> str:
        letter = "n" if type(x) is Number else "t" if id(x) in self.temporary else "c"
        self.counts[letter] += 1
        text = f"{letter}{self.counts[letter]}"
        taken = {*self.notes.names.values(), *self.notes.head.values(), *self.notes.end.values()}
        return text if text not in taken else self.fresh(x)


def form(array: Any) -> str:
    return f"{array.dtype}{list(array.shape) if array.ndim else ''}"


def whole(x: Any) -> str:
    """Of an int of more digits than anybody reads, and, beyond 4,300, than Python writes; "" of another."""
    return f"int of {x.bit_length()} bits" if type(x) is int and x.bit_length() > LONG_INT else ""


def number(x: Any) -> str:
    """The shortest text of a number: of a float that a float32 has been made, or made of, that one's."""
    if isinstance(x, float) and not isinstance(x, np.generic):
        short = np.float32(x)
        return str(short) if float(short) == x else repr(x)
    return str(x)


def bracketed(text: str, compared: bool = False) -> str:
    """As an operand; `compared`: of a comparison, in which arithmetic needs no brackets."""
    if " " not in text or text.startswith(NAMELESS) or is_call(text):
        return text
    if compared and COMPARED.isdisjoint(text.split()) and text[:4] != "not ":
        return text
    return f"({text})"


def is_call(text: str) -> bool:
    """Whether it is one call or item, `f(a, b)`: its first bracket closes at its end."""
    head, bracket, rest = text.partition("(" if "(" in text else "[")
    if not bracket or " " in head:
        return False
    depth = 1
    for at, each in enumerate(rest):
        depth += (each in "([") - (each in ")]")
        if not depth:
            return at == len(rest) - 1
    return False


def view_of(part: Any, whole: Any) -> str | None:
    """How a view is had of the array whose memory it shows, `.T`, `[0]`; None where that is not one step."""

    def same(other: Any) -> bool:
        if other.shape != part.shape or other.strides != part.strides:
            return False
        return address(other) == address(part)

    if same(whole):
        return ""
    if same(whole.T):
        return ".T"
    if part.size == whole.size and whole.flags.c_contiguous and same(whole.reshape(part.shape)):
        return f".view({', '.join(map(str, part.shape))})"
    if part.ndim == whole.ndim:
        order = sorted(range(part.ndim), key=lambda at: -part.strides[at])
        back = tuple(int(each) for each in np.argsort(order))
        if same(whole.transpose(back)):
            return f".permute({', '.join(map(str, back))})"
    if any(step == 0 for step in part.strides) and part.ndim >= whole.ndim:
        try:
            if same(np.broadcast_to(whole, part.shape)):
                return f".expand({', '.join(map(str, part.shape))})"
        except ValueError:
            return None
    index = index_of(part, whole)
    if index is not None and same(whole[(*index, ...)]):
        return f"[{', '.join(map(sliced, index))}]"
    return None


def index_of(part: Any, whole: Any) -> tuple[Any, ...] | None:
    """An index with which the view could have been had."""
    if not whole.flags.c_contiguous or not part.size:
        return None
    left = address(part) - address(whole)
    index: list[Any] = []
    at = 0
    for dim, (size, step) in enumerate(zip(whole.shape, whole.strides, strict=True)):
        start, left = divmod(left, step)
        missing = part.ndim - at >= whole.ndim - dim
        if at < part.ndim and (missing or (part.strides[at] >= step and part.strides[at] % step == 0)):
            stride = max(part.strides[at] // step, 1)
            stop = start + stride * (part.shape[at] - 1) + 1
            index.append(slice(start or None, stop if stop < size else None, stride if stride > 1 else None))
            at += 1
        else:
            index.append(start)
    while index and index[-1] == slice(None):
        index.pop()
    return tuple(index)


def sliced(x: Any) -> str:
    if type(x) is not slice:
        return str(x)
    return ranged(x.start, x.stop, x.step, str)


def ranged(start: Any, stop: Any, step: Any, text: Callable[[Any], str]) -> str:
    ends = ["" if end is None else text(end) for end in (start, stop, step)]
    return ":".join(ends if ends[2] else ends[:2])
