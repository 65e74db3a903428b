"""Notebooks of Jupyter's: their cells of code, and the file with what these have shown."""

from __future__ import annotations

import json
from typing import Any

ALLOWED = "raises-exception"  # the tag of a cell that may fail


class NotANotebook(Exception):
    """The file is none; `at` is the place in its text."""

    def __init__(self, words: str, text: str = "", at: int = 0) -> None:
        super().__init__(words)
        self.text = text
        self.at = at


class Cell:
    """A cell of code. `data` is it in the file."""

    __slots__ = ("data", "name", "text")

    def __init__(self, data: dict[str, Any], number: int) -> None:
        self.data = data
        source = data.get("source", data.get("input", ""))
        self.text = "".join(map(str, source)) if isinstance(source, list) else str(source)
        self.name = f"In [{number}]"

    def keep(self, printed: str, shown: str | None, failed: tuple[str, str, str] | None) -> None:
        """Put what the cell has shown in the place of its outputs: `failed` is name, words and text of its error."""
        outputs: list[dict[str, Any]] = []
        if printed:
            outputs.append({"name": "stdout", "output_type": "stream", "text": printed.splitlines(keepends=True)})
        if shown is not None:
            data = {"text/plain": shown.splitlines(keepends=True)}
            outputs.append({"data": data, "execution_count": None, "metadata": {}, "output_type": "execute_result"})
        if failed is not None:
            name, words, text = failed
            outputs.append({"ename": name, "evalue": words, "output_type": "error", "traceback": text.splitlines()})
        self.data["outputs"] = outputs

    @property
    def may_fail(self) -> bool:
        metadata = self.data.get("metadata")
        tags = metadata.get("tags", ()) if isinstance(metadata, dict) else ()
        return isinstance(tags, list) and ALLOWED in tags


class Notebook:
    """A notebook, of version 3 or 4 of the format. Errors: NotANotebook."""

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
        code = [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
        self.cells = [Cell(cell, number) for number, cell in enumerate(code, 1)]

    def text(self) -> str:
        """The file."""
        return json.dumps(self.data, indent=1, ensure_ascii=False) + "\n"

    def _cells(self) -> list[Any] | None:
        data = self.data
        if not isinstance(data, dict):
            return None
        if "cells" not in data and isinstance(data.get("worksheets"), list):
            sheets = [sheet.get("cells") for sheet in data["worksheets"] if isinstance(sheet, dict)]
            return [cell for sheet in sheets if isinstance(sheet, list) for cell in sheet]
        cells = data.get("cells")
        return cells if isinstance(cells, list) else None
