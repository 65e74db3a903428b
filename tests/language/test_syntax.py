"""The tree of every construct with its spans, what the separators mean, and that no text brings the parser down."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import lark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradsh import errors
from gradsh.language import builder, nodes, strings, syntax
from gradsh.language.mending import offered
from gradsh.language.mistakes import MISTAKES, Mistake
from gradsh.language.pasted import converted
from gradsh.language.words import fill
from gradsh.runtime.builtins import BUILTINS


def parse(text: str) -> nodes.Program:
    return syntax.parse(errors.Source("test.grad", text), BUILTINS.commands())


def only(text: str) -> nodes.Stmt:
    (statement,) = parse(text).body
    return statement


def refused(text: str) -> list[errors.GradshError]:
    with pytest.raises(errors.Refused) as caught:
        parse(text)
    return caught.value.errors


def written(value: object) -> str:
    """A tree in a short form: the class names and fields as a nested call."""
    if isinstance(value, nodes.Node):
        fields = [getattr(value, name) for name in value.fields[2:] if not name.endswith("_start")]
        return f"{type(value).__name__}({', '.join(map(written, fields))})"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(written, value))})"
    return repr(value)


def spans(value: object, text: str) -> list[str]:
    """The text of every node, outer before inner."""
    if isinstance(value, nodes.Node):
        inner = [spans(getattr(value, name), text) for name in value.fields[2:]]
        return [text[value.start : value.end], *(item for items in inner for item in items)]
    if isinstance(value, list | tuple):
        return [item for items in value for item in spans(items, text)]
    return []


TREES_FILE = Path(__file__).parent / "trees.txt"


def read_trees() -> list[tuple[str, str]]:
    """The entries of trees.txt: a program, its lines marked with `|`, and below it its tree."""
    entries = TREES_FILE.read_text(encoding="utf-8").strip("\n").split("\n\n")
    pairs = []
    for entry in entries:
        *program, tree = entry.split("\n")
        pairs.append(("\n".join(line[2:] for line in program), tree))
    return pairs


TREES = read_trees()


@pytest.mark.parametrize("kind", [*nodes.kinds(nodes.Stmt), *nodes.kinds(nodes.Expr)], ids=lambda kind: kind.__name__)
def test_every_class_has_a_tree_on_record(kind: type[nodes.Node]) -> None:
    assert any(re.search(rf"\b{kind.__name__}\(", tree) for _, tree in TREES), f"add one to {TREES_FILE.name}"


@pytest.mark.parametrize(("text", "tree"), TREES, ids=[text for text, _ in TREES])
def test_tree(text: str, tree: str) -> None:
    body = parse(text).body
    assert (f"PROGRAM {written(body)}" if len(body) != 1 else written(body[0])) == tree


SPANS = [
    ("  (a + b) * c", ["(a + b) * c", "(a + b) * c", "(a + b)", "a", "b", "c"]),
    ("let x = f(y , k = 2 )", ["let x = f(y , k = 2 )", "x", "f(y , k = 2 )", "f", "y", "y", "k = 2", "2"]),
    ("x[ 1 : , 2] # c", ["x[ 1 : , 2]", "x[ 1 : , 2]", "x", "1 :", "1", "2"]),
    ("print a.b , -c;", ["print a.b , -c", "a.b", "a.b", "a", "-c", "-c", "c"]),
    ("if a { b } else { c } # d", ["if a { b } else { c }", "a", "b", "b", "c", "c"]),
    ("fn f(x, *y) = (x)", ["fn f(x, *y) = (x)", "x", "*y", "(x)"]),
    ("a , b = c", ["a , b = c", "a , b", "a", "b", "c"]),
    ("( a, )", ["( a, )", "( a, )", "a"]),
    ("[v for v in w if u]", ["[v for v in w if u]", "[v for v in w if u]", "v", "for v in w if u", "v", "w", "u"]),
    ('f"{ x :.3f} {y.z}"', ['f"{ x :.3f} {y.z}"', 'f"{ x :.3f} {y.z}"', "{ x :.3f}", "x", "{y.z}", "y.z", "y"]),
    ('"αβ" + f"{ä}"', ['"αβ" + f"{ä}"', '"αβ" + f"{ä}"', '"αβ"', 'f"{ä}"', "{ä}", "ä"]),
    ("a if b else c |> (d)", ["a if b else c |> (d)", "a if b else c |> (d)", "a", "b", "c |> (d)", "c", "(d)"]),
    ("no_grad { x }", ["no_grad { x }", "x", "x"]),
    ("a not in b", ["a not in b", "a not in b", "a", "b"]),
    ('{ "a" : b }', ['{ "a" : b }', '{ "a" : b }', '"a"', "b"]),
    ("op f(a) { a } backward(g) { g }", ["op f(a) { a } backward(g) { g }", "a", "a", "a", "g", "g", "g"]),
]


@pytest.mark.parametrize(("text", "expected"), SPANS, ids=[text for text, _ in SPANS])
def test_spans(text: str, expected: list[str]) -> None:
    assert spans(parse(text).body, text) == expected


def test_byte_order_mark_and_line_ends_keep_offsets_right() -> None:
    source = errors.Source("t", "\ufefflet a = 1\r\nlet b = a\rb")
    program = syntax.parse(source)
    assert source.text == "let a = 1\nlet b = a\nb"
    assert [source.text[s.start : s.end] for s in program.body] == ["let a = 1", "let b = a", "b"]
    assert source.position(program.body[1].start) == (2, 1)


def test_name_positions() -> None:
    text = "fn  double(x) = x.data"
    function = only(text)
    assert isinstance(function, nodes.Function) and isinstance(function.body, nodes.Attribute)
    assert text[function.name_start :].startswith("double")
    assert text[function.body.name_start :] == "data"


def test_names_are_normalised() -> None:
    assert written(only("\ufb01t = \uff41")) == "Assign(False, Name('fit'), Name('a'))"
    assert written(only("étape = 1")) == written(only("e\u0301tape = 1"))


def test_grouped_is_marked() -> None:
    call = only("f(keepdim, (keepdim))")
    assert isinstance(call, nodes.ExprStmt) and isinstance(call.value, nodes.Call)
    assert [argument.value.grouped for argument in call.value.arguments] == [False, True]


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    """Lark settles a shift/reduce conflict in silence; only its debug log tells."""
    lark.logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG, "lark"):
            lark.Lark(
                fill(syntax.grammar(), BUILTINS.commands()),
                parser="lalr", start=["program", "expr"], keep_all_tokens=True, debug=True,
                postlex=syntax.Layout(), maybe_placeholders=False,
            )  # fmt: skip
    finally:
        lark.logger.setLevel(logging.CRITICAL)
    assert [record.getMessage() for record in caplog.records if "onflict" in record.getMessage()] == []


def test_every_alternative_of_the_grammar_has_a_method() -> None:
    """Lark puts a tree of its own where the builder has none."""
    rules = lark.Lark(
        fill(syntax.grammar(), ()), parser="lalr", start=["program", "expr"], maybe_placeholders=False
    ).rules
    names = {rule.alias or rule.origin.name for rule in rules if rule.alias or not rule.options.expand1}
    assert not [name for name in names if name[0] != "_" and not hasattr(builder.Builder, name)]


# --- separators -------------------------------------------------------------------------------------------------

SAME = [
    ("a +\n b", "a + b"),
    ("a = \n\n # c\n b", "a = b"),
    ("f(a,\n b\n)", "f(a, b)"),
    ("[a\n,\nb\n]", "[a, b]"),
    ("[a, # one; two\n # three; four\n b]", "[a, b]"),
    ('{"a":\n1\n}', '{"a": 1}'),
    ("print a,\n b", "print a, b"),
    ("x\n  |> f\n # c\n  |> g", "x |> f |> g"),
    ("x\n  .sum()\n  .item()", "x.sum().item()"),
    ("a if b\n else c", "a if b else c"),
    ("a and\nb or\nnot\nc", "a and b or not c"),
    ("\n\n# c\nx\n\n", "x"),
    ("if a {\n\n b\n\n}", "if a { b }"),
    ("f(fn(x) {\n a = x\n return a\n}, b)", "f(fn(x) { a = x; return a }, b)"),
    ("x @\ny", "x @ y"),
    ("f = [fn(x) { [x,\n x]\n x }]", "f = [fn(x) { [x, x]; x }]"),
    ("#!/usr/bin/env gradsh\nx", "x"),
    ("a; b", "a\nb"),
]


@pytest.mark.parametrize(("text", "plain"), SAME)
def test_same_tree(text: str, plain: str) -> None:
    assert written(parse(text).body) == written(parse(plain).body)


@pytest.mark.parametrize("text", ["a\n-b", "a\n(b)", "a\n[b]", "a\n+b"])
def test_a_line_that_begins_with_an_operator_or_bracket_stands_alone(text: str) -> None:
    assert len(parse(text).body) == 2


@pytest.mark.parametrize(
    ("text", "muted"),
    [
        ("a", [False]),
        ("a;", [True]),
        ("a; b", [False, False]),
        ("a; b;", [False, True]),
        ("a;\nb", [True, False]),
        ("a; # c", [True]),
        ("a; # c\nb", [True, False]),
        ("a # ;\nb", [False, False]),
        ("a\n;b", [False, False]),
        ("print a;", [True]),
        ("a;;", [True]),
        ("", []),
        (";", None),
    ],
)
def test_muting(text: str, muted: list[bool] | None) -> None:
    if muted is None:
        assert refused(text)
        return
    assert [statement.muted for statement in parse(text).body] == muted  # type: ignore[attr-defined]  # expressions all


def test_semicolon_before_a_brace_mutes() -> None:
    statement = only("no_grad { a; b; }")
    assert isinstance(statement, nodes.Mode)
    assert [inner.muted for inner in statement.body] == [False, True]  # type: ignore[attr-defined]  # expressions both


def test_empty_programs() -> None:
    for text in ("", "\n", "# c", "\n# c\n  \n", "\ufeff", "   "):
        assert parse(text).body == []


# --- literals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["5", "5.", ".5", "1e-3", "1_000", "0xff", "0", "0.0", "1E5", "1_0.5_0e1_0", "0b101", "0o17", "00", "1e999"]
)
def test_numbers(text: str) -> None:
    statement = only(text)
    assert isinstance(statement, nodes.ExprStmt) and isinstance(statement.value, nodes.Number)
    value = eval(text)
    assert statement.value.value == value and type(statement.value.value) is type(value)


@given(st.text())
def test_strings_are_pythons(value: str) -> None:
    literal = repr(value)
    if "\r" in literal or "\n" in literal:
        return
    assert strings.string(literal) == value


@pytest.mark.parametrize(
    "literal",
    [r'"\x41\u03b1\U0001f600\N{BULLET}\101\0\'\"\\"', r'"\q"', '"a\\\nb"', '"""a\nb"c\\""""', "r'\\n'", "'''a'''"],
)  # fmt: skip
def test_escapes(literal: str) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = eval(literal)
    statement = only(literal)
    assert isinstance(statement, nodes.ExprStmt) and isinstance(statement.value, nodes.String)
    assert statement.value.value == expected


# --- the prompt -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("x", False),
        ("let x =", False),
        ("f(", True),
        ("f(1,\n2", True),
        ("f(1)", False),
        ("if a {", True),
        ("if a {\n b\n}", False),
        ("{", True),
        ("}", False),
        ("f(]", False),
        ('"""a', True),
        ('"""a"""', False),
        ("'''a\n", True),
        ('"a', False),
        ('"(', False),
        ("# (", False),
        ("(# )", True),
        ('f("("', True),
        ("x |>", False),
        ('f"""{', True),
        ("'it''s (", False),
        ("\ufeff(", True),
        ("(\r\n", True),
        ("((]", False),
        ('("""', True),
        ("if a { b }\nelse", False),
        ("", False),
        ('["\\"]', True),
        ('["\\""]', False),
    ],
)
def test_is_incomplete(text: str, waits: bool) -> None:
    assert syntax.is_incomplete(text) is waits


