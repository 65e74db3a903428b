"""Statements of Python as gradsh: blocks get braces, comments stay where they are, what has no counterpart is one."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gradsh.language.pasted.expressions import Expressions, NoCounterpart
from gradsh.language.pasted.facts import SCOPES, Facts, dotted, within, yields
from gradsh.language.pasted.names import WITHOUT
from gradsh.language.pasted.text import Comment, moved
from gradsh.language.words import EFFECT_METHODS, MODES

INDENT = "    "
WIDTH = 120
# Methods of lists and dicts that give nothing, and functions that gradsh does not show the value of
QUIET = frozenset(("append", "extend", "insert", "remove", "clear", "update", "sort", "reverse", "manual_seed"))
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
BLOCKS = (ast.For, ast.While, ast.If, ast.With, ast.Try, *FUNCTION, ast.ClassDef)


class Statements(Expressions):
    """Writes a program, statement by statement, into `out`."""

    def __init__(self, text: str, tree: ast.Module, masked: dict[str, str]) -> None:
        self.notes: dict[tuple[int, str], None] = {}
        super().__init__(text, Facts(tree), self.noted)
        self.tree = tree
        self.masked = masked  # names that stand for statements that are gradsh already
        self.remarks: list[Comment] = self.comments()
        self.out: list[str] = []
        self.depth = 0
        self.found: str | None = None  # the list of what the function that is being written yields
        self.caught = ""  # the name of the error whose handler is being written
        self.last: ast.stmt | None = None  # the statement whose value is shown

    def noted(self, line: int, words: str) -> None:
        if not any(said == words for _, said in self.notes):
            self.notes[line, words] = None

    def program(self) -> str:
        """The whole program."""
        body = self.tree.body
        if body and not isinstance(body[-1], BLOCKS):
            self.last = body[-1]
        self.body(body, 0, len(self.lines) + 1)
        while self.out and not self.out[-1]:
            self.out.pop()
        return "\n".join(self.out)

    # --- lines and comments -------------------------------------------------------------------------------------

    def emit(self, text: str) -> None:
        self.out.append(INDENT * self.depth + text if text else "")

    def append(self, text: str) -> None:
        self.out[-1] += text

    def said_before(self, after: int, before: int, column: int = 0) -> None:
        """The comments between two lines that have theirs to themselves, with a blank line where there was one."""
        previous = after
        for comment in self.remarks:
            if comment.alone and not comment.said and after < comment.line < before and comment.column >= column:
                self.blank(previous, comment.line)
                self.emit(comment.text)
                comment.said = True
                previous = comment.line
        if before <= len(self.lines):
            self.blank(previous, before)

    def blank(self, after: int, before: int) -> None:
        """A blank line, where there is one between two lines, and a block has begun before."""
        empty = any(not line.strip() for line in self.lines[after : before - 1])
        if empty and self.out and self.out[-1] and not self.out[-1].split("#")[0].rstrip().endswith("{"):
            self.out.append("")

    def behind(self, first: int, last: int) -> str:
        """The comments that stand behind code on these lines, taken together."""
        found = [c for c in self.remarks if not c.alone and not c.said and first <= c.line <= last]
        for comment in found:
            comment.said = True
        words = " ".join(c.text.lstrip("# \t") if i else c.text for i, c in enumerate(found))
        return f"  {words}" if words else ""

    def body(self, statements: Sequence[ast.stmt], after: int, before: int) -> None:
        """The statements of a block that lies between two lines."""
        count = len(self.out)
        column = statements[0].col_offset if statements else 0
        for statement in statements:
            first = first_line(statement)
            self.said_before(after, first)
            self.statement(statement, before if statement is statements[-1] else None)
            after = statement.end_lineno or first
        self.said_before(after, min(before, self.next_shallower(after, column)), column)
        while len(self.out) > count and not self.out[-1]:
            self.out.pop()
        if self.depth and not any(line.strip() and line.strip()[0] != "#" for line in self.out[count:]):
            self.emit("pass")

    def next_shallower(self, after: int, column: int) -> int:
        """The first line behind a block that has something before the block's column."""
        if not column:
            return len(self.lines) + 1
        for number in range(after + 1, len(self.lines) + 1):
            line = self.lines[number - 1]
            if line.strip() and len(line) - len(line.lstrip()) < column:
                return number
        return len(self.lines) + 1

    def statement(self, node: ast.stmt, limit: int | None = None) -> None:
        count, notes = len(self.out), dict(self.notes)
        try:
            method = getattr(self, "do_" + type(node).__name__, None)
            if method is None:
                raise NoCounterpart(f"`{self.lines[node.lineno - 1].split()[0]}`")
            self.hoist(node)
            method(node)
        except NoCounterpart as problem:
            del self.out[count:]
            self.notes = notes
            self.left_out(node, str(problem))

    def hoist(self, node: ast.stmt) -> None:
        """Bind what a statement binds with `:=` before it; of what may not be computed, or again, it stays."""
        if isinstance(node, (ast.If, ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.Assert, ast.For)):
            part = (
                node.test
                if isinstance(node, (ast.If, ast.Assert))
                else node.iter
                if isinstance(node, ast.For)
                else node
            )
            for named in bound_at_once(part):
                self.emit(f"{self.see(named.target)} = {self.single(named.value)}")
                self.hoisted.append(named)
        elif isinstance(node, ast.While) and not node.orelse:
            self.hoisted += bound_at_once(node.test)

    def left_out(self, node: ast.stmt, why: str) -> None:
        """A statement that has no counterpart stays, as a comment."""
        first, last = first_line(node), node.end_lineno or node.lineno
        self.noted(node.lineno, f"{why} has no counterpart")
        start = self.start(node) if first == node.lineno else self.starts[first - 1] + node.col_offset
        shared = self.shares_line(node) or self.text[self.starts[node.lineno - 1] : start].strip()
        end = self.end(node) if shared else self.starts[last - 1] + len(self.lines[last - 1])
        for line in (" " * node.col_offset + self.text[start:end]).split("\n"):
            self.emit(f"# {line[node.col_offset :] if not line[: node.col_offset].strip() else line.strip()}".rstrip())
        if shared:
            return
        for comment in self.remarks:
            comment.said = comment.said or first <= comment.line <= last

    def simple(self, node: ast.stmt, text: str) -> None:
        """A statement without blocks, with the comment behind it."""
        first, last = node.lineno, node.end_lineno or node.lineno
        for comment in self.remarks:  # those between its lines are in its text
            comment.said = comment.said or first <= comment.line < last
        lines = moved(text, len(INDENT) * self.depth - node.col_offset).split("\n")
        self.emit(lines[0])
        self.out.extend(lines[1:])
        if not self.shares_line(node):
            self.append(self.behind(last, last))

    def shares_line(self, node: ast.stmt) -> bool:
        """Is there another statement behind this one, on its line?"""
        return self.text[self.end(node) :].split("\n")[0].lstrip(" \t;")[:1] not in ("", "#")

    def block(self, head: str, node: ast.AST, statements: Sequence[ast.stmt], line: int, before: int) -> None:
        """A header that begins at `line`, its block in braces; on one line if it was, and is short."""
        first = first_line(statements[0])
        if first == line or self.text[self.starts[first - 1] : self.start(statements[0])].strip():
            self.emit(head + " {")
            header, depth = len(self.out), self.depth
            self.depth += 1
            self.body(statements, first - 1, first + 1)
            self.depth = depth
            inner = [text.strip() for text in self.out[header:]]
            one = "; ".join(inner)
            short = len(inner) == len(statements) and len(one) + len(self.out[header - 1]) < WIDTH
            ends = [text[-1:] for text in inner]
            if short and not {";", "{"} & {*ends[:-1]} and ends[-1] != "}" and "#" not in one:
                del self.out[header:]
                self.append(f" {one} }}")
                return
        else:
            self.emit(head + " {" + self.behind(line, first - 1))
            self.depth += 1
            self.body(statements, max(line, self.header_end(statements[0])), before)
            self.depth -= 1
        self.emit("}")

    def header_end(self, first: ast.stmt) -> int:
        """The line of the colon before a block: the last one before it that is no comment, and not blank."""
        number = first_line(first) - 1
        while number > 0 and self.lines[number - 1].strip()[:1] in ("", "#"):
            number -= 1
        return number

    def after(self, node: ast.stmt) -> int:
        """The line at which what follows a statement begins."""
        return self.next_shallower(node.end_lineno or node.lineno, node.col_offset + 1)

    # --- simple statements --------------------------------------------------------------------------------------

    def do_Expr(self, node: ast.Expr) -> None:
        value = node.value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return self.documentation(node, value.value)
        if isinstance(value, ast.Yield) and self.found:
            item = "None" if value.value is None else self.single(value.value)
            return self.simple(node, f"{self.found}.append({item})")
        if isinstance(value, ast.YieldFrom) and self.found:
            return self.simple(node, f"{self.found}.extend(list({self.see(value.value)}))")
        if isinstance(value, ast.Name) and value.id in self.masked:
            return self.simple(node, self.masked[value.id])
        if self.context is not None and (said := self.saving(value)):
            return self.simple(node, said)
        text = self.kept(node)
        quiet = node is self.last or (isinstance(value, ast.Call) and self.is_quiet(value))
        quiet = quiet or (isinstance(value, ast.Attribute) and value.attr in EFFECT_METHODS)  # not called: it is told
        return self.simple(node, text if quiet else text + ";")

    def is_quiet(self, call: ast.Call) -> bool:
        """Does gradsh show nothing of a call by itself?"""
        if isinstance(call.func, ast.Attribute):
            name = call.func.attr
            own = name in self.facts.functions and name not in self.facts.valued
            return own or name in EFFECT_METHODS or name in QUIET or name.startswith("set_")
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        return name == "print" or (name in self.facts.functions and name not in self.facts.valued)

    def documentation(self, node: ast.stmt, text: str) -> None:
        for line in text.strip().split("\n"):
            self.emit(f"# {line.strip()}".rstrip())

    def do_Assign(self, node: ast.Assign) -> None:
        value = node.value
        if isinstance(value, ast.Name) and value.id in self.masked:
            raise NoCounterpart("this assignment")
        if self.context is not None and self.kept_in_context(node):
            return None
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name) and isinstance(value, ast.Lambda):
            name = self.facts.name(node.targets[0].id)
            return self.simple(node, f"fn {name}({self.parameters(value.args)}) = {self.body_of(value)}")
        return self.simple(node, self.kept(node))

    def do_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.simple(node, f"{self.see(node.target)} = {self.wide(node.value, self.end(node.annotation))}")

    def whole(self, node: ast.stmt) -> None:
        """What reads the same, but for its expressions."""
        self.simple(node, self.kept(node))

    def do_Delete(self, node: ast.Delete) -> None:
        if any(isinstance(target, ast.Attribute) for target in node.targets):
            raise NoCounterpart("`del` of an attribute")
        self.whole(node)

    do_AugAssign = do_Assert = do_Pass = do_Break = do_Continue = whole

    def do_Return(self, node: ast.Return) -> None:
        if self.found is not None:
            return self.simple(node, f"return {self.found}")
        return self.simple(node, self.kept(node))

    def do_Raise(self, node: ast.Raise) -> None:
        said = node.exc
        if said is None and not self.caught:
            raise NoCounterpart("`raise` outside of a handler")
        if said is None:
            message = self.facts.name(self.caught)
        elif isinstance(said, ast.Call) and said.args and not isinstance(said.args[0], ast.Starred):
            message = self.single(said.args[0])
        elif isinstance(said, ast.Constant) or (isinstance(said, ast.Name) and said.id in self.facts.bound):
            message = self.see(said)
        else:
            message = f'"{dotted(said.func if isinstance(said, ast.Call) else said)}"'
        message = f"({message})" if "\n" in message else message
        self.simple(node, f"raise {message}")

    def scoped(self, node: ast.Global | ast.Nonlocal) -> None:
        """`global n` is not needed where `n` is only changed, `n += 1`; a plain `n = 1` makes a name of its own."""
        for function in ast.walk(self.tree):
            body: list[ast.stmt] = getattr(function, "body", [])
            if isinstance(function, FUNCTION) and node in body:
                plain = {name for part in within(body) if not isinstance(part, ast.AugAssign) for name in stored(part)}
                for name in plain.intersection(node.names):
                    raise NoCounterpart(f"`{name} = …` of an outer `{name}`, unlike `{name} += …`,")

    do_Global = do_Nonlocal = scoped

    def do_Import(self, node: ast.Import) -> None:
        kept = [
            alias.name + (f" as {alias.asname}" if alias.asname else "")
            for alias in node.names
            if alias.name.partition(".")[0] == "torch"
        ]
        if kept:
            self.simple(node, f"import {', '.join(kept)}")

    def do_ImportFrom(self, node: ast.ImportFrom) -> None:
        if (node.module or "").partition(".")[0] == "torch":
            names = [alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in node.names]
            self.simple(node, f"from {node.module} import {', '.join(names)}")

    # --- blocks ---------------------------------------------------------------------------------------------------

    def do_If(self, node: ast.If) -> None:
        if self.is_main(node.test):
            self.last = None
            return self.body(node.body, self.header_end(node.body[0]), self.after(node))
        return self.branch(node, "if", self.start(node))

    @staticmethod
    def is_main(test: ast.AST) -> bool:
        """`__name__ == "__main__"`."""
        return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"

    def branch(self, node: ast.If, word: str, at: int) -> None:
        head = f"{word} {self.wide(node.test, at + 2)}"
        rest = node.orelse
        before = first_line(rest[0]) if rest else self.after(node)
        self.block(head, node, node.body, node.lineno, before)
        if rest:
            count = len(self.out)
            if len(rest) == 1 and isinstance(rest[0], ast.If) and self.text.startswith("elif", self.start(rest[0])):
                self.branch(rest[0], "else if", self.start(rest[0]) + 2)
            else:
                self.block("else", node, rest, self.header_of(rest[0], node.body[-1]), self.after(node))
            if self.out[count - 1].rstrip().endswith("}"):  # } else {
                self.out[count - 1] += " " + self.out.pop(count).lstrip()

    def header_of(self, first: ast.stmt, before: ast.stmt) -> int:
        """The line of the `else:` or `except:` before a statement."""
        for number in range(first.lineno, before.end_lineno or before.lineno, -1):
            if self.lines[number - 1].lstrip().startswith(("else", "except", "finally")):
                return number
        return first.lineno

    def do_While(self, node: ast.While) -> None:
        named = [part for part in bound_at_once(node.test) if part in self.hoisted]
        if named:  # bound anew in every round
            self.emit("while true {")
            self.depth += 1
            for part in named:
                self.emit(f"{self.see(part.target)} = {self.single(part.value)}")
            self.emit(f"if not ({self.wide(node.test, self.start(node) + 5)}) {{ break }}")
            self.body(node.body, self.header_end(node.body[0]), self.after(node))
            self.depth -= 1
            return self.emit("}")
        head = f"while {self.wide(node.test, self.start(node) + 5)}"
        self.block(head, node, node.body, node.lineno, self.after(node))
        return self.after_loop(node)

    def do_For(self, node: ast.For) -> None:
        target = self.wide(node.target, self.start(node) + 3)
        if (names := self.written_out(node)) is not None:
            for name in names:
                self.emit(f"{target} = {self.see(name)}")
                self.spelled[target] = str(name.value)
                self.body(node.body, self.header_end(node.body[0]), self.after(node))
            del self.spelled[target]
            return
        target = target[1:-1] if target == f"({self.see(node.target)})" else target
        items = self.wide(node.iter, self.end(node.target))
        self.block(f"for {target} in {items}", node, node.body, node.lineno, self.after(node))
        self.after_loop(node)

    def written_out(self, node: ast.For) -> list[ast.Constant] | None:
        """The names that a loop goes through, if it asks for attributes by them: `for n in ["a"]: getattr(x, n)`."""
        items = node.iter.elts if isinstance(node.iter, (ast.List, ast.Tuple)) else []
        if not items or not isinstance(node.target, ast.Name):
            return None
        names = [item for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
        inner = list(within(node.body))
        asks = any(
            isinstance(part, ast.Call)
            and dotted(part.func) == "getattr"
            and dotted(part.args[-1]) == dotted(node.target)
            for part in inner
            if not isinstance(part, ast.Call) or part.args
        )
        if not asks or len(names) != len(items) or node.orelse:
            return None
        return None if any(isinstance(part, (ast.Break, ast.Continue)) for part in inner) else names

    def after_loop(self, node: ast.For | ast.While) -> None:
        """The `else` of a loop: what follows it, if nothing breaks out of it."""
        if not node.orelse:
            return
        if any(isinstance(part, ast.Break) for part in within(node.body)):
            raise NoCounterpart("the `else` of a loop with `break`")
        self.body(node.orelse, self.header_end(node.orelse[0]), self.after(node))

    def do_With(self, node: ast.With) -> None:
        self.managed(node, list(node.items))

    def managed(self, node: ast.With, items: list[ast.withitem]) -> None:
        """One context manager around the others; what computes nothing is left out."""
        if not items:
            return self.body(node.body, self.header_end(node.body[0]), self.after(node))
        item, *others = items
        head, first = self.mode(item)
        if head is None:
            return self.managed(node, others)
        if not others and first is None:
            return self.block(head, node, node.body, node.lineno, self.after(node))
        self.emit(head + " {")
        self.depth += 1
        if first is not None:
            self.emit(first)
        self.managed(node, others)
        self.depth -= 1
        return self.emit("}")

    def mode(self, item: ast.withitem) -> tuple[str | None, str | None]:
        """`no_grad` for `torch.no_grad()`, None for what can be left out; and what its block begins with.

        Errors: NoCounterpart.
        """
        call = item.context_expr
        function = call.func if isinstance(call, ast.Call) else call
        path = self.path(function) or dotted(function) or ""
        if path.startswith(WITHOUT):
            self.noted(call.lineno, f"`with {path}` is left out")
            return None, None
        name = path.rpartition(".")[2]
        if item.optional_vars is not None or not (path.startswith("torch.") or path == name):
            raise NoCounterpart(f"`with {path or '…'}`")
        arguments = call.args if isinstance(call, ast.Call) else []
        keywords = call.keywords if isinstance(call, ast.Call) else []
        said = ", ".join([*map(self.see, arguments), *(f"{k.arg}={self.see(k.value)}" for k in keywords)])
        fixed = arguments[0].value if arguments and isinstance(arguments[0], ast.Constant) else None
        if name == "set_grad_enabled":
            return (
                ("no_grad", f"set_grad_enabled({said})")
                if fixed is None
                else ("enable_grad" if fixed else "no_grad", None)
            )
        if name == "set_detect_anomaly":
            return "detect_anomaly" if fixed else None, None
        if name not in MODES:
            raise NoCounterpart(f"`with {path}`")
        return f"{name}({said})" if said else name, None

    def do_Try(self, node: ast.Try) -> None:
        if node.finalbody:
            self.noted(node.lineno, "`finally` has no counterpart: its lines stand behind, and an error goes past them")
        if not node.handlers:
            self.body(node.body, self.header_end(node.body[0]), first_line(node.finalbody[0]))
        else:
            handler = node.handlers[0]
            if len(node.handlers) > 1:
                self.noted(handler.lineno, "`catch` takes every error: the first `except` is kept")
            self.block("try", node, [*node.body, *node.orelse], node.lineno, handler.lineno)
            count = len(self.out)
            again = any(isinstance(part, ast.Raise) and part.exc is None for part in within(handler.body))
            outer, self.caught = self.caught, handler.name or self.facts.unused("error")
            name = f" {self.facts.name(self.caught)}" if handler.name or again else ""
            self.block(f"catch{name}", handler, handler.body, handler.lineno, self.after(node))
            self.caught = outer
            self.out[count - 1] += " " + self.out.pop(count).lstrip()
        if node.finalbody:
            self.body(node.finalbody, self.header_end(node.finalbody[0]), self.after(node))

    # --- functions ------------------------------------------------------------------------------------------------

    def do_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.function(node, f"fn {self.facts.name(node.name)}", 0)

    def function(self, node: ast.FunctionDef, name: str, without: int) -> None:
        """A function, under a head that says its name, without the first so many parameters."""
        around, others = self.decorations(node)
        head = f"{name}({self.parameters(node.args, without)})"
        outer, self.found = self.found, None
        own, last = self.last, None
        self.last = last
        try:
            if yields(node):
                self.generator(node, head)
            elif around:
                self.emit(head + " {" + self.behind(node.lineno, node.body[0].lineno - 1))
                self.depth += 1
                self.block(around, node, node.body, node.lineno, self.after(node))
                self.depth -= 1
                self.emit("}")
            elif not self.as_expression(node, head):
                self.block(head, node, node.body, node.lineno, self.after(node))
        finally:
            self.found, self.last = outer, own
        for decorator in others:
            self.emit(f"{self.facts.name(node.name)} = {decorator}({self.facts.name(node.name)})")

    def decorations(self, node: ast.FunctionDef) -> tuple[str | None, list[str]]:
        """The mode that a function runs in, and the functions that it is given to, the innermost first."""
        around, others = None, []
        for decorator in reversed(node.decorator_list):
            function = decorator.func if isinstance(decorator, ast.Call) else decorator
            path = self.path(function) or dotted(function) or ""
            name = path.rpartition(".")[2]
            if name in ("staticmethod", "once_differentiable"):
                continue
            bare = path == name and name not in self.facts.bound  # imported earlier, or gradsh's own
            if (bare or path.startswith("torch.")) and name in MODES:
                around = name
            elif path.startswith("torch."):  # compile, jit.script: they change no result
                self.noted(decorator.lineno, f"`@{path}` is left out")
            elif name in ("property", "classmethod", "setter", "dataclass", "abstractmethod"):
                raise NoCounterpart(f"`@{name}`")
            else:
                others.append(self.see(decorator))
        return around, others

    def as_expression(self, node: ast.FunctionDef, head: str) -> bool:
        """`fn f(x) = …`, where a function does nothing but give back something short."""
        only = node.body[0]
        if len(node.body) > 1 or not isinstance(only, ast.Return) or only.value is None:
            return False
        if any(c.alone and not c.said and node.lineno < c.line <= (node.end_lineno or 0) for c in self.remarks):
            return False
        text = f"{head} = {self.wide(only.value, self.start(only) + len('return'))}"
        if "\n" in text or len(text) + len(INDENT) * self.depth > WIDTH:
            return False
        self.emit(text)
        self.append(self.behind(node.lineno, only.end_lineno or only.lineno))
        return True

    def generator(self, node: ast.FunctionDef, head: str) -> None:
        """A function that yields, as one that gives all of it in a list."""
        for part in within(node.body):
            endless = isinstance(part, ast.While) and isinstance(part.test, ast.Constant)
            if endless and not any(isinstance(p, (ast.Break, ast.Return)) for p in within(part.body)):  # type: ignore[attr-defined]
                raise NoCounterpart("a generator without end")
        self.noted(node.lineno, f"`{node.name}` gives a list, all made at once")
        self.found = self.facts.unused("found")
        self.emit(head + " {" + self.behind(node.lineno, node.body[0].lineno - 1))
        self.depth += 1
        self.emit(f"{self.found} = []")
        self.body(node.body, self.header_end(node.body[0]), self.after(node))
        self.emit(f"return {self.found}")
        self.depth -= 1
        self.emit("}")

    # --- operators' own words, which classes.py knows -------------------------------------------------------------

    def saving(self, value: ast.expr) -> str | None:
        """`ctx.save_for_backward(…)`."""
        raise NotImplementedError

    def kept_in_context(self, node: ast.Assign) -> bool:
        """`ctx.size = …`, and `a, b = ctx.saved_tensors`."""
        raise NotImplementedError


def bound_at_once(node: ast.AST) -> list[ast.NamedExpr]:
    """What an expression binds with `:=` whatever its parts are, those inside of others first."""
    found: list[ast.NamedExpr] = []
    parts = list(ast.iter_child_nodes(node))
    if isinstance(node, (ast.BoolOp, ast.IfExp)):  # the rest is not always computed
        parts = [node.test if isinstance(node, ast.IfExp) else node.values[0]]
    elif isinstance(node, (*SCOPES, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        parts = []
    for part in parts:
        if not isinstance(part, ast.stmt):
            found += bound_at_once(part)
    return [*found, node] if isinstance(node, ast.NamedExpr) else found


def stored(node: ast.AST) -> list[str]:
    """The names that an assignment itself binds."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]


def first_line(node: ast.stmt) -> int:
    """The line on which a statement begins, with what decorates it."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])
