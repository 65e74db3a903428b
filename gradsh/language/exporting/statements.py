"""Statements, with the comments and blank lines between them."""

from __future__ import annotations

import re

from gradsh.language import nodes
from gradsh.language.exporting.calls import Calls
from gradsh.language.exporting.expressions import DATA
from gradsh.language.exporting.helpers import helpers
from gradsh.language.exporting.kinds import DICT, LIST, MODULE, NONE, NUMBER, OPTIMISER, STRING, TENSOR, TUPLE
from gradsh.language.exporting.names import Place
from gradsh.language.exporting.paths import NOWHERE, paths
from gradsh.language.nodes import Expr, Node, Stmt
from gradsh.language.scanning import scan
from gradsh.language.scripts import NoLiteral, literal

INDENT = "    "
CERTAIN = (TENSOR, NUMBER, LIST, TUPLE, DICT, MODULE, OPTIMISER)  # they print as they are shown
GIVE_NOTHING = ("append", "extend", "insert", "update", "clear")  # methods of lists and dicts
FIRST = ("import argparse", "import builtins", "import copy", "import json", "import math", "import os", "import time")


class Statements(Calls):
    """The text of statements, line by line."""

    def begin(self) -> None:
        self.lines: list[str] = []
        self.indent = 0
        self.behind = False  # is the line before the end of a function or class?
        self.depth = 0  # functions and classes around what is written
        self.at = 0  # up to where the comments of the program have been written
        self.comments = comments(self.source.text)
        self.parser = ""  # the variable with the script's arguments, once they have been read
        self.function: Node | None = None

    def level(self) -> int:
        return self.depth

    def program(self) -> str:
        """The whole text."""
        self.begin()
        self.block(self.tree.body, len(self.source.text))
        body = "\n".join(self.lines).strip("\n")
        own = [helpers()[name] for name in sorted(self.helpers)]
        self.imports |= {line for _, needed in own for line in needed}
        if self.of_data:
            self.imports.add(f"from {DATA} import {', '.join(sorted(self.of_data))}")
        head, body = heading(body)
        imports = sorted(self.imports, key=lambda line: (line not in FIRST, line.startswith("from"), line))
        parts = ["\n".join(imports), *(self.renamed(text) for text, _ in own)]
        before = "\n\n\n".join(part for part in parts if part)
        gap = "\n\n\n" if own or body.startswith(("def ", "class ")) else "\n\n"
        return f"{head}{before}{gap if before else ''}{body}\n"

    def renamed(self, helper: str) -> str:
        """A helper under a name that the program does not have."""
        for name in helpers():
            if name in self.helpers and self.free(name) != name:
                helper = re.sub(rf"\b{name}\(", f"{self.free(name)}(", helper)
        return helper

    # --- lines ----------------------------------------------------------------------------------------------------

    def put(self, text: str) -> None:
        if self.behind and not self.indent:
            self.behind = False
            self.end_with_blanks(len(self.lines))
        self.lines.append(INDENT * self.indent + text)

    def end_with_blanks(self, place: int) -> None:
        """Two blank lines before a line, the first one aside."""
        while place and not self.lines[place - 1]:
            place -= 1
            del self.lines[place]
        if place:
            self.lines[place:place] = ["", ""]

    def apart(self) -> None:
        """Before a function or class of the top level and its comments: two blank lines."""
        place = len(self.lines)
        while place and self.lines[place - 1].startswith("#"):
            place -= 1
        if self.level() == 0 and not self.indent:
            self.behind = False
            self.end_with_blanks(place)

    def ends_apart(self) -> None:
        """Behind it, likewise."""
        self.behind = self.level() == 0 and not self.indent

    def remark(self, until: int) -> None:
        """The comments up to an offset of the program, and a blank line where it has one."""
        text = self.source.text
        for start, comment in self.comments:
            if self.at <= start < until:
                line_begins = text.rfind("\n", 0, start) + 1
                if text[line_begins:start].strip(" \t}") and self.lines and self.lines[-1].strip():
                    self.lines[-1] += f"  {comment}"
                else:
                    self.blank(start)
                    self.put(comment)
                self.at = start + len(comment)
        self.at = max(self.at, until)

    def blank(self, offset: int) -> None:
        """A blank line, where the program has one before an offset."""
        before = self.source.text[:offset].rstrip(" \t")
        if before.endswith("\n\n") and self.lines and self.lines[-1].strip() and not self.lines[-1].endswith(":"):
            self.lines.append("")

    def block(self, body: list[Stmt], end: int) -> None:
        """Statements, and the comments behind them up to `end`."""
        written = len(self.lines)
        for statement in body:
            self.remark(statement.start)
            self.blank(statement.start)
            if self.depth == 0 and statement.blocks():  # the name of a loop is bound in it
                self.bound.update(statement.binds())
            self.statement(statement)
            if self.depth == 0:
                self.bound.update(statement.binds())
        self.remark(end)
        if not any(line.strip() and not line.strip().startswith("#") for line in self.lines[written:]) and self.indent:
            self.put("pass")

    def statement(self, node: Stmt) -> None:
        begins = self.source.text.rfind("\n", 0, node.start) + 1
        column = len(self.source.text[begins : node.start]) - len(self.source.text[begins : node.start].lstrip())
        shift, self.shift = self.shift, max(0, len(INDENT) * self.indent - column)
        before, self.before = self.before, []
        place = len(self.lines)
        getattr(self, "do_" + type(node).__name__)(node)
        if self.before:
            gap = ["", ""] if self.level() == 0 and not self.indent else []
            self.lines[place:place] = [*gap, *self.before, *gap]
        self.before, self.shift = before, shift
        self.at = max(self.at, node.start)
        if not node.blocks() and not isinstance(node, nodes.Definition):
            self.at = max(self.at, node.end)

    def inner(self, header: str, body: list[Stmt], end: int, at: int | None = None) -> None:
        """A line that ends with a colon, and what stands under it; `at`: where its block begins in the program."""
        self.put(header)
        if at is not None:
            self.remark(at)
        self.indent += 1
        self.block(body, end)
        self.indent -= 1

    # --- functions ------------------------------------------------------------------------------------------------

    def define(self, name: str, node: nodes.Lambda) -> None:
        lines, self.lines = self.lines, []
        self.function_def(name, node.parameters, node.body, node)
        self.before += self.lines
        self.lines = lines

    def function_def(
        self, name: str, parameters: list[nodes.Parameter], body: Expr | list[Stmt], node: Node, first: str = ""
    ) -> None:
        """`first`: a parameter before the program's own, with its comma."""
        listed = first + ", ".join(map(self.text, parameters))
        outer, self.function = self.function, node
        self.depth += 1
        self.put(f"def {name}({listed.removesuffix(', ')}):")
        self.indent += 1
        for table, word in ((self.resolution.outward, "global"), (self.resolution.nonlocals, "nonlocal")):
            names = [n for n in table.get(id(node), []) if not self.own(n, self.owner_of(node, n)).startswith("self.")]
            if names:
                self.put(f"{word} {', '.join(map(self.spelled, names))}")
        if isinstance(body, list):
            self.block(body, node.end)
        else:
            before, self.before = self.before, []
            value = self.whole(body)
            self.lines += self.before
            self.before = before
            self.put(f"return {value}")
            self.at = max(self.at, node.end)
        self.indent -= 1
        self.depth -= 1
        self.function = outer

    def owner_of(self, node: Node, name: str) -> Place | None:
        place = self.names.scopes.get(id(node))
        return place.find(name) if place is not None else None

    def do_Function(self, node: nodes.Function) -> None:
        self.apart()
        self.function_def(self.spelled(node.name), node.parameters, node.body, node)
        self.ends_apart()

    def do_Return(self, node: nodes.Return) -> None:
        self.put("return" if node.value is None else f"return {self.whole(node.value)}")

    # --- assignments ----------------------------------------------------------------------------------------------

    def do_Assign(self, node: nodes.Assign) -> None:
        value = node.value
        if isinstance(value, nodes.Lambda) and isinstance(value.body, list) and isinstance(node.target, nodes.Name):
            target = self.text(node.target)
            if target.isidentifier():
                self.apart()
                self.function_def(target, value.parameters, value.body, value)
                self.ends_apart()
                return
        text = self.whole(value)
        self.put(f"{self.text_of_target(node.target)} = {text}")

    def text_of_target(self, target: Expr) -> str:
        if isinstance(target, nodes.Name):
            return self.own(target.name, self.names.owner.get(id(target)))
        if isinstance(target, (nodes.TupleExpr, nodes.ListExpr)):
            items = [self.text_of_target(item) for item in target.items]
            return f"({items[0]},)" if len(items) == 1 else ", ".join(
                f"({item})" if isinstance(part, (nodes.TupleExpr, nodes.ListExpr)) and len(part.items) > 1 else item
                for item, part in zip(items, target.items, strict=True)
            )  # fmt: skip
        if isinstance(target, nodes.Unpacked):
            return f"*{self.text_of_target(target.value)}"
        return self.text(target)

    def do_Chain(self, node: nodes.Chain) -> None:
        others = node.others.items if isinstance(node.others, nodes.TupleExpr) else [node.others]
        targets = [self.text_of_target(target) for target in (node.target, *others)]
        self.put(" = ".join([*targets, self.whole(node.value)]))

    def do_AugAssign(self, node: nodes.AugAssign) -> None:
        target, value = self.text_of_target(node.target), self.whole(node.value)
        if self.kinds.of(node.target) == LIST and node.op in "+*":  # in gradsh the list is another one then
            self.put(f"{target} = {target} {node.op} {value}")
        else:
            self.put(f"{target} {node.op}= {value}")

    def do_Del(self, node: nodes.Del) -> None:
        self.put("del " + ", ".join(map(self.text, node.targets)))

    def do_Param(self, node: nodes.Param) -> None:
        """The first one reads the command line, for all of them."""
        if not self.parser:
            self.parser = self.free("arguments")
            parser = self.free("parser")
            self.put(f"{parser} = {self.module('argparse')}.ArgumentParser()")
            for each in self.tree.body:
                if isinstance(each, nodes.Param):
                    self.put(f"{parser}.add_argument({self.option(each)})")
            self.put(f"{self.parser} = {parser}.parse_args()")
        given = f"{self.parser}.{self.spelled(node.name)}"
        if self.option_default(node) is None:
            given = f"{self.whole(node.value)} if {given} is None else {given}"
        self.put(f"{self.spelled(node.name)} = {given}")

    @staticmethod
    def option_default(node: nodes.Param) -> object:
        try:
            return literal(node.value)
        except NoLiteral:
            return None

    def option(self, node: nodes.Param) -> str:
        value = self.option_default(node)
        words = [repr("--" + node.name)]
        if self.spelled(node.name) != node.name:
            words.append(f"dest={self.spelled(node.name)!r}")  # `--lambda`, whose attribute no Python can read
        if isinstance(value, bool):
            words.append(f"action={self.module('argparse')}.BooleanOptionalAction")
        elif isinstance(value, (list, tuple)):
            words.append(f"type={self.module('ast')}.literal_eval")
        elif isinstance(value, (int, float, str)):
            words.append(f"type={type(value).__name__}")
        if value is not None:
            words.append(f"default={self.text(node.value)}")
        if node.comment:
            words.append(f"help={node.comment!r}")
        return ", ".join(words)

    # --- expressions and commands ---------------------------------------------------------------------------------

    def do_ExprStmt(self, node: nodes.ExprStmt) -> None:
        value = node.value
        function = value.function if isinstance(value, nodes.Call) else None
        if isinstance(value, nodes.Pipe):
            function = value.right.function if isinstance(value.right, nodes.Call) else value.right
        word = self.resolution.references.get(id(function))
        if word is not None and self.is_missing(word):
            self.left_out(node, word)
            return
        if word == "zero_grad" and isinstance(value, nodes.Call):
            self.zeroed(value, value.arguments)
            return
        text = self.whole(value)
        if node.muted or id(value) in self.resolution.quiet or self.gives_nothing(value):
            self.put(text)
        else:
            self.echo(value, text)

    def gives_nothing(self, value: Expr) -> bool:
        function = value.function if isinstance(value, nodes.Call) else None
        is_method = isinstance(function, nodes.Attribute) and function.name in GIVE_NOTHING
        return is_method or self.kinds.of(value) == NONE

    def echo(self, value: Expr, text: str) -> None:
        kind = self.kinds.of(value)
        if isinstance(value, nodes.TupleExpr) and not value.grouped:
            text = f"({text})"  # `1, 2`, which would be two arguments
        if kind in CERTAIN:
            self.put(f"{self.python('print')}({text})")
        elif kind == STRING:
            self.put(f"{self.python('print')}({self.python('repr')}({text}))")
        else:
            self.put(f"{self.helper('echo')}({text})")

    def is_missing(self, word: str) -> bool:
        """Is it a command with no counterpart?"""
        return word in self.resolution.commands and paths().get(word, NOWHERE) == NOWHERE and word not in helpers()

    def left_out(self, node: Node, word: str) -> None:
        self.missing(node, word)
        for number, line in enumerate(self.source.text[node.start : node.end].split("\n")):
            self.put(f"# {'no counterpart in PyTorch: ' if not number else ''}{line.strip()}")
        self.at = max(self.at, node.end)

    def do_Command(self, node: nodes.Command) -> None:
        if id(node) in self.resolution.variables:
            name = nodes.Name(node.start, node.end, node.name)
            place = self.names.top if node.name in self.names.top.values else None
            text = self.own(node.name, place)
            self.put(text) if node.muted else self.echo(name, text)
        elif id(node) in self.resolution.saving:
            self.saving(node, node.arguments)
        elif node.name == "print":
            self.put(self.joined(self.call_of(self.python("print"), node.arguments)))
        elif self.is_missing(node.name):
            self.left_out(node, node.name)
        elif node.name == "zero_grad":
            self.zeroed(node, node.arguments)
        else:
            text = self.own_way(node, node.name, node.arguments) or self.call_of(
                self.reference(node.name), node.arguments
            )
            if node.muted or id(node) in self.resolution.quiet:
                self.put(text)
            else:
                self.put(f"{self.helper('echo')}({text})")

    def zeroed(self, node: Node, arguments: list[nodes.Argument]) -> None:
        kinds = [self.kinds.of(argument.value) for argument in arguments]
        if not all(kind in (TENSOR, MODULE, OPTIMISER) for kind in kinds):
            self.put(self.call_of(self.helper("zero_grad"), arguments))
            return
        for kind, argument in zip(kinds, arguments, strict=True):
            owner = self.receiver(argument.value)
            self.put(f"{owner}.grad = None" if kind == TENSOR else f"{owner}.zero_grad()")

    def saving(self, node: Node, arguments: list[nodes.Argument]) -> None:
        """`save_for_backward …`."""
        raise NotImplementedError

    # --- blocks ---------------------------------------------------------------------------------------------------

    def do_Mode(self, node: nodes.Mode) -> None:
        if paths().get(node.name, NOWHERE) == NOWHERE:
            self.missing(node, node.name)
            self.put(f"# no counterpart in PyTorch: {node.name}, around what follows")
            self.block(node.body, node.end)
            return
        context = self.call_of(self.reference(node.name), node.arguments)
        self.inner(f"with {context}:", node.body, node.end, self.opening(node, node.body))

    def opening(self, node: Node, body: list[Stmt]) -> int:
        """Where the line ends that opens a block: a comment there belongs to it."""
        first = body[0].start if body else node.end
        end = self.source.text.find("\n", node.start if not body else self.source.text.rfind("{", 0, first))
        return min(first, end if end >= 0 else first)

    def do_If(self, node: nodes.If, word: str = "if") -> None:
        until = node.orelse[0].start if node.orelse else node.end
        closing = self.source.text.rfind("}", node.start, until) if node.orelse else node.end
        condition = self.whole(node.condition)
        self.inner(f"{word} {condition}:", node.body, max(closing, self.at), self.opening(node, node.body))
        if len(node.orelse) == 1 and isinstance(node.orelse[0], nodes.If):
            self.do_If(node.orelse[0], "elif")
        elif node.orelse:
            self.inner("else:", node.orelse, node.end, self.opening(node, node.orelse))

    def do_While(self, node: nodes.While) -> None:
        self.inner(f"while {self.whole(node.condition)}:", node.body, node.end, self.opening(node, node.body))

    def do_For(self, node: nodes.For) -> None:
        header = f"for {self.text_of_target(node.target)} in {self.whole(node.iterable)}:"
        self.inner(header, node.body, node.end, self.opening(node, node.body))

    def do_Repeat(self, node: nodes.Repeat) -> None:
        header = f"for {self.free('_')} in {self.python('range')}({self.text(node.count)}):"
        self.inner(header, node.body, node.end, self.opening(node, node.body))

    def do_Try(self, node: nodes.Try) -> None:
        until = node.handler[0].start if node.handler else node.end
        closing = self.source.text.rfind("}", node.start, until) if node.handler else node.end
        self.inner("try:", node.body, max(closing, self.at), self.opening(node, node.body))
        if node.name is None:
            self.inner("except Exception:", node.handler, node.end, self.opening(node, node.handler))
            return
        fault = self.free("fault")
        self.put(f"except Exception as {fault}:")
        self.remark(self.opening(node, node.handler))
        self.indent += 1
        self.put(f"{self.spelled(node.name)} = str({fault})")
        written = len(self.lines)
        self.block(node.handler, node.end)
        if self.lines[written:] == [INDENT * self.indent + "pass"]:
            self.lines.pop()
        self.indent -= 1

    def do_Break(self, node: nodes.Break) -> None:
        self.put("break")

    def do_Continue(self, node: nodes.Continue) -> None:
        self.put("continue")

    def do_Pass(self, node: nodes.Pass) -> None:
        self.put("pass")

    def do_Assert(self, node: nodes.Assert) -> None:
        message = self.whole(node.message) if node.message is not None else '"assertion failed"'
        self.put(f"assert {self.whole(node.condition)}, {message}")

    def do_Raise(self, node: nodes.Raise) -> None:
        self.put(f"raise RuntimeError({self.text(node.message)})")

    def do_Import(self, node: nodes.Import) -> None:
        pass  # what is used is imported above

    def do_Use(self, node: nodes.Use) -> None:
        path = re.sub(r"\.grad$", "", node.path).removeprefix("./").replace("/", ".")
        if not all(part.isidentifier() for part in path.split(".")):
            self.warned.append((node.start, f"`{node.path}` is no name of a Python module"))
            self.put(f"# not a name of a Python module: {self.source.text[node.start : node.end]}")
        elif node.alias:
            self.put(f"import {path} as {self.spelled(node.alias)}")
        else:
            self.put(f"from {path} import *")


def comments(text: str) -> list[tuple[int, str]]:
    """The comments of a program with their offsets."""
    found: list[tuple[int, str]] = []
    offset = 0
    for kind, piece in scan(text)[0]:
        if kind == "comment":
            found.append((offset, piece.rstrip()))
        offset += len(piece)
    return found


def heading(body: str) -> tuple[str, str]:
    """The comments with which a program begins, and the rest."""
    lines = body.split("\n")
    count = 0
    while count < len(lines) and lines[count].startswith("#"):
        count += 1
    head = "".join(line + "\n" for line in lines[:count] if not line.startswith("#!"))
    return head + ("\n" if head else ""), "\n".join(lines[count:]).strip("\n")