# --- sizes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "x = " + " + ".join(["x"] * 20_000),
        "x = " + "(" * 5_000 + "x" + ")" * 5_000,
        "x = " + "[" * 5_000 + "]" * 5_000,
        "x = " + "1 + " * 100_000 + "1",
        "x = " + "a" * 1_000_000,
        'x = "' + "a" * 1_000_000 + '"',
        "x = " + "-" * 50_000 + "1",
        "x = " + "x**" * 20_000 + "x",
        "x = " + "fn(y) = " * 5_000 + "y",
        "if a { " * 5_000 + "}" * 5_000,
        "if a { b }" + " else if a { b }" * 5_000,
        "x = " + "f(" * 5_000 + ")" * 5_000,
        "x" + ".a" * 20_000,
        "x" + " |> f" * 20_000,
        "x" + "\n# c" * 100_000 + "\n|> f",
        "\n" * 500_000,
        "x\n" * 20_000,
        'x = f"' + "{x}" * 2_000 + '"',
        "x = [" + "1, " * 50_000 + "]",
        "x = a if b else " * 1 + "a if b else " * 5_000 + "c",
    ],
    ids=lambda text: f"{text[:12]!r}",
)
def test_big_programs_parse(text: str) -> None:
    assert parse(text).body is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 100_000, "this `(` is not closed"),
        ("([" * 50_000, "this `[` is not closed"),
        ("x = " + "9" * 1_000_000, "an integer of 1000000 digits is too long to read"),
        ("if a {" * 20_000, "this `{` is not closed"),
        ("x = " + '"' + "a" * 1_000_000, 'this string is not closed on its line: " is missing'),
        ("x" + " " * 1_000_000 + ")", "this `)` closes nothing"),
        ("x\n" * 100_000 + ")", "this `)` closes nothing"),
        (")" * 100_000, "this `)` closes nothing"),
        ("1 < " * 8_000 + "1", "comparisons do not chain: write both, and join them"),
    ],
    ids=lambda text: f"{text[:12]!r}",
)
def test_big_errors_are_told(text: str, message: str) -> None:
    assert refused(text)[0].message == message


