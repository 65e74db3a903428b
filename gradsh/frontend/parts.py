"""Small things of PyTorch's that have no word of their own in gradsh."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.dtypes import FLOAT, INTEGER, DType
from gradsh.engine.core.modes import mode
from gradsh.engine.kernels.random import Generator, randperm
from gradsh.engine.ops.program.samplers import Sampler
from gradsh.errors import ArgumentError, NotHere, ValueError_
from gradsh.frontend.kinds import Only
from gradsh.frontend.machines import NO_GROUP
from gradsh.language.absent import KINDS

__acts_for_programs__ = True

# --- dtypes that are only named ---------------------------------------------------------------------------------------

COMPLEX = FLOAT + 1
# the name, its category, what errors call it, and how many bytes an element has
_NAMED = """
bfloat16 float BFloat16 2
complex32 complex ComplexHalf 4
complex64 complex ComplexFloat 8
complex128 complex ComplexDouble 16
uint16 integer UInt16 2
uint32 integer UInt32 4
uint64 integer UInt64 8
float8_e4m3fn float Float8_e4m3fn 1
float8_e5m2 float Float8_e5m2 1
"""
CATEGORIES = {"float": FLOAT, "complex": COMPLEX, "integer": INTEGER}


class Named(DType):
    """A dtype that a program may name, compare and print: no tensor has it. `np` is where one would come to be."""

    __slots__ = ("bytes",)

    def __init__(self, name: str, category: str, title: str, size: str) -> None:
        self.name = self.c_name = name
        self.category, self.title, self.bytes = CATEGORIES[category], title, int(size)

    @property
    def np(self) -> Any:  # type: ignore[override]  # what others have as a slot
        """Errors: NotHere."""
        words, help = KINDS["complex" if self.category == COMPLEX else "dtype"]
        raise NotHere(f"torch.{self.name}: {words}", help=help)

    @property
    def is_complex(self) -> bool:
        return self.category == COMPLEX

    @property
    def is_signed(self) -> bool:
        return self.category != INTEGER

    @property
    def itemsize(self) -> int:
        return self.bytes


NAMED = {name: Named(name, *rest) for name, *rest in (line.split() for line in _NAMED.strip().splitlines())}
NAMED |= {"cfloat": NAMED["complex64"], "cdouble": NAMED["complex128"], "chalf": NAMED["complex32"]}


# --- torch.nn.modules.utils -------------------------------------------------------------------------------------------


def _ntuple(n: int, name: str = "parse") -> Callable[[Any], Any]:
    def parse(x: Any) -> Any:
        return tuple(x) if hasattr(x, "__iter__") else tuple(repeat(x, n))

    parse.__name__ = parse.__qualname__ = name
    return parse


def _reverse_repeat_tuple(t: Any, n: int) -> Any:
    return tuple(x for x in reversed(t) for _ in range(n))


def consume_prefix(state_dict: Any, prefix: str) -> None:
    """`consume_prefix_in_state_dict_if_present`: names lose what they begin with."""
    for key in list(state_dict):
        if key.startswith(prefix):
            state_dict[key[len(prefix) :]] = state_dict.pop(key)


# --- torch.utils.data.distributed -------------------------------------------------------------------------------------


class DistributedSampler(Sampler):
    """The part of a data set's indices that one of several processes is to have."""

    __public__ = frozenset(
        (
            "dataset",
            "num_replicas",
            "rank",
            "epoch",
            "drop_last",
            "num_samples",
            "total_size",
            "shuffle",
            "seed",
            "set_epoch",
        )
    )

    def __init__(
        self,
        dataset: Any,
        num_replicas: Any = None,
        rank: Any = None,
        shuffle: Any = True,
        seed: int = 0,
        drop_last: Any = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise ValueError_(NO_GROUP)
        if rank >= num_replicas or rank < 0:
            raise ValueError_(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset, self.num_replicas, self.rank = dataset, num_replicas, rank
        self.epoch, self.drop_last, self.shuffle, self.seed = 0, drop_last, shuffle, seed
        count = len(dataset)
        if drop_last and count % num_replicas != 0:
            self.num_samples: int = math.ceil((count - num_replicas) / num_replicas)
        else:
            self.num_samples = math.ceil(count / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        count = len(self.dataset)
        order = randperm(Generator(self.seed + self.epoch), count).tolist() if self.shuffle else list(range(count))
        if self.drop_last:
            order = order[: self.total_size]
        else:
            missing = self.total_size - len(order)
            order += (order * math.ceil(missing / max(len(order), 1)))[:missing]
        return iter(order[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Another order, the same in each process."""
        self.epoch = epoch


# --- torch.testing ----------------------------------------------------------------------------------------------------


def assert_allclose(
    actual: Any, expected: Any, rtol: Any = None, atol: Any = None, equal_nan: bool = True, msg: str = ""
) -> None:
    """`torch.testing.assert_allclose`: the old name of `assert_close`, with other tolerances for float32."""
    from gradsh.runtime.builtins import BUILTINS

    mode.warn(
        "`torch.testing.assert_allclose()` is deprecated since 1.12 and will be removed in a future release. Please "
        "use `torch.testing.assert_close()` instead. You can find detailed upgrade instructions in "
        "https://github.com/pytorch/pytorch/issues/61844.",
        category="FutureWarning",
        once=True,
    )
    options = {"rtol": rtol, "atol": atol, "equal_nan": equal_nan, "check_dtype": False, "msg": msg or None}
    BUILTINS.value("assert_close")(actual, expected, **options)


# --- torch.fft, as far as it is of real numbers -----------------------------------------------------------------------


def _frequencies(operator: str, half: bool) -> Callable[..., Any]:
    """`torch.fft.fftfreq(n, d)`: the frequencies that a transform of n samples has."""

    def frequencies(n: int, d: float = 1.0, **options: Any) -> Any:
        from gradsh.runtime.builtins import BUILTINS

        if type(n) is not int:
            raise ArgumentError(f"fft_{operator}(): argument 'n' (position 1) must be int, not {type_word(n)}")
        whole = list(range(n // 2 + 1)) if half else [*range((n + 1) // 2), *range(-(n // 2), 0)]
        options.setdefault("dtype", BUILTINS.value("get_default_dtype")())
        return BUILTINS.value("tensor")(whole, **options) * (1.0 / (n * d))

    return frequencies


def _shifted(back: bool) -> Callable[..., Any]:
    """`torch.fft.fftshift(x, dim)`: what is at the ends comes to the middle; `back`: the reverse."""

    def shift(input: Any, dim: Any = None) -> Any:
        from gradsh.runtime.builtins import BUILTINS

        dims = range(input.ndim) if dim is None else [dim] if isinstance(dim, int) else list(dim)
        sizes = [input.shape[each] for each in dims]
        return BUILTINS.value("roll")(input, [(size + 1) // 2 if back else size // 2 for size in sizes], list(dims))

    return shift


MEMBERS: dict[str, Any] = {
    "fft.fftfreq": _frequencies("fftfreq", half=False),
    "fft.rfftfreq": _frequencies("rfftfreq", half=True),
    "fft.fftshift": _shifted(back=False),
    "fft.ifftshift": _shifted(back=True),
    **NAMED,
    "_ntuple": _ntuple,
    **{f"_{name}": _ntuple(n, f"_{name}") for n, name in enumerate(("single", "pair", "triple", "quadruple"), 1)},
    "_reverse_repeat_tuple": _reverse_repeat_tuple,
    "consume_prefix_in_state_dict_if_present": consume_prefix,
    "DistributedSampler": DistributedSampler,
    "assert_allclose": assert_allclose,
    "types.Number": Only("Number", int, float, bool),
}
