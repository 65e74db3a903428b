"""What is pasted loses its prompts and what was printed between them."""

from __future__ import annotations

import pytest

from gradsh.shell import arriving
from gradsh.shell.paste import pasted
from tests.shell.driving import ENTER, driven

SESSIONS = {
    "gradsh's own": (
        "gradsh 0.1.0. `help` says what there is, `show` lists your tensors, Ctrl-D leaves.\n"
        "gradsh> let x = 2\ngradsh> for i in range(2) {\nfor{ ...>     print(\n ( ...>         i)\n"
        "for{ ...> }\n0\n1\ngradsh> x\n2\ngradsh> \n"
    ),
    "Python's": ">>> let x = 2\n>>> for i in range(2) {\n...     print(\n...         i)\n... }\n...\n0\n1\n>>> x\n2\n",
    "IPython's": (
        "In [1]: let x = 2\n\nIn [2]: for i in range(2) {\n   ...:     print(\n   ...:         i)\n   ...: }\n0\n1\n"
        "\nIn [3]: x\nOut[3]: 2\n\nIn [4]: "
    ),
}
TYPED = "let x = 2\nfor i in range(2) {\n    print(\n        i)\n}\nx"


@pytest.mark.parametrize("session", SESSIONS.values(), ids=SESSIONS)
def test_a_session(session: str) -> None:
    assert pasted(session).replace("\n\nx", "\nx") == TYPED
    assert pasted(session.replace("\n", "\r\n")) == pasted(session)


@pytest.mark.parametrize(
    "text", ["let x = 2\nprint x", 'let s = """\n>>> a\n"""', "x[\n    ...,\n    0]", "a > b", "x\n\n\ny"]
)
def test_a_program_stays_as_it_is(text: str) -> None:
    assert pasted(text) == text and pasted(text + "\n\n") == text


def test_a_paste_is_not_indented_and_does_not_run_by_itself() -> None:
    with driven() as shell:
        program = "for i in range(2) {\n    print i\n}\n"
        assert shell.read(f"\x1b[200~{program}\x1b[201~", ENTER) == program.rstrip()
        assert shell.read("\x1b[200~if true {\r\n\tprint 1\r\n}\x1b[201~", ENTER) == "if true {\n    print 1\n}"


def test_a_session_with_commands_and_questions(capsys: pytest.CaptureFixture[str]) -> None:
    session = (
        "gradsh> let x = 2\ngradsh> :help quit\n:quit\ngradsh> ?log\nlog(input)\ngradsh> x.y\ngradsh> x * 21\n42\n"
    )
    with driven() as shell:
        said = shell.enter(f"\x1b[200~{session}\x1b[201~", ENTER)
        assert "The natural logarithm" in said and "has no attribute 'y'" in said and "42" not in said
        assert "Leave the shell" in capsys.readouterr().out


def test_python_becomes_gradsh_and_is_shown_before_it_runs() -> None:
    python = "import torch\nfor i in range(3):\n    with torch.no_grad():\n        print(i)\n"
    with driven() as shell:
        shell.written(f"\x1b[200~{python}\x1b[201~")
        assert "for i in range(3) {" in shell.seen and "Python that was pasted, as gradsh" in shell.seen
        assert shell.enter(f"\x1b[200~{python}\x1b[201~", ENTER) == "0\n1\n2\n"
        assert shell.read("\x1b[200~let x = = 3\x1b[201~", ENTER) == "let x = = 3"
        session = ">>> def f(x):\n...     return x + 1\n...\n>>> f(1)\n2\n"
        assert shell.enter(f"\x1b[200~{session}\x1b[201~", ENTER) == "2\n"


def test_a_paste_without_an_end_is_over_after_a_while_or_by_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    with driven() as shell:
        assert shell.written("1 + ", "\x1b[200~2", " * 3", "\x03") == "1 + 2 * 3|"
        assert shell.written("\x1b[200~a\x03b\x1b[201~") == "a\x03b|"  # a whole one may hold any character
        monkeypatch.setattr(arriving, "SILENCE", 0.0005)  # less than what lies between two keys here
        assert shell.written("1 + ", "\x1b[200~2", " * 3") == "1 + 2 * 3|"
        assert shell.read("1\r\x1b[200~2") == "1"  # the rest is for the next line
        assert shell.written() == "2|"