# --- several errors ---------------------------------------------------------------------------------------------


def test_several_errors_are_reported_at_once() -> None:
    found = refused("x = = 1\ny = 2\nz = 1.2.3\nif a < b < c {\n  pass\n}\nf(x y)\nw = 1")
    assert [error.labels[0].span.line for error in found] == [1, 3, 4, 7]


def test_at_most_twenty_errors() -> None:
    assert len(refused("x = = 1\n" * 100)) == 20
    assert len(refused("a < b < c\n" * 100)) == 20


def test_after_an_open_bracket_nothing_more_is_said() -> None:
    assert [error.message for error in refused("f(1,\nlet y = 3\nz = = 1")] == ["this `(` is not closed"]


def test_a_python_block_is_one_error() -> None:
    text = "for i in range(3):\n    if i:\n        print i\n    else:\n        pass\n"
    assert [error.labels[0].span.line for error in refused(text)] == [1]


def test_the_other_half_is_not_a_second_error() -> None:
    assert len(refused("if a b\n} else { c }\n")) == 1


def test_faults_in_an_f_string_are_at_their_place() -> None:
    (error,) = refused('let x = 1\nprint f"{x} {1 +}"')
    assert error.labels[0].span.source.position(error.labels[0].span.start) == (2, 17)
    (error,) = refused('f"{a < b < c}"')
    assert error.labels[0].span.text == "a < b < c"


