"""`"{:.2f} {name}".format(…)`: Python's templates, whose fields reach what programs reach and nothing else."""

from __future__ import annotations

import _string  # type: ignore[import-not-found]  # what Python's own string.Formatter is made of
from collections.abc import Callable
from typing import Any

from gradsh.errors import KeyError_, ValueError_
from gradsh.runtime.text import formatted

__acts_for_programs__ = True

DEEPEST = 2  # fields in the format of a field, as Python


def filled(
    template: str, arguments: tuple[Any, ...], keywords: dict[str, Any], attribute: Callable[[Any, str], Any]
) -> str:
    """The text; `attribute` is how programs read attributes.

    Errors: Python's ValueError, IndexError and KeyError in its words; those of `value.name`.
    """
    return Template(arguments, keywords, attribute).filled(template, DEEPEST)


class Template:
    """What fields are filled from."""

    def __init__(
        self, arguments: tuple[Any, ...], keywords: dict[str, Any], attribute: Callable[[Any, str], Any]
    ) -> None:
        self.arguments = arguments
        self.keywords = keywords
        self.attribute = attribute
        self.count = 0  # of fields without a name

    def filled(self, template: str, depth: int) -> str:
        """The text. `depth`: how many fields may still stand in the format of another."""
        if depth < 0:
            raise ValueError_("Max string recursion exceeded")
        found = []
        for literal, field, spec, conversion in _string.formatter_parser(template):
            found.append(literal)
            if field is None:
                continue
            if conversion not in (None, "r", "s", "a"):
                raise ValueError_(f"Unknown conversion specifier '{conversion}'")
            value = self.value(field)
            found.append(formatted(value, conversion, self.filled(spec, depth - 1) if "{" in spec else spec))
        return "".join(found)

    def value(self, field: str) -> Any:
        """What a field names: `0`, `name`, `name.attribute[key]`; nothing is the next of the arguments."""
        at, rest = _string.formatter_field_name_split(field)
        if at == "":
            at = self.count
            self.count += 1
        if isinstance(at, int):
            if at >= len(self.arguments):
                raise ValueError_(f"Replacement index {at} out of range for positional args tuple")
            value = self.arguments[at]
        elif at in self.keywords:
            value = self.keywords[at]
        else:
            raise KeyError_(f"{at!r} is not a key of the arguments")
        for is_attribute, name in rest:
            value = self.attribute(value, name) if is_attribute else value[name]
        return value
