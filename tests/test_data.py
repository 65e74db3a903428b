"""Files of data: what is written comes back, what is broken is said, and a kill leaves no broken file behind."""

from __future__ import annotations

import io
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradsh import Session, data
from gradsh.engine.core.dtypes import ALL, Size
from gradsh.engine.core.tensor import Tensor, make
from gradsh.errors import BadFile, CannotHold, FileError, GradshError, MissingPackage, UnknownFormat
from gradsh.files import Files
from gradsh.session.host import CODEC
from tests.conftest import ROOT, Gradsh

FLOAT32 = np.dtype(np.float32)
FILES = Files()
FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


def save(value: object, path: Path) -> None:
    data.save(value, str(path), FILES, CODEC)


def load(path: Path, dtype: Any = FLOAT32) -> Any:
    return data.load(str(path), FILES, CODEC, dtype)


def run(text: str, folder: Path) -> str:
    """What a program prints, with `@` for the folder; it has to succeed."""
    out = io.StringIO()
    result = Session(out=out, err=out).run(text.replace("@", str(folder)))
    assert result.ok, out.getvalue()
    return out.getvalue()


def same(a: Any, b: Any) -> bool:
    """Equal to the last bit, types, dtypes, flags and the order of keys included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor):
        x, y = a.data, b.data
        flags = a.requires_grad == b.requires_grad and CODEC.array(a)[0] == CODEC.array(b)[0]  # type: ignore[index]
        return flags and type(x) is type(y) and x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    if isinstance(a, float):
        return (a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b)
    if isinstance(a, dict):
        return len(a) == len(b) and all(
            same(k, m) and same(v, w) for (k, v), (m, w) in zip(a.items(), b.items(), strict=True)
        )
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return bool(a == b)


# --- what goes out comes back ---------------------------------------------------------------------------------------


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    dtype = draw(st.sampled_from(ALL)).np
    shape = draw(st.lists(st.integers(0, 3), max_size=3))
    raw = draw(st.binary(min_size=math.prod(shape) * dtype.itemsize, max_size=math.prod(shape) * dtype.itemsize))
    array = np.frombuffer(raw, np.uint8 if dtype.kind == "b" else dtype).reshape(shape)
    array = array % 2 == 1 if dtype.kind == "b" else array.copy()
    if array.ndim > 1 and draw(st.booleans()):
        array = array.T
    tensor = make(array[()])
    if dtype.kind == "f" and draw(st.booleans()):
        tensor.requires_grad = True
        tensor.own_extra().parameter = draw(st.booleans())
    return tensor


KEYS = st.one_of(st.text(max_size=8), st.integers(-5, 5), st.booleans(), st.none(), st.floats(allow_nan=False))
LEAVES = st.one_of(
    tensors(),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(ALL),
    st.lists(st.integers(0, 9), max_size=3).map(Size),
    st.integers(-(10**40), 10**40),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple), st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=12,
)


@FIXTURE
@given(VALUES)
def test_npz_holds_any_value(tmp_path: Path, value: object) -> None:
    save(value, tmp_path / "x.npz")
    assert same(load(tmp_path / "x.npz"), value)
    first = (tmp_path / "x.npz").read_bytes()
    save(value, tmp_path / "x.npz")
    assert (tmp_path / "x.npz").read_bytes() == first  # the same value, the same file


@FIXTURE
@given(tensors())
def test_npy(tmp_path: Path, tensor: Tensor) -> None:
    save(tensor, tmp_path / "x.npy")
    plain = make(tensor.data)
    assert same(load(tmp_path / "x.npy"), plain)
    theirs = np.load(tmp_path / "x.npy", allow_pickle=False)
    assert theirs.dtype == plain.data.dtype and theirs.tobytes() == plain.data.tobytes()


@FIXTURE
@given(st.dictionaries(st.text(max_size=8), tensors(), max_size=4))
def test_safetensors(tmp_path: Path, value: dict[str, Tensor]) -> None:
    pytest.importorskip("safetensors")
    save(value, tmp_path / "x.safetensors")
    found = load(tmp_path / "x.safetensors")
    assert same(found, {name: make(value[name].data) for name in sorted(value)})


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=12,
)


@FIXTURE
@given(JSON)
def test_json(tmp_path: Path, value: object) -> None:
    save(value, tmp_path / "x.json")
    assert same(load(tmp_path / "x.json"), value)


@FIXTURE
@given(st.data(), st.sampled_from([np.float16, np.float32, np.float64]), st.sampled_from([".csv", ".tsv"]))
def test_tables(tmp_path: Path, draws: st.DataObject, dtype: Any, ending: str) -> None:
    rows, columns = draws.draw(st.integers(1, 4)), draws.draw(st.integers(1, 4))
    numbers = st.floats(width=np.dtype(dtype).itemsize * 8)  # type: ignore[arg-type]  # 16, 32 or 64
    array = np.array(draws.draw(st.lists(numbers, min_size=rows * columns, max_size=rows * columns)), dtype)
    save(make(array.reshape(rows, columns)), tmp_path / f"x{ending}")
    found = load(tmp_path / f"x{ending}", np.dtype(dtype))
    np.testing.assert_array_equal(found.data, array.reshape(rows, columns))


def test_a_tensor_in_two_places_is_one_again(tmp_path: Path) -> None:
    text = (
        'let w = ones(2); save {"a": w, "b": [w]}, "@/x.npz"; let d = load("@/x.npz"); d["a"].add_(1);\n print d["b"]'
    )
    assert run(text, tmp_path) == "[tensor([2., 2.])]\n"


def test_names_in_an_npz_are_readable(tmp_path: Path) -> None:
    run(
        'save {"net": {"fc1.weight": ones(2)}, "../up": [ones(1)], "a b": ones(1), "a_b": ones(1)}, "@/x.npz"', tmp_path
    )
    with np.load(tmp_path / "x.npz", allow_pickle=False) as theirs:
        assert set(theirs.files) == {"net/fc1.weight", "_/up/0", "a_b", "a_b~2", "gradsh.json"}
        assert theirs["net/fc1.weight"].tolist() == [1, 1]


def test_arrays_of_numpys_own(tmp_path: Path) -> None:
    np.savez_compressed(
        tmp_path / "x.npz", a=np.arange(3), b=np.array(["x", "y"]), c=np.array(1.5, ">f4"), d=np.uint16([65535])
    )
    assert (
        run('load("@/x.npz")', tmp_path)
        == "{'a': tensor([0, 1, 2]), 'b': ['x', 'y'], 'c': tensor(1.5000), 'd': tensor([65535], dtype=int32)}\n"
    )
    np.save(tmp_path / "f.npy", np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    assert run('let x = load("@/f.npy"); print x, x.is_contiguous()', tmp_path) == (
        "tensor([[0., 1., 2.],\n        [3., 4., 5.]], dtype=float64) True\n"
    )


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("x.csv", "a,b\n1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("x.csv", "\ufeff1,2\r\n3,4", [[1, 2], [3, 4]]),
        ("x.csv", "1,2\r3,4\r", [[1, 2], [3, 4]]),
        ("x.csv", "# made by hand\n\n1;2\n\n3;4\n", [[1, 2], [3, 4]]),
        ("x.csv", '"a","b"\n"1",2\n3,"4"\n', [[1, 2], [3, 4]]),
        ("x.csv", "1\n2\n", [[1], [2]]),
        ("x.csv", "a,b\n", np.empty((0, 2))),
        ("x.csv", "1,,3\n4,5,\n", [[1, math.nan, 3], [4, 5, math.nan]]),
        ("x.csv", " 1 , nan \n inf,-1e3\n", [[1, math.nan], [math.inf, -1000]]),
        ("x.tsv", "a b\tc\n1\t2\n", [[1, 2]]),
    ],
)
def test_tables_as_people_write_them(tmp_path: Path, name: str, text: str, shown: Any) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    np.testing.assert_array_equal(load(tmp_path / name).data, np.array(shown, np.float32))


def test_what_a_table_holds(tmp_path: Path) -> None:
    text = 'save {"epoch": [1, 2], "loss, all": tensor([0.1, 0.2])}, "@/x.csv"; load("@/x.csv").shape'
    assert run(text, tmp_path) == "Size([2, 2])\n"
    assert (tmp_path / "x.csv").read_text() == 'epoch,"loss, all"\n1,0.1\n2,0.2\n'
    assert run('save ([[1, 2], [3, 4]]), "@/x.tsv"; save tensor([true, false]), "@/y.csv"', tmp_path) == ""
    assert ((tmp_path / "x.tsv").read_text(), (tmp_path / "y.csv").read_text()) == ("1\t2\n3\t4\n", "1\n0\n")
    assert run('load("@/x.tsv", dtype=float64).dtype', tmp_path) == "float64\n"


def test_standard_input(gradsh: Gradsh, tmp_path: Path) -> None:
    assert gradsh("-c", 'load("-").sum()', input="1\n2\n3\n4\n5\n").stdout == "tensor(15.)\n"
    assert gradsh("-c", 'load("-").shape', input="1 2,3\n4;5 6\n").stdout == "Size([2, 3])\n"
    assert gradsh("-c", 'load("-").shape; load("-").shape', input="1 2 3").stdout == "Size([3])\nSize([3])\n"
    assert gradsh("-c", 'load("-")', input="").stdout == "tensor([])\n"
    (tmp_path / "a.grad").write_text('load("-", dtype=float64)')
    assert gradsh("a.grad", input="0.1").stdout == "tensor([0.1000], dtype=float64)\n"
    for done in (
        gradsh(input='load("-")'),
        gradsh("-c", 'load("-")', input="1 x"),
        gradsh("-c", 'load("-")', input="1 2\n3"),
    ):
        assert done.returncode == 1 and done.stderr.startswith("error[E050")


# --- what is broken is said -----------------------------------------------------------------------------------------


GOOD: dict[str, bytes] = {}


def samples(folder: Path) -> dict[str, bytes]:
    """A good file of each kind, made once."""
    if GOOD:
        return GOOD
    value = {"a": make(np.arange(6.0).reshape(2, 3)), "b": [1, 2.5, None, (True, "x")], 3: make(np.float32(1.5))}
    for name, each in (
        ("x.npy", make(np.arange(6.0))),
        ("x.npz", value),
        ("x.json", [1, {"a": [2.5, "b"]}]),
        ("x.csv", make(np.arange(6.0).reshape(2, 3))),
        ("x.safetensors", {"a": make(np.arange(3.0)), "b": make(np.arange(2))}),
    ):
        if name.endswith("safetensors") and not _has_safetensors():
            continue
        save(each, folder / name)
        GOOD[name] = (folder / name).read_bytes()
    return GOOD


def _has_safetensors() -> bool:
    try:
        import safetensors.numpy  # noqa: F401  # is it there
    except ImportError:
        return False
    return True


@settings(FIXTURE, max_examples=400)
@given(st.data())
def test_a_damaged_file_is_a_clear_error_or_a_value(tmp_path: Path, draws: st.DataObject) -> None:
    good = samples(tmp_path)
    name = draws.draw(st.sampled_from(sorted(good)))
    damaged = bytearray(good[name])
    for _ in range(draws.draw(st.integers(1, 4))):
        at = draws.draw(st.integers(0, max(len(damaged) - 1, 0)))
        what = draws.draw(st.sampled_from(["change", "cut", "insert"]))
        if what == "cut":
            del damaged[at:]
        elif what == "insert":
            damaged[at:at] = draws.draw(st.binary(min_size=1, max_size=5))
        elif damaged:
            damaged[at] = draws.draw(st.integers(0, 255))
    (tmp_path / name).write_bytes(damaged)
    try:
        load(tmp_path / name)
    except BadFile as error:
        assert name in error.message


@FIXTURE
@given(st.binary(max_size=60), st.sampled_from(["x.npy", "x.npz", "x.json", "x.csv", "x.tsv", "x.safetensors"]))
def test_any_bytes(tmp_path: Path, raw: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(raw)
    try:
        load(tmp_path / name)
    except (BadFile, MissingPackage) as error:
        assert name in error.message


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.safetensors"])
def test_a_file_cut_anywhere_is_broken(tmp_path: Path, name: str) -> None:
    good = samples(tmp_path).get(name)
    if good is None:
        pytest.skip("needs safetensors")
    for size in range(len(good)):
        (tmp_path / name).write_bytes(good[:size])
        with pytest.raises(BadFile, match=name):
            load(tmp_path / name)


class Boom:
    """Unpickled, it would leave a file behind."""

    def __reduce__(self) -> Any:
        return open, ("boom", "w")


def test_nothing_is_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle

    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.array([Boom()], dtype=object), allow_pickle=True)
    np.savez("x.npz", a=np.array([Boom()], dtype=object))
    for name in ("x.npy", "x.npz"):
        with pytest.raises(BadFile, match="pickle"):
            load(Path(name))
    for name in ("p.npy", "p.npz", "p.safetensors"):
        Path(name).write_bytes(pickle.dumps(Boom()))
        with pytest.raises((BadFile, MissingPackage)):
            load(Path(name))
    with zipfile.ZipFile("x.pt", "w") as archive:
        archive.writestr("x/data.pkl", pickle.dumps(Boom(), 2))
    Path("p.pth").write_bytes(pickle.dumps(Boom()))
    for name in ("x.pt", "p.pth"):
        with pytest.raises(BadFile):
            load(Path(name))
    for name in ("x.ckpt", "x.bin", "x.pkl"):
        with pytest.raises(UnknownFormat, match="pickles"):
            load(Path(name))
    assert not Path("boom").exists()


def test_a_manifest_that_lies(tmp_path: Path) -> None:
    def written(manifest: object) -> Path:
        with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
            archive.writestr("gradsh.json", manifest if isinstance(manifest, str) else json.dumps(manifest))
        return tmp_path / "x.npz"

    for value in (
        {"tensor": "a"},
        {"huh": 1},
        {},
        {"dict": 3},
        {"dict": [[[], 1]]},
        {"int": "zz"},
        {"dtype": "object"},
        {"size": "x"},
    ):
        with pytest.raises(BadFile, match=r"x\.npz"):
            load(written({"gradsh": 1, "value": value}))
    for manifest in ("", "[]", "{}", {"gradsh": 2, "value": 1}, "[" * 100_000):
        with pytest.raises(BadFile, match=r"x\.npz"):
            load(written(manifest))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('load("@/none.npy")', "cannot read '@/none.npy': No such file or directory"),
        ('load("@/good.npz")', "help: did you mean '@/good.npy'?"),
        ('load("@/x.foo")', "the ending of the name says the format"),
        ('load("@/zip.npy")', "'@/zip.npy' is not an .npy file: it begins as an .npz file does"),
        ('load("@/empty.npy")', "'@/empty.npy' is empty, not an .npy file"),
        ('load("@/words.csv")', "'@/words.csv' line 3, column 2: 'many' is not a number"),
        ('load("@/ragged.csv")', "'@/ragged.csv' line 3 has 1 values, line 2 has 2"),
        ('load("@/empty.csv")', "'@/empty.csv' holds no numbers"),
        ('load("@/bad.json")', "'@/bad.json' is not JSON: line 1, column 5"),
        ('load("@/complex.npy")', "'@/complex.npy' holds values of complex128, which no tensor has"),
        ('load("@/latin.csv")', "'@/latin.csv' is not UTF-8 text: byte 0xe9 at offset 0"),
        ('load("@")', "the ending of the name says the format"),
        ("load(3)", "load(): argument 'path' must be str, not int"),
        ('save 3, "@/x.npy"', "cannot save an integer in '@/x.npy': an .npy file holds one tensor"),
        ('save {"f": log}, "@/x.npz"', "cannot save a function in '@/x.npz' (at f)"),
        ('let l = [1]; l.append(l); save l, "@/x.npz"', "cannot save a value that contains itself"),
        ('let l = [1]; l.append(l); save l, "@/x.json"', "contains itself"),
        ('save {1: 2}, "@/x.json"', "cannot save a dict with the key 1"),
        ('save ones(2, 2, 2), "@/x.csv"', "a table has rows and columns of numbers"),
        ('save {"a": [1], "b": [1, 2]}, "@/x.csv"', "columns of different lengths"),
        ('save ones(2), "@/no/x.npy"', "cannot write '@/no/x.npy': there is no folder '@/no'"),
        ('save ones(2), "@/folder.npy"', "cannot write '@/folder.npy': it is a folder"),
        ('save ones(2), "@/x"', "the ending of the name says the format"),
    ],
)
def test_what_is_said(tmp_path: Path, text: str, said: str) -> None:
    np.save(tmp_path / "good.npy", np.ones(2))
    np.save(tmp_path / "complex.npy", np.ones(2) * 1j)
    (tmp_path / "zip.npy").write_bytes(b"PK\x03\x04junk")
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "empty.csv").write_bytes(b"\n# nothing\n")
    (tmp_path / "words.csv").write_text("a,b\n1,2\n3,many\n")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n3\n")
    (tmp_path / "latin.csv").write_bytes(b"\xe9")
    (tmp_path / "bad.json").write_text("[1, nope]")
    (tmp_path / "folder.npy").mkdir()
    before = sorted(path.name for path in tmp_path.iterdir())
    out = io.StringIO()
    result = Session(out=out, err=out).run(text.replace("@", str(tmp_path)))
    assert result.status == 1
    assert said.replace("@", str(tmp_path)) in out.getvalue()
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    (tmp_path / "x.safetensors").write_bytes(b"")
    for act in (lambda: load(tmp_path / "x.safetensors"), lambda: save({}, tmp_path / "x.safetensors")):
        with pytest.raises(MissingPackage, match=r"pip install 'gradsh\[safetensors\]'"):
            act()


def test_bfloat16_is_widened(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    header = json.dumps({"w": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    values = (np.array([1.5, -2.0], np.float32).view(np.uint32) >> 16).astype("<u2").tobytes()
    (tmp_path / "x.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + values)
    assert load(tmp_path / "x.safetensors")["w"].data.tolist() == [1.5, -2.0]


# --- whole or not at all --------------------------------------------------------------------------------------------


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(b"old")

    def fail(file: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(FileError, match="No space left on device"):
        FILES.write(str(path), fail)

    def interrupt(file: Any) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FILES.write(str(path), interrupt)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["x.npy"]


@pytest.mark.parametrize("named", [False, True])
def test_links_modes_and_read_only_files(tmp_path: Path, named: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if named:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)  # as on systems that have no nameless files
    real = tmp_path / "real.npy"
    save(make(np.ones(1)), real)
    umask = os.umask(0)
    os.umask(umask)
    assert real.stat().st_mode & 0o777 == 0o666 & ~umask
    real.chmod(0o640)
    (tmp_path / "link.npy").symlink_to(real)
    save(make(np.zeros(2)), tmp_path / "link.npy")
    assert (tmp_path / "link.npy").is_symlink() and load(real).shape == (2,)
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.npy", "real.npy"]
    if os.geteuid():  # root may write anything
        real.chmod(0o444)
        with pytest.raises(FileError, match="read-only"):
            save(make(np.ones(1)), real)
    os.mkfifo(tmp_path / "pipe.npy")
    with pytest.raises(FileError, match="not a regular file"):
        save(make(np.ones(1)), tmp_path / "pipe.npy")


def test_closed_files(tmp_path: Path) -> None:
    closed = Files("files are closed in here")
    with pytest.raises(FileError, match="files are closed in here"):
        data.load(str(tmp_path / "x.npy"), closed, CODEC, FLOAT32)
    with pytest.raises(FileError, match="files are closed in here"):
        data.save(make(np.ones(1)), str(tmp_path / "x.npy"), closed, CODEC)
    assert os.listdir(tmp_path) == []


def test_what_a_killed_save_left_goes(tmp_path: Path) -> None:
    names = [".x.npy.12.0123abcd.tmp", ".x.npy.13.0123abcd.tmp", ".y.npy.12.0123abcd.tmp", ".x.npy.12.other.tmp"]
    for name in names:
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - 7200,) * 2)
    os.utime(tmp_path / names[1])  # somebody may be writing it
    save(make(np.ones(1)), tmp_path / "x.npy")
    assert sorted(os.listdir(tmp_path)) == sorted([*names[1:], "x.npy"])


TRAINING = """
let w = zeros(100000)
let step = 0
while true {
    step += 1
    w += 1.0
    save {"step": step, "net": {"w": w}, "log": [step, (float(step), none)]}, "run.npz"
}
"""


def test_a_kill_at_any_moment_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    """20 kills here, 500 by `make stress`; every other one without nameless files, as on other systems."""
    (tmp_path / "train.grad").write_text(TRAINING)
    path = tmp_path / "run.npz"
    draws = random.Random(0)
    code = "import os, sys; sys.argv[1:] and os.__dict__.pop('O_TMPFILE', 0)\n"
    code += "from gradsh.cli.main import run; run(['train.grad'])"
    for kill in range(int(os.environ.get("GRADSH_KILLS", "20"))):
        path.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", code, *["named"] * (kill % 2)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
        )
        deadline = time.monotonic() + 60
        while not path.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(draws.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        _, err = process.communicate(timeout=20)
        assert process.returncode == -signal.SIGKILL, err
        found = load(path)
        step = found["step"]
        assert found["log"] == [step, (float(step), None)]
        assert (found["net"]["w"].data == step).all()


def test_a_checkpoint_restores_training(tmp_path: Path) -> None:
    text = """
