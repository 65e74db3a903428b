"""Lark's contextual lexer and LALR parser, driven as fast as Python can: a program may have 100,000 lines.

Tables, terminals and states are Lark's own; only its inner loops are written out here. What they leave out is what
nobody asks for: lines and columns of tokens (all places are offsets), and what they do anew for each token is found
once for each entry of the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.parse_tree_builder import ExpandSingleChild
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_interactive_parser import InteractiveParser
from lark.parsers.lalr_parser import LALR_Parser, _Parser
from lark.parsers.lalr_parser_state import ParserState

OFTEN = 200  # tokens after which a state is worth a scanner of its own
SPACES = re.compile(r"[ \t\f]+")  # as SPACE of the grammar, with which no other terminal begins
new = str.__new__


class StateLexer(lark.lexer.BasicLexer):
    """The lexer of one parser state, at first with the scanner of all terminals that the states share.

    Compiling a scanner takes 2 ms, and a one-line program goes through a dozen of states. If what the shared scanner
    finds first can stand in this state, then the state's own would find it too, as it tries the same terminals in the
    same order, only fewer; otherwise the state's own is asked.
    """

    shared: Any  # set by SharingLexer: the lexer of all terminals, and for a terminal the one with the same pattern
    twins: dict[str, str]

    def __init__(self, conf: Any, comparator: Any = None) -> None:
        super().__init__(conf, comparator)
        self.accepted = frozenset(terminal.name for terminal in self.terminals)
        self.callback = {}
        self.used = 0

    def match(self, text: Any, pos: int) -> Any:
        if self._scanner is None:
            self.used += 1
            if self.used < OFTEN and (found := self.shared.scanner.match(text, pos)):
                value, kind = found
                if kind in self.accepted:
                    return found
                if (twin := self.twins.get(kind)) in self.accepted:
                    return value, twin
        return self.scanner.match(text, pos)

    def next_token(self, lex_state: Any, parser_state: Any = None) -> lark.Token:
        text = lex_state.text
        whole, end = text.text, text.end
        at: int = lex_state.line_ctr.char_pos
        while True:
            if (space := SPACES.match(whole, at, end)) is not None:
                at = space.end()
            if at >= end:
                lex_state.line_ctr.char_pos = at
                raise EOFError(self)
            found = self.match(text, at)
            if not found:
                lex_state.line_ctr.char_pos = at
                allowed = self.scanner.allowed_types - self.ignore_types or {"<END-OF-FILE>"}
                seen = lex_state.last_token and [lex_state.last_token]
                raise cast(Any, UnexpectedCharacters)(
                    whole,
                    at,
                    1,
                    1,
                    allowed,
                    token_history=seen,
                    state=parser_state,
                    terminals_by_name=self.terminals_by_name,
                )
            value, kind = found
            start = at
            at += len(value)
            if kind not in self.ignore_types:
                break
        lex_state.line_ctr.char_pos = at
        token = new(lark.Token, value)
        token.type, token.value, token.start_pos, token.end_pos = kind, value, start, at
        token.line = token.column = token.end_line = token.end_column = None
        lex_state.last_token = token
        return token


class SharingLexer(lark.lexer.ContextualLexer):
    """Lark's contextual lexer, whose states share a scanner until they are used often."""

    def __init__(self, conf: Any, states: Any, always_accept: Any = ()) -> None:
        class Lexer(StateLexer):
            pass

        self.BasicLexer = Lexer
        super().__init__(conf, states, always_accept)
        self.root_lexer = Lexer.shared = lark.lexer.BasicLexer(conf)
        Lexer.twins = {}
        patterns: dict[object, str] = {}
        for terminal in self.root_lexer.terminals:  # in the order in which they are tried
            first = patterns.setdefault((terminal.pattern.value, terminal.priority), terminal.name)
            if first != terminal.name:
                Lexer.twins[first] = terminal.name


class Driver(_Parser):
    """Lark's parser loop. What it does at a terminal in a state, it looks up once."""

    def __init__(self, parse_table: Any, callbacks: Any, debug: bool = False) -> None:
        super().__init__(parse_table, callbacks, debug)
        # by state and terminal: (the state to go to, None, "") or (how many values a rule takes, its maker, its name);
        # of a rule that hands on its only value, none but the name
        self.steps: dict[Any, dict[str, tuple[int, Callable[[list[Any]], Any] | None, str]]] = {
            state: {} for state in parse_table.states
        }
        self.through: dict[tuple[Any, Any, str], Any] = {}  # where such rules lead, one after the other

    def parse_from_state(self, state: ParserState[Any], last_token: lark.Token | None = None) -> Any:
        states, steps, through = state.parse_conf.states, self.steps, self.through
        at, values = state.state_stack, state.value_stack
        try:
            for token in cast(Any, state.lexer).lex(state):
                kind = token.type
                while True:
                    here = at[-1]
                    step = steps[here].get(kind)
                    if step is None:
                        step = steps[here][kind] = self.step(state, token)
                    size, make, name = step
                    if make is None:
                        if name:
                            leads = through.get((at[-2], here, kind))
                            at[-1] = self.led(state, kind) if leads is None else leads
                            continue
                        at.append(size)
                        values.append(token)
                        break
                    if size:
                        taken = values[-size:]
                        del at[-size:]
                        del values[-size:]
                        values.append(make(taken))
                    else:
                        values.append(make([]))
                    at.append(states[at[-1]][name][1])
            return state.feed_token(lark.Token("$END", ""), True)
        except UnexpectedInput as problem:
            problem.interactive_parser = InteractiveParser(self, state, state.lexer)
            raise

    def step(self, state: ParserState[Any], token: lark.Token) -> tuple[int, Callable[[list[Any]], Any] | None, str]:
        """What is done at a token. Raises UnexpectedToken where it cannot stand."""
        entries = state.parse_conf.states[state.position]
        if token.type not in entries:
            wanted = {name for name in entries if name.isupper()}
            raise cast(Any, UnexpectedToken)(token, wanted, state=state, interactive_parser=None)
        action, what = entries[token.type]
        if action is Shift:
            return what, None, ""
        make = self.callbacks[what]
        if hands_on(what, make):
            return 1, None, what.origin.name
        return len(what.expansion), make, what.origin.name

    def led(self, state: ParserState[Any], kind: str) -> Any:
        """The state after all rules that hand on the last value, before this terminal."""
        states = state.parse_conf.states
        below, first = state.state_stack[-2:]
        here = first
        while True:
            entries = states[here]
            action, what = entries.get(kind, (Shift, None))
            if action is Shift or not hands_on(what, self.callbacks[what]):
                break
            here = states[below][what.origin.name][1]
        self.through[below, first, kind] = here
        return here


def hands_on(rule: Any, make: Any) -> bool:
    """Is what a rule makes the one value that it takes?"""
    return len(rule.expansion) == 1 and make.__class__ is ExpandSingleChild


class DrivenParser(LALR_Parser):
    """Lark's LALR parser with that loop."""

    def __init__(self, parser_conf: Any, debug: bool = False, strict: bool = False) -> None:
        super().__init__(parser_conf, debug, strict)
        self.parser = Driver(self._parse_table, parser_conf.callbacks, debug)

    @classmethod
    def deserialize(cls, data: Any, memo: Any, callbacks: Any = None, debug: bool = False) -> Any:
        made: Any = cast(Any, super()).deserialize(data, memo, callbacks, debug)
        made.parser = Driver(made._parse_table, callbacks, debug)
        return made


PLUGINS = {"ContextualLexer": SharingLexer, "LALR_Parser": DrivenParser}
