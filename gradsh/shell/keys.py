"""What the keys of the prompt do beside prompt_toolkit's own.

Enter runs what is complete, and goes on with a new line in what is not, or in the middle of a text; Alt-Enter does the
other of the two. A block of Python is complete behind an empty line, as at Python's own prompt. A line of a block that
is a command of the shell runs, and the block stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, emacs_mode, has_focus, in_paste_mode, vi_insert_mode
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from gradsh.shell import registry
from gradsh.shell.reading import STEP, read

# what `else` and its kin go on from in Python
OPENERS = {
    "else": "if|elif|for|while|try|except",
    "elif": "if|elif",
    "except": "try|except",
    "finally": "try|except|else",
}
INSIDE = re.compile(r"\s*:([a-z]+)(?:\s.*)?")


def complete(document: Document) -> bool:
    """Would Enter run this, and not begin another line?"""
    if "\n" in document.text_after_cursor.rstrip(" "):
        return False
    if registry.is_command(document.text):
        return True
    reading = read(document.text)
    if reading.incomplete:
        return left_alone(document)
    return not reading.is_python or (document.line_count > 1 and not reading.lines[-1].strip())


def left_alone(document: Document) -> bool:
    """Two blank lines at the end of a block: its author is done with it, whatever is open."""
    reading = read(document.text)
    row = document.cursor_position_row
    if document.text_after_cursor.strip() or row < 2 or reading.states[-1][0]:  # a string may want them
        return False
    return not any(line.strip() for line in reading.lines[row - 1 :])


def command_inside(document: Document) -> str:
    """The command of the shell that the cursor's line of an unfinished block is; "" where it is none."""
    line = document.current_line
    match = INSIDE.fullmatch(line)
    if match is None or match[1] not in registry.WORDS or document.line_count == 1:
        return ""
    row = document.cursor_position_row
    reading = read(document.text)
    is_block = reading.states[row][3] and not reading.states[row][0]
    return line.strip() if is_block and not document.current_line_after_cursor.strip() else ""


def begin_line(buffer: Buffer) -> None:
    """Break the line at the cursor; the new one has the blanks that belong there."""
    document = buffer.document
    row, column = document.cursor_position_row, document.cursor_position_col
    reading = read(document.text)
    if not document.current_line_before_cursor.strip():  # nothing stands before: all of the line goes down
        buffer.newline(copy_margin=True)
        return
    indent = reading.indent_after(row, column)
    rest = document.current_line_after_cursor
    if rest[:1] in (")", "]", "}") and len(indent) >= len(STEP):  # `{|}`: the cursor gets a line of its own
        after = indent[: -len(STEP)]
        buffer.insert_text("\n" + indent)
        if document.char_before_cursor in ("(", "[", "{"):
            buffer.insert_text("\n" + after, move_cursor=False)
        return
    buffer.delete(len(rest) - len(rest.lstrip(" ")))
    buffer.insert_text("\n" + indent)


def margin_of(line: str, before: list[str]) -> str | None:
    """The blanks of what Python begins the word's statement with, of a line that is `else`, `except …` or their kin."""
    word = re.match(r"\s*(else|elif|except|finally)\b", line)
    if word is None:
        return None
    begins = re.compile(rf"\s*(?:{OPENERS[word[1]]})\b.*:\s*")
    for earlier in reversed(before):
        margin = earlier[: len(earlier) - len(earlier.lstrip())]
        if begins.fullmatch(earlier) and len(margin) <= len(line) - len(line.lstrip()):
            return margin
    return None


def became_gradsh(buffer: Buffer, say: Callable[[str], None]) -> bool:
    """Put gradsh in the place of Python that was typed. Is there something to be known of it before it runs?"""
    from gradsh.shell.paste import converted_text

    found = converted_text(buffer.text)
    if found is None:
        return False
    buffer.document = Document(found.text)
    say("; ".join(found.remarks))
    return bool(found.notes)


TYPING = has_focus(DEFAULT_BUFFER) & (emacs_mode | vi_insert_mode) & ~in_paste_mode


