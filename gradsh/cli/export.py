"""`gradsh export --to latex|torch FILE`: a program as PyTorch's, or a name's formula and derivatives. Runs nothing.

gradsh export --to torch FILE [-o FILE.py]    a PyTorch program that prints the same
gradsh export --to latex FILE NAME            the formula of what a name stands for, and of its derivatives
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping

from gradsh.calls.suggest import suggest
from gradsh.cli.options import Options, UsageError, gradshs, read, say
from gradsh.errors import GradshError, Refused, Source, Span, WarningRecord
from gradsh.files import Files, concealed, decode, shows_lines
from gradsh.language import calculus, nodes
from gradsh.language.calculus import NoFormula
from gradsh.language.exporting import Warned, exported
from gradsh.language.latex import latex
from gradsh.language.latex import name as symbol
from gradsh.language.nodes import Expr
from gradsh.language.places import Program
from gradsh.language.program import understood
from gradsh.lints.reading import Reading
from gradsh.session.check import Table, table
from gradsh.view.diagnostics import write

Called = Callable[[Expr], tuple[str, list[Expr]]]


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("--to", choices=["latex", "torch"], required=True, metavar="latex|torch", help="the form")
    parser.add_argument("-o", dest="out", metavar="FILE.py", help="of torch: write it there, what it uses beside it")
    parser.add_argument("-c", dest="code", metavar="CODE", help="the program, in place of a file")
    parser.add_argument("what", nargs="*", metavar="FILE NAME")


def run(options: Options) -> int:
    file, data, name = _asked(options)
    if options.given.to == "torch" and name is not None:
        raise UsageError("--to torch takes a program as a whole, and no name of it", "gradsh export --help")
    if options.given.to == "latex" and options.given.out is not None:
        raise UsageError("-o belongs to --to torch", "gradsh export --help")
    builtins = table()
    files = Files(sandboxed=bool(options.sandbox))
    text = decode(file, data)
    try:
        if not isinstance(text, str):
            raise Refused([text])
        source = Source(file, text)
        tree, resolution, uses = understood(source, {}, builtins, files=files)
        if options.given.to == "torch":
            return _to_torch(options, files, source, exported(tree, source, resolution, builtins), uses)
    except Refused as refused:
        errors = refused.errors if file[0] == "<" or shows_lines(file, data) else concealed(file, refused.errors)
        write(errors, sys.stderr, color=options.color, style="json" if options.json else options.errors)
        return 3
    except GradshError as error:  # it cannot be written
        write([error], sys.stderr, color=options.color, style="json" if options.json else options.errors)
        return 1
    reading = Reading(tree, source, resolution, builtins, bool(uses))
    what = Formula(reading, builtins, name)
    lines, problem = what.lines()
    if options.json:
        import json

        sys.stdout.write(json.dumps({"export": what.name, "to": "latex", "formulas": lines}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{left} = {right}\n" for left, right in lines))
    if problem:
        sys.stderr.write(f"gradsh: {problem}\n")
    return 1 if problem else 0


def _to_torch(
    options: Options, files: Files, source: Source, made: tuple[str, list[Warned]], uses: Mapping[str, Program]
) -> int:
    """Say or write a program, and those of the files that it uses; warn of what was left out."""
    out = options.given.out
    wanted = [(out, source, made)]
    for path, used in uses.items() if out is not None else ():
        own = Source(used.source.name, used.source.text)
        tree, resolution, _ = understood(own, {}, table(), files=files)
        beside = os.path.join(os.path.dirname(out), os.path.splitext(path)[0] + ".py")
        wanted.append((beside, own, exported(tree, own, resolution, table())))
    for place, text_of, (text, warned) in wanted:
        warnings = [WarningRecord(words, Span(text_of, at, text_of.text.find("\n", at))) for at, words in warned]
        if warnings:
            write(warnings, sys.stderr, color=options.color, style="json" if options.json else options.errors)
        if place is not None:
            os.makedirs(os.path.dirname(place) or ".", exist_ok=True)
            files.write(place, lambda file, text=text: file.write(text.encode()))  # type: ignore[misc]
    if out is None and options.json:
        import json

        say(json.dumps({"export": source.name, "to": "torch", "text": made[0]}, ensure_ascii=False) + "\n")
    elif out is None:
        say(made[0])
    return 0


def _asked(options: Options) -> tuple[str, bytes, str | None]:
    """What the program is called, its text, and the name. Errors: UsageError."""
    what = options.given.what
    if options.given.code is not None:
        if len(what) > 1:
            raise UsageError("with -c, one name at most", "gradsh export --help")
        return "<command line>", options.given.code.encode("utf-8", "surrogateescape"), what[0] if what else None
    if not what or len(what) > 2:
        raise UsageError("a file, and the name of what is wanted", "gradsh export --help")
    return what[0], read(gradshs(what[0], "export")), what[1] if len(what) == 2 else None


class Formula:
    """What a name of a program stands for, as formulas: its own, and one for each variable that it has a slope in."""

    def __init__(self, reading: Reading, builtins: Table, name: str | None) -> None:
        self.reading = reading
        self.builtins = builtins
        self.values: dict[str, Expr] = {}
        self.functions: dict[str, tuple[list[str], Expr]] = {}
        self.name, self.parameters, self.body = self._find(name)

    def lines(self) -> tuple[list[tuple[str, str]], str]:
        """Left and right sides, and what could not be written."""
        variables = self.parameters or self._variables()
        try:
            whole = self.body if self.parameters is not None else self._inlined(self.body)
            shown = latex(calculus.substituted(whole, {}))
        except NoFormula as error:
            return [], f"{self.name or 'this'} is no formula: {error} has none"
        left = symbol(self.name) if self.name else ""
        if self.parameters is not None:
            left += rf"\left({', '.join(map(symbol, self.parameters))}\right)"
        lines = [(left or "f", shown)]
        try:
            found = calculus.gradients(whole, calculus.number(1), self._formula, self.reading.called)
        except NoFormula as error:
            return lines, f"there is no formula for the derivative of {error}"
        for variable in variables:
            if variable in found:
                slope = latex(calculus.simplified(found[variable]))
                lines.append((self._derivative(variable, len(variables)), slope))
        return lines, ""

    def _derivative(self, variable: str, many: int) -> str:
        if self.parameters is not None and many == 1:
            return rf"{symbol(self.name)}'\left({symbol(variable)}\right)"
        d = r"\partial" if many > 1 else r"\mathrm{d}"
        return rf"\frac{{{d} {symbol(self.name) if self.name else 'f'}}}{{{d} {symbol(variable)}}}"

    # --- what the program says -----------------------------------------------------------------------------------

    def _find(self, name: str | None) -> tuple[str, list[str] | None, Expr]:
        last: tuple[str, list[str] | None, Expr] | None = None
        for statement in self.reading.tree.body:
            found: tuple[str, list[str] | None, Expr] | None = None
            if isinstance(statement, nodes.Function) and isinstance(statement.body, Expr):
                found = (statement.name, [p.name for p in statement.parameters], statement.body)
            elif isinstance(statement, nodes.Assign) and isinstance(statement.target, nodes.Name):
                value = statement.value
                if isinstance(value, nodes.Lambda) and isinstance(value.body, Expr):
                    found = (statement.target.name, [p.name for p in value.parameters], value.body)
                elif not isinstance(value, nodes.Lambda):
                    self.values[statement.target.name] = value
                    found = (statement.target.name, None, value)
            elif isinstance(statement, nodes.ExprStmt) and name is None:
                found = ("", None, statement.value)
            if found is not None:
                if found[1] is not None:
                    self.functions[found[0]] = (found[1], found[2])
                last = found if name is None or found[0] == name else last
        if last is None:
            raise UsageError(self._nothing(name), "gradsh export --help")
        return last

    def _nothing(self, name: str | None) -> str:
        if name is None:
            return "there is no expression in the program, and no name that is bound to one"
        near = suggest(name, [*self.values, *self.functions])
        return f"the program binds no expression to '{name}'" + (f"; did you mean {near}?" if near else "")

    def _is_given(self, name: str) -> bool:
        """Is a name bound to a tensor or a number that the program gives, and not to something computed?"""
        value = self.values.get(name)
        if value is None or isinstance(value, nodes.Number):
            return True
        facts = self.reading.facts(value) if isinstance(value, nodes.Call) else None
        return facts is not None and facts.creates

    def _inlined(self, node: Expr, depth: int = 0) -> Expr:
        """The expression with what its names were computed from."""
        if depth > 50:
            raise NoFormula("something that is computed from itself")
        names = {part.name for part in nodes.walk(node) if isinstance(part, nodes.Name)}
        computed = {n: self._inlined(self.values[n], depth + 1) for n in names if not self._is_given(n)}
        return calculus.substituted(node, computed)

    def _variables(self) -> list[str]:
        """What derivatives are by: names with the grad flag where there are any, else all that are no plain numbers."""
        names = {part.name for part in nodes.walk(self._inlined(self.body)) if isinstance(part, nodes.Name)}
        flagged = [n for n in self.values if n in names and self.reading.flag(self.values[n]) is not None]
        return flagged or [n for n in self.values if n in names and not isinstance(self.values[n], nodes.Number)]

    def _formula(self, word: str) -> tuple[str, list[str]] | None:
        facts, signature = self.builtins.facts(word), self.builtins.lookup(word)
        return (facts.formula, [p.name for p in signature.parameters]) if facts and signature else None
