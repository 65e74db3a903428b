"""Notebooks of Jupyter's: their cells of code, and the file with what these have shown."""

from __future__ import annotations

import json
from typing import Any

from gradsh.errors import Label, Source, Span, SyntaxError_
from gradsh.language.python.cells import cleaned

ALLOWED = "raises-exception"  # the tag of a cell that may fail
OWN = "gradsh"  # the language, as the kernel of that name calls it
VERSIONS = (2, 3, 4)  # of the format


class NotANotebook(Exception):
    """The file is none; `at` is the place in its text."""

    def __init__(self, words: str, text: str = "", at: int = 0) -> None:
        super().__init__(words)
        self.text = text
        self.at = at

    def error(self, name: str) -> SyntaxError_:
        """The same of the file of that name."""
        return SyntaxError_(str(self), [Label(Span(Source(name, self.text), self.at, self.at + 1))])


class Outputs:
    """What a cell shows, in order, as version 4 of the format has it."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []
        self.stale = False  # what there is goes when something else comes

    def clear(self, wait: bool) -> None:
        """`clear_output(wait)`."""
        self.stale = wait
        if not wait:
            self.all.clear()

    def _fresh(self) -> None:
        if self.stale:
            self.clear(wait=False)

    def note(self, text: str) -> None:
        """A line of the command's own on "stderr", which is nothing that the cell has shown."""
        self._written("stderr", text)

    def stream(self, name: str, text: str) -> None:
        """Text on "stdout" or "stderr"; one output as long as it goes on."""
        self._fresh()
        self._written(name, text)

    def _written(self, name: str, text: str) -> None:
        last = self.all[-1] if self.all else {}
        if last.get("name") == name:
            text = "".join(last["text"]) + text
            self.all.pop()
        self.all.append({"name": name, "output_type": "stream", "text": text.splitlines(keepends=True)})

    def shown(self, data: dict[str, str], result: bool = False) -> None:
        """A value or a picture in its forms; `result`: it is the value of the cell."""
        self._fresh()
        forms = {kind: text if kind in BYTES else text.splitlines(keepends=True) for kind, text in data.items()}
        output: dict[str, Any] = {"data": forms, "metadata": {}}
        output["output_type"] = "execute_result" if result else "display_data"
        self.all.append(output)

    def error(self, name: str, words: str, text: str) -> None:
        self._fresh()
        self.all.append({"ename": name, "evalue": words, "output_type": "error", "traceback": text.splitlines()})


BYTES = ("image/png",)  # in base64, which is one line
# what version 3 calls the forms of a value, and the outputs
OLDER = {"text/plain": "text", "text/html": "html", "image/png": "png", "image/svg+xml": "svg"}
KINDS = {"execute_result": "pyout", "error": "pyerr"}


def _older(output: dict[str, Any], count: int) -> dict[str, Any]:
    """An output as version 3 has it."""
    kind = output["output_type"]
    older = {name: value for name, value in output.items() if name not in ("data", "name")}
    older["output_type"] = KINDS.get(kind, kind)
    older |= {OLDER[form]: value for form, value in output.get("data", {}).items()}
    if kind == "stream":
        older["stream"] = output["name"]
    elif kind == "execute_result":
        older["prompt_number"] = count
    return older


class Cell:
    """A cell of code. `data` is it in the file."""

    __slots__ = ("data", "name", "text")

    def __init__(self, data: dict[str, Any], number: int) -> None:
        self.data = data
        source = data.get("source", data.get("input", ""))
        self.text = "".join(map(str, source)) if isinstance(source, list) else str(source)
        self.name = f"In [{number}]"

    def keep(self, outputs: Outputs, count: int) -> None:
        """Put what the cell has shown in the place of its outputs; it was the one of that number to run."""
        if "input" in self.data:  # version 3 of the format
            self.data["prompt_number"] = count
            self.data["outputs"] = [_older(output, count) for output in outputs.all]
            return
        self.data["execution_count"] = count
        self.data.setdefault("metadata", {})
        for output in outputs.all:
            if output["output_type"] == "execute_result":
                output["execution_count"] = count
        self.data["outputs"] = outputs.all

    @property
    def may_fail(self) -> bool:
        metadata = self.data.get("metadata")
        tags = metadata.get("tags", ()) if isinstance(metadata, dict) else ()
        return isinstance(tags, list) and ALLOWED in tags


class Notebook:
    """A notebook, of version 2, 3 or 4 of the format. Errors: NotANotebook."""

    def __init__(self, data: bytes) -> None:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise NotANotebook("the notebook is not UTF-8") from None
        try:
            self.data = json.loads(text)
        except json.JSONDecodeError as error:
            raise NotANotebook(f"the notebook is not JSON: {error.msg}", text, error.pos) from None
        except RecursionError:
            raise NotANotebook("the notebook is not JSON: it is nested too deeply", text) from None
        cells = self._cells()
        if cells is None:
            raise NotANotebook("the JSON is not a notebook: it has no list of cells", text)
        version = self.data.get("nbformat", 4)
        if version not in VERSIONS:
            words = f"the notebook is of version {json.dumps(version)} of its format, and not of 2, 3 or 4"
            raise NotANotebook(words, text, max(0, text.rfind('"nbformat"')))
        language = self._language()
        self.own = language.lower() == OWN  # whether its cells are gradsh's
        if not self.own and "python" not in language.lower():
            words = f"the language of the notebook is {language}: gradsh runs cells of Python, and its own"
            raise NotANotebook(words, text, max(0, text.rfind(json.dumps(language))))
        code = [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
        self.cells = [Cell(cell, number) for number, cell in enumerate(code, 1)]
        if not self.own:
            for one in self.cells:
                one.text = cleaned(one.text)

    def _language(self) -> str:
        """Of its cells, as its kernel has said."""
        metadata = self.data.get("metadata")
        for name, key in (("language_info", "name"), ("kernelspec", "language")):
            said = metadata.get(name) if isinstance(metadata, dict) else None
            language = said.get(key) if isinstance(said, dict) else None
            if isinstance(language, str) and language:
                return language
        return "python"

    def text(self) -> bytes:
        """The file; with the names of cells that its version asks for, where they have none."""
        if self.data.get("nbformat", 4) >= 4:
            self.data.setdefault("metadata", {})
            self.data.setdefault("nbformat", 4)
            if not isinstance(self.data.get("nbformat_minor"), int):
                self.data["nbformat_minor"] = 5
            named = self.data["nbformat_minor"] >= 5
            for number, cell in enumerate(self._cells() or ()):
                if isinstance(cell, dict) and named:
                    cell.setdefault("id", f"cell-{number}")
        text = json.dumps(self.data, indent=1, ensure_ascii=False) + "\n"
        return text.encode("utf-8", "backslashreplace")  # of half a surrogate pair, which JSON writes so too

    def _cells(self) -> list[Any] | None:
        data = self.data
        if not isinstance(data, dict):
            return None
        if "cells" not in data and isinstance(data.get("worksheets"), list):
            sheets = [sheet.get("cells") for sheet in data["worksheets"] if isinstance(sheet, dict)]
            return [cell for sheet in sheets if isinstance(sheet, list) for cell in sheet]
        cells = data.get("cells")
        return cells if isinstance(cells, list) else None
