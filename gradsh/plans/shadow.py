"""A copy of all that a loop's body reaches, with values in the place of arrays.

The copy has the shape of the original: two names of one tensor are two names of one tensor, two views of one memory two
views of one memory. What is not known how to copy is no plan: a class that is not named here, a tensor with hooks, one
that a graph hangs on.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterator
from functools import lru_cache
from itertools import repeat
from types import CellType, FunctionType, MemberDescriptorType, MethodType
from typing import Any

import numpy as np

from gradsh.calls.devices import Device
from gradsh.engine.core.dtypes import DType
from gradsh.engine.core.graph import Storage
from gradsh.engine.core.strided import address
from gradsh.engine.core.tensor import Tensor, TensorExtra
from gradsh.engine.core.users import PROGRAM, is_users
from gradsh.plans.classes import check_class, class_of, copied, is_instance, is_written
from gradsh.plans.codes import WRITES, check_code, names_of, read_at
from gradsh.plans.draws import Stream
from gradsh.plans.graphs import marker, spent
from gradsh.plans.kinds import (
    is_counts,
    is_generator,
    is_model,
    is_module,
    is_optimizer,
    is_scheduler,
    is_sgd,
    is_state,
    is_state_dict,
)
from gradsh.plans.known import CATCHING, HELPERS, OF_NUMBERS, converting, known, numeric, transformed
from gradsh.plans.lists import length
from gradsh.plans.numbers import KINDS, Number
from gradsh.plans.outs import Growing, Out, captured, formatted_by, joined, same
from gradsh.plans.outside import Asked, Counted, Imported, computing, is_asked_again, is_drawn, is_sized, of_math
from gradsh.plans.refusal import Changed, NoPlan, Unseen
from gradsh.plans.values import Record, Value

ndarray = np.ndarray
ATOMS = (type(None), bool, int, float, complex, str, bytes, range, DType, type, np.dtype, Device)
DICTS = frozenset({dict, Counter, OrderedDict, defaultdict})
MOST = 64 << 20  # bytes that are copied
OPTIM = (
    "sgd",
    "adam",
    "nadam",
    "adagrad",
    "averaging",
    "schedulers",
    "cycles",
    "plateau",
    "combined",
    "swa",
    "adafactor",
)
OPTIMISERS = frozenset(f"gradsh.engine.optim.{name}" for name in OPTIM)
PLAIN_EXTRA = ("parameter", "made_without_grad", "multiple", "seen")  # of a tensor: neither hooks nor arrays


class Shadow:
    """Copies by the identity of what was copied.

    tensors   (the program's, its copy)
    named     the globals and outer names that functions of the body's program read which it reaches
    holders   (what was copied, the copy): lists, dicts, cells, models, optimisers
    moving    (the identity of a holder, a key of `parts`) of what is a number that changes
    streams   (the program's generator, what stands for it)
    growing   the identities of lists that only grow; `outs` has what they get
    catches   whether errors may come to a handler of the program's
    unseen    (the identity of a holder, a key) of what nothing reads; `tokens`: what stands for it there; none where
              `shared`, for others may have what is there, and it is written
    fields    the identities of the cells of layers
    held      {the identity of a copied holder: its parts}, as the plan begins, for those of which somebody has asked
    writes    the instructions that no function may have that it reaches
    """

    writes = WRITES

    def __init__(self, record: Record, known: Changed | None = None) -> None:
        self.record = record
        known = known or Changed()
        self.moving, self.growing = set(known.moving), known.growing
        self.unseen, self.shared = known.unseen, known.shared
        self.tokens: list[Unseen] = []
        self.fields: set[int] = set()
        self.outs: list[Out] = []
        self.held: dict[int, list[tuple[Any, Any]]] = {}
        self.streams: list[tuple[Any, Stream]] = []
        self.copies: dict[int, tuple[Any, Any]] = {}
        self.roots: dict[int, tuple[Any, Value]] = {}
        self.tensors: list[tuple[Tensor, Tensor]] = []
        self.holders: list[tuple[Any, Any]] = []
        self.named: set[str] = set()
        self.home: dict[str, Any] | None = None  # the body's globals
        self.bytes = 0
        self.catches = False

    def of(self, x: Any) -> Any:
        """The copy of anything."""
        if isinstance(x, DType) and hasattr(x, "python"):
            found = self.copies.get(id(x))
            return self.kept(x, converting(x)) if found is None else found[1]
        found = self.copies.get(id(x))
        if found is not None:
            return found[1]
        if isinstance(x, type):
            check_class(x)
            return copied(self, x) if is_written(x) else x
        if isinstance(x, ATOMS):
            return x
        kind = type(x)
        if kind is tuple:
            return self.kept(x, tuple(self.of(each) for each in x))
        if kind is Tensor:
            return self.tensor(x)
        if kind is list:
            # of arrays of the program's own nothing is read: `losses.append(loss.detach().numpy())` has some by now
            if id(x) in self.growing or any(map(has_array, x)):
                return self.kept(x, Growing(self.outs, x, self.record))
            made: Any = self.kept(x, [], True)
            made.extend(self.part(x, at, each) for at, each in enumerate(x))
            return made
        if kind is deque:
            return self.kept(x, Growing(self.outs, x, self.record))
        if kind in DICTS or is_state(x) or is_counts(x) or is_plain_state_dict(x):
            made = self.kept(x, kind.__new__(kind), True)  # type: ignore[call-overload]  # without arguments: empty
            if kind is defaultdict:
                made.default_factory = self.of(x.default_factory)
            for key, value in x.items():
                made[self.of(key)] = self.part(x, key, value)
            return made
        if kind is CellType:
            made = self.kept(x, CellType(), True)
            if held(x):
                made.cell_contents = self.part(x, "", x.cell_contents)
            return made
        if is_asked_again(x):
            return self.kept(x, Asked(self, x))
        if kind is MethodType:
            own = is_model(x.__self__) and x.__func__.__module__.startswith("gradsh.engine.nn.")
            return self.kept(x, MethodType(x.__func__ if own else self.of(x.__func__), self.of(x.__self__)))
        if kind is FunctionType:
            return self.function(x)
        if is_model(x):
            if x.hooks is not None:
                raise NoPlan("a model has hooks")
            return self.object(x)
        if is_scheduler(x):
            return self.scheduler(x)
        if is_optimizer(x):
            return self.optimizer(x)
        if is_generator(x):
            return self.stream(x)
        if is_instance(x):
            return self.object(x)
        if is_module(x):
            return self.kept(x, Imported(self, x))
        if x is len:
            return length
        if known(x):
            return x
        if is_sized(x):
            return self.kept(x, Counted(x))
        raise NoPlan(f"the body reaches a {kind.__name__}, which no plan knows")

    def part(self, holder: Any, key: Any, x: Any) -> Any:
        """The copy of what a holder holds."""
        if (id(holder), key) in self.unseen and not self.shared:
            self.tokens.append(Unseen(id(holder) in self.fields))
            return self.tokens[-1]
        if (id(holder), key) in self.moving:
            if type(x) in KINDS:
                return Number(self.record, x)
            if of_numbers(x):
                return tuple(Number(self.record, each) for each in x)
        return self.of(x)

    def may_be_unseen(self, holder: Any) -> bool:
        """Whether what it has there may be something new in each iteration, if nothing reads it."""
        kinds = type(holder) is CellType or is_instance(holder) or (type(holder) in DICTS and PROGRAM not in holder)
        return kinds and not self.shared

    def stream(self, x: Any) -> Any:
        found = self.copies.get(id(x))
        if found is not None:
            return found[1]
        self.streams.append((x, self.kept(x, Stream(self.record, x))))
        return self.copies[id(x)][1]

    @property
    def drawn(self) -> bool:
        """Whether the body draws random numbers."""
        return any(step.kind == "draw" or is_drawn(step) for step in self.record.steps)

    def kept(self, x: Any, made: Any, holder: bool = False) -> Any:
        self.copies[id(x)] = (x, made)
        if holder:
            self.holders.append((x, made))
        return made

    def object(self, x: Any) -> Any:
        made = self.kept(x, object.__new__(class_of(self, x)), True)
        if is_model(x):
            self.fields.update(map(id, x.cells.values()))
        for name, value in parts(x):
            put_part(made, name, self.part(x, name, value))
        return made

    def optimizer(self, x: Any) -> Any:
        if type(x).__module__ not in OPTIMISERS:
            raise NoPlan(f"no plan knows {type(x).__name__}")
        if x.pre_hooks or x.post_hooks:
            raise NoPlan("an optimiser has hooks")
        if x.called is not None:  # a scheduler changes its rates, now and then
            self.moving |= {(id(group), "lr") for group in x.param_groups if type(group["lr"]) is float}
        made = self.kept(x, object.__new__(type(x)), True)
        for name, value in parts(x):
            setattr(made, name, self.part(x, name, value))
        made.scratch, made.seen = type(x.scratch)(), {}
        if is_sgd(x):
            made.known, made.factors = {}, ()
        return made

    def scheduler(self, x: Any) -> Any:
        if type(x).__module__ not in OPTIMISERS:
            raise NoPlan(f"no plan knows {type(x).__name__}")
        made = self.kept(x, object.__new__(type(x)), True)
        self.moving |= {(id(x), key) for key, value in parts(x) if type(key) is tuple and type(value) is float}
        self.moving |= {(id(x), "last_epoch"), (id(x), "_step_count")}  # else an epoch is recorded to find them
        for key, value in parts(x):
            put_part(made, key, self.part(x, key, value))
        return made

    def tensor(self, x: Tensor) -> Tensor:
        if x.node is not None and not spent(x.node):
            raise NoPlan("a value with a graph goes from one iteration to the next")
        made: Tensor = self.kept(x, Tensor())
        made.node = None if x.node is None else marker(x.node, True)
        made.requires = x.requires
        made.data = self.value(x.data)
        made.gradient = None
        made.gradient = None if x.gradient is None else self.of(x.gradient)
        made.storage = None
        if x.storage is not None:
            made.storage = self.copies.get(id(x.storage), (None, None))[1]
            if made.storage is None:
                made.storage = self.kept(x.storage, Storage(x.storage.inference))
                made.storage.version, made.storage.detached = x.storage.version, x.storage.detached
        made.extra = None
        if x.extra is not None:
            made.extra = self.extra(x)
        made.origin = getattr(x, "origin", None)
        if (
            x.storage is not None
            and x.data.__class__ is not ndarray
            and any(x.storage is other.storage for other, _ in self.tensors)
        ):
            raise NoPlan("two tensors share one number")
        self.tensors.append((x, made))
        return made

    def extra(self, x: Tensor) -> TensorExtra:
        """What a tensor has beside its data, its flag and its gradient: it may be a parameter, and a view.

        Errors: NoPlan for one that has more.
        """
        assert x.extra is not None
        if any(state(x.extra)):
            raise NoPlan("a tensor has hooks or attributes of its own, or keeps its gradient")
        made = TensorExtra()
        for name in PLAIN_EXTRA:
            setattr(made, name, getattr(x.extra, name))
        # the engine asks the base of a view whether it was written to since
        made.base = None if x.extra.base is None else self.of(x.extra.base)
        return made

    def value(self, data: Any) -> Value:
        """What stands for a tensor's data, in memory of its own that views of it share."""
        array = known_array(data)
        if array is not data:
            return Value(self.record, np.array(array), scalar=True)
        base = base_of(array)
        if id(base) not in self.roots:
            self.bytes += base.nbytes
            if self.bytes > MOST:
                raise NoPlan("the body reaches more than 64 MiB")
            memory = np.array(array if is_whole(array, base) else base, order="K", copy=True)
            if memory.strides != (array if memory.shape == array.shape else base).strides:
                raise NoPlan("an array has a layout of its own")
            self.roots[id(base)] = (base, Value(self.record, memory))
        root = self.roots[id(base)][1]
        # `g = f.view(3, 2)` may have been met first, and the base of what it is a view of has the shape of that
        if (base is array or is_whole(array, base)) and root.shape == array.shape and root.strides == array.strides:
            return root
        at = address(array) - address(base)
        flat = root.array.reshape(-1, copy=False) if root.array.flags.c_contiguous else None
        if flat is None:
            raise NoPlan("an array has a layout of its own")
        return Value(self.record, ndarray(array.shape, array.dtype, flat, at, array.strides), root)

    # --- functions of the program ---

    def function(self, x: FunctionType) -> Any:
        if not is_users(x):
            if known(x):
                if not transformed(x):
                    return x
                inner = tuple(self.of(cell) for cell in x.__closure__ or ())
                return self.kept(x, FunctionType(x.__code__, x.__globals__, x.__name__, x.__defaults__, inner))
            if x.__module__ == "gradsh.frontend.namespace" and x.__name__ == "print":
                return self.kept(x, self.printing(x))
            if x.__module__.startswith("gradsh.runtime.") and x.__name__ in OF_NUMBERS:
                return self.kept(x, numeric(x))
            if raw := of_math(x):
                return self.kept(x, computing(x, raw))
            raise NoPlan(f"the body calls {x.__name__.lstrip('.')}, which no plan knows")
        check_code(x.__code__, writes=self.writes)
        if x.__globals__ is self.home:
            self.named |= names_of(x.__code__) | set(x.__code__.co_freevars)
        space = self.space(x.__globals__, x.__code__)
        closure = None if x.__closure__ is None else tuple(self.of(cell) for cell in x.__closure__)
        made = FunctionType(x.__code__, space, x.__name__, self.of(x.__defaults__), closure)
        self.kept(x, made)
        made.__kwdefaults__ = self.of(x.__kwdefaults__)
        made.__dict__.update(x.__dict__)
        return made

    def space(self, space: dict[str, Any], code: Any) -> dict[str, Any]:
        """The globals that the code reads, copied; those of several functions of one session are one."""
        self.home = self.home or space
        found = self.copies.get(id(space))
        made: dict[str, Any] = {"__builtins__": {}} if found is None else found[1]
        if found is None:
            made[PROGRAM] = space.get(PROGRAM)
            self.copies[id(space)] = (space, made)
            self.holders.append((space, made))
        for name in sorted(names_of(code)):
            if name in space and name not in made:
                if name == "@echo" or name == "@command.print":
                    made[name] = self.shown(code, space[name], name == "@echo")
                elif name == "@builtin":
                    made[name] = lambda name, find=space[name]: self.of(find(name))
                elif name == "@format":
                    made[name] = formatted_by(space[name])
                elif name == "@same":
                    made[name] = same
                elif name == "@looped":
                    made[name] = as_written
                elif name in CATCHING:
                    self.catches, made[name] = True, self.caught
                elif name == "@match":
                    made[name] = matching(space[name])
                elif name == "@method":
                    made[name] = method_of(space[name])
                elif name in ("@mark", "@pause", "@unplanned"):
                    made[name] = nothing
                elif name == "@seen":
                    made[name] = unseen
                elif name == "@pauses":
                    made[name] = ()  # the loop looks for that itself
                elif name == "@entered" or name.startswith("@on"):
                    made[name] = False  # a function that is called inside runs as it is written
                elif name == "@TooDeep":
                    made[name] = None  # nobody asks
                elif name[0] == "@":
                    if name not in HELPERS and not name.startswith("@f"):
                        raise NoPlan(helper_words(name), place=read_at(code, name))
                    made[name] = space[name]
                else:
                    made[name] = None  # of a function that calls itself
                    try:
                        made[name] = self.part(space, name, space[name])
                    except NoPlan as why:
                        why.place = why.place or read_at(code, name)
                        raise
        made["@put"], made["@joined"] = self.put, joined
        return made

    # --- what the program sees ---

    def shown(self, code: Any, act: Any, echo: bool) -> Any:
        """`@echo` or `@command.print`: what it is called with is shown later, as if the program's own code did so."""
        space: dict[str, Any] = {}
        exec(compile("def told(act, given, options): act(*given, **options)", code.co_filename, "exec"), space)

        def shown(*given: Any, **options: Any) -> None:
            if echo and given[0] is None:
                return  # nothing is shown of an expression that has no value
            if any(type(each) not in (str, type(None)) for each in options.values()):
                raise NoPlan("something is printed in a way that changes")
            out = Out(None, captured(given), act=lambda *now: space["told"](act, now, options))
            out.seen = slice(0, 1) if echo else slice(1, None)  # beside where that stands in the text
            self.outs.append(out)

        return shown

    def printing(self, act: Any) -> Any:
        """Python's `print`, likewise."""

        def shown(*given: Any, **options: Any) -> None:
            if any(type(each) not in (str, bool, type(None)) for each in options.values()):
                raise NoPlan("something is printed in a way that changes")
            self.outs.append(Out(None, captured(given), act=lambda *now: act(*now, **options)))

        return shown

    def caught(self, error: BaseException) -> None:
        """An error has come to a handler of the program's, which goes on as if nothing were."""
        raise error if isinstance(error, (NoPlan, Changed)) else NoPlan("it catches an error")

    def put(self, value: Any, owner: Any, key: Any) -> None:
        """`owner[key] = value`."""
        if type(owner) is Growing:
            owner.put(key, value)
        elif type(owner) is list and type(key) is Number:
            raise Changed(set(), {id(real) for real, copy in self.copies.values() if copy is owner})
        else:
            owner[key] = value


def matching(match: Any) -> Any:
    """`@match`, which is asked of numbers that change too: one that is true is not `True`."""

    def of(value: Any, pattern: Any) -> Any:
        if len(pattern) == 2 and pattern[0] == "is":
            return {} if same(value, pattern[1]) else None
        if is_asked(pattern):
            raise NoPlan("`True` or `False` is a part of what a `case` asks of what may change")
        return match(value, pattern)

    return of


def is_asked(pattern: Any) -> bool:
    if type(pattern) not in (tuple, list):
        return False
    if len(pattern) == 2 and pattern[0] == "is":
        return pattern[1] is not None
    return any(map(is_asked, pattern))


def is_plain_state_dict(x: Any) -> bool:
    """Whether it is what `state_dict()` gives, to which nobody has put more."""
    return is_state_dict(x) and not vars(x)


def nothing(*_: Any) -> None:
    """Who wants to know of a loop that has no plan, or of what an expression made, is told by the program itself."""


def unseen(_: Any, value: Any, *__: Any) -> Any:
    """`@seen(@mark(), value, line)`, of which nothing is noted."""
    return value


def of_numbers(x: Any) -> bool:
    """Whether it is a tuple of numbers, which may change too: `group["betas"]`."""
    return type(x) is tuple and bool(x) and all(type(each) in KINDS or type(each) is Number for each in x)


def as_written(items: Any, *_: Any) -> Any:
    """The items of a loop in a function that is called inside; a `while` has none."""
    return repeat(None) if items is None else items


def helper_words(name: str) -> str:
    return f"the body has `{name[1:].removeprefix('command.')}`"


def known_array(data: Any) -> Any:
    """A tensor's data as an array. Errors: NoPlan for one of a kind that no plan knows."""
    array = np.asarray(data)
    if type(array) is not ndarray or array.dtype.kind not in "fiub":
        raise NoPlan("an array is of a kind that no plan knows")
    return array


def same_keys(x: Any, keys: list[Any]) -> bool:
    """Whether those are the keys of a dict, of which it has as many: 1 and 1.0 are equal, and not the same."""
    return all(a is b or (type(a) is type(b) and a == b) for a, b in zip(x, keys, strict=True))


def held(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - an empty cell raises
    except ValueError:
        return False
    return True


def method_of(method: Any) -> Any:
    """`@method`, which knows lists that grow."""

    def of(value: Any, name: str, *user: Any) -> Any:
        return getattr(value, name) if type(value) is Growing else method(value, name, *user)

    return of


def base_of(array: Any) -> Any:
    """The array whose memory this one shows."""
    while type(array.base) is ndarray:
        array = array.base
    return array


def is_whole(array: Any, base: Any) -> bool:
    """Whether it is all of its base in another shape, as kernels give what they have made."""
    whole = array.size == base.size and array.dtype == base.dtype
    return whole and bool(array.flags.c_contiguous and base.flags.c_contiguous)


# What an optimiser makes for itself when it has none.
OWN = frozenset({"scratch", "seen", "known", "factors"})


def has_array(x: Any) -> bool:
    return isinstance(x, (ndarray, np.generic)) or (type(x) is tuple and any(map(has_array, x)))


def parts(x: Any) -> list[tuple[Any, Any]]:
    """What a holder holds, each with its key."""
    kind = type(x)
    if kind is list:
        return list(enumerate(x))
    if isinstance(x, dict):
        return list(x.items())
    if kind is CellType:
        return [("", x.cell_contents)] if held(x) else []
    if isinstance(x, type):
        return list(x.written.items())  # type: ignore[attr-defined]  # a class of a Python program
    if is_instance(x):
        return list(vars(x).items())
    if is_scheduler(x):
        return list(scheduled(x))
    return [(name, getattr(x, name)) for name in slots(x) if name not in OWN]


def scheduled(x: Any) -> Iterator[tuple[Any, Any]]:
    """What a scheduler holds; of the rates that it has set, a list that each step makes anew, each by itself."""
    for name, value in vars(x).items():
        if name == "_last_lr":
            yield from (((name, at), rate) for at, rate in enumerate(value))
        else:
            yield name, value


def put_part(x: Any, key: Any, value: Any) -> None:
    """Have it hold that there."""
    if isinstance(x, (list, dict)):
        x[key] = value
    elif type(x) is CellType:
        x.cell_contents = value
    elif is_instance(x):
        vars(x)[key] = value
    elif type(key) is tuple:  # whoever has the list keeps it
        name, at = key
        held = getattr(x, name, [])
        if at >= len(held) or not one_rate(held[at], value):
            setattr(x, name, [*held[:at], value, *held[at + 1 :]])
    else:
        object.__setattr__(x, key, value)


def one_rate(a: Any, b: Any) -> bool:
    return a is b or (type(a) is type(b) is float and repr(a) == repr(b))


def slots(x: Any) -> Iterator[str]:
    """The names of what an object holds."""
    if hasattr(x, "__dict__") and vars(x):
        raise NoPlan(f"a {type(x).__name__} has attributes of its own")
    kind: Any = type(x)
    return (name for name in members(kind) if hasattr(x, name))


@lru_cache(maxsize=64)
def members(kind: type) -> tuple[str, ...]:
    """The names of what objects of a class have room for."""
    return tuple(
        name
        for base in kind.__mro__
        for name in vars(base).get("__slots__", ())
        # else it is a property of a class below
        if type(getattr(kind, name, None)) is MemberDescriptorType and name != "__weakref__"
    )


def state(extra: Any) -> Iterator[Any]:
    """All that a tensor may have beside being a parameter or a view, and no plan knows."""
    for name in TensorExtra.__slots__:
        if name not in PLAIN_EXTRA and name != "base":
            yield getattr(extra, name, None)
