"""The commands of the shell, without a terminal: what they write, and what they leave in the edit buffer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Timer

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.document import Document
from prompt_toolkit.input import DummyInput
from prompt_toolkit.output import DummyOutput

from gradsh import Session
from gradsh.shell import asking, preparing, registry
from gradsh.shell.configuration import Configuration
from gradsh.shell.editor import Editor
from gradsh.shell.history import BoundedHistory
from gradsh.shell.prompt import Leave, Shell
from gradsh.shell.settings import SETTINGS


class Typed:
    """A shell that is given lines: `said(line)` is what it writes for one, on both streams."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        self.shell = Shell(Session(seed=0), configuration=Configuration(str(folder)))
        self.history = BoundedHistory()
        self.shell.editor = Editor(self.shell, self.history)

    def said(self, *lines: str) -> str:
        self.capsys.readouterr()
        for line in lines:
            self.shell.enter(line)
        return "".join(self.capsys.readouterr())

    def put(self, line: str) -> str:
        """What the command leaves in the edit buffer; it must say nothing."""
        assert self.said(line) == ""
        document, self.shell.editor.next = self.shell.editor.next, Document()
        return document.text


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    with create_app_session(input=DummyInput(), output=DummyOutput()):
        yield Typed(tmp_path, capsys)


@pytest.mark.parametrize("word", registry.WORDS)
def test_a_command_is_all_in_its_file(word: str, typed: Typed) -> None:
    entry = registry.load(word)
    assert entry.name == word and entry.usage.split()[0] == entry.example.split()[0] == f":{word}"
    assert entry.summary.endswith(".") and len(entry.summary) < 120
    assert entry.usage in typed.said(f":help {word}")
    if entry.offers is not None:
        assert all(isinstance(each, str) for each in entry.offers(typed.shell, ""))


