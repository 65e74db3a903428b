"""`help`: every built-in has a page, and the example on it runs."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.commands import help
from gradsh.engine.core.dtypes import NAMES
from gradsh.engine.ops import families
from gradsh.errors import REGISTRY
from gradsh.language.words import RESERVED, WORDS
from gradsh.reports import CodePage, HelpPage, Index, Report
from gradsh.runtime import topics
from gradsh.runtime.builtins import BUILTINS, MODES
from gradsh.view.json_lines import JsonDisplay
from gradsh.view.registry import Look, view_of
from tests.record.docs import REFERENCE


def text_of(page: Report) -> str:
    return view_of(page).text(page, Look())


OPERATORS = families.functions()
TEXTS = ("errors", "warnings", "words", "commands", "layers", "README")


# what docs/reference/ shows that an example prints
PRINTED = dict(re.findall(
    r"^### (\S+)\n(?:(?!^###).)*?```gradsh\n(?:(?!```).)*\n```\n\n```text\n((?:(?!```).)*)\n```\n",
    "".join(path.read_text(encoding="utf-8") for path in sorted(REFERENCE.glob("*.md")) if path.stem not in TEXTS),
    re.MULTILINE | re.DOTALL,
))  # fmt: skip


@pytest.mark.parametrize("name", sorted(name for name, entry in OPERATORS.items() if entry.example))
def test_the_example_runs_and_prints_what_the_documentation_shows(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = Session().example(OPERATORS[name].example)
    if name in PRINTED:
        assert "\n".join(lines) == PRINTED[name], "make docs"
    if any(line.startswith("error[") for line in lines):  # help touches no files
        monkeypatch.chdir(tmp_path)
        out = io.StringIO()
        assert Session(out=out, err=out).run(OPERATORS[name].example).ok, out.getvalue()


def test_the_documentation_shows_what_examples_print() -> None:
    assert sum(name in PRINTED for name in OPERATORS) > 500


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_the_page(name: str) -> None:
    entry = OPERATORS[name]
    assert entry.summary and "\n" not in entry.summary and "\n" not in entry.formula and "\n" not in entry.kinks
    text = text_of(help.named(Session(), name)[0])
    first, second, *_ = text.splitlines()
    assert first.startswith(entry.name + "(") and second.startswith("  ")


def test_nearly_all_have_an_example() -> None:
    assert sum(not entry.example for entry in OPERATORS.values()) <= 20


def shown(text: str) -> str:
    out = io.StringIO()
    assert Session(out=out, err=out).run(text).ok, out.getvalue()
    return out.getvalue()


def test_a_page_in_full() -> None:
    assert shown("help relu") == (
        "relu(input, inplace=False)\n"
        "  Every element, or 0 if it is negative.\n"
        "  method    x.relu(…), in place x.relu_(…)\n"
        "  gradient  g where input > 0, else 0\n"
        "  kinks     0 at 0\n"
        "  example   relu(tensor([-1., 2.]))\n"
        "            tensor([0., 2.])\n"
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("help torch.nn.functional.relu", "relu(input"),
        ("help linalg.norm", "linalg.norm(input"),
        ('help "sigmoid"', "sigmoid(input)"),
        ("help(exp)", "exp(input)"),
        ("help print", "print value"),
        ("help pi", "pi"),
        ("help no_grad", "no_grad {"),
        ("help float32", "float32"),
        ("help range", "range("),
        ("fn f(x, y=2.0) = x\nhelp f", "f(x, y=2.0)"),
        ("let w = ones(2)\nhelp w", "w\n  Bound to a tensor of shape [2]"),
    ],
)
def test_what_can_be_asked_about(text: str, first: str) -> None:
    assert shown(text).startswith(first)


def test_a_name_that_nothing_has() -> None:
    (error,) = Session(out=io.StringIO(), err=io.StringIO()).run('help "sigmid"').errors
    assert error.message == "help: there is no built-in 'sigmid'"
    assert error.help == "did you mean `help sigmoid`?"


def test_an_example_leaves_the_session_alone() -> None:
    assert shown("let x = 7\nhelp backward\nx").endswith("\n7\n")


def test_as_json() -> None:
    out = io.StringIO()
    Session(display=JsonDisplay(out, out)).run("help exp")
    data = json.loads(out.getvalue())
    assert data["help"] == "exp" and data["usage"] == "exp(input)" and data["output"]


# --- every name that completes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(BUILTINS.names()))
def test_whatever_can_be_named_has_a_page(name: str) -> None:
    """Every built-in that is suggested or completed: operators, layers, commands, constants, dtypes, Python's own."""
    pages = [page for page in help.named(Session(), name) if isinstance(page, HelpPage)]
    for page in pages:
        assert page.name == name and page.usage and page.summary[-1:] in (".", ":", "`", "…"), page.summary
    if name not in {*NAMES, *MODES} and name[-1] != "_":
        assert pages[0].summary == help.summary_of(name), "as the list of a topic has it"


