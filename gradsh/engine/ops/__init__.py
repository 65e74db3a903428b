"""The operators, one file per family."""

from gradsh.engine.core.namespaces import loads_with


def _load_all() -> None:
    from gradsh.engine.ops.families import load_all

    load_all()


loads_with(_load_all)  # whichever family is imported first: its rules may name operators of all others