# --- anything ---------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *"()[]{}\n;,=<.+-*xy1\"'#\\é→:@! ",
        *(
            "let ",
            "fn",
            "if ",
            " else ",
            "for ",
            " in ",
            "print ",
            "backward",
            "==",
            "|>",
            "...",
            "**",
            ".5",
            "0x",
            '"""',
        ),
        *(
            "f'",
            "{x",
            "no_grad ",
            "op ",
            "model ",
            "forward",
            "import ",
            "torch",
            "use ",
            " as ",
            "not ",
            "is ",
            "true",
        ),
    ]
)


def parses_or_refuses(text: str) -> None:
    try:
        program = parse(text)
    except errors.Refused as refusal:
        assert 1 <= len(refusal.errors) <= 20
        for error in refusal.errors:
            assert isinstance(error, errors.GradshError) and error.labels
            span = error.labels[0].span
            assert 0 <= span.start <= span.end <= len(span.source.text)
            # no terminal's name reaches the user
            assert not re.search(r"\b[A-Z]{4,}\b|__ANON", re.sub(r"`[^`]*`|U\+[0-9A-F]+", "", error.message)), (
                error.message
            )
            for piece in [error.help or ""] if error.edit else offered(error.help or ""):
                parse(piece)
    else:
        assert isinstance(program, nodes.Program)
    syntax.is_incomplete(text)


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text(text: str) -> None:
    parses_or_refuses(text)


