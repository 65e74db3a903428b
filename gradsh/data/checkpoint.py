"""Checkpoints of PyTorch's own, .pt and .pth: what torch.save writes, and torch.load(weights_only=True) reads.

A zip with the storages and a pickle that says how tensors lie in them. The pickle is never run: its few operations that
state dicts need are followed here, on plain values and tensors; whatever else it names is an error.
"""

from __future__ import annotations

import pickletools
import struct
import zipfile
from typing import Any, BinaryIO

import numpy as np

from gradsh.data.common import Codec, Write, broken, described, foreign
from gradsh.data.npz import Members
from gradsh.errors import CannotHold

STORAGES = {"f8": "Double", "f4": "Float", "f2": "Half", "i8": "Long", "i4": "Int", "i2": "Short", "i1": "Char"}
STORAGES |= {"u1": "Byte", "b1": "Bool"}
DTYPES = {f"torch.{name}Storage": "<" + kind for kind, name in STORAGES.items()}
BFLOAT = "torch.BFloat16Storage"
TENSOR, PARAMETER = "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter"
ORDERED, SIZE = "collections.OrderedDict", "torch.Size"
ORDERED_DICT = b"ccollections\nOrderedDict\n)R"
SMALL = 2**24  # elements that tensors may have in all, though fewer are stored (expanded ones)
SHARED = 8  # tensors that may share all that is stored: weights that are tied
WRITTEN = 10**6  # values that any pickle may hold when it is written out, and a key of a dict a hundredth of it


