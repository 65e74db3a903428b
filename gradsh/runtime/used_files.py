"""Used files and script parameters while a program runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gradsh import errors
from gradsh.errors import BadArguments
from gradsh.runtime.access import type_name
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.namespace import bound, is_builtin, namespace, prepare

if TYPE_CHECKING:
    from gradsh.language.places import Program
    from gradsh.runtime.running import Running

# What a program calls whose loops and functions may run by plans.
PLANNED = ("@looped", "@unplanned", "@entered", "@TooDeep")
PLAIN = (int, float, str, bool, type(None), list, tuple, dict)


class Module:
    """A used file: what `use "lib.grad" as lib` binds. It has a namespace of its own and runs once in a session."""

    __slots__ = ("digest", "name", "space")

    def __init__(self, name: str, digest: str, space: dict[str, Any]) -> None:
        self.name = name
        self.digest = digest
        self.space = space

    def __repr__(self) -> str:
        return f"<module '{self.name}'>"

    def __member__(self, name: str) -> Any:
        """`lib.name`. Errors: KeyError."""
        value = self.space["." + name]
        if is_builtin(self.space, name, value):
            raise KeyError(name)
        return value

    def __members__(self) -> list[str]:
        return list(bound(self.space))

    def __set_member__(self, name: str, value: Any) -> None:
        """`lib.name = value`: the file's own functions see it. Errors: KeyError for a name that it does not bind."""
        try:
            self.__member__(name)
        except KeyError:
            from gradsh.runtime.access import missing

            raise missing(self, name) from None
        self.space["." + name] = value

    def public(self) -> dict[str, Any]:
        """What comes in where the file is used without an alias: not `_names` of its own."""
        return {"." + name: self.space["." + name] for name in bound(self.space) if name[0] != "_"}


Module.__name__ = Module.__qualname__ = "module"


def use(session: Running, used: Program) -> Module:
    """The module of a used file; it runs now if it has not, or if the file is another than it was."""
    module = session.modules.get(used.path)
    if module is None or module.digest != used.digest:
        module = Module(used.source.name, used.digest, namespace(session, BUILTINS, used=True))
        prepare(module.space, used.builtins)
        module.space |= {name: session.globals[name] for name in PLANNED if name in session.globals}
        exec(used.code, module.space)
        session.modules[used.path] = module
    return module


def param(name: str, default: Any, given: Mapping[str, Any]) -> Any:
    """The value of a script parameter. Errors: BadParam for one of another type than the default."""
    if type(default) not in PLAIN:
        raise errors.BadParam(
            f"the default of the parameter '{name}' is a {type_name(default)}",
            help=f"a parameter is a number, a string, a bool, none or a list: `let {name} = 1.0` binds anything else",
        )
    if name not in given:
        return default
    value = given[name]
    from gradsh.language import scripts

    try:
        if type(value) is scripts.Given:
            return scripts.checked(value.option, value.text, default)
        return scripts.fitted(value, default)
    except BadArguments as error:
        raise errors.BadParam(str(error)) from None
    except scripts.NoLiteral:
        said = f"the parameter '{name}' takes {scripts.TITLES[type(default)]}, as its default {default!r}"
        raise errors.BadParam(f"{said}, not {value!r}") from None
