"""Values from files and back: npy, npz, csv, tsv, json, safetensors, and numbers on standard input.

| ending       | holds                                                            | comes back as                         |
|--------------|------------------------------------------------------------------|---------------------------------------|
| .npy         | one tensor                                                       | the tensor                            |
| .npz         | any plain value: dicts, lists, tuples, tensors, numbers, strings | the same, to the last bit             |
| .csv .tsv    | numbers in rows; a dict of columns gives a header                | a 2-d tensor; a header is passed over |
| .json        | dicts, lists, numbers, strings, bools, none; tensors as lists    | dicts and lists                       |
| .safetensors | a dict of tensors                                                | the dict                              |

An .npz is NumPy's, each tensor under a readable name (`net/fc1.weight`), and one member more: gradsh.json, the structure
with all that is no tensor. Without that member (a file of NumPy's own) it is a dict of tensors. Numbers in text become
floating tensors of the default dtype. Nothing is ever unpickled, and a file that is not what its name says is an
errors.BadFile with that name. What a tensor is, is for the caller to say: see Codec.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, NoReturn, Protocol

import numpy as np

from gradsh.errors import BadFile, CannotHold, MissingPackage, UnknownFormat

MANIFEST = "gradsh.json"
VERSION = 1
BEGINNINGS = {b"PK\x03\x04": ".npz", b"PK\x05\x06": ".npz", b"\x93NUMPY": ".npy"}
PICKLED = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle")
BIG = 2**63  # integers beyond are written in hexadecimal: Python reads only so many decimal digits

Write = Callable[[BinaryIO], None]


class Codec(Protocol):
    """Which values are arrays, and which other values of the language have a place in a manifest."""

    def array(self, value: object) -> tuple[str, Any] | None:
        """(kind, array) of a tensor and its like: kind is "tensor", "array" or "parameter", with " grad" if flagged."""

    def make(self, kind: str, array: Any) -> object:
        """The value again."""

    def tag(self, value: object) -> tuple[str, object] | None:
        """(tag, JSON) of a value of some other class."""

    def untag(self, tag: str, content: object) -> object:
        """The value again. Errors: KeyError, TypeError, ValueError for what `tag` has not given."""


class Door(Protocol):
    """What may be done with files: gradsh.files.Files."""

    def read(self, path: str) -> bytes: ...
    def write(self, path: str, produce: Write) -> None: ...
    def standard_input(self) -> bytes: ...


def load(path: str, files: Door, codec: Codec, dtype: Any) -> object:
    """The value in a file; numbers in text become `dtype`. Errors: FileError, BadFile, UnknownFormat, MissingPackage."""
    if path == "-":
        return codec.make("tensor", stream_numbers(files.standard_input(), dtype))
    reader = READERS[ending(path, "load")]
    return reader(path, files.read(path), codec, dtype)


def save(value: object, path: str, files: Door, codec: Codec) -> None:
    """Write a value to a file, whole or not at all. Errors: CannotHold, FileError, UnknownFormat, MissingPackage."""
    writer = WRITERS[ending(path, "save")]
    files.write(path, writer(value, path, codec))


def ending(path: str, doing: str) -> str:
    """What the name says of the format. Errors: UnknownFormat."""
    found = os.path.splitext(path)[1].lower()
    if found in READERS:
        return found
    if found in PICKLED:
        raise UnknownFormat(
            f"cannot {doing} '{path}': {found} files are pickles, which run code when they are read; gradsh never does",
            help="in PyTorch: safetensors.torch.save_file(model.state_dict(), 'model.safetensors')",
        )
    known = ", ".join(READERS)
    raise UnknownFormat(f"cannot {doing} '{path}': the ending of the name says the format, which is one of {known}")


def broken(path: str, why: str) -> NoReturn:
    raise BadFile(f"'{path}' {why}")


def foreign(path: str, data: bytes, title: str) -> NoReturn:
    """Say what a file is that is not what its name says."""
    if not data:
        broken(path, f"is empty, not {title}")
    for start, other in BEGINNINGS.items():
        if data.startswith(start) and not path.lower().endswith(other):
            broken(path, f"is not {title}: it begins as an {other} file does")
    if data[:1] == b"\x80":
        broken(path, f"is not {title}: it looks like a pickle, which gradsh never reads")
    broken(path, f"is not {title}")


# --- npy --------------------------------------------------------------------------------------------------------


def read_npy(path: str, data: bytes, codec: Codec, dtype: Any) -> object:
    found = supported(path, parse_npy(path, data, "an .npy file"))
    return found if isinstance(found, (str, list)) else codec.make("tensor", found)


def parse_npy(path: str, data: bytes, title: str) -> Any:
    """The array in the bytes of an .npy file, whatever its dtype but for objects; its own copy, in C order."""
    import ast

    if data[:6] != b"\x93NUMPY" or len(data) < 12:
        foreign(path, data, title)
    wide = data[6] > 1
    begin = 12 if wide else 10
    size = int.from_bytes(data[8:begin], "little")
    try:
        header = ast.literal_eval(data[begin : begin + size].decode("latin-1").strip()) if size < 65536 else None
        shape, fortran, dtype = header["shape"], header["fortran_order"], np.dtype(header["descr"])
        sizes = tuple(int(extent) for extent in shape)
        count = math.prod(sizes)
    except (ValueError, TypeError, KeyError, SyntaxError, RecursionError, MemoryError, OverflowError):
        broken(path, "is broken: its header cannot be read")
    if dtype.hasobject:
        broken(path, "holds Python objects, that is, a pickle, which gradsh never reads")
    begin += size
    if any(extent < 0 for extent in sizes) or len(sizes) > 64 or count * dtype.itemsize != len(data) - begin:
        shown = "x".join(map(str, sizes)) or "one"
        broken(path, f"is broken: {shown} values of {dtype} do not fill the {max(len(data) - begin, 0)} bytes it has for them")
    if dtype.itemsize == 0:
        return np.zeros(sizes, dtype)
    flat = np.frombuffer(data, dtype, count, begin)
    array = flat.reshape(sizes[::-1]).T if fortran else flat.reshape(sizes)
    return np.array(array, order="C")


def supported(path: str, array: Any) -> Any:
    """The array in a dtype that tensors have, with the same values; strings as lists of them."""
    kind, width = array.dtype.kind, array.dtype.itemsize
    if kind == "U":
        return array.tolist()
    if kind == "u" and width > 1:
        if width == 8 and array.size and int(array.max()) >= BIG:
            broken(path, "holds unsigned integers too large for int64")
        return array.astype(np.int32 if width == 2 else np.int64)
    if kind in "biu" or (kind == "f" and width in (2, 4, 8)):
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    broken(path, f"holds values of {array.dtype}, which no tensor has")


def write_npy(value: object, path: str, codec: Codec) -> Write:
    found = codec.array(value)
    if found is None:
        raise CannotHold(
            f"cannot save {described(value)} in '{path}': an .npy file holds one tensor",
            help="make it a tensor with `tensor(…)`, or give the file the ending .npz or .json",
        )
    return npy_bytes(found[1])


def npy_bytes(array: Any) -> Write:
    values = np.asarray(array, order="C")

    def produce(file: BinaryIO) -> None:
        np.lib.format.write_array(file, values, allow_pickle=False)

    return produce


# --- npz --------------------------------------------------------------------------------------------------------


def read_npz(path: str, data: bytes, codec: Codec, dtype: Any) -> object:
    import json
    import zipfile
    import zlib

    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        foreign(path, data, "an .npz file")
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                members[info.filename] = archive.read(info)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        broken(path, f"is broken: {error}")
    text = members.pop(MANIFEST, None)
    if text is None:
        return {name.removesuffix(".npy"): _foreign_member(path, name, each, codec) for name, each in members.items()}
    try:
        manifest = json.loads(text)
        version = manifest["gradsh"]
        structure = manifest["value"]
    except (ValueError, KeyError, TypeError, RecursionError):
        broken(path, f"is broken: its {MANIFEST} cannot be read")
    if version != VERSION:
        broken(path, "was written by a later version of gradsh")
    try:
        return Decoder(path, members, codec).value(structure)
    except (KeyError, TypeError, ValueError, RecursionError):
        broken(path, f"is broken: its {MANIFEST} does not fit its other members")


def _foreign_member(path: str, name: str, data: bytes, codec: Codec) -> object:
    where = f"{path}: {name}"
    found = supported(where, parse_npy(where, data, "an array"))
    return found if isinstance(found, (str, list)) else codec.make("tensor", found)


class Decoder:
    """The value that a manifest describes."""

    def __init__(self, path: str, members: dict[str, bytes], codec: Codec) -> None:
        self.path = path
        self.members = members
        self.codec = codec
        self.made: dict[tuple[str, str], object] = {}

    def value(self, node: Any) -> Any:
        if not isinstance(node, dict):
            return [self.value(item) for item in node] if isinstance(node, list) else node
        tag = next(iter(node))
        content = node[tag]
        if tag == "dict":
            return {self.value(key): self.value(item) for key, item in content}
        if tag == "tuple":
            return tuple(self.value(item) for item in content)
        if tag == "float":
            return float(content)
        if tag == "int":
            return int(content, 16)
        if tag in ("tensor", "array", "parameter"):
            return self.array(tag + " grad" if node.get("grad") else tag, content)
        return self.codec.untag(tag, content)

    def array(self, kind: str, member: str) -> object:
        if (kind, member) not in self.made:  # what was one tensor in two places is one again
            found = supported(self.path, parse_npy(f"{self.path}: {member}", self.members[member + ".npy"], "an array"))
            self.made[kind, member] = self.codec.make(kind, found)
        return self.made[kind, member]


class Encoder:
    """The manifest of a value, and the arrays that it refers to by name."""

    def __init__(self, path: str, codec: Codec) -> None:
        self.path = path
        self.codec = codec
        self.arrays: dict[str, Any] = {}
        self.known: dict[int, tuple[str, object]] = {}  # tensors by id; the value is kept so that the id stays its own
        self.inside: set[int] = set()

    def node(self, value: Any, name: str) -> Any:
        """`name` says where the value is in the whole."""
        if value is None or isinstance(value, (bool, str)):
            return str(value) if isinstance(value, str) else value
        if isinstance(value, int):
            return int(value) if -BIG <= value < BIG else {"int": hex(value)}
        if isinstance(value, float):
            return value if math.isfinite(value) else {"float": repr(value)}
        found = self.codec.array(value)
        if found is not None:
            kind, _, flag = found[0].partition(" ")
            node: dict[str, object] = {kind: self.member(value, found[1], name)}
            return node | {"grad": True} if flag else node
        tagged = self.codec.tag(value)
        if tagged is not None:
            return {tagged[0]: tagged[1]}
        if not isinstance(value, (dict, list, tuple)):
            raise CannotHold(f"cannot save {described(value)} in '{self.path}'" + (f" (at {name})" if name else ""))
        if id(value) in self.inside:
            raise CannotHold(f"cannot save a value that contains itself in '{self.path}'" + (f" (at {name})" if name else ""))
        self.inside.add(id(value))
        try:
            return self.container(value, name)
        finally:
            self.inside.discard(id(value))

    def container(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            pairs = []
            for key, item in value.items():
                if self.codec.array(key) is not None:
                    raise CannotHold(f"cannot save a dict whose key is {described(key)} in '{self.path}'")
                pairs.append([self.node(key, name), self.node(item, f"{name}/{key}" if name else str(key))])
            return {"dict": pairs}
        items = [self.node(item, f"{name}/{i}" if name else str(i)) for i, item in enumerate(value)]
        return {"tuple": items} if isinstance(value, tuple) else items

    def member(self, value: object, array: Any, name: str) -> str:
        if id(value) in self.known:
            return self.known[id(value)][0]
        plain = "/".join(_member_part(part) for part in name.split("/")) if name else "value"
        member, count = plain, 1
        while member in self.arrays:
            count += 1
            member = f"{plain}~{count}"
        self.arrays[member] = array
        self.known[id(value)] = (member, value)
        return member


def _member_part(part: str) -> str:
    """A part of a member's name that any program can unpack."""
    plain = "".join(c if c.isalnum() or c in "_-.~" else "_" for c in part)
    return plain if plain.strip(".") else "_"


