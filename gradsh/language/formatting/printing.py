"""Pieces as text: blanks between them, lines, comments behind lines."""

from __future__ import annotations

from collections.abc import Sequence

from gradsh.language.formatting.pieces import BLOCK, CALL, COMMENT, DICT, INDEX, LIST, PAREN, Body, Piece, Statement

WIDTH = 120
INDENT = 4
SHORT = 12  # items of a list that share lines


def printed(text: str, program: Body) -> str:
    """The canonical text of a program."""
    lines = Printer(text)
    lines.body(program, 0, top=True)
    return lines.finished()


# --- lines ----------------------------------------------------------------------------------------------------------


class Line:
    """A line of the result; `comment` stands behind it, in the program at `column`."""

    __slots__ = ("column", "comment", "flat", "indent", "text")

    def __init__(self, indent: int, text: str = "") -> None:
        self.indent = indent
        self.text = text
        self.comment = ""
        self.column = 0
        self.flat: list[Piece] = []  # brackets on it that could be broken

    def width(self) -> int:
        """Columns, without the comment."""
        _, newline, last = self.text.rpartition("\n")  # in a string
        return len(last) if newline else self.indent + len(self.text)


class Printer:
    """Writes pieces into lines."""

    def __init__(self, text: str, broken: frozenset[Piece] = frozenset()) -> None:
        self.text = text
        self.lines: list[Line] = []
        self.broken = broken

    def finished(self) -> str:
        self.align()
        found = []
        for line in self.lines:
            pad = " " * max(2, line.column - line.width()) if line.text else " " * line.indent
            code = " " * line.indent + line.text if line.text else ""
            found.append(code + (pad + line.comment if line.comment else ""))
        return "\n".join(found) + "\n" if found else ""

    def align(self) -> None:
        """Comments that stand below each other in the program do so in the result; others follow after two blanks."""
        run: list[Line] = []

        def close() -> None:
            column = max((line.width() for line in run), default=0) + 2
            for line in run:
                line.column = column if len(run) > 1 else 0
            run.clear()

        for line in self.lines:
            behind = line.comment and line.text
            if not line.text or (behind and run and run[0].column != line.column):
                close()
            if behind:
                run.append(line)
        close()

    def add(self, text: str) -> None:
        self.lines[-1].text += text

    def newline(self, indent: int) -> None:
        self.lines.append(Line(indent))

    def comment(self, text: str, at: int) -> None:
        """A comment behind the last line, or on it alone."""
        line = self.lines[-1]
        line.comment = f"{line.comment} {text}" if line.comment else text
        line.column = at - self.text.rfind("\n", 0, at) - 1

    def gap(self, start: int, end: int, indent: int, most: int = 0) -> bool:
        """The comments between two pieces, and up to so many blank lines; is there a comment?

        Those on the line of the first piece stay behind it.
        """
        first = self.text.find("\n", start, end)
        found = False
        last = start
        for match in COMMENT.finditer(self.text, start, end):
            if 0 <= first < match.start() or not self.lines:
                self.blanks(last, match.start(), most)
                self.newline(indent)
            self.comment(match.group().rstrip(), match.start())
            last = match.end()
            found = True
        self.blanks(last, end, most)
        return found

    def blanks(self, start: int, end: int, most: int) -> None:
        """The blank lines between two offsets."""
        count = self.text.count("\n", start, end) - 1
        if self.lines and (self.lines[-1].text or self.lines[-1].comment):
            self.lines += [Line(0) for _ in range(min(count, most))]

    # --- statements and blocks ------------------------------------------------------------------------------------

    def body(self, body: Body, indent: int, top: bool = False) -> None:
        """Statements, each on a line of its own, or with those on its line."""
        most = 2 if top else 1
        at = body.start
        for number, statement in enumerate(body.statements):
            self.gap(at, statement.start, indent, most if number or top else 0)
            self.statement(statement, indent)
            at = statement.end
        self.gap(at, body.end, indent, most)
        while self.lines and not self.lines[-1].text and not self.lines[-1].comment:
            self.lines.pop()

    def statement(self, statement: Statement, indent: int) -> None:
        mute = ";" * statement.muted
        if statement.together:
            text = self.flat(statement.items, "")
            if text is not None and self.lines[-1].width() + 2 + len(text) <= WIDTH and not self.lines[-1].comment:
                self.add(f"; {text}{mute}")
                return
        printer = Printer(self.text)
        printer.newline(indent)
        printer.items(statement.items, "", indent)
        printer.add(mute)
        while (better := self.shorter(printer, statement, indent)) is not None:
            printer = better
        self.lines += printer.lines

    def shorter(self, printer: Printer, statement: Statement, indent: int) -> Printer | None:
        """The statement with one more bracket broken, if a line is too long for what can be done about it."""
        over = overflow(printer.lines)
        if not over:
            return None
        best: Printer | None = None
        for number, line in enumerate(printer.lines):
            if line.width() <= WIDTH:
                continue
            for group in reversed(line.flat):
                tried = Printer(self.text, printer.broken | {group})
                tried.newline(indent)
                tried.items(statement.items, "", indent)
                tried.add(";" * statement.muted)
                less = overflow(tried.lines)
                if tried.lines[number].width() <= WIDTH and less < over:
                    return tried
                if less < (over if best is None else overflow(best.lines)):
                    best = tried
            if best is not None:
                return best
        return None

    def block(self, piece: Piece, indent: int) -> None:
        """A block in braces: on one line if it was, and it fits."""
        body = piece.body
        assert body is not None
        text = self.flat_block(piece)
        if text is not None and self.lines[-1].width() + len(text) <= WIDTH:
            self.add(text)
            return
        self.add("{")
        self.body(body, indent + INDENT)
        self.newline(indent)
        self.add("}")

    def flat_block(self, piece: Piece) -> str | None:
        """A block on one line, if it stands on one."""
        body = piece.body
        assert body is not None
        said = []
        at = body.start
        for statement in body.statements:
            text = self.flat(statement.items, "")
            if text is None or "\n" in self.text[at : statement.start]:
                return None
            said.append(text)
            at = statement.end
        if "\n" in self.text[at : body.end]:
            return None
        mute = ";" * (bool(said) and body.statements[-1].muted)
        return f"{{ {'; '.join(said)}{mute} }}" if said else "{ }"

    # --- what a statement, or a bracket, consists of --------------------------------------------------------------

    def flat(self, items: Sequence[Piece], kind: str) -> str | None:
        """Items on one line; None where the program has them on several, with reason."""
        said = []
        for at, item in enumerate(items):
            if at:
                between = self.text[items[at - 1].end : item.start]
                if "#" in between or ("\n" in between and not kind and item.kind in ("DOT", "PIPE")):
                    return None
                if item.blank:
                    said.append(" ")
            text = self.flat_piece(item)
            if text is None:
                return None
            said.append(text)
        return "".join(said)

    def flat_piece(self, item: Piece) -> str | None:
        if not item.is_group:
            return item.text
        if item.kind == BLOCK:
            return self.flat_block(item)
        if item in self.broken or self.is_broken(item):
            return None
        inner = self.flat(without_comma(item), item.kind)
        return None if inner is None else f"{item.text}{inner}{item.close}"

    def is_broken(self, group: Piece) -> bool:
        """Does the program have a line end, or a comment, behind an opening bracket, or comments in it?"""
        ends = [group.opens, *(item.end for item in group.items)]
        starts = [*(item.start for item in group.items), group.end - 1]
        between = [self.text[a:b] for a, b in zip(ends, starts, strict=True)]
        return any("#" in text for text in between) or ("\n" in between[0] and bool(group.items))

    def items(self, items: Sequence[Piece], kind: str, indent: int) -> None:
        """Items behind what is on the last line; what has to be on lines of its own is."""
        for at, item in enumerate(items):
            if at:
                start = items[at - 1].end
                between = self.text[start : item.start]
                commented = self.gap(start, item.start, indent + INDENT)
                if commented or (not kind and "\n" in between and item.kind in ("DOT", "PIPE")):
                    self.newline(indent if item.kind in ("ELSE", "CATCH") else indent + INDENT)
                elif item.blank:
                    self.add(" ")
            self.piece(item, indent)

    def piece(self, item: Piece, indent: int) -> None:
        if not item.is_group:
            self.add(item.text)
        elif item.kind == BLOCK:
            self.block(item, indent)
        elif (text := self.flat_piece(item)) is not None:
            self.add(text)
            if item.items:
                self.lines[-1].flat.append(item)
        elif item in self.broken or self.is_broken(item):
            self.on_lines(item, indent)
        else:  # something inside of it is on lines
            self.add(item.text)
            self.items(without_comma(item), item.kind, indent)
            self.add(item.close)

    # --- brackets on several lines --------------------------------------------------------------------------------

    def on_lines(self, group: Piece, indent: int) -> None:
        """A bracket whose content has lines of its own."""
        inside = indent + INDENT
        self.add(group.text)
        at = group.opens
        rows = self.rows(group, inside)
        for row in rows:
            self.gap(at, row[0].start, inside)
            self.newline(inside)
            last = row is rows[-1]
            self.items(row, group.kind, inside)
            at = row[-1].end
            if last and len(rows) > 1 and row[-1].kind != "COMMA" and takes_comma(group):
                self.add(",")
        self.gap(at, group.end - 1, inside)
        self.newline(indent)
        self.add(group.close)

    def rows(self, group: Piece, indent: int) -> list[list[Piece]]:
        """The items of a bracket by lines: those of the program, else all, each, or as many as there is room for."""
        written = self.written(group.items) if self.is_broken(group) else [group.items]
        rows = [without_comma(group, written[0])] if len(written) == 1 else written
        found: list[list[Piece]] = []
        for row in rows:
            text = self.flat(row, group.kind)
            comma = len(rows) > 1 and row is rows[-1] and row[-1].kind != "COMMA"
            if text is None or len(text) + indent + comma <= WIDTH:
                found.append(row)
            else:
                found += self.split(row, group.kind, indent)
        return found

    def written(self, items: list[Piece]) -> list[list[Piece]]:
        """Items by the lines of the program."""
        rows: list[list[Piece]] = []
        for at, item in enumerate(items):
            if at and "\n" in self.text[items[at - 1].end : item.start] and item.kind != "COMMA":
                rows.append([item])
            elif rows:
                rows[-1].append(item)
            else:
                rows.append([item])
        return rows

    def split(self, items: list[Piece], kind: str, indent: int) -> list[list[Piece]]:
        """Items that are too long for a line: after commas, else before the clauses of a comprehension."""
        parts: list[list[Piece]] = [[]]
        clauses = is_comprehension(items)
        for item in items:
            if clauses and item.kind in ("FOR", "IF") and parts[-1]:
                parts.append([])
            parts[-1].append(item)
            if item.kind == "COMMA" and not clauses:
                parts.append([])
        parts = [part for part in parts if part]
        widths = [len(self.flat(part, kind) or " " * WIDTH) for part in parts]
        if clauses or max(widths) > SHORT:
            return parts
        rows: list[list[Piece]] = [[]]
        used = indent
        for part, width in zip(parts, widths, strict=True):
            if used + width + 1 > WIDTH and rows[-1]:
                rows.append([])
                used = indent
            rows[-1] += part
            used += width + 1
        return rows


def overflow(lines: list[Line]) -> int:
    """By how many columns lines are too long, in all."""
    return sum(max(0, line.width() - WIDTH) for line in lines)


def is_comprehension(items: Sequence[Piece]) -> bool:
    return any(item.kind == "FOR" for item in items)


def takes_comma(group: Piece) -> bool:
    """May a comma stand before the closing bracket, with nothing changed?"""
    if is_comprehension(group.items):
        return False
    if group.kind in (PAREN, INDEX):
        return any(item.kind == "COMMA" for item in group.items)
    return group.kind in (CALL, LIST, DICT)


def without_comma(group: Piece, row: list[Piece] | None = None) -> list[Piece]:
    """What is in a bracket, or the last row of it, without a comma at the end; that of `(a,)` and of `x[0,]` stays."""
    items = group.items if row is None else row
    if len(items) < 2 or items[-1].kind != "COMMA":
        return items
    alone = sum(item.kind == "COMMA" for item in group.items) == 1
    return items if alone and group.kind in (PAREN, INDEX) else items[:-1]