def wrong(ask: str, name: str) -> str:
    """What is wrong with a page, "" for nothing: it is about the name, and says what that is."""
    out = io.StringIO()
    result = Session(out=out, err=out).run(ask)
    text = out.getvalue()
    if not result.ok:
        return text
    first, _, rest = text.partition("\n")
    if "Bound to" in text or not rest.strip():
        return text
    own = OPERATORS[name].name if name in OPERATORS else name  # a second name, `absolute`, is told as the first
    return "" if own in first else text


@pytest.mark.parametrize("ask", ["help {}", 'help "{}"'])
def test_every_name_can_be_asked_about(ask: str) -> None:
    """As a word and in quotes: built-ins, layers, the language's words, codes of errors."""
    names = {*(n for n in BUILTINS.names() if not n.startswith("Tensor.")), *WORDS, *REGISTRY}
    assert {name: text for name in sorted(names) if (text := wrong(ask.format(name), name))} == {}


@pytest.mark.parametrize("name", sorted({*REGISTRY, *(RESERVED - {"print", "backward"}), "model", "op", "no_grad"}))
def test_words_and_error_codes_have_a_page(name: str) -> None:
    for page in help.named(Session(), name):
        assert isinstance(page, (HelpPage, CodePage))
        about = page.code if isinstance(page, CodePage) else page.name
        assert about == name and page.summary.endswith(".")
    assert shown(f'help "{name}"') == shown(f"help {name}")


def test_what_is_bound_keeps_the_page_of_the_built_in() -> None:
    assert shown("let relu = 3\nhelp relu").startswith("relu\n  Bound to an int; `print relu` prints it.\nrelu(input")
    assert shown("let f = relu\nhelp f") == shown("help relu") == shown("let x = ones(1)\nhelp x.relu")
    assert shown('let w = "w"\nhelp w').startswith("w\n  Bound to a str")


def test_pages_in_full_on_layers_models_and_words() -> None:
    assert shown("help Linear") == (
        "Linear(in_features, out_features, bias=true, device=none, dtype=none)\n"
        "  `input @ weight.T + bias`: one layer without activation.\n"
        "  forward   linear(input, weight, bias)\n"
    )
    assert shown("model Net(n, wide=true) { let w = ones(n) }\nhelp Net") == (
        "Net(n, wide=True)\n  A model of this program.\n"
    )
    assert shown("help while") == (
        "while condition { … }\n"
        "  Runs the block as long as the condition holds.\n"
        "  example   let n = 1; while n < 100 { n *= 3 }; n\n"
        "            243\n"
    )


# --- what there is ---------------------------------------------------------------------------------------------------


def test_help_alone_is_an_index_of_eighty_columns() -> None:
    text = shown("help")
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith('Words of the language: `help "words"`\n  let fn if ')
    assert all(f'`help "{topic.word}"`' in text for topic in topics.topics())
    assert text.endswith("Ctrl-D leaves.\n")
    assert shown("let help = 3\nhelp") == "3\n"


def test_every_name_is_in_a_topic() -> None:
    listed = {name for topic in topics.topics() for name in topic.names}
    plain = {name for name in BUILTINS.names() if not name.startswith(("Tensor.", "special.")) and name not in NAMES}
    assert sorted(plain - listed - {*BUILTINS.library.names()} - MODES.keys()) == []
    assert {topic.word for topic in topics.topics()} >= {"words", "commands", "loss", "layers", "errors", "warnings"}


@pytest.mark.parametrize("word", [*(topic.word for topic in topics.topics()), "trigonometric", "schedulers"])
def test_a_topic_lists_its_names_with_a_line_for_each(word: str) -> None:
    (index,) = help.named(Session(), word)
    assert isinstance(index, Index)
    text = text_of(index)
    assert max(map(len, text.splitlines())) <= 80
    for topic in index.topics:
        assert all(f"\n  {name}" in text and topic.summaries[name] for name in topic.names)
