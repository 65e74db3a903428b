"""The editor of a terminal that can do nothing but write lines, TERM=dumb: whole lines, as the terminal gives them."""

from __future__ import annotations

import sys

from prompt_toolkit.document import Document

from gradsh import interrupts
from gradsh.language.brackets import is_open
from gradsh.shell import registry
from gradsh.shell.editor import Editor
from gradsh.shell.keys import complete
from gradsh.shell.reading import read


class PlainEditor(Editor):
    """Reads lines until what they say is complete, as at any prompt. Two blank lines or Ctrl-C leave a block."""

    def read(self, prompt: str = "") -> str:
        prompt = prompt or self.prompt
        given, self.next = self.next.text, Document()
        lines: list[str] = given.removesuffix("\n").split("\n") if is_open(given) else []  # a block that goes on
        if given:
            sys.stdout.write("\n".join(lines) + "\n" if lines else f"{given}\n(an empty line runs it)\n")
        while True:
            opened = self.continuation_text("\n".join([*lines, ""]), len(lines)) if lines else prompt
            lines.append(self._line(opened))
            text = "\n".join(lines)
            if registry.is_command(lines[-1]) and not registry.is_command(text):
                self.put("\n".join(lines[:-1]) + "\n")
                return lines[-1]
            if complete(Document(text)):
                text = self._gradsh(text) if text.strip() else given
                if text.strip():
                    self.reader.history.append_string(text)
                return text

    def _gradsh(self, text: str) -> str:
        """The text; Python as the gradsh that it becomes, which is shown."""
        if not read(text).is_python:
            return text
        from gradsh.shell.paste import converted_text

        found = converted_text(text)
        if found is None:
            return text
        sys.stdout.write("".join(f"{line}\n" for line in (*found.text.split("\n"), *found.remarks)))
        return found.text

    def _line(self, prompt: str) -> str:
        """One line. Errors: KeyboardInterrupt, EOFError."""
        interrupts.listen()
        before, interrupts.own.always = interrupts.own.always, True
        try:
            return input(prompt)
        except KeyboardInterrupt as stop:
            interrupts.settled(stop)
            sys.stdout.write("\n")
            raise
        finally:
            interrupts.own.always = before
