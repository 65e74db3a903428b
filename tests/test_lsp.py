"""`gradsh lsp`: what an editor is told, asked of a real process by pygls' own client. One process for all."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls")

from lsprotocol import types
from pygls.lsp.client import LanguageClient

TEXT = """\
# Adds up.
use "lib.grad"
fn total(values, times=1) {
    return values.sum() * times
}
model Net(n) {
    let fc = Linear(n, 1)
    forward(x) = fc(x)
}
let weight = ones(3, grad)
let naïve = total(weight, 2)
print totl(weight), helper(2)
"""


class Editor:
    """The client, the open file, and what it was told of it."""

    def __init__(self, client: LanguageClient, path: Path) -> None:
        self.client = client
        self.uri = path.as_uri()
        self.told: list[list[types.Diagnostic]] = []
        self.news = asyncio.Event()

    @property
    def document(self) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri)

    async def write(self, text: str, version: int) -> list[types.Diagnostic]:
        self.news.clear()
        document = types.VersionedTextDocumentIdentifier(version=version, uri=self.uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
        await asyncio.wait_for(self.news.wait(), 60)
        return self.told[-1]


def place(text: str, word: str, behind: int = 0) -> types.Position:
    """Where a word begins, or so many characters behind it; in units of UTF-16, as editors count."""
    offset = text.index(word) + behind
    line = text.count("\n", 0, offset)
    before = text[text.rfind("\n", 0, offset) + 1 : offset]
    return types.Position(line, len(before.encode("utf-16-le")) // 2)


async def session(folder: Path) -> None:
    path = folder / "a.grad"
    path.write_text(TEXT, encoding="utf-8")
    (folder / "lib.grad").write_text("# Of the library.\nfn helper(x) = x\n")
    client = LanguageClient("editor", "1")
    editor = Editor(client, path)

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def _(params: types.PublishDiagnosticsParams) -> None:
        editor.told.append(list(params.diagnostics))
        editor.news.set()

    await client.start_io(sys.executable, "-m", "gradsh", "lsp")
    try:
        await client.initialize_async(types.InitializeParams(capabilities=types.ClientCapabilities()))
        client.initialized(types.InitializedParams())
        item = types.TextDocumentItem(uri=editor.uri, language_id="gradsh", version=1, text=TEXT)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        await asyncio.wait_for(editor.news.wait(), 60)
        await what_is_wrong(editor)
        await words(editor)
        await the_whole_text(editor)
        await what_is_no_open_program(client, folder)
    finally:
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()


async def what_is_wrong(editor: Editor) -> None:
    (problem,) = editor.told[-1]
    assert problem.code == "E0201" and problem.severity == types.DiagnosticSeverity.Error
    assert problem.message == "name 'totl' is not defined\nhelp: did you mean `total`?"
    assert problem.range == types.Range(place(TEXT, "totl"), place(TEXT, "totl", 4))
    params = types.CodeActionParams(editor.document, problem.range, types.CodeActionContext([problem]))
    (action,) = await editor.client.text_document_code_action_async(params) or []
    assert isinstance(action, types.CodeAction) and action.title == "Write `total`" and action.edit is not None
    (edit,) = (action.edit.changes or {})[editor.uri]
    assert edit.new_text == "total" and edit.range == problem.range

    from gradsh.lints.w0514_never_stepped import EXAMPLE

    (warning,) = await editor.write(EXAMPLE, 2)
    assert warning.code == "W0514" and warning.severity == types.DiagnosticSeverity.Warning
    params = types.CodeActionParams(editor.document, warning.range, types.CodeActionContext([warning]))
    (action,) = await editor.client.text_document_code_action_async(params) or []
    assert isinstance(action, types.CodeAction) and "step opt" in action.title
    (unicode,) = await editor.write('let a = "😀"; nowhere\n', 3)
    assert unicode.range.start.character == len('let a = "😀"; ') + 1  # the face is two units
    (broken,) = await editor.write("let = 3\n", 4)
    assert str(broken.code).startswith("E01")
    assert await editor.write("let x = 3\n", 5) == []


async def words(editor: Editor) -> None:
    client = editor.client
    text = TEXT.replace("totl", "total")
    assert await editor.write(text, 6) == []

    async def hover(word: str, behind: int = 0) -> str:
        found = await client.text_document_hover_async(types.HoverParams(editor.document, place(text, word, behind)))
        assert found is None or isinstance(found.contents, types.MarkupContent)
        return found.contents.value if found is not None else ""  # type: ignore[union-attr]

    assert "ones(*size" in await hover("ones(")
    assert "let weight = ones(3, grad)" in await hover("weight, 2")
    assert "Of the library." in await hover("helper")
    assert "gradient" in await hover("sum()")
    assert await hover("# Adds") == ""

    async def goes_to(word: str) -> tuple[str, int]:
        params = types.DefinitionParams(editor.document, place(text, word))
        found: Any = await client.text_document_definition_async(params)
        return found.uri.rpartition("/")[2], found.range.start.line

    assert await goes_to("total(weight, 2)") == ("a.grad", 2)
    assert await goes_to("values.sum") == ("a.grad", 2)
    assert await goes_to("fc(x)") == ("a.grad", 6)
    assert await goes_to("helper(2)") == ("lib.grad", 1)
    assert await goes_to("lib.grad") == ("lib.grad", 0)

    async def offered(typed: str) -> list[str]:
        now = text + typed
        await editor.write(now, 100 + len(editor.told))
        where = types.Position(now.count("\n"), len(typed))
        found: Any = await client.text_document_completion_async(types.CompletionParams(editor.document, where))
        return [item.label for item in found]

    assert (await offered("tot"))[0] == "total"
    assert "weight" in await offered("let z = wei")
    assert "LSTM" in await offered("let z = LST")
    assert "retain_graph" in await offered("weight.sum().backward(ret")
    assert "requires_grad" in await offered("weight.requires_g")

    async def signature(typed: str) -> tuple[str, int | None]:
        now = text + typed
        await editor.write(now, 100 + len(editor.told))
        where = types.Position(now.count("\n"), len(typed))
        found = await client.text_document_signature_help_async(types.SignatureHelpParams(editor.document, where))
        assert found is not None
        return found.signatures[0].label, found.active_parameter

    assert await signature("total(weight, ") == ("total(values, times=1)", 1)
    label, active = await signature("let z = Linear(3, ")
    assert label.startswith("Linear(in_features, out_features") and active == 1


async def the_whole_text(editor: Editor) -> None:
    client = editor.client
    await editor.write(TEXT, 500)
    found: Any = await client.text_document_document_symbol_async(types.DocumentSymbolParams(editor.document))
    assert [symbol.name for symbol in found] == ["total", "Net", "weight", "naïve"]
    assert [child.name for child in found[1].children] == ["fc", "forward"]
    assert found[1].kind == types.SymbolKind.Class
    untidy = "let x=1+ 2\nif x>2{print x}\n"
    await editor.write(untidy, 501)
    params = types.DocumentFormattingParams(editor.document, types.FormattingOptions(4, True))
    (edit,) = await client.text_document_formatting_async(params) or []
    assert edit.new_text == "let x = 1 + 2\nif x > 2 { print x }\n"
    await editor.write("let = 3\n", 502)
    assert not await client.text_document_formatting_async(params)


async def what_is_no_open_program(client: LanguageClient, folder: Path) -> None:
    """A text that was never opened, or is none; Python, which is not laid out or completed as gradsh is."""
    start, layout = types.Position(0, 0), types.FormattingOptions(4, True)
    for uri in ((folder / "nowhere.grad").as_uri(), folder.as_uri(), "untitled:Untitled-1"):
        document = types.TextDocumentIdentifier(uri)
        assert await client.text_document_hover_async(types.HoverParams(document, start)) is None
        assert not await client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
    document = types.TextDocumentIdentifier((folder / "b.py").as_uri())
    item = types.TextDocumentItem(document.uri, "python", 1, "import torch\nx=torch.ones(2)\n")
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    assert await client.text_document_hover_async(types.HoverParams(document, start)) is None  # `import`
    assert await client.text_document_hover_async(types.HoverParams(document, types.Position(1, 9))) is not None
    assert await client.text_document_formatting_async(types.DocumentFormattingParams(document, layout)) is None
    assert not await client.text_document_completion_async(types.CompletionParams(document, start))


def test_an_editor(tmp_path: Path) -> None:
    asyncio.run(asyncio.wait_for(session(tmp_path), 120))


def test_columns_are_utf16() -> None:
    from gradsh.editors.positions import offset_of, position_of
    from gradsh.errors import Source

    source = Source("<text>", "a\n\U0001f600b\n")
    assert [position_of(source, n) for n in (2, 3)] == [types.Position(1, 0), types.Position(1, 2)]
    assert [offset_of(source, types.Position(*where)) for where in ((1, 2), (1, 99), (9, 0))] == [3, 4, 5]


def test_without_pygls(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradsh.cli import lsp
    from gradsh.cli.options import Options, UsageError

    monkeypatch.setitem(sys.modules, "pygls", None)
    for name in [name for name in sys.modules if re.match(r"gradsh\.editors\.server", name)]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UsageError, match=r"pip install 'gradsh\[lsp\]'"):
        lsp.run(Options())
