"""Text without anything that drives a terminal: control characters, and those that turn the direction of writing.

Errors, warnings and help never hold any. What a program prints keeps them, for it is data, until it meets a terminal.
"""

from __future__ import annotations

# C0 but for line ends and tabs, DEL and C1; marks, embeddings, overrides and isolates of direction; line separators
_RANGES = ((0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0x200E, 0x200F), (0x2028, 0x202E), (0x2066, 0x2069))
DRIVING = (0x061C, *(code for first, last in _RANGES for code in range(first, last + 1)))


def picture(code: int) -> str:
    """What stands for a character that is not to reach a terminal: `␛` for an escape, else `\\x9b`, `\\u202e`."""
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


PICTURES = {code: picture(code) for code in DRIVING}
# JSON escapes C0 by itself
ESCAPES = {code: f"\\u{code:04x}" for code in DRIVING if code >= 0x7F}

PAINT = r"(\x1b\[(?:(?:[0-5]|7|9|2[1-9]|[349][0-79]);?)*m)"


def undriving(text: str) -> str:
    """The text with pictures for what would drive a terminal; line ends and tabs stay."""
    return text.translate(PICTURES)


def undriving_report(text: str, color: bool) -> str:
    """The same of a report, whose own colours stay where there are any; hiding what is written is none of them."""
    if not color:
        return undriving(text)
    import re  # a program that prints to a terminal starts without it

    return "".join(part if number % 2 else undriving(part) for number, part in enumerate(re.split(PAINT, text)))


def in_json(line: str) -> str:
    """A line of JSON with escapes for what would drive a terminal; it reads back as the same."""
    return line if line.isascii() and "\x7f" not in line else line.translate(ESCAPES)


def visible(text: str, keep: str = "") -> str:
    """The text in prose, where nothing may be invisible: line ends too, but for those in `keep`."""
    if text.isprintable():
        return text
    return "".join(_picture(char) if not char.isprintable() and char not in keep else char for char in text)


def _picture(char: str) -> str:
    code = ord(char)
    if code < 32:
        return chr(0x2400 + code)
    if code in (0x200C, 0x200D):  # joiners: part of how a word or an emoji is written
        return char
    return " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"
