"""Every class of statement and expression, in every pass: none is skipped, and every block of it is scoped."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType
from typing import Any

import pytest

from gradsh.errors import Refused, Source
from gradsh.language import models, nodes
from gradsh.language.expressions import Expressions
from gradsh.language.lower import Lowering, lower
from gradsh.language.nodes import Expr, Stmt
from gradsh.language.resolve import Resolver, resolve
from tests.language.running import Table

STATEMENTS = nodes.kinds(Stmt)
TOP_ONLY = (nodes.Use, nodes.Param)
# what the fields of a sample hold that their type does not tell
FIELDS = {"op": "+", "module": "torch", "path": "other.grad", "comment": "", "conversion": None}
BUILT_IN = {"Command": "print", "Mode": "no_grad"}


class Sample:
    """One node of a class, each of its blocks and bodies with a name bound in it."""

    def __init__(self, kind: type[nodes.Node]) -> None:
        self.inside: list[str] = []  # bound in blocks
        self.apart: list[str] = []  # bound in bodies of their own
        self.node: Any = kind(0, 0, *(self.value(kind, name, said) for name, said in annotations(kind)))

    def value(self, kind: type[nodes.Node], name: str, said: str) -> Any:
        if "Block" in said:
            self.inside.append(f"in_{name}")
            return [binding(f"in_{name}")]
        if "Body" in said:
            self.apart.append(f"apart_{name}")
            return [binding(f"apart_{name}")]
        if "Target" in said or name == "target":
            return (
                nodes.Index(0, 0, nodes.ListExpr(0, 0, []), [number()], False) if "Target" not in said else named(kind)
            )
        if "Binding" in said:
            return f"{kind.__name__.lower()}_{name}"
        if said.startswith("list["):
            return []
        if "Expr" in said:
            return number()
        if name == "name":
            return BUILT_IN[kind.__name__]
        return FIELDS.get(name, 0 if said == "int" else False)


def annotations(kind: type[nodes.Node]) -> Iterator[tuple[str, str]]:
    known: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        known.update(getattr(each, "__annotations__", {}) if each.__dict__.get("fields") else {})
    return ((name, known[name]) for name in kind.fields[2:])


def number() -> Expr:
    return nodes.Number(0, 0, 1)


def named(kind: type[nodes.Node]) -> Expr:
    return nodes.Name(0, 0, f"{kind.__name__.lower()}_target")


def binding(name: str) -> Stmt:
    return nodes.Assign(0, 0, True, nodes.Name(0, 0, name), number())


def used(*names: str) -> list[Stmt]:
    return [nodes.ExprStmt(0, 0, nodes.Name(0, 0, name), False) for name in names]


def function(body: list[Stmt]) -> Stmt:
    return nodes.Function(0, 0, "around", 0, [], body)


def compiled(body: list[Stmt]) -> CodeType:
    """Resolve and lower, as `compile_program` does with what the parser gives."""
    tree = nodes.Program(0, 0, body)
    source = Source("<tree>", "")
    return lower(tree, source, resolve(tree, source, {}, Table()), "<gradsh tree>")[0]


def stored(code: CodeType) -> set[str]:
    """The names in a code object and in those of its functions."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return {*code.co_names, *code.co_varnames, *code.co_cellvars}.union(*map(stored, inner))


def whole(node: Stmt) -> list[Stmt]:
    """A statement as part of a program that is right but for that: `break` in a loop, `return` in a function."""
    if isinstance(node, (nodes.Break, nodes.Continue)):
        return [nodes.While(0, 0, number(), [node])]
    return [function([node])] if isinstance(node, nodes.Return) else [node]


@pytest.mark.parametrize("kind", STATEMENTS, ids=lambda kind: kind.__name__)
def test_what_a_block_binds_is_bound_where_the_statement_stands(kind: type[Stmt]) -> None:
    sample = Sample(kind)
    names = [*sample.inside, *sample.node.binds()]
    assert sample.inside == [statement.target.name for block in sample.node.blocks() for statement in block]
    compiled([*whole(sample.node), *used(*names)])
    if kind not in TOP_ONLY:
        compiled([function([*whole(sample.node), *used(*names)])])


@pytest.mark.parametrize("kind", STATEMENTS, ids=lambda kind: kind.__name__)
def test_both_passes_go_into_every_block_and_body(kind: type[Stmt]) -> None:
    sample = Sample(kind)
    code = compiled(whole(sample.node))
    assert {"." + name for name in [*sample.inside, *sample.apart]} <= stored(code)
    for which in range(len(sample.inside) + len(sample.apart)):
        sample = Sample(kind)
        bodies = [*sample.node.blocks(), *(getattr(sample.node, name.removeprefix("apart_")) for name in sample.apart)]
        bodies[which][:] = used("nowhere")
        with pytest.raises(Refused, match="name 'nowhere' is not defined"):
            compiled(whole(sample.node))


