"""Tab: what may stand at the cursor, the session's own names first.

Everything offered comes from a registry or from the session: names, attributes by the value's type, the keywords of a
call, the language's words where they may stand, files inside of strings, commands of the shell and what they offer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from gradsh.engine.core.dtypes import NAMES
from gradsh.engine.core.tensor import Tensor
from gradsh.language.words import MODULES, NAMESPACES, OPERATOR, ROOTS, VALUE, WORDS
from gradsh.runtime import access, commands
from gradsh.shell import described, registry
from gradsh.shell.cursor import UNKNOWN, Call, Here, at
from gradsh.shell.symbols import table as symbols
from gradsh.shell.values import Unseen, call_text, describe, parameters, value_of

if TYPE_CHECKING:
    from gradsh.shell.prompt import Shell

OFFERED = 300  # or a few more; nobody reads as many
MOST = 500  # names of a folder that are looked at
Offer = tuple[str, "str | Callable[[], str]"]  # what is inserted, and what is said of it

# The modules of PyTorch and what of ours is theirs, by the kind of its row (gradsh.shell.described)
OF_MODULE = {
    "torch.nn": ("layer",),
    "torch.optim": ("optimiser",),
    "torch.optim.lr_scheduler": ("optimiser",),
}
# behind these a new name is written
BINDING = ("let", "fn", "op", "model", "param", "as", "catch")


class ShellCompleter(Completer):
    """Completions for the shell's session."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.session = shell.session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """What may stand at the cursor."""
        line = document.current_line_before_cursor
        if registry.is_command(line):
            typed, offers = self._of_command(line.lstrip()[1:])
            yield from fitting(typed, [list(offers)])
            return
        here = at(document)
        if here.inside == "comment":
            return
        if here.inside == "string":
            yield from self._files(here)
        elif here.before == "\\" and line.endswith("\\" + here.word):
            yield from self._symbols(here.word)
        elif here.owner is not None:
            yield from fitting(here.word, [self._attributes(here.owner)], hidden="_")
        elif here.before not in BINDING:
            yield from fitting(here.word, self._names(here), hidden="_")

    # --- names ----------------------------------------------------------------------------------------------------

    def _names(self, here: Here) -> list[list[Offer]]:
        """Groups, in the order in which they are offered."""
        table = described.table()
        call = here.call
        if call is not None and call.of == "dtype" and here.before == "=":
            return [[(name, _said(table[name])) for name in NAMES]]
        bound = self.session.bound()
        space = self.session.globals
        groups: list[list[Offer]] = [[(name, partial(_described, space, name)) for name in sorted(bound)]]
        if call is not None and call.begins:
            groups.append(self._arguments(call))
        words = [w.name for w in WORDS.values() if _may_stand(w.name, w.kind, here) and not w.inner]
        groups.append([(name, _said(table[name])) for name in words])
        taken = {*bound, *WORDS}
        plain = {name: row for name, row in table.items() if "." not in name and name not in taken}
        names: list[Offer] = [(name, _said(row, name)) for name, row in plain.items()]
        if not here.fresh:
            names = [(name, said) for name, said in names if name not in commands.WORDS]
        names.sort(key=lambda offer: offer[0].endswith("_"))  # `log10_` is rarely meant by `log`
        roots: list[Offer] = [(root, f"module {MODULES.get(root, root)}") for root in sorted(ROOTS - taken)]
        return [*groups, names, roots]

    def _arguments(self, call: Call) -> list[Offer]:
        """The keywords and flags that a call takes and has not been given."""
        row = described.table().get(call.callee[-1])
        value = self.session.globals.get("." + call.callee[-1]) if len(call.callee) == 1 else None
        usage = call_text(value) or (row[1] if row is not None else "")
        offered: list[Offer] = []
        for each in parameters(self.session, call.callee):
            if each.name not in call.given and each.kind != "rest":
                if each.name == "requires_grad":
                    offered.append(("grad", f"flag, requires_grad: {usage}"))
                flag = "flag: " if each.is_flag else ""
                offered.append((each.name if each.is_flag else f"{each.name}=", flag + usage))
        return offered

    def _attributes(self, owner: list[str]) -> list[Offer]:
        """What stands behind the dot."""
        table = described.table()
        root = "".join(owner)
        if owner[0] not in self.session.bound():
            if root in NAMESPACES:
                below = root + "."
                return [(name[len(below) :], _said(row)) for name, row in table.items() if name.startswith(below)]
            if root in MODULES:
                kinds = OF_MODULE.get(MODULES[root], ("function", "layer", "dtype"))
                inner = [(m[len(root) + 1 :], f"module {MODULES[m]}") for m in MODULES if m.startswith(root + ".")]
                names = [(n, _said(row, n)) for n, row in table.items() if row[0] in kinds and "." not in n]
                return [*((n, said) for n, said in inner if "." not in n), *names]
        try:
            value = Tensor if owner[0] == UNKNOWN else value_of(self.session, owner)
        except Unseen:
            value = Tensor  # most values are
        is_tensor = value is Tensor or isinstance(value, Tensor)
        own = access.GETTERS[Tensor] if is_tensor else {}
        offered: list[Offer] = []
        for name in access.names(value) if value is not Tensor else sorted(access.names_of(Tensor)):
            row = table.get(name.rstrip("_")) if is_tensor and name not in own else None
            if row is None or row[0] != "function":
                offered.append((name, partial(self._member, owner, name)))
            else:
                offered.append((name, _said(_as_method(row), name)))
        return offered

    def _member(self, owner: list[str], name: str) -> str:
        """What an attribute is."""
        try:
            found = describe(value_of(self.session, [*owner, ".", name]))
            return "method" if found == "function" else found
        except Unseen:
            return ""

    # --- the rest ---------------------------------------------------------------------------------------------------

    def _of_command(self, text: str) -> tuple[str, Iterable[Offer]]:
        """A command of the shell: its word, or what the command itself offers behind it."""
        word, blank, rest = text.partition(" ")
        if not blank:
            return word, [(each, registry.load(each).summary) for each in registry.WORDS]
        if word not in registry.WORDS:
            return rest, []
        offers = registry.load(word).offers
        found = list(offers(self.shell, rest.lstrip())) if offers is not None else []
        typed = rest.lstrip()
        if not any(each.startswith(typed) for each in found):
            typed = typed.rpartition(" ")[2]
        return typed, [(each, "") for each in found]

    def _symbols(self, word: str) -> Iterator[Completion]:
        known = symbols()
        if word in known:
            yield Completion(known[word], -len(word) - 1, display=f"\\{word} {known[word]}")
            return
        for name in sorted(known):
            if name.startswith(word):
                yield Completion(known[name], -len(word) - 1, display=f"\\{name} {known[name]}")

    def _files(self, here: Here) -> Iterator[Completion]:
        if self.session.files.sandboxed or self.session.files.closed:
            return
        folder, _, begun = here.quoted.rpartition("/")
        place = os.path.expanduser(folder + "/" if "/" in here.quoted else ".")
        try:
            with os.scandir(place) as entries:
                found = sorted((each.name, each.is_dir()) for each, _ in zip(entries, range(MOST), strict=False))
        except OSError:
            return
        if here.before == "use":
            found = [(name, is_dir) for name, is_dir in found if is_dir or name.endswith(".grad")]
        offers: list[Offer] = [(name + "/" * is_dir, "folder" if is_dir else "") for name, is_dir in found]
        yield from fitting(begun, [offers], hidden=".", inside=False)


