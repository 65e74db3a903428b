"""What is so of an operator stands at its entry: no table beside the registry lists operators by name.

A table is what holds four words or more, most of them names of operators (`tests.house.tables`).
"""

from __future__ import annotations

from collections import defaultdict

from gradsh.engine.operators import registry
from gradsh.engine.ops import families
from tests.house import Table, modules, tables

families.load_all()
NAMES = {*registry.OPERATORS, *registry.METHODS}
FEW = 4

# Tables of words that operators happen to be called too, by what they are bound to, and what the words are.
RIGHTFUL = {
    "__public__": "methods of packed sequences, called as those of tensors",
    "GETTERS": "attributes of dtypes, which PyTorch calls as it calls functions of tensors",
    "ARRAY_METHODS": "NumPy's methods of arrays",
    "NAMES": "dtypes",
    "inner()": "types of values",
    "gains": "values of an argument, calculate_gain(nonlinearity=…)",
    "REDUCTIONS": "values of an argument, index_reduce(reduce=…)",
    "EMPTY": "values of an argument, segment_reduce(reduce=…)",
    "MODES": "values of an argument, interpolate(mode=…)",
    "scatter_reduce()": "values of an argument, scatter_reduce(reduce=…)",
    "segment_reduce()": "values of an argument, segment_reduce(reduce=…)",
    "ufunc": "values of an argument, scatter_reduce(reduce=…)",
    "STAND_FOR": "types of parameters, in PyTorch's words",
    "COMMANDS": "LaTeX's own commands",
    "SHARED": "Python's own functions of these names, which plain values get",
    "OTHERWISE": "attributes and functions as other languages and libraries call them",
    "of_a_number()": "what tensors have and a number of Python's has not",
    "_define_operators() for name": "Python's operators, as the module `operator` spells them",
}


def found() -> dict[str, list[Table]]:
    """The tables of operators' names, by name."""
    by_name = defaultdict(list)
    for module in sorted(modules()):
        for table in tables(module):
            known = sum(word in NAMES for word in table.words)
            # a sentence may have many such words too: "sum to size"
            if len(table.words) >= FEW and known > len(table.words) * (0.8 if table.is_text else 0.5):
                by_name[table.name].append(table)
    return by_name


def test_no_table_beside_the_registry() -> None:
    places = {name: [f"{t.module}:{t.line}" for t in each] for name, each in found().items()}
    new = {name: each for name, each in places.items() if name not in RIGHTFUL}
    assert not new, "what these say of operators belongs to their entries"
    assert [name for name in RIGHTFUL if name not in places] == [], "no such table: take it out of RIGHTFUL"


def test_every_function_that_python_shares_is_an_operator() -> None:
    (table,) = found()["SHARED"]
    assert [word for word in table.words if word not in NAMES] == []