@pytest.mark.parametrize("kind", STATEMENTS, ids=lambda kind: kind.__name__)
def test_what_a_body_of_its_own_binds_stays_in_it(kind: type[Stmt]) -> None:
    for name in Sample(kind).apart:
        with pytest.raises(Refused, match=f"name '{name}' is not defined"):
            compiled([Sample(kind).node, *used(name)])


@pytest.mark.parametrize("kind", STATEMENTS, ids=lambda kind: kind.__name__)
def test_what_a_block_in_a_model_binds_is_a_field(kind: type[Stmt]) -> None:
    sample = Sample(kind)
    fields = models.fields([sample.node])
    if sample.inside:
        assert fields == tuple(sample.inside)  # what the statement itself binds, a loop's variable, is none
    else:
        assert fields == tuple(dict.fromkeys(sample.node.binds()))


@pytest.mark.parametrize("kind", STATEMENTS, ids=lambda kind: kind.__name__)
def test_a_saved_name_and_a_return_are_found_in_every_block(kind: type[Stmt]) -> None:
    """`save_for_backward` and `return` in a block are the op's own; in a body of its own they are not."""
    from gradsh.language.operators import returns

    sample = Sample(kind)
    gives = nodes.Return(0, 0, None)
    for block in sample.node.blocks():
        block[:] = [gives]
    assert returns([sample.node]) == ([gives] * len(sample.inside) or ([sample.node] if kind is nodes.Return else []))


@pytest.mark.parametrize("kind", STATEMENTS, ids=lambda kind: kind.__name__)
def test_break_may_stand_in_what_says_that_it_loops(kind: type[Stmt]) -> None:
    for which in range(len(Sample(kind).inside)):
        sample = Sample(kind)
        sample.node.blocks()[which][:] = [nodes.Break(0, 0)]
        if kind.loops:
            compiled([sample.node])
        else:
            with pytest.raises(Refused, match="'break' outside loop"):
                compiled([sample.node])


def test_every_class_has_a_method_in_each_pass() -> None:
    assert len(STATEMENTS) > 20
    for kind in STATEMENTS:
        assert hasattr(Resolver, "do_" + kind.__name__)
        assert hasattr(Lowering, "do_" + kind.__name__)
    for each in nodes.kinds(Expr):
        if each.__module__ != nodes.__name__:
            continue  # Python's front end, where a test has loaded it, has a resolver of its own
        assert hasattr(Resolver, "see_" + each.__name__)
        assert hasattr(Expressions, "see_" + each.__name__) or hasattr(Expressions, "link_" + each.__name__)


def test_no_method_is_for_a_class_that_is_not_there() -> None:
    known = {kind.__name__ for kind in [*STATEMENTS, *nodes.kinds(Expr)]}
    for walker in (Resolver, Lowering):
        methods = [name for name in dir(walker) if name.startswith(("do_", "see_", "link_"))]
        assert not [name for name in methods if name.partition("_")[2] not in known]


def test_a_pass_without_a_method_is_refused_when_it_is_made() -> None:
    class Incomplete:
        pass

    with pytest.raises(TypeError, match="Incomplete has no method do_"):
        nodes.handles(Stmt, "do_")(Incomplete)


def test_statements_in_a_field_must_say_whose_scope_they_are_in() -> None:
    with pytest.raises(TypeError, match="Block, or the Body"):
        type("Vague", (nodes.Node,), {"__annotations__": {"body": "list[Stmt]"}})


def test_walk_gives_every_node_before_what_it_holds() -> None:
    inner = binding("a")
    tree = nodes.Program(0, 0, [nodes.While(0, 0, number(), [inner]), *used("b")])
    shown = [type(node).__name__ for node in nodes.walk(tree)]
    assert shown == ["Program", "While", "Number", "Assign", "Name", "Number", "ExprStmt", "Name"]


def test_names_are_bound_in_the_order_of_the_text() -> None:
    a, b, c = (nodes.Name(0, 0, name) for name in "abc")
    target = nodes.TupleExpr(0, 0, [nodes.TupleExpr(0, 0, [a, b]), c])
    assert nodes.Assign(0, 0, True, target, number()).binds() == ["a", "b", "c"]