def fitting(
    typed: str, groups: Iterable[Iterable[Offer]], hidden: str = "", inside: bool = True
) -> Iterator[Completion]:
    """Of each group what begins as `typed`, whatever the case; where nothing does, what holds it (`inside`).

    What begins with `hidden` is offered only where that is typed.
    """
    wanted = typed.lower()
    seen: set[str] = set()
    kept = [list(group) for group in groups]
    for within in (False, True) if inside else (False,):
        for group in kept:
            if len(seen) >= OFFERED:
                return
            exact: list[Offer] = []
            others: list[Offer] = []
            for offer in group:
                text = offer[0]
                place = text.lower().find(wanted)
                if text in seen or (place != 0 if not within else place < 1):
                    continue
                if hidden and not typed.startswith(hidden) and text.startswith(hidden):
                    continue
                seen.add(text)
                (exact if text.startswith(typed) else others).append(offer)
            for text, said in (*exact, *others)[:OFFERED]:
                yield Completion(text, -len(typed), display_meta=said)
        if seen or len(typed) < 2:
            return


def _described(space: dict[str, Any], name: str) -> str:
    return describe(space["." + name])


def _may_stand(name: str, kind: str, here: Here) -> bool:
    """Is it a place for that word of the language?"""
    behind_value = here.before[-1:].isalnum() or here.before[-1:] in (")", "]", "}", "'", '"')
    if name == "if":
        return here.fresh or behind_value or here.before == "else"
    if name == "else":
        return behind_value
    if name in ("catch", "as"):
        return here.before[-1:] == {"catch": "}", "as": '"'}[name]
    if name == "for":
        return here.fresh or behind_value
    if kind == OPERATOR and name != "not":
        return behind_value and not here.fresh
    return kind == VALUE or name in ("fn", "not") or here.fresh


def _said(row: described.Row, name: str = "") -> str:
    """One line: how it is called, by that name, what it does, and its gradient."""
    _, usage, summary, gradient = row
    if name and "(" in usage:
        usage = name + usage[usage.index("(") :]
    return f"{usage}  {summary}" + (f"  [gradient: {gradient}]" if gradient else "")


def _as_method(row: described.Row) -> described.Row:
    """The row of an operator as a method of its first argument."""
    kind, usage, summary, gradient = row
    name, _, rest = usage.partition("(")
    return kind, f"{name}({rest.partition(', ')[2] or ')'}", summary, gradient


def offered(session: Any, text: str, offset: int) -> list[tuple[str, str]]:
    """What may stand at an offset of a text in a session, and what is said of each; for those who are no prompt."""
    shell: Any = type("Elsewhere", (), {"session": session})()
    document = Document(text, offset)
    found = ShellCompleter(shell).get_completions(document, CompleteEvent())
    return [(each.text, each.display_meta_text) for each in found]