manual_seed(0)
let x = rand(16, 3); y = rand(16, 1)
fn made() {
    let net = Sequential(Linear(3, 4), Dropout(0.2), Tanh(), Linear(4, 1))
    let w = list(net.parameters())
    return net, [SGD(w, lr=0.01, momentum=0.9), Adam(w, lr=0.01), RMSprop(w, lr=0.01), AdamW(w, amsgrad=true)][which]
}
fn train(net, opt, n) {
    for i in range(n) { let loss = mse_loss(net(x), y); zero_grad opt; backward loss; step opt }
    return loss.item()
}
let net, opt = made()
train(net, opt, 3);
save {"net": net.state_dict(), "opt": opt.state_dict(), "stream": get_rng_state()}, "@/run.npz"
let first = train(net, opt, 5)
let again, opt = made()
let run = load("@/run.npz")
again.load_state_dict(run["net"])
opt.load_state_dict(run["opt"])
set_rng_state(run["stream"])
assert train(again, opt, 5) == first
for a, b in zip(net.parameters(), again.parameters()) { assert equal(a, b) }
"""
    for which in range(4):
        run(f"let which = {which}\n{text}", tmp_path)
    if _has_safetensors():
        text = """
let net = Linear(2, 1); other = Linear(2, 1)
save net.state_dict(), "@/net.safetensors"
other.load_state_dict(load("@/net.safetensors"))
print equal(net.weight, other.weight), other.weight.requires_grad
"""
        assert run(text, tmp_path) == "True True\n"


def test_errors_say_where(tmp_path: Path) -> None:
    out = io.StringIO()
    result = Session(out=out, err=out).run('let d = load("nowhere.npy")')
    assert isinstance(result.errors[0], GradshError) and result.errors[0].labels[0].span.text == 'load("nowhere.npy")'
    with pytest.raises(CannotHold):
        save(object(), tmp_path / "x.npz")


def test_help_touches_no_files(gradsh: Gradsh, tmp_path: Path) -> None:
    assert gradsh("-c", "help save; help load").returncode == 0
    assert os.listdir(tmp_path) == []
