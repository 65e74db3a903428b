"""Keys of the prompt: what is run, what goes on, what is indented, what is found again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gradsh.shell.history import open_history
from tests.shell.driving import ALT_ENTER, BACKSPACE, DOWN, ENTER, LEFT, TAB, UP, Driven, driven


def typed(*keys: str, history: list[str] | None = None) -> str:
    with driven(history=history) as shell:
        return shell.read(*keys)


def shown(*keys: str) -> str:
    with driven() as shell:
        return shell.written(*keys)


def test_enter_runs_what_is_complete_and_indents_what_is_not() -> None:
    assert typed("let x = 1", ENTER) == "let x = 1"
    block = typed("for i in range(3) {", ENTER, "if i > 1 {", ENTER, "print i", ENTER, "}", ENTER, "}", ENTER)
    assert block == "for i in range(3) {\n    if i > 1 {\n        print i\n    }\n}"
    assert typed("let a = (1 +", ENTER, "2)", ENTER) == "let a = (1 +\n    2)"
    assert typed('let s = """a', ENTER, "b", ENTER, '"""', ENTER) == 'let s = """a\nb\n"""'


def test_in_the_middle_enter_makes_a_line_and_alt_enter_runs() -> None:
    block = "fn f(x) {\n    return x\n}"
    inserted = "fn f(x) {\n    print x\n    return x\n}"
    go_back = (UP, UP + "\x05")  # to the first line, and its end
    assert typed(UP, *go_back, ENTER, "print x", DOWN, DOWN, ENTER, history=[block]) == inserted
    assert typed(UP, *go_back, ENTER, "print x", ALT_ENTER, history=[block]) == inserted
    assert typed("let x = 1", ALT_ENTER, "x", ENTER) == "let x = 1\nx"
    assert typed("let x = (1", ALT_ENTER) == "let x = (1"


def test_braces_open_up_and_blanks_go_in_steps() -> None:
    assert shown("fn f() {}", LEFT, ALT_ENTER, "pass") == "fn f() {\n    pass|\n}"
    assert shown("if a {", ENTER, TAB, "b") == "if a {\n        b|"
    assert shown("if a {", ENTER, TAB, BACKSPACE, BACKSPACE, "b") == "if a {\nb|"
    assert shown("let f = [", ENTER, "1,", ENTER, "]") == "let f = [\n    1,\n]|"


def test_two_blank_lines_or_ctrl_c_leave_a_block() -> None:
    with driven() as shell:
        said = shell.enter("for i in range(3) {", ENTER, ENTER, ENTER)
        assert "this `{` is not closed" in said
        with pytest.raises(KeyboardInterrupt):
            shell.read("for i in range(3) {", ENTER, "\x03")
        assert shell.read("1", ENTER) == "1"
    assert typed('"""a', ENTER, ENTER, ENTER, "b", '"""', ENTER) == '"""a\n\n\nb"""'


def test_a_command_in_a_block_runs_and_the_block_stays() -> None:
    with driven() as shell:
        assert shell.read("for i in range(3) {", ENTER, ":help", ENTER) == ":help"
        assert shell.read("print i", ENTER, "}", ENTER) == "for i in range(3) {\n    print i\n}"
        assert shell.read("x[1", ENTER, ":2]", ENTER) == "x[1\n    :2]"


def test_up_finds_what_began_like_this() -> None:
    history = ["let x = 1", "print x", "let y = 2", "print y"]
    assert typed("let", UP, UP, ENTER, history=history) == "let x = 1"
    assert typed(UP, ENTER, history=history) == "print y"
    assert typed("\x12t x\r", ENTER, history=history) == "print x"  # Ctrl-R


def test_the_continuation_says_what_is_open() -> None:
    with driven(40) as shell:
        shell.written("for i in range(3) {", ENTER, "print(", ENTER, "x + '" + "a" * 40)
        assert shell.screen.text().split("\n")[:4] == [
            "gradsh> for i in range(3) {",
            "for{ ...>     print(",
            " ( ...>         x + 'aaaaaaaaaaaaaaaaaaa",
            "        aaaaaaaaaaaaaaaaaaaaa",
        ]


def painted(shell: Driven, text: str) -> str:
    """The colour in which a text on the screen is written."""
    for row, line in reversed(list(enumerate(shell.screen.shown.display))):
        if text in line:
            return str(shell.screen.shown.buffer[row][line.index(text)].fg)
    raise AssertionError(f"{text} is not on the screen")


def test_what_is_typed_has_colours() -> None:
    with driven() as shell:
        shell.written("for i in [1, 'a'] { print(i)", ENTER)
        colors = [painted(shell, each) for each in ("in [", "1", "'a'", "print")]
        assert len(set(colors)) == 3 and "default" not in colors
        shell.shell.settings.set("theme", "light")
        shell.written("for i in [1, 'a'] { print(i)", ENTER)
        assert painted(shell, "'a'") != colors[2]
        shell.shell.settings.set("theme", "none")
        shell.written("let x = 1")
        assert {painted(shell, "let"), painted(shell, "gradsh")} == {"default"}


def test_vi_keys() -> None:
    with driven() as shell:
        shell.shell.settings.set("editing", "vi")
        assert shell.read("let x = 1", "\x1b", "bbry", ENTER) == "let y = 1"
        shell.shell.settings.set("editing", "emacs")
        assert shell.read("x = 1\x01let ", ENTER) == "let x = 1"


def test_a_history_file_that_two_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADSH_HISTORY", str(tmp_path / "history"))
    first, second = open_history(), open_history()
    for number in range(5):
        first.append_string(f"let a = {number}\n+ 1")
        second.append_string(f"let b = {number}")

    async def loaded() -> list[str]:
        return [each async for each in open_history().load()]

    assert sorted(asyncio.run(loaded())) == sorted(
        [f"let a = {n}\n+ 1" for n in range(5)] + [f"let b = {n}" for n in range(5)]
    )


def test_a_block_of_python_waits_for_an_empty_line_and_becomes_gradsh() -> None:
    with driven() as shell:
        for margin in ("", "    "):  # typed, or left to the prompt
            typed = [
                "for i in range(2):",
                f"{margin}if i:",
                f"{2 * margin}print(i)",
                f"{margin}pass" if margin else "",
                "",
            ]
            block = shell.read(*(line + ENTER for line in typed if line or not margin), *([ENTER] if margin else []))
            assert block.startswith("for i in range(2) {\n    if i {\n        print(i)\n    }\n"), block
        lines = ["try:", "if x < 1:", "print(1)", "else:", "print(2)", "except ValueError:", "print(3)", ""]
        shell.enter("x = 2" + ENTER)
        assert shell.enter(*(line + ENTER for line in lines)) == "2\n"
        assert shell.enter("@no_grad()" + ENTER, "def f(x):" + ENTER, "return x + 1" + ENTER, ENTER) == ""
        assert shell.enter("f(1)" + ENTER) == "2\n"
        assert shell.read("x[1:" + ENTER, "2]" + ENTER) == "x[1:\n    2]"
        assert shell.read("while x +:" + ENTER, "1" + ENTER, ENTER).startswith("while x +:")  # no Python: it is told


def test_the_users_own_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it leaves is edited on, and not run: it may be a block that goes on."""
    from gradsh.shell import users_editor

    given = []

    def call(words: list[str]) -> int:
        given.append((words[0], Path(words[1]).read_text()))
        Path(words[1]).write_text("for i in range(2) {\n")
        return int(words[0] == "broken")

    monkeypatch.setattr(users_editor.subprocess, "call", call)
    monkeypatch.setenv("VISUAL", "mine")
    with driven() as prompt:
        ran = prompt.read("abc", "\x18\x05", ENTER, "i", ENTER, "}", ENTER)
        assert ran == "for i in range(2) {\n    i\n}" and given == [("mine", "abc\n")]
        monkeypatch.setenv("VISUAL", "broken")
        assert prompt.written("abc", "\x18\x05", "\x05") == "abc|" and "`broken` ended with status 1" in prompt.seen


def test_a_ctrl_c_behind_the_end_of_a_line_is_for_that_line(capsys: pytest.CaptureFixture[str]) -> None:
    with driven() as shell:
        app = shell.editor.reader.app

        def when(over: bool) -> None:
            if (app.future is None) is over:
                app.key_processor.send_sigint()
            else:
                asyncio.get_running_loop().call_soon(when, over)

        for late in ("1 + 1\r\x03", "1 + 1\r\x03\x03\x03"):
            with pytest.raises(KeyboardInterrupt):
                shell.read(late)
        for over in (False, True):  # while its tasks are ended, and when nothing runs any more

            def rendered(_: object, over: bool = over) -> None:
                if app.is_done:
                    asyncio.get_running_loop().call_soon(when, over)

            app.after_render += rendered
            with pytest.raises(KeyboardInterrupt):
                shell.read("1 + 1", ENTER)
            app.after_render -= rendered
        assert capsys.readouterr().err == "interrupted\n" * 4
        assert shell.read("2", ENTER) == "2"  # and for no other
