"""`gradsh fmt`: text changes, trees do not, comments stay, and what is canonical stays as it is."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from gradsh.errors import Refused, Source
from gradsh.language import syntax
from gradsh.language.brackets import PIECE
from gradsh.language.formatting import formatted
from gradsh.language.pasted import converted
from gradsh.runtime.builtins import BUILTINS
from tests.conftest import ROOT, Gradsh
from tests.fuzz import generated
from tests.record.pasted import programs

COMMANDS = list(BUILTINS.commands())
FOLDERS = (
    "examples",
    "examples/looking",
    "examples/notebooks",
    "tests/twins",
    "tests/lints",
    "tests/looking",
    "gradsh/lib",
)
FILES = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.grad"))]


def fmt(text: str) -> str:
    return formatted(Source("<text>", text), COMMANDS)


def comments(text: str) -> list[str]:
    """The comments of a program, in the order of the text."""
    pieces = (match.group() for match in PIECE.finditer(text))
    return [piece.rstrip() for piece in pieces if piece[0] == "#"]


def check(text: str) -> str:
    """The canonical text; formatting it again changes nothing, and every comment is there. The tree is `fmt`'s own."""
    once = fmt(text)
    assert fmt(once) == once
    assert comments(once) == comments(text)
    assert all(line == line.rstrip() for line in once.split("\n") if '"' not in line)
    return once


STYLE = [
    ("let x=1;y  =x+ 2", "let x = 1; y = x + 2"),
    ("x = f( a,b = 2 , *c )[ 0,1 : n ]", "x = f(a, b=2, *c)[0, 1:n]"),
    ("y = -x ** 2 - - 3 * ~a@b", "y = -x**2 - -3 * ~a @ b"),
    ("fn f(x ,y=1)=x|>g( 2 )\nlet h = fn (x)= x", "fn f(x, y=1) = x |> g(2)\nlet h = fn(x) = x"),
    (
        "print [1,2],(a+b)*2, not x\nbackward z,retain_graph",
        "print [1, 2], (a + b) * 2, not x\nbackward z, retain_graph",
    ),
    ("save_for_backward a,out = a**b", "save_for_backward a, out=a**b"),
    ('let d={"a":1,  "b" : {}}', 'let d = {"a": 1, "b": {}}'),
    ("if x>0{y}else if x {z;}\nelse{ w }", "if x > 0 { y } else if x { z; } else { w }"),
    (
        "for i in range(3){\nx.add_(1) ;# in place\n\n\n\n# then\n}",
        "for i in range(3) {\n    x.add_(1);  # in place\n\n    # then\n}",
    ),
    ("x\n\n\n\n\ny\n\n\n", "x\n\n\ny"),
    ("a = 1 # one\nbcd = 2 # two", "a = 1  # one\nbcd = 2  # two"),
    ("a = 1   # one\nbcd = 2 # two", "a = 1    # one\nbcd = 2  # two"),
    ("x = f(a,\n      b,)", "x = f(a, b)"),
    ("x = f(\na,b,\nc)", "x = f(\n    a, b,\n    c,\n)"),
    ("t = tensor([\n[1,2],\n[3,4]\n])", "t = tensor([\n    [1, 2],\n    [3, 4],\n])"),
    ("x = (a # left\n + b)", "x = (\n    a  # left\n    + b\n)"),
    ("let z = net(x)\n  |> relu\n    |> sum(0)", "let z = net(x)\n    |> relu\n    |> sum(0)"),
    ("fn f() { }\ntry{ a } catch e{}", "fn f() { }\ntry { a } catch e { }"),
    ("#! /usr/bin/env gradsh\n\n#  kept\nx", "#! /usr/bin/env gradsh\n\n#  kept\nx"),
    ("a=b=  3;raise  'no'", "a = b = 3; raise 'no'"),
    ("d = { k:-v for k,v in ps if v}\nsum( v for v in xs )", "d = {k: -v for k, v in ps if v}\nsum(v for v in xs)"),
    ("(a ,)\nx[0 ,]\n[1,]", "(a,)\nx[0,]\n[1]"),
    ('let s = """a\n  b""" + f\'{ x }\'', 'let s = """a\n  b""" + f\'{ x }\''),
]