@Condition
def choosing() -> bool:
    """Is a completion chosen in the menu?"""
    state = get_app().current_buffer.complete_state
    return state is not None and state.current_completion is not None


@Condition
def in_margin() -> bool:
    """Does nothing but blanks stand before the cursor, in a text of several lines?"""
    document = get_app().current_buffer.document
    return document.line_count > 1 and not document.current_line_before_cursor.strip()


@Condition
def behind_blanks() -> bool:
    """Do several blanks stand before the cursor, and nothing else?"""
    before = get_app().current_buffer.document.current_line_before_cursor
    return len(before) > 1 and not before.strip(" ")


def bindings(run_inside: Callable[[str, Document], None], say: Callable[[str], None]) -> KeyBindings:
    """The shell's own keys. `run_inside` is given a command that stands in a block, and the block without it; `say`
    what there is to say of the text."""
    keys = KeyBindings()

    @keys.add("enter", filter=has_focus(DEFAULT_BUFFER))
    def enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        command = command_inside(buffer.document)
        if command:
            before = buffer.document.current_line_before_cursor
            buffer.delete_before_cursor(len(before.lstrip()))
            run_inside(command, buffer.document)
            event.app.exit(result=command)
        elif not complete(buffer.document):
            begin_line(buffer)
        elif not read(buffer.text).is_python or not became_gradsh(buffer, say):
            buffer.validate_and_handle()

    @keys.add("enter", filter=has_focus(DEFAULT_BUFFER) & choosing)
    def choose(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None

    @keys.add("escape", "enter", filter=has_focus(DEFAULT_BUFFER))
    def other(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if complete(buffer.document):
            begin_line(buffer)
        else:
            buffer.validate_and_handle()

    @keys.add(Keys.BracketedPaste, filter=has_focus(DEFAULT_BUFFER))
    def paste(event: KeyPressEvent) -> None:
        from gradsh.shell.paste import in_gradsh, pasted

        buffer = event.current_buffer
        text, words = pasted(event.data), ""
        if not buffer.text.strip():
            text, words = in_gradsh(text)
        buffer.insert_text(text)
        say(words)

    indentation(keys)
    return keys


def indentation(keys: KeyBindings) -> None:
    """The keys that keep blocks in shape."""

    def close(event: KeyPressEvent) -> None:
        buffer, closing = event.current_buffer, event.data
        before = buffer.document.current_line_before_cursor
        if not before.strip():
            indent = read(buffer.text).indent_of_closing(buffer.document.cursor_position_row, closing)
            if indent is not None:
                buffer.delete_before_cursor(len(before))
                buffer.insert_text(indent)
        buffer.insert_text(closing)

    for closing in ")]}":
        keys.add(closing, filter=TYPING)(close)

    @keys.add(":", filter=TYPING)
    def colon(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        line = buffer.document.current_line_before_cursor
        margin = margin_of(line, buffer.document.lines[: buffer.document.cursor_position_row])
        if margin is not None:
            buffer.delete_before_cursor(len(line))
            buffer.insert_text(margin + line.lstrip())
        buffer.insert_text(":")

    @keys.add(" ", filter=TYPING & in_margin)
    def blank(event: KeyPressEvent) -> None:
        if [press.key for press in event.previous_key_sequence] == [Keys.Enter]:  # who types the margin means that one
            event.current_buffer.delete_before_cursor(event.current_buffer.document.cursor_position_col)
        event.current_buffer.insert_text(" ")

    @keys.add("tab", filter=TYPING & in_margin)
    def indent(event: KeyPressEvent) -> None:
        column = event.current_buffer.document.cursor_position_col
        event.current_buffer.insert_text(" " * (len(STEP) - column % len(STEP)))

    @keys.add("backspace", filter=TYPING & behind_blanks)
    def dedent(event: KeyPressEvent) -> None:
        column = event.current_buffer.document.cursor_position_col
        event.current_buffer.delete_before_cursor((column - 1) % len(STEP) + 1)
