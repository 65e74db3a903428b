"""Any plain value: .npz, a zip of arrays with a manifest of the structure; and .npz files of NumPy's own."""

from __future__ import annotations

import io
import json
import math
import zipfile
import zlib
from typing import Any, BinaryIO

from gradsh.data.common import Codec, Write, broken, described, foreign
from gradsh.data.npy import npy_bytes, parse_npy, supported
from gradsh.errors import CannotHold

MANIFEST = "gradsh.json"
VERSION = 1
SMALL = 2**24  # bytes that any archive may unpack to
PACKINGS = {zipfile.ZIP_BZIP2: "bzip2", zipfile.ZIP_LZMA: "LZMA"}
DEFLATE = 1100  # to how many times its size deflate unpacks at most: 1032
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
BIG = 2**63  # integers beyond are written in hexadecimal: Python reads only so many decimal digits


def read(path: str, data: bytes, codec: Codec, dtype: Any) -> object:

    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        foreign(path, data, "an .npz file")
    members = Members(path, data)
    if MANIFEST not in members.infos:
        return {name.removesuffix(".npy"): _foreign_member(path, name, members[name], codec) for name in members.infos}
    try:
        manifest = json.loads(members[MANIFEST])
        version = manifest["gradsh"]
        structure = manifest["value"]
    except (ValueError, KeyError, TypeError, RecursionError):
        broken(path, f"is broken: its {MANIFEST} cannot be read")
    if version != VERSION:
        broken(path, "was written by a later version of gradsh")
    try:
        return Decoder(path, members, codec).value(structure)
    except (KeyError, TypeError, ValueError, RecursionError, StopIteration):
        broken(path, f"is broken: its {MANIFEST} does not fit its other members")


class Members:
    """The members of an archive, each unpacked when it is asked for, and no more of it than the archive says.

    A few hundred bytes can say, and with bzip2 also hold, gigabytes: what an archive claims in all is held against
    what deflate, the one packing that NumPy writes, can make of its bytes.
    """

    def __init__(self, path: str, data: bytes) -> None:
        """Errors: BadFile."""
        self.path = path
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(data))
        except BROKEN as error:
            broken(path, f"is broken: {error}")
        self.infos = {info.filename: info for info in self.archive.infolist()}
        claimed = sum(info.file_size for info in self.archive.infolist())
        if claimed > max(SMALL, DEFLATE * len(data)):
            broken(path, f"is broken: {len(data)} bytes are to hold {claimed}")

    def __getitem__(self, name: str) -> bytes:
        """The content of a member. Errors: KeyError, BadFile."""
        info = self.infos[name]
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            packing = PACKINGS.get(info.compress_type, "something else")
            broken(self.path, f"cannot be unpacked: NumPy packs with deflate, and {name} is packed with {packing}")
        try:
            return self.archive.read(info)
        except BROKEN as error:
            broken(self.path, f"is broken: {error}")


def _foreign_member(path: str, name: str, data: bytes, codec: Codec) -> object:
    where = f"{path}: {name}"
    found = supported(where, parse_npy(where, data, "an array"))
    return found if isinstance(found, (str, list)) else codec.make("tensor", found)


class Decoder:
    """The value that a manifest describes."""

    def __init__(self, path: str, members: Members, codec: Codec) -> None:
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
        if tag == "set":
            return self.codec.untag(tag, [self.value(item) for item in content])
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
        if not isinstance(value, (dict, list, tuple)) and self.codec.items(value) is None:
            raise CannotHold(f"cannot save {described(value)} in '{self.path}'" + (f" (at {name})" if name else ""))
        if id(value) in self.inside:
            raise CannotHold(
                f"cannot save a value that contains itself in '{self.path}'" + (f" (at {name})" if name else "")
            )
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
        of_set = None if isinstance(value, (list, tuple)) else self.codec.items(value)
        items = [
            self.node(item, f"{name}/{i}" if name else str(i))
            for i, item in enumerate(value if of_set is None else of_set)
        ]
        kind = "tuple" if isinstance(value, tuple) else "" if of_set is None else "set"
        return {kind: items} if kind else items

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


def write(value: object, path: str, codec: Codec) -> Write:

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
