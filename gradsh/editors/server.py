"""The language server: an editor talks to it on standard input and output."""

from __future__ import annotations

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

import gradsh
from gradsh.editors import answers
from gradsh.editors.analysis import Analysis
from gradsh.view.display import Session


class Server(LanguageServer):
    """The texts that are open, each as it was understood last."""

    def __init__(self) -> None:
        super().__init__("gradsh", gradsh.__version__)
        self.session = Session()  # in which nothing runs
        self.known: dict[str, tuple[str, Analysis]] = {}

    def analysis(self, uri: str) -> Analysis:
        """What is known of a text as it is now."""
        try:
            text = self.workspace.get_text_document(uri).source
        except (OSError, ValueError):  # it was never opened, and is no file that can be read
            text = ""
        known = self.known.get(uri)
        if known is None or known[0] != text:
            name = to_fs_path(uri) or "<text>"
            known = self.known[uri] = (text, Analysis(name, text, known[1] if known is not None else None))
        return known[1]

    def tell(self, uri: str) -> None:
        """Say what is wrong with a text."""
        found = answers.diagnostics(self.analysis(uri), uri)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found))


def make() -> Server:
    """The server with all that it answers."""
    server = Server()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def _(params: types.DidOpenTextDocumentParams) -> None:
        server.tell(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def _(params: types.DidChangeTextDocumentParams) -> None:
        server.tell(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def _(params: types.DidCloseTextDocumentParams) -> None:
        server.known.pop(params.text_document.uri, None)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def _(params: types.HoverParams) -> types.Hover | None:
        return answers.hover(server.analysis(params.text_document.uri), params.position)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["."]))
    def _(params: types.CompletionParams) -> list[types.CompletionItem]:
        return answers.completion(server.analysis(params.text_document.uri), server.session, params.position)

    @server.feature(types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(trigger_characters=["(", ","]))
    def _(params: types.SignatureHelpParams) -> types.SignatureHelp | None:
        return answers.signature(server.analysis(params.text_document.uri), server.session, params.position)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def _(params: types.DefinitionParams) -> types.Location | None:
        uri = params.text_document.uri
        return answers.definition(server.analysis(uri), uri, params.position)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def _(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        return answers.symbols(server.analysis(params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def _(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        return answers.formatting(server.analysis(params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([types.CodeActionKind.QuickFix]))
    def _(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        return answers.actions(server.analysis(uri), uri, params.range)

    return server