@settings(max_examples=600, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_pieces(text: str) -> None:
    parses_or_refuses(text)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([text for text, _ in TREES]), st.data())
def test_damaged_programs(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 3))
    parses_or_refuses(text[:at] + data.draw(st.text(max_size=2)) + text[at + length :])


# --- what wrong texts are told ----------------------------------------------------------------------------------

RECORDED = Path(__file__).parent / "mistakes.txt"


def told(text: str) -> str:
    """A wrong program, its lines marked with `|`, and what it is told: code, message, what is underlined, help."""
    lines = [f"| {line}".rstrip() for line in text.split("\n")]
    for error in refused(text):
        lines.append(f"{error.code}: {error.message}")
        for label in error.labels:
            line, column = label.span.source.position(label.span.start)
            lines.append(f"  {line}:{column} `{label.span.text}` {label.text}".rstrip())
        if error.help is not None:
            lines.append(f"  help: {error.help}")
    return "\n".join(lines)


def recorded() -> list[str]:
    return RECORDED.read_text(encoding="utf-8").strip("\n").split("\n\n")


def program_of(entry: str) -> str:
    return "\n".join(line[2:] for line in entry.split("\n") if line.startswith("|"))


@pytest.mark.parametrize("entry", recorded(), ids=program_of)
def test_wrong_programs_are_told_what_is_recorded(entry: str) -> None:
    """`python -m tests.language.test_syntax` records anew; read the difference before keeping it."""
    assert told(program_of(entry)) == entry


def test_every_typical_mistake_is_recorded() -> None:
    assert {mistake.example for mistake in MISTAKES} <= {program_of(entry) for entry in recorded()}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.example)
def test_every_typical_mistake_is_recognised_and_helped(mistake: Mistake) -> None:
    (error,) = refused(mistake.example)
    assert type(error) is mistake.error
    words = re.split(r"\{\w+\}", mistake.message)
    assert all(part.replace("{{", "{").replace("}}", "}") in error.message for part in words)
    python = converted(mistake.example)  # all of it in gradsh is a better help than a pattern's
    assert (error.help is None) == (mistake.edit is None and mistake.plain is None and python is None)
    for piece in [error.help or ""] if error.edit else offered(error.help or ""):
        parse(piece)


if __name__ == "__main__":
    known = [program_of(entry) for entry in recorded()] if RECORDED.exists() else []
    known += [mistake.example for mistake in MISTAKES if mistake.example not in known]
    RECORDED.write_text("\n\n".join(told(program) for program in known) + "\n", encoding="utf-8")


def test_a_line_ends_behind_an_import_of_all() -> None:
    """`*` wants an operand everywhere else, and a line that ends with it goes on."""
    program = syntax.parse(
        errors.Source("t", "from torch.distributions import *\nlet x = 3 *\n2\nfrom torch import *"), []
    )
    assert [type(each).__name__ for each in program.body] == ["Import", "Assign", "Import"]