@pytest.mark.parametrize(("text", "wanted"), STYLE)
def test_style(text: str, wanted: str) -> None:
    assert check(text) == wanted + "\n"


def test_long_lines_are_broken_at_brackets() -> None:
    words = ", ".join(f"argument_{i}=value_{i}" for i in range(4))
    assert check(f"let {'x' * 40} = something(first({words}), second)") == (
        f"let {'x' * 40} = something(\n    first({words}), second\n)\n"
    )
    rows = check(f"let numbers = [{', '.join(str(i) for i in range(60))}]").split("\n")
    assert len(rows) == 5 and all(len(row) <= 120 for row in rows) and rows[2].endswith(" 59,")
    clauses = check(f"let items = [compute({words}) for value in {'values' * 5} if {'condition' * 5}(value)]")
    assert [line.split()[0] for line in clauses.split("\n")[:-1]] == [
        "let",
        "compute(argument_0=value_0,",
        "for",
        "if",
        "]",
    ]
    assert check(f"if {'a' * 60} {{ {'b' * 60} }}") == f"if {'a' * 60} {{\n    {'b' * 60}\n}}\n"


def test_every_program_keeps_its_tree_and_its_comments() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        once = check(text)
        assert once == text or not path.is_relative_to(ROOT / "examples"), f"gradsh fmt {path}"


def respaced(text: str, draws: Random) -> str:
    """A program with other blanks, line ends and comments between its tokens, and the same tree."""
    seen: list[syntax.Token] = []
    source = Source("<text>", text)
    syntax.parse(source, COMMANDS, seen)
    said: list[str] = []
    inside: list[str] = []
    at = 0
    for token in seen:
        between = source.text[at : token.start_pos]
        free = inside and inside[-1] != "BLOCK"
        if token.type == "END":
            value = token.value
            if ";" not in value:
                value = draws.choice(
                    [value, value + "\n\n\n", "   # said\n" + value, "\n # apart\n\n" + value + "    "]
                )
            said += [between, value]
        elif free and draws.random() < 0.2:
            said += [draws.choice([between + "\n", "  " + between, between + " # in\n  # two\n"]), token.value]
        elif between and draws.random() < 0.3:
            said += [between + "  ", token.value]
        else:
            said += [between, token.value]
        if token.type in syntax.CLOSED_BY:
            inside.append(token.type)
        elif token.type in syntax.CLOSING:
            inside.pop()
        at = token.end_pos
    return "".join(said) + source.text[at:]


def test_the_command(gradsh: Gradsh, tmp_path: Path) -> None:
    good, bad, wrong = (tmp_path / name for name in ("good.grad", "bad.grad", "wrong.grad"))
    good.write_text("let x = 1\n")
    bad.write_bytes(b"\xef\xbb\xbflet x=1\r\n")
    wrong.write_text("let x 1\ny=2\n")
    bad.chmod(0o640)
    done = gradsh("fmt", "--check", str(good), str(bad))
    assert (done.returncode, done.stdout, done.stderr) == (1, f"{bad}\n", "")
    assert bad.read_bytes().endswith(b"\r\n")
    done = gradsh("fmt", str(wrong), str(bad))
    assert (done.returncode, done.stdout) == (3, f"{bad}\n") and done.stderr.startswith("error[E0101]")
    assert bad.read_bytes() == b"let x = 1\n" and bad.stat().st_mode & 0o777 == 0o640
    assert wrong.read_text() == "let x 1\ny=2\n"
    done = gradsh("fmt", "-", input="let x=1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "let x = 1\n", "")


def others() -> list[str]:
    """Programs that nobody has laid out."""
    found = [python.text for text in programs().values() if (python := converted(text)) is not None]
    return found + [generated.make(Random(seed))["program"] for seed in range(8)]


def test_whatever_is_between_the_tokens() -> None:
    draws = Random(7)
    for text in others():
        other = respaced(text, draws)
        try:
            tree = syntax.parse(Source("<text>", other), COMMANDS)
        except Refused:
            continue  # a line end where it means something
        assert tree.body
        check(other)
