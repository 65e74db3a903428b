"""Files of data that are damaged, and programs of odd bytes: a value or an error with the file's name, nothing else."""

from __future__ import annotations

import functools
import io
import json
import os
import tempfile
import zipfile
from random import Random
from typing import Any

import numpy as np

from tests.fuzz import corpus
from tests.fuzz.judge import Finding, command, observed, session_of

BATCH = 60
NUMBERS = (
    0,
    1,
    2,
    7,
    8,
    127,
    128,
    255,
    256,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**62,
    2**63 - 1,
    2**64 - 1,
)
TEXTS = (
    b"nan", b"inf", b"-", b"1e999", b"'", b'"', b"\0", b"\r", b"\n", b"\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b",",
    b";", b"\t", b"{", b"}", b"[", b"]", b"9" * 400, b"\xed\xa0\x80", b"#", b"(1,)", b"None", b"|O", b"<f8", b">c16",
    b"True", b"PK\x03\x04", b"../", b"\x93NUMPY", b"a" * 5000, b"1,2;3", b"F64", b"BF16", b"\xe2\x80\xa8",
)  # fmt: skip


@functools.cache
def good() -> dict[str, list[bytes]]:
    """Good files of every format, made once."""
    made: dict[str, list[bytes]] = {}
    programs = {
        "x.npy": (
            "save arange(6.).reshape(2, 3), FILE", "save tensor([true, false]), FILE",
            "save tensor(1, dtype=int8), FILE", "save zeros(0, 3), FILE",
        ),
        "x.npz": (
            'save {"a": ones(2, grad), "b": [1, 2.5, none, (true, "x")], 3: tensor(1.5)}, FILE',
            "save Linear(2, 1).state_dict(), FILE", "save [ones(1)], FILE",
        ),
        "x.json": ('save [1, {"a": [2.5, "b"]}, none, true], FILE', "save [[1, 2], [3, 4]], FILE"),
        "x.csv": ('save {"epoch": [1, 2], "loss": [0.5, 0.25]}, FILE', "save rand(3, 2), FILE"),
        "x.tsv": ("save rand(2, 2), FILE",),
        "x.safetensors": ('save {"a": arange(3.), "b": tensor([1, 2])}, FILE',),
        "x.pt": ('save {"a": arange(3.)}, FILE',),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for name, texts in programs.items():
            for text in texts:
                path = os.path.join(folder, name)
                out = observed(lambda: session_of().run(text.replace("FILE", json.dumps(path))).status)  # noqa: B023
                if out.status == 0:
                    with open(path, "rb") as file:
                        made.setdefault(name, []).append(file.read())
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        array, archive = io.BytesIO(), io.BytesIO()
        np.save(array, np.arange(4.0))
        with zipfile.ZipFile(archive, "w", method) as out_file:
            out_file.writestr("a.npy", array.getvalue())
            out_file.writestr("b/c.npy", array.getvalue())
        made["x.npz"].append(archive.getvalue())
    structured = io.BytesIO()
    np.save(structured, np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]))
    made["x.npy"].append(structured.getvalue())
    return made


def make(draws: Random) -> dict[str, Any]:
    if draws.random() < 0.25:
        text = draws.choice(draws.choice(corpus.pieces())).encode("utf-8", "surrogatepass")
        return {
            "name": "p.grad",
            "bytes": _damaged(text, draws).hex(),
            "how": draws.choice(("run", "run", "use", "check", "help", "stdin")),
        }
    name = draws.choice(sorted(good()))
    raw = draws.choice(good()[name])
    if draws.random() < 0.1:
        name = draws.choice(sorted(good()))
    damaged = _rezipped(raw, draws) if draws.random() < 0.3 and raw[:2] == b"PK" else _damaged(raw, draws)
    return {"name": name, "bytes": damaged.hex(), "how": draws.choice(("load", "load", "load64", "stdin", "twice"))}


def _damaged(raw: bytes, draws: Random) -> bytes:
    data = bytearray(raw)
    for _ in range(draws.choice((1, 1, 2, 3, 6))):
        at = draws.randrange(len(data) + 1)
        what = draws.randrange(8)
        if what == 0:
            del data[at:]
        elif what == 1:
            data[at:at] = bytes(draws.randrange(256) for _ in range(draws.randint(1, 4)))
        elif what == 2:
            data[at:at] = draws.choice(TEXTS)
        elif what == 3:
            text = draws.choice(TEXTS)
            data[at : at + len(text)] = text
        elif what == 4:
            size = draws.choice((1, 2, 4, 8))
            data[at : at + size] = (draws.choice(NUMBERS) % 256**size).to_bytes(size, draws.choice(("little", "big")))
        elif what == 5:
            del data[at : at + draws.randint(1, 8)]
        elif what == 6:
            end = min(len(data), at + draws.randint(1, 40))
            data[at:at] = data[at:end] * draws.choice((1, 1, 3))
        elif at < len(data):
            data[at] ^= 1 << draws.randrange(8)
    return bytes(data)


def _rezipped(raw: bytes, draws: Random) -> bytes:
    """The members of an archive damaged, under right checksums; names changed, doubled, with folders."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive, zipfile.ZipFile(made, "w") as out:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
        if draws.random() < 0.2:
            members.append(draws.choice(members))
        for name, content in members:
            if draws.random() < 0.5:
                content = _damaged(content, draws)
            if draws.random() < 0.15:
                name = draws.choice(
                    ("gradsh.json", "../x.npy", "/x.npy", "a\\b.npy", "é.npy", ".npy", "a.txt", "a" * 300)
                )
            import warnings

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of names that come twice
                out.writestr(zipfile.ZipInfo(name), content, draws.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    return made.getvalue()


def run(recipe: dict[str, Any]) -> list[Finding]:
    name, how = recipe["name"], recipe["how"]
    raw = bytes.fromhex(recipe["bytes"])
    with open(name, "wb") as file:
        file.write(raw)
    if name == "p.grad":
        words = {"run": (name,), "check": ("check", name), "help": (name, "--help"), "stdin": ()}.get(how)
        if words is None:
            return observed(lambda: command("-c", 'use "p.grad"; use "p.grad" as other')).findings
        return observed(lambda: command(*words), raw if how == "stdin" else b"").findings
    programs = {
        "load": f'let x = load("{name}")\nprint x\nx',
        "load64": f'load("{name}", dtype=float64)',
        "twice": f'let x = load("{name}")\nsave x, "y.npz"\nload("y.npz")',
    }
    if how == "stdin":
        return observed(lambda: command("-c", 'let x = load("-"); x.sum()'), raw).findings
    outcome = observed(lambda: session_of().run(programs[how]).status)
    if (
        not outcome.findings
        and outcome.status == 1
        and name not in outcome.err
        and "E0902" not in outcome.err
        and how != "twice"
    ):
        return [Finding("nameless", outcome.err.partition("\n")[0][:60], outcome.err)]
    return outcome.findings