class Named:
    """What a pickle names, by its module and name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Stored:
    """A storage: its numbers, flat."""

    __slots__ = ("numbers",)

    def __init__(self, numbers: Any) -> None:
        self.numbers = numbers


class Reader:
    """Follows the operations of a pickle. Errors: BadFile; IndexError and its kin where they do not go together."""

    def __init__(self, path: str, members: Members, folder: str, codec: Codec) -> None:
        self.path = path
        self.members = members
        self.folder = folder
        self.codec = codec
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.seen: dict[int, Any] = {}
        self.storages: dict[tuple[str, str], Stored] = {}
        self.elements = 0  # of all tensors

    def run(self, data: bytes) -> Any:
        for operation, argument, _ in pickletools.genops(data):
            name = operation.name
            if name == "STOP":
                return self.bounded(self.value(self.stack.pop()), max(WRITTEN, SHARED * len(data)))
            if name in ("BINUNICODE", "SHORT_BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"):
                self.stack.append(argument)
            elif name in PLAIN:
                self.stack.append(PLAIN[name]())
            elif name == "GLOBAL":
                self.stack.append(Named(str(argument).replace(" ", ".", 1)))
            elif name not in ("PROTO", "FRAME"):
                self.follow(name, argument)
        return broken(self.path, "is broken: its pickle has no end")

    def follow(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name == "MARK":
            self.marks.append(len(stack))
        elif name in ("BINPUT", "LONG_BINPUT"):
            self.memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self.memo[argument])
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            stack[-count:] = [tuple(stack[-count:])]
        elif name == "TUPLE":
            items = self.marked()
            stack.append(tuple(items))
        elif name in ("APPEND", "APPENDS"):
            items = [stack.pop()] if name == "APPEND" else self.marked()
            stack[-1].extend(map(self.value, items))
        elif name in ("SETITEM", "SETITEMS"):
            items = [stack.pop(-2), stack.pop()] if name == "SETITEM" else self.marked()
            stack[-1].update(self.items(zip(items[::2], items[1::2], strict=True)))
        elif name == "BINPERSID":
            stack.append(self.storage(stack.pop()))
        elif name in ("REDUCE", "NEWOBJ"):
            arguments = stack.pop()
            stack.append(self.made(stack.pop(), arguments))
        elif name == "BUILD" and type(stack[-2]) is dict:
            stack.pop()  # the `_metadata` of a state dict: versions of PyTorch's layers
        else:
            broken(self.path, f"cannot be read: its pickle runs code ({name}), and gradsh runs none")

    def marked(self) -> list[Any]:
        at = self.marks.pop()
        items = self.stack[at:]
        del self.stack[at:]
        return items

    def value(self, item: Any) -> Any:
        """What the language has of it. Errors: BadFile."""
        if isinstance(item, (Named, Stored)):
            what = item.name if isinstance(item, Named) else "a storage"
            broken(self.path, f"cannot be read: it holds {what}, and gradsh reads tensors and plain values only")
        if type(item) is tuple and id(item) not in self.seen:  # each once, however often it is in others
            self.seen[id(item)] = item
            for part in item:
                self.value(part)
        return item

    def items(self, pairs: Any) -> dict[Any, Any]:
        """The items of a dict. A tuple is a key only where the interpreter can hash it: it looks at neither depth nor
        size."""
        return {self.bounded(self.value(key), WRITTEN // 100): self.value(item) for key, item in pairs}

    def bounded(self, item: Any, most: int) -> Any:
        """The item, if it is so many values at most when it is written out: a tuple of two that are one, sixty times
        over, are a hundred bytes. Errors: BadFile; RecursionError where it is nested too deeply."""
        if extent(item, {}) > most:
            broken(self.path, "is broken: what it holds is small, and written out without end")
        return item

    def made(self, function: Any, arguments: Any) -> Any:
        name = function.name if isinstance(function, Named) else ""
        if name == TENSOR:
            return self.codec.make("tensor grad" if arguments[4] else "tensor", self.array(*arguments[:4]))
        if name == PARAMETER:
            found = self.codec.array(arguments[0])
            if found is None:
                broken(self.path, "is broken: a parameter in it is no tensor")
            return self.codec.make("parameter grad" if arguments[1] else "parameter", found[1])
        if name == ORDERED:
            return self.codec.mapping(self.items(arguments[0]) if arguments else ())
        if name == SIZE:
            return tuple(arguments[0])
        return broken(
            self.path,
            f"cannot be read: it needs code, {name or 'a call of a value'}; a state dict needs none: "
            "`torch.save(model.state_dict(), path)`",
        )

    def storage(self, named: Any) -> Stored:
        word, kind, key, _, count = named
        title = kind.name
        if (title, key) in self.storages:
            return self.storages[title, key]
        if word != "storage" or (title not in DTYPES and title != BFLOAT):
            broken(self.path, f"cannot be read: it holds a {title}, which no tensor here has")
        data = self.members[f"{self.folder}data/{key}"]
        numbers = np.frombuffer(data, "<u2" if title == BFLOAT else DTYPES[title])
        if len(numbers) < count:
            broken(self.path, f"is broken: its member data/{key} is too short")
        if title == BFLOAT:  # the upper half of a float32, which holds it exactly
            numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
        self.storages[title, key] = Stored(numbers)
        return self.storages[title, key]

    def array(self, storage: Any, offset: Any, size: Any, stride: Any) -> Any:
        numbers, count, last = storage.numbers, 1, offset
        for n, step in zip(size, stride, strict=True):
            count *= n
            last += max(n - 1, 0) * step
        fits = all(n >= 0 for n in (offset, *size, *stride)) and (not count or last < len(numbers))
        if not fits:
            broken(self.path, "is broken: a tensor in it lies outside of what is stored")
        self.elements += count
        if self.elements > max(SMALL, SHARED * sum(len(each.numbers) for each in self.storages.values())):
            broken(self.path, "is broken: its tensors are far larger than what is stored")
        steps = tuple(step * numbers.itemsize for step in stride)
        start = numbers[offset:] if count else numbers[:0]
        return np.lib.stride_tricks.as_strided(start, tuple(size), steps).copy(order="K")


def extent(item: Any, known: dict[int, int]) -> int:
    """How many values an item is when it is written out; what contains itself is one there."""
    if type(item) not in (tuple, list, dict):
        return 1
    if id(item) not in known:
        known[id(item)] = 1
        parts = (*item, *item.values()) if type(item) is dict else item
        known[id(item)] = 1 + sum(extent(part, known) for part in parts)
    return known[id(item)]


PLAIN: dict[str, Any] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "NONE": lambda: None}
PLAIN |= {"NEWTRUE": lambda: True, "NEWFALSE": lambda: False}
WRONG = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError, struct.error)


def read(path: str, data: bytes, codec: Codec, dtype: Any) -> object:
    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        foreign(path, data, "a checkpoint as PyTorch writes them since 1.6")
    members = Members(path, data)
    found = [name for name in members.infos if name.endswith("/data.pkl")]
    if len(found) != 1:
        broken(path, "is no checkpoint of PyTorch's: it has no data.pkl")
    pickled = members[found[0]]
    try:
        return Reader(path, members, found[0].removesuffix("data.pkl"), codec).run(pickled)
    except WRONG:
        broken(path, "is broken: its data.pkl cannot be followed")


class Writer:
    """The pickle of a value, protocol 2, and the storages that it refers to by number."""

    def __init__(self, path: str, codec: Codec) -> None:
        self.path = path
        self.codec = codec
        self.storages: list[Any] = []
        self.inside: set[int] = set()

    def pickled(self, value: Any) -> bytes:
        if value is None or value is True or value is False:
            return {None: b"N", True: b"\x88", False: b"\x89"}[value]
        if isinstance(value, str):
            text = str(value).encode("utf-8", "surrogatepass")
            return b"X" + struct.pack("<I", len(text)) + text
        if isinstance(value, int):
            number = int(value)
            if -(2**31) <= number < 2**31:
                return b"J" + struct.pack("<i", number)
            text = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
            if len(text) < 256:
                return b"\x8a" + bytes([len(text)]) + text
        if isinstance(value, float):
            return b"G" + struct.pack(">d", value)
        found = self.codec.array(value)
        if found is not None:
            return self.tensor(*found)
        if not isinstance(value, (dict, list, tuple)) or id(value) in self.inside:
            what = "a value that contains itself" if id(value) in self.inside else described(value)
            raise CannotHold(f"cannot save {what} in '{self.path}'")
        self.inside.add(id(value))
        try:
            return self.container(value)
        finally:
            self.inside.discard(id(value))

    def container(self, value: Any) -> bytes:
        if isinstance(value, dict):
            begin = b"}(" if type(value) is dict or self.codec.mapping is dict else ORDERED_DICT + b"("
            return begin + b"".join(self.pickled(k) + self.pickled(v) for k, v in value.items()) + b"u"
        items = b"".join(map(self.pickled, value))
        return b"(" + items + b"t" if isinstance(value, tuple) else b"](" + items + b"e"

    def tensor(self, kind: str, array: Any) -> bytes:
        if array.dtype.str[1:] not in STORAGES:
            raise CannotHold(f"cannot save numbers of {array.dtype} in '{self.path}'")
        flat = np.array(array, order="C")
        self.storages.append(flat)
        name, _, flag = kind.partition(" ")
        strides = tuple(step // flat.itemsize for step in flat.strides)
        persistent = b"(" + self.pickled("storage") + f"ctorch\n{STORAGES[flat.dtype.str[1:]]}Storage\n".encode()
        persistent += self.pickled(str(len(self.storages) - 1)) + self.pickled("cpu") + self.pickled(flat.size) + b"tQ"
        hooks = ORDERED_DICT
        needs = b"\x88" if flag and name != "parameter" else b"\x89"
        body = persistent + self.pickled(0) + self.pickled(flat.shape) + self.pickled(strides) + needs + hooks
        made = b"ctorch._utils\n_rebuild_tensor_v2\n(" + body + b"tR"
        if name != "parameter":
            return made
        return b"ctorch._utils\n_rebuild_parameter\n(" + made + (b"\x88" if flag else b"\x89") + hooks + b"tR"


def write(value: object, path: str, codec: Codec) -> Write:
    writer = Writer(path, codec)
    try:
        data = b"\x80\x02" + writer.pickled(value) + b"."
    except RecursionError:
        raise CannotHold(f"cannot save a value that is nested so deeply in '{path}'") from None

    def produce(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            members = [("data.pkl", data), ("byteorder", b"little"), ("version", b"3\n")]
            numbers = [(f"data/{i}", flat) for i, flat in enumerate(writer.storages)]
            for name, content in [*members, *((n, f.astype(f.dtype.newbyteorder("<")).tobytes()) for n, f in numbers)]:
                archive.writestr(zipfile.ZipInfo("archive/" + name), content)  # of 1980: one value gives one file

    return produce