def write_npz(value: object, path: str, codec: Codec) -> Write:
    import json
    import zipfile

    encoder = Encoder(path, codec)
    try:
        manifest = json.dumps({"gradsh": VERSION, "value": encoder.node(value, "")}, allow_nan=False)
    except RecursionError:
        raise CannotHold(f"cannot save a value that is nested so deeply in '{path}'") from None

    def entry(name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name)  # of 1980: the same value gives the same file
        info.external_attr = 0o644 << 16
        return info

    def produce(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in encoder.arrays.items():
                with archive.open(entry(name + ".npy"), "w", force_zip64=True) as member:
                    npy_bytes(array)(member)  # type: ignore[arg-type]  # a binary file, all but in name
            archive.writestr(entry(MANIFEST), manifest)

    return produce


# --- numbers in text ------------------------------------------------------------------------------------------------


def decoded(path: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        for start in BEGINNINGS:
            if data.startswith(start):
                foreign(path, data, "a text file")
        broken(path, f"is not UTF-8 text: byte 0x{data[error.start]:02x} at offset {error.start}")


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def read_table(path: str, data: bytes, codec: Codec, dtype: Any) -> object:
    text = decoded(path, data)
    delimiter = "\t" if path.lower().endswith(".tsv") else ","
    if delimiter == "," and ";" in text and "," not in text:
        delimiter = ";"
    return codec.make("tensor", table(path, text, delimiter).astype(dtype))


def table(path: str, text: str, delimiter: str) -> Any:
    """The rows of a text as a float64 array: without its header, comments (`#`) and blank lines; no value is nan."""
    import csv

    header, begin, row = "", 0, [""]
    while begin < len(text):  # the first line that says something
        end = text.find("\n", begin) + 1 or len(text)
        line = text[begin:end].strip()
        if line and not line.startswith("#"):
            row = next(csv.reader([line], delimiter=delimiter))
            if any(cell.strip() and not is_number(cell) for cell in row):
                header, begin = line, end
            break
        begin = end
    else:
        broken(path, "holds no numbers")
    rest = text[begin:]
    if not rest.strip():
        return np.empty((0, len(row)))
    try:
        return np.loadtxt(io.StringIO(rest), np.float64, delimiter=delimiter, ndmin=2, quotechar='"')
    except (ValueError, UserWarning):  # more slowly, to allow for empty cells and to say where what is wrong
        return _carefully(path, text, delimiter, header)


def _carefully(path: str, text: str, delimiter: str, header: str) -> Any:
    import csv

    rows: list[list[float]] = []
    first = 0
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            if header and not first and not rows:
                header = ""
                continue
            rows.append([_number(path, cell, reader.line_num, i) for i, cell in enumerate(cells, 1)])
            first = first or reader.line_num
            if len(rows[-1]) != len(rows[0]):
                broken(path, f"line {reader.line_num} has {len(rows[-1])} values, line {first} has {len(rows[0])}")
    except csv.Error as error:
        broken(path, f"line {reader.line_num}: {error}")
    return np.array(rows, np.float64)


def _number(path: str, cell: str, line: int, column: int) -> float:
    cell = cell.strip()
    if not cell:
        return math.nan
    if not is_number(cell):
        broken(path, f"line {line}, column {column}: {cell[:40]!r} is not a number")
    return float(cell)


def stream_numbers(data: bytes, dtype: Any) -> Any:
    """Numbers between white space, commas or semicolons; one-dimensional unless several lines have several each."""
    text = decoded("-", data).replace(",", " ").replace(";", " ")
    lines = [(number, line.split()) for number, line in enumerate(text.split("\n"), 1)]
    rows = [(number, cells) for number, cells in lines if cells and not cells[0].startswith("#")]
    if rows and len(rows) > 1 and not any(is_number(cell) for cell in rows[0][1]):
        rows = rows[1:]  # a header
    width = len(rows[0][1]) if rows else 0
    values: list[float] = []
    for number, cells in rows:
        if len(cells) != width:
            raise BadFile(f"standard input, line {number}: {len(cells)} numbers, where line {rows[0][0]} has {width}")
        for cell in cells:
            if not is_number(cell):
                raise BadFile(f"standard input, line {number}: {cell[:40]!r} is not a number")
            values.append(float(cell))
    array = np.array(values, np.float64).astype(dtype)
    return array.reshape(len(rows), width) if len(rows) > 1 and width > 1 else array


def write_table(value: object, path: str, codec: Codec) -> Write:
    delimiter = "\t" if path.lower().endswith(".tsv") else ","
    lines: list[str] = []
    if isinstance(value, dict):
        columns = [_column(path, name, item, codec) for name, item in value.items()]
        if len({len(column) for column in columns}) > 1:
            raise CannotHold(f"cannot save columns of different lengths in '{path}'")
        lines.append(delimiter.join(_quoted(str(name), delimiter) for name in value))
        rows: Iterable[Iterable[str]] = zip(*map(cells, columns), strict=True)
    else:
        array = _as_array(value, codec)
        if array is None or array.ndim > 2:
            raise CannotHold(
                f"cannot save {described(value)} in '{path}': a table has rows and columns of numbers",
                help="give the file the ending .npz or .npy",
            )
        rows = map(cells, array.reshape(-1, 1) if array.ndim < 2 else array)
    lines.extend(delimiter.join(row) for row in rows)
    text = "".join(line + "\n" for line in lines).encode()
    return lambda file: _all(file, text)


def _all(file: BinaryIO, data: bytes) -> None:
    file.write(data)


def _as_array(value: object, codec: Codec) -> Any:
    """The array that is written for a tensor or a list of numbers; None for anything else."""
    found = codec.array(value)
    if found is not None:
        return np.asarray(found[1])
    if isinstance(value, (int, float)):
        return np.array(value)
    if isinstance(value, (list, tuple)):
        rows = [_as_array(item, codec) for item in value]
        if all(row is not None for row in rows) and len({row.shape for row in rows}) <= 1:
            array = np.array(rows) if rows else np.empty(0)
            return array if array.dtype.kind in "bif" else None
    return None


def _column(path: str, name: object, item: object, codec: Codec) -> Any:
    array = _as_array(item, codec)
    if array is None or array.ndim != 1:
        raise CannotHold(f"cannot save {described(item)} as the column '{name}' of '{path}': a column is a list of numbers")
    return array


def cells(row: Any) -> list[str]:
    """Numbers with the fewest digits that read back as the same; bools as 0 and 1."""
    if row.dtype.kind == "f" and row.dtype.itemsize < 8:
        return [str(number) for number in row]
    return list(map(repr, row.astype(np.int64).tolist() if row.dtype.kind == "b" else row.tolist()))


def _quoted(name: str, delimiter: str) -> str:
    return f'"{name.replace(chr(34), 2 * chr(34))}"' if any(c in name for c in (delimiter, '"', "\n", "\r")) else name


# --- json ---------------------------------------------------------------------------------------------------------


def read_json(path: str, data: bytes, codec: Codec, dtype: Any) -> object:
    import json

    text = decoded(path, data)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if not text.strip():
            foreign(path, b"", "a .json file")
        broken(path, f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}")
    except RecursionError:
        broken(path, "is nested too deeply")
    except ValueError as error:
        broken(path, f"holds a number that cannot be read: {str(error).partition(';')[0]}")


def write_json(value: object, path: str, codec: Codec) -> Write:
    import json

    try:
        text = json.dumps(as_json(value, path, codec), ensure_ascii=False)
    except (ValueError, RecursionError):
        raise CannotHold(f"cannot save a value that contains itself, or is nested so deeply, in '{path}'") from None
    data = (text + "\n").encode("utf-8", "surrogatepass")
    return lambda file: _all(file, data)


def as_json(value: Any, path: str, codec: Codec) -> Any:
    """The value with tensors as nested lists, and tuples as lists."""
    if value is None or isinstance(value, (bool, str, int, float)):
        return value
    found = codec.array(value)
    if found is not None:
        return found[1].tolist()
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise CannotHold(
                    f"cannot save a dict with the key {key!r} in '{path}': JSON has strings as keys only",
                    help="give the file the ending .npz, which keeps keys as they are",
                )
        return {key: as_json(item, path, codec) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item, path, codec) for item in value]
    raise CannotHold(f"cannot save {described(value)} in '{path}'")


# --- safetensors ----------------------------------------------------------------------------------------------------

SAFE = {"F64": "f8", "F32": "f4", "F16": "f2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1", "U8": "u1"}
SAFE |= {"U16": "u2", "U32": "u4", "U64": "u8", "BOOL": "?"}


def _package(path: str) -> Any:
    try:
        import safetensors
        import safetensors.numpy
    except ImportError:
        raise MissingPackage(
            f"'{path}' needs the package safetensors, which is not installed: pip install 'gradsh[safetensors]'"
        ) from None
    return safetensors


def read_safetensors(path: str, data: bytes, codec: Codec, dtype: Any) -> object:
    package = _package(path)
    try:
        found = package.deserialize(data)
    except package.SafetensorError as error:
        if not data or data.startswith((b"PK", b"\x93NUMPY", b"\x80\x02", b"\x80\x04")):
            foreign(path, data, "a .safetensors file")
        broken(path, f"is not a .safetensors file, or is broken: {error}")
    result: dict[str, object] = {}
    for name, entry in found:
        result[name] = codec.make("tensor", _safe_array(f"{path}: {name}", entry))
    return result


def _safe_array(path: str, entry: dict[str, Any]) -> Any:
    kind, shape = entry["dtype"], entry["shape"]
    if kind == "BF16":  # the upper half of a float32, which holds it exactly
        raw = np.frombuffer(entry["data"], "<u2").astype(np.uint32) << 16
        return raw.view(np.float32).reshape(shape)
    if kind not in SAFE:
        broken(path, f"holds values of {kind}, which no tensor has")
    return supported(path, np.frombuffer(entry["data"], "<" + SAFE[kind]).reshape(shape).copy())


def write_safetensors(value: object, path: str, codec: Codec) -> Write:
    package = _package(path)
    arrays: dict[str, Any] = {}
    if not isinstance(value, dict):
        raise CannotHold(f"cannot save {described(value)} in '{path}': a .safetensors file holds a dict of tensors")
    for key, item in value.items():
        found = codec.array(item)
        if found is None or not isinstance(key, str):
            what = f"the key {key!r}" if found is not None else f"{described(item)} (at {key})"
            raise CannotHold(
                f"cannot save {what} in '{path}': a .safetensors file holds a dict of tensors",
                help="give the file the ending .npz, which holds any value",
            )
        arrays[str(key)] = np.array(found[1], order="C")
    data = package.numpy.save(arrays)
    return lambda file: _all(file, data)


# ------------------------------------------------------------------------------------------------------------------


def described(value: object) -> str:
    """A value in an error: `a list`, `a function`."""
    if value is None:
        return "none"
    titles = {bool: "a bool", int: "an integer", float: "a number", str: "a string"}
    kind = type(value)
    if kind in titles:
        return titles[kind]
    name = "function" if callable(value) and kind.__name__ != "type" else kind.__name__
    return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"


READERS: dict[str, Callable[[str, bytes, Codec, Any], object]] = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".csv": read_table,
    ".tsv": read_table,
    ".json": read_json,
    ".safetensors": read_safetensors,
}
WRITERS: dict[str, Callable[[object, str, Codec], Write]] = {
    ".npy": write_npy,
    ".npz": write_npz,
    ".csv": write_table,
    ".tsv": write_table,
    ".json": write_json,
    ".safetensors": write_safetensors,
}