def test_help_lists_all_in_eighty_columns(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    said = typed.said(":help")
    assert all(f":{word}" in said for word in registry.WORDS)
    assert max(map(len, said.splitlines())) <= 100
    assert "there is no command `:sin`" in typed.said(":help sin")


def test_words_are_begun_and_misspelt(typed: Typed) -> None:
    assert typed.said(":va") == "no names yet\n"
    assert "did you mean `:vars`?" in typed.said(":vras")
    assert "`:errors`" in typed.said(":e") and "`:edit`" in typed.said(":e")
    with pytest.raises(Leave):
        typed.shell.enter(":q")
    assert "takes nothing" in typed.said(":quit now")


def test_vars(typed: Typed) -> None:
    typed.said(
        "let x = tensor(5.0, grad); let z = log(x**3); let n = 3; fn f(a, b=2) = a; let s = 'a' * 99; let k = none",
        "let net = Linear(2, 3); let h = x * 2; h.retain_grad(); let d = [1.0]; let r = relu",
        "let t = ones(2, 3, dtype=int64)",
        "1 + 1",
    )
    rows = {line.split()[0]: " ".join(line.split()) for line in typed.said(":vars").splitlines()}
    assert list(rows) == ["name", *"xznfsk", "net", *"hdrt"]
    assert rows["x"] == "x tensor [] float32 leaf, none yet"
    assert rows["z"] == "z tensor [] float32 passes through LogBackward0, not kept"
    assert rows["h"] == "h tensor [] float32 kept at MulBackward0, none yet"
    assert rows["net"] == "net a Linear 2 tensors, 9 elements float32 0 of 2 computed"
    assert (rows["t"], rows["n"], rows["f"]) == ("t tensor [2, 3] int64", "n int 3", "f fn f(a, b=2)")
    assert (rows["d"], rows["r"], rows["k"]) == ("d list of 1", "r built-in relu", "k none")
    typed.said("backward z; backward h; backward net(ones(2)).sum()")
    rows = {line.split()[0]: " ".join(line.split()) for line in typed.said(":vars").splitlines()}
    assert rows["x"].endswith("leaf, sum of 2 backwards") and rows["h"].endswith("kept at MulBackward0, computed")
    assert rows["net"].endswith("2 of 2 computed")
    assert [line.split()[0] for line in typed.said(":vars ne").splitlines()] == ["name", "net"]
    assert "no name has 'xyz' in it" in typed.said(":vars xyz")


def test_the_words_of_the_language(typed: Typed) -> None:
    typed.said("let w = ones(2, grad); let loss = (w * w).sum()")
    assert "requires_grad" in typed.said(":show w")
    assert "no backward" in typed.said(":why w")
    assert "(w * w).sum()" in typed.said(":graph loss")
    assert "w.grad" in typed.said(":explain loss") and "[2., 2.]" in typed.said("w.grad")  # as `explain loss` does
    assert "E0401  " in typed.said(":explain e0401")
    assert "name 'los' is not defined" in typed.said(":why los")
    offers = registry.load("show").offers
    assert offers is not None and list(offers(typed.shell, "")) == ["w", "loss"]


def test_errors(typed: Typed) -> None:
    assert typed.said(":errors") == "no errors so far\n"
    typed.said("let a = 1", "lss")
    assert typed.said(":errors").startswith("error[E0201]: name 'lss'")  # the only one is not listed
    typed.said("ones(2) + ones(3)")
    said = typed.said(":errors")
    assert "   2  E0201  name 'lss' is not defined\n   3  E0302  The size" in said and "<prompt 3>:1:1" in said
    assert "<prompt 2>:1:1" in typed.said(":errors 2")
    assert "no error is known of line 1" in typed.said(":errors 1")
    assert typed.said(":errors e0302").startswith("E0302  ")
    assert "no error or warning 'E9999'" in typed.said(":errors E9999")


def test_history(typed: Typed) -> None:
    assert typed.said(":history") == "nothing has been entered yet\n"
    for text in ("old = 1", ":vars", "let a = 1"):
        typed.history.append_string(text)
    lines = ["let a = 1", "lss", "if true {\n    a\n}"]
    for line in lines:
        typed.history.append_string(line)
        typed.said(line)
    block = "     3  if true {\n            a\n        }\n"
    assert typed.said(":history") == f"        old = 1\n        let a = 1\n     1  let a = 1\n    !2  lss\n{block}"
    assert (
        typed.said(":history 1") == block and typed.said(":history 2 let a") == "        let a = 1\n     1  let a = 1\n"
    )
    assert "nothing that was entered has 'xyz'" in typed.said(":history xyz")


PINNED = [
    ("let x = tensor([1., 2.], grad); x * 0.1", "assert allclose(x * 0.1, tensor([0.1, 0.2]))"),
    ("ones(2, dtype=float64)", "assert allclose(ones(2, dtype=float64), tensor([1.0, 1.0], dtype=float64))"),
    ("tensor([[1, 2], [3, 4]])", "assert equal(tensor([[1, 2], [3, 4]]), tensor([[1, 2], [3, 4]]))"),
    ("ones(2) > 0; # all\n(ones(2) > 0)", "assert equal((ones(2) > 0), tensor([True, True]))"),
    ("tensor([nan, inf])", "assert allclose(tensor([nan, inf]), tensor([nan, inf]), equal_nan)"),
    ("ones(0, 3)", "assert allclose(ones(0, 3), zeros([0, 3], dtype=float32))"),
    ("3 * 0.1", "assert allclose(tensor(3 * 0.1, dtype=float64), tensor(0.30000000000000004, dtype=float64))"),
    ("1, 2", "assert (1, 2) == (1, 2)"),
    ('"a" + "\\n"', 'assert ("a" + "\\n") == \'a\\n\''),
    ("'a<b'", "assert 'a<b' == 'a<b'"),
    ("1 < 2", "assert (1 < 2) == True"),
    ("{'a': [1, 2.5]}", "assert {'a': [1, 2.5]} == {'a': [1, 2.5]}"),
]


def test_pin(typed: Typed) -> None:
    assert "nothing has been entered yet" in typed.said(":pin")
    for text, wanted in PINNED:
        typed.said(text)
        assert typed.put(":pin") == wanted
        assert typed.said(wanted) == ""  # it holds
    typed.said("let y = 3", "ones(300)", "[ones(1)]", "lss")
    assert typed.put(":pin 1") == PINNED[0][1]
    for number, words in (
        (-4, "ends in no expression"),
        (-3, "more than the 256"),
        (-2, "a list"),
        (-1, "no expression"),
    ):
        assert words in typed.said(f":pin {len(typed.shell.lines) + 1 + number}")
    assert "there is no line 99: they are 1 to" in typed.said(":pin 99")
    typed.said("let own = []; own.append(own); own")  # without end
    assert "tensors and plain values" in typed.said(":pin")
    typed.said("let q = ones(2); q * 2", "del q")
    number = len(typed.shell.lines) - 1
    assert typed.put(f":pin {number}") == "assert allclose(q * 2, tensor([2.0, 2.0]))"  # the value that was shown
    del typed.shell.session.globals[f"._{number}"]  # as it goes when there are many
    assert "gives no value any more" in typed.said(f":pin {number}")


def editor(folder: Path, code: str) -> str:
    """The command line of an editor that does that with `text`."""
    script = folder / "editor.py"
    script.write_text(f"import sys\ntext = open(sys.argv[1]).read()\n{code}\nopen(sys.argv[1], 'w').write(text)\n")
    return f'"{sys.executable}" "{script}"'


def test_edit(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", editor(tmp_path, "text = text.replace('x', 'xx')"))
    assert typed.put(":edit") == ""
    typed.said("let g = 2; fn f(x) {\n    x\n}", "model Net { forward(x) = x }; let net = Net()", "let q = 3")
    assert typed.put(":edit") == "let q = 3"
    assert (
        typed.put(":edit f") == "fn f(xx) {\n    xx\n}" and typed.put(":edit net") == "model Net { forward(xx) = xx }"
    )
    assert typed.put(":edit g").startswith("let g = 2; fn") and typed.put(":edit 3") == "let q = 3"
    assert "there is no `nosuch` to edit" in typed.said(":edit nosuch")
    for said, words in (("false", "status 1"), ("/nosuch", "No such file"), ("'", "cannot be read")):
        monkeypatch.setenv("VISUAL", said)
        assert words in typed.said(":edit") and typed.shell.editor.next.text == ""
    monkeypatch.setenv("VISUAL", "")
    monkeypatch.setenv(
        "EDITOR", editor(tmp_path, "sys.stdout = open(sys.argv[1], 'wb'); sys.exit(sys.stdout.write(b'\\xff') * 0)")
    )
    assert "not UTF-8" in typed.said(":edit")
    typed.shell.session.files.sandboxed = True
    assert "in a sandbox" in typed.said(":edit")


def test_a_command_in_an_unfinished_block(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the editor keeps for the next input is the block, the cursor where the command stood."""
    block = Document("repeat 2 {\n    w\n    \n}", 21)
    typed.said("let w = ones(2)", "w * 2")
    typed.shell.editor.next = block
    assert "[2]" in typed.said(":vars w") and typed.shell.editor.next == block
    assert typed.put(":pin") == "repeat 2 {\n    w\n    assert allclose(w * 2, tensor([2.0, 2.0]))\n}"
    monkeypatch.setenv("VISUAL", editor(tmp_path, "text = text.replace('w', 'v')"))
    typed.shell.editor.next = block
    assert typed.put(":edit") == "repeat 2 {\n    v\n    \n}"


def test_a_fault_of_a_command_leaves_the_session(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(shell: Shell, rest: str) -> None:
        raise OSError("the disk")

    monkeypatch.setattr(registry.load("vars"), "act", fail)
    assert "OSError: the disk" in typed.said(":vars") and "fault of gradsh" in typed.said(":vars")
    assert typed.said("6 * 7") == "42\n"


def test_set(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    said = typed.said(":set")
    assert all(setting.summary in said for setting in SETTINGS.values()) and str(typed.folder) in said
    for wide in (80, 40):
        monkeypatch.setattr(asking, "terminal_width", lambda _, wide=wide: wide)
        rows = typed.said(":set").partition("configuration:")[0]
        assert max(map(len, rows.splitlines())) <= wide
        assert all(setting.summary in " ".join(rows.split()) for setting in SETTINGS.values())
    assert typed.said(":set live off", ":set undo = 64", ":set editing='vi'") == ""
    values = typed.shell.settings
    assert (values["live"], values["undo"], values["editing"]) == (False, 64, "vi")
    assert typed.said(":set live").startswith("live is off (:set, by default on)")
    assert 'live is on or off, not "of"' in typed.said(":set live of")
    assert "a whole number from 0 on" in typed.said(":set undo -1") and values["undo"] == 64
    assert 'emacs or vi, not "emcas"' in typed.said(":set editing emcas")
    assert "did you mean `live`?" in typed.said(":set liev on")
    assert typed.said(":theme light") == "" and "theme is light" in typed.said(":theme")
    offers = registry.load("set").offers
    assert offers is not None and list(offers(typed.shell, "")) == list(SETTINGS)
    assert list(offers(typed.shell, "live ")) == ["on", "off"]
    assert list(offers(typed.shell, "theme d")) == ["dark", "light", "none"]


def test_what_it_prepares_is_there() -> None:
    """The lints, what compiles, plans and operators: modules that there are, each once."""
    names = list(preparing.modules())
    assert len(set(names)) == len(names) and all(find_spec(name) is not None for name in names)


def test_it_says_that_the_first_line_waits(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout that has never run makes its tables first, which takes seconds."""
    made = Event()
    monkeypatch.setattr(preparing, "_begun", True)
    monkeypatch.setattr(preparing, "_read", made)
    monkeypatch.setattr(preparing, "PATIENCE", 0)
    Timer(0.05, made.set).start()
    assert typed.said("let x = 1").startswith("making the tables") and made.is_set()
    assert typed.said("let x = 2") == ""
