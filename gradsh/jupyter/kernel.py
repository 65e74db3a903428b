"""The kernel: one session, whose cells are programs; the protocol is ipykernel's."""

from __future__ import annotations

import sys
from typing import Any

from ipykernel.kernelbase import Kernel  # type: ignore[import-untyped, import-not-found, unused-ignore]
from IPython.core.error import StdinNotImplementedError  # type: ignore[import-not-found, unused-ignore]

import gradsh
from gradsh.errors import ClosedPipe, FileError
from gradsh.jupyter.shown import NotebookDisplay, ResultDisplay
from gradsh.language.python.cells import cleaned
from gradsh.session.session import Session

Reply = dict[str, Any]
STOPPED = "stopped by an interrupt; what was bound before it stays"


class GradshKernel(Kernel):  # type: ignore[misc, unused-ignore]
    """Cells of gradsh."""

    implementation = "gradsh"
    implementation_version = gradsh.__version__
    banner = f"gradsh {gradsh.__version__}"
    language_info = {  # noqa: RUF012 - ipykernel reads it so
        "name": "gradsh",
        "mimetype": "text/x-gradsh",
        "file_extension": ".grad",
        "pygments_lexer": "gradsh",
        "version": gradsh.__version__,
    }
    help_links = []  # noqa: RUF012 - likewise

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)  # type: ignore[no-untyped-call, unused-ignore]
        self.display = self.shows(self._send)
        self.session_ = self.make_session()
        self.cells: list[str] = []

    @property
    def asked(self) -> Any:
        """Who answers what is asked while a cell is written; loaded then, for a kernel is to be there at once."""
        from gradsh.jupyter import asked

        return asked.GRADSH

    shows: type[NotebookDisplay] = NotebookDisplay  # how its cells show values

    def make_session(self) -> Session:
        """The session of all cells."""
        return Session(self.display)

    def _send(self, kind: str, content: Reply) -> None:
        if not self.silent:
            self.send_response(self.iopub_socket, kind, content)  # type: ignore[no-untyped-call, unused-ignore]

    silent = False

    # --- cells ----------------------------------------------------------------------------------------------------

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: Any = None,
        allow_stdin: bool = False,
        **more: Any,
    ) -> Reply:
        """Run a cell; its errors call it `In [3]`, and label lines of other cells by theirs."""
        self.silent = silent
        self._allow_stdin = allow_stdin  # as `raw_input` reads it
        if store_history and code.strip():
            self.cells.append(code)
        self.display.failed = []
        try:
            self.run_cell(code, f"In [{self.execution_count}]")
        except KeyboardInterrupt:
            return self._failed("KeyboardInterrupt", STOPPED, [STOPPED])
        except SystemExit as left:  # `sys.exit(3)`: the session stays, as IPython's does
            return self._failed("SystemExit", str(left.code), [f"SystemExit: {left.code}"])
        except ClosedPipe as closed:
            return self._failed("BrokenPipeError", str(closed), [str(closed)])
        finally:
            self.silent = False
        failed = self.display.failed
        if failed:
            from gradsh.view.diagnostics import render

            texts = [render(error, color=True).rstrip("\n") for error in failed]
            return self._failed(failed[0].kind, failed[0].message, texts)
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}

    def run_cell(self, code: str, name: str) -> None:
        self.session_.run(code, name)

    def _failed(self, name: str, message: str, traceback: list[str]) -> Reply:
        content = {"ename": name, "evalue": message, "traceback": traceback}
        self._send("error", content)
        return {"status": "error", "execution_count": self.execution_count, **content}

    # --- what is asked while a cell is written --------------------------------------------------------------------

    async def do_complete(self, code: str, cursor_pos: int) -> Reply:
        """What may stand at the cursor, from the registries and the session."""
        start = cursor_pos
        while start > 0 and (code[start - 1].isalnum() or code[start - 1] == "_"):
            start -= 1
        found = self.asked.offers(self.session_, code, cursor_pos)
        kinds = [{"text": text, "type": said, "start": start, "end": cursor_pos} for text, said in found]
        return {
            "status": "ok",
            "matches": [text for text, _ in found],
            "cursor_start": start,
            "cursor_end": cursor_pos,
            "metadata": {"_jupyter_types_experimental": kinds},
        }

    async def do_inspect(self, code: str, cursor_pos: int, detail_level: int = 0, omit_sections: Any = ()) -> Reply:
        """What the word at the cursor is, a value of the session or a built-in; else what is called around it."""
        start = end = cursor_pos
        while start > 0 and (code[start - 1].isalnum() or code[start - 1] in "_."):
            start -= 1
        while end < len(code) and (code[end].isalnum() or code[end] == "_"):
            end += 1
        words = [code[start:end].strip("."), self.asked.called(code, cursor_pos)]
        text = next((text for word in words if word and (text := self.asked.about(self.session_, word))), "")
        data = {"text/plain": text} if text else {}
        return {"status": "ok", "found": bool(text), "data": data, "metadata": {}}

    async def do_is_complete(self, code: str) -> Reply:
        """Whether more lines are to come before it runs."""
        reply: Reply = self.asked.state(code)
        return reply

    async def do_history(
        self,
        hist_access_type: str,
        output: bool,
        raw: bool,
        session: int | None = None,
        start: int | None = None,
        stop: int | None = None,
        n: int | None = None,
        pattern: str | None = None,
        unique: bool = False,
    ) -> Reply:
        """The cells of this session that have run: the last ones, a range, or those that a pattern fits."""
        from fnmatch import fnmatchcase

        rows = [(1, number, cell) for number, cell in enumerate(self.cells, 1)]
        if hist_access_type == "search":
            rows = [row for row in rows if fnmatchcase(row[2], pattern or "*")]
        elif hist_access_type == "range":
            rows = rows[max(0, (start or 1) - 1) : (stop or len(rows) + 1) - 1]
        if hist_access_type != "range" and n:
            rows = rows[-n:]
        return {"status": "ok", "history": [(a, b, (cell, None)) if output else (a, b, cell) for a, b, cell in rows]}

    async def do_shutdown(self, restart: bool) -> Reply:
        return {"status": "ok", "restart": restart}


class PythonKernel(GradshKernel):
    """Cells of PyTorch's own source, which gradsh runs."""

    language_info = {  # noqa: RUF012 - as above
        "name": "python",
        "mimetype": "text/x-python",
        "file_extension": ".py",
        "pygments_lexer": "python3",
        "codemirror_mode": {"name": "python", "version": 3},
        "version": ".".join(map(str, sys.version_info[:3])),
    }

    shows = ResultDisplay

    @property
    def asked(self) -> Any:
        from gradsh.jupyter import asked

        return asked.PYTHON

    def make_session(self) -> Session:
        from gradsh.session.python import PythonSession

        session = PythonSession(self.display, cells=True)
        session.asks = self.ask
        return session

    def ask(self, prompt: str) -> str:
        """`input(prompt)`: the front end asks. Errors: FileError where it is one that cannot."""
        try:
            return str(self.raw_input(prompt))  # type: ignore[no-untyped-call, unused-ignore]
        except StdinNotImplementedError as error:
            raise FileError(str(error), kind="StdinNotImplementedError") from None

    def run_cell(self, code: str, name: str) -> None:
        display, session = self.display, self.session_
        assert isinstance(display, ResultDisplay)
        assert hasattr(session, "cell")
        display.count = self.execution_count
        _, skipped = session.cell(cleaned(code), name, self.execution_count)
        for words in skipped:
            display.note(f"note: skipped: {words}\n")
