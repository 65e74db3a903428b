"""Numbers in text: .csv, .tsv, standard input."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from gradsh.data.common import Codec, Write, broken, cited, decoded, described, whole
from gradsh.errors import BadFile, CannotHold


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def read(path: str, data: bytes, codec: Codec, dtype: Any) -> object:
    text = decoded(path, data)
    delimiter = "\t" if path.lower().endswith(".tsv") else ","
    if delimiter == "," and ";" in text and "," not in text:
        delimiter = ";"
    return codec.make("tensor", table(path, text, delimiter).astype(dtype))


def table(path: str, text: str, delimiter: str) -> Any:
    """The rows of a text as a float64 array: without its header, comments (`#`) and blank lines; no value is nan."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    header, begin, row = "", 0, [""]
    while begin < len(text):  # the first line that says something
        end = text.find("\n", begin) + 1 or len(text)
        line = text[begin:end].strip()
        if line and not line.startswith("#"):
            try:
                row = next(csv.reader([line], delimiter=delimiter))
            except csv.Error as error:
                number = text.count("\n", 0, begin) + 1
                broken(path, f"line {number}: {error}")
            if any(cell.strip() and not is_number(cell) for cell in row):
                header, begin = line, end
            break
        begin = end
    else:
        broken(path, "holds no numbers")
    rest = text[begin:]
    # nothing but comments too: NumPy warns of that, with an address
    if not any(line.strip() and not line.lstrip().startswith("#") for line in io.StringIO(rest)):
        return np.empty((0, len(row)))
    try:
        return np.loadtxt(io.StringIO(rest), np.float64, delimiter=delimiter, ndmin=2, quotechar='"')
    except (ValueError, UserWarning):  # more slowly, to allow for empty cells and to say where what is wrong
        return _carefully(path, text, delimiter, header)


def _carefully(path: str, text: str, delimiter: str, header: str) -> Any:

    rows: list[list[float]] = []
    first = 0
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            if header and not first and not rows:
                header = ""
                continue
            rows.append([_number(path, cell, reader.line_num, i) for i, cell in enumerate(cells, 1)])
            first = first or reader.line_num
            if len(rows[-1]) != len(rows[0]):
                broken(path, f"line {reader.line_num} has {len(rows[-1])} values, line {first} has {len(rows[0])}")
    except csv.Error as error:
        broken(path, f"line {reader.line_num}: {error}")
    return np.array(rows, np.float64)


def _number(path: str, cell: str, line: int, column: int) -> float:
    cell = cell.strip()
    if not cell:
        return math.nan
    if not is_number(cell):
        broken(path, f"line {line}, column {column}: {cited(path, cell)} is not a number")
    return float(cell)


def stream_numbers(data: bytes, dtype: Any) -> Any:
    """Numbers between white space, commas or semicolons; one-dimensional unless several lines have several each."""
    text = decoded("-", data).replace(",", " ").replace(";", " ")
    lines = [(number, line.split()) for number, line in enumerate(text.split("\n"), 1)]
    rows = [(number, cells) for number, cells in lines if cells and not cells[0].startswith("#")]
    if rows and len(rows) > 1 and not any(is_number(cell) for cell in rows[0][1]):
        rows = rows[1:]  # a header
    width = len(rows[0][1]) if rows else 0
    values: list[float] = []
    for number, cells in rows:
        if len(cells) != width:
            raise BadFile(f"standard input, line {number}: {len(cells)} numbers, where line {rows[0][0]} has {width}")
        for cell in cells:
            if not is_number(cell):
                raise BadFile(f"standard input, line {number}: {cell[:40]!r} is not a number")
            values.append(float(cell))
    array = np.array(values, np.float64).astype(dtype)
    return array.reshape(len(rows), width) if len(rows) > 1 and width > 1 else array


def write(value: object, path: str, codec: Codec) -> Write:
    delimiter = "\t" if path.lower().endswith(".tsv") else ","
    lines: list[str] = []
    if isinstance(value, dict):
        columns = [_column(path, name, item, codec) for name, item in value.items()]
        if len({len(column) for column in columns}) > 1:
            raise CannotHold(f"cannot save columns of different lengths in '{path}'")
        lines.append(delimiter.join(_quoted(str(name), delimiter) for name in value))
        rows: Iterable[Iterable[str]] = zip(*map(cells, columns), strict=True)
    else:
        array = _as_array(value, codec)
        if array is None or array.ndim > 2:
            raise CannotHold(
                f"cannot save {described(value)} in '{path}': a table has rows and columns of numbers",
                help='any tensor fits into an .npy file: `save ones(2, 3, 4), "x.npy"`',
            )
        rows = map(cells, array.reshape(-1, 1) if array.ndim < 2 else array)
    lines.extend(delimiter.join(row) for row in rows)
    text = "".join(line + "\n" for line in lines).encode()
    return whole(text)


def _as_array(value: object, codec: Codec) -> Any:
    """The array that is written for a tensor or a list of numbers; None for anything else."""
    found = codec.array(value)
    if found is not None:
        return np.asarray(found[1])
    if isinstance(value, (int, float)):
        return np.array(value)
    if isinstance(value, (list, tuple)):
        rows = [_as_array(item, codec) for item in value]
        if all(row is not None for row in rows) and len({row.shape for row in rows}) <= 1:
            array = np.array(rows) if rows else np.empty(0)
            return array if array.dtype.kind in "bif" else None
    return None


def _column(path: str, name: object, item: object, codec: Codec) -> Any:
    array = _as_array(item, codec)
    if array is None or array.ndim != 1:
        raise CannotHold(
            f"cannot save {described(item)} as the column '{name}' of '{path}': a column is a list of numbers"
        )
    return array


def cells(row: Any) -> list[str]:
    """Numbers with the fewest digits that read back as the same; bools as 0 and 1."""
    if row.dtype.kind == "f" and row.dtype.itemsize < 8:
        return [str(number) for number in row]
    return list(map(repr, row.astype(np.int64).tolist() if row.dtype.kind == "b" else row.tolist()))


def _quoted(name: str, delimiter: str) -> str:
    return f'"{name.replace(chr(34), 2 * chr(34))}"' if any(c in name for c in (delimiter, '"', "\n", "\r")) else name
